/*
 * tvs_bare: the least that does the same exchange - TLS and an answer to each question, always the
 * same. One thread. Nothing is looked up, checked, limited or logged. What a server does beyond
 * this is its price.
 *
 *   tvs_bare PORT PEM
 *
 * PEM has key and certificate.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FRAME = 8192, EVENTS = 256, HEADER = 10, BACKLOG = 4096 };

struct phone {
    SSL *ssl;
    bool shaken;
    unsigned char in[FRAME];
    size_t have;
};

static SSL_CTX *ctx;
static int epoll;

static void die(const char *what)
{
    fprintf(stderr, "tvs_bare: %s: %s\n", what, strerror(errno));
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

/* Trusted, SAST and CCM+TFTP, for a day. */
static void answer(struct phone *p)
{
    unsigned char out[] = {0x57, 1, 2, 0, 0, 0, 0, 0, 0, 16, 7, 0,    1,
                           0,    8, 0, 2, 0, 2, 9, 0, 4, 0,  1, 0x51, 0x80};
    out[2] = (unsigned char)(p->in[2] + 1);
    memcpy(out + 4, p->in + 4, 4);
    SSL_write(p->ssl, out, sizeof out);
}

static void take_frames(struct phone *p)
{
    while (p->have >= HEADER) {
        size_t size = HEADER + ((size_t)p->in[8] << 8 | p->in[9]);
        if (p->have < size)
            return;
        answer(p);
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

static void load_identity(const char *pem)
{
    ctx = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(ctx, 0);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    if (SSL_CTX_use_certificate_chain_file(ctx, pem) != 1 ||
        SSL_CTX_use_PrivateKey_file(ctx, pem, SSL_FILETYPE_PEM) != 1)
        die(pem);
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
    if (argc != 3) {
        fprintf(stderr, "usage: tvs_bare PORT PEM\n");
        return 2;
    }
    load_identity(argv[2]);
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
