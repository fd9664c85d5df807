/* Registration, and what phones ask about themselves. */
#include "office.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- a genuine phone ---- */

/* The frames of the captured registration (test/vector/sccp): what the phone said is said again,
 * and the station answers with the same messages in the same order as the genuine server did. */
static void test_a_captured_phone_gets_the_answers_the_genuine_server_gave(void **state)
{
    (void)state;
    struct bytes file = vector_load("sccp/capture-cucm41-register.txt");
    struct buffer text;
    unsigned answers = 0;
    buffer_init(&text, 65536);
    buffer_append(&text, file);
    buffer_u8(&text, 0);
    office.site.version = 6;
    struct phone *p = plug(0, CALL_LINK_PLAIN, 6);
    char *rest = (char *)text.data, *line;
    while ((line = strsep(&rest, "\n"))) {
        static char hex[4096];
        uint8_t frame[2048];
        char from[4];
        unsigned id;
        size_t size;
        if (sscanf(line, "%*u %3s 0x%x %4095s", from, &id, hex) != 3)
            continue;
        if (id == SCCP_SOFT_KEY_EVENT)
            break; /* here the call begins */
        if (from[0] == 'P') {
            assert_int_equal(text_unhex(hex, frame, sizeof frame, &size), 0);
            say_bytes(0, bytes_of(frame, size));
            continue;
        }
        if (p->looked == p->heard_count)
            fail_msg("no answer where the server said %s", sccp_name(id));
        assert_string_equal(sccp_name(p->heard[p->looked++].id), sccp_name(id));
        answers++;
    }
    assert_int_equal(answers, 16);
    assert_int_equal(p->looked, p->heard_count);
    assert_int_equal(p->alarms, 1);
    assert_int_equal(office.site.counters.ignored, 0);
    const struct station_claim *claim = station_claim(p->station);
    assert_string_equal(claim->device, "SEP001380AD9E5F");
    assert_true(claim->is_name && !claim->media_up);
    assert_int_equal(claim->version, 6);
    assert_int_equal(claim->type, 30007);
    char address[ADDRESS_TEXT];
    assert_string_equal(address_host(address, &claim->address), "10.102.10.209");
    buffer_fini(&text);
    vector_free(file);
}

static void test_the_lower_version_is_spoken_and_said(void **state)
{
    (void)state;
    for (unsigned version = 1; version <= 30; version++) {
        unsigned agreed = version < 22 ? version : 22;
        sign_on(0, CALL_LINK_PLAIN, version, CALL_NOT_SECURE);
        say_empty(0, SCCP_KEEP_ALIVE);
        assert_int_equal(station_claim(office.phones[0].station)->version, agreed);
        assert_non_null(told(0, SCCP_KEEP_ALIVE_ACK));
        say_register(0); /* again, on the same connection */
        const struct sccp_message *ack = told(0, SCCP_REGISTER_ACK);
        assert_non_null(ack);
        assert_int_equal(ack->register_ack.version, agreed);
        assert_int_equal(ack->register_ack.keep_alive, 30);
        assert_int_equal(ack->register_ack.keep_alive_standby, 60);
        assert_string_equal(ack->register_ack.date_format, "D/M/YA");
        assert_int_equal(ack->register_ack.features[2], agreed < 4 ? 0 : agreed < 11 ? 0xFE : 0xFF);
        assert_non_null(told(0, SCCP_CAPABILITIES_REQ));
    }
}

static void test_a_phone_that_names_no_version_speaks_3(void **state)
{
    (void)state;
    plug(0, CALL_LINK_PLAIN, 3);
    struct buffer b;
    buffer_init(&b, 100); /* as a 7936: it ends before the version's neighbours */
    buffer_u32le(&b, 4 + 40);
    buffer_u32le(&b, 0);
    buffer_u32le(&b, SCCP_REGISTER_REQ);
    buffer_append(&b, bytes_of("SEP000000000000\0", 16));
    buffer_fill(&b, 0, 24);
    say_bytes(0, buffer_bytes(&b));
    buffer_fini(&b);
    assert_int_equal(told(0, SCCP_REGISTER_ACK)->register_ack.version, 3);
}

/* ---- who it is ---- */

