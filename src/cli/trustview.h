/*
 * trustview: what a phone makes of the lists, files and servers of now, why, and what would help.
 */
#ifndef CLI_TRUSTVIEW_H
#define CLI_TRUSTVIEW_H

#include "cluster/cluster.h"

#include <jansson.h>
#include <stdio.h>

int trustview_print(FILE *out, struct cluster *cluster, const struct store_device *device,
                    struct why *why) CHECKED;
/* Adds "answers" and "remedy" to the JSON of the phone. */
int trustview_add(json_t *json, struct cluster *cluster, const struct store_device *device,
                  struct why *why) CHECKED;

#endif
