#include "support.h"

#include "net/turns.h"

#include <stdlib.h>

struct guest {
    struct turn turn;
    struct address from;
    unsigned number;
};

static struct guest guest(unsigned host, unsigned number)
{
    struct guest g = {.number = number, .from = {.v4 = {.sin_family = AF_INET}}};
    g.from.size = sizeof g.from.v4;
    g.from.v4.sin_addr.s_addr = htonl(0x7f000000 + host);
    return g;
}

static unsigned served(struct turns *turns)
{
    struct turn *turn = turns_next(turns);
    return turn ? ((struct guest *)turn)->number : 0;
}

static void test_within_an_address_it_is_first_come_first_served(void **state)
{
    (void)state;
    struct turns *turns;
    struct guest g[3] = {guest(1, 1), guest(1, 2), guest(1, 3)};
    assert_int_equal(turns_new(&turns, 4), 0);
    assert_int_equal(served(turns), 0);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(turns_add(turns, &g[i].turn, &g[i].from), 0);
    assert_true(turns_waiting(turns));
    for (unsigned i = 1; i <= 3; i++)
        assert_int_equal(served(turns), i);
    assert_false(turns_waiting(turns));
    turns_free(turns);
}

static void test_an_address_with_a_hundred_delays_another_by_one(void **state)
{
    (void)state;
    struct turns *turns;
    struct guest many[100], one = guest(2, 1000), two = guest(3, 2000);
    assert_int_equal(turns_new(&turns, 4), 0);
    for (unsigned i = 0; i < 100; i++) {
        many[i] = guest(1, i + 1);
        assert_int_equal(turns_add(turns, &many[i].turn, &many[i].from), 0);
    }
    assert_int_equal(turns_add(turns, &one.turn, &one.from), 0);
    assert_int_equal(turns_add(turns, &two.turn, &two.from), 0);
    assert_int_equal(served(turns), 1);
    assert_int_equal(served(turns), 1000);
    assert_int_equal(served(turns), 2000);
    for (unsigned i = 2; i <= 100; i++)
        assert_int_equal(served(turns), i);
    assert_false(turns_waiting(turns));
    turns_free(turns);
}

static void test_who_leaves_is_not_served_and_who_waits_is_not_added_twice(void **state)
{
    (void)state;
    struct turns *turns;
    struct guest g[4] = {guest(1, 1), guest(1, 2), guest(2, 3), guest(1, 4)};
    assert_int_equal(turns_new(&turns, 4), 0);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(turns_add(turns, &g[i].turn, &g[i].from), 0);
    assert_int_equal(turns_add(turns, &g[0].turn, &g[0].from), 0);
    turns_remove(turns, &g[2].turn); /* the last of its address */
    turns_remove(turns, &g[2].turn);
    turns_remove(turns, &g[3].turn); /* at the end of a lane: the next one comes after g[1] */
    assert_int_equal(turns_add(turns, &g[3].turn, &g[3].from), 0);
    assert_int_equal(served(turns), 1);
    assert_int_equal(served(turns), 2);
    assert_int_equal(served(turns), 4);
    assert_int_equal(served(turns), 0);
    turns_free(turns);
}

static void test_addresses_are_bounded_and_the_waiting_may_be_left_behind(void **state)
{
    (void)state;
    struct turns *turns;
    struct guest g[3] = {guest(1, 1), guest(2, 2), guest(3, 3)};
    assert_int_equal(turns_new(&turns, 2), 0);
    assert_int_equal(turns_add(turns, &g[0].turn, &g[0].from), 0);
    assert_int_equal(turns_add(turns, &g[1].turn, &g[1].from), 0);
    assert_int_equal(turns_add(turns, &g[2].turn, &g[2].from), ERR_LIMIT);
    assert_int_equal(served(turns), 1);
    assert_int_equal(turns_add(turns, &g[2].turn, &g[2].from), 0);
    turns_free(turns);
    assert_null(g[1].turn.lane);
    assert_null(g[2].turn.lane);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_within_an_address_it_is_first_come_first_served),
        cmocka_unit_test(test_an_address_with_a_hundred_delays_another_by_one),
        cmocka_unit_test(test_who_leaves_is_not_served_and_who_waits_is_not_added_twice),
        cmocka_unit_test(test_addresses_are_bounded_and_the_waiting_may_be_left_behind),
    };
    return RUN(tests);
}