static void test_names_are_taken_in_capitals_and_others_are_said_to_be_none(void **state)
{
    (void)state;
    static const struct {
        const char *said, *taken;
        bool is_name;
    } rows[] = {
        {"SEP00aabbccddee", "SEP00AABBCCDDEE", true},
        {"SEP00AABBCCDDE", "SEP00AABBCCDDE", false},
        {"CP00AABBCCDDEE", "CP00AABBCCDDEE", false},
        {"", "", false},
        {"SEP00AABBCCDD\"\n", "SEP00AABBCCDD\"\n", false},
    };
    office.answers_who = false;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct phone *p = plug(0, CALL_LINK_PLAIN, 17);
        text_copy(p->device, sizeof p->device, rows[i].said);
        say_register(0);
        assert_int_equal(p->whos, 1);
        assert_string_equal(station_claim(p->station)->device, rows[i].taken);
        assert_int_equal(station_claim(p->station)->is_name, rows[i].is_name);
    }
    /* all sixteen bytes used, and no NUL */
    struct buffer b;
    buffer_init(&b, 100);
    buffer_u32le(&b, 4 + 16);
    buffer_u32le(&b, 0);
    buffer_u32le(&b, SCCP_REGISTER_REQ);
    buffer_text(&b, "SEP00AABBCCDDEEF");
    struct phone *p = plug(0, CALL_LINK_PLAIN, 17);
    say_bytes(0, buffer_bytes(&b));
    buffer_fini(&b);
    assert_string_equal(station_claim(p->station)->device, "SEP00AABBCCDDEEF");
    assert_false(station_claim(p->station)->is_name);
}

static void test_a_refused_phone_reads_why_and_the_connection_ends(void **state)
{
    (void)state;
    office.answers_who = false;
    struct phone *p = plug(0, CALL_LINK_PLAIN, 17);
    say_register(0);
    assert_false(station_is_registered(p->station));
    station_refuse(p->station, "Secure connection required", "its profile says encrypted");
    office_run();
    assert_string_equal(told(0, SCCP_REGISTER_REJECT)->register_reject.text,
                        "Secure connection required");
    assert_true(p->over);
    assert_string_equal(p->reason, "its profile says encrypted");
    say_register(0); /* it is not listened to any more */
    assert_int_equal(p->whos, 1);
    assert_int_equal(told_count(0), 0);
}

static void test_nothing_is_read_while_the_question_is_open(void **state)
{
    (void)state;
    office.answers_who = false;
    struct phone *p = plug(0, CALL_LINK_PLAIN, 17);
    say_register(0);
    say_empty(0, SCCP_BUTTON_TEMPLATE_REQ);
    say_empty(0, SCCP_TIME_DATE_REQ);
    assert_int_equal(told_count(0), 0);
    assert_true(station_due(p->station) == INT64_MAX);
    welcome(0);
    office_run();
    assert_non_null(told(0, SCCP_REGISTER_ACK));
    assert_non_null(told(0, SCCP_BUTTON_TEMPLATE));
    assert_non_null(told(0, SCCP_TIME_DATE));
}

static void test_before_it_registers_a_phone_is_told_nothing_about_itself(void **state)
{
    (void)state;
    plug(0, CALL_LINK_PLAIN, 17);
    say_empty(0, SCCP_BUTTON_TEMPLATE_REQ);
    say_empty(0, SCCP_LINE_STAT_REQ);
    say_empty(0, SCCP_OFF_HOOK);
    assert_int_equal(told_count(0), 0);
    assert_int_equal(office.site.counters.ignored, 3);
}

static void test_who_says_much_and_does_not_register_is_ended(void **state)
{
    (void)state;
    struct phone *p = plug(0, CALL_LINK_PLAIN, 17);
    for (unsigned i = 0; i < office.site.limits.early && !p->over; i++)
        say_empty(0, SCCP_ALARM);
    assert_false(p->over);
    say_empty(0, SCCP_ALARM);
    assert_true(p->over);
    assert_string_equal(p->reason, "it says too much, and does not register");
}

static void test_a_connection_is_one_phones(void **state)
{
    (void)state;
    struct phone *p = sign_on(0, CALL_LINK_PLAIN, 17, CALL_NOT_SECURE);
    say_register(0);
    assert_int_equal(p->whos, 2);
    text_copy(p->device, sizeof p->device, "SEP00000000000F");
    say_register(0);
    assert_int_equal(p->whos, 2);
    assert_true(p->over);
    assert_string_equal(p->reason, "it registered as SEP000000000000, then as SEP00000000000F");
}

