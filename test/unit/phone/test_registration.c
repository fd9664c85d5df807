/* A phone finds a call manager, and stays with it. */
#include "captured.h"
#include "managed.h"

static int close_all(void **state)
{
    (void)state;
    managed_close();
    return 0;
}

/* ---- registering ---- */

static void test_a_phone_registers_and_asks_for_what_it_has(void **state)
{
    (void)state;
    managed_open("7975", 1);
    t.managers[0].lines = 2;
    t.managers[0].dials = 1;
    managed_start();
    assert_string_equal(t.managers[0].said,
                        "Alarm RegisterReq ButtonTemplateReq SoftKeyTemplateReq "
                        "SoftKeySetReq CapabilitiesRes LineStatReq LineStatReq ForwardStatReq "
                        "ForwardStatReq SpeedDialStatReq RegisterAvailableLines TimeDateReq ");
    assert_string_equal(t.happened, "0:asks 0:taken 0:done ");
    assert_true(registration_is_done(t.r));
    assert_string_equal(t.handed,
                        "ButtonTemplate SoftKeyTemplateRes SoftKeySetRes LineStat LineStat "
                        "ForwardStat ForwardStat SpeedDialStat DefineTimeDate ");
}

static void test_its_introduction_says_who_it_is(void **state)
{
    (void)state;
    managed_open("7975", 1);
    managed_start();
    const struct sccp_register_req *req = &t.managers[0].registered;
    assert_string_equal(t.managers[0].alarm,
                        "25: Name=SEP001122334455 Load=SCCP75.9-4-2SR3-1S Last=Initialized|");
    assert_string_equal(req->device, MANAGED_DEVICE);
    assert_string_equal(req->mac, "001122334455");
    assert_int_equal(req->instance, 1);
    assert_int_equal(req->device_type, 437);
    assert_int_equal(req->version, 22);
    assert_int_equal(req->active_streams, 0);
    assert_int_equal(req->max_lines, 8);
    assert_memory_equal(req->address, "\x0a\x66\x0a\xd1", 4);
    assert_string_equal(req->load, "SCCP75.9-4-2SR3-1S");
    assert_int_equal(t.managers[0].register_size, 124);
}

static void test_each_model_speaks_as_far_as_it_can(void **state)
{
    static const struct {
        const char *model;
        unsigned version;
        size_t size;
    } rows[] = {
        {"7936", 0, 44},   {"7912", 7, 52},   {"7940", 11, 68},
        {"7960", 11, 68},  {"6961", 15, 68},  {"7941", 22, 124},
        {"7975", 22, 124}, {"8945", 22, 124}, {"CIPC", 20, 124},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        managed_open(rows[i].model, 1);
        managed_start();
        assert_int_equal(t.managers[0].registered.version, rows[i].version);
        assert_int_equal(t.managers[0].register_size, rows[i].size);
        assert_true(registration_is_done(t.r));
        size_t server = 9;
        unsigned version = 0;
        assert_true(registration_server(t.r, &server, &version));
        assert_int_equal(version, rows[i].version ? rows[i].version : 3);
        managed_close();
    }
    managed_open("7975", 1); /* for close_all() */
}

static void test_the_lower_version_is_spoken(void **state)
{
    size_t server = 9;
    unsigned version = 0;
    (void)state;
    managed_open("7975", 1);
    t.managers[0].version = 17;
    managed_start();
    assert_true(registration_server(t.r, &server, &version));
    assert_int_equal(server, 0);
    assert_int_equal(version, 17);
}

static void test_a_7940_asks_for_its_configuration_too(void **state)
{
    (void)state;
    managed_open("7940", 1);
    managed_start();
    assert_non_null(strstr(t.managers[0].said, "SoftKeySetReq ConfigStatReq "));
    assert_true(registration_is_done(t.r));
}

/* ---- golden: a 7912 and CUCM 4.1, as they were captured ---- */

static struct captured captured[80];

/* What a phone alone can know: codecs are its own, and behind the text of an alarm and in unused
 * slots the 7912 sent what was in its memory. */
