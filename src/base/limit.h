/*
 * limit: how often one peer may make us say something.
 *
 * Lines about unknown peers are limited per address; what was kept back is counted, and the count
 * comes with the next line that is allowed. The table is of fixed size: when it is full the oldest
 * peer is forgotten.
 */
#ifndef BASE_LIMIT_H
#define BASE_LIMIT_H

#include "base/bytes.h"

#include <stdint.h>

struct limit;

/* At most `count` lines a peer in `window_ms`, for the `peers` seen last. */
int limit_new(struct limit **out, size_t peers, unsigned count, int64_t window_ms) CHECKED;
void limit_free(struct limit *limit);
/* May a line about this peer be said now? When it may, *suppressed tells how many before it were
 * not. */
bool limit_allows(struct limit *limit, struct bytes peer, int64_t now_ms, uint64_t *suppressed);
/* Would limit_allows() say no? Nothing is counted. */
bool limit_is_reached(const struct limit *limit, struct bytes peer, int64_t now_ms);
/* A peer that went quiet with lines kept back: call this now and then, until it returns false, and
 * say the count. `peer` looks into the table and is valid until the next call. */
bool limit_leftover(struct limit *limit, int64_t now_ms, struct bytes *peer, uint64_t *suppressed);

#endif
