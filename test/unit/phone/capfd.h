/*
 * capfd: a CAPF server on the loop of a test, which does what the test tells it to. It speaks with
 * the codec of wire/capf and issues with pki/lsc, and has nothing of the phone's or of our server's
 * engine in it.
 */
#ifndef TEST_CAPFD_H
#define TEST_CAPFD_H

#include "factory.h"

#include "base/text.h"
#include "net/tcp.h"
#include "net/tls_listener.h"
#include "pki/lsc.h"
#include "wire/capf.h"

#include <time.h>
#include <unistd.h>

enum capfd_order {
    ORDER_NOTHING,
    ORDER_INSTALL,
    ORDER_DELETE,
    ORDER_FETCH,
    ORDER_REFUSE,
    ORDER_UNKNOWN,
    ORDER_SILENCE,     /* accepts, and says nothing */
    ORDER_CUT,         /* goes after AUTH_RES */
    ORDER_RETRY,       /* RETRY_LATER */
    ORDER_FOREIGN_KEY, /* issues for another key than the phone's */
};

struct capfd {
    struct tls_context *context;
    struct tls_listener *listener;
    struct tls_connection *connection;
    struct address address;
    struct identity identity; /* its own, and the issuer */
    struct buffer in;
    enum capfd_order order;
    enum capfd_order later; /* of the connections after the first */
    bool changes;           /* `later` holds */
    struct key_spec key;    /* that it asks for */
    const char *device;     /* in the LSC */
    unsigned connections, failed;
    size_t bytes;   /* that phones have said */
    char seen[600]; /* commands, in order */
    char password[64];
    void (*on_issued)(void *context, const struct certificate *lsc);
    void (*on_store_sent)(void *context);
    void (*on_store_answered)(void *context, uint8_t reason);
    void *context_of_hooks;
};

/* With the key of this vector: a key of its own would take its time. */
static inline void capfd_identity(struct identity *out, const char *name, const char *vector)
{
    uint8_t serial[SERIAL_BYTES];
    const struct certificate_template template = {.use = USE_CA,
                                                  .subject = {.common_name = name},
                                                  .not_before = time(NULL) - 86400,
                                                  .days = 3650};
    serial_random(serial);
    assert_int_equal(identity_load(out, vector_path(vector), NULL), 0);
    certificate_free(out->certificate);
    assert_int_equal(certificate_self_sign(&out->certificate, out->key, &template, serial, NULL),
                     0);
}

static inline void capfd_say(struct capfd *s, struct capf_message *message)
{
    struct buffer frame;
    message->session = 0x5a5b5c5d;
    buffer_init(&frame, CAPF_FRAME_MAX);
    assert_int_equal(capf_write(&frame, message, NULL), 0);
    assert_int_equal(tls_write(s->connection, buffer_bytes(&frame)), 0);
    buffer_fini(&frame);
}

static inline void capfd_end(struct capfd *s, enum capf_reason reason)
{
    struct capf_message m = {
        .command = CAPF_END_SESSION, .has_reason = true, .reason = (uint8_t)reason};
    capfd_say(s, &m);
}

static inline void capfd_ask_key(struct capfd *s)
{
    struct capf_message m = {.command = CAPF_KEY_GEN_REQ, .has_key_type = true};
    if (s->key.kind == KEY_EC) {
        m.key_type = CAPF_KEY_EC;
        m.has_curve = true;
        m.curve = s->key.bits == 521 ? CAPF_P521 : s->key.bits == 384 ? CAPF_P384 : CAPF_P256;
    } else {
        m.has_key_size = true;
        m.key_size = (uint16_t)s->key.bits;
    }
    capfd_say(s, &m);
}

static inline void capfd_issue(struct capfd *s, const struct capf_message *from)
{
    struct certificate *lsc = NULL;
    struct public_key *key = NULL;
    struct identity other = {0};
    struct buffer spki;
    uint8_t serial[SERIAL_BYTES];
    const struct lsc_template template = {.subject = LSC_SUBJECT_DEFAULT,
                                          .not_before = time(NULL) - 3600,
                                          .days = 365,
                                          .digest = DIGEST_KIND_SHA256};
    struct capf_message m = {.command = CAPF_STORE_CERT_REQ,
                             .has_certificate_type = true,
                             .certificate_type = CAPF_CERTIFICATE_LSC,
                             .has_certificate = true};
    buffer_init(&spki, PUBLIC_KEY_DER_MAX);
    factory_foreign(&other);
    assert_int_equal(key_write_spki(&spki, other.key), 0);
    struct bytes asked = s->order == ORDER_FOREIGN_KEY ? buffer_bytes(&spki) : from->public_key;
    assert_int_equal(public_key_from_spki(&key, asked, NULL), 0);
    const struct lsc_request request = {.device = s->device, .key = key};
    serial_random(serial);
    assert_int_equal(lsc_issue(&lsc, &s->identity, &template, &request, serial, NULL), 0);
    if (s->on_issued)
        s->on_issued(s->context_of_hooks, lsc);
    m.certificate = certificate_der(lsc);
    capfd_say(s, &m);
    certificate_free(lsc);
    public_key_free(key);
    identity_fini(&other);
    buffer_fini(&spki);
    if (s->on_store_sent)
        s->on_store_sent(s->context_of_hooks);
}

