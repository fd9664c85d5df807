#include "store/sql/sql.h"

#define HELD_COLUMNS                                                                              \
    "d.name, h.hash, h.kind, h.sequence, h.first_served, h.last_served, h.complete, h.confirmed," \
    " h.refused, h.inferred, h.first_sequence FROM held_list h JOIN phone d ON d.id = h.phone"

static void read_held(struct sql *q, struct store_held *out)
{
    *out = (struct store_held){.device = ""};
    sql_text(q, out->device, sizeof out->device);
    sql_text(q, out->hash, sizeof out->hash);
    out->kind = (enum list_kind)sql_number(q);
    out->sequence = sql_number(q);
    out->first_served = sql_number(q);
    out->last_served = sql_number(q);
    out->complete = sql_number(q) != 0;
    out->confirmed = sql_number(q);
    out->refused = sql_number(q);
    out->inferred = sql_number(q) != 0;
    out->first_sequence = sql_number(q);
}

int store_held(struct store *store, const char *device,
               int (*each)(void *context, const struct store_held *held), void *context)
{
    struct sql q;
    int result = 0;
    if (device) {
        sql_start(&q, store, "SELECT " HELD_COLUMNS " WHERE d.name = $1 ORDER BY h.sequence", NULL);
        sql_put_text(&q, device);
    } else {
        sql_start(&q, store, "SELECT " HELD_COLUMNS " ORDER BY d.name, h.sequence", NULL);
    }
    while (result == 0 && sql_next(&q)) {
        struct store_held held;
        read_held(&q, &held);
        if (!q.error)
            result = each(context, &held);
    }
    return sql_end(&q, result);
}

/* Which phone, and of which kind the list is: one we published, or one the phone was seen to
 * take. */
static int find_list(struct store *store, const char *device, const char *hash, int64_t *phone,
                     int64_t *kind, struct why *why)
{
    struct sql q;
    sql_start(&q, store,
              "SELECT d.id, coalesce(h.kind, l.kind, -1) FROM phone d"
              " LEFT JOIN held_list h ON h.phone = d.id AND h.hash = $2"
              " LEFT JOIN published_list l ON l.hash = $2 WHERE d.name = $1",
              why);
    sql_put_text(&q, device);
    sql_put_text(&q, hash);
    int result = sql_only(&q);
    *phone = sql_number(&q);
    *kind = sql_number(&q);
    result = sql_end(&q, result);
    return result == 0 && *kind < 0 ? ERR_NOT_FOUND : result;
}

/* When the list was never seen to be served (observations may lose their last second), it is not
 * known what came before it: its sequence 0 makes it older than all. */
static int mark_confirmed(struct store *store, int64_t phone, const char *hash, int64_t kind,
                          int64_t time, int64_t *sequence, struct why *why)
{
    struct sql q;
    sql_start(&q, store,
              "INSERT INTO held_list (phone, hash, kind, sequence, first_served, last_served,"
              " confirmed, inferred) VALUES ($1, $2, $3, 0, $4, $4, $4, 0)"
              " ON CONFLICT (phone, hash) DO UPDATE SET inferred = 0, refused = 0,"
              " confirmed = CASE WHEN excluded.confirmed > held_list.confirmed"
              " THEN excluded.confirmed ELSE held_list.confirmed END RETURNING sequence",
              why);
    sql_put_number(&q, phone);
    sql_put_text(&q, hash);
    sql_put_number(&q, kind);
    sql_put_number(&q, time);
    int result = sql_only(&q);
    *sequence = sql_number(&q);
    return sql_end(&q, result);
}

static int confirm(struct store *store, const char *device, const char *hash, int64_t time,
                   struct why *why)
{
    int64_t phone = 0;
    int64_t kind = 0;
    int64_t sequence = 0;
    int result = find_list(store, device, hash, &phone, &kind, why);
    if (result == 0)
        result = mark_confirmed(store, phone, hash, kind, time, &sequence, why);
    if (result)
        return result;
    struct sql q;
    sql_start(&q, store, "DELETE FROM held_list WHERE phone = $1 AND kind = $2 AND sequence < $3",
              why);
    sql_put_number(&q, phone);
    sql_put_number(&q, kind);
    sql_put_number(&q, sequence);
    sql_run(&q);
    return sql_end(&q, 0);
}

int store_held_confirm(struct store *store, const char *device, const char *hash, int64_t time)
{
    int result = change_begin(store, NULL);
    if (result)
        return result;
    return change_end(store, confirm(store, device, hash, time, NULL), 0, NULL);
}

static int refuse(struct store *store, const char *device, const char *hash, int64_t time,
                  struct why *why)
{
    struct sql q;
    sql_start(&q, store,
              "UPDATE held_list SET refused = $3 WHERE hash = $2"
              " AND phone = (SELECT id FROM phone WHERE name = $1)",
              why);
    sql_put_text(&q, device);
    sql_put_text(&q, hash);
    sql_put_number(&q, time);
    uint64_t changed = sql_run(&q);
    int result = sql_end(&q, 0);
    return result == 0 && changed == 0 ? ERR_NOT_FOUND : result;
}

int store_held_refuse(struct store *store, const char *device, const char *hash, int64_t time)
{
    int result = change_begin(store, NULL);
    if (result)
        return result;
    return change_end(store, refuse(store, device, hash, time, NULL), 0, NULL);
}
