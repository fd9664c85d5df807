/* Where the fields of calls stand, version by version. */
#include "sccp_payload.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_dialled_number_is_packed_in_newer_versions),
        cmocka_unit_test(test_the_line_of_a_whole_number_is_found_packed_and_aligned),
        cmocka_unit_test(test_prompts_and_notices_become_strings_in_version_8),
        cmocka_unit_test(test_call_info_has_its_security_at_376_in_the_fixed_layout),
        cmocka_unit_test(test_call_info_has_its_security_at_24_and_12_13_or_15_strings),
        cmocka_unit_test(test_strings_that_older_servers_do_not_have_are_empty),
    };
    return RUN(tests);
}
