/* The role tftp: sockets and the signer come from the supervisor, the rest is the service's. */
#include "daemon/role_link.h"
#include "daemon/roles.h"

#include "base/log.h"
#include "service/tftp/service.h"

#include <unistd.h>

struct tftp_role {
    struct role_link *link;
    struct signer_loop *signer;
    struct tftp_service *service;
    struct tftp_setup setup; /* the sockets, until the service begins */
};

static void service_ready(void *context)
{
    struct tftp_role *r = context;
    role_link_ready(r->link);
}

static void take_socket(struct tftp_role *r, const char *text, int fd)
{
    struct tftp_setup *s = &r->setup;
    bool udp = text[0] == 'u';
    size_t *count = udp ? &s->udp_count : &s->http_count;
    if (fd < 0 || r->service || *count == TFTP_SERVICE_SOCKETS_MAX) {
        if (fd >= 0)
            close(fd);
        return;
    }
    (udp ? s->udp : s->http)[(*count)++] = fd;
}

static int begin(struct tftp_role *r, struct why *why)
{
    const struct config *config = role_link_config(r->link);
    const char *state = role_link_state(r->link);
    char tftpboot[FILE_PATH];
    char templates[FILE_PATH];
    char log[FILE_PATH];
    char store[FILE_PATH];
    int result = file_path(tftpboot, state, STATE_TFTPBOOT);
    if (result == 0)
        result = file_path(templates, state, STATE_TEMPLATES);
    if (result == 0)
        result = file_path(log, state, STATE_LOG);
    if (result == 0)
        result = config_store_address(store, config, state);
    if (result)
        return result;
    struct tftp_setup *s = &r->setup;
    s->tftpboot = tftpboot;
    s->templates = templates;
    s->log = log;
    s->store = store;
    s->node = config->node;
    s->signer = r->signer;
    s->transfers = config->tftp_transfers;
    s->per_address = config->tftp_per_address;
    s->names_per_address = config->tftp_names;
    s->window = config->tftp_window;
    s->receive_buffer = config->tftp_receive_buffer;
    s->log_size = config->log_size;
    s->log_keep = config->log_keep;
    s->ready = service_ready;
    s->context = r;
    return tftp_service_new(&r->service, role_link_loop(r->link), s, why);
}

static void on_message(void *context, char kind, char *text, int fd)
{
    struct tftp_role *r = context;
    struct why why = WHY_NONE;
    int result = 0;
    switch (kind) {
    case 'S':
        take_socket(r, text, fd);
        return;
    case 'G':
        result = fd >= 0 ? signer_loop_replace(r->signer, fd) : 0;
        if (result)
            log_event(LEVEL_ERROR, "event=signer_not_reached reason=\"%s\"", error_text(result));
        return;
    case 'R':
        if (r->service)
            tftp_service_reload(r->service);
        break;
    case 'B':
        result = r->service ? 0 : begin(r, &why);
        if (result) {
            role_link_fail(r->link, why_text(&why, result));
            loop_stop(role_link_loop(r->link));
        }
        break;
    default:
        break;
    }
    if (fd >= 0)
        close(fd);
}

int role_tftp(const char *state, int control)
{
    struct tftp_role r = {.link = NULL};
    struct why why = WHY_NONE;
    int result = role_link_new(&r.link, "tftp", state, control, on_message, &r, &why);
    if (result == 0)
        result = signer_loop_new(&r.signer, role_link_loop(r.link));
    if (result)
        role_link_fail(r.link, why_text(&why, result));
    else
        result = role_link_run(r.link);
    bool served = r.service != NULL;
    tftp_service_free(r.service);
    signer_loop_free(r.signer);
    role_link_free(r.link);
    return result || !served ? 1 : 0;
}
