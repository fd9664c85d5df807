/* From digits to the number that rings. */
#include "callworld.h"

#include <string.h>

/* ---- dialling ---- */

static void test_lifting_the_handset_gives_a_dial_tone_and_a_digit_ends_it(void **state)
{
    (void)state;
    press(0, CALL_EV_OFF_HOOK);
    assert_int_equal(seen(0, CALL_STATE_DIALTONE)->tone, CALL_TONE_DIAL);
    press_digits(0, "1");
    assert_int_equal(seen(0, CALL_STATE_DIALLING)->tone, CALL_TONE_NONE);
}

static void test_a_number_that_no_longer_one_begins_with_rings_at_its_last_digit(void **state)
{
    (void)state;
    press(0, CALL_EV_OFF_HOOK);
    press_digits(0, "100");
    assert_idle(1);
    press_digits(0, "1");
    assert_int_equal(seen(0, CALL_STATE_RINGING_OUT)->tone, CALL_TONE_RINGING);
    assert_true(seen(1, CALL_STATE_RINGING_IN)->rings);
    assert_string_equal(seen(0, CALL_STATE_RINGING_OUT)->dialled, "1001");
}

static void test_a_number_that_longer_ones_begin_with_waits_for_another_digit(void **state)
{
    (void)state;
    assert_int_equal(call_plan_number(world.engine, "100", NULL), 0);
    assert_int_equal(call_plan_number(world.engine, "10011", NULL), 0);
    press(0, CALL_EV_OFF_HOOK);
    press_digits(0, "1001");
    world_pass(world.limits.next_digit_ms - 1);
    assert_idle(1);
    world_pass(1);
    assert_shows(1, CALL_STATE_RINGING_IN);
}

static void test_a_hash_ends_a_number_at_once(void **state)
{
    (void)state;
    assert_int_equal(call_plan_number(world.engine, "10011", NULL), 0);
    press(0, CALL_EV_OFF_HOOK);
    press_digits(0, "1001#");
    assert_shows(1, CALL_STATE_RINGING_IN);
}

static void test_a_hash_is_a_digit_where_numbers_have_one(void **state)
{
    (void)state;
    assert_int_equal(call_plan_number(world.engine, "1001#7", NULL), 0);
    press(0, CALL_EV_OFF_HOOK);
    press_digits(0, "1001#");
    assert_shows(0, CALL_STATE_DIALLING);
    press_digits(0, "7");
    assert_shows(0, CALL_STATE_FAILED);
    assert_int_equal(world.last.cause, CALL_CAUSE_UNREACHABLE);
    assert_idle(1);
}

static void test_a_number_nobody_can_have_fails_at_the_first_digit_that_tells(void **state)
{
    (void)state;
    press(0, CALL_EV_OFF_HOOK);
    press_digits(0, "7");
    assert_int_equal(seen(0, CALL_STATE_FAILED_UNKNOWN)->tone, CALL_TONE_REORDER);
    assert_int_equal(world.last.cause, CALL_CAUSE_UNKNOWN_NUMBER);
    assert_string_equal(world.last.dialled, "7");
    world_pass(world.limits.failed_ms - 1);
    assert_int_equal(seen_count(0), 1);
    world_pass(1);
    assert_idle(0);
}

static void test_digits_that_stop_half_way_are_an_unknown_number(void **state)
{
    (void)state;
    press(0, CALL_EV_OFF_HOOK);
    press_digits(0, "10");
    world_pass(world.limits.next_digit_ms);
    assert_shows(0, CALL_STATE_FAILED_UNKNOWN);
}

static void test_without_digits_the_reorder_tone_comes_and_then_it_hangs_up(void **state)
{
    (void)state;
    press(0, CALL_EV_OFF_HOOK);
    world_pass(world.limits.first_digit_ms);
    assert_int_equal(seen(0, CALL_STATE_FAILED)->tone, CALL_TONE_REORDER);
    assert_int_equal(world.over, 0);
    world_pass(world.limits.failed_ms);
    assert_idle(0);
}

