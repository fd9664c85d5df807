/* What phones ask about themselves. */
#include "service/callmanager/station_parts.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

STATION_HANDLER(station_on_nothing)
{
    (void)s;
    (void)now;
    (void)event;
}

/* ---- buttons ---- */

/* Lines first; buttons are numbered among their kind. */
static struct sccp_button_slot button_at(const struct station *s, size_t i)
{
    if (i < s->line_count)
        return (struct sccp_button_slot){.instance = (uint8_t)(i + 1), .type = SCCP_BUTTON_LINE};
    i -= s->line_count;
    if (i < s->speed_dial_count)
        return (struct sccp_button_slot){.instance = (uint8_t)(i + 1),
                                         .type = SCCP_BUTTON_SPEED_DIAL};
    return (struct sccp_button_slot){.type = SCCP_BUTTON_UNDEFINED};
}

STATION_HANDLER(station_on_button_template)
{
    struct sccp_message m;
    (void)now;
    (void)event;
    sccp_message_init(&m, SCCP_BUTTON_TEMPLATE);
    size_t count = s->line_count + s->speed_dial_count;
    if (count > SCCP_BUTTONS)
        count = SCCP_BUTTONS;
    m.button_template.count = m.button_template.total = (uint32_t)count;
    for (size_t i = 0; i < SCCP_BUTTONS; i++)
        m.button_template.buttons[i] = button_at(s, i);
    station_say(s, &m);
}

STATION_HANDLER(station_on_line)
{
    struct sccp_message m;
    unsigned number = event->message.request.index;
    const struct station_line_kept *line = station_line_of(s, number);
    (void)now;
    sccp_message_init(&m, SCCP_LINE_STAT);
    m.line_stat.line = number;
    if (line) {
        text_copy(m.line_stat.number, sizeof m.line_stat.number, line->number);
        text_copy(m.line_stat.name, sizeof m.line_stat.name, line->name);
        text_copy(m.line_stat.label, sizeof m.line_stat.label, line->label);
        m.line_stat.options = 15; /* all of it is shown */
    }
    station_say(s, &m);
}

static void set_forward(struct sccp_forward *out, const char *to)
{
    out->active = to[0] != '\0';
    text_copy(out->number, sizeof out->number, to);
}

void station_say_forwards(struct station *s, unsigned number)
{
    struct sccp_message m;
    const struct station_line_kept *line = station_line_of(s, number);
    sccp_message_init(&m, SCCP_FORWARD_STAT);
    struct sccp_forward_stat *f = &m.forward_stat;
    f->line = number;
    if (line) {
        set_forward(&f->all, line->forwards.to[CALL_FORWARD_ALL]);
        set_forward(&f->busy, line->forwards.to[CALL_FORWARD_BUSY]);
        set_forward(&f->no_answer, line->forwards.to[CALL_FORWARD_NO_ANSWER]);
        f->active = f->all.active || f->busy.active || f->no_answer.active;
    }
    station_say(s, &m);
}

STATION_HANDLER(station_on_forward)
{
    (void)now;
    station_say_forwards(s, event->message.request.index);
}

/* Phones ask for as many as their template had room for; there are none. */
static void say_empty_button(struct station *s, enum sccp_id id, uint32_t index)
{
    struct sccp_message m;
    sccp_message_init(&m, id);
    if (id == SCCP_FEATURE_STAT)
        m.feature_stat.index = index;
    else
        m.service_url.index = index;
    station_say(s, &m);
}

STATION_HANDLER(station_on_speed_dial)
{
    struct sccp_message m;
    unsigned index = event->message.request.index;
    const struct station_dial_kept *dial = station_speed_dial_of(s, index);
    (void)now;
    sccp_message_init(&m, SCCP_SPEED_DIAL_STAT);
    m.speed_dial_stat.index = index;
    if (dial) {
        text_copy(m.speed_dial_stat.number, sizeof m.speed_dial_stat.number, dial->number);
        text_copy(m.speed_dial_stat.name, sizeof m.speed_dial_stat.name, dial->label);
    }
    station_say(s, &m);
}

STATION_HANDLER(station_on_feature)
{
    (void)now;
    say_empty_button(s, SCCP_FEATURE_STAT, event->message.request.index);
}

STATION_HANDLER(station_on_service_url)
{
    (void)now;
    say_empty_button(s, SCCP_SERVICE_URL_STAT, event->message.request.index);
}

