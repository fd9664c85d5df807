/* The engine of CAPF, fed with the bytes of phones and of docs/protocols/capf.md's annotated
 * exchanges. */
#include "support.h"

#include "base/text.h"
#include "service/capf/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SESSION = 1, LONG_TIME = 24 * 3600 * 1000 };

static struct capf_session *session;
static struct capf_step step;
static int64_t now;
static const char *no_ec; /* what is known of the phone */

static int enter(void **state)
{
    struct capf_limits limits;
    (void)state;
    capf_limits_default(&limits);
    now = 1000;
    no_ec = NULL;
    assert_int_equal(capf_session_new(&session, &limits, SESSION, now), 0);
    return 0;
}

static int leave(void **state)
{
    (void)state;
    capf_session_free(session);
    session = NULL;
    return 0;
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
    assert_int_equal(capf_session_input(session, bytes_of(bytes, n)), 0);
}

static void sends(const char *hex)
{
    uint8_t bytes[4096];
    size_t n = from_hex(bytes, sizeof bytes, hex);
    assert_true(capf_session_step(session, now, &step));
    assert_bytes_equal(step.send, bytes_of(bytes, n));
}

static void asks(enum capf_question question)
{
    assert_true(capf_session_step(session, now, &step));
    assert_int_equal(step.question, question);
    assert_int_equal(step.send.size, 0);
}

static void waits(void)
{
    assert_false(capf_session_step(session, now, &step));
}

static void saves(enum capf_save save, bool success, enum enrolment_cause cause)
{
    asks(CAPF_SAVE);
    assert_int_equal(step.save, save);
    assert_int_equal(step.outcome.success, success);
    assert_int_equal(step.outcome.cause, cause);
    assert_false(step.outcome.over);
    if (!success)
        assert_non_null(step.reason);
    capf_session_saved(session, true);
}

#define AUTH_REQ          "55 01 00000001 0008 07 0001 03 08 0001 00"
#define NAME              "0d 0010 534550303031313231354131414533 00"
#define AUTH_RES          "55 02 00000001 0025 01 0001 01 07 0001 03 0b 0007 31 32 33 34 35 36 00 " NAME
#define AUTH_RES_2        "55 02 00000001 001b 01 0001 01 07 0001 02 " NAME
#define END(reason)       "55 0f 00000001 0004 01 0001 " reason
#define STORE_RES(reason) "55 0a 00000001 0004 01 0001 " reason
#define IN_PROGRESS       "55 11 00000001 0000"
#define KEY_RES           "55 04 00000001 0006 09 0003 30 01 00"
#define STORE_REQ         "55 09 00000001 0011 03 0001 01 04 000a 01 0007 00 01 30 03 02 01 05"

static const uint8_t lsc[] = {0x30, 0x03, 0x02, 0x01, 0x05};

static void is_known(enum enrolment_operation operation, enum key_order order)
{
    struct capf_knowledge knowledge = {.verdict = CAPF_WELCOME,
                                       .device = "SEP0011215A1AE3",
                                       .number = 7,
                                       .order = {operation, CAPF_AUTH_STRING, order, 2048, 384, 0}};
    text_copy(knowledge.no_ec, sizeof knowledge.no_ec, no_ec ? no_ec : "");
    asks(CAPF_WHO);
    capf_session_known(session, &knowledge);
}

static void opened(enum enrolment_operation operation, enum key_order order)
{
    sends(AUTH_REQ);
    waits();
    feed(AUTH_RES);
    is_known(operation, order);
}

static void key_wanted(void)
{
    opened(ENROLMENT_INSTALL, KEY_ORDER_RSA);
    sends("55 03 00000001 0009 0a 0002 08 00 11 0001 00");
}

static void stored(void)
{
    key_wanted();
    feed(KEY_RES);
    asks(CAPF_ISSUE);
    capf_session_issued(session, bytes_of(lsc, sizeof lsc));
    sends(STORE_REQ);
}

static void ends(const char *hex)
{
    sends(hex);
    assert_true(step.close);
    waits();
    capf_session_gone(session);
    assert_true(capf_session_step(session, now, &step));
    assert_true(capf_session_over(session));
    waits();
}

/* ---- good ends ---- */

