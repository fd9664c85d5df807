/* What the user of a phone sees and does. */
#include "captured.h"

#include "phone/handset.h"

static struct {
    struct handset *h;
    unsigned version;
    char said[2000];  /* by the phone, with what matters of each message */
    char told[4000];  /* changes */
    char media[1000]; /* orders about audio */
    char words[300];
    struct bytes frames[16]; /* what was said, as frames; the caller of say_frames() frees them */
    size_t frame_count;
    bool keeps_frames;
    enum sccp_media_status status; /* of audio */
    struct rtp_keys keys;          /* of the last order */
    struct address remote;
} t;

static void add(char *out, size_t size, const char *format, ...) PRINTF_LIKE(3, 4);
static void add(char *out, size_t size, const char *format, ...)
{
    va_list values;
    size_t used = strlen(out);
    va_start(values, format);
    vsnprintf(out + used, size - used, format, values);
    va_end(values);
}

/* ---- the phone ---- */

static void note_said(const struct sccp_message *m)
{
    switch (m->id) {
    case SCCP_KEYPAD_BUTTON:
        add(t.said, sizeof t.said, "key %u@%u/%u ", m->keypad_button.button, m->keypad_button.line,
            m->keypad_button.call);
        break;
    case SCCP_SOFT_KEY_EVENT:
        add(t.said, sizeof t.said, "soft %u@%u/%u ", m->soft_key_event.event,
            m->soft_key_event.line, m->soft_key_event.call);
        break;
    case SCCP_ENBLOC_CALL:
        add(t.said, sizeof t.said, "enbloc %s@%u ", m->enbloc_call.number, m->enbloc_call.line);
        break;
    case SCCP_OFF_HOOK:
    case SCCP_ON_HOOK:
        add(t.said, sizeof t.said, "%s %u/%u ", sccp_name(m->id), m->hook.line, m->hook.call);
        break;
    case SCCP_CONNECTION_STATISTICS_RES:
        add(t.said, sizeof t.said, "statistics %s/%u sent %u lost %u ",
            m->connection_statistics.number, m->connection_statistics.call,
            m->connection_statistics.packets_sent, m->connection_statistics.packets_lost);
        break;
    default:
        add(t.said, sizeof t.said, "%s %u/%u/%u port %u status %u ", sccp_name(m->id),
            m->media_ack.conference, m->media_ack.party, m->media_ack.call, m->media_ack.port,
            m->media_ack.status);
        break;
    }
}

static void keep_frame(const struct sccp_message *m)
{
    struct buffer frame;
    buffer_init(&frame, SCCP_FRAME_MAX);
    assert_int_equal(sccp_write(&frame, t.version, m, NULL), 0);
    assert_true(t.frame_count < sizeof t.frames / sizeof *t.frames);
    t.frames[t.frame_count++] = buffer_bytes(&frame);
}

static void note_told(const struct handset_step *step)
{
    const struct handset_call *call = handset_call(t.h, step->call);
    switch (step->what) {
    case HANDSET_CALL:
        add(t.told, sizeof t.told, "%s%s; ", handset_state_text(call->state),
            call->preserved ? " (preserved)" : "");
        break;
    case HANDSET_PARTY:
        add(t.told, sizeof t.told, "with %s %s; ", call->number, call->name);
        break;
    case HANDSET_ICON:
        add(t.told, sizeof t.told, "icon %s; ", handset_icon_text(step->number));
        break;
    case HANDSET_PROMPT:
    case HANDSET_NOTICE:
        add(t.told, sizeof t.told, "'%s'; ", step->words);
        break;
    case HANDSET_OVER:
        add(t.told, sizeof t.told, "gone; ");
        break;
    case HANDSET_REFUSED:
        text_copy(t.words, sizeof t.words, step->words);
        add(t.told, sizeof t.told, "refused; ");
        break;
    default:
        break;
    }
}

static void give_audio(const struct handset_step *step)
{
    struct address local;
    bool receive = step->kind == HANDSET_RECEIVE;
    add(t.media, sizeof t.media, "%s %s; ", receive ? "receive" : "transmit",
        step->keys ? "srtp" : "clear");
    if (step->keys)
        t.keys = *step->keys;
    t.remote = step->remote;
    assert_int_equal(address_parse(&local, "10.102.10.209", 0x4000), 0);
    const struct address *where = t.status == SCCP_MEDIA_OK ? &local : NULL;
    if (receive)
        handset_receives(t.h, step->call, t.status, where);
    else
        handset_transmits(t.h, step->call, t.status, where);
}

