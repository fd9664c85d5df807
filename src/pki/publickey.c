#include "pki/publickey.h"

#include "base/text.h"

#include <errno.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

enum { RSA_BITS_MIN = 1024, RSA_BITS_MAX = 4096, EXPONENT_BITS_MAX = 64, FACTOR_LIMIT = 1000 };

struct public_key {
    X509_PUBKEY *spec; /* as ASN.1: certificates are made of it without another round of decoding */
    EVP_PKEY *pkey;    /* belongs to spec */
    enum key_kind kind;
    unsigned bits;
    char name[16];
    struct buffer spki;
    uint8_t fingerprint[SHA256_SIZE];
};

static int take_rsa(struct public_key *key, struct why *why)
{
    key->kind = KEY_RSA;
    if (key->bits < RSA_BITS_MIN || key->bits > RSA_BITS_MAX)
        return why_error(why, ERR_UNSUPPORTED,
                         "an RSA key of %u bits: %d to %d are what phones make", key->bits,
                         RSA_BITS_MIN, RSA_BITS_MAX);
    text_format(key->name, sizeof key->name, "RSA %u", key->bits);
    return 0;
}

static int take_ec(struct public_key *key, struct why *why)
{
    static const struct {
        const char *group, *name;
    } curves[] = {{"prime256v1", "P-256"}, {"secp384r1", "P-384"}, {"secp521r1", "P-521"}};
    char group[64] = "";
    key->kind = KEY_EC;
    if (EVP_PKEY_get_utf8_string_param(key->pkey, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof group,
                                       NULL) != 1)
        return why_error(why, ERR_UNSUPPORTED, "an EC key on a curve without a name");
    for (size_t i = 0; i < sizeof curves / sizeof *curves; i++) {
        if (strcmp(group, curves[i].group) == 0) {
            text_copy(key->name, sizeof key->name, curves[i].name);
            return 0;
        }
    }
    return why_error(why, ERR_UNSUPPORTED, "an EC key on %s: P-256, P-384 and P-521 are known",
                     group);
}

static int take_kind(struct public_key *key, struct why *why)
{
    key->bits = (unsigned)EVP_PKEY_get_bits(key->pkey);
    switch (EVP_PKEY_get_base_id(key->pkey)) {
    case EVP_PKEY_RSA:
        return take_rsa(key, why);
    case EVP_PKEY_EC:
        return take_ec(key, why);
    default:
        return why_error(why, ERR_UNSUPPORTED, "a public key that is neither RSA nor EC");
    }
}

/* Bytes of a positive DER INTEGER, tag and length included. */
static size_t integer_size(unsigned bits)
{
    size_t content = bits / 8 + 1;
    return content + (content < 128 ? 2 : content < 256 ? 3 : 4);
}

/* The shortest encoding is DER's, and the only one of its length. */
static bool is_der_rsa(const struct public_key *key, size_t size)
{
    BIGNUM *e = NULL;
    if (EVP_PKEY_get_bn_param(key->pkey, OSSL_PKEY_PARAM_RSA_E, &e) != 1)
        return false;
    size_t content = integer_size(key->bits) + integer_size((unsigned)BN_num_bits(e));
    BN_free(e);
    return size == content + (content < 128 ? 2 : content < 256 ? 3 : 4);
}

/* One key has one encoding here, so that its hash tells whether it is known already. */
static int check_encoding(struct public_key *key, struct why *why)
{
    const unsigned char *content;
    int size = 0;
    if (X509_PUBKEY_get0_param(NULL, &content, &size, NULL, key->spec) != 1 || size <= 0)
        return ERR_CRYPTO;
    if (key->kind == KEY_EC && (size_t)size != 2 * ((key->bits + 7) / 8) + 1)
        return why_error(why, ERR_FORMAT, "an EC key whose point is not written uncompressed");
    if (key->kind == KEY_RSA && !is_der_rsa(key, (size_t)size))
        return why_error(why, ERR_FORMAT, "an RSA key that is not written as DER");
    /* Some leave the NULL behind rsaEncryption out. */
    if (key->kind == KEY_RSA && X509_PUBKEY_set0_param(key->spec, OBJ_nid2obj(NID_rsaEncryption),
                                                       V_ASN1_NULL, NULL, NULL, 0) != 1)
        return ERR_CRYPTO;
    return 0;
}

static int take_encoding(struct public_key *key, struct why *why)
{
    unsigned char *der = NULL;
    int result = check_encoding(key, why);
    if (result)
        return result;
    int size = i2d_X509_PUBKEY(key->spec, &der);
    if (size <= 0)
        return ERR_CRYPTO;
    buffer_append(&key->spki, bytes_of(der, (size_t)size));
    OPENSSL_free(der);
    if (key->spki.error)
        return key->spki.error;
    return digest_bytes(DIGEST_KIND_SHA256, buffer_bytes(&key->spki), key->fingerprint);
}

