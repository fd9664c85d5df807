#include "forge.h"

#include "trust/accept.h"

#define PLAIN  "SEP001122334455.cnf.xml"
#define SIGNED PLAIN ".sgn"

static const uint8_t away[4] = {198, 51, 100, 7};
#define AWAY bytes_of(away, 4)
#define XML  bytes_of_string("<device> </device>\n")

/* A CTL whose file signer is `who` in this role; `old` is the anchor. */
static struct held ctl_with(const struct cast *c, const struct identity *who, unsigned role)
{
    const struct entry entries[] = {{&c->old, ROLE_SAST, false, "pub1", "192.0.2.10"},
                                    {who, role, false, "pub1", "192.0.2.10"},
                                    {&c->capf, ROLE_CAPF},
                                    {NULL, END}};
    return hold(&(struct list_plan){TRUSTLIST_CTL, &c->old, entries});
}

static struct held itl_with(const struct cast *c, const struct identity *who, unsigned role,
                            bool with_tvs)
{
    const struct entry entries[] = {{&c->old, ROLE_SAST},
                                    {who, role},
                                    {with_tvs ? &c->tvs : NULL, ROLE_TVS, true},
                                    {NULL, END}};
    return hold(&(struct list_plan){TRUSTLIST_ITL, &c->old, entries});
}

static void expect_file(const struct phone_trust *p, const char *name, struct bytes file,
                        enum verdict verdict, enum accept_rule rule, struct answer *out)
{
    struct answer answer;
    accept_file(&answer, p, name, file);
    expect_answer(&answer, verdict, rule);
    if (out)
        *out = answer;
}

static void test_a_phone_without_lists_takes_plain_files(void **state)
{
    (void)state;
    struct phone_trust p = phone("7975", NULL, NULL);
    assert_false(phone_asks_signed(&p));
    expect_file(&p, PLAIN, XML, VERDICT_YES, RULE_UNSIGNED, NULL);
}

static void test_a_list_that_names_a_file_signer_demands_a_signature(void **state)
{
    const struct cast *c = *state;
    struct held ctl = ctl_with(c, &c->old, ROLE_CCM_TFTP);
    struct held itl = itl_with(c, &c->old, ROLE_TFTP, true);
    struct answer a;
    struct phone_trust p = phone("7940", &ctl, NULL);
    assert_true(phone_asks_signed(&p));
    expect_file(&p, PLAIN, XML, VERDICT_NO, RULE_NOT_SIGNED, &a);
    expect_says(&a, SIGNED);
    p = phone("7975", NULL, &itl);
    assert_true(phone_asks_signed(&p));
    expect_file(&p, PLAIN, XML, VERDICT_NO, RULE_NOT_SIGNED, &a);
    expect_says(&a, "ITL");
    /* Of CIPC nobody knows whether it checks. */
    p = phone("CIPC", &ctl, NULL);
    expect_file(&p, PLAIN, XML, VERDICT_UNKNOWN, RULE_NOT_SIGNED, NULL);
    held_drop(&ctl);
    held_drop(&itl);
}

static void test_a_model_that_checks_nothing_takes_anything(void **state)
{
    const struct cast *c = *state;
    struct held ctl = ctl_with(c, &c->old, ROLE_CCM_TFTP);
    struct phone_trust p = phone("7902", &ctl, NULL);
    struct answer a;
    assert_false(phone_asks_signed(&p));
    expect_file(&p, PLAIN, XML, VERDICT_YES, RULE_UNSIGNED, &a);
    assert_true(a.inferred);
    held_drop(&ctl);
}

static void test_both_roles_that_sign_files_are_taken(void **state)
{
    const struct cast *c = *state;
    struct bytes file = forge_file(&c->other, SIGNED, DIGEST_SHA1);
    const unsigned roles[] = {ROLE_CCM_TFTP, ROLE_TFTP};
    for (size_t i = 0; i < 2; i++) {
        struct held ctl = ctl_with(c, &c->other, roles[i]);
        struct held itl = itl_with(c, &c->other, roles[i], false);
        struct phone_trust p = phone("7975", &ctl, NULL);
        expect_file(&p, SIGNED, file, VERDICT_YES, RULE_SIGNER_IN_CTL, NULL);
        p = phone("7975", NULL, &itl);
        expect_file(&p, SIGNED, file, VERDICT_YES, RULE_SIGNER_IN_ITL, NULL);
        p = phone("7975", &ctl, &itl);
        expect_file(&p, SIGNED, file, VERDICT_YES, RULE_SIGNER_IN_CTL, NULL);
        held_drop(&ctl);
        held_drop(&itl);
    }
    vector_free(file);
}

