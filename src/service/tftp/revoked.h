/*
 * revoked: CAPF.crl, the list of LSCs that are revoked (RFC 5280), for whoever believes LSCs. For a
 * worker thread.
 */
#ifndef SERVICE_TFTP_REVOKED_H
#define SERVICE_TFTP_REVOKED_H

#include "service/tftp/content.h"
#include "store/store.h"

/* That of the CAPF of this node, or else of any other: DER. ERR_NOT_FOUND when none is published.
 */
int revoked_list(struct body **out, struct store *store, const char *node) CHECKED;

#endif
