#include "net/tls_listener.h"

#include "base/log.h"
#include "net/crowd.h"
#include "net/tls_parts.h"
#include "net/turns.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    SOCKETS_MAX = 8,
    BACKLOG = 1024,
    ACCEPTS_A_TURN = 32,
    STEPS_A_TURN = 2,  /* of handshakes, between two looks at everything else */
    BREATHER_MS = 100, /* before accepting again when descriptors have run out */
};

/* A connection of the listener's, in one of its lists. */
struct member {
    struct turn turn; /* first: a turn is a member */
    struct member *previous, *next;
    struct tls_connection *c;
    struct tls_listener *listener;
    bool counted; /* among the unauthenticated */
    bool shaking;
};

struct tls_listener {
    struct loop *loop;
    struct tls_listener_setup setup;
    struct tls_context *context;
    struct {
        int fd;
        struct loop_watch *watch;
    } sockets[SOCKETS_MAX];
    size_t socket_count;
    bool accepting;
    struct loop_timer *breather;
    struct loop_timer *next_turn;
    struct turns *turns;
    struct crowd *crowd;
    size_t per_address;
    /* rings; the oldest first */
    struct member shaking, standby; /* not authenticated: before the handshake is done, and then */
    struct member open;
    struct tls_counters counters;
};

/* ---- members ---- */

static void ring_init(struct member *ring)
{
    ring->next = ring->previous = ring;
}

static void ring_add(struct member *ring, struct member *m)
{
    m->next = ring;
    m->previous = ring->previous;
    m->previous->next = ring->previous = m;
}

static void ring_remove(struct member *m)
{
    m->next->previous = m->previous;
    m->previous->next = m->next;
}

static void uncount(struct member *m)
{
    if (!m->counted)
        return;
    m->counted = false;
    crowd_leave(m->listener->crowd, address_source(&m->c->peer));
    m->listener->counters.unauthenticated = crowd_count(m->listener->crowd);
}

static void set_accepting(struct tls_listener *l, bool accepting)
{
    if (l->accepting == accepting)
        return;
    l->accepting = accepting;
    for (size_t i = 0; i < l->socket_count; i++)
        if (loop_watch_set(l->sockets[i].watch, accepting ? LOOP_READ : 0) != 0) {
            l->accepting = false;
            loop_timer_start(l->breather, BREATHER_MS);
        }
}

/* Of all that have authenticated: nobody gives way to a new one. */
static bool is_full(const struct tls_listener *l)
{
    return l->counters.open >= l->setup.connections && crowd_count(l->crowd) == 0;
}

static void member_free(struct member *m)
{
    struct tls_listener *l = m->listener;
    uncount(m);
    turns_remove(l->turns, &m->turn);
    ring_remove(m);
    l->counters.open--;
    l->counters.shaking -= m->shaking;
    m->c->keeper = NULL;
    m->c->member = NULL;
    free(m);
}

static int find_place(struct tls_listener *l, const struct address *peer);

/* ---- what connections tell ---- */

static void keeper_due(struct tls_connection *c)
{
    struct member *m = c->member;
    struct tls_listener *l = m->listener;
    int result = turns_add(l->turns, &m->turn, &c->peer);
    if (result) {
        tls_end_now(c, TLS_END_SYSTEM, result, error_text(result));
        return;
    }
    c->waits_turn = true;
    loop_timer_start(l->next_turn, 0);
}

static enum tls_verdict keeper_judge(struct tls_connection *c, const struct certificate *peer,
                                     struct why *why)
{
    struct member *m = c->member;
    return m->listener->setup.judge(m->listener->setup.user, &c->peer, peer, why);
}

static void keeper_shaken(struct tls_connection *c)
{
    struct member *m = c->member;
    struct tls_listener *l = m->listener;
    m->shaking = false;
    ring_remove(m);
    ring_add(&l->standby, m);
    l->counters.shaking--;
    l->counters.shaken++;
    l->setup.accepted(l->setup.user, c);
    if (!c->events.received) /* nobody took it */
        tls_free(c);
}

static void keeper_failed(struct tls_connection *c, const struct tls_end *end)
{
    struct member *m = c->member;
    struct tls_listener *l = m->listener;
    l->counters.failed[end->kind]++;
    if (l->setup.failed)
        l->setup.failed(l->setup.user, &c->peer, end);
    tls_free(c);
}

static void keeper_late(struct tls_connection *c)
{
    struct member *m = c->member;
    m->listener->counters.late++;
}

