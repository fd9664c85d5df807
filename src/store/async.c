#include "store/async.h"

#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

struct watch {
    struct loop_timer *timer;
    int64_t interval_ms;
    void (*changed)(void *context, unsigned areas);
    void *context;
    bool looking; /* a look is on its way */
    bool failing; /* the last look failed, and this was logged */
    /* Of the worker's side while a look is on its way. */
    uint64_t seen[AREA_COUNT];
    unsigned moved;
    int result;
    char words[256];
};

enum { GROUP_MAX = 64 }; /* other writers wait for the whole of it */

struct store_async {
    struct store *store; /* the worker's */
    struct worker *worker;
    struct loop *loop;
    size_t open; /* jobs whose `done` is still to come */
    bool closed; /* store_async_free() was called; the last `done` frees */
    struct watch watch;
    struct group *group;  /* the last thing asked for, if it is one that may grow */
    pthread_mutex_t lock; /* guards the groups that the worker has not taken */
};

struct job {
    struct job *next; /* in a group */
    struct store_async *async;
    int (*run)(void *context, struct store *store);
    void (*done)(void *context, int result);
    void *context;
    int result;
};

int store_async_new(struct store_async **out, struct loop *loop, const char *where,
                    enum store_mode mode, struct why *why)
{
    struct store_async *async = calloc(1, sizeof *async);
    if (!async)
        return -ENOMEM;
    async->loop = loop;
    pthread_mutex_init(&async->lock, NULL);
    int result = store_open(&async->store, where, mode, why);
    if (result == 0) {
        result = store_revisions(async->store, async->watch.seen);
        if (result)
            why_error(why, result, "%s", store_words(async->store, result));
    }
    if (result == 0)
        result = worker_new(&async->worker, loop, 1, STORE_ASYNC_QUEUE);
    if (result) {
        store_async_free(async);
        return result;
    }
    *out = async;
    return 0;
}

/* One `done` less to wait for. */
static void settle(struct store_async *async)
{
    async->open--;
    if (async->closed && async->open == 0) {
        pthread_mutex_destroy(&async->lock);
        free(async);
    }
}

void store_async_free(struct store_async *async)
{
    if (!async || async->closed)
        return;
    async->closed = true;
    async->open++; /* keeps it until the end of this function */
    loop_timer_free(async->watch.timer);
    async->watch.timer = NULL;
    worker_free(
        async->worker); /* every `run` has returned after this, but maybe not every `done` */
    store_close(async->store);
    settle(async);
}

static void job_run(void *context)
{
    struct job *job = context;
    job->result = job->run(job->context, job->async->store);
}

static void job_done(void *context)
{
    struct job *job = context;
    if (job->done)
        job->done(job->context, job->result);
    settle(job->async);
    free(job);
}

static struct job *job_new(struct store_async *async,
                           int (*run)(void *context, struct store *store),
                           void (*done)(void *context, int result), void *context)
{
    struct job *job = malloc(sizeof *job);
    if (job)
        *job = (struct job){.async = async, .run = run, .done = done, .context = context};
    return job;
}

int store_async_do(struct store_async *async, int (*run)(void *context, struct store *store),
                   void (*done)(void *context, int result), void *context)
{
    if (async->closed)
        return ERR_CLOSED;
    struct job *job = job_new(async, run, done, context);
    if (!job)
        return -ENOMEM;
    int result = worker_submit(async->worker, job_run, job_done, job);
    if (result) {
        free(job);
        return result;
    }
    async->group = NULL; /* what comes later runs later */
    async->open++;
    return 0;
}

/* ---- changes that share a commit ---- */

struct group {
    struct store_async *async;
    struct job *first, **end;
    unsigned count;
    bool taken; /* by the worker */
};

static void run_part(struct job *job, struct store *store)
{
    job->result = store_part_begin(store, NULL);
    if (job->result == 0)
        job->result = store_part_end(store, job->run(job->context, store), NULL);
}

static void group_run(void *context)
{
    struct group *group = context;
    struct store *store = group->async->store;
    struct why why = WHY_NONE;
    pthread_mutex_lock(&group->async->lock);
    group->taken = true;
    pthread_mutex_unlock(&group->async->lock);
    int result = store_begin(store, &why);
    for (struct job *job = group->first; job && result == 0; job = job->next)
        run_part(job, store);
    if (result == 0)
        result = store_commit(store, &why);
    if (result == 0)
        return;
    store_rollback(store);
    log_event(LEVEL_ERROR, "event=store_not_changed changes=%u reason=\"%s\"", group->count,
              why_text(&why, result));
    for (struct job *job = group->first; job; job = job->next)
        if (job->result == 0)
            job->result = result;
}

