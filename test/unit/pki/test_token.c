#include "support.h"

#include "base/clock.h"
#include "base/file.h"
#include "pki/token.h"
#include "softhsm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIN "4711-0815"

/* One directory for all: making tokens is what takes time here. */
static char directory[1024];

static struct certificate *vector_certificate(const char *name)
{
    struct certificate *c = NULL;
    assert_int_equal(certificate_load(&c, vector_path(name), NULL), 0);
    return c;
}

static struct key *vector_key(const char *name)
{
    struct key *key = NULL;
    struct bytes pem = vector_load(name);
    assert_int_equal(key_from_pem(&key, pem, NULL), 0);
    vector_free(pem);
    return key;
}

static void put_pair(struct softhsm *hsm, const char *label, uint8_t id, const char *vector,
                     bool always)
{
    char name[64];
    snprintf(name, sizeof name, "%s.der", vector);
    struct certificate *certificate = vector_certificate(name);
    snprintf(name, sizeof name, "%s.key.pem", vector);
    struct key *key = vector_key(name);
    assert_int_equal(softhsm_put_certificate(hsm, label, id, certificate), 0);
    assert_int_equal(softhsm_put_key(hsm, label, id, key, always), 0);
    certificate_free(certificate);
    key_free(key);
}

/* The token "lists" signs lists; "odd" holds what goes wrong. */
static int make_tokens(void **state)
{
    (void)state;
    struct softhsm *hsm = NULL;
    if (!softhsm_module())
        return 0;
    temporary_make(directory);
    assert_int_equal(softhsm_use(directory), 0);
    assert_int_equal(softhsm_init(&hsm, "lists", PIN), 0);
    put_pair(hsm, "signer", 1, "signer", false);
    softhsm_close(hsm);
    assert_int_equal(softhsm_init(&hsm, "odd", PIN), 0);
    put_pair(hsm, "asks always", 2, "signer", true);
    put_pair(hsm, "other", 3, "tvs", false);
    struct certificate *capf = vector_certificate("capf.der");
    struct key *signer = vector_key("signer.key.pem");
    assert_int_equal(softhsm_put_certificate(hsm, "keyless", 4, capf), 0);
    assert_int_equal(softhsm_put_certificate(hsm, "mixed up", 5, capf), 0);
    assert_int_equal(softhsm_put_key(hsm, "mixed up", 5, signer, false), 0);
    certificate_free(capf);
    key_free(signer);
    softhsm_close(hsm);
    return 0;
}

static int remove_tokens(void **state)
{
    (void)state;
    if (directory[0])
        temporary_remove(directory);
    return 0;
}

static void need_softhsm(void)
{
    if (!softhsm_module())
        skip();
}

/* Who types PINs in these tests. */
struct typist {
    const char *pin;
    unsigned asked;
    struct token_info seen;
};

static int type_pin(void *context, const struct token_info *token, struct buffer *pin,
                    struct why *why)
{
    (void)why;
    struct typist *typist = context;
    typist->asked++;
    typist->seen = *token;
    buffer_text(pin, typist->pin);
    return pin->error;
}

static struct token_setup setup_of(const char *uri, struct typist *typist)
{
    return (struct token_setup){.uri = uri,
                                .module = softhsm_module(),
                                .ask_pin = typist ? type_pin : NULL,
                                .context = typist};
}

static struct token *open_token(const char *uri)
{
    struct typist typist = {.pin = PIN};
    struct token_setup setup = setup_of(uri, &typist);
    struct token *token = NULL;
    struct why why = WHY_NONE;
    int result = token_open(&token, &setup, &why);
    if (result)
        fail_msg("%s", why_text(&why, result));
    return token;
}

static void expect_failure(const struct token_setup *setup, int error, const char *text)
{
    struct token *token = NULL;
    struct why why = WHY_NONE;
    int result = token_open(&token, setup, &why);
    if (result != error || !strstr(why_text(&why, result), text))
        fail_msg("got %d '%s', not %d '%s'", result, why_text(&why, result), error, text);
    assert_null(token);
}

static void append_record(struct buffer *body, const struct certificate *c, uint16_t role,
                          const char *dns, struct bytes ip)
{
    struct trustlist_record r = record_of_certificate(c, role, RECORD_FULL, dns, ip);
    assert_int_equal(record_write(body, &r, NULL), 0);
}

