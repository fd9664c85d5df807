/* Transfers, and what may come between. */
#include "callworld.h"

#include <string.h>

/* Phone 0 talks to phone 1, and has asked phone 2. */
static void ask(bool answered)
{
    connect_two(0, 1);
    press(0, CALL_EV_TRANSFER);
    assert_shows(0, CALL_STATE_TRANSFERRING);
    assert_shows(1, CALL_STATE_HELD_BY_OTHER);
    press_digits(0, "1002");
    if (answered)
        press(2, CALL_EV_ANSWER);
}

static void assert_joined(void)
{
    assert_idle(0);
    assert_silent(0);
    assert_hear_each_other(1, 2);
    const struct call_info *b = &seen(1, CALL_STATE_CONNECTED)->info;
    const struct call_info *c = &seen(2, CALL_STATE_CONNECTED)->info;
    assert_true(b->outbound && !c->outbound);
    assert_string_equal(b->called.number, "1002");
    assert_string_equal(c->calling.number, "1001");
    assert_string_equal(c->redirecting.number, "1000");
    assert_int_equal(c->reason, CALL_BY_TRANSFER);
}

static void test_an_attended_transfer_joins_the_two_others(void **state)
{
    (void)state;
    ask(true);
    assert_true(seen(0, CALL_STATE_CONNECTED)->completes);
    press(0, CALL_EV_TRANSFER);
    assert_joined();
    assert_int_equal(world.over, 2);
    assert_int_equal(world.last.cause, CALL_CAUSE_TRANSFERRED);
    press(2, CALL_EV_END);
    assert_idle(1);
    assert_string_equal(world.last.party[CALL_CALLER].number, "1001");
    assert_string_equal(world.last.party[CALL_CALLEE].number, "1002");
    assert_int_equal(world.last.cause, CALL_CAUSE_HUNG_UP);
}

static void test_who_was_called_can_transfer_too(void **state)
{
    (void)state;
    connect_two(1, 0);
    press(0, CALL_EV_TRANSFER);
    press_digits(0, "1002");
    press(2, CALL_EV_ANSWER);
    press(0, CALL_EV_TRANSFER);
    assert_joined();
}

static void test_a_blind_transfer_rings_on_and_connects_at_the_answer(void **state)
{
    (void)state;
    ask(false);
    press(0, CALL_EV_TRANSFER);
    assert_idle(0);
    assert_int_equal(seen(1, CALL_STATE_RINGING_OUT)->tone, CALL_TONE_RINGING);
    assert_string_equal(seen(2, CALL_STATE_RINGING_IN)->info.calling.number, "1001");
    press(2, CALL_EV_ANSWER);
    assert_joined();
}

static void test_a_blind_transfer_nobody_answers_fails_for_who_was_transferred(void **state)
{
    (void)state;
    ask(false);
    press(0, CALL_EV_TRANSFER);
    world_pass(world.limits.ring_ms);
    assert_int_equal(seen(1, CALL_STATE_FAILED)->tone, CALL_TONE_REORDER);
    world_pass(world.limits.failed_ms);
    assert_idle(1);
    assert_idle(2);
}

static void test_who_is_transferred_blindly_can_hang_up_and_the_ringing_ends(void **state)
{
    (void)state;
    ask(false);
    press(0, CALL_EV_TRANSFER);
    press(1, CALL_EV_ON_HOOK);
    assert_idle(2);
    assert_int_equal(world.last.cause, CALL_CAUSE_ABANDONED);
}

static void test_a_consultation_that_comes_to_nothing_leaves_the_first_call_on_hold(void **state)
{
    (void)state;
    ask(false);
    press_call(2, CALL_EV_END, seen(2, CALL_STATE_RINGING_IN)->reference);
    assert_shows(0, CALL_STATE_FAILED_BUSY);
    press_call(0, CALL_EV_TRANSFER, seen(0, CALL_STATE_TRANSFERRING)->reference);
    assert_int_equal(world.tels[0].notices.last, CALL_CAUSE_DECLINED);
    press(0, CALL_EV_END);
    assert_shows(0, CALL_STATE_HELD);
    press(0, CALL_EV_RESUME);
    assert_hear_each_other(0, 1);
}

static void test_when_the_one_on_hold_goes_the_consultation_is_an_ordinary_call(void **state)
{
    (void)state;
    ask(true);
    press(1, CALL_EV_END);
    assert_hear_each_other(0, 2);
    assert_false(seen(0, CALL_STATE_CONNECTED)->completes);
    press(0, CALL_EV_TRANSFER); /* which can be transferred itself */
    press_digits(0, "1003");
    press(3, CALL_EV_ANSWER);
    press(0, CALL_EV_TRANSFER);
    assert_hear_each_other(2, 3);
}

static void test_a_transfer_is_not_complete_before_there_is_a_number(void **state)
{
    (void)state;
    connect_two(0, 1);
    press(0, CALL_EV_TRANSFER);
    press(0, CALL_EV_TRANSFER);
    press_call(0, CALL_EV_TRANSFER, seen(0, CALL_STATE_TRANSFERRING)->reference);
    assert_shows(0, CALL_STATE_DIALTONE);
    press(0, CALL_EV_ON_HOOK);
    assert_shows(0, CALL_STATE_HELD);
}

static void test_going_back_and_forth_between_both_does_not_lose_the_transfer(void **state)
{
    (void)state;
    ask(true);
    press_call(0, CALL_EV_RESUME, seen(0, CALL_STATE_TRANSFERRING)->reference);
    assert_hear_each_other(0, 1);
    assert_shows(2, CALL_STATE_HELD_BY_OTHER);
    press(0, CALL_EV_TRANSFER);
    assert_joined();
}

