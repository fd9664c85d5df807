#include "ca.h"

#include "pki/seal.h"

#define NAME "SEP001122334455.cnf.xml"

struct setup {
    struct identity signer;
    struct certificate *device;
    struct key *key;
    struct bytes xml;
};

static void setup(struct setup *s)
{
    *s = (struct setup){.key = pool_key("device.key.pem"), .xml = vector_load(NAME)};
    s->signer.key = pool_key("signer.key.pem");
    assert_int_equal(certificate_load(&s->signer.certificate, vector_path("signer.der"), NULL), 0);
    assert_int_equal(certificate_load(&s->device, vector_path("device.der"), NULL), 0);
}

static void teardown(struct setup *s)
{
    identity_fini(&s->signer);
    certificate_free(s->device);
    key_free(s->key);
    vector_free(s->xml);
}

static const struct envelope_spec *golden_spec(void)
{
    static struct envelope_spec spec;
    spec = (struct envelope_spec){.version_major = 2,
                                  .digest = DIGEST_SHA1,
                                  .filename = bytes_of_string(NAME ".enc.sgn"),
                                  .has_timestamp = true,
                                  .timestamp = 0x65920080};
    return &spec;
}

static void test_the_golden_file_is_made_again_bit_for_bit(void **state)
{
    (void)state;
    struct setup s;
    setup(&s);
    struct bytes golden = vector_load(NAME ".enc.sgn");
    struct bytes wrapped = vector_load("wrapped.bin");
    struct seal_secrets secrets = {.wrapped = wrapped};
    for (unsigned i = 0; i < SEALED_BLOCK; i++) {
        secrets.key[i] = (uint8_t)i;
        secrets.iv[i] = (uint8_t)(0xf0 - 16 * i);
    }
    struct seal seal;
    struct buffer out;
    buffer_init(&out, 1 << 16);
    struct file_signer by = identity_signer(&s.signer);
    assert_int_equal(seal_make_with(&seal, s.xml, &secrets, DIGEST_SHA1, NULL), 0);
    assert_int_equal(seal_write_file(&out, golden_spec(), &by, &seal, NULL), 0);
    assert_bytes_equal(buffer_bytes(&out), golden);
    seal_fini(&seal);
    buffer_fini(&out);
    vector_free(wrapped);
    vector_free(golden);
    teardown(&s);
}

static void test_the_golden_file_opens_with_the_phones_key(void **state)
{
    (void)state;
    struct setup s;
    setup(&s);
    struct bytes golden = vector_load(NAME ".enc.sgn");
    struct buffer out;
    struct envelope header;
    buffer_init(&out, 1 << 16);
    assert_int_equal(envelope_parse(&header, golden, NULL), 0);
    assert_int_equal(signedfile_verify(&header, golden, s.signer.certificate, NULL), 0);
    assert_int_equal(unseal(&out, golden, s.key, NULL), 0);
    assert_bytes_equal(buffer_bytes(&out), s.xml);
    buffer_fini_secret(&out);
    vector_free(golden);
    teardown(&s);
}

/* Sealed by us with fresh secrets, signed, and opened again. */
static void round_trip(struct setup *s, struct bytes text, enum digest_code digest)
{
    struct seal seal;
    struct buffer file;
    struct buffer back;
    struct why why = WHY_NONE;
    struct envelope_spec spec = *golden_spec();
    struct file_signer by = identity_signer(&s->signer);
    buffer_init(&file, 1 << 20);
    buffer_init(&back, 1 << 20);
    spec.digest = digest;
    assert_int_equal(seal_make(&seal, text, s->device, digest, NULL), 0);
    assert_int_equal(seal.ciphertext.size, text.size / 16 * 16 + 16);
    assert_null(memmem(seal.ciphertext.data, seal.ciphertext.size, "device", 6));
    assert_int_equal(seal_write_file(&file, &spec, &by, &seal, NULL), 0);
    if (unseal(&back, buffer_bytes(&file), s->key, &why))
        fail_msg("%zu bytes: %s", text.size, why.text);
    assert_bytes_equal(buffer_bytes(&back), text);
    seal_fini(&seal);
    buffer_fini(&file);
    buffer_fini_secret(&back);
}

static void test_texts_of_every_length_survive_with_every_digest(void **state)
{
    (void)state;
    struct setup s;
    setup(&s);
    for (size_t size = 1; size <= 49; size++)
        round_trip(&s, bytes_slice(s.xml, 0, size), DIGEST_SHA1);
    round_trip(&s, s.xml, DIGEST_SHA256);
    round_trip(&s, s.xml, DIGEST_SHA512);
    struct seal seal;
    assert_int_equal(seal_make(&seal, bytes_of(NULL, 0), s.device, DIGEST_SHA1, NULL), ERR_LIMIT);
    teardown(&s);
}