static void compare_said(struct bytes ours, const struct captured *theirs)
{
    struct sccp_message a, b;
    struct bytes genuine = captured_bytes(theirs);
    assert_int_equal(sccp_read(&a, 6, ours, NULL), 0);
    assert_int_equal(sccp_read(&b, 6, genuine, NULL), 0);
    assert_int_equal(a.id, b.id);
    if (a.id == SCCP_ALARM) {
        assert_int_equal(a.alarm.severity, b.alarm.severity);
        assert_string_equal(a.alarm.text, b.alarm.text);
        assert_int_equal(a.alarm.parameter2, b.alarm.parameter2);
    } else if (a.id == SCCP_CAPABILITIES_RES) {
        assert_int_equal(a.capabilities.codecs[0].codec, b.capabilities.codecs[0].codec);
        assert_int_equal(ours.size, genuine.size);
    } else {
        assert_bytes_equal(ours, genuine);
    }
}

static void be_the_7912(struct registration_setup *setup)
{
    setup->device = "SEP001380AD9E5F";
    setup->load = "CP7912060000SCCP050124A";
}

static void test_a_7912_says_to_a_cucm_byte_for_byte_what_was_captured(void **state)
{
    struct registration_step step;
    size_t next = 0;
    (void)state;
    size_t count =
        captured_read(captured, sizeof captured / sizeof *captured, "sccp/capture-cucm41-call.txt");
    managed_open_with("7912", 1, be_the_7912);
    registration_start(t.r, t.now);
    /* Frames of the CUCM are given when the phone has said all that was said before them. */
    while (!registration_is_done(t.r) && next < count) {
        if (!registration_step(t.r, t.now, &step)) {
            assert_false(captured[next].from_phone);
            managed_say_raw(0, captured_bytes(&captured[next]));
            next++;
        } else if (step.kind == REGISTRATION_OPEN) {
            registration_opened(t.r, 0, bytes_of("\x0a\x66\x0a\xd1", 4), t.now);
        } else if (step.kind == REGISTRATION_SEND) {
            struct bytes said = step.bytes;
            size_t size = 0;
            while (said.size) {
                assert_int_equal(sccp_frame(&size, said, NULL), 0);
                assert_true(size && next < count);
                while (!captured[next].from_phone) { /* it said so a moment before */
                    managed_say_raw(0, captured_bytes(&captured[next]));
                    next++;
                }
                compare_said(bytes_slice(said, 0, size), &captured[next++]);
                said = bytes_slice(said, size, said.size);
            }
        }
    }
    assert_true(registration_is_done(t.r));
    assert_true(next > 20);
}

/* ---- refusals and failures ---- */

static void tell_three_rounds(struct registration_setup *setup)
{
    setup->pace.rounds = 3;
}

static void test_a_rejection_is_told_in_the_call_managers_words_and_is_final(void **state)
{
    (void)state;
    managed_open_with("7975", 2, tell_three_rounds);
    t.managers[0].reject = t.managers[1].reject = "Device Unknown";
    managed_start();
    assert_string_equal(t.happened, "0:asks 0:rejected 0:failed 1:asks 1:rejected 1:failed ");
    assert_true(t.over);
    assert_string_equal(t.words, "it rejects this phone: Device Unknown");
    assert_string_equal(t.managers[1].alarm,
                        "24: Name=SEP001122334455 Load=SCCP75.9-4-2SR3-1S Last=Phone-Reg-Rej|");
}

static void test_text_of_a_rejection_cannot_reach_the_terminal(void **state)
{
    (void)state;
    managed_open_with("7975", 1, tell_three_rounds);
    t.managers[0].reject = "\x1b[2J\a";
    managed_start();
    assert_string_equal(t.words, "it rejects this phone: \\x1b[2J\\x07");
}

static void test_without_anybody_it_tries_all_again_after_longer_and_longer_pauses(void **state)
{
    (void)state;
    managed_open_with("7975", 2, tell_three_rounds);
    t.managers[0].mood = t.managers[1].mood = MANAGER_ABSENT;
    managed_start();
    assert_string_equal(t.happened, "0:failed 1:failed 1:paused ");
    assert_int_equal(t.number, 5000);
    managed_pass(5000);
    assert_int_equal(t.number, 10000);
    assert_false(t.over);
    managed_pass(10000);
    assert_true(t.over);
    assert_string_equal(t.words, "connection refused");
}

