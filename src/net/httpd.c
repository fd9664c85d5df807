#include "net/httpd.h"

#include "net/crowd.h"

#include <microhttpd.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    LISTENERS_MAX = 8,
    BACKLOG = 1024,
    ACCEPTS_A_TURN = 32,
    MEMORY_A_CONNECTION = 16 * 1024, /* bounds a request's header, too */
    CHUNK = 32 * 1024,
    BREATHER_MS = 100, /* before accepting again when descriptors have run out */
};

struct connection {
    struct connection *next;
    struct connection **link;
    struct httpd *httpd;
    struct MHD_Connection *mhd;
    struct address peer;
    int fd; /* libmicrohttpd's; valid as long as this is */
    struct loop_timer *deadline;
    bool counted;
    bool idle;
    bool suspended;
    struct httpd_request *request;
};

struct httpd_request {
    struct connection *connection; /* NULL: it has gone, the answer goes nowhere */
    bool head, handled, answered, queued;
    struct buffer path;
    struct httpd_answer answer;
    struct disk_reader *reader;
    int result;
};

struct httpd {
    struct loop *loop;
    struct httpd_setup setup;
    struct MHD_Daemon *daemon;
    struct loop_watch *watch;
    struct loop_timer *kick;
    struct loop_timer *breather;
    struct {
        int fd;
        struct loop_watch *watch;
    } listeners[LISTENERS_MAX];
    size_t listener_count;
    bool accepting;
    bool running; /* inside libmicrohttpd */
    struct connection *connections;
    struct connection *incoming; /* being handed to libmicrohttpd */
    struct crowd *crowd;
    struct httpd_counters counters;
};

/* ---- connections ---- */

static void set_accepting(struct httpd *httpd, bool accepting)
{
    if (httpd->accepting == accepting)
        return;
    httpd->accepting = accepting;
    for (size_t i = 0; i < httpd->listener_count; i++)
        if (loop_watch_set(httpd->listeners[i].watch, accepting ? LOOP_READ : 0) != 0)
            httpd->accepting = false;
}

static void breathed(void *context)
{
    struct httpd *httpd = context;
    if (httpd->counters.open < httpd->setup.connections)
        set_accepting(httpd, true);
}

static void deadline_passed(void *context)
{
    struct connection *c = context;
    if (!c->idle)
        c->httpd->counters.late++;
    shutdown(c->fd, SHUT_RDWR); /* libmicrohttpd sees that, and closes it */
}

static void connection_free(struct connection *c)
{
    struct httpd *httpd = c->httpd;
    loop_timer_free(c->deadline);
    if (c->counted)
        crowd_leave(httpd->crowd, address_bytes(&c->peer));
    if (c->link) {
        *c->link = c->next;
        if (c->next)
            c->next->link = c->link;
        httpd->counters.open--;
    }
    free(c);
}

static int connection_new(struct connection **out, struct httpd *httpd, int fd,
                          const struct address *peer)
{
    struct connection *c = calloc(1, sizeof *c);
    if (!c)
        return -ENOMEM;
    *c = (struct connection){.httpd = httpd, .fd = fd, .peer = *peer};
    int result = loop_timer_new(&c->deadline, httpd->loop, deadline_passed, c);
    if (result == 0)
        result = crowd_enter(httpd->crowd, address_bytes(peer));
    c->counted = result == 0;
    if (result) {
        connection_free(c);
        return result;
    }
    *out = c;
    return 0;
}

/* libmicrohttpd tells when a connection begins, which is inside our call, and when it has ended. */
static void notify_connection(void *context, struct MHD_Connection *mhd, void **socket_context,
                              enum MHD_ConnectionNotificationCode what)
{
    struct httpd *httpd = context;
    struct connection *c = *socket_context;
    if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
        if (c)
            connection_free(c);
        if (!httpd->accepting && httpd->counters.open < httpd->setup.connections)
            set_accepting(httpd, true);
        return;
    }
    c = httpd->incoming;
    httpd->incoming = NULL;
    *socket_context = c;
    c->mhd = mhd;
    c->next = httpd->connections;
    c->link = &httpd->connections;
    if (c->next)
        c->next->link = &c->next;
    httpd->connections = c;
    httpd->counters.open++;
    httpd->counters.accepted++;
    loop_timer_start(c->deadline, httpd->setup.header_ms);
}

static void take_connection(struct httpd *httpd, int fd, const struct address *peer)
{
    int result = connection_new(&httpd->incoming, httpd, fd, peer);
    if (result) {
        httpd->counters.refused++;
        close(fd);
        return;
    }
    if (MHD_add_connection(httpd->daemon, fd, &peer->any, peer->size) != MHD_YES &&
        httpd->incoming) {
        httpd->counters.refused++; /* the descriptor is closed by it */
        connection_free(httpd->incoming);
    }
    httpd->incoming = NULL;
}

