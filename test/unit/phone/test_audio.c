/* Audio over sockets on loopback, seen from both ends and from between: every packet from one phone
 * to the other passes a tap, which looks at it and may do with it what networks and strangers do.
 */
#include "support.h"

#include "base/secret.h"
#include "net/udp.h"
#include "phone/audio.h"
#include "phone/g711.h"
#include "phone/rtp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PACKETS = 15, SAMPLES = PACKETS * AUDIO_SAMPLES };

static struct loop *loop;
static struct audio_room *room;
static struct sound *tone;
static struct recording *heard;
static struct audio *from, *to;
static struct rtp_keys keys, others;

/* ---- the tap ---- */

static struct tap {
    int fd;
    struct loop_watch *watch;
    struct address address;
    unsigned seen;          /* packets */
    size_t size;            /* of each of them */
    struct buffer payloads; /* the first 160 bytes of each */
    struct bytes held;      /* one that waits to be overtaken */
    uint8_t held_data[256];
    /* What it does with the n-th packet, from 1. */
    void (*treat)(unsigned n, const uint8_t *packet, size_t size);
    struct audio *stops; /* stops sending after PACKETS of them */
} tap;

static void pass_on(const uint8_t *packet, size_t size)
{
    const struct address *target = audio_address(to);
    assert_int_equal(sendto(tap.fd, packet, size, 0, &target->any, target->size), size);
}

static void pass(unsigned n, const uint8_t *packet, size_t size)
{
    (void)n;
    pass_on(packet, size);
}

static void tap_readable(void *context, unsigned ready)
{
    uint8_t packet[512];
    ssize_t size;
    (void)context;
    (void)ready;
    while ((size = recv(tap.fd, packet, sizeof packet, MSG_DONTWAIT)) > 0) {
        if (tap.seen == PACKETS)
            continue;
        tap.seen++;
        if (tap.seen == 1)
            tap.size = (size_t)size;
        assert_int_equal(size, tap.size);
        buffer_append(&tap.payloads, bytes_of(packet + RTP_HEADER, AUDIO_SAMPLES));
        tap.treat(tap.seen, packet, (size_t)size);
    }
    if (tap.seen == PACKETS && tap.stops)
        audio_send_no_more(tap.stops);
}

static void tap_open(void)
{
    struct address any;
    tap = (struct tap){.fd = -1, .treat = pass};
    buffer_init(&tap.payloads, 1 << 20);
    assert_int_equal(address_parse(&any, "127.0.0.1", 0), 0);
    assert_int_equal(udp_bind(&tap.fd, &any, NULL), 0);
    assert_int_equal(udp_local_address(tap.fd, &tap.address), 0);
    assert_int_equal(loop_watch_new(&tap.watch, loop, tap.fd, tap_readable, NULL), 0);
    assert_int_equal(loop_watch_set(tap.watch, LOOP_READ), 0);
}

static void tap_close(void)
{
    loop_watch_free(tap.watch);
    close(tap.fd);
    buffer_fini(&tap.payloads);
}

/* ---- two phones ---- */

static struct audio *open_audio(struct sound *sound, struct recording *recording)
{
    struct audio_setup setup = {.sound = sound, .recording = recording};
    struct audio *audio = NULL;
    struct address local;
    assert_int_equal(address_parse(&local, "127.0.0.1", 4711), 0);
    setup.local = &local;
    assert_int_equal(audio_open(&audio, room, &setup, NULL), 0);
    return audio;
}

static int enter(void **state)
{
    (void)state;
    assert_int_equal(loop_new(&loop), 0);
    assert_int_equal(audio_room_new(&room, loop), 0);
    assert_int_equal(sound_open(&tone, "tone", NULL), 0);
    assert_int_equal(recording_new(&heard), 0);
    tap_open();
    from = open_audio(tone, NULL);
    to = open_audio(NULL, heard);
    tap.stops = from;
    secret_random(&keys, sizeof keys);
    secret_random(&others, sizeof others);
    return 0;
}

