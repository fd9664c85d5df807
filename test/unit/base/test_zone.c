/* Local time anywhere: what the C library says, which knows one zone at a time, is the measure. */
#include "support.h"

#include "base/file.h"
#include "base/zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { DAY = 24 * 60 * 60 };

/* Summer time of both hemispheres, of half an hour and of two; winter time that is the exception;
 * none; odd quarters; some that changed often. */
static const char *const names[] = {
    "Etc/UTC",          "Europe/Vienna",       "Europe/London",     "Europe/Dublin",
    "Europe/Moscow",    "America/New_York",    "America/St_Johns",  "America/Phoenix",
    "America/Santiago", "America/Nuuk",        "America/Sao_Paulo", "Australia/Sydney",
    "Asia/Tokyo",       "Australia/Lord_Howe", "Asia/Kathmandu",    "Asia/Tehran",
    "Pacific/Chatham",  "Antarctica/Troll",    "Pacific/Apia",      "Africa/Casablanca",
    "Asia/Gaza",        "Asia/Jerusalem",      "Africa/Cairo",      "Pacific/Kiritimati",
};

static bool has_zones(void)
{
    return file_exists(ZONE_DIRECTORY "/Europe/Vienna");
}

static int32_t as_the_library_says(int64_t now)
{
    struct tm tm;
    time_t moment = (time_t)now;
    assert_non_null(localtime_r(&moment, &tm));
    return (int32_t)tm.tm_gmtoff;
}

static void compare(const struct zone *zone, const char *name, int64_t now)
{
    struct zone_span span = zone_at(zone, now);
    if (span.offset != as_the_library_says(now))
        fail_msg("%s at %lld: %d, not %d", name, (long long)now, span.offset,
                 as_the_library_says(now));
    assert_true(span.until > now);
}

/* Through two centuries, and to the second where it changes. */
static void compare_all(const char *name)
{
    enum { FROM = -70 * 365, TO = 130 * 365, STEP = 17 };
    struct zone *zone = NULL;
    char setting[ZONE_NAME + 1];
    assert_int_equal(zone_read(&zone, name, NULL), 0);
    snprintf(setting, sizeof setting, ":%s", name);
    setenv("TZ", setting, 1);
    tzset();
    for (int64_t day = FROM; day < TO; day += STEP)
        compare(zone, name, day * DAY + 43210);
    for (int64_t now = (int64_t)FROM * DAY; now < (int64_t)TO * DAY;) {
        int64_t until = zone_at(zone, now).until;
        if (until == INT64_MAX)
            break;
        compare(zone, name, until - 1);
        compare(zone, name, until);
        now = until;
    }
    zone_free(zone);
}

static void test_local_time_is_what_the_library_says_anywhere_at_any_time(void **state)
{
    (void)state;
    if (!has_zones())
        skip();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        compare_all(names[i]);
    setenv("TZ", "UTC", 1);
    tzset();
}

static void test_what_is_no_name_of_a_zone_is_refused(void **state)
{
    static const char *const wrong[] = {
        "",
        "../../etc/passwd",
        "/etc/localtime",
        "Europe//Vienna",
        "Europe/",
        "a b",
        "Europe/Vienna\n",
        "Etc/../Etc/UTC",
        "Europe/ViennaViennaViennaViennaViennaViennaViennaViennaViennaVienna"};
    struct zone *zone = NULL;
    struct why why = WHY_NONE;
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(zone_read(&zone, wrong[i], NULL), ERR_USAGE);
    assert_int_equal(zone_read(&zone, "Europe/Vienne", &why), ERR_NOT_FOUND);
    assert_non_null(strstr(why.text, "names are like Europe/Vienna"));
    assert_null(zone);
}

/* ---- files ---- */

/* Version 2 with this rule: UTC+1 until 1970, then UTC+2. */
static void write_file(struct buffer *out, const char *rule)
{
    for (int part = 0; part < 2; part++) {
        buffer_text(out, "TZif2");
        for (int i = 0; i < 15; i++)
            buffer_u8(out, 0);
        for (int i = 0; i < 3; i++)
            buffer_u32be(out, 0);
        buffer_u32be(out, 1); /* times, types, characters */
        buffer_u32be(out, 2);
        buffer_u32be(out, 4);
        if (part)
            buffer_u32be(out, 0);
        buffer_u32be(out, 0);
        buffer_u8(out, 1);
        for (uint32_t i = 1; i <= 2; i++) {
            buffer_u32be(out, i * 3600);
            buffer_u8(out, 0);
            buffer_u8(out, 0);
        }
        buffer_text(out, "LMT");
        buffer_u8(out, 0);
    }
    buffer_u8(out, '\n');
    buffer_text(out, rule);
    buffer_u8(out, '\n');
    assert_int_equal(out->error, 0);
}

