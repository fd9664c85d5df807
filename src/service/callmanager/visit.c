#include "service/callmanager/visit_parts.h"

#include "base/clock.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { CERTIFICATE_CONNECTIONS = 4 }; /* that show the same */

struct speaker visit_speaker(const struct visit *v)
{
    return (struct speaker){
        .number = v->number, .device = v->device, .registered = v->phone != NULL, .peer = &v->peer};
}

struct station_now visit_now(const struct visit *v)
{
    return (struct station_now){
        .ms = loop_now(v->exchange->loop), .unix_ms = clock_wall_ms(), .utc_offset = v->utc_offset};
}

/* ---- local time ---- */

void visit_set_clock(struct visit *v, const struct zone *zone)
{
    struct zone_span span = {0, INT64_MAX};
    if (zone)
        span = zone_at(zone, clock_wall());
    v->zone = zone;
    v->utc_offset = span.offset;
    if (span.until < v->exchange->clocks_change)
        v->exchange->clocks_change = span.until;
}

void callmanager_visits_tell_time(struct exchange *exchange)
{
    if (clock_wall() < exchange->clocks_change)
        return;
    exchange->clocks_change = INT64_MAX;
    for (struct visit *v = exchange->first; v; v = v->next) {
        int32_t before = v->utc_offset;
        visit_set_clock(v, v->zone);
        struct station_now now = visit_now(v);
        if (v->utc_offset == before)
            continue;
        station_tell_time(v->station, &now);
        exchange_rouse(v);
    }
    exchange_run(exchange);
}

static void event(struct visit *v, enum log_level level, const char *name, const char *reason)
{
    struct speaker speaker = visit_speaker(v);
    callmanager_journal_event(v->exchange->journal, level, name, &speaker, reason);
}

static void visit_free(struct visit *v)
{
    struct exchange *exchange = v->exchange;
    *v->link = v->next;
    if (v->next)
        v->next->link = v->link;
    exchange->visits--;
    badges_leave(exchange->badges, &v->badge);
    tls_free(v->connection);
    loop_timer_free(v->timer);
    station_free(v->station);
    visit_forget_alarms(v);
    free(v);
}

/* ---- registered, and not any more ---- */

struct visit *visit_of(const struct exchange *exchange, const char *device)
{
    return map_get(exchange->registered, bytes_of_string(device));
}

const char *visit_device(const struct visit *v)
{
    return v->device;
}

const char *visit_objection(const struct visit *v, int64_t now, int64_t *until)
{
    if (!v->has_certificate)
        return NULL;
    if (v->vetted.until < *until)
        *until = v->vetted.until;
    return vetting_objection(v->exchange->vetting, v->certificate, &v->vetted, now);
}

bool visit_is_registered(const struct visit *v)
{
    return v->phone != NULL;
}

struct visit *visit_next(const struct visit *v)
{
    return v->next;
}

void visit_sign_off(struct visit *v, enum call_cause cause)
{
    struct exchange *o = v->exchange;
    if (!v->phone)
        return;
    call_phone_remove(o->engine, v->phone, cause, loop_now(o->loop));
    v->phone = NULL;
    (void)map_remove(o->registered, bytes_of_string(v->device));
    roll_gone(o->roll, v->device);
}

/* ---- what the station says ---- */

static void take_over(struct visit *v, const char *reason)
{
    bool registered = v->phone != NULL;
    v->exchange->counts.lost += registered;
    if (!v->refused)
        event(v, registered ? LEVEL_NOTICE : LEVEL_INFO,
              registered ? "phone_gone" : "callmanager_connection_ended", reason);
    visit_sign_off(v, v->cause);
}

