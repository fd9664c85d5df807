/*
 * proofs: what phones prove of their lists is written down while the node runs
 * (cluster/evidence.h).
 */
#ifndef DAEMON_PROOFS_H
#define DAEMON_PROOFS_H

#include "store/async.h"

struct proofs;

/* Looks every other second; all that is kept the first time. `server` is the address phones know
 * this node by, copied. */
int proofs_new(struct proofs **out, struct loop *loop, struct store_async *store,
               const char *server) CHECKED;
/* After the store_async it was given. NULL is accepted. */
void proofs_free(struct proofs *proofs);

#endif
