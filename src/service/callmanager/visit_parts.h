/*
 * visit_parts: what a visit is made of. Private to visit.c, visit_register.c and exchange.c.
 */
#ifndef SERVICE_CALLMANAGER_VISIT_PARTS_H
#define SERVICE_CALLMANAGER_VISIT_PARTS_H

#include "service/callmanager/visit.h"

enum { VISIT_ALARMS = 4 };

struct visit {
    struct exchange *exchange;
    struct visit *next, **link;
    struct visit *next_restless;
    struct tls_connection *connection; /* NULL: it has gone */
    struct station *station;
    struct call_phone *phone; /* in the call engine; NULL: it is not registered */
    const struct zone *zone;  /* where it is; NULL: UTC */
    int32_t utc_offset;       /* there, as visit_set_clock() found it */
    struct loop_timer *timer;
    struct badge badge; /* the certificate it showed */
    struct address peer;
    uint64_t number;
    char device[DEVICE_NAME]; /* of the phone that is registered; or "" */
    uint8_t certificate[SHA256_SIZE];
    struct vetted vetted; /* what was found of that */
    bool proved;          /* it is the phone that is registered, as far as that can prove it */
    bool has_certificate; /* it has shown that one, and wanted to register with it */
    bool restless;
    bool refused;               /* it was said why it may not register */
    bool closing;               /* tls_close() was called */
    enum call_cause cause;      /* for its calls when it ends */
    unsigned waits;             /* answers that will come */
    char *alarms[VISIT_ALARMS]; /* said before it was known who it is */
};

/* ---- exchange.c ---- */
/* Takes the engine's actions. */
void exchange_act(struct exchange *exchange);
/* It has something to do: its turn comes with exchange_run(). */
void exchange_rouse(struct visit *visit);

/* ---- visit.c ---- */
/* All there is to do for it now; frees it when all is over. */
void visit_turn(struct visit *visit);
void visit_act(struct visit *visit, const struct call_action *action);
struct station_now visit_now(const struct visit *visit);
/* Looks what time it is where the phone is. Until when that holds is noted in the exchange. */
void visit_set_clock(struct visit *visit, const struct zone *zone);
struct speaker visit_speaker(const struct visit *visit);
/* It is not registered any more, if it was. */
void visit_sign_off(struct visit *visit, enum call_cause cause);

/* ---- visit_register.c ---- */
/* STATION_WHO, or STATION_TOKEN: asks the store, and answers the station in its time. */
void visit_ask_who(struct visit *visit, bool token);
/* STATION_ALARM: kept until it is known whose it is. */
void visit_note_alarm(struct visit *visit, const char *text);
void visit_forget_alarms(struct visit *visit);

#endif
