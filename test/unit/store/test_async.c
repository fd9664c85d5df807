#include "backend.h"

#include "store/async.h"

#include <pthread.h>

static struct loop *loop;
static struct store_async *async;
static struct buffer trace; /* what happened on the loop, in order */
static pthread_t loop_thread;

static int enter_async(void **state)
{
    struct why why = WHY_NONE;
    enter(state);
    fill_store();
    buffer_init(&trace, 10000);
    loop_thread = pthread_self();
    assert_int_equal(loop_new(&loop), 0);
    assert_done(store_async_new(&async, loop, where, STORE_WRITE, &why));
    return 0;
}

static int leave_async(void **state)
{
    store_async_free(async);
    async = NULL;
    loop_free(loop);
    buffer_fini(&trace);
    return leave(state);
}

struct job {
    int number;
    int result;
    bool stop; /* the loop, when it is done */
    bool ran_elsewhere;
    pthread_t thread;
};

static int run(void *context, struct store *mine)
{
    struct job *job = context;
    char number[16];
    job->thread = pthread_self();
    job->ran_elsewhere = !pthread_equal(pthread_self(), loop_thread);
    text_format(number, sizeof number, "%d", job->number);
    return job->result ? job->result : store_parameter_set(mine, "last", number, NULL);
}

static void done(void *context, int result)
{
    struct job *job = context;
    assert_true(pthread_equal(pthread_self(), loop_thread));
    assert_true(job->ran_elsewhere);
    buffer_format(&trace, "%d:%d ", job->number, result);
    if (job->stop)
        loop_stop(loop);
}

/* Ends a loop in which what is waited for does not happen. */
static void give_up(void *context)
{
    (void)context;
    fail_msg("nothing happened in 20 seconds");
}

static void run_loop(void)
{
    struct loop_timer *timer = NULL;
    assert_int_equal(loop_timer_new(&timer, loop, give_up, NULL), 0);
    loop_timer_start(timer, 20000);
    assert_int_equal(loop_run(loop), 0);
    loop_timer_free(timer);
}

static void test_jobs_run_in_order_on_a_thread_and_are_done_on_the_loop(void **state)
{
    (void)state;
    struct job jobs[3] = {{.number = 1}, {.number = 2, .result = ERR_POLICY}, {.number = 3}};
    char value[PARAMETER_VALUE];
    jobs[2].stop = true;
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(store_async_do(async, run, done, &jobs[i]), 0);
    run_loop();
    char expected[64];
    text_format(expected, sizeof expected, "1:0 2:%d 3:0 ", ERR_POLICY);
    assert_string_equal(buffer_string(&trace), expected);
    assert_true(pthread_equal(jobs[0].thread, jobs[2].thread));
    assert_int_equal(store_parameter_get(store, "last", value), 0);
    assert_string_equal(value, "3");
}

static void test_freeing_finishes_what_is_queued(void **state)
{
    (void)state;
    enum { JOBS = 20 };
    struct job jobs[JOBS] = {{.number = 0}};
    struct job silent = {.number = 99};
    char value[PARAMETER_VALUE];
    struct buffer expected;
    buffer_init(&expected, 1000);
    for (int i = 0; i < JOBS; i++) {
        jobs[i].number = i;
        buffer_format(&expected, "%d:0 ", i);
        assert_int_equal(store_async_do(async, run, done, &jobs[i]), 0);
    }
    assert_int_equal(store_async_do(async, run, NULL, &silent), 0);
    store_async_free(async);
    async = NULL;
    assert_string_equal(buffer_string(&trace), buffer_string(&expected));
    assert_int_equal(store_parameter_get(store, "last", value), 0);
    assert_string_equal(value, "99");
    buffer_fini(&expected);
}

static void free_and_stop(void *context, int result)
{
    done(context, result);
    store_async_free(async);
    async = NULL;
}

static void test_freeing_from_a_done_lets_the_others_follow(void **state)
{
    (void)state;
    struct job jobs[3] = {{.number = 1}, {.number = 2}, {.number = 3, .stop = true}};
    assert_int_equal(store_async_do(async, run, free_and_stop, &jobs[0]), 0);
    assert_int_equal(store_async_do(async, run, done, &jobs[1]), 0);
    assert_int_equal(store_async_do(async, run, done, &jobs[2]), 0);
    run_loop();
    assert_string_equal(buffer_string(&trace), "1:0 2:0 3:0 ");
}

