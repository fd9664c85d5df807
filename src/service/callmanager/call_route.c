/* From a number to the phones that ring: forwards, busy lines, numbers nobody answers. */
#include "service/callmanager/call_parts.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* ---- ringing ---- */

/* The name of a number is that of its line; with several it is the first that has one. */
static void name_of(struct call_party *out, const char *digits, const struct number *number)
{
    const struct line *line = number ? number->lines : NULL;
    *out = (struct call_party){.number = ""};
    text_copy(out->number, sizeof out->number, digits);
    while (line && !line->name[0])
        line = line->next;
    if (line)
        text_copy(out->name, sizeof out->name, line->name);
}

static bool ring_line(struct call_engine *e, struct call *call, struct line *line)
{
    struct leg *active = leg_active(line->phone);
    struct leg *leg = leg_new(e, line, LEG_RINGING_IN);
    if (!leg)
        return false;
    leg->call = call;
    leg->side = CALL_CALLEE;
    leg->next_ringing = call->ringing;
    call->ringing = leg;
    leg_show(e, leg);
    leg_info(e, leg);
    if (!active)
        leg_ring(e, leg, true);
    else if (active->state == LEG_TALKING)
        leg_tone(e, active, CALL_TONE_WAITING);
    return true;
}

/* How many of the number's lines ring; *registered is how many there are. The phone that
 * calls does not ring. */
static unsigned ring_lines(struct call_engine *e, struct call *call, const struct number *number,
                           unsigned *registered)
{
    const struct call_phone *caller = call->leg[CALL_CALLER]->phone;
    unsigned rings = 0;
    *registered = 0;
    for (struct line *line = number->lines; line; line = line->next) {
        ++*registered;
        if (rings < e->limits.rings && line->phone != caller && line_has_room(e, line) &&
            ring_line(e, call, line))
            rings++;
    }
    return rings;
}

static void tell_ringing(struct call_engine *e, struct call *call, const struct number *number)
{
    struct leg *caller = call->leg[CALL_CALLER];
    bool forwards = number->forwards.to[CALL_FORWARD_NO_ANSWER][0] != '\0';
    leg_show(e, caller);
    leg_info(e, caller);
    leg_tone(e, caller, CALL_TONE_RINGING);
    call_timer_start(&e->timers, &call->ring, forwards ? WAIT_NO_ANSWER : WAIT_RING, call);
    talk_record(e, call);
}

/* ---- finding out who is to ring ---- */

static const enum call_redirect reasons[] = {
    [CALL_FORWARD_ALL] = CALL_BY_ALL,
    [CALL_FORWARD_BUSY] = CALL_BY_BUSY,
    [CALL_FORWARD_NO_ANSWER] = CALL_BY_NO_ANSWER,
};

/* The number that the present one is forwarded to, or NULL: then it is not, or *cause says why it
 * cannot be. */
static struct number *redirect(struct call_engine *e, struct call *call,
                               const struct number *number, enum call_forward forward,
                               enum call_cause *cause)
{
    const char *to = number->forwards.to[forward];
    if (!to[0])
        return NULL;
    if (++call->forwards > e->limits.forwards) {
        *cause = CALL_CAUSE_FORWARD_LOOP;
        return NULL;
    }
    struct number *next = call_plan_find(&e->plan, to);
    if (!next)
        *cause = CALL_CAUSE_UNKNOWN_NUMBER;
    call->redirecting = call->party[CALL_CALLEE].shown;
    call->reason = reasons[forward];
    name_of(&call->party[CALL_CALLEE].shown, to, next);
    text_copy(call->target, sizeof call->target, to);
    return next;
}

/* Offers the call to the number, and to where it is forwarded. `forward`: what is asked of the
 * first number before it rings. */
