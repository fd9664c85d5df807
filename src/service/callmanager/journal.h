/*
 * journal: what the role callmanager says - CUCM's trace lines in log/callmanager.log, and events.
 *
 * What a phone that is registered, or an address that is not known to be one, can have said a
 * minute is limited, so that nobody flushes what the log holds; what was kept back is counted, and
 * the count comes with the next line: "suppressed=12", and in the trace "SEP...: 12 connections and
 * messages were not traced".
 *
 * Never a key of media, and never which digits somebody presses: they may be a PIN.
 */
#ifndef SERVICE_CALLMANAGER_JOURNAL_H
#define SERVICE_CALLMANAGER_JOURNAL_H

#include "base/log.h"
#include "net/tls_connection.h"
#include "service/callmanager/who.h"

struct callmanager_journal;

/* `directory` NULL: events only. */
int callmanager_journal_new(struct callmanager_journal **out, struct loop *loop,
                            const char *directory, size_t log_size, unsigned log_keep,
                            struct why *why) CHECKED;
void callmanager_journal_free(struct callmanager_journal *journal);

/* Says what was kept back about addresses that have gone quiet: call it every second or so. */
void callmanager_journal_settle(struct callmanager_journal *journal);

/* Whom a line is about; "(0000048)" of CUCM is the number of the connection. */
struct speaker {
    uint64_t number;
    const char *device; /* "" before it has said a name */
    bool registered;    /* the name is proved as far as it can be */
    const struct address *peer;
};

/* A connection, its handshake done if it has one; and a handshake that was not done. */
void callmanager_journal_arrived(struct callmanager_journal *journal, const struct speaker *speaker,
                                 const struct tls_connection *connection);
void callmanager_journal_handshake_failed(struct callmanager_journal *journal,
                                          const struct address *peer, const struct tls_end *end);
/* It wanted to register, and may or may not. `cipher` is "" over TCP. */
void callmanager_journal_admission(struct callmanager_journal *journal,
                                   const struct speaker *speaker, const struct who_answer *answer,
                                   const struct station_claim *claim, const char *tls,
                                   const char *cipher);
/* Something came, and what was done: for the trace alone. */
void callmanager_journal_heard(struct callmanager_journal *journal, const struct speaker *speaker,
                               const struct station_event *event);
void callmanager_journal_told(struct callmanager_journal *journal, const struct speaker *speaker,
                              const struct call_action *action);
/* "event=NAME device=... peer=... reason=WORDS". */
void callmanager_journal_event(struct callmanager_journal *journal, enum log_level level,
                               const char *event, const struct speaker *speaker,
                               const char *reason);

#endif
