#include "service/tvs/service.h"

#include "base/log.h"
#include "base/text.h"
#include "net/tls_listener.h"
#include "net/turned_away.h"
#include "service/tvs/visit.h"
#include "signer/own_tls.h"
#include "signer/protocol.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    WATCH_MS = 200,
    SECOND_MS = 1000,
    HANDSHAKE_MS = 15 * 1000,
    REQUEST_MS = 30 * 1000,
    LINGER_MS = 5 * 1000,
    QUEUE = 64 * 1024,
    COUNTERS = 16,
};

/* What a look at the store brings; the store's thread has it while `loading`. */
struct load {
    bool want_database, want_ctl;
    struct cache *database; /* NULL: not asked for */
    struct ctl_shelf ctl;   /* its cache NULL: not asked for */
    char known[LIST_HASH];  /* the CTL that is cached */
    bool first;
    int64_t per_address;
};

struct tvs_service {
    struct tvs_setup setup;
    struct office office;
    struct own_tls *own;
    struct store_async *writing;
    struct tls_listener *listener; /* NULL until its certificate has come */
    struct cache *database;
    struct ctl_shelf ctl;
    struct load load;
    bool loading, listening;
    bool stale_database, stale_ctl, stale_tls;
    size_t per_address;
    struct loop_timer *second;
    struct turned_away *away; /* connections of crowded addresses */
    uint64_t failed;          /* handshakes, of listeners that have gone too */
    struct observer_counter counters[COUNTERS];
};

static void look(struct tvs_service *s);

static void fail(struct tvs_service *s, const char *what, const char *reason)
{
    if (s->listening)
        log_event(LEVEL_ERROR, "event=%s reason=\"%s\"", what, reason);
    else
        s->setup.failed(s->setup.context, reason);
}

/* ---- connections ---- */

static void on_accepted(void *context, struct tls_connection *connection)
{
    struct tvs_service *s = context;
    tvs_visit_begin(&s->office, connection);
}

static void on_handshake_failed(void *context, const struct address *peer,
                                const struct tls_end *end)
{
    struct tvs_service *s = context;
    s->failed++;
    tvs_journal_handshake_failed(s->office.journal, peer, end);
}

static void on_refused(void *context, const struct address *peer, size_t per_address)
{
    struct tvs_service *s = context;
    turned_away_note(s->away, peer, per_address, loop_now(s->office.loop));
}

static int make_listener(struct tvs_service *s, struct tls_context *tls)
{
    const struct tls_listener_setup setup = {
        .context = tls,
        .limits = {.handshake_ms = HANDSHAKE_MS, .linger_ms = LINGER_MS, .queue = QUEUE},
        .connections = s->setup.connections,
        .unauthenticated = s->setup.connections, /* phones do not say who they are */
        .per_address = s->per_address,
        .refused = on_refused,
        .accepted = on_accepted,
        .failed = on_handshake_failed,
        .user = s};
    return tls_listener_new(&s->listener, s->office.loop, &setup);
}

/* With the certificate and both caches there is something to say. */
static void begin_when_ready(struct tvs_service *s)
{
    struct why why = WHY_NONE;
    int result = 0;
    if (s->listening || !s->listener || !s->database || !s->ctl.cache)
        return;
    for (size_t i = 0; i < s->setup.count && result == 0; i++) {
        int fd = s->setup.sockets[i];
        s->setup.sockets[i] = -1;
        result = tls_listener_add(s->listener, fd, &why);
    }
    if (result) {
        s->setup.failed(s->setup.context, why_text(&why, result));
        return;
    }
    s->listening = true;
    s->setup.ready(s->setup.context);
}

/* ---- the certificate ---- */

static void tls_made(void *context, struct tls_context *tls, const struct store_certificate *row)
{
    struct tvs_service *s = context;
    int result = 0;
    if (s->listener)
        tls_listener_set_context(s->listener, tls);
    else
        result = make_listener(s, tls);
    if (result) {
        s->setup.failed(s->setup.context, error_text(result));
        return;
    }
    log_event(LEVEL_INFO, "event=tvs_certificate serial=%s", row->serial);
    begin_when_ready(s);
}

static void tls_failed(void *context, const char *reason)
{
    struct tvs_service *s = context;
    s->stale_tls = true;
    fail(s, "tvs_certificate_kept", reason);
}

static enum tls_profile profile_of(bool legacy)
{
    return legacy ? TLS_PHONE_LEGACY : TLS_MODERN;
}

void tvs_service_reload(struct tvs_service *s, const struct config *config)
{
    own_tls_set_profile(s->own, profile_of(config->legacy_tls));
}

/* ---- the caches ---- */

