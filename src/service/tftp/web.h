/*
 * web: the same files over HTTP.
 */
#ifndef SERVICE_TFTP_WEB_H
#define SERVICE_TFTP_WEB_H

#include "net/httpd.h"
#include "service/tftp/gate.h"
#include "service/tftp/journal.h"

struct web;

struct web_setup {
    const int *sockets; /* bound TCP sockets; owned from here on, also when this fails */
    size_t count;
    unsigned per_address;
    struct library *library;
    struct gate *gate; /* before it */
    struct worker *disk;
    struct journal *journal;
    /* As of struct port_setup. */
    void (*served)(void *context, const struct address *peer, const struct file_name *name,
                   const struct content *content, bool complete);
    void *context;
};

int web_new(struct web **out, struct loop *loop, const struct web_setup *setup,
            struct why *why) CHECKED;
/* Closes all connections. What the library still answers is ignored. */
void web_stop(struct web *web);
/* When the library has ended. */
void web_free(struct web *web);
const struct httpd_counters *web_counters(const struct web *web);

#endif
