#include "net/tls_parts.h"

#include "base/secret.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
    READS_A_TURN = 4,                /* of TLS_RECORD_MAX bytes, then others have their turn */
    HANDSHAKE_BYTES_MAX = 64 * 1024, /* phones need 4 KB, with certificates */
};

/* ---- the end ---- */

/* The first decision stays: what follows from it is no news. */
static void decide(struct tls_connection *c, struct tls_end end, const char *text)
{
    if (c->ended)
        return;
    c->ended = true;
    c->end = end;
    c->text = strdup(text);
}

static void close_socket(struct tls_connection *c)
{
    c->state = TLS_OVER;
    loop_watch_free(c->watch);
    c->watch = NULL;
    if (c->wire.fd >= 0)
        close(c->wire.fd);
    c->wire.fd = -1;
}

static void destroy(struct tls_connection *c)
{
    if (c->keeper)
        c->keeper->gone(c);
    close_socket(c);
    loop_timer_free(c->timer);
    SSL_free(c->ssl);
    while (c->first) {
        struct tls_parcel *parcel = c->first;
        c->first = parcel->next;
        secret_wipe(parcel->data, parcel->size);
        free(parcel);
    }
    tls_context_free(c->context);
    certificate_free(c->shown);
    free(c->verdict);
    free(c->text);
    free(c);
}

void tls_free(struct tls_connection *c)
{
    if (!c || c->doomed)
        return;
    c->doomed = true;
    if (!c->busy)
        destroy(c);
}

static void tell(struct tls_connection *c)
{
    struct tls_end end = c->end;
    end.text = c->text ? c->text : error_text(end.error);
    c->told = true;
    if (c->keeper && !c->shaken)
        c->keeper->failed(c, &end);
    else if (c->events.closed)
        c->events.closed(c->user, &end);
}

/* ---- what to wait for ---- */

static unsigned interest(const struct tls_connection *c)
{
    unsigned write = c->wants_write || c->first ? LOOP_WRITE : 0;
    switch (c->state) {
    case TLS_CONNECTING:
        return LOOP_WRITE;
    case TLS_HANDSHAKE:
        if (c->waits_turn)
            return 0;
        return c->wants_write ? LOOP_WRITE : LOOP_READ;
    case TLS_OPEN:
        return write | (c->paused ? 0 : LOOP_READ);
    case TLS_FLUSHING:
        return LOOP_WRITE | (c->peer_done ? 0 : LOOP_READ);
    case TLS_LINGERING:
        return LOOP_READ;
    case TLS_OVER:
        break;
    }
    return 0;
}

/* The timer runs for the earliest deadline. One that moved away is noticed when it fires, so that
 * data do not cost a timer each. */
static void arm(struct tls_connection *c)
{
    int64_t next = 0;
    for (int i = 0; i < DEADLINES; i++)
        if (c->deadlines[i] && (!next || c->deadlines[i] < next))
            next = c->deadlines[i];
    if (!next || (c->timer_at && c->timer_at <= next))
        return;
    c->timer_at = next;
    loop_timer_start(c->timer, next - loop_now(c->loop));
}

/* Most connections have no deadline any more when they are open, and nothing to be woken for. */
static void rest(struct tls_connection *c)
{
    for (int i = 0; i < DEADLINES; i++)
        if (c->deadlines[i])
            return;
    loop_timer_stop(c->timer);
    c->timer_at = 0;
}

static void soon(struct tls_connection *c)
{
    c->timer_at = loop_now(c->loop);
    loop_timer_start(c->timer, 0);
}

static void set_deadline(struct tls_connection *c, enum tls_deadline which, int64_t ms)
{
    c->deadlines[which] = ms > 0 ? loop_now(c->loop) + ms : 0;
    if (ms > 0)
        arm(c);
}

static void touch(struct tls_connection *c)
{
    if (c->state == TLS_OPEN)
        set_deadline(c, DEADLINE_IDLE, c->limits.idle_ms);
}

