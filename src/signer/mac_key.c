#include "signer/mac_key.h"

#include "base/file.h"
#include "base/secret.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>
#include <string.h>

struct mac_key {
    uint8_t bytes[MAC_KEY_SIZE];
};

/* Another signer that makes it at the same moment wins or loses whole: both then read the same. */
static int make_file(const char *path, struct why *why)
{
    uint8_t fresh[MAC_KEY_SIZE];
    secret_random(fresh, sizeof fresh);
    int result = file_create(path, bytes_of(fresh, sizeof fresh), 0600, why);
    secret_wipe(fresh, sizeof fresh);
    return result == ERR_DUPLICATE ? 0 : result;
}

static int read_key(struct mac_key *key, const char *path, struct why *why)
{
    struct buffer file;
    buffer_init(&file, 4096);
    int result = buffer_reserve(&file, 4096);
    if (result == 0)
        result = file_read(&file, path, why);
    if (result == 0 && file.size != MAC_KEY_SIZE)
        result = why_error(why, ERR_FORMAT,
                           "%s has %zu bytes instead of %d: bring it back from a backup, or remove "
                           "it and give every phone a new authentication string",
                           path, file.size, MAC_KEY_SIZE);
    if (result == 0)
        memcpy(key->bytes, file.data, MAC_KEY_SIZE);
    buffer_fini_secret(&file);
    return result;
}

int mac_key_open(struct mac_key **out, const char *directory, struct why *why)
{
    char path[FILE_PATH];
    int result = file_path(path, directory, MAC_KEY_FILE);
    struct mac_key *key = calloc(1, sizeof *key);
    if (!key)
        return -ENOMEM;
    if (result == 0 && !file_exists(path))
        result = make_file(path, why);
    if (result == 0)
        result = read_key(key, path, why);
    if (result) {
        mac_key_free(key);
        return result;
    }
    *out = key;
    return 0;
}

void mac_key_free(struct mac_key *key)
{
    if (!key)
        return;
    secret_wipe(key, sizeof *key);
    free(key);
}

int mac_key_use(const struct mac_key *key, uint8_t out[MAC_KEY_SIZE], const char *first,
                const char *second)
{
    char digest[] = "SHA256";
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *ctx = mac ? EVP_MAC_CTX_new(mac) : NULL;
    size_t size = 0;
    /* With its NUL, so that no device and string run into one another. */
    bool fine = ctx && EVP_MAC_init(ctx, key->bytes, MAC_KEY_SIZE, parameters) == 1 &&
                EVP_MAC_update(ctx, (const uint8_t *)first, strlen(first) + 1) == 1 &&
                EVP_MAC_update(ctx, (const uint8_t *)second, strlen(second)) == 1 &&
                EVP_MAC_final(ctx, out, &size, MAC_KEY_SIZE) == 1 && size == MAC_KEY_SIZE;
    EVP_MAC_CTX_free(ctx);
    EVP_MAC_free(mac);
    return fine ? 0 : ERR_CRYPTO;
}
