#include "pki/digest.h"

#include "base/text.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>
#include <unistd.h>

static const struct kind {
    size_t size;
    const EVP_MD *(*method)(void);
} kinds[] = {
    [DIGEST_KIND_MD5] = {MD5_SIZE, EVP_md5},
    [DIGEST_KIND_SHA1] = {SHA1_SIZE, EVP_sha1},
    [DIGEST_KIND_SHA256] = {SHA256_SIZE, EVP_sha256},
    [DIGEST_KIND_SHA512] = {64, EVP_sha512},
};

static const struct code {
    enum digest_code code;
    enum digest_kind kind;
    const char *word;
} codes[] = {
    {DIGEST_SHA1, DIGEST_KIND_SHA1, "sha1"},
    {DIGEST_SHA256, DIGEST_KIND_SHA256, "sha256"},
    {DIGEST_SHA512, DIGEST_KIND_SHA512, "sha512"},
};

size_t digest_size(enum digest_kind kind)
{
    return kinds[kind].size;
}

const EVP_MD *digest_signature_method(enum digest_kind kind)
{
    return kind == DIGEST_KIND_MD5 ? NULL : kinds[kind].method();
}

int digest_pieces(enum digest_kind kind, const struct bytes *pieces, size_t count, uint8_t *out)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool fine = ctx && EVP_DigestInit_ex(ctx, kinds[kind].method(), NULL) == 1;
    for (size_t i = 0; fine && i < count; i++)
        fine = EVP_DigestUpdate(ctx, pieces[i].data, pieces[i].size) == 1;
    fine = fine && EVP_DigestFinal_ex(ctx, out, NULL) == 1;
    EVP_MD_CTX_free(ctx);
    return fine ? 0 : ERR_CRYPTO;
}

int digest_bytes(enum digest_kind kind, struct bytes data, uint8_t *out)
{
    return digest_pieces(kind, &data, 1, out);
}

int digest_hex(enum digest_kind kind, struct bytes data, char *out)
{
    uint8_t raw[DIGEST_SIZE_MAX];
    int result = digest_bytes(kind, data, raw);
    if (result == 0)
        text_hex(out, 2 * digest_size(kind) + 1, bytes_of(raw, digest_size(kind)), false, 0);
    return result;
}

static int update_from_file(EVP_MD_CTX *ctx, int fd, uint64_t offset, uint64_t size)
{
    uint8_t chunk[65536];
    while (size) {
        size_t want = size < sizeof chunk ? (size_t)size : sizeof chunk;
        ssize_t n = pread(fd, chunk, want, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            return ERR_TRUNCATED;
        if (EVP_DigestUpdate(ctx, chunk, (size_t)n) != 1)
            return ERR_CRYPTO;
        offset += (uint64_t)n;
        size -= (uint64_t)n;
    }
    return 0;
}

int digest_file(enum digest_kind kind, struct bytes first, int fd, uint64_t offset, uint64_t size,
                uint8_t *out)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool fine = ctx && EVP_DigestInit_ex(ctx, kinds[kind].method(), NULL) == 1 &&
                EVP_DigestUpdate(ctx, first.data, first.size) == 1;
    int result = fine ? update_from_file(ctx, fd, offset, size) : ERR_CRYPTO;
    if (result == 0 && EVP_DigestFinal_ex(ctx, out, NULL) != 1)
        result = ERR_CRYPTO;
    EVP_MD_CTX_free(ctx);
    return result;
}

int digest_of_code(uint8_t code, enum digest_kind *out)
{
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (codes[i].code == code) {
            *out = codes[i].kind;
            return 0;
        }
    }
    return ERR_UNSUPPORTED;
}

int digest_code_parse(enum digest_code *out, const char *word)
{
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (text_equal_nocase(codes[i].word, word)) {
            *out = codes[i].code;
            return 0;
        }
    }
    return ERR_USAGE;
}

const char *digest_code_text(uint8_t code)
{
    switch (code) {
    case DIGEST_SHA1:
        return "SHA-1";
    case DIGEST_SHA256:
        return "SHA-256";
    case DIGEST_SHA512:
        return "SHA-512";
    default:
        return "unknown";
    }
}
