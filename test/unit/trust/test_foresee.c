/* What TVS would say of a signer or server that a phone's lists do not name, and which servers they
 * name. */
#include "forge.h"

#include "trust/foresee.h"

#define BIT(role) (UINT32_C(1) << (role))

/* A 7975 with the usual lists, and a list by a signer it has never heard of. */
struct scene {
    struct held ctl, itl;
    struct bytes list;
    struct offer *offer;
    struct phone_trust phone;
};

static void scene_set(struct scene *s, const struct cast *c)
{
    s->ctl = usual_ctl(c);
    s->itl = usual_itl(c);
    s->list = offered(c, TRUSTLIST_ITL, &c->fresh, DIGEST_SHA1);
    assert_int_equal(offer_new_list(&s->offer, TRUSTLIST_ITL, s->list), 0);
    s->phone = phone("7975", &s->ctl, &s->itl);
}

static void scene_clear(struct scene *s)
{
    offer_free(s->offer);
    vector_free(s->list);
    held_drop(&s->ctl);
    held_drop(&s->itl);
}

/* One TVS that shows `shown` and vouches for `known`; NULL: for none. */
static void foresee(struct answer *out, const struct scene *s, const struct identity *shown,
                    const struct identity *known, uint32_t roles)
{
    const struct certificate *shows = shown ? shown->certificate : NULL;
    const struct vouched vouched = {known ? known->certificate : NULL, roles};
    const struct tvs_set tvs = {&shows, shown ? 1 : 0, &vouched, known ? 1 : 0};
    accept_offer_foreseen(out, &s->phone, s->offer, &tvs);
}

static void test_through_tvs_stands_when_the_tvs_of_the_itl_runs_and_vouches(void **state)
{
    const struct cast *c = *state;
    struct scene s;
    struct answer a;
    scene_set(&s, c);
    foresee(&a, &s, &c->tvs, &c->fresh, BIT(ROLE_SAST) | BIT(ROLE_TFTP));
    expect_answer(&a, VERDICT_THROUGH_TVS, RULE_ASK_TVS);
    expect_says(&a, "asks the TVS");
    scene_clear(&s);
}

static void test_a_tvs_with_another_certificate_helps_nobody(void **state)
{
    const struct cast *c = *state;
    struct scene s;
    struct answer a;
    scene_set(&s, c);
    foresee(&a, &s, &c->other, &c->fresh, BIT(ROLE_SAST));
    expect_answer(&a, VERDICT_NO, RULE_TVS_SILENT);
    foresee(&a, &s, NULL, &c->fresh, BIT(ROLE_SAST));
    expect_answer(&a, VERDICT_NO, RULE_TVS_SILENT);
    scene_clear(&s);
}

static void test_a_tvs_that_does_not_know_the_signer_as_an_anchor_helps_nobody(void **state)
{
    const struct cast *c = *state;
    struct scene s;
    struct answer a;
    scene_set(&s, c);
    foresee(&a, &s, &c->tvs, NULL, 0);
    expect_answer(&a, VERDICT_NO, RULE_TVS_REFUSES);
    foresee(&a, &s, &c->tvs, &c->fresh, BIT(ROLE_TFTP));
    expect_answer(&a, VERDICT_NO, RULE_TVS_REFUSES);
    foresee(&a, &s, &c->tvs, &c->other, BIT(ROLE_SAST));
    expect_answer(&a, VERDICT_NO, RULE_TVS_REFUSES);
    scene_clear(&s);
}

static void test_a_model_of_old_tls_cannot_ask_a_tvs_of_modern_tls(void **state)
{
    const struct cast *c = *state;
    struct scene s;
    struct answer a;
    scene_set(&s, c);
    const struct certificate *shows = c->tvs.certificate;
    const struct vouched vouched = {c->fresh.certificate, BIT(ROLE_SAST)};
    const struct tvs_set tvs = {&shows, 1, &vouched, 1, .modern = true};
    accept_offer_foreseen(&a, &s.phone, s.offer, &tvs);
    expect_answer(&a, VERDICT_NO, RULE_TVS_SILENT);
    expect_says(&a, "legacy_tls = on");
    s.phone.model = model_find("8841");
    accept_offer_foreseen(&a, &s.phone, s.offer, &tvs);
    expect_answer(&a, VERDICT_THROUGH_TVS, RULE_ASK_TVS);
    scene_clear(&s);
}

