/* Crowds, slow clients, garbage and shortage: what a listener of TLS does when it is not loved. */
#include "tls_site.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SILENT = 2000, HOSTS = 10 };

static void serve(struct tls_limits limits, size_t unauthenticated, size_t per_address)
{
    site_open(&(struct tls_server_setup){.profile = TLS_PHONE_LEGACY, .identity = &id_server},
              &(struct tls_listener_setup){.limits = limits,
                                           .connections = 12000,
                                           .unauthenticated = unauthenticated,
                                           .per_address = per_address});
}

static const struct tls_counters *counters(void)
{
    return tls_listener_counters(site.listener);
}

static bool all_accepted(void *context)
{
    return counters()->accepted + counters()->refused >= *(const size_t *)context;
}

static bool all_failed(void *context)
{
    return site.failed >= *(const size_t *)context;
}

static void wait_accepted(size_t count)
{
    site_until(all_accepted, &count);
}

/* Has the other side closed or reset it? */
static bool is_closed(int fd)
{
    char byte;
    ssize_t got = recv(fd, &byte, 1, MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno == ECONNRESET);
}

static void shake_one(struct raw *raw, unsigned host)
{
    size_t before = site.taken_count;
    raw_open(raw, host, TLS1_2_VERSION, NULL);
    do
        site_until(raw_is_shaken, raw);
    while (site.taken_count == before);
}

/* ---- silence ---- */

static void test_two_thousand_silent_connections_delay_nobody(void **state)
{
    (void)state;
    static int silent[SILENT];
    struct raw raw;
    serve(roomy, 4096, 256);
    for (size_t i = 0; i < SILENT; i++) {
        silent[i] = site_dial(1 + (unsigned)(i % HOSTS));
        if (i % 500 == 499)
            wait_accepted(i + 1);
    }
    assert_int_equal(counters()->accepted, SILENT);
    assert_int_equal(counters()->shaking, SILENT);
    for (unsigned host = 1; host <= HOSTS + 1; host++) { /* their neighbours, too, and a stranger */
        shake_one(&raw, host);
        raw_close(&raw);
    }
    /* It was not because they had been cut. */
    assert_int_equal(counters()->shaking, SILENT);
    assert_int_equal(counters()->late, 0);
    assert_int_equal(site.failed, 0);
    for (size_t i = 0; i < SILENT; i++)
        close(silent[i]);
    size_t all = SILENT;
    site_until(all_failed, &all);
    assert_int_equal(counters()->failed[TLS_END_CUT], SILENT);
    assert_string_equal(site.text, "the phone closed the connection without a word");
    assert_int_equal(counters()->shaking, 0);
    site_close();
}

struct drip {
    int fd;
    struct bytes data;
    size_t sent;
};

/* A byte a turn, and the next only when the last one has arrived: never done in time. */
static bool drip_until_cut(void *context)
{
    struct drip *drip = context;
    if (!site.failed && drip->sent < drip->data.size &&
        send(drip->fd, drip->data.data + drip->sent, 1, MSG_NOSIGNAL) == 1)
        drip->sent++;
    return site.failed > 0;
}

static void test_a_client_that_sends_a_byte_at_a_time_is_cut_at_the_handshakes_deadline(
    void **state)
{
    (void)state;
    struct tls_limits limits = roomy;
    limits.handshake_ms = 80;
    /* A hello that announces more bytes than can drip in 80 turns of a millisecond. */
    uint8_t hello[16000] = {0x16, 0x03, 0x01, 0x3e, 0x00, 0x01, 0x00, 0x3d, 0xfc, 0x03, 0x03};
    serve(limits, 64, 64);
    struct drip drip = {.fd = site_dial(1), .data = bytes_of(hello, sizeof hello)};
    site_until(drip_until_cut, &drip);
    assert_int_equal(site.end.kind, TLS_END_LATE);
    assert_true(drip.sent > 1);
    assert_non_null(
        strstr(site.text, "the handshake was not done within 80 ms: the phone had sent"));
    assert_int_equal(counters()->failed[TLS_END_LATE], 1);
    assert_int_equal(counters()->late, 1);
    while (!is_closed(drip.fd))
        site_turns(1);
    close(drip.fd);
    site_close();
}

