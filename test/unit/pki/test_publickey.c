#include "support.h"

#include "base/text.h"
#include "pki/publickey.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

/* SubjectPublicKeyInfo of a key of the pool, or of a new one. */
static struct buffer spki_of(const struct key_spec *spec)
{
    struct key *key = NULL;
    struct buffer out;
    buffer_init(&out, 2000);
    if (spec->kind == KEY_RSA && spec->bits != 3072) {
        char name[64];
        text_format(name, sizeof name, "pool/rsa%u.pem", spec->bits);
        struct bytes pem = vector_load(name);
        assert_int_equal(key_from_pem(&key, pem, NULL), 0);
        vector_free(pem);
    } else {
        assert_int_equal(key_generate(&key, spec, NULL), 0);
    }
    assert_int_equal(key_write_spki(&out, key), 0);
    key_free(key);
    return out;
}

static void test_every_kind_a_phone_makes_is_read_and_found_strong(void **state)
{
    (void)state;
    static const struct {
        struct key_spec spec;
        const char *name;
        size_t size;
    } cases[] = {
        {{KEY_RSA, 1024}, "RSA 1024", 162}, {{KEY_RSA, 2048}, "RSA 2048", 294},
        {{KEY_RSA, 3072}, "RSA 3072", 422}, {{KEY_RSA, 4096}, "RSA 4096", 550},
        {{KEY_EC, 256}, "P-256", 91},       {{KEY_EC, 384}, "P-384", 120},
        {{KEY_EC, 521}, "P-521", 158},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer spki = spki_of(&cases[i].spec);
        assert_int_equal(spki.size, cases[i].size);
        struct public_key *key = NULL;
        assert_int_equal(public_key_from_spki(&key, buffer_bytes(&spki), NULL), 0);
        assert_int_equal(public_key_kind(key), cases[i].spec.kind);
        assert_int_equal(public_key_bits(key), cases[i].spec.bits);
        assert_string_equal(public_key_name(key), cases[i].name);
        assert_bytes_equal(public_key_spki(key), buffer_bytes(&spki));
        assert_int_equal(public_key_check_asked(key, &cases[i].spec, NULL), 0);
        assert_int_equal(public_key_check_strength(key, NULL), 0);
        public_key_free(key);
        buffer_fini(&spki);
    }
}

/* openssl x509 -in pool/rsa2048.pem -noout -pubkey | openssl pkey -pubin -outform der | sha256sum
 */
static void test_the_fingerprint_is_the_sha256_that_openssl_gives(void **state)
{
    (void)state;
    struct buffer spki = spki_of(&(struct key_spec){KEY_RSA, 2048});
    struct public_key *key = NULL;
    char hex[65];
    assert_int_equal(public_key_from_spki(&key, buffer_bytes(&spki), NULL), 0);
    text_hex(hex, sizeof hex, bytes_of(public_key_fingerprint(key), SHA256_SIZE), false, 0);
    assert_string_equal(hex, "d450ad227a1b38f3b89ca815413cd89728e1455d108c59548d1e12fce0df7235");
    public_key_free(key);
    buffer_fini(&spki);
}

static void test_a_key_other_than_asked_is_refused(void **state)
{
    (void)state;
    struct buffer spki = spki_of(&(struct key_spec){KEY_EC, 256});
    struct public_key *key = NULL;
    struct why why = WHY_NONE;
    assert_int_equal(public_key_from_spki(&key, buffer_bytes(&spki), NULL), 0);
    assert_int_equal(public_key_check_asked(key, &(struct key_spec){KEY_RSA, 2048}, &why),
                     ERR_POLICY);
    assert_string_equal(why.text, "the key is P-256 where RSA of 2048 bits was asked for");
    assert_int_equal(public_key_check_asked(key, &(struct key_spec){KEY_EC, 384}, NULL),
                     ERR_POLICY);
    assert_int_equal(public_key_check_asked(key, &(struct key_spec){KEY_RSA, 256}, NULL),
                     ERR_POLICY);
    public_key_free(key);
    buffer_fini(&spki);
}

