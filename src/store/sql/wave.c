#include "store/sql/wave.h"

#include <errno.h>
#include <stdlib.h>

enum { WAVE_SIZE_MAX = 1000000 };

/* ---- what orders tell ---- */

int wave_withdraw(struct store *store, int64_t phone, struct why *why)
{
    struct sql q;
    sql_start(&q, store,
              "UPDATE enrolment_wave_phone SET state = $1 WHERE phone = $2 AND state IN ($3, $4)",
              why);
    sql_put_number(&q, WAVE_WITHDRAWN);
    sql_put_number(&q, phone);
    sql_put_number(&q, WAVE_WAITING);
    sql_put_number(&q, WAVE_RELEASED);
    sql_run(&q);
    return sql_end(&q, 0);
}

int wave_note(struct store *store, int64_t wave, int64_t phone, enum wave_state state,
              struct why *why)
{
    struct sql q;
    sql_start(&q, store,
              "UPDATE enrolment_wave_phone SET state = $1 WHERE wave = $2 AND phone = $3"
              " AND state IN ($4, $5)",
              why);
    sql_put_number(&q, state);
    sql_put_number(&q, wave);
    sql_put_number(&q, phone);
    sql_put_number(&q, WAVE_RELEASED);
    sql_put_number(&q, WAVE_FAILED);
    sql_run(&q);
    return sql_end(&q, 0);
}

int wave_note_late(struct store *store, int64_t now, struct why *why)
{
    struct sql q;
    sql_start(&q, store,
              "UPDATE enrolment_wave_phone SET state = $2 WHERE state = $3 AND phone IN"
              " (SELECT e.phone FROM enrolment e WHERE e.operation > 0 AND e.complete_by > 0"
              " AND e.complete_by <= $1 AND e.wave = enrolment_wave_phone.wave)",
              why);
    sql_put_number(&q, now);
    sql_put_number(&q, WAVE_FAILED);
    sql_put_number(&q, WAVE_RELEASED);
    sql_run(&q);
    return sql_end(&q, 0);
}

/* ---- a new bulk order ---- */

static int insert_wave(struct store *store, const struct store_wave *wave, int64_t *id,
                       struct why *why)
{
    const struct store_order *o = &wave->order;
    struct sql q;
    sql_start(&q, store,
              "INSERT INTO enrolment_wave (created, size, filter, operation, authentication,"
              " key_order, rsa_bits, curve, complete_by, released)"
              " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0) RETURNING id",
              why);
    sql_put_number(&q, wave->created);
    sql_put_number(&q, wave->size);
    sql_put_text(&q, wave->filter);
    sql_put_number(&q, o->operation);
    sql_put_number(&q, o->authentication);
    sql_put_number(&q, o->key_order);
    sql_put_number(&q, o->rsa_bits);
    sql_put_number(&q, o->curve);
    sql_put_number(&q, o->complete_by);
    int result = sql_only(&q);
    *id = sql_number(&q);
    return sql_end(&q, result);
}

static int insert_phone(struct store *store, int64_t wave, size_t position, const char *device,
                        struct why *why)
{
    int64_t phone = 0;
    int result = find_phone(store, device, &phone, why);
    if (result)
        return result;
    struct sql q;
    sql_start(&q, store,
              "INSERT INTO enrolment_wave_phone (wave, position, phone, number, state)"
              " VALUES ($1, $2, $3, 0, $4) ON CONFLICT DO NOTHING",
              why);
    sql_put_number(&q, wave);
    sql_put_number(&q, (int64_t)position);
    sql_put_number(&q, phone);
    sql_put_number(&q, WAVE_WAITING);
    uint64_t changed = sql_run(&q);
    result = sql_end(&q, 0);
    if (result == 0 && changed == 0)
        return why_error(why, ERR_DUPLICATE, "%s is given twice", device);
    return result;
}

static int check_wave(const struct store_wave *wave, size_t count, struct why *why)
{
    if (wave->size == 0 || wave->size > WAVE_SIZE_MAX)
        return why_error(why, ERR_USAGE, "a wave of %u phones is not between 1 and %d", wave->size,
                         WAVE_SIZE_MAX);
    if (count == 0)
        return why_error(why, ERR_USAGE, "a bulk order needs a phone");
    if (wave->order.operation == ENROLMENT_NONE)
        return why_error(why, ERR_USAGE, "a bulk order needs an operation");
    int result = check_length(why, "filter", wave->filter, sizeof wave->filter);
    return result ? result : order_check(&wave->order, why);
}

