#include "net/udp.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Room for IP_PKTINFO or IPV6_PKTINFO, whichever is larger. */
struct control {
    _Alignas(struct cmsghdr) char room[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

static bool is_any(const struct address *a)
{
    static const uint8_t zeros[16];
    struct bytes raw = address_bytes(a);
    return memcmp(raw.data, zeros, raw.size) == 0;
}

int udp_local_address(int fd, struct address *out)
{
    struct address a = {.size = sizeof a.v6};
    if (getsockname(fd, &a.any, &a.size) != 0)
        return -errno;
    if (a.any.sa_family != AF_INET && a.any.sa_family != AF_INET6)
        return ERR_UNSUPPORTED;
    *out = a;
    return 0;
}

int udp_prepare(int fd)
{
    struct address local = {0};
    int result = udp_local_address(fd, &local);
    if (result || !is_any(&local))
        return result;
    const int on = 1;
    if (local.any.sa_family == AF_INET)
        result = setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
    else
        result = setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on);
    return result == 0 ? 0 : -errno;
}

int udp_bind(int *out, const struct address *local, struct why *why)
{
    const int on = 1;
    int result = 0;
    int fd = socket(local->any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 ||
        (local->any.sa_family == AF_INET6 &&
         setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0) ||
        bind(fd, &local->any, local->size) != 0)
        result = -errno;
    if (result == 0)
        result = udp_prepare(fd);
    if (result) {
        char text[ADDRESS_TEXT];
        if (fd >= 0)
            close(fd);
        return why_error(why, result, "UDP %s: %s", address_text(text, local), error_text(result));
    }
    *out = fd;
    return 0;
}

static void ask_buffer(int fd, int forced, int plain, int wanted)
{
    if (setsockopt(fd, SOL_SOCKET, forced, &wanted, sizeof wanted) != 0 &&
        setsockopt(fd, SOL_SOCKET, plain, &wanted, sizeof wanted) != 0) {
        /* What it has now is reported to the caller. */
    }
}

int udp_set_buffers(int fd, size_t wanted, size_t *got)
{
    const size_t most = 1 << 30;
    int bytes = (int)(wanted > most ? most : wanted);
    int now = 0;
    socklen_t size = sizeof now;
    ask_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF, bytes);
    ask_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF, bytes);
    if (getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &now, &size) != 0)
        return -errno;
    *got = (size_t)now;
    return 0;
}

int udp_dropped(int fd, uint64_t *out)
{
    uint32_t numbers[SK_MEMINFO_VARS] = {0};
    socklen_t size = sizeof numbers;
    if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, numbers, &size) != 0)
        return -errno;
    *out = numbers[SK_MEMINFO_DROPS];
    return 0;
}

/* ---- receiving ---- */

struct udp_batch {
    struct udp_packet packets[UDP_BATCH];
    struct mmsghdr headers[UDP_BATCH];
    struct iovec parts[UDP_BATCH];
    struct control controls[UDP_BATCH];
    uint8_t data[UDP_BATCH][UDP_RECEIVE_MAX];
};

int udp_batch_new(struct udp_batch **out)
{
    struct udp_batch *batch = calloc(1, sizeof *batch);
    if (!batch)
        return -ENOMEM;
    for (size_t i = 0; i < UDP_BATCH; i++) {
        struct msghdr *h = &batch->headers[i].msg_hdr;
        batch->parts[i] =
            (struct iovec){.iov_base = batch->data[i], .iov_len = sizeof batch->data[i]};
        h->msg_iov = &batch->parts[i];
        h->msg_iovlen = 1;
        h->msg_name = &batch->packets[i].peer.any;
        h->msg_namelen = sizeof batch->packets[i].peer.v6;
        h->msg_control = &batch->controls[i];
        h->msg_controllen = sizeof batch->controls[i];
    }
    *out = batch;
    return 0;
}

void udp_batch_free(struct udp_batch *batch)
{
    free(batch);
}

static void take_local(struct udp_local *out, struct msghdr *header)
{
    out->size = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof info);
            *out = (struct udp_local){.size = sizeof info.ipi_spec_dst};
            memcpy(out->raw, &info.ipi_spec_dst, sizeof info.ipi_spec_dst);
        } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof info);
            *out = (struct udp_local){.size = sizeof info.ipi6_addr};
            memcpy(out->raw, &info.ipi6_addr, sizeof info.ipi6_addr);
            if (IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr))
                out->interface = (unsigned)info.ipi6_ifindex;
        }
    }
}

/* The kernel has written how much it put into each; for the next call that must be room again. */
static void take_packet(struct udp_batch *batch, size_t i)
{
    struct msghdr *h = &batch->headers[i].msg_hdr;
    struct udp_packet *packet = &batch->packets[i];
    packet->data = bytes_of(batch->data[i], batch->headers[i].msg_len);
    packet->cut = h->msg_flags & MSG_TRUNC;
    packet->peer.size = h->msg_namelen;
    if (h->msg_controllen)
        take_local(&packet->local, h);
    else
        packet->local.size = 0;
    h->msg_namelen = sizeof packet->peer.v6;
    h->msg_controllen = sizeof batch->controls[i];
}

int udp_receive(struct udp_batch *batch, int fd, const struct udp_packet **packets, size_t *count)
{
    int n;
    do {
        n = recvmmsg(fd, batch->headers, UDP_BATCH, MSG_DONTWAIT, NULL);
    } while (n < 0 && errno == EINTR);
    if (n < 0 && errno != EAGAIN)
        return -errno;
    *count = n < 0 ? 0 : (size_t)n;
    for (size_t i = 0; i < *count; i++)
        take_packet(batch, i);
    *packets = batch->packets;
    return 0;
}

/* ---- sending ---- */

