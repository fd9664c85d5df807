/*
 * exposure: what `run sql` may look at, whatever the backend.
 *
 * A table is shown as a whole or not at all: what is secret has tables of its own. A table that is
 * not named here is not shown either, and a test compares the list with the schema, so that whoever
 * adds a table has to say which it is.
 */
#ifndef STORE_SQL_EXPOSURE_H
#define STORE_SQL_EXPOSURE_H

#include "store/store.h"

/* Any case, as in SQL. */
bool exposure_shows(const char *table);
/* A table of ours that is never shown. */
bool exposure_hides(const char *table);
/* Functions a question may use: they read nothing but their arguments. */
bool exposure_calls(const char *function);

#endif
