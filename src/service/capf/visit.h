/*
 * visit: a phone's connection and its session of CAPF, from the handshake to its end.
 */
#ifndef SERVICE_CAPF_VISIT_H
#define SERVICE_CAPF_VISIT_H

#include "net/tls_connection.h"
#include "service/capf/desk.h"
#include "service/capf/journal.h"
#include "signer/signer.h"
#include "store/async.h"

/* What visits have in common. */
struct office {
    struct loop *loop;
    struct store_async *store;
    struct signer_loop *signer;
    struct desk *desk; /* for the store's thread */
    struct capf_journal *journal;
    struct capf_limits limits;
    struct visit *first;
    size_t visits;
    char issuer[CERTIFICATE_SERIAL]; /* the CAPF certificate in use */
    uint64_t number;                 /* of the last connection */
    uint32_t session;                /* id of the last one: begins at random */
    uint64_t issued, done, failed, refused;
};

/* Takes the connection over, and leaves the office by itself when all is over. */
void visit_begin(struct office *office, struct tls_connection *connection);
/* All connections are cut. Visits that wait for an answer leave when it has come. */
void visits_cut(struct office *office);
/* Those that are left when no answer can come any more. */
void visits_free(struct office *office);

#endif
