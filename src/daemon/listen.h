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
    int fd;
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

#endif
