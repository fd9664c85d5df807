/* What TVS said goes into the decision as one more fact. */
#include "forge.h"

#include "trust/accept.h"

#define SIGNED "dialplan.xml.sgn"

static struct testimony vouched(const struct identity *who, unsigned role)
{
    struct testimony t = {.kind = TESTIMONY_VOUCHED,
                          .certificate = certificate_der(who->certificate)};
    testimony_add_role(&t, (uint16_t)role);
    return t;
}

/* A 7975 that knows `old`, and is offered what `fresh` has signed. */
struct scene {
    struct held ctl, itl;
    struct bytes list, file;
    struct phone_trust phone;
};

static void scene_set(struct scene *s, const struct cast *c)
{
    s->ctl = usual_ctl(c);
    s->itl = usual_itl(c);
    s->list = offered(c, TRUSTLIST_CTL, &c->fresh, 0);
    s->file = forge_file(&c->fresh, SIGNED, DIGEST_SHA1);
    s->phone = phone("7975", &s->ctl, &s->itl);
}

static void scene_clear(struct scene *s)
{
    vector_free(s->list);
    vector_free(s->file);
    held_drop(&s->ctl);
    held_drop(&s->itl);
}

static void expect_file(const struct scene *s, enum verdict verdict, enum accept_rule rule,
                        struct answer *out)
{
    accept_file(out, &s->phone, SIGNED, s->file);
    expect_answer(out, verdict, rule);
}

static void test_a_list_is_taken_when_tvs_trusts_its_signer_as_an_anchor(void **state)
{
    const struct cast *c = *state;
    const struct testimony t = vouched(&c->fresh, ROLE_SAST);
    struct scene s;
    struct answer a;
    scene_set(&s, c);
    s.phone.testimony = &t;
    expect_list(&s.phone, TRUSTLIST_CTL, s.list, VERDICT_YES, RULE_TVS_VOUCHES, &a);
    expect_says(&a, "trusts it for SAST");
    s.phone.model = model_find("6941");
    expect_list(&s.phone, TRUSTLIST_CTL, s.list, VERDICT_YES, RULE_TVS_VOUCHES, &a);
    assert_true(a.inferred); /* that a 6941 asks TVS is not known for sure */
    scene_clear(&s);
}

static void test_a_signer_that_tvs_trusts_for_files_alone_signs_no_lists(void **state)
{
    const struct cast *c = *state;
    struct testimony t = vouched(&c->fresh, ROLE_CCM_TFTP);
    struct scene s;
    struct answer a;
    scene_set(&s, c);
    testimony_add_role(&t, ROLE_TVS);
    s.phone.testimony = &t;
    expect_list(&s.phone, TRUSTLIST_CTL, s.list, VERDICT_NO, RULE_TVS_REFUSES, &a);
    expect_says(&a, "trusts it for CCM+TFTP, TVS, not to sign lists");
    expect_says(&a, "Phone-SAST-trust");
    t.roles = 0;
    expect_list(&s.phone, TRUSTLIST_CTL, s.list, VERDICT_NO, RULE_TVS_REFUSES, &a);
    expect_says(&a, "for nothing");
    scene_clear(&s);
}

static void test_a_file_is_taken_when_tvs_trusts_its_signer_for_files(void **state)
{
    const struct cast *c = *state;
    struct scene s;
    struct answer a;
    scene_set(&s, c);
    const struct testimony tftp = vouched(&c->fresh, ROLE_TFTP);
    s.phone.testimony = &tftp;
    expect_file(&s, VERDICT_YES, RULE_TVS_VOUCHES, &a);
    const struct testimony both = vouched(&c->fresh, ROLE_CCM_TFTP);
    s.phone.testimony = &both;
    expect_file(&s, VERDICT_YES, RULE_TVS_VOUCHES, &a);
    const struct testimony anchor = vouched(&c->fresh, ROLE_SAST);
    s.phone.testimony = &anchor;
    expect_file(&s, VERDICT_NO, RULE_TVS_REFUSES, &a);
    expect_says(&a, "not to sign files");
    scene_clear(&s);
}

static void test_what_tvs_does_not_trust_is_refused(void **state)
{
    const struct testimony t = {.kind = TESTIMONY_DENIED, .roles = 1};
    struct scene s;
    struct answer a;
    scene_set(&s, *state);
    s.phone.testimony = &t;
    expect_list(&s.phone, TRUSTLIST_CTL, s.list, VERDICT_NO, RULE_TVS_REFUSES, &a);
    expect_says(&a, "does not know it either");
    expect_file(&s, VERDICT_NO, RULE_TVS_REFUSES, &a);
    scene_clear(&s);
}

