/* The children: started, told, restarted when they die, stopped. */
#include "daemon/node.h"

#include "base/log.h"
#include "base/text.h"
#include "daemon/notify.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    DELAY_FIRST_MS = 100,
    DELAY_MAX_MS = 10 * 1000,
    STEADY_MS = 30 * 1000, /* up for so long: the next failure is a new one */
    STOP_MS = 2000,        /* then the slow are killed */
};

struct child *child_of(struct supervisor *s, const char *role)
{
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->children[i].role->name, role) == 0)
            return &s->children[i];
    return NULL;
}

static void child_settle(struct child *child);

/* ---- what is told to whom ---- */

static const char *state_word(const struct child *child)
{
    switch (child->state) {
    case CHILD_UP:
        return "STARTED";
    case CHILD_STARTING:
        return "STARTING";
    case CHILD_STOPPING:
        return "STOPPING";
    case CHILD_DOWN:
        break;
    }
    return "STOPPED";
}

void child_tell(struct child *child, const char *message, int fd)
{
    if (child->channel &&
        channel_write(child->channel, bytes_of_string(message), &fd, fd >= 0) != 0)
        log_event(LEVEL_ERROR, "event=role_message_lost role=%s", child->role->name);
}

/* The clerk writes down what became of a service. */
static void tell_clerk(struct child *child)
{
    struct child *clerk = child_of(child->supervisor, "clerk");
    char message[ROLE_MESSAGE_MAX];
    if (!child->role->service || !clerk || clerk->state != CHILD_UP)
        return;
    text_format(message, sizeof message, "V%s\t%s\t%ld\t%s", child->role->service,
                state_word(child), (long)child->pid, child->reason);
    child_tell(clerk, message, -1);
}

static void set_state(struct child *child, enum child_state state, const char *reason)
{
    child->state = state;
    child->recorded = false;
    text_copy(child->reason, sizeof child->reason, reason);
    tell_clerk(child);
}

/* A socketpair: one end for the role, the other for the signer, which is told whose it is. */
int supervisor_signer_pair(struct supervisor *s, enum signer_role role, int *end)
{
    struct child *signer = child_of(s, "signer");
    const uint8_t word = (uint8_t)role;
    int pair[2];
    if (!signer || !signer->channel)
        return ERR_CLOSED;
    int result = channel_pair(pair);
    if (result)
        return result;
    result = channel_write(signer->channel, bytes_of(&word, 1), &pair[1], 1);
    close(pair[1]);
    if (result) {
        close(pair[0]);
        return result;
    }
    *end = pair[0];
    return 0;
}

static void give_signer(struct child *child)
{
    int end = -1;
    if (!child->role->has_signer || !child->channel ||
        supervisor_signer_pair(child->supervisor, child->role->signer_role, &end) != 0)
        return;
    child_tell(child, "G", end);
    close(end);
}

static void give_sockets(struct child *child)
{
    const struct listeners *l = &child->supervisor->listeners;
    for (size_t i = 0; i < l->count; i++) {
        char message[32];
        if (l->list[i].role != child->role)
            continue;
        text_format(message, sizeof message, "S%c%u", l->list[i].kind == SOCKET_UDP ? 'u' : 't',
                    l->list[i].port);
        child_tell(child, message, l->list[i].fd);
    }
}

/* ---- the end of it all ---- */

static bool anybody_left(const struct supervisor *s, bool signer_too)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->children[i].pid > 0 && (signer_too || !s->children[i].role->as_signer))
            return true;
    return false;
}

void child_close_channel(struct child *child)
{
    channel_free(child->channel);
    child->channel = NULL;
}

/* The signer goes last: the others may still be waiting for a signature. */
static void stop_step(struct supervisor *s)
{
    if (!s->stopping)
        return;
    if (!anybody_left(s, false))
        child_close_channel(child_of(s, "signer"));
    if (!anybody_left(s, true))
        loop_stop(s->loop);
}

void children_stop(struct supervisor *s)
{
    if (s->stopping)
        return;
    s->stopping = true;
    notify_send("STOPPING=1");
    log_event(LEVEL_NOTICE, "event=node_stopping");
    for (size_t i = 0; i < s->count; i++) {
        struct child *child = &s->children[i];
        loop_timer_stop(child->retry);
        if (!child->role->as_signer)
            child_close_channel(child);
    }
    loop_timer_start(s->stop_timer, STOP_MS);
    stop_step(s);
}

