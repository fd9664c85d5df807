/*
 * reach: what it takes to speak TLS with a server that a configuration names - its address, and
 * words for the person who has to mend it when that fails.
 */
#ifndef PHONE_REACH_H
#define PHONE_REACH_H

#include "net/address.h"
#include "net/tls_failure.h"
#include "net/worker.h"

/* A host name that is being looked up, on a worker: that may take its time. */
struct reach;

struct reach_result {
    int error; /* 0, or why there is no address; `words` tells it */
    const struct address *address;
    const char *words;
};

/* `done` is called once, later; reach_free() may be called in it. */
int reach_start(struct reach **out, struct worker *worker, const char *host, uint16_t port,
                void (*done)(void *context, const struct reach_result *result),
                void *context) CHECKED;
/* At any time; nothing is called any more. NULL is accepted. */
void reach_free(struct reach *reach);

/* Why a connection ended before it stood, with what would help a phone that speaks TLS 1.0 alone.
 * Returns out. */
char *reach_failure(char *out, size_t size, const struct tls_end *end, bool old_tls);

#endif
