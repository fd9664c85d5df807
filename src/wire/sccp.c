#include "wire/sccp.h"

#include "base/secret.h"
#include "wire/sccp_layout.h"

#include <string.h>

enum { KEY_SIZE = 16, SALT_SIZE = 14, LENGTH_OVERHEAD = 8 };

void sccp_message_init(struct sccp_message *message, enum sccp_id id)
{
    memset(message, 0, sizeof *message);
    message->id = id;
}

void sccp_message_wipe(struct sccp_message *message)
{
    secret_wipe(message, sizeof *message);
}

int sccp_keys_check(const struct sccp_keys *keys, struct why *why)
{
    if (keys->algorithm == SCCP_SRTP_NONE)
        return why_error(why, ERR_NOT_FOUND, "no keys for the media");
    if (keys->algorithm != SCCP_SRTP_AES_128_SHA1_32)
        return why_error(why, ERR_UNSUPPORTED,
                         "media keys for algorithm %u; phones of SCCP have %u only, "
                         "AES_CM_128_HMAC_SHA1_32",
                         keys->algorithm, SCCP_SRTP_AES_128_SHA1_32);
    if (keys->key_size != KEY_SIZE || keys->salt_size != SALT_SIZE)
        return why_error(why, ERR_FORMAT,
                         "media keys of %u and %u bytes; the algorithm takes a key of %d and a "
                         "salt of %d",
                         keys->key_size, keys->salt_size, KEY_SIZE, SALT_SIZE);
    if (keys->mki_present || keys->derivation_rate)
        return why_error(why, ERR_FORMAT,
                         "media keys with an MKI or a derivation rate (%u); phones use neither",
                         keys->derivation_rate);
    return 0;
}

/* ---- frames ---- */

static uint32_t word_at(struct bytes frame, size_t at)
{
    struct reader r;
    reader_init(&r, bytes_slice(frame, at, sizeof(uint32_t)));
    return reader_u32le(&r);
}

uint32_t sccp_frame_id(struct bytes frame)
{
    return frame.size < SCCP_HEADER_SIZE ? UINT32_MAX : word_at(frame, 8);
}

int sccp_frame(size_t *size, struct bytes so_far, struct why *why)
{
    *size = 0;
    if (so_far.size < sizeof(uint32_t))
        return 0;
    uint32_t length = word_at(so_far, 0);
    if (length < SCCP_LENGTH_MIN || length > SCCP_LENGTH_MAX)
        return why_error(why, ERR_LIMIT, "a message that announces %u bytes; SCCP's have %d to %d",
                         length, SCCP_LENGTH_MIN, SCCP_LENGTH_MAX);
    if (so_far.size >= LENGTH_OVERHEAD + length)
        *size = LENGTH_OVERHEAD + length;
    return 0;
}

/* ---- what both directions share ---- */

static bool has(const struct sccp_field *field, unsigned version)
{
    return version >= field->from && (!field->until || version <= field->until);
}

/* Members are reached by their offset; the tables' macros checked that they have the size. */
static void put(uint8_t *at, const void *value, size_t size)
{
    memcpy(at, value, size);
}

/* Before they agree on a version phone and server speak the oldest one. */
static unsigned spoken(unsigned version)
{
    if (version < SCCP_VERSION_MIN)
        return SCCP_VERSION_MIN;
    return version < SCCP_VERSION_MAX ? version : SCCP_VERSION_MAX;
}

/* ---- reading ---- */

struct reading {
    struct reader r;
    unsigned version;
    size_t missing;  /* bytes of the layout that did not come */
    uint32_t length; /* of the data that follow */
    uint32_t *count; /* of the next group, as the peer says */
    int error;
    struct why *why;
};

/* What there is of the next `size` bytes. */
static struct bytes take(struct reading *in, size_t size)
{
    size_t left = reader_left(&in->r);
    if (left < size) {
        in->missing += size - left;
        size = left;
    }
    return size ? reader_bytes(&in->r, size) : bytes_of(NULL, 0);
}

/* A number that is cut is not there. */
static uint32_t take_number(struct reading *in, size_t size)
{
    struct bytes b = take(in, size);
    uint32_t value = 0;
    for (size_t i = b.size == size ? size : 0; i > 0; i--)
        value = value << 8 | b.data[i - 1];
    return value;
}

