/* voice: WAV files, and packets of RTP, sealed or not. */
#include "fuzz.h"

#include "phone/rtp.h"
#include "phone/rtpseal.h"
#include "phone/wav.h"

#include <string.h>

static void file(struct bytes whole)
{
    struct buffer samples;
    struct buffer again;
    buffer_init(&samples, whole.size);
    buffer_init(&again, WAV_MAX);
    if (wav_read(&samples, whole, NULL) == 0) {
        wav_write(&again, buffer_bytes(&samples));
        MUST(again.error == 0 && again.size == 44 + 2 * samples.size);
    }
    buffer_fini(&samples);
    buffer_fini(&again);
}

/* Packets of 20 bytes, one after the other. */
static void packets(struct bytes whole)
{
    struct rtp_reception reception = {.heard = false};
    struct rtp_packet packet;
    uint8_t header[RTP_HEADER];
    for (size_t at = 0; at + 20 <= whole.size; at += 20) {
        struct bytes one = bytes_slice(whole, at, 20);
        if (rtp_read(&packet, one) != 0)
            continue;
        fuzz_within(packet.payload, one);
        (void)fuzz_touch(packet.payload);
        rtp_write_header(header, &packet);
        MUST(memcmp(header + 1, one.data + 1, RTP_HEADER - 1) == 0);
        (void)rtp_received(&reception, &packet, (int64_t)at * 1000);
        MUST(rtp_lost(&reception) < whole.size * 3000);
    }
}

static void sealed(struct bytes whole)
{
    static const struct rtp_keys keys = {.key = {1}};
    struct rtpseal *seal = NULL;
    uint8_t packet[512];
    size_t size = whole.size < sizeof packet ? whole.size : sizeof packet;
    memcpy(packet, whole.data, size);
    if (size == 0 || rtpseal_new(&seal, &keys, RTPSEAL_RECEIVES, NULL) != 0)
        return;
    MUST(rtpseal_open(seal, packet, &size) != 0); /* nobody guesses a tag */
    rtpseal_free(seal);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes whole = bytes_of(data, size);
    file(whole);
    packets(whole);
    sealed(whole);
    return 0;
}
