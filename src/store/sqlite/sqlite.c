#include "store/sqlite/sqlite.h"

#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The files SQLite puts beside a database. */
static const char *const companions[] = {"-wal", "-shm", "-journal"};

enum { COMPANIONS = sizeof companions / sizeof *companions };

static bool claims(const char *where)
{
    return where[0] && !strstr(where, "://");
}

int sqlite_path(char out[FILE_PATH], const char *where, struct why *why)
{
    if (text_format(out, FILE_PATH, "%s%s", strchr("/.", where[0]) ? "" : "./", where))
        return 0;
    return why_error(why, ERR_LIMIT, "%s: the name is too long", where);
}

/* ---- opening ---- */

int sqlite_run(sqlite3 *handle, const char *label, const char *sql, struct why *why)
{
    return sqlite_error(handle, sqlite3_exec(handle, sql, NULL, NULL, NULL), label, why);
}

int sqlite_connect(sqlite3 **out, const char *path, int flags, const char *label, struct why *why)
{
    sqlite3 *handle = NULL;
    int code = sqlite3_open_v2(path, &handle, flags | SQLITE_OPEN_NOMUTEX, NULL);
    int result = sqlite_error(handle, code, label, why);
    if (result == 0) {
        sqlite3_extended_result_codes(handle, 1);
        sqlite3_busy_timeout(handle, SQLITE_WAIT_MS);
        sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
        sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
        /* A statement is planned once, not again for other values. */
        sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_QPSG, 1, NULL);
        result = sqlite_run(handle, label,
                            "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"
                            "PRAGMA foreign_keys = ON",
                            why);
    }
    if (result) {
        sqlite3_close_v2(handle);
        return result;
    }
    *out = handle;
    return 0;
}

/* What each way of opening adds. The WAL is cut back to 16 MiB once a large one was written back.
 */
static const char *pragmas_of(enum store_mode mode)
{
    switch (mode) {
    case STORE_CREATE:
        return "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL";
    case STORE_WRITE:
        return "PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 16777216";
    case STORE_OBSERVE:
        return "PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = 16777216";
    case STORE_READ:
        break;
    }
    return "PRAGMA query_only = ON";
}

/* The first look into the file: is it a database, and in the mode it was made in? Without the WAL
 * readers and writers would wait for each other, and a file system without it says so here. */
static int check_journal(struct sqlite *s, struct why *why)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(s->handle, "PRAGMA journal_mode", -1, &statement, NULL);
    bool wal = false;
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        const char *mode = (const char *)sqlite3_column_text(statement, 0);
        wal = mode && strcmp(mode, "wal") == 0;
        code = SQLITE_OK;
    }
    int result = sqlite_error(s->handle, code, s->path, why);
    sqlite3_finalize(statement);
    if (result == 0 && !wal)
        return why_error(why, ERR_STORE,
                         "%s: the database is not in WAL mode; a network file system cannot hold "
                         "it",
                         s->path);
    return result;
}

static int64_t read_version(struct sqlite *s)
{
    int64_t version = -1;
    if (sqlite3_step(s->version) == SQLITE_ROW)
        version = sqlite3_column_int64(s->version, 0);
    sqlite3_reset(s->version);
    return version;
}

/* Opens the file that is there, under its present name. */
static int attach(struct sqlite *s, const char *path, enum store_mode mode, struct why *why)
{
    int flags = mode == STORE_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    int result = sqlite_connect(&s->handle, path, flags, s->path, why);
    if (result == 0 && mode != STORE_READ && sqlite3_db_readonly(s->handle, "main") == 1)
        result = sqlite_error(s->handle, SQLITE_READONLY, s->path, why);
    if (result == 0)
        result = sqlite_run(s->handle, s->path, pragmas_of(mode), why);
    if (result == 0)
        result = check_journal(s, why);
    if (result)
        return result;
    int code = sqlite3_prepare_v3(s->handle, "PRAGMA data_version", -1, SQLITE_PREPARE_PERSISTENT,
                                  &s->version, NULL);
    if (code == SQLITE_OK)
        s->version_seen = read_version(s);
    return sqlite_error(s->handle, code, s->path, why);
}

static void detach(struct sqlite *s)
{
    sqlite3_finalize(s->version);
    sqlite3_close_v2(
        s->reader); /* first: who closes last writes the WAL back, and this one cannot */
    sqlite3_close_v2(s->handle);
    s->version = NULL;
    s->handle = NULL;
    s->reader = NULL;
}

/* A WAL that outlived its database would be played into the new one. */
static int check_nothing_there(const char *path, struct why *why)
{
    if (file_exists(path))
        return why_error(why, ERR_DUPLICATE, "%s: exists already", path);
    for (unsigned i = 0; i < COMPANIONS; i++) {
        char beside[FILE_PATH];
        if (text_format(beside, sizeof beside, "%s%s", path, companions[i]) && file_exists(beside))
            return why_error(why, ERR_DUPLICATE,
                             "%s: is left over from a database that is gone; remove it first",
                             beside);
    }
    return 0;
}

/* An empty file under a temporary name beside the real one; SQLite gives its mode to the files it
 * puts beside it. */
