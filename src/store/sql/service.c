#include "base/clock.h"
#include "store/sql/sql.h"

/* ---- services ---- */

#define SERVICE_COLUMNS \
    "name, activated, wanted, restarts_wanted, state, reason, since, pid FROM service"

static void read_service(struct sql *q, struct store_service *out)
{
    *out = (struct store_service){.name = ""};
    sql_text(q, out->name, sizeof out->name);
    out->activated = sql_number(q) != 0;
    out->wanted = sql_number(q) != 0;
    out->restarts_wanted = (uint64_t)sql_number(q);
    sql_text(q, out->state, sizeof out->state);
    sql_text(q, out->reason, sizeof out->reason);
    out->since = sql_number(q);
    out->pid = sql_number(q);
}

static int put_service(struct store *store, int64_t node, const struct store_service *service,
                       struct why *why)
{
    struct sql q;
    sql_start(&q, store,
              "INSERT INTO service (node, name, activated, wanted, restarts_wanted, state, reason,"
              " since, pid) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
              " ON CONFLICT (node, name) DO UPDATE SET activated = excluded.activated,"
              " wanted = excluded.wanted",
              why);
    sql_put_number(&q, node);
    sql_put_text(&q, service->name);
    sql_put_number(&q, service->activated);
    sql_put_number(&q, service->wanted);
    sql_put_number(&q, (int64_t)service->restarts_wanted);
    sql_put_text(&q, service->state);
    sql_put_text(&q, service->reason);
    sql_put_number(&q, service->since);
    sql_put_number(&q, service->pid);
    sql_run(&q);
    return sql_end(&q, 0);
}

int store_service_put(struct store *store, int64_t node, const struct store_service *service,
                      struct why *why)
{
    int result = check_name(why, "name of the service", service->name, sizeof service->name);
    if (result == 0)
        result = change_begin(store, why);
    if (result)
        return result;
    return change_end(store, put_service(store, node, service, why), AREA(SERVICES), why);
}

int store_service_get(struct store *store, int64_t node, const char *name,
                      struct store_service *out)
{
    struct sql q;
    sql_start(&q, store, "SELECT " SERVICE_COLUMNS " WHERE node = $1 AND name = $2", NULL);
    sql_put_number(&q, node);
    sql_put_text(&q, name);
    int result = sql_only(&q);
    if (result == 0)
        read_service(&q, out);
    return sql_end(&q, result);
}

int store_services(struct store *store, int64_t node,
                   int (*each)(void *context, const struct store_service *service), void *context)
{
    struct sql q;
    int result = 0;
    sql_start(&q, store, "SELECT " SERVICE_COLUMNS " WHERE node = $1 ORDER BY name", NULL);
    sql_put_number(&q, node);
    while (result == 0 && sql_next(&q)) {
        struct store_service service;
        read_service(&q, &service);
        if (!q.error)
            result = each(context, &service);
    }
    return sql_end(&q, result);
}

static int want(struct store *store, int64_t node, const char *name, bool wanted, bool restart,
                struct why *why)
{
    struct sql q;
    sql_start(&q, store,
              "UPDATE service SET wanted = $1, restarts_wanted = restarts_wanted + $2"
              " WHERE node = $3 AND name = $4",
              why);
    sql_put_number(&q, wanted);
    sql_put_number(&q, restart);
    sql_put_number(&q, node);
    sql_put_text(&q, name);
    uint64_t changed = sql_run(&q);
    int result = sql_end(&q, 0);
    if (result == 0 && changed == 0)
        return why_error(why, ERR_NOT_FOUND, "there is no service \"%s\"", name);
    return result;
}

int store_service_want(struct store *store, int64_t node, const char *name, bool wanted,
                       bool restart, struct why *why)
{
    int result = change_begin(store, why);
    if (result)
        return result;
    return change_end(store, want(store, node, name, wanted, restart, why), AREA(SERVICES), why);
}

/* A state that lasts keeps its beginning. Nothing moves when nothing is new, so that a supervisor
 * may say the same as often as it likes. */
static int see(struct store *store, int64_t node, const char *name, const char *state,
               const char *reason, int64_t pid, bool *changed)
{
    struct store_service old = {.name = ""};
    int result = store_service_get(store, node, name, &old);
    if (result)
        return result;
    bool same_state = bytes_equal_string(bytes_of_string(old.state), state);
    *changed =
        !same_state || old.pid != pid || !bytes_equal_string(bytes_of_string(old.reason), reason);
    if (!*changed)
        return 0;
    struct sql q;
    sql_start(&q, store,
              "UPDATE service SET state = $1, reason = $2, pid = $3, since = $4"
              " WHERE node = $5 AND name = $6",
              NULL);
    sql_put_text(&q, state);
    sql_put_text(&q, reason);
    sql_put_number(&q, pid);
    sql_put_number(&q, same_state ? old.since : clock_wall());
    sql_put_number(&q, node);
    sql_put_text(&q, name);
    sql_run(&q);
    return sql_end(&q, 0);
}

int store_service_seen(struct store *store, int64_t node, const char *name, const char *state,
                       const char *reason, int64_t pid)
{
    struct store_service sizes;
    char cut[SERVICE_REASON];
    bool changed = false;
    struct why *why = sql_own_words(store);
    copy_readable(cut, sizeof cut, reason); /* a long reason is still a reason */
    int result = check_name(why, "state of the service", state, sizeof sizes.state);
    if (result == 0)
        result = change_begin(store, why);
    if (result)
        return result;
    result = see(store, node, name, state, cut, pid, &changed);
    return change_end(store, result, changed ? AREA(SERVICES) : 0, why);
}

/* ---- counters ---- */

static int put_counter(struct store *store, int64_t node, const char *name, uint64_t value)
{
    struct sql q;
    sql_start(&q, store,
              "INSERT INTO counter (node, name, value) VALUES ($1, $2, $3)"
              " ON CONFLICT (node, name) DO UPDATE SET value = excluded.value"
              " WHERE counter.value <> excluded.value",
              NULL);
    sql_put_number(&q, node);
    sql_put_text(&q, name);
    sql_put_number(&q, value > INT64_MAX ? INT64_MAX : (int64_t)value);
    sql_run(&q);
    return sql_end(&q, 0);
}

int store_counter_put(struct store *store, int64_t node, const char *name, uint64_t value)
{
    struct why *why = sql_own_words(store);
    int result = check_name(why, "name of the counter", name, COUNTER_NAME);
    if (result == 0)
        result = change_begin(store, why);
    if (result)
        return result;
    return change_end(store, put_counter(store, node, name, value), 0, why);
}

int store_counters(struct store *store, int64_t node,
                   int (*each)(void *context, const char *name, uint64_t value), void *context)
{
    struct sql q;
    int result = 0;
    sql_start(&q, store, "SELECT name, value FROM counter WHERE node = $1 ORDER BY name", NULL);
    sql_put_number(&q, node);
    while (result == 0 && sql_next(&q)) {
        char name[COUNTER_NAME];
        sql_text(&q, name, sizeof name);
        uint64_t value = (uint64_t)sql_number(&q);
        if (!q.error)
            result = each(context, name, value);
    }
    return sql_end(&q, result);
}
