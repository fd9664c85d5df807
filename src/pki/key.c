#include "pki/key.h"

#include "base/file.h"
#include "base/secret.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

struct key {
    EVP_PKEY *pkey;
};

static int adopt(struct key **out, EVP_PKEY *pkey)
{
    struct key *key = calloc(1, sizeof *key);
    if (!key) {
        EVP_PKEY_free(pkey);
        return -ENOMEM;
    }
    key->pkey = pkey;
    *out = key;
    return 0;
}

static const char *curve_name(unsigned bits)
{
    switch (bits) {
    case 256:
        return "P-256";
    case 384:
        return "P-384";
    case 521:
        return "P-521";
    default:
        return NULL;
    }
}

int key_generate(struct key **out, const struct key_spec *spec, struct why *why)
{
    char error[160];
    EVP_PKEY *pkey = NULL;
    if (spec->kind == KEY_RSA &&
        (spec->bits == 1024 || spec->bits == 2048 || spec->bits == 3072 || spec->bits == 4096))
        pkey = EVP_RSA_gen(spec->bits);
    else if (spec->kind == KEY_EC && curve_name(spec->bits))
        pkey = EVP_EC_gen(curve_name(spec->bits));
    else
        return why_error(why, ERR_UNSUPPORTED,
                         "no key of %u bits: RSA has 1024, 2048, 3072 or 4096, EC 256, 384 or 521",
                         spec->bits);
    if (!pkey)
        return why_error(why, ERR_CRYPTO, "cannot make a key: %s", crypto_error(error));
    return adopt(out, pkey);
}

/* An encrypted key must not make the library ask on a terminal. */
static int no_password(char *buf, int size, int rw, void *u)
{
    (void)buf;
    (void)size;
    (void)rw;
    (void)u;
    return -1;
}

static bool has_words(struct bytes pem, const char *words)
{
    return pem.data && memmem(pem.data, pem.size, words, strlen(words));
}

static int no_key(struct bytes pem, struct why *why)
{
    char text[160];
    const char *error = crypto_error(text); /* empties the library's queue, too */
    if (has_words(pem, "ENCRYPTED"))
        return why_error(why, ERR_FORMAT,
                         "its private key has a password; 'openssl pkey' writes it without one");
    if (!has_words(pem, "PRIVATE KEY-----"))
        return why_error(why, ERR_FORMAT,
                         "no private key in it (PEM, beginning with BEGIN PRIVATE KEY)");
    return why_error(why, ERR_FORMAT, "no readable private key in it: %s", error);
}

int key_from_pem(struct key **out, struct bytes pem, struct why *why)
{
    if (pem.size == 0 || pem.size > KEY_FILE_MAX)
        return why_error(why, ERR_LIMIT, "no key file: %zu bytes", pem.size);
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.size);
    if (!bio)
        return -ENOMEM;
    EVP_PKEY *pkey = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
    BIO_free(bio);
    if (!pkey)
        return no_key(pem, why);
    return adopt(out, pkey);
}

void key_free(struct key *key)
{
    if (!key)
        return;
    EVP_PKEY_free(key->pkey);
    free(key);
}

/* Lets a function write PEM into memory and appends it. The memory of the BIO is wiped. */
static int take_bio(struct buffer *out, BIO *bio)
{
    char *data = NULL;
    long size = BIO_get_mem_data(bio, &data);
    buffer_append(out, bytes_of(data, (size_t)size));
    return out->error;
}

int key_write_pem(struct buffer *out, const struct key *key)
{
    BIO *bio = BIO_new(BIO_s_secmem());
    if (!bio)
        return -ENOMEM;
    int result = ERR_CRYPTO;
    if (PEM_write_bio_PKCS8PrivateKey(bio, key->pkey, NULL, NULL, 0, NULL, NULL) == 1)
        result = take_bio(out, bio);
    BIO_free(bio);
    return result;
}

int key_write_spki(struct buffer *out, const struct key *key)
{
    unsigned char *der = NULL;
    int size = i2d_PUBKEY(key->pkey, &der);
    if (size <= 0)
        return ERR_CRYPTO;
    buffer_append(out, bytes_of(der, (size_t)size));
    OPENSSL_free(der);
    return out->error;
}

bool key_fits(const struct key *key, const struct certificate *certificate)
{
    EVP_PKEY *public = X509_get0_pubkey(certificate_x509(certificate));
    bool fits = public && EVP_PKEY_eq(public, key->pkey) == 1;
    ERR_clear_error();
    return fits;
}

enum key_kind key_kind(const struct key *key)
{
    int id = EVP_PKEY_get_base_id(key->pkey);
    return id == EVP_PKEY_RSA ? KEY_RSA : id == EVP_PKEY_EC ? KEY_EC : KEY_OTHER;
}

unsigned key_bits(const struct key *key)
{
    return (unsigned)EVP_PKEY_get_bits(key->pkey);
}

EVP_PKEY *key_pkey(const struct key *key)
{
    return key->pkey;
}

struct key_signing {
    EVP_MD_CTX *ctx;
};

int key_signing_begin(struct key_signing **out, const struct key *key, enum digest_kind digest)
{
    const EVP_MD *md = digest_signature_method(digest);
    if (!md)
        return ERR_UNSUPPORTED;
    struct key_signing *signing = calloc(1, sizeof *signing);
    if (!signing)
        return -ENOMEM;
    signing->ctx = EVP_MD_CTX_new();
    /* RSA keys pad as PKCS#1 v1.5 unless told otherwise. */
    if (!signing->ctx || EVP_DigestSignInit(signing->ctx, NULL, md, NULL, key->pkey) != 1) {
        key_signing_free(signing);
        ERR_clear_error();
        return ERR_CRYPTO;
    }
    *out = signing;
    return 0;
}

