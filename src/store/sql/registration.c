#include "store/registration.h"

#include "store/sql/sql.h"

/* ---- writing ---- */

/* A phone nobody knows has no row to belong to. */
static int put(struct store *store, int64_t node, const struct store_registration *r, bool *known,
               struct why *why)
{
    char load[REGISTRATION_LOAD];
    struct sql q;
    copy_readable(load, sizeof load, r->load);
    sql_start(&q, store,
              "INSERT INTO registration (phone, node, address, mode, tls, cipher, certificate,"
              " not_after, version, load, since)"
              " SELECT id, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11 FROM phone WHERE name = $1"
              " ON CONFLICT (phone) DO UPDATE SET node = excluded.node,"
              " address = excluded.address, mode = excluded.mode, tls = excluded.tls,"
              " cipher = excluded.cipher, certificate = excluded.certificate,"
              " not_after = excluded.not_after, version = excluded.version,"
              " load = excluded.load, since = excluded.since",
              why);
    sql_put_text(&q, r->device);
    sql_put_number(&q, node);
    sql_put_text(&q, r->address);
    sql_put_number(&q, r->mode);
    sql_put_text(&q, r->tls);
    sql_put_text(&q, r->cipher);
    sql_put_text(&q, r->certificate);
    sql_put_number(&q, r->not_after);
    sql_put_number(&q, r->version);
    sql_put_text(&q, load);
    sql_put_number(&q, r->since);
    *known = sql_run(&q) > 0;
    return sql_end(&q, 0);
}

static int drop(struct store *store, int64_t node, const char *device, struct why *why)
{
    struct sql q;
    sql_start(&q, store,
              "DELETE FROM registration WHERE node = $1"
              " AND phone = (SELECT id FROM phone WHERE name = $2)",
              why);
    sql_put_number(&q, node);
    sql_put_text(&q, device);
    sql_run(&q);
    return sql_end(&q, 0);
}

/* It is back: whoever told it to restart need not wait for it any more. */
static int note_return(struct store *store, const struct store_registration *r, bool *moved,
                       struct why *why)
{
    struct sql q;
    sql_start(&q, store,
              "UPDATE reset_phone SET state = $1 WHERE state IN ($2, $3) AND told <= $4"
              " AND phone = (SELECT id FROM phone WHERE name = $5)",
              why);
    sql_put_number(&q, RESET_DONE);
    sql_put_number(&q, RESET_TOLD);
    sql_put_number(&q, RESET_LOST);
    sql_put_number(&q, r->since);
    sql_put_text(&q, r->device);
    if (sql_run(&q) > 0)
        *moved = true;
    return sql_end(&q, 0);
}

static int write_presence(struct store *store, int64_t node, const struct store_presence *presence,
                          bool *moved, struct why *why)
{
    const struct store_registration *r = &presence->registration;
    bool known = false;
    if (!presence->here)
        return drop(store, node, r->device, why);
    int result = put(store, node, r, &known, why);
    return result || !known ? result : note_return(store, r, moved, why);
}

int store_presences_write(struct store *store, int64_t node, const struct store_presence *list,
                          size_t count, struct why *why)
{
    bool moved = false;
    int result = change_begin(store, why);
    if (result)
        return result;
    for (size_t i = 0; i < count && result == 0; i++)
        result = write_presence(store, node, &list[i], &moved, why);
    return change_end(store, result, moved ? AREA(RESETS) : 0, why);
}

static int clear(struct store *store, int64_t node, struct why *why)
{
    struct sql q;
    sql_start(&q, store, "DELETE FROM registration WHERE node = $1", why);
    sql_put_number(&q, node);
    sql_run(&q);
    return sql_end(&q, 0);
}

int store_registrations_clear(struct store *store, int64_t node, struct why *why)
{
    int result = change_begin(store, why);
    if (result)
        return result;
    return change_end(store, clear(store, node, why), 0, why);
}

/* ---- reading ---- */

static void read_registration(struct sql *q, struct store_registration *out)
{
    *out = (struct store_registration){.device = ""};
    sql_text(q, out->device, sizeof out->device);
    sql_text(q, out->node, sizeof out->node);
    sql_text(q, out->address, sizeof out->address);
    out->mode = (enum device_mode)sql_number(q);
    sql_text(q, out->tls, sizeof out->tls);
    sql_text(q, out->cipher, sizeof out->cipher);
    sql_text(q, out->certificate, sizeof out->certificate);
    out->not_after = sql_number(q);
    out->version = (unsigned)sql_number(q);
    sql_text(q, out->load, sizeof out->load);
    out->since = sql_number(q);
}

int store_registrations(struct store *store, const char *device,
                        int (*each)(void *context, const struct store_registration *registration),
                        void *context)
{
    struct sql q;
    int result = 0;
    sql_start(&q, store,
              "SELECT d.name, n.name, r.address, r.mode, r.tls, r.cipher, r.certificate,"
              " r.not_after, r.version, r.load, r.since FROM registration r"
              " JOIN phone d ON d.id = r.phone JOIN node n ON n.id = r.node"
              " WHERE $1 = '' OR d.name = $1 ORDER BY d.name",
              NULL);
    sql_put_text(&q, device ? device : "");
    while (result == 0 && sql_next(&q)) {
        struct store_registration registration;
        read_registration(&q, &registration);
        if (!q.error)
            result = each(context, &registration);
    }
    return sql_end(&q, result);
}
