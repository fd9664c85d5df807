#include "cli/call.h"

#include "base/text.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum { OPTIONS_MAX = 48, FIRST_OPTION = 256 };

const struct common_option common_options[] = {
    {{"json", NULL, "JSON with stable keys instead of text", false}, COMMAND_JSON},
    {{"state", "DIR", "the state directory (default: TRUSTLINE_STATE or /var/lib/trustline)",
      false},
     COMMAND_STATE},
    {{"yes", NULL, "answer every question with yes", false}, COMMAND_ASKS},
    {{"dry-run", NULL, "say what would happen, and change nothing", false}, COMMAND_DRY_RUN},
    {{"accept-lockout", NULL, "go on although phones would be locked out", false}, COMMAND_PLANNED},
    {{"help", NULL, "this text", false}, 0},
    {{NULL, NULL, NULL, false}, 0},
};

/* The options of one command: its own, then the common ones it has. */
struct known {
    const struct command_option *rows[OPTIONS_MAX];
    struct option table[OPTIONS_MAX + 1];
    size_t count;
};

static void add_known(struct known *known, const struct command_option *option)
{
    if (known->count == OPTIONS_MAX)
        return;
    size_t i = known->count++;
    known->rows[i] = option;
    known->table[i] = (struct option){.name = option->name,
                                      .has_arg = option->argument ? required_argument : no_argument,
                                      .val = FIRST_OPTION + (int)i};
}

static void list_known(struct known *known, const struct command *command)
{
    *known = (struct known){.count = 0};
    for (const struct command_option *o = command->options; o && o->name; o++)
        add_known(known, o);
    for (const struct common_option *c = common_options; c->option.name; c++)
        if (c->flag == 0 || command->flags & c->flag)
            add_known(known, &c->option);
}

/* Is this word, written in full, an option? For commands whose operands may look like options. */
static const struct command_option *option_in_full(const struct known *known, const char *word,
                                                   bool *takes_next)
{
    for (size_t i = 0; i < known->count && text_starts(word, "--"); i++) {
        const struct command_option *option = known->rows[i];
        const char *rest = word + 2 + strlen(option->name);
        if (!text_starts(word + 2, option->name) || (*rest && *rest != '='))
            continue;
        *takes_next = option->argument && !*rest;
        return option;
    }
    return NULL;
}

/* ---- reading ---- */

struct reading {
    struct call_store *store;
    const struct known *known;
    struct why *why;
};

static int note_option(struct reading *r, size_t index, const char *value)
{
    struct call *call = &r->store->call;
    const struct command_option *option = r->known->rows[index];
    for (size_t i = 0; i < call->option_count && !option->many; i++)
        if (call->options[i].option == option && option->argument)
            return why_error(r->why, ERR_USAGE, "--%s is given twice", option->name);
    call->options[call->option_count].option = option;
    call->options[call->option_count].value = value;
    call->option_count++;
    if (strcmp(option->name, "help") == 0)
        r->store->help = true;
    return 0;
}

static int unknown_option(struct reading *r, const char *word, int value)
{
    if (value >= FIRST_OPTION)
        return why_error(r->why, ERR_USAGE, "--%s takes no value",
                         r->known->rows[value - FIRST_OPTION]->name);
    if (!text_starts(word, "--"))
        return why_error(r->why, ERR_USAGE, "unknown option -%c", value);
    size_t length = strcspn(word, "=");
    for (size_t i = 0, found = 0; i < r->known->count; i++) {
        found += strncmp(r->known->rows[i]->name, word + 2, length - 2) == 0;
        if (found == 2)
            return why_error(r->why, ERR_USAGE, "option %.*s could mean more than one", (int)length,
                             word);
    }
    const char *near = help_suggest_option(r->store->call.command, word + 2);
    return near ? why_error(r->why, ERR_USAGE, "unknown option %.*s; did you mean --%s?",
                            (int)length, word, near)
                : why_error(r->why, ERR_USAGE, "unknown option %.*s", (int)length, word);
}

/* getopt_long() over an argv of its own; '-' in front keeps everything in order. */
static int read_options(struct reading *r, char **argv, int argc)
{
    struct call *call = &r->store->call;
    int result = 0;
    opterr = 0;
    optind = 0; /* glibc: start anew, this may not be the first line of the process */
    for (;;) {
        int at = optind ? optind : 1;
        int value = getopt_long(argc, argv, "-:h", r->known->table, NULL);
        if (value == -1 || result)
            break;
        if (value == 1)
            r->store->operands[call->operand_count++] = optarg;
        else if (value == 'h')
            r->store->help = true;
        else if (value == ':')
            result = why_error(r->why, ERR_USAGE, "--%s needs a value",
                               r->known->rows[optopt - FIRST_OPTION]->name);
        else if (value == '?')
            result = unknown_option(r, argv[at], optopt);
        else
            result = note_option(r, (size_t)(value - FIRST_OPTION), optarg);
    }
    while (result == 0 && optind < argc) /* behind "--" */
        r->store->operands[call->operand_count++] = argv[optind++];
    return result;
}

