/* Conversations: answered, on hold, over. */
#include "service/callmanager/call_parts.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* ---- the books ---- */

static enum call_progress progress_of(const struct call *call)
{
    if (call->preserved)
        return CALL_PROGRESS_PRESERVED;
    if (call->answered < 0)
        return CALL_PROGRESS_RINGING;
    return talk_is_connected(call) ? CALL_PROGRESS_TALKING : CALL_PROGRESS_HELD;
}

static struct call_record record_of(const struct call *call)
{
    struct call_record record = {
        .id = call->id,
        .began = call->began,
        .answered = call->answered,
        .ended = -1,
        .security = call->answered < 0 ? CALL_SECURITY_UNKNOWN : talk_security(call),
        .suite = call->was_encrypted ? CALL_SUITE_AES_CM_128_HMAC_SHA1_32 : CALL_SUITE_NONE,
        .progress = progress_of(call)};
    text_copy(record.dialled, sizeof record.dialled, call->dialled);
    for (int side = CALL_CALLER; side < CALL_SIDES; side++) {
        const struct party *party = &call->party[side];
        struct store_call_party *out = &record.party[side];
        out->security = party->security;
        text_copy(out->number, sizeof out->number, party->shown.number);
        text_copy(out->device, sizeof out->device, party->device);
    }
    return record;
}

void talk_record(struct call_engine *e, struct call *call)
{
    const struct call_action action = {.kind = CALL_ACT_PROGRESS, .record = record_of(call)};
    act_books(e, &action);
}

void talk_record_end(struct call_engine *e, struct call *call, enum call_cause cause,
                     enum call_side by)
{
    struct call_action action = {.kind = CALL_ACT_OVER, .record = record_of(call)};
    action.record.ended = e->timers.now;
    action.record.cause = cause;
    action.record.ended_by = by;
    act_books(e, &action);
}

/* ---- a call and its parties ---- */

void talk_party(struct party *party, const struct leg *leg)
{
    *party = (struct party){.security = leg->phone->security};
    text_copy(party->shown.name, sizeof party->shown.name, leg->line->name);
    text_copy(party->device, sizeof party->device, leg->phone->device);
    if (leg->line->number)
        text_copy(party->shown.number, sizeof party->shown.number, leg->line->number->digits);
}

enum call_security talk_security(const struct call *call)
{
    return call_security_least(call->party[CALL_CALLER].security,
                               call->party[CALL_CALLEE].security);
}

static bool talks(const struct leg *leg)
{
    return leg && leg->state == LEG_TALKING;
}

bool talk_is_connected(const struct call *call)
{
    return talks(call->leg[CALL_CALLER]) && talks(call->leg[CALL_CALLEE]);
}

void talk_tell(struct call_engine *e, struct call *call)
{
    for (int side = CALL_SIDES - 1; side >= CALL_CALLER; side--)
        if (call->leg[side]) {
            leg_show(e, call->leg[side]);
            leg_info(e, call->leg[side]);
        }
}

void call_free(struct call_engine *e, struct call *call)
{
    call_timer_stop(&e->timers, &call->ring);
    call_timer_stop(&e->timers, &call->opening);
    if (call->previous)
        call->previous->next = call->next;
    else
        e->calls = call->next;
    if (call->next)
        call->next->previous = call->previous;
    e->call_count--;
    e->preserved_count -= call->preserved;
    free(call);
}

/* ---- the end ---- */

void talk_drop_ringing(struct call_engine *e, struct call *call, const struct leg *but,
                       enum call_cause cause)
{
    struct leg *next;
    for (struct leg *leg = call->ringing; leg; leg = next) {
        next = leg->next_ringing;
        leg->next_ringing = NULL;
        if (leg != but)
            leg_drop(e, leg, cause);
    }
    call->ringing = NULL;
}

void talk_end(struct call_engine *e, struct call *call, enum call_cause cause, enum call_side by)
{
    struct leg *legs[CALL_SIDES] = {call->leg[CALL_CALLER], call->leg[CALL_CALLEE]};
    media_disconnect(e, call);
    talk_record_end(e, call, cause, by);
    talk_drop_ringing(e, call, NULL, cause);
    if (legs[by])
        leg_drop(e, legs[by], cause);
    if (legs[!by])
        leg_drop(e, legs[!by], cause);
    call_free(e, call);
}

void talk_fail(struct call_engine *e, struct call *call, enum call_cause cause)
{
    struct leg *caller = call->leg[CALL_CALLER];
    e->counters.failed++;
    talk_drop_ringing(e, call, NULL, cause);
    talk_record_end(e, call, cause, CALL_CALLEE);
    call_free(e, call);
    leg_fail(e, caller, cause);
}

void talk_hang_up(struct call_engine *e, struct leg *leg)
{
    if (!leg->call) /* it dials, or has failed */
        leg_drop(e, leg, CALL_CAUSE_HUNG_UP);
    else
        talk_end(e, leg->call, leg->call->answered < 0 ? CALL_CAUSE_ABANDONED : CALL_CAUSE_HUNG_UP,
                 leg->side);
}

