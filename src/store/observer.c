#include "store/observer.h"

#include "base/clock.h"
#include "base/log.h"
#include "pki/digest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    QUEUE = 32768, /* waiting, at most: 3,000 phones that boot at once and ask for ten files each */
    MANY = QUEUE / 2, /* so many are not left to wait */
    BATCH = 1024,     /* written in one transaction */
    NICE = 15,        /* of the thread that writes: what phones wait for goes first */
    DELAY_MS = 1000,
    COUNTERS_MAX = 48,
    QUIET_MS = 60000, /* between two lines about the same trouble */
};

/* An observation that waits, in the form it is kept in. */
struct waiting {
    struct waiting *next;
    int64_t time;
    uint64_t size;
    struct address peer;
    uint8_t hash[SHA256_SIZE];
    char device[DEVICE_NAME_LENGTH + 1];
    uint8_t kind, transport;
    bool complete, claimed, has_hash;
    char file[];
};

/* What a worker writes: observations, or counters. */
struct batch {
    struct observer *observer;
    char node[NODE_NAME];
    size_t count;
    struct why why;
    struct observer_counter *counters;
    struct store_observation *list;
};

struct observer {
    struct store_async *store;
    struct loop *loop;
    struct loop_timer *timer;
    char node[NODE_NAME];
    struct waiting *first, **end;
    size_t count;
    bool writing;
    bool counting;
    uint64_t lost;
    int64_t complained;
    struct observer_counter known[COUNTERS_MAX]; /* as last written */
    size_t known_count;
};

static void write_next(struct observer *o);

static struct waiting *take_first(struct observer *o)
{
    struct waiting *w = o->first;
    o->first = w->next;
    if (!o->first)
        o->end = &o->first;
    o->count--;
    return w;
}

static void timer_fired(void *context)
{
    write_next(context);
}

int observer_new(struct observer **out, struct loop *loop, struct store_async *store,
                 const char *node)
{
    struct observer *o = calloc(1, sizeof *o);
    if (!o)
        return -ENOMEM;
    o->store = store;
    o->loop = loop;
    text_copy(o->node, sizeof o->node, node);
    o->end = &o->first;
    int result = loop_timer_new(&o->timer, loop, timer_fired, o);
    if (result) {
        observer_free(o);
        return result;
    }
    *out = o;
    return 0;
}

void observer_free(struct observer *o)
{
    if (!o)
        return;
    loop_timer_free(o->timer);
    while (o->first)
        free(take_first(o));
    free(o);
}

static void batch_free(struct batch *batch)
{
    free(batch->list);
    free(batch->counters);
    free(batch);
}

static int batch_new(struct batch **out, struct observer *o, size_t observations, size_t counters)
{
    struct batch *batch = calloc(1, sizeof *batch);
    if (!batch)
        return -ENOMEM;
    batch->observer = o;
    text_copy(batch->node, sizeof batch->node, o->node);
    batch->list = calloc(observations + 1, sizeof *batch->list);
    batch->counters = calloc(counters + 1, sizeof *batch->counters);
    if (!batch->list || !batch->counters) {
        batch_free(batch);
        return -ENOMEM;
    }
    *out = batch;
    return 0;
}

static void complain(struct observer *o, int result, const struct why *why)
{
    char words[300];
    if (o->complained && loop_now(o->loop) - o->complained < QUIET_MS)
        return;
    o->complained = loop_now(o->loop);
    log_event(LEVEL_WARNING, "event=observations_lost count=%llu reason=%s",
              (unsigned long long)o->lost,
              text_value(words, sizeof words, bytes_of_string(why_text(why, result))));
}

/* ---- observations ---- */

/* A name without a device counts for the device last seen at that address: in this batch, or before
 * it. */
static void infer_device(struct store *store, struct batch *batch, size_t i)
{
    struct store_observation *o = &batch->list[i];
    for (size_t k = i; k-- > 0;) {
        const struct store_observation *before = &batch->list[k];
        if (before->device[0] && !before->inferred && !before->claimed &&
            strcmp(before->address, o->address) == 0) {
            memcpy(o->device, before->device, sizeof o->device);
            o->inferred = true;
            return;
        }
    }
    o->inferred = store_device_at(store, o->address, o->device) == 0;
    if (!o->inferred)
        o->device[0] = '\0';
}

/* The store's worker is ours alone. */
static void give_way(void)
{
    static _Thread_local bool done;
    if (done)
        return;
    done = true;
    if (setpriority(PRIO_PROCESS, (id_t)gettid(), NICE) != 0) {
        /* It works all the same. */
    }
}

static int write_observations(void *context, struct store *store)
{
    struct batch *batch = context;
    give_way();
    for (size_t i = 0; i < batch->count; i++)
        if (!batch->list[i].device[0])
            infer_device(store, batch, i);
    return store_observe(store, batch->list, batch->count, &batch->why);
}

