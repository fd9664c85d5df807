/*
 * world: the whole service on loopback - a real store, a real signer process, files in a directory
 * - and clients of the book. The service runs on a thread of its own; tests talk to it from
 * outside.
 */
#ifndef TEST_SERVICE_TFTP_WORLD_H
#define TEST_SERVICE_TFTP_WORLD_H

#include "support.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "net/channel.h"
#include "net/tcp.h"
#include "net/udp.h"
#include "pki/signedfile.h"
#include "service/tftp/service.h"
#include "signer/process.h"
#include "store/store.h"
#include "wire/tftp.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PHONE   "SEP001122334455"
#define PHONE_2 "SEP0011223344AA"

struct world {
    char dir[1024];
    char tftpboot[FILE_PATH], templates[FILE_PATH], log[FILE_PATH], keys[FILE_PATH];
    char database[FILE_PATH];
    struct store *store;
    struct certificate *callmanager;
    pid_t signer;
    int control;
    int signer_end; /* for the service */
    /* the service's side */
    pthread_t thread;
    sem_t ready;
    struct loop *loop;
    struct loop_waker *stop;
    struct loop_waker *reload;
    struct tftp_service *service;
    struct tftp_setup setup;
    struct address udp[2], http[2]; /* IPv4, IPv6 */
    int result;
};

static struct world world;

/* ---- building it ---- */

static inline void world_check(int result, struct why *why)
{
    if (result)
        fail_msg("%s", why_text(why, result));
}

static inline void world_write(const char *name, struct bytes content)
{
    char path[FILE_PATH];
    char parent[FILE_PATH];
    struct why why = WHY_NONE;
    assert_int_equal(file_path(path, world.tftpboot, name), 0);
    text_copy(parent, sizeof parent, path);
    *strrchr(parent, '/') = '\0';
    world_check(file_mkdirs(parent, 0755, &why), &why);
    world_check(file_replace(path, content, 0644, &why), &why);
}

static inline void world_remove(const char *name)
{
    char path[FILE_PATH];
    assert_int_equal(file_path(path, world.tftpboot, name), 0);
    assert_int_equal(unlink(path), 0);
}

static inline void world_certificate(const char *pool)
{
    struct identity id = {0};
    struct buffer pem;
    char serial[CERTIFICATE_SERIAL];
    char path[FILE_PATH];
    struct why why = WHY_NONE;
    buffer_init(&pem, KEY_FILE_MAX);
    world_check(identity_load(&id, vector_path(pool), &why), &why);
    assert_int_equal(identity_write_pem(&pem, &id), 0);
    text_hex(serial, sizeof serial, certificate_serial(id.certificate), false, 0);
    assert_true(text_format(path, sizeof path, "%s/CallManager-%s.pem", world.keys, serial));
    if (!file_exists(path))
        world_check(file_create(path, buffer_bytes(&pem), 0600, &why), &why);
    struct store_certificate own = {.node = 1, .created = 1};
    text_copy(own.name, sizeof own.name, "CallManager");
    text_copy(own.serial, sizeof own.serial, serial);
    buffer_init(&own.der, CERTIFICATE_DER_MAX);
    buffer_init(&own.chain, CERTIFICATE_FILE_MAX);
    buffer_append(&own.der, certificate_der(id.certificate));
    world_check(store_certificate_put(world.store, &own, &why), &why);
    store_certificate_fini(&own);
    certificate_free(world.callmanager);
    world.callmanager = certificate_share(id.certificate);
    identity_fini(&id);
    buffer_fini_secret(&pem);
}

static inline void world_profile(const char *name, enum device_protocol protocol,
                                 enum device_mode mode, bool encrypted)
{
    struct store_profile p = {
        .protocol = protocol, .mode = mode, .tftp_encrypted = encrypted, .key_size = 2048};
    struct why why = WHY_NONE;
    p.capf_auth = CAPF_AUTH_NULL_STRING;
    text_copy(p.name, sizeof p.name, name);
    text_copy(p.model, sizeof p.model, "any");
    world_check(store_profile_add(world.store, &p, &why), &why);
}

static inline void world_device(const char *name, const char *model, const char *profile)
{
    struct store_device d = {0};
    struct why why = WHY_NONE;
    text_copy(d.name, sizeof d.name, name);
    text_copy(d.model, sizeof d.model, model);
    text_copy(d.profile, sizeof d.profile, profile);
    text_copy(d.pool, sizeof d.pool, "Default");
    text_copy(d.description, sizeof d.description, "A phone & more");
    world_check(store_device_add(world.store, &d, &why), &why);
}

