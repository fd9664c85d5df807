/*
 * rtp: packets of audio, and what their order and arrival tell (RFC 3550).
 */
#ifndef PHONE_RTP_H
#define PHONE_RTP_H

#include "base/bytes.h"

#define RTP_HEADER 12
#define RTP_PCMU   0 /* payload type of G.711 mu-law (RFC 3551) */

struct rtp_packet {
    uint8_t payload_type;
    bool marker; /* speech begins */
    uint16_t sequence;
    uint32_t timestamp; /* of the first sample */
    uint32_t ssrc;      /* who sends */
    struct bytes payload;
};

/* The payload lies in `packet`. ERR_FORMAT: no RTP. */
int rtp_read(struct rtp_packet *out, struct bytes packet) CHECKED;
void rtp_write_header(uint8_t out[RTP_HEADER], const struct rtp_packet *packet);

/* ---- what was received of one sender ---- */

enum rtp_arrival {
    RTP_FIRST,     /* of a sender, or after so long a gap that it began anew */
    RTP_NEXT,      /* in order, perhaps after a gap */
    RTP_LATE,      /* after one that was sent after it */
    RTP_DUPLICATE, /* it was there before */
};
struct rtp_reception {
    bool heard;               /* anything yet */
    uint64_t packets, octets; /* without duplicates */
    uint64_t duplicates, late;
    uint64_t lost_before; /* of senders before this one */
    /* of the present one */
    uint32_t ssrc;
    uint64_t base, highest; /* sequence numbers, with the turns they made */
    uint64_t window;        /* which of the 64 numbers up to the highest came; the lowest bit: it */
    uint64_t came;
    /* for the jitter (RFC 3550 A.8), in samples */
    int64_t last_arrival;
    uint32_t last_timestamp;
    uint64_t jitter16; /* sixteenfold */
};
/* `arrival_us`: of a monotonic clock. */
enum rtp_arrival rtp_received(struct rtp_reception *reception, const struct rtp_packet *packet,
                              int64_t arrival_us);
/* Packets that were expected and have not come. */
uint64_t rtp_lost(const struct rtp_reception *reception);
/* In microseconds. */
uint64_t rtp_jitter_us(const struct rtp_reception *reception);

#endif