static void test_an_anchor_alone_may_not_sign_files(void **state)
{
    const struct cast *c = *state;
    struct held ctl = ctl_with(c, &c->other, ROLE_CCM_TFTP);
    struct bytes file = forge_file(&c->old, SIGNED, DIGEST_SHA1); /* `old` is SAST alone */
    struct phone_trust p = phone("7975", &ctl, NULL);
    struct answer a;
    expect_file(&p, SIGNED, file, VERDICT_NO, RULE_UNKNOWN_SIGNER, &a);
    expect_says(&a, "CP-7962G-SEP001122334455"); /* who could sign it */
    vector_free(file);
    held_drop(&ctl);
}

static void test_ccm_alone_neither_demands_nor_signs(void **state)
{
    const struct cast *c = *state;
    struct held ctl = ctl_with(c, &c->other, ROLE_CCM);
    struct phone_trust p = phone("7975", &ctl, NULL);
    assert_false(phone_asks_signed(&p));
    expect_file(&p, PLAIN, XML, VERDICT_YES, RULE_UNSIGNED, NULL);
    held_drop(&ctl);
}

static void test_an_unknown_file_signer_is_asked_of_tvs(void **state)
{
    const struct cast *c = *state;
    struct held with = itl_with(c, &c->old, ROLE_TFTP, true);
    struct held without = itl_with(c, &c->old, ROLE_TFTP, false);
    struct bytes file = forge_file(&c->fresh, SIGNED, DIGEST_SHA1);
    struct phone_trust p = phone("7975", NULL, &with);
    expect_file(&p, SIGNED, file, VERDICT_THROUGH_TVS, RULE_ASK_TVS, NULL);
    p = phone("7975", NULL, &without);
    expect_file(&p, SIGNED, file, VERDICT_NO, RULE_UNKNOWN_SIGNER, NULL);
    p = phone(NULL, NULL, &with);
    expect_file(&p, SIGNED, file, VERDICT_UNKNOWN, RULE_ASK_TVS, NULL);
    vector_free(file);
    held_drop(&with);
    held_drop(&without);
}

static void test_the_name_inside_must_be_the_name_asked_for(void **state)
{
    const struct cast *c = *state;
    struct held itl = itl_with(c, &c->old, ROLE_TFTP, true);
    struct phone_trust p = phone("7975", NULL, &itl);
    struct bytes file = forge_file(&c->old, "SEP00AABBCCDDEE.cnf.xml.sgn", DIGEST_SHA1);
    struct answer a;
    expect_file(&p, SIGNED, file, VERDICT_NO, RULE_FILE_NAME, &a);
    expect_says(&a, "SEP00AABBCCDDEE");
    vector_free(file);
    /* Directories count, a leading slash does not. */
    file = forge_file(&c->old, "Desktops/320x196x4/List.xml.sgn", DIGEST_SHA1);
    expect_file(&p, "/Desktops/320x196x4/List.xml.sgn", file, VERDICT_YES, RULE_SIGNER_IN_ITL,
                NULL);
    expect_file(&p, "List.xml.sgn", file, VERDICT_NO, RULE_FILE_NAME, NULL);
    vector_free(file);
    file = forge_file(&c->old, PLAIN, DIGEST_SHA1);
    expect_file(&p, SIGNED, file, VERDICT_NO, RULE_FILE_NAME, NULL);
    vector_free(file);
    held_drop(&itl);
}

static void test_an_endless_name_is_refused(void **state)
{
    (void)state;
    struct phone_trust p = phone("7975", NULL, NULL);
    char name[1000];
    memset(name, 'a', sizeof name);
    memcpy(name + sizeof name - 5, ".sgn", 5);
    expect_file(&p, name, XML, VERDICT_NO, RULE_MALFORMED, NULL);
}

