#include "service/callmanager/service.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "cluster/parameters.h"
#include "net/tls_listener.h"
#include "net/turned_away.h"
#include "service/callmanager/call_numbers.h"
#include "service/callmanager/phone_names.h"
#include "service/callmanager/restarts.h"
#include "service/callmanager/vetting.h"
#include "service/callmanager/visit.h"
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
    LINGER_MS = 5 * 1000,
    QUEUE = 1024 * 1024 + 64 * 1024, /* what a station holds at most has room */
    KEEP_ALIVE_S = 30,
    STANDBY_S = 60,
    COUNTERS = 32,
};

#define BIT(area) (1u << AREA_##area)

#define VETTING_AREAS (BIT(CERTIFICATES) | BIT(CRL) | BIT(PHONE_CERTIFICATES))
#define PHONES_AREAS  (BIT(DEVICES) | BIT(PARAMETERS))
#define NUMBERS_AREAS (BIT(DEVICES) | BIT(FORWARDS)) /* of these, forwards can be read alone */

/* What a look at the store brings; the store's thread has it while `loading`. */
struct load {
    unsigned areas;
    struct vetting *vetting; /* NULL: not asked for */
    struct call_numbers *numbers;
    struct phone_names *phones;
    uint64_t forwards_set; /* here, before it */
    int64_t per_address;   /* 0: not asked for */
};

struct callmanager_service {
    struct callmanager_setup setup;
    struct exchange exchange;
    struct own_tls *own;
    struct restarts *restarts;
    struct store_async *books; /* for what is written behind */
    struct tls_context *plain;
    struct tls_listener *tls, *tcp; /* tls: NULL until its certificate has come */
    struct load load;
    unsigned stale;      /* areas to look at */
    bool stale_forwards; /* the same, within a second: any phone can change them, and often */
    bool loading, loaded, listening, stale_tls;
    size_t per_address;
    struct loop_timer *second;
    struct turned_away *away; /* connections of crowded addresses */
    uint64_t handshakes_failed;
    struct observer_counter counters[COUNTERS];
};

static void look(struct callmanager_service *s);

static void fail(struct callmanager_service *s, const char *what, const char *reason)
{
    if (s->listening)
        log_event(LEVEL_ERROR, "event=%s reason=\"%s\"", what, reason);
    else
        s->setup.failed(s->setup.context, reason);
}

/* ---- connections ---- */

static void on_accepted(void *context, struct tls_connection *connection)
{
    struct callmanager_service *s = context;
    callmanager_visit_begin(&s->exchange, connection);
}

static void on_handshake_failed(void *context, const struct address *peer,
                                const struct tls_end *end)
{
    struct callmanager_service *s = context;
    s->handshakes_failed++;
    callmanager_journal_handshake_failed(s->exchange.journal, peer, end);
}

static void on_refused(void *context, const struct address *peer, size_t per_address)
{
    struct callmanager_service *s = context;
    turned_away_note(s->away, peer, per_address, loop_now(s->exchange.loop));
}

static enum tls_verdict judge(void *context, const struct address *peer,
                              const struct certificate *client, struct why *why)
{
    struct callmanager_service *s = context;
    (void)peer;
    return vetting_judge(s->exchange.vetting, NULL, client, clock_wall(), why);
}

static int make_listener(struct callmanager_service *s, struct tls_listener **out,
                         struct tls_context *context)
{
    const struct tls_listener_setup setup = {
        .context = context,
        .limits = {.handshake_ms = s->setup.handshake_ms, .linger_ms = LINGER_MS, .queue = QUEUE},
        .connections = s->setup.connections,
        .unauthenticated = s->setup.connections - s->setup.connections / 4,
        .per_address = s->per_address,
        .refused = on_refused,
        .judge = judge,
        .accepted = on_accepted,
        .failed = on_handshake_failed,
        .user = s};
    return tls_listener_new(out, s->exchange.loop, &setup);
}

