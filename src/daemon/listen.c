#include "daemon/listen.h"

#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

enum { PATIENCE_MS = 2000, STEP_MS = 50, BACKLOG = 4096 };

static int bind_socket(const struct listener *l)
{
    int type = l->kind == SOCKET_UDP ? SOCK_DGRAM : SOCK_STREAM;
    int yes = 1;
    int fd = socket(l->address.any.sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    if ((l->address.any.sa_family == AF_INET6 &&
         setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes) != 0) ||
        (l->kind == SOCKET_TCP &&
         setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0) ||
        bind(fd, &l->address.any, l->address.size) != 0 ||
        (l->kind == SOCKET_TCP && listen(fd, BACKLOG) != 0)) {
        int result = -errno;
        close(fd);
        return result;
    }
    return fd;
}

static int open_one(struct listener *l, int64_t deadline, struct why *why)
{
    char where[ADDRESS_TEXT];
    int fd = bind_socket(l);
    while (fd == -EADDRINUSE && clock_ms() < deadline) {
        poll(NULL, 0, STEP_MS);
        fd = bind_socket(l);
    }
    if (fd >= 0) {
        l->fd = fd;
        return 0;
    }
    const char *transport = l->kind == SOCKET_UDP ? "UDP" : "TCP";
    address_text(where, &l->address);
    if (fd == -EADDRINUSE)
        return why_error(why, fd,
                         "%s port %s for %s is in use by another program (another node on this "
                         "machine needs another port_offset)",
                         transport, where, l->role->service);
    if (fd == -EACCES)
        return why_error(why, fd,
                         "%s port %s for %s needs root or CAP_NET_BIND_SERVICE (or a port_offset "
                         "above 1024)",
                         transport, where, l->role->service);
    return why_error(why, fd, "%s port %s for %s cannot be opened: %s", transport, where,
                     l->role->service, error_text(fd));
}

/* A machine without IPv6 has no ::; that is no fault of the configuration. */
static bool is_missing_family(const struct listener *l, int error)
{
    return l->address.any.sa_family == AF_INET6 &&
           (error == -EAFNOSUPPORT || error == -EADDRNOTAVAIL);
}

static int add(struct listeners *all, const struct role *role, const struct role_port *port,
               const struct config *config, const char *address, struct why *why)
{
    struct listener l = {.role = role,
                         .kind = port->kind,
                         .port = (uint16_t)(port->port + config->port_offset),
                         .fd = -1};
    int result = address_parse(&l.address, address, l.port);
    if (result == 0) {
        struct why reason = WHY_NONE;
        result = open_one(&l, clock_ms() + PATIENCE_MS, &reason);
        if (is_missing_family(&l, result))
            return 0;
        if (result)
            return why_error(why, result, "%s", reason.text);
    }
    struct listener *list =
        result == 0 ? reallocarray(all->list, all->count + 1, sizeof *list) : NULL;
    if (!list) {
        if (l.fd >= 0)
            close(l.fd);
        return result ? result : -ENOMEM;
    }
    all->list = list;
    list[all->count++] = l;
    return 0;
}

int listeners_open(struct listeners *out, const struct config *config, struct why *why)
{
    struct listeners all = {0};
    int result = 0;
    for (const struct role *role = role_table(); role->name && result == 0; role++)
        for (const struct role_port *port = role->ports; port->port && result == 0; port++)
            for (size_t i = 0; i < config->listen_count && result == 0; i++)
                result = add(&all, role, port, config, config->listen[i], why);
    if (result) {
        listeners_close(&all);
        return result;
    }
    *out = all;
    return 0;
}

int listeners_bind(struct listeners *listeners, const struct role *role, struct why *why)
{
    int result = 0;
    for (size_t i = 0; i < listeners->count && result == 0; i++) {
        struct listener *l = &listeners->list[i];
        if (l->role == role && l->fd < 0)
            result = open_one(l, 0, why);
    }
    if (result)
        listeners_release(listeners, role);
    return result;
}

void listeners_release(struct listeners *listeners, const struct role *role)
{
    for (size_t i = 0; i < listeners->count; i++) {
        struct listener *l = &listeners->list[i];
        if (l->role == role && l->fd >= 0) {
            close(l->fd);
            l->fd = -1;
        }
    }
}

void listeners_close(struct listeners *listeners)
{
    for (size_t i = 0; i < listeners->count; i++)
        if (listeners->list[i].fd >= 0)
            close(listeners->list[i].fd);
    free(listeners->list);
    *listeners = (struct listeners){0};
}
