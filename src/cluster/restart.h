/*
 * restart: the act of telling phones to restart: an order that trustlined carries out, a wave at a
 * time (store/registration.h).
 */
#ifndef CLUSTER_RESTART_H
#define CLUSTER_RESTART_H

#include "cluster/cluster.h"
#include "store/registration.h"

struct restart_report {
    int64_t id;        /* of the order; 0 in a dry run */
    unsigned released; /* whose turn it is now */
    unsigned absent;   /* of the first wave: those that are not registered */
};
/* `devices` by their names, `filter` the administrator's words for them; at most `wave` on their
 * way at once, 0: all. ERR_CONFLICT: it is one phone alone, and it is not registered. */
int cluster_phones_restart(struct cluster *cluster, struct restart_report *report,
                           enum reset_kind kind, const char *const *devices, size_t count,
                           unsigned wave, const char *filter, const struct act_options *options,
                           struct why *why) CHECKED;

#endif
