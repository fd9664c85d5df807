/*
 * call_queue: actions that wait to be taken. It grows as it must, and what is taken out or left
 * behind by growing is wiped, since an action may hold keys.
 */
#ifndef SERVICE_CALLMANAGER_CALL_QUEUE_H
#define SERVICE_CALLMANAGER_CALL_QUEUE_H

#include "service/callmanager/call.h"

struct call_queue {
    struct call_action *actions;
    size_t room, first, count;
};

void call_queue_fini(struct call_queue *queue);
/* False: there is no memory for it. */
bool call_queue_put(struct call_queue *queue, const struct call_action *action) CHECKED;
/* False: there is none. */
bool call_queue_take(struct call_queue *queue, struct call_action *out) CHECKED;
/* Removes those for this owner. */
void call_queue_forget(struct call_queue *queue, const void *owner);

#endif
