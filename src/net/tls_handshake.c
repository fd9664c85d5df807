#include "net/tcp.h"
#include "net/tls_parts.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <stdlib.h>
#include <string.h>

int tls_make_ssl(struct tls_connection *c)
{
    BIO *wire = tls_wire_new(c->context->wire, &c->wire);
    SSL *ssl = SSL_new(c->context->ctx);
    if (!wire || !ssl) {
        BIO_free(wire);
        SSL_free(ssl);
        return -ENOMEM;
    }
    SSL_set_bio(ssl, wire, wire);
    SSL_set_app_data(ssl, c);
    if (c->context->server)
        SSL_set_accept_state(ssl);
    else
        SSL_set_connect_state(ssl);
    c->ssl = ssl;
    return 0;
}

enum tls_step tls_handshake_step(struct tls_connection *c)
{
    if (c->context->plain)
        return tls_plain_step(c);
    if (!c->ssl && tls_make_ssl(c) != 0) {
        c->wire.error = -ENOMEM;
        return STEP_FAILED;
    }
    ERR_clear_error();
    int result = SSL_do_handshake(c->ssl);
    if (result == 1)
        return STEP_DONE;
    switch (SSL_get_error(c->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        c->wants_write = false;
        return STEP_WAITS;
    case SSL_ERROR_WANT_WRITE:
        c->wants_write = true;
        return STEP_WAITS;
    default:
        return STEP_FAILED;
    }
}

int tls_hello_seen(SSL *ssl, int *alert, void *context)
{
    (void)alert;
    (void)context;
    struct tls_connection *c = SSL_get_app_data(ssl);
    tls_hello_read(&c->hello, ssl);
    return SSL_CLIENT_HELLO_SUCCESS;
}

static enum tls_verdict ask(struct tls_connection *c, X509 *x509, struct why *why)
{
    struct certificate *peer = NULL;
    enum tls_verdict verdict = TLS_BAD_CERTIFICATE;
    if (!x509)
        why_error(why, ERR_NOT_FOUND, "no certificate was shown");
    else if (certificate_from_x509(&peer, x509, why) == 0)
        verdict = c->keeper ? c->keeper->judge(c, peer, why) : c->judge(c->user, peer, why);
    if (verdict == TLS_TRUSTED && !c->shown)
        c->shown = peer;
    else
        certificate_free(peer);
    return verdict;
}

/* Each makes OpenSSL send the alert of that name. */
static const int verdict_codes[] = {
    [TLS_TRUSTED] = X509_V_OK,
    [TLS_UNKNOWN_CA] = X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
    [TLS_BAD_CERTIFICATE] = X509_V_ERR_CERT_UNTRUSTED,
    [TLS_CERTIFICATE_EXPIRED] = X509_V_ERR_CERT_HAS_EXPIRED,
    [TLS_CERTIFICATE_REVOKED] = X509_V_ERR_CERT_REVOKED,
};

static const char *const verdict_texts[] = {
    [TLS_UNKNOWN_CA] = "the certificate is of no CA that is trusted",
    [TLS_BAD_CERTIFICATE] = "the certificate is not accepted",
    [TLS_CERTIFICATE_EXPIRED] = "the certificate has expired",
    [TLS_CERTIFICATE_REVOKED] = "the certificate was revoked",
};

int tls_certificate_seen(X509_STORE_CTX *store, void *context)
{
    (void)context;
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct tls_connection *c = SSL_get_app_data(ssl);
    enum tls_verdict verdict = TLS_TRUSTED;
    struct why why = WHY_NONE;
    if (!c->keeper || c->keeper->judge)
        verdict = ask(c, X509_STORE_CTX_get0_cert(store), &why);
    if (c->doomed) /* who was freed has not trusted anybody */
        verdict = TLS_BAD_CERTIFICATE;
    X509_STORE_CTX_set_error(store, verdict_codes[verdict]);
    if (verdict == TLS_TRUSTED)
        return 1;
    free(c->verdict);
    c->verdict = strdup(why.text[0] ? why.text : verdict_texts[verdict]);
    return 0;
}

/* ---- what is known of the peer ---- */

const struct address *tls_peer(const struct tls_connection *c)
{
    return &c->peer;
}

int tls_local_address(const struct tls_connection *c, struct address *out)
{
    return c->wire.fd < 0 ? ERR_CLOSED : tcp_local_address(c->wire.fd, out);
}

const char *tls_version(const struct tls_connection *c)
{
    return c->ssl ? SSL_get_version(c->ssl) : "";
}

const char *tls_cipher(const struct tls_connection *c)
{
    const SSL_CIPHER *cipher = c->ssl ? SSL_get_current_cipher(c->ssl) : NULL;
    return cipher ? SSL_CIPHER_get_name(cipher) : "";
}

bool tls_is_encrypted(const struct tls_connection *c)
{
    const SSL_CIPHER *cipher = c->ssl ? SSL_get_current_cipher(c->ssl) : NULL;
    return cipher && SSL_CIPHER_get_bits(cipher, NULL) > 0;
}

/* The handshake has taken it apart already. That is not kept beside OpenSSL's own for as long as a
 * connection is open. */
int tls_peer_certificate(struct tls_connection *c, struct certificate **out, struct why *why)
{
    if (c->shown) {
        *out = c->shown;
        c->shown = NULL;
        return 0;
    }
    X509 *x509 = c->ssl ? SSL_get0_peer_certificate(c->ssl) : NULL;
    if (!x509)
        return why_error(why, ERR_NOT_FOUND, "the other side showed no certificate");
    return certificate_from_x509(out, x509, why);
}

static int digest_of(const X509 *x509, uint8_t out[SHA256_SIZE])
{
    if (!x509)
        return ERR_NOT_FOUND;
    return X509_digest(x509, EVP_sha256(), out, NULL) == 1 ? 0 : ERR_CRYPTO;
}

int tls_own_sha256(const struct tls_connection *c, uint8_t out[SHA256_SIZE])
{
    return digest_of(c->ssl ? SSL_get_certificate(c->ssl) : NULL, out);
}

int tls_peer_sha256(const struct tls_connection *c, uint8_t out[SHA256_SIZE])
{
    return digest_of(c->ssl ? SSL_get0_peer_certificate(c->ssl) : NULL, out);
}

/* OpenSSL's chain has the peer's own certificate in it on clients, and not on servers. */
int tls_peer_chain(struct tls_connection *c, struct certificate **out, size_t max, size_t *count,
                   struct why *why)
{
    size_t n = 0;
    if (max == 0)
        return why_error(why, ERR_LIMIT, "no room for a certificate");
    int result = tls_peer_certificate(c, &out[0], why);
    if (result)
        return result;
    n = 1;
    STACK_OF(X509) *chain = SSL_get_peer_cert_chain(c->ssl);
    for (int i = c->context->server ? 0 : 1; result == 0 && i < sk_X509_num(chain); i++) {
        if (n == max)
            result = why_error(why, ERR_LIMIT, "more than %zu certificates were sent", max);
        else
            result = certificate_from_x509(&out[n], sk_X509_value(chain, i), why);
        if (result == 0)
            n++;
    }
    if (result) {
        while (n)
            certificate_free(out[--n]);
        return result;
    }
    *count = n;
    return 0;
}
