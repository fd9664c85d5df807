/*
 * vetting: what a phone's certificate is judged by in the TLS handshake, on the loop and without
 * the store: the CAs we believe about phones, and the certificates that were revoked.
 *
 * A snapshot, made on the store's thread when something of it changed. It keeps out whoever is
 * surely no phone of ours, with the alert that says why; who the phone is comes later (who.h).
 */
#ifndef SERVICE_CALLMANAGER_VETTING_H
#define SERVICE_CALLMANAGER_VETTING_H

#include "cluster/credential.h"
#include "net/tls_connection.h"

struct vetting;

/* For the store's thread; afterwards it is the loop's. */
int vetting_load(struct vetting **out, struct store *store) CHECKED;
void vetting_free(struct vetting *vetting);

/* `why` gets the reason of a refusal. `now` in unix seconds. */
enum tls_verdict vetting_judge(const struct vetting *vetting, const struct certificate *certificate,
                               int64_t now, struct why *why);
/* By the SHA-256 of its DER: SHA256_SIZE bytes. */
bool vetting_is_revoked(const struct vetting *vetting, const uint8_t *sha256);

#endif