static void test_a_party_that_has_put_the_call_on_hold_hears_the_other_when_it_resumes(void **state)
{
    (void)state;
    ask(true);
    press(1, CALL_EV_HOLD);
    press(0, CALL_EV_TRANSFER);
    assert_shows(1, CALL_STATE_HELD);
    assert_shows(2, CALL_STATE_HELD_BY_OTHER);
    assert_silent(2);
    press(1, CALL_EV_RESUME);
    assert_joined();
}

static void test_a_call_that_was_on_hold_from_beginning_to_end_had_no_encrypted_audio(void **state)
{
    (void)state;
    ask(true);
    press(1, CALL_EV_HOLD);
    press(0, CALL_EV_TRANSFER);
    press(2, CALL_EV_END);
    assert_int_equal(world.last.security, CALL_ENCRYPTED); /* its parties are */
    assert_int_equal(world.last.suite, CALL_SUITE_NONE);
}

static void test_who_holds_is_not_transferred_to_a_phone_that_only_rings(void **state)
{
    (void)state;
    ask(false);
    press(1, CALL_EV_HOLD);
    press(0, CALL_EV_TRANSFER);
    assert_int_equal(world.tels[0].notices.count, 1);
    assert_shows(0, CALL_STATE_RINGING_OUT);
    press(2, CALL_EV_ANSWER);
    press(0, CALL_EV_TRANSFER);
    assert_shows(1, CALL_STATE_HELD);
}

static void test_a_phone_is_not_made_to_call_itself(void **state)
{
    (void)state;
    connect_two(0, 1);
    press(0, CALL_EV_TRANSFER);
    press_digits(0, "2001");
    assert_shows(1, CALL_STATE_WAITING);
    press(0, CALL_EV_TRANSFER);
    assert_int_equal(world.tels[0].notices.count, 1);
    assert_shows(0, CALL_STATE_RINGING_OUT);
}

static void test_two_lines_of_one_phone_are_not_joined(void **state)
{
    (void)state;
    connect_two(1, 0);
    press(0, CALL_EV_TRANSFER);
    press_digits(0, "2001");
    press(1, CALL_EV_ANSWER);
    press(0, CALL_EV_TRANSFER);
    assert_int_equal(world.tels[0].notices.count, 1);
    assert_shows(0, CALL_STATE_CONNECTED);
    assert_shows(0, CALL_STATE_TRANSFERRING);
    assert_hear_each_other(0, 1);
}

static void test_a_transfer_to_a_phone_without_a_common_codec_ends_both(void **state)
{
    (void)state;
    call_phone_codecs(world.tels[0].phone, CALL_PCMU | CALL_PCMA);
    call_phone_codecs(world.tels[1].phone, CALL_PCMU);
    call_phone_codecs(world.tels[2].phone, CALL_PCMA);
    ask(true);
    press(0, CALL_EV_TRANSFER);
    assert_idle(0);
    assert_idle(1);
    assert_idle(2);
    assert_int_equal(world.last.cause, CALL_CAUSE_NO_CODEC);
}

static void test_a_transferring_phone_that_is_lost_leaves_what_it_cannot_complete(void **state)
{
    (void)state;
    ask(true);
    tel_remove(0, CALL_CAUSE_CONNECTION_LOST);
    assert_idle(1);                        /* was on hold */
    assert_shows(2, CALL_STATE_CONNECTED); /* its audio goes on */
    assert_int_equal(channels(2), 1);
    press(2, CALL_EV_END);
    assert_idle(2);
}

static void test_a_transfer_can_follow_a_transfer(void **state)
{
    (void)state;
    ask(true);
    press(0, CALL_EV_TRANSFER);
    for (unsigned i = 0; i < 20; i++) {
        unsigned from = 1 + i % 3;
        unsigned other = 1 + (i + 1) % 3;
        unsigned to = 1 + (i + 2) % 3;
        assert_hear_each_other(from, other);
        press(from, CALL_EV_TRANSFER);
        press_digits(from, world.tels[to].numbers[0]);
        press(to, CALL_EV_ANSWER);
        press(from, CALL_EV_TRANSFER);
        assert_idle(from);
        assert_hear_each_other(other, to);
        world_pass(1000);
    }
}

#define T(test) cmocka_unit_test_setup_teardown(test, world_enter, world_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_an_attended_transfer_joins_the_two_others),
        T(test_who_was_called_can_transfer_too),
        T(test_a_blind_transfer_rings_on_and_connects_at_the_answer),
        T(test_a_blind_transfer_nobody_answers_fails_for_who_was_transferred),
        T(test_who_is_transferred_blindly_can_hang_up_and_the_ringing_ends),
        T(test_a_consultation_that_comes_to_nothing_leaves_the_first_call_on_hold),
        T(test_when_the_one_on_hold_goes_the_consultation_is_an_ordinary_call),
        T(test_a_transfer_is_not_complete_before_there_is_a_number),
        T(test_going_back_and_forth_between_both_does_not_lose_the_transfer),
        T(test_a_party_that_has_put_the_call_on_hold_hears_the_other_when_it_resumes),
        T(test_a_call_that_was_on_hold_from_beginning_to_end_had_no_encrypted_audio),
        T(test_who_holds_is_not_transferred_to_a_phone_that_only_rings),
        T(test_a_phone_is_not_made_to_call_itself),
        T(test_two_lines_of_one_phone_are_not_joined),
        T(test_a_transfer_to_a_phone_without_a_common_codec_ends_both),
        T(test_a_transferring_phone_that_is_lost_leaves_what_it_cannot_complete),
        T(test_a_transfer_can_follow_a_transfer),
    };
    return RUN(tests);
}
