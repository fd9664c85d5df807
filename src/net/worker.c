#include "net/worker.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

struct job {
    struct job *next;
    void (*run)(void *context);
    void (*done)(void *context);
    void *context;
};

/* First in, first out. */
struct line {
    struct job *first;
    struct job **end;
    size_t length;
};

struct worker {
    pthread_mutex_t lock; /* guards the lines and `stopping` */
    pthread_cond_t more;
    struct line waiting;
    struct line finished;
    size_t queue;
    bool stopping;
    pthread_t *threads;
    unsigned thread_count;
    struct loop_waker *waker;
    bool reporting; /* inside a `done` */
    bool doomed;    /* freed by a `done`: goes when that has returned */
};

static void line_init(struct line *line)
{
    *line = (struct line){.end = &line->first};
}

static void line_append(struct line *line, struct job *job)
{
    job->next = NULL;
    *line->end = job;
    line->end = &job->next;
    line->length++;
}

static struct job *line_take(struct line *line)
{
    struct job *job = line->first;
    if (!job)
        return NULL;
    line->first = job->next;
    if (!line->first)
        line->end = &line->first;
    line->length--;
    return job;
}

static void *thread_main(void *context)
{
    struct worker *worker = context;
    pthread_mutex_lock(&worker->lock);
    for (;;) {
        struct job *job = line_take(&worker->waiting);
        if (!job && worker->stopping)
            break;
        if (!job) {
            pthread_cond_wait(&worker->more, &worker->lock);
            continue;
        }
        pthread_mutex_unlock(&worker->lock);
        job->run(job->context);
        pthread_mutex_lock(&worker->lock);
        line_append(&worker->finished, job);
        loop_wake(worker->waker);
    }
    pthread_mutex_unlock(&worker->lock);
    return NULL;
}

static struct job *take_finished(struct worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    struct job *job = line_take(&worker->finished);
    pthread_mutex_unlock(&worker->lock);
    return job;
}

static void destroy(struct worker *worker)
{
    loop_waker_free(worker->waker);
    pthread_cond_destroy(&worker->more);
    pthread_mutex_destroy(&worker->lock);
    free(worker->threads);
    free(worker);
}

/* Calls the `done`s of all that has finished. */
static void report(void *context)
{
    struct worker *worker = context;
    if (worker->reporting)
        return; /* the outer call goes on with it */
    worker->reporting = true;
    struct job *job;
    while ((job = take_finished(worker)) != NULL) {
        if (job->done)
            job->done(job->context);
        free(job);
    }
    worker->reporting = false;
    if (worker->doomed)
        destroy(worker);
}

/* Threads take no signals: those are the loop's. */
static int start_threads(struct worker *worker, unsigned count)
{
    sigset_t all;
    sigset_t old;
    int error = 0;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    while (error == 0 && worker->thread_count < count) {
        error = pthread_create(&worker->threads[worker->thread_count], NULL, thread_main, worker);
        if (error == 0)
            worker->thread_count++;
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return -error;
}

int worker_new(struct worker **out, struct loop *loop, unsigned threads, size_t queue)
{
    if (threads == 0)
        return ERR_USAGE;
    struct worker *worker = calloc(1, sizeof *worker);
    if (!worker)
        return -ENOMEM;
    pthread_mutex_init(&worker->lock, NULL);
    pthread_cond_init(&worker->more, NULL);
    line_init(&worker->waiting);
    line_init(&worker->finished);
    worker->queue = queue;
    worker->threads = calloc(threads, sizeof *worker->threads);
    int result = worker->threads ? 0 : -ENOMEM;
    if (result == 0)
        result = loop_waker_new(&worker->waker, loop, report, worker);
    if (result == 0)
        result = start_threads(worker, threads);
    if (result) {
        worker_free(worker);
        return result;
    }
    *out = worker;
    return 0;
}

void worker_free(struct worker *worker)
{
    if (!worker || worker->doomed)
        return;
    pthread_mutex_lock(&worker->lock);
    worker->stopping = true;
    pthread_cond_broadcast(&worker->more);
    pthread_mutex_unlock(&worker->lock);
    for (unsigned i = 0; i < worker->thread_count; i++)
        pthread_join(worker->threads[i], NULL);
    worker->doomed = true;
    report(worker);
}

int worker_submit(struct worker *worker, void (*run)(void *context), void (*done)(void *context),
                  void *context)
{
    struct job *job = malloc(sizeof *job);
    if (!job)
        return -ENOMEM;
    *job = (struct job){.run = run, .done = done, .context = context};
    int result = 0;
    pthread_mutex_lock(&worker->lock);
    if (worker->stopping)
        result = ERR_CLOSED;
    else if (worker->waiting.length >= worker->queue)
        result = ERR_LIMIT;
    if (result == 0) {
        line_append(&worker->waiting, job);
        pthread_cond_signal(&worker->more);
    }
    pthread_mutex_unlock(&worker->lock);
    if (result)
        free(job);
    return result;
}

size_t worker_waiting(struct worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    size_t waiting = worker->waiting.length;
    pthread_mutex_unlock(&worker->lock);
    return waiting;
}
