#include "service/callmanager/call_numbers.h"

#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SMALLEST = 256, LARGEST = 1 << 24 };

struct known {
    char number[CALL_NUMBER];
    struct call_forwards *forwards; /* NULL: none, as most */
};

struct call_numbers {
    struct known *items; /* in order of their numbers */
    size_t count, room;
};

void call_numbers_free(struct call_numbers *n)
{
    if (!n)
        return;
    for (size_t i = 0; i < n->count; i++)
        free(n->items[i].forwards);
    free(n->items);
    free(n);
}

static int take_number(void *context, const char *number)
{
    struct call_numbers *n = context;
    if (n->count == n->room) {
        size_t room = n->room ? 2 * n->room : SMALLEST;
        struct known *items = NULL;
        if (room <= LARGEST)
            items = realloc(n->items, room * sizeof *items);
        if (!items)
            return -ENOMEM;
        n->items = items;
        n->room = room;
    }
    struct known *known = &n->items[n->count++];
    *known = (struct known){.forwards = NULL};
    text_copy(known->number, sizeof known->number, number);
    return 0;
}

static int compare(const void *key, const void *item)
{
    return strcmp(key, ((const struct known *)item)->number);
}

static int add_forward(struct known *known, const struct store_forward *forward)
{
    if (forward->kind >= CALL_FORWARDS)
        return 0;
    if (!known->forwards)
        known->forwards = calloc(1, sizeof *known->forwards);
    if (!known->forwards)
        return -ENOMEM;
    text_copy(known->forwards->to[forward->kind], CALL_NUMBER, forward->to);
    return 0;
}

/* A forward of a number that no line has any more waits for one that will. */
static int take_forward(void *context, const struct store_forward *forward)
{
    struct call_numbers *n = context;
    struct known *known = NULL;
    if (n->count)
        known = bsearch(forward->number, n->items, n->count, sizeof *n->items, compare);
    return known ? add_forward(known, forward) : 0;
}

/* They come by number. */
static int take_forwarded(void *context, const struct store_forward *forward)
{
    struct call_numbers *n = context;
    if (n->count == 0 || strcmp(n->items[n->count - 1].number, forward->number) != 0) {
        int result = take_number(n, forward->number);
        if (result)
            return result;
    }
    return add_forward(&n->items[n->count - 1], forward);
}

static int compare_items(const void *a, const void *b)
{
    return strcmp(((const struct known *)a)->number, ((const struct known *)b)->number);
}

int call_numbers_read(struct call_numbers **out, struct store *store)
{
    struct call_numbers *n = calloc(1, sizeof *n);
    if (!n)
        return -ENOMEM;
    int result = store_numbers(store, take_number, n);
    if (n->count)
        qsort(n->items, n->count, sizeof *n->items, compare_items); /* whatever the store's order */
    if (result == 0)
        result = store_forwards(store, take_forward, n);
    if (result) {
        call_numbers_free(n);
        return result;
    }
    *out = n;
    return 0;
}

int call_numbers_read_forwards(struct call_numbers **out, struct store *store)
{
    struct call_numbers *n = calloc(1, sizeof *n);
    if (!n)
        return -ENOMEM;
    int result = store_forwards(store, take_forwarded, n);
    if (result) {
        call_numbers_free(n);
        return result;
    }
    *out = n;
    return 0;
}

void call_numbers_tell_forwards(const struct call_numbers *n, struct call_engine *engine)
{
    call_forwards_begin(engine);
    for (size_t i = 0; i < n->count; i++)
        if (n->items[i].forwards)
            call_forwards_name(engine, n->items[i].number, n->items[i].forwards);
    call_forwards_end(engine);
}

void call_numbers_tell(const struct call_numbers *n, struct call_engine *engine, bool forwards,
                       size_t *left_out)
{
    static const struct call_forwards none;
    *left_out = 0;
    call_plan_begin(engine);
    for (size_t i = 0; i < n->count; i++) {
        const struct known *known = &n->items[i];
        const struct call_forwards *its = known->forwards ? known->forwards : &none;
        if (call_plan_number(engine, known->number, forwards ? its : NULL) != 0)
            ++*left_out;
    }
    call_plan_end(engine);
}
