#include "net/loop.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#include <event2/event.h>

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <unistd.h>

/* When this turn of the loop began. Read when somebody asks for the first time in a turn; apart
 * from the loop, so that a const loop can be asked. */
struct moment {
    bool known;
    int64_t ms;
};

struct loop {
    struct event_base *base;
    struct moment *moment;
    bool running;
    bool stopping;
};

/* libevent's own complaints become events like everybody's. */
static void complain(int severity, const char *message)
{
    char text[300];
    if (severity >= EVENT_LOG_WARN)
        log_event(LEVEL_WARNING, "event=loop_warning text=%s",
                  text_value(text, sizeof text, bytes_of_string(message)));
}

int loop_new(struct loop **out)
{
    struct event_config *config = event_config_new();
    struct loop *loop = calloc(1, sizeof *loop);
    int result = -ENOMEM;
    if (!config || !loop)
        goto out;
    event_set_log_callback(complain);
    if (event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK) != 0 ||
        event_config_set_flag(config, EVENT_BASE_FLAG_IGNORE_ENV) != 0)
        goto out;
    loop->moment = calloc(1, sizeof *loop->moment);
    loop->base = event_base_new_with_config(config);
    if (!loop->moment || !loop->base)
        goto out;
    *out = loop;
    loop = NULL;
    result = 0;
out:
    loop_free(loop);
    if (config)
        event_config_free(config);
    return result;
}

void loop_free(struct loop *loop)
{
    if (!loop)
        return;
    if (loop->base)
        event_base_free(loop->base);
    free(loop->moment);
    free(loop);
}

int loop_run(struct loop *loop)
{
    int result = 0;
    loop->running = true;
    loop->stopping = false;
    while (!loop->stopping && result == 0) {
        loop->moment->known = false;
        if (event_base_loop(loop->base, EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY) < 0)
            result = errno ? -errno : ERR_BUG;
    }
    loop->running = false;
    return result;
}

void loop_stop(struct loop *loop)
{
    loop->stopping = true;
    event_base_loopbreak(loop->base);
}

int64_t loop_now(const struct loop *loop)
{
    if (!loop->running)
        return clock_ms();
    if (!loop->moment->known)
        *loop->moment = (struct moment){.known = true, .ms = clock_ms()};
    return loop->moment->ms;
}

/* ---- timers ---- */

struct loop_timer {
    struct loop *loop;
    struct event *event;
    int64_t deadline;
    void (*callback)(void *context);
    void *context;
};

static void arm(struct loop_timer *timer, int64_t ms)
{
    struct timeval wait = {.tv_sec = (time_t)(ms / 1000),
                           .tv_usec = (suseconds_t)(ms % 1000 * 1000)};
    if (event_add(timer->event, &wait) != 0)
        log_event(LEVEL_ERROR, "event=timer_lost text=\"no memory for a timer\"");
}

static void timer_fired(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct loop_timer *timer = context;
    /* libevent's clock is the kernel's coarse one, some milliseconds behind ours. */
    int64_t early = timer->deadline - clock_ms();
    if (early > 0)
        arm(timer, early);
    else
        timer->callback(timer->context);
}

int loop_timer_new(struct loop_timer **out, struct loop *loop, void (*callback)(void *context),
                   void *context)
{
    struct loop_timer *timer = calloc(1, sizeof *timer);
    if (!timer)
        return -ENOMEM;
    *timer = (struct loop_timer){.loop = loop, .callback = callback, .context = context};
    timer->event = evtimer_new(loop->base, timer_fired, timer);
    if (!timer->event) {
        free(timer);
        return -ENOMEM;
    }
    *out = timer;
    return 0;
}

void loop_timer_start(struct loop_timer *timer, int64_t ms)
{
    if (ms < 0)
        ms = 0;
    timer->deadline = loop_now(timer->loop) + ms;
    arm(timer, ms);
}

void loop_timer_stop(struct loop_timer *timer)
{
    event_del(timer->event);
}

void loop_timer_free(struct loop_timer *timer)
{
    if (!timer)
        return;
    event_free(timer->event);
    free(timer);
}

/* ---- descriptors ---- */

struct loop_watch {
    struct loop *loop;
    struct event *event;
    int fd;
    unsigned interest;
    void (*callback)(void *context, unsigned ready);
    void *context;
};

