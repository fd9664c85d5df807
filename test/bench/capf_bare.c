/*
 * capf_bare: the least that does the same exchange - TLS, the four questions of an installation,
 * and one more signature with the key of TLS for each session, as that of a certificate. One
 * thread. No store, no checks, no limits, no log. What a server does beyond this is its price.
 *
 *   capf_bare PORT PEM
 *
 * PEM has key and certificate.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FRAME = 4096, EVENTS = 256, HEADER = 8, CERTIFICATE = 900, BACKLOG = 1024 };
enum { AUTH_REQ = 1, KEY_GEN_REQ = 3, STORE_CERT_REQ = 9, END_SESSION = 15 };

struct phone {
    SSL *ssl;
    bool shaken;
    unsigned char in[FRAME];
    size_t have;
};

static SSL_CTX *ctx;
static EVP_PKEY *key;
static int epoll;
static uint32_t session;

static void die(const char *what)
{
    fprintf(stderr, "capf_bare: %s: %s\n", what, strerror(errno));
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

/* A message with one element of so many bytes; what is in them is nobody's concern here. */
static void say(struct phone *p, unsigned command, unsigned tag, unsigned size)
{
    unsigned char out[FRAME] = {0x55, (unsigned char)command};
    memcpy(out + 2, &session, sizeof session);
    out[6] = (unsigned char)((size + 3) >> 8);
    out[7] = (unsigned char)(size + 3);
    out[8] = (unsigned char)tag;
    out[9] = (unsigned char)(size >> 8);
    out[10] = (unsigned char)size;
    out[11] = 1; /* of a reason: success */
    SSL_write(p->ssl, out, (int)(HEADER + 3 + size));
}

static void sign(const unsigned char *data, size_t size)
{
    unsigned char signature[512];
    size_t room = sizeof signature;
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    if (EVP_DigestSignInit(digest, NULL, EVP_sha256(), NULL, key) != 1 ||
        EVP_DigestSign(digest, signature, &room, data, size) != 1)
        die("cannot sign");
    EVP_MD_CTX_free(digest);
}

static void answer(struct phone *p, size_t size)
{
    switch (p->in[1]) {
    case AUTH_REQ + 1:
        say(p, KEY_GEN_REQ, 8, 8);
        break;
    case KEY_GEN_REQ + 1:
        sign(p->in, size);
        say(p, STORE_CERT_REQ, 6, CERTIFICATE);
        break;
    case STORE_CERT_REQ + 1:
        say(p, END_SESSION, 1, 1);
        break;
    default:
        break;
    }
}

static void take_frames(struct phone *p)
{
    while (p->have >= HEADER) {
        size_t size = HEADER + ((size_t)p->in[6] << 8 | p->in[7]);
        if (p->have < size)
            return;
        answer(p, size);
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
        session++;
        say(p, AUTH_REQ, 3, 1);
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
    FILE *file = fopen(pem, "re");
    if (!file)
        die(pem);
    key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    fclose(file);
    ctx = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(ctx, 0);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    if (!key || SSL_CTX_use_certificate_chain_file(ctx, pem) != 1 ||
        SSL_CTX_use_PrivateKey(ctx, key) != 1)
        die("key and certificate cannot be used");
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
        fprintf(stderr, "usage: capf_bare PORT PEM\n");
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
