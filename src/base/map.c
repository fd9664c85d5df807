#include "base/map.h"

#include "base/secret.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Open addressing, linear probing, at most half full; removal closes the gap. */
struct entry {
    uint64_t hash;
    void *value; /* NULL: free */
    uint8_t *key;
    size_t key_size;
};

struct map {
    struct entry *entries;
    size_t mask;
    size_t count;
    size_t max;
    uint8_t seed[16];
};

enum { SMALLEST = 16 };

static uint64_t rotate(uint64_t x, unsigned by)
{
    return x << by | x >> (64 - by);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

static uint64_t load64(const uint8_t *p)
{
    uint64_t x = 0;
    for (unsigned i = 0; i < 8; i++)
        x |= (uint64_t)p[i] << (8 * i);
    return x;
}

uint64_t map_hash(const uint8_t key[16], struct bytes data)
{
    uint64_t k0 = load64(key);
    uint64_t k1 = load64(key + 8);
    uint64_t v[4] = {k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261,
                     k1 ^ 0x7465646279746573};
    size_t whole = data.size / 8 * 8;
    for (size_t i = 0; i < whole; i += 8) {
        uint64_t m = load64(data.data + i);
        v[3] ^= m;
        sip_round(v);
        sip_round(v);
        v[0] ^= m;
    }
    uint64_t last = (uint64_t)(data.size & 255) << 56;
    for (size_t i = whole; i < data.size; i++)
        last |= (uint64_t)data.data[i] << (8 * (i - whole));
    v[3] ^= last;
    sip_round(v);
    sip_round(v);
    v[0] ^= last;
    v[2] ^= 255;
    for (unsigned i = 0; i < 4; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

int map_new(struct map **out, size_t max)
{
    struct map *map = calloc(1, sizeof *map);
    struct entry *entries = calloc(SMALLEST, sizeof *entries);
    if (!map || !entries) {
        free(map);
        free(entries);
        return -ENOMEM;
    }
    map->entries = entries;
    map->mask = SMALLEST - 1;
    map->max = max;
    secret_random(map->seed, sizeof map->seed);
    *out = map;
    return 0;
}

void map_free(struct map *map)
{
    if (!map)
        return;
    for (size_t i = 0; i <= map->mask; i++)
        free(map->entries[i].key);
    free(map->entries);
    free(map);
}

size_t map_count(const struct map *map)
{
    return map->count;
}

/* The slot of the key, or the free slot where it would go. */
static struct entry *find(const struct map *map, uint64_t hash, struct bytes key)
{
    for (size_t i = hash & map->mask;; i = (i + 1) & map->mask) {
        struct entry *e = &map->entries[i];
        if (!e->value)
            return e;
        if (e->hash == hash && bytes_equal(bytes_of(e->key, e->key_size), key))
            return e;
    }
}

void *map_get(const struct map *map, struct bytes key)
{
    return find(map, map_hash(map->seed, key), key)->value;
}

static int enlarge(struct map *map)
{
    size_t old = map->mask + 1;
    struct entry *entries = calloc(old * 2, sizeof *entries);
    if (!entries)
        return -ENOMEM;
    struct entry *previous = map->entries;
    map->entries = entries;
    map->mask = old * 2 - 1;
    for (size_t i = 0; i < old; i++)
        if (previous[i].value)
            *find(map, previous[i].hash, bytes_of(previous[i].key, previous[i].key_size)) =
                previous[i];
    free(previous);
    return 0;
}

int map_add(struct map *map, struct bytes key, void *value)
{
    uint64_t hash = map_hash(map->seed, key);
    if (find(map, hash, key)->value)
        return ERR_DUPLICATE;
    if (map->count >= map->max)
        return ERR_LIMIT;
    if ((map->count + 1) * 2 > map->mask) {
        int result = enlarge(map);
        if (result)
            return result;
    }
    uint8_t *copy = malloc(key.size ? key.size : 1);
    if (!copy)
        return -ENOMEM;
    if (key.size)
        memcpy(copy, key.data, key.size);
    *find(map, hash, key) =
        (struct entry){.hash = hash, .value = value, .key = copy, .key_size = key.size};
    map->count++;
    return 0;
}

void *map_remove(struct map *map, struct bytes key)
{
    struct entry *e = find(map, map_hash(map->seed, key), key);
    void *value = e->value;
    if (!value)
        return NULL;
    free(e->key);
    map->count--;
    size_t hole = (size_t)(e - map->entries);
    for (size_t i = (hole + 1) & map->mask; map->entries[i].value; i = (i + 1) & map->mask) {
        size_t home = map->entries[i].hash & map->mask;
        /* May the entry at i move to the hole without passing its home? */
        if (((i - home) & map->mask) >= ((i - hole) & map->mask)) {
            map->entries[hole] = map->entries[i];
            hole = i;
        }
    }
    map->entries[hole] = (struct entry){0};
    return value;
}

void *map_next(const struct map *map, size_t *position, struct bytes *key)
{
    while (*position <= map->mask) {
        struct entry *e = &map->entries[(*position)++];
        if (!e->value)
            continue;
        if (key)
            *key = bytes_of(e->key, e->key_size);
        return e->value;
    }
    return NULL;
}