static void over(struct tls_connection *c)
{
    memset(c->deadlines, 0, sizeof c->deadlines);
    close_socket(c);
}

/* The way out of everything the loop called: only here an object may go. */
static void leave(struct tls_connection *c)
{
    if (!c->doomed && c->watch && loop_watch_set(c->watch, interest(c)) != 0) {
        decide(c, (struct tls_end){.kind = TLS_END_SYSTEM, .error = -ENOMEM}, error_text(-ENOMEM));
        over(c);
    }
    if (!c->doomed && c->state == TLS_OVER && !c->told)
        tell(c);
    c->busy = false;
    if (c->doomed)
        destroy(c);
}

/* After calls of the caller's: now, or at the way out. */
static void watch_again(struct tls_connection *c)
{
    if (!c->busy && c->watch && loop_watch_set(c->watch, interest(c)) != 0)
        tls_end_now(c, TLS_END_SYSTEM, -ENOMEM, error_text(-ENOMEM));
}

void tls_end_now(struct tls_connection *c, enum tls_end_kind kind, int error, const char *text)
{
    if (c->state == TLS_OVER)
        return;
    decide(c, (struct tls_end){.kind = kind, .error = error}, text);
    over(c);
    if (!c->busy)
        soon(c);
}

/* ---- closing ---- */

/* The kernel has what we said; the peer is given time to read it: closing a socket with unread
 * bytes sends a reset, which destroys what is on its way. */
static void linger(struct tls_connection *c)
{
    shutdown(c->wire.fd, SHUT_WR);
    c->state = TLS_LINGERING;
    c->wants_write = false;
    c->deadlines[DEADLINE_HANDSHAKE] = 0;
    c->deadlines[DEADLINE_IDLE] = c->deadlines[DEADLINE_CALLER] = 0;
    if (!c->deadlines[DEADLINE_LINGER])
        set_deadline(c, DEADLINE_LINGER, c->limits.linger_ms > 0 ? c->limits.linger_ms : 1);
}

static void fail(struct tls_connection *c)
{
    struct why why = WHY_NONE;
    struct tls_blame blame = {.context = c->context,
                              .wire = &c->wire,
                              .hello = &c->hello,
                              .verdict = c->verdict,
                              .shaken = c->shaken};
    struct tls_end end = tls_failure_read(&blame, &why);
    decide(c, end, why.text);
    /* Where we refused, an alert says so to the peer. */
    if (end.kind == TLS_END_CUT || end.kind == TLS_END_SYSTEM || end.kind == TLS_END_ALERT)
        over(c);
    else
        linger(c);
}

static void goodbye(struct tls_connection *c)
{
    enum tls_move move = tls_say_goodbye(c);
    if (move == MOVE_DONE)
        linger(c);
    else if (move == MOVE_FAILED)
        fail(c);
}

/* One attempt: who did not read for so long will not miss it. */
static void short_goodbye(struct tls_connection *c)
{
    if (c->shaken && tls_say_goodbye(c) == MOVE_FAILED)
        ERR_clear_error();
    over(c);
}

static void begin_close(struct tls_connection *c)
{
    c->state = TLS_FLUSHING;
    c->deadlines[DEADLINE_IDLE] = c->deadlines[DEADLINE_CALLER] = 0;
    set_deadline(c, DEADLINE_LINGER, c->limits.linger_ms > 0 ? c->limits.linger_ms : 1);
}

void tls_close(struct tls_connection *c)
{
    switch (c->state) {
    case TLS_CONNECTING:
    case TLS_HANDSHAKE:
        tls_end_now(c, TLS_END_OURS, ERR_CLOSED, "closed by us before the handshake was done");
        break;
    case TLS_OPEN:
        decide(c, (struct tls_end){.kind = TLS_END_OURS, .error = ERR_CLOSED}, "closed by us");
        begin_close(c);
        watch_again(c);
        break;
    default:
        break; /* it ends already */
    }
}

