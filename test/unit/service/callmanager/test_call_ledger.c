/* From the engine to the store and back: calls, records, forwards and the number plan. */
#include "callworld.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "service/callmanager/call_ledger.h"
#include "service/callmanager/call_numbers.h"

#include <string.h>

static char directory[1024];
static char where[FILE_PATH];
static struct store *store;
static struct store_async *async;
static struct loop *loop;
static struct call_ledger *ledger;

/* ---- a database with a node and two phones ---- */

static void fill(void)
{
    const struct store_node node = {.name = "pub", .address = "192.0.2.1", .publisher = true};
    const struct store_group group = {.name = "Default", .count = 1, .members = {node}};
    const struct store_pool pool = {.name = "Default", .group = "Default"};
    const struct store_profile profile = {.name = "Default",
                                          .model = "any",
                                          .mode = MODE_ENCRYPTED,
                                          .capf_auth = CAPF_AUTH_STRING,
                                          .key_size = 2048};
    const struct store_line lines[] = {
        {1, "1000", "Anna"}, {2, "2000", ""}, {3, "not a number", ""}};
    const struct store_device device = {
        .name = "SEP000000000000", .model = "7975", .profile = "Default", .pool = "Default"};
    assert_int_equal(store_node_add(store, &node, NULL), 0);
    assert_int_equal(store_group_put(store, &group, NULL), 0);
    assert_int_equal(store_pool_put(store, &pool, NULL), 0);
    assert_int_equal(store_profile_add(store, &profile, NULL), 0);
    assert_int_equal(store_device_add(store, &device, NULL), 0);
    assert_int_equal(store_lines_put(store, device.name, lines, 3, NULL), 0);
}

static int enter(void **state)
{
    world_enter(state);
    temporary_make(directory);
    assert_int_equal(file_path(where, directory, "test.db"), 0);
    assert_int_equal(store_open(&store, where, STORE_CREATE, NULL), 0);
    fill();
    assert_int_equal(loop_new(&loop), 0);
    assert_int_equal(store_async_new(&async, loop, where, STORE_WRITE, NULL), 0);
    return 0;
}

/* What the service does at its end; the store has written all when this returns. */
static void close_ledger(void)
{
    if (!ledger)
        return;
    call_ledger_flush(ledger);
    store_async_free(async);
    async = NULL;
    assert_int_equal(call_ledger_lost(ledger), 0);
    call_ledger_free(ledger);
    ledger = NULL;
}

static int leave(void **state)
{
    close_ledger();
    store_async_free(async);
    loop_free(loop);
    store_close(store);
    temporary_remove(directory);
    return world_leave(state);
}

static void open_ledger(void)
{
    assert_int_equal(call_ledger_new(&ledger, loop, async, "pub", 5), 0);
}

static void note(enum call_action_kind kind, const struct call_record *record)
{
    const struct call_action action = {.kind = kind, .record = *record};
    call_ledger_note(ledger, &action);
}

static struct call_record a_record(uint32_t id)
{
    struct call_record record = {.id = id,
                                 .dialled = "1001",
                                 .party = {{"1000", "SEP000000000000", CALL_ENCRYPTED},
                                           {"1001", "SEP000000000001", CALL_ENCRYPTED}},
                                 .began = loop_now(loop) - 65000,
                                 .answered = loop_now(loop) - 60000,
                                 .ended = -1,
                                 .security = CALL_ENCRYPTED,
                                 .suite = CALL_SUITE_AES_CM_128_HMAC_SHA1_32,
                                 .progress = CALL_PROGRESS_TALKING};
    /* Each of a phone of its own: one alone would not have them all recorded. */
    text_format(record.party[CALL_CALLER].device, sizeof record.party[CALL_CALLER].device,
                "SEP%012X", (unsigned)id);
    return record;
}

struct found {
    struct store_call calls[2048];
    size_t count;
};

