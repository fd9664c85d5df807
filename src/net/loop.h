/*
 * loop: one event loop a process, on libevent_core.
 *
 * Everything here belongs to the thread that runs the loop, but loop_wake(). Callbacks never free
 * the object that calls them: they mark (stop, close), and the loop reaps after they return - the
 * _free functions may be called from anywhere on the loop's thread, an object's own callback
 * included.
 */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct loop_timer;
struct loop_watch;
struct loop_signal;

int loop_new(struct loop **out) CHECKED;
void loop_free(struct loop *loop);
/* Runs until loop_stop(); 0, or an error of the kernel's. */
int loop_run(struct loop *loop) CHECKED;
void loop_stop(struct loop *loop);
/* From any thread: `callback` runs on the loop soon, once, however often it was called meanwhile.
 */
struct loop_waker;
int loop_waker_new(struct loop_waker **out, struct loop *loop, void (*callback)(void *context),
                   void *context) CHECKED;
void loop_wake(struct loop_waker *waker);
void loop_waker_free(struct loop_waker *waker);

/* Monotonic milliseconds, read once a turn of the loop. */
int64_t loop_now(const struct loop *loop);

/* ---- timers: one-shot; start again from the callback to repeat ---- */
int loop_timer_new(struct loop_timer **out, struct loop *loop, void (*callback)(void *context),
                   void *context) CHECKED;
void loop_timer_start(struct loop_timer *timer, int64_t ms); /* a running timer is set anew */
void loop_timer_stop(struct loop_timer *timer);
void loop_timer_free(struct loop_timer *timer);

/* ---- descriptors: level-triggered; the descriptor stays the caller's ---- */
enum loop_interest { LOOP_READ = 1, LOOP_WRITE = 2 };
int loop_watch_new(struct loop_watch **out, struct loop *loop, int fd,
                   void (*callback)(void *context, unsigned ready), void *context) CHECKED;
/* What to wait for: LOOP_READ | LOOP_WRITE, or 0 to pause. */
int loop_watch_set(struct loop_watch *watch, unsigned interest) CHECKED;
void loop_watch_free(struct loop_watch *watch);

/* ---- signals ---- */
int loop_signal_new(struct loop_signal **out, struct loop *loop, int number,
                    void (*callback)(void *context, int number), void *context) CHECKED;
void loop_signal_free(struct loop_signal *signal);

#endif