static void group_done(void *context)
{
    struct group *group = context;
    struct job *job = group->first;
    if (group->async->group == group)
        group->async->group = NULL;
    free(group);
    while (job) {
        struct job *next = job->next;
        job_done(job);
        job = next;
    }
}

/* A group that waits, and has room. */
static bool join(struct store_async *async, struct job *job)
{
    struct group *group = async->group;
    if (!group || group->count == GROUP_MAX)
        return false;
    pthread_mutex_lock(&async->lock);
    bool joined = !group->taken;
    if (joined) {
        *group->end = job;
        group->end = &job->next;
        group->count++;
    }
    pthread_mutex_unlock(&async->lock);
    return joined;
}

static int found(struct store_async *async, struct job *job)
{
    struct group *group = malloc(sizeof *group);
    if (!group)
        return -ENOMEM;
    *group = (struct group){.async = async, .first = job, .end = &job->next, .count = 1};
    int result = worker_submit(async->worker, group_run, group_done, group);
    if (result)
        free(group);
    else
        async->group = group;
    return result;
}

int store_async_share(struct store_async *async, int (*run)(void *context, struct store *store),
                      void (*done)(void *context, int result), void *context)
{
    if (async->closed)
        return ERR_CLOSED;
    if (async->open >= STORE_ASYNC_QUEUE)
        return ERR_LIMIT;
    struct job *job = job_new(async, run, done, context);
    if (!job)
        return -ENOMEM;
    int result = join(async, job) ? 0 : found(async, job);
    if (result)
        free(job);
    else
        async->open++;
    return result;
}

/* ---- watching ---- */

/* On the worker. */
static void look(void *context)
{
    struct store_async *async = context;
    struct watch *watch = &async->watch;
    uint64_t now[AREA_COUNT];
    watch->moved = 0;
    watch->result = 0;
    /* After a failure it is not known what was missed meanwhile. */
    if (!store_changed(async->store) && !watch->failing)
        return;
    watch->result = store_revisions(async->store, now);
    if (watch->result) {
        text_copy(watch->words, sizeof watch->words, store_words(async->store, watch->result));
        return;
    }
    for (unsigned area = 0; area < AREA_COUNT; area++) {
        if (now[area] != watch->seen[area])
            watch->moved |= 1u << area;
        watch->seen[area] = now[area];
    }
}

static void say_trouble(struct watch *watch)
{
    bool failing = watch->result != 0;
    if (failing && !watch->failing) {
        char words[300];
        log_event(LEVEL_WARNING, "event=store_unreadable reason=%s",
                  text_value(words, sizeof words, bytes_of_string(watch->words)));
    } else if (!failing && watch->failing) {
        log_event(LEVEL_NOTICE, "event=store_readable");
    }
    watch->failing = failing;
}

static void looked(void *context)
{
    struct store_async *async = context;
    struct watch *watch = &async->watch;
    watch->looking = false;
    say_trouble(watch);
    if (!async->closed)
        loop_timer_start(watch->timer, watch->interval_ms);
    if (!async->closed && watch->moved)
        watch->changed(watch->context, watch->moved);
    settle(async);
}

static void start_look(void *context)
{
    struct store_async *async = context;
    if (async->watch.looking)
        return;
    if (worker_submit(async->worker, look, looked, async) != 0) {
        loop_timer_start(async->watch.timer, async->watch.interval_ms); /* too much waits */
        return;
    }
    async->watch.looking = true;
    async->open++;
}

int store_async_watch(struct store_async *async, int64_t interval_ms,
                      void (*changed)(void *context, unsigned areas), void *context)
{
    struct watch *watch = &async->watch;
    if (watch->timer || !changed || interval_ms <= 0)
        return ERR_USAGE;
    watch->interval_ms = interval_ms;
    watch->changed = changed;
    watch->context = context;
    int result = loop_timer_new(&watch->timer, async->loop, start_look, async);
    if (result)
        return result;
    loop_timer_start(watch->timer, 0);
    return 0;
}
