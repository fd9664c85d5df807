/* Phones that are no phones: what they say is bounded, and hurts nobody. */
#include "office.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static struct bytes keep_alive(void)
{
    static const uint8_t frame[] = {4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    return bytes_of(frame, sizeof frame);
}

static void test_a_stream_may_come_byte_by_byte(void **state)
{
    (void)state;
    struct phone *p = sign_on(0, CALL_LINK_PLAIN, 17, CALL_NOT_SECURE);
    for (unsigned i = 0; i < 36; i++) {
        struct bytes frame = keep_alive();
        say_bytes(0, bytes_slice(frame, i % frame.size, 1));
    }
    assert_int_equal(told_count(0), 3);
    assert_false(p->over);
}

static void test_many_messages_may_come_at_once_and_are_answered_in_order(void **state)
{
    (void)state;
    static const enum sccp_id asked[] = {SCCP_BUTTON_TEMPLATE_REQ, SCCP_SOFT_KEY_TEMPLATE_REQ,
                                         SCCP_CONFIG_STAT_REQ, SCCP_TIME_DATE_REQ, SCCP_KEEP_ALIVE};
    static const enum sccp_id answers[] = {SCCP_BUTTON_TEMPLATE, SCCP_SOFT_KEY_TEMPLATE,
                                           SCCP_CONFIG_STAT, SCCP_TIME_DATE, SCCP_KEEP_ALIVE_ACK};
    struct buffer b;
    sign_on(0, CALL_LINK_PLAIN, 17, CALL_NOT_SECURE);
    buffer_init(&b, 1000);
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        struct sccp_message m;
        sccp_message_init(&m, asked[i]);
        assert_int_equal(sccp_write(&b, 17, &m, NULL), 0);
    }
    say_bytes(0, buffer_bytes(&b));
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        assert_non_null(told(0, answers[i]));
    buffer_fini(&b);
}

static void test_a_length_no_message_has_ends_the_connection(void **state)
{
    (void)state;
    static const uint32_t lengths[] = {0, 3, 8193, 0x47455420 /* "GET " */, UINT32_MAX};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
        for (int registered = 0; registered < 2; registered++) {
            struct buffer b;
            struct phone *p = registered ? sign_on(0, CALL_LINK_PLAIN, 17, CALL_NOT_SECURE)
                                         : plug(0, CALL_LINK_PLAIN, 17);
            buffer_init(&b, 100);
            buffer_u32le(&b, lengths[i]);
            say_bytes(0, buffer_bytes(&b));
            assert_true(p->over);
            assert_true(text_starts(p->reason, "a message that announces "));
            buffer_fini(&b);
        }
}

static void test_unknown_and_broken_messages_are_counted_and_the_first_is_said(void **state)
{
    (void)state;
    static const uint8_t unknown[] = {8, 0, 0, 0, 0, 0, 0, 0, 0x99, 0x99, 0, 0, 1, 2, 3, 4};
    struct phone *p = sign_on(0, CALL_LINK_PLAIN, 17, CALL_NOT_SECURE);
    for (unsigned i = 0; i < 5; i++)
        say_bytes(0, bytes_of(unknown, sizeof unknown));
    assert_int_equal(office.site.counters.unknown, 5);
    assert_int_equal(p->odds, 1);
    assert_string_equal(p->reason, "unknown id 0x9999 of 4 bytes");
    /* what only a server says: here with keys that are announced and not there */
    struct sccp_message m;
    sccp_message_init(&m, SCCP_OPEN_RECEIVE_CHANNEL);
    m.open_receive_channel.keys.algorithm = SCCP_SRTP_AES_128_SHA1_32;
    m.cut = 90;
    say(0, &m);
    assert_int_equal(office.site.counters.broken, 1);
    sccp_message_init(&m, SCCP_CALL_STATE);
    say(0, &m);
    assert_int_equal(office.site.counters.ignored, 1);
    assert_int_equal(p->odds, 1);
    assert_false(p->over);
    say_empty(0, SCCP_KEEP_ALIVE);
    assert_non_null(told(0, SCCP_KEEP_ALIVE_ACK));
}

