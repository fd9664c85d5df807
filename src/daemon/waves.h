/*
 * waves: orders for many phones go on by themselves, those of enrolment and those to restart.
 * Whenever a phone's order has ended, the next phones get theirs; orders whose time has passed are
 * ended.
 *
 * What is released and what waits is the store's: after a crash it goes on where it stopped.
 */
#ifndef DAEMON_WAVES_H
#define DAEMON_WAVES_H

#include "store/async.h"

struct waves;

/* Looks at once, and then every minute, for orders whose time has passed. */
int waves_new(struct waves **out, struct loop *loop, struct store_async *store) CHECKED;
/* After the store_async it was given. NULL is accepted. */
void waves_free(struct waves *waves);
/* Orders have changed. */
void waves_look(struct waves *waves);

#endif
