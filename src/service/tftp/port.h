/*
 * port: TFTP on its sockets - the engine with datagrams on one side and the library on the other.
 */
#ifndef SERVICE_TFTP_PORT_H
#define SERVICE_TFTP_PORT_H

#include "service/tftp/engine.h"
#include "service/tftp/gate.h"
#include "service/tftp/journal.h"

#define PORT_SERVICES_MAX 16 /* sockets requests come to */
#define PORT_POOL         2  /* sockets answers leave from, for each of them */

struct port;

struct port_setup {
    const int *sockets; /* bound to the service port; owned from here on, also when this fails */
    size_t count;
    struct tftp_limits limits;
    size_t receive_buffer;
    struct library *library;
    struct gate *gate; /* before it */
    struct worker *disk;
    struct journal *journal;
    /* A content went to a peer, or may have: `complete` when every block was acknowledged. */
    void (*served)(void *context, const struct address *peer, const struct file_name *name,
                   const struct content *content, bool complete);
    void *context;
};

int port_new(struct port **out, struct loop *loop, const struct port_setup *setup,
             struct why *why) CHECKED;
/* No more datagrams are taken, transfers end. What the library still answers is ignored. */
void port_stop(struct port *port);
/* When the library has ended. */
void port_free(struct port *port);

struct port_counters {
    struct tftp_engine_counters engine;
    struct udp_counters udp;
    uint64_t dropped;      /* by the kernel, before we saw it */
    size_t receive_buffer; /* the smallest we got */
    unsigned running;
};
void port_counters(struct port *port, struct port_counters *out);

#endif
