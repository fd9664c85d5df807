#include "base/zone.h"

#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    FILE_MAX = 64 * 1024,
    TIMES_MAX = 4096,
    TYPES_MAX = 256,
    CHARS_MAX = 1024,
    LEAPS_MAX = 1024,
    OFFSET_MAX = 26 * 60 * 60, /* RFC 8536: no less than -25 hours, no more than 26 */
    DAY = 24 * 60 * 60,
};

/* When in a year it changes, as POSIX spells it in TZ. */
struct rule_date {
    enum { DAY_OF_MONTH, DAY_WITHOUT_LEAP, DAY_OF_YEAR } kind; /* M10.5.0, J60, 59 */
    int month, week, day;
    int32_t time; /* seconds from the beginning of the day, local */
};

struct zone {
    size_t count;
    int64_t *times;         /* it changes then */
    uint8_t *types;         /* to this type */
    int32_t *offsets;       /* by type */
    bool has_rule, changes; /* the rule: after the last of the times */
    int32_t standard, summer;
    struct rule_date begins, ends; /* of summer */
};

/* ---- the rule: "CET-1CEST,M3.5.0,M10.5.0/3" ---- */

static bool skip(const char **p, char c)
{
    bool there = **p == c;
    *p += there;
    return there;
}

static bool take_number(const char **p, int max, int *out)
{
    int value = 0;
    size_t digits = strspn(*p, "0123456789");
    if (digits == 0 || digits > 3)
        return false;
    while (digits--)
        value = 10 * value + (*(*p)++ - '0');
    *out = value;
    return value <= max;
}

/* [+-]hh[:mm[:ss]] */
static bool take_time(const char **p, int32_t *out)
{
    int parts[3] = {0};
    int sign = skip(p, '-') ? -1 : 1;
    if (sign > 0)
        (void)skip(p, '+');
    if (!take_number(p, 167, &parts[0]))
        return false;
    for (int i = 1; i < 3 && skip(p, ':'); i++)
        if (!take_number(p, 59, &parts[i]))
            return false;
    *out = sign * (parts[0] * 3600 + parts[1] * 60 + parts[2]);
    return true;
}

static bool take_word(const char **p)
{
    bool quoted = skip(p, '<');
    size_t size = quoted ? strcspn(*p, ">") : strcspn(*p, "0123456789+-,<>");
    *p += size;
    return size >= 3 && (!quoted || skip(p, '>'));
}

static bool take_date(const char **p, struct rule_date *out)
{
    bool taken;
    *out = (struct rule_date){.time = 2 * 3600};
    if (skip(p, 'M')) {
        out->kind = DAY_OF_MONTH;
        taken = take_number(p, 12, &out->month) && skip(p, '.') && take_number(p, 5, &out->week) &&
                skip(p, '.') && take_number(p, 6, &out->day) && out->month && out->week;
    } else {
        out->kind = skip(p, 'J') ? DAY_WITHOUT_LEAP : DAY_OF_YEAR;
        taken = take_number(p, 365, &out->day) && (out->kind == DAY_OF_YEAR || out->day);
    }
    if (taken && skip(p, '/'))
        taken = take_time(p, &out->time);
    return taken;
}

/* POSIX counts hours west of Greenwich. */
static bool take_offset(const char **p, int32_t *out)
{
    if (!take_time(p, out) || *out > OFFSET_MAX || *out < -OFFSET_MAX)
        return false;
    *out = -*out;
    return true;
}

static int parse_rule(struct zone *z, const char *p)
{
    if (!*p)
        return 0;
    z->has_rule = true;
    if (!take_word(&p) || !take_offset(&p, &z->standard))
        return ERR_FORMAT;
    if (!*p)
        return 0;
    z->changes = true;
    z->summer = z->standard + 3600;
    if (!take_word(&p) || (*p != ',' && !take_offset(&p, &z->summer)))
        return ERR_FORMAT;
    if (!skip(&p, ',') || !take_date(&p, &z->begins) || !skip(&p, ',') || !take_date(&p, &z->ends))
        return ERR_FORMAT;
    return *p ? ERR_FORMAT : 0;
}

/* ---- the file ---- */

