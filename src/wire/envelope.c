#include "wire/envelope.h"

#include <string.h>

size_t envelope_modulus_size(uint8_t code)
{
    return code <= 3 ? (size_t)64 << code : 0;
}

int envelope_modulus_code(size_t size)
{
    for (uint8_t code = 0; code <= 3; code++)
        if (envelope_modulus_size(code) == size)
            return code;
    return ERR_UNSUPPORTED;
}

bool envelope_is_container(uint8_t tag)
{
    switch (tag) {
    case HEADER_SIGNER_ID:
    case HEADER_SIGNATURE_INFO:
    case HEADER_ALGORITHM_INFO:
    case HEADER_SEALING:
    case HEADER_SEALING_DATA:
    case HEADER_SEALING_KEY:
        return true;
    default:
        return false;
    }
}

bool envelope_looks_like(struct bytes file)
{
    static const uint8_t start[3] = {HEADER_VERSION, 0, 2};
    static const uint8_t next[3] = {HEADER_LENGTH, 0, 2};
    return file.size >= 10 && memcmp(file.data, start, 3) == 0 &&
           memcmp(file.data + 5, next, 3) == 0;
}

/* What an element must look like; `size` 0 leaves the length free. */
static const struct rule {
    uint8_t tag;
    uint8_t size;
    bool text;
    bool needed;
} rules[] = {
    {HEADER_VERSION, 2, false, true},         {HEADER_LENGTH, 2, false, true},
    {HEADER_SIGNER_ID, 0, false, true},       {HEADER_SIGNER_NAME, 0, true, true},
    {HEADER_SERIAL, 0, false, true},          {HEADER_CA_NAME, 0, true, true},
    {HEADER_SIGNATURE_INFO, 0, false, false}, {HEADER_DIGEST, 1, false, true},
    {HEADER_ALGORITHM_INFO, 0, false, false}, {HEADER_ALGORITHM, 1, false, false},
    {HEADER_MODULUS, 1, false, true},         {HEADER_FILENAME, 0, true, false},
    {HEADER_TIMESTAMP, 4, false, false},      {HEADER_AEA_VERSION, 2, false, false},
};

static const struct rule *rule_of(uint8_t tag)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (rules[i].tag == tag)
            return &rules[i];
    return NULL;
}

static int take_element(struct envelope *out, const struct tlv *e, struct why *why)
{
    const struct rule *rule = rule_of(e->tag);
    if (rule && rule->size && e->length != rule->size)
        return why_error(why, ERR_FORMAT, "offset %zu, tag %u: length %u where %u is right",
                         e->offset, e->tag, e->length, rule->size);
    struct bytes text = e->value;
    if (rule && rule->text) {
        int result = tlv_text(&text, e, why);
        if (result)
            return result;
    }
    const uint8_t *v = e->value.data;
    switch (e->tag) {
    case HEADER_VERSION:
        out->version_major = v[0];
        out->version_minor = v[1];
        break;
    case HEADER_LENGTH:
        out->header_size = (uint16_t)(v[0] << 8 | v[1]);
        break;
    case HEADER_SIGNER_NAME:
        out->signer_name = text;
        break;
    case HEADER_SERIAL:
        if (e->length == 0)
            return why_error(why, ERR_FORMAT, "offset %zu, tag %u: an empty serial number",
                             e->offset, e->tag);
        out->serial = e->value;
        break;
    case HEADER_CA_NAME:
        out->issuer = text;
        break;
    case HEADER_DIGEST:
        out->digest = v[0];
        break;
    case HEADER_ALGORITHM:
        out->algorithm = v[0];
        break;
    case HEADER_MODULUS:
        out->modulus = v[0];
        break;
    case HEADER_SIGNATURE:
        out->signature = e->value;
        out->signature_offset = e->offset;
        break;
    case HEADER_FILENAME:
        out->filename = text;
        break;
    case HEADER_TIMESTAMP:
        out->timestamp = (uint32_t)v[0] << 24 | (uint32_t)v[1] << 16 | (uint32_t)v[2] << 8 | v[3];
        out->has_timestamp = true;
        break;
    case HEADER_AEA_VERSION:
        out->aea_major = v[0];
        out->aea_minor = v[1];
        out->has_aea = true;
        break;
    default:
        break; /* containers are walked through; the unknown is skipped */
    }
    return 0;
}

enum { DEPTH_MAX = 4 };

/* Where the walk is: the bytes up to `end[0]`, inside `depth` containers. */
struct walk {
    struct bytes whole;
    size_t offset;
    size_t end[DEPTH_MAX];
    unsigned depth;
    bool seen[256];
};

