/* What phones prove of the lists they hold, and what proves nothing. */
#include "stage.h"

#include "base/log.h"
#include "base/text.h"
#include "cluster/evidence.h"

#define PHONE "SEP000000000001"

/* ---- what is observed ---- */

static void observe(enum observation_kind kind, const char *text, const struct identity *shown,
                    bool complete, int64_t time)
{
    struct store_observation o = {.time = time,
                                  .kind = kind,
                                  .transport = TRANSPORT_SCCP,
                                  .complete = complete,
                                  .device = PHONE,
                                  .address = "192.0.2.77"};
    text_copy(o.file, sizeof o.file, text);
    if (shown)
        text_hex(o.hash, sizeof o.hash,
                 bytes_of(certificate_sha256(shown->certificate), SHA256_SIZE), false, 0);
    assert_int_equal(store_observe(store, &o, 1, NULL), 0);
}

static void registers_with(const struct identity *shown)
{
    observe(OBSERVED_REGISTRATION, "registered, encrypted", shown, true, SERVED + 10);
}

static void reports(const char *text)
{
    observe(OBSERVED_ALARM, text, NULL, true, SERVED + 10);
}

static struct evidence_found weigh(void)
{
    struct evidence_found found = {99, 99};
    struct why why = WHY_NONE;
    int result = evidence_weigh(&found, store, "192.0.2.10", 0, SERVED + 100, &why);
    if (result)
        fail_msg("%s", why_text(&why, result));
    return found;
}

/* The call manager showed these, one after the other. */
static void own(const struct identity *callmanager)
{
    struct store_node node;
    struct store_certificate row = {.created = SERVED, .name = "CallManager"};
    assert_int_equal(store_node_get(store, "n1", &node), 0);
    row.node = node.id;
    text_hex(row.serial, sizeof row.serial, certificate_serial(callmanager->certificate), false, 0);
    buffer_init(&row.der, CERTIFICATE_DER_MAX);
    buffer_init(&row.chain, 1);
    buffer_append(&row.der, certificate_der(callmanager->certificate));
    assert_int_equal(store_certificate_put(store, &row, NULL), 0);
    store_certificate_fini(&row);
}

static int keep_held(void *context, const struct store_held *held)
{
    struct buffer *text = context;
    char word[80];
    text_format(word, sizeof word, "%s %.4s%s%s;", held->kind == LIST_CTL ? "CTL" : "ITL",
                held->hash, held->confirmed ? " confirmed" : "", held->refused ? " refused" : "");
    buffer_append(text, bytes_of_string(word));
    return 0;
}

/* "CTL 1a2b confirmed;ITL 3c4d refused;" of its lists, `expected` with the hashes in place of %s.
 */
static void assert_holds(const char *expected)
{
    struct buffer text;
    buffer_init(&text, 1000);
    assert_int_equal(store_held(store, PHONE, keep_held, &text), 0);
    buffer_append(&text, bytes_of("", 1));
    assert_string_equal((const char *)text.data, expected);
    buffer_fini(&text);
}

/* The first letters of its hash. */
static const char *name_of(char out[5], const struct buffer *list)
{
    char hash[LIST_HASH];
    assert_int_equal(digest_hex(DIGEST_KIND_SHA256, buffer_bytes(list), hash), 0);
    text_format(out, 5, "%.4s", hash);
    return out;
}

/* ---- a phone whose CTL changed ---- */

/* It was served a CTL of the anchors one and two whose server is `one`, then one of two and three
 * whose server is `two`: which of them it took nobody knows. */
struct change {
    struct buffer old, new;
    char old_name[5], new_name[5];
};

static void change_ctl(struct change *c, const char *model)
{
    own(&one);
    add_phone(PHONE, model);
    make_list(&c->old, LIST_CTL, &one, &two);
    make_list(&c->new, LIST_CTL, &two, &three);
    name_of(c->old_name, &c->old);
    name_of(c->new_name, &c->new);
    serve_at(PHONE, LIST_CTL, &c->old, SERVED - 86400);
    serve(PHONE, LIST_CTL, &c->new);
    own(&two);
}

static void change_fini(struct change *c)
{
    buffer_fini(&c->old);
    buffer_fini(&c->new);
}

