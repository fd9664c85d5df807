/*
 * sqlite: the parts of the SQLite driver. Private to store/sqlite.
 */
#ifndef STORE_SQLITE_SQLITE_H
#define STORE_SQLITE_SQLITE_H

#include "base/file.h"
#include "store/sql/db.h"

#include <sqlite3.h>

/* How long a writer waits for another one. Writers hold the database for milliseconds; who waits
 * this long waits for something that hangs. */
#define SQLITE_WAIT_MS 5000

struct sqlite {
    struct db db;
    sqlite3 *handle;
    sqlite3 *reader; /* of `run sql`; NULL until it is asked */
    sqlite3_stmt *version;
    int64_t version_seen;
    char path[FILE_PATH];
    char unsettled[FILE_PATH]; /* the temporary name of a database that is being made, or "" */
};

/* The path as SQLite must get it: "file:..." and ":memory:" are names of files, too. */
int sqlite_path(char out[FILE_PATH], const char *where, struct why *why) CHECKED;
/* A connection set up as all of ours; `flags` of sqlite3_open_v2(). `label` is what messages call
 * the file. */
int sqlite_connect(sqlite3 **out, const char *path, int flags, const char *label,
                   struct why *why) CHECKED;
/* Runs statements without rows. */
int sqlite_run(sqlite3 *handle, const char *label, const char *sql, struct why *why) CHECKED;
/* A result code of SQLite (0 gives 0) as a code of ours, and a sentence about the file. */
int sqlite_error(sqlite3 *handle, int code, const char *label, struct why *why) CHECKED;

/* ---- statements ---- */
int sqlite_prepare(struct db_statement **out, struct db *db, const char *sql,
                   struct why *why) CHECKED;
void sqlite_finalize(struct db_statement *statement);
int sqlite_bind_number(struct db_statement *statement, unsigned at, int64_t value) CHECKED;
int sqlite_bind_text(struct db_statement *statement, unsigned at, struct bytes value) CHECKED;
int sqlite_bind_bytes(struct db_statement *statement, unsigned at, struct bytes value) CHECKED;
int sqlite_step(struct db_statement *statement, bool *row, struct why *why) CHECKED;
int64_t sqlite_number(struct db_statement *statement, unsigned column);
struct bytes sqlite_bytes(struct db_statement *statement, unsigned column);
uint64_t sqlite_changes(struct db_statement *statement);
void sqlite_reset(struct db_statement *statement);

/* ---- questions of people ---- */
int sqlite_query(struct db *db, const char *sql, const struct db_query_limits *limits,
                 struct store_table **out, struct why *why) CHECKED;

#endif
