/* Calls as people make them: ringing, talking, holding. */
#include "callworld.h"

#include <stdlib.h>
#include <string.h>

/* ---- ringing ---- */

static void test_both_are_told_who_calls_whom_and_security_is_unknown_while_it_rings(void **state)
{
    (void)state;
    dial(0, "1001");
    const struct call_info *out = &seen(0, CALL_STATE_RINGING_OUT)->info;
    const struct call_info *in = &seen(1, CALL_STATE_RINGING_IN)->info;
    assert_true(out->outbound && !in->outbound);
    assert_string_equal(in->calling.number, "1000");
    assert_string_equal(in->calling.name, "phone 0 line 1");
    assert_string_equal(out->called.number, "1001");
    assert_string_equal(out->called.name, "phone 1 line 1");
    assert_string_equal(out->original.number, "1001");
    assert_string_equal(out->redirecting.number, "");
    assert_int_equal(out->security, CALL_SECURITY_UNKNOWN);
    assert_int_equal(in->security, CALL_SECURITY_UNKNOWN);
    assert_silent(0);
    assert_silent(1);
}

static void test_an_answer_connects_and_hanging_up_ends_it_for_both(void **state)
{
    (void)state;
    connect_two(0, 1);
    assert_false(seen(1, CALL_STATE_CONNECTED)->rings);
    assert_int_equal(seen(0, CALL_STATE_CONNECTED)->tone, CALL_TONE_NONE);
    world_pass(5000);
    press(1, CALL_EV_ON_HOOK);
    assert_idle(0);
    assert_idle(1);
    assert_silent(0);
    assert_silent(1);
    assert_int_equal(world.last.cause, CALL_CAUSE_HUNG_UP);
    assert_int_equal(world.last.ended_by, CALL_CALLEE);
    assert_int_equal(world.last.ended - world.last.answered, 5000);
    assert_string_equal(world.last.party[CALL_CALLER].device, "SEP000000000000");
    assert_string_equal(world.last.party[CALL_CALLEE].device, "SEP000000000001");
    assert_string_equal(world.last.party[CALL_CALLEE].number, "1001");
}

static void test_lifting_the_handset_and_the_line_key_answer_too(void **state)
{
    (void)state;
    dial(0, "1001");
    press(1, CALL_EV_OFF_HOOK);
    assert_hear_each_other(0, 1);
    press(0, CALL_EV_END);
    dial(0, "2001");
    press_line(1, CALL_EV_LINE_KEY, 2);
    assert_hear_each_other(0, 1);
}

static void test_who_hangs_up_before_the_answer_ends_the_ringing(void **state)
{
    (void)state;
    dial(0, "1001");
    press(0, CALL_EV_ON_HOOK);
    assert_idle(0);
    assert_idle(1);
    assert_int_equal(world.last.cause, CALL_CAUSE_ABANDONED);
    assert_int_equal(world.last.answered, -1);
    assert_string_equal(world.last.party[CALL_CALLEE].device, "");
}

static void test_a_phone_that_is_put_down_while_it_rings_goes_on_ringing(void **state)
{
    (void)state;
    dial(0, "1001");
    press(1, CALL_EV_ON_HOOK);
    assert_true(seen(1, CALL_STATE_RINGING_IN)->rings);
}

static void test_a_declined_call_is_busy_to_the_caller(void **state)
{
    (void)state;
    dial(0, "1001");
    press_call(1, CALL_EV_END, seen(1, CALL_STATE_RINGING_IN)->reference);
    assert_idle(1);
    assert_int_equal(seen(0, CALL_STATE_FAILED_BUSY)->tone, CALL_TONE_BUSY);
    assert_int_equal(world.last.cause, CALL_CAUSE_DECLINED);
}

static void test_nobody_answers_for_three_minutes_and_the_call_fails(void **state)
{
    (void)state;
    dial(0, "1001");
    world_pass(world.limits.ring_ms - 1);
    assert_shows(1, CALL_STATE_RINGING_IN);
    world_pass(1);
    assert_idle(1);
    assert_shows(0, CALL_STATE_FAILED);
    assert_int_equal(world.last.cause, CALL_CAUSE_NO_ANSWER);
}

static void test_a_line_with_two_calls_is_busy(void **state)
{
    (void)state;
    connect_two(1, 0);
    dial(2, "1001");
    assert_shows(1, CALL_STATE_WAITING);
    dial(3, "1001");
    assert_int_equal(seen(3, CALL_STATE_FAILED_BUSY)->tone, CALL_TONE_BUSY);
    assert_int_equal(world.last.cause, CALL_CAUSE_BUSY);
    world_pass(world.limits.failed_ms);
    assert_idle(3);
}