static int leave(void **state)
{
    (void)state;
    audio_close(from);
    audio_close(to);
    tap_close();
    recording_free(heard);
    sound_free(tone);
    audio_room_free(room);
    loop_free(loop);
    return 0;
}

static struct audio_counters counters_of(const struct audio *audio)
{
    struct audio_counters counters;
    audio_counters(audio, &counters);
    return counters;
}

/* Everything the far end has been given, whatever became of it. */
static uint64_t arrived(void)
{
    struct audio_counters c = counters_of(to);
    return c.received + c.duplicates + c.wrong_key + c.replayed + c.malformed;
}

static struct loop_timer *look;
static uint64_t wanted;

static void look_again(void *context)
{
    (void)context;
    if (tap.seen == PACKETS && arrived() >= wanted)
        loop_stop(loop);
    else
        loop_timer_start(look, 5);
}

/* PACKETS are sent, and `arrivals` come to the far end. */
static void talk(const struct rtp_keys *seals, const struct rtp_keys *opens, uint64_t arrivals)
{
    wanted = arrivals;
    assert_int_equal(audio_receive(to, opens, NULL), 0);
    assert_int_equal(audio_send(from, &tap.address, seals, NULL), 0);
    assert_int_equal(loop_timer_new(&look, loop, look_again, NULL), 0);
    loop_timer_start(look, 5);
    assert_int_equal(loop_run(loop), 0);
    loop_timer_free(look);
    assert_int_equal(counters_of(from).sent >= PACKETS, true);
}

static unsigned tone_in(struct bytes samples)
{
    return sound_tone_share(samples, SOUND_TONE);
}

/* ---- what the wire shows ---- */

static void test_in_clear_a_payload_is_160_bytes_and_everybody_hears_it(void **state)
{
    (void)state;
    talk(NULL, NULL, PACKETS);
    assert_int_equal(tap.size, 172);
    assert_true(tone_in(buffer_bytes(&tap.payloads)) > 990);
    assert_true(tone_in(recording_samples(heard)) > 990);
    struct audio_counters c = counters_of(to);
    assert_int_equal(c.received, PACKETS);
    assert_int_equal(c.received_octets, SAMPLES);
    assert_int_equal(c.lost + c.late + c.duplicates + c.malformed, 0);
    assert_false(c.decrypts);
}

static void test_encrypted_a_payload_is_164_bytes_and_only_the_other_phone_hears_it(void **state)
{
    (void)state;
    talk(&keys, &keys, PACKETS);
    assert_int_equal(tap.size, 176);
    assert_true(tone_in(buffer_bytes(&tap.payloads)) < 100);
    assert_true(tone_in(recording_samples(heard)) > 990);
    struct audio_counters c = counters_of(to);
    assert_int_equal(c.received, PACKETS);
    assert_int_equal(c.received_octets, SAMPLES);
    assert_int_equal(c.lost + c.wrong_key + c.replayed, 0);
    assert_true(c.decrypts);
    assert_true(counters_of(from).encrypts);
}

static void test_silence_is_plain_to_see_in_clear_and_not_encrypted(void **state)
{
    (void)state;
    audio_close(from);
    from = open_audio(NULL, NULL);
    tap.stops = from;
    talk(NULL, NULL, PACKETS);
    for (size_t i = 0; i < SAMPLES; i++)
        assert_int_equal(tap.payloads.data[i], G711_SILENCE);
    tap.seen = 0;
    buffer_clear(&tap.payloads);
    talk(&keys, &keys, PACKETS);
    size_t same = 0;
    for (size_t i = 0; i < SAMPLES; i++)
        same += tap.payloads.data[i] == G711_SILENCE;
    assert_true(same < SAMPLES / 64); /* one in 256 by chance */
}

static void test_what_was_sent_is_what_is_recorded_sample_for_sample(void **state)
{
    struct sound *same = NULL;
    uint8_t expected[SAMPLES];
    (void)state;
    assert_int_equal(sound_open(&same, "tone", NULL), 0);
    sound_next(same, expected, sizeof expected);
    sound_free(same);
    talk(&keys, &keys, PACKETS);
    assert_bytes_equal(recording_samples(heard), bytes_of(expected, sizeof expected));
}

