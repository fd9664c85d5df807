/*
 * journal: what the role tftp says - CUCM's trace lines in log/tftp.log, and events.
 *
 * Lines about peers are limited for each address; what was kept back is counted.
 */
#ifndef SERVICE_TFTP_JOURNAL_H
#define SERVICE_TFTP_JOURNAL_H

#include "base/log.h"
#include "net/loop.h"
#include "service/tftp/engine.h"

struct journal;

/* `directory` NULL: events only. */
int journal_new(struct journal **out, struct loop *loop, const char *directory, size_t log_size,
                unsigned log_keep, struct why *why) CHECKED;
void journal_free(struct journal *journal);
/* Says what was kept back about peers that have gone quiet. Now and then. */
void journal_settle(struct journal *journal);

/* The two lines of CUCM: a request has come, a file has gone. `serving` transfers are under way,
 * `socket` is what it went out from. */
void journal_request(struct journal *journal, uint64_t id, const struct address *peer,
                     struct bytes name, unsigned serving);
void journal_transferred(struct journal *journal, uint64_t id, const struct address *peer,
                         const char *name, int socket);
/* Our own in the same manner, for HTTP. */
void journal_http(struct journal *journal, const struct address *peer, struct bytes path,
                  unsigned status, bool head);

/* An event about a peer: "event=NAME peer=ADDRESS file=NAME reason=WORDS". */
void journal_peer(struct journal *journal, enum log_level level, const char *event,
                  const struct address *peer, struct bytes name, const char *reason);

#endif