static void test_an_install_by_string_is_byte_for_byte_the_known_one(void **state)
{
    (void)state;
    opened(ENROLMENT_INSTALL, KEY_ORDER_RSA);
    sends("55 03 00000001 0009 0a 0002 08 00 11 0001 00");
    assert_string_equal(capf_session_device(session), "SEP0011215A1AE3");
    feed(IN_PROGRESS);
    assert_true(capf_session_step(session, now, &step));
    assert_string_equal(step.event, "CAPF_EV_REQUEST_IN_PROGRESS");
    assert_string_equal(step.state, "CAPF_STATE_AWAIT_KEY_GEN_RES");
    assert_int_equal(step.send.size, 0);
    feed(KEY_RES);
    asks(CAPF_ISSUE);
    assert_true(capf_session_message(session)->has_public_key);
    capf_session_issued(session, bytes_of(lsc, sizeof lsc));
    sends(STORE_REQ);
    feed(STORE_RES("01"));
    sends(END("01"));
    assert_int_equal(step.question, CAPF_SAVE);
    assert_int_equal(step.save, CAPF_SAVE_KEPT);
    assert_true(step.outcome.success);
    assert_int_equal(step.outcome.number, 7);
    assert_false(step.close);
    capf_session_saved(session, true);
    assert_true(capf_session_step(session, now, &step));
    assert_int_equal(step.send.size, 0);
    assert_null(step.reason);
    assert_true(step.close);
}

static void test_an_ec_key_is_ordered_as_known(void **state)
{
    (void)state;
    opened(ENROLMENT_INSTALL, KEY_ORDER_EC);
    sends("55 03 00000001 0008 11 0001 01 12 0001 01");
}

#define ORDER_EC  "55 03 00000001 0008 11 0001 01 12 0001 01"
#define ORDER_RSA "55 03 00000001 0009 0a 0002 08 00 11 0001 00"
#define NO_KEY    "55 04 00000001 0004 01 0001 07"

static void test_a_phone_that_answers_that_it_makes_no_ec_key_is_ordered_the_rsa_backup(
    void **state)
{
    (void)state;
    opened(ENROLMENT_INSTALL, KEY_ORDER_EC_RSA);
    sends(ORDER_EC);
    assert_true(capf_session_wants_ec(session));
    feed(IN_PROGRESS);
    assert_true(capf_session_step(session, now, &step));
    feed(NO_KEY);
    sends(ORDER_RSA);
    assert_false(capf_session_wants_ec(session));
    feed(KEY_RES);
    asks(CAPF_ISSUE);
    capf_session_issued(session, bytes_of(lsc, sizeof lsc));
    sends(STORE_REQ);
}

static void test_a_phone_that_makes_neither_key_has_failed(void **state)
{
    (void)state;
    opened(ENROLMENT_INSTALL, KEY_ORDER_EC_RSA);
    sends(ORDER_EC);
    feed(NO_KEY);
    sends(ORDER_RSA);
    feed(NO_KEY);
    saves(CAPF_SAVE_ATTEMPT, false, CAUSE_KEY);
    ends(END("07"));
}

static void test_an_ec_key_alone_has_no_backup(void **state)
{
    (void)state;
    opened(ENROLMENT_INSTALL, KEY_ORDER_EC);
    sends(ORDER_EC);
    feed(NO_KEY);
    saves(CAPF_SAVE_ATTEMPT, false, CAUSE_KEY);
    ends(END("07"));
}

static void test_what_is_known_to_make_no_ec_key_is_ordered_the_backup_at_once(void **state)
{
    (void)state;
    no_ec = "a CSF makes no EC keys";
    opened(ENROLMENT_INSTALL, KEY_ORDER_EC_RSA);
    sends(ORDER_RSA);
}

static void test_an_ec_key_is_not_ordered_for_an_encrypted_configuration(void **state)
{
    (void)state;
    no_ec = "its configuration is encrypted";
    opened(ENROLMENT_INSTALL, KEY_ORDER_EC);
    saves(CAPF_SAVE_ATTEMPT, false, CAUSE_NO_EC);
    assert_string_equal(step.reason,
                        "an EC key is ordered, and its configuration is encrypted: order RSA");
    ends(END("07"));
}

