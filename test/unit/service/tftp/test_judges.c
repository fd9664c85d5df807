/* Clients that are not ours, and a dissector: what they say of the service. */
#include "world.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <spawn.h>
#include <sys/ioctl.h>

#define CASE(test) cmocka_unit_test_setup_teardown(test, world_enter, world_leave)

extern char **environ;

static bool have(const char *tool)
{
    char path[200];
    const char *const places[] = {"/usr/bin", "/bin", "/usr/local/bin", "/usr/sbin"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        snprintf(path, sizeof path, "%s/%s", places[i], tool);
        if (access(path, X_OK) == 0)
            return true;
    }
    return false;
}

static pid_t start(const char *const argv[])
{
    pid_t pid;
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
    assert_int_equal(
        posix_spawnp(&pid, argv[0], &files, NULL, (char *const *)(uintptr_t)argv, environ), 0);
    posix_spawn_file_actions_destroy(&files);
    return pid;
}

static int run(const char *const argv[])
{
    int status = -1;
    pid_t pid = start(argv);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

#define RUN_TOOL(...) run((const char *const[]){__VA_ARGS__, NULL})

static char out[FILE_PATH];
static char port[2][16], http[2][16];

static void prepare(void)
{
    assert_int_equal(file_path(out, world.dir, "out"), 0);
    for (int i = 0; i < 2; i++) {
        snprintf(port[i], sizeof port[i], "%u", address_port(&world.udp[i]));
        snprintf(http[i], sizeof http[i], "%u", address_port(&world.http[i]));
    }
}

static struct bytes make_file(const char *name, size_t size)
{
    uint8_t *data = malloc(size);
    for (size_t i = 0; i < size; i++)
        data[i] = (uint8_t)(i * 7 + i / 253);
    world_write(name, bytes_of(data, size));
    return bytes_of(data, size);
}

/* The tool succeeded and what it wrote is right; the file is removed for the next one. */
static void assert_got(int status, struct bytes expected)
{
    struct buffer b;
    buffer_init(&b, 64 * 1024 * 1024);
    assert_int_equal(status, 0);
    assert_int_equal(file_read(&b, out, NULL), 0);
    assert_bytes_equal(buffer_bytes(&b), expected);
    buffer_fini(&b);
    assert_int_equal(unlink(out), 0);
}

static void test_curl_fetches_over_tftp_and_http(void **state)
{
    (void)state;
    if (!have("curl"))
        skip();
    char url[200];
    struct bytes file = make_file("sub/file.bin", 100 * 1024);
    prepare();
    snprintf(url, sizeof url, "tftp://127.0.0.1:%s/sub/file.bin", port[0]);
    assert_got(RUN_TOOL("curl", "-s", "-o", out, url), file);
    assert_got(RUN_TOOL("curl", "-s", "--tftp-no-options", "-o", out, url), file);
    assert_got(RUN_TOOL("curl", "-s", "--tftp-blksize", "1428", "-o", out, url), file);
    assert_got(RUN_TOOL("curl", "-s", "--tftp-blksize", "8", "-o", out, url), file);
    assert_got(RUN_TOOL("curl", "-s", "--tftp-blksize", "65464", "-o", out, url), file);
    snprintf(url, sizeof url, "tftp://[::1]:%s/sub/file.bin", port[1]);
    assert_got(RUN_TOOL("curl", "-s", "-g", "-o", out, url), file);
    snprintf(url, sizeof url, "http://127.0.0.1:%s/sub/file.bin", http[0]);
    assert_got(RUN_TOOL("curl", "-s", "-f", "-o", out, url), file);
    snprintf(url, sizeof url, "http://[::1]:%s/sub/file.bin", http[1]);
    assert_got(RUN_TOOL("curl", "-s", "-f", "-g", "-o", out, url), file);
    snprintf(url, sizeof url, "http://127.0.0.1:%s/absent", http[0]);
    assert_int_equal(WEXITSTATUS(RUN_TOOL("curl", "-s", "-f", "-o", out, url)), 22);
    snprintf(url, sizeof url, "tftp://127.0.0.1:%s/absent", port[0]);
    assert_int_equal(WEXITSTATUS(RUN_TOOL("curl", "-s", "-o", out, url)), 68); /* not found */
    free((void *)(uintptr_t)file.data);
}

static void test_the_client_of_tftp_hpa_fetches(void **state)
{
    (void)state;
    if (!have("tftp"))
        skip();
    struct bytes file = make_file("file.bin", 51200); /* whole blocks: the last one is empty */
    prepare();
    assert_got(
        RUN_TOOL("tftp", "-4", "-m", "octet", "127.0.0.1", port[0], "-c", "get", "file.bin", out),
        file);
    assert_got(RUN_TOOL("tftp", "-6", "-m", "octet", "::1", port[1], "-c", "get", "/file.bin", out),
               file);
    free((void *)(uintptr_t)file.data);
}

static void test_busybox_fetches(void **state)
{
    (void)state;
    if (!have("busybox"))
        skip();
    struct bytes file = make_file("file.bin", 100001);
    prepare();
    const char *const base[] = {"busybox", "tftp", "-g", "-r", "file.bin", "-l", out};
    assert_got(RUN_TOOL(base[0], base[1], base[2], base[3], base[4], base[5], base[6], "127.0.0.1",
                        port[0]),
               file);
    assert_got(RUN_TOOL(base[0], base[1], base[2], base[3], base[4], base[5], base[6], "-b", "1400",
                        "127.0.0.1", port[0]),
               file);
    assert_got(
        RUN_TOOL(base[0], base[1], base[2], base[3], base[4], base[5], base[6], "::1", port[1]),
        file);
    free((void *)(uintptr_t)file.data);
}

/* How many packets of the capture a filter shows. */
static unsigned count_packets(const char *capture, const char *decode, const char *filter)
{
    char command[1000];
    unsigned n = 0;
    snprintf(command, sizeof command, "tshark -r '%s' -d '%s' -Y '%s' 2>/dev/null", capture, decode,
             filter);
    FILE *lines = popen(command, "r");
    assert_non_null(lines);
    for (int c; (c = fgetc(lines)) != EOF;)
        n += c == '\n';
    pclose(lines);
    return n;
}

/* Everything that crosses the loopback device from here on. */
static int capture_begin(void)
{
    const int room = 16 * 1024 * 1024;
    const struct sockaddr_ll loopback = {.sll_family = AF_PACKET,
                                         .sll_protocol = htons(ETH_P_ALL),
                                         .sll_ifindex = (int)if_nametoindex("lo")};
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(fd >= 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) != 0 &&
                         setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room) != 0,
                     0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&loopback, sizeof loopback), 0);
    return fd;
}

