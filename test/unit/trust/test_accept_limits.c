/* What else decides about a list: its form, the limits, algorithms, servers and models. */
#include "forge.h"

#include "trust/accept.h"

/* ---- form, limits, algorithms ---- */

static void test_a_list_that_cannot_be_read_is_refused_with_its_offset(void **state)
{
    const struct cast *c = *state;
    struct bytes list = offered(c, TRUSTLIST_CTL, &c->old, 0);
    struct phone_trust p = phone("7975", NULL, NULL);
    struct answer a;
    for (size_t size = 0; size < list.size; size += 37) {
        expect_list(&p, TRUSTLIST_CTL, bytes_slice(list, 0, size), VERDICT_NO,
                    size < list.size ? RULE_MALFORMED : RULE_FIRST_LIST, &a);
        if (size > 10)
            expect_says(&a, "offset");
    }
    vector_free(list);
}

static void test_a_list_under_the_name_of_the_other_kind_is_refused(void **state)
{
    const struct cast *c = *state;
    struct phone_trust p = phone("7975", NULL, NULL);
    struct bytes list = offered(c, TRUSTLIST_ITL, &c->old, 0);
    struct answer a;
    expect_list(&p, TRUSTLIST_CTL, list, VERDICT_NO, RULE_FILE_NAME, &a);
    expect_says(&a, "'ITLFile.tlv'");
    expect_says(&a, "'CTLFile.tlv'");
    vector_free(list);
    const struct entry entries[] = {{&c->old, ROLE_SAST}, {NULL, END}};
    list = forge_list(
        &(struct list_plan){TRUSTLIST_CTL, &c->old, entries, 0, "CTLSEP001122334455.tlv"});
    expect_list(&p, TRUSTLIST_CTL, list, VERDICT_NO, RULE_FILE_NAME, NULL);
    vector_free(list);
}

static void test_forty_certificates_are_one_too_many(void **state)
{
    const struct cast *c = *state;
    struct phone_trust p = phone("7975", NULL, NULL);
    struct entry entries[TRUSTLIST_CERTIFICATES_MAX + 3] = {{&c->old, ROLE_SAST}};
    for (size_t i = 1; i <= TRUSTLIST_CERTIFICATES_MAX; i++)
        entries[i] = (struct entry){&c->tvs, ROLE_TVS, true};
    struct answer a;
    for (size_t count = TRUSTLIST_CERTIFICATES_MAX; count <= TRUSTLIST_CERTIFICATES_MAX + 1;
         count++) {
        entries[count] = (struct entry){NULL, ROLE_TFTP}; /* an emptied one does not count */
        entries[count + 1] = (struct entry){NULL, END};
        struct bytes list = forge_list(&(struct list_plan){TRUSTLIST_ITL, &c->old, entries});
        bool fits = count == TRUSTLIST_CERTIFICATES_MAX;
        expect_list(&p, TRUSTLIST_ITL, list, fits ? VERDICT_YES : VERDICT_NO,
                    fits ? RULE_FIRST_LIST : RULE_COUNT_LIMIT, &a);
        entries[count] = (struct entry){&c->tvs, ROLE_TVS, true};
        vector_free(list);
    }
    expect_says(&a, "40 certificates");
}

static void test_a_list_of_more_than_64_kb_is_refused(void **state)
{
    const struct cast *c = *state;
    struct phone_trust p = phone("7975", NULL, NULL);
    struct entry entries[64] = {{&c->old, ROLE_SAST}};
    for (size_t i = 1; i < 62; i++)
        entries[i] = (struct entry){&c->big, ROLE_CCM_TFTP};
    entries[62] = (struct entry){NULL, END};
    struct bytes list = forge_list(&(struct list_plan){TRUSTLIST_CTL, &c->old, entries});
    assert_true(list.size > TRUSTLIST_BYTES_MAX);
    struct answer a;
    expect_list(&p, TRUSTLIST_CTL, list, VERDICT_NO, RULE_SIZE_LIMIT, &a);
    expect_says(&a, "65535");
    vector_free(list);
}

static void test_sha512_depends_on_the_model(void **state)
{
    const struct cast *c = *state;
    struct bytes list = offered(c, TRUSTLIST_CTL, &c->fresh, DIGEST_SHA512);
    struct phone_trust p = phone("8841", NULL, NULL);
    struct answer a;
    expect_list(&p, TRUSTLIST_CTL, list, VERDICT_YES, RULE_FIRST_LIST, &a);
    assert_true(a.inferred);
    p.model = model_find("7975");
    expect_list(&p, TRUSTLIST_CTL, list, VERDICT_NO, RULE_DIGEST, &a);
    assert_true(a.inferred);
    expect_says(&a, "SHA-1");
    p.model = model_unknown();
    expect_list(&p, TRUSTLIST_CTL, list, VERDICT_UNKNOWN, RULE_DIGEST, &a);
    vector_free(list);
}

