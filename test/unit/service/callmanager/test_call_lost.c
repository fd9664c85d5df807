/* Phones that go, and phones whose audio does not come up. */
#include "callworld.h"

#include "service/callmanager/call_parts.h"

/* ---- phones that go ---- */

static void test_a_phone_that_unregisters_ends_its_calls(void **state)
{
    (void)state;
    connect_two(0, 1);
    tel_remove(1, CALL_CAUSE_UNREGISTERED);
    assert_idle(0);
    assert_silent(0);
    assert_int_equal(world.last.cause, CALL_CAUSE_UNREGISTERED);
}

static void test_a_phone_that_is_shown_out_ends_its_calls_and_the_other_is_told(void **state)
{
    (void)state;
    connect_two(0, 1);
    tel_remove(1, CALL_CAUSE_SHOWN_OUT);
    assert_idle(0);
    assert_silent(0);
    assert_int_equal(world.tels[0].notices.last, CALL_CAUSE_SHOWN_OUT);
    assert_int_equal(world.last.cause, CALL_CAUSE_SHOWN_OUT);
    dial(0, "1002");
    tel_remove(0, CALL_CAUSE_SHOWN_OUT);
    assert_idle(2);
    assert_int_equal(world.last.cause, CALL_CAUSE_SHOWN_OUT);
}

static void test_a_lost_connection_leaves_the_audio_up_until_the_other_hangs_up(void **state)
{
    (void)state;
    connect_two(0, 1);
    tel_remove(1, CALL_CAUSE_CONNECTION_LOST);
    assert_shows(0, CALL_STATE_CONNECTED);
    assert_int_equal(channels(0), 1);
    assert_int_equal(world.tels[0].notices.last, CALL_CAUSE_CONNECTION_LOST);
    assert_int_equal(call_engine_calls(world.engine), 1);
    press(0, CALL_EV_HOLD); /* nobody could be told to listen again */
    press(0, CALL_EV_TRANSFER);
    press(0, CALL_EV_NEW);
    assert_shows(0, CALL_STATE_CONNECTED);
    assert_int_equal(seen_count(0), 1);
    press(0, CALL_EV_END);
    assert_idle(0);
    assert_silent(0);
    assert_int_equal(world.last.cause, CALL_CAUSE_HUNG_UP);
}

static void test_a_preserved_call_ends_when_the_phone_comes_back_without_audio(void **state)
{
    (void)state;
    connect_two(0, 1);
    tel_remove(1, CALL_CAUSE_CONNECTION_LOST);
    tel_add_as(1, CALL_ENCRYPTED, true); /* it still talks */
    assert_shows(0, CALL_STATE_CONNECTED);
    tel_remove(1, CALL_CAUSE_CONNECTION_LOST);
    tel_add_as(1, CALL_ENCRYPTED, false);
    assert_idle(0);
    assert_int_equal(world.last.cause, CALL_CAUSE_CONNECTION_LOST);
}

static void test_a_preserved_call_ends_when_it_is_hung_up_where_it_was_kept_up(void **state)
{
    (void)state;
    for (int named = 0; named < 2; named++) {
        connect_two(0, 1);
        uint32_t kept = seen(1, CALL_STATE_CONNECTED)->reference;
        tel_remove(1, CALL_CAUSE_CONNECTION_LOST);
        tel_add_as(1, CALL_ENCRYPTED, true);
        press_call(2, CALL_EV_END, kept); /* not its own */
        assert_shows(0, CALL_STATE_CONNECTED);
        press_call(1, CALL_EV_END, kept + 1000); /* another, long over */
        assert_shows(0, CALL_STATE_CONNECTED);
        if (named)
            press_call(1, CALL_EV_END, kept);
        else
            press(1, CALL_EV_ON_HOOK);
        assert_idle(0);
        assert_silent(0);
        assert_int_equal(world.last.cause, CALL_CAUSE_HUNG_UP);
        assert_int_equal(world.last.ended_by, CALL_CALLEE);
        connect_two(0, 1); /* and both are free */
        press(0, CALL_EV_END);
    }
}

static void test_who_hangs_up_a_call_that_there_is_not_is_told_so(void **state)
{
    (void)state;
    press_call(0, CALL_EV_END, 77);
    press_call(0, CALL_EV_ON_HOOK, 78);
    assert_int_equal(world.forgets, 2);
    press_call(0, CALL_EV_HOLD, 77);
    press(0, CALL_EV_ON_HOOK);
    assert_int_equal(world.forgets, 2);
    assert_int_equal(call_engine_counters(world.engine)->ignored, 2);
}

