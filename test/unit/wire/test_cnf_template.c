#include "support.h"

#include "base/file.h"
#include "base/text.h"
#include "wire/cnf.h"

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Everything that could break a file, in every value. */
#define NASTY "M\xc3\xbcller & S\xc3\xb6hne <\"Fu\xc3\x9f'ball\"> {lines}"

static const struct cnf_member managers[] = {
    {.host = "pbx1.example.net", .port = 12000, .secure_sip_port = 15061},
    {.host = "192.0.2.11", .port = 2000},
    {.host = "2001:db8::11"},
};
static const struct cnf_member tvs[] = {
    {.host = "pbx1.example.net", .port = 12445},
    {.host = "192.0.2.11"},
};
static const struct cnf_member capf[] = {{.host = "pbx1.example.net", .port = 13804}};
static const struct cnf_line lines[] = {
    {.button = 1, .number = "201", .label = NASTY},
    {.button = 3, .number = "202"},
};

static struct cnf_values rich_values(bool sip)
{
    return (struct cnf_values){
        .device = "SEP001122334455",
        .description = NASTY,
        .load = sip ? "sip88xx.12-5-1SR2-2" : "SCCP42.9-4-2SR3-1S",
        .version_stamp = "1700000000-00000000-0000-4000-8000-000000000001",
        .sip = sip,
        .security_mode = 3,
        .transport = 3,
        .capf_auth = 2,
        .encrypted = false,
        .certificate_hash = "",
        .date_template = "D/M/YA",
        .time_zone = "W. Europe Standard/Daylight Time",
        .olson_zone = "Europe/Vienna",
        .user_locale = NASTY,
        .network_locale = "Austria",
        .ntp = "192.0.2.5",
        .group_name = NASTY,
        .managers = managers,
        .manager_count = 3,
        .tvs = tvs,
        .tvs_count = 2,
        .capf = capf,
        .capf_count = 1,
        .lines = lines,
        .line_count = 2,
    };
}

static struct cnf_template *compile(struct bytes text)
{
    struct cnf_template *t = NULL;
    struct why why = WHY_NONE;
    int result = cnf_template_compile(&t, text, &why);
    if (result)
        fail_msg("%s", why_text(&why, result));
    return t;
}

static void render(struct buffer *out, struct bytes text, const struct cnf_values *values)
{
    struct cnf_template *t = compile(text);
    buffer_init(out, CNF_BYTES_MAX);
    assert_int_equal(cnf_template_render(out, t, values), 0);
    cnf_template_free(t);
}

/* Every template there is: the letters and protocols that have one of their own. */
static const struct {
    char generation;
    bool sip;
} builtins[] = {
    {'A', false}, {'B', false}, {'B', true}, {'C', false}, {'C', true}, {'D', false}, {'D', true},
    {'E', true},  {'J', false}, {'J', true}, {'O', false}, {'O', true}, {'W', false},
};
enum { BUILTINS = sizeof builtins / sizeof *builtins };

/* ---- built-in templates ---- */

static void test_every_builtin_template_makes_a_file_with_all_values_in_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < BUILTINS; i++) {
        bool sip = builtins[i].sip;
        struct cnf_values values = rich_values(sip);
        struct buffer out;
        struct cnf c;
        struct why why = WHY_NONE;
        render(&out, cnf_template_builtin(builtins[i].generation, sip), &values);
        int result = cnf_parse(&c, buffer_bytes(&out), 0, &why);
        if (result)
            fail_msg("%c %s: %s", builtins[i].generation, sip ? "SIP" : "SCCP",
                     why_text(&why, result));
        assert_true(c.full);
        assert_int_equal(c.sip, sip);
        assert_int_equal(c.security_mode, 3);
        assert_int_equal(c.capf_auth, 2);
        assert_false(c.encrypted);
        assert_string_equal(c.load, values.load);
        assert_string_equal(c.version_stamp, values.version_stamp);
        assert_int_equal(c.manager_count, 3);
        assert_string_equal(c.managers[0].host, "pbx1.example.net");
        assert_int_equal(c.managers[0].port, 12000);
        assert_string_equal(c.managers[2].host, "2001:db8::11");
        assert_int_equal(c.managers[2].port, sip ? 5060 : 2000);
        assert_int_equal(c.managers[0].secure_sip_port, sip ? 15061 : 0);
        assert_int_equal(c.capf_count, 1);
        assert_int_equal(c.capf[0].port, 13804);
        bool knows_tvs = !strchr("AJO", builtins[i].generation);
        assert_int_equal(c.tvs_count, knows_tvs ? 2 : 0);
        if (knows_tvs) {
            assert_int_equal(c.tvs[0].port, 12445);
            assert_int_equal(c.tvs[1].port, 2445);
        }
        if (sip) {
            assert_int_equal(c.transport, 3);
            assert_int_equal(c.line_count, 2);
            assert_string_equal(c.lines[0].label, NASTY);
            assert_string_equal(c.lines[1].label, "202");
            assert_int_equal(c.lines[1].button, 3);
        }
        if (builtins[i].generation != 'O')
            assert_string_equal(c.user_locale, NASTY);
        buffer_fini(&out);
    }
}