/* ---- places ---- */

static void test_an_address_has_its_share_of_the_unauthenticated_and_no_more(void **state)
{
    (void)state;
    int fds[4];
    struct raw raw;
    serve(roomy, 64, 3);
    for (size_t i = 0; i < 4; i++)
        fds[i] = site_dial(1);
    wait_accepted(4);
    assert_int_equal(counters()->accepted, 3);
    assert_int_equal(counters()->refused, 1);
    assert_int_equal(site.refused, 1);
    assert_int_equal(site.refused_with, 3); /* what the address may have */
    while (!is_closed(fds[3]))
        site_turns(1);
    shake_one(&raw, 2);
    assert_int_equal(counters()->unauthenticated, 4);
    tls_authenticated(site.taken[0].c);
    tls_authenticated(site.taken[0].c); /* twice is once */
    assert_int_equal(counters()->unauthenticated, 3);
    raw_close(&raw);
    for (size_t i = 0; i < 4; i++)
        close(fds[i]);
    size_t all = 3;
    site_until(all_failed, &all);
    assert_int_equal(counters()->unauthenticated, 0);
    shake_one(&raw, 1);
    raw_close(&raw);
    site_close();
}

static void test_when_all_places_are_taken_the_oldest_silent_one_gives_way(void **state)
{
    (void)state;
    int fds[5];
    struct raw raw;
    serve(roomy, 4, 3);
    for (unsigned i = 0; i < 4; i++) {
        fds[i] = site_dial(1 + i / 2);
        wait_accepted(i + 1);
    }
    shake_one(&raw, 5);
    assert_int_equal(counters()->failed[TLS_END_EVICTED], 1);
    assert_int_equal(site.end.kind, TLS_END_EVICTED);
    while (!is_closed(fds[0]))
        site_turns(1);
    for (size_t i = 1; i < 4; i++)
        assert_false(is_closed(fds[i]));
    assert_int_equal(counters()->unauthenticated, 4);
    /* An address that has enough takes nobody's place. */
    int extra[3];
    for (size_t i = 0; i < 3; i++)
        extra[i] = site_dial(2);
    wait_accepted(5 + 3);
    assert_int_equal(counters()->refused, 2);
    assert_int_equal(counters()->failed[TLS_END_EVICTED], 2);
    for (size_t i = 0; i < 3; i++)
        close(extra[i]);
    for (size_t i = 0; i < 4; i++)
        close(fds[i]);
    raw_close(&raw);
    site_close();
}

static bool has_ended(void *context)
{
    return ((const struct taken *)context)->ended > 0;
}

static void test_when_those_who_hold_all_places_are_shaken_the_oldest_of_them_gives_way(
    void **state)
{
    (void)state;
    struct raw raw[4];
    serve(roomy, 3, 3);
    for (unsigned i = 0; i < 3; i++)
        shake_one(&raw[i], 1 + i);
    tls_authenticated(site.taken[0].c); /* the oldest of all, but beyond that */
    shake_one(&raw[3], 4);
    assert_int_equal(counters()->evicted, 0);
    int fd = site_dial(5);
    site_until(has_ended, &site.taken[1]);
    assert_int_equal(site.taken[1].end.kind, TLS_END_EVICTED);
    assert_string_equal(site.taken[1].text, "all places of unauthenticated connections were taken, "
                                            "and this one was the oldest");
    assert_int_equal(counters()->refused, 0);
    assert_int_equal(counters()->evicted, 1);
    assert_int_equal(counters()->unauthenticated, 3);
    assert_int_equal(site.taken[0].ended + site.taken[2].ended + site.taken[3].ended, 0);
    close(fd);
    for (size_t i = 0; i < 4; i++)
        raw_close(&raw[i]);
    site_close();
}

