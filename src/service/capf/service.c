#include "service/capf/service.h"

#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "net/tls_listener.h"
#include "service/capf/renewal.h"
#include "service/capf/visit.h"
#include "signer/protocol.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    WATCH_MS = 200,
    CHAIN_MAX = 8,
    HANDSHAKE_MS = 15 * 1000,
    LINGER_MS = 5 * 1000,
    QUEUE = 64 * 1024,
    KEEP_ALIVE_S = 60, /* firewalls forget connections that are silent while a key is made */
};

struct capf_service {
    struct capf_setup setup;
    struct office office;
    struct renewal *renewal;
    struct tls_listener *listener; /* NULL until the identity has come */
    struct store_certificate own;  /* CAPF's row, for the store's thread while `asking` */
    bool asking;                   /* for the identity */
    bool again;                    /* it has changed meanwhile */
    bool listening;
};

/* ---- connections ---- */

static void ask_identity(struct capf_service *s);

static void on_accepted(void *context, struct tls_connection *connection)
{
    struct capf_service *s = context;
    if (tls_keepalive(connection, KEEP_ALIVE_S, KEEP_ALIVE_S, 3) != 0)
        log_event(LEVEL_INFO, "event=capf_no_keepalive");
    visit_begin(&s->office, connection);
}

static void on_failed(void *context, const struct address *peer, const struct tls_end *end)
{
    struct capf_service *s = context;
    capf_journal_handshake_failed(s->office.journal, peer, end);
}

/* ---- the identity: CAPF's certificate and key, which the signer hands to this role ---- */

static int make_context(struct capf_service *s, struct tls_context **out, struct bytes pem,
                        struct why *why)
{
    struct certificate *chain[CHAIN_MAX] = {NULL};
    struct identity identity = {0};
    size_t count = 0;
    int result = identity_from_pem(&identity, pem, why);
    if (result == 0 && s->own.chain.size)
        result = certificates_from_file_bytes(chain, CHAIN_MAX, &count, buffer_bytes(&s->own.chain),
                                              why);
    if (result == 0) {
        const struct tls_server_setup setup = {.profile = s->setup.legacy_tls ? TLS_PHONE_LEGACY
                                                                              : TLS_MODERN,
                                               .identity = &identity,
                                               .chain = chain,
                                               .chain_count = count,
                                               .client_certificate = TLS_CLIENT_NOT_ASKED};
        result = tls_server_context_new(out, &setup, why);
    }
    for (size_t i = 0; i < count; i++)
        certificate_free(chain[i]);
    identity_fini(&identity);
    return result;
}

static int begin_to_listen(struct capf_service *s, struct tls_context *context, struct why *why)
{
    const struct tls_listener_setup setup = {
        .context = context,
        .limits = {.handshake_ms = HANDSHAKE_MS, .linger_ms = LINGER_MS, .queue = QUEUE},
        .connections = s->setup.connections,
        .unauthenticated = s->setup.connections,
        .per_address = s->setup.per_address,
        .accepted = on_accepted,
        .failed = on_failed,
        .user = s};
    int result = tls_listener_new(&s->listener, s->office.loop, &setup);
    for (size_t i = 0; i < s->setup.count && result == 0; i++) {
        int fd = s->setup.sockets[i];
        s->setup.sockets[i] = -1;
        result = tls_listener_add(s->listener, fd, why);
    }
    return result;
}

static int use_identity(struct capf_service *s, struct bytes pem, struct why *why)
{
    struct tls_context *context = NULL;
    int result = make_context(s, &context, pem, why);
    if (result)
        return result;
    text_copy(s->office.issuer, sizeof s->office.issuer, s->own.serial);
    if (s->listener)
        tls_listener_set_context(s->listener, context);
    else
        result = begin_to_listen(s, context, why);
    tls_context_free(context);
    return result;
}

static void settle(struct capf_service *s, int result, const struct why *why)
{
    bool again = s->again;
    s->asking = s->again = false;
    if (result && s->listening)
        log_event(LEVEL_ERROR, "event=capf_certificate_kept reason=\"%s\"", why_text(why, result));
    else if (result)
        s->setup.failed(s->setup.context, why_text(why, result));
    else if (!s->listening)
        s->setup.ready(s->setup.context);
    s->listening = s->listening || result == 0;
    if (again)
        ask_identity(s);
}