static pthread_mutex_t door = PTHREAD_MUTEX_INITIALIZER;

static int wait_at_door(void *context, struct store *mine)
{
    (void)context;
    (void)mine;
    pthread_mutex_lock(&door);
    pthread_mutex_unlock(&door);
    return 0;
}

static void test_too_many_waiting_jobs_are_refused(void **state)
{
    (void)state;
    int result = 0;
    int taken = 0;
    pthread_mutex_lock(&door);
    while (result == 0 && taken < 2 * STORE_ASYNC_QUEUE) {
        result = store_async_do(async, wait_at_door, NULL, NULL);
        taken += result == 0;
    }
    pthread_mutex_unlock(&door);
    assert_int_equal(result, ERR_LIMIT);
    assert_in_range(taken, STORE_ASYNC_QUEUE, STORE_ASYNC_QUEUE + 1);
}

/* What is committed is what another connection sees. */
static void done_in_the_open(void *context, int result)
{
    char last[PARAMETER_VALUE] = "";
    const struct job *job = context;
    done(context, result);
    if (result == 0 && job->number == 1) {
        assert_int_equal(store_parameter_get(store, "last", last), 0);
        assert_string_equal(last, "3");
    }
}

static int half_a_change(void *context, struct store *mine)
{
    struct job *job = context;
    assert_int_equal(store_parameter_set(mine, "half", "1", NULL), 0);
    (void)run(job, mine);
    return ERR_CONFLICT;
}

static void test_changes_that_wait_share_a_commit_and_one_that_fails_is_undone_alone(void **state)
{
    (void)state;
    char value[PARAMETER_VALUE];
    struct job jobs[] = {{.number = 1}, {.number = 2}, {.number = 3, .stop = true}};
    pthread_mutex_lock(&door); /* so that all three wait */
    assert_int_equal(store_async_do(async, wait_at_door, NULL, NULL), 0);
    assert_int_equal(store_async_share(async, run, done_in_the_open, &jobs[0]), 0);
    assert_int_equal(store_async_share(async, half_a_change, done, &jobs[1]), 0);
    assert_int_equal(store_async_share(async, run, done, &jobs[2]), 0);
    pthread_mutex_unlock(&door);
    run_loop();
    char expected[64];
    text_format(expected, sizeof expected, "1:0 2:%d 3:0 ", ERR_CONFLICT);
    assert_string_equal(buffer_string(&trace), expected);
    assert_int_equal(store_parameter_get(store, "half", value), ERR_NOT_FOUND);
}

static int throw_all_away(void *context, struct store *mine)
{
    (void)context;
    store_rollback(mine); /* as a database does that has no space left */
    return 0;
}

static void test_no_change_is_done_when_the_shared_commit_fails(void **state)
{
    (void)state;
    char value[PARAMETER_VALUE];
    struct job jobs[] = {{.number = 1}, {.number = 2, .stop = true}};
    pthread_mutex_lock(&door);
    assert_int_equal(store_async_do(async, wait_at_door, NULL, NULL), 0);
    assert_int_equal(store_async_share(async, run, done, &jobs[0]), 0);
    assert_int_equal(store_async_share(async, run, done, &jobs[1]), 0);
    assert_int_equal(store_async_share(async, throw_all_away, NULL, NULL), 0);
    pthread_mutex_unlock(&door);
    run_loop();
    assert_null(strstr(buffer_string(&trace), ":0"));
    assert_int_equal(store_parameter_get(store, "last", value), ERR_NOT_FOUND);
}

static void test_order_is_kept_between_shared_changes_and_others(void **state)
{
    (void)state;
    char value[PARAMETER_VALUE];
    struct job jobs[] = {{.number = 1}, {.number = 2}, {.number = 3}, {.number = 4, .stop = true}};
    pthread_mutex_lock(&door);
    assert_int_equal(store_async_do(async, wait_at_door, NULL, NULL), 0);
    assert_int_equal(store_async_share(async, run, done, &jobs[0]), 0);
    assert_int_equal(store_async_do(async, run, done, &jobs[1]), 0);
    assert_int_equal(store_async_share(async, run, done, &jobs[2]), 0);
    assert_int_equal(store_async_share(async, run, done, &jobs[3]), 0);
    pthread_mutex_unlock(&door);
    run_loop();
    assert_string_equal(buffer_string(&trace), "1:0 2:0 3:0 4:0 ");
    assert_int_equal(store_parameter_get(store, "last", value), 0);
    assert_string_equal(value, "4");
}

