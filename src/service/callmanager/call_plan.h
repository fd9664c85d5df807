/*
 * call_plan: the numbers there are, who has them, and where they are forwarded to.
 */
#ifndef SERVICE_CALLMANAGER_CALL_PLAN_H
#define SERVICE_CALLMANAGER_CALL_PLAN_H

#include "service/callmanager/call.h"

struct line;
struct number {
    char digits[CALL_NUMBER];
    struct call_forwards forwards;
    struct line *lines; /* of registered phones */
    uint64_t named;     /* when the plan was told of it: see call_plan_begin() */
    uint64_t forwarded; /* and that it is forwarded: see call_forwards_begin() */
};

struct plan {
    struct number **numbers; /* in order of their digits */
    size_t count, room, max;
    uint64_t generation, forwards_generation;
};

void call_plan_init(struct plan *plan, size_t max);
void call_plan_fini(struct plan *plan);
/* NULL: there is none. */
struct number *call_plan_find(const struct plan *plan, const char *digits);
/* Is there a number that begins with these digits and has more? */
bool call_plan_goes_on(const struct plan *plan, const char *digits);
/* As find, and makes it. ERR_FORMAT: not a number one can dial. */
int call_plan_add(struct plan *plan, const char *digits, struct number **out) CHECKED;
/* Forgets it when no phone has it and the plan does not name it. */
void call_plan_release(struct plan *plan, struct number *number);
/* Forgets all that are so. */
void call_plan_sweep(struct plan *plan);

bool call_plan_is_digit(char c);
bool call_plan_is_number(const char *digits);

#endif
