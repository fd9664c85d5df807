/*
 * who: is the phone at CAPF the one it says it is, and what is it to do? For the store's thread.
 *
 * Authentication comes before the order: a phone that is not believed does not even learn whether
 * there is something to do.
 */
#ifndef SERVICE_CAPF_WHO_H
#define SERVICE_CAPF_WHO_H

#include "cluster/credential.h"
#include "service/capf/engine.h"

/* Parameters of the cluster. */
struct who_rules {
    bool expired_mic_is_fine; /* MICs end after ten years; phones live longer */
    bool sha1_alone;          /* old firmware may leave SHA2_SIGNED_DATA out */
};

struct who_question {
    const struct capf_message *answer; /* the phone's AUTH_RES */
    uint32_t session;
    bool has_mac; /* the signer's MAC of the PASSWORD that came */
    uint8_t mac[ENROLMENT_MAC];
    int64_t now; /* unix seconds */
    const struct phone_cas *trusted;
    struct who_rules rules;
};

#define WHO_REASON 512 /* as that of a struct why: what to do next stands at the end */
struct who_answer {
    struct capf_knowledge knowledge; /* its reason is `reason` */
    char reason[WHO_REASON];
    char certificate[LIST_HASH]; /* SHA-256 of what it proved with, or "" */
};

/* Writes what was learned: wrong strings, failed orders, MICs, confirmed LSCs. 0 with an answer, or
 * the store's error with verdict CAPF_FAULT. */
int who_ask(struct who_answer *out, struct store *store, const struct who_question *question,
            struct why *why) CHECKED;

#endif
