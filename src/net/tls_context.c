#include "net/tls_parts.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>

/* Of certificates a peer may send; phones send one or two of about 1 KB. */
enum { PEER_CERTIFICATES_MAX = 32 * 1024 };

/* What holds for every context, whatever its profile. */
static void set_rules(SSL_CTX *ctx)
{
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
                                 SSL_OP_NO_SESSION_RESUMPTION_ON_RENEGOTIATION |
                                 /* One message is one record in TLS 1.0, too (decision 0015). */
                                 SSL_OP_DONT_INSERT_EMPTY_FRAGMENTS);
    SSL_CTX_clear_options(ctx, SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(ctx, 0);
    SSL_CTX_set_max_early_data(ctx, 0);
    SSL_CTX_set_max_cert_list(ctx, PEER_CERTIFICATES_MAX);
    SSL_CTX_set_read_ahead(ctx, 0);
    SSL_CTX_clear_mode(ctx,
                       SSL_MODE_AUTO_RETRY); /* a flood of records without data is a turn each */
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

static int refuse_identity(enum tls_profile profile, const struct identity *identity,
                           struct why *why)
{
    unsigned long code = ERR_peek_last_error();
    char error[160];
    const char *subject = certificate_subject(identity->certificate);
    if (ERR_GET_LIB(code) == ERR_LIB_SSL && (ERR_GET_REASON(code) == SSL_R_EE_KEY_TOO_SMALL ||
                                             ERR_GET_REASON(code) == SSL_R_CA_KEY_TOO_SMALL ||
                                             ERR_GET_REASON(code) == SSL_R_CA_MD_TOO_WEAK)) {
        crypto_error(error);
        return why_error(why, ERR_POLICY,
                         "the TLS profile %s forbids the certificate %s (%s of %u bits: %s); renew "
                         "it with a larger key, or set legacy_tls = on",
                         tls_profile_name(profile), subject,
                         certificate_key_name(identity->certificate),
                         certificate_key_bits(identity->certificate), error);
    }
    return why_error(why, ERR_CRYPTO, "the certificate %s cannot be used for TLS: %s", subject,
                     crypto_error(error));
}

/* Of one connection. */
int tls_use_identity(SSL *ssl, enum tls_profile profile, const struct identity *identity,
                     struct why *why)
{
    ERR_clear_error();
    if (SSL_use_certificate(ssl, certificate_x509(identity->certificate)) != 1 ||
        SSL_use_PrivateKey(ssl, key_pkey(identity->key)) != 1 || SSL_check_private_key(ssl) != 1)
        return refuse_identity(profile, identity, why);
    return 0;
}

static int set_identity(SSL_CTX *ctx, enum tls_profile profile, const struct identity *identity,
                        struct certificate *const *chain, size_t count, struct why *why)
{
    ERR_clear_error();
    if (SSL_CTX_use_certificate(ctx, certificate_x509(identity->certificate)) != 1 ||
        SSL_CTX_use_PrivateKey(ctx, key_pkey(identity->key)) != 1 ||
        SSL_CTX_check_private_key(ctx) != 1)
        return refuse_identity(profile, identity, why);
    for (size_t i = 0; i < count; i++)
        if (SSL_CTX_add1_chain_cert(ctx, certificate_x509(chain[i])) != 1)
            return refuse_identity(profile, identity, why);
    return 0;
}

static int verify_mode(enum tls_client_certificate wish)
{
    switch (wish) {
    case TLS_CLIENT_OPTIONAL:
        return SSL_VERIFY_PEER | SSL_VERIFY_CLIENT_ONCE;
    case TLS_CLIENT_REQUIRED:
        return SSL_VERIFY_PEER | SSL_VERIFY_CLIENT_ONCE | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    case TLS_CLIENT_NOT_ASKED:
        break;
    }
    return SSL_VERIFY_NONE;
}

static int context_new(struct tls_context **out, const SSL_METHOD *method, enum tls_profile profile,
                       bool null_cipher, struct why *why)
{
    struct tls_context *context = calloc(1, sizeof *context);
    if (!context)
        return -ENOMEM;
    *context = (struct tls_context){.owners = 1, .profile = profile, .null_cipher = null_cipher};
    context->ctx = SSL_CTX_new(method);
    context->wire = tls_wire_method();
    int result = context->ctx && context->wire ? 0 : -ENOMEM;
    if (result == 0) {
        set_rules(context->ctx);
        tls_keylog_install(context->ctx);
        SSL_CTX_set_cert_verify_callback(context->ctx, tls_certificate_seen, NULL);
        result = tls_profile_apply(context->ctx, profile, null_cipher, why);
    }
    if (result) {
        tls_context_free(context);
        return result;
    }
    *out = context;
    return 0;
}

int tls_server_context_new(struct tls_context **out, const struct tls_server_setup *setup,
                           struct why *why)
{
    struct tls_context *context = NULL;
    if (setup->profile == TLS_OLD_PHONE)
        return why_error(why, ERR_USAGE, "the TLS profile %s is for clients",
                         tls_profile_name(setup->profile));
    int result =
        context_new(&context, TLS_server_method(), setup->profile, setup->null_cipher, why);
    if (result == 0)
        result = set_identity(context->ctx, setup->profile, setup->identity, setup->chain,
                              setup->chain_count, why);
    if (result) {
        tls_context_free(context);
        return result;
    }
    context->server = true;
    SSL_CTX_set_verify(context->ctx, verify_mode(setup->client_certificate), NULL);
    SSL_CTX_set_client_hello_cb(context->ctx, tls_hello_seen, NULL);
    *out = context;
    return 0;
}

int tls_client_context_new(struct tls_context **out, const struct tls_client_setup *setup,
                           struct why *why)
{
    struct tls_context *context = NULL;
    int result =
        context_new(&context, TLS_client_method(), setup->profile, setup->null_cipher, why);
    if (result == 0 && setup->identity)
        result = set_identity(context->ctx, setup->profile, setup->identity, setup->chain,
                              setup->chain_count, why);
    if (result) {
        tls_context_free(context);
        return result;
    }
    SSL_CTX_set_verify(context->ctx, SSL_VERIFY_PEER, NULL);
    *out = context;
    return 0;
}

int tls_plain_context_new(struct tls_context **out, bool server)
{
    struct tls_context *context = calloc(1, sizeof *context);
    if (!context)
        return -ENOMEM;
    *context = (struct tls_context){.owners = 1, .server = server, .plain = true};
    *out = context;
    return 0;
}

struct tls_context *tls_context_share(struct tls_context *context)
{
    context->owners++;
    return context;
}

void tls_context_free(struct tls_context *context)
{
    if (!context || --context->owners)
        return;
    SSL_CTX_free(context->ctx);
    BIO_meth_free(context->wire);
    free(context);
}
