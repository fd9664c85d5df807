/* Phones that are registered, and phones that are told to restart. */
#include "backend.h"

#include "store/registration.h"

enum { PHONES = 5, NOW = 1000000 };

static char names[PHONES][DEVICE_NAME];

static int enter_filled(void **state)
{
    struct why why = WHY_NONE;
    const struct store_node sub = {.name = "sub", .address = "192.0.2.2"};
    int result = enter(state);
    fill_store();
    assert_done(store_node_add(store, &sub, &why));
    for (int i = 0; i < PHONES; i++) {
        text_format(names[i], sizeof names[i], "SEP00000000000%d", i + 1);
        struct store_device device = a_phone(names[i]);
        if (i)
            assert_done(store_device_add(store, &device, &why));
    }
    return result;
}
#define FILLED(test) cmocka_unit_test_setup_teardown(test, enter_filled, leave)

/* ---- registrations ---- */

static struct store_registration a_registration(const char *device, int64_t since)
{
    struct store_registration r = {.address = "192.0.2.77",
                                   .mode = MODE_ENCRYPTED,
                                   .tls = "TLSv1",
                                   .cipher = "AES128-SHA",
                                   .certificate = "00ff",
                                   .not_after = 2000000000,
                                   .version = 22,
                                   .load = "SCCP45.9-4-2SR3",
                                   .since = since};
    text_copy(r.device, sizeof r.device, device);
    return r;
}

static void register_at(const char *node, const char *device, int64_t since)
{
    struct why why = WHY_NONE;
    const struct store_presence here = {.here = true,
                                        .registration = a_registration(device, since)};
    assert_done(store_presences_write(store, node_id(node), &here, 1, &why));
}

static void leave_from(const char *node, const char *device)
{
    struct why why = WHY_NONE;
    const struct store_presence gone = {.registration = a_registration(device, 0)};
    assert_done(store_presences_write(store, node_id(node), &gone, 1, &why));
}

struct found {
    struct store_registration list[PHONES];
    size_t count;
};

static int take(void *context, const struct store_registration *registration)
{
    struct found *found = context;
    found->list[found->count++] = *registration;
    return 0;
}

static struct found registered(const char *device)
{
    struct found found = {.count = 0};
    assert_int_equal(store_registrations(store, device, take, &found), 0);
    return found;
}

static void test_a_registration_is_kept_as_it_was_said(void **state)
{
    (void)state;
    const struct store_registration said = a_registration(PHONE, NOW);
    register_at("sub", PHONE, NOW);
    struct found found = registered(PHONE);
    assert_int_equal(found.count, 1);
    const struct store_registration *r = &found.list[0];
    assert_string_equal(r->device, PHONE);
    assert_string_equal(r->node, "sub");
    assert_string_equal(r->address, said.address);
    assert_int_equal(r->mode, said.mode);
    assert_string_equal(r->tls, said.tls);
    assert_string_equal(r->cipher, said.cipher);
    assert_string_equal(r->certificate, said.certificate);
    assert_int_equal(r->not_after, said.not_after);
    assert_int_equal(r->version, said.version);
    assert_string_equal(r->load, said.load);
    assert_int_equal(r->since, NOW);
}