/* ---- staying and going ---- */

static void test_a_silent_connection_ends_after_thirty_seconds(void **state)
{
    (void)state;
    struct phone *p = plug(0, CALL_LINK_PLAIN, 17);
    say_empty(0, SCCP_ALARM);
    office_pass(29999);
    assert_false(p->over);
    office_pass(1);
    assert_true(p->over);
    assert_string_equal(p->reason, "it did not register within 30 s");
}

static void test_a_registered_phone_may_miss_two_keepalives(void **state)
{
    (void)state;
    struct phone *p = sign_on(0, CALL_LINK_PLAIN, 17, CALL_NOT_SECURE);
    office_pass(60000);
    say_empty(0, SCCP_KEEP_ALIVE);
    office_pass(60000);
    say_empty(0, SCCP_TIME_DATE_REQ); /* anything counts */
    office_pass(89999);
    assert_false(p->over);
    office_pass(1);
    assert_true(p->over);
    assert_string_equal(p->reason, "it was silent for 90 s, 3 intervals of its keepalive");
    assert_null(p->calls);
}

static void test_a_standby_connection_lasts_with_keepalives_alone(void **state)
{
    (void)state;
    struct phone *p = plug(0, CALL_LINK_ENCRYPTED, 17);
    for (unsigned i = 0; i < 100; i++) {
        say_empty(0, SCCP_KEEP_ALIVE);
        assert_non_null(told(0, SCCP_KEEP_ALIVE_ACK));
        office_pass(60000);
        assert_false(p->over);
    }
    say_register(0);
    assert_true(station_is_registered(p->station));
    p = plug(1, CALL_LINK_ENCRYPTED, 17);
    say_empty(1, SCCP_KEEP_ALIVE);
    office_pass(180000);
    assert_true(p->over);
}

static void test_a_phone_that_says_goodbye_is_gone_and_may_come_again(void **state)
{
    (void)state;
    struct phone *p = sign_on(0, CALL_LINK_PLAIN, 17, CALL_NOT_SECURE);
    say_empty(0, SCCP_UNREGISTER);
    assert_int_equal(told(0, SCCP_UNREGISTER_ACK)->unregister_ack.status, SCCP_UNREGISTER_OK);
    assert_int_equal(p->goodbyes, 1);
    assert_false(station_is_registered(p->station));
    say_empty(0, SCCP_BUTTON_TEMPLATE_REQ);
    assert_null(told(0, SCCP_BUTTON_TEMPLATE));
    say_register(0);
    assert_true(station_is_registered(p->station));
    say_empty(0, SCCP_UNREGISTER);
    office_pass(30000);
    assert_true(p->over);
}

static void test_tokens_are_granted_or_refused_with_a_time(void **state)
{
    (void)state;
    static const struct {
        enum sccp_id request, granted, refused;
    } rows[] = {
        {SCCP_REGISTER_TOKEN_REQ, SCCP_REGISTER_TOKEN_ACK, SCCP_REGISTER_TOKEN_REJECT},
        {SCCP_SPCP_TOKEN_REQ, SCCP_SPCP_TOKEN_ACK, SCCP_SPCP_TOKEN_REJECT},
    };
    for (size_t i = 0; i < 2; i++) {
        struct phone *p = plug(0, CALL_LINK_PLAIN, 17);
        struct sccp_message m;
        sccp_message_init(&m, rows[i].request);
        text_copy(m.token_req.device, sizeof m.token_req.device, p->device);
        say(0, &m);
        assert_int_equal(p->tokens, 1);
        assert_string_equal(station_claim(p->station)->device, p->device);
        station_token(p->station, 60, &office.now);
        office_run();
        assert_int_equal(told(0, rows[i].refused)->token_reject.wait, 60);
        say(0, &m);
        station_token(p->station, 0, &office.now);
        office_run();
        assert_non_null(told(0, rows[i].granted));
        say_register(0);
        assert_true(station_is_registered(p->station));
    }
}

