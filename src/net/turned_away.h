/*
 * turned_away: says in the log that connections were closed because their address has enough: a
 * warning an address and minute, which names the setting that may be too low.
 *
 *     event=callmanager_turned_away peer=192.0.2.1:50000 reason="..." suppressed=41
 */
#ifndef NET_TURNED_AWAY_H
#define NET_TURNED_AWAY_H

#include "net/address.h"

struct turned_away;

/* `service` begins the event's name, `setting` is what an administrator can raise; both must stay.
 */
int turned_away_new(struct turned_away **out, const char *service, const char *setting) CHECKED;
void turned_away_free(struct turned_away *away);
/* One more, of an address that has `each` already. `now` in ms. */
void turned_away_note(struct turned_away *away, const struct address *peer, size_t each,
                      int64_t now);

#endif
