/*
 * credential: the certificates phones show - which CAs are believed about them, and what the store
 * knows of one. CAPF asks, and whoever has phones prove who they are by TLS.
 */
#ifndef CLUSTER_CREDENTIAL_H
#define CLUSTER_CREDENTIAL_H

#include "pki/chain.h"
#include "store/enrolment.h"

enum { PHONE_CAS_MAX = 256 };

/* The CAs whose certificates phones may show: our own CAPF, now and before, and what an
 * administrator trusts as CAPF-trust (the makers' CAs among them). Parsed once, and again when the
 * store says that certificates have changed. */
struct phone_cas {
    struct certificate *list[PHONE_CAS_MAX]; /* our own CAPF certificates first */
    size_t count, own;
};
/* Reads them anew into an empty or filled one; what cannot be read is left out and logged. */
int phone_cas_load(struct phone_cas *cas, struct store *store) CHECKED;
void phone_cas_fini(struct phone_cas *cas);
/* Did one of them issue it, over any of `others` (may be NULL), and is it valid? Errors as those of
 * chain_check(). `out` may be NULL. */
struct phone_ca {
    bool ours;             /* our own CAPF is next to it */
    const uint8_t *sha256; /* of the CA that is: as long as these CAs stay */
    int64_t until;         /* unix seconds: it is valid no longer */
};
int phone_cas_check(struct phone_ca *out, const struct phone_cas *cas,
                    const struct certificate *certificate, struct certificate *const *others,
                    size_t other_count, const struct chain_rules *rules, struct why *why) CHECKED;

/* What is known of a certificate whose CA is believed. */
enum credential_standing {
    CREDENTIAL_FINE,     /* the phone's LSC, active from now on, or its MIC */
    CREDENTIAL_UNKNOWN,  /* our CAPF issued it, and the store knows nothing of it */
    CREDENTIAL_FOREIGN,  /* it is known as another phone's */
    CREDENTIAL_REVOKED,  /* whatever it says of itself */
    CREDENTIAL_REPLACED, /* a newer one took its place, or the phone once refused it */
};
#define CREDENTIAL_REASON 120
struct credential {
    enum credential_standing standing;
    enum phone_certificate_kind kind;
    char sha256[LIST_HASH];
    char reason[CREDENTIAL_REASON]; /* for people; "" for a fine one */
};
/* The phone has proved that it has the key. Writes what follows from that: a pending LSC is
 * confirmed, an unknown MIC is learned. 0 with a standing, or the store's error. */
int credential_recognise(struct credential *out, struct store *store, const char *device,
                         const struct certificate *certificate, bool ours, int64_t now,
                         struct why *why) CHECKED;
/* The SHA-256 of the DER, as the store has it. */
char *credential_sha256(char out[LIST_HASH], const struct certificate *certificate);

#endif