static void test_a_plain_file_under_a_signed_name_cannot_be_read(void **state)
{
    const struct cast *c = *state;
    struct held itl = itl_with(c, &c->old, ROLE_TFTP, true);
    struct phone_trust p = phone("7975", NULL, &itl);
    expect_file(&p, SIGNED, XML, VERDICT_NO, RULE_MALFORMED, NULL);
    expect_file(&p, SIGNED, bytes_of(NULL, 0), VERDICT_NO, RULE_MALFORMED, NULL);
    held_drop(&itl);
}

static void test_digest_and_key_size_hold_for_files_too(void **state)
{
    const struct cast *c = *state;
    struct held itl = itl_with(c, &c->big, ROLE_TFTP, true);
    struct bytes big = forge_file(&c->big, SIGNED, DIGEST_SHA1);
    struct phone_trust p = phone("7975", NULL, &itl);
    expect_file(&p, SIGNED, big, VERDICT_NO, RULE_KEY_SIZE, NULL);
    p.model = model_find("8841");
    expect_file(&p, SIGNED, big, VERDICT_YES, RULE_SIGNER_IN_ITL, NULL);
    held_drop(&itl);
    itl = itl_with(c, &c->old, ROLE_TFTP, true);
    struct bytes modern = forge_file(&c->old, SIGNED, DIGEST_SHA512);
    p = phone("8841", NULL, &itl);
    expect_file(&p, SIGNED, modern, VERDICT_YES, RULE_SIGNER_IN_ITL, NULL);
    p.model = model_find("7911");
    expect_file(&p, SIGNED, modern, VERDICT_NO, RULE_DIGEST, NULL);
    vector_free(big);
    vector_free(modern);
    held_drop(&itl);
}

static void test_a_7940_takes_files_only_from_addresses_in_its_ctl(void **state)
{
    const struct cast *c = *state;
    struct held ctl = ctl_with(c, &c->old, ROLE_CCM_TFTP);
    struct bytes file = forge_file(&c->old, SIGNED, DIGEST_SHA1);
    struct phone_trust p = phone("7940", &ctl, NULL);
    expect_file(&p, SIGNED, file, VERDICT_YES, RULE_SIGNER_IN_CTL, NULL);
    p.server = AWAY;
    expect_file(&p, SIGNED, file, VERDICT_NO, RULE_SERVER_ADDRESS, NULL);
    p.model = model_find("7941");
    expect_file(&p, SIGNED, file, VERDICT_YES, RULE_SIGNER_IN_CTL, NULL);
    vector_free(file);
    held_drop(&ctl);
}

/* Emptied records name no certificate, but still the addresses of the servers. */
static void test_the_emptied_ctl_of_non_secure_mode_still_guards_the_address(void **state)
{
    const struct cast *c = *state;
    const struct entry entries[] = {{&c->old, ROLE_SAST},
                                    {NULL, ROLE_CCM_TFTP, false, "pub1", "192.0.2.10"},
                                    {&c->capf, ROLE_CAPF},
                                    {NULL, END}};
    struct held ctl = hold(&(struct list_plan){TRUSTLIST_CTL, &c->old, entries});
    struct phone_trust p = phone("7960", &ctl, NULL);
    assert_false(phone_asks_signed(&p));
    expect_file(&p, PLAIN, XML, VERDICT_YES, RULE_UNSIGNED, NULL);
    p.server = AWAY;
    expect_file(&p, PLAIN, XML, VERDICT_NO, RULE_SERVER_ADDRESS, NULL);
    p.model = model_find("7962");
    expect_file(&p, PLAIN, XML, VERDICT_YES, RULE_UNSIGNED, NULL);
    held_drop(&ctl);
}

