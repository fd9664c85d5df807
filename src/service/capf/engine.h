/*
 * engine: one session of CAPF as the server speaks it, without input or output
 * (docs/protocols/capf.md, "The server's states").
 *
 * Bytes, the time and answers go in; steps come out. A step has at most one message to send (one
 * TLS write), one question to the outside, and the end. Take steps until there is none:
 *
 *     capf_session_input(session, bytes);
 *     while (capf_session_step(session, now, &step))
 *         ...
 *
 * While a question is open nothing of the phone's is read on; give the answer and step again. What
 * happens in which state is the table in engine.c.
 */
#ifndef SERVICE_CAPF_ENGINE_H
#define SERVICE_CAPF_ENGINE_H

#include "store/enrolment.h"
#include "wire/capf.h"

struct capf_limits {
    int64_t answer_ms;    /* for a phone's answer that costs it nothing */
    int64_t key_ms;       /* for a key, from one REQUEST_IN_PROGRESS to the next */
    int64_t key_total_ms; /* for a key in all */
    unsigned frames;      /* the most a session may have: a phone that only says that it works */
    int64_t closing_ms;   /* for the phone to go after END_SESSION */
};
void capf_limits_default(struct capf_limits *limits);

struct capf_session;

/* `id` is chosen by the caller, at random at its start (SUDI_DATA is signed over it). */
int capf_session_new(struct capf_session **out, const struct capf_limits *limits, uint32_t id,
                     int64_t now) CHECKED;
void capf_session_free(struct capf_session *session);

/* What came from the phone; may be any piece of the stream. ERR_LIMIT: more than a phone says at
 * once, the session is to be dropped. */
int capf_session_input(struct capf_session *session, struct bytes bytes) CHECKED;
/* The phone has gone, or the connection broke. Steps that follow send nothing. */
void capf_session_gone(struct capf_session *session);

enum capf_question {
    CAPF_NO_QUESTION,
    CAPF_WHO,   /* who is it? capf_session_message() is its AUTH_RES -> capf_session_known() */
    CAPF_ISSUE, /* a certificate for the PUBLIC_KEY of capf_session_message() ->
                   capf_session_issued() or capf_session_not_issued() */
    CAPF_SAVE,  /* what `save` says, durable -> capf_session_saved() */
};

/* What has become of the phone's certificate. */
enum capf_save {
    CAPF_SAVE_ATTEMPT, /* nothing; the attempt counts */
    CAPF_SAVE_KEPT,    /* the phone keeps the one issued in this session */
    CAPF_SAVE_REFUSED, /* it does not */
    CAPF_SAVE_FETCHED, /* capf_session_message() has the CERTIFICATE it holds */
    CAPF_SAVE_DELETED, /* it has none any more */
};

struct capf_step {
    /* what happened, for the trace */
    const char *state;      /* the state it happened in */
    const char *event;      /* CAPF_EV_...; NULL when nothing came in */
    const char *reason;     /* why the session ends badly, for people; or NULL */
    uint8_t received, sent; /* commands; 0: none */
    /* what is to be done */
    struct bytes send; /* lies in the session until the next step */
    enum capf_question question;
    enum capf_save save; /* of CAPF_SAVE, with the outcome of the order: */
    struct store_outcome outcome;
    bool close; /* after sending */
};
/* False when there is nothing to do but wait, until capf_session_due(). */
bool capf_session_step(struct capf_session *session, int64_t now, struct capf_step *step);
/* When to step again if nothing comes: in the terms of `now`. */
int64_t capf_session_due(const struct capf_session *session);

/* The message a question is about; valid until it is answered. */
const struct capf_message *capf_session_message(const struct capf_session *session);
uint32_t capf_session_id(const struct capf_session *session);
/* "" before the phone is known. */
const char *capf_session_device(const struct capf_session *session);
/* Was an EC key asked for? */
bool capf_session_wants_ec(const struct capf_session *session);
bool capf_session_over(const struct capf_session *session);

/* ---- answers ---- */

enum capf_verdict {
    CAPF_WELCOME,
    CAPF_UNKNOWN_DEVICE,
    CAPF_NOT_BELIEVED, /* wrong string, certificate or signature; or locked */
    CAPF_LATE,         /* the order was to be done by a time that has passed */
    CAPF_FAULT,        /* we could not find out */
};
#define CAPF_NO_EC 128
struct capf_knowledge {
    enum capf_verdict verdict;
    const char *reason; /* of anything but a welcome, for people; copied */
    char device[DEVICE_NAME];
    bool by_string;           /* it said the right one */
    int64_t number;           /* of its order */
    struct store_order order; /* with the profile's values filled in */
    char no_ec[CAPF_NO_EC]; /* why it can have no EC key, for people; "": it can, as far as known */
};
void capf_session_known(struct capf_session *session, const struct capf_knowledge *knowledge);
void capf_session_issued(struct capf_session *session, struct bytes der);
void capf_session_not_issued(struct capf_session *session, enum enrolment_cause cause,
                             const char *reason);
void capf_session_saved(struct capf_session *session, bool saved);

#endif
