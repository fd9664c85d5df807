#include "service/callmanager/call_ledger.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>

enum {
    QUEUE = 16384, /* calls that wait to be written, at most */
    BATCH = 1024,  /* written in one transaction */
    DELAY_MS = 500,
    QUIET_MS = 60000, /* between two lines about the same trouble */
};

/* A call that waits. */
struct entry {
    struct entry *next;
    struct store_call call;
};

struct call_ledger {
    struct loop *loop;
    struct store_async *store;
    struct loop_timer *timer;
    char node[NODE_NAME];
    uint64_t keep;
    struct entry *first, **end;
    struct map *by_reference; /* those that wait and go on */
    size_t count;
    bool writing;
    uint64_t lost;
    int64_t complained;
};

/* What a worker does. */
struct job {
    struct call_ledger *ledger;
    char node[NODE_NAME];
    uint64_t keep;
    struct why why;
    struct store_forward forward;
    size_t count;
    struct store_call calls[];
};

static void write_next(struct call_ledger *l);

static void timer_fired(void *context)
{
    write_next(context);
}

static struct job *job_new(struct call_ledger *l, size_t calls)
{
    struct job *job = calloc(1, sizeof *job + calls * sizeof job->calls[0]);
    if (!job)
        return NULL;
    job->ledger = l;
    job->keep = l->keep;
    text_copy(job->node, sizeof job->node, l->node);
    return job;
}

static void lose(struct call_ledger *l, uint64_t count, int result, const struct why *why)
{
    char words[300];
    l->lost += count;
    if (l->complained && loop_now(l->loop) - l->complained < QUIET_MS)
        return;
    l->complained = loop_now(l->loop);
    log_event(LEVEL_WARNING, "event=call_records_lost count=%llu reason=%s",
              (unsigned long long)l->lost,
              text_value(words, sizeof words, bytes_of_string(why_text(why, result))));
}

/* ---- what went on when a service ended ---- */

static int abandon(void *context, struct store *store)
{
    struct job *job = context;
    struct store_node node;
    int result = store_node_get(store, job->node, &node);
    return result ? result : store_calls_abandon(store, node.id, &job->why);
}

static void abandoned(void *context, int result)
{
    struct job *job = context;
    if (result)
        lose(job->ledger, 0, result, &job->why);
    free(job);
}

static int ask_to_abandon(struct call_ledger *l)
{
    struct job *job = job_new(l, 0);
    int result = job ? store_async_do(l->store, abandon, abandoned, job) : -ENOMEM;
    if (result)
        free(job);
    return result;
}

int call_ledger_new(struct call_ledger **out, struct loop *loop, struct store_async *store,
                    const char *node, uint64_t keep)
{
    struct call_ledger *l = calloc(1, sizeof *l);
    if (!l)
        return -ENOMEM;
    l->loop = loop;
    l->store = store;
    l->keep = keep;
    l->end = &l->first;
    text_copy(l->node, sizeof l->node, node);
    int result = map_new(&l->by_reference, QUEUE);
    if (result == 0)
        result = loop_timer_new(&l->timer, loop, timer_fired, l);
    if (result == 0)
        result = ask_to_abandon(l);
    if (result) {
        call_ledger_free(l);
        return result;
    }
    *out = l;
    return 0;
}

/* ---- the queue ---- */

static struct bytes key_of(const struct store_call *call)
{
    return bytes_of(&call->reference, sizeof call->reference);
}

static struct entry *take_first(struct call_ledger *l)
{
    struct entry *entry = l->first;
    l->first = entry->next;
    if (!l->first)
        l->end = &l->first;
    l->count--;
    if (map_get(l->by_reference, key_of(&entry->call)) == entry)
        (void)map_remove(l->by_reference, key_of(&entry->call));
    return entry;
}

void call_ledger_free(struct call_ledger *l)
{
    if (!l)
        return;
    loop_timer_free(l->timer);
    while (l->first)
        free(take_first(l));
    map_free(l->by_reference);
    free(l);
}

static int64_t wall_of(const struct call_ledger *l, int64_t then)
{
    return then < 0 ? 0 : (clock_wall_ms() - (loop_now(l->loop) - then)) / 1000;
}

