#include "service/capf/service.h"

#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "cluster/parameters.h"
#include "net/tls_listener.h"
#include "net/turned_away.h"
#include "service/capf/renewal.h"
#include "service/capf/visit.h"
#include "signer/own_tls.h"
#include "signer/protocol.h"
#include "store/observer.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    WATCH_MS = 200,
    SECOND_MS = 1000,
    HANDSHAKE_MS = 15 * 1000,
    LINGER_MS = 5 * 1000,
    QUEUE = 64 * 1024,
    PER_ADDRESS_UNREAD = 256, /* when the parameter cannot be read */
    KEEP_ALIVE_S = 60,        /* firewalls forget connections that are silent while a key is made */
};

struct capf_service {
    struct capf_setup setup;
    struct office office;
    struct renewal *renewal;
    struct store_async *writing; /* of the observer's */
    struct observer *observer;
    struct loop_timer *second;
    struct turned_away *away; /* connections of crowded addresses */
    uint64_t handshakes_failed;
    struct own_tls *own;
    struct tls_listener *listener; /* NULL until its certificate has come */
    size_t per_address;            /* 0: not read yet */
    int64_t limit;                 /* the same, for the store's thread while it reads: */
    bool reading_limit, stale_limit;
    bool listening;
};

/* ---- connections ---- */

static void ask_limit(struct capf_service *s);

static void on_accepted(void *context, struct tls_connection *connection)
{
    struct capf_service *s = context;
    if (tls_keepalive(connection, KEEP_ALIVE_S, KEEP_ALIVE_S, 3) != 0)
        log_event(LEVEL_INFO, "event=capf_no_keepalive");
    visit_begin(&s->office, connection);
}

static void on_failed(void *context, const struct address *peer, const struct tls_end *end)
{
    struct capf_service *s = context;
    s->handshakes_failed++;
    capf_journal_handshake_failed(s->office.journal, peer, end);
}

static void on_refused(void *context, const struct address *peer, size_t per_address)
{
    struct capf_service *s = context;
    turned_away_note(s->away, peer, per_address, loop_now(s->office.loop));
}

static int make_listener(struct capf_service *s, struct tls_context *tls)
{
    const struct tls_listener_setup setup = {
        .context = tls,
        .limits = {.handshake_ms = HANDSHAKE_MS, .linger_ms = LINGER_MS, .queue = QUEUE},
        .connections = s->setup.connections,
        .unauthenticated = s->setup.connections / 2,
        .per_address = s->per_address ? s->per_address : 1, /* before it listens */
        .refused = on_refused,
        .accepted = on_accepted,
        .failed = on_failed,
        .user = s};
    return tls_listener_new(&s->listener, s->office.loop, &setup);
}

/* With its certificate, and knowing how many may come. */
static void begin_when_ready(struct capf_service *s)
{
    struct why why = WHY_NONE;
    int result = 0;
    if (s->listening || !s->listener || !s->per_address)
        return;
    for (size_t i = 0; i < s->setup.count && result == 0; i++) {
        int fd = s->setup.sockets[i];
        s->setup.sockets[i] = -1;
        result = tls_listener_add(s->listener, fd, &why);
    }
    s->listening = result == 0;
    if (result)
        s->setup.failed(s->setup.context, why_text(&why, result));
    else
        s->setup.ready(s->setup.context);
}

/* ---- the certificate, whose key the signer hands to this role ---- */

static void tls_made(void *context, struct tls_context *tls, const struct store_certificate *row)
{
    struct capf_service *s = context;
    int result = 0;
    text_copy(s->office.issuer, sizeof s->office.issuer, row->serial);
    if (s->listener)
        tls_listener_set_context(s->listener, tls);
    else
        result = make_listener(s, tls);
    if (result)
        s->setup.failed(s->setup.context, error_text(result));
    else
        begin_when_ready(s);
}

static void tls_failed(void *context, const char *reason)
{
    struct capf_service *s = context;
    if (s->listening)
        log_event(LEVEL_ERROR, "event=capf_certificate_kept reason=\"%s\"", reason);
    else
        s->setup.failed(s->setup.context, reason);
}

static enum tls_profile profile_of(bool legacy)
{
    return legacy ? TLS_PHONE_LEGACY : TLS_MODERN;
}

void capf_service_reload(struct capf_service *s, const struct config *config)
{
    own_tls_set_profile(s->own, profile_of(config->legacy_tls));
}

/* ---- how many connections an address may have ---- */

static int limit_run(void *context, struct store *store)
{
    struct capf_service *s = context;
    return desk_number(store, PARAMETER_PER_ADDRESS, &s->limit);
}

static void limit_read(void *context, int result)
{
    struct capf_service *s = context;
    s->reading_limit = false;
    if (result)
        log_event(LEVEL_ERROR, "event=capf_limit_kept parameter=%s reason=\"%s\"",
                  PARAMETER_PER_ADDRESS, error_text(result));
    if (result == 0 || !s->per_address)
        s->per_address = result || s->limit < 1 ? PER_ADDRESS_UNREAD : (size_t)s->limit;
    if (s->listener)
        tls_listener_set_per_address(s->listener, s->per_address);
    begin_when_ready(s);
    if (s->stale_limit)
        ask_limit(s);
}

