/* Calls, as phones of SCCP see and hear them. */
#include "office.h"

#include "base/text.h"

#include <string.h>

static const unsigned versions[] = {3, 5, 8, 11, 15, 16, 17, 18, 20, 22};
#define EACH_VERSION(v) \
    for (const unsigned *v = versions; v < versions + sizeof versions / sizeof *versions; v++)

static void sign_on_two(unsigned version, enum call_security a, enum call_security b)
{
    sign_on(0, a == CALL_NOT_SECURE ? CALL_LINK_PLAIN : CALL_LINK_ENCRYPTED, version, a);
    sign_on(1, b == CALL_NOT_SECURE ? CALL_LINK_PLAIN : CALL_LINK_ENCRYPTED, version, b);
}

static void call_from_0_to_1(void)
{
    press_soft_key(0, SCCP_KEY_NEW_CALL);
    press_keys(0, "1001");
}

static void connect_both(void)
{
    call_from_0_to_1();
    press_soft_key(1, SCCP_KEY_ANSWER);
}

/* They hear each other: streams of one session, to where the other listens, with the keys of the
 * other's. */
static void assert_hear_each_other(unsigned a, unsigned b, bool encrypted)
{
    for (unsigned i = 0; i < 2; i++) {
        const struct phone *p = &office.phones[i ? a : b], *q = &office.phones[i ? b : a];
        assert_true(p->out.on && q->in.on);
        assert_int_equal(p->out.conference, q->in.conference);
        assert_memory_equal(&p->out.keys, &q->in.keys, sizeof p->out.keys);
        assert_int_equal(p->out.encrypted, encrypted);
        assert_int_equal(q->in.encrypted, encrypted);
        assert_int_equal(p->out.remote.type, SCCP_IPV4);
        assert_int_equal(p->out.remote.bytes[3], (q - office.phones) + 1);
        assert_int_equal(p->out.port, 16384 + 2 * (q - office.phones));
    }
    if (encrypted)
        assert_memory_not_equal(&office.phones[a].out.keys, &office.phones[a].in.keys,
                                sizeof office.phones[a].in.keys);
}

static void assert_silent(unsigned phone)
{
    assert_false(office.phones[phone].in.on);
    assert_false(office.phones[phone].out.on);
}

/* The phone went through a restart of the server with its call up. */
static void test_an_old_call_that_is_hung_up_leaves_the_screen_in_every_version(void **state)
{
    (void)state;
    EACH_VERSION(v)
    {
        const uint32_t old = 0x01020304;
        const struct sccp_message *m;
        sign_on_two(*v, CALL_NOT_SECURE, CALL_NOT_SECURE);
        press_about(0, SCCP_KEY_END_CALL, old);
        assert_non_null(told(0, SCCP_CLEAR_PROMPT));
        m = told(0, SCCP_CALL_STATE);
        assert_int_equal(m->call_state.state, SCCP_STATE_ON_HOOK);
        assert_int_equal(m->call_state.call, old);
        assert_int_equal(m->call_state.line, 1);
        assert_int_equal(told(0, SCCP_SELECT_SOFT_KEYS)->select_soft_keys.set, SCCP_KEYS_ON_HOOK);
        /* Beside a call that goes on its keys and the speaker stay. */
        connect_both();
        told_count(0);
        press_about(0, SCCP_KEY_END_CALL, old);
        assert_int_equal(told(0, SCCP_CALL_STATE)->call_state.call, old);
        assert_null(told(0, SCCP_SELECT_SOFT_KEYS));
        assert_int_equal(office.phones[0].speaker, SCCP_ON);
        assert_int_equal(office.phones[0].lamp[1], SCCP_LAMP_ON);
        unplug(0);
        unplug(1);
    }
}

/* ---- one call ---- */

