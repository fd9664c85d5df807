/*
 * tftpc: phones' TFTP transfers on a loop, thousands at once. Each has a socket of its own, and may
 * have a source address of its own.
 */
#ifndef PHONE_TFTPC_H
#define PHONE_TFTPC_H

#include "net/loop.h"
#include "phone/download.h"

#define TFTPC_LINGERING 256  /* finished transfers that still answer; beyond, the oldest goes */
#define TFTPC_BLOCK     1468 /* bytes: what fits into one Ethernet frame over IPv4 */

struct tftpc;
struct tftpc_transfer;

/* `setup` is what all transfers have in common; name, server, block_size and max are not looked at.
 * NULL: the default. */
int tftpc_new(struct tftpc **out, struct loop *loop, const struct download_setup *setup) CHECKED;
/* Ends what is under way without a word. NULL is accepted. */
void tftpc_free(struct tftpc *tftpc);

struct tftpc_get {
    const char *name;
    const struct address *server;
    const struct address *source; /* port 0; NULL: the system chooses */
    bool options;                 /* ask for options */
    size_t max;                   /* bytes */
    /* Once, never from tftpc_get(), and the last thing the transfer does: it may be anything that
     * ends it, tftpc_free() excepted. The result is valid during the call. */
    void (*done)(void *context, const struct download_result *result);
    void *context;
};

int tftpc_get(struct tftpc *tftpc, struct tftpc_transfer **out, const struct tftpc_get *get,
              struct why *why) CHECKED;
/* `done` is not called any more. Not for a transfer whose `done` has been called. */
void tftpc_cancel(struct tftpc_transfer *transfer);

struct tftpc_counters {
    uint64_t transfers; /* that came to an end */
    uint64_t bytes;     /* of complete files */
    uint64_t resent;    /* datagrams sent again */
};
const struct tftpc_counters *tftpc_counters(const struct tftpc *tftpc);

#endif