static void test_every_builtin_template_has_the_four_elements_that_clients_demand(void **state)
{
    (void)state;
    const char *const needed[] = {"<fullConfig>true</fullConfig>", "<capfAuthMode>{capf_auth}<",
                                  "<certHash>{certificate_hash}<", "<encrConfig>{encrypted}<",
                                  "<versionStamp>{version_stamp}<"};
    for (size_t i = 0; i < BUILTINS; i++) {
        struct bytes t = cnf_template_builtin(builtins[i].generation, builtins[i].sip);
        for (size_t n = 0; n < sizeof needed / sizeof *needed; n++)
            if (!memmem(t.data, t.size, needed[n], strlen(needed[n])))
                fail_msg("%c: no %s", builtins[i].generation, needed[n]);
    }
}

/* What opens a phone is closed unless somebody opens it. */
static void test_builtin_templates_open_no_door(void **state)
{
    (void)state;
    const char *const doors[] = {"<webAccess>0",  "<sshAccess>0",    "<ConsoleAccess>0",
                                 "<webAdmin>1",   "<spanToPCPort>0", "<garp>0",
                                 "<tls12Only>0",  "sshPassword",     "phonePassword",
                                 "adminPassword", "authPassword",    "<peerFirmwareSharing>1",
                                 "<webProtocol>0"};
    for (size_t i = 0; i < BUILTINS; i++) {
        struct bytes t = cnf_template_builtin(builtins[i].generation, builtins[i].sip);
        for (size_t n = 0; n < sizeof doors / sizeof *doors; n++)
            if (memmem(t.data, t.size, doors[n], strlen(doors[n])))
                fail_msg("%c: %s", builtins[i].generation, doors[n]);
        if (builtins[i].generation != 'J' || !builtins[i].sip)
            assert_non_null(memmem(t.data, t.size, "<webAccess>1", 12));
    }
}

static void test_every_generation_has_a_template_for_both_protocols(void **state)
{
    (void)state;
    for (int letter = 0; letter < 256; letter++) {
        for (int sip = 0; sip < 2; sip++) {
            struct bytes t = cnf_template_builtin((char)letter, sip);
            assert_true(t.size > 100);
        }
    }
    /* An unknown generation has the plainest. */
    assert_bytes_equal(cnf_template_builtin(0, true), cnf_template_builtin('O', true));
}

static void test_the_template_of_the_oldest_phones_stays_below_their_8_kb(void **state)
{
    (void)state;
    struct cnf_values values = rich_values(false);
    struct buffer out;
    render(&out, cnf_template_builtin('A', false), &values);
    assert_true(out.size < 8 * 1024);
    buffer_fini(&out);
}

/* A judge that is not ours, where it is installed. */
static int judge(const char *path)
{
    const char *const arguments[] = {"xmllint", "--noout", "--nonet", path, NULL};
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int status = 0;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", 1, 0);
    int error =
        posix_spawnp(&pid, "xmllint", &actions, NULL, (char *const *)(uintptr_t)arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) ||
        WEXITSTATUS(status) == 127)
        return -1;
    return WEXITSTATUS(status);
}

static void test_xmllint_finds_nothing_wrong_with_what_templates_make(void **state)
{
    (void)state;
    char directory[1024];
    char path[1100];
    temporary_make(directory);
    snprintf(path, sizeof path, "%s/file.xml", directory);
    bool judged = true;
    for (size_t i = 0; i < BUILTINS && judged; i++) {
        struct cnf_values values = rich_values(builtins[i].sip);
        struct buffer out;
        render(&out, cnf_template_builtin(builtins[i].generation, builtins[i].sip), &values);
        assert_int_equal(file_replace(path, buffer_bytes(&out), 0600, NULL), 0);
        buffer_fini(&out);
        int verdict = judge(path);
        judged = verdict >= 0;
        if (verdict > 0)
            fail_msg("xmllint refuses template %c", builtins[i].generation);
    }
    if (judged) {
        assert_int_equal(file_replace(path, bytes_of_string("<a></b>"), 0600, NULL), 0);
        assert_true(judge(path) > 0); /* it does look */
    }
    temporary_remove(directory);
    if (!judged)
        skip();
}