static void test_cut_or_followed_by_bytes_is_no_key(void **state)
{
    (void)state;
    struct buffer spki = spki_of(&(struct key_spec){KEY_RSA, 1024});
    struct public_key *key = NULL;
    for (size_t n = 1; n < spki.size; n++)
        assert_int_equal(public_key_from_spki(&key, bytes_slice(buffer_bytes(&spki), 0, n), NULL),
                         ERR_FORMAT);
    assert_int_equal(public_key_from_spki(&key, bytes_of(NULL, 0), NULL), ERR_LIMIT);
    buffer_u8(&spki, 0);
    assert_int_equal(public_key_from_spki(&key, buffer_bytes(&spki), NULL), ERR_FORMAT);
    buffer_fill(&spki, 0, PUBLIC_KEY_DER_MAX);
    assert_int_equal(public_key_from_spki(&key, buffer_bytes(&spki), NULL), ERR_LIMIT);
    buffer_fini(&spki);
}

/* The same key in three other encodings. */
static void test_one_key_has_one_encoding_and_one_fingerprint(void **state)
{
    (void)state;
    struct buffer spki = spki_of(&(struct key_spec){KEY_RSA, 2048});
    struct buffer other;
    struct public_key *key = NULL;
    struct public_key *same = NULL;
    struct bytes der = buffer_bytes(&spki);
    assert_int_equal(public_key_from_spki(&key, der, NULL), 0);
    /* Without the NULL behind rsaEncryption (offset 17), as some write it. */
    buffer_init(&other, 2000);
    buffer_append(&other, bytes_slice(der, 0, 17));
    buffer_append(&other, bytes_slice(der, 19, der.size));
    other.data[3] -= 2;
    other.data[5] -= 2;
    assert_int_equal(public_key_from_spki(&same, buffer_bytes(&other), NULL), 0);
    assert_bytes_equal(public_key_spki(same), public_key_spki(key));
    assert_memory_equal(public_key_fingerprint(same), public_key_fingerprint(key), SHA256_SIZE);
    public_key_free(same);
    /* A zero more in front of the modulus (its INTEGER begins at offset 28). */
    buffer_clear(&other);
    buffer_append(&other, bytes_slice(der, 0, 32));
    buffer_u8(&other, 0);
    buffer_append(&other, bytes_slice(der, 32, der.size));
    for (size_t i = 0; i < 4; i++)
        other.data[(const size_t[]){3, 22, 27, 31}[i]]++;
    assert_int_equal(public_key_from_spki(&same, buffer_bytes(&other), NULL), ERR_FORMAT);
    public_key_free(key);
    buffer_fini(&other);
    buffer_fini(&spki);
}

static struct buffer spki_of_pkey(EVP_PKEY *pkey)
{
    struct buffer out;
    unsigned char *der = NULL;
    buffer_init(&out, 2000);
    int size = i2d_PUBKEY(pkey, &der);
    assert_true(size > 0);
    buffer_append(&out, bytes_of(der, (size_t)size));
    OPENSSL_free(der);
    EVP_PKEY_free(pkey);
    return out;
}

static void assert_unsupported(EVP_PKEY *pkey, const char *words)
{
    struct buffer spki = spki_of_pkey(pkey);
    struct public_key *key = NULL;
    struct why why = WHY_NONE;
    assert_int_equal(public_key_from_spki(&key, buffer_bytes(&spki), &why), ERR_UNSUPPORTED);
    assert_non_null(strstr(why.text, words));
    buffer_fini(&spki);
}

static void test_other_kinds_sizes_and_curves_are_not_supported(void **state)
{
    (void)state;
    assert_unsupported(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), "neither RSA nor EC");
    assert_unsupported(EVP_RSA_gen(512), "an RSA key of 512 bits");
    assert_unsupported(EVP_EC_gen("secp256k1"), "an EC key on secp256k1");
    assert_unsupported(EVP_EC_gen("P-224"), "an EC key on secp224r1");
}

static void test_points_that_are_compressed_or_off_the_curve_are_refused(void **state)
{
    (void)state;
    EVP_PKEY *pkey = EVP_EC_gen("P-256");
    assert_int_equal(EVP_PKEY_set_utf8_string_param(
                         pkey, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "compressed"),
                     1);
    struct buffer compressed = spki_of_pkey(pkey);
    struct public_key *key = NULL;
    assert_int_equal(compressed.size, 59);
    assert_int_equal(public_key_from_spki(&key, buffer_bytes(&compressed), NULL), ERR_FORMAT);
    buffer_fini(&compressed);

    struct buffer off = spki_of(&(struct key_spec){KEY_EC, 256});
    off.data[off.size - 1] ^= 1;
    assert_int_equal(public_key_from_spki(&key, buffer_bytes(&off), NULL), ERR_FORMAT);
    buffer_fini(&off);
}

