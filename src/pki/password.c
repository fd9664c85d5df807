#include "pki/password.h"

#include "base/secret.h"
#include "base/text.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <string.h>

enum { SALT = 16, HASH = 32, COST = 16384, BLOCK = 8, LANES = 1 };

static int derive(uint8_t out[HASH], const char *password, const uint8_t *salt, size_t salt_size,
                  uint64_t cost, uint32_t block, uint32_t lanes)
{
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "SCRYPT", NULL);
    EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PASSWORD, (void *)(uintptr_t)password,
                                          strlen(password)),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)(uintptr_t)salt, salt_size),
        OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_N, &cost),
        OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_R, &block),
        OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_P, &lanes),
        OSSL_PARAM_construct_end(),
    };
    int result = ctx && EVP_KDF_derive(ctx, out, HASH, params) == 1 ? 0 : ERR_CRYPTO;
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
    ERR_clear_error();
    return result;
}

int password_hash(char out[PASSWORD_HASH_MAX], const char *password)
{
    uint8_t salt[SALT];
    uint8_t hash[HASH];
    char salt_hex[2 * SALT + 1];
    char hash_hex[2 * HASH + 1];
    secret_random(salt, sizeof salt);
    int result = derive(hash, password, salt, sizeof salt, COST, BLOCK, LANES);
    if (result)
        return result;
    text_hex(salt_hex, sizeof salt_hex, bytes_of(salt, sizeof salt), false, 0);
    text_hex(hash_hex, sizeof hash_hex, bytes_of(hash, sizeof hash), false, 0);
    return text_format(out, PASSWORD_HASH_MAX, "scrypt$%d$%d$%d$%s$%s", COST, BLOCK, LANES,
                       salt_hex, hash_hex)
               ? 0
               : ERR_BUG;
}

bool password_matches(const char *hash, const char *password)
{
    char copy[PASSWORD_HASH_MAX];
    char *part[6];
    char *rest = copy;
    int64_t number[3];
    uint8_t salt[64];
    uint8_t want[HASH];
    uint8_t got[HASH];
    size_t salt_size;
    size_t want_size;
    if (!text_copy(copy, sizeof copy, hash))
        return false;
    for (size_t i = 0; i < 6; i++)
        if (!(part[i] = strsep(&rest, "$")))
            return false;
    if (rest || strcmp(part[0], "scrypt") != 0)
        return false;
    for (size_t i = 0; i < 3; i++)
        if (text_number(part[i + 1], 1, i == 0 ? 1 << 20 : 64, &number[i]) != 0)
            return false;
    if (text_unhex(part[4], salt, sizeof salt, &salt_size) != 0 ||
        text_unhex(part[5], want, sizeof want, &want_size) != 0 || want_size != HASH)
        return false;
    bool same = derive(got, password, salt, salt_size, (uint64_t)number[0], (uint32_t)number[1],
                       (uint32_t)number[2]) == 0 &&
                secret_equal(got, want, HASH);
    secret_wipe(got, sizeof got);
    return same;
}

void password_make(char out[32])
{
    static const char letters[] = "abcdefghjkmnpqrstuvwxyz23456789"; /* 31: no i, l, o, 0, 1 */
    size_t used = 0;
    for (size_t i = 0; i < 20; i++) {
        uint8_t random;
        do
            secret_random(&random, 1);
        while (random >= 248); /* 8 x 31: every letter as likely */
        if (i && i % 4 == 0)
            out[used++] = '-';
        out[used++] = letters[random % 31];
    }
    out[used] = '\0';
}