static void kick(struct httpd *httpd)
{
    loop_timer_start(httpd->kick, 0);
}

static void accept_ready(void *context, unsigned ready)
{
    (void)ready;
    struct httpd *httpd = context;
    for (size_t i = 0; i < httpd->listener_count; i++) {
        for (int n = 0; n < ACCEPTS_A_TURN; n++) {
            if (httpd->counters.open >= httpd->setup.connections) {
                set_accepting(httpd, false);
                return;
            }
            struct address peer = {.size = sizeof peer.v6};
            int fd = accept4(httpd->listeners[i].fd, &peer.any, &peer.size,
                             SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM)) {
                set_accepting(httpd, false);
                loop_timer_start(httpd->breather, BREATHER_MS);
                return;
            }
            if (fd < 0)
                break;
            take_connection(httpd, fd, &peer);
            kick(httpd);
        }
    }
}

/* ---- requests ---- */

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* %XX becomes the byte; false when a '%' has not two digits. */
static bool decode_path(struct buffer *out, const char *url)
{
    for (; *url; url++) {
        int high = *url == '%' ? hex_value(url[1]) : -1;
        int low = high >= 0 ? hex_value(url[2]) : -1;
        if (*url == '%' && low < 0)
            return false;
        buffer_u8(out, *url == '%' ? (uint8_t)(high << 4 | low) : (uint8_t)*url);
        if (*url == '%')
            url += 2;
    }
    return out->error == 0;
}

/* The path is decoded by us, since it may hold any byte. */
static size_t leave_escapes(void *context, struct MHD_Connection *mhd, char *text)
{
    (void)context;
    (void)mhd;
    return strlen(text);
}

static void request_free(struct httpd_request *request, bool complete)
{
    disk_reader_free(request->reader);
    if (request->answered && request->answer.finished)
        request->answer.finished(request->answer.context, complete, request->result);
    disk_file_free(request->answer.file);
    buffer_fini(&request->path);
    free(request);
}

