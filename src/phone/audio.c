#include "phone/audio.h"

#include "base/clock.h"
#include "base/secret.h"
#include "net/udp.h"
#include "phone/g711.h"
#include "phone/rtp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    CATCH_UP = 5,     /* packets that are sent at once when the loop was late */
    GIVE_UP_MS = 500, /* later than that the time is gone */
    PORT_TRIES = 64,  /* for an even one */
    GAP_MAX = 50,     /* packets that are recorded as silence when they are missing: a second */
    PACKET_MAX = UDP_RECEIVE_MAX,
};

struct audio_room {
    struct loop *loop;
    struct udp_batch *batch;
    struct udp_sender *sender;
};

struct audio {
    struct audio_room *room;
    int fd;
    struct loop_watch *watch;
    struct loop_timer *timer;
    struct address local;
    struct sound *sound;
    struct recording *recording;
    struct span *span;
    /* sending */
    bool sends;
    struct address remote;
    struct rtpseal *seals;
    struct rtp_packet next; /* its header */
    int64_t due;
    /* receiving */
    bool receives;
    struct rtpseal *opens;
    struct rtp_reception reception;
    struct audio_counters counters; /* those that are not of the reception */
    uint16_t recorded;              /* sequence number of the last packet in the recording */
};

/* ---- the room ---- */

int audio_room_new(struct audio_room **out, struct loop *loop)
{
    struct audio_room *room = calloc(1, sizeof *room);
    if (!room)
        return -ENOMEM;
    room->loop = loop;
    int result = udp_batch_new(&room->batch);
    if (result == 0)
        result = udp_sender_new(&room->sender, 0);
    if (result) {
        audio_room_free(room);
        return result;
    }
    *out = room;
    return 0;
}

void audio_room_free(struct audio_room *room)
{
    if (!room)
        return;
    udp_batch_free(room->batch);
    udp_sender_free(room->sender);
    free(room);
}

/* ---- sending ---- */

static void send_packet(struct audio *a)
{
    uint8_t packet[RTP_HEADER + AUDIO_SAMPLES + RTPSEAL_ROOM];
    size_t size = RTP_HEADER + AUDIO_SAMPLES;
    uint64_t before = udp_sender_counters(a->room->sender)->sent;
    rtp_write_header(packet, &a->next);
    if (a->sound)
        sound_next(a->sound, packet + RTP_HEADER, AUDIO_SAMPLES);
    else
        memset(packet + RTP_HEADER, G711_SILENCE, AUDIO_SAMPLES);
    a->next.marker = false;
    a->next.sequence++;
    a->next.timestamp += AUDIO_SAMPLES;
    if (a->seals && rtpseal_close(a->seals, packet, &size) != 0) {
        a->counters.not_sent++; /* in clear it does not leave */
        return;
    }
    udp_send(a->room->sender, a->fd, &a->remote, &(struct udp_local){.size = 0},
             bytes_of(packet, RTP_HEADER), bytes_of(packet + RTP_HEADER, size - RTP_HEADER));
    udp_sender_flush(a->room->sender);
    if (udp_sender_counters(a->room->sender)->sent == before) {
        a->counters.not_sent++;
        return;
    }
    if (a->span)
        span_add(a->span, &a->local, &a->remote, bytes_of(packet, size));
    a->counters.sent++;
    a->counters.sent_octets += AUDIO_SAMPLES;
}

static void timer_fired(void *context)
{
    struct audio *a = context;
    int64_t now = loop_now(a->room->loop);
    if (!a->sends)
        return;
    if (now - a->due > GIVE_UP_MS)
        a->due = now;
    for (int i = 0; i < CATCH_UP && a->due <= now; i++) {
        send_packet(a);
        a->due += AUDIO_PACKET_MS;
    }
    loop_timer_start(a->timer, a->due > now ? a->due - now : 1);
}

int audio_send(struct audio *a, const struct address *remote, const struct rtp_keys *keys,
               struct why *why)
{
    struct rtpseal *seals = NULL;
    int result = keys ? rtpseal_new(&seals, keys, RTPSEAL_SENDS, why) : 0;
    if (result)
        return result;
    audio_send_no_more(a);
    a->seals = seals;
    a->remote = *remote;
    a->sends = true;
    a->counters.encrypts = seals != NULL;
    /* Each session begins anew, at random (RFC 3550, 5.1), and in the lower half, so that a
     * receiver who misses the first packets counts the turns of the numbers alike (RFC
     * 3711, 3.3.1). */
    a->next = (struct rtp_packet){.payload_type = RTP_PCMU, .marker = true};
    secret_random(&a->next.sequence, sizeof a->next.sequence);
    a->next.sequence &= 0x7FFF;
    secret_random(&a->next.timestamp, sizeof a->next.timestamp);
    secret_random(&a->next.ssrc, sizeof a->next.ssrc);
    a->due = loop_now(a->room->loop);
    loop_timer_start(a->timer, 0);
    return 0;
}

void audio_send_no_more(struct audio *a)
{
    a->sends = false;
    loop_timer_stop(a->timer);
    rtpseal_free(a->seals);
    a->seals = NULL;
}

