/* The role tvs. */
#include "daemon/role_front.h"

#include "service/tvs/service.h"

enum { CONNECTIONS = 16384 };

static int begin(struct role_front *f, void **service, struct why *why)
{
    struct tvs_service *made = NULL;
    struct tvs_setup s = {.store = f->store,
                          .node = f->config->node,
                          .log = f->log,
                          .log_size = f->config->log_size,
                          .log_keep = f->config->log_keep,
                          .legacy_tls = f->config->legacy_tls,
                          .signer = f->signer,
                          .connections = CONNECTIONS,
                          .ready = role_front_ready,
                          .failed = role_front_failed,
                          .context = f};
    s.count = role_front_take(f, SOCKET_TCP, PORT_TVS, s.sockets, TVS_SERVICE_SOCKETS_MAX);
    int result = tvs_service_new(&made, f->loop, &s, why);
    *service = made;
    return result;
}

static void reload(void *service, const struct config *config)
{
    tvs_service_reload(service, config);
}

static void end(void *service)
{
    tvs_service_free(service);
}

int role_tvs(const char *state, int control)
{
    static const struct role_kind kind = {
        .name = "tvs", .begin = begin, .reload = reload, .end = end};
    return role_serve(state, control, &kind);
}
