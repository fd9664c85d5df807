#include "wire/sealed.h"

/* Nobody has seen other values of these; what they name is a guess from where they stand. */
enum { CIPHER_AES_CBC = 0, WRAPPING_RSA = 0, ALGORITHM_AES = 1 };

static size_t digest_length(uint8_t code)
{
    switch (code) {
    case DIGEST_SHA1:
        return 20;
    case DIGEST_SHA256:
        return 32;
    case DIGEST_SHA512:
        return 64;
    default:
        return 0;
    }
}

/* The elements, by tag. */
struct found {
    struct tlv elements[SEALED_DIGEST - SEALED_CIPHER + 1];
    bool there[SEALED_DIGEST - SEALED_CIPHER + 1];
};

static const struct tlv *get(const struct found *f, uint8_t tag, size_t size, struct why *why)
{
    size_t at = tag - (size_t)SEALED_CIPHER;
    const struct tlv *e = &f->elements[at];
    if (!f->there[at])
        why_error(why, ERR_FORMAT, "tag %u: a sealed file without it cannot be opened", tag);
    else if (size && e->length != size)
        why_error(why, ERR_FORMAT, "offset %zu, tag %u: length %u where %zu is right", e->offset,
                  tag, e->length, size);
    else
        return e;
    return NULL;
}

static unsigned number_of(const struct tlv *e)
{
    unsigned value = 0;
    for (size_t i = 0; i < e->length; i++)
        value = value << 8 | e->value.data[i];
    return value;
}

/* A code of which only one value is known. */
static int check_code(const struct found *f, uint8_t tag, unsigned known, struct why *why)
{
    const struct tlv *e = get(f, tag, 1, why);
    if (!e)
        return ERR_FORMAT;
    if (number_of(e) == known)
        return 0;
    return why_error(why, ERR_UNSUPPORTED, "offset %zu, tag %u: code %u where only %u is known",
                     e->offset, tag, number_of(e), known);
}

static int take_data(struct sealed *out, const struct found *f, struct why *why)
{
    int result = check_code(f, SEALED_CIPHER, CIPHER_AES_CBC, why);
    const struct tlv *iv = result ? NULL : get(f, SEALED_IV, SEALED_BLOCK, why);
    const struct tlv *padding = iv ? get(f, SEALED_PADDING, 2, why) : NULL;
    if (!padding)
        return result ? result : ERR_FORMAT;
    out->iv = iv->value;
    out->padding = (uint16_t)number_of(padding);
    if (out->padding < 1 || out->padding > SEALED_BLOCK)
        return why_error(why, ERR_FORMAT, "offset %zu, tag %u: %u bytes of padding: 1 to %d are",
                         padding->offset, SEALED_PADDING, out->padding, SEALED_BLOCK);
    return 0;
}

static int take_key(struct sealed *out, const struct found *f, struct why *why)
{
    int result = check_code(f, SEALED_WRAPPING, WRAPPING_RSA, why);
    if (result == 0)
        result = check_code(f, SEALED_KEY_ALGORITHM, ALGORITHM_AES, why);
    const struct tlv *bits = result ? NULL : get(f, SEALED_KEY_BITS, 2, why);
    const struct tlv *key = bits ? get(f, SEALED_KEY, 0, why) : NULL;
    if (!key)
        return result ? result : ERR_FORMAT;
    if (key->length == 0 || key->length > SEALED_KEY_MAX || number_of(bits) != key->length * 8u)
        return why_error(why, ERR_FORMAT,
                         "offset %zu, tag %u: a wrapped key of %u bytes, and %u bits announced",
                         key->offset, SEALED_KEY, key->length, number_of(bits));
    out->key = key->value;
    return 0;
}

static int take_digest(struct sealed *out, const struct found *f, struct why *why)
{
    const struct tlv *code = get(f, SEALED_DIGEST_CODE, 1, why);
    if (!code)
        return ERR_FORMAT;
    out->digest_code = code->value.data[0];
    size_t size = digest_length(out->digest_code);
    if (size == 0)
        return why_error(why, ERR_UNSUPPORTED, "offset %zu, tag %u: digest code %u is not known",
                         code->offset, SEALED_DIGEST_CODE, out->digest_code);
    const struct tlv *digest = get(f, SEALED_DIGEST, size, why);
    if (!digest)
        return ERR_FORMAT;
    out->digest = digest->value;
    return 0;
}

int sealed_parse(struct sealed *out, struct bytes file, struct why *why)
{
    struct found f = {0};
    struct sealed sealed = {0};
    struct tlv e;
    size_t offset = 0;
    bool any = false;
    while (envelope_next(file, &offset, &e)) {
        any = any || e.tag == HEADER_SEALING;
        if (e.tag < SEALED_CIPHER || e.tag > SEALED_DIGEST)
            continue;
        f.elements[e.tag - SEALED_CIPHER] = e;
        f.there[e.tag - SEALED_CIPHER] = true;
    }
    if (!any)
        return why_error(why, ERR_NOT_FOUND, "the file is not sealed: its header has no tag %u",
                         HEADER_SEALING);
    int result = take_data(&sealed, &f, why);
    if (result == 0)
        result = take_key(&sealed, &f, why);
    if (result == 0)
        result = take_digest(&sealed, &f, why);
    if (result == 0)
        *out = sealed;
    return result;
}

static size_t begin(struct buffer *out, uint8_t tag)
{
    tlv_write(out, tag, bytes_of(NULL, 0));
    return out->size;
}

static void end(struct buffer *out, size_t start)
{
    if (!out->error)
        buffer_set_u16be(out, start - 2, (uint16_t)(out->size - start));
}

void sealed_write(struct buffer *out, const struct sealed *sealed)
{
    if (sealed->key.size > SEALED_KEY_MAX && !out->error)
        out->error = ERR_LIMIT;
    size_t sealing = begin(out, HEADER_SEALING);
    size_t data = begin(out, HEADER_SEALING_DATA);
    tlv_write_u8(out, SEALED_CIPHER, CIPHER_AES_CBC);
    tlv_write(out, SEALED_IV, sealed->iv);
    tlv_write_u16(out, SEALED_PADDING, sealed->padding);
    end(out, data);
    size_t key = begin(out, HEADER_SEALING_KEY);
    tlv_write_u8(out, SEALED_WRAPPING, WRAPPING_RSA);
    tlv_write_u16(out, SEALED_KEY_BITS, (uint16_t)(sealed->key.size * 8));
    tlv_write_u8(out, SEALED_KEY_ALGORITHM, ALGORITHM_AES);
    tlv_write(out, SEALED_KEY, sealed->key);
    end(out, key);
    end(out, sealing);
    tlv_write_u8(out, SEALED_DIGEST_CODE, sealed->digest_code);
    tlv_write(out, SEALED_DIGEST, sealed->digest);
}
