#include "support.h"

#include "base/text.h"
#include "pki/signedfile.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct certificate *vector_certificate(const char *name)
{
    struct certificate *c = NULL;
    struct why why = WHY_NONE;
    int result = certificate_load(&c, vector_path(name), &why);
    if (result)
        fail_msg("%s", why_text(&why, result));
    return c;
}

/* The vectors keep certificate and key apart; an identity wants both. */
static struct identity vector_identity(const char *name)
{
    struct identity id = {0};
    char file[64];
    snprintf(file, sizeof file, "%s.der", name);
    id.certificate = vector_certificate(file);
    snprintf(file, sizeof file, "%s.key.pem", name);
    struct bytes pem = vector_load(file);
    assert_int_equal(key_from_pem(&id.key, pem, NULL), 0);
    vector_free(pem);
    assert_true(key_fits(id.key, id.certificate));
    return id;
}

static const uint8_t address[4] = {192, 0, 2, 10};
#define ADDRESS bytes_of(address, 4)
#define NONE    bytes_of(NULL, 0)

static void append_record(struct buffer *body, const struct certificate *c, uint16_t role,
                          enum record_form form, const char *dns, struct bytes ip)
{
    struct trustlist_record r = record_of_certificate(c, role, form, dns, ip);
    assert_int_equal(record_write(body, &r, NULL), 0);
}

static struct envelope_spec list_spec(enum trustlist_kind kind)
{
    return (struct envelope_spec){.version_major = 1,
                                  .version_minor = 2,
                                  .digest = DIGEST_SHA1,
                                  .filename = bytes_of_string(trustlist_file_name(kind)),
                                  .has_timestamp = true,
                                  .timestamp = 1704067200};
}

static void expect_vector(const struct envelope_spec *spec, const struct identity *signer,
                          struct bytes body, const char *vector)
{
    struct buffer out;
    struct why why = WHY_NONE;
    buffer_init(&out, 65536);
    int result = signedfile_write(&out, spec, signer, body, &why);
    if (result)
        fail_msg("%s", why_text(&why, result));
    struct bytes want = vector_load(vector);
    assert_bytes_equal(buffer_bytes(&out), want);
    vector_free(want);
    buffer_fini(&out);
}

static void test_lists_are_built_bit_for_bit_as_the_vectors(void **state)
{
    (void)state;
    struct identity signer = vector_identity("signer");
    struct certificate *capf = vector_certificate("capf.der");
    struct certificate *tvs = vector_certificate("tvs.der");
    struct buffer body;
    buffer_init(&body, 65536);
    append_record(&body, signer.certificate, ROLE_SAST, RECORD_FULL, "pub1", ADDRESS);
    append_record(&body, signer.certificate, ROLE_CCM_TFTP, RECORD_FULL, "pub1", ADDRESS);
    append_record(&body, capf, ROLE_CAPF, RECORD_FULL, "pub1", ADDRESS);
    struct envelope_spec ctl = list_spec(TRUSTLIST_CTL);
    expect_vector(&ctl, &signer, buffer_bytes(&body), "CTLFile.tlv");

    buffer_clear(&body);
    append_record(&body, signer.certificate, ROLE_SAST, RECORD_FULL, "", NONE);
    append_record(&body, signer.certificate, ROLE_TFTP, RECORD_FULL, "", NONE);
    append_record(&body, capf, ROLE_CAPF, RECORD_HASHED, "", NONE);
    append_record(&body, tvs, ROLE_TVS, RECORD_HASHED, "", NONE);
    struct envelope_spec itl = list_spec(TRUSTLIST_ITL);
    expect_vector(&itl, &signer, buffer_bytes(&body), "ITLFile.tlv");

    buffer_clear(&body);
    append_record(&body, signer.certificate, ROLE_SAST, RECORD_FULL, "", NONE);
    append_record(&body, signer.certificate, ROLE_TFTP, RECORD_FULL, "", NONE);
    append_record(&body, tvs, ROLE_TVS, RECORD_FULL, "", NONE);
    itl.digest = DIGEST_SHA512;
    itl.has_aea = true;
    itl.aea_major = itl.aea_minor = 1;
    expect_vector(&itl, &signer, buffer_bytes(&body), "ITLFile-v11-sha512.tlv");

    buffer_fini(&body);
    certificate_free(capf);
    certificate_free(tvs);
    identity_fini(&signer);
}

