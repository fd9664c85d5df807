/*
 * cli: the program `trustline` as a function.
 *
 * A command is a row of a table: its words, its options and a function. Whoever has a line of words
 * - main(), or a shell that reads lines - gives them to cli_run() with a context that says where
 * output goes and who may be asked. Nothing here ends the process, so a command can fail and the
 * shell goes on.
 *
 * What a command says: results go to `out`; an error is one line on `err`, "trustline: what: why".
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "base/bytes.h"
#include "wire/trustlist.h"

#include <jansson.h>
#include <stdio.h>

/* Exit statuses, part of our interface. */
enum cli_status {
    STATUS_DONE = 0,
    STATUS_FAILED = 1,
    STATUS_USAGE = 2,   /* wrong usage; also: a question nobody is there to answer */
    STATUS_REFUSED = 3, /* a verification failed, or a plan refused */
};

/* ---- the table ---- */

enum command_flag {
    COMMAND_JSON = 1 << 0,    /* reads: takes --json */
    COMMAND_STATE = 1 << 1,   /* may look into the state directory: takes --state */
    COMMAND_ASKS = 1 << 2,    /* asks before it acts: takes --yes */
    COMMAND_DRY_RUN = 1 << 3, /* takes --dry-run */
    COMMAND_PLANNED = 1 << 4, /* a plan may refuse it: takes --accept-lockout */
    COMMAND_WORDS = 1 << 5,   /* its operands are words of another language (run sql): only options
                                 it knows, written in full, are taken for options */
};

struct command_option {
    const char *name;     /* without "--" */
    const char *argument; /* how help calls its value; NULL: it has none */
    const char *help;     /* one line */
    bool many;            /* may be given more than once; the order is kept */
};

struct cli;
struct call;

struct command {
    const char *words;    /* "utils ctl update CTLFile" */
    const char *operands; /* as the usage line shows them: "OLD NEW", "[FILE]" */
    unsigned least, most; /* how many operands */
    unsigned flags;
    const char *help;                     /* one line */
    const char *details;                  /* more lines for its own help, or NULL */
    const struct command_option *options; /* ended by a row with name NULL; or NULL */
    enum cli_status (*run)(struct cli *cli, const struct call *call);
};

/* The commands of the program, ended by a row with words NULL. */
extern const struct command command_table[];

/* ---- the context ---- */

struct cli {
    FILE *out, *err;
    int in;                      /* where answers are read; questions are asked only when it is a
                                    terminal */
    const struct command *table; /* command_table */
    const char *default_state;   /* the state directory when --state does not name one */
    /* The published list of the cluster whose state is given, for `show ctl` without a file.
     * ERR_NOT_FOUND when none of that kind is published. NULL: this program knows no cluster. */
    int (*published_list)(const char *state, enum trustlist_kind kind, struct buffer *out,
                          struct why *why);
};

/* One command as it was called. Valid during the command; texts are the caller's. */
struct call {
    const struct command *command;
    const char *const *operands; /* ended by NULL */
    size_t operand_count;
    struct {
        const struct command_option *option;
        const char *value; /* NULL when the option takes none */
    } * options;           /* in the order given */
    size_t option_count;
    const char *state;
    bool json, yes, dry_run, accept_lockout;
};

/* The value of an option, or NULL when it was not given. */
const char *call_value(const struct call *call, const char *name);
bool call_has(const struct call *call, const char *name);

/* Finds the command for `words` (the program's name not among them), reads its options and runs it.
 * Everything that can be wrong with the line is said on err. */
enum cli_status cli_run(struct cli *cli, const char *const *words, size_t count);

/* ---- what commands say ---- */

/* One line on err; control characters in it are shown as '?'. Returns STATUS_FAILED. */
enum cli_status cli_error(struct cli *cli, const char *format, ...) PRINTF_LIKE(2, 3);
/* The same for a function that failed: its explanation, and the status its error has
 * (ERR_USAGE: STATUS_USAGE, ERR_PLAN: STATUS_REFUSED). */
enum cli_status cli_failed(struct cli *cli, int error, const struct why *why);
/* One line that does not stop anything: "trustline: note: ...". */
void cli_note(struct cli *cli, const char *format, ...) PRINTF_LIKE(2, 3);
/* Something is wrong with how the command was called: one line, and its usage. STATUS_USAGE. */
enum cli_status cli_misuse(struct cli *cli, const struct call *call, const char *format, ...)
    PRINTF_LIKE(3, 4);
/* Prints a JSON value, which it takes over. NULL (it could not be made) is an error. Returns
 * `status` when it was printed. */
enum cli_status cli_json(struct cli *cli, json_t *value, enum cli_status status);

/* Text of a file or peer, fit for a terminal: UTF-8 stays as it is, control characters and what is
 * no text become \xNN. Appends. */
void cli_text(struct buffer *out, struct bytes text);
/* The same, printed. */
void cli_print(FILE *out, const char *text);
/* The same, in lines of 100 characters with so many blanks in front. */
void cli_print_wrapped(FILE *out, int indent, const char *text);
/* The same as a JSON string; null for an absent text (data NULL). */
json_t *cli_json_text(struct bytes text);
/* Bytes in lower-case hex as a JSON string; null when absent. */
json_t *cli_json_hex(struct bytes bytes);
/* Unix seconds as "2026-11-20T20:02:11Z"; null for 0, which stands for never. */
json_t *cli_json_time(int64_t seconds);
/* Adds to an array, taking the value over, also when it is NULL. 0 or -ENOMEM. */
int cli_json_append(json_t *array, json_t *value) CHECKED;

/* ---- questions ---- */

/* Asks "question" and reads a line. STATUS_DONE when the answer is y or yes, or with --yes (then
 * nothing is asked); STATUS_FAILED for any other answer; STATUS_USAGE, having said so, when there
 * is no terminal. An empty line follows the answer. */
enum cli_status cli_confirm(struct cli *cli, const struct call *call, const char *question);
/* The same without the empty line. */
enum cli_status cli_confirm_closely(struct cli *cli, const struct call *call, const char *question);
/* Would cli_confirm() ask somebody, ask nobody since it need not, or fail? */
enum asking { ASKING_NOBODY, ASKING_SOMEBODY, ASKING_IS_MISUSE };
enum asking cli_asking(const struct cli *cli, const struct call *call);

/* Reads a secret from the terminal without showing it. `out` has its room reserved and should be
 * freed with buffer_fini_secret. ERR_USAGE when there is no terminal. */
int cli_ask_secret(struct buffer *out, const char *prompt, struct why *why) CHECKED;

#endif
