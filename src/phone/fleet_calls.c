/* The calls of a fleet: its phones are pairs, and the first of each calls the second. */
#include "phone/fleet_parts.h"

enum {
    PACE_MS = 10, /* between two looks at how many calls are due */
    BURST = 64,   /* calls placed in one turn of the loop */
};

static int64_t now_of(const struct fleet *f)
{
    return loop_now(f->world.loop);
}

static size_t pairs_of(const struct fleet *f)
{
    return f->arguments->fleet / 2;
}

/* ---- placing one ---- */

/* Its handset, if it is registered now and has no call; else NULL. */
static struct handset *free_handset(const struct member *m)
{
    struct signalling *s = m ? phone_signalling(m->phone) : NULL;
    if (!s || m->calls || !registration_is_done(signalling_registration(s)))
        return NULL;
    struct handset *h = signalling_handset(s);
    for (size_t i = 0; i < HANDSET_CALLS; i++)
        if (handset_call(h, i))
            return NULL;
    return h;
}

/* A call is as secure as its less secure party. */
static unsigned mode_of(const struct member *a, const struct member *b)
{
    return a->mode < b->mode ? a->mode : b->mode;
}

static int dial(struct member *caller, const struct member *callee, const char *number,
                struct why *why)
{
    struct fleet *f = caller->fleet;
    struct script *script = NULL;
    int result = script_of_call(&script, number, mode_of(caller, callee), f->arguments->talk, why);
    if (result)
        return result;
    caller->calls = true;
    caller->dialled = now_of(f);
    f->calls.going++;
    desk_run(caller->desk, script);
    return 0;
}

/* A pair that cannot call, of those that call once, counts as a call that failed; one that is still
 * busy, of those that go on calling, is passed over. */
static void place(struct fleet *f, size_t pair)
{
    struct member *caller = f->members[2 * pair];
    const struct member *callee = f->members[2 * pair + 1];
    struct why why = WHY_NONE;
    char device[DEVICE_NAME_LENGTH + 1];
    const struct handset *h = free_handset(callee);
    const struct handset_line *line = h ? handset_line(h, 0) : NULL;
    int result = 0;
    arguments_device(f->arguments, 2 * pair, device);
    if (free_handset(caller) && line)
        result = dial(caller, callee, line->number, &why);
    else if (!f->arguments->stays)
        result = why_error(&why, ERR_NOT_FOUND, "it or the phone it should call is not there");
    if (result)
        tally_call(&f->tally, device, why_text(&why, result));
}

static size_t count_due(const struct fleet *f)
{
    const struct arguments *a = f->arguments;
    uint64_t due = (uint64_t)(now_of(f) - f->calls.begin) * a->calls / 1000 + 1;
    if (!a->stays && due > pairs_of(f))
        due = pairs_of(f);
    due -= f->calls.placed;
    return due < BURST ? (size_t)due : BURST;
}

static void keep_pace(void *context)
{
    struct fleet *f = context;
    struct fleet_calls *calls = &f->calls;
    if (f->over)
        return;
    for (size_t due = count_due(f); due; due--) {
        place(f, calls->next);
        calls->placed++;
        calls->next = (calls->next + 1) % pairs_of(f);
    }
    if (f->arguments->stays || calls->placed < pairs_of(f))
        loop_timer_start(calls->pace, PACE_MS);
    else
        fleet_wake(f);
}

int fleet_calls_begin(struct fleet *f)
{
    int result = loop_timer_new(&f->calls.pace, f->world.loop, keep_pace, f);
    if (result)
        return result;
    f->calls.begin = now_of(f);
    loop_timer_start(f->calls.pace, 0);
    return 0;
}

bool fleet_calls_are_over(const struct fleet *f)
{
    return f->calls.begin && !f->arguments->stays && f->calls.placed == pairs_of(f) &&
           f->calls.going == 0;
}

/* ---- what becomes of it ---- */

static void look_for_audio(struct member *m)
{
    struct signalling *s = phone_signalling(m->phone);
    const struct handset_call *call =
        s ? handset_find(signalling_handset(s), HANDSET_IN(SCCP_STATE_CONNECTED)) : NULL;
    if (!call || !call->receiving || !call->transmitting)
        return;
    tally_connected(&m->fleet->tally, now_of(m->fleet) - m->dialled,
                    call->receives_srtp && call->transmits_srtp);
    m->dialled = 0;
}

void member_called(struct member *m, const struct signalling_news *news)
{
    if (!m->desk)
        return;
    if (m->dialled && news->what == SIGNALLING_HANDSET)
        look_for_audio(m);
    desk_poke(m->desk);
}

/* Once for each call: a phone may go away in the middle of what its script does. */
static void hang_up(struct member *m, const char *failure)
{
    struct fleet *f = m->fleet;
    if (!m->calls)
        return;
    m->calls = false;
    m->dialled = 0;
    f->calls.going--;
    f->tally.calling_ms = now_of(f) - f->calls.begin;
    tally_call(&f->tally, m->device, failure);
    fleet_wake(f);
}

void member_hung_up(void *context, int error, const struct why *why)
{
    const struct member *m = context;
    hang_up(context, error && !m->fleet->over ? why_text(why, error) : NULL);
}

void member_gives_up(struct member *m)
{
    hang_up(m, m->fleet->over ? NULL : "it went away in the middle of a call");
}
