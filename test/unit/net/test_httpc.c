#include "support.h"

#include "net/httpc.h"
#include "net/httpd.h"
#include "net/tcp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Our own server is the other side; curl is the judge of it, and it is curl's. */
struct world {
    struct loop *loop;
    struct httpd *httpd;
    struct httpc *httpc;
    uint16_t port[2]; /* of 127.0.0.1 and ::1 */
    char peer[ADDRESS_TEXT];
    struct httpd_request *kept;
    unsigned done;
    int error;
    unsigned status;
    char words[200];
    char body[200];
    bool free_in_done;
};

static struct world world;

static void handle(void *context, struct httpd_request *request)
{
    struct world *w = context;
    address_host(w->peer, httpd_peer(request));
    struct bytes path = httpd_path(request);
    if (bytes_equal_string(path, "/never")) {
        w->kept = request;
        return;
    }
    bool found = bytes_equal_string(path, "/a%2/../b") || bytes_equal_string(path, "/file");
    httpd_answer(request, &(struct httpd_answer){.status = found ? 200 : 404,
                                                 .parts[0] = bytes_of_string("0123456789")});
}

static void listen_at(const char *host, uint16_t *port)
{
    struct address a;
    int fd;
    assert_int_equal(address_parse(&a, host, 0), 0);
    assert_int_equal(tcp_bind(&fd, &a, NULL), 0);
    assert_int_equal(tcp_local_address(fd, &a), 0);
    *port = address_port(&a);
    assert_int_equal(httpd_listen(world.httpd, fd, NULL), 0);
}

static int enter(void **state)
{
    (void)state;
    world = (struct world){0};
    struct httpd_setup setup = {.connections = 10,
                                .per_address = 10,
                                .header_ms = 1000,
                                .idle_ms = 1000,
                                .send_ms = 1000,
                                .send_rate = 1000,
                                .handle = handle,
                                .context = &world};
    assert_int_equal(loop_new(&world.loop), 0);
    assert_int_equal(httpd_new(&world.httpd, world.loop, &setup, NULL), 0);
    assert_int_equal(httpc_new(&world.httpc, world.loop), 0);
    listen_at("127.0.0.1", &world.port[0]);
    listen_at("::1", &world.port[1]);
    return 0;
}

static int leave(void **state)
{
    (void)state;
    httpc_free(world.httpc);
    httpd_free(world.httpd);
    loop_free(world.loop);
    return 0;
}

static void done(void *context, const struct httpc_result *result)
{
    struct world *w = context;
    w->done++;
    w->error = result->error;
    w->status = result->status;
    snprintf(w->words, sizeof w->words, "%s", result->words ? result->words : "");
    snprintf(w->body, sizeof w->body, "%.*s", (int)result->body.size,
             result->body.data ? (const char *)result->body.data : "");
    if (w->free_in_done) {
        httpc_free(w->httpc);
        w->httpc = NULL;
    }
    loop_stop(w->loop);
}

static void fetch(const char *url, const char *source, size_t max, int64_t deadline)
{
    struct httpc_transfer *t;
    struct httpc_get get = {.url = url,
                            .source = source,
                            .max = max,
                            .deadline_ms = deadline,
                            .done = done,
                            .context = &world};
    world.done = 0;
    assert_int_equal(httpc_get(world.httpc, &t, &get), 0);
    assert_int_equal(world.done, 0);
    assert_int_equal(loop_run(world.loop), 0);
    assert_int_equal(world.done, 1);
}

static const char *url(const char *host, int which, const char *path)
{
    static char text[200];
    snprintf(text, sizeof text, "http://%s:%u%s", host, world.port[which], path);
    return text;
}

static void test_a_file_is_fetched_from_the_source_address_asked_for(void **state)
{
    (void)state;
    fetch(url("127.0.0.1", 0, "/file"), "127.0.0.5", 100, 2000);
    assert_int_equal(world.error, 0);
    assert_int_equal(world.status, 200);
    assert_string_equal(world.body, "0123456789");
    assert_string_equal(world.peer, "127.0.0.5");
}

static void test_ipv6_addresses_are_taken(void **state)
{
    (void)state;
    fetch(url("[::1]", 1, "/file"), NULL, 100, 2000);
    assert_int_equal(world.status, 200);
    assert_string_equal(world.peer, "::1");
}

static void test_a_path_goes_out_as_it_is(void **state)
{
    (void)state;
    fetch(url("127.0.0.1", 0, "/a%252/../b"), NULL, 100, 2000);
    assert_int_equal(world.status, 200);
}

static void test_an_absent_file_is_an_answer_too(void **state)
{
    (void)state;
    fetch(url("127.0.0.1", 0, "/none"), NULL, 100, 2000);
    assert_int_equal(world.error, 0);
    assert_int_equal(world.status, 404);
}

static void test_a_file_larger_than_allowed_is_an_error(void **state)
{
    (void)state;
    fetch(url("127.0.0.1", 0, "/file"), NULL, 9, 2000);
    assert_int_equal(world.error, ERR_LIMIT);
    assert_string_equal(world.body, "");
}

static void test_a_silent_server_is_left_at_the_deadline(void **state)
{
    (void)state;
    fetch(url("127.0.0.1", 0, "/never"), NULL, 100, 50);
    assert_int_equal(world.error, ERR_TIMEOUT);
    assert_non_null(world.kept);
    httpd_answer(world.kept, &(struct httpd_answer){.status = 200});
}

static void test_no_server_is_an_error_with_words(void **state)
{
    (void)state;
    httpd_free(world.httpd);
    world.httpd = NULL;
    fetch(url("127.0.0.1", 0, "/file"), NULL, 100, 2000);
    assert_true(world.error < 0);
    assert_true(world.words[0] != '\0');
}

static void test_only_http_is_spoken(void **state)
{
    (void)state;
    fetch("file:///etc/passwd", NULL, 100000, 2000);
    assert_int_equal(world.error, ERR_USAGE);
}

static void test_a_cancelled_transfer_says_nothing(void **state)
{
    (void)state;
    struct httpc_transfer *t;
    struct httpc_get get = {.url = url("127.0.0.1", 0, "/file"),
                            .max = 100,
                            .deadline_ms = 2000,
                            .done = done,
                            .context = &world};
    assert_int_equal(httpc_get(world.httpc, &t, &get), 0);
    httpc_cancel(t);
    fetch(url("127.0.0.1", 0, "/none"), NULL, 100, 2000);
    assert_int_equal(world.status, 404);
}

static void test_the_client_may_be_freed_by_its_answer(void **state)
{
    (void)state;
    world.free_in_done = true;
    fetch(url("127.0.0.1", 0, "/file"), NULL, 100, 2000);
    assert_int_equal(world.status, 200);
}

int main(void)
{
#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, enter, leave)
    const struct CMUnitTest tests[] = {
        IN_WORLD(test_a_file_is_fetched_from_the_source_address_asked_for),
        IN_WORLD(test_ipv6_addresses_are_taken),
        IN_WORLD(test_a_path_goes_out_as_it_is),
        IN_WORLD(test_an_absent_file_is_an_answer_too),
        IN_WORLD(test_a_file_larger_than_allowed_is_an_error),
        IN_WORLD(test_a_silent_server_is_left_at_the_deadline),
        IN_WORLD(test_no_server_is_an_error_with_words),
        IN_WORLD(test_only_http_is_spoken),
        IN_WORLD(test_a_cancelled_transfer_says_nothing),
        IN_WORLD(test_the_client_may_be_freed_by_its_answer),
    };
    return RUN(tests);
}
