#include "store/sql/schema.h"
#include "store/sql/sql.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* More different statements than the rooms have; past it they are prepared for one use. */
enum { STATEMENTS_MAX = 256 };

static const struct db_driver *const drivers[] = {&db_sqlite};

static const struct db_driver *driver_of(const char *where)
{
    for (size_t i = 0; i < sizeof drivers / sizeof *drivers; i++)
        if (drivers[i]->claims(where))
            return drivers[i];
    return NULL;
}

static int prepare_schema(struct db *db, enum store_mode mode, struct why *why)
{
    if (mode == STORE_CREATE) {
        int result = schema_migrate(db, &schema_current, why);
        return result ? result : db->driver->settle(db, why);
    }
    unsigned version = 0;
    int result = schema_version(db, &version, why);
    if (result)
        return result;
    if (version == 0)
        return why_error(why, ERR_UNSUPPORTED, "%s: this is not a database of Trustline",
                         db->label);
    if (version < schema_current.count && mode == STORE_READ)
        return why_error(why, ERR_CONFLICT,
                         "%s: the database has schema version %u, this program needs version %u: "
                         "start trustlined once, it brings the database up to date",
                         db->label, version, schema_current.count);
    return schema_migrate(db, &schema_current, why);
}

int store_check_address(const char *where, struct why *why)
{
    if (driver_of(where))
        return 0;
    return why_error(why, ERR_UNSUPPORTED,
                     "databases of the kind \"%.*s\" are not supported by this version; "
                     "it takes the path of a file",
                     (int)strcspn(where, ":"), where);
}

int store_open(struct store **out, const char *where, enum store_mode mode, struct why *why)
{
    int result = store_check_address(where, why);
    if (result)
        return result;
    const struct db_driver *driver = driver_of(where);
    struct store *store = calloc(1, sizeof *store);
    if (!store)
        return -ENOMEM;
    store->mode = mode;
    result = map_new(&store->statements, STATEMENTS_MAX);
    if (result == 0)
        result = driver->open(&store->db, where, mode, why);
    if (result == 0)
        result = prepare_schema(store->db, mode, why);
    if (result) {
        store_close(store);
        return result;
    }
    *out = store;
    return 0;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    sql_forget(store);
    if (store->db)
        store->db->driver->close(store->db);
    free(store);
}

unsigned store_schema_version(void)
{
    return schema_current.count;
}

const char *store_words(const struct store *store, int error)
{
    return why_text(&store->last, error);
}

bool store_changed(struct store *store)
{
    return store->db->driver->moved(store->db);
}

int store_revisions(struct store *store, uint64_t numbers[AREA_COUNT])
{
    uint64_t read[AREA_COUNT] = {0};
    struct sql q;
    sql_start(&q, store, "SELECT area, number FROM revision", NULL);
    while (sql_next(&q)) {
        int64_t area = sql_number(&q);
        if (area >= 0 && area < AREA_COUNT)
            read[area] = (uint64_t)sql_number(&q);
    }
    int result = sql_end(&q, 0);
    if (result == 0)
        memcpy(numbers, read, sizeof read);
    return result;
}

int store_query(struct store *store, const char *sql, int timeout_ms, struct store_table **out,
                struct why *why)
{
    const struct db_query_limits limits = {
        .timeout_ms = timeout_ms,
        .rows = QUERY_ROWS_MAX,
        .bytes = QUERY_BYTES_MAX,
    };
    return store->db->driver->query(store->db, sql, &limits, out, why);
}
