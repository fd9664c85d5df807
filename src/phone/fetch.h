/*
 * fetch: one file of one phone, over HTTP or TFTP.
 */
#ifndef PHONE_FETCH_H
#define PHONE_FETCH_H

#include "net/httpc.h"
#include "phone/boot.h"
#include "phone/tftpc.h"

#define FETCH_HTTP_DEADLINE_MS 15000

enum fetch_end { FETCH_ARRIVED, FETCH_ABSENT, FETCH_FAILED };

struct fetch_result {
    enum fetch_end end;
    struct bytes file;         /* FETCH_ARRIVED; valid during the call */
    enum boot_failure failure; /* FETCH_FAILED */
    const char *words;
};

/* Embedded in a phone; zero is "nothing is fetched". Each phone has HTTP connections of its own,
 * made when it first asks, as real ones have: one pool for thousands would be searched for every
 * file. */
struct fetch {
    struct httpc *httpc;
    struct tftpc_transfer *tftp;
    struct httpc_transfer *http;
    void (*done)(void *context, const struct fetch_result *result);
    void *context;
};

struct fetch_order {
    struct loop *loop;
    struct tftpc *tftpc;
    const struct address *server; /* with the TFTP port */
    uint16_t http_port;
    const struct address *source; /* or NULL */
    enum boot_transport transport;
    const char *name;
    bool tftp_options;
    size_t max;
    /* Once, never from fetch_start(). */
    void (*done)(void *context, const struct fetch_result *result);
    void *context;
};

int fetch_start(struct fetch *fetch, const struct fetch_order *order, struct why *why) CHECKED;
/* Stops what is under way, and closes the connections. `done` is not called any more. */
void fetch_fini(struct fetch *fetch);

/* The port of HTTP on a server whose TFTP is at this port: 6970 where that is 69, and as far from
 * it as TFTP is from 69. 0: there is none. */
uint16_t fetch_http_port(uint16_t tftp_port);

#endif
