#include "service/callmanager/roll.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>

enum {
    BATCH = 1024, /* written in one transaction */
    DELAY_MS = 300,
    RETRY_MS = 2000,
    QUIET_MS = 60000, /* between two lines about the same trouble */
};

/* A phone whose row is to change. */
struct entry {
    struct entry *next;
    struct store_presence presence;
};

struct roll {
    struct loop *loop;
    struct store_async *store;
    struct loop_timer *timer;
    char node[NODE_NAME];
    struct entry *first, **end;
    struct map *by_device; /* those that wait */
    size_t count;
    bool writing;
    int64_t complained;
};

/* What a worker does. */
struct job {
    struct roll *roll;
    char node[NODE_NAME];
    struct why why;
    size_t count;
    struct store_presence list[];
};

static void write_next(struct roll *r);

static void timer_fired(void *context)
{
    write_next(context);
}

static void complain(struct roll *r, int result, const struct why *why)
{
    char words[300];
    if (r->complained && loop_now(r->loop) - r->complained < QUIET_MS)
        return;
    r->complained = loop_now(r->loop);
    log_event(LEVEL_WARNING, "event=registrations_not_written phones=%zu reason=%s", r->count,
              text_value(words, sizeof words, bytes_of_string(why_text(why, result))));
}

static struct job *job_new(struct roll *r, size_t count)
{
    struct job *job = calloc(1, sizeof *job + count * sizeof job->list[0]);
    if (!job)
        return NULL;
    job->roll = r;
    text_copy(job->node, sizeof job->node, r->node);
    return job;
}

/* ---- nobody is registered ---- */

static int clear(void *context, struct store *store)
{
    struct job *job = context;
    struct store_node node;
    int result = store_node_get(store, job->node, &node);
    return result ? result : store_registrations_clear(store, node.id, &job->why);
}

static void cleared(void *context, int result)
{
    struct job *job = context;
    if (result)
        complain(job->roll, result, &job->why);
    free(job);
}

static int ask_to_clear(struct roll *r)
{
    struct job *job = job_new(r, 0);
    int result = job ? store_async_do(r->store, clear, cleared, job) : -ENOMEM;
    if (result)
        free(job);
    return result;
}

int roll_new(struct roll **out, struct loop *loop, struct store_async *store, const char *node,
             size_t max)
{
    struct roll *r = calloc(1, sizeof *r);
    if (!r)
        return -ENOMEM;
    r->loop = loop;
    r->store = store;
    r->end = &r->first;
    text_copy(r->node, sizeof r->node, node);
    int result = map_new(&r->by_device, max);
    if (result == 0)
        result = loop_timer_new(&r->timer, loop, timer_fired, r);
    if (result == 0)
        result = ask_to_clear(r);
    if (result) {
        roll_free(r);
        return result;
    }
    *out = r;
    return 0;
}

/* ---- the queue ---- */

static struct entry *take_first(struct roll *r)
{
    struct entry *entry = r->first;
    r->first = entry->next;
    if (!r->first)
        r->end = &r->first;
    r->count--;
    (void)map_remove(r->by_device, bytes_of_string(entry->presence.registration.device));
    return entry;
}

static void forget_all(struct roll *r)
{
    while (r->first)
        free(take_first(r));
}

void roll_free(struct roll *r)
{
    if (!r)
        return;
    loop_timer_free(r->timer);
    forget_all(r);
    map_free(r->by_device);
    free(r);
}

/* Its own place if it waits already, at the end otherwise. NULL: no memory, or too many. */
static struct entry *place_for(struct roll *r, const char *device)
{
    struct entry *entry = map_get(r->by_device, bytes_of_string(device));
    if (entry)
        return entry;
    entry = calloc(1, sizeof *entry);
    if (!entry || map_add(r->by_device, bytes_of_string(device), entry) != 0) {
        free(entry);
        return NULL;
    }
    *r->end = entry;
    r->end = &entry->next;
    r->count++;
    return entry;
}

static void note(struct roll *r, const struct store_presence *presence)
{
    struct entry *entry = place_for(r, presence->registration.device);
    if (!entry) {
        complain(r, -ENOMEM, NULL);
        return;
    }
    entry->presence = *presence;
    if (r->writing)
        return;
    if (r->count >= BATCH)
        write_next(r);
    else if (r->count == 1)
        loop_timer_start(r->timer, DELAY_MS);
}

void roll_here(struct roll *r, const struct store_registration *registration)
{
    struct store_presence presence = {.here = true, .registration = *registration};
    presence.registration.since = clock_wall();
    note(r, &presence);
}

void roll_gone(struct roll *r, const char *device)
{
    struct store_presence presence = {.here = false};
    text_copy(presence.registration.device, sizeof presence.registration.device, device);
    note(r, &presence);
}

/* ---- writing ---- */

static int write_list(void *context, struct store *store)
{
    struct job *job = context;
    struct store_node node;
    int result = store_node_get(store, job->node, &node);
    return result ? result
                  : store_presences_write(store, node.id, job->list, job->count, &job->why);
}

/* What was not written waits again, unless it has changed meanwhile. */
static void put_back(struct roll *r, const struct job *job)
{
    for (size_t i = 0; i < job->count; i++)
        if (!map_get(r->by_device, bytes_of_string(job->list[i].registration.device)))
            note(r, &job->list[i]);
}

static void written(void *context, int result)
{
    struct job *job = context;
    struct roll *r = job->roll;
    if (result) {
        complain(r, result, &job->why);
        put_back(r, job); /* still `writing`: so it is only queued */
    }
    r->writing = false;
    if (r->count)
        loop_timer_start(r->timer, result ? RETRY_MS : r->count >= BATCH ? 0 : DELAY_MS);
    free(job);
}

static int write_some(struct roll *r)
{
    size_t count = r->count < BATCH ? r->count : BATCH;
    struct job *job = job_new(r, count);
    if (!job)
        return -ENOMEM;
    struct entry *entry = r->first;
    for (; job->count < count; entry = entry->next)
        job->list[job->count++] = entry->presence;
    int result = store_async_do(r->store, write_list, written, job);
    if (result) {
        free(job);
        return result;
    }
    while (count--)
        free(take_first(r));
    r->writing = true;
    return 0;
}

static void write_next(struct roll *r)
{
    if (r->count && !r->writing && write_some(r) != 0)
        loop_timer_start(r->timer, RETRY_MS);
}

void roll_close(struct roll *r)
{
    forget_all(r);
    int result = ask_to_clear(r);
    if (result)
        complain(r, result, NULL);
}
