/* RTP packets, what their order tells, and sealing them. */
#include "support.h"

#include "phone/rtp.h"
#include "phone/rtpseal.h"

#include <string.h>

/* ---- packets ---- */

static const uint8_t plain[] = {0x80, 0x00, 0x12, 0x34, 0xde, 0xca, 0xfb, 0xad,
                                0xca, 0xfe, 0xba, 0xbe, 1,    2,    3};

static void test_a_header_is_written_as_it_was_read(void **state)
{
    struct rtp_packet packet;
    uint8_t header[RTP_HEADER];
    uint8_t marked[sizeof plain];
    (void)state;
    memcpy(marked, plain, sizeof plain);
    marked[1] = 0x80 | 8;
    assert_int_equal(rtp_read(&packet, bytes_of(marked, sizeof marked)), 0);
    assert_int_equal(packet.payload_type, 8);
    assert_true(packet.marker);
    assert_int_equal(packet.sequence, 0x1234);
    assert_int_equal(packet.timestamp, 0xdecafbad);
    assert_int_equal(packet.ssrc, 0xcafebabe);
    assert_bytes_equal(packet.payload, bytes_of(plain + 12, 3));
    rtp_write_header(header, &packet);
    assert_memory_equal(header, marked, RTP_HEADER);
}

static void test_sources_extension_and_padding_are_no_audio(void **state)
{
    static const uint8_t full[] = {0xB1, 0,    0, 1, 0, 0, 0, 0, 0, 0, 0, 9, /* header */
                                   1,    2,    3, 4,                         /* a source */
                                   0xBE, 0xDE, 0, 1, 5, 6, 7, 8,             /* extension */
                                   0xAA, 0xBB, 0, 2};                        /* audio, padding */
    struct rtp_packet packet;
    (void)state;
    assert_int_equal(rtp_read(&packet, bytes_of(full, sizeof full)), 0);
    assert_bytes_equal(packet.payload, bytes_of(full + 24, 2));
    for (size_t size = 0; size < 24; size++) {
        uint8_t cut[24];
        memcpy(cut, full, size);
        assert_int_equal(rtp_read(&packet, bytes_of(cut, size)), ERR_FORMAT);
    }
}

static void test_what_is_no_rtp_is_refused(void **state)
{
    uint8_t wrong[sizeof plain];
    struct rtp_packet packet;
    (void)state;
    memcpy(wrong, plain, sizeof plain);
    wrong[0] = 0x40; /* version 1 */
    assert_int_equal(rtp_read(&packet, bytes_of(wrong, sizeof wrong)), ERR_FORMAT);
    wrong[0] = 0xA0; /* padding of 3 bytes is all there is, of 4 it is too much, of 0 it is none */
    assert_int_equal(rtp_read(&packet, bytes_of(wrong, sizeof wrong)), 0);
    assert_int_equal(packet.payload.size, 0);
    wrong[14] = 4;
    assert_int_equal(rtp_read(&packet, bytes_of(wrong, sizeof wrong)), ERR_FORMAT);
    wrong[14] = 0;
    assert_int_equal(rtp_read(&packet, bytes_of(wrong, sizeof wrong)), ERR_FORMAT);
    assert_int_equal(rtp_read(&packet, bytes_of(wrong, 12)), ERR_FORMAT);
}

/* ---- reception ---- */

static enum rtp_arrival arrive(struct rtp_reception *r, uint16_t sequence, int64_t at_us)
{
    const struct rtp_packet packet = {
        .sequence = sequence, .timestamp = sequence * 160u, .ssrc = 7, .payload = {plain, 10}};
    return rtp_received(r, &packet, at_us);
}

static void test_packets_in_order_lose_nothing_through_the_turn_of_their_numbers(void **state)
{
    struct rtp_reception r = {.heard = false};
    (void)state;
    assert_int_equal(arrive(&r, 65000, 0), RTP_FIRST);
    for (unsigned i = 1; i < 140000; i++)
        assert_int_equal(arrive(&r, (uint16_t)(65000 + i), i * 20000), RTP_NEXT);
    assert_int_equal(rtp_lost(&r), 0);
    assert_int_equal(r.packets, 140000);
    assert_int_equal(r.octets, 1400000);
    assert_int_equal(r.duplicates, 0);
}

