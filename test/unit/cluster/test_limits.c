/* Clusters so large that their lists come near what phones can take, or go beyond. */
#include "lab.h"

static const struct act_options for_real = {.accept_lockout = true};

static int make_itl(struct lab *lab, size_t nodes, struct act_report *report, struct why *why)
{
    lab_open(lab, nodes);
    act_report_init(report);
    return cluster_reset_localkey(lab->cluster, report, LIST_ITL, &for_real, why);
}

static void done(struct lab *lab, struct act_report *report)
{
    act_report_fini(report);
    lab_close(lab);
}

/* Two anchors, and of each node CallManager, CAPF and TVS. */
static void test_from_four_fifths_of_39_certificates_on_there_is_a_warning(void **state)
{
    (void)state;
    struct lab lab;
    struct act_report report;
    assert_int_equal(make_itl(&lab, 9, &report, NULL), 0);
    assert_int_equal(report.lists[LIST_ITL].certificates, 29);
    assert_false(report.lists[LIST_ITL].near_limit);
    done(&lab, &report);
    assert_int_equal(make_itl(&lab, 10, &report, NULL), 0);
    assert_int_equal(report.lists[LIST_ITL].certificates, 32);
    assert_true(report.lists[LIST_ITL].near_limit);
    done(&lab, &report);
}

static void test_a_list_of_more_than_39_certificates_is_not_published(void **state)
{
    (void)state;
    struct lab lab;
    struct act_report report;
    struct store_list list;
    struct why why = WHY_NONE;
    int result = make_itl(&lab, 13, &report, &why);
    assert_int_equal(result, ERR_POLICY);
    assert_non_null(strstr(why_text(&why, result), "41 certificates"));
    assert_int_equal(store_list_current(lab.store, LIST_ITL, &list), ERR_NOT_FOUND);
    done(&lab, &report);
}

static void test_bytes_count_as_well(void **state)
{
    (void)state;
    assert_false(list_near_limit(31, 52427));
    assert_true(list_near_limit(1, 52428)); /* of 65535 */
    assert_true(list_near_limit(32, 1));
}

static int enter(void **state)
{
    (void)state;
    lab_enter();
    return 0;
}

static int leave(void **state)
{
    (void)state;
    lab_leave();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_from_four_fifths_of_39_certificates_on_there_is_a_warning),
        cmocka_unit_test(test_a_list_of_more_than_39_certificates_is_not_published),
        cmocka_unit_test(test_bytes_count_as_well),
    };
    return cmocka_run_group_tests_name("tests", tests, enter, leave);
}