static void test_a_reset_is_told_to_registered_phones(void **state)
{
    (void)state;
    struct phone *p = sign_on(0, CALL_LINK_PLAIN, 17, CALL_NOT_SECURE);
    assert_true(station_reset(p->station, SCCP_RESET_RESTART));
    office_run();
    assert_int_equal(told(0, SCCP_RESET)->reset.type, SCCP_RESET_RESTART);
    p = plug(1, CALL_LINK_PLAIN, 17);
    assert_false(station_reset(p->station, SCCP_RESET_DEVICE));
    office.answers_who = false;
    say_register(1); /* and nobody knows yet whether it may */
    assert_false(station_reset(p->station, SCCP_RESET_DEVICE));
    welcome(1);
    station_end(p->station, "it was shown out");
    assert_false(station_reset(p->station, SCCP_RESET_DEVICE));
    office_run();
    assert_null(told(1, SCCP_RESET));
}

static void test_how_long_a_phone_has_been_silent_is_known(void **state)
{
    (void)state;
    struct phone *p = plug(0, CALL_LINK_PLAIN, 17);
    assert_true(station_silence(p->station, office.now.ms) == INT64_MAX);
    say_register(0);
    office_pass(20000);
    assert_int_equal(station_silence(p->station, office.now.ms), 20000);
    say_empty(0, SCCP_KEEP_ALIVE);
    assert_int_equal(station_silence(p->station, office.now.ms), 0);
}

static void test_the_server_may_end_it(void **state)
{
    (void)state;
    struct phone *p = sign_on(0, CALL_LINK_PLAIN, 17, CALL_NOT_SECURE);
    station_end(p->station, "it came again from 192.0.2.9");
    assert_int_equal(station_due(p->station), 0);
    office_run();
    assert_true(p->over);
    assert_string_equal(p->reason, "it came again from 192.0.2.9");
}

/* ---- what phones ask about themselves ---- */

static void say_index(unsigned phone, enum sccp_id id, uint32_t index)
{
    struct sccp_message m;
    sccp_message_init(&m, id);
    m.request.index = index;
    say(phone, &m);
}

static void test_a_phone_learns_its_lines(void **state)
{
    (void)state;
    for (unsigned version = 3; version <= 22; version++) {
        sign_on(0, CALL_LINK_PLAIN, version, CALL_NOT_SECURE);
        say_empty(0, SCCP_BUTTON_TEMPLATE_REQ);
        const struct sccp_button_template *b = &told(0, SCCP_BUTTON_TEMPLATE)->button_template;
        assert_int_equal(b->count, 4);
        assert_int_equal(b->total, 4);
        assert_true(b->buttons[1].instance == 2 && b->buttons[1].type == SCCP_BUTTON_LINE);
        assert_true(b->buttons[3].instance == 2 && b->buttons[3].type == SCCP_BUTTON_SPEED_DIAL);
        assert_true(b->buttons[4].instance == 0 && b->buttons[4].type == SCCP_BUTTON_UNDEFINED);
        say_index(0, SCCP_SPEED_DIAL_STAT_REQ, 1);
        const struct sccp_speed_dial_stat *dial = &told(0, SCCP_SPEED_DIAL_STAT)->speed_dial_stat;
        assert_int_equal(dial->index, 1);
        assert_string_equal(dial->number, "1001");
        assert_string_equal(dial->name, "Bert");
        say_index(0, SCCP_SPEED_DIAL_STAT_REQ, 2);
        dial = &told(0, SCCP_SPEED_DIAL_STAT)->speed_dial_stat;
        assert_string_equal(dial->name, "1002");
        say_index(0, SCCP_LINE_STAT_REQ, 2);
        const struct sccp_line_stat *line = &told(0, SCCP_LINE_STAT)->line_stat;
        assert_int_equal(line->line, 2);
        assert_string_equal(line->number, "2000");
        assert_string_equal(line->name, "Bert");
        assert_string_equal(line->label, "second");
        assert_int_equal(line->options, 15);
        say_index(0, SCCP_LINE_STAT_REQ, 3);
        line = &told(0, SCCP_LINE_STAT)->line_stat;
        assert_int_equal(line->line, 3);
        assert_string_equal(line->number, "");
        say_index(0, SCCP_FORWARD_STAT_REQ, 1);
        assert_int_equal(told(0, SCCP_FORWARD_STAT)->forward_stat.active, 0);
        say_index(0, SCCP_LINE_STAT_REQ, UINT32_MAX);
        assert_non_null(told(0, SCCP_LINE_STAT));
    }
}

