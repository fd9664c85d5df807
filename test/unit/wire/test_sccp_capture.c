/* Golden bytes: frames captured between a CUCM 4.1 and a 7912 (test/vector/sccp). They spoke
 * version 6. */
#include "support.h"

#include "base/text.h"
#include "wire/sccp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CAPTURED = 6 };
static const char *const captures[] = {
    "sccp/capture-cucm41-register.txt",
    "sccp/capture-cucm41-call.txt",
};

struct captured {
    bool from_phone;
    uint32_t id;
    struct bytes frame;
};

/* Calls `look` for each frame of the captures, which is copied to the byte for the sanitizer. */
static unsigned each_captured(void (*look)(const struct captured *))
{
    unsigned seen = 0;
    for (size_t i = 0; i < sizeof captures / sizeof *captures; i++) {
        struct bytes file = vector_load(captures[i]);
        struct buffer text;
        buffer_init(&text, 65536);
        buffer_append(&text, file);
        buffer_u8(&text, 0);
        char *rest = (char *)text.data, *line;
        while ((line = strsep(&rest, "\n"))) {
            char from[4];
            unsigned id;
            static char hex[2 * SCCP_FRAME_MAX + 1];
            uint8_t frame[SCCP_FRAME_MAX];
            size_t size = 0;
            if (sscanf(line, "%*u %3s 0x%x %16400s", from, &id, hex) != 3)
                continue;
            assert_int_equal(text_unhex(hex, frame, sizeof frame, &size), 0);
            uint8_t *copy = malloc(size);
            memcpy(copy, frame, size);
            look(&(struct captured){from[0] == 'P', id, bytes_of(copy, size)});
            free(copy);
            seen++;
        }
        buffer_fini(&text);
        vector_free(file);
    }
    return seen;
}

static void read_and_write(const struct captured *c)
{
    struct sccp_message m;
    struct buffer out;
    struct why why = WHY_NONE;
    size_t size = 0;
    assert_int_equal(sccp_frame(&size, c->frame, &why), 0);
    assert_int_equal(size, c->frame.size);
    assert_int_equal(sccp_frame_id(c->frame), c->id);
    if (sccp_read(&m, CAPTURED, c->frame, &why))
        fail_msg("%s", why.text);
    assert_int_equal(m.id, c->id);
    assert_int_equal(sccp_from_phone(m.id), c->from_phone);
    assert_string_not_equal(sccp_name(m.id), "unknown message");
    buffer_init(&out, SCCP_FRAME_MAX);
    assert_int_equal(sccp_write(&out, CAPTURED, &m, &why), 0);
    assert_bytes_equal(buffer_bytes(&out), c->frame);
    buffer_fini(&out);
}

static void test_every_captured_frame_is_written_again_from_its_fields(void **state)
{
    (void)state;
    assert_int_equal(each_captured(read_and_write), 113);
}

static unsigned checked;

static void look_at_registration(const struct captured *c)
{
    struct sccp_message m;
    assert_int_equal(sccp_read(&m, CAPTURED, c->frame, NULL), 0);
    checked++;
    switch (m.id) {
    case SCCP_ALARM:
        assert_int_equal(m.alarm.severity, SCCP_SEVERITY_INFORMATIONAL);
        assert_true(
            text_starts(m.alarm.text, "Name=SEP001380AD9E5F Load=CP7912060000SCCP050124A Last="));
        assert_int_equal(m.alarm.parameter2, 0xd10a660a);
        break;
    case SCCP_REGISTER_REQ:
        assert_string_equal(m.register_req.device, "SEP001380AD9E5F");
        assert_int_equal(m.register_req.instance, 1);
        assert_memory_equal(m.register_req.address, "\x0a\x66\x0a\xd1", 4);
        assert_int_equal(m.register_req.device_type, 30007);
        assert_int_equal(m.register_req.version, 7);
        assert_memory_equal(m.register_req.features, "\0\0\x81", 3);
        assert_int_equal(m.cut, 172 - 52);
        break;
    case SCCP_REGISTER_ACK:
        assert_int_equal(m.register_ack.keep_alive, 30);
        assert_int_equal(m.register_ack.keep_alive_standby, 60);
        assert_string_equal(m.register_ack.date_format, "M/D/Y");
        assert_int_equal(m.register_ack.version, CAPTURED);
        break;
    case SCCP_CAPABILITIES_RES:
        assert_int_equal(m.capabilities.count, 6);
        assert_int_equal(m.capabilities.codecs[0].codec, SCCP_G711_ULAW);
        assert_int_equal(m.capabilities.codecs[0].max_frames, 60);
        assert_int_equal(m.capabilities.codecs[1].codec, SCCP_G711_ALAW);
        break;
    case SCCP_BUTTON_TEMPLATE:
        assert_int_equal(m.button_template.count, 7);
        assert_int_equal(m.button_template.buttons[0].instance, 1);
        assert_int_equal(m.button_template.buttons[0].type, SCCP_BUTTON_LINE);
        assert_int_equal(m.button_template.buttons[7].type, SCCP_BUTTON_UNDEFINED);
        break;
    case SCCP_SOFT_KEY_TEMPLATE:
        assert_int_equal(m.soft_key_template.count, 20);
        assert_string_equal(m.soft_key_template.keys[1].label, "\x80\x02");
        assert_int_equal(m.soft_key_template.keys[1].event, SCCP_KEY_NEW_CALL);
        break;
    case SCCP_SOFT_KEY_SET:
        assert_int_equal(m.soft_key_sets.count, 11);
        assert_memory_equal(m.soft_key_sets.sets[SCCP_KEYS_ON_HOOK].key, "\1\2\5", 4);
        assert_int_equal(m.soft_key_sets.sets[SCCP_KEYS_ON_HOOK].info[1], 302);
        break;
    case SCCP_LINE_STAT:
        assert_int_equal(m.line_stat.line, 1);
        assert_string_equal(m.line_stat.number, "1012");
        assert_string_equal(m.line_stat.name, "8165551012");
        assert_string_equal(m.line_stat.label, "1012");
        assert_int_equal(m.line_stat.options, 9);
        break;
    case SCCP_TIME_DATE:
        assert_int_equal(m.time_date.year, 2026);
        assert_int_equal(m.time_date.weekday, 3);
        assert_in_range(m.time_date.unix_time, 0x6a207c00, 0x6a208eff);
        break;
    default:
        checked--;
    }
}

