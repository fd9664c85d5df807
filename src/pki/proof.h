/*
 * proof: how a phone shows CAPF that it has the private key of a certificate
 * (docs/protocols/capf.md, "Existing certificate").
 *
 * SIGNED_DATA and SHA2_SIGNED_DATA sign the device name, one NUL and the certificate; SUDI_DATA
 * signs the session id and the factory certificate. Only the latter cannot be replayed. RSA
 * signatures are PKCS#1 v1.5 blocks of the bare hash, without the DigestInfo of other protocols;
 * the whole block is checked. EC signatures are DER ECDSA.
 */
#ifndef PKI_PROOF_H
#define PKI_PROOF_H

#include "pki/key.h"
#include "wire/capf.h"

/* What a phone signs with one key. Owns nothing else; wire messages made of it view into it. */
struct proof {
    uint8_t sha1[KEY_SIGNATURE_MAX];
    size_t sha1_size;
    uint8_t sha512[KEY_SIGNATURE_MAX];
    size_t sha512_size;
};

/* Signs for AUTH_RES with the key of the certificate whose DER is given. */
int proof_make(struct proof *out, const struct key *key, struct bytes device_name,
               struct bytes certificate, struct why *why) CHECKED;
/* Puts both signatures and the certificate into the message, which views into them. */
void proof_attach(struct capf_message *message, const struct proof *proof,
                  struct bytes certificate);

/* The same for SUDI_DATA. */
int proof_make_sudi(struct proof *out, const struct key *key, uint32_t session,
                    struct bytes certificate, struct why *why) CHECKED;
void proof_attach_sudi(struct capf_message *message, const struct proof *proof,
                       struct bytes certificate);

/* Does the AUTH_RES show the key of its own CERTIFICATE, for its own DEVICE_NAME? `certificate` is
 * what was read from answer->certificate. Both signatures must be there and right; with
 * `sha1_alone` SHA2_SIGNED_DATA may be missing, as old firmware may leave it, but not be wrong.
 * ERR_NOT_FOUND: an element is missing; ERR_VERIFY: a signature is wrong; ERR_UNSUPPORTED: a key
 * or digest nobody uses here. Says nothing about who issued the certificate, or to whom: that is
 * pki/chain. */
int proof_check(const struct capf_message *answer, const struct certificate *certificate,
                bool sha1_alone, struct why *why) CHECKED;

/* Does SUDI_DATA show the key of its own certificate for this session? `certificate` is what was
 * read from answer->sudi.certificate, `session` the id that the server chose. */
int proof_check_sudi(const struct capf_message *answer, const struct certificate *certificate,
                     uint32_t session, struct why *why) CHECKED;

#endif