struct outgoing {
    struct address peer;
    struct iovec parts[2];
    struct control control;
    uint8_t head[UDP_HEAD_MAX];
};

/* What waits to leave from one socket. */
struct lane {
    int fd;
    size_t count;
    struct mmsghdr headers[UDP_SEND_BATCH];
    struct outgoing out[UDP_SEND_BATCH];
};

struct udp_sender {
    struct lane lanes[UDP_SEND_SOCKETS];
    size_t lane_count;
    struct udp_counters counters;
    size_t arena_size;
    size_t arena_used;
    uint8_t *arena;
};

int udp_sender_new(struct udp_sender **out, size_t arena)
{
    struct udp_sender *sender = calloc(1, sizeof *sender);
    if (!sender)
        return -ENOMEM;
    sender->arena_size = arena;
    sender->arena = malloc(arena ? arena : 1);
    if (!sender->arena) {
        free(sender);
        return -ENOMEM;
    }
    for (size_t k = 0; k < UDP_SEND_SOCKETS; k++) {
        struct lane *lane = &sender->lanes[k];
        for (size_t i = 0; i < UDP_SEND_BATCH; i++) {
            lane->headers[i].msg_hdr.msg_name = &lane->out[i].peer.any;
            lane->headers[i].msg_hdr.msg_iov = lane->out[i].parts;
            lane->out[i].parts[0].iov_base = lane->out[i].head;
        }
    }
    *out = sender;
    return 0;
}

void udp_sender_free(struct udp_sender *sender)
{
    if (!sender)
        return;
    free(sender->arena);
    free(sender);
}

/* The control message that makes `local` the source. */
static size_t write_local(struct control *control, const struct udp_local *local)
{
    struct cmsghdr *c = (struct cmsghdr *)(void *)control->room;
    if (local->size == 4) {
        struct in_pktinfo info = {0};
        memcpy(&info.ipi_spec_dst, local->raw, sizeof info.ipi_spec_dst);
        *c = (struct cmsghdr){
            .cmsg_len = CMSG_LEN(sizeof info), .cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO};
        memcpy(CMSG_DATA(c), &info, sizeof info);
        return CMSG_SPACE(sizeof info);
    }
    struct in6_pktinfo info = {.ipi6_ifindex = local->interface};
    memcpy(&info.ipi6_addr, local->raw, sizeof info.ipi6_addr);
    *c = (struct cmsghdr){
        .cmsg_len = CMSG_LEN(sizeof info), .cmsg_level = IPPROTO_IPV6, .cmsg_type = IPV6_PKTINFO};
    memcpy(CMSG_DATA(c), &info, sizeof info);
    return CMSG_SPACE(sizeof info);
}

/* The lane of a socket with room for `datagrams` more; everything is sent first when there is none.
 */
static struct lane *lane_of(struct udp_sender *sender, int fd, size_t datagrams)
{
    for (size_t i = 0; i < sender->lane_count; i++) {
        struct lane *lane = &sender->lanes[i];
        if (lane->fd != fd)
            continue;
        if (datagrams <= UDP_SEND_BATCH - lane->count)
            return lane;
        udp_sender_flush(sender);
        break;
    }
    if (sender->lane_count == UDP_SEND_SOCKETS)
        udp_sender_flush(sender);
    struct lane *lane = &sender->lanes[sender->lane_count++];
    lane->fd = fd;
    lane->count = 0;
    return lane;
}

void udp_send(struct udp_sender *sender, int fd, const struct address *peer,
              const struct udp_local *local, struct bytes head, struct bytes payload)
{
    struct lane *lane = lane_of(sender, fd, 1);
    struct outgoing *out = &lane->out[lane->count];
    struct msghdr *h = &lane->headers[lane->count++].msg_hdr;
    size_t size = head.size < sizeof out->head ? head.size : sizeof out->head;
    if (size)
        memcpy(out->head, head.data, size);
    out->peer = *peer;
    out->parts[0].iov_len = size;
    out->parts[1] =
        (struct iovec){.iov_base = (void *)(uintptr_t)payload.data, .iov_len = payload.size};
    h->msg_namelen = peer->size;
    h->msg_iovlen = payload.size ? 2 : 1;
    h->msg_control = local && local->size ? &out->control : NULL;
    h->msg_controllen = local && local->size ? write_local(&out->control, local) : 0;
}

uint8_t *udp_sender_room(struct udp_sender *sender, int fd, size_t datagrams, size_t size)
{
    if (size > sender->arena_size || datagrams > UDP_SEND_BATCH)
        return NULL;
    if (size > sender->arena_size - sender->arena_used)
        udp_sender_flush(sender);
    (void)lane_of(sender, fd, datagrams);
    uint8_t *room = sender->arena + sender->arena_used;
    sender->arena_used += size;
    return room;
}

static void send_lane(struct udp_sender *sender, struct lane *lane)
{
    size_t done = 0;
    while (done < lane->count) {
        int n = sendmmsg(lane->fd, lane->headers + done, (unsigned)(lane->count - done),
                         MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n > 0) {
            sender->counters.sent += (uint64_t)n;
            done += (size_t)n;
        } else if (errno == EAGAIN || errno == ENOBUFS) {
            sender->counters.full += lane->count - done;
            return;
        } else if (errno != EINTR) {
            sender->counters.failed++; /* the first of them is at fault: go on behind it */
            done++;
        }
    }
}

void udp_sender_flush(struct udp_sender *sender)
{
    for (size_t i = 0; i < sender->lane_count; i++)
        send_lane(sender, &sender->lanes[i]);
    sender->lane_count = 0;
    sender->arena_used = 0;
}

const struct udp_counters *udp_sender_counters(const struct udp_sender *sender)
{
    return &sender->counters;
}
