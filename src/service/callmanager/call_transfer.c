/*
 * Transfer. The party to be transferred is on hold while its call's other party, who transfers,
 * asks for a number (the consultation). Pressed again, that call's other end - who talks, or still
 * rings - is joined with who was on hold, in a call of their own.
 */
#include "service/callmanager/call_parts.h"

#include "base/text.h"

static void consult(struct call_engine *e, struct leg *leg)
{
    struct leg *asks = dial_begin(e, leg->phone, leg->line->instance);
    if (!asks)
        return;
    leg->consultation = asks;
    asks->transfers = leg;
    leg_show(e, leg);
    leg_show(e, asks);
}

static bool is_possible(const struct leg *held, const struct leg *asks)
{
    const struct call *first = held->call;
    const struct call *second = asks->call;
    const struct leg *party = first->leg[!held->side];
    if (first->preserved || second->preserved)
        return false;
    /* No phone calls itself: only one of the two could be active. */
    if (second->answered >= 0)
        return second->leg[!asks->side]->phone != party->phone;
    /* Who has the call on hold hears no ringing. */
    for (const struct leg *leg = second->ringing; leg; leg = leg->next_ringing)
        if (leg->phone == party->phone)
            return false;
    return party->state == LEG_TALKING;
}

/* `party` takes the place of the caller, who transfers. */
static void replace_caller(struct call *call, struct leg *party, const struct party *as)
{
    call->redirecting = call->party[CALL_CALLER].shown;
    call->reason = CALL_BY_TRANSFER;
    call->party[CALL_CALLER] = *as;
    call->leg[CALL_CALLER] = party;
    party->call = call;
    party->side = CALL_CALLER;
}

static void tell_that_it_rings(struct call_engine *e, struct call *call)
{
    struct leg *party = call->leg[CALL_CALLER];
    leg_move(e, party, LEG_RINGING_OUT);
    leg_show(e, party);
    leg_info(e, party);
    leg_tone(e, party, CALL_TONE_RINGING);
    for (struct leg *leg = call->ringing; leg; leg = leg->next_ringing)
        leg_info(e, leg);
    talk_record(e, call);
}

/* The two calls end in the books, and a third begins: each is of two parties that stay the same. */
static void complete(struct call_engine *e, struct leg *held, struct leg *asks)
{
    struct call *first = held->call;
    struct call *second = asks->call;
    struct leg *party = first->leg[!held->side];
    struct party as = first->party[!held->side];
    media_disconnect(e, first); /* it may have been taken back from hold meanwhile */
    media_disconnect(e, second);
    held->consultation = asks->transfers = NULL;
    talk_record_end(e, first, CALL_CAUSE_TRANSFERRED, held->side);
    talk_record_end(e, second, CALL_CAUSE_TRANSFERRED, CALL_CALLER);
    replace_caller(second, party, &as);
    call_free(e, first);
    leg_drop(e, asks, CALL_CAUSE_TRANSFERRED);
    leg_drop(e, held, CALL_CAUSE_TRANSFERRED);
    second->id = number_after(&e->last_call);
    second->began = e->timers.now;
    second->was_encrypted = false;
    if (second->answered < 0) {
        tell_that_it_rings(e, second);
        return;
    }
    second->answered = e->timers.now;
    e->counters.connected++;
    (void)talk_connect(e, second);
}

void transfer_press(struct call_engine *e, struct leg *leg)
{
    struct leg *held = leg->transfers ? leg->transfers : leg;
    struct leg *asks = held->consultation;
    if (!asks) {
        if (held->state == LEG_RINGING_OUT)
            return; /* there is nobody yet to be transferred */
        consult(e, held);
    } else if (asks->call && is_possible(held, asks)) {
        complete(e, held, asks);
    } else {
        act_notice(e, leg->phone, leg, asks->cause);
    }
}
