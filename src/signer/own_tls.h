/*
 * own_tls: the certificate a role ends its TLS with, as a context to accept connections with.
 *
 * The store says which certificate of the node is the active one, the signer has its key. Whoever
 * hears that own certificates have changed asks again, and gets another context when it is another
 * certificate. Neither parses nor waits on the loop but for that.
 */
#ifndef SIGNER_OWN_TLS_H
#define SIGNER_OWN_TLS_H

#include "net/tls_context.h"
#include "signer/signer.h"
#include "store/async.h"

struct own_tls_setup {
    struct store_async *store;
    struct signer_loop *signer;
    const char *node; /* name of this node; must stay */
    const char *name; /* KEY_TVS, ...: a literal */
    enum tls_profile profile;
    bool null_cipher; /* callmanager alone: with TLS_PHONE_LEGACY */
    enum tls_client_certificate client_certificate;
    /* A context, and which certificate is in it; to be shared, it is freed after the call. */
    void (*made)(void *context, struct tls_context *tls, const struct store_certificate *row);
    /* There is none to be had; what was made before is still good. */
    void (*failed)(void *context, const char *reason);
    void *context;
};

struct own_tls;
int own_tls_new(struct own_tls **out, const struct own_tls_setup *setup) CHECKED;
/* One of the callbacks follows, unless it is the certificate that `made` was called with last. When
 * it is asked while it works on an answer it looks again afterwards. */
void own_tls_ask(struct own_tls *own);
/* Another profile for what is made from now on: asks, and `made` follows also for the certificate
 * it was called with last. The profile it has changes nothing. */
void own_tls_set_profile(struct own_tls *own, enum tls_profile profile);
/* After store and signer: what is asked of them calls back. NULL is accepted. */
void own_tls_free(struct own_tls *own);

#endif
