#include "phone/tvscache.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    struct buffer issuer, serial, certificate; /* no certificate: the entry is free */
    struct testimony testimony;
    int64_t until;
};

struct tvscache {
    struct entry entries[TVSCACHE_ENTRIES];
};

int tvscache_new(struct tvscache **out)
{
    *out = calloc(1, sizeof **out);
    return *out ? 0 : -ENOMEM;
}

static void drop(struct entry *e)
{
    buffer_fini(&e->issuer);
    buffer_fini(&e->serial);
    buffer_fini(&e->certificate);
    *e = (struct entry){0};
}

void tvscache_free(struct tvscache *cache)
{
    if (cache)
        tvscache_flush(cache);
    free(cache);
}

static bool is_it(const struct entry *e, const struct tvscache_key *key)
{
    if (key->certificate.size)
        return bytes_equal(buffer_bytes(&e->certificate), key->certificate);
    return key->serial.size && bytes_equal(buffer_bytes(&e->issuer), key->issuer) &&
           bytes_equal(bytes_strip_zeros(buffer_bytes(&e->serial)), bytes_strip_zeros(key->serial));
}

static struct entry *find(struct tvscache *cache, const struct tvscache_key *key, int64_t now)
{
    for (size_t i = 0; i < TVSCACHE_ENTRIES; i++) {
        struct entry *e = &cache->entries[i];
        if (e->certificate.size && now >= e->until)
            drop(e);
        if (e->certificate.size && is_it(e, key))
            return e;
    }
    return NULL;
}

const struct testimony *tvscache_find(struct tvscache *cache, const struct tvscache_key *key,
                                      int64_t now)
{
    const struct entry *e = find(cache, key, now);
    return e ? &e->testimony : NULL;
}

/* A free one, or the one that would expire first. */
static struct entry *room(struct tvscache *cache)
{
    struct entry *first = &cache->entries[0];
    for (size_t i = 0; i < TVSCACHE_ENTRIES && first->certificate.size; i++) {
        struct entry *e = &cache->entries[i];
        if (!e->certificate.size || e->until < first->until)
            first = e;
    }
    return first;
}

static void copy(struct buffer *out, struct bytes bytes)
{
    buffer_init(out, bytes.size);
    buffer_append(out, bytes);
}

void tvscache_put(struct tvscache *cache, const struct tvscache_key *key,
                  const struct testimony *testimony, uint32_t ttl, int64_t now)
{
    if (testimony->kind != TESTIMONY_VOUCHED || !testimony->certificate.size || ttl == 0)
        return;
    struct entry *e = find(cache, key, now);
    struct entry fresh = {
        .testimony = *testimony,
        .until = now + 1000 * (int64_t)(ttl < TVSCACHE_TTL_MAX ? ttl : TVSCACHE_TTL_MAX),
    };
    copy(&fresh.issuer, key->issuer);
    copy(&fresh.serial, key->serial);
    copy(&fresh.certificate, testimony->certificate);
    fresh.testimony.certificate = buffer_bytes(&fresh.certificate);
    if (fresh.issuer.error || fresh.serial.error || fresh.certificate.error) {
        drop(&fresh);
        return;
    }
    if (!e)
        e = room(cache);
    drop(e);
    *e = fresh;
}

size_t tvscache_flush(struct tvscache *cache)
{
    size_t count = 0;
    for (size_t i = 0; i < TVSCACHE_ENTRIES; i++) {
        count += cache->entries[i].certificate.size != 0;
        drop(&cache->entries[i]);
    }
    return count;
}
