#include "support.h"

#include "base/clock.h"
#include "net/loop.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

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

/* ---- timers ---- */

struct ticker {
    struct loop_timer *timer;
    int64_t started, wait, early;
    unsigned count, stop_at;
};

static void tick(void *context)
{
    struct ticker *t = context;
    int64_t late = clock_ms() - t->started - t->wait;
    if (late < t->early)
        t->early = late;
    if (++t->count == t->stop_at) {
        loop_stop(loop);
        return;
    }
    t->started = loop_now(loop);
    loop_timer_start(t->timer, t->wait);
}

static void test_a_timer_is_never_early_and_repeats_when_started_again(void **state)
{
    (void)state;
    struct ticker t = {.wait = 3, .stop_at = 20};
    assert_int_equal(loop_timer_new(&t.timer, loop, tick, &t), 0);
    t.started = clock_ms();
    loop_timer_start(t.timer, t.wait);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(t.count, 20);
    assert_true(t.early >= 0);
    loop_timer_free(t.timer);
}

static void stop(void *context)
{
    (void)context;
    loop_stop(loop);
}

static void count_one(void *context)
{
    ++*(unsigned *)context;
}

static void test_a_stopped_or_freed_timer_does_not_fire(void **state)
{
    (void)state;
    unsigned fired = 0;
    struct loop_timer *stopped, *freed, *end;
    assert_int_equal(loop_timer_new(&stopped, loop, count_one, &fired), 0);
    assert_int_equal(loop_timer_new(&freed, loop, count_one, &fired), 0);
    assert_int_equal(loop_timer_new(&end, loop, stop, NULL), 0);
    loop_timer_start(stopped, 1);
    loop_timer_start(freed, 1);
    loop_timer_start(end, 20);
    loop_timer_stop(stopped);
    loop_timer_free(freed);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(fired, 0);
    loop_timer_free(stopped);
    loop_timer_free(end);
}

static void free_itself(void *context)
{
    struct ticker *t = context;
    loop_timer_free(t->timer);
    loop_stop(loop);
}

static void test_a_timer_may_free_itself(void **state)
{
    (void)state;
    struct ticker t = {0};
    assert_int_equal(loop_timer_new(&t.timer, loop, free_itself, &t), 0);
    loop_timer_start(t.timer, 0);
    assert_int_equal(loop_run(loop), 0);
}

static void look_at_now(void *context)
{
    int64_t *moment = context;
    moment[0] = loop_now(loop);
    while (clock_ms() < moment[0] + 3) {
        /* time goes on outside */
    }
    moment[1] = loop_now(loop);
    loop_stop(loop);
}

static void test_now_stands_still_during_a_turn(void **state)
{
    (void)state;
    int64_t moment[2] = {0, 1};
    struct loop_timer *timer;
    assert_int_equal(loop_timer_new(&timer, loop, look_at_now, moment), 0);
    loop_timer_start(timer, 0);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(moment[0], moment[1]);
    loop_timer_free(timer);
}

/* ---- descriptors ---- */

struct two {
    struct loop_watch *watch[2];
    int pipes[2][2];
    unsigned calls;
};

/* Both are readable in the same turn; the first that is called frees the other. */
static void free_the_other(struct two *two, int mine)
{
    two->calls++;
    loop_watch_free(two->watch[!mine]);
    two->watch[!mine] = NULL;
    loop_watch_free(two->watch[mine]);
    two->watch[mine] = NULL;
    loop_stop(loop);
}

static void first_ready(void *context, unsigned ready)
{
    assert_int_equal(ready, LOOP_READ);
    free_the_other(context, 0);
}

static void second_ready(void *context, unsigned ready)
{
    assert_int_equal(ready, LOOP_READ);
    free_the_other(context, 1);
}

static void test_a_watch_freed_by_another_is_not_called_any_more(void **state)
{
    (void)state;
    struct two two = {0};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pipe2(two.pipes[i], O_CLOEXEC), 0);
        assert_int_equal(write(two.pipes[i][1], "x", 1), 1);
        assert_int_equal(loop_watch_new(&two.watch[i], loop, two.pipes[i][0],
                                        i ? second_ready : first_ready, &two),
                         0);
        assert_int_equal(loop_watch_set(two.watch[i], LOOP_READ), 0);
    }
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(two.calls, 1);
    for (int i = 0; i < 4; i++)
        close(two.pipes[i / 2][i % 2]);
}

