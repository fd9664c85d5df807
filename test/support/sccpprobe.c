/*
 * sccpprobe: says to a call manager what a script on standard input tells it to, with no code of
 * ours, so that the server can be told what no phone would say.
 *
 *   sccpprobe PORT [tls] [cert=FILE] [version=1.0|1.2|1.3] [cipher=LIST] [from=ADDRESS]
 *   sccpprobe PORT silent=COUNT [from=PREFIX]
 *
 *   register NAME VERSION [TYPE [STREAMS]]  RegisterReq; STREAMS: of audio that are up
 *   message ID [HEX]              a frame of that id (hex) and payload
 *   words ID NUMBER...            the same, of little-endian words
 *   alarm TEXT                    Alarm
 *   bytes HEX                     as they are
 *   drip HEX                      the same, a byte a write, some milliseconds apart
 *   flood COUNT ID NUMBER...      as words, so many times
 *   until ID                      reads frames up to one of that id, and prints it: id and payload
 *                                 in hex; "closed" when the connection ends before
 *   show                          `until` prints every frame it reads, from now on
 *   text ID OFFSET                the same, and prints the text at that offset of the payload
 *   drop                          resets the connection
 *
 * The first line says how the handshake went: "tls VERSION CIPHER", "tcp", or "refused".
 *
 * With `silent`, so many connections are opened that say nothing, from PREFIX1, PREFIX2, ...
 * ("127.0.1."); "open" is printed, and for each line of standard input how many the server has
 * closed by then.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { FRAME = 70000, PATIENCE_S = 60, SILENT_MAX = 60000 };

static const char *from = "127.0.0.1";
static SSL *ssl; /* NULL: TCP alone */
static int fd;
static int shows;               /* every frame that is read */
static uint32_t header_version; /* of a session, from 10 on */
static uint8_t out[FRAME];
static size_t out_size;

static void die(const char *what)
{
    fprintf(stderr, "sccpprobe: %s\n", what);
    exit(2);
}

/* ---- connections ---- */

static int dial(int port, const char *address)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct sockaddr_in local = {.sin_family = AF_INET};
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    const int on = 1;
    int s = socket(AF_INET, SOCK_STREAM, 0);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    inet_pton(AF_INET, address, &local.sin_addr);
    setsockopt(s, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    if (s < 0 || bind(s, (struct sockaddr *)&local, sizeof local) != 0 ||
        connect(s, (struct sockaddr *)&to, sizeof to) != 0)
        die("cannot connect");
    setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return s;
}

static int version_of(const char *text)
{
    return strcmp(text, "1.0") == 0   ? TLS1_VERSION
           : strcmp(text, "1.2") == 0 ? TLS1_2_VERSION
                                      : TLS1_3_VERSION;
}

static void begin_tls(const char *certificate, const char *version, const char *cipher)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_security_level(ctx, 0);
    if (version && (SSL_CTX_set_min_proto_version(ctx, version_of(version)) != 1 ||
                    SSL_CTX_set_max_proto_version(ctx, version_of(version)) != 1))
        die("no such version");
    if (cipher && SSL_CTX_set_cipher_list(ctx, cipher) != 1)
        die("no such cipher");
    if (certificate && (SSL_CTX_use_certificate_chain_file(ctx, certificate) != 1 ||
                        SSL_CTX_use_PrivateKey_file(ctx, certificate, SSL_FILETYPE_PEM) != 1))
        die("the certificate cannot be used");
    ssl = SSL_new(ctx);
    if (SSL_set_fd(ssl, fd) != 1 || SSL_connect(ssl) != 1) {
        puts("refused");
        exit(0);
    }
    printf("tls %s %s\n", SSL_get_version(ssl), SSL_get_cipher_name(ssl));
}

/* ---- many that say nothing ---- */

static int closed_of(const int *list, int count)
{
    int closed = 0;
    for (int i = 0; i < count; i++) {
        char byte;
        ssize_t got = recv(list[i], &byte, 1, MSG_PEEK | MSG_DONTWAIT);
        closed += got == 0 || (got < 0 && errno != EAGAIN);
    }
    return closed;
}

