#include "phone/rtp.h"

#include "phone/g711.h"

enum {
    VERSION = 2,
    WINDOW = 64,    /* numbers up to the highest that are remembered */
    GAP_MAX = 3000, /* a sender that jumps further has begun anew: a minute of audio */
    SAMPLE_US = 1000000 / G711_RATE,
};

/* ---- packets ---- */

static int skip_extension(struct reader *r)
{
    (void)reader_u16be(r);
    (void)reader_bytes(r, 4 * (size_t)reader_u16be(r));
    return r->error;
}

static int cut_padding(struct bytes *payload)
{
    uint8_t padding = payload->size ? payload->data[payload->size - 1] : 0;
    if (padding == 0 || padding > payload->size)
        return ERR_FORMAT;
    payload->size -= padding;
    return 0;
}

int rtp_read(struct rtp_packet *out, struct bytes packet)
{
    struct reader r;
    reader_init(&r, packet);
    uint8_t first = reader_u8(&r);
    uint8_t second = reader_u8(&r);
    struct rtp_packet p = {.payload_type = second & 0x7F, .marker = (second & 0x80) != 0};
    p.sequence = reader_u16be(&r);
    p.timestamp = reader_u32be(&r);
    p.ssrc = reader_u32be(&r);
    (void)reader_bytes(&r, 4 * (size_t)(first & 0x0F)); /* contributing sources */
    int result = first & 0x10 ? skip_extension(&r) : 0;
    p.payload = reader_rest(&r);
    if (result || r.error || first >> 6 != VERSION)
        return ERR_FORMAT;
    if (first & 0x20 && cut_padding(&p.payload) != 0)
        return ERR_FORMAT;
    *out = p;
    return 0;
}

static void put32(uint8_t *out, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)(value >> (24 - 8 * i));
}

void rtp_write_header(uint8_t out[RTP_HEADER], const struct rtp_packet *packet)
{
    out[0] = VERSION << 6;
    out[1] = (uint8_t)(packet->payload_type | (packet->marker ? 0x80 : 0));
    out[2] = (uint8_t)(packet->sequence >> 8);
    out[3] = (uint8_t)packet->sequence;
    put32(out + 4, packet->timestamp);
    put32(out + 8, packet->ssrc);
}

/* ---- reception ---- */

/* What came twice does not make up for what did not come. */
static uint64_t missing(const struct rtp_reception *r)
{
    uint64_t expected = r->heard ? r->highest - r->base + 1 : 0;
    return expected > r->came ? expected - r->came : 0;
}

uint64_t rtp_lost(const struct rtp_reception *r)
{
    return r->lost_before + missing(r);
}

uint64_t rtp_jitter_us(const struct rtp_reception *r)
{
    return r->jitter16 * SAMPLE_US / 16;
}

/* The first turn is numbered 1, so that there is room for what was sent before the first that came.
 */
static void begin(struct rtp_reception *r, const struct rtp_packet *packet)
{
    r->lost_before += missing(r);
    r->heard = true;
    r->ssrc = packet->ssrc;
    r->base = r->highest = (uint64_t)65536 + packet->sequence;
    r->window = 1;
    r->came = 0;
}

static enum rtp_arrival place(struct rtp_reception *r, const struct rtp_packet *packet)
{
    int step = (int16_t)(uint16_t)(packet->sequence - (uint16_t)r->highest);
    if (!r->heard || packet->ssrc != r->ssrc || step > GAP_MAX || step < -GAP_MAX) {
        begin(r, packet);
        return RTP_FIRST;
    }
    if (step > 0) {
        r->window = step < WINDOW ? r->window << step | 1 : 1;
        r->highest += (uint64_t)step;
        return RTP_NEXT;
    }
    /* What is older than is remembered is not believed to be new. */
    if (-step >= WINDOW || r->window >> -step & 1)
        return RTP_DUPLICATE;
    r->window |= (uint64_t)1 << -step;
    if (r->highest - (uint64_t)-step < r->base)
        r->base = r->highest - (uint64_t)-step;
    return RTP_LATE;
}

static void note_jitter(struct rtp_reception *r, const struct rtp_packet *packet, int64_t arrival,
                        bool first)
{
    int64_t sent = (int32_t)(packet->timestamp - r->last_timestamp);
    int64_t difference = arrival - r->last_arrival - sent;
    uint64_t distance = (uint64_t)(difference < 0 ? -difference : difference);
    r->last_arrival = arrival;
    r->last_timestamp = packet->timestamp;
    if (!first)
        r->jitter16 += distance - ((r->jitter16 + 8) >> 4);
}

enum rtp_arrival rtp_received(struct rtp_reception *r, const struct rtp_packet *packet,
                              int64_t arrival_us)
{
    enum rtp_arrival arrival = place(r, packet);
    if (arrival == RTP_DUPLICATE) {
        r->duplicates++;
        return arrival;
    }
    r->came++;
    r->packets++;
    r->octets += packet->payload.size;
    r->late += arrival == RTP_LATE;
    note_jitter(r, packet, arrival_us / SAMPLE_US, arrival == RTP_FIRST);
    return arrival;
}