static void test_a_call_in_every_version_rings_connects_and_ends(void **state)
{
    (void)state;
    EACH_VERSION(v)
    {
        sign_on_two(*v, CALL_NOT_SECURE, CALL_NOT_SECURE);
        struct phone *a = &office.phones[0], *b = &office.phones[1];
        press_soft_key(0, SCCP_KEY_NEW_CALL);
        assert_int_equal(state_of(0), SCCP_STATE_OFF_HOOK);
        assert_int_equal(a->tone, SCCP_TONE_DIAL);
        assert_int_equal(a->speaker, SCCP_ON);
        assert_int_equal(a->lamp[1], SCCP_LAMP_ON);
        assert_string_equal(a->prompt, "\x80\x20");
        assert_int_equal(told(0, SCCP_SELECT_SOFT_KEYS)->select_soft_keys.set, SCCP_KEYS_OFF_HOOK);
        press_keys(0, "1");
        assert_int_equal(a->tone, 0);
        assert_int_equal(told(0, SCCP_SELECT_SOFT_KEYS)->select_soft_keys.set, SCCP_KEYS_DIGITS);
        press_keys(0, "001");
        assert_string_equal(told(0, SCCP_DIALED_NUMBER)->dialed_number.number, "1001");
        assert_int_equal(state_of(0), SCCP_STATE_RING_OUT);
        assert_int_equal(a->tone, SCCP_TONE_ALERTING);
        assert_string_equal(a->prompt, "Ring out");
        assert_int_equal(state_of(1), SCCP_STATE_RING_IN);
        assert_int_equal(b->ring, SCCP_RING_INSIDE);
        assert_int_equal(b->lamp[1], SCCP_LAMP_BLINK);
        assert_string_equal(b->prompt, "\x80\x17"
                                       "Anna (1000)");
        assert_string_equal(told(1, SCCP_DISPLAY_PRIORITY_NOTIFY)->display_notify.text,
                            "\x80\x17"
                            "Anna (1000)");
        const struct sccp_call_info *info = &told(1, SCCP_CALL_INFO)->call_info;
        assert_string_equal(info->calling.number, "1000");
        assert_string_equal(info->calling.name, "Anna");
        assert_string_equal(info->called.number, "1001");
        assert_int_equal(info->type, SCCP_CALL_INBOUND);
        assert_int_equal(info->security, SCCP_SECURITY_UNKNOWN);
        assert_int_equal(info->instance, 1);
        assert_silent(0);
        assert_silent(1);

        press_soft_key(1, SCCP_KEY_ANSWER);
        assert_int_equal(b->ring, SCCP_RING_OFF);
        assert_int_equal(b->speaker, SCCP_ON);
        assert_int_equal(a->tone, 0);
        assert_hear_each_other(0, 1, false);
        for (unsigned i = 0; i < 2; i++) {
            assert_int_equal(state_of(i), SCCP_STATE_CONNECTED);
            assert_int_equal(office.phones[i].icon, SCCP_SECURITY_NOT_AUTHENTICATED);
            assert_int_equal(office.phones[i].lamp[1], SCCP_LAMP_ON);
            assert_string_equal(office.phones[i].prompt, "\x80\x18");
        }

        press_soft_key(0, SCCP_KEY_END_CALL);
        for (unsigned i = 0; i < 2; i++) {
            assert_int_equal(state_of(i), SCCP_STATE_ON_HOOK);
            assert_int_equal(office.phones[i].lamp[1], SCCP_LAMP_OFF);
            assert_int_equal(office.phones[i].speaker, SCCP_OFF);
            assert_int_equal(station_calls(office.phones[i].station), 0);
            assert_string_equal(office.phones[i].prompt, "\x80\x13");
            assert_non_null(told(i, SCCP_TIME_DATE));
            assert_silent(i);
        }
    }
}

/* As a genuine server did it: the phone goes off hook before audio is opened for it, and is told to
 * be connected then. */
static void test_an_answer_is_told_in_the_order_of_a_genuine_server(void **state)
{
    (void)state;
    sign_on_two(6, CALL_NOT_SECURE, CALL_NOT_SECURE);
    call_from_0_to_1();
    told_count(1);
    say_empty(1, SCCP_OFF_HOOK);
    static const enum sccp_id order[] = {SCCP_SET_SPEAKER_MODE,
                                         SCCP_SET_LAMP,
                                         SCCP_CALL_STATE,
                                         SCCP_ACTIVATE_CALL_PLANE,
                                         SCCP_OPEN_RECEIVE_CHANNEL,
                                         SCCP_CALL_STATE,
                                         SCCP_SELECT_SOFT_KEYS,
                                         SCCP_DISPLAY_PROMPT,
                                         SCCP_CALL_INFO,
                                         SCCP_START_MEDIA_TRANSMISSION};
    const uint32_t states[] = {SCCP_STATE_OFF_HOOK, SCCP_STATE_CONNECTED};
    unsigned seen = 0;
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        const struct sccp_message *m = told(1, order[i]);
        if (!m)
            fail_msg("%s was not told in its place", sccp_name(order[i]));
        if (order[i] == SCCP_CALL_STATE)
            assert_int_equal(m->call_state.state, states[seen++]);
    }
}

