/* The engine as a whole: phones come and go, events and time come in, actions go out. */
#include "service/callmanager/call_parts.h"

#include "base/secret.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    EVENT_COST = 1000, /* allowances are in thousandths: so many a millisecond as a second */
    NUMBERS = INT32_MAX,
};

void call_limits_default(struct call_limits *limits)
{
    *limits = (struct call_limits){
        .calls = 20000,
        .per_line = 2,
        .per_phone = 32,
        .numbers = 200000,
        .rings = 16,
        .forwards = 12,
        .first_digit_ms = 15000,
        .next_digit_ms = 10000,
        .no_answer_ms = 12000,
        .ring_ms = 180000,
        .failed_ms = 15000,
        .media_ms = 12000,
        .burst = 100,
        .per_second = 50,
    };
}

/* ---- numbers of calls and media ---- */

/* They begin anywhere: what phones still show, or have open, of a service before this one is not
 * named again. */
static void begin_numbers(struct call_engine *e)
{
    uint32_t *const lasts[] = {&e->last_reference, &e->last_call, &e->last_media, &e->last_session};
    for (size_t i = 0; i < sizeof lasts / sizeof *lasts; i++) {
        e->chance.random(e->chance.context, lasts[i], sizeof *lasts[i]);
        *lasts[i] %= NUMBERS;
    }
}

uint32_t number_after(uint32_t *last)
{
    *last = *last % NUMBERS + 1;
    return *last;
}

/* ---- birth and death ---- */

int call_engine_new(struct call_engine **out, const struct call_limits *limits,
                    const struct call_chance *chance)
{
    const int64_t delay[WAIT_COUNT] = {
        [WAIT_FIRST_DIGIT] = limits->first_digit_ms,
        [WAIT_NEXT_DIGIT] = limits->next_digit_ms,
        [WAIT_FAILED] = limits->failed_ms,
        [WAIT_NO_ANSWER] = limits->no_answer_ms,
        [WAIT_RING] = limits->ring_ms,
        [WAIT_MEDIA] = limits->media_ms,
    };
    struct call_engine *e = calloc(1, sizeof *e);
    if (!e)
        return -ENOMEM;
    e->limits = *limits;
    e->chance = *chance;
    begin_numbers(e);
    call_plan_init(&e->plan, limits->numbers);
    call_timers_init(&e->timers, delay);
    *out = e;
    return 0;
}

static void free_phone(struct call_phone *phone)
{
    while (phone->legs) {
        struct leg *leg = phone->legs;
        phone->legs = leg->next;
        free(leg);
    }
    free(phone->lines);
    free(phone);
}

void call_engine_free(struct call_engine *e)
{
    if (!e)
        return;
    while (e->phones) {
        struct call_phone *phone = e->phones;
        e->phones = phone->next;
        free_phone(phone);
    }
    while (e->calls) {
        struct call *call = e->calls;
        e->calls = call->next;
        secret_wipe(call, sizeof *call);
        free(call);
    }
    call_plan_fini(&e->plan);
    call_queue_fini(&e->queue);
    secret_wipe(e, sizeof *e);
    free(e);
}

/* ---- actions ---- */

static void put(struct call_engine *e, const struct call_action *action)
{
    if (!call_queue_put(&e->queue, action))
        e->counters.lost++;
}

void act(struct call_engine *e, struct leg *leg, struct call_action *action)
{
    if (leg->phone->gone)
        return;
    action->owner = leg->phone->owner;
    action->line = leg->line->instance;
    action->call = leg->reference;
    put(e, action);
}

void act_books(struct call_engine *e, const struct call_action *action)
{
    put(e, action);
}

void act_notice(struct call_engine *e, struct call_phone *phone, struct leg *leg,
                enum call_cause notice)
{
    const struct call_action action = {.kind = CALL_ACT_NOTICE,
                                       .owner = phone->owner,
                                       .line = leg ? leg->line->instance : 0,
                                       .call = leg ? leg->reference : 0,
                                       .notice = notice};
    if (!phone->gone)
        put(e, &action);
}

void act_forget(struct call_engine *e, struct call_phone *phone, unsigned instance,
                uint32_t reference)
{
    const struct call_action action = {.kind = CALL_ACT_FORGET,
                                       .owner = phone->owner,
                                       .line = instance ? instance : 1,
                                       .call = reference};
    put(e, &action);
}

void act_forwards(struct call_engine *e, struct line *line)
{
    const struct call_action action = {.kind = CALL_ACT_SHOW_FORWARD,
                                       .owner = line->phone->owner,
                                       .line = line->instance,
                                       .forwards = line->number->forwards};
    put(e, &action);
}