static void take_step(const struct handset_step *step)
{
    static const struct sccp_connection_statistics statistics = {.packets_sent = 250,
                                                                 .packets_lost = 3};
    switch (step->kind) {
    case HANDSET_SAY:
        note_said(step->message);
        if (t.keeps_frames)
            keep_frame(step->message);
        break;
    case HANDSET_RECEIVE:
    case HANDSET_TRANSMIT:
        give_audio(step);
        break;
    case HANDSET_STOP_RECEIVING:
        add(t.media, sizeof t.media, "deaf; ");
        break;
    case HANDSET_STOP_TRANSMITTING:
        add(t.media, sizeof t.media, "mute; ");
        break;
    case HANDSET_REPORT:
        handset_reports(t.h, step->call, &statistics);
        break;
    case HANDSET_TELL:
        note_told(step);
        break;
    }
}

static void run(void)
{
    struct handset_step step;
    while (handset_step(t.h, &step))
        take_step(&step);
}

static void forget(void)
{
    t.said[0] = t.told[0] = t.media[0] = '\0';
}

/* ---- the call manager ---- */

static void hear(const struct sccp_message *m)
{
    handset_message(t.h, m);
    run();
}

static void give_lines(unsigned lines)
{
    struct sccp_message m;
    sccp_message_init(&m, SCCP_BUTTON_TEMPLATE);
    for (uint8_t i = 0; i < lines; i++)
        m.button_template.buttons[i] =
            (struct sccp_button_slot){.instance = i + 1u, .type = SCCP_BUTTON_LINE};
    m.button_template.count = lines;
    hear(&m);
    for (uint32_t i = 1; i <= lines; i++) {
        sccp_message_init(&m, SCCP_LINE_STAT);
        m.line_stat.line = i;
        text_format(m.line_stat.number, sizeof m.line_stat.number, "200%u", i);
        hear(&m);
    }
}

/* Keys of the phone's own dictionary, and three sets: idle, connected, and that of a dial tone. */
static void give_keys(void)
{
    static const uint8_t events[] = {SCCP_KEY_REDIAL,   SCCP_KEY_NEW_CALL, SCCP_KEY_HOLD,
                                     SCCP_KEY_TRANSFER, SCCP_KEY_END_CALL, SCCP_KEY_RESUME,
                                     SCCP_KEY_ANSWER};
    struct sccp_message m;
    sccp_message_init(&m, SCCP_SOFT_KEY_TEMPLATE);
    for (size_t i = 0; i < sizeof events; i++) {
        m.soft_key_template.keys[i].event = events[i];
        m.soft_key_template.keys[i].label[0] = (char)SCCP_DICTIONARY;
        m.soft_key_template.keys[i].label[1] = (char)events[i];
    }
    m.soft_key_template.count = sizeof events;
    hear(&m);
    sccp_message_init(&m, SCCP_SOFT_KEY_SET);
    memcpy(m.soft_key_sets.sets[SCCP_KEYS_ON_HOOK].key, "\1\2", 2);
    memcpy(m.soft_key_sets.sets[SCCP_KEYS_CONNECTED].key, "\3\5\4", 3);
    memcpy(m.soft_key_sets.sets[SCCP_KEYS_ON_HOLD].key, "\6\2", 2);
    memcpy(m.soft_key_sets.sets[SCCP_KEYS_RING_IN].key, "\7", 1);
    memcpy(m.soft_key_sets.sets[SCCP_KEYS_OFF_HOOK].key, "\5", 1);
    memcpy(m.soft_key_sets.sets[SCCP_KEYS_TRANSFER].key, "\3\5\4", 3);
    hear(&m);
}

static void say_state(uint32_t call, enum sccp_call_state state, enum sccp_key_set set)
{
    struct sccp_message m;
    sccp_message_init(&m, SCCP_CALL_STATE);
    m.call_state = (struct sccp_call_state_message){.state = state, .line = 1, .call = call};
    hear(&m);
    sccp_message_init(&m, SCCP_SELECT_SOFT_KEYS);
    m.select_soft_keys =
        (struct sccp_select_soft_keys){.line = 1, .call = call, .set = set, .mask = SCCP_KEYS_ALL};
    hear(&m);
}

