/* Connections without TLS: the same queues, deadlines and limits over TCP alone. */
#include "tls_site.h"

#include "net/tls_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct tls_listener_setup usual = {
    .connections = 64, .unauthenticated = 64, .per_address = 64};

static void serve(struct tls_limits limits)
{
    struct tls_listener_setup setup = usual;
    setup.limits = limits;
    site_open(NULL, &setup);
}

static bool one_taken(void *context)
{
    (void)context;
    return site.taken_count > 0;
}

static bool first_ended(void *context)
{
    (void)context;
    return site.taken[0].ended > 0;
}

static bool one_failed(void *context)
{
    (void)context;
    return site.failed > 0;
}

static void say(int fd, const char *words)
{
    assert_int_equal(send(fd, words, strlen(words), MSG_NOSIGNAL), strlen(words));
}

struct hearing {
    int fd;
    struct buffer got;
    size_t want;
    bool ended;
};

static bool has_heard(void *context)
{
    struct hearing *h = context;
    uint8_t piece[20000];
    while (h->got.size < h->want && !h->ended) {
        ssize_t got = recv(h->fd, piece, sizeof piece, MSG_DONTWAIT);
        if (got < 0 && errno == EAGAIN)
            return false;
        h->ended = got <= 0;
        if (got > 0)
            buffer_append(&h->got, bytes_of(piece, (size_t)got));
    }
    return true;
}

static int greet(void)
{
    int fd = site_dial(1);
    say(fd, "hello");
    site_until(one_taken, NULL);
    return fd;
}

/* ---- bytes ---- */

static void test_what_is_said_is_heard_and_answered(void **state)
{
    (void)state;
    serve(roomy);
    struct hearing h = {.fd = greet(), .want = 5};
    buffer_init(&h.got, 64);
    site_until(has_heard, &h);
    assert_bytes_equal(buffer_bytes(&h.got), bytes_of_string("hello"));
    assert_int_equal(site.arrived, 1);
    assert_int_equal(tls_listener_counters(site.listener)->shaken, 1);
    buffer_fini(&h.got);
    close(h.fd);
    site_close();
}

static void test_there_is_no_certificate_version_or_cipher(void **state)
{
    (void)state;
    struct certificate *certificate = NULL;
    struct why why = WHY_NONE;
    serve(roomy);
    int fd = greet();
    struct tls_connection *c = site.taken[0].c;
    assert_string_equal(tls_version(c), "");
    assert_string_equal(tls_cipher(c), "");
    assert_false(tls_is_encrypted(c));
    assert_int_equal(tls_peer_certificate(c, &certificate, &why), ERR_NOT_FOUND);
    close(fd);
    site_close();
}

