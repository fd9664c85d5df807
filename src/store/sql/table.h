/*
 * table: builds what store_query() returns, within bounds; for drivers.
 */
#ifndef STORE_SQL_TABLE_H
#define STORE_SQL_TABLE_H

#include "store/sql/db.h"

struct table_builder {
    struct store_table *table;
    const struct db_query_limits *limits;
    char **values;
    size_t count, room; /* of values */
    size_t bytes;       /* of all text so far */
};

/* table_fini() frees what was not taken. */
int table_init(struct table_builder *builder, size_t columns,
               const struct db_query_limits *limits) CHECKED;
void table_fini(struct table_builder *builder);
struct store_table *table_take(struct table_builder *builder);

/* Column `at` from 0; written in lower case, as CUCM prints names. */
int table_name(struct table_builder *builder, size_t at, const char *name, struct why *why) CHECKED;
/* The next value, row by row. Control characters (a line end would break the table) and bytes that
 * are no UTF-8 are shown as \xNN. */
int table_text(struct table_builder *builder, struct bytes value, struct why *why) CHECKED;
/* Bytes are shown as hexadecimal digits. */
int table_bytes(struct table_builder *builder, struct bytes value, struct why *why) CHECKED;
int table_null(struct table_builder *builder, struct why *why) CHECKED;

#endif
