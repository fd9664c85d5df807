#include "trust/offer.h"

#include "base/text.h"
#include "pki/signedfile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Lists over the phones' limit are not even read: the limit is what refuses them. */
int offer_init_list(struct offer *offer, enum trustlist_kind kind, struct bytes file)
{
    *offer = (struct offer){.is_list = true, .kind = kind, .is_signed = true, .file = file};
    text_copy(offer->name, sizeof offer->name, trustlist_file_name(kind));
    if (file.size > TRUSTLIST_BYTES_MAX)
        return 0;
    offer->malformed = trustlist_parse(&offer->list, file, &offer->why);
    if (offer->malformed == -ENOMEM)
        return -ENOMEM;
    if (offer->list) {
        offer->header = offer->list->header;
        offer->certificates = trustlist_certificates(offer->list);
    }
    return 0;
}

int offer_init_file(struct offer *offer, const char *name, struct bytes file)
{
    *offer = (struct offer){.file = file};
    bool whole = text_copy(offer->name, sizeof offer->name, *name == '/' ? name + 1 : name);
    offer->is_signed = text_ends(name, ".sgn");
    if (!whole)
        offer->malformed = why_error(&offer->why, ERR_LIMIT, "its name is too long");
    else if (offer->is_signed)
        offer->malformed = envelope_parse(&offer->header, file, &offer->why);
    return 0;
}

#define ANY_FILE "file.sgn"

int offer_new_signed_by(struct offer **out, struct certificate *signer, enum digest_code digest)
{
    struct envelope_spec spec = {0};
    struct offer *offer = malloc(sizeof *offer);
    if (!offer)
        return -ENOMEM;
    *offer = (struct offer){.is_signed = true, .signer = certificate_share(signer)};
    text_copy(offer->name, sizeof offer->name, ANY_FILE);
    offer->malformed = envelope_spec_signer(&spec, signer, &offer->why);
    int code = offer->malformed ? 0 : envelope_modulus_code(spec.modulus_size);
    offer->header = (struct envelope){
        .signer_name = bytes_of_string(certificate_subject(signer)),
        .serial = certificate_serial(signer),
        .issuer = bytes_of_string(certificate_issuer(signer)),
        .digest = (uint8_t)digest,
        .modulus = (uint8_t)code,
        .filename = bytes_of_string(ANY_FILE),
    };
    *out = offer;
    return 0;
}

void offer_fini(struct offer *offer)
{
    certificate_free(offer->signer);
    trustlist_free(offer->list);
    for (size_t i = 0; i < OFFER_KEYS; i++)
        free(offer->checked[i].key);
    *offer = (struct offer){.malformed = ERR_BUG};
}

int offer_new_list(struct offer **out, enum trustlist_kind kind, struct bytes file)
{
    struct offer *offer = malloc(sizeof *offer);
    int result = offer ? offer_init_list(offer, kind, file) : -ENOMEM;
    if (result)
        free(offer);
    else
        *out = offer;
    return result;
}

int offer_new_file(struct offer **out, const char *name, struct bytes file)
{
    struct offer *offer = malloc(sizeof *offer);
    int result = offer ? offer_init_file(offer, name, file) : -ENOMEM;
    if (result)
        free(offer);
    else
        *out = offer;
    return result;
}

void offer_free(struct offer *offer)
{
    if (offer)
        offer_fini(offer);
    free(offer);
}

const struct trustlist *offer_trustlist(const struct offer *offer)
{
    return offer->list;
}

enum trustlist_kind offer_kind(const struct offer *offer)
{
    return offer->kind;
}

const char *offer_kind_name(const struct offer *offer)
{
    return offer->is_list ? trustlist_kind_name(offer->kind) : "file";
}

/* Only a result is kept that the same bytes will always have; without memory it is not kept. */
static void remember(struct offer *offer, struct bytes key, bool is_certificate, int result)
{
    if (result != 0 && result != ERR_VERIFY)
        return;
    uint8_t *copy = malloc(key.size);
    if (!copy)
        return;
    memcpy(copy, key.data, key.size);
    struct checked_key *slot = &offer->checked[offer->next_checked];
    offer->next_checked = (offer->next_checked + 1) % OFFER_KEYS;
    free(slot->key);
    *slot = (struct checked_key){copy, key.size, is_certificate, result};
}

int offer_check(struct offer *offer, const struct trustlist_record *signer)
{
    bool is_certificate = signer->certificate.size != 0;
    struct bytes key = is_certificate ? signer->certificate : signer->public_key;
    if (offer->signer)
        return bytes_equal(key, is_certificate ? certificate_der(offer->signer)
                                               : certificate_public_key(offer->signer))
                   ? 0
                   : ERR_VERIFY;
    for (size_t i = 0; i < OFFER_KEYS; i++) {
        const struct checked_key *known = &offer->checked[i];
        if (known->key && known->is_certificate == is_certificate &&
            bytes_equal(bytes_of(known->key, known->size), key))
            return known->result;
    }
    int result = signedfile_verify_record(&offer->header, offer->file, signer, NULL);
    if (key.size)
        remember(offer, key, is_certificate, result);
    return result;
}

const struct trustlist_record *offer_own_signer(const struct offer *offer)
{
    for (size_t i = 0; i < offer->list->count; i++)
        if (record_is_signer(&offer->list->records[i], &offer->header))
            return &offer->list->records[i];
    return NULL;
}