const struct call_action *call_engine_action(struct call_engine *e)
{
    secret_wipe(&e->current, sizeof e->current);
    return call_queue_take(&e->queue, &e->current) ? &e->current : NULL;
}

/* ---- numbers ---- */

void call_plan_begin(struct call_engine *e)
{
    e->plan.generation++;
}

static bool same_forwards(const struct call_forwards *a, const struct call_forwards *b)
{
    for (int i = 0; i < CALL_FORWARDS; i++)
        if (strcmp(a->to[i], b->to[i]) != 0)
            return false;
    return true;
}

static void take_forwards(struct call_engine *e, struct number *number,
                          const struct call_forwards *forwards)
{
    if (same_forwards(&number->forwards, forwards))
        return;
    for (int i = 0; i < CALL_FORWARDS; i++)
        text_copy(number->forwards.to[i], CALL_NUMBER, forwards->to[i]);
    for (struct line *line = number->lines; line; line = line->next)
        act_forwards(e, line);
}

int call_plan_number(struct call_engine *e, const char *digits,
                     const struct call_forwards *forwards)
{
    struct number *number;
    int result = call_plan_add(&e->plan, digits, &number);
    if (result)
        return result;
    number->named = e->plan.generation;
    if (forwards)
        take_forwards(e, number, forwards);
    return 0;
}

void call_plan_end(struct call_engine *e)
{
    call_plan_sweep(&e->plan);
}

void call_forwards_begin(struct call_engine *e)
{
    e->plan.forwards_generation++;
}

void call_forwards_name(struct call_engine *e, const char *digits,
                        const struct call_forwards *forwards)
{
    struct number *number = call_plan_find(&e->plan, digits);
    if (!number)
        return;
    number->forwarded = e->plan.forwards_generation;
    take_forwards(e, number, forwards);
}

void call_forwards_end(struct call_engine *e)
{
    static const struct call_forwards none;
    for (size_t i = 0; i < e->plan.count; i++)
        if (e->plan.numbers[i]->forwarded != e->plan.forwards_generation)
            take_forwards(e, e->plan.numbers[i], &none);
}

const struct call_forwards *call_forwards_of(const struct call_engine *e, const char *number)
{
    const struct number *found = call_plan_find(&e->plan, number);
    return found ? &found->forwards : NULL;
}

/* ---- phones ---- */

/* A line nobody can call, since its number is none or the plan is full, can call. */
static int add_line(struct call_engine *e, struct call_phone *phone, const struct call_line *from)
{
    struct line *line = &phone->lines[phone->line_count++];
    *line = (struct line){.phone = phone, .instance = from->instance};
    text_copy(line->name, sizeof line->name, from->name ? from->name : "");
    int result = from->number ? call_plan_add(&e->plan, from->number, &line->number) : ERR_FORMAT;
    if (result == -ENOMEM)
        return result;
    if (result == 0) {
        line->next = line->number->lines;
        line->number->lines = line;
    }
    return 0;
}

static void remove_lines(struct call_engine *e, struct call_phone *phone)
{
    for (size_t i = 0; i < phone->line_count; i++) {
        struct line *line = &phone->lines[i];
        struct number *number = line->number;
        if (!number)
            continue;
        struct line **at = &number->lines;
        while (*at != line)
            at = &(*at)->next;
        *at = line->next;
        line->number = NULL;
        call_plan_release(&e->plan, number);
    }
}

int call_phone_add(struct call_engine *e, const struct call_phone_setup *setup, int64_t now,
                   struct call_phone **out)
{
    if (setup->line_count > DEVICE_LINES_MAX)
        return ERR_LIMIT;
    struct call_phone *phone = calloc(1, sizeof *phone);
    struct line *lines = calloc(setup->line_count ? setup->line_count : 1, sizeof *lines);
    if (!phone || !lines) {
        free(phone);
        free(lines);
        return -ENOMEM;
    }
    *phone = (struct call_phone){.owner = setup->owner,
                                 .security = setup->security,
                                 .codecs = CALL_PCMU,
                                 .lines = lines,
                                 .allowance = (int64_t)e->limits.burst * EVENT_COST,
                                 .refilled = now};
    text_copy(phone->device, sizeof phone->device, setup->device);
    for (size_t i = 0; i < setup->line_count; i++) {
        int result = add_line(e, phone, &setup->lines[i]);
        if (result) {
            remove_lines(e, phone);
            free_phone(phone);
            return result;
        }
    }
    phone->next = e->phones;
    if (phone->next)
        phone->next->previous = phone;
    e->phones = phone;
    if (now > e->timers.now)
        e->timers.now = now;
    if (!setup->media_up)
        talk_end_preserved(e, phone->device, 0, CALL_CAUSE_CONNECTION_LOST);
    phones_settle(e);
    *out = phone;
    return 0;
}

