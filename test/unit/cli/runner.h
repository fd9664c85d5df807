/* runner: a line of words run as the program would, and what it said. */
#ifndef TEST_CLI_RUNNER_H
#define TEST_CLI_RUNNER_H

#include "support.h"

#include "cli/cli.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct said {
    enum cli_status status;
    char *out, *err;
};

static inline void said_free(struct said *said)
{
    free(said->out);
    free(said->err);
}

/* Runs with `cli`'s table and hooks; its streams are set here. Nobody is there to answer unless
 * cli->in is a terminal. The words end with NULL. */
static inline struct said run_words(struct cli *cli, const char *const *words)
{
    struct said said = {.out = NULL};
    size_t sizes[2];
    size_t count = 0;
    int nobody = -1;
    while (words[count])
        count++;
    cli->out = open_memstream(&said.out, &sizes[0]);
    cli->err = open_memstream(&said.err, &sizes[1]);
    assert_non_null(cli->out);
    assert_non_null(cli->err);
    if (cli->in <= 0)
        cli->in = nobody = open("/dev/null", O_RDONLY);
    said.status = cli_run(cli, words, count);
    fclose(cli->out);
    fclose(cli->err);
    if (nobody >= 0) {
        close(nobody);
        cli->in = -1;
    }
    return said;
}

#define RUN_LINE(cli, ...) run_words((cli), (const char *const[]){__VA_ARGS__, NULL})

static inline void expect_said(struct said said, enum cli_status status, const char *out,
                               const char *err)
{
    if (said.status != status || (out && !strstr(said.out, out)) || (err && !strstr(said.err, err)))
        fail_msg("status %d (want %d)\nout: %s\n(want: %s)\nerr: %s\n(want: %s)", (int)said.status,
                 (int)status, said.out, out ? out : "", said.err, err ? err : "");
    said_free(&said);
}

/* One line and no more. */
static inline void expect_one_line(const char *text)
{
    const char *end = strchr(text, '\n');
    if (!end || end[1])
        fail_msg("'%s' is not one line", text);
}

#endif
