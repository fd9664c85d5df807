/*
 * signedfile: envelopes with certificates and keys in them - records made of certificates, files
 * signed and verified (docs/protocols/trust-files.md, "The signature").
 */
#ifndef PKI_SIGNEDFILE_H
#define PKI_SIGNEDFILE_H

#include "pki/key.h"
#include "wire/trustlist.h"

enum record_form {
    RECORD_FULL,   /* with the certificate, as CUCM writes CTLs, SAST and TFTP records */
    RECORD_HASHED, /* with its SHA-1 instead, as CUCM writes CAPF and TVS records of an ITL */
};

/* Everything of a record that comes out of the certificate; views into it. `dns_name` NULL leaves
 * the tag out. `address` of size 0 leaves it out. */
struct trustlist_record record_of_certificate(const struct certificate *certificate, uint16_t role,
                                              enum record_form form, const char *dns_name,
                                              struct bytes address);

/* Does this record name this very certificate, whole or by its SHA-1? */
bool record_fits(const struct trustlist_record *record, const struct certificate *certificate);

/* What a header says about its signer, filled into a spec: names, serial, modulus size. The views
 * last as long as the certificate. ERR_UNSUPPORTED for signers no list can name: EC keys, and RSA
 * keys other than 512 (never made), 1024, 2048 and 4096 bit. */
int envelope_spec_signer(struct envelope_spec *spec, const struct certificate *signer,
                         struct why *why) CHECKED;

/* Whoever can sign files: an identity in memory, a token (pki/token.h), the signer process. `sign`
 * appends one RSASSA-PKCS1-v1_5 signature over the pieces one after the other. */
struct file_signer {
    const struct certificate *certificate;
    int (*sign)(void *context, struct buffer *signature, enum digest_kind digest,
                const struct bytes *pieces, size_t count, struct why *why);
    void *context;
};
/* Valid as long as the identity. */
struct file_signer identity_signer(struct identity *identity);

/* Header, signature and body in one: `out` gets the whole file. The spec is complete but for the
 * signer. Same input, same bytes. */
int signedfile_write_by(struct buffer *out, const struct envelope_spec *spec,
                        const struct file_signer *signer, struct bytes body,
                        struct why *why) CHECKED;
/* The same, signed by an identity. */
int signedfile_write(struct buffer *out, const struct envelope_spec *spec,
                     const struct identity *signer, struct bytes body, struct why *why) CHECKED;

/* Is this file signed by the key of the certificate? Checks the whole PKCS#1 v1.5 block. 0,
 * ERR_VERIFY when the signature is wrong, ERR_UNSUPPORTED when the algorithm is not known, another
 * error when the certificate cannot be used. Does not look at names. */
int signedfile_verify(const struct envelope *header, struct bytes file,
                      const struct certificate *signer, struct why *why) CHECKED;
/* The same with the certificate, or else the public key, of a record. */
int signedfile_verify_record(const struct envelope *header, struct bytes file,
                             const struct trustlist_record *signer, struct why *why) CHECKED;

/* A list is consistent in itself when a SAST record of its own is its signer and the signature is
 * right. *signer is that record's index. ERR_NOT_FOUND when no record is the signer. */
int trustlist_verify(const struct trustlist *list, size_t *signer, struct why *why) CHECKED;

#endif
