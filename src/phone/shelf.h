/*
 * shelf: the trust lists that the phones of a process hold, each once.
 *
 * Thousands of phones hold the same few lists. A list is put on the shelf by its content; it is
 * read once, hashed once, and what its signature was checked with is remembered (trust/accept.h).
 * One thread.
 */
#ifndef PHONE_SHELF_H
#define PHONE_SHELF_H

#include "pki/digest.h"
#include "trust/accept.h"

struct shelf;

/* A list on the shelf. */
struct held_list {
    enum trustlist_kind kind;
    uint8_t *copy; /* the file */
    struct bytes file;
    uint8_t md5[MD5_SIZE], sha1[SHA1_SIZE], sha256[SHA256_SIZE];
    struct offer *offer;
    const struct trustlist *list; /* NULL: no phone could read it */
    size_t holders;
};

/* Room for `max` different lists. */
int shelf_new(struct shelf **out, size_t max) CHECKED;
/* Every list must have been put back. NULL is accepted. */
void shelf_free(struct shelf *shelf);

/* The list with this content, which is copied when it is not on the shelf yet. Whoever takes it
 * puts it back. ERR_LIMIT when the shelf is full. */
int shelf_take(struct shelf *shelf, struct held_list **out, enum trustlist_kind kind,
               struct bytes file) CHECKED;
/* One holder less; NULL is accepted. */
void shelf_put_back(struct shelf *shelf, struct held_list *list);
/* How many different lists there are. */
size_t shelf_count(const struct shelf *shelf);

#endif
