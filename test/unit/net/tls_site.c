#include "tls_site.h"

#include "base/clock.h"
#include "base/text.h"
#include "net/tcp.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct site site;
struct identity id_server, id_small, id_ec, id_expired;
const struct tls_limits roomy = {
    .handshake_ms = 600 * 1000, .idle_ms = 0, .linger_ms = 30 * 1000, .queue = 4 * 1024 * 1024};

static void make_identity(struct identity *out, const char *name, enum key_kind kind, unsigned bits,
                          int64_t not_before)
{
    struct certificate_template template = {
        .use = USE_SERVER, .subject = {.common_name = name}, .not_before = not_before, .days = 30};
    uint8_t serial[SERIAL_BYTES];
    serial_random(serial);
    assert_int_equal(key_generate(&out->key, &(struct key_spec){.kind = kind, .bits = bits}, NULL),
                     0);
    assert_int_equal(certificate_self_sign(&out->certificate, out->key, &template, serial, NULL),
                     0);
}

int site_identities(void **state)
{
    (void)state;
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, NULL);
    make_identity(&id_server, "server", KEY_RSA, 2048, clock_wall() - 60);
    make_identity(&id_small, "small", KEY_RSA, 1024, clock_wall() - 60);
    make_identity(&id_ec, "SEP001122334455", KEY_EC, 256, clock_wall() - 60);
    make_identity(&id_expired, "SEP00AABBCCDDEE", KEY_RSA, 1024, 946684800);
    return 0;
}

int site_no_identities(void **state)
{
    (void)state;
    identity_fini(&id_server);
    identity_fini(&id_small);
    identity_fini(&id_ec);
    identity_fini(&id_expired);
    return 0;
}

/* ---- the service ---- */

static void received(void *context, struct bytes data)
{
    struct taken *t = context;
    t->received += data.size;
    if (t->free_in_received) {
        tls_free(t->c);
        t->c = NULL;
    } else if (!t->mute) {
        assert_int_equal(tls_write(t->c, data), 0);
    }
}

static void drained(void *context)
{
    ((struct taken *)context)->drained++;
}

static void closed(void *context, const struct tls_end *end)
{
    struct taken *t = context;
    t->ended++;
    t->end = *end;
    text_copy(t->text, sizeof t->text, end->text);
    t->end.text = t->text;
    if (t->free_in_closed) {
        tls_free(t->c);
        t->c = NULL;
    }
}

static void accepted(void *context, struct tls_connection *c)
{
    struct site *s = context;
    assert_true(s->taken_count < SITE_TAKEN_MAX);
    struct taken *t = &s->taken[s->taken_count++];
    *t = (struct taken){.c = c, .mute = s->mute};
    tls_set_events(
        c, &(struct tls_events){.received = received, .drained = drained, .closed = closed}, t);
}

static void failed(void *context, const struct address *peer, const struct tls_end *end)
{
    struct site *s = context;
    if (s->failed < SITE_TAKEN_MAX)
        s->failed_peers[s->failed] = *peer;
    s->failed++;
    s->end = *end;
    text_copy(s->text, sizeof s->text, end->text);
    s->end.text = s->text;
}

static void arrived(void *context, const struct address *peer)
{
    struct site *s = context;
    assert_int_equal(address_bytes(peer).size, 4);
    s->arrived++;
}

static void refused(void *context, const struct address *peer, size_t per_address)
{
    struct site *s = context;
    assert_int_equal(address_bytes(peer).size, 4);
    s->refused++;
    s->refused_with = per_address;
}

static void look(void *context)
{
    (void)context;
    assert_true(clock_ms() < site.give_up);
    if (site.done(site.done_context))
        loop_stop(site.loop);
    else
        loop_timer_start(site.look, 1);
}

void site_open(const struct tls_server_setup *context, const struct tls_listener_setup *listener)
{
    struct why why = WHY_NONE;
    struct address any;
    int fd;
    site = (struct site){0};
    assert_int_equal(loop_new(&site.loop), 0);
    assert_int_equal(loop_timer_new(&site.look, site.loop, look, NULL), 0);
    int result = context ? tls_server_context_new(&site.context, context, &why)
                         : tls_plain_context_new(&site.context, true);
    if (result)
        fail_msg("%s", why.text);
    struct tls_listener_setup setup = *listener;
    setup.context = site.context;
    setup.accepted = accepted;
    setup.failed = failed;
    setup.arrived = arrived;
    setup.refused = refused;
    setup.user = &site;
    assert_int_equal(tls_listener_new(&site.listener, site.loop, &setup), 0);
    assert_int_equal(address_parse(&any, "127.0.0.1", 0), 0);
    assert_int_equal(tcp_bind(&fd, &any, NULL), 0);
    assert_int_equal(tcp_local_address(fd, &site.address), 0);
    snprintf(site.port, sizeof site.port, "%u", address_port(&site.address));
    assert_int_equal(tls_listener_add(site.listener, fd, NULL), 0);
}

void site_serve(enum tls_profile profile, bool null_cipher, enum tls_client_certificate wish)
{
    site_open(
        &(struct tls_server_setup){.profile = profile,
                                   .null_cipher = null_cipher,
                                   .identity = &id_server,
                                   .client_certificate = wish},
        &(struct tls_listener_setup){
            .limits = roomy, .connections = 4096, .unauthenticated = 4096, .per_address = 4096});
}

void site_close(void)
{
    for (size_t i = 0; i < site.taken_count; i++)
        tls_free(site.taken[i].c);
    tls_listener_free(site.listener);
    tls_context_free(site.context);
    loop_timer_free(site.look);
    loop_free(site.loop);
}