static void take_bytes(struct reading *in, uint8_t *out, size_t size)
{
    struct bytes b = take(in, size);
    if (b.size)
        memcpy(out, b.data, b.size);
}

static void take_u32(struct reading *in, uint8_t *out, size_t size)
{
    uint32_t value = take_number(in, size);
    put(out, &value, sizeof value);
}

static void take_u16(struct reading *in, uint8_t *out)
{
    uint16_t value = (uint16_t)take_number(in, sizeof value);
    put(out, &value, sizeof value);
}

/* How much of a text fits into `room` with a NUL, without the beginning of a character. */
static size_t fitting(struct bytes text, size_t room)
{
    size_t size = text.size;
    if (size < room)
        return size;
    for (size = room - 1; size > 0 && (text.data[size] & 0xC0) == 0x80;)
        size--;
    return size;
}

static void take_string(struct reading *in, uint8_t *out, size_t room)
{
    size_t left = reader_left(&in->r);
    const uint8_t *start = left ? in->r.data + in->r.offset : NULL;
    const uint8_t *nul = left ? memchr(start, 0, left) : NULL;
    struct bytes text = bytes_of(start, nul ? (size_t)(nul - start) : left);
    size_t size = fitting(text, room);
    if (size)
        memcpy(out, text.data, size);
    if (left)
        (void)reader_bytes(&in->r, text.size + (nul ? 1 : 0));
    in->missing += nul ? 0 : 1;
}

static void take_address(struct reading *in, uint8_t *out, bool typed)
{
    struct sccp_address address = {.type = SCCP_IPV4};
    if (typed)
        address.type = take_number(in, sizeof address.type);
    take_bytes(in, address.bytes, typed ? sizeof address.bytes : 4);
    put(out, &address, sizeof address);
}

/* Old servers leave the end of the block away, but never a part of key or salt. Lengths that fit
 * nowhere are refused where keys are announced; otherwise the block is of no use and may be
 * anything. */
static void take_keys(struct reading *in, uint8_t *out)
{
    struct sccp_keys keys = {0};
    keys.algorithm = take_number(in, sizeof keys.algorithm);
    keys.key_size = (uint16_t)take_number(in, sizeof keys.key_size);
    keys.salt_size = (uint16_t)take_number(in, sizeof keys.salt_size);
    take_bytes(in, keys.key, sizeof keys.key);
    take_bytes(in, keys.salt, sizeof keys.salt);
    bool whole = in->missing == 0;
    keys.mki_present = take_number(in, sizeof keys.mki_present);
    keys.derivation_rate = take_number(in, sizeof keys.derivation_rate);
    bool fits = keys.key_size <= sizeof keys.key && keys.salt_size <= sizeof keys.salt;
    if (keys.algorithm == SCCP_SRTP_NONE && !fits)
        keys.key_size = keys.salt_size = 0;
    else if (!fits)
        in->error = why_error(in->why, ERR_FORMAT,
                              "media keys that announce %u and %u bytes; there is room for %zu "
                              "each",
                              keys.key_size, keys.salt_size, sizeof keys.key);
    else if (keys.algorithm != SCCP_SRTP_NONE && !whole)
        in->error = why_error(in->why, ERR_TRUNCATED,
                              "media keys are announced (algorithm %u), but the payload ends "
                              "before they do",
                              keys.algorithm);
    put(out, &keys, sizeof keys);
    secret_wipe(&keys, sizeof keys);
}

static void take_data(struct reading *in, uint8_t *out)
{
    size_t left = reader_left(&in->r);
    struct bytes data = {0};
    if (left)
        data = reader_bytes(&in->r, in->length < left ? in->length : left);
    put(out, &data, sizeof data);
}

/* Some phones write the line right behind the 25 bytes of the number, some at the next word. A
 * line's number is small, so that its first byte is not zero. */
static void take_line_after_25(struct reading *in, uint8_t *out)
{
    size_t left = reader_left(&in->r);
    if (left >= 7 && in->r.data[in->r.offset] == 0)
        (void)reader_bytes(&in->r, 3);
    take_u32(in, out, sizeof(uint32_t));
}

