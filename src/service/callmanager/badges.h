/*
 * badges: which connections showed the same certificate, so that one certificate does not have them
 * all. Whoever made some phone's CA trusted trusts each of its phones that far.
 */
#ifndef SERVICE_CALLMANAGER_BADGES_H
#define SERVICE_CALLMANAGER_BADGES_H

#include "base/bytes.h"

struct badges;
struct badge_group;

/* A connection's, embedded in it; zeroed before its first use. */
struct badge {
    struct badge *next; /* of the same certificate; NULL: the youngest */
    struct badge **link;
    struct badge_group *group; /* NULL: it showed none, or has left */
    void *owner;
};

/* `max` connections at most. */
int badges_new(struct badges **out, size_t max) CHECKED;
/* After the last one has left. */
void badges_free(struct badges *badges);
/* A connection of `owner` showed the certificate of this SHA-256 (SHA256_SIZE bytes). */
int badges_enter(struct badges *badges, struct badge *badge, const uint8_t *sha256,
                 void *owner) CHECKED;
/* Nothing when it is in no group. */
void badges_leave(struct badges *badges, struct badge *badge);
/* How many have the same, itself counted; and the oldest of these. */
size_t badge_count(const struct badge *badge);
struct badge *badge_oldest(const struct badge *badge);

#endif