static void test_a_number_may_come_whole(void **state)
{
    (void)state;
    EACH_VERSION(v)
    {
        struct sccp_message m;
        sign_on_two(*v, CALL_NOT_SECURE, CALL_NOT_SECURE);
        sccp_message_init(&m, SCCP_ENBLOC_CALL);
        text_copy(m.enbloc_call.number, sizeof m.enbloc_call.number, "1001");
        m.enbloc_call.line = 1;
        say(0, &m);
        assert_int_equal(state_of(1), SCCP_STATE_RING_IN);
    }
}

static void test_redial_calls_the_last_number(void **state)
{
    (void)state;
    sign_on_two(17, CALL_NOT_SECURE, CALL_NOT_SECURE);
    connect_both();
    press_soft_key(0, SCCP_KEY_END_CALL);
    press_soft_key(0, SCCP_KEY_REDIAL);
    assert_int_equal(state_of(1), SCCP_STATE_RING_IN);
}

static void test_what_comes_to_nothing_says_why(void **state)
{
    (void)state;
    static const struct {
        const char *number, *prompt;
        enum sccp_call_state state;
        enum sccp_tone tone;
    } rows[] = {
        {"1000", "Busy", SCCP_STATE_BUSY, SCCP_TONE_BUSY}, /* its own */
        {"9", "Unknown number", SCCP_STATE_INVALID_NUMBER, SCCP_TONE_REORDER},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct phone *p = sign_on(0, CALL_LINK_PLAIN, 17, CALL_NOT_SECURE);
        press_soft_key(0, SCCP_KEY_NEW_CALL);
        press_keys(0, rows[i].number);
        assert_int_equal(state_of(0), rows[i].state);
        assert_int_equal(p->tone, rows[i].tone);
        assert_string_equal(p->prompt, rows[i].prompt);
        office_pass(60000); /* it hangs up by itself */
        assert_int_equal(state_of(0), SCCP_STATE_ON_HOOK);
        assert_int_equal(p->tone, 0);
        assert_int_equal(p->speaker, SCCP_OFF);
        say_empty(0, SCCP_KEEP_ALIVE);
    }
}

static void test_a_digit_is_taken_back(void **state)
{
    (void)state;
    sign_on(0, CALL_LINK_PLAIN, 17, CALL_NOT_SECURE);
    press_soft_key(0, SCCP_KEY_NEW_CALL);
    press_keys(0, "10");
    told_count(0);
    press_soft_key(0, SCCP_KEY_BACK_SPACE);
    assert_non_null(told(0, SCCP_BACK_SPACE));
    press_soft_key(0, SCCP_KEY_BACK_SPACE);
    assert_int_equal(office.phones[0].tone, SCCP_TONE_DIAL);
}

/* ---- how secure ---- */

static void test_icon_and_keys_are_those_of_the_least_secure_party(void **state)
{
    (void)state;
    static const uint32_t icons[] = {[CALL_NOT_SECURE] = SCCP_SECURITY_NOT_AUTHENTICATED,
                                     [CALL_AUTHENTICATED] = SCCP_SECURITY_AUTHENTICATED,
                                     [CALL_ENCRYPTED] = SCCP_SECURITY_ENCRYPTED};
    EACH_VERSION(v)
    for (int a = CALL_NOT_SECURE; a <= CALL_ENCRYPTED; a++)
        for (int b = CALL_NOT_SECURE; b <= CALL_ENCRYPTED; b++) {
            int least = a < b ? a : b;
            sign_on_two(*v, (enum call_security)a, (enum call_security)b);
            connect_both();
            assert_hear_each_other(0, 1, least == CALL_ENCRYPTED);
            assert_int_equal(office.phones[0].icon, icons[least]);
            assert_int_equal(office.phones[1].icon, icons[least]);
            told_count(0);
            told_count(1);
        }
}