static int walk_next(struct walk *w, struct tlv *e, struct why *why)
{
    size_t at = w->offset;
    size_t end = w->end[w->depth];
    int result = tlv_read(e, w->whole, &w->offset, end, why);
    if (result)
        return result;
    if (w->seen[e->tag])
        return why_error(why, ERR_DUPLICATE, "offset %zu, tag %u: the tag stands there twice", at,
                         e->tag);
    w->seen[e->tag] = true;
    if (envelope_is_container(e->tag)) {
        if (w->depth + 1 == DEPTH_MAX)
            return why_error(why, ERR_FORMAT, "offset %zu, tag %u: containers nested too deep", at,
                             e->tag);
        w->end[++w->depth] = w->offset;
        w->offset = at + TLV_PREFIX;
    }
    while (w->depth && w->offset == w->end[w->depth])
        w->depth--;
    return 0;
}

static int expect_first(struct envelope *out, struct walk *w, uint8_t tag, struct why *why)
{
    struct tlv e;
    int result = walk_next(w, &e, why);
    if (result)
        return result;
    if (e.tag != tag)
        return why_error(why, ERR_FORMAT, "offset %zu, tag %u: tag %u belongs here", e.offset,
                         e.tag, tag);
    return take_element(out, &e, why);
}

static int check_complete(const struct envelope *out, const struct walk *w, bool covered,
                          struct why *why)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (rules[i].needed && !w->seen[rules[i].tag])
            return why_error(why, ERR_FORMAT, "offset %zu, tag %u: the tag is missing", w->offset,
                             rules[i].tag);
    if (w->seen[HEADER_SIGNATURE] == covered)
        return why_error(why, ERR_FORMAT, "offset %zu, tag %u: the signature %s", w->offset,
                         HEADER_SIGNATURE, covered ? "does not belong here" : "is missing");
    size_t modulus = envelope_modulus_size(out->modulus);
    if (modulus == 0)
        return why_error(why, ERR_UNSUPPORTED, "tag %u: modulus code %u is not known",
                         HEADER_MODULUS, out->modulus);
    if (!covered && out->signature.size != modulus)
        return why_error(why, ERR_FORMAT,
                         "offset %zu, tag %u: a signature of %zu bytes where the modulus code says "
                         "%zu",
                         out->signature_offset, HEADER_SIGNATURE, out->signature.size, modulus);
    return 0;
}

/* Both forms: `size` is how many bytes of header there are. */
static int parse(struct envelope *out, struct bytes whole, bool covered, struct why *why)
{
    struct envelope e = {0};
    struct walk w = {.whole = whole, .end = {whole.size}};
    int result = expect_first(&e, &w, HEADER_VERSION, why);
    if (result == 0)
        result = expect_first(&e, &w, HEADER_LENGTH, why);
    if (result)
        return result;
    if (e.header_size < w.offset)
        return why_error(why, ERR_FORMAT,
                         "offset 5, tag 2: a HeaderLength of %u is shorter than the header begins",
                         e.header_size);
    if (!covered && e.header_size > whole.size)
        return why_error(why, ERR_TRUNCATED,
                         "offset 5, tag 2: HeaderLength %u, but the file has only %zu bytes",
                         e.header_size, whole.size);
    if (!covered)
        w.end[0] = e.header_size;
    while (w.offset < w.end[0]) {
        if (w.depth == 0 && whole.data[w.offset] == HEADER_PADDING) {
            w.offset++;
            continue;
        }
        struct tlv element;
        result = walk_next(&w, &element, why);
        if (result == 0)
            result = take_element(&e, &element, why);
        if (result)
            return result;
    }
    result = check_complete(&e, &w, covered, why);
    if (result)
        return result;
    if (covered && e.header_size != whole.size + TLV_PREFIX + envelope_modulus_size(e.modulus))
        return why_error(why, ERR_FORMAT,
                         "offset 5, tag 2: HeaderLength %u does not leave room for a signature of "
                         "%zu bytes",
                         e.header_size, envelope_modulus_size(e.modulus));
    *out = e;
    return 0;
}

int envelope_parse(struct envelope *out, struct bytes file, struct why *why)
{
    return parse(out, file, false, why);
}

int envelope_parse_covered(struct envelope *out, struct bytes header, struct why *why)
{
    return parse(out, header, true, why);
}

