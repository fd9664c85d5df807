#include "support.h"

#include "pki/issue.h"
#include "pki/proof.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <string.h>

#define NAME    "SEP001122334455"
#define SESSION 0x01020304

/* A phone's certificate and key, and the AUTH_RES it makes of them. */
struct phone {
    struct certificate *certificate;
    struct key *key;
    struct proof proof;
    struct proof sudi;
    struct capf_message answer;
};

static struct key *key_of(const char *vector)
{
    struct bytes pem = vector_load(vector);
    struct key *key = NULL;
    assert_int_equal(key_from_pem(&key, pem, NULL), 0);
    vector_free(pem);
    return key;
}

/* Golden: the signatures that the openssl command made (test/vector/README.md). */
static struct bytes golden_into(uint8_t out[KEY_SIGNATURE_MAX], const char *vector)
{
    struct bytes file = vector_load(vector);
    assert_int_equal(file.size, 256);
    memcpy(out, file.data, file.size);
    vector_free(file);
    return bytes_of(out, 256);
}

static void answer_of(struct phone *phone)
{
    struct bytes der = certificate_der(phone->certificate);
    phone->answer = (struct capf_message){
        .command = CAPF_AUTH_RES, .has_device_name = true, .device_name = bytes_of_string(NAME)};
    proof_attach(&phone->answer, &phone->proof, der);
    proof_attach_sudi(&phone->answer, &phone->sudi, der);
}

static void golden_phone(struct phone *phone)
{
    *phone = (struct phone){0};
    assert_int_equal(certificate_load(&phone->certificate, vector_path("device.der"), NULL), 0);
    phone->key = key_of("device.key.pem");
    phone->proof.sha1_size = golden_into(phone->proof.sha1, "capf/proof.sha1.sig").size;
    phone->proof.sha512_size = golden_into(phone->proof.sha512, "capf/proof.sha512.sig").size;
    phone->sudi.sha1_size = golden_into(phone->sudi.sha1, "capf/sudi.sha1.sig").size;
    phone->sudi.sha512_size = golden_into(phone->sudi.sha512, "capf/sudi.sha512.sig").size;
    answer_of(phone);
}

static void made_phone(struct phone *phone, enum key_kind kind, unsigned bits)
{
    struct certificate_template t = {
        .use = USE_SERVER, .subject = {.common_name = NAME}, .not_before = 1700000000, .days = 100};
    uint8_t serial[SERIAL_BYTES];
    serial_random(serial);
    *phone = (struct phone){0};
    assert_int_equal(key_generate(&phone->key, &(struct key_spec){kind, bits}, NULL), 0);
    assert_int_equal(certificate_self_sign(&phone->certificate, phone->key, &t, serial, NULL), 0);
    struct bytes der = certificate_der(phone->certificate);
    assert_int_equal(proof_make(&phone->proof, phone->key, bytes_of_string(NAME), der, NULL), 0);
    assert_int_equal(proof_make_sudi(&phone->sudi, phone->key, SESSION, der, NULL), 0);
    answer_of(phone);
}

static void phone_fini(struct phone *phone)
{
    certificate_free(phone->certificate);
    key_free(phone->key);
}

static int check(const struct phone *phone)
{
    return proof_check(&phone->answer, phone->certificate, false, NULL);
}

static int check_sudi(const struct phone *phone, uint32_t session)
{
    return proof_check_sudi(&phone->answer, phone->certificate, session, NULL);
}

static void test_signatures_of_the_openssl_command_are_right_and_are_made_the_same(void **state)
{
    (void)state;
    struct phone phone;
    golden_phone(&phone);
    assert_int_equal(check(&phone), 0);
    assert_int_equal(check_sudi(&phone, SESSION), 0);

    struct bytes der = certificate_der(phone.certificate);
    struct proof made;
    assert_int_equal(proof_make(&made, phone.key, bytes_of_string(NAME), der, NULL), 0);
    assert_bytes_equal(bytes_of(made.sha1, made.sha1_size), phone.answer.signature);
    assert_bytes_equal(bytes_of(made.sha512, made.sha512_size), phone.answer.sha2_signature);
    assert_int_equal(proof_make_sudi(&made, phone.key, SESSION, der, NULL), 0);
    assert_bytes_equal(bytes_of(made.sha1, made.sha1_size), phone.answer.sudi.sha1_signature);
    assert_bytes_equal(bytes_of(made.sha512, made.sha512_size), phone.answer.sudi.sha512_signature);
    phone_fini(&phone);
}