/* ---- receiving ---- */

/* In the order it was sent; what is late has lost its place. */
static void record(struct audio *a, const struct rtp_packet *packet, enum rtp_arrival arrival)
{
    uint16_t gap = (uint16_t)(packet->sequence - a->recorded - 1);
    if (!a->recording || arrival == RTP_LATE)
        return;
    if (arrival == RTP_NEXT && gap)
        recording_skip(a->recording, (gap < GAP_MAX ? gap : (size_t)GAP_MAX) * AUDIO_SAMPLES);
    a->recorded = packet->sequence;
    recording_add(a->recording, packet->payload);
}

/* What the network brought, opened in place. */
static int unseal(struct audio *a, uint8_t *packet, size_t *size)
{
    int result = a->opens ? rtpseal_open(a->opens, packet, size) : 0;
    if (result == ERR_VERIFY)
        a->counters.wrong_key++;
    else if (result == ERR_DUPLICATE)
        a->counters.replayed++;
    else if (result)
        a->counters.malformed++;
    return result;
}

static void take(struct audio *a, const struct udp_packet *datagram)
{
    uint8_t packet[PACKET_MAX];
    size_t size = datagram->data.size;
    struct rtp_packet rtp;
    if (a->span)
        span_add(a->span, &datagram->peer, &a->local, datagram->data);
    if (datagram->cut || size > sizeof packet || size == 0) {
        a->counters.malformed++;
        return;
    }
    memcpy(packet, datagram->data.data, size);
    if (unseal(a, packet, &size) != 0)
        return;
    if (rtp_read(&rtp, bytes_of(packet, size)) != 0 || rtp.payload_type != RTP_PCMU) {
        a->counters.malformed++;
        return;
    }
    enum rtp_arrival arrival = rtp_received(&a->reception, &rtp, clock_ns() / 1000);
    if (arrival != RTP_DUPLICATE)
        record(a, &rtp, arrival);
}

static void readable(void *context, unsigned ready)
{
    struct audio *a = context;
    const struct udp_packet *packets;
    size_t count = 0;
    (void)ready;
    if (udp_receive(a->room->batch, a->fd, &packets, &count) != 0)
        return;
    for (size_t i = 0; i < count && a->receives; i++)
        take(a, &packets[i]);
}

int audio_receive(struct audio *a, const struct rtp_keys *keys, struct why *why)
{
    struct rtpseal *opens = NULL;
    int result = keys ? rtpseal_new(&opens, keys, RTPSEAL_RECEIVES, why) : 0;
    if (result)
        return result;
    audio_receive_no_more(a);
    a->opens = opens;
    a->receives = true;
    a->counters.decrypts = opens != NULL;
    return 0;
}

void audio_receive_no_more(struct audio *a)
{
    a->receives = false;
    rtpseal_free(a->opens);
    a->opens = NULL;
}

/* ---- the socket ---- */

static int bind_even(struct audio *a, const struct address *local, struct why *why)
{
    char host[ADDRESS_TEXT];
    struct address any;
    int result = address_parse(&any, address_host(host, local), 0);
    for (int i = 0; i < PORT_TRIES && result == 0; i++) {
        result = udp_bind(&a->fd, &any, why);
        if (result == 0)
            result = udp_local_address(a->fd, &a->local);
        if (result == 0 && address_port(&a->local) % 2 == 0)
            return 0;
        if (a->fd >= 0)
            close(a->fd);
        a->fd = -1;
    }
    return result ? result : why_error(why, ERR_LIMIT, "no even port is free at %s", host);
}

int audio_open(struct audio **out, struct audio_room *room, const struct audio_setup *setup,
               struct why *why)
{
    struct audio *a = calloc(1, sizeof *a);
    if (!a)
        return -ENOMEM;
    a->room = room;
    a->fd = -1;
    a->sound = setup->sound;
    a->recording = setup->recording;
    a->span = setup->span;
    int result = bind_even(a, setup->local, why);
    if (result == 0)
        result = loop_timer_new(&a->timer, room->loop, timer_fired, a);
    if (result == 0)
        result = loop_watch_new(&a->watch, room->loop, a->fd, readable, a);
    if (result == 0)
        result = loop_watch_set(a->watch, LOOP_READ);
    if (result) {
        audio_close(a);
        return result;
    }
    *out = a;
    return 0;
}

void audio_close(struct audio *a)
{
    if (!a)
        return;
    if (a->timer)
        audio_send_no_more(a);
    audio_receive_no_more(a);
    loop_watch_free(a->watch);
    loop_timer_free(a->timer);
    if (a->fd >= 0)
        close(a->fd);
    free(a);
}

const struct address *audio_address(const struct audio *a)
{
    return &a->local;
}

void audio_counters(const struct audio *a, struct audio_counters *out)
{
    *out = a->counters;
    out->received = a->reception.packets;
    out->received_octets = a->reception.octets;
    out->duplicates = a->reception.duplicates;
    out->late = a->reception.late;
    out->lost = rtp_lost(&a->reception);
    out->jitter_us = rtp_jitter_us(&a->reception);
}