static void test_hold_and_resume_end_the_audio_and_begin_it_with_new_keys(void **state)
{
    (void)state;
    EACH_VERSION(v)
    {
        sign_on_two(*v, CALL_ENCRYPTED, CALL_ENCRYPTED);
        connect_both();
        struct phone *a = &office.phones[0];
        const struct sccp_keys before = a->out.keys;
        press_soft_key(0, SCCP_KEY_HOLD);
        assert_silent(0);
        assert_silent(1);
        assert_int_equal(state_of(0), SCCP_STATE_HOLD);
        assert_int_equal(a->lamp[1], SCCP_LAMP_WINK);
        assert_int_equal(a->speaker, SCCP_OFF);
        assert_int_equal(state_of(1), SCCP_STATE_CONNECTED);
        assert_string_equal(office.phones[1].prompt, "Held by the other party");
        told_count(0);
        press_soft_key(0, SCCP_KEY_RESUME);
        assert_hear_each_other(0, 1, true);
        /* it is the same call: the phone does not go off hook for it */
        assert_int_equal(told(0, SCCP_CALL_STATE)->call_state.state, SCCP_STATE_CONNECTED);
        assert_memory_not_equal(&a->out.keys, &before, sizeof before);
        assert_int_equal(state_of(0), SCCP_STATE_CONNECTED);
        assert_int_equal(a->lamp[1], SCCP_LAMP_ON);
        assert_int_equal(a->speaker, SCCP_ON);
        assert_int_equal(a->icon, SCCP_SECURITY_ENCRYPTED);
    }
}

static void test_the_hold_button_takes_back_what_is_on_hold(void **state)
{
    (void)state;
    struct sccp_message m;
    sign_on_two(17, CALL_NOT_SECURE, CALL_NOT_SECURE);
    connect_both();
    sccp_message_init(&m, SCCP_STIMULUS);
    m.stimulus.stimulus = SCCP_BUTTON_HOLD;
    m.stimulus.instance = 1;
    say(0, &m);
    assert_int_equal(state_of(0), SCCP_STATE_HOLD);
    say(0, &m);
    assert_int_equal(state_of(0), SCCP_STATE_CONNECTED);
    assert_hear_each_other(0, 1, false);
}

/* In the state of ringing: the second key of its set. */
static bool can_press_transfer(unsigned phone)
{
    const struct sccp_message *m, *last = NULL;
    while ((m = told(phone, SCCP_SELECT_SOFT_KEYS)))
        last = m;
    return last && last->select_soft_keys.set == SCCP_KEYS_RING_OUT &&
           (last->select_soft_keys.mask & 2);
}

static void test_the_transfer_key_is_hidden_while_it_rings_unless_a_transfer_waits(void **state)
{
    (void)state;
    sign_on_two(17, CALL_NOT_SECURE, CALL_NOT_SECURE);
    call_from_0_to_1();
    assert_int_equal(state_of(0), SCCP_STATE_RING_OUT);
    assert_false(can_press_transfer(0));
}

static void test_a_transfer_changes_the_icon_with_the_parties(void **state)
{
    (void)state;
    for (unsigned blind = 0; blind < 2; blind++) {
        sign_on_two(17, CALL_ENCRYPTED, CALL_ENCRYPTED);
        sign_on(2, CALL_LINK_PLAIN, 11, CALL_NOT_SECURE);
        connect_both();
        assert_int_equal(office.phones[0].icon, SCCP_SECURITY_ENCRYPTED);
        uint32_t first = office.phones[1].calls_seen[0];
        press_about(1, SCCP_KEY_TRANSFER, first);
        assert_int_equal(office.phones[1].states[0], SCCP_STATE_TRANSFER);
        told_count(0);
        told_count(1);
        press_keys(1, "1002");
        assert_false(can_press_transfer(0) || can_press_transfer(2));
        assert_true(can_press_transfer(1)); /* while it rings, too */
        if (!blind)
            press_soft_key(2, SCCP_KEY_ANSWER);
        press_soft_key(1, SCCP_KEY_TRANSFER);
        if (blind)
            press_soft_key(2, SCCP_KEY_ANSWER);
        assert_int_equal(station_calls(office.phones[1].station), 0);
        assert_silent(1);
        assert_hear_each_other(0, 2, false);
        assert_int_equal(office.phones[0].icon, SCCP_SECURITY_NOT_AUTHENTICATED);
        assert_int_equal(office.phones[2].icon, SCCP_SECURITY_NOT_AUTHENTICATED);
        for (unsigned i = 0; i < 3; i++)
            unplug(i);
    }
}

/* The last wall: whatever the engine says, a station whose connection is not encrypted sends no
 * keys. */
