/*
 * plan_parts: the phones of a plan, put together by what they hold (internal to the plan).
 */
#ifndef CLUSTER_PLAN_PARTS_H
#define CLUSTER_PLAN_PARTS_H

#include "base/map.h"
#include "cluster/list_cache.h"
#include "cluster/plan.h"
#include "cluster/traits.h"
#include "net/address.h"
#include "trust/history.h"

/* Phones of one model and group that may hold the same: asked once. */
struct plan_class {
    const struct model *model;
    size_t group;  /* index of groups */
    bool secure;   /* it registers over TLS */
    bool crowd;    /* phones nobody knows */
    bool too_many; /* lists without proof: nothing can be said */
    struct served *served;
    size_t *lists; /* number in the cache for each */
    size_t count;
    struct history history;
};

struct plan_phone {
    char name[DEVICE_NAME]; /* "" for phones nobody knows */
    char model_name[MODEL_NAME];
    size_t class;
};

struct plan_phones {
    struct list_cache *lists;
    struct plan_phone *phones;
    size_t phone_count;
    struct plan_class *classes;
    size_t class_count;
    char (*groups)[GROUP_NAME];
    size_t group_count;
    struct traits *traits;
    struct address server;
};

/* The model and the server, for the rules. */
struct phone_trust plan_class_phone(const struct plan_phones *phones,
                                    const struct plan_class *class);
/* The hash of a list that the class may hold. */
const char *plan_class_hash(const struct plan_phones *phones, const struct plan_class *class,
                            const struct served *served);

#endif
