/*
 * httpc: fetching over HTTP on a loop (libcurl under it).
 */
#ifndef NET_HTTPC_H
#define NET_HTTPC_H

#include "base/bytes.h"
#include "net/loop.h"

struct httpc;
struct httpc_transfer;

int httpc_new(struct httpc **out, struct loop *loop) CHECKED;
/* Ends what is under way without a word. May be called from `done`. */
void httpc_free(struct httpc *httpc);

struct httpc_result {
    int error;         /* 0: there is an answer, whatever its status; ERR_TIMEOUT, ERR_LIMIT, ... */
    const char *words; /* what went wrong, for a person */
    unsigned status;   /* 200, 404, ...; 0 when there was no answer */
    struct bytes body; /* valid during the call */
};

struct httpc_get {
    const char *url;     /* http only; IPv6 addresses in brackets */
    const char *source;  /* the address to come from, or NULL */
    size_t max;          /* bytes of body; more is ERR_LIMIT */
    int64_t deadline_ms; /* for all of it */
    void (*done)(void *context, const struct httpc_result *result); /* once, never from httpc_get */
    void *context;
};

int httpc_get(struct httpc *httpc, struct httpc_transfer **out,
              const struct httpc_get *get) CHECKED;
/* `done` is not called any more. Not for a transfer whose `done` has been called. */
void httpc_cancel(struct httpc_transfer *transfer);

#endif