static void ctl_key(void *context, struct bytes serial, struct bytes issuer)
{
    tvs_journal_ctl_key(context, serial, issuer);
}

static void no_key(void *context, struct bytes serial, struct bytes issuer)
{
    (void)context;
    (void)serial;
    (void)issuer;
}

/* The lines come before the cache is there, as with CUCM. A CTL that is read again only because
 * parameters changed was not modified. */
static int load_ctl(struct tvs_service *s, struct load *l, struct store *store)
{
    struct store_list list;
    char hash[LIST_HASH] = "";
    int result = store_list_current(store, LIST_CTL, &list);
    if (result == 0) {
        text_copy(hash, sizeof hash, list.hash);
        store_list_fini(&list);
    } else if (result != ERR_NOT_FOUND) {
        return result;
    }
    bool modified = strcmp(hash, l->known) != 0;
    if (modified || l->first)
        tvs_journal_ctl(s->office.journal, modified && !l->first);
    return shelves_load_ctl(&l->ctl, store, modified ? ctl_key : no_key, s->office.journal);
}

static int load_run(void *context, struct store *store)
{
    struct tvs_service *s = context;
    struct load *l = &s->load;
    char value[PARAMETER_VALUE];
    int result = store_begin(store, NULL); /* one unmoving view: a CTL and the certificates in it */
    if (result)
        return result;
    if (l->want_database)
        result = shelves_load_database(&l->database, store);
    if (result == 0 && l->want_ctl)
        result = load_ctl(s, l, store);
    if (result == 0 && (store_parameter_get(store, PARAMETER_PER_ADDRESS, value) != 0 ||
                        text_number(value, 1, UINT16_MAX, &l->per_address) != 0))
        l->per_address = 0;
    store_rollback(store);
    return result;
}

static void take_load(struct tvs_service *s)
{
    struct load *l = &s->load;
    if (l->database) {
        cache_free(s->database);
        s->database = l->database;
    }
    if (l->ctl.cache) {
        cache_free(s->ctl.cache);
        s->ctl = l->ctl;
    }
    s->office.shelves = (struct shelves){s->database, s->ctl.cache};
    if (l->per_address)
        s->per_address = (size_t)l->per_address;
    if (s->listener)
        tls_listener_set_per_address(s->listener, s->per_address);
    log_event(LEVEL_DEBUG, "event=tvs_cached certificates=%zu of_the_ctl=%zu bytes=%zu",
              s->database ? cache_count(s->database) : 0,
              s->ctl.cache ? cache_count(s->ctl.cache) : 0,
              s->database ? cache_bytes(s->database) : 0);
}

/* What could not be read is looked at again in a second. Until then the old answers hold, which may
 * be wrong: it is said. */
static void load_done(void *context, int result)
{
    struct tvs_service *s = context;
    s->loading = false;
    if (result) {
        cache_free(s->load.database);
        cache_free(s->load.ctl.cache);
        s->stale_database = s->stale_database || s->load.want_database;
        s->stale_ctl = s->stale_ctl || s->load.want_ctl;
        fail(s, "tvs_caches_kept", error_text(result));
        return;
    }
    take_load(s);
    begin_when_ready(s);
    look(s);
}

static void look(struct tvs_service *s)
{
    if (s->loading || (!s->stale_database && !s->stale_ctl))
        return;
    s->load = (struct load){.want_database = s->stale_database,
                            .want_ctl = s->stale_ctl,
                            .first = s->ctl.cache == NULL};
    text_copy(s->load.known, sizeof s->load.known, s->ctl.hash);
    s->loading = true;
    s->stale_database = s->stale_ctl = false;
    int result = store_async_do(s->office.store, load_run, load_done, s);
    if (result)
        load_done(s, result);
}

/* ---- changes ---- */

#define BIT(area) (1u << AREA_##area)

static void store_moved(void *context, unsigned areas)
{
    struct tvs_service *s = context;
    if (areas & BIT(CERTIFICATES))
        own_tls_ask(s->own);
    s->stale_database = s->stale_database || (areas & (BIT(PARAMETERS) | BIT(CERTIFICATES)));
    s->stale_ctl = s->stale_ctl || (areas & (BIT(PARAMETERS) | BIT(LISTS)));
    look(s);
}

/* ---- counters ---- */

