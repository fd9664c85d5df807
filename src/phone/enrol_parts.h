/*
 * enrol_parts: what a phone shows CAPF, and which keys it makes (internal to enrol).
 */
#ifndef PHONE_ENROL_PARTS_H
#define PHONE_ENROL_PARTS_H

#include "phone/enrol.h"
#include "pki/proof.h"

struct enrol_proofs {
    struct proof certificate, sudi;
};

/* Puts the certificate that the setup's mode asks for into AUTH_RES, with its signatures, which
 * view into `proofs`; nothing in the other modes. */
int enrol_show(struct capf_message *answer, struct enrol_proofs *proofs,
               const struct enrol_setup *setup, uint32_t session, struct why *why) CHECKED;

/* Which key does this KEY_GEN_REQ order? false when this phone cannot make it. */
bool enrol_read_order(struct key_spec *out, const struct capf_message *request,
                      const struct enrol_setup *setup);

#endif
