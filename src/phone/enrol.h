/*
 * enrol: one session of CAPF as a phone speaks it, without input or output
 * (docs/protocols/boot.md, "Enrolment").
 *
 * Bytes, the time and answers go in; steps come out. A step has at most one message to send (one
 * TLS write), one job that must be done elsewhere, and the end. Take steps until there is none:
 *
 *     enrol_input(session, bytes);
 *     while (enrol_step(session, now, &step))
 *         ...
 *
 * While a job is under way nothing of the server's but END_SESSION has to be answered; tell how it
 * went and step again. What happens in which state is the table in enrol.c. The session begins when
 * the server's certificate has been judged: before that, a phone says nothing.
 */
#ifndef PHONE_ENROL_H
#define PHONE_ENROL_H

#include "pki/key.h"
#include "wire/capf.h"

#define ENROL_STRING_MAX 16 /* digits */

struct enrol_limits {
    int64_t answer_ms; /* for the server's next message */
    unsigned frames;   /* the most a session may have */
};
void enrol_limits_default(struct enrol_limits *limits);

/* Who the phone is and what it can show; all must stay as long as the session. */
struct enrol_setup {
    const char *device;
    enum capf_auth auth;        /* as its configuration says; LSC and MIC: which comes first */
    const char *string;         /* CAPF_AUTH_STRING: the digits its user typed */
    const struct identity *lsc; /* NULL: none */
    const struct identity *mic; /* NULL: none */
    unsigned rsa_max;           /* bits its model can make; 0: any */
    bool no_ec;                 /* its model cannot make EC keys */
    struct enrol_limits limits;
};

struct enrol;

int enrol_new(struct enrol **out, const struct enrol_setup *setup, int64_t now) CHECKED;
void enrol_free(struct enrol *session);

/* What came from the server; may be any piece of the stream. ERR_LIMIT: more than a server says at
 * once, the connection is to be dropped. */
int enrol_input(struct enrol *session, struct bytes bytes) CHECKED;
/* The server has gone, or the connection broke, for this reason. */
void enrol_gone(struct enrol *session, const char *words);

enum enrol_job {
    ENROL_NO_JOB,
    ENROL_MAKE_KEY, /* as `key` says -> enrol_key_made() */
    ENROL_STORE,    /* enrol_new_lsc() into the flash, durable -> enrol_stored() */
    ENROL_ERASE,    /* the LSC from the flash -> enrol_stored() */
};

struct enrol_step {
    uint8_t received, sent; /* commands, for the console; 0: none */
    struct bytes send;      /* lies in the session until the next step */
    enum enrol_job job;
    struct key_spec key; /* ENROL_MAKE_KEY */
    bool close;          /* after sending: enrol_result() is there */
};
/* False when there is nothing to do but wait, until enrol_due(). */
bool enrol_step(struct enrol *session, int64_t now, struct enrol_step *step);
/* When to step again if nothing comes: in the terms of `now`; INT64_MAX: never. */
int64_t enrol_due(const struct enrol *session);

/* ---- answers ---- */

/* The session takes the key; NULL: it could not be made, for this reason. */
void enrol_key_made(struct enrol *session, struct key *key, const char *error);
/* What ENROL_STORE is about; valid until enrol_stored(). */
const struct identity *enrol_new_lsc(const struct enrol *session);
/* NULL: it is in the flash, or out of it; else why not. */
void enrol_stored(struct enrol *session, const char *error);

/* ---- the end ---- */

enum enrol_outcome {
    ENROL_NOTHING,     /* CAPF has nothing for this phone to do */
    ENROL_INSTALLED,   /* it has a new LSC */
    ENROL_FETCHED,     /* it has shown what it has */
    ENROL_DELETED,     /* it has no LSC any more */
    ENROL_REFUSED,     /* CAPF does not believe it, or did not take its key or certificate */
    ENROL_UNKNOWN,     /* CAPF does not know it */
    ENROL_BAD_ORDER,   /* the phone could not or would not do what CAPF ordered */
    ENROL_RETRY_LATER, /* CAPF is busy: again after `retry_ms` */
    ENROL_BROKEN,      /* the connection or the protocol broke: again later */
    /* before a session, of phone/enrolment.h: */
    ENROL_UNREACHABLE, /* no server could be reached over TLS */
    ENROL_UNTRUSTED,   /* the lists do not vouch for the server: nothing was said to it */
    ENROL_OUTCOMES
};
/* "nothing", "installed", "fetched", "deleted", "refused", "unknown_device", "bad_order",
 * "retry_later", "broken",
 * "unreachable", "untrusted_server". */
const char *enrol_outcome_text(enum enrol_outcome outcome);

struct enrol_result {
    enum enrol_outcome outcome;
    bool stored;      /* a new LSC is in the flash, whatever came after: enrol_take_lsc() */
    bool erased;      /* the LSC is out of the flash, whatever came after */
    int64_t retry_ms; /* ENROL_RETRY_LATER; 0: the server names no time */
    char words[300];  /* for a person; "" when all went well */
};
/* NULL while the session runs. */
const struct enrol_result *enrol_result(const struct enrol *session);
/* The LSC that was stored, once. */
struct identity enrol_take_lsc(struct enrol *session);

#endif
