/* The phone's side of CAPF, fed with a server's bytes: the exchanges of docs/protocols/capf.md, and
 * servers that go astray. */
#include "support.h"

#include "base/text.h"
#include "phone/enrol.h"
#include "pki/issue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEVICE      "SEP0011215A1AE3"
#define DEVICE_HEX  "53 45 50 30 30 31 31 32 31 35 41 31 41 45 33 00"
#define AUTH_REQ    "55 01 00000001 0008 07 0001 03 08 0001 00"
#define KEY_GEN_REQ "55 03 00000001 0009 0a 0002 08 00 11 0001 00"
#define PROGRESS    "55 11 00000001 0000"
#define END(reason) "55 0f 00000001 0004 01 0001 " reason
#define STORED      "55 0a 00000001 0004 01 0001 01"
#define NOT_STORED  "55 0a 00000001 0004 01 0001 07"
#define NO_KEY      "55 04 00000001 0004 01 0001 07"
/* AUTH_RES with a string of six digits, and with none. */
#define BY_STRING \
    "55 02 00000001 0025 01 0001 01 07 0001 03 0b 0007 31 32 33 34 35 36 00 0d 0010 " DEVICE_HEX
#define BY_NULL "55 02 00000001 001f 01 0001 01 07 0001 03 0b 0001 00 0d 0010 " DEVICE_HEX

static struct enrol *session;
static struct enrol_step step;
static struct enrol_setup setup;
static int64_t now;

static int enter(void **state)
{
    (void)state;
    now = 1000;
    setup = (struct enrol_setup){.device = DEVICE, .auth = CAPF_AUTH_STRING, .string = "123456"};
    enrol_limits_default(&setup.limits);
    return 0;
}

static int leave(void **state)
{
    (void)state;
    enrol_free(session);
    session = NULL;
    return 0;
}

static void begin(void)
{
    assert_int_equal(enrol_new(&session, &setup, now), 0);
}

static size_t from_hex(uint8_t *out, size_t size, const char *hex)
{
    size_t n = 0;
    for (; *hex; hex++) {
        if (*hex == ' ')
            continue;
        unsigned byte = 0;
        assert_true(n < size && sscanf(hex, "%2x", &byte) == 1);
        out[n++] = (uint8_t)byte;
        hex++;
    }
    return n;
}

static void feed(const char *hex)
{
    uint8_t bytes[4096];
    size_t n = from_hex(bytes, sizeof bytes, hex);
    assert_int_equal(enrol_input(session, bytes_of(bytes, n)), 0);
}

static void sends(const char *hex)
{
    uint8_t bytes[4096];
    size_t n = from_hex(bytes, sizeof bytes, hex);
    assert_true(enrol_step(session, now, &step));
    assert_bytes_equal(step.send, bytes_of(bytes, n));
}

static void waits(void)
{
    assert_false(enrol_step(session, now, &step));
    assert_null(enrol_result(session));
}

static const struct enrol_result *ends(enum enrol_outcome outcome)
{
    while (enrol_step(session, now, &step))
        if (step.close)
            break;
    const struct enrol_result *result = enrol_result(session);
    assert_non_null(result);
    assert_string_equal(enrol_outcome_text(result->outcome), enrol_outcome_text(outcome));
    assert_false(enrol_step(session, now, &step)); /* the end is the end */
    return result;
}

static void ends_saying(enum enrol_outcome outcome, const char *words)
{
    const struct enrol_result *result = ends(outcome);
    if (!strstr(result->words, words))
        fail_msg("\"%s\" does not say \"%s\"", result->words, words);
}

/* ---- keys and certificates ---- */

static void identity_of(struct identity *out, const char *vector)
{
    assert_int_equal(identity_load(out, vector_path(vector), NULL), 0);
}

static struct key *key_of(const char *vector)
{
    struct identity from;
    identity_of(&from, vector);
    certificate_free(from.certificate);
    return from.key;
}

static void device_of(struct identity *out)
{
    struct bytes pem = vector_load("device.key.pem");
    assert_int_equal(certificate_load(&out->certificate, vector_path("device.der"), NULL), 0);
    assert_int_equal(key_from_pem(&out->key, pem, NULL), 0);
    vector_free(pem);
}

/* As far as the key that the phone was asked for. */
static void begin_install(void)
{
    begin();
    feed(AUTH_REQ);
    sends(BY_STRING);
    feed(KEY_GEN_REQ);
    sends(PROGRESS);
    assert_int_equal(step.job, ENROL_MAKE_KEY);
}

