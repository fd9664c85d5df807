/* The engine of TVS, fed with the bytes of phones: a query of a real 8861 with CUCM's answer, and
 * what independent servers do not take (docs/protocols/tvs.md, "Deviations"). */
#include "support.h"

#include "pki/certificate.h"
#include "service/tvs/engine.h"

#include <stdio.h>
#include <string.h>

#define PHONE   "CP-8861-SEPB000B4BA0AEE"
#define SUBJECT "CN=ucm11pub.stormin.local;OU=IST;O=Stormin;L=Brisbane;ST=QLD;C=AU"
#define ISSUER  "CN=stormin-WIN2012-CA"
#define SERIAL  "\x24\x00\x00\x00\x17\x94\x79\xb8\xf1\x24\xac\x3f\x3b\x00\x00\x00\x00\x00\x17"
#define ETOKEN  "cn=\"SAST-ADN008580ef        \";ou=IPCBU;o=\"Cisco Systems"
#define CISCO   "cn=Cisco Manufacturing CA;o=Cisco Systems"

enum { DER_SIZE = 1451 };

static struct cache *database, *ctl;
static struct shelves shelves;
static struct tvs_session *session;
static struct tvs_step step;

static struct bytes some_der(size_t size)
{
    static uint8_t der[2000] = {0x30, 0x82};
    for (size_t i = 2; i < sizeof der; i++)
        der[i] = (uint8_t)(i * 7);
    return bytes_of(der, size);
}

/* `purpose` NULL: the cache has the bytes. */
static void add(struct cache *cache, struct bytes der, const char *issuer, struct bytes serial,
                struct bytes roles, const char *purpose)
{
    uint8_t sha256[SHA256_SIZE];
    assert_int_equal(digest_bytes(DIGEST_KIND_SHA256, der, sha256), 0);
    const struct fact fact = {.serial = serial,
                              .issuer = bytes_of_string(issuer),
                              .sha256 = sha256,
                              .roles = roles,
                              .ttl = 86400,
                              .purpose = purpose,
                              .der = purpose ? bytes_of(NULL, 0) : der};
    assert_int_equal(cache_add(cache, &fact), 0);
}

static int enter(void **state)
{
    (void)state;
    assert_int_equal(cache_new(&database), 0);
    assert_int_equal(cache_new(&ctl), 0);
    shelves = (struct shelves){database, ctl};
    return tvs_session_new(&session);
}

static int leave(void **state)
{
    (void)state;
    tvs_session_free(session);
    cache_free(database);
    cache_free(ctl);
    return 0;
}

static struct buffer bytes_from(const char *hex)
{
    struct buffer b;
    buffer_init(&b, 100000);
    for (const char *p = hex; *p; p++) {
        unsigned byte = 0;
        if (*p == ' ')
            continue;
        assert_int_equal(sscanf(p++, "%2x", &byte), 1);
        buffer_u8(&b, (uint8_t)byte);
    }
    return b;
}

static void add_hex(struct buffer *b, const char *hex)
{
    struct buffer more = bytes_from(hex);
    buffer_append(b, buffer_bytes(&more));
    buffer_fini(&more);
}

static struct buffer golden_query(void)
{
    struct buffer b = bytes_from("57 01 03 00  00 00 03 e9  00 8f   01 00 18  01");
    buffer_text(&b, PHONE);
    add_hex(&b, "03 00 42");
    buffer_text(&b, SUBJECT);
    add_hex(&b, "00  04 00 16");
    buffer_text(&b, ISSUER);
    add_hex(&b, "00  05 00 13");
    buffer_append(&b, bytes_of(SERIAL, 19));
    return b;
}

static struct buffer golden_verification(struct bytes der)
{
    struct buffer b = bytes_from("57 01 01 00 00 00 00 01 0000   01 00 18  01");
    buffer_text(&b, PHONE);
    add_hex(&b, "02 0000");
    buffer_set_u16be(&b, b.size - 2, (uint16_t)der.size);
    buffer_append(&b, der);
    buffer_set_u16be(&b, 8, (uint16_t)(b.size - 10));
    return b;
}

