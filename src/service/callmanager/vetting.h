/*
 * vetting: what a phone's certificate is judged by in the TLS handshake, on the loop and without
 * the store: the CAs we believe about phones, and the certificates that were revoked.
 *
 * A snapshot, made on the store's thread when something of it changed. It keeps out whoever is
 * surely no phone of ours, with the alert that says why; who the phone is comes later (who.h). A
 * connection may last for months: its certificate is judged again when the phone registers over it,
 * and what was found then tells with each new snapshot whether it still holds.
 */
#ifndef SERVICE_CALLMANAGER_VETTING_H
#define SERVICE_CALLMANAGER_VETTING_H

#include "cluster/credential.h"
#include "net/tls_connection.h"

struct vetting;

/* For the store's thread; afterwards it is the loop's. */
int vetting_load(struct vetting **out, struct store *store) CHECKED;
void vetting_free(struct vetting *vetting);

/* What was found of a certificate that is trusted. */
struct vetted {
    bool ours;               /* our own CAPF issued it */
    uint8_t ca[SHA256_SIZE]; /* who issued it, by the SHA-256 of that DER */
    int64_t until;           /* unix seconds: it ends then, or its CA does */
};
/* `out` may be NULL; `why` gets the reason of a refusal. `now` in unix seconds. That one was judged
 * just now is remembered, so that it costs next to nothing to ask again. */
enum tls_verdict vetting_judge(struct vetting *vetting, struct vetted *out,
                               const struct certificate *certificate, int64_t now, struct why *why);
/* Why a certificate that was trusted once would not be now, for the log; NULL: it would. By the
 * SHA-256 of its DER. */
const char *vetting_objection(const struct vetting *vetting, const uint8_t sha256[SHA256_SIZE],
                              const struct vetted *once, int64_t now);

#endif
