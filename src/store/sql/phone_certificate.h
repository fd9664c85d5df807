/*
 * phone_certificate: what a phone leaves behind; private to store/sql.
 */
#ifndef STORE_SQL_PHONE_CERTIFICATE_H
#define STORE_SQL_PHONE_CERTIFICATE_H

#include "store/sql/sql.h"

/* Before a phone is deleted, within that change: its LSCs end and stay, its MICs go. *changed is
 * set when there were any. */
int phone_certificates_part(struct store *store, int64_t phone, bool *changed,
                            struct why *why) CHECKED;

#endif
