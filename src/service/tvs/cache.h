/*
 * cache: certificates TVS vouches for, by name and by hash, in memory.
 *
 * Filled once, then only asked: what changes outside makes a new one. It holds no certificate of
 * the trust stores, of which there may be a hundred thousand, but what tells them apart: about 100
 * bytes and the issuer's name for each. A question costs the same however many there are.
 */
#ifndef SERVICE_TVS_CACHE_H
#define SERVICE_TVS_CACHE_H

#include "base/bytes.h"
#include "cluster/vouching.h"
#include "pki/digest.h"

#define CACHE_CERTIFICATES_MAX 1000000
#define CACHE_ROLES_MAX        8

struct cache;

int cache_new(struct cache **out) CHECKED;
void cache_free(struct cache *cache);

/* What is known of a certificate; views, copied by cache_add(). */
struct fact {
    struct bytes serial; /* leading zeros do not count */
    struct bytes issuer;
    const uint8_t *sha256; /* SHA256_SIZE bytes, of the DER */
    struct bytes roles;    /* enum trust_role, one byte each; none: it is left out */
    uint32_t ttl;
    const char *purpose; /* the trust store its DER is in, a literal; NULL: `der` has it */
    struct bytes der;
};
/* The same certificate again: it gets the roles of both, and the shorter time. ERR_LIMIT when there
 * are too many. */
int cache_add(struct cache *cache, const struct fact *fact) CHECKED;

/* Views into the cache. */
struct finding {
    struct bytes serial;
    struct bytes issuer;
    const uint8_t *sha256;
    struct bytes roles; /* ascending */
    uint32_t ttl;
    const char *purpose;
    struct bytes der; /* empty when it is in the trust store */
};
/* By serial number and issuer, as names_match() finds names the same; of several the one that came
 * first. */
bool cache_find_name(const struct cache *cache, struct bytes serial, struct bytes issuer,
                     struct finding *out);
bool cache_find_hash(const struct cache *cache, const uint8_t sha256[SHA256_SIZE],
                     struct finding *out);

size_t cache_count(const struct cache *cache);
size_t cache_bytes(const struct cache *cache); /* of memory */

#endif