static void give_key(const char *vector)
{
    enrol_key_made(session, key_of(vector), NULL);
    assert_true(enrol_step(session, now, &step));
    assert_int_equal(step.sent, CAPF_KEY_GEN_RES);
}

/* STORE_CERT_REQ with the certificate of this file. */
static void feed_certificate(const char *vector, uint8_t type)
{
    struct identity from;
    struct buffer frame;
    identity_of(&from, vector);
    const struct capf_message message = {.command = CAPF_STORE_CERT_REQ,
                                         .session = 1,
                                         .has_certificate_type = true,
                                         .certificate_type = type,
                                         .has_certificate = true,
                                         .certificate = certificate_der(from.certificate)};
    buffer_init(&frame, 8192);
    assert_int_equal(capf_write(&frame, &message, NULL), 0);
    assert_int_equal(enrol_input(session, buffer_bytes(&frame)), 0);
    buffer_fini(&frame);
    identity_fini(&from);
}

/* ---- the exchanges, byte for byte ---- */

static void test_an_installation_by_string_is_spoken_as_annotated(void **state)
{
    (void)state;
    begin_install();
    assert_int_equal(step.key.kind, KEY_RSA);
    assert_int_equal(step.key.bits, 2048);
    waits();
    enrol_key_made(session, key_of("pool/rsa2048.pem"), NULL);
    assert_true(enrol_step(session, now, &step));
    assert_int_equal(step.send.size, 305);
    uint8_t head[64];
    size_t n = from_hex(head, sizeof head,
                        "55 04 00000001 0129 09 0126 30 82 01 22 30 0d 06 09 2a 86 48 86 f7 0d 01 "
                        "01 01 05 00 03 82 01 0f 00 30 82 01 0a 02 82 01 01 00");
    assert_memory_equal(step.send.data, head, n);
    n = from_hex(head, sizeof head, "02 03 01 00 01");
    assert_memory_equal(step.send.data + step.send.size - n, head, n);
    feed_certificate("pool/rsa2048.pem", CAPF_CERTIFICATE_LSC);
    assert_true(enrol_step(session, now, &step));
    assert_int_equal(step.job, ENROL_STORE);
    assert_int_equal(step.send.size, 0); /* not before it is in the flash */
    waits();
    enrol_stored(session, NULL);
    sends(STORED);
    feed(END("01"));
    const struct enrol_result *result = ends(ENROL_INSTALLED);
    assert_true(result->stored);
    assert_string_equal(result->words, "");
    struct identity lsc = enrol_take_lsc(session);
    assert_true(key_fits(lsc.key, lsc.certificate));
    identity_fini(&lsc);
}

static void test_an_ec_key_is_made_and_sent_as_annotated(void **state)
{
    (void)state;
    setup.auth = CAPF_AUTH_NULL_STRING;
    begin();
    feed(AUTH_REQ);
    sends(BY_NULL);
    feed("55 03 00000001 0008 11 0001 01 12 0001 01");
    sends(PROGRESS);
    assert_int_equal(step.key.kind, KEY_EC);
    assert_int_equal(step.key.bits, 384);
    struct key *key = NULL;
    const struct key_spec spec = step.key;
    assert_int_equal(key_generate(&key, &spec, NULL), 0);
    enrol_key_made(session, key, NULL);
    assert_true(enrol_step(session, now, &step));
    assert_int_equal(step.send.size, 131);
    uint8_t head[64];
    size_t n = from_hex(head, sizeof head,
                        "55 04 00000001 007b 09 0078 30 76 30 10 06 07 2a 86 48 ce 3d 02 01 06 05 "
                        "2b 81 04 00 22 03 62 00 04");
    assert_memory_equal(step.send.data, head, n);
}

/* The signatures are those that the openssl command made (test/vector/README.md). */
static void expect_golden(struct bytes signature, const char *vector)
{
    struct bytes golden = vector_load(vector);
    assert_bytes_equal(signature, golden);
    vector_free(golden);
}