static void test_a_database_that_cannot_be_opened_is_said_at_once(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct store_async *other = NULL;
    char path[FILE_PATH];
    assert_int_equal(file_path(path, directory, "absent.db"), 0);
    assert_refused(store_async_new(&other, loop, path, STORE_WRITE, &why), ERR_NOT_FOUND, path);
    assert_null(other);
    store_async_free(NULL);
}

/* ---- watching ---- */

static void changed(void *context, unsigned areas)
{
    unsigned *seen = context;
    assert_true(pthread_equal(pthread_self(), loop_thread));
    *seen |= areas;
    loop_stop(loop);
}

static void test_changes_of_others_are_told_by_area(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    unsigned seen = 0;
    assert_int_equal(store_async_watch(async, 5, changed, &seen), 0);
    assert_done(store_parameter_set(store, "a", "1", &why));
    run_loop();
    assert_int_equal(seen, 1u << AREA_PARAMETERS);
    seen = 0;
    assert_done(store_begin(store, &why));
    assert_done(store_device_delete(store, PHONE, &why));
    assert_done(store_profile_delete(store, "Default", &why));
    assert_done(store_parameter_set(store, "a", "2", &why));
    assert_done(store_commit(store, &why));
    run_loop();
    assert_int_equal(seen, 1u << AREA_PARAMETERS | 1u << AREA_DEVICES);
}

static void test_what_changed_before_the_watch_began_is_told_too(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    unsigned seen = 0;
    assert_done(store_parameter_set(store, "a", "1", &why));
    assert_int_equal(store_async_watch(async, 5, changed, &seen), 0);
    run_loop();
    assert_int_equal(seen, 1u << AREA_PARAMETERS);
    assert_int_equal(store_async_watch(async, 5, changed, &seen), ERR_USAGE); /* once is enough */
}

static void changed_and_free(void *context, unsigned areas)
{
    changed(context, areas);
    store_async_free(async);
    async = NULL;
}

static void test_a_watcher_may_free_what_it_watches(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    unsigned seen = 0;
    assert_int_equal(store_async_watch(async, 5, changed_and_free, &seen), 0);
    assert_done(store_parameter_set(store, "a", "1", &why));
    run_loop();
    assert_int_equal(seen, 1u << AREA_PARAMETERS);
}

/* Changes that move no area are no news: after an observation only the parameter is told. */
static void test_observations_are_no_news(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    unsigned seen = 0;
    struct store_observation o = {.device = PHONE,
                                  .address = "192.0.2.5",
                                  .time = 1,
                                  .kind = OBSERVED_FILE,
                                  .transport = TRANSPORT_TFTP,
                                  .file = "x",
                                  .hash = "00"};
    assert_int_equal(store_async_watch(async, 5, changed, &seen), 0);
    assert_done(store_observe(store, &o, 1, &why));
    assert_done(store_parameter_set(store, "a", "1", &why));
    run_loop();
    assert_int_equal(seen, 1u << AREA_PARAMETERS);
}

int main(void)
{
#define ASYNC(test) cmocka_unit_test_setup_teardown(test, enter_async, leave_async)
    const struct CMUnitTest tests[] = {
        ASYNC(test_jobs_run_in_order_on_a_thread_and_are_done_on_the_loop),
        ASYNC(test_freeing_finishes_what_is_queued),
        ASYNC(test_freeing_from_a_done_lets_the_others_follow),
        ASYNC(test_too_many_waiting_jobs_are_refused),
        ASYNC(test_changes_that_wait_share_a_commit_and_one_that_fails_is_undone_alone),
        ASYNC(test_no_change_is_done_when_the_shared_commit_fails),
        ASYNC(test_order_is_kept_between_shared_changes_and_others),
        ASYNC(test_a_database_that_cannot_be_opened_is_said_at_once),
        ASYNC(test_changes_of_others_are_told_by_area),
        ASYNC(test_what_changed_before_the_watch_began_is_told_too),
        ASYNC(test_a_watcher_may_free_what_it_watches),
        ASYNC(test_observations_are_no_news),
    };
    return RUN(tests);
}
