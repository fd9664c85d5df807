/* Phones that are to restart are told so once, whatever the store does meanwhile. */
#include "support.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "service/callmanager/restarts.h"
#include "service/callmanager/visit_parts.h"

#include <stdlib.h>
#include <string.h>

enum { MANY = 1100 };

static char directory[1024];
static char where[FILE_PATH];
static struct store *store;
static struct store_async *async;
static struct loop *loop;
static struct exchange exchange;
static struct restarts *restarts;
static struct visit *visits[2];
static size_t visit_count;
static int64_t order;

/* ---- a database with many phones, and an exchange without wires ---- */

static char *name_of(char out[DEVICE_NAME], unsigned phone)
{
    text_format(out, DEVICE_NAME, "SEP%012X", phone);
    return out;
}

static void add_phones(void)
{
    struct store_device device = {.model = "7975", .profile = "Default", .pool = "Default"};
    assert_int_equal(store_begin(store, NULL), 0);
    for (unsigned i = 0; i < MANY; i++) {
        name_of(device.name, i);
        assert_int_equal(store_device_add(store, &device, NULL), 0);
    }
    assert_int_equal(store_commit(store, NULL), 0);
}

static void fill(void)
{
    const struct store_node node = {.name = "pub", .address = "192.0.2.1", .publisher = true};
    const struct store_group group = {.name = "Default", .count = 1, .members = {node}};
    const struct store_pool pool = {.name = "Default", .group = "Default"};
    const struct store_profile profile = {.name = "Default",
                                          .model = "any",
                                          .mode = MODE_NON_SECURE,
                                          .capf_auth = CAPF_AUTH_STRING,
                                          .key_size = 2048};
    assert_int_equal(store_node_add(store, &node, NULL), 0);
    assert_int_equal(store_group_put(store, &group, NULL), 0);
    assert_int_equal(store_pool_put(store, &pool, NULL), 0);
    assert_int_equal(store_profile_add(store, &profile, NULL), 0);
    add_phones();
}

static int enter(void **state)
{
    (void)state;
    temporary_make(directory);
    assert_int_equal(file_path(where, directory, "test.db"), 0);
    assert_int_equal(store_open(&store, where, STORE_CREATE, NULL), 0);
    fill();
    memset(&exchange, 0, sizeof exchange);
    visit_count = 0;
    exchange.site.version = SCCP_VERSION_MAX;
    station_limits_default(&exchange.site.limits);
    assert_int_equal(loop_new(&loop), 0);
    assert_int_equal(store_async_new(&async, loop, where, STORE_WRITE, NULL), 0);
    assert_int_equal(exchange_init(&exchange, loop, MANY), 0);
    exchange.store = async;
    return 0;
}

static int leave(void **state)
{
    (void)state;
    store_async_free(async);
    restarts_free(restarts);
    for (size_t i = 0; i < visit_count; i++) {
        station_free(visits[i]->station);
        free(visits[i]);
    }
    exchange_fini(&exchange);
    loop_free(loop);
    store_close(store);
    temporary_remove(directory);
    return 0;
}

/* ---- what happens ---- */

/* In the store they are registered: the last `count` of them, at this node. */
static void registered_at(const char *node, unsigned count)
{
    static struct store_presence list[MANY];
    struct store_node found;
    assert_int_equal(store_node_get(store, node, &found), 0);
    for (unsigned i = 0; i < count; i++) {
        list[i] = (struct store_presence){
            .here = true, .registration = {.mode = MODE_NON_SECURE, .since = clock_wall()}};
        name_of(list[i].registration.device, MANY - 1 - i);
    }
    assert_int_equal(store_presences_write(store, found.id, list, count, NULL), 0);
}

/* The same are to restart, now. */
static void ordered(unsigned count)
{
    static char names[MANY][DEVICE_NAME];
    static const char *devices[MANY];
    unsigned released;
    const struct store_reset reset = {.kind = RESET_RESTART, .filter = ""};
    for (unsigned i = 0; i < count; i++)
        devices[i] = name_of(names[i], MANY - count + i);
    assert_int_equal(store_reset_add(store, &reset, devices, count, &order, NULL), 0);
    assert_int_equal(store_reset_release(store, order, clock_wall(), &released, NULL), 0);
    assert_int_equal(released, count);
}

/* Its phone registers. */
static void sign_on(struct station *station)
{
    struct buffer frame;
    struct sccp_message m;
    struct station_event event;
    const struct station_now now = {.ms = loop_now(loop), .unix_ms = clock_wall_ms()};
    const struct station_welcome welcome = {.date_format = "D/M/Y", .load = ""};
    sccp_message_init(&m, SCCP_REGISTER_REQ);
    m.register_req.version = 17;
    buffer_init(&frame, SCCP_FRAME_MAX);
    assert_int_equal(sccp_write(&frame, 17, &m, NULL), 0);
    assert_int_equal(station_input(station, buffer_bytes(&frame)), 0);
    buffer_fini(&frame);
    assert_true(station_step(station, &now, &event));
    assert_int_equal(event.kind, STATION_WHO);
    assert_int_equal(station_admit(station, &welcome, &now), 0);
}

