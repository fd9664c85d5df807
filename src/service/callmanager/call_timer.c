#include "service/callmanager/call_timer.h"

#include <stddef.h>
#include <string.h>

void call_timers_init(struct call_timers *timers, const int64_t delay[WAIT_COUNT])
{
    *timers = (struct call_timers){.now = INT64_MIN};
    memcpy(timers->delay, delay, sizeof timers->delay);
}

void call_timer_stop(struct call_timers *timers, struct call_timer *timer)
{
    enum call_wait wait = timer->wait;
    if (wait == WAIT_NONE)
        return;
    if (timer->previous)
        timer->previous->next = timer->next;
    else
        timers->first[wait] = timer->next;
    if (timer->next)
        timer->next->previous = timer->previous;
    else
        timers->last[wait] = timer->previous;
    *timer = (struct call_timer){.wait = WAIT_NONE};
}

void call_timer_start(struct call_timers *timers, struct call_timer *timer, enum call_wait wait,
                      void *owner)
{
    call_timer_stop(timers, timer);
    *timer = (struct call_timer){.owner = owner,
                                 .due = timers->now + timers->delay[wait],
                                 .wait = wait,
                                 .previous = timers->last[wait]};
    if (timer->previous)
        timer->previous->next = timer;
    else
        timers->first[wait] = timer;
    timers->last[wait] = timer;
}

struct call_timer *call_timers_first(const struct call_timers *timers)
{
    struct call_timer *first = NULL;
    for (int wait = WAIT_NONE + 1; wait < WAIT_COUNT; wait++) {
        struct call_timer *timer = timers->first[wait];
        if (timer && (!first || timer->due < first->due))
            first = timer;
    }
    return first;
}