static void say_info(uint32_t call, enum sccp_call_type type, const char *number,
                     enum sccp_security security)
{
    struct sccp_message m;
    sccp_message_init(&m, SCCP_CALL_INFO);
    m.call_info.line = 1;
    m.call_info.call = call;
    m.call_info.type = type;
    m.call_info.security = security;
    struct sccp_party *other =
        type == SCCP_CALL_OUTBOUND ? &m.call_info.called : &m.call_info.calling;
    struct sccp_party *own =
        type == SCCP_CALL_OUTBOUND ? &m.call_info.calling : &m.call_info.called;
    text_copy(other->number, sizeof other->number, number);
    text_copy(own->number, sizeof own->number, "2001");
    hear(&m);
}

static const struct sccp_keys some_keys = {.algorithm = SCCP_SRTP_AES_128_SHA1_32,
                                           .key_size = 16,
                                           .salt_size = 14,
                                           .key = "0123456789abcde",
                                           .salt = "salt of 14 b"};

static void say_open(uint32_t call, const struct sccp_keys *keys)
{
    struct sccp_message m;
    sccp_message_init(&m, SCCP_OPEN_RECEIVE_CHANNEL);
    m.open_receive_channel.conference = call;
    m.open_receive_channel.party = call + 100;
    m.open_receive_channel.call = call;
    m.open_receive_channel.packet_ms = 20;
    m.open_receive_channel.codec = SCCP_G711_ULAW;
    if (keys)
        m.open_receive_channel.keys = *keys;
    hear(&m);
}

static void say_start(uint32_t call, const struct sccp_keys *keys)
{
    struct sccp_message m;
    sccp_message_init(&m, SCCP_START_MEDIA_TRANSMISSION);
    m.start_media_transmission.conference = call;
    m.start_media_transmission.party = call + 100;
    m.start_media_transmission.call = call;
    m.start_media_transmission.packet_ms = 20;
    m.start_media_transmission.codec = SCCP_G711_ULAW;
    memcpy(m.start_media_transmission.remote.bytes, "\x0a\0\0\x07", 4);
    m.start_media_transmission.remote_port = 24680;
    if (keys)
        m.start_media_transmission.keys = *keys;
    hear(&m);
}

static void say_end_media(enum sccp_id id, uint32_t call)
{
    struct sccp_message m;
    sccp_message_init(&m, id);
    m.end_media = (struct sccp_end_media){.conference = call, .party = call + 100, .call = call};
    hear(&m);
}

static void talk(uint32_t call, const struct sccp_keys *keys, enum sccp_security security)
{
    say_open(call, keys);
    say_state(call, SCCP_STATE_CONNECTED, SCCP_KEYS_CONNECTED);
    say_info(call, SCCP_CALL_INBOUND, "2002", security);
    say_start(call, keys);
}

static void ring(uint32_t call)
{
    say_state(call, SCCP_STATE_RING_IN, SCCP_KEYS_RING_IN);
    say_info(call, SCCP_CALL_INBOUND, "2002", SCCP_SECURITY_UNKNOWN);
}

/* ---- birth and death ---- */

static void open_phone(const char *model)
{
    memset(&t, 0, sizeof t);
    t.version = 22;
    assert_int_equal(handset_new(&t.h, idiom_of(model_find(model))), 0);
    handset_attach(t.h, true);
    give_lines(2);
    give_keys();
    forget();
}

static int enter(void **state)
{
    (void)state;
    open_phone("7975");
    return 0;
}

static int enter_old(void **state)
{
    (void)state;
    open_phone("7940");
    return 0;
}

static int leave(void **state)
{
    (void)state;
    run();
    handset_free(t.h);
    return 0;
}

#define DONE(act)                                     \
    do {                                              \
        struct why why_ = WHY_NONE;                   \
        int result_ = (act);                          \
        if (result_)                                  \
            fail_msg("%s", why_text(&why_, result_)); \
        run();                                        \
    } while (0)

/* ---- golden ---- */

static struct captured captured[80];

static void answer_where_the_7912_did(struct bytes frame)
{
    struct sccp_message m;
    assert_int_equal(sccp_read(&m, CAPTURED_VERSION, frame, NULL), 0);
    if (m.id == SCCP_OFF_HOOK)
        DONE(handset_answer(t.h, &why_));
    else if (m.id == SCCP_SOFT_KEY_EVENT)
        DONE(handset_end(t.h, &why_));
}