void children_kill(struct supervisor *s)
{
    for (size_t i = 0; i < s->count; i++) {
        if (s->children[i].pid > 0) {
            log_event(LEVEL_WARNING, "event=role_killed role=%s reason=\"did not stop in time\"",
                      s->children[i].role->name);
            kill(s->children[i].pid, SIGKILL);
        }
    }
}

/* A fault that starting again will not mend, before the node was ever ready. */
static void give_up(struct supervisor *s, const char *text)
{
    if (s->stopping)
        return;
    fprintf(stderr, "trustlined: %s\n", text);
    log_event(LEVEL_ERROR, "event=node_failed reason=\"%s\"", text);
    s->status = 1;
    children_stop(s);
}

/* ---- readiness ---- */

/* Up, and whoever looks into the store sees it. */
static bool is_up(const struct child *child)
{
    return child->state == CHILD_UP && (child->recorded || !child->role->service);
}

static void look_if_ready(struct supervisor *s)
{
    if (s->ready || !s->told_wants || s->stopping)
        return;
    for (size_t i = 0; i < s->count; i++)
        if (s->children[i].wanted && !is_up(&s->children[i]))
            return;
    s->ready = true;
    printf("trustlined: ready\n");
    fflush(stdout);
    notify_send("READY=1");
    log_event(LEVEL_NOTICE, "event=node_ready node=%s", s->config.node);
}

/* ---- what the clerk says an administrator wants ---- */

static void take_want(struct supervisor *s, char *text)
{
    char *rest = text;
    char *name = strsep(&rest, "\t");
    char *activated = strsep(&rest, "\t");
    char *wanted = strsep(&rest, "\t");
    char *restarts = rest;
    int64_t number = 0;
    const struct role *role = name ? role_of_service(name) : NULL;
    if (!role || !activated || !wanted || !restarts ||
        text_number(restarts, 0, INT64_MAX, &number) != 0)
        return;
    struct child *child = child_of(s, role->name);
    bool first = !s->told_wants;
    bool restart = !first && (uint64_t)number != child->restarts;
    child->restarts = (uint64_t)number;
    child->wanted = strcmp(activated, "1") == 0 && strcmp(wanted, "1") == 0;
    if (!child->wanted)
        listeners_release(&s->listeners, role);
    if (child->wanted && child->state == CHILD_DOWN) {
        child->delay = 0;
        child_start(child);
    } else if (child->state == CHILD_UP || child->state == CHILD_STARTING) {
        if (!child->wanted || restart) {
            child_close_channel(child);
            set_state(child, CHILD_STOPPING, "");
        }
    } else if (!child->wanted && child->state == CHILD_DOWN) {
        loop_timer_stop(child->retry);
        set_state(child, CHILD_DOWN, "Commanded Out of Service");
    }
}

static void take_record(struct supervisor *s, char *text)
{
    char *state = text;
    char *name = strsep(&state, "\t");
    const struct role *role = name ? role_of_service(name) : NULL;
    struct child *child = role ? child_of(s, role->name) : NULL;
    if (child && state && strcmp(state, state_word(child)) == 0)
        child->recorded = true;
    look_if_ready(s);
}

/* ---- what children say ---- */

static void on_ready(struct child *child)
{
    struct supervisor *s = child->supervisor;
    set_state(child, CHILD_UP, "");
    log_event(LEVEL_INFO, "event=role_ready role=%s pid=%ld", child->role->name, (long)child->pid);
    if (strcmp(child->role->name, "clerk") == 0)
        for (size_t i = 0; i < s->count; i++)
            tell_clerk(&s->children[i]);
    look_if_ready(s);
}