/* As the phone would send it. */
static void feed(struct buffer frame)
{
    assert_int_equal(tvs_session_input(session, buffer_bytes(&frame)), 0);
    buffer_fini(&frame);
}

static void says(const char *hex)
{
    struct buffer expected = bytes_from(hex);
    assert_true(tvs_session_step(session, &shelves, &step));
    assert_bytes_equal(step.send, buffer_bytes(&expected));
    buffer_fini(&expected);
}

static void waits(void)
{
    assert_false(tvs_session_step(session, &shelves, &step));
}

static void ends(const char *words)
{
    assert_true(tvs_session_step(session, &shelves, &step));
    assert_true(step.close);
    assert_int_equal(step.send.size, 0);
    if (!strstr(step.reason, words))
        fail_msg("\"%s\" does not say \"%s\"", step.reason, words);
    waits();
}

#define NOT_TRUSTED_1 "57 01 02 00 00000001 0004  07 0001 01"

static void test_the_golden_query_is_answered_with_the_golden_bytes(void **state)
{
    (void)state;
    add(database, some_der(DER_SIZE), ISSUER, bytes_of(SERIAL, 19), bytes_of("\0\x03", 2), NULL);
    struct buffer golden = bytes_from("57 01 04 00  00 00 03 e9  05 be   07 00 01 00  02 05 ab");
    buffer_append(&golden, some_der(DER_SIZE));
    add_hex(&golden, "08 00 02 00 03  09 00 04 00 01 51 80");
    struct buffer query = golden_query();
    assert_int_equal(query.size, 153);
    feed(query);
    assert_true(tvs_session_step(session, &shelves, &step));
    assert_int_equal(golden.size, 1480);
    assert_bytes_equal(step.send, buffer_bytes(&golden));
    assert_true(step.received && step.trusted && !step.close);
    assert_int_equal(step.length, 143);
    assert_string_equal(step.state, "TVS_STATE_AWAIT_REQ");
    assert_int_equal(step.sent, TVS_QUERY_CERT_RES);
    assert_true(step.search->database && step.search->by_name);
    waits();
    buffer_fini(&golden);
}

static void test_the_golden_verifications_are_answered_with_the_golden_bytes(void **state)
{
    (void)state;
    struct bytes der = some_der(855);
    struct buffer request = golden_verification(der);
    struct buffer seen = bytes_from("57 01 01 00 00 00 00 01 03 75   01 00 18 01");
    assert_bytes_equal(bytes_slice(buffer_bytes(&request), 0, 14), buffer_bytes(&seen));
    buffer_fini(&seen);
    add(database, der, ISSUER, bytes_of(SERIAL, 19), bytes_of("\x07", 1), "web-trust");
    feed(request);
    says("57 01 02 00 00 00 00 01 00 0f   07 0001 00   08 0001 07   09 0004 00 01 51 80");
    add(database, der, ISSUER, bytes_of(SERIAL, 19), bytes_of("\x01\x03\0", 3), NULL);
    feed(golden_verification(some_der(856)));
    says("57 01 02 00 00 00 00 01 00 04   07 0001 01");
    assert_false(step.trusted);
    add(database, some_der(856), ISSUER, bytes_of(SERIAL, 19), bytes_of("\x01\x03\0", 3), NULL);
    feed(golden_verification(some_der(856)));
    says("57 01 02 00 00 00 00 01 00 11   07 0001 00   08 0003 00 01 03   09 0004 00 01 51 80");
    waits();
}

static void test_bytes_may_come_in_any_pieces(void **state)
{
    (void)state;
    struct buffer query = golden_query();
    for (size_t i = 0; i < query.size; i++) {
        waits();
        assert_int_equal(tvs_session_input(session, bytes_slice(buffer_bytes(&query), i, 1)), 0);
    }
    says("57 01 04 00 000003e9 0004  07 0001 01");
    buffer_fini(&query);
}

