#include "support.h"

#include "pki/digest.h"
#include "service/callmanager/badges.h"

static const uint8_t one[SHA256_SIZE] = {1}, two[SHA256_SIZE] = {2};

static void test_the_connections_of_a_certificate_are_counted_and_the_oldest_is_known(void **state)
{
    (void)state;
    struct badges *badges;
    struct badge a = {0}, b = {0}, c = {0}, other = {0};
    int owner;
    assert_int_equal(badges_new(&badges, 4), 0);
    assert_int_equal(badges_enter(badges, &a, one, &owner), 0);
    assert_int_equal(badges_enter(badges, &other, two, NULL), 0);
    assert_int_equal(badges_enter(badges, &b, one, NULL), 0);
    assert_int_equal(badges_enter(badges, &c, one, NULL), 0);
    assert_int_equal(badge_count(&b), 3);
    assert_int_equal(badge_count(&other), 1);
    assert_ptr_equal(badge_oldest(&c), &a);
    assert_ptr_equal(badge_oldest(&c)->owner, &owner);
    assert_ptr_equal(a.next, &b);
    badges_leave(badges, &b); /* from the middle */
    assert_ptr_equal(a.next, &c);
    badges_leave(badges, &a);
    assert_ptr_equal(badge_oldest(&c), &c);
    badges_leave(badges, &c); /* the last leaves, and more come */
    assert_int_equal(badges_enter(badges, &a, one, NULL), 0);
    assert_int_equal(badge_count(&a), 1);
    badges_leave(badges, &a);
    badges_leave(badges, &other);
    badges_free(badges);
}

static void test_who_showed_none_or_has_left_is_in_no_group(void **state)
{
    (void)state;
    struct badges *badges;
    struct badge a = {0}, b = {0};
    assert_int_equal(badges_new(&badges, 4), 0);
    badges_leave(badges, &a);
    assert_int_equal(badges_enter(badges, &a, one, NULL), 0);
    assert_int_equal(badges_enter(badges, &b, one, NULL), 0);
    badges_leave(badges, &b);
    badges_leave(badges, &b);
    assert_int_equal(badge_count(&a), 1);
    assert_int_equal(badge_count(&b), 0);
    assert_null(badge_oldest(&b));
    badges_leave(badges, &a);
    badges_free(badges);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_connections_of_a_certificate_are_counted_and_the_oldest_is_known),
        cmocka_unit_test(test_who_showed_none_or_has_left_is_in_no_group),
    };
    return RUN(tests);
}
