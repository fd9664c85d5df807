/*
 * schema: the tables, and how an older database becomes one of today.
 *
 * Steps are numbered from 1 and never change once released: step 1 is the first schema, a later one
 * turns the schema before it into its own. Views are not part of steps; the present ones are made
 * anew after the last step.
 *
 * In a step and in a view {words} stand for what backends spell differently:
 *   {id}      a key column that numbers itself       {number}  a 64-bit integer
 *   {bytes}   a byte string                          {strict}  after the columns of a table
 *   {keyed}   the same for a table that is only found by its primary key
 */
#ifndef STORE_SQL_SCHEMA_H
#define STORE_SQL_SCHEMA_H

#include "store/sql/db.h"

struct schema {
    const char *const *steps; /* steps[0] is step 1 */
    unsigned count;           /* the version when all are done */
    const struct schema_view {
        const char *name;
        const char *definition; /* NULL: a view of older versions that is only dropped */
    } * views;                  /* ended by a NULL name; later ones may use earlier ones */
};

/* The schema of this program. */
extern const struct schema schema_current;

/* 0 when there is no schema at all. */
int schema_version(struct db *db, unsigned *out, struct why *why) CHECKED;
/* Runs the steps that are missing, each in a transaction of its own together with its number, and
 * looks again inside each, since another process may be doing the same. When one fails, the
 * database is at the version before it, whole. ERR_UNSUPPORTED when the database is newer. */
int schema_migrate(struct db *db, const struct schema *schema, struct why *why) CHECKED;
/* Text with its {words} replaced, appended. ERR_BUG when a word is unknown to the backend. */
int schema_expand(struct buffer *out, const struct db *db, const char *text,
                  struct why *why) CHECKED;

#endif
