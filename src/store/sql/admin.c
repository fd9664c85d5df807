#include "store/sql/sql.h"

static int put_name(struct store *store, const char *name, struct why *why)
{
    struct sql q;
    sql_start(&q, store, "INSERT INTO administrator (name) VALUES ($1) ON CONFLICT DO NOTHING",
              why);
    sql_put_text(&q, name);
    sql_run(&q);
    return sql_end(&q, 0);
}

static int put_secret(struct store *store, const char *name, const char *hash, struct why *why)
{
    struct sql q;
    sql_start(&q, store,
              "INSERT INTO administrator_secret (name, hash) VALUES ($1, $2)"
              " ON CONFLICT (name) DO UPDATE SET hash = excluded.hash",
              why);
    sql_put_text(&q, name);
    sql_put_text(&q, hash);
    sql_run(&q);
    return sql_end(&q, 0);
}

int store_admin_put(struct store *store, const char *name, const char *hash, struct why *why)
{
    int result = check_name(why, "name of the administrator", name, ADMIN_NAME);
    if (result == 0)
        result = check_name(why, "password hash", hash, ADMIN_HASH);
    if (result == 0)
        result = change_begin(store, why);
    if (result)
        return result;
    result = put_name(store, name, why);
    if (result == 0)
        result = put_secret(store, name, hash, why);
    return change_end(store, result, 0, why);
}

int store_admin_get(struct store *store, const char *name, char hash[ADMIN_HASH])
{
    struct sql q;
    sql_start(&q, store, "SELECT hash FROM administrator_secret WHERE name = $1", NULL);
    sql_put_text(&q, name);
    int result = sql_only(&q);
    if (result == 0)
        sql_text(&q, hash, ADMIN_HASH);
    return sql_end(&q, result);
}