static void test_a_certificate_is_shown_with_every_signature(void **state)
{
    (void)state;
    struct identity device;
    struct capf_message m;
    device_of(&device);
    setup.device = "SEP001122334455";
    setup.auth = CAPF_AUTH_LSC;
    setup.lsc = setup.mic = &device;
    begin();
    feed("55 01 01020304 0008 07 0001 03 08 0001 00");
    assert_true(enrol_step(session, now, &step));
    assert_int_equal(capf_read(&m, step.send, NULL), 0);
    assert_int_equal(m.session, 0x01020304);
    expect_golden(m.signature, "capf/proof.sha1.sig");
    expect_golden(m.sha2_signature, "capf/proof.sha512.sig");
    expect_golden(m.sudi.sha1_signature, "capf/sudi.sha1.sig");
    expect_golden(m.sudi.sha512_signature, "capf/sudi.sha512.sig");
    /* 01, 04, 06, 07, 0b, 0d, 10, 14: the order of a real client */
    static const uint8_t order[] = {1, 4, 6, 7, 11, 13, 16, 20};
    size_t at = CAPF_HEADER_SIZE;
    for (size_t i = 0; i < sizeof order; i++) {
        assert_int_equal(step.send.data[at], order[i]);
        at += 3 + ((size_t)step.send.data[at + 1] << 8 | step.send.data[at + 2]);
    }
    assert_int_equal(at, step.send.size);
    identity_fini(&device);
}

static void expect_shown(enum capf_auth auth, const struct identity *lsc,
                         const struct identity *mic, const struct identity *expected)
{
    struct capf_message m;
    setup.auth = auth;
    setup.lsc = lsc;
    setup.mic = mic;
    begin();
    feed(AUTH_REQ);
    assert_true(enrol_step(session, now, &step));
    assert_int_equal(capf_read(&m, step.send, NULL), 0);
    assert_int_equal(m.has_certificate, expected != NULL);
    if (expected)
        assert_bytes_equal(m.certificate, certificate_der(expected->certificate));
    assert_int_equal(m.has_sudi, expected && mic && key_kind(mic->key) == KEY_RSA);
    assert_int_equal(m.password.size, 0);
    leave(NULL);
}

static void test_which_certificate_is_shown_follows_the_precedence(void **state)
{
    (void)state;
    struct identity lsc, mic;
    identity_of(&lsc, "pool/ec256.pem");
    identity_of(&mic, "pool/rsa2048.pem");
    setup.string = NULL;
    expect_shown(CAPF_AUTH_LSC, &lsc, &mic, &lsc);
    expect_shown(CAPF_AUTH_LSC, NULL, &mic, &mic);
    expect_shown(CAPF_AUTH_LSC, &lsc, NULL, &lsc);
    expect_shown(CAPF_AUTH_MIC, &lsc, &mic, &mic);
    expect_shown(CAPF_AUTH_MIC, &lsc, NULL, &lsc);
    expect_shown(CAPF_AUTH_MIC, &mic, &lsc, &lsc); /* an EC certificate has no SUDI_DATA */
    expect_shown(CAPF_AUTH_NULL_STRING, &lsc, &mic, NULL);
    identity_fini(&lsc);
    identity_fini(&mic);
}

static void test_no_string_leaves_the_phone_when_its_mode_is_another(void **state)
{
    (void)state;
    setup.auth = CAPF_AUTH_NULL_STRING;
    begin();
    feed(AUTH_REQ);
    sends(BY_NULL);
}

static void test_cucm_that_says_its_version_alone_is_understood(void **state)
{
    (void)state;
    begin();
    feed("55 01 00000001 0004 07 0001 03");
    sends(BY_STRING);
    feed("55 03 00000001 0005 0a 0002 08 00"); /* KEY_SIZE without KEY_TYPE */
    sends(PROGRESS);
    assert_int_equal(step.key.bits, 2048);
    assert_int_equal(step.key.kind, KEY_RSA);
}

static void test_an_older_server_gets_its_own_version_back(void **state)
{
    (void)state;
    struct capf_message m;
    begin();
    feed("55 01 00000001 0004 07 0001 02");
    assert_true(enrol_step(session, now, &step));
    assert_int_equal(capf_read(&m, step.send, NULL), 0);
    assert_int_equal(m.version, 2);
}

static void test_messages_may_come_in_any_pieces(void **state)
{
    (void)state;
    uint8_t bytes[64];
    size_t n = from_hex(bytes, sizeof bytes, AUTH_REQ);
    begin();
    for (size_t i = 0; i + 1 < n; i++) {
        assert_int_equal(enrol_input(session, bytes_of(bytes + i, 1)), 0);
        waits();
    }
    assert_int_equal(enrol_input(session, bytes_of(bytes + n - 1, 1)), 0);
    sends(BY_STRING);
}

