#include "pki/proof.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

/* What is signed, in pieces one after the other. */
struct signed_bytes {
    struct bytes pieces[3];
    uint8_t session[4];
};

static struct signed_bytes of_name(struct bytes device_name, struct bytes certificate)
{
    return (struct signed_bytes){.pieces = {device_name, bytes_of("", 1), certificate}};
}

/* The session id is little-endian here, and only here. */
static void of_session(struct signed_bytes *out, uint32_t session, struct bytes certificate)
{
    *out = (struct signed_bytes){.session = {(uint8_t)session, (uint8_t)(session >> 8),
                                             (uint8_t)(session >> 16), (uint8_t)(session >> 24)}};
    out->pieces[0] = bytes_of(out->session, sizeof out->session);
    out->pieces[1] = certificate;
}

/* ---- making ---- */

static int sign(uint8_t out[KEY_SIGNATURE_MAX], size_t *size, const struct key *key,
                enum digest_kind digest, const struct signed_bytes *data)
{
    uint8_t hash[DIGEST_SIZE_MAX];
    struct buffer signature;
    buffer_init(&signature, KEY_SIGNATURE_MAX);
    int result = digest_pieces(digest, data->pieces, 3, hash);
    if (result == 0)
        result = key_sign_hash(&signature, key, bytes_of(hash, digest_size(digest)));
    if (result == 0)
        memcpy(out, signature.data, signature.size);
    *size = signature.size;
    buffer_fini(&signature);
    return result;
}

static int make(struct proof *out, const struct key *key, const struct signed_bytes *data,
                struct why *why)
{
    int result = sign(out->sha1, &out->sha1_size, key, DIGEST_KIND_SHA1, data);
    if (result == 0)
        result = sign(out->sha512, &out->sha512_size, key, DIGEST_KIND_SHA512, data);
    return result
               ? why_error(why, result, "cannot sign with the phone's key: %s", error_text(result))
               : 0;
}

int proof_make(struct proof *out, const struct key *key, struct bytes device_name,
               struct bytes certificate, struct why *why)
{
    struct signed_bytes data = of_name(device_name, certificate);
    return make(out, key, &data, why);
}

int proof_make_sudi(struct proof *out, const struct key *key, uint32_t session,
                    struct bytes certificate, struct why *why)
{
    struct signed_bytes data;
    of_session(&data, session, certificate);
    return make(out, key, &data, why);
}

void proof_attach(struct capf_message *message, const struct proof *proof, struct bytes certificate)
{
    message->has_certificate = message->has_signature = message->has_sha2 = true;
    message->certificate = certificate;
    message->signature = bytes_of(proof->sha1, proof->sha1_size);
    message->sha2_digest = CAPF_SHA512;
    message->sha2_signature = bytes_of(proof->sha512, proof->sha512_size);
}

void proof_attach_sudi(struct capf_message *message, const struct proof *proof,
                       struct bytes certificate)
{
    message->has_sudi = true;
    message->sudi = (struct capf_sudi){
        .certificate = certificate,
        .sha1_signature = bytes_of(proof->sha1, proof->sha1_size),
        .sha512_signature = bytes_of(proof->sha512, proof->sha512_size),
    };
}

/* ---- checking ---- */

/* The block is recovered and compared as a whole: the library insists on the padding, and the hash
 * must fill what is left exactly, so neither a right tail nor a DigestInfo passes. */
static bool rsa_fits(EVP_PKEY_CTX *ctx, struct bytes hash, struct bytes signature)
{
    uint8_t recovered[KEY_SIGNATURE_MAX];
    size_t size = sizeof recovered;
    return EVP_PKEY_verify_recover_init(ctx) == 1 &&
           EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
           EVP_PKEY_verify_recover(ctx, recovered, &size, signature.data, signature.size) == 1 &&
           bytes_equal(bytes_of(recovered, size), hash);
}

