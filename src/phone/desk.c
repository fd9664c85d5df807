#include "phone/desk.h"

#include <errno.h>
#include <stdlib.h>

struct desk {
    struct desk_setup setup;
    struct loop_timer *timer;
    struct script *script; /* NULL: none runs */
    unsigned told;         /* the line that was told last */
    uint32_t answered;     /* the call that was answered last */
};

/* ---- what there is to see ---- */

static struct script_view view_of(struct signalling *s)
{
    struct script_view view = {.registered = s && registration_is_done(signalling_registration(s))};
    for (size_t i = 0; s && i < HANDSET_CALLS; i++) {
        const struct handset_call *call = handset_call(signalling_handset(s), i);
        struct audio_counters counters;
        if (call && call->state == SCCP_STATE_CONNECTED && signalling_counters(s, i, &counters)) {
            view.heard = counters.received;
            break;
        }
    }
    return view;
}

/* ---- doing ---- */

static void tell_line(struct desk *d)
{
    unsigned number = 0;
    const char *line = script_line(d->script, &number);
    if (line && number != d->told)
        d->setup.line(d->setup.context, line);
    d->told = number;
}

static void finish(struct desk *d, int error, const struct why *why)
{
    script_free(d->script);
    d->script = NULL;
    d->setup.done(d->setup.context, error, why);
}

static void answer_what_rings(struct desk *d, struct signalling *s)
{
    const uint32_t rings = HANDSET_IN(SCCP_STATE_RING_IN) | HANDSET_IN(SCCP_STATE_CALL_WAITING);
    const struct handset_call *call = handset_find(signalling_handset(s), rings);
    if (!call)
        d->answered = 0; /* who rings next is another, even if its id is the same */
    if (!d->setup.answers || !call || call->id == d->answered)
        return;
    d->answered = call->id;
    if (handset_answer(signalling_handset(s), NULL) == 0)
        signalling_pump(s);
}

static void run(void *context)
{
    struct desk *d = context;
    struct signalling *s = phone_signalling(d->setup.phone);
    struct script_view view = view_of(s);
    struct why why = WHY_NONE;
    int64_t now = loop_now(d->setup.loop);
    if (!s)
        return; /* it boots: desk_poke() comes when it has */
    if (!d->script) {
        answer_what_rings(d, s);
        return;
    }
    tell_line(d);
    enum script_state state = script_step(d->script, signalling_handset(s), &view, now, &why);
    if (state == SCRIPT_WAITS && script_due(d->script) != SCRIPT_NEVER)
        loop_timer_start(d->timer, script_due(d->script) > now ? script_due(d->script) - now : 0);
    signalling_pump(s);
    if (state != SCRIPT_WAITS)
        finish(d, state == SCRIPT_DONE ? 0 : ERR_CONFLICT, &why);
}

int desk_new(struct desk **out, const struct desk_setup *setup)
{
    struct desk *d = calloc(1, sizeof *d);
    if (!d)
        return -ENOMEM;
    d->setup = *setup;
    int result = loop_timer_new(&d->timer, setup->loop, run, d);
    if (result)
        free(d);
    else
        *out = d;
    return result;
}

void desk_free(struct desk *d)
{
    if (!d)
        return;
    loop_timer_free(d->timer);
    script_free(d->script);
    free(d);
}

void desk_run(struct desk *d, struct script *script)
{
    script_free(d->script);
    d->script = script;
    d->told = 0;
    desk_poke(d);
}

bool desk_is_busy(const struct desk *d)
{
    return d->script != NULL;
}

/* Not now: who calls this is within a callback. */
void desk_poke(struct desk *d)
{
    loop_timer_start(d->timer, 0);
}
