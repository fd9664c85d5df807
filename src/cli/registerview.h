/*
 * registerview: where a phone is registered, and which orders to restart have not ended.
 */
#ifndef CLI_REGISTERVIEW_H
#define CLI_REGISTERVIEW_H

#include "cli/grid.h"
#include "cli/phones.h"

/* For lists: where, as what, how the connection is encrypted, until when its certificate is valid.
 */
#define REGISTER_COLUMNS 4
void registerview_title(struct grid *grid);
void registerview_row(struct grid *grid, const struct phone *phone);
/* For one phone. */
void registerview_print(FILE *out, const struct phone *phone);
/* Adds to the JSON of a phone: "status", "node", "registered_mode", "cipher", ...; null for one
 * that is not registered. */
int registerview_add(json_t *json, const struct phone *phone) CHECKED;

/* The orders to restart phones that have not ended: a table, or nothing when there are none; and
 * the same as JSON, NULL when it cannot be made. */
int resets_print(FILE *out, struct store *store) CHECKED;
json_t *resets_json(struct store *store);

#endif
