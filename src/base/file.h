/*
 * file: whole files, written so that a crash leaves the old one or the new one.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/bytes.h"

#include <sys/types.h>

/* Appends the whole file to `out`, never more than out's maximum (ERR_LIMIT, saying the sizes).
 * "-" is standard input. Only regular files and standard input. */
int file_read(struct buffer *out, const char *path, struct why *why) CHECKED;

/* Writes a temporary file beside `path`, syncs it, renames it over `path` and syncs the directory:
 * durable when this returns 0, and nothing half-written when it does not. `mode` is exact. */
int file_replace(const char *path, struct bytes content, mode_t mode, struct why *why) CHECKED;
/* As file_replace, but never over an existing file: ERR_DUPLICATE. */
int file_create(const char *path, struct bytes content, mode_t mode, struct why *why) CHECKED;
/* As file_replace, but where /dev/stdout or "-" is named the bytes go there. For what a person asks
 * to be written somewhere. */
int file_output(const char *path, struct bytes content, mode_t mode, struct why *why) CHECKED;

/* Makes one directory; an existing one is fine. `mode` is exact when it was made. */
int file_mkdir(const char *path, mode_t mode, struct why *why) CHECKED;
/* Makes all directories that lead to `path` (0755) and `path` itself. */
int file_mkdirs(const char *path, mode_t mode, struct why *why) CHECKED;
/* Removes a directory with all that is in it, not following links. Absent is fine. */
int file_remove_tree(const char *path) CHECKED;
int file_sync_directory(const char *path) CHECKED;

bool file_exists(const char *path);

/* Takes an exclusive lock on a file made for it; the lock ends with close() or the process. Waits
 * up to `wait_ms`; ERR_TIMEOUT names who has it when that is written in the file. Writes our own
 * process id into it. */
int file_lock(int *fd, const char *path, int wait_ms, struct why *why) CHECKED;

/* Writes all of it, waiting where it must; EINTR is not an error. */
int file_write_all(int fd, struct bytes content) CHECKED;

/* "dir/name" into out; ERR_LIMIT when it does not fit. */
#define FILE_PATH 1024
int file_path(char out[FILE_PATH], const char *dir, const char *name) CHECKED;

#endif
