/* What people do at a phone, and what it says of its audio: in the words of the call engine. */
#include "service/callmanager/station_parts.h"

#include <string.h>

static void user(struct station_event *event, enum call_event_kind kind, unsigned line,
                 uint32_t call)
{
    event->kind = STATION_USER;
    event->call = (struct call_event){.kind = kind, .line = line, .call = call};
}

static void ignore(struct station *s)
{
    s->site->counters.ignored++;
}

STATION_HANDLER(station_on_keypad)
{
    static const char digits[] = "0123456789\0\0\0\0*#+";
    const struct sccp_keypad_button *b = &event->message.keypad_button;
    (void)now;
    char digit = b->button < sizeof digits - 1 ? digits[b->button] : '\0';
    if (!digit) {
        ignore(s);
        return;
    }
    user(event, CALL_EV_DIGIT, b->line, b->call);
    event->call.digit = digit;
}

STATION_HANDLER(station_on_number)
{
    const struct sccp_enbloc_call *c = &event->message.enbloc_call;
    (void)s;
    (void)now;
    user(event, CALL_EV_DIAL, c->line, 0);
    event->call.number = c->number;
}

STATION_HANDLER(station_on_hook)
{
    const struct sccp_hook *h = &event->message.hook;
    bool off = event->message.id == SCCP_OFF_HOOK;
    (void)now;
    /* Before version 15 OnHook names a button, not a line. */
    bool names_line = off || s->claim.version >= 15;
    user(event, off ? CALL_EV_OFF_HOOK : CALL_EV_ON_HOOK, names_line ? h->line : 0, h->call);
}

/* What keys mean: those beside the screen, and soft keys. */
static const struct meaning {
    uint8_t key;
    enum call_event_kind kind;
    enum call_forward forward;
} buttons[] =
    {
        {SCCP_BUTTON_LINE, CALL_EV_LINE_KEY, 0},
        {SCCP_BUTTON_REDIAL, CALL_EV_REDIAL, 0},
        {SCCP_BUTTON_HOLD, CALL_EV_HOLD, 0},
        {SCCP_BUTTON_TRANSFER, CALL_EV_TRANSFER, 0},
        {SCCP_BUTTON_FORWARD_ALL, CALL_EV_SET_FORWARD, CALL_FORWARD_ALL},
        {SCCP_BUTTON_FORWARD_BUSY, CALL_EV_SET_FORWARD, CALL_FORWARD_BUSY},
        {SCCP_BUTTON_FORWARD_NO_ANSWER, CALL_EV_SET_FORWARD, CALL_FORWARD_NO_ANSWER},
},
  soft_keys[] = {
      {SCCP_KEY_REDIAL, CALL_EV_REDIAL, 0},
      {SCCP_KEY_NEW_CALL, CALL_EV_NEW, 0},
      {SCCP_KEY_HOLD, CALL_EV_HOLD, 0},
      {SCCP_KEY_TRANSFER, CALL_EV_TRANSFER, 0},
      {SCCP_KEY_FORWARD_ALL, CALL_EV_SET_FORWARD, CALL_FORWARD_ALL},
      {SCCP_KEY_FORWARD_BUSY, CALL_EV_SET_FORWARD, CALL_FORWARD_BUSY},
      {SCCP_KEY_FORWARD_NO_ANSWER, CALL_EV_SET_FORWARD, CALL_FORWARD_NO_ANSWER},
      {SCCP_KEY_BACK_SPACE, CALL_EV_BACKSPACE, 0},
      {SCCP_KEY_END_CALL, CALL_EV_END, 0},
      {SCCP_KEY_RESUME, CALL_EV_RESUME, 0},
      {SCCP_KEY_ANSWER, CALL_EV_ANSWER, 0},
};

static const struct meaning *meaning_of(const struct meaning *first, size_t count, uint32_t key)
{
    for (size_t i = 0; i < count; i++)
        if (first[i].key == key)
            return &first[i];
    return NULL;
}
#define MEANING(table, key) meaning_of(table, sizeof(table) / sizeof *(table), key)

static void press(struct station *s, struct station_event *event, const struct meaning *meaning,
                  unsigned line, uint32_t call)
{
    if (!meaning) {
        ignore(s);
        return;
    }
    user(event, meaning->kind, line, call);
    event->call.forward = meaning->forward;
}

/* The hold button of a phone with a call on hold, and none going on, takes it back. */
static bool is_all_on_hold(const struct station *s)
{
    for (size_t i = 0; i < s->call_count; i++)
        if (s->calls[i].state != CALL_STATE_HELD && s->calls[i].state != CALL_STATE_RINGING_IN)
            return false;
    return s->call_count > 0;
}

static void press_speed_dial(struct station *s, struct station_event *event, unsigned index)
{
    const struct station_dial_kept *dial = station_speed_dial_of(s, index);
    if (!dial) {
        ignore(s);
        return;
    }
    user(event, CALL_EV_DIAL, 0, 0);
    event->call.number = dial->number;
}