static void test_a_backspace_takes_back_one_digit_and_the_last_brings_the_dial_tone(void **state)
{
    (void)state;
    press(0, CALL_EV_OFF_HOOK);
    press_digits(0, "20");
    press(0, CALL_EV_BACKSPACE);
    press(0, CALL_EV_BACKSPACE);
    press_digits(0, "1001");
    assert_shows(1, CALL_STATE_RINGING_IN);
    press(0, CALL_EV_END);
    press(0, CALL_EV_NEW);
    press_digits(0, "1");
    press(0, CALL_EV_BACKSPACE);
    assert_int_equal(seen(0, CALL_STATE_DIALTONE)->tone, CALL_TONE_DIAL);
    press(0, CALL_EV_BACKSPACE);
    assert_shows(0, CALL_STATE_DIALTONE);
}

static void test_redial_calls_what_was_dialled_last(void **state)
{
    (void)state;
    press(0, CALL_EV_REDIAL);
    assert_idle(0); /* nothing was */
    dial(0, "1002");
    press(0, CALL_EV_END);
    press(0, CALL_EV_OFF_HOOK);
    press(0, CALL_EV_REDIAL);
    assert_shows(2, CALL_STATE_RINGING_IN);
    press(0, CALL_EV_END);
    press(0, CALL_EV_REDIAL);
    assert_shows(2, CALL_STATE_RINGING_IN);
}

static void test_what_is_no_number_is_not_dialled(void **state)
{
    (void)state;
    const struct call_event letter = {.kind = CALL_EV_DIGIT, .digit = 'x'};
    dial(0, "");
    dial(0, "10a1");
    dial(0, "1234567890123456789012345678901234567890");
    press(0, CALL_EV_OFF_HOOK);
    call_event(world.engine, world.tels[0].phone, &letter, world.now);
    world_drain();
    assert_shows(0, CALL_STATE_DIALTONE);
    assert_int_equal(seen_count(0), 1);
    assert_int_equal(call_engine_counters(world.engine)->placed, 0);
}

/* ---- forwarding ---- */

static void set_forward(const char *number, enum call_forward forward, const char *to)
{
    struct call_forwards forwards = {.to = {""}};
    strcpy(forwards.to[forward], to);
    assert_int_equal(call_plan_number(world.engine, number, &forwards), 0);
    world_drain();
}

static void test_a_forward_is_set_and_taken_back_at_the_phone_and_kept(void **state)
{
    (void)state;
    press_forward(1, CALL_FORWARD_ALL);
    assert_shows(1, CALL_STATE_FORWARDING);
    press_digits(1, "1002");
    assert_idle(1);
    assert_string_equal(world.tels[1].forwards.to[CALL_FORWARD_ALL], "1002");
    assert_string_equal(world.kept.number, "1001");
    assert_string_equal(world.kept.to, "1002");
    dial(0, "1001");
    assert_idle(1);
    const struct call_info *info = &seen(2, CALL_STATE_RINGING_IN)->info;
    assert_string_equal(info->called.number, "1002");
    assert_string_equal(info->original.number, "1001");
    assert_string_equal(info->redirecting.number, "1001");
    assert_int_equal(info->reason, CALL_BY_ALL);
    press(0, CALL_EV_END);
    press_forward(1, CALL_FORWARD_ALL);
    assert_string_equal(world.tels[1].forwards.to[CALL_FORWARD_ALL], "");
    assert_string_equal(world.kept.to, "");
    dial(0, "1001");
    assert_shows(1, CALL_STATE_RINGING_IN);
}

