/* Lists and their signers: who signed what, and who may vouch. */
#include "forge.h"

#include "trust/accept.h"

/* ---- the first list ---- */

static void test_the_first_list_is_taken_unverified(void **state)
{
    struct bytes list = offered(*state, TRUSTLIST_CTL, &((struct cast *)*state)->fresh, 0);
    struct phone_trust p = phone("7975", NULL, NULL);
    struct answer a;
    expect_list(&p, TRUSTLIST_CTL, list, VERDICT_YES, RULE_FIRST_LIST, &a);
    expect_says(&a, "CN=");
    p.model = model_unknown();
    expect_list(&p, TRUSTLIST_CTL, list, VERDICT_YES, RULE_FIRST_LIST, &a);
    assert_false(a.inferred);
    vector_free(list);
}

static void test_a_first_list_that_no_anchor_of_its_own_signed_is_refused(void **state)
{
    const struct cast *c = *state;
    struct phone_trust p = phone("7975", NULL, NULL);
    /* The signer has a record, but as CCM+TFTP only. */
    const struct entry no_anchor[] = {
        {&c->fresh, ROLE_CCM_TFTP}, {&c->old, ROLE_SAST}, {NULL, END}};
    struct bytes list = forge_list(&(struct list_plan){TRUSTLIST_CTL, &c->fresh, no_anchor});
    struct answer a;
    expect_list(&p, TRUSTLIST_CTL, list, VERDICT_NO, RULE_INCONSISTENT, &a);
    expect_says(&a, "no SAST record");
    vector_free(list);
    /* Changed on the way: the last byte is inside a certificate. */
    list = offered(c, TRUSTLIST_CTL, &c->fresh, 0);
    ((uint8_t *)(uintptr_t)list.data)[list.size - 1] ^= 1;
    expect_list(&p, TRUSTLIST_CTL, list, VERDICT_NO, RULE_INCONSISTENT, &a);
    expect_says(&a, "does not fit");
    vector_free(list);
}

static void test_an_emptied_record_is_no_anchor_of_a_first_list(void **state)
{
    const struct cast *c = *state;
    const struct entry emptied[] = {{NULL, ROLE_SAST, false, "pub1", "192.0.2.10"}, {NULL, END}};
    struct bytes list = forge_list(&(struct list_plan){TRUSTLIST_CTL, &c->old, emptied});
    struct phone_trust p = phone("7975", NULL, NULL);
    expect_list(&p, TRUSTLIST_CTL, list, VERDICT_NO, RULE_INCONSISTENT, NULL);
    vector_free(list);
}

/* ---- signers the phone knows ---- */

static void test_a_signer_in_the_stored_ctl_is_taken(void **state)
{
    const struct cast *c = *state;
    struct held ctl = usual_ctl(c);
    struct bytes list = offered(c, TRUSTLIST_CTL, &c->old, 0);
    struct phone_trust p = phone("7940", &ctl, NULL);
    struct answer a;
    expect_list(&p, TRUSTLIST_CTL, list, VERDICT_YES, RULE_SIGNER_IN_CTL, &a);
    expect_says(&a, "CTL the phone holds");
    assert_false(a.inferred);
    vector_free(list);
    held_drop(&ctl);
}

static void test_the_second_anchor_is_as_good_as_the_first(void **state)
{
    const struct cast *c = *state;
    struct held ctl = usual_ctl(c);
    struct held itl = usual_itl(c);
    struct bytes list = offered(c, TRUSTLIST_CTL, &c->other, 0);
    struct phone_trust p = phone("7960", &ctl, NULL);
    expect_list(&p, TRUSTLIST_CTL, list, VERDICT_YES, RULE_SIGNER_IN_CTL, NULL);
    p = phone("7962", NULL, &itl);
    expect_list(&p, TRUSTLIST_CTL, list, VERDICT_YES, RULE_SIGNER_IN_ITL, NULL);
    vector_free(list);
    held_drop(&ctl);
    held_drop(&itl);
}