static void test_what_the_lists_say_needs_no_tvs(void **state)
{
    const struct cast *c = *state;
    struct scene s;
    struct answer a;
    scene_set(&s, c);
    struct bytes known = offered(c, TRUSTLIST_ITL, &c->old, DIGEST_SHA1);
    struct offer *offer;
    assert_int_equal(offer_new_list(&offer, TRUSTLIST_ITL, known), 0);
    accept_offer_foreseen(&a, &s.phone, offer, &(struct tvs_set){.shown_count = 0});
    expect_answer(&a, VERDICT_YES, RULE_SIGNER_IN_CTL);
    offer_free(offer);
    vector_free(known);
    scene_clear(&s);
}

/* Nobody knows whether it asks; that TVS could not help is known. */
static void test_a_model_nobody_knows_stays_unknown_unless_tvs_could_not_help(void **state)
{
    const struct cast *c = *state;
    struct scene s;
    struct answer a;
    scene_set(&s, c);
    s.phone.model = model_unknown();
    foresee(&a, &s, &c->tvs, &c->fresh, BIT(ROLE_SAST));
    expect_answer(&a, VERDICT_UNKNOWN, RULE_ASK_TVS);
    foresee(&a, &s, &c->other, &c->fresh, BIT(ROLE_SAST));
    expect_answer(&a, VERDICT_NO, RULE_TVS_SILENT);
    scene_clear(&s);
}

static void test_a_file_wants_a_signer_of_files(void **state)
{
    const struct cast *c = *state;
    struct scene s;
    struct answer a;
    struct offer *offer;
    scene_set(&s, c);
    struct bytes file = forge_file(&c->fresh, "dialplan.xml.sgn", DIGEST_SHA1);
    assert_int_equal(offer_new_file(&offer, "dialplan.xml.sgn", file), 0);
    const struct certificate *shows = c->tvs.certificate;
    struct vouched vouched = {c->fresh.certificate, BIT(ROLE_TFTP)};
    const struct tvs_set tvs = {&shows, 1, &vouched, 1};
    accept_offer_foreseen(&a, &s.phone, offer, &tvs);
    expect_answer(&a, VERDICT_THROUGH_TVS, RULE_ASK_TVS);
    vouched.roles = BIT(ROLE_SAST);
    accept_offer_foreseen(&a, &s.phone, offer, &tvs);
    expect_answer(&a, VERDICT_NO, RULE_TVS_REFUSES);
    offer_free(offer);
    vector_free(file);
    scene_clear(&s);
}

/* ---- servers ---- */

static void expect_server(const struct scene *s, enum server_kind kind, const struct identity *who,
                          enum verdict verdict, enum accept_rule rule)
{
    struct answer answer;
    accept_server(&answer, &s->phone, kind, who->certificate);
    expect_answer(&answer, verdict, rule);
}

static void test_servers_are_known_by_the_record_of_their_role(void **state)
{
    const struct cast *c = *state;
    struct scene s;
    scene_set(&s, c);
    expect_server(&s, SERVER_CAPF, &c->capf, VERDICT_YES, RULE_CERTIFICATE_IN_CTL);
    expect_server(&s, SERVER_CALLMANAGER, &c->old, VERDICT_YES, RULE_CERTIFICATE_IN_CTL);
    expect_server(&s, SERVER_TVS, &c->tvs, VERDICT_YES, RULE_CERTIFICATE_IN_ITL);
    /* The right certificate in the wrong role is as good as none. */
    expect_server(&s, SERVER_CAPF, &c->old, VERDICT_THROUGH_TVS, RULE_ASK_TVS);
    expect_server(&s, SERVER_CALLMANAGER, &c->capf, VERDICT_THROUGH_TVS, RULE_ASK_TVS);
    s.phone.ctl = NULL; /* the ITL has the CAPF certificate by its hash */
    expect_server(&s, SERVER_CAPF, &c->capf, VERDICT_YES, RULE_CERTIFICATE_IN_ITL);
    scene_clear(&s);
}

static void test_a_tvs_is_believed_by_the_itl_alone(void **state)
{
    const struct cast *c = *state;
    const struct entry entries[] = {{&c->old, ROLE_SAST}, {&c->tvs, ROLE_TVS}, {NULL, END}};
    struct scene s;
    scene_set(&s, c);
    expect_server(&s, SERVER_TVS, &c->fresh, VERDICT_NO, RULE_UNKNOWN_CERTIFICATE);
    /* Were it in a CTL, where it never is, it would not count. */
    struct held strange = hold(&(struct list_plan){TRUSTLIST_CTL, &c->old, entries});
    s.phone = phone("7975", &strange, NULL);
    expect_server(&s, SERVER_TVS, &c->tvs, VERDICT_NO, RULE_UNKNOWN_CERTIFICATE);
    held_drop(&strange);
    scene_clear(&s);
}