static void test_who_is_not_authenticated_any_more_counts_again(void **state)
{
    (void)state;
    struct raw raw[3];
    serve(roomy, 2, 1);
    for (unsigned i = 0; i < 2; i++) {
        shake_one(&raw[i], 1);
        tls_authenticated(site.taken[i].c);
    }
    assert_int_equal(counters()->unauthenticated, 0);
    assert_int_equal(tls_unknown_again(site.taken[0].c), 0);
    assert_int_equal(tls_unknown_again(site.taken[0].c), 0); /* twice is once */
    assert_int_equal(counters()->unauthenticated, 1);
    assert_int_equal(tls_unknown_again(site.taken[1].c), ERR_LIMIT); /* its address has enough */
    shake_one(&raw[2], 2);
    int fd = site_dial(3); /* takes a place of the two */
    site_until(has_ended, &site.taken[0]);
    assert_int_equal(site.taken[0].end.kind, TLS_END_EVICTED);
    assert_int_equal(site.taken[1].ended + site.taken[2].ended, 0);
    close(fd);
    for (size_t i = 0; i < 3; i++)
        raw_close(&raw[i]);
    site_close();
}

/* Either kind keeps half of the places when the other wants all. */
static void test_neither_the_silent_nor_those_on_standby_push_out_the_others(void **state)
{
    (void)state;
    struct raw raw[4];
    int fds[8];
    serve(roomy, 4, 4);
    for (unsigned i = 0; i < 4; i++)
        shake_one(&raw[i], 1 + i);
    for (unsigned i = 0; i < 8; i++) {
        fds[i] = site_dial(10 + i);
        wait_accepted(5 + i);
    }
    assert_int_equal(counters()->evicted, 8);
    assert_int_equal(counters()->shaking, 2);
    assert_int_equal(counters()->failed[TLS_END_EVICTED], 6);
    assert_true(has_ended(&site.taken[0]) && has_ended(&site.taken[1]));
    assert_false(has_ended(&site.taken[2]) || has_ended(&site.taken[3]));
    for (size_t i = 0; i < 8; i++)
        close(fds[i]);
    for (size_t i = 0; i < 4; i++)
        raw_close(&raw[i]);
    site_close();
}

/* Though there are places left for those who have not authenticated. */
static void test_at_the_limit_of_connections_the_oldest_unauthenticated_one_gives_way(void **state)
{
    (void)state;
    struct raw raw[2];
    site_open(&(struct tls_server_setup){.profile = TLS_MODERN, .identity = &id_server},
              &(struct tls_listener_setup){
                  .limits = roomy, .connections = 2, .unauthenticated = 9, .per_address = 9});
    shake_one(&raw[0], 1);
    tls_authenticated(site.taken[0].c);
    int silent = site_dial(2);
    wait_accepted(2);
    shake_one(&raw[1], 3);
    while (!is_closed(silent))
        site_turns(1);
    assert_int_equal(counters()->evicted, 1);
    assert_int_equal(site.taken[0].ended + site.taken[1].ended, 0);
    close(silent);
    raw_close(&raw[0]);
    raw_close(&raw[1]);
    site_close();
}

static bool one_more_accepted(void *context)
{
    return counters()->accepted > *(const uint64_t *)context;
}

static void test_when_all_have_authenticated_new_ones_wait_in_the_kernel(void **state)
{
    (void)state;
    struct raw raw[2];
    site_open(&(struct tls_server_setup){.profile = TLS_MODERN, .identity = &id_server},
              &(struct tls_listener_setup){
                  .limits = roomy, .connections = 2, .unauthenticated = 9, .per_address = 9});
    for (unsigned i = 0; i < 2; i++) {
        shake_one(&raw[i], 1);
        tls_authenticated(site.taken[i].c);
    }
    int third = site_dial(1);
    site_turns(10);
    assert_int_equal(counters()->accepted, 2);
    assert_false(is_closed(third));
    uint64_t before = counters()->accepted;
    tls_free(site.taken[0].c);
    site.taken[0].c = NULL;
    site_until(one_more_accepted, &before);
    assert_int_equal(counters()->refused + counters()->evicted, 0);
    close(third);
    raw_close(&raw[0]);
    raw_close(&raw[1]);
    site_close();
}

static bool breathing(void *context)
{
    (void)context;
    return counters()->breathers > 0;
}

