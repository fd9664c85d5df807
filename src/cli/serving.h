/*
 * serving: which nodes serve the published lists at this moment.
 */
#ifndef CLI_SERVING_H
#define CLI_SERVING_H

#include "cli/session.h"

struct serving {
    bool here;           /* trustlined runs on this node */
    struct buffer names; /* of the nodes whose TFTP service runs, with ", " between them */
    json_t *json;        /* the same as an array; whoever takes it sets it NULL */
};
/* To be freed with serving_fini() also when it fails. */
int serving_init(struct serving *out, struct cluster *cluster) CHECKED;
void serving_fini(struct serving *serving);

/* "Served now by: pub1", and whether trustlined runs here. */
void serving_print(FILE *out, struct serving *serving, const struct cluster *cluster);

/* When trustlined runs here: waits until its services have surely noticed what was committed just
 * now, which takes them a fifth of a second. Who does the next thing then meets the change. */
void serving_settle(const struct cluster *cluster);

#endif