static void expect(const struct change *c, const char *old, const char *new)
{
    char expected[200];
    text_format(expected, sizeof expected, "%s%s%s%s%s", old ? "CTL " : "", old ? c->old_name : "",
                old ? old : "", new ? "CTL " : "", new ? c->new_name : "");
    if (new)
        text_format(expected + strlen(expected), sizeof expected - strlen(expected), "%s", new);
    assert_holds(expected);
}

static void test_a_fetch_alone_proves_nothing(void **state)
{
    (void)state;
    struct change c;
    change_ctl(&c, "7960");
    assert_int_equal(weigh().confirmed, 0);
    expect(&c, ";", ";");
    change_fini(&c);
}

static void test_a_registration_with_a_server_that_only_the_new_list_names_proves_it(void **state)
{
    (void)state;
    struct change c;
    change_ctl(&c, "7960");
    registers_with(&two);
    assert_int_equal(weigh().confirmed, 1);
    expect(&c, NULL, " confirmed;");
    change_fini(&c);
}

static void test_a_registration_with_the_server_of_before_proves_the_old_list(void **state)
{
    (void)state;
    struct change c;
    change_ctl(&c, "7960");
    registers_with(&one);
    assert_int_equal(weigh().confirmed, 1);
    /* It had it then; that it took the new one since is as possible as before. */
    expect(&c, " confirmed;", ";");
    change_fini(&c);
}

/* Its TVS might have vouched for the server. */
static void test_a_phone_that_may_have_asked_tvs_has_proved_nothing(void **state)
{
    (void)state;
    struct change c;
    struct buffer itl;
    char name[5];
    char expected[100];
    own(&one);
    add_phone(PHONE, "7975");
    make_list_with(&itl, LIST_ITL, &one, &two, &tvs);
    make_list(&c.old, LIST_CTL, &one, &two);
    make_list(&c.new, LIST_CTL, &two, &three);
    serve(PHONE, LIST_CTL, &c.old);
    serve(PHONE, LIST_ITL, &itl);
    serve(PHONE, LIST_CTL, &c.new);
    own(&two);
    registers_with(&two);
    (void)weigh();
    text_format(expected, sizeof expected, "CTL %s", name_of(name, &c.new));
    struct buffer text;
    buffer_init(&text, 1000);
    assert_int_equal(store_held(store, PHONE, keep_held, &text), 0);
    buffer_append(&text, bytes_of("", 1));
    assert_non_null(strstr((const char *)text.data, name_of(name, &c.old))); /* still possible */
    assert_null(strstr((const char *)text.data, strcat(expected, " confirmed")));
    buffer_fini(&text);
    buffer_fini(&itl);
    change_fini(&c);
}

static void test_what_proves_nothing(void **state)
{
    (void)state;
    struct change c;
    change_ctl(&c, "7960");
    observe(OBSERVED_REGISTRATION, "registered, non-secure", NULL, true, SERVED + 10); /* TCP */
    observe(OBSERVED_REGISTRATION, "refused: foreign", &two, false, SERVED + 11);
    observe(OBSERVED_REGISTRATION, "registered, encrypted", &three, true, SERVED + 12); /* whose? */
    observe(OBSERVED_ALARM, "Name=" PHONE " TL=1(TL_SUCCESS)", NULL, false, SERVED + 13); /* TCP */
    observe(OBSERVED_ALARM, "Name=" PHONE " Load=9.4 Last=Initialized", NULL, true, SERVED + 14);
    observe(OBSERVED_TVS, "CN=n1", &two, true, SERVED + 15); /* anybody may ask */
    observe(OBSERVED_CONFIG, PHONE ".cnf.xml.sgn", NULL, true, SERVED + 16);
    struct evidence_found found = weigh();
    assert_int_equal(found.confirmed, 0);
    assert_int_equal(found.refused, 0);
    expect(&c, ";", ";");
    change_fini(&c);
}

/* A stranger fetches the new list in the phone's name after the phone has registered. */
static void test_what_was_served_later_is_not_proved_by_what_was_done_before(void **state)
{
    (void)state;
    struct change c;
    change_ctl(&c, "7960");
    observe(OBSERVED_REGISTRATION, "registered, encrypted", &two, true, SERVED - 10);
    assert_int_equal(weigh().confirmed, 0);
    expect(&c, ";", ";");
    change_fini(&c);
}

