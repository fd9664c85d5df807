/* Scripts: what a user does, line by line. */
#include "support.h"

#include "base/text.h"
#include "phone/script.h"

#include <stdio.h>
#include <string.h>

static struct {
    struct handset *h;
    struct script *script;
    struct script_view view;
    int64_t now;
    char said[1000];
    char why[600];
} t;

static void run_handset(void)
{
    struct handset_step step;
    while (handset_step(t.h, &step)) {
        size_t used = strlen(t.said);
        if (step.kind == HANDSET_SAY)
            snprintf(t.said + used, sizeof t.said - used, "%s ", sccp_name(step.message->id));
    }
}

static void hear(const struct sccp_message *m)
{
    handset_message(t.h, m);
    run_handset();
}

static void say_state(uint32_t call, enum sccp_call_state state)
{
    struct sccp_message m;
    sccp_message_init(&m, SCCP_CALL_STATE);
    m.call_state = (struct sccp_call_state_message){.state = state, .line = 1, .call = call};
    hear(&m);
}

static void say_info(uint32_t call, const char *number, enum sccp_security security)
{
    struct sccp_message m;
    sccp_message_init(&m, SCCP_CALL_INFO);
    m.call_info.line = 1;
    m.call_info.call = call;
    m.call_info.type = SCCP_CALL_INBOUND;
    m.call_info.security = security;
    text_copy(m.call_info.calling.number, sizeof m.call_info.calling.number, number);
    hear(&m);
}

static int enter(void **state)
{
    struct sccp_message m;
    (void)state;
    memset(&t, 0, sizeof t);
    t.now = 5000;
    t.view.registered = true;
    assert_int_equal(handset_new(&t.h, idiom_of(model_find("7975"))), 0);
    handset_attach(t.h, true);
    sccp_message_init(&m, SCCP_BUTTON_TEMPLATE);
    m.button_template.buttons[0] =
        (struct sccp_button_slot){.instance = 1, .type = SCCP_BUTTON_LINE};
    m.button_template.count = 1;
    hear(&m);
    return 0;
}

static int leave(void **state)
{
    (void)state;
    script_free(t.script);
    handset_free(t.h);
    return 0;
}

static void open_script(const char *text)
{
    struct why why = WHY_NONE;
    script_free(t.script);
    t.script = NULL;
    if (script_parse(&t.script, bytes_of_string(text), &why) != 0)
        fail_msg("%s", why.text);
}

/* As whoever owns it does: steps while something can be done at once. */
static enum script_state run(void)
{
    for (;;) {
        struct why why = WHY_NONE;
        enum script_state state = script_step(t.script, t.h, &t.view, t.now, &why);
        text_copy(t.why, sizeof t.why, why.text);
        run_handset();
        if (state != SCRIPT_WAITS || script_due(t.script) > t.now)
            return state;
    }
}

static unsigned line_now(void)
{
    unsigned number = 0;
    return script_line(t.script, &number) ? number : 0;
}

/* ---- reading ---- */