static void test_the_captured_registrations_say_what_the_peers_were(void **state)
{
    (void)state;
    checked = 0;
    each_captured(look_at_registration);
    assert_int_equal(checked, 2 * 8 + 4);
}

static void look_at_call(const struct captured *c)
{
    struct sccp_message m;
    static unsigned infos;
    assert_int_equal(sccp_read(&m, CAPTURED, c->frame, NULL), 0);
    checked++;
    switch (m.id) {
    case SCCP_CALL_INFO:
        assert_string_equal(m.call_info.calling.name, "Python");
        assert_string_equal(m.call_info.calling.number, "1003");
        assert_string_equal(m.call_info.called.name, "1012");
        assert_string_equal(m.call_info.called.number, "1012");
        assert_int_equal(m.call_info.type, SCCP_CALL_INBOUND);
        assert_int_equal(m.call_info.line, 1);
        assert_int_equal(m.call_info.call, 0x0100001f);
        /* nothing while it rings, then it turns out that the call is not secure */
        assert_int_equal(m.call_info.security,
                         infos++ ? SCCP_SECURITY_NOT_AUTHENTICATED : SCCP_SECURITY_UNKNOWN);
        break;
    case SCCP_OPEN_RECEIVE_CHANNEL:
        assert_int_equal(m.open_receive_channel.packet_ms, 20);
        assert_int_equal(m.open_receive_channel.codec, SCCP_G711_ULAW);
        assert_int_equal(m.open_receive_channel.call, 0x0100001f);
        assert_int_equal(m.open_receive_channel.keys.algorithm, SCCP_SRTP_NONE);
        assert_int_equal(sccp_keys_check(&m.open_receive_channel.keys, NULL), ERR_NOT_FOUND);
        assert_int_equal(m.cut, 92 - 68);
        break;
    case SCCP_START_MEDIA_TRANSMISSION:
        assert_memory_equal(m.start_media_transmission.remote.bytes, "\x0a\x66\xdb\x1b", 4);
        assert_int_equal(m.start_media_transmission.remote_port, 0xeb1a);
        assert_int_equal(m.start_media_transmission.precedence, SCCP_DSCP_VOICE);
        assert_int_equal(m.start_media_transmission.call, 0x0100001f);
        break;
    case SCCP_OPEN_RECEIVE_CHANNEL_ACK:
        assert_int_equal(m.media_ack.status, SCCP_MEDIA_OK);
        assert_memory_equal(m.media_ack.address.bytes, "\x0a\x66\x0a\xd1", 4);
        assert_int_equal(m.media_ack.port, 0x4000);
        assert_int_equal(m.media_ack.party, 0x01000101);
        break;
    case SCCP_DISPLAY_PRIORITY_NOTIFY:
        assert_int_equal(m.display_notify.timeout, 10);
        assert_int_equal(m.display_notify.priority, 5);
        assert_string_equal(m.display_notify.text, "\x80\x17"
                                                   "1003");
        break;
    case SCCP_CALL_STATE:
        assert_int_equal(m.call_state.precedence, SCCP_PRECEDENCE_ROUTINE);
        break;
    default:
        checked--;
    }
}

static void test_the_captured_call_says_who_talks_and_how_secure(void **state)
{
    (void)state;
    checked = 0;
    each_captured(look_at_call);
    assert_int_equal(checked, 2 + 1 + 1 + 1 + 1 + 6);
}

static void set_length(uint8_t *frame, size_t size)
{
    frame[0] = (uint8_t)(size - 8);
    frame[1] = (uint8_t)((size - 8) >> 8);
    frame[2] = frame[3] = 0;
}

/* One of each family of layouts. */
static const unsigned families[] = {3, 8, 11, 15, 16, 17, 19, 22};

static void cut_everywhere(const struct captured *c)
{
    for (size_t size = SCCP_HEADER_SIZE; size <= c->frame.size; size++)
        for (size_t v = 0; v < sizeof families / sizeof *families; v++) {
            unsigned version = families[v];
            uint8_t *copy = malloc(size);
            struct sccp_message m;
            struct buffer out;
            memcpy(copy, c->frame.data, size);
            set_length(copy, size);
            assert_int_equal(sccp_read(&m, version, bytes_of(copy, size), NULL), 0);
            assert_int_equal(m.id, c->id);
            buffer_init(&out, SCCP_FRAME_MAX);
            assert_int_equal(sccp_write(&out, version, &m, NULL), 0);
            buffer_fini(&out);
            free(copy);
        }
}

static void test_captured_frames_are_read_cut_at_every_length_in_every_version(void **state)
{
    (void)state;
    each_captured(cut_everywhere);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_captured_frame_is_written_again_from_its_fields),
        cmocka_unit_test(test_the_captured_registrations_say_what_the_peers_were),
        cmocka_unit_test(test_the_captured_call_says_who_talks_and_how_secure),
        cmocka_unit_test(test_captured_frames_are_read_cut_at_every_length_in_every_version),
    };
    return RUN(tests);
}
