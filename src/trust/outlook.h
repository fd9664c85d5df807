/*
 * outlook: what a phone does at its next restart, in the world as it is or as an act would make it.
 *
 * Pure: the rules of trust/accept.h and trust/server.h in the order a phone meets them - the CTL,
 * the ITL with what came of that, the files, the servers.
 */
#ifndef TRUST_OUTLOOK_H
#define TRUST_OUTLOOK_H

#include "trust/foresee.h"

/* What a phone finds. Views; nothing is owned. */
struct world {
    struct offer *lists[2]; /* by enum trustlist_kind; NULL: none is served */
    struct offer *files;    /* of offer_new_signed_by(); NULL: none are signed */
    struct tvs_set tvs;
    const struct certificate *servers[SERVER_TVS]; /* by enum server_kind; NULL: there is none */
};

/* What it is asked about. */
enum topic {
    TOPIC_CTL,
    TOPIC_ITL,
    TOPIC_FILES,       /* configuration and the like */
    TOPIC_CAPF,        /* the certificate of that server */
    TOPIC_CALLMANAGER, /* the same, of signalling by TLS */
    TOPIC_HTTPS,
    TOPIC_COUNT
};
/* For people: "CTL", "ITL", "files", "CAPF", "CallManager", "HTTPS". */
const char *topic_text(enum topic topic);
/* For programs: the same in lower case. */
const char *topic_word(enum topic topic);

struct outlook {
    bool asked[TOPIC_COUNT]; /* false: there is none, or this model never asks for it */
    struct answer answers[TOPIC_COUNT];
    const struct trustlist *ctl, *itl; /* what it holds then */
};
/* Through TVS counts as taken. */
void outlook_restart(struct outlook *out, const struct phone_trust *phone,
                     const struct world *world);

/* What ties a phone to the cluster across changes: two anchors, and two that know the signer of
 * files - its own list, and TVS. One of each pair must stay what the phone holds until it has taken
 * lists that name the new other one: whoever changes both at once relies on nothing going wrong. */
struct bridges {
    bool anchors; /* an anchor it holds is one of the world's lists */
    bool servers; /* the signer of files or a TVS it holds is in use */
};
/* A pair that the phone does not hold as a pair (one anchor alone; no TVS) counts as standing. */
struct bridges outlook_bridges(const struct phone_trust *phone, const struct world *world);

#endif