/* close_notify of the peer's: it hears what is queued for it, and goes. */
static void peer_closed(struct tls_connection *c)
{
    c->peer_done = true;
    decide(c, (struct tls_end){.kind = TLS_END_CLOSED, .error = ERR_CLOSED},
           c->context->server ? "the phone closed the connection"
                              : "the server closed the connection");
    if (c->state == TLS_OPEN && c->first)
        begin_close(c);
    else if (c->state == TLS_OPEN)
        short_goodbye(c);
}

static void discard(struct tls_connection *c)
{
    uint8_t piece[TLS_RECORD_MAX];
    for (int i = 0; i < READS_A_TURN; i++) {
        ssize_t got = recv(c->wire.fd, piece, sizeof piece, 0);
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (got <= 0) {
            over(c);
            return;
        }
    }
}

/* ---- deadlines ---- */

static bool all_delivered(const struct tls_connection *c)
{
    int unsent = 0;
    return c->state == TLS_LINGERING && ioctl(c->wire.fd, SIOCOUTQ, &unsent) == 0 && unsent == 0;
}

static void decide_late(struct tls_connection *c, const char *text)
{
    if (c->ended)
        return;
    if (c->keeper)
        c->keeper->late(c);
    decide(c, (struct tls_end){.kind = TLS_END_LATE, .error = ERR_TIMEOUT}, text);
}

static void handshake_late(struct tls_connection *c)
{
    struct why why = WHY_NONE;
    const char *who = c->context->server ? "the phone" : "the server";
    if (c->state == TLS_CONNECTING)
        why_error(&why, ERR_TIMEOUT, "the server did not take the connection within %lld ms",
                  (long long)c->limits.handshake_ms);
    else if (c->context->plain)
        why_error(&why, ERR_TIMEOUT, "%s said nothing for %lld ms", who,
                  (long long)c->limits.handshake_ms);
    else
        why_error(&why, ERR_TIMEOUT,
                  "the handshake was not done within %lld ms: %s had sent %llu bytes",
                  (long long)c->limits.handshake_ms, who, (unsigned long long)c->wire.received);
    decide_late(c, why.text);
    over(c);
}

static void linger_late(struct tls_connection *c)
{
    /* Our own word was that all is delivered: it was not. */
    if (c->ended && (c->end.kind == TLS_END_OURS || c->end.kind == TLS_END_CLOSED) &&
        !all_delivered(c)) {
        c->ended = false;
        free(c->text);
        decide_late(c, "closed by us, but the other side did not take all that was sent to it");
    }
    over(c);
}

static void expire(struct tls_connection *c, enum tls_deadline which)
{
    switch (which) {
    case DEADLINE_HANDSHAKE:
        handshake_late(c);
        break;
    case DEADLINE_IDLE:
        decide_late(c, "silent for too long");
        short_goodbye(c);
        break;
    case DEADLINE_CALLER:
        decide_late(c, c->what);
        short_goodbye(c);
        break;
    case DEADLINE_LINGER:
        linger_late(c);
        break;
    case DEADLINES:
        break;
    }
}

static void timer_fired(void *context)
{
    struct tls_connection *c = context;
    int64_t now = loop_now(c->loop);
    c->busy = true;
    c->timer_at = 0;
    for (int i = 0; i < DEADLINES && c->state != TLS_OVER; i++)
        if (c->deadlines[i] && c->deadlines[i] <= now)
            expire(c, (enum tls_deadline)i);
    arm(c);
    leave(c);
}

void tls_set_deadline(struct tls_connection *c, int64_t ms, const char *what)
{
    if (c->state != TLS_OPEN)
        return;
    c->what = what;
    set_deadline(c, DEADLINE_CALLER, ms);
}

void tls_set_idle(struct tls_connection *c, int64_t ms)
{
    c->limits.idle_ms = ms;
    touch(c);
}

/* ---- writing ---- */

static void drop_first(struct tls_connection *c)
{
    struct tls_parcel *parcel = c->first;
    c->first = parcel->next;
    if (!c->first)
        c->last = &c->first;
    c->queued -= parcel->size;
    secret_wipe(parcel->data, parcel->size);
    free(parcel);
}

