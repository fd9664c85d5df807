/* A phone is told to hear and to speak. */
#include "phone/handset_parts.h"

#include "base/secret.h"
#include "phone/audio.h"

#include <arpa/inet.h>
#include <string.h>

/* ---- may it? ---- */

static enum sccp_media_status refuse(struct handset *h, enum sccp_media_status status,
                                     const char *words)
{
    text_copy(h->words, sizeof h->words, words);
    return status;
}

static enum sccp_media_status check_coding(struct handset *h, uint32_t codec, uint32_t packet_ms)
{
    char words[WORDS_TEXT];
    const char *name = sccp_codec_name(codec);
    if (codec != SCCP_G711_ULAW) {
        text_format(words, sizeof words, "codec %s: this phone has G.711 mu-law alone",
                    name ? name : "nobody knows");
        return refuse(h, SCCP_MEDIA_INVALID_CODEC, words);
    }
    if (packet_ms != AUDIO_PACKET_MS) {
        text_format(words, sizeof words, "packets of %u ms: this phone has such of %d ms alone",
                    packet_ms, AUDIO_PACKET_MS);
        return refuse(h, SCCP_MEDIA_INVALID_PACKET_SIZE, words);
    }
    return SCCP_MEDIA_OK;
}

/* Keys that anybody could have read are worse than none: the screen would show a lock. */
static enum sccp_media_status take_keys(struct handset *h, const struct sccp_keys *keys)
{
    struct why why = WHY_NONE;
    int result = sccp_keys_check(keys, &why);
    h->has_keys_now = result == 0;
    if (result == ERR_NOT_FOUND)
        return SCCP_MEDIA_OK;
    if (result)
        return refuse(h, SCCP_MEDIA_CODEC_FAILED, why_text(&why, result));
    if (!h->encrypted) {
        h->has_keys_now = false;
        return refuse(h, SCCP_MEDIA_ERROR, "keys came over a connection that anybody can read");
    }
    memcpy(h->keys.key, keys->key, sizeof h->keys.key);
    memcpy(h->keys.salt, keys->salt, sizeof h->keys.salt);
    return SCCP_MEDIA_OK;
}

static enum sccp_media_status check(struct handset *h, uint32_t codec, uint32_t packet_ms,
                                    const struct sccp_keys *keys)
{
    enum sccp_media_status status = check_coding(h, codec, packet_ms);
    return status == SCCP_MEDIA_OK ? take_keys(h, keys) : status;
}

/* ---- answers ---- */

static void put_address(struct utterance *say, const struct address *address)
{
    if (!address)
        return;
    struct bytes bytes = address_bytes(address);
    say->address.type = bytes.size == 16 ? SCCP_IPV6 : SCCP_IPV4;
    memcpy(say->address.bytes, bytes.data, bytes.size);
    say->port = address_port(address);
}

static void say_received(struct handset *h, uint32_t party, uint32_t id,
                         enum sccp_media_status status, const struct address *local)
{
    struct utterance say = {
        .id = SCCP_OPEN_RECEIVE_CHANNEL_ACK, .b = party, .c = id, .status = status};
    put_address(&say, local);
    handset_say(h, &say);
}

/* Phones that do not say that they send say when they do not. */
static void say_transmitted(struct handset *h, uint32_t conference, uint32_t party, uint32_t id,
                            enum sccp_media_status status, const struct address *local)
{
    struct utterance say = {.id = SCCP_START_MEDIA_TRANSMISSION_ACK,
                            .a = conference,
                            .b = party,
                            .c = id,
                            .status = status};
    if (!h->idiom->acks_sending)
        say.id = SCCP_MEDIA_TRANSMISSION_FAILURE;
    put_address(&say, local);
    if (h->idiom->acks_sending || status != SCCP_MEDIA_OK)
        handset_say(h, &say);
}

void handset_receives(struct handset *h, size_t call, enum sccp_media_status status,
                      const struct address *local)
{
    struct handset_call *c = h->calls[call];
    if (!c || c->preserved)
        return;
    c->receiving = status == SCCP_MEDIA_OK;
    c->receives_srtp = c->receiving && h->has_keys_now;
    say_received(h, c->receive_party, c->id, status, local);
    handset_tell(h, HANDSET_AUDIO, call, 0);
}

void handset_transmits(struct handset *h, size_t call, enum sccp_media_status status,
                       const struct address *local)
{
    struct handset_call *c = h->calls[call];
    if (!c || c->preserved)
        return;
    c->transmitting = status == SCCP_MEDIA_OK;
    c->transmits_srtp = c->transmitting && h->has_keys_now;
    say_transmitted(h, c->conference, c->transmit_party, c->id, status, local);
    handset_tell(h, HANDSET_AUDIO, call, 0);
}

/* ---- orders ---- */

/* The oldest call managers do not say which call: there is one then. */
static size_t call_of(struct handset *h, uint32_t id)
{
    if (id)
        return handset_place(h, id, true);
    for (size_t i = 0; i < HANDSET_CALLS; i++)
        if (h->calls[i] && !h->calls[i]->preserved)
            return i;
    return HANDSET_CALLS;
}