static inline void world_store(void)
{
    struct why why = WHY_NONE;
    struct store_node node = {.name = "pub", .address = "192.0.2.10", .port_offset = 10000};
    node.publisher = true;
    struct store_group group = {.name = "Default", .count = 1};
    struct store_pool pool = {.name = "Default",
                              .group = "Default",
                              .date_template = "D/M/YA",
                              .time_zone = "W. Europe Standard/Daylight Time",
                              .olson_zone = "Europe/Vienna"};
    world_check(store_open(&world.store, world.database, STORE_CREATE, &why), &why);
    world_check(store_node_add(world.store, &node, &why), &why);
    assert_int_equal(store_node_get(world.store, "pub", &node), 0);
    group.members[0] = node;
    world_check(store_group_put(world.store, &group, &why), &why);
    world_check(store_pool_put(world.store, &pool, &why), &why);
    world_check(store_parameter_set(world.store, "ClusterSecurityMode", "1", &why), &why);
    world_profile("secure", PROTOCOL_SCCP, MODE_ENCRYPTED, false);
    world_profile("sealed", PROTOCOL_SCCP, MODE_ENCRYPTED, true);
    world_profile("sip", PROTOCOL_SIP, MODE_AUTHENTICATED, false);
    world_device(PHONE, "7975", "secure");
    world_certificate("pool/rsa2048.pem");
}

/* The signer's process, and an end of it for the service. */
static inline void world_signer(void)
{
    int pair[2];
    int client[2];
    uint8_t role = SIGNER_TFTP;
    assert_int_equal(channel_pair(pair), 0);
    fflush(NULL);
    world.signer = fork();
    if (world.signer == 0) {
        close(pair[0]);
        int null = open("/dev/null", O_WRONLY);
        dup2(null, STDERR_FILENO);
        _exit(signer_process(world.keys, pair[1], -1));
    }
    close(pair[1]);
    world.control = pair[0];
    assert_int_equal(channel_pair(client), 0);
    assert_int_equal(channel_send(world.control, bytes_of(&role, 1), &client[1], 1), 0);
    close(client[1]);
    world.signer_end = client[0];
}

static inline int world_socket(const char *host, bool udp, struct address *bound)
{
    struct address a;
    int fd = -1;
    assert_int_equal(address_parse(&a, host, 0), 0);
    struct why why = WHY_NONE;
    world_check(udp ? udp_bind(&fd, &a, &why) : tcp_bind(&fd, &a, &why), &why);
    assert_int_equal(tcp_local_address(fd, bound), 0);
    return fd;
}

static inline void world_stop_loop(void *context)
{
    loop_stop(context);
}

static inline void world_do_reload(void *context)
{
    struct world *w = context;
    tftp_service_reload(w->service);
}

static inline void world_is_ready(void *context)
{
    struct world *w = context;
    sem_post(&w->ready);
}

static inline void *world_run(void *context)
{
    struct world *w = context;
    struct why why = WHY_NONE;
    struct signer_loop *signer = NULL;
    int result = signer_loop_new(&signer, w->loop);
    if (result == 0)
        result = signer_loop_replace(signer, w->signer_end);
    w->setup.signer = signer;
    w->setup.ready = world_is_ready;
    w->setup.context = w;
    if (result == 0)
        result = tftp_service_new(&w->service, w->loop, &w->setup, &why);
    if (result) {
        w->result = result;
        fprintf(stderr, "the service does not start: %s\n", why_text(&why, result));
        sem_post(&w->ready);
    } else {
        w->result = loop_run(w->loop);
    }
    tftp_service_free(w->service);
    signer_loop_free(signer);
    return NULL;
}

static inline void world_start(void)
{
    struct tftp_setup *s = &world.setup;
    *s = (struct tftp_setup){.tftpboot = world.tftpboot,
                             .templates = world.templates,
                             .log = world.log,
                             .store = world.database,
                             .node = "pub",
                             .transfers = 1024,
                             .per_address = 256,
                             .names_per_address = 800,
                             .window = 64,
                             .receive_buffer = 4 * 1024 * 1024};
    s->udp[s->udp_count++] = world_socket("127.0.0.1", true, &world.udp[0]);
    s->udp[s->udp_count++] = world_socket("::1", true, &world.udp[1]);
    s->http[s->http_count++] = world_socket("127.0.0.1", false, &world.http[0]);
    s->http[s->http_count++] = world_socket("::1", false, &world.http[1]);
    assert_int_equal(loop_new(&world.loop), 0);
    assert_int_equal(loop_waker_new(&world.stop, world.loop, world_stop_loop, world.loop), 0);
    assert_int_equal(loop_waker_new(&world.reload, world.loop, world_do_reload, &world), 0);
    sem_init(&world.ready, 0, 0);
    assert_int_equal(pthread_create(&world.thread, NULL, world_run, &world), 0);
    while (sem_wait(&world.ready) != 0) {
        /* interrupted */
    }
    assert_int_equal(world.result, 0);
}