static void take_fields(struct reading *in, uint8_t *base, const struct sccp_field *fields,
                        size_t count);

static void take_group(struct reading *in, uint8_t *base, const struct sccp_field *field)
{
    uint32_t whole = 0;
    uint32_t *count = in->count;
    in->count = NULL;
    for (unsigned i = 0; i < field->size; i++) {
        take_fields(in, base + (size_t)i * field->room, field->inner, field->inner_count);
        whole += in->missing == 0;
    }
    if (count && *count > whole)
        *count = whole;
}

static void take_field(struct reading *in, uint8_t *at, const struct sccp_field *field)
{
    switch ((enum sccp_field_type)field->type) {
    case FIELD_U8:
        *at = (uint8_t)take_number(in, 1);
        break;
    case FIELD_U16:
        take_u16(in, at);
        break;
    case FIELD_U32:
        take_u32(in, at, sizeof(uint32_t));
        break;
    case FIELD_U32_IN_A_BYTE:
        take_u32(in, at, 1);
        break;
    case FIELD_BYTES:
    case FIELD_TEXT:
        take_bytes(in, at, field->size);
        break;
    case FIELD_STRING:
        take_string(in, at, field->room);
        break;
    case FIELD_PADDING:
        (void)take(in, field->size);
        break;
    case FIELD_IPV4:
    case FIELD_ADDRESS:
        take_address(in, at, field->type == FIELD_ADDRESS);
        break;
    case FIELD_KEYS:
        take_keys(in, at);
        break;
    case FIELD_COUNT:
        take_u32(in, at, sizeof(uint32_t));
        in->count = (uint32_t *)(void *)at;
        break;
    case FIELD_GROUP:
        take_group(in, at, field);
        break;
    case FIELD_LENGTH:
        in->length = take_number(in, sizeof in->length);
        break;
    case FIELD_DATA:
        take_data(in, at);
        break;
    case FIELD_LINE_AFTER_25:
        take_line_after_25(in, at);
        break;
    }
}

static void take_fields(struct reading *in, uint8_t *base, const struct sccp_field *fields,
                        size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (has(&fields[i], in->version))
            take_field(in, base + fields[i].at, &fields[i]);
}

int sccp_read(struct sccp_message *out, unsigned version, struct bytes frame, struct why *why)
{
    memset(out, 0, sizeof *out);
    if (frame.size < SCCP_HEADER_SIZE || word_at(frame, 0) != frame.size - LENGTH_OVERHEAD)
        return why_error(why, ERR_FORMAT, "%zu bytes are not one message", frame.size);
    uint32_t wire = word_at(frame, 8);
    size_t payload = frame.size - SCCP_HEADER_SIZE;
    const struct sccp_layout *layout = sccp_layout_of(wire);
    if (!layout)
        return why_error(why, ERR_UNSUPPORTED, "unknown id 0x%04x of %zu bytes", wire, payload);
    struct reading in = {.version = spoken(version), .why = why};
    reader_init(&in.r, bytes_slice(frame, SCCP_HEADER_SIZE, payload));
    out->id = layout->id;
    take_fields(&in, (uint8_t *)out, layout->fields, layout->count);
    if (layout == sccp_layout_to_write(layout->id, in.version))
        out->cut = (uint16_t)in.missing;
    if (in.error) {
        sccp_message_wipe(out);
        return why_prefix(why, in.error, "%s of %zu bytes", layout->name, payload);
    }
    return 0;
}

/* ---- writing ---- */

