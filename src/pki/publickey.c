#include "pki/publickey.h"

#include "base/text.h"

#include <errno.h>
#include <openssl/asn1t.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

enum { RSA_BITS_MIN = 1024, RSA_BITS_MAX = 4096, EXPONENT_BITS_MAX = 64, FACTOR_LIMIT = 1000 };

/*
 * SubjectPublicKeyInfo and RSAPublicKey (RFC 5280, RFC 8017). OpenSSL's own reader makes a key of
 * the bytes at once, which takes longer than a TLS handshake's share of all that is asked here, and
 * nobody needs the key: only what it says.
 */
struct spki {
    X509_ALGOR *algorithm;
    ASN1_BIT_STRING *key;
};
struct rsa_numbers {
    ASN1_INTEGER *n, *e;
};
typedef struct spki SPKI;
typedef struct rsa_numbers RSA_NUMBERS;

/* clang-format off: these macros are halves of sentences */
ASN1_SEQUENCE(SPKI) =
    {
        ASN1_SIMPLE(SPKI, algorithm, X509_ALGOR),
        ASN1_SIMPLE(SPKI, key, ASN1_BIT_STRING),
} static_ASN1_SEQUENCE_END(SPKI) IMPLEMENT_STATIC_ASN1_ENCODE_FUNCTIONS(SPKI)
        ASN1_SEQUENCE(RSA_NUMBERS) =
            {
                ASN1_SIMPLE(RSA_NUMBERS, n, ASN1_INTEGER),
                ASN1_SIMPLE(RSA_NUMBERS, e, ASN1_INTEGER),
} static_ASN1_SEQUENCE_END(RSA_NUMBERS)
    /* clang-format on */

    struct public_key {
    SPKI *spec;
    enum key_kind kind;
    unsigned bits;
    char name[16];
    BIGNUM *n, *e; /* RSA */
    struct buffer spki;
    uint8_t fingerprint[SHA256_SIZE];
};

static struct bytes key_bytes(const struct public_key *key)
{
    return bytes_of(ASN1_STRING_get0_data(key->spec->key),
                    (size_t)ASN1_STRING_length(key->spec->key));
}

/* ---- RSA ---- */

/* Bytes of a positive DER INTEGER, tag and length included. */
static size_t integer_size(const BIGNUM *number)
{
    size_t content = (size_t)BN_num_bits(number) / 8 + 1;
    return content + (content < 128 ? 2 : content < 256 ? 3 : 4);
}

/* The shortest encoding is DER's, and the only one of its length. */
static bool is_der_rsa(const struct public_key *key)
{
    size_t content = integer_size(key->n) + integer_size(key->e);
    return key_bytes(key).size == content + (content < 128 ? 2 : content < 256 ? 3 : 4);
}

static int read_numbers(struct public_key *key, struct why *why)
{
    struct bytes der = key_bytes(key);
    const unsigned char *p = der.data;
    RSA_NUMBERS *numbers =
        (RSA_NUMBERS *)ASN1_item_d2i(NULL, &p, (long)der.size, ASN1_ITEM_rptr(RSA_NUMBERS));
    bool fine = numbers && p == der.data + der.size &&
                ASN1_STRING_type(numbers->n) != V_ASN1_NEG_INTEGER &&
                ASN1_STRING_type(numbers->e) != V_ASN1_NEG_INTEGER;
    if (fine) {
        key->n = ASN1_INTEGER_to_BN(numbers->n, NULL);
        key->e = ASN1_INTEGER_to_BN(numbers->e, NULL);
    }
    ASN1_item_free((ASN1_VALUE *)numbers, ASN1_ITEM_rptr(RSA_NUMBERS));
    if (!fine)
        return why_error(why, ERR_FORMAT, "no readable public key: an RSA key is two numbers");
    return key->n && key->e ? 0 : -ENOMEM;
}

