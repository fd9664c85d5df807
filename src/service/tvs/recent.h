/*
 * recent: certificates that were fetched from the store a moment ago.
 *
 * When a cluster moves, thousands of phones ask for the same certificate. It is named by its hash,
 * so what is kept here is never outdated; whether it is trusted the caches say.
 */
#ifndef SERVICE_TVS_RECENT_H
#define SERVICE_TVS_RECENT_H

#include "pki/digest.h"

enum { RECENT_KEPT = 64 };

struct recent {
    struct recent_certificate {
        uint8_t sha256[SHA256_SIZE];
        struct buffer der;
    } kept[RECENT_KEPT];
};

void recent_init(struct recent *recent);
void recent_fini(struct recent *recent);
/* Copied; takes the place of another. */
void recent_put(struct recent *recent, const uint8_t sha256[SHA256_SIZE], struct bytes der);
/* Empty when it is not there. */
struct bytes recent_get(const struct recent *recent, const uint8_t sha256[SHA256_SIZE]);

#endif