static inline void world_halt(void)
{
    if (!world.loop)
        return;
    loop_wake(world.stop);
    pthread_join(world.thread, NULL);
    loop_waker_free(world.stop);
    loop_waker_free(world.reload);
    loop_free(world.loop);
    world.loop = NULL;
    world.service = NULL;
    sem_destroy(&world.ready);
}

static inline int world_enter(void **state)
{
    (void)state;
    struct log_setup log = {.program = "test", .directory = world.log, .level = LEVEL_DEBUG};
    world = (struct world){.signer = -1, .control = -1};
    temporary_make(world.dir);
    const struct {
        char *path;
        const char *name;
    } paths[] = {{world.tftpboot, "tftpboot"},
                 {world.templates, "templates"},
                 {world.log, "log"},
                 {world.keys, "keys"}};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        assert_int_equal(file_path(paths[i].path, world.dir, paths[i].name), 0);
        assert_int_equal(file_mkdir(paths[i].path, 0755, NULL), 0);
    }
    assert_int_equal(file_path(world.database, world.dir, "trustline.db"), 0);
    assert_int_equal(log_open(&log, NULL), 0);
    world_store();
    world_signer();
    world_start();
    return 0;
}

static inline int world_leave(void **state)
{
    (void)state;
    int status = 0;
    world_halt();
    store_close(world.store);
    certificate_free(world.callmanager);
    close(world.control);
    if (world.signer > 0)
        waitpid(world.signer, &status, 0);
    assert_int_equal(status, 0);
    log_close();
    assert_int_equal(log_open(&(struct log_setup){.program = "test", .level = LEVEL_ERROR}, NULL),
                     0);
    temporary_remove(world.dir);
    return 0;
}

/* The text of a log; the caller finis the buffer. */
static inline const char *world_log(struct buffer *b, const char *name)
{
    char path[FILE_PATH];
    buffer_init(b, 64 * 1024 * 1024);
    assert_int_equal(file_path(path, world.log, name), 0);
    assert_int_equal(file_read(b, path, NULL), 0);
    return buffer_string(b);
}

static inline unsigned world_log_count(const char *name, const char *text)
{
    struct buffer b;
    unsigned n = 0;
    for (const char *p = world_log(&b, name); (p = strstr(p, text)) != NULL; p++)
        n++;
    buffer_fini(&b);
    return n;
}

/* ---- a client ---- */

enum { FETCH_OK = -1, FETCH_SILENCE = -2 };

struct fetched {
    int error; /* FETCH_OK, FETCH_SILENCE, or the code of a TFTP error */
    char text[TFTP_ERROR_TEXT_MAX + 1];
    struct tftp_options granted;
    struct buffer data;
};

struct client {
    int fd;
    struct address server;
    bool known;
    struct address transfer; /* where the answers come from */
};

static inline void client_open_from(struct client *c, const char *from, int family)
{
    struct address local;
    *c = (struct client){.server = world.udp[family]};
    assert_int_equal(address_parse(&local, from, 0), 0);
    struct why why = WHY_NONE;
    world_check(udp_bind(&c->fd, &local, &why), &why);
}

static inline void client_open(struct client *c)
{
    client_open_from(c, "127.0.0.1", 0);
}

static inline void client_close(struct client *c)
{
    close(c->fd);
}

static inline void client_send(struct client *c, struct bytes packet)
{
    struct address *to = c->known ? &c->transfer : &c->server;
    assert_int_equal(sendto(c->fd, packet.data, packet.size, 0, &to->any, to->size), packet.size);
}

static inline void client_ask(struct client *c, const char *name,
                              const struct tftp_options *options)
{
    struct buffer b;
    buffer_init(&b, 2000);
    tftp_write_request(&b, TFTP_RRQ, name, options);
    c->known = false;
    client_send(c, buffer_bytes(&b));
    buffer_fini(&b);
}

static inline void client_ack(struct client *c, uint64_t block)
{
    const uint8_t raw[4] = {0, TFTP_ACK, (uint8_t)(block >> 8), (uint8_t)block};
    client_send(c, bytes_of(raw, sizeof raw));
}

