/*
 * tvscache: what TVS has told a phone, for as long as TVS said it holds.
 *
 * Only what TVS trusts is kept: a refusal has no time to live (docs/protocols/tvs.md). A
 * certificate is found by issuer and serial, as lists and files name their signers, or by itself,
 * as TLS servers show it. One thread.
 */
#ifndef PHONE_TVSCACHE_H
#define PHONE_TVSCACHE_H

#include "trust/accept.h"

#define TVSCACHE_ENTRIES 16            /* the one that would expire first gives way */
#define TVSCACHE_TTL_MAX (30 * 86400u) /* seconds, whatever a server says */

/* Which certificate. Either may be empty: `certificate` where the phone has seen only its name,
 * `issuer` and `serial` where it has the certificate. */
struct tvscache_key {
    struct bytes issuer, serial;
    struct bytes certificate; /* DER */
};

struct tvscache;

int tvscache_new(struct tvscache **out) CHECKED;
void tvscache_free(struct tvscache *cache);

/* What is known at `now` (monotonic milliseconds), or NULL. It lies in the cache until the next
 * call of any other function here. */
const struct testimony *tvscache_find(struct tvscache *cache, const struct tvscache_key *key,
                                      int64_t now);
/* Keeps it for `ttl` seconds. The certificate of the testimony is copied. What cannot be kept - no
 * certificate, no time, no memory - is not. */
void tvscache_put(struct tvscache *cache, const struct tvscache_key *key,
                  const struct testimony *testimony, uint32_t ttl, int64_t now);
/* Forgets all; how much that was. */
size_t tvscache_flush(struct tvscache *cache);

#endif
