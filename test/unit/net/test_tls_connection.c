/* Records, queues, deadlines and ends of TLS connections, seen by OpenSSL driven by hand. */
#include "tls_site.h"

#include "net/tls_parts.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static struct bytes pattern(size_t size)
{
    uint8_t *data = malloc(size);
    for (size_t i = 0; i < size; i++)
        data[i] = (uint8_t)(i * 31 + i / 253);
    return bytes_of(data, size);
}

static void pattern_free(struct bytes data)
{
    free((void *)(uintptr_t)data.data);
}

static bool first_ended(void *context)
{
    (void)context;
    return site.taken[0].ended > 0;
}

/* Small deadlines and queue; what a test is about it sets itself. */
static void serve(struct tls_limits limits)
{
    site_open(&(struct tls_server_setup){.profile = TLS_PHONE_LEGACY, .identity = &id_server},
              &(struct tls_listener_setup){
                  .limits = limits, .connections = 64, .unauthenticated = 64, .per_address = 64});
}

static void open_one(struct raw *raw)
{
    raw_open(raw, 1, TLS1_2_VERSION, NULL);
    site_until(raw_is_shaken, raw);
}

/* The kernel takes little, so that messages must queue. */
static void narrow(struct tls_connection *c)
{
    const int size = 16 * 1024;
    assert_int_equal(setsockopt(c->wire.fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size), 0);
}

/* ---- records ---- */

static const struct {
    int version;
    const char *suites;
} kinds[] = {{TLS1_VERSION, "AES128-SHA:@SECLEVEL=0"},
             {TLS1_VERSION, "AES256-SHA:@SECLEVEL=0"},
             {TLS1_1_VERSION, "AES128-SHA:@SECLEVEL=0"},
             {TLS1_2_VERSION, NULL},
             {TLS1_3_VERSION, NULL}};

static void test_one_write_is_one_record_in_each_version(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 12, 700, 4096, TLS_RECORD_MAX};
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        struct raw raw;
        site_serve(TLS_PHONE_LEGACY, false, TLS_CLIENT_NOT_ASKED);
        raw_open(&raw, 1, kinds[k].version, kinds[k].suites);
        site_until(raw_is_shaken, &raw);
        for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
            struct bytes data = pattern(sizes[s]);
            raw.records = 0;
            raw.want = raw.got.size + sizes[s];
            assert_int_equal(tls_write(site.taken[0].c, data), 0);
            site_until(raw_has_all, &raw);
            assert_int_equal(raw.records, 1);
            assert_bytes_equal(bytes_slice(buffer_bytes(&raw.got), raw.want - sizes[s], sizes[s]),
                               data);
            pattern_free(data);
        }
        raw_close(&raw);
        site_close();
    }
}

static void test_messages_that_queue_are_a_record_each_too(void **state)
{
    (void)state;
    enum { MESSAGE = 5000 };
    struct raw raw;
    struct bytes data = pattern(MESSAGE);
    unsigned messages = 0;
    site_serve(TLS_PHONE_LEGACY, false, TLS_CLIENT_NOT_ASKED);
    raw_open(&raw, 1, TLS1_VERSION, "AES128-SHA:@SECLEVEL=0");
    site_until(raw_is_shaken, &raw);
    struct tls_connection *c = site.taken[0].c;
    narrow(c);
    while (tls_queued(c) < 20 * MESSAGE && messages < 1000000) {
        assert_int_equal(tls_write(c, data), 0);
        messages++;
    }
    assert_true(tls_queued(c) > 0); /* more than the kernel keeps for a client that does not read */
    assert_int_equal(site.taken[0].drained, 0);
    raw.want = (size_t)messages * MESSAGE;
    site_until(raw_has_all, &raw);
    assert_int_equal(raw.got.size, raw.want);
    assert_int_equal(raw.records, messages);
    for (size_t i = 0; i < messages; i++)
        assert_memory_equal(raw.got.data + i * MESSAGE, data.data, MESSAGE);
    assert_int_equal(tls_queued(c), 0);
    assert_int_equal(site.taken[0].drained, 1);
    pattern_free(data);
    raw_close(&raw);
    site_close();
}

static void test_a_large_message_comes_whole_and_in_order(void **state)
{
    (void)state;
    struct raw raw;
    struct bytes data = pattern(3 * 1000 * 1000);
    serve(roomy);
    open_one(&raw);
    narrow(site.taken[0].c);
    assert_int_equal(tls_write(site.taken[0].c, data), 0);
    raw.want = data.size;
    site_until(raw_has_all, &raw);
    assert_bytes_equal(buffer_bytes(&raw.got), data);
    pattern_free(data);
    raw_close(&raw);
    site_close();
}