static void test_ones_own_number_is_busy(void **state)
{
    (void)state;
    dial(0, "1000");
    assert_shows(0, CALL_STATE_FAILED_BUSY);
    press(0, CALL_EV_END);
    dial(0, "2000");
    assert_shows(0, CALL_STATE_FAILED_BUSY);
}

static void test_a_number_of_no_registered_phone_is_told_from_an_unknown_one(void **state)
{
    (void)state;
    assert_int_equal(call_plan_number(world.engine, "1010", NULL), 0);
    dial(0, "1010");
    assert_int_equal(seen(0, CALL_STATE_FAILED)->tone, CALL_TONE_REORDER);
    assert_int_equal(world.last.cause, CALL_CAUSE_UNREACHABLE);
}

static void test_a_number_of_several_phones_rings_at_all_and_the_first_answer_wins(void **state)
{
    (void)state;
    for (unsigned i = 5; i < 8; i++) {
        strcpy(world.tels[i].numbers[0], "3000");
        tel_add(i, CALL_ENCRYPTED);
    }
    dial(0, "3000");
    for (unsigned i = 5; i < 8; i++)
        assert_true(seen(i, CALL_STATE_RINGING_IN)->rings);
    press(6, CALL_EV_ANSWER);
    assert_hear_each_other(0, 6);
    assert_idle(5);
    assert_idle(7);
    assert_int_equal(world.tels[5].ended, CALL_CAUSE_ELSEWHERE);
    assert_string_equal(seen(0, CALL_STATE_CONNECTED)->info.called.name, "phone 6 line 1");
}

static void test_no_more_than_sixteen_phones_ring_at_once(void **state)
{
    unsigned ringing = 0;
    (void)state;
    for (unsigned i = 5; i < TELS; i++) {
        strcpy(world.tels[i].numbers[0], "3000");
        tel_add(i, CALL_ENCRYPTED);
    }
    dial(0, "3000");
    for (unsigned i = 5; i < TELS; i++)
        ringing += seen_count(i);
    assert_int_equal(ringing, world.limits.rings);
    assert_true(ringing < TELS - 5);
}

static void test_one_of_several_phones_that_declines_leaves_the_others_ringing(void **state)
{
    (void)state;
    for (unsigned i = 5; i < 7; i++) {
        strcpy(world.tels[i].numbers[0], "3000");
        tel_add(i, CALL_ENCRYPTED);
    }
    dial(0, "3000");
    press(5, CALL_EV_END); /* nothing is active there: it has to be named */
    assert_shows(5, CALL_STATE_RINGING_IN);
    press_call(5, CALL_EV_END, seen(5, CALL_STATE_RINGING_IN)->reference);
    assert_shows(6, CALL_STATE_RINGING_IN);
    tel_remove(6, CALL_CAUSE_CONNECTION_LOST);
    assert_int_equal(world.last.cause, CALL_CAUSE_UNREACHABLE);
    assert_shows(0, CALL_STATE_FAILED);
}

/* ---- two calls at a phone ---- */

static void test_a_second_call_is_announced_by_a_tone_and_answering_holds_the_first(void **state)
{
    (void)state;
    connect_two(0, 1);
    dial(2, "1001");
    assert_int_equal(world.tels[1].waiting_tones, 1);
    assert_false(seen(1, CALL_STATE_WAITING)->rings);
    press(1, CALL_EV_ANSWER);
    assert_hear_each_other(2, 1);
    assert_shows(1, CALL_STATE_HELD);
    assert_shows(0, CALL_STATE_HELD_BY_OTHER);
    assert_silent(0);
}

static void test_a_waiting_call_rings_when_the_first_is_over(void **state)
{
    (void)state;
    connect_two(0, 1);
    dial(2, "1001");
    press(0, CALL_EV_END);
    assert_true(seen(1, CALL_STATE_RINGING_IN)->rings);
    press(1, CALL_EV_NEW); /* to call somebody else: the bell is a tone again */
    assert_false(seen(1, CALL_STATE_WAITING)->rings);
}

static void test_a_new_call_holds_the_present_one_and_resume_goes_back(void **state)
{
    (void)state;
    connect_two(0, 1);
    uint32_t first = seen(0, CALL_STATE_CONNECTED)->reference;
    press(0, CALL_EV_NEW);
    assert_shows(0, CALL_STATE_HELD);
    press_digits(0, "1002");
    press(2, CALL_EV_ANSWER);
    assert_hear_each_other(0, 2);
    press_call(0, CALL_EV_RESUME, first);
    assert_hear_each_other(0, 1);
    assert_shows(2, CALL_STATE_HELD_BY_OTHER);
    press(0, CALL_EV_ON_HOOK); /* the held one stays */
    assert_idle(1);
    assert_shows(0, CALL_STATE_HELD);
}