static void test_a_list_is_checked_against_the_list_of_the_other_kind(void **state)
{
    const struct cast *c = *state;
    struct held ctl = usual_ctl(c);
    struct held itl = usual_itl(c);
    struct bytes new_ctl = offered(c, TRUSTLIST_CTL, &c->old, 0);
    struct bytes new_itl = offered(c, TRUSTLIST_ITL, &c->old, 0);
    struct bytes foreign = offered(c, TRUSTLIST_CTL, &c->fresh, 0);
    struct phone_trust p = phone("8841", NULL, &itl);
    expect_list(&p, TRUSTLIST_CTL, new_ctl, VERDICT_YES, RULE_SIGNER_IN_ITL, NULL);
    expect_list(&p, TRUSTLIST_CTL, foreign, VERDICT_THROUGH_TVS, RULE_ASK_TVS, NULL);
    p = phone("8841", &ctl, NULL);
    expect_list(&p, TRUSTLIST_ITL, new_itl, VERDICT_YES, RULE_SIGNER_IN_CTL, NULL);
    expect_list(&p, TRUSTLIST_CTL, foreign, VERDICT_NO, RULE_UNKNOWN_SIGNER, NULL);
    vector_free(new_ctl);
    vector_free(new_itl);
    vector_free(foreign);
    held_drop(&ctl);
    held_drop(&itl);
}

static void test_only_the_role_of_an_anchor_may_sign_a_list(void **state)
{
    const struct cast *c = *state;
    const struct entry entries[] = {{&c->old, ROLE_SAST}, {&c->fresh, ROLE_CCM_TFTP}, {NULL, END}};
    struct held ctl = hold(&(struct list_plan){TRUSTLIST_CTL, &c->old, entries});
    struct bytes list = offered(c, TRUSTLIST_CTL, &c->fresh, 0);
    struct phone_trust p = phone("7940", &ctl, NULL);
    p.server = bytes_of(NULL, 0);
    p.model = model_find("7975");
    expect_list(&p, TRUSTLIST_CTL, list, VERDICT_NO, RULE_UNKNOWN_SIGNER, NULL);
    vector_free(list);
    held_drop(&ctl);
}

static void test_an_emptied_record_carries_no_trust(void **state)
{
    const struct cast *c = *state;
    const struct entry entries[] = {
        {&c->old, ROLE_SAST},
        {NULL, ROLE_SAST, false, "pub1", "192.0.2.10"},
        {NULL, ROLE_CCM_TFTP, false, "pub1", "192.0.2.10"},
        {NULL, END},
    };
    struct held ctl = hold(&(struct list_plan){TRUSTLIST_CTL, &c->old, entries});
    assert_int_equal(ctl.list->records[1].size, 5 + 8 + 5 + 7);
    struct phone_trust p = phone("7975", &ctl, NULL);
    assert_false(phone_asks_signed(&p));
    enum trustlist_kind kind;
    assert_ptr_equal(phone_find_signer(&p, &ctl.list->header, true, &kind), &ctl.list->records[0]);
    assert_null(phone_find_signer(&p, &ctl.list->header, false, &kind));
    struct bytes list = offered(c, TRUSTLIST_CTL, &c->other, 0);
    expect_list(&p, TRUSTLIST_CTL, list, VERDICT_NO, RULE_UNKNOWN_SIGNER, NULL);
    vector_free(list);
    held_drop(&ctl);
}

static void test_a_hashed_anchor_verifies_by_its_public_key(void **state)
{
    const struct cast *c = *state;
    const struct entry entries[] = {
        {&c->old, ROLE_SAST}, {&c->other, ROLE_SAST, true}, {NULL, END}};
    struct held itl = hold(&(struct list_plan){TRUSTLIST_ITL, &c->old, entries});
    struct bytes list = offered(c, TRUSTLIST_CTL, &c->other, 0);
    struct phone_trust p = phone("7975", NULL, &itl);
    /* With this ITL alone the phone would take anything; a CTL makes it look. */
    struct held ctl = usual_ctl(c);
    p.ctl = ctl.list;
    ctl.list->records[2].role = ROLE_CAPF; /* the CTL's own record of `other` is out of the way */
    expect_list(&p, TRUSTLIST_CTL, list, VERDICT_YES, RULE_SIGNER_IN_ITL, NULL);
    vector_free(list);
    held_drop(&itl);
    held_drop(&ctl);
}

/* Same name and serial, another key: as after restoring a server wrongly. */
static void test_a_known_name_with_another_key_is_a_bad_signature(void **state)
{
    const struct cast *c = *state;
    struct held ctl = usual_ctl(c);
    struct identity twin = {0};
    /* The header names `old`, the signature is of `fresh`. */
    struct bytes honest = offered(c, TRUSTLIST_CTL, &c->old, 0);
    struct trustlist *list = NULL;
    assert_int_equal(trustlist_parse(&list, honest, NULL), 0);
    struct buffer signature;
    buffer_init(&signature, KEY_SIGNATURE_MAX);
    struct bytes pieces[2];
    envelope_covered(&list->header, honest, pieces);
    /* The pool's 1024-bit key has the length that `old` has. */
    assert_int_equal(identity_load(&twin, vector_path("pool/rsa1024.pem"), NULL), 0);
    assert_int_equal(key_sign(&signature, twin.key, DIGEST_KIND_SHA1, pieces, 2), 0);
    assert_int_equal(signature.size, list->header.signature.size);
    memcpy((void *)(uintptr_t)list->header.signature.data, signature.data, signature.size);
    struct phone_trust p = phone("7975", &ctl, NULL);
    struct answer a;
    expect_list(&p, TRUSTLIST_CTL, honest, VERDICT_NO, RULE_BAD_SIGNATURE, &a);
    expect_says(&a, "another key");
    buffer_fini(&signature);
    identity_fini(&twin);
    trustlist_free(list);
    vector_free(honest);
    held_drop(&ctl);
}

