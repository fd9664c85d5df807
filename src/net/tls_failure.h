/*
 * tls_failure: how a TLS connection ended, in words for the person who has to mend it.
 */
#ifndef NET_TLS_FAILURE_H
#define NET_TLS_FAILURE_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

enum tls_end_kind {
    TLS_END_CLOSED,      /* the other side said close_notify */
    TLS_END_CUT,         /* the other side went without it: what it was saying may be cut short */
    TLS_END_OURS,        /* tls_close(): everything queued was sent */
    TLS_END_LATE,        /* a deadline passed */
    TLS_END_SYSTEM,      /* reset, unreachable, out of memory */
    TLS_END_GARBAGE,     /* what came is not TLS, or larger than a handshake may be */
    TLS_END_VERSION,     /* no TLS version both speak */
    TLS_END_CIPHER,      /* no cipher suite both have */
    TLS_END_CERTIFICATE, /* the other side's certificate: missing, unreadable or refused by us */
    TLS_END_ALERT,       /* the other side refused, by an alert */
    TLS_END_PROTOCOL,    /* any other break of the protocol */
    TLS_END_EVICTED,     /* it had to give its place to a new one */
    TLS_END_KINDS,
};

/* One word, for logs and counters: "closed", "cut", "late", "cipher", ... */
const char *tls_end_name(enum tls_end_kind kind);

struct tls_end {
    enum tls_end_kind kind;
    unsigned alert;   /* TLS_END_ALERT: its number (48 is unknown CA); else 0 */
    int error;        /* ERR_CLOSED, ERR_TIMEOUT, ERR_POLICY, ... or -errno */
    const char *text; /* for a person; holds nothing of the peer's own bytes. Never NULL */
};

/* What a client's hello offered: kept to explain why it failed. */
#define TLS_HELLO_SUITES 16
struct tls_hello {
    uint16_t version; /* the highest; 0 when there was no hello */
    uint16_t suite_count;
    uint16_t suites[TLS_HELLO_SUITES]; /* the first of them */
};

#endif
