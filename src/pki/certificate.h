/*
 * certificate: an X.509 certificate, taken apart once.
 *
 * Names are written as CUCM writes them, `CN=;OU=;O=;L=;ST=;C=`: upper-case keys, `;` without
 * blanks, always in this order whatever the DER order is (docs/protocols/trust-files.md, "Names").
 */
#ifndef PKI_CERTIFICATE_H
#define PKI_CERTIFICATE_H

#include "base/bytes.h"
#include "pki/digest.h"

#include <openssl/types.h>

#define CERTIFICATE_DER_MAX  16384 /* larger is refused: no phone certificate comes near */
#define CERTIFICATE_FILE_MAX (256 * 1024)
#define SERIAL_MAX           64 /* bytes of a serial number that are read; RFC 5280 has 20 */

enum key_kind { KEY_RSA, KEY_EC, KEY_OTHER };

/* Immutable after birth; may be read from several threads. */
struct certificate;

int certificate_from_der(struct certificate **out, struct bytes der, struct why *why) CHECKED;
/* PEM or DER; of a PEM file the first certificate in it. */
int certificate_from_file_bytes(struct certificate **out, struct bytes file,
                                struct why *why) CHECKED;
/* "-" is standard input. The message names the file. */
int certificate_load(struct certificate **out, const char *path, struct why *why) CHECKED;
/* All certificates of a PEM file in their order, or the one of a DER file. `*count` is at most
 * `max`; more are an error. The caller frees each. */
int certificates_from_file_bytes(struct certificate **out, size_t max, size_t *count,
                                 struct bytes file, struct why *why) CHECKED;
/* Another owner of the same certificate. */
struct certificate *certificate_share(struct certificate *certificate);
void certificate_free(struct certificate *certificate);

struct bytes certificate_der(const struct certificate *c);
const char *certificate_subject(const struct certificate *c); /* CUCM's text */
const char *certificate_issuer(const struct certificate *c);
const char *certificate_common_name(const struct certificate *c); /* "" when there is none */
struct bytes certificate_serial(const struct certificate *c);     /* without leading zeros */
/* RSA: DER RSAPublicKey (PKCS#1), as the certificate has it: one with a key in any other encoding
 * is refused. EC: the uncompressed point 04|X|Y. Else empty. */
struct bytes certificate_public_key(const struct certificate *c);
/* DER SubjectPublicKeyInfo, appended: the key as requests, CAPF and pins write it (RFC 5280). */
int certificate_spki(struct buffer *out, const struct certificate *c) CHECKED;
/* The content of the signature bit string of the certificate itself. */
struct bytes certificate_signature(const struct certificate *c);
enum key_kind certificate_key_kind(const struct certificate *c);
unsigned certificate_key_bits(const struct certificate *c);
const char *certificate_key_name(const struct certificate *c); /* "RSA", "P-256", ... */
int64_t certificate_not_before(const struct certificate *c);   /* unix seconds */
int64_t certificate_not_after(const struct certificate *c);
const uint8_t *certificate_sha1(const struct certificate *c);   /* of the DER: 20 bytes */
const uint8_t *certificate_sha256(const struct certificate *c); /* 32 bytes */
bool certificate_is_self_signed(const struct certificate *c);
bool certificate_may_sign_certificates(const struct certificate *c);
bool certificates_equal(const struct certificate *a, const struct certificate *b);

/* PEM text of the certificate, appended. */
int certificate_write_pem(struct buffer *out, const struct certificate *c) CHECKED;

/* The chain from `leaf` over `others` to one of the `roots`, at time `now`. The message says which
 * link is missing or what is wrong with it. */
int certificate_verify_chain(const struct certificate *leaf, struct certificate *const *others,
                             size_t other_count, struct certificate *const *roots,
                             size_t root_count, int64_t now, struct why *why) CHECKED;

/* For the rooms that need OpenSSL's own object (pki, net, signer). Not to be freed or changed. */
X509 *certificate_x509(const struct certificate *c);
/* Another owner of an object that was read already. */
int certificate_from_x509(struct certificate **out, X509 *x509, struct why *why) CHECKED;

/* A distinguished name in CUCM's order with another separator: "; " for messages, ", " for `show
 * cert`. Appends to out. */
int name_write(struct buffer *out, const X509_NAME *name, const char *separator) CHECKED;

/* The last OpenSSL error as text, and clears the queue; for messages. */
const char *crypto_error(char out[160]);

#endif
