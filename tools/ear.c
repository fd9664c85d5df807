/*
 * ear: what there is to hear. For the demo and for tests.
 *
 *   ear heard FILE.wav WHAT
 *       Is the recording what was said, sample by sample, without a gap? WHAT is what the phone at
 * the other end had behind --audio. Where it began does not count. ear tap lo|FILE.pcap HERTZ...
 *       What an eavesdropper has of the calls that pass: for each stream of RTP a line with its
 *       packets, the size of their payloads, and how much of their power, decoded as mu-law, is in
 * each of these tones, in thousandths. `lo` is the loopback interface, until standard input ends
 * (and a line says when it listens); a file is one of trustline-phone --span.
 *
 * Exit status: 0; 1 when it is something else that was heard; 2 when nothing could be heard at all.
 */
#include "base/file.h"
#include "base/text.h"
#include "net/address.h"
#include "phone/g711.h"
#include "phone/rtp.h"
#include "phone/sound.h"
#include "phone/span.h"
#include "phone/wav.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/if_ether.h>
#include <linux/if_packet.h>

enum {
    STREAMS = 64,
    TONES = 8,
    FEW = 50,     /* packets: fewer are no call */
    VOICE = 160,  /* bytes of payload that are audio, if they are */
    MATCHED = 1,  /* second at the most that the recording begins later than the speaker */
    FRAME = 2048, /* bytes of a packet */
    PCAP_HEADER = 24,
    PCAP_RECORD = 16,
    RECEIVE_BUFFER = 4 << 20,
};

static int trouble(const char *what, const char *why)
{
    fprintf(stderr, "ear: %s: %s\n", what, why);
    return 2;
}

/* ---- a recording ---- */

static bool same(const uint8_t *heard, const uint8_t *said, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (g711_decode(heard[i]) != g711_decode(said[i]))
            return false;
    return true;
}

static int compare(const char *path, const char *what, struct bytes heard, struct sound *sound)
{
    const size_t room = heard.size + MATCHED * G711_RATE;
    uint8_t *said = malloc(room);
    size_t at = 0;
    if (!said)
        return trouble(path, "no memory");
    sound_next(sound, said, room);
    while (at + heard.size < room && !same(heard.data, said + at, heard.size))
        at++;
    bool found = at + heard.size < room;
    free(said);
    if (found && heard.size)
        printf("seconds=%.2f later=%.2f\n", (double)heard.size / G711_RATE, (double)at / G711_RATE);
    else
        fprintf(stderr, "ear: %s: %.2f s, and that is not what was said (%s)\n", path,
                (double)heard.size / G711_RATE, what);
    return found && heard.size ? 0 : 1;
}

static int heard(const char *path, const char *what)
{
    struct buffer file, samples;
    struct sound *sound = NULL;
    struct why why = WHY_NONE;
    buffer_init(&file, WAV_MAX);
    buffer_init(&samples, WAV_MAX);
    int result = file_read(&file, path, &why);
    if (result == 0)
        result = wav_read(&samples, buffer_bytes(&file), &why);
    if (result == 0)
        result = sound_open(&sound, what, &why);
    int status = result ? trouble(path, why_text(&why, result))
                        : compare(path, what, buffer_bytes(&samples), sound);
    sound_free(sound);
    buffer_fini(&samples);
    buffer_fini(&file);
    return status;
}

/* ---- streams ---- */

struct stream {
    struct address from, to;
    uint32_t ssrc;
    unsigned packets;
    size_t least, most; /* of payload */
    struct buffer voice;
};

struct tap {
    struct stream streams[STREAMS];
    size_t count;
    unsigned tones[TONES]; /* Hz */
    size_t tone_count;
};

static struct stream *stream_of(struct tap *tap, const struct address *from,
                                const struct address *to, uint32_t ssrc)
{
    for (size_t i = 0; i < tap->count; i++) {
        struct stream *s = &tap->streams[i];
        if (s->ssrc == ssrc && address_equal(&s->from, from) && address_equal(&s->to, to))
            return s;
    }
    if (tap->count == STREAMS)
        return NULL;
    struct stream *s = &tap->streams[tap->count++];
    *s = (struct stream){.from = *from, .to = *to, .ssrc = ssrc, .least = SIZE_MAX};
    buffer_init(&s->voice, WAV_MAX);
    return s;
}

static void take_datagram(struct tap *tap, const struct address *from, const struct address *to,
                          struct bytes data)
{
    struct rtp_packet rtp;
    if (rtp_read(&rtp, data) != 0 || rtp.payload_type != RTP_PCMU)
        return;
    struct stream *s = stream_of(tap, from, to, rtp.ssrc);
    if (!s)
        return;
    s->packets++;
    s->least = rtp.payload.size < s->least ? rtp.payload.size : s->least;
    s->most = rtp.payload.size > s->most ? rtp.payload.size : s->most;
    buffer_append(&s->voice, bytes_slice(rtp.payload, 0, VOICE));
}

