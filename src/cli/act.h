/*
 * act: the common course of commands that change the cluster.
 *
 * On a terminal an act is planned first, so that what cannot be done is said before anybody is
 * asked, and what is asked about is what will be done: the cluster is kept meanwhile. Refused
 * plans, dry runs and what came of it are told the same way for all.
 */
#ifndef CLI_ACT_H
#define CLI_ACT_H

#include "cli/session.h"

struct act {
    const char *question; /* NULL: nothing is asked */
    bool closely;         /* no empty line after the answer */
    bool settles;         /* waits until services have noticed, also when no list changed */
    int (*run)(struct cluster *cluster, struct act_report *report,
               const struct act_options *options, void *context, struct why *why);
    /* Prints CUCM's words for what was done; may be NULL. */
    void (*say)(FILE *out, struct cluster *cluster, const struct act_report *report, void *context);
    const char *would;        /* what a dry run says besides the lists, or NULL */
    const char *already;      /* what to say when nothing had to be done */
    const char *about, *name; /* in JSON: what was acted on, as in "phone": "SEP..."; or NULL */
    /* Adds its own keys to the JSON of the act; may be NULL. */
    int (*add)(json_t *json, void *context);
    void *context;
};

enum cli_status act_run(struct cli *cli, const struct call *call, const struct act *act);

#endif
