#include "support.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void test_reader_reads_both_byte_orders(void **state)
{
    (void)state;
    const uint8_t raw[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07,
                           0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d};
    struct reader r;
    reader_init(&r, bytes_of(raw, sizeof raw));
    assert_int_equal(reader_u8(&r), 0x01);
    assert_int_equal(reader_u16be(&r), 0x0203);
    assert_int_equal(reader_u16le(&r), 0x0504);
    assert_int_equal(reader_u32be(&r), 0x06070809);
    assert_int_equal(reader_u32le(&r), 0x0d0c0b0a);
    assert_int_equal(reader_end(&r), 0);
}

static void test_reader_error_sticks_and_reads_nothing_more(void **state)
{
    (void)state;
    const uint8_t raw[] = {0xff, 0xff, 0xff};
    struct reader r;
    reader_init(&r, bytes_of(raw, sizeof raw));
    assert_int_equal(reader_u32be(&r), 0);
    assert_int_equal(r.error, ERR_TRUNCATED);
    assert_int_equal(reader_u8(&r), 0);
    assert_int_equal(reader_left(&r), 0);
    assert_int_equal(reader_bytes(&r, 1).size, 0);
    assert_int_equal(reader_end(&r), ERR_TRUNCATED);
}

static void test_reader_end_must_be_exact(void **state)
{
    (void)state;
    const uint8_t raw[] = {1, 2};
    struct reader r;
    reader_init(&r, bytes_of(raw, sizeof raw));
    reader_u8(&r);
    assert_int_equal(reader_end(&r), ERR_FORMAT);
}

static void test_reader_string_needs_its_nul(void **state)
{
    (void)state;
    const uint8_t raw[] = {'a', 'b', 0, 'c'};
    struct reader r;
    reader_init(&r, bytes_of(raw, sizeof raw));
    assert_bytes_text(reader_string(&r), "ab");
    assert_int_equal(reader_string(&r).size, 0);
    assert_int_equal(r.error, ERR_TRUNCATED);
}

static void test_reader_survives_a_size_near_the_top(void **state)
{
    (void)state;
    const uint8_t raw[] = {1, 2, 3};
    struct reader r;
    reader_init(&r, bytes_of(raw, sizeof raw));
    reader_u8(&r);
    assert_int_equal(reader_bytes(&r, SIZE_MAX).size, 0);
    assert_int_equal(r.error, ERR_TRUNCATED);
}

static void test_buffer_never_grows_beyond_its_maximum(void **state)
{
    (void)state;
    struct buffer b;
    buffer_init(&b, 5);
    buffer_text(&b, "four");
    buffer_u8(&b, '!');
    assert_int_equal(b.error, 0);
    assert_string_equal(buffer_string(&b), "four!");
    buffer_u8(&b, '?');
    assert_int_equal(b.error, ERR_LIMIT);
    assert_int_equal(buffer_bytes(&b).size, 0);
    buffer_clear(&b);
    buffer_text(&b, "again");
    assert_string_equal(buffer_string(&b), "again");
    buffer_fini(&b);
}

static void test_buffer_writes_numbers_in_both_orders(void **state)
{
    (void)state;
    struct buffer b;
    buffer_init(&b, 64);
    buffer_u16be(&b, 0x0102);
    buffer_u16le(&b, 0x0102);
    buffer_u32be(&b, 0x01020304);
    buffer_u32le(&b, 0x01020304);
    buffer_set_u16be(&b, 0, 0xa1b2);
    buffer_set_u32le(&b, 4, 0xc1c2c3c4);
    const uint8_t want[] = {0xa1, 0xb2, 2, 1, 0xc4, 0xc3, 0xc2, 0xc1, 4, 3, 2, 1};
    assert_bytes_equal(buffer_bytes(&b), bytes_of(want, sizeof want));
    buffer_set_u16be(&b, 11, 0);
    assert_int_equal(b.error, ERR_BUG);
    b.error = 0;
    buffer_set_u32le(&b, 9, 0);
    assert_int_equal(b.error, ERR_BUG);
    buffer_fini(&b);
}

static void test_buffer_formats_and_drops_from_the_front(void **state)
{
    (void)state;
    struct buffer b;
    buffer_init(&b, 64);
    buffer_format(&b, "%s-%04d", "x", 7);
    buffer_drop_front(&b, 2);
    assert_string_equal(buffer_string(&b), "0007");
    buffer_drop_front(&b, 99);
    assert_int_equal(b.size, 0);
    buffer_fini(&b);
}

static void test_leading_zeros_are_stripped(void **state)
{
    (void)state;
    const uint8_t raw[] = {0, 0, 5, 0};
    assert_int_equal(bytes_strip_zeros(bytes_of(raw, 4)).size, 2);
    assert_int_equal(bytes_strip_zeros(bytes_of(raw, 2)).size, 0);
}

static void test_the_first_explanation_stays_and_gets_its_place_in_front(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    assert_int_equal(why_error(&why, ERR_FORMAT, "tag %d is missing", 8), ERR_FORMAT);
    assert_int_equal(why_error(&why, ERR_LIMIT, "something later"), ERR_LIMIT);
    assert_int_equal(why_prefix(&why, ERR_FORMAT, "%s", "CTLFile.tlv"), ERR_FORMAT);
    assert_string_equal(why.text, "CTLFile.tlv: tag 8 is missing");
    assert_int_equal(why_error(NULL, -ENOENT, "nobody listens"), -ENOENT);
}

static void test_every_error_has_a_text(void **state)
{
    (void)state;
    for (int error = ERR_TRUNCATED; error <= ERR_BUG; error++)
        assert_string_not_equal(error_text(error), "unknown error");
    assert_string_equal(error_text(-ENOENT), "No such file or directory");
    assert_string_equal(error_text(-9999), "unknown error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reader_reads_both_byte_orders),
        cmocka_unit_test(test_reader_error_sticks_and_reads_nothing_more),
        cmocka_unit_test(test_reader_end_must_be_exact),
        cmocka_unit_test(test_reader_string_needs_its_nul),
        cmocka_unit_test(test_reader_survives_a_size_near_the_top),
        cmocka_unit_test(test_buffer_never_grows_beyond_its_maximum),
        cmocka_unit_test(test_buffer_writes_numbers_in_both_orders),
        cmocka_unit_test(test_buffer_formats_and_drops_from_the_front),
        cmocka_unit_test(test_leading_zeros_are_stripped),
        cmocka_unit_test(test_the_first_explanation_stays_and_gets_its_place_in_front),
        cmocka_unit_test(test_every_error_has_a_text),
    };
    return RUN(tests);
}