static bool ec_fits(EVP_PKEY_CTX *ctx, struct bytes hash, struct bytes signature)
{
    return EVP_PKEY_verify_init(ctx) == 1 &&
           EVP_PKEY_verify(ctx, signature.data, signature.size, hash.data, hash.size) == 1;
}

static int check(const char *element, const struct certificate *certificate,
                 enum digest_kind digest, const struct signed_bytes *data, struct bytes signature,
                 struct why *why)
{
    enum key_kind kind = certificate_key_kind(certificate);
    unsigned bits = certificate_key_bits(certificate);
    if (kind == KEY_OTHER || bits > KEY_SIGNATURE_MAX * 8)
        return why_error(why, ERR_UNSUPPORTED, "%s: the certificate has a key of %s %u bit",
                         element, certificate_key_name(certificate), bits);
    if (kind == KEY_RSA && signature.size != (bits + 7) / 8)
        return why_error(why, ERR_VERIFY, "%s: %zu bytes cannot be a signature of a %u-bit key",
                         element, signature.size, bits);
    uint8_t raw[DIGEST_SIZE_MAX];
    int result = digest_pieces(digest, data->pieces, 3, raw);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(X509_get0_pubkey(certificate_x509(certificate)), NULL);
    if (result == 0 && !ctx)
        result = -ENOMEM;
    struct bytes hash = bytes_of(raw, digest_size(digest));
    if (result == 0 && !(kind == KEY_RSA ? rsa_fits : ec_fits)(ctx, hash, signature))
        result = why_error(why, ERR_VERIFY,
                           "%s: the signature was not made with the key of %s over this data",
                           element, certificate_subject(certificate));
    EVP_PKEY_CTX_free(ctx);
    ERR_clear_error();
    return result;
}

static int check_sha2(const struct capf_message *answer, const struct certificate *certificate,
                      const struct signed_bytes *data, struct why *why)
{
    enum digest_kind digest;
    if (digest_of_code(answer->sha2_digest, &digest) != 0 || digest == DIGEST_KIND_SHA1)
        return why_error(why, ERR_UNSUPPORTED,
                         "SHA2_SIGNED_DATA: digest code %u is neither SHA-256 nor SHA-512",
                         answer->sha2_digest);
    return check("SHA2_SIGNED_DATA", certificate, digest, data, answer->sha2_signature, why);
}

int proof_check(const struct capf_message *answer, const struct certificate *certificate,
                bool sha1_alone, struct why *why)
{
    const char *missing = !answer->has_device_name           ? "DEVICE_NAME"
                          : !answer->has_certificate         ? "CERTIFICATE"
                          : !answer->has_signature           ? "SIGNED_DATA"
                          : !answer->has_sha2 && !sha1_alone ? "SHA2_SIGNED_DATA"
                                                             : NULL;
    if (missing)
        return why_error(why, ERR_NOT_FOUND, "%s is missing: the phone shows no key of its own",
                         missing);
    struct signed_bytes data = of_name(answer->device_name, answer->certificate);
    int result = check("SIGNED_DATA", certificate, DIGEST_KIND_SHA1, &data, answer->signature, why);
    if (result == 0 && answer->has_sha2)
        result = check_sha2(answer, certificate, &data, why);
    return result;
}

int proof_check_sudi(const struct capf_message *answer, const struct certificate *certificate,
                     uint32_t session, struct why *why)
{
    if (!answer->has_sudi || answer->sudi.certificate.size == 0)
        return why_error(why, ERR_NOT_FOUND,
                         "SUDI_DATA is missing or has no certificate: the phone does not show the "
                         "key of its factory certificate in this session");
    struct signed_bytes data;
    of_session(&data, session, answer->sudi.certificate);
    int result = check("SUDI_DATA, SHA-1", certificate, DIGEST_KIND_SHA1, &data,
                       answer->sudi.sha1_signature, why);
    if (result == 0)
        result = check("SUDI_DATA, SHA-512", certificate, DIGEST_KIND_SHA512, &data,
                       answer->sudi.sha512_signature, why);
    return result;
}