static void test_several_requests_are_answered_one_after_the_other(void **state)
{
    (void)state;
    add(database, some_der(900), ISSUER, bytes_of(SERIAL, 19), bytes_of("\x04", 1), NULL);
    for (int i = 0; i < 3; i++) {
        feed(golden_verification(some_der(900)));
        feed(golden_query());
    }
    for (int i = 0; i < 3; i++) {
        assert_true(tvs_session_step(session, &shelves, &step));
        assert_int_equal(step.sent, TVS_CERT_VERIFICATION_RES);
        assert_true(step.trusted);
        assert_true(tvs_session_step(session, &shelves, &step));
        assert_int_equal(step.sent, TVS_QUERY_CERT_RES);
        assert_true(step.trusted);
    }
    waits();
}

static void test_a_certificate_of_a_trust_store_is_fetched_first(void **state)
{
    (void)state;
    add(database, some_der(DER_SIZE), ISSUER, bytes_of(SERIAL, 19), bytes_of("\0\x03", 2),
        "Phone-SAST-trust");
    feed(golden_query());
    assert_true(tvs_session_step(session, &shelves, &step));
    assert_true(step.fetch);
    assert_string_equal(step.search->found.purpose, "Phone-SAST-trust");
    assert_int_equal(step.send.size, 0);
    assert_true(tvs_session_waits(session));
    feed(golden_verification(some_der(1)));
    waits(); /* nothing is read on */
    /* The caches may be new ones when it comes. */
    cache_free(database);
    assert_int_equal(cache_new(&database), 0);
    shelves.database = database;
    tvs_session_fetched(session, some_der(DER_SIZE));
    assert_true(tvs_session_step(session, &shelves, &step));
    assert_int_equal(step.send.size, 1480);
    assert_true(step.trusted && !step.received);
    assert_bytes_text(step.request->subject, SUBJECT);
    says(NOT_TRUSTED_1);
}

static void test_a_certificate_taken_away_while_it_is_fetched_is_not_trusted(void **state)
{
    (void)state;
    add(database, some_der(DER_SIZE), ISSUER, bytes_of(SERIAL, 19), bytes_of("\0\x03", 2),
        "Phone-SAST-trust");
    feed(golden_query());
    assert_true(tvs_session_step(session, &shelves, &step));
    tvs_session_fetched(session, bytes_of(NULL, 0));
    says("57 01 04 00 000003e9 0004  07 0001 01");
    assert_false(step.trusted);
    waits();
}

static void test_the_database_is_asked_before_the_ctl(void **state)
{
    (void)state;
    add(ctl, some_der(900), ISSUER, bytes_of(SERIAL, 19), bytes_of("\0", 1), NULL);
    feed(golden_verification(some_der(900)));
    says("57 01 02 00 00000001 000f   07 0001 00   08 0001 00   09 0004 00 01 51 80");
    assert_true(step.search->ctl && !step.search->database);
    feed(golden_query());
    assert_true(tvs_session_step(session, &shelves, &step));
    assert_true(step.search->ctl && step.trusted);
    add(database, some_der(900), ISSUER, bytes_of(SERIAL, 19), bytes_of("\x02", 1), NULL);
    feed(golden_verification(some_der(900)));
    says("57 01 02 00 00000001 000f   07 0001 00   08 0001 02   09 0004 00 01 51 80");
    assert_true(step.search->database && !step.search->ctl);
}

static struct buffer etoken_query(void)
{
    struct buffer b = bytes_from("57 01 03 00 00000001 0000   01 0001 01  03 0038");
    buffer_text(&b, ETOKEN);
    add_hex(&b, "00  04 002a");
    buffer_text(&b, CISCO);
    add_hex(&b, "00  05 000a 83e9080000005545af31");
    buffer_set_u16be(&b, 8, (uint16_t)(b.size - 10));
    return b;
}

static void test_an_etoken_is_found_in_the_ctl_as_that_names_it(void **state)
{
    (void)state;
    add(ctl, some_der(897), CISCO, bytes_of("\x83\xe9\x08\0\0\0\x55\x45\xaf\x31", 10),
        bytes_of("\0", 1), NULL);
    feed(etoken_query());
    assert_true(tvs_session_step(session, &shelves, &step));
    assert_true(step.trusted && step.search->etoken && step.search->ctl);
}