static void test_a_third_call_on_a_line_is_not_to_be_had_and_other_lines_are_free(void **state)
{
    (void)state;
    connect_two(0, 1);
    press(0, CALL_EV_NEW);
    press_digits(0, "1002");
    press(2, CALL_EV_ANSWER);
    press_line(0, CALL_EV_NEW, 1);
    assert_int_equal(world.tels[0].notices.last, CALL_CAUSE_NO_ROOM);
    press_line(0, CALL_EV_NEW, 2);
    assert_int_equal(seen(0, CALL_STATE_DIALTONE)->line, 2);
    press_line(0, CALL_EV_NEW, 9);
    assert_shows(0, CALL_STATE_DIALTONE);
    press_line(0, CALL_EV_NEW, 1);
    assert_shows(0, CALL_STATE_DIALTONE);
}

static void test_the_dial_tone_is_not_begun_twice(void **state)
{
    (void)state;
    press(0, CALL_EV_OFF_HOOK);
    uint32_t first = seen(0, CALL_STATE_DIALTONE)->reference;
    press(0, CALL_EV_NEW);
    press(0, CALL_EV_OFF_HOOK);
    assert_int_equal(seen(0, CALL_STATE_DIALTONE)->reference, first);
}

/* ---- hold ---- */

static void test_hold_ends_the_audio_and_resume_begins_it_anew(void **state)
{
    (void)state;
    connect_two(0, 1);
    uint32_t session = hears(0, 1)->session;
    press(0, CALL_EV_HOLD);
    assert_shows(0, CALL_STATE_HELD);
    assert_shows(1, CALL_STATE_HELD_BY_OTHER);
    assert_silent(0);
    assert_silent(1);
    press(0, CALL_EV_RESUME);
    assert_shows(0, CALL_STATE_CONNECTED);
    assert_shows(1, CALL_STATE_CONNECTED);
    assert_hear_each_other(0, 1);
    assert_int_not_equal(hears(0, 1)->session, session);
}

static void test_when_both_hold_both_must_resume(void **state)
{
    (void)state;
    connect_two(0, 1);
    press(0, CALL_EV_HOLD);
    press(1, CALL_EV_HOLD);
    press(0, CALL_EV_RESUME);
    assert_shows(0, CALL_STATE_HELD_BY_OTHER);
    assert_silent(0);
    press_line(1, CALL_EV_LINE_KEY, 1);
    assert_hear_each_other(0, 1);
}

static void test_who_is_on_hold_can_hang_up(void **state)
{
    (void)state;
    connect_two(0, 1);
    press(0, CALL_EV_HOLD);
    press(1, CALL_EV_END);
    assert_idle(0);
    connect_two(0, 1);
    press(0, CALL_EV_HOLD);
    press_call(0, CALL_EV_END, seen(0, CALL_STATE_HELD)->reference);
    assert_idle(1);
}

static void test_what_is_said_of_a_call_that_is_over_touches_no_other(void **state)
{
    (void)state;
    connect_two(0, 1);
    uint32_t old = seen(0, CALL_STATE_CONNECTED)->reference;
    press(0, CALL_EV_END);
    connect_two(0, 1);
    press_call(0, CALL_EV_END, old);
    press_call(0, CALL_EV_HOLD, old);
    press_call(0, CALL_EV_ON_HOOK, old);
    assert_hear_each_other(0, 1);
}

static void test_a_call_of_another_phone_cannot_be_touched(void **state)
{
    (void)state;
    connect_two(0, 1);
    uint32_t theirs = seen(0, CALL_STATE_CONNECTED)->reference;
    press_call(2, CALL_EV_END, theirs);
    press_call(2, CALL_EV_HOLD, theirs);
    press_call(2, CALL_EV_TRANSFER, theirs);
    say_receiving(2, hears(0, 1)->id, "192.0.2.66", 4000);
    assert_hear_each_other(0, 1);
    assert_int_equal(call_engine_counters(world.engine)->ignored, 3);
    assert_int_equal(world.forgets, 1);
}

/* ---- bounds ---- */

static void test_a_phone_that_floods_is_ignored_and_said_once_and_hanging_up_still_counts(
    void **state)
{
    (void)state;
    connect_two(1, 2);
    press(0, CALL_EV_OFF_HOOK);
    for (unsigned i = 0; i < 100000; i++)
        press_digits(0, "1");
    assert_int_equal(world.tels[0].floods, 1);
    assert_true(call_engine_counters(world.engine)->flooded > 90000);
    press(0, CALL_EV_ON_HOOK);
    assert_idle(0);
    assert_hear_each_other(1, 2);
    world_pass(10000);
    dial(0, "1003");
    assert_shows(3, CALL_STATE_RINGING_IN);
}