static void test_with_patience_it_never_gives_up_and_pauses_no_longer_than_a_minute(void **state)
{
    (void)state;
    managed_open("7975", 1);
    t.managers[0].mood = MANAGER_ABSENT;
    managed_start();
    managed_pass(3600 * 1000);
    assert_false(t.over);
    assert_int_equal(t.number, 60000);
    t.managers[0].mood = MANAGER_ANSWERS;
    managed_pass(60000);
    assert_true(registration_is_done(t.r));
}

static void test_a_call_manager_that_is_not_trusted_is_left_for_the_next(void **state)
{
    (void)state;
    managed_open("7975", 2);
    t.managers[0].mood = MANAGER_FOREIGN;
    managed_start();
    assert_string_equal(t.happened, "0:failed 1:asks 1:taken 1:done ");
}

static void test_a_call_manager_that_says_nothing_is_left_for_the_next(void **state)
{
    (void)state;
    managed_open("7975", 2);
    t.managers[0].mood = MANAGER_SILENT;
    managed_start();
    managed_pass(9999);
    assert_string_equal(t.happened, "0:asks ");
    managed_pass(1);
    assert_string_equal(t.happened, "0:asks 0:failed 1:asks 1:taken 1:done 0:stands-by ");
    assert_string_equal(t.words, "it did not answer RegisterReq within 10 s");
}

static void test_what_a_phone_can_do_without_is_not_waited_for_longer(void **state)
{
    (void)state;
    managed_open("7975", 1);
    t.managers[0].dials = 1;
    t.managers[0].ignores = SCCP_SPEED_DIAL_STAT_REQ;
    managed_start();
    assert_false(registration_is_done(t.r));
    managed_pass(10000);
    assert_string_equal(t.happened, "0:asks 0:taken 0:unanswered 0:done ");
}

static void test_without_its_lines_it_is_not_registered(void **state)
{
    (void)state;
    managed_open("7975", 1);
    t.managers[0].ignores = SCCP_LINE_STAT_REQ;
    managed_start();
    managed_pass(10000);
    assert_string_equal(t.happened, "0:asks 0:taken 0:failed 0:paused ");
    assert_string_equal(t.words, "it did not answer LineStatReq");
    assert_false(registration_is_done(t.r));
}

/* ---- keepalives ---- */

static void test_keepalives_leave_at_the_interval_it_was_told(void **state)
{
    (void)state;
    managed_open("7975", 1);
    managed_start();
    managed_pass(29999);
    assert_int_equal(t.managers[0].keep_alives, 0);
    managed_pass(1);
    assert_int_equal(t.managers[0].keep_alives, 1);
    managed_pass(270000);
    assert_int_equal(t.managers[0].keep_alives, 10);
    assert_string_equal(t.happened, "0:asks 0:taken 0:done ");
}

static void test_after_three_keepalives_without_an_answer_it_goes_to_the_next(void **state)
{
    (void)state;
    managed_open("7975", 2);
    managed_start();
    t.managers[0].ignores_keep_alive = true;
    managed_pass(119999);
    assert_true(registration_is_done(t.r));
    assert_string_equal(t.happened, "0:asks 0:taken 0:done 1:stands-by 0:missed 0:missed ");
    managed_pass(1);
    assert_string_equal(t.happened,
                        "0:asks 0:taken 0:done 1:stands-by 0:missed 0:missed 0:lost 1:asks 1:taken "
                        "1:done 0:stands-by ");
    assert_string_equal(t.managers[1].alarm,
                        "17: Name=SEP001122334455 Load=SCCP75.9-4-2SR3-1S Last=KeepaliveTO|");
    assert_int_equal(t.managers[1].opened, 1); /* the standby's connection is used */
}

static void test_an_answered_keepalive_clears_those_before(void **state)
{
    (void)state;
    managed_open("7975", 1);
    managed_start();
    t.managers[0].ignores_keep_alive = true;
    managed_pass(90000);
    t.managers[0].ignores_keep_alive = false;
    managed_say_number(0, SCCP_KEEP_ALIVE_ACK, 0);
    managed_pass(600000);
    assert_true(registration_is_done(t.r));
    assert_null(strstr(t.happened, "lost"));
}

