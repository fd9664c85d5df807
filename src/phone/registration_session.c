/* What a phone and its call manager say to each other about the registration. */
#include "phone/registration_parts.h"

#include "trust/list_alarm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    BEAT_SECONDS = 30, /* when the call manager names none */
    BEAT_SECONDS_MOST = 3600,
    CODEC_MS = 40, /* the longest packet it takes */
    REGISTER_SIZE_WHOLE = 172,
};

/* ---- introducing itself ---- */

static const struct {
    const char *text;
    enum sccp_last number;
} lasts[] = {
    [LAST_INITIALIZED] = {"Initialized", SCCP_LAST_INITIALIZED},
    [LAST_TCP_TIMEOUT] = {"TCP-timeout", SCCP_LAST_TCP_TIMEOUT},
    [LAST_TCP_RESET] = {"CM-reset-TCP", SCCP_LAST_TCP_RESET},
    [LAST_TCP_CLOSED] = {"CM-closed-TCP", SCCP_LAST_TCP_CLOSED},
    [LAST_KEEP_ALIVE] = {"KeepaliveTO", SCCP_LAST_KEEP_ALIVE_TIMEOUT},
    [LAST_FAILBACK] = {"Failback", SCCP_LAST_FAILBACK},
    [LAST_RESET] = {"Reset-Reset", SCCP_LAST_RESET},
    [LAST_RESTART] = {"Reset-Restart", SCCP_LAST_RESTART},
    [LAST_REJECTED] = {"Phone-Reg-Rej", SCCP_LAST_REGISTER_REJECT},
};

static void write_alarm(struct registration *r, struct link *link, const char *text)
{
    struct sccp_message m;
    struct reader address;
    sccp_message_init(&m, SCCP_ALARM);
    m.alarm.severity = SCCP_SEVERITY_INFORMATIONAL;
    text_copy(m.alarm.text, sizeof m.alarm.text, text);
    reader_init(&address, bytes_of(link->address, sizeof link->address));
    m.alarm.parameter2 = reader_u32le(&address);
    registration_write(r, link, &m);
}

static void write_alarms(struct registration *r, struct link *link)
{
    char text[128];
    char number[8] = "";
    if (r->idiom->numbers_alarms)
        text_format(number, sizeof number, "%d: ", (int)lasts[r->last].number);
    text_format(text, sizeof text, "%sName=%s Load=%s Last=%s", number, r->device, r->load,
                lasts[r->last].text);
    write_alarm(r, link, text);
    if (r->lists == LISTS_UNTOLD || !r->idiom->tells_lists)
        return;
    text_format(text, sizeof text, "Name=%s TL=%d(%s)", r->device, (int)r->lists,
                list_alarm_text((enum list_alarm)r->lists));
    write_alarm(r, link, text);
    r->lists = LISTS_UNTOLD;
}

static void write_register(struct registration *r, struct link *link)
{
    const struct idiom *idiom = r->idiom;
    struct sccp_message m;
    sccp_message_init(&m, SCCP_REGISTER_REQ);
    struct sccp_register_req *req = &m.register_req;
    text_copy(req->device, sizeof req->device, r->device);
    req->instance = 1;
    memcpy(req->address, link->address, sizeof req->address);
    memcpy(req->address6, link->address6, sizeof req->address6);
    req->device_type = r->device_type;
    req->max_streams = r->idiom->streams;
    req->active_streams = r->streams;
    req->version = idiom->version;
    memcpy(req->features, idiom->features, sizeof req->features);
    text_copy(req->mac, sizeof req->mac, r->device + strlen("SEP"));
    req->max_lines = idiom->lines;
    text_copy(req->load, sizeof req->load, r->load);
    text_copy(req->config_stamp, sizeof req->config_stamp, r->config_stamp);
    m.cut = (uint16_t)(REGISTER_SIZE_WHOLE - idiom->register_size);
    registration_write(r, link, &m);
}

void registration_introduce(struct registration *r, size_t server, int64_t now)
{
    struct link *link = &r->links[server];
    r->version = 0;
    link->state = LINK_REGISTERING;
    link->deadline = now + r->pace.answer_ms;
    link->beat = REGISTRATION_NEVER;
    link->unanswered = 0;
    write_alarms(r, link);
    write_register(r, link);
    registration_tell(r, REGISTRATION_ASKS, server, 0, 0, "");
}

/* ---- what it asks for ---- */

