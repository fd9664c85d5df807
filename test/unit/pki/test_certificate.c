#include "support.h"

#include "base/file.h"
#include "pki/issue.h"

#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

static void test_names_are_in_the_order_of_cucm(void **state)
{
    (void)state;
    struct certificate *c = NULL;
    assert_int_equal(certificate_load(&c, vector_path("capf.der"), NULL), 0);
    assert_string_equal(certificate_subject(c),
                        "CN=CAPF-00c0ffee;OU=LAB;O=Example;L=Town;ST=ZZ;C=XX");
    assert_string_equal(certificate_common_name(c), "CAPF-00c0ffee");
    assert_bytes_equal(certificate_serial(c), bytes_of("\x11\x22\x33\x44\x55\x66\x77\x88", 8));
    assert_int_equal(certificate_key_bits(c), 1024);
    assert_int_equal(certificate_public_key(c).size, 140);
    assert_int_equal(certificate_signature(c).size, 128);
    assert_int_equal(certificate_not_before(c), 1704067200);
    assert_true(certificate_is_self_signed(c));
    certificate_free(c);
}

/* Written by hand in an unusual DER order, with attributes CUCM has no place for. */
static void test_unknown_attributes_follow_the_known_ones(void **state)
{
    (void)state;
    X509_NAME *name = X509_NAME_new();
    const char *const parts[][2] = {{"emailAddress", "a@example"},
                                    {"C", "AT"},
                                    {"O", "two"},
                                    {"CN", "cn"},
                                    {"OU", "u1"},
                                    {"OU", "u2"},
                                    {"ST", "st"}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        assert_int_equal(X509_NAME_add_entry_by_txt(name, parts[i][0], MBSTRING_UTF8,
                                                    (const unsigned char *)parts[i][1], -1, -1, 0),
                         1);
    struct buffer b;
    buffer_init(&b, 500);
    assert_int_equal(name_write(&b, name, ";"), 0);
    assert_string_equal(buffer_string(&b),
                        "CN=cn;OU=u1;OU=u2;O=two;ST=st;C=AT;EMAILADDRESS=a@example");
    buffer_fini(&b);
    X509_NAME_free(name);
}

static void test_a_name_with_a_nul_is_refused(void **state)
{
    (void)state;
    X509_NAME *name = X509_NAME_new();
    assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                                (const unsigned char *)"a\0b", 3, -1, 0),
                     1);
    struct buffer b;
    buffer_init(&b, 500);
    assert_int_equal(name_write(&b, name, ";"), ERR_FORMAT);
    buffer_fini(&b);
    X509_NAME_free(name);
}

static struct certificate_template template_of(enum certificate_use use)
{
    return (struct certificate_template){.use = use,
                                         .subject = {.common_name = "cucm-1051-a-pub",
                                                     .unit = "TAC",
                                                     .organization = "Cisco",
                                                     .locality = "Krak\xc3\xb3w",
                                                     .province = "Malopolska",
                                                     .country = "PL"},
                                         .dns_name = "cucm-1051-a-pub",
                                         .address = "192.0.2.1",
                                         .not_before = 1704067200,
                                         .days = 1825};
}

static void test_a_self_signed_certificate_has_what_its_use_asks(void **state)
{
    (void)state;
    struct key *key = NULL;
    struct certificate *c = NULL;
    uint8_t serial[SERIAL_BYTES];
    assert_int_equal(key_generate(&key, &(struct key_spec){KEY_EC, 256}, NULL), 0);
    for (int round = 0; round < 200; round++) {
        serial_random(serial);
        assert_true(serial[0] >= 0x01 && serial[0] <= 0x7f);
    }
    for (enum certificate_use use = USE_SERVER; use <= USE_ANCHOR; use++) {
        struct certificate_template t = template_of(use);
        struct why why = WHY_NONE;
        int result = certificate_self_sign(&c, key, &t, serial, &why);
        if (result)
            fail_msg("%s", why_text(&why, result));
        assert_string_equal(certificate_subject(c),
                            "CN=cucm-1051-a-pub;OU=TAC;O=Cisco;L=Krak\xc3\xb3w;ST=Malopolska;C=PL");
        assert_bytes_equal(certificate_serial(c), bytes_of(serial, SERIAL_BYTES));
        assert_true(certificate_is_self_signed(c));
        assert_int_equal(certificate_may_sign_certificates(c), use == USE_CA);
        assert_int_equal(certificate_not_after(c) - certificate_not_before(c), 1825 * 86400);
        uint32_t usage = X509_get_key_usage(certificate_x509(c));
        assert_int_equal((usage & (KU_KEY_CERT_SIGN | KU_CRL_SIGN)) != 0, use == USE_CA);
        assert_true(usage & KU_DIGITAL_SIGNATURE);
        assert_true(key_fits(key, c));
        certificate_free(c);
    }
    key_free(key);
}

