/*
 * envelope: the signed header of a .tlv, .sgn or .enc.sgn file
 * (docs/protocols/trust-files.md, "The header" and "The signature").
 *
 *   file = header (HeaderLength bytes) | body (records, plain payload or ciphertext)
 *
 * The signature covers the whole file with the whole SIGNATURE element (tag, length and value) cut
 * out; what is left of the header then is called the *covered header* here.
 */
#ifndef WIRE_ENVELOPE_H
#define WIRE_ENVELOPE_H

#include "wire/tlv.h"

enum header_tag {
    HEADER_VERSION = 1,
    HEADER_LENGTH = 2,
    HEADER_SIGNER_ID = 3, /* container of 4, 5, 6 */
    HEADER_SIGNER_NAME = 4,
    HEADER_SERIAL = 5,
    HEADER_CA_NAME = 6,
    HEADER_SIGNATURE_INFO = 7, /* container of 8 and 9 */
    HEADER_DIGEST = 8,
    HEADER_ALGORITHM_INFO = 9, /* container of 10 and 11 */
    HEADER_ALGORITHM = 10,
    HEADER_MODULUS = 11,
    HEADER_SIGNATURE = 12,
    HEADER_PADDING = 13, /* one byte, no length */
    HEADER_FILENAME = 14,
    HEADER_TIMESTAMP = 15,
    HEADER_SEALING = 16,      /* container of 17 and 21 */
    HEADER_SEALING_DATA = 17, /* container of 18, 19, 20 */
    HEADER_SEALING_KEY = 21,  /* container of 22 to 25 */
    HEADER_AEA_VERSION = 28,
};

/* Codes of tag 8. What phones are known to take: 1 everywhere, 3 on newer models; 2 is reserved. */
enum digest_code { DIGEST_SHA1 = 1, DIGEST_SHA256 = 2, DIGEST_SHA512 = 3 };

/* Bytes of an RSA modulus (and of its signature) for a code of tag 11, and back. 0 or a negative
 * number when there is none: no code is known for 3072 bit. */
size_t envelope_modulus_size(uint8_t code);
int envelope_modulus_code(size_t size) CHECKED;

#define ENVELOPE_HEADER_MAX UINT16_MAX

/* A header that was read. All views look into the bytes it was read from. */
struct envelope {
    uint8_t version_major, version_minor;
    uint16_t header_size;     /* HeaderLength: of the whole header, with the signature */
    struct bytes signer_name; /* texts are without their NUL */
    struct bytes serial;      /* as written: some writers drop a leading 00, some do not */
    struct bytes issuer;
    uint8_t digest;    /* enum digest_code, or what else was there */
    uint8_t algorithm; /* 0 is RSA, the only one seen */
    uint8_t modulus;   /* code of tag 11 */
    struct bytes signature;
    size_t signature_offset; /* of the SIGNATURE element */
    struct bytes filename;   /* empty when the tag is absent */
    bool has_timestamp;
    uint32_t timestamp; /* unix seconds */
    bool has_aea;
    uint8_t aea_major, aea_minor;
};

/* Reads the header at the start of `file` and checks it against its rules: tags 1 and 2 first,
 * every length inside its container, the walk ends exactly at HeaderLength, no tag twice, tags 3,
 * 4, 5, 6, 8, 11 and 12 there, the signature as long as the modulus code says. Unknown tags are
 * skipped. The message names offset and tag. */
int envelope_parse(struct envelope *out, struct bytes file, struct why *why) CHECKED;

/* Reads a covered header: the same rules, but the SIGNATURE element must be absent and
 * HeaderLength must be what it will be with it. This is what the signer reads. */
int envelope_parse_covered(struct envelope *out, struct bytes header, struct why *why) CHECKED;

/* The flat walk over a header that envelope_parse() accepted: tags 1 and 2 first, padding left
 * out. Start with *offset 0; false at the end. */
bool envelope_next(struct bytes file, size_t *offset, struct tlv *element);
bool envelope_is_container(uint8_t tag);

/* The two pieces of `file` the signature covers. */
void envelope_covered(const struct envelope *envelope, struct bytes file, struct bytes pieces[2]);
struct bytes envelope_body(const struct envelope *envelope, struct bytes file);

/* Does this file begin as an envelope does (01 00 02 vv vv 02 00 02)? A guess, no check. */
bool envelope_looks_like(struct bytes file);

/* ---- writing ---- */

struct envelope_spec {
    uint8_t version_major, version_minor;
    bool has_aea;
    uint8_t aea_major, aea_minor;
    struct bytes signer_name, serial, issuer; /* texts without NUL */
    enum digest_code digest;
    size_t modulus_size; /* bytes: 64, 128, 256 or 512 */
    struct bytes filename;
    bool has_timestamp;
    uint32_t timestamp;
    struct bytes sealing; /* elements 16 to 27, already written; empty for plain files */
};

/* Writes the covered header in CUCM's order: 1, 2, (28), 3{4, 5, 6}, 7{8, 9{10, 11}}, 14, 15,
 * sealing, padding to a multiple of 4 of the final header. *signature_at is where the SIGNATURE
 * element belongs. */
int envelope_write(struct buffer *covered_header, size_t *signature_at,
                   const struct envelope_spec *spec, struct why *why) CHECKED;
/* Inserts the signature: the final header. */
int envelope_insert_signature(struct buffer *header, struct bytes covered_header,
                              size_t signature_at, struct bytes signature) CHECKED;

#endif
