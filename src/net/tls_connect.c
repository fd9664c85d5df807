#include "net/tls_parts.h"

#include <errno.h>
#include <unistd.h>

/* A fleet has many addresses and more connections than one has ports: the kernel chooses the port
 * when it knows both ends. */
static int bind_local(int fd, const struct address *local)
{
    const int on = 1;
    struct address any = *local;
    if (local->any.sa_family == AF_INET6)
        any.v6.sin6_port = 0;
    else
        any.v4.sin_port = 0;
    if (setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on) != 0 ||
        bind(fd, &any.any, any.size) != 0)
        return -errno;
    return 0;
}

static int open_socket(int *out, const struct address *server, const struct address *local,
                       struct why *why)
{
    char text[ADDRESS_TEXT];
    int fd = socket(server->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return why_error(why, -errno, "no socket: %s", error_text(-errno));
    int result = local ? bind_local(fd, local) : 0;
    if (result)
        why_error(why, result, "cannot connect from %s: %s", address_host(text, local),
                  error_text(result));
    else if (connect(fd, &server->any, server->size) != 0 && errno != EINPROGRESS)
        result = why_error(why, -errno, "%s: %s", address_text(text, server), error_text(-errno));
    if (result) {
        close(fd);
        return result;
    }
    *out = fd;
    return 0;
}

static int show(struct tls_connection *c, const struct identity *identity, struct why *why)
{
    int result = tls_make_ssl(c);
    return result ? result : tls_use_identity(c->ssl, c->context->profile, identity, why);
}

int tls_connect(struct tls_connection **out, struct loop *loop, const struct address *server,
                const struct tls_connect_setup *setup, struct why *why)
{
    struct tls_connection *c = NULL;
    int fd = -1;
    if ((!setup->judge && !setup->context->plain) || setup->context->server)
        return why_error(why, ERR_USAGE, "a client needs a context of clients, and a judge");
    int result = open_socket(&fd, server, setup->local, why);
    if (result)
        return result;
    result = tls_connection_new(&c, loop, setup->context, &setup->limits, fd, server);
    if (result) {
        close(fd);
        return result;
    }
    tls_set_events(c, &setup->events, setup->user);
    c->judge = setup->judge;
    if (setup->identity && !setup->context->plain)
        result = show(c, setup->identity, why);
    if (result == 0)
        result = tls_start(c, TLS_CONNECTING);
    if (result) {
        tls_free(c);
        return result;
    }
    *out = c;
    return 0;
}