static void test_a_request_fits_the_certificate_made_of_it_only(void **state)
{
    (void)state;
    struct key *key = NULL;
    struct certificate *ours = NULL;
    struct certificate *other = NULL;
    struct buffer pem;
    uint8_t serial[SERIAL_BYTES];
    buffer_init(&pem, 65536);
    serial_random(serial);
    struct certificate_template t = template_of(USE_SERVER);
    assert_int_equal(key_generate(&key, &(struct key_spec){KEY_EC, 384}, NULL), 0);
    assert_int_equal(csr_write_pem(&pem, key, &t, NULL), 0);
    assert_non_null(strstr(buffer_string(&pem), "BEGIN CERTIFICATE REQUEST"));
    assert_int_equal(certificate_self_sign(&ours, key, &t, serial, NULL), 0);
    assert_int_equal(certificate_load(&other, vector_path("capf.der"), NULL), 0);
    assert_true(csr_fits(buffer_bytes(&pem), ours));
    assert_false(csr_fits(buffer_bytes(&pem), other));
    assert_false(csr_fits(bytes_of_string("no request"), ours));
    certificate_free(ours);
    certificate_free(other);
    key_free(key);
    buffer_fini(&pem);
}

static void test_a_key_that_does_not_fit_its_certificate_is_refused(void **state)
{
    (void)state;
    struct bytes key = vector_load("capf.key.pem");
    struct certificate *c = NULL;
    struct buffer pem;
    struct why why = WHY_NONE;
    struct identity id = {0};
    buffer_init(&pem, 65536);
    assert_int_equal(certificate_load(&c, vector_path("signer.der"), NULL), 0);
    assert_int_equal(certificate_write_pem(&pem, c), 0);
    buffer_append(&pem, key);
    assert_int_equal(identity_from_pem(&id, buffer_bytes(&pem), &why), ERR_VERIFY);
    assert_non_null(strstr(why.text, "does not fit the certificate CN=pub1"));
    buffer_fini(&pem);
    certificate_free(c);
    vector_free(key);
}

static void test_an_identity_is_written_and_read_back(void **state)
{
    (void)state;
    struct identity id = {0};
    struct identity back = {0};
    struct buffer pem;
    buffer_init(&pem, 65536);
    assert_int_equal(identity_load(&id, vector_path("pool/rsa1024.pem"), NULL), 0);
    assert_int_equal(identity_write_pem(&pem, &id), 0);
    assert_memory_equal(buffer_string(&pem), "-----BEGIN CERTIFICATE-----", 27);
    assert_int_equal(identity_from_pem(&back, buffer_bytes(&pem), NULL), 0);
    assert_true(certificates_equal(id.certificate, back.certificate));
    identity_fini(&id);
    identity_fini(&back);
    buffer_fini_secret(&pem);
}

