/*
 * where: which phones a command means (--where KEY=VALUE, all of which must hold).
 */
#ifndef CLI_WHERE_H
#define CLI_WHERE_H

#include "cli/phones.h"

enum { WHERE_MAX = 16 };

struct where_key;
struct where {
    const struct where_key *keys[WHERE_MAX];
    char values[WHERE_MAX][PROFILE_NAME]; /* patterns, in lower case */
    size_t count;
};

/* The conditions of a call, none of which is fine. ERR_USAGE names what is wrong with one. */
int where_read(struct where *out, const struct call *call, struct why *why) CHECKED;
bool where_holds(const struct where *where, const struct phone *phone);
/* The conditions as they were typed: "model=79* lsc=none". Cut when they do not fit. */
void where_text(char *out, size_t size, const struct call *call);

#endif
