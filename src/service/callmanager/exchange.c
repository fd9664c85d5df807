/* What the connections of phones have in common, and the turns they take. */
#include "service/callmanager/visit_parts.h"

#include "base/limit.h"
#include "base/secret.h"

#include <stdlib.h>

enum { REMARKS = 8, CLAIMS = 2, CLAIMS_IN_ALL = 256, REMARKS_MS = 60 * 1000, REMARKED = 4096 };
enum { TOKENS = 100, TOKENS_MS = 1000 }; /* phones that may come back, in that time */

static void fill_random(void *context, void *out, size_t size)
{
    (void)context;
    secret_random(out, size);
}

static void engine_due(void *context)
{
    struct exchange *o = context;
    o->due_at = INT64_MAX;
    while (call_engine_tick(o->engine, loop_now(o->loop)))
        exchange_act(o);
    exchange_run(o);
}

int exchange_init(struct exchange *o, struct loop *loop, size_t max)
{
    static const struct call_chance chance = {fill_random, NULL};
    struct call_limits limits;
    o->loop = loop;
    o->clocks_change = INT64_MAX;
    o->due_at = INT64_MAX;
    o->expires = INT64_MAX;
    call_limits_default(&limits);
    int result = call_engine_new(&o->engine, &limits, &chance);
    if (result == 0)
        result = map_new(&o->registered, max);
    if (result == 0)
        result = badges_new(&o->badges, max);
    if (result == 0)
        result = limit_new(&o->remarks, REMARKED, REMARKS, REMARKS_MS);
    if (result == 0)
        result = limit_new(&o->claims, REMARKED, CLAIMS, REMARKS_MS);
    if (result == 0)
        result = limit_new(&o->claimed, 1, CLAIMS_IN_ALL, REMARKS_MS);
    if (result == 0)
        result = limit_new(&o->tokens, 1, TOKENS, TOKENS_MS);
    if (result == 0)
        result = loop_timer_new(&o->due, loop, engine_due, o);
    return result;
}

void exchange_fini(struct exchange *o)
{
    loop_timer_free(o->due);
    call_engine_free(o->engine);
    map_free(o->registered);
    badges_free(o->badges);
    limit_free(o->remarks);
    limit_free(o->claims);
    limit_free(o->claimed);
    limit_free(o->tokens);
}

/* ---- turns ---- */

void exchange_act(struct exchange *o)
{
    const struct call_action *action;
    while ((action = call_engine_action(o->engine)))
        if (action->owner)
            visit_act(action->owner, action);
        else
            call_ledger_note(o->ledger, action);
}

void exchange_rouse(struct visit *v)
{
    if (v->restless)
        return;
    v->restless = true;
    v->next_restless = v->exchange->restless;
    v->exchange->restless = v;
}

static void wait_for_engine(struct exchange *o)
{
    int64_t due = call_engine_due(o->engine);
    int64_t wait = due - loop_now(o->loop);
    if (due == o->due_at)
        return;
    o->due_at = due;
    if (due == INT64_MAX)
        loop_timer_stop(o->due);
    else
        loop_timer_start(o->due, wait > 0 ? wait : 0);
}

/* Within a turn others become restless: theirs comes in the same run, however deep it was asked
 * for. */
void exchange_run(struct exchange *o)
{
    if (o->running)
        return;
    o->running = true;
    exchange_act(o);
    while (o->restless) {
        struct visit *v = o->restless;
        o->restless = v->next_restless;
        v->restless = false;
        visit_turn(v);
        exchange_act(o);
    }
    o->running = false;
    wait_for_engine(o);
}