static void test_two_messages_in_one_piece_are_two_steps(void **state)
{
    (void)state;
    begin();
    feed(AUTH_REQ KEY_GEN_REQ);
    sends(BY_STRING);
    sends(PROGRESS);
}

static void test_elements_nobody_knows_are_passed_over(void **state)
{
    (void)state;
    begin();
    feed("55 01 00000001 000c 63 0001 00 07 0001 03 08 0001 00");
    sends(BY_STRING);
}

/* ---- the other operations ---- */

static void test_no_operation_ends_at_once(void **state)
{
    (void)state;
    begin();
    feed(AUTH_REQ);
    sends(BY_STRING);
    feed(END("00"));
    ends(ENROL_NOTHING);
}

static void expect_fetch(const char *request, const struct identity *expected)
{
    struct capf_message m;
    feed(request);
    assert_true(enrol_step(session, now, &step));
    assert_int_equal(capf_read(&m, step.send, NULL), 0);
    assert_int_equal(m.command, CAPF_FETCH_CERT_RES);
    assert_int_equal(m.reason, expected ? CAPF_REASON_SUCCESS : CAPF_REASON_REFUSED);
    assert_int_equal(m.has_certificate, expected != NULL);
    if (expected)
        assert_bytes_equal(m.certificate, certificate_der(expected->certificate));
}

static void test_a_fetch_gets_the_lsc_and_a_second_one_the_mic(void **state)
{
    (void)state;
    struct identity lsc, mic;
    identity_of(&lsc, "pool/ec256.pem");
    identity_of(&mic, "pool/rsa2048.pem");
    setup.lsc = &lsc;
    setup.mic = &mic;
    begin();
    feed(AUTH_REQ);
    sends(BY_STRING);
    expect_fetch("55 0b 00000001 0000", &lsc);
    expect_fetch("55 0b 00000001 0004 03 0001 02", &mic);
    feed(END("00"));
    ends(ENROL_FETCHED);
    identity_fini(&lsc);
    identity_fini(&mic);
}

static void test_a_fetch_without_a_certificate_is_answered_with_7(void **state)
{
    (void)state;
    begin();
    feed(AUTH_REQ);
    sends(BY_STRING);
    feed("55 0b 00000001 0000");
    sends("55 0c 00000001 0004 01 0001 07");
    feed(END("00"));
    ends_saying(ENROL_NOTHING, "a certificate it does not have");
}

static void test_a_deletion_is_confirmed_when_the_flash_is_empty(void **state)
{
    (void)state;
    struct identity lsc;
    identity_of(&lsc, "pool/rsa2048.pem");
    setup.lsc = &lsc;
    begin();
    feed(AUTH_REQ);
    sends(BY_STRING);
    feed("55 0d 00000001 0000");
    assert_true(enrol_step(session, now, &step));
    assert_int_equal(step.job, ENROL_ERASE);
    assert_int_equal(step.send.size, 0);
    waits();
    enrol_stored(session, NULL);
    sends("55 0e 00000001 0004 01 0001 01");
    feed(END("01"));
    assert_true(ends(ENROL_DELETED)->erased);
    identity_fini(&lsc);
}

static void test_a_deletion_that_the_flash_refuses_is_not_confirmed(void **state)
{
    (void)state;
    struct identity lsc;
    identity_of(&lsc, "pool/rsa2048.pem");
    setup.lsc = &lsc;
    begin();
    feed(AUTH_REQ);
    sends(BY_STRING);
    feed("55 0d 00000001 0000");
    assert_true(enrol_step(session, now, &step));
    enrol_stored(session, "read-only file system");
    sends("55 0e 00000001 0004 01 0001 07");
    feed(END("01"));
    ends_saying(ENROL_BAD_ORDER, "read-only file system");
    assert_false(enrol_result(session)->erased);
    identity_fini(&lsc);
}

static void test_a_deletion_of_nothing_is_answered_with_7(void **state)
{
    (void)state;
    begin();
    feed(AUTH_REQ);
    sends(BY_STRING);
    feed("55 0d 00000001 0000");
    sends("55 0e 00000001 0004 01 0001 07");
    feed(END("01"));
    ends_saying(ENROL_NOTHING, "an LSC it does not have");
}

/* ---- refusals by the server ---- */