static void test_keys_never_leave_on_a_connection_that_is_not_encrypted(void **state)
{
    (void)state;
    static const enum call_link links[] = {CALL_LINK_PLAIN, CALL_LINK_AUTHENTICATED};
    static const enum call_action_kind kinds[] = {CALL_ACT_OPEN, CALL_ACT_START};
    for (unsigned i = 0; i < 4; i++) {
        struct phone *p = sign_on(0, links[i % 2], 17, CALL_NOT_SECURE);
        struct call_action action = {.kind = kinds[i / 2], .line = 1, .call = 1};
        action.media.encrypted = true;
        memset(&action.media.keys, 'K', sizeof action.media.keys);
        assert_int_equal(address_parse(&action.media.remote, "10.0.0.9", 5000), 0);
        station_act(p->station, &action, &office.now);
        struct bytes out = station_output(p->station);
        for (size_t at = 0; at + 4 <= out.size; at++)
            assert_memory_not_equal(out.data + at, "KKKK", 4);
        p->answers_media = false;
        office_run();
        assert_true(p->over);
        assert_true(text_starts(p->reason, "keys of media"));
    }
}

/* ---- several calls ---- */

static void test_a_second_call_is_announced_by_a_tone_and_has_its_own_number(void **state)
{
    (void)state;
    sign_on_two(17, CALL_NOT_SECURE, CALL_NOT_SECURE);
    sign_on(2, CALL_LINK_PLAIN, 17, CALL_NOT_SECURE);
    connect_both();
    struct phone *b = &office.phones[1];
    press_soft_key(2, SCCP_KEY_NEW_CALL);
    told_count(1);
    press_keys(2, "1001");
    assert_int_equal(state_of(1), SCCP_STATE_CALL_WAITING);
    assert_int_equal(b->tone, SCCP_TONE_CALL_WAITING);
    assert_int_equal(b->lamp[1], SCCP_LAMP_BLINK);
    assert_int_not_equal(b->ring, SCCP_RING_INSIDE);
    assert_int_equal(told(1, SCCP_CALL_INFO)->call_info.instance, 2);
    press_soft_key(1, SCCP_KEY_ANSWER);
    assert_hear_each_other(1, 2, false);
    assert_int_equal(b->states[0], SCCP_STATE_HOLD);
    assert_int_equal(b->states[1], SCCP_STATE_CONNECTED);
    assert_int_equal(b->lamp[1], SCCP_LAMP_ON);
    press_soft_key(1, SCCP_KEY_END_CALL);
    assert_int_equal(b->lamp[1], SCCP_LAMP_WINK);
    assert_int_equal(b->speaker, SCCP_OFF);
    press_about(1, SCCP_KEY_RESUME, b->calls_seen[0]);
    assert_hear_each_other(0, 1, false);
    assert_int_equal(b->speaker, SCCP_ON);
}

static void test_the_second_line_has_its_own_lamp(void **state)
{
    (void)state;
    struct sccp_message m;
    sign_on_two(17, CALL_NOT_SECURE, CALL_NOT_SECURE);
    press_soft_key(0, SCCP_KEY_NEW_CALL);
    press_keys(0, "2001");
    assert_int_equal(office.phones[1].lamp[2], SCCP_LAMP_BLINK);
    assert_int_equal(office.phones[1].lamp[1], 0);
    sccp_message_init(&m, SCCP_STIMULUS);
    m.stimulus.stimulus = SCCP_BUTTON_LINE;
    m.stimulus.instance = 2;
    say(1, &m);
    assert_hear_each_other(0, 1, false);
    assert_int_equal(office.phones[1].lamp[2], SCCP_LAMP_ON);
}

static void press_speed_dial(unsigned phone, unsigned index)
{
    struct sccp_message m;
    sccp_message_init(&m, SCCP_STIMULUS);
    m.stimulus.stimulus = SCCP_BUTTON_SPEED_DIAL;
    m.stimulus.instance = index;
    say(phone, &m);
}

static void test_a_speed_dial_calls_its_number(void **state)
{
    (void)state;
    sign_on_two(17, CALL_NOT_SECURE, CALL_NOT_SECURE);
    press_speed_dial(0, 3); /* there is none */
    press_speed_dial(0, 0);
    assert_int_equal(office.site.counters.ignored, 2);
    press_speed_dial(0, 1);
    assert_int_equal(state_of(0), SCCP_STATE_RING_OUT);
    assert_int_equal(state_of(1), SCCP_STATE_RING_IN);
    press_soft_key(0, SCCP_KEY_END_CALL);
    press_soft_key(0, SCCP_KEY_NEW_CALL);
    press_speed_dial(0, 1); /* and when the phone is off hook already */
    assert_int_equal(state_of(1), SCCP_STATE_RING_IN);
}