/* ---- standby, failover and back ---- */

static void test_a_standby_is_connected_kept_alive_and_not_registered_with(void **state)
{
    size_t standby = 9;
    (void)state;
    managed_open("7975", 3);
    managed_start();
    managed_pass(60000);
    assert_string_equal(t.managers[1].said, "KeepAlive KeepAlive ");
    assert_string_equal(t.managers[2].said, "");
    assert_true(registration_standby(t.r, &standby));
    assert_int_equal(standby, 1);
}

static void test_a_connection_that_breaks_is_followed_by_the_standby_at_once(void **state)
{
    (void)state;
    managed_open("7975", 2);
    managed_start();
    managed_pass(60000);
    t.managers[0].mood = MANAGER_ABSENT;
    managed_cut(0, LAST_TCP_RESET);
    assert_non_null(strstr(t.happened, "0:lost 1:asks 1:taken 1:done "));
    assert_string_equal(t.managers[1].alarm,
                        "13: Name=SEP001122334455 Load=SCCP75.9-4-2SR3-1S Last=CM-reset-TCP|");
}

static void go_to_the_second(void)
{
    managed_start();
    managed_pass(60000);
    t.managers[0].mood = MANAGER_ABSENT;
    managed_cut(0, LAST_TCP_CLOSED);
    assert_true(registration_is_done(t.r));
    t.managers[0].mood = MANAGER_ANSWERS;
    t.happened[0] = t.managers[0].said[0] = t.managers[0].alarm[0] = '\0';
}

static void test_it_goes_back_with_a_token_when_the_better_one_has_stood_for_two_minutes(
    void **state)
{
    size_t server = 9;
    unsigned version;
    (void)state;
    managed_open("7975", 2);
    go_to_the_second();
    managed_pass(30000); /* until it is tried again */
    assert_string_equal(t.happened, "0:stands-by ");
    managed_pass(119999);
    assert_true(registration_server(t.r, &server, &version) && server == 1);
    managed_pass(1);
    assert_string_equal(t.happened, "0:stands-by 0:asks-token 1:leaves 0:goes-back 0:asks 0:taken "
                                    "0:done 1:stands-by ");
    assert_true(registration_server(t.r, &server, &version) && server == 0);
    assert_string_equal(t.managers[0].alarm,
                        "18: Name=SEP001122334455 Load=SCCP75.9-4-2SR3-1S Last=Failback|");
    assert_string_equal(t.managers[0].token.device, MANAGED_DEVICE);
    assert_int_equal(t.managers[0].token.device_type, 437);
}

static void test_without_a_token_it_stays_and_asks_again_when_it_was_told(void **state)
{
    size_t server = 9;
    unsigned version;
    (void)state;
    managed_open("7975", 2);
    go_to_the_second();
    t.managers[0].token_wait = 60;
    managed_pass(150000);
    assert_string_equal(t.happened, "0:stands-by 0:asks-token 0:no-token ");
    managed_pass(59999);
    assert_string_equal(t.happened, "0:stands-by 0:asks-token 0:no-token ");
    t.managers[0].token_wait = 0;
    managed_pass(1);
    assert_true(registration_server(t.r, &server, &version) && server == 0);
}

static void test_nobody_goes_back_in_a_call(void **state)
{
    size_t server = 9;
    unsigned version;
    (void)state;
    managed_open("7975", 2);
    go_to_the_second();
    registration_set_streams(t.r, 2);
    managed_pass(3600 * 1000);
    assert_string_equal(t.happened, "0:stands-by ");
    registration_set_streams(t.r, 0);
    managed_pass(0);
    assert_true(registration_server(t.r, &server, &version) && server == 0);
}

static void test_a_call_manager_that_knows_of_a_call_keeps_the_phone(void **state)
{
    size_t server = 9;
    unsigned version;
    (void)state;
    managed_open("7975", 2);
    go_to_the_second();
    t.managers[1].unregister = SCCP_UNREGISTER_IN_CALL;
    managed_pass(150000);
    assert_string_equal(t.happened, "0:stands-by 0:asks-token 1:leaves 1:stays ");
    assert_true(registration_server(t.r, &server, &version) && server == 1);
    t.managers[1].unregister = SCCP_UNREGISTER_OK;
    managed_pass(60000);
    assert_true(registration_server(t.r, &server, &version) && server == 0);
}

