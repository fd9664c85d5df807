#include "pki/seal.h"

#include "base/secret.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

void seal_fini(struct seal *seal)
{
    if (!seal)
        return;
    buffer_fini(&seal->elements);
    buffer_fini(&seal->ciphertext);
}

/* ---- sealing ---- */

/* AES-128-CBC over whole blocks. Both buffers have their room already. */
static int encipher(struct buffer *out, struct bytes text, size_t padding,
                    const struct seal_secrets *secrets)
{
    uint8_t tail[2 * SEALED_BLOCK];
    size_t rest = text.size % SEALED_BLOCK;
    size_t whole = text.size - rest;
    int n = 0;
    int m = 0;
    if (buffer_reserve(out, text.size + padding))
        return out->error;
    memset(tail, SEALED_PAD, sizeof tail);
    if (rest)
        memcpy(tail, text.data + whole, rest);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    bool fine = ctx &&
                EVP_EncryptInit_ex(ctx, EVP_aes_128_cbc(), NULL, secrets->key, secrets->iv) == 1 &&
                EVP_CIPHER_CTX_set_padding(ctx, 0) == 1 &&
                EVP_EncryptUpdate(ctx, out->data, &n, text.data, (int)whole) == 1 &&
                EVP_EncryptUpdate(ctx, out->data + n, &m, tail, (int)(rest + padding)) == 1;
    EVP_CIPHER_CTX_free(ctx);
    secret_wipe(tail, sizeof tail);
    if (!fine || (size_t)n + (size_t)m != text.size + padding)
        return ERR_CRYPTO;
    out->size = text.size + padding;
    return 0;
}

int seal_make_with(struct seal *out, struct bytes text, const struct seal_secrets *secrets,
                   enum digest_code code, struct why *why)
{
    uint8_t digest[DIGEST_SIZE_MAX];
    enum digest_kind kind;
    struct seal seal;
    size_t padding = SEALED_BLOCK - text.size % SEALED_BLOCK;
    if (text.size == 0 || text.size > INT32_MAX - SEALED_BLOCK)
        return why_error(why, ERR_LIMIT, "%zu bytes are no file to be sealed", text.size);
    buffer_init(&seal.elements, ENVELOPE_HEADER_MAX);
    buffer_init(&seal.ciphertext, text.size + padding);
    int result = digest_of_code((uint8_t)code, &kind);
    if (result == 0)
        result = digest_bytes(kind, text, digest);
    if (result == 0)
        result = encipher(&seal.ciphertext, text, padding, secrets);
    if (result == 0) {
        const struct sealed elements = {.iv = bytes_of(secrets->iv, SEALED_BLOCK),
                                        .padding = (uint16_t)padding,
                                        .key = secrets->wrapped,
                                        .digest_code = (uint8_t)code,
                                        .digest = bytes_of(digest, digest_size(kind))};
        sealed_write(&seal.elements, &elements);
        result = seal.elements.error;
    }
    ERR_clear_error();
    if (result) {
        seal_fini(&seal);
        return why_error(why, result, "cannot seal: %s", error_text(result));
    }
    *out = seal;
    return 0;
}

static int wrap(uint8_t out[SEALED_KEY_MAX], size_t *size, const uint8_t key[SEALED_BLOCK],
                const struct certificate *device, struct why *why)
{
    char error[160];
    if (certificate_key_kind(device) != KEY_RSA ||
        certificate_key_bits(device) > SEALED_KEY_MAX * 8)
        return why_error(why, ERR_UNSUPPORTED,
                         "%s has a key of %s %u bit: a file can be sealed for RSA keys up to %d "
                         "bit only",
                         certificate_subject(device), certificate_key_name(device),
                         certificate_key_bits(device), SEALED_KEY_MAX * 8);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(X509_get0_pubkey(certificate_x509(device)), NULL);
    *size = SEALED_KEY_MAX;
    bool fine = ctx && EVP_PKEY_encrypt_init(ctx) == 1 &&
                EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
                EVP_PKEY_encrypt(ctx, out, size, key, SEALED_BLOCK) == 1;
    EVP_PKEY_CTX_free(ctx);
    return fine ? 0
                : why_error(why, ERR_CRYPTO, "cannot wrap a key for %s: %s",
                            certificate_subject(device), crypto_error(error));
}