static void test_silence_is_a_no(void **state)
{
    struct testimony t = {.kind = TESTIMONY_SILENCE, .roles = 1};
    struct scene s;
    struct answer a;
    scene_set(&s, *state);
    s.phone.testimony = &t;
    expect_list(&s.phone, TRUSTLIST_CTL, s.list, VERDICT_NO, RULE_TVS_SILENT, &a);
    expect_says(&a, "no TVS could be asked: have one running");
    t.words = "192.0.2.1:2445: connection refused";
    expect_list(&s.phone, TRUSTLIST_CTL, s.list, VERDICT_NO, RULE_TVS_SILENT, &a);
    expect_says(&a, "could be asked (192.0.2.1:2445: connection refused): have");
    expect_file(&s, VERDICT_NO, RULE_TVS_SILENT, &a);
    scene_clear(&s);
}

/* TVS trusts a certificate; that it signed this must still be shown. */
static void test_the_signature_must_fit_the_certificate_that_tvs_sent(void **state)
{
    const struct cast *c = *state;
    struct scene s;
    struct answer a;
    scene_set(&s, c);
    struct testimony t = vouched(&c->old, ROLE_SAST);
    testimony_add_role(&t, ROLE_TFTP);
    s.phone.testimony = &t;
    expect_list(&s.phone, TRUSTLIST_CTL, s.list, VERDICT_NO, RULE_BAD_SIGNATURE, &a);
    expect_says(&a, "the certificate it sent");
    expect_file(&s, VERDICT_NO, RULE_BAD_SIGNATURE, &a);
    t.certificate = bytes_of(NULL, 0);
    expect_list(&s.phone, TRUSTLIST_CTL, s.list, VERDICT_NO, RULE_BAD_SIGNATURE, NULL);
    t.certificate = bytes_of_string("no certificate");
    expect_list(&s.phone, TRUSTLIST_CTL, s.list, VERDICT_NO, RULE_BAD_SIGNATURE, NULL);
    scene_clear(&s);
}

/* The word of TVS is heard where it decides, and nowhere else. */
static void test_tvs_overrules_nothing_the_phone_knows_itself(void **state)
{
    const struct cast *c = *state;
    struct testimony t = vouched(&c->fresh, ROLE_SAST);
    struct scene s;
    scene_set(&s, c);
    /* A known signer is taken whatever TVS says. */
    struct bytes known = offered(c, TRUSTLIST_CTL, &c->old, 0);
    t.kind = TESTIMONY_DENIED;
    s.phone.testimony = &t;
    expect_list(&s.phone, TRUSTLIST_CTL, known, VERDICT_YES, RULE_SIGNER_IN_CTL, NULL);
    vector_free(known);
    t.kind = TESTIMONY_VOUCHED;
    /* A model without TVS does not hear it, nor one whose ITL names no TVS. */
    s.phone.model = model_find("CSF");
    expect_list(&s.phone, TRUSTLIST_CTL, s.list, VERDICT_NO, RULE_UNKNOWN_SIGNER, NULL);
    s.phone.model = model_find("7975");
    s.phone.itl = NULL;
    expect_list(&s.phone, TRUSTLIST_CTL, s.list, VERDICT_NO, RULE_UNKNOWN_SIGNER, NULL);
    s.phone.itl = s.itl.list;
    /* Other rules refuse as before. */
    struct bytes sha512 = offered(c, TRUSTLIST_CTL, &c->fresh, DIGEST_SHA512);
    expect_list(&s.phone, TRUSTLIST_CTL, sha512, VERDICT_NO, RULE_DIGEST, NULL);
    vector_free(sha512);
    ((uint8_t *)(uintptr_t)s.list.data)[s.list.size - 1] ^= 1;
    expect_list(&s.phone, TRUSTLIST_CTL, s.list, VERDICT_NO, RULE_BAD_SIGNATURE, NULL);
    scene_clear(&s);
}

static void test_roles_beyond_those_known_are_left_out(void **state)
{
    struct testimony t = {.kind = TESTIMONY_VOUCHED};
    (void)state;
    testimony_add_role(&t, 255);
    testimony_add_role(&t, 32);
    assert_int_equal(t.roles, 0);
    testimony_add_role(&t, ROLE_TVS);
    assert_true(testimony_has_role(&t, ROLE_TVS));
    assert_false(testimony_has_role(&t, ROLE_SAST));
    assert_false(testimony_has_role(&t, ROLE_TVS + 32));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_CAST(test_a_list_is_taken_when_tvs_trusts_its_signer_as_an_anchor),
        WITH_CAST(test_a_signer_that_tvs_trusts_for_files_alone_signs_no_lists),
        WITH_CAST(test_a_file_is_taken_when_tvs_trusts_its_signer_for_files),
        WITH_CAST(test_what_tvs_does_not_trust_is_refused),
        WITH_CAST(test_silence_is_a_no),
        WITH_CAST(test_the_signature_must_fit_the_certificate_that_tvs_sent),
        WITH_CAST(test_tvs_overrules_nothing_the_phone_knows_itself),
        cmocka_unit_test(test_roles_beyond_those_known_are_left_out),
    };
    return RUN(tests);
}
