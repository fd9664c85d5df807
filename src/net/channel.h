/*
 * channel: whole messages, and descriptors with them, between processes of one machine
 * (SOCK_SEQPACKET on AF_UNIX).
 */
#ifndef NET_CHANNEL_H
#define NET_CHANNEL_H

#include "base/bytes.h"
#include "net/loop.h"

#define CHANNEL_MESSAGE_MAX (160 * 1024)
#define CHANNEL_FDS_MAX     16

/* A connected pair, close-on-exec, with room for a message of CHANNEL_MESSAGE_MAX. */
int channel_pair(int fds[2]) CHECKED;

/* Sends one message, waiting where it must. The descriptors stay the caller's. */
int channel_send(int fd, struct bytes message, const int *fds, size_t count) CHECKED;
/* As channel_send but never waits: -EAGAIN. */
int channel_try_send(int fd, struct bytes message, const int *fds, size_t count) CHECKED;
/* Receives one message into `out` (cleared first; its maximum bounds the message) and up to
 * CHANNEL_FDS_MAX descriptors, close-on-exec, which are the caller's now. ERR_CLOSED at the end.
 * `wait_ms` -1 waits for ever, 0 not at all (-EAGAIN); ERR_TIMEOUT. */
int channel_receive(int fd, struct buffer *out, int fds[CHANNEL_FDS_MAX], size_t *count,
                    int wait_ms) CHECKED;

/* A channel on a loop: sends queue when the other side is slow (bounded by `queue` messages), and
 * each message received calls `message`; `closed` is called once when the other side has gone or
 * broke a rule. The channel owns fd from here on. Descriptors that came with a message are the
 * callback's to close. */
struct channel;
struct channel_events {
    void (*message)(void *context, struct bytes message, const int *fds, size_t count);
    void (*closed)(void *context);
};
int channel_new(struct channel **out, struct loop *loop, int fd, size_t queue,
                const struct channel_events *events, void *context) CHECKED;
/* Copies the message; duplicates the descriptors. ERR_LIMIT when the queue is full. */
int channel_write(struct channel *channel, struct bytes message, const int *fds,
                  size_t count) CHECKED;
/* May be called from its own callbacks. Unsent messages are dropped. */
void channel_free(struct channel *channel);

#endif
