/*
 * fileserver: a small server of files over TFTP and HTTP for the tests of the phone. It shares no
 * code with ours, so that what the phone understands is not just what we say.
 *
 *   fileserver DIR [--http] [--drop N] [--deaf]
 *
 * Serves DIR on 127.0.0.0/8, prints its TFTP port and goes on until its standard input ends. With
 * --http, HTTP too, at that port plus 6901. With --drop, every Nth datagram that arrives is thrown
 * away. With --deaf it answers nothing.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 512, BUCKETS = 4096, NAME = 400, HTTP_OFFSET = 6970 - 69 };

struct transfer {
    struct transfer *next;
    struct sockaddr_in peer;
    unsigned char *data;
    size_t size, block_size;
    uint32_t block; /* sent last; 0: the option acknowledgement */
};

static struct transfer *transfers[BUCKETS];
static const char *directory;
static int requests, answers, web = -1;
static unsigned drop, arrived;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

/* ---- files ---- */

/* The whole file, or NULL. Names do not climb. */
static unsigned char *load(const char *name, size_t *size)
{
    char path[2 * NAME];
    struct stat st;
    unsigned char *data = NULL;
    while (*name == '/')
        name++;
    snprintf(path, sizeof path, "%s/%s", directory, name);
    int fd = strstr(name, "..") ? -1 : open(path, O_RDONLY);
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        *size = (size_t)st.st_size;
        data = malloc(*size + 1);
        if (data && read(fd, data, *size) != (ssize_t)*size)
            die(path);
    }
    if (fd >= 0)
        close(fd);
    return data;
}

/* ---- TFTP ---- */

static struct transfer **find(const struct sockaddr_in *peer)
{
    uint32_t key = peer->sin_addr.s_addr * 31u + peer->sin_port * 2654435761u;
    struct transfer **t = &transfers[(key >> 16 ^ key) % BUCKETS];
    while (*t && ((*t)->peer.sin_port != peer->sin_port ||
                  (*t)->peer.sin_addr.s_addr != peer->sin_addr.s_addr))
        t = &(*t)->next;
    return t;
}

static void forget(struct transfer **at)
{
    struct transfer *t = *at;
    *at = t->next;
    free(t->data);
    free(t);
}

static void put(const struct sockaddr_in *peer, const void *packet, size_t size)
{
    if (sendto(answers, packet, size, 0, (const struct sockaddr *)peer, sizeof *peer) < 0 &&
        errno != ECONNREFUSED && errno != EAGAIN && errno != ENOBUFS)
        die("sendto");
}

static void send_block(const struct transfer *t)
{
    unsigned char packet[65536] = {0, 3, (unsigned char)(t->block >> 8), (unsigned char)t->block};
    size_t at = (size_t)(t->block - 1) * t->block_size;
    size_t size = t->size - at < t->block_size ? t->size - at : t->block_size;
    memcpy(packet + 4, t->data + at, size);
    put(&t->peer, packet, 4 + size);
}

/* Grants blksize and tsize; true when there is something to grant. */
static bool send_options(struct transfer *t, const char *p, const char *end)
{
    char packet[200] = {0, 6};
    size_t used = 2;
    while (p < end) {
        const char *value = p + strlen(p) + 1;
        if (value >= end)
            break;
        if (strcasecmp(p, "blksize") == 0) {
            t->block_size = (size_t)atoi(value);
            used += (size_t)sprintf(packet + used, "blksize%c%zu", 0, t->block_size) + 1;
        } else if (strcasecmp(p, "tsize") == 0) {
            used += (size_t)sprintf(packet + used, "tsize%c%zu", 0, t->size) + 1;
        }
        p = value + strlen(value) + 1;
    }
    if (used > 2)
        put(&t->peer, packet, used);
    return used > 2;
}

static void take_request(const struct sockaddr_in *peer, const char *packet, size_t size)
{
    static const char absent[] = "\0\5\0\1File not found";
    const char *end = packet + size;
    const char *name = packet + 2;
    const char *mode = name + strlen(name) + 1;
    struct transfer **at = find(peer);
    if (*at)
        forget(at);
    struct transfer *t = calloc(1, sizeof *t);
    if (!t)
        die("memory");
    t->peer = *peer;
    t->block_size = BLOCK;
    t->data = load(name, &t->size);
    if (!t->data) {
        put(peer, absent, sizeof absent);
        free(t);
        return;
    }
    at = find(peer);
    t->next = *at;
    *at = t;
    if (mode < end && send_options(t, mode + strlen(mode) + 1, end))
        return;
    t->block = 1;
    send_block(t);
}

/* An acknowledgement of the block sent last brings the next, of the one before it the same again.
 */