/* Whoever is slowed, or waits for an answer, keeps us in memory what it has said meanwhile. */
static void test_of_whom_nobody_knows_one_message_is_kept(void **state)
{
    (void)state;
    struct phone *p = plug(0, CALL_LINK_PLAIN, 17);
    size_t kept = 0;
    for (unsigned i = 0; i < office.site.limits.burst; i++) /* so many are read at once */
        say_empty(0, SCCP_KEEP_ALIVE);
    while (!station_is_full(p->station)) {
        assert_int_equal(station_input(p->station, keep_alive()), 0);
        kept += keep_alive().size;
    }
    assert_in_range(kept, 0, SCCP_FRAME_MAX + keep_alive().size);
    assert_false(p->over);
}

/* As a connection has it: read whenever there is room, for a long time. */
static void test_there_is_always_room_for_more_unless_it_is_full(void **state)
{
    (void)state;
    enum { PIECE = 16384 };
    struct buffer piece;
    struct phone *p = sign_on(0, CALL_LINK_PLAIN, 17, CALL_NOT_SECURE);
    buffer_init(&piece, PIECE);
    while (piece.size + keep_alive().size <= PIECE)
        buffer_append(&piece, keep_alive());
    for (unsigned i = 0; i < 200; i++) {
        while (!station_is_full(p->station))
            assert_int_equal(station_input(p->station, buffer_bytes(&piece)), 0);
        office_pass(1000);
        (void)told_count(0);
    }
    assert_false(p->over);
    buffer_fini(&piece);
}

static void test_a_phone_that_floods_is_read_more_slowly_and_loses_nothing(void **state)
{
    (void)state;
    unsigned burst = office.site.limits.burst, rate = office.site.limits.per_second;
    struct phone *p = sign_on(0, CALL_LINK_PLAIN, 17, CALL_NOT_SECURE);
    sign_on(1, CALL_LINK_PLAIN, 17, CALL_NOT_SECURE);
    static const uint8_t unknown[] = {4, 0, 0, 0, 0, 0, 0, 0, 0x99, 0x99, 0, 0};
    say_bytes(0, bytes_of(unknown, sizeof unknown));
    assert_int_equal(p->odds, 1); /* another kind of oddity, which hides no flood */
    struct buffer flood;
    size_t answered = 0;
    buffer_init(&flood, 65536);
    for (unsigned i = 0; i < 1000; i++)
        buffer_append(&flood, keep_alive());
    assert_int_equal(station_input(p->station, buffer_bytes(&flood)), 0);
    office_run();
    answered += told_count(0);
    assert_int_equal(answered, burst - 2); /* two were said before */
    assert_int_equal(office.site.counters.slowed, 1);
    assert_int_equal(p->odds, 2);
    assert_true(text_starts(p->reason, "more than 100 messages a second"));
    for (unsigned i = 0; i < 5; i++) {
        office_pass(1000);
        size_t now = told_count(0);
        assert_in_range(now, rate - 2, rate + 2);
        answered += now;
        say_empty(1, SCCP_KEEP_ALIVE); /* the others' turn */
        assert_non_null(told(1, SCCP_KEEP_ALIVE_ACK));
    }
    office_pass(2000);
    assert_int_equal(answered + told_count(0), 1000);
    assert_int_equal(p->odds, 2);
    assert_false(p->over);
    buffer_fini(&flood);
}

static void test_what_comes_too_fast_is_left_to_tcp(void **state)
{
    (void)state;
    static const uint8_t zeros[16384];
    struct buffer flood;
    struct phone *p = sign_on(0, CALL_LINK_PLAIN, 17, CALL_NOT_SECURE);
    buffer_init(&flood, 16384);
    while (flood.size + 12 <= 16384)
        buffer_append(&flood, keep_alive());
    unsigned taken = 0;
    for (; !station_is_full(p->station); taken++) {
        say_bytes(0, buffer_bytes(&flood));
        told_count(0);
        assert_in_range(taken, 0, 10);
    }
    assert_in_range(taken, 2, 5);
    /* who goes on reading is told; the station may be thrown away then */
    int result = 0;
    for (unsigned i = 0; i < 10 && result == 0; i++)
        result = station_input(p->station, bytes_of(zeros, sizeof zeros));
    assert_int_equal(result, ERR_LIMIT);
    buffer_fini(&flood);
}

