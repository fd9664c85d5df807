#include "phone/reach.h"

#include "base/text.h"
#include "wire/cnf.h"

#include <errno.h>
#include <stdlib.h>

/* A worker has it until `done` has run, whatever becomes of who asked. */
struct reach {
    char host[CNF_HOST];
    uint16_t port;
    struct address address;
    int result;
    struct why why;
    bool working, doomed;
    void (*done)(void *context, const struct reach_result *result);
    void *context;
};

static void look_up(void *context)
{
    struct reach *r = context;
    r->result = address_resolve(&r->address, r->host, r->port, &r->why);
}

static void looked_up(void *context)
{
    struct reach *r = context;
    r->working = false;
    if (r->doomed) {
        free(r);
        return;
    }
    const struct reach_result result = {
        .error = r->result,
        .address = r->result ? NULL : &r->address,
        .words = r->result ? why_text(&r->why, r->result) : "",
    };
    r->done(r->context, &result);
}

int reach_start(struct reach **out, struct worker *worker, const char *host, uint16_t port,
                void (*done)(void *context, const struct reach_result *result), void *context)
{
    struct reach *r = calloc(1, sizeof *r);
    if (!r)
        return -ENOMEM;
    *r = (struct reach){.port = port, .done = done, .context = context, .why = WHY_NONE};
    text_copy(r->host, sizeof r->host, host);
    int result = worker_submit(worker, look_up, looked_up, r);
    r->working = result == 0;
    if (result)
        free(r);
    else
        *out = r;
    return result;
}

void reach_free(struct reach *reach)
{
    if (reach && reach->working)
        reach->doomed = true;
    else
        free(reach);
}

char *reach_failure(char *out, size_t size, const struct tls_end *end, bool old_tls)
{
    bool version = end->kind == TLS_END_VERSION || end->kind == TLS_END_CIPHER ||
                   end->kind == TLS_END_ALERT || end->kind == TLS_END_CUT;
    text_format(out, size, "%s%s", end->text,
                old_tls && version
                    ? "; this phone speaks TLS 1.0 alone: set legacy_tls = on at the server"
                    : "");
    return out;
}