static void test_what_does_not_come_is_lost_until_it_comes_late(void **state)
{
    struct rtp_reception r = {.heard = false};
    (void)state;
    (void)arrive(&r, 10, 0);
    assert_int_equal(arrive(&r, 14, 0), RTP_NEXT);
    assert_int_equal(rtp_lost(&r), 3);
    assert_int_equal(arrive(&r, 12, 0), RTP_LATE);
    assert_int_equal(rtp_lost(&r), 2);
    assert_int_equal(arrive(&r, 12, 0), RTP_DUPLICATE);
    assert_int_equal(arrive(&r, 14, 0), RTP_DUPLICATE);
    assert_int_equal(rtp_lost(&r), 2);
    assert_int_equal(r.duplicates, 2);
    assert_int_equal(r.late, 1);
    assert_int_equal(r.packets, 3);
}

static void test_what_was_sent_before_the_first_that_came_counts_too(void **state)
{
    struct rtp_reception r = {.heard = false};
    (void)state;
    (void)arrive(&r, 2, 0);
    assert_int_equal(arrive(&r, 65534, 0), RTP_LATE);
    assert_int_equal(rtp_lost(&r), 3);
}

static void test_a_sender_that_begins_anew_does_not_make_thousands_lost(void **state)
{
    struct rtp_reception r = {.heard = false};
    (void)state;
    (void)arrive(&r, 10, 0);
    (void)arrive(&r, 12, 0);
    assert_int_equal(arrive(&r, 30000, 0), RTP_FIRST);
    assert_int_equal(rtp_lost(&r), 1);
    const struct rtp_packet other = {.sequence = 5, .ssrc = 8};
    assert_int_equal(rtp_received(&r, &other, 0), RTP_FIRST);
    assert_int_equal(rtp_lost(&r), 1);
    assert_int_equal(arrive(&r, 6, 0), RTP_FIRST);
}

/* RFC 3550 A.8: each new difference counts for a sixteenth. */
static void test_jitter_is_that_of_the_rfc(void **state)
{
    struct rtp_reception r = {.heard = false};
    (void)state;
    (void)arrive(&r, 1, 1000000);
    (void)arrive(&r, 2, 1020000);
    assert_int_equal(rtp_jitter_us(&r), 0);
    (void)arrive(&r, 3, 1056000); /* 16 ms late: 128 samples, so 8 */
    assert_int_equal(rtp_jitter_us(&r), 1000);
    for (unsigned i = 4; i < 200; i++)
        (void)arrive(&r, (uint16_t)i, 1056000 + (i - 3) * 20000);
    assert_true(rtp_jitter_us(&r) < 100);
}

/* ---- sealing ---- */

/* The example that libsrtp, OpenSSL's users and others test themselves with: key, salt, packet, and
 * what becomes of it with AES_CM_128_HMAC_SHA1_80. With _32 the tag has the first four bytes. */
static const struct rtp_keys known_keys = {
    {0xe1, 0xf9, 0x7a, 0x0d, 0x3e, 0x01, 0x8b, 0xe0, 0xd6, 0x4f, 0xa3, 0x2c, 0x06, 0xde, 0x41,
     0x39},
    {0x0e, 0xc6, 0x75, 0xad, 0x49, 0x8a, 0xfe, 0xeb, 0xb6, 0x96, 0x0b, 0x3a, 0xab, 0xe6}};
static const uint8_t known_plain[] = {0x80, 0x0f, 0x12, 0x34, 0xde, 0xca, 0xfb, 0xad, 0xca, 0xfe,
                                      0xba, 0xbe, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab,
                                      0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab};
static const uint8_t known_sealed[] = {
    0x80, 0x0f, 0x12, 0x34, 0xde, 0xca, 0xfb, 0xad, 0xca, 0xfe, 0xba, 0xbe, 0x4e, 0x55, 0xdc, 0x4c,
    0xe7, 0x99, 0x78, 0xd8, 0x8c, 0xa4, 0xd2, 0x15, 0x94, 0x9d, 0x24, 0x02, 0xb7, 0x8d, 0x6a, 0xcc};

static size_t seal_known(struct rtpseal *seal, uint8_t out[256])
{
    size_t size = sizeof known_plain;
    memcpy(out, known_plain, size);
    assert_int_equal(rtpseal_close(seal, out, &size), 0);
    return size;
}

