/*
 * async: the store from an event loop.
 *
 * One worker thread of the role owns the connection. A job's `run` gets it there, in the order of
 * store_async_do(); `done` is called on the loop with what `run` returned. All functions here
 * belong to the loop's thread.
 */
#ifndef STORE_ASYNC_H
#define STORE_ASYNC_H

#include "net/worker.h"
#include "store/store.h"

struct store_async;

/* Opens the database before it returns (this may wait, and migrate), so that a role that cannot
 * open it says so at its start. */
int store_async_new(struct store_async **out, struct loop *loop, const char *where,
                    enum store_mode mode, struct why *why) CHECKED;
/* Finishes what is queued and calls each `done`, then closes the connection. May be called from a
 * `done` or from `changed`: the `done`s still open then follow soon. NULL is accepted. */
void store_async_free(struct store_async *async);
/* `done` may be NULL. ERR_LIMIT when too much waits (STORE_ASYNC_QUEUE): neither function will be
 * called. */
#define STORE_ASYNC_QUEUE 32768 /* above the connections of any role: each waits for one answer */
int store_async_do(struct store_async *async, int (*run)(void *context, struct store *store),
                   void (*done)(void *context, int result), void *context) CHECKED;
/* The same for a change that shares its commit with others that wait: a commit is a wait for the
 * disk, and many in a row are as durable after one. `run` is called within a transaction and makes
 * none of its own; its changes are undone when it returns an error, and `done` comes after the
 * commit - with its error for all, when that fails. Order is kept as with store_async_do(). */
int store_async_share(struct store_async *async, int (*run)(void *context, struct store *store),
                      void (*done)(void *context, int result), void *context) CHECKED;
/* From now on looks for changes of other processes every `interval_ms` on the worker and calls
 * `changed` on the loop for each area that moved (a bit set of 1 << enum store_area). What moved
 * between store_async_new() and the first look is told with it, so that a role that reads first and
 * watches then misses nothing. Own changes are told only together with those of others. A look that
 * fails is logged, and repeated with the next. */
int store_async_watch(struct store_async *async, int64_t interval_ms,
                      void (*changed)(void *context, unsigned areas), void *context) CHECKED;

#endif
