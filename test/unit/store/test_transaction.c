/* Transactions, revisions, and several processes at once. */
#include "backend.h"

#include "base/clock.h"

#include <poll.h>
#include <sys/socket.h>

static int enter_filled(void **state)
{
    enter(state);
    fill_store();
    return 0;
}

static bool has(const char *name)
{
    char value[PARAMETER_VALUE];
    int result = store_parameter_get(store, name, value);
    assert_true(result == 0 || result == ERR_NOT_FOUND);
    return result == 0;
}

static void set(const char *name)
{
    struct why why = WHY_NONE;
    assert_done(store_parameter_set(store, name, "1", &why));
}

static void test_what_is_rolled_back_was_never_there(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    uint64_t before[AREA_COUNT], after[AREA_COUNT];
    assert_int_equal(store_revisions(store, before), 0);
    assert_done(store_begin(store, &why));
    set("a");
    assert_true(has("a")); /* seen by itself */
    store_rollback(store);
    assert_false(has("a"));
    assert_int_equal(store_revisions(store, after), 0);
    assert_memory_equal(before, after, sizeof before);
    store_rollback(store); /* once more is fine */
    set("b");
    assert_true(has("b"));
}

static void test_an_unfinished_transaction_ends_with_its_connection(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    assert_done(store_begin(store, &why));
    set("a");
    store_close(store);
    store = open_store(STORE_WRITE);
    assert_false(has("a"));
}

static void test_transactions_do_not_nest(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    assert_refused(store_commit(store, &why), ERR_BUG, "no transaction");
    assert_done(store_begin(store, &why));
    assert_refused(store_begin(store, &why), ERR_BUG, "inside another");
    set("a");
    assert_done(store_commit(store, &why));
    assert_true(has("a"));
}

/* A call that fails halfway takes back its own part and no more. */
static void test_a_failed_call_inside_a_transaction_undoes_itself_alone(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct store_group found;
    struct store_group wrong = {.name = "Default", .count = 2};
    text_copy(wrong.members[0].name, NODE_NAME, "pub");
    text_copy(wrong.members[1].name, NODE_NAME, "ghost");
    assert_done(store_begin(store, &why));
    set("before");
    assert_refused(store_group_put(store, &wrong, &why), ERR_NOT_FOUND, "ghost");
    set("after");
    assert_int_equal(store_list_unpublish(store, LIST_CTL), ERR_NOT_FOUND);
    assert_done(store_commit(store, &why));
    assert_true(has("before"));
    assert_true(has("after"));
    assert_int_equal(store_group_get(store, "Default", &found), 0);
    assert_int_equal(found.count, 1);
}

static void test_a_revision_moves_once_a_transaction_and_only_for_its_areas(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    uint64_t before[AREA_COUNT], after[AREA_COUNT];
    assert_int_equal(store_revisions(store, before), 0);
    assert_done(store_begin(store, &why));
    set("a");
    set("b");
    assert_done(store_device_delete(store, PHONE, &why));
    assert_done(store_commit(store, &why));
    assert_int_equal(store_revisions(store, after), 0);
    for (unsigned area = 0; area < AREA_COUNT; area++)
        assert_int_equal(after[area] - before[area],
                         area == AREA_PARAMETERS || area == AREA_DEVICES);
    set("a"); /* the value it has */
    assert_int_equal(store_revisions(store, before), 0);
    assert_memory_equal(before, after, sizeof before);
}

static void test_a_change_is_noticed_by_other_connections_alone(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct store *other = open_store(STORE_READ);
    assert_false(store_changed(other));
    assert_false(store_changed(store));
    set("a");
    assert_false(store_changed(store));
    assert_true(store_changed(other));
    assert_false(store_changed(other));
    assert_done(store_begin(store, &why));
    set("b");
    assert_false(store_changed(other)); /* not before it is there */
    store_rollback(store);
    assert_false(store_changed(other));
    store_close(other);
}

static void test_a_transaction_for_reading_does_not_see_what_comes_meanwhile(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct store *reader = open_store(STORE_READ);
    char value[PARAMETER_VALUE];
    assert_done(store_begin(reader, &why));
    assert_int_equal(store_parameter_get(reader, "a", value), ERR_NOT_FOUND);
    set("a");
    assert_int_equal(store_parameter_get(reader, "a", value), ERR_NOT_FOUND);
    assert_done(store_commit(reader, &why));
    assert_int_equal(store_parameter_get(reader, "a", value), 0);
    store_close(reader);
}

/* ---- other processes ---- */

enum { ROUNDS = 50 };

/* A parameter `to` follows `from`: each process waits for the other's turn, and only polls
 * store_changed(), as roles do. */
