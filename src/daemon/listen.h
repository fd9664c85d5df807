/*
 * listen: the sockets a node listens on, bound by the supervisor before anything else.
 */
#ifndef DAEMON_LISTEN_H
#define DAEMON_LISTEN_H

#include "daemon/roles.h"

struct listener {
    const struct role *role;
    enum socket_kind kind;
    uint16_t port; /* with the offset */
    struct address address;
    int fd; /* -1 while its role is stopped */
};

struct listeners {
    struct listener *list;
    size_t count;
};

/* Binds every port of every role on every address of the configuration. A port that is busy is
 * tried again for a moment, since a node that was killed takes one to let go. The message names
 * address, port and service. */
int listeners_open(struct listeners *out, const struct config *config, struct why *why) CHECKED;
void listeners_close(struct listeners *listeners);

/* Binds again, at once or not at all, those sockets of a role that were released; the message as
 * above. */
int listeners_bind(struct listeners *listeners, const struct role *role, struct why *why) CHECKED;
/* Closes the sockets of a role that is stopped on purpose: clients are refused and ask another
 * node, and nothing waits in a queue to be answered when nobody waits for it any more. */
void listeners_release(struct listeners *listeners, const struct role *role);

#endif
