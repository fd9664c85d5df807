/*
 * trusted: the CAs whose certificates phones may show at CAPF: our own CAPF, now and before, and
 * what an administrator trusts as CAPF-trust (the makers' CAs among them). Parsed once, and again
 * when the store says that certificates have changed.
 */
#ifndef SERVICE_CAPF_TRUSTED_H
#define SERVICE_CAPF_TRUSTED_H

#include "pki/certificate.h"
#include "store/store.h"

enum { TRUSTED_MAX = 256 };

struct trusted {
    struct certificate *list[TRUSTED_MAX]; /* our own CAPF certificates first */
    size_t count, own;
};

/* Reads them anew into an empty or filled one; what cannot be read is left out and logged. */
int trusted_load(struct trusted *trusted, struct store *store) CHECKED;
void trusted_fini(struct trusted *trusted);

#endif