/* ---- strangers ---- */

static void test_sealed_with_other_keys_it_is_counted_and_not_heard(void **state)
{
    (void)state;
    talk(&others, &keys, PACKETS);
    struct audio_counters c = counters_of(to);
    assert_int_equal(c.wrong_key, PACKETS);
    assert_int_equal(c.received, 0);
    assert_int_equal(recording_samples(heard).size, 0);
}

static void test_in_clear_it_is_not_heard_where_it_should_be_encrypted(void **state)
{
    (void)state;
    talk(NULL, &keys, PACKETS);
    struct audio_counters c = counters_of(to);
    assert_int_equal(c.received, 0);
    assert_int_equal(c.wrong_key, PACKETS);
    assert_int_equal(recording_samples(heard).size, 0);
}

static void twice(unsigned n, const uint8_t *packet, size_t size)
{
    (void)n;
    pass_on(packet, size);
    pass_on(packet, size);
}

static void test_what_is_sent_again_by_somebody_is_refused(void **state)
{
    (void)state;
    tap.treat = twice;
    talk(&keys, &keys, 2 * PACKETS);
    struct audio_counters c = counters_of(to);
    assert_int_equal(c.received, PACKETS);
    assert_int_equal(c.replayed, PACKETS);
    assert_int_equal(recording_samples(heard).size, SAMPLES);
}

static void test_in_clear_what_comes_twice_is_heard_once(void **state)
{
    (void)state;
    tap.treat = twice;
    talk(NULL, NULL, 2 * PACKETS);
    struct audio_counters c = counters_of(to);
    assert_int_equal(c.received, PACKETS);
    assert_int_equal(c.duplicates, PACKETS);
    assert_int_equal(recording_samples(heard).size, SAMPLES);
}

static void change_one_bit(unsigned n, const uint8_t *packet, size_t size)
{
    uint8_t changed[256];
    memcpy(changed, packet, size);
    changed[n % size] ^= (uint8_t)(1 << n % 8);
    pass_on(n % 3 ? packet : changed, size);
}

static void test_what_was_changed_on_the_way_is_not_heard(void **state)
{
    (void)state;
    tap.treat = change_one_bit;
    talk(&keys, &keys, PACKETS);
    struct audio_counters c = counters_of(to);
    assert_int_equal(c.received, PACKETS - PACKETS / 3);
    assert_int_equal(c.wrong_key + c.malformed, PACKETS / 3);
}

static void rubbish(unsigned n, const uint8_t *packet, size_t size)
{
    static const uint8_t other_coding[172] = {0x80, 18};
    static const uint8_t huge[1600];
    pass_on(packet, size);
    pass_on(other_coding, n % 2 ? sizeof other_coding : n % 12);
    if (n == 1)
        pass_on(huge, sizeof huge);
}

static void test_rubbish_is_counted_and_harms_nothing(void **state)
{
    (void)state;
    tap.treat = rubbish;
    talk(NULL, NULL, 2 * PACKETS + 1);
    struct audio_counters c = counters_of(to);
    assert_int_equal(c.received, PACKETS);
    assert_int_equal(c.malformed, PACKETS + 1);
    assert_true(tone_in(recording_samples(heard)) > 990);
}

/* ---- networks ---- */

static void lose_some(unsigned n, const uint8_t *packet, size_t size)
{
    if (n % 5 != 3)
        pass_on(packet, size);
}

static void test_what_is_lost_is_counted_and_recorded_as_silence(void **state)
{
    (void)state;
    tap.treat = lose_some;
    talk(&keys, &keys, PACKETS - 3);
    struct audio_counters c = counters_of(to);
    assert_int_equal(c.lost, 3);
    assert_int_equal(c.received, PACKETS - 3);
    struct bytes samples = recording_samples(heard);
    assert_int_equal(samples.size, SAMPLES);
    for (size_t i = 2 * AUDIO_SAMPLES; i < 3 * AUDIO_SAMPLES; i++)
        assert_int_equal(samples.data[i], G711_SILENCE);
}

