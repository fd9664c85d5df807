/*
 * capfprobe: says to a CAPF server what a script on standard input tells it to, with no code of
 * ours, so that the server can be asked what no phone would ask.
 *
 *   capfprobe PORT [silent COUNT]
 *
 *   send HEX        one TLS write; S stands for the four bytes of the server's session id, T for
 *                   the same plus one, blanks are nothing
 *   file PATH TAG   one TLS write: what was given by the `send`s that end in '+' before it, then an
 *                   element TAG (hex) with the file's bytes; lengths of element and body are filled
 *   recv            one frame of the server's in hex: command, and its elements' bytes; or "closed"
 *   save PATH       the value of the last CERTIFICATE received, without its wrapper
 *   drop            resets the connection
 *
 * With `silent`, so many TCP connections are opened that say nothing, then "open" is printed, and
 * they are held until standard input ends.
 */
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { FRAME = 70000 };

static unsigned char session[4];
static unsigned char frame[FRAME];
static size_t frame_size;
static unsigned char draft[FRAME];
static size_t draft_size;

static void die(const char *what)
{
    fprintf(stderr, "capfprobe: %s\n", what);
    exit(2);
}

static int dial(int port, const char *from)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    const struct timeval patience = {.tv_sec = 60};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    struct sockaddr_in local = {.sin_family = AF_INET};
    inet_pton(AF_INET, from, &local.sin_addr);
    if (fd < 0 || bind(fd, (struct sockaddr *)&local, sizeof local) != 0 ||
        connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
        die("cannot connect");
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return fd;
}

static void silent(int port, int count)
{
    struct rlimit limit;
    char line[16];
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    for (int i = 0; i < count; i++) {
        char from[32];
        snprintf(from, sizeof from, "127.0.1.%d", 1 + i % 250);
        dial(port, from);
    }
    puts("open");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin))
        ;
}

static void add_hex(const char *hex)
{
    for (; *hex && *hex != '\n' && *hex != '+'; hex++) {
        unsigned byte;
        if (*hex == ' ')
            continue;
        if (*hex == 'S' || *hex == 'T') {
            memcpy(draft + draft_size, session, 4);
            if (*hex == 'T')
                draft[draft_size + 3]++;
            draft_size += 4;
            continue;
        }
        if (sscanf(hex, "%2x", &byte) != 1 || draft_size >= FRAME)
            die("bad hex");
        draft[draft_size++] = (unsigned char)byte;
        hex++;
    }
}

static void add_file(const char *path, unsigned tag)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        die(path);
    unsigned char *at = draft + draft_size;
    size_t n = fread(at + 3, 1, FRAME - draft_size - 3, file);
    fclose(file);
    at[0] = (unsigned char)tag;
    at[1] = (unsigned char)(n >> 8);
    at[2] = (unsigned char)n;
    draft_size += n + 3;
    draft[6] = (unsigned char)((draft_size - 8) >> 8);
    draft[7] = (unsigned char)(draft_size - 8);
}

static int read_all(SSL *ssl, unsigned char *out, size_t size)
{
    for (size_t n = 0; n < size;) {
        int got = SSL_read(ssl, out + n, (int)(size - n));
        if (got <= 0)
            return -1;
        n += (size_t)got;
    }
    return 0;
}

static void receive(SSL *ssl)
{
    frame_size = 0;
    if (read_all(ssl, frame, 8) != 0) {
        puts("closed");
        fflush(stdout);
        return;
    }
    size_t body = (size_t)frame[6] << 8 | frame[7];
    if (read_all(ssl, frame + 8, body) != 0)
        die("a frame was cut");
    frame_size = body + 8;
    memcpy(session, frame + 2, 4);
    printf("%02x", frame[1]);
    for (size_t i = 8; i < frame_size && i < 8 + 64; i++)
        printf(" %02x", frame[i]);
    puts("");
    fflush(stdout);
}

static void save(const char *path)
{
    for (size_t at = 8; at + 3 <= frame_size;) {
        size_t n = (size_t)frame[at + 1] << 8 | frame[at + 2];
        if (frame[at] == 4 && n > 5) {
            FILE *file = fopen(path, "wb");
            if (!file || fwrite(frame + at + 8, 1, n - 5, file) != n - 5 || fclose(file) != 0)
                die(path);
            return;
        }
        at += 3 + n;
    }
}

int main(int argc, char **argv)
{
    char line[8192];
    if (argc < 2)
        die("capfprobe PORT [silent COUNT]");
    if (argc == 4) {
        silent(atoi(argv[1]), atoi(argv[3]));
        return 0;
    }
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    SSL *ssl = SSL_new(ctx);
    int fd = dial(atoi(argv[1]), "127.0.0.1");
    if (SSL_set_fd(ssl, fd) != 1 || SSL_connect(ssl) != 1)
        die("no TLS");
    while (fgets(line, sizeof line, stdin)) {
        char path[4096];
        unsigned tag;
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "send ", 5) == 0) {
            add_hex(line + 5);
            if (strchr(line, '+'))
                continue;
        } else if (sscanf(line, "file %4095s %x", path, &tag) == 2) {
            add_file(path, tag);
        } else if (strcmp(line, "recv") == 0) {
            receive(ssl);
            continue;
        } else if (strncmp(line, "save ", 5) == 0) {
            save(line + 5);
            continue;
        } else if (strcmp(line, "drop") == 0) {
            const struct linger now = {1, 0};
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
            close(fd);
            return 0;
        } else {
            die("what?");
        }
        if (SSL_write(ssl, draft, (int)draft_size) != (int)draft_size)
            puts("not sent");
        draft_size = 0;
    }
    SSL_shutdown(ssl);
    /* What a session leads to is written down when the server closes its end. */
    unsigned char rest[64];
    while (frame_size && frame[1] == 15 && SSL_read(ssl, rest, sizeof rest) > 0)
        continue;
    return 0;
}