static void test_registrations_come_by_name(void **state)
{
    (void)state;
    register_at("pub", names[2], NOW);
    register_at("pub", names[0], NOW);
    register_at("sub", names[1], NOW);
    struct found all = registered(NULL);
    assert_int_equal(all.count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(all.list[i].device, names[i]);
    assert_int_equal(registered(names[4]).count, 0);
}

static void test_a_phone_is_registered_at_one_node(void **state)
{
    (void)state;
    register_at("pub", PHONE, NOW);
    register_at("sub", PHONE, NOW + 5);
    struct found found = registered(NULL);
    assert_int_equal(found.count, 1);
    assert_string_equal(found.list[0].node, "sub");
    leave_from("pub", PHONE); /* which hears of its end late */
    assert_int_equal(registered(PHONE).count, 1);
    leave_from("sub", PHONE);
    assert_int_equal(registered(PHONE).count, 0);
}

static void test_what_happened_in_one_batch_is_taken_in_its_order(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    const struct store_presence list[] = {
        {.here = true, .registration = a_registration(PHONE, NOW)},
        {.here = false, .registration = a_registration(PHONE, 0)},
        {.here = true, .registration = a_registration(names[1], NOW)},
        {.here = true, .registration = a_registration(PHONE, NOW + 1)},
        {.here = false, .registration = a_registration(names[1], 0)},
    };
    assert_done(store_presences_write(store, node_id("pub"), list, 5, &why));
    struct found found = registered(NULL);
    assert_int_equal(found.count, 1);
    assert_string_equal(found.list[0].device, PHONE);
    assert_int_equal(found.list[0].since, NOW + 1);
}

static void test_a_phone_nobody_knows_leaves_no_row(void **state)
{
    (void)state;
    register_at("pub", "SEP0000000000FF", NOW);
    assert_int_equal(registered(NULL).count, 0);
}

static void test_a_service_that_begins_has_no_phones(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    register_at("pub", names[0], NOW);
    register_at("sub", names[1], NOW);
    assert_done(store_registrations_clear(store, node_id("pub"), &why));
    struct found found = registered(NULL);
    assert_int_equal(found.count, 1);
    assert_string_equal(found.list[0].device, names[1]);
}

static void test_a_deleted_phone_is_not_registered(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    register_at("pub", PHONE, NOW);
    assert_done(store_device_delete(store, PHONE, &why));
    assert_int_equal(registered(NULL).count, 0);
}

static void test_firmware_may_call_itself_anything(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct store_presence here = {.here = true, .registration = a_registration(PHONE, NOW)};
    memcpy(here.registration.load,
           "\xff"
           "1.0-SR",
           8);
    assert_done(store_presences_write(store, node_id("pub"), &here, 1, &why));
    assert_string_equal(registered(PHONE).list[0].load, "\\xff1.0-SR");
}

/* ---- orders to restart ---- */

static uint64_t resets_moved(void)
{
    uint64_t numbers[AREA_COUNT];
    assert_int_equal(store_revisions(store, numbers), 0);
    return numbers[AREA_RESETS];
}

static int64_t order(enum reset_kind kind, unsigned size, size_t first, size_t count)
{
    struct why why = WHY_NONE;
    const char *devices[PHONES];
    const struct store_reset reset = {
        .created = NOW, .kind = kind, .size = size, .filter = "model=7975"};
    int64_t id = 0;
    for (size_t i = 0; i < count; i++)
        devices[i] = names[first + i];
    assert_done(store_reset_add(store, &reset, devices, count, &id, &why));
    return id;
}

static unsigned release(int64_t id, int64_t now)
{
    struct why why = WHY_NONE;
    unsigned released = 0;
    assert_done(store_reset_release(store, id, now, &released, &why));
    return released;
}

static void tell(const char *device, int64_t now)
{
    struct why why = WHY_NONE;
    assert_done(store_resets_told(store, &device, 1, now, &why));
}

static unsigned expire(int64_t now)
{
    struct why why = WHY_NONE;
    unsigned expired = 0;
    assert_done(store_resets_expire(store, now, &expired, &why));
    return expired;
}

static struct store_reset reset_of(int64_t id)
{
    struct store_reset reset;
    assert_int_equal(store_reset_get(store, id, &reset), 0);
    return reset;
}

struct due {
    char devices[PHONES][DEVICE_NAME];
    enum reset_kind kinds[PHONES];
    size_t count;
};

static int take_due(void *context, const char *device, enum reset_kind kind)
{
    struct due *due = context;
    text_copy(due->devices[due->count], DEVICE_NAME, device);
    due->kinds[due->count++] = kind;
    return 0;
}

static struct due due_at(const char *node)
{
    struct due due = {.count = 0};
    assert_int_equal(store_resets_due(store, node_id(node), take_due, &due), 0);
    return due;
}

struct states {
    enum reset_state list[PHONES];
    unsigned numbers[PHONES];
    size_t count;
};

static int take_state(void *context, const struct store_reset_phone *phone)
{
    struct states *states = context;
    states->numbers[states->count] = phone->number;
    states->list[states->count++] = phone->state;
    return 0;
}

static struct states states_of(int64_t id)
{
    struct states states = {.count = 0};
    assert_int_equal(store_reset_phones(store, id, take_state, &states), 0);
    return states;
}

static void register_all(void)
{
    for (int i = 0; i < PHONES; i++)
        register_at(i % 2 ? "sub" : "pub", names[i], NOW - 100);
}

static void test_nobody_is_told_before_the_turn_comes(void **state)
{
    (void)state;
    register_all();
    int64_t id = order(RESET_RESTART, 2, 0, PHONES);
    assert_int_equal(due_at("pub").count + due_at("sub").count, 0);
    assert_int_equal(reset_of(id).count[RESET_WAITING], PHONES);
    assert_string_equal(reset_of(id).filter, "model=7975");
}

static void test_each_node_tells_the_phones_that_are_registered_there(void **state)
{
    (void)state;
    register_all();
    int64_t id = order(RESET_RESTART, 0, 0, PHONES);
    assert_int_equal(release(id, NOW), PHONES);
    struct due pub = due_at("pub");
    struct due sub = due_at("sub");
    assert_int_equal(pub.count, 3);
    assert_int_equal(sub.count, 2);
    assert_string_equal(pub.devices[1], names[2]);
    assert_string_equal(sub.devices[0], names[1]);
    assert_int_equal(sub.kinds[0], RESET_RESTART);
    tell(names[1], NOW);
    assert_int_equal(due_at("sub").count, 1);
}

static void test_the_next_wave_goes_when_phones_are_back(void **state)
{
    (void)state;
    register_all();
    int64_t id = order(RESET_RESET, 2, 0, PHONES);
    assert_int_equal(release(id, NOW), 2);
    assert_int_equal(release(id, NOW), 0); /* enough are on their way */
    tell(names[0], NOW);
    tell(names[1], NOW);
    assert_int_equal(release(id, NOW), 0);
    uint64_t before = resets_moved();
    register_at("pub", names[0], NOW + 20);
    assert_true(resets_moved() > before);
    assert_int_equal(release(id, NOW + 20), 1);
    struct states s = states_of(id);
    const enum reset_state expected[] = {RESET_DONE, RESET_TOLD, RESET_RELEASED, RESET_WAITING,
                                         RESET_WAITING};
    for (size_t i = 0; i < PHONES; i++)
        assert_int_equal(s.list[i], expected[i]);
    assert_int_equal(s.numbers[0], 1);
    assert_int_equal(s.numbers[2], 2);
    assert_int_equal(s.numbers[4], 0);
    assert_int_equal(reset_of(id).released, 2);
}

static void test_a_registration_without_an_order_moves_nothing(void **state)
{
    (void)state;
    uint64_t before = resets_moved();
    register_all();
    assert_int_equal(resets_moved(), before);
}

/* It was told after that: it was written down late. */
static void test_a_registration_from_before_the_order_ends_nothing(void **state)
{
    (void)state;
    register_all();
    int64_t id = order(RESET_RESET, 0, 0, 1);
    assert_int_equal(release(id, NOW), 1);
    tell(names[0], NOW);
    register_at("pub", names[0], NOW - 1);
    assert_int_equal(states_of(id).list[0], RESET_TOLD);
    register_at("pub", names[0], NOW);
    assert_int_equal(states_of(id).list[0], RESET_DONE);
}

static void test_who_is_not_registered_takes_no_place_of_a_wave(void **state)
{
    (void)state;
    register_at("pub", names[3], NOW);
    register_at("pub", names[4], NOW);
    int64_t id = order(RESET_RESET, 1, 0, PHONES);
    assert_int_equal(release(id, NOW), 1);
    struct states s = states_of(id);
    const enum reset_state expected[] = {RESET_ABSENT, RESET_ABSENT, RESET_ABSENT, RESET_RELEASED,
                                         RESET_WAITING};
    for (size_t i = 0; i < PHONES; i++)
        assert_int_equal(s.list[i], expected[i]);
}

static void test_who_does_not_come_back_holds_up_nobody(void **state)
{
    (void)state;
    register_all();
    int64_t id = order(RESET_RESET, 1, 0, 2);
    assert_int_equal(release(id, NOW), 1);
    tell(names[0], NOW);
    assert_int_equal(expire(NOW + RESET_BACK_SECONDS - 1), 0);
    assert_int_equal(expire(NOW + RESET_BACK_SECONDS), 1);
    assert_int_equal(states_of(id).list[0], RESET_LOST);
    assert_int_equal(release(id, NOW + RESET_BACK_SECONDS), 1);
    /* It was only late. */
    register_at("pub", names[0], NOW + RESET_BACK_SECONDS + 5);
    assert_int_equal(states_of(id).list[0], RESET_DONE);
}

static void test_who_could_not_be_told_was_not_there(void **state)
{
    (void)state;
    register_all();
    int64_t id = order(RESET_RESET, 1, 0, 2);
    assert_int_equal(release(id, NOW), 1);
    assert_int_equal(expire(NOW + RESET_TELL_SECONDS), 1);
    assert_int_equal(states_of(id).list[0], RESET_ABSENT);
    assert_int_equal(due_at("pub").count, 0);
}

static void test_a_later_order_overtakes_an_earlier_one(void **state)
{
    (void)state;
    register_all();
    int64_t first = order(RESET_RESET, 0, 0, 2);
    assert_int_equal(release(first, NOW), 2);
    tell(names[0], NOW);
    int64_t second = order(RESET_RESTART, 0, 0, 1);
    assert_int_equal(states_of(first).list[0], RESET_WITHDRAWN);
    assert_int_equal(states_of(first).list[1], RESET_RELEASED);
    assert_int_equal(release(second, NOW), 1);
    assert_int_equal(due_at("pub").kinds[0], RESET_RESTART);
}

static void test_orders_that_make_no_sense_are_refused_whole(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    const char *twice[] = {PHONE, PHONE};
    const char *unknown[] = {PHONE, "SEP0000000000FF"};
    const struct store_reset reset = {.created = NOW, .kind = RESET_RESET};
    const struct store_reset odd = {.created = NOW, .kind = (enum reset_kind)4};
    int64_t id = 0;
    assert_refused(store_reset_add(store, &reset, twice, 2, &id, &why), ERR_DUPLICATE, "twice");
    assert_refused(store_reset_add(store, &reset, unknown, 2, &id, &why), ERR_NOT_FOUND,
                   "SEP0000000000FF");
    assert_refused(store_reset_add(store, &reset, twice, 0, &id, &why), ERR_USAGE, "somebody");
    assert_refused(store_reset_add(store, &odd, twice, 1, &id, &why), ERR_USAGE, "told 4");
    assert_int_equal(id, 0);
    struct store_reset found;
    assert_int_equal(store_reset_get(store, 1, &found), ERR_NOT_FOUND);
    unsigned released;
    assert_int_equal(store_reset_release(store, 1, NOW, &released, NULL), ERR_NOT_FOUND);
}

static int newest(void *context, const struct store_reset *reset)
{
    *(int64_t *)context = reset->id;
    return 1;
}

static void test_orders_come_newest_first(void **state)
{
    (void)state;
    int64_t seen = 0;
    order(RESET_RESET, 0, 0, 1);
    int64_t second = order(RESET_RESET, 0, 1, 1);
    assert_int_equal(store_resets(store, newest, &seen), 1);
    assert_int_equal(seen, second);
}

static void test_every_state_and_kind_has_a_word(void **state)
{
    (void)state;
    for (enum reset_state s = RESET_WAITING; s < RESET_STATE_COUNT; s++)
        assert_true(strlen(reset_state_name(s)) > 1);
    assert_string_equal(reset_kind_name(RESET_RESTART), "restart");
    assert_string_equal(reset_kind_name((enum reset_kind)9), "?");
    assert_string_equal(reset_state_name(RESET_STATE_COUNT), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FILLED(test_a_registration_is_kept_as_it_was_said),
        FILLED(test_registrations_come_by_name),
        FILLED(test_a_phone_is_registered_at_one_node),
        FILLED(test_what_happened_in_one_batch_is_taken_in_its_order),
        FILLED(test_a_phone_nobody_knows_leaves_no_row),
        FILLED(test_a_service_that_begins_has_no_phones),
        FILLED(test_a_deleted_phone_is_not_registered),
        FILLED(test_firmware_may_call_itself_anything),
        FILLED(test_nobody_is_told_before_the_turn_comes),
        FILLED(test_each_node_tells_the_phones_that_are_registered_there),
        FILLED(test_the_next_wave_goes_when_phones_are_back),
        FILLED(test_a_registration_without_an_order_moves_nothing),
        FILLED(test_a_registration_from_before_the_order_ends_nothing),
        FILLED(test_who_is_not_registered_takes_no_place_of_a_wave),
        FILLED(test_who_does_not_come_back_holds_up_nobody),
        FILLED(test_who_could_not_be_told_was_not_there),
        FILLED(test_a_later_order_overtakes_an_earlier_one),
        FILLED(test_orders_that_make_no_sense_are_refused_whole),
        FILLED(test_orders_come_newest_first),
        cmocka_unit_test(test_every_state_and_kind_has_a_word),
    };
    return RUN(tests);
}
