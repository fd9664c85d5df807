/*
 * root: finding files below a directory, by names that strangers choose.
 *
 * For worker threads: everything here may wait for the disk. Links are followed inside the
 * directory only. A name that is not there is looked for without regard to letter case: firmware of
 * the 792x spells names its own way.
 */
#ifndef SERVICE_TFTP_ROOT_H
#define SERVICE_TFTP_ROOT_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct file_root; /* one thread at a time */

int file_root_new(struct file_root **out, const char *directory) CHECKED;
void file_root_free(struct file_root *root);
const char *file_root_directory(const struct file_root *root);

/* What makes a file the same file with the same bytes. */
struct file_identity {
    uint64_t device, inode, size;
    int64_t modified_ns, changed_ns;
};
bool file_identity_equal(const struct file_identity *a, const struct file_identity *b);
int file_identity_of(int fd, struct file_identity *out) CHECKED;

struct found_file {
    int fd; /* the caller's, for reading */
    struct file_identity identity;
    bool linked; /* a symbolic link led there */
};

/* `name` is relative and has no "..". ERR_NOT_FOUND; ERR_POLICY when it leads outside or is no
 * regular file; -EACCES and the like. The exact spelling wins; of several others the first in the
 * order of their bytes. */
int file_root_open(struct file_root *root, struct found_file *out, const char *name) CHECKED;
/* Is there such a file, in exactly this spelling? */
bool file_root_has(struct file_root *root, const char *name);

#endif
