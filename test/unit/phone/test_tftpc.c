/* Transfers over real sockets. */
#include "filer.h"

#include "phone/tftpc.h"

#include <errno.h>
#include <stdio.h>

static struct loop *loop;
static struct tftpc *tftpc;
static struct filer filer;
static struct bytes list;

struct getting {
    struct tftpc_transfer *transfer;
    bool done;
    int error;
    size_t size;
    bool same;
};

static unsigned running;

static void open_client(unsigned tries)
{
    struct download_setup quick;
    download_setup_default(&quick);
    quick.first_wait_ms = 20;
    quick.longest_wait_ms = 40;
    quick.tries = tries;
    assert_int_equal(tftpc_new(&tftpc, loop, &quick), 0);
}

static int enter(void **state)
{
    (void)state;
    assert_int_equal(loop_new(&loop), 0);
    open_client(20);
    filer_open(&filer, loop, "127.0.0.1");
    list = vector_load("CTLFile.tlv");
    filer_put(&filer, "CTLFile.tlv", list);
    running = 0;
    return 0;
}

static int leave(void **state)
{
    (void)state;
    tftpc_free(tftpc);
    filer_close(&filer);
    loop_free(loop);
    vector_free(list);
    return 0;
}

static void done(void *context, const struct download_result *result)
{
    struct getting *g = context;
    assert_false(g->done);
    g->done = true;
    g->error = result->error;
    g->size = result->file.size;
    g->same = bytes_equal(result->file, list);
    if (--running == 0)
        loop_stop(loop);
}

static void get(struct getting *g, const char *name, const struct address *source, bool options)
{
    struct why why = WHY_NONE;
    const struct tftpc_get order = {.name = name,
                                    .server = &filer.address,
                                    .source = source,
                                    .options = options,
                                    .max = 100000,
                                    .done = done,
                                    .context = g};
    *g = (struct getting){0};
    running++;
    int result = tftpc_get(tftpc, &g->transfer, &order, &why);
    if (result)
        fail_msg("%s", why_text(&why, result));
    assert_false(g->done);
}

static void test_a_file_arrives_whole(void **state)
{
    (void)state;
    struct getting g;
    get(&g, "CTLFile.tlv", NULL, false);
    assert_int_equal(loop_run(loop), 0);
    assert_true(g.same);
    assert_int_equal(tftpc_counters(tftpc)->transfers, 1);
    assert_int_equal(tftpc_counters(tftpc)->bytes, 3216);
    assert_int_equal(tftpc_counters(tftpc)->resent, 0);
}

static void test_an_absent_file_is_absent(void **state)
{
    (void)state;
    struct getting g;
    get(&g, "nothing.tlv", NULL, true);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(g.error, ERR_NOT_FOUND);
}

static void test_each_transfer_may_have_a_source_address_of_its_own(void **state)
{
    (void)state;
    struct getting a, b;
    struct address one, two;
    assert_int_equal(address_parse(&one, "127.1.0.1", 0), 0);
    assert_int_equal(address_parse(&two, "127.1.0.2", 0), 0);
    get(&a, "CTLFile.tlv", &one, false);
    get(&b, "CTLFile.tlv", &two, false);
    assert_int_equal(loop_run(loop), 0);
    assert_true(a.same && b.same);
    assert_string_equal(filer.sources, "127.1.0.1 127.1.0.2 ");
}

static void test_many_at_once_over_a_network_that_loses_every_tenth_packet(void **state)
{
    (void)state;
    static struct getting all[200];
    const size_t count = sizeof all / sizeof *all;
    tftpc_free(tftpc);
    open_client(1000); /* however busy the machine is */
    filer.drop = 10;
    for (size_t i = 0; i < count; i++)
        get(&all[i], "CTLFile.tlv", NULL, false);
    assert_int_equal(loop_run(loop), 0);
    for (size_t i = 0; i < count; i++)
        assert_true(all[i].same);
    assert_true(tftpc_counters(tftpc)->resent > 50);
    assert_int_equal(tftpc_counters(tftpc)->transfers, count);
}

static void test_nobody_at_the_port_is_a_refusal(void **state)
{
    (void)state;
    struct getting g;
    struct address empty;
    int fd;
    assert_int_equal(address_parse(&empty, "127.0.0.1", 0), 0);
    assert_int_equal(udp_bind(&fd, &empty, NULL), 0);
    assert_int_equal(udp_local_address(fd, &filer.address), 0);
    close(fd);
    get(&g, "CTLFile.tlv", NULL, false);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(g.error, -ECONNREFUSED);
}

static void test_a_deaf_server_is_a_timeout(void **state)
{
    (void)state;
    struct getting g;
    filer.drop = 1;
    get(&g, "CTLFile.tlv", NULL, false);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(g.error, ERR_TIMEOUT);
    assert_int_equal(tftpc_counters(tftpc)->resent, 19);
}

static void test_a_transfer_can_be_cancelled(void **state)
{
    (void)state;
    struct getting a, b;
    get(&a, "CTLFile.tlv", NULL, false);
    get(&b, "CTLFile.tlv", NULL, false);
    tftpc_cancel(a.transfer);
    tftpc_cancel(NULL);
    running--;
    assert_int_equal(loop_run(loop), 0);
    assert_false(a.done);
    assert_true(b.same);
}

/* More than linger: the oldest must go, and none may be lost. */
static void test_finished_transfers_do_not_pile_up(void **state)
{
    (void)state;
    static struct getting all[TFTPC_LINGERING + 50];
    const size_t count = sizeof all / sizeof *all;
    for (size_t i = 0; i < count; i++)
        get(&all[i], "CTLFile.tlv", NULL, false);
    assert_int_equal(loop_run(loop), 0);
    for (size_t i = 0; i < count; i++)
        assert_true(all[i].same);
}

static void test_ipv6_works_alike(void **state)
{
    (void)state;
    struct getting g;
    filer_close(&filer);
    filer_open(&filer, loop, "::1");
    filer_put(&filer, "CTLFile.tlv", list);
    get(&g, "CTLFile.tlv", NULL, true);
    assert_int_equal(loop_run(loop), 0);
    assert_true(g.same);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)
    const struct CMUnitTest tests[] = {
        TEST(test_a_file_arrives_whole),
        TEST(test_an_absent_file_is_absent),
        TEST(test_each_transfer_may_have_a_source_address_of_its_own),
        TEST(test_many_at_once_over_a_network_that_loses_every_tenth_packet),
        TEST(test_nobody_at_the_port_is_a_refusal),
        TEST(test_a_deaf_server_is_a_timeout),
        TEST(test_a_transfer_can_be_cancelled),
        TEST(test_finished_transfers_do_not_pile_up),
        TEST(test_ipv6_works_alike),
    };
    return RUN(tests);
}
