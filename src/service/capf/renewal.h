/*
 * renewal: keeps the list of revoked LSCs (CRL) fresh: signed anew when an LSC was revoked, when
 * CAPF's certificate changed, and well before the list ends.
 */
#ifndef SERVICE_CAPF_RENEWAL_H
#define SERVICE_CAPF_RENEWAL_H

#include "signer/signer.h"
#include "store/async.h"

struct renewal;

int renewal_new(struct renewal **out, struct loop *loop, struct store_async *store,
                struct signer_loop *signer, const char *node) CHECKED;
/* After store_async_free() and signer_loop_free(): then no answer is under way. */
void renewal_free(struct renewal *renewal);
/* Looks whether a new list is due, and makes it. Also by itself, every hour. */
void renewal_look(struct renewal *renewal);

#endif
