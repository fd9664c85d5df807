#include "support.h"

#include "wire/sealed.h"

#include <string.h>

#define FILE_NAME "SEP001122334455.cnf.xml.enc.sgn"

/* Where the elements of the vector begin (docs/protocols/trust-files.md, "Sealed files"). */
enum {
    AT_CIPHER = 0x139,
    AT_IV = 0x13d,
    AT_PADDING = 0x150,
    AT_WRAPPING = 0x158,
    AT_BITS = 0x15c,
    AT_ALGORITHM = 0x161,
    AT_KEY = 0x165,
    AT_DIGEST_CODE = 0x268,
    AT_DIGEST = 0x26c,
    AT_END = 0x283,
};

static void test_the_golden_file_says_how_it_was_sealed(void **state)
{
    (void)state;
    struct bytes file = vector_load(FILE_NAME);
    struct bytes wrapped = vector_load("wrapped.bin");
    struct envelope header;
    struct sealed s;
    assert_int_equal(envelope_parse(&header, file, NULL), 0);
    assert_int_equal(sealed_parse(&s, file, NULL), 0);
    assert_bytes_equal(
        s.iv, bytes_of("\xf0\xe0\xd0\xc0\xb0\xa0\x90\x80\x70\x60\x50\x40\x30\x20\x10", 16));
    assert_int_equal(s.padding, 16);
    assert_bytes_equal(s.key, wrapped);
    assert_int_equal(s.digest_code, DIGEST_SHA1);
    assert_int_equal(s.digest.size, 20);
    assert_int_equal(s.digest.data[0], 0x1e);

    struct buffer out;
    buffer_init(&out, 1000);
    sealed_write(&out, &s);
    assert_bytes_equal(buffer_bytes(&out), bytes_slice(file, 0x133, AT_END - 0x133));
    buffer_fini(&out);
    vector_free(file);
    vector_free(wrapped);
}

static void test_an_ordinary_signed_file_is_not_sealed(void **state)
{
    (void)state;
    struct bytes file = vector_load("SEP001122334455.cnf.xml.sgn");
    struct envelope header;
    struct sealed s;
    assert_int_equal(envelope_parse(&header, file, NULL), 0);
    assert_int_equal(sealed_parse(&s, file, NULL), ERR_NOT_FOUND);
    vector_free(file);
}

/* One byte of the vector changed: the header still parses, the sealing must not. */
static void assert_refused(size_t at, uint8_t value, int error, const char *words)
{
    struct bytes file = vector_load(FILE_NAME);
    struct why why = WHY_NONE;
    struct envelope header;
    struct sealed s;
    ((uint8_t *)(uintptr_t)file.data)[at] = value;
    assert_int_equal(envelope_parse(&header, file, &why), 0);
    int result = sealed_parse(&s, file, &why);
    if (result != error || !strstr(why.text, words))
        fail_msg("%d \"%s\" where %d \"%s\" is right", result, why.text, error, words);
    vector_free(file);
}

static void test_codes_that_nobody_knows_are_refused(void **state)
{
    (void)state;
    assert_refused(AT_CIPHER + 3, 1, ERR_UNSUPPORTED, "tag 18: code 1 where only 0 is known");
    assert_refused(AT_WRAPPING + 3, 2, ERR_UNSUPPORTED, "tag 22: code 2 where only 0 is known");
    assert_refused(AT_ALGORITHM + 3, 0, ERR_UNSUPPORTED, "tag 24: code 0 where only 1 is known");
    assert_refused(AT_DIGEST_CODE + 3, 9, ERR_UNSUPPORTED, "digest code 9 is not known");
}

static void test_elements_that_contradict_each_other_are_refused(void **state)
{
    (void)state;
    assert_refused(AT_PADDING + 4, 0, ERR_FORMAT, "tag 20: 0 bytes of padding");
    assert_refused(AT_PADDING + 4, 17, ERR_FORMAT, "tag 20: 17 bytes of padding");
    assert_refused(AT_PADDING + 3, 1, ERR_FORMAT, "tag 20: 272 bytes of padding");
    assert_refused(AT_BITS + 4, 8, ERR_FORMAT, "256 bytes, and 2056 bits announced");
    assert_refused(AT_DIGEST_CODE + 3, DIGEST_SHA512, ERR_FORMAT, "length 20 where 64 is right");
}

/* An element turned into one that nobody knows is an element that is missing. */
static void test_each_missing_element_is_named(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        const char *words;
    } cases[] = {
        {AT_CIPHER, "tag 18:"},   {AT_IV, "tag 19:"},          {AT_PADDING, "tag 20:"},
        {AT_WRAPPING, "tag 22:"}, {AT_BITS, "tag 23:"},        {AT_ALGORITHM, "tag 24:"},
        {AT_KEY, "tag 25:"},      {AT_DIGEST_CODE, "tag 26:"}, {AT_DIGEST, "tag 27:"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_refused(cases[i].at, 0x7f, ERR_FORMAT, cases[i].words);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_golden_file_says_how_it_was_sealed),
        cmocka_unit_test(test_an_ordinary_signed_file_is_not_sealed),
        cmocka_unit_test(test_codes_that_nobody_knows_are_refused),
        cmocka_unit_test(test_elements_that_contradict_each_other_are_refused),
        cmocka_unit_test(test_each_missing_element_is_named),
    };
    return RUN(tests);
}
