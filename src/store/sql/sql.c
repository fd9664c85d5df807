#include "store/sql/sql.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct sql_cached {
    struct db_statement *statement;
    bool busy; /* in use: a question asked from the callback of the same question */
};

static struct bytes key_of(const char *const *text)
{
    return bytes_of(text, sizeof *text);
}

void sql_forget(struct store *store)
{
    size_t position = 0;
    struct sql_cached *cached;
    while (store->statements && (cached = map_next(store->statements, &position, NULL))) {
        store->db->driver->finalize(cached->statement);
        free(cached);
    }
    map_free(store->statements);
    store->statements = NULL;
}

/* Keeps a freshly prepared statement; when it cannot be kept it is the use's own. */
static void keep(struct sql *q, const char *text)
{
    struct sql_cached *cached = calloc(1, sizeof *cached);
    if (!cached)
        return;
    if (map_add(q->store->statements, key_of(&text), cached) != 0) {
        free(cached);
        return;
    }
    cached->statement = q->statement;
    cached->busy = true;
    q->cached = cached;
}

/* Once the database has undone a transaction by itself, what follows would be written outside it:
 * nothing works any more until the caller has rolled back. */
static int check_transaction(struct store *store, struct why *why)
{
    if (!store->acting || store->db->driver->in_transaction(store->db))
        return 0;
    return why_error(why, ERR_STORE, "the database has undone the transaction after an error");
}

struct why *sql_own_words(struct store *store)
{
    store->last.text[0] = '\0';
    return &store->last;
}

void sql_start(struct sql *q, struct store *store, const char *text, struct why *why)
{
    *q = (struct sql){.store = store, .driver = store->db->driver, .why = why};
    if (!why)
        q->why = sql_own_words(store);
    q->error = check_transaction(store, q->why);
    if (q->error)
        return;
    struct sql_cached *cached = map_get(store->statements, key_of(&text));
    if (cached && !cached->busy) {
        cached->busy = true;
        q->cached = cached;
        q->statement = cached->statement;
        return;
    }
    q->error = q->driver->prepare(&q->statement, store->db, text, q->why);
    if (q->error == 0 && !cached)
        keep(q, text);
}

void sql_put_text(struct sql *q, const char *value)
{
    if (q->error)
        return;
    struct bytes text = bytes_of_string(value);
    if (!text_is_utf8(text)) {
        char shown[100];
        q->error = why_error(q->why, ERR_FORMAT, "\"%s\" is not UTF-8",
                             text_escape(shown, sizeof shown, text));
        return;
    }
    q->error = q->driver->bind_text(q->statement, ++q->parameters, text);
}

void sql_put_number(struct sql *q, int64_t value)
{
    if (!q->error)
        q->error = q->driver->bind_number(q->statement, ++q->parameters, value);
}

void sql_put_bytes(struct sql *q, struct bytes value)
{
    if (!q->error)
        q->error = q->driver->bind_bytes(q->statement, ++q->parameters, value);
}

bool sql_next(struct sql *q)
{
    q->row = false;
    q->columns = 0;
    if (!q->error) {
        bool row = false;
        q->error = q->driver->step(q->statement, &row, q->why);
        q->row = row && !q->error;
    }
    return q->row;
}

int sql_only(struct sql *q)
{
    if (sql_next(q))
        return 0;
    return q->error ? q->error : ERR_NOT_FOUND;
}

uint64_t sql_run(struct sql *q)
{
    while (sql_next(q)) {
        /* A statement of ours that changes may also return; nobody asked to see it here. */
    }
    return q->error ? 0 : q->driver->changes(q->statement);
}

int64_t sql_number(struct sql *q)
{
    return q->row ? q->driver->number(q->statement, q->columns++) : 0;
}

void sql_text(struct sql *q, char *out, size_t size)
{
    struct bytes value = {NULL, 0};
    if (q->row)
        value = q->driver->bytes(q->statement, q->columns++);
    if (!text_copy_bytes(out, size, value) && !q->error)
        q->error = why_error(q->why, ERR_STORE,
                             "column %u of a row holds %zu bytes where %zu are the most: the "
                             "database was changed by something else",
                             q->columns, value.size, size - 1);
}

void sql_bytes(struct sql *q, struct buffer *out)
{
    struct bytes value = {NULL, 0};
    if (q->row)
        value = q->driver->bytes(q->statement, q->columns++);
    buffer_init(out, value.size);
    buffer_append(out, value);
    if (out->error && !q->error)
        q->error = out->error;
}

