/*
 * worker: threads that do what an event loop must not wait for (the database, disks, key
 * generation).
 *
 * A job's `run` is called on a worker thread and must touch nothing that belongs to the loop; its
 * `done` is called on the loop afterwards, in the order in which jobs finished.
 */
#ifndef NET_WORKER_H
#define NET_WORKER_H

#include "net/loop.h"

#include <stddef.h>

struct worker;

/* `threads` threads (1 keeps jobs in order) and at most `queue` waiting jobs. */
int worker_new(struct worker **out, struct loop *loop, unsigned threads, size_t queue) CHECKED;
/* Runs what is queued to its end, calls the `done`s, then frees. */
void worker_free(struct worker *worker);
/* ERR_LIMIT when the queue is full: the job was not taken and neither function will be called. */
int worker_submit(struct worker *worker, void (*run)(void *context), void (*done)(void *context),
                  void *context) CHECKED;
size_t worker_waiting(struct worker *worker);

#endif
