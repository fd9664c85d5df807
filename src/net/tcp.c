#include "net/tcp.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

int tcp_bind(int *out, const struct address *local, struct why *why)
{
    const int on = 1;
    int result = 0;
    int fd = socket(local->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        (local->any.sa_family == AF_INET6 &&
         setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0) ||
        bind(fd, &local->any, local->size) != 0)
        result = -errno;
    if (result) {
        char text[ADDRESS_TEXT];
        if (fd >= 0)
            close(fd);
        return why_error(why, result, "TCP %s: %s", address_text(text, local), error_text(result));
    }
    *out = fd;
    return 0;
}

int tcp_local_address(int fd, struct address *out)
{
    struct address a = {.size = sizeof a.v6};
    if (getsockname(fd, &a.any, &a.size) != 0)
        return -errno;
    *out = a;
    return 0;
}
