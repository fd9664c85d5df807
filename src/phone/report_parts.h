/*
 * report_parts: what the pieces of the report share (internal to report).
 */
#ifndef PHONE_REPORT_PARTS_H
#define PHONE_REPORT_PARTS_H

#include "phone/report.h"

#include <jansson.h>

struct report {
    json_t *root, *files, *messages, *lists, *tvs, *calls;
    enum phone_goal goal;
    bool refused; /* a list or configuration was */
    bool broken;  /* memory ran out on the way */
    /* the connection that stood last, and the calls there are */
    char tls[16], cipher[64];
    int64_t connected_ms[HANDSET_CALLS]; /* 0: not yet */
    uint32_t icons[HANDSET_CALLS];
};

void report_put(struct report *r, json_t *object, const char *key, json_t *value);
/* Text of the server's: bytes that are not UTF-8 are escaped. */
json_t *report_text(const char *text);

#endif