/* A connection that nobody is at the other end of: what it is told is counted. */
static void comes(unsigned phone)
{
    char name[DEVICE_NAME];
    struct address peer;
    struct visit *v = calloc(1, sizeof *v);
    assert_non_null(v);
    assert_int_equal(address_parse(&peer, "192.0.2.7", 40000), 0);
    assert_int_equal(
        station_new(&v->station, &exchange.site, CALL_LINK_PLAIN, &peer, loop_now(loop)), 0);
    sign_on(v->station);
    v->exchange = &exchange;
    v->waits = 1; /* stays without a connection */
    assert_int_equal(map_add(exchange.registered, bytes_of_string(name_of(name, phone)), v), 0);
    visits[visit_count++] = v;
}

static void stop(void *context, int result)
{
    (void)context;
    (void)result;
    loop_stop(loop);
}

static int nothing(void *context, struct store *s)
{
    (void)context;
    (void)s;
    return 0;
}

/* Until all that was asked of the store has come back, and what was asked then. */
static void let_the_store_answer(void)
{
    for (int i = 0; i < 4; i++) {
        assert_int_equal(store_async_do(exchange.store, nothing, stop, NULL), 0);
        assert_int_equal(loop_run(loop), 0);
    }
}

static void look(void)
{
    restarts_look(restarts);
    let_the_store_answer();
}

static void tick(void)
{
    restarts_tick(restarts);
    let_the_store_answer();
}

static unsigned in_state(enum reset_state state)
{
    struct store_reset reset;
    assert_int_equal(store_reset_get(store, order, &reset), 0);
    return reset.count[state];
}

/* ---- the tests ---- */

static void test_a_phone_between_two_connections_is_told_when_it_is_back(void **state)
{
    (void)state;
    assert_int_equal(restarts_new(&restarts, &exchange, "pub"), 0);
    registered_at("pub", 1);
    ordered(1);
    look();
    assert_int_equal(in_state(RESET_RELEASED), 1);
    comes(MANY - 1);
    tick();
    assert_int_equal(exchange.counts.told_to_restart, 1);
    assert_int_equal(in_state(RESET_TOLD), 1);
    tick();
    assert_int_equal(exchange.counts.told_to_restart, 1);
}

static void test_what_could_not_be_read_is_read_again(void **state)
{
    const struct store_node late = {.name = "sub", .address = "192.0.2.2"};
    (void)state;
    assert_int_equal(restarts_new(&restarts, &exchange, "sub"), 0);
    look(); /* the node is none yet */
    assert_int_equal(store_node_add(store, &late, NULL), 0);
    registered_at("sub", 1);
    ordered(1);
    comes(MANY - 1);
    tick();
    assert_int_equal(in_state(RESET_TOLD), 1);
}

static void test_who_was_told_is_not_told_again_when_that_could_not_be_written(void **state)
{
    struct store_async *reader = NULL;
    (void)state;
    assert_int_equal(restarts_new(&restarts, &exchange, "pub"), 0);
    assert_int_equal(store_async_new(&reader, loop, where, STORE_READ, NULL), 0);
    registered_at("pub", 2);
    ordered(2);
    comes(MANY - 1);
    exchange.store = reader;
    look();
    tick();
    assert_int_equal(in_state(RESET_RELEASED), 2);
    comes(MANY - 2);
    exchange.store = async;
    tick();
    tick();
    assert_int_equal(in_state(RESET_TOLD), 2);
    assert_int_equal(exchange.counts.told_to_restart, 2);
    store_async_free(reader);
}

static void test_phones_that_are_gone_do_not_keep_others_from_being_told(void **state)
{
    (void)state;
    assert_int_equal(restarts_new(&restarts, &exchange, "pub"), 0);
    registered_at("pub", MANY);
    ordered(MANY);
    comes(MANY - 1); /* the last in the order */
    look();
    assert_int_equal(exchange.counts.told_to_restart, 1);
    assert_int_equal(in_state(RESET_TOLD), 1);
    assert_int_equal(in_state(RESET_RELEASED), MANY - 1);
}

#define T(test) cmocka_unit_test_setup_teardown(test, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_a_phone_between_two_connections_is_told_when_it_is_back),
        T(test_what_could_not_be_read_is_read_again),
        T(test_who_was_told_is_not_told_again_when_that_could_not_be_written),
        T(test_phones_that_are_gone_do_not_keep_others_from_being_told),
    };
    return RUN(tests);
}