/* ---- making files ---- */

static void test_placeholders_are_filled_and_other_braces_stay(void **state)
{
    (void)state;
    struct cnf_values values = rich_values(false);
    struct buffer out;
    render(&out,
           bytes_of_string("<device uuid=\"{00000000-0000-4000-8000-000000000001}\" "
                           "name='{device}'><load>{load}</load><x>{}{ {A} {load</x></device>"),
           &values);
    assert_string_equal(buffer_string(&out),
                        "<device uuid=\"{00000000-0000-4000-8000-000000000001}\" "
                        "name='SEP001122334455'><load>SCCP42.9-4-2SR3-1S</load>"
                        "<x>{}{ {A} {load</x></device>");
    buffer_fini(&out);
}

static void test_a_value_never_becomes_markup_or_a_placeholder(void **state)
{
    (void)state;
    struct cnf_values values = rich_values(false);
    struct buffer out;
    render(&out, bytes_of_string("<device a=\"{description}\"><d>{description}</d></device>"),
           &values);
    assert_non_null(strstr(buffer_string(&out),
                           "<d>M\xc3\xbcller &amp; S\xc3\xb6hne &lt;&quot;Fu\xc3\x9f'ball&quot;"
                           "&gt; {lines}</d>"));
    buffer_fini(&out);
    values.description = "a\x01"
                         "b\nc\xff\xc3";
    render(&out, bytes_of_string("<device><d>{description}</d></device>"), &values);
    assert_string_equal(buffer_string(&out), "<device><d>a b c?\?</d></device>");
    buffer_fini(&out);
    values.description = "no character: \xef\xbf\xbf";
    render(&out, bytes_of_string("<device><d>{description}</d></device>"), &values);
    assert_string_equal(buffer_string(&out), "<device><d>no character: ?\?\?</d></device>");
    buffer_fini(&out);
    values.description = NULL;
    render(&out, bytes_of_string("<device><d>{description}</d></device>"), &values);
    assert_string_equal(buffer_string(&out), "<device><d></d></device>");
    buffer_fini(&out);
}

static void test_a_phone_label_is_cut_between_characters(void **state)
{
    (void)state;
    struct cnf_values values = rich_values(true);
    struct buffer out;
    values.description = "\xc3\x84\xc3\x84\xc3\x84\xc3\x84\xc3\x84\xc3\x84\xc3\x84\xc3\x84\xc3\x84"
                         "\xc3\x84\xc3\x84\xc3\x84\xc3\x84";
    render(&out, bytes_of_string("<device>{phone_label}</device>"), &values);
    assert_string_equal(buffer_string(&out),
                        "<device>\xc3\x84\xc3\x84\xc3\x84\xc3\x84\xc3\x84\xc3\x84\xc3\x84\xc3\x84"
                        "\xc3\x84\xc3\x84\xc3\x84\xc3\x84</device>");
    buffer_fini(&out);
}

static void test_blocks_are_left_out_when_there_is_nothing_to_name(void **state)
{
    (void)state;
    struct cnf_values values = {.device = "SEP001122334455", .security_mode = 1};
    struct buffer out;
    render(&out, bytes_of_string("<device>[{tvs}{capf_list}{ntps}{lines}{members}]</device>"),
           &values);
    assert_string_equal(buffer_string(&out), "<device>[]</device>");
    buffer_fini(&out);
}

static void test_no_more_than_three_servers_are_written(void **state)
{
    (void)state;
    static const struct cnf_member four[4] = {
        {.host = "a"}, {.host = "b"}, {.host = "c"}, {.host = "d"}};
    struct cnf_values values = rich_values(true);
    struct cnf_template *t = compile(cnf_template_builtin('E', true));
    struct buffer out;
    values.managers = four;
    values.manager_count = 4;
    buffer_init(&out, CNF_BYTES_MAX);
    assert_int_equal(cnf_template_render(&out, t, &values), ERR_LIMIT);
    assert_int_equal(cnf_write_default(&out, &values, NULL, 0, false), ERR_LIMIT);
    cnf_template_free(t);
    buffer_fini(&out);
}

static void test_a_buffer_that_is_too_small_is_an_error(void **state)
{
    (void)state;
    struct cnf_values values = rich_values(true);
    struct cnf_template *t = compile(cnf_template_builtin('E', true));
    struct buffer out;
    buffer_init(&out, 1000);
    assert_int_equal(cnf_template_render(&out, t, &values), ERR_LIMIT);
    cnf_template_free(t);
    buffer_fini(&out);
}