int sql_end(struct sql *q, int result)
{
    if (q->cached) {
        q->driver->reset(q->statement);
        q->cached->busy = false;
    } else if (q->statement) {
        q->driver->finalize(q->statement);
    }
    return q->error ? q->error : result;
}

/* ---- transactions ---- */

/* A statement alone, prepared once: savepoints are set too often to be parsed each time. */
static int simple(struct store *store, const char *text, struct why *why)
{
    struct sql q;
    sql_start(&q, store, text, why);
    sql_run(&q);
    return sql_end(&q, 0);
}

static int move_revisions(struct store *store, unsigned areas, struct why *why)
{
    int result = 0;
    for (unsigned area = 0; area < AREA_COUNT && result == 0; area++) {
        if (!(areas & 1u << area))
            continue;
        struct sql q;
        sql_start(&q, store, "UPDATE revision SET number = number + 1 WHERE area = $1", why);
        sql_put_number(&q, area);
        sql_run(&q);
        result = sql_end(&q, 0);
    }
    return result;
}

static int finish(struct store *store, unsigned areas, struct why *why)
{
    const struct db_driver *driver = store->db->driver;
    int result = move_revisions(store, areas, why);
    if (result == 0)
        result = driver->commit(store->db, why);
    if (result)
        driver->rollback(store->db);
    return result;
}

int change_begin(struct store *store, struct why *why)
{
    if (!why)
        why = sql_own_words(store);
    if (store->mode == STORE_READ)
        return why_error(why, ERR_POLICY, "the database was opened for reading only");
    if (store->acting)
        return simple(store, "SAVEPOINT change", why);
    return store->db->driver->begin(store->db, true, why);
}

int change_end(struct store *store, int result, unsigned areas, struct why *why)
{
    if (!why)
        why = &store->last;
    if (!store->acting) {
        if (result == 0)
            return finish(store, areas, why);
        store->db->driver->rollback(store->db);
        return result;
    }
    struct why second = WHY_NONE; /* undoing has nothing better to say than what went wrong */
    if (result) {
        int undone = simple(store, "ROLLBACK TO SAVEPOINT change", &second);
        if (undone == 0)
            undone = simple(store, "RELEASE SAVEPOINT change", &second);
        if (undone)
            store->db->driver->rollback(store->db); /* check_transaction() stops what follows */
        return result;
    }
    result = simple(store, "RELEASE SAVEPOINT change", why);
    if (result == 0)
        store->moved |= areas;
    return result;
}

int store_begin(struct store *store, struct why *why)
{
    if (store->acting)
        return why_error(why, ERR_BUG, "a transaction was begun inside another");
    int result = store->db->driver->begin(store->db, store->mode != STORE_READ, why);
    if (result == 0) {
        store->acting = true;
        store->moved = 0;
    }
    return result;
}

int store_part_begin(struct store *store, struct why *why)
{
    if (!store->acting)
        return why_error(why, ERR_BUG, "a part of a transaction was begun outside of any");
    return change_begin(store, why);
}

int store_part_end(struct store *store, int result, struct why *why)
{
    return change_end(store, result, 0, why);
}

int store_commit(struct store *store, struct why *why)
{
    if (!store->acting)
        return why_error(why, ERR_BUG, "there is no transaction to commit");
    int result = check_transaction(store, why);
    if (result == 0)
        result = finish(store, store->moved, why);
    store->acting = false;
    return result;
}

void store_rollback(struct store *store)
{
    if (store->acting)
        store->db->driver->rollback(store->db);
    store->acting = false;
}

int check_length(struct why *why, const char *what, const char *text, size_t size)
{
    if (strlen(text) < size)
        return 0;
    return why_error(why, ERR_LIMIT, "the %s has %zu bytes; %zu are the most", what, strlen(text),
                     size - 1);
}

int check_name(struct why *why, const char *what, const char *text, size_t size)
{
    if (text[0] == '\0')
        return why_error(why, ERR_USAGE, "the %s is empty", what);
    return check_length(why, what, text, size);
}

void copy_readable(char *out, size_t size, const char *text)
{
    text_copy(out, size, text);
    size_t n = strlen(out);
    for (unsigned i = 0; i < 3 && n && !text_is_utf8(bytes_of(out, n)); i++)
        out[--n] = '\0';
    if (!text_is_utf8(bytes_of(out, n)))
        text_escape(out, size, bytes_of_string(text));
}