static void take_event(struct visit *v, const struct station_now *now, struct station_event *e)
{
    struct exchange *o = v->exchange;
    struct speaker speaker = visit_speaker(v);
    callmanager_journal_heard(o->journal, &speaker, e);
    switch (e->kind) {
    case STATION_WHO:
        visit_sign_off(v, CALL_CAUSE_CONNECTION_LOST);
        visit_ask_who(v, false);
        break;
    case STATION_TOKEN:
        visit_ask_who(v, true);
        break;
    case STATION_CODECS:
        call_phone_codecs(v->phone, e->codecs);
        break;
    case STATION_USER:
        call_event(o->engine, v->phone, &e->call, now->ms);
        break;
    case STATION_ALARM:
        o->counts.alarms++;
        visit_note_alarm(v, e->message.alarm.text);
        break;
    case STATION_GOODBYE:
        o->counts.unregistered++;
        event(v, LEVEL_INFO, "phone_unregistered", "it said goodbye");
        visit_sign_off(v, CALL_CAUSE_UNREGISTERED);
        if (tls_unknown_again(v->connection) != 0)
            visit_end(v, "its address has too many connections that are not registered");
        break;
    case STATION_ODD:
        event(v, LEVEL_INFO, "phone_odd", e->reason);
        break;
    case STATION_OVER:
        take_over(v, e->reason);
        v->closing = true;
        break;
    case STATION_STATISTICS:
    case STATION_NOTHING:
        break;
    }
}

/* ---- what it is told ---- */

void visit_act(struct visit *v, const struct call_action *action)
{
    struct station_now now = visit_now(v);
    struct speaker speaker = visit_speaker(v);
    callmanager_journal_told(v->exchange->journal, &speaker, action);
    station_act(v->station, action, &now);
    exchange_rouse(v);
}

bool visit_reset(struct visit *v, enum reset_kind kind)
{
    bool told = station_reset(v->station, (enum sccp_reset_type)kind);
    v->exchange->counts.told_to_restart += told;
    exchange_rouse(v);
    return told;
}

void visit_lower(struct visit *v, enum device_mode mode)
{
    char reason[200];
    enum call_security security = call_security_of(mode, station_link(v->station));
    if (security >= call_phone_security(v->phone))
        return;
    call_phone_lower(v->phone, security);
    text_format(reason, sizeof reason,
                "its profile or the cluster's mode has changed: its calls are %s from now on; all "
                "else counts when it registers again (trustline phone reset %s)",
                call_security_name(security), v->device);
    event(v, LEVEL_NOTICE, "phone_lowered", reason);
}

void visit_end(struct visit *v, const char *reason)
{
    station_end(v->station, reason);
    exchange_rouse(v);
}

void visit_show_out(struct visit *v, const char *reason)
{
    v->cause = CALL_CAUSE_SHOWN_OUT;
    visit_end(v, reason);
}

/* All of it or nothing: whatever the station holds has room in an empty queue. */
static void send_output(struct visit *v)
{
    struct bytes out = station_output(v->station);
    if (!out.size || tls_queued(v->connection))
        return;
    if (tls_write(v->connection, out) == 0)
        station_sent(v->station);
}

static void wait_for_station(struct visit *v)
{
    int64_t due = station_due(v->station);
    int64_t wait = due - loop_now(v->exchange->loop);
    if (due == INT64_MAX)
        loop_timer_stop(v->timer);
    else
        loop_timer_start(v->timer, wait > 0 ? wait : 0);
}

/* ---- turns ---- */

void visit_turn(struct visit *v)
{
    struct station_event e;
    struct station_now now = visit_now(v);
    bool open = v->connection && !v->closing;
    while (open && station_step(v->station, &now, &e)) {
        take_event(v, &now, &e);
        exchange_act(v->exchange);
    }
    if (!v->connection) {
        visit_sign_off(v, CALL_CAUSE_CONNECTION_LOST);
        if (v->waits == 0)
            visit_free(v);
        return;
    }
    if (!open)
        return;
    send_output(v);
    if (v->closing) {
        loop_timer_stop(v->timer);
        tls_close(v->connection);
        return;
    }
    wait_for_station(v);
    tls_pause(v->connection, station_is_full(v->station));
}