void site_until(bool (*done)(void *), void *context)
{
    site.done = done;
    site.done_context = context;
    site.give_up = clock_ms() + SITE_WAIT_MS * (test_is_long() ? 10 : 1);
    loop_timer_start(site.look, 0);
    assert_int_equal(loop_run(site.loop), 0);
}

static bool count_down(void *context)
{
    return (*(unsigned *)context)-- == 0;
}

void site_turns(unsigned count)
{
    site_until(count_down, &count);
}

int site_dial(unsigned host)
{
    struct address local = {.v4 = {.sin_family = AF_INET}, .size = sizeof local.v4};
    local.v4.sin_addr.s_addr = htonl(0x7f000000 + host);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, &local.any, local.size), 0);
    assert_int_equal(connect(fd, &site.address.any, site.address.size), 0);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    return fd;
}

/* ---- openssl s_client ---- */

struct child {
    pid_t pid;
    int status;
    int output;
    struct buffer *out;
};

static bool child_is_done(void *context)
{
    struct child *child = context;
    uint8_t piece[4096];
    for (;;) {
        ssize_t got = read(child->output, piece, sizeof piece);
        if (got == 0)
            return waitpid(child->pid, &child->status, 0) == child->pid;
        if (got < 0)
            return false;
        buffer_append(child->out, bytes_of(piece, (size_t)got));
    }
}

int site_s_client(struct buffer *out, const char *options, const char *input)
{
    char command[1024];
    int in[2], to[2];
    struct child child = {.out = out};
    posix_spawn_file_actions_t actions;
    assert_true(text_format(command, sizeof command,
                            "exec openssl s_client -connect 127.0.0.1:%s %s 2>&1", site.port,
                            options));
    char shell[] = "sh", flag[] = "-c";
    char *const arguments[] = {shell, flag, command, NULL};
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(to, O_CLOEXEC), 0);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], 0);
    posix_spawn_file_actions_adddup2(&actions, to[1], 1);
    assert_int_equal(posix_spawn(&child.pid, "/bin/sh", &actions, NULL, arguments, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(in[0]);
    close(to[1]);
    assert_int_equal(write(in[1], input, strlen(input)), strlen(input));
    close(in[1]);
    child.output = to[0];
    assert_int_equal(fcntl(to[0], F_SETFL, O_NONBLOCK), 0);
    site_until(child_is_done, &child);
    close(to[0]);
    return WIFEXITED(child.status) ? WEXITSTATUS(child.status) : -1;
}

/* ---- OpenSSL, driven by hand ---- */

static void count_records(int write, int version, int type, const void *data, size_t size, SSL *ssl,
                          void *context)
{
    (void)version;
    (void)size;
    (void)ssl;
    struct raw *raw = context;
    if (!write && type == SSL3_RT_HEADER && ((const uint8_t *)data)[0] == SSL3_RT_APPLICATION_DATA)
        raw->records++;
}

void raw_open(struct raw *raw, unsigned host, int version, const char *suites)
{
    *raw = (struct raw){.fd = site_dial(host), .ctx = SSL_CTX_new(TLS_client_method())};
    buffer_init(&raw->got, 16 * 1024 * 1024);
    SSL_CTX_set_security_level(raw->ctx, 0);
    assert_int_equal(SSL_CTX_set_min_proto_version(raw->ctx, version), 1);
    assert_int_equal(SSL_CTX_set_max_proto_version(raw->ctx, version), 1);
    if (suites)
        assert_int_equal(SSL_CTX_set_cipher_list(raw->ctx, suites), 1);
    raw->ssl = SSL_new(raw->ctx);
    SSL_set_fd(raw->ssl, raw->fd);
    SSL_set_connect_state(raw->ssl);
    SSL_set_msg_callback(raw->ssl, count_records);
    SSL_set_msg_callback_arg(raw->ssl, raw);
}

void raw_close(struct raw *raw)
{
    SSL_free(raw->ssl);
    SSL_CTX_free(raw->ctx);
    if (raw->fd >= 0)
        close(raw->fd);
    buffer_fini(&raw->got);
}

static void raw_read(struct raw *raw)
{
    uint8_t piece[20000];
    while (raw->got.size < raw->want && !raw->ended && !raw->failed) {
        size_t got;
        ERR_clear_error();
        if (SSL_read_ex(raw->ssl, piece, sizeof piece, &got) == 1) {
            buffer_append(&raw->got, bytes_of(piece, got));
            continue;
        }
        int error = SSL_get_error(raw->ssl, 0);
        raw->ended = error == SSL_ERROR_ZERO_RETURN;
        raw->failed = error == SSL_ERROR_SSL || error == SSL_ERROR_SYSCALL;
        return;
    }
}

void raw_step(struct raw *raw)
{
    if (raw->failed)
        return;
    if (!raw->shaken) {
        ERR_clear_error();
        int result = SSL_do_handshake(raw->ssl);
        if (result != 1) {
            int error = SSL_get_error(raw->ssl, result);
            raw->failed = error == SSL_ERROR_SSL || error == SSL_ERROR_SYSCALL;
            return;
        }
        raw->shaken = true;
        raw->records = 0;
    }
    raw_read(raw);
}

bool raw_is_shaken(void *context)
{
    struct raw *raw = context;
    raw_step(raw);
    return raw->shaken && site.taken_count;
}

bool raw_has_all(void *context)
{
    struct raw *raw = context;
    raw_step(raw);
    return raw->ended || raw->failed || raw->got.size >= raw->want;
}

bool raw_has_ended(void *context)
{
    struct raw *raw = context;
    raw->want = SIZE_MAX;
    raw_step(raw);
    return raw->ended || raw->failed;
}
