/*
 * enrolment: a phone goes to CAPF, over the network and into its flash.
 *
 * Servers are asked in the order of the configuration's capfList. The certificate that a server
 * shows is judged by the phone's own lists, or by TVS where they do not know it, before a byte of
 * CAPF is said; then the session of phone/enrol.h has the word. When no server could be spoken with
 * to the end, all are asked again after a pause: three times 30 seconds apart, as phones do. A
 * refusal is final.
 */
#ifndef PHONE_ENROLMENT_H
#define PHONE_ENROLMENT_H

#include "net/tls_connection.h"
#include "net/worker.h"
#include "phone/enrol.h"
#include "phone/flash.h"
#include "phone/keypool.h"
#include "phone/tvsc.h"
#include "wire/cnf.h"

#define CAPF_PORT 3804

struct enrolment_pace {
    unsigned rounds;      /* how often all servers are asked */
    int64_t pause_ms;     /* between two rounds */
    int64_t handshake_ms; /* for connecting and the handshake */
    int64_t key_ms;       /* the least a key takes: old phones need many seconds */
};
void enrolment_pace_default(struct enrolment_pace *pace);

enum enrolment_happening {
    HAPPENING_CONNECT,   /* to `server` */
    HAPPENING_CONNECTED, /* with `tls` and `cipher`; its certificate is trusted */
    HAPPENING_RECEIVED,  /* `command` */
    HAPPENING_SENT,      /* `command` */
    HAPPENING_KEY,       /* one is made as `key` says */
    HAPPENING_STORED,    /* the LSC is in the flash */
    HAPPENING_ERASED,    /* it is out of it */
    HAPPENING_FAILED,    /* with this server, in this round: `words` */
    HAPPENING_PAUSE,     /* of `ms` before the next round */
};

/* Valid during the call. */
struct enrolment_news {
    enum enrolment_happening what;
    const char *server; /* "192.0.2.10:3804" */
    const char *tls, *cipher;
    uint8_t command;
    struct key_spec key;
    const char *words;
    int64_t ms;
};

struct enrolment_result {
    enum enrol_outcome outcome;
    const char *words;  /* for a person; "" when all went well */
    const char *server; /* that was asked last */
    bool erased;        /* the LSC is gone */
    /* A new one is in the flash when its certificate is not NULL; it is the callee's to keep or to
     * free. There may be one whatever the outcome. */
    struct identity lsc;
};

struct enrolment_setup {
    struct loop *loop;
    struct worker *worker;        /* for keys, names and the flash */
    struct tls_context *tls;      /* of a client */
    bool old_tls;                 /* it speaks TLS 1.0 alone: explains a failed handshake */
    const struct address *source; /* copied; NULL: the system chooses */
    const struct cnf_member *servers;
    size_t server_count;      /* copied; at most CNF_MEMBERS */
    uint16_t port;            /* of servers whose port the configuration does not name */
    struct phone_trust trust; /* what it looks into must stay, as all in `session` */
    struct tvsc *tvsc; /* to ask about servers that the lists do not know; must stay; NULL: none */
    struct enrol_setup session;
    const struct flash *flash; /* copied; NULL: none, what it learns lasts as long as it does */
    struct keypool *keys;      /* NULL: it makes its keys */
    struct enrolment_pace pace;
    void (*news)(void *context, const struct enrolment_news *news);
    /* Once, never from enrolment_start(), and the last; enrolment_free() may be called in it. */
    void (*finished)(void *context, struct enrolment_result *result);
    void *context;
};

struct enrolment;

int enrolment_start(struct enrolment **out, const struct enrolment_setup *setup) CHECKED;
/* At any time; NULL is accepted. Nothing is called any more; what is being written into the flash
 * is written. */
void enrolment_free(struct enrolment *enrolment);

#endif
