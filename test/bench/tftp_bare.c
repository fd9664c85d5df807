/*
 * tftp_bare: the least that does the same exchange - the files of a directory in memory, datagrams
 * in batches, one block for each acknowledgement. No timers, no options, no limits, no log. What a
 * server does beyond this is its price.
 *
 *   tftp_bare ADDRESS PORT DIR BUFFER-BYTES
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    BLOCK = 512,
    BATCH = 64,
    PACKET = 1536,
    SLOTS = 1 << 16, /* of both tables; far more than is used */
};

struct file {
    char *name;
    uint8_t *data;
    size_t size;
};

struct transfer {
    uint64_t peer; /* address and port; 0: free */
    const struct file *file;
};

static struct file files[SLOTS];
static struct transfer transfers[SLOTS];

static struct mmsghdr in[BATCH], out[BATCH];
static struct iovec in_parts[BATCH], out_parts[BATCH][2];
static struct sockaddr_in peers[BATCH];
static uint8_t packets[BATCH][PACKET], heads[BATCH][4];

static void die(const char *what)
{
    fprintf(stderr, "tftp_bare: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t mix(uint64_t x)
{
    x ^= x >> 33;
    x *= 0xff51afd7ed558ccdu;
    return x ^ x >> 33;
}

static struct file *find_file(const char *name)
{
    uint64_t hash = 0;
    for (const char *p = name; *p; p++)
        hash = hash * 31 + (uint8_t)*p;
    size_t i = mix(hash) % SLOTS;
    while (files[i].name && strcmp(files[i].name, name) != 0)
        i = (i + 1) % SLOTS;
    return &files[i];
}

static void load_file(const char *dir, const char *name)
{
    char path[4096];
    struct stat st;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0)
        die(path);
    if (S_ISREG(st.st_mode)) {
        struct file *file = find_file(name);
        file->name = strdup(name);
        file->size = (size_t)st.st_size;
        file->data = malloc(file->size + 1);
        if (!file->name || !file->data || read(fd, file->data, file->size) != (ssize_t)file->size)
            die(path);
    }
    close(fd);
}

static int open_socket(const char *address, unsigned port, int buffer)
{
    struct sockaddr_in local = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || inet_pton(AF_INET, address, &local.sin_addr) != 1 ||
        bind(fd, (struct sockaddr *)&local, sizeof local) != 0)
        die("bind");
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer) != 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof buffer) != 0)
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
    return fd;
}

static struct transfer *transfer_of(const struct sockaddr_in *peer)
{
    uint64_t key = (uint64_t)peer->sin_addr.s_addr << 16 | peer->sin_port;
    size_t i = mix(key) % SLOTS;
    while (transfers[i].peer && transfers[i].peer != key)
        i = (i + 1) % SLOTS;
    transfers[i].peer = key;
    return &transfers[i];
}

/* Puts a block into the queue; false when the file has none of that number. */
static bool put_block(size_t at, size_t from, const struct file *file, unsigned block)
{
    size_t offset = (size_t)(block - 1) * BLOCK;
    if (!file || offset > file->size)
        return false;
    size_t size = file->size - offset < BLOCK ? file->size - offset : BLOCK;
    heads[at][0] = 0;
    heads[at][1] = 3;
    heads[at][2] = (uint8_t)(block >> 8);
    heads[at][3] = (uint8_t)block;
    out_parts[at][0] = (struct iovec){heads[at], 4};
    out_parts[at][1] = (struct iovec){file->data + offset, size};
    out[at].msg_hdr = (struct msghdr){.msg_name = &peers[from],
                                      .msg_namelen = sizeof peers[from],
                                      .msg_iov = out_parts[at],
                                      .msg_iovlen = 2};
    return true;
}

static void serve(int fd, int answer_from, bool requests)
{
    for (;;) {
        for (size_t i = 0; i < BATCH; i++) {
            in_parts[i] = (struct iovec){packets[i], PACKET - 1};
            in[i].msg_hdr = (struct msghdr){.msg_name = &peers[i],
                                            .msg_namelen = sizeof peers[i],
                                            .msg_iov = &in_parts[i],
                                            .msg_iovlen = 1};
        }
        int n = recvmmsg(fd, in, BATCH, MSG_DONTWAIT, NULL);
        unsigned queued = 0;
        for (int i = 0; i < n; i++) {
            struct transfer *t = transfer_of(&peers[i]);
            unsigned block = 1;
            packets[i][in[i].msg_len] = 0;
            if (requests && packets[i][1] == 1)
                t->file = find_file((char *)packets[i] + 2);
            else if (packets[i][1] == 4)
                block = (unsigned)(packets[i][2] << 8 | packets[i][3]) + 1;
            else
                continue;
            if (put_block(queued, (size_t)i, t->file && t->file->name ? t->file : NULL, block))
                queued++;
        }
        for (unsigned done = 0; done < queued;) {
            int sent = sendmmsg(answer_from, out + done, queued - done, MSG_DONTWAIT);
            if (sent <= 0)
                break;
            done += (unsigned)sent;
        }
        if (n < BATCH)
            return;
    }
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: tftp_bare ADDRESS PORT DIR BUFFER-BYTES\n");
        return 2;
    }
    DIR *dir = opendir(argv[3]);
    struct dirent *entry;
    if (!dir)
        die(argv[3]);
    while ((entry = readdir(dir)) != NULL)
        if (entry->d_name[0] != '.')
            load_file(argv[3], entry->d_name);
    closedir(dir);
    int buffer = (int)strtol(argv[4], NULL, 10);
    int service = open_socket(argv[1], (unsigned)strtoul(argv[2], NULL, 10), buffer);
    int answers = open_socket(argv[1], 0, buffer);
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = service};
    epoll_ctl(epoll, EPOLL_CTL_ADD, service, &event);
    event.data.fd = answers;
    epoll_ctl(epoll, EPOLL_CTL_ADD, answers, &event);
    puts("ready");
    fflush(stdout);
    for (;;) {
        struct epoll_event ready[2];
        int n = epoll_wait(epoll, ready, 2, -1);
        for (int i = 0; i < n; i++)
            serve(ready[i].data.fd, answers, ready[i].data.fd == service);
    }
}
