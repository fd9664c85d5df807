/*
 * enrolview: what a phone is to do at CAPF, and its certificates, in CUCM's terms.
 */
#ifndef CLI_ENROLVIEW_H
#define CLI_ENROLVIEW_H

#include "cli/phones.h"

int enrolview_print(FILE *out, struct store *store, const struct phone *phone) CHECKED;
/* Adds "capf" and "certificates" to the JSON of the phone. */
int enrolview_add(json_t *json, struct store *store, const struct phone *phone) CHECKED;

/* The bulk orders that have not ended: a table, or nothing when there are none; and the same as
 * JSON, NULL when it cannot be made. */
int bulk_orders_print(FILE *out, struct store *store) CHECKED;
json_t *bulk_orders_json(struct store *store);

/* CUCM's words: "Install/Upgrade", "By Authentication String", "EC Preferred, RSA Backup". */
const char *operation_text(enum enrolment_operation operation);
const char *authentication_text(enum capf_auth authentication);
const char *key_order_text(enum key_order order);
/* "YYYY:MM:DD:HH" in local time; "-" for 0. */
#define COMPLETES_BY 24
char *completes_by_text(char out[COMPLETES_BY], int64_t time);
/* "pending", "active", "retired", "revoked", "dropped" */
const char *certificate_state_text(enum phone_certificate_state state);

#endif
