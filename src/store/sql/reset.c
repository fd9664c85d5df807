#include "store/registration.h"

#include "store/sql/sql.h"

#include <errno.h>
#include <stdlib.h>

enum { RESET_SIZE_MAX = 1000000 };

const char *reset_kind_name(enum reset_kind kind)
{
    return kind == RESET_RESET     ? "reset"
           : kind == RESET_RESTART ? "restart"
           : kind == RESET_APPLY   ? "apply"
                                   : "?";
}

const char *reset_state_name(enum reset_state state)
{
    static const char *const names[RESET_STATE_COUNT] = {
        [RESET_WAITING] = "waiting",     [RESET_RELEASED] = "released",
        [RESET_TOLD] = "told",           [RESET_DONE] = "done",
        [RESET_LOST] = "not back",       [RESET_ABSENT] = "not registered",
        [RESET_WITHDRAWN] = "withdrawn",
    };
    return (size_t)state < RESET_STATE_COUNT ? names[state] : "?";
}

/* ---- a new order ---- */

static int insert_reset(struct store *store, const struct store_reset *reset, int64_t *id,
                        struct why *why)
{
    struct sql q;
    sql_start(&q, store,
              "INSERT INTO reset (created, kind, size, filter, released)"
              " VALUES ($1, $2, $3, $4, 0) RETURNING id",
              why);
    sql_put_number(&q, reset->created);
    sql_put_number(&q, reset->kind);
    sql_put_number(&q, reset->size);
    sql_put_text(&q, reset->filter);
    int result = sql_only(&q);
    *id = sql_number(&q);
    return sql_end(&q, result);
}

/* A phone does what it was told last. */
static int overtake(struct store *store, int64_t phone, struct why *why)
{
    struct sql q;
    sql_start(&q, store, "UPDATE reset_phone SET state = $1 WHERE phone = $2 AND state <= $3", why);
    sql_put_number(&q, RESET_WITHDRAWN);
    sql_put_number(&q, phone);
    sql_put_number(&q, RESET_TOLD);
    sql_run(&q);
    return sql_end(&q, 0);
}

static int insert_phone(struct store *store, int64_t reset, size_t position, const char *device,
                        struct why *why)
{
    int64_t phone = 0;
    int result = find_phone(store, device, &phone, why);
    if (result == 0)
        result = overtake(store, phone, why);
    if (result)
        return result;
    struct sql q;
    sql_start(&q, store,
              "INSERT INTO reset_phone (reset, position, phone, number, state, released, told)"
              " VALUES ($1, $2, $3, 0, $4, 0, 0) ON CONFLICT DO NOTHING",
              why);
    sql_put_number(&q, reset);
    sql_put_number(&q, (int64_t)position);
    sql_put_number(&q, phone);
    sql_put_number(&q, RESET_WAITING);
    uint64_t changed = sql_run(&q);
    result = sql_end(&q, 0);
    if (result == 0 && changed == 0)
        return why_error(why, ERR_DUPLICATE, "%s is given twice", device);
    return result;
}

static int check_reset(const struct store_reset *reset, size_t count, struct why *why)
{
    if (reset->size > RESET_SIZE_MAX)
        return why_error(why, ERR_USAGE, "a wave of %u phones is more than %d", reset->size,
                         RESET_SIZE_MAX);
    if (count == 0)
        return why_error(why, ERR_USAGE, "somebody must be told to %s",
                         reset_kind_name(reset->kind));
    if (reset->kind < RESET_RESET || reset->kind > RESET_APPLY)
        return why_error(why, ERR_USAGE, "a phone cannot be told %d", (int)reset->kind);
    return check_length(why, "filter", reset->filter, sizeof reset->filter);
}

/* What is over and of no newer order is not kept for ever. */
static int drop_oldest(struct store *store, struct why *why)
{
    struct sql q;
    sql_start(&q, store,
              "DELETE FROM reset WHERE id <= (SELECT max(id) FROM reset) - 1000 AND NOT EXISTS"
              " (SELECT 1 FROM reset_phone p WHERE p.reset = reset.id AND p.state <= $1)",
              why);
    sql_put_number(&q, RESET_TOLD);
    sql_run(&q);
    return sql_end(&q, 0);
}

int store_reset_add(struct store *store, const struct store_reset *reset,
                    const char *const *devices, size_t count, int64_t *id, struct why *why)
{
    int64_t made = 0;
    int result = check_reset(reset, count, why);
    if (result == 0)
        result = change_begin(store, why);
    if (result)
        return result;
    result = insert_reset(store, reset, &made, why);
    for (size_t i = 0; i < count && result == 0; i++)
        result = insert_phone(store, made, i + 1, devices[i], why);
    if (result == 0)
        result = drop_oldest(store, why);
    result = change_end(store, result, AREA(RESETS), why);
    if (result == 0)
        *id = made;
    return result;
}

/* ---- reading ---- */

#define RESET_COLUMNS "id, created, kind, size, filter, released FROM reset"

