/*
 * download: TFTP as a phone speaks it to get one file (RFC 1350, 2347, 2348, 2349), without input
 * or output.
 *
 * Datagrams and the time go in; after every call there is at most one datagram to send. What it
 * does in which state is the table in download.c. One block at a time: phones ask for no window.
 */
#ifndef PHONE_DOWNLOAD_H
#define PHONE_DOWNLOAD_H

#include "net/address.h"
#include "wire/tftp.h"

#define DOWNLOAD_NEVER INT64_MAX

struct download_setup {
    const char *name;
    struct address server;
    /* 0: no options at all, as most phones ask. Else blksize and tsize; what the server makes of
     * them, and a server that knows no options, are both fine. */
    uint32_t block_size;
    size_t max;              /* bytes of a file; more ends the transfer with ERR_LIMIT */
    int64_t first_wait_ms;   /* before something is sent again; then twice as long, ... */
    int64_t longest_wait_ms; /* ... up to this */
    unsigned tries;          /* times the same datagram is sent */
    int64_t deadline_ms;     /* for all of it */
    int64_t linger_ms;       /* how long the last acknowledgement can be asked for again */
};

/* What phones are taken to do; block_size 0 and max 0 are the caller's to fill. */
void download_setup_default(struct download_setup *setup);

struct download;
int download_new(struct download **out, const struct download_setup *setup) CHECKED;
void download_free(struct download *download);

void download_start(struct download *download, int64_t now);
void download_packet(struct download *download, const struct address *from, struct bytes packet,
                     int64_t now);
/* The kernel says that nobody is at the server's port. Believed when it says so twice. */
void download_refused(struct download *download);
void download_tick(struct download *download, int64_t now);
int64_t download_deadline(const struct download *download);

/* The datagram to send, once; both views are valid until the next call. */
bool download_send(struct download *download, struct bytes *packet, const struct address **to);

struct download_result {
    int error;       /* 0; ERR_NOT_FOUND: the server has no such file; -EACCES: error 2; ERR_CLOSED:
                        another error of the server's; ERR_TIMEOUT; -ECONNREFUSED; ERR_LIMIT: too large;
                        ERR_FORMAT: nonsense; -ENOMEM */
    char words[200]; /* what went wrong, for a person; what the server says is escaped */
    struct bytes file;
    unsigned resent; /* datagrams sent again */
};
/* NULL while it runs. */
const struct download_result *download_result(const struct download *download);
/* Nothing more is to come, not even a question about the last block. */
bool download_is_over(const struct download *download);

#endif
