/* The time of phones, and the names 79xx have for it. */
#include "support.h"

#include "base/file.h"
#include "base/zone.h"
#include "cluster/parameters.h"
#include "cluster/time_zone.h"
#include "wire/cnf_zones.h"

#include <string.h>

enum { SPRING_2026 = 1772323200 }; /* 1 March */

static bool has_zones(void)
{
    return file_exists(ZONE_DIRECTORY "/Europe/Vienna");
}

static void test_each_place_of_a_name_is_known(void **state)
{
    (void)state;
    if (!has_zones())
        skip();
    for (size_t i = 0; i < CNF_ZONES; i++)
        if (time_zone_check(cnf_zones[i].place, NULL) != 0)
            fail_msg("%s", cnf_zones[i].place);
}

static void test_phones_get_the_name_whose_time_is_that_of_the_zone(void **state)
{
    static const char *const known[][2] = {
        {"Europe/Vienna", "W. Europe Standard/Daylight Time"},
        {"Europe/Paris", "Romance Standard/Daylight Time"},
        {"Europe/London", "GMT Standard/Daylight Time"},
        {"Etc/UTC", "Greenwich Standard Time"},
        {"America/Detroit", "Eastern Standard/Daylight Time"},
        {"America/Phoenix", "US Mountain Standard Time"},
        {"Asia/Tokyo", "Tokyo Standard Time"},
        {"Asia/Kolkata", "India Standard Time"},
        {"Australia/Sydney", "AUS Eastern Standard/Daylight Time"},
        {"Australia/Brisbane", "E. Australia Standard Time"},
        /* no summer time any more: phones would have one with the name of the place */
        {"Europe/Moscow", "Saudi Arabia Standard Time"},
        /* nobody has its quarter of an hour */
        {"Asia/Kathmandu", "India Standard Time"},
    };
    (void)state;
    if (!has_zones())
        skip();
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        assert_string_equal(time_zone_of_phones(known[i][0], SPRING_2026), known[i][1]);
}

static void test_the_parameter_is_written_into_the_pools(void **state)
{
    const struct store_node node = {.name = "pub", .address = "192.0.2.1", .publisher = true};
    const struct store_group group = {.name = "Default", .count = 1, .members = {node}};
    const struct store_pool other = {.name = "Other", .group = "Default", .date_template = "M/D/Y"};
    char directory[1024];
    char where[FILE_PATH];
    char value[PARAMETER_VALUE];
    struct store *store = NULL;
    struct store_pool pool;
    (void)state;
    if (!has_zones())
        skip();
    temporary_make(directory);
    assert_int_equal(file_path(where, directory, "test.db"), 0);
    assert_int_equal(store_open(&store, where, STORE_CREATE, NULL), 0);
    assert_int_equal(store_node_add(store, &node, NULL), 0);
    assert_int_equal(store_group_put(store, &group, NULL), 0);
    assert_int_equal(store_pool_put(store, &other, NULL), 0);
    assert_int_equal(time_zone_set(store, "Asia/Tokyo", NULL), 0);
    assert_int_equal(store_pool_get(store, "Other", &pool), 0);
    assert_string_equal(pool.olson_zone, "Asia/Tokyo");
    assert_string_equal(pool.time_zone, "Tokyo Standard Time");
    assert_string_equal(pool.date_template, "M/D/Y");
    assert_int_equal(store_parameter_get(store, PARAMETER_TIME_ZONE, value), 0);
    assert_string_equal(value, "Asia/Tokyo");
    store_close(store);
    temporary_remove(directory);
}

static void test_what_is_no_zone_is_no_value_of_the_parameter(void **state)
{
    const struct parameter *p = parameter_find("time_zone");
    (void)state;
    assert_int_equal(p->check("Etc/UTC"), 0);
    assert_int_equal(p->check(p->value), 0);
    assert_int_equal(p->check("Europe/Vienne"), ERR_USAGE);
    assert_int_equal(p->check("../../etc/passwd"), ERR_USAGE);
    assert_int_equal(p->check(""), ERR_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_place_of_a_name_is_known),
        cmocka_unit_test(test_phones_get_the_name_whose_time_is_that_of_the_zone),
        cmocka_unit_test(test_the_parameter_is_written_into_the_pools),
        cmocka_unit_test(test_what_is_no_zone_is_no_value_of_the_parameter),
    };
    return RUN(tests);
}
