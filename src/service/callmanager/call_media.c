/*
 * The audio of a call. Both phones are told to receive, each with the keys of what the other will
 * send; when a phone has said where it receives, the other is told to send there. Keys are made for
 * one session and one direction, and forgotten when both ends were told.
 */
#include "service/callmanager/call_parts.h"

#include "base/secret.h"

enum { PACKET_MS = 20 };

/* The best both can, in the order of enum call_codec. */
static unsigned common_codec(const struct call *call)
{
    unsigned both = call->leg[CALL_CALLER]->phone->codecs & call->leg[CALL_CALLEE]->phone->codecs;
    return both & (~both + 1);
}

static struct call_action describe(const struct call *call, enum call_action_kind kind,
                                   enum call_side side)
{
    const struct media *media = &call->media;
    return (struct call_action){.kind = kind,
                                .media = {.id = media->side[side].id,
                                          .session = media->session,
                                          .codec = media->codec,
                                          .packet_ms = PACKET_MS}};
}

static void say(struct call_engine *e, struct call *call, struct call_action *action,
                enum call_side side, const struct call_keys *keys)
{
    if (keys && call->media.encrypted) {
        action->media.encrypted = true;
        action->media.keys = *keys;
    }
    if (call->leg[side])
        act(e, call->leg[side], action);
    secret_wipe(&action->media.keys, sizeof action->media.keys);
}

static void begin_session(struct call_engine *e, struct call *call, unsigned codec)
{
    struct media *media = &call->media;
    *media = (struct media){.session = number_after(&e->last_session),
                            .codec = codec,
                            .on = true,
                            .encrypted = call_security_has_keys(call->party[CALL_CALLER].security,
                                                                call->party[CALL_CALLEE].security)};
    for (int side = CALL_CALLER; side < CALL_SIDES; side++) {
        struct media_side *s = &media->side[side];
        s->id = number_after(&e->last_media);
        if (media->encrypted)
            e->chance.random(e->chance.context, &s->keys, sizeof s->keys);
    }
    call->was_encrypted = media->encrypted;
    if (media->encrypted)
        e->counters.encrypted++;
    else
        e->counters.clear++;
}

bool media_connect(struct call_engine *e, struct call *call)
{
    unsigned codec = common_codec(call);
    if (!codec)
        return false;
    begin_session(e, call, codec);
    for (int side = CALL_SIDES - 1; side >= CALL_CALLER; side--) {
        struct call_action open = describe(call, CALL_ACT_OPEN, (enum call_side)side);
        call->media.side[side].open = true;
        say(e, call, &open, (enum call_side)side, &call->media.side[!side].keys);
    }
    call_timer_start(&e->timers, &call->opening, WAIT_MEDIA, call);
    return true;
}

static void shut(struct call_engine *e, struct call *call, enum call_side side)
{
    struct media_side *s = &call->media.side[side];
    struct call_action close = describe(call, CALL_ACT_CLOSE, side);
    struct call_action stop = describe(call, CALL_ACT_STOP, side);
    if (s->open)
        say(e, call, &close, side, NULL);
    if (s->sends)
        say(e, call, &stop, side, NULL);
}

void media_disconnect(struct call_engine *e, struct call *call)
{
    call_timer_stop(&e->timers, &call->opening);
    if (call->media.on) {
        shut(e, call, CALL_CALLER);
        shut(e, call, CALL_CALLEE);
    }
    secret_wipe(&call->media, sizeof call->media);
}

bool media_is_up(const struct call *call)
{
    const struct media *media = &call->media;
    return media->on && media->side[CALL_CALLER].sends && media->side[CALL_CALLEE].sends;
}

/* ---- what phones say ---- */

/* A leg of the phone whose session has this number, or NULL. */
static struct leg *leg_of(const struct call_phone *phone, uint32_t id)
{
    struct leg *leg = phone->legs;
    while (leg && !(leg->call && leg->state == LEG_TALKING && leg->call->media.on &&
                    leg->call->media.side[leg->side].id == id))
        leg = leg->next;
    return leg;
}

static bool is_address(const struct address *address)
{
    static const uint8_t nowhere[16];
    struct bytes host = address_bytes(address);
    return address_port(address) != 0 && !bytes_equal(host, bytes_of(nowhere, host.size));
}

static void fail_media(struct call_engine *e, struct leg *leg)
{
    e->counters.failed++;
    talk_end(e, leg->call, CALL_CAUSE_MEDIA_FAILED, leg->side);
}

bool media_receiving(struct call_engine *e, struct call_phone *phone, uint32_t id,
                     const struct address *address)
{
    struct leg *leg = leg_of(phone, id);
    if (!leg || leg->call->preserved)
        return false;
    struct call *call = leg->call;
    enum call_side sender = !leg->side;
    if (!address || !is_address(address)) {
        fail_media(e, leg);
        return true;
    }
    if (call->media.side[leg->side].receives)
        return false; /* said twice */
    call->media.side[leg->side].receives = true;
    call->media.side[sender].sends = true;
    struct call_action start = describe(call, CALL_ACT_START, sender);
    start.media.remote = *address;
    say(e, call, &start, sender, &call->media.side[sender].keys);
    secret_wipe(&call->media.side[sender].keys, sizeof call->media.side[sender].keys);
    if (media_is_up(call))
        call_timer_stop(&e->timers, &call->opening);
    return true;
}

bool media_not_sending(struct call_engine *e, struct call_phone *phone, uint32_t id)
{
    struct leg *leg = leg_of(phone, id);
    if (!leg || leg->call->preserved || !leg->call->media.side[leg->side].sends)
        return false;
    fail_media(e, leg);
    return true;
}

void media_timeout(struct call_engine *e, struct call *call)
{
    bool caller = call->media.side[CALL_CALLER].receives;
    fail_media(e, call->leg[caller ? CALL_CALLEE : CALL_CALLER]);
}