/* Requests, what answers them, and whether a phone can do without. */
static const struct question {
    enum sccp_id id, answer;
    bool needed;
} questions[] = {
    {SCCP_BUTTON_TEMPLATE_REQ, SCCP_BUTTON_TEMPLATE, true},
    {SCCP_SOFT_KEY_TEMPLATE_REQ, SCCP_SOFT_KEY_TEMPLATE, false},
    {SCCP_SOFT_KEY_SET_REQ, SCCP_SOFT_KEY_SET, false},
    {SCCP_CONFIG_STAT_REQ, SCCP_CONFIG_STAT, false},
    {SCCP_LINE_STAT_REQ, SCCP_LINE_STAT, true},
    {SCCP_FORWARD_STAT_REQ, SCCP_FORWARD_STAT, false},
    {SCCP_SPEED_DIAL_STAT_REQ, SCCP_SPEED_DIAL_STAT, false},
    {SCCP_FEATURE_STAT_REQ, SCCP_FEATURE_STAT, false},
    {SCCP_SERVICE_URL_STAT_REQ, SCCP_SERVICE_URL_STAT, false},
    {SCCP_TIME_DATE_REQ, SCCP_TIME_DATE, false},
};

static const struct question *question_of(uint32_t id)
{
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++)
        if (questions[i].id == id)
            return &questions[i];
    return NULL;
}

static uint32_t index_of_answer(const struct sccp_message *m)
{
    switch (m->id) {
    case SCCP_LINE_STAT:
        return m->line_stat.line;
    case SCCP_FORWARD_STAT:
        return m->forward_stat.line;
    case SCCP_SPEED_DIAL_STAT:
        return m->speed_dial_stat.index;
    case SCCP_FEATURE_STAT:
        return m->feature_stat.index;
    case SCCP_SERVICE_URL_STAT:
        return m->service_url.index;
    default:
        return 0;
    }
}

static void plan(struct registration *r, enum sccp_id id, uint32_t index)
{
    if (r->ask_count < ASKS_MAX)
        r->asks[r->ask_count++] = (struct ask){.id = id, .index = index};
}

static void plan_first(struct registration *r)
{
    r->ask_count = r->ask_next = r->ask_open = 0;
    plan(r, SCCP_BUTTON_TEMPLATE_REQ, 0);
    plan(r, SCCP_SOFT_KEY_TEMPLATE_REQ, 0);
    plan(r, SCCP_SOFT_KEY_SET_REQ, 0);
    if (r->idiom->generation == GENERATION_A)
        plan(r, SCCP_CONFIG_STAT_REQ, 0);
}

static void plan_kind(struct registration *r, const struct sccp_button_template *t, uint8_t type,
                      enum sccp_id id)
{
    for (size_t i = 0; i < t->count && i < SCCP_BUTTONS; i++)
        if (t->buttons[i].type == type)
            plan(r, id, t->buttons[i].instance);
}

/* It asks for a feature that its template does not have, and for speed dials from the last on. */
static void plan_as_7912(struct registration *r, const struct sccp_button_template *t)
{
    plan(r, SCCP_FEATURE_STAT_REQ, 1);
    for (size_t i = t->count < SCCP_BUTTONS ? t->count : SCCP_BUTTONS; i > 0; i--)
        if (t->buttons[i - 1].type == SCCP_BUTTON_SPEED_DIAL)
            plan(r, SCCP_SPEED_DIAL_STAT_REQ, t->buttons[i - 1].instance);
}

/* Lines first: without them it is no phone. */
static void plan_buttons(struct registration *r, const struct sccp_button_template *t)
{
    plan_kind(r, t, SCCP_BUTTON_LINE, SCCP_LINE_STAT_REQ);
    if (r->idiom->one_by_one) {
        plan_as_7912(r, t);
    } else {
        plan_kind(r, t, SCCP_BUTTON_LINE, SCCP_FORWARD_STAT_REQ);
        plan_kind(r, t, SCCP_BUTTON_FEATURE, SCCP_FEATURE_STAT_REQ);
        plan_kind(r, t, SCCP_BUTTON_SPEED_DIAL, SCCP_SPEED_DIAL_STAT_REQ);
        plan_kind(r, t, SCCP_BUTTON_SERVICE_URL, SCCP_SERVICE_URL_STAT_REQ);
    }
    plan(r, SCCP_REGISTER_AVAILABLE_LINES, 0);
    plan(r, SCCP_TIME_DATE_REQ, 0);
}

