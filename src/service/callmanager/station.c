/* The connection: what is read when, how long is waited, what is said and how it ends. */
#include "service/callmanager/station_parts.h"

#include "base/secret.h"
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    INPUT_MAX = 64 * 1024,
    INPUT_FULL = 32 * 1024,       /* of a phone that is registered */
    INPUT_EARLY = SCCP_FRAME_MAX, /* of anybody else: one message, so that crowds cost little */
    OUTPUT_MAX = 1024 * 1024,
    OUTPUT_FIRST = 2048,
    COST = 1000, /* of a message, in thousandths */
};

void station_limits_default(struct station_limits *limits)
{
    *limits = (struct station_limits){
        .register_ms = 30 * 1000,
        .missed = 3,
        .early = 32,
        .burst = 500,
        .per_second = 100,
        .output = 64 * 1024,
    };
}

int station_new(struct station **out, struct station_site *site, enum call_link link,
                const struct address *peer, int64_t now)
{
    struct station *s = calloc(1, sizeof *s);
    if (!s)
        return -ENOMEM;
    s->site = site;
    s->link = link;
    s->peer = *peer;
    s->allowance = (int64_t)site->limits.burst * COST;
    s->refilled = now;
    buffer_init(&s->in, INPUT_MAX);
    buffer_init(&s->out, OUTPUT_MAX);
    station_enter(s, STATION_NEW, now);
    *out = s;
    return 0;
}

void station_forget(struct station *s)
{
    free(s->lines);
    free(s->speed_dials);
    free(s->calls);
    s->lines = NULL;
    s->speed_dials = NULL;
    s->calls = NULL;
    s->line_count = s->speed_dial_count = s->server_count = 0;
    s->call_count = s->call_room = 0;
}

void station_free(struct station *s)
{
    if (!s)
        return;
    station_forget(s);
    buffer_fini(&s->in);
    buffer_fini_secret(&s->out);
    free(s->note);
    free(s->reason);
    free(s->told);
    free(s);
}

/* ---- states and deadlines ---- */

static int64_t silence_ms(const struct station *s, enum station_state state)
{
    uint32_t interval = state == STATION_STANDBY ? s->site->standby_s : s->site->keep_alive_s;
    return (int64_t)s->site->limits.missed * interval * 1000;
}

void station_enter(struct station *s, enum station_state state, int64_t now)
{
    s->state = state;
    switch (state) {
    case STATION_NEW:
        s->due = now + s->site->limits.register_ms;
        break;
    case STATION_STANDBY:
    case STATION_REGISTERED:
        s->due = now + silence_ms(s, state);
        break;
    case STATION_ASKING:
    case STATION_ENDED:
    case STATION_CLOSED:
        s->due = INT64_MAX;
        break;
    }
}

void station_ask(struct station *s)
{
    s->asked_in = s->state;
    station_enter(s, STATION_ASKING, 0);
}

void station_end(struct station *s, const char *reason)
{
    if (s->state >= STATION_ENDED)
        return;
    free(s->reason);
    s->reason = strdup(reason);
    station_enter(s, STATION_ENDED, 0);
}

static void end_late(struct station *s)
{
    char reason[STATION_REASON];
    if (s->state == STATION_NEW)
        text_format(reason, sizeof reason, "it did not register within %lld s",
                    (long long)s->site->limits.register_ms / 1000);
    else
        text_format(reason, sizeof reason,
                    "it was silent for %lld s, %u intervals of its keepalive",
                    (long long)silence_ms(s, s->state) / 1000, s->site->limits.missed);
    station_end(s, reason);
}

void station_note(struct station *s, enum station_oddity oddity, const char *format, ...)
{
    char text[STATION_REASON];
    va_list values;
    if (s->note || s->noted & 1u << oddity)
        return;
    s->noted |= 1u << oddity;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    s->note = strdup(text);
}

/* ---- saying something ---- */