int store_wave_add(struct store *store, const struct store_wave *wave, const char *const *devices,
                   size_t count, int64_t *id, struct why *why)
{
    int64_t made = 0;
    int result = check_wave(wave, count, why);
    if (result == 0)
        result = change_begin(store, why);
    if (result)
        return result;
    result = insert_wave(store, wave, &made, why);
    for (size_t i = 0; i < count && result == 0; i++)
        result = insert_phone(store, made, i + 1, devices[i], why);
    result = change_end(store, result, AREA(ENROLMENT), why);
    if (result == 0)
        *id = made;
    return result;
}

/* ---- reading ---- */

#define WAVE_COLUMNS                                                                       \
    "id, created, size, filter, released, operation, authentication, key_order, rsa_bits," \
    " curve, complete_by FROM enrolment_wave"

static void read_wave(struct sql *q, struct store_wave *out)
{
    *out = (struct store_wave){.id = sql_number(q)};
    out->created = sql_number(q);
    out->size = (unsigned)sql_number(q);
    sql_text(q, out->filter, sizeof out->filter);
    out->released = (unsigned)sql_number(q);
    order_read(q, &out->order);
}

static int count_phones(struct store *store, struct store_wave *wave)
{
    struct sql q;
    sql_start(&q, store,
              "SELECT state, count(*) FROM enrolment_wave_phone WHERE wave = $1 GROUP BY state",
              NULL);
    sql_put_number(&q, wave->id);
    while (sql_next(&q)) {
        int64_t state = sql_number(&q);
        if (state >= 0 && state < WAVE_STATE_COUNT)
            wave->count[state] = (unsigned)sql_number(&q);
    }
    return sql_end(&q, 0);
}

int store_wave_get(struct store *store, int64_t id, struct store_wave *out)
{
    struct store_wave found;
    struct sql q;
    sql_start(&q, store, "SELECT " WAVE_COLUMNS " WHERE id = $1", NULL);
    sql_put_number(&q, id);
    int result = sql_only(&q);
    read_wave(&q, &found);
    result = sql_end(&q, result);
    if (result == 0)
        result = count_phones(store, &found);
    if (result == 0)
        *out = found;
    return result;
}

int store_waves(struct store *store, int (*each)(void *context, const struct store_wave *wave),
                void *context)
{
    struct sql q;
    int result = 0;
    sql_start(&q, store, "SELECT " WAVE_COLUMNS " ORDER BY id DESC", NULL);
    while (result == 0 && sql_next(&q)) {
        struct store_wave wave;
        read_wave(&q, &wave);
        if (!q.error)
            result = count_phones(store, &wave);
        if (!q.error && result == 0)
            result = each(context, &wave);
    }
    return sql_end(&q, result);
}

int store_wave_phones(struct store *store, int64_t id,
                      int (*each)(void *context, const struct store_wave_phone *phone),
                      void *context)
{
    struct sql q;
    int result = 0;
    sql_start(&q, store,
              "SELECT d.name, w.number, w.state FROM enrolment_wave_phone w"
              " JOIN phone d ON d.id = w.phone WHERE w.wave = $1 ORDER BY w.position",
              NULL);
    sql_put_number(&q, id);
    while (result == 0 && sql_next(&q)) {
        struct store_wave_phone phone = {.device = ""};
        sql_text(&q, phone.device, sizeof phone.device);
        phone.number = (unsigned)sql_number(&q);
        phone.state = (enum wave_state)sql_number(&q);
        if (!q.error)
            result = each(context, &phone);
    }
    return sql_end(&q, result);
}

/* ---- releasing ---- */

/* The phones whose turn it is, gathered first: a table is not changed while it is walked. */
static int next_phones(struct store *store, int64_t wave, int64_t *phones, unsigned room,
                       unsigned *count, struct why *why)
{
    struct sql q;
    sql_start(&q, store,
              "SELECT phone FROM enrolment_wave_phone WHERE wave = $1 AND state = $2"
              " ORDER BY position LIMIT $3",
              why);
    sql_put_number(&q, wave);
    sql_put_number(&q, WAVE_WAITING);
    sql_put_number(&q, room);
    *count = 0;
    while (*count < room && sql_next(&q))
        phones[(*count)++] = sql_number(&q);
    return sql_end(&q, 0);
}