static void ping_pong(struct store *mine, const char *from, const char *to, bool first)
{
    for (int round = 1; round <= ROUNDS; round++) {
        char number[16];
        char value[PARAMETER_VALUE] = "";
        text_format(number, sizeof number, "%d", round);
        if (first && store_parameter_set(mine, to, number, NULL) != 0)
            _exit(10);
        int64_t deadline = clock_ms() + 20000;
        while (strcmp(value, number) != 0) {
            if (store_changed(mine)) {
                int result = store_parameter_get(mine, from, value);
                if (result && result != ERR_NOT_FOUND)
                    _exit(11);
            } else if (clock_ms() > deadline) {
                _exit(12);
            } else {
                poll(NULL, 0, 1);
            }
        }
        if (!first && store_parameter_set(mine, to, number, NULL) != 0)
            _exit(13);
    }
}

static void body_pong(void)
{
    struct store *mine = NULL;
    if (store_open(&mine, where, STORE_WRITE, NULL) != 0)
        _exit(1);
    ping_pong(mine, "ping", "pong", false);
    store_close(mine);
    _exit(0);
}

static void body_ping(void)
{
    struct store *mine = NULL;
    if (store_open(&mine, where, STORE_WRITE, NULL) != 0)
        _exit(1);
    ping_pong(mine, "pong", "ping", true);
    store_close(mine);
    _exit(0);
}

static void test_processes_see_each_others_commits_by_polling(void **state)
{
    (void)state;
    store_close(store);
    store = NULL;
    pid_t pong = spawn(body_pong);
    assert_child_succeeds(spawn(body_ping));
    assert_child_succeeds(pong);
}

/* Adds 1 to a number, read and written in one transaction. */
static void body_add(void)
{
    struct store *mine = NULL;
    if (store_open(&mine, where, STORE_WRITE, NULL) != 0)
        _exit(1);
    for (int i = 0; i < ROUNDS; i++) {
        char value[PARAMETER_VALUE] = "0";
        int64_t number = 0;
        if (store_begin(mine, NULL) != 0)
            _exit(2);
        int result = store_parameter_get(mine, "sum", value);
        if ((result && result != ERR_NOT_FOUND) || text_number(value, 0, 100000, &number) != 0)
            _exit(3);
        text_format(value, sizeof value, "%lld", (long long)number + 1);
        if (store_parameter_set(mine, "sum", value, NULL) != 0 || store_commit(mine, NULL) != 0)
            _exit(4);
    }
    store_close(mine);
    _exit(0);
}

static void test_writers_wait_for_each_other_and_lose_nothing(void **state)
{
    (void)state;
    enum { WRITERS = 4 };
    pid_t writers[WRITERS];
    char value[PARAMETER_VALUE];
    store_close(store);
    store = NULL;
    for (int i = 0; i < WRITERS; i++)
        writers[i] = spawn(body_add);
    for (int i = 0; i < WRITERS; i++)
        assert_child_succeeds(writers[i]);
    store = open_store(STORE_READ);
    assert_int_equal(store_parameter_get(store, "sum", value), 0);
    assert_int_equal(strtol(value, NULL, 10), WRITERS * ROUNDS);
}

static int gate[2];

/* Holds the right to write until the other end of the gate closes. */
static void body_hold(void)
{
    struct store *mine = NULL;
    char byte;
    close(gate[1]);
    if (store_open(&mine, where, STORE_WRITE, NULL) != 0 || store_begin(mine, NULL) != 0 ||
        store_parameter_set(mine, "held", "1", NULL) != 0)
        _exit(1);
    if (write(gate[0], "!", 1) != 1 || read(gate[0], &byte, 1) != 0)
        _exit(2);
    _exit(store_commit(mine, NULL) == 0 ? 0 : 3);
}

static void test_a_writer_that_waits_too_long_hears_what_to_do(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    char byte;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, gate), 0);
    store_close(store);
    store = NULL;
    pid_t holder = spawn(body_hold);
    close(gate[0]);
    assert_int_equal(read(gate[1], &byte, 1), 1);
    store = open_store(STORE_WRITE);
    assert_false(has("held")); /* who reads does not wait */
    int64_t start = clock_ms();
    assert_refused(store_parameter_set(store, "a", "1", &why), ERR_CONFLICT, "try again");
    assert_in_range(clock_ms() - start, 4500, 30000);
    assert_non_null(strstr(why.text, where));
    close(gate[1]);
    assert_child_succeeds(holder);
    assert_true(has("held"));
    set("a");
}

int main(void)
{
#define FILLED(test) cmocka_unit_test_setup_teardown(test, enter_filled, leave)
    const struct CMUnitTest tests[] = {
        FILLED(test_what_is_rolled_back_was_never_there),
        FILLED(test_an_unfinished_transaction_ends_with_its_connection),
        FILLED(test_transactions_do_not_nest),
        FILLED(test_a_failed_call_inside_a_transaction_undoes_itself_alone),
        FILLED(test_a_revision_moves_once_a_transaction_and_only_for_its_areas),
        FILLED(test_a_change_is_noticed_by_other_connections_alone),
        FILLED(test_a_transaction_for_reading_does_not_see_what_comes_meanwhile),
        FILLED(test_processes_see_each_others_commits_by_polling),
        FILLED(test_writers_wait_for_each_other_and_lose_nothing),
        FILLED(test_a_writer_that_waits_too_long_hears_what_to_do),
    };
    return RUN(tests);
}