static enum tls_move put(struct tls_connection *c, const void *data, size_t size, size_t *moved)
{
    enum tls_move move = tls_put(c, data, size, moved);
    if (move == MOVE_DONE)
        touch(c);
    else if (move == MOVE_CLOSED || move == MOVE_FAILED)
        fail(c);
    return move;
}

static void write_some(struct tls_connection *c)
{
    bool some = c->first != NULL;
    while (c->first) {
        struct tls_parcel *parcel = c->first;
        size_t moved = 0;
        if (put(c, parcel->data + parcel->sent, parcel->size - parcel->sent, &moved) != MOVE_DONE)
            return;
        parcel->sent += moved;
        if (parcel->sent == parcel->size)
            drop_first(c);
    }
    if (c->state == TLS_FLUSHING)
        goodbye(c);
    else if (some && c->events.drained)
        c->events.drained(c->user);
}

static int enqueue(struct tls_connection *c, struct bytes message)
{
    struct tls_parcel *parcel = malloc(sizeof *parcel + message.size);
    if (!parcel)
        return -ENOMEM;
    parcel->next = NULL;
    parcel->size = message.size;
    parcel->sent = 0;
    memcpy(parcel->data, message.data, message.size);
    *c->last = parcel;
    c->last = &parcel->next;
    c->queued += message.size;
    watch_again(c);
    return 0;
}

/* Whether it fits is asked before it is sent: OpenSSL wants a message again once it has begun. */
int tls_write(struct tls_connection *c, struct bytes message)
{
    if (c->state == TLS_CONNECTING || c->state == TLS_HANDSHAKE || message.size == 0)
        return ERR_USAGE;
    if (c->state != TLS_OPEN)
        return ERR_CLOSED;
    if (message.size > c->limits.queue || c->queued > c->limits.queue - message.size)
        return ERR_LIMIT;
    if (c->first)
        return enqueue(c, message);
    size_t moved = 0;
    enum tls_move move = put(c, message.data, message.size, &moved);
    if (move == MOVE_CLOSED || move == MOVE_FAILED) {
        if (!c->busy)
            soon(c);
        return ERR_CLOSED;
    }
    if (moved == message.size)
        return 0;
    int result = enqueue(c, bytes_slice(message, moved, message.size));
    if (result) /* the record has begun, and cannot be taken back */
        tls_end_now(c, TLS_END_SYSTEM, result, error_text(result));
    return result;
}

size_t tls_queued(const struct tls_connection *c)
{
    return c->queued;
}

/* ---- reading ---- */

static bool may_read(const struct tls_connection *c)
{
    return !c->doomed && !c->peer_done &&
           ((c->state == TLS_OPEN && !c->paused) || c->state == TLS_FLUSHING);
}

static void not_read(struct tls_connection *c, enum tls_move move)
{
    if (move == MOVE_WAITS_WRITE) /* an answer of TLS's own */
        c->wants_write = true;
    else if (move == MOVE_CLOSED)
        peer_closed(c);
    else if (move == MOVE_FAILED)
        fail(c);
}

/* Who says little has said it: should more have come, the loop calls again. To ask in vain costs as
 * much as to read. */
static void read_some(struct tls_connection *c)
{
    uint8_t piece[TLS_RECORD_MAX];
    c->wants_write = false;
    for (int i = 0; i < READS_A_TURN && may_read(c); i++) {
        size_t got = 0;
        enum tls_move move = tls_get(c, piece, sizeof piece, &got);
        if (move != MOVE_DONE) {
            not_read(c, move);
            return;
        }
        touch(c);
        if (c->state == TLS_OPEN)
            c->events.received(c->user, bytes_of(piece, got));
        secret_wipe(piece, got);
        if (got < sizeof piece)
            return;
    }
}

void tls_pause(struct tls_connection *c, bool paused)
{
    c->paused = paused;
    watch_again(c);
}

/* ---- beginning ---- */