/* It says the same bytes at the same places, and what the screen showed is what it shows. */
static void test_a_call_of_a_7912_through_a_cucm_is_answered_as_it_was_captured(void **state)
{
    size_t compared = 0;
    (void)state;
    size_t count =
        captured_read(captured, sizeof captured / sizeof *captured, "sccp/capture-cucm41-call.txt");
    memset(&t, 0, sizeof t);
    t.version = CAPTURED_VERSION;
    t.keeps_frames = true;
    assert_int_equal(handset_new(&t.h, idiom_of(model_find("7912"))), 0);
    handset_attach(t.h, false);
    for (size_t i = 0; i < count; i++) {
        struct bytes frame = captured_bytes(&captured[i]);
        struct sccp_message m;
        uint32_t id = sccp_frame_id(frame);
        if (!captured[i].from_phone) {
            assert_int_equal(sccp_read(&m, CAPTURED_VERSION, frame, NULL), 0);
            hear(&m);
            continue;
        }
        if (id != SCCP_OFF_HOOK && id != SCCP_OPEN_RECEIVE_CHANNEL_ACK && id != SCCP_SOFT_KEY_EVENT)
            continue; /* of the registration */
        answer_where_the_7912_did(frame);
        assert_true(compared < t.frame_count);
        assert_bytes_equal(t.frames[compared], frame);
        compared++;
    }
    assert_int_equal(compared, 3);
    assert_string_equal(t.told, "'Your current options'; 'Your current options'; ringing; "
                                "'From 1003'; 'From 1003'; with 1003 Python; off hook; connected; "
                                "'Connected'; icon none; over; gone; ");
    assert_string_equal(t.media, "receive clear; transmit clear; deaf; mute; ");
    for (size_t i = 0; i < t.frame_count; i++)
        vector_free(t.frames[i]);
}

/* ---- dialling ---- */

static void test_a_newer_phone_dials_a_number_whole(void **state)
{
    (void)state;
    DONE(handset_dial(t.h, "2002", 0, &why_));
    assert_string_equal(t.said, "enbloc 2002@1 ");
    forget();
    DONE(handset_dial(t.h, "2002", 2, &why_));
    assert_string_equal(t.said, "enbloc 2002@2 ");
}

static void test_an_older_phone_waits_for_the_dial_tone_and_presses_the_keys(void **state)
{
    (void)state;
    DONE(handset_dial(t.h, "20*#", 0, &why_));
    assert_string_equal(t.said, "soft 2@1/0 ");
    forget();
    say_state(7, SCCP_STATE_OFF_HOOK, SCCP_KEYS_OFF_HOOK);
    assert_string_equal(t.said, "key 2@1/7 key 0@1/7 key 14@1/7 key 15@1/7 ");
    forget();
    say_state(8, SCCP_STATE_OFF_HOOK, SCCP_KEYS_OFF_HOOK);
    assert_string_equal(t.said, "");
}

static void test_a_second_call_is_dialled_at_its_own_dial_tone(void **state)
{
    (void)state;
    talk(5, NULL, SCCP_SECURITY_NOT_AUTHENTICATED);
    say_state(5, SCCP_STATE_HOLD, SCCP_KEYS_ON_HOLD);
    forget();
    DONE(handset_dial(t.h, "2003", 0, &why_));
    assert_string_equal(t.said, "soft 2@1/0 ");
    say_state(6, SCCP_STATE_OFF_HOOK, SCCP_KEYS_OFF_HOOK);
    assert_string_equal(t.said, "soft 2@1/0 key 2@1/6 key 0@1/6 key 0@1/6 key 3@1/6 ");
}

static void test_what_is_no_number_is_not_dialled(void **state)
{
    static const char *const wrong[] = {"", "20a1", "2001;", "1234567890123456789012345"};
    struct why why;
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        why = (struct why)WHY_NONE;
        assert_int_equal(handset_dial(t.h, wrong[i], 0, &why), ERR_USAGE);
        assert_non_null(strstr(why.text, "cannot be dialled"));
    }
    run();
    assert_string_equal(t.said, "");
}

static void test_a_phone_without_lines_dials_nothing(void **state)
{
    struct why why = WHY_NONE;
    (void)state;
    handset_attach(t.h, true); /* registered again, and not yet told */
    assert_int_equal(handset_dial(t.h, "2002", 0, &why), ERR_CONFLICT);
    assert_string_equal(why.text, "the phone has no line");
}

/* ---- keys that are there, and are not ---- */

static void test_only_keys_of_the_screen_can_be_pressed(void **state)
{
    struct why why = WHY_NONE;
    (void)state;
    assert_int_equal(handset_press(t.h, "Hold", &why), ERR_CONFLICT);
    assert_string_equal(why.text, "the screen has no key Hold now; it has Redial, NewCall");
    DONE(handset_press(t.h, "redial", &why_));
    assert_string_equal(t.said, "soft 1@1/0 ");
}