static void test_a_success_that_the_phone_reports_proves_the_list_that_came_last(void **state)
{
    (void)state;
    struct change c;
    change_ctl(&c, "8945");
    reports("Name=" PHONE " TL=1(TL_SUCCESS)");
    assert_int_equal(weigh().confirmed, 1);
    expect(&c, NULL, " confirmed;");
    assert_int_equal(weigh().confirmed, 0); /* and once */
    change_fini(&c);
}

/* It says that it took one, and not which. */
static void test_of_two_lists_in_one_boot_a_success_proves_the_older_one(void **state)
{
    (void)state;
    struct change c;
    change_ctl(&c, "8945");
    serve(PHONE, LIST_CTL, &c.old);
    serve(PHONE, LIST_CTL, &c.new);
    reports("Name=" PHONE " TL=2(CTL_INITIAL_SUCCESS)");
    (void)weigh();
    expect(&c, " confirmed;", ";");
    change_fini(&c);
}

static void test_a_refusal_that_the_phone_reports_is_believed(void **state)
{
    (void)state;
    struct change c;
    change_ctl(&c, "8945");
    reports("Name=" PHONE " TL=5(TL_FAILED_OLD_CTL)");
    assert_int_equal(weigh().refused, 1);
    expect(&c, ";", " refused;");
    change_fini(&c);
}

static void test_a_refusal_of_the_other_kind_says_nothing_of_this_one(void **state)
{
    (void)state;
    struct change c;
    change_ctl(&c, "8945");
    reports("Name=" PHONE " TL=8(TL_FAILED_OLD_ITL)");
    assert_int_equal(weigh().refused, 0);
    expect(&c, ";", ";");
    change_fini(&c);
}

/* It may have come from the first list to the third around the second, which would not let it. Both
 * name the server it knew: were the second, the older one, proved, then the third would be ruled
 * out. */
static void test_a_list_that_the_phone_may_have_gone_around_is_not_proved(void **state)
{
    (void)state;
    struct buffer first, second, third;
    char names[3][5];
    char expected[100];
    own(&two);
    add_phone(PHONE, "7960");
    make_list(&first, LIST_CTL, &one, &three);
    make_any_list(&second, LIST_CTL, &(struct stage_list){{&one, &two}, &two, NULL, &one});
    make_any_list(&third, LIST_CTL, &(struct stage_list){{&three, &two}, &two, NULL, &three});
    serve_at(PHONE, LIST_CTL, &first, SERVED - 3000);
    serve_at(PHONE, LIST_CTL, &second, SERVED - 2000);
    serve_at(PHONE, LIST_CTL, &third, SERVED - 1000);
    registers_with(&two);
    assert_int_equal(weigh().confirmed, 0);
    text_format(expected, sizeof expected, "CTL %s;CTL %s;CTL %s;", name_of(names[0], &first),
                name_of(names[1], &second), name_of(names[2], &third));
    assert_holds(expected);
    buffer_fini(&first);
    buffer_fini(&second);
    buffer_fini(&third);
}

int main(void)
{
    const struct log_setup quiet = {.program = "test", .level = LEVEL_ERROR};
    if (log_open(&quiet, NULL) != 0)
        return 1;
    const struct CMUnitTest tests[] = {
#define EVIDENCE(name) cmocka_unit_test_setup_teardown(name, enter, leave)
        EVIDENCE(test_a_fetch_alone_proves_nothing),
        EVIDENCE(test_a_registration_with_a_server_that_only_the_new_list_names_proves_it),
        EVIDENCE(test_a_registration_with_the_server_of_before_proves_the_old_list),
        EVIDENCE(test_a_phone_that_may_have_asked_tvs_has_proved_nothing),
        EVIDENCE(test_what_proves_nothing),
        EVIDENCE(test_what_was_served_later_is_not_proved_by_what_was_done_before),
        EVIDENCE(test_a_success_that_the_phone_reports_proves_the_list_that_came_last),
        EVIDENCE(test_of_two_lists_in_one_boot_a_success_proves_the_older_one),
        EVIDENCE(test_a_refusal_of_the_other_kind_says_nothing_of_this_one),
        EVIDENCE(test_a_refusal_that_the_phone_reports_is_believed),
        EVIDENCE(test_a_list_that_the_phone_may_have_gone_around_is_not_proved),
    };
    return RUN(tests);
}