static void test_the_session_id_counts_and_is_little_endian(void **state)
{
    (void)state;
    struct phone phone;
    golden_phone(&phone);
    assert_int_equal(check_sudi(&phone, 0x04030201), ERR_VERIFY);
    assert_int_equal(check_sudi(&phone, SESSION + 1), ERR_VERIFY);
    assert_int_equal(check_sudi(&phone, 0), ERR_VERIFY);
    phone_fini(&phone);
}

static void test_another_name_or_certificate_is_refused(void **state)
{
    (void)state;
    struct phone phone;
    golden_phone(&phone);
    struct why why = WHY_NONE;
    phone.answer.device_name = bytes_of_string("SEP001122334456");
    assert_int_equal(proof_check(&phone.answer, phone.certificate, false, &why), ERR_VERIFY);
    assert_non_null(strstr(why.text, "SIGNED_DATA: the signature was not made with the key of"));
    answer_of(&phone);
    phone.answer.device_name = bytes_of_string("SEP00112233445");
    assert_int_equal(check(&phone), ERR_VERIFY);

    struct phone other;
    made_phone(&other, KEY_RSA, 2048);
    phone.answer = other.answer; /* with their signatures, against our certificate */
    assert_int_equal(check(&phone), ERR_VERIFY);
    assert_int_equal(check_sudi(&phone, SESSION), ERR_VERIFY);
    phone_fini(&other);
    phone_fini(&phone);
}

static void test_swapped_signatures_are_refused(void **state)
{
    (void)state;
    struct phone phone;
    golden_phone(&phone);
    struct capf_message good = phone.answer;
    phone.answer.signature = good.sha2_signature;
    phone.answer.sha2_signature = good.signature;
    assert_int_equal(check(&phone), ERR_VERIFY);
    phone.answer = good;
    phone.answer.sudi.sha1_signature = good.sudi.sha512_signature;
    phone.answer.sudi.sha512_signature = good.sudi.sha1_signature;
    assert_int_equal(check_sudi(&phone, SESSION), ERR_VERIFY);
    /* What is signed for one element is no proof in the other. */
    phone.answer = good;
    phone.answer.sudi.sha1_signature = good.signature;
    assert_int_equal(check_sudi(&phone, SESSION), ERR_VERIFY);
    phone_fini(&phone);
}

static void test_a_signature_of_another_length_is_refused(void **state)
{
    (void)state;
    struct phone phone;
    golden_phone(&phone);
    struct capf_message good = phone.answer;
    uint8_t longer[257];
    memcpy(longer, good.signature.data, 256);
    longer[256] = 0;
    for (size_t size = 0; size <= 257; size += size < 250 ? 50 : 1) {
        if (size == 256)
            continue;
        phone.answer.signature = bytes_of(longer, size);
        assert_int_equal(check(&phone), ERR_VERIFY);
    }
    phone.answer = good;
    phone.answer.sha2_signature = bytes_slice(good.sha2_signature, 0, 255);
    assert_int_equal(check(&phone), ERR_VERIFY);
    phone_fini(&phone);
}

/* The private operation on a block of our making. */
static struct bytes raw_signature(uint8_t out[256], const struct key *key, const uint8_t block[256])
{
    size_t size = 256;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key_pkey(key), NULL);
    assert_int_equal(EVP_PKEY_sign_init(ctx), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING), 1);
    assert_int_equal(EVP_PKEY_sign(ctx, out, &size, block, 256), 1);
    EVP_PKEY_CTX_free(ctx);
    return bytes_of(out, size);
}