STATION_HANDLER(station_on_stimulus)
{
    const struct sccp_stimulus *b = &event->message.stimulus;
    (void)now;
    if (b->stimulus == SCCP_BUTTON_SPEED_DIAL) {
        press_speed_dial(s, event, b->instance);
        return;
    }
    press(s, event, MEANING(buttons, b->stimulus), b->instance, b->call);
    if (event->call.kind == CALL_EV_HOLD && event->kind == STATION_USER && is_all_on_hold(s))
        event->call.kind = CALL_EV_RESUME;
}

STATION_HANDLER(station_on_soft_key)
{
    const struct sccp_soft_key_event *k = &event->message.soft_key_event;
    (void)now;
    press(s, event, MEANING(soft_keys, k->event), k->line, k->call);
}

/* ---- audio ---- */

STATION_HANDLER(station_on_capabilities)
{
    static const struct {
        uint32_t sccp;
        enum call_codec codec;
    } known[] = {
        {SCCP_G711_ULAW, CALL_PCMU}, {SCCP_G711_ALAW, CALL_PCMA}, {SCCP_G722_64K, CALL_G722},
        {SCCP_G729, CALL_G729},      {SCCP_G729A, CALL_G729},
    };
    const struct sccp_capabilities *c = &event->message.capabilities;
    (void)s;
    (void)now;
    event->codecs = 0;
    for (uint32_t i = 0; i < c->count; i++)
        for (size_t k = 0; k < sizeof known / sizeof *known; k++)
            if (c->codecs[i].codec == known[k].sccp)
                event->codecs |= known[k].codec;
    event->kind = STATION_CODECS;
}

/* Where it listens: what it says, or where it connects from when it says nowhere. */
static void set_listening(struct address *out, const struct station *s,
                          const struct sccp_media_ack *ack)
{
    static const uint8_t nowhere[16];
    size_t size = ack->address.type == SCCP_IPV6 ? 16 : 4;
    uint16_t port = htons((uint16_t)ack->port);
    *out = s->peer;
    if (memcmp(ack->address.bytes, nowhere, size) != 0 && size == 4) {
        *out = (struct address){.v4 = {.sin_family = AF_INET}, .size = sizeof out->v4};
        memcpy(&out->v4.sin_addr, ack->address.bytes, size);
    } else if (memcmp(ack->address.bytes, nowhere, size) != 0) {
        *out = (struct address){.v6 = {.sin6_family = AF_INET6}, .size = sizeof out->v6};
        memcpy(&out->v6.sin6_addr, ack->address.bytes, size);
    }
    if (out->any.sa_family == AF_INET)
        out->v4.sin_port = port;
    else
        out->v6.sin6_port = port;
}

/* Nobody makes others send to a third host unseen, and to many not at all. */
static bool may_listen_at(struct station *s, const struct address *where)
{
    char text[ADDRESS_TEXT];
    if (!address_is_of_a_host(where) ||
        (address_is_loopback(where) && !address_is_loopback(&s->peer))) {
        station_note(s, STATION_ODD_PLACE, "it wants audio sent to %s, which is no phone's address",
                     address_host(text, where));
        return false;
    }
    if (!bytes_equal(address_bytes(where), address_bytes(&s->peer)))
        station_note(s, STATION_ODD_PLACE, "it wants audio sent to %s, where it is not",
                     address_host(text, where));
    return true;
}

STATION_HANDLER(station_on_receiving)
{
    const struct sccp_media_ack *ack = &event->message.media_ack;
    (void)now;
    user(event, CALL_EV_RECEIVING, 0, 0);
    event->call.media = ack->party;
    if (ack->status != SCCP_MEDIA_OK || ack->port == 0 || ack->port > UINT16_MAX) {
        station_note(s, STATION_ODD_AUDIO, "it cannot receive audio: %s",
                     sccp_media_status_text(ack->status));
        return;
    }
    set_listening(&event->address, s, ack);
    if (may_listen_at(s, &event->address))
        event->call.address = &event->address;
}

STATION_HANDLER(station_on_sending)
{
    const struct sccp_media_ack *ack = &event->message.media_ack;
    (void)now;
    if (ack->status == SCCP_MEDIA_OK)
        return;
    station_note(s, STATION_ODD_AUDIO, "it cannot send audio: %s",
                 sccp_media_status_text(ack->status));
    user(event, CALL_EV_NOT_SENDING, 0, 0);
    event->call.media = ack->party;
}

STATION_HANDLER(station_on_not_sending)
{
    (void)s;
    (void)now;
    user(event, CALL_EV_NOT_SENDING, 0, 0);
    event->call.media = event->message.media_ack.party;
}

STATION_HANDLER(station_on_statistics)
{
    (void)s;
    (void)now;
    event->kind = STATION_STATISTICS;
}
