/*
 * vouch: does a stored list vouch for the certificate that a TLS server shows?
 *
 * A server is trusted by a record of its role in the CTL or the ITL that is this very certificate,
 * whole or by its SHA-1, as CUCM writes those of CAPF and TVS. Issuers and dates count for nothing:
 * phones compare certificates (docs/protocols/acceptance.md).
 */
#ifndef PHONE_VOUCH_H
#define PHONE_VOUCH_H

#include "pki/certificate.h"
#include "trust/accept.h"

/* The record that does, the CTL's first, or NULL; the lists may be NULL. *kind, when not NULL, is
 * the list it is in. */
const struct trustlist_record *vouch_find(const struct trustlist *ctl, const struct trustlist *itl,
                                          uint16_t role, const struct certificate *certificate,
                                          enum trustlist_kind *kind);

/* Does the list name any certificate for this role? It may be NULL. */
bool vouch_names_role(const struct trustlist *list, uint16_t role);

/* Does TVS trust it for this role? A call server that may also sign files is a call server. */
bool vouch_testimony(const struct testimony *testimony, uint16_t role);

/* The same as a rule: ERR_POLICY says what the lists have instead, and what helps. */
int vouch_check(const struct trustlist *ctl, const struct trustlist *itl, uint16_t role,
                const struct certificate *certificate, struct why *why) CHECKED;

#endif
