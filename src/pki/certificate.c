#include "pki/certificate.h"

#include "base/file.h"
#include "base/text.h"
#include "pki/asn1.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct certificate {
    atomic_uint owners;
    X509 *x509;
    struct buffer der;
    struct buffer subject, issuer; /* C strings */
    char common_name[256];
    uint8_t serial[SERIAL_MAX];
    size_t serial_size;
    struct buffer public_key;
    struct bytes signature; /* inside x509 */
    enum key_kind key_kind;
    unsigned key_bits;
    char key_name[32];
    int64_t not_before, not_after;
    uint8_t sha1[SHA1_SIZE];
    uint8_t sha256[SHA256_SIZE];
    bool self_signed;
};

const char *crypto_error(char out[160])
{
    unsigned long code = ERR_peek_last_error();
    ERR_error_string_n(code, out, 160);
    const char *reason = ERR_reason_error_string(code);
    if (reason)
        text_copy(out, 160, reason);
    ERR_clear_error();
    return out;
}

/* Of the flags of a bit string: so many bits of its last byte do not count. */
enum { BITS_LEFT_OVER = 7 };

/* The bits of the certificate's own key field, which are an RSAPublicKey. OpenSSL reads more ways
 * to write one than DER has; lists and phones compare bytes, so only that one is let in. To have
 * OpenSSL write it again instead costs more than all else here together. */
static int take_rsa(struct certificate *c, struct why *why)
{
    const ASN1_BIT_STRING *field = X509_get0_pubkey_bitstr(c->x509);
    struct bytes bits = bytes_of(ASN1_STRING_get0_data(field), (size_t)ASN1_STRING_length(field));
    if (field->flags & BITS_LEFT_OVER || !asn1_is_der_rsa(bits))
        return why_error(why, ERR_FORMAT,
                         "its public key cannot be read: an RSA key that is not written as DER");
    buffer_append(&c->public_key, bits);
    c->key_kind = KEY_RSA;
    text_copy(c->key_name, sizeof c->key_name, "RSA");
    return c->public_key.error;
}

static int take_ec(struct certificate *c, EVP_PKEY *key)
{
    unsigned char point[256];
    size_t size = 0;
    char group[32] = "";
    /* The bits of the certificate's own key field: an uncompressed point as phones know it. */
    if (EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, point,
                                        sizeof point, &size) != 1 ||
        EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof group,
                                       NULL) != 1)
        return ERR_CRYPTO;
    buffer_append(&c->public_key, bytes_of(point, size));
    c->key_kind = KEY_EC;
    const char *nist = EC_curve_nid2nist(OBJ_txt2nid(group));
    text_copy(c->key_name, sizeof c->key_name, nist ? nist : group);
    return c->public_key.error;
}

static int take_key(struct certificate *c, struct why *why)
{
    EVP_PKEY *key = X509_get0_pubkey(c->x509);
    char error[160];
    if (!key)
        return why_error(why, ERR_UNSUPPORTED, "its public key cannot be read: %s",
                         crypto_error(error));
    buffer_init(&c->public_key, CERTIFICATE_DER_MAX);
    c->key_bits = (unsigned)EVP_PKEY_get_bits(key);
    int result = 0;
    switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
        return take_rsa(c, why);
    case EVP_PKEY_EC:
        result = take_ec(c, key);
        break;
    default:
        c->key_kind = KEY_OTHER;
        const char *name = EVP_PKEY_get0_type_name(key);
        text_copy(c->key_name, sizeof c->key_name, name ? name : "unknown");
    }
    return result ? why_error(why, result, "its public key cannot be read: %s", crypto_error(error))
                  : 0;
}

static int take_apart(struct certificate *c, struct why *why)
{
    const ASN1_BIT_STRING *signature = NULL;
    X509_get0_signature(&signature, NULL, c->x509);
    c->signature =
        bytes_of(ASN1_STRING_get0_data(signature), (size_t)ASN1_STRING_length(signature));
    X509_NAME_get_text_by_NID(X509_get_subject_name(c->x509), NID_commonName, c->common_name,
                              sizeof c->common_name);
    int result = asn1_serial(c->serial, &c->serial_size, X509_get0_serialNumber(c->x509), why);
    if (result == 0)
        result = asn1_name(&c->subject, X509_get_subject_name(c->x509), why);
    if (result == 0)
        result = asn1_name(&c->issuer, X509_get_issuer_name(c->x509), why);
    if (result == 0)
        result = take_key(c, why);
    if (result == 0)
        result = asn1_time(&c->not_before, X509_get0_notBefore(c->x509), why);
    if (result == 0)
        result = asn1_time(&c->not_after, X509_get0_notAfter(c->x509), why);
    if (result == 0)
        result = digest_bytes(DIGEST_KIND_SHA1, buffer_bytes(&c->der), c->sha1);
    if (result == 0)
        result = digest_bytes(DIGEST_KIND_SHA256, buffer_bytes(&c->der), c->sha256);
    /* Extensions are read here, once, so that later reads from several threads change nothing. */
    c->self_signed = X509_self_signed(c->x509, 1) == 1;
    X509_check_purpose(c->x509, -1, 0);
    ERR_clear_error();
    return result;
}

