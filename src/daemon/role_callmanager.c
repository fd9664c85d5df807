/* The role callmanager. */
#include "daemon/role_front.h"

#include "service/callmanager/service.h"

enum { CONNECTIONS = 16384 }; /* of each port */

static int begin(struct role_front *f, void **service, struct why *why)
{
    struct callmanager_service *made = NULL;
    struct callmanager_setup s;
    callmanager_setup_default(&s);
    s.store = f->store;
    s.node = f->config->node;
    s.log = f->log;
    s.log_size = f->config->log_size;
    s.log_keep = f->config->log_keep;
    s.legacy_tls = f->config->legacy_tls;
    s.signer = f->signer;
    s.connections = CONNECTIONS;
    s.ready = role_front_ready;
    s.failed = role_front_failed;
    s.context = f;
    s.tls_count = role_front_take(f, SOCKET_TCP, PORT_SCCP_TLS, s.tls, CALLMANAGER_SOCKETS_MAX);
    s.tcp_count = role_front_take(f, SOCKET_TCP, PORT_SCCP, s.tcp, CALLMANAGER_SOCKETS_MAX);
    int result = callmanager_service_new(&made, f->loop, &s, why);
    *service = made;
    return result;
}

static void reload(void *service, const struct config *config)
{
    callmanager_service_reload(service, config);
}

static void end(void *service)
{
    callmanager_service_free(service);
}

int role_callmanager(const char *state, int control)
{
    static const struct role_kind kind = {
        .name = "callmanager", .begin = begin, .reload = reload, .end = end};
    return role_serve(state, control, &kind);
}