static void test_a_full_queue_refuses_whole_messages_and_says_when_it_is_empty(void **state)
{
    (void)state;
    struct tls_limits limits = roomy;
    limits.queue = 100 * 1000;
    struct raw raw;
    struct bytes data = pattern(30 * 1000), huge = pattern(limits.queue + 1);
    size_t taken = 0;
    serve(limits);
    open_one(&raw);
    struct tls_connection *c = site.taken[0].c;
    narrow(c);
    assert_int_equal(tls_write(c, huge), ERR_LIMIT);
    assert_int_equal(tls_write(c, bytes_of(NULL, 0)), ERR_USAGE);
    int result;
    while ((result = tls_write(c, data)) == 0)
        taken += data.size;
    assert_int_equal(result, ERR_LIMIT);
    assert_in_range(tls_queued(c), limits.queue - data.size + 1, limits.queue);
    raw.want = taken;
    site_until(raw_has_all, &raw);
    assert_int_equal(raw.got.size, taken);
    assert_int_equal(site.taken[0].drained, 1);
    assert_int_equal(tls_write(c, data), 0);
    pattern_free(data);
    pattern_free(huge);
    raw_close(&raw);
    site_close();
}

/* ---- reading ---- */

static bool first_received(void *context)
{
    return site.taken[0].received >= *(const size_t *)context;
}

static void test_a_paused_connection_leaves_what_comes_to_tcp(void **state)
{
    (void)state;
    struct raw raw;
    size_t written, all = 9;
    serve(roomy);
    open_one(&raw);
    tls_pause(site.taken[0].c, true);
    assert_int_equal(SSL_write_ex(raw.ssl, "something", 9, &written), 1);
    site_turns(5);
    assert_int_equal(site.taken[0].received, 0);
    tls_pause(site.taken[0].c, false);
    site_until(first_received, &all);
    raw_close(&raw);
    site_close();
}

/* ---- ends ---- */

static void test_a_close_delivers_what_is_queued_and_then_says_so(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        struct raw raw;
        struct bytes data = pattern(3 * 1000 * 1000);
        size_t written;
        serve(roomy);
        raw_open(&raw, 1, kinds[k].version, kinds[k].suites);
        site_until(raw_is_shaken, &raw);
        struct tls_connection *c = site.taken[0].c;
        narrow(c);
        site.taken[0].mute = true;
        assert_int_equal(tls_write(c, data), 0);
        assert_true(tls_queued(c) > 0);
        tls_close(c);
        assert_int_equal(tls_write(c, data), ERR_CLOSED);
        /* Bytes that nobody reads must not turn the close into a reset. */
        assert_int_equal(SSL_write_ex(raw.ssl, "late words", 10, &written), 1);
        site_until(raw_has_ended, &raw);
        assert_true(raw.ended);
        assert_false(raw.failed);
        assert_bytes_equal(buffer_bytes(&raw.got), data);
        assert_int_equal(site.taken[0].ended, 0); /* the peer has not gone yet */
        raw_close(&raw);
        site_until(first_ended, NULL);
        assert_int_equal(site.taken[0].end.kind, TLS_END_OURS);
        assert_int_equal(site.taken[0].received, 0);
        pattern_free(data);
        site_close();
    }
}

static void test_who_does_not_take_the_rest_is_left_at_the_deadline(void **state)
{
    (void)state;
    struct tls_limits limits = roomy;
    limits.linger_ms = 30;
    struct raw raw;
    struct bytes data = pattern(4 * 1000 * 1000);
    serve(limits);
    open_one(&raw);
    narrow(site.taken[0].c);
    assert_int_equal(tls_write(site.taken[0].c, data), 0);
    tls_close(site.taken[0].c);
    site_until(first_ended, NULL);
    assert_int_equal(site.taken[0].end.kind, TLS_END_LATE);
    assert_non_null(strstr(site.taken[0].text, "did not take all"));
    assert_int_equal(tls_listener_counters(site.listener)->late, 1);
    pattern_free(data);
    raw_close(&raw);
    site_close();
}

static void test_a_peer_that_takes_all_but_does_not_go_is_not_late(void **state)
{
    (void)state;
    struct tls_limits limits = roomy;
    limits.linger_ms = 500; /* longer than a kernel may delay its acknowledgement */
    struct raw raw;
    serve(limits);
    open_one(&raw);
    assert_int_equal(tls_write(site.taken[0].c, bytes_of_string("the last word")), 0);
    tls_close(site.taken[0].c);
    site_until(first_ended, NULL);
    assert_int_equal(site.taken[0].end.kind, TLS_END_OURS);
    site_until(raw_has_ended, &raw);
    assert_bytes_text(buffer_bytes(&raw.got), "the last word");
    raw_close(&raw);
    site_close();
}