static void test_without_descriptors_accepting_pauses_and_nobody_is_lost(void **state)
{
    (void)state;
    struct raw raw;
    int filler[64];
    size_t count = 0;
    struct rlimit limit, small;
    serve(roomy, 64, 64);
    raw_open(&raw, 1, TLS1_2_VERSION, NULL);
    int next = dup(0);
    assert_true(next >= 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    small = limit;
    small.rlim_cur = (rlim_t)next + 8;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &small), 0);
    while (count < 64 && (filler[count] = dup(0)) >= 0)
        count++;
    assert_in_range(count, 1, 63);
    site_until(breathing, NULL);
    assert_int_equal(counters()->accepted, 0);
    while (count)
        close(filler[--count]);
    close(next);
    site_until(raw_is_shaken, &raw);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    raw_close(&raw);
    site_close();
}

/* ---- order ---- */

/* Handshakes that fail at their first step show the order of first steps. */
static void test_an_address_with_many_handshakes_delays_another_by_a_few_only(void **state)
{
    (void)state;
    enum { MANY = 60 };
    int fds[MANY + 1];
    size_t all = MANY + 1, place = 0;
    serve(roomy, 256, 256);
    for (size_t i = 0; i <= MANY; i++) {
        fds[i] = site_dial(i < MANY ? 1 : 2); /* the last to come is another */
        assert_int_equal(write(fds[i], "GET / HTTP/1.0\r\n\r\n", 18), 18);
        shutdown(fds[i], SHUT_WR);
    }
    site_until(all_failed, &all);
    assert_int_equal(counters()->failed[TLS_END_GARBAGE], MANY + 1);
    while (address_bytes(&site.failed_peers[place]).data[3] != 2)
        place++;
    /* 32 are accepted in the turn before, two steps are made in each; without turns it is 60. */
    assert_in_range(place, 0, 20);
    for (size_t i = 0; i <= MANY; i++)
        close(fds[i]);
    site_close();
}

/* ---- garbage ---- */

static void test_what_is_not_tls_is_refused_and_called_so(void **state)
{
    (void)state;
    static const struct {
        struct bytes data;
        enum tls_end_kind kind;
    } rows[] = {
        {{(const uint8_t *)"GET / HTTP/1.1\r\n\r\n", 18}, TLS_END_GARBAGE},
        {{(const uint8_t *)"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16}, TLS_END_GARBAGE},
        {{(const uint8_t *)"\x16\x03\x01\xff\xff\x01\x00\x00\x10\x03\x03", 11}, TLS_END_GARBAGE},
        {{(const uint8_t *)"\x16\x03\x01\x00\x04\x01\x00\x00\x00", 9}, TLS_END_PROTOCOL},
        {{(const uint8_t *)"\x17\x03\x01\x00\x02hi", 7}, TLS_END_PROTOCOL},
        {{(const uint8_t *)"\x16\x03\x01\x00\x05\x02\x00\x00\x01\x00", 10}, TLS_END_PROTOCOL},
    };
    const size_t count = sizeof rows / sizeof rows[0];
    serve(roomy, 64, 64);
    for (size_t i = 0; i < count; i++) {
        int fd = site_dial(1);
        size_t failures = i + 1;
        assert_int_equal(write(fd, rows[i].data.data, rows[i].data.size), rows[i].data.size);
        shutdown(fd, SHUT_WR);
        site_until(all_failed, &failures);
        if (site.end.kind != rows[i].kind)
            fail_msg("row %zu is of kind %s: %s", i, tls_end_name(site.end.kind), site.text);
        close(fd);
    }
    assert_int_equal(site.taken_count, 0);
    site_close();
}

static void test_a_handshake_larger_than_any_phones_is_cut(void **state)
{
    (void)state;
    /* One hello of 100,000 bytes in full records. */
    enum { RECORDS = 7, BODY = 16000 };
    uint8_t record[5 + BODY] = {0x16, 0x03, 0x01, BODY >> 8, BODY & 0xff, 0x01, 0x01, 0x86, 0xa0};
    size_t one = 1;
    serve(roomy, 64, 64);
    int fd = site_dial(1);
    assert_int_equal(fcntl(fd, F_SETFL, 0), 0);
    for (size_t i = 0; i < RECORDS; i++) {
        assert_int_equal(write(fd, record, sizeof record), sizeof record);
        memset(record + 5, 0, BODY);
    }
    shutdown(fd, SHUT_WR);
    site_until(all_failed, &one);
    assert_int_equal(site.end.kind, TLS_END_GARBAGE);
    assert_int_equal(site.end.error, ERR_LIMIT);
    assert_non_null(strstr(site.text, "larger than 65536 bytes"));
    close(fd);
    site_close();
}

/* A real hello, as OpenSSL writes it. */
static size_t real_hello(uint8_t *out, size_t room)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    SSL *ssl = SSL_new(ctx);
    BIO *in = BIO_new(BIO_s_mem()), *to = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl, in, to);
    SSL_set_connect_state(ssl);
    assert_int_equal(SSL_do_handshake(ssl), -1);
    int size = BIO_read(to, out, (int)room);
    assert_in_range(size, 100, room);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    return (size_t)size;
}