static void shaken(struct tls_connection *c)
{
    if (c->doomed) /* by its judge */
        return;
    c->shaken = true;
    c->state = TLS_OPEN;
    c->wants_write = false;
    c->wire.allowance = UINT64_MAX;
    c->deadlines[DEADLINE_HANDSHAKE] = 0;
    touch(c);
    rest(c);
    if (c->keeper)
        c->keeper->shaken(c);
    else if (c->events.ready)
        c->events.ready(c->user);
}

static void shake(struct tls_connection *c)
{
    switch (tls_handshake_step(c)) {
    case STEP_DONE:
        shaken(c);
        break;
    case STEP_WAITS:
        break;
    case STEP_FAILED:
        fail(c);
    }
}

void tls_take_turn(struct tls_connection *c)
{
    c->busy = true;
    c->waits_turn = false;
    if (c->state == TLS_HANDSHAKE)
        shake(c);
    leave(c);
}

static void connected(struct tls_connection *c)
{
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(c->wire.fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        error = errno;
    if (error) {
        char address[ADDRESS_TEXT];
        struct why why = WHY_NONE;
        why_error(&why, -error, "%s: %s", address_text(address, &c->peer), error_text(-error));
        tls_end_now(c, TLS_END_SYSTEM, -error, why.text);
        return;
    }
    c->state = TLS_HANDSHAKE;
    shake(c);
}

static void ready(void *context, unsigned what)
{
    struct tls_connection *c = context;
    c->busy = true;
    switch (c->state) {
    case TLS_CONNECTING:
        connected(c);
        break;
    case TLS_HANDSHAKE:
        if (c->keeper)
            c->keeper->due(c);
        else
            shake(c);
        break;
    case TLS_OPEN:
    case TLS_FLUSHING:
        if ((what & LOOP_WRITE) && !c->wants_write)
            write_some(c);
        if ((what & LOOP_READ) || c->wants_write)
            read_some(c);
        break;
    case TLS_LINGERING:
        discard(c);
        break;
    case TLS_OVER:
        break;
    }
    leave(c);
}

int tls_connection_new(struct tls_connection **out, struct loop *loop, struct tls_context *context,
                       const struct tls_limits *limits, int fd, const struct address *peer)
{
    const int on = 1;
    struct tls_connection *c = calloc(1, sizeof *c);
    if (!c)
        return -ENOMEM;
    *c = (struct tls_connection){.loop = loop,
                                 .wire = {.fd = fd, .allowance = HANDSHAKE_BYTES_MAX},
                                 .limits = *limits,
                                 .peer = *peer};
    c->last = &c->first;
    c->context = tls_context_share(context);
    int result = loop_timer_new(&c->timer, loop, timer_fired, c);
    if (result == 0)
        result = loop_watch_new(&c->watch, loop, fd, ready, c);
    /* A record leaves when it is written. */
    if (result == 0 && setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0)
        result = -errno;
    if (result) {
        c->wire.fd = -1;
        destroy(c);
        return result;
    }
    *out = c;
    return 0;
}

int tls_start(struct tls_connection *c, enum tls_state state)
{
    c->state = state;
    set_deadline(c, DEADLINE_HANDSHAKE, c->limits.handshake_ms);
    return loop_watch_set(c->watch, interest(c));
}

void tls_set_events(struct tls_connection *c, const struct tls_events *events, void *user)
{
    c->events = *events;
    c->user = user;
}

int tls_keepalive(struct tls_connection *c, int idle_s, int interval_s, int count)
{
    const int on = 1;
    int fd = c->wire.fd;
    if (fd < 0)
        return ERR_CLOSED;
    if (setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s) != 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof interval_s) != 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) != 0)
        return -errno;
    return 0;
}

void tls_authenticated(struct tls_connection *c)
{
    if (c->keeper)
        c->keeper->authenticated(c);
}

int tls_unknown_again(struct tls_connection *c)
{
    return c->keeper ? c->keeper->unknown_again(c) : 0;
}
