/*
 * audio: the voice of a call, as RTP over UDP: 20 ms of G.711 mu-law in a packet, encrypted where
 * signalling gave keys.
 *
 * One socket and port serve a call, both ways, through all its sessions: each session is told where
 * to receive and where to send, with keys of its own or without, and stopped. A session that
 * receives with keys takes nothing that is not sealed with them.
 */
#ifndef PHONE_AUDIO_H
#define PHONE_AUDIO_H

#include "net/address.h"
#include "net/loop.h"
#include "phone/rtpseal.h"
#include "phone/sound.h"
#include "phone/span.h"

#define AUDIO_PACKET_MS 20
#define AUDIO_SAMPLES   160 /* and bytes of payload */

/* What the phones of a loop share. */
struct audio_room;
int audio_room_new(struct audio_room **out, struct loop *loop) CHECKED;
/* After all that was opened in it. */
void audio_room_free(struct audio_room *room);

struct audio_setup {
    const struct address *local; /* where to receive; its port does not count */
    struct sound *sound;         /* what is sent, or NULL: silence; must outlive the audio */
    struct recording *recording; /* takes what is heard, or NULL; the same */
    struct span *span;           /* takes a copy of every packet, or NULL; the same */
};

struct audio;
/* Takes an even port, as RTP does. */
int audio_open(struct audio **out, struct audio_room *room, const struct audio_setup *setup,
               struct why *why) CHECKED;
void audio_close(struct audio *audio);
/* With the port: what the other phone is to be told. */
const struct address *audio_address(const struct audio *audio);

/* A session begins or goes on: `keys` NULL is in clear. Keys are copied into the cipher, and need
 * not stay. */
int audio_receive(struct audio *audio, const struct rtp_keys *keys, struct why *why) CHECKED;
int audio_send(struct audio *audio, const struct address *remote, const struct rtp_keys *keys,
               struct why *why) CHECKED;
void audio_receive_no_more(struct audio *audio);
void audio_send_no_more(struct audio *audio);

/* Of all sessions together. */
struct audio_counters {
    uint64_t sent, sent_octets;         /* packets, and their payloads before encryption */
    uint64_t received, received_octets; /* the same, without duplicates */
    uint64_t lost, late, duplicates;
    uint64_t jitter_us;
    uint64_t wrong_key;      /* not sealed with the keys of the session */
    uint64_t replayed;       /* sealed with them, and came before */
    uint64_t malformed;      /* no RTP, or not of this coding */
    uint64_t not_sent;       /* the kernel did not take them */
    bool encrypts, decrypts; /* the present session, or the last one */
};
void audio_counters(const struct audio *audio, struct audio_counters *out);

#endif
