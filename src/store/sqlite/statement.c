#include "store/sqlite/sqlite.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

/* No statement of ours has more. */
enum { PARAMETERS_MAX = 20 };

struct db_statement {
    struct sqlite *owner;
    sqlite3_stmt *statement;
    int places[PARAMETERS_MAX]; /* of $1, $2, ...: SQLite numbers names as it meets them */
    unsigned parameters;
};

static int find_places(struct db_statement *s)
{
    int count = sqlite3_bind_parameter_count(s->statement);
    if (count > PARAMETERS_MAX)
        return ERR_BUG;
    for (int i = 0; i < count; i++) {
        char name[8];
        text_format(name, sizeof name, "$%d", i + 1);
        s->places[i] = sqlite3_bind_parameter_index(s->statement, name);
        if (s->places[i] == 0)
            return ERR_BUG; /* $1 to $n, with no gap */
    }
    s->parameters = (unsigned)count;
    return 0;
}

int sqlite_prepare(struct db_statement **out, struct db *db, const char *sql, struct why *why)
{
    struct sqlite *owner = (struct sqlite *)db;
    struct db_statement *s = calloc(1, sizeof *s);
    if (!s)
        return -ENOMEM;
    s->owner = owner;
    int code =
        sqlite3_prepare_v3(owner->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &s->statement, NULL);
    int result = sqlite_error(owner->handle, code, owner->path, why);
    if (result == 0)
        result = find_places(s);
    if (result) {
        sqlite_finalize(s);
        return result;
    }
    *out = s;
    return 0;
}

void sqlite_finalize(struct db_statement *statement)
{
    if (!statement)
        return;
    sqlite3_finalize(statement->statement);
    free(statement);
}

/* 0 when there is no such parameter, which SQLite then refuses. */
static int place(const struct db_statement *s, unsigned at)
{
    return at >= 1 && at <= s->parameters ? s->places[at - 1] : 0;
}

static int bound(struct db_statement *s, int code)
{
    if (code == SQLITE_RANGE || code == SQLITE_MISUSE)
        return ERR_BUG;
    return sqlite_error(s->owner->handle, code, s->owner->path, NULL);
}

int sqlite_bind_number(struct db_statement *statement, unsigned at, int64_t value)
{
    return bound(statement, sqlite3_bind_int64(statement->statement, place(statement, at), value));
}

int sqlite_bind_text(struct db_statement *statement, unsigned at, struct bytes value)
{
    const char *text = value.size ? (const char *)value.data : "";
    return bound(statement, sqlite3_bind_text64(statement->statement, place(statement, at), text,
                                                value.size, SQLITE_STATIC, SQLITE_UTF8));
}

int sqlite_bind_bytes(struct db_statement *statement, unsigned at, struct bytes value)
{
    const void *data = value.size ? (const void *)value.data : "";
    return bound(statement, sqlite3_bind_blob64(statement->statement, place(statement, at), data,
                                                value.size, SQLITE_STATIC));
}

int sqlite_step(struct db_statement *statement, bool *row, struct why *why)
{
    sqlite3 *handle = statement->owner->handle;
    int code = sqlite3_step(statement->statement);
    *row = code == SQLITE_ROW;
    if (code == SQLITE_ROW || code == SQLITE_DONE)
        return 0;
    return sqlite_error(handle, code, statement->owner->path, why);
}

int64_t sqlite_number(struct db_statement *statement, unsigned column)
{
    return sqlite3_column_int64(statement->statement, (int)column);
}

struct bytes sqlite_bytes(struct db_statement *statement, unsigned column)
{
    /* The bytes first: asking for them may convert, and then the size is another. */
    const void *data = sqlite3_column_type(statement->statement, (int)column) == SQLITE_BLOB
                           ? sqlite3_column_blob(statement->statement, (int)column)
                           : (const void *)sqlite3_column_text(statement->statement, (int)column);
    return bytes_of(data, (size_t)sqlite3_column_bytes(statement->statement, (int)column));
}

uint64_t sqlite_changes(struct db_statement *statement)
{
    /* The count of the connection: of the statement that changed last, which was this one. */
    return (uint64_t)sqlite3_changes64(statement->owner->handle);
}

void sqlite_reset(struct db_statement *statement)
{
    sqlite3_reset(statement->statement);
    sqlite3_clear_bindings(statement->statement);
}