static void test_a_phone_of_version_2_gets_the_key_size_alone(void **state)
{
    (void)state;
    sends(AUTH_REQ);
    feed(AUTH_RES_2);
    is_known(ENROLMENT_INSTALL, KEY_ORDER_EC_RSA);
    sends("55 03 00000001 0005 0a 0002 08 00");
}

static void test_a_phone_of_version_2_cannot_have_an_ec_key(void **state)
{
    (void)state;
    sends(AUTH_REQ);
    feed(AUTH_RES_2);
    is_known(ENROLMENT_INSTALL, KEY_ORDER_EC);
    saves(CAPF_SAVE_ATTEMPT, false, CAUSE_NO_EC);
    ends(END("07"));
}

static void test_nothing_to_do_ends_at_once(void **state)
{
    (void)state;
    opened(ENROLMENT_NONE, KEY_ORDER_RSA);
    ends(END("00"));
}

static void test_a_certificate_is_fetched(void **state)
{
    (void)state;
    opened(ENROLMENT_TROUBLESHOOT, KEY_ORDER_RSA);
    sends("55 0b 00000001 0000");
    feed("55 0c 00000001 0011 01 0001 01 04 000a 01 0007 00 01 30 03 02 01 05");
    asks(CAPF_SAVE);
    assert_int_equal(step.save, CAPF_SAVE_FETCHED);
    assert_bytes_equal(capf_session_message(session)->certificate, bytes_of(lsc, sizeof lsc));
    capf_session_saved(session, true);
    ends(END("00"));
}

static void test_a_phone_without_a_certificate_to_fetch_is_no_success(void **state)
{
    (void)state;
    opened(ENROLMENT_TROUBLESHOOT, KEY_ORDER_RSA);
    sends("55 0b 00000001 0000");
    feed("55 0c 00000001 0004 01 0001 07");
    saves(CAPF_SAVE_ATTEMPT, false, CAUSE_NONE);
    ends(END("00"));
}

static void test_a_certificate_is_deleted(void **state)
{
    (void)state;
    opened(ENROLMENT_DELETE, KEY_ORDER_RSA);
    sends("55 0d 00000001 0000");
    feed("55 0e 00000001 0004 01 0001 01");
    saves(CAPF_SAVE_DELETED, true, CAUSE_NONE);
    ends(END("01"));
}

static void test_a_refused_deletion_keeps_the_order(void **state)
{
    (void)state;
    opened(ENROLMENT_DELETE, KEY_ORDER_RSA);
    sends("55 0d 00000001 0000");
    feed("55 0e 00000001 0004 01 0001 07");
    saves(CAPF_SAVE_ATTEMPT, false, CAUSE_NONE);
    ends(END("01"));
}

/* ---- who is it ---- */

static void not_welcome(enum capf_verdict verdict, const char *end)
{
    const struct capf_knowledge knowledge = {.verdict = verdict, .reason = "because"};
    sends(AUTH_REQ);
    feed(AUTH_RES);
    asks(CAPF_WHO);
    assert_bytes_equal(capf_session_message(session)->password, bytes_of_string("123456"));
    capf_session_known(session, &knowledge);
    sends(end);
    assert_string_equal(step.reason, "because");
    assert_true(step.close);
}

static void test_an_unknown_device_hears_9(void **state)
{
    (void)state;
    not_welcome(CAPF_UNKNOWN_DEVICE, END("09"));
}

static void test_a_phone_that_is_not_believed_hears_7(void **state)
{
    (void)state;
    not_welcome(CAPF_NOT_BELIEVED, END("07"));
}

static void test_a_late_phone_hears_7(void **state)
{
    (void)state;
    not_welcome(CAPF_LATE, END("07"));
}

static void test_a_reason_is_not_needed_in_an_auth_res(void **state)
{
    (void)state;
    sends(AUTH_REQ);
    feed("55 02 00000001 0017 07 0001 03 " NAME);
    is_known(ENROLMENT_NONE, KEY_ORDER_RSA);
    ends(END("00"));
}

static void test_unknown_elements_are_skipped(void **state)
{
    (void)state;
    sends(AUTH_REQ);
    feed("55 02 00000001 0020 63 0002 beef 08 0001 01 07 0001 03 " NAME);
    is_known(ENROLMENT_NONE, KEY_ORDER_RSA);
    ends(END("00"));
}

