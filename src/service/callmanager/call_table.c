/* What is done about which event, in which state. */
#include "service/callmanager/call_parts.h"

#include <string.h>

static void on_begin(struct call_engine *e, struct call_phone *phone,
                     const struct call_event *event)
{
    (void)dial_begin(e, phone, event->line);
}

static void on_begin_dialling(struct call_engine *e, struct call_phone *phone,
                              const struct call_event *event)
{
    struct leg *leg = dial_begin(e, phone, event->line);
    if (leg)
        dial_number(e, leg, event->kind == CALL_EV_REDIAL ? phone->last_dialled : event->number);
}

static void on_forward(struct call_engine *e, struct call_phone *phone,
                       const struct call_event *event)
{
    dial_forward(e, phone, event->line, event->forward);
}

static void on_digit(struct call_engine *e, struct leg *leg, const struct call_event *event)
{
    dial_digit(e, leg, event->digit);
}

static void on_backspace(struct call_engine *e, struct leg *leg, const struct call_event *event)
{
    (void)event;
    dial_backspace(e, leg);
}

static void on_dial(struct call_engine *e, struct leg *leg, const struct call_event *event)
{
    if (leg->digit_count == 0)
        dial_number(e, leg,
                    event->kind == CALL_EV_REDIAL ? leg->phone->last_dialled : event->number);
}

static void on_forward_here(struct call_engine *e, struct leg *leg, const struct call_event *event)
{
    dial_forward_here(e, leg, event->forward);
}

static void on_answer(struct call_engine *e, struct leg *leg, const struct call_event *event)
{
    (void)event;
    talk_answer(e, leg);
}

static void on_hang_up(struct call_engine *e, struct leg *leg, const struct call_event *event)
{
    (void)event;
    talk_hang_up(e, leg);
}

static void on_decline(struct call_engine *e, struct leg *leg, const struct call_event *event)
{
    (void)event;
    route_decline(e, leg);
}

static void on_hold(struct call_engine *e, struct leg *leg, const struct call_event *event)
{
    (void)event;
    talk_hold(e, leg);
}

static void on_resume(struct call_engine *e, struct leg *leg, const struct call_event *event)
{
    (void)event;
    talk_resume(e, leg);
}

static void on_transfer(struct call_engine *e, struct leg *leg, const struct call_event *event)
{
    (void)event;
    transfer_press(e, leg);
}

static const struct phone_row {
    enum call_event_kind event;
    void (*act)(struct call_engine *e, struct call_phone *phone, const struct call_event *event);
} phone_rows[] = {
    {CALL_EV_OFF_HOOK, on_begin},
    {CALL_EV_LINE_KEY, on_begin},
    {CALL_EV_NEW, on_begin},
    {CALL_EV_DIAL, on_begin_dialling},
    {CALL_EV_REDIAL, on_begin_dialling},
    {CALL_EV_SET_FORWARD, on_forward},
};

static const struct leg_row {
    enum call_event_kind event;
    enum leg_state state;
    void (*act)(struct call_engine *e, struct leg *leg, const struct call_event *event);
} leg_rows[] = {
    {CALL_EV_OFF_HOOK, LEG_RINGING_IN, on_answer},

    {CALL_EV_ON_HOOK, LEG_DIALLING, on_hang_up},
    {CALL_EV_ON_HOOK, LEG_FORWARDING, on_hang_up},
    {CALL_EV_ON_HOOK, LEG_RINGING_OUT, on_hang_up},
    {CALL_EV_ON_HOOK, LEG_TALKING, on_hang_up},
    {CALL_EV_ON_HOOK, LEG_FAILED, on_hang_up},

    {CALL_EV_LINE_KEY, LEG_RINGING_IN, on_answer},
    {CALL_EV_LINE_KEY, LEG_HELD, on_resume},

    {CALL_EV_END, LEG_DIALLING, on_hang_up},
    {CALL_EV_END, LEG_FORWARDING, on_hang_up},
    {CALL_EV_END, LEG_RINGING_OUT, on_hang_up},
    {CALL_EV_END, LEG_RINGING_IN, on_decline},
    {CALL_EV_END, LEG_TALKING, on_hang_up},
    {CALL_EV_END, LEG_HELD, on_hang_up},
    {CALL_EV_END, LEG_FAILED, on_hang_up},

    {CALL_EV_ANSWER, LEG_RINGING_IN, on_answer},

    {CALL_EV_DIGIT, LEG_DIALLING, on_digit},
    {CALL_EV_DIGIT, LEG_FORWARDING, on_digit},
    {CALL_EV_BACKSPACE, LEG_DIALLING, on_backspace},
    {CALL_EV_BACKSPACE, LEG_FORWARDING, on_backspace},
    {CALL_EV_DIAL, LEG_DIALLING, on_dial},
    {CALL_EV_DIAL, LEG_FORWARDING, on_dial},
    {CALL_EV_REDIAL, LEG_DIALLING, on_dial},
    {CALL_EV_REDIAL, LEG_FORWARDING, on_dial},

    {CALL_EV_HOLD, LEG_TALKING, on_hold},
    {CALL_EV_RESUME, LEG_HELD, on_resume},

    {CALL_EV_TRANSFER, LEG_RINGING_OUT, on_transfer},
    {CALL_EV_TRANSFER, LEG_TALKING, on_transfer},
    {CALL_EV_TRANSFER, LEG_HELD, on_transfer},

    {CALL_EV_SET_FORWARD, LEG_DIALLING, on_forward_here},
    {CALL_EV_SET_FORWARD, LEG_FORWARDING, on_hang_up},
};