static void test_active_streams_are_told_to_the_next_call_manager(void **state)
{
    (void)state;
    managed_open("7975", 2);
    managed_start();
    registration_set_streams(t.r, 1);
    t.managers[0].mood = MANAGER_ABSENT;
    managed_cut(0, LAST_TCP_RESET);
    managed_run();
    assert_int_equal(t.managers[1].registered.active_streams, 1);
}

static void test_one_that_takes_and_drops_is_not_hammered(void **state)
{
    (void)state;
    managed_open("7975", 1);
    managed_start();
    managed_cut(0, LAST_TCP_RESET);
    assert_string_equal(t.happened, "0:asks 0:taken 0:done 0:lost 0:failed 0:paused ");
    assert_int_equal(t.managers[0].opened, 1);
    managed_pass(5000);
    assert_int_equal(t.managers[0].opened, 2);
    assert_true(registration_is_done(t.r));
}

static void test_a_lost_standby_is_looked_for_every_half_minute(void **state)
{
    (void)state;
    managed_open("7975", 2);
    t.managers[1].mood = MANAGER_ABSENT;
    managed_start();
    managed_pass(29999);
    t.managers[1].mood = MANAGER_ANSWERS;
    assert_int_equal(t.managers[1].opened, 0);
    managed_pass(1);
    assert_int_equal(t.managers[1].opened, 1);
    managed_cut(1, LAST_TCP_CLOSED);
    assert_string_equal(t.happened, "0:asks 0:taken 0:done 1:stands-by 1:standby-lost ");
    managed_pass(30000);
    assert_int_equal(t.managers[1].opened, 2);
    assert_true(registration_is_done(t.r));
}

/* ---- orders and goodbyes ---- */

static void test_a_reset_is_followed_by_a_goodbye_and_a_new_boot(void **state)
{
    (void)state;
    managed_open("7975", 1);
    managed_start();
    managed_say_number(0, SCCP_RESET, SCCP_RESET_RESTART);
    managed_run();
    assert_true(t.again);
    assert_int_equal(t.reset, SCCP_RESET_RESTART);
    assert_non_null(strstr(t.managers[0].said, "Unregister "));
    assert_false(t.managers[0].open);
    assert_int_equal(registration_due(t.r), REGISTRATION_NEVER);
}

static void test_a_reset_waits_for_the_end_of_a_call(void **state)
{
    (void)state;
    managed_open("7975", 1);
    managed_start();
    registration_set_streams(t.r, 1);
    managed_say_number(0, SCCP_RESET, SCCP_RESET_DEVICE);
    managed_pass(600000);
    assert_false(t.again);
    registration_set_streams(t.r, 0);
    managed_run();
    assert_true(t.again);
    assert_int_equal(t.reset, SCCP_RESET_DEVICE);
}

static void test_a_phone_that_is_switched_off_says_goodbye(void **state)
{
    (void)state;
    managed_open("7975", 2);
    managed_start();
    registration_leave(t.r, t.now);
    managed_run();
    assert_true(t.over);
    assert_non_null(strstr(t.managers[0].said, "Unregister "));
    assert_false(t.managers[0].open || t.managers[1].open);
    assert_string_equal(t.words, "");
}

static void test_a_goodbye_is_not_waited_for_longer_than_two_seconds(void **state)
{
    (void)state;
    managed_open("7975", 1);
    managed_start();
    t.managers[0].ignores = SCCP_UNREGISTER;
    registration_leave(t.r, t.now);
    managed_pass(1999);
    assert_false(t.over);
    managed_pass(1);
    assert_true(t.over);
}

static void test_who_never_registered_leaves_without_a_word(void **state)
{
    (void)state;
    managed_open("7975", 1);
    t.managers[0].mood = MANAGER_ABSENT;
    managed_start();
    registration_leave(t.r, t.now);
    managed_run();
    assert_true(t.over);
}

/* ---- trust lists ---- */

