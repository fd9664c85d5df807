/*
 * disk: open files, read piece by piece without making an event loop wait.
 *
 * What lies in the page cache is read at once; what does not is fetched by a worker thread, and the
 * reader is told when to ask again. Files are not mapped: one that shrinks while it is read gives a
 * short read, never a signal.
 */
#ifndef NET_DISK_H
#define NET_DISK_H

#include "net/worker.h"

#include <stddef.h>

/* An open file with its owners counted. Everything here belongs to the loop's thread. */
struct disk_file;
/* Owns fd from here on, also when this fails. */
int disk_file_new(struct disk_file **out, int fd) CHECKED;
struct disk_file *disk_file_share(struct disk_file *file);
void disk_file_free(struct disk_file *file); /* one owner less */
int disk_file_descriptor(const struct disk_file *file);

/* Somebody who reads a file. `ready` is called on the loop after disk_read() said -EAGAIN, with 0
 * or what went wrong. */
struct disk_reader;
int disk_reader_new(struct disk_reader **out, struct disk_file *file, struct worker *worker,
                    void (*ready)(void *context, int result), void *context) CHECKED;
/* At any time; `ready` is not called any more. */
void disk_reader_free(struct disk_reader *reader);

/* Reads `size` bytes at `offset`; *got is smaller at the end of the file only. -EAGAIN: they are
 * being fetched, ask for the same again after `ready`. ERR_LIMIT: too many wait already. */
int disk_read(struct disk_reader *reader, uint64_t offset, void *out, size_t size,
              size_t *got) CHECKED;

#endif
