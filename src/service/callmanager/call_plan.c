#include "service/callmanager/call_plan.h"

#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SMALLEST = 64 };

bool call_plan_is_digit(char c)
{
    return (c >= '0' && c <= '9') || c == '*' || c == '#' || c == '+';
}

bool call_plan_is_number(const char *digits)
{
    size_t length = 0;
    while (call_plan_is_digit(digits[length]))
        length++;
    return length > 0 && digits[length] == '\0' && length < CALL_NUMBER;
}

void call_plan_init(struct plan *plan, size_t max)
{
    *plan = (struct plan){.max = max, .generation = 1};
}

void call_plan_fini(struct plan *plan)
{
    for (size_t i = 0; i < plan->count; i++)
        free(plan->numbers[i]);
    free(plan->numbers);
    *plan = (struct plan){.max = 0};
}

/* The first that is not before these digits. */
static size_t place_of(const struct plan *plan, const char *digits)
{
    size_t low = 0;
    size_t high = plan->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(plan->numbers[middle]->digits, digits) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_at(const struct plan *plan, size_t place, const char *digits)
{
    return place < plan->count && strcmp(plan->numbers[place]->digits, digits) == 0;
}

struct number *call_plan_find(const struct plan *plan, const char *digits)
{
    size_t place = place_of(plan, digits);
    return is_at(plan, place, digits) ? plan->numbers[place] : NULL;
}

/* What begins with the digits follows them at once. */
bool call_plan_goes_on(const struct plan *plan, const char *digits)
{
    size_t place = place_of(plan, digits);
    if (is_at(plan, place, digits))
        place++;
    return place < plan->count && text_starts(plan->numbers[place]->digits, digits);
}

static int make_room(struct plan *plan)
{
    if (plan->count == plan->max)
        return ERR_LIMIT;
    if (plan->count < plan->room)
        return 0;
    size_t room = plan->room ? 2 * plan->room : SMALLEST;
    struct number **numbers = realloc(plan->numbers, room * sizeof *numbers);
    if (!numbers)
        return -ENOMEM;
    plan->numbers = numbers;
    plan->room = room;
    return 0;
}

int call_plan_add(struct plan *plan, const char *digits, struct number **out)
{
    if (!call_plan_is_number(digits))
        return ERR_FORMAT;
    size_t place = place_of(plan, digits);
    if (is_at(plan, place, digits)) {
        *out = plan->numbers[place];
        return 0;
    }
    int result = make_room(plan);
    if (result)
        return result;
    struct number *number = calloc(1, sizeof *number);
    if (!number)
        return -ENOMEM;
    text_copy(number->digits, sizeof number->digits, digits);
    memmove(&plan->numbers[place + 1], &plan->numbers[place],
            (plan->count - place) * sizeof *plan->numbers);
    plan->numbers[place] = number;
    plan->count++;
    *out = number;
    return 0;
}

static bool is_wanted(const struct plan *plan, const struct number *number)
{
    return number->lines || number->named == plan->generation;
}

void call_plan_release(struct plan *plan, struct number *number)
{
    if (is_wanted(plan, number))
        return;
    size_t place = place_of(plan, number->digits);
    plan->count--;
    memmove(&plan->numbers[place], &plan->numbers[place + 1],
            (plan->count - place) * sizeof *plan->numbers);
    free(number);
}

void call_plan_sweep(struct plan *plan)
{
    size_t kept = 0;
    for (size_t i = 0; i < plan->count; i++) {
        struct number *number = plan->numbers[i];
        if (is_wanted(plan, number))
            plan->numbers[kept++] = number;
        else
            free(number);
    }
    plan->count = kept;
}