static void tell_initial(struct registration_setup *setup)
{
    setup->lists = LISTS_INITIAL;
}

static void test_what_became_of_its_lists_is_told_once_by_phones_that_tell(void **state)
{
    (void)state;
    managed_open_with("8945", 2, tell_initial);
    managed_start();
    assert_non_null(strstr(t.managers[0].alarm, "|Name=SEP001122334455 TL=4(TL_INITIAL_SUCCESS)|"));
    managed_pass(60000);
    managed_cut(0, LAST_TCP_RESET);
    assert_null(strstr(t.managers[1].alarm, "TL="));
    managed_close();
    managed_open_with("7975", 1, tell_initial);
    managed_start();
    assert_null(strstr(t.managers[0].alarm, "TL="));
}

/* ---- what comes is not trusted ---- */

static void test_a_frame_may_come_a_byte_at_a_time(void **state)
{
    static const uint8_t frame[] = {8, 0, 0, 0, 0, 0, 0, 0, 0x9F, 0, 0, 0, 2, 0, 0, 0};
    (void)state;
    managed_open("7975", 1);
    managed_start();
    for (size_t i = 0; i < sizeof frame; i++) {
        assert_false(t.again);
        managed_say_raw(0, bytes_of(frame + i, 1));
        managed_run();
    }
    assert_true(t.again);
}

static void test_a_frame_that_is_too_large_ends_the_connection(void **state)
{
    static const uint8_t huge[] = {0x01, 0x20, 0, 0, 0, 0, 0, 0, 0x9F, 0, 0, 0};
    (void)state;
    managed_open("7975", 2);
    managed_start();
    managed_pass(60000);
    managed_say_raw(0, bytes_of(huge, sizeof huge));
    managed_run();
    assert_non_null(strstr(t.happened, "0:lost 1:asks 1:taken 1:done"));
}

static void test_messages_nobody_knows_are_skipped(void **state)
{
    static const uint8_t unknown[] = {8, 0, 0, 0, 0, 0, 0, 0, 0xEE, 0xEE, 0, 0, 1, 2, 3, 4};
    (void)state;
    managed_open("7975", 1);
    managed_start();
    managed_say_raw(0, bytes_of(unknown, sizeof unknown));
    managed_run();
    assert_string_equal(t.happened, "0:asks 0:taken 0:done 0:skipped ");
    assert_true(registration_is_done(t.r));
}

static void test_orders_of_a_call_manager_it_is_not_registered_with_count_for_nothing(void **state)
{
    (void)state;
    managed_open("7975", 2);
    managed_start();
    managed_say_number(1, SCCP_RESET, SCCP_RESET_DEVICE);
    managed_say_number(1, SCCP_REGISTER_TOKEN_ACK, 0);
    managed_say_number(1, SCCP_UNREGISTER_ACK, 0);
    managed_say_number(1, SCCP_REGISTER_ACK, 0);
    manager_answer_index(&t.managers[1], SCCP_LINE_STAT, 1);
    t.handed[0] = '\0';
    managed_run();
    assert_false(t.again);
    assert_string_equal(t.handed, "");
    assert_true(registration_is_done(t.r));
}

