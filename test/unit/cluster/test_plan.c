/* The plan against a real store: who would take a new list, and who would be lost. */
#include "support.h"

#include "base/file.h"
#include "cluster/plan.h"
#include "pki/signedfile.h"
#include "store/traits.h"

#include <stdio.h>
#include <string.h>

static char dir[1024];
static struct store *store;
static struct identity one, two, three; /* anchors */

static int enter(void **state)
{
    (void)state;
    char path[FILE_PATH];
    temporary_make(dir);
    assert_int_equal(file_path(path, dir, "t.db"), 0);
    assert_int_equal(store_open(&store, path, STORE_CREATE, NULL), 0);
    struct store_node node = {.name = "n1", .address = "192.0.2.10", .publisher = true};
    assert_int_equal(store_node_add(store, &node, NULL), 0);
    assert_int_equal(store_node_get(store, "n1", &node), 0);
    struct store_group group = {.name = "Default", .count = 1, .members = {node}};
    assert_int_equal(store_group_put(store, &group, NULL), 0);
    struct store_pool pool = {.name = "Default", .group = "Default", .date_template = "D/M/Y"};
    assert_int_equal(store_pool_put(store, &pool, NULL), 0);
    struct store_profile profile = {.name = "p",
                                    .model = "any",
                                    .mode = MODE_ENCRYPTED,
                                    .capf_auth = CAPF_AUTH_STRING,
                                    .key_size = 2048};
    assert_int_equal(store_profile_add(store, &profile, NULL), 0);
    assert_int_equal(identity_load(&one, vector_path("pool/rsa1024.pem"), NULL), 0);
    assert_int_equal(identity_load(&two, vector_path("pool/rsa2048.pem"), NULL), 0);
    assert_int_equal(identity_load(&three, vector_path("pool/rsa2048-2.pem"), NULL), 0);
    return 0;
}

static int leave(void **state)
{
    (void)state;
    store_close(store);
    identity_fini(&one);
    identity_fini(&two);
    identity_fini(&three);
    temporary_remove(dir);
    return 0;
}

/* A list whose anchors are `a` and `b`, signed by the first; it names the server 192.0.2.10. */
static void make_list(struct buffer *out, enum list_kind kind, const struct identity *a,
                      const struct identity *b)
{
    struct buffer body;
    static const uint8_t server[4] = {192, 0, 2, 10};
    buffer_init(&body, 65536);
    buffer_init(out, 65536);
    const struct identity *anchors[] = {a, b};
    for (size_t i = 0; i < 2; i++) {
        struct trustlist_record r = record_of_certificate(anchors[i]->certificate, ROLE_SAST,
                                                          RECORD_FULL, "n1", bytes_of(server, 4));
        assert_int_equal(record_write(&body, &r, NULL), 0);
    }
    struct trustlist_record r = record_of_certificate(a->certificate, ROLE_CCM_TFTP, RECORD_FULL,
                                                      "n1", bytes_of(server, 4));
    assert_int_equal(record_write(&body, &r, NULL), 0);
    struct envelope_spec spec = {
        .version_major = 1,
        .version_minor = 2,
        .digest = DIGEST_SHA1,
        .filename = bytes_of_string(kind == LIST_CTL ? "CTLFile.tlv" : "ITLFile.tlv"),
        .has_timestamp = true,
        .timestamp = 1704067200};
    assert_int_equal(signedfile_write(out, &spec, a, buffer_bytes(&body), NULL), 0);
    buffer_fini(&body);
}

static void add_phone(const char *name, const char *model)
{
    struct store_device d = {.pool = "Default", .profile = "p"};
    snprintf(d.name, sizeof d.name, "%s", name);
    snprintf(d.model, sizeof d.model, "%s", model);
    assert_int_equal(store_device_add(store, &d, NULL), 0);
}

static void serve(const char *device, enum list_kind kind, const struct buffer *list)
{
    struct store_observation o = {
        .time = 1704067200, .kind = OBSERVED_LIST, .transport = TRANSPORT_TFTP, .complete = true};
    snprintf(o.device, sizeof o.device, "%s", device);
    snprintf(o.address, sizeof o.address, "192.0.2.77");
    snprintf(o.file, sizeof o.file, "%sFile.tlv", kind == LIST_CTL ? "CTL" : "ITL");
    o.size = list->size;
    assert_int_equal(store_list_publish(store, kind, buffer_bytes(list), o.hash, NULL), 0);
    assert_int_equal(store_observe(store, &o, 1, NULL), 0);
}

static void plan_for(struct plan *plan, enum list_kind kind, const struct buffer *list)
{
    struct plan_phones *phones = NULL;
    struct why why = WHY_NONE;
    struct plan_losses losses = {99, 99};
    plan_init(plan);
    int result = plan_phones_load(&phones, store, "192.0.2.10", &why);
    if (result)
        fail_msg("%s", why_text(&why, result));
    assert_int_equal(plan_list(plan, phones, kind, buffer_bytes(list)), 0);
    plan_sort(plan);
    assert_int_equal(plan_count_lost(phones, kind, buffer_bytes(list), &losses), 0);
    assert_int_equal(losses.lost, plan->lost);
    assert_int_equal(losses.lost_before, plan->lost_before);
    plan_phones_free(phones);
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
    };
    return RUN(tests);
}