static void take_ack(struct transfer **at, uint16_t block)
{
    struct transfer *t = *at;
    bool next = block == (uint16_t)t->block;
    if (!next && block != (uint16_t)(t->block - 1))
        return;
    if (next && t->block && t->block * t->block_size > t->size) {
        forget(at);
        return;
    }
    t->block += next;
    if (t->block)
        send_block(t);
}

static void take_packet(int fd)
{
    char packet[2048];
    struct sockaddr_in peer;
    socklen_t length = sizeof peer;
    ssize_t size =
        recvfrom(fd, packet, sizeof packet - 1, MSG_DONTWAIT, (struct sockaddr *)&peer, &length);
    if (size < 4 || (drop && ++arrived % drop == 0))
        return;
    packet[size] = '\0';
    struct transfer **at = find(&peer);
    if (packet[1] == 1)
        take_request(&peer, packet, (size_t)size);
    else if (packet[1] == 4 && *at)
        take_ack(at, (uint16_t)((unsigned char)packet[2] << 8 | (unsigned char)packet[3]));
    else if (packet[1] == 5 && *at)
        forget(at);
}

/* ---- HTTP ---- */

static void answer_http(int fd)
{
    char request[4096] = "";
    char head[200];
    char name[NAME] = "";
    size_t used = 0, size = 0;
    struct timeval patience = {.tv_sec = 5};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    while (!strstr(request, "\r\n\r\n") && used < sizeof request - 1) {
        ssize_t n = recv(fd, request + used, sizeof request - 1 - used, 0);
        if (n <= 0)
            return;
        used += (size_t)n;
        request[used] = '\0';
    }
    if (strncmp(request, "GET /", 5) == 0)
        snprintf(name, sizeof name, "%.*s", (int)strcspn(request + 5, " "), request + 5);
    unsigned char *data = load(name, &size);
    int n = snprintf(head, sizeof head,
                     "HTTP/1.1 %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n",
                     data ? "200 OK" : "404 Not Found", size);
    if (send(fd, head, (size_t)n, MSG_NOSIGNAL) == n && data)
        for (size_t sent = 0; sent < size;) {
            ssize_t part = send(fd, data + sent, size - sent, MSG_NOSIGNAL);
            if (part <= 0)
                break;
            sent += (size_t)part;
        }
    free(data);
}

/* ---- sockets ---- */

static int bound(int type, uint16_t port)
{
    const int on = 1, large = 4 << 20;
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, type, 0);
    if (fd < 0)
        die("socket");
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &large, sizeof large);
    if (bind(fd, (struct sockaddr *)&a, sizeof a) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static uint16_t port_of(int fd)
{
    struct sockaddr_in a;
    socklen_t length = sizeof a;
    if (getsockname(fd, (struct sockaddr *)&a, &length) != 0)
        die("getsockname");
    return ntohs(a.sin_port);
}

/* A TFTP port whose HTTP port is free as well; without HTTP, one whose HTTP port is not ours. */
static void open_sockets(bool http)
{
    for (int tries = 0; tries < 100; tries++) {
        requests = bound(SOCK_DGRAM, 0);
        unsigned port = port_of(requests);
        web = port + HTTP_OFFSET <= 65535 ? bound(SOCK_STREAM, (uint16_t)(port + HTTP_OFFSET)) : -1;
        if (web >= 0)
            break;
        close(requests);
    }
    if (web < 0)
        die("no free ports");
    if (http && listen(web, 1000) != 0)
        die("listen");
    answers = bound(SOCK_DGRAM, 0);
}

int main(int argc, char **argv)
{
    bool http = false, deaf = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--http") == 0)
            http = true;
        else if (strcmp(argv[i], "--deaf") == 0)
            deaf = true;
        else if (strcmp(argv[i], "--drop") == 0 && i + 1 < argc)
            drop = (unsigned)atoi(argv[++i]);
        else
            directory = argv[i];
    }
    if (!directory)
        return 2;
    open_sockets(http);
    printf("%u\n", port_of(requests));
    fflush(stdout);
    for (;;) {
        struct pollfd p[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                             {.fd = deaf ? -1 : requests, .events = POLLIN},
                             {.fd = deaf ? -1 : answers, .events = POLLIN},
                             {.fd = http && !deaf ? web : -1, .events = POLLIN}};
        if (poll(p, 4, -1) < 0)
            die("poll");
        if (p[0].revents) {
            char byte;
            if (read(STDIN_FILENO, &byte, 1) <= 0)
                return 0;
        }
        if (p[1].revents)
            take_packet(requests);
        if (p[2].revents)
            take_packet(answers);
        if (p[3].revents) {
            int fd = accept(web, NULL, NULL);
            if (fd >= 0) {
                answer_http(fd);
                close(fd);
            }
        }
    }
}
