/*
 * time_zone: what time it is where phones are. The cluster has one zone, the parameter time_zone,
 * which is written into every device pool: SCCP phones are told the time, SIP phones the zone.
 */
#ifndef CLUSTER_TIME_ZONE_H
#define CLUSTER_TIME_ZONE_H

#include "store/store.h"

#define TIME_ZONE_DEFAULT "Etc/UTC"

/* As zone_read(): ERR_USAGE, ERR_NOT_FOUND. UTC is known without a file. */
int time_zone_check(const char *zone, struct why *why) CHECKED;
/* The name by which 79xx know it: of those they have the one whose time differs least in this year,
 * and has summer time or none as it has. */
const char *time_zone_of_phones(const char *zone, int64_t now);
/* Sets the parameter and all pools. Within a transaction of the caller's. */
int time_zone_set(struct store *store, const char *zone, struct why *why) CHECKED;

#endif
