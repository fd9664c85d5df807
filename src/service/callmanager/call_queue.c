#include "service/callmanager/call_queue.h"

#include "base/secret.h"

#include <stdlib.h>

enum { SMALLEST = 32, LARGEST = 1 << 20 };

static struct call_action *at(const struct call_queue *queue, size_t place)
{
    return &queue->actions[(queue->first + place) & (queue->room - 1)];
}

void call_queue_fini(struct call_queue *queue)
{
    if (queue->actions)
        secret_wipe(queue->actions, queue->room * sizeof *queue->actions);
    free(queue->actions);
    *queue = (struct call_queue){.room = 0};
}

static bool grow(struct call_queue *queue)
{
    size_t room = queue->room ? 2 * queue->room : SMALLEST;
    struct call_action *actions = NULL;
    if (room <= LARGEST)
        actions = calloc(room, sizeof *actions);
    if (!actions)
        return false;
    for (size_t i = 0; i < queue->count; i++)
        actions[i] = *at(queue, i);
    size_t count = queue->count;
    call_queue_fini(queue);
    *queue = (struct call_queue){.actions = actions, .room = room, .count = count};
    return true;
}

bool call_queue_put(struct call_queue *queue, const struct call_action *action)
{
    if (queue->count == queue->room && !grow(queue))
        return false;
    *at(queue, queue->count) = *action;
    queue->count++;
    return true;
}

bool call_queue_take(struct call_queue *queue, struct call_action *out)
{
    if (queue->count == 0)
        return false;
    struct call_action *first = at(queue, 0);
    *out = *first;
    secret_wipe(first, sizeof *first);
    queue->first = (queue->first + 1) & (queue->room - 1);
    queue->count--;
    return true;
}

void call_queue_forget(struct call_queue *queue, const void *owner)
{
    size_t kept = 0;
    for (size_t i = 0; i < queue->count; i++) {
        struct call_action *action = at(queue, i);
        if (action->owner == owner)
            continue;
        if (kept != i)
            *at(queue, kept) = *action;
        kept++;
    }
    for (size_t i = kept; i < queue->count; i++)
        secret_wipe(at(queue, i), sizeof(struct call_action));
    queue->count = kept;
}
