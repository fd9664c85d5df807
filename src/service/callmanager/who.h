/*
 * who: who is the phone that wants to register, may it, and what does it get? For the store's
 * thread.
 *
 * The rules are admission.h's; here are the facts: what the store knows of the phone and of the
 * certificate it showed. Its CA and its time were judged before (vetting.h).
 */
#ifndef SERVICE_CALLMANAGER_WHO_H
#define SERVICE_CALLMANAGER_WHO_H

#include "base/zone.h"
#include "pki/certificate.h"
#include "service/callmanager/admission.h"
#include "service/callmanager/station.h"
#include "service/callmanager/vetting.h"

/* What every registration needs of the cluster; read again when it is told that it is stale. */
struct who_desk;
int who_desk_new(struct who_desk **out) CHECKED;
void who_desk_free(struct who_desk *desk);
/* From any thread: parameters have changed. */
void who_desk_stale(struct who_desk *desk);
/* From any thread: phones have. */
void who_desk_phones(struct who_desk *desk);

struct who_question {
    struct station_claim claim;
    enum call_link link;
    const char *cipher;                    /* of TLS; a literal of the library's */
    const struct certificate *certificate; /* of TLS: the phone proved to have its key; then: */
    enum tls_verdict verdict;              /* on it, now */
    const char *doubt;                     /* why that is none of trust */
    bool ours;                             /* our own CAPF issued it */
    int64_t now;                           /* unix seconds */
    int64_t ms;                            /* the same moment on the loop's clock */
    const struct address *peer;
    bool may_write; /* to learn certificates, and to add phones */
    bool token;     /* it asks only whether it may come: nobody is added, nothing is got */
};

#define WHO_SERVERS GROUP_MEMBERS_MAX
struct who_answer {
    struct admission admission;
    bool mixed;             /* the cluster's security mode */
    bool by_itself;         /* the phone was added just now */
    bool later;             /* nothing is decided: it may not write, and would have to */
    bool proved;            /* it is that phone, as far as phones of its profile can prove it */
    char sha256[LIST_HASH]; /* of the certificate; "" over TCP */
    int64_t not_after;      /* of that */
    /* of a phone that is welcome */
    char load[DEVICE_TEXT];
    char date_template[16];
    const struct zone *zone; /* lives as long as the desk; NULL: UTC */
    size_t line_count;
    struct store_line lines[DEVICE_LINES_MAX];
    size_t speed_dial_count;
    struct store_line speed_dials[DEVICE_LINES_MAX];
    size_t server_count;
    struct station_server servers[WHO_SERVERS];
};

/* Writes what was learned: confirmed LSCs, MICs, phones that register by themselves. 0 with an
 * answer, which may be a refusal; or the store's error, and nobody knows. */
int callmanager_who_ask(struct who_answer *out, struct who_desk *desk, struct store *store,
                        const struct who_question *question, struct why *why) CHECKED;

#endif