static void test_a_list_signed_in_the_token_is_the_vector_bit_for_bit(void **state)
{
    (void)state;
    need_softhsm();
    static const uint8_t raw[4] = {192, 0, 2, 10};
    struct bytes address = bytes_of(raw, sizeof raw);
    struct token *token = open_token("pkcs11:token=lists;object=signer");
    struct certificate *signer = vector_certificate("signer.der");
    struct certificate *capf = vector_certificate("capf.der");
    struct file_signer by = token_signer(token);
    struct envelope_spec spec = {.version_major = 1,
                                 .version_minor = 2,
                                 .digest = DIGEST_SHA1,
                                 .filename = bytes_of_string("CTLFile.tlv"),
                                 .has_timestamp = true,
                                 .timestamp = 1704067200};
    struct buffer body;
    struct buffer out;
    buffer_init(&body, 65536);
    buffer_init(&out, 65536);
    assert_true(certificates_equal(token_certificate(token), signer));
    append_record(&body, signer, ROLE_SAST, "pub1", address);
    append_record(&body, signer, ROLE_CCM_TFTP, "pub1", address);
    append_record(&body, capf, ROLE_CAPF, "pub1", address);
    assert_int_equal(signedfile_write_by(&out, &spec, &by, buffer_bytes(&body), NULL), 0);
    struct bytes want = vector_load("CTLFile.tlv");
    assert_bytes_equal(buffer_bytes(&out), want);
    vector_free(want);
    buffer_fini(&body);
    buffer_fini(&out);
    certificate_free(signer);
    certificate_free(capf);
    token_close(token);
}

/* The software key and the token make the same signature: PKCS#1 v1.5 leaves no choice. */
static void expect_same_signature(struct token *token, enum digest_kind digest)
{
    const struct bytes pieces[2] = {bytes_of_string("one piece"), bytes_of_string(" and another")};
    struct key *key = vector_key("signer.key.pem");
    struct buffer hard;
    struct buffer soft;
    buffer_init(&hard, KEY_SIGNATURE_MAX);
    buffer_init(&soft, KEY_SIGNATURE_MAX);
    assert_int_equal(token_sign(token, &hard, digest, pieces, 2, NULL), 0);
    assert_int_equal(key_sign(&soft, key, digest, pieces, 2), 0);
    assert_bytes_equal(buffer_bytes(&hard), buffer_bytes(&soft));
    buffer_fini(&hard);
    buffer_fini(&soft);
    key_free(key);
}

static void test_every_digest_is_signed_as_a_key_in_memory_would(void **state)
{
    (void)state;
    need_softhsm();
    struct token *token = open_token("pkcs11:token=lists");
    expect_same_signature(token, DIGEST_KIND_SHA1);
    expect_same_signature(token, DIGEST_KIND_SHA256);
    expect_same_signature(token, DIGEST_KIND_SHA512);
    struct buffer out;
    buffer_init(&out, KEY_SIGNATURE_MAX);
    assert_int_equal(token_sign(token, &out, DIGEST_KIND_MD5, NULL, 0, NULL), ERR_UNSUPPORTED);
    buffer_fini(&out);
    token_close(token);
}

static void test_a_key_that_asks_always_signs_more_than_once(void **state)
{
    (void)state;
    need_softhsm();
    struct token *token = open_token("pkcs11:token=odd;object=asks%20always");
    expect_same_signature(token, DIGEST_KIND_SHA1);
    expect_same_signature(token, DIGEST_KIND_SHA512);
    token_close(token);
}

static void test_the_key_is_found_by_the_id_or_the_label_of_either(void **state)
{
    (void)state;
    need_softhsm();
    const char *const uris[] = {
        "pkcs11:token=lists;id=%01",
        "pkcs11:token=lists;object=signer;type=private",
        "pkcs11:token=lists;object=signer;type=cert",
        "pkcs11:token=odd;id=%02;type=cert",
    };
    struct certificate *signer = vector_certificate("signer.der");
    for (size_t i = 0; i < sizeof uris / sizeof *uris; i++) {
        struct token *token = open_token(uris[i]);
        assert_true(certificates_equal(token_certificate(token), signer));
        token_close(token);
    }
    certificate_free(signer);
}