/* As after a crash of the service, when the phone still has the call, and its audio. */
static void test_another_engine_does_not_name_anew_what_phones_still_have(void **state)
{
    (void)state;
    connect_two(0, 1);
    struct seen call = *seen(0, CALL_STATE_CONNECTED);
    struct channel *channel = hears(0, 1);
    uint32_t id = channel->id;
    uint32_t session = channel->session;
    press(0, CALL_EV_END);
    uint32_t record = world.last.id;
    world_leave(NULL);
    world_enter_at(0xC0FFEE);
    connect_two(0, 1);
    assert_int_not_equal(seen(0, CALL_STATE_CONNECTED)->reference, call.reference);
    channel = hears(0, 1);
    assert_int_not_equal(channel->id, id);
    assert_int_not_equal(channel->session, session);
    press(0, CALL_EV_END);
    assert_int_not_equal(world.last.id, record);
}

static void test_numbers_start_over_and_leave_out_those_in_use(void **state)
{
    (void)state;
    world_leave(NULL);
    world_enter_at(INT32_MAX - 1);
    press(0, CALL_EV_NEW);
    uint32_t first = seen(0, CALL_STATE_DIALTONE)->reference;
    assert_int_equal(first, INT32_MAX);
    dial(0, "1001");
    press(1, CALL_EV_ANSWER);
    assert_int_equal(seen(1, CALL_STATE_CONNECTED)->reference, 1);
    press(0, CALL_EV_HOLD);
    world.engine->last_reference = first - 1;
    press(0, CALL_EV_NEW);
    assert_int_equal(seen(0, CALL_STATE_DIALTONE)->reference, 1); /* of that phone it is free */
    press(0, CALL_EV_END);
}

static void test_a_call_ends_when_both_phones_are_lost(void **state)
{
    (void)state;
    connect_two(0, 1);
    tel_remove(1, CALL_CAUSE_CONNECTION_LOST);
    tel_remove(0, CALL_CAUSE_CONNECTION_LOST);
    assert_int_equal(world.last.cause, CALL_CAUSE_CONNECTION_LOST);
    assert_int_equal(call_engine_calls(world.engine), 0);
}

static void test_a_call_on_hold_ends_with_a_lost_connection(void **state)
{
    (void)state;
    connect_two(0, 1);
    press(0, CALL_EV_HOLD);
    tel_remove(0, CALL_CAUSE_CONNECTION_LOST);
    assert_idle(1);
}

static void test_a_caller_that_is_lost_ends_the_ringing(void **state)
{
    (void)state;
    dial(0, "1001");
    tel_remove(0, CALL_CAUSE_CONNECTION_LOST);
    assert_idle(1);
    assert_int_equal(world.last.cause, CALL_CAUSE_CONNECTION_LOST);
}

static void test_a_phone_that_went_is_told_nothing_that_waited(void **state)
{
    (void)state;
    const struct call_event off_hook = {.kind = CALL_EV_OFF_HOOK};
    call_event(world.engine, world.tels[0].phone, &off_hook, world.now);
    tel_remove(0, CALL_CAUSE_CONNECTION_LOST); /* drains: phones that are gone fail there */
    assert_idle(0);
}

/* ---- audio ---- */

static void test_each_is_told_to_send_as_soon_as_the_other_listens(void **state)
{
    (void)state;
    world.answers_media = false;
    dial(0, "1001");
    press(1, CALL_EV_ANSWER);
    assert_int_equal(world.tels[0].opened, 1);
    assert_int_equal(world.tels[1].opened, 1);
    say_receiving(1, world.tels[1].channels[0].id, "192.0.2.77", 5004);
    assert_int_equal(world.tels[0].started, 1);
    assert_int_equal(world.tels[1].started, 0);
    char host[ADDRESS_TEXT];
    assert_string_equal(address_host(host, &world.tels[0].channels[0].out.remote), "192.0.2.77");
    assert_int_equal(address_port(&world.tels[0].channels[0].out.remote), 5004);
    say_receiving(0, world.tels[0].channels[0].id, "192.0.2.88", 5006);
    assert_hear_each_other(0, 1);
    say_receiving(1, world.tels[1].channels[0].id, "192.0.2.78", 5004); /* once is enough */
    assert_int_equal(world.tels[0].started, 1);
    world_pass(10 * world.limits.media_ms);
    assert_hear_each_other(0, 1);
}