static int take_rsa(struct public_key *key, int parameter, struct why *why)
{
    key->kind = KEY_RSA;
    if (parameter != V_ASN1_NULL && parameter != V_ASN1_UNDEF)
        return why_error(why, ERR_FORMAT, "no readable public key: RSA has no parameters");
    int result = read_numbers(key, why);
    if (result)
        return result;
    key->bits = (unsigned)BN_num_bits(key->n);
    if (key->bits < RSA_BITS_MIN || key->bits > RSA_BITS_MAX)
        return why_error(why, ERR_UNSUPPORTED,
                         "an RSA key of %u bits: %d to %d are what phones make", key->bits,
                         RSA_BITS_MIN, RSA_BITS_MAX);
    text_format(key->name, sizeof key->name, "RSA %u", key->bits);
    if (!is_der_rsa(key))
        return why_error(why, ERR_FORMAT, "an RSA key that is not written as DER");
    /* Some leave the NULL behind rsaEncryption out. */
    if (X509_ALGOR_set0(key->spec->algorithm, OBJ_nid2obj(NID_rsaEncryption), V_ASN1_NULL, NULL) !=
        1)
        return -ENOMEM;
    return 0;
}

/* ---- EC ---- */

static const struct curve {
    int nid;
    unsigned bits;
    const char *name;
} curves[] = {
    {NID_X9_62_prime256v1, 256, "P-256"},
    {NID_secp384r1, 384, "P-384"},
    {NID_secp521r1, 521, "P-521"},
};

static int check_point(const struct public_key *key, int nid, struct why *why)
{
    struct bytes written = key_bytes(key);
    EC_GROUP *group = EC_GROUP_new_by_curve_name(nid);
    EC_POINT *point = group ? EC_POINT_new(group) : NULL;
    int result = point ? 0 : -ENOMEM;
    if (result == 0 && EC_POINT_oct2point(group, point, written.data, written.size, NULL) != 1)
        result =
            why_error(why, ERR_FORMAT, "no readable public key: its point is not on %s", key->name);
    if (result == 0 && (written.size != 2 * ((key->bits + 7) / 8) + 1 || written.data[0] != 4))
        result = why_error(why, ERR_FORMAT, "an EC key whose point is not written uncompressed");
    EC_POINT_free(point);
    EC_GROUP_free(group);
    return result;
}

static int take_ec(struct public_key *key, int parameter, const ASN1_OBJECT *group, struct why *why)
{
    key->kind = KEY_EC;
    if (parameter != V_ASN1_OBJECT)
        return why_error(why, ERR_UNSUPPORTED, "an EC key on a curve without a name");
    int nid = OBJ_obj2nid(group);
    for (size_t i = 0; i < sizeof curves / sizeof *curves; i++) {
        if (curves[i].nid == nid) {
            key->bits = curves[i].bits;
            text_copy(key->name, sizeof key->name, curves[i].name);
            return check_point(key, nid, why);
        }
    }
    return why_error(why, ERR_UNSUPPORTED, "an EC key on %s: P-256, P-384 and P-521 are known",
                     OBJ_nid2sn(nid));
}

/* ---- any ---- */

static int take_kind(struct public_key *key, struct why *why)
{
    const ASN1_OBJECT *algorithm = NULL;
    const void *value = NULL;
    int parameter = 0;
    X509_ALGOR_get0(&algorithm, &parameter, &value, key->spec->algorithm);
    switch (OBJ_obj2nid(algorithm)) {
    case NID_rsaEncryption:
        return take_rsa(key, parameter, why);
    case NID_X9_62_id_ecPublicKey:
        return take_ec(key, parameter, value, why);
    default:
        return why_error(why, ERR_UNSUPPORTED, "a public key that is neither RSA nor EC");
    }
}

/* One key has one encoding here, so that its hash tells whether it is known already. */
static int take_encoding(struct public_key *key)
{
    unsigned char *der = NULL;
    int size = i2d_SPKI(key->spec, &der);
    if (size <= 0)
        return ERR_CRYPTO;
    buffer_append(&key->spki, bytes_of(der, (size_t)size));
    OPENSSL_free(der);
    if (key->spki.error)
        return key->spki.error;
    return digest_bytes(DIGEST_KIND_SHA256, buffer_bytes(&key->spki), key->fingerprint);
}

