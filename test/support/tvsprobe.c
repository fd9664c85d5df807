/*
 * tvsprobe: asks a TVS server what a script on standard input tells it to, with no code of ours, so
 * that the server can be asked what no phone would ask.
 *
 *   tvsprobe PORT [silent COUNT]
 *
 *   name TEXT       the device name of the questions that follow; "-" leaves the element out. It is
 *                   CP-8861-SEPB000B4BA0AEE before
 *   verify PATH     asks whether the certificate (DER) in that file is trusted
 *   query SERIAL SUBJECT|ISSUER     asks by names; the serial number is in hex
 *   send HEX        one TLS write of these bytes, blanks are nothing
 *   file PATH       one TLS write of the bytes of a file
 *   recv            one answer: "trusted ROLES TTL SIZE" with the roles as 0,2 and the size of the
 *                   certificate that came with it, or "not trusted"; or "closed"
 *   save PATH       the certificate of the last answer
 *   raw PATH        all bytes of the last answer
 *
 * With `silent`, so many TCP connections are opened that say nothing, then "open" is printed, and
 * they are held until standard input ends.
 */
#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { FRAME = 70000, HEADER = 10, VERIFY = 1, QUERY = 3 };

static SSL *ssl;
static unsigned char draft[FRAME];
static size_t draft_size;
static unsigned char frame[FRAME];
static size_t frame_size;
static char device[200] = "CP-8861-SEPB000B4BA0AEE";
static unsigned session = 1000;

static void die(const char *what)
{
    fprintf(stderr, "tvsprobe: %s\n", what);
    exit(2);
}

static int dial(int port, const char *from)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct sockaddr_in local = {.sin_family = AF_INET};
    const struct timeval patience = {.tv_sec = 60};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
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

/* ---- what is said ---- */

static void add(const void *data, size_t size)
{
    if (draft_size + size > FRAME)
        die("too much");
    memcpy(draft + draft_size, data, size);
    draft_size += size;
}

static void add_hex(const char *hex)
{
    for (; *hex; hex++) {
        unsigned byte;
        if (*hex == ' ')
            continue;
        if (sscanf(hex, "%2x", &byte) != 1 || draft_size == FRAME)
            die("bad hex");
        draft[draft_size++] = (unsigned char)byte;
        hex++;
    }
}

static void add_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        die(path);
    draft_size += fread(draft + draft_size, 1, FRAME - draft_size, file);
    fclose(file);
}

/* The bytes from `from` on become the value of an element. */
static void close_element(unsigned tag, size_t from)
{
    size_t size = draft_size - from;
    memmove(draft + from + 3, draft + from, size);
    draft[from] = (unsigned char)tag;
    draft[from + 1] = (unsigned char)(size >> 8);
    draft[from + 2] = (unsigned char)size;
    draft_size += 3;
}

static void begin(unsigned command)
{
    const unsigned char header[HEADER] = {0x57, 1, (unsigned char)command, 0};
    draft_size = 0;
    add(header, sizeof header);
    session++;
    draft[6] = (unsigned char)(session >> 8);
    draft[7] = (unsigned char)session;
    if (strcmp(device, "-") != 0) {
        add("\x01", 1);
        add(device, strlen(device));
        close_element(1, HEADER);
    }
}

static void send_draft(void)
{
    if (SSL_write(ssl, draft, (int)draft_size) != (int)draft_size) {
        puts("not sent");
        fflush(stdout);
    }
    draft_size = 0;
}

static void finish(void)
{
    size_t body = draft_size - HEADER;
    draft[8] = (unsigned char)(body >> 8);
    draft[9] = (unsigned char)body;
    send_draft();
}

static void verify(const char *path)
{
    begin(VERIFY);
    size_t from = draft_size;
    add_file(path);
    close_element(2, from);
    finish();
}

