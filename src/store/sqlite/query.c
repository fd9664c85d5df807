#include "base/clock.h"
#include "base/text.h"
#include "store/sql/exposure.h"
#include "store/sql/table.h"
#include "store/sqlite/sqlite.h"

#include <errno.h>
#include <string.h>

/*
 * A question of a person runs on a connection of its own that is opened for reading, behind two
 * walls. While SQLite compiles, an authorizer refuses what is not a plain SELECT, and words it
 * well; but SQLite does not ask it about everything (a NATURAL JOIN compares columns unasked). So
 * the compiled program is looked through as well: every table it opens must be one that
 * store/sql/exposure.c shows.
 */

#define ONLY_READS "it only reads: give one SELECT"

/* SQLite calls back this often, in steps of its machine: some ten microseconds. */
enum { PROGRESS_STEPS = 1000 };

struct guard {
    struct why *why;
    bool refused;
    bool selects;
    int64_t deadline; /* monotonic ms */
};

static int refuse(struct guard *guard, const char *format, ...) PRINTF_LIKE(2, 3);

static int refuse(struct guard *guard, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    guard->refused = true;
    why_verror(guard->why, ERR_POLICY, format, values);
    va_end(values);
    return SQLITE_DENY;
}

static int refuse_table(struct guard *guard, const char *table)
{
    if (exposure_hides(table))
        return refuse(guard, "%s is secret and not shown", table);
    return refuse(guard, "the table %s is not shown", table);
}

/* What is asked for by an action; see sqlite3_set_authorizer() for what the two names are. */
static int authorize(void *context, int action, const char *first, const char *second,
                     const char *database, const char *inside)
{
    struct guard *guard = context;
    (void)database;
    (void)inside;
    switch (action) {
    case SQLITE_SELECT:
        guard->selects = true;
        return SQLITE_OK;
    case SQLITE_READ:
        /* No column: only rows are counted, of a table or of a subquery with a name. */
        if (second[0] == '\0')
            return SQLITE_OK;
        return exposure_shows(first) ? SQLITE_OK : refuse_table(guard, first);
    case SQLITE_FUNCTION:
        return exposure_calls(second) ? SQLITE_OK
                                      : refuse(guard, "the function %s is not called", second);
    case SQLITE_RECURSIVE:
        return refuse(guard, "recursive queries are not asked");
    default:
        return refuse(guard, ONLY_READS);
    }
}

static int past_deadline(void *context)
{
    const struct guard *guard = context;
    return clock_ms() >= guard->deadline;
}

static const struct {
    int limit;
    int value;
} limits_of_reader[] = {
    {SQLITE_LIMIT_LENGTH, 4 * 1024 * 1024},
    {SQLITE_LIMIT_SQL_LENGTH, 64 * 1024},
    {SQLITE_LIMIT_COLUMN, 256},
    {SQLITE_LIMIT_EXPR_DEPTH, 200},
    {SQLITE_LIMIT_COMPOUND_SELECT, 50},
    {SQLITE_LIMIT_VDBE_OP, 100000},
    {SQLITE_LIMIT_FUNCTION_ARG, 32},
    {SQLITE_LIMIT_ATTACHED, 0},
    {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000},
    {SQLITE_LIMIT_VARIABLE_NUMBER, 0},
    {SQLITE_LIMIT_TRIGGER_DEPTH, 1},
    {SQLITE_LIMIT_WORKER_THREADS, 0},
};

static int open_reader(struct sqlite *s, struct why *why)
{
    if (s->reader)
        return 0;
    sqlite3 *reader = NULL;
    int result = sqlite_connect(&reader, s->path, SQLITE_OPEN_READONLY, s->path, why);
    if (result)
        return result;
    result = sqlite_run(reader, s->path, "PRAGMA query_only = ON", why);
    if (result) {
        sqlite3_close_v2(reader);
        return result;
    }
    for (size_t i = 0; i < sizeof limits_of_reader / sizeof *limits_of_reader; i++)
        sqlite3_limit(reader, limits_of_reader[i].limit, limits_of_reader[i].value);
    s->reader = reader;
    return 0;
}

/* An error of the question itself is the asker's; what is wrong with the database is ours. */
static int query_error(struct sqlite *s, const struct guard *guard, int code, struct why *why)
{
    if (guard->refused)
        return ERR_POLICY;
    int primary = code & 0xff;
    if (text_starts(sqlite3_errmsg(s->reader), "cannot modify")) /* a view: said unasked */
        return why_error(why, ERR_POLICY, ONLY_READS);
    if (primary == SQLITE_ERROR || primary == SQLITE_RANGE || primary == SQLITE_MISMATCH)
        return why_error(why, ERR_USAGE, "%s", sqlite3_errmsg(s->reader));
    if (primary == SQLITE_TOOBIG)
        return why_error(why, ERR_LIMIT, "the statement or a value of the answer is too large");
    if (primary == SQLITE_INTERRUPT)
        return why_error(why, ERR_TIMEOUT, "the question took too long: narrow it with where");
    return sqlite_error(s->reader, code, s->path, why);
}

/* The name of the table that a b-tree belongs to, as itself or as an index. */
static int table_of(char *out, size_t size, struct sqlite *s, int root, struct why *why)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(
        s->handle, "SELECT tbl_name FROM sqlite_schema WHERE rootpage = ?", -1, &statement, NULL);
    text_copy(out, size, "sqlite_schema"); /* has no row of its own */
    if (code == SQLITE_OK)
        code = sqlite3_bind_int(statement, 1, root);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        text_copy(out, size, (const char *)sqlite3_column_text(statement, 0));
    int result =
        code == SQLITE_ROW || code == SQLITE_DONE ? 0 : sqlite_error(s->handle, code, s->path, why);
    sqlite3_finalize(statement);
    return result;
}