static void test_a_key_that_the_mask_leaves_out_is_not_there(void **state)
{
    struct sccp_message m;
    struct why why = WHY_NONE;
    (void)state;
    talk(5, NULL, SCCP_SECURITY_NOT_AUTHENTICATED);
    sccp_message_init(&m, SCCP_SELECT_SOFT_KEYS);
    m.select_soft_keys = (struct sccp_select_soft_keys){
        .line = 1, .call = 5, .set = SCCP_KEYS_CONNECTED, .mask = ~UINT32_C(1)};
    hear(&m);
    assert_int_equal(handset_hold(t.h, &why), ERR_CONFLICT);
    assert_string_equal(why.text, "the screen has no key Hold now; it has EndCall, Transfer");
}

static void test_acts_without_their_call_say_what_is_missing(void **state)
{
    struct why why;
    (void)state;
    why = (struct why)WHY_NONE;
    assert_int_equal(handset_answer(t.h, &why), ERR_CONFLICT);
    assert_string_equal(why.text, "no call rings");
    why = (struct why)WHY_NONE;
    assert_int_equal(handset_hold(t.h, &why), ERR_CONFLICT);
    assert_string_equal(why.text, "no call is talked in");
    why = (struct why)WHY_NONE;
    assert_int_equal(handset_resume(t.h, &why), ERR_CONFLICT);
    assert_string_equal(why.text, "no call is on hold");
    why = (struct why)WHY_NONE;
    assert_int_equal(handset_end(t.h, &why), ERR_CONFLICT);
    assert_string_equal(why.text, "there is no call");
    why = (struct why)WHY_NONE;
    assert_int_equal(handset_complete(t.h, &why), ERR_CONFLICT);
    assert_string_equal(why.text, "nobody is called who could get the call");
}

/* ---- calls ---- */

static void test_a_call_that_rings_is_answered_with_the_handset_and_a_second_with_the_key(
    void **state)
{
    (void)state;
    ring(5);
    assert_string_equal(t.told, "ringing; with 2002 ; ");
    DONE(handset_answer(t.h, &why_));
    assert_string_equal(t.said, "OffHook 1/5 ");
    talk(5, NULL, SCCP_SECURITY_NOT_AUTHENTICATED);
    ring(6);
    forget();
    DONE(handset_answer(t.h, &why_));
    assert_string_equal(t.said, "soft 11@1/6 ");
}

static void test_hold_and_resume_are_keys_of_the_call(void **state)
{
    (void)state;
    talk(5, NULL, SCCP_SECURITY_NOT_AUTHENTICATED);
    forget();
    DONE(handset_hold(t.h, &why_));
    say_state(5, SCCP_STATE_HOLD, SCCP_KEYS_ON_HOLD);
    DONE(handset_resume(t.h, &why_));
    assert_string_equal(t.said, "soft 3@1/5 soft 10@1/5 ");
}

static void test_a_transfer_dials_for_the_other_and_hands_over_with_the_same_key(void **state)
{
    struct why why = WHY_NONE;
    (void)state;
    talk(5, NULL, SCCP_SECURITY_NOT_AUTHENTICATED);
    forget();
    DONE(handset_transfer(t.h, "23", &why_));
    assert_string_equal(t.said, "soft 4@1/5 ");
    say_state(5, SCCP_STATE_TRANSFER, SCCP_KEYS_ON_HOLD);
    assert_int_equal(handset_complete(t.h, &why), ERR_CONFLICT);
    say_state(6, SCCP_STATE_OFF_HOOK, SCCP_KEYS_OFF_HOOK_FEATURE);
    assert_string_equal(t.said, "soft 4@1/5 key 2@1/6 key 3@1/6 ");
    say_state(6, SCCP_STATE_RING_OUT, SCCP_KEYS_TRANSFER);
    forget();
    DONE(handset_complete(t.h, &why_));
    assert_string_equal(t.said, "soft 4@1/6 ");
}

static void test_the_end_is_said_with_the_key_or_else_with_the_handset(void **state)
{
    (void)state;
    talk(5, NULL, SCCP_SECURITY_NOT_AUTHENTICATED);
    forget();
    DONE(handset_end(t.h, &why_));
    say_state(5, SCCP_STATE_BUSY, SCCP_KEYS_ON_HOOK);
    DONE(handset_end(t.h, &why_));
    assert_string_equal(t.said, "soft 9@1/5 OnHook 1/5 ");
}

