/*
 * evidence: what phones have proved of the lists they hold, drawn from what was observed of them.
 *
 * Proof comes over connections alone that the phone's own certificate has shown to be its: that it
 * registered with a server whose certificate it must know from its lists, and what newer phones
 * report of their lists. A fetch proves nothing, whoever made it. The lists that are left
 * (trust/history.h) are written down as confirmed or refused, and plans go by that. See
 * docs/decisions/0042-proof.md.
 */
#ifndef CLUSTER_EVIDENCE_H
#define CLUSTER_EVIDENCE_H

#include "store/store.h"

/* Observations are written behind: what happened less than so many seconds ago may not be there
 * yet, and what phones fetched before has to be known first. */
#define EVIDENCE_SETTLE 3

struct evidence_found {
    size_t confirmed, refused; /* lists */
};

/* Weighs what was observed after `after` and until `until` (unix seconds), each phone by itself;
 * `server` is the address phones know this node by. Looking twice at the same changes nothing. */
int evidence_weigh(struct evidence_found *out, struct store *store, const char *server,
                   int64_t after, int64_t until, struct why *why) CHECKED;

#endif