/* ---- which leg an event is about ---- */

static struct leg *leg_in(const struct call_phone *phone, enum leg_state state, unsigned line)
{
    struct leg *leg = phone->legs;
    while (leg && (leg->state != state || (line && leg->line->instance != line)))
        leg = leg->next;
    return leg;
}

/* A leg of the phone that it did not name: what a person means by this key. */
static struct leg *leg_meant(const struct call_phone *phone, const struct call_event *event)
{
    struct leg *active = leg_active(phone);
    struct leg *leg;
    switch (event->kind) {
    case CALL_EV_NEW: /* again, at the dial tone */
        return active && active->state == LEG_DIALLING && active->digit_count == 0 &&
                       (event->line == 0 || event->line == active->line->instance)
                   ? active
                   : NULL;
    case CALL_EV_ANSWER:
        return leg_in(phone, LEG_RINGING_IN, event->line);
    case CALL_EV_RESUME:
        return leg_in(phone, LEG_HELD, event->line);
    case CALL_EV_LINE_KEY:
        if (active && active->line->instance == event->line)
            return active;
        leg = leg_in(phone, LEG_RINGING_IN, event->line);
        return leg ? leg : leg_in(phone, LEG_HELD, event->line);
    case CALL_EV_OFF_HOOK:
        return active ? active : leg_in(phone, LEG_RINGING_IN, event->line);
    case CALL_EV_DIAL:
    case CALL_EV_REDIAL:
    case CALL_EV_SET_FORWARD:
        return active && (active->state == LEG_DIALLING || active->state == LEG_FORWARDING) ? active
                                                                                            : NULL;
    default:
        return active;
    }
}

/* Events that may begin something: the number of a call that comes with them says only what was on
 * the display. */
static bool may_begin(enum call_event_kind kind)
{
    for (size_t i = 0; i < sizeof phone_rows / sizeof *phone_rows; i++)
        if (phone_rows[i].event == kind)
            return true;
    return false;
}

static bool act_on_leg(struct call_engine *e, struct leg *leg, const struct call_event *event)
{
    for (size_t i = 0; i < sizeof leg_rows / sizeof *leg_rows; i++)
        if (leg_rows[i].event == event->kind && leg_rows[i].state == leg->state) {
            leg_rows[i].act(e, leg, event);
            return true;
        }
    return false;
}

static bool act_on_phone(struct call_engine *e, struct call_phone *phone,
                         const struct call_event *event)
{
    for (size_t i = 0; i < sizeof phone_rows / sizeof *phone_rows; i++)
        if (phone_rows[i].event == event->kind) {
            phone_rows[i].act(e, phone, event);
            return true;
        }
    return false;
}

/* ---- what can be meant at all ---- */

static bool is_sound(const struct call_phone *phone, const struct call_event *event)
{
    switch (event->kind) {
    case CALL_EV_DIGIT:
        return call_plan_is_digit(event->digit);
    case CALL_EV_DIAL:
        return event->number && call_plan_is_number(event->number);
    case CALL_EV_REDIAL:
        return phone->last_dialled[0] != '\0';
    default:
        return true;
    }
}

/* ---- calls that there are not ---- */

/* A phone hangs up what it kept by itself: a call that was preserved when its connection was lost,
 * or one of a service before this. */
static bool hang_up_kept(struct call_engine *e, struct call_phone *phone,
                         const struct call_event *event)
{
    size_t preserved = e->preserved_count;
    talk_end_preserved(e, phone->device, event->call, CALL_CAUSE_HUNG_UP);
    if (event->call)
        act_forget(e, phone, event->line, event->call);
    return event->call || e->preserved_count < preserved;
}

static bool is_hanging_up(const struct call_event *event)
{
    return event->kind == CALL_EV_END || event->kind == CALL_EV_ON_HOOK;
}

bool table_act(struct call_engine *e, struct call_phone *phone, const struct call_event *event)
{
    struct leg *leg = NULL;
    if (event->kind == CALL_EV_RECEIVING)
        return media_receiving(e, phone, event->media, event->address);
    if (event->kind == CALL_EV_NOT_SENDING)
        return media_not_sending(e, phone, event->media);
    if (!is_sound(phone, event))
        return false;
    if (event->call)
        leg = leg_find(phone, event->call);
    if (event->call && !leg && is_hanging_up(event))
        return hang_up_kept(e, phone, event);
    if (event->call && !leg && !may_begin(event->kind))
        return false;
    if (!leg || event->kind == CALL_EV_NEW)
        leg = leg_meant(phone, event);
    if (!leg && is_hanging_up(event))
        return hang_up_kept(e, phone, event);
    return leg ? act_on_leg(e, leg, event) : act_on_phone(e, phone, event);
}
