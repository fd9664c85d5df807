/*
 * keylog: the secrets of TLS connections, for tshark. A program that is linked with this file
 * writes them to the file SSLKEYLOGFILE names; its definition of tls_keylog_install() comes before
 * the one of src/net, which does nothing and is in all other programs.
 */
#include "net/tls_parts.h"

#include "base/log.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static void write_line(const SSL *ssl, const char *line)
{
    (void)ssl;
    const char *path = getenv("SSLKEYLOGFILE");
    int fd = path ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (fd < 0)
        return;
    char end = '\n';
    struct iovec parts[2] = {{.iov_base = (void *)(uintptr_t)line, .iov_len = strlen(line)},
                             {.iov_base = &end, .iov_len = 1}};
    if (writev(fd, parts, 2) < 0)
        log_event(LEVEL_WARNING, "event=keylog_lost file=SSLKEYLOGFILE");
    close(fd);
}

void tls_keylog_install(SSL_CTX *ctx)
{
    if (getenv("SSLKEYLOGFILE"))
        log_event(LEVEL_WARNING,
                  "event=keylog text=\"secrets of TLS are written out: a build for tests\"");
    SSL_CTX_set_keylog_callback(ctx, write_line);
}
