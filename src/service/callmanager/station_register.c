/* From a connection to a registered phone, and back. */
#include "service/callmanager/station_parts.h"

#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- who it is ---- */

static void set_address(struct address *out, const uint8_t v4[4], const uint8_t v6[16])
{
    static const uint8_t none[4];
    if (memcmp(v4, none, sizeof none) != 0) {
        *out = (struct address){.v4 = {.sin_family = AF_INET}, .size = sizeof out->v4};
        memcpy(&out->v4.sin_addr, v4, sizeof none);
    } else {
        *out = (struct address){.v6 = {.sin6_family = AF_INET6}, .size = sizeof out->v6};
        memcpy(&out->v6.sin6_addr, v6, 16);
    }
}

static void set_name(struct station_claim *claim, const char *said)
{
    char name[DEVICE_NAME_LENGTH + 1];
    text_copy(claim->device, sizeof claim->device, said);
    claim->is_name = text_device_name(bytes_of_string(said), name);
    if (claim->is_name)
        text_copy(claim->device, sizeof claim->device, name);
}

/* Bit 20 of the word that begins with the version. */
static bool reads_utf8(const struct sccp_register_req *said)
{
    return said->features[1] & 0x10;
}

static void set_claim(struct station *s, const struct sccp_register_req *said)
{
    s->claim = (struct station_claim){
        .version = sccp_version_agreed(said->version, s->site->version),
        .type = said->device_type,
        .media_up = said->active_streams != 0,
        .utf8 = reads_utf8(said),
    };
    set_name(&s->claim, said->device);
    text_copy(s->claim.load, sizeof s->claim.load, said->load);
    set_address(&s->claim.address, said->address, said->address6);
}

STATION_HANDLER(station_on_register)
{
    char before[sizeof s->claim.device];
    bool again = s->state == STATION_REGISTERED;
    (void)now;
    text_copy(before, sizeof before, s->claim.device);
    set_claim(s, &event->message.register_req);
    if (again && strcmp(before, s->claim.device) != 0) {
        char reason[STATION_REASON], shown[80];
        text_format(reason, sizeof reason, "it registered as %s, then as %s", before,
                    text_escape(shown, sizeof shown, bytes_of_string(s->claim.device)));
        station_end(s, reason);
        return;
    }
    station_ask(s);
    event->kind = STATION_WHO;
}

/* ---- welcome or not ---- */

/* The store has UTF-8 only, so what begins a letter is followed by the rest of it. */
static char latin1(const uint8_t **p)
{
    uint8_t first = *(*p)++;
    if (first < 0x80)
        return (char)first;
    uint32_t letter = (first & 0x1Fu) << 6 | (**p & 0x3Fu);
    bool two = (first & 0xE0) == 0xC0;
    while ((**p & 0xC0) == 0x80)
        (*p)++;
    return two && letter >= 0xA0 && letter <= 0xFF ? (char)letter : '?';
}

void station_spell(const struct station *s, char *out, size_t size, const char *text)
{
    const uint8_t *p = (const uint8_t *)text;
    size_t at = 0;
    if (s->claim.utf8) {
        text_copy(out, size, text);
        return;
    }
    while (*p && at + 1 < size)
        out[at++] = latin1(&p);
    out[at] = '\0';
}

static struct station_line_kept *copy_lines(const struct station *s,
                                            const struct station_welcome *welcome)
{
    struct station_line_kept *lines = calloc(welcome->line_count + 1, sizeof *lines);
    for (size_t i = 0; i < welcome->line_count && lines; i++) {
        const struct station_line *from = &welcome->lines[i];
        text_copy(lines[i].number, sizeof lines[i].number, from->number);
        station_spell(s, lines[i].name, sizeof lines[i].name, from->name);
        station_spell(s, lines[i].label, sizeof lines[i].label, from->label);
        lines[i].forwards = from->forwards;
    }
    return lines;
}

static struct station_dial_kept *copy_speed_dials(const struct station *s,
                                                  const struct station_welcome *welcome)
{
    struct station_dial_kept *dials = calloc(welcome->speed_dial_count + 1, sizeof *dials);
    for (size_t i = 0; i < welcome->speed_dial_count && dials; i++) {
        const struct station_speed_dial *from = &welcome->speed_dials[i];
        text_copy(dials[i].number, sizeof dials[i].number, from->number);
        station_spell(s, dials[i].label, sizeof dials[i].label,
                      from->label[0] ? from->label : from->number);
    }
    return dials;
}

