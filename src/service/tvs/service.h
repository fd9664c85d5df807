/*
 * service: TVS of a node - TLS connections in front, sessions (engine.h) behind them, the two
 * caches (shelves.h) beside, which the store's thread fills anew when something changes.
 */
#ifndef SERVICE_TVS_SERVICE_H
#define SERVICE_TVS_SERVICE_H

#include "cluster/config.h"
#include "net/loop.h"
#include "signer/signer.h"
#include "store/observer.h"

#define TVS_SERVICE_SOCKETS_MAX 8

struct tvs_setup {
    int sockets[TVS_SERVICE_SOCKETS_MAX]; /* listening; owned by the service from here on */
    size_t count;
    const char *store; /* where: see store_open() */
    const char *node;
    const char *log; /* directory of tvs.log; NULL: no trace */
    size_t log_size;
    unsigned log_keep;
    bool legacy_tls;
    struct signer_loop *signer;
    int64_t request_ms; /* for a whole request, from the handshake or the last answer on; 0: 30 s */
    size_t connections;
    /* It listens. */
    void (*ready)(void *context);
    /* It cannot begin to: its TLS certificate or its caches cannot be had. */
    void (*failed)(void *context, const char *reason);
    void *context;
};

struct tvs_service;
/* `node` must stay as long as the service. */
int tvs_service_new(struct tvs_service **out, struct loop *loop, const struct tvs_setup *setup,
                    struct why *why) CHECKED;
/* Connections are cut; what was observed is written first. After the signer's end. */
void tvs_service_free(struct tvs_service *service);

/* Settings were read again: TLS 1.0 is allowed or not for connections from now on. */
void tvs_service_reload(struct tvs_service *service, const struct config *config);

/* What has happened since the start; the same numbers that `show status` prints from the store. The
 * list ends with name NULL and is valid until the next call. */
const struct observer_counter *tvs_service_counters(struct tvs_service *service);

#endif
