#include "backend.h"
#include "store/traits.h"

static void test_a_device_is_read_as_it_was_added(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    fill_store();
    struct store_device device = a_phone("SEP00112233445A");
    text_copy(device.description, sizeof device.description, "Caf\xc3\xa9, \"front\" desk; 100%");
    text_copy(device.load, sizeof device.load, "SCCP75.9-4-2SR4-1S");
    assert_done(store_device_add(store, &device, &why));
    struct store_device found;
    assert_int_equal(store_device_get(store, device.name, &found), 0);
    assert_true(found.id > 0);
    assert_string_equal(found.name, device.name);
    assert_string_equal(found.model, "7975");
    assert_string_equal(found.profile, "Default");
    assert_string_equal(found.pool, "Default");
    assert_string_equal(found.description, device.description);
    assert_string_equal(found.load, device.load);
    assert_int_equal(found.last_seen, 0);
    assert_string_equal(found.last_address, "");
}

/* "<unix>-<uuid>", RFC 4122 version 4. */
static void assert_stamp(const char *stamp)
{
    const char *dash = strchr(stamp, '-');
    assert_non_null(dash);
    assert_true(strspn(stamp, "0123456789") == (size_t)(dash - stamp));
    assert_int_equal(strlen(dash + 1), 36);
    static const char shape[] = "xxxxxxxx-xxxx-4xxx-xxxx-xxxxxxxxxxxx";
    for (size_t i = 0; i < 36; i++) {
        char c = dash[1 + i];
        if (shape[i] == 'x')
            assert_non_null(strchr("0123456789abcdef", c));
        else
            assert_int_equal(c, shape[i]);
    }
    assert_non_null(strchr("89ab", dash[1 + 19]));
}

static void test_each_change_gives_a_fresh_version_stamp(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct store_device first, second, third;
    const struct store_line line = {.position = 1, .number = "1001"};
    fill_store();
    assert_int_equal(store_device_get(store, PHONE, &first), 0);
    assert_stamp(first.version_stamp);
    assert_done(store_device_update(store, &first, &why));
    assert_int_equal(store_device_get(store, PHONE, &second), 0);
    assert_stamp(second.version_stamp);
    assert_string_not_equal(first.version_stamp, second.version_stamp);
    assert_done(store_lines_put(store, PHONE, &line, 1, &why));
    assert_int_equal(store_device_get(store, PHONE, &third), 0);
    assert_string_not_equal(second.version_stamp, third.version_stamp);
    assert_int_equal(first.id, third.id);
}

static void test_a_device_changed_meanwhile_is_not_overwritten(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct store_device mine, theirs, found;
    fill_store();
    assert_int_equal(store_device_get(store, PHONE, &mine), 0);
    theirs = mine;
    text_copy(theirs.description, sizeof theirs.description, "theirs");
    assert_done(store_device_update(store, &theirs, &why));
    text_copy(mine.description, sizeof mine.description, "mine");
    assert_refused(store_device_update(store, &mine, &why), ERR_CONFLICT, PHONE " was changed");
    assert_int_equal(store_device_get(store, PHONE, &found), 0);
    assert_string_equal(found.description, "theirs");
    mine.version_stamp[0] = '\0'; /* whatever it is now */
    assert_done(store_device_update(store, &mine, &why));
    assert_int_equal(store_device_get(store, PHONE, &found), 0);
    assert_string_equal(found.description, "mine");
}

static void test_a_device_needs_its_profile_and_pool(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    fill_store();
    struct store_device device = a_phone("SEP000000000002");
    text_copy(device.profile, sizeof device.profile, "none");
    assert_refused(store_device_add(store, &device, &why), ERR_NOT_FOUND,
                   "security profile \"none\"");
    device = a_phone("SEP000000000002");
    text_copy(device.pool, sizeof device.pool, "none");
    assert_refused(store_device_add(store, &device, &why), ERR_NOT_FOUND, "device pool \"none\"");
    assert_int_equal(store_device_get(store, device.name, &device), ERR_NOT_FOUND);
    device = a_phone(PHONE);
    assert_refused(store_device_add(store, &device, &why), ERR_DUPLICATE, PHONE " already");
    text_copy(device.pool, sizeof device.pool, "none");
    assert_refused(store_device_update(store, &device, &why), ERR_NOT_FOUND, "\"none\"");
    device = a_phone("SEP0000000000AA");
    assert_refused(store_device_update(store, &device, &why), ERR_NOT_FOUND, "SEP0000000000AA");
    device.name[0] = '\0';
    assert_refused(store_device_add(store, &device, &why), ERR_USAGE, "empty");
}

static int count_rows(void *context, const struct store_observation *observation)
{
    (void)observation;
    ++*(int *)context;
    return 0;
}

