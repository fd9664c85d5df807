/*
 * journal: what the role tvs says - CUCM's trace lines in log/tvs.log, and events.
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
};
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