/* Writes what was captured as a pcap file of Ethernet frames. */
static void capture_end(int fd, const char *path)
{
    const uint32_t head[] = {0xa1b2c3d4, 2 | 4 << 16, 0, 0, 65536, 1};
    static uint8_t frame[70000];
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(head, sizeof head, 1, file), 1);
    for (uint32_t n = 0;; n++) {
        struct sockaddr_ll from;
        socklen_t from_size = sizeof from;
        ssize_t size = recvfrom(fd, frame, sizeof frame, 0, (struct sockaddr *)&from, &from_size);
        if (size < 0)
            break;
        const uint32_t record[] = {1, n, (uint32_t)size, (uint32_t)size};
        if (from.sll_pkttype != PACKET_OUTGOING && /* each is seen leaving and coming */
            (fwrite(record, sizeof record, 1, file) != 1 ||
             fwrite(frame, (size_t)size, 1, file) != 1))
            fail();
    }
    assert_int_equal(errno, EAGAIN);
    assert_int_equal(fclose(file), 0);
    close(fd);
}

static bool capture_allowed;

static void test_tshark_sees_no_malformed_packet(void **state)
{
    (void)state;
    char capture[FILE_PATH], decode[64];
    struct client c;
    struct fetched f;
    if (!capture_allowed)
        skip();
    struct bytes file = make_file("file.bin", 20000);
    const struct tftp_options all = {.has_block_size = true,
                                     .block_size = 1000,
                                     .has_window_size = true,
                                     .window_size = 3,
                                     .has_timeout = true,
                                     .timeout = 3,
                                     .has_transfer_size = true};
    prepare();
    assert_int_equal(file_path(capture, world.dir, "tftp.pcap"), 0);
    snprintf(decode, sizeof decode, "udp.port==%s,tftp", port[0]);
    int fd = capture_begin();
    client_open(&c);
    fetch_with(&c, &f, "file.bin", &all);
    fetched_fini(&f);
    fetch_with(&c, &f, "file.bin", NULL);
    assert_bytes_equal(buffer_bytes(&f.data), file);
    fetched_fini(&f);
    fetch_with(&c, &f, "absent", NULL);
    fetched_fini(&f);
    client_close(&c);
    capture_end(fd, capture);
    assert_true(count_packets(capture, decode, "tftp.opcode == 6") > 0);
    assert_true(count_packets(capture, decode, "tftp.opcode == 3") > 20);
    assert_int_equal(count_packets(capture, decode, "tftp.opcode == 5"), 1);
    assert_int_equal(count_packets(capture, decode, "_ws.malformed"), 0);
    free((void *)(uintptr_t)file.data);
}

static bool write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool fine = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0)
        close(fd);
    return fine;
}

/* Root may capture. Anybody may in a network of their own, where all is theirs. */
static bool may_capture(void)
{
    char users[64], groups[64];
    if (geteuid() == 0)
        return true;
    snprintf(users, sizeof users, "%u %u 1", geteuid(), geteuid());
    snprintf(groups, sizeof groups, "%u %u 1", getegid(), getegid());
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0 || !write_text("/proc/self/uid_map", users) ||
        !write_text("/proc/self/setgroups", "deny") || !write_text("/proc/self/gid_map", groups))
        return false;
    struct ifreq loopback = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool up = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &loopback) == 0;
    if (fd >= 0)
        close(fd);
    return up;
}

static bool capture_possible(void)
{
    int status = -1;
    pid_t pid = fork();
    if (pid == 0)
        _exit(may_capture() ? 0 : 1);
    return have("tshark") && waitpid(pid, &status, 0) == pid && status == 0;
}

static int captured_world_enter(void **state)
{
    capture_allowed = capture_possible() && may_capture();
    return world_enter(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_curl_fetches_over_tftp_and_http),
        CASE(test_the_client_of_tftp_hpa_fetches),
        CASE(test_busybox_fetches),
        /* the last one: it may leave for a network of its own */
        cmocka_unit_test_setup_teardown(test_tshark_sees_no_malformed_packet, captured_world_enter,
                                        world_leave),
    };
    return RUN(tests);
}
