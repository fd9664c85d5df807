/*
 * seal: configuration files that only one phone can read, SEP<MAC>.cnf.xml.enc.sgn
 * (docs/protocols/trust-files.md, "Sealed files").
 *
 * The text is enciphered with a fresh AES-128 key in CBC mode, and the key is wrapped with the RSA
 * key of the phone's certificate. The signature covers header and ciphertext, so a reader verifies
 * first, then opens, then compares the digest of the text.
 */
#ifndef PKI_SEAL_H
#define PKI_SEAL_H

#include "pki/signedfile.h"
#include "wire/sealed.h"

#define SEAL_HASH_TEXT 33 /* certHash: hex MD5 of a certificate, with a NUL */

/* What a sealed file is made of, for envelope_spec.sealing and as its body. */
struct seal {
    struct buffer elements; /* 16 to 27 */
    struct buffer ciphertext;
};
void seal_fini(struct seal *seal);

/* Seals `text` for the device. ERR_UNSUPPORTED when its certificate has no RSA key: EC cannot wrap
 * keys, and such phones fetch their configuration otherwise. *out is freed by seal_fini(). */
int seal_make(struct seal *out, struct bytes text, const struct certificate *device,
              enum digest_code digest, struct why *why) CHECKED;

/* The same with key, IV and wrapped key given, for bytes that must come out the same again. */
struct seal_secrets {
    uint8_t key[SEALED_BLOCK];
    uint8_t iv[SEALED_BLOCK];
    struct bytes wrapped;
};
int seal_make_with(struct seal *out, struct bytes text, const struct seal_secrets *secrets,
                   enum digest_code digest, struct why *why) CHECKED;

/* A whole .enc.sgn: the spec is complete but for signer and sealing, its version 2.0 by custom. */
int seal_write_file(struct buffer *out, const struct envelope_spec *spec,
                    const struct file_signer *signer, const struct seal *seal,
                    struct why *why) CHECKED;

/* Opens a file with the device's private key and appends the text to `out`, which should be freed
 * with buffer_fini_secret. Does not verify the signature: signedfile_verify() comes first.
 * ERR_VERIFY when the file was not sealed for this key, or the text is not what its digest says;
 * the errors of envelope_parse() and sealed_parse(). */
int unseal(struct buffer *out, struct bytes file, const struct key *device,
           struct why *why) CHECKED;

/* certHash of the short configuration: lower-case hex MD5 of the certificate. */
int seal_certificate_hash(char out[SEAL_HASH_TEXT], const struct certificate *device) CHECKED;

#endif
