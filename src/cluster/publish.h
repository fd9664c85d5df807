/*
 * publish: the common course of all acts that change a trust list: plan, sign, one transaction.
 */
#ifndef CLUSTER_PUBLISH_H
#define CLUSTER_PUBLISH_H

#include "cluster/scene.h"

/* What an act wants to come true at once. */
struct change {
    struct roster roster;
    struct list_policy policy;
    const struct identity *local; /* signs in place of the signer, or NULL */
    bool make[2];                 /* which lists are built anew, by enum list_kind */
    bool only_if_different;       /* a list that says the same, by the same signer, stays */
    enum digest_code files;       /* under the signatures of files */
    struct scene *before;         /* what phones meet now */
    /* Rows written in the transaction that publishes the lists; may be NULL. */
    int (*rows)(void *context, struct store *store, struct why *why);
    void *context;
};

/* What the store has now: certificates, mode, anchors; and which lists exist. */
int change_init(struct change *change, struct cluster *cluster, struct why *why) CHECKED;
void change_fini(struct change *change);

/* Asks the phones what they think of the scene as it would be: for acts that publish no lists.
 * ERR_PLAN when one would be lost, and that is not accepted. */
int change_plan(const struct change *change, struct cluster *cluster, struct act_report *report,
                const struct scene *after, const struct act_options *options,
                struct why *why) CHECKED;

/* Plans; then, unless it is a dry run or phones would be lost (ERR_PLAN), publishes. */
int change_publish(struct change *change, struct cluster *cluster, struct act_report *report,
                   const struct act_options *options, struct why *why) CHECKED;

#endif
