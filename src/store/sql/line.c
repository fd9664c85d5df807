/* Lines and speed dials of phones: both are numbers, in the order of their buttons. */
#include "store/sql/sql.h"

struct kind {
    const char *erase, *insert, *get;
    const char *one, *many; /* for messages */
};

#define KIND(table, name)                                                                          \
    {                                                                                              \
        "DELETE FROM " table " WHERE phone = $1",                                                  \
            "INSERT INTO " table " (phone, position, number, label) VALUES ($1, $2, $3, $4)"       \
            " ON CONFLICT (phone, position) DO NOTHING", /* The device itself gives a row, so that \
                                                            one without any is told from none at   \
                                                            all. */                                \
            "SELECT l.position, l.number, l.label FROM phone d LEFT JOIN " table                   \
            " l ON l.phone = d.id WHERE d.name = $1 ORDER BY l.position",                          \
            name, name "s"                                                                         \
    }

static const struct kind lines_kind = KIND("phone_line", "line");
static const struct kind dials_kind = KIND("phone_speed_dial", "speed dial");

static int put_one(struct store *store, const struct kind *kind, int64_t device,
                   const struct store_line *line, struct why *why)
{
    struct sql q;
    sql_start(&q, store, kind->insert, why);
    sql_put_number(&q, device);
    sql_put_number(&q, line->position);
    sql_put_text(&q, line->number);
    sql_put_text(&q, line->label);
    uint64_t changed = sql_run(&q);
    int result = sql_end(&q, 0);
    if (result == 0 && changed == 0)
        return why_error(why, ERR_DUPLICATE, "%s %u is given twice", kind->one, line->position);
    return result;
}

static int put_all(struct store *store, const struct kind *kind, const char *device,
                   const struct store_line *lines, size_t count, struct why *why)
{
    int64_t id = 0;
    struct sql q;
    int result = find_phone(store, device, &id, why);
    if (result)
        return result;
    sql_start(&q, store, kind->erase, why);
    sql_put_number(&q, id);
    sql_run(&q);
    result = sql_end(&q, 0);
    for (size_t i = 0; i < count && result == 0; i++)
        result = put_one(store, kind, id, &lines[i], why);
    return result ? result : stamp_phone(store, id, why);
}

static int put(struct store *store, const struct kind *kind, const char *device,
               const struct store_line *lines, size_t count, struct why *why)
{
    if (count > DEVICE_LINES_MAX)
        return why_error(why, ERR_LIMIT, "%zu %s are more than a device has (%d)", count,
                         kind->many, DEVICE_LINES_MAX);
    int result = change_begin(store, why);
    if (result)
        return result;
    return change_end(store, put_all(store, kind, device, lines, count, why), AREA(DEVICES), why);
}

static int get(struct store *store, const struct kind *kind, const char *device,
               struct store_line *lines, size_t max, size_t *count)
{
    size_t found = 0;
    bool exists = false;
    struct sql q;
    sql_start(&q, store, kind->get, NULL);
    sql_put_text(&q, device);
    while (sql_next(&q)) {
        exists = true;
        struct store_line line = {.position = (unsigned)sql_number(&q)};
        sql_text(&q, line.number, sizeof line.number);
        sql_text(&q, line.label, sizeof line.label);
        if (line.position == 0)
            continue;
        if (found < max)
            lines[found] = line;
        found++;
    }
    int result = sql_end(&q, exists ? 0 : ERR_NOT_FOUND);
    if (result == 0)
        *count = found;
    return result;
}

int store_lines_put(struct store *store, const char *device, const struct store_line *lines,
                    size_t count, struct why *why)
{
    return put(store, &lines_kind, device, lines, count, why);
}

int store_lines_get(struct store *store, const char *device, struct store_line *lines, size_t max,
                    size_t *count)
{
    return get(store, &lines_kind, device, lines, max, count);
}

int store_speed_dials_put(struct store *store, const char *device, const struct store_line *dials,
                          size_t count, struct why *why)
{
    return put(store, &dials_kind, device, dials, count, why);
}

int store_speed_dials_get(struct store *store, const char *device, struct store_line *dials,
                          size_t max, size_t *count)
{
    return get(store, &dials_kind, device, dials, max, count);
}
