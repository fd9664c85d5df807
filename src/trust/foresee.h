/*
 * foresee: what TVS would say, and so what becomes of VERDICT_THROUGH_TVS.
 *
 * A phone asks TVS and puts what it said into phone_trust.testimony. The planner cannot ask: the
 * change it plans has not happened. It knows which certificates the TVS will show and whom they
 * will vouch for, makes the testimony from that, and leaves the rest to the same functions.
 */
#ifndef TRUST_FORESEE_H
#define TRUST_FORESEE_H

#include "trust/server.h"

/* The TVS that a phone reaches, as they are or will be. Views; nothing is owned. */
struct tvs_set {
    const struct certificate *const *shown; /* their own: what they show in a handshake */
    size_t shown_count;
    const struct vouched {
        const struct certificate *certificate;
        uint32_t roles; /* one bit a role, as in struct testimony */
    } * known;          /* whom they vouch for */
    size_t known_count;
    bool modern; /* they speak TLS 1.2 and newer alone: models of TLS 1.0 cannot ask them */
};

/* What they would answer a phone with this ITL (NULL: none) that asks about the signer of an offer.
 * Silence, when none of them shows a certificate that the ITL names with the role TVS. */
void foresee_signer(struct testimony *out, const struct trustlist *itl, struct offer *offer,
                    const struct tvs_set *tvs);
/* The same about the certificate that a server shows. */
void foresee_server(struct testimony *out, const struct trustlist *itl,
                    const struct certificate *shown, const struct tvs_set *tvs);

/* accept_offer() and accept_server() by what TVS would say. VERDICT_THROUGH_TVS (RULE_ASK_TVS) is
 * kept for what only TVS gets the phone past, and does. `phone->testimony` is not looked at. */
void accept_offer_foreseen(struct answer *out, const struct phone_trust *phone, struct offer *offer,
                           const struct tvs_set *tvs);
void accept_server_foreseen(struct answer *out, const struct phone_trust *phone,
                            enum server_kind kind, const struct certificate *shown,
                            const struct tvs_set *tvs);

#endif
