/* Questions to the person at the terminal. */
#include "cli/cli.h"

#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

/* One line without its end; what does not fit is read and dropped. ERR_CLOSED at the end of input
 * without a line. */
static int read_line(int fd, char *out, size_t size)
{
    size_t used = 0;
    bool any = false;
    for (;;) {
        char c;
        ssize_t n = read(fd, &c, 1);
        if (n < 0)
            return -errno;
        if (n == 0 || c == '\n') {
            out[used] = '\0';
            return n == 0 && !any ? ERR_CLOSED : 0;
        }
        any = true;
        if (used + 1 < size)
            out[used++] = c;
    }
}

enum asking cli_asking(const struct cli *cli, const struct call *call)
{
    if (call->yes)
        return ASKING_NOBODY;
    return isatty(cli->in) ? ASKING_SOMEBODY : ASKING_IS_MISUSE;
}

/* The question must be seen, also when the results go to a file. */
static FILE *where_to_ask(const struct cli *cli)
{
    return !isatty(fileno(cli->out)) && isatty(fileno(cli->err)) ? cli->err : cli->out;
}

static enum cli_status confirm(struct cli *cli, const struct call *call, const char *question,
                               bool space_after)
{
    char answer[64] = "";
    enum asking asking = cli_asking(cli, call);
    if (asking == ASKING_NOBODY)
        return STATUS_DONE;
    if (asking == ASKING_IS_MISUSE) {
        cli_error(cli, "%s: asks before it acts, and no terminal is there to answer; --yes answers",
                  call->command->words);
        return STATUS_USAGE;
    }
    FILE *out = where_to_ask(cli);
    fputs(question, out);
    fflush(out);
    int result = read_line(cli->in, answer, sizeof answer);
    if (space_after || result)
        fputc('\n', out);
    const char *word = text_trim(answer);
    if (result == 0 && (text_equal_nocase(word, "y") || text_equal_nocase(word, "yes")))
        return STATUS_DONE;
    return STATUS_FAILED;
}

enum cli_status cli_confirm(struct cli *cli, const struct call *call, const char *question)
{
    return confirm(cli, call, question, true);
}

enum cli_status cli_confirm_closely(struct cli *cli, const struct call *call, const char *question)
{
    return confirm(cli, call, question, false);
}

/* ---- secrets ---- */

/* Characters up to the end of the line, straight into `out`, with no copy left elsewhere.
 * -EINTR when a signal waits in `signals`. */
static int read_secret(int fd, int signals, struct buffer *out)
{
    for (;;) {
        struct pollfd ready[2] = {{.fd = signals, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
        uint8_t c;
        if (poll(ready, 2, -1) < 0)
            return -errno;
        if (ready[0].revents)
            return -EINTR;
        ssize_t n = read(fd, &c, 1);
        if (n < 0)
            return -errno;
        if (n == 0 || c == '\n')
            return 0;
        if (out->size == out->max)
            return ERR_LIMIT;
        buffer_u8(out, c);
    }
}

static int ask_hidden(int fd, int signals, struct buffer *out, const char *prompt)
{
    struct termios shown;
    if (tcgetattr(fd, &shown) != 0)
        return -errno;
    struct termios hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
    int result = tcsetattr(fd, TCSAFLUSH, &hidden) == 0 ? 0 : -errno;
    if (result == 0)
        result = file_write_all(fd, bytes_of_string(prompt));
    if (result == 0)
        result = file_write_all(fd, bytes_of(" ", 1));
    if (result == 0)
        result = read_secret(fd, signals, out);
    tcsetattr(fd, TCSAFLUSH, &shown);
    int ended = file_write_all(fd, bytes_of("\n", 1));
    return result ? result : ended;
}

/* The terminal must show characters again before a signal ends or stops us: signals are held back
 * while it does not, and take their course afterwards. */
int cli_ask_secret(struct buffer *out, const char *prompt, struct why *why)
{
    sigset_t held;
    sigset_t before;
    sigemptyset(&held);
    sigaddset(&held, SIGINT);
    sigaddset(&held, SIGTERM);
    sigaddset(&held, SIGHUP);
    sigaddset(&held, SIGQUIT);
    sigaddset(&held, SIGTSTP);
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return why_error(why, ERR_USAGE, "%s no terminal is there to ask", prompt);
    sigprocmask(SIG_BLOCK, &held, &before);
    int signals = signalfd(-1, &held, SFD_CLOEXEC);
    int result = signals < 0 ? -errno : ask_hidden(fd, signals, out, prompt);
    if (signals >= 0)
        close(signals);
    close(fd);
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (result == ERR_LIMIT)
        return why_error(why, result, "longer than the %zu characters allowed", out->max);
    return result ? why_error(why, result, "nothing was typed: %s", error_text(result)) : 0;
}