/* ---- templates people write ---- */

static void expect_no_template(const char *text, int error, const char *words)
{
    struct cnf_template *t = NULL;
    struct why why = WHY_NONE;
    int result = cnf_template_compile(&t, bytes_of_string(text), &why);
    if (result != error)
        fail_msg("'%s' gave %s", text, result ? error_text(result) : "no error");
    assert_null(t);
    if (!strstr(why.text, words))
        fail_msg("'%s' does not say '%s'", why.text, words);
}

static void test_an_unknown_placeholder_is_named_with_its_line(void **state)
{
    (void)state;
    expect_no_template("<device>\n<a>{laod}</a>\n</device>", ERR_FORMAT,
                       "line 2: nothing is known that could fill {laod}; did you mean {load}?");
    expect_no_template("<device>\n\n<a>{colour_of_the_phone}</a>\n</device>", ERR_FORMAT,
                       "line 3: nothing is known that could fill {colour_of_the_phone}");
}

static void test_a_template_that_makes_no_readable_file_is_refused_with_its_line(void **state)
{
    (void)state;
    expect_no_template("", ERR_FORMAT, "empty");
    expect_no_template("<phone>{load}</phone>", ERR_FORMAT, "the root is 'phone'");
    expect_no_template("<device>\n{members}\n{tvs}\n{lines}\n<a></b>\n</device>", ERR_FORMAT,
                       "line 5");
    expect_no_template("<!DOCTYPE device><device>{load}</device>", ERR_FORMAT, "document type");
}

static void test_freeing_no_template_is_fine(void **state)
{
    (void)state;
    cnf_template_free(NULL);
}

/* ---- XMLDefault.cnf.xml ---- */

static void test_the_default_file_names_servers_and_a_load_for_each_type(void **state)
{
    (void)state;
    const struct cnf_load loads[] = {
        {434, "Cisco 7942", "SCCP42.9-4-2SR3-1S"},
        {683, "Cisco \"8841\" & more", "sip88xx.12-5-1SR2-2"},
    };
    struct cnf_values values = rich_values(false);
    struct buffer out;
    struct cnf c;
    buffer_init(&out, CNF_BYTES_MAX);
    assert_int_equal(cnf_write_default(&out, &values, loads, 2, false), 0);
    assert_int_equal(cnf_parse(&c, buffer_bytes(&out), 683, NULL), 0);
    assert_true(c.is_default);
    assert_string_equal(c.load, "sip88xx.12-5-1SR2-2");
    assert_int_equal(c.manager_count, 3);
    assert_int_equal(c.managers[0].port, 12000);
    assert_int_equal(c.managers[0].secure_sip_port, 15061);
    assert_int_equal(c.tvs_count, 2);
    assert_non_null(strstr(buffer_string(&out), "<autoRegistration>disabled</autoRegistration>"));
    buffer_clear(&out);
    assert_int_equal(cnf_write_default(&out, &values, NULL, 0, true), 0);
    assert_int_equal(cnf_parse(&c, buffer_bytes(&out), 683, NULL), 0);
    assert_string_equal(c.load, "");
    assert_non_null(strstr(buffer_string(&out), "<autoRegistration>enabled</autoRegistration>"));
    buffer_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_builtin_template_makes_a_file_with_all_values_in_it),
        cmocka_unit_test(test_every_builtin_template_has_the_four_elements_that_clients_demand),
        cmocka_unit_test(test_builtin_templates_open_no_door),
        cmocka_unit_test(test_every_generation_has_a_template_for_both_protocols),
        cmocka_unit_test(test_the_template_of_the_oldest_phones_stays_below_their_8_kb),
        cmocka_unit_test(test_xmllint_finds_nothing_wrong_with_what_templates_make),
        cmocka_unit_test(test_placeholders_are_filled_and_other_braces_stay),
        cmocka_unit_test(test_a_value_never_becomes_markup_or_a_placeholder),
        cmocka_unit_test(test_a_phone_label_is_cut_between_characters),
        cmocka_unit_test(test_blocks_are_left_out_when_there_is_nothing_to_name),
        cmocka_unit_test(test_no_more_than_three_servers_are_written),
        cmocka_unit_test(test_a_buffer_that_is_too_small_is_an_error),
        cmocka_unit_test(test_an_unknown_placeholder_is_named_with_its_line),
        cmocka_unit_test(test_a_template_that_makes_no_readable_file_is_refused_with_its_line),
        cmocka_unit_test(test_freeing_no_template_is_fine),
        cmocka_unit_test(test_the_default_file_names_servers_and_a_load_for_each_type),
    };
    return RUN(tests);
}
