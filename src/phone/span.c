#include "phone/span.h"

#include "base/clock.h"
#include "base/file.h"

#include <errno.h>
#include <stdlib.h>

enum {
    PCAP_MAGIC = (int)0xA1B2C3D4, /* times in microseconds; the byte order is that of the file */
    PCAP_MAJOR = 2,
    PCAP_MINOR = 4,
    PCAP_RAW = 101, /* LINKTYPE_RAW: each packet begins with its IP header */
    PCAP_RECORD = 16,
    IP4_HEADER = 20,
    IP6_HEADER = 40,
    UDP_HEADER = 8,
    HOPS = 64,
    DATAGRAM_MAX = UINT16_MAX - IP4_HEADER - UDP_HEADER,
};

struct span {
    struct buffer file;
};

int span_new(struct span **out)
{
    struct span *span = calloc(1, sizeof *span);
    if (!span)
        return -ENOMEM;
    struct buffer *b = &span->file;
    buffer_init(b, SPAN_MAX);
    buffer_u32le(b, (uint32_t)PCAP_MAGIC);
    buffer_u16le(b, PCAP_MAJOR);
    buffer_u16le(b, PCAP_MINOR);
    buffer_u32le(b, 0); /* UTC... */
    buffer_u32le(b, 0); /* ...as exactly as it goes */
    buffer_u32le(b, UINT16_MAX);
    buffer_u32le(b, PCAP_RAW);
    if (b->error) {
        span_free(span);
        return -ENOMEM;
    }
    *out = span;
    return 0;
}

void span_free(struct span *span)
{
    if (!span)
        return;
    buffer_fini(&span->file);
    free(span);
}

/* The sum of the Internet's checksums (RFC 1071), not yet folded. Only the last piece of a whole
 * may be of an odd size. */
static uint32_t add_words(uint32_t sum, struct bytes piece)
{
    for (size_t i = 0; i < piece.size; i++)
        sum += i % 2 ? piece.data[i] : (uint32_t)piece.data[i] << 8;
    return sum;
}

static uint16_t fold(uint32_t sum)
{
    while (sum >> 16)
        sum = (sum & UINT16_MAX) + (sum >> 16);
    return (uint16_t)~sum;
}

static void add_ip4(struct buffer *b, struct bytes from, struct bytes to, size_t size)
{
    size_t at = b->size;
    buffer_u8(b, 4 << 4 | IP4_HEADER / 4);
    buffer_u8(b, 0);
    buffer_u16be(b, (uint16_t)(IP4_HEADER + size));
    buffer_u32be(b, 0); /* whole: no fragment */
    buffer_u8(b, HOPS);
    buffer_u8(b, IPPROTO_UDP);
    buffer_u16be(b, 0);
    buffer_append(b, from);
    buffer_append(b, to);
    if (!b->error)
        buffer_set_u16be(b, at + 10, fold(add_words(0, bytes_of(b->data + at, IP4_HEADER))));
}

static void add_ip6(struct buffer *b, struct bytes from, struct bytes to, size_t size)
{
    buffer_u32be(b, 6u << 28);
    buffer_u16be(b, (uint16_t)size);
    buffer_u8(b, IPPROTO_UDP);
    buffer_u8(b, HOPS);
    buffer_append(b, from);
    buffer_append(b, to);
}

static void add_udp(struct buffer *b, const struct address *from, const struct address *to,
                    struct bytes payload)
{
    size_t at = b->size;
    size_t size = UDP_HEADER + payload.size;
    buffer_u16be(b, address_port(from));
    buffer_u16be(b, address_port(to));
    buffer_u16be(b, (uint16_t)size);
    buffer_u16be(b, 0);
    buffer_append(b, payload);
    if (b->error)
        return;
    /* With the pseudo header (RFC 768, RFC 8200). */
    uint32_t sum = add_words(IPPROTO_UDP + (uint32_t)size, address_bytes(from));
    sum = add_words(sum, address_bytes(to));
    uint16_t checksum = fold(add_words(sum, bytes_of(b->data + at, size)));
    buffer_set_u16be(b, at + 6, checksum ? checksum : UINT16_MAX);
}

void span_add(struct span *span, const struct address *from, const struct address *to,
              struct bytes payload)
{
    struct buffer *b = &span->file;
    bool ip4 = address_bytes(from).size == 4;
    size_t size = UDP_HEADER + payload.size;
    uint32_t packet = (uint32_t)((ip4 ? IP4_HEADER : IP6_HEADER) + size);
    int64_t now = clock_wall_ms();
    if (payload.size > DATAGRAM_MAX || b->size + PCAP_RECORD + packet > b->max)
        return;
    buffer_u32le(b, (uint32_t)(now / 1000));
    buffer_u32le(b, (uint32_t)(now % 1000 * 1000));
    buffer_u32le(b, packet);
    buffer_u32le(b, packet);
    if (ip4)
        add_ip4(b, address_bytes(from), address_bytes(to), size);
    else
        add_ip6(b, address_bytes(from), address_bytes(to), size);
    add_udp(b, from, to, payload);
}

int span_save(const struct span *span, const char *path, struct why *why)
{
    return span->file.error ? span->file.error
                            : file_output(path, buffer_bytes(&span->file), 0644, why);
}