static int listen_at(struct tls_listener *listener, int *sockets, size_t count, struct why *why)
{
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++) {
        int fd = sockets[i];
        sockets[i] = -1;
        result = tls_listener_add(listener, fd, why);
    }
    return result;
}

/* With the certificate, the CAs and the number plan there is something to say. */
static void begin_when_ready(struct callmanager_service *s)
{
    struct why why = WHY_NONE;
    if (s->listening || !s->tls || !s->loaded)
        return;
    int result = listen_at(s->tls, s->setup.tls, s->setup.tls_count, &why);
    if (result == 0)
        result = listen_at(s->tcp, s->setup.tcp, s->setup.tcp_count, &why);
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
    struct callmanager_service *s = context;
    int result = 0;
    if (s->tls)
        tls_listener_set_context(s->tls, tls);
    else
        result = make_listener(s, &s->tls, tls);
    if (result) {
        fail(s, "callmanager_certificate_kept", error_text(result));
        return;
    }
    log_event(LEVEL_INFO, "event=callmanager_certificate serial=%s", row->serial);
    begin_when_ready(s);
}

static void tls_failed(void *context, const char *reason)
{
    struct callmanager_service *s = context;
    s->stale_tls = true;
    fail(s, "callmanager_certificate_kept", reason);
}

static enum tls_profile profile_of(bool legacy)
{
    return legacy ? TLS_PHONE_LEGACY : TLS_MODERN;
}

void callmanager_service_reload(struct callmanager_service *s, const struct config *config)
{
    own_tls_set_profile(s->own, profile_of(config->legacy_tls));
}

/* ---- what must be known of the cluster ---- */

static int load_run(void *context, struct store *store)
{
    struct callmanager_service *s = context;
    struct load *l = &s->load;
    char value[PARAMETER_VALUE];
    int result = 0;
    if (l->areas & VETTING_AREAS)
        result = vetting_load(&l->vetting, store);
    if (result == 0 && l->areas & BIT(DEVICES))
        result = call_numbers_read(&l->numbers, store);
    else if (result == 0 && l->areas & BIT(FORWARDS))
        result = call_numbers_read_forwards(&l->numbers, store);
    if (result == 0 && l->areas & PHONES_AREAS)
        result = phone_names_read(&l->phones, store);
    if (result == 0 && l->areas & BIT(PARAMETERS) &&
        (store_parameter_get(store, PARAMETER_PER_ADDRESS, value) != 0 ||
         text_number(value, 1, UINT16_MAX, &l->per_address) != 0))
        l->per_address = 0;
    return result;
}

static void drop_load(struct load *l)
{
    vetting_free(l->vetting);
    call_numbers_free(l->numbers);
    phone_names_free(l->phones);
    *l = (struct load){.areas = 0};
}

static void follow(struct visit *v, const struct phone_names *phones)
{
    enum device_mode mode = MODE_NON_SECURE;
    if (phone_names_find(phones, visit_device(v), &mode))
        visit_lower(v, mode);
    else
        visit_show_out(v, "the phone was deleted");
}

/* Whom we would not let in any more is shown out; who was let in as more than it is now is lowered.
 */
static void show_out(struct callmanager_service *s, const struct phone_names *phones)
{
    struct exchange *o = &s->exchange;
    int64_t now = clock_wall();
    o->expires = INT64_MAX;
    for (struct visit *v = o->first; v; v = visit_next(v)) {
        const char *objection = visit_objection(v, now, &o->expires);
        if (objection)
            visit_show_out(v, objection);
        else if (phones && visit_is_registered(v))
            follow(v, phones);
    }
}

/* What was set here since the look began is newer than what it found. */
static void take_numbers(struct callmanager_service *s, const struct load *l)
{
    struct call_engine *engine = s->exchange.engine;
    bool newest = call_ledger_forwards_set(s->exchange.ledger) == l->forwards_set;
    bool forwards = l->areas & BIT(FORWARDS) && newest;
    size_t left_out = 0;
    if (l->areas & BIT(DEVICES))
        call_numbers_tell(l->numbers, engine, forwards, &left_out);
    else if (forwards)
        call_numbers_tell_forwards(l->numbers, engine);
    if (left_out)
        log_event(LEVEL_WARNING, "event=numbers_left_out count=%zu", left_out);
    s->stale_forwards |= !newest;
}