static int make_unsettled(struct sqlite *s, struct why *why)
{
    uint64_t salt;
    secret_random(&salt, sizeof salt);
    int result = check_nothing_there(s->path, why);
    if (result)
        return result;
    if (!text_format(s->unsettled, sizeof s->unsettled, "%s.%016llx~", s->path,
                     (unsigned long long)salt))
        return why_error(why, ERR_LIMIT, "%s: the name is too long", s->path);
    int fd = open(s->unsettled, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
    if (fd < 0) {
        result = -errno;
        s->unsettled[0] = '\0';
        return why_error(why, result, "%s: cannot be made: %s", s->path, error_text(result));
    }
    close(fd);
    return 0;
}

static void remove_with_companions(const char *path)
{
    for (unsigned i = 0; i < COMPANIONS; i++) {
        char beside[FILE_PATH + 16];
        text_format(beside, sizeof beside, "%s%s", path, companions[i]);
        unlink(beside);
    }
    unlink(path);
}

static void remove_unsettled(struct sqlite *s)
{
    if (s->unsettled[0])
        remove_with_companions(s->unsettled);
    s->unsettled[0] = '\0';
}

static void close_database(struct db *db)
{
    struct sqlite *s = (struct sqlite *)db;
    detach(s);
    remove_unsettled(s);
    free(s);
}

static int open_database(struct db **out, const char *where, enum store_mode mode, struct why *why)
{
    struct sqlite *s = calloc(1, sizeof *s);
    if (!s)
        return -ENOMEM;
    s->db = (struct db){.driver = &db_sqlite, .label = s->path};
    int result = sqlite_path(s->path, where, why);
    if (result == 0 && mode == STORE_CREATE)
        result = make_unsettled(s, why);
    else if (result == 0 && !file_exists(s->path))
        result = why_error(why, ERR_NOT_FOUND, "%s: there is no database", s->path);
    if (result == 0)
        result = attach(s, s->unsettled[0] ? s->unsettled : s->path, mode, why);
    if (result) {
        close_database(&s->db);
        return result;
    }
    *out = &s->db;
    return 0;
}

/* With the WAL written back and removed the file alone is the database; then it gets its name,
 * unless another got that meanwhile. */
static int settle(struct db *db, struct why *why)
{
    struct sqlite *s = (struct sqlite *)db;
    char wal[FILE_PATH + 8];
    int code = sqlite3_wal_checkpoint_v2(s->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    int result = sqlite_error(s->handle, code, s->path, why);
    if (result)
        return result;
    detach(s);
    text_format(wal, sizeof wal, "%s-wal", s->unsettled);
    if (file_exists(wal))
        return why_error(why, ERR_STORE, "%s: the new database could not be written", s->path);
    result = check_nothing_there(s->path, why);
    if (result)
        return result;
    if (link(s->unsettled, s->path) != 0) {
        result = errno == EEXIST ? ERR_DUPLICATE : -errno;
        return why_error(why, result, "%s: cannot be made: %s", s->path, error_text(result));
    }
    remove_unsettled(s);
    char directory[FILE_PATH];
    text_copy(directory, sizeof directory, s->path);
    *strrchr(directory, '/') = '\0'; /* sqlite_path() has put one there */
    result = file_sync_directory(directory[0] ? directory : "/");
    if (result)
        return why_error(why, result, "%s: cannot sync: %s", directory, error_text(result));
    result = attach(s, s->path, STORE_WRITE, why);
    if (result) {
        detach(s);
        remove_with_companions(s->path);
    }
    return result;
}

/* ---- transactions ---- */

static int run(struct db *db, const char *sql, struct why *why)
{
    struct sqlite *s = (struct sqlite *)db;
    return sqlite_run(s->handle, s->path, sql, why);
}

static int begin(struct db *db, bool write, struct why *why)
{
    return run(db, write ? "BEGIN IMMEDIATE" : "BEGIN", why);
}

static bool in_transaction(struct db *db)
{
    return sqlite3_get_autocommit(((struct sqlite *)db)->handle) == 0;
}

static void rollback(struct db *db)
{
    if (in_transaction(db) && run(db, "ROLLBACK", NULL) != 0) {
        /* It cannot fail but for being undone already. */
    }
}

static int commit(struct db *db, struct why *why)
{
    int result = run(db, "COMMIT", why);
    if (result)
        rollback(db);
    return result;
}

static int has_table(struct db *db, const char *name, bool *out, struct why *why)
{
    struct db_statement *statement = NULL;
    int result = sqlite_prepare(&statement, db,
                                "SELECT 1 FROM sqlite_schema WHERE type = 'table'"
                                " AND ($2 = 1 OR name = $1)",
                                why);
    if (result == 0)
        result = sqlite_bind_text(statement, 1, bytes_of_string(name));
    if (result == 0)
        result = sqlite_bind_number(statement, 2, name == NULL);
    if (result == 0)
        result = sqlite_step(statement, out, why);
    sqlite_finalize(statement);
    return result;
}

static bool moved(struct db *db)
{
    struct sqlite *s = (struct sqlite *)db;
    int64_t version = read_version(s);
    bool moved = version != s->version_seen || version < 0;
    s->version_seen = version;
    return moved;
}

static const struct db_word words[] = {
    {"id", "INTEGER PRIMARY KEY"},
    {"number", "INTEGER"},
    {"bytes", "BLOB"},
    {"strict", "STRICT"},
    {"keyed", "STRICT, WITHOUT ROWID"},
    {NULL, NULL},
};

const struct db_driver db_sqlite = {
    .name = "sqlite",
    .claims = claims,
    .words = words,
    .open = open_database,
    .settle = settle,
    .close = close_database,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .in_transaction = in_transaction,
    .run = run,
    .has_table = has_table,
    .prepare = sqlite_prepare,
    .finalize = sqlite_finalize,
    .bind_number = sqlite_bind_number,
    .bind_text = sqlite_bind_text,
    .bind_bytes = sqlite_bind_bytes,
    .step = sqlite_step,
    .number = sqlite_number,
    .bytes = sqlite_bytes,
    .changes = sqlite_changes,
    .reset = sqlite_reset,
    .moved = moved,
    .query = sqlite_query,
};
