#include "net/httpc.h"

#include "base/text.h"

#include <curl/curl.h>

#include <errno.h>
#include <stdlib.h>

struct httpc_transfer {
    struct httpc_transfer *next;
    struct httpc_transfer **link;
    struct httpc *httpc;
    CURL *easy;
    struct httpc_get get;
    struct buffer body;
    char words[CURL_ERROR_SIZE];
};

struct httpc {
    struct loop *loop;
    CURLM *multi;
    struct loop_timer *timer;
    struct httpc_transfer *transfers;
    bool busy;   /* inside a `done` */
    bool doomed; /* freed by one */
};

/* ---- libcurl on the loop ---- */

static void report_finished(struct httpc *httpc);

static void act(struct httpc *httpc, curl_socket_t fd, int what)
{
    int running;
    if (curl_multi_socket_action(httpc->multi, fd, what, &running) == CURLM_OK)
        report_finished(httpc);
}

/* One descriptor of libcurl's. */
struct socket_watch {
    struct httpc *httpc;
    int fd;
    struct loop_watch *watch;
};

static void socket_ready(void *context, unsigned ready)
{
    struct socket_watch *s = context;
    int what =
        (ready & LOOP_READ ? CURL_CSELECT_IN : 0) | (ready & LOOP_WRITE ? CURL_CSELECT_OUT : 0);
    act(s->httpc, s->fd, what); /* may free s */
}

static void socket_forget(struct httpc *httpc, struct socket_watch *s)
{
    if (!s)
        return;
    curl_multi_assign(httpc->multi, s->fd, NULL);
    loop_watch_free(s->watch);
    free(s);
}

static int socket_changed(CURL *easy, curl_socket_t fd, int what, void *context,
                          void *socket_context)
{
    struct httpc *httpc = context;
    struct socket_watch *s = socket_context;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        socket_forget(httpc, s);
        return 0;
    }
    if (!s) {
        s = calloc(1, sizeof *s);
        if (!s)
            return -1;
        *s = (struct socket_watch){.httpc = httpc, .fd = fd};
        if (loop_watch_new(&s->watch, httpc->loop, fd, socket_ready, s) != 0) {
            free(s);
            return -1;
        }
        curl_multi_assign(httpc->multi, fd, s);
    }
    unsigned interest =
        (what & CURL_POLL_IN ? LOOP_READ : 0) | (what & CURL_POLL_OUT ? LOOP_WRITE : 0);
    return loop_watch_set(s->watch, interest) == 0 ? 0 : -1;
}

static int timer_changed(CURLM *multi, long ms, void *context)
{
    struct httpc *httpc = context;
    (void)multi;
    if (ms < 0)
        loop_timer_stop(httpc->timer);
    else
        loop_timer_start(httpc->timer, ms);
    return 0;
}

static void timer_fired(void *context)
{
    act(context, CURL_SOCKET_TIMEOUT, 0);
}

int httpc_new(struct httpc **out, struct loop *loop)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return -ENOMEM;
    struct httpc *httpc = calloc(1, sizeof *httpc);
    if (!httpc) {
        curl_global_cleanup();
        return -ENOMEM;
    }
    httpc->loop = loop;
    httpc->multi = curl_multi_init();
    int result = httpc->multi ? loop_timer_new(&httpc->timer, loop, timer_fired, httpc) : -ENOMEM;
    if (result) {
        httpc_free(httpc);
        return result;
    }
    curl_multi_setopt(httpc->multi, CURLMOPT_SOCKETFUNCTION, socket_changed);
    curl_multi_setopt(httpc->multi, CURLMOPT_SOCKETDATA, httpc);
    curl_multi_setopt(httpc->multi, CURLMOPT_TIMERFUNCTION, timer_changed);
    curl_multi_setopt(httpc->multi, CURLMOPT_TIMERDATA, httpc);
    *out = httpc;
    return 0;
}

static void transfer_free(struct httpc_transfer *t)
{
    if (t->easy) {
        curl_multi_remove_handle(t->httpc->multi, t->easy);
        curl_easy_cleanup(t->easy);
    }
    if (t->link) {
        *t->link = t->next;
        if (t->next)
            t->next->link = t->link;
    }
    buffer_fini(&t->body);
    free(t);
}

