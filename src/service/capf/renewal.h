/*
 * renewal: keeps the lists of revoked LSCs (CRLs) fresh: that of the CAPF certificate in use, and
 * one for each before it with LSCs that have not expired
 * (docs/decisions/0030-a-crl-for-each-issuer.md). A list is signed anew when an LSC of its issuer
 * was revoked, and well before it ends.
 */
#ifndef SERVICE_CAPF_RENEWAL_H
#define SERVICE_CAPF_RENEWAL_H

#include "signer/signer.h"
#include "store/async.h"

struct renewal;

int renewal_new(struct renewal **out, struct loop *loop, struct store_async *store,
                struct signer_loop *signer, const char *node) CHECKED;
/* Begins nothing more: before the signer or the store goes. */
void renewal_stop(struct renewal *renewal);
/* After store_async_free() and signer_loop_free(): then no answer is under way. */
void renewal_free(struct renewal *renewal);
/* Looks which lists are due, and makes them. Also by itself, every hour. */
void renewal_look(struct renewal *renewal);

#endif
