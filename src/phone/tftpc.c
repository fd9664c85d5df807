#include "phone/tftpc.h"

#include "net/udp.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct tftpc_transfer {
    struct tftpc_transfer *next, *previous; /* of the lingering ones, oldest first */
    struct tftpc *tftpc;
    struct tftpc_transfer *all_next, *all_previous;
    int fd;
    struct loop_watch *watch;
    struct loop_timer *timer;
    struct download *download;
    bool lingers;
    void (*done)(void *context, const struct download_result *result);
    void *context;
};

struct tftpc {
    struct loop *loop;
    struct download_setup setup;
    struct udp_batch *batch;
    struct udp_sender *sender;
    struct tftpc_transfer *all;
    struct tftpc_transfer *oldest, *newest; /* lingering */
    unsigned lingering;
    struct tftpc_counters counters;
};

int tftpc_new(struct tftpc **out, struct loop *loop, const struct download_setup *setup)
{
    struct tftpc *tftpc = calloc(1, sizeof *tftpc);
    if (!tftpc)
        return -ENOMEM;
    tftpc->loop = loop;
    if (setup)
        tftpc->setup = *setup;
    else
        download_setup_default(&tftpc->setup);
    int result = udp_batch_new(&tftpc->batch);
    if (result == 0)
        result = udp_sender_new(&tftpc->sender, 0);
    if (result)
        tftpc_free(tftpc);
    else
        *out = tftpc;
    return result;
}

void tftpc_free(struct tftpc *tftpc)
{
    if (!tftpc)
        return;
    for (struct tftpc_transfer *t = tftpc->all, *next; t; t = next) {
        next = t->all_next;
        tftpc_cancel(t);
    }
    udp_batch_free(tftpc->batch);
    udp_sender_free(tftpc->sender);
    free(tftpc);
}

const struct tftpc_counters *tftpc_counters(const struct tftpc *tftpc)
{
    return &tftpc->counters;
}

/* ---- the transfers that still answer ---- */

static void stop_lingering(struct tftpc_transfer *t)
{
    struct tftpc *tftpc = t->tftpc;
    if (!t->lingers)
        return;
    t->lingers = false;
    tftpc->lingering--;
    *(t->previous ? &t->previous->next : &tftpc->oldest) = t->next;
    *(t->next ? &t->next->previous : &tftpc->newest) = t->previous;
}

static void start_lingering(struct tftpc_transfer *t)
{
    struct tftpc *tftpc = t->tftpc;
    t->lingers = true;
    t->next = NULL;
    t->previous = tftpc->newest;
    *(t->previous ? &t->previous->next : &tftpc->oldest) = t;
    tftpc->newest = t;
    if (++tftpc->lingering > TFTPC_LINGERING)
        tftpc_cancel(tftpc->oldest);
}

void tftpc_cancel(struct tftpc_transfer *t)
{
    if (!t)
        return;
    stop_lingering(t);
    loop_watch_free(t->watch);
    loop_timer_free(t->timer);
    if (t->fd >= 0)
        close(t->fd);
    download_free(t->download);
    *(t->all_previous ? &t->all_previous->all_next : &t->tftpc->all) = t->all_next;
    if (t->all_next)
        t->all_next->all_previous = t->all_previous;
    free(t);
}

/* ---- one step ---- */

static void send_pending(struct tftpc_transfer *t)
{
    struct udp_sender *sender = t->tftpc->sender;
    struct bytes packet;
    const struct address *to;
    while (download_send(t->download, &packet, &to)) {
        udp_send(sender, t->fd, to, NULL, bytes_of("", 0), packet);
        udp_sender_flush(sender);
    }
}

static void report(struct tftpc_transfer *t, const struct download_result *result)
{
    struct tftpc_counters *counters = &t->tftpc->counters;
    void (*done)(void *context, const struct download_result *result) = t->done;
    t->done = NULL;
    counters->transfers++;
    counters->bytes += result->file.size;
    counters->resent += result->resent;
    done(t->context, result);
}

