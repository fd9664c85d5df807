#include "net/channel.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    /* The kernel counts its own bookkeeping against the buffer. */
    SEND_ROOM = CHANNEL_MESSAGE_MAX + 64 * 1024,
    MESSAGES_A_TURN = 16,
};

/* SO_SNDBUF is doubled by the kernel and cut to a limit of the system, silently. */
static int widen(int fd)
{
    int wanted = SEND_ROOM;
    int got = 0;
    socklen_t size = sizeof got;
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &wanted, sizeof wanted) != 0 &&
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &wanted, sizeof wanted) != 0)
        return -errno;
    if (getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &got, &size) != 0)
        return -errno;
    return got < CHANNEL_MESSAGE_MAX ? -ENOBUFS : 0;
}

int channel_pair(int fds[2])
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return -errno;
    int result = widen(pair[0]);
    if (result == 0)
        result = widen(pair[1]);
    if (result) {
        close(pair[0]);
        close(pair[1]);
        return result;
    }
    fds[0] = pair[0];
    fds[1] = pair[1];
    return 0;
}

/* Room for the descriptors of one message, aligned as the kernel wants it. */
union control {
    struct cmsghdr align;
    char room[CMSG_SPACE(CHANNEL_FDS_MAX * sizeof(int))];
};

static int send_once(int fd, struct bytes message, const int *fds, size_t count, int flags)
{
    union control control = {0};
    struct iovec part = {.iov_base = (void *)(uintptr_t)message.data, .iov_len = message.size};
    struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
    if (count) {
        header.msg_control = &control;
        header.msg_controllen = CMSG_SPACE(count * sizeof(int));
        struct cmsghdr *c = CMSG_FIRSTHDR(&header);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(count * sizeof(int));
        memcpy(CMSG_DATA(c), fds, count * sizeof(int));
    }
    while (sendmsg(fd, &header, MSG_NOSIGNAL | flags) < 0) {
        if (errno == EINTR)
            continue;
        return errno == EPIPE || errno == ECONNRESET ? ERR_CLOSED : -errno;
    }
    return 0;
}

/* An empty message could not be told from the end. */
static int check_message(struct bytes message, size_t count)
{
    if (message.size == 0)
        return ERR_USAGE;
    return message.size > CHANNEL_MESSAGE_MAX || count > CHANNEL_FDS_MAX ? ERR_LIMIT : 0;
}

int channel_try_send(int fd, struct bytes message, const int *fds, size_t count)
{
    int result = check_message(message, count);
    return result ? result : send_once(fd, message, fds, count, MSG_DONTWAIT);
}

/* Waits until the descriptor is ready; `deadline` in clock_ms, -1 is never. */
static int wait_for(int fd, short what, int64_t deadline)
{
    for (;;) {
        int64_t left = deadline < 0 ? -1 : deadline - clock_ms();
        if (deadline >= 0 && left < 0)
            left = 0;
        struct pollfd p = {.fd = fd, .events = what};
        int n = poll(&p, 1, (int)left);
        if (n > 0)
            return 0;
        if (n == 0)
            return ERR_TIMEOUT;
        if (errno != EINTR)
            return -errno;
    }
}

int channel_send(int fd, struct bytes message, const int *fds, size_t count)
{
    for (;;) {
        int result = channel_try_send(fd, message, fds, count);
        if (result != -EAGAIN)
            return result;
        result = wait_for(fd, POLLOUT, -1);
        if (result)
            return result;
    }
}

static void close_all(const int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++)
        close(fds[i]);
}

static size_t take_descriptors(struct msghdr *header, int fds[CHANNEL_FDS_MAX])
{
    size_t count = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        if (n > CHANNEL_FDS_MAX - count)
            n = CHANNEL_FDS_MAX - count;
        memcpy(fds + count, CMSG_DATA(c), n * sizeof(int));
        count += n;
    }
    return count;
}

/* The message at the front, without waiting. One that is larger than `out` allows is taken from
 * the socket and refused. */