static void test_signed_files_are_built_bit_for_bit_as_the_vectors(void **state)
{
    (void)state;
    struct identity signer = vector_identity("signer");
    struct bytes xml = vector_load("SEP001122334455.cnf.xml");
    struct envelope_spec spec = {.version_major = 1,
                                 .version_minor = 0,
                                 .digest = DIGEST_SHA1,
                                 .filename = bytes_of_string("SEP001122334455.cnf.xml.sgn"),
                                 .has_timestamp = true,
                                 .timestamp = 1704067200};
    expect_vector(&spec, &signer, xml, "SEP001122334455.cnf.xml.plain-config.sgn");
    struct bytes full = vector_load("SEP001122334455.cnf.xml.sgn");
    struct envelope e;
    assert_int_equal(envelope_parse(&e, full, NULL), 0);
    expect_vector(&spec, &signer, envelope_body(&e, full), "SEP001122334455.cnf.xml.sgn");
    vector_free(full);
    vector_free(xml);
    identity_fini(&signer);
}

static void test_the_covered_bytes_hash_to_the_known_sum(void **state)
{
    (void)state;
    struct bytes file = vector_load("CTLFile.tlv");
    struct envelope e;
    struct bytes pieces[2];
    uint8_t sha1[SHA1_SIZE];
    assert_int_equal(envelope_parse(&e, file, NULL), 0);
    envelope_covered(&e, file, pieces);
    assert_int_equal(pieces[0].size + pieces[1].size, 3085);
    assert_int_equal(digest_pieces(DIGEST_KIND_SHA1, pieces, 2, sha1), 0);
    char hex[2 * SHA1_SIZE + 1];
    assert_string_equal(text_hex(hex, sizeof hex, bytes_of(sha1, sizeof sha1), false, 0),
                        "f7189f51ae61c78b8fef8a746d6e8bab4cfaea91");
    vector_free(file);
}

static void test_every_vector_verifies_and_no_flipped_bit_does(void **state)
{
    (void)state;
    struct bytes whole = vector_load("ITLFile.tlv");
    uint8_t *copy = malloc(whole.size);
    size_t parsed = 0;
    size_t refused = 0;
    /* One bit of every byte, another from byte to byte; all of them in the long run. */
    size_t step = test_is_long() ? 1 : 9;
    for (size_t bit = 0; bit < whole.size * 8; bit += step) {
        memcpy(copy, whole.data, whole.size);
        copy[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        struct trustlist *list = NULL;
        struct why why = WHY_NONE;
        int result = trustlist_parse(&list, bytes_of(copy, whole.size), &why);
        if (result) {
            if (!strstr(why.text, "offset") && !strstr(why.text, "tag"))
                fail_msg("bit %zu: '%s' names neither offset nor tag", bit, why.text);
            refused++;
            continue;
        }
        size_t signer;
        if (trustlist_verify(list, &signer, NULL) == 0)
            fail_msg("bit %zu (offset %zu) flipped, and the list still verifies", bit, bit / 8);
        parsed++;
        trustlist_free(list);
    }
    assert_int_equal(parsed + refused, (whole.size * 8 + step - 1) / step);
    assert_true(parsed > refused);
    free(copy);
    vector_free(whole);
    const char *const lists[] = {"CTLFile.tlv", "ITLFile.tlv", "ITLFile-v11-sha512.tlv"};
    for (size_t i = 0; i < 3; i++) {
        struct bytes file = vector_load(lists[i]);
        struct trustlist *list = NULL;
        size_t signer = 9;
        assert_int_equal(trustlist_parse(&list, file, NULL), 0);
        assert_int_equal(trustlist_verify(list, &signer, NULL), 0);
        assert_int_equal(signer, 0);
        trustlist_free(list);
        vector_free(file);
    }
}

static void test_a_signature_of_another_length_than_the_key_is_refused(void **state)
{
    (void)state;
    struct bytes file = vector_load("CTLFile.tlv");
    struct certificate *device = vector_certificate("device.der"); /* RSA 2048 */
    struct envelope e;
    struct why why = WHY_NONE;
    assert_int_equal(envelope_parse(&e, file, NULL), 0);
    assert_int_equal(signedfile_verify(&e, file, device, &why), ERR_VERIFY);
    assert_non_null(strstr(why.text, "128 bytes cannot be of the signer's 2048-bit key"));
    certificate_free(device);
    vector_free(file);
}

/* The right digest under a padding that only looks like PKCS#1: 00 01 FF 00 DigestInfo garbage. */
static void test_a_short_padding_is_refused(void **state)
{
    (void)state;
    struct identity signer = vector_identity("signer");
    struct bytes file = vector_load("CTLFile.tlv");
    struct envelope e;
    struct bytes pieces[2];
    assert_int_equal(envelope_parse(&e, file, NULL), 0);
    envelope_covered(&e, file, pieces);
    uint8_t block[128] = {0x00, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00};
    static const uint8_t info[] = {0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e,
                                   0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14};
    memcpy(block + 11, info, sizeof info);
    assert_int_equal(digest_pieces(DIGEST_KIND_SHA1, pieces, 2, block + 11 + sizeof info), 0);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key_pkey(signer.key), NULL);
    assert_non_null(ctx);
    assert_int_equal(EVP_PKEY_sign_init(ctx), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING), 1);
    uint8_t raw[128];
    size_t size = sizeof raw;
    assert_int_equal(EVP_PKEY_sign(ctx, raw, &size, block, sizeof block), 1);
    EVP_PKEY_CTX_free(ctx);
    e.signature = bytes_of(raw, size);
    assert_int_equal(signedfile_verify(&e, file, signer.certificate, NULL), ERR_VERIFY);
    identity_fini(&signer);
    vector_free(file);
}

