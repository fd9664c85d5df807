#include "phone/terminal.h"

#include "base/text.h"
#include "phone/script.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct terminal {
    int fd;
    struct loop_watch *watch;
    void (*line)(void *context, const char *text);
    void *context;
    char typed[SCRIPT_LINE];
    size_t size;
    bool busy, doomed;
};

/* What is longer than a line may be is thrown away with its end. */
static void take_character(struct terminal *t, char c)
{
    if (c != '\n') {
        if (t->size < sizeof t->typed - 1)
            t->typed[t->size++] = c;
        return;
    }
    t->typed[t->size] = '\0';
    t->size = 0;
    t->line(t->context, text_trim(t->typed));
}

static void readable(void *context, unsigned ready)
{
    struct terminal *t = context;
    char piece[256];
    (void)ready;
    ssize_t got = read(t->fd, piece, sizeof piece);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    t->busy = true;
    if (got <= 0) {
        loop_watch_free(t->watch);
        t->watch = NULL;
        t->line(t->context, NULL);
    }
    for (ssize_t i = 0; i < got && !t->doomed; i++)
        take_character(t, piece[i]);
    t->busy = false;
    if (t->doomed)
        terminal_free(t);
}

int terminal_new(struct terminal **out, struct loop *loop, int fd,
                 void (*line)(void *context, const char *text), void *context)
{
    struct terminal *t = calloc(1, sizeof *t);
    if (!t)
        return -ENOMEM;
    *t = (struct terminal){.fd = fd, .line = line, .context = context};
    int result = loop_watch_new(&t->watch, loop, fd, readable, t);
    if (result == 0)
        result = loop_watch_set(t->watch, LOOP_READ);
    if (result)
        terminal_free(t);
    else
        *out = t;
    return result;
}

void terminal_free(struct terminal *t)
{
    if (!t)
        return;
    t->doomed = true;
    if (t->busy)
        return;
    loop_watch_free(t->watch);
    free(t);
}