int public_key_from_spki(struct public_key **out, struct bytes spki, struct why *why)
{
    char error[160];
    if (spki.size == 0 || spki.size > PUBLIC_KEY_DER_MAX)
        return why_error(why, ERR_LIMIT, "a public key of %zu bytes; %d are the most", spki.size,
                         PUBLIC_KEY_DER_MAX);
    struct public_key *key = calloc(1, sizeof *key);
    if (!key)
        return -ENOMEM;
    buffer_init(&key->spki, PUBLIC_KEY_DER_MAX);
    const unsigned char *p = spki.data;
    int result = 0;
    key->spec = d2i_X509_PUBKEY(NULL, &p, (long)spki.size);
    key->pkey = key->spec ? X509_PUBKEY_get0(key->spec) : NULL;
    if (!key->pkey)
        result = why_error(why, ERR_FORMAT, "no readable public key: %s", crypto_error(error));
    else if (p != spki.data + spki.size)
        result = why_error(why, ERR_FORMAT, "bytes follow the public key");
    if (result == 0)
        result = take_kind(key, why);
    if (result == 0)
        result = take_encoding(key, why);
    ERR_clear_error();
    if (result) {
        public_key_free(key);
        return result;
    }
    *out = key;
    return 0;
}

void public_key_free(struct public_key *key)
{
    if (!key)
        return;
    X509_PUBKEY_free(key->spec);
    buffer_fini(&key->spki);
    free(key);
}

enum key_kind public_key_kind(const struct public_key *key)
{
    return key->kind;
}

unsigned public_key_bits(const struct public_key *key)
{
    return key->bits;
}

const char *public_key_name(const struct public_key *key)
{
    return key->name;
}

struct bytes public_key_spki(const struct public_key *key)
{
    return buffer_bytes(&key->spki);
}

const uint8_t *public_key_fingerprint(const struct public_key *key)
{
    return key->fingerprint;
}

EVP_PKEY *public_key_pkey(const struct public_key *key)
{
    return key->pkey;
}

int public_key_put(X509 *x509, const struct public_key *key)
{
    const unsigned char *content = NULL;
    int size = 0;
    X509_ALGOR *algorithm = NULL;
    const ASN1_OBJECT *object = NULL;
    const void *value = NULL;
    int type = 0;
    if (X509_PUBKEY_get0_param(NULL, &content, &size, &algorithm, key->spec) != 1)
        return ERR_CRYPTO;
    X509_ALGOR_get0(&object, &type, &value, algorithm);
    /* RSA has a NULL here, EC the name of its curve. */
    ASN1_OBJECT *curve = type == V_ASN1_OBJECT ? OBJ_dup(value) : NULL;
    unsigned char *copy = OPENSSL_memdup(content, (size_t)size);
    if (copy && X509_PUBKEY_set0_param(X509_get_X509_PUBKEY(x509), OBJ_dup(object), type, curve,
                                       copy, size) == 1)
        return 0;
    ASN1_OBJECT_free(curve);
    OPENSSL_free(copy);
    return ERR_CRYPTO;
}

int public_key_check_asked(const struct public_key *key, const struct key_spec *asked,
                           struct why *why)
{
    if (key->kind == asked->kind && key->bits == asked->bits)
        return 0;
    return why_error(why, ERR_POLICY, "the key is %s where %s of %u bits was asked for", key->name,
                     asked->kind == KEY_RSA ? "RSA" : "EC", asked->bits);
}

/* A factor of n below FACTOR_LIMIT, or 0. Behind 2 and 3 primes lie beside multiples of 6: each
 * such pair costs one division of the long number. Composites among them do no harm. */
static unsigned small_factor(const BIGNUM *n)
{
    if (!BN_is_odd(n))
        return 2;
    if (BN_mod_word(n, 3) == 0)
        return 3;
    for (unsigned f = 5; f < FACTOR_LIMIT; f += 6) {
        BN_ULONG rest = BN_mod_word(n, f * (f + 2));
        if (rest % f == 0)
            return f;
        if (rest % (f + 2) == 0)
            return f + 2;
    }
    return 0;
}

static int check_rsa(const struct public_key *key, const BIGNUM *n, const BIGNUM *e,
                     struct why *why)
{
    if (!BN_is_odd(e) || BN_is_one(e) || BN_num_bits(e) > EXPONENT_BITS_MAX)
        return why_error(why, ERR_POLICY,
                         "a weak key: its RSA exponent is even, 1 or longer than %d bits",
                         EXPONENT_BITS_MAX);
    unsigned factor = small_factor(n);
    if (factor)
        return why_error(why, ERR_POLICY, "a weak key: the modulus of %s is a multiple of %u",
                         key->name, factor);
    return 0;
}

int public_key_check_strength(const struct public_key *key, struct why *why)
{
    BIGNUM *n = NULL;
    BIGNUM *e = NULL;
    int result = 0;
    if (key->kind == KEY_RSA) {
        if (EVP_PKEY_get_bn_param(key->pkey, OSSL_PKEY_PARAM_RSA_N, &n) != 1 ||
            EVP_PKEY_get_bn_param(key->pkey, OSSL_PKEY_PARAM_RSA_E, &e) != 1)
            result = ERR_CRYPTO;
        else
            result = check_rsa(key, n, e, why);
        BN_free(n);
        BN_free(e);
    } else {
        /* These curves have no small subgroups, so a point on the curve is of full order. */
        EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key->pkey, NULL);
        if (!ctx || EVP_PKEY_public_check_quick(ctx) != 1)
            result = why_error(why, ERR_POLICY, "a weak key: its point is not on %s", key->name);
        EVP_PKEY_CTX_free(ctx);
    }
    ERR_clear_error();
    return result;
}