static void test_a_wrong_pin_is_tried_once_and_said(void **state)
{
    (void)state;
    need_softhsm();
    struct typist typist = {.pin = "0000"};
    struct token_setup setup = setup_of("pkcs11:token=lists", &typist);
    expect_failure(&setup, -EACCES,
                   "token 'lists': the PIN is wrong; the token counts wrong PINs and locks");
    assert_int_equal(typist.asked, 1);
    assert_false(typist.seen.few_tries);
    /* The next person is told before typing. */
    typist.pin = PIN;
    struct token *token = NULL;
    assert_int_equal(token_open(&token, &setup, NULL), 0);
    assert_int_equal(typist.asked, 2);
    assert_true(typist.seen.few_tries);
    assert_string_equal(typist.seen.label, "lists");
    token_close(token);
    typist.pin = "";
    expect_failure(&setup, ERR_USAGE, "nothing was tried");
    assert_false(typist.seen.few_tries);
}

static void write_file(char path[FILE_PATH], const char *name, const char *text)
{
    assert_int_equal(file_path(path, directory, name), 0);
    assert_int_equal(file_replace(path, bytes_of_string(text), 0600, NULL), 0);
}

static void test_the_pin_comes_from_a_file(void **state)
{
    (void)state;
    need_softhsm();
    char path[FILE_PATH];
    char uri[2 * FILE_PATH];
    struct token *token = NULL;
    write_file(path, "pin", PIN "\r\nnot the PIN\n");
    struct token_setup setup = setup_of("pkcs11:token=lists", NULL);
    setup.pin_file = path;
    assert_int_equal(token_open(&token, &setup, NULL), 0);
    token_close(token);
    const char *const starts[] = {"file:", "file://", ""};
    for (size_t i = 0; i < 3; i++) {
        snprintf(uri, sizeof uri, "pkcs11:token=lists?pin-source=%s%s", starts[i], path);
        setup = setup_of(uri, NULL);
        assert_int_equal(token_open(&token, &setup, NULL), 0);
        token_close(token);
    }
    write_file(path, "pin", "\n" PIN "\n");
    expect_failure(&setup, ERR_FORMAT, "its first line is empty");
    char longer[TOKEN_PIN_MAX + 2];
    memset(longer, '1', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    write_file(path, "pin", longer);
    expect_failure(&setup, ERR_LIMIT, "a PIN of 256 bytes; 255 are the most");
    unlink(path);
    expect_failure(&setup, -ENOENT, "pin: cannot open");
    setup = setup_of("pkcs11:token=lists?pin-source=%7C/bin/echo", NULL);
    expect_failure(&setup, ERR_UNSUPPORTED, "only the absolute path of a file is taken");
    setup = setup_of("pkcs11:token=lists", NULL);
    expect_failure(&setup, ERR_USAGE, "token 'lists' needs its PIN");
}

static void test_what_the_uri_does_not_settle_is_said(void **state)
{
    (void)state;
    need_softhsm();
    struct typist typist = {.pin = PIN};
    const struct {
        const char *uri;
        int error;
        const char *text;
    } cases[] = {
        {"pkcs11:token=lists;object=signer?pin-value=" PIN, ERR_USAGE, "holds the PIN itself"},
        {"pkcs11:token=%zz", ERR_USAGE, "no PKCS#11 URI"},
        {"pkcs11:token=lists;colour=red", ERR_USAGE, "attribute that is not known"},
        {"pkcs11:token=absent", ERR_NOT_FOUND,
         "pkcs11:token=absent: no token that can sign fits this URI"},
        {"pkcs11:object=signer", ERR_DUPLICATE, "fits 2 tokens ('"},
        {"pkcs11:token=lists;object=sinner", ERR_NOT_FOUND, "it holds 'signer'"},
        {"pkcs11:token=odd", ERR_DUPLICATE, "the URI fits 3 certificates ("},
        {"pkcs11:token=odd;object=keyless", ERR_NOT_FOUND,
         "no private key has the CKA_ID of the certificate 'keyless'"},
        {"pkcs11:token=lists;slot-id=99999", ERR_NOT_FOUND, "is it plugged in?"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct token_setup setup = setup_of(cases[i].uri, &typist);
        expect_failure(&setup, cases[i].error, cases[i].text);
    }
}

static void test_a_key_of_another_certificate_signs_nothing(void **state)
{
    (void)state;
    need_softhsm();
    struct token *token = open_token("pkcs11:token=odd;object=mixed%20up");
    struct bytes piece = bytes_of_string("x");
    struct buffer out;
    struct why why = WHY_NONE;
    buffer_init(&out, KEY_SIGNATURE_MAX);
    assert_int_equal(token_sign(token, &out, DIGEST_KIND_SHA1, &piece, 1, &why), ERR_CRYPTO);
    assert_non_null(strstr(why.text, "does not fit its certificate CN=CAPF-00c0ffee"));
    assert_int_equal(out.size, 0);
    buffer_fini(&out);
    token_close(token);
}

static void test_a_missing_or_wrong_module_is_named(void **state)
{
    (void)state;
    need_softhsm();
    struct token_setup setup = setup_of("pkcs11:token=lists", NULL);
    setup.module = "/nowhere/libtoken.so";
    expect_failure(&setup, ERR_NOT_FOUND,
                   "PKCS#11 module /nowhere/libtoken.so: No such file or directory");
    setup.module = vector_path("signer.key.pem");
    expect_failure(&setup, ERR_FORMAT, "cannot be loaded as a module");
    setup = setup_of("pkcs11:token=lists?module-path=/nowhere/either.so", NULL);
    setup.module = NULL;
    expect_failure(&setup, ERR_NOT_FOUND, "/nowhere/either.so");
    setup = setup_of("pkcs11:token=lists?module-name=unheard-of", NULL);
    setup.module = NULL;
    expect_failure(&setup, ERR_NOT_FOUND, "unheard-of");
}

/* The module of test/support/faketoken.c, which lies beside this program. */
static void fake_module(char path[FILE_PATH], const char *behaviour)
{
    char self[FILE_PATH];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    assert_true(n > 0);
    self[n] = '\0';
    *strrchr(self, '/') = '\0';
    assert_int_equal(file_path(path, self, "libfaketoken.so"), 0);
    assert_true(file_exists(path));
    setenv("TRUSTLINE_FAKE_TOKEN", behaviour, 1);
}

static void test_a_crashing_module_does_not_take_us_down(void **state)
{
    (void)state;
    char path[FILE_PATH];
    struct token_setup setup = {.uri = "pkcs11:token=fake", .module = path};
    fake_module(path, "crash");
    expect_failure(&setup, ERR_CLOSED, "the PKCS#11 module crashed (Aborted)");
    fake_module(path, "exit");
    expect_failure(&setup, ERR_CLOSED, "ended its process (exit status 7)");
}

static void test_a_hanging_module_meets_the_deadline(void **state)
{
    (void)state;
    char path[FILE_PATH];
    struct token_setup setup = {.uri = "pkcs11:token=fake", .module = path, .deadline_ms = 300};
    fake_module(path, "hang");
    int64_t start = clock_ms();
    expect_failure(&setup, ERR_TIMEOUT, "the PKCS#11 module gave no answer within 1 s");
    assert_true(clock_ms() - start < 10000);
}

static void test_a_token_is_not_locked_by_a_pin_nobody_typed(void **state)
{
    (void)state;
    char path[FILE_PATH];
    struct typist typist = {.pin = "0000"};
    struct token_setup setup = {
        .uri = "pkcs11:token=fake", .module = path, .ask_pin = type_pin, .context = &typist};
    fake_module(path, "locked");
    expect_failure(&setup, ERR_POLICY, "token 'fake' is locked after too many wrong PINs");
    assert_int_equal(typist.asked, 0);
    fake_module(path, "final");
    expect_failure(&setup, -EACCES, "the PIN is wrong; one try is left, then the token locks");
    assert_int_equal(typist.asked, 1);
    assert_true(typist.seen.final_try);
    setup.pin_file = "/dev/null"; /* it is not even opened */
    expect_failure(&setup, ERR_POLICY, "locks after one more wrong PIN");
    assert_int_equal(typist.asked, 1);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], TOKEN_HELPER_WORD) == 0)
        return token_helper();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_list_signed_in_the_token_is_the_vector_bit_for_bit),
        cmocka_unit_test(test_every_digest_is_signed_as_a_key_in_memory_would),
        cmocka_unit_test(test_a_key_that_asks_always_signs_more_than_once),
        cmocka_unit_test(test_the_key_is_found_by_the_id_or_the_label_of_either),
        cmocka_unit_test(test_a_wrong_pin_is_tried_once_and_said),
        cmocka_unit_test(test_the_pin_comes_from_a_file),
        cmocka_unit_test(test_what_the_uri_does_not_settle_is_said),
        cmocka_unit_test(test_a_key_of_another_certificate_signs_nothing),
        cmocka_unit_test(test_a_missing_or_wrong_module_is_named),
        cmocka_unit_test(test_a_crashing_module_does_not_take_us_down),
        cmocka_unit_test(test_a_hanging_module_meets_the_deadline),
        cmocka_unit_test(test_a_token_is_not_locked_by_a_pin_nobody_typed),
    };
    return cmocka_run_group_tests_name("tests", tests, make_tokens, remove_tokens);
}