/* Room for one more message, without leaving copies of keys behind. */
static bool make_room(struct station *s)
{
    struct buffer larger;
    size_t need = s->out.size + SCCP_FRAME_MAX;
    if (s->out.size && s->out.capacity > need)
        return true;
    buffer_init(&larger, OUTPUT_MAX);
    if (buffer_reserve(&larger, s->out.size ? 2 * need : OUTPUT_FIRST + SCCP_FRAME_MAX) != 0) {
        buffer_fini(&larger);
        return false;
    }
    buffer_append(&larger, buffer_bytes(&s->out));
    buffer_fini_secret(&s->out);
    s->out = larger;
    return true;
}

void station_say(struct station *s, const struct sccp_message *m)
{
    struct why why = WHY_NONE;
    if (s->state >= STATION_ENDED)
        return;
    if (!make_room(s) || sccp_write(&s->out, s->claim.version, m, &why) != 0)
        station_end(s, why.text[0] ? why.text : "there is no memory for what it is to be told");
}

void station_say_empty(struct station *s, enum sccp_id id)
{
    struct sccp_message m;
    sccp_message_init(&m, id);
    station_say(s, &m);
}

struct bytes station_output(const struct station *s)
{
    return buffer_bytes(&s->out);
}

void station_sent(struct station *s)
{
    buffer_fini_secret(&s->out);
}

/* ---- what is done about which message, in which state ---- */

enum {
    IN_NEW = 1 << STATION_NEW | 1 << STATION_STANDBY,
    IN_REGISTERED = 1 << STATION_REGISTERED,
    IN_ANY = IN_NEW | IN_REGISTERED,
};

static const struct row {
    enum sccp_id id;
    unsigned states;
    STATION_HANDLER((*act));
} rows[] = {
    {SCCP_KEEP_ALIVE, IN_ANY, station_on_keep_alive},
    {SCCP_ALARM, IN_ANY, station_on_alarm},
    {SCCP_REGISTER_REQ, IN_ANY, station_on_register},
    {SCCP_REGISTER_TOKEN_REQ, IN_NEW, station_on_token},
    {SCCP_SPCP_TOKEN_REQ, IN_NEW, station_on_token},
    {SCCP_IP_PORT, IN_ANY, station_on_nothing},
    {SCCP_UNREGISTER, IN_ANY, station_on_unregister},

    {SCCP_CAPABILITIES_RES, IN_REGISTERED, station_on_capabilities},
    {SCCP_UPDATE_CAPABILITIES, IN_REGISTERED, station_on_nothing},
    {SCCP_UPDATE_CAPABILITIES_V2, IN_REGISTERED, station_on_nothing},
    {SCCP_UPDATE_CAPABILITIES_V3, IN_REGISTERED, station_on_nothing},
    {SCCP_BUTTON_TEMPLATE_REQ, IN_REGISTERED, station_on_button_template},
    {SCCP_SOFT_KEY_TEMPLATE_REQ, IN_REGISTERED, station_on_soft_key_template},
    {SCCP_SOFT_KEY_SET_REQ, IN_REGISTERED, station_on_soft_key_set},
    {SCCP_LINE_STAT_REQ, IN_REGISTERED, station_on_line},
    {SCCP_FORWARD_STAT_REQ, IN_REGISTERED, station_on_forward},
    {SCCP_SPEED_DIAL_STAT_REQ, IN_REGISTERED, station_on_speed_dial},
    {SCCP_FEATURE_STAT_REQ, IN_REGISTERED, station_on_feature},
    {SCCP_SERVICE_URL_STAT_REQ, IN_REGISTERED, station_on_service_url},
    {SCCP_CONFIG_STAT_REQ, IN_REGISTERED, station_on_config},
    {SCCP_TIME_DATE_REQ, IN_REGISTERED, station_on_time},
    {SCCP_VERSION_REQ, IN_REGISTERED, station_on_version},
    {SCCP_SERVER_REQ, IN_REGISTERED, station_on_servers},
    {SCCP_REGISTER_AVAILABLE_LINES, IN_REGISTERED, station_on_nothing},
    {SCCP_SUBSCRIPTION_STAT_REQ, IN_REGISTERED, station_on_subscription},
    {SCCP_HEADSET_STATUS, IN_REGISTERED, station_on_nothing},
    {SCCP_ACCESSORY_STATUS, IN_REGISTERED, station_on_nothing},
    {SCCP_MEDIA_PATH_CAPABILITY, IN_REGISTERED, station_on_nothing},
    {SCCP_LOCATION_INFO, IN_REGISTERED, station_on_nothing},
    {SCCP_EXTENSION_DEVICE_CAPS, IN_REGISTERED, station_on_nothing},
    {SCCP_XML_ALARM, IN_ANY, station_on_nothing},

    {SCCP_KEYPAD_BUTTON, IN_REGISTERED, station_on_keypad},
    {SCCP_ENBLOC_CALL, IN_REGISTERED, station_on_number},
    {SCCP_STIMULUS, IN_REGISTERED, station_on_stimulus},
    {SCCP_OFF_HOOK, IN_REGISTERED, station_on_hook},
    {SCCP_ON_HOOK, IN_REGISTERED, station_on_hook},
    {SCCP_SOFT_KEY_EVENT, IN_REGISTERED, station_on_soft_key},
    {SCCP_OPEN_RECEIVE_CHANNEL_ACK, IN_REGISTERED, station_on_receiving},
    {SCCP_START_MEDIA_TRANSMISSION_ACK, IN_REGISTERED, station_on_sending},
    {SCCP_MEDIA_TRANSMISSION_FAILURE, IN_REGISTERED, station_on_not_sending},
    {SCCP_CONNECTION_STATISTICS_RES, IN_REGISTERED, station_on_statistics},
};