void call_phone_codecs(struct call_phone *phone, unsigned codecs)
{
    phone->codecs = codecs;
}

void call_phone_remove(struct call_engine *e, struct call_phone *phone, enum call_cause cause,
                       int64_t now)
{
    if (!phone)
        return;
    if (now > e->timers.now)
        e->timers.now = now;
    phone->gone = true;
    call_queue_forget(&e->queue, phone->owner);
    remove_lines(e, phone); /* so that it does not ring again */
    while (phone->legs)
        talk_lose(e, phone->legs, cause);
    phones_settle(e);
    if (phone->previous)
        phone->previous->next = phone->next;
    else
        e->phones = phone->next;
    if (phone->next)
        phone->next->previous = phone->previous;
    free_phone(phone);
}

size_t call_phone_calls(const struct call_phone *phone)
{
    return phone->leg_count;
}

enum call_security call_phone_security(const struct call_phone *phone)
{
    return phone->security;
}

void call_phone_lower(struct call_phone *phone, enum call_security security)
{
    if (security >= phone->security)
        return;
    phone->security = security;
    for (struct leg *leg = phone->legs; leg; leg = leg->next)
        if (leg->call && leg->call->leg[leg->side] == leg)
            leg->call->party[leg->side].security = security;
}

/* ---- events ---- */

static bool ends(enum call_event_kind kind)
{
    return kind == CALL_EV_END || kind == CALL_EV_ON_HOOK;
}

/* A phone may send no more than a person presses. Hanging up always counts: it costs nothing where
 * nothing was begun. */
static bool is_allowed(struct call_engine *e, struct call_phone *phone, enum call_event_kind kind)
{
    const struct call_action flooded = {.kind = CALL_ACT_FLOODED, .owner = phone->owner};
    int64_t full = (int64_t)e->limits.burst * EVENT_COST;
    int64_t passed = e->timers.now - phone->refilled;
    phone->refilled = e->timers.now;
    phone->allowance = passed > full ? full : phone->allowance + passed * e->limits.per_second;
    if (phone->allowance > full)
        phone->allowance = full;
    if (phone->allowance >= full / 2)
        phone->flooding = false;
    if (phone->allowance >= EVENT_COST) {
        phone->allowance -= EVENT_COST;
        return true;
    }
    e->counters.flooded++;
    if (!phone->flooding)
        put(e, &flooded);
    phone->flooding = true;
    return ends(kind);
}

void call_event(struct call_engine *e, struct call_phone *phone, const struct call_event *event,
                int64_t now)
{
    if (now > e->timers.now)
        e->timers.now = now;
    if (!is_allowed(e, phone, event->kind))
        return;
    if (!table_act(e, phone, event))
        e->counters.ignored++;
    phones_settle(e);
}

/* ---- time ---- */

static void expire(struct call_engine *e, struct call_timer *timer)
{
    enum call_wait wait = timer->wait;
    void *owner = timer->owner;
    struct leg *leg = owner;
    call_timer_stop(&e->timers, timer);
    switch (wait) {
    case WAIT_FIRST_DIGIT:
    case WAIT_NEXT_DIGIT:
        dial_timeout(e, leg);
        break;
    case WAIT_FAILED:
        leg_drop(e, leg, leg->cause);
        break;
    case WAIT_NO_ANSWER:
    case WAIT_RING:
        route_timeout(e, owner);
        break;
    case WAIT_MEDIA:
        media_timeout(e, owner);
        break;
    case WAIT_NONE:
    case WAIT_COUNT:
        break;
    }
}

bool call_engine_tick(struct call_engine *e, int64_t now)
{
    struct call_timer *timer = call_timers_first(&e->timers);
    if (now > e->timers.now)
        e->timers.now = now;
    if (!timer || timer->due > e->timers.now)
        return false;
    expire(e, timer);
    phones_settle(e);
    return true;
}

int64_t call_engine_due(const struct call_engine *e)
{
    const struct call_timer *timer = call_timers_first(&e->timers);
    return timer ? timer->due : INT64_MAX;
}

const struct call_counters *call_engine_counters(const struct call_engine *e)
{
    return &e->counters;
}

size_t call_engine_calls(const struct call_engine *e)
{
    return e->call_count;
}