struct seen {
    struct loop_watch *watch;
    unsigned reads, writes;
};

static void note_ready(void *context, unsigned ready)
{
    struct seen *seen = context;
    seen->reads += (ready & LOOP_READ) != 0;
    seen->writes += (ready & LOOP_WRITE) != 0;
    if (seen->writes == 3)
        assert_int_equal(loop_watch_set(seen->watch, LOOP_READ), 0);
    if (seen->reads)
        assert_int_equal(loop_watch_set(seen->watch, 0), 0);
}

static void test_interest_can_change_and_pause(void **state)
{
    (void)state;
    int pair[2];
    struct seen seen = {0};
    struct loop_timer *end;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    assert_int_equal(loop_watch_new(&seen.watch, loop, pair[0], note_ready, &seen), 0);
    assert_int_equal(loop_watch_set(seen.watch, LOOP_WRITE), 0);
    assert_int_equal(loop_timer_new(&end, loop, stop, NULL), 0);
    loop_timer_start(end, 10);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(seen.writes, 3);
    assert_int_equal(seen.reads, 0);
    assert_int_equal(write(pair[1], "x", 1), 1);
    loop_timer_start(end, 10);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(seen.reads, 1);
    loop_watch_free(seen.watch);
    loop_timer_free(end);
    close(pair[0]);
    close(pair[1]);
}

/* ---- signals and wakers ---- */

static void note_signal(void *context, int number)
{
    *(int *)context = number;
    loop_stop(loop);
}

static void test_a_signal_reaches_the_loop(void **state)
{
    (void)state;
    int number = 0;
    struct loop_signal *watch;
    assert_int_equal(loop_signal_new(&watch, loop, SIGUSR1, note_signal, &number), 0);
    assert_int_equal(raise(SIGUSR1), 0);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(number, SIGUSR1);
    loop_signal_free(watch);
}

enum { WAKES = 20000 };

struct waking {
    struct loop_waker *waker;
    unsigned long woken; /* written by the other thread before each wake */
    unsigned long seen;
    unsigned calls;
};

static void *wake_often(void *context)
{
    struct waking *w = context;
    for (unsigned long i = 1; i <= WAKES; i++) {
        __atomic_store_n(&w->woken, i, __ATOMIC_RELEASE);
        loop_wake(w->waker);
    }
    return NULL;
}

static void woken(void *context)
{
    struct waking *w = context;
    w->calls++;
    w->seen = __atomic_load_n(&w->woken, __ATOMIC_ACQUIRE);
    if (w->seen == WAKES)
        loop_stop(loop);
}

static void test_no_wake_from_another_thread_is_lost(void **state)
{
    (void)state;
    struct waking w = {0};
    pthread_t thread;
    assert_int_equal(loop_waker_new(&w.waker, loop, woken, &w), 0);
    assert_int_equal(pthread_create(&thread, NULL, wake_often, &w), 0);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(w.seen, WAKES);
    assert_true(w.calls <= WAKES);
    loop_waker_free(w.waker);
}

int main(void)
{
#define ON_LOOP(test) cmocka_unit_test_setup_teardown(test, enter, leave)
    const struct CMUnitTest tests[] = {
        ON_LOOP(test_a_timer_is_never_early_and_repeats_when_started_again),
        ON_LOOP(test_a_stopped_or_freed_timer_does_not_fire),
        ON_LOOP(test_a_timer_may_free_itself),
        ON_LOOP(test_now_stands_still_during_a_turn),
        ON_LOOP(test_a_watch_freed_by_another_is_not_called_any_more),
        ON_LOOP(test_interest_can_change_and_pause),
        ON_LOOP(test_a_signal_reaches_the_loop),
        ON_LOOP(test_no_wake_from_another_thread_is_lost),
    };
    return RUN(tests);
}
