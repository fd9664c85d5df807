/*
 * shelves: the two caches of TVS - the database's, then the CTL's - and what is found in them.
 *
 * The database's has the cluster's own certificates and those of the trust stores; the CTL's has
 * what the published CTL names, which may be more: tokens. CUCM asks them in this order, and takes
 * the first that knows the certificate (docs/protocols/tvs.md, "Two caches").
 */
#ifndef SERVICE_TVS_SHELVES_H
#define SERVICE_TVS_SHELVES_H

#include "service/tvs/cache.h"

/* Read-only for whoever asks. */
struct shelves {
    const struct cache *database;
    const struct cache *ctl;
};

/* How a certificate was looked for; views into the question and the caches. */
struct search {
    bool by_name;  /* of a query; otherwise by the certificate itself */
    bool etoken;   /* it is named as those of eTokens are */
    bool database; /* where it was found: */
    bool ctl;
    struct finding found; /* when either */
};

/* The names and serial number of a query. eTokens write their serial number backwards; their
 * certificate, imported, has it the right way round, and is found all the same. */
void shelves_find_name(struct search *out, const struct shelves *shelves, struct bytes subject,
                       struct bytes issuer, struct bytes serial);
/* The DER of a verification; anything that is no certificate is found nowhere. -ENOMEM when it
 * cannot be hashed. */
int shelves_find_certificate(struct search *out, const struct shelves *shelves,
                             struct bytes der) CHECKED;

/* ---- filling them; for the store's thread ---- */

int shelves_load_database(struct cache **out, struct store *store) CHECKED;

/* The published CTL. `key` is called for each record that names a certificate. */
struct ctl_shelf {
    struct cache *cache; /* empty when no CTL is published */
    char hash[LIST_HASH];
};
int shelves_load_ctl(struct ctl_shelf *out, struct store *store,
                     void (*key)(void *context, struct bytes serial, struct bytes issuer),
                     void *context) CHECKED;

#endif
