#include "service/callmanager/restarts.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>

enum {
    FIRST_ROOM = 64,
    ROOM_MAX = 65536, /* orders looked at; of a node, so no more than it has phones */
    QUIET_MS = 60000, /* between two lines about the same trouble */
};

struct due {
    char device[DEVICE_NAME];
    enum reset_kind kind;
};

struct restarts {
    struct exchange *exchange;
    const char *node;
    bool busy;      /* the store's thread has what follows */
    bool again;     /* something changed meanwhile */
    bool owed;      /* it failed, or who is to be told was not here: restarts_tick() */
    bool unwritten; /* who was told is not written down yet: before that nobody is told twice */
    int64_t complained;
    struct why why;
    size_t count, room;
    struct due *list;
    const char **told; /* of the list: those that were */
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
    if (!r)
        return;
    free(r->list);
    free(r->told);
    free(r);
}

/* ---- on the store's thread ---- */

static int make_room(struct restarts *r)
{
    size_t room = r->room ? 2 * r->room : FIRST_ROOM;
    if (room > ROOM_MAX)
        return ERR_LIMIT;
    struct due *list = realloc(r->list, room * sizeof *list);
    if (!list)
        return -ENOMEM;
    r->list = list;
    const char **told = realloc(r->told, room * sizeof *told);
    if (!told)
        return -ENOMEM;
    r->told = told;
    r->room = room;
    return 0;
}

/* More than there is room for have their turn with the next look. */
static int take(void *context, const char *device, enum reset_kind kind)
{
    struct restarts *r = context;
    if (r->count == r->room && make_room(r) != 0)
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

static void complain(struct restarts *r, int result)
{
    int64_t now = loop_now(r->exchange->loop);
    char words[300];
    if (r->complained && now - r->complained < QUIET_MS)
        return;
    r->complained = now;
    log_event(LEVEL_ERROR, "event=%s reason=%s",
              r->unwritten ? "restarts_not_written" : "restarts_not_read",
              text_value(words, sizeof words, bytes_of_string(why_text(&r->why, result))));
}

static void settle(struct restarts *r, int result)
{
    bool again = r->again && result == 0;
    if (result)
        complain(r, result);
    r->busy = false;
    r->owed = result || r->told_count < r->count;
    if (again)
        restarts_look(r);
}

static void written(void *context, int result)
{
    struct restarts *r = context;
    if (result == 0)
        r->unwritten = false;
    settle(r, result);
}

static void write_told(struct restarts *r)
{
    r->busy = r->unwritten = true;
    int result = store_async_do(r->exchange->store, write_down, written, r);
    if (result)
        settle(r, result);
}

/* Told first and written then: should we die in between, they are told once more. */
static void tell(struct restarts *r)
{
    r->told_at = clock_wall();
    for (size_t i = 0; i < r->count; i++) {
        struct visit *v = visit_of(r->exchange, r->list[i].device);
        if (!v || !visit_reset(v, r->list[i].kind))
            continue;
        r->told[r->told_count++] = r->list[i].device;
    }
    exchange_run(r->exchange);
}

static void found(void *context, int result)
{
    struct restarts *r = context;
    if (result == 0)
        tell(r);
    if (r->told_count)
        write_told(r);
    else
        settle(r, result);
}

void restarts_look(struct restarts *r)
{
    r->again = r->busy || r->unwritten;
    if (r->busy)
        return;
    r->why = (struct why)WHY_NONE;
    if (r->unwritten) {
        write_told(r);
        return;
    }
    r->busy = true;
    r->count = r->told_count = 0;
    int result = store_async_do(r->exchange->store, find, found, r);
    if (result)
        settle(r, result);
}

void restarts_tick(struct restarts *r)
{
    if (r->owed && !r->busy)
        restarts_look(r);
}