int key_signing_update(struct key_signing *signing, struct bytes piece)
{
    if (piece.size == 0 || EVP_DigestSignUpdate(signing->ctx, piece.data, piece.size) == 1)
        return 0;
    ERR_clear_error();
    return ERR_CRYPTO;
}

int key_signing_finish(struct key_signing *signing, struct buffer *out)
{
    uint8_t signature[KEY_SIGNATURE_MAX];
    size_t size = sizeof signature;
    if (EVP_DigestSignFinal(signing->ctx, signature, &size) != 1) {
        ERR_clear_error();
        return ERR_CRYPTO;
    }
    buffer_append(out, bytes_of(signature, size));
    return out->error;
}

void key_signing_free(struct key_signing *signing)
{
    if (!signing)
        return;
    EVP_MD_CTX_free(signing->ctx);
    free(signing);
}

int key_sign(struct buffer *out, const struct key *key, enum digest_kind digest,
             const struct bytes *pieces, size_t count)
{
    struct key_signing *signing = NULL;
    int result = key_signing_begin(&signing, key, digest);
    for (size_t i = 0; result == 0 && i < count; i++)
        result = key_signing_update(signing, pieces[i]);
    if (result == 0)
        result = key_signing_finish(signing, out);
    key_signing_free(signing);
    return result;
}

int key_sign_hash(struct buffer *out, const struct key *key, struct bytes hash)
{
    uint8_t signature[KEY_SIGNATURE_MAX];
    size_t size = sizeof signature;
    /* No digest is named, so the library puts no DigestInfo into the block. */
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key->pkey, NULL);
    bool fine =
        ctx && EVP_PKEY_sign_init(ctx) == 1 &&
        (key_kind(key) != KEY_RSA || EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1) &&
        EVP_PKEY_sign(ctx, signature, &size, hash.data, hash.size) == 1;
    EVP_PKEY_CTX_free(ctx);
    ERR_clear_error();
    if (!fine)
        return ERR_CRYPTO;
    buffer_append(out, bytes_of(signature, size));
    return out->error;
}

int key_unwrap(struct buffer *out, const struct key *key, struct bytes wrapped)
{
    uint8_t plain[KEY_SIGNATURE_MAX];
    size_t size = sizeof plain;
    if (key_kind(key) != KEY_RSA)
        return ERR_UNSUPPORTED;
    if (buffer_reserve(out, sizeof plain))
        return out->error;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key->pkey, NULL);
    bool fine = ctx && EVP_PKEY_decrypt_init(ctx) == 1 &&
                EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
                EVP_PKEY_decrypt(ctx, plain, &size, wrapped.data, wrapped.size) == 1;
    EVP_PKEY_CTX_free(ctx);
    ERR_clear_error();
    if (fine)
        buffer_append(out, bytes_of(plain, size));
    secret_wipe(plain, sizeof plain);
    return fine ? out->error : ERR_VERIFY;
}

int identity_from_pem(struct identity *out, struct bytes pem, struct why *why)
{
    struct identity identity = {0};
    int result = certificate_from_file_bytes(&identity.certificate, pem, why);
    if (result == 0)
        result = key_from_pem(&identity.key, pem, why);
    if (result == 0 && !key_fits(identity.key, identity.certificate))
        result = why_error(why, ERR_VERIFY, "the private key does not fit the certificate %s",
                           certificate_subject(identity.certificate));
    if (result) {
        identity_fini(&identity);
        return result;
    }
    *out = identity;
    return 0;
}

int identity_load(struct identity *out, const char *path, struct why *why)
{
    struct buffer pem;
    buffer_init(&pem, KEY_FILE_MAX);
    int result = buffer_reserve(&pem, KEY_FILE_MAX);
    if (result == 0)
        result = file_read(&pem, path, why);
    if (result == 0) {
        result = identity_from_pem(out, buffer_bytes(&pem), why);
        if (result)
            result = why_prefix(why, result, "%s", path);
    }
    buffer_fini_secret(&pem);
    return result;
}

int identity_from_pkcs12(struct identity *out, struct bytes file, const char *password,
                         struct why *why)
{
    EVP_PKEY *pkey = NULL;
    X509 *x509 = NULL;
    unsigned char *der = NULL;
    struct identity identity = {0};
    int result = 0;
    const unsigned char *p = file.data;
    PKCS12 *p12 = file.size ? d2i_PKCS12(NULL, &p, (long)file.size) : NULL;
    if (!p12 || PKCS12_parse(p12, password, &pkey, &x509, NULL) != 1 || !pkey || !x509)
        result = why_error(why, p12 ? ERR_VERIFY : ERR_FORMAT, "%s",
                           p12 ? "the password is wrong, or there is no certificate with its key"
                               : "it is no PKCS#12 file");
    PKCS12_free(p12);
    int size = result ? 0 : i2d_X509(x509, &der);
    if (result == 0)
        result = size > 0
                     ? certificate_from_der(&identity.certificate, bytes_of(der, (size_t)size), why)
                     : ERR_CRYPTO;
    if (result == 0) {
        result = adopt(&identity.key, pkey);
        pkey = NULL;
    }
    if (result == 0)
        *out = identity;
    else
        identity_fini(&identity);
    ERR_clear_error();
    OPENSSL_free(der);
    X509_free(x509);
    EVP_PKEY_free(pkey);
    return result;
}

int identity_write_pem(struct buffer *out, const struct identity *identity)
{
    int result = certificate_write_pem(out, identity->certificate);
    return result ? result : key_write_pem(out, identity->key);
}

void identity_fini(struct identity *identity)
{
    if (!identity)
        return;
    certificate_free(identity->certificate);
    key_free(identity->key);
    *identity = (struct identity){0};
}
