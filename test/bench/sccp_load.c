/*
 * sccp_load: phones of SCCP over mutual TLS, at addresses of their own in 127.0.0.0/8.
 *
 *   sccp_load PORT KEY.pem CERTIFICATES FIRST COUNT AT-ONCE rate
 *   sccp_load PORT KEY.pem CERTIFICATES FIRST COUNT AT-ONCE stay
 *
 * CERTIFICATES is what sccp_phones wrote: phone i of it is SEP<12 hex of FIRST + i>. `rate`: so
 * many register at once, ask for all a phone asks for, and go, until COUNT have been there; one
 * line of key=value pairs. `stay`: they stay, and keep themselves alive; a line when all are there,
 * then commands are read:
 *
 *   calls PER-SECOND SECONDS    phone 2i calls phone 2i + 1, which answers; a line of key=value
 * pairs
 *
 * until standard input ends. A call is set up when both phones have been told where to send.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
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

enum { FRAME = 4096, EVENTS = 256, HEADER = 12, VERSION = 11, NUMBERS = 1000000, LATE_S = 20 };
enum { STATE_ON_HOOK = 2, STATE_RING_IN = 4, KEY_END_CALL = 9, KEY_ANSWER = 11 };

enum said {
    KEEP_ALIVE = 0x0000,
    REGISTER_REQ = 0x0001,
    ENBLOC_CALL = 0x0004,
    FORWARD_STAT_REQ = 0x0009,
    LINE_STAT_REQ = 0x000B,
    TIME_DATE_REQ = 0x000D,
    BUTTON_TEMPLATE_REQ = 0x000E,
    CAPABILITIES_RES = 0x0010,
    OPEN_RECEIVE_CHANNEL_ACK = 0x0022,
    SOFT_KEY_SET_REQ = 0x0025,
    SOFT_KEY_EVENT = 0x0026,
    SOFT_KEY_TEMPLATE_REQ = 0x0028,
    REGISTER_ACK = 0x0081,
    START_MEDIA = 0x008A,
    FORWARD_STAT = 0x0090,
    LINE_STAT = 0x0092,
    TIME_DATE = 0x0094,
    BUTTON_TEMPLATE = 0x0097,
    CAPABILITIES_REQ = 0x009B,
    REGISTER_REJECT = 0x009D,
    OPEN_RECEIVE_CHANNEL = 0x0105,
    SOFT_KEY_TEMPLATE = 0x0108,
    SOFT_KEY_SET = 0x0109,
    CALL_STATE = 0x0111,
};

struct phone {
    int fd;
    SSL *ssl;
    unsigned number;
    bool shaken, registered;
    uint32_t keep_alive; /* s */
    double begun;
    /* its call */
    uint32_t call, line;
    bool in_call, sends;
    unsigned char *in;
    size_t have;
};

static struct {
    SSL_CTX *ctx;
    struct sockaddr_in server;
    int epoll;
    unsigned total, first, begun, done, failed, there;
    bool stays;
    X509 **certificates;
    EVP_PKEY *key;
    double *times;
    size_t timed;
    struct phone *phones;
    unsigned phone_count;
    /* calls */
    bool calling;
    unsigned placed, set_up, encrypted, lost, next_pair, busy_pairs;
    double kept_alive; /* phones that have been, since all are there */
    unsigned next_alive;
    double last_alive;
} load;