static int receive_once(int fd, struct buffer *out, int fds[CHANNEL_FDS_MAX], size_t *count)
{
    buffer_clear(out);
    ssize_t size;
    /* ECONNRESET says, once, that the other side closed with words of ours unread; what it had said
     * itself can still be read. */
    do {
        size = recv(fd, NULL, 0, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);
    } while (size < 0 && (errno == EINTR || errno == ECONNRESET));
    if (size < 0)
        return -errno;
    if (size == 0)
        return ERR_CLOSED;
    size_t room = (size_t)size > out->max ? 0 : (size_t)size;
    int result = buffer_reserve(out, room);
    if (result)
        return result;
    union control control;
    struct iovec part = {.iov_base = out->data, .iov_len = room};
    struct msghdr header = {.msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = &control,
                            .msg_controllen = sizeof control};
    ssize_t got = recvmsg(fd, &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (got < 0)
        return -errno;
    size_t n = take_descriptors(&header, fds);
    if (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
        close_all(fds, n);
        return ERR_LIMIT;
    }
    out->size = (size_t)got;
    *count = n;
    return 0;
}

int channel_receive(int fd, struct buffer *out, int fds[CHANNEL_FDS_MAX], size_t *count,
                    int wait_ms)
{
    int64_t deadline = wait_ms < 0 ? -1 : clock_ms() + wait_ms;
    for (;;) {
        int result = receive_once(fd, out, fds, count);
        if (result != -EAGAIN || wait_ms == 0)
            return result;
        result = wait_for(fd, POLLIN, deadline);
        if (result)
            return result;
    }
}

/* ---- on a loop ---- */

struct parcel {
    struct parcel *next;
    size_t count;
    int fds[CHANNEL_FDS_MAX];
    size_t size;
    uint8_t data[];
};

struct channel {
    int fd;
    struct loop_watch *watch;
    struct channel_events events;
    void *context;
    struct buffer incoming;
    struct parcel *first; /* what waits to be sent */
    struct parcel **end;
    size_t waiting;
    size_t queue;
    bool broken; /* `closed` was called, or will be soon */
    bool busy;   /* inside a callback */
    bool doomed; /* freed by its own callback: goes when that has returned */
};

static void parcel_free(struct parcel *parcel)
{
    close_all(parcel->fds, parcel->count);
    free(parcel);
}

static void destroy(struct channel *channel)
{
    loop_watch_free(channel->watch);
    while (channel->first) {
        struct parcel *parcel = channel->first;
        channel->first = parcel->next;
        parcel_free(parcel);
    }
    buffer_fini(&channel->incoming);
    close(channel->fd);
    free(channel);
}

static int set_interest(struct channel *channel)
{
    unsigned interest = channel->broken ? 0 : LOOP_READ | (channel->first ? LOOP_WRITE : 0);
    return loop_watch_set(channel->watch, interest);
}

static void break_off(struct channel *channel)
{
    channel->broken = true;
    channel->events.closed(channel->context);
}

static void read_some(struct channel *channel)
{
    for (int i = 0; i < MESSAGES_A_TURN && !channel->broken && !channel->doomed; i++) {
        int fds[CHANNEL_FDS_MAX];
        size_t count = 0;
        int result = receive_once(channel->fd, &channel->incoming, fds, &count);
        if (result == -EAGAIN || result == -EINTR)
            return;
        if (result)
            break_off(channel);
        else
            channel->events.message(channel->context, buffer_bytes(&channel->incoming), fds, count);
    }
}

static void write_some(struct channel *channel)
{
    while (channel->first) {
        struct parcel *parcel = channel->first;
        int result = send_once(channel->fd, bytes_of(parcel->data, parcel->size), parcel->fds,
                               parcel->count, MSG_DONTWAIT);
        if (result == -EAGAIN)
            return;
        /* A side that has gone is seen by reading; what waits for it is of no use. */
        channel->first = parcel->next;
        if (!channel->first)
            channel->end = &channel->first;
        channel->waiting--;
        parcel_free(parcel);
    }
}

static void ready(void *context, unsigned what)
{
    struct channel *channel = context;
    channel->busy = true;
    if (what & LOOP_WRITE)
        write_some(channel);
    if (what & LOOP_READ)
        read_some(channel);
    if (!channel->doomed && set_interest(channel) != 0 && !channel->broken)
        break_off(channel);
    channel->busy = false;
    if (channel->doomed)
        destroy(channel);
}

int channel_new(struct channel **out, struct loop *loop, int fd, size_t queue,
                const struct channel_events *events, void *context)
{
    struct channel *channel = calloc(1, sizeof *channel);
    if (!channel)
        return -ENOMEM;
    *channel = (struct channel){.fd = fd, .events = *events, .context = context, .queue = queue};
    channel->end = &channel->first;
    buffer_init(&channel->incoming, CHANNEL_MESSAGE_MAX);
    int result = loop_watch_new(&channel->watch, loop, fd, ready, channel);
    if (result == 0)
        result = set_interest(channel);
    if (result) {
        loop_watch_free(channel->watch);
        free(channel);
        return result;
    }
    *out = channel;
    return 0;
}

static int parcel_new(struct parcel **out, struct bytes message, const int *fds, size_t count)
{
    struct parcel *parcel = malloc(sizeof *parcel + message.size);
    if (!parcel)
        return -ENOMEM;
    parcel->next = NULL;
    parcel->count = 0;
    parcel->size = message.size;
    memcpy(parcel->data, message.data, message.size);
    for (size_t i = 0; i < count; i++) {
        int copy = fcntl(fds[i], F_DUPFD_CLOEXEC, 0);
        if (copy < 0) {
            int error = -errno;
            parcel_free(parcel);
            return error;
        }
        parcel->fds[parcel->count++] = copy;
    }
    *out = parcel;
    return 0;
}

int channel_write(struct channel *channel, struct bytes message, const int *fds, size_t count)
{
    int result = check_message(message, count);
    if (result)
        return result;
    if (channel->broken)
        return ERR_CLOSED;
    if (!channel->first) {
        result = send_once(channel->fd, message, fds, count, MSG_DONTWAIT);
        if (result != -EAGAIN)
            return result;
    }
    if (channel->waiting >= channel->queue)
        return ERR_LIMIT;
    struct parcel *parcel = NULL;
    result = parcel_new(&parcel, message, fds, count);
    if (result)
        return result;
    *channel->end = parcel;
    channel->end = &parcel->next;
    channel->waiting++;
    return channel->busy ? 0 : set_interest(channel);
}

void channel_free(struct channel *channel)
{
    if (!channel || channel->doomed)
        return;
    channel->doomed = true;
    if (!channel->busy)
        destroy(channel);
}