int seal_make(struct seal *out, struct bytes text, const struct certificate *device,
              enum digest_code digest, struct why *why)
{
    struct seal_secrets secrets;
    uint8_t wrapped[SEALED_KEY_MAX];
    size_t size = 0;
    secret_random(secrets.key, sizeof secrets.key);
    secret_random(secrets.iv, sizeof secrets.iv);
    int result = wrap(wrapped, &size, secrets.key, device, why);
    secrets.wrapped = bytes_of(wrapped, size);
    if (result == 0)
        result = seal_make_with(out, text, &secrets, digest, why);
    secret_wipe(&secrets, sizeof secrets);
    return result;
}

int seal_write_file(struct buffer *out, const struct envelope_spec *spec,
                    const struct file_signer *signer, const struct seal *seal, struct why *why)
{
    struct envelope_spec full = *spec;
    full.sealing = buffer_bytes(&seal->elements);
    return signedfile_write_by(out, &full, signer, buffer_bytes(&seal->ciphertext), why);
}

/* ---- opening ---- */

static int decipher(struct buffer *out, struct bytes ciphertext, const struct sealed *sealed,
                    const uint8_t key[SEALED_BLOCK])
{
    int n = 0;
    if (buffer_reserve(out, ciphertext.size))
        return out->error;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    bool fine = ctx &&
                EVP_DecryptInit_ex(ctx, EVP_aes_128_cbc(), NULL, key, sealed->iv.data) == 1 &&
                EVP_CIPHER_CTX_set_padding(ctx, 0) == 1 &&
                EVP_DecryptUpdate(ctx, out->data, &n, ciphertext.data, (int)ciphertext.size) == 1;
    EVP_CIPHER_CTX_free(ctx);
    if (!fine || (size_t)n != ciphertext.size)
        return ERR_CRYPTO;
    out->size = ciphertext.size - sealed->padding;
    return 0;
}

static int check_text(const struct buffer *text, const struct sealed *sealed)
{
    uint8_t digest[DIGEST_SIZE_MAX];
    enum digest_kind kind;
    int result = digest_of_code(sealed->digest_code, &kind);
    if (result == 0)
        result = digest_bytes(kind, buffer_bytes(text), digest);
    if (result == 0 && !secret_equal(digest, sealed->digest.data, digest_size(kind)))
        result = ERR_VERIFY;
    return result;
}

static int open_body(struct buffer *out, struct bytes ciphertext, const struct sealed *sealed,
                     const struct key *device)
{
    struct buffer key;
    struct buffer text;
    buffer_init(&key, KEY_SIGNATURE_MAX);
    buffer_init(&text, ciphertext.size);
    int result = key_unwrap(&key, device, sealed->key);
    if (result == 0 && key.size != SEALED_BLOCK)
        result = ERR_VERIFY;
    if (result == 0)
        result = decipher(&text, ciphertext, sealed, key.data);
    if (result == 0)
        result = check_text(&text, sealed);
    if (result == 0) {
        buffer_append(out, buffer_bytes(&text));
        result = out->error;
    }
    buffer_fini_secret(&text);
    buffer_fini_secret(&key);
    return result;
}

int unseal(struct buffer *out, struct bytes file, const struct key *device, struct why *why)
{
    struct envelope header;
    struct sealed sealed = {0};
    int result = envelope_parse(&header, file, why);
    if (result == 0)
        result = sealed_parse(&sealed, file, why);
    if (result)
        return result;
    struct bytes ciphertext = envelope_body(&header, file);
    if (ciphertext.size == 0 || ciphertext.size % SEALED_BLOCK || ciphertext.size > INT32_MAX)
        return why_error(why, ERR_FORMAT, "%zu bytes of ciphertext are no whole blocks of %d",
                         ciphertext.size, SEALED_BLOCK);
    result = open_body(out, ciphertext, &sealed, device);
    /* One answer for a key that does not unwrap and a text that does not fit: which of the two it
     * was helps only those who guess. */
    if (result == ERR_VERIFY)
        why_error(why, result,
                  "it was not sealed for this key, or has been changed: a phone that meets this "
                  "needs its file sealed for the certificate it has now");
    ERR_clear_error();
    return result;
}

int seal_certificate_hash(char out[SEAL_HASH_TEXT], const struct certificate *device)
{
    return digest_hex(DIGEST_KIND_MD5, certificate_der(device), out);
}