static void test_a_forward_can_be_asked_for_at_the_dial_tone(void **state)
{
    (void)state;
    press(1, CALL_EV_OFF_HOOK);
    press_forward(1, CALL_FORWARD_ALL);
    assert_int_equal(seen(1, CALL_STATE_FORWARDING)->tone, CALL_TONE_DIAL);
    world_pass(world.limits.first_digit_ms - 1);
    press_digits(1, "1002");
    assert_idle(1);
    assert_string_equal(world.tels[1].forwards.to[CALL_FORWARD_ALL], "1002");
    assert_string_equal(world.kept.to, "1002");
    press(1, CALL_EV_OFF_HOOK);
    press_forward(1, CALL_FORWARD_ALL); /* and taken back there */
    assert_idle(1);
    assert_string_equal(world.tels[1].forwards.to[CALL_FORWARD_ALL], "");
    press(1, CALL_EV_OFF_HOOK);
    press_digits(1, "1");
    press_forward(1, CALL_FORWARD_ALL); /* it is too late */
    assert_int_equal(world.tels[1].notices.count, 1);
    press_digits(1, "003");
    assert_shows(3, CALL_STATE_RINGING_IN);
    assert_int_equal(world.kept.count, 2);
}

static void test_a_transfer_that_asks_for_a_number_is_not_made_a_forward(void **state)
{
    (void)state;
    connect_two(0, 1);
    press(0, CALL_EV_TRANSFER);
    press_forward(0, CALL_FORWARD_ALL);
    assert_int_equal(world.tels[0].notices.count, 1);
    press_digits(0, "1002");
    assert_shows(2, CALL_STATE_RINGING_IN);
    assert_int_equal(world.kept.count, 0);
}

static void test_redial_forwards_to_what_was_dialled_last(void **state)
{
    (void)state;
    dial(1, "1003");
    press(1, CALL_EV_END);
    press_forward(1, CALL_FORWARD_BUSY);
    press(1, CALL_EV_REDIAL);
    assert_idle(1);
    assert_string_equal(world.tels[1].forwards.to[CALL_FORWARD_BUSY], "1003");
}

static void test_a_forward_to_nobody_or_to_oneself_is_not_set(void **state)
{
    (void)state;
    press_forward(1, CALL_FORWARD_ALL);
    press_digits(1, "7");
    assert_shows(1, CALL_STATE_FAILED_UNKNOWN);
    press(1, CALL_EV_END);
    press_forward(1, CALL_FORWARD_BUSY);
    press_digits(1, "1001");
    assert_shows(1, CALL_STATE_FAILED_UNKNOWN);
    press(1, CALL_EV_END);
    press_forward(1, CALL_FORWARD_BUSY);
    press_forward(1, CALL_FORWARD_BUSY); /* thought better of it */
    assert_idle(1);
    assert_int_equal(world.kept.count, 0);
}

static void test_forwards_known_before_are_obeyed_and_shown(void **state)
{
    (void)state;
    set_forward("1001", CALL_FORWARD_ALL, "1002");
    assert_string_equal(world.tels[1].forwards.to[CALL_FORWARD_ALL], "1002");
    dial(0, "1001");
    assert_shows(2, CALL_STATE_RINGING_IN);
}

static void test_a_busy_number_is_forwarded_when_it_is_set_so(void **state)
{
    (void)state;
    set_forward("1001", CALL_FORWARD_BUSY, "1004");
    connect_two(1, 0);
    dial(2, "1001");
    press(1, CALL_EV_ANSWER);
    dial(3, "1001");
    assert_int_equal(seen(4, CALL_STATE_RINGING_IN)->info.reason, CALL_BY_BUSY);
    assert_string_equal(seen(3, CALL_STATE_RINGING_OUT)->info.called.number, "1004");
}

static void test_a_declined_call_goes_where_a_busy_one_goes(void **state)
{
    (void)state;
    set_forward("1001", CALL_FORWARD_BUSY, "1004");
    dial(0, "1001");
    press_call(1, CALL_EV_END, seen(1, CALL_STATE_RINGING_IN)->reference);
    assert_shows(4, CALL_STATE_RINGING_IN);
}

