#include "wire/tlv.h"

#include <string.h>

int tlv_read(struct tlv *out, struct bytes whole, size_t *offset, size_t end, struct why *why)
{
    size_t at = *offset;
    if (end > whole.size || at >= end)
        return why_error(why, ERR_TRUNCATED, "offset %zu: an element is missing", at);
    uint8_t tag = whole.data[at];
    if (end - at < TLV_PREFIX)
        return why_error(why, ERR_TRUNCATED, "offset %zu, tag %u: the length is cut off", at, tag);
    uint16_t length = (uint16_t)(whole.data[at + 1] << 8 | whole.data[at + 2]);
    if (length > end - at - TLV_PREFIX)
        return why_error(why, ERR_TRUNCATED,
                         "offset %zu, tag %u: length %u, but only %zu bytes are left", at, tag,
                         length, end - at - TLV_PREFIX);
    *out = (struct tlv){.offset = at,
                        .tag = tag,
                        .length = length,
                        .value = bytes_of(whole.data + at + TLV_PREFIX, length)};
    *offset = at + TLV_PREFIX + length;
    return 0;
}

/* Tag and length; a value no length can say makes the buffer fail. */
static void write_prefix(struct buffer *out, uint8_t tag, size_t length)
{
    if (length > UINT16_MAX && !out->error)
        out->error = ERR_LIMIT;
    buffer_u8(out, tag);
    buffer_u16be(out, (uint16_t)length);
}

void tlv_write(struct buffer *out, uint8_t tag, struct bytes value)
{
    write_prefix(out, tag, value.size);
    buffer_append(out, value);
}

void tlv_write_text(struct buffer *out, uint8_t tag, struct bytes text)
{
    write_prefix(out, tag, text.size + 1);
    buffer_append(out, text);
    buffer_u8(out, 0);
}

void tlv_write_u8(struct buffer *out, uint8_t tag, uint8_t value)
{
    write_prefix(out, tag, 1);
    buffer_u8(out, value);
}

void tlv_write_u16(struct buffer *out, uint8_t tag, uint16_t value)
{
    write_prefix(out, tag, 2);
    buffer_u16be(out, value);
}

void tlv_write_u32(struct buffer *out, uint8_t tag, uint32_t value)
{
    write_prefix(out, tag, 4);
    buffer_u32be(out, value);
}

int tlv_text(struct bytes *out, const struct tlv *element, struct why *why)
{
    const uint8_t *nul =
        element->length ? memchr(element->value.data, 0, element->value.size) : NULL;
    if (!nul || nul + 1 != element->value.data + element->value.size)
        return why_error(why, ERR_FORMAT, "offset %zu, tag %u: a text must end with its only NUL",
                         element->offset, element->tag);
    *out = bytes_slice(element->value, 0, element->value.size - 1);
    return 0;
}