/* An RSA key of numbers of our making. */
static struct buffer rsa_of(BIGNUM *n, BIGNUM *e)
{
    EVP_PKEY *pkey = NULL;
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    assert_int_equal(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n), 1);
    assert_int_equal(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e), 1);
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
    assert_int_equal(EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params), 1);
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    return spki_of_pkey(pkey);
}

/* 2048 bits that are a multiple of `factor`. */
static BIGNUM *multiple_of(BN_ULONG factor)
{
    BIGNUM *n = BN_new();
    assert_int_equal(BN_one(n), 1);
    assert_int_equal(BN_lshift(n, n, 2047), 1);
    assert_int_equal(BN_add_word(n, 12345), 1);
    BN_ULONG rest = BN_mod_word(n, factor);
    assert_int_equal(BN_add_word(n, factor - rest), 1);
    return n;
}

static void assert_weak(BIGNUM *n, BN_ULONG exponent, unsigned shift, const char *words)
{
    BIGNUM *e = BN_new();
    assert_int_equal(BN_set_word(e, exponent), 1);
    assert_int_equal(BN_lshift(e, e, (int)shift), 1);
    if (shift)
        assert_int_equal(BN_add_word(e, 1), 1);
    struct buffer spki = rsa_of(n, e);
    struct public_key *key = NULL;
    struct why why = WHY_NONE;
    assert_int_equal(public_key_from_spki(&key, buffer_bytes(&spki), &why), 0);
    int result = public_key_check_strength(key, &why);
    if (!words)
        assert_int_equal(result, 0);
    else if (result != ERR_POLICY || !strstr(why.text, words))
        fail_msg("%d: \"%s\" does not say \"%s\"", result, why.text, words);
    public_key_free(key);
    buffer_fini(&spki);
    BN_free(n);
    BN_free(e);
}

static void test_weak_moduli_are_refused_with_their_factor(void **state)
{
    (void)state;
    static const unsigned factors[] = {2, 3, 5, 7, 11, 13, 17, 101, 331, 751, 997};
    for (size_t i = 0; i < sizeof factors / sizeof *factors; i++) {
        BIGNUM *n = multiple_of(factors[i]);
        /* Only this factor: step on until no smaller one divides it. */
        for (bool again = true; again;) {
            again = false;
            for (unsigned f = 2; f < factors[i]; f++)
                again = again || BN_mod_word(n, f) == 0;
            if (again)
                assert_int_equal(BN_add_word(n, factors[i]), 1);
        }
        char words[64];
        text_format(words, sizeof words, "the modulus of RSA 2048 is a multiple of %u", factors[i]);
        assert_weak(n, 65537, 0, words);
    }
}

static BIGNUM *good_modulus(void)
{
    EVP_PKEY *pkey = EVP_RSA_gen(1024);
    BIGNUM *n = NULL;
    assert_int_equal(EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &n), 1);
    EVP_PKEY_free(pkey);
    return n;
}

static void test_weak_exponents_are_refused(void **state)
{
    (void)state;
    assert_weak(good_modulus(), 1, 0, "RSA exponent is even, 1 or longer than 64 bits");
    assert_weak(good_modulus(), 2, 0, "RSA exponent");
    assert_weak(good_modulus(), 65536, 0, "RSA exponent");
    assert_weak(good_modulus(), 1, 64, "RSA exponent");
    assert_weak(good_modulus(), 3, 0, NULL);
    assert_weak(good_modulus(), 1, 63, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_kind_a_phone_makes_is_read_and_found_strong),
        cmocka_unit_test(test_the_fingerprint_is_the_sha256_that_openssl_gives),
        cmocka_unit_test(test_a_key_other_than_asked_is_refused),
        cmocka_unit_test(test_cut_or_followed_by_bytes_is_no_key),
        cmocka_unit_test(test_one_key_has_one_encoding_and_one_fingerprint),
        cmocka_unit_test(test_other_kinds_sizes_and_curves_are_not_supported),
        cmocka_unit_test(test_points_that_are_compressed_or_off_the_curve_are_refused),
        cmocka_unit_test(test_weak_moduli_are_refused_with_their_factor),
        cmocka_unit_test(test_weak_exponents_are_refused),
    };
    return RUN(tests);
}
