/*
 * list_cache: published lists, read from the store once and kept for many questions.
 */
#ifndef CLUSTER_LIST_CACHE_H
#define CLUSTER_LIST_CACHE_H

#include "store/store.h"
#include "trust/accept.h"

struct list_cache;

int list_cache_new(struct list_cache **out) CHECKED;
void list_cache_free(struct list_cache *cache);
/* *out is its number, the same for the same hash. ERR_NOT_FOUND: no such list was ever published.
 */
int list_cache_find(struct list_cache *cache, struct store *store, const char *hash,
                    size_t *out) CHECKED;
/* Stay as long as the cache. The offer has the list that was read, or says why it cannot be. */
struct offer *list_cache_offer(const struct list_cache *cache, size_t number);
const char *list_cache_hash(const struct list_cache *cache, size_t number);

#endif
