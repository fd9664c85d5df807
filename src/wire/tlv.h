/*
 * tlv: the elements all trust files are made of (docs/protocols/trust-files.md, "Elements").
 *
 * An element is tag(1) length(2, big-endian) value(length). Two exceptions, both in headers only:
 * tag 13 is a single byte of padding, and some tags are containers, whose value is a run of
 * elements. The flat walk here steps over a container's own three bytes and goes on inside it.
 */
#ifndef WIRE_TLV_H
#define WIRE_TLV_H

#include "base/bytes.h"

#define TLV_PREFIX 3 /* bytes of tag and length */

struct tlv {
    size_t offset; /* of the tag, from the start of the walked bytes */
    uint8_t tag;
    uint16_t length; /* of the value */
    struct bytes value;
};

/* The element at *offset; moves *offset behind it. `end` bounds the element. ERR_TRUNCATED names
 * offset, tag and what is missing. */
int tlv_read(struct tlv *out, struct bytes whole, size_t *offset, size_t end,
             struct why *why) CHECKED;

void tlv_write(struct buffer *out, uint8_t tag, struct bytes value);
/* Text with the NUL that counts. */
void tlv_write_text(struct buffer *out, uint8_t tag, struct bytes text);
void tlv_write_u8(struct buffer *out, uint8_t tag, uint8_t value);
void tlv_write_u16(struct buffer *out, uint8_t tag, uint16_t value);
void tlv_write_u32(struct buffer *out, uint8_t tag, uint32_t value);

/* The characters of a text value: everything before its one NUL at the end. ERR_FORMAT when the
 * NUL is missing or stands elsewhere. */
int tlv_text(struct bytes *out, const struct tlv *element, struct why *why) CHECKED;

#endif