static void on_identity(void *context, int result, struct bytes pem, const char *words)
{
    struct capf_service *s = context;
    struct why why = WHY_NONE;
    if (result)
        why_error(&why, result, "the key of CAPF's certificate cannot be had: %s",
                  words && *words ? words : error_text(result));
    else
        result = use_identity(s, pem, &why);
    settle(s, result, &why);
}

static int read_own(void *context, struct store *store)
{
    struct capf_service *s = context;
    struct store_node node;
    store_certificate_fini(&s->own);
    s->own = (struct store_certificate){0};
    int result = store_node_get(store, s->setup.node, &node);
    return result ? result : store_certificate_active(store, node.id, KEY_CAPF, &s->own);
}

static void own_read(void *context, int result)
{
    struct capf_service *s = context;
    struct why why = WHY_NONE;
    if (result == 0)
        result = signer_loop_identity(s->setup.signer, KEY_CAPF, s->own.serial, on_identity, s);
    if (result == 0)
        return;
    why_error(&why, result, "CAPF's certificate cannot be read: %s", error_text(result));
    settle(s, result, &why);
}

static void ask_identity(struct capf_service *s)
{
    s->again = s->asking;
    if (s->asking)
        return;
    s->asking = true;
    int result = store_async_do(s->office.store, read_own, own_read, s);
    if (result)
        own_read(s, result);
}

/* ---- changes ---- */

static void store_moved(void *context, unsigned areas)
{
    struct capf_service *s = context;
    if (areas & ((1u << AREA_PARAMETERS) | (1u << AREA_CERTIFICATES)))
        desk_stale(s->office.desk);
    if (areas & (1u << AREA_DEVICES))
        desk_stale_traits(s->office.desk);
    if (areas & (1u << AREA_CERTIFICATES))
        ask_identity(s);
    if (areas & ((1u << AREA_CERTIFICATES) | (1u << AREA_PHONE_CERTIFICATES)))
        renewal_look(s->renewal);
}

/* ---- birth and death ---- */

static int make_office(struct capf_service *s, struct loop *loop, const struct capf_setup *setup,
                       struct why *why)
{
    struct office *o = &s->office;
    o->loop = loop;
    o->signer = setup->signer;
    o->limits = setup->limits;
    secret_random(&o->session, sizeof o->session);
    int result =
        capf_journal_new(&o->journal, loop, setup->log, setup->log_size, setup->log_keep, why);
    if (result == 0)
        result = desk_new(&o->desk);
    if (result == 0)
        result = store_async_new(&o->store, loop, setup->store, STORE_WRITE, why);
    if (result == 0)
        result = renewal_new(&s->renewal, loop, o->store, setup->signer, s->setup.node);
    if (result == 0)
        result = store_async_watch(o->store, WATCH_MS, store_moved, s);
    return result;
}

int capf_service_new(struct capf_service **out, struct loop *loop, const struct capf_setup *setup,
                     struct why *why)
{
    struct capf_service *s = calloc(1, sizeof *s);
    if (!s) {
        for (size_t i = 0; i < setup->count; i++)
            close(setup->sockets[i]);
        return -ENOMEM;
    }
    s->setup = *setup;
    int result = make_office(s, loop, setup, why);
    if (result) {
        capf_service_free(s);
        return why_error(why, result, "CAPF does not start: %s", error_text(result));
    }
    ask_identity(s);
    renewal_look(s->renewal);
    *out = s;
    return 0;
}

void capf_service_stop(struct capf_service *s)
{
    if (s)
        renewal_stop(s->renewal);
}

void capf_service_free(struct capf_service *s)
{
    if (!s)
        return;
    if (s->renewal)
        renewal_stop(s->renewal);
    tls_listener_free(s->listener);
    for (size_t i = 0; i < s->setup.count; i++)
        if (s->setup.sockets[i] >= 0)
            close(s->setup.sockets[i]);
    visits_cut(&s->office);
    store_async_free(s->office.store);
    visits_free(&s->office);
    renewal_free(s->renewal);
    store_certificate_fini(&s->own);
    desk_free(s->office.desk);
    capf_journal_free(s->office.journal);
    free(s);
}

size_t capf_service_sessions(const struct capf_service *service)
{
    return service->office.visits;
}
