/*
 * digest: hashes of whole things.
 */
#ifndef PKI_DIGEST_H
#define PKI_DIGEST_H

#include "base/bytes.h"
#include "wire/envelope.h"

#include <openssl/types.h>

enum digest_kind { DIGEST_KIND_MD5, DIGEST_KIND_SHA1, DIGEST_KIND_SHA256, DIGEST_KIND_SHA512 };

#define DIGEST_SIZE_MAX 64
#define MD5_SIZE        16
#define SHA1_SIZE       20
#define SHA256_SIZE     32

size_t digest_size(enum digest_kind kind);
/* For a signature; NULL for MD5, over which nothing is signed. */
const EVP_MD *digest_signature_method(enum digest_kind kind);
/* Hashes the pieces one after the other into out, which has room for digest_size(kind). */
int digest_pieces(enum digest_kind kind, const struct bytes *pieces, size_t count,
                  uint8_t *out) CHECKED;
int digest_bytes(enum digest_kind kind, struct bytes data, uint8_t *out) CHECKED;
/* Lower-case hex with a NUL: room for 2 * digest_size + 1. */
int digest_hex(enum digest_kind kind, struct bytes data, char *out) CHECKED;
/* Hashes `first`, then `size` bytes of an open file from `offset` on, without moving its position.
 * ERR_TRUNCATED when the file has fewer. Waits for the disk. */
int digest_file(enum digest_kind kind, struct bytes first, int fd, uint64_t offset, uint64_t size,
                uint8_t *out) CHECKED;

/* For a code of header tag 8; ERR_UNSUPPORTED for codes nobody knows. */
int digest_of_code(uint8_t code, enum digest_kind *out) CHECKED;
/* From a word of the command line: sha1, sha256, sha512. */
int digest_code_parse(enum digest_code *out, const char *word) CHECKED;
const char *digest_code_text(uint8_t code);

#endif