static void test_a_hello_cut_anywhere_is_a_connection_that_was_cut(void **state)
{
    (void)state;
    uint8_t hello[2000];
    size_t size = real_hello(hello, sizeof hello), count = 0;
    serve(roomy, 1024, 1024);
    for (size_t cut = 1; cut < size; cut++) {
        int fd = site_dial(1);
        assert_int_equal(write(fd, hello, cut), cut);
        close(fd);
        count++;
        site_until(all_failed, &count);
    }
    assert_int_equal(counters()->failed[TLS_END_CUT], count);
    assert_string_equal(site.text,
                        "the phone closed the connection in the middle of the handshake");
    assert_int_equal(counters()->open, 0);
    site_close();
}

static void test_a_hello_with_any_one_byte_changed_harms_nobody(void **state)
{
    (void)state;
    uint8_t hello[2000];
    size_t size = real_hello(hello, sizeof hello), count = 0;
    serve(roomy, 1024, 1024);
    for (size_t i = 0; i < size; i++) {
        int fd = site_dial(1);
        hello[i] ^= 0xff;
        assert_int_equal(write(fd, hello, size), size);
        hello[i] ^= 0xff;
        shutdown(fd, SHUT_WR);
        count++;
        site_until(all_failed, &count);
        close(fd);
    }
    assert_int_equal(site.taken_count, 0);
    assert_int_equal(counters()->open, 0);
    site_close();
}

/* ---- the end ---- */

static void open_some(struct raw *shaken, int *silent)
{
    serve(roomy, 64, 64);
    for (unsigned i = 0; i < 3; i++) {
        shake_one(&shaken[i], 1 + i);
        silent[i] = site_dial(1 + i);
    }
    wait_accepted(6);
    assert_int_equal(write(silent[0], "\x16\x03\x01", 3), 3); /* in the middle of something */
    site_turns(3);
    assert_int_equal(counters()->open, 6);
}

static void close_some(struct raw *shaken, int *silent)
{
    for (size_t i = 0; i < 3; i++) {
        raw_close(&shaken[i]);
        close(silent[i]);
    }
}

static void test_a_listener_may_go_before_or_after_its_connections(void **state)
{
    (void)state;
    struct raw raw[3];
    int silent[3];
    open_some(raw, silent);
    site_close(); /* connections first */
    close_some(raw, silent);
    open_some(raw, silent);
    tls_listener_free(site.listener);
    site.listener = NULL;
    raw[1].want = 4; /* those who are there already are still served */
    size_t written;
    assert_int_equal(SSL_write_ex(raw[1].ssl, "echo", 4, &written), 1);
    site_until(raw_has_all, &raw[1]);
    assert_bytes_text(buffer_bytes(&raw[1].got), "echo");
    tls_authenticated(site.taken[1].c);
    site_close();
    close_some(raw, silent);
}

/* ---- memory ---- */

/* Opens `count` connections, one after the other, and keeps them until its input ends. */
static void be_clients(size_t count, int in, int version)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    char byte;
    SSL_CTX_set_security_level(ctx, 0);
    if (SSL_CTX_set_min_proto_version(ctx, version) != 1 ||
        SSL_CTX_set_max_proto_version(ctx, version) != 1 ||
        SSL_CTX_use_certificate(ctx, certificate_x509(id_server.certificate)) != 1 ||
        SSL_CTX_use_PrivateKey(ctx, key_pkey(id_server.key)) != 1)
        _exit(2);
    for (size_t i = 0; i < count; i++) {
        int fd = site_dial(1 + (unsigned)(i % 200));
        SSL *ssl = SSL_new(ctx);
        if (!ssl || SSL_set_fd(ssl, fd) != 1 || fcntl(fd, F_SETFL, 0) != 0 || SSL_connect(ssl) != 1)
            _exit(3);
        SSL_free(ssl); /* the socket stays */
    }
    _exit(read(in, &byte, 1) == 0 ? 0 : 4);
}