void httpc_free(struct httpc *httpc)
{
    if (!httpc)
        return;
    httpc->doomed = true;
    if (httpc->busy)
        return;
    while (httpc->transfers)
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): what is freed leaves the list */
        transfer_free(httpc->transfers);
    if (httpc->multi)
        curl_multi_cleanup(httpc->multi);
    loop_timer_free(httpc->timer);
    free(httpc);
    curl_global_cleanup();
}

/* ---- transfers ---- */

static size_t take_body(char *data, size_t one, size_t size, void *context)
{
    struct httpc_transfer *t = context;
    buffer_append(&t->body, bytes_of(data, one * size));
    return t->body.error ? 0 : size;
}

static int error_of(const struct httpc_transfer *t, CURLcode code)
{
    switch (code) {
    case CURLE_OK:
        return 0;
    case CURLE_OPERATION_TIMEDOUT:
        return ERR_TIMEOUT;
    case CURLE_FILESIZE_EXCEEDED:
        return ERR_LIMIT;
    case CURLE_WRITE_ERROR:
        return t->body.error ? t->body.error : ERR_LIMIT;
    case CURLE_COULDNT_RESOLVE_HOST:
        return ERR_NOT_FOUND;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_INTERFACE_FAILED:
        return ERR_USAGE;
    case CURLE_COULDNT_CONNECT:
        return -ECONNREFUSED;
    case CURLE_PARTIAL_FILE:
        return ERR_TRUNCATED;
    case CURLE_OUT_OF_MEMORY:
        return -ENOMEM;
    default:
        return ERR_CLOSED;
    }
}

static void report(struct httpc_transfer *t, CURLcode code)
{
    long status = 0;
    struct httpc_get get = t->get;
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    struct httpc_result result = {.error = error_of(t, code), .status = (unsigned)status};
    if (result.error)
        result.words = t->words[0] ? t->words : curl_easy_strerror(code);
    else
        result.body = buffer_bytes(&t->body);
    get.done(get.context, &result);
    transfer_free(t);
}

static void report_finished(struct httpc *httpc)
{
    CURLMsg *message;
    int left;
    if (httpc->busy)
        return;
    httpc->busy = true;
    while (!httpc->doomed && (message = curl_multi_info_read(httpc->multi, &left)) != NULL) {
        struct httpc_transfer *t = NULL;
        CURLcode code = message->data.result;
        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&t);
        report(t, code);
    }
    httpc->busy = false;
    if (httpc->doomed)
        httpc_free(httpc);
}

static CURLcode set_options(struct httpc_transfer *t)
{
    const struct httpc_get *get = &t->get;
    char source[128];
    CURLcode bad = curl_easy_setopt(t->easy, CURLOPT_URL, get->url);
#define SET(option, value)                                    \
    do {                                                      \
        if (bad == CURLE_OK)                                  \
            bad = curl_easy_setopt(t->easy, (option), value); \
    } while (0)
    SET(CURLOPT_PRIVATE, t);
    SET(CURLOPT_ERRORBUFFER, t->words);
    SET(CURLOPT_PROTOCOLS_STR, "http");
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_PATH_AS_IS, 1L);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_WRITEFUNCTION, take_body);
    SET(CURLOPT_WRITEDATA, t);
    SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)get->max);
    SET(CURLOPT_TIMEOUT_MS, (long)get->deadline_ms);
    if (get->source) {
        text_format(source, sizeof source, "host!%s", get->source);
        SET(CURLOPT_INTERFACE, source);
    }
#undef SET
    return bad;
}

int httpc_get(struct httpc *httpc, struct httpc_transfer **out, const struct httpc_get *get)
{
    struct httpc_transfer *t = calloc(1, sizeof *t);
    if (!t)
        return -ENOMEM;
    t->httpc = httpc;
    t->get = *get;
    buffer_init(&t->body, get->max);
    t->easy = curl_easy_init();
    CURLcode code = t->easy ? set_options(t) : CURLE_OUT_OF_MEMORY;
    if (code == CURLE_OK && curl_multi_add_handle(httpc->multi, t->easy) != CURLM_OK)
        code = CURLE_OUT_OF_MEMORY;
    if (code != CURLE_OK) {
        int result = error_of(t, code);
        transfer_free(t);
        return result;
    }
    t->next = httpc->transfers;
    t->link = &httpc->transfers;
    if (t->next)
        t->next->link = &t->next;
    httpc->transfers = t;
    *out = t;
    return 0;
}

void httpc_cancel(struct httpc_transfer *transfer)
{
    if (transfer)
        transfer_free(transfer);
}
