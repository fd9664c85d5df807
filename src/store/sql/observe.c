#include "store/sql/sql.h"

#include <string.h>

/* A contact: when and where the phone was seen (unless that was a guess), and which number in its
 * row of observations this one has. */
static int note_contact(struct store *store, int64_t phone, const struct store_observation *o,
                        const char *address, int64_t *sequence, struct why *why)
{
    struct sql q;
    sql_start(&q, store,
              "INSERT INTO phone_contact (phone, seen, address, observations)"
              " VALUES ($1, $2, $3, 1) ON CONFLICT (phone) DO UPDATE SET"
              " address = CASE WHEN excluded.seen >= phone_contact.seen THEN excluded.address"
              " ELSE phone_contact.address END,"
              " seen = CASE WHEN excluded.seen >= phone_contact.seen THEN excluded.seen"
              " ELSE phone_contact.seen END,"
              " observations = phone_contact.observations + 1 RETURNING observations",
              why);
    sql_put_number(&q, phone);
    sql_put_number(&q, o->inferred ? 0 : o->time);
    sql_put_text(&q, o->inferred ? "" : address);
    int result = sql_only(&q);
    *sequence = sql_number(&q);
    return sql_end(&q, result);
}

static int keep_observation(struct store *store, int64_t phone, int64_t sequence,
                            const struct store_observation *o, const char *address, struct why *why)
{
    char file[TRUST_FILE];
    copy_readable(file, sizeof file, o->file);
    struct sql q;
    sql_start(&q, store,
              "INSERT INTO observation (phone, slot, sequence, inferred, address, time, kind,"
              " transport, file, hash, size, complete)"
              " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
              " ON CONFLICT (phone, slot) DO UPDATE SET sequence = excluded.sequence,"
              " inferred = excluded.inferred, address = excluded.address, time = excluded.time,"
              " kind = excluded.kind, transport = excluded.transport, file = excluded.file,"
              " hash = excluded.hash, size = excluded.size, complete = excluded.complete",
              why);
    sql_put_number(&q, phone);
    sql_put_number(&q, sequence % OBSERVATIONS_KEPT);
    sql_put_number(&q, sequence);
    sql_put_number(&q, o->inferred);
    sql_put_text(&q, address);
    sql_put_number(&q, o->time);
    sql_put_number(&q, o->kind);
    sql_put_number(&q, o->transport);
    sql_put_text(&q, file);
    sql_put_text(&q, o->hash);
    sql_put_number(&q, o->size > INT64_MAX ? INT64_MAX : (int64_t)o->size);
    sql_put_number(&q, o->complete);
    sql_run(&q);
    return sql_end(&q, 0);
}

/* As it was published, or for a list that lies in tftpboot/ as the file name says. */
static int kind_of(struct store *store, const struct store_observation *o, int64_t *kind,
                   struct why *why)
{
    struct sql q;
    sql_start(&q, store, "SELECT kind FROM published_list WHERE hash = $1", why);
    sql_put_text(&q, o->hash);
    int result = sql_only(&q);
    *kind = sql_number(&q);
    result = sql_end(&q, result);
    if (result != ERR_NOT_FOUND)
        return result;
    const char *slash = strrchr(o->file, '/');
    const char *name = slash ? slash + 1 : o->file;
    *kind = text_starts(name, "CTL") ? LIST_CTL : LIST_ITL;
    return 0;
}

static int note_held(struct store *store, int64_t phone, int64_t sequence,
                     const struct store_observation *o, struct why *why)
{
    int64_t kind = 0;
    int result = kind_of(store, o, &kind, why);
    if (result)
        return result;
    struct sql q;
    sql_start(&q, store,
              "INSERT INTO held_list (phone, hash, kind, sequence, first_served, last_served,"
              " confirmed, inferred) VALUES ($1, $2, $3, $4, $5, $5, 0, $6)"
              " ON CONFLICT (phone, hash) DO UPDATE SET sequence = excluded.sequence,"
              " last_served = CASE WHEN excluded.last_served > held_list.last_served"
              " THEN excluded.last_served ELSE held_list.last_served END,"
              " inferred = CASE WHEN excluded.inferred = 0 THEN 0 ELSE held_list.inferred END",
              why);
    sql_put_number(&q, phone);
    sql_put_text(&q, o->hash);
    sql_put_number(&q, kind);
    sql_put_number(&q, sequence);
    sql_put_number(&q, o->time);
    sql_put_number(&q, o->inferred);
    sql_run(&q);
    return sql_end(&q, 0);
}

