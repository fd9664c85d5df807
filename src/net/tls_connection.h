/*
 * tls_connection: a TLS connection on a loop, of a server (from a tls_listener) or a client; or,
 * with tls_plain_context_new(), one of TCP alone.
 *
 * A message written is one TLS record when it fits in one (TLS_RECORD_MAX bytes): phones stall when
 * header and body come apart. Nothing here waits, and no callback runs inside a call of yours.
 *
 * The end: `closed` is called exactly once, whoever ended it - the peer, a deadline, a failure,
 * tls_close() - unless tls_free() came first. Call tls_free() in it or later.
 */
#ifndef NET_TLS_CONNECTION_H
#define NET_TLS_CONNECTION_H

#include "net/address.h"
#include "net/loop.h"
#include "net/tls_context.h"
#include "net/tls_failure.h"
#include "pki/digest.h"

#define TLS_RECORD_MAX 16384 /* bytes of data in one record */

struct tls_connection;

/* tls_free() may be called in each. */
struct tls_events {
    /* A client's handshake is done: tls_write() from now on. May be NULL for servers, whose
     * connections are handed out when it is. */
    void (*ready)(void *context);
    /* What came, at most TLS_RECORD_MAX bytes; where messages begin and end is the caller's to
     * know. The bytes are wiped after the call. */
    void (*received)(void *context, struct bytes data);
    /* All that was queued has been handed to the kernel. May be NULL. */
    void (*drained)(void *context);
    void (*closed)(void *context, const struct tls_end *end);
};

/* A verdict on the other side's certificate; the names are those of the alerts it hears. */
enum tls_verdict {
    TLS_TRUSTED,
    TLS_UNKNOWN_CA,
    TLS_BAD_CERTIFICATE,
    TLS_CERTIFICATE_EXPIRED,
    TLS_CERTIFICATE_REVOKED,
};

struct tls_limits {
    int64_t handshake_ms; /* from the connection's begin to the handshake's end, whatever comes */
    int64_t idle_ms;      /* without a byte of data in either direction; 0: for ever */
    int64_t linger_ms;    /* for tls_close() to deliver what is queued, and the peer to go */
    size_t queue;         /* bytes that may wait to be sent */
};

/* ---- clients ---- */

struct tls_connect_setup {
    struct tls_context *context;
    struct tls_limits limits;
    const struct address *local; /* NULL: the kernel chooses */
    /* Shown instead of the context's, so that thousands of clients share a context; need not stay.
     * NULL: the context's, if it has one. ERR_POLICY as in tls_context.h. */
    const struct identity *identity;
    /* Asked once, in the middle of the handshake, before any certificate or data of ours is sent.
     * `why` gets the reason of a refusal, for `closed`. Not NULL, but
     * without TLS nobody is asked. */
    enum tls_verdict (*judge)(void *context, const struct certificate *server, struct why *why);
    struct tls_events events;
    void *user; /* the context of all callbacks */
};
/* Begins to connect; what fails later comes as `closed`. */
int tls_connect(struct tls_connection **out, struct loop *loop, const struct address *server,
                const struct tls_connect_setup *setup, struct why *why) CHECKED;

/* ---- both ---- */

/* Whom to call; for connections of a listener, in its `accepted`. */
void tls_set_events(struct tls_connection *c, const struct tls_events *events, void *user);
/* Copies the message where it cannot be sent at once. ERR_LIMIT: the queue is full, nothing of it
 * was taken, wait for `drained`. ERR_CLOSED: it ends or has ended. ERR_USAGE: empty, or the
 * handshake is not done. More than TLS_RECORD_MAX bytes leave as several records. */
int tls_write(struct tls_connection *c, struct bytes message) CHECKED;
size_t tls_queued(const struct tls_connection *c); /* bytes not yet with the kernel */
/* Stops and resumes reading; the peer feels it as TCP's back-pressure. */
void tls_pause(struct tls_connection *c, bool paused);
/* Delivers what is queued, says close_notify, waits for the peer to go: at most linger_ms. Nothing
 * is received from now on; `closed` comes at the end (TLS_END_OURS; TLS_END_LATE when not all
 * could be delivered). */
void tls_close(struct tls_connection *c);
/* At once; what is queued is lost. NULL is accepted. */
void tls_free(struct tls_connection *c);

/* A deadline of the caller's own, besides those of the limits: `ms` from now the connection ends
 * with TLS_END_LATE and the text `what`, which must stay ("no whole request in time"). Setting it
 * again it again moves it; 0 clears it. */
void tls_set_deadline(struct tls_connection *c, int64_t ms, const char *what);
void tls_set_idle(struct tls_connection *c, int64_t ms);
/* The kernel asks a silent peer after `idle_s`, then each `interval_s`, and ends the connection
 * after `count` without an answer. */
int tls_keepalive(struct tls_connection *c, int idle_s, int interval_s, int count) CHECKED;
/* The peer is who it should be: the connection no longer counts as one of the unauthenticated of
 * its listener. */
void tls_authenticated(struct tls_connection *c);
/* It is again as it was before. ERR_LIMIT: its address has enough of these; it stays as it is, and
 * should be closed. */
int tls_unknown_again(struct tls_connection *c) CHECKED;

const struct address *tls_peer(const struct tls_connection *c);
/* This side's address, once the connection stands. */
int tls_local_address(const struct tls_connection *c, struct address *out) CHECKED;
const char *tls_version(const struct tls_connection *c); /* "TLSv1", "TLSv1.2", "TLSv1.3" */
const char *tls_cipher(const struct tls_connection *c);  /* "AES128-SHA", "" before it is known */
bool tls_is_encrypted(const struct tls_connection *c);   /* false with NULL-SHA */
/* The peer's certificate, a new owner of it each time. ERR_NOT_FOUND when it showed none. */
int tls_peer_certificate(struct tls_connection *c, struct certificate **out,
                         struct why *why) CHECKED;
/* The SHA-256 of the certificate that this side showed in the handshake, which a later one of the
 * listener's context may have replaced since. ERR_NOT_FOUND: there was none. */
int tls_own_sha256(const struct tls_connection *c, uint8_t out[SHA256_SIZE]) CHECKED;
/* The same of the one that the other side showed. */
int tls_peer_sha256(const struct tls_connection *c, uint8_t out[SHA256_SIZE]) CHECKED;
/* What the peer sent, its own certificate first; at most `max`. The caller frees each. */
int tls_peer_chain(struct tls_connection *c, struct certificate **out, size_t max, size_t *count,
                   struct why *why) CHECKED;

#endif