static void take_load(struct callmanager_service *s)
{
    struct load *l = &s->load;
    if (l->vetting) {
        vetting_free(s->exchange.vetting);
        s->exchange.vetting = l->vetting;
        l->vetting = NULL;
    }
    if (l->numbers)
        take_numbers(s, l);
    if (l->per_address) {
        s->per_address = (size_t)l->per_address;
        tls_listener_set_per_address(s->tcp, s->per_address);
        if (s->tls)
            tls_listener_set_per_address(s->tls, s->per_address);
    }
    if (l->areas & (VETTING_AREAS | PHONES_AREAS))
        show_out(s, l->phones);
    if (l->phones) {
        phone_names_free(s->exchange.phones);
        s->exchange.phones = l->phones;
        l->phones = NULL;
    }
    exchange_run(&s->exchange);
}

/* What could not be read is looked at again in a second; until then what was known holds. */
static void load_done(void *context, int result)
{
    struct callmanager_service *s = context;
    s->loading = false;
    if (result) {
        s->stale |= s->load.areas;
        drop_load(&s->load);
        fail(s, "callmanager_knowledge_kept", error_text(result));
        return;
    }
    take_load(s);
    drop_load(&s->load);
    s->loaded = true;
    begin_when_ready(s);
    look(s);
}

static void look(struct callmanager_service *s)
{
    struct call_ledger *ledger = s->exchange.ledger;
    if (s->stale & BIT(FORWARDS) && call_ledger_owes_forwards(ledger)) {
        s->stale &= ~BIT(FORWARDS);
        s->stale_forwards = true;
    }
    if (s->loading || !s->stale)
        return;
    s->load = (struct load){.areas = s->stale, .forwards_set = call_ledger_forwards_set(ledger)};
    s->loading = true;
    s->stale = 0;
    int result = store_async_do(s->exchange.store, load_run, load_done, s);
    if (result)
        load_done(s, result);
}

/* ---- changes ---- */

static void store_moved(void *context, unsigned areas)
{
    struct callmanager_service *s = context;
    if (areas & BIT(CERTIFICATES))
        own_tls_ask(s->own);
    if (areas & BIT(PARAMETERS)) {
        who_desk_stale(s->exchange.desk);
        who_desk_stale(s->exchange.door_desk);
    }
    if (areas & BIT(DEVICES))
        who_desk_phones(s->exchange.door_desk);
    if (areas & BIT(RESETS))
        restarts_look(s->restarts);
    s->stale |= areas & (VETTING_AREAS | BIT(DEVICES) | BIT(PARAMETERS));
    if (areas & BIT(FORWARDS))
        s->stale_forwards = true;
    if (areas & BIT(DEVICES))
        s->stale |= BIT(FORWARDS); /* of numbers that are new */
    look(s);
}

/* ---- counters ---- */

static struct tls_counters both(const struct callmanager_service *s)
{
    struct tls_counters sum = *tls_listener_counters(s->tcp);
    if (s->tls) {
        sum.refused += tls_listener_counters(s->tls)->refused;
        sum.evicted += tls_listener_counters(s->tls)->evicted;
    }
    return sum;
}

