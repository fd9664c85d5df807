/*
 * journal: what the role tvs says - CUCM's trace lines in log/tvs.log, and events.
 *
 * Nobody proves to TVS who he is, so both are limited for each address, and what was kept back is
 * counted and said.
 */
#ifndef SERVICE_TVS_JOURNAL_H
#define SERVICE_TVS_JOURNAL_H

#include "base/log.h"
#include "net/tls_connection.h"
#include "service/tvs/engine.h"

struct tvs_journal;

/* `directory` NULL: events only. */
int tvs_journal_new(struct tvs_journal **out, struct loop *loop, const char *directory,
                    size_t log_size, unsigned log_keep, struct why *why) CHECKED;
void tvs_journal_free(struct tvs_journal *journal);

/* Which connection a line is about: CUCM's "8:UNKNOWN:", a device name once one was said. */
struct speaker {
    uint64_t number; /* of the connection */
    const char *device;
    const struct address *peer;
    bool traced; /* as tvs_journal_traces() said of what it says now */
};
/* May a connection or question of this address be traced? Each asking counts as one. */
bool tvs_journal_traces(struct tvs_journal *journal, const struct address *peer);
/* Now and then: says how many lines were kept back of addresses that went quiet. */
void tvs_journal_settle(struct tvs_journal *journal);

/* A handshake is done, and how; and one that was not. */
void tvs_journal_arrived(struct tvs_journal *journal, const struct speaker *speaker,
                         const struct tls_connection *connection);
void tvs_journal_handshake_failed(struct tvs_journal *journal, const struct address *peer,
                                  const struct tls_end *end);
/* A step of the engine: what came, where it was looked for, what goes. */
void tvs_journal_step(struct tvs_journal *journal, const struct speaker *speaker,
                      const struct tvs_step *step);
/* An event about a connection: "event=NAME device=... peer=... reason=WORDS". */
void tvs_journal_event(struct tvs_journal *journal, enum log_level level, const char *event,
                       const struct speaker *speaker, const char *reason);

/* The CTL is read (again, because it was modified), and a certificate it names. From any thread. */
void tvs_journal_ctl(struct tvs_journal *journal, bool modified);
void tvs_journal_ctl_key(struct tvs_journal *journal, struct bytes serial, struct bytes issuer);

#endif
