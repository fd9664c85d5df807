/*
 * publickey: a public key that came alone, as phones send theirs for a certificate
 * (docs/protocols/capf.md, "PUBLIC_KEY").
 *
 * RSA of 1024 to 4096 bit and the curves P-256, P-384 and P-521, uncompressed; nothing else is
 * read. Whether it is what was asked for, and no weak one, are questions of their own.
 */
#ifndef PKI_PUBLICKEY_H
#define PKI_PUBLICKEY_H

#include "pki/key.h"

#define PUBLIC_KEY_DER_MAX 1024 /* RSA 4096 takes 550 */

/* Immutable after birth; may be read from several threads. */
struct public_key;

/* From DER SubjectPublicKeyInfo, which must end where the key ends. ERR_LIMIT, ERR_FORMAT, or
 * ERR_UNSUPPORTED for kinds, sizes and curves that no phone has. A point off its curve is
 * ERR_FORMAT, and so is what is written otherwise than in DER, with compressed points for example.
 */
int public_key_from_spki(struct public_key **out, struct bytes spki, struct why *why) CHECKED;
void public_key_free(struct public_key *key);

enum key_kind public_key_kind(const struct public_key *key); /* KEY_RSA or KEY_EC */
unsigned public_key_bits(const struct public_key *key);      /* EC: 256, 384 or 521 */
const char *public_key_name(const struct public_key *key);   /* "RSA 2048", "P-384" */
/* SubjectPublicKeyInfo as we write it: one key, one encoding, whatever the phone's looked like. */
struct bytes public_key_spki(const struct public_key *key);
/* SHA-256 of that: 32 bytes. */
const uint8_t *public_key_fingerprint(const struct public_key *key);
/* Makes it the key of a certificate in the making. */
int public_key_put(X509 *x509, const struct public_key *key) CHECKED;

/* ERR_POLICY when the key is not exactly of the kind and size that were asked for. */
int public_key_check_asked(const struct public_key *key, const struct key_spec *asked,
                           struct why *why) CHECKED;
/* ERR_POLICY for keys that anybody can break: an RSA exponent that is even, 1 or longer than
 * 64 bit, a modulus with a factor below 1000. Takes well below 1 ms; a prime or
 * square modulus, which costs more to find and harms its owner only, is not looked for. */
int public_key_check_strength(const struct public_key *key, struct why *why) CHECKED;

#endif