/* Another bulk order whose turn came first is overtaken: the phone does what it was told last. */
static int overtake(struct store *store, int64_t wave, int64_t phone, struct why *why)
{
    struct sql q;
    sql_start(&q, store,
              "UPDATE enrolment_wave_phone SET state = $1 WHERE phone = $2 AND state = $3"
              " AND wave <> $4",
              why);
    sql_put_number(&q, WAVE_WITHDRAWN);
    sql_put_number(&q, phone);
    sql_put_number(&q, WAVE_RELEASED);
    sql_put_number(&q, wave);
    sql_run(&q);
    return sql_end(&q, 0);
}

static int release_phone(struct store *store, const struct store_wave *wave, int64_t phone,
                         int64_t now, struct why *why)
{
    int result = overtake(store, wave->id, phone, why);
    if (result)
        return result;
    struct sql q;
    sql_start(&q, store,
              "UPDATE enrolment_wave_phone SET state = $1, number = $2"
              " WHERE wave = $3 AND phone = $4",
              why);
    sql_put_number(&q, WAVE_RELEASED);
    sql_put_number(&q, wave->released + 1);
    sql_put_number(&q, wave->id);
    sql_put_number(&q, phone);
    sql_run(&q);
    result = sql_end(&q, 0);
    return result ? result : order_write(store, phone, &wave->order, wave->id, now, why);
}

static int count_release(struct store *store, int64_t wave, struct why *why)
{
    struct sql q;
    sql_start(&q, store, "UPDATE enrolment_wave SET released = released + 1 WHERE id = $1", why);
    sql_put_number(&q, wave);
    sql_run(&q);
    return sql_end(&q, 0);
}

static int get_wave(struct store *store, int64_t id, struct store_wave *out, struct why *why)
{
    int result = store_wave_get(store, id, out);
    if (result == ERR_NOT_FOUND)
        return why_error(why, result, "there is no bulk order %lld", (long long)id);
    return result ? why_error(why, result, "%s", store_words(store, result)) : 0;
}

static int release(struct store *store, int64_t id, int64_t now, unsigned *released,
                   struct why *why)
{
    struct store_wave wave = {0};
    int result = get_wave(store, id, &wave, why);
    if (result)
        return result;
    unsigned open = wave.count[WAVE_RELEASED];
    unsigned room = open < wave.size ? wave.size - open : 0;
    if (room > wave.count[WAVE_WAITING])
        room = wave.count[WAVE_WAITING];
    if (room == 0)
        return 0;
    if (wave.order.complete_by && wave.order.complete_by <= now)
        return why_error(why, ERR_CONFLICT,
                         "the time of bulk order %lld has passed: its phones would fail at once; "
                         "make a new one for those that wait",
                         (long long)id);
    int64_t *phones = calloc(room, sizeof *phones);
    if (!phones)
        return -ENOMEM;
    unsigned count = 0;
    result = next_phones(store, id, phones, room, &count, why);
    for (unsigned i = 0; i < count && result == 0; i++)
        result = release_phone(store, &wave, phones[i], now, why);
    if (result == 0)
        result = count_release(store, id, why);
    free(phones);
    *released = count;
    return result;
}

int store_wave_release(struct store *store, int64_t id, int64_t now, unsigned *released,
                       struct why *why)
{
    unsigned count = 0;
    int result = change_begin(store, why);
    if (result)
        return result;
    result = release(store, id, now, &count, why);
    result = change_end(store, result, count ? AREA(ENROLMENT) : 0, why);
    if (result == 0)
        *released = count;
    return result;
}

static int cancel(struct store *store, int64_t id, struct why *why)
{
    struct store_wave wave;
    int result = get_wave(store, id, &wave, why);
    if (result)
        return result;
    struct sql q;
    sql_start(&q, store,
              "UPDATE enrolment_wave_phone SET state = $1 WHERE wave = $2 AND state = $3", why);
    sql_put_number(&q, WAVE_WITHDRAWN);
    sql_put_number(&q, id);
    sql_put_number(&q, WAVE_WAITING);
    sql_run(&q);
    return sql_end(&q, 0);
}

int store_wave_cancel(struct store *store, int64_t id, struct why *why)
{
    int result = change_begin(store, why);
    if (result)
        return result;
    return change_end(store, cancel(store, id, why), AREA(ENROLMENT), why);
}
