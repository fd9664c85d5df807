/*
 * call: from the words of a line to a struct call. Between cli.c and help.c; commands do not need
 * it.
 */
#ifndef CLI_CALL_H
#define CLI_CALL_H

#include "cli/cli.h"

/* The options every command has, or has by its flags; ended by a row with name NULL. */
struct common_option {
    struct command_option option;
    unsigned flag; /* of struct command; 0: all have it */
};
extern const struct common_option common_options[];

/* What call_read() allocates; freed with call_fini(). `help` is true when --help was among the
 * options (then nothing was checked). */
struct call_store {
    struct call call;
    const char **operands;
    bool help;
};

/* Reads `count` words that follow the command's own. `why` says what is wrong; ERR_USAGE. */
int call_read(struct call_store *out, const struct command *command, const char *const *words,
              size_t count, struct why *why) CHECKED;
void call_fini(struct call_store *store);

/* How the words of a line fit a command's: how many of the command's words they begin with. */
size_t command_match(const struct command *command, const char *const *words, size_t count);
size_t command_words(const struct command *command);
/* The n-th word of a command (from 0) into `out`, "" when it has fewer. */
#define COMMAND_WORD 32
void command_word(const struct command *command, size_t n, char out[COMMAND_WORD]);

/* ---- help.c ---- */

void help_overview(const struct cli *cli, FILE *out);
/* One line for each command that begins with these words. */
void help_branch(const struct cli *cli, FILE *out, const char *const *words, size_t count);
void help_usage(const struct command *command, FILE *out);
void help_command(const struct command *command, FILE *out);
/* The command that was perhaps meant, when `words` fit none: true, and its words in `out`. */
bool help_suggest(const struct cli *cli, const char *const *words, size_t count, char *out,
                  size_t size);
/* The option that was perhaps meant, without dashes; NULL when none is near. */
const char *help_suggest_option(const struct command *command, const char *word);

#endif