static void test_numbers_the_plan_no_longer_names_are_forgotten_unless_a_phone_has_them(
    void **state)
{
    (void)state;
    assert_int_equal(call_plan_number(world.engine, "4000", NULL), 0);
    call_plan_begin(world.engine);
    assert_int_equal(call_plan_number(world.engine, "4001", NULL), 0);
    call_plan_end(world.engine);
    assert_null(call_forwards_of(world.engine, "4000"));
    assert_non_null(call_forwards_of(world.engine, "4001"));
    assert_non_null(call_forwards_of(world.engine, "1001"));
    tel_remove(1, CALL_CAUSE_UNREGISTERED);
    assert_null(call_forwards_of(world.engine, "1001"));
    assert_int_equal(call_plan_number(world.engine, "no number", NULL), ERR_FORMAT);
}

static void test_an_engine_may_be_freed_in_the_middle_of_calls(void **state)
{
    (void)state;
    connect_two(0, 1);
    dial(2, "1003");
    press(4, CALL_EV_OFF_HOOK);
    tel_remove(0, CALL_CAUSE_CONNECTION_LOST);
    call_engine_free(world.engine);
    free(world.keys);
}

static void no_chance(void *context, void *out, size_t size)
{
    (void)context;
    memset(out, 0, size);
}

static void test_calls_are_bounded(void **state)
{
    const struct call_chance chance = {.random = no_chance};
    struct call_engine *engine;
    struct call_limits limits;
    struct call_phone *phone;
    const struct call_line lines[] = {{1, "1", ""}, {2, "2", ""}, {3, "3", ""}};
    const struct call_phone_setup setup = {
        .device = "SEP001122334455", .lines = lines, .line_count = 3, .owner = &limits};
    const struct call_phone_setup many = {.line_count = DEVICE_LINES_MAX + 1};
    (void)state;
    call_limits_default(&limits);
    limits.calls = 0;
    limits.numbers = 2;
    assert_int_equal(call_engine_new(&engine, &limits, &chance), 0);
    assert_int_equal(call_phone_add(engine, &many, 0, &phone), ERR_LIMIT);
    assert_int_equal(call_phone_add(engine, &setup, 0, &phone), 0);
    assert_non_null(call_forwards_of(engine, "2"));
    assert_null(call_forwards_of(engine, "3")); /* no room: it can call and not be called */
    const struct call_event dial_it = {.kind = CALL_EV_DIAL, .line = 3, .number = "2"};
    call_event(engine, phone, &dial_it, 0);
    assert_int_equal(call_engine_calls(engine), 0);
    const struct call_action *action;
    bool failed = false;
    while ((action = call_engine_action(engine)))
        failed |= action->kind == CALL_ACT_SHOW && action->show.state == CALL_STATE_FAILED;
    assert_true(failed);
    call_engine_free(engine);
}

#define T(test) cmocka_unit_test_setup_teardown(test, world_enter, world_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_both_are_told_who_calls_whom_and_security_is_unknown_while_it_rings),
        T(test_an_answer_connects_and_hanging_up_ends_it_for_both),
        T(test_lifting_the_handset_and_the_line_key_answer_too),
        T(test_who_hangs_up_before_the_answer_ends_the_ringing),
        T(test_a_phone_that_is_put_down_while_it_rings_goes_on_ringing),
        T(test_a_declined_call_is_busy_to_the_caller),
        T(test_nobody_answers_for_three_minutes_and_the_call_fails),
        T(test_a_line_with_two_calls_is_busy),
        T(test_ones_own_number_is_busy),
        T(test_a_number_of_no_registered_phone_is_told_from_an_unknown_one),
        T(test_a_number_of_several_phones_rings_at_all_and_the_first_answer_wins),
        T(test_no_more_than_sixteen_phones_ring_at_once),
        T(test_one_of_several_phones_that_declines_leaves_the_others_ringing),
        T(test_a_second_call_is_announced_by_a_tone_and_answering_holds_the_first),
        T(test_a_waiting_call_rings_when_the_first_is_over),
        T(test_a_new_call_holds_the_present_one_and_resume_goes_back),
        T(test_a_third_call_on_a_line_is_not_to_be_had_and_other_lines_are_free),
        T(test_the_dial_tone_is_not_begun_twice),
        T(test_hold_ends_the_audio_and_resume_begins_it_anew),
        T(test_when_both_hold_both_must_resume),
        T(test_who_is_on_hold_can_hang_up),
        T(test_what_is_said_of_a_call_that_is_over_touches_no_other),
        T(test_a_call_of_another_phone_cannot_be_touched),
        T(test_a_phone_that_floods_is_ignored_and_said_once_and_hanging_up_still_counts),
        T(test_numbers_the_plan_no_longer_names_are_forgotten_unless_a_phone_has_them),
        cmocka_unit_test_setup(test_an_engine_may_be_freed_in_the_middle_of_calls, world_enter),
        cmocka_unit_test(test_calls_are_bounded),
    };
    return RUN(tests);
}