static void test_two_seals_of_one_text_have_nothing_in_common(void **state)
{
    (void)state;
    struct setup s;
    setup(&s);
    struct seal a;
    struct seal b;
    assert_int_equal(seal_make(&a, s.xml, s.device, DIGEST_SHA1, NULL), 0);
    assert_int_equal(seal_make(&b, s.xml, s.device, DIGEST_SHA1, NULL), 0);
    assert_memory_not_equal(a.ciphertext.data, b.ciphertext.data, a.ciphertext.size);
    assert_memory_not_equal(a.ciphertext.data, b.ciphertext.data, SEALED_BLOCK);
    seal_fini(&a);
    seal_fini(&b);
    teardown(&s);
}

static void test_another_phones_key_opens_nothing(void **state)
{
    (void)state;
    struct setup s;
    setup(&s);
    struct bytes golden = vector_load(NAME ".enc.sgn");
    struct buffer out;
    buffer_init(&out, 1 << 16);
    static const char *const others[] = {"pool/rsa2048.pem", "pool/rsa1024.pem",
                                         "pool/rsa4096.pem"};
    for (size_t i = 0; i < 3; i++) {
        struct key *other = pool_key(others[i]);
        struct why why = WHY_NONE;
        assert_int_equal(unseal(&out, golden, other, &why), ERR_VERIFY);
        assert_non_null(strstr(why.text, "not sealed for this key"));
        key_free(other);
    }
    struct key *ec = pool_key("pool/ec256.pem");
    assert_int_equal(unseal(&out, golden, ec, NULL), ERR_UNSUPPORTED);
    key_free(ec);
    assert_int_equal(out.size, 0);
    buffer_fini(&out);
    vector_free(golden);
    teardown(&s);
}

static void test_a_changed_byte_is_noticed_wherever_it_is(void **state)
{
    (void)state;
    struct setup s;
    setup(&s);
    struct bytes golden = vector_load(NAME ".enc.sgn");
    struct buffer out;
    struct envelope header;
    assert_int_equal(envelope_parse(&header, golden, NULL), 0);
    buffer_init(&out, 1 << 16);
    uint8_t *bytes = (uint8_t *)(uintptr_t)golden.data;
    /* IV, wrapped key, digest, ciphertext; the last block is padding, which says nothing. */
    const size_t places[] = {
        0x140, 0x168, 0x200, 0x270, header.header_size, golden.size - SEALED_BLOCK - 1};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        bytes[places[i]] ^= 0x20;
        assert_int_equal(unseal(&out, golden, s.key, NULL), ERR_VERIFY);
        assert_int_equal(signedfile_verify(&header, golden, s.signer.certificate, NULL),
                         ERR_VERIFY);
        bytes[places[i]] ^= 0x20;
    }
    for (size_t cut = 1; cut < SEALED_BLOCK; cut++)
        assert_int_equal(unseal(&out, bytes_slice(golden, 0, golden.size - cut), s.key, NULL),
                         ERR_FORMAT);
    assert_int_equal(unseal(&out, bytes_slice(golden, 0, header.header_size), s.key, NULL),
                     ERR_FORMAT);
    assert_int_equal(out.size, 0);
    buffer_fini(&out);
    vector_free(golden);
    teardown(&s);
}

static void test_a_phone_with_an_ec_certificate_cannot_have_a_sealed_file(void **state)
{
    (void)state;
    struct setup s;
    setup(&s);
    struct certificate *ec = NULL;
    struct seal seal;
    struct why why = WHY_NONE;
    assert_int_equal(certificate_load(&ec, vector_path("pool/ec256.pem"), NULL), 0);
    assert_int_equal(seal_make(&seal, s.xml, ec, DIGEST_SHA1, &why), ERR_UNSUPPORTED);
    assert_non_null(strstr(why.text, "P-256 256 bit: a file can be sealed for RSA keys"));
    certificate_free(ec);
    teardown(&s);
}

/* openssl x509 -inform der -in device.der -outform der | md5sum */
static void test_the_hash_is_the_md5_that_phones_compare(void **state)
{
    (void)state;
    struct setup s;
    setup(&s);
    char hash[SEAL_HASH_TEXT];
    assert_int_equal(seal_certificate_hash(hash, s.device), 0);
    assert_string_equal(hash, "335e1e9ba809955d739f8d0d9e47ebb1");
    teardown(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_golden_file_is_made_again_bit_for_bit),
        cmocka_unit_test(test_the_golden_file_opens_with_the_phones_key),
        cmocka_unit_test(test_texts_of_every_length_survive_with_every_digest),
        cmocka_unit_test(test_two_seals_of_one_text_have_nothing_in_common),
        cmocka_unit_test(test_another_phones_key_opens_nothing),
        cmocka_unit_test(test_a_changed_byte_is_noticed_wherever_it_is),
        cmocka_unit_test(test_a_phone_with_an_ec_certificate_cannot_have_a_sealed_file),
        cmocka_unit_test(test_the_hash_is_the_md5_that_phones_compare),
    };
    return RUN(tests);
}
