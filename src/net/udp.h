/*
 * udp: datagrams, many with one system call.
 *
 * Receiving: one `struct udp_batch` serves all sockets of a loop, one after the other. Sending: a
 * `struct udp_sender` collects datagrams and gives those of each socket to the kernel together; a
 * datagram is a short head, which is copied, and a payload, which is looked at until it is sent.
 * What the kernel cannot take is dropped and counted: protocols on UDP send again.
 *
 * A socket bound to "every address" must answer from the address it was asked at. Such sockets tell
 * it with each datagram (`struct udp_local`) and take it with each one sent.
 */
#ifndef NET_UDP_H
#define NET_UDP_H

#include "net/address.h"

#define UDP_BATCH 64 /* datagrams received with one call */
#define UDP_RECEIVE_MAX \
    1536 /* bytes; of a longer datagram the rest is lost, and it is marked cut */
#define UDP_SEND_BATCH   128 /* datagrams sent with one call */
#define UDP_SEND_SOCKETS 8   /* whose datagrams are collected at once */
#define UDP_HEAD_MAX     160 /* bytes of a head */

/* A non-blocking, close-on-exec socket. IPv6 sockets take IPv6 only. With an address of "any" it
 * tells the local address of each datagram. The message names the address. */
int udp_bind(int *fd, const struct address *local, struct why *why) CHECKED;
/* The same for a socket that somebody else has bound. */
int udp_prepare(int fd) CHECKED;
/* Asks for a receive buffer of `wanted` bytes, and the same for sending: past the limit of the
 * system when this process may (CAP_NET_ADMIN), else up to it. *got is what the kernel says it is
 * now for receiving: its count is twice ours, since it charges its own bookkeeping. */
int udp_set_buffers(int fd, size_t wanted, size_t *got) CHECKED;
/* How many datagrams the kernel has thrown away because the socket's buffer was full, since the
 * socket was made (SO_MEMINFO, which unlike SO_RXQ_OVFL costs nothing on each datagram). */
int udp_dropped(int fd, uint64_t *out) CHECKED;
/* The address a socket is bound to. */
int udp_local_address(int fd, struct address *out) CHECKED;

/* The local address of one datagram; size 0 when the socket is bound to one address. */
struct udp_local {
    uint8_t size; /* 0, 4 or 16 */
    uint8_t raw[16];
    unsigned interface; /* IPv6 link-local only, else 0 */
};

/* ---- receiving ---- */

struct udp_packet {
    struct bytes data; /* valid until the next udp_receive() */
    bool cut;
    struct address peer;
    struct udp_local local;
};

struct udp_batch;
int udp_batch_new(struct udp_batch **out) CHECKED;
void udp_batch_free(struct udp_batch *batch);
/* Takes what is there, at most UDP_BATCH; *packets are the batch's own. *count is 0 when there is
 * nothing. */
int udp_receive(struct udp_batch *batch, int fd, const struct udp_packet **packets,
                size_t *count) CHECKED;

/* ---- sending ---- */

struct udp_counters {
    uint64_t sent;
    uint64_t full;   /* dropped because the send buffer was full */
    uint64_t failed; /* refused by the kernel for another reason (no route, firewall, too long) */
};

struct udp_sender;
/* `arena` bytes of memory for payloads that live nowhere else, see udp_sender_room(). */
int udp_sender_new(struct udp_sender **out, size_t arena) CHECKED;
void udp_sender_free(struct udp_sender *sender);
/* Queues one datagram; sends what is queued first when there is no room for it. `head` (at most
 * UDP_HEAD_MAX) is copied; `payload` must stay until udp_sender_flush().
 */
void udp_send(struct udp_sender *sender, int fd, const struct address *peer,
              const struct udp_local *local, struct bytes head, struct bytes payload);
/* Makes room for `datagrams` more datagrams of this socket (at most UDP_SEND_BATCH) and for `size`
 * bytes of their payloads, flushing first if it must; the payloads may lie in the memory returned.
 * NULL when it is more than the sender has at all. */
uint8_t *udp_sender_room(struct udp_sender *sender, int fd, size_t datagrams, size_t size);
/* Sends all that is queued. */
void udp_sender_flush(struct udp_sender *sender);
const struct udp_counters *udp_sender_counters(const struct udp_sender *sender);

#endif
