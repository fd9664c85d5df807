/*
 * plan: which phones would take a list that is about to be published?
 *
 * For every known phone, and for phones nobody knows that were served a list once, each list that
 * may be in its flash is held against the new one; it is safe only when every one of them says yes.
 *
 * An act locks out whom it makes worse off. A phone that refuses the list served now, too, was lost
 * before, and keeps no act from being done.
 */
#ifndef CLUSTER_PLAN_H
#define CLUSTER_PLAN_H

#include "store/store.h"
#include "trust/accept.h"

struct plan_entry {
    char device[DEVICE_NAME]; /* "" stands for phones that are in no row of the store */
    char model[MODEL_NAME];
    enum list_kind list;  /* the new list the answer is about */
    char held[LIST_HASH]; /* the list in its flash that decided; "" when it holds none */
    struct answer answer; /* of the worst */
    bool lost_before;     /* not yes, but no worse than to the list that is served now */
};

/* Would the act lose it? */
bool plan_loses(const struct plan_entry *entry);

struct plan {
    struct plan_entry *entries; /* one a phone and list, those that would be lost first */
    size_t count;
    size_t phones;      /* looked at */
    size_t lost;        /* entries that plan_loses() */
    size_t lost_before; /* entries of phones that are lost already */
};
void plan_init(struct plan *plan);
void plan_fini(struct plan *plan);

/* The lists a new one is held against, read once for many candidates. */
struct plan_phones;
int plan_phones_load(struct plan_phones **out, struct store *store, const char *server_address,
                     struct why *why) CHECKED;
void plan_phones_free(struct plan_phones *phones);

/* Asks every phone about the new list and appends to the plan. */
int plan_list(struct plan *plan, const struct plan_phones *phones, enum list_kind kind,
              struct bytes list) CHECKED;
/* How many would be lost, and how many stay lost: the same question without the answers, for
 * choosing a signer. */
struct plan_losses {
    size_t lost, lost_before;
};
int plan_count_lost(const struct plan_phones *phones, enum list_kind kind, struct bytes list,
                    struct plan_losses *out) CHECKED;
/* The lost first, then those lost before, then by name; makes `lost` and `lost_before` true. */
void plan_sort(struct plan *plan);

#endif
