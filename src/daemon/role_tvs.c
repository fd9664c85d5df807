/* The role tvs: sockets and the signer come from the supervisor, the rest is the service's. */
#include "daemon/role_link.h"
#include "daemon/roles.h"

#include "base/log.h"
#include "service/tvs/service.h"

#include <unistd.h>

enum { CONNECTIONS = 16384 };

struct tvs_role {
    struct role_link *link;
    struct signer_loop *signer;
    struct tvs_service *service;
    struct tvs_setup setup; /* the sockets, until the service begins */
};

static void service_ready(void *context)
{
    struct tvs_role *r = context;
    role_link_ready(r->link);
}

static void service_failed(void *context, const char *reason)
{
    struct tvs_role *r = context;
    role_link_fail(r->link, reason);
    loop_stop(role_link_loop(r->link));
}

static void take_socket(struct tvs_role *r, int fd)
{
    if (fd < 0)
        return;
    if (r->service || r->setup.count == TVS_SERVICE_SOCKETS_MAX)
        close(fd);
    else
        r->setup.sockets[r->setup.count++] = fd;
}

static int begin(struct tvs_role *r, struct why *why)
{
    const struct config *config = role_link_config(r->link);
    const char *state = role_link_state(r->link);
    char log[FILE_PATH];
    char store[FILE_PATH];
    int result = file_path(log, state, STATE_LOG);
    if (result == 0)
        result = config_store_address(store, config, state);
    if (result)
        return result;
    struct tvs_setup *s = &r->setup;
    s->store = store;
    s->node = config->node;
    s->log = log;
    s->log_size = config->log_size;
    s->log_keep = config->log_keep;
    s->legacy_tls = config->legacy_tls;
    s->signer = r->signer;
    s->connections = CONNECTIONS;
    s->ready = service_ready;
    s->failed = service_failed;
    s->context = r;
    return tvs_service_new(&r->service, role_link_loop(r->link), s, why);
}

static void on_message(void *context, char kind, char *text, int fd)
{
    struct tvs_role *r = context;
    struct why why = WHY_NONE;
    int result = 0;
    (void)text;
    switch (kind) {
    case 'S':
        take_socket(r, fd);
        return;
    case 'G':
        result = fd >= 0 ? signer_loop_replace(r->signer, fd) : 0;
        if (result)
            log_event(LEVEL_ERROR, "event=signer_not_reached reason=\"%s\"", error_text(result));
        return;
    case 'R':
        if (r->service)
            tvs_service_reload(r->service, role_link_config(r->link));
        break;
    case 'B':
        result = r->service ? 0 : begin(r, &why);
        if (result)
            service_failed(r, why_text(&why, result));
        break;
    default:
        break;
    }
    if (fd >= 0)
        close(fd);
}

int role_tvs(const char *state, int control)
{
    struct tvs_role r = {.link = NULL};
    struct why why = WHY_NONE;
    int result = role_link_new(&r.link, "tvs", state, control, on_message, &r, &why);
    if (result == 0)
        result = signer_loop_new(&r.signer, role_link_loop(r.link));
    if (result)
        role_link_fail(r.link, why_text(&why, result));
    else
        result = role_link_run(r.link);
    bool served = r.service != NULL;
    /* First the signer: what is asked of it is answered before its askers go. */
    signer_loop_free(r.signer);
    tvs_service_free(r.service);
    role_link_free(r.link);
    return result || !served ? 1 : 0;
}