static void test_lines_that_are_no_commands_are_named_with_what_is_wrong(void **state)
{
    static const struct {
        const char *text, *words;
    } rows[] = {
        {"jump", "line 1: 'jump' is nothing a user does"},
        {"\n\n dial", "line 3: dial: what?"},
        {"dial 2002 2003", "which line?"},
        {"dial 2002 line 0", "which line?"},
        {"hold it", "line 1: hold has nothing behind it"},
        {"press", "press: what?"},
        {"wait", "wait: what?"},
        {"wait soon", "wait soon: seconds are needed"},
        {"wait 1.2345", "seconds are needed"},
        {"wait -1", "seconds are needed"},
        {"wait 1 2", "too many words"},
        {"expect", "expect: what?"},
        {"expect locked", "nothing to expect is called 'locked': 'lock' is"},
        {"expect lock now", "expect lock has nothing behind it"},
        {"expect party", "expect party: what?"},
        {"answer within a-while", "within a-while: seconds are needed, or forever"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct why why = WHY_NONE;
        struct script *script = NULL;
        assert_int_equal(script_parse(&script, bytes_of_string(rows[i].text), &why), ERR_FORMAT);
        assert_null(script);
        if (!strstr(why.text, rows[i].words))
            fail_msg("%s: %s", rows[i].text, why.text);
    }
}

static void test_a_line_that_is_too_long_is_refused(void **state)
{
    char text[SCRIPT_LINE + 20];
    struct why why = WHY_NONE;
    struct script *script = NULL;
    (void)state;
    memset(text, '1', sizeof text);
    memcpy(text, "dial ", 5);
    assert_int_equal(script_parse(&script, bytes_of(text, sizeof text), &why), ERR_LIMIT);
    assert_non_null(strstr(why.text, "line 1: longer than 255 characters"));
}

static void test_comments_blanks_and_empty_lines_are_nothing(void **state)
{
    (void)state;
    open_script("# a comment\r\n\n   \t\n  # another\n");
    assert_int_equal(run(), SCRIPT_DONE);
    open_script("");
    assert_int_equal(run(), SCRIPT_DONE);
}

/* ---- doing ---- */

static void test_a_call_is_dialled_talked_in_and_ended(void **state)
{
    (void)state;
    open_script("dial 2002\nexpect ringback\nexpect connected within 30\nexpect lock\nwait 5\n"
                "end\nexpect idle\n");
    assert_int_equal(run(), SCRIPT_WAITS);
    assert_string_equal(t.said, "EnblocCall ");
    assert_int_equal(line_now(), 2);
    say_state(7, SCCP_STATE_RING_OUT);
    assert_int_equal(run(), SCRIPT_WAITS);
    assert_int_equal(line_now(), 3);
    t.now += 29000;
    say_state(7, SCCP_STATE_CONNECTED);
    say_info(7, "2002", SCCP_SECURITY_ENCRYPTED);
    assert_int_equal(run(), SCRIPT_WAITS);
    assert_int_equal(line_now(), 5);
    assert_int_equal(script_due(t.script), t.now + 5000);
    t.now += 4999;
    assert_int_equal(run(), SCRIPT_WAITS);
    t.now += 1;
    assert_int_equal(run(), SCRIPT_WAITS);
    assert_string_equal(t.said, "EnblocCall SoftKeyEvent ");
    say_state(7, SCCP_STATE_ON_HOOK);
    assert_int_equal(run(), SCRIPT_DONE);
}

static void test_an_act_is_tried_until_it_is_possible(void **state)
{
    (void)state;
    open_script("answer within 60");
    assert_int_equal(run(), SCRIPT_WAITS);
    t.now += 59999;
    assert_int_equal(run(), SCRIPT_WAITS);
    say_state(7, SCCP_STATE_RING_IN);
    assert_int_equal(run(), SCRIPT_DONE);
    assert_string_equal(t.said, "OffHook ");
}

static void test_after_its_time_a_line_has_failed_and_says_why(void **state)
{
    (void)state;
    open_script("wait 1\nanswer");
    assert_int_equal(run(), SCRIPT_WAITS);
    t.now += 1000;
    assert_int_equal(run(), SCRIPT_WAITS);
    assert_int_equal(script_due(t.script), t.now + 10000);
    t.now += 10000;
    assert_int_equal(run(), SCRIPT_FAILED);
    assert_string_equal(t.why, "line 2: answer: no call rings");
}

static void test_what_can_never_be_done_fails_at_once(void **state)
{
    (void)state;
    open_script("dial 20x2");
    assert_int_equal(run(), SCRIPT_FAILED);
    assert_non_null(strstr(t.why, "line 1: dial 20x2: '20x2' cannot be dialled"));
}

static void test_forever_is_waited_for(void **state)
{
    (void)state;
    open_script("answer within forever");
    assert_int_equal(run(), SCRIPT_WAITS);
    assert_int_equal(script_due(t.script), SCRIPT_NEVER);
    t.now += INT64_C(1000) * 86400 * 365;
    assert_int_equal(run(), SCRIPT_WAITS);
}

static void test_a_phone_that_is_not_registered_does_nothing_but_wait_and_look(void **state)
{
    (void)state;
    t.view.registered = false;
    open_script("expect idle\ndial 2002\n");
    assert_int_equal(run(), SCRIPT_WAITS);
    assert_int_equal(line_now(), 2);
    t.now += 10000;
    assert_int_equal(run(), SCRIPT_FAILED);
    assert_string_equal(t.why, "line 2: dial 2002: the phone is not registered");
    open_script("expect registered");
    assert_int_equal(run(), SCRIPT_WAITS);
    t.view.registered = true;
    assert_int_equal(run(), SCRIPT_DONE);
}

/* ---- expectations ---- */

static void test_who_is_refused_does_not_wait_to_be_connected(void **state)
{
    static const enum sccp_call_state refusals[] = {SCCP_STATE_BUSY, SCCP_STATE_CONGESTION,
                                                    SCCP_STATE_INVALID_NUMBER};
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        open_script("expect connected within forever");
        say_state(7, SCCP_STATE_PROCEED);
        assert_int_equal(run(), SCRIPT_WAITS);
        say_state(8, refusals[i]);
        assert_int_equal(run(), SCRIPT_WAITS); /* the other call may be */
        say_state(7, SCCP_STATE_ON_HOOK);
        assert_int_equal(run(), SCRIPT_FAILED);
        assert_non_null(
            strstr(t.why, "line 1: expect connected within forever: there will be no call: "));
        say_state(8, SCCP_STATE_ON_HOOK);
    }
}

