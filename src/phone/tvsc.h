/*
 * tvsc: a phone's client of TVS. It remembers what it was told, and asks over TLS what it was not.
 *
 * The certificate of a TVS server is trusted only where the phone's ITL names it: TVS cannot vouch
 * for itself (docs/protocols/tvs.md). Each question goes over a connection of its own.
 */
#ifndef PHONE_TVSC_H
#define PHONE_TVSC_H

#include "net/tls_connection.h"
#include "net/worker.h"
#include "phone/inquiry.h"
#include "trust/server.h"

enum tvsc_happening {
    TVSC_CACHED,    /* the answer is known: `testimony` */
    TVSC_ASK,       /* it is not: somebody must be asked */
    TVSC_CONNECT,   /* to `server` */
    TVSC_CONNECTED, /* with `tls` and `cipher`; the ITL names its certificate */
    TVSC_SENT,      /* the question, `size` bytes */
    TVSC_FAILED,    /* this server gave no answer: `words` */
    TVSC_ANSWERED,  /* `testimony`, of `size` bytes, kept for `ttl` seconds; or a silence */
    TVSC_FLUSHED,   /* what was known is forgotten */
};

/* Valid during the call. */
struct tvsc_news {
    enum tvsc_happening what;
    bool verify;        /* about a certificate the phone has, else about a signer's name */
    const char *server; /* "192.0.2.10:2445" */
    const char *tls, *cipher;
    const char *words;
    const struct testimony *testimony;
    uint32_t ttl;
    size_t size;
};

struct tvsc_setup {
    struct loop *loop;
    struct worker *worker;        /* for the names of servers */
    const struct address *source; /* copied; NULL: the system chooses */
    const char *device;           /* as TVS hears it: "CP-7975-SEP001122334455"; copied */
    uint16_t port;                /* of servers whose port the configuration does not name */
    int64_t answer_ms;            /* for each server; 0: INQUIRY_ANSWER_MS */
    void (*news)(void *context, const struct tvsc_news *news);
    void *context;
};

struct tvsc;

int tvsc_new(struct tvsc **out, const struct tvsc_setup *setup) CHECKED;
/* After all its questions. NULL is accepted. */
void tvsc_free(struct tvsc *tvsc);
/* Forgets what it was told, as phones do when a new list is in. */
void tvsc_flush(struct tvsc *tvsc);

/* Whom it may ask. Nobody, until it is told. */
struct tvsc_circle {
    const struct cnf_member *servers; /* of its configuration, copied */
    size_t server_count;
    struct phone_trust
        trust; /* its ITL says which servers are TVS; must stay while a question is asked */
    struct tls_context *tls; /* of a client */
    bool old_tls;            /* it speaks TLS 1.0 alone: explains a failed handshake */
};
/* Not while a question is asked. */
void tvsc_set_circle(struct tvsc *tvsc, const struct tvsc_circle *circle);

/* ---- a question ---- */

struct tvsc_ask;

/* The views of the question must stay; one about a certificate has its issuer and serial, too.
 * `answered` is called once, later; tvsc_ask_free() may be called in it. The testimony is valid
 * during the call. */
int tvsc_ask(struct tvsc_ask **out, struct tvsc *tvsc, const struct inquiry_question *question,
             void (*answered)(void *context, const struct testimony *testimony),
             void *context) CHECKED;
/* At any time; nothing is called any more. NULL is accepted. */
void tvsc_ask_free(struct tvsc_ask *ask);

#endif
