/* Soft keys: those a phone shows, in whatever it has come to. */
#include "office.h"

/* ---- the ways to each set of keys there is, for phone 0 ---- */

static void calls(void)
{
    press_soft_key(0, SCCP_KEY_NEW_CALL);
    press_keys(0, "1001");
}

static void connect_both(void)
{
    calls();
    press_soft_key(1, SCCP_KEY_ANSWER);
}

static void on_hook(void)
{
    calls(); /* so that there is something to redial */
    press_soft_key(0, SCCP_KEY_END_CALL);
}

static void off_hook(void)
{
    on_hook();
    press_soft_key(0, SCCP_KEY_NEW_CALL);
}

static void forwarding(void)
{
    on_hook();
    press_soft_key(0, SCCP_KEY_FORWARD_ALL);
}

static void dialling(void)
{
    off_hook();
    press_keys(0, "1");
}

static void hears_busy(void)
{
    calls();
    press_soft_key(1, SCCP_KEY_END_CALL);
}

static void knows_no_such_number(void)
{
    off_hook();
    press_keys(0, "7");
}

static void is_called(void)
{
    press_soft_key(1, SCCP_KEY_NEW_CALL);
    press_keys(1, "1000");
}

static void is_called_in_a_call(void)
{
    connect_both();
    press_soft_key(2, SCCP_KEY_NEW_CALL);
    press_keys(2, "1000");
}

static void holds(void)
{
    connect_both();
    press_soft_key(0, SCCP_KEY_HOLD);
}

static void is_held(void)
{
    connect_both();
    press_soft_key(1, SCCP_KEY_HOLD);
}

static void transfers(void)
{
    on_hook();
    connect_both();
    press_soft_key(0, SCCP_KEY_TRANSFER);
}

static void transfers_to_who_rings(void)
{
    transfers();
    press_keys(0, "1002");
}

static void transfers_to_who_answered(void)
{
    transfers_to_who_rings();
    press_soft_key(2, SCCP_KEY_ANSWER);
}

static void keeps_what_is_left(void)
{
    connect_both();
    unplug(1);
}

/* ---- what is shown, and what it means ---- */

/* The soft keys the phone shows beside each of its calls; none with call 0: at rest. */
struct shown_keys {
    uint32_t call, mask;
    enum sccp_key_set set;
};

static size_t keys_shown(struct shown_keys *out, size_t room)
{
    const struct phone *p = &office.phones[0];
    size_t count = 0;
    for (size_t i = 0; i < p->heard_count; i++) {
        const struct sccp_select_soft_keys *k = &p->heard[i].select_soft_keys;
        size_t at = 0;
        if (p->heard[i].id != SCCP_SELECT_SOFT_KEYS)
            continue;
        while (at < count && out[at].call != k->call)
            at++;
        assert_true(at < room);
        count += at == count;
        out[at] = (struct shown_keys){k->call, k->mask, k->set};
    }
    return count;
}

static bool goes_on(uint32_t call)
{
    const struct phone *p = &office.phones[0];
    bool any = false;
    for (size_t i = 0; i < p->call_count; i++) {
        bool on = p->states[i] != SCCP_STATE_ON_HOOK;
        if (on && p->calls_seen[i] == call)
            return true;
        any |= on;
    }
    return call == 0 && !any;
}

/* The events of the keys of each set, as the phone was told them. */
static struct sccp_soft_key_template template;
static struct sccp_soft_key_sets sets;

static void learn_keys(void)
{
    say_empty(0, SCCP_SOFT_KEY_TEMPLATE_REQ);
    template = told(0, SCCP_SOFT_KEY_TEMPLATE)->soft_key_template;
    say_empty(0, SCCP_SOFT_KEY_SET_REQ);
    sets = told(0, SCCP_SOFT_KEY_SET)->soft_key_sets;
}

static void begin_anew(void (*way)(void))
{
    for (unsigned i = 0; i < 3; i++)
        sign_on(i, CALL_LINK_PLAIN, 17, CALL_NOT_SECURE);
    learn_keys();
    way();
}

static uint64_t ignored(void)
{
    return call_engine_counters(office.engine)->ignored + office.site.counters.ignored;
}

/* False: there is no key. */
static bool press_shown(const struct shown_keys *shown, unsigned key)
{
    unsigned place = sets.sets[shown->set].key[key];
    uint64_t before = ignored();
    if (!place || !(shown->mask & 1u << key) || !goes_on(shown->call))
        return false;
    uint32_t event = template.keys[place - 1].event;
    told_count(0);
    press_about(0, (enum sccp_key)event, shown->call);
    if (ignored() != before || told_count(0) == 0)
        fail_msg("key %u of set %u does nothing", (unsigned)event, (unsigned)shown->set);
    return true;
}

/* Each key beside each call, at a phone that came there anew. */
static unsigned press_all_of(void (*way)(void))
{
    enum { CALLS = 4 };
    struct shown_keys shown[CALLS];
    unsigned pressed = 0;
    begin_anew(way);
    size_t count = keys_shown(shown, CALLS);
    for (size_t i = 0; i < count; i++)
        for (unsigned key = 0; key < SCCP_SOFT_KEYS_PER_SET; key++) {
            begin_anew(way);
            keys_shown(shown, CALLS);
            pressed += press_shown(&shown[i], key);
        }
    return pressed;
}

static void test_each_soft_key_that_is_shown_means_something(void **state)
{
    static void (*const ways[])(void) = {on_hook,
                                         off_hook,
                                         forwarding,
                                         dialling,
                                         hears_busy,
                                         is_called,
                                         knows_no_such_number,
                                         is_called_in_a_call,
                                         calls,
                                         connect_both,
                                         holds,
                                         is_held,
                                         transfers,
                                         transfers_to_who_rings,
                                         transfers_to_who_answered,
                                         keeps_what_is_left};
    (void)state;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        assert_true(press_all_of(ways[i]) > 0);
}

#define T(test) cmocka_unit_test_setup_teardown(test, office_enter, office_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_each_soft_key_that_is_shown_means_something),
    };
    return RUN(tests);
}
