/*
 * terminal [PROMPT ANSWER]... -- COMMAND [ARGUMENT]...: plays the person at the terminal.
 *
 * COMMAND runs on a terminal of its own. Each time it has printed PROMPT since the last answer, the
 * line ANSWER is typed. What the terminal shows goes to standard output, without its carriage
 * returns. The exit status is the command's; 99 when a prompt did not come, or when the command
 * waits for more than it was told.
 */
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_S = 60, SHOWN_MAX = 1024 * 1024, LOST = 99 };

struct terminal {
    int fd;
    time_t deadline;
    char shown[SHOWN_MAX]; /* with a NUL behind it */
    size_t size;
    size_t answered; /* up to here nothing is waited for any more */
};

/* More of what is shown: 1, or 0 when the command has closed the terminal, -1 when it takes too
 * long. */
static int look(struct terminal *t)
{
    struct pollfd ready = {.fd = t->fd, .events = POLLIN};
    char bytes[4096];
    time_t left = t->deadline - time(NULL);
    if (left <= 0 || poll(&ready, 1, (int)left * 1000) <= 0)
        return -1;
    ssize_t n = read(t->fd, bytes, sizeof bytes);
    if (n <= 0)
        return 0; /* EIO: the last one has closed it */
    for (ssize_t i = 0; i < n && t->size + 1 < SHOWN_MAX; i++)
        if (bytes[i] != '\r')
            t->shown[t->size++] = bytes[i];
    t->shown[t->size] = '\0';
    return 1;
}

static int answer(struct terminal *t, const char *prompt, const char *line)
{
    const char *found;
    while (!(found = strstr(t->shown + t->answered, prompt))) {
        if (look(t) <= 0) {
            fprintf(stderr, "terminal: this never came: %s\n", prompt);
            return LOST;
        }
    }
    t->answered = (size_t)(found - t->shown) + strlen(prompt);
    if (write(t->fd, line, strlen(line)) < 0 || write(t->fd, "\n", 1) < 0) {
        fprintf(stderr, "terminal: cannot type: %s\n", strerror(errno));
        return LOST;
    }
    return 0;
}

static int watch_the_end(struct terminal *t)
{
    int more;
    while ((more = look(t)) > 0)
        continue;
    if (more < 0)
        fprintf(stderr, "terminal: it does not end; does it ask something else?\n");
    return more < 0 ? LOST : 0;
}

int main(int argc, char **argv)
{
    static struct terminal terminal;
    int dashes = 1;
    int status = 0;
    while (dashes + 1 < argc && strcmp(argv[dashes], "--") != 0)
        dashes += 2;
    if (dashes + 1 >= argc || strcmp(argv[dashes], "--") != 0)
        return 2;
    terminal.deadline = time(NULL) + PATIENCE_S;
    pid_t child = forkpty(&terminal.fd, NULL, NULL, NULL);
    if (child < 0)
        return LOST;
    if (child == 0) {
        execvp(argv[dashes + 1], argv + dashes + 1);
        _exit(127);
    }
    for (int i = 1; i < dashes && status == 0; i += 2)
        status = answer(&terminal, argv[i], argv[i + 1]);
    if (status == 0)
        status = watch_the_end(&terminal);
    if (status)
        kill(child, SIGKILL);
    fwrite(terminal.shown, 1, terminal.size, stdout);
    int ended = 0;
    waitpid(child, &ended, 0);
    if (status)
        return status;
    return WIFEXITED(ended) ? WEXITSTATUS(ended) : 128 + WTERMSIG(ended);
}