/* Not one of the unauthenticated any more. */
static void promote(struct member *m)
{
    uncount(m);
    ring_remove(m);
    ring_add(&m->listener->open, m);
}

static void keeper_authenticated(struct tls_connection *c)
{
    promote(c->member);
}

static int keeper_unknown_again(struct tls_connection *c)
{
    struct member *m = c->member;
    struct tls_listener *l = m->listener;
    if (m->counted)
        return 0;
    int result = find_place(l, &c->peer);
    if (result)
        return result;
    m->counted = true;
    ring_remove(m);
    ring_add(&l->standby, m);
    l->counters.unauthenticated = crowd_count(l->crowd);
    set_accepting(l, true);
    return 0;
}

static void keeper_gone(struct tls_connection *c)
{
    struct member *m = c->member;
    struct tls_listener *l = m->listener;
    member_free(m);
    if (!is_full(l))
        set_accepting(l, true);
}

#define KEEPER                                                                                \
    .due = keeper_due, .shaken = keeper_shaken, .failed = keeper_failed, .late = keeper_late, \
    .authenticated = keeper_authenticated, .unknown_again = keeper_unknown_again,             \
    .gone = keeper_gone

static const struct tls_keeper judging = {KEEPER, .judge = keeper_judge};
static const struct tls_keeper trusting = {KEEPER};

/* ---- turns ---- */

static void next_turn(void *context)
{
    struct tls_listener *l = context;
    for (int i = 0; i < STEPS_A_TURN; i++) {
        struct turn *turn = turns_next(l->turns);
        if (!turn)
            return;
        tls_take_turn(((struct member *)turn)->c);
    }
    if (turns_waiting(l->turns))
        loop_timer_start(l->next_turn, 0);
}

/* ---- accepting ---- */

/* One that was handed out hears of it as of any other end, soon; its place is free at once. */
static void evict(struct member *m)
{
    const struct tls_end end = {.kind = TLS_END_EVICTED,
                                .error = ERR_LIMIT,
                                .text = "all places of unauthenticated connections were taken, and "
                                        "this one was the oldest"};
    m->listener->counters.evicted++;
    if (m->shaking) {
        keeper_failed(m->c, &end);
        return;
    }
    promote(m);
    tls_end_now(m->c, end.kind, end.error, end.text);
}

/* Those who only connect do not push out those who have shaken hands, nor do these, were they never
 * so many, keep others from coming that far: each have half of the places if they need them. */
static struct member *who_gives_way(struct tls_listener *l, size_t unauthenticated)
{
    if (2 * l->counters.shaking >= unauthenticated)
        return l->shaking.next;
    return l->standby.next;
}

/* The crowd has one place more than the setup says, so that an address that has enough is refused
 * before anybody loses a place to it. */
static int find_place(struct tls_listener *l, const struct address *peer)
{
    size_t before = crowd_count(l->crowd);
    int result = crowd_enter(l->crowd, address_source(peer));
    if (result == 0 && before &&
        (before >= l->setup.unauthenticated || l->counters.open >= l->setup.connections))
        evict(who_gives_way(l, before));
    return result;
}

static int member_new(struct tls_listener *l, int fd, const struct address *peer)
{
    struct member *m = calloc(1, sizeof *m);
    if (!m)
        return -ENOMEM;
    int result = tls_connection_new(&m->c, l->loop, l->context, &l->setup.limits, fd, peer);
    if (result) {
        free(m);
        return result;
    }
    m->listener = l;
    m->counted = m->shaking = true;
    m->c->keeper = l->setup.judge ? &judging : &trusting;
    m->c->member = m;
    ring_add(&l->shaking, m);
    l->counters.open++;
    l->counters.shaking++;
    l->counters.accepted++;
    result = tls_start(m->c, TLS_HANDSHAKE);
    if (result)
        tls_end_now(m->c, TLS_END_SYSTEM, result, error_text(result));
    return 0;
}

static void refuse(struct tls_listener *l, int fd, const struct address *peer, int reason)
{
    l->counters.refused++;
    close(fd);
    if (reason == ERR_LIMIT && l->setup.refused)
        l->setup.refused(l->setup.user, peer, l->per_address);
}