/* More than the kernel takes at once: it takes parts of messages, and the rest follows. */
static void test_messages_that_queue_come_whole_and_in_order(void **state)
{
    (void)state;
    enum { MESSAGE = 70001, MESSAGES = 40 };
    const int small = 16 * 1024;
    uint8_t *message = malloc(MESSAGE);
    serve(roomy);
    struct hearing h = {.fd = greet(), .want = 5};
    buffer_init(&h.got, 16 * 1024 * 1024);
    site_until(has_heard, &h);
    struct tls_connection *c = site.taken[0].c;
    assert_int_equal(setsockopt(c->wire.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
    for (int i = 0; i < MESSAGES; i++) {
        memset(message, 'A' + i, MESSAGE);
        assert_int_equal(tls_write(c, bytes_of(message, MESSAGE)), 0);
    }
    assert_true(tls_queued(c) > 0);
    h.want += (size_t)MESSAGE * MESSAGES;
    site_until(has_heard, &h);
    assert_int_equal(h.got.size, h.want);
    for (size_t i = 0; i < h.want - 5; i++)
        assert_int_equal(h.got.data[5 + i], 'A' + i / MESSAGE);
    assert_int_equal(tls_queued(c), 0);
    assert_int_equal(site.taken[0].drained, 1);
    free(message);
    buffer_fini(&h.got);
    close(h.fd);
    site_close();
}

static void test_a_full_queue_takes_nothing_more(void **state)
{
    (void)state;
    static const uint8_t message[4096];
    struct tls_limits limits = roomy;
    limits.queue = 64 * 1024;
    serve(limits);
    int fd = greet();
    struct tls_connection *c = site.taken[0].c;
    int result = 0;
    for (int i = 0; i < 100000 && result == 0; i++)
        result = tls_write(c, bytes_of(message, sizeof message));
    assert_int_equal(result, ERR_LIMIT);
    assert_true(tls_queued(c) <= limits.queue);
    close(fd);
    site_close();
}

/* ---- ends ---- */

static void test_the_end_of_the_stream_is_a_goodbye(void **state)
{
    (void)state;
    serve(roomy);
    site.mute = true; /* what is not read makes a reset of the end */
    int fd = greet();
    close(fd);
    site_until(first_ended, NULL);
    assert_int_equal(site.taken[0].end.kind, TLS_END_CLOSED);
    assert_string_equal(site.taken[0].text, "the phone closed the connection");
    site_close();
}

static void test_a_reset_names_the_systems_reason(void **state)
{
    (void)state;
    const struct linger hard = {.l_onoff = 1};
    serve(roomy);
    int fd = greet();
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard), 0);
    close(fd);
    site_until(first_ended, NULL);
    assert_int_equal(site.taken[0].end.kind, TLS_END_SYSTEM);
    assert_int_equal(site.taken[0].end.error, -ECONNRESET);
    site_close();
}

static void test_what_was_written_before_the_close_is_delivered(void **state)
{
    (void)state;
    enum { SIZE = 3 * 1024 * 1024 };
    uint8_t *message = calloc(1, SIZE);
    serve(roomy);
    struct hearing h = {.fd = greet(), .want = SIZE_MAX};
    buffer_init(&h.got, 16 * 1024 * 1024);
    assert_int_equal(tls_write(site.taken[0].c, bytes_of(message, SIZE)), 0);
    tls_close(site.taken[0].c);
    assert_int_equal(tls_write(site.taken[0].c, bytes_of(message, 1)), ERR_CLOSED);
    site_until(has_heard, &h);
    assert_int_equal(h.got.size, 5 + SIZE);
    close(h.fd);
    site_until(first_ended, NULL);
    assert_int_equal(site.taken[0].end.kind, TLS_END_OURS);
    free(message);
    buffer_fini(&h.got);
    site_close();
}

static void test_who_falls_silent_is_cut(void **state)
{
    (void)state;
    struct tls_limits limits = roomy;
    limits.idle_ms = 30;
    serve(limits);
    int fd = greet();
    site_until(first_ended, NULL);
    assert_int_equal(site.taken[0].end.kind, TLS_END_LATE);
    assert_string_equal(site.taken[0].text, "silent for too long");
    close(fd);
    site_close();
}

/* ---- before the first byte ---- */

static void test_who_says_nothing_is_never_handed_out(void **state)
{
    (void)state;
    struct tls_limits limits = roomy;
    limits.handshake_ms = 30;
    serve(limits);
    int fd = site_dial(1);
    site_until(one_failed, NULL);
    assert_int_equal(site.end.kind, TLS_END_LATE);
    assert_string_equal(site.text, "the phone said nothing for 30 ms");
    assert_int_equal(site.taken_count, 0);
    close(fd);
    site_close();
}

static void test_who_goes_without_a_word_is_never_handed_out(void **state)
{
    (void)state;
    serve(roomy);
    int fd = site_dial(1);
    close(fd);
    site_until(one_failed, NULL);
    assert_int_equal(site.end.kind, TLS_END_CUT);
    assert_string_equal(site.text, "the phone closed the connection without a word");
    assert_int_equal(site.taken_count, 0);
    site_close();
}