static void test_an_etoken_that_was_imported_is_found_though_it_is_named_backwards(void **state)
{
    (void)state;
    add(database, some_der(897), "CN=Cisco Manufacturing CA;O=Cisco Systems",
        bytes_of("\x31\xaf\x45\x55\0\0\0\x08\xe9\x83", 10), bytes_of("\0\x03", 2), NULL);
    feed(etoken_query());
    assert_true(tvs_session_step(session, &shelves, &step));
    assert_true(step.trusted && step.search->database);
    /* Nobody else's number is turned round. */
    struct buffer other = etoken_query();
    memcpy(strstr((char *)other.data + 16, "SAST"), "FAST", 4);
    feed(other);
    assert_true(tvs_session_step(session, &shelves, &step));
    assert_false(step.trusted || step.search->etoken);
}

/* One test for each row of the table of deviations. */
static void test_any_device_name_and_none_is_answered(void **state)
{
    (void)state;
    static const char *const names[] = {
        "01 0018 01 43502d383836312d534550423030304234424130414545", /* CP-8861-SEP... */
        "01 0010 01 534550303031313232333334343535",                 /* SEP001122334455 */
        "01 001c 01 436973636f2044583635302d534550303031313232333334343535",
        "01 0006 43534631 32 33", /* no byte in front */
        "01 0000",
        "",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct buffer b = bytes_from("57 01 01 00 00000001 0000");
        add_hex(&b, names[i]);
        if (i == 2) /* as long as it says */
            buffer_set_u16be(&b, 11, (uint16_t)(b.size - 13));
        add_hex(&b, "02 0002 3000");
        buffer_set_u16be(&b, 8, (uint16_t)(b.size - 10));
        feed(b);
        says(NOT_TRUSTED_1);
    }
}

static void test_the_reserved_byte_is_ignored_and_answered_with_zero(void **state)
{
    (void)state;
    feed(bytes_from("57 01 01 f7 00000001 0005  02 0002 3000"));
    says(NOT_TRUSTED_1);
}

static void test_unknown_and_needless_elements_are_skipped(void **state)
{
    (void)state;
    struct bytes der = some_der(300);
    add(database, der, ISSUER, bytes_of(SERIAL, 19), bytes_of("\x07", 1), NULL);
    struct buffer b = bytes_from("57 01 01 00 00000001 0000   06 0003 010203  03 0002 4100  63 0000"
                                 " 05 0001 07  02 012c");
    buffer_append(&b, der);
    add_hex(&b, "ff 0002 0000");
    buffer_set_u16be(&b, 8, (uint16_t)(b.size - 10));
    feed(b);
    says("57 01 02 00 00000001 000f   07 0001 00   08 0001 07   09 0004 00 01 51 80");
}

static void test_what_is_no_certificate_is_not_trusted(void **state)
{
    (void)state;
    feed(bytes_from("57 01 01 00 00000001 000f   02 000c 6e6f206365727469666963"));
    feed(bytes_from("61"));
    says(NOT_TRUSTED_1);
    feed(bytes_from("57 01 01 00 00000001 0003   02 0000"));
    says(NOT_TRUSTED_1);
    feed(bytes_from("57 01 01 00 00000001 0000"));
    says(NOT_TRUSTED_1);
    feed(bytes_from("57 01 03 00 00000001 0000"));
    says("57 01 04 00 00000001 0004  07 0001 01");
    waits();
}

static void test_any_session_id_is_echoed(void **state)
{
    (void)state;
    feed(bytes_from("57 01 01 00 00000000 0000"));
    says("57 01 02 00 00000000 0004  07 0001 01");
    feed(bytes_from("57 01 01 00 fffffffe 0000"));
    says("57 01 02 00 fffffffe 0004  07 0001 01");
}

static void test_another_version_or_protocol_ends_the_connection_without_an_answer(void **state)
{
    (void)state;
    feed(bytes_from("57 02 01 00 00000001 0000"));
    ends("version 2");
    tvs_session_free(session);
    assert_int_equal(tvs_session_new(&session), 0);
    feed(bytes_from("474554202f"));
    ends("0x47");
}

