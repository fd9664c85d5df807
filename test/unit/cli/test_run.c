#include "runner.h"

#include "cli/call.h"
#include "cli/grid.h"

#include <pty.h>
#include <sys/wait.h>
#include <termios.h>

/* ---- a small table, whose commands only say how they were called ---- */

static enum cli_status say_call(struct cli *cli, const struct call *call)
{
    fprintf(cli->out, "%s;", call->command->words);
    for (size_t i = 0; i < call->operand_count; i++)
        fprintf(cli->out, " <%s>", call->operands[i]);
    for (size_t i = 0; i < call->option_count; i++)
        fprintf(cli->out, " %s=%s", call->options[i].option->name,
                call->options[i].value ? call->options[i].value : "");
    fprintf(cli->out, "; %s%s%s%s%s\n", call->state ? call->state : "none",
            call->json ? " json" : "", call->yes ? " yes" : "", call->dry_run ? " dry" : "",
            call->accept_lockout ? " accept" : "");
    return STATUS_DONE;
}

static enum cli_status ask(struct cli *cli, const struct call *call)
{
    enum cli_status status = cli_confirm(cli, call, "Do you want to continue? (y/n):");
    if (status == STATUS_DONE)
        fputs("went on\n", cli->out);
    return status;
}

static enum cli_status fail_so(struct cli *cli, const struct call *call)
{
    struct why why = WHY_NONE;
    int error = strcmp(call->operands[0], "plan") == 0    ? ERR_PLAN
                : strcmp(call->operands[0], "usage") == 0 ? ERR_USAGE
                                                          : ERR_STORE;
    return cli_failed(cli, why_error(&why, error, "two\nlines and \033[31mcolour"), &why);
}

static const struct command_option options[] = {
    {"name", "NAME", "a name", false},
    {"nature", "N", "its nature", false},
    {"record", "SPEC", "a record", true},
    {NULL, NULL, NULL, false},
};

static const struct command table[] = {
    {.words = "utils ctl update CTLFile",
     .operands = "",
     .flags = COMMAND_ASKS | COMMAND_DRY_RUN | COMMAND_PLANNED | COMMAND_STATE,
     .help = "Update",
     .run = say_call},
    {.words = "utils ctl set-cluster mixed-mode",
     .operands = "",
     .flags = COMMAND_ASKS,
     .help = "Ask",
     .run = ask},
    {.words = "show cert",
     .operands = "A [B]",
     .least = 1,
     .most = 2,
     .flags = COMMAND_JSON,
     .help = "Show",
     .options = options,
     .run = say_call},
    {.words = "show cert list", .operands = "", .help = "List", .run = say_call},
    {.words = "run sql",
     .operands = "SELECT...",
     .least = 1,
     .most = 1000,
     .flags = COMMAND_WORDS | COMMAND_JSON | COMMAND_STATE,
     .help = "Query",
     .run = say_call},
    {.words = "fail", .operands = "HOW", .least = 1, .most = 1, .help = "Fail", .run = fail_so},
    {.words = NULL},
};

static struct cli small(void)
{
    return (struct cli){.table = table, .default_state = "/state", .in = -1};
}

/* ---- finding the command ---- */

static void test_words_find_their_command_in_any_case(void **state)
{
    (void)state;
    struct cli cli = small();
    expect_said(RUN_LINE(&cli, "utils", "ctl", "update", "ctlfile"), STATUS_DONE,
                "utils ctl update CTLFile;; /state\n", "");
    expect_said(RUN_LINE(&cli, "show", "cert", "list"), STATUS_DONE, "show cert list;;", "");
    expect_said(RUN_LINE(&cli, "show", "cert", "lists"), STATUS_DONE, "show cert; <lists>;", "");
}

static void test_half_a_command_shows_how_it_goes_on(void **state)
{
    (void)state;
    struct cli cli = small();
    struct said said = RUN_LINE(&cli, "utils", "ctl");
    assert_string_equal(said.out, "");
    assert_non_null(strstr(said.err, "trustline: 'utils ctl' is only half a command"));
    assert_non_null(strstr(said.err, "trustline utils ctl update CTLFile"));
    assert_non_null(strstr(said.err, "trustline utils ctl set-cluster mixed-mode"));
    assert_null(strstr(said.err, "show cert"));
    expect_said(said, STATUS_USAGE, NULL, NULL);
}