void handset_take_open(struct handset *h, const struct sccp_message *m)
{
    const struct sccp_open_receive_channel *o = &m->open_receive_channel;
    size_t call = call_of(h, o->call);
    if (call == HANDSET_CALLS) {
        say_received(h, o->party, o->call, SCCP_MEDIA_NO_CHANNELS, NULL);
        return;
    }
    struct handset_call *c = h->calls[call];
    enum sccp_media_status status = check(h, o->codec, o->packet_ms, &o->keys);
    c->conference = o->conference;
    c->receive_party = o->party;
    if (status == SCCP_MEDIA_OK) {
        handset_push(h, HANDSET_RECEIVE, call);
        return;
    }
    handset_stop_receiving(h, call);
    handset_tell(h, HANDSET_REFUSED, call, SCCP_OPEN_RECEIVE_CHANNEL);
    say_received(h, o->party, c->id, status, NULL);
}

static bool get_address(struct address *out, const struct sccp_address *from, uint32_t port)
{
    char text[INET6_ADDRSTRLEN];
    bool six = from->type == SCCP_IPV6;
    if (from->type == SCCP_ADDRESS_INVALID || port == 0 || port > UINT16_MAX)
        return false;
    return inet_ntop(six ? AF_INET6 : AF_INET, from->bytes, text, sizeof text) &&
           address_parse(out, text, (uint16_t)port) == 0;
}

void handset_take_start(struct handset *h, const struct sccp_message *m)
{
    const struct sccp_start_media_transmission *s = &m->start_media_transmission;
    size_t call = call_of(h, s->call);
    if (call == HANDSET_CALLS) {
        say_transmitted(h, s->conference, s->party, s->call, SCCP_MEDIA_NO_CHANNELS, NULL);
        return;
    }
    struct handset_call *c = h->calls[call];
    enum sccp_media_status status = check(h, s->codec, s->packet_ms, &s->keys);
    if (status == SCCP_MEDIA_OK && !get_address(&h->remote, &s->remote, s->remote_port))
        status = refuse(h, SCCP_MEDIA_NO_SUCH_ADDRESS, "that is no address to send to");
    c->conference = s->conference;
    c->transmit_party = s->party;
    if (status == SCCP_MEDIA_OK) {
        handset_push(h, HANDSET_TRANSMIT, call);
        return;
    }
    handset_stop_transmitting(h, call);
    handset_tell(h, HANDSET_REFUSED, call, SCCP_START_MEDIA_TRANSMISSION);
    say_transmitted(h, s->conference, s->party, c->id, status, NULL);
}

void handset_stop_receiving(struct handset *h, size_t call)
{
    struct handset_call *c = h->calls[call];
    if (!c->receiving)
        return;
    c->receiving = false;
    handset_push(h, HANDSET_STOP_RECEIVING, call);
    handset_tell(h, HANDSET_AUDIO, call, 0);
}

void handset_stop_transmitting(struct handset *h, size_t call)
{
    struct handset_call *c = h->calls[call];
    if (!c->transmitting)
        return;
    c->transmitting = false;
    handset_push(h, HANDSET_STOP_TRANSMITTING, call);
    handset_tell(h, HANDSET_AUDIO, call, 0);
}

/* By the call, or by the party where the call is not said. */
static size_t ending_call(struct handset *h, const struct sccp_end_media *end)
{
    if (end->call)
        return handset_place(h, end->call, false);
    for (size_t i = 0; i < HANDSET_CALLS; i++)
        if (h->calls[i] && !h->calls[i]->preserved &&
            (h->calls[i]->receive_party == end->party || h->calls[i]->transmit_party == end->party))
            return i;
    return HANDSET_CALLS;
}

void handset_take_close(struct handset *h, const struct sccp_message *m)
{
    size_t call = ending_call(h, &m->end_media);
    if (call < HANDSET_CALLS)
        handset_stop_receiving(h, call);
}

void handset_take_stop(struct handset *h, const struct sccp_message *m)
{
    size_t call = ending_call(h, &m->end_media);
    if (call < HANDSET_CALLS)
        handset_stop_transmitting(h, call);
}

/* ---- statistics ---- */

void handset_take_report(struct handset *h, const struct sccp_message *m)
{
    const struct sccp_connection_statistics_req *req = &m->connection_statistics_req;
    size_t call = handset_place(h, req->call, false);
    h->report_mode = req->mode;
    text_copy(h->report_number, sizeof h->report_number, req->number);
    if (call < HANDSET_CALLS)
        handset_push(h, HANDSET_REPORT, call);
}

void handset_reports(struct handset *h, size_t call,
                     const struct sccp_connection_statistics *statistics)
{
    struct utterance say = {.id = SCCP_CONNECTION_STATISTICS_RES};
    if (!h->calls[call])
        return;
    sccp_message_init(&h->message, SCCP_CONNECTION_STATISTICS_RES);
    struct sccp_connection_statistics *out = &h->message.connection_statistics;
    *out = *statistics;
    out->quality = bytes_of(NULL, 0);
    out->call = h->calls[call]->id;
    out->mode = h->report_mode;
    text_copy(out->number, sizeof out->number, h->report_number);
    handset_say(h, &say);
}
