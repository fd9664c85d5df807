/*
 * traits: what each phone can do - the table of models, and what administrators say in its place.
 */
#ifndef CLUSTER_TRAITS_H
#define CLUSTER_TRAITS_H

#include "cluster/cluster.h"
#include "store/traits.h"
#include "trust/traits.h"

/* What is said, read once. One thread. */
struct traits;
int traits_load(struct traits **out, struct store *store, struct why *why) CHECKED;
void traits_free(struct traits *traits);

/* Of that phone, or of every phone of the model (device ""). A name that is no model's is that of
 * model_unknown(), of which a phone's own traits can be said all the same. The answer stays as long
 * as the traits; phones of which nothing of their own is said share that of their model. */
const struct model *traits_of(struct traits *traits, const char *device, const char *model);

/* "TRAIT=VALUE" taken apart and checked; VALUE "default" takes back what was said. ERR_USAGE. The
 * model or the device is not filled in. */
#define TRAIT_DEFAULT "default"
int trait_parse(struct store_trait *out, const char *typed, struct why *why) CHECKED;
/* Puts it into the store, or takes it out there. That nothing was said is no error. */
int trait_write(struct store *store, const struct store_trait *trait, struct why *why) CHECKED;

/* The act: of all phones of a model, whose name is corrected to the table's. */
int cluster_model_set(struct cluster *cluster, const char *model, const struct store_trait *traits,
                      size_t count, const struct act_options *options, struct why *why) CHECKED;
/* The model of that name; NULL, having said which is near. */
const struct model *cluster_model_find(const char *typed, struct why *why);

#endif