static void test_a_wrong_word_suggests_the_nearest(void **state)
{
    (void)state;
    struct cli cli = small();
    expect_said(RUN_LINE(&cli, "utils", "ctl", "udpate", "CTLFile"), STATUS_USAGE, "",
                "there is no command 'utils ctl udpate'; did you mean 'utils ctl update CTLFile'?");
    expect_said(RUN_LINE(&cli, "utlis", "ctl"), STATUS_USAGE, "", "did you mean 'utils ctl'?");
    expect_said(RUN_LINE(&cli, "shwo", "cert", "list"), STATUS_USAGE, "",
                "did you mean 'show cert list'?");
    struct said said = RUN_LINE(&cli, "bananas");
    assert_null(strstr(said.err, "did you mean"));
    expect_said(said, STATUS_USAGE, "", "there is no command 'bananas'");
    expect_said(RUN_LINE(&cli, "ba\nna\033nas"), STATUS_USAGE, "", "'ba\\x0ana\\x1bnas'");
}

static void test_no_command_at_all_is_wrong_usage(void **state)
{
    (void)state;
    struct cli cli = small();
    const char *const none[] = {NULL};
    expect_said(run_words(&cli, none), STATUS_USAGE, "", "trustline: no command");
    expect_said(RUN_LINE(&cli, "--json"), STATUS_USAGE, "", "no command; --json is an option");
    expect_said(RUN_LINE(&cli, "--state"), STATUS_USAGE, "", "no command");
}

static void test_help_and_version_go_to_the_output(void **state)
{
    (void)state;
    struct cli cli = small();
    expect_said(RUN_LINE(&cli, "--version"), STATUS_DONE, "trustline " TRUSTLINE_VERSION "\n", "");
    expect_said(RUN_LINE(&cli, "--help"), STATUS_DONE, "Usage: trustline COMMAND", "");
    expect_said(RUN_LINE(&cli, "help"), STATUS_DONE, "trustline run sql", "");
    expect_said(RUN_LINE(&cli, "help", "utils"), STATUS_DONE, "utils ctl update CTLFile", "");
    expect_said(RUN_LINE(&cli, "utils", "ctl", "--help"), STATUS_DONE, "update CTLFile", "");
    expect_said(RUN_LINE(&cli, "--help", "show", "cert"), STATUS_DONE, "--nature N", "");
    expect_said(RUN_LINE(&cli, "show", "cert", "-h"), STATUS_DONE, "Usage: trustline show cert A",
                "");
    expect_said(RUN_LINE(&cli, "show", "cert", "--help", "--json"), STATUS_DONE, "--json", "");
    expect_said(RUN_LINE(&cli, "help", "utils", "clt"), STATUS_USAGE, "", "there is no command");
}

/* ---- options ---- */

static void test_options_stand_before_between_and_after(void **state)
{
    (void)state;
    struct cli cli = small();
    expect_said(RUN_LINE(&cli, "--json", "show", "cert", "a", "--name=x", "b"), STATUS_DONE,
                "show cert; <a> <b> json= name=x; /state json\n", "");
    expect_said(RUN_LINE(&cli, "--state", "/else", "utils", "ctl", "update", "CTLFile", "--yes",
                         "--dry-run", "--accept-lockout"),
                STATUS_DONE, "; /else yes dry accept\n", "");
    expect_said(RUN_LINE(&cli, "show", "cert", "--record", "1", "-", "--record", "2", "--", "--x"),
                STATUS_DONE, "show cert; <-> <--x> record=1 record=2;", "");
}

static void test_the_order_does_not_depend_on_posixly_correct(void **state)
{
    (void)state;
    struct cli cli = small();
    setenv("POSIXLY_CORRECT", "1", 1);
    expect_said(RUN_LINE(&cli, "show", "cert", "a", "--json"), STATUS_DONE, "<a> json=;", "");
    unsetenv("POSIXLY_CORRECT");
}

