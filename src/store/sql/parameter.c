#include "store/sql/sql.h"

int store_parameter_get(struct store *store, const char *name, char value[PARAMETER_VALUE])
{
    struct sql q;
    sql_start(&q, store, "SELECT paramvalue FROM processconfig WHERE paramname = $1", NULL);
    sql_put_text(&q, name);
    int result = sql_only(&q);
    if (result == 0)
        sql_text(&q, value, PARAMETER_VALUE);
    return sql_end(&q, result);
}

/* `text` decides what happens to a value that is there. */
static int put(struct store *store, const char *text, const char *name, const char *value,
               struct why *why)
{
    int result = check_name(why, "name of the parameter", name, PARAMETER_NAME);
    if (result == 0)
        result = check_length(why, "value of the parameter", value, PARAMETER_VALUE);
    if (result == 0)
        result = change_begin(store, why);
    if (result)
        return result;
    struct sql q;
    sql_start(&q, store, text, why);
    sql_put_text(&q, name);
    sql_put_text(&q, value);
    uint64_t changed = sql_run(&q);
    result = sql_end(&q, 0);
    return change_end(store, result, changed ? AREA(PARAMETERS) : 0, why);
}

int store_parameter_set(struct store *store, const char *name, const char *value, struct why *why)
{
    return put(store,
               "INSERT INTO processconfig (paramname, paramvalue) VALUES ($1, $2)"
               " ON CONFLICT (paramname) DO UPDATE SET paramvalue = excluded.paramvalue"
               " WHERE processconfig.paramvalue <> excluded.paramvalue",
               name, value, why);
}

int store_parameter_default(struct store *store, const char *name, const char *value)
{
    return put(store,
               "INSERT INTO processconfig (paramname, paramvalue) VALUES ($1, $2)"
               " ON CONFLICT (paramname) DO NOTHING",
               name, value, sql_own_words(store));
}

int store_parameters(struct store *store,
                     int (*each)(void *context, const char *name, const char *value), void *context)
{
    struct sql q;
    int result = 0;
    sql_start(&q, store, "SELECT paramname, paramvalue FROM processconfig ORDER BY paramname",
              NULL);
    while (result == 0 && sql_next(&q)) {
        char name[PARAMETER_NAME];
        char value[PARAMETER_VALUE];
        sql_text(&q, name, sizeof name);
        sql_text(&q, value, sizeof value);
        if (!q.error)
            result = each(context, name, value);
    }
    return sql_end(&q, result);
}
