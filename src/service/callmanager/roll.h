/*
 * roll: which phones are registered here, told to the store a moment later (`trustline phone
 * list`).
 *
 * Nothing here makes a phone wait. Of a phone that comes and goes between two writings the last is
 * written. What the store does not take is tried again.
 */
#ifndef SERVICE_CALLMANAGER_ROLL_H
#define SERVICE_CALLMANAGER_ROLL_H

#include "store/async.h"
#include "store/registration.h"

struct roll;

/* `node` is this node's name. Whoever the service before this one left registered is not any more:
 * that is written first. `max`: phones at most. */
int roll_new(struct roll **out, struct loop *loop, struct store_async *store, const char *node,
             size_t max) CHECKED;
/* It has registered; `since` is filled in. */
void roll_here(struct roll *roll, const struct store_registration *registration);
/* It is not registered here any more. */
void roll_gone(struct roll *roll, const char *device);
/* Hands to the store that nobody is registered here; its end, store_async_free(), writes it. After
 * that the roll can be freed. */
void roll_close(struct roll *roll);
void roll_free(struct roll *roll);

#endif