/* No row for an address of nobody: one number for each list we ever published. */
static int count_stranger(struct store *store, const char *hash, struct why *why)
{
    struct sql q;
    sql_start(&q, store,
              "INSERT INTO list_stranger (hash, served)"
              " SELECT hash, 1 FROM published_list WHERE hash = $1"
              " ON CONFLICT (hash) DO UPDATE SET served = list_stranger.served + 1",
              why);
    sql_put_text(&q, hash);
    sql_run(&q);
    return sql_end(&q, 0);
}

static int phone_id(struct store *store, const char *name, int64_t *out, struct why *why)
{
    struct sql q;
    sql_start(&q, store, "SELECT id FROM phone WHERE name = $1", why);
    sql_put_text(&q, name);
    int result = sql_only(&q);
    *out = sql_number(&q);
    return sql_end(&q, result);
}

static int observe(struct store *store, const struct store_observation *o, struct why *why)
{
    int64_t phone = 0;
    int64_t sequence = 0;
    char address[ADDRESS_NAME];
    int result = o->device[0] ? phone_id(store, o->device, &phone, why) : ERR_NOT_FOUND;
    if (result == ERR_NOT_FOUND)
        return o->kind == OBSERVED_LIST ? count_stranger(store, o->hash, why) : 0;
    copy_readable(address, sizeof address, o->address);
    if (result == 0)
        result = note_contact(store, phone, o, address, &sequence, why);
    if (result == 0)
        result = keep_observation(store, phone, sequence, o, address, why);
    if (result == 0 && o->kind == OBSERVED_LIST)
        result = note_held(store, phone, sequence, o, why);
    return result;
}

int store_observe(struct store *store, const struct store_observation *list, size_t count,
                  struct why *why)
{
    int result = change_begin(store, why);
    if (result)
        return result;
    for (size_t i = 0; i < count && result == 0; i++)
        result = observe(store, &list[i], why);
    return change_end(store, result, 0, why);
}

static void read_observation(struct sql *q, struct store_observation *out)
{
    *out = (struct store_observation){.device = ""};
    sql_text(q, out->device, sizeof out->device);
    out->inferred = sql_number(q) != 0;
    sql_text(q, out->address, sizeof out->address);
    out->time = sql_number(q);
    out->kind = (enum observation_kind)sql_number(q);
    out->transport = (enum observation_transport)sql_number(q);
    sql_text(q, out->file, sizeof out->file);
    sql_text(q, out->hash, sizeof out->hash);
    out->size = (uint64_t)sql_number(q);
    out->complete = sql_number(q) != 0;
}

int store_observations(struct store *store, const char *device, size_t max,
                       int (*each)(void *context, const struct store_observation *observation),
                       void *context)
{
    struct sql q;
    int result = 0;
    sql_start(&q, store,
              "SELECT d.name, o.inferred, o.address, o.time, o.kind, o.transport, o.file, o.hash,"
              " o.size, o.complete FROM phone d JOIN observation o ON o.phone = d.id"
              " WHERE d.name = $1 ORDER BY o.sequence DESC LIMIT $2",
              NULL);
    sql_put_text(&q, device);
    sql_put_number(&q, max > OBSERVATIONS_KEPT ? OBSERVATIONS_KEPT : (int64_t)max);
    while (result == 0 && sql_next(&q)) {
        struct store_observation observation;
        read_observation(&q, &observation);
        if (!q.error)
            result = each(context, &observation);
    }
    return sql_end(&q, result);
}

int store_device_at(struct store *store, const char *address, char device[DEVICE_NAME])
{
    if (address[0] == '\0')
        return ERR_NOT_FOUND;
    struct sql q;
    sql_start(&q, store,
              "SELECT d.name FROM phone_contact c JOIN phone d ON d.id = c.phone"
              " WHERE c.address = $1 ORDER BY c.seen DESC, c.phone DESC LIMIT 1",
              NULL);
    sql_put_text(&q, address);
    int result = sql_only(&q);
    if (result == 0)
        sql_text(&q, device, DEVICE_NAME);
    return sql_end(&q, result);
}