static void test_a_call_that_is_over_is_gone_with_its_audio(void **state)
{
    (void)state;
    talk(5, NULL, SCCP_SECURITY_NOT_AUTHENTICATED);
    assert_int_equal(handset_streams(t.h), 1);
    forget();
    say_state(5, SCCP_STATE_ON_HOOK, SCCP_KEYS_ON_HOOK);
    assert_string_equal(t.media, "deaf; mute; ");
    assert_string_equal(t.told, "over; gone; ");
    assert_null(handset_call(t.h, 0));
    assert_int_equal(handset_streams(t.h), 0);
}

static void test_more_calls_than_a_phone_can_have_are_left_out(void **state)
{
    (void)state;
    for (uint32_t i = 1; i <= HANDSET_CALLS + 2; i++)
        say_state(i, SCCP_STATE_RING_IN, SCCP_KEYS_RING_IN);
    assert_non_null(handset_call(t.h, HANDSET_CALLS - 1));
    forget();
    say_open(HANDSET_CALLS + 1, NULL);
    assert_string_equal(t.said, "OpenReceiveChannelAck 0/117/17 port 0 status 2 ");
}

static void test_after_a_transfer_the_party_is_whoever_is_not_this_phone(void **state)
{
    struct sccp_message m;
    (void)state;
    talk(5, NULL, SCCP_SECURITY_NOT_AUTHENTICATED);
    forget();
    sccp_message_init(&m, SCCP_CALL_INFO);
    m.call_info.call = 5;
    m.call_info.line = 1;
    m.call_info.type = SCCP_CALL_INBOUND;
    text_copy(m.call_info.calling.number, sizeof m.call_info.calling.number, "2001");
    text_copy(m.call_info.called.number, sizeof m.call_info.called.number, "2003");
    hear(&m);
    assert_string_equal(t.told, "with 2003 ; ");
}

/* ---- the lock ---- */

static void test_the_icon_is_shown_when_the_call_is_connected_and_follows_each_change(void **state)
{
    (void)state;
    ring(5);
    say_info(5, SCCP_CALL_INBOUND, "2002", SCCP_SECURITY_ENCRYPTED); /* while it rings */
    assert_null(strstr(t.told, "icon"));
    say_state(5, SCCP_STATE_CONNECTED, SCCP_KEYS_CONNECTED);
    say_info(5, SCCP_CALL_INBOUND, "2002", SCCP_SECURITY_ENCRYPTED);
    say_info(5, SCCP_CALL_INBOUND, "2002", SCCP_SECURITY_ENCRYPTED);
    say_info(5, SCCP_CALL_INBOUND, "2002", SCCP_SECURITY_AUTHENTICATED);
    say_info(5, SCCP_CALL_INBOUND, "2002", SCCP_SECURITY_NOT_AUTHENTICATED);
    assert_string_equal(t.told, "ringing; with 2002 ; connected; icon lock; icon shield; "
                                "icon none; ");
}

static void test_keys_are_handed_to_the_audio_and_the_call_is_encrypted_both_ways(void **state)
{
    (void)state;
    talk(5, &some_keys, SCCP_SECURITY_ENCRYPTED);
    assert_string_equal(t.media, "receive srtp; transmit srtp; ");
    assert_memory_equal(t.keys.key, some_keys.key, 16);
    assert_memory_equal(t.keys.salt, some_keys.salt, 14);
    assert_true(handset_call(t.h, 0)->receives_srtp && handset_call(t.h, 0)->transmits_srtp);
    assert_int_equal(address_port(&t.remote), 24680);
    assert_string_equal(t.said, "OpenReceiveChannelAck 0/105/5 port 16384 status 0 "
                                "StartMediaTransmissionAck 5/105/5 port 16384 status 0 ");
}

static void test_keys_over_a_connection_that_can_be_read_are_refused(void **state)
{
    (void)state;
    handset_attach(t.h, false);
    say_open(5, &some_keys);
    assert_string_equal(t.media, "");
    assert_string_equal(t.said, "OpenReceiveChannelAck 0/105/5 port 0 status 1 ");
    assert_string_equal(t.words, "keys came over a connection that anybody can read");
}

static void test_keys_srtp_cannot_begin_with_are_refused(void **state)
{
    struct sccp_keys wrong = some_keys;
    (void)state;
    wrong.salt_size = 12;
    say_open(5, &wrong);
    wrong = some_keys;
    wrong.algorithm = SCCP_SRTP_AES_128_SHA1_80;
    say_start(5, &wrong);
    assert_string_equal(t.media, "");
    assert_string_equal(t.said, "OpenReceiveChannelAck 0/105/5 port 0 status 9 "
                                "StartMediaTransmissionAck 5/105/5 port 0 status 9 ");
}