bool envelope_next(struct bytes file, size_t *offset, struct tlv *element)
{
    /* HeaderLength lies at a fixed place, since tags 1 and 2 come first. */
    if (file.size < 10)
        return false;
    size_t end = (size_t)file.data[8] << 8 | file.data[9];
    while (*offset < end && *offset >= 10 && file.data[*offset] == HEADER_PADDING)
        (*offset)++;
    if (*offset >= end)
        return false;
    size_t at = *offset;
    if (tlv_read(element, file, offset, end, NULL) != 0)
        return false;
    if (envelope_is_container(element->tag))
        *offset = at + TLV_PREFIX;
    return true;
}

void envelope_covered(const struct envelope *envelope, struct bytes file, struct bytes pieces[2])
{
    size_t after = envelope->signature_offset + TLV_PREFIX + envelope->signature.size;
    pieces[0] = bytes_slice(file, 0, envelope->signature_offset);
    pieces[1] = bytes_slice(file, after, file.size);
}

struct bytes envelope_body(const struct envelope *envelope, struct bytes file)
{
    return bytes_slice(file, envelope->header_size, file.size);
}

static void write_signer(struct buffer *out, const struct envelope_spec *spec)
{
    size_t start = out->size;
    tlv_write(out, HEADER_SIGNER_ID, bytes_of(NULL, 0));
    tlv_write_text(out, HEADER_SIGNER_NAME, spec->signer_name);
    tlv_write(out, HEADER_SERIAL, spec->serial);
    tlv_write_text(out, HEADER_CA_NAME, spec->issuer);
    size_t inside = out->size - start - TLV_PREFIX;
    if (inside > UINT16_MAX && !out->error)
        out->error = ERR_LIMIT;
    buffer_set_u16be(out, start + 1, (uint16_t)inside);
}

static void write_algorithm(struct buffer *out, enum digest_code digest, uint8_t modulus)
{
    enum { ALGORITHM_SIZE = 8, INFO_SIZE = 15 };
    const uint8_t info[] = {
        HEADER_SIGNATURE_INFO,
        0,
        INFO_SIZE,
        HEADER_DIGEST,
        0,
        1,
        (uint8_t)digest,
        HEADER_ALGORITHM_INFO,
        0,
        ALGORITHM_SIZE,
        HEADER_ALGORITHM,
        0,
        1,
        0,
        HEADER_MODULUS,
        0,
        1,
        modulus,
    };
    buffer_append(out, bytes_of(info, sizeof info));
}

int envelope_write(struct buffer *out, size_t *signature_at, const struct envelope_spec *spec,
                   struct why *why)
{
    int modulus = envelope_modulus_code(spec->modulus_size);
    if (modulus < 0)
        return why_error(why, modulus,
                         "no code is known for a %zu-bit key: sign with RSA 1024, 2048 or 4096",
                         spec->modulus_size * 8);
    size_t start = out->size;
    const uint8_t version[2] = {spec->version_major, spec->version_minor};
    const uint8_t aea[2] = {spec->aea_major, spec->aea_minor};
    tlv_write(out, HEADER_VERSION, bytes_of(version, sizeof version));
    tlv_write_u16(out, HEADER_LENGTH, 0);
    if (spec->has_aea)
        tlv_write(out, HEADER_AEA_VERSION, bytes_of(aea, sizeof aea));
    write_signer(out, spec);
    write_algorithm(out, spec->digest, (uint8_t)modulus);
    size_t before = out->size - start;
    tlv_write_text(out, HEADER_FILENAME, spec->filename);
    if (spec->has_timestamp)
        tlv_write_u32(out, HEADER_TIMESTAMP, spec->timestamp);
    buffer_append(out, spec->sealing);
    size_t whole = out->size - start + TLV_PREFIX + spec->modulus_size;
    size_t padding = (4 - whole % 4) % 4;
    buffer_fill(out, HEADER_PADDING, padding);
    if (whole + padding > ENVELOPE_HEADER_MAX && !out->error)
        out->error = ERR_LIMIT;
    buffer_set_u16be(out, start + 8, (uint16_t)(whole + padding));
    if (out->error)
        return why_error(why, out->error, "the header does not fit into its 65535 bytes");
    *signature_at = before;
    return 0;
}

int envelope_insert_signature(struct buffer *header, struct bytes covered, size_t signature_at,
                              struct bytes signature)
{
    if (signature_at > covered.size)
        return ERR_BUG;
    buffer_append(header, bytes_slice(covered, 0, signature_at));
    tlv_write(header, HEADER_SIGNATURE, signature);
    buffer_append(header, bytes_slice(covered, signature_at, covered.size));
    return header->error;
}