static void test_a_phone_that_cannot_listen_ends_the_call(void **state)
{
    static const char *const wrong[] = {NULL, "0.0.0.0", "192.0.2.1"};
    (void)state;
    world.answers_media = false;
    for (size_t i = 0; i < 3; i++) {
        dial(0, "1001");
        press(1, CALL_EV_ANSWER);
        say_receiving(0, world.tels[0].channels[0].id, wrong[i], i == 2 ? 0 : 4000);
        assert_idle(0);
        assert_idle(1);
        assert_int_equal(world.last.cause, CALL_CAUSE_MEDIA_FAILED);
        assert_int_equal(world.last.ended_by, CALL_CALLER);
    }
}

static void test_a_phone_that_says_nothing_of_its_audio_ends_the_call_in_time(void **state)
{
    (void)state;
    world.answers_media = false;
    dial(0, "1001");
    press(1, CALL_EV_ANSWER);
    say_receiving(0, world.tels[0].channels[0].id, "192.0.2.1", 4000);
    world_pass(world.limits.media_ms);
    assert_idle(0);
    assert_idle(1);
    assert_int_equal(world.last.ended_by, CALL_CALLEE);
}

static void test_a_phone_that_cannot_send_ends_the_call(void **state)
{
    (void)state;
    connect_two(0, 1);
    const struct call_event event = {.kind = CALL_EV_NOT_SENDING, .media = hears(0, 1)->id};
    call_event(world.engine, world.tels[0].phone, &event, world.now);
    world_drain();
    assert_idle(1);
    assert_int_equal(world.last.cause, CALL_CAUSE_MEDIA_FAILED);
}

static void test_an_answer_for_a_session_that_is_over_is_nothing(void **state)
{
    (void)state;
    world.answers_media = false;
    dial(0, "1001");
    press(1, CALL_EV_ANSWER);
    uint32_t old = world.tels[0].channels[0].id;
    press(0, CALL_EV_HOLD);
    press(0, CALL_EV_RESUME);
    say_receiving(0, old, "192.0.2.1", 4000);
    assert_int_equal(world.tels[1].started, 0);
}

static void test_the_best_codec_of_both_is_taken_and_without_one_there_is_no_call(void **state)
{
    (void)state;
    call_phone_codecs(world.tels[0].phone, CALL_PCMA | CALL_G722 | CALL_G729);
    call_phone_codecs(world.tels[1].phone, CALL_G722 | CALL_G729);
    call_phone_codecs(world.tels[2].phone, CALL_PCMU);
    connect_two(0, 1);
    assert_int_equal(hears(0, 1)->in.codec, CALL_G722);
    press(0, CALL_EV_END);
    dial(0, "1002");
    press(2, CALL_EV_ANSWER);
    assert_idle(0);
    assert_idle(2);
    assert_int_equal(world.last.cause, CALL_CAUSE_NO_CODEC);
}

#define T(test) cmocka_unit_test_setup_teardown(test, world_enter, world_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_a_phone_that_unregisters_ends_its_calls),
        T(test_a_phone_that_is_shown_out_ends_its_calls_and_the_other_is_told),
        T(test_a_lost_connection_leaves_the_audio_up_until_the_other_hangs_up),
        T(test_a_preserved_call_ends_when_the_phone_comes_back_without_audio),
        T(test_a_preserved_call_ends_when_it_is_hung_up_where_it_was_kept_up),
        T(test_who_hangs_up_a_call_that_there_is_not_is_told_so),
        T(test_another_engine_does_not_name_anew_what_phones_still_have),
        T(test_numbers_start_over_and_leave_out_those_in_use),
        T(test_a_call_ends_when_both_phones_are_lost),
        T(test_a_call_on_hold_ends_with_a_lost_connection),
        T(test_a_caller_that_is_lost_ends_the_ringing),
        T(test_a_phone_that_went_is_told_nothing_that_waited),
        T(test_each_is_told_to_send_as_soon_as_the_other_listens),
        T(test_a_phone_that_cannot_listen_ends_the_call),
        T(test_a_phone_that_says_nothing_of_its_audio_ends_the_call_in_time),
        T(test_a_phone_that_cannot_send_ends_the_call),
        T(test_an_answer_for_a_session_that_is_over_is_nothing),
        T(test_the_best_codec_of_both_is_taken_and_without_one_there_is_no_call),
    };
    return RUN(tests);
}