static void read_reset(struct sql *q, struct store_reset *out)
{
    *out = (struct store_reset){.id = sql_number(q)};
    out->created = sql_number(q);
    out->kind = (enum reset_kind)sql_number(q);
    out->size = (unsigned)sql_number(q);
    sql_text(q, out->filter, sizeof out->filter);
    out->released = (unsigned)sql_number(q);
}

static int count_phones(struct store *store, struct store_reset *reset)
{
    struct sql q;
    sql_start(&q, store, "SELECT state, count(*) FROM reset_phone WHERE reset = $1 GROUP BY state",
              NULL);
    sql_put_number(&q, reset->id);
    while (sql_next(&q)) {
        int64_t state = sql_number(&q);
        if (state >= 0 && state < RESET_STATE_COUNT)
            reset->count[state] = (unsigned)sql_number(&q);
    }
    return sql_end(&q, 0);
}

int store_reset_get(struct store *store, int64_t id, struct store_reset *out)
{
    struct store_reset found;
    struct sql q;
    sql_start(&q, store, "SELECT " RESET_COLUMNS " WHERE id = $1", NULL);
    sql_put_number(&q, id);
    int result = sql_only(&q);
    read_reset(&q, &found);
    result = sql_end(&q, result);
    if (result == 0)
        result = count_phones(store, &found);
    if (result == 0)
        *out = found;
    return result;
}

int store_resets(struct store *store, int (*each)(void *context, const struct store_reset *reset),
                 void *context)
{
    struct sql q;
    int result = 0;
    sql_start(&q, store, "SELECT " RESET_COLUMNS " ORDER BY id DESC", NULL);
    while (result == 0 && sql_next(&q)) {
        struct store_reset reset;
        read_reset(&q, &reset);
        if (!q.error)
            result = count_phones(store, &reset);
        if (!q.error && result == 0)
            result = each(context, &reset);
    }
    return sql_end(&q, result);
}

int store_reset_phones(struct store *store, int64_t id,
                       int (*each)(void *context, const struct store_reset_phone *phone),
                       void *context)
{
    struct sql q;
    int result = 0;
    sql_start(&q, store,
              "SELECT d.name, p.number, p.state FROM reset_phone p JOIN phone d ON d.id = p.phone"
              " WHERE p.reset = $1 ORDER BY p.position",
              NULL);
    sql_put_number(&q, id);
    while (result == 0 && sql_next(&q)) {
        struct store_reset_phone phone = {.device = ""};
        sql_text(&q, phone.device, sizeof phone.device);
        phone.number = (unsigned)sql_number(&q);
        phone.state = (enum reset_state)sql_number(&q);
        if (!q.error)
            result = each(context, &phone);
    }
    return sql_end(&q, result);
}

int store_resets_due(struct store *store, int64_t node,
                     int (*each)(void *context, const char *device, enum reset_kind kind),
                     void *context)
{
    struct sql q;
    int result = 0;
    sql_start(&q, store,
              "SELECT d.name, o.kind FROM reset_phone p JOIN reset o ON o.id = p.reset"
              " JOIN registration r ON r.phone = p.phone JOIN phone d ON d.id = p.phone"
              " WHERE p.state = 1 AND r.node = $1 ORDER BY p.reset, p.position",
              NULL);
    sql_put_number(&q, node);
    while (result == 0 && sql_next(&q)) {
        char device[DEVICE_NAME];
        sql_text(&q, device, sizeof device);
        enum reset_kind kind = (enum reset_kind)sql_number(&q);
        if (!q.error)
            result = each(context, device, kind);
    }
    return sql_end(&q, result);
}

/* ---- releasing ---- */

/* A phone whose turn it is, and whether it is registered anywhere. */
struct turn_of {
    int64_t phone;
    bool here;
};

/* Gathered first: a table is not changed while it is walked. */
static int next_phones(struct store *store, int64_t reset, struct turn_of *turns, unsigned room,
                       unsigned *count, struct why *why)
{
    struct sql q;
    sql_start(&q, store,
              "SELECT p.phone, CASE WHEN r.phone IS NULL THEN 0 ELSE 1 END FROM reset_phone p"
              " LEFT JOIN registration r ON r.phone = p.phone"
              " WHERE p.reset = $1 AND p.state = $2 ORDER BY p.position LIMIT $3",
              why);
    sql_put_number(&q, reset);
    sql_put_number(&q, RESET_WAITING);
    sql_put_number(&q, room);
    *count = 0;
    while (*count < room && sql_next(&q)) {
        turns[*count].phone = sql_number(&q);
        turns[(*count)++].here = sql_number(&q) != 0;
    }
    return sql_end(&q, 0);
}

