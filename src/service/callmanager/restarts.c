#include "service/callmanager/restarts.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>

enum { AT_ONCE = 1024 }; /* told between two looks */

struct due {
    char device[DEVICE_NAME];
    enum reset_kind kind;
};

struct restarts {
    struct exchange *exchange;
    const char *node;
    bool busy;  /* the store's thread has what follows */
    bool again; /* something changed meanwhile */
    struct why why;
    size_t count;
    struct due list[AT_ONCE];
    const char *told[AT_ONCE]; /* of the list: those that were */
    size_t told_count;
    int64_t told_at; /* unix seconds: who registers from then on is back */
};

int restarts_new(struct restarts **out, struct exchange *exchange, const char *node)
{
    struct restarts *r = calloc(1, sizeof *r);
    if (!r)
        return -ENOMEM;
    r->exchange = exchange;
    r->node = node;
    *out = r;
    return 0;
}

void restarts_free(struct restarts *r)
{
    free(r);
}

/* ---- on the store's thread ---- */

/* More than there is room for have their turn with the next look. */
static int take(void *context, const char *device, enum reset_kind kind)
{
    struct restarts *r = context;
    if (r->count == AT_ONCE)
        return 1;
    text_copy(r->list[r->count].device, DEVICE_NAME, device);
    r->list[r->count++].kind = kind;
    return 0;
}

static int find(void *context, struct store *store)
{
    struct restarts *r = context;
    struct store_node node;
    int result = store_node_get(store, r->node, &node);
    if (result == 0)
        result = store_resets_due(store, node.id, take, r);
    return result == 1 ? 0 : result;
}

static int write_down(void *context, struct store *store)
{
    struct restarts *r = context;
    return store_resets_told(store, r->told, r->told_count, r->told_at, &r->why);
}

/* ---- on the loop ---- */

static void settle(struct restarts *r, int result)
{
    if (result)
        log_event(LEVEL_ERROR, "event=restarts_not_written reason=\"%s\"",
                  why_text(&r->why, result));
    bool again = r->again || (result == 0 && r->count == AT_ONCE && r->told_count);
    r->busy = false;
    if (again)
        restarts_look(r);
}

static void written(void *context, int result)
{
    settle(context, result);
}

/* Told first and written then: should we die in between, they are told once more. */
static void tell(struct restarts *r)
{
    r->told_count = 0;
    r->told_at = clock_wall();
    for (size_t i = 0; i < r->count; i++) {
        struct visit *v = visit_of(r->exchange, r->list[i].device);
        if (!v)
            continue;
        visit_reset(v, r->list[i].kind);
        r->told[r->told_count++] = r->list[i].device;
    }
    exchange_run(r->exchange);
}

static void found(void *context, int result)
{
    struct restarts *r = context;
    if (result == 0)
        tell(r);
    if (result || r->told_count == 0) {
        settle(r, result);
        return;
    }
    result = store_async_do(r->exchange->store, write_down, written, r);
    if (result)
        settle(r, result);
}

void restarts_look(struct restarts *r)
{
    r->again = r->busy;
    if (r->busy)
        return;
    r->busy = true;
    r->count = 0;
    r->why = (struct why)WHY_NONE;
    int result = store_async_do(r->exchange->store, find, found, r);
    if (result)
        settle(r, result);
}
