/*
 * planview: what a plan says about each phone, for people and for programs.
 */
#ifndef CLI_PLANVIEW_H
#define CLI_PLANVIEW_H

#include "cluster/plan.h"

#include <jansson.h>
#include <stdio.h>

/* How many different phones. Those nobody knows, which were served a list once, are not counted. */
struct plan_count {
    size_t known;                           /* that were looked at */
    size_t lost;                            /* of them, that would be locked out */
    size_t lost_before;                     /* of them, that refuse the list served now, too */
    size_t fetching;                        /* of them, that will have to fetch a new list */
    bool unknown_lost, unknown_lost_before; /* unknown phones may be */
};
int plan_count(struct plan_count *out, const struct plan *plan) CHECKED;

/* "2 of 5 known phones, and unknown ones". Returns `out`. */
#define PLAN_TEXT 120
char *plan_lost_text(char out[PLAN_TEXT], const struct plan_count *count);

/* The phones that would be lost, by the reason. */
void plan_print_lost(FILE *out, const struct plan *plan, const struct plan_count *count);
/* A line about those that were lost before, when there are any. */
void plan_print_lost_before(FILE *out, const struct plan_count *count);
/* All other phones, one a line. */
int plan_print_rest(FILE *out, const struct plan *plan) CHECKED;

/* An array, one object a phone and list, those that would be lost first; NULL when memory ran out.
 */
json_t *plan_json(const struct plan *plan);

#endif