struct header {
    uint8_t version;
    uint32_t utc_marks, standard_marks, leaps, times, types, chars;
};

static int read_header(struct reader *r, struct header *out)
{
    struct bytes magic = reader_bytes(r, 4);
    out->version = reader_u8(r);
    (void)reader_bytes(r, 15);
    out->utc_marks = reader_u32be(r);
    out->standard_marks = reader_u32be(r);
    out->leaps = reader_u32be(r);
    out->times = reader_u32be(r);
    out->types = reader_u32be(r);
    out->chars = reader_u32be(r);
    if (r->error)
        return r->error;
    if (!bytes_equal_string(magic, "TZif"))
        return ERR_FORMAT;
    if (out->times > TIMES_MAX || out->types > TYPES_MAX || out->chars > CHARS_MAX ||
        out->leaps > LEAPS_MAX || out->utc_marks > TYPES_MAX || out->standard_marks > TYPES_MAX)
        return ERR_LIMIT;
    return 0;
}

static int64_t read_time(struct reader *r)
{
    uint64_t high = reader_u32be(r);
    return (int64_t)(high << 32 | reader_u32be(r));
}

static int read_table(struct zone *z, struct reader *r, const struct header *h)
{
    z->times = calloc(h->times + 1, sizeof *z->times);
    z->types = calloc(h->times + 1, sizeof *z->types);
    z->offsets = calloc(h->types + 1, sizeof *z->offsets);
    if (!z->times || !z->types || !z->offsets)
        return -ENOMEM;
    z->count = h->times;
    for (size_t i = 0; i < z->count; i++) {
        z->times[i] = read_time(r);
        if (i && z->times[i] <= z->times[i - 1])
            return r->error ? r->error : ERR_FORMAT;
    }
    for (size_t i = 0; i < z->count; i++) {
        z->types[i] = reader_u8(r);
        if (z->types[i] >= h->types)
            return ERR_FORMAT;
    }
    for (size_t i = 0; i < h->types; i++) {
        z->offsets[i] = (int32_t)reader_u32be(r);
        (void)reader_bytes(r, 2);
        if (z->offsets[i] > OFFSET_MAX || z->offsets[i] < -OFFSET_MAX)
            return ERR_FORMAT;
    }
    return h->types ? r->error : ERR_FORMAT;
}

static int read_rule(struct zone *z, struct reader *r)
{
    char text[128];
    struct bytes rest = reader_rest(r);
    size_t size = rest.size;
    if (r->error)
        return r->error;
    if (size < 2 || size > sizeof text || rest.data[0] != '\n' || rest.data[size - 1] != '\n')
        return ERR_FORMAT;
    memcpy(text, rest.data + 1, size - 2);
    text[size - 2] = '\0';
    return strlen(text) == size - 2 ? parse_rule(z, text) : ERR_FORMAT;
}

/* The same twice: with times of 32 bits, for old readers, then of 64. */
static int parse(struct zone *z, struct bytes file)
{
    struct reader r;
    struct header h;
    reader_init(&r, file);
    int result = read_header(&r, &h);
    if (result == 0 && h.version < '2')
        return ERR_UNSUPPORTED;
    if (result)
        return result;
    (void)reader_bytes(&r, 5 * (size_t)h.times + 6 * (size_t)h.types + h.chars +
                               8 * (size_t)h.leaps + h.standard_marks + h.utc_marks);
    result = read_header(&r, &h);
    if (result == 0)
        result = read_table(z, &r, &h);
    (void)reader_bytes(&r, h.chars + 12 * (size_t)h.leaps + h.standard_marks + h.utc_marks);
    return result ? result : read_rule(z, &r);
}

int zone_parse(struct zone **out, struct bytes file)
{
    struct zone *z = calloc(1, sizeof *z);
    if (!z)
        return -ENOMEM;
    int result = parse(z, file);
    if (result) {
        zone_free(z);
        return result;
    }
    *out = z;
    return 0;
}

void zone_free(struct zone *z)
{
    if (!z)
        return;
    free(z->times);
    free(z->types);
    free(z->offsets);
    free(z);
}

/* It becomes a path. */
static bool is_name(const char *name)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-/";
    size_t size = strlen(name);
    return size > 0 && size < ZONE_NAME && strspn(name, plain) == size && name[0] != '/' &&
           name[size - 1] != '/' && !strstr(name, "//");
}

