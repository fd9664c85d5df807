/*
 * crlfile: the lists of LSCs that are revoked (RFC 5280), as files for whoever believes LSCs.
 */
#ifndef CLUSTER_CRLFILE_H
#define CLUSTER_CRLFILE_H

#include "store/store.h"

#define CRLFILE_NAME     "CAPF.crl"
#define CRLFILE_PEM_NAME "CAPF.crl.pem"

struct crlfile {
    int64_t updated; /* unix seconds; of the newest list in it */
    struct buffer body;
};
void crlfile_fini(struct crlfile *file);

/* CAPF.crl: that of the CAPF of this node, or else of any other: DER. ERR_NOT_FOUND when none is
 * published; then there is nothing to finish. */
int crlfile_read(struct crlfile *out, struct store *store, const char *node) CHECKED;
/* CAPF.crl.pem: those of all CAPF certificates of the cluster whose LSCs may be believed at `now`,
 * also of certificates that were replaced since. ERR_NOT_FOUND when none is published. */
int crlfile_read_pem(struct crlfile *out, struct store *store, int64_t now) CHECKED;

#endif