static void test_without_a_device_name_nobody_is_asked_for(void **state)
{
    (void)state;
    sends(AUTH_REQ);
    feed("55 02 00000001 0008 01 0001 01 07 0001 03");
    ends(END("07"));
}

/* ---- pieces and faults of the stream ---- */

static void test_any_split_of_the_stream_is_accepted(void **state)
{
    uint8_t bytes[64];
    size_t n = from_hex(bytes, sizeof bytes, AUTH_RES);
    (void)state;
    sends(AUTH_REQ);
    for (size_t i = 0; i < n; i++) {
        waits();
        assert_int_equal(capf_session_input(session, bytes_of(bytes + i, 1)), 0);
    }
    is_known(ENROLMENT_NONE, KEY_ORDER_RSA);
    ends(END("00"));
}

static void test_a_foreign_session_id_is_refused(void **state)
{
    (void)state;
    key_wanted();
    feed("55 04 00000002 0006 09 0003 30 01 00");
    saves(CAPF_SAVE_ATTEMPT, false, CAUSE_PHONE);
    ends(END("07"));
}

static void test_a_foreign_protocol_is_refused(void **state)
{
    (void)state;
    sends(AUTH_REQ);
    feed("56 02 00000001 0000");
    ends(END("07"));
}

static void test_a_message_nobody_waits_for_is_refused(void **state)
{
    (void)state;
    key_wanted();
    feed(STORE_RES("01"));
    saves(CAPF_SAVE_ATTEMPT, false, CAUSE_PHONE);
    ends(END("07"));
}

static void test_an_element_cut_short_is_refused(void **state)
{
    (void)state;
    sends(AUTH_REQ);
    feed("55 02 00000001 000a 07 0001 03 0d 0010 53 45 50");
    ends(END("07"));
}

static void test_a_body_larger_than_a_phone_says_is_refused_before_it_came(void **state)
{
    (void)state;
    sends(AUTH_REQ);
    feed("55 02 00000001 ffff");
    ends(END("07"));
}

static void test_what_came_too_early_is_read_in_its_turn(void **state)
{
    (void)state;
    sends(AUTH_REQ);
    feed(AUTH_RES IN_PROGRESS);
    asks(CAPF_WHO);
    feed(KEY_RES);
    waits();
    capf_session_known(session, &(struct capf_knowledge){
                                    .verdict = CAPF_WELCOME,
                                    .order = {ENROLMENT_INSTALL, 0, KEY_ORDER_RSA, 2048, 256, 0}});
    sends("55 03 00000001 0009 0a 0002 08 00 11 0001 00");
    assert_true(capf_session_step(session, now, &step));
    assert_string_equal(step.event, "CAPF_EV_REQUEST_IN_PROGRESS");
    asks(CAPF_ISSUE);
    assert_true(capf_session_message(session)->has_public_key);
}

/* ---- keys ---- */

static void test_a_phone_may_say_ever_so_often_that_it_works(void **state)
{
    (void)state;
    key_wanted();
    for (int i = 0; i < 100; i++) {
        now += 10 * 60 * 1000 / 100;
        feed(IN_PROGRESS);
        assert_true(capf_session_step(session, now, &step));
        assert_int_equal(step.send.size, 0);
    }
    feed("55 11 00000001 0005 0c 0002 0005");
    assert_true(capf_session_step(session, now, &step));
    feed(KEY_RES);
    asks(CAPF_ISSUE);
}

static void test_a_key_in_progress_has_an_end(void **state)
{
    (void)state;
    key_wanted();
    int64_t began = now;
    for (;;) {
        feed(IN_PROGRESS);
        assert_true(capf_session_step(session, now, &step));
        int64_t due = capf_session_due(session);
        if (due <= now)
            break;
        now = due - 1 > now ? due - 1 : due;
        assert_true(now - began < LONG_TIME);
    }
    saves(CAPF_SAVE_ATTEMPT, false, CAUSE_KEY);
    ends(END("07"));
}

static void test_a_key_that_does_not_come_is_a_failure(void **state)
{
    (void)state;
    key_wanted();
    now = capf_session_due(session);
    saves(CAPF_SAVE_ATTEMPT, false, CAUSE_KEY);
    ends(END("07"));
}

