/*
 * sealing: encrypted configuration (docs/protocols/trust-files.md, "Sealed files").
 *
 * Of a phone whose profile encrypts its configuration only two things ever leave: a short file
 * without secrets, and the whole one sealed for the phone's certificate. Both are made here out of
 * the whole one, wherever that comes from. For a worker thread: sealing is arithmetic.
 */
#ifndef SERVICE_TFTP_SEALING_H
#define SERVICE_TFTP_SEALING_H

#include "pki/seal.h"
#include "service/tftp/content.h"
#include "store/enrolment.h"

/* For which of its certificates a phone's configuration is sealed: the active LSC, or else the
 * MIC, as long as its key is RSA. NULL: there is none, the phone has to enrol first. A pending LSC
 * changes nothing until it is confirmed. */
const struct store_credential *sealing_credential(const struct store_device *device,
                                                  enum phone_certificate_kind *kind);

/* The short file beside it: `full` is the whole file, which must be in memory. */
int sealing_short(struct body **out, const struct body *full, const struct store_device *device,
                  struct why *why) CHECKED;

/* What a sealed file is made of: the same name, the same thing sealed for the same certificate,
 * with `digest`, to be signed by `signer` (its SHA-256). */
int sealing_name(uint8_t out[SHA256_SIZE], const struct body *full,
                 const struct store_credential *credential,
                 const uint8_t signer[SHA256_SIZE]) CHECKED;

/* Seals the whole file, with a key and a start value of its own each time: *out is the ciphertext,
 * `elements` gets what goes into the header. ERR_NOT_FOUND when the certificate has gone meanwhile,
 * or is another one by now. */
int sealing_make(struct body **out, struct buffer *elements, struct store *store,
                 const struct body *full, const struct store_device *device,
                 enum digest_code digest, struct why *why) CHECKED;

/* Frees a body that nobody else has, and wipes it first. NULL is accepted. */
void sealing_wipe(struct body *body);

#endif