static void swap_pairs(unsigned n, const uint8_t *packet, size_t size)
{
    if (n % 2 && n < PACKETS) {
        memcpy(tap.held_data, packet, size);
        tap.held = bytes_of(tap.held_data, size);
        return;
    }
    pass_on(packet, size);
    if (tap.held.size)
        pass_on(tap.held.data, tap.held.size);
    tap.held.size = 0;
}

static void test_what_is_overtaken_is_late_and_not_lost(void **state)
{
    (void)state;
    tap.treat = swap_pairs;
    talk(&keys, &keys, PACKETS);
    struct audio_counters c = counters_of(to);
    assert_int_equal(c.received, PACKETS);
    assert_int_equal(c.late, PACKETS / 2);
    assert_int_equal(c.lost + c.replayed, 0);
}

/* ---- sessions ---- */

static void test_a_new_session_has_new_keys_and_the_old_ones_open_nothing(void **state)
{
    (void)state;
    talk(&keys, &keys, PACKETS);
    tap.seen = 0;
    talk(&others, &others, 2 * PACKETS);
    struct audio_counters c = counters_of(to);
    assert_int_equal(c.received, 2 * PACKETS);
    assert_int_equal(c.lost + c.wrong_key, 0);
    assert_int_equal(recording_samples(heard).size, 2 * SAMPLES);
    tap.seen = 0;
    talk(&keys, &others, 3 * PACKETS);
    c = counters_of(to);
    assert_int_equal(c.wrong_key, PACKETS);
}

static void test_who_does_not_receive_hears_nothing(void **state)
{
    (void)state;
    talk(NULL, NULL, PACKETS);
    audio_receive_no_more(to);
    struct audio_counters before = counters_of(to);
    tap.seen = 0;
    assert_int_equal(audio_send(from, &tap.address, NULL, NULL), 0);
    assert_int_equal(loop_timer_new(&look, loop, look_again, NULL), 0);
    wanted = 0;
    loop_timer_start(look, 5);
    assert_int_equal(loop_run(loop), 0);
    loop_timer_free(look);
    assert_int_equal(counters_of(to).received, before.received);
    assert_int_equal(recording_samples(heard).size, SAMPLES);
}

static void test_the_port_is_even_and_told(void **state)
{
    char text[ADDRESS_TEXT];
    (void)state;
    for (int i = 0; i < 20; i++) {
        struct audio *audio = open_audio(NULL, NULL);
        assert_int_equal(address_port(audio_address(audio)) % 2, 0);
        assert_int_not_equal(address_port(audio_address(audio)), 0);
        assert_string_equal(address_host(text, audio_address(audio)), "127.0.0.1");
        audio_close(audio);
    }
}

#define T(test) cmocka_unit_test_setup_teardown(test, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_in_clear_a_payload_is_160_bytes_and_everybody_hears_it),
        T(test_encrypted_a_payload_is_164_bytes_and_only_the_other_phone_hears_it),
        T(test_silence_is_plain_to_see_in_clear_and_not_encrypted),
        T(test_what_was_sent_is_what_is_recorded_sample_for_sample),
        T(test_sealed_with_other_keys_it_is_counted_and_not_heard),
        T(test_in_clear_it_is_not_heard_where_it_should_be_encrypted),
        T(test_what_is_sent_again_by_somebody_is_refused),
        T(test_in_clear_what_comes_twice_is_heard_once),
        T(test_what_was_changed_on_the_way_is_not_heard),
        T(test_rubbish_is_counted_and_harms_nothing),
        T(test_what_is_lost_is_counted_and_recorded_as_silence),
        T(test_what_is_overtaken_is_late_and_not_lost),
        T(test_a_new_session_has_new_keys_and_the_old_ones_open_nothing),
        T(test_who_does_not_receive_hears_nothing),
        T(test_the_port_is_even_and_told),
    };
    return RUN(tests);
}