static void query(char *serial, char *names)
{
    char *issuer = strchr(names, '|');
    if (!issuer)
        die("query SERIAL SUBJECT|ISSUER");
    *issuer++ = '\0';
    begin(QUERY);
    size_t from = draft_size;
    add(names, strlen(names) + 1);
    close_element(3, from);
    from = draft_size;
    add(issuer, strlen(issuer) + 1);
    close_element(4, from);
    from = draft_size;
    add_hex(serial);
    close_element(5, from);
    finish();
}

/* ---- what is heard ---- */

static int read_all(unsigned char *out, size_t size)
{
    for (size_t n = 0; n < size;) {
        int got = SSL_read(ssl, out + n, (int)(size - n));
        if (got <= 0)
            return -1;
        n += (size_t)got;
    }
    return 0;
}

/* The value of an element of the last answer, or NULL. */
static const unsigned char *element(unsigned tag, size_t *size)
{
    for (size_t at = HEADER; at + 3 <= frame_size; at += 3 + *size) {
        *size = (size_t)frame[at + 1] << 8 | frame[at + 2];
        if (frame[at] == tag)
            return frame + at + 3;
    }
    *size = 0;
    return NULL;
}

static void print_answer(void)
{
    size_t size, certificate;
    const unsigned char *status = element(7, &size);
    if (frame[0] != 0x57 || frame[1] != 1 || frame[3] != 0 || !status || size != 1)
        die("this is no answer");
    if (*status != 0) {
        puts(frame_size == HEADER + 4 ? "not trusted" : "not trusted, and more");
        return;
    }
    const unsigned char *roles = element(8, &size);
    printf("trusted ");
    for (size_t i = 0; roles && i < size; i++)
        printf("%s%u", i ? "," : "", roles[i]);
    const unsigned char *ttl = element(9, &size);
    if (!ttl || size != 4)
        die("no TTL");
    element(2, &certificate);
    printf(" %lu %zu\n",
           (unsigned long)ttl[0] << 24 | (unsigned long)ttl[1] << 16 | (unsigned long)ttl[2] << 8 |
               ttl[3],
           certificate);
}

static void receive(void)
{
    frame_size = 0;
    if (read_all(frame, HEADER) != 0) {
        puts("closed");
    } else {
        size_t body = (size_t)frame[8] << 8 | frame[9];
        if (read_all(frame + HEADER, body) != 0)
            die("an answer was cut");
        frame_size = HEADER + body;
        print_answer();
    }
    fflush(stdout);
}

static void write_out(const char *path, const unsigned char *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(data, 1, size, file) != size || fclose(file) != 0)
        die(path);
}

static void obey(char *line)
{
    size_t size;
    char *space = strchr(line, ' ');
    char *rest = space ? space + 1 : line + strlen(line);
    if (strncmp(line, "name ", 5) == 0) {
        snprintf(device, sizeof device, "%s", rest);
    } else if (strncmp(line, "verify ", 7) == 0) {
        verify(rest);
    } else if (strncmp(line, "query ", 6) == 0 && (space = strchr(rest, ' '))) {
        *space = '\0';
        query(rest, space + 1);
    } else if (strncmp(line, "send ", 5) == 0) {
        add_hex(rest);
        send_draft();
    } else if (strncmp(line, "file ", 5) == 0) {
        add_file(rest);
        send_draft();
    } else if (strcmp(line, "recv") == 0) {
        receive();
    } else if (strncmp(line, "save ", 5) == 0) {
        const unsigned char *der = element(2, &size);
        write_out(rest, der, size);
    } else if (strncmp(line, "raw ", 4) == 0) {
        write_out(rest, frame, frame_size);
    } else {
        die("what?");
    }
}

int main(int argc, char **argv)
{
    char line[8192];
    if (argc < 2)
        die("tvsprobe PORT [silent COUNT]");
    if (argc == 4) {
        silent(atoi(argv[1]), atoi(argv[3]));
        return 0;
    }
    ssl = SSL_new(SSL_CTX_new(TLS_client_method()));
    if (SSL_set_fd(ssl, dial(atoi(argv[1]), "127.0.0.1")) != 1 || SSL_connect(ssl) != 1)
        die("no TLS");
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        obey(line);
    }
    SSL_shutdown(ssl);
    return 0;
}