int zone_read(struct zone **out, const char *name, struct why *why)
{
    char path[FILE_PATH];
    struct buffer file;
    if (!is_name(name))
        return why_error(why, ERR_USAGE,
                         "no time zone is called '%.64s'; names are like Europe/Vienna", name);
    buffer_init(&file, FILE_MAX);
    int result = file_path(path, ZONE_DIRECTORY, name);
    if (result == 0)
        result = file_read(&file, path, NULL);
    if (result == 0)
        result = zone_parse(out, buffer_bytes(&file));
    else
        result = ERR_NOT_FOUND;
    buffer_fini(&file);
    if (result == ERR_NOT_FOUND)
        return why_error(
            why, result, "%s has no time zone %s; names are like Europe/Vienna%s", ZONE_DIRECTORY,
            name,
            file_exists(ZONE_DIRECTORY "/Etc/UTC") ? "" : " (the package tzdata is not installed)");
    return result ? why_error(why, result, "%s is no time zone: %s", path, error_text(result)) : 0;
}

/* ---- the calendar ---- */

static bool is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Days from 1970-01-01 to the first of January; floor division, for years before. */
static int64_t days_to(int64_t year)
{
    int64_t y = year - 1 + 400000; /* a multiple of 400 years more */
    return 365 * y + y / 4 - y / 100 + y / 400 - (365 * 400000LL + 97 * 1000LL) - 719162;
}

static int64_t year_of(int64_t seconds)
{
    int64_t year = 1970 + seconds / (365 * DAY + DAY / 4);
    while (days_to(year) * DAY > seconds)
        year--;
    while (days_to(year + 1) * DAY <= seconds)
        year++;
    return year;
}

static int64_t day_of_month(const struct rule_date *date, int64_t year)
{
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};
    int leap = is_leap(year);
    int64_t first = days_to(year) + before[date->month - 1] + (date->month > 2 && leap);
    int length = before[date->month] - before[date->month - 1] + (date->month == 2 && leap);
    int weekday = (int)(((first + 4) % 7 + 7) % 7); /* 1970 began on a Thursday */
    int day = (date->day - weekday + 7) % 7 + 7 * (date->week - 1);
    return first + (day >= length ? day - 7 : day); /* week 5: the last */
}

/* Local seconds. */
static int64_t moment_of(const struct rule_date *date, int64_t year)
{
    int64_t day;
    if (date->kind == DAY_OF_MONTH)
        day = day_of_month(date, year);
    else if (date->kind == DAY_OF_YEAR)
        day = days_to(year) + date->day;
    else
        day = days_to(year) + date->day - 1 + (is_leap(year) && date->day >= 60);
    return day * DAY + date->time;
}

/* ---- asking ---- */

/* The last change that has been, and the next that comes, of those in three years. Beyond any use
 * it is not computed. */
static struct zone_span by_rule(const struct zone *z, int64_t now)
{
    const int64_t far = INT64_C(100000) * 365 * DAY;
    struct zone_span span = {z->standard, INT64_MAX};
    int64_t last = INT64_MIN;
    if (!z->changes || now > far || now < -far)
        return span;
    int64_t year = year_of(now);
    for (int i = 0; i < 6; i++) {
        bool summer = i % 2;
        int64_t at = summer ? moment_of(&z->begins, year - 1 + i / 2) - z->standard
                            : moment_of(&z->ends, year - 1 + i / 2) - z->summer;
        if (at > now && at < span.until)
            span.until = at;
        if (at <= now && at >= last) {
            last = at;
            span.offset = summer ? z->summer : z->standard;
        }
    }
    return span;
}

struct zone_span zone_at(const struct zone *z, int64_t now)
{
    size_t low = 0;
    size_t high = z->count;
    while (low < high) { /* the first that is still to come */
        size_t middle = low + (high - low) / 2;
        if (z->times[middle] <= now)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == z->count && z->has_rule)
        return by_rule(z, now);
    return (struct zone_span){.offset = z->offsets[low ? z->types[low - 1] : 0],
                              .until = low < z->count ? z->times[low] : INT64_MAX};
}