static int take_welcome(struct station *s, const struct station_welcome *welcome)
{
    if (welcome->line_count > DEVICE_LINES_MAX || welcome->speed_dial_count > DEVICE_LINES_MAX ||
        welcome->server_count > SCCP_SERVERS)
        return ERR_LIMIT;
    struct station_line_kept *lines = copy_lines(s, welcome);
    struct station_dial_kept *dials = copy_speed_dials(s, welcome);
    if (!lines || !dials) {
        free(lines);
        free(dials);
        return -ENOMEM;
    }
    station_forget(s);
    s->lines = lines;
    s->line_count = welcome->line_count;
    s->speed_dials = dials;
    s->speed_dial_count = welcome->speed_dial_count;
    for (size_t i = 0; i < welcome->server_count; i++)
        s->servers[i] = welcome->servers[i];
    s->server_count = welcome->server_count;
    s->early = 0;
    return 0;
}

static void say_welcome(struct station *s)
{
    struct sccp_message m;
    sccp_message_init(&m, SCCP_REGISTER_ACK);
    m.register_ack.keep_alive = s->site->keep_alive_s;
    m.register_ack.keep_alive_standby = s->site->standby_s;
    m.register_ack.version = (uint8_t)s->claim.version;
    text_copy(m.register_ack.date_format, sizeof m.register_ack.date_format, s->date_format);
    sccp_server_features(m.register_ack.features, s->claim.version);
    station_say(s, &m);
    station_say_empty(s, SCCP_CAPABILITIES_REQ);
}

/* A name that is cut is another's: phones would fetch firmware again and again. */
static void set_load(struct station *s, const char *load)
{
    enum { FIELD = 16 };              /* of Version */
    bool fits = strlen(load) < FIELD; /* with its NUL */
    text_copy(s->load, sizeof s->load, fits ? load : "");
}

int station_admit(struct station *s, const struct station_welcome *welcome,
                  const struct station_now *now)
{
    if (s->state != STATION_ASKING)
        return 0; /* it went meanwhile */
    int result = take_welcome(s, welcome);
    if (result)
        return result;
    text_copy(s->date_format, sizeof s->date_format, welcome->date_format);
    set_load(s, welcome->load[0] ? welcome->load : s->claim.load);
    station_enter(s, STATION_REGISTERED, now->ms);
    say_welcome(s);
    return 0;
}

void station_refuse(struct station *s, const char *screen, const char *reason)
{
    struct sccp_message m;
    if (s->state != STATION_ASKING)
        return;
    sccp_message_init(&m, SCCP_REGISTER_REJECT);
    text_copy(m.register_reject.text, sizeof m.register_reject.text, screen);
    station_say(s, &m);
    station_end(s, reason);
}

STATION_HANDLER(station_on_unregister)
{
    struct sccp_message m;
    sccp_message_init(&m, SCCP_UNREGISTER_ACK);
    m.unregister_ack.status = SCCP_UNREGISTER_OK;
    station_say(s, &m);
    if (s->state != STATION_REGISTERED)
        return;
    station_forget(s);
    station_enter(s, STATION_NEW, now->ms);
    event->kind = STATION_GOODBYE;
}

/* ---- tokens ---- */

STATION_HANDLER(station_on_token)
{
    (void)now;
    s->small_business = event->message.id == SCCP_SPCP_TOKEN_REQ;
    set_name(&s->claim, event->message.token_req.device);
    s->claim.type = event->message.token_req.device_type;
    station_ask(s);
    event->kind = STATION_TOKEN;
}

void station_token(struct station *s, uint32_t wait_s, const struct station_now *now)
{
    struct sccp_message m;
    if (s->state != STATION_ASKING)
        return;
    if (wait_s) {
        sccp_message_init(&m,
                          s->small_business ? SCCP_SPCP_TOKEN_REJECT : SCCP_REGISTER_TOKEN_REJECT);
        m.token_reject.wait = wait_s;
    } else {
        sccp_message_init(&m, s->small_business ? SCCP_SPCP_TOKEN_ACK : SCCP_REGISTER_TOKEN_ACK);
    }
    station_enter(s, s->asked_in, now->ms);
    station_say(s, &m);
}

/* ---- staying alive ---- */

STATION_HANDLER(station_on_keep_alive)
{
    (void)event;
    station_say_empty(s, SCCP_KEEP_ALIVE_ACK);
    if (s->state != STATION_REGISTERED)
        station_enter(s, STATION_STANDBY, now->ms);
}

STATION_HANDLER(station_on_alarm)
{
    (void)s;
    (void)now;
    event->kind = STATION_ALARM;
}