/* Of what answers are long to, more than there is room for. */
static void asks_too_much(struct phone *p)
{
    struct station_event event;
    struct sccp_message m;
    struct buffer b;
    sccp_message_init(&m, SCCP_SOFT_KEY_SET_REQ);
    buffer_init(&b, 65536);
    for (unsigned i = 0; i < 150; i++)
        assert_int_equal(sccp_write(&b, 17, &m, NULL), 0);
    assert_int_equal(station_input(p->station, buffer_bytes(&b)), 0);
    while (station_step(p->station, &office.now, &event))
        ;
    buffer_fini(&b);
}

static void test_a_phone_that_does_not_listen_is_not_answered_without_end(void **state)
{
    (void)state;
    struct phone *p = sign_on(0, CALL_LINK_PLAIN, 17, CALL_NOT_SECURE);
    struct station_event event;
    asks_too_much(p);
    assert_in_range(station_output(p->station).size, office.site.limits.output,
                    office.site.limits.output + 1000);
    size_t before = station_output(p->station).size;
    assert_false(station_step(p->station, &office.now, &event));
    assert_int_equal(station_output(p->station).size, before);
    office_run(); /* now it listens */
    unsigned sets = 0;
    while (told(0, SCCP_SOFT_KEY_SET))
        sets++;
    assert_int_equal(sets, 150);
}

static void test_what_was_not_read_for_want_of_room_is_read_when_there_is_some(void **state)
{
    (void)state;
    struct phone *p = sign_on(0, CALL_LINK_PLAIN, 17, CALL_NOT_SECURE);
    struct station_event event;
    asks_too_much(p);
    assert_true(station_due(p->station) > office.now.ms);
    size_t before = station_output(p->station).size;
    station_sent(p->station); /* all of it at once: nothing else will happen */
    assert_true(station_due(p->station) <= office.now.ms);
    assert_false(station_step(p->station, &office.now, &event));
    assert_in_range(station_output(p->station).size, 1, before - 1);
    assert_true(station_due(p->station) > office.now.ms);
}

/* ---- anything ---- */

static uint32_t seed;

static uint32_t any(uint32_t below)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % below;
}

static void add_nonsense(struct buffer *b)
{
    static const uint32_t values[] = {0, 1, 2, 3, 9, 11, 17, 255, 0x10000, UINT32_MAX};
    uint32_t id = any(10) ? any(0x50) : any(2) ? 0x154 + any(8) : any(0x9000);
    uint32_t words = any(4) ? any(12) : any(120);
    buffer_u32le(b, 4 + 4 * words);
    buffer_u32le(b, any(23));
    buffer_u32le(b, id);
    for (uint32_t i = 0; i < words; i++)
        buffer_u32le(b, any(2) ? values[any(10)] : any(UINT32_MAX));
}

/* Two phones talk, encrypted; a third says anything. */
static void test_calls_go_on_beside_a_phone_that_talks_nonsense(void **state)
{
    (void)state;
    unsigned rounds = test_is_long() ? 20000 : 400;
    for (unsigned i = 0; i < 2; i++)
        sign_on(i, CALL_LINK_ENCRYPTED, 17, CALL_ENCRYPTED);
    press_soft_key(0, SCCP_KEY_NEW_CALL);
    press_keys(0, "1001");
    press_soft_key(1, SCCP_KEY_ANSWER);
    const struct stream in = office.phones[0].in, out = office.phones[0].out;
    assert_true(in.on && in.encrypted && out.on && out.encrypted);
    for (unsigned round = 0; round < rounds; round++) {
        struct buffer b;
        struct phone *p = sign_on(2, CALL_LINK_PLAIN, 3 + any(20), CALL_NOT_SECURE);
        p->hears_nothing = true;
        seed = round;
        buffer_init(&b, 65536);
        for (unsigned i = 0; i < 20; i++)
            add_nonsense(&b);
        say_bytes(2, buffer_bytes(&b));
        buffer_fini(&b);
        office_pass(1000);
        for (unsigned i = 0; i < 2; i++) {
            /* what it rang, or asked for, is refused */
            while (station_calls(office.phones[i].station) > 1)
                press_about(i, SCCP_KEY_END_CALL, office.phones[i].call);
            say_empty(i, SCCP_KEEP_ALIVE);
            told_count(i);
        }
        told_count(2);
    }
    assert_memory_equal(&office.phones[0].in, &in, sizeof in);
    assert_memory_equal(&office.phones[0].out, &out, sizeof out);
    assert_int_equal(office.phones[0].icon, SCCP_SECURITY_ENCRYPTED);
}

