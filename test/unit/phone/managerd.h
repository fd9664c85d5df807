/*
 * managerd: the call manager of manager.h on the loop of a test, over TLS or TCP.
 */
#ifndef TEST_MANAGERD_H
#define TEST_MANAGERD_H

#include "factory.h"
#include "manager.h"

#include "net/tcp.h"
#include "net/tls_listener.h"

struct managerd {
    struct manager manager;
    struct tls_context *context;
    struct tls_listener *listener;
    struct tls_connection *connection;
    struct address address;
    struct identity identity; /* empty: without TLS */
    unsigned accepted, failed;
    char cipher[64], shown[200]; /* of the last phone: the subject of its certificate */
};

static inline void managerd_say(void *context, struct bytes frame)
{
    struct managerd *d = context;
    if (d->connection)
        assert_int_equal(tls_write(d->connection, frame), 0);
}

static inline void managerd_received(void *context, struct bytes data)
{
    struct managerd *d = context;
    manager_hear(&d->manager, data);
}

static inline void managerd_closed(void *context, const struct tls_end *end)
{
    struct managerd *d = context;
    (void)end;
    tls_free(d->connection);
    d->connection = NULL;
}

static inline void managerd_accepted(void *context, struct tls_connection *connection)
{
    static const struct tls_events events = {.received = managerd_received,
                                             .closed = managerd_closed};
    struct managerd *d = context;
    struct certificate *shown = NULL;
    tls_free(d->connection);
    d->connection = connection;
    d->accepted++;
    d->manager.agreed = 0;
    buffer_clear(&d->manager.in);
    text_copy(d->cipher, sizeof d->cipher, tls_cipher(connection));
    d->shown[0] = '\0';
    if (tls_peer_certificate(connection, &shown, NULL) == 0)
        text_copy(d->shown, sizeof d->shown, certificate_subject(shown));
    certificate_free(shown);
    tls_set_events(connection, &events, d);
}

static inline void managerd_failed(void *context, const struct address *peer,
                                   const struct tls_end *end)
{
    struct managerd *d = context;
    (void)peer;
    (void)end;
    d->failed++;
}

/* With the key and certificate of this vector; NULL: without TLS. */
static inline void managerd_open(struct managerd *d, struct loop *loop, const char *vector)
{
    struct address any;
    struct why why = WHY_NONE;
    int fd = -1;
    *d = (struct managerd){.accepted = 0};
    manager_init(&d->manager, managerd_say, d);
    if (vector)
        assert_int_equal(identity_load(&d->identity, vector_path(vector), NULL), 0);
    const struct tls_server_setup context = {.profile = TLS_PHONE_LEGACY,
                                             .null_cipher = true,
                                             .identity = &d->identity,
                                             .client_certificate = TLS_CLIENT_OPTIONAL};
    struct tls_listener_setup listener = {
        .limits = {.handshake_ms = 30000, .linger_ms = 1000, .queue = 65536},
        .connections = 100,
        .unauthenticated = 100,
        .per_address = 100,
        .accepted = managerd_accepted,
        .failed = managerd_failed,
        .user = d,
    };
    int result = vector ? tls_server_context_new(&d->context, &context, &why)
                        : tls_plain_context_new(&d->context, true);
    if (result)
        fail_msg("%s", why_text(&why, result));
    listener.context = d->context;
    assert_int_equal(tls_listener_new(&d->listener, loop, &listener), 0);
    assert_int_equal(address_parse(&any, "127.0.0.1", 0), 0);
    assert_int_equal(tcp_bind(&fd, &any, NULL), 0);
    assert_int_equal(tcp_local_address(fd, &d->address), 0);
    assert_int_equal(tls_listener_add(d->listener, fd, NULL), 0);
}

/* It dies, and whoever is connected hears of it from the kernel. */
static inline void managerd_kill(struct managerd *d)
{
    tls_free(d->connection);
    tls_listener_free(d->listener);
    d->connection = NULL;
    d->listener = NULL;
}

static inline void managerd_close(struct managerd *d)
{
    managerd_kill(d);
    tls_context_free(d->context);
    identity_fini(&d->identity);
    buffer_fini(&d->manager.in);
}

#endif