static struct connection *connection_of(struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

/* The first line of a request has come: its header has its own time now. */
static void *note_first_line(void *context, const char *uri, struct MHD_Connection *mhd)
{
    struct httpd *httpd = context;
    struct connection *c = connection_of(mhd);
    (void)uri;
    if (c && c->idle) {
        c->idle = false;
        loop_timer_start(c->deadline, httpd->setup.header_ms);
    }
    return NULL;
}

static void resume(struct connection *c)
{
    if (!c->suspended)
        return;
    c->suspended = false;
    MHD_resume_connection(c->mhd);
    kick(c->httpd);
}

static void file_ready(void *context, int result)
{
    struct httpd_request *request = context;
    if (result)
        request->result = result;
    resume(request->connection);
}

/* libmicrohttpd asks for the next piece of a body. */
static ssize_t read_body(void *context, uint64_t position, char *out, size_t max)
{
    struct httpd_request *request = context;
    const struct httpd_answer *a = &request->answer;
    size_t got = 0;
    uint64_t at = position;
    for (size_t i = 0; i < 2; i++) {
        struct bytes piece = a->parts[i];
        if (at < piece.size) {
            piece = bytes_slice(piece, (size_t)at, max);
            memcpy(out, piece.data, piece.size);
            return (ssize_t)piece.size;
        }
        at -= piece.size;
    }
    if (max > a->file_size - at)
        max = (size_t)(a->file_size - at);
    int result = request->result;
    if (result == 0)
        result = disk_read(request->reader, a->file_offset + at, out, max, &got);
    if (result == -EAGAIN) {
        request->connection->suspended = true;
        MHD_suspend_connection(request->connection->mhd);
        return 0;
    }
    if (result == 0 && got == 0)
        result = ERR_TRUNCATED;
    if (result) {
        request->result = result;
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    return (ssize_t)got;
}

static uint64_t size_of(const struct httpd_answer *a)
{
    return a->parts[0].size + a->parts[1].size + (a->file ? a->file_size : 0);
}

static struct MHD_Response *make_response(struct httpd_request *request)
{
    const struct httpd_answer *a = &request->answer;
    struct MHD_IoVec parts[2];
    unsigned count = 0;
    for (size_t i = 0; i < 2; i++)
        if (a->parts[i].size)
            parts[count++] = (struct MHD_IoVec){a->parts[i].data, a->parts[i].size};
    if (!a->file || a->file_size == 0)
        return MHD_create_response_from_iovec(parts, count, NULL, NULL);
    if (disk_reader_new(&request->reader, a->file, request->connection->httpd->setup.worker,
                        file_ready, request) != 0)
        return NULL;
    return MHD_create_response_from_callback(size_of(a), CHUNK, read_body, request, NULL);
}

static enum MHD_Result queue_answer(struct httpd_request *request)
{
    struct connection *c = request->connection;
    const struct httpd_setup *setup = &c->httpd->setup;
    const struct httpd_answer *a = &request->answer;
    struct MHD_Response *response = make_response(request);
    if (!response)
        return MHD_NO;
    enum MHD_Result result = MHD_YES;
    for (size_t i = 0; i < HTTPD_HEADERS_MAX && a->headers[i][0] && result == MHD_YES; i++)
        result = MHD_add_response_header(response, a->headers[i][0], a->headers[i][1]);
    if (result == MHD_YES)
        result = MHD_queue_response(c->mhd, a->status, response);
    MHD_destroy_response(response); /* one owner less: the connection has it now */
    uint64_t size = size_of(a);
    request->queued = true;
    loop_timer_start(c->deadline, setup->send_ms + (int64_t)(size / setup->send_rate * 1000));
    return result;
}

static void answer_plainly(struct httpd_request *request, unsigned status)
{
    struct httpd_answer answer = {.status = status};
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED) {
        answer.headers[0][0] = MHD_HTTP_HEADER_ALLOW;
        answer.headers[0][1] = "GET, HEAD";
    }
    httpd_answer(request, &answer);
}

static void handle(struct httpd *httpd, struct httpd_request *request, const char *url,
                   const char *method)
{
    request->head = strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
    request->handled = true;
    httpd->counters.requests++;
    loop_timer_stop(request->connection->deadline);
    if (!request->head && strcmp(method, MHD_HTTP_METHOD_GET) != 0)
        answer_plainly(request, MHD_HTTP_METHOD_NOT_ALLOWED);
    else if (url[0] != '/' || !decode_path(&request->path, url))
        answer_plainly(request, MHD_HTTP_BAD_REQUEST);
    else
        httpd->setup.handle(httpd->setup.context, request);
}

static enum MHD_Result access_request(void *context, struct MHD_Connection *mhd, const char *url,
                                      const char *method, const char *version, const char *upload,
                                      size_t *upload_size, void **request_context)
{
    struct httpd *httpd = context;
    struct connection *c = connection_of(mhd);
    (void)version;
    (void)upload;
    if (!c)
        return MHD_NO;
    if (!c->request) { /* the header is complete; a body may follow */
        c->request = calloc(1, sizeof *c->request);
        if (!c->request)
            return MHD_NO;
        c->request->connection = c;
        buffer_init(&c->request->path, MEMORY_A_CONNECTION);
        *request_context = c;
        return MHD_YES;
    }
    if (*upload_size) {
        *upload_size = 0; /* nobody wants a body; the deadline of the header goes on */
        return MHD_YES;
    }
    struct httpd_request *request = c->request;
    if (!request->handled)
        handle(httpd, request, url, method);
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): MHD says itself when a request is over */
    if (request->answered)
        return request->queued ? MHD_YES : queue_answer(request);
    c->suspended = true;
    MHD_suspend_connection(mhd);
    return MHD_YES;
}

static void notify_completed(void *context, struct MHD_Connection *mhd, void **request_context,
                             enum MHD_RequestTerminationCode how)
{
    struct httpd *httpd = context;
    struct connection *c = connection_of(mhd);
    *request_context = NULL;
    if (!c || !c->request)
        return;
    struct httpd_request *request = c->request;
    c->request = NULL;
    request_free(request, how == MHD_REQUEST_TERMINATED_COMPLETED_OK);
    c->idle = true;
    loop_timer_start(c->deadline, httpd->setup.idle_ms);
}

void httpd_answer(struct httpd_request *request, const struct httpd_answer *answer)
{
    request->answer = *answer;
    request->answered = true;
    if (answer->file)
        disk_file_share(answer->file);
    if (!request->connection)
        request_free(request, false);
    else
        resume(request->connection);
}

bool httpd_is_head(const struct httpd_request *request)
{
    return request->head;
}

struct bytes httpd_path(const struct httpd_request *request)
{
    return buffer_bytes(&request->path);
}

const struct address *httpd_peer(const struct httpd_request *request)
{
    return &request->connection->peer;
}

struct argument {
    size_t left; /* to pass over */
    bool found;
    struct bytes name, value;
};

static enum MHD_Result look_at_argument(void *context, enum MHD_ValueKind kind, const char *name,
                                        size_t name_size, const char *value, size_t value_size)
{
    struct argument *argument = context;
    (void)kind;
    if (argument->left--)
        return MHD_YES;
    *argument = (struct argument){.found = true,
                                  .name = bytes_of(name, name_size),
                                  .value = bytes_of(value, value ? value_size : 0)};
    return MHD_NO;
}