static const struct row *row_of(uint32_t id, enum station_state state)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].id == id)
            return rows[i].states & 1u << state ? &rows[i] : NULL;
    return NULL;
}

/* ---- what comes ---- */

/* The bytes that were dealt with; with none left, the memory too. */
static void drop_input(struct station *s)
{
    if (s->at == s->in.size)
        buffer_fini(&s->in);
    else
        buffer_drop_front(&s->in, s->at);
    s->at = 0;
}

int station_input(struct station *s, struct bytes bytes)
{
    if (s->state >= STATION_ENDED)
        return 0;
    if (s->at)
        drop_input(s);
    buffer_append(&s->in, bytes);
    return s->in.error;
}

bool station_is_full(const struct station *s)
{
    return s->in.size - s->at >=
           (s->state == STATION_REGISTERED ? (size_t)INPUT_FULL : (size_t)INPUT_EARLY);
}

/* Fairness to the other phones: one that sends too much is read more slowly. */
static bool may_read(struct station *s, int64_t now)
{
    const struct station_limits *limits = &s->site->limits;
    int64_t most = (int64_t)limits->burst * COST;
    if (now > s->refilled) {
        int64_t elapsed = now - s->refilled;
        s->allowance = elapsed > most ? most : s->allowance + elapsed * limits->per_second;
        if (s->allowance > most)
            s->allowance = most;
        s->refilled = now;
    }
    if (s->allowance >= COST) {
        s->slowed_until = 0;
        return true;
    }
    if (!s->slowed_until) {
        s->site->counters.slowed++;
        station_note(s, STATION_ODD_FLOOD, "more than %u messages a second: the rest waits",
                     limits->per_second);
    }
    s->slowed_until = now + 1 + (COST - s->allowance) / limits->per_second;
    return false;
}

/* The next frame, or nothing. */
static struct bytes next_frame(struct station *s, int64_t now)
{
    struct why why = WHY_NONE;
    struct bytes rest = bytes_slice(buffer_bytes(&s->in), s->at, s->in.size);
    size_t size = 0;
    if (sccp_frame(&size, rest, &why) != 0) {
        station_end(s, why.text);
        return bytes_of(NULL, 0);
    }
    if (size == 0)
        drop_input(s);
    if (size == 0 || !may_read(s, now))
        return bytes_of(NULL, 0);
    s->allowance -= COST;
    s->at += size;
    return bytes_slice(rest, 0, size);
}