static void test_what_is_typed_is_tried_once_and_told_without_a_number(void **state)
{
    struct why why = WHY_NONE;
    (void)state;
    assert_int_equal(script_of_typed(&t.script, "dail 2002", &why), ERR_FORMAT);
    assert_true(text_starts(why.text, "'dail' is nothing a user does"));
    assert_int_equal(script_of_typed(&t.script, "answer", &why), 0);
    assert_int_equal(run(), SCRIPT_FAILED);
    assert_true(text_starts(t.why, "answer: no call rings"));
    script_free(t.script);
    assert_int_equal(script_of_typed(&t.script, "answer within 5", &why), 0);
    assert_int_equal(run(), SCRIPT_WAITS);
    script_free(t.script);
    assert_int_equal(script_of_typed(&t.script, "wait 5", &why), 0);
    assert_int_equal(run(), SCRIPT_WAITS);
}

static void test_the_icon_that_is_shown_is_told_when_another_was_expected(void **state)
{
    (void)state;
    say_state(7, SCCP_STATE_CONNECTED);
    say_info(7, "2002", SCCP_SECURITY_AUTHENTICATED);
    open_script("expect shield\nexpect lock within 2");
    assert_int_equal(run(), SCRIPT_WAITS);
    t.now += 2000;
    assert_int_equal(run(), SCRIPT_FAILED);
    assert_string_equal(t.why, "line 2: expect lock within 2: it is not so: connected with 2002, "
                               "the screen shows shield");
    say_info(7, "2002", SCCP_SECURITY_NOT_AUTHENTICATED);
    open_script("expect none");
    assert_int_equal(run(), SCRIPT_DONE);
}