static void test_a_malformed_body_ends_the_connection_without_an_answer(void **state)
{
    (void)state;
    static const struct {
        const char *hex, *words;
    } cases[] = {
        {"57 01 01 00 00000001 0005  02 0003 3000", "only 2 bytes are left"},
        {"57 01 01 00 00000001 0002  02 00", "the length is cut off"},
        {"57 01 01 00 00000001 000a  02 0002 3000  02 0002 3000", "stands there twice"},
        {"57 01 01 00 00000001 4001", "16385 bytes"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        feed(bytes_from(cases[i].hex));
        ends(cases[i].words);
        assert_null(step.request);
        tvs_session_free(session);
        assert_int_equal(tvs_session_new(&session), 0);
    }
}

static void test_what_only_a_server_says_ends_the_connection(void **state)
{
    (void)state;
    static const char *const commands[] = {"00", "02", "04", "05", "ff"};
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        struct buffer b = bytes_from("57 01");
        add_hex(&b, commands[i]);
        add_hex(&b, "00 00000001 0000");
        feed(b);
        ends("is not for a phone to say");
        tvs_session_free(session);
        assert_int_equal(tvs_session_new(&session), 0);
    }
}

static void test_questions_without_end_have_one(void **state)
{
    (void)state;
    for (int i = 0; i < TVS_REQUESTS_MAX; i++) {
        feed(bytes_from("57 01 01 00 00000001 0000"));
        says(NOT_TRUSTED_1);
    }
    feed(bytes_from("57 01 01 00 00000001 0000"));
    ends("more than 256 questions");
}

static void test_more_than_a_phone_says_at_once_is_not_kept(void **state)
{
    (void)state;
    static uint8_t flood[16384];
    int result = 0;
    add(database, some_der(DER_SIZE), ISSUER, bytes_of(SERIAL, 19), bytes_of("\0", 1), "TVS-trust");
    feed(golden_query());
    assert_true(tvs_session_step(session, &shelves, &step));
    assert_true(step.fetch);
    for (int i = 0; i < 3 && result == 0; i++)
        result = tvs_session_input(session, bytes_of(flood, sizeof flood));
    assert_int_equal(result, ERR_LIMIT);
}

int main(void)
{
#define IN_SESSION(test) cmocka_unit_test_setup_teardown(test, enter, leave)
    const struct CMUnitTest tests[] = {
        IN_SESSION(test_the_golden_query_is_answered_with_the_golden_bytes),
        IN_SESSION(test_the_golden_verifications_are_answered_with_the_golden_bytes),
        IN_SESSION(test_bytes_may_come_in_any_pieces),
        IN_SESSION(test_several_requests_are_answered_one_after_the_other),
        IN_SESSION(test_a_certificate_of_a_trust_store_is_fetched_first),
        IN_SESSION(test_a_certificate_taken_away_while_it_is_fetched_is_not_trusted),
        IN_SESSION(test_the_database_is_asked_before_the_ctl),
        IN_SESSION(test_an_etoken_is_found_in_the_ctl_as_that_names_it),
        IN_SESSION(test_an_etoken_that_was_imported_is_found_though_it_is_named_backwards),
        IN_SESSION(test_any_device_name_and_none_is_answered),
        IN_SESSION(test_the_reserved_byte_is_ignored_and_answered_with_zero),
        IN_SESSION(test_unknown_and_needless_elements_are_skipped),
        IN_SESSION(test_what_is_no_certificate_is_not_trusted),
        IN_SESSION(test_any_session_id_is_echoed),
        IN_SESSION(test_another_version_or_protocol_ends_the_connection_without_an_answer),
        IN_SESSION(test_a_malformed_body_ends_the_connection_without_an_answer),
        IN_SESSION(test_what_only_a_server_says_ends_the_connection),
        IN_SESSION(test_questions_without_end_have_one),
        IN_SESSION(test_more_than_a_phone_says_at_once_is_not_kept),
    };
    return RUN(tests);
}
