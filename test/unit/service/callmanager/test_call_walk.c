/*
 * Phones whose people do anything at any time, and what must hold all the same. The world itself
 * checks every action (callworld.h); here it is looked at as a whole after every step.
 */
#include "callworld.h"

#include "service/callmanager/call_parts.h"

#include <stdlib.h>
#include <string.h>

enum { PHONES = 10, NUMBERS = 8 };

/* xorshift: the same walk for the same seed, everywhere. */
static uint64_t dice_state;

static unsigned dice(unsigned sides)
{
    dice_state ^= dice_state << 13;
    dice_state ^= dice_state >> 7;
    dice_state ^= dice_state << 17;
    return (unsigned)(dice_state >> 33) % sides;
}

static const char *any_number(void)
{
    static const char *const others[] = {"7", "100", "10010", "3000"};
    return dice(8) ? world.tels[dice(PHONES)].numbers[dice(2)] : others[dice(4)];
}

static uint32_t any_call(unsigned n)
{
    const struct seen *s = &world.tels[n].calls[dice(TEL_CALLS)];
    if (dice(20) == 0)
        return 1 + dice(1000);
    return dice(3) ? 0 : s->reference;
}

/* ---- what must hold ---- */

static void check_leg(const struct call_phone *phone, const struct leg *leg)
{
    const struct call *call = leg->call;
    assert_ptr_equal(leg->phone, phone);
    if (leg->consultation)
        assert_ptr_equal(leg->consultation->transfers, leg);
    if (leg->transfers)
        assert_ptr_equal(leg->transfers->consultation, leg);
    switch (leg->state) {
    case LEG_DIALLING:
    case LEG_FORWARDING:
    case LEG_FAILED:
        assert_null(call);
        assert_int_not_equal(leg->timer.wait, WAIT_NONE);
        break;
    case LEG_RINGING_IN:
        assert_non_null(call);
        assert_true(call->answered < 0);
        break;
    case LEG_RINGING_OUT:
        assert_ptr_equal(call->leg[CALL_CALLER], leg);
        assert_true(call->answered < 0 && call->ringing);
        break;
    case LEG_TALKING:
    case LEG_HELD:
        assert_ptr_equal(call->leg[leg->side], leg);
        assert_true(call->answered >= 0 && !call->ringing);
        break;
    case LEG_NONE:
        fail_msg("a leg of no state");
    }
}

static void check_phone(unsigned n)
{
    const struct call_phone *phone = world.tels[n].phone;
    unsigned active = 0;
    size_t legs = 0;
    if (!phone)
        return;
    for (const struct leg *leg = phone->legs; leg; leg = leg->next) {
        check_leg(phone, leg);
        active += leg_is_active(leg);
        legs++;
    }
    assert_true(active <= 1);
    assert_int_equal(legs, phone->leg_count);
    assert_true(legs <= world.limits.per_phone);
    assert_int_equal(seen_count(n), legs);
    for (size_t i = 0; i < phone->line_count; i++)
        assert_true(phone->lines[i].legs <= world.limits.per_line);
}

/* The icon is that of the least secure party, for both; audio flows just when both talk. */
static void check_call(const struct call *call)
{
    enum call_security least =
        call_security_least(call->party[CALL_CALLER].security, call->party[CALL_CALLEE].security);
    bool connected = talk_is_connected(call);
    assert_int_equal(call->preserved, call->answered >= 0 && (!call->leg[0] || !call->leg[1]));
    assert_int_equal(call->media.on, connected || call->preserved);
    assert_int_equal(call->media.encrypted, call->media.on && least == CALL_ENCRYPTED);
    for (int side = 0; side < CALL_SIDES && call->answered >= 0; side++) {
        const struct leg *leg = call->leg[side];
        if (!leg)
            continue;
        const struct tel *tel = leg->phone->owner;
        for (size_t i = 0; i < TEL_CALLS; i++)
            if (tel->calls[i].reference == leg->reference)
                assert_int_equal(tel->calls[i].info.security, least);
    }
    if (connected)
        assert_ptr_not_equal(call->leg[0]->phone, call->leg[1]->phone);
    if (connected && media_is_up(call))
        assert_hear_each_other((unsigned)((struct tel *)call->leg[0]->phone->owner - world.tels),
                               (unsigned)((struct tel *)call->leg[1]->phone->owner - world.tels));
}