static void test_a_wrong_string_says_where_to_look(void **state)
{
    (void)state;
    begin();
    feed(AUTH_REQ);
    sends(BY_STRING);
    feed(END("07"));
    ends_saying(ENROL_REFUSED, "refused (7); is the authentication string right?");
    assert_null(strstr(enrol_result(session)->words, "123456"));
}

static void test_an_unknown_device_is_told_apart(void **state)
{
    (void)state;
    begin();
    feed(AUTH_REQ);
    sends(BY_STRING);
    feed(END("09"));
    ends_saying(ENROL_UNKNOWN, "unknown device (9); add the phone");
}

static void test_the_end_before_a_certificate_drops_the_key(void **state)
{
    (void)state;
    begin_install();
    give_key("pool/rsa2048.pem");
    feed(END("07"));
    ends_saying(ENROL_REFUSED, "the new key is dropped");
    assert_false(enrol_result(session)->stored);
}

static void test_the_end_while_the_key_is_made_ends_it(void **state)
{
    (void)state;
    begin_install();
    feed(END("07"));
    ends(ENROL_REFUSED);
    enrol_key_made(session, key_of("pool/rsa2048.pem"), NULL); /* too late, and freed */
    assert_false(enrol_step(session, now, &step));
}

static void test_a_stored_certificate_stays_whatever_the_server_says_then(void **state)
{
    (void)state;
    begin_install();
    give_key("pool/rsa2048.pem");
    feed_certificate("pool/rsa2048.pem", CAPF_CERTIFICATE_LSC);
    assert_true(enrol_step(session, now, &step));
    enrol_stored(session, NULL);
    sends(STORED);
    feed(END("07"));
    ends_saying(ENROL_REFUSED, "the new LSC stays in the flash");
    assert_true(enrol_result(session)->stored);
}

static void test_a_reason_of_the_server_is_shown_escaped(void **state)
{
    (void)state;
    begin();
    feed(AUTH_REQ);
    sends(BY_STRING);
    feed("55 0f 00000001 000b 01 0001 03 02 0004 1b 5b 6d 00");
    ends_saying(ENROL_REFUSED, "(3), \\x1b[m;");
}

static void test_a_busy_server_is_asked_again_after_its_delay(void **state)
{
    (void)state;
    begin();
    feed("55 10 00000001 0005 0c 0002 00 2d");
    assert_int_equal(ends(ENROL_RETRY_LATER)->retry_ms, 45000);
    leave(NULL);
    begin();
    feed("55 10 00000001 0000");
    assert_int_equal(ends(ENROL_RETRY_LATER)->retry_ms, 0);
}

/* ---- orders that a phone does not follow ---- */

static void expect_no_key(const char *request, const char *words)
{
    begin();
    feed(AUTH_REQ);
    sends(BY_STRING);
    feed(request);
    sends(NO_KEY);
    assert_int_equal(step.job, ENROL_NO_JOB);
    feed(END("07"));
    ends_saying(ENROL_BAD_ORDER, words);
    leave(NULL);
}

static void test_keys_that_no_phone_or_not_this_one_makes_are_refused(void **state)
{
    (void)state;
    expect_no_key("55 03 00000001 0005 0a 0002 02 00", "size 512");
    expect_no_key("55 03 00000001 0005 0a 0002 ff ff", "size 65535");
    expect_no_key("55 03 00000001 0000", "an RSA key");
    expect_no_key("55 03 00000001 0008 11 0001 01 12 0001 07", "an EC key of curve 7");
    expect_no_key("55 03 00000001 0004 11 0001 01", "an EC key");
    expect_no_key("55 03 00000001 0009 0a 0002 08 00 11 0001 05", "which this model cannot make");
    setup.rsa_max = 2048;
    expect_no_key("55 03 00000001 0005 0a 0002 10 00", "size 4096");
    setup.no_ec = true;
    expect_no_key("55 03 00000001 0008 11 0001 01 12 0001 00", "choose another key order");
}

static void test_a_phone_that_cannot_make_an_ec_key_takes_an_rsa_order_in_its_place(void **state)
{
    (void)state;
    setup.no_ec = true;
    begin();
    feed(AUTH_REQ);
    sends(BY_STRING);
    feed("55 03 00000001 0008 11 0001 01 12 0001 00");
    sends(NO_KEY);
    feed("55 03 00000001 0009 0a 0002 08 00 11 0001 00");
    assert_true(enrol_step(session, now, &step));
    assert_int_equal(step.job, ENROL_MAKE_KEY);
    assert_int_equal(step.key.kind, KEY_RSA);
    assert_int_equal(step.key.bits, 2048);
}