static bool all_idle(void *context)
{
    return counters()->shaken >= *(const size_t *)context;
}

/* The heap's own count; the kernel's memory for sockets is not ours. Under a sanitizer the count
 * says nothing, so the bound is looked at in plain builds. */
static void measure_idle(int version, enum tls_client_certificate wish)
{
    size_t count = test_is_long() ? 10000 : 100;
    int pipes[2];
    site_open(
        &(struct tls_server_setup){
            .profile = TLS_PHONE_LEGACY, .identity = &id_server, .client_certificate = wish},
        &(struct tls_listener_setup){
            .limits = roomy, .connections = count, .unauthenticated = count, .per_address = count});
    assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
    struct mallinfo2 before = mallinfo2();
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(pipes[1]);
        be_clients(count, pipes[0], version);
    }
    close(pipes[0]);
    site_until(all_idle, &count);
    site_turns(2);
    assert_int_equal(counters()->open, count);
    struct mallinfo2 after = mallinfo2();
    size_t each =
        (after.uordblks + after.hblkhd - before.uordblks - before.hblkhd) / counters()->open;
    print_message("# %zu idle connections of %s, client certificate %s: %zu bytes each\n",
                  counters()->open, tls_version(site.taken[0].c),
                  wish == TLS_CLIENT_REQUIRED ? "shown" : "not asked", each);
    assert_in_range(each, 0, 24 * 1024);
    close(pipes[1]);
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    site_close();
}

static void test_an_idle_connection_needs_little_memory(void **state)
{
    (void)state;
    measure_idle(TLS1_VERSION, TLS_CLIENT_REQUIRED);
    measure_idle(TLS1_3_VERSION, TLS_CLIENT_NOT_ASKED);
    measure_idle(TLS1_3_VERSION, TLS_CLIENT_REQUIRED);
}

/* Thousands of connections are both ends in one process here. */
static void raise_open_files(void)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

int main(void)
{
    raise_open_files();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_thousand_silent_connections_delay_nobody),
        cmocka_unit_test(
            test_a_client_that_sends_a_byte_at_a_time_is_cut_at_the_handshakes_deadline),
        cmocka_unit_test(test_an_address_has_its_share_of_the_unauthenticated_and_no_more),
        cmocka_unit_test(test_when_all_places_are_taken_the_oldest_silent_one_gives_way),
        cmocka_unit_test(
            test_when_those_who_hold_all_places_are_shaken_the_oldest_of_them_gives_way),
        cmocka_unit_test(test_who_is_not_authenticated_any_more_counts_again),
        cmocka_unit_test(test_neither_the_silent_nor_those_on_standby_push_out_the_others),
        cmocka_unit_test(test_at_the_limit_of_connections_the_oldest_unauthenticated_one_gives_way),
        cmocka_unit_test(test_when_all_have_authenticated_new_ones_wait_in_the_kernel),
        cmocka_unit_test(test_without_descriptors_accepting_pauses_and_nobody_is_lost),
        cmocka_unit_test(test_an_address_with_many_handshakes_delays_another_by_a_few_only),
        cmocka_unit_test(test_what_is_not_tls_is_refused_and_called_so),
        cmocka_unit_test(test_a_handshake_larger_than_any_phones_is_cut),
        cmocka_unit_test(test_a_hello_cut_anywhere_is_a_connection_that_was_cut),
        cmocka_unit_test(test_a_hello_with_any_one_byte_changed_harms_nobody),
        cmocka_unit_test(test_a_listener_may_go_before_or_after_its_connections),
        cmocka_unit_test(test_an_idle_connection_needs_little_memory),
    };
    return cmocka_run_group_tests_name("tls_listener", tests, site_identities, site_no_identities);
}
