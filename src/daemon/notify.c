#include "daemon/notify.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void notify_send(const char *words)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (!path || (path[0] != '/' && path[0] != '@') ||
        !text_copy(address.sun_path, sizeof address.sun_path, path))
        return;
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    if (path[0] == '@')
        address.sun_path[0] = '\0'; /* an abstract socket */
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    ssize_t sent = sendto(fd, words, strlen(words), MSG_NOSIGNAL | MSG_DONTWAIT,
                          (struct sockaddr *)&address, size);
    (void)sent; /* systemd that does not listen is systemd's matter */
    close(fd);
}

int64_t notify_watchdog_ms(void)
{
    const char *microseconds = getenv("WATCHDOG_USEC");
    int64_t value;
    if (!microseconds || text_number(microseconds, 2000, INT64_MAX, &value) != 0)
        return 0;
    return value / 1000;
}
