/*
 * child: one role's process, from its start to its end.
 */
#ifndef DAEMON_CHILD_H
#define DAEMON_CHILD_H

#include "daemon/roles.h"
#include "net/channel.h"

#include <sys/types.h>

enum child_state {
    CHILD_DOWN,     /* no process */
    CHILD_STARTING, /* a process that has not said it is ready */
    CHILD_UP,
    CHILD_STOPPING, /* its channel is closed */
};

struct supervisor;

struct child {
    struct supervisor *supervisor;
    const struct role *role;
    enum child_state state;
    bool recorded; /* the store says so, too */
    bool wanted;
    uint64_t restarts; /* the administrator's counter, as last told by the clerk */
    pid_t pid;
    bool exited; /* the process is gone, with this status */
    int exit_status;
    struct channel *channel;
    struct loop_timer *retry;
    int64_t started; /* loop_now() */
    int64_t delay;   /* before the next start, ms */
    char reason[200];
};

/* Who a role runs as, when we are root: ids of the owner of a directory. */
struct owner {
    bool change;
    uid_t user;
    gid_t group;
};

/* Starts the program of descriptor `exe` again as this role; *control is our end of its channel. */
int child_spawn(pid_t *pid, int *control, int exe, const struct role *role, const char *state,
                const struct owner *owner, struct why *why) CHECKED;

#endif