static void test_a_forward_is_set_by_the_phone_and_shown(void **state)
{
    (void)state;
    sign_on_two(22, CALL_NOT_SECURE, CALL_NOT_SECURE);
    sign_on(2, CALL_LINK_PLAIN, 7, CALL_NOT_SECURE);
    press_soft_key(1, SCCP_KEY_FORWARD_ALL);
    press_keys(1, "1002");
    const struct sccp_forward_stat *f = &told(1, SCCP_FORWARD_STAT)->forward_stat;
    assert_true(f->active && f->all.active && !f->busy.active);
    assert_string_equal(f->all.number, "1002");
    call_from_0_to_1();
    assert_int_equal(state_of(2), SCCP_STATE_RING_IN);
    const struct sccp_call_info *info = &told(2, SCCP_CALL_INFO)->call_info;
    assert_string_equal(info->original_called.number, "1001");
    assert_string_equal(info->last_redirecting.number, "1001");
    assert_int_equal(info->last_reason, 15); /* unconditional */
    /* asked for, it is still known */
    struct sccp_message m;
    sccp_message_init(&m, SCCP_FORWARD_STAT_REQ);
    m.request.index = 1;
    say(1, &m);
    assert_string_equal(told(1, SCCP_FORWARD_STAT)->forward_stat.all.number, "1002");
    press_soft_key(1, SCCP_KEY_FORWARD_ALL);
    assert_int_equal(told(1, SCCP_FORWARD_STAT)->forward_stat.active, 0);
}

/* ---- audio that fails, phones that go ---- */

static void test_a_phone_that_cannot_open_its_audio_ends_the_call(void **state)
{
    (void)state;
    sign_on_two(17, CALL_NOT_SECURE, CALL_NOT_SECURE);
    office.phones[1].answers_media = false;
    connect_both();
    struct sccp_message m;
    sccp_message_init(&m, SCCP_OPEN_RECEIVE_CHANNEL_ACK);
    m.media_ack.party = office.phones[1].in.party;
    m.media_ack.status = SCCP_MEDIA_NO_CHANNELS;
    say(1, &m);
    assert_int_equal(office.last.cause, CALL_CAUSE_MEDIA_FAILED);
    assert_string_equal(office.phones[1].reason, "it cannot receive audio: out of channels");
    assert_silent(0);
    assert_silent(1);
    /* or cannot send it */
    office.phones[1].answers_media = true;
    connect_both();
    sccp_message_init(&m, SCCP_START_MEDIA_TRANSMISSION_ACK);
    m.media_ack.party = office.phones[0].out.party;
    say(0, &m);
    assert_hear_each_other(0, 1, false);
    m.media_ack.status = SCCP_MEDIA_CODEC_FAILED;
    say(0, &m);
    assert_silent(0);
    assert_int_equal(office.over, 2);
}

static void test_a_phone_that_names_no_address_is_heard_where_it_connects_from(void **state)
{
    (void)state;
    EACH_VERSION(v)
    {
        struct sccp_message m;
        sign_on_two(*v, CALL_NOT_SECURE, CALL_NOT_SECURE);
        office.phones[1].answers_media = false;
        connect_both();
        sccp_message_init(&m, SCCP_OPEN_RECEIVE_CHANNEL_ACK);
        m.media_ack.party = office.phones[1].in.party;
        m.media_ack.port = 20000;
        say(1, &m);
        assert_memory_equal(office.phones[0].out.remote.bytes, "\x0a\x09\x09\x09", 4);
        assert_int_equal(office.phones[0].out.port, 20000);
    }
}

static void test_codecs_are_those_both_have(void **state)
{
    (void)state;
    struct sccp_message m;
    sign_on_two(17, CALL_NOT_SECURE, CALL_NOT_SECURE);
    sccp_message_init(&m, SCCP_CAPABILITIES_RES);
    m.capabilities.count = 3;
    m.capabilities.codecs[0].codec = SCCP_RFC2833;
    m.capabilities.codecs[1].codec = SCCP_G729A;
    m.capabilities.codecs[2].codec = SCCP_G711_ALAW;
    say(0, &m);
    m.capabilities.count = UINT32_MAX;
    m.capabilities.codecs[2].codec = SCCP_G722_64K;
    say(1, &m);
    connect_both();
    assert_int_equal(told(0, SCCP_OPEN_RECEIVE_CHANNEL)->open_receive_channel.codec, SCCP_G729);
    press_soft_key(0, SCCP_KEY_END_CALL);
    m.capabilities.count = 1;
    say(1, &m);
    connect_both();
    assert_int_equal(office.last.cause, CALL_CAUSE_NO_CODEC);
}