static void test_a_known_packet_is_sealed_and_opened_as_everywhere(void **state)
{
    struct rtpseal *sends = NULL;
    struct rtpseal *receives = NULL;
    uint8_t packet[256];
    (void)state;
    assert_int_equal(rtpseal_new(&sends, &known_keys, RTPSEAL_SENDS, NULL), 0);
    assert_int_equal(rtpseal_new(&receives, &known_keys, RTPSEAL_RECEIVES, NULL), 0);
    size_t size = seal_known(sends, packet);
    assert_int_equal(size, sizeof known_plain + RTPSEAL_TAG);
    assert_memory_equal(packet, known_sealed, sizeof known_sealed);
    assert_int_equal(rtpseal_open(receives, packet, &size), 0);
    assert_bytes_equal(bytes_of(packet, size), bytes_of(known_plain, sizeof known_plain));
    rtpseal_free(sends);
    rtpseal_free(receives);
}

static void test_other_keys_do_not_open_it_and_no_byte_may_change(void **state)
{
    struct rtpseal *receives = NULL;
    struct rtp_keys other = known_keys;
    uint8_t packet[256];
    (void)state;
    other.salt[13] ^= 1;
    assert_int_equal(rtpseal_new(&receives, &other, RTPSEAL_RECEIVES, NULL), 0);
    memcpy(packet, known_sealed, sizeof known_sealed);
    size_t size = sizeof known_sealed;
    assert_int_equal(rtpseal_open(receives, packet, &size), ERR_VERIFY);
    rtpseal_free(receives);
    for (size_t i = 0; i < sizeof known_sealed; i++) {
        assert_int_equal(rtpseal_new(&receives, &known_keys, RTPSEAL_RECEIVES, NULL), 0);
        memcpy(packet, known_sealed, sizeof known_sealed);
        packet[i] ^= 0x10;
        size = sizeof known_sealed;
        assert_int_not_equal(rtpseal_open(receives, packet, &size), 0);
        rtpseal_free(receives);
    }
}

static void test_a_packet_opens_once(void **state)
{
    struct rtpseal *receives = NULL;
    uint8_t packet[256];
    (void)state;
    assert_int_equal(rtpseal_new(&receives, &known_keys, RTPSEAL_RECEIVES, NULL), 0);
    for (int i = 0; i < 3; i++) {
        size_t size = sizeof known_sealed;
        memcpy(packet, known_sealed, size);
        assert_int_equal(rtpseal_open(receives, packet, &size), i ? ERR_DUPLICATE : 0);
    }
    rtpseal_free(receives);
}

static void test_a_sealed_packet_cut_anywhere_does_not_open(void **state)
{
    struct rtpseal *receives = NULL;
    uint8_t packet[256];
    (void)state;
    assert_int_equal(rtpseal_new(&receives, &known_keys, RTPSEAL_RECEIVES, NULL), 0);
    for (size_t cut = 0; cut < sizeof known_sealed; cut++) {
        size_t size = cut;
        memcpy(packet, known_sealed, cut);
        assert_int_not_equal(rtpseal_open(receives, packet, &size), 0);
    }
    rtpseal_free(receives);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_header_is_written_as_it_was_read),
        cmocka_unit_test(test_sources_extension_and_padding_are_no_audio),
        cmocka_unit_test(test_what_is_no_rtp_is_refused),
        cmocka_unit_test(test_packets_in_order_lose_nothing_through_the_turn_of_their_numbers),
        cmocka_unit_test(test_what_does_not_come_is_lost_until_it_comes_late),
        cmocka_unit_test(test_what_was_sent_before_the_first_that_came_counts_too),
        cmocka_unit_test(test_a_sender_that_begins_anew_does_not_make_thousands_lost),
        cmocka_unit_test(test_jitter_is_that_of_the_rfc),
        cmocka_unit_test(test_a_known_packet_is_sealed_and_opened_as_everywhere),
        cmocka_unit_test(test_other_keys_do_not_open_it_and_no_byte_may_change),
        cmocka_unit_test(test_a_packet_opens_once),
        cmocka_unit_test(test_a_sealed_packet_cut_anywhere_does_not_open),
    };
    return RUN(tests);
}
