/* The number plan, the queue of actions, and timers. */
#include "support.h"

#include "service/callmanager/call_parts.h"

#include <stdio.h>
#include <string.h>

static void test_a_number_is_found_by_all_of_its_digits_only(void **state)
{
    struct plan plan;
    struct number *number;
    (void)state;
    call_plan_init(&plan, 10);
    assert_int_equal(call_plan_add(&plan, "1001", &number), 0);
    assert_ptr_equal(call_plan_find(&plan, "1001"), number);
    assert_null(call_plan_find(&plan, "100"));
    assert_null(call_plan_find(&plan, "10011"));
    assert_true(call_plan_goes_on(&plan, ""));
    assert_true(call_plan_goes_on(&plan, "100"));
    assert_false(call_plan_goes_on(&plan, "1001"));
    assert_false(call_plan_goes_on(&plan, "2"));
    call_plan_fini(&plan);
}

static void test_a_number_within_another_goes_on(void **state)
{
    struct plan plan;
    struct number *number;
    (void)state;
    call_plan_init(&plan, 10);
    assert_int_equal(call_plan_add(&plan, "100", &number), 0);
    assert_int_equal(call_plan_add(&plan, "1001", &number), 0);
    assert_int_equal(call_plan_add(&plan, "100#", &number), 0);
    assert_int_equal(call_plan_add(&plan, "2", &number), 0);
    assert_non_null(call_plan_find(&plan, "100"));
    assert_true(call_plan_goes_on(&plan, "100"));
    assert_false(call_plan_goes_on(&plan, "100#"));
    call_plan_fini(&plan);
}

static void test_a_full_plan_takes_no_more_and_what_cannot_be_dialled_is_no_number(void **state)
{
    struct plan plan;
    struct number *number;
    (void)state;
    call_plan_init(&plan, 1);
    assert_int_equal(call_plan_add(&plan, "", &number), ERR_FORMAT);
    assert_int_equal(call_plan_add(&plan, "10X", &number), ERR_FORMAT);
    assert_int_equal(call_plan_add(&plan, "12345678901234567890123456789012", &number), ERR_FORMAT);
    assert_int_equal(call_plan_add(&plan, "+4312345*#", &number), 0);
    assert_int_equal(call_plan_add(&plan, "+4312345*#", &number), 0);
    assert_int_equal(call_plan_add(&plan, "1", &number), ERR_LIMIT);
    call_plan_fini(&plan);
}

static void test_ten_thousand_numbers_in_any_order_are_all_found_and_swept(void **state)
{
    struct plan plan;
    struct number *number;
    char digits[CALL_NUMBER];
    (void)state;
    call_plan_init(&plan, 10000);
    for (unsigned i = 0; i < 10000; i++) {
        snprintf(digits, sizeof digits, "%u", 100000 + i * 7919 % 10000);
        assert_int_equal(call_plan_add(&plan, digits, &number), 0);
        number->named = i % 2 ? plan.generation : 0;
    }
    assert_int_equal(plan.count, 10000);
    call_plan_sweep(&plan);
    assert_int_equal(plan.count, 5000);
    for (unsigned i = 0; i < 10000; i++) {
        snprintf(digits, sizeof digits, "%u", 100000 + i * 7919 % 10000);
        assert_int_equal(call_plan_find(&plan, digits) != NULL, i % 2 == 1);
    }
    call_plan_fini(&plan);
}

static void test_actions_come_out_in_order_and_leave_nothing_behind(void **state)
{
    static const struct call_action nothing;
    struct call_queue queue = {.room = 0};
    struct call_action action;
    uint32_t out = 0;
    (void)state;
    for (uint32_t in = 0; in < 1000; in++) {
        action = (struct call_action){.kind = CALL_ACT_OPEN, .call = in};
        memset(&action.media.keys, 0x5A, sizeof action.media.keys);
        assert_true(call_queue_put(&queue, &action));
        if (in % 3 == 0) {
            assert_true(call_queue_take(&queue, &action));
            assert_int_equal(action.call, out++);
        }
    }
    while (call_queue_take(&queue, &action))
        assert_int_equal(action.call, out++);
    assert_int_equal(out, 1000);
    for (size_t i = 0; i < queue.room; i++)
        assert_memory_equal(&queue.actions[i], &nothing, sizeof nothing);
    call_queue_fini(&queue);
}

static void test_what_waits_for_one_owner_can_be_forgotten(void **state)
{
    struct call_queue queue = {.room = 0};
    struct call_action action;
    int a = 0;
    int b = 0;
    (void)state;
    for (uint32_t i = 0; i < 100; i++) {
        action = (struct call_action){.owner = i % 3 ? &a : &b, .call = i};
        assert_true(call_queue_put(&queue, &action));
    }
    call_queue_forget(&queue, &a);
    for (uint32_t i = 0; i < 100; i += 3) {
        assert_true(call_queue_take(&queue, &action));
        assert_int_equal(action.call, i);
    }
    assert_false(call_queue_take(&queue, &action));
    call_queue_fini(&queue);
}

static void test_the_timer_that_is_due_first_comes_first_whatever_it_waits_for(void **state)
{
    const int64_t delay[WAIT_COUNT] = {[WAIT_RING] = 100, [WAIT_MEDIA] = 30, [WAIT_FAILED] = 50};
    struct call_timers timers;
    struct call_timer ring = {.wait = WAIT_NONE};
    struct call_timer media = {.wait = WAIT_NONE};
    struct call_timer failed = {.wait = WAIT_NONE};
    (void)state;
    call_timers_init(&timers, delay);
    assert_null(call_timers_first(&timers));
    timers.now = 0;
    call_timer_start(&timers, &ring, WAIT_RING, &ring);
    timers.now = 60;
    call_timer_start(&timers, &failed, WAIT_FAILED, &failed);
    call_timer_start(&timers, &media, WAIT_MEDIA, &media);
    assert_ptr_equal(call_timers_first(&timers), &media);
    call_timer_stop(&timers, &media);
    assert_ptr_equal(call_timers_first(&timers), &ring);
    timers.now = 61;
    call_timer_start(&timers, &ring, WAIT_RING, &ring);
    assert_ptr_equal(call_timers_first(&timers), &failed);
    call_timer_stop(&timers, &failed);
    call_timer_stop(&timers, &failed);
    call_timer_stop(&timers, &ring);
    assert_null(call_timers_first(&timers));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_number_is_found_by_all_of_its_digits_only),
        cmocka_unit_test(test_a_number_within_another_goes_on),
        cmocka_unit_test(test_a_full_plan_takes_no_more_and_what_cannot_be_dialled_is_no_number),
        cmocka_unit_test(test_ten_thousand_numbers_in_any_order_are_all_found_and_swept),
        cmocka_unit_test(test_actions_come_out_in_order_and_leave_nothing_behind),
        cmocka_unit_test(test_what_waits_for_one_owner_can_be_forgotten),
        cmocka_unit_test(test_the_timer_that_is_due_first_comes_first_whatever_it_waits_for),
    };
    return RUN(tests);
}
