/*
 * sccp_layout: what stands where in which version; inside of wire/sccp.
 *
 * A layout is a list of fields in the order of the wire. sccp.c walks it to read and to write, so
 * the two cannot differ.
 */
#ifndef WIRE_SCCP_LAYOUT_H
#define WIRE_SCCP_LAYOUT_H

#include "wire/sccp.h"

enum sccp_field_type {
    FIELD_U8,
    FIELD_U16,
    FIELD_U32,
    FIELD_U32_IN_A_BYTE, /* u8 on the wire, u32 in the message */
    FIELD_BYTES,         /* `size` of them; also characters that need no NUL */
    FIELD_TEXT,          /* `size` bytes, a C string in the message */
    FIELD_STRING,        /* up to its NUL; a C string of `room` in the message */
    FIELD_PADDING,       /* `size` bytes nobody looks at */
    FIELD_IPV4,          /* struct sccp_address, as four bytes */
    FIELD_ADDRESS,       /* struct sccp_address, as type and 16 bytes */
    FIELD_KEYS,          /* struct sccp_keys */
    FIELD_COUNT,         /* u32: how many slots of the next group count */
    FIELD_GROUP,         /* `size` slots, `room` bytes from one to the next in the message */
    FIELD_LENGTH,        /* u32: bytes of a FIELD_DATA that follows somewhere */
    FIELD_DATA,          /* struct bytes */
    FIELD_LINE_AFTER_25, /* u32 behind a text of 25 bytes: at once, or aligned to 28 */
};

struct sccp_field {
    uint8_t type;
    uint8_t from, until; /* the versions that have it; 0: no bound */
    uint16_t at;         /* of the value in struct sccp_message, or in the slot of the group */
    uint16_t size, room; /* room: of a string and of a slot of a group */
    const struct sccp_field *inner; /* of a group */
    size_t inner_count;
};

struct sccp_layout {
    uint32_t wire; /* the number on the wire */
    uint32_t id;   /* what it is: enum sccp_id */
    const char *name;
    uint8_t from, until; /* the versions in which we write it; read it is in all */
    bool from_phone;
    bool unversioned; /* its header never names a version */
    const struct sccp_field *fields;
    size_t count;
};

/* By the number on the wire; NULL when nobody knows it. */
const struct sccp_layout *sccp_layout_of(uint32_t wire);
/* The one to write in this version, or NULL. */
const struct sccp_layout *sccp_layout_to_write(uint32_t id, unsigned version);

/* The rooms of the table. */
struct sccp_layouts {
    const struct sccp_layout *first;
    size_t count;
};
extern const struct sccp_layouts sccp_station_layouts; /* registration, what a phone shows and is */
extern const struct sccp_layouts sccp_call_layouts;
extern const struct sccp_layouts sccp_media_layouts;

/* ---- how the tables are written ---- */

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))
#define FIELDS(array)   .fields = (array), .count = COUNT_OF(array)

/* Offset of a member, of which the compiler sees that it has so many bytes. */
#define SIZE_OF(holder, member) sizeof(((holder *)0)->member)
#define AT_IN(holder, member, bytes) \
    (offsetof(holder, member) + 0 * sizeof(char[SIZE_OF(holder, member) == (bytes) ? 1 : -1]))
#define AT_TEXT(holder, member, bytes) \
    (offsetof(holder, member) + 0 * sizeof(char[SIZE_OF(holder, member) > (bytes) ? 1 : -1]))

/* Of a slot of a group. */
#define SLOT_U8(holder, member)  .type = FIELD_U8, .at = AT_IN(holder, member, 1)
#define SLOT_U16(holder, member) .type = FIELD_U16, .at = AT_IN(holder, member, 2)
#define SLOT_U32(holder, member) .type = FIELD_U32, .at = AT_IN(holder, member, 4)
#define SLOT_BYTES(holder, member, bytes) \
    .type = FIELD_BYTES, .at = AT_IN(holder, member, bytes), .size = (bytes)
#define SLOT_TEXT(holder, member, bytes) \
    .type = FIELD_TEXT, .at = AT_TEXT(holder, member, bytes), .size = (bytes)
#define SLOT_GROUP(holder, member, slots, array)                          \
    .type = FIELD_GROUP, .at = offsetof(holder, member), .size = (slots), \
    .room = SIZE_OF(holder, member[0]), .inner = (array), .inner_count = COUNT_OF(array)

/* Of a message. */
#define U8(member)  SLOT_U8(struct sccp_message, member)
#define U16(member) SLOT_U16(struct sccp_message, member)
#define U32(member) SLOT_U32(struct sccp_message, member)
#define U32_IN_A_BYTE(member) \
    .type = FIELD_U32_IN_A_BYTE, .at = AT_IN(struct sccp_message, member, 4)
#define BYTES(member, bytes) SLOT_BYTES(struct sccp_message, member, bytes)
#define TEXT(member, bytes)  SLOT_TEXT(struct sccp_message, member, bytes)
#define CHARACTERS(member, bytes) \
    .type = FIELD_BYTES, .at = AT_TEXT(struct sccp_message, member, bytes), .size = (bytes)
#define STRING(member)                                                 \
    .type = FIELD_STRING, .at = offsetof(struct sccp_message, member), \
    .room = SIZE_OF(struct sccp_message, member)
#define PADDING(bytes) .type = FIELD_PADDING, .size = (bytes)
#define IPV4(member) \
    .type = FIELD_IPV4, .at = AT_IN(struct sccp_message, member, sizeof(struct sccp_address))
#define ADDRESS(member) \
    .type = FIELD_ADDRESS, .at = AT_IN(struct sccp_message, member, sizeof(struct sccp_address))
#define KEYS(member) \
    .type = FIELD_KEYS, .at = AT_IN(struct sccp_message, member, sizeof(struct sccp_keys))
#define COUNT(member)               .type = FIELD_COUNT, .at = AT_IN(struct sccp_message, member, 4)
#define GROUP(member, slots, array) SLOT_GROUP(struct sccp_message, member, slots, array)
#define LENGTH(member) \
    .type = FIELD_LENGTH, .at = AT_IN(struct sccp_message, member, sizeof(struct bytes))
#define DATA(member) \
    .type = FIELD_DATA, .at = AT_IN(struct sccp_message, member, sizeof(struct bytes))
#define LINE_AFTER_25(member) \
    .type = FIELD_LINE_AFTER_25, .at = AT_IN(struct sccp_message, member, 4)
#define SINCE(version) .from = (version)
#define UNTIL(version) .until = (version)

/* Rows of layouts: said by the phone, by the server, and by the server under a newer number. */
#define PHONE(message, text)         .wire = (message), .id = (message), .name = (text), .from_phone = true
#define SERVES(message, text)        .wire = (message), .id = (message), .name = (text)
#define NEWER(number, message, text) .wire = (number), .id = (message), .name = (text)

#endif