/* Options apart from words of another language, which are operands whatever they look like. */
static int read_words(struct reading *r, char **argv, int argc)
{
    struct call *call = &r->store->call;
    int kept = 1;
    for (int i = 1; i < argc; i++) {
        bool takes_next = false;
        if (!option_in_full(r->known, argv[i], &takes_next)) {
            r->store->operands[call->operand_count++] = argv[i];
            continue;
        }
        argv[kept++] = argv[i];
        if (takes_next && i + 1 < argc)
            argv[kept++] = argv[++i];
    }
    argv[kept] = NULL;
    return read_options(r, argv, kept);
}

static void take_common(struct call *call)
{
    call->json = call_has(call, "json");
    call->yes = call_has(call, "yes");
    call->dry_run = call_has(call, "dry-run");
    call->accept_lockout = call_has(call, "accept-lockout");
    call->state = call_value(call, "state");
}

static int check_operands(const struct call *call, struct why *why)
{
    const struct command *c = call->command;
    const char *operand = c->operands; /* the first that is not there */
    for (size_t i = 0; i < call->operand_count && call->operand_count < c->least; i++)
        operand += strcspn(operand, " ") + 1;
    if (call->operand_count < c->least)
        return why_error(why, ERR_USAGE, "%.*s is missing", (int)strcspn(operand, " "), operand);
    if (call->operand_count > c->most && c->most == 0)
        return why_error(why, ERR_USAGE, "takes no '%s'", call->operands[0]);
    if (call->operand_count > c->most)
        return why_error(why, ERR_USAGE, "'%s' is too much", call->operands[c->most]);
    return 0;
}

int call_read(struct call_store *out, const struct command *command, const char *const *words,
              size_t count, struct why *why)
{
    struct known known;
    struct reading r = {.store = out, .known = &known, .why = why};
    int result = -ENOMEM;
    list_known(&known, command);
    *out = (struct call_store){.call.command = command};
    char **argv = calloc(count + 2, sizeof *argv);
    out->operands = calloc(count + 1, sizeof *out->operands);
    out->call.options = calloc(count + 1, sizeof *out->call.options);
    if (!argv || !out->operands || !out->call.options)
        goto out;
    out->call.operands = out->operands;
    argv[0] = (char[]){"trustline"};
    for (size_t i = 0; i < count; i++)
        argv[i + 1] = (char *)(uintptr_t)words[i]; /* getopt_long() does not write into them */
    if (command->flags & COMMAND_WORDS)
        result = read_words(&r, argv, (int)count + 1);
    else
        result = read_options(&r, argv, (int)count + 1);
    take_common(&out->call);
    if (result == 0 && out->call.state && !*out->call.state)
        result = why_error(why, ERR_USAGE, "--state needs a value");
    if (result == 0 && !out->help)
        result = check_operands(&out->call, why);
out:
    free(argv);
    if (result && !out->help)
        call_fini(out);
    return out->help ? 0 : result;
}

void call_fini(struct call_store *store)
{
    free(store->operands);
    free(store->call.options);
    *store = (struct call_store){.call.command = NULL};
}

const char *call_value(const struct call *call, const char *name)
{
    for (size_t i = 0; i < call->option_count; i++)
        /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): take_option() sets each counted */
        if (strcmp(call->options[i].option->name, name) == 0)
            return call->options[i].value;
    return NULL;
}

bool call_has(const struct call *call, const char *name)
{
    for (size_t i = 0; i < call->option_count; i++)
        /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): as above */
        if (strcmp(call->options[i].option->name, name) == 0)
            return true;
    return false;
}

/* ---- the words of a command ---- */

void command_word(const struct command *command, size_t n, char out[COMMAND_WORD])
{
    const char *p = command->words;
    for (; n && *p; n--) {
        p += strcspn(p, " ");
        p += *p == ' ';
    }
    text_copy_bytes(out, COMMAND_WORD, bytes_of(p, strcspn(p, " ")));
}

size_t command_words(const struct command *command)
{
    size_t count = 1;
    for (const char *p = command->words; *p; p++)
        count += *p == ' ';
    return count;
}

size_t command_match(const struct command *command, const char *const *words, size_t count)
{
    size_t all = command_words(command);
    size_t n = 0;
    for (; n < all && n < count; n++) {
        char word[COMMAND_WORD];
        command_word(command, n, word);
        if (!text_equal_nocase(word, words[n]))
            break;
    }
    return n;
}
