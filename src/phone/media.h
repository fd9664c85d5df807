/*
 * media: the audio of one phone. RTP over UDP with G.711 mu-law in packets of 20 ms, and SRTP in
 * each direction that has keys (docs/protocols/rtp.md).
 *
 * A stream is the audio of one call: one socket, from which it sends and where it receives. The
 * call manager opens and closes the two directions one by one (OpenReceiveChannel,
 * StartMediaTransmission), in any order and again and again; each time keys are new. What cannot
 * be done is answered as SCCP answers it, with a word for the console.
 */
#ifndef PHONE_MEDIA_H
#define PHONE_MEDIA_H

#include "net/address.h"
#include "net/loop.h"
#include "wire/sccp.h"

enum media_sound {
    MEDIA_NOTHING, /* no packets leave: for fleets, whose sockets are there all the same */
    MEDIA_SILENCE,
    MEDIA_TONE,
    MEDIA_FILE, /* a WAV file, again and again */
};

struct media_setup {
    struct loop *loop;
    struct address local; /* of its sockets; its port is not looked at. An address the other phone
                             can send to: it is told in OpenReceiveChannelAck */
    enum media_sound sound;
    const char *file;   /* MEDIA_FILE; copied */
    const char *record; /* a WAV file to be written, all calls one after the other; NULL: none;
                           copied */
};

struct media;

/* ERR_NOT_FOUND, ERR_FORMAT, -errno: the file cannot be played or the record not be written. */
int media_new(struct media **out, const struct media_setup *setup, struct why *why) CHECKED;
/* Ends the record, once all streams are gone: -errno when it could not be written whole. Without
 * one there is nothing to do. */
int media_finish(struct media *media, struct why *why) CHECKED;
/* After its streams. NULL is accepted. */
void media_free(struct media *media);

/* ---- streams ---- */

struct media_stream;

/* Both directions closed, no socket yet. */
int media_stream_new(struct media_stream **out, struct media *media) CHECKED;
/* Closes what is open. NULL is accepted. */
void media_stream_free(struct media_stream *stream);

/* One direction, as the call manager orders it. */
struct media_order {
    uint32_t codec; /* enum sccp_codec */
    uint32_t packet_ms;
    uint32_t dtmf_payload;        /* of RFC 2833; 0: none */
    const struct sccp_keys *keys; /* without them (SCCP_SRTP_NONE) RTP goes in clear. Not kept; what
                                     is made of them is wiped when the direction closes */
};

/* Listens; *local is where. SCCP_MEDIA_OK, or what goes into the answer and, in `why`, what to
 * say: SCCP_MEDIA_INVALID_CODEC, _INVALID_PACKET_SIZE, _NO_SOCKETS, _CODEC_FAILED (keys that SRTP
 * cannot begin with). A direction that is open is closed first. */
enum sccp_media_status media_receive(struct media_stream *stream, const struct media_order *order,
                                     struct address *local, struct why *why) CHECKED;
/* Sends there, from *local; as media_receive(). */
enum sccp_media_status media_transmit(struct media_stream *stream, const struct media_order *order,
                                      const struct address *remote, struct address *local,
                                      struct why *why) CHECKED;
void media_stop_receiving(struct media_stream *stream);
void media_stop_transmitting(struct media_stream *stream);

/* Since media_stream_new(), over all its directions; bytes are those of payloads, as in
 * ConnectionStatisticsRes. */
struct media_statistics {
    uint64_t packets_sent, bytes_sent;
    uint64_t packets_received, bytes_received;
    uint64_t packets_lost;              /* never came, by their sequence numbers */
    uint64_t packets_late;              /* came out of order or twice */
    uint64_t packets_broken;            /* no RTP, not from the other phone, or refused by SRTP */
    uint32_t jitter_ms, jitter_most_ms; /* RFC 3550's estimate, now and at its highest */
    bool receiving, transmitting;
    bool srtp_in, srtp_out; /* of the direction that is open, or was open last */
    uint32_t codec;         /* the same; 0: none yet */
    struct address local;   /* size 0: no socket yet */
    struct address remote;  /* size 0: none yet */
};
void media_statistics(const struct media_stream *stream, struct media_statistics *out);

#endif