static void test_what_is_no_certificate_says_why(void **state)
{
    (void)state;
    struct certificate *c = NULL;
    const struct {
        const char *text;
        const char *says;
    } bad[] = {
        {"", "empty file"},
        {"hello", "neither PEM nor DER"},
        {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "no certificate in it"},
        {"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "no certificate in it"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct why why = WHY_NONE;
        assert_true(certificate_from_file_bytes(&c, bytes_of_string(bad[i].text), &why) < 0);
        if (!strstr(why.text, bad[i].says))
            fail_msg("'%s' does not say '%s'", why.text, bad[i].says);
    }
}

static void test_truncated_certificates_are_refused(void **state)
{
    (void)state;
    struct bytes whole = vector_load("signer.der");
    for (size_t size = 0; size < whole.size; size++) {
        uint8_t *copy = malloc(size ? size : 1);
        struct certificate *c = NULL;
        memcpy(copy, whole.data, size);
        assert_true(certificate_from_der(&c, bytes_of(copy, size), NULL) < 0);
        free(copy);
    }
    struct buffer longer;
    buffer_init(&longer, 65536);
    buffer_append(&longer, whole);
    buffer_u8(&longer, 0);
    struct certificate *c = NULL;
    assert_int_equal(certificate_from_der(&c, buffer_bytes(&longer), NULL), ERR_FORMAT);
    buffer_fini(&longer);
    vector_free(whole);
}

static void test_a_chain_needs_its_root_and_its_time(void **state)
{
    (void)state;
    struct certificate *root = NULL;
    struct certificate *other = NULL;
    struct why why = WHY_NONE;
    assert_int_equal(certificate_load(&root, vector_path("signer.der"), NULL), 0);
    assert_int_equal(certificate_load(&other, vector_path("capf.der"), NULL), 0);
    assert_int_equal(certificate_verify_chain(root, NULL, 0, &root, 1, 1720000000, &why), 0);
    assert_int_equal(certificate_verify_chain(root, NULL, 0, &other, 1, 1720000000, &why),
                     ERR_VERIFY);
    assert_non_null(strstr(why.text, "CN=pub1"));
    why = (struct why)WHY_NONE;
    assert_int_equal(certificate_verify_chain(root, NULL, 0, &root, 1, 3000000000, &why),
                     ERR_VERIFY);
    assert_non_null(strstr(why.text, "expired"));
    certificate_free(root);
    certificate_free(other);
}

/* What `openssl x509 -pubkey | openssl pkey -pubin -outform der | sha256sum` says of them. */
static void test_the_public_key_is_the_one_openssl_writes(void **state)
{
    (void)state;
    static const char *const vectors[][2] = {
        {"capf.der", "c4466477c84a2d1b506f059d8f0635060b4ca375f52ae0cbdccce5307f7af263"},
        {"pool/ec256.pem", "b0d9dbb7df822dc086438ae096391334a0f17151156a8b32fecfe0c51f440d15"},
    };
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        struct certificate *c = NULL;
        struct buffer spki;
        char hash[2 * SHA256_SIZE + 1];
        buffer_init(&spki, CERTIFICATE_DER_MAX);
        assert_int_equal(certificate_load(&c, vector_path(vectors[i][0]), NULL), 0);
        assert_int_equal(certificate_spki(&spki, c), 0);
        assert_int_equal(digest_hex(DIGEST_KIND_SHA256, buffer_bytes(&spki), hash), 0);
        assert_string_equal(hash, vectors[i][1]);
        buffer_fini(&spki);
        certificate_free(c);
    }
}

/* A certificate of the pool with another key field; its signature does not fit any more, which is
 * not looked at here. */
static int read_with_key(struct certificate **out, struct bytes key, long unused_bits,
                         struct why *why)
{
    struct certificate *model = NULL;
    unsigned char *der = NULL;
    assert_int_equal(certificate_load(&model, vector_path("pool/rsa2048.pem"), NULL), 0);
    X509 *x509 = X509_dup(certificate_x509(model));
    assert_non_null(x509);
    assert_int_equal(X509_PUBKEY_set0_param(X509_get_X509_PUBKEY(x509),
                                            OBJ_nid2obj(NID_rsaEncryption), V_ASN1_NULL, NULL,
                                            OPENSSL_memdup(key.data, key.size), (int)key.size),
                     1);
    X509_get0_pubkey_bitstr(x509)->flags |= unused_bits;
    assert_true(i2d_re_X509_tbs(x509, NULL) > 0);
    int size = i2d_X509(x509, &der);
    assert_true(size > 0);
    int result = certificate_from_der(out, bytes_of(der, (size_t)size), why);
    OPENSSL_free(der);
    X509_free(x509);
    certificate_free(model);
    return result;
}

struct odd_key {
    const char *front; /* up to the first byte of the modulus that is not 0 */
    size_t front_size;
    const char *behind; /* the modulus */
    size_t behind_size;
    long unused_bits;
};
#define ODD(front, behind, unused)                                     \
    {                                                                  \
        front, sizeof(front) - 1, behind, sizeof(behind) - 1, (unused) \
    }

static void write_odd(struct buffer *out, const struct odd_key *odd, struct bytes modulus)
{
    buffer_init(out, 2000);
    buffer_append(out, bytes_of(odd->front, odd->front_size));
    buffer_append(out, modulus);
    buffer_append(out, bytes_of(odd->behind, odd->behind_size));
    assert_int_equal(out->error, 0);
}

/* RSA of 2048 bits, e = 65537: 30 82 01 0a 02 82 01 01 00 <modulus> 02 03 01 00 01 (RFC 8017,
 * A.1.1). OpenSSL would read most of the others, too. */
