/* What a phone may hold, from what it was served: every state it can be in, and no other. */
#include "forge.h"

#include "base/text.h"
#include "trust/history.h"

/* Three generations of lists. The first is of `old` and `other`; in the second `fresh` has taken
 * the place of `old` and `other` signs; the third is by a stranger, `capf`, alone. */
enum { GENERATIONS = 3 };

struct archive {
    struct held lists[GENERATIONS][2];
    struct offer *offers[GENERATIONS][2];
};

static void archive_set(struct archive *a, const struct cast *c)
{
    const struct identity *anchors[GENERATIONS][2] = {
        {&c->old, &c->other}, {&c->other, &c->fresh}, {&c->capf, &c->capf}};
    for (size_t g = 0; g < GENERATIONS; g++) {
        for (enum trustlist_kind kind = TRUSTLIST_CTL; kind <= TRUSTLIST_ITL; kind++) {
            const struct entry entries[] = {{anchors[g][0], ROLE_SAST},
                                            {anchors[g][1], ROLE_SAST},
                                            {anchors[g][0], ROLE_CCM_TFTP},
                                            {NULL, END}};
            a->lists[g][kind] = hold(&(struct list_plan){kind, anchors[g][0], entries});
            assert_int_equal(offer_new_list(&a->offers[g][kind], kind, a->lists[g][kind].file), 0);
        }
    }
}

static void archive_clear(struct archive *a)
{
    for (size_t g = 0; g < GENERATIONS; g++) {
        for (enum trustlist_kind kind = TRUSTLIST_CTL; kind <= TRUSTLIST_ITL; kind++) {
            offer_free(a->offers[g][kind]);
            held_drop(&a->lists[g][kind]);
        }
    }
}

static struct served served(const struct archive *a, size_t generation, enum trustlist_kind kind,
                            int64_t sequence)
{
    return (struct served){.list = a->lists[generation][kind].list,
                           .offer = a->offers[generation][kind],
                           .sequence = sequence};
}

static struct served served_again(struct served s, int64_t first)
{
    s.first = first;
    return s;
}

/* States as words, sorted: "c0i0 c1i1", a '-' for none. */
static void assert_states(const struct archive *a, const char *model, const struct served *s,
                          size_t count, const char *expected)
{
    const struct phone_trust p = {.model = model_find(model), .server = HOME};
    struct history history;
    char text[256] = "";
    assert_int_equal(history_init(&history, &p, s, count), 0);
    for (int ctl = -1; ctl < GENERATIONS; ctl++) {
        for (int itl = -1; itl < GENERATIONS; itl++) {
            for (size_t i = 0; i < history.count; i++) {
                const struct history_state *state = &history.states[i];
                const struct trustlist *lists[2];
                for (size_t k = 0; k < 2; k++)
                    lists[k] = state->held[k] ? state->held[k]->list : NULL;
                if (lists[0] != (ctl < 0 ? NULL : a->lists[ctl][0].list) ||
                    lists[1] != (itl < 0 ? NULL : a->lists[itl][1].list))
                    continue;
                size_t used = strlen(text);
                text_format(text + used, sizeof text - used, "%sc%ci%c", used ? " " : "",
                            ctl < 0 ? '-' : '0' + ctl, itl < 0 ? '-' : '0' + itl);
            }
        }
    }
    assert_string_equal(text, expected);
    history_fini(&history);
}

#define ASSERT_STATES(archive, model, array, expected) \
    assert_states(archive, model, array, sizeof(array) / sizeof *(array), expected)

static void test_a_phone_that_was_served_nothing_holds_nothing(void **state)
{
    struct archive a;
    archive_set(&a, *state);
    assert_states(&a, "7975", NULL, 0, "c-i-");
    archive_clear(&a);
}

/* Both lists of a restart are taken, or somebody else asked. */
static void test_lists_of_one_restart_come_together(void **state)
{
    struct archive a;
    archive_set(&a, *state);
    const struct served s[] = {served(&a, 0, 0, 4), served(&a, 0, 1, 5)};
    ASSERT_STATES(&a, "7975", s, "c-i- c0i0");
    archive_clear(&a);
}

static void test_lists_far_apart_may_be_of_different_restarts(void **state)
{
    struct archive a;
    archive_set(&a, *state);
    const struct served s[] = {served(&a, 0, 0, 4), served(&a, 0, 1, 9)};
    ASSERT_STATES(&a, "7975", s, "c-i- c-i0 c0i- c0i0");
    archive_clear(&a);
}

