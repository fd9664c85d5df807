#include "daemon/control.h"

#include "base/log.h"
#include "cluster/config.h"
#include "net/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 64 };

struct control {
    struct supervisor *supervisor;
    struct loop_watch *watch;
    int fd;
    int directory; /* run/, by descriptor: sun_path is short */
    struct control_policy policy;
};

static bool may_ask(const struct control *c, int peer)
{
    struct ucred who;
    socklen_t size = sizeof who;
    if (getsockopt(peer, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0)
        return false;
    return who.uid == 0 || (!c->policy.walled && who.uid == c->policy.owner);
}

static void serve(struct control *c, int peer)
{
    const char *words = NULL;
    int end = -1;
    int result = 0;
    if (!may_ask(c, peer))
        words =
            c->policy.walled
                ? "only root may do this, since services run as the owner of the state directory"
                : "only root and the owner of the state directory may do this";
    else
        result = supervisor_signer_pair(c->supervisor, SIGNER_CLUSTER, &end);
    if (result)
        words = "the signer is being restarted; try again";
    /* A peer that only looked whether somebody is here has gone already. */
    result = channel_try_send(peer, bytes_of_string(words ? words : "signer"), &end, end >= 0);
    (void)result;
    if (words)
        log_event(LEVEL_WARNING, "event=control_refused reason=\"%s\"", words);
    if (end >= 0)
        close(end);
}

static void on_connection(void *context, unsigned ready)
{
    struct control *c = context;
    (void)ready;
    int peer = accept4(c->fd, NULL, NULL, SOCK_CLOEXEC);
    if (peer < 0)
        return;
    serve(c, peer);
    close(peer);
}

static int bind_here(struct control *c, const char *state, struct why *why)
{
    char run[FILE_PATH];
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int result = file_path(run, state, STATE_RUN);
    if (result)
        return result;
    c->directory = open(run, O_PATH | O_DIRECTORY | O_CLOEXEC);
    c->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (c->directory < 0 || c->fd < 0)
        return why_error(why, -errno, "%s: %s", run, error_text(-errno));
    snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/control", c->directory);
    /* A socket that a killed node left; run/trustlined.pid says that no other one runs. */
    unlinkat(c->directory, "control", 0);
    if (fchmod(c->fd, 0600) != 0 || /* the mode it will be bound with */
        bind(c->fd, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(c->fd, BACKLOG) != 0)
        return why_error(why, -errno, "%s/control: cannot listen: %s", run, error_text(-errno));
    return 0;
}

int control_open(struct control **out, struct loop *loop, struct supervisor *supervisor,
                 const char *state, const struct control_policy *policy, struct why *why)
{
    struct control *c = calloc(1, sizeof *c);
    if (!c)
        return -ENOMEM;
    *c = (struct control){.supervisor = supervisor, .fd = -1, .directory = -1, .policy = *policy};
    int result = bind_here(c, state, why);
    if (result == 0)
        result = loop_watch_new(&c->watch, loop, c->fd, on_connection, c);
    if (result == 0)
        result = loop_watch_set(c->watch, LOOP_READ);
    if (result) {
        control_close(c);
        return result;
    }
    *out = c;
    return 0;
}

void control_close(struct control *c)
{
    if (!c)
        return;
    loop_watch_free(c->watch);
    if (c->fd >= 0)
        close(c->fd);
    if (c->directory >= 0) {
        unlinkat(c->directory, "control", 0);
        close(c->directory);
    }
    free(c);
}
