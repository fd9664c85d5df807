/* Where the fields of media stand, version by version. */
#include "sccp_payload.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open_receive_channel_has_its_keys_at_28),
        cmocka_unit_test(test_start_media_transmission_has_its_keys_at_44_or_60),
        cmocka_unit_test(test_acks_have_an_address_of_two_kinds_from_version_17_on),
        cmocka_unit_test(test_statistics_move_with_the_versions),
    };
    return RUN(tests);
}
