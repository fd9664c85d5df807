/* Phones that register by themselves: the range, the number, the phone. */
#include "support.h"

#include "base/file.h"
#include "base/text.h"
#include "cluster/auto_register.h"
#include "cluster/parameters.h"

#include <string.h>

#define PHONE "SEP001122330001"
#define OTHER "SEP001122330002"

enum { TYPE_7975 = 437, TYPE_7811_SIP = 36213 };

static char directory[1024];
static struct store *store;

static void fine(int result, const struct why *why)
{
    if (result)
        fail_msg("%s", why_text(why, result));
}

#define FINE(call)                 \
    do {                           \
        struct why why = WHY_NONE; \
        fine((call), &why);        \
    } while (0)

static int enter(void **state)
{
    char path[FILE_PATH];
    struct store_node node = {.name = "pub", .address = "192.0.2.10", .publisher = true};
    struct store_group group = {.name = "Default", .count = 1, .members = {node}};
    struct store_pool pool = {.name = "Default", .group = "Default", .date_template = "D/M/YA"};
    struct store_profile profile = {.name = "sccp-non-secure",
                                    .model = "any",
                                    .mode = MODE_NON_SECURE,
                                    .capf_auth = CAPF_AUTH_STRING,
                                    .key_size = 2048};
    (void)state;
    temporary_make(directory);
    assert_int_equal(file_path(path, directory, "test.db"), 0);
    FINE(store_open(&store, path, STORE_CREATE, &why));
    FINE(store_node_add(store, &node, &why));
    FINE(store_group_put(store, &group, &why));
    FINE(store_pool_put(store, &pool, &why));
    FINE(store_profile_add(store, &profile, &why));
    assert_int_equal(parameters_fill(store), 0);
    return 0;
}

static int leave(void **state)
{
    (void)state;
    store_close(store);
    temporary_remove(directory);
    return 0;
}

static struct auto_numbers range(const char *value)
{
    struct auto_numbers numbers;
    assert_int_equal(auto_numbers_parse(&numbers, value), 0);
    return numbers;
}

static void set_range(const char *value)
{
    FINE(store_parameter_set(store, PARAMETER_AUTO_NUMBERS, value, &why));
}

static void add_line(const char *device, const char *number)
{
    struct store_device d = {.model = "7975", .profile = "sccp-non-secure", .pool = "Default"};
    struct store_line line = {.position = 1};
    text_copy(d.name, sizeof d.name, device);
    text_copy(line.number, sizeof line.number, number);
    FINE(store_device_add(store, &d, &why));
    FINE(store_lines_put(store, device, &line, 1, &why));
}

/* ---- the parameter ---- */

static void test_a_range_has_ends_of_the_same_length(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",
                                        "on",
                                        "1000",
                                        "1000-",
                                        "-1999",
                                        "1000-999",
                                        "1999-1000",
                                        "100-1999",
                                        "10a-199",
                                        "1000-1999 ",
                                        "0-99999999",
                                        "1000--1999",
                                        "1000000000000000-1000000000000001"};
    struct auto_numbers numbers;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (auto_numbers_parse(&numbers, wrong[i]) == 0)
            fail_msg("'%s' was taken", wrong[i]);
    numbers = range("0100-0199");
    assert_true(numbers.on);
    assert_int_equal(numbers.first, 100);
    assert_int_equal(numbers.last, 199);
    assert_int_equal(numbers.digits, 4);
    assert_false(range("off").on);
}

static void test_it_is_off_unless_it_is_set(void **state)
{
    (void)state;
    struct auto_numbers numbers = {.on = true};
    assert_int_equal(auto_numbers_load(&numbers, store), 0);
    assert_false(numbers.on);
    FINE(store_parameter_set(store, PARAMETER_AUTO_NUMBERS, "1000-1999", &why));
    assert_int_equal(auto_numbers_load(&numbers, store), 0);
    assert_true(numbers.on);
    assert_int_equal(numbers.last, 1999);
}

