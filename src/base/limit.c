#include "base/limit.h"

#include "base/map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { PEER_BYTES = 32 };

struct peer {
    uint8_t name[PEER_BYTES];
    size_t size;
    int64_t window_start;
    unsigned said;
    uint64_t suppressed;
};

struct limit {
    struct map *map;
    struct peer *ring; /* peers in the order they came; `next` is the oldest */
    size_t peers;
    size_t next;
    unsigned count;
    int64_t window;
};

int limit_new(struct limit **out, size_t peers, unsigned count, int64_t window_ms)
{
    struct limit *limit = calloc(1, sizeof *limit);
    if (!limit)
        return -ENOMEM;
    limit->ring = calloc(peers, sizeof *limit->ring);
    limit->peers = peers;
    limit->count = count;
    limit->window = window_ms;
    int result = limit->ring ? map_new(&limit->map, peers) : -ENOMEM;
    if (result) {
        limit_free(limit);
        return result;
    }
    *out = limit;
    return 0;
}

void limit_free(struct limit *limit)
{
    if (!limit)
        return;
    map_free(limit->map);
    free(limit->ring);
    free(limit);
}

static struct peer *remember(struct limit *limit, struct bytes name, int64_t now)
{
    struct peer *peer = &limit->ring[limit->next];
    limit->next = (limit->next + 1) % limit->peers;
    if (peer->size)
        map_remove(limit->map, bytes_of(peer->name, peer->size));
    *peer = (struct peer){.size = name.size, .window_start = now};
    memcpy(peer->name, name.data, name.size);
    if (map_add(limit->map, name, peer) != 0) {
        peer->size = 0;
        return NULL;
    }
    return peer;
}

bool limit_allows(struct limit *limit, struct bytes peer_name, int64_t now_ms, uint64_t *suppressed)
{
    *suppressed = 0;
    struct bytes name = bytes_slice(peer_name, 0, PEER_BYTES);
    if (name.size == 0)
        return true;
    struct peer *peer = map_get(limit->map, name);
    if (!peer)
        peer = remember(limit, name, now_ms);
    if (!peer)
        return true;
    if (now_ms - peer->window_start >= limit->window) {
        peer->window_start = now_ms;
        peer->said = 0;
    }
    if (peer->said >= limit->count) {
        peer->suppressed++;
        return false;
    }
    peer->said++;
    *suppressed = peer->suppressed;
    peer->suppressed = 0;
    return true;
}

bool limit_is_reached(const struct limit *limit, struct bytes peer_name, int64_t now_ms)
{
    const struct peer *peer = map_get(limit->map, bytes_slice(peer_name, 0, PEER_BYTES));
    return peer && now_ms - peer->window_start < limit->window && peer->said >= limit->count;
}

bool limit_leftover(struct limit *limit, int64_t now_ms, struct bytes *peer_name,
                    uint64_t *suppressed)
{
    for (size_t i = 0; i < limit->peers; i++) {
        struct peer *peer = &limit->ring[i];
        if (!peer->suppressed || now_ms - peer->window_start < limit->window)
            continue;
        *peer_name = bytes_of(peer->name, peer->size);
        *suppressed = peer->suppressed;
        peer->suppressed = 0;
        return true;
    }
    return false;
}