static int parse_with(struct zone **out, const char *rule)
{
    struct buffer file;
    buffer_init(&file, 1024);
    write_file(&file, rule);
    int result = zone_parse(out, buffer_bytes(&file));
    buffer_fini(&file);
    return result;
}

/* As glibc understands the same in TZ. */
static void test_rules_of_every_form_are_understood(void **state)
{
    static const char *const rules[] = {
        "UTC0",
        "CET-1CEST,M3.5.0,M10.5.0/3",
        "<+0330>-3:30",
        "<-03>3<-02>,M3.5.0/-1,M10.5.0/-1",
        "IST-1GMT0,M10.5.0,M3.5.0/1",
        "AAA5BBB4:30:15,J60/0,J300",
        "AAA5BBB,59/2:30,299/26",
        "AAA-12BBB-13,M2.2.1/00:00:01,M6.5.6/24",
    };
    (void)state;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        struct zone *zone = NULL;
        assert_int_equal(parse_with(&zone, rules[i]), 0);
        assert_int_equal(zone_at(zone, -1).offset, 3600);
        setenv("TZ", rules[i], 1);
        tzset();
        for (int64_t now = 0; now < (int64_t)140 * 365 * DAY; now += 5 * 3600 + 17)
            compare(zone, rules[i], now);
        zone_free(zone);
    }
    setenv("TZ", "UTC", 1);
    tzset();
}

static void test_without_a_rule_the_last_change_holds(void **state)
{
    struct zone *zone = NULL;
    (void)state;
    assert_int_equal(parse_with(&zone, ""), 0);
    assert_int_equal(zone_at(zone, -1).until, 0);
    assert_int_equal(zone_at(zone, 4000000000).offset, 7200);
    assert_true(zone_at(zone, 4000000000).until == INT64_MAX);
    assert_int_equal(zone_at(zone, INT64_MAX).offset, 7200);
    zone_free(zone);
}

static void test_broken_rules_are_refused(void **state)
{
    static const char *const wrong[] = {"X1",
                                        "UTC",
                                        "UTC99",
                                        "CET-1CEST",
                                        "CET-1CEST,",
                                        "CET-1CEST,M3.5.0",
                                        "CET-1CEST,M13.5.0,M10.5.0",
                                        "CET-1CEST,M0.5.0,M10.5.0",
                                        "CET-1CEST,M3.6.0,M10.5.0",
                                        "CET-1CEST,M3.5.7,M10.5.0",
                                        "CET-1CEST,J0,J5",
                                        "CET-1CEST,J366,J5",
                                        "CET-1CEST,M3.5.0/168,M10.5.0",
                                        "CET-1CEST,M3.5.0,M10.5.0x",
                                        "<CET-1",
                                        "UTC0:60"};
    struct zone *zone = NULL;
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (parse_with(&zone, wrong[i]) != ERR_FORMAT)
            fail_msg("%s", wrong[i]);
    assert_null(zone);
}

/* Cut anywhere, and with every bit turned over: read or refused, and asked without harm. */
static void test_broken_files_do_no_harm(void **state)
{
    struct buffer file;
    struct zone *zone = NULL;
    (void)state;
    buffer_init(&file, 1024);
    write_file(&file, "CET-1CEST,M3.5.0,M10.5.0/3");
    for (size_t size = 0; size < file.size; size++)
        assert_int_not_equal(zone_parse(&zone, bytes_of(file.data, size)), 0);
    for (size_t bit = 0; bit < 8 * file.size; bit++) {
        file.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (zone_parse(&zone, buffer_bytes(&file)) == 0) {
            (void)zone_at(zone, 1700000000);
            zone_free(zone);
        }
        file.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    file.data[4] = 0; /* version 1 */
    zone = NULL;
    assert_int_equal(zone_parse(&zone, buffer_bytes(&file)), ERR_UNSUPPORTED);
    buffer_fini(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_local_time_is_what_the_library_says_anywhere_at_any_time),
        cmocka_unit_test(test_what_is_no_name_of_a_zone_is_refused),
        cmocka_unit_test(test_rules_of_every_form_are_understood),
        cmocka_unit_test(test_without_a_rule_the_last_change_holds),
        cmocka_unit_test(test_broken_rules_are_refused),
        cmocka_unit_test(test_broken_files_do_no_harm),
    };
    return RUN(tests);
}
