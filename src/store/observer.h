/*
 * observer: what phones were served and said, and numbers for administrators, written behind.
 *
 * Nothing here makes a phone wait: observations queue up and are written together, at most a second
 * later; when the database cannot keep up they are lost and counted.
 */
#ifndef STORE_OBSERVER_H
#define STORE_OBSERVER_H

#include "net/address.h"
#include "store/async.h"

struct observer;

/* `store` is of mode STORE_OBSERVE, and nobody else's; `node` is this node's name. */
int observer_new(struct observer **out, struct loop *loop, struct store_async *store,
                 const char *node) CHECKED;
/* Hands what is queued to the store: its end, store_async_free(), writes it. After that the
 * observer can be freed. */
void observer_flush(struct observer *observer);
void observer_free(struct observer *observer);

/* Something happened; everything is copied. */
struct observed {
    const struct address *peer;
    const char *device; /* "": counts for whoever was last seen at the address */
    const char *file;
    const uint8_t *hash; /* SHA256_SIZE bytes; NULL: there is none */
    uint64_t size;
    enum observation_kind kind;
    enum observation_transport transport;
    bool complete;
    bool claimed; /* the device is what the peer said, and could not prove */
};
void observer_note(struct observer *observer, const struct observed *observed);
uint64_t observer_lost(const struct observer *observer);

/* A number for `show status`. Names are literals. */
struct observer_counter {
    const char *name;
    uint64_t value;
};
/* Writes the counters that have changed since the last call (list ended by name NULL). */
void observer_count(struct observer *observer, const struct observer_counter *counters);

#endif
