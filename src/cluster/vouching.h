/*
 * vouching: what TVS says of a certificate, by what the certificate is for in the cluster.
 *
 * The service answers with it, and whoever wants to know beforehand what it will answer asks here,
 * too. Which roles phones want for what: docs/protocols/tvs.md, "What a certificate is worth".
 */
#ifndef CLUSTER_VOUCHING_H
#define CLUSTER_VOUCHING_H

#include "cluster/parameters.h"

#define TVS_TTL_MAX     2592000 /* seconds: 30 days */
#define WORTH_ROLES_MAX 4

/* What of the cluster decides. */
struct vouching {
    int security_mode;
    struct anchors anchors;
    uint32_t ttl, ttl_changing; /* seconds */
    char changing[PARAMETER_VALUE];
};
int vouching_load(struct vouching *out, struct store *store) CHECKED;

/* The answer about a certificate: roles of enum trust_role, for so many seconds. No role: TVS does
 * not vouch for it. */
struct worth {
    uint8_t roles[WORTH_ROLES_MAX];
    size_t count;
    uint32_t ttl;
};
/* An active certificate of a node: CallManager, CAPF, ... */
struct worth vouching_own(const struct vouching *vouching, const char *name);
/* One of a trust store: Phone-SAST-trust, ... */
struct worth vouching_trust(const struct vouching *vouching, const char *purpose);
/* One that a published CTL names and nothing else does; its roles are those of the list. */
uint32_t vouching_list_ttl(const struct vouching *vouching);

/* May tvs_changing have this value? 0 or ERR_USAGE. */
int vouching_check_changing(const char *value) CHECKED;

#endif
