/*
 * parts: what the acts share: how one ends, and a cluster put together from parts that are open
 * already, for init.
 */
#ifndef CLUSTER_PARTS_H
#define CLUSTER_PARTS_H

#include "cluster/traits.h"

/* Takes store and signer over when it succeeds. */
int cluster_from_parts(struct cluster **out, const char *state, const struct config *config,
                       struct store *store, const struct store_node *node,
                       struct signer *signer) CHECKED;

/* Ends a transaction as an act does: committed when `result` is 0, undone otherwise and in a dry
 * run, which so meets every refusal of the store that the act would meet. */
int act_finish(struct store *store, int result, const struct act_options *options,
               struct why *why) CHECKED;

/* Is the device what its profile and its model allow? Writes its name and model as they are spelt,
 * and tells the profile and the model, which stays as long as the traits. */
int device_check(struct cluster *cluster, struct traits *traits, struct store_device *device,
                 struct store_profile *profile, const struct model **model,
                 struct why *why) CHECKED;

/* What may come between the model and the profile, where nothing is certain; nothing is written
 * when nothing does. Meant for what device_check() lets pass. */
#define PROFILE_NOTE 256
void profile_note(char out[PROFILE_NOTE], const struct model *model,
                  const struct store_profile *profile);

/* The user's ids; ERR_NOT_FOUND when there is no such user on this machine. */
int user_find(const char *name, unsigned *user, unsigned *group) CHECKED;

#endif
