/*
 * facts: what a question about certificates may want to know, kept in columns beside the bytes.
 */
#ifndef STORE_SQL_FACTS_H
#define STORE_SQL_FACTS_H

#include "store/store.h"

struct certificate_facts {
    char subject[1024]; /* CUCM's form; cut when longer */
    char issuer[1024];
    char serial[CERTIFICATE_SERIAL];
    char not_after[24]; /* "2031-01-01T00:00:00", UTC: sorts as text */
    char sha256[LIST_HASH];
};

/* Refuses bytes that are no certificate. */
int facts_of(struct certificate_facts *out, struct bytes der, struct why *why) CHECKED;

#endif
