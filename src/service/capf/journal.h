/*
 * journal: what the role capf says - CUCM's trace lines in log/capf.log, and events.
 *
 * Never a string, a MAC or a key.
 */
#ifndef SERVICE_CAPF_JOURNAL_H
#define SERVICE_CAPF_JOURNAL_H

#include "base/log.h"
#include "net/tls_connection.h"
#include "service/capf/engine.h"

struct capf_journal;

/* `directory` NULL: events only. */
int capf_journal_new(struct capf_journal **out, struct loop *loop, const char *directory,
                     size_t log_size, unsigned log_keep, struct why *why) CHECKED;
void capf_journal_free(struct capf_journal *journal);

/* Which session a line is about: CUCM's "3:SEP0011215A1AE3:", UNKNOWN before it has said. */
struct speaker {
    uint64_t number; /* of the connection */
    const char *device;
    const struct address *peer;
    bool untraced; /* its address has had its share of sessions of nobody we know */
};
/* Are sessions of this address to be traced, before it is known who comes? */
bool capf_journal_traces(struct capf_journal *journal, const struct address *peer);
/* A session ended whose phone was not believed: it counts in that share. */
void capf_journal_stranger(struct capf_journal *journal, const struct address *peer);
/* Now and then: says how much was kept back of those that are quiet now. */
void capf_journal_settle(struct capf_journal *journal);
/* A handshake is done, and how; and one that was not. */
void capf_journal_arrived(struct capf_journal *journal, const struct speaker *speaker,
                          const struct tls_connection *connection);
void capf_journal_handshake_failed(struct capf_journal *journal, const struct address *peer,
                                   const struct tls_end *end);
/* A step of the engine: what came in which state, what goes. */
void capf_journal_step(struct capf_journal *journal, const struct speaker *speaker,
                       const struct capf_step *step);
void capf_journal_issued(struct capf_journal *journal, const struct speaker *speaker);
/* The order is done or has failed. */
struct capf_ending {
    enum enrolment_operation operation;
    enum capf_auth authentication; /* how the phone proved who it is */
    bool success;
    const char *serial; /* of the LSC that was issued, or "" */
    const char *reason; /* of a failure */
};
void capf_journal_outcome(struct capf_journal *journal, const struct speaker *speaker,
                          const struct capf_ending *ending);
/* It is refused before there is an order to fail. */
void capf_journal_refused(struct capf_journal *journal, const struct speaker *speaker,
                          const char *reason);
/* An event about a session: "event=NAME device=... peer=... reason=WORDS". So many a minute of a
 * phone that we know, and of an address otherwise; orders that are done are always told. */
void capf_journal_event(struct capf_journal *journal, enum log_level level, const char *event,
                        const struct speaker *speaker, const char *reason);

#endif
