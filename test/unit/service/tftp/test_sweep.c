/* Who asks for the configurations of many phones, by a clock of the test's own. */
#include "support.h"

#include "service/tftp/sweep.h"

#include <stdio.h>
#include <string.h>

#define ALLOWANCE 800
#define START     5000

static struct sweep *sweep;

static int enter(void **state)
{
    (void)state;
    return sweep_new(&sweep, ALLOWANCE);
}

static int leave(void **state)
{
    (void)state;
    sweep_free(sweep);
    return 0;
}

static struct address host(const char *text)
{
    struct address a;
    assert_int_equal(address_parse(&a, text, 4000), 0);
    return a;
}

static const char *device(unsigned i)
{
    static char name[16];
    snprintf(name, sizeof name, "SEP%012X", i);
    return name;
}

static int64_t ask(const char *from, unsigned i, int64_t now)
{
    struct address a = host(from);
    return sweep_ask(sweep, &a, device(i), now);
}

static void stranger(const char *from, unsigned i, int64_t now)
{
    struct address a = host(from);
    sweep_stranger(sweep, &a, device(i), now);
}

/* Names [first, first + count), all at once; none waits. */
static void ask_freely(const char *from, unsigned first, unsigned count, int64_t now)
{
    for (unsigned i = 0; i < count; i++)
        if (ask(from, first + i, now) != 0)
            fail_msg("name %u of %s waits", i, from);
}

static void test_five_hundred_phones_behind_one_router_never_wait(void **state)
{
    (void)state;
    struct sweep_report r;
    for (int boot = 0; boot < 5; boot++) /* the short file, the sealed one, and all that again */
        ask_freely("192.0.2.1", 0, 500, START + boot * 5000);
    for (unsigned i = 0; i < 30; i++) { /* some of which nobody has added yet */
        ask_freely("192.0.2.1", 1000 + i, 1, START);
        stranger("192.0.2.1", 1000 + i, START);
        stranger("192.0.2.1", 1000 + i, START);
    }
    assert_false(sweep_report(sweep, START + 1000, &r));
    assert_int_equal(sweep_counters(sweep)->sweeps, 0);
}

static void test_beyond_the_allowance_new_names_take_turns(void **state)
{
    (void)state;
    ask_freely("192.0.2.1", 0, ALLOWANCE + 1, START);
    assert_int_equal(ask("192.0.2.1", 5000, START), 0);
    assert_int_equal(ask("192.0.2.1", 5001, START), SWEEP_STEP_MS);
    assert_int_equal(ask("192.0.2.1", 5002, START), 2 * SWEEP_STEP_MS);
    assert_int_equal(ask("192.0.2.1", 5003, START + 10000), 0);
    assert_int_equal(sweep_counters(sweep)->slowed, 2);
    ask_freely("192.0.2.2", 0, 100, START); /* another address has its own */
}

static void test_asking_again_neither_helps_nor_hurts(void **state)
{
    (void)state;
    ask_freely("192.0.2.1", 0, ALLOWANCE + 1, START);
    ask_freely("192.0.2.1", 0, 100, START); /* names it had before */
    ask("192.0.2.1", 5000, START);
    assert_int_equal(ask("192.0.2.1", 5001, START), SWEEP_STEP_MS);
    assert_int_equal(ask("192.0.2.1", 5001, START + 100), SWEEP_STEP_MS - 100);
    assert_int_equal(ask("192.0.2.1", 5001, START + 400), 0);
    assert_int_equal(ask("192.0.2.1", 5002, START + 100), 2 * SWEEP_STEP_MS - 100);
}

static void test_nobody_waits_longer_than_phones_bear(void **state)
{
    (void)state;
    unsigned waiting = 0;
    int64_t wait, longest = 0;
    ask_freely("192.0.2.1", 0, ALLOWANCE + 1, START);
    while ((wait = ask("192.0.2.1", 5000 + waiting, START)) >= 0) {
        longest = wait > longest ? wait : longest;
        waiting++;
    }
    assert_int_equal(waiting, SWEEP_LONGEST_MS / SWEEP_STEP_MS + 1);
    assert_int_equal(longest, SWEEP_LONGEST_MS);
    assert_int_equal(sweep_counters(sweep)->unanswered, 1);
    assert_int_equal(ask("192.0.2.1", 9000, START + SWEEP_STEP_MS), SWEEP_LONGEST_MS);
}

