/*
 * planview: what a plan says about the phones, for people and for programs.
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
    size_t burnt;                           /* of them, that would lose their last bridge */
    size_t lost_before;                     /* of them, that refuse the list served now, too */
    size_t through_tvs;                     /* of them, that need TVS to go on */
    size_t fetching;                        /* of them, that will have to fetch a new list */
    bool unknown_lost, unknown_lost_before; /* unknown phones may be */
};
int plan_count(struct plan_count *out, const struct plan *plan) CHECKED;

/* "2 of 5 known phones, and unknown ones". Returns `out`. */
#define PLAN_TEXT 160
char *plan_lost_text(char out[PLAN_TEXT], const struct plan_count *count);
/* Why an act is refused: "2 of 5 known phones would be locked out". Returns `out`. */
char *plan_refusal_text(char out[PLAN_TEXT], const struct plan_count *count);

/* The phones that stand in the way, by the reason, and what would save them. */
int plan_print_refusal(FILE *out, const struct plan *plan, const struct plan_count *count) CHECKED;
/* A line about those that were lost before, when there are any. */
void plan_print_lost_before(FILE *out, const struct plan_count *count);
/* What all of them say: one a line when they are few, else by what they have in common. */
int plan_print_answers(FILE *out, const struct plan *plan) CHECKED;

/* An array, one object a phone and topic, those that would be lost first; NULL when memory ran out.
 */
json_t *plan_json(const struct plan *plan);

#endif
