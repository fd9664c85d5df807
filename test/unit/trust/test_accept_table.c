/*
 * Generations against situations: docs/protocols/acceptance.md, "Who takes what", as a table; and
 * offers, which answer for many phones.
 */
#include "forge.h"

#include "base/clock.h"
#include "trust/accept.h"

enum situation {
    NOTHING_HELD_CTL,  /* a first CTL */
    NOTHING_HELD_ITL,  /* a first ITL */
    CTL_KNOWN_ANCHOR,  /* a new CTL, signed by the stored CTL's anchor */
    ITL_BY_STORED_CTL, /* a new ITL, only a CTL is stored */
    CTL_BY_STORED_ITL, /* a new CTL, only an ITL is stored */
    CTL_NEW_ANCHOR,    /* a CTL by an anchor nobody holds; CTL and ITL with TVS are stored */
    CTL_NEW_NO_ITL,    /* the same, with a CTL alone */
    CTL_FROM_AWAY,     /* a good CTL from a server whose address is not in the stored one */
    ITL_AFTER_EMPTY,   /* any ITL after the empty one */
    CTL_SHA512,        /* a first CTL signed with SHA-512 */
    CTL_4096,          /* a first CTL signed with a 4096-bit key */
    FILE_KNOWN,        /* a file by a TFTP certificate of the stored CTL */
    FILE_NEW_SIGNER,   /* a file by another; CTL and ITL with TVS are stored */
    FILE_PLAIN,        /* a plain file, though the stored CTL names a signer */
    FILE_FROM_AWAY,    /* FILE_KNOWN from that other server */
    SITUATIONS
};

static const char *const situation_names[SITUATIONS] = {
    "first CTL",
    "first ITL",
    "CTL, known anchor",
    "ITL, only a CTL stored",
    "CTL, only an ITL",
    "CTL, new anchor",
    "CTL, new anchor, no ITL",
    "CTL from another server",
    "ITL after empty",
    "SHA-512",
    "4096 bit",
    "file, known signer",
    "file, new signer",
    "plain file",
    "file from another server",
};

/* Y yes, T through TVS, N no, U unknown; small letters: an inferred trait had a say. A dot: the
 * phone would not hold what the situation supposes. */
static const struct expectation {
    const char *model;
    const char verdicts[SITUATIONS + 1];
} expectations[] = {
    /*               fCfI kIcT nCAe 5 4 FTPA */
    {"7940", "YNYN.NNN.nnYNNN"}, {"7960", "YNYN.NNN.nnYNNN"},       {"7911", "YYYYYTNYYnNYTNY"},
    {"7975", "YYYYYTNYYnNYTNY"}, {"7961G-GE", "YYYYYtNYYnNYtNY"},   {"7921", "YYYYYtNYYnNYtNY"},
    {"6901", "YNYN.NNU.nnYNNU"}, {"6941", "YYYYYtNYYnnYtNY"},       {"8841", "YYYYYTNYYyyYTNY"},
    {"8821", "YYYYYtNYYyyYtNY"}, {"8831", "YYYYYTNYYUnYTNY"},       {"8945", "YYYYYTNYYnnYTNY"},
    {"9971", "YYYYYTNYYnnYTNY"}, {"9841", "YYYYYtNYYyUYtnY"},       {"CSF", "YNYN.NNU.UUYNnU"},
    {"CIPC", "YnYn.nNU.nUYUUU"}, {"Webex DX80", "YYYY.nNYYUUYUUY"}, {"840", "YYYYYUNUYUUYUUU"},
};

struct stage {
    struct held ctl, itl, empty;
    struct bytes ctl_old, ctl_fresh, itl_old, itl_fresh, ctl_512, ctl_4096;
    struct bytes file_old, file_fresh;
};

static struct bytes list_of(const struct identity *who, enum trustlist_kind kind,
                            enum digest_code digest)
{
    const struct entry entries[] = {{who, ROLE_SAST}, {who, ROLE_CCM_TFTP}, {NULL, END}};
    return forge_list(&(struct list_plan){kind, who, entries, digest});
}

static void stage_set(struct stage *s, const struct cast *c)
{
    const struct entry ctl[] = {{&c->old, ROLE_SAST, false, "pub1", "192.0.2.10"},
                                {&c->old, ROLE_CCM_TFTP, false, "pub1", "192.0.2.10"},
                                {&c->capf, ROLE_CAPF},
                                {NULL, END}};
    const struct entry itl[] = {
        {&c->old, ROLE_SAST}, {&c->old, ROLE_TFTP}, {&c->tvs, ROLE_TVS, true}, {NULL, END}};
    const struct entry empty[] = {{&c->old, ROLE_SAST}, {&c->capf, ROLE_CAPF, true}, {NULL, END}};
    s->ctl = hold(&(struct list_plan){TRUSTLIST_CTL, &c->old, ctl});
    s->itl = hold(&(struct list_plan){TRUSTLIST_ITL, &c->old, itl});
    s->empty = hold(&(struct list_plan){TRUSTLIST_ITL, &c->old, empty});
    s->ctl_old = list_of(&c->old, TRUSTLIST_CTL, DIGEST_SHA1);
    s->ctl_fresh = list_of(&c->fresh, TRUSTLIST_CTL, DIGEST_SHA1);
    s->itl_old = list_of(&c->old, TRUSTLIST_ITL, DIGEST_SHA1);
    s->itl_fresh = list_of(&c->fresh, TRUSTLIST_ITL, DIGEST_SHA1);
    s->ctl_512 = list_of(&c->old, TRUSTLIST_CTL, DIGEST_SHA512);
    s->ctl_4096 = list_of(&c->big, TRUSTLIST_CTL, DIGEST_SHA1);
    s->file_old = forge_file(&c->old, "dialplan.xml.sgn", DIGEST_SHA1);
    s->file_fresh = forge_file(&c->fresh, "dialplan.xml.sgn", DIGEST_SHA1);
}

