#include "backend.h"

static void test_a_new_database_has_the_schema_of_this_program(void **state)
{
    (void)state;
    uint64_t numbers[AREA_COUNT];
    uint64_t devices = 7;
    assert_true(store_schema_version() >= 1);
    assert_int_equal(store_revisions(store, numbers), 0);
    assert_int_equal(store_device_count(store, &devices), 0);
    assert_int_equal(devices, 0);
    backend()->judge(where);
}

static void test_a_database_is_never_made_over_another(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct store *second = NULL;
    assert_done(store_parameter_set(store, "a", "1", &why));
    assert_refused(store_open(&second, where, STORE_CREATE, &why), ERR_DUPLICATE, where);
    assert_null(second);
    char value[PARAMETER_VALUE];
    assert_int_equal(store_parameter_get(store, "a", value), 0);
    assert_string_equal(value, "1");
}

static void test_a_database_that_is_not_there_is_not_made_by_opening(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct store *other = NULL;
    char path[FILE_PATH];
    assert_int_equal(file_path(path, directory, "absent.db"), 0);
    assert_refused(store_open(&other, path, STORE_WRITE, &why), ERR_NOT_FOUND, path);
    assert_refused(store_open(&other, path, STORE_READ, &why), ERR_NOT_FOUND, path);
    assert_false(file_exists(path));
}

static void test_what_was_written_is_there_after_opening_again(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    char value[PARAMETER_VALUE];
    assert_done(store_parameter_set(store, "ClusterSecurityMode", "1", &why));
    for (enum store_mode mode = STORE_WRITE; mode <= STORE_READ; mode++) {
        store_close(store);
        store = open_store(mode);
        assert_int_equal(store_parameter_get(store, "ClusterSecurityMode", value), 0);
        assert_string_equal(value, "1");
    }
}

static void test_a_connection_for_reading_changes_nothing(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    fill_store();
    store_close(store);
    store = open_store(STORE_READ);
    assert_refused(store_parameter_set(store, "a", "1", &why), ERR_POLICY, "reading");
    assert_refused(store_device_delete(store, PHONE, &why), ERR_POLICY, "reading");
    assert_int_equal(store_counter_put(store, 1, "drops", 1), ERR_POLICY);
    assert_non_null(strstr(store_words(store, ERR_POLICY), "reading"));
    assert_done(store_begin(store, &why));
    assert_refused(store_parameter_set(store, "a", "1", &why), ERR_POLICY, "reading");
    assert_done(store_commit(store, &why));
}

static void test_an_unknown_kind_of_database_is_named(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct store *other = NULL;
    assert_refused(store_open(&other, "oracle://user:secret@host/db", STORE_WRITE, &why),
                   ERR_UNSUPPORTED, "\"oracle\"");
    assert_null(strstr(why.text, "secret"));
    assert_refused(store_open(&other, "", STORE_WRITE, &why), ERR_UNSUPPORTED, "path");
}

static void test_closing_nothing_is_fine(void **state)
{
    (void)state;
    store_close(NULL);
    store_table_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_STORE(test_a_new_database_has_the_schema_of_this_program),
        IN_STORE(test_a_database_is_never_made_over_another),
        IN_STORE(test_a_database_that_is_not_there_is_not_made_by_opening),
        IN_STORE(test_what_was_written_is_there_after_opening_again),
        IN_STORE(test_a_connection_for_reading_changes_nothing),
        IN_STORE(test_an_unknown_kind_of_database_is_named),
        IN_STORE(test_closing_nothing_is_fine),
    };
    return RUN(tests);
}
