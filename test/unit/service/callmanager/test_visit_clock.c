/* What time it is where a phone is. */
#include "support.h"

#include "base/clock.h"
#include "base/file.h"
#include "service/callmanager/visit_parts.h"

#include <stdlib.h>
#include <string.h>

static struct loop *loop;
static struct exchange exchange;
static struct visit visit;

static int enter(void **state)
{
    struct address peer;
    (void)state;
    memset(&exchange, 0, sizeof exchange);
    memset(&visit, 0, sizeof visit);
    assert_int_equal(loop_new(&loop), 0);
    assert_int_equal(exchange_init(&exchange, loop, 16), 0);
    assert_int_equal(address_parse(&peer, "192.0.2.7", 40000), 0);
    assert_int_equal(station_new(&visit.station, &exchange.site, CALL_LINK_PLAIN, &peer, 0), 0);
    visit.exchange = &exchange;
    visit.waits = 1; /* stays without a connection */
    exchange.first = &visit;
    return 0;
}

static int leave(void **state)
{
    (void)state;
    station_free(visit.station);
    exchange_fini(&exchange);
    loop_free(loop);
    return 0;
}

static int32_t in_vienna(void)
{
    struct tm tm;
    time_t now = (time_t)clock_wall();
    setenv("TZ", ":Europe/Vienna", 1);
    assert_non_null(localtime_r(&now, &tm));
    return (int32_t)tm.tm_gmtoff;
}

static void test_local_time_is_that_of_the_zone_and_looked_at_when_it_jumps(void **state)
{
    struct zone *zone = NULL;
    (void)state;
    if (!file_exists(ZONE_DIRECTORY "/Europe/Vienna"))
        skip();
    assert_int_equal(zone_read(&zone, "Europe/Vienna", NULL), 0);
    visit_set_clock(&visit, zone);
    assert_int_equal(visit_now(&visit).utc_offset, in_vienna());
    assert_in_range(exchange.clocks_change, clock_wall(), clock_wall() + 366 * 24 * 60 * 60);
    visit.utc_offset = -1;
    callmanager_visits_tell_time(&exchange); /* it is not yet time */
    assert_int_equal(visit.utc_offset, -1);
    exchange.clocks_change = clock_wall();
    callmanager_visits_tell_time(&exchange);
    assert_int_equal(visit_now(&visit).utc_offset, in_vienna());
    assert_true(exchange.clocks_change > clock_wall());
    zone_free(zone);
}

static void test_without_a_zone_it_is_utc_for_ever(void **state)
{
    (void)state;
    visit_set_clock(&visit, NULL);
    assert_int_equal(visit_now(&visit).utc_offset, 0);
    assert_true(exchange.clocks_change == INT64_MAX);
}

#define T(test) cmocka_unit_test_setup_teardown(test, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_local_time_is_that_of_the_zone_and_looked_at_when_it_jumps),
        T(test_without_a_zone_it_is_utc_for_ever),
    };
    return RUN(tests);
}