static void test_an_rsa_key_has_one_way_to_be_written(void **state)
{
    (void)state;
    static const struct odd_key usual =
        ODD("\x30\x82\x01\x0a\x02\x82\x01\x01\x00", "\x02\x03\x01\x00\x01", 0);
    static const struct odd_key odd[] = {
        /* bytes behind it, and within it */
        ODD("\x30\x82\x01\x0a\x02\x82\x01\x01\x00", "\x02\x03\x01\x00\x01\x00", 0),
        ODD("\x30\x82\x01\x0d\x02\x82\x01\x01\x00", "\x02\x03\x01\x00\x01\x02\x01\x05", 0),
        /* lengths longer than they need to be, or not said */
        ODD("\x30\x83\x00\x01\x0a\x02\x82\x01\x01\x00", "\x02\x03\x01\x00\x01", 0),
        ODD("\x30\x82\x01\x0b\x02\x83\x00\x01\x01\x00", "\x02\x03\x01\x00\x01", 0),
        ODD("\x30\x82\x01\x0b\x02\x82\x01\x01\x00", "\x02\x81\x03\x01\x00\x01", 0),
        ODD("\x30\x82\x01\x0c\x02\x82\x01\x01\x00", "\x02\x82\x00\x03\x01\x00\x01", 0),
        ODD("\x30\x80\x02\x82\x01\x01\x00", "\x02\x03\x01\x00\x01\x00\x00", 0),
        /* numbers with needless zeros, and below zero */
        ODD("\x30\x82\x01\x0b\x02\x82\x01\x02\x00\x00", "\x02\x03\x01\x00\x01", 0),
        ODD("\x30\x82\x01\x0b\x02\x82\x01\x01\x00", "\x02\x04\x00\x01\x00\x01", 0),
        ODD("\x30\x82\x01\x09\x02\x82\x01\x00", "\x02\x03\x01\x00\x01", 0),
        ODD("\x30\x82\x01\x08\x02\x82\x01\x01\x00", "\x02\x01\x81", 0),
        /* a last byte of which some bits do not count */
        ODD("\x30\x82\x01\x0a\x02\x82\x01\x01\x00", "\x02\x03\x01\x00\x02",
            ASN1_STRING_FLAG_BITS_LEFT | 1),
        /* other things where numbers belong, and one number alone */
        ODD("\x30\x82\x01\x0a\x02\x82\x01\x01\x00", "\x04\x03\x01\x00\x01", 0),
        ODD("\x31\x82\x01\x0a\x02\x82\x01\x01\x00", "\x02\x03\x01\x00\x01", 0),
        ODD("\x30\x82\x01\x05\x02\x82\x01\x01\x00", "", 0),
    };
    struct certificate *signer = NULL;
    struct certificate *c = NULL;
    struct why why = WHY_NONE;
    struct buffer key;
    assert_int_equal(certificate_load(&signer, vector_path("pool/rsa2048.pem"), NULL), 0);
    struct bytes modulus = bytes_slice(certificate_public_key(signer), 9, 256);
    assert_true(modulus.size == 256 && modulus.data[0] & 0x80);
    write_odd(&key, &usual, modulus);
    if (read_with_key(&c, buffer_bytes(&key), 0, &why))
        fail_msg("%s", why.text);
    assert_bytes_equal(certificate_public_key(c), certificate_public_key(signer));
    certificate_free(c);
    buffer_fini(&key);
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        why = (struct why)WHY_NONE;
        write_odd(&key, &odd[i], modulus);
        if (read_with_key(&c, buffer_bytes(&key), odd[i].unused_bits, &why) == 0)
            fail_msg("key %zu was read", i);
        if (!strstr(why.text, "its public key cannot be read"))
            fail_msg("key %zu: %s", i, why.text);
        buffer_fini(&key);
    }
    certificate_free(signer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_are_in_the_order_of_cucm),
        cmocka_unit_test(test_unknown_attributes_follow_the_known_ones),
        cmocka_unit_test(test_the_public_key_is_the_one_openssl_writes),
        cmocka_unit_test(test_an_rsa_key_has_one_way_to_be_written),
        cmocka_unit_test(test_a_name_with_a_nul_is_refused),
        cmocka_unit_test(test_a_self_signed_certificate_has_what_its_use_asks),
        cmocka_unit_test(test_a_request_fits_the_certificate_made_of_it_only),
        cmocka_unit_test(test_a_key_that_does_not_fit_its_certificate_is_refused),
        cmocka_unit_test(test_an_identity_is_written_and_read_back),
        cmocka_unit_test(test_what_is_no_certificate_says_why),
        cmocka_unit_test(test_truncated_certificates_are_refused),
        cmocka_unit_test(test_a_chain_needs_its_root_and_its_time),
    };
    return RUN(tests);
}