static void offer(struct call_engine *e, struct call *call, struct number *number,
                  enum call_forward forward, enum call_cause cause)
{
    for (;;) {
        struct number *next = redirect(e, call, number, forward, &cause);
        if (next) {
            number = next;
            forward = CALL_FORWARD_ALL;
            cause = CALL_CAUSE_NONE;
            continue;
        }
        if (cause != CALL_CAUSE_NONE) {
            talk_fail(e, call, cause);
            return;
        }
        unsigned registered;
        if (ring_lines(e, call, number, &registered)) {
            tell_ringing(e, call, number);
            return;
        }
        /* Where nobody is, nobody answers. */
        forward = registered ? CALL_FORWARD_BUSY : CALL_FORWARD_NO_ANSWER;
        cause = registered ? CALL_CAUSE_BUSY : CALL_CAUSE_UNREACHABLE;
    }
}

/* ---- a new call ---- */

static struct call *new_call(struct call_engine *e, struct leg *leg, const char *digits)
{
    struct call *call = e->call_count < e->limits.calls ? calloc(1, sizeof *call) : NULL;
    if (!call)
        return NULL;
    *call = (struct call){.next = e->calls,
                          .id = number_after(&e->last_call),
                          .leg[CALL_CALLER] = leg,
                          .began = e->timers.now,
                          .answered = -1};
    if (call->next)
        call->next->previous = call;
    e->calls = call;
    e->call_count++;
    talk_party(&call->party[CALL_CALLER], leg);
    text_copy(call->dialled, sizeof call->dialled, digits);
    text_copy(call->target, sizeof call->target, digits);
    leg->call = call;
    leg->side = CALL_CALLER;
    leg_move(e, leg, LEG_RINGING_OUT);
    return call;
}

void route_place(struct call_engine *e, struct leg *leg, const char *digits)
{
    struct number *number = call_plan_find(&e->plan, digits);
    struct call_action dialled = {.kind = CALL_ACT_DIALLED};
    text_copy(dialled.number, sizeof dialled.number, digits);
    text_copy(leg->phone->last_dialled, sizeof leg->phone->last_dialled, digits);
    act(e, leg, &dialled);
    e->counters.placed++;
    struct call *call = new_call(e, leg, digits);
    if (!call) {
        e->counters.failed++;
        leg_fail(e, leg, CALL_CAUSE_NO_ROOM);
        return;
    }
    name_of(&call->party[CALL_CALLEE].shown, digits, number);
    call->original = call->party[CALL_CALLEE].shown;
    if (!number) {
        talk_fail(e, call, CALL_CAUSE_UNKNOWN_NUMBER);
        return;
    }
    leg_show(e, leg);
    offer(e, call, number, CALL_FORWARD_ALL, CALL_CAUSE_NONE);
}

/* ---- what rings, and is not answered ---- */

/* The present number has nobody left who rings. */
static void go_on(struct call_engine *e, struct call *call, enum call_forward forward,
                  enum call_cause cause)
{
    struct number *number = call_plan_find(&e->plan, call->target);
    call_timer_stop(&e->timers, &call->ring);
    if (!number) {
        talk_fail(e, call, cause);
        return;
    }
    leg_tone(e, call->leg[CALL_CALLER], CALL_TONE_NONE);
    leg_show(e, call->leg[CALL_CALLER]);
    offer(e, call, number, forward, cause);
}

static void drop_one(struct call_engine *e, struct leg *leg, enum call_cause cause)
{
    struct leg **at = &leg->call->ringing;
    while (*at != leg)
        at = &(*at)->next_ringing;
    *at = leg->next_ringing;
    leg_drop(e, leg, cause);
}

void route_decline(struct call_engine *e, struct leg *leg)
{
    struct call *call = leg->call;
    drop_one(e, leg, CALL_CAUSE_DECLINED);
    if (!call->ringing)
        go_on(e, call, CALL_FORWARD_BUSY, CALL_CAUSE_DECLINED);
}

void route_lose(struct call_engine *e, struct leg *leg)
{
    struct call *call = leg->call;
    drop_one(e, leg, CALL_CAUSE_UNREACHABLE);
    if (!call->ringing)
        go_on(e, call, CALL_FORWARD_NO_ANSWER, CALL_CAUSE_UNREACHABLE);
}

void route_timeout(struct call_engine *e, struct call *call)
{
    talk_drop_ringing(e, call, NULL, CALL_CAUSE_NO_ANSWER);
    go_on(e, call, CALL_FORWARD_NO_ANSWER, CALL_CAUSE_NO_ANSWER);
}