static void test_a_phone_that_cannot_make_a_key_keeps_its_order(void **state)
{
    (void)state;
    key_wanted();
    feed("55 04 00000001 0004 01 0001 07");
    saves(CAPF_SAVE_ATTEMPT, false, CAUSE_KEY);
    ends(END("07"));
}

static void test_a_key_that_is_not_certified_ends_the_session(void **state)
{
    (void)state;
    key_wanted();
    feed(KEY_RES);
    asks(CAPF_ISSUE);
    capf_session_not_issued(session, CAUSE_KEY, "the key is known");
    saves(CAPF_SAVE_ATTEMPT, false, CAUSE_KEY);
    ends(END("07"));
}

/* ---- the certificate ---- */

static void test_a_certificate_the_phone_refuses_is_dropped_and_the_order_stays(void **state)
{
    (void)state;
    stored();
    feed(STORE_RES("07"));
    saves(CAPF_SAVE_REFUSED, false, CAUSE_NONE);
    ends(END("07"));
}

static void test_a_phone_that_vanishes_leaves_its_certificate_pending(void **state)
{
    (void)state;
    stored();
    capf_session_gone(session);
    saves(CAPF_SAVE_ATTEMPT, false, CAUSE_PHONE);
    assert_true(capf_session_step(session, now, &step));
    assert_int_equal(step.send.size, 0);
    assert_true(step.close);
    assert_true(capf_session_over(session));
}

static void test_a_phone_that_is_silent_leaves_its_certificate_pending(void **state)
{
    (void)state;
    stored();
    now = capf_session_due(session);
    saves(CAPF_SAVE_ATTEMPT, false, CAUSE_PHONE);
    ends(END("07"));
}

/* That it holds the certificate was known as possible before; that it does is ours to note. */
static void test_a_phone_that_kept_its_certificate_waits_for_nobody(void **state)
{
    (void)state;
    stored();
    feed(STORE_RES("01"));
    sends(END("01"));
    assert_int_equal(step.question, CAPF_SAVE);
    assert_int_equal(step.save, CAPF_SAVE_KEPT);
    assert_false(step.close);
    waits();
    capf_session_saved(session, false);
    assert_true(capf_session_step(session, now, &step));
    assert_int_equal(step.send.size, 0);
    assert_string_equal(step.reason, "the outcome could not be written down");
    assert_true(step.close);
}

static void test_a_deletion_is_only_confirmed_when_it_is_written_down(void **state)
{
    (void)state;
    opened(ENROLMENT_DELETE, KEY_ORDER_RSA);
    sends("55 0d 00000001 0000");
    feed("55 0e 00000001 0004 01 0001 01");
    asks(CAPF_SAVE);
    capf_session_saved(session, false);
    ends(END("07"));
}

static void test_somebody_at_the_phone_can_give_up(void **state)
{
    (void)state;
    key_wanted();
    feed("55 14 00000001 0000");
    assert_true(capf_session_step(session, now, &step));
    assert_int_equal(step.sent, CAPF_ABORT_RES);
    assert_int_equal(step.question, CAPF_SAVE);
    capf_session_saved(session, true);
    ends(END("07"));
}

static void test_a_silent_phone_is_not_waited_for(void **state)
{
    (void)state;
    sends(AUTH_REQ);
    now = capf_session_due(session) - 1;
    waits();
    now++;
    ends(END("07"));
}

static void test_a_phone_that_leaves_before_saying_who_it_is_leaves_nothing(void **state)
{
    (void)state;
    sends(AUTH_REQ);
    capf_session_gone(session);
    assert_true(capf_session_step(session, now, &step));
    assert_int_equal(step.question, CAPF_NO_QUESTION);
    assert_true(step.close);
    assert_true(capf_session_over(session));
}

static void test_an_answer_that_comes_after_the_phone_has_gone_does_no_harm(void **state)
{
    (void)state;
    key_wanted();
    feed(KEY_RES);
    asks(CAPF_ISSUE);
    capf_session_gone(session);
    waits();
    capf_session_issued(session, bytes_of(lsc, sizeof lsc));
    saves(CAPF_SAVE_ATTEMPT, false, CAUSE_PHONE);
    assert_true(capf_session_step(session, now, &step));
    assert_true(capf_session_over(session));
}