/* What a connection may say before it is known who it is. */
static void count_early(struct station *s, uint32_t id)
{
    if (s->state == STATION_REGISTERED || id == SCCP_KEEP_ALIVE)
        return;
    if (++s->early > s->site->limits.early)
        station_end(s, "it says too much, and does not register");
}

static void dispatch(struct station *s, struct bytes frame, const struct station_now *now,
                     struct station_event *event)
{
    struct station_counters *counters = &s->site->counters;
    struct why why = WHY_NONE;
    int result = sccp_read(&event->message, s->claim.version, frame, &why);
    counters->messages++;
    count_early(s, sccp_frame_id(frame));
    if (s->state >= STATION_ENDED)
        return;
    if (s->state == STATION_REGISTERED)
        station_enter(s, STATION_REGISTERED, now->ms);
    if (result) {
        *(result == ERR_UNSUPPORTED ? &counters->unknown : &counters->broken) += 1;
        station_note(s, STATION_ODD_MESSAGE, "%s", why.text);
        return;
    }
    const struct row *row = row_of(event->message.id, s->state);
    if (row)
        row->act(s, now, event);
    else
        counters->ignored++;
}

static bool tell(struct station *s, struct station_event *event, enum station_event_kind kind,
                 char **text)
{
    free(s->told);
    s->told = *text;
    *text = NULL;
    event->kind = kind;
    event->reason = s->told ? s->told : "";
    if (kind == STATION_OVER)
        station_enter(s, STATION_CLOSED, 0);
    return true;
}

bool station_step(struct station *s, const struct station_now *now, struct station_event *event)
{
    for (;;) {
        event->kind = STATION_NOTHING;
        if (s->note)
            return tell(s, event, STATION_ODD, &s->note);
        if (s->state == STATION_ENDED)
            return tell(s, event, STATION_OVER, &s->reason);
        if (s->state == STATION_CLOSED || s->state == STATION_ASKING)
            return false;
        if (now->ms >= s->due) {
            end_late(s);
            continue;
        }
        s->held = s->out.size > s->site->limits.output;
        if (s->held)
            return false;
        struct bytes frame = next_frame(s, now->ms);
        if (frame.size)
            dispatch(s, frame, now, event);
        else if (s->state < STATION_ENDED && !s->note)
            return false;
        if (event->kind != STATION_NOTHING)
            return true;
    }
}

int64_t station_due(const struct station *s)
{
    bool freed = s->held && s->out.size == 0;
    if (s->note || s->state == STATION_ENDED || freed)
        return 0;
    return s->slowed_until && s->slowed_until < s->due ? s->slowed_until : s->due;
}

/* ---- what others want to know ---- */

const struct station_claim *station_claim(const struct station *s)
{
    return &s->claim;
}

bool station_is_registered(const struct station *s)
{
    return s->state == STATION_REGISTERED;
}

int64_t station_silence(const struct station *s, int64_t now)
{
    if (s->state != STATION_REGISTERED)
        return INT64_MAX;
    return now - (s->due - silence_ms(s, STATION_REGISTERED));
}

enum call_link station_link(const struct station *s)
{
    return s->link;
}

size_t station_calls(const struct station *s)
{
    return s->call_count;
}

bool station_reset(struct station *s, enum sccp_reset_type type)
{
    struct sccp_message m;
    if (s->state != STATION_REGISTERED)
        return false;
    sccp_message_init(&m, SCCP_RESET);
    m.reset.type = type;
    station_say(s, &m);
    return s->state == STATION_REGISTERED;
}

struct station_line_kept *station_line_of(const struct station *s, unsigned line)
{
    return line >= 1 && line <= s->line_count ? &s->lines[line - 1] : NULL;
}

const struct station_dial_kept *station_speed_dial_of(const struct station *s, unsigned index)
{
    return index >= 1 && index <= s->speed_dial_count ? &s->speed_dials[index - 1] : NULL;
}