static void test_the_ways_a_peer_goes_are_told_apart(void **state)
{
    (void)state;
    struct raw raw;
    const struct linger reset = {.l_onoff = 1};
    serve(roomy);
    open_one(&raw); /* close_notify */
    assert_true(SSL_shutdown(raw.ssl) >= 0);
    site_until(first_ended, NULL);
    assert_int_equal(site.taken[0].end.kind, TLS_END_CLOSED);
    assert_string_equal(site.taken[0].text, "the phone closed the connection");
    site_until(raw_has_ended, &raw);
    assert_true(raw.ended); /* we answered it */
    raw_close(&raw);
    site_close();

    serve(roomy);
    open_one(&raw); /* end of stream without it */
    raw_close(&raw);
    site_until(first_ended, NULL);
    assert_int_equal(site.taken[0].end.kind, TLS_END_CUT);
    assert_non_null(strstr(site.taken[0].text, "no close_notify"));
    site_close();

    serve(roomy);
    open_one(&raw); /* reset */
    assert_int_equal(setsockopt(raw.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset), 0);
    raw_close(&raw);
    site_until(first_ended, NULL);
    assert_int_equal(site.taken[0].end.kind, TLS_END_SYSTEM);
    assert_int_equal(site.taken[0].end.error, -ECONNRESET);
    site_close();

    serve(roomy);
    open_one(&raw); /* a record that nobody could have written */
    assert_int_equal(write(raw.fd, "\x17\x03\x03\x00\x20garbage garbage garbage garbage ", 37), 37);
    site_until(raw_has_ended, &raw);
    assert_true(raw.failed); /* by our alert */
    raw_close(&raw);
    site_until(first_ended, NULL);
    assert_int_equal(site.taken[0].end.kind, TLS_END_PROTOCOL);
    site_close();
}

static void test_an_answer_reaches_a_peer_that_has_said_close_notify(void **state)
{
    (void)state;
    struct raw raw;
    struct bytes data = pattern(3 * 1000 * 1000);
    serve(roomy);
    open_one(&raw);
    narrow(site.taken[0].c);
    assert_int_equal(tls_write(site.taken[0].c, data), 0);
    assert_true(SSL_shutdown(raw.ssl) >= 0);
    site_until(raw_has_ended, &raw);
    assert_bytes_equal(buffer_bytes(&raw.got), data);
    raw_close(&raw);
    site_until(first_ended, NULL);
    assert_int_equal(site.taken[0].end.kind, TLS_END_CLOSED);
    pattern_free(data);
    site_close();
}

static void test_a_connection_may_be_freed_in_each_of_its_callbacks(void **state)
{
    (void)state;
    struct raw raw;
    size_t written;
    serve(roomy);
    open_one(&raw);
    site.taken[0].free_in_received = true;
    assert_int_equal(SSL_write_ex(raw.ssl, "one", 3, &written), 1);
    assert_int_equal(SSL_write_ex(raw.ssl, "two", 3, &written), 1);
    site_until(raw_has_ended, &raw);
    assert_int_equal(site.taken[0].received, 3);
    assert_int_equal(site.taken[0].ended, 0);
    raw_close(&raw);
    raw_open(&raw, 1, TLS1_2_VERSION, NULL);
    site_until(raw_is_shaken, &raw);
    site.taken[1].free_in_closed = true;
    raw_close(&raw);
    while (site.taken[1].c)
        site_turns(1);
    assert_int_equal(tls_listener_counters(site.listener)->open, 0);
    site_close();
}

