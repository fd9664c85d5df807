/* The layouts, version by version, as docs/protocols/sccp.md has them: how long each message is,
 * and where the fields of registration and of a phone's buttons stand. */
#include "sccp_payload.h"

static const uint8_t ipv4[16] = {192, 0, 2, 77};
static const uint8_t ipv6[16] = {0x20, 1, 0xd, 0xb8, [15] = 9};

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
        cmocka_unit_test(test_servers_are_listed_field_by_field),
        cmocka_unit_test(test_the_line_has_three_strings_from_version_17_on),
        cmocka_unit_test(test_forwards_are_packed_in_newer_versions),
        cmocka_unit_test(test_registration_has_its_fields_where_phones_look),
        cmocka_unit_test(test_data_of_applications_end_where_their_length_says),
        cmocka_unit_test(test_newer_numbers_of_buttons_are_read),
    };
    return RUN(tests);
}