static void test_a_key_that_cannot_be_made_is_said(void **state)
{
    (void)state;
    begin_install();
    enrol_key_made(session, NULL, "no memory");
    sends(NO_KEY);
    feed(END("07"));
    ends_saying(ENROL_BAD_ORDER, "could not make its key: no memory");
}

static void expect_not_stored(const char *words)
{
    sends(NOT_STORED);
    assert_int_equal(step.job, ENROL_NO_JOB);
    feed(END("07"));
    ends_saying(ENROL_BAD_ORDER, words);
    assert_false(enrol_result(session)->stored);
}

static void test_a_certificate_for_another_key_is_answered_with_7(void **state)
{
    (void)state;
    begin_install();
    give_key("pool/rsa2048.pem");
    feed_certificate("pool/rsa2048-2.pem", CAPF_CERTIFICATE_LSC);
    expect_not_stored("a certificate for another key");
}

static void test_a_certificate_that_is_no_lsc_is_answered_with_7(void **state)
{
    (void)state;
    begin_install();
    give_key("pool/rsa2048.pem");
    feed_certificate("pool/rsa2048.pem", CAPF_CERTIFICATE_MIC);
    expect_not_stored("no LSC");
}

static void test_junk_for_a_certificate_is_answered_with_7(void **state)
{
    (void)state;
    begin_install();
    give_key("pool/rsa2048.pem");
    feed("55 09 00000001 000a 04 0007 01 0004 0001 30 00");
    expect_not_stored("cannot be read");
    leave(NULL);
    begin_install();
    give_key("pool/rsa2048.pem");
    feed("55 09 00000001 0004 03 0001 01");
    expect_not_stored("no certificate to store");
}

static void test_a_flash_that_fails_is_answered_with_7(void **state)
{
    (void)state;
    begin_install();
    give_key("pool/rsa2048.pem");
    feed_certificate("pool/rsa2048.pem", CAPF_CERTIFICATE_LSC);
    assert_true(enrol_step(session, now, &step));
    enrol_stored(session, "No space left on device");
    expect_not_stored("No space left on device");
}

/* ---- servers that break the protocol, or go ---- */

static void expect_broken(const char *hex, const char *words)
{
    begin();
    feed(AUTH_REQ);
    sends(BY_STRING);
    feed(hex);
    ends_saying(ENROL_BROKEN, words);
    assert_int_equal(step.send.size, 0);
    leave(NULL);
}

static void test_messages_out_of_turn_end_the_session(void **state)
{
    (void)state;
    expect_broken("55 01 00000001 0000", "CAPF_MSG_AUTH_REQ came out of turn");
    expect_broken("55 09 00000001 0000", "CAPF_MSG_STORE_CERT_REQ came out of turn");
    expect_broken("55 14 00000001 0000", "CAPF_MSG_ABORT_REQ came out of turn");
    expect_broken("55 63 00000001 0000", "CAPF_MSG_UNKNOWN came out of turn");
    expect_broken("55 03 00000002 0000", "is of another session");
    expect_broken("56 03 00000001 0000", "is not CAPF's");
    expect_broken("55 03 00000001 4001", "announces a body of 16385 bytes");
    expect_broken("55 03 00000001 0005 0a 0003 08 00", "CAPF_MSG_KEY_GEN_REQ");
}

static void test_keep_alives_are_passed_over_and_bounded(void **state)
{
    (void)state;
    begin();
    feed(AUTH_REQ);
    sends(BY_STRING);
    for (unsigned i = 0; i < 2 * setup.limits.frames; i++)
        feed("55 12 00000001 0000");
    ends_saying(ENROL_BROKEN, "more than a session can have");
}

static void test_silence_ends_at_the_deadline_in_every_state(void **state)
{
    (void)state;
    begin();
    assert_int_equal(enrol_due(session), now + setup.limits.answer_ms);
    now = enrol_due(session) - 1;
    waits();
    now++;
    ends_saying(ENROL_BROKEN, "waited for AUTH_REQ; CAPF does not answer in time");
    leave(NULL);

    begin_install();
    assert_int_equal(enrol_due(session), INT64_MAX); /* a key takes as long as it takes */
    give_key("pool/rsa2048.pem");
    now = enrol_due(session);
    ends_saying(ENROL_BROKEN, "waited for STORE_CERT_REQ");
}

