#include "service/tvs/cache.h"

#include "base/map.h"
#include "base/secret.h"
#include "service/tvs/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS_MIN = 64, TEXT_MAX = 1024 * 1024 * 1024, SERIAL_LENGTH = 255 };

#define NOBODY UINT32_MAX

/* Offsets instead of pointers, and chains by number: small, and fine to move while it grows. */
struct entry {
    uint8_t sha256[SHA256_SIZE];
    uint32_t next_hash, next_serial;
    uint32_t serial; /* where its bytes begin in `text` */
    uint32_t issuer;
    uint32_t der;
    uint32_t der_size; /* 0: it lies in the trust store */
    uint32_t ttl;
    uint16_t issuer_size;
    uint8_t serial_size;
    uint8_t role_count;
    uint8_t roles[CACHE_ROLES_MAX];
    const char *purpose;
};

struct cache {
    uint8_t key[16];
    struct entry *entries;
    size_t count, room;
    uint32_t *by_hash, *by_serial; /* the first of each chain */
    size_t buckets;                /* of each; a power of two */
    struct buffer text;            /* serial numbers, issuers, certificates */
    uint32_t last_issuer;          /* the one before has often the same */
    uint16_t last_issuer_size;
};

int cache_new(struct cache **out)
{
    struct cache *c = calloc(1, sizeof *c);
    if (!c)
        return -ENOMEM;
    secret_random(c->key, sizeof c->key);
    buffer_init(&c->text, TEXT_MAX);
    *out = c;
    return 0;
}

void cache_free(struct cache *c)
{
    if (!c)
        return;
    buffer_fini(&c->text);
    free(c->entries);
    free(c->by_hash);
    free(c->by_serial);
    free(c);
}

/* ---- chains ---- */

/* A SHA-256 is as good as random. */
static size_t bucket_of_hash(const struct cache *c, const uint8_t *sha256)
{
    uint32_t number;
    memcpy(&number, sha256, sizeof number);
    return number & (c->buckets - 1);
}

static size_t bucket_of_serial(const struct cache *c, struct bytes serial)
{
    return map_hash(c->key, serial) & (c->buckets - 1);
}

static struct bytes text_of(const struct cache *c, uint32_t offset, size_t size)
{
    return bytes_slice(buffer_bytes(&c->text), offset, size);
}

static void link_in(struct cache *c, uint32_t number)
{
    struct entry *e = &c->entries[number];
    uint32_t *hash = &c->by_hash[bucket_of_hash(c, e->sha256)];
    uint32_t *serial = &c->by_serial[bucket_of_serial(c, text_of(c, e->serial, e->serial_size))];
    e->next_hash = *hash;
    *hash = number;
    e->next_serial = *serial;
    *serial = number;
}

static int widen(struct cache *c)
{
    size_t buckets = c->buckets ? 2 * c->buckets : BUCKETS_MIN;
    uint32_t *by_hash = malloc(buckets * sizeof *by_hash);
    uint32_t *by_serial = malloc(buckets * sizeof *by_serial);
    if (!by_hash || !by_serial) {
        free(by_hash);
        free(by_serial);
        return -ENOMEM;
    }
    free(c->by_hash);
    free(c->by_serial);
    c->by_hash = by_hash;
    c->by_serial = by_serial;
    c->buckets = buckets;
    memset(by_hash, 0xff, buckets * sizeof *by_hash);
    memset(by_serial, 0xff, buckets * sizeof *by_serial);
    for (uint32_t i = 0; i < c->count; i++)
        link_in(c, i);
    return 0;
}

/* ---- filling ---- */

/* By an eighth: what is too much of the doubling would never be given back. */
static int make_room(struct cache *c)
{
    if (c->count == CACHE_CERTIFICATES_MAX)
        return ERR_LIMIT;
    if (c->count == c->room) {
        size_t room = c->room + c->room / 8 + BUCKETS_MIN;
        struct entry *entries = reallocarray(c->entries, room, sizeof *entries);
        if (!entries)
            return -ENOMEM;
        c->entries = entries;
        c->room = room;
    }
    return c->count == c->buckets ? widen(c) : 0;
}

