/*
 * engine: one connection of TVS as the server speaks it, without input or output
 * (docs/protocols/tvs.md, "The server's states").
 *
 * Bytes and certificates go in; steps come out. A step has at most one message to send (one TLS
 * write), one question to the outside, and the end. Take steps until there is none:
 *
 *     tvs_session_input(session, bytes);
 *     while (tvs_session_step(session, shelves, &step))
 *         ...
 *
 * While a question is open nothing of the phone's is read on; give the answer and step again. What
 * happens in which state is the table in engine.c. A session knows no time: how long it may be
 * silent is for the connection to say.
 */
#ifndef SERVICE_TVS_ENGINE_H
#define SERVICE_TVS_ENGINE_H

#include "service/tvs/shelves.h"
#include "wire/tvs.h"

/* A phone asks once; whoever asks more often than this over one connection is no phone. */
#define TVS_REQUESTS_MAX 256

struct tvs_session;

int tvs_session_new(struct tvs_session **out) CHECKED;
void tvs_session_free(struct tvs_session *session);

/* What came from the phone; may be any piece of the stream. ERR_LIMIT: more than a phone says at
 * once, the session is to be dropped. */
int tvs_session_input(struct tvs_session *session, struct bytes bytes) CHECKED;

/* Views are valid until the next step. */
struct tvs_step {
    /* what happened, for the trace */
    const char *state;  /* the state it happened in */
    const char *reason; /* why the connection ends, for people; or NULL */
    bool received;      /* it is `request`, of so many bytes without its header */
    size_t length;
    const struct tvs_message *request; /* that is answered or refused; NULL: none could be read */
    const struct search *search;       /* of a request that was looked up; also with its answer */
    bool trusted;                      /* of an answer */
    uint8_t sent;                      /* command; 0: none */
    /* what is to be done */
    struct bytes send;
    bool fetch; /* the DER of search->found is wanted -> tvs_session_fetched() */
    bool close; /* after sending */
};
/* False when there is nothing to do but wait. */
bool tvs_session_step(struct tvs_session *session, const struct shelves *shelves,
                      struct tvs_step *step);
/* Empty: it is not there any more, and so is not trusted. Copied. */
void tvs_session_fetched(struct tvs_session *session, struct bytes der);

/* Is a question open? */
bool tvs_session_waits(const struct tvs_session *session);

#endif