static void test_new_keys_come_with_each_session(void **state)
{
    struct sccp_keys other = some_keys;
    (void)state;
    other.key[0] ^= 1;
    talk(5, &some_keys, SCCP_SECURITY_ENCRYPTED);
    say_end_media(SCCP_CLOSE_RECEIVE_CHANNEL, 5);
    say_end_media(SCCP_STOP_MEDIA_TRANSMISSION, 5);
    say_open(5, &other);
    assert_memory_equal(t.keys.key, other.key, 16);
    say_start(5, NULL);
    assert_string_equal(t.media,
                        "receive srtp; transmit srtp; deaf; mute; receive srtp; transmit clear; ");
    assert_false(handset_call(t.h, 0)->transmits_srtp);
}

/* ---- audio ---- */

static void test_codecs_and_packets_it_does_not_have_are_refused(void **state)
{
    struct sccp_message m;
    (void)state;
    sccp_message_init(&m, SCCP_OPEN_RECEIVE_CHANNEL);
    m.open_receive_channel.call = 5;
    m.open_receive_channel.codec = SCCP_G729;
    m.open_receive_channel.packet_ms = 20;
    hear(&m);
    m.open_receive_channel.codec = SCCP_G711_ULAW;
    m.open_receive_channel.packet_ms = 60;
    hear(&m);
    assert_string_equal(t.said, "OpenReceiveChannelAck 0/0/5 port 0 status 6 "
                                "OpenReceiveChannelAck 0/0/5 port 0 status 7 ");
}

static void test_audio_that_cannot_be_opened_is_answered_so(void **state)
{
    (void)state;
    t.status = SCCP_MEDIA_NO_SOCKETS;
    say_open(5, NULL);
    assert_string_equal(t.said, "OpenReceiveChannelAck 0/105/5 port 0 status 8 ");
    assert_false(handset_call(t.h, 0)->receiving);
}

static void test_an_older_phone_says_only_that_it_cannot_send(void **state)
{
    (void)state;
    say_start(5, NULL);
    assert_string_equal(t.said, "");
    t.status = SCCP_MEDIA_NO_SOCKETS;
    say_start(5, NULL);
    assert_string_equal(t.said, "MediaTransmissionFailure 5/105/5 port 0 status 8 ");
}

static void test_the_call_manager_is_told_how_the_audio_was(void **state)
{
    struct sccp_message m;
    (void)state;
    talk(5, NULL, SCCP_SECURITY_NOT_AUTHENTICATED);
    forget();
    sccp_message_init(&m, SCCP_CONNECTION_STATISTICS_REQ);
    m.connection_statistics_req.call = 5;
    text_copy(m.connection_statistics_req.number, sizeof m.connection_statistics_req.number,
              "2001");
    hear(&m);
    assert_string_equal(t.said, "statistics 2001/5 sent 250 lost 3 ");
}

/* ---- the call manager goes ---- */

static void test_audio_stays_when_the_call_manager_goes_and_its_user_can_hang_up(void **state)
{
    (void)state;
    talk(5, &some_keys, SCCP_SECURITY_ENCRYPTED);
    ring(6);
    forget();
    handset_detach(t.h);
    run();
    assert_string_equal(t.media, "");
    assert_string_equal(t.told, "connected (preserved); gone; ");
    assert_int_equal(handset_streams(t.h), 1);
    handset_attach(t.h, true);
    give_lines(1);
    ring(5); /* the next call manager counts its own calls */
    assert_int_equal(handset_call(t.h, 0)->state, SCCP_STATE_CONNECTED);
    say_state(5, SCCP_STATE_ON_HOOK, SCCP_KEYS_ON_HOOK);
    assert_int_equal(handset_streams(t.h), 1);
    forget();
    DONE(handset_end(t.h, &why_));
    assert_string_equal(t.media, "deaf; mute; ");
    assert_string_equal(t.said, "");
    assert_int_equal(handset_streams(t.h), 0);
}

static void test_a_call_that_stayed_ends_when_nothing_is_heard_any_more(void **state)
{
    (void)state;
    talk(5, NULL, SCCP_SECURITY_NOT_AUTHENTICATED);
    handset_silent(t.h, 0); /* of a call that has its call manager that is nothing */
    run();
    assert_int_equal(handset_streams(t.h), 1);
    handset_detach(t.h);
    run();
    handset_silent(t.h, 0);
    run();
    assert_null(handset_call(t.h, 0));
}