static void test_a_serial_with_a_leading_zero_is_the_same_serial(void **state)
{
    const struct cast *c = *state;
    struct held ctl = usual_ctl(c);
    uint8_t longer[32] = {0};
    struct bytes serial = ctl.list->records[0].serial;
    memcpy(longer + 1, serial.data, serial.size);
    ctl.list->records[0].serial = bytes_of(longer, serial.size + 1);
    struct bytes list = offered(c, TRUSTLIST_CTL, &c->old, 0);
    struct phone_trust p = phone("7975", &ctl, NULL);
    expect_list(&p, TRUSTLIST_CTL, list, VERDICT_YES, RULE_SIGNER_IN_CTL, NULL);
    longer[1] ^= 1;
    expect_list(&p, TRUSTLIST_CTL, list, VERDICT_NO, RULE_UNKNOWN_SIGNER, NULL);
    vector_free(list);
    held_drop(&ctl);
}

/* ---- TVS ---- */

static void test_an_unknown_signer_is_asked_of_the_tvs_the_itl_names(void **state)
{
    const struct cast *c = *state;
    struct held ctl = usual_ctl(c);
    struct held itl = usual_itl(c);
    struct bytes list = offered(c, TRUSTLIST_CTL, &c->fresh, 0);
    struct phone_trust p = phone("7975", &ctl, &itl);
    struct answer a;
    expect_list(&p, TRUSTLIST_CTL, list, VERDICT_THROUGH_TVS, RULE_ASK_TVS, &a);
    expect_says(&a, "TVS");
    assert_false(a.inferred);
    p.model = model_find("6941");
    expect_list(&p, TRUSTLIST_CTL, list, VERDICT_THROUGH_TVS, RULE_ASK_TVS, &a);
    assert_true(a.inferred);
    p.model = model_unknown();
    expect_list(&p, TRUSTLIST_CTL, list, VERDICT_UNKNOWN, RULE_ASK_TVS, NULL);
    vector_free(list);
    held_drop(&ctl);
    held_drop(&itl);
}

static void test_without_tvs_an_unknown_signer_is_refused_and_the_way_out_named(void **state)
{
    const struct cast *c = *state;
    struct held ctl = usual_ctl(c);
    struct held itl = usual_itl(c);
    struct bytes list = offered(c, TRUSTLIST_CTL, &c->fresh, 0);
    struct phone_trust p = phone("7940", &ctl, NULL);
    struct answer a;
    expect_list(&p, TRUSTLIST_CTL, list, VERDICT_NO, RULE_UNKNOWN_SIGNER, &a);
    expect_says(&a, "Settings > Security Configuration > CTL File");
    expect_says(&a, "sign it with");
    p = phone("CSF", &ctl, &itl);
    expect_list(&p, TRUSTLIST_CTL, list, VERDICT_NO, RULE_UNKNOWN_SIGNER, &a);
    expect_says(&a, "has no TVS");
    /* CIPC has none either, as far as anybody can tell. */
    p = phone("CIPC", &ctl, &itl);
    expect_list(&p, TRUSTLIST_CTL, list, VERDICT_NO, RULE_UNKNOWN_SIGNER, &a);
    assert_true(a.inferred);
    vector_free(list);
    held_drop(&ctl);
    held_drop(&itl);
}

static void test_a_list_that_tvs_might_vouch_for_must_fit_its_own_signer(void **state)
{
    const struct cast *c = *state;
    struct held itl = usual_itl(c);
    struct bytes list = offered(c, TRUSTLIST_CTL, &c->fresh, 0);
    ((uint8_t *)(uintptr_t)list.data)[list.size - 1] ^= 1;
    struct phone_trust p = phone("7975", NULL, &itl);
    expect_list(&p, TRUSTLIST_CTL, list, VERDICT_NO, RULE_BAD_SIGNATURE, NULL);
    vector_free(list);
    held_drop(&itl);
}