static void observations_written(void *context, int result)
{
    struct batch *batch = context;
    struct observer *o = batch->observer;
    o->writing = false;
    if (result) {
        o->lost += batch->count;
        complain(o, result, &batch->why);
    }
    batch_free(batch);
    if (o->count >= BATCH)
        write_next(o);
    else if (o->count)
        loop_timer_start(o->timer, DELAY_MS);
}

static void spell_out(struct store_observation *out, const struct waiting *w)
{
    out->kind = (enum observation_kind)w->kind;
    out->transport = (enum observation_transport)w->transport;
    out->time = w->time;
    out->size = w->size;
    out->complete = w->complete;
    out->claimed = w->claimed;
    memcpy(out->device, w->device, sizeof out->device);
    address_host(out->address, &w->peer);
    text_copy(out->file, sizeof out->file, w->file);
    if (w->has_hash)
        text_hex(out->hash, sizeof out->hash, bytes_of(w->hash, sizeof w->hash), false, 0);
}

static int write_some(struct observer *o)
{
    struct batch *batch = NULL;
    size_t n = o->count < BATCH ? o->count : BATCH;
    int result = batch_new(&batch, o, n, 0);
    if (result)
        return result;
    struct waiting *w = o->first;
    for (; batch->count < n; w = w->next)
        spell_out(&batch->list[batch->count++], w);
    result = store_async_do(o->store, write_observations, observations_written, batch);
    if (result) {
        batch_free(batch);
        return result;
    }
    while (n--)
        free(take_first(o));
    o->writing = true;
    return 0;
}

static void write_next(struct observer *o)
{
    if (o->count && !o->writing && write_some(o) != 0)
        loop_timer_start(o->timer, DELAY_MS);
}

void observer_flush(struct observer *o)
{
    while (o->count && write_some(o) == 0) {
        /* the store takes them one after the other */
    }
}

void observer_note(struct observer *o, const struct observed *observed)
{
    size_t size = strlen(observed->file) + 1;
    struct waiting *w = o->count < QUEUE ? malloc(sizeof *w + size) : NULL;
    if (!w) {
        o->lost++;
        complain(o, ERR_LIMIT, NULL);
        return;
    }
    *w = (struct waiting){.time = clock_wall(),
                          .size = observed->size,
                          .peer = *observed->peer,
                          .kind = (uint8_t)observed->kind,
                          .transport = (uint8_t)observed->transport,
                          .complete = observed->complete,
                          .claimed = observed->claimed,
                          .has_hash = observed->hash != NULL};
    if (observed->hash)
        memcpy(w->hash, observed->hash, sizeof w->hash);
    text_copy(w->device, sizeof w->device, observed->device);
    memcpy(w->file, observed->file, size);
    *o->end = w;
    o->end = &w->next;
    o->count++;
    if (o->writing)
        return;
    if (o->count >= MANY)
        write_next(o);
    else if (o->count == 1)
        loop_timer_start(o->timer, DELAY_MS);
}

uint64_t observer_lost(const struct observer *o)
{
    return o->lost;
}

/* ---- counters ---- */

static int write_counters(void *context, struct store *store)
{
    struct batch *batch = context;
    struct store_node node;
    int result = store_node_get(store, batch->node, &node);
    if (result == 0)
        result = store_begin(store, &batch->why);
    if (result)
        return result;
    for (size_t i = 0; i < batch->count && result == 0; i++)
        result =
            store_counter_put(store, node.id, batch->counters[i].name, batch->counters[i].value);
    if (result == 0)
        return store_commit(store, &batch->why);
    store_rollback(store);
    return result;
}

static void counters_written(void *context, int result)
{
    struct batch *batch = context;
    struct observer *o = batch->observer;
    o->counting = false;
    if (result)
        o->known_count = 0; /* all of them again, the next time */
    batch_free(batch);
}

/* Has it changed since it was written? From now on it has not. */
static bool is_news(struct observer *o, const struct observer_counter *counter)
{
    for (size_t i = 0; i < o->known_count; i++) {
        if (strcmp(o->known[i].name, counter->name) != 0)
            continue;
        bool news = o->known[i].value != counter->value;
        o->known[i].value = counter->value;
        return news;
    }
    if (o->known_count < COUNTERS_MAX)
        o->known[o->known_count++] = *counter;
    return true;
}

void observer_count(struct observer *o, const struct observer_counter *counters)
{
    struct batch *batch = NULL;
    if (o->counting || batch_new(&batch, o, 0, COUNTERS_MAX) != 0)
        return;
    for (; counters->name && batch->count < COUNTERS_MAX; counters++)
        if (is_news(o, counters))
            batch->counters[batch->count++] = *counters;
    if (batch->count && store_async_do(o->store, write_counters, counters_written, batch) == 0)
        o->counting = true;
    else
        batch_free(batch);
}
