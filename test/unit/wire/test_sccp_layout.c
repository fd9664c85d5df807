/* The layouts, version by version, as docs/protocols/sccp.md has them: how long each message is,
 * and where the fields stand that move. */
#include "support.h"

#include "base/text.h"
#include "wire/sccp.h"

#include <string.h>

static uint8_t payload[SCCP_FRAME_MAX];

/* Writes it, checks the header, leaves the payload in `payload`; its size. */
static size_t write_as(unsigned version, const struct sccp_message *m, uint32_t wire)
{
    struct buffer b;
    struct why why = WHY_NONE;
    buffer_init(&b, SCCP_FRAME_MAX);
    if (sccp_write(&b, version, m, &why))
        fail_msg("%s", why.text);
    struct reader r;
    reader_init(&r, buffer_bytes(&b));
    assert_int_equal(reader_u32le(&r), b.size - 8);
    assert_int_equal(reader_u32le(&r) & ~UINT32_C(31), 0);
    assert_int_equal(reader_u32le(&r), wire);
    struct bytes rest = reader_rest(&r);
    memcpy(payload, rest.data, rest.size);
    buffer_fini(&b);
    return rest.size;
}

static void test_every_message_has_its_length_in_every_version(void **state)
{
    (void)state;
    static const struct {
        enum sccp_id id;
        unsigned from, until;
        size_t size;
        uint32_t wire; /* when it is not the id */
    } rows[] = {
        {SCCP_KEEP_ALIVE, 3, 22, 0},
        {SCCP_REGISTER_REQ, 3, 22, 172},
        {SCCP_IP_PORT, 3, 22, 4},
        {SCCP_KEYPAD_BUTTON, 3, 22, 12},
        {SCCP_ENBLOC_CALL, 3, 16, 24},
        {SCCP_ENBLOC_CALL, 17, 18, 28},
        {SCCP_ENBLOC_CALL, 19, 22, 32},
        {SCCP_STIMULUS, 3, 22, 16},
        {SCCP_OFF_HOOK, 3, 22, 8},
        {SCCP_ON_HOOK, 3, 22, 8},
        {SCCP_HOOK_FLASH, 3, 22, 8},
        {SCCP_FORWARD_STAT_REQ, 3, 22, 4},
        {SCCP_SPEED_DIAL_STAT_REQ, 3, 22, 4},
        {SCCP_LINE_STAT_REQ, 3, 22, 4},
        {SCCP_CONFIG_STAT_REQ, 3, 22, 0},
        {SCCP_TIME_DATE_REQ, 3, 22, 0},
        {SCCP_BUTTON_TEMPLATE_REQ, 3, 22, 0},
        {SCCP_VERSION_REQ, 3, 22, 0},
        {SCCP_CAPABILITIES_RES, 3, 22, 292},
        {SCCP_SERVER_REQ, 3, 22, 0},
        {SCCP_ALARM, 3, 22, 92},
        {SCCP_OPEN_RECEIVE_CHANNEL_ACK, 3, 16, 20},
        {SCCP_OPEN_RECEIVE_CHANNEL_ACK, 17, 22, 36},
        {SCCP_CONNECTION_STATISTICS_RES, 3, 18, 64},
        {SCCP_CONNECTION_STATISTICS_RES, 19, 21, 68},
        {SCCP_CONNECTION_STATISTICS_RES, 22, 22, 68}, /* 65 */
        {SCCP_SOFT_KEY_SET_REQ, 3, 22, 0},
        {SCCP_SOFT_KEY_EVENT, 3, 22, 12},
        {SCCP_UNREGISTER, 3, 22, 4},
        {SCCP_SOFT_KEY_TEMPLATE_REQ, 3, 22, 0},
        {SCCP_REGISTER_TOKEN_REQ, 3, 22, 52},
        {SCCP_MEDIA_TRANSMISSION_FAILURE, 3, 16, 20},
        {SCCP_MEDIA_TRANSMISSION_FAILURE, 17, 22, 36},
        {SCCP_HEADSET_STATUS, 3, 22, 4},
        {SCCP_REGISTER_AVAILABLE_LINES, 3, 22, 4},
        {SCCP_DEVICE_TO_USER_DATA, 3, 22, 20},
        {SCCP_DEVICE_TO_USER_DATA_RESPONSE, 3, 22, 20},
        {SCCP_DEVICE_TO_USER_DATA_V1, 3, 22, 40},
        {SCCP_DEVICE_TO_USER_DATA_RESPONSE_V1, 3, 22, 40},
        {SCCP_SERVICE_URL_STAT_REQ, 3, 22, 4},
        {SCCP_FEATURE_STAT_REQ, 3, 22, 8},
        {SCCP_SUBSCRIPTION_STAT_REQ, 3, 22, 76},
        {SCCP_START_MEDIA_TRANSMISSION_ACK, 3, 16, 24},
        {SCCP_START_MEDIA_TRANSMISSION_ACK, 17, 22, 40},
        {SCCP_SPCP_TOKEN_REQ, 3, 22, 36},
        {SCCP_REGISTER_ACK, 3, 22, 20},
        {SCCP_START_TONE, 3, 22, 16},
        {SCCP_STOP_TONE, 3, 10, 8},
        {SCCP_STOP_TONE, 11, 22, 12},
        {SCCP_SET_RINGER, 3, 22, 16},
        {SCCP_SET_LAMP, 3, 22, 12},
        {SCCP_SET_SPEAKER_MODE, 3, 22, 4},
        {SCCP_SET_MICRO_MODE, 3, 22, 4},
        {SCCP_START_MEDIA_TRANSMISSION, 3, 16, 116},
        {SCCP_START_MEDIA_TRANSMISSION, 17, 21, 132},
        {SCCP_START_MEDIA_TRANSMISSION, 22, 22, 168},
        {SCCP_STOP_MEDIA_TRANSMISSION, 3, 22, 16},
        {SCCP_CALL_INFO, 3, 7, 384},
        {SCCP_CALL_INFO, 8, 15, 44, 0x014A},
        {SCCP_CALL_INFO, 16, 18, 48, 0x014A}, /* 45 */
        {SCCP_CALL_INFO, 19, 22, 48, 0x014A}, /* 47 */
        {SCCP_FORWARD_STAT, 3, 18, 92},
        {SCCP_FORWARD_STAT, 19, 22, 96}, /* 95 */
        {SCCP_SPEED_DIAL_STAT, 3, 22, 68},
        {SCCP_LINE_STAT, 3, 16, 112},
        {SCCP_LINE_STAT, 17, 22, 12, 0x0147}, /* 11 */
        {SCCP_CONFIG_STAT, 3, 22, 112},
        {SCCP_TIME_DATE, 3, 22, 36},
        {SCCP_BUTTON_TEMPLATE, 3, 22, 96},
        {SCCP_VERSION, 3, 22, 16},
        {SCCP_DISPLAY_TEXT, 3, 22, 32},
        {SCCP_CLEAR_DISPLAY, 3, 22, 0},
        {SCCP_CAPABILITIES_REQ, 3, 22, 0},
        {SCCP_REGISTER_REJECT, 3, 22, 32},
        {SCCP_SERVER, 3, 16, 280},
        {SCCP_SERVER, 17, 22, 360},
        {SCCP_RESET, 3, 22, 4},
        {SCCP_KEEP_ALIVE_ACK, 3, 22, 0},
        {SCCP_OPEN_RECEIVE_CHANNEL, 3, 10, 92},
        {SCCP_OPEN_RECEIVE_CHANNEL, 11, 16, 108},
        {SCCP_OPEN_RECEIVE_CHANNEL, 17, 21, 128},
        {SCCP_OPEN_RECEIVE_CHANNEL, 22, 22, 168},
        {SCCP_CLOSE_RECEIVE_CHANNEL, 3, 22, 16},
        {SCCP_CONNECTION_STATISTICS_REQ, 3, 18, 32},
        {SCCP_CONNECTION_STATISTICS_REQ, 19, 22, 36},
        {SCCP_SOFT_KEY_TEMPLATE, 3, 22, 652},
        {SCCP_SOFT_KEY_SET, 3, 22, 780},
        {SCCP_SELECT_SOFT_KEYS, 3, 22, 16},
        {SCCP_CALL_STATE, 3, 22, 24},
        {SCCP_DISPLAY_PROMPT, 3, 7, 44},
        {SCCP_DISPLAY_PROMPT, 8, 22, 16, 0x0145}, /* 13 */
        {SCCP_CLEAR_PROMPT, 3, 22, 8},
        {SCCP_DISPLAY_NOTIFY, 3, 7, 36},
        {SCCP_DISPLAY_NOTIFY, 8, 22, 8, 0x0143}, /* 5 */
        {SCCP_CLEAR_NOTIFY, 3, 22, 0},
        {SCCP_ACTIVATE_CALL_PLANE, 3, 22, 4},
        {SCCP_DEACTIVATE_CALL_PLANE, 3, 22, 0},
        {SCCP_UNREGISTER_ACK, 3, 22, 4},
        {SCCP_BACK_SPACE, 3, 22, 8},
        {SCCP_REGISTER_TOKEN_ACK, 3, 22, 0},
        {SCCP_REGISTER_TOKEN_REJECT, 3, 22, 4},
        {SCCP_START_MEDIA_FAILURE_DETECTION, 3, 22, 28},
        {SCCP_DIALED_NUMBER, 3, 18, 32},
        {SCCP_DIALED_NUMBER, 19, 22, 36}, /* 33 */
        {SCCP_USER_TO_DEVICE_DATA, 3, 22, 20},
        {SCCP_FEATURE_STAT, 3, 22, 52},
        {SCCP_DISPLAY_PRIORITY_NOTIFY, 3, 7, 40},
        {SCCP_DISPLAY_PRIORITY_NOTIFY, 8, 22, 12, 0x0144}, /* 9 */
        {SCCP_CLEAR_PRIORITY_NOTIFY, 3, 22, 4},
        {SCCP_SERVICE_URL_STAT, 3, 22, 300},
        {SCCP_USER_TO_DEVICE_DATA_V1, 3, 22, 40},
        {SCCP_SUBSCRIPTION_STAT, 3, 22, 16},
        {SCCP_CALL_HISTORY_INFO, 3, 22, 12},
        {SCCP_SPCP_TOKEN_ACK, 3, 22, 4},
        {SCCP_SPCP_TOKEN_REJECT, 3, 22, 4},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (unsigned version = rows[i].from; version <= rows[i].until; version++) {
            struct sccp_message m;
            sccp_message_init(&m, rows[i].id);
            size_t size = write_as(version, &m, rows[i].wire ? rows[i].wire : rows[i].id);
            if (size != rows[i].size)
                fail_msg("%s in version %u: %zu bytes", sccp_name(rows[i].id), version, size);
        }
}

static uint32_t at(size_t offset)
{
    struct reader r;
    reader_init(&r, bytes_of(payload + offset, 4));
    return reader_u32le(&r);
}

static bool text_at(size_t offset, const char *text)
{
    return memcmp(payload + offset, text, strlen(text) + 1) == 0;
}

/* Reads what write_as() left. */
static void read_back(struct sccp_message *m, unsigned version, uint32_t wire, size_t size)
{
    struct buffer b;
    buffer_init(&b, SCCP_FRAME_MAX);
    buffer_u32le(&b, (uint32_t)size + 4);
    buffer_u32le(&b, version);
    buffer_u32le(&b, wire);
    buffer_append(&b, bytes_of(payload, size));
    assert_int_equal(sccp_read(m, version, buffer_bytes(&b), NULL), 0);
    buffer_fini(&b);
}

static const uint8_t ipv4[16] = {192, 0, 2, 77};
static const uint8_t ipv6[16] = {0x20, 1, 0xd, 0xb8, [15] = 9};

static void set_keys(struct sccp_keys *keys)
{
    keys->algorithm = SCCP_SRTP_AES_128_SHA1_32;
    keys->key_size = 16;
    keys->salt_size = 14;
    memset(keys->key, 'k', 16);
    memset(keys->salt, 's', 14);
    keys->mki_present = 0x11;
    keys->derivation_rate = 0x12;
}

/* The block of 48 bytes. */
static void assert_keys_at(size_t offset)
{
    static const char block[] = "\1\0\0\0\x10\0\x0e\0kkkkkkkkkkkkkkkkssssssssssssss\0\0"
                                "\x11\0\0\0\x12\0\0\0";
    assert_memory_equal(payload + offset, block, 48);
}

static void test_open_receive_channel_has_its_keys_at_28(void **state)
{
    (void)state;
    for (unsigned version = 3; version <= 22; version++) {
        struct sccp_message m;
        sccp_message_init(&m, SCCP_OPEN_RECEIVE_CHANNEL);
        struct sccp_open_receive_channel *o = &m.open_receive_channel;
        *o = (struct sccp_open_receive_channel){.conference = 1,
                                                .party = 2,
                                                .packet_ms = 20,
                                                .codec = SCCP_G711_ULAW,
                                                .echo_cancellation = 3,
                                                .codec_parameters = 4,
                                                .call = 5,
                                                .stream = 6,
                                                .associated_stream = 7,
                                                .dtmf_payload = 101,
                                                .dtmf_type = 10,
                                                .mixing_mode = 8,
                                                .direction = 9,
                                                .source_port = 0x1234,
                                                .requested_address_type = 2,
                                                .audio_level_adjustment = 0x77};
        memcpy(o->source.bytes, ipv4, sizeof ipv4);
        memset(o->latent_capabilities, 'L', 36);
        set_keys(&o->keys);
        size_t size = write_as(version, &m, SCCP_OPEN_RECEIVE_CHANNEL);
        for (size_t i = 0; i < 7; i++) {
            static const uint32_t values[] = {1, 2, 20, 4, 3, 4, 5};
            assert_int_equal(at(4 * i), values[i]);
        }
        assert_keys_at(28);
        for (size_t i = 0; i < 4; i++) {
            static const uint32_t values[] = {6, 7, 101, 10};
            assert_int_equal(at(76 + 4 * i), values[i]);
        }
        if (version >= 11) {
            assert_int_equal(at(92), 8);
            assert_int_equal(at(96), 9);
        }
        if (version >= 11 && version < 17) {
            assert_memory_equal(payload + 100, ipv4, 4);
            assert_int_equal(at(104), 0x1234);
        }
        if (version >= 17) {
            assert_int_equal(at(100), SCCP_IPV4);
            assert_memory_equal(payload + 104, ipv4, 16);
            assert_int_equal(at(120), 0x1234);
            assert_int_equal(at(124), 2);
        }
        if (version >= 22) {
            assert_int_equal(at(128), 0x77);
            assert_int_equal(payload[132], 'L');
            assert_int_equal(payload[167], 'L');
        }
        struct sccp_message again;
        read_back(&again, version, SCCP_OPEN_RECEIVE_CHANNEL, size);
        assert_memory_equal(&again.open_receive_channel.keys, &o->keys, sizeof o->keys);
        if (version >= 22)
            assert_memory_equal(&again, &m, sizeof m);
    }
}

static void test_start_media_transmission_has_its_keys_at_44_or_60(void **state)
{
    (void)state;
    for (unsigned version = 3; version <= 22; version++) {
        struct sccp_message m;
        sccp_message_init(&m, SCCP_START_MEDIA_TRANSMISSION);
        struct sccp_start_media_transmission *s = &m.start_media_transmission;
        *s = (struct sccp_start_media_transmission){.conference = 1,
                                                    .party = 2,
                                                    .remote_port = 0x1234,
                                                    .packet_ms = 20,
                                                    .codec = SCCP_G711_ULAW,
                                                    .precedence = SCCP_DSCP_VOICE,
                                                    .silence_suppression = 3,
                                                    .max_frames = 0x0405,
                                                    .codec_parameters = 6,
                                                    .call = 7,
                                                    .stream = 8,
                                                    .associated_stream = 9,
                                                    .dtmf_payload = 101,
                                                    .dtmf_type = 10,
                                                    .mixing_mode = 11,
                                                    .direction = 12};
        memcpy(s->remote.bytes, ipv4, sizeof ipv4);
        memset(s->latent_capabilities, 'L', 36);
        set_keys(&s->keys);
        size_t size = write_as(version, &m, SCCP_START_MEDIA_TRANSMISSION);
        size_t shift = version < 17 ? 0 : 16;
        assert_int_equal(at(0), 1);
        assert_int_equal(at(4), 2);
        if (version < 17) {
            assert_memory_equal(payload + 8, ipv4, 4);
        } else {
            assert_int_equal(at(8), SCCP_IPV4);
            assert_memory_equal(payload + 12, ipv4, 16);
        }
        for (size_t i = 0; i < 8; i++) {
            static const uint32_t values[] = {0x1234, 20, 4, 184, 3, 0x0405, 6, 7};
            assert_int_equal(at(shift + 12 + 4 * i), values[i]);
        }
        assert_keys_at(shift + 44);
        for (size_t i = 0; i < 6; i++) {
            static const uint32_t values[] = {8, 9, 101, 10, 11, 12};
            assert_int_equal(at(shift + 92 + 4 * i), values[i]);
        }
        if (version >= 22)
            assert_int_equal(payload[132], 'L');
        struct sccp_message again;
        read_back(&again, version, SCCP_START_MEDIA_TRANSMISSION, size);
        if (version >= 22)
            assert_memory_equal(&again, &m, sizeof m);
    }
}

static void test_acks_have_an_address_of_two_kinds_from_version_17_on(void **state)
{
    (void)state;
    struct sccp_message m, again;
    sccp_message_init(&m, SCCP_OPEN_RECEIVE_CHANNEL_ACK);
    m.media_ack = (struct sccp_media_ack){.party = 2, .call = 3, .port = 0x4000, .status = 9};
    memcpy(m.media_ack.address.bytes, ipv4, sizeof ipv4);
    write_as(16, &m, SCCP_OPEN_RECEIVE_CHANNEL_ACK);
    assert_true(at(0) == 9 && at(8) == 0x4000 && at(12) == 2 && at(16) == 3);
    assert_memory_equal(payload + 4, ipv4, 4);
    m.media_ack.address.type = SCCP_IPV6;
    memcpy(m.media_ack.address.bytes, ipv6, sizeof ipv6);
    size_t size = write_as(17, &m, SCCP_OPEN_RECEIVE_CHANNEL_ACK);
    assert_true(at(0) == 9 && at(4) == 1 && at(24) == 0x4000 && at(28) == 2 && at(32) == 3);
    assert_memory_equal(payload + 8, ipv6, 16);
    read_back(&again, 17, SCCP_OPEN_RECEIVE_CHANNEL_ACK, size);
    assert_memory_equal(&again, &m, sizeof m);

    m.id = SCCP_START_MEDIA_TRANSMISSION_ACK;
    m.media_ack.conference = 1;
    write_as(16, &m, m.id);
    assert_true(at(0) == 1 && at(4) == 2 && at(8) == 3 && at(16) == 0x4000 && at(20) == 9);
    write_as(17, &m, m.id);
    assert_true(at(0) == 1 && at(4) == 2 && at(8) == 3 && at(12) == 1 && at(32) == 0x4000 &&
                at(36) == 9);
    m.id = SCCP_MEDIA_TRANSMISSION_FAILURE;
    write_as(17, &m, m.id);
    assert_true(at(0) == 1 && at(4) == 2 && at(8) == 1 && at(28) == 0x4000 && at(32) == 3);
}

static void test_servers_are_listed_field_by_field(void **state)
{
    (void)state;
    struct sccp_message m, again;
    sccp_message_init(&m, SCCP_SERVER);
    text_copy(m.server.servers[0].name, 49, "first");
    text_copy(m.server.servers[1].name, 49, "second");
    m.server.servers[1].port = 2000;
    memcpy(m.server.servers[1].address.bytes, ipv4, sizeof ipv4);
    write_as(16, &m, SCCP_SERVER);
    assert_true(text_at(0, "first") && text_at(48, "second"));
    assert_int_equal(at(244), 2000);
    assert_memory_equal(payload + 264, ipv4, 4);
    size_t size = write_as(17, &m, SCCP_SERVER);
    assert_int_equal(at(260 + 20), SCCP_IPV4);
    assert_memory_equal(payload + 260 + 24, ipv4, 16);
    read_back(&again, 17, SCCP_SERVER, size);
    assert_memory_equal(&again, &m, sizeof m);
}

static void test_the_line_has_three_strings_from_version_17_on(void **state)
{
    (void)state;
    struct sccp_message m, again;
    sccp_message_init(&m, SCCP_LINE_STAT);
    m.line_stat = (struct sccp_line_stat){
        .line = 2, .number = "4711", .name = "Anna", .label = "desk", .options = 15};
    write_as(16, &m, SCCP_LINE_STAT);
    assert_true(at(0) == 2 && text_at(4, "4711") && text_at(28, "Anna") && text_at(68, "desk") &&
                at(108) == 15);
    size_t size = write_as(17, &m, 0x0147);
    assert_true(at(0) == 2 && at(4) == 15);
    assert_memory_equal(payload + 8, "4711\0Anna\0desk\0", 15);
    assert_int_equal(size, 24);
    read_back(&again, 17, 0x0147, size);
    assert_memory_equal(&again, &m, sizeof m);
    /* whichever a server sends */
    read_back(&again, 8, 0x0147, size);
    assert_string_equal(again.line_stat.label, "desk");
}

static void test_forwards_are_packed_in_newer_versions(void **state)
{
    (void)state;
    struct sccp_message m;
    sccp_message_init(&m, SCCP_FORWARD_STAT);
    m.forward_stat = (struct sccp_forward_stat){
        .active = 1, .line = 2, .all = {1, "10"}, .busy = {2, "20"}, .no_answer = {3, "30"}};
    write_as(18, &m, SCCP_FORWARD_STAT);
    assert_true(at(8) == 1 && text_at(12, "10") && at(36) == 2 && text_at(40, "20") &&
                at(64) == 3 && text_at(68, "30"));
    write_as(19, &m, SCCP_FORWARD_STAT);
    assert_true(at(8) == 1 && text_at(12, "10") && at(37) == 2 && text_at(41, "20") &&
                at(66) == 3 && text_at(70, "30"));
}

static void test_the_dialled_number_is_packed_in_newer_versions(void **state)
{
    (void)state;
    struct sccp_message m, again;
    sccp_message_init(&m, SCCP_DIALED_NUMBER);
    m.dialed_number = (struct sccp_dialed_number){.number = "4711", .line = 1, .call = 0x01020304};
    write_as(18, &m, SCCP_DIALED_NUMBER);
    assert_true(text_at(0, "4711") && at(24) == 1 && at(28) == 0x01020304);
    size_t size = write_as(19, &m, SCCP_DIALED_NUMBER);
    assert_true(text_at(0, "4711") && at(25) == 1 && at(29) == 0x01020304);
    read_back(&again, 19, SCCP_DIALED_NUMBER, size);
    assert_memory_equal(&again, &m, sizeof m);
}

static void test_the_line_of_a_whole_number_is_found_packed_and_aligned(void **state)
{
    (void)state;
    struct sccp_message m, again;
    sccp_message_init(&m, SCCP_ENBLOC_CALL);
    m.enbloc_call = (struct sccp_enbloc_call){.number = "4711", .line = 3};
    write_as(17, &m, SCCP_ENBLOC_CALL);
    assert_int_equal(at(24), 3);
    size_t size = write_as(22, &m, SCCP_ENBLOC_CALL);
    assert_int_equal(at(25), 3);
    read_back(&again, 22, SCCP_ENBLOC_CALL, size);
    assert_memory_equal(&again, &m, sizeof m);
    memset(payload + 25, 0, 7); /* as an 8945 writes it */
    payload[28] = 3;
    read_back(&again, 22, SCCP_ENBLOC_CALL, size);
    assert_int_equal(again.enbloc_call.line, 3);
    assert_string_equal(again.enbloc_call.number, "4711");
    memset(payload + 25, 0, 7);
    read_back(&again, 22, SCCP_ENBLOC_CALL, size);
    assert_int_equal(again.enbloc_call.line, 0);
}

static void test_prompts_and_notices_become_strings_in_version_8(void **state)
{
    (void)state;
    struct sccp_message m, again;
    sccp_message_init(&m, SCCP_DISPLAY_PROMPT);
    m.display_prompt = (struct sccp_display_prompt){
        .timeout = 9, .text = "a text that is too long for 32 bytes", .line = 1, .call = 2};
    write_as(7, &m, SCCP_DISPLAY_PROMPT);
    assert_true(at(0) == 9 && text_at(4, "a text that is too long for 32 ") && at(36) == 1 &&
                at(40) == 2);
    size_t size = write_as(8, &m, 0x0145);
    assert_true(at(0) == 9 && at(4) == 1 && at(8) == 2);
    assert_true(text_at(12, "a text that is too long for 32 bytes"));
    read_back(&again, 8, 0x0145, size);
    assert_memory_equal(&again, &m, sizeof m);

    sccp_message_init(&m, SCCP_DISPLAY_NOTIFY);
    m.display_notify = (struct sccp_display_notify){.timeout = 9, .text = "note"};
    write_as(7, &m, SCCP_DISPLAY_NOTIFY);
    assert_true(at(0) == 9 && text_at(4, "note"));
    write_as(8, &m, 0x0143);
    assert_true(at(0) == 9 && text_at(4, "note"));
    m.id = SCCP_DISPLAY_PRIORITY_NOTIFY;
    m.display_notify.priority = 5;
    write_as(7, &m, SCCP_DISPLAY_PRIORITY_NOTIFY);
    assert_true(at(0) == 9 && at(4) == 5 && text_at(8, "note"));
    write_as(8, &m, 0x0144);
    assert_true(at(0) == 9 && at(4) == 5 && text_at(8, "note"));
}

static struct sccp_message some_call(void)
{
    struct sccp_message m;
    sccp_message_init(&m, SCCP_CALL_INFO);
    m.call_info = (struct sccp_call_info){.calling = {"A", "1", "v1"},
                                          .called = {"B", "2", "v2"},
                                          .original_called = {"C", "3", "v3"},
                                          .last_redirecting = {"D", "4", "v4"},
                                          .line = 11,
                                          .call = 12,
                                          .type = 13,
                                          .original_reason = 14,
                                          .last_reason = 15,
                                          .instance = 16,
                                          .security = 3,
                                          .restriction = 18,
                                          .alternate_calling = "a",
                                          .hunt_pilot_number = "h",
                                          .hunt_pilot_name = "H"};
    return m;
}

static void test_call_info_has_its_security_at_376_in_the_fixed_layout(void **state)
{
    (void)state;
    struct sccp_message m = some_call();
    assert_int_equal(write_as(7, &m, SCCP_CALL_INFO), 384);
    assert_true(text_at(0, "A") && text_at(40, "1") && text_at(64, "B") && text_at(104, "2"));
    assert_true(at(128) == 11 && at(132) == 12 && at(136) == 13);
    assert_true(text_at(140, "C") && text_at(180, "3") && text_at(204, "D") && text_at(244, "4"));
    assert_true(at(268) == 14 && at(272) == 15);
    assert_true(text_at(276, "v1") && text_at(300, "v2") && text_at(324, "v3") &&
                text_at(348, "v4"));
    assert_true(at(372) == 16 && at(376) == 3 && at(380) == 18);
    /* what a CallManager of version 2 sends */
    struct sccp_message again;
    read_back(&again, 3, SCCP_CALL_INFO, 140);
    assert_int_equal(again.call_info.type, 13);
    assert_int_equal(again.call_info.security, SCCP_SECURITY_UNKNOWN);
    assert_string_equal(again.call_info.original_called.name, "");
}

static void test_call_info_has_its_security_at_24_and_12_13_or_15_strings(void **state)
{
    (void)state;
    static const struct {
        unsigned from, until;
        const char *strings;
        size_t size;
    } rows[] = {
        {8, 15,
         "1\0"
         "2\0"
         "3\0"
         "4\0"
         "v1\0"
         "v2\0"
         "v3\0"
         "v4\0"
         "A\0"
         "B\0"
         "C\0"
         "D",
         28},
        {16, 18,
         "1\0"
         "a\0"
         "2\0"
         "3\0"
         "4\0"
         "v1\0"
         "v2\0"
         "v3\0"
         "v4\0"
         "A\0"
         "B\0"
         "C\0"
         "D",
         30},
        {19, 22,
         "1\0"
         "a\0"
         "2\0"
         "3\0"
         "4\0"
         "v1\0"
         "v2\0"
         "v3\0"
         "v4\0"
         "A\0"
         "B\0"
         "C\0"
         "D\0"
         "h\0"
         "H",
         34},
    };
    for (size_t i = 0; i < 3; i++)
        for (unsigned version = rows[i].from; version <= rows[i].until; version++) {
            struct sccp_message m = some_call(), again;
            size_t size = write_as(version, &m, 0x014A);
            assert_int_equal(size, (32 + rows[i].size + 3) / 4 * 4);
            for (size_t k = 0; k < 8; k++) {
                static const uint32_t values[] = {11, 12, 13, 14, 15, 16, 3, 18};
                assert_int_equal(at(4 * k), values[k]);
            }
            assert_memory_equal(payload + 32, rows[i].strings, rows[i].size);
            read_back(&again, version, 0x014A, size);
            if (version >= 19)
                assert_memory_equal(&again, &m, sizeof m);
            assert_string_equal(again.call_info.last_redirecting.name, "D");
        }
}

static void test_strings_that_older_servers_do_not_have_are_empty(void **state)
{
    (void)state;
    struct sccp_message m = some_call(), again;
    size_t size = write_as(17, &m, 0x014A);
    read_back(&again, 22, 0x014A, size);
    assert_string_equal(again.call_info.called.number, "2");
    assert_string_equal(again.call_info.last_redirecting.name, "D");
    assert_string_equal(again.call_info.hunt_pilot_number, "");
    /* and those of newer ones are skipped */
    size = write_as(22, &m, 0x014A);
    read_back(&again, 17, 0x014A, size);
    assert_string_equal(again.call_info.last_redirecting.name, "D");
}

static void test_statistics_move_with_the_versions(void **state)
{
    (void)state;
    static const struct {
        unsigned version;
        size_t call, mode, counters;
    } rows[] = {
        {3, 24, 28, 32}, {18, 24, 28, 32}, {19, 28, 32, 36}, {21, 28, 32, 36}, {22, 28, 32, 33}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sccp_message m, again;
        sccp_message_init(&m, SCCP_CONNECTION_STATISTICS_RES);
        m.connection_statistics =
            (struct sccp_connection_statistics){.number = "4711",
                                                .call = 1,
                                                .mode = 1,
                                                .packets_sent = 2,
                                                .octets_sent = 3,
                                                .packets_received = 4,
                                                .octets_received = 5,
                                                .packets_lost = 6,
                                                .jitter = 7,
                                                .latency = 8,
                                                .quality = bytes_of_string("MLQK=4.5")};
        size_t size = write_as(rows[i].version, &m, SCCP_CONNECTION_STATISTICS_RES);
        assert_true(text_at(0, "4711") && at(rows[i].call) == 1);
        assert_int_equal(payload[rows[i].mode], 1);
        for (uint32_t k = 0; k < 7; k++)
            assert_int_equal(at(rows[i].counters + 4 * k), 2 + k);
        assert_int_equal(at(rows[i].counters + 28), 8);
        assert_memory_equal(payload + rows[i].counters + 32, "MLQK=4.5", 8);
        read_back(&again, rows[i].version, SCCP_CONNECTION_STATISTICS_RES, size);
        assert_int_equal(again.connection_statistics.latency, 8);
        assert_int_equal(again.connection_statistics.mode, 1);
        assert_int_equal(again.connection_statistics.quality.size, 8);
    }
    struct sccp_message m;
    sccp_message_init(&m, SCCP_CONNECTION_STATISTICS_REQ);
    m.connection_statistics_req =
        (struct sccp_connection_statistics_req){.number = "4711", .call = 5, .mode = 1};
    write_as(18, &m, SCCP_CONNECTION_STATISTICS_REQ);
    assert_true(text_at(0, "4711") && at(24) == 5 && at(28) == 1);
    write_as(19, &m, SCCP_CONNECTION_STATISTICS_REQ);
    assert_true(text_at(0, "4711") && at(28) == 5 && at(32) == 1);
}

static void test_registration_has_its_fields_where_phones_look(void **state)
{
    (void)state;
    struct sccp_message m;
    sccp_message_init(&m, SCCP_REGISTER_REQ);
    m.register_req = (struct sccp_register_req){.device = "SEP001122334455",
                                                .user = 1,
                                                .instance = 2,
                                                .device_type = 437,
                                                .max_streams = 3,
                                                .active_streams = 4,
                                                .version = 22,
                                                .features = {0, 0x72, 0x85},
                                                .max_conferences = 5,
                                                .active_conferences = 6,
                                                .mac = "001122334455",
                                                .address_scope = 7,
                                                .max_lines = 8,
                                                .address6_scope = 9,
                                                .load = "SCCP45.9-4-2SR3-1S",
                                                .config_stamp = "{stamp}"};
    memcpy(m.register_req.address, ipv4, 4);
    memcpy(m.register_req.address6, ipv6, 16);
    write_as(22, &m, SCCP_REGISTER_REQ);
    assert_true(text_at(0, "SEP001122334455") && at(16) == 1 && at(20) == 2);
    assert_memory_equal(payload + 24, ipv4, 4);
    assert_true(at(28) == 437 && at(32) == 3 && at(36) == 4 && at(44) == 5 && at(48) == 6);
    assert_memory_equal(payload + 40, "\x16\0\x72\x85", 4);
    assert_memory_equal(payload + 52, "001122334455", 12);
    assert_true(at(64) == 7 && at(68) == 8 && at(88) == 9);
    assert_memory_equal(payload + 72, ipv6, 16);
    assert_true(text_at(92, "SCCP45.9-4-2SR3-1S") && text_at(124, "{stamp}"));

    sccp_message_init(&m, SCCP_REGISTER_ACK);
    m.register_ack = (struct sccp_register_ack){.keep_alive = 30,
                                                .date_format = "M/D/YA",
                                                .keep_alive_standby = 60,
                                                .version = 17,
                                                .features = {0x20, 0xF1, 0xFF}};
    write_as(17, &m, SCCP_REGISTER_ACK);
    assert_true(at(0) == 30 && text_at(4, "M/D/YA") && at(12) == 60);
    assert_memory_equal(payload + 16, "\x11\x20\xF1\xFF", 4);
}

static void test_data_of_applications_end_where_their_length_says(void **state)
{
    (void)state;
    struct sccp_message m, again;
    sccp_message_init(&m, SCCP_DEVICE_TO_USER_DATA_V1);
    m.user_data = (struct sccp_user_data){.application = 1,
                                          .line = 2,
                                          .call = 3,
                                          .transaction = 4,
                                          .sequence = 5,
                                          .display_priority = 6,
                                          .conference = 7,
                                          .instance = 8,
                                          .routing = 9,
                                          .data = bytes_of_string("<Exec/>")};
    size_t size = write_as(17, &m, m.id);
    assert_int_equal(size, 48);
    for (size_t i = 0; i < 10; i++) {
        static const uint32_t values[] = {1, 2, 3, 4, 7, 5, 6, 7, 8, 9};
        assert_int_equal(at(4 * i), values[i]);
    }
    assert_true(text_at(40, "<Exec/>"));
    read_back(&again, 17, m.id, size);
    assert_int_equal(again.user_data.data.size, 7);
    payload[16] = 0xFF;
    payload[19] = 0xFF;
    read_back(&again, 17, m.id, size);
    assert_int_equal(again.user_data.data.size, 8);
    m.id = SCCP_DEVICE_TO_USER_DATA;
    write_as(17, &m, m.id);
    assert_true(at(16) == 7 && text_at(20, "<Exec/>"));
}

static void test_newer_numbers_of_buttons_are_read(void **state)
{
    (void)state;
    struct sccp_message m;
    memcpy(payload,
           "\3\0\0\0"
           "4711\0"
           "Anna\0"
           "\0\0",
           16);
    read_back(&m, 17, 0x0149, 16);
    assert_int_equal(m.id, SCCP_SPEED_DIAL_STAT);
    assert_int_equal(m.speed_dial_stat.index, 3);
    assert_string_equal(m.speed_dial_stat.number, "4711");
    assert_string_equal(m.speed_dial_stat.name, "Anna");
    memcpy(payload,
           "\3\0\0\0"
           "\x15\0\0\0"
           "\1\0\0\0"
           "Anna",
           16);
    read_back(&m, 17, 0x0146, 16); /* without its NUL */
    assert_int_equal(m.id, SCCP_FEATURE_STAT);
    assert_int_equal(m.feature_stat.type, SCCP_BUTTON_BLF_SPEED_DIAL);
    assert_int_equal(m.feature_stat.status, 1);
    assert_string_equal(m.feature_stat.label, "Anna");
    memcpy(payload,
           "\3\0\0\0"
           "u:v\0"
           "News",
           12);
    read_back(&m, 17, 0x0148, 12);
    assert_int_equal(m.id, SCCP_SERVICE_URL_STAT);
    assert_string_equal(m.service_url.url, "u:v");
    assert_string_equal(m.service_url.name, "News");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_message_has_its_length_in_every_version),
        cmocka_unit_test(test_registration_has_its_fields_where_phones_look),
        cmocka_unit_test(test_servers_are_listed_field_by_field),
        cmocka_unit_test(test_the_line_has_three_strings_from_version_17_on),
        cmocka_unit_test(test_forwards_are_packed_in_newer_versions),
        cmocka_unit_test(test_newer_numbers_of_buttons_are_read),
        cmocka_unit_test(test_the_dialled_number_is_packed_in_newer_versions),
        cmocka_unit_test(test_the_line_of_a_whole_number_is_found_packed_and_aligned),
        cmocka_unit_test(test_prompts_and_notices_become_strings_in_version_8),
        cmocka_unit_test(test_call_info_has_its_security_at_376_in_the_fixed_layout),
        cmocka_unit_test(test_call_info_has_its_security_at_24_and_12_13_or_15_strings),
        cmocka_unit_test(test_strings_that_older_servers_do_not_have_are_empty),
        cmocka_unit_test(test_open_receive_channel_has_its_keys_at_28),
        cmocka_unit_test(test_start_media_transmission_has_its_keys_at_44_or_60),
        cmocka_unit_test(test_acks_have_an_address_of_two_kinds_from_version_17_on),
        cmocka_unit_test(test_statistics_move_with_the_versions),
        cmocka_unit_test(test_data_of_applications_end_where_their_length_says),
    };
    return RUN(tests);
}