bool httpd_argument(const struct httpd_request *request, size_t n, struct bytes *name,
                    struct bytes *value)
{
    struct argument argument = {.left = n};
    if (request->connection)
        MHD_get_connection_values_n(request->connection->mhd, MHD_GET_ARGUMENT_KIND,
                                    look_at_argument, &argument);
    *name = argument.name;
    *value = argument.value;
    return argument.found;
}

/* ---- the server ---- */

static void run(struct httpd *httpd)
{
    MHD_UNSIGNED_LONG_LONG wait = 0;
    if (httpd->running)
        return;
    httpd->running = true;
    MHD_run(httpd->daemon);
    httpd->running = false;
    if (MHD_get_timeout(httpd->daemon, &wait) == MHD_YES)
        loop_timer_start(httpd->kick, (int64_t)wait);
}

static void kicked(void *context)
{
    run(context);
}

static void daemon_ready(void *context, unsigned ready)
{
    (void)ready;
    run(context);
}

static int start_daemon(struct httpd *httpd)
{
    httpd->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
        access_request, httpd, MHD_OPTION_NOTIFY_CONNECTION, notify_connection, httpd,
        MHD_OPTION_NOTIFY_COMPLETED, notify_completed, httpd, MHD_OPTION_URI_LOG_CALLBACK,
        note_first_line, httpd, MHD_OPTION_UNESCAPE_CALLBACK, leave_escapes, httpd,
        MHD_OPTION_CONNECTION_LIMIT, httpd->setup.connections + 1,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY_A_CONNECTION, MHD_OPTION_END);
    if (!httpd->daemon)
        return -ENOMEM;
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(httpd->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (!info)
        return ERR_UNSUPPORTED;
    int result = loop_watch_new(&httpd->watch, httpd->loop, info->epoll_fd, daemon_ready, httpd);
    return result ? result : loop_watch_set(httpd->watch, LOOP_READ);
}

int httpd_new(struct httpd **out, struct loop *loop, const struct httpd_setup *setup,
              struct why *why)
{
    struct httpd *httpd = calloc(1, sizeof *httpd);
    if (!httpd)
        return -ENOMEM;
    httpd->loop = loop;
    httpd->setup = *setup;
    httpd->accepting = true;
    if (httpd->setup.send_rate == 0)
        httpd->setup.send_rate = 1;
    int result = crowd_new(&httpd->crowd, setup->connections, setup->per_address);
    if (result == 0)
        result = loop_timer_new(&httpd->kick, loop, kicked, httpd);
    if (result == 0)
        result = loop_timer_new(&httpd->breather, loop, breathed, httpd);
    if (result == 0)
        result = start_daemon(httpd);
    if (result) {
        httpd_free(httpd);
        return why_error(why, result, "the HTTP server does not start: %s", error_text(result));
    }
    *out = httpd;
    return 0;
}

int httpd_listen(struct httpd *httpd, int fd, struct why *why)
{
    size_t i = httpd->listener_count;
    int result = i == LISTENERS_MAX ? ERR_LIMIT : 0;
    if (result == 0 && (fcntl(fd, F_SETFL, O_NONBLOCK) != 0 || listen(fd, BACKLOG) != 0))
        result = -errno;
    if (result == 0)
        result = loop_watch_new(&httpd->listeners[i].watch, httpd->loop, fd, accept_ready, httpd);
    if (result == 0)
        result = loop_watch_set(httpd->listeners[i].watch, httpd->accepting ? LOOP_READ : 0);
    if (result) {
        close(fd);
        return why_error(why, result, "cannot listen for HTTP: %s", error_text(result));
    }
    httpd->listeners[i].fd = fd;
    httpd->listener_count++;
    return 0;
}

void httpd_free(struct httpd *httpd)
{
    if (!httpd)
        return;
    for (size_t i = 0; i < httpd->listener_count; i++) {
        loop_watch_free(httpd->listeners[i].watch);
        close(httpd->listeners[i].fd);
    }
    httpd->listener_count = 0;
    for (struct connection *c = httpd->connections; c; c = c->next) {
        if (c->request && !c->request->answered) {
            c->request->connection = NULL;
            c->request = NULL;
        }
        resume(c);
    }
    loop_watch_free(httpd->watch);
    if (httpd->daemon)
        MHD_stop_daemon(httpd->daemon);
    loop_timer_free(httpd->kick);
    loop_timer_free(httpd->breather);
    crowd_free(httpd->crowd);
    free(httpd);
}

const struct httpd_counters *httpd_counters(const struct httpd *httpd)
{
    return &httpd->counters;
}
