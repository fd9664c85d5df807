/*
 * revoked: the lists of LSCs that are revoked (RFC 5280), for whoever believes LSCs. For a worker
 * thread.
 */
#ifndef SERVICE_TFTP_REVOKED_H
#define SERVICE_TFTP_REVOKED_H

#include "service/tftp/content.h"
#include "store/store.h"

/* CAPF.crl: that of the CAPF of this node, or else of any other: DER. ERR_NOT_FOUND when none is
 * published. */
int revoked_list(struct body **out, struct store *store, const char *node) CHECKED;
/* CAPF.crl.pem: those of all CAPF certificates of the cluster whose LSCs may be believed at `now`,
 * also of certificates that were replaced since. ERR_NOT_FOUND when none is published. */
int revoked_lists(struct body **out, struct store *store, int64_t now) CHECKED;

#endif