static uint32_t value_u32(const uint8_t *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static uint16_t value_u16(const uint8_t *at)
{
    uint16_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static struct bytes value_bytes(const uint8_t *at)
{
    struct bytes value;
    memcpy(&value, at, sizeof value);
    return value;
}

/* With what a peer left behind the NUL, if there is a NUL in time. */
static void write_text(struct buffer *out, const uint8_t *text, size_t width)
{
    size_t size = width;
    if (!memchr(text, 0, size))
        size = fitting(bytes_of(text, size), size);
    buffer_append(out, bytes_of(text, size));
    buffer_fill(out, 0, width - size);
}

static void write_string(struct buffer *out, const uint8_t *text, size_t room)
{
    buffer_append(out, bytes_of(text, strnlen((const char *)text, room - 1)));
    buffer_u8(out, 0);
}

static void write_address(struct buffer *out, const uint8_t *at, bool typed)
{
    struct sccp_address address;
    memcpy(&address, at, sizeof address);
    if (typed)
        buffer_u32le(out, address.type);
    buffer_append(out, bytes_of(address.bytes, typed ? sizeof address.bytes : 4));
}

static void write_keys(struct buffer *out, const uint8_t *at)
{
    struct sccp_keys keys;
    memcpy(&keys, at, sizeof keys);
    buffer_u32le(out, keys.algorithm);
    buffer_u16le(out, keys.key_size);
    buffer_u16le(out, keys.salt_size);
    buffer_append(out, bytes_of(keys.key, sizeof keys.key));
    buffer_append(out, bytes_of(keys.salt, sizeof keys.salt));
    buffer_u32le(out, keys.mki_present);
    buffer_u32le(out, keys.derivation_rate);
    secret_wipe(&keys, sizeof keys);
}

static void write_fields(struct buffer *out, unsigned version, const uint8_t *base,
                         const struct sccp_field *fields, size_t count);

static void write_field(struct buffer *out, unsigned version, const uint8_t *at,
                        const struct sccp_field *field)
{
    switch ((enum sccp_field_type)field->type) {
    case FIELD_U8:
        buffer_u8(out, *at);
        break;
    case FIELD_U16:
        buffer_u16le(out, value_u16(at));
        break;
    case FIELD_U32:
    case FIELD_COUNT:
    case FIELD_LINE_AFTER_25:
        buffer_u32le(out, value_u32(at));
        break;
    case FIELD_U32_IN_A_BYTE:
        buffer_u8(out, (uint8_t)value_u32(at));
        break;
    case FIELD_BYTES:
        buffer_append(out, bytes_of(at, field->size));
        break;
    case FIELD_TEXT:
        write_text(out, at, field->size);
        break;
    case FIELD_STRING:
        write_string(out, at, field->room);
        break;
    case FIELD_PADDING:
        buffer_fill(out, 0, field->size);
        break;
    case FIELD_IPV4:
    case FIELD_ADDRESS:
        write_address(out, at, field->type == FIELD_ADDRESS);
        break;
    case FIELD_KEYS:
        write_keys(out, at);
        break;
    case FIELD_GROUP:
        for (unsigned i = 0; i < field->size; i++)
            write_fields(out, version, at + (size_t)i * field->room, field->inner,
                         field->inner_count);
        break;
    case FIELD_LENGTH:
        buffer_u32le(out, (uint32_t)value_bytes(at).size);
        break;
    case FIELD_DATA:
        buffer_append(out, value_bytes(at));
        break;
    }
}

static void write_fields(struct buffer *out, unsigned version, const uint8_t *base,
                         const struct sccp_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (has(&fields[i], version))
            write_field(out, version, base + fields[i].at, &fields[i]);
}

int sccp_write(struct buffer *out, unsigned version, const struct sccp_message *message,
               struct why *why)
{
    const struct sccp_layout *layout = sccp_layout_to_write(message->id, spoken(version));
    if (!layout)
        return why_error(why, ERR_UNSUPPORTED, "version %u of SCCP has no message 0x%04x",
                         spoken(version), message->id);
    size_t start = out->size;
    buffer_u32le(out, 0);
    buffer_u32le(out, layout->unversioned || version < 10 ? 0 : version);
    buffer_u32le(out, layout->wire);
    write_fields(out, spoken(version), (const uint8_t *)message, layout->fields, layout->count);
    size_t payload = out->size - start - SCCP_HEADER_SIZE;
    if (!out->error) {
        payload -= message->cut < payload ? message->cut : payload;
        out->size = start + SCCP_HEADER_SIZE + payload;
        buffer_fill(out, 0, -payload & 3);
    }
    size_t length = out->size - start - LENGTH_OVERHEAD;
    if (!out->error && length > SCCP_LENGTH_MAX)
        out->error = ERR_LIMIT;
    if (out->error)
        return why_error(why, out->error, "%s does not fit into a message of %d bytes",
                         layout->name, SCCP_FRAME_MAX);
    buffer_set_u32le(out, start, (uint32_t)length);
    return 0;
}
