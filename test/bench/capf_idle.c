/*
 * capf_idle: clients that keep connections to a TLS server and let it wait, until it is killed: a
 * third of them says nothing, a third sends a first record a byte at a time, a third has done its
 * handshake and is silent then.
 *
 *   capf_idle PORT COUNT
 *
 * Prints "ready" when all are there. Whoever is cut off comes back.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <openssl/ssl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum kind { SILENT, SLOW, SHAKEN, KINDS };
enum { RECORD = 512, HEADER = 9, ROUND_US = 200000 };

struct client {
    int fd;
    SSL *ssl;
    unsigned sent;
};

static struct sockaddr_in server = {.sin_family = AF_INET};
static SSL_CTX *ctx;

static void die(const char *what)
{
    fprintf(stderr, "capf_idle: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void arrive(struct client *c, unsigned number)
{
    struct sockaddr_in local = {.sin_family = AF_INET,
                                .sin_addr.s_addr = htonl(0x7f020001u + number % 60000)};
    *c = (struct client){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (c->fd < 0 || bind(c->fd, (struct sockaddr *)&local, sizeof local) != 0 ||
        connect(c->fd, (struct sockaddr *)&server, sizeof server) != 0)
        die("connect");
    if (number % KINDS != SHAKEN)
        return;
    c->ssl = SSL_new(ctx);
    SSL_set_fd(c->ssl, c->fd);
    if (SSL_connect(c->ssl) != 1)
        die("TLS");
}

static int has_gone(const struct client *c)
{
    char byte;
    ssize_t got;
    do
        got = recv(c->fd, &byte, 1, MSG_DONTWAIT | (c->ssl ? 0 : MSG_PEEK));
    while (got > 0 && c->ssl); /* what the server says to it is dropped */
    return got == 0 || (got < 0 && errno != EAGAIN);
}

/* A record that would be a ClientHello of 503 bytes, when it is all there. */
static void trickle(struct client *c)
{
    static const unsigned char head[HEADER] = {22, 3, 1, 1, 0xfb, 1, 0, 1, 0xf7};
    const unsigned char byte = c->sent < HEADER ? head[c->sent] : 3;
    if (c->sent + 1 < RECORD && send(c->fd, &byte, 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1)
        c->sent++;
}

int main(int argc, char **argv)
{
    struct rlimit limit;
    if (argc != 3) {
        fprintf(stderr, "usage: capf_idle PORT COUNT\n");
        return 2;
    }
    unsigned count = (unsigned)strtoul(argv[2], NULL, 10);
    struct client *clients = calloc(count, sizeof *clients);
    server.sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10));
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    ctx = SSL_CTX_new(TLS_client_method());
    if (!clients || !ctx)
        die("no memory");
    for (unsigned i = 0; i < count; i++)
        arrive(&clients[i], i);
    puts("ready");
    fflush(stdout);
    for (;;) {
        for (unsigned i = 0; i < count; i++) {
            if (i % KINDS == SLOW)
                trickle(&clients[i]);
            if (has_gone(&clients[i])) {
                close(clients[i].fd);
                SSL_free(clients[i].ssl);
                arrive(&clients[i], i);
            }
        }
        usleep(ROUND_US);
    }
}
