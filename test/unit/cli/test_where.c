#include "support.h"

#include "cli/call.h"
#include "cli/where.h"

#include <string.h>

/* ---- a call with conditions ---- */

static const struct command_option options[] = {
    {"where", "KEY=VALUE", "which", true},
    {"wave", "N", "how many", false},
    {NULL, NULL, NULL, false},
};
static const struct command command = {.words = "phone list", .operands = "", .options = options};

static int where_of(struct where *out, const char *const *words, size_t count, struct why *why)
{
    struct call_store store;
    assert_int_equal(call_read(&store, &command, words, count, NULL), 0);
    int result = where_read(out, &store.call, why);
    call_fini(&store);
    return result;
}

/* Does the one condition hold? */
static bool fits(const char *condition, const struct phone *phone)
{
    struct where where;
    assert_int_equal(where_of(&where, (const char *[]){"--where", condition}, 2, NULL), 0);
    return where_holds(&where, phone);
}

static struct phone make_phone(void)
{
    return (struct phone){
        .device = {.name = "SEP001122334455", .model = "7975", .profile = "Lab-1"},
        .profile = {.mode = MODE_ENCRYPTED, .protocol = PROTOCOL_SIP},
        .lsc = LSC_EXPIRING,
        .registered = true,
        .registration = {.node = "pub1"}};
}

static void test_no_condition_holds_for_all(void **state)
{
    (void)state;
    struct phone phone = make_phone();
    struct where where;
    assert_int_equal(where_of(&where, NULL, 0, NULL), 0);
    assert_true(where_holds(&where, &phone));
}

static void test_each_key_asks_about_its_own(void **state)
{
    (void)state;
    struct phone phone = make_phone();
    const char *const yes[] = {
        "model=7975",     "model=79*",    "model=CP-7975G",    "profile=lab-?", "mode=ENCRYPTED",
        "protocol=sip",   "ctl=none",     "itl=none",          "lsc=expiring",  "lsc=ex*",
        "enrolment=none", "LSC=expiring", "status=registered", "node=PUB1",     "node=pub*"};
    const char *const no[] = {
        "model=7970", "profile=lab",      "mode=non-secure", "protocol=sccp",       "ctl=old",
        "lsc=valid",  "enrolment=failed", "wave=1",          "status=unregistered", "node=pub2"};
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        assert_true(fits(yes[i], &phone));
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        assert_false(fits(no[i], &phone));
}

static void test_all_conditions_must_hold(void **state)
{
    (void)state;
    struct phone phone = make_phone();
    struct where where;
    const char *const words[] = {"--where", "model=79*", "--where", "lsc=none"};
    assert_int_equal(where_of(&where, words, 4, NULL), 0);
    assert_false(where_holds(&where, &phone));
    phone.lsc = LSC_NONE;
    assert_true(where_holds(&where, &phone));
}

static void test_a_wrong_condition_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *condition, *says;
        int error;
    } wrong[] = {
        {"modle=7975", "did you mean model?", ERR_USAGE},
        {"model", "KEY=VALUE is meant", ERR_USAGE},
        {"=7975", "KEY=VALUE is meant", ERR_USAGE},
        {"lsc=old", "none, pending, valid, expiring, expired", ERR_USAGE},
        {"enrolment=done", "none, waiting, pending, success, failed", ERR_USAGE},
        {"status=busy", "it is one of registered, unregistered", ERR_USAGE},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct where where;
        struct why why = WHY_NONE;
        const char *const words[] = {"--where", wrong[i].condition};
        assert_int_equal(where_of(&where, words, 2, &why), wrong[i].error);
        assert_non_null(strstr(why.text, wrong[i].says));
    }
}

static void test_conditions_are_kept_as_they_were_typed(void **state)
{
    (void)state;
    struct call_store store;
    char text[32];
    char little[12];
    const char *const words[] = {"--where", "model=79*", "--wave", "5", "--where", "lsc=none"};
    assert_int_equal(call_read(&store, &command, words, 6, NULL), 0);
    where_text(text, sizeof text, &store.call);
    assert_string_equal(text, "model=79* lsc=none");
    where_text(little, sizeof little, &store.call);
    assert_string_equal(little, "model=79* l");
    call_fini(&store);
}

/* ---- how an order stands ---- */

static void test_a_phone_that_waits_for_its_wave_says_so(void **state)
{
    (void)state;
    struct phone phone = make_phone();
    char text[ENROLMENT_STATUS];
    phone.enrolment.status = (struct store_status){ENROLMENT_INSTALL, RESULT_FAILED, CAUSE_STRING};
    assert_string_equal(phone_enrolment_word(&phone), "failed");
    assert_string_equal(phone_enrolment_text(text, &phone),
                        "Upgrade Failed: Invalid Authentication String");
    memcpy(phone.wave, "12", 3);
    phone.wave_state = WAVE_WAITING;
    assert_string_equal(phone_enrolment_word(&phone), "waiting");
    assert_string_equal(phone_enrolment_text(text, &phone), "Waiting in bulk order 12");
    assert_true(fits("wave=12", &phone));
    phone.wave_state = WAVE_FAILED;
    assert_string_equal(phone_enrolment_word(&phone), "failed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_condition_holds_for_all),
        cmocka_unit_test(test_each_key_asks_about_its_own),
        cmocka_unit_test(test_all_conditions_must_hold),
        cmocka_unit_test(test_a_wrong_condition_is_named),
        cmocka_unit_test(test_conditions_are_kept_as_they_were_typed),
        cmocka_unit_test(test_a_phone_that_waits_for_its_wave_says_so),
    };
    return RUN(tests);
}
