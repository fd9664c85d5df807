#include "store/sql/sql.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Observations of one phone, seen at one address: what is written together, as one contact. */
struct run {
    const struct store_observation *const *list; /* in the order they came in */
    size_t count;
    const char *device;
    bool inferred;
    char address[ADDRESS_NAME];
};

/* By phone; the observations of each in the order they came in, which is that of their batch. */
static int by_phone(const void *a, const void *b)
{
    const struct store_observation *x = *(const struct store_observation *const *)a;
    const struct store_observation *y = *(const struct store_observation *const *)b;
    int order = strcmp(x->device, y->device);
    return order ? order : (x > y) - (x < y);
}

static bool same_contact(const struct store_observation *a, const struct store_observation *b)
{
    return a->claimed == b->claimed && a->inferred == b->inferred &&
           strcmp(a->device, b->device) == 0 && strcmp(a->address, b->address) == 0;
}

static struct run first_run(const struct store_observation *const *list, size_t count)
{
    struct run run = {
        .list = list, .count = 1, .device = list[0]->device, .inferred = list[0]->inferred};
    while (run.count < count && same_contact(list[run.count], list[0]))
        run.count++;
    copy_readable(run.address, sizeof run.address, list[0]->address);
    return run;
}

static int64_t newest(const struct run *run)
{
    int64_t time = run->list[0]->time;
    for (size_t i = 1; i < run->count; i++)
        if (run->list[i]->time > time)
            time = run->list[i]->time;
    return time;
}

/* When and where the phone was seen (unless that was a guess), and how often. ERR_NOT_FOUND: no
 * such phone. */
static int note_contact(struct store *store, const struct run *run, struct why *why)
{
    struct sql q;
    sql_start(&q, store,
              "INSERT INTO phone_contact (phone, seen, address, observations)"
              " SELECT id, $2, $3, $4 FROM phone WHERE name = $1 ON CONFLICT (phone) DO UPDATE SET"
              " address = CASE WHEN excluded.seen >= phone_contact.seen THEN excluded.address"
              " ELSE phone_contact.address END,"
              " seen = CASE WHEN excluded.seen >= phone_contact.seen THEN excluded.seen"
              " ELSE phone_contact.seen END,"
              " observations = phone_contact.observations + excluded.observations",
              why);
    sql_put_text(&q, run->device);
    sql_put_number(&q, run->inferred ? 0 : newest(run));
    sql_put_text(&q, run->inferred ? "" : run->address);
    sql_put_number(&q, (int64_t)run->count);
    bool known = sql_run(&q) > 0;
    return sql_end(&q, known ? 0 : ERR_NOT_FOUND);
}

/* The phone, and which number in its row of observations the last one counted has. (RETURNING would
 * tell it at once, but makes SQLite build a table for the answer, which costs more than asking.) */
static int last_number(struct store *store, const char *name, int64_t *phone, int64_t *sequence,
                       struct why *why)
{
    struct sql q;
    sql_start(&q, store,
              "SELECT c.phone, c.observations FROM phone d JOIN phone_contact c ON c.phone = d.id"
              " WHERE d.name = $1",
              why);
    sql_put_text(&q, name);
    int result = sql_only(&q);
    *phone = sql_number(&q);
    *sequence = sql_number(&q);
    return sql_end(&q, result);
}