static void silent(int port, int count)
{
    static int list[SILENT_MAX];
    struct rlimit limit;
    char line[16];
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    for (int i = 0; i < count && i < SILENT_MAX; i++) {
        char address[32];
        snprintf(address, sizeof address, "%s%d", from, 1 + i % 250);
        list[i] = dial(port, address);
    }
    puts("open");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        printf("%d\n", closed_of(list, count));
        fflush(stdout);
    }
}

/* ---- what is said ---- */

static void add(const void *data, size_t size)
{
    if (out_size + size > FRAME)
        die("too much");
    memcpy(out + out_size, data, size);
    out_size += size;
}

static void add_word(uint32_t word)
{
    const uint8_t bytes[] = {(uint8_t)word, (uint8_t)(word >> 8), (uint8_t)(word >> 16),
                             (uint8_t)(word >> 24)};
    add(bytes, sizeof bytes);
}

static void add_field(const char *text, size_t size)
{
    char field[128] = "";
    snprintf(field, sizeof field, "%s", text);
    add(field, size);
}

static void add_hex(const char *hex)
{
    for (; *hex; hex++) {
        unsigned byte;
        if (*hex == ' ')
            continue;
        if (sscanf(hex, "%2x", &byte) != 1)
            die("bad hex");
        const uint8_t one = (uint8_t)byte;
        add(&one, 1);
        hex++;
    }
}

static void begin_frame(uint32_t id)
{
    out_size = 0;
    add_word(0);
    add_word(header_version);
    add_word(id);
}

static void end_frame(void)
{
    size_t size = out_size;
    out_size = 0;
    add_word((uint32_t)size - 8);
    out_size = size;
}

static void put(const uint8_t *data, size_t size)
{
    while (size) {
        ssize_t sent = ssl ? SSL_write(ssl, data, (int)size) : send(fd, data, size, MSG_NOSIGNAL);
        if (sent <= 0)
            return; /* whether it was closed is asked with `until` */
        data += sent;
        size -= (size_t)sent;
    }
}

static void say_register(const char *name, unsigned version, unsigned type, unsigned streams)
{
    header_version = 0;
    begin_frame(0x0001);
    add_field(name, 16);
    add_word(0);
    add_word(1);
    add_hex("7f000001");
    add_word(type);
    add_word(5); /* streams, and active ones */
    add_word(streams);
    const uint8_t features[] = {(uint8_t)version, 0, 0x72, 0x85};
    add(features, sizeof features);
    add_word(0);
    add_word(0);
    add_field(name + 3, 12);
    add_word(0);
    add_word(2); /* lines */
    end_frame();
    put(out, out_size);
    header_version = version < 10 ? 0 : version;
}

static void say_alarm(const char *text)
{
    begin_frame(0x0020);
    add_word(2);
    add_field(text, 80);
    add_word(0);
    add_word(0);
    end_frame();
    put(out, out_size);
}

static void build_words(const char *rest)
{
    unsigned id;
    unsigned long word;
    int used;
    if (sscanf(rest, "%x%n", &id, &used) != 1)
        die("words ID NUMBER...");
    begin_frame(id);
    for (rest += used; sscanf(rest, "%lu%n", &word, &used) == 1; rest += used)
        add_word((uint32_t)word);
    end_frame();
}

static void flood(const char *rest)
{
    int count;
    int used;
    if (sscanf(rest, "%d%n", &count, &used) != 1)
        die("flood COUNT ID NUMBER...");
    build_words(rest + used);
    for (int i = 0; i < count; i++)
        put(out, out_size);
}

static void drip(const char *hex)
{
    out_size = 0;
    add_hex(hex);
    for (size_t i = 0; i < out_size; i++) {
        put(out + i, 1);
        poll(NULL, 0, 5);
    }
}

/* ---- what is heard ---- */

static int get(uint8_t *data, size_t size)
{
    while (size) {
        ssize_t got = ssl ? SSL_read(ssl, data, (int)size) : recv(fd, data, size, 0);
        if (got <= 0)
            return -1;
        data += got;
        size -= (size_t)got;
    }
    return 0;
}

