/*
 * tftp_load: a boot storm. So many phones at once fetch their files, one after the other, until a
 * number of transfers is done; each block is compared with what it should be. A phone that hears
 * nothing for a second says its last word again, five times.
 *
 *   tftp_load SERVER PORT DIR PHONES AT-ONCE TRANSFERS LIMIT-SECONDS all|configs check|save|discard
 *
 * Phone number i asks for CTLSEP<MAC>.tlv, ITLSEP<MAC>.tlv and SEP<MAC>.cnf.xml.sgn, or for the
 * last alone (`configs`). The files are in DIR; with `save` they are written there instead of
 * compared, with `discard` neither. Each phone has a source address of its own in 127.0.0.0/8; they
 * share one socket, so that datagrams come and go in batches: what the phones cost is taken from
 * the server that shares the machine with them.
 *
 * Prints one line: key=value pairs.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    BLOCK = 512,
    FILE_MAX = 256 * 1024,
    TRIES = 5,
    PATIENCE_MS = 1000,
    BATCH = 64,
    PACKET = 128,
    BUFFER = 8 * 1024 * 1024,
    FIRST_ADDRESS = 0x7f010000, /* 127.1.0.0; a network of 250 phones each */
    PHONES_A_NETWORK = 250,
};

struct file {
    char name[64];
    uint8_t *data;
    size_t size;
};

struct phone {
    struct in_addr address;
    struct sockaddr_in server; /* of the transfer, once it has answered */
    bool answered;
    bool busy;
    unsigned file;
    uint32_t block; /* the last one acknowledged */
    size_t have;
    int64_t started;
    int64_t heard;
    unsigned tries;
    uint8_t *saved;
};

static struct {
    struct sockaddr_in server;
    const char *dir;
    bool configs, save, discard;
    unsigned phones, concurrency, total;
    struct file *files;
    unsigned file_count;
    unsigned next, done, failed, corrupt, refused, resent;
    int64_t *times;
    int64_t now;
    int fd;
    struct phone *list;
} load;

/* A datagram with the address it leaves from, or came to. */
struct post {
    struct sockaddr_in peer;
    struct iovec part;
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct in_pktinfo))];
    uint8_t packet[BLOCK + 64];
};

static struct post in[BATCH], out[BATCH];
static struct mmsghdr in_headers[BATCH], out_headers[BATCH];
static unsigned queued;

static void die(const char *what)
{
    fprintf(stderr, "tftp_load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void name_file(struct file *file, unsigned phone, unsigned kind)
{
    switch (kind) {
    case 0:
        snprintf(file->name, sizeof file->name, "SEP0011%08X.cnf.xml.sgn", phone);
        break;
    case 1:
        snprintf(file->name, sizeof file->name, "CTLSEP0011%08X.tlv", phone);
        break;
    default:
        snprintf(file->name, sizeof file->name, "ITLSEP0011%08X.tlv", phone);
        break;
    }
}

static void read_file(struct file *file)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", load.dir, file->name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0)
        die(path);
    file->size = (size_t)st.st_size;
    file->data = malloc(file->size ? file->size : 1);
    if (!file->data || read(fd, file->data, file->size) != (ssize_t)file->size)
        die(path);
    close(fd);
}

static void write_file(const struct file *file, const uint8_t *data, size_t size)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", load.dir, file->name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        die(path);
    close(fd);
}

static void prepare_files(void)
{
    unsigned kinds = load.configs ? 1 : 3;
    load.file_count = load.phones * kinds;
    load.files = calloc(load.file_count, sizeof *load.files);
    if (!load.files)
        die("memory");
    for (unsigned i = 0; i < load.file_count; i++) {
        name_file(&load.files[i], i / kinds, i % kinds);
        if (!load.save && !load.discard)
            read_file(&load.files[i]);
    }
}

static void prepare_post(struct mmsghdr *header, struct post *post, size_t size)
{
    post->part = (struct iovec){post->packet, size};
    header->msg_hdr = (struct msghdr){.msg_name = &post->peer,
                                      .msg_namelen = sizeof post->peer,
                                      .msg_iov = &post->part,
                                      .msg_iovlen = 1,
                                      .msg_control = post->control,
                                      .msg_controllen = sizeof post->control};
}