static void test_tvs_must_vouch_for_a_server_in_its_role(void **state)
{
    const struct cast *c = *state;
    struct scene s;
    struct testimony said = {.kind = TESTIMONY_VOUCHED};
    scene_set(&s, c);
    s.phone.testimony = &said;
    testimony_add_role(&said, ROLE_CAPF);
    expect_server(&s, SERVER_CAPF, &c->fresh, VERDICT_YES, RULE_TVS_VOUCHES);
    expect_server(&s, SERVER_HTTPS, &c->fresh, VERDICT_NO, RULE_TVS_REFUSES);
    said.kind = TESTIMONY_DENIED;
    expect_server(&s, SERVER_CAPF, &c->fresh, VERDICT_NO, RULE_TVS_REFUSES);
    said.kind = TESTIMONY_SILENCE;
    expect_server(&s, SERVER_CAPF, &c->fresh, VERDICT_NO, RULE_TVS_SILENT);
    scene_clear(&s);
}

static void test_what_tvs_would_say_of_a_server(void **state)
{
    const struct cast *c = *state;
    const struct certificate *shows = c->tvs.certificate;
    const struct vouched vouched = {c->fresh.certificate, BIT(ROLE_CAPF)};
    const struct tvs_set tvs = {&shows, 1, &vouched, 1};
    struct scene s;
    struct answer a;
    scene_set(&s, c);
    accept_server_foreseen(&a, &s.phone, SERVER_CAPF, c->fresh.certificate, &tvs);
    expect_answer(&a, VERDICT_THROUGH_TVS, RULE_ASK_TVS);
    accept_server_foreseen(&a, &s.phone, SERVER_HTTPS, c->fresh.certificate, &tvs);
    expect_answer(&a, VERDICT_NO, RULE_TVS_REFUSES);
    accept_server_foreseen(&a, &s.phone, SERVER_CAPF, c->other.certificate, &tvs);
    expect_answer(&a, VERDICT_NO, RULE_TVS_REFUSES);
    accept_server_foreseen(&a, &s.phone, SERVER_CAPF, c->capf.certificate, &tvs);
    expect_answer(&a, VERDICT_YES, RULE_CERTIFICATE_IN_CTL);
    scene_clear(&s);
}

static void test_phones_without_tvs_or_lists_know_no_stranger(void **state)
{
    const struct cast *c = *state;
    struct scene s;
    struct answer a;
    scene_set(&s, c);
    s.phone.model = model_find("7960");
    expect_server(&s, SERVER_CAPF, &c->fresh, VERDICT_NO, RULE_UNKNOWN_CERTIFICATE);
    s.phone = phone("7975", NULL, NULL);
    expect_server(&s, SERVER_CAPF, &c->capf, VERDICT_NO, RULE_UNKNOWN_CERTIFICATE);
    s.phone = phone(NULL, &s.ctl, &s.itl);
    expect_server(&s, SERVER_CAPF, &c->fresh, VERDICT_UNKNOWN, RULE_ASK_TVS);
    s.phone = phone("6941", &s.ctl, &s.itl); /* that it asks TVS is inferred */
    accept_server(&a, &s.phone, SERVER_CAPF, c->fresh.certificate);
    expect_answer(&a, VERDICT_THROUGH_TVS, RULE_ASK_TVS);
    assert_true(a.inferred);
    scene_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_CAST(test_through_tvs_stands_when_the_tvs_of_the_itl_runs_and_vouches),
        WITH_CAST(test_a_tvs_with_another_certificate_helps_nobody),
        WITH_CAST(test_a_tvs_that_does_not_know_the_signer_as_an_anchor_helps_nobody),
        WITH_CAST(test_a_model_of_old_tls_cannot_ask_a_tvs_of_modern_tls),
        WITH_CAST(test_what_the_lists_say_needs_no_tvs),
        WITH_CAST(test_a_model_nobody_knows_stays_unknown_unless_tvs_could_not_help),
        WITH_CAST(test_a_file_wants_a_signer_of_files),
        WITH_CAST(test_servers_are_known_by_the_record_of_their_role),
        WITH_CAST(test_a_tvs_is_believed_by_the_itl_alone),
        WITH_CAST(test_tvs_must_vouch_for_a_server_in_its_role),
        WITH_CAST(test_what_tvs_would_say_of_a_server),
        WITH_CAST(test_phones_without_tvs_or_lists_know_no_stranger),
    };
    return RUN(tests);
}