static int give_turn(struct store *store, const struct store_reset *reset,
                     const struct turn_of *turn, int64_t now, struct why *why)
{
    struct sql q;
    sql_start(&q, store,
              "UPDATE reset_phone SET state = $1, number = $2, released = $3"
              " WHERE reset = $4 AND phone = $5",
              why);
    sql_put_number(&q, turn->here ? RESET_RELEASED : RESET_ABSENT);
    sql_put_number(&q, reset->released + 1);
    sql_put_number(&q, now);
    sql_put_number(&q, reset->id);
    sql_put_number(&q, turn->phone);
    sql_run(&q);
    return sql_end(&q, 0);
}

static int count_release(struct store *store, int64_t reset, struct why *why)
{
    struct sql q;
    sql_start(&q, store, "UPDATE reset SET released = released + 1 WHERE id = $1", why);
    sql_put_number(&q, reset);
    sql_run(&q);
    return sql_end(&q, 0);
}

static unsigned room_of(const struct store_reset *reset)
{
    unsigned away = reset->count[RESET_RELEASED] + reset->count[RESET_TOLD];
    unsigned waiting = reset->count[RESET_WAITING];
    if (reset->size == 0)
        return waiting;
    unsigned room = away < reset->size ? reset->size - away : 0;
    return room < waiting ? room : waiting;
}

/* Phones that are not there take no place: the next ones have their turn. */
static int fill_room(struct store *store, const struct store_reset *reset, unsigned room,
                     int64_t now, unsigned *turned, unsigned *released, struct why *why)
{
    unsigned count = 0;
    int result = 0;
    struct turn_of *turns = calloc(room + 1, sizeof *turns);
    if (!turns)
        return -ENOMEM;
    do {
        result = next_phones(store, reset->id, turns, room - *released, &count, why);
        for (unsigned i = 0; i < count && result == 0; i++) {
            result = give_turn(store, reset, &turns[i], now, why);
            *released += turns[i].here;
        }
        *turned += count;
    } while (result == 0 && count && *released < room);
    free(turns);
    return result;
}

static int release(struct store *store, int64_t id, int64_t now, unsigned *turned,
                   unsigned *released, struct why *why)
{
    struct store_reset reset = {.id = id};
    int result = store_reset_get(store, id, &reset);
    if (result)
        return why_error(why, result, "there is no order %lld to restart phones", (long long)id);
    unsigned room = room_of(&reset);
    if (room == 0)
        return 0;
    result = fill_room(store, &reset, room, now, turned, released, why);
    return result || *turned == 0 ? result : count_release(store, id, why);
}

int store_reset_release(struct store *store, int64_t id, int64_t now, unsigned *released,
                        struct why *why)
{
    unsigned turned = 0;
    unsigned count = 0;
    int result = change_begin(store, why);
    if (result)
        return result;
    result = release(store, id, now, &turned, &count, why);
    result = change_end(store, result, turned ? AREA(RESETS) : 0, why);
    if (result == 0)
        *released = count;
    return result;
}

/* ---- what becomes of it ---- */

static int tell(struct store *store, const char *device, int64_t now, struct why *why)
{
    struct sql q;
    sql_start(&q, store,
              "UPDATE reset_phone SET state = $1, told = $2 WHERE state = $3"
              " AND phone = (SELECT id FROM phone WHERE name = $4)",
              why);
    sql_put_number(&q, RESET_TOLD);
    sql_put_number(&q, now);
    sql_put_number(&q, RESET_RELEASED);
    sql_put_text(&q, device);
    sql_run(&q);
    return sql_end(&q, 0);
}

int store_resets_told(struct store *store, const char *const *devices, size_t count, int64_t now,
                      struct why *why)
{
    int result = change_begin(store, why);
    if (result)
        return result;
    for (size_t i = 0; i < count && result == 0; i++)
        result = tell(store, devices[i], now, why);
    return change_end(store, result, 0, why);
}

/* States are spelt out, for the index of those that are open. */
static int expire_untold(struct store *store, int64_t before, unsigned *expired, struct why *why)
{
    struct sql q;
    sql_start(&q, store, "UPDATE reset_phone SET state = 5 WHERE state = 1 AND released <= $1",
              why);
    sql_put_number(&q, before);
    *expired += (unsigned)sql_run(&q);
    return sql_end(&q, 0);
}

static int expire_told(struct store *store, int64_t before, unsigned *expired, struct why *why)
{
    struct sql q;
    sql_start(&q, store, "UPDATE reset_phone SET state = 4 WHERE state = 2 AND told <= $1", why);
    sql_put_number(&q, before);
    *expired += (unsigned)sql_run(&q);
    return sql_end(&q, 0);
}

int store_resets_expire(struct store *store, int64_t now, unsigned *expired, struct why *why)
{
    unsigned count = 0;
    int result = change_begin(store, why);
    if (result)
        return result;
    result = expire_untold(store, now - RESET_TELL_SECONDS, &count, why);
    if (result == 0)
        result = expire_told(store, now - RESET_BACK_SECONDS, &count, why);
    result = change_end(store, result, count ? AREA(RESETS) : 0, why);
    if (result == 0)
        *expired = count;
    return result;
}
