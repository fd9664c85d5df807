/*
 * observer: what phones were served, and numbers for administrators, written behind.
 *
 * Nothing here makes a transfer wait: observations queue up and are written together, at most a
 * second later; when the database cannot keep up they are lost and counted.
 */
#ifndef SERVICE_TFTP_OBSERVER_H
#define SERVICE_TFTP_OBSERVER_H

#include "service/tftp/content.h"
#include "service/tftp/names.h"
#include "service/tftp/service.h"
#include "store/async.h"

struct observer;

/* `store` is of mode STORE_OBSERVE; `node` is this node's name. */
int observer_new(struct observer **out, struct loop *loop, struct store_async *store,
                 const char *node) CHECKED;
/* Hands what is queued to the store: its end, store_async_free(), writes it. After that the
 * observer can be freed. */
void observer_flush(struct observer *observer);
void observer_free(struct observer *observer);

/* Somebody got something. A name without a device counts for whoever was last seen at the address.
 */
struct observed {
    const struct address *peer;
    const struct file_name *name;
    const struct content *content;
    enum observation_transport transport;
    bool complete; /* it is known to have arrived */
};
void observer_note(struct observer *observer, const struct observed *observed);
/* Writes the counters that have changed since the last call (list ended by name NULL). */
void observer_count(struct observer *observer, const struct tftp_counter *counters);
uint64_t observer_lost(const struct observer *observer);

#endif
