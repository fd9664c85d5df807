#include "phone/fetch.h"

#include "base/text.h"

#include <errno.h>
#include <string.h>

enum { HTTP_OK = 200, HTTP_NOT_FOUND = 404, TFTP_STANDARD = 69, HTTP_STANDARD = 6970 };

uint16_t fetch_http_port(uint16_t tftp_port)
{
    int port = HTTP_STANDARD + tftp_port - TFTP_STANDARD;
    return port >= 1 && port <= UINT16_MAX ? (uint16_t)port : 0;
}

static enum boot_failure failure_of(int error)
{
    switch (error) {
    case ERR_TIMEOUT:
        return FAILURE_TIMEOUT;
    case -ECONNREFUSED:
    case -EHOSTUNREACH:
    case -ENETUNREACH:
        return FAILURE_UNREACHABLE;
    case ERR_LIMIT:
        return FAILURE_TOO_LARGE;
    case -EACCES:
        return FAILURE_ACCESS;
    case -ENOMEM:
    case ERR_USAGE:
        return FAILURE_LOCAL;
    default:
        return FAILURE_SERVER;
    }
}

static void tftp_done(void *context, const struct download_result *from)
{
    struct fetch *fetch = context;
    struct fetch_result result = {.end = FETCH_ARRIVED, .file = from->file, .words = from->words};
    fetch->tftp = NULL;
    if (from->error == ERR_NOT_FOUND)
        result.end = FETCH_ABSENT;
    else if (from->error)
        result.end = FETCH_FAILED;
    result.failure = from->error ? failure_of(from->error) : FAILURE_NONE;
    fetch->done(fetch->context, &result);
}

static void http_done(void *context, const struct httpc_result *from)
{
    struct fetch *fetch = context;
    char words[200];
    struct fetch_result result = {.end = FETCH_ARRIVED, .file = from->body, .words = words};
    fetch->http = NULL;
    text_format(words, sizeof words, "the server answers %u", from->status);
    if (from->error) {
        text_copy(words, sizeof words, from->words);
        result.end = FETCH_FAILED;
        result.failure = failure_of(from->error);
    } else if (from->status == HTTP_NOT_FOUND) {
        result.end = FETCH_ABSENT;
    } else if (from->status != HTTP_OK) {
        result.end = FETCH_FAILED;
        result.failure = FAILURE_SERVER;
    }
    fetch->done(fetch->context, &result);
}

/* All but what is plain in a path becomes %XX: names are of the configuration's choosing. */
static bool is_plain(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           strchr("-._~/", c) != NULL;
}

static void write_url(struct buffer *out, const struct fetch_order *order)
{
    char host[ADDRESS_TEXT];
    bool v6 = address_bytes(order->server).size == 16;
    buffer_format(out, v6 ? "http://[%s]:%u/" : "http://%s:%u/", address_host(host, order->server),
                  order->http_port);
    for (const char *p = order->name + (*order->name == '/'); *p; p++) {
        if (is_plain(*p))
            buffer_u8(out, (uint8_t)*p);
        else
            buffer_format(out, "%%%02X", (unsigned char)*p);
    }
}

static int start_http(struct fetch *fetch, const struct fetch_order *order, struct why *why)
{
    struct buffer url;
    char source[ADDRESS_TEXT];
    buffer_init(&url, 3 * BOOT_NAME + 200);
    write_url(&url, order);
    const struct httpc_get get = {
        .url = buffer_string(&url),
        .source = order->source ? address_host(source, order->source) : NULL,
        .max = order->max,
        .deadline_ms = FETCH_HTTP_DEADLINE_MS,
        .done = http_done,
        .context = fetch,
    };
    int result = url.error;
    if (result == 0 && !fetch->httpc)
        result = httpc_new(&fetch->httpc, order->loop);
    if (result == 0)
        result = httpc_get(fetch->httpc, &fetch->http, &get);
    buffer_fini(&url);
    return result ? why_error(why, result, "HTTP: %s", error_text(result)) : 0;
}

int fetch_start(struct fetch *fetch, const struct fetch_order *order, struct why *why)
{
    fetch->done = order->done;
    fetch->context = order->context;
    if (order->transport == BOOT_HTTP)
        return start_http(fetch, order, why);
    const struct tftpc_get get = {
        .name = order->name,
        .server = order->server,
        .source = order->source,
        .options = order->tftp_options,
        .max = order->max,
        .done = tftp_done,
        .context = fetch,
    };
    return tftpc_get(order->tftpc, &fetch->tftp, &get, why);
}

void fetch_fini(struct fetch *fetch)
{
    tftpc_cancel(fetch->tftp);
    httpc_free(fetch->httpc);
    *fetch = (struct fetch){0};
}