/* The steps that open something which lies in a database. */
static bool opens(const char *opcode)
{
    static const char *const opening[] = {"OpenRead", "OpenWrite", "ReopenIdx", "VOpen"};
    for (size_t i = 0; i < sizeof opening / sizeof *opening; i++)
        if (strcmp(opening[i], opcode) == 0)
            return true;
    return false;
}

/* One step of a compiled program: address, opcode, p1, p2 (the root page), p3 (which database:
 * 0 is ours), ... */
static int check_step(struct sqlite *s, struct guard *guard, sqlite3_stmt *explain)
{
    const char *opcode = (const char *)sqlite3_column_text(explain, 1);
    char table[128];
    if (!opcode)
        return -ENOMEM;
    if (!opens(opcode))
        return 0;
    int result = table_of(table, sizeof table, s, sqlite3_column_int(explain, 3), guard->why);
    if (result)
        return result;
    if (sqlite3_column_int(explain, 4) == 0 && exposure_shows(table))
        return 0;
    refuse_table(guard, table);
    return ERR_POLICY;
}

static int check_program(struct sqlite *s, struct guard *guard, sqlite3_stmt *statement)
{
    sqlite3_stmt *explain = NULL;
    char *text = sqlite3_mprintf("EXPLAIN %s", sqlite3_sql(statement));
    if (!text)
        return -ENOMEM;
    int result = 0;
    int code = sqlite3_prepare_v2(s->reader, text, -1, &explain, NULL);
    while (code == SQLITE_OK && result == 0 && (code = sqlite3_step(explain)) == SQLITE_ROW) {
        code = SQLITE_OK;
        result = check_step(s, guard, explain);
    }
    if (result == 0 && code != SQLITE_DONE)
        result = query_error(s, guard, code, guard->why);
    sqlite3_finalize(explain);
    sqlite3_free(text);
    return result;
}

/* One statement that reads, and nothing but blanks and comments behind it. */
static int compile(sqlite3_stmt **out, struct sqlite *s, struct guard *guard, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    sqlite3_stmt *second = NULL;
    const char *rest = NULL;
    int result = 0;
    int code = sqlite3_prepare_v2(s->reader, sql, -1, &statement, &rest);
    if (code != SQLITE_OK)
        result = query_error(s, guard, code, guard->why);
    else if (!statement)
        result = why_error(guard->why, ERR_USAGE, "there is no statement");
    else if (!guard->selects || !sqlite3_stmt_readonly(statement) ||
             sqlite3_stmt_isexplain(statement) || sqlite3_column_count(statement) == 0)
        result = why_error(guard->why, ERR_POLICY, ONLY_READS);
    else if (sqlite3_prepare_v2(s->reader, rest, -1, &second, NULL) != SQLITE_OK || second)
        result = why_error(guard->why, ERR_USAGE, "more than one statement is given");
    else
        result = check_program(s, guard, statement);
    sqlite3_finalize(second);
    if (result)
        sqlite3_finalize(statement);
    else
        *out = statement;
    return result;
}

static int take_value(struct table_builder *builder, sqlite3_stmt *statement, int column,
                      struct why *why)
{
    const void *data;
    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_NULL:
        return table_null(builder, why);
    case SQLITE_BLOB:
        data = sqlite3_column_blob(statement, column);
        return table_bytes(builder, bytes_of(data, (size_t)sqlite3_column_bytes(statement, column)),
                           why);
    default:
        data = sqlite3_column_text(statement, column);
        return table_text(builder, bytes_of(data, (size_t)sqlite3_column_bytes(statement, column)),
                          why);
    }
}

static int collect(struct table_builder *builder, struct sqlite *s, sqlite3_stmt *statement,
                   const struct guard *guard)
{
    int columns = sqlite3_column_count(statement);
    int result = 0;
    int code = SQLITE_ROW;
    for (int i = 0; i < columns && result == 0; i++)
        result = table_name(builder, (size_t)i, sqlite3_column_name(statement, i), guard->why);
    while (result == 0 && (code = sqlite3_step(statement)) == SQLITE_ROW)
        for (int i = 0; i < columns && result == 0; i++)
            result = take_value(builder, statement, i, guard->why);
    if (result == 0 && code != SQLITE_DONE)
        result = query_error(s, guard, code, guard->why);
    return result;
}

int sqlite_query(struct db *db, const char *sql, const struct db_query_limits *limits,
                 struct store_table **out, struct why *why)
{
    struct sqlite *s = (struct sqlite *)db;
    struct guard guard = {.why = why, .deadline = clock_ms() + limits->timeout_ms};
    struct table_builder builder = {.limits = limits};
    sqlite3_stmt *statement = NULL;
    int result = open_reader(s, why);
    if (result)
        return result;
    sqlite3_set_authorizer(s->reader, authorize, &guard);
    sqlite3_progress_handler(s->reader, PROGRESS_STEPS, past_deadline, &guard);
    sqlite3_busy_timeout(s->reader, limits->timeout_ms);
    result = compile(&statement, s, &guard, sql);
    if (result == 0)
        result = table_init(&builder, (size_t)sqlite3_column_count(statement), limits);
    if (result == 0)
        result = collect(&builder, s, statement, &guard);
    if (result == 0)
        *out = table_take(&builder);
    table_fini(&builder);
    sqlite3_finalize(statement);
    sqlite3_progress_handler(s->reader, 0, NULL, NULL);
    sqlite3_set_authorizer(s->reader, NULL, NULL);
    return result;
}
