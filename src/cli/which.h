/*
 * which: the phones a command is about: one by its name, or those for which conditions hold.
 */
#ifndef CLI_WHICH_H
#define CLI_WHICH_H

#include "cli/where.h"

struct which {
    const char *name;           /* the one phone, as typed; NULL: */
    struct where where;         /* those */
    char filter[WAVE_FILTER];   /* in words */
    char (*names)[DEVICE_NAME]; /* the phones, once they are found */
    const char **devices;       /* the same, as acts want them */
    size_t count;
};

/* NAME of the operands, or --where. */
int which_read(struct which *out, const struct call *call, struct why *why) CHECKED;
/* Finds them, anew each time: ERR_NOT_FOUND when there is none. */
int which_find(struct which *which, struct cluster *cluster, struct why *why) CHECKED;
void which_fini(struct which *which);

/* --wave N, for many phones alone: 0 when it is not said. */
int which_wave(unsigned *out, const struct call *call, struct why *why) CHECKED;

/* For JSON: "phone" and its name, or "where" and the conditions. */
const char *which_about(const struct which *which);
const char *which_words(const struct which *which);

#endif
