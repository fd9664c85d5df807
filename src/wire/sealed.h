/*
 * sealed: what the header of an .enc.sgn file says about its encryption
 * (docs/protocols/trust-files.md, "Sealed files").
 *
 *   16 { 17 { 18 cipher, 19 IV, 20 padding }, 21 { 22 wrapping, 23 bits, 24 algorithm, 25 key } },
 *   26 digest code, 27 digest of the plain text
 */
#ifndef WIRE_SEALED_H
#define WIRE_SEALED_H

#include "wire/envelope.h"

enum sealed_tag {
    SEALED_CIPHER = 18,
    SEALED_IV = 19,
    SEALED_PADDING = 20,
    SEALED_WRAPPING = 22,
    SEALED_KEY_BITS = 23,
    SEALED_KEY_ALGORITHM = 24,
    SEALED_KEY = 25,
    SEALED_DIGEST_CODE = 26,
    SEALED_DIGEST = 27,
};

#define SEALED_BLOCK      16   /* bytes: AES, its IV and the unit of the ciphertext */
#define SEALED_KEY_MAX    512  /* bytes of a wrapped key: RSA 4096 */
#define SEALED_PAD        0x0d /* carriage returns: XML stays XML where nobody cuts them off */
#define SEALED_DIGEST_MAX 64

/* Views; nothing owned. */
struct sealed {
    struct bytes iv;     /* SEALED_BLOCK bytes */
    uint16_t padding;    /* 1 to SEALED_BLOCK bytes at the end of the deciphered text */
    struct bytes key;    /* the AES key, wrapped with RSAES-PKCS1-v1_5 */
    uint8_t digest_code; /* enum digest_code */
    struct bytes digest; /* of the plain text without padding */
};

/* From a file whose header envelope_parse() accepted. ERR_NOT_FOUND: the file is not sealed;
 * ERR_FORMAT: an element is missing or has a wrong length; ERR_UNSUPPORTED: a code nobody knows. */
int sealed_parse(struct sealed *out, struct bytes file, struct why *why) CHECKED;

/* Appends elements 16 to 27, for envelope_spec.sealing. */
void sealed_write(struct buffer *out, const struct sealed *sealed);

#endif