static void test_names_of_no_phone_are_noticed_sooner(void **state)
{
    (void)state;
    struct sweep_report r;
    unsigned n = 0;
    while (ask("192.0.2.1", n, START) == 0)
        stranger("192.0.2.1", n++, START);
    assert_in_range(n, ALLOWANCE / SWEEP_STRANGER, ALLOWANCE / SWEEP_STRANGER + 2);
    assert_true(sweep_report(sweep, START, &r));
    assert_int_equal(r.strangers, n);
}

static void test_a_sweep_is_said_once_when_it_begins_and_once_after(void **state)
{
    (void)state;
    struct sweep_report r;
    char text[ADDRESS_TEXT];
    ask_freely("192.0.2.1", 0, ALLOWANCE + 1, START);
    ask_freely("192.0.2.2", 0, ALLOWANCE + 1, START);
    for (int i = 0; i < 2; i++) {
        assert_true(sweep_report(sweep, START + 100, &r));
        assert_false(r.over);
        assert_int_equal(r.names, ALLOWANCE + 1);
    }
    assert_string_equal(address_host(text, &r.peer), "192.0.2.1");
    assert_false(sweep_report(sweep, START + 100, &r));
    for (unsigned i = 0; i < 20; i++)
        ask("192.0.2.1", 5000 + i, START + 200);
    assert_false(sweep_report(sweep, START + SWEEP_WINDOW_MS - 1, &r));
    unsigned names = 0;
    for (int i = 0; i < 2; i++) {
        assert_true(sweep_report(sweep, START + SWEEP_WINDOW_MS, &r));
        assert_true(r.over);
        names += r.names;
        if (strcmp(address_host(text, &r.peer), "192.0.2.1") == 0) {
            assert_int_equal(r.slowed, 12);
            assert_int_equal(r.unanswered, 7);
        }
    }
    assert_int_equal(names, 2 * (ALLOWANCE + 1) + 13);
    assert_false(sweep_report(sweep, START + SWEEP_WINDOW_MS, &r));
    assert_int_equal(sweep_counters(sweep)->sweeps, 2);
}

static void test_a_new_minute_begins_anew(void **state)
{
    (void)state;
    ask_freely("192.0.2.1", 0, ALLOWANCE + 1, START);
    ask_freely("192.0.2.1", 5000, ALLOWANCE, START + SWEEP_WINDOW_MS);
    assert_int_equal(sweep_counters(sweep)->sweeps, 1);
}

static void test_a_host_gains_nothing_by_many_addresses_of_its_network(void **state)
{
    (void)state;
    char from[64];
    for (unsigned i = 0; i <= ALLOWANCE; i++) {
        snprintf(from, sizeof from, "2001:db8::%x", i + 1);
        assert_int_equal(ask(from, i, START), 0);
    }
    ask("2001:db8::ffff", 5000, START);
    assert_int_equal(ask("2001:db8::fffe", 5001, START), SWEEP_STEP_MS);
    assert_int_equal(ask("2001:db8:0:1::1", 5002, START), 0);
}

static void test_when_there_is_no_room_an_address_is_slowed_all_the_same(void **state)
{
    (void)state;
    char from[64];
    for (unsigned i = 0; i < 100; i++) { /* fills the table of names */
        snprintf(from, sizeof from, "198.51.100.%u", i);
        ask_freely(from, i * 1000, 700, START);
    }
    ask_freely("192.0.2.1", 0, ALLOWANCE + 1, START);
    ask("192.0.2.1", 0, START);
    assert_true(ask("192.0.2.1", 1, START) > 0);
}

static void test_without_an_allowance_nobody_is_counted(void **state)
{
    (void)state;
    struct sweep_report r;
    sweep_free(sweep);
    assert_int_equal(sweep_new(&sweep, 0), 0);
    ask_freely("192.0.2.1", 0, 70000, START);
    assert_false(sweep_report(sweep, START, &r));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_five_hundred_phones_behind_one_router_never_wait),
        CASE(test_beyond_the_allowance_new_names_take_turns),
        CASE(test_asking_again_neither_helps_nor_hurts),
        CASE(test_nobody_waits_longer_than_phones_bear),
        CASE(test_names_of_no_phone_are_noticed_sooner),
        CASE(test_a_sweep_is_said_once_when_it_begins_and_once_after),
        CASE(test_a_new_minute_begins_anew),
        CASE(test_a_host_gains_nothing_by_many_addresses_of_its_network),
        CASE(test_when_there_is_no_room_an_address_is_slowed_all_the_same),
        CASE(test_without_an_allowance_nobody_is_counted),
    };
    return RUN(tests);
}