static void on_time(void *context)
{
    struct visit *v = context;
    struct exchange *o = v->exchange;
    exchange_rouse(v);
    exchange_run(o);
}

static void on_received(void *context, struct bytes data)
{
    struct visit *v = context;
    struct exchange *o = v->exchange;
    if (station_input(v->station, data) != 0)
        station_end(v->station, "it says more at once than a phone does");
    exchange_rouse(v);
    exchange_run(o);
}

static void on_drained(void *context)
{
    on_time(context);
}

static void on_closed(void *context, const struct tls_end *end)
{
    struct visit *v = context;
    struct exchange *o = v->exchange;
    if (!v->closing)
        take_over(v, end->text);
    tls_free(v->connection);
    v->connection = NULL;
    exchange_rouse(v);
    exchange_run(o);
}

/* ---- birth and death ---- */

static enum call_link link_of(const struct tls_connection *connection)
{
    if (!tls_version(connection)[0])
        return CALL_LINK_PLAIN;
    return tls_is_encrypted(connection) ? CALL_LINK_ENCRYPTED : CALL_LINK_AUTHENTICATED;
}

static int visit_new(struct visit **out, struct exchange *exchange,
                     struct tls_connection *connection)
{
    struct visit *v = calloc(1, sizeof *v);
    if (!v)
        return -ENOMEM;
    v->exchange = exchange;
    v->number = ++exchange->number;
    v->cause = CALL_CAUSE_CONNECTION_LOST;
    v->peer = *tls_peer(connection);
    int result = station_new(&v->station, &exchange->site, link_of(connection), &v->peer,
                             loop_now(exchange->loop));
    if (result == 0)
        result = loop_timer_new(&v->timer, exchange->loop, on_time, v);
    if (result) {
        station_free(v->station);
        free(v);
        return result;
    }
    *out = v;
    return 0;
}

/* A phone has one connection here, and a new one before the old one is known to be broken. With
 * more of the same certificate the oldest that is on standby goes. */
static void leave_few(struct visit *v)
{
    struct badge *b = badge_oldest(&v->badge);
    if (badge_count(&v->badge) <= CERTIFICATE_CONNECTIONS)
        return;
    while (b && visit_is_registered(b->owner))
        b = b->next;
    if (!b)
        return;
    badges_leave(v->exchange->badges, b);
    visit_end(b->owner, "its certificate has too many connections, and this one was the oldest "
                        "that is not registered");
}

static void note_badge(struct visit *v)
{
    uint8_t sha256[SHA256_SIZE];
    int result = tls_peer_sha256(v->connection, sha256);
    if (result == ERR_NOT_FOUND)
        return;
    if (result == 0)
        result = badges_enter(v->exchange->badges, &v->badge, sha256, v);
    if (result)
        visit_end(v, error_text(result));
    else
        leave_few(v);
    exchange_run(v->exchange);
}

void callmanager_visit_begin(struct exchange *exchange, struct tls_connection *connection)
{
    const struct tls_events events = {
        .received = on_received, .drained = on_drained, .closed = on_closed};
    struct visit *v = NULL;
    if (visit_new(&v, exchange, connection) != 0) {
        tls_free(connection);
        return;
    }
    v->connection = connection;
    v->link = &exchange->first;
    v->next = exchange->first;
    if (v->next)
        v->next->link = &v->next;
    exchange->first = v;
    exchange->visits++;
    tls_set_events(connection, &events, v);
    struct speaker speaker = visit_speaker(v);
    callmanager_journal_arrived(exchange->journal, &speaker, connection);
    wait_for_station(v);
    note_badge(v);
}

void callmanager_visits_cut(struct exchange *exchange)
{
    for (struct visit *v = exchange->first; v; v = v->next) {
        tls_free(v->connection);
        v->connection = NULL;
        exchange_rouse(v);
    }
    exchange_run(exchange);
}

void callmanager_visits_free(struct exchange *exchange)
{
    while (exchange->first)
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): what is freed leaves the list */
        visit_free(exchange->first);
    exchange->restless = NULL;
}
