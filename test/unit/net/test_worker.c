#include "support.h"

#include "net/worker.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>

static struct loop *loop;

static int enter(void **state)
{
    (void)state;
    return loop_new(&loop);
}

static int leave(void **state)
{
    (void)state;
    loop_free(loop);
    return 0;
}

enum { JOBS = 200 };

struct job {
    unsigned number;
    pthread_t ran_on;
    bool ran;
    struct tally *tally;
};

struct tally {
    pthread_t loop_thread;
    unsigned order[JOBS];
    unsigned done;
    struct worker *worker;
};

static void run(void *context)
{
    struct job *job = context;
    job->ran_on = pthread_self();
    job->ran = true;
}

static void done(void *context)
{
    struct job *job = context;
    struct tally *tally = job->tally;
    assert_true(pthread_equal(pthread_self(), tally->loop_thread));
    assert_true(job->ran);
    assert_false(pthread_equal(job->ran_on, tally->loop_thread));
    tally->order[tally->done++] = job->number;
    if (tally->done == JOBS)
        loop_stop(loop);
}

static void test_one_thread_keeps_jobs_in_order(void **state)
{
    (void)state;
    struct tally tally = {.loop_thread = pthread_self()};
    struct job jobs[JOBS];
    assert_int_equal(worker_new(&tally.worker, loop, 1, JOBS), 0);
    for (unsigned i = 0; i < JOBS; i++) {
        jobs[i] = (struct job){.number = i, .tally = &tally};
        assert_int_equal(worker_submit(tally.worker, run, done, &jobs[i]), 0);
    }
    assert_int_equal(loop_run(loop), 0);
    for (unsigned i = 0; i < JOBS; i++)
        assert_int_equal(tally.order[i], i);
    worker_free(tally.worker);
}

struct gate {
    sem_t open;
    sem_t entered;
    unsigned done;
};

static void wait_at_gate(void *context)
{
    struct gate *gate = context;
    sem_post(&gate->entered);
    sem_wait(&gate->open);
}

static void passed(void *context)
{
    struct gate *gate = context;
    gate->done++;
}

static void test_a_full_queue_refuses_and_loses_nothing(void **state)
{
    (void)state;
    struct worker *worker;
    struct gate gate = {0};
    sem_init(&gate.open, 0, 0);
    sem_init(&gate.entered, 0, 0);
    assert_int_equal(worker_new(&worker, loop, 1, 2), 0);
    assert_int_equal(worker_submit(worker, wait_at_gate, passed, &gate), 0);
    sem_wait(&gate.entered); /* that one runs; two more may wait */
    assert_int_equal(worker_submit(worker, wait_at_gate, passed, &gate), 0);
    assert_int_equal(worker_submit(worker, wait_at_gate, passed, &gate), 0);
    assert_int_equal(worker_waiting(worker), 2);
    assert_int_equal(worker_submit(worker, wait_at_gate, passed, &gate), ERR_LIMIT);
    for (int i = 0; i < 3; i++)
        sem_post(&gate.open);
    worker_free(worker); /* runs what is queued, and calls the three */
    assert_int_equal(gate.done, 3);
    sem_destroy(&gate.open);
    sem_destroy(&gate.entered);
}

static void test_several_threads_work_at_once(void **state)
{
    (void)state;
    struct worker *worker;
    struct gate gate = {0};
    sem_init(&gate.open, 0, 0);
    sem_init(&gate.entered, 0, 0);
    assert_int_equal(worker_new(&worker, loop, 3, 8), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(worker_submit(worker, wait_at_gate, passed, &gate), 0);
    for (int i = 0; i < 3; i++)
        sem_wait(&gate.entered); /* would hang if they came one after the other */
    for (int i = 0; i < 3; i++)
        sem_post(&gate.open);
    worker_free(worker);
    assert_int_equal(gate.done, 3);
    sem_destroy(&gate.open);
    sem_destroy(&gate.entered);
}

static void nothing(void *context)
{
    (void)context;
}

static void free_from_done(void *context)
{
    struct tally *tally = context;
    struct worker *worker = tally->worker;
    if (++tally->done == 1) {
        tally->worker = NULL;
        worker_free(worker);
        loop_stop(loop);
    }
}

static void test_a_worker_may_be_freed_by_a_finished_job(void **state)
{
    (void)state;
    struct tally tally = {0};
    assert_int_equal(worker_new(&tally.worker, loop, 1, 8), 0);
    for (int i = 0; i < 5; i++)
        assert_int_equal(worker_submit(tally.worker, nothing, free_from_done, &tally), 0);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(tally.done, 5);
}

static void test_a_worker_needs_a_thread(void **state)
{
    (void)state;
    struct worker *worker = NULL;
    assert_int_equal(worker_new(&worker, loop, 0, 8), ERR_USAGE);
    assert_null(worker);
    worker_free(NULL);
}

int main(void)
{
#define ON_LOOP(test) cmocka_unit_test_setup_teardown(test, enter, leave)
    const struct CMUnitTest tests[] = {
        ON_LOOP(test_one_thread_keeps_jobs_in_order),
        ON_LOOP(test_a_full_queue_refuses_and_loses_nothing),
        ON_LOOP(test_several_threads_work_at_once),
        ON_LOOP(test_a_worker_may_be_freed_by_a_finished_job),
        ON_LOOP(test_a_worker_needs_a_thread),
    };
    return RUN(tests);
}
