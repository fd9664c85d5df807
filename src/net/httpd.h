/*
 * httpd: an HTTP server on a loop (libmicrohttpd under it, without threads).
 *
 * GET and HEAD. Each request is handed to one handler, which answers at once or later. No client
 * delays another: its header, the time it takes to receive an answer and its idle time have their
 * own deadlines, and connections are bounded in all and per source address.
 */
#ifndef NET_HTTPD_H
#define NET_HTTPD_H

#include "net/address.h"
#include "net/disk.h"
#include "net/loop.h"

struct httpd;
struct httpd_request;

struct httpd_setup {
    unsigned connections; /* at once; more wait in the kernel's queue until one ends */
    unsigned per_address; /* of one source address; more are closed at once */
    int64_t header_ms;    /* from the connection, or a request's first line, to its whole header */
    int64_t idle_ms;      /* between two requests */
    int64_t send_ms;  /* to take an answer, and for each `send_rate` bytes of it a second more */
    size_t send_rate; /* bytes a second that a client must take at least */
    struct worker *worker; /* for files that are not in memory */
    /* Called for each request; httpd_answer() must be called for it, now or later, exactly once. */
    void (*handle)(void *context, struct httpd_request *request);
    void *context;
};

int httpd_new(struct httpd **out, struct loop *loop, const struct httpd_setup *setup,
              struct why *why) CHECKED;
/* Serves a socket made by tcp_bind(); owns fd from here on, also when this
 * fails. May be called for several, of IPv4 and IPv6. */
int httpd_listen(struct httpd *httpd, int fd, struct why *why) CHECKED;
/* Closes everything. Requests not yet answered must still be. Not from the handler. */
void httpd_free(struct httpd *httpd);

/* ---- a request ---- */

bool httpd_is_head(const struct httpd_request *request);
/* The path without its query, %XX decoded: any bytes. Begins with '/'. */
struct bytes httpd_path(const struct httpd_request *request);
const struct address *httpd_peer(const struct httpd_request *request);
/* Argument `n` of its query, from 0 on; false when there are no more. Both as they were sent, with
 * their escapes; `value` has no data where there is no '='. Valid until the answer. */
bool httpd_argument(const struct httpd_request *request, size_t n, struct bytes *name,
                    struct bytes *value) CHECKED;

#define HTTPD_HEADERS_MAX 8

/* The body is the two `parts`, and then `file_size` bytes of `file` from `file_offset` on. */
struct httpd_answer {
    unsigned status;
    const char *headers[HTTPD_HEADERS_MAX][2]; /* name and value, copied; ended by NULL */
    struct bytes parts[2];                     /* must stay until `finished` */
    struct disk_file *file;                    /* shared, or NULL */
    uint64_t file_offset, file_size;
    /* Called once: `complete` when all of it was handed to the kernel; `result` says what was wrong
     * with the file, if it was that (ERR_TRUNCATED: it shrank). May be NULL. */
    void (*finished)(void *context, bool complete, int result);
    void *context;
};
void httpd_answer(struct httpd_request *request, const struct httpd_answer *answer);

struct httpd_counters {
    uint64_t accepted, refused, requests;
    uint64_t late; /* connections closed because a deadline had passed */
    size_t open;
};
const struct httpd_counters *httpd_counters(const struct httpd *httpd);

#endif