static void test_every_key_size_and_digest_signs_and_verifies(void **state)
{
    (void)state;
    const unsigned bits[] = {1024, 2048, 4096};
    const enum digest_code digests[] = {DIGEST_SHA1, DIGEST_SHA256, DIGEST_SHA512};
    const char *const pool[] = {"pool/rsa1024.pem", "pool/rsa2048.pem", "pool/rsa4096.pem"};
    for (size_t k = 0; k < 3; k++) {
        struct identity id = {0};
        struct why why = WHY_NONE;
        int result = identity_load(&id, vector_path(pool[k]), &why);
        if (result)
            fail_msg("%s", why_text(&why, result));
        for (size_t d = 0; d < 3; d++) {
            struct envelope_spec spec = list_spec(TRUSTLIST_CTL);
            struct buffer body;
            struct buffer out;
            buffer_init(&body, 65536);
            buffer_init(&out, 65536);
            spec.digest = digests[d];
            append_record(&body, id.certificate, ROLE_SAST, RECORD_FULL, "n", ADDRESS);
            assert_int_equal(signedfile_write(&out, &spec, &id, buffer_bytes(&body), NULL), 0);
            struct trustlist *list = NULL;
            size_t signer;
            assert_int_equal(trustlist_parse(&list, buffer_bytes(&out), NULL), 0);
            assert_int_equal(list->header.modulus, k + 1);
            assert_int_equal(list->header.signature.size, bits[k] / 8);
            assert_int_equal(trustlist_verify(list, &signer, NULL), 0);
            trustlist_free(list);
            buffer_fini(&out);
            buffer_fini(&body);
        }
        identity_fini(&id);
    }
}

static void test_an_ec_certificate_is_a_record_but_never_a_signer(void **state)
{
    (void)state;
    struct identity id = {0};
    assert_int_equal(identity_load(&id, vector_path("pool/ec256.pem"), NULL), 0);
    struct trustlist_record r =
        record_of_certificate(id.certificate, ROLE_TFTP, RECORD_FULL, NULL, NONE);
    assert_int_equal(r.public_key.size, 65);
    assert_int_equal(r.public_key.data[0], 0x04);
    assert_int_equal(r.signature.data[0], 0x30); /* a DER ECDSA signature */
    struct envelope_spec spec = list_spec(TRUSTLIST_ITL);
    struct buffer out;
    struct why why = WHY_NONE;
    buffer_init(&out, 65536);
    assert_int_equal(signedfile_write(&out, &spec, &id, NONE, &why), ERR_UNSUPPORTED);
    assert_non_null(strstr(why.text, "P-256"));
    buffer_fini(&out);
    identity_fini(&id);
}

static void test_a_hashed_signer_record_verifies_by_its_public_key(void **state)
{
    (void)state;
    struct bytes file = vector_load("CTLFile.tlv");
    struct trustlist *list = NULL;
    assert_int_equal(trustlist_parse(&list, file, NULL), 0);
    struct trustlist_record r = list->records[0];
    r.certificate = NONE;
    assert_int_equal(signedfile_verify_record(&list->header, file, &r, NULL), 0);
    r.public_key = list->records[2].public_key;
    assert_int_equal(signedfile_verify_record(&list->header, file, &r, NULL), ERR_VERIFY);
    r.public_key = bytes_slice(r.public_key, 0, 20);
    assert_int_equal(signedfile_verify_record(&list->header, file, &r, NULL), ERR_FORMAT);
    trustlist_free(list);
    vector_free(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists_are_built_bit_for_bit_as_the_vectors),
        cmocka_unit_test(test_signed_files_are_built_bit_for_bit_as_the_vectors),
        cmocka_unit_test(test_the_covered_bytes_hash_to_the_known_sum),
        cmocka_unit_test(test_every_vector_verifies_and_no_flipped_bit_does),
        cmocka_unit_test(test_a_signature_of_another_length_than_the_key_is_refused),
        cmocka_unit_test(test_a_short_padding_is_refused),
        cmocka_unit_test(test_every_key_size_and_digest_signs_and_verifies),
        cmocka_unit_test(test_an_ec_certificate_is_a_record_but_never_a_signer),
        cmocka_unit_test(test_a_hashed_signer_record_verifies_by_its_public_key),
    };
    return RUN(tests);
}
