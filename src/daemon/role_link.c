#include "daemon/role_link.h"

#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "net/channel.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct role_link {
    char name[32];
    char state[FILE_PATH];
    struct config config;
    struct loop *loop;
    struct channel *channel;
    struct loop_signal *term;
    int control; /* until the channel owns it */
    void (*message)(void *context, char kind, char *text, int fd);
    void *context;
};

static int open_log(struct role_link *l, struct why *why)
{
    char program[64];
    char directory[FILE_PATH];
    struct log_setup setup = {
        .program = program,
        .directory = directory,
        .to_stderr = true,
        .level = l->config.log_level,
        .max_size = l->config.log_size,
        .keep = l->config.log_keep,
    };
    text_format(program, sizeof program, "trustlined[%s]", l->name);
    int result = file_path(directory, l->state, STATE_LOG);
    if (result == 0)
        result = log_open(&setup, why);
    return result ? result : log_start_writer();
}

static void reload(struct role_link *l)
{
    struct why why = WHY_NONE;
    struct config config;
    int result = config_load(&config, l->state, &why);
    if (result == 0) {
        l->config = config;
        result = open_log(l, &why);
    }
    if (result)
        log_event(LEVEL_ERROR, "event=reload_failed reason=\"%s\"", why_text(&why, result));
}

static void on_message(void *context, struct bytes message, const int *fds, size_t count)
{
    struct role_link *l = context;
    char text[ROLE_MESSAGE_MAX];
    for (size_t i = 1; i < count; i++)
        close(fds[i]);
    if (message.size == 0) {
        if (count)
            close(fds[0]);
        return;
    }
    text_copy_bytes(text, sizeof text, bytes_slice(message, 1, message.size));
    if (message.data[0] == 'R')
        reload(l);
    l->message(l->context, (char)message.data[0], text, count ? fds[0] : -1);
}

static void on_closed(void *context)
{
    struct role_link *l = context;
    channel_free(l->channel);
    l->channel = NULL;
    loop_stop(l->loop);
}

static void on_term(void *context, int number)
{
    struct role_link *l = context;
    (void)number;
    loop_stop(l->loop);
}

int role_link_new(struct role_link **out, const char *name, const char *state, int control,
                  void (*message)(void *context, char kind, char *text, int fd), void *context,
                  struct why *why)
{
    static const struct channel_events events = {on_message, on_closed};
    struct role_link *l = calloc(1, sizeof *l);
    if (!l)
        return -ENOMEM;
    l->message = message;
    l->context = context;
    text_copy(l->name, sizeof l->name, name);
    text_copy(l->state, sizeof l->state, state);
    secret_guard_process(); /* keys, or the way to one that has them */
    *out = l;               /* given even on failure, so that the reason can be told */
    int result = loop_new(&l->loop);
    if (result == 0)
        result = channel_new(&l->channel, l->loop, control, 4096, &events, l);
    if (result == 0)
        result = loop_signal_new(&l->term, l->loop, SIGTERM, on_term, l);
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, NULL);
    sigaction(SIGINT, &ignore, NULL);
    if (result == 0)
        result = config_load(&l->config, state, why);
    return result ? result : open_log(l, why);
}

void role_link_free(struct role_link *l)
{
    if (!l)
        return;
    loop_signal_free(l->term);
    channel_free(l->channel);
    loop_free(l->loop);
    free(l);
    log_close();
}

struct loop *role_link_loop(struct role_link *l)
{
    return l->loop;
}

const char *role_link_state(const struct role_link *l)
{
    return l->state;
}

const struct config *role_link_config(const struct role_link *l)
{
    return &l->config;
}

void role_link_say(struct role_link *l, const char *message)
{
    if (l->channel && channel_write(l->channel, bytes_of_string(message), NULL, 0) != 0)
        log_event(LEVEL_ERROR, "event=supervisor_not_told");
}

void role_link_ready(struct role_link *l)
{
    role_link_say(l, "Y");
}

void role_link_fail(struct role_link *l, const char *reason)
{
    char message[ROLE_MESSAGE_MAX];
    if (!l || !l->channel) {
        fprintf(stderr, "trustlined: %s\n", reason);
        return;
    }
    text_format(message, sizeof message, "F%s", reason);
    role_link_say(l, message);
    log_event(LEVEL_ERROR, "event=role_failed reason=\"%s\"", reason);
}

int role_link_run(struct role_link *l)
{
    return loop_run(l->loop);
}