static void test_states_of_calls_have_their_words(void **state)
{
    static const struct {
        enum sccp_call_state state;
        const char *word;
    } rows[] = {
        {SCCP_STATE_OFF_HOOK, "dialtone"},
        {SCCP_STATE_RING_IN, "ringing"},
        {SCCP_STATE_CALL_WAITING, "ringing"},
        {SCCP_STATE_RING_OUT, "ringback"},
        {SCCP_STATE_CONNECTED, "connected"},
        {SCCP_STATE_HOLD, "held"},
        {SCCP_STATE_BUSY, "busy"},
        {SCCP_STATE_CONGESTION, "reorder"},
        {SCCP_STATE_INVALID_NUMBER, "reorder"},
    };
    char text[60];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        text_format(text, sizeof text, "expect %s within 0", rows[i].word);
        open_script(text);
        assert_int_equal(run(), SCRIPT_FAILED);
        say_state(7, rows[i].state);
        open_script(text);
        assert_int_equal(run(), SCRIPT_DONE);
        say_state(7, SCCP_STATE_ON_HOOK);
    }
}

static void test_parties_and_prompts_are_looked_for_by_their_text(void **state)
{
    struct sccp_message m;
    (void)state;
    say_state(7, SCCP_STATE_RING_IN);
    say_info(7, "2002", SCCP_SECURITY_UNKNOWN);
    sccp_message_init(&m, SCCP_DISPLAY_PROMPT);
    m.display_prompt.call = 7;
    text_copy(m.display_prompt.text, sizeof m.display_prompt.text, "\x80\x17 2002");
    hear(&m);
    open_script("expect party 2002\nexpect prompt From  2002\nexpect party 2003 within 0");
    assert_int_equal(run(), SCRIPT_FAILED);
    assert_non_null(strstr(t.why, "line 3:"));
}

static void test_audio_is_ten_packets_and_silence_a_second_without_one(void **state)
{
    (void)state;
    say_state(7, SCCP_STATE_CONNECTED);
    t.view.heard = 100;
    open_script("expect audio\nexpect silence");
    assert_int_equal(run(), SCRIPT_WAITS);
    assert_int_equal(script_due(t.script), t.now + 100); /* nobody tells: it looks */
    t.view.heard = 109;
    assert_int_equal(run(), SCRIPT_WAITS);
    assert_int_equal(line_now(), 1);
    t.view.heard = 110;
    assert_int_equal(run(), SCRIPT_WAITS);
    assert_int_equal(line_now(), 2);
    t.now += 900;
    t.view.heard = 111;
    assert_int_equal(run(), SCRIPT_WAITS);
    t.now += 999;
    assert_int_equal(run(), SCRIPT_WAITS);
    t.now += 1;
    assert_int_equal(run(), SCRIPT_DONE);
}

static void test_encryption_is_of_both_directions(void **state)
{
    (void)state;
    say_state(7, SCCP_STATE_CONNECTED);
    open_script("expect srtp within 0");
    assert_int_equal(run(), SCRIPT_FAILED);
    open_script("expect clear within 0"); /* there is no audio at all */
    assert_int_equal(run(), SCRIPT_FAILED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_lines_that_are_no_commands_are_named_with_what_is_wrong),
        TEST(test_a_line_that_is_too_long_is_refused),
        TEST(test_comments_blanks_and_empty_lines_are_nothing),
        TEST(test_a_call_is_dialled_talked_in_and_ended),
        TEST(test_an_act_is_tried_until_it_is_possible),
        TEST(test_after_its_time_a_line_has_failed_and_says_why),
        TEST(test_what_can_never_be_done_fails_at_once),
        TEST(test_forever_is_waited_for),
        TEST(test_a_phone_that_is_not_registered_does_nothing_but_wait_and_look),
        TEST(test_who_is_refused_does_not_wait_to_be_connected),
        TEST(test_what_is_typed_is_tried_once_and_told_without_a_number),
        TEST(test_the_icon_that_is_shown_is_told_when_another_was_expected),
        TEST(test_states_of_calls_have_their_words),
        TEST(test_parties_and_prompts_are_looked_for_by_their_text),
        TEST(test_audio_is_ten_packets_and_silence_a_second_without_one),
        TEST(test_encryption_is_of_both_directions),
    };
    return RUN(tests);
}
