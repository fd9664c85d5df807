/*
 * role_front: what the roles that end TLS for phones have in common: sockets and the signer come
 * from the supervisor, then the service begins, and ends when the supervisor closes the channel.
 */
#ifndef DAEMON_ROLE_FRONT_H
#define DAEMON_ROLE_FRONT_H

#include "daemon/role_link.h"

#define ROLE_SOCKETS_MAX 32

struct role_front {
    struct role_link *link;
    struct signer_loop *signer;
    /* What a service is made with; must not outlive it. */
    struct loop *loop;
    const struct config *config;
    const char *state;
    char log[FILE_PATH];   /* directory */
    char store[FILE_PATH]; /* see store_open() */
    struct role_socket {
        int fd; /* listening; -1 when it was taken */
        enum socket_kind kind;
        uint16_t port; /* before the offset */
    } sockets[ROLE_SOCKETS_MAX];
    size_t socket_count;
    void *service; /* NULL until it began */
};

struct role_kind {
    const char *name; /* "tvs" */
    /* Makes the service out of the front. It says ready or failed in its time, with the front as
     * context. */
    int (*begin)(struct role_front *front, void **service, struct why *why) CHECKED;
    /* Settings were read again. */
    void (*reload)(void *service, const struct config *config);
    void (*stop)(void *service); /* before the signer ends; NULL: nothing */
    void (*end)(void *service);  /* after the signer's end */
};

/* Runs it: an exit status. */
int role_serve(const char *state, int control, const struct role_kind *kind);

/* The sockets of that port: at most `max` go into `out`, and are the caller's; how many. */
size_t role_front_take(struct role_front *front, enum socket_kind kind, uint16_t port, int *out,
                       size_t max);
/* For services: `context` is the front. */
void role_front_ready(void *context);
void role_front_failed(void *context, const char *reason);

#endif
