#include "cluster/list_cache.h"

#include "base/map.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>

enum { LISTS_MAX = 100000 };

struct cached_list {
    char hash[LIST_HASH];
    struct buffer body;
    struct offer *offer;
};

struct list_cache {
    struct cached_list *lists;
    size_t count;
    struct map *by_hash; /* number + 1 */
};

int list_cache_new(struct list_cache **out)
{
    struct list_cache *cache = calloc(1, sizeof *cache);
    int result = cache ? map_new(&cache->by_hash, LISTS_MAX) : -ENOMEM;
    if (result)
        free(cache);
    else
        *out = cache;
    return result;
}

void list_cache_free(struct list_cache *cache)
{
    if (!cache)
        return;
    for (size_t i = 0; i < cache->count; i++) {
        offer_free(cache->lists[i].offer);
        buffer_fini(&cache->lists[i].body);
    }
    free(cache->lists);
    map_free(cache->by_hash);
    free(cache);
}

/* Takes the body of the stored list over. */
static int add(struct list_cache *cache, const char *hash, struct store_list *stored)
{
    struct cached_list *lists = reallocarray(cache->lists, cache->count + 1, sizeof *lists);
    if (!lists)
        return -ENOMEM;
    cache->lists = lists;
    struct cached_list *list = &lists[cache->count];
    *list = (struct cached_list){.body = stored->body};
    text_copy(list->hash, sizeof list->hash, hash);
    int result =
        offer_new_list(&list->offer, stored->kind == LIST_CTL ? TRUSTLIST_CTL : TRUSTLIST_ITL,
                       buffer_bytes(&list->body));
    if (result == 0)
        result = map_add(cache->by_hash, bytes_of_string(hash), (void *)(cache->count + 1));
    if (result) {
        offer_free(list->offer);
        return result;
    }
    cache->count++;
    return 0;
}

int list_cache_find(struct list_cache *cache, struct store *store, const char *hash, size_t *out)
{
    struct store_list stored;
    size_t known = (size_t)map_get(cache->by_hash, bytes_of_string(hash));
    if (known) {
        *out = known - 1;
        return 0;
    }
    int result = store_list_get(store, hash, &stored);
    if (result)
        return result;
    result = add(cache, hash, &stored);
    if (result)
        store_list_fini(&stored);
    else
        *out = cache->count - 1;
    return result;
}

struct offer *list_cache_offer(const struct list_cache *cache, size_t number)
{
    return cache->lists[number].offer;
}

const char *list_cache_hash(const struct list_cache *cache, size_t number)
{
    return cache->lists[number].hash;
}
