/*
 * sccp_bare: the least that does the same exchange - mutual TLS, and an answer of the usual size to
 * each of a phone's messages. One thread. The phone's certificate must come from the CA, and that
 * is all that is looked at: no store, no checks, no limits, no log. What a server does beyond this
 * is its price.
 *
 *   sccp_bare PORT PEM CA
 *
 * PEM has key and certificate.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FRAME = 4096, EVENTS = 256, HEADER = 12, BACKLOG = 4096 };

struct phone {
    SSL *ssl;
    bool shaken;
    unsigned char in[FRAME];
    size_t have;
};

/* What is said to what: two messages at the most. Sizes are of the payload in version 11. */
static const struct row {
    uint32_t heard;
    struct {
        uint32_t id;
        unsigned size;
    } said[2];
} rows[] = {
    {0x0000, {{0x0100, 0}}},               /* keepalive */
    {0x0001, {{0x0081, 20}, {0x009B, 0}}}, /* registration, capabilities */
    {0x000E, {{0x0097, 96}}},              /* buttons */
    {0x0028, {{0x0108, 652}}},             /* soft keys */
    {0x0025, {{0x0109, 780}}},             /* and their sets */
    {0x000B, {{0x0092, 112}}},             /* a line */
    {0x0009, {{0x0090, 92}}},              /* its forwards */
    {0x000D, {{0x0094, 36}}},              /* time */
};

static SSL_CTX *ctx;
static int epoll;

static void die(const char *what)
{
    fprintf(stderr, "sccp_bare: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void part(struct phone *p)
{
    int fd = SSL_get_fd(p->ssl);
    SSL_shutdown(p->ssl);
    SSL_free(p->ssl);
    close(fd);
    free(p);
}

static void put32(unsigned char *out, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        out[i] = (unsigned char)(value >> 8 * i);
}

static uint32_t get32(const unsigned char *in)
{
    return in[0] | (uint32_t)in[1] << 8 | (uint32_t)in[2] << 16 | (uint32_t)in[3] << 24;
}

static void answer(struct phone *p, uint32_t heard)
{
    unsigned char out[FRAME] = {0};
    size_t n = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].heard != heard)
            continue;
        for (size_t k = 0; k < 2 && (k == 0 || rows[i].said[k].id); k++) {
            put32(out + n, rows[i].said[k].size + 4);
            put32(out + n + 8, rows[i].said[k].id);
            n += HEADER + rows[i].said[k].size;
        }
    }
    if (heard == 0x0001)
        put32(out + HEADER, 30); /* s between keepalives */
    if (n)
        SSL_write(p->ssl, out, (int)n);
}

static void take_frames(struct phone *p)
{
    while (p->have >= HEADER) {
        size_t size = 8 + (size_t)get32(p->in);
        if (p->have < size || size < HEADER)
            return;
        answer(p, get32(p->in + 8));
        memmove(p->in, p->in + size, p->have - size);
        p->have -= size;
    }
}

/* False when the phone has gone. */
static bool turn(struct phone *p)
{
    if (!p->shaken) {
        int result = SSL_do_handshake(p->ssl);
        if (result != 1)
            return SSL_get_error(p->ssl, result) == SSL_ERROR_WANT_READ;
        p->shaken = true;
    }
    for (;;) {
        int got = SSL_read(p->ssl, p->in + p->have, (int)(FRAME - p->have));
        if (got <= 0)
            return SSL_get_error(p->ssl, got) == SSL_ERROR_WANT_READ;
        p->have += (size_t)got;
        take_frames(p);
    }
}

static void accept_all(int listener)
{
    const int on = 1;
    int fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct phone *p = calloc(1, sizeof *p);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = p};
        if (!p)
            die("calloc");
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        p->ssl = SSL_new(ctx);
        SSL_set_fd(p->ssl, fd);
        SSL_set_accept_state(p->ssl);
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    }
}

static void load_identity(const char *pem, const char *ca)
{
    ctx = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(ctx, 0);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    if (SSL_CTX_use_certificate_chain_file(ctx, pem) != 1 ||
        SSL_CTX_use_PrivateKey_file(ctx, pem, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_load_verify_file(ctx, ca) != 1)
        die("key and certificates cannot be used");
}

static int open_listener(unsigned port)
{
    struct sockaddr_in local = {.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (fd < 0 || bind(fd, (struct sockaddr *)&local, sizeof local) != 0 || listen(fd, BACKLOG))
        die("bind");
    return fd;
}

int main(int argc, char **argv)
{
    struct epoll_event events[EVENTS];
    struct rlimit limit;
    if (argc != 4) {
        fprintf(stderr, "usage: sccp_bare PORT PEM CA\n");
        return 2;
    }
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    load_identity(argv[2], argv[3]);
    int listener = open_listener((unsigned)strtoul(argv[1], NULL, 10));
    epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    puts("ready");
    fflush(stdout);
    for (;;) {
        int n = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < n; i++)
            if (!events[i].data.ptr)
                accept_all(listener);
            else if (!turn(events[i].data.ptr))
                part(events[i].data.ptr);
    }
}
