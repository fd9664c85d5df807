/*
 * visit: a phone's connection and its session of TVS, from the handshake to its end.
 */
#ifndef SERVICE_TVS_VISIT_H
#define SERVICE_TVS_VISIT_H

#include "service/tvs/journal.h"
#include "service/tvs/recent.h"
#include "store/observer.h"

/* What visits have in common. */
struct office {
    struct loop *loop;
    struct store_async *store; /* for reading */
    struct tvs_journal *journal;
    struct observer *observer;
    struct shelves shelves;
    struct recent recent;
    int64_t request_ms; /* for a whole request, from the last answer on */
    struct visit *first;
    uint64_t number; /* of the last connection */
    struct tvs_counts {
        uint64_t queries, verifications, trusted, not_trusted, refused, fetched;
    } counts;
};

/* Takes the connection over, and leaves the office by itself when all is over. */
void tvs_visit_begin(struct office *office, struct tls_connection *connection);
/* All connections are cut. Visits that wait for a certificate leave when it has come. */
void tvs_visits_cut(struct office *office);
/* Those that are left when no answer can come any more. */
void tvs_visits_free(struct office *office);

#endif