/* ---- what stands on the screen ---- */

static void test_phrases_of_the_dictionary_are_written_out(void **state)
{
    char out[60];
    (void)state;
    assert_string_equal(handset_phrases(out, sizeof out,
                                        "\x80\x17"
                                        "2002"),
                        "From 2002");
    assert_string_equal(handset_phrases(out, sizeof out, "\x80\x7f!"), "[phrase 127]!");
    assert_string_equal(handset_phrases(out, sizeof out, "plain"), "plain");
    assert_string_equal(handset_phrases(out, sizeof out, "\x80"), "\x80");
    assert_string_equal(handset_phrases(out, 8, "\x80\x13"), "Your cu");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(
            test_a_call_of_a_7912_through_a_cucm_is_answered_as_it_was_captured, leave),
        cmocka_unit_test_setup_teardown(test_a_newer_phone_dials_a_number_whole, enter, leave),
        cmocka_unit_test_setup_teardown(
            test_an_older_phone_waits_for_the_dial_tone_and_presses_the_keys, enter_old, leave),
        cmocka_unit_test_setup_teardown(test_a_second_call_is_dialled_at_its_own_dial_tone, enter,
                                        leave),
        cmocka_unit_test_setup_teardown(test_what_is_no_number_is_not_dialled, enter, leave),
        cmocka_unit_test_setup_teardown(test_a_phone_without_lines_dials_nothing, enter, leave),
        cmocka_unit_test_setup_teardown(test_only_keys_of_the_screen_can_be_pressed, enter, leave),
        cmocka_unit_test_setup_teardown(test_a_key_that_the_mask_leaves_out_is_not_there, enter,
                                        leave),
        cmocka_unit_test_setup_teardown(test_acts_without_their_call_say_what_is_missing, enter,
                                        leave),
        cmocka_unit_test_setup_teardown(
            test_a_call_that_rings_is_answered_with_the_handset_and_a_second_with_the_key, enter,
            leave),
        cmocka_unit_test_setup_teardown(test_hold_and_resume_are_keys_of_the_call, enter, leave),
        cmocka_unit_test_setup_teardown(
            test_a_transfer_dials_for_the_other_and_hands_over_with_the_same_key, enter, leave),
        cmocka_unit_test_setup_teardown(test_the_end_is_said_with_the_key_or_else_with_the_handset,
                                        enter, leave),
        cmocka_unit_test_setup_teardown(test_a_call_that_is_over_is_gone_with_its_audio, enter,
                                        leave),
        cmocka_unit_test_setup_teardown(test_more_calls_than_a_phone_can_have_are_left_out, enter,
                                        leave),
        cmocka_unit_test_setup_teardown(
            test_after_a_transfer_the_party_is_whoever_is_not_this_phone, enter, leave),
        cmocka_unit_test_setup_teardown(
            test_the_icon_is_shown_when_the_call_is_connected_and_follows_each_change, enter,
            leave),
        cmocka_unit_test_setup_teardown(
            test_keys_are_handed_to_the_audio_and_the_call_is_encrypted_both_ways, enter, leave),
        cmocka_unit_test_setup_teardown(test_keys_over_a_connection_that_can_be_read_are_refused,
                                        enter, leave),
        cmocka_unit_test_setup_teardown(test_keys_srtp_cannot_begin_with_are_refused, enter, leave),
        cmocka_unit_test_setup_teardown(test_new_keys_come_with_each_session, enter, leave),
        cmocka_unit_test_setup_teardown(test_codecs_and_packets_it_does_not_have_are_refused, enter,
                                        leave),
        cmocka_unit_test_setup_teardown(test_audio_that_cannot_be_opened_is_answered_so, enter,
                                        leave),
        cmocka_unit_test_setup_teardown(test_an_older_phone_says_only_that_it_cannot_send,
                                        enter_old, leave),
        cmocka_unit_test_setup_teardown(test_the_call_manager_is_told_how_the_audio_was, enter,
                                        leave),
        cmocka_unit_test_setup_teardown(
            test_audio_stays_when_the_call_manager_goes_and_its_user_can_hang_up, enter, leave),
        cmocka_unit_test_setup_teardown(test_a_call_that_stayed_ends_when_nothing_is_heard_any_more,
                                        enter, leave),
        cmocka_unit_test(test_phrases_of_the_dictionary_are_written_out),
    };
    return RUN(tests);
}