static void watch_fired(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    struct loop_watch *watch = context;
    unsigned ready = (what & EV_READ ? LOOP_READ : 0) | (what & EV_WRITE ? LOOP_WRITE : 0);
    watch->callback(watch->context, ready);
}

int loop_watch_new(struct loop_watch **out, struct loop *loop, int fd,
                   void (*callback)(void *context, unsigned ready), void *context)
{
    struct loop_watch *watch = calloc(1, sizeof *watch);
    if (!watch)
        return -ENOMEM;
    *watch = (struct loop_watch){.loop = loop, .fd = fd, .callback = callback, .context = context};
    watch->event = event_new(loop->base, fd, EV_READ | EV_PERSIST, watch_fired, watch);
    if (!watch->event) {
        free(watch);
        return -ENOMEM;
    }
    *out = watch;
    return 0;
}

int loop_watch_set(struct loop_watch *watch, unsigned interest)
{
    if (interest == watch->interest)
        return 0;
    event_del(watch->event);
    watch->interest = 0;
    if (interest == 0)
        return 0;
    short what = EV_PERSIST;
    if (interest & LOOP_READ)
        what |= EV_READ;
    if (interest & LOOP_WRITE)
        what |= EV_WRITE;
    errno = 0;
    if (event_assign(watch->event, watch->loop->base, watch->fd, what, watch_fired, watch) != 0 ||
        event_add(watch->event, NULL) != 0)
        return errno ? -errno : -ENOMEM;
    watch->interest = interest;
    return 0;
}

void loop_watch_free(struct loop_watch *watch)
{
    if (!watch)
        return;
    event_free(watch->event);
    free(watch);
}

/* ---- signals ---- */

struct loop_signal {
    struct event *event;
    int number;
    void (*callback)(void *context, int number);
    void *context;
};

static void signal_fired(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct loop_signal *watch = context;
    watch->callback(watch->context, watch->number);
}

int loop_signal_new(struct loop_signal **out, struct loop *loop, int number,
                    void (*callback)(void *context, int number), void *context)
{
    struct loop_signal *watch = calloc(1, sizeof *watch);
    if (!watch)
        return -ENOMEM;
    *watch = (struct loop_signal){.number = number, .callback = callback, .context = context};
    watch->event = evsignal_new(loop->base, number, signal_fired, watch);
    if (!watch->event || event_add(watch->event, NULL) != 0) {
        loop_signal_free(watch);
        return -ENOMEM;
    }
    *out = watch;
    return 0;
}

void loop_signal_free(struct loop_signal *watch)
{
    if (!watch)
        return;
    if (watch->event)
        event_free(watch->event);
    free(watch);
}

/* ---- wakers ---- */

struct loop_waker {
    int fd;
    atomic_bool pending;
    struct loop_watch *watch;
    void (*callback)(void *context);
    void *context;
};

static void waker_fired(void *context, unsigned ready)
{
    (void)ready;
    struct loop_waker *waker = context;
    uint64_t count;
    if (read(waker->fd, &count, sizeof count) < 0) {
        /* Nothing is there: somebody else's turn took it, which cannot hurt. */
    }
    atomic_store(&waker->pending, false); /* before the callback: what comes from now on counts */
    waker->callback(waker->context);
}

int loop_waker_new(struct loop_waker **out, struct loop *loop, void (*callback)(void *context),
                   void *context)
{
    struct loop_waker *waker = calloc(1, sizeof *waker);
    if (!waker)
        return -ENOMEM;
    waker->callback = callback;
    waker->context = context;
    waker->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int result = waker->fd < 0 ? -errno : 0;
    if (result == 0)
        result = loop_watch_new(&waker->watch, loop, waker->fd, waker_fired, waker);
    if (result == 0)
        result = loop_watch_set(waker->watch, LOOP_READ);
    if (result) {
        loop_waker_free(waker);
        return result;
    }
    *out = waker;
    return 0;
}

void loop_wake(struct loop_waker *waker)
{
    if (atomic_exchange(&waker->pending, true))
        return;
    const uint64_t one = 1;
    if (write(waker->fd, &one, sizeof one) < 0) {
        /* The counter is full, so the loop is awake already. */
    }
}

void loop_waker_free(struct loop_waker *waker)
{
    if (!waker)
        return;
    loop_watch_free(waker->watch);
    if (waker->fd >= 0)
        close(waker->fd);
    free(waker);
}
