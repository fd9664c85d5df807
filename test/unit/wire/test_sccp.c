/* Frames, and payloads that are short, long or lie. */
#include "support.h"

#include "base/text.h"
#include "wire/sccp.h"

#include <stdlib.h>
#include <string.h>

/* ---- frames ---- */

static void test_a_frame_is_there_when_its_last_byte_is(void **state)
{
    (void)state;
    static const uint8_t two[] = {8, 0, 0, 0, 0, 0, 0, 0, 0x0B, 0, 0, 0, 1, 0, 0, 0, 4, 0};
    size_t size;
    for (size_t n = 0; n < 16; n++) {
        assert_int_equal(sccp_frame(&size, bytes_of(two, n), NULL), 0);
        assert_int_equal(size, 0);
    }
    assert_int_equal(sccp_frame(&size, bytes_of(two, sizeof two), NULL), 0);
    assert_int_equal(size, 16);
}

static void test_lengths_a_message_cannot_have_are_refused_at_once(void **state)
{
    (void)state;
    static const struct {
        uint32_t length;
        int result;
    } cases[] = {
        {0, ERR_LIMIT},
        {3, ERR_LIMIT},
        {4, 0},
        {8192, 0},
        {8193, ERR_LIMIT},
        {0x00010000, ERR_LIMIT},
        {UINT32_MAX, ERR_LIMIT},
        {UINT32_MAX - 7, ERR_LIMIT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer b;
        struct why why = WHY_NONE;
        size_t size = 1;
        buffer_init(&b, 64);
        buffer_u32le(&b, cases[i].length);
        assert_int_equal(sccp_frame(&size, buffer_bytes(&b), &why), cases[i].result);
        assert_int_equal(size, 0);
        assert_int_equal(why.text[0] != 0, cases[i].result != 0);
        buffer_fini(&b);
    }
}

static void test_a_number_nobody_knows_is_said_with_its_size(void **state)
{
    (void)state;
    static const uint8_t frame[] = {12, 0, 0, 0, 0, 0, 0, 0, 0x34, 0x12,
                                    0,  0, 1, 2, 3, 4, 5, 6, 7,    8};
    struct sccp_message m;
    struct why why = WHY_NONE;
    assert_int_equal(sccp_read(&m, 17, bytes_of(frame, sizeof frame), &why), ERR_UNSUPPORTED);
    assert_string_equal(why.text, "unknown id 0x1234 of 8 bytes");
    assert_string_equal(sccp_name(0x1234), "unknown message");
    assert_false(sccp_from_phone(0x1234));
}

static void test_a_frame_that_is_not_as_long_as_it_says_is_refused(void **state)
{
    (void)state;
    static const uint8_t frame[] = {8, 0, 0, 0, 0, 0, 0, 0, 0x0B, 0, 0, 0, 1, 0, 0, 0, 9};
    struct sccp_message m;
    for (size_t n = 0; n <= sizeof frame; n++)
        assert_int_equal(sccp_read(&m, 17, bytes_of(frame, n), NULL), n == 16 ? 0 : ERR_FORMAT);
}

static void test_the_headers_version_is_not_looked_at(void **state)
{
    (void)state;
    uint8_t frame[] = {8, 0, 0, 0, 0, 0, 0, 0, 0x0B, 0, 0, 0, 7, 0, 0, 0};
    for (unsigned version = 0; version < 256; version++) {
        struct sccp_message m;
        frame[4] = frame[7] = (uint8_t)version;
        assert_int_equal(sccp_read(&m, 11, bytes_of(frame, sizeof frame), NULL), 0);
        assert_int_equal(m.request.index, 7);
    }
}

/* ---- short, long and lying payloads ---- */

static void set_length(uint8_t *frame, size_t size)
{
    frame[0] = (uint8_t)(size - 8);
    frame[1] = (uint8_t)((size - 8) >> 8);
    frame[2] = frame[3] = 0;
}

/* One of each family of layouts. */
static const unsigned families[] = {3, 8, 11, 15, 16, 17, 19, 22};

/* Every message there is, of any bytes: nothing beyond the payload is read (the sanitizer looks),
 * texts end, and counts are no more than came. */
static void read_any(uint32_t id, unsigned version, size_t payload, uint8_t fill)
{
    size_t size = SCCP_HEADER_SIZE + payload;
    uint8_t *frame = malloc(size);
    struct sccp_message m;
    struct why why = WHY_NONE;
    memset(frame, fill, size);
    set_length(frame, size);
    frame[8] = (uint8_t)id;
    frame[9] = (uint8_t)(id >> 8);
    frame[10] = frame[11] = 0;
    int result = sccp_read(&m, version, bytes_of(frame, size), &why);
    if (m.id == SCCP_CAPABILITIES_RES)
        assert_in_range(m.capabilities.count, 0, payload < 4 ? 0 : (payload - 4) / 16);
    if (m.id == SCCP_BUTTON_TEMPLATE)
        assert_in_range(m.button_template.count, 0, payload < 12 ? 0 : (payload - 12) / 2);
    if (m.id == SCCP_SOFT_KEY_TEMPLATE)
        assert_in_range(m.soft_key_template.count, 0, payload < 12 ? 0 : (payload - 12) / 20);
    if (m.id == SCCP_SOFT_KEY_SET)
        assert_in_range(m.soft_key_sets.count, 0, payload < 12 ? 0 : (payload - 12) / 48);
    if (m.id == SCCP_CONNECTION_STATISTICS_RES)
        assert_in_range(m.connection_statistics.quality.size, 0, payload);
    if (m.id == SCCP_DEVICE_TO_USER_DATA_V1)
        assert_in_range(m.user_data.data.size, 0, payload);
    /* only keys that are announced and not there, or too long, can be wrong */
    bool has_keys = id == SCCP_OPEN_RECEIVE_CHANNEL || id == SCCP_START_MEDIA_TRANSMISSION;
    assert_true(result == 0 || result == ERR_UNSUPPORTED || (has_keys && fill));
    assert_int_equal(why.text[0] != 0, result != 0);
    free(frame);
}

static void test_every_message_of_every_length_stays_within_its_bounds(void **state)
{
    (void)state;
    static const uint8_t fills[] = {0xFF, 0x00, 'A'};
    unsigned known = 0;
    for (uint32_t id = 0; id < 0x8110; id == 0x160 ? id = 0x8000 : id++) {
        bool is_known = strcmp(sccp_name(id), "unknown message") != 0;
        known += is_known;
        for (size_t v = 0; v < sizeof families / sizeof *families; v++)
            for (size_t f = 0; f < sizeof fills; f++)
                for (size_t payload = 0; payload <= (is_known ? 800 : 4);
                     payload += payload < 180 ? 1 : 41)
                    read_any(id, families[v], payload, fills[f]);
    }
    assert_true(known > 100);
}

static void test_the_largest_message_is_read(void **state)
{
    (void)state;
    read_any(SCCP_DEVICE_TO_USER_DATA_V1, 17, SCCP_PAYLOAD_MAX, 0xFF);
    read_any(SCCP_DISPLAY_PROMPT, 17, SCCP_PAYLOAD_MAX, 'A');
}

static void test_what_stands_beyond_the_layout_is_skipped(void **state)
{
    (void)state;
    uint8_t frame[SCCP_HEADER_SIZE + 40] = {0};
    struct sccp_message m;
    set_length(frame, sizeof frame);
    frame[8] = SCCP_KEYPAD_BUTTON;
    frame[12] = 5;
    memset(frame + 24, 0xEE, sizeof frame - 24);
    assert_int_equal(sccp_read(&m, 17, bytes_of(frame, sizeof frame), NULL), 0);
    assert_int_equal(m.keypad_button.button, 5);
    assert_int_equal(m.cut, 0);
}

/* ---- writing ---- */

static size_t written(const struct sccp_message *m, unsigned version, uint8_t out[SCCP_FRAME_MAX])
{
    struct buffer b;
    struct why why = WHY_NONE;
    buffer_init(&b, SCCP_FRAME_MAX);
    if (sccp_write(&b, version, m, &why))
        fail_msg("%s", why.text);
    memcpy(out, b.data, b.size);
    size_t size = b.size;
    buffer_fini(&b);
    return size;
}

static void test_headers_name_the_version_from_10_on_but_not_when_none_is_agreed(void **state)
{
    (void)state;
    static const enum sccp_id never[] = {
        SCCP_REGISTER_REQ, SCCP_REGISTER_ACK,   SCCP_KEEP_ALIVE,         SCCP_KEEP_ALIVE_ACK,
        SCCP_ALARM,        SCCP_UNREGISTER_ACK, SCCP_REGISTER_TOKEN_REQ,
    };
    uint8_t out[SCCP_FRAME_MAX];
    struct sccp_message m;
    for (unsigned version = 0; version <= SCCP_VERSION_MAX; version++) {
        sccp_message_init(&m, SCCP_LINE_STAT_REQ);
        written(&m, version, out);
        assert_int_equal(out[4], version < 10 ? 0 : version);
        for (size_t i = 0; i < sizeof never / sizeof *never; i++) {
            sccp_message_init(&m, never[i]);
            written(&m, version, out);
            assert_int_equal(out[4], 0);
        }
    }
}

static void test_a_text_is_cut_between_characters_and_has_its_end(void **state)
{
    (void)state;
    uint8_t out[SCCP_FRAME_MAX];
    struct sccp_message m;
    sccp_message_init(&m, SCCP_REGISTER_REJECT);
    text_copy(m.register_reject.text, sizeof m.register_reject.text,
              "012345678901234567890123456789\xC3\xA4");
    assert_int_equal(strlen(m.register_reject.text), 32);
    assert_int_equal(written(&m, 17, out), SCCP_HEADER_SIZE + 32);
    assert_memory_equal(out + 12, "012345678901234567890123456789\0\0", 32);
    /* of a text without limits too, by the reader */
    sccp_message_init(&m, SCCP_DISPLAY_PROMPT);
    memset(m.display_prompt.text, 'x', sizeof m.display_prompt.text - 1);
    memcpy(m.display_prompt.text + sizeof m.display_prompt.text - 2, "\xC3", 1);
    size_t size = written(&m, 17, out);
    out[12 + 12 + SCCP_PROMPT_TEXT - 1] = 0xA4; /* in the place of its NUL */
    assert_int_equal(sccp_read(&m, 17, bytes_of(out, size), NULL), 0);
    assert_int_equal(strlen(m.display_prompt.text), SCCP_PROMPT_TEXT - 2);
}

static void test_a_message_of_no_version_is_not_written(void **state)
{
    (void)state;
    struct sccp_message m;
    struct buffer b;
    struct why why = WHY_NONE;
    buffer_init(&b, SCCP_FRAME_MAX);
    memset(&m, 0, sizeof m);
    m.id = 0x0147; /* the number of LineStat in newer versions; its name is the older one */
    assert_int_equal(sccp_write(&b, 17, &m, &why), ERR_UNSUPPORTED);
    assert_string_equal(why.text, "version 17 of SCCP has no message 0x0147");
    assert_int_equal(b.size, 0);
    buffer_fini(&b);
}

static void test_what_does_not_fit_is_not_written(void **state)
{
    (void)state;
    static const uint8_t much[SCCP_PAYLOAD_MAX];
    struct sccp_message m;
    struct buffer b;
    struct why why = WHY_NONE;
    sccp_message_init(&m, SCCP_DEVICE_TO_USER_DATA);
    m.user_data.data = bytes_of(much, SCCP_PAYLOAD_MAX - 20);
    buffer_init(&b, 3 * SCCP_FRAME_MAX);
    assert_int_equal(sccp_write(&b, 17, &m, &why), 0);
    assert_int_equal(b.size, SCCP_FRAME_MAX);
    m.user_data.data = bytes_of(much, SCCP_PAYLOAD_MAX - 19);
    assert_int_equal(sccp_write(&b, 17, &m, &why), ERR_LIMIT);
    assert_true(why.text[0]);
    buffer_fini(&b);
    buffer_init(&b, 15);
    sccp_message_init(&m, SCCP_LINE_STAT_REQ);
    assert_int_equal(sccp_write(&b, 17, &m, NULL), ERR_LIMIT);
    buffer_fini(&b);
}

/* ---- keys ---- */

static void fill_keys(struct sccp_keys *keys)
{
    keys->algorithm = SCCP_SRTP_AES_128_SHA1_32;
    keys->key_size = 16;
    keys->salt_size = 14;
    for (unsigned i = 0; i < 16; i++) {
        keys->key[i] = (uint8_t)(0xA0 + i);
        keys->salt[i] = i < 14 ? (uint8_t)(0xC0 + i) : 0;
    }
}

static void test_keys_are_whole_or_refused(void **state)
{
    (void)state;
    uint8_t out[SCCP_FRAME_MAX];
    struct sccp_message m;
    sccp_message_init(&m, SCCP_OPEN_RECEIVE_CHANNEL);
    fill_keys(&m.open_receive_channel.keys);
    size_t size = written(&m, 17, out);
    for (size_t cut = SCCP_HEADER_SIZE; cut <= size; cut++) {
        struct why why = WHY_NONE;
        uint8_t *copy = malloc(cut);
        memcpy(copy, out, cut);
        set_length(copy, cut);
        int result = sccp_read(&m, 17, bytes_of(copy, cut), &why);
        free(copy);
        if (cut < 12 + 32) { /* before the algorithm nothing is announced */
            assert_int_equal(result, 0);
            assert_int_equal(m.open_receive_channel.keys.algorithm, SCCP_SRTP_NONE);
        } else if (cut < 12 + 68) {
            assert_int_equal(result, ERR_TRUNCATED);
            assert_non_null(strstr(why.text, "OpenReceiveChannel of"));
            assert_int_equal(m.open_receive_channel.keys.key[0], 0);
        } else {
            assert_int_equal(result, 0);
            assert_int_equal(sccp_keys_check(&m.open_receive_channel.keys, &why), 0);
            assert_int_equal(m.open_receive_channel.keys.key[15], 0xAF);
            assert_int_equal(m.open_receive_channel.keys.salt[13], 0xCD);
        }
    }
}

static void test_keys_of_lengths_there_is_no_room_for_are_refused(void **state)
{
    (void)state;
    uint8_t out[SCCP_FRAME_MAX];
    struct sccp_message m;
    struct why why = WHY_NONE;
    sccp_message_init(&m, SCCP_START_MEDIA_TRANSMISSION);
    fill_keys(&m.start_media_transmission.keys);
    m.start_media_transmission.keys.salt_size = 17;
    size_t size = written(&m, 17, out);
    assert_int_equal(sccp_read(&m, 17, bytes_of(out, size), &why), ERR_FORMAT);
    assert_true(text_starts(why.text, "StartMediaTransmission of 132 bytes: "));
    /* where no keys are announced it is leftovers */
    sccp_message_init(&m, SCCP_START_MEDIA_TRANSMISSION);
    m.start_media_transmission.keys.salt_size = 17;
    size = written(&m, 17, out);
    assert_int_equal(sccp_read(&m, 17, bytes_of(out, size), NULL), 0);
    assert_int_equal(m.start_media_transmission.keys.salt_size, 0);
}

static void test_only_the_keys_phones_can_use_pass(void **state)
{
    (void)state;
    struct sccp_keys keys = {0};
    assert_int_equal(sccp_keys_check(&keys, NULL), ERR_NOT_FOUND);
    fill_keys(&keys);
    assert_int_equal(sccp_keys_check(&keys, NULL), 0);
    keys.algorithm = SCCP_SRTP_AES_128_SHA1_80;
    assert_int_equal(sccp_keys_check(&keys, NULL), ERR_UNSUPPORTED);
    fill_keys(&keys);
    keys.key_size = 15;
    assert_int_equal(sccp_keys_check(&keys, NULL), ERR_FORMAT);
    fill_keys(&keys);
    keys.salt_size = 16;
    assert_int_equal(sccp_keys_check(&keys, NULL), ERR_FORMAT);
    fill_keys(&keys);
    keys.mki_present = 1;
    assert_int_equal(sccp_keys_check(&keys, NULL), ERR_FORMAT);
    keys.mki_present = 0;
    keys.derivation_rate = 1;
    assert_int_equal(sccp_keys_check(&keys, NULL), ERR_FORMAT);
}

static void test_a_wiped_message_has_nothing_left(void **state)
{
    (void)state;
    struct sccp_message m;
    static const struct sccp_message zero;
    sccp_message_init(&m, SCCP_OPEN_RECEIVE_CHANNEL);
    fill_keys(&m.open_receive_channel.keys);
    sccp_message_wipe(&m);
    assert_memory_equal(&m, &zero, sizeof m);
}

/* ---- words ---- */

static void test_the_lower_version_is_agreed_on(void **state)
{
    (void)state;
    assert_int_equal(sccp_version_agreed(7, 6), 6); /* a 7912 at a CUCM 4.1 */
    assert_int_equal(sccp_version_agreed(20, 18), 18);
    assert_int_equal(sccp_version_agreed(11, 22), 11);
    assert_int_equal(sccp_version_agreed(0, 22), 3);
    uint8_t features[3];
    sccp_server_features(features, 3);
    assert_memory_equal(features, "\0\0\0", 3);
    sccp_server_features(features, 10);
    assert_memory_equal(features, "\x20\xF1\xFE", 3);
    sccp_server_features(features, 22);
    assert_memory_equal(features, "\x20\xF1\xFF", 3);
}

static void test_numbers_without_a_word_have_an_answer(void **state)
{
    (void)state;
    assert_string_equal(sccp_codec_name(SCCP_G711_ULAW), "G.711 mu-law");
    assert_null(sccp_codec_name(1));
    for (uint32_t status = 0; status < 300; status++)
        assert_non_null(sccp_media_status_text(status));
    assert_string_equal(sccp_media_status_text(255), "it is on hook");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_frame_is_there_when_its_last_byte_is),
        cmocka_unit_test(test_lengths_a_message_cannot_have_are_refused_at_once),
        cmocka_unit_test(test_a_number_nobody_knows_is_said_with_its_size),
        cmocka_unit_test(test_a_frame_that_is_not_as_long_as_it_says_is_refused),
        cmocka_unit_test(test_the_headers_version_is_not_looked_at),
        cmocka_unit_test(test_every_message_of_every_length_stays_within_its_bounds),
        cmocka_unit_test(test_the_largest_message_is_read),
        cmocka_unit_test(test_what_stands_beyond_the_layout_is_skipped),
        cmocka_unit_test(test_headers_name_the_version_from_10_on_but_not_when_none_is_agreed),
        cmocka_unit_test(test_a_text_is_cut_between_characters_and_has_its_end),
        cmocka_unit_test(test_a_message_of_no_version_is_not_written),
        cmocka_unit_test(test_what_does_not_fit_is_not_written),
        cmocka_unit_test(test_keys_are_whole_or_refused),
        cmocka_unit_test(test_keys_of_lengths_there_is_no_room_for_are_refused),
        cmocka_unit_test(test_only_the_keys_phones_can_use_pass),
        cmocka_unit_test(test_a_wiped_message_has_nothing_left),
        cmocka_unit_test(test_the_lower_version_is_agreed_on),
        cmocka_unit_test(test_numbers_without_a_word_have_an_answer),
    };
    return RUN(tests);
}
