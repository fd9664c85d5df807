/*
 * keypool: keys made beforehand, so that a fleet measures the server and not its own machine.
 *
 * A directory of PEM files, one key each. Every key is given away once: servers may refuse a key
 * they have seen. One thread.
 */
#ifndef PHONE_KEYPOOL_H
#define PHONE_KEYPOOL_H

#include "pki/key.h"

#define KEYPOOL_MAX 1000000

struct keypool;

/* Reads all of it. ERR_NOT_FOUND when there is no key in the directory. */
int keypool_open(struct keypool **out, const char *directory, struct why *why) CHECKED;
void keypool_free(struct keypool *pool);
size_t keypool_left(const struct keypool *pool);
/* A key as asked for, which is the caller's now; NULL when there is none left, or no pool. */
struct key *keypool_take(struct keypool *pool, const struct key_spec *spec);

#endif
