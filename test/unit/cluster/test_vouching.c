#include "support.h"

#include "cluster/cluster.h"
#include "cluster/own.h"
#include "cluster/vouching.h"
#include "signer/protocol.h"
#include "wire/trustlist.h"

#include <string.h>

static struct vouching cluster_with(int mode, const char *anchors, const char *changing)
{
    struct vouching v = {.security_mode = mode, .ttl = 86400, .ttl_changing = 300};
    assert_int_equal(anchors_parse(&v.anchors, anchors), 0);
    text_copy(v.changing, sizeof v.changing, changing);
    return v;
}

/* Roles as numbers with blanks between. */
static void assert_roles(struct worth worth, const char *expected)
{
    char roles[64] = "";
    for (size_t i = 0; i < worth.count; i++)
        text_format(roles + strlen(roles), sizeof roles - strlen(roles), "%s%u", i ? " " : "",
                    worth.roles[i]);
    assert_string_equal(roles, expected);
}

static void test_own_certificates_have_the_roles_of_the_lists(void **state)
{
    (void)state;
    const struct vouching mixed = cluster_with(1, "callmanager,itlrecovery", "none");
    const struct vouching open = cluster_with(0, "callmanager,itlrecovery", "none");
    assert_roles(vouching_own(&mixed, KEY_CALLMANAGER), "0 2");
    assert_roles(vouching_own(&open, KEY_CALLMANAGER), "0 3");
    assert_roles(vouching_own(&mixed, KEY_CAPF), "4");
    assert_roles(vouching_own(&mixed, KEY_TVS), "21");
    assert_roles(vouching_own(&mixed, KEY_RECOVERY), "0");
    assert_roles(vouching_own(&mixed, KEY_WEB), "7");
    assert_roles(vouching_own(&mixed, "somebody else"), "");
}

static void test_what_is_no_anchor_may_not_sign_lists(void **state)
{
    (void)state;
    const struct vouching callmanager = cluster_with(1, "callmanager", "none");
    const struct vouching recovery = cluster_with(1, "itlrecovery", "none");
    assert_roles(vouching_own(&callmanager, KEY_CALLMANAGER), "0 2");
    assert_roles(vouching_own(&callmanager, KEY_RECOVERY), "");
    assert_roles(vouching_own(&recovery, KEY_CALLMANAGER), "2");
    assert_roles(vouching_own(&recovery, KEY_RECOVERY), "0");
}

static void test_every_trust_store_is_worth_something_and_only_one_signs_lists(void **state)
{
    (void)state;
    const struct vouching v = cluster_with(1, "callmanager", "none");
    for (const char *const *purpose = cluster_trust_purposes(); *purpose; purpose++) {
        struct worth worth = vouching_trust(&v, *purpose);
        assert_true(worth.count > 0);
        assert_int_equal(worth.roles[0] == ROLE_SAST, strcmp(*purpose, "Phone-SAST-trust") == 0);
    }
    assert_roles(vouching_trust(&v, "Phone-SAST-trust"), "0 3");
    assert_roles(vouching_trust(&v, "CallManager-trust"), "1");
    assert_roles(vouching_trust(&v, "web-trust"), "7");
    assert_roles(vouching_trust(&v, "no-trust"), "");
}

static void test_what_is_about_to_change_is_kept_for_a_short_time(void **state)
{
    (void)state;
    const struct vouching none = cluster_with(1, "callmanager", "none");
    const struct vouching some = cluster_with(1, "callmanager", "CallManager,Phone-SAST-trust");
    const struct vouching all = cluster_with(1, "callmanager", "all");
    assert_int_equal(vouching_own(&none, KEY_CALLMANAGER).ttl, 86400);
    assert_int_equal(vouching_list_ttl(&none), 86400);
    assert_int_equal(vouching_own(&some, KEY_CALLMANAGER).ttl, 300);
    assert_int_equal(vouching_own(&some, KEY_CAPF).ttl, 86400);
    assert_int_equal(vouching_trust(&some, "Phone-SAST-trust").ttl, 300);
    assert_int_equal(vouching_trust(&some, "CallManager-trust").ttl, 86400);
    assert_int_equal(vouching_list_ttl(&some), 86400);
    assert_int_equal(vouching_own(&all, KEY_TVS).ttl, 300);
    assert_int_equal(vouching_trust(&all, "Phone-trust").ttl, 300);
    assert_int_equal(vouching_list_ttl(&all), 300);
}

static void test_only_names_there_are_can_be_about_to_change(void **state)
{
    (void)state;
    const char *const fine[] = {"none", "all", "CAPF", "CallManager,TVS,web-trust"};
    const char *const wrong[] = {"",        "CAPF,", ",CAPF",    "CallManager, TVS",
                                 "capfish", "Call",  "none,CAPF"};
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++)
        assert_int_equal(parameter_find("tvs_changing")->check(fine[i]), 0);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(parameter_find("tvs_changing")->check(wrong[i]), ERR_USAGE);
}

static void test_a_time_to_keep_answers_has_bounds(void **state)
{
    (void)state;
    const char *const names[] = {PARAMETER_TVS_TTL, PARAMETER_TVS_TTL_CHANGING};
    for (size_t i = 0; i < 2; i++) {
        const struct parameter *p = parameter_find(names[i]);
        assert_int_equal(p->check(p->value), 0);
        assert_int_equal(p->check("1"), 0);
        assert_int_equal(p->check("2592000"), 0);
        assert_int_equal(p->check("0"), ERR_USAGE);
        assert_int_equal(p->check("2592001"), ERR_USAGE);
        assert_int_equal(p->check("1d"), ERR_USAGE);
    }
}

static void test_what_was_never_set_has_its_default(void **state)
{
    (void)state;
    char dir[1024];
    char path[FILE_PATH];
    struct store *store = NULL;
    struct vouching v;
    struct why why = WHY_NONE;
    temporary_make(dir);
    assert_int_equal(file_path(path, dir, "test.db"), 0);
    assert_int_equal(store_open(&store, path, STORE_CREATE, NULL), 0);
    assert_int_equal(vouching_load(&v, store), 0);
    assert_int_equal(v.ttl, 86400);
    assert_int_equal(v.ttl_changing, 300);
    assert_int_equal(v.security_mode, 0);
    assert_int_equal(v.anchors.count, 2);
    assert_string_equal(v.changing, "none");
    assert_int_equal(store_parameter_set(store, PARAMETER_TVS_TTL, "60", &why), 0);
    assert_int_equal(store_parameter_set(store, PARAMETER_SECURITY_MODE, "1", &why), 0);
    assert_int_equal(vouching_load(&v, store), 0);
    assert_int_equal(v.ttl, 60);
    assert_int_equal(v.security_mode, 1);
    store_close(store);
    temporary_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_own_certificates_have_the_roles_of_the_lists),
        cmocka_unit_test(test_what_is_no_anchor_may_not_sign_lists),
        cmocka_unit_test(test_every_trust_store_is_worth_something_and_only_one_signs_lists),
        cmocka_unit_test(test_what_is_about_to_change_is_kept_for_a_short_time),
        cmocka_unit_test(test_only_names_there_are_can_be_about_to_change),
        cmocka_unit_test(test_a_time_to_keep_answers_has_bounds),
        cmocka_unit_test(test_what_was_never_set_has_its_default),
    };
    return RUN(tests);
}