const struct observer_counter *callmanager_service_counters(struct callmanager_service *s)
{
    const struct exchange_counts *c = &s->exchange.counts;
    const struct station_counters *said = &s->exchange.site.counters;
    const struct call_counters *calls = call_engine_counters(s->exchange.engine);
    const struct tls_counters listeners = both(s);
    const struct observer_counter list[] = {
        {"sccp_connections", s->exchange.number},
        {"sccp_overcrowded", listeners.refused},
        {"sccp_evicted", listeners.evicted},
        {"sccp_handshakes_failed", s->handshakes_failed},
        {"sccp_registered", map_count(s->exchange.registered)},
        {"sccp_registrations", c->registered},
        {"sccp_refused", c->refused},
        {"sccp_replaced", c->replaced},
        {"sccp_unregistered", c->unregistered},
        {"sccp_connections_lost", c->lost},
        {"sccp_told_to_restart", c->told_to_restart},
        {"sccp_alarms", c->alarms},
        {"sccp_messages", said->messages},
        {"sccp_messages_unknown", said->unknown},
        {"sccp_messages_broken", said->broken},
        {"sccp_messages_ignored", said->ignored},
        {"sccp_slowed", said->slowed},
        {"calls_placed", calls->placed},
        {"calls_connected", calls->connected},
        {"calls_encrypted", calls->encrypted},
        {"calls_clear", calls->clear},
        {"calls_failed", calls->failed},
        {"calls_ignored", calls->ignored},
        {"calls_flooded", calls->flooded},
        {"calls_lost", calls->lost},
        {"call_records_lost", call_ledger_lost(s->exchange.ledger)},
        {"call_records_left_out", call_ledger_left_out(s->exchange.ledger)},
        {"sccp_observations_lost", observer_lost(s->exchange.observer)},
        {NULL, 0},
    };
    _Static_assert(sizeof list / sizeof *list <= COUNTERS, "more counters than there is room for");
    memcpy(s->counters, list, sizeof list);
    return s->counters;
}

static void every_second(void *context)
{
    struct callmanager_service *s = context;
    if (s->stale_tls) {
        s->stale_tls = false;
        own_tls_ask(s->own);
    }
    if (clock_wall() >= s->exchange.expires) {
        show_out(s, NULL);
        exchange_run(&s->exchange);
    }
    if (s->stale_forwards)
        s->stale |= BIT(FORWARDS);
    s->stale_forwards = false;
    look(s);
    restarts_tick(s->restarts);
    callmanager_journal_settle(s->exchange.journal);
    callmanager_visits_tell_time(&s->exchange);
    observer_count(s->exchange.observer, callmanager_service_counters(s));
    loop_timer_start(s->second, SECOND_MS);
}

/* ---- birth and death ---- */

void callmanager_setup_default(struct callmanager_setup *setup)
{
    *setup = (struct callmanager_setup){
        .handshake_ms = HANDSHAKE_MS, .keep_alive_s = KEEP_ALIVE_S, .standby_s = STANDBY_S};
    station_limits_default(&setup->limits);
}

static int make_books(struct callmanager_service *s, struct why *why)
{
    struct exchange *o = &s->exchange;
    const struct callmanager_setup *setup = &s->setup;
    int result = store_async_new(&s->books, o->loop, setup->store, STORE_OBSERVE, why);
    if (result == 0)
        result = observer_new(&o->observer, o->loop, s->books, setup->node);
    if (result == 0)
        result = roll_new(&o->roll, o->loop, s->books, setup->node, 2 * setup->connections);
    if (result == 0)
        result = call_ledger_new(&o->ledger, o->loop, s->books, setup->node, CALL_RECORDS_KEPT);
    return result;
}

static int make_exchange(struct callmanager_service *s, struct loop *loop, struct why *why)
{
    struct exchange *o = &s->exchange;
    const struct callmanager_setup *setup = &s->setup;
    o->site = (struct station_site){.name = setup->node,
                                    .version = SCCP_VERSION_MAX,
                                    .keep_alive_s = setup->keep_alive_s,
                                    .standby_s = setup->standby_s,
                                    .limits = setup->limits};
    int result = exchange_init(o, loop, 2 * setup->connections);
    if (result == 0)
        result = callmanager_journal_new(&o->journal, loop, setup->log, setup->log_size,
                                         setup->log_keep, why);
    if (result == 0)
        result = who_desk_new(&o->desk);
    if (result == 0)
        result = who_desk_new(&o->door_desk);
    if (result == 0)
        result = store_async_new(&o->store, loop, setup->store, STORE_WRITE, why);
    if (result == 0)
        result = store_async_new(&o->door, loop, setup->store, STORE_WRITE, why);
    return result ? result : make_books(s, why);
}

