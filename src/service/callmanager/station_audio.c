/* What the call engine wants a phone to play, hear and send: in the words of SCCP. */
#include "service/callmanager/station_parts.h"

#include <string.h>

enum {
    DTMF_PAYLOAD = 101, /* of RFC 2833 */
    DTMF_TYPE = 10,     /* as a genuine server says; nobody knows what it means */
};

static void sound(struct station *s, const struct call_action *a)
{
    static const uint32_t tones[] = {
        [CALL_TONE_NONE] = SCCP_TONE_SILENCE,     [CALL_TONE_DIAL] = SCCP_TONE_DIAL,
        [CALL_TONE_RINGING] = SCCP_TONE_ALERTING, [CALL_TONE_BUSY] = SCCP_TONE_BUSY,
        [CALL_TONE_REORDER] = SCCP_TONE_REORDER,  [CALL_TONE_WAITING] = SCCP_TONE_CALL_WAITING,
    };
    struct sccp_message m;
    if (a->tone == CALL_TONE_NONE) {
        sccp_message_init(&m, SCCP_STOP_TONE);
        m.stop_tone.line = a->line;
        m.stop_tone.call = a->call;
    } else {
        sccp_message_init(&m, SCCP_START_TONE);
        m.start_tone.tone = tones[a->tone];
        m.start_tone.line = a->line;
        m.start_tone.call = a->call;
    }
    station_say(s, &m);
}

static void ring(struct station *s, const struct call_action *a)
{
    struct sccp_message m;
    sccp_message_init(&m, SCCP_SET_RINGER);
    m.set_ringer.mode = a->ring ? SCCP_RING_INSIDE : SCCP_RING_OFF;
    m.set_ringer.duration = SCCP_RING_NORMAL;
    m.set_ringer.line = a->line;
    m.set_ringer.call = a->call;
    station_say(s, &m);
}

/* ---- audio ---- */

static uint32_t codec_of(enum call_codec codec)
{
    switch (codec) {
    case CALL_PCMA:
        return SCCP_G711_ALAW;
    case CALL_G722:
        return SCCP_G722_64K;
    case CALL_G729:
        return SCCP_G729;
    case CALL_PCMU:
        break;
    }
    return SCCP_G711_ULAW;
}

/* Keys travel as the connection does, so they leave on an encrypted one only, whatever was asked
 * for: the last wall behind the policy of who is an encrypted party. */
static bool set_keys(struct station *s, struct sccp_keys *out, const struct call_media *media)
{
    if (!media->encrypted)
        return true;
    if (s->link != CALL_LINK_ENCRYPTED) {
        station_end(s, "keys of media for a connection that is not encrypted: please report this");
        return false;
    }
    out->algorithm = SCCP_SRTP_AES_128_SHA1_32;
    out->key_size = sizeof media->keys.key;
    out->salt_size = sizeof media->keys.salt;
    memcpy(out->key, media->keys.key, sizeof media->keys.key);
    memcpy(out->salt, media->keys.salt, sizeof media->keys.salt);
    return true;
}

static void open_audio(struct station *s, const struct call_action *a)
{
    struct sccp_message m;
    sccp_message_init(&m, SCCP_OPEN_RECEIVE_CHANNEL);
    struct sccp_open_receive_channel *o = &m.open_receive_channel;
    o->conference = a->media.session;
    o->party = a->media.id;
    o->packet_ms = a->media.packet_ms;
    o->codec = codec_of(a->media.codec);
    o->call = a->call;
    o->dtmf_payload = DTMF_PAYLOAD;
    o->dtmf_type = DTMF_TYPE;
    if (set_keys(s, &o->keys, &a->media))
        station_say(s, &m);
    sccp_message_wipe(&m);
}

static void start_audio(struct station *s, const struct call_action *a)
{
    struct sccp_message m;
    struct bytes host = address_bytes(&a->media.remote);
    sccp_message_init(&m, SCCP_START_MEDIA_TRANSMISSION);
    struct sccp_start_media_transmission *t = &m.start_media_transmission;
    t->conference = a->media.session;
    t->party = a->media.id;
    t->remote.type = host.size == 4 ? SCCP_IPV4 : SCCP_IPV6;
    memcpy(t->remote.bytes, host.data, host.size);
    t->remote_port = address_port(&a->media.remote);
    t->packet_ms = a->media.packet_ms;
    t->codec = codec_of(a->media.codec);
    t->precedence = SCCP_DSCP_VOICE;
    t->call = a->call;
    t->dtmf_payload = DTMF_PAYLOAD;
    t->dtmf_type = DTMF_TYPE;
    if (set_keys(s, &t->keys, &a->media))
        station_say(s, &m);
    sccp_message_wipe(&m);
}

static void end_audio(struct station *s, const struct call_action *a, enum sccp_id id)
{
    struct sccp_message m;
    sccp_message_init(&m, id);
    m.end_media.conference = a->media.session;
    m.end_media.party = a->media.id;
    m.end_media.call = a->call;
    station_say(s, &m);
}

void station_hear(struct station *s, const struct call_action *a)
{
    switch (a->kind) {
    case CALL_ACT_TONE:
        sound(s, a);
        break;
    case CALL_ACT_RING:
        ring(s, a);
        break;
    case CALL_ACT_OPEN:
        open_audio(s, a);
        break;
    case CALL_ACT_START:
        start_audio(s, a);
        break;
    case CALL_ACT_CLOSE:
        end_audio(s, a, SCCP_CLOSE_RECEIVE_CHANNEL);
        break;
    case CALL_ACT_STOP:
        end_audio(s, a, SCCP_STOP_MEDIA_TRANSMISSION);
        break;
    default:
        break;
    }
}
