/*
 * tls_parts: what the files of TLS know of each other. For net/tls_*.c alone.
 */
#ifndef NET_TLS_PARTS_H
#define NET_TLS_PARTS_H

#include "net/tls_connection.h"

#include <openssl/ssl.h>

/* ---- context ---- */

struct tls_context {
    unsigned owners;
    SSL_CTX *ctx;
    BIO_METHOD *wire;
    enum tls_profile profile;
    bool null_cipher;
    bool server;
    bool plain; /* no TLS: without the first two */
};

struct tls_context *tls_context_share(struct tls_context *context);
int tls_use_identity(SSL *ssl, enum tls_profile profile, const struct identity *identity,
                     struct why *why) CHECKED;
/* Nothing; in programs made for tests alone (test/support/keylog.c), writes the secrets out. */
void tls_keylog_install(SSL_CTX *ctx);

/* ---- the socket below OpenSSL ---- */

/* OpenSSL's own socket BIO raises SIGPIPE and forgets errno; this one does neither, and bounds
 * what is read. */
struct tls_wire {
    int fd;
    int error;          /* the system's, as a negative number, or ERR_LIMIT; 0 */
    bool ended;         /* the peer's end of stream was read */
    uint64_t received;  /* bytes of TCP */
    uint64_t allowance; /* of those, how many may be */
};

BIO_METHOD *tls_wire_method(void); /* NULL: no memory */
BIO *tls_wire_new(const BIO_METHOD *method, struct tls_wire *wire);

/* ---- failures ---- */

/* What is known when a call of OpenSSL's has failed. */
struct tls_blame {
    const struct tls_context *context;
    const struct tls_wire *wire;
    const struct tls_hello *hello;
    const char *verdict; /* why a certificate was refused, or NULL */
    bool shaken;         /* the handshake was done */
};
/* Reads OpenSSL's queue of errors and empties it. The text goes into `why`. */
struct tls_end tls_failure_read(const struct tls_blame *blame, struct why *why);
/* Notes what a hello offers. */
void tls_hello_read(struct tls_hello *out, SSL *ssl);

/* ---- connection ---- */

enum tls_state {
    TLS_CONNECTING,
    TLS_HANDSHAKE,
    TLS_OPEN,
    TLS_FLUSHING,  /* what is queued is sent, then close_notify */
    TLS_LINGERING, /* our side is closed; what comes is thrown away until the peer has gone */
    TLS_OVER,
};

enum tls_deadline {
    DEADLINE_HANDSHAKE,
    DEADLINE_IDLE,
    DEADLINE_CALLER,
    DEADLINE_LINGER,
    DEADLINES,
};

/* The listener's hand in a connection of its. */
struct tls_keeper {
    void (*due)(struct tls_connection *c); /* a step of the handshake can be made: tls_shake() */
    enum tls_verdict (*judge)(struct tls_connection *c, const struct certificate *peer,
                              struct why *why);
    void (*shaken)(struct tls_connection *c);
    void (*failed)(struct tls_connection *c, const struct tls_end *end); /* to be freed now */
    void (*late)(struct tls_connection *c);
    void (*authenticated)(struct tls_connection *c);
    int (*unknown_again)(struct tls_connection *c);
    void (*gone)(struct tls_connection *c); /* from within tls_free() */
};

struct tls_parcel {
    struct tls_parcel *next;
    size_t size;
    size_t sent; /* of it, already; a record of TLS goes whole */
    uint8_t data[];
};

struct tls_connection {
    struct loop *loop;
    struct tls_context *context;
    SSL *ssl; /* of a listener's: made when the first bytes come */
    struct tls_wire wire;
    struct loop_watch *watch;
    struct loop_timer *timer;
    int64_t timer_at;             /* when it fires; 0: not at all */
    int64_t deadlines[DEADLINES]; /* 0: none */
    const char *what;             /* the caller's deadline's text */
    struct tls_limits limits;
    enum tls_state state;
    struct tls_events events;
    void *user;
    enum tls_verdict (*judge)(void *context, const struct certificate *server, struct why *why);
    const struct tls_keeper *keeper;
    void *member; /* the keeper's */
    struct address peer;
    struct tls_hello hello;
    struct tls_parcel *first; /* what waits to be sent */
    struct tls_parcel **last;
    size_t queued;
    struct certificate *shown; /* the peer's, trusted, until somebody asks for it */
    char *verdict;             /* why it was refused */
    char *text;                /* the end's */
    struct tls_end end;
    bool ended;      /* `end` is decided */
    bool shaken;     /* the handshake is done */
    bool waits_turn; /* in the listener's queue */
    bool wants_write;
    bool paused;
    bool peer_done; /* close_notify has come */
    bool told;      /* `closed` was called */
    bool busy;      /* called by the loop */
    bool doomed;    /* freed meanwhile: goes when that has returned */
};

/* A connection over a connected, non-blocking socket, which is its own on success. */
int tls_connection_new(struct tls_connection **out, struct loop *loop, struct tls_context *context,
                       const struct tls_limits *limits, int fd, const struct address *peer) CHECKED;
/* One step of a listener's connection whose turn it is. */
void tls_take_turn(struct tls_connection *c);
/* Begins to watch the socket. */
int tls_start(struct tls_connection *c, enum tls_state state) CHECKED;
/* Ends it without a word, as `kind`; `closed` or `failed` come soon. */
void tls_end_now(struct tls_connection *c, enum tls_end_kind kind, int error, const char *text);

/* tls_handshake.c */
enum tls_step { STEP_DONE, STEP_WAITS, STEP_FAILED };
/* What the handshake is made with; that makes it when nobody has. */
int tls_make_ssl(struct tls_connection *c) CHECKED;
enum tls_step tls_handshake_step(struct tls_connection *c);
int tls_hello_seen(SSL *ssl, int *alert, void *context);
int tls_certificate_seen(X509_STORE_CTX *store, void *context);

/* tls_bytes.c: through TLS, or as they are. */
enum tls_move {
    MOVE_DONE, /* *moved bytes, or the goodbye */
    MOVE_WAITS_READ,
    MOVE_WAITS_WRITE,
    MOVE_CLOSED, /* the other side has said all it will say */
    MOVE_FAILED, /* tls_failure_read() says why */
};
enum tls_move tls_put(struct tls_connection *c, const void *data, size_t size, size_t *moved);
enum tls_move tls_get(struct tls_connection *c, void *out, size_t size, size_t *moved);
enum tls_move tls_say_goodbye(struct tls_connection *c);
/* The handshake where there is none: a client says its first byte. */
enum tls_step tls_plain_step(struct tls_connection *c);

#endif