static void stage_clear(struct stage *s)
{
    held_drop(&s->ctl);
    held_drop(&s->itl);
    held_drop(&s->empty);
    const struct bytes all[] = {s->ctl_old, s->ctl_fresh, s->itl_old,  s->itl_fresh,
                                s->ctl_512, s->ctl_4096,  s->file_old, s->file_fresh};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        vector_free(all[i]);
}

static const uint8_t away[4] = {198, 51, 100, 7};

static void play(struct answer *out, const struct stage *s, const struct model *model,
                 enum situation situation)
{
    const struct trustlist *ctl = s->ctl.list;
    const struct trustlist *itl = s->itl.list;
    const struct play {
        const struct trustlist *ctl, *itl;
        struct bytes offered;
        const char *name; /* NULL: a CTL; "ITL": an ITL; else a file */
        bool away;
    } plays[SITUATIONS] = {
        [NOTHING_HELD_CTL] = {NULL, NULL, s->ctl_fresh},
        [NOTHING_HELD_ITL] = {NULL, NULL, s->itl_fresh, "ITL"},
        [CTL_KNOWN_ANCHOR] = {ctl, NULL, s->ctl_old},
        [ITL_BY_STORED_CTL] = {ctl, NULL, s->itl_old, "ITL"},
        [CTL_BY_STORED_ITL] = {NULL, itl, s->ctl_old},
        [CTL_NEW_ANCHOR] = {ctl, itl, s->ctl_fresh},
        [CTL_NEW_NO_ITL] = {ctl, NULL, s->ctl_fresh},
        [CTL_FROM_AWAY] = {ctl, NULL, s->ctl_old, NULL, true},
        [ITL_AFTER_EMPTY] = {NULL, s->empty.list, s->itl_fresh, "ITL"},
        [CTL_SHA512] = {NULL, NULL, s->ctl_512},
        [CTL_4096] = {NULL, NULL, s->ctl_4096},
        [FILE_KNOWN] = {ctl, NULL, s->file_old, "dialplan.xml.sgn"},
        [FILE_NEW_SIGNER] = {ctl, itl, s->file_fresh, "dialplan.xml.sgn"},
        [FILE_PLAIN] = {ctl, NULL, s->file_old, "dialplan.xml"},
        [FILE_FROM_AWAY] = {ctl, NULL, s->file_old, "dialplan.xml.sgn", true},
    };
    const struct play *p = &plays[situation];
    const struct phone_trust phone = {
        .model = model, .ctl = p->ctl, .itl = p->itl, .server = bytes_of(p->away ? away : home, 4)};
    if (!p->name)
        accept_list(out, &phone, TRUSTLIST_CTL, p->offered);
    else if (strcmp(p->name, "ITL") == 0)
        accept_list(out, &phone, TRUSTLIST_ITL, p->offered);
    else
        accept_file(out, &phone, p->name, p->offered);
}

static void test_every_generation_answers_every_situation_as_the_table_says(void **state)
{
    struct stage stage;
    stage_set(&stage, *state);
    size_t wrong = 0;
    for (size_t i = 0; i < sizeof expectations / sizeof *expectations; i++) {
        const struct model *model = model_find(expectations[i].model);
        assert_non_null(model);
        for (enum situation s = 0; s < SITUATIONS; s++) {
            struct answer a;
            play(&a, &stage, model, s);
            char letter = "YTNU"[a.verdict];
            if (a.inferred)
                letter = (char)(letter + 'a' - 'A');
            if (expectations[i].verdicts[s] == '.' || letter == expectations[i].verdicts[s])
                continue;
            print_message("# %s, %s: %c where %c is right: %s\n", expectations[i].model,
                          situation_names[s], letter, expectations[i].verdicts[s], a.explanation);
            wrong++;
        }
    }
    stage_clear(&stage);
    assert_int_equal(wrong, 0);
}

/* ---- offers ---- */

