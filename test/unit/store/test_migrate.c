/* Databases of released versions become those of today, with all that is in them. */
#include "backend.h"

#include "store/enrolment.h"
#include "store/sql/schema.h"

/* What the first version put into its tables, in its own words. */
static const char first_contents[] =
    "INSERT INTO node VALUES (1, 'pub', '192.0.2.1', 0, 1);"
    "INSERT INTO callmanager_group VALUES (1, 'Default');"
    "INSERT INTO group_member VALUES (1, 1, 1);"
    "INSERT INTO pool VALUES (1, 'Default', 1, 'D/M/YA', '', '', '', '', '');"
    "INSERT INTO profile VALUES (1, 'Default', 'any', 0, 1, 0, 3, 0, 256, 0);"
    "INSERT INTO phone VALUES (7, 'SEP000000000001', '7975', 1, 1, 'kept', '', '1-stamp');"
    "INSERT INTO phone_line VALUES (7, 1, '1001', 'Anna');"
    "INSERT INTO held_list VALUES (7, 'aa', 1, 5, 100, 200, 150, 0);"
    "INSERT INTO processconfig VALUES ('ClusterSecurityMode', '1');"
    "UPDATE revision SET number = 41 WHERE area = 2;"
    "INSERT INTO administrator VALUES ('admin');"
    "INSERT INTO administrator_secret VALUES ('admin', 'scrypt$x')";

/* A database as a program of that version left it. */
static int enter_old(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct db *db = NULL;
    static const struct schema_view no_views[] = {{NULL, NULL}};
    const struct schema first = {schema_current.steps, 1, no_views};
    temporary_make(directory);
    backend()->address(where, directory);
    assert_done(backend()->driver->open(&db, where, STORE_CREATE, &why));
    assert_done(schema_migrate(db, &first, &why));
    assert_done(db->driver->run(db, first_contents, &why));
    assert_done(db->driver->run(db, "CREATE VIEW device AS SELECT name FROM phone", &why));
    assert_done(db->driver->settle(db, &why));
    db->driver->close(db);
    return 0;
}

static int take_held(void *context, const struct store_held *held)
{
    *(struct store_held *)context = *held;
    return 0;
}

static void test_lists_held_in_version_1_are_held_in_the_newest(void **state)
{
    (void)state;
    struct store_held held = {.device = ""};
    store = open_store(STORE_WRITE);
    assert_int_equal(store_held(store, PHONE, take_held, &held), 0);
    assert_string_equal(held.hash, "aa");
    assert_int_equal(held.sequence, 5);
    assert_int_equal(held.first_served, 100);
    assert_int_equal(held.last_served, 200);
    assert_int_equal(held.confirmed, 150);
    assert_int_equal(held.refused, 0);
    assert_true(held.complete);
}

static void test_a_database_of_version_1_keeps_all_and_gets_enrolment(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct store_device device;
    struct store_enrolment enrolment;
    struct store_line line;
    uint64_t numbers[AREA_COUNT];
    char text[ADMIN_HASH];
    size_t lines = 0;
    store = open_store(STORE_WRITE);
    backend()->judge(where);
    assert_int_equal(store_device_get(store, PHONE, &device), 0);
    assert_string_equal(device.description, "kept");
    assert_string_equal(device.version_stamp, "1-stamp");
    assert_int_equal(device.lsc.id, 0);
    assert_int_equal(store_lines_get(store, PHONE, &line, 1, &lines), 0);
    assert_int_equal(lines, 1);
    assert_int_equal(store_admin_get(store, "admin", text), 0);
    assert_int_equal(store_revisions(store, numbers), 0);
    assert_int_equal(numbers[AREA_DEVICES], 41);
    assert_int_equal(numbers[AREA_CRL], 0);
    /* and the new rooms can be lived in */
    const struct store_order order = {.operation = ENROLMENT_INSTALL};
    assert_int_equal(store_enrolment_get(store, PHONE, &enrolment), 0);
    assert_int_equal(enrolment.number, 0);
    assert_int_equal(enrolment.holds.authentication, CAPF_AUTH_LSC);
    assert_int_equal(enrolment.holds.key_order, KEY_ORDER_EC);
    assert_done(store_order_put(store, PHONE, &order, 100, &why));
    assert_int_equal(store_revisions(store, numbers), 0);
    assert_int_equal(numbers[AREA_ENROLMENT], 1);
    backend()->ask(text, sizeof text, where, "SELECT version FROM schema_version");
    assert_int_equal(strtol(text, NULL, 10), store_schema_version());
}

static void test_who_only_reads_does_not_migrate_and_says_who_does(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    assert_refused(store_open(&store, where, STORE_READ, &why), ERR_CONFLICT,
                   "has schema version 1");
    char text[20];
    backend()->ask(text, sizeof text, where, "SELECT version FROM schema_version");
    assert_string_equal(text, "1");
}

int main(void)
{
#define OLD(test) cmocka_unit_test_setup_teardown(test, enter_old, leave)
    const struct CMUnitTest tests[] = {
        OLD(test_a_database_of_version_1_keeps_all_and_gets_enrolment),
        OLD(test_lists_held_in_version_1_are_held_in_the_newest),
        OLD(test_who_only_reads_does_not_migrate_and_says_who_does),
    };
    return RUN(tests);
}
