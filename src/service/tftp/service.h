/*
 * service: the role tftp - files for phones, over TFTP and HTTP.
 *
 * Glue: sockets, store, signer and files around the engine (engine.h, which knows TFTP), the names
 * (names.h, which know what a phone asks for) and the library (library.h, which finds, makes, signs
 * and keeps what is served).
 */
#ifndef SERVICE_TFTP_SERVICE_H
#define SERVICE_TFTP_SERVICE_H

#include "net/address.h"
#include "net/loop.h"
#include "signer/signer.h"
#include "store/observer.h"

#define TFTP_SERVICE_SOCKETS_MAX 16

struct tftp_service;

struct tftp_setup {
    int udp[TFTP_SERVICE_SOCKETS_MAX]; /* bound to the service port, of IPv4 or IPv6 */
    size_t udp_count;
    int http[TFTP_SERVICE_SOCKETS_MAX]; /* bound TCP sockets, listening or not */
    size_t http_count;
    const char *tftpboot;       /* directories: the files as they lie; */
    const char *templates;      /* templates of configuration files, may be absent; */
    const char *log;            /* of tftp.log; NULL: no trace */
    const char *store;          /* as store_open() takes it */
    const char *node;           /* this node's name in the store */
    struct signer_loop *signer; /* not owned; may have no end yet */
    unsigned transfers;         /* TFTP transfers at once */
    unsigned per_address;       /* of them, and of HTTP connections, from one address */
    unsigned names_per_address; /* configurations a minute; 0: without limit (sweep.h) */
    unsigned window;            /* blocks: the most that windowsize is granted */
    size_t receive_buffer;      /* bytes asked of the kernel for each UDP socket */
    size_t log_size;            /* as trace_open() takes them */
    unsigned log_keep;
    void (*ready)(void *context); /* once: everything that can be served is */
    void *context;
};

/* The sockets belong to the service from here on, also when this fails. Strings are copied. */
int tftp_service_new(struct tftp_service **out, struct loop *loop, const struct tftp_setup *setup,
                     struct why *why) CHECKED;
/* Looks again at everything outside: templates, files, store. Transfers go on. */
void tftp_service_reload(struct tftp_service *service);
/* Ends every transfer; what was observed is written first. */
void tftp_service_free(struct tftp_service *service);

/* What has happened since the start; the same numbers that `show status` prints from the store. The
 * list ends with name NULL and is valid until the next call. */
const struct observer_counter *tftp_service_counters(struct tftp_service *service);

#endif