static void test_statistics_are_handed_on(void **state)
{
    (void)state;
    struct sccp_message m;
    sign_on(0, CALL_LINK_PLAIN, 22, CALL_NOT_SECURE);
    sccp_message_init(&m, SCCP_CONNECTION_STATISTICS_RES);
    m.connection_statistics.quality = bytes_of_string("MLQK=4.5");
    say(0, &m);
    assert_int_equal(office.phones[0].statistics, 1);
}

static void test_a_phone_that_is_lost_leaves_its_partner_talking_and_told(void **state)
{
    (void)state;
    sign_on_two(17, CALL_ENCRYPTED, CALL_ENCRYPTED);
    connect_both();
    unplug(1);
    assert_true(office.phones[0].in.on && office.phones[0].out.on);
    assert_string_equal(told(0, SCCP_DISPLAY_NOTIFY)->display_notify.text,
                        "Connection lost; audio may last");
    press_soft_key(0, SCCP_KEY_END_CALL);
    assert_silent(0);
}

static void test_a_phone_that_says_goodbye_in_a_call_ends_it(void **state)
{
    (void)state;
    sign_on_two(17, CALL_NOT_SECURE, CALL_NOT_SECURE);
    connect_both();
    say_empty(1, SCCP_UNREGISTER);
    assert_silent(0);
    assert_int_equal(state_of(0), SCCP_STATE_ON_HOOK);
    assert_int_equal(office.last.cause, CALL_CAUSE_UNREGISTERED);
    assert_int_equal(station_calls(office.phones[1].station), 0);
}