static int read_spec(struct public_key *key, struct bytes spki, struct why *why)
{
    char error[160];
    const unsigned char *p = spki.data;
    key->spec = d2i_SPKI(NULL, &p, (long)spki.size);
    if (!key->spec)
        return why_error(why, ERR_FORMAT, "no readable public key: %s", crypto_error(error));
    if (p != spki.data + spki.size)
        return why_error(why, ERR_FORMAT, "bytes follow the public key");
    if (key->spec->key->flags & 7) /* bits that are left over in the last byte */
        return why_error(why, ERR_FORMAT, "no readable public key: it ends within a byte");
    return 0;
}

int public_key_from_spki(struct public_key **out, struct bytes spki, struct why *why)
{
    if (spki.size == 0 || spki.size > PUBLIC_KEY_DER_MAX)
        return why_error(why, ERR_LIMIT, "a public key of %zu bytes; %d are the most", spki.size,
                         PUBLIC_KEY_DER_MAX);
    struct public_key *key = calloc(1, sizeof *key);
    if (!key)
        return -ENOMEM;
    buffer_init(&key->spki, PUBLIC_KEY_DER_MAX);
    int result = read_spec(key, spki, why);
    if (result == 0)
        result = take_kind(key, why);
    if (result == 0)
        result = take_encoding(key);
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
    ASN1_item_free((ASN1_VALUE *)key->spec, ASN1_ITEM_rptr(SPKI));
    BN_free(key->n);
    BN_free(key->e);
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

int public_key_put(X509 *x509, const struct public_key *key)
{
    const ASN1_OBJECT *object = NULL;
    const void *value = NULL;
    int type = 0;
    X509_ALGOR_get0(&object, &type, &value, key->spec->algorithm);
    struct bytes content = key_bytes(key);
    /* RSA has a NULL here, EC the name of its curve. */
    ASN1_OBJECT *curve = type == V_ASN1_OBJECT ? OBJ_dup(value) : NULL;
    unsigned char *copy = OPENSSL_memdup(content.data, content.size);
    if (copy && X509_PUBKEY_set0_param(X509_get_X509_PUBKEY(x509), OBJ_dup(object), type, curve,
                                       copy, (int)content.size) == 1)
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

/* From 5 on primes lie beside multiples of 6. Composites among them do no harm. */
static unsigned next_candidate(unsigned f)
{
    return f % 6 == 5 ? f + 2 : f % 6 == 1 ? f + 4 : f == 2 ? 3 : 5;
}

/* A factor of n below FACTOR_LIMIT, or 0. A division of the long number is what costs: as many
 * candidates as fit into a word share one. */
static unsigned small_factor(const BIGNUM *n)
{
    for (unsigned f = 2; f < FACTOR_LIMIT;) {
        unsigned first = f;
        BN_ULONG product = 1;
        for (; f < FACTOR_LIMIT && product <= (BN_ULONG)-1 / f; f = next_candidate(f))
            product *= f;
        BN_ULONG rest = BN_mod_word(n, product);
        for (unsigned g = first; g < f; g = next_candidate(g))
            if (rest % g == 0)
                return g;
    }
    return 0;
}

int public_key_check_strength(const struct public_key *key, struct why *why)
{
    /* The curves we know have no small subgroups, so a point on its curve, as all are that were
     * read, is of full order. */
    if (key->kind == KEY_EC)
        return 0;
    if (!BN_is_odd(key->e) || BN_is_one(key->e) || BN_num_bits(key->e) > EXPONENT_BITS_MAX)
        return why_error(why, ERR_POLICY,
                         "a weak key: its RSA exponent is even, 1 or longer than %d bits",
                         EXPONENT_BITS_MAX);
    unsigned factor = small_factor(key->n);
    if (factor)
        return why_error(why, ERR_POLICY, "a weak key: the modulus of %s is a multiple of %u",
                         key->name, factor);
    return 0;
}