static void test_a_connection_that_breaks_says_what_was_waited_for(void **state)
{
    (void)state;
    begin();
    feed(AUTH_REQ);
    sends(BY_STRING);
    enrol_gone(session, "connection reset");
    ends_saying(ENROL_BROKEN, "waited for an order; connection reset");
}

static void test_what_came_before_the_break_counts(void **state)
{
    (void)state;
    begin();
    feed(AUTH_REQ);
    sends(BY_STRING);
    feed(END("00"));
    enrol_gone(session, "closed");
    ends(ENROL_NOTHING);
}

static void test_a_break_while_the_flash_is_written_keeps_what_was_stored(void **state)
{
    (void)state;
    begin_install();
    give_key("pool/rsa2048.pem");
    feed_certificate("pool/rsa2048.pem", CAPF_CERTIFICATE_LSC);
    assert_true(enrol_step(session, now, &step));
    enrol_gone(session, "connection reset");
    waits();
    enrol_stored(session, NULL);
    const struct enrol_result *result = ends(ENROL_BROKEN);
    assert_true(result->stored);
    struct identity lsc = enrol_take_lsc(session);
    assert_non_null(lsc.certificate);
    identity_fini(&lsc);
}

static void test_a_server_that_pours_is_cut(void **state)
{
    (void)state;
    uint8_t junk[16384] = {0x55, 0x63};
    int result = 0;
    begin();
    for (int i = 0; i < 8 && result == 0; i++)
        result = enrol_input(session, bytes_of(junk, sizeof junk));
    assert_int_equal(result, ERR_LIMIT);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)
    const struct CMUnitTest tests[] = {
        TEST(test_an_installation_by_string_is_spoken_as_annotated),
        TEST(test_an_ec_key_is_made_and_sent_as_annotated),
        TEST(test_a_certificate_is_shown_with_every_signature),
        TEST(test_which_certificate_is_shown_follows_the_precedence),
        TEST(test_no_string_leaves_the_phone_when_its_mode_is_another),
        TEST(test_cucm_that_says_its_version_alone_is_understood),
        TEST(test_an_older_server_gets_its_own_version_back),
        TEST(test_messages_may_come_in_any_pieces),
        TEST(test_two_messages_in_one_piece_are_two_steps),
        TEST(test_elements_nobody_knows_are_passed_over),
        TEST(test_no_operation_ends_at_once),
        TEST(test_a_fetch_gets_the_lsc_and_a_second_one_the_mic),
        TEST(test_a_fetch_without_a_certificate_is_answered_with_7),
        TEST(test_a_deletion_is_confirmed_when_the_flash_is_empty),
        TEST(test_a_deletion_that_the_flash_refuses_is_not_confirmed),
        TEST(test_a_deletion_of_nothing_is_answered_with_7),
        TEST(test_a_wrong_string_says_where_to_look),
        TEST(test_an_unknown_device_is_told_apart),
        TEST(test_the_end_before_a_certificate_drops_the_key),
        TEST(test_the_end_while_the_key_is_made_ends_it),
        TEST(test_a_stored_certificate_stays_whatever_the_server_says_then),
        TEST(test_a_reason_of_the_server_is_shown_escaped),
        TEST(test_a_busy_server_is_asked_again_after_its_delay),
        TEST(test_keys_that_no_phone_or_not_this_one_makes_are_refused),
        TEST(test_a_phone_that_cannot_make_an_ec_key_takes_an_rsa_order_in_its_place),
        TEST(test_a_key_that_cannot_be_made_is_said),
        TEST(test_a_certificate_for_another_key_is_answered_with_7),
        TEST(test_a_certificate_that_is_no_lsc_is_answered_with_7),
        TEST(test_junk_for_a_certificate_is_answered_with_7),
        TEST(test_a_flash_that_fails_is_answered_with_7),
        TEST(test_messages_out_of_turn_end_the_session),
        TEST(test_keep_alives_are_passed_over_and_bounded),
        TEST(test_silence_ends_at_the_deadline_in_every_state),
        TEST(test_a_connection_that_breaks_says_what_was_waited_for),
        TEST(test_what_came_before_the_break_counts),
        TEST(test_a_break_while_the_flash_is_written_keeps_what_was_stored),
        TEST(test_a_server_that_pours_is_cut),
    };
    return RUN(tests);
}