static bool can_be_preserved(const struct call *call, const struct leg *leg)
{
    return call->leg[!leg->side] && talk_is_connected(call) && media_is_up(call);
}

static void preserve(struct call_engine *e, struct call *call, struct leg *leg)
{
    struct leg *other = call->leg[!leg->side];
    uint32_t reference = leg->reference;
    call->leg[leg->side] = NULL;
    leg_drop(e, leg, CALL_CAUSE_CONNECTION_LOST);
    call->preserved = true;
    call->lost = reference;
    e->preserved_count++;
    act_notice(e, other->phone, other, CALL_CAUSE_CONNECTION_LOST);
    talk_record(e, call);
}

void talk_end_preserved(struct call_engine *e, const char *device, uint32_t reference,
                        enum call_cause cause)
{
    struct call *next;
    if (e->preserved_count == 0)
        return;
    for (struct call *call = e->calls; call; call = next) {
        enum call_side lost = call->leg[CALL_CALLER] ? CALL_CALLEE : CALL_CALLER;
        next = call->next;
        if (call->preserved && (!reference || call->lost == reference) &&
            strcmp(call->party[lost].device, device) == 0)
            talk_end(e, call, cause, lost);
    }
}

/* Nobody wonders who hung up: the other is told that nobody did. */
static void lose_for_good(struct call_engine *e, struct leg *leg, enum call_cause cause)
{
    struct leg *other = leg->call->leg[!leg->side];
    if (cause == CALL_CAUSE_SHOWN_OUT && other)
        act_notice(e, other->phone, other, cause);
    talk_end(e, leg->call, cause, leg->side);
}

void talk_lose(struct call_engine *e, struct leg *leg, enum call_cause cause)
{
    if (!leg->call)
        leg_drop(e, leg, cause);
    else if (leg->state == LEG_RINGING_IN)
        route_lose(e, leg);
    else if (cause == CALL_CAUSE_CONNECTION_LOST && can_be_preserved(leg->call, leg))
        preserve(e, leg->call, leg);
    else
        lose_for_good(e, leg, cause);
}

/* ---- connecting ---- */

/* A screen that shows more security than there will be is told so before there is any audio. */
static void take_back_lock(struct call_engine *e, struct call *call)
{
    for (int side = CALL_SIDES - 1; side >= CALL_CALLER; side--)
        if (call->leg[side]->told > talk_security(call))
            leg_info(e, call->leg[side]);
}

bool talk_connect(struct call_engine *e, struct call *call)
{
    bool connects = talk_is_connected(call);
    if (connects)
        take_back_lock(e, call);
    if (connects && !media_connect(e, call)) {
        e->counters.failed++;
        talk_end(e, call, CALL_CAUSE_NO_CODEC, CALL_CALLEE);
        return false;
    }
    talk_tell(e, call);
    talk_record(e, call);
    return true;
}

void talk_answer(struct call_engine *e, struct leg *leg)
{
    struct call *call = leg->call;
    struct leg *caller = call->leg[CALL_CALLER];
    if (!talk_clear_way(e, leg->phone))
        return;
    call_timer_stop(&e->timers, &call->ring);
    talk_drop_ringing(e, call, leg, CALL_CAUSE_ELSEWHERE);
    leg_ring(e, leg, false);
    leg_tone(e, caller, CALL_TONE_NONE);
    call->leg[CALL_CALLEE] = leg;
    call->answered = e->timers.now;
    talk_party(&call->party[CALL_CALLEE], leg);
    leg_move(e, leg, LEG_TALKING);
    leg_move(e, caller, LEG_TALKING);
    e->counters.connected++;
    (void)talk_connect(e, call);
}

/* ---- hold ---- */

/* With one of the phones gone there is nobody to connect again with. */
static bool is_changeable(struct call_engine *e, struct leg *leg)
{
    if (leg->call->preserved)
        act_notice(e, leg->phone, leg, CALL_CAUSE_CONNECTION_LOST);
    return !leg->call->preserved;
}

void talk_hold(struct call_engine *e, struct leg *leg)
{
    if (!is_changeable(e, leg))
        return;
    media_disconnect(e, leg->call);
    leg_move(e, leg, LEG_HELD);
    talk_tell(e, leg->call);
    talk_record(e, leg->call);
}

void talk_resume(struct call_engine *e, struct leg *leg)
{
    if (!talk_clear_way(e, leg->phone))
        return;
    leg_move(e, leg, LEG_TALKING);
    (void)talk_connect(e, leg->call);
}

bool talk_clear_way(struct call_engine *e, struct call_phone *phone)
{
    struct leg *active = leg_active(phone);
    if (!active)
        return true;
    if (active->state != LEG_TALKING) {
        talk_hang_up(e, active);
        return true;
    }
    talk_hold(e, active);
    return active->state == LEG_HELD;
}
