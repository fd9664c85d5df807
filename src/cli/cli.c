#include "cli/cli.h"

#include "base/text.h"
#include "cli/call.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_TEXT = 400 };

static void join_words(char out[LINE_TEXT], const char *const *words, size_t count)
{
    struct buffer line;
    buffer_init(&line, LINE_TEXT - 1);
    for (size_t i = 0; i < count && !line.error; i++)
        buffer_format(&line, "%s%s", i ? " " : "", words[i]);
    text_escape(out, LINE_TEXT, bytes_of(line.data, line.size));
    buffer_fini(&line);
}

/* The command with the most words among those that `words` begin with; NULL when there is none. */
static const struct command *find_command(const struct cli *cli, const char *const *words,
                                          size_t count)
{
    const struct command *found = NULL;
    for (const struct command *c = cli->table; c->words; c++) {
        size_t n = command_words(c);
        if (command_match(c, words, count) == n && (!found || n > command_words(found)))
            found = c;
    }
    return found;
}

/* How many of the words lead somewhere in the table. */
static size_t words_known(const struct cli *cli, const char *const *words, size_t count)
{
    size_t most = 0;
    for (const struct command *c = cli->table; c->words; c++) {
        size_t n = command_match(c, words, count);
        if (n > most)
            most = n;
    }
    return most;
}

static enum cli_status no_command(struct cli *cli, const char *const *words, size_t count)
{
    char typed[LINE_TEXT];
    char meant[LINE_TEXT];
    size_t known = words_known(cli, words, count);
    if (known == count) {
        join_words(typed, words, count);
        cli_error(cli, "'%s' is only half a command; it can go on so:", typed);
    } else {
        join_words(typed, words, known + 1); /* what follows may be operands */
        if (help_suggest(cli, words, count, meant, sizeof meant))
            cli_error(cli, "there is no command '%s'; did you mean '%s'?", typed, meant);
        else
            cli_error(cli, "there is no command '%s'", typed);
    }
    if (known)
        help_branch(cli, cli->err, words, known);
    else
        fputs("('trustline --help' lists the commands)\n", cli->err);
    return STATUS_USAGE;
}

static enum cli_status help_for(struct cli *cli, const char *const *words, size_t count)
{
    const struct command *command = find_command(cli, words, count);
    if (count == 0) {
        help_overview(cli, cli->out);
        return STATUS_DONE;
    }
    if (command && command_words(command) == count) {
        help_command(command, cli->out);
        return STATUS_DONE;
    }
    if (words_known(cli, words, count) < count)
        return no_command(cli, words, count);
    help_branch(cli, cli->out, words, count);
    return STATUS_DONE;
}

/* What was printed must have arrived, or the command has not done its work. */
static enum cli_status finish_output(struct cli *cli, enum cli_status status)
{
    if (fflush(cli->out) == 0 && !ferror(cli->out))
        return status;
    int error = -errno;
    clearerr(cli->out);
    cli_error(cli, "cannot write the output: %s", error_text(error));
    return status == STATUS_DONE ? STATUS_FAILED : status;
}

static enum cli_status run_command(struct cli *cli, const struct command *command,
                                   const char *const *rest, size_t count)
{
    struct call_store store;
    struct why why = WHY_NONE;
    int result = call_read(&store, command, rest, count, &why);
    if (result == ERR_USAGE) {
        struct call call = {.command = command};
        return cli_misuse(cli, &call, "%s", why_text(&why, result));
    }
    if (result)
        return cli_failed(cli, result, &why);
    enum cli_status status = STATUS_DONE;
    if (store.help) {
        help_command(command, cli->out);
    } else {
        if (!store.call.state)
            store.call.state = cli->default_state;
        status = command->run(cli, &store.call);
    }
    call_fini(&store);
    return status;
}

/* Options may stand in front of the command, too: how many words that takes. */
static size_t count_leading(const char *const *words, size_t count)
{
    size_t n = 0;
    while (n < count && words[n][0] == '-' && words[n][1]) {
        bool takes_next = false;
        for (const struct common_option *c = common_options; c->option.name; c++)
            takes_next |= c->option.argument && text_starts(words[n], "--") &&
                          strcmp(words[n] + 2, c->option.name) == 0;
        n += takes_next && n + 1 < count ? 2 : 1;
    }
    return n;
}

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static enum cli_status run_line(struct cli *cli, const char **words, size_t count)
{
    size_t leading = count_leading(words, count);
    for (size_t i = 0; i < leading; i++) {
        if (strcmp(words[i], "--version") == 0) {
            fputs("trustline " TRUSTLINE_VERSION "\n", cli->out);
            return STATUS_DONE;
        }
        if (is_help(words[i]))
            return help_for(cli, words + leading, count - leading);
    }
    size_t end = leading; /* of the words that may be the command's */
    while (end < count && words[end][0] != '-')
        end++;
    if (end == leading) {
        if (leading)
            cli_error(cli, "no command; %s is an option", words[0]);
        else
            cli_error(cli, "no command");
        fputs("('trustline --help' lists the commands)\n", cli->err);
        return STATUS_USAGE;
    }
    if (strcmp(words[leading], "help") == 0)
        return help_for(cli, words + leading + 1, end - leading - 1);
    const struct command *command = find_command(cli, words + leading, end - leading);
    if (!command && end < count && is_help(words[end]))
        return help_for(cli, words + leading, end - leading);
    if (!command)
        return no_command(cli, words + leading, end - leading);
    /* The leading options go to where the command's words were: in front of the others. */
    size_t own = command_words(command);
    memmove(words + own, words, leading * sizeof *words);
    return run_command(cli, command, words + own, count - own);
}

enum cli_status cli_run(struct cli *cli, const char *const *words, size_t count)
{
    const char **copy = calloc(count + 1, sizeof *copy);
    if (!copy)
        return cli_failed(cli, -ENOMEM, NULL);
    if (count)
        memcpy(copy, words, count * sizeof *copy);
    enum cli_status status = finish_output(cli, run_line(cli, copy, count));
    free(copy);
    return status;
}