static void test_buttons_there_are_none_of_have_an_empty_answer(void **state)
{
    (void)state;
    sign_on(0, CALL_LINK_PLAIN, 17, CALL_NOT_SECURE);
    say_index(0, SCCP_SPEED_DIAL_STAT_REQ, 4);
    assert_int_equal(told(0, SCCP_SPEED_DIAL_STAT)->speed_dial_stat.index, 4);
    say_index(0, SCCP_FEATURE_STAT_REQ, 5);
    assert_int_equal(told(0, SCCP_FEATURE_STAT)->feature_stat.index, 5);
    say_index(0, SCCP_SERVICE_URL_STAT_REQ, 6);
    assert_int_equal(told(0, SCCP_SERVICE_URL_STAT)->service_url.index, 6);
    struct sccp_message m;
    sccp_message_init(&m, SCCP_SUBSCRIPTION_STAT_REQ);
    m.subscription_req.transaction = 77;
    say(0, &m);
    assert_int_equal(told(0, SCCP_SUBSCRIPTION_STAT)->subscription.transaction, 77);
}

static void test_soft_keys_are_the_ones_the_template_names(void **state)
{
    (void)state;
    sign_on(0, CALL_LINK_PLAIN, 17, CALL_NOT_SECURE);
    say_empty(0, SCCP_SOFT_KEY_TEMPLATE_REQ);
    const struct sccp_soft_key_template t = told(0, SCCP_SOFT_KEY_TEMPLATE)->soft_key_template;
    say_empty(0, SCCP_SOFT_KEY_SET_REQ);
    const struct sccp_soft_key_sets s = told(0, SCCP_SOFT_KEY_SET)->soft_key_sets;
    assert_int_equal(t.count, 11);
    for (uint32_t i = 0; i < t.count; i++) {
        const char label[] = {(char)SCCP_DICTIONARY, (char)t.keys[i].event, 0};
        assert_string_equal(t.keys[i].label, label);
    }
    assert_int_equal(s.count, SCCP_KEYS_STEALABLE + 1);
    for (uint32_t i = 0; i < s.count; i++) {
        assert_true(s.sets[i].key[0] != 0);
        for (unsigned k = 0; k < SCCP_SOFT_KEYS_PER_SET; k++) {
            uint8_t place = s.sets[i].key[k];
            assert_in_range(place, 0, t.count);
            assert_int_equal(s.sets[i].info[k], place ? 300 + t.keys[place - 1].event : 0);
        }
    }
    /* then it stands as a phone at rest does */
    assert_int_equal(told(0, SCCP_SELECT_SOFT_KEYS)->select_soft_keys.set, SCCP_KEYS_ON_HOOK);
    assert_string_equal(told(0, SCCP_DISPLAY_PROMPT)->display_prompt.text, "\x80\x13");
}

static void test_the_time_is_that_of_the_phones_zone(void **state)
{
    (void)state;
    static const int64_t times[] = {1700000000, 951782399,  951782400,  951868800,  978307199,
                                    978307200,  1709164800, 1709251199, 4102444799, 0};
    sign_on(0, CALL_LINK_PLAIN, 17, CALL_NOT_SECURE);
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        for (int offset = -12 * 3600; offset <= 14 * 3600; offset += 1800) {
            time_t local = (time_t)(times[i] + offset);
            struct tm tm;
            if (local < 0)
                continue;
            office.now.unix_ms = times[i] * 1000 + 456;
            office.now.utc_offset = offset;
            say_empty(0, SCCP_TIME_DATE_REQ);
            const struct sccp_time_date *t = &told(0, SCCP_TIME_DATE)->time_date;
            assert_non_null(gmtime_r(&local, &tm));
            assert_int_equal(t->year, tm.tm_year + 1900);
            assert_int_equal(t->month, tm.tm_mon + 1);
            assert_int_equal(t->day, tm.tm_mday);
            assert_int_equal(t->weekday, tm.tm_wday);
            assert_int_equal(t->hour, tm.tm_hour);
            assert_int_equal(t->minute, tm.tm_min);
            assert_int_equal(t->second, tm.tm_sec);
            assert_int_equal(t->millisecond, 456);
            assert_int_equal(t->unix_time, times[i]);
            told_count(0);
            office.now.ms += 100; /* a phone may ask that often */
        }
}

