/*
 * map: a hash table from bytes to pointers, of bounded size.
 *
 * Keys come from peers (addresses, names), so the hash is SipHash under a random key of the
 * process: nobody outside can aim at one bucket. See docs/decisions/0005-own-hash-table.md.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/bytes.h"

struct map;

/* `max` entries at most. Values belong to the caller; keys are copied. */
int map_new(struct map **out, size_t max) CHECKED;
void map_free(struct map *map);
size_t map_count(const struct map *map);
/* NULL when absent. */
void *map_get(const struct map *map, struct bytes key);
/* ERR_DUPLICATE when the key is there, ERR_LIMIT when the map is full. `value` is not NULL. */
int map_add(struct map *map, struct bytes key, void *value) CHECKED;
/* The value that was there, or NULL. */
void *map_remove(struct map *map, struct bytes key);
/* Walks all entries: start with *position 0; NULL at the end. A walk during which entries come or
 * go may miss some or show some twice. */
void *map_next(const struct map *map, size_t *position, struct bytes *key);

/* SipHash-2-4 of the data under a 128-bit key. */
uint64_t map_hash(const uint8_t key[16], struct bytes data);

#endif