static int take(void *context, const struct store_call *call)
{
    struct found *found = context;
    found->calls[found->count++] = *call;
    return 0;
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

/* ---- the loop, until the store has what is waited for ---- */

static struct loop_timer *look;
static size_t wanted_live, wanted_records;

static void look_again(void *context)
{
    (void)context;
    /* Records first: when they are there, the calls they were made of are gone. */
    if (records().count == wanted_records && live().count == wanted_live)
        loop_stop(loop);
    else
        loop_timer_start(look, 5);
}

static void until(size_t lives, size_t recorded)
{
    wanted_live = lives;
    wanted_records = recorded;
    assert_int_equal(loop_timer_new(&look, loop, look_again, NULL), 0);
    loop_timer_start(look, 0);
    assert_int_equal(loop_run(loop), 0);
    loop_timer_free(look);
}

/* ---- the tests ---- */

static void test_a_call_that_goes_on_is_in_the_store_a_moment_later(void **state)
{
    (void)state;
    struct call_record record = a_record(1);
    int64_t before = clock_wall();
    open_ledger();
    note(CALL_ACT_PROGRESS, &record);
    until(1, 0);
    struct found found = live();
    assert_int_equal(found.calls[0].reference, 1);
    assert_string_equal(found.calls[0].party[CALL_CALLEE].number, "1001");
    assert_int_equal(found.calls[0].security, CALL_ENCRYPTED);
    assert_true(found.calls[0].answered >= before - 61 && found.calls[0].answered <= before);
    assert_int_equal(found.calls[0].ended, 0);
    record.ended = record.answered + 59999;
    record.cause = CALL_CAUSE_HUNG_UP;
    note(CALL_ACT_OVER, &record);
    until(0, 1);
    found = records();
    assert_int_equal(found.calls[0].talked_ms, 59999);
    assert_int_equal(found.calls[0].cause, CALL_CAUSE_HUNG_UP);
}

static void test_a_call_that_changes_often_is_written_once(void **state)
{
    (void)state;
    struct call_record record = a_record(1);
    open_ledger();
    record.progress = CALL_PROGRESS_RINGING;
    note(CALL_ACT_PROGRESS, &record);
    for (int i = 0; i < 100; i++) {
        record.progress = i % 2 ? CALL_PROGRESS_TALKING : CALL_PROGRESS_HELD;
        note(CALL_ACT_PROGRESS, &record);
    }
    record.ended = loop_now(loop);
    record.cause = CALL_CAUSE_HUNG_UP;
    note(CALL_ACT_OVER, &record);
    until(0, 1);
    assert_int_equal(live().count, 0);
}

static void end_call_of(const char *device, uint32_t id)
{
    struct call_record record = a_record(id);
    text_copy(record.party[CALL_CALLER].device, sizeof record.party[CALL_CALLER].device, device);
    record.ended = loop_now(loop);
    note(CALL_ACT_OVER, &record);
}

static void test_a_phone_does_not_push_the_calls_of_others_out_of_the_records(void **state)
{
    (void)state;
    enum { MANY = 500 };
    const struct call_record last = a_record(MANY);
    assert_int_equal(call_ledger_new(&ledger, loop, async, "pub", 100), 0);
    end_call_of("SEP000000000009", MANY + 1);
    note(CALL_ACT_PROGRESS, &last);
    until(1, 1);
    for (uint32_t i = 1; i <= MANY; i++)
        end_call_of("SEP000000000000",
                    i); /* the last goes on in the store, and shall not for ever */
    end_call_of("SEP000000000009", MANY + 2);
    until(0, CALL_RECORDS_A_MINUTE + 2);
    assert_int_equal(call_ledger_left_out(ledger), MANY - CALL_RECORDS_A_MINUTE);
}

static void test_what_goes_on_at_the_end_of_the_service_becomes_records(void **state)
{
    (void)state;
    struct call_record first = a_record(1);
    struct call_record second = a_record(2);
    open_ledger();
    note(CALL_ACT_PROGRESS, &first);
    until(1, 0);
    note(CALL_ACT_PROGRESS, &second);
    close_ledger();
    assert_int_equal(live().count, 0);
    struct found found = records();
    assert_int_equal(found.count, 2);
    assert_int_equal(found.calls[0].cause, CALL_CAUSE_SERVER_ENDED);
}

static void test_what_a_killed_service_left_becomes_records_at_the_next_start(void **state)
{
    (void)state;
    const struct store_call left = {.reference = 1, .dialled = "1001", .began = 1000};
    struct store_node node;
    assert_int_equal(store_node_get(store, "pub", &node), 0);
    assert_int_equal(store_calls_write(store, node.id, &left, 1, 10, NULL), 0);
    open_ledger();
    struct call_record record = a_record(1);
    note(CALL_ACT_PROGRESS, &record);
    until(1, 1);
    assert_true(live().calls[0].began > 1000);
    assert_int_equal(records().calls[0].cause, CALL_CAUSE_SERVER_ENDED);
}

static void test_thousands_of_calls_are_all_written_and_the_newest_kept(void **state)
{
    (void)state;
    open_ledger();
    for (uint32_t i = 1; i <= 5000; i++) {
        struct call_record record = a_record(i);
        record.ended = loop_now(loop);
        record.cause = CALL_CAUSE_HUNG_UP;
        record.dialled[0] = i > 4995 ? '9' : '1';
        note(CALL_ACT_OVER, &record);
    }
    close_ledger();
    struct found found = records();
    assert_int_equal(found.count, 5);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(found.calls[i].dialled[0], '9');
}

static int count_one(void *context, const struct store_call *call)
{
    (void)call;
    ++*(size_t *)context;
    return 0;
}

static void test_more_than_the_ledger_holds_is_counted(void **state)
{
    (void)state;
    open_ledger();
    for (uint32_t i = 1; i <= 60000; i++) {
        struct call_record record = a_record(i);
        note(CALL_ACT_PROGRESS, &record); /* the loop, and so the store, has no turn */
    }
    uint64_t lost = call_ledger_lost(ledger);
    assert_true(lost > 0 && lost < 60000);
    call_ledger_flush(ledger);
    store_async_free(async);
    async = NULL;
    size_t written = 0;
    assert_int_equal(store_call_records(store, count_one, &written), 0);
    assert_int_equal(written + lost, 60000); /* those that went on have ended with the service */
    call_ledger_free(ledger);
    ledger = NULL;
}

/* What the engine of the world says goes into the ledger. */
static void press_and_note(unsigned tel, const struct call_event *event)
{
    const struct call_action *action;
    call_event(world.engine, world.tels[tel].phone, event, world.now);
    while ((action = call_engine_action(world.engine)))
        if (!action->owner)
            call_ledger_note(ledger, action);
}

static void test_a_forward_set_at_a_phone_is_kept_and_known_after_a_restart(void **state)
{
    (void)state;
    const struct call_event key = {.kind = CALL_EV_SET_FORWARD, .forward = CALL_FORWARD_BUSY};
    const struct call_event number = {.kind = CALL_EV_DIAL, .number = "1001"};
    struct call_numbers *numbers = NULL;
    size_t left_out = 0;
    open_ledger();
    press_and_note(0, &key);
    press_and_note(0, &number);
    close_ledger();
    for (unsigned i = 0; i < 5; i++)
        tel_remove(i, CALL_CAUSE_UNREGISTERED);
    assert_null(call_forwards_of(world.engine, "1000"));
    assert_int_equal(call_numbers_read(&numbers, store), 0);
    call_numbers_tell(numbers, world.engine, true, &left_out);
    call_numbers_free(numbers);
    assert_int_equal(left_out, 1); /* "not a number" */
    assert_string_equal(call_forwards_of(world.engine, "1000")->to[CALL_FORWARD_BUSY], "1001");
    assert_non_null(call_forwards_of(world.engine, "2000"));
    assert_null(call_forwards_of(world.engine, "1001")); /* of no phone in the database */
}

/* ---- a store that fails for a while ---- */

static int nothing(void *context, struct store *s)
{
    (void)context;
    (void)s;
    return 0;
}

static void stop(void *context, int result)
{
    (void)context;
    assert_int_equal(result, 0);
    loop_stop(loop);
}

/* All that was asked of the store by now has come back. */
static void let_the_store_answer(void)
{
    assert_int_equal(store_async_do(async, nothing, stop, NULL), 0);
    assert_int_equal(loop_run(loop), 0);
}

static void end_call(uint32_t id)
{
    struct call_record record = a_record(id);
    record.ended = loop_now(loop);
    record.cause = CALL_CAUSE_HUNG_UP;
    note(CALL_ACT_OVER, &record);
}

/* The node is none yet; that of a store that is locked, or has no room, is waited for like it. */
static void test_what_the_store_did_not_take_is_written_when_it_does(void **state)
{
    enum { CALLS = 1100 };
    const struct store_node late = {.name = "sub", .address = "192.0.2.2"};
    const struct call_action set = {.kind = CALL_ACT_KEEP_FORWARD,
                                    .kept = {"1000", CALL_FORWARD_ALL, "1001"}};
    const struct call_action anew = {.kind = CALL_ACT_KEEP_FORWARD,
                                     .kept = {"1000", CALL_FORWARD_ALL, "1002"}};
    struct call_numbers *numbers = NULL;
    size_t left_out = 0;
    (void)state;
    assert_int_equal(call_ledger_new(&ledger, loop, async, "sub", CALLS), 0);
    call_ledger_note(ledger, &set);
    let_the_store_answer();
    for (uint32_t i = 1; i <= CALLS; i++) {
        struct call_record record = a_record(i);
        note(CALL_ACT_PROGRESS, &record);
    }
    call_ledger_note(ledger, &anew);
    let_the_store_answer();
    end_call(7);
    assert_int_equal(live().count + records().count, 0);
    assert_int_equal(store_node_add(store, &late, NULL), 0);
    until(CALLS - 1, 1);
    assert_int_equal(records().calls[0].cause, CALL_CAUSE_HUNG_UP);
    assert_int_equal(call_ledger_lost(ledger), 0);
    assert_int_equal(call_numbers_read(&numbers, store), 0);
    call_numbers_tell(numbers, world.engine, true, &left_out);
    call_numbers_free(numbers);
    assert_string_equal(call_forwards_of(world.engine, "1000")->to[CALL_FORWARD_ALL], "1002");
}

static void test_what_the_store_does_not_take_until_the_end_is_lost_and_counted(void **state)
{
    (void)state;
    assert_int_equal(call_ledger_new(&ledger, loop, async, "nobody", 5), 0);
    end_call(1);
    end_call(2);
    call_ledger_flush(ledger);
    store_async_free(async);
    async = NULL;
    assert_int_equal(call_ledger_lost(ledger), 2);
    call_ledger_free(ledger);
    ledger = NULL;
}

/* Any phone can change one, and often: the plan is not read for it. */
static void test_forwards_are_read_alone_and_taken_by_who_has_the_number(void **state)
{
    const struct store_forward list[] = {{"1000", CALL_FORWARD_ALL, "1001"},
                                         {"1000", CALL_FORWARD_BUSY, "1002"},
                                         {"7777", CALL_FORWARD_ALL, "1001"}};
    struct call_numbers *numbers = NULL;
    const struct call_forwards old = {.to = {"", "1003"}};
    (void)state;
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(store_forward_put(store, &list[i], NULL), 0);
    assert_int_equal(call_plan_number(world.engine, "1001", &old), 0);
    assert_int_equal(call_plan_number(world.engine, "1234", NULL), 0); /* of no line here */
    assert_int_equal(call_numbers_read_forwards(&numbers, store), 0);
    call_numbers_tell_forwards(numbers, world.engine);
    world_drain();
    assert_string_equal(world.tels[0].forwards.to[CALL_FORWARD_ALL], "1001");
    assert_string_equal(world.tels[0].forwards.to[CALL_FORWARD_BUSY], "1002");
    assert_string_equal(world.tels[1].forwards.to[CALL_FORWARD_BUSY], "");
    assert_null(call_forwards_of(world.engine, "7777"));
    assert_non_null(call_forwards_of(world.engine, "1234"));
    uint64_t told = world.forwards_told;
    call_numbers_tell_forwards(numbers, world.engine);
    world_drain();
    assert_true(world.forwards_told == told); /* nothing has changed */
    call_numbers_free(numbers);
}

static void test_an_older_plan_leaves_forwards_as_they_are(void **state)
{
    struct call_numbers *numbers = NULL;
    size_t left_out = 0;
    const struct call_forwards newer = {.to = {"1001"}};
    (void)state;
    assert_int_equal(call_plan_number(world.engine, "1000", &newer), 0);
    assert_int_equal(call_numbers_read(&numbers, store), 0);
    call_numbers_tell(numbers, world.engine, false, &left_out);
    call_numbers_free(numbers);
    assert_string_equal(call_forwards_of(world.engine, "1000")->to[CALL_FORWARD_ALL], "1001");
}

static void test_the_ledger_owes_a_forward_until_it_is_written(void **state)
{
    const struct call_action set = {.kind = CALL_ACT_KEEP_FORWARD,
                                    .kept = {"1000", CALL_FORWARD_ALL, "1001"}};
    (void)state;
    open_ledger();
    assert_false(call_ledger_owes_forwards(ledger));
    call_ledger_note(ledger, &set);
    assert_true(call_ledger_owes_forwards(ledger)); /* on its way */
    call_ledger_note(ledger, &set);
    let_the_store_answer();
    assert_true(call_ledger_owes_forwards(ledger)); /* the second */
    let_the_store_answer();
    assert_false(call_ledger_owes_forwards(ledger));
    assert_int_equal(call_ledger_forwards_set(ledger), 2);
}

static void test_a_forward_taken_back_elsewhere_is_taken_back_here(void **state)
{
    (void)state;
    struct call_numbers *numbers = NULL;
    size_t left_out = 0;
    const struct call_forwards forwards = {.to = {"1001"}};
    assert_int_equal(call_plan_number(world.engine, "1000", &forwards), 0);
    world_drain();
    assert_int_equal(call_numbers_read(&numbers, store), 0);
    call_numbers_tell(numbers, world.engine, true, &left_out);
    call_numbers_free(numbers);
    world_drain();
    assert_string_equal(world.tels[0].forwards.to[CALL_FORWARD_ALL], "");
}

#define T(test) cmocka_unit_test_setup_teardown(test, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_a_call_that_goes_on_is_in_the_store_a_moment_later),
        T(test_a_call_that_changes_often_is_written_once),
        T(test_a_phone_does_not_push_the_calls_of_others_out_of_the_records),
        T(test_what_goes_on_at_the_end_of_the_service_becomes_records),
        T(test_what_a_killed_service_left_becomes_records_at_the_next_start),
        T(test_thousands_of_calls_are_all_written_and_the_newest_kept),
        T(test_more_than_the_ledger_holds_is_counted),
        T(test_a_forward_set_at_a_phone_is_kept_and_known_after_a_restart),
        T(test_what_the_store_did_not_take_is_written_when_it_does),
        T(test_what_the_store_does_not_take_until_the_end_is_lost_and_counted),
        T(test_forwards_are_read_alone_and_taken_by_who_has_the_number),
        T(test_an_older_plan_leaves_forwards_as_they_are),
        T(test_the_ledger_owes_a_forward_until_it_is_written),
        T(test_a_forward_taken_back_elsewhere_is_taken_back_here),
    };
    return RUN(tests);
}