static void test_sha256_is_taken_by_nobody(void **state)
{
    const struct cast *c = *state;
    struct bytes list = offered(c, TRUSTLIST_CTL, &c->fresh, DIGEST_SHA256);
    struct phone_trust p = phone("8841", NULL, NULL);
    struct answer a;
    expect_list(&p, TRUSTLIST_CTL, list, VERDICT_NO, RULE_DIGEST, &a);
    assert_false(a.inferred);
    p.model = model_unknown();
    expect_list(&p, TRUSTLIST_CTL, list, VERDICT_NO, RULE_DIGEST, &a);
    vector_free(list);
}

static void test_a_signer_with_4096_bit_depends_on_the_model(void **state)
{
    const struct cast *c = *state;
    struct bytes list = offered(c, TRUSTLIST_CTL, &c->big, 0);
    struct phone_trust p = phone("8841", NULL, NULL);
    struct answer a;
    expect_list(&p, TRUSTLIST_CTL, list, VERDICT_YES, RULE_FIRST_LIST, &a);
    assert_true(a.inferred);
    p.model = model_find("7975");
    expect_list(&p, TRUSTLIST_CTL, list, VERDICT_NO, RULE_KEY_SIZE, &a);
    assert_false(a.inferred);
    expect_says(&a, "2048");
    p.model = model_find("7940");
    expect_list(&p, TRUSTLIST_CTL, list, VERDICT_NO, RULE_KEY_SIZE, &a);
    assert_true(a.inferred);
    p.model = model_unknown();
    expect_list(&p, TRUSTLIST_CTL, list, VERDICT_UNKNOWN, RULE_KEY_SIZE, &a);
    vector_free(list);
}

/* A certain refusal is told before one that rests on an inferred trait, whichever came first. */
static void test_the_strongest_objection_is_the_answer(void **state)
{
    const struct cast *c = *state;
    struct held ctl = usual_ctl(c);
    struct bytes list = offered(c, TRUSTLIST_CTL, &c->fresh, DIGEST_SHA512);
    struct phone_trust p = phone("7975", &ctl, NULL);
    struct answer a;
    expect_list(&p, TRUSTLIST_CTL, list, VERDICT_NO, RULE_UNKNOWN_SIGNER, &a);
    assert_false(a.inferred);
    /* And a trait nobody knows does not hide it either. */
    p.model = model_unknown();
    expect_list(&p, TRUSTLIST_CTL, list, VERDICT_NO, RULE_UNKNOWN_SIGNER, &a);
    vector_free(list);
    held_drop(&ctl);
}

/* ---- servers and models ---- */

static void test_a_7940_takes_lists_only_from_addresses_in_its_ctl(void **state)
{
    const struct cast *c = *state;
    struct held ctl = usual_ctl(c);
    static const uint8_t away[4] = {198, 51, 100, 7};
    struct bytes list = offered(c, TRUSTLIST_CTL, &c->old, 0);
    struct phone_trust p = phone("7940", &ctl, NULL);
    struct answer a;
    p.server = bytes_of(away, 4);
    expect_list(&p, TRUSTLIST_CTL, list, VERDICT_NO, RULE_SERVER_ADDRESS, &a);
    expect_says(&a, "198.51.100.7");
    assert_false(a.inferred);
    p.model = model_find("7975");
    expect_list(&p, TRUSTLIST_CTL, list, VERDICT_YES, RULE_SIGNER_IN_CTL, NULL);
    p.model = model_find("6901"); /* nobody knows */
    expect_list(&p, TRUSTLIST_CTL, list, VERDICT_UNKNOWN, RULE_SERVER_ADDRESS, NULL);
    p.server = HOME;
    expect_list(&p, TRUSTLIST_CTL, list, VERDICT_YES, RULE_SIGNER_IN_CTL, NULL);
    p.server = bytes_of(NULL, 0);
    expect_list(&p, TRUSTLIST_CTL, list, VERDICT_YES, RULE_SIGNER_IN_CTL, NULL);
    p.model = model_find("7960");
    expect_list(&p, TRUSTLIST_CTL, list, VERDICT_UNKNOWN, RULE_SERVER_ADDRESS, NULL);
    vector_free(list);
    held_drop(&ctl);
}

