/* What a phone has of its calls, and what it is told to show of them. */
#include "service/callmanager/call_parts.h"

#include "base/text.h"

#include <stdlib.h>

struct leg *leg_find(const struct call_phone *phone, uint32_t reference)
{
    struct leg *leg = phone->legs;
    while (leg && leg->reference != reference)
        leg = leg->next;
    return leg;
}

bool leg_is_active(const struct leg *leg)
{
    return leg->state != LEG_HELD && leg->state != LEG_RINGING_IN;
}

struct leg *leg_active(const struct call_phone *phone)
{
    struct leg *leg = phone->legs;
    while (leg && !leg_is_active(leg))
        leg = leg->next;
    return leg;
}

struct line *line_find(const struct call_phone *phone, unsigned instance)
{
    for (size_t i = 0; i < phone->line_count; i++)
        if (phone->lines[i].instance == instance)
            return &phone->lines[i];
    return NULL;
}

bool line_has_room(const struct call_engine *e, const struct line *line)
{
    return line->legs < e->limits.per_line && line->phone->leg_count < e->limits.per_phone;
}

static void unsettle(struct call_engine *e, struct call_phone *phone)
{
    if (phone->unsettled)
        return;
    phone->unsettled = true;
    phone->next_unsettled = e->unsettled;
    e->unsettled = phone;
}

void phones_settle(struct call_engine *e)
{
    while (e->unsettled) {
        struct call_phone *phone = e->unsettled;
        bool rings = leg_active(phone) == NULL;
        e->unsettled = phone->next_unsettled;
        phone->unsettled = false;
        for (struct leg *leg = phone->legs; leg; leg = leg->next)
            if (leg->state == LEG_RINGING_IN) {
                leg_show(e, leg);
                leg_ring(e, leg, rings);
            }
    }
}

void leg_move(struct call_engine *e, struct leg *leg, enum leg_state state)
{
    leg->state = state;
    unsettle(e, leg->phone);
}

struct leg *leg_new(struct call_engine *e, struct line *line, enum leg_state state)
{
    struct leg *leg = calloc(1, sizeof *leg);
    if (!leg)
        return NULL;
    do
        number_after(&e->last_reference);
    while (leg_find(line->phone, e->last_reference));
    *leg = (struct leg){.next = line->phone->legs,
                        .phone = line->phone,
                        .line = line,
                        .reference = e->last_reference,
                        .state = state};
    line->phone->legs = leg;
    line->phone->leg_count++;
    line->legs++;
    unsettle(e, line->phone);
    return leg;
}

static void unlink_leg(struct leg *leg)
{
    struct leg **at = &leg->phone->legs;
    while (*at != leg)
        at = &(*at)->next;
    *at = leg->next;
    leg->phone->leg_count--;
    leg->line->legs--;
}

void leg_drop(struct call_engine *e, struct leg *leg, enum call_cause cause)
{
    struct leg *other = leg->transfers ? leg->transfers : leg->consultation;
    struct call_action idle = {.kind = CALL_ACT_SHOW,
                               .show = {.state = CALL_STATE_IDLE, .cause = cause}};
    call_timer_stop(&e->timers, &leg->timer);
    leg_tone(e, leg, CALL_TONE_NONE);
    leg_ring(e, leg, false);
    act(e, leg, &idle);
    unlink_leg(leg);
    unsettle(e, leg->phone);
    if (other) {
        other->transfers = other->consultation = NULL;
        leg_show(e, other);
    }
    free(leg);
}

/* ---- what is shown ---- */

static enum call_state failed_state(enum call_cause cause)
{
    switch (cause) {
    case CALL_CAUSE_BUSY:
    case CALL_CAUSE_DECLINED:
        return CALL_STATE_FAILED_BUSY;
    case CALL_CAUSE_UNKNOWN_NUMBER:
        return CALL_STATE_FAILED_UNKNOWN;
    default:
        return CALL_STATE_FAILED;
    }
}

static bool is_held_by_other(const struct leg *leg)
{
    const struct leg *other = leg->call->leg[!leg->side];
    return other && other->state == LEG_HELD;
}

static enum call_state state_to_show(const struct leg *leg)
{
    switch (leg->state) {
    case LEG_DIALLING:
        return leg->digit_count ? CALL_STATE_DIALLING : CALL_STATE_DIALTONE;
    case LEG_FORWARDING:
        return leg->digit_count ? CALL_STATE_DIALLING : CALL_STATE_FORWARDING;
    case LEG_RINGING_OUT:
        return leg->call->ringing ? CALL_STATE_RINGING_OUT : CALL_STATE_PROCEEDING;
    case LEG_RINGING_IN:
        return leg_active(leg->phone) ? CALL_STATE_WAITING : CALL_STATE_RINGING_IN;
    case LEG_TALKING:
        return is_held_by_other(leg) ? CALL_STATE_HELD_BY_OTHER : CALL_STATE_CONNECTED;
    case LEG_HELD:
        return leg->consultation ? CALL_STATE_TRANSFERRING : CALL_STATE_HELD;
    case LEG_FAILED:
        return failed_state(leg->cause);
    case LEG_NONE:
        break;
    }
    return CALL_STATE_IDLE;
}

void leg_show(struct call_engine *e, struct leg *leg)
{
    enum call_state state = state_to_show(leg);
    if (leg->shown == state && leg->completes == (leg->transfers != NULL))
        return;
    leg->shown = state;
    leg->completes = leg->transfers != NULL;
    struct call_action show = {
        .kind = CALL_ACT_SHOW,
        .show = {.state = state, .cause = leg->cause, .completes = leg->completes}};
    act(e, leg, &show);
}

void leg_tone(struct call_engine *e, struct leg *leg, enum call_tone tone)
{
    struct call_action action = {.kind = CALL_ACT_TONE, .tone = tone};
    if (leg->tone == tone)
        return;
    act(e, leg, &action);
    /* It ends by itself. */
    leg->tone = tone == CALL_TONE_WAITING ? CALL_TONE_NONE : tone;
}

void leg_ring(struct call_engine *e, struct leg *leg, bool on)
{
    struct call_action action = {.kind = CALL_ACT_RING, .ring = on};
    if (leg->rings == on)
        return;
    leg->rings = on;
    act(e, leg, &action);
}

void leg_info(struct call_engine *e, struct leg *leg)
{
    const struct call *call = leg->call;
    struct call_action action = {
        .kind = CALL_ACT_INFO,
        .info = {.outbound = leg->side == CALL_CALLER,
                 .calling = call->party[CALL_CALLER].shown,
                 .called = call->party[CALL_CALLEE].shown,
                 .original = call->original,
                 .redirecting = call->redirecting,
                 .reason = call->reason,
                 .security = call->answered < 0 ? CALL_SECURITY_UNKNOWN : talk_security(call)}};
    leg->told = action.info.security;
    act(e, leg, &action);
}

void leg_fail(struct call_engine *e, struct leg *leg, enum call_cause cause)
{
    bool busy = cause == CALL_CAUSE_BUSY || cause == CALL_CAUSE_DECLINED;
    leg->call = NULL;
    leg_move(e, leg, LEG_FAILED);
    leg->cause = cause;
    leg_show(e, leg);
    leg_tone(e, leg, busy ? CALL_TONE_BUSY : CALL_TONE_REORDER);
    call_timer_start(&e->timers, &leg->timer, WAIT_FAILED, leg);
}