static void test_wrong_options_are_said_with_the_nearest(void **state)
{
    (void)state;
    struct cli cli = small();
    const struct {
        const char *option, *text;
    } cases[] = {
        {"--recrod",
         "trustline: show cert: unknown option --recrod; did you mean --record?\nUsage"},
        {"--recrod=1", "unknown option --recrod; did you mean --record?"},
        {"--zzzzzz", "unknown option --zzzzzz\n"},
        {"--na=x", "option --na could mean more than one"},
        {"--json=x", "--json takes no value"},
        {"--name", "--name needs a value"},
        {"-x", "unknown option -x"},
        {"--yes", "unknown option --yes"},
        {"--state=x", "unknown option --state"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_said(RUN_LINE(&cli, "show", "cert", "a", cases[i].option), STATUS_USAGE, "",
                    cases[i].text);
    expect_said(RUN_LINE(&cli, "show", "cert", "a", "--name", "x", "--name", "y"), STATUS_USAGE, "",
                "--name is given twice");
}

static void test_operands_are_counted(void **state)
{
    (void)state;
    struct cli cli = small();
    expect_said(RUN_LINE(&cli, "show", "cert"), STATUS_USAGE, "",
                "trustline: show cert: A is missing\nUsage: trustline show cert A [B]\n");
    expect_said(RUN_LINE(&cli, "show", "cert", "a", "b", "c"), STATUS_USAGE, "", "'c' is too much");
    expect_said(RUN_LINE(&cli, "utils", "ctl", "update", "CTLFile", "now"), STATUS_USAGE, "",
                "takes no 'now'");
}

static void test_words_of_another_language_are_operands(void **state)
{
    (void)state;
    struct cli cli = small();
    expect_said(RUN_LINE(&cli, "run", "sql", "select", "-1", "--", "x", "--js", "-h"), STATUS_DONE,
                "run sql; <select> <-1> <--> <x> <--js> <-h>; /state\n", "");
    expect_said(RUN_LINE(&cli, "run", "sql", "select", "1", "--state", "/s", "--json"), STATUS_DONE,
                "run sql; <select> <1> state=/s json=; /s json\n", "");
    expect_said(RUN_LINE(&cli, "run", "sql", "select", "--state"), STATUS_USAGE, "",
                "--state needs a value");
}

/* ---- what commands say ---- */

static void test_an_error_is_one_line_whatever_is_in_it(void **state)
{
    (void)state;
    struct cli cli = small();
    struct said said = RUN_LINE(&cli, "fail", "store");
    assert_string_equal(said.err, "trustline: two?lines and ?[31mcolour\n");
    expect_said(said, STATUS_FAILED, "", NULL);
    expect_said(RUN_LINE(&cli, "fail", "plan"), STATUS_REFUSED, "", NULL);
    expect_said(RUN_LINE(&cli, "fail", "usage"), STATUS_USAGE, "", NULL);
}

static void test_output_that_cannot_be_written_is_a_failure(void **state)
{
    (void)state;
    struct cli cli = small();
    char *err = NULL;
    size_t size;
    const char *const words[] = {"show", "cert", "a"};
    cli.out = fopen("/dev/full", "w");
    cli.err = open_memstream(&err, &size);
    assert_int_equal(cli_run(&cli, words, 3), STATUS_FAILED);
    fclose(cli.err);
    fclose(cli.out);
    assert_string_equal(err, "trustline: cannot write the output: No space left on device\n");
    free(err);
}

static void test_text_of_strangers_cannot_move_the_cursor(void **state)
{
    (void)state;
    const struct {
        const char *in;
        size_t size;
        const char *out;
    } cases[] = {
        {"CN=pub1", 7, "CN=pub1"},
        {"CN=Z\xc3\xbcrich", 10, "CN=Z\xc3\xbcrich"},
        {"\033[2J", 4, "\\x1b[2J"},
        {"\xc2\x9b"
         "2J",
         4, "\\xc2\\x9b2J"},
        {"\xff\xfe", 2, "\\xff\\xfe"},
        {"a\nb", 3, "a\\x0ab"},
        {"0123456789abcde\001fghij", 21, "0123456789abcde\\x01fghij"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer out;
        buffer_init(&out, 100);
        cli_text(&out, bytes_of(cases[i].in, cases[i].size));
        assert_string_equal(buffer_string(&out), cases[i].out);
        buffer_fini(&out);
    }
}

static void test_columns_count_characters(void **state)
{
    (void)state;
    struct grid *grid = NULL;
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_int_equal(grid_new(&grid, 2), 0);
    grid_text(grid, "Z\xc3\xbcrich");
    grid_text(grid, "1");
    grid_format(grid, "%s-%d", "ab", 7);
    grid_text(grid, "22");
    assert_int_equal(grid_print(grid, out, GRID_PLAIN), 0);
    assert_int_equal(grid_print(grid, out, GRID_TITLED), 0);
    fclose(out);
    assert_string_equal(text, "Z\xc3\xbcrich  1\nab-7    22\nZ\xc3\xbcrich  1\n------  --\nab-7    "
                              "22\n");
    free(text);
    grid_free(grid);
}

/* The three lines a CUCM printed for `run sql select paramname,paramvalue from processconfig ...`.
 */
static void test_a_query_looks_as_cucm_prints_it(void **state)
{
    (void)state;
    struct grid *grid = NULL;
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_int_equal(grid_new(&grid, 2), 0);
    grid_text(grid, "paramname");
    grid_text(grid, "paramvalue");
    grid_text(grid, "ClusterSecurityMode");
    grid_text(grid, "1");
    assert_int_equal(grid_print(grid, out, GRID_CUCM), 0);
    fclose(out);
    assert_string_equal(text, "paramname           paramvalue \n"
                              "=================== ========== \n"
                              "ClusterSecurityMode 1          \n");
    free(text);
    grid_free(grid);
}

/* ---- questions ---- */

static void test_a_question_nobody_can_answer_is_wrong_usage(void **state)
{
    (void)state;
    struct cli cli = small();
    struct said said = RUN_LINE(&cli, "utils", "ctl", "set-cluster", "mixed-mode");
    expect_one_line(said.err);
    expect_said(said, STATUS_USAGE, "", "no terminal is there to answer; --yes answers");
    said = RUN_LINE(&cli, "utils", "ctl", "set-cluster", "mixed-mode", "--yes");
    assert_string_equal(said.out, "went on\n");
    expect_said(said, STATUS_DONE, NULL, "");
}

static void answer(const char *typed, enum cli_status status, const char *out)
{
    struct cli cli = small();
    int keyboard;
    int terminal;
    assert_int_equal(openpty(&keyboard, &terminal, NULL, NULL, NULL), 0);
    assert_int_equal(write(keyboard, typed, strlen(typed)), (ssize_t)strlen(typed));
    cli.in = terminal;
    struct said said = RUN_LINE(&cli, "utils", "ctl", "set-cluster", "mixed-mode");
    assert_string_equal(said.out, out);
    expect_said(said, status, NULL, "");
    close(keyboard);
    close(terminal);
}

static void test_a_question_is_asked_on_a_terminal(void **state)
{
    (void)state;
    answer("y\n", STATUS_DONE, "Do you want to continue? (y/n):\nwent on\n");
    answer(" Yes \n", STATUS_DONE, "Do you want to continue? (y/n):\nwent on\n");
    answer("n\n", STATUS_FAILED, "Do you want to continue? (y/n):\n");
    answer("\n", STATUS_FAILED, "Do you want to continue? (y/n):\n");
    answer("yesterday\n", STATUS_FAILED, "Do you want to continue? (y/n):\n");
    answer("\004", STATUS_FAILED, "Do you want to continue? (y/n):\n"); /* end of input */
}

/* The child side of a terminal: asks, and tells by its exit status what it got. */
static void ask_in_child(void)
{
    struct buffer secret;
    buffer_init(&secret, 16);
    if (buffer_reserve(&secret, 16) != 0)
        _exit(9);
    int result = cli_ask_secret(&secret, "PIN:", NULL);
    bool right = bytes_equal_string(buffer_bytes(&secret), "4711");
    buffer_fini_secret(&secret);
    _exit(result == ERR_LIMIT ? 3 : result ? 2 : right ? 0 : 1);
}

/* Reads what the terminal shows until `until` is in it, or its end. */
static void read_screen(int keyboard, char *screen, size_t size, const char *until)
{
    size_t used = strlen(screen);
    while (!until || !strstr(screen, until)) {
        ssize_t n = read(keyboard, screen + used, size - used - 1);
        if (n <= 0)
            return;
        used += (size_t)n;
        screen[used] = '\0';
    }
}

static int type_secret(const char *typed, char *screen, size_t size, bool *shown_again)
{
    int keyboard;
    int status;
    struct termios before;
    struct termios after;
    pid_t child = forkpty(&keyboard, NULL, NULL, NULL);
    assert_true(child >= 0);
    if (child == 0)
        ask_in_child();
    assert_int_equal(tcgetattr(keyboard, &before), 0);
    screen[0] = '\0';
    read_screen(keyboard, screen, size, "PIN: ");
    assert_int_equal(write(keyboard, typed, strlen(typed)), (ssize_t)strlen(typed));
    /* Until the line end that comes after the terminal shows characters again. */
    read_screen(keyboard, screen, size, "\n");
    *shown_again = tcgetattr(keyboard, &after) == 0 && after.c_lflag & ECHO;
    read_screen(keyboard, screen, size, NULL);
    assert_int_equal(waitpid(child, &status, 0), child);
    close(keyboard);
    return status;
}

static void test_a_secret_is_not_shown(void **state)
{
    (void)state;
    char screen[256];
    bool shown_again;
    int status = type_secret("4711\n", screen, sizeof screen, &shown_again);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_string_equal(screen, "PIN: \r\n");
    assert_true(shown_again);
    status = type_secret("01234567890123456\n", screen, sizeof screen, &shown_again);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 3);
}

static void test_an_interrupted_secret_leaves_the_terminal_as_it_was(void **state)
{
    (void)state;
    char screen[256];
    bool shown_again;
    int status = type_secret("47\003", screen, sizeof screen, &shown_again);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
    assert_null(strstr(screen, "47"));
    assert_true(shown_again);
}

/* ---- the real table ---- */

static void test_the_table_is_sound(void **state)
{
    (void)state;
    for (const struct command *c = command_table; c->words; c++) {
        assert_non_null(c->run);
        assert_non_null(c->help);
        assert_non_null(c->operands);
        assert_true(c->least <= c->most);
        assert_true(c->help[strlen(c->help) - 1] != '.');
        for (size_t i = 0; i < command_words(c); i++) {
            char word[COMMAND_WORD];
            command_word(c, i, word);
            assert_true(word[0] && strlen(word) + 1 < COMMAND_WORD);
        }
        for (const struct command *other = c + 1; other->words; other++)
            assert_string_not_equal(c->words, other->words);
        for (const struct command_option *o = c->options; o && o->name; o++) {
            assert_non_null(o->help);
            for (const struct common_option *common = common_options; common->option.name; common++)
                assert_string_not_equal(o->name, common->option.name);
            for (const struct command_option *other = o + 1; other->name; other++)
                assert_string_not_equal(o->name, other->name);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_find_their_command_in_any_case),
        cmocka_unit_test(test_half_a_command_shows_how_it_goes_on),
        cmocka_unit_test(test_a_wrong_word_suggests_the_nearest),
        cmocka_unit_test(test_no_command_at_all_is_wrong_usage),
        cmocka_unit_test(test_help_and_version_go_to_the_output),
        cmocka_unit_test(test_options_stand_before_between_and_after),
        cmocka_unit_test(test_the_order_does_not_depend_on_posixly_correct),
        cmocka_unit_test(test_wrong_options_are_said_with_the_nearest),
        cmocka_unit_test(test_operands_are_counted),
        cmocka_unit_test(test_words_of_another_language_are_operands),
        cmocka_unit_test(test_an_error_is_one_line_whatever_is_in_it),
        cmocka_unit_test(test_output_that_cannot_be_written_is_a_failure),
        cmocka_unit_test(test_text_of_strangers_cannot_move_the_cursor),
        cmocka_unit_test(test_columns_count_characters),
        cmocka_unit_test(test_a_query_looks_as_cucm_prints_it),
        cmocka_unit_test(test_a_question_nobody_can_answer_is_wrong_usage),
        cmocka_unit_test(test_a_question_is_asked_on_a_terminal),
        cmocka_unit_test(test_a_secret_is_not_shown),
        cmocka_unit_test(test_an_interrupted_secret_leaves_the_terminal_as_it_was),
        cmocka_unit_test(test_the_table_is_sound),
    };
    return RUN(tests);
}
