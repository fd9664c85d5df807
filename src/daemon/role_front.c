#include "daemon/role_front.h"

#include "base/log.h"
#include "base/text.h"

#include <unistd.h>

/* The front and what kind it is, for one callback. */
struct serving {
    struct role_front front;
    const struct role_kind *kind;
};

void role_front_ready(void *context)
{
    struct role_front *front = context;
    role_link_ready(front->link);
}

void role_front_failed(void *context, const char *reason)
{
    struct role_front *front = context;
    role_link_fail(front->link, reason);
    loop_stop(role_link_loop(front->link));
}

/* ---- sockets ---- */

/* `text`: "u10069". */
static void take_socket(struct role_front *f, const char *text, int fd)
{
    int64_t port = 0;
    if (fd < 0)
        return;
    if (f->service || f->socket_count == ROLE_SOCKETS_MAX ||
        text_number(text + (text[0] != '\0'), 0, UINT16_MAX, &port) != 0) {
        close(fd);
        return;
    }
    f->sockets[f->socket_count++] = (struct role_socket){
        .fd = fd, .kind = text[0] == 'u' ? SOCKET_UDP : SOCKET_TCP, .port = (uint16_t)port};
}

size_t role_front_take(struct role_front *f, enum socket_kind kind, uint16_t port, int *out,
                       size_t max)
{
    size_t count = 0;
    for (size_t i = 0; i < f->socket_count && count < max; i++) {
        struct role_socket *s = &f->sockets[i];
        if (s->fd < 0 || s->kind != kind || s->port != port + f->config->port_offset)
            continue;
        out[count++] = s->fd;
        s->fd = -1;
    }
    return count;
}

static void close_sockets(struct role_front *f)
{
    for (size_t i = 0; i < f->socket_count; i++)
        if (f->sockets[i].fd >= 0)
            close(f->sockets[i].fd);
    f->socket_count = 0;
}

/* ---- the supervisor's words ---- */

static int begin(struct serving *s, struct why *why)
{
    struct role_front *f = &s->front;
    f->loop = role_link_loop(f->link);
    f->config = role_link_config(f->link);
    f->state = role_link_state(f->link);
    int result = file_path(f->log, f->state, STATE_LOG);
    if (result == 0)
        result = config_store_address(f->store, f->config, f->state);
    if (result == 0)
        result = s->kind->begin(f, &f->service, why);
    close_sockets(f); /* what nobody took */
    return result;
}

static void replace_signer(struct role_front *f, int fd)
{
    int result = fd >= 0 ? signer_loop_replace(f->signer, fd) : 0;
    if (result)
        log_event(LEVEL_ERROR, "event=signer_not_reached reason=\"%s\"", error_text(result));
}

static void on_message(void *context, char kind, char *text, int fd)
{
    struct serving *s = context;
    struct role_front *f = &s->front;
    struct why why = WHY_NONE;
    int result = 0;
    switch (kind) {
    case 'S':
        take_socket(f, text, fd);
        return;
    case 'G':
        replace_signer(f, fd);
        return;
    case 'R':
        if (f->service)
            s->kind->reload(f->service, f->config);
        break;
    case 'B':
        result = f->service ? 0 : begin(s, &why);
        if (result)
            role_front_failed(f, why_text(&why, result));
        break;
    default:
        break;
    }
    if (fd >= 0)
        close(fd);
}

int role_serve(const char *state, int control, const struct role_kind *kind)
{
    struct serving s = {.kind = kind};
    struct role_front *f = &s.front;
    struct why why = WHY_NONE;
    int result = role_link_new(&f->link, kind->name, state, control, on_message, &s, &why);
    if (result == 0)
        result = signer_loop_new(&f->signer, role_link_loop(f->link));
    if (result)
        role_link_fail(f->link, why_text(&why, result));
    else
        result = role_link_run(f->link);
    bool served = f->service != NULL;
    if (served && kind->stop)
        kind->stop(f->service);
    /* First the signer: what is asked of it is answered before its askers go. */
    signer_loop_free(f->signer);
    if (served)
        kind->end(f->service);
    close_sockets(f);
    role_link_free(f->link);
    return result || !served ? 1 : 0;
}