static void add_roles(struct entry *e, struct bytes roles)
{
    for (size_t i = 0; i < roles.size; i++) {
        size_t at = 0;
        while (at < e->role_count && e->roles[at] < roles.data[i])
            at++;
        bool known = at < e->role_count && e->roles[at] == roles.data[i];
        if (known || e->role_count == CACHE_ROLES_MAX)
            continue;
        memmove(e->roles + at + 1, e->roles + at, e->role_count - at);
        e->roles[at] = roles.data[i];
        e->role_count++;
    }
}

static uint32_t keep(struct cache *c, struct bytes text)
{
    uint32_t offset = (uint32_t)c->text.size;
    buffer_append(&c->text, text);
    return offset;
}

static uint32_t keep_issuer(struct cache *c, struct bytes issuer)
{
    if (!c->count || !bytes_equal(issuer, text_of(c, c->last_issuer, c->last_issuer_size)))
        c->last_issuer = keep(c, issuer);
    c->last_issuer_size = (uint16_t)issuer.size;
    return c->last_issuer;
}

static struct entry *find_hash(const struct cache *c, const uint8_t *sha256)
{
    if (!c->buckets)
        return NULL;
    uint32_t i = c->by_hash[bucket_of_hash(c, sha256)];
    while (i != NOBODY && memcmp(c->entries[i].sha256, sha256, SHA256_SIZE) != 0)
        i = c->entries[i].next_hash;
    return i == NOBODY ? NULL : &c->entries[i];
}

int cache_add(struct cache *c, const struct fact *f)
{
    struct bytes serial = bytes_strip_zeros(f->serial);
    struct entry *known = find_hash(c, f->sha256);
    if (known) {
        add_roles(known, f->roles);
        known->ttl = f->ttl < known->ttl ? f->ttl : known->ttl;
        return 0;
    }
    if (!f->roles.size)
        return 0;
    int result =
        serial.size > SERIAL_LENGTH || f->issuer.size > UINT16_MAX ? ERR_LIMIT : make_room(c);
    if (result)
        return result;
    struct entry *e = &c->entries[c->count];
    *e = (struct entry){.serial = keep(c, serial),
                        .serial_size = (uint8_t)serial.size,
                        .issuer = keep_issuer(c, f->issuer),
                        .issuer_size = (uint16_t)f->issuer.size,
                        .der = keep(c, f->der),
                        .der_size = (uint32_t)f->der.size,
                        .ttl = f->ttl,
                        .purpose = f->purpose};
    if (c->text.error)
        return c->text.error;
    memcpy(e->sha256, f->sha256, SHA256_SIZE);
    add_roles(e, f->roles);
    link_in(c, (uint32_t)c->count++);
    return 0;
}

/* ---- asking ---- */

static bool tell(const struct cache *c, const struct entry *e, struct finding *out)
{
    *out = (struct finding){.serial = text_of(c, e->serial, e->serial_size),
                            .issuer = text_of(c, e->issuer, e->issuer_size),
                            .sha256 = e->sha256,
                            .roles = bytes_of(e->roles, e->role_count),
                            .ttl = e->ttl,
                            .purpose = e->purpose,
                            .der = text_of(c, e->der, e->der_size)};
    return true;
}

bool cache_find_name(const struct cache *c, struct bytes serial, struct bytes issuer,
                     struct finding *out)
{
    uint32_t found = NOBODY;
    serial = bytes_strip_zeros(serial);
    uint32_t i = c->buckets ? c->by_serial[bucket_of_serial(c, serial)] : NOBODY;
    for (; i != NOBODY; i = c->entries[i].next_serial) {
        const struct entry *e = &c->entries[i];
        if (bytes_equal(serial, text_of(c, e->serial, e->serial_size)) &&
            names_match(issuer, text_of(c, e->issuer, e->issuer_size)))
            found = i;
    }
    return found != NOBODY && tell(c, &c->entries[found], out);
}

bool cache_find_hash(const struct cache *c, const uint8_t sha256[SHA256_SIZE], struct finding *out)
{
    const struct entry *e = find_hash(c, sha256);
    return e && tell(c, e, out);
}

size_t cache_count(const struct cache *c)
{
    return c->count;
}

size_t cache_bytes(const struct cache *c)
{
    return sizeof *c + c->room * sizeof *c->entries + 2 * c->buckets * sizeof *c->by_hash +
           c->text.capacity;
}
