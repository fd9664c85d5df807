#include "service/tftp/sealing.h"

#include "base/secret.h"
#include "base/text.h"
#include "wire/cnf.h"

#include <string.h>

static bool can_unwrap(const struct store_credential *credential)
{
    return credential->id != 0 && credential->key_kind == KEY_RSA;
}

const struct store_credential *sealing_credential(const struct store_device *device,
                                                  enum phone_certificate_kind *kind)
{
    bool lsc = can_unwrap(&device->lsc);
    *kind = lsc ? PHONE_LSC : PHONE_MIC;
    if (lsc)
        return &device->lsc;
    return can_unwrap(&device->mic) ? &device->mic : NULL;
}

/* Larger files stay on the disk, and none of them is a configuration. */
static int text_of(const struct body *full, struct bytes *out, struct why *why)
{
    if (!full->memory)
        return why_error(why, ERR_LIMIT,
                         "it has %llu bytes: a configuration of more than %d cannot be encrypted",
                         (unsigned long long)full->size, BODY_IN_MEMORY_MAX);
    *out = bytes_of(full->memory, (size_t)full->size);
    return 0;
}

int sealing_short(struct body **out, const struct body *full, const struct store_device *device,
                  struct why *why)
{
    enum phone_certificate_kind kind;
    const struct store_credential *credential = sealing_credential(device, &kind);
    struct bytes text = {0};
    struct buffer brief;
    int result = text_of(full, &text, why);
    buffer_init(&brief, CNF_BYTES_MAX);
    if (result == 0)
        result = cnf_write_short(&brief, text, credential ? credential->md5 : "", why);
    if (result == 0)
        result = body_from_bytes(out, buffer_bytes(&brief));
    buffer_fini(&brief);
    return result;
}

int sealing_name(uint8_t out[SHA256_SIZE], const struct body *full,
                 const struct store_credential *credential, const uint8_t signer[SHA256_SIZE])
{
    const struct bytes pieces[3] = {bytes_of(full->hash, SHA256_SIZE),
                                    bytes_of_string(credential->md5),
                                    bytes_of(signer, SHA256_SIZE)};
    return digest_pieces(DIGEST_KIND_SHA256, pieces, 3, out);
}

/* The certificate that the device was said to have. */
static int load_certificate(struct certificate **out, struct store *store,
                            const struct store_device *device, struct why *why)
{
    enum phone_certificate_kind kind;
    const struct store_credential *credential = sealing_credential(device, &kind);
    struct store_phone_certificate row;
    if (!credential)
        return ERR_NOT_FOUND;
    int result = store_phone_certificate_of(store, device->name, kind, PHONE_ACTIVE, &row);
    if (result)
        return why_error(why, result, "the phone's certificate: %s", store_words(store, result));
    result = strcmp(row.md5, credential->md5) == 0
                 ? certificate_from_der(out, buffer_bytes(&row.der), why)
                 : why_error(why, ERR_NOT_FOUND, "the phone has another certificate by now");
    store_phone_certificate_fini(&row);
    return result;
}

int sealing_make(struct body **out, struct buffer *elements, struct store *store,
                 const struct body *full, const struct store_device *device,
                 enum digest_code digest, struct why *why)
{
    struct certificate *certificate = NULL;
    struct seal seal;
    struct bytes text = {0};
    int result = text_of(full, &text, why);
    if (result == 0)
        result = load_certificate(&certificate, store, device, why);
    if (result == 0)
        result = seal_make(&seal, text, certificate, digest, why);
    certificate_free(certificate);
    if (result)
        return result;
    buffer_append(elements, buffer_bytes(&seal.elements));
    result = elements->error;
    if (result == 0)
        result = body_from_bytes(out, buffer_bytes(&seal.ciphertext));
    seal_fini(&seal);
    return result;
}

void sealing_wipe(struct body *body)
{
    if (body && body->memory && body->owners == 1)
        secret_wipe(body->memory, (size_t)body->size);
    body_free(body);
}
