/* Calls that go on, calls that are over, and forwards. */
#include "backend.h"

#include "store/calls.h"

static struct store_call a_call(uint32_t reference)
{
    return (struct store_call){
        .reference = reference,
        .dialled = "1002",
        .party = {{"1001", "SEP000000000001", CALL_ENCRYPTED},
                  {"1002", "SEP000000000002", CALL_AUTHENTICATED}},
        .began = 1000 + reference,
        .answered = 1005 + reference,
        .security = CALL_AUTHENTICATED,
        .progress = CALL_PROGRESS_TALKING,
    };
}

static struct store_call a_record(uint32_t reference)
{
    struct store_call call = a_call(reference);
    call.ended = 1100 + reference;
    call.talked_ms = 95000;
    call.cause = CALL_CAUSE_HUNG_UP;
    call.ended_by = CALL_CALLEE;
    return call;
}

struct found {
    struct store_call calls[300];
    size_t count;
};

static int take(void *context, const struct store_call *call)
{
    struct found *found = context;
    found->calls[found->count++] = *call;
    return 0;
}

static void write_calls(const struct store_call *calls, size_t count, uint64_t keep)
{
    struct why why = WHY_NONE;
    assert_done(store_calls_write(store, node_id("pub"), calls, count, keep, &why));
}

static struct found live(void)
{
    struct found found = {.count = 0};
    assert_int_equal(store_calls(store, take, &found), 0);
    return found;
}

static struct found records(void)
{
    struct found found = {.count = 0};
    assert_int_equal(store_call_records(store, take, &found), 0);
    return found;
}

static int enter_filled(void **state)
{
    int result = enter(state);
    fill_store();
    return result;
}
#define FILLED(test) cmocka_unit_test_setup_teardown(test, enter_filled, leave)

static void test_a_call_that_goes_on_is_seen_as_it_was_said_last(void **state)
{
    (void)state;
    struct store_call call = a_call(7);
    call.answered = 0;
    call.progress = CALL_PROGRESS_RINGING;
    write_calls(&call, 1, 10);
    assert_int_equal(live().calls[0].progress, CALL_PROGRESS_RINGING);
    call = a_call(7);
    call.suite = CALL_SUITE_AES_CM_128_HMAC_SHA1_32;
    write_calls(&call, 1, 10);
    struct found found = live();
    assert_int_equal(found.count, 1);
    const struct store_call *c = &found.calls[0];
    assert_int_equal(c->id, 0);
    assert_string_equal(c->node, "pub");
    assert_int_equal(c->reference, 7);
    assert_string_equal(c->dialled, "1002");
    assert_string_equal(c->party[CALL_CALLER].number, "1001");
    assert_string_equal(c->party[CALL_CALLEE].device, "SEP000000000002");
    assert_int_equal(c->party[CALL_CALLER].security, CALL_ENCRYPTED);
    assert_int_equal(c->party[CALL_CALLEE].security, CALL_AUTHENTICATED);
    assert_int_equal(c->began, 1007);
    assert_int_equal(c->answered, 1012);
    assert_int_equal(c->security, CALL_AUTHENTICATED);
    assert_int_equal(c->suite, CALL_SUITE_AES_CM_128_HMAC_SHA1_32);
    assert_int_equal(c->progress, CALL_PROGRESS_TALKING);
    assert_int_equal(records().count, 0);
}

static void test_a_call_that_is_over_becomes_a_record_and_goes_on_no_more(void **state)
{
    (void)state;
    const struct store_call calls[] = {a_call(1), a_call(2), a_record(1), a_record(3)};
    write_calls(calls, 4, 10);
    assert_int_equal(live().count, 1);
    assert_int_equal(live().calls[0].reference, 2);
    struct found found = records();
    assert_int_equal(found.count, 2);
    assert_int_equal(found.calls[0].began, 1003); /* the newest first */
    const struct store_call *c = &found.calls[1];
    assert_true(c->id > 0);
    assert_string_equal(c->node, "pub");
    assert_string_equal(c->party[CALL_CALLER].device, "SEP000000000001");
    assert_int_equal(c->answered, 1006);
    assert_int_equal(c->ended, 1101);
    assert_int_equal(c->talked_ms, 95000);
    assert_int_equal(c->cause, CALL_CAUSE_HUNG_UP);
    assert_int_equal(c->ended_by, CALL_CALLEE);
}

static void test_only_the_newest_records_are_kept(void **state)
{
    (void)state;
    struct store_call calls[50];
    for (uint32_t round = 0; round < 5; round++) {
        for (uint32_t i = 0; i < 50; i++)
            calls[i] = a_record(50 * round + i);
        write_calls(calls, 50, 100);
    }
    struct found found = records();
    assert_int_equal(found.count, 100);
    assert_int_equal(found.calls[0].began, 1249);
    assert_int_equal(found.calls[99].began, 1150);
}

static void test_what_went_on_when_a_service_died_is_a_record_without_an_end(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    const struct store_call calls[] = {a_call(1), a_call(2)};
    write_calls(calls, 2, 10);
    assert_done(store_calls_abandon(store, node_id("pub"), &why));
    assert_int_equal(live().count, 0);
    struct found found = records();
    assert_int_equal(found.count, 2);
    assert_int_equal(found.calls[0].cause, CALL_CAUSE_SERVER_ENDED);
    assert_int_equal(found.calls[0].ended, 0);
    assert_int_equal(found.calls[0].talked_ms, 0);
    assert_int_equal(found.calls[0].answered, 1007);
    /* numbers begin anew */
    write_calls(calls, 1, 10);
    assert_int_equal(live().count, 1);
}