static int keep_observation(struct store *store, int64_t phone, int64_t slot, int64_t sequence,
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
    sql_put_number(&q, slot);
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

/* What a list that was never published is: by its name. */
static enum list_kind kind_by_name(const char *file)
{
    const char *slash = strrchr(file, '/');
    return text_starts(slash ? slash + 1 : file, "CTL") ? LIST_CTL : LIST_ITL;
}

static int note_held(struct store *store, int64_t phone, int64_t sequence,
                     const struct store_observation *o, struct why *why)
{
    struct sql q;
    sql_start(&q, store,
              "INSERT INTO held_list (phone, hash, kind, sequence, first_served, last_served,"
              " confirmed, inferred, complete, first_sequence) VALUES ($1, $2,"
              " coalesce((SELECT kind FROM published_list WHERE hash = $2), $3),"
              " $4, $5, $5, 0, $6, $7, $4)"
              " ON CONFLICT (phone, hash) DO UPDATE SET sequence = excluded.sequence, refused = 0,"
              " complete = excluded.complete,"
              " last_served = CASE WHEN excluded.last_served > held_list.last_served"
              " THEN excluded.last_served ELSE held_list.last_served END,"
              " inferred = CASE WHEN excluded.inferred = 0 THEN 0 ELSE held_list.inferred END",
              why);
    sql_put_number(&q, phone);
    sql_put_text(&q, o->hash);
    sql_put_number(&q, kind_by_name(o->file));
    sql_put_number(&q, sequence);
    sql_put_number(&q, o->time);
    sql_put_number(&q, o->inferred);
    sql_put_number(&q, o->complete);
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

static int count_strangers(struct store *store, const struct run *run, struct why *why)
{
    int result = 0;
    for (size_t i = 0; i < run->count && result == 0; i++)
        if (run->list[i]->kind == OBSERVED_LIST)
            result = count_stranger(store, run->list[i]->hash, why);
    return result;
}

/* Claims have slots behind those of the others, and numbers of their own. */
static int last_claim(struct store *store, const char *name, int64_t *phone, int64_t *sequence,
                      struct why *why)
{
    struct sql q;
    sql_start(&q, store,
              "SELECT d.id, coalesce(max(o.sequence), 0) FROM phone d LEFT JOIN observation o"
              " ON o.phone = d.id AND o.slot >= $2 WHERE d.name = $1 GROUP BY d.id",
              why);
    sql_put_text(&q, name);
    sql_put_number(&q, OBSERVATIONS_KEPT);
    int result = sql_only(&q);
    *phone = sql_number(&q);
    *sequence = sql_number(&q);
    return sql_end(&q, result);
}

static int keep_claims(struct store *store, const struct run *run, struct why *why)
{
    int64_t phone = 0;
    int64_t sequence = 0;
    int result = last_claim(store, run->device, &phone, &sequence, why);
    for (size_t i = 0; i < run->count && result == 0; i++) {
        sequence++;
        result = keep_observation(store, phone, OBSERVATIONS_KEPT + sequence % CLAIMS_KEPT,
                                  sequence, run->list[i], run->address, why);
    }
    return result == ERR_NOT_FOUND ? 0 : result;
}

static int observe(struct store *store, const struct run *run, struct why *why)
{
    int64_t phone = 0;
    int64_t last = 0;
    if (run->list[0]->claimed)
        return keep_claims(store, run, why);
    int result = run->device[0] ? note_contact(store, run, why) : ERR_NOT_FOUND;
    if (result == ERR_NOT_FOUND)
        return count_strangers(store, run, why);
    if (result == 0)
        result = last_number(store, run->device, &phone, &last, why);
    for (size_t i = 0; i < run->count && result == 0; i++) {
        const struct store_observation *o = run->list[i];
        int64_t sequence = last - (int64_t)(run->count - 1 - i);
        result = keep_observation(store, phone, sequence % OBSERVATIONS_KEPT, sequence, o,
                                  run->address, why);
        if (result == 0 && o->kind == OBSERVED_LIST)
            result = note_held(store, phone, sequence, o, why);
    }
    return result;
}

int store_observe(struct store *store, const struct store_observation *list, size_t count,
                  struct why *why)
{
    const struct store_observation **sorted = calloc(count + 1, sizeof *sorted);
    if (!sorted)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        sorted[i] = &list[i];
    qsort(sorted, count, sizeof *sorted, by_phone);
    int result = change_begin(store, why);
    if (result) {
        free(sorted);
        return result;
    }
    for (size_t i = 0; i < count && result == 0;) {
        struct run run = first_run(&sorted[i], count - i);
        result = observe(store, &run, why);
        i += run.count;
    }
    free(sorted);
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

#define OBSERVATION_COLUMNS                                                                \
    "d.name, o.inferred, o.address, o.time, o.kind, o.transport, o.file, o.hash, o.size, " \
    "o.complete"

static int walk_observations(struct sql *q,
                             int (*each)(void *context,
                                         const struct store_observation *observation),
                             void *context)
{
    int result = 0;
    while (result == 0 && sql_next(q)) {
        struct store_observation observation;
        read_observation(q, &observation);
        if (!q->error)
            result = each(context, &observation);
    }
    return sql_end(q, result);
}

int store_observations(struct store *store, const char *device, size_t max,
                       int (*each)(void *context, const struct store_observation *observation),
                       void *context)
{
    struct sql q;
    sql_start(&q, store,
              "SELECT " OBSERVATION_COLUMNS " FROM phone d JOIN observation o ON o.phone = d.id"
              " WHERE d.name = $1 ORDER BY o.time DESC, o.sequence DESC LIMIT $2",
              NULL);
    sql_put_text(&q, device);
    sql_put_number(&q, max > OBSERVATIONS_KEPT + CLAIMS_KEPT ? OBSERVATIONS_KEPT + CLAIMS_KEPT
                                                             : (int64_t)max);
    return walk_observations(&q, each, context);
}

/* The condition is that of the index. */
_Static_assert(OBSERVED_REGISTRATION == 6 && OBSERVED_ALARM == 7, "kind >= 6");

int store_proofs(struct store *store, int64_t after, int64_t until,
                 int (*each)(void *context, const struct store_observation *observation),
                 void *context)
{
    struct sql q;
    sql_start(&q, store,
              "SELECT " OBSERVATION_COLUMNS " FROM observation o JOIN phone d ON d.id = o.phone"
              " WHERE o.kind >= 6 AND o.time > $1 AND o.time <= $2 AND o.complete = 1"
              " AND (o.kind = 7 OR o.hash <> '') ORDER BY d.name, o.time, o.sequence",
              NULL);
    sql_put_number(&q, after);
    sql_put_number(&q, until);
    return walk_observations(&q, each, context);
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