static void open_socket(void)
{
    const int on = 1;
    const int buffer = BUFFER;
    load.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (load.fd < 0 || setsockopt(load.fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on) != 0)
        die("socket");
    if (setsockopt(load.fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer) != 0)
        setsockopt(load.fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    for (unsigned i = 0; i < BATCH; i++)
        prepare_post(&in_headers[i], &in[i], sizeof in[i].packet);
}

static struct in_addr address_of(unsigned phone)
{
    unsigned network = phone / PHONES_A_NETWORK;
    unsigned host = phone % PHONES_A_NETWORK + 1;
    return (struct in_addr){htonl(FIRST_ADDRESS + (network << 8) + host)};
}

static struct phone *phone_at(struct in_addr address)
{
    unsigned at = ntohl(address.s_addr) - FIRST_ADDRESS;
    unsigned phone = (at >> 8) * PHONES_A_NETWORK + (at & 255) - 1;
    return phone < load.concurrency ? &load.list[phone] : NULL;
}

static void flush(void)
{
    for (unsigned done = 0; done < queued;) {
        int sent = sendmmsg(load.fd, out_headers + done, queued - done, 0);
        if (sent <= 0)
            die("sendmmsg");
        done += (unsigned)sent;
    }
    queued = 0;
}

static void send_to(const struct phone *phone, const void *packet, size_t size)
{
    struct post *post = &out[queued];
    struct cmsghdr *c = (struct cmsghdr *)(void *)post->control;
    const struct in_pktinfo from = {.ipi_spec_dst = phone->address};
    prepare_post(&out_headers[queued], post, size);
    post->peer = phone->answered ? phone->server : load.server;
    memcpy(post->packet, packet, size);
    *c = (struct cmsghdr){
        .cmsg_len = CMSG_LEN(sizeof from), .cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO};
    memcpy(CMSG_DATA(c), &from, sizeof from);
    if (++queued == BATCH)
        flush();
}

static void ask(struct phone *phone)
{
    uint8_t packet[PACKET] = {0, 1};
    const char *name = load.files[phone->file].name;
    size_t size = strlen(name) + 1;
    memcpy(packet + 2, name, size);
    memcpy(packet + 2 + size, "octet", 6);
    phone->answered = false;
    send_to(phone, packet, 2 + size + 6);
}

static void acknowledge(struct phone *phone)
{
    const uint8_t packet[4] = {0, 4, (uint8_t)(phone->block >> 8), (uint8_t)phone->block};
    send_to(phone, packet, sizeof packet);
}

static void begin(struct phone *phone)
{
    if (load.next >= load.total) {
        phone->busy = false;
        return;
    }
    phone->file = load.next++ % load.file_count;
    phone->block = 0;
    phone->have = 0;
    phone->tries = 0;
    phone->busy = true;
    phone->started = phone->heard = load.now;
    ask(phone);
}

static void finish(struct phone *phone, bool fine)
{
    if (fine)
        load.times[load.done - load.failed] = load.now - phone->started;
    load.failed += !fine;
    load.done++;
    begin(phone);
}

/* A block; true when it was the next one and what it should be. */
static bool take_block(struct phone *phone, const uint8_t *data, size_t size)
{
    struct file *file = &load.files[phone->file];
    if (load.discard)
        return true;
    if (load.save) {
        if (!phone->saved)
            phone->saved = malloc(FILE_MAX);
        if (!phone->saved || phone->have + size > FILE_MAX)
            die("a file too large to save");
        memcpy(phone->saved + phone->have, data, size);
        return true;
    }
    return phone->have + size <= file->size && memcmp(file->data + phone->have, data, size) == 0;
}

static void hear(struct phone *phone, const uint8_t *packet, size_t size,
                 const struct sockaddr_in *from)
{
    if (!phone->busy || size < 4)
        return;
    if (phone->answered && from->sin_port != phone->server.sin_port)
        return; /* of an earlier transfer */
    if (packet[1] == 5) {
        load.refused++;
        finish(phone, false);
        return;
    }
    uint16_t number = (uint16_t)(packet[2] << 8 | packet[3]);
    if (packet[1] != 3 || number != (uint16_t)(phone->block + 1))
        return;
    if (!phone->answered) {
        phone->server = *from;
        phone->answered = true;
    }
    if (!take_block(phone, packet + 4, size - 4)) {
        load.corrupt++;
        finish(phone, false);
        return;
    }
    phone->block++;
    phone->have += size - 4;
    phone->heard = load.now;
    phone->tries = 0;
    acknowledge(phone);
    if (size - 4 == BLOCK)
        return;
    if (load.save)
        write_file(&load.files[phone->file], phone->saved, phone->have);
    finish(phone, load.save || load.discard || phone->have == load.files[phone->file].size);
}

static struct phone *receiver(struct msghdr *header)
{
    struct in_pktinfo to;
    struct cmsghdr *c = CMSG_FIRSTHDR(header);
    if (!c || c->cmsg_type != IP_PKTINFO)
        return NULL;
    memcpy(&to, CMSG_DATA(c), sizeof to);
    return phone_at(to.ipi_addr);
}

static void listen_all(void)
{
    int n = recvmmsg(load.fd, in_headers, BATCH, MSG_DONTWAIT, NULL);
    for (int i = 0; i < n; i++) {
        struct phone *phone = receiver(&in_headers[i].msg_hdr);
        if (phone)
            hear(phone, in[i].packet, in_headers[i].msg_len, &in[i].peer);
        in_headers[i].msg_hdr.msg_controllen = sizeof in[i].control;
    }
    flush();
}

static void lose_patience(void)
{
    for (unsigned i = 0; i < load.concurrency; i++) {
        struct phone *phone = &load.list[i];
        if (!phone->busy || load.now - phone->heard < PATIENCE_MS * 1000)
            continue;
        phone->heard = load.now;
        if (++phone->tries > TRIES) {
            finish(phone, false);
            continue;
        }
        load.resent++;
        if (phone->answered)
            acknowledge(phone);
        else
            ask(phone);
    }
    flush();
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static void report(int64_t elapsed)
{
    unsigned fine = load.done - load.failed;
    unsigned unfinished = load.total - load.done;
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    qsort(load.times, fine, sizeof *load.times, compare);
    printf("transfers=%u failed=%u corrupt=%u refused=%u resent=%u seconds=%.3f rate=%.0f "
           "p50_ms=%.2f p99_ms=%.2f client_cpu_us=%.1f\n",
           fine, load.failed + unfinished, load.corrupt, load.refused, load.resent,
           (double)elapsed / 1e6, (double)fine * 1e6 / (double)elapsed,
           fine ? (double)load.times[fine / 2] / 1e3 : 0,
           fine ? (double)load.times[fine - 1 - fine / 100] / 1e3 : 0,
           fine ? ((double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
                   (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec)) /
                      fine
                : 0);
}

static void run(int64_t limit)
{
    struct pollfd ready = {.fd = load.fd, .events = POLLIN};
    int64_t start = now_us();
    int64_t looked = start;
    load.now = start;
    for (unsigned i = 0; i < load.concurrency; i++)
        begin(&load.list[i]);
    flush();
    while (load.done < load.total && load.now - start < limit) {
        int n = poll(&ready, 1, 100);
        load.now = now_us();
        if (n > 0)
            listen_all();
        if (load.now - looked > 100000) {
            looked = load.now;
            lose_patience();
        }
    }
    report(load.now - start);
}

static unsigned number(const char *text)
{
    return (unsigned)strtoul(text, NULL, 10);
}

int main(int argc, char **argv)
{
    if (argc != 10) {
        fprintf(stderr, "usage: tftp_load SERVER PORT DIR PHONES AT-ONCE TRANSFERS LIMIT-SECONDS "
                        "all|configs check|save|discard\n");
        return 2;
    }
    load.server =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)number(argv[2]))};
    if (inet_pton(AF_INET, argv[1], &load.server.sin_addr) != 1)
        die(argv[1]);
    load.dir = argv[3];
    load.phones = number(argv[4]);
    load.concurrency = number(argv[5]);
    load.total = number(argv[6]);
    load.configs = strcmp(argv[8], "configs") == 0;
    load.save = strcmp(argv[9], "save") == 0;
    load.discard = strcmp(argv[9], "discard") == 0;
    load.times = calloc(load.total, sizeof *load.times);
    load.list = calloc(load.concurrency, sizeof *load.list);
    if (!load.times || !load.list)
        die("memory");
    prepare_files();
    open_socket();
    for (unsigned i = 0; i < load.concurrency; i++)
        load.list[i].address = address_of(i);
    run((int64_t)number(argv[7]) * 1000000);
    return 0;
}
