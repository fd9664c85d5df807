#include "pki/issue.h"

#include "base/secret.h"
#include "base/text.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

void serial_random(uint8_t out[SERIAL_BYTES])
{
    do {
        secret_random(out, SERIAL_BYTES);
        out[0] &= 0x7f;
    } while (out[0] == 0);
}

static int fill_name(X509_NAME *name, const struct subject *s, struct why *why)
{
    /* DER order from the large to the small, as X.500 has it. */
    const struct {
        const char *key;
        const char *value;
    } parts[] = {
        {"C", s->country},      {"ST", s->province}, {"L", s->locality},
        {"O", s->organization}, {"OU", s->unit},     {"CN", s->common_name},
    };
    char error[160];
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const char *value = parts[i].value;
        if (!value || !*value)
            continue;
        if (X509_NAME_add_entry_by_txt(name, parts[i].key, MBSTRING_UTF8,
                                       (const unsigned char *)value, -1, -1, 0) != 1)
            return why_error(why, ERR_USAGE, "%s=%s cannot be part of a name: %s", parts[i].key,
                             value, crypto_error(error));
    }
    return 0;
}

struct extension {
    int nid;
    const char *value;
};

/* The extensions of a use, ended by nid 0. */
static const struct extension *extensions_of(enum certificate_use use)
{
    static const struct extension server[] = {
        {NID_basic_constraints, "critical,CA:FALSE"},
        {NID_key_usage, "critical,digitalSignature,keyEncipherment,dataEncipherment,keyAgreement"},
        {NID_ext_key_usage, "serverAuth,clientAuth"},
        {0, NULL}};
    static const struct extension ca[] = {
        {NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
        {NID_key_usage, "critical,digitalSignature,keyEncipherment,keyCertSign,cRLSign"},
        {NID_ext_key_usage, "serverAuth,clientAuth"},
        {0, NULL}};
    static const struct extension anchor[] = {{NID_basic_constraints, "critical,CA:FALSE"},
                                              {NID_key_usage, "critical,digitalSignature"},
                                              {0, NULL}};
    switch (use) {
    case USE_CA:
        return ca;
    case USE_ANCHOR:
        return anchor;
    case USE_SERVER:
        break;
    }
    return server;
}

/* All extensions of the template, in a stack the caller frees. */
static int make_extensions(STACK_OF(X509_EXTENSION) * *out, X509V3_CTX *ctx,
                           const struct certificate_template *t, struct why *why)
{
    STACK_OF(X509_EXTENSION) *stack = sk_X509_EXTENSION_new_null();
    if (!stack)
        return -ENOMEM;
    char names[512] = "";
    if (t->dns_name && *t->dns_name)
        text_format(names, sizeof names, "DNS:%s", t->dns_name);
    if (t->address && *t->address) {
        size_t used = strlen(names);
        text_format(names + used, sizeof names - used, "%sIP:%s", used ? "," : "", t->address);
    }
    const struct extension extra[] = {{NID_subject_key_identifier, "hash"},
                                      {NID_subject_alt_name, names[0] ? names : NULL}};
    const struct extension *use = extensions_of(t->use);
    size_t uses = 0;
    while (use[uses].nid)
        uses++;
    for (size_t i = 0; i < uses + 2; i++) {
        const struct extension *e = i < uses ? &use[i] : &extra[i - uses];
        char error[160];
        if (!e->value)
            continue;
        X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, ctx, e->nid, e->value);
        if (!extension || sk_X509_EXTENSION_push(stack, extension) <= 0) {
            X509_EXTENSION_free(extension);
            sk_X509_EXTENSION_pop_free(stack, X509_EXTENSION_free);
            return why_error(why, ERR_USAGE, "%s cannot be put into a certificate: %s", e->value,
                             crypto_error(error));
        }
    }
    *out = stack;
    return 0;
}

static int set_times(X509 *x509, const struct certificate_template *t)
{
    time_t start = (time_t)t->not_before;
    return X509_time_adj_ex(X509_getm_notBefore(x509), 0, 0, &start) &&
                   X509_time_adj_ex(X509_getm_notAfter(x509), (int)t->days, 0, &start)
               ? 0
               : ERR_CRYPTO;
}