static void check_all(void)
{
    size_t calls = 0;
    size_t preserved = 0;
    unsigned open = 0;
    for (unsigned n = 0; n < PHONES; n++)
        check_phone(n);
    for (const struct call *call = world.engine->calls; call; call = call->next) {
        check_call(call);
        for (int side = 0; side < CALL_SIDES; side++)
            open += call->media.on && call->leg[side];
        preserved += call->preserved;
        calls++;
    }
    assert_int_equal(calls, call_engine_calls(world.engine));
    assert_int_equal(preserved, world.engine->preserved_count);
    for (unsigned n = 0; n < PHONES; n++)
        open -= channels(n);
    assert_int_equal(open, 0);
}

/* ---- what happens ---- */

static void somebody_comes_or_goes(unsigned n)
{
    world.tels[n].codecs = dice(5) ? CALL_PCMU | CALL_PCMA : dice(2) ? CALL_PCMU : CALL_PCMA;
    if (!world.tels[n].phone)
        tel_add_as(n, (enum call_security)(CALL_NOT_SECURE + dice(3)), dice(2));
    else if (dice(4) == 0)
        tel_remove(n, dice(2) ? CALL_CAUSE_UNREGISTERED : CALL_CAUSE_CONNECTION_LOST);
}

static void a_forward_is_set(void)
{
    struct call_forwards forwards = {.to = {""}};
    const char *number = world.tels[dice(PHONES)].numbers[0];
    if (dice(3) == 0)
        strcpy(forwards.to[dice(CALL_FORWARDS)], any_number());
    assert_int_equal(call_plan_number(world.engine, number, &forwards), 0);
    world_drain();
}

static void somebody_does_something(unsigned n)
{
    const struct call_event event = {
        .kind = (enum call_event_kind)dice(CALL_EV_RECEIVING),
        .line = dice(4),
        .call = any_call(n),
        .digit = "0123456789*#+"[dice(13)],
        .number = any_number(),
        .forward = (enum call_forward)dice(CALL_FORWARDS),
    };
    call_event(world.engine, world.tels[n].phone, &event, world.now);
    world_drain();
}

static struct channel *any_channel(unsigned n)
{
    struct channel *c = &world.tels[n].channels[0];
    for (unsigned left = channels(n) ? dice(channels(n)) + 1 : 0; left; c++) {
        left -= c->id != 0;
        if (left == 0)
            return c;
    }
    return NULL;
}

static void a_phone_says_something_of_its_audio(unsigned n)
{
    struct channel *channel = any_channel(n);
    if (!channel)
        return;
    const struct call_event failed = {.kind = dice(2) ? CALL_EV_NOT_SENDING : CALL_EV_RECEIVING,
                                      .media = channel->id};
    if (dice(20)) {
        say_listening(n, channel);
        return;
    }
    call_event(world.engine, world.tels[n].phone, &failed, world.now);
    world_drain();
}

/* What moves a walk on, so that it does not stay among dial tones. */
static void somebody_means_it(unsigned n)
{
    static const enum call_event_kind meant[] = {CALL_EV_ANSWER, CALL_EV_ANSWER, CALL_EV_TRANSFER,
                                                 CALL_EV_ON_HOOK};
    unsigned what = dice(5);
    if (what == 4)
        dial(n, any_number());
    else
        press(n, meant[what]);
}

static void walk(uint64_t seed, unsigned steps)
{
    dice_state = seed * 0x9E3779B97F4A7C15 + 1;
    for (unsigned i = 0; i < steps; i++) {
        unsigned n = dice(PHONES);
        unsigned what = dice(100);
        world.answers_media = dice(4) != 0;
        if (what < 4)
            somebody_comes_or_goes(n);
        else if (what < 6)
            a_forward_is_set();
        else if (what < 10)
            world_pass(dice(20000));
        else if (!world.tels[n].phone)
            continue;
        else if (what < 20)
            a_phone_says_something_of_its_audio(n);
        else if (what < 60)
            somebody_does_something(n);
        else
            somebody_means_it(n);
        check_all();
        world.now += dice(60);
    }
}

static void test_whatever_people_do_calls_stay_whole(void **state)
{
    (void)state;
    unsigned walks = test_is_long() ? 1000 : 40;
    uint64_t connected = 0;
    uint64_t encrypted = 0;
    for (unsigned seed = 1; seed <= walks; seed++) {
        if (seed > 1)
            world_enter(NULL);
        strcpy(world.tels[8].numbers[0], "3000");
        strcpy(world.tels[9].numbers[0], "3000");
        walk(seed, 4000);
        const struct call_counters *counters = call_engine_counters(world.engine);
        connected += counters->connected;
        encrypted += counters->encrypted;
        if (seed < walks)
            world_leave(NULL);
    }
    /* The walks went where there is something to see. */
    assert_true(connected > 50 * walks);
    assert_true(encrypted > 10 * walks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_whatever_people_do_calls_stay_whole, world_enter,
                                        world_leave),
    };
    return RUN(tests);
}