/* Nobody's state can be watched; without an answer some phones' directories wait for ever. */
STATION_HANDLER(station_on_subscription)
{
    enum { NO_ROUTE = 1 };
    struct sccp_message m;
    (void)now;
    sccp_message_init(&m, SCCP_SUBSCRIPTION_STAT);
    m.subscription.transaction = event->message.subscription_req.transaction;
    m.subscription.feature = event->message.subscription_req.feature;
    m.subscription.timer = event->message.subscription_req.timer;
    m.subscription.cause = NO_ROUTE;
    station_say(s, &m);
}

/* ---- soft keys ---- */

enum { INFO_BASE = 300 };

/* The template: what the call engine can do. A key's label is in the phone's own dictionary. */
static const uint8_t keys[] = {
    SCCP_KEY_REDIAL,
    SCCP_KEY_NEW_CALL,
    SCCP_KEY_HOLD,
    SCCP_KEY_TRANSFER,
    SCCP_KEY_FORWARD_ALL,
    SCCP_KEY_FORWARD_BUSY,
    SCCP_KEY_FORWARD_NO_ANSWER,
    SCCP_KEY_BACK_SPACE,
    SCCP_KEY_END_CALL,
    SCCP_KEY_RESUME,
    SCCP_KEY_ANSWER,
};

/* Which a phone shows when. The first four are seen at once, the others behind "more". */
static const uint8_t sets[][SCCP_SOFT_KEYS_PER_SET] = {
    [SCCP_KEYS_ON_HOOK] = {SCCP_KEY_REDIAL, SCCP_KEY_NEW_CALL, SCCP_KEY_FORWARD_ALL,
                           SCCP_KEY_FORWARD_BUSY, SCCP_KEY_FORWARD_NO_ANSWER},
    [SCCP_KEYS_CONNECTED] = {SCCP_KEY_HOLD, SCCP_KEY_END_CALL, SCCP_KEY_TRANSFER},
    [SCCP_KEYS_ON_HOLD] = {SCCP_KEY_RESUME, SCCP_KEY_NEW_CALL, SCCP_KEY_TRANSFER,
                           SCCP_KEY_END_CALL},
    [SCCP_KEYS_RING_IN] = {SCCP_KEY_ANSWER, SCCP_KEY_END_CALL},
    [SCCP_KEYS_OFF_HOOK] = {SCCP_KEY_REDIAL, SCCP_KEY_END_CALL, SCCP_KEY_FORWARD_ALL},
    [SCCP_KEYS_TRANSFER] = {SCCP_KEY_HOLD, SCCP_KEY_END_CALL, SCCP_KEY_TRANSFER},
    [SCCP_KEYS_DIGITS] = {SCCP_KEY_BACK_SPACE, SCCP_KEY_END_CALL},
    [SCCP_KEYS_CONFERENCE] = {SCCP_KEY_HOLD, SCCP_KEY_END_CALL},
    [SCCP_KEYS_RING_OUT] = {SCCP_KEY_END_CALL, SCCP_KEY_TRANSFER},
    [SCCP_KEYS_OFF_HOOK_FEATURE] = {SCCP_KEY_REDIAL, SCCP_KEY_END_CALL},
    [SCCP_KEYS_IN_USE_HINT] = {SCCP_KEY_REDIAL, SCCP_KEY_NEW_CALL},
    [SCCP_KEYS_STEALABLE] = {SCCP_KEY_REDIAL, SCCP_KEY_NEW_CALL},
};
enum { KEY_COUNT = sizeof keys, SET_COUNT = sizeof sets / sizeof *sets };

/* From 1; 0 for no key. */
static uint8_t place_of(uint8_t key)
{
    for (unsigned i = 0; i < KEY_COUNT; i++)
        if (key && keys[i] == key)
            return (uint8_t)(i + 1);
    return 0;
}

STATION_HANDLER(station_on_soft_key_template)
{
    struct sccp_message m;
    (void)now;
    (void)event;
    sccp_message_init(&m, SCCP_SOFT_KEY_TEMPLATE);
    m.soft_key_template.count = m.soft_key_template.total = KEY_COUNT;
    for (size_t i = 0; i < KEY_COUNT; i++) {
        struct sccp_soft_key *key = &m.soft_key_template.keys[i];
        key->label[0] = (char)SCCP_DICTIONARY;
        key->label[1] = (char)keys[i];
        key->event = keys[i];
    }
    station_say(s, &m);
}

