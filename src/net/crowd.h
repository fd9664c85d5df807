/*
 * crowd: how much of something one source has, so that none takes it all. A source is
 * address_bytes() or address_source(): always the same of the two.
 */
#ifndef NET_CROWD_H
#define NET_CROWD_H

#include "net/address.h"

struct crowd;

/* At most `all` in all, and `each` of one source. */
int crowd_new(struct crowd **out, size_t all, size_t each) CHECKED;
void crowd_free(struct crowd *crowd);
/* Another number for one source; who has more keeps it. */
void crowd_set_each(struct crowd *crowd, size_t each);
/* One more of this source: ERR_LIMIT when it has enough, or all have. */
int crowd_enter(struct crowd *crowd, struct bytes source) CHECKED;
/* One less; once for each that entered. */
void crowd_leave(struct crowd *crowd, struct bytes source);
size_t crowd_count(const struct crowd *crowd);

#endif