static void test_the_right_tail_behind_wrong_padding_is_refused(void **state)
{
    (void)state;
    struct phone phone;
    golden_phone(&phone);
    uint8_t hash[DIGEST_SIZE_MAX];
    const struct bytes pieces[] = {bytes_of(NAME, sizeof NAME), certificate_der(phone.certificate)};
    assert_int_equal(digest_pieces(DIGEST_KIND_SHA1, pieces, 2, hash), 0);
    uint8_t good[256];
    memset(good, 0xff, sizeof good);
    good[0] = 0;
    good[1] = 1;
    good[235] = 0; /* where the separator is for RSA 2048 and SHA-1 */
    memcpy(good + 236, hash, SHA1_SIZE);
    uint8_t out[256];
    phone.answer.signature = raw_signature(out, phone.key, good);
    assert_int_equal(check(&phone), 0); /* so the block above is the one that is meant */

    static const struct {
        size_t from, size;
        uint8_t value;
    } damages[] = {
        {2, 233, 0x00},  /* zeros for FF */
        {1, 1, 0x02},    /* a block for encryption */
        {1, 1, 0x00},    /* an old type of block */
        {2, 1, 0xfe},    /* one wrong byte at the front */
        {234, 1, 0xfe},  /* and one at the end */
        {235, 1, 0xff},  /* no separator: the hash would be part of the padding */
        {100, 1, 0x00},  /* an early separator, rubbish in front of the hash */
        {10, 225, 0x00}, /* the shortest padding there may be, then rubbish */
    };
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        uint8_t bad[256];
        memcpy(bad, good, sizeof bad);
        memset(bad + damages[i].from, damages[i].value, damages[i].size);
        phone.answer.signature = raw_signature(out, phone.key, bad);
        assert_int_equal(check(&phone), ERR_VERIFY);
    }
    /* The hash at the front of the recovered bytes, and rubbish behind it. */
    uint8_t bad[256];
    memcpy(bad, good, sizeof bad);
    memmove(bad + 135, good + 235, 21);
    phone.answer.signature = raw_signature(out, phone.key, bad);
    assert_int_equal(check(&phone), ERR_VERIFY);
    phone_fini(&phone);
}

static void test_a_signature_with_digest_info_is_refused(void **state)
{
    (void)state;
    struct phone phone;
    golden_phone(&phone);
    struct capf_message good = phone.answer;
    const struct bytes pieces[] = {bytes_of(NAME, sizeof NAME), certificate_der(phone.certificate)};
    static const enum digest_kind kinds[] = {DIGEST_KIND_SHA1, DIGEST_KIND_SHA512};
    for (size_t i = 0; i < 2; i++) {
        struct buffer usual;
        buffer_init(&usual, KEY_SIGNATURE_MAX);
        assert_int_equal(key_sign(&usual, phone.key, kinds[i], pieces, 2), 0);
        phone.answer = good;
        *(i ? &phone.answer.sha2_signature : &phone.answer.signature) = buffer_bytes(&usual);
        assert_int_equal(check(&phone), ERR_VERIFY);
        buffer_fini(&usual);
    }
    phone_fini(&phone);
}

static void test_each_missing_element_is_named(void **state)
{
    (void)state;
    struct phone phone;
    golden_phone(&phone);
    struct capf_message good = phone.answer;
    bool *const has[] = {&phone.answer.has_device_name, &phone.answer.has_certificate,
                         &phone.answer.has_signature, &phone.answer.has_sha2};
    static const char *const names[] = {"DEVICE_NAME", "CERTIFICATE", "SIGNED_DATA",
                                        "SHA2_SIGNED_DATA"};
    for (size_t i = 0; i < 4; i++) {
        struct why why = WHY_NONE;
        phone.answer = good;
        *has[i] = false;
        assert_int_equal(proof_check(&phone.answer, phone.certificate, false, &why), ERR_NOT_FOUND);
        assert_true(strncmp(why.text, names[i], strlen(names[i])) == 0);
    }
    phone.answer = good;
    phone.answer.has_sudi = false;
    assert_int_equal(check_sudi(&phone, SESSION), ERR_NOT_FOUND);
    phone.answer = good;
    phone.answer.sudi.certificate = bytes_of(NULL, 0);
    assert_int_equal(check_sudi(&phone, SESSION), ERR_NOT_FOUND);
    phone_fini(&phone);
}

