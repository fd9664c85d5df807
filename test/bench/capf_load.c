/*
 * capf_load: phones that enrol, so many at once, until a number is done.
 *
 *   capf_load PORT CONCURRENCY SESSIONS STRING FIRST [HOLD-MS]
 *
 * Phone i is SEP<12 hex of FIRST + i>, each at an address of its own. Public keys are random
 * numbers that look like keys of RSA 2048: the server cannot tell, since a phone that says its
 * string need not prove its key, and making real ones would be the load. With HOLD-MS every phone
 * says that it is making its key, and goes on when all have said so and that time has passed.
 * Prints one line of key=value pairs.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/rand.h>
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

enum { ARRIVING = 256, FRAME = 8192, EVENTS = 256, SPKI = 294 };

/* SubjectPublicKeyInfo of RSA 2048 up to the modulus, and what follows it. */
static const unsigned char spki_head[] = {0x30, 0x82, 0x01, 0x22, 0x30, 0x0d, 0x06, 0x09, 0x2a,
                                          0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05,
                                          0x00, 0x03, 0x82, 0x01, 0x0f, 0x00, 0x30, 0x82, 0x01,
                                          0x0a, 0x02, 0x82, 0x01, 0x01, 0x00};
static const unsigned char spki_tail[] = {0x02, 0x03, 0x01, 0x00, 0x01};

struct phone {
    int fd;
    SSL *ssl;
    unsigned number;
    bool shaken;
    unsigned char session[4];
    bool holds; /* says that it makes its key */
    unsigned char in[FRAME];
    size_t have;
};

static struct {
    SSL_CTX *ctx;
    struct sockaddr_in server;
    int epoll;
    unsigned begun, done, failed, total, first, holding;
    const char *string;
    double *times, *starts;
    struct phone *phones;
    long hold_ms;
} load;

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* No small factor: what the server's check of strength looks for. */
static bool divisible(const unsigned char *n, size_t size)
{
    static const unsigned primes[] = {
        3,   5,   7,   11,  13,  17,  19,  23,  29,  31,  37,  41,  43,  47,  53,  59,  61,
        67,  71,  73,  79,  83,  89,  97,  101, 103, 107, 109, 113, 127, 131, 137, 139, 149,
        151, 157, 163, 167, 173, 179, 181, 191, 193, 197, 199, 211, 223, 227, 229, 233, 239,
        241, 251, 257, 263, 269, 271, 277, 281, 283, 293, 307, 311, 313, 317, 331, 337, 347,
        349, 353, 359, 367, 373, 379, 383, 389, 397, 401, 409, 419, 421, 431, 433, 439, 443,
        449, 457, 461, 463, 467, 479, 487, 491, 499, 503, 509, 521, 523, 541, 547, 557, 563,
        569, 571, 577, 587, 593, 599, 601, 607, 613, 617, 619, 631, 641, 643, 647, 653, 659,
        661, 673, 677, 683, 691, 701, 709, 719, 727, 733, 739, 743, 751, 757, 761, 769, 773,
        787, 797, 809, 811, 821, 823, 827, 829, 839, 853, 857, 859, 863, 877, 881, 883, 887,
        907, 911, 919, 929, 937, 941, 947, 953, 967, 971, 977, 983, 991, 997};
    for (size_t i = 0; i < sizeof primes / sizeof *primes; i++) {
        unsigned rest = 0;
        for (size_t k = 0; k < size; k++)
            rest = (rest * 256 + n[k]) % primes[i];
        if (rest == 0)
            return true;
    }
    return false;
}

static unsigned char (*pool)[256];

static void make_pool(unsigned count)
{
    pool = malloc((size_t)count * 256);
    for (unsigned i = 0; i < count; i++)
        do {
            RAND_bytes(pool[i], 256);
            pool[i][0] |= 0x80;
            pool[i][255] |= 1;
        } while (divisible(pool[i], 256));
}

static size_t element(unsigned char *out, unsigned tag, const void *value, size_t size)
{
    out[0] = (unsigned char)tag;
    out[1] = (unsigned char)(size >> 8);
    out[2] = (unsigned char)size;
    memcpy(out + 3, value, size);
    return size + 3;
}

static void say(struct phone *p, unsigned command, const unsigned char *body, size_t size)
{
    unsigned char out[FRAME];
    out[0] = 0x55;
    out[1] = (unsigned char)command;
    memcpy(out + 2, p->session, sizeof p->session);
    out[6] = (unsigned char)(size >> 8);
    out[7] = (unsigned char)size;
    if (size)
        memcpy(out + 8, body, size);
    if (SSL_write(p->ssl, out, (int)(size + 8)) != (int)(size + 8)) {
        fprintf(stderr, "capf_load: cannot write\n");
        exit(1);
    }
}

static void begin(struct phone *p);
static void finish(struct phone *p, bool good);

static void say_key(struct phone *p)
{
    unsigned char spki[SPKI];
    unsigned char body[SPKI + 3];
    memcpy(spki, spki_head, sizeof spki_head);
    memcpy(spki + sizeof spki_head, pool[p->number], 256);
    memcpy(spki + sizeof spki_head + 256, spki_tail, sizeof spki_tail);
    say(p, 4, body, element(body, 9, spki, sizeof spki));
}