const struct observer_counter *tvs_service_counters(struct tvs_service *s)
{
    const struct tvs_counts *c = &s->office.counts;
    const struct tls_counters none = {.open = 0};
    const struct tls_counters *l = s->listener ? tls_listener_counters(s->listener) : &none;
    const struct observer_counter list[] = {
        {"tvs_connections", s->office.number},
        {"tvs_handshakes_failed", s->failed},
        {"tvs_overcrowded", l->refused},
        {"tvs_evicted", l->evicted},
        {"tvs_queries", c->queries},
        {"tvs_verifications", c->verifications},
        {"tvs_trusted", c->trusted},
        {"tvs_not_trusted", c->not_trusted},
        {"tvs_refused", c->refused},
        {"tvs_fetched", c->fetched},
        {"tvs_certificates", s->database ? cache_count(s->database) : 0},
        {"tvs_certificates_ctl", s->ctl.cache ? cache_count(s->ctl.cache) : 0},
        {"tvs_observations_lost", observer_lost(s->office.observer)},
        {NULL, 0},
    };
    _Static_assert(sizeof list / sizeof *list <= COUNTERS, "more counters than there is room for");
    memcpy(s->counters, list, sizeof list);
    return s->counters;
}

static void every_second(void *context)
{
    struct tvs_service *s = context;
    if (s->stale_tls) {
        s->stale_tls = false;
        own_tls_ask(s->own);
    }
    look(s);
    tvs_journal_settle(s->office.journal);
    observer_count(s->office.observer, tvs_service_counters(s));
    loop_timer_start(s->second, SECOND_MS);
}

/* ---- birth and death ---- */

static int make_office(struct tvs_service *s, struct loop *loop, struct why *why)
{
    struct office *o = &s->office;
    const struct tvs_setup *setup = &s->setup;
    o->loop = loop;
    o->request_ms = setup->request_ms ? setup->request_ms : REQUEST_MS;
    recent_init(&o->recent);
    int result =
        tvs_journal_new(&o->journal, loop, setup->log, setup->log_size, setup->log_keep, why);
    if (result == 0)
        result = turned_away_new(&s->away, "tvs", PARAMETER_PER_ADDRESS);
    if (result == 0)
        result = store_async_new(&o->store, loop, setup->store, STORE_READ, why);
    if (result == 0)
        result = store_async_new(&s->writing, loop, setup->store, STORE_OBSERVE, why);
    if (result == 0)
        result = observer_new(&o->observer, loop, s->writing, setup->node);
    return result;
}

static int make_rest(struct tvs_service *s)
{
    const struct own_tls_setup setup = {.store = s->office.store,
                                        .signer = s->setup.signer,
                                        .node = s->setup.node,
                                        .name = KEY_TVS,
                                        .profile = profile_of(s->setup.legacy_tls),
                                        .client_certificate = TLS_CLIENT_NOT_ASKED,
                                        .made = tls_made,
                                        .failed = tls_failed,
                                        .context = s};
    int result = own_tls_new(&s->own, &setup);
    if (result == 0)
        result = loop_timer_new(&s->second, s->office.loop, every_second, s);
    if (result == 0)
        result = store_async_watch(s->office.store, WATCH_MS, store_moved, s);
    return result;
}

int tvs_service_new(struct tvs_service **out, struct loop *loop, const struct tvs_setup *setup,
                    struct why *why)
{
    struct tvs_service *s = calloc(1, sizeof *s);
    if (!s) {
        for (size_t i = 0; i < setup->count; i++)
            close(setup->sockets[i]);
        return -ENOMEM;
    }
    int64_t per_address = 0;
    s->setup = *setup;
    s->stale_database = s->stale_ctl = true;
    int result =
        text_number(parameter_find(PARAMETER_PER_ADDRESS)->value, 1, UINT16_MAX, &per_address);
    s->per_address = (size_t)per_address;
    if (result == 0)
        result = make_office(s, loop, why);
    if (result == 0)
        result = make_rest(s);
    if (result) {
        tvs_service_free(s);
        return why_error(why, result, "TVS does not start: %s", error_text(result));
    }
    own_tls_ask(s->own);
    look(s);
    loop_timer_start(s->second, SECOND_MS);
    *out = s;
    return 0;
}

void tvs_service_free(struct tvs_service *s)
{
    if (!s)
        return;
    loop_timer_free(s->second);
    tvs_visits_cut(&s->office);
    if (s->office.observer) { /* with what the listener has counted */
        observer_count(s->office.observer, tvs_service_counters(s));
        observer_flush(s->office.observer);
    }
    tls_listener_free(s->listener);
    for (size_t i = 0; i < s->setup.count; i++)
        if (s->setup.sockets[i] >= 0)
            close(s->setup.sockets[i]);
    store_async_free(s->office.store);
    store_async_free(s->writing);
    tvs_visits_free(&s->office);
    own_tls_free(s->own);
    observer_free(s->office.observer);
    cache_free(s->database);
    cache_free(s->ctl.cache);
    recent_fini(&s->office.recent);
    tvs_journal_free(s->office.journal);
    turned_away_free(s->away);
    free(s);
}