static void test_closed_comes_once_and_not_inside_the_call_that_caused_it(void **state)
{
    (void)state;
    const struct linger reset = {.l_onoff = 1};
    struct raw raw;
    serve(roomy);
    open_one(&raw);
    struct tls_connection *c = site.taken[0].c;
    setsockopt(raw.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    raw_close(&raw);
    int result = tls_write(c, bytes_of_string("to nobody"));
    if (result == 0)
        result = tls_write(c, bytes_of_string("to nobody"));
    assert_int_equal(result, ERR_CLOSED);
    assert_int_equal(site.taken[0].ended, 0);
    tls_close(c);
    site_until(first_ended, NULL);
    tls_close(c);
    site_turns(5);
    assert_int_equal(site.taken[0].ended, 1);
    assert_int_equal(tls_keepalive(c, 60, 10, 3), ERR_CLOSED);
    site_close();
}

/* ---- deadlines ---- */

static void test_a_silent_connection_ends_at_its_idle_deadline(void **state)
{
    (void)state;
    struct tls_limits limits = roomy;
    limits.idle_ms = 30;
    struct raw raw;
    serve(limits);
    open_one(&raw);
    site_until(first_ended, NULL);
    assert_int_equal(site.taken[0].end.kind, TLS_END_LATE);
    assert_int_equal(site.taken[0].end.error, ERR_TIMEOUT);
    assert_string_equal(site.taken[0].text, "silent for too long");
    site_until(raw_has_ended, &raw);
    assert_true(raw.ended); /* by close_notify */
    assert_int_equal(tls_listener_counters(site.listener)->late, 1);
    raw_close(&raw);
    site_close();
}

static bool talks(void *context)
{
    struct raw *raw = context;
    size_t written;
    if (!site.taken[0].ended)
        SSL_write_ex(raw->ssl, ".", 1, &written);
    return site.taken[0].ended > 0;
}

static void test_the_callers_deadline_does_not_move_with_data(void **state)
{
    (void)state;
    struct tls_limits limits = roomy;
    limits.idle_ms = 300 * 1000;
    struct raw raw;
    serve(limits);
    open_one(&raw);
    site.taken[0].mute = true;
    tls_set_deadline(site.taken[0].c, 1, "never said");
    tls_set_deadline(site.taken[0].c, 0, NULL);
    site_turns(10);
    assert_int_equal(site.taken[0].ended, 0);
    tls_set_deadline(site.taken[0].c, 60, "no whole request in time");
    site_until(talks, &raw);
    assert_int_equal(site.taken[0].end.kind, TLS_END_LATE);
    assert_string_equal(site.taken[0].text, "no whole request in time");
    assert_true(site.taken[0].received > 0);
    raw_close(&raw);
    site_close();
}

/* ---- TCP ---- */

static int option(const struct tls_connection *c, int level, int name)
{
    int value = -1;
    socklen_t size = sizeof value;
    assert_int_equal(getsockopt(c->wire.fd, level, name, &value, &size), 0);
    return value;
}

static void test_keepalive_is_the_kernels_and_only_on_request(void **state)
{
    (void)state;
    struct raw raw;
    serve(roomy);
    open_one(&raw);
    const struct tls_connection *c = site.taken[0].c;
    assert_int_equal(option(c, SOL_SOCKET, SO_KEEPALIVE), 0);
    assert_int_equal(tls_keepalive(site.taken[0].c, 60, 10, 3), 0);
    assert_int_equal(option(c, SOL_SOCKET, SO_KEEPALIVE), 1);
    assert_int_equal(option(c, IPPROTO_TCP, TCP_KEEPIDLE), 60);
    assert_int_equal(option(c, IPPROTO_TCP, TCP_KEEPINTVL), 10);
    assert_int_equal(option(c, IPPROTO_TCP, TCP_KEEPCNT), 3);
    assert_int_equal(option(c, IPPROTO_TCP, TCP_NODELAY), 1);
    raw_close(&raw);
    site_close();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_write_is_one_record_in_each_version),
        cmocka_unit_test(test_messages_that_queue_are_a_record_each_too),
        cmocka_unit_test(test_a_large_message_comes_whole_and_in_order),
        cmocka_unit_test(test_a_full_queue_refuses_whole_messages_and_says_when_it_is_empty),
        cmocka_unit_test(test_a_paused_connection_leaves_what_comes_to_tcp),
        cmocka_unit_test(test_a_close_delivers_what_is_queued_and_then_says_so),
        cmocka_unit_test(test_who_does_not_take_the_rest_is_left_at_the_deadline),
        cmocka_unit_test(test_a_peer_that_takes_all_but_does_not_go_is_not_late),
        cmocka_unit_test(test_the_ways_a_peer_goes_are_told_apart),
        cmocka_unit_test(test_an_answer_reaches_a_peer_that_has_said_close_notify),
        cmocka_unit_test(test_a_connection_may_be_freed_in_each_of_its_callbacks),
        cmocka_unit_test(test_closed_comes_once_and_not_inside_the_call_that_caused_it),
        cmocka_unit_test(test_a_silent_connection_ends_at_its_idle_deadline),
        cmocka_unit_test(test_the_callers_deadline_does_not_move_with_data),
        cmocka_unit_test(test_keepalive_is_the_kernels_and_only_on_request),
    };
    return cmocka_run_group_tests_name("tls_connection", tests, site_identities,
                                       site_no_identities);
}