static uint32_t count_lines(const struct registration *r)
{
    uint32_t lines = 0;
    for (size_t i = 0; i < r->ask_count; i++)
        lines += r->asks[i].id == SCCP_LINE_STAT_REQ;
    return lines;
}

static void send_ask(struct registration *r, struct link *link, struct ask *ask)
{
    struct sccp_message m;
    sccp_message_init(&m, (enum sccp_id)ask->id);
    if (ask->id == SCCP_REGISTER_AVAILABLE_LINES)
        m.available_lines.lines = count_lines(r);
    else
        m.request.index = ask->index;
    if (ask->id == SCCP_FEATURE_STAT_REQ && r->idiom->one_by_one)
        m.cut = sizeof m.request.capabilities;
    registration_write(r, link, &m);
    ask->answered = question_of(ask->id) == NULL;
    r->ask_open += !ask->answered;
}

/* Sends what may be sent now; when nothing is left the phone is registered. */
static void go_on_asking(struct registration *r, size_t server, int64_t now)
{
    struct link *link = &r->links[server];
    size_t most = r->idiom->one_by_one ? 1 : ASKS_MAX;
    while (r->ask_next < r->ask_count && r->ask_open < most)
        send_ask(r, link, &r->asks[r->ask_next++]);
    link->deadline = now + r->pace.answer_ms;
    if (r->ask_open)
        return;
    free(r->asks);
    r->asks = NULL;
    registration_taken(r, server, now);
}

static struct ask *find_ask(const struct registration *r, const struct sccp_message *m)
{
    for (size_t i = 0; i < r->ask_next; i++) {
        const struct question *q = question_of(r->asks[i].id);
        if (!r->asks[i].answered && q->answer == m->id && r->asks[i].index == index_of_answer(m))
            return &r->asks[i];
    }
    return NULL;
}

static void note_answer(struct registration *r, size_t server, int64_t now)
{
    const struct sccp_message *m = &r->message;
    struct ask *ask = find_ask(r, m);
    if (!ask)
        return;
    ask->answered = true;
    r->ask_open--;
    if (m->id == SCCP_BUTTON_TEMPLATE)
        plan_buttons(r, &m->button_template);
    go_on_asking(r, server, now);
}

void registration_ask_late(struct registration *r, size_t server, int64_t now)
{
    char words[WORDS_TEXT];
    for (size_t i = 0; i < r->ask_next; i++) {
        struct ask *ask = &r->asks[i];
        if (ask->answered)
            continue;
        if (question_of(ask->id)->needed) {
            text_format(words, sizeof words, "it did not answer %s", sccp_name(ask->id));
            registration_break(r, server, LAST_TCP_TIMEOUT, words, now);
            return;
        }
        ask->answered = true;
        r->ask_open--;
        registration_tell(r, REGISTRATION_UNANSWERED, server, ask->id, 0, "");
    }
    go_on_asking(r, server, now);
}

/* ---- messages about the registration ---- */

static int64_t seconds_to_ms(uint32_t seconds, int64_t otherwise)
{
    uint32_t bounded = seconds < BEAT_SECONDS_MOST ? seconds : BEAT_SECONDS_MOST;
    return seconds ? (int64_t)bounded * 1000 : otherwise;
}

static void take_ack(struct registration *r, size_t server, int64_t now)
{
    const struct sccp_register_ack *ack = &r->message.register_ack;
    struct link *link = &r->links[server];
    uint32_t seconds;
    r->version = sccp_version_agreed(r->idiom->version, ack->version);
    if (r->version < SCCP_VERSION_MIN) /* as the oldest call managers leave it out */
        r->version = SCCP_VERSION_MIN;
    r->beat_ms = seconds_to_ms(ack->keep_alive, BEAT_SECONDS * 1000);
    r->standby_beat_ms = seconds_to_ms(ack->keep_alive_standby, r->standby_beat_ms);
    seconds = (uint32_t)(r->beat_ms / 1000);
    registration_tell(r, REGISTRATION_TAKEN, server, r->version, seconds, "");
    if (!r->asks)
        r->asks = calloc(ASKS_MAX, sizeof *r->asks);
    if (!r->asks) {
        registration_break(r, server, LAST_TCP_CLOSED, error_text(-ENOMEM), now);
        return;
    }
    link->state = LINK_LISTING;
    link->beat = now + r->beat_ms;
    plan_first(r);
    if (r->idiom->one_by_one) /* its codecs are asked for first */
        link->deadline = now + r->pace.answer_ms;
    else
        go_on_asking(r, server, now);
}

