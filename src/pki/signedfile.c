#include "pki/signedfile.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

struct trustlist_record record_of_certificate(const struct certificate *c, uint16_t role,
                                              enum record_form form, const char *dns_name,
                                              struct bytes address)
{
    struct trustlist_record r = {
        .has_role = true,
        .role = role,
        .dns_name = bytes_of_string(dns_name),
        .subject = bytes_of_string(certificate_subject(c)),
        .issuer = bytes_of_string(certificate_issuer(c)),
        .serial = certificate_serial(c),
        .public_key = certificate_public_key(c),
        .signature = certificate_signature(c),
    };
    if (address.size)
        r.address = address;
    if (form == RECORD_FULL) {
        r.certificate = certificate_der(c);
    } else {
        r.hash = bytes_of(certificate_sha1(c), SHA1_SIZE);
        r.has_hash_algorithm = true;
        r.hash_algorithm = DIGEST_SHA1;
    }
    return r;
}

bool record_fits(const struct trustlist_record *r, const struct certificate *c)
{
    if (r->certificate.size)
        return bytes_equal(r->certificate, certificate_der(c));
    bool sha1 = !r->has_hash_algorithm || r->hash_algorithm == DIGEST_SHA1;
    return sha1 && bytes_equal(r->hash, bytes_of(certificate_sha1(c), SHA1_SIZE));
}

int envelope_spec_signer(struct envelope_spec *spec, const struct certificate *signer,
                         struct why *why)
{
    size_t size = certificate_key_bits(signer) / 8;
    if (certificate_key_kind(signer) != KEY_RSA || envelope_modulus_code(size) < 0)
        return why_error(why, ERR_UNSUPPORTED,
                         "%s has a key of %s %u bit: phones know signers with RSA 1024, 2048 or "
                         "4096 only",
                         certificate_subject(signer), certificate_key_name(signer),
                         certificate_key_bits(signer));
    spec->signer_name = bytes_of_string(certificate_subject(signer));
    spec->issuer = bytes_of_string(certificate_issuer(signer));
    spec->serial = certificate_serial(signer);
    spec->modulus_size = size;
    return 0;
}

static int sign_with_identity(void *context, struct buffer *signature, enum digest_kind digest,
                              const struct bytes *pieces, size_t count, struct why *why)
{
    const struct identity *identity = context;
    int result = key_sign(signature, identity->key, digest, pieces, count);
    return result ? why_error(why, result, "cannot sign: %s", error_text(result)) : 0;
}

struct file_signer identity_signer(struct identity *identity)
{
    return (struct file_signer){
        .certificate = identity->certificate, .sign = sign_with_identity, .context = identity};
}

int signedfile_write(struct buffer *out, const struct envelope_spec *spec,
                     const struct identity *signer, struct bytes body, struct why *why)
{
    struct identity identity = *signer;
    struct file_signer by = identity_signer(&identity);
    return signedfile_write_by(out, spec, &by, body, why);
}

int signedfile_write_by(struct buffer *out, const struct envelope_spec *spec,
                        const struct file_signer *signer, struct bytes body, struct why *why)
{
    struct envelope_spec full = *spec;
    struct buffer header;
    struct buffer signature;
    size_t signature_at = 0;
    enum digest_kind digest;
    buffer_init(&header, ENVELOPE_HEADER_MAX);
    buffer_init(&signature, KEY_SIGNATURE_MAX);
    int result = digest_of_code((uint8_t)spec->digest, &digest);
    if (result == 0)
        result = envelope_spec_signer(&full, signer->certificate, why);
    if (result == 0)
        result = envelope_write(&header, &signature_at, &full, why);
    if (result)
        goto out;
    const struct bytes pieces[2] = {buffer_bytes(&header), body};
    result = signer->sign(signer->context, &signature, digest, pieces, 2, why);
    if (result == 0 && signature.size != full.modulus_size)
        result = why_error(why, ERR_CRYPTO, "a signature of %zu bytes where the key makes %zu",
                           signature.size, full.modulus_size);
    if (result == 0)
        result = envelope_insert_signature(out, buffer_bytes(&header), signature_at,
                                           buffer_bytes(&signature));
    if (result == 0) {
        buffer_append(out, body);
        result = out->error;
    }
    if (result)
        why_error(why, result, "cannot sign: %s", error_text(result));
out:
    buffer_fini(&header);
    buffer_fini(&signature);
    return result;
}

static int verify(const struct envelope *header, struct bytes file, EVP_PKEY *key, struct why *why)
{
    enum digest_kind kind;
    if (digest_of_code(header->digest, &kind) != 0 || header->algorithm != 0)
        return why_error(why, ERR_UNSUPPORTED, "digest code %u with algorithm code %u is not known",
                         header->digest, header->algorithm);
    if (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA)
        return why_error(why, ERR_UNSUPPORTED, "the signer's key is not RSA");
    if ((size_t)EVP_PKEY_get_size(key) != header->signature.size)
        return why_error(why, ERR_VERIFY,
                         "a signature of %zu bytes cannot be of the signer's %d-bit key",
                         header->signature.size, EVP_PKEY_get_bits(key));
    struct bytes pieces[2];
    envelope_covered(header, file, pieces);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool fine =
        ctx && EVP_DigestVerifyInit(ctx, NULL, digest_signature_method(kind), NULL, key) == 1;
    for (size_t i = 0; fine && i < 2; i++)
        fine = EVP_DigestVerifyUpdate(ctx, pieces[i].data, pieces[i].size) == 1;
    int result =
        fine ? EVP_DigestVerifyFinal(ctx, header->signature.data, header->signature.size) : -1;
    EVP_MD_CTX_free(ctx);
    ERR_clear_error();
    if (!fine)
        return why_error(why, ERR_CRYPTO, "the crypto library cannot check this signature");
    return result == 1 ? 0 : why_error(why, ERR_VERIFY, "the signature is wrong");
}

int signedfile_verify(const struct envelope *header, struct bytes file,
                      const struct certificate *signer, struct why *why)
{
    EVP_PKEY *key = X509_get0_pubkey(certificate_x509(signer));
    return key ? verify(header, file, key, why) : ERR_CRYPTO;
}

int signedfile_verify_record(const struct envelope *header, struct bytes file,
                             const struct trustlist_record *signer, struct why *why)
{
    if (signer->certificate.size) {
        struct certificate *certificate = NULL;
        int result = certificate_from_der(&certificate, signer->certificate, why);
        if (result)
            result = why_prefix(why, result, "the signer's certificate");
        else
            result = signedfile_verify(header, file, certificate, why);
        certificate_free(certificate);
        return result;
    }
    const unsigned char *p = signer->public_key.data;
    EVP_PKEY *key = signer->public_key.size
                        ? d2i_PublicKey(EVP_PKEY_RSA, NULL, &p, (long)signer->public_key.size)
                        : NULL;
    int result = key ? verify(header, file, key, why)
                     : why_error(why, ERR_FORMAT, "the signer's record holds no usable key");
    EVP_PKEY_free(key);
    ERR_clear_error();
    return result;
}

int trustlist_verify(const struct trustlist *list, size_t *signer, struct why *why)
{
    for (size_t i = 0; i < list->count; i++) {
        if (!record_is_signer(&list->records[i], &list->header))
            continue;
        int result = signedfile_verify_record(&list->header, list->file, &list->records[i], why);
        if (result == 0)
            *signer = i;
        return result;
    }
    return why_error(why, ERR_NOT_FOUND,
                     "no record with the role of a System Administrator Security Token is the "
                     "signer the header names");
}