static void test_every_answer_cut_anywhere_leaves_the_engine_whole(void **state)
{
    (void)state;
    for (size_t cut = 1; cut < 200; cut++) {
        struct buffer frame;
        struct sccp_message m;
        managed_open("7975", 1);
        registration_start(t.r, t.now);
        buffer_init(&frame, SCCP_FRAME_MAX);
        sccp_message_init(&m, SCCP_BUTTON_TEMPLATE);
        m.button_template.count = UINT32_MAX;
        memset(m.button_template.buttons, SCCP_BUTTON_LINE, sizeof m.button_template.buttons);
        managed_run();
        assert_int_equal(sccp_write(&frame, 22, &m, NULL), 0);
        managed_say_raw(0, bytes_slice(buffer_bytes(&frame), 0, cut));
        managed_run();
        buffer_fini(&frame);
        managed_close();
    }
    managed_open("7975", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_a_phone_registers_and_asks_for_what_it_has, close_all),
        cmocka_unit_test_teardown(test_its_introduction_says_who_it_is, close_all),
        cmocka_unit_test_teardown(test_each_model_speaks_as_far_as_it_can, close_all),
        cmocka_unit_test_teardown(test_the_lower_version_is_spoken, close_all),
        cmocka_unit_test_teardown(test_a_7940_asks_for_its_configuration_too, close_all),
        cmocka_unit_test_teardown(test_a_7912_says_to_a_cucm_byte_for_byte_what_was_captured,
                                  close_all),
        cmocka_unit_test_teardown(test_a_rejection_is_told_in_the_call_managers_words_and_is_final,
                                  close_all),
        cmocka_unit_test_teardown(test_text_of_a_rejection_cannot_reach_the_terminal, close_all),
        cmocka_unit_test_teardown(
            test_without_anybody_it_tries_all_again_after_longer_and_longer_pauses, close_all),
        cmocka_unit_test_teardown(
            test_with_patience_it_never_gives_up_and_pauses_no_longer_than_a_minute, close_all),
        cmocka_unit_test_teardown(test_a_call_manager_that_is_not_trusted_is_left_for_the_next,
                                  close_all),
        cmocka_unit_test_teardown(test_a_call_manager_that_says_nothing_is_left_for_the_next,
                                  close_all),
        cmocka_unit_test_teardown(test_what_a_phone_can_do_without_is_not_waited_for_longer,
                                  close_all),
        cmocka_unit_test_teardown(test_without_its_lines_it_is_not_registered, close_all),
        cmocka_unit_test_teardown(test_keepalives_leave_at_the_interval_it_was_told, close_all),
        cmocka_unit_test_teardown(test_after_three_keepalives_without_an_answer_it_goes_to_the_next,
                                  close_all),
        cmocka_unit_test_teardown(test_an_answered_keepalive_clears_those_before, close_all),
        cmocka_unit_test_teardown(test_a_standby_is_connected_kept_alive_and_not_registered_with,
                                  close_all),
        cmocka_unit_test_teardown(test_a_connection_that_breaks_is_followed_by_the_standby_at_once,
                                  close_all),
        cmocka_unit_test_teardown(
            test_it_goes_back_with_a_token_when_the_better_one_has_stood_for_two_minutes,
            close_all),
        cmocka_unit_test_teardown(test_without_a_token_it_stays_and_asks_again_when_it_was_told,
                                  close_all),
        cmocka_unit_test_teardown(test_nobody_goes_back_in_a_call, close_all),
        cmocka_unit_test_teardown(test_a_call_manager_that_knows_of_a_call_keeps_the_phone,
                                  close_all),
        cmocka_unit_test_teardown(test_active_streams_are_told_to_the_next_call_manager, close_all),
        cmocka_unit_test_teardown(test_one_that_takes_and_drops_is_not_hammered, close_all),
        cmocka_unit_test_teardown(test_a_lost_standby_is_looked_for_every_half_minute, close_all),
        cmocka_unit_test_teardown(test_a_reset_is_followed_by_a_goodbye_and_a_new_boot, close_all),
        cmocka_unit_test_teardown(test_a_reset_waits_for_the_end_of_a_call, close_all),
        cmocka_unit_test_teardown(test_a_phone_that_is_switched_off_says_goodbye, close_all),
        cmocka_unit_test_teardown(test_a_goodbye_is_not_waited_for_longer_than_two_seconds,
                                  close_all),
        cmocka_unit_test_teardown(test_who_never_registered_leaves_without_a_word, close_all),
        cmocka_unit_test_teardown(test_what_became_of_its_lists_is_told_once_by_phones_that_tell,
                                  close_all),
        cmocka_unit_test_teardown(test_a_frame_may_come_a_byte_at_a_time, close_all),
        cmocka_unit_test_teardown(test_a_frame_that_is_too_large_ends_the_connection, close_all),
        cmocka_unit_test_teardown(test_messages_nobody_knows_are_skipped, close_all),
        cmocka_unit_test_teardown(
            test_orders_of_a_call_manager_it_is_not_registered_with_count_for_nothing, close_all),
        cmocka_unit_test_teardown(test_every_answer_cut_anywhere_leaves_the_engine_whole,
                                  close_all),
    };
    return RUN(tests);
}