static void test_on_hook_names_a_line_from_version_15_on(void **state)
{
    (void)state;
    static const unsigned rows[][2] = {{11, 0}, {14, 0}, {15, 7}, {22, 7}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (unsigned off = 0; off < 2; off++) {
            struct phone *p = sign_on(0, CALL_LINK_PLAIN, rows[i][0], CALL_NOT_SECURE);
            struct station_event event;
            struct sccp_message m;
            struct buffer b;
            sccp_message_init(&m, off ? SCCP_OFF_HOOK : SCCP_ON_HOOK);
            m.hook = (struct sccp_hook){.line = 7, .call = 9};
            buffer_init(&b, 100);
            assert_int_equal(sccp_write(&b, rows[i][0], &m, NULL), 0);
            assert_int_equal(station_input(p->station, buffer_bytes(&b)), 0);
            buffer_fini(&b);
            assert_true(station_step(p->station, &office.now, &event));
            assert_int_equal(event.kind, STATION_USER);
            assert_int_equal(event.call.kind, off ? CALL_EV_OFF_HOOK : CALL_EV_ON_HOOK);
            assert_int_equal(event.call.line, off ? 7 : rows[i][1]);
            assert_int_equal(event.call.call, 9);
        }
}

static void test_keys_that_mean_nothing_are_counted(void **state)
{
    (void)state;
    struct sccp_message m;
    sign_on(0, CALL_LINK_PLAIN, 17, CALL_NOT_SECURE);
    static const uint32_t buttons[] = {10, 13, 17, 18, 255, UINT32_MAX};
    for (size_t i = 0; i < sizeof buttons / sizeof *buttons; i++) {
        sccp_message_init(&m, SCCP_KEYPAD_BUTTON);
        m.keypad_button.button = buttons[i];
        say(0, &m);
    }
    assert_int_equal(office.site.counters.ignored, 6);
    press_about(0, (enum sccp_key)99, 0);
    sccp_message_init(&m, SCCP_STIMULUS);
    m.stimulus.stimulus = SCCP_BUTTON_VOICE_MAIL;
    say(0, &m);
    assert_int_equal(office.site.counters.ignored, 8);
    assert_int_equal(told_count(0), 0);
}

/* Beside all else, for seconds: no longer than it is true. */
static void test_who_calls_is_taken_off_the_screen_when_it_is_no_news(void **state)
{
    (void)state;
    EACH_VERSION(v)
    {
        sign_on_two(*v, CALL_NOT_SECURE, CALL_NOT_SECURE);
        call_from_0_to_1();
        assert_non_null(told(1, SCCP_DISPLAY_PRIORITY_NOTIFY));
        press_soft_key(1, SCCP_KEY_ANSWER);
        const struct sccp_message *m = told(1, SCCP_CLEAR_PRIORITY_NOTIFY);
        assert_non_null(m);
        assert_int_equal(m->display_notify.priority, 5);
        press_soft_key(1, SCCP_KEY_END_CALL);
        assert_null(told(1, SCCP_CLEAR_PRIORITY_NOTIFY)); /* once */
        call_from_0_to_1();
        assert_non_null(told(1, SCCP_DISPLAY_PRIORITY_NOTIFY));
        press_soft_key(0, SCCP_KEY_END_CALL);
        assert_non_null(told(1, SCCP_CLEAR_PRIORITY_NOTIFY));
        unplug(0);
        unplug(1);
    }
}

/* Phone 1 has UTF-8, or not, and is called by somebody whose name takes letters of one to four
 * bytes. */
static void call_by_joerg(bool latin1)
{
    for (unsigned i = 0; i < 2; i++) {
        struct phone *p = plug(i, CALL_LINK_PLAIN, 17);
        p->name = "J\xc3\xb6rg \xc5\x81 \xe2\x82\xac \xf0\x9f\x93\x9e!";
        p->latin1 = latin1 && i == 1;
        say_register(i);
        told_count(i);
    }
    call_from_0_to_1();
}

static void test_names_are_in_letters_the_phone_can_show(void **state)
{
    static const char *const spelt[] = {"J\xc3\xb6rg \xc5\x81 \xe2\x82\xac \xf0\x9f\x93\x9e!",
                                        "J\xf6rg ? ? ?!"};
    (void)state;
    for (int latin1 = 0; latin1 < 2; latin1++) {
        struct sccp_message m;
        char from[64];
        call_by_joerg(latin1);
        text_format(from, sizeof from, "\x80\x17%s (1000)", spelt[latin1]);
        assert_string_equal(office.phones[1].prompt, from);
        assert_string_equal(told(1, SCCP_CALL_INFO)->call_info.calling.name, spelt[latin1]);
        sccp_message_init(&m, SCCP_LINE_STAT_REQ);
        m.request.index = 1;
        say(1, &m);
        assert_string_equal(told(1, SCCP_LINE_STAT)->line_stat.name, spelt[latin1]);
        unplug(0);
        unplug(1);
    }
}

#define T(test) cmocka_unit_test_setup_teardown(test, office_enter, office_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_an_old_call_that_is_hung_up_leaves_the_screen_in_every_version),
        T(test_a_call_in_every_version_rings_connects_and_ends),
        T(test_an_answer_is_told_in_the_order_of_a_genuine_server),
        T(test_a_number_may_come_whole),
        T(test_redial_calls_the_last_number),
        T(test_what_comes_to_nothing_says_why),
        T(test_a_digit_is_taken_back),
        T(test_icon_and_keys_are_those_of_the_least_secure_party),
        T(test_hold_and_resume_end_the_audio_and_begin_it_with_new_keys),
        T(test_the_hold_button_takes_back_what_is_on_hold),
        T(test_the_transfer_key_is_hidden_while_it_rings_unless_a_transfer_waits),
        T(test_a_transfer_changes_the_icon_with_the_parties),
        T(test_keys_never_leave_on_a_connection_that_is_not_encrypted),
        T(test_a_second_call_is_announced_by_a_tone_and_has_its_own_number),
        T(test_the_second_line_has_its_own_lamp),
        T(test_a_speed_dial_calls_its_number),
        T(test_a_forward_is_set_by_the_phone_and_shown),
        T(test_a_phone_that_cannot_open_its_audio_ends_the_call),
        T(test_a_phone_that_names_no_address_is_heard_where_it_connects_from),
        T(test_codecs_are_those_both_have),
        T(test_statistics_are_handed_on),
        T(test_a_phone_that_is_lost_leaves_its_partner_talking_and_told),
        T(test_a_phone_that_says_goodbye_in_a_call_ends_it),
        T(test_on_hook_names_a_line_from_version_15_on),
        T(test_keys_that_mean_nothing_are_counted),
        T(test_who_calls_is_taken_off_the_screen_when_it_is_no_news),
        T(test_names_are_in_letters_the_phone_can_show),
    };
    return RUN(tests);
}
