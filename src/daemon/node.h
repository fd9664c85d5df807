/*
 * node: the supervisor's state, shared by its two halves: supervisor.c keeps the children going,
 * node.c brings the node up, reloads it and takes it down.
 */
#ifndef DAEMON_NODE_H
#define DAEMON_NODE_H

#include "daemon/child.h"
#include "daemon/control.h"
#include "daemon/listen.h"

#define CHILDREN_MAX 16

struct supervisor {
    const char *state;
    struct config config;
    struct loop *loop;
    int exe; /* the program itself, to start it again as a role */
    int lock;
    struct owner service_owner, signer_owner;
    struct listeners listeners;
    struct control *control;
    struct child children[CHILDREN_MAX];
    size_t count;
    struct loop_signal *signals[4];
    struct loop_timer *stop_timer;
    struct loop_timer *watchdog;
    bool told_wants; /* by the clerk, since it last started */
    bool ready;
    bool stopping;
    int status;
};

/* The child of a role by its name; NULL when there is none. */
struct child *child_of(struct supervisor *supervisor, const char *role);
/* Starts a role's process unless one runs; a failure is tried again later. */
void child_start(struct child *child);
/* Sends a message to a child, with a descriptor when fd is not -1. */
void child_tell(struct child *child, const char *message, int fd);
void child_close_channel(struct child *child);
/* Collects every process that has ended. */
void children_reap(struct supervisor *supervisor);
/* Begins the end: closes every role's channel, the signer's last; the loop stops when all are gone.
 */
void children_stop(struct supervisor *supervisor);
/* Kills those that did not stop in time. */
void children_kill(struct supervisor *supervisor);

#endif
