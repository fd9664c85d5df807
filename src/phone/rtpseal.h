/*
 * rtpseal: encrypts and opens RTP packets (SRTP, RFC 3711), with AES_CM_128_HMAC_SHA1_32: AES-128
 * in counter mode, and a tag of 4 bytes. An audio packet of 172 bytes (header 12, payload 160)
 * becomes one of 176; who looks at the wire sees a payload of 164. The one place that knows
 * libsrtp.
 *
 * One seal is one direction of one session. The first packet says which sender (SSRC) it is about.
 */
#ifndef PHONE_RTPSEAL_H
#define PHONE_RTPSEAL_H

#include "base/error.h"

#include <stdint.h>

#define RTP_KEY  16
#define RTP_SALT 14
/* Master key and salt, as signalling gives them. A secret: wipe it. */
struct rtp_keys {
    uint8_t key[RTP_KEY];
    uint8_t salt[RTP_SALT];
};

#define RTPSEAL_TAG 4 /* bytes a sealed packet is longer */
#define RTPSEAL_ROOM \
    144 /* bytes that must be free behind a packet while it is sealed, says libsrtp */

enum rtpseal_direction { RTPSEAL_SENDS, RTPSEAL_RECEIVES };

struct rtpseal;
/* The keys are not needed afterwards. */
int rtpseal_new(struct rtpseal **out, const struct rtp_keys *keys, enum rtpseal_direction direction,
                struct why *why) CHECKED;
/* Wipes what it made of the keys. */
void rtpseal_free(struct rtpseal *seal);
/* In place; *size is that of the packet before and after. */
int rtpseal_close(struct rtpseal *seal, uint8_t *packet, size_t *size) CHECKED;
/* ERR_VERIFY: sealed with other keys, or changed on the way; ERR_DUPLICATE: it came before, or is
 * too old to tell; ERR_FORMAT: no SRTP packet. */
int rtpseal_open(struct rtpseal *seal, uint8_t *packet, size_t *size) CHECKED;

#endif