static uint32_t word_at(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void print_frame(unsigned id, const uint8_t *payload, size_t size)
{
    printf("%04x ", id);
    for (size_t i = 0; i < size; i++)
        printf("%02x", payload[i]);
    puts("");
}

static size_t hear(unsigned wanted, uint8_t *payload)
{
    uint8_t header[12];
    for (;;) {
        if (get(header, sizeof header) != 0)
            return FRAME;
        size_t size = word_at(header) - 4;
        if (size > FRAME - 8 || get(payload, size) != 0)
            return FRAME;
        if (word_at(header + 8) == wanted)
            return size;
        if (shows)
            print_frame(word_at(header + 8), payload, size);
    }
}

static void until(const char *rest, int as_text)
{
    static uint8_t payload[FRAME];
    unsigned wanted;
    unsigned offset = 0;
    if (sscanf(rest, "%x %u", &wanted, &offset) < 1)
        die("until ID");
    size_t size = hear(wanted, payload);
    if (size == FRAME) {
        puts("closed");
        return;
    }
    payload[size] = 0;
    if (as_text)
        printf("%04x %s\n", wanted, offset < size ? (const char *)payload + offset : "");
    else
        print_frame(wanted, payload, size);
}

static void drop(void)
{
    const struct linger now = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(fd);
    exit(0);
}

static void obey(char *line)
{
    char name[64];
    unsigned version;
    unsigned type = 437;
    unsigned streams = 0;
    char *rest = strchr(line, ' ');
    if (rest)
        *rest++ = '\0';
    else
        rest = line + strlen(line);
    if (strcmp(line, "register") == 0 &&
        sscanf(rest, "%63s %u %u %u", name, &version, &type, &streams) >= 2) {
        say_register(name, version, type, streams);
    } else if (strcmp(line, "message") == 0) {
        char *hex = strchr(rest, ' ');
        begin_frame((uint32_t)strtoul(rest, NULL, 16));
        add_hex(hex ? hex : "");
        end_frame();
        put(out, out_size);
    } else if (strcmp(line, "words") == 0) {
        build_words(rest);
        put(out, out_size);
    } else if (strcmp(line, "alarm") == 0) {
        say_alarm(rest);
    } else if (strcmp(line, "bytes") == 0) {
        out_size = 0;
        add_hex(rest);
        put(out, out_size);
    } else if (strcmp(line, "drip") == 0) {
        drip(rest);
    } else if (strcmp(line, "flood") == 0) {
        flood(rest);
    } else if (strcmp(line, "until") == 0 || strcmp(line, "text") == 0) {
        until(rest, line[0] == 't');
    } else if (strcmp(line, "show") == 0) {
        shows = 1;
    } else if (strcmp(line, "drop") == 0) {
        drop();
    } else {
        die(line);
    }
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static char line[8 * FRAME];
    const char *certificate = NULL;
    const char *version = NULL;
    const char *cipher = NULL;
    int tls = 0;
    int count = 0;
    signal(SIGPIPE, SIG_IGN);
    for (int i = 2; i < argc; i++) {
        char *value = strchr(argv[i], '=');
        value = value ? value + 1 : argv[i];
        if (strcmp(argv[i], "tls") == 0)
            tls = 1;
        else if (strncmp(argv[i], "cert=", 5) == 0)
            certificate = value;
        else if (strncmp(argv[i], "version=", 8) == 0)
            version = value;
        else if (strncmp(argv[i], "cipher=", 7) == 0)
            cipher = value;
        else if (strncmp(argv[i], "from=", 5) == 0)
            from = value;
        else if (strncmp(argv[i], "silent=", 7) == 0)
            count = atoi(value);
        else
            die(argv[i]);
    }
    if (argc < 2)
        die("sccpprobe PORT ...");
    if (count) {
        silent(atoi(argv[1]), count);
        return 0;
    }
    fd = dial(atoi(argv[1]), from);
    if (tls)
        begin_tls(certificate, version, cipher);
    else
        puts("tcp");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        obey(line);
    }
    if (ssl)
        SSL_shutdown(ssl);
    return 0;
}