static void test_it_is_off_in_mixed_mode_whatever_is_set(void **state)
{
    (void)state;
    struct auto_numbers numbers = {.on = true};
    FINE(store_parameter_set(store, PARAMETER_AUTO_NUMBERS, "1000-1999", &why));
    FINE(store_parameter_set(store, PARAMETER_SECURITY_MODE, "1", &why));
    assert_int_equal(auto_numbers_load(&numbers, store), 0);
    assert_false(numbers.on);
}

/* ---- phones ---- */

static void test_a_phone_gets_the_first_free_number(void **state)
{
    (void)state;
    set_range("0100-0102");
    struct store_device device;
    struct store_line line;
    char number[LINE_NUMBER];
    size_t count = 0;
    add_line("SEP0000000000A1", "0100");
    add_line("SEP0000000000A2", "102"); /* none of the range: it has other digits */
    add_line("SEP0000000000A3", "0102*");
    FINE(auto_register(store, PHONE, TYPE_7975, number, &why));
    assert_string_equal(number, "0101");
    assert_int_equal(store_device_get(store, PHONE, &device), 0);
    assert_string_equal(device.model, "7975");
    assert_string_equal(device.profile, "sccp-non-secure");
    assert_string_equal(device.description, "Auto 0101");
    assert_int_equal(store_lines_get(store, PHONE, &line, 1, &count), 0);
    assert_int_equal(count, 1);
    assert_string_equal(line.number, "0101");
    FINE(auto_register(store, OTHER, TYPE_7975, number, &why));
    assert_string_equal(number, "0102");
}

static void test_without_a_number_left_nobody_is_added(void **state)
{
    (void)state;
    set_range("7-7");
    struct store_device device;
    char number[LINE_NUMBER];
    struct why refusal = WHY_NONE;
    FINE(auto_register(store, PHONE, TYPE_7975, number, &why));
    assert_int_equal(auto_register(store, OTHER, TYPE_7975, number, &refusal), ERR_LIMIT);
    assert_non_null(strstr(refusal.text, "all 1 numbers"));
    assert_int_equal(store_device_get(store, OTHER, &device), ERR_NOT_FOUND);
}

static void test_a_phone_that_is_there_is_not_added_again(void **state)
{
    (void)state;
    set_range("10-99");
    struct store_line line;
    char number[LINE_NUMBER];
    size_t count = 0;
    add_line(PHONE, "2001");
    assert_int_equal(auto_register(store, PHONE, TYPE_7975, number, NULL), ERR_DUPLICATE);
    assert_int_equal(store_lines_get(store, PHONE, &line, 1, &count), 0);
    assert_string_equal(line.number, "2001");
}

static void test_what_is_no_phone_of_sccp_is_refused(void **state)
{
    (void)state;
    set_range("10-99");
    static const uint32_t types[] = {0, 999999, TYPE_7811_SIP};
    char number[LINE_NUMBER];
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct why why = WHY_NONE;
        assert_int_equal(auto_register(store, PHONE, types[i], number, &why), ERR_POLICY);
        assert_non_null(strstr(why.text, "trustline phone add " PHONE));
    }
}

/* Whatever was known of the cluster a moment ago. */
static void test_in_mixed_mode_nobody_is_added(void **state)
{
    (void)state;
    struct store_device device;
    struct why refusal = WHY_NONE;
    char number[LINE_NUMBER];
    set_range("10-99");
    FINE(store_parameter_set(store, PARAMETER_SECURITY_MODE, "1", &why));
    assert_int_equal(auto_register(store, PHONE, TYPE_7975, number, &refusal), ERR_POLICY);
    assert_string_equal(refusal.text, "phones do not register by themselves here");
    assert_int_equal(store_device_get(store, PHONE, &device), ERR_NOT_FOUND);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_range_has_ends_of_the_same_length),
        CASE(test_it_is_off_unless_it_is_set),
        CASE(test_it_is_off_in_mixed_mode_whatever_is_set),
        CASE(test_a_phone_gets_the_first_free_number),
        CASE(test_without_a_number_left_nobody_is_added),
        CASE(test_a_phone_that_is_there_is_not_added_again),
        CASE(test_what_is_no_phone_of_sccp_is_refused),
        CASE(test_in_mixed_mode_nobody_is_added),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
