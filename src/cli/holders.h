/*
 * holders: what the cluster knows of a list it serves, behind what CUCM prints of it.
 */
#ifndef CLI_HOLDERS_H
#define CLI_HOLDERS_H

#include "cli/cli.h"

/* Who serves the list, which phones hold it, and until when its signer is valid. */
enum cli_status holders_print(struct cli *cli, const struct call *call,
                              const struct trustlist *list, enum trustlist_kind kind);
/* The same, added to the JSON of the list under "cluster". */
int holders_add(json_t *json, const struct call *call, const struct trustlist *list,
                enum trustlist_kind kind, struct why *why) CHECKED;

#endif
