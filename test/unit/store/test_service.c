/* Services, counters, administrators. */
#include "backend.h"

static int64_t node;

static int enter_filled(void **state)
{
    enter(state);
    fill_store();
    node = node_id("pub");
    return 0;
}

static void put(const char *name)
{
    struct why why = WHY_NONE;
    struct store_service service = {.activated = true, .wanted = true, .state = "STOPPED"};
    text_copy(service.name, sizeof service.name, name);
    assert_done(store_service_put(store, node, &service, &why));
}

static uint64_t services_revision(void)
{
    uint64_t numbers[AREA_COUNT];
    assert_int_equal(store_revisions(store, numbers), 0);
    return numbers[AREA_SERVICES];
}

static void test_wishes_and_what_was_seen_do_not_overwrite_each_other(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct store_service found;
    put("Cisco Tftp");
    assert_int_equal(store_service_seen(store, node, "Cisco Tftp", "STARTED", "", 4711), 0);
    assert_done(store_service_want(store, node, "Cisco Tftp", false, true, &why));
    assert_done(store_service_want(store, node, "Cisco Tftp", true, true, &why));
    assert_int_equal(store_service_get(store, node, "Cisco Tftp", &found), 0);
    assert_true(found.wanted);
    assert_true(found.activated);
    assert_int_equal(found.restarts_wanted, 2);
    assert_string_equal(found.state, "STARTED");
    assert_int_equal(found.pid, 4711);
    assert_true(found.since > 1700000000);
    put("Cisco Tftp"); /* as a new version of the program does at its start */
    assert_int_equal(store_service_get(store, node, "Cisco Tftp", &found), 0);
    assert_string_equal(found.state, "STARTED");
    assert_int_equal(found.restarts_wanted, 2);
}

static void test_seeing_the_same_again_moves_nothing(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct store_service first, second;
    put("Cisco Tftp");
    assert_int_equal(store_service_seen(store, node, "Cisco Tftp", "STARTED", "", 1), 0);
    assert_int_equal(store_service_get(store, node, "Cisco Tftp", &first), 0);
    uint64_t before = services_revision();
    assert_int_equal(store_service_seen(store, node, "Cisco Tftp", "STARTED", "", 1), 0);
    assert_int_equal(services_revision(), before);
    assert_int_equal(store_service_seen(store, node, "Cisco Tftp", "STOPPED", "port 69 in use", 0),
                     0);
    assert_true(services_revision() > before);
    assert_int_equal(store_service_get(store, node, "Cisco Tftp", &second), 0);
    assert_string_equal(second.reason, "port 69 in use");
    assert_true(second.since >= first.since);
    before = services_revision();
    assert_done(store_service_want(store, node, "Cisco Tftp", true, false, &why));
    assert_true(services_revision() > before);
}

static void test_a_long_reason_is_cut_and_a_wrong_state_refused(void **state)
{
    (void)state;
    struct store_service found;
    char reason[500];
    memset(reason, 'r', sizeof reason - 1);
    reason[sizeof reason - 1] = '\0';
    put("Cisco Tftp");
    assert_int_equal(store_service_seen(store, node, "Cisco Tftp", "STOPPED", reason, 0), 0);
    assert_int_equal(store_service_get(store, node, "Cisco Tftp", &found), 0);
    assert_int_equal(strlen(found.reason), SERVICE_REASON - 1);
    assert_int_equal(store_service_seen(store, node, "Cisco Tftp", "A STATE TOO LONG", "", 0),
                     ERR_LIMIT);
    assert_non_null(strstr(store_words(store, ERR_LIMIT), "state of the service"));
}

static void test_unknown_services_and_nodes_are_refused(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct store_service found;
    const struct store_service service = {.name = "Cisco Tftp", .state = "STOPPED"};
    const struct store_service nameless = {.state = "STOPPED"};
    put("Cisco Tftp");
    assert_refused(store_service_want(store, node, "Cisco Tfpt", true, false, &why), ERR_NOT_FOUND,
                   "\"Cisco Tfpt\"");
    assert_int_equal(store_service_seen(store, node, "none", "STARTED", "", 1), ERR_NOT_FOUND);
    assert_int_equal(store_service_get(store, node, "none", &found), ERR_NOT_FOUND);
    assert_refused(store_service_put(store, 4711, &service, &why), ERR_NOT_FOUND, "not there");
    assert_refused(store_service_put(store, node, &nameless, &why), ERR_USAGE, "empty");
}

