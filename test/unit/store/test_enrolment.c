/* Orders, their status, authentication strings, bulk orders. */
#include "backend.h"

#include "store/enrolment.h"

static int enter_filled(void **state)
{
    enter(state);
    fill_store();
    return 0;
}

static struct store_enrolment get(const char *device)
{
    struct store_enrolment e;
    assert_int_equal(store_enrolment_get(store, device, &e), 0);
    return e;
}

static void assert_status(const char *device, const char *expected)
{
    char text[ENROLMENT_STATUS];
    struct store_enrolment e = get(device);
    assert_string_equal(store_status_text(text, &e.status), expected);
}

static void order(const char *device, enum enrolment_operation operation, int64_t now)
{
    struct why why = WHY_NONE;
    const struct store_order o = {.operation = operation};
    assert_done(store_order_put(store, device, &o, now, &why));
}

static int finish(const char *device, struct store_outcome outcome, struct why *why)
{
    if (outcome.number == 0)
        outcome.number = get(device).number;
    outcome.time = 5000;
    return store_order_finish(store, device, &outcome, why);
}

/* ---- orders ---- */

static void test_a_phone_without_an_order_has_what_its_profile_says(void **state)
{
    (void)state;
    struct store_enrolment e = get(PHONE);
    assert_string_equal(e.device, PHONE);
    assert_int_equal(e.number, 0);
    assert_int_equal(e.order.operation, ENROLMENT_NONE);
    assert_int_equal(e.order.authentication, 0);
    assert_int_equal(e.holds.authentication, CAPF_AUTH_STRING);
    assert_int_equal(e.holds.key_order, KEY_ORDER_RSA);
    assert_int_equal(e.holds.rsa_bits, 2048);
    assert_int_equal(e.holds.curve, 0);
    assert_false(e.has_string);
    assert_status(PHONE, "None");
    assert_int_equal(store_enrolment_get(store, "SEP0000000000FF", &e), ERR_NOT_FOUND);
}

static void assert_same(const struct store_order *a, const struct store_order *b)
{
    assert_int_equal(a->operation, b->operation);
    assert_int_equal(a->authentication, b->authentication);
    assert_int_equal(a->key_order, b->key_order);
    assert_int_equal(a->rsa_bits, b->rsa_bits);
    assert_int_equal(a->curve, b->curve);
    assert_int_equal(a->complete_by, b->complete_by);
}

static void test_what_an_order_says_goes_before_the_profile(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    const struct store_order o = {.operation = ENROLMENT_INSTALL,
                                  .authentication = CAPF_AUTH_MIC,
                                  .key_order = KEY_ORDER_EC_RSA,
                                  .rsa_bits = 3072,
                                  .curve = 521,
                                  .complete_by = 9000};
    assert_done(store_order_put(store, PHONE, &o, 1000, &why));
    struct store_enrolment e = get(PHONE);
    assert_same(&e.order, &o);
    assert_same(&e.holds, &o);
    assert_int_equal(e.number, 1000);
    assert_int_equal(e.changed, 1000);
    const struct store_order ec = {.operation = ENROLMENT_INSTALL, .key_order = KEY_ORDER_EC};
    assert_done(store_order_put(store, PHONE, &ec, 1000, &why));
    e = get(PHONE);
    assert_int_equal(e.number, 1001); /* each has its own, also within a second */
    assert_int_equal(e.holds.rsa_bits, 0);
    assert_int_equal(e.holds.curve, 384);
}

static void test_wrong_orders_change_nothing(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    uint64_t before[AREA_COUNT], after[AREA_COUNT];
    const struct store_order good = {.operation = ENROLMENT_INSTALL};
    const struct store_order size = {.operation = ENROLMENT_INSTALL, .rsa_bits = 1536};
    const struct store_order curve = {.operation = ENROLMENT_INSTALL, .curve = 255};
    const struct store_order operation = {.operation = (enum enrolment_operation)9};
    assert_int_equal(store_revisions(store, before), 0);
    assert_refused(store_order_put(store, PHONE, &size, 1, &why), ERR_USAGE, "1536");
    assert_refused(store_order_put(store, PHONE, &curve, 1, &why), ERR_USAGE, "255");
    assert_refused(store_order_put(store, PHONE, &operation, 1, &why), ERR_USAGE, "unknown");
    assert_refused(store_order_put(store, "SEP0000000000FF", &good, 1, &why), ERR_NOT_FOUND,
                   "SEP0000000000FF");
    assert_int_equal(store_revisions(store, after), 0);
    assert_memory_equal(before, after, sizeof before);
}

