#include "support.h"

#include "pki/facts.h"

#include <stdlib.h>
#include <string.h>

static const char *const files[] = {"capf.der", "device.der", "signer.der", "tvs.der"};

static void assert_same(const struct certificate_facts *facts, const struct certificate *c)
{
    struct buffer spki;
    buffer_init(&spki, CERTIFICATE_DER_MAX);
    assert_bytes_equal(bytes_of(facts->serial, facts->serial_size), certificate_serial(c));
    assert_string_equal((const char *)facts->subject.data, certificate_subject(c));
    assert_string_equal((const char *)facts->issuer.data, certificate_issuer(c));
    assert_int_equal(facts->not_before, certificate_not_before(c));
    assert_int_equal(facts->not_after, certificate_not_after(c));
    assert_int_equal(certificate_spki(&spki, c), 0);
    assert_bytes_equal(buffer_bytes(&facts->spki), buffer_bytes(&spki));
    buffer_fini(&spki);
}

static void test_the_facts_are_what_the_certificate_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct bytes der = vector_load(files[i]);
        struct certificate *c = NULL;
        struct certificate_facts facts;
        assert_int_equal(certificate_from_der(&c, der, NULL), 0);
        assert_int_equal(certificate_facts_read(&facts, der, NULL), 0);
        assert_same(&facts, c);
        certificate_facts_fini(&facts);
        certificate_free(c);
        vector_free(der);
    }
}

static void test_cut_or_followed_by_bytes_is_no_certificate(void **state)
{
    (void)state;
    struct bytes der = vector_load("device.der");
    struct certificate_facts facts;
    struct why why = WHY_NONE;
    for (size_t n = 0; n < der.size; n++) {
        uint8_t *cut = malloc(n + 1); /* of its own, so that a byte too far is noticed */
        memcpy(cut, der.data, n);
        assert_int_equal(certificate_facts_read(&facts, bytes_of(cut, n), NULL), ERR_FORMAT);
        free(cut);
    }
    uint8_t *more = calloc(1, der.size + 1);
    memcpy(more, der.data, der.size);
    assert_int_equal(certificate_facts_read(&facts, bytes_of(more, der.size + 1), &why),
                     ERR_FORMAT);
    assert_string_equal(why.text, "bytes follow the DER certificate");
    free(more);
    uint8_t *large = calloc(1, CERTIFICATE_DER_MAX + 1);
    assert_int_equal(certificate_facts_read(&facts, bytes_of(large, CERTIFICATE_DER_MAX + 1), NULL),
                     ERR_LIMIT);
    free(large);
    vector_free(der);
}

/* With any one byte changed, whatever the one reader takes the other takes with the same facts. */
static void test_a_damaged_certificate_reads_alike_or_not_at_all(void **state)
{
    (void)state;
    struct bytes der = vector_load("device.der");
    uint8_t *copy = malloc(der.size);
    size_t read = 0;
    for (size_t i = 0; i < der.size; i++) {
        struct certificate *c = NULL;
        struct certificate_facts facts;
        memcpy(copy, der.data, der.size);
        copy[i] ^= 0x41;
        if (certificate_from_der(&c, bytes_of(copy, der.size), NULL) != 0)
            c = NULL;
        bool fine = certificate_facts_read(&facts, bytes_of(copy, der.size), NULL) == 0;
        if (c)
            assert_true(fine);
        if (c)
            assert_same(&facts, c);
        read += c != NULL;
        if (fine)
            certificate_facts_fini(&facts);
        certificate_free(c);
    }
    assert_true(read > der.size / 4);
    free(copy);
    vector_free(der);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_facts_are_what_the_certificate_says),
        cmocka_unit_test(test_cut_or_followed_by_bytes_is_no_certificate),
        cmocka_unit_test(test_a_damaged_certificate_reads_alike_or_not_at_all),
    };
    return RUN(tests);
}
