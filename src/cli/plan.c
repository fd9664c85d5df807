/* plan COMMAND...: what a command would do to each phone. The same as its --dry-run. */
#include "cli/call.h"
#include "cli/commands.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { LEADING = 4 };

/* The command the words begin with, or NULL. */
static const struct command *find(const struct cli *cli, const struct call *call)
{
    const struct command *found = NULL;
    for (const struct command *c = cli->table; c->words; c++) {
        size_t n = command_words(c);
        if (command_match(c, call->operands, call->operand_count) == n &&
            (!found || n > command_words(found)))
            found = c;
    }
    return found;
}

enum cli_status plan_command(struct cli *cli, const struct call *call)
{
    const struct command *command = find(cli, call);
    if (command && !(command->flags & COMMAND_DRY_RUN))
        return cli_misuse(cli, call, "'%s' changes nothing that could be planned", command->words);
    const char **words = calloc(call->operand_count + LEADING + 1, sizeof *words);
    if (!words)
        return cli_failed(cli, -ENOMEM, NULL);
    size_t count = 0;
    words[count++] = "--dry-run";
    words[count++] = "--state";
    words[count++] = call->state;
    if (call->json)
        words[count++] = "--json";
    memcpy(words + count, call->operands, call->operand_count * sizeof *words);
    enum cli_status status = cli_run(cli, words, count + call->operand_count);
    free(words);
    return status;
}
