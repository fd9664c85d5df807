/* How secure calls are: every pair of modes, over every connection. */
#include "callworld.h"

#include "service/callmanager/call_parts.h"

#include <string.h>

/* The table of the guide, and the pairs it leaves out: the least secure party decides. */
static const struct {
    enum call_security a, b, icon;
    bool encrypted;
} pairs[] = {
    {CALL_ENCRYPTED, CALL_ENCRYPTED, CALL_ENCRYPTED, true},
    {CALL_ENCRYPTED, CALL_AUTHENTICATED, CALL_AUTHENTICATED, false},
    {CALL_ENCRYPTED, CALL_NOT_SECURE, CALL_NOT_SECURE, false},
    {CALL_AUTHENTICATED, CALL_ENCRYPTED, CALL_AUTHENTICATED, false},
    {CALL_AUTHENTICATED, CALL_AUTHENTICATED, CALL_AUTHENTICATED, false},
    {CALL_AUTHENTICATED, CALL_NOT_SECURE, CALL_NOT_SECURE, false},
    {CALL_NOT_SECURE, CALL_ENCRYPTED, CALL_NOT_SECURE, false},
    {CALL_NOT_SECURE, CALL_AUTHENTICATED, CALL_NOT_SECURE, false},
    {CALL_NOT_SECURE, CALL_NOT_SECURE, CALL_NOT_SECURE, false},
};
enum { PAIRS = sizeof pairs / sizeof *pairs };

static void assert_icon(unsigned tel, enum call_state state, enum call_security icon)
{
    assert_int_equal(seen(tel, state)->info.security, icon);
}

static void test_every_pair_of_modes_has_its_icon_and_its_audio(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAIRS; i++) {
        tel_add(0, pairs[i].a);
        tel_add(1, pairs[i].b);
        connect_two(0, 1);
        assert_icon(0, CALL_STATE_CONNECTED, pairs[i].icon);
        assert_icon(1, CALL_STATE_CONNECTED, pairs[i].icon);
        assert_int_equal(hears(0, 1)->in.encrypted, pairs[i].encrypted);
        assert_int_equal(hears(1, 0)->in.encrypted, pairs[i].encrypted);
        press(0, CALL_EV_END);
        assert_int_equal(world.last.security, pairs[i].icon);
        assert_int_equal(world.last.suite,
                         pairs[i].encrypted ? CALL_SUITE_AES_CM_128_HMAC_SHA1_32 : CALL_SUITE_NONE);
    }
}

static void test_a_phone_that_is_lowered_gets_no_more_keys_and_is_never_raised(void **state)
{
    (void)state;
    connect_two(0, 1);
    assert_true(hears(0, 1)->in.encrypted);
    call_phone_lower(world.tels[1].phone, CALL_NOT_SECURE);
    call_phone_lower(world.tels[1].phone, CALL_ENCRYPTED);
    assert_int_equal(call_phone_security(world.tels[1].phone), CALL_NOT_SECURE);
    world.tels[1].security = CALL_NOT_SECURE;
    assert_icon(0, CALL_STATE_CONNECTED, CALL_ENCRYPTED); /* as what is open still is */
    press(0, CALL_EV_HOLD);
    press(0, CALL_EV_RESUME);
    assert_false(hears(0, 1)->in.encrypted);
    assert_icon(0, CALL_STATE_CONNECTED, CALL_NOT_SECURE);
    assert_icon(1, CALL_STATE_CONNECTED, CALL_NOT_SECURE);
    press(0, CALL_EV_END);
    dial(1, "1000");
    press(0, CALL_EV_ANSWER);
    assert_false(hears(0, 1)->in.encrypted);
    assert_icon(1, CALL_STATE_CONNECTED, CALL_NOT_SECURE);
}

static void test_the_icon_is_told_again_to_both_at_hold_and_at_resume(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAIRS; i++) {
        tel_add(0, pairs[i].a);
        tel_add(1, pairs[i].b);
        connect_two(0, 1);
        seen(0, CALL_STATE_CONNECTED)->has_info = seen(1, CALL_STATE_CONNECTED)->has_info = false;
        press(0, CALL_EV_HOLD);
        assert_true(seen(0, CALL_STATE_HELD)->has_info);
        assert_true(seen(1, CALL_STATE_HELD_BY_OTHER)->has_info);
        assert_icon(0, CALL_STATE_HELD, pairs[i].icon);
        assert_icon(1, CALL_STATE_HELD_BY_OTHER, pairs[i].icon);
        seen(0, CALL_STATE_HELD)->has_info = seen(1, CALL_STATE_HELD_BY_OTHER)->has_info = false;
        press(0, CALL_EV_RESUME);
        assert_true(seen(0, CALL_STATE_CONNECTED)->has_info);
        assert_true(seen(1, CALL_STATE_CONNECTED)->has_info);
        assert_icon(1, CALL_STATE_CONNECTED, pairs[i].icon);
        assert_int_equal(hears(0, 1)->in.encrypted, pairs[i].encrypted);
    }
}

