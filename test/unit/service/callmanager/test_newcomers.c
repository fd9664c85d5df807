#include "support.h"

#include "service/callmanager/newcomers.h"

#include <stdio.h>
#include <string.h>

static struct newcomers *newcomers;

static int enter(void **state)
{
    (void)state;
    return newcomers_new(&newcomers);
}

static int leave(void **state)
{
    (void)state;
    newcomers_free(newcomers);
    return 0;
}

static int admit(unsigned host, int64_t now, struct why *why)
{
    char text[32];
    struct address a;
    snprintf(text, sizeof text, "192.0.2.%u", host);
    assert_int_equal(address_parse(&a, text, 0), 0);
    return newcomers_admit(newcomers, &a, now, why);
}

static void test_an_address_brings_thirty_a_minute(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    for (int i = 0; i < NEWCOMERS_ADDRESS; i++)
        assert_int_equal(admit(1, 1 + i, &why), 0);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(admit(1, 100 + i, &why), ERR_LIMIT);
    assert_non_null(strstr(why.text, "30 phones have come by themselves from its address"));
    assert_int_equal(admit(2, 2000, &why), 0); /* others still may */
    assert_int_equal(admit(1, 1 + 60 * 1000, &why), 0);
}

static void test_all_addresses_bring_so_many_a_minute(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    for (unsigned i = 0; i < NEWCOMERS_ALL; i++)
        assert_int_equal(admit(1 + i / 20, 1, &why), 0);
    assert_int_equal(admit(100, 2, &why), ERR_LIMIT);
    assert_non_null(strstr(why.text, "120 phones have come by themselves within a minute"));
    assert_int_equal(admit(100, 1 + 60 * 1000, &why), 0);
}

static void test_when_no_number_is_left_nobody_is_admitted_until_something_has_changed(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    newcomers_full(newcomers, "all 2 numbers are taken");
    assert_int_equal(admit(1, 1, &why), ERR_LIMIT);
    assert_string_equal(why.text, "all 2 numbers are taken");
    assert_int_equal(admit(1, 1000 * 1000, &why), ERR_LIMIT);
    newcomers_look_again(newcomers);
    assert_int_equal(admit(1, 1000 * 1000, &why), 0);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_an_address_brings_thirty_a_minute),
        CASE(test_all_addresses_bring_so_many_a_minute),
        CASE(test_when_no_number_is_left_nobody_is_admitted_until_something_has_changed),
    };
    return RUN(tests);
}