static void test_a_list_whose_end_was_not_acknowledged_may_not_have_come(void **state)
{
    struct archive a;
    archive_set(&a, *state);
    struct served s[] = {served(&a, 0, 0, 4), served(&a, 0, 1, 5)};
    s[1].doubtful = true;
    ASSERT_STATES(&a, "7975", s, "c-i- c-i0 c0i- c0i0");
    archive_clear(&a);
}

static void test_a_later_list_is_taken_by_the_rules_or_was_somebody_elses(void **state)
{
    struct archive a;
    archive_set(&a, *state);
    struct served s[] = {served(&a, 0, 0, 4), served(&a, 0, 1, 5), served(&a, 1, 0, 8),
                         served(&a, 1, 1, 9)};
    ASSERT_STATES(&a, "7975", s, "c-i- c0i0 c1i1");
    s[0].proved = s[1].proved = true;
    ASSERT_STATES(&a, "7975", s, "c0i0 c1i1");
    archive_clear(&a);
}

/* It was served what it cannot take: it still holds what it held. */
static void test_a_list_that_the_rules_refuse_is_not_held(void **state)
{
    struct archive a;
    archive_set(&a, *state);
    struct served s[] = {served(&a, 0, 0, 4), served(&a, 0, 1, 5), served(&a, 2, 0, 8),
                         served(&a, 2, 1, 9)};
    s[0].proved = s[1].proved = true;
    ASSERT_STATES(&a, "7975", s, "c0i0");
    /* A phone that takes anything, as far as is known, may have: */
    s[0].proved = s[1].proved = false;
    ASSERT_STATES(&a, "7975", s, "c-i- c0i0 c2i2");
    archive_clear(&a);
}

static void test_a_list_that_the_phone_says_it_refused_is_not_held(void **state)
{
    struct archive a;
    archive_set(&a, *state);
    struct served s[] = {served(&a, 0, 0, 4), served(&a, 0, 1, 5), served(&a, 1, 0, 8),
                         served(&a, 1, 1, 9)};
    s[0].proved = s[1].proved = true;
    s[2].refused = s[3].refused = true;
    ASSERT_STATES(&a, "7975", s, "c0i0");
    archive_clear(&a);
}

/* A 7960 asks for no ITL, whoever fetched one in its name. */
static void test_a_model_that_never_asks_holds_no_such_list(void **state)
{
    struct archive a;
    archive_set(&a, *state);
    const struct served s[] = {served(&a, 0, 1, 2), served(&a, 0, 0, 4), served(&a, 0, 1, 5)};
    const struct phone_trust p = {.model = model_find("7960"), .server = HOME};
    struct history history;
    assert_int_equal(history_init(&history, &p, s, 3), 0);
    for (size_t i = 0; i < history.count; i++)
        assert_null(history.states[i].held[TRUSTLIST_ITL]);
    history_fini(&history);
    archive_clear(&a);
}

/* What was held with a list before the other one was proved is not known: both ways are open. */
static void test_before_the_proof_of_the_other_list_the_rules_say_nothing(void **state)
{
    struct archive a;
    archive_set(&a, *state);
    struct served s[] = {served(&a, 2, 1, 3), served(&a, 0, 0, 9)};
    s[1].proved = true;
    ASSERT_STATES(&a, "7975", s, "c0i- c0i2");
    archive_clear(&a);
}

static void test_the_likely_state_is_that_of_a_phone_that_took_what_it_could(void **state)
{
    struct archive a;
    struct history history;
    const struct phone_trust p = {.model = model_find("7975"), .server = HOME};
    archive_set(&a, *state);
    struct served s[] = {served(&a, 0, 0, 4), served(&a, 0, 1, 5), served(&a, 1, 0, 8),
                         served(&a, 1, 1, 9)};
    assert_int_equal(history_init(&history, &p, s, 4), 0);
    assert_ptr_equal(history_likely(&history)->held[TRUSTLIST_CTL], &s[2]);
    assert_ptr_equal(history_likely(&history)->held[TRUSTLIST_ITL], &s[3]);
    assert_null(history_oldest(&history, TRUSTLIST_CTL));
    history_suppose_taken(&history, model_unknown()); /* it may never ask */
    assert_int_equal(history.count, 3);
    history_suppose_taken(&history, p.model);
    assert_int_equal(history.count, 2);
    assert_ptr_equal(history_oldest(&history, TRUSTLIST_CTL), &s[0]);
    history_fini(&history);
    archive_clear(&a);
}

static bool holds(void *context, const struct history_state *state)
{
    return state->held[TRUSTLIST_CTL] == context;
}

