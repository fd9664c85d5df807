/*
 * asn1: what OpenSSL's pieces of a certificate say, as we keep it (internal to this room).
 */
#ifndef PKI_ASN1_H
#define PKI_ASN1_H

#include "base/bytes.h"
#include "pki/certificate.h"

enum { NAME_TEXT_MAX = 4096 };

/* A serial number without leading zeros. ERR_FORMAT when it is not positive, ERR_LIMIT. */
int asn1_serial(uint8_t out[SERIAL_MAX], size_t *size, const ASN1_INTEGER *serial,
                struct why *why) CHECKED;
/* A name as CUCM writes it, with a NUL behind it; `out` was made with NAME_TEXT_MAX. */
int asn1_name(struct buffer *out, const X509_NAME *name, struct why *why) CHECKED;
/* In unix seconds. */
int asn1_time(int64_t *out, const ASN1_TIME *time, struct why *why) CHECKED;
/* Is it an RSAPublicKey (RFC 8017, A.1.1) of two positive numbers, in the one way DER has to write
 * it, and nothing behind it? */
bool asn1_is_der_rsa(struct bytes der);

#endif