/* ---- status ---- */

static void test_the_status_has_the_words_of_cucm(void **state)
{
    (void)state;
    static const struct {
        struct store_status status;
        const char *text;
    } cases[] = {
        {{ENROLMENT_NONE, RESULT_NONE, CAUSE_NONE}, "None"},
        {{ENROLMENT_INSTALL, RESULT_PENDING, CAUSE_NONE}, "Operation Pending"},
        {{ENROLMENT_INSTALL, RESULT_SUCCESS, CAUSE_NONE}, "Upgrade Success"},
        {{ENROLMENT_DELETE, RESULT_SUCCESS, CAUSE_NONE}, "Delete Success"},
        {{ENROLMENT_TROUBLESHOOT, RESULT_SUCCESS, CAUSE_NONE}, "Troubleshoot Success"},
        {{ENROLMENT_INSTALL, RESULT_FAILED, CAUSE_NONE}, "Upgrade Failed"},
        {{ENROLMENT_INSTALL, RESULT_FAILED, CAUSE_LSC}, "Upgrade Failed: Invalid LSC"},
        {{ENROLMENT_INSTALL, RESULT_FAILED, CAUSE_STRING},
         "Upgrade Failed: Invalid Authentication String"},
        {{ENROLMENT_DELETE, RESULT_FAILED, CAUSE_MIC}, "Delete Failed: Invalid MIC"},
        {{ENROLMENT_TROUBLESHOOT, RESULT_FAILED, CAUSE_CREDENTIALS},
         "Troubleshoot Failed: Invalid Credentials"},
        {{ENROLMENT_INSTALL, RESULT_FAILED, CAUSE_PHONE},
         "Upgrade Failed: Phone Communication Failure"},
        {{ENROLMENT_INSTALL, RESULT_FAILED, CAUSE_KEY},
         "Upgrade Failed: Key Generation Failed/Timeout"},
        {{ENROLMENT_INSTALL, RESULT_FAILED, CAUSE_CA_SILENT},
         "Upgrade Failed: CA Communication Failure"},
        {{ENROLMENT_INSTALL, RESULT_FAILED, CAUSE_CA_REFUSED},
         "Upgrade Failed: CA Rejected Connection"},
        {{ENROLMENT_DELETE, RESULT_FAILED, CAUSE_LATE},
         "Delete Failed: User Initiated Request Late/Timedout"},
        {{ENROLMENT_INSTALL, RESULT_FAILED, CAUSE_NO_EC},
         "Upgrade Failed: No Support for EC only in CAPF version 3"},
        {{ENROLMENT_INSTALL, RESULT_FAILED, (enum enrolment_cause)77}, "Upgrade Failed"},
        {{(enum enrolment_operation)9, RESULT_FAILED, CAUSE_LSC}, "None"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[ENROLMENT_STATUS];
        assert_string_equal(store_status_text(text, &cases[i].status), cases[i].text);
    }
}

static void test_a_failed_order_stays_to_be_tried_again_until_it_succeeds(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    order(PHONE, ENROLMENT_INSTALL, 1000);
    assert_status(PHONE, "Operation Pending");
    assert_done(finish(PHONE, (struct store_outcome){.cause = CAUSE_PHONE}, &why));
    assert_done(finish(PHONE, (struct store_outcome){.cause = CAUSE_STRING}, &why));
    assert_status(PHONE, "Upgrade Failed: Invalid Authentication String");
    struct store_enrolment e = get(PHONE);
    assert_int_equal(e.order.operation, ENROLMENT_INSTALL);
    assert_int_equal(e.attempts, 2);
    assert_int_equal(e.changed, 5000);
    assert_done(finish(PHONE, (struct store_outcome){.success = true}, &why));
    assert_status(PHONE, "Upgrade Success");
    e = get(PHONE);
    assert_int_equal(e.order.operation, ENROLMENT_NONE);
    assert_refused(finish(PHONE, (struct store_outcome){.success = true}, &why), ERR_CONFLICT,
                   PHONE);
    /* taking an order away leaves the last result to be seen; an open one is simply gone */
    order(PHONE, ENROLMENT_NONE, 2000);
    assert_status(PHONE, "Upgrade Success");
    order(PHONE, ENROLMENT_DELETE, 3000);
    assert_int_equal(get(PHONE).attempts, 0);
    order(PHONE, ENROLMENT_NONE, 4000);
    assert_status(PHONE, "None");
}

static void test_an_outcome_of_an_older_order_does_not_touch_the_new_one(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    order(PHONE, ENROLMENT_INSTALL, 1000);
    int64_t old = get(PHONE).number;
    order(PHONE, ENROLMENT_DELETE, 1001);
    assert_refused(finish(PHONE, (struct store_outcome){.number = old, .success = true}, &why),
                   ERR_CONFLICT, "changed while it was carried out");
    assert_status(PHONE, "Operation Pending");
    assert_int_equal(get(PHONE).order.operation, ENROLMENT_DELETE);
    /* nor does one of a phone that was deleted and added again */
    const struct store_device phone = a_phone(PHONE);
    old = get(PHONE).number;
    assert_done(store_device_delete(store, PHONE, &why));
    assert_done(store_device_add(store, &phone, &why));
    order(PHONE, ENROLMENT_INSTALL, 1002);
    assert_refused(finish(PHONE, (struct store_outcome){.number = old, .success = true}, &why),
                   ERR_CONFLICT, PHONE);
}

static void test_a_cause_must_be_one_of_its_operation(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    order(PHONE, ENROLMENT_TROUBLESHOOT, 1000);
    assert_refused(finish(PHONE, (struct store_outcome){.cause = CAUSE_CA_SILENT}, &why), ERR_USAGE,
                   "CA Communication Failure");
    order(PHONE, ENROLMENT_DELETE, 1001);
    assert_refused(finish(PHONE, (struct store_outcome){.cause = CAUSE_NO_EC}, &why), ERR_USAGE,
                   "Delete");
    assert_refused(finish(PHONE, (struct store_outcome){.cause = CAUSE_COUNT}, &why), ERR_USAGE,
                   "unknown");
    assert_status(PHONE, "Operation Pending");
}

static void test_orders_fail_as_late_once_their_time_has_passed(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    unsigned expired = 99;
    uint64_t before[AREA_COUNT], after[AREA_COUNT];
    const struct store_order o = {.operation = ENROLMENT_INSTALL, .complete_by = 2000};
    assert_done(store_order_put(store, PHONE, &o, 1000, &why));
    assert_int_equal(store_revisions(store, before), 0);
    assert_done(store_orders_expire(store, 1999, &expired, &why));
    assert_int_equal(expired, 0);
    assert_int_equal(store_revisions(store, after), 0);
    assert_memory_equal(before, after, sizeof before);
    assert_done(store_orders_expire(store, 2000, &expired, &why));
    assert_int_equal(expired, 1);
    assert_status(PHONE, "Upgrade Failed: User Initiated Request Late/Timedout");
    assert_int_equal(get(PHONE).order.operation, ENROLMENT_NONE);
    assert_int_equal(store_revisions(store, after), 0);
    assert_int_equal(after[AREA_ENROLMENT], before[AREA_ENROLMENT] + 1);
}

/* ---- strings ---- */

static const uint8_t mac[ENROLMENT_MAC] = {1, 2, 3, [31] = 9};

static void test_a_string_is_kept_as_its_mac_and_shown_to_nobody(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    uint8_t found[ENROLMENT_MAC] = {0};
    struct store_table *table = NULL;
    assert_int_equal(store_string_get(store, PHONE, found), ERR_NOT_FOUND);
    assert_done(store_string_put(store, PHONE, mac, false, &why));
    assert_int_equal(store_string_get(store, PHONE, found), 0);
    assert_memory_equal(found, mac, sizeof mac);
    assert_true(get(PHONE).has_string);
    assert_refused(store_query(store, "select mac from enrolment_secret", 1000, &table, &why),
                   ERR_POLICY, "enrolment_secret is secret");
    assert_done(store_string_put(store, PHONE, NULL, false, &why));
    assert_int_equal(store_string_get(store, PHONE, found), ERR_NOT_FOUND);
    assert_refused(store_string_put(store, "SEP0000000000FF", mac, false, &why), ERR_NOT_FOUND,
                   "SEP0000000000FF");
}

static void test_a_one_time_string_is_used_up_by_success_alone(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    assert_done(store_string_put(store, PHONE, mac, true, &why));
    order(PHONE, ENROLMENT_INSTALL, 1000);
    assert_true(get(PHONE).one_time);
    assert_done(finish(PHONE, (struct store_outcome){.cause = CAUSE_KEY, .by_string = true}, &why));
    assert_true(get(PHONE).has_string);
    assert_done(finish(PHONE, (struct store_outcome){.success = true, .by_string = true}, &why));
    assert_false(get(PHONE).has_string);
    /* one that may be used again stays; so does a one-time string that was not said */
    assert_done(store_string_put(store, PHONE, mac, false, &why));
    order(PHONE, ENROLMENT_DELETE, 2000);
    assert_done(finish(PHONE, (struct store_outcome){.success = true, .by_string = true}, &why));
    assert_true(get(PHONE).has_string);
    assert_done(store_string_put(store, PHONE, mac, true, &why));
    order(PHONE, ENROLMENT_INSTALL, 3000);
    assert_done(finish(PHONE, (struct store_outcome){.success = true}, &why));
    assert_true(get(PHONE).has_string);
}

static int64_t say_wrong(int64_t now)
{
    int64_t until = -1;
    assert_int_equal(store_string_wrong(store, PHONE, now, &until), 0);
    return until;
}

static void test_ten_wrong_strings_in_a_row_lock_for_ten_minutes(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    int64_t until = 0;
    for (int i = 0; i < 9; i++)
        assert_int_equal(say_wrong(1000 + i), 0);
    assert_int_equal(get(PHONE).wrong, 9);
    assert_int_equal(store_string_right(store, PHONE), 0); /* a right one ends the row */
    assert_int_equal(get(PHONE).wrong, 0);
    for (int i = 0; i < 9; i++)
        assert_int_equal(say_wrong(2000 + i), 0);
    assert_int_equal(say_wrong(2010), 2610);
    assert_int_equal(get(PHONE).locked_until, 2610);
    assert_int_equal(say_wrong(2609), 2610); /* the lock neither grows nor counts */
    assert_int_equal(say_wrong(2610), 0);
    assert_int_equal(get(PHONE).wrong, 1);
    for (int i = 0; i < 9; i++)
        until = say_wrong(3000);
    assert_int_equal(until, 3600);
    assert_done(store_string_put(store, PHONE, mac, false, &why)); /* a new string unlocks */
    assert_int_equal(get(PHONE).locked_until, 0);
    assert_int_equal(store_string_wrong(store, "SEP0000000000FF", 1, &until), ERR_NOT_FOUND);
    assert_int_equal(store_string_right(store, "SEP0000000000FF"), ERR_NOT_FOUND);
}

static void test_what_sessions_note_keeps_the_order_and_tells_nobody(void **state)
{
    (void)state;
    uint64_t before[AREA_COUNT], after[AREA_COUNT];
    order(PHONE, ENROLMENT_INSTALL, 1000);
    assert_int_equal(store_revisions(store, before), 0);
    assert_false(get(PHONE).sends_sudi);
    assert_int_equal(store_sudi_seen(store, PHONE), 0);
    assert_true(get(PHONE).sends_sudi);
    say_wrong(1);
    assert_int_equal(store_sudi_seen(store, "SEP0000000000FF"), ERR_NOT_FOUND);
    order(PHONE, ENROLMENT_DELETE, 2000);
    assert_true(get(PHONE).sends_sudi);
    assert_int_equal(get(PHONE).wrong, 1);
    assert_int_equal(store_revisions(store, after), 0);
    assert_int_equal(after[AREA_ENROLMENT], before[AREA_ENROLMENT] + 1); /* of the new order */
}

/* ---- bulk orders ---- */

enum { PHONES = 7 };
static char names[PHONES][DEVICE_NAME];
static const char *list[PHONES];

static int enter_many(void **state)
{
    struct why why = WHY_NONE;
    enter_filled(state);
    for (int i = 0; i < PHONES; i++) {
        text_format(names[i], DEVICE_NAME, "SEP%012d", i + 1);
        list[i] = names[i];
        struct store_device device = a_phone(names[i]);
        if (i)
            assert_done(store_device_add(store, &device, &why));
    }
    return 0;
}

static int64_t add_wave(unsigned size)
{
    struct why why = WHY_NONE;
    int64_t id = 0;
    const struct store_wave wave = {.created = 500,
                                    .size = size,
                                    .filter = "model=7975",
                                    .order = {.operation = ENROLMENT_INSTALL,
                                              .authentication = CAPF_AUTH_NULL_STRING,
                                              .complete_by = 9000}};
    assert_done(store_wave_add(store, &wave, list, PHONES, &id, &why));
    return id;
}

static unsigned release(int64_t id)
{
    struct why why = WHY_NONE;
    unsigned released = 99;
    assert_done(store_wave_release(store, id, 1000, &released, &why));
    return released;
}

static int append_phone(void *context, const struct store_wave_phone *phone)
{
    buffer_format(context, "%s:%u%c ", phone->device + 14, phone->number, "wrdfx"[phone->state]);
    return 0;
}

static void assert_wave(int64_t id, const char *expected)
{
    struct buffer b;
    buffer_init(&b, 1000);
    assert_int_equal(store_wave_phones(store, id, append_phone, &b), 0);
    assert_string_equal(buffer_string(&b), expected);
    buffer_fini(&b);
}

static void test_a_wave_goes_on_as_its_phones_finish(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    int64_t id = add_wave(3);
    assert_wave(id, "1:0w 2:0w 3:0w 4:0w 5:0w 6:0w 7:0w ");
    assert_int_equal(get(names[0]).order.operation, ENROLMENT_NONE);
    assert_int_equal(release(id), 3);
    assert_int_equal(release(id), 0); /* none has finished: said again it does nothing */
    assert_wave(id, "1:1r 2:1r 3:1r 4:0w 5:0w 6:0w 7:0w ");
    struct store_enrolment e = get(names[2]);
    assert_int_equal(e.order.operation, ENROLMENT_INSTALL);
    assert_int_equal(e.order.authentication, CAPF_AUTH_NULL_STRING);
    assert_int_equal(e.wave, id);
    assert_int_equal(get(names[3]).order.operation, ENROLMENT_NONE);
    assert_done(finish(names[1], (struct store_outcome){.success = true}, &why));
    assert_done(finish(names[2], (struct store_outcome){.cause = CAUSE_PHONE}, &why));
    store_close(store); /* whoever drove it is gone: nothing is lost with it */
    store = open_store(STORE_WRITE);
    assert_int_equal(release(id), 2);
    assert_wave(id, "1:1r 2:1d 3:1f 4:2r 5:2r 6:0w 7:0w ");
    assert_done(finish(names[2], (struct store_outcome){.success = true}, &why));
    assert_wave(id, "1:1r 2:1d 3:1d 4:2r 5:2r 6:0w 7:0w ");
    struct store_wave wave;
    assert_int_equal(store_wave_get(store, id, &wave), 0);
    assert_int_equal(wave.released, 2);
    assert_string_equal(wave.filter, "model=7975");
    assert_int_equal(wave.order.complete_by, 9000);
    const unsigned expected[WAVE_STATE_COUNT] = {2, 3, 2, 0, 0};
    assert_memory_equal(wave.count, expected, sizeof expected);
}

static void test_an_order_of_its_own_takes_a_phone_out_of_a_wave(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    int64_t first = add_wave(2);
    assert_int_equal(release(first), 2);
    order(names[0], ENROLMENT_DELETE, 1500);
    order(names[6], ENROLMENT_DELETE, 1500);
    assert_wave(first, "1:1x 2:1r 3:0w 4:0w 5:0w 6:0w 7:0x ");
    assert_done(finish(names[0], (struct store_outcome){.success = true}, &why));
    assert_wave(first, "1:1x 2:1r 3:0w 4:0w 5:0w 6:0w 7:0x ");
    /* a later bulk order overtakes what an earlier one had released */
    int64_t second = add_wave(7);
    assert_int_equal(release(second), 7);
    assert_wave(first, "1:1x 2:1x 3:0w 4:0w 5:0w 6:0w 7:0x ");
    assert_done(store_wave_cancel(store, first, &why));
    assert_wave(first, "1:1x 2:1x 3:0x 4:0x 5:0x 6:0x 7:0x ");
    assert_refused(store_wave_cancel(store, 4711, &why), ERR_NOT_FOUND, "4711");
    assert_done(store_device_delete(store, names[1], &why));
    assert_wave(second, "1:1r 3:1r 4:1r 5:1r 6:1r 7:1r ");
}

static void test_late_orders_are_failures_of_their_wave(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    unsigned count = 0;
    int64_t id = add_wave(2);
    assert_int_equal(release(id), 2);
    assert_done(store_orders_expire(store, 9000, &count, &why));
    assert_int_equal(count, 2);
    assert_wave(id, "1:1f 2:1f 3:0w 4:0w 5:0w 6:0w 7:0w ");
    assert_refused(store_wave_release(store, id, 9000, &count, &why), ERR_CONFLICT, "has passed");
}

static int first_wave(void *context, const struct store_wave *wave)
{
    *(int64_t *)context = wave->id;
    assert_int_equal(wave->count[WAVE_WAITING], PHONES);
    return ERR_CLOSED;
}

static void test_a_wrong_bulk_order_leaves_nothing(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct store_wave wave = {.size = 2, .order = {.operation = ENROLMENT_INSTALL}};
    int64_t id = 0;
    const char *const twice[] = {names[0], names[1], names[0]};
    const char *const unknown[] = {names[0], "SEP0000000000FF"};
    assert_refused(store_wave_add(store, &wave, twice, 3, &id, &why), ERR_DUPLICATE, names[0]);
    assert_refused(store_wave_add(store, &wave, unknown, 2, &id, &why), ERR_NOT_FOUND,
                   "SEP0000000000FF");
    assert_refused(store_wave_add(store, &wave, list, 0, &id, &why), ERR_USAGE, "needs a phone");
    wave.size = 0;
    assert_refused(store_wave_add(store, &wave, list, 1, &id, &why), ERR_USAGE, "between 1 and");
    wave.size = 1;
    wave.order.operation = ENROLMENT_NONE;
    assert_refused(store_wave_add(store, &wave, list, 1, &id, &why), ERR_USAGE, "operation");
    assert_int_equal(store_waves(store, first_wave, &id), 0);
    assert_int_equal(store_wave_get(store, 1, &wave), ERR_NOT_FOUND);
    int64_t older = add_wave(1);
    int64_t newer = add_wave(1);
    assert_int_not_equal(older, newer);
    assert_int_equal(store_waves(store, first_wave, &id), ERR_CLOSED);
    assert_int_equal(id, newer);
}

static int count_enrolments(void *context, const struct store_enrolment *e)
{
    assert_int_equal(e->holds.rsa_bits, 2048);
    ++*(int *)context;
    return 0;
}

static void test_all_phones_are_walked_with_and_without_an_order(void **state)
{
    (void)state;
    int count = 0;
    order(names[3], ENROLMENT_INSTALL, 1);
    assert_int_equal(store_enrolments(store, count_enrolments, &count), 0);
    assert_int_equal(count, PHONES);
}

int main(void)
{
#define FILLED(test) cmocka_unit_test_setup_teardown(test, enter_filled, leave)
#define MANY(test)   cmocka_unit_test_setup_teardown(test, enter_many, leave)
    const struct CMUnitTest tests[] = {
        FILLED(test_a_phone_without_an_order_has_what_its_profile_says),
        FILLED(test_what_an_order_says_goes_before_the_profile),
        FILLED(test_wrong_orders_change_nothing),
        cmocka_unit_test(test_the_status_has_the_words_of_cucm),
        FILLED(test_a_failed_order_stays_to_be_tried_again_until_it_succeeds),
        FILLED(test_an_outcome_of_an_older_order_does_not_touch_the_new_one),
        FILLED(test_a_cause_must_be_one_of_its_operation),
        FILLED(test_orders_fail_as_late_once_their_time_has_passed),
        FILLED(test_a_string_is_kept_as_its_mac_and_shown_to_nobody),
        FILLED(test_a_one_time_string_is_used_up_by_success_alone),
        FILLED(test_ten_wrong_strings_in_a_row_lock_for_ten_minutes),
        FILLED(test_what_sessions_note_keeps_the_order_and_tells_nobody),
        MANY(test_a_wave_goes_on_as_its_phones_finish),
        MANY(test_an_order_of_its_own_takes_a_phone_out_of_a_wave),
        MANY(test_late_orders_are_failures_of_their_wave),
        MANY(test_a_wrong_bulk_order_leaves_nothing),
        MANY(test_all_phones_are_walked_with_and_without_an_order),
    };
    return RUN(tests);
}