static void test_an_offer_answers_as_the_single_question_does(void **state)
{
    struct stage stage;
    stage_set(&stage, *state);
    struct offer *offer = NULL;
    assert_int_equal(offer_new_list(&offer, TRUSTLIST_CTL, stage.ctl_old), 0);
    assert_non_null(offer_trustlist(offer));
    for (const struct model *m = model_table(); m->name; m++) {
        const struct phone_trust phones[] = {
            {.model = m, .server = bytes_of(home, 4)},
            {.model = m, .ctl = stage.ctl.list, .server = bytes_of(home, 4)},
            {.model = m, .ctl = stage.ctl.list, .itl = stage.itl.list, .server = bytes_of(away, 4)},
            {.model = m, .itl = stage.empty.list},
        };
        for (size_t i = 0; i < 4; i++) {
            struct answer one;
            struct answer many;
            accept_list(&one, &phones[i], TRUSTLIST_CTL, stage.ctl_old);
            accept_offer(&many, &phones[i], offer);
            assert_int_equal(one.verdict, many.verdict);
            assert_int_equal(one.rule, many.rule);
            assert_int_equal(one.inferred, many.inferred);
            assert_string_equal(one.explanation, many.explanation);
        }
    }
    offer_free(offer);
    offer_free(NULL);
    stage_clear(&stage);
}

/* What was found good for one phone's key must not count for another's, however alike. */
static void test_an_offer_checks_each_key_that_a_phone_holds(void **state)
{
    const struct cast *c = *state;
    struct stage stage;
    stage_set(&stage, c);
    const struct entry entries[] = {{&c->old, ROLE_SAST}, {NULL, END}};
    struct held impostor = hold(&(struct list_plan){TRUSTLIST_CTL, &c->old, entries});
    struct trustlist_record *r = &impostor.list->records[0];
    struct offer *offer = NULL;
    assert_int_equal(offer_new_list(&offer, TRUSTLIST_CTL, stage.ctl_old), 0);
    const struct model *m = model_find("7975");
    const struct phone_trust honest = {.model = m, .ctl = stage.ctl.list};
    const struct phone_trust fooled = {.model = m, .ctl = impostor.list};
    const struct identity *others[] = {&c->tvs, &c->capf, &c->other, &c->fresh, &c->big};
    struct answer a;
    for (size_t round = 0; round < 4; round++) {
        accept_offer(&a, &honest, offer);
        expect_answer(&a, VERDICT_YES, RULE_SIGNER_IN_CTL);
        for (size_t i = 0; i < 5; i++) {
            r->certificate =
                round % 2 ? certificate_der(others[i]->certificate) : bytes_of(NULL, 0);
            r->hash = bytes_of(certificate_sha1(others[i]->certificate), SHA1_SIZE);
            r->public_key = certificate_public_key(others[i]->certificate);
            accept_offer(&a, &fooled, offer);
            expect_answer(&a, VERDICT_NO, RULE_BAD_SIGNATURE);
        }
    }
    offer_free(offer);
    held_drop(&impostor);
    stage_clear(&stage);
}

static void test_ten_thousand_phones_cost_one_signature_check(void **state)
{
    struct stage stage;
    stage_set(&stage, *state);
    struct offer *offer = NULL;
    assert_int_equal(offer_new_list(&offer, TRUSTLIST_CTL, stage.ctl_old), 0);
    const struct phone_trust phone = {.model = model_find("7975"),
                                      .ctl = stage.ctl.list,
                                      .itl = stage.itl.list,
                                      .server = bytes_of(home, 4)};
    struct answer a;
    int64_t begin = clock_ns();
    for (int i = 0; i < 100; i++)
        accept_list(&a, &phone, TRUSTLIST_CTL, stage.ctl_old);
    int64_t single = (clock_ns() - begin) / 100;
    begin = clock_ns();
    for (int i = 0; i < 10000; i++)
        accept_offer(&a, &phone, offer);
    int64_t many = (clock_ns() - begin) / 10000;
    print_message("# accept_list %lld ns, accept_offer %lld ns\n", (long long)single,
                  (long long)many);
    /* The ratio, so that a slow or busy machine does not matter. */
    assert_true(many * 3 < single);
    offer_free(offer);
    stage_clear(&stage);
}

static void test_verdicts_and_rules_have_words_of_their_own(void **state)
{
    (void)state;
    assert_string_equal(verdict_text(VERDICT_YES), "yes");
    assert_string_equal(verdict_text(VERDICT_THROUGH_TVS), "through_tvs");
    assert_string_equal(verdict_text(VERDICT_NO), "no");
    assert_string_equal(verdict_text(VERDICT_UNKNOWN), "unknown");
    for (enum accept_rule a = 0; a < RULE_COUNT; a++) {
        assert_non_null(accept_rule_text(a));
        for (enum accept_rule b = 0; b < a; b++)
            assert_string_not_equal(accept_rule_text(a), accept_rule_text(b));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_CAST(test_every_generation_answers_every_situation_as_the_table_says),
        WITH_CAST(test_an_offer_answers_as_the_single_question_does),
        WITH_CAST(test_an_offer_checks_each_key_that_a_phone_holds),
        WITH_CAST(test_ten_thousand_phones_cost_one_signature_check),
        cmocka_unit_test(test_verdicts_and_rules_have_words_of_their_own),
    };
    return RUN(tests);
}
