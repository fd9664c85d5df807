/*
 * tvsd: a TVS server on the loop of a test, which answers what the test tells it to. It speaks with
 * the codec of wire/tvs and has nothing of the phone's or of our server's engine in it.
 */
#ifndef TEST_TVSD_H
#define TEST_TVSD_H

#include "factory.h"

#include "base/text.h"
#include "net/tcp.h"
#include "net/tls_listener.h"
#include "wire/tvs.h"

enum tvsd_mood {
    MOOD_TRUST,    /* `roles`, `ttl` and `certificate` */
    MOOD_DENY,     /* STATUS 1 */
    MOOD_SILENCE,  /* listens, and says nothing */
    MOOD_CUT,      /* goes when it is asked */
    MOOD_NONSENSE, /* speaks another protocol */
};

struct tvsd {
    struct tls_context *context;
    struct tls_listener *listener;
    struct tls_connection *connection;
    struct address address;
    struct identity identity;
    struct buffer in;
    enum tvsd_mood mood;
    struct bytes certificate; /* sent to a query */
    const char *roles;        /* one byte a role, `role_count` of them */
    size_t role_count;
    uint32_t ttl;
    unsigned connections, questions, failed;
    uint8_t command; /* of the last question, and what it said */
    uint32_t session;
    char device[TVS_DEVICE_MAX + 1], subject[200], issuer[200];
    size_t certificate_size, serial_size;
};

static inline void tvsd_say(struct tvsd *s, const struct tvs_message *message)
{
    struct buffer frame;
    buffer_init(&frame, TVS_FRAME_MAX);
    assert_int_equal(tvs_write(&frame, message, NULL), 0);
    assert_int_equal(tls_write(s->connection, buffer_bytes(&frame)), 0);
    buffer_fini(&frame);
}

static inline void tvsd_answer(struct tvsd *s)
{
    bool trusts = s->mood == MOOD_TRUST;
    const struct tvs_message m = {
        .command = (uint8_t)(s->command + 1),
        .session = s->session,
        .has_status = true,
        .status = trusts ? TVS_TRUSTED : TVS_NOT_TRUSTED,
        .has_certificate = trusts && s->command == TVS_QUERY_CERT_REQ,
        .certificate = s->certificate,
        .has_roles = trusts,
        .roles = bytes_of(s->roles, s->role_count),
        .has_ttl = trusts,
        .ttl = s->ttl,
    };
    switch (s->mood) {
    case MOOD_TRUST:
    case MOOD_DENY:
        tvsd_say(s, &m);
        break;
    case MOOD_CUT:
        tls_close(s->connection);
        break;
    case MOOD_NONSENSE:
        assert_int_equal(tls_write(s->connection, bytes_of_string("HTTP/1.1 400")), 0);
        break;
    case MOOD_SILENCE:
        break;
    }
}

static inline void tvsd_received(void *context, struct bytes data)
{
    struct tvsd *s = context;
    struct tvs_message m;
    size_t size = 0;
    buffer_append(&s->in, data);
    assert_int_equal(tvs_frame(&size, buffer_bytes(&s->in), TVS_PHONE_BODY_MAX, NULL), 0);
    if (size == 0)
        return;
    assert_int_equal(tvs_read(&m, bytes_slice(buffer_bytes(&s->in), 0, size), NULL), 0);
    s->questions++;
    s->command = m.command;
    s->session = m.session;
    s->certificate_size = m.certificate.size;
    s->serial_size = m.serial.size;
    text_copy_bytes(s->device, sizeof s->device, m.device_name);
    text_copy_bytes(s->subject, sizeof s->subject, m.subject);
    text_copy_bytes(s->issuer, sizeof s->issuer, m.issuer);
    buffer_drop_front(&s->in, size);
    tvsd_answer(s);
}

static inline void tvsd_closed(void *context, const struct tls_end *end)
{
    struct tvsd *s = context;
    (void)end;
    tls_free(s->connection);
    s->connection = NULL;
    buffer_clear(&s->in);
}

static inline void tvsd_accepted(void *context, struct tls_connection *connection)
{
    static const struct tls_events events = {.received = tvsd_received, .closed = tvsd_closed};
    struct tvsd *s = context;
    tls_free(s->connection);
    s->connection = connection;
    s->connections++;
    buffer_clear(&s->in);
    tls_set_events(connection, &events, s);
}

static inline void tvsd_failed(void *context, const struct address *peer, const struct tls_end *end)
{
    struct tvsd *s = context;
    (void)peer;
    (void)end;
    s->failed++;
}

/* With the key and certificate of this vector. */
static inline void tvsd_open(struct tvsd *s, struct loop *loop, const char *vector)
{
    struct address any;
    struct why why = WHY_NONE;
    int fd = -1;
    *s = (struct tvsd){.ttl = 86400, .roles = "", .role_count = 1};
    buffer_init(&s->in, 65536);
    assert_int_equal(identity_load(&s->identity, vector_path(vector), NULL), 0);
    const struct tls_server_setup context = {.profile = TLS_MODERN, .identity = &s->identity};
    struct tls_listener_setup listener = {
        .limits = {.handshake_ms = 30000, .linger_ms = 1000, .queue = 65536},
        .connections = 100,
        .unauthenticated = 100,
        .per_address = 100,
        .accepted = tvsd_accepted,
        .failed = tvsd_failed,
        .user = s,
    };
    int result = tls_server_context_new(&s->context, &context, &why);
    if (result)
        fail_msg("%s", why_text(&why, result));
    listener.context = s->context;
    assert_int_equal(tls_listener_new(&s->listener, loop, &listener), 0);
    assert_int_equal(address_parse(&any, "127.0.0.1", 0), 0);
    assert_int_equal(tcp_bind(&fd, &any, NULL), 0);
    s->address.size = sizeof s->address.v6;
    assert_int_equal(getsockname(fd, &s->address.any, &s->address.size), 0);
    assert_int_equal(tls_listener_add(s->listener, fd, NULL), 0);
}

static inline void tvsd_close(struct tvsd *s)
{
    tls_free(s->connection);
    tls_listener_free(s->listener);
    tls_context_free(s->context);
    identity_fini(&s->identity);
    buffer_fini(&s->in);
}

/* An ITL of `signer` that names this certificate as TVS; vector_free() when done. */
static inline struct bytes tvsd_itl(const struct identity *signer, const struct certificate *tvs)
{
    struct buffer body;
    struct bytes none = bytes_of(NULL, 0);
    const struct trustlist_record records[] = {
        record_of_certificate(signer->certificate, ROLE_SAST, RECORD_FULL, NULL, none),
        record_of_certificate(signer->certificate, ROLE_TFTP, RECORD_FULL, NULL, none),
        record_of_certificate(tvs, ROLE_TVS, RECORD_HASHED, NULL, none),
    };
    buffer_init(&body, 65536);
    for (size_t i = 0; i < sizeof records / sizeof *records; i++)
        assert_int_equal(record_write(&body, &records[i], NULL), 0);
    struct bytes list =
        factory_envelope(signer, trustlist_file_name(TRUSTLIST_ITL), buffer_bytes(&body));
    buffer_fini(&body);
    return list;
}

#endif
