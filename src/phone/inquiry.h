/*
 * inquiry: one question of a phone to TVS, without input or output (docs/protocols/tvs.md).
 *
 * Servers are asked in the order of the configuration's TVS list. One that cannot be reached, is
 * not trusted, breaks off, talks nonsense or is late is followed by the next; an answer, yes or no,
 * is final. Steps say what to do, and whoever does it tells what came of it:
 *
 *     while (inquiry_step(inquiry, now, &step))
 *         ...
 *
 * The question goes out when the TLS connection stands, as one record; the connection is left as
 * soon as there is an answer, as phones do.
 */
#ifndef PHONE_INQUIRY_H
#define PHONE_INQUIRY_H

#include "trust/accept.h"
#include "wire/cnf.h"
#include "wire/tvs.h"

#define TVS_PORT            2445
#define INQUIRY_ANSWER_MS   10000 /* for a server: to be reached, to shake hands and to answer */
#define INQUIRY_SERVER_TEXT (CNF_HOST + 16)

/* What is asked. A phone that has the certificate asks whether it is to be trusted (verify); one
 * that has only a signer's name asks for the certificate, too (query). Views, which must stay as
 * long as the inquiry. */
struct inquiry_question {
    struct bytes certificate;             /* DER; empty: query */
    struct bytes subject, issuer, serial; /* as the list or file writes them */
};

struct inquiry_setup {
    const char *device; /* as TVS hears it: "CP-7975-SEP001122334455" */
    uint32_t session;   /* number of the exchange, of the phone's choosing */
    struct inquiry_question question;
    const struct cnf_member *servers; /* copied; at most CNF_MEMBERS */
    size_t server_count;
    uint16_t port;     /* of servers whose port the configuration does not name */
    int64_t answer_ms; /* per server */
};

struct inquiry;

/* ERR_LIMIT: the question does not fit into a message. */
int inquiry_new(struct inquiry **out, const struct inquiry_setup *setup, int64_t now) CHECKED;
void inquiry_free(struct inquiry *inquiry);

/* ---- news of the connection that a step ordered ---- */

/* It stands, and the server is trusted. */
void inquiry_connected(struct inquiry *inquiry);
/* What came, any piece of the stream. */
void inquiry_input(struct inquiry *inquiry, struct bytes bytes);
/* It could not be made, or has ended, for this reason. */
void inquiry_gone(struct inquiry *inquiry, const char *words);

/* ---- steps ---- */

struct inquiry_step {
    const char *failed; /* words: what became of the server that inquiry_server() names */
    bool drop;          /* the connection, if there is one */
    const struct cnf_member *connect; /* NULL: no; its port may be 0 */
    struct bytes send;                /* empty: nothing; lies in the inquiry */
    bool over;                        /* the last step: inquiry_testimony() is there */
};
/* False when there is nothing to do but wait, until inquiry_due(). */
bool inquiry_step(struct inquiry *inquiry, int64_t now, struct inquiry_step *step);
/* When to step again if nothing comes, in the terms of `now`; INT64_MAX: never. */
int64_t inquiry_due(const struct inquiry *inquiry);

/* "192.0.2.10:2445": who is being asked, was asked last or, at the end, has answered. "": nobody.
 */
const char *inquiry_server(const struct inquiry *inquiry);

/* ---- the answer ---- */

/* NULL while the inquiry runs. Lies in the inquiry, as does its certificate: that of the question,
 * or what TVS sent. Of a silence, the words say what became of each server. */
const struct testimony *inquiry_testimony(const struct inquiry *inquiry);
/* Seconds for which it may be kept; 0: not at all. */
uint32_t inquiry_ttl(const struct inquiry *inquiry);
/* Bytes of the answer; 0: none came. */
size_t inquiry_received(const struct inquiry *inquiry);

#endif
