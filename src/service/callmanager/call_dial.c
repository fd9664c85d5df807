/* Digits, until they are a number. */
#include "service/callmanager/call_parts.h"

#include "base/text.h"

#include <string.h>

/* What is active there will be on hold then, or over. */
static bool will_have_room(const struct call_engine *e, const struct line *line)
{
    const struct leg *active = leg_active(line->phone);
    bool ends = active && active->state != LEG_TALKING;
    return line->legs - (ends && active->line == line) < e->limits.per_line &&
           line->phone->leg_count - ends < e->limits.per_phone;
}

static struct line *line_for_new(const struct call_engine *e, const struct call_phone *phone,
                                 unsigned instance)
{
    for (size_t i = 0; i < phone->line_count; i++) {
        struct line *line = &phone->lines[i];
        if ((instance == 0 || line->instance == instance) && will_have_room(e, line))
            return line;
    }
    return NULL;
}

static struct leg *begin(struct call_engine *e, struct call_phone *phone, unsigned instance,
                         enum leg_state state)
{
    struct line *line = line_for_new(e, phone, instance);
    struct leg *leg = NULL;
    if (line && !talk_clear_way(e, phone))
        return NULL;
    if (line)
        leg = leg_new(e, line, state);
    if (!leg) {
        act_notice(e, phone, NULL, CALL_CAUSE_NO_ROOM);
        return NULL;
    }
    leg_show(e, leg);
    leg_tone(e, leg, CALL_TONE_DIAL);
    call_timer_start(&e->timers, &leg->timer, WAIT_FIRST_DIGIT, leg);
    return leg;
}

struct leg *dial_begin(struct call_engine *e, struct call_phone *phone, unsigned instance)
{
    return begin(e, phone, instance, LEG_DIALLING);
}

/* ---- forwarding ---- */

static void set_forward(struct call_engine *e, struct number *number, enum call_forward forward,
                        const char *to)
{
    struct call_action kept = {.kind = CALL_ACT_KEEP_FORWARD, .kept = {.forward = forward}};
    text_copy(number->forwards.to[forward], CALL_NUMBER, to);
    text_copy(kept.kept.number, CALL_NUMBER, number->digits);
    text_copy(kept.kept.to, CALL_NUMBER, to);
    act_books(e, &kept);
    for (struct line *line = number->lines; line; line = line->next)
        act_forwards(e, line);
}

/* Is off now, if it was on. */
static bool forward_off(struct call_engine *e, struct line *line, enum call_forward forward)
{
    bool on = line->number->forwards.to[forward][0] != '\0';
    if (on)
        set_forward(e, line->number, forward, "");
    return on;
}

static bool is_forwardable(const struct line *line, enum call_forward forward)
{
    return line && line->number && forward < CALL_FORWARDS;
}

void dial_forward(struct call_engine *e, struct call_phone *phone, unsigned instance,
                  enum call_forward forward)
{
    struct line *line = line_find(phone, instance ? instance : 1);
    if (!is_forwardable(line, forward)) {
        act_notice(e, phone, NULL, CALL_CAUSE_UNKNOWN_NUMBER);
        return;
    }
    if (forward_off(e, line, forward))
        return;
    struct leg *leg = begin(e, phone, line->instance, LEG_FORWARDING);
    if (leg)
        leg->forward = forward;
}

void dial_forward_here(struct call_engine *e, struct leg *leg, enum call_forward forward)
{
    if (leg->digit_count || leg->transfers) {
        act_notice(e, leg->phone, leg, CALL_CAUSE_NONE);
    } else if (!is_forwardable(leg->line, forward)) {
        act_notice(e, leg->phone, leg, CALL_CAUSE_UNKNOWN_NUMBER);
    } else if (forward_off(e, leg->line, forward)) {
        leg_drop(e, leg, CALL_CAUSE_NONE);
    } else {
        leg->forward = forward;
        leg_move(e, leg, LEG_FORWARDING);
        leg_show(e, leg);
        call_timer_start(&e->timers, &leg->timer, WAIT_FIRST_DIGIT, leg);
    }
}

/* A number is not forwarded to itself. */
static void forward_to(struct call_engine *e, struct leg *leg, const char *digits)
{
    struct number *number = leg->line->number;
    if (!call_plan_find(&e->plan, digits) || strcmp(number->digits, digits) == 0) {
        leg_fail(e, leg, CALL_CAUSE_UNKNOWN_NUMBER);
        return;
    }
    set_forward(e, number, leg->forward, digits);
    leg_drop(e, leg, CALL_CAUSE_NONE);
}

/* ---- digits ---- */

static void complete(struct call_engine *e, struct leg *leg)
{
    char digits[CALL_NUMBER];
    text_copy(digits, sizeof digits, leg->digits);
    call_timer_stop(&e->timers, &leg->timer);
    leg_tone(e, leg, CALL_TONE_NONE);
    if (leg->state == LEG_FORWARDING)
        forward_to(e, leg, digits);
    else
        route_place(e, leg, digits);
}

/* '#' ends a number, unless there are numbers that have one there. */
static bool ends_number(const struct call_engine *e, const struct leg *leg, char digit)
{
    char with[CALL_NUMBER + 1];
    text_format(with, sizeof with, "%s#", leg->digits);
    return digit == '#' && leg->digit_count && !call_plan_find(&e->plan, with) &&
           !call_plan_goes_on(&e->plan, with);
}

void dial_digit(struct call_engine *e, struct leg *leg, char digit)
{
    if (ends_number(e, leg, digit)) {
        complete(e, leg);
        return;
    }
    leg->digits[leg->digit_count++] = digit;
    leg->digits[leg->digit_count] = '\0';
    leg_tone(e, leg, CALL_TONE_NONE);
    leg_show(e, leg);
    /* No number is as long as `digits` has room for, so this ends before it is full. */
    if (call_plan_goes_on(&e->plan, leg->digits))
        call_timer_start(&e->timers, &leg->timer, WAIT_NEXT_DIGIT, leg);
    else
        complete(e, leg);
}

void dial_backspace(struct call_engine *e, struct leg *leg)
{
    struct call_action action = {.kind = CALL_ACT_BACKSPACED};
    if (leg->digit_count == 0)
        return;
    leg->digits[--leg->digit_count] = '\0';
    act(e, leg, &action);
    leg_show(e, leg);
    if (leg->digit_count == 0)
        leg_tone(e, leg, CALL_TONE_DIAL);
    call_timer_start(&e->timers, &leg->timer, leg->digit_count ? WAIT_NEXT_DIGIT : WAIT_FIRST_DIGIT,
                     leg);
}

void dial_number(struct call_engine *e, struct leg *leg, const char *number)
{
    text_copy(leg->digits, sizeof leg->digits, number);
    leg->digit_count = strlen(leg->digits);
    complete(e, leg);
}

void dial_timeout(struct call_engine *e, struct leg *leg)
{
    if (leg->digit_count)
        complete(e, leg);
    else
        leg_fail(e, leg, CALL_CAUSE_NO_DIGITS);
}
