/*
 * service: CAPF of a node - TLS connections in front, sessions (engine.h) behind them, and between
 * the two the store's thread (desk.h) and the signer.
 */
#ifndef SERVICE_CAPF_SERVICE_H
#define SERVICE_CAPF_SERVICE_H

#include "cluster/config.h"
#include "net/loop.h"
#include "service/capf/engine.h"
#include "signer/signer.h"

#define CAPF_SERVICE_SOCKETS_MAX 8

struct capf_setup {
    int sockets[CAPF_SERVICE_SOCKETS_MAX]; /* listening; owned by the service from here on */
    size_t count;
    const char *store; /* where: see store_open() */
    const char *node;
    const char *log; /* directory of capf.log; NULL: no trace */
    size_t log_size;
    unsigned log_keep;
    bool legacy_tls;
    struct signer_loop *signer;
    struct capf_limits limits;
    size_t connections; /* how many of one address is a parameter of the cluster */
    /* It listens. */
    void (*ready)(void *context);
    /* It cannot begin to, or go on: its TLS certificate cannot be had. */
    void (*failed)(void *context, const char *reason);
    void *context;
};

struct capf_service;
int capf_service_new(struct capf_service **out, struct loop *loop, const struct capf_setup *setup,
                     struct why *why) CHECKED;
/* Begins nothing more that needs the signer: before that goes. NULL is fine. */
void capf_service_stop(struct capf_service *service);
/* Sessions end as if their phones had gone. */
void capf_service_free(struct capf_service *service);
/* Settings were read again: TLS 1.0 is allowed or not for connections from now on. Logs are opened
 * anew by the log itself, and sockets stay what they are. */
void capf_service_reload(struct capf_service *service, const struct config *config);
size_t capf_service_sessions(const struct capf_service *service);

#endif
