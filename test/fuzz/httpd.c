/*
 * httpd: bytes that come over a connection - to the real server, on loopback. Whatever they are,
 * the connection ends, and what reaches the handler is a path that names.c understands or refuses.
 */
#include "fuzz.h"

#include "net/httpd.h"
#include "net/tcp.h"
#include "service/tftp/names.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    TURNS = 8,         /* of the loop, in which the server takes what there is */
    DEADLINE_MS = 300, /* of everything: some clients must be waited for */
};

static struct loop *loop;
static struct loop_timer *soon;
static unsigned turns;
static struct httpd *httpd;
static struct address where;
static int client;

static void handle(void *context, struct httpd_request *request)
{
    struct file_name name;
    struct bytes path = httpd_path(request);
    (void)context;
    MUST(path.size > 0 && path.data[0] == '/');
    (void)httpd_is_head(request);
    bool fine = file_name_parse(&name, path, NULL) == 0;
    const struct httpd_answer answer = {.status = fine ? 200 : 404,
                                        .headers = {{"Content-Type", "text/plain"}},
                                        .parts = {bytes_of_string("found\n")}};
    httpd_answer(request, &answer);
}

/* The end of what the client says comes apart from the rest: else libmicrohttpd, which hears of
 * both at once, sees it only when a deadline has passed. */
static void end_of_words(void *context)
{
    (void)context;
    if (++turns < TURNS)
        loop_timer_start(soon, 0);
    else if (shutdown(client, SHUT_WR) != 0)
        loop_stop(loop);
}

static void start(void)
{
    static struct worker *worker;
    int fd = -1;
    if (httpd)
        return;
    MUST(loop_new(&loop) == 0);
    MUST(loop_timer_new(&soon, loop, end_of_words, NULL) == 0);
    MUST(worker_new(&worker, loop, 1, 16) == 0);
    const struct httpd_setup setup = {.connections = 16,
                                      .per_address = 16,
                                      .header_ms = DEADLINE_MS,
                                      .idle_ms = DEADLINE_MS,
                                      .send_ms = DEADLINE_MS,
                                      .send_rate = 1000,
                                      .worker = worker,
                                      .handle = handle};
    MUST(httpd_new(&httpd, loop, &setup, NULL) == 0);
    MUST(address_parse(&where, "127.0.0.1", 0) == 0);
    MUST(tcp_bind(&fd, &where, NULL) == 0);
    MUST(tcp_local_address(fd, &where) == 0);
    MUST(httpd_listen(httpd, fd, NULL) == 0);
}

/* Each connection has a source address of its own, since their ports stay in use for a while. */
static int connect_from_anywhere(void)
{
    static uint32_t number;
    const int on = 1;
    struct sockaddr_in from = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    number++;
    from.sin_addr.s_addr = htonl(0x7f020000u + number % 60000 + 1);
    MUST(fd >= 0 &&
         setsockopt(fd, IPPROTO_IP, 24 /* IP_BIND_ADDRESS_NO_PORT */, &on, sizeof on) == 0);
    MUST(bind(fd, (const struct sockaddr *)&from, sizeof from) == 0);
    MUST(connect(fd, &where.any, where.size) == 0);
    return fd;
}

static void readable(void *context, unsigned ready)
{
    char answer[4096];
    (void)context;
    (void)ready;
    ssize_t n = recv(client, answer, sizeof answer, MSG_DONTWAIT);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        loop_stop(loop);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct loop_watch *watch = NULL;
    if (size > 64 * 1024)
        return 0;
    start();
    client = connect_from_anywhere();
    if (send(client, data, size, MSG_NOSIGNAL) >= 0) {
        turns = 0;
        loop_timer_start(soon, 0);
        MUST(loop_watch_new(&watch, loop, client, readable, NULL) == 0);
        MUST(loop_watch_set(watch, LOOP_READ) == 0);
        MUST(loop_run(loop) == 0);
        loop_timer_stop(soon);
        loop_watch_free(watch);
    }
    close(client);
    return 0;
}
