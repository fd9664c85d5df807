/*
 * service: the call manager of a node - connections of phones in front, over TLS and over TCP,
 * stations (station.h) behind them, and one call engine (call.h) for all.
 */
#ifndef SERVICE_CALLMANAGER_SERVICE_H
#define SERVICE_CALLMANAGER_SERVICE_H

#include "cluster/config.h"
#include "net/loop.h"
#include "service/callmanager/station.h"
#include "signer/signer.h"
#include "store/observer.h"

#define CALLMANAGER_SOCKETS_MAX 8

struct callmanager_setup {
    /* listening; owned by the service from here on */
    int tls[CALLMANAGER_SOCKETS_MAX], tcp[CALLMANAGER_SOCKETS_MAX];
    size_t tls_count, tcp_count;
    const char *store; /* where: see store_open() */
    const char *node;  /* must stay */
    const char *log;   /* directory of callmanager.log; NULL: no trace */
    size_t log_size;
    unsigned log_keep;
    bool legacy_tls; /* the old versions and suites, NULL-SHA among them */
    struct signer_loop *signer;
    struct station_limits limits;
    int64_t handshake_ms; /* for a handshake, or the first byte over TCP */
    uint32_t keep_alive_s, standby_s;
    size_t connections; /* of each of the two ports */
    /* It listens. */
    void (*ready)(void *context);
    /* It cannot begin to: its TLS certificate, or what it must know of the cluster, cannot be had.
     */
    void (*failed)(void *context, const char *reason);
    void *context;
};
/* Limits and intervals as phones know them. */
void callmanager_setup_default(struct callmanager_setup *setup);

struct callmanager_service;
int callmanager_service_new(struct callmanager_service **out, struct loop *loop,
                            const struct callmanager_setup *setup, struct why *why) CHECKED;
/* Connections are cut, calls go on from phone to phone; the books are written first. After the
 * signer's end. */
void callmanager_service_free(struct callmanager_service *service);

/* Settings were read again: TLS 1.0 and NULL-SHA are allowed or not for connections from now on. */
void callmanager_service_reload(struct callmanager_service *service, const struct config *config);

/* What has happened since the start; the same numbers that `show status` prints from the store. The
 * list ends with name NULL and is valid until the next call. */
const struct observer_counter *callmanager_service_counters(struct callmanager_service *service);

#endif