/* ---- the empty ITL ---- */

static void test_an_empty_itl_takes_any_list_that_is_consistent(void **state)
{
    const struct cast *c = *state;
    struct held itl = empty_itl(c);
    assert_true(trustlist_is_empty_itl(itl.list));
    struct phone_trust p = phone("7975", NULL, &itl);
    struct bytes list = offered(c, TRUSTLIST_ITL, &c->fresh, 0);
    expect_list(&p, TRUSTLIST_ITL, list, VERDICT_YES, RULE_EMPTY_ITL, NULL);
    ((uint8_t *)(uintptr_t)list.data)[list.size - 1] ^= 1;
    expect_list(&p, TRUSTLIST_ITL, list, VERDICT_NO, RULE_INCONSISTENT, NULL);
    vector_free(list);
    list = offered(c, TRUSTLIST_CTL, &c->fresh, 0);
    expect_list(&p, TRUSTLIST_CTL, list, VERDICT_YES, RULE_EMPTY_ITL, NULL);
    vector_free(list);
    held_drop(&itl);
}

static void test_an_empty_itl_does_not_empty_the_ctl_beside_it(void **state)
{
    const struct cast *c = *state;
    struct held ctl = usual_ctl(c);
    struct held itl = empty_itl(c);
    struct phone_trust p = phone("7975", &ctl, &itl);
    struct bytes list = offered(c, TRUSTLIST_CTL, &c->fresh, 0);
    expect_list(&p, TRUSTLIST_CTL, list, VERDICT_NO, RULE_UNKNOWN_SIGNER, NULL);
    vector_free(list);
    list = offered(c, TRUSTLIST_ITL, &c->fresh, 0);
    expect_list(&p, TRUSTLIST_ITL, list, VERDICT_YES, RULE_EMPTY_ITL, NULL);
    assert_true(phone_asks_signed(&p));
    vector_free(list);
    held_drop(&ctl);
    held_drop(&itl);
}

static void test_an_itl_with_any_tftp_or_tvs_certificate_is_not_empty(void **state)
{
    const struct cast *c = *state;
    const unsigned roles[] = {ROLE_TFTP, ROLE_CCM_TFTP, ROLE_TVS};
    for (size_t i = 0; i < 3; i++) {
        const struct entry entries[] = {
            {&c->old, ROLE_SAST}, {&c->tvs, roles[i], true}, {NULL, END}};
        struct held itl = hold(&(struct list_plan){TRUSTLIST_ITL, &c->old, entries});
        assert_false(trustlist_is_empty_itl(itl.list));
        held_drop(&itl);
    }
    /* Other roles leave it empty. */
    const struct entry entries[] = {
        {&c->old, ROLE_SAST}, {&c->tvs, ROLE_APP, true}, {&c->tvs, ROLE_CCM, true}, {NULL, END}};
    struct held itl = hold(&(struct list_plan){TRUSTLIST_ITL, &c->old, entries});
    assert_true(trustlist_is_empty_itl(itl.list));
    held_drop(&itl);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_CAST(test_the_first_list_is_taken_unverified),
        WITH_CAST(test_a_first_list_that_no_anchor_of_its_own_signed_is_refused),
        WITH_CAST(test_an_emptied_record_is_no_anchor_of_a_first_list),
        WITH_CAST(test_a_signer_in_the_stored_ctl_is_taken),
        WITH_CAST(test_the_second_anchor_is_as_good_as_the_first),
        WITH_CAST(test_a_list_is_checked_against_the_list_of_the_other_kind),
        WITH_CAST(test_only_the_role_of_an_anchor_may_sign_a_list),
        WITH_CAST(test_an_emptied_record_carries_no_trust),
        WITH_CAST(test_a_hashed_anchor_verifies_by_its_public_key),
        WITH_CAST(test_a_known_name_with_another_key_is_a_bad_signature),
        WITH_CAST(test_a_serial_with_a_leading_zero_is_the_same_serial),
        WITH_CAST(test_an_unknown_signer_is_asked_of_the_tvs_the_itl_names),
        WITH_CAST(test_without_tvs_an_unknown_signer_is_refused_and_the_way_out_named),
        WITH_CAST(test_a_list_that_tvs_might_vouch_for_must_fit_its_own_signer),
        WITH_CAST(test_an_empty_itl_takes_any_list_that_is_consistent),
        WITH_CAST(test_an_empty_itl_does_not_empty_the_ctl_beside_it),
        WITH_CAST(test_an_itl_with_any_tftp_or_tvs_certificate_is_not_empty),
    };
    return RUN(tests);
}