static int make_rest(struct callmanager_service *s)
{
    const struct own_tls_setup setup = {.store = s->exchange.store,
                                        .signer = s->setup.signer,
                                        .node = s->setup.node,
                                        .name = KEY_CALLMANAGER,
                                        .profile = profile_of(s->setup.legacy_tls),
                                        .null_cipher = true,
                                        .client_certificate = TLS_CLIENT_REQUIRED,
                                        .made = tls_made,
                                        .failed = tls_failed,
                                        .context = s};
    int result = turned_away_new(&s->away, "callmanager", PARAMETER_PER_ADDRESS);
    if (result == 0)
        result = own_tls_new(&s->own, &setup);
    if (result == 0)
        result = restarts_new(&s->restarts, &s->exchange, s->setup.node);
    if (result == 0)
        result = tls_plain_context_new(&s->plain, true);
    if (result == 0)
        result = make_listener(s, &s->tcp, s->plain);
    if (result == 0)
        result = loop_timer_new(&s->second, s->exchange.loop, every_second, s);
    if (result == 0)
        result = store_async_watch(s->exchange.store, WATCH_MS, store_moved, s);
    return result;
}

static void close_sockets(const int *sockets, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (sockets[i] >= 0)
            close(sockets[i]);
}

int callmanager_service_new(struct callmanager_service **out, struct loop *loop,
                            const struct callmanager_setup *setup, struct why *why)
{
    struct callmanager_service *s = calloc(1, sizeof *s);
    int64_t per_address = 0;
    if (!s) {
        close_sockets(setup->tls, setup->tls_count);
        close_sockets(setup->tcp, setup->tcp_count);
        return -ENOMEM;
    }
    s->setup = *setup;
    s->stale = VETTING_AREAS | NUMBERS_AREAS | BIT(PARAMETERS);
    int result =
        text_number(parameter_find(PARAMETER_PER_ADDRESS)->value, 1, UINT16_MAX, &per_address);
    s->per_address = (size_t)per_address;
    if (result == 0)
        result = make_exchange(s, loop, why);
    if (result == 0)
        result = make_rest(s);
    if (result) {
        callmanager_service_free(s);
        return why_error(why, result, "the call manager does not start: %s", error_text(result));
    }
    own_tls_ask(s->own);
    look(s);
    restarts_look(s->restarts);
    loop_timer_start(s->second, SECOND_MS);
    *out = s;
    return 0;
}

/* What the books are owed is handed to the store, whose end writes it. */
static void close_books(struct callmanager_service *s)
{
    struct exchange *o = &s->exchange;
    if (o->ledger)
        call_ledger_flush(o->ledger);
    if (o->roll)
        roll_close(o->roll);
    if (o->observer && o->ledger) {
        observer_count(o->observer, callmanager_service_counters(s));
        observer_flush(o->observer);
    }
}

void callmanager_service_free(struct callmanager_service *s)
{
    if (!s)
        return;
    struct exchange *o = &s->exchange;
    loop_timer_free(s->second);
    tls_listener_free(s->tls);
    s->tls = NULL;
    close_sockets(s->setup.tls, s->setup.tls_count);
    close_sockets(s->setup.tcp, s->setup.tcp_count);
    callmanager_visits_cut(o);
    store_async_free(o->store);
    store_async_free(o->door);
    callmanager_visits_free(o);
    close_books(s);
    tls_listener_free(s->tcp);
    store_async_free(s->books);
    own_tls_free(s->own);
    restarts_free(s->restarts);
    call_ledger_free(o->ledger);
    roll_free(o->roll);
    observer_free(o->observer);
    who_desk_free(o->desk);
    who_desk_free(o->door_desk);
    phone_names_free(o->phones);
    callmanager_journal_free(o->journal);
    exchange_fini(o);
    vetting_free(s->exchange.vetting);
    turned_away_free(s->away);
    drop_load(&s->load);
    tls_context_free(s->plain);
    free(s);
}