/* One that begins with its IPv4 header. */
static void take_packet(struct tap *tap, struct bytes packet)
{
    struct reader r;
    struct address from = {.size = sizeof from.v4}, to = {.size = sizeof to.v4};
    reader_init(&r, packet);
    uint8_t first = reader_u8(&r);
    reader_bytes(&r, 8);
    uint8_t protocol = reader_u8(&r);
    reader_bytes(&r, 2);
    from.v4 =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(reader_u32be(&r))};
    to.v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(reader_u32be(&r))};
    if (first >> 4 != 4 || protocol != IPPROTO_UDP)
        return;
    reader_bytes(&r, (size_t)(first & 15) * 4 - sizeof(struct iphdr));
    from.v4.sin_port = htons(reader_u16be(&r));
    to.v4.sin_port = htons(reader_u16be(&r));
    reader_bytes(&r, 4);
    if (!r.error)
        take_datagram(tap, &from, &to, reader_rest(&r));
}

/* ---- where they come from ---- */

static int tap_file(struct tap *tap, const char *path)
{
    struct buffer file;
    struct reader r;
    struct why why = WHY_NONE;
    buffer_init(&file, SPAN_MAX);
    int result = file_read(&file, path, &why);
    reader_init(&r, buffer_bytes(&file));
    reader_bytes(&r, PCAP_HEADER);
    while (result == 0 && reader_left(&r)) {
        reader_bytes(&r, PCAP_RECORD - 8);
        uint32_t size = reader_u32le(&r);
        reader_u32le(&r);
        take_packet(tap, reader_bytes(&r, size));
    }
    if (result == 0 && r.error)
        result = why_error(&why, ERR_TRUNCATED, "no capture file, or a part of one");
    buffer_fini(&file);
    return result ? trouble(path, why_text(&why, result)) : 0;
}

static int open_interface(const char *name)
{
    const int room = RECEIVE_BUFFER;
    struct sockaddr_ll where = {.sll_family = AF_PACKET,
                                .sll_protocol = htons(ETH_P_IP),
                                .sll_ifindex = (int)if_nametoindex(name)};
    int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_IP));
    if (fd < 0)
        return -1;
    /* As much as there may be: without it packets would be missed when the machine is busy. */
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    if (bind(fd, (struct sockaddr *)&where, sizeof where) == 0)
        return fd;
    close(fd);
    return -1;
}

/* On loopback each packet passes twice, when it leaves and when it comes. */
static void take_all(struct tap *tap, int fd)
{
    uint8_t frame[FRAME];
    struct sockaddr_ll link;
    socklen_t size = sizeof link;
    ssize_t got;
    while ((got = recvfrom(fd, frame, sizeof frame, 0, (struct sockaddr *)&link, &size)) >= 0)
        if (link.sll_pkttype != PACKET_OUTGOING)
            take_packet(tap, bytes_of(frame, (size_t)got));
}

static int tap_interface(struct tap *tap, const char *name)
{
    int fd = open_interface(name);
    if (fd < 0)
        return trouble(name, strerror(errno));
    struct pollfd polls[] = {{.fd = fd, .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};
    puts("listening");
    fflush(stdout);
    while (!polls[1].revents) {
        if (poll(polls, 2, -1) < 0 && errno != EINTR)
            return trouble(name, strerror(errno));
        take_all(tap, fd);
    }
    close(fd);
    return 0;
}

static void tell_one(const struct tap *tap, const struct stream *s)
{
    char from[ADDRESS_TEXT], to[ADDRESS_TEXT];
    printf("from=%s to=%s packets=%u payload=%zu", address_text(from, &s->from),
           address_text(to, &s->to), s->packets, s->least);
    if (s->most != s->least)
        printf("-%zu", s->most);
    for (size_t i = 0; i < tap->tone_count; i++)
        printf(" share%u=%u", tap->tones[i],
               sound_tone_share(buffer_bytes(&s->voice), tap->tones[i]));
    putchar('\n');
}

static int listen_in(const char *where, size_t count, char **tones)
{
    struct tap tap = {.tone_count = count};
    for (size_t i = 0; i < count; i++) {
        int64_t hertz = 0;
        if (text_number(tones[i], 1, SOUND_HIGHEST, &hertz) != 0)
            return trouble(tones[i], "a number of hertz is needed");
        tap.tones[i] = (unsigned)hertz;
    }
    int status = strcmp(where, "lo") == 0 ? tap_interface(&tap, where) : tap_file(&tap, where);
    for (size_t i = 0; i < tap.count; i++) {
        if (status == 0 && tap.streams[i].packets >= FEW)
            tell_one(&tap, &tap.streams[i]);
        buffer_fini(&tap.streams[i].voice);
    }
    return status;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "heard") == 0)
        return heard(argv[2], argv[3]);
    if (argc >= 4 && argc <= 3 + TONES && strcmp(argv[1], "tap") == 0)
        return listen_in(argv[2], (size_t)argc - 3, argv + 3);
    fputs("usage: ear heard FILE.wav WHAT | ear tap lo|FILE.pcap HERTZ...\n", stderr);
    return 2;
}