static void die(const char *what)
{
    fprintf(stderr, "sccp_load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
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

static void say(struct phone *p, uint32_t id, const void *payload, size_t size)
{
    unsigned char out[HEADER + 256] = {0};
    put32(out, (uint32_t)size + 4);
    put32(out + 4, id == REGISTER_REQ || id == KEEP_ALIVE ? 0 : VERSION);
    put32(out + 8, id);
    if (size)
        memcpy(out + HEADER, payload, size);
    if (SSL_write(p->ssl, out, (int)(HEADER + size)) != (int)(HEADER + size))
        die("cannot write");
}

static void say_words(struct phone *p, uint32_t id, const uint32_t *words, size_t count)
{
    unsigned char payload[64];
    for (size_t i = 0; i < count; i++)
        put32(payload + 4 * i, words[i]);
    say(p, id, payload, 4 * count);
}

/* ---- registration ---- */

static void say_register(struct phone *p)
{
    unsigned char payload[44] = {0};
    snprintf((char *)payload, 16, "SEP%012X", load.first + p->number);
    put32(payload + 20, 1); /* instance */
    payload[24] = 127;
    payload[27] = 1;
    put32(payload + 28, 437); /* 7975 */
    put32(payload + 32, 5);
    payload[40] = VERSION;
    say(p, REGISTER_REQ, payload, sizeof payload);
}

static void say_capabilities(struct phone *p)
{
    const uint32_t pcmu_40[] = {1, 4, 40, 0, 0};
    say_words(p, CAPABILITIES_RES, pcmu_40, 5);
}

static void begin(struct phone *p);

static void finish(struct phone *p, bool good)
{
    if (good)
        load.times[load.timed++] = now_s() - p->begun;
    if (good)
        load.done++;
    else
        load.failed++;
    if (good && load.stays) {
        load.there++;
        p->registered = true;
        return;
    }
    SSL_shutdown(p->ssl);
    SSL_free(p->ssl);
    close(p->fd);
    p->ssl = NULL;
    if (!load.stays)
        begin(p);
}

/* ---- calls ---- */

static struct phone *other(struct phone *p)
{
    return &load.phones[(unsigned)(p - load.phones) ^ 1];
}

static void place_call(struct phone *p)
{
    char number[25] = "";
    struct phone *callee = other(p);
    snprintf(number, sizeof number, "%u", NUMBERS + load.first + callee->number);
    p->in_call = callee->in_call = true;
    p->sends = callee->sends = false;
    p->call = callee->call = 0;
    p->begun = now_s();
    load.placed++;
    load.busy_pairs++;
    say(p, ENBLOC_CALL, number, 24);
}

static void on_state(struct phone *p, const unsigned char *payload)
{
    uint32_t state = get32(payload);
    uint32_t call = get32(payload + 8);
    if (!p->in_call)
        return;
    if (state == STATE_RING_IN) {
        const uint32_t answer[] = {KEY_ANSWER, get32(payload + 4), call};
        say_words(p, SOFT_KEY_EVENT, answer, 3);
    }
    if (state != STATE_ON_HOOK) {
        p->line = get32(payload + 4);
        p->call = call;
        return;
    }
    p->in_call = false;
    if (!other(p)->in_call)
        load.busy_pairs--;
}

static void on_open(struct phone *p, const unsigned char *payload)
{
    unsigned char answer[20] = {0}; /* status 0, address, port, party, call */
    answer[4] = 127;
    answer[7] = 1;
    put32(answer + 8, 20000 + p->number % 20000);
    memcpy(answer + 12, payload + 4, 4);
    memcpy(answer + 16, payload + 24, 4);
    say(p, OPEN_RECEIVE_CHANNEL_ACK, answer, sizeof answer);
}

static void on_start(struct phone *p, const unsigned char *payload)
{
    bool keys = get32(payload + 44) == 1 && payload[48] == 16 && payload[50] == 14;
    struct phone *partner = other(p);
    struct phone *caller = (p - load.phones) % 2 ? partner : p;
    if (!p->in_call || p->sends)
        return;
    p->sends = true;
    load.encrypted += keys;
    if (!partner->sends)
        return;
    load.set_up++;
    if (load.timed < load.total)
        load.times[load.timed++] = now_s() - caller->begun;
    const uint32_t end[] = {KEY_END_CALL, caller->line, caller->call};
    say_words(caller, SOFT_KEY_EVENT, end, 3);
}

/* ---- what the server says ---- */

static void hear(struct phone *p, uint32_t id, const unsigned char *payload, size_t size)
{
    static const uint32_t first = 1;
    switch (id) {
    case REGISTER_ACK:
        p->keep_alive = get32(payload);
        break;
    case REGISTER_REJECT:
        fprintf(stderr, "sccp_load: SEP%012X: %.32s\n", load.first + p->number,
                (const char *)payload);
        finish(p, false);
        break;
    case CAPABILITIES_REQ:
        say_capabilities(p);
        say(p, BUTTON_TEMPLATE_REQ, NULL, 0);
        break;
    case BUTTON_TEMPLATE:
        say(p, SOFT_KEY_TEMPLATE_REQ, NULL, 0);
        break;
    case SOFT_KEY_TEMPLATE:
        say(p, SOFT_KEY_SET_REQ, NULL, 0);
        break;
    case SOFT_KEY_SET:
        say_words(p, LINE_STAT_REQ, &first, 1);
        break;
    case LINE_STAT:
        say_words(p, FORWARD_STAT_REQ, &first, 1);
        break;
    case FORWARD_STAT:
        if (!p->registered)
            say(p, TIME_DATE_REQ, NULL, 0);
        break;
    case TIME_DATE:
        if (!p->registered)
            finish(p, true);
        break;
    case CALL_STATE:
        if (size >= 12)
            on_state(p, payload);
        break;
    case OPEN_RECEIVE_CHANNEL:
        if (size >= 28)
            on_open(p, payload);
        break;
    case START_MEDIA:
        if (size >= 52)
            on_start(p, payload);
        break;
    default:
        break;
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
    p->begun = now_s();
    p->have = 0;
    p->shaken = p->registered = false;
    p->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    local.sin_addr.s_addr = htonl(0x7f010001u + p->number % 60000);
    setsockopt(p->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (bind(p->fd, (struct sockaddr *)&local, sizeof local) != 0 ||
        (connect(p->fd, (struct sockaddr *)&load.server, sizeof load.server) != 0 &&
         errno != EINPROGRESS))
        die("connect");
    p->ssl = SSL_new(load.ctx);
    if (SSL_use_certificate(p->ssl, load.certificates[p->number]) != 1 ||
        SSL_use_PrivateKey(p->ssl, load.key) != 1)
        die("a certificate cannot be used");
    SSL_set_fd(p->ssl, p->fd);
    SSL_set_connect_state(p->ssl);
    epoll_ctl(load.epoll, EPOLL_CTL_ADD, p->fd, &event);
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
        say_register(p);
    }
    while (p->ssl) {
        int got = SSL_read(p->ssl, p->in + p->have, (int)(FRAME - p->have));
        if (got <= 0) {
            if (SSL_get_error(p->ssl, got) == SSL_ERROR_WANT_READ)
                return;
            load.lost += p->registered;
            load.there -= p->registered;
            finish(p, false);
            return;
        }
        p->have += (size_t)got;
        while (p->ssl && p->have >= HEADER) {
            size_t size = 8 + (size_t)get32(p->in);
            unsigned number = p->number;
            if (size > FRAME)
                die("a frame is too large");
            if (p->have < size)
                break;
            hear(p, get32(p->in + 8), p->in + HEADER, size - HEADER);
            if (!p->ssl || p->number != number)
                return;
            memmove(p->in, p->in + size, p->have - size);
            p->have -= size;
        }
    }
}

/* ---- the load ---- */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double quantile(double q)
{
    if (load.timed == 0)
        return 0;
    return 1000 * load.times[(size_t)(q * (double)(load.timed - 1))];
}

static void load_certificates(const char *key, const char *path)
{
    unsigned char size[2];
    unsigned char der[4096];
    FILE *file = fopen(key, "re");
    load.key = file ? PEM_read_PrivateKey(file, NULL, NULL, NULL) : NULL;
    if (!load.key)
        die(key);
    fclose(file);
    file = fopen(path, "re");
    load.certificates = calloc(load.total, sizeof *load.certificates);
    if (!file || !load.certificates)
        die(path);
    for (unsigned i = 0; i < load.total; i++) {
        const unsigned char *p = der;
        size_t length = fread(size, 2, 1, file) == 1 ? (size_t)size[0] << 8 | size[1] : 0;
        if (length == 0 || length > sizeof der || fread(der, length, 1, file) != 1)
            die("too few certificates");
        load.certificates[i] = d2i_X509(NULL, &p, (long)length);
    }
    fclose(file);
}

/* Each phone in its turn, spread over the interval. */
static void keep_alive(void)
{
    double now = now_s();
    double share = load.phones[0].keep_alive ? load.phones[0].keep_alive : 30;
    load.kept_alive += (now - load.last_alive) * load.phone_count / share;
    load.last_alive = now;
    while (load.kept_alive >= 1) {
        struct phone *p = &load.phones[load.next_alive++ % load.phone_count];
        load.kept_alive -= 1;
        if (p->ssl && p->registered)
            say(p, KEEP_ALIVE, NULL, 0);
    }
}

static void look(int ms)
{
    struct epoll_event events[EVENTS];
    int n = epoll_wait(load.epoll, events, EVENTS, ms);
    for (int i = 0; i < n; i++)
        if (((struct phone *)events[i].data.ptr)->ssl)
            turn(events[i].data.ptr);
}

static struct phone *free_caller(void)
{
    for (unsigned i = 0; i < load.phone_count / 2; i++) {
        struct phone *p = &load.phones[2 * (load.next_pair++ % (load.phone_count / 2))];
        if (p->registered && other(p)->registered && !p->in_call && !other(p)->in_call)
            return p;
    }
    return NULL;
}

static void calls(double per_second, double seconds)
{
    double start = now_s();
    load.timed = load.placed = load.set_up = load.encrypted = 0;
    for (double now = start; now < start + seconds || load.busy_pairs; now = now_s()) {
        if (now > start + seconds + LATE_S)
            break;
        while (now < start + seconds && load.placed < per_second * (now - start)) {
            struct phone *p = free_caller();
            if (!p)
                break;
            place_call(p);
        }
        keep_alive();
        look(1);
    }
    qsort(load.times, load.timed, sizeof *load.times, by_value);
    printf("placed=%u set_up=%u encrypted=%u rate=%.1f median_ms=%.2f p99_ms=%.2f lost=%u\n",
           load.placed, load.set_up, load.encrypted / 2, load.set_up / seconds, quantile(0.5),
           quantile(0.99), load.lost);
    fflush(stdout);
}

static void serve_commands(void)
{
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
    char line[128];
    double per_second, seconds;
    load.last_alive = now_s();
    setvbuf(stdin, NULL, _IONBF, 0);
    for (;;) {
        keep_alive();
        look(20);
        if (poll(&in, 1, 0) <= 0)
            continue;
        if (!fgets(line, sizeof line, stdin))
            return;
        if (sscanf(line, "calls %lf %lf", &per_second, &seconds) == 2)
            calls(per_second, seconds);
    }
}

int main(int argc, char **argv)
{
    struct rlimit limit;
    if (argc != 8) {
        fprintf(stderr,
                "usage: sccp_load PORT KEY.pem CERTIFICATES FIRST COUNT AT-ONCE rate|stay\n");
        return 2;
    }
    load.first = (unsigned)strtoul(argv[4], NULL, 16);
    load.total = (unsigned)strtoul(argv[5], NULL, 10);
    unsigned at_once = (unsigned)strtoul(argv[6], NULL, 10);
    load.stays = strcmp(argv[7], "stay") == 0;
    load.server = (struct sockaddr_in){.sin_family = AF_INET,
                                       .sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10))};
    load.server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    signal(SIGPIPE, SIG_IGN);
    load_certificates(argv[2], argv[3]);
    load.ctx = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_mode(load.ctx, SSL_MODE_RELEASE_BUFFERS);
    load.epoll = epoll_create1(0);
    load.phone_count = load.stays ? load.total : at_once;
    load.phones = calloc(load.phone_count, sizeof *load.phones);
    load.times = calloc(load.total, sizeof *load.times);
    for (unsigned i = 0; i < load.phone_count; i++)
        load.phones[i].in = malloc(FRAME);
    double start = now_s();
    for (unsigned i = 0; i < at_once && !load.stays; i++)
        begin(&load.phones[i]);
    while (load.done + load.failed < load.total) {
        while (load.stays && load.begun < load.total &&
               load.begun - load.done - load.failed < at_once)
            begin(&load.phones[load.begun]);
        look(1000);
        if (now_s() - start > 300)
            break;
    }
    double took = now_s() - start;
    qsort(load.times, load.timed, sizeof *load.times, by_value);
    printf("done=%u failed=%u seconds=%.3f rate=%.1f median_ms=%.2f p99_ms=%.2f\n", load.done,
           load.total - load.done, took, load.done / took, quantile(0.5), quantile(0.99));
    fflush(stdout);
    if (load.stays && load.done == load.total)
        serve_commands();
    return load.done != load.total;
}