static void ask_limit(struct capf_service *s)
{
    s->stale_limit = s->reading_limit;
    if (s->reading_limit)
        return;
    s->reading_limit = true;
    int result = store_async_do(s->office.store, limit_run, limit_read, s);
    if (result)
        limit_read(s, result);
}

/* ---- changes ---- */

static void store_moved(void *context, unsigned areas)
{
    struct capf_service *s = context;
    if (areas & ((1u << AREA_PARAMETERS) | (1u << AREA_CERTIFICATES)))
        desk_stale(s->office.desk);
    if (areas & (1u << AREA_DEVICES))
        desk_stale_traits(s->office.desk);
    if (areas & (1u << AREA_CERTIFICATES))
        own_tls_ask(s->own);
    if (areas & (1u << AREA_PARAMETERS))
        ask_limit(s);
    if (areas & ((1u << AREA_CERTIFICATES) | (1u << AREA_PHONE_CERTIFICATES)))
        renewal_look(s->renewal);
}

/* ---- counters, and lines kept back ---- */

static void count(struct capf_service *s)
{
    const struct office *o = &s->office;
    const struct tls_counters none = {.open = 0};
    const struct tls_counters *l = s->listener ? tls_listener_counters(s->listener) : &none;
    const struct observer_counter list[] = {
        {"capf_connections", o->number},   {"capf_handshakes_failed", s->handshakes_failed},
        {"capf_overcrowded", l->refused},  {"capf_evicted", l->evicted},
        {"capf_sessions", o->visits},      {"capf_refused", o->refused},
        {"capf_issued", o->issued},        {"capf_orders_done", o->done},
        {"capf_orders_failed", o->failed}, {NULL, 0},
    };
    observer_count(s->observer, list);
}

static void every_second(void *context)
{
    struct capf_service *s = context;
    count(s);
    capf_journal_settle(s->office.journal);
    loop_timer_start(s->second, SECOND_MS);
}

/* ---- birth and death ---- */

static int make_office(struct capf_service *s, struct loop *loop, const struct capf_setup *setup,
                       struct why *why)
{
    struct office *o = &s->office;
    o->loop = loop;
    o->signer = setup->signer;
    o->limits = setup->limits;
    secret_random(&o->session, sizeof o->session);
    int result =
        capf_journal_new(&o->journal, loop, setup->log, setup->log_size, setup->log_keep, why);
    if (result == 0)
        result = turned_away_new(&s->away, "capf", PARAMETER_PER_ADDRESS);
    if (result == 0)
        result = desk_new(&o->desk);
    if (result == 0)
        result = store_async_new(&o->store, loop, setup->store, STORE_WRITE, why);
    const struct own_tls_setup own = {.store = o->store,
                                      .signer = setup->signer,
                                      .node = s->setup.node,
                                      .name = KEY_CAPF,
                                      .profile = profile_of(setup->legacy_tls),
                                      .client_certificate = TLS_CLIENT_NOT_ASKED,
                                      .made = tls_made,
                                      .failed = tls_failed,
                                      .context = s};
    if (result == 0)
        result = own_tls_new(&s->own, &own);
    if (result == 0)
        result = renewal_new(&s->renewal, loop, o->store, setup->signer, s->setup.node);
    if (result == 0)
        result = store_async_new(&s->writing, loop, setup->store, STORE_OBSERVE, why);
    if (result == 0)
        result = observer_new(&s->observer, loop, s->writing, s->setup.node);
    if (result == 0)
        result = loop_timer_new(&s->second, loop, every_second, s);
    if (result == 0)
        result = store_async_watch(o->store, WATCH_MS, store_moved, s);
    return result;
}

int capf_service_new(struct capf_service **out, struct loop *loop, const struct capf_setup *setup,
                     struct why *why)
{
    struct capf_service *s = calloc(1, sizeof *s);
    if (!s) {
        for (size_t i = 0; i < setup->count; i++)
            close(setup->sockets[i]);
        return -ENOMEM;
    }
    s->setup = *setup;
    int result = make_office(s, loop, setup, why);
    if (result) {
        capf_service_free(s);
        return why_error(why, result, "CAPF does not start: %s", error_text(result));
    }
    own_tls_ask(s->own);
    ask_limit(s);
    renewal_look(s->renewal);
    every_second(s);
    *out = s;
    return 0;
}

void capf_service_stop(struct capf_service *s)
{
    if (s)
        renewal_stop(s->renewal);
}

void capf_service_free(struct capf_service *s)
{
    if (!s)
        return;
    if (s->renewal)
        renewal_stop(s->renewal);
    visits_cut(&s->office);
    loop_timer_free(s->second);
    if (s->observer) { /* with what the listener has counted */
        count(s);
        observer_flush(s->observer);
    }
    tls_listener_free(s->listener);
    for (size_t i = 0; i < s->setup.count; i++)
        if (s->setup.sockets[i] >= 0)
            close(s->setup.sockets[i]);
    store_async_free(s->office.store);
    store_async_free(s->writing);
    observer_free(s->observer);
    visits_free(&s->office);
    renewal_free(s->renewal);
    own_tls_free(s->own);
    desk_free(s->office.desk);
    capf_journal_free(s->office.journal);
    turned_away_free(s->away);
    free(s);
}

size_t capf_service_sessions(const struct capf_service *service)
{
    return service->office.visits;
}
