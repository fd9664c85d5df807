/* The role capf. */
#include "daemon/role_front.h"

#include "service/capf/service.h"

enum { CONNECTIONS = 16384 };

static int begin(struct role_front *f, void **service, struct why *why)
{
    struct capf_service *made = NULL;
    struct capf_setup s = {.store = f->store,
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
    s.count = role_front_take(f, SOCKET_TCP, PORT_CAPF, s.sockets, CAPF_SERVICE_SOCKETS_MAX);
    capf_limits_default(&s.limits);
    int result = capf_service_new(&made, f->loop, &s, why);
    *service = made;
    return result;
}

static void reload(void *service, const struct config *config)
{
    capf_service_reload(service, config);
}

static void stop(void *service)
{
    capf_service_stop(service);
}

static void end(void *service)
{
    capf_service_free(service);
}

int role_capf(const char *state, int control)
{
    static const struct role_kind kind = {
        .name = "capf", .begin = begin, .reload = reload, .stop = stop, .end = end};
    return role_serve(state, control, &kind);
}