static int adopt(struct certificate **out, X509 *x509, struct why *why)
{
    struct certificate *c = calloc(1, sizeof *c);
    if (!c) {
        X509_free(x509);
        return -ENOMEM;
    }
    atomic_init(&c->owners, 1);
    c->x509 = x509;
    buffer_init(&c->der, CERTIFICATE_DER_MAX);
    buffer_init(&c->subject, NAME_TEXT_MAX);
    buffer_init(&c->issuer, NAME_TEXT_MAX);
    unsigned char *der = NULL;
    int size = i2d_X509(x509, &der);
    if (size > 0)
        buffer_append(&c->der, bytes_of(der, (size_t)size));
    OPENSSL_free(der);
    int result = size > 0 ? c->der.error : ERR_CRYPTO;
    if (result == ERR_LIMIT)
        why_error(why, result, "a certificate of %d bytes; %d are the most", size,
                  CERTIFICATE_DER_MAX);
    if (result == 0)
        result = take_apart(c, why);
    if (result) {
        certificate_free(c);
        return result;
    }
    *out = c;
    return 0;
}

int certificate_from_der(struct certificate **out, struct bytes der, struct why *why)
{
    char error[160];
    if (der.size > CERTIFICATE_DER_MAX)
        return why_error(why, ERR_LIMIT, "a certificate of %zu bytes; %d are the most", der.size,
                         CERTIFICATE_DER_MAX);
    const unsigned char *p = der.data;
    X509 *x509 = d2i_X509(NULL, &p, (long)der.size);
    if (!x509)
        return why_error(why, ERR_FORMAT, "no DER certificate: %s", crypto_error(error));
    if (p != der.data + der.size) {
        X509_free(x509);
        return why_error(why, ERR_FORMAT, "bytes follow the DER certificate");
    }
    return adopt(out, x509, why);
}

int certificate_from_x509(struct certificate **out, X509 *x509, struct why *why)
{
    if (X509_up_ref(x509) != 1)
        return -ENOMEM;
    return adopt(out, x509, why);
}

int certificates_from_file_bytes(struct certificate **out, size_t max, size_t *count,
                                 struct bytes file, struct why *why)
{
    size_t found = 0;
    int result = 0;
    if (file.size == 0)
        return why_error(why, ERR_FORMAT, "an empty file where a certificate belongs");
    if (!memmem(file.data, file.size, "-----BEGIN", 10)) {
        result = certificate_from_der(&out[0], file, NULL);
        if (result)
            result = why_error(why, result, "no certificate, neither PEM nor DER");
        found = result == 0;
        goto out;
    }
    BIO *bio = BIO_new_mem_buf(file.data, (int)file.size);
    if (!bio)
        return -ENOMEM;
    X509 *x509;
    while (result == 0 && (x509 = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
        if (found == max) {
            X509_free(x509);
            result = why_error(why, ERR_LIMIT, "more than %zu certificates", max);
        } else {
            result = adopt(&out[found], x509, why);
            found += result == 0;
        }
    }
    BIO_free(bio);
    ERR_clear_error();
    if (result == 0 && found == 0)
        result = why_error(why, ERR_NOT_FOUND,
                           "no certificate in it (PEM without a readable "
                           "CERTIFICATE block)");
out:
    if (result) {
        while (found)
            certificate_free(out[--found]);
        return result;
    }
    *count = found;
    return 0;
}

int certificate_from_file_bytes(struct certificate **out, struct bytes file, struct why *why)
{
    enum { CHAIN = 16 };
    struct certificate *all[CHAIN] = {NULL};
    size_t count = 0;
    if (file.size > CERTIFICATE_FILE_MAX)
        return why_error(why, ERR_LIMIT, "larger than a certificate file can be");
    int result = certificates_from_file_bytes(all, CHAIN, &count, file, why);
    if (result)
        return result;
    *out = all[0];
    while (count > 1)
        certificate_free(all[--count]);
    return 0;
}

int certificate_load(struct certificate **out, const char *path, struct why *why)
{
    struct buffer file;
    buffer_init(&file, CERTIFICATE_FILE_MAX);
    int result = file_read(&file, path, why);
    if (result == 0) {
        result = certificate_from_file_bytes(out, buffer_bytes(&file), why);
        if (result)
            result = why_prefix(why, result, "%s", path);
    }
    buffer_fini_secret(&file); /* a PEM may hold the key as well */
    return result;
}

struct certificate *certificate_share(struct certificate *c)
{
    if (c)
        atomic_fetch_add(&c->owners, 1);
    return c;
}

void certificate_free(struct certificate *c)
{
    if (!c || atomic_fetch_sub(&c->owners, 1) != 1)
        return;
    X509_free(c->x509);
    buffer_fini(&c->der);
    buffer_fini(&c->subject);
    buffer_fini(&c->issuer);
    buffer_fini(&c->public_key);
    free(c);
}

struct bytes certificate_der(const struct certificate *c)
{
    return buffer_bytes(&c->der);
}

const char *certificate_subject(const struct certificate *c)
{
    return c->subject.data ? (const char *)c->subject.data : "";
}

const char *certificate_issuer(const struct certificate *c)
{
    return c->issuer.data ? (const char *)c->issuer.data : "";
}

const char *certificate_common_name(const struct certificate *c)
{
    return c->common_name;
}

struct bytes certificate_serial(const struct certificate *c)
{
    return bytes_of(c->serial, c->serial_size);
}

struct bytes certificate_public_key(const struct certificate *c)
{
    return buffer_bytes(&c->public_key);
}

struct bytes certificate_signature(const struct certificate *c)
{
    return c->signature;
}

enum key_kind certificate_key_kind(const struct certificate *c)
{
    return c->key_kind;
}

unsigned certificate_key_bits(const struct certificate *c)
{
    return c->key_bits;
}

const char *certificate_key_name(const struct certificate *c)
{
    return c->key_name;
}

int64_t certificate_not_before(const struct certificate *c)
{
    return c->not_before;
}

int64_t certificate_not_after(const struct certificate *c)
{
    return c->not_after;
}

const uint8_t *certificate_sha1(const struct certificate *c)
{
    return c->sha1;
}

const uint8_t *certificate_sha256(const struct certificate *c)
{
    return c->sha256;
}

int certificate_spki(struct buffer *out, const struct certificate *c)
{
    unsigned char *der = NULL;
    int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(c->x509), &der);
    if (size <= 0)
        return ERR_CRYPTO;
    buffer_append(out, bytes_of(der, (size_t)size));
    OPENSSL_free(der);
    return out->error;
}

