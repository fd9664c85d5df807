#include "daemon/waves.h"

#include "base/clock.h"
#include "base/log.h"
#include "net/loop.h"
#include "store/enrolment.h"
#include "store/registration.h"

#include <errno.h>
#include <stdlib.h>

enum { MINUTE_MS = 60 * 1000, OPEN_MAX = 256 };

struct waves {
    struct store_async *store;
    struct loop_timer *minute;
    bool busy;  /* the worker looks */
    bool again; /* something changed meanwhile */
};

/* ---- on the worker ---- */

/* Orders with phones that wait. More than fit have their turn when these have ended. */
struct open_waves {
    int64_t id[OPEN_MAX];
    size_t count;
};

static int note_open(void *context, const struct store_wave *wave)
{
    struct open_waves *open = context;
    if (wave->count[WAVE_WAITING] && open->count < OPEN_MAX)
        open->id[open->count++] = wave->id;
    return 0;
}

static int expire(struct store *store, int64_t now, struct why *why)
{
    unsigned expired = 0;
    int result = store_orders_expire(store, now, &expired, why);
    if (result == 0 && expired)
        log_event(LEVEL_NOTICE, "event=enrolment_orders_expired phones=%u", expired);
    return result;
}

/* A bulk order whose time has passed ends: its phones would fail at once. */
static int release(struct store *store, int64_t id, int64_t now, struct why *why)
{
    struct why late = WHY_NONE;
    unsigned released = 0;
    int result = store_wave_release(store, id, now, &released, &late);
    if (result == ERR_CONFLICT) {
        struct store_wave wave;
        if (store_wave_get(store, id, &wave) != 0 || !wave.order.complete_by ||
            wave.order.complete_by > now)
            return why_error(why, result, "%s", why_text(&late, result));
        log_event(LEVEL_WARNING, "event=enrolment_wave_ended wave=%lld waiting=%u reason=\"%s\"",
                  (long long)id, wave.count[WAVE_WAITING], why_text(&late, result));
        return store_wave_cancel(store, id, why);
    }
    if (result)
        return why_error(why, result, "%s", why_text(&late, result));
    if (released)
        log_event(LEVEL_NOTICE, "event=enrolment_wave_released wave=%lld phones=%u", (long long)id,
                  released);
    return 0;
}

static int look_at_enrolment(struct store *store, int64_t now, struct why *why)
{
    struct open_waves open = {.count = 0};
    int result = expire(store, now, why);
    if (result == 0)
        result = store_waves(store, note_open, &open);
    for (size_t i = 0; i < open.count && result == 0; i++)
        result = release(store, open.id[i], now, why);
    return result;
}

/* ---- phones that are told to restart ---- */

static int note_open_reset(void *context, const struct store_reset *reset)
{
    struct open_waves *open = context;
    if (reset->count[RESET_WAITING] && open->count < OPEN_MAX)
        open->id[open->count++] = reset->id;
    return 0;
}

static int release_reset(struct store *store, int64_t id, int64_t now, struct why *why)
{
    unsigned released = 0;
    int result = store_reset_release(store, id, now, &released, why);
    if (result == 0 && released)
        log_event(LEVEL_NOTICE, "event=reset_wave_released reset=%lld phones=%u", (long long)id,
                  released);
    return result;
}

static int look_at_resets(struct store *store, int64_t now, struct why *why)
{
    struct open_waves open = {.count = 0};
    unsigned expired = 0;
    int result = store_resets_expire(store, now, &expired, why);
    if (result == 0 && expired)
        log_event(LEVEL_WARNING, "event=reset_phones_not_back phones=%u", expired);
    if (result == 0)
        result = store_resets(store, note_open_reset, &open);
    for (size_t i = 0; i < open.count && result == 0; i++)
        result = release_reset(store, open.id[i], now, why);
    return result;
}

static int look(void *context, struct store *store)
{
    struct why why = WHY_NONE;
    int64_t now = clock_wall();
    (void)context;
    int result = look_at_enrolment(store, now, &why);
    if (result == 0)
        result = look_at_resets(store, now, &why);
    if (result)
        log_event(LEVEL_ERROR, "event=waves_stopped reason=\"%s\" retry=60s",
                  why_text(&why, result));
    return result;
}

/* ---- on the loop ---- */

static void looked(void *context, int result)
{
    struct waves *w = context;
    (void)result; /* said; the next minute tries again */
    w->busy = false;
    if (w->again)
        waves_look(w);
}

void waves_look(struct waves *w)
{
    w->again = w->busy;
    if (!w->busy)
        w->busy = store_async_do(w->store, look, looked, w) == 0;
}

static void each_minute(void *context)
{
    struct waves *w = context;
    waves_look(w);
    loop_timer_start(w->minute, MINUTE_MS);
}

int waves_new(struct waves **out, struct loop *loop, struct store_async *store)
{
    struct waves *w = calloc(1, sizeof *w);
    if (!w)
        return -ENOMEM;
    w->store = store;
    int result = loop_timer_new(&w->minute, loop, each_minute, w);
    if (result) {
        waves_free(w);
        return result;
    }
    each_minute(w);
    *out = w;
    return 0;
}

void waves_free(struct waves *w)
{
    if (!w)
        return;
    loop_timer_free(w->minute);
    free(w);
}