static void test_the_oldest_silent_one_gives_its_place_to_a_new_one(void **state)
{
    (void)state;
    struct tls_listener_setup setup = usual;
    setup.limits = roomy;
    setup.unauthenticated = 2;
    site_open(NULL, &setup);
    int first = site_dial(1);
    int second = site_dial(2);
    int third = site_dial(3);
    site_until(one_failed, NULL);
    assert_int_equal(site.end.kind, TLS_END_EVICTED);
    assert_int_equal(address_bytes(&site.failed_peers[0]).data[3], 1);
    close(first);
    close(second);
    close(third);
    site_close();
}

/* ---- clients ---- */

struct caller {
    struct tls_connection *c;
    bool ready;
    size_t heard;
    unsigned ended;
    enum tls_end_kind kind;
};

static void caller_ready(void *context)
{
    struct caller *caller = context;
    caller->ready = true;
    assert_int_equal(tls_write(caller->c, bytes_of_string("hello")), 0);
}

static void caller_received(void *context, struct bytes data)
{
    struct caller *caller = context;
    caller->heard += data.size;
}

static void caller_closed(void *context, const struct tls_end *end)
{
    struct caller *caller = context;
    caller->ended++;
    caller->kind = end->kind;
}

static bool caller_is_done(void *context)
{
    const struct caller *caller = context;
    return caller->heard == 5 || caller->ended;
}

static bool caller_has_ended(void *context)
{
    return ((const struct caller *)context)->ended > 0;
}

static void test_a_client_needs_no_judge(void **state)
{
    (void)state;
    struct tls_context *context = NULL;
    struct caller caller = {.c = NULL};
    struct why why = WHY_NONE;
    serve(roomy);
    assert_int_equal(tls_plain_context_new(&context, false), 0);
    const struct tls_connect_setup setup = {
        .context = context,
        .limits = roomy,
        .events = {.ready = caller_ready, .received = caller_received, .closed = caller_closed},
        .user = &caller};
    if (tls_connect(&caller.c, site.loop, &site.address, &setup, &why) != 0)
        fail_msg("%s", why.text);
    site_until(caller_is_done, &caller);
    assert_true(caller.ready);
    assert_int_equal(caller.heard, 5);
    tls_close(site.taken[0].c);
    site_until(caller_has_ended, &caller);
    assert_int_equal(caller.kind, TLS_END_CLOSED);
    tls_free(caller.c);
    tls_context_free(context);
    site_close();
}

static void test_a_client_that_nobody_serves_hears_why(void **state)
{
    (void)state;
    struct tls_context *context = NULL;
    struct caller caller = {.c = NULL};
    serve(roomy);
    struct address nobody = site.address;
    tls_listener_free(site.listener);
    site.listener = NULL;
    assert_int_equal(tls_plain_context_new(&context, false), 0);
    const struct tls_connect_setup setup = {
        .context = context,
        .limits = roomy,
        .events = {.ready = caller_ready, .received = caller_received, .closed = caller_closed},
        .user = &caller};
    assert_int_equal(tls_connect(&caller.c, site.loop, &nobody, &setup, NULL), 0);
    site_until(caller_has_ended, &caller);
    assert_int_equal(caller.kind, TLS_END_SYSTEM);
    assert_false(caller.ready);
    tls_free(caller.c);
    tls_context_free(context);
    site_close();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_said_is_heard_and_answered),
        cmocka_unit_test(test_there_is_no_certificate_version_or_cipher),
        cmocka_unit_test(test_messages_that_queue_come_whole_and_in_order),
        cmocka_unit_test(test_a_full_queue_takes_nothing_more),
        cmocka_unit_test(test_the_end_of_the_stream_is_a_goodbye),
        cmocka_unit_test(test_a_reset_names_the_systems_reason),
        cmocka_unit_test(test_what_was_written_before_the_close_is_delivered),
        cmocka_unit_test(test_who_falls_silent_is_cut),
        cmocka_unit_test(test_who_says_nothing_is_never_handed_out),
        cmocka_unit_test(test_who_goes_without_a_word_is_never_handed_out),
        cmocka_unit_test(test_the_oldest_silent_one_gives_its_place_to_a_new_one),
        cmocka_unit_test(test_a_client_needs_no_judge),
        cmocka_unit_test(test_a_client_that_nobody_serves_hears_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