static void test_a_phone_learns_its_servers_configuration_and_load(void **state)
{
    (void)state;
    for (unsigned version = 16; version <= 17; version++) {
        struct phone *p = sign_on(0, CALL_LINK_PLAIN, version, CALL_NOT_SECURE);
        say_empty(0, SCCP_SERVER_REQ);
        const struct sccp_server *s = &told(0, SCCP_SERVER)->server;
        assert_string_equal(s->servers[0].name, "publisher");
        assert_string_equal(s->servers[1].name, "subscriber");
        assert_string_equal(s->servers[2].name, "");
        assert_int_equal(s->servers[1].port, 2000);
        assert_memory_equal(s->servers[1].address.bytes, "\xc0\0\2\2", 4);
        say_empty(0, SCCP_CONFIG_STAT_REQ);
        const struct sccp_config_stat *c = &told(0, SCCP_CONFIG_STAT)->config_stat;
        assert_string_equal(c->device, p->device);
        assert_string_equal(c->server_name, "publisher");
        assert_int_equal(c->lines, 2);
        say_empty(0, SCCP_VERSION_REQ); /* none is prescribed, and the one it has does not fit */
        assert_string_equal(told(0, SCCP_VERSION)->version.load, "");
        text_copy(p->load, sizeof p->load, "SCCP45.9-4-2SR3");
        say_register(0);
        say_empty(0, SCCP_VERSION_REQ);
        assert_string_equal(told(0, SCCP_VERSION)->version.load, "SCCP45.9-4-2SR3");
    }
}

static void test_a_phone_at_rest_is_told_when_its_clock_jumps(void **state)
{
    (void)state;
    sign_on(0, CALL_LINK_PLAIN, 17, CALL_NOT_SECURE);
    say_empty(0, SCCP_TIME_DATE_REQ);
    uint32_t hour = told(0, SCCP_TIME_DATE)->time_date.hour;
    office.now.utc_offset += 3600;
    station_tell_time(office.phones[0].station, &office.now);
    office_run();
    assert_int_equal(told(0, SCCP_TIME_DATE)->time_date.hour, (hour + 1) % 24);
    press_soft_key(0, SCCP_KEY_NEW_CALL);
    told_count(0);
    station_tell_time(office.phones[0].station, &office.now);
    office_run();
    assert_null(told(0, SCCP_TIME_DATE));
    press_soft_key(0, SCCP_KEY_END_CALL);
    assert_non_null(told(0, SCCP_TIME_DATE));
}

#define T(test) cmocka_unit_test_setup_teardown(test, office_enter, office_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_a_captured_phone_gets_the_answers_the_genuine_server_gave),
        T(test_the_lower_version_is_spoken_and_said),
        T(test_a_phone_that_names_no_version_speaks_3),
        T(test_names_are_taken_in_capitals_and_others_are_said_to_be_none),
        T(test_a_refused_phone_reads_why_and_the_connection_ends),
        T(test_nothing_is_read_while_the_question_is_open),
        T(test_before_it_registers_a_phone_is_told_nothing_about_itself),
        T(test_who_says_much_and_does_not_register_is_ended),
        T(test_a_connection_is_one_phones),
        T(test_a_silent_connection_ends_after_thirty_seconds),
        T(test_a_registered_phone_may_miss_two_keepalives),
        T(test_a_standby_connection_lasts_with_keepalives_alone),
        T(test_a_phone_that_says_goodbye_is_gone_and_may_come_again),
        T(test_tokens_are_granted_or_refused_with_a_time),
        T(test_a_reset_is_told_to_registered_phones),
        T(test_the_server_may_end_it),
        T(test_how_long_a_phone_has_been_silent_is_known),
        T(test_a_phone_learns_its_lines),
        T(test_buttons_there_are_none_of_have_an_empty_answer),
        T(test_soft_keys_are_the_ones_the_template_names),
        T(test_the_time_is_that_of_the_phones_zone),
        T(test_a_phone_learns_its_servers_configuration_and_load),
        T(test_a_phone_at_rest_is_told_when_its_clock_jumps),
    };
    return RUN(tests);
}
