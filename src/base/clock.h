/*
 * clock: the time, in two kinds that are never mixed.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Monotonic, in milliseconds or nanoseconds since some moment: for deadlines and intervals. */
int64_t clock_ms(void);
int64_t clock_ns(void);
/* Wall time in seconds, or in milliseconds, since 1970-01-01 UTC: for dates in files and logs. */
int64_t clock_wall(void);
int64_t clock_wall_ms(void);

/* Each writes a NUL-ended text and returns it. */
#define CLOCK_TEXT 48
/* "Mon Jan 01 00:00:00 UTC 2024": the Java style CUCM prints, in local time. */
char *clock_java(char out[CLOCK_TEXT], int64_t wall);
/* "31 Aug,2011 13:28:03": CUCM's file list, in local time. */
char *clock_file(char out[CLOCK_TEXT], int64_t wall);
/* "2026-11-20T20:02:11.123Z", UTC. */
char *clock_iso(char out[CLOCK_TEXT], int64_t wall_ms);
/* "13:28:03.123", local time: CUCM's traces. */
char *clock_trace(char out[CLOCK_TEXT], int64_t wall_ms);

#endif
