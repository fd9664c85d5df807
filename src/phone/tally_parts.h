/*
 * tally_parts: what counting boots and counting calls share (internal to tally).
 */
#ifndef PHONE_TALLY_PARTS_H
#define PHONE_TALLY_PARTS_H

#include "phone/tally.h"

#include <jansson.h>

/* Kinds of trouble: a rule that refused, or one of these. */
enum {
    TROUBLE_FLASH = RULE_COUNT,
    TROUBLE_FILES,
    TROUBLE_REGISTRATION,
    TROUBLE_LOST,
    TROUBLE_CALL,
    TROUBLE_CAPF, /* and the outcome */
};

/* Keeps the first of each kind. */
void tally_note(struct tally *tally, int kind, const char *device, const char *words);
/* Of n times (nearest rank); 0 when there are none. Sorts. */
unsigned tally_rank(uint32_t *ms, size_t n, unsigned percent);
/* "p50", "p90", "p99" and "max". */
json_t *tally_times(uint32_t *ms, size_t n);
/* "50% in 3 ms, ..." */
void tally_print_times(FILE *out, uint32_t *ms, size_t n);

/* ---- tally_calls.c ---- */

void tally_print_calls(struct tally *tally, FILE *out);
int tally_put_calls(struct tally *tally, json_t *root) CHECKED;

#endif
