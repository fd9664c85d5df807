#include "service/callmanager/call_ledger.h"

#include "base/clock.h"
#include "base/limit.h"
#include "base/log.h"
#include "base/map.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    QUEUE = 16384,   /* calls that wait to be written, at most */
    FORWARDS = 1024, /* the same of forwards */
    BATCH = 1024,    /* calls written in one transaction */
    DELAY_MS = 500,
    RETRY_MS = 1000,
    QUIET_MS = 60000, /* between two lines about the same trouble */
    PHONES = 4096,    /* whose calls are counted */
    MINUTE_MS = 60000,
};

/* A call that waits. */
struct entry {
    struct entry *next;
    struct store_call call;
};

/* A forward that waits. */
struct forward_entry {
    struct forward_entry *next;
    struct store_forward forward;
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
    struct forward_entry *forwards;
    size_t forward_count;
    size_t forwards_on_their_way;
    uint64_t forwards_set;
    bool writing;
    bool failing; /* the last write failed: the next one has its time */
    bool closing; /* there will be no next one */
    uint64_t lost, left_out;
    int64_t complained;
    struct limit *records; /* by phone */
    struct limit *said;    /* of the lines about that */
};

/* What a worker does. */
struct job {
    struct call_ledger *ledger;
    char node[NODE_NAME];
    uint64_t keep;
    struct why why;
    struct forward_entry *forwards;
    size_t forward_count;
    size_t refused; /* of them */
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

static void forwards_free(struct forward_entry *list)
{
    while (list) {
        struct forward_entry *entry = list;
        list = entry->next;
        free(entry);
    }
}

static void job_free(struct job *job)
{
    if (job)
        forwards_free(job->forwards);
    free(job);
}

static void complain(struct call_ledger *l, const char *event, uint64_t count, int result,
                     const struct why *why)
{
    char words[300];
    if (l->complained && loop_now(l->loop) - l->complained < QUIET_MS)
        return;
    l->complained = loop_now(l->loop);
    log_event(LEVEL_WARNING, "event=%s count=%llu reason=%s", event, (unsigned long long)count,
              text_value(words, sizeof words, bytes_of_string(why_text(why, result))));
}

static void lose(struct call_ledger *l, uint64_t count, int result, const struct why *why)
{
    l->lost += count;
    complain(l, "call_records_lost", l->lost, result, why);
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
    job_free(job);
}

static int ask_to_abandon(struct call_ledger *l)
{
    struct job *job = job_new(l, 0);
    int result = job ? store_async_do(l->store, abandon, abandoned, job) : -ENOMEM;
    if (result)
        job_free(job);
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
        result = limit_new(&l->records, PHONES, CALL_RECORDS_A_MINUTE, MINUTE_MS);
    if (result == 0)
        result = limit_new(&l->said, PHONES, 1, MINUTE_MS);
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
    forwards_free(l->forwards);
    map_free(l->by_reference);
    limit_free(l->records);
    limit_free(l->said);
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

/* In no place yet. NULL: no room. */
static struct entry *entry_new(struct call_ledger *l, const struct store_call *call)
{
    struct entry *entry = l->count < QUEUE ? calloc(1, sizeof *entry) : NULL;
    if (!entry)
        return NULL;
    entry->call = *call;
    if (map_add(l->by_reference, key_of(call), entry) != 0) {
        free(entry);
        return NULL;
    }
    l->count++;
    return entry;
}

/* In its own place if it waits already, at the end otherwise. False: no room. */
static bool put(struct call_ledger *l, const struct store_call *call)
{
    struct entry *entry = map_get(l->by_reference, key_of(call));
    if (entry) {
        entry->call = *call;
        return true;
    }
    entry = entry_new(l, call);
    if (!entry)
        return false;
    *l->end = entry;
    l->end = &entry->next;
    return true;
}

/* It was first, and is again. */
static bool put_first(struct call_ledger *l, const struct store_call *call)
{
    struct entry *entry = entry_new(l, call);
    if (!entry)
        return false;
    entry->next = l->first;
    l->first = entry;
    if (!entry->next)
        l->end = &entry->next;
    return true;
}

static void lose_for_room(struct call_ledger *l)
{
    struct why why = WHY_NONE;
    lose(l, 1,
         why_error(&why, ERR_LIMIT, "more than %d calls or %d forwards wait to be written", QUEUE,
                   FORWARDS),
         &why);
}

/* Who dials and hangs up all day would leave nothing else. */
static bool leaves_record(struct call_ledger *l, const struct call_record *record)
{
    const char *device = record->party[CALL_CALLER].device;
    int64_t now = loop_now(l->loop);
    uint64_t ignored, before;
    if (record->ended < 0 || limit_allows(l->records, bytes_of_string(device), now, &ignored))
        return true;
    l->left_out++;
    if (limit_allows(l->said, bytes_of_string(device), now, &before))
        log_event(
            LEVEL_WARNING,
            "event=call_records_left_out device=%s count=%llu reason=\"it has placed more than "
            "%d calls within a minute, and no more of them leave a record\"",
            device, (unsigned long long)before + 1, CALL_RECORDS_A_MINUTE);
    return false;
}

static void note_call(struct call_ledger *l, const struct call_record *record)
{
    struct store_call call;
    spell_out(&call, l, record);
    call.unrecorded = !leaves_record(l, record);
    if (!put(l, &call)) {
        lose_for_room(l);
        return;
    }
    if (l->writing || l->failing)
        return;
    if (l->count >= BATCH)
        write_next(l);
    else if (l->count == 1)
        loop_timer_start(l->timer, DELAY_MS);
}

/* ---- forwards ---- */

static struct forward_entry *waiting_forward(struct call_ledger *l, const struct store_forward *f)
{
    struct forward_entry *entry = l->forwards;
    while (entry &&
           (entry->forward.kind != f->kind || strcmp(entry->forward.number, f->number) != 0))
        entry = entry->next;
    return entry;
}

static bool put_forward(struct call_ledger *l, const struct store_forward *forward)
{
    struct forward_entry *entry = l->forward_count < FORWARDS ? calloc(1, sizeof *entry) : NULL;
    if (!entry)
        return false;
    *entry = (struct forward_entry){.next = l->forwards, .forward = *forward};
    l->forwards = entry;
    l->forward_count++;
    return true;
}

/* The last of it counts. It does not wait long: a person has seen it done. */
static void note_forward(struct call_ledger *l, const struct call_action *action)
{
    struct store_forward forward = {.kind = action->kept.forward};
    l->forwards_set++;
    text_copy(forward.number, sizeof forward.number, action->kept.number);
    text_copy(forward.to, sizeof forward.to, action->kept.to);
    struct forward_entry *entry = waiting_forward(l, &forward);
    if (entry)
        entry->forward = forward;
    else if (!put_forward(l, &forward))
        lose_for_room(l);
    if (!l->failing)
        write_next(l);
}

/* ---- writing ---- */

/* What the store takes at no time is not worth another. */
static bool is_hopeless(int result)
{
    return result == ERR_USAGE || result == ERR_FORMAT || result == ERR_LIMIT ||
           result == ERR_DUPLICATE || result == ERR_BUG;
}

static int write_all(void *context, struct store *store)
{
    struct job *job = context;
    struct store_node node;
    int result = store_node_get(store, job->node, &node);
    for (struct forward_entry *f = job->forwards; f && result == 0; f = f->next) {
        result = store_forward_put(store, &f->forward, &job->why);
        if (is_hopeless(result)) {
            job->refused++;
            result = 0;
        }
    }
    if (result == 0 && job->count)
        result = store_calls_write(store, node.id, job->calls, job->count, job->keep, &job->why);
    return result;
}

/* What was not written is the first to be written, unless it has changed meanwhile. */
static void put_back(struct call_ledger *l, struct job *job)
{
    for (struct forward_entry *f = job->forwards; f; f = f->next)
        if (!waiting_forward(l, &f->forward) && !put_forward(l, &f->forward))
            lose_for_room(l);
    for (size_t i = job->count; i-- > 0;)
        if (!map_get(l->by_reference, key_of(&job->calls[i])) && !put_first(l, &job->calls[i]))
            lose_for_room(l);
}

static bool has_work(const struct call_ledger *l)
{
    return l->count || l->forwards;
}

static void written(void *context, int result)
{
    struct job *job = context;
    struct call_ledger *l = job->ledger;
    l->writing = false;
    l->failing = result != 0;
    l->forwards_on_their_way = 0;
    if (result && (l->closing || is_hopeless(result))) {
        lose(l, job->count + job->forward_count, result, &job->why);
    } else if (result) {
        put_back(l, job);
        complain(l, "call_records_wait", l->count + l->forward_count, result, &job->why);
    } else if (job->refused) {
        lose(l, job->refused, ERR_USAGE, &job->why);
    }
    job_free(job);
    if (l->closing || !has_work(l))
        return;
    if (!l->failing && (l->count >= BATCH || l->forwards))
        write_next(l);
    else
        loop_timer_start(l->timer, l->failing ? RETRY_MS : DELAY_MS);
}

static void swap_forwards(struct call_ledger *l, struct job *job)
{
    struct forward_entry *forwards = l->forwards;
    size_t count = l->forward_count;
    l->forwards = job->forwards;
    l->forward_count = job->forward_count;
    job->forwards = forwards;
    job->forward_count = count;
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
    swap_forwards(l, job);
    int result = store_async_do(l->store, write_all, written, job);
    if (result) {
        swap_forwards(l, job);
        job_free(job);
        return result;
    }
    while (count--)
        free(take_first(l));
    l->writing = true;
    l->forwards_on_their_way = job->forward_count;
    return 0;
}

static void write_next(struct call_ledger *l)
{
    if (has_work(l) && !l->writing && write_some(l) != 0)
        loop_timer_start(l->timer, DELAY_MS);
}

void call_ledger_flush(struct call_ledger *l)
{
    l->closing = true;
    while (has_work(l) && write_some(l) == 0) {
        /* the store takes them one after the other */
    }
    int result = ask_to_abandon(l);
    if (result)
        lose(l, l->count + l->forward_count, result, NULL);
}

void call_ledger_note(struct call_ledger *l, const struct call_action *action)
{
    if (action->kind == CALL_ACT_KEEP_FORWARD)
        note_forward(l, action);
    else if (action->kind == CALL_ACT_PROGRESS || action->kind == CALL_ACT_OVER)
        note_call(l, &action->record);
}

uint64_t call_ledger_forwards_set(const struct call_ledger *l)
{
    return l->forwards_set;
}

bool call_ledger_owes_forwards(const struct call_ledger *l)
{
    return l->forward_count || l->forwards_on_their_way;
}

uint64_t call_ledger_left_out(const struct call_ledger *l)
{
    return l->left_out;
}

uint64_t call_ledger_lost(const struct call_ledger *l)
{
    return l->lost;
}