/* The next datagram, of at most `size` bytes; 0 when none comes. */
static inline size_t client_receive(struct client *c, uint8_t *out, size_t size, int wait_ms)
{
    struct pollfd p = {.fd = c->fd, .events = POLLIN};
    if (poll(&p, 1, wait_ms) != 1)
        return 0;
    struct address from = {.size = sizeof from.v6};
    ssize_t n = recvfrom(c->fd, out, size, 0, &from.any, &from.size);
    assert_true(n > 0);
    if (!c->known)
        c->transfer = from;
    c->known = true;
    assert_true(address_equal(&from, &c->transfer));
    return (size_t)n;
}

static inline void fetch_with(struct client *c, struct fetched *out, const char *name,
                              const struct tftp_options *options)
{
    static _Thread_local uint8_t packet[70000];
    uint32_t block_size = TFTP_BLOCK_DEFAULT, window = 1, in_window = 0;
    uint64_t have = 0;
    bool first = true;
    *out = (struct fetched){.error = FETCH_SILENCE};
    buffer_init(&out->data, 256 * 1024 * 1024);
    client_ask(c, name, options);
    for (;;) {
        size_t n = client_receive(c, packet, sizeof packet, 8000);
        struct bytes data = bytes_of(packet, n), payload;
        uint16_t number;
        if (n == 0)
            return;
        if (tftp_read_error(&number, &payload, data) == 0) {
            out->error = number;
            text_copy_bytes(out->text, sizeof out->text, payload);
            return;
        }
        if (first && tftp_read_oack(&out->granted, data) == 0) {
            block_size = out->granted.has_block_size ? out->granted.block_size : block_size;
            window = out->granted.has_window_size ? out->granted.window_size : window;
            client_ack(c, 0);
        } else if (tftp_read_data(&number, &payload, data) == 0) {
            if (number != (uint16_t)(have + 1))
                continue;
            have++;
            buffer_append(&out->data, payload);
            if (payload.size < block_size || ++in_window == window) {
                client_ack(c, have);
                in_window = 0;
            }
            if (payload.size < block_size) {
                out->error = FETCH_OK;
                return;
            }
        }
        first = false;
    }
}

static inline void fetch(struct fetched *out, const char *name)
{
    struct client c;
    client_open(&c);
    fetch_with(&c, out, name, NULL);
    client_close(&c);
}

static inline void fetched_fini(struct fetched *f)
{
    buffer_fini(&f->data);
}

static inline void assert_fetch(const char *name, struct bytes expected)
{
    struct fetched f;
    fetch(&f, name);
    if (f.error != FETCH_OK)
        fail_msg("%s: error %d %s", name, f.error, f.text);
    assert_bytes_equal(buffer_bytes(&f.data), expected);
    fetched_fini(&f);
}

static inline void assert_fetch_error(const char *name, int code)
{
    struct fetched f;
    fetch(&f, name);
    if (f.error != code)
        fail_msg("%s: error %d %s, not %d", name, f.error, f.text, code);
    fetched_fini(&f);
}

/* A file that must be an envelope of ours; gives what is in it. */
static inline struct bytes assert_signed(struct fetched *f, const char *name)
{
    struct envelope e;
    struct why why = WHY_NONE;
    struct bytes file = buffer_bytes(&f->data);
    if (f->error != FETCH_OK)
        fail_msg("%s: error %d %s", name, f->error, f->text);
    world_check(envelope_parse(&e, file, &why), &why);
    assert_bytes_text(e.filename, name);
    assert_int_equal(e.version_major, 1);
    assert_int_equal(e.version_minor, 0);
    world_check(signedfile_verify(&e, file, world.callmanager, &why), &why);
    return envelope_body(&e, file);
}

static inline uint64_t world_counter(const char *name);

struct counter_search {
    const char *name;
    uint64_t value;
};

static inline int counter_each(void *context, const char *name, uint64_t value)
{
    struct counter_search *s = context;
    if (strcmp(s->name, name) == 0)
        s->value = value;
    return 0;
}

/* As `show status` would print it. */
static inline uint64_t world_counter(const char *name)
{
    struct counter_search s = {.name = name};
    assert_int_equal(store_counters(world.store, 1, counter_each, &s), 0);
    return s.value;
}

/* Waits until something that comes by itself has come; what stands before the last comma is done
 * first, each time. */
#define EVENTUALLY(...)                                              \
    do {                                                             \
        int64_t end_ = clock_ms() + 10000;                           \
        while (!(__VA_ARGS__)) {                                     \
            if (clock_ms() > end_)                                   \
                fail_msg("it did not come about: %s", #__VA_ARGS__); \
            poll(NULL, 0, 10);                                       \
        }                                                            \
    } while (0)

#endif