static int count_held(void *context, const struct store_held *held)
{
    (void)held;
    ++*(int *)context;
    return 0;
}

static void test_a_deleted_device_leaves_nothing(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct store_line lines[2] = {{.position = 1, .number = "1"}, {.position = 2, .number = "2"}};
    struct store_observation o = {.device = PHONE,
                                  .address = "192.0.2.50",
                                  .time = 100,
                                  .kind = OBSERVED_LIST,
                                  .transport = TRANSPORT_TFTP,
                                  .file = "CTL" PHONE ".tlv",
                                  .hash = "00ff"};
    struct store_device found = a_phone(PHONE);
    size_t count = 0;
    int rows = 0;
    fill_store();
    assert_done(store_lines_put(store, PHONE, lines, 2, &why));
    assert_done(store_observe(store, &o, 1, &why));
    assert_done(store_device_delete(store, PHONE, &why));
    assert_refused(store_device_delete(store, PHONE, &why), ERR_NOT_FOUND, PHONE);
    assert_int_equal(store_device_get(store, PHONE, &found), ERR_NOT_FOUND);
    assert_int_equal(store_lines_get(store, PHONE, lines, 2, &count), ERR_NOT_FOUND);
    /* The same name again is another device: it begins with nothing. */
    assert_done(store_device_add(store, &found, &why));
    assert_int_equal(store_lines_get(store, PHONE, lines, 2, &count), 0);
    assert_int_equal(count, 0);
    assert_int_equal(store_observations(store, PHONE, 100, count_rows, &rows), 0);
    assert_int_equal(store_held(store, PHONE, count_held, &rows), 0);
    assert_int_equal(rows, 0);
    char name[DEVICE_NAME];
    assert_int_equal(store_device_at(store, "192.0.2.50", name), ERR_NOT_FOUND);
    backend()->judge(where);
}

static void test_lines_are_replaced_as_a_whole(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    size_t count = 0;
    struct store_line found[2];
    const struct store_line lines[3] = {{.position = 3, .number = "1003", .label = "third"},
                                        {.position = 1, .number = "1001", .label = "first"},
                                        {.position = 2, .number = "1002"}};
    fill_store();
    assert_done(store_lines_put(store, PHONE, lines, 3, &why));
    assert_int_equal(store_lines_get(store, PHONE, found, 2, &count), 0);
    assert_int_equal(count, 3); /* there are more than were asked for */
    assert_int_equal(found[0].position, 1);
    assert_string_equal(found[0].label, "first");
    assert_string_equal(found[1].number, "1002");
    assert_done(store_lines_put(store, PHONE, lines, 1, &why));
    assert_int_equal(store_lines_get(store, PHONE, found, 2, &count), 0);
    assert_int_equal(count, 1);
    assert_int_equal(found[0].position, 3);
    assert_done(store_lines_put(store, PHONE, NULL, 0, &why));
    assert_int_equal(store_lines_get(store, PHONE, found, 2, &count), 0);
    assert_int_equal(count, 0);
}

static void test_speed_dials_are_kept_beside_the_lines(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    size_t count = 0;
    struct store_device before, after;
    struct store_line found[2];
    const struct store_line line = {.position = 1, .number = "1001"};
    const struct store_line dials[2] = {{.position = 1, .number = "1002", .label = "Bob"},
                                        {.position = 1, .number = "1003"}};
    fill_store();
    assert_done(store_lines_put(store, PHONE, &line, 1, &why));
    assert_int_equal(store_device_get(store, PHONE, &before), 0);
    assert_done(store_speed_dials_put(store, PHONE, dials, 1, &why));
    assert_int_equal(store_device_get(store, PHONE, &after), 0);
    assert_string_not_equal(before.version_stamp, after.version_stamp);
    assert_refused(store_speed_dials_put(store, PHONE, dials, 2, &why), ERR_DUPLICATE,
                   "speed dial 1 is given");
    assert_int_equal(store_lines_get(store, PHONE, found, 2, &count), 0);
    assert_int_equal(count, 1);
    assert_string_equal(found[0].number, "1001");
    assert_int_equal(store_speed_dials_get(store, PHONE, found, 2, &count), 0);
    assert_int_equal(count, 1);
    assert_string_equal(found[0].number, "1002");
    assert_string_equal(found[0].label, "Bob");
    assert_done(store_device_delete(store, PHONE, &why));
    assert_done(store_device_add(store, &after, &why));
    assert_int_equal(store_speed_dials_get(store, PHONE, found, 2, &count), 0);
    assert_int_equal(count, 0);
}