static void take_reject(struct registration *r, size_t server, int64_t now)
{
    char text[sizeof r->message.register_reject.text];
    text_copy(text, sizeof text, r->message.register_reject.text);
    registration_refused(r, server, text, now);
}

static void take_token_reject(struct registration *r, size_t server, int64_t now)
{
    registration_not_granted(r, server, r->message.token_reject.wait, now);
}

static void take_unregister_ack(struct registration *r, size_t server, int64_t now)
{
    registration_left(r, server, r->message.unregister_ack.status, now);
}

static void take_keep_alive_ack(struct registration *r, size_t server, int64_t now)
{
    (void)now;
    r->links[server].unanswered = 0;
}

static void take_reset(struct registration *r, size_t server, int64_t now)
{
    uint32_t type = r->message.reset.type;
    (void)now;
    bool known = type >= SCCP_RESET_DEVICE && type <= SCCP_RESET_APPLY;
    r->again = known ? (enum sccp_reset_type)type : SCCP_RESET_DEVICE;
    registration_tell(r, REGISTRATION_RESET, server, r->again, 0, "");
}

/* Audio is what media plays: G.711 mu-law. */
static void take_capabilities_req(struct registration *r, size_t server, int64_t now)
{
    struct sccp_message m;
    sccp_message_init(&m, SCCP_CAPABILITIES_RES);
    m.capabilities.count = 1;
    m.capabilities.codecs[0] =
        (struct sccp_capability){.codec = SCCP_G711_ULAW, .max_frames = CODEC_MS};
    registration_write(r, &r->links[server], &m);
    if (r->links[server].state == LINK_LISTING && r->ask_next == 0)
        go_on_asking(r, server, now);
}

#define IN(state)  (1u << (state))
#define IN_SESSION (IN(LINK_LISTING) | IN(LINK_REGISTERED))
#define ANYWHERE   UINT32_MAX

/* What is taken in which state of the connection. Out of it, it is nonsense that is ignored. */
static const struct {
    enum sccp_id id;
    uint32_t states;
    void (*take)(struct registration *r, size_t server, int64_t now);
} table[] = {
    {SCCP_REGISTER_ACK, IN(LINK_REGISTERING), take_ack},
    {SCCP_REGISTER_REJECT, IN(LINK_REGISTERING), take_reject},
    {SCCP_REGISTER_TOKEN_ACK, IN(LINK_ASKED), registration_granted},
    {SCCP_REGISTER_TOKEN_REJECT, IN(LINK_ASKED), take_token_reject},
    {SCCP_UNREGISTER_ACK, IN(LINK_LEAVING), take_unregister_ack},
    {SCCP_KEEP_ALIVE_ACK, ANYWHERE, take_keep_alive_ack},
    {SCCP_CAPABILITIES_REQ, IN(LINK_REGISTERING) | IN_SESSION, take_capabilities_req},
    {SCCP_RESET, IN_SESSION, take_reset},
};

/* True: it is to be handed on. */
static bool take_message(struct registration *r, size_t server, int64_t now)
{
    uint32_t state = IN(r->links[server].state);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (table[i].id != r->message.id)
            continue;
        if (state & table[i].states)
            table[i].take(r, server, now);
        return false;
    }
    if (!(state & IN_SESSION))
        return false;
    if (state == IN(LINK_LISTING))
        note_answer(r, server, now);
    return true;
}

bool registration_take_frame(struct registration *r, size_t server, int64_t now, bool *hand)
{
    struct link *link = &r->links[server];
    struct why why = WHY_NONE;
    size_t size = 0;
    int result = sccp_frame(&size, buffer_bytes(&link->in), &why);
    if (result) {
        registration_break(r, server, LAST_TCP_CLOSED, why_text(&why, result), now);
        return true;
    }
    if (size == 0)
        return false;
    struct bytes frame = bytes_slice(buffer_bytes(&link->in), 0, size);
    result = sccp_read(&r->message, r->version, frame, &why);
    r->reading = link;
    r->read = size;
    if (result)
        registration_tell(r, REGISTRATION_SKIPPED, server, sccp_frame_id(frame), 0,
                          why_text(&why, result));
    else
        *hand = take_message(r, server, now);
    return true;
}
