/* The plan against a real store: who would take a new list, and who would be lost. */
#include "stage.h"

#include "store/traits.h"

/* The cluster's certificates, before and after; a name of NULL ends them. */
struct member {
    const char *name;
    const struct identity *who;
};
static const struct member nobody[] = {{NULL, NULL}};

/* TVS speaks TLS 1.2 and newer alone. */
static bool modern;

static struct scene *make_scene(const struct member *members, size_t anchors)
{
    struct roster roster = {0};
    struct scene *scene = NULL;
    struct why why = WHY_NONE;
    struct store_node node;
    const struct list_policy policy = {
        .anchors = {.key = {"CallManager", "ITLRecovery"}, .count = anchors}};
    assert_int_equal(store_node_get(store, "n1", &node), 0);
    for (; members->name; members++)
        assert_int_equal(roster_replace(&roster, &node, members->name, members->who->certificate),
                         0);
    int result = scene_new(&scene, store, &roster, &policy, DIGEST_SHA1, modern, &why);
    if (result)
        fail_msg("%s", why_text(&why, result));
    roster_fini(&roster);
    return scene;
}

/* `list` NULL: the lists stay as they are. */
static void plan_change(struct plan *plan, enum list_kind kind, const struct buffer *list,
                        const struct member *now, const struct member *then, size_t anchors)
{
    struct plan_phones *phones = NULL;
    struct why why = WHY_NONE;
    struct plan_losses losses = {99, 99, 99};
    struct scene *before = make_scene(now, anchors);
    struct scene *after = make_scene(then, anchors);
    const bool changed[2] = {list && kind == LIST_CTL, list && kind == LIST_ITL};
    plan_init(plan);
    int result = plan_phones_load(&phones, store, "192.0.2.10", NULL, &why);
    if (result)
        fail_msg("%s", why_text(&why, result));
    if (list)
        assert_int_equal(scene_serve(after, kind, buffer_bytes(list)), 0);
    assert_int_equal(plan_make(plan, phones, before, after, changed), 0);
    if (list) {
        size_t lost = 0;
        assert_int_equal(plan_count_lost(phones, before, after, kind, &losses), 0);
        for (size_t i = 0; i < plan->count; i++)
            lost += plan_loses(&plan->entries[i]) &&
                    plan->entries[i].topic == (kind == LIST_CTL ? TOPIC_CTL : TOPIC_ITL);
        assert_int_equal(losses.lost, lost);
        assert_int_equal(losses.lost_before, plan->lost_before);
    }
    plan_phones_free(phones);
    scene_free(before);
    scene_free(after);
}

static void plan_for(struct plan *plan, enum list_kind kind, const struct buffer *list)
{
    plan_change(plan, kind, list, nobody, nobody, 2);
}

static void test_a_phone_that_holds_nothing_takes_any_list(void **state)
{
    (void)state;
    struct buffer list;
    struct plan plan;
    make_list(&list, LIST_CTL, &one, &two);
    add_phone("SEP000000000001", "7975");
    plan_for(&plan, LIST_CTL, &list);
    assert_int_equal(plan.count, 1);
    assert_int_equal(plan.lost, 0);
    assert_int_equal(plan.entries[0].answer.rule, RULE_FIRST_LIST);
    assert_string_equal(plan.entries[0].held, "");
    plan_fini(&plan);
    buffer_fini(&list);
}

static void test_a_list_signed_by_the_other_anchor_is_taken(void **state)
{
    (void)state;
    struct buffer held, next;
    struct plan plan;
    make_list(&held, LIST_CTL, &one, &two);
    make_list(&next, LIST_CTL, &two, &three);
    add_phone("SEP000000000001", "7975");
    serve("SEP000000000001", LIST_CTL, &held);
    plan_for(&plan, LIST_CTL, &next);
    assert_int_equal(plan.lost, 0);
    assert_int_equal(plan.entries[0].answer.rule, RULE_SIGNER_IN_CTL);
    plan_fini(&plan);
    buffer_fini(&held);
    buffer_fini(&next);
}

