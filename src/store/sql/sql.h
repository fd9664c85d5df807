/*
 * sql: one use of one statement, and the transaction around a change. Private to store/sql.
 *
 * Errors stick, as in the readers of base/bytes.h: bind all, look at all, and sql_end() says what
 * went wrong first.
 *
 *     struct sql q;
 *     sql_start(&q, store, "SELECT address FROM node WHERE name = $1", why);
 *     sql_put_text(&q, name);
 *     int result = sql_only(&q);
 *     sql_text(&q, out, size);
 *     return sql_end(&q, result);
 */
#ifndef STORE_SQL_SQL_H
#define STORE_SQL_SQL_H

#include "base/map.h"
#include "store/sql/db.h"

struct store {
    struct db *db;
    enum store_mode mode;
    bool acting;            /* between store_begin() and store_commit() */
    unsigned moved;         /* areas changed by this transaction, as bits */
    struct map *statements; /* by the address of their text */
    struct why last;        /* for functions without a `why` */
};

/* Frees the prepared statements. */
void sql_forget(struct store *store);

struct sql {
    struct store *store;
    const struct db_driver *driver;
    struct sql_cached *cached; /* NULL: the statement is this use's own */
    struct db_statement *statement;
    struct why *why;
    int error;
    bool row; /* there is a row to read */
    unsigned parameters, columns;
};

/* Where a function without a `why` leaves its words; empties it. */
struct why *sql_own_words(struct store *store);

/* `text` is a literal: statements are kept by its address. sql_end() follows in any case. */
void sql_start(struct sql *q, struct store *store, const char *text, struct why *why);
/* The next parameter. Text must be UTF-8 (ERR_FORMAT). What is given must live until sql_end(). */
void sql_put_text(struct sql *q, const char *value);
void sql_put_number(struct sql *q, int64_t value);
void sql_put_bytes(struct sql *q, struct bytes value);
/* To the next row; false at the end and after an error. */
bool sql_next(struct sql *q);
/* To the first row: ERR_NOT_FOUND when there is none. */
int sql_only(struct sql *q) CHECKED;
/* Runs a statement that gives no rows; how many it changed (0 after an error). */
uint64_t sql_run(struct sql *q);
/* The next column of the row; zero, "" and nothing when there is no row. */
int64_t sql_number(struct sql *q);
void sql_text(struct sql *q, char *out, size_t size);
/* Initialises the buffer with exactly these bytes. */
void sql_bytes(struct sql *q, struct buffer *out);
/* The first error of all, or else `result`. */
int sql_end(struct sql *q, int result) CHECKED;

/* Around everything that writes. Without a transaction of the caller it is one of its own; within
 * one it is a savepoint: either way a failed function has changed nothing. When change_begin()
 * fails, change_end() must not be called. `areas` are the revisions to move, as bits. */
int change_begin(struct store *store, struct why *why) CHECKED;
int change_end(struct store *store, int result, unsigned areas, struct why *why) CHECKED;

#define AREA(name) (1u << AREA_##name)

/* The id of the phone of that name: ERR_NOT_FOUND says its name. */
int find_phone(struct store *store, const char *name, int64_t *out, struct why *why) CHECKED;
/* Gives the phone a fresh version stamp. */
int stamp_phone(struct store *store, int64_t id, struct why *why) CHECKED;

/* ERR_LIMIT when the text does not fit into `size` with its NUL, ERR_USAGE when it is empty. */
int check_name(struct why *why, const char *what, const char *text, size_t size) CHECKED;
int check_length(struct why *why, const char *what, const char *text, size_t size) CHECKED;

/* Text of a peer or of a certificate, cut between characters when it does not fit; with bytes that
 * are no UTF-8 it is kept as text_escape() shows it, so that one odd name spoils no batch. */
void copy_readable(char *out, size_t size, const char *text);

#endif
