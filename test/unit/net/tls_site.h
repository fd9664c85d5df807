/* tls_site: a TLS service for tests, identities made once, and clients that are not ours. */
#ifndef TEST_TLS_SITE_H
#define TEST_TLS_SITE_H

#include "support.h"

#include "net/tls_listener.h"
#include "pki/issue.h"

#include <openssl/ssl.h>

enum { SITE_TAKEN_MAX = 12000, SITE_WAIT_MS = 60 * 1000 };

/* What a connection of the service saw; it echoes what it gets unless told otherwise. */
struct taken {
    struct tls_connection *c;
    struct tls_end end;
    char text[512];
    size_t received;
    unsigned ended, drained;
    bool free_in_received, free_in_closed, mute;
};

struct site {
    struct loop *loop;
    struct loop_timer *look;
    bool (*done)(void *);
    void *done_context;
    int64_t give_up;
    struct tls_context *context;
    struct tls_listener *listener;
    struct address address;
    char port[8];
    struct taken taken[SITE_TAKEN_MAX];
    size_t taken_count;
    bool mute;                /* new connections do not echo */
    unsigned failed, arrived; /* handshakes */
    unsigned refused;         /* connections */
    size_t refused_with;      /* so many of their address */
    struct tls_end end;       /* of the last failed one */
    char text[512];
    struct address failed_peers[SITE_TAKEN_MAX];
};

extern struct site site;
/* RSA 2048, RSA 1024 and EC, self-signed; the last has expired long ago. */
extern struct identity id_server, id_small, id_ec, id_expired;

int site_identities(void **state);
int site_no_identities(void **state);

/* Limits for tests that are not about them: far away. */
extern const struct tls_limits roomy;

/* `context` NULL: without TLS. */
void site_open(const struct tls_server_setup *context, const struct tls_listener_setup *listener);
void site_close(void);
/* A usual service: the profile, and the wish for a certificate. */
void site_serve(enum tls_profile profile, bool null_cipher, enum tls_client_certificate wish);
/* Runs the loop until `done` says so; the test fails when that does not come to pass. */
void site_until(bool (*done)(void *), void *context);
/* Some turns of the loop. */
void site_turns(unsigned count);

/* A TCP connection from 127.0.0.`host`. */
int site_dial(unsigned host);

/* `openssl s_client` with these options after -connect: its output, and exit status, once it has
 * ended. It gets `input` and then the end of its input. */
int site_s_client(struct buffer *out, const char *options, const char *input);

/* OpenSSL over a socket, driven by raw_step(). */
struct raw {
    int fd;
    SSL_CTX *ctx;
    SSL *ssl;
    bool shaken, ended, failed;
    unsigned records; /* of data, since the handshake was done */
    struct buffer got;
    size_t want; /* reads no more than that; 0: nothing */
};
void raw_open(struct raw *raw, unsigned host, int version, const char *suites);
void raw_close(struct raw *raw);
/* As far as it goes without waiting. */
void raw_step(struct raw *raw);
bool raw_is_shaken(void *raw);
bool raw_has_all(void *raw); /* `want` bytes, or the end */
bool raw_has_ended(void *raw);

#endif