static void test_calls_of_a_node_nobody_knows_are_refused_whole(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    const struct store_call calls[] = {a_record(1)};
    assert_int_equal(store_calls_write(store, 99, calls, 1, 10, &why), ERR_NOT_FOUND);
    assert_int_equal(records().count, 0);
}

static void test_calls_move_no_area_and_forwards_their_own_when_they_are_news(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    uint64_t before[AREA_COUNT];
    uint64_t after[AREA_COUNT];
    const struct store_call calls[] = {a_call(1), a_record(2)};
    const struct store_forward forward = {"1001", CALL_FORWARD_ALL, "1002"};
    const struct store_forward other = {"1001", CALL_FORWARD_ALL, "1003"};
    const struct store_forward ended = {"1001", CALL_FORWARD_ALL, ""};
    assert_int_equal(store_revisions(store, before), 0);
    write_calls(calls, 2, 10);
    assert_int_equal(store_revisions(store, after), 0);
    assert_memory_equal(before, after, sizeof before);
    assert_done(store_forward_put(store, &forward, &why));
    assert_done(store_forward_put(store, &forward, &why));
    assert_done(store_forward_put(store, &other, &why));
    assert_done(store_forward_put(store, &ended, &why));
    assert_done(store_forward_put(store, &ended, &why));
    assert_int_equal(store_revisions(store, after), 0);
    assert_int_equal(after[AREA_FORWARDS], before[AREA_FORWARDS] + 3);
    assert_int_equal(after[AREA_DEVICES], before[AREA_DEVICES]);
}

static int take_forward(void *context, const struct store_forward *forward)
{
    char *text = context;
    size_t used = strlen(text);
    text_format(text + used, 200 - used, "%s/%d/%s ", forward->number, forward->kind, forward->to);
    return 0;
}

static void test_each_number_has_a_forward_of_each_kind(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    const struct store_forward forwards[] = {
        {"1002", CALL_FORWARD_BUSY, "1009"},
        {"1001", CALL_FORWARD_NO_ANSWER, "1003"},
        {"1001", CALL_FORWARD_ALL, "1002"},
    };
    const struct store_forward wrong = {"1001", (enum call_forward)3, "1002"};
    const struct store_forward nobody = {"", CALL_FORWARD_ALL, "1002"};
    char text[200] = "";
    for (size_t i = 0; i < 3; i++)
        assert_done(store_forward_put(store, &forwards[i], &why));
    assert_int_equal(store_forward_put(store, &wrong, &why), ERR_USAGE);
    assert_int_equal(store_forward_put(store, &nobody, &why), ERR_USAGE);
    assert_int_equal(store_forwards(store, take_forward, text), 0);
    assert_string_equal(text, "1001/0/1002 1001/2/1003 1002/1/1009 ");
}

static int take_number(void *context, const char *number)
{
    char *text = context;
    size_t used = strlen(text);
    text_format(text + used, 200 - used, "%s ", number);
    return 0;
}

static void test_a_number_of_several_lines_is_named_once(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    const struct store_line lines[] = {{1, "1002", ""}, {2, "1001", ""}};
    const struct store_device second = a_phone("SEP000000000002");
    char text[200] = "";
    assert_done(store_device_add(store, &second, &why));
    assert_done(store_lines_put(store, PHONE, lines, 2, &why));
    assert_done(store_lines_put(store, second.name, lines, 1, &why));
    assert_int_equal(store_numbers(store, take_number, text), 0);
    assert_string_equal(text, "1001 1002 ");
}

static void test_every_word_of_a_call_is_there(void **state)
{
    (void)state;
    assert_string_equal(call_security_name(CALL_ENCRYPTED), "encrypted");
    assert_string_equal(call_suite_name(CALL_SUITE_NONE), "");
    for (int i = 0; i < CALL_SECURITY_COUNT; i++)
        assert_string_not_equal(call_security_name((enum call_security)i), "?");
    for (int i = 0; i < CALL_SUITE_COUNT; i++)
        assert_string_not_equal(call_suite_name((enum call_suite)i), "?");
    for (int i = 0; i < CALL_PROGRESS_COUNT; i++)
        assert_string_not_equal(call_progress_name((enum call_progress)i), "?");
    for (int i = 0; i < CALL_CAUSE_COUNT; i++)
        assert_string_not_equal(call_cause_name((enum call_cause)i), "?");
    assert_string_equal(call_cause_name((enum call_cause)CALL_CAUSE_COUNT), "?");
    assert_string_equal(call_security_name((enum call_security) - 1), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FILLED(test_a_call_that_goes_on_is_seen_as_it_was_said_last),
        FILLED(test_a_call_that_is_over_becomes_a_record_and_goes_on_no_more),
        FILLED(test_only_the_newest_records_are_kept),
        FILLED(test_what_went_on_when_a_service_died_is_a_record_without_an_end),
        FILLED(test_calls_of_a_node_nobody_knows_are_refused_whole),
        FILLED(test_calls_move_no_area_and_forwards_their_own_when_they_are_news),
        FILLED(test_each_number_has_a_forward_of_each_kind),
        FILLED(test_a_number_of_several_lines_is_named_once),
        cmocka_unit_test(test_every_word_of_a_call_is_there),
    };
    return RUN(tests);
}