static void test_every_list_it_may_hold_must_say_yes(void **state)
{
    (void)state;
    struct buffer first, second, third;
    struct plan plan;
    make_list(&first, LIST_CTL, &one, &two);
    make_list(&second, LIST_CTL, &two, &three);
    make_list(&third, LIST_CTL, &three, &two);
    add_phone("SEP000000000001", "7975");
    add_phone("SEP000000000002", "7975");
    serve("SEP000000000001", LIST_CTL, &first);
    serve("SEP000000000001", LIST_CTL, &second); /* served is not confirmed */
    serve("SEP000000000002", LIST_CTL, &second);
    plan_for(&plan, LIST_CTL, &third);
    assert_int_equal(plan.count, 2);
    assert_int_equal(plan.lost, 1);
    assert_string_equal(plan.entries[0].device, "SEP000000000001"); /* the lost come first */
    assert_int_equal(plan.entries[1].answer.verdict, VERDICT_YES);
    plan_fini(&plan);
    buffer_fini(&first);
    buffer_fini(&second);
    buffer_fini(&third);
}

/* It holds the first list only, and the third came in spite of it. */
static void test_a_phone_lost_before_keeps_no_act_from_being_done(void **state)
{
    (void)state;
    struct buffer first, third, fourth, foreign;
    struct plan plan;
    char hash[LIST_HASH];
    make_list(&first, LIST_CTL, &one, &one);
    make_list(&third, LIST_CTL, &three, &two);
    make_list(&fourth, LIST_CTL, &two, &three);
    make_list(&foreign, LIST_CTL, &one, &one);
    add_phone("SEP000000000001", "7975");
    add_phone("SEP000000000002", "7975");
    serve("SEP000000000001", LIST_CTL, &first);
    plan_for(&plan, LIST_CTL, &third);
    assert_int_equal(plan.lost, 1);
    assert_int_equal(plan.lost_before, 0);
    plan_fini(&plan);

    assert_int_equal(store_list_publish(store, LIST_CTL, buffer_bytes(&third), hash, NULL), 0);
    serve("SEP000000000002", LIST_CTL, &third);
    plan_for(&plan, LIST_CTL, &fourth);
    assert_int_equal(plan.lost, 0);
    assert_int_equal(plan.lost_before, 1);
    assert_string_equal(plan.entries[0].device, "SEP000000000001");
    assert_true(plan.entries[0].lost_before);
    assert_false(plan_loses(&plan.entries[0]));
    assert_int_equal(plan.entries[0].answer.verdict, VERDICT_NO);
    assert_int_equal(plan.entries[1].answer.verdict, VERDICT_YES);
    plan_fini(&plan);

    /* What would bring it back would lose the other. */
    plan_for(&plan, LIST_CTL, &foreign);
    assert_int_equal(plan.lost, 1);
    assert_int_equal(plan.lost_before, 0);
    assert_string_equal(plan.entries[0].device, "SEP000000000002");
    plan_fini(&plan);
    buffer_fini(&first);
    buffer_fini(&third);
    buffer_fini(&fourth);
    buffer_fini(&foreign);
}

static void test_confirmation_forgets_what_was_served_before(void **state)
{
    (void)state;
    struct buffer first, second, third;
    struct plan plan;
    char hash[LIST_HASH];
    make_list(&first, LIST_CTL, &one, &two);
    make_list(&second, LIST_CTL, &two, &three);
    make_list(&third, LIST_CTL, &three, &two);
    add_phone("SEP000000000001", "7975");
    serve("SEP000000000001", LIST_CTL, &first);
    serve("SEP000000000001", LIST_CTL, &second);
    assert_int_equal(store_list_publish(store, LIST_CTL, buffer_bytes(&second), hash, NULL), 0);
    assert_int_equal(store_held_confirm(store, "SEP000000000001", hash, 1704067300), 0);
    plan_for(&plan, LIST_CTL, &third);
    assert_int_equal(plan.lost, 0);
    plan_fini(&plan);
    buffer_fini(&first);
    buffer_fini(&second);
    buffer_fini(&third);
}

static void test_phones_nobody_knows_count_as_one_that_may_hold_it_all(void **state)
{
    (void)state;
    struct buffer held, foreign;
    struct plan plan;
    make_list(&held, LIST_CTL, &one, &two);
    make_list(&foreign, LIST_CTL, &three, &three);
    serve("", LIST_CTL, &held);
    plan_for(&plan, LIST_CTL, &foreign);
    assert_int_equal(plan.count, 1);
    assert_int_equal(plan.lost, 1);
    assert_string_equal(plan.entries[0].device, "");
    /* What is said of it is said of that list alone. */
    assert_non_null(strstr(plan.entries[0].answer.explanation, "alone: The signer of this CTL"));
    assert_non_null(strstr(plan.entries[0].answer.explanation, "and they name no TVS to ask"));
    plan_fini(&plan);
    buffer_fini(&held);
    buffer_fini(&foreign);
}

