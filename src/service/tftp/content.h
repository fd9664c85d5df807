/*
 * content: what is served - bytes that never change, with their owners counted.
 *
 * A body is the bytes of a file or of something made: in memory when it is small, else an open
 * file. A content is what goes out under a name: a body, behind the header of its envelope when it
 * is signed. So a file and its signed twin share the body, and of a large one only the header is in
 * memory.
 *
 * Made on any thread; from then on they belong to the loop's.
 */
#ifndef SERVICE_TFTP_CONTENT_H
#define SERVICE_TFTP_CONTENT_H

#include "base/bytes.h"
#include "net/disk.h"
#include "pki/digest.h"
#include "service/tftp/root.h"

#define BODY_IN_MEMORY_MAX (256 * 1024) /* bytes; larger ones stay files */

struct body {
    unsigned owners;
    uint8_t hash[SHA256_SIZE];
    uint64_t size;
    uint8_t *memory; /* `size` bytes, or NULL: */
    struct disk_file *file;
    uint64_t offset; /* where it begins in the file */
    struct file_identity identity;
};

/* A copy of the bytes. */
int body_from_bytes(struct body **out, struct bytes bytes) CHECKED;
/* What follows `offset` in the file; takes the descriptor, also when it fails. Small ones are read,
 * large ones hashed: both wait for the disk. ERR_CONFLICT: it changes while it is read. */
int body_from_file(struct body **out, struct found_file *file, uint64_t offset) CHECKED;
struct body *body_share(struct body *body);
void body_free(struct body *body);
/* Is the file behind it still the one it was made of? True for those in memory. */
bool body_is_intact(const struct body *body);

struct content {
    unsigned owners;
    struct body *body;
    uint8_t *header; /* of the envelope, or NULL */
    size_t header_size;
    uint64_t size;             /* of both */
    uint8_t hash[SHA256_SIZE]; /* of both */
};

/* The header is copied; empty: a plain content. Shares the body. `hash` is that of both; NULL: it
 * is found out here, but not for the header of a body that is no memory (ERR_BUG). */
int content_new(struct content **out, struct body *body, struct bytes header,
                const uint8_t *hash) CHECKED;
struct content *content_share(struct content *content);
void content_free(struct content *content);

#endif
