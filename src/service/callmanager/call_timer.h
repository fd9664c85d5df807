/*
 * call_timer: what is waited for, and how long. Each kind of waiting lasts equally long, so a list
 * of each kind is in order by itself, and starting, stopping and finding the first cost nothing.
 */
#ifndef SERVICE_CALLMANAGER_CALL_TIMER_H
#define SERVICE_CALLMANAGER_CALL_TIMER_H

#include <stdbool.h>
#include <stdint.h>

enum call_wait {
    WAIT_NONE,
    WAIT_FIRST_DIGIT, /* of a leg */
    WAIT_NEXT_DIGIT,
    WAIT_FAILED,
    WAIT_NO_ANSWER, /* of a call */
    WAIT_RING,
    WAIT_MEDIA,
    WAIT_COUNT
};

/* Embedded in what waits, zeroed at first. */
struct call_timer {
    struct call_timer *next, *previous;
    void *owner;
    int64_t due;
    enum call_wait wait; /* WAIT_NONE: it does not run */
};
struct call_timers {
    struct call_timer *first[WAIT_COUNT], *last[WAIT_COUNT];
    int64_t delay[WAIT_COUNT];
    int64_t now; /* the latest that was said: time does not go back */
};

void call_timers_init(struct call_timers *timers, const int64_t delay[WAIT_COUNT]);
/* Starts it anew when it runs. */
void call_timer_start(struct call_timers *timers, struct call_timer *timer, enum call_wait wait,
                      void *owner);
void call_timer_stop(struct call_timers *timers, struct call_timer *timer);
/* The one that is due first of all, due or not; NULL: none runs. */
struct call_timer *call_timers_first(const struct call_timers *timers);

#endif