static void test_wrong_lines_change_nothing(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    size_t count = 0;
    struct store_line found[2];
    struct store_line lines[DEVICE_LINES_MAX + 1] = {{.position = 1, .number = "1001"},
                                                     {.position = 1, .number = "1002"}};
    fill_store();
    assert_done(store_lines_put(store, PHONE, lines, 1, &why));
    assert_refused(store_lines_put(store, PHONE, lines, 2, &why), ERR_DUPLICATE, "line 1 is given");
    assert_refused(store_lines_put(store, PHONE, lines, DEVICE_LINES_MAX + 1, &why), ERR_LIMIT,
                   "65 lines");
    assert_refused(store_lines_put(store, "SEP0000000000FF", lines, 1, &why), ERR_NOT_FOUND,
                   "SEP0000000000FF");
    assert_int_equal(store_lines_get(store, PHONE, found, 2, &count), 0);
    assert_int_equal(count, 1);
    assert_string_equal(found[0].number, "1001");
}

static int check_order(void *context, const struct store_device *device)
{
    char *last = context;
    assert_true(strcmp(last, device->name) < 0);
    text_copy(last, DEVICE_NAME, device->name);
    /* Asking more from a callback is fine, even the same question. */
    struct store_device again;
    assert_int_equal(store_device_get(store, device->name, &again), 0);
    return 0;
}

static int walk_inside(void *context, const struct store_device *device)
{
    char last[DEVICE_NAME] = "";
    (void)device;
    ++*(int *)context;
    return store_devices(store, check_order, last);
}

static void test_devices_are_walked_by_name_even_inside_a_walk(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    uint64_t count = 0;
    int walks = 0;
    fill_store();
    for (int i = 9; i > 1; i--) {
        char name[DEVICE_NAME];
        text_format(name, sizeof name, "SEP%012d", i);
        struct store_device device = a_phone(name);
        assert_done(store_device_add(store, &device, &why));
    }
    assert_int_equal(store_device_count(store, &count), 0);
    assert_int_equal(count, 9);
    assert_int_equal(store_devices(store, walk_inside, &walks), 0);
    assert_int_equal(walks, 9);
}

/* ---- traits ---- */

static int write_trait(void *context, const struct store_trait *t)
{
    buffer_format(context, "%s%s %s=%s; ", t->model, t->device, t->name, t->value);
    return 0;
}

static void assert_traits(const char *expected)
{
    struct buffer b;
    buffer_init(&b, 4000);
    assert_int_equal(store_traits(store, write_trait, &b), 0);
    assert_string_equal(buffer_string(&b), expected);
    buffer_fini(&b);
}

static void test_traits_are_said_of_models_and_of_phones(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    fill_store();
    struct store_trait of_model = {.model = "7937", .name = "itl", .value = "no"};
    struct store_trait of_phone = {.device = PHONE, .name = "tvs", .value = "yes"};
    assert_done(store_trait_put(store, &of_phone, &why));
    assert_done(store_trait_put(store, &of_model, &why));
    text_copy(of_model.name, sizeof of_model.name, "ctl");
    assert_done(store_trait_put(store, &of_model, &why));
    text_copy(of_model.value, sizeof of_model.value, "unknown");
    assert_done(store_trait_put(store, &of_model, &why));
    assert_traits("7937 ctl=unknown; 7937 itl=no; " PHONE " tvs=yes; ");
    assert_done(store_trait_delete(store, &of_model, &why));
    assert_refused(store_trait_delete(store, &of_model, &why), ERR_NOT_FOUND, "ctl of 7937");
    assert_traits("7937 itl=no; " PHONE " tvs=yes; ");
    assert_int_equal(store_device_delete(store, PHONE, &why), 0);
    assert_traits("7937 itl=no; ");
    assert_refused(store_trait_put(store, &of_phone, &why), ERR_NOT_FOUND, "no phone");
    text_copy(of_phone.model, sizeof of_phone.model, "7975");
    assert_refused(store_trait_put(store, &of_phone, &why), ERR_USAGE, "of a model or of a phone");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_STORE(test_a_device_is_read_as_it_was_added),
        IN_STORE(test_each_change_gives_a_fresh_version_stamp),
        IN_STORE(test_a_device_changed_meanwhile_is_not_overwritten),
        IN_STORE(test_a_device_needs_its_profile_and_pool),
        IN_STORE(test_a_deleted_device_leaves_nothing),
        IN_STORE(test_lines_are_replaced_as_a_whole),
        IN_STORE(test_speed_dials_are_kept_beside_the_lines),
        IN_STORE(test_wrong_lines_change_nothing),
        IN_STORE(test_devices_are_walked_by_name_even_inside_a_walk),
        IN_STORE(test_traits_are_said_of_models_and_of_phones),
    };
    return RUN(tests);
}