static void test_a_7960_is_not_asked_about_an_itl(void **state)
{
    (void)state;
    struct buffer list;
    struct plan plan;
    make_list(&list, LIST_ITL, &one, &two);
    add_phone("SEP000000000001", "7960");
    plan_for(&plan, LIST_ITL, &list);
    assert_int_equal(plan.count, 0);
    assert_int_equal(plan.phones, 1);
    plan_fini(&plan);
    buffer_fini(&list);
}

static void say(const char *model, const char *device, const char *name, const char *value)
{
    struct store_trait trait = {.model = ""};
    snprintf(trait.model, sizeof trait.model, "%s", model);
    snprintf(trait.device, sizeof trait.device, "%s", device);
    snprintf(trait.name, sizeof trait.name, "%s", name);
    snprintf(trait.value, sizeof trait.value, "%s", value);
    assert_int_equal(store_trait_put(store, &trait, NULL), 0);
}

static void test_what_an_administrator_says_of_a_model_or_a_phone_counts(void **state)
{
    (void)state;
    struct buffer list;
    struct plan plan;
    make_list(&list, LIST_ITL, &one, &two);
    add_phone("SEP000000000001", "6941"); /* that it asks for an ITL is inferred */
    add_phone("SEP000000000002", "6941");
    say("6941", "", "itl", "no");
    plan_for(&plan, LIST_ITL, &list);
    assert_int_equal(plan.count, 0);
    plan_fini(&plan);
    say("", "SEP000000000002", "itl", "yes");
    plan_for(&plan, LIST_ITL, &list);
    assert_int_equal(plan.count, 1);
    assert_string_equal(plan.entries[0].device, "SEP000000000002");
    plan_fini(&plan);
    buffer_fini(&list);
}