static void hold(struct phone *p)
{
    p->holds = true;
    load.holding++;
    say(p, 17, NULL, 0);
    if (load.begun < load.total)
        begin(&load.phones[load.begun]);
}

/* What a phone says to a message of the server's. */
static void answer(struct phone *p)
{
    unsigned char body[1024];
    size_t n = 0;
    const unsigned char one = 1, three = 3;
    char name[32];
    switch (p->in[1]) {
    case 1:
        snprintf(name, sizeof name, "SEP%012X", load.first + p->number);
        n += element(body + n, 1, &one, 1);
        n += element(body + n, 7, &three, 1);
        n += element(body + n, 11, load.string, strlen(load.string) + 1);
        n += element(body + n, 13, name, strlen(name) + 1);
        say(p, 2, body, n);
        break;
    case 3:
        if (load.hold_ms && !p->holds)
            hold(p);
        else
            say_key(p);
        break;
    case 9:
        n += element(body + n, 1, &one, 1);
        say(p, 10, body, n);
        break;
    default:
        finish(p, p->in[1] == 15 && p->in[11] == 1);
    }
}

static void begin(struct phone *p)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data = {.ptr = p}};
    struct sockaddr_in local = {.sin_family = AF_INET};
    const int on = 1;
    if (load.begun == load.total)
        return;
    p->number = load.begun++;
    load.starts[p->number] = now_s();
    p->have = 0;
    p->shaken = p->holds = false;
    p->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    local.sin_addr.s_addr = htonl(0x7f010001u + p->number % 60000);
    setsockopt(p->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (bind(p->fd, (struct sockaddr *)&local, sizeof local) != 0 ||
        (connect(p->fd, (struct sockaddr *)&load.server, sizeof load.server) != 0 &&
         errno != EINPROGRESS)) {
        perror("capf_load: connect");
        exit(1);
    }
    p->ssl = SSL_new(load.ctx);
    SSL_set_fd(p->ssl, p->fd);
    SSL_set_connect_state(p->ssl);
    epoll_ctl(load.epoll, EPOLL_CTL_ADD, p->fd, &event);
}

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
    }
    while (p->ssl) {
        int got = SSL_read(p->ssl, p->in + p->have, (int)(FRAME - p->have));
        if (got <= 0) {
            int error = SSL_get_error(p->ssl, got);
            if (error != SSL_ERROR_WANT_READ)
                finish(p, false);
            return;
        }
        p->have += (size_t)got;
        while (p->ssl && p->have >= 8) {
            size_t size = 8 + ((size_t)p->in[6] << 8 | p->in[7]);
            if (p->have < size)
                break;
            memcpy(p->session, p->in + 2, sizeof p->session);
            unsigned number = p->number;
            answer(p);
            if (!p->ssl || p->number != number)
                return;
            memmove(p->in, p->in + size, p->have - size);
            p->have -= size;
        }
    }
}

/* All hold: time passes, and they have their keys. */
static void release(unsigned count)
{
    usleep((useconds_t)(load.hold_ms * 1000));
    load.holding = 0;
    for (unsigned i = 0; i < count; i++)
        say_key(&load.phones[i]);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
    struct epoll_event events[EVENTS];
    struct rlimit limit;
    if (argc != 6 && argc != 7) {
        fprintf(stderr, "usage: capf_load PORT CONCURRENCY SESSIONS STRING FIRST [HOLD-MS]\n");
        return 2;
    }
    unsigned concurrency = (unsigned)strtoul(argv[2], NULL, 10);
    load.total = (unsigned)strtoul(argv[3], NULL, 10);
    load.string = argv[4];
    load.first = (unsigned)strtoul(argv[5], NULL, 16);
    load.hold_ms = argc == 7 ? strtol(argv[6], NULL, 10) : 0;
    load.server = (struct sockaddr_in){.sin_family = AF_INET,
                                       .sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10))};
    load.server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    load.times = calloc(load.total, sizeof *load.times);
    load.starts = calloc(load.total, sizeof *load.starts);
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    make_pool(load.total);
    signal(SIGPIPE, SIG_IGN);
    load.ctx = SSL_CTX_new(TLS_client_method());
    load.epoll = epoll_create1(0);
    load.phones = calloc(concurrency, sizeof *load.phones);
    double start = now_s();
    /* Those that are to hold come some at a time: a handshake has its time limit, and these are not
     * about handshakes. */
    for (unsigned i = 0; i < concurrency && (!load.hold_ms || i < ARRIVING); i++)
        begin(&load.phones[i]);
    while (load.done + load.failed < load.total) {
        int n = epoll_wait(load.epoll, events, EVENTS, 60000);
        if (n <= 0)
            break;
        for (int i = 0; i < n; i++)
            if (((struct phone *)events[i].data.ptr)->ssl)
                turn(events[i].data.ptr);
        if (load.holding == concurrency)
            release(concurrency);
    }
    double took = now_s() - start;
    qsort(load.times, load.done, sizeof *load.times, by_value);
    printf("done=%u failed=%u seconds=%.3f rate=%.1f median_ms=%.2f\n", load.done,
           load.total - load.done, took, load.done / took,
           load.done ? 1000 * load.times[load.done / 2] : 0);
    return load.done != load.total;
}
