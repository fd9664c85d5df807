#include "base/clock.h"

#include <stdio.h>

int64_t clock_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t clock_ms(void)
{
    return clock_ns() / 1000000;
}

int64_t clock_wall_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_wall(void)
{
    return clock_wall_ms() / 1000;
}

static const char *const month_names[12] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
static const char *const day_names[7] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

static struct tm local_time(int64_t wall)
{
    time_t t = (time_t)wall;
    struct tm tm = {0};
    localtime_r(&t, &tm);
    return tm;
}

char *clock_java(char out[CLOCK_TEXT], int64_t wall)
{
    struct tm tm = local_time(wall);
    snprintf(out, CLOCK_TEXT, "%s %s %02d %02d:%02d:%02d %s %d", day_names[tm.tm_wday % 7],
             month_names[tm.tm_mon % 12], tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
             tm.tm_zone ? tm.tm_zone : "UTC", tm.tm_year + 1900);
    return out;
}

char *clock_file(char out[CLOCK_TEXT], int64_t wall)
{
    struct tm tm = local_time(wall);
    snprintf(out, CLOCK_TEXT, "%02d %s,%d %02d:%02d:%02d", tm.tm_mday, month_names[tm.tm_mon % 12],
             tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
    return out;
}

char *clock_iso(char out[CLOCK_TEXT], int64_t wall_ms)
{
    time_t t = (time_t)(wall_ms / 1000);
    struct tm tm = {0};
    gmtime_r(&t, &tm);
    snprintf(out, CLOCK_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900,
             tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(wall_ms % 1000));
    return out;
}

static char *put_digits(char *out, int value, int digits)
{
    for (int i = digits; i-- > 0; value /= 10)
        out[i] = (char)('0' + value % 10);
    return out + digits;
}

/* Written for every file that leaves: without printf, and with the time of day of the second that
 * was asked for last. */
char *clock_trace(char out[CLOCK_TEXT], int64_t wall_ms)
{
    static _Thread_local int64_t second = INT64_MIN;
    static _Thread_local struct tm tm;
    if (second != wall_ms / 1000) {
        second = wall_ms / 1000;
        tm = local_time(second);
    }
    char *p = put_digits(out, tm.tm_hour, 2);
    *p++ = ':';
    p = put_digits(p, tm.tm_min, 2);
    *p++ = ':';
    p = put_digits(p, tm.tm_sec, 2);
    *p++ = '.';
    p = put_digits(p, (int)(wall_ms % 1000), 3);
    *p = '\0';
    return out;
}