static void test_sha1_alone_is_enough_only_where_it_may_be(void **state)
{
    (void)state;
    struct phone phone;
    golden_phone(&phone);
    phone.answer.has_sha2 = false;
    assert_int_equal(proof_check(&phone.answer, phone.certificate, false, NULL), ERR_NOT_FOUND);
    assert_int_equal(proof_check(&phone.answer, phone.certificate, true, NULL), 0);
    /* A wrong second signature is worse than none. */
    answer_of(&phone);
    phone.answer.sha2_signature = phone.answer.signature;
    assert_int_equal(proof_check(&phone.answer, phone.certificate, true, NULL), ERR_VERIFY);
    answer_of(&phone);
    static const uint8_t codes[] = {0, 1, 4, 255};
    for (size_t i = 0; i < sizeof codes; i++) {
        phone.answer.sha2_digest = codes[i];
        assert_int_equal(proof_check(&phone.answer, phone.certificate, true, NULL),
                         ERR_UNSUPPORTED);
    }
    phone_fini(&phone);
}

static void test_keys_of_each_curve_prove_themselves(void **state)
{
    (void)state;
    static const unsigned bits[] = {256, 384, 521};
    for (size_t i = 0; i < 3; i++) {
        struct phone phone;
        made_phone(&phone, KEY_EC, bits[i]);
        assert_int_equal(check(&phone), 0);
        assert_int_equal(check_sudi(&phone, SESSION), 0);
        assert_int_equal(check_sudi(&phone, SESSION + 1), ERR_VERIFY);
        struct capf_message good = phone.answer;
        phone.answer.sha2_signature = good.signature;
        assert_int_equal(check(&phone), ERR_VERIFY);
        phone.answer = good;
        phone.answer.device_name = bytes_of_string("SEP001122334456");
        assert_int_equal(check(&phone), ERR_VERIFY);
        for (size_t size = 0; size < good.signature.size; size++) {
            phone.answer = good;
            phone.answer.signature.size = size;
            assert_int_equal(check(&phone), ERR_VERIFY);
        }
        phone_fini(&phone);
    }
}

static void test_rsa_keys_of_1024_bit_prove_themselves(void **state)
{
    (void)state;
    struct phone phone;
    made_phone(&phone, KEY_RSA, 1024);
    assert_int_equal(phone.proof.sha512_size, 128);
    assert_int_equal(check(&phone), 0);
    assert_int_equal(check_sudi(&phone, SESSION), 0);
    phone_fini(&phone);
}

static void test_a_proof_survives_the_wire(void **state)
{
    (void)state;
    struct phone phone;
    golden_phone(&phone);
    struct buffer frame;
    buffer_init(&frame, CAPF_FRAME_MAX);
    phone.answer.session = SESSION;
    assert_int_equal(capf_write(&frame, &phone.answer, NULL), 0);
    assert_int_equal(capf_read(&phone.answer, buffer_bytes(&frame), NULL), 0);
    struct certificate *sent = NULL;
    assert_int_equal(certificate_from_der(&sent, phone.answer.certificate, NULL), 0);
    assert_int_equal(proof_check(&phone.answer, sent, false, NULL), 0);
    assert_int_equal(proof_check_sudi(&phone.answer, sent, phone.answer.session, NULL), 0);
    certificate_free(sent);
    buffer_fini(&frame);
    phone_fini(&phone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signatures_of_the_openssl_command_are_right_and_are_made_the_same),
        cmocka_unit_test(test_the_session_id_counts_and_is_little_endian),
        cmocka_unit_test(test_another_name_or_certificate_is_refused),
        cmocka_unit_test(test_swapped_signatures_are_refused),
        cmocka_unit_test(test_a_signature_of_another_length_is_refused),
        cmocka_unit_test(test_the_right_tail_behind_wrong_padding_is_refused),
        cmocka_unit_test(test_a_signature_with_digest_info_is_refused),
        cmocka_unit_test(test_each_missing_element_is_named),
        cmocka_unit_test(test_sha1_alone_is_enough_only_where_it_may_be),
        cmocka_unit_test(test_keys_of_each_curve_prove_themselves),
        cmocka_unit_test(test_rsa_keys_of_1024_bit_prove_themselves),
        cmocka_unit_test(test_a_proof_survives_the_wire),
    };
    return RUN(tests);
}