bool certificate_is_self_signed(const struct certificate *c)
{
    return c->self_signed;
}

bool certificate_may_sign_certificates(const struct certificate *c)
{
    return X509_check_ca(c->x509) > 0;
}

bool certificates_equal(const struct certificate *a, const struct certificate *b)
{
    return bytes_equal(certificate_der(a), certificate_der(b));
}

X509 *certificate_x509(const struct certificate *c)
{
    return c->x509;
}

int certificate_write_pem(struct buffer *out, const struct certificate *c)
{
    BIO *bio = BIO_new(BIO_s_mem());
    if (!bio)
        return -ENOMEM;
    int result = PEM_write_bio_X509(bio, c->x509) == 1 ? 0 : ERR_CRYPTO;
    if (result == 0) {
        char *data = NULL;
        long size = BIO_get_mem_data(bio, &data);
        buffer_append(out, bytes_of(data, (size_t)size));
        result = out->error;
    }
    BIO_free(bio);
    return result;
}

static int add_all(STACK_OF(X509) * stack, struct certificate *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!X509_add_cert(stack, list[i]->x509, X509_ADD_FLAG_UP_REF | X509_ADD_FLAG_NO_DUP))
            return -ENOMEM;
    return 0;
}

int certificate_verify_chain(const struct certificate *leaf, struct certificate *const *others,
                             size_t other_count, struct certificate *const *roots,
                             size_t root_count, int64_t now, struct why *why)
{
    int result = -ENOMEM;
    STACK_OF(X509) *untrusted = sk_X509_new_null();
    STACK_OF(X509) *trusted = sk_X509_new_null();
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    if (!untrusted || !trusted || !store || !ctx ||
        X509_STORE_CTX_init(ctx, store, leaf->x509, untrusted) != 1)
        goto out;
    if (add_all(untrusted, others, other_count) || add_all(trusted, roots, root_count))
        goto out;
    X509_STORE_CTX_set0_trusted_stack(ctx, trusted);
    X509_STORE_CTX_set_time(ctx, 0, (time_t)now);
    X509_STORE_CTX_set_flags(ctx, X509_V_FLAG_PARTIAL_CHAIN);
    if (X509_verify_cert(ctx) == 1) {
        result = 0;
        goto out;
    }
    int error = X509_STORE_CTX_get_error(ctx);
    X509 *at = X509_STORE_CTX_get_current_cert(ctx);
    struct buffer name;
    buffer_init(&name, NAME_TEXT_MAX);
    if (at && name_write(&name, X509_get_subject_name(at), ";") != 0)
        buffer_clear(&name);
    result = why_error(why, ERR_VERIFY, "%s: %s", name.size ? buffer_string(&name) : "the chain",
                       X509_verify_cert_error_string(error));
    buffer_fini(&name);
out:
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    sk_X509_pop_free(untrusted, X509_free);
    sk_X509_pop_free(trusted, X509_free);
    ERR_clear_error();
    return result;
}