static void test_an_address_may_be_written_out_as_a_name(void **state)
{
    const struct cast *c = *state;
    const struct entry entries[] = {
        {&c->old, ROLE_SAST, false, "198.51.100.7"},
        {NULL, ROLE_CCM_TFTP, false, "2001:db8::1"},
        {&c->capf, ROLE_CAPF, false, "pub1.example.net", "2001:db8::2"},
        {NULL, END},
    };
    struct held ctl = hold(&(struct list_plan){TRUSTLIST_CTL, &c->old, entries});
    uint8_t binary[16];
    inet_pton(AF_INET, "198.51.100.7", binary);
    assert_true(trustlist_has_address(ctl.list, bytes_of(binary, 4)));
    inet_pton(AF_INET, "198.51.100.8", binary);
    assert_false(trustlist_has_address(ctl.list, bytes_of(binary, 4)));
    inet_pton(AF_INET6, "2001:db8::1", binary);
    assert_true(trustlist_has_address(ctl.list, bytes_of(binary, 16)));
    inet_pton(AF_INET6, "2001:db8::2", binary);
    assert_true(trustlist_has_address(ctl.list, bytes_of(binary, 16)));
    inet_pton(AF_INET6, "2001:db8::3", binary);
    assert_false(trustlist_has_address(ctl.list, bytes_of(binary, 16)));
    assert_false(trustlist_has_address(ctl.list, bytes_of(binary, 0)));
    held_drop(&ctl);
}

static void test_a_first_ctl_is_taken_from_any_address(void **state)
{
    const struct cast *c = *state;
    struct bytes list = offered(c, TRUSTLIST_CTL, &c->old, 0);
    struct phone_trust p = phone("7940", NULL, NULL);
    expect_list(&p, TRUSTLIST_CTL, list, VERDICT_YES, RULE_FIRST_LIST, NULL);
    vector_free(list);
}

static void test_a_model_without_itl_is_not_reached_by_one(void **state)
{
    const struct cast *c = *state;
    struct held ctl = usual_ctl(c);
    struct bytes list = offered(c, TRUSTLIST_ITL, &c->fresh, 0);
    const char *const models[] = {"7940", "7960", "6901", "6911", "CSF", "7905"};
    struct answer a;
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        struct phone_trust p = phone(models[i], &ctl, NULL);
        expect_list(&p, TRUSTLIST_ITL, list, VERDICT_NO, RULE_NOT_ASKED, &a);
        assert_false(a.inferred);
    }
    struct phone_trust p = phone("7902", NULL, NULL);
    expect_list(&p, TRUSTLIST_CTL, list, VERDICT_NO, RULE_NOT_ASKED, &a);
    assert_true(a.inferred);
    vector_free(list);
    held_drop(&ctl);
}

static void test_a_phone_that_holds_a_ctl_asks_for_one_whatever_was_inferred(void **state)
{
    const struct cast *c = *state;
    struct held ctl = usual_ctl(c);
    struct bytes list = offered(c, TRUSTLIST_CTL, &c->old, 0);
    struct phone_trust p = phone("7902", &ctl, NULL);
    expect_list(&p, TRUSTLIST_CTL, list, VERDICT_YES, RULE_SIGNER_IN_CTL, NULL);
    vector_free(list);
    held_drop(&ctl);
}

/* ---- one bit ---- */

/* Flips one bit of every byte, another from byte to byte (all of them in the long run), and asks
 * two phones: one that knows the signer, and one that holds nothing. */
static void test_no_list_with_one_bit_flipped_is_taken(void **state)
{
    const struct cast *c = *state;
    struct held ctl = usual_ctl(c);
    struct bytes list = offered(c, TRUSTLIST_CTL, &c->old, 0);
    uint8_t *copy = malloc(list.size);
    struct phone_trust phones[] = {phone("7940", &ctl, NULL), phone("7975", NULL, NULL)};
    for (size_t bit = 0; bit < list.size * 8; bit += test_is_long() ? 1 : 19) {
        memcpy(copy, list.data, list.size);
        copy[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        for (size_t i = 0; i < 2; i++) {
            struct answer a;
            accept_list(&a, &phones[i], TRUSTLIST_CTL, bytes_of(copy, list.size));
            if (a.verdict != VERDICT_NO)
                fail_msg("bit %zu (offset %zu): %s", bit, bit / 8, a.explanation);
        }
    }
    free(copy);
    vector_free(list);
    held_drop(&ctl);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_CAST(test_a_list_that_cannot_be_read_is_refused_with_its_offset),
        WITH_CAST(test_a_list_under_the_name_of_the_other_kind_is_refused),
        WITH_CAST(test_forty_certificates_are_one_too_many),
        WITH_CAST(test_a_list_of_more_than_64_kb_is_refused),
        WITH_CAST(test_sha512_depends_on_the_model),
        WITH_CAST(test_sha256_is_taken_by_nobody),
        WITH_CAST(test_a_signer_with_4096_bit_depends_on_the_model),
        WITH_CAST(test_the_strongest_objection_is_the_answer),
        WITH_CAST(test_a_7940_takes_lists_only_from_addresses_in_its_ctl),
        WITH_CAST(test_an_address_may_be_written_out_as_a_name),
        WITH_CAST(test_a_first_ctl_is_taken_from_any_address),
        WITH_CAST(test_a_model_without_itl_is_not_reached_by_one),
        WITH_CAST(test_a_phone_that_holds_a_ctl_asks_for_one_whatever_was_inferred),
        WITH_CAST(test_no_list_with_one_bit_flipped_is_taken),
    };
    return RUN(tests);
}