/* Whatever comes in whatever state, a session ends, and answers stay well-formed. */
static void test_every_command_in_every_state_comes_to_an_end(void **state)
{
    void (*const to[])(void) = {key_wanted, stored};
    for (unsigned command = 0; command < 256; command++) {
        for (size_t i = 0; i < 2; i++) {
            char message[64];
            if (command || i) {
                leave(state);
                enter(state);
            }
            to[i]();
            snprintf(message, sizeof message, "55 %02x 00000001 0004 01 0001 07", command);
            feed(message);
            for (int turns = 0; !capf_session_over(session); turns++) {
                assert_true(turns < 100);
                if (!capf_session_step(session, now, &step)) {
                    now = capf_session_due(session);
                    continue;
                }
                if (step.question == CAPF_SAVE)
                    capf_session_saved(session, true);
                if (step.question == CAPF_ISSUE)
                    capf_session_not_issued(session, CAUSE_KEY, "no");
                if (step.send.size)
                    assert_int_equal(step.send.data[0], CAPF_PROTOCOL_ID);
            }
        }
    }
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_an_install_by_string_is_byte_for_byte_the_known_one),
        CASE(test_an_ec_key_is_ordered_as_known),
        CASE(test_a_phone_that_answers_that_it_makes_no_ec_key_is_ordered_the_rsa_backup),
        CASE(test_a_phone_that_makes_neither_key_has_failed),
        CASE(test_an_ec_key_alone_has_no_backup),
        CASE(test_what_is_known_to_make_no_ec_key_is_ordered_the_backup_at_once),
        CASE(test_an_ec_key_is_not_ordered_for_an_encrypted_configuration),
        CASE(test_a_phone_of_version_2_gets_the_key_size_alone),
        CASE(test_a_phone_of_version_2_cannot_have_an_ec_key),
        CASE(test_nothing_to_do_ends_at_once),
        CASE(test_a_certificate_is_fetched),
        CASE(test_a_phone_without_a_certificate_to_fetch_is_no_success),
        CASE(test_a_certificate_is_deleted),
        CASE(test_a_refused_deletion_keeps_the_order),
        CASE(test_an_unknown_device_hears_9),
        CASE(test_a_phone_that_is_not_believed_hears_7),
        CASE(test_a_late_phone_hears_7),
        CASE(test_a_reason_is_not_needed_in_an_auth_res),
        CASE(test_unknown_elements_are_skipped),
        CASE(test_without_a_device_name_nobody_is_asked_for),
        CASE(test_any_split_of_the_stream_is_accepted),
        CASE(test_a_foreign_session_id_is_refused),
        CASE(test_a_foreign_protocol_is_refused),
        CASE(test_a_message_nobody_waits_for_is_refused),
        CASE(test_an_element_cut_short_is_refused),
        CASE(test_a_body_larger_than_a_phone_says_is_refused_before_it_came),
        CASE(test_what_came_too_early_is_read_in_its_turn),
        CASE(test_a_phone_may_say_ever_so_often_that_it_works),
        CASE(test_a_key_in_progress_has_an_end),
        CASE(test_a_key_that_does_not_come_is_a_failure),
        CASE(test_a_phone_that_cannot_make_a_key_keeps_its_order),
        CASE(test_a_key_that_is_not_certified_ends_the_session),
        CASE(test_a_certificate_the_phone_refuses_is_dropped_and_the_order_stays),
        CASE(test_a_phone_that_vanishes_leaves_its_certificate_pending),
        CASE(test_a_phone_that_is_silent_leaves_its_certificate_pending),
        CASE(test_a_phone_that_kept_its_certificate_waits_for_nobody),
        CASE(test_a_deletion_is_only_confirmed_when_it_is_written_down),
        CASE(test_somebody_at_the_phone_can_give_up),
        CASE(test_a_silent_phone_is_not_waited_for),
        CASE(test_a_phone_that_leaves_before_saying_who_it_is_leaves_nothing),
        CASE(test_an_answer_that_comes_after_the_phone_has_gone_does_no_harm),
        CASE(test_every_command_in_every_state_comes_to_an_end),
    };
    return RUN(tests);
}
