/*
 * tls_listener: accepts connections, makes their handshakes, hands them out.
 *
 * No client delays another. A handshake costs the server some milliseconds of CPU, so handshakes
 * are not made when their bytes arrive but queue: a turn of the loop makes one step of two of them,
 * then everything else has its turn; addresses take turns, and within an address it is first come,
 * first served (turns.h). Who is silent or slow waits in no queue, and is cut at its deadline.
 */
#ifndef NET_TLS_LISTENER_H
#define NET_TLS_LISTENER_H

#include "net/tls_connection.h"

struct tls_listener;

struct tls_listener_setup {
    struct tls_context *context;
    struct tls_limits limits;
    size_t connections;     /* in all */
    size_t unauthenticated; /* of these, before tls_authenticated(). When all places are taken an
                               old one gives its place to the new: of those in their handshake or
                               of those beyond it, whichever are more, the oldest. Who has
                               authenticated never does; when all have, more wait in the kernel's
                               queue */
    size_t per_address;     /* of the unauthenticated, from one address, or of IPv6 from one /64:
                               more are closed at once */
    /* A connection came; before its handshake. May be NULL. */
    void (*arrived)(void *context, const struct address *peer);
    /* One was closed at once: its address has `per_address` that are not authenticated. May be
     * NULL. */
    void (*refused)(void *context, const struct address *peer, size_t per_address);
    /* The client showed a certificate: should the handshake go on? NULL: any will do, ask
     * tls_peer_certificate() later. In TLS 1.3 the client may believe for a moment that it did. */
    enum tls_verdict (*judge)(void *context, const struct address *peer,
                              const struct certificate *client, struct why *why);
    /* The handshake is done. The connection is the callee's: tls_set_events(), at last tls_free().
     * Until it is tls_authenticated() it may end with TLS_END_EVICTED. */
    void (*accepted)(void *context, struct tls_connection *connection);
    /* A handshake that ended otherwise; for logs. May be NULL. */
    void (*failed)(void *context, const struct address *peer, const struct tls_end *end);
    void *user;
};

int tls_listener_new(struct tls_listener **out, struct loop *loop,
                     const struct tls_listener_setup *setup) CHECKED;
/* Serves a socket made by tcp_bind(); owns fd from here on, also when this fails. At most 8. */
int tls_listener_add(struct tls_listener *listener, int fd, struct why *why) CHECKED;
/* For connections from now on: a certificate was renewed. */
void tls_listener_set_context(struct tls_listener *listener, struct tls_context *context);
/* The same for how many one address may have. */
void tls_listener_set_per_address(struct tls_listener *listener, size_t per_address);
/* Ends what is in its handshake, without a word to anybody. Connections that were handed out stay
 * with their owners, and may be freed before or after. Not from its callbacks. */
void tls_listener_free(struct tls_listener *listener);

struct tls_counters {
    uint64_t accepted;              /* TCP connections taken */
    uint64_t refused;               /* closed at once: too many of that address, or no memory */
    uint64_t evicted;               /* gave their places to others, in their handshakes or later */
    uint64_t shaken;                /* handshakes done */
    uint64_t failed[TLS_END_KINDS]; /* handshakes not done, by kind; TLS_END_LATE among them */
    uint64_t late;                  /* cut at any deadline, handshakes included */
    uint64_t breathers;             /* times accepting paused because descriptors had run out */
    size_t open, shaking, unauthenticated; /* now */
};
const struct tls_counters *tls_listener_counters(const struct tls_listener *listener);

#endif