static void on_message(void *context, struct bytes message, const int *fds, size_t count)
{
    struct child *child = context;
    char text[ROLE_MESSAGE_MAX];
    for (size_t i = 0; i < count; i++)
        close(fds[i]);
    if (message.size == 0)
        return;
    text_copy_bytes(text, sizeof text, bytes_slice(message, 1, message.size));
    switch (message.data[0]) {
    case 'Y':
        on_ready(child);
        break;
    case 'F':
        if (child->supervisor->ready)
            text_copy(child->reason, sizeof child->reason, text);
        else
            give_up(child->supervisor, text);
        break;
    case 'W':
        take_want(child->supervisor, text);
        break;
    case 'K':
        take_record(child->supervisor, text);
        break;
    case 'Z':
        child->supervisor->told_wants = true;
        look_if_ready(child->supervisor);
        break;
    default:
        break;
    }
}

/* The last message has been read. With the process's status the child is settled. */
static void on_closed(void *context)
{
    struct child *child = context;
    child_close_channel(child);
    if (child->pid > 0 && !child->exited)
        kill(child->pid, SIGTERM); /* without us it must not go on */
    child_settle(child);
}

/* ---- starting, and starting again ---- */

static void start_failed(struct child *child, const char *text)
{
    set_state(child, CHILD_DOWN, text);
    child->delay = child->delay ? child->delay * 2 : DELAY_FIRST_MS;
    if (child->delay > DELAY_MAX_MS)
        child->delay = DELAY_MAX_MS;
    loop_timer_start(child->retry, child->delay);
}

void child_start(struct child *child)
{
    static const struct channel_events events = {on_message, on_closed};
    struct supervisor *s = child->supervisor;
    struct why why = WHY_NONE;
    int control = -1;
    if (s->stopping || child->pid > 0)
        return;
    child->started = loop_now(s->loop);
    int result = listeners_bind(&s->listeners, child->role, &why);
    if (result == 0)
        result = child_spawn(&child->pid, &control, s->exe, child->role, s->state,
                             child->role->as_signer ? &s->signer_owner : &s->service_owner, &why);
    if (result == 0)
        result = channel_new(&child->channel, s->loop, control, 1024, &events, child);
    if (result) {
        log_event(LEVEL_ERROR, "event=role_not_started role=%s reason=\"%s\"", child->role->name,
                  why_text(&why, result));
        start_failed(child, why_text(&why, result));
        return;
    }
    /* The signer has nothing to say: what is asked of it waits in its socket until it is there. */
    set_state(child, child->role->as_signer ? CHILD_UP : CHILD_STARTING, "");
    give_sockets(child);
    give_signer(child);
    child_tell(child, "B", -1);
    if (child->role->as_signer)
        for (size_t i = 0; i < s->count; i++)
            if (s->children[i].pid > 0)
                give_signer(&s->children[i]);
}

static void describe_end(char out[120], int status)
{
    if (WIFSIGNALED(status))
        text_format(out, 120, "ended by signal %d", WTERMSIG(status));
    else
        text_format(out, 120, "ended with status %d", WEXITSTATUS(status));
}

/* Both have happened: the process ended, and what it said last was read. */
static void child_settle(struct child *child)
{
    struct supervisor *s = child->supervisor;
    bool expected = child->state == CHILD_STOPPING || s->stopping;
    char how[120];
    if (!child->exited || child->channel)
        return;
    describe_end(how, child->exit_status);
    child->pid = 0;
    child->exited = false;
    if (strcmp(child->role->name, "clerk") == 0 && !s->ready)
        s->told_wants = false;
    if (s->stopping) {
        child->state = CHILD_DOWN;
        stop_step(s);
        return;
    }
    if (expected) {
        set_state(child, CHILD_DOWN, child->wanted ? "" : "Commanded Out of Service");
        child->delay = 0;
        if (child->wanted)
            child_start(child);
        return;
    }
    log_event(LEVEL_ERROR, "event=role_ended role=%s how=\"%s\"", child->role->name, how);
    if (loop_now(s->loop) - child->started >= STEADY_MS)
        child->delay = 0;
    char reason[sizeof child->reason];
    text_copy(reason, sizeof reason, child->reason[0] ? child->reason : how);
    start_failed(child, reason);
}

void children_reap(struct supervisor *s)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        for (size_t i = 0; i < s->count; i++) {
            if (s->children[i].pid != pid)
                continue;
            s->children[i].exited = true;
            s->children[i].exit_status = status;
            child_settle(&s->children[i]);
        }
}