STATION_HANDLER(station_on_soft_key_set)
{
    struct sccp_message m;
    (void)now;
    (void)event;
    sccp_message_init(&m, SCCP_SOFT_KEY_SET);
    m.soft_key_sets.count = m.soft_key_sets.total = SET_COUNT;
    for (size_t i = 0; i < SET_COUNT; i++)
        for (size_t k = 0; k < SCCP_SOFT_KEYS_PER_SET && sets[i][k]; k++) {
            m.soft_key_sets.sets[i].key[k] = place_of(sets[i][k]);
            m.soft_key_sets.sets[i].info[k] = (uint16_t)(INFO_BASE + sets[i][k]);
        }
    station_say(s, &m);
    station_say_idle(s);
}

static void say_options(struct station *s)
{
    struct sccp_message m;
    sccp_message_init(&m, SCCP_DISPLAY_PROMPT);
    m.display_prompt.text[0] = (char)SCCP_DICTIONARY;
    m.display_prompt.text[1] = SCCP_PHRASE_CURRENT_OPTIONS;
    station_say(s, &m);
}

void station_say_idle(struct station *s)
{
    struct sccp_message m;
    sccp_message_init(&m, SCCP_SELECT_SOFT_KEYS);
    m.select_soft_keys.set = SCCP_KEYS_ON_HOOK;
    m.select_soft_keys.mask = SCCP_KEYS_ALL;
    station_say(s, &m);
    say_options(s);
}

/* ---- the phone as a whole ---- */

/* Of a day since 1970-01-01, by Howard Hinnant's "days to civil". */
static void set_date(struct sccp_time_date *out, int64_t day)
{
    int64_t z = day + 719468; /* days since 0000-03-01 */
    int64_t era = z / 146097; /* of 400 years */
    int64_t of_era = z % 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153; /* from March */
    out->day = (uint32_t)(of_year - (153 * month + 2) / 5 + 1);
    out->month = (uint32_t)(month < 10 ? month + 3 : month - 9);
    out->year = (uint32_t)(year + era * 400 + (out->month <= 2));
    out->weekday = (uint32_t)((day + 4) % 7); /* it began on a Thursday */
}

void station_say_time(struct station *s, const struct station_now *now)
{
    enum { DAY = 24 * 60 * 60 };
    struct sccp_message m;
    int64_t local = now->unix_ms / 1000 + now->utc_offset;
    uint32_t of_day = (uint32_t)(local % DAY);
    sccp_message_init(&m, SCCP_TIME_DATE);
    set_date(&m.time_date, local / DAY);
    m.time_date.hour = of_day / 3600;
    m.time_date.minute = of_day / 60 % 60;
    m.time_date.second = of_day % 60;
    m.time_date.millisecond = (uint32_t)(now->unix_ms % 1000);
    m.time_date.unix_time = (uint32_t)(now->unix_ms / 1000);
    station_say(s, &m);
}

void station_tell_time(struct station *s, const struct station_now *now)
{
    if (s->state == STATION_REGISTERED && s->call_count == 0)
        station_say_time(s, now);
}

STATION_HANDLER(station_on_time)
{
    (void)event;
    station_say_time(s, now);
    say_options(s);
}

STATION_HANDLER(station_on_config)
{
    struct sccp_message m;
    (void)now;
    (void)event;
    sccp_message_init(&m, SCCP_CONFIG_STAT);
    m.config_stat.instance = 1;
    text_copy(m.config_stat.device, sizeof m.config_stat.device, s->claim.device);
    text_copy(m.config_stat.server_name, sizeof m.config_stat.server_name, s->site->name);
    m.config_stat.lines = (uint32_t)s->line_count;
    m.config_stat.speed_dials = (uint32_t)s->speed_dial_count;
    station_say(s, &m);
}

STATION_HANDLER(station_on_version)
{
    struct sccp_message m;
    (void)now;
    (void)event;
    sccp_message_init(&m, SCCP_VERSION);
    text_copy(m.version.load, sizeof m.version.load, s->load);
    station_say(s, &m);
}

STATION_HANDLER(station_on_servers)
{
    struct sccp_message m;
    (void)now;
    (void)event;
    sccp_message_init(&m, SCCP_SERVER);
    for (size_t i = 0; i < s->server_count; i++) {
        struct bytes host = address_bytes(&s->servers[i].address);
        text_copy(m.server.servers[i].name, sizeof m.server.servers[i].name, s->servers[i].name);
        m.server.servers[i].port = address_port(&s->servers[i].address);
        m.server.servers[i].address.type = host.size == 4 ? SCCP_IPV4 : SCCP_IPV6;
        memcpy(m.server.servers[i].address.bytes, host.data, host.size);
    }
    station_say(s, &m);
}