static void test_evidence_leaves_the_states_that_could_have_given_it(void **state)
{
    struct archive a;
    struct history history;
    const struct phone_trust p = {.model = model_find("7975"), .server = HOME};
    archive_set(&a, *state);
    struct served s[] = {served(&a, 0, 0, 4), served(&a, 0, 1, 5), served(&a, 1, 0, 8),
                         served(&a, 1, 1, 9)};
    assert_int_equal(history_init(&history, &p, s, 4), 0);
    history_restrict(&history, holds, &s[2]);
    assert_int_equal(history.count, 1);
    assert_ptr_equal(history_oldest(&history, TRUSTLIST_ITL), &s[3]);
    history_restrict(&history, holds, &s[0]); /* impossible now: nothing is learnt */
    assert_int_equal(history.count, 1);
    history_fini(&history);
    archive_clear(&a);
}

static void test_a_crowd_may_hold_each_list_alone(void **state)
{
    struct archive a;
    struct history history;
    archive_set(&a, *state);
    const struct served s[] = {served(&a, 0, 0, 1), served(&a, 2, 1, 2)};
    assert_int_equal(history_init_crowd(&history, s, 2), 0);
    assert_int_equal(history.count, 2);
    assert_ptr_equal(history.states[0].held[TRUSTLIST_CTL], &s[0]);
    assert_null(history.states[0].held[TRUSTLIST_ITL]);
    assert_ptr_equal(history.states[1].held[TRUSTLIST_ITL], &s[1]);
    history_fini(&history);
    archive_clear(&a);
}

static void test_too_many_lists_without_proof_are_said_to_be_too_many(void **state)
{
    struct archive a;
    struct history history;
    struct served s[HISTORY_SERVED_MAX + 1];
    const struct phone_trust p = {.model = model_find("7975"), .server = HOME};
    archive_set(&a, *state);
    for (size_t i = 0; i <= HISTORY_SERVED_MAX; i++)
        s[i] = served(&a, 0, 0, (int64_t)i * 5 + 1);
    assert_int_equal(history_init(&history, &p, s, HISTORY_SERVED_MAX + 1), ERR_LIMIT);
    assert_int_equal(history_init(&history, &p, s, HISTORY_SERVED_MAX), 0);
    history_fini(&history);
    archive_clear(&a);
}

/* The ITL came first, by itself; then somebody asked for a CTL, and for the ITL again. */
static void test_a_list_that_was_served_again_may_have_been_taken_the_first_time(void **state)
{
    struct archive a;
    archive_set(&a, *state);
    const struct served s[] = {served(&a, 0, 0, 5), served_again(served(&a, 0, 1, 6), 1)};
    ASSERT_STATES(&a, "7975", s, "c-i- c-i0 c0i0");
    archive_clear(&a);
}

/* An ITL and then a CTL are two visits: a boot asks for the CTL first. */
static void test_an_itl_does_not_come_together_with_the_ctl_after_it(void **state)
{
    struct archive a;
    archive_set(&a, *state);
    const struct served s[] = {served(&a, 0, 1, 1), served(&a, 0, 0, 2)};
    ASSERT_STATES(&a, "7975", s, "c-i- c-i0 c0i- c0i0");
    archive_clear(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_CAST(test_a_phone_that_was_served_nothing_holds_nothing),
        WITH_CAST(test_lists_of_one_restart_come_together),
        WITH_CAST(test_a_list_that_was_served_again_may_have_been_taken_the_first_time),
        WITH_CAST(test_an_itl_does_not_come_together_with_the_ctl_after_it),
        WITH_CAST(test_lists_far_apart_may_be_of_different_restarts),
        WITH_CAST(test_a_list_whose_end_was_not_acknowledged_may_not_have_come),
        WITH_CAST(test_a_later_list_is_taken_by_the_rules_or_was_somebody_elses),
        WITH_CAST(test_a_list_that_the_rules_refuse_is_not_held),
        WITH_CAST(test_a_list_that_the_phone_says_it_refused_is_not_held),
        WITH_CAST(test_a_model_that_never_asks_holds_no_such_list),
        WITH_CAST(test_before_the_proof_of_the_other_list_the_rules_say_nothing),
        WITH_CAST(test_the_likely_state_is_that_of_a_phone_that_took_what_it_could),
        WITH_CAST(test_evidence_leaves_the_states_that_could_have_given_it),
        WITH_CAST(test_a_crowd_may_hold_each_list_alone),
        WITH_CAST(test_too_many_lists_without_proof_are_said_to_be_too_many),
    };
    return RUN(tests);
}