static int set_serial(X509 *x509, const uint8_t serial[SERIAL_BYTES])
{
    BIGNUM *number = BN_bin2bn(serial, SERIAL_BYTES, NULL);
    int result = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x509)) ? 0 : ERR_CRYPTO;
    BN_free(number);
    return result;
}

int certificate_self_sign(struct certificate **out, const struct key *key,
                          const struct certificate_template *t, const uint8_t serial[SERIAL_BYTES],
                          struct why *why)
{
    STACK_OF(X509_EXTENSION) *extensions = NULL;
    unsigned char *der = NULL;
    char error[160];
    X509 *x509 = X509_new();
    if (!x509)
        return -ENOMEM;
    int result = ERR_CRYPTO;
    if (X509_set_version(x509, X509_VERSION_3) != 1 || set_serial(x509, serial) ||
        set_times(x509, t) || X509_set_pubkey(x509, key_pkey(key)) != 1)
        goto out;
    result = fill_name(X509_get_subject_name(x509), &t->subject, why);
    if (result)
        goto out;
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, x509, x509, NULL, NULL, 0);
    result = make_extensions(&extensions, &ctx, t, why);
    if (result)
        goto out;
    result = ERR_CRYPTO;
    for (int i = 0; i < sk_X509_EXTENSION_num(extensions); i++)
        if (X509_add_ext(x509, sk_X509_EXTENSION_value(extensions, i), -1) != 1)
            goto out;
    if (X509_set_issuer_name(x509, X509_get_subject_name(x509)) != 1 ||
        X509_sign(x509, key_pkey(key), EVP_sha256()) <= 0)
        goto out;
    int size = i2d_X509(x509, &der);
    if (size > 0)
        result = certificate_from_der(out, bytes_of(der, (size_t)size), why);
out:
    if (result)
        why_error(why, result, "cannot make a certificate: %s", crypto_error(error));
    OPENSSL_free(der);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    X509_free(x509);
    return result;
}

int csr_write_pem(struct buffer *out, const struct key *key, const struct certificate_template *t,
                  struct why *why)
{
    STACK_OF(X509_EXTENSION) *extensions = NULL;
    char error[160];
    X509_REQ *request = X509_REQ_new();
    BIO *bio = BIO_new(BIO_s_mem());
    int result = request && bio ? 0 : -ENOMEM;
    if (result == 0)
        result = fill_name(X509_REQ_get_subject_name(request), &t->subject, why);
    if (result == 0 && X509_REQ_set_pubkey(request, key_pkey(key)) != 1)
        result = ERR_CRYPTO;
    if (result == 0) {
        X509V3_CTX ctx;
        X509V3_set_ctx(&ctx, NULL, NULL, request, NULL, 0);
        result = make_extensions(&extensions, &ctx, t, why);
    }
    if (result)
        goto out;
    result = ERR_CRYPTO;
    if (X509_REQ_add_extensions(request, extensions) != 1 ||
        X509_REQ_sign(request, key_pkey(key), EVP_sha256()) <= 0 ||
        PEM_write_bio_X509_REQ(bio, request) != 1)
        goto out;
    char *data = NULL;
    long size = BIO_get_mem_data(bio, &data);
    buffer_append(out, bytes_of(data, (size_t)size));
    result = out->error;
out:
    if (result)
        why_error(why, result, "cannot make a certificate request: %s", crypto_error(error));
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    X509_REQ_free(request);
    BIO_free(bio);
    return result;
}

bool csr_fits(struct bytes pem, const struct certificate *certificate)
{
    if (pem.size == 0 || pem.size > CERTIFICATE_FILE_MAX)
        return false;
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.size);
    X509_REQ *request = bio ? PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL) : NULL;
    EVP_PKEY *theirs = X509_get0_pubkey(certificate_x509(certificate));
    EVP_PKEY *ours = request ? X509_REQ_get0_pubkey(request) : NULL;
    bool fits = ours && theirs && EVP_PKEY_eq(ours, theirs) == 1;
    X509_REQ_free(request);
    BIO_free(bio);
    ERR_clear_error();
    return fits;
}