/* Phone 1 answers, and says this of where it listens. */
static void listen_at(const char *host)
{
    struct sccp_message m;
    struct address address;
    for (unsigned i = 0; i < 2; i++)
        sign_on(i, CALL_LINK_PLAIN, 17, CALL_NOT_SECURE);
    office.phones[1].answers_media = false;
    press_soft_key(0, SCCP_KEY_NEW_CALL);
    press_keys(0, "1001");
    press_soft_key(1, SCCP_KEY_ANSWER);
    assert_int_equal(address_parse(&address, host, 0), 0);
    sccp_message_init(&m, SCCP_OPEN_RECEIVE_CHANNEL_ACK);
    m.media_ack.party = office.phones[1].in.party;
    m.media_ack.call = office.phones[1].in.call;
    m.media_ack.address.type = address_bytes(&address).size == 4 ? SCCP_IPV4 : SCCP_IPV6;
    memcpy(m.media_ack.address.bytes, address_bytes(&address).data, address_bytes(&address).size);
    m.media_ack.port = 4000;
    say(1, &m);
}

static void test_nobody_is_made_to_send_to_many_or_to_himself(void **state)
{
    static const char *const wrong[] = {"239.1.1.1", "255.255.255.255", "0.1.2.3",
                                        "127.0.0.1", "ff02::1",         "::1"};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        listen_at(wrong[i]);
        assert_null(told(0, SCCP_START_MEDIA_TRANSMISSION));
        assert_int_equal(state_of(0), SCCP_STATE_ON_HOOK);
        assert_int_equal(office.last.cause, CALL_CAUSE_MEDIA_FAILED);
        assert_non_null(strstr(office.phones[1].reason, "which is no phone's address"));
    }
}

static void test_audio_that_goes_elsewhere_than_signalling_is_noted(void **state)
{
    (void)state;
    listen_at("192.0.2.66");
    assert_non_null(told(0, SCCP_START_MEDIA_TRANSMISSION));
    assert_int_equal(office.phones[1].odds, 1);
    assert_string_equal(office.phones[1].reason,
                        "it wants audio sent to 192.0.2.66, where it is not");
    listen_at("10.9.9.9"); /* where it connects from */
    assert_int_equal(office.phones[1].odds, 0);
}

#define T(test) cmocka_unit_test_setup_teardown(test, office_enter, office_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_a_stream_may_come_byte_by_byte),
        T(test_many_messages_may_come_at_once_and_are_answered_in_order),
        T(test_a_length_no_message_has_ends_the_connection),
        T(test_unknown_and_broken_messages_are_counted_and_the_first_is_said),
        T(test_of_whom_nobody_knows_one_message_is_kept),
        T(test_there_is_always_room_for_more_unless_it_is_full),
        T(test_a_phone_that_floods_is_read_more_slowly_and_loses_nothing),
        T(test_what_comes_too_fast_is_left_to_tcp),
        T(test_a_phone_that_does_not_listen_is_not_answered_without_end),
        T(test_what_was_not_read_for_want_of_room_is_read_when_there_is_some),
        T(test_calls_go_on_beside_a_phone_that_talks_nonsense),
        T(test_nobody_is_made_to_send_to_many_or_to_himself),
        T(test_audio_that_goes_elsewhere_than_signalling_is_noted),
    };
    return RUN(tests);
}