static inline void capfd_order(struct capfd *s)
{
    struct capf_message plain = {0};
    switch (s->order) {
    case ORDER_NOTHING:
        capfd_end(s, CAPF_REASON_NONE);
        break;
    case ORDER_INSTALL:
    case ORDER_FOREIGN_KEY:
        capfd_ask_key(s);
        break;
    case ORDER_DELETE:
        plain.command = CAPF_DELETE_CERT_REQ;
        capfd_say(s, &plain);
        break;
    case ORDER_FETCH:
        plain.command = CAPF_FETCH_CERT_REQ;
        capfd_say(s, &plain);
        break;
    case ORDER_REFUSE:
        capfd_end(s, CAPF_REASON_REFUSED);
        break;
    case ORDER_UNKNOWN:
        capfd_end(s, CAPF_REASON_UNKNOWN_DEVICE);
        break;
    case ORDER_CUT:
        tls_close(s->connection);
        break;
    case ORDER_RETRY:
        plain.command = CAPF_RETRY_LATER;
        capfd_say(s, &plain);
        break;
    case ORDER_SILENCE:
        break;
    }
}

static inline void capfd_message(struct capfd *s, const struct capf_message *m)
{
    strncat(s->seen, capf_message_name(m->command) + strlen("CAPF_MSG_"), 60);
    strncat(s->seen, " ", 2);
    switch (m->command) {
    case CAPF_AUTH_RES:
        text_copy_bytes(s->password, sizeof s->password, m->password);
        capfd_order(s);
        break;
    case CAPF_KEY_GEN_RES:
        if (m->has_public_key)
            capfd_issue(s, m);
        else
            capfd_end(s, CAPF_REASON_REFUSED);
        break;
    case CAPF_STORE_CERT_RES:
        if (s->on_store_answered)
            s->on_store_answered(s->context_of_hooks, m->reason);
        capfd_end(s, m->reason == 1 ? CAPF_REASON_SUCCESS : CAPF_REASON_REFUSED);
        break;
    case CAPF_DELETE_CERT_RES:
        capfd_end(s, CAPF_REASON_SUCCESS);
        break;
    case CAPF_FETCH_CERT_RES:
        capfd_end(s, CAPF_REASON_NONE);
        break;
    default:
        break;
    }
}

static inline void capfd_received(void *context, struct bytes data)
{
    struct capfd *s = context;
    size_t size = 0;
    s->bytes += data.size;
    buffer_append(&s->in, data);
    while (capf_frame(&size, buffer_bytes(&s->in), CAPF_PHONE_BODY_MAX, NULL) == 0 && size) {
        struct capf_message m;
        assert_int_equal(capf_read(&m, bytes_slice(buffer_bytes(&s->in), 0, size), NULL), 0);
        capfd_message(s, &m);
        buffer_drop_front(&s->in, size);
    }
}

static inline void capfd_closed(void *context, const struct tls_end *end)
{
    struct capfd *s = context;
    (void)end;
    tls_free(s->connection);
    s->connection = NULL;
    buffer_clear(&s->in);
}

static inline void capfd_accepted(void *context, struct tls_connection *connection)
{
    static const struct tls_events events = {.received = capfd_received, .closed = capfd_closed};
    struct capfd *s = context;
    struct capf_message hello = {.command = CAPF_AUTH_REQ,
                                 .has_version = true,
                                 .version = 3,
                                 .has_auth_type = true,
                                 .auth_type = CAPF_AUTH_NONE};
    tls_free(s->connection);
    s->connection = connection;
    if (s->connections++ && s->changes)
        s->order = s->later;
    tls_set_events(connection, &events, s);
    if (s->order != ORDER_SILENCE)
        capfd_say(s, &hello);
}

static inline void capfd_failed(void *context, const struct address *peer,
                                const struct tls_end *end)
{
    struct capfd *s = context;
    (void)peer;
    (void)end;
    s->failed++;
}

static inline void capfd_open(struct capfd *s, struct loop *loop, const char *device)
{
    struct address any;
    struct why why = WHY_NONE;
    int fd = -1;
    *s = (struct capfd){.device = device, .key = {.kind = KEY_EC, .bits = 256}};
    buffer_init(&s->in, 65536);
    capfd_identity(&s->identity, "CAPF-12345678", "pool/rsa2048-3.pem");
    const struct tls_server_setup context = {.profile = TLS_MODERN, .identity = &s->identity};
    const struct tls_listener_setup listener = {
        .limits = {.handshake_ms = 30000, .linger_ms = 1000, .queue = 65536},
        .connections = 10000,
        .unauthenticated = 10000,
        .per_address = 10000,
        .accepted = capfd_accepted,
        .failed = capfd_failed,
        .user = s,
    };
    struct tls_listener_setup with_context = listener;
    int result = tls_server_context_new(&s->context, &context, &why);
    if (result)
        fail_msg("%s", why_text(&why, result));
    with_context.context = s->context;
    assert_int_equal(tls_listener_new(&s->listener, loop, &with_context), 0);
    assert_int_equal(address_parse(&any, "127.0.0.1", 0), 0);
    assert_int_equal(tcp_bind(&fd, &any, NULL), 0);
    s->address.size = sizeof s->address.v6;
    assert_int_equal(getsockname(fd, &s->address.any, &s->address.size), 0);
    assert_int_equal(tls_listener_add(s->listener, fd, NULL), 0);
}

static inline void capfd_close(struct capfd *s)
{
    tls_free(s->connection);
    tls_listener_free(s->listener);
    tls_context_free(s->context);
    identity_fini(&s->identity);
    buffer_fini(&s->in);
}

/* An ITL that names this certificate as CAPF, whole or by its hash; vector_free() when done. */
static inline struct bytes capfd_list(const struct identity *signer, const struct certificate *capf,
                                      enum record_form form)
{
    struct buffer body;
    struct bytes none = bytes_of(NULL, 0);
    const struct trustlist_record records[] = {
        record_of_certificate(signer->certificate, ROLE_SAST, RECORD_FULL, NULL, none),
        record_of_certificate(signer->certificate, ROLE_CCM_TFTP, RECORD_FULL, NULL, none),
        record_of_certificate(capf, ROLE_CAPF, form, NULL, none),
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
