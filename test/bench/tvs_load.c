/*
 * tvs_load: phones that ask whether a certificate is trusted, so many at once, until a number is
 * done. Each makes a connection of its own, from an address of its own.
 *
 *   tvs_load PORT CONCURRENCY CONNECTIONS DER [QUESTIONS]
 *
 * QUESTIONS are asked over each connection, one after the answer to the other (1). Prints one line
 * of key=value pairs; `rate` is of questions, times are of connections from their begin to the
 * last answer.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { FRAME = 8192, EVENTS = 256, HEADER = 10, PATIENCE_MS = 60000 };

struct phone {
    SSL *ssl;
    int fd;
    unsigned number, asked;
    bool shaken;
    unsigned char in[FRAME];
    size_t have;
};

static struct {
    SSL_CTX *ctx;
    struct sockaddr_in server;
    int epoll;
    unsigned begun, done, failed, total, questions;
    double *times, *starts;
    unsigned char question[FRAME];
    size_t size;
} load;

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void begin(struct phone *p);

static void finish(struct phone *p, bool good)
{
    if (good)
        load.times[load.done++] = now_s() - load.starts[p->number];
    else
        load.failed++;
    SSL_shutdown(p->ssl);
    SSL_free(p->ssl);
    close(p->fd);
    p->ssl = NULL;
    begin(p);
}

static void ask(struct phone *p)
{
    p->asked++;
    if (SSL_write(p->ssl, load.question, (int)load.size) != (int)load.size)
        finish(p, false);
}

static void begin(struct phone *p)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data = {.ptr = p}};
    struct sockaddr_in local = {.sin_family = AF_INET};
    const int on = 1;
    if (load.begun == load.total)
        return;
    *p = (struct phone){.number = load.begun++};
    load.starts[p->number] = now_s();
    p->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    local.sin_addr.s_addr = htonl(0x7f010001u + p->number % 60000);
    setsockopt(p->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (bind(p->fd, (struct sockaddr *)&local, sizeof local) != 0 ||
        (connect(p->fd, (struct sockaddr *)&load.server, sizeof load.server) != 0 &&
         errno != EINPROGRESS)) {
        perror("tvs_load: connect");
        exit(1);
    }
    p->ssl = SSL_new(load.ctx);
    SSL_set_fd(p->ssl, p->fd);
    SSL_set_connect_state(p->ssl);
    epoll_ctl(load.epoll, EPOLL_CTL_ADD, p->fd, &event);
}

/* Trusted, or the phone has failed. */
static void take_answer(struct phone *p, size_t size)
{
    bool trusted = p->in[2] == 2 && size > HEADER + 4 && p->in[10] == 7 && p->in[13] == 0;
    memmove(p->in, p->in + size, p->have - size);
    p->have -= size;
    if (!trusted)
        finish(p, false);
    else if (p->asked == load.questions)
        finish(p, true);
    else
        ask(p);
}

static void listen_to(struct phone *p)
{
    unsigned number = p->number;
    while (p->ssl && p->number == number) {
        int got = SSL_read(p->ssl, p->in + p->have, (int)(FRAME - p->have));
        if (got <= 0) {
            if (SSL_get_error(p->ssl, got) != SSL_ERROR_WANT_READ)
                finish(p, false);
            return;
        }
        p->have += (size_t)got;
        while (p->ssl && p->number == number && p->have >= HEADER) {
            size_t size = HEADER + ((size_t)p->in[8] << 8 | p->in[9]);
            if (p->have < size)
                break;
            take_answer(p, size);
        }
    }
}

static void turn(struct phone *p)
{
    if (!p->shaken) {
        int result = SSL_do_handshake(p->ssl);
        if (result != 1) {
            int error = SSL_get_error(p->ssl, result);
            if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
                finish(p, false);
            return;
        }
        p->shaken = true;
        ask(p);
    }
    if (p->ssl && p->shaken)
        listen_to(p);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void make_question(const char *path)
{
    static const unsigned char head[] = "\x57\x01\x01\0\0\0\x03\xe9\0\0"
                                        "\x01\0\x18\x01"
                                        "CP-8861-SEPB000B4BA0AEE\x02";
    size_t at = sizeof head - 1;
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        exit(1);
    }
    memcpy(load.question, head, at);
    size_t size = fread(load.question + at + 2, 1, FRAME - at - 2, file);
    fclose(file);
    load.question[at] = (unsigned char)(size >> 8);
    load.question[at + 1] = (unsigned char)size;
    load.size = at + 2 + size;
    load.question[8] = (unsigned char)((load.size - HEADER) >> 8);
    load.question[9] = (unsigned char)(load.size - HEADER);
}

static double at_share(double share)
{
    return load.done ? 1000 * load.times[(size_t)(share * (load.done - 1))] : 0;
}

int main(int argc, char **argv)
{
    struct epoll_event events[EVENTS];
    struct rlimit limit;
    if (argc != 5 && argc != 6) {
        fprintf(stderr, "usage: tvs_load PORT CONCURRENCY CONNECTIONS DER [QUESTIONS]\n");
        return 2;
    }
    unsigned concurrency = (unsigned)strtoul(argv[2], NULL, 10);
    load.total = (unsigned)strtoul(argv[3], NULL, 10);
    make_question(argv[4]);
    load.questions = argc == 6 ? (unsigned)strtoul(argv[5], NULL, 10) : 1;
    load.server = (struct sockaddr_in){.sin_family = AF_INET,
                                       .sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10))};
    load.server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    load.times = calloc(load.total, sizeof *load.times);
    load.starts = calloc(load.total, sizeof *load.starts);
    struct phone *phones = calloc(concurrency, sizeof *phones);
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    signal(SIGPIPE, SIG_IGN);
    load.ctx = SSL_CTX_new(TLS_client_method());
    load.epoll = epoll_create1(0);
    double start = now_s();
    for (unsigned i = 0; i < concurrency; i++)
        begin(&phones[i]);
    while (load.done + load.failed < load.total) {
        int n = epoll_wait(load.epoll, events, EVENTS, PATIENCE_MS);
        if (n <= 0)
            break;
        for (int i = 0; i < n; i++)
            if (((struct phone *)events[i].data.ptr)->ssl)
                turn(events[i].data.ptr);
    }
    double took = now_s() - start;
    qsort(load.times, load.done, sizeof *load.times, by_value);
    printf("done=%u failed=%u seconds=%.3f rate=%.1f median_ms=%.3f p99_ms=%.3f\n", load.done,
           load.total - load.done, took, load.done * load.questions / took, at_share(0.5),
           at_share(0.99));
    return load.done != load.total;
}
