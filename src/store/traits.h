/*
 * traits: where an administrator knows better than the table of models (trust/model.h) what phones
 * can do; a part of store.h, under the same rules and errors. What names and values may be is for
 * cluster/traits.h to say.
 */
#ifndef STORE_TRAITS_H
#define STORE_TRAITS_H

#include "store/store.h"

#define TRAIT_NAME  32
#define TRAIT_VALUE 32
struct store_trait {
    char model[MODEL_NAME];   /* of all phones of that model, or "" */
    char device[DEVICE_NAME]; /* of that phone alone, or "" */
    char name[TRAIT_NAME];
    char value[TRAIT_VALUE];
};
/* Sets it, in the place of what was said before. Exactly one of model and device is named.
 * ERR_NOT_FOUND: there is no such device. */
int store_trait_put(struct store *store, const struct store_trait *trait, struct why *why) CHECKED;
/* `value` is not looked at. ERR_NOT_FOUND when nothing was said. */
int store_trait_delete(struct store *store, const struct store_trait *trait,
                       struct why *why) CHECKED;
/* Those of models first; by model or device, then by name. */
int store_traits(struct store *store, int (*each)(void *context, const struct store_trait *trait),
                 void *context) CHECKED;

#endif
