/*
 * parts: a cluster put together from parts that are open already, for init.
 */
#ifndef CLUSTER_PARTS_H
#define CLUSTER_PARTS_H

#include "cluster/cluster.h"

/* Takes store and signer over when it succeeds. */
int cluster_from_parts(struct cluster **out, const char *state, const struct config *config,
                       struct store *store, const struct store_node *node,
                       struct signer *signer) CHECKED;

/* The user's ids; ERR_NOT_FOUND when there is no such user on this machine. */
int user_find(const char *name, unsigned *user, unsigned *group) CHECKED;

#endif