static void test_a_list_of_its_own_is_not_held_against_the_cluster(void **state)
{
    (void)state;
    struct buffer list;
    struct plan plan;
    make_list(&list, LIST_CTL, &one, &two);
    add_phone("SEP000000000001", "7975");
    struct store_observation o = {
        .time = 1704067200,
        .kind = OBSERVED_LIST,
        .transport = TRANSPORT_TFTP,
        .complete = true,
        .device = "SEP000000000001",
        .address = "192.0.2.77",
        .file = "CTLSEP000000000001.tlv",
        .size = 9,
        .hash = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    assert_int_equal(store_observe(store, &o, 1, NULL), 0);
    plan_for(&plan, LIST_CTL, &list);
    assert_int_equal(plan.lost, 0);
    plan_fini(&plan);
    buffer_fini(&list);
}

static void test_thousands_of_phones_ask_few_questions(void **state)
{
    (void)state;
    struct buffer held, next;
    struct plan plan;
    make_list(&held, LIST_CTL, &one, &two);
    make_list(&next, LIST_CTL, &two, &three);
    assert_int_equal(store_begin(store, NULL), 0);
    for (int i = 0; i < 3000; i++) {
        char name[DEVICE_NAME];
        snprintf(name, sizeof name, "SEP%012X", (unsigned)i);
        add_phone(name, i % 2 ? "7975" : "8851");
    }
    assert_int_equal(store_commit(store, NULL), 0);
    serve("SEP000000000001", LIST_CTL, &held);
    plan_for(&plan, LIST_CTL, &next);
    assert_int_equal(plan.count, 3000);
    assert_int_equal(plan.lost, 0);
    plan_fini(&plan);
    buffer_fini(&held);
    buffer_fini(&next);
}

/* ---- TVS, bridges and what would help ---- */

static const struct member with_one[] = {{"CallManager", &one}, {"TVS", &tvs}, {NULL, NULL}};
static const struct member with_three[] = {{"CallManager", &three}, {"TVS", &tvs}, {NULL, NULL}};

/* Each kind of phone has the ITL of the one anchor there is, which changes. */
static void renew_the_one_anchor(struct plan *plan)
{
    struct buffer now, next;
    make_list_with(&now, LIST_ITL, &one, &one, &tvs);
    make_list_with(&next, LIST_ITL, &three, &three, &tvs);
    add_phone("SEP000000000001", "7975");
    serve("SEP000000000001", LIST_ITL, &now);
    plan_change(plan, LIST_ITL, &next, with_one, with_three, 1);
    buffer_fini(&now);
    buffer_fini(&next);
}

static void test_who_can_ask_tvs_takes_what_it_vouches_for(void **state)
{
    (void)state;
    struct plan plan;
    renew_the_one_anchor(&plan);
    assert_int_equal(plan.lost, 0);
    assert_int_equal(plan.through_tvs, 1);
    assert_int_equal(plan.burnt, 0);
    assert_int_equal(plan.entries[0].answer.verdict, VERDICT_THROUGH_TVS);
    assert_int_equal(plan.entries[0].answer.rule, RULE_ASK_TVS);
    plan_fini(&plan);
}

static void test_without_its_tvs_it_is_lost_and_starting_it_is_what_helps(void **state)
{
    (void)state;
    struct plan plan;
    run_tvs(false);
    renew_the_one_anchor(&plan);
    assert_true(plan.lost > 0);
    assert_int_equal(plan.entries[0].answer.rule, RULE_TVS_SILENT);
    assert_int_equal(plan.entries[0].remedy, REMEDY_START_TVS);
    plan_fini(&plan);
}

/* A 7975 speaks TLS 1.0. */
static void test_of_a_tvs_that_it_cannot_speak_with_the_version_is_what_helps(void **state)
{
    (void)state;
    struct plan plan;
    modern = true;
    renew_the_one_anchor(&plan);
    modern = false;
    assert_true(plan.lost > 0);
    assert_int_equal(plan.entries[0].answer.rule, RULE_TVS_SILENT);
    assert_int_equal(plan.entries[0].remedy, REMEDY_LEGACY_TLS);
    plan_fini(&plan);
}

/* The new TVS certificate is in the new list, which the phone cannot take. */
static void test_a_tvs_that_changes_with_the_anchor_helps_nobody(void **state)
{
    (void)state;
    static const struct member both[] = {
        {"CallManager", &three}, {"TVS", &another_tvs}, {NULL, NULL}};
    struct buffer now, next;
    struct plan plan;
    make_list_with(&now, LIST_ITL, &one, &one, &tvs);
    make_list_with(&next, LIST_ITL, &three, &three, &another_tvs);
    add_phone("SEP000000000001", "7975");
    serve("SEP000000000001", LIST_ITL, &now);
    plan_change(&plan, LIST_ITL, &next, with_one, both, 1);
    assert_true(plan.lost > 0);
    assert_int_equal(plan.entries[0].answer.rule, RULE_TVS_SILENT);
    assert_int_equal(plan.entries[0].remedy, REMEDY_SECOND_ANCHOR);
    plan_fini(&plan);
    buffer_fini(&now);
    buffer_fini(&next);
}

/* Its lists are signed by an anchor it knows, and yet: what it could fall back on would be gone. */
static void test_the_signer_of_files_and_tvs_do_not_both_change_before_uptake(void **state)
{
    (void)state;
    static const struct member first[] = {{"CallManager", &two}, {"TVS", &tvs}, {NULL, NULL}};
    static const struct member second[] = {
        {"CallManager", &two}, {"TVS", &another_tvs}, {NULL, NULL}};
    struct buffer held, now, next;
    struct plan plan;
    char hash[LIST_HASH];
    make_list_with(&held, LIST_ITL, &one, &two, &tvs);
    make_list_with(&now, LIST_ITL, &two, &three, &tvs);
    make_list_with(&next, LIST_ITL, &two, &three, &another_tvs);
    add_phone("SEP000000000001", "7975");
    serve("SEP000000000001", LIST_ITL, &held);
    assert_int_equal(store_list_publish(store, LIST_ITL, buffer_bytes(&now), hash, NULL), 0);
    plan_change(&plan, LIST_ITL, &next, first, second, 2);
    assert_int_equal(plan.lost, 0);
    assert_int_equal(plan.burnt, 1);
    assert_int_equal(plan.entries[0].bridge, BRIDGE_SERVERS);
    plan_fini(&plan);
    serve("SEP000000000001", LIST_ITL, &now); /* it has fetched */
    plan_change(&plan, LIST_ITL, &next, first, second, 2);
    assert_int_equal(plan.burnt, 0);
    plan_fini(&plan);
    buffer_fini(&held);
    buffer_fini(&now);
    buffer_fini(&next);
}

static void test_the_second_anchor_does_not_change_before_uptake_though_tvs_would_do(void **state)
{
    (void)state;
    struct buffer held, now, next;
    struct plan plan;
    char hash[LIST_HASH];
    make_list_with(&held, LIST_ITL, &one, &two, &tvs);
    make_list_with(&now, LIST_ITL, &two, &three, &tvs);
    make_list_with(&next, LIST_ITL, &three, &three, &tvs);
    add_phone("SEP000000000001", "7975");
    serve("SEP000000000001", LIST_ITL, &held);
    assert_int_equal(store_list_publish(store, LIST_ITL, buffer_bytes(&now), hash, NULL), 0);
    plan_change(&plan, LIST_ITL, &next, with_three, with_three, 2);
    assert_int_equal(plan.lost, 0);
    assert_int_equal(plan.through_tvs, 1);
    assert_int_equal(plan.burnt, 1);
    assert_int_equal(plan.entries[0].bridge, BRIDGE_ANCHORS);
    plan_fini(&plan);
    serve("SEP000000000001", LIST_ITL, &now);
    plan_change(&plan, LIST_ITL, &next, with_three, with_three, 2);
    assert_int_equal(plan.burnt, 0);
    assert_int_equal(plan.lost, 0);
    plan_fini(&plan);
    buffer_fini(&held);
    buffer_fini(&now);
    buffer_fini(&next);
}

/* Served is not proved, and who has not been proved to have taken a list may refuse the next. */
static void test_a_fetch_that_anybody_may_have_made_is_no_proof(void **state)
{
    (void)state;
    struct buffer first, second, third;
    struct plan plan;
    char hash[LIST_HASH];
    make_list(&first, LIST_CTL, &one, &two);
    make_list(&second, LIST_CTL, &two, &three);
    make_list(&third, LIST_CTL, &three, &three);
    add_phone("SEP000000000001", "7960");
    serve("SEP000000000001", LIST_CTL, &first);
    serve("SEP000000000001", LIST_CTL, &second); /* a stranger who knows its name */
    plan_for(&plan, LIST_CTL, &third);
    assert_int_equal(plan.lost, 1);
    assert_int_equal(plan.entries[0].answer.verdict, VERDICT_UNKNOWN);
    assert_int_equal(plan.entries[0].answer.rule, RULE_UNKNOWN_SIGNER);
    assert_non_null(strstr(plan.entries[0].answer.explanation, "not proved"));
    assert_int_equal(plan.entries[0].remedy, REMEDY_FETCH_FIRST);
    plan_fini(&plan);
    assert_int_equal(store_list_publish(store, LIST_CTL, buffer_bytes(&second), hash, NULL), 0);
    assert_int_equal(store_held_confirm(store, "SEP000000000001", hash, 1704067300), 0);
    plan_for(&plan, LIST_CTL, &third);
    assert_int_equal(plan.lost, 0);
    plan_fini(&plan);
    buffer_fini(&first);
    buffer_fini(&second);
    buffer_fini(&third);
}

/* It asks for no ITL, and the CTL it holds is served no more: the new signer reaches it never. */
static void test_a_phone_may_lose_its_files_where_no_list_changes(void **state)
{
    (void)state;
    struct buffer held;
    struct plan plan;
    make_list(&held, LIST_CTL, &one, &two);
    add_phone("SEP000000000001", "7960");
    serve("SEP000000000001", LIST_CTL, &held);
    assert_int_equal(store_list_unpublish(store, LIST_CTL), 0);
    plan_change(&plan, LIST_ITL, NULL, with_one, with_three, 2);
    assert_int_equal(plan.lost, 1);
    assert_int_equal(plan.entries[0].topic, TOPIC_FILES);
    assert_int_equal(plan.entries[0].answer.rule, RULE_UNKNOWN_SIGNER);
    assert_non_null(plan.entries[0].erase);
    plan_fini(&plan);
    buffer_fini(&held);
}

/* Of a server that it does not know a phone is told, and it stands in no way. */
static void test_a_server_a_phone_would_not_know_is_told_and_keeps_nothing_from_being_done(
    void **state)
{
    (void)state;
    static const struct member now[] = {
        {"CallManager", &one}, {"TVS", &tvs}, {"web", &two}, {NULL, NULL}};
    struct buffer held;
    struct plan plan;
    make_list_with(&held, LIST_ITL, &one, &two, &tvs);
    add_phone("SEP000000000001", "7975");
    serve("SEP000000000001", LIST_ITL, &held);
    run_tvs(true);
    plan_change(&plan, LIST_ITL, NULL, now,
                (const struct member[]){
                    {"CallManager", &one}, {"TVS", &another_tvs}, {"web", &two}, {NULL, NULL}},
                2);
    assert_int_equal(plan.lost, 0);
    assert_int_equal(plan.count, 1);
    assert_int_equal(plan.entries[0].topic, TOPIC_HTTPS);
    assert_int_equal(plan.entries[0].answer.rule, RULE_TVS_SILENT);
    plan_fini(&plan);
    buffer_fini(&held);
}

static void test_of_a_model_nobody_knows_it_helps_to_say_what_it_can_do(void **state)
{
    (void)state;
    struct buffer held, next;
    struct plan plan;
    make_list_with(&held, LIST_ITL, &one, &one, &tvs);
    make_list_with(&next, LIST_ITL, &three, &three, &tvs);
    add_phone("SEP000000000001", "840");
    serve("SEP000000000001", LIST_ITL, &held);
    plan_change(&plan, LIST_ITL, &next, with_one, with_three, 2);
    assert_int_equal(plan.entries[0].answer.verdict, VERDICT_UNKNOWN);
    assert_int_equal(plan.entries[0].remedy, REMEDY_TRAIT);
    plan_fini(&plan);
    say("840", "", "tvs", "yes");
    say("840", "", "itl", "yes");
    say("840", "", "signed_config", "yes");
    plan_change(&plan, LIST_ITL, &next, with_one, with_three, 2);
    assert_int_equal(plan.lost, 0);
    plan_fini(&plan);
    buffer_fini(&held);
    buffer_fini(&next);
}

static void test_what_nothing_would_save_needs_hands(void **state)
{
    (void)state;
    struct buffer held, foreign;
    struct plan plan;
    make_list(&held, LIST_CTL, &one, &two);
    make_list(&foreign, LIST_CTL, &three, &three);
    add_phone("SEP000000000001", "7960");
    serve("SEP000000000001", LIST_CTL, &held);
    plan_for(&plan, LIST_CTL, &foreign);
    assert_int_equal(plan.entries[0].remedy, REMEDY_HANDS);
    assert_non_null(strstr(plan.entries[0].erase, "CTL File"));
    plan_fini(&plan);
    buffer_fini(&held);
    buffer_fini(&foreign);
}

int main(void)
{
#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, enter, leave)
    const struct CMUnitTest tests[] = {
        WITH_STORE(test_a_phone_that_holds_nothing_takes_any_list),
        WITH_STORE(test_a_list_signed_by_the_other_anchor_is_taken),
        WITH_STORE(test_every_list_it_may_hold_must_say_yes),
        WITH_STORE(test_a_phone_lost_before_keeps_no_act_from_being_done),
        WITH_STORE(test_confirmation_forgets_what_was_served_before),
        WITH_STORE(test_phones_nobody_knows_count_as_one_that_may_hold_it_all),
        WITH_STORE(test_a_7960_is_not_asked_about_an_itl),
        WITH_STORE(test_what_an_administrator_says_of_a_model_or_a_phone_counts),
        WITH_STORE(test_a_list_of_its_own_is_not_held_against_the_cluster),
        WITH_STORE(test_thousands_of_phones_ask_few_questions),
        WITH_STORE(test_who_can_ask_tvs_takes_what_it_vouches_for),
        WITH_STORE(test_without_its_tvs_it_is_lost_and_starting_it_is_what_helps),
        WITH_STORE(test_of_a_tvs_that_it_cannot_speak_with_the_version_is_what_helps),
        WITH_STORE(test_a_tvs_that_changes_with_the_anchor_helps_nobody),
        WITH_STORE(test_the_signer_of_files_and_tvs_do_not_both_change_before_uptake),
        WITH_STORE(test_the_second_anchor_does_not_change_before_uptake_though_tvs_would_do),
        WITH_STORE(test_a_fetch_that_anybody_may_have_made_is_no_proof),
        WITH_STORE(test_a_phone_may_lose_its_files_where_no_list_changes),
        WITH_STORE(test_a_server_a_phone_would_not_know_is_told_and_keeps_nothing_from_being_done),
        WITH_STORE(test_of_a_model_nobody_knows_it_helps_to_say_what_it_can_do),
        WITH_STORE(test_what_nothing_would_save_needs_hands),
    };
    return RUN(tests);
}
