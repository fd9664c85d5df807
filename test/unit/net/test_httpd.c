#include "support.h"

#include "base/clock.h"
#include "base/file.h"
#include "net/httpd.h"
#include "net/tcp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* More than the kernel keeps for a client that does not read. */
enum { LARGE = 3 * 1000 * 1000, HUGE_SIZE = 64 * 1000 * 1000 };

/* A server with one handler for all tests: what it does is named by the path. */
struct site {
    struct loop *loop;
    struct worker *worker;
    struct httpd *httpd;
    struct address address;
    struct loop_timer *stop;
    struct httpd_request *waiting; /* of /later */
    char dir[1024];
    char large[FILE_PATH];
    unsigned finished, complete;
    int result;
    struct bytes last_path;
    uint8_t path[256];
};

static struct site site;

static void finished(void *context, bool complete, int result)
{
    struct site *s = context;
    s->finished++;
    s->complete += complete;
    s->result = result;
}

static void answer_text(struct httpd_request *request, unsigned status, const char *text)
{
    httpd_answer(request, &(struct httpd_answer){.status = status,
                                                 .headers = {{"Cache-Control", "no-store"}},
                                                 .parts[0] = bytes_of_string(text),
                                                 .finished = finished,
                                                 .context = &site});
}

static void answer_file(struct httpd_request *request, uint64_t size)
{
    struct disk_file *file;
    int fd = open(site.large, O_RDONLY | O_CLOEXEC);
    assert_int_equal(disk_file_new(&file, fd), 0);
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    httpd_answer(request, &(struct httpd_answer){.status = 200,
                                                 .parts[0] = bytes_of_string("head:"),
                                                 .file = file,
                                                 .file_offset = 10,
                                                 .file_size = size - 10,
                                                 .finished = finished,
                                                 .context = &site});
    disk_file_free(file);
}

/* "name=value;" of each argument, without the '=' where it had none. */
static void answer_arguments(struct httpd_request *request)
{
    static char text[1000];
    struct bytes name, value;
    size_t size = 0;
    for (size_t i = 0; httpd_argument(request, i, &name, &value); i++)
        size += (size_t)snprintf(text + size, sizeof text - size, "%.*s%s%.*s;", (int)name.size,
                                 (const char *)name.data, value.data ? "=" : "", (int)value.size,
                                 (const char *)value.data);
    snprintf(text + size, sizeof text - size, "\n");
    answer_text(request, 200, text);
}

static void handle(void *context, struct httpd_request *request)
{
    struct site *s = context;
    struct bytes path = httpd_path(request);
    size_t size = path.size < sizeof s->path ? path.size : sizeof s->path;
    memcpy(s->path, path.data, size);
    s->last_path = bytes_of(s->path, size);
    assert_int_equal(address_bytes(httpd_peer(request)).size, 4);
    if (bytes_equal_string(path, "/later"))
        s->waiting = request;
    else if (bytes_equal_string(path, "/arguments"))
        answer_arguments(request);
    else if (bytes_equal_string(path, "/large"))
        answer_file(request, LARGE);
    else if (bytes_equal_string(path, "/huge"))
        answer_file(request, HUGE_SIZE);
    else if (bytes_equal_string(path, "/none"))
        answer_text(request, 404, "none\n");
    else
        answer_text(request, 200, "hello\n");
}

static void stop(void *context)
{
    loop_stop(context);
}

static void pump(int64_t ms)
{
    loop_timer_start(site.stop, ms);
    assert_int_equal(loop_run(site.loop), 0);
}

static int enter(void **state)
{
    (void)state;
    site = (struct site){0};
    temporary_make(site.dir);
    assert_int_equal(file_path(site.large, site.dir, "large"), 0);
    uint8_t *data = malloc(LARGE);
    for (size_t i = 0; i < LARGE; i++)
        data[i] = (uint8_t)(i * 13 + i / 255);
    assert_int_equal(file_replace(site.large, bytes_of(data, LARGE), 0600, NULL), 0);
    free(data);
    assert_int_equal(loop_new(&site.loop), 0);
    assert_int_equal(worker_new(&site.worker, site.loop, 1, 64), 0);
    assert_int_equal(loop_timer_new(&site.stop, site.loop, stop, site.loop), 0);
    struct httpd_setup setup = {.connections = 40,
                                .per_address = 16,
                                .header_ms = 120,
                                .idle_ms = 200,
                                .send_ms = 250,
                                .send_rate = 100 * 1000 * 1000,
                                .worker = site.worker,
                                .handle = handle,
                                .context = &site};
    int fd;
    struct address any;
    assert_int_equal(address_parse(&any, "0.0.0.0", 0), 0);
    assert_int_equal(tcp_bind(&fd, &any, NULL), 0);
    assert_int_equal(tcp_local_address(fd, &site.address), 0);
    assert_int_equal(address_parse(&site.address, "127.0.0.1", address_port(&site.address)), 0);
    assert_int_equal(httpd_new(&site.httpd, site.loop, &setup, NULL), 0);
    assert_int_equal(httpd_listen(site.httpd, fd, NULL), 0);
    return 0;
}