static void test_a_number_nobody_answers_is_forwarded_after_its_time(void **state)
{
    (void)state;
    set_forward("1001", CALL_FORWARD_NO_ANSWER, "1004");
    dial(0, "1001");
    world_pass(world.limits.no_answer_ms - 1);
    assert_shows(1, CALL_STATE_RINGING_IN);
    world_pass(1);
    assert_idle(1);
    press(4, CALL_EV_ANSWER);
    assert_hear_each_other(0, 4);
    press(4, CALL_EV_END);
    assert_string_equal(world.last.dialled, "1001");
    assert_string_equal(world.last.party[CALL_CALLEE].number, "1004");
}

static void test_where_no_phone_is_registered_a_call_goes_where_unanswered_ones_go(void **state)
{
    (void)state;
    set_forward("1010", CALL_FORWARD_NO_ANSWER, "1004");
    dial(0, "1010");
    assert_shows(4, CALL_STATE_RINGING_IN);
    press(0, CALL_EV_END);
    set_forward("1001", CALL_FORWARD_NO_ANSWER, "1004");
    dial(0, "1001");
    tel_remove(1, CALL_CAUSE_CONNECTION_LOST);
    assert_shows(4, CALL_STATE_RINGING_IN);
}

static void test_forwards_in_a_circle_end(void **state)
{
    (void)state;
    set_forward("1001", CALL_FORWARD_ALL, "1002");
    set_forward("1002", CALL_FORWARD_ALL, "1001");
    dial(0, "1001");
    assert_shows(0, CALL_STATE_FAILED);
    assert_int_equal(world.last.cause, CALL_CAUSE_FORWARD_LOOP);
}

static void test_a_forward_to_a_number_that_went_is_an_unknown_number(void **state)
{
    (void)state;
    set_forward("1001", CALL_FORWARD_ALL, "7777");
    dial(0, "1001");
    assert_shows(0, CALL_STATE_FAILED_UNKNOWN);
}

#define T(test) cmocka_unit_test_setup_teardown(test, world_enter, world_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_lifting_the_handset_gives_a_dial_tone_and_a_digit_ends_it),
        T(test_a_number_that_no_longer_one_begins_with_rings_at_its_last_digit),
        T(test_a_number_that_longer_ones_begin_with_waits_for_another_digit),
        T(test_a_hash_ends_a_number_at_once),
        T(test_a_hash_is_a_digit_where_numbers_have_one),
        T(test_a_number_nobody_can_have_fails_at_the_first_digit_that_tells),
        T(test_digits_that_stop_half_way_are_an_unknown_number),
        T(test_without_digits_the_reorder_tone_comes_and_then_it_hangs_up),
        T(test_a_backspace_takes_back_one_digit_and_the_last_brings_the_dial_tone),
        T(test_redial_calls_what_was_dialled_last),
        T(test_what_is_no_number_is_not_dialled),
        T(test_a_forward_is_set_and_taken_back_at_the_phone_and_kept),
        T(test_a_forward_can_be_asked_for_at_the_dial_tone),
        T(test_a_transfer_that_asks_for_a_number_is_not_made_a_forward),
        T(test_redial_forwards_to_what_was_dialled_last),
        T(test_a_forward_to_nobody_or_to_oneself_is_not_set),
        T(test_forwards_known_before_are_obeyed_and_shown),
        T(test_a_busy_number_is_forwarded_when_it_is_set_so),
        T(test_a_declined_call_goes_where_a_busy_one_goes),
        T(test_a_number_nobody_answers_is_forwarded_after_its_time),
        T(test_where_no_phone_is_registered_a_call_goes_where_unanswered_ones_go),
        T(test_forwards_in_a_circle_end),
        T(test_a_forward_to_a_number_that_went_is_an_unknown_number),
    };
    return RUN(tests);
}
