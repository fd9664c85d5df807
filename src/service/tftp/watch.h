/*
 * watch: hearing of every change below a directory.
 *
 * By inotify, so that what was read once can be kept without looking at the disk again. Where that
 * cannot be (file systems of other machines, limits of the system) watch_covers() says so, and
 * nothing may be kept.
 */
#ifndef SERVICE_TFTP_WATCH_H
#define SERVICE_TFTP_WATCH_H

#include "net/worker.h"

struct watch;

/* `changed` gets the path of a file relative to the directory, or NULL: anything may have changed.
 * It is called on the loop, first (with NULL) when watching has begun. The worker looks through the
 * directories. */
int watch_new(struct watch **out, struct loop *loop, struct worker *worker, const char *directory,
              void (*changed)(void *context, const char *path), void *context) CHECKED;
/* The worker must have finished before: nothing of it may be under way. */
void watch_free(struct watch *watch);
/* Is every change heard of, from now on? Files that are reached through a symbolic link are not
 * covered: their changes happen elsewhere. A directory that is not there is looked for every
 * second, and covered: nothing is in it. */
bool watch_covers(const struct watch *watch);
/* Calls `changed` for all that has happened up to now, without waiting for the loop's next turn. */
void watch_poll(struct watch *watch);

#endif
