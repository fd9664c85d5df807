#include "support.h"

#include "base/clock.h"
#include "base/text.h"

#include <string.h>

static void test_foreign_bytes_are_escaped_for_a_log(void **state)
{
    (void)state;
    char out[64];
    const uint8_t raw[] = {'a', '\n', 0x1b, '[', 0, 0xff, '\\'};
    assert_string_equal(text_escape(out, sizeof out, bytes_of(raw, sizeof raw)),
                        "a\\x0a\\x1b[\\x00\\xff\\x5c");
    assert_string_equal(text_value(out, sizeof out, bytes_of_string("two words")), "\"two words\"");
    assert_string_equal(text_value(out, sizeof out, bytes_of_string("a=\"b\"")), "\"a='b'\"");
    assert_string_equal(text_value(out, sizeof out, bytes_of_string("")), "\"\"");
    assert_string_equal(text_value(out, sizeof out, bytes_of_string("plain")), "plain");
}

static void test_a_long_text_is_cut_inside_its_room(void **state)
{
    (void)state;
    char out[9];
    assert_string_equal(text_escape(out, sizeof out, bytes_of_string("abcdefgh")), "abcdefgh");
    assert_string_equal(text_escape(out, sizeof out, bytes_of_string("abcdefghi")), "abcde...");
    for (size_t room = 1; room < sizeof out; room++) {
        text_escape(out, room, bytes_of_string("\n\n\n\n\n"));
        assert_true(strlen(out) < room);
        text_value(out, room, bytes_of_string("a b c d e f g"));
        assert_true(strlen(out) < room);
    }
}

static void test_hex_goes_there_and_back(void **state)
{
    (void)state;
    const uint8_t raw[] = {0x00, 0x2a, 0xff};
    char out[16];
    uint8_t back[3];
    size_t n = 0;
    assert_string_equal(text_hex(out, sizeof out, bytes_of(raw, 3), true, ':'), "00:2A:FF");
    assert_int_equal(text_unhex(out, back, sizeof back, &n), 0);
    assert_bytes_equal(bytes_of(back, n), bytes_of(raw, 3));
    assert_string_equal(text_hex(out, 5, bytes_of(raw, 3), false, 0), "002a");
    assert_int_equal(text_unhex("0", back, sizeof back, &n), ERR_FORMAT);
    assert_int_equal(text_unhex("00112233", back, sizeof back, &n), ERR_LIMIT);
}

static void test_numbers_are_whole_and_bounded(void **state)
{
    (void)state;
    int64_t n = 0;
    assert_int_equal(text_number("65535", 0, 65535, &n), 0);
    assert_int_equal(n, 65535);
    assert_int_equal(text_number("65536", 0, 65535, &n), ERR_LIMIT);
    assert_int_equal(text_number("-1", 0, 65535, &n), ERR_LIMIT);
    assert_int_equal(text_number("99999999999999999999", 0, INT64_MAX, &n), ERR_LIMIT);
    const char *const bad[] = {"", " 1", "1 ", "0x10", "1.5", "+1", "-", "one"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(text_number(bad[i], INT64_MIN, INT64_MAX, &n), ERR_FORMAT);
}

static void test_patterns_match_as_a_shell_would(void **state)
{
    (void)state;
    assert_true(text_match("*.tlv", "CTLFile.tlv"));
    assert_false(text_match("*.tlv", "CTLFile.tlv.old"));
    assert_true(text_match("SEP*.cnf.xml*", "SEP001122334455.cnf.xml.sgn"));
    assert_true(text_match("?", "x"));
    assert_false(text_match("?", ""));
    assert_true(text_match("**", ""));
    assert_true(text_match("a*b*c", "aXbXbYc"));
    assert_false(text_match("a*b*c", "aXbXbY"));
}

static void test_utf8_is_told_from_what_looks_like_it(void **state)
{
    (void)state;
    assert_true(
        text_is_utf8(bytes_of_string("Gr\xc3\xbc\xc3\x9f Gott \xe2\x82\xac \xf0\x9f\x93\x9e")));
    const char *const bad[] = {"\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80",    "\xf5\x80\x80\x80",
                               "\xc3",     "\x80",         "\xf4\x90\x80\x80"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(text_is_utf8(bytes_of_string(bad[i])));
    assert_false(text_is_utf8(bytes_of("a\0b", 3)));
}

static void test_sizes_have_thousands_commas(void **state)
{
    (void)state;
    char out[28];
    assert_string_equal(text_thousands(out, 0), "0");
    assert_string_equal(text_thousands(out, 999), "999");
    assert_string_equal(text_thousands(out, 4712), "4,712");
    assert_string_equal(text_thousands(out, 18446744073709551615ULL), "18,446,744,073,709,551,615");
}

static void test_a_line_ends_at_a_blank_or_after_a_long_word(void **state)
{
    (void)state;
    assert_int_equal(text_line("", 8), 0);
    assert_int_equal(text_line("one two", 7), 7);
    assert_int_equal(text_line("one two", 6), 3);
    assert_int_equal(text_line("one two three", 7), 7);
    assert_int_equal(text_line("understandably so", 6), 14);
    assert_int_equal(text_line("understandably", 6), 14);
}

static void test_the_nearest_word_is_suggested(void **state)
{
    (void)state;
    const char *const words[] = {"show", "set", "utils", "file", NULL};
    assert_string_equal(text_nearest("shwo", words), "show");
    assert_string_equal(text_nearest("util", words), "utils");
    assert_null(text_nearest("elephant", words));
    assert_null(text_nearest("foo", words));
}

static void test_device_names_are_sep_and_twelve_digits(void **state)
{
    (void)state;
    char name[DEVICE_NAME_LENGTH + 1];
    assert_true(text_device_name(bytes_of_string("SEP00112233aaff"), name));
    assert_string_equal(name, "SEP00112233AAFF");
    assert_false(text_device_name(bytes_of_string("SEP00112233aaf"), name));
    assert_false(text_device_name(bytes_of_string("SEP00112233aafg"), name));
    assert_false(text_device_name(bytes_of_string("sep00112233aaff"), name));
}

static void test_dates_are_printed_as_the_seeds_show_them(void **state)
{
    (void)state;
    char out[CLOCK_TEXT];
    assert_string_equal(clock_java(out, 1704067200), "Mon Jan 01 00:00:00 UTC 2024");
    assert_string_equal(clock_file(out, 1314797283), "31 Aug,2011 13:28:03");
    assert_string_equal(clock_iso(out, 1704067200123), "2024-01-01T00:00:00.123Z");
    assert_string_equal(clock_trace(out, 1704067200007), "00:00:00.007");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_foreign_bytes_are_escaped_for_a_log),
        cmocka_unit_test(test_a_long_text_is_cut_inside_its_room),
        cmocka_unit_test(test_hex_goes_there_and_back),
        cmocka_unit_test(test_numbers_are_whole_and_bounded),
        cmocka_unit_test(test_patterns_match_as_a_shell_would),
        cmocka_unit_test(test_utf8_is_told_from_what_looks_like_it),
        cmocka_unit_test(test_sizes_have_thousands_commas),
        cmocka_unit_test(test_a_line_ends_at_a_blank_or_after_a_long_word),
        cmocka_unit_test(test_the_nearest_word_is_suggested),
        cmocka_unit_test(test_device_names_are_sep_and_twelve_digits),
        cmocka_unit_test(test_dates_are_printed_as_the_seeds_show_them),
    };
    return RUN(tests);
}
