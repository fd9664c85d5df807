#include "support.h"

#include "net/crowd.h"

static struct address at(const char *host, uint16_t port)
{
    struct address a;
    assert_int_equal(address_parse(&a, host, port), 0);
    return a;
}

static void test_one_address_cannot_take_everything(void **state)
{
    (void)state;
    struct crowd *crowd;
    struct address a1 = at("192.0.2.1", 1), a2 = at("192.0.2.1", 2), a3 = at("192.0.2.1", 3);
    struct address b = at("2001:db8::1", 1), c = at("192.0.2.3", 1);
    assert_int_equal(crowd_new(&crowd, 3, 2), 0);
    assert_int_equal(crowd_enter(crowd, address_source(&a1)), 0);
    assert_int_equal(crowd_enter(crowd, address_source(&a2)), 0);
    assert_int_equal(crowd_enter(crowd, address_source(&a3)), ERR_LIMIT);
    assert_int_equal(crowd_enter(crowd, address_source(&b)), 0);
    assert_int_equal(crowd_enter(crowd, address_source(&c)), ERR_LIMIT); /* all is taken */
    crowd_leave(crowd, address_source(&a2));
    assert_int_equal(crowd_enter(crowd, address_source(&c)), 0);
    assert_int_equal(crowd_count(crowd), 3);
    crowd_free(crowd);
}

static void test_who_never_entered_cannot_leave(void **state)
{
    (void)state;
    struct crowd *crowd;
    struct address a = at("192.0.2.1", 1), b = at("192.0.2.2", 1);
    assert_int_equal(crowd_new(&crowd, 3, 2), 0);
    assert_int_equal(crowd_enter(crowd, address_source(&a)), 0);
    crowd_leave(crowd, address_source(&b));
    assert_int_equal(crowd_count(crowd), 1);
    crowd_leave(crowd, address_source(&a));
    crowd_leave(crowd, address_source(&a));
    assert_int_equal(crowd_count(crowd), 0);
    crowd_free(crowd);
}

/* Whoever has one address of a link has as many as he likes. */
static void test_the_addresses_of_one_link_are_one_source(void **state)
{
    (void)state;
    struct crowd *crowd;
    struct address a = at("2001:db8:0:1::1", 1), b = at("2001:db8:0:1:ffff::2", 1);
    struct address other = at("2001:db8:0:2::1", 1), mapped = at("::ffff:192.0.2.1", 1);
    assert_int_equal(crowd_new(&crowd, 9, 1), 0);
    assert_int_equal(crowd_enter(crowd, address_source(&a)), 0);
    assert_int_equal(crowd_enter(crowd, address_source(&b)), ERR_LIMIT);
    assert_int_equal(crowd_enter(crowd, address_source(&other)), 0);
    assert_int_equal(address_source(&mapped).size, 4);
    crowd_free(crowd);
}

static void test_the_share_of_an_address_can_change(void **state)
{
    (void)state;
    struct crowd *crowd;
    struct address a = at("192.0.2.1", 1);
    assert_int_equal(crowd_new(&crowd, 9, 2), 0);
    assert_int_equal(crowd_enter(crowd, address_source(&a)), 0);
    assert_int_equal(crowd_enter(crowd, address_source(&a)), 0);
    assert_int_equal(crowd_enter(crowd, address_source(&a)), ERR_LIMIT);
    crowd_set_each(crowd, 3);
    assert_int_equal(crowd_enter(crowd, address_source(&a)), 0);
    crowd_set_each(crowd, 1);
    assert_int_equal(crowd_enter(crowd, address_source(&a)), ERR_LIMIT);
    assert_int_equal(crowd_count(crowd), 3);
    crowd_free(crowd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_address_cannot_take_everything),
        cmocka_unit_test(test_who_never_entered_cannot_leave),
        cmocka_unit_test(test_the_addresses_of_one_link_are_one_source),
        cmocka_unit_test(test_the_share_of_an_address_can_change),
    };
    return RUN(tests);
}