/* Waits for more, or ends: the transfer may be gone afterwards. */
static void settle(struct tftpc_transfer *t)
{
    const struct download_result *result = download_result(t->download);
    bool over = download_is_over(t->download);
    if (!over)
        loop_timer_start(t->timer, download_deadline(t->download) - loop_now(t->tftpc->loop));
    if (result && t->done) {
        report(t, result);
        if (!over)
            start_lingering(t);
    }
    if (over)
        tftpc_cancel(t);
}

static void timer_fired(void *context)
{
    struct tftpc_transfer *t = context;
    download_tick(t->download, loop_now(t->tftpc->loop));
    send_pending(t);
    settle(t);
}

/* What ICMP has to say waits in a queue of its own and would wake the loop for ever. */
static void drain_errors(int fd)
{
    char data[64];
    char control[512];
    struct iovec part = {.iov_base = data, .iov_len = sizeof data};
    struct msghdr header;
    do {
        header = (struct msghdr){.msg_iov = &part,
                                 .msg_iovlen = 1,
                                 .msg_control = control,
                                 .msg_controllen = sizeof control};
    } while (recvmsg(fd, &header, MSG_ERRQUEUE | MSG_DONTWAIT) >= 0);
}

static void socket_ready(void *context, unsigned ready)
{
    struct tftpc_transfer *t = context;
    const struct udp_packet *packets;
    size_t count = 0;
    int64_t now = loop_now(t->tftpc->loop);
    (void)ready;
    if (udp_receive(t->tftpc->batch, t->fd, &packets, &count) != 0)
        download_refused(t->download);
    if (count == 0)
        drain_errors(t->fd);
    for (size_t i = 0; i < count && !download_is_over(t->download); i++) {
        download_packet(t->download, &packets[i].peer, packets[i].data, now);
        send_pending(t);
    }
    settle(t);
}

/* ---- getting a file ---- */

static int open_socket(struct tftpc_transfer *t, const struct tftpc_get *get, struct why *why)
{
    const int on = 1;
    struct address any;
    bool v6 = get->server->any.sa_family == AF_INET6;
    int result = address_parse(&any, v6 ? "::" : "0.0.0.0", 0);
    if (result == 0)
        result = udp_bind(&t->fd, get->source ? get->source : &any, why);
    if (result)
        return result;
    if (v6)
        result = setsockopt(t->fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof on);
    else
        result = setsockopt(t->fd, IPPROTO_IP, IP_RECVERR, &on, sizeof on);
    return result == 0 ? 0 : why_error(why, -errno, "a UDP socket: %s", error_text(-errno));
}

static int prepare(struct tftpc_transfer *t, const struct tftpc_get *get, struct why *why)
{
    struct tftpc *tftpc = t->tftpc;
    struct download_setup setup = tftpc->setup;
    setup.name = get->name;
    setup.server = *get->server;
    setup.block_size = get->options ? TFTPC_BLOCK : 0;
    setup.max = get->max;
    int result = open_socket(t, get, why);
    if (result == 0)
        result = download_new(&t->download, &setup);
    if (result == 0)
        result = loop_timer_new(&t->timer, tftpc->loop, timer_fired, t);
    if (result == 0)
        result = loop_watch_new(&t->watch, tftpc->loop, t->fd, socket_ready, t);
    if (result == 0)
        result = loop_watch_set(t->watch, LOOP_READ);
    return result ? why_error(why, result, "a TFTP transfer: %s", error_text(result)) : 0;
}

int tftpc_get(struct tftpc *tftpc, struct tftpc_transfer **out, const struct tftpc_get *get,
              struct why *why)
{
    struct tftpc_transfer *t = calloc(1, sizeof *t);
    if (!t)
        return why_error(why, -ENOMEM, "a TFTP transfer: %s", error_text(-ENOMEM));
    *t = (struct tftpc_transfer){.tftpc = tftpc,
                                 .fd = -1,
                                 .all_next = tftpc->all,
                                 .done = get->done,
                                 .context = get->context};
    if (tftpc->all)
        tftpc->all->all_previous = t;
    tftpc->all = t;
    int result = prepare(t, get, why);
    if (result) {
        tftpc_cancel(t);
        return result;
    }
    download_start(t->download, loop_now(tftpc->loop));
    send_pending(t);
    loop_timer_start(t->timer, download_deadline(t->download) - loop_now(tftpc->loop));
    *out = t;
    return 0;
}
