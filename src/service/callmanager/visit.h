/*
 * visit: a phone's connection, from its first byte to its end, and the exchange that all have in
 * common: the call engine, who is registered, the store, the books.
 *
 * The two engines are pure: what comes goes into the visit's station; what people do comes out of
 * it and goes into the call engine; what that wants goes into the stations of whoever it is about;
 * and what they have to say goes out. exchange_run() does all of this until nothing is left to do.
 */
#ifndef SERVICE_CALLMANAGER_VISIT_H
#define SERVICE_CALLMANAGER_VISIT_H

#include "base/map.h"
#include "service/callmanager/badges.h"
#include "service/callmanager/call_ledger.h"
#include "service/callmanager/journal.h"
#include "service/callmanager/phone_names.h"
#include "service/callmanager/roll.h"
#include "service/callmanager/vetting.h"
#include "store/observer.h"

struct visit;

/* What visits have in common. */
struct exchange {
    struct loop *loop;
    struct store_async *store; /* for questions */
    struct who_desk *desk;     /* for the store's thread */
    /* For questions whose answer has to be written: who is new, or has a new certificate. They may
     * wait for a lock, and nobody else. */
    struct store_async *door;
    struct who_desk *door_desk;
    struct phone_names *phones; /* there are */
    struct vetting *vetting;    /* of certificates; from the first connection on */
    int64_t expires;            /* unix seconds: the first certificate of those here ends */
    struct callmanager_journal *journal;
    struct observer *observer;
    struct roll *roll;
    struct call_ledger *ledger;
    struct station_site site;
    struct call_engine *engine;
    struct loop_timer *due; /* of the engine */
    int64_t due_at;         /* when that fires; INT64_MAX: not at all */
    struct map *registered; /* visits by the name of their phone */
    int64_t clocks_change;  /* unix seconds: before that nobody's local time jumps */
    struct badges *badges;  /* visits by their certificates */
    struct limit *remarks;  /* observations, by phone; */
    struct limit *claims;   /* those that prove nothing, by phone, */
    struct limit *claimed;  /* and all together */
    struct limit *tokens;   /* of all phones */
    struct visit *first;    /* all */
    struct visit *restless; /* those that have something to do */
    bool running;
    uint64_t number; /* of the last connection */
    size_t visits;
    struct exchange_counts {
        uint64_t registered, refused, unregistered, lost, replaced, told_to_restart, alarms;
    } counts;
};

/* The engine, its timer and the table of phones; the rest is the caller's to fill in. `max`: phones
 * at most. */
int exchange_init(struct exchange *exchange, struct loop *loop, size_t max) CHECKED;
/* After the last visit. */
void exchange_fini(struct exchange *exchange);
/* Whatever there is to do is done. After every call of the engine's and every change of a station
 * from outside. */
void exchange_run(struct exchange *exchange);

/* Takes the connection over, and leaves the exchange by itself when all is over. */
void callmanager_visit_begin(struct exchange *exchange, struct tls_connection *connection);
/* The phone of that name, registered here; NULL: it is not. */
struct visit *visit_of(const struct exchange *exchange, const char *device);
const char *visit_device(const struct visit *visit);
/* Why the certificate it registers with would not be trusted any more, for the log. NULL: it would,
 * or it showed none; *until, when it has one, is lowered to its end. `now` in unix seconds. */
const char *visit_objection(const struct visit *visit, int64_t now, int64_t *until);
bool visit_is_registered(const struct visit *visit);
struct visit *visit_next(const struct visit *visit);
/* Tells a registered phone to restart. exchange_run() sends it. False: it is about to go, and was
 * told nothing. */
bool visit_reset(struct visit *visit, enum reset_kind kind);
/* A registered phone is worth no more in its calls than this mode allows. */
void visit_lower(struct visit *visit, enum device_mode mode);
/* Ends it; the log has the reason. exchange_run() closes the connection. Its calls go on between
 * the phones as when a connection breaks. */
void visit_end(struct visit *visit, const char *reason);
/* The same for one that may not be here any more: its calls end, too. */
void visit_show_out(struct visit *visit, const char *reason);
/* Phones in whose time zone summer began, or ended, are told the time. */
void callmanager_visits_tell_time(struct exchange *exchange);
/* All connections are cut. Visits that wait for an answer leave when it has come. */
void callmanager_visits_cut(struct exchange *exchange);
/* Those that are left when no answer can come any more. */
void callmanager_visits_free(struct exchange *exchange);

#endif
