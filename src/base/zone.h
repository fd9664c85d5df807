/*
 * zone: local time anywhere, from the system's time zone files (TZif, RFC 8536).
 *
 * The C library knows one zone a process, named in the environment that all threads share; a server
 * of phones needs several at once.
 */
#ifndef BASE_ZONE_H
#define BASE_ZONE_H

#include "base/bytes.h"

#define ZONE_DIRECTORY "/usr/share/zoneinfo"
#define ZONE_NAME      64 /* with NUL */

/* Does not change once it was made: any thread may ask it. */
struct zone;
/* "Europe/Vienna". ERR_USAGE: no zone is called so; ERR_NOT_FOUND: this system has none of that
 * name, or no zones at all (package tzdata). Reads a file. */
int zone_read(struct zone **out, const char *name, struct why *why) CHECKED;
/* Such a file. ERR_TRUNCATED, ERR_FORMAT, ERR_LIMIT; ERR_UNSUPPORTED: of version 1. */
int zone_parse(struct zone **out, struct bytes file) CHECKED;
void zone_free(struct zone *zone);

struct zone_span {
    int32_t offset; /* seconds that local time is before UTC's: east of Greenwich positive */
    int64_t until;  /* unix seconds: it holds at least so long; INT64_MAX: for ever */
};
/* `now` is in unix seconds. */
struct zone_span zone_at(const struct zone *zone, int64_t now);

#endif