static void spell_out(struct store_call *out, const struct call_ledger *l,
                      const struct call_record *record)
{
    *out = (struct store_call){.reference = record->id,
                               .party = {record->party[CALL_CALLER], record->party[CALL_CALLEE]},
                               .began = wall_of(l, record->began),
                               .answered = wall_of(l, record->answered),
                               .ended = wall_of(l, record->ended),
                               .security = record->security,
                               .suite = record->suite,
                               .progress = record->progress,
                               .cause = record->cause,
                               .ended_by = record->ended_by};
    text_copy(out->dialled, sizeof out->dialled, record->dialled);
    if (record->answered >= 0 && record->ended >= 0)
        out->talked_ms = record->ended - record->answered;
}

/* The place of this call: its own if it waits already, at the end otherwise. NULL: no room. */
static struct entry *place_for(struct call_ledger *l, const struct store_call *call)
{
    struct entry *entry = map_get(l->by_reference, key_of(call));
    if (entry)
        return entry;
    entry = l->count < QUEUE ? calloc(1, sizeof *entry) : NULL;
    if (!entry)
        return NULL;
    if (map_add(l->by_reference, key_of(call), entry) != 0) {
        free(entry);
        return NULL;
    }
    *l->end = entry;
    l->end = &entry->next;
    l->count++;
    return entry;
}

static void note_call(struct call_ledger *l, const struct call_record *record)
{
    struct store_call call;
    spell_out(&call, l, record);
    struct entry *entry = place_for(l, &call);
    if (!entry) {
        struct why why = WHY_NONE;
        lose(l, 1, why_error(&why, ERR_LIMIT, "more than %d calls wait to be written", QUEUE),
             &why);
        return;
    }
    entry->call = call;
    if (l->writing)
        return;
    if (l->count >= BATCH)
        write_next(l);
    else if (l->count == 1)
        loop_timer_start(l->timer, DELAY_MS);
}

/* ---- writing ---- */

static int write_calls(void *context, struct store *store)
{
    struct job *job = context;
    struct store_node node;
    int result = store_node_get(store, job->node, &node);
    if (result)
        return result;
    return store_calls_write(store, node.id, job->calls, job->count, job->keep, &job->why);
}

static void calls_written(void *context, int result)
{
    struct job *job = context;
    struct call_ledger *l = job->ledger;
    l->writing = false;
    if (result)
        lose(l, job->count, result, &job->why);
    free(job);
    if (l->count >= BATCH)
        write_next(l);
    else if (l->count)
        loop_timer_start(l->timer, DELAY_MS);
}

static int write_some(struct call_ledger *l)
{
    size_t count = l->count < BATCH ? l->count : BATCH;
    struct job *job = job_new(l, count);
    if (!job)
        return -ENOMEM;
    struct entry *entry = l->first;
    for (; job->count < count; entry = entry->next)
        job->calls[job->count++] = entry->call;
    int result = store_async_do(l->store, write_calls, calls_written, job);
    if (result) {
        free(job);
        return result;
    }
    while (count--)
        free(take_first(l));
    l->writing = true;
    return 0;
}

static void write_next(struct call_ledger *l)
{
    if (l->count && !l->writing && write_some(l) != 0)
        loop_timer_start(l->timer, DELAY_MS);
}

void call_ledger_flush(struct call_ledger *l)
{
    while (l->count && write_some(l) == 0) {
        /* the store takes them one after the other */
    }
    int result = ask_to_abandon(l);
    if (result)
        lose(l, l->count, result, NULL);
}

/* ---- forwards ---- */

static int write_forward(void *context, struct store *store)
{
    struct job *job = context;
    return store_forward_put(store, &job->forward, &job->why);
}

static void forward_written(void *context, int result)
{
    struct job *job = context;
    if (result)
        lose(job->ledger, 1, result, &job->why);
    free(job);
}

static void note_forward(struct call_ledger *l, const struct call_action *action)
{
    struct job *job = job_new(l, 0);
    int result = job ? 0 : -ENOMEM;
    if (result == 0) {
        text_copy(job->forward.number, sizeof job->forward.number, action->kept.number);
        text_copy(job->forward.to, sizeof job->forward.to, action->kept.to);
        job->forward.kind = action->kept.forward;
        result = store_async_do(l->store, write_forward, forward_written, job);
    }
    if (result) {
        free(job);
        lose(l, 1, result, NULL);
    }
}

void call_ledger_note(struct call_ledger *l, const struct call_action *action)
{
    if (action->kind == CALL_ACT_KEEP_FORWARD)
        note_forward(l, action);
    else if (action->kind == CALL_ACT_PROGRESS || action->kind == CALL_ACT_OVER)
        note_call(l, &action->record);
}

uint64_t call_ledger_lost(const struct call_ledger *l)
{
    return l->lost;
}