static void test_an_empty_itl_takes_unsigned_files_unless_a_ctl_demands_more(void **state)
{
    const struct cast *c = *state;
    const struct entry entries[] = {{&c->old, ROLE_SAST}, {&c->capf, ROLE_CAPF, true}, {NULL, END}};
    struct held itl = hold(&(struct list_plan){TRUSTLIST_ITL, &c->old, entries});
    struct held ctl = ctl_with(c, &c->old, ROLE_CCM_TFTP);
    struct phone_trust p = phone("7975", NULL, &itl);
    expect_file(&p, PLAIN, XML, VERDICT_YES, RULE_EMPTY_ITL, NULL);
    p = phone("7975", &ctl, &itl);
    expect_file(&p, PLAIN, XML, VERDICT_NO, RULE_NOT_SIGNED, NULL);
    held_drop(&itl);
    held_drop(&ctl);
}

static void test_the_signed_vector_is_taken_by_a_phone_that_holds_the_vector_lists(void **state)
{
    (void)state;
    struct bytes ctl_file = vector_load("CTLFile.tlv");
    struct bytes itl_file = vector_load("ITLFile.tlv");
    struct bytes config = vector_load("SEP001122334455.cnf.xml.sgn");
    struct bytes sealed = vector_load("SEP001122334455.cnf.xml.enc.sgn");
    struct held ctl = {.file = ctl_file};
    struct held itl = {.file = itl_file};
    assert_int_equal(trustlist_parse(&ctl.list, ctl_file, NULL), 0);
    assert_int_equal(trustlist_parse(&itl.list, itl_file, NULL), 0);
    struct phone_trust p = phone("7962", &ctl, NULL);
    expect_file(&p, SIGNED, config, VERDICT_YES, RULE_SIGNER_IN_CTL, NULL);
    expect_file(&p, PLAIN ".enc.sgn", sealed, VERDICT_YES, RULE_SIGNER_IN_CTL, NULL);
    p = phone("7962", NULL, &itl);
    expect_file(&p, SIGNED, config, VERDICT_YES, RULE_SIGNER_IN_ITL, NULL);
    vector_free(config);
    vector_free(sealed);
    held_drop(&ctl);
    held_drop(&itl);
}

static void test_no_file_with_one_bit_flipped_is_taken(void **state)
{
    const struct cast *c = *state;
    struct held itl = itl_with(c, &c->old, ROLE_TFTP, false);
    struct phone_trust p = phone("7975", NULL, &itl);
    struct bytes file = forge_file(&c->old, SIGNED, DIGEST_SHA1);
    uint8_t *copy = malloc(file.size);
    for (size_t bit = 0; bit < file.size * 8; bit++) {
        struct answer a;
        memcpy(copy, file.data, file.size);
        copy[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        accept_file(&a, &p, SIGNED, bytes_of(copy, file.size));
        if (a.verdict != VERDICT_NO)
            fail_msg("bit %zu (offset %zu): %s", bit, bit / 8, a.explanation);
    }
    free(copy);
    vector_free(file);
    held_drop(&itl);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_CAST(test_a_phone_without_lists_takes_plain_files),
        WITH_CAST(test_a_list_that_names_a_file_signer_demands_a_signature),
        WITH_CAST(test_a_model_that_checks_nothing_takes_anything),
        WITH_CAST(test_both_roles_that_sign_files_are_taken),
        WITH_CAST(test_an_anchor_alone_may_not_sign_files),
        WITH_CAST(test_ccm_alone_neither_demands_nor_signs),
        WITH_CAST(test_an_unknown_file_signer_is_asked_of_tvs),
        WITH_CAST(test_the_name_inside_must_be_the_name_asked_for),
        WITH_CAST(test_an_endless_name_is_refused),
        WITH_CAST(test_a_plain_file_under_a_signed_name_cannot_be_read),
        WITH_CAST(test_digest_and_key_size_hold_for_files_too),
        WITH_CAST(test_a_7940_takes_files_only_from_addresses_in_its_ctl),
        WITH_CAST(test_the_emptied_ctl_of_non_secure_mode_still_guards_the_address),
        WITH_CAST(test_an_empty_itl_takes_unsigned_files_unless_a_ctl_demands_more),
        WITH_CAST(test_the_signed_vector_is_taken_by_a_phone_that_holds_the_vector_lists),
        WITH_CAST(test_no_file_with_one_bit_flipped_is_taken),
    };
    return RUN(tests);
}