static void take(struct tls_listener *l, int fd, const struct address *peer)
{
    int result = find_place(l, peer);
    if (result) {
        refuse(l, fd, peer, result);
    } else if (member_new(l, fd, peer) != 0) {
        crowd_leave(l->crowd, address_source(peer));
        refuse(l, fd, peer, -ENOMEM);
    } else if (l->setup.arrived) {
        l->setup.arrived(l->setup.user, peer);
    }
    l->counters.unauthenticated = crowd_count(l->crowd);
}

static void breathe(struct tls_listener *l)
{
    l->counters.breathers++;
    set_accepting(l, false);
    loop_timer_start(l->breather, BREATHER_MS);
}

static void breathed(void *context)
{
    struct tls_listener *l = context;
    if (!is_full(l))
        set_accepting(l, true);
}

static void accept_some(struct tls_listener *l, int socket)
{
    for (int n = 0; n < ACCEPTS_A_TURN; n++) {
        if (is_full(l)) {
            set_accepting(l, false);
            return;
        }
        struct address peer = {.size = sizeof peer.v6};
        int fd = accept4(socket, &peer.any, &peer.size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            take(l, fd, &peer);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
            breathe(l);
            return;
        } else if (errno != ECONNABORTED) { /* that one has gone already: the next */
            return;
        }
    }
}

static void accept_ready(void *context, unsigned ready)
{
    (void)ready;
    struct tls_listener *l = context;
    for (size_t i = 0; i < l->socket_count && l->accepting; i++)
        accept_some(l, l->sockets[i].fd);
}

/* ---- the listener ---- */

int tls_listener_new(struct tls_listener **out, struct loop *loop,
                     const struct tls_listener_setup *setup)
{
    struct tls_listener *l = calloc(1, sizeof *l);
    if (!l)
        return -ENOMEM;
    *l = (struct tls_listener){
        .loop = loop, .setup = *setup, .per_address = setup->per_address, .accepting = true};
    ring_init(&l->shaking);
    ring_init(&l->standby);
    ring_init(&l->open);
    l->context = tls_context_share(setup->context);
    int result = crowd_new(&l->crowd, setup->unauthenticated + 1, setup->per_address);
    if (result == 0)
        result = turns_new(&l->turns, setup->unauthenticated + 1);
    if (result == 0)
        result = loop_timer_new(&l->breather, loop, breathed, l);
    if (result == 0)
        result = loop_timer_new(&l->next_turn, loop, next_turn, l);
    if (result) {
        tls_listener_free(l);
        return result;
    }
    *out = l;
    return 0;
}

int tls_listener_add(struct tls_listener *l, int fd, struct why *why)
{
    struct loop_watch *watch = NULL;
    int result = l->socket_count == SOCKETS_MAX ? ERR_LIMIT : 0;
    if (result == 0 && (fcntl(fd, F_SETFL, O_NONBLOCK) != 0 || listen(fd, BACKLOG) != 0))
        result = -errno;
    if (result == 0)
        result = loop_watch_new(&watch, l->loop, fd, accept_ready, l);
    if (result == 0 && l->accepting)
        result = loop_watch_set(watch, LOOP_READ);
    if (result) {
        loop_watch_free(watch);
        close(fd);
        return why_error(why, result, "cannot listen: %s", error_text(result));
    }
    l->sockets[l->socket_count].fd = fd;
    l->sockets[l->socket_count++].watch = watch;
    return 0;
}

void tls_listener_set_context(struct tls_listener *l, struct tls_context *context)
{
    struct tls_context *old = l->context;
    l->context = tls_context_share(context);
    tls_context_free(old);
}

void tls_listener_set_per_address(struct tls_listener *l, size_t per_address)
{
    l->per_address = per_address;
    crowd_set_each(l->crowd, per_address);
}

void tls_listener_free(struct tls_listener *l)
{
    if (!l)
        return;
    for (size_t i = 0; i < l->socket_count; i++) {
        loop_watch_free(l->sockets[i].watch);
        close(l->sockets[i].fd);
    }
    l->socket_count = 0;
    while (l->shaking.next != &l->shaking)
        tls_free(l->shaking.next->c);
    while (l->standby.next != &l->standby)
        member_free(l->standby.next);
    while (l->open.next != &l->open)
        member_free(l->open.next);
    loop_timer_free(l->next_turn);
    loop_timer_free(l->breather);
    turns_free(l->turns);
    crowd_free(l->crowd);
    tls_context_free(l->context);
    free(l);
}

const struct tls_counters *tls_listener_counters(const struct tls_listener *l)
{
    return &l->counters;
}