static int append_service(void *context, const struct store_service *service)
{
    buffer_format(context, "%s;", service->name);
    return 0;
}

static void test_services_of_a_node_are_listed_by_name(void **state)
{
    (void)state;
    struct buffer b;
    buffer_init(&b, 1000);
    put("Cisco Tftp");
    put("Cisco CallManager");
    assert_int_equal(store_services(store, node, append_service, &b), 0);
    assert_string_equal(buffer_string(&b), "Cisco CallManager;Cisco Tftp;");
    buffer_clear(&b);
    assert_int_equal(store_services(store, 4711, append_service, &b), 0);
    assert_string_equal(buffer_string(&b), "");
    buffer_fini(&b);
}

static int append_counter(void *context, const char *name, uint64_t value)
{
    buffer_format(context, "%s=%llu ", name, (unsigned long long)value);
    return 0;
}

static void test_counters_are_overwritten_and_move_no_revision(void **state)
{
    (void)state;
    struct buffer b;
    uint64_t before[AREA_COUNT], after[AREA_COUNT];
    buffer_init(&b, 1000);
    assert_int_equal(store_revisions(store, before), 0);
    assert_int_equal(store_counter_put(store, node, "tftp.drops", 1), 0);
    assert_int_equal(store_counter_put(store, node, "tftp.drops", 5000000000), 0);
    assert_int_equal(store_counter_put(store, node, "signer.refused", UINT64_MAX), 0);
    assert_int_equal(store_counters(store, node, append_counter, &b), 0);
    assert_string_equal(buffer_string(&b),
                        "signer.refused=9223372036854775807 tftp.drops=5000000000 ");
    assert_int_equal(store_revisions(store, after), 0);
    assert_memory_equal(before, after, sizeof before);
    assert_int_equal(store_counter_put(store, 4711, "x", 1), ERR_NOT_FOUND);
    assert_non_null(strstr(store_words(store, ERR_NOT_FOUND), "not there"));
    assert_int_equal(store_counter_put(store, node, "", 1), ERR_USAGE);
    buffer_fini(&b);
}

static void test_an_administrator_has_the_last_hash_put(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    char hash[ADMIN_HASH] = "";
    char large[ADMIN_HASH + 1];
    memset(large, 'h', ADMIN_HASH);
    large[ADMIN_HASH] = '\0';
    assert_done(store_admin_put(store, "admin", "scrypt$1", &why));
    assert_done(store_admin_put(store, "admin", "scrypt$2", &why));
    assert_int_equal(store_admin_get(store, "admin", hash), 0);
    assert_string_equal(hash, "scrypt$2");
    assert_int_equal(store_admin_get(store, "nobody", hash), ERR_NOT_FOUND);
    assert_refused(store_admin_put(store, "admin", "", &why), ERR_USAGE, "hash is empty");
    assert_refused(store_admin_put(store, "admin", large, &why), ERR_LIMIT, "hash has 256 bytes");
    assert_refused(store_admin_put(store, "", "scrypt$1", &why), ERR_USAGE, "empty");
}

int main(void)
{
#define FILLED(test) cmocka_unit_test_setup_teardown(test, enter_filled, leave)
    const struct CMUnitTest tests[] = {
        FILLED(test_wishes_and_what_was_seen_do_not_overwrite_each_other),
        FILLED(test_seeing_the_same_again_moves_nothing),
        FILLED(test_a_long_reason_is_cut_and_a_wrong_state_refused),
        FILLED(test_unknown_services_and_nodes_are_refused),
        FILLED(test_services_of_a_node_are_listed_by_name),
        FILLED(test_counters_are_overwritten_and_move_no_revision),
        FILLED(test_an_administrator_has_the_last_hash_put),
    };
    return RUN(tests);
}