static int leave(void **state)
{
    (void)state;
    httpd_free(site.httpd);
    worker_free(site.worker);
    loop_timer_free(site.stop);
    loop_free(site.loop);
    temporary_remove(site.dir);
    return 0;
}

/* ---- a client: a socket, and what it has received ---- */

struct client {
    int fd;
    struct buffer in;
    bool ended;
};

static void client_open(struct client *c, const char *from)
{
    struct address source;
    assert_int_equal(address_parse(&source, from, 0), 0);
    *c = (struct client){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    buffer_init(&c->in, 16 * 1024 * 1024);
    assert_int_equal(bind(c->fd, &source.any, source.size), 0);
    if (connect(c->fd, &site.address.any, site.address.size) != 0)
        assert_int_equal(errno, EINPROGRESS);
    pump(0);
}

static void client_close(struct client *c)
{
    close(c->fd);
    buffer_fini(&c->in);
}

static void client_send(struct client *c, const char *text)
{
    ssize_t n = send(c->fd, text, strlen(text), MSG_NOSIGNAL);
    if (n < 0)
        c->ended = true;
}

static void client_read(struct client *c)
{
    char data[65536];
    ssize_t n;
    while ((n = recv(c->fd, data, sizeof data, 0)) > 0)
        buffer_append(&c->in, bytes_of(data, (size_t)n));
    if (n == 0 || errno != EAGAIN)
        c->ended = true;
}

/* Until `size` bytes have come, or the end, or too much time has gone by. */
static void client_wait(struct client *c, size_t size, int64_t most)
{
    int64_t end = clock_ms() + most;
    client_read(c);
    while (!c->ended && c->in.size < size && clock_ms() < end) {
        pump(1);
        client_read(c);
    }
}

static bool client_has(struct client *c, const char *text)
{
    return strstr(buffer_string(&c->in), text) != NULL;
}

static void client_expect(struct client *c, const char *text)
{
    for (int i = 0; i < 2000 && !client_has(c, text) && !c->ended; i++)
        client_wait(c, c->in.size + 1, 2);
    if (!client_has(c, text))
        fail_msg("'%s' did not come, but: %s", text, buffer_string(&c->in));
}

#define HOST " HTTP/1.1\r\nHost: x\r\n\r\n"

static void test_get_and_head_are_answered_on_one_connection(void **state)
{
    (void)state;
    struct client c;
    client_open(&c, "127.0.0.1");
    client_send(&c, "GET /file%20name%00%2f?query" HOST);
    client_expect(&c, "hello\n");
    assert_true(client_has(&c, "HTTP/1.1 200 OK\r\n"));
    assert_true(client_has(&c, "Content-Length: 6\r\n"));
    assert_true(client_has(&c, "Cache-Control: no-store\r\n"));
    assert_bytes_equal(site.last_path, bytes_of("/file name\0/", 12));
    buffer_clear(&c.in);
    client_send(&c, "HEAD /none" HOST);
    client_expect(&c, "\r\n\r\n");
    assert_true(client_has(&c, "404 Not Found"));
    assert_true(client_has(&c, "Content-Length: 5\r\n"));
    assert_false(client_has(&c, "none\n"));
    assert_false(c.ended);
    assert_int_equal(site.finished, 2);
    assert_int_equal(site.complete, 2);
    assert_int_equal(httpd_counters(site.httpd)->accepted, 1);
    client_close(&c);
}

static void test_arguments_of_a_query_are_had_one_by_one(void **state)
{
    (void)state;
    struct client c;
    client_open(&c, "127.0.0.1");
    client_send(&c, "GET /arguments?adapter=device.%41&2&empty=&a=b=c" HOST);
    client_expect(&c, "adapter=device.%41;2;empty=;a=b=c;\n");
    client_send(&c, "GET /arguments" HOST);
    client_expect(&c, "\r\n\r\n\n");
    client_close(&c);
}

static void test_other_methods_and_bad_escapes_are_refused(void **state)
{
    (void)state;
    struct client c;
    client_open(&c, "127.0.0.1");
    client_send(&c, "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc");
    client_expect(&c, "405 Method Not Allowed");
    client_expect(&c, "Allow: GET, HEAD\r\n");
    client_close(&c);
    client_open(&c, "127.0.0.1");
    client_send(&c, "GET /%zz" HOST);
    client_expect(&c, "400 Bad Request");
    client_close(&c);
    client_open(&c, "127.0.0.1");
    client_send(&c, "GET /%4" HOST);
    client_expect(&c, "400 Bad Request");
    client_close(&c);
    assert_int_equal(site.finished, 0);
}

static void test_an_answer_may_come_later(void **state)
{
    (void)state;
    struct client c;
    client_open(&c, "127.0.0.1");
    client_send(&c, "GET /later" HOST);
    pump(20);
    client_read(&c);
    assert_int_equal(c.in.size, 0);
    assert_non_null(site.waiting);
    answer_text(site.waiting, 503, "busy\n");
    client_expect(&c, "503 Service Unavailable");
    client_expect(&c, "busy\n");
    client_close(&c);
}

static void test_an_answer_nobody_waits_for_is_dropped(void **state)
{
    (void)state;
    struct client c;
    client_open(&c, "127.0.0.1");
    client_send(&c, "GET /later" HOST);
    pump(10);
    client_close(&c);
    pump(10);
    answer_text(site.waiting, 200, "too late\n");
    for (int i = 0; i < 200 && site.finished == 0; i++)
        pump(1);
    assert_int_equal(site.finished, 1);
}

static void test_the_server_may_go_before_the_answer(void **state)
{
    (void)state;
    struct client c;
    client_open(&c, "127.0.0.1");
    client_send(&c, "GET /later" HOST);
    pump(10);
    httpd_free(site.httpd);
    site.httpd = NULL;
    answer_text(site.waiting, 200, "nobody\n");
    assert_int_equal(site.finished, 1);
    assert_int_equal(site.complete, 0);
    client_close(&c);
}

static void test_a_large_file_comes_whole_behind_its_prefix(void **state)
{
    (void)state;
    struct client c;
    client_open(&c, "127.0.0.1");
    client_send(&c, "GET /large" HOST);
    client_expect(&c, "\r\n\r\n");
    size_t head = (size_t)(strstr(buffer_string(&c.in), "\r\n\r\n") - buffer_string(&c.in)) + 4;
    client_wait(&c, head + LARGE - 5, 5000);
    assert_int_equal(c.in.size, head + LARGE - 5);
    assert_memory_equal(c.in.data + head, "head:", 5);
    for (size_t i = 10; i < LARGE; i++)
        if (c.in.data[head + 5 + i - 10] != (uint8_t)(i * 13 + i / 255))
            fail_msg("byte %zu is wrong", i);
    assert_int_equal(site.complete, 1);
    client_close(&c);
}

static void test_a_file_that_shrinks_ends_the_connection(void **state)
{
    (void)state;
    struct client c;
    assert_int_equal(truncate(site.large, HUGE_SIZE), 0);
    client_open(&c, "127.0.0.1");
    client_send(&c, "GET /huge" HOST);
    client_wait(&c, 1, 1000);
    assert_int_equal(truncate(site.large, 100), 0);
    client_wait(&c, HUGE_SIZE, 5000);
    assert_true(c.ended);
    pump(1);
    assert_int_equal(site.finished, 1);
    assert_int_equal(site.complete, 0);
    assert_int_equal(site.result, ERR_TRUNCATED);
    client_close(&c);
}

/* How long a good client waits for its answer, in milliseconds. */
static int64_t time_a_request(void)
{
    struct client c;
    int64_t start = clock_ms();
    client_open(&c, "127.0.0.9");
    client_send(&c, "GET /" HOST);
    client_expect(&c, "hello\n");
    client_close(&c);
    return clock_ms() - start;
}

static void test_a_header_that_trickles_is_cut_at_its_deadline(void **state)
{
    (void)state;
    struct client slow;
    const char *text =
        "GET / HTTP/1.1\r\nX: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy";
    client_open(&slow, "127.0.0.1");
    int64_t start = clock_ms();
    for (size_t i = 0; text[i] && !slow.ended; i++) {
        client_send(&slow, (const char[]){text[i], '\0'});
        pump(10);
        client_read(&slow);
    }
    assert_true(slow.ended);
    assert_true(clock_ms() - start >= 100);
    pump(50);
    assert_int_equal(httpd_counters(site.httpd)->late, 1);
    assert_int_equal(httpd_counters(site.httpd)->open, 0);
    client_close(&slow);
}

static void test_a_silent_and_an_idle_connection_are_closed(void **state)
{
    (void)state;
    struct client silent, idle;
    client_open(&silent, "127.0.0.1");
    client_open(&idle, "127.0.0.1");
    client_send(&idle, "GET /" HOST);
    client_expect(&idle, "hello\n");
    client_wait(&silent, 1, 2000);
    assert_true(silent.ended);
    assert_false(idle.ended);
    client_wait(&idle, idle.in.size + 1, 2000);
    assert_true(idle.ended);
    assert_int_equal(httpd_counters(site.httpd)->late, 1); /* idling is no offence */
    client_close(&silent);
    client_close(&idle);
}

static void test_a_second_header_that_trickles_is_cut_too(void **state)
{
    (void)state;
    struct client c;
    client_open(&c, "127.0.0.1");
    client_send(&c, "GET /" HOST);
    client_expect(&c, "hello\n");
    pump(150); /* most of its idle time */
    client_send(&c, "GET / HTTP/1.1\r\n");
    int64_t start = clock_ms();
    client_wait(&c, c.in.size + 1, 2000);
    assert_true(c.ended);
    assert_true(clock_ms() - start >= 100);
    assert_int_equal(httpd_counters(site.httpd)->late, 1);
    client_close(&c);
}

static void test_who_never_reads_is_cut_and_delays_nobody(void **state)
{
    (void)state;
    struct client deaf[10];
    assert_int_equal(truncate(site.large, HUGE_SIZE), 0);
    for (size_t i = 0; i < 10; i++) {
        int small = 4096;
        client_open(&deaf[i], "127.0.0.1");
        setsockopt(deaf[i].fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
        client_send(&deaf[i], "GET /huge" HOST);
    }
    pump(20);
    for (int i = 0; i < 5; i++)
        assert_true(time_a_request() < 100);
    for (int i = 0; i < 500 && site.finished - site.complete < 10; i++)
        pump(2);
    assert_int_equal(httpd_counters(site.httpd)->late, 10);
    assert_int_equal(site.finished - site.complete, 10);
    for (size_t i = 0; i < 10; i++)
        client_close(&deaf[i]);
}

static void test_one_address_has_only_so_many_connections(void **state)
{
    (void)state;
    struct client many[20];
    for (size_t i = 0; i < 20; i++)
        client_open(&many[i], "127.0.0.1");
    pump(20);
    assert_int_equal(httpd_counters(site.httpd)->open, 16);
    assert_int_equal(httpd_counters(site.httpd)->refused, 4);
    assert_true(time_a_request() < 100);
    for (size_t i = 0; i < 20; i++)
        client_close(&many[i]);
}

static void test_when_all_are_taken_new_ones_wait_for_their_turn(void **state)
{
    (void)state;
    struct client many[50];
    for (size_t i = 0; i < 50; i++) {
        char from[20];
        snprintf(from, sizeof from, "127.0.1.%zu", i / 10 + 1);
        client_open(&many[i], from);
    }
    pump(20);
    assert_int_equal(httpd_counters(site.httpd)->open, 40);
    client_send(&many[49], "GET /" HOST);
    client_expect(&many[49], "hello\n"); /* after the silent ones were closed */
    assert_int_equal(httpd_counters(site.httpd)->accepted, 50);
    for (size_t i = 0; i < 50; i++)
        client_close(&many[i]);
}

int main(void)
{
#define ON_SITE(test) cmocka_unit_test_setup_teardown(test, enter, leave)
    const struct CMUnitTest tests[] = {
        ON_SITE(test_get_and_head_are_answered_on_one_connection),
        ON_SITE(test_arguments_of_a_query_are_had_one_by_one),
        ON_SITE(test_other_methods_and_bad_escapes_are_refused),
        ON_SITE(test_an_answer_may_come_later),
        ON_SITE(test_an_answer_nobody_waits_for_is_dropped),
        ON_SITE(test_the_server_may_go_before_the_answer),
        ON_SITE(test_a_large_file_comes_whole_behind_its_prefix),
        ON_SITE(test_a_file_that_shrinks_ends_the_connection),
        ON_SITE(test_a_header_that_trickles_is_cut_at_its_deadline),
        ON_SITE(test_a_silent_and_an_idle_connection_are_closed),
        ON_SITE(test_a_second_header_that_trickles_is_cut_too),
        ON_SITE(test_who_never_reads_is_cut_and_delays_nobody),
        ON_SITE(test_one_address_has_only_so_many_connections),
        ON_SITE(test_when_all_are_taken_new_ones_wait_for_their_turn),
    };
    return RUN(tests);
}