/* A talks to B, and transfers B to C, who has answered or still rings. */
static void transfer(enum call_security a, enum call_security b, enum call_security c, bool blind)
{
    enum call_security with_c = call_security_least(a, c);
    enum call_security after = call_security_least(b, c);
    tel_add(0, a);
    tel_add(1, b);
    tel_add(2, c);
    connect_two(0, 1);
    press(0, CALL_EV_TRANSFER);
    press_digits(0, "1002");
    if (!blind) {
        press(2, CALL_EV_ANSWER);
        assert_icon(2, CALL_STATE_CONNECTED, with_c);
        assert_int_equal(hears(0, 2)->in.encrypted, with_c == CALL_ENCRYPTED);
        /* The one on hold is as secure as it was. */
        assert_icon(1, CALL_STATE_HELD_BY_OTHER, call_security_least(a, b));
    }
    press(0, CALL_EV_TRANSFER);
    if (blind) {
        assert_icon(1, CALL_STATE_RINGING_OUT, CALL_SECURITY_UNKNOWN);
        press(2, CALL_EV_ANSWER);
    }
    assert_idle(0);
    assert_silent(0);
    assert_icon(1, CALL_STATE_CONNECTED, after);
    assert_icon(2, CALL_STATE_CONNECTED, after);
    assert_hear_each_other(1, 2);
    assert_int_equal(hears(1, 2)->in.encrypted, after == CALL_ENCRYPTED);
    press(1, CALL_EV_END);
    assert_int_equal(world.last.security, after);
}

static void test_after_a_transfer_between_any_three_modes_those_who_talk_decide(void **state)
{
    (void)state;
    for (int a = CALL_NOT_SECURE; a <= CALL_ENCRYPTED; a++)
        for (int b = CALL_NOT_SECURE; b <= CALL_ENCRYPTED; b++)
            for (int c = CALL_NOT_SECURE; c <= CALL_ENCRYPTED; c++) {
                transfer((enum call_security)a, (enum call_security)b, (enum call_security)c,
                         false);
                transfer((enum call_security)a, (enum call_security)b, (enum call_security)c, true);
            }
}

static void test_no_mode_makes_a_phone_encrypted_whose_connection_is_not(void **state)
{
    static const enum call_security expected[][3] = {
        [MODE_NON_SECURE] = {CALL_NOT_SECURE, CALL_NOT_SECURE, CALL_NOT_SECURE},
        [MODE_AUTHENTICATED] = {CALL_NOT_SECURE, CALL_AUTHENTICATED, CALL_AUTHENTICATED},
        [MODE_ENCRYPTED] = {CALL_NOT_SECURE, CALL_AUTHENTICATED, CALL_ENCRYPTED},
    };
    (void)state;
    for (int mode = MODE_NON_SECURE; mode <= MODE_ENCRYPTED; mode++)
        for (int link = CALL_LINK_PLAIN; link <= CALL_LINK_ENCRYPTED; link++)
            assert_int_equal(call_security_of((enum device_mode)mode, (enum call_link)link),
                             expected[mode][link]);
    assert_int_equal(call_security_of((enum device_mode)0, CALL_LINK_ENCRYPTED), CALL_NOT_SECURE);
    assert_int_equal(call_security_of((enum device_mode)4, CALL_LINK_ENCRYPTED), CALL_NOT_SECURE);
    assert_int_equal(call_security_of(MODE_ENCRYPTED, (enum call_link)3), CALL_NOT_SECURE);
}

static void test_each_session_and_each_direction_has_keys_of_its_own(void **state)
{
    (void)state;
    connect_two(0, 1);
    struct channel first = *hears(0, 1);
    assert_memory_not_equal(&first.in.keys, &first.out.keys, sizeof first.in.keys);
    press(0, CALL_EV_HOLD);
    press(0, CALL_EV_RESUME);
    struct channel second = *hears(0, 1);
    assert_memory_not_equal(&first.in.keys, &second.in.keys, sizeof first.in.keys);
    assert_memory_not_equal(&first.out.keys, &second.out.keys, sizeof first.in.keys);
    assert_int_equal(world.key_count, 4);
}

static void test_calls_without_encryption_ask_for_no_keys_at_all(void **state)
{
    (void)state;
    tel_add(1, CALL_AUTHENTICATED);
    connect_two(0, 1);
    assert_int_equal(world.key_count, 0);
    assert_int_equal(call_engine_counters(world.engine)->clear, 1);
    assert_int_equal(call_engine_counters(world.engine)->encrypted, 0);
}

static void test_keys_are_forgotten_as_soon_as_both_were_told(void **state)
{
    static const struct call_keys none;
    (void)state;
    connect_two(0, 1);
    const struct media *media = &world.engine->calls->media;
    assert_true(media->on);
    for (int side = 0; side < CALL_SIDES; side++)
        assert_memory_equal(&media->side[side].keys, &none, sizeof none);
    for (size_t i = 0; i < sizeof world.engine->current; i++)
        assert_int_equal(((const uint8_t *)&world.engine->current)[i], 0);
}

static void test_keys_that_were_never_fetched_are_forgotten_with_the_session(void **state)
{
    static const struct call_keys none;
    (void)state;
    world.answers_media = false;
    dial(0, "1001");
    press(1, CALL_EV_ANSWER);
    const struct media *media = &world.engine->calls->media;
    assert_memory_not_equal(&media->side[CALL_CALLER].keys, &none, sizeof none);
    press(0, CALL_EV_HOLD);
    for (int side = 0; side < CALL_SIDES; side++)
        assert_memory_equal(&media->side[side].keys, &none, sizeof none);
}

#define T(test) cmocka_unit_test_setup_teardown(test, world_enter, world_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_every_pair_of_modes_has_its_icon_and_its_audio),
        T(test_a_phone_that_is_lowered_gets_no_more_keys_and_is_never_raised),
        T(test_the_icon_is_told_again_to_both_at_hold_and_at_resume),
        T(test_after_a_transfer_between_any_three_modes_those_who_talk_decide),
        T(test_no_mode_makes_a_phone_encrypted_whose_connection_is_not),
        T(test_each_session_and_each_direction_has_keys_of_its_own),
        T(test_calls_without_encryption_ask_for_no_keys_at_all),
        T(test_keys_are_forgotten_as_soon_as_both_were_told),
        T(test_keys_that_were_never_fetched_are_forgotten_with_the_session),
    };
    return RUN(tests);
}
