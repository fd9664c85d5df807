#include "phone/webserver.h"

#include "base/text.h"
#include "net/tcp.h"
#include "phone/webpage.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* For a few people who look at one phone. */
enum {
    CONNECTIONS = 32,
    PER_ADDRESS = 16,
    HEADER_MS = 5000,
    IDLE_MS = 15000,
    SEND_MS = 15000,
    SEND_RATE = 4096,
};

struct webserver {
    struct webserver_setup setup;
    struct address address;
    struct httpd *httpd;
};

static void forget(void *context, bool complete, int result)
{
    struct buffer *body = context;
    (void)complete;
    (void)result;
    buffer_fini(body);
    free(body);
}

/* Takes the body, which may be NULL. The pages load nothing and run nothing, and browsers are held
 * to that. */
static void answer(struct httpd_request *request, unsigned status, const char *type,
                   struct buffer *body, const char *words)
{
    const struct httpd_answer a = {
        .status = status,
        .headers = {{"Content-Type", type},
                    {"Cache-Control", "no-store"},
                    {"X-Content-Type-Options", "nosniff"},
                    {"Content-Security-Policy",
                     "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"}},
        .parts = {body ? buffer_bytes(body) : bytes_of_string(words)},
        .finished = body ? forget : NULL,
        .context = body};
    httpd_answer(request, &a);
}

static void answer_plainly(struct httpd_request *request, unsigned status, const char *words)
{
    answer(request, status, "text/plain; charset=utf-8", NULL, words);
}

/* "?2"; 1 when there is no query, 0 when no phone has a stream of that number. */
static size_t stream_asked(const struct httpd_request *request)
{
    int64_t number = 0;
    char text[16];
    struct bytes name, value;
    if (!httpd_argument(request, 0, &name, &value))
        return 1;
    if (!text_copy_bytes(text, sizeof text, name) ||
        text_number(text, 1, HANDSET_CALLS, &number) != 0)
        return 0;
    return (size_t)number;
}

static struct bytes adapter_asked(const struct httpd_request *request)
{
    struct bytes name, value;
    for (size_t i = 0; httpd_argument(request, i, &name, &value); i++)
        if (bytes_equal_string(name, "adapter"))
            return value;
    return (struct bytes){0};
}

static int make(struct webserver *server, struct buffer *body, const struct webpage *page,
                size_t stream)
{
    struct webfacts facts = {0};
    server->setup.look(server->setup.context, &facts);
    return webpage_make(body, page, &facts, stream);
}

static void handle(void *context, struct httpd_request *request)
{
    struct webserver *server = context;
    const struct webpage *page = webpage_find(httpd_path(request), adapter_asked(request));
    if (!page) {
        answer_plainly(request, 404, "This phone has no such page; / has the menu.\n");
        return;
    }
    struct buffer *body = malloc(sizeof *body);
    if (!body) {
        answer_plainly(request, 503, "Try again\n");
        return;
    }
    buffer_init(body, WEBPAGE_MAX);
    int result = make(server, body, page, stream_asked(request));
    if (result == 0) {
        answer(request, 200, webpage_type(page), body, NULL);
        return;
    }
    buffer_fini(body);
    free(body);
    if (result == ERR_NOT_FOUND)
        answer_plainly(request, 404,
                       "Streams are numbered from 1 on; there is none of this number.\n");
    else
        answer_plainly(request, 503, "The page could not be made; try again.\n");
}

int webserver_new(struct webserver **out, struct loop *loop, const struct webserver_setup *setup,
                  struct why *why)
{
    int fd = -1;
    struct webserver *server = calloc(1, sizeof *server);
    if (!server)
        return -ENOMEM;
    server->setup = *setup;
    server->setup.local = NULL; /* the caller's memory */
    const struct httpd_setup web = {.connections = CONNECTIONS,
                                    .per_address = PER_ADDRESS,
                                    .header_ms = HEADER_MS,
                                    .idle_ms = IDLE_MS,
                                    .send_ms = SEND_MS,
                                    .send_rate = SEND_RATE,
                                    .handle = handle,
                                    .context = server};
    int result = httpd_new(&server->httpd, loop, &web, why);
    if (result == 0)
        result = tcp_bind(&fd, setup->local, why);
    if (result == 0)
        result = tcp_local_address(fd, &server->address);
    if (fd >= 0 && result == 0)
        result = httpd_listen(server->httpd, fd, why);
    else if (fd >= 0)
        close(fd);
    if (result)
        webserver_free(server);
    else
        *out = server;
    return result;
}

void webserver_free(struct webserver *server)
{
    if (!server)
        return;
    httpd_free(server->httpd);
    free(server);
}

const struct address *webserver_address(const struct webserver *server)
{
    return &server->address;
}
