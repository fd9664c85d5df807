/*
 * crowd: how much of something one source address has, so that none takes it all.
 */
#ifndef NET_CROWD_H
#define NET_CROWD_H

#include "net/address.h"

struct crowd;

/* At most `all` in all, and `each` of one address. */
int crowd_new(struct crowd **out, size_t all, size_t each) CHECKED;
void crowd_free(struct crowd *crowd);
/* Another number for one address; who has more keeps it. */
void crowd_set_each(struct crowd *crowd, size_t each);
/* One more of this address: ERR_LIMIT when it has enough, or all have. */
int crowd_enter(struct crowd *crowd, const struct address *peer) CHECKED;
/* One less; once for each that entered. */
void crowd_leave(struct crowd *crowd, const struct address *peer);
size_t crowd_count(const struct crowd *crowd);

#endif
