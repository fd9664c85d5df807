#include "service/tftp/web.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A phone with a good line needs a second; one at the end of a bad one should still get its
 * firmware. */
enum {
    CONNECTIONS = 1024,
    HEADER_MS = 10000,
    IDLE_MS = 30000,
    SEND_MS = 30000,
    SEND_RATE = 4096,
};

struct web {
    struct web_setup setup;
    struct httpd *httpd;
    struct httpd_counters counters; /* of the end */
};

/* A request on its way through the library. */
struct visit {
    struct web *web;
    struct httpd_request *request;
    struct address peer;
    bool head;
    struct file_name name;
    struct content *content;
};

static void visit_over(void *context, bool complete, int result)
{
    struct visit *visit = context;
    struct web *web = visit->web;
    struct bytes asked = bytes_of_string(visit->name.asked);
    if (result)
        journal_peer(web->setup.journal, LEVEL_WARNING, "transfer_broken", &visit->peer, asked,
                     result == ERR_TRUNCATED ? "The file changed while it was sent"
                                             : error_text(result));
    else if (visit->content && !visit->head && complete)
        web->setup.served(web->setup.context, &visit->peer, &visit->name, visit->content, true);
    content_free(visit->content);
    free(visit);
}

/* CUCM's type says that it may be anything; programs that fetch a CRL look at it (RFC 2585). */
static const char *type_of(const struct visit *visit)
{
    bool crl = visit && visit->content && visit->name.kind == NAME_CRL;
    return crl ? "application/pkix-crl" : "*/*";
}

/* CUCM's headers. */
static void answer(struct httpd_request *request, struct visit *visit, unsigned status,
                   const char *words)
{
    struct httpd_answer a = {
        .status = status,
        .headers = {{"Cache-Control", "no-store"}, {"Content-Type", type_of(visit)}},
        .parts = {bytes_of_string(words)}};
    if (visit) {
        const struct content *content = visit->content;
        a.finished = visit_over;
        a.context = visit;
        if (content) {
            const struct body *body = content->body;
            a.parts[0] = bytes_of(content->header, content->header_size);
            a.parts[1] = bytes_of(body->memory, body->memory ? (size_t)body->size : 0);
            a.file = body->file;
            a.file_offset = body->offset;
            a.file_size = body->file ? body->size : 0;
        }
    }
    httpd_answer(request, &a);
}

static unsigned status_of(int result)
{
    switch (result) {
    case 0:
        return 200;
    case ERR_NOT_FOUND:
    case ERR_POLICY:
        return 404;
    default:
        return 503;
    }
}

static void content_found(void *context, uint64_t id, const struct library_answer *found)
{
    struct visit *visit = context;
    struct web *web = visit->web;
    unsigned status = status_of(found->result);
    struct bytes asked = bytes_of_string(visit->name.asked);
    (void)id;
    journal_http(web->setup.journal, &visit->peer, asked, status, visit->head);
    gate_answered(web->setup.gate, &visit->peer, &visit->name, found);
    if (found->result == 0) {
        visit->content = content_share(found->content);
        answer(visit->request, visit, status, "");
        return;
    }
    if (found->result != ERR_LIMIT && found->result != ERR_CLOSED)
        journal_peer(web->setup.journal,
                     status == 404 && found->result != ERR_POLICY ? LEVEL_INFO : LEVEL_WARNING,
                     found->result == ERR_NOT_FOUND ? "file_absent" : "file_refused", &visit->peer,
                     asked, found->words);
    answer(visit->request, visit, status, status == 404 ? "File not found\n" : "Try again\n");
}

static void handle(void *context, struct httpd_request *request)
{
    struct web *web = context;
    struct why why = WHY_NONE;
    struct bytes path = httpd_path(request);
    struct visit *visit = calloc(1, sizeof *visit);
    if (!visit) {
        answer(request, NULL, 503, "Try again\n");
        return;
    }
    *visit = (struct visit){.web = web,
                            .request = request,
                            .peer = *httpd_peer(request),
                            .head = httpd_is_head(request)};
    if (file_name_parse(&visit->name, path, &why) == 0) {
        library_poll(web->setup.library);
        gate_ask(web->setup.gate, &visit->peer, &visit->name, content_found, visit, 0);
        return;
    }
    journal_http(web->setup.journal, &visit->peer, path, 404, visit->head);
    journal_peer(web->setup.journal, LEVEL_NOTICE, "name_refused", &visit->peer, path, why.text);
    free(visit);
    answer(request, NULL, 404, "File not found\n");
}

int web_new(struct web **out, struct loop *loop, const struct web_setup *setup, struct why *why)
{
    struct web *web = calloc(1, sizeof *web);
    size_t given = 0;
    int result = web ? 0 : -ENOMEM;
    if (result == 0) {
        web->setup = *setup;
        const struct httpd_setup server = {.connections = CONNECTIONS,
                                           .per_address = setup->per_address,
                                           .header_ms = HEADER_MS,
                                           .idle_ms = IDLE_MS,
                                           .send_ms = SEND_MS,
                                           .send_rate = SEND_RATE,
                                           .worker = setup->disk,
                                           .handle = handle,
                                           .context = web};
        result = httpd_new(&web->httpd, loop, &server, why);
    }
    while (result == 0 && given < setup->count)
        result = httpd_listen(web->httpd, setup->sockets[given++], why);
    if (result) {
        while (given < setup->count)
            close(setup->sockets[given++]);
        web_free(web);
        return result;
    }
    web->setup.sockets = NULL; /* the caller's memory */
    *out = web;
    return 0;
}

void web_stop(struct web *web)
{
    if (!web || !web->httpd)
        return;
    web->counters = *httpd_counters(web->httpd);
    httpd_free(web->httpd);
    web->httpd = NULL;
}

void web_free(struct web *web)
{
    if (!web)
        return;
    web_stop(web);
    free(web);
}

const struct httpd_counters *web_counters(const struct web *web)
{
    return web->httpd ? httpd_counters(web->httpd) : &web->counters;
}
