/*
 * tls_context: what all connections of one service have in common.
 *
 * Certificates are parsed once. Never: renegotiation, compression, early data, session resumption
 * (docs/decisions/0015-no-tls-resumption.md). Versions, suites and level of the system's
 * openssl.cnf do not count.
 */
#ifndef NET_TLS_CONTEXT_H
#define NET_TLS_CONTEXT_H

#include "net/tls_profile.h"
#include "pki/key.h"

/* A server's wish for the client's certificate. Any certificate passes at this level, expired and
 * unknown ones too: what is trusted is decided above (tls_connection.h, tls_listener.h). That the
 * client has its private key is proven. */
enum tls_client_certificate {
    TLS_CLIENT_NOT_ASKED,
    TLS_CLIENT_OPTIONAL,
    TLS_CLIENT_REQUIRED, /* without one the handshake fails */
};

struct tls_server_setup {
    enum tls_profile profile; /* TLS_MODERN or TLS_PHONE_LEGACY */
    bool null_cipher;         /* callmanager's listener alone */
    const struct identity *identity;
    struct certificate *const
        *chain; /* what is sent after the identity's own, leaf's issuer first */
    size_t chain_count;
    enum tls_client_certificate client_certificate;
};

struct tls_client_setup {
    enum tls_profile profile;
    bool null_cipher;                /* TLS_OLD_PHONE alone: offers NULL-SHA and nothing else */
    const struct identity *identity; /* NULL: none is shown, whatever the server asks */
    struct certificate *const *chain;
    size_t chain_count;
};

/* Shared by its connections: freeing it while some are open is fine. */
struct tls_context;

/* Copies nothing, shares certificates and key by OpenSSL's reference counts: the identity may go.
 * ERR_POLICY when the profile forbids the key, and the message says what to do. */
int tls_server_context_new(struct tls_context **out, const struct tls_server_setup *setup,
                           struct why *why) CHECKED;
int tls_client_context_new(struct tls_context **out, const struct tls_client_setup *setup,
                           struct why *why) CHECKED;
/* No TLS at all: TCP with the same deadlines, queues and limits. There is no certificate, no
 * version, no cipher; nobody is judged. A server hands a connection out when its first byte has
 * come, and for how long that may take is what `handshake_ms` says. The end of the stream is
 * TLS_END_CLOSED, since nothing tells a goodbye from a cut. For the ports of SCCP where TLS is not
 * asked for. */
int tls_plain_context_new(struct tls_context **out, bool server) CHECKED;
void tls_context_free(struct tls_context *context);

#endif
