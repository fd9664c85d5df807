/*
 * db: what the shared SQL needs of a database; one driver a backend.
 *
 * The statements of store/sql are written once for all backends: parameters are $1, $2, ...,
 * numbers are 64-bit, booleans are 0 and 1, times are unix seconds, bytes and text are different
 * things, and nothing is used that only one backend knows (docs/decisions/0003-shared-sql.md).
 * A driver turns this into its library's calls, its errors into our codes, and its words into a
 * sentence that names the database.
 *
 * Codes every driver gives:
 *   ERR_CONFLICT   another writer holds the database for longer than the driver waits
 *   ERR_DUPLICATE  a unique column has that value already
 *   ERR_NOT_FOUND  a row refers to one that is not there; for open: there is no database
 *   ERR_USAGE      a value outside what the schema allows
 *   ERR_LIMIT      a value larger than the database takes
 *   ERR_STORE      all else: no space, no right to write, damage
 *   -ENOMEM
 */
#ifndef STORE_SQL_DB_H
#define STORE_SQL_DB_H

#include "store/store.h"

struct db_statement;

/* What a `{name}` of the schema means to a backend (store/sql/schema.h). */
struct db_word {
    const char *name;
    const char *meaning;
};

/* A connection. A driver's own struct begins with this. */
struct db {
    const struct db_driver *driver;
    const char *label; /* for messages: the path, or the address without its password */
};

/* What a question of `run sql` may not do or exceed. */
struct db_query_limits {
    int timeout_ms;
    size_t rows;
    size_t bytes; /* of all names and values together */
};

struct db_driver {
    const char *name; /* "sqlite" */
    /* Is this address one of ours? */
    bool (*claims)(const char *where);
    const struct db_word *words; /* ended by a NULL name */

    /* With STORE_CREATE the database has nothing in it and does not bear its name yet: settle()
     * gives it that once the schema is there. Closing it unsettled leaves nothing behind. */
    int (*open)(struct db **out, const char *where, enum store_mode mode, struct why *why) CHECKED;
    int (*settle)(struct db *db, struct why *why) CHECKED;
    void (*close)(struct db *db); /* statements are finalized before; rolls back */

    /* Of the transaction: `write` takes the right to write at once, so that no later statement of
     * it can find another writer there; otherwise it is one unmoving view of the database. */
    int (*begin)(struct db *db, bool write, struct why *why) CHECKED;
    int (*commit)(struct db *db, struct why *why) CHECKED; /* on error everything is undone */
    void (*rollback)(struct db *db);
    /* False when there is none, also when the database had to undo it (no space, say). */
    bool (*in_transaction)(struct db *db);

    /* Statements without parameters and rows, several with ';' between. For the schema. */
    int (*run)(struct db *db, const char *sql, struct why *why) CHECKED;
    /* With name NULL: any table at all. */
    int (*has_table)(struct db *db, const char *name, bool *out, struct why *why) CHECKED;

    /* `sql` has parameters $1 to $n; it must live as long as the statement. */
    int (*prepare)(struct db_statement **out, struct db *db, const char *sql,
                   struct why *why) CHECKED;
    void (*finalize)(struct db_statement *statement); /* NULL is accepted */
    /* `at` counts from 1. Views must live until the statement is reset. */
    int (*bind_number)(struct db_statement *statement, unsigned at, int64_t value) CHECKED;
    int (*bind_text)(struct db_statement *statement, unsigned at, struct bytes value) CHECKED;
    int (*bind_bytes)(struct db_statement *statement, unsigned at, struct bytes value) CHECKED;
    /* Runs it, or goes on to the next row; *row tells whether there is one. */
    int (*step)(struct db_statement *statement, bool *row, struct why *why) CHECKED;
    /* Of the present row; `column` counts from 0. NULL reads as 0 or as the empty view. A view is
     * valid until the next step. */
    int64_t (*number)(struct db_statement *statement, unsigned column);
    struct bytes (*bytes)(struct db_statement *statement, unsigned column); /* text too */
    /* Rows the statement changed, once it is at its end. */
    uint64_t (*changes)(struct db_statement *statement);
    void (*reset)(struct db_statement *statement);

    /* Has another connection written since the last call? True also when that cannot be told. */
    bool (*moved)(struct db *db);

    /* A question of a person (store_query), by a connection of its own that cannot write. */
    int (*query)(struct db *db, const char *sql, const struct db_query_limits *limits,
                 struct store_table **out, struct why *why) CHECKED;
};

/* The drivers there are. */
extern const struct db_driver db_sqlite;

#endif
