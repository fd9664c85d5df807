#include "support.h"

#include "net/address.h"

#include <arpa/inet.h>
#include <string.h>

static void test_numeric_addresses_are_read_and_written(void **state)
{
    (void)state;
    const struct {
        const char *text, *written;
    } cases[] = {
        {"192.0.2.1", "192.0.2.1:69"},        {"0.0.0.0", "0.0.0.0:69"},
        {"2001:db8::1", "[2001:db8::1]:69"},  {"::", "[::]:69"},
        {"::ffff:192.0.2.7", "192.0.2.7:69"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct address a;
        char text[ADDRESS_TEXT];
        assert_int_equal(address_parse(&a, cases[i].text, 69), 0);
        assert_string_equal(address_text(text, &a), cases[i].written);
        assert_int_equal(address_port(&a), 69);
    }
}

static void test_names_and_rubbish_are_no_numeric_address(void **state)
{
    (void)state;
    struct address a;
    const char *const bad[] = {"", "localhost", "1.2.3", "1.2.3.4.5", "[::1]", "1.2.3.4:5", "::g"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(address_parse(&a, bad[i], 1), ERR_FORMAT);
}

static void test_host_and_port_are_told_apart(void **state)
{
    (void)state;
    const struct {
        const char *text, *written;
    } cases[] = {
        {"127.0.0.1", "127.0.0.1:69"}, {"127.0.0.1:10069", "127.0.0.1:10069"}, {"::1", "[::1]:69"},
        {"[::1]", "[::1]:69"},         {"[::1]:10069", "[::1]:10069"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct address a;
        char text[ADDRESS_TEXT];
        assert_int_equal(address_resolve(&a, cases[i].text, 69, NULL), 0);
        assert_string_equal(address_text(text, &a), cases[i].written);
    }
}

static void test_wrong_hosts_and_ports_are_explained(void **state)
{
    (void)state;
    const struct {
        const char *text, *says;
    } cases[] = {
        {"127.0.0.1:0", "a port is a number"},
        {"127.0.0.1:70000", "a port is a number"},
        {"127.0.0.1:x", "a port is a number"},
        {":69", "no host name"},
        {"[::1]x", "behind ']'"},
        {"name.invalid", "name.invalid"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct address a;
        struct why why = WHY_NONE;
        assert_true(address_resolve(&a, cases[i].text, 69, &why) < 0);
        assert_non_null(strstr(why.text, cases[i].says));
    }
}

static void test_ipv4_inside_ipv6_is_the_same_peer(void **state)
{
    (void)state;
    struct address a, b, c;
    assert_int_equal(address_parse(&a, "192.0.2.1", 5), 0);
    assert_int_equal(address_parse(&b, "::ffff:192.0.2.1", 5), 0);
    assert_int_equal(address_parse(&c, "192.0.2.1", 6), 0);
    assert_true(address_equal(&a, &b));
    assert_false(address_equal(&a, &c));
    assert_int_equal(address_bytes(&b).size, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numeric_addresses_are_read_and_written),
        cmocka_unit_test(test_names_and_rubbish_are_no_numeric_address),
        cmocka_unit_test(test_host_and_port_are_told_apart),
        cmocka_unit_test(test_wrong_hosts_and_ports_are_explained),
        cmocka_unit_test(test_ipv4_inside_ipv6_is_the_same_peer),
    };
    return RUN(tests);
}
