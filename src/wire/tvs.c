#include "wire/tvs.h"

#include "wire/tlv.h"

#include <string.h>

enum tvs_tag {
    TAG_DEVICE_NAME = 1,
    TAG_CERTIFICATE = 2,
    TAG_SUBJECT_NAME = 3,
    TAG_ISSUER_NAME = 4,
    TAG_SERIAL_NUMBER = 5,
    TAG_STATUS = 7,
    TAG_ROLES = 8,
    TAG_TTL = 9,
};

/* Where things stand in the header. */
enum { AT_VERSION = 1, AT_COMMAND = 2, AT_SESSION = 4, AT_LENGTH = 8 };

/* In front of every device name that was seen; perhaps the kind of name. Text begins at the blank,
 * so what is below it is not the name's first letter. */
enum { NAME_PREFIX = 0x01, FIRST_LETTER = ' ' };

static const struct {
    const char *message;
    const char *event;
} names[] = {
    [0] = {"TVS_MSG_UNKNOWN", "TVS_EV_UNKNOWN"},
    [TVS_CERT_VERIFICATION_REQ] = {"TVS_MSG_CERT_VERIFICATION_REQ", "TVS_EV_CERT_VERIFICATION_REQ"},
    [TVS_CERT_VERIFICATION_RES] = {"TVS_MSG_CERT_VERIFICATION_RES", "TVS_EV_CERT_VERIFICATION_RES"},
    [TVS_QUERY_CERT_REQ] = {"TVS_MSG_QUERY_CERT_REQ", "TVS_EV_QUERY_CERT_REQ"},
    [TVS_QUERY_CERT_RES] = {"TVS_MSG_QUERY_CERT_RES", "TVS_EV_QUERY_CERT_RES"},
};

const char *tvs_message_name(uint8_t command)
{
    return names[command < sizeof names / sizeof *names ? command : 0].message;
}

const char *tvs_event_name(uint8_t command)
{
    return names[command < sizeof names / sizeof *names ? command : 0].event;
}

/* What is known of an element: what it is called, how long its value is (0: as it likes), and how
 * long it may be then, the NUL of a text and the byte in front of a name apart. */
static const struct element {
    const char *name;
    uint8_t size;
    uint16_t max;
} elements[] = {
    [TAG_DEVICE_NAME] = {"DEVICE_NAME", 0, TVS_DEVICE_MAX},
    [TAG_CERTIFICATE] = {"CERTIFICATE", 0, UINT16_MAX},
    [TAG_SUBJECT_NAME] = {"SUBJECT_NAME", 0, TVS_NAME_MAX},
    [TAG_ISSUER_NAME] = {"ISSUER_NAME", 0, TVS_NAME_MAX},
    [TAG_SERIAL_NUMBER] = {"SERIAL_NUMBER", 0, TVS_SERIAL_MAX},
    [TAG_STATUS] = {"STATUS", 1, 0},
    [TAG_ROLES] = {"ROLES", 0, TVS_ROLES_MAX},
    [TAG_TTL] = {"TTL", 4, 0},
};

/* NULL when nobody knows it. */
static const struct element *element_of(uint8_t tag)
{
    if (tag >= sizeof elements / sizeof *elements || !elements[tag].name)
        return NULL;
    return &elements[tag];
}

const char *tvs_element_name(uint8_t tag)
{
    const struct element *element = element_of(tag);
    return element ? element->name : "unknown element";
}

/* ---- reading ---- */

int tvs_frame(size_t *size, struct bytes so_far, size_t body_max, struct why *why)
{
    *size = 0;
    if (so_far.size && so_far.data[0] != TVS_PROTOCOL_ID)
        return why_error(why, ERR_FORMAT, "a message that begins with 0x%02x is not TVS's (0x%02x)",
                         so_far.data[0], TVS_PROTOCOL_ID);
    if (so_far.size > AT_VERSION && so_far.data[AT_VERSION] != TVS_VERSION)
        return why_error(why, ERR_FORMAT, "version %u of TVS; only %d is known",
                         so_far.data[AT_VERSION], TVS_VERSION);
    if (so_far.size < TVS_HEADER_SIZE)
        return 0;
    size_t body = (size_t)so_far.data[AT_LENGTH] << 8 | so_far.data[AT_LENGTH + 1];
    if (body > body_max)
        return why_error(why, ERR_LIMIT, "%s announces a body of %zu bytes; %zu is the most here",
                         tvs_message_name(so_far.data[AT_COMMAND]), body, body_max);
    if (so_far.size >= TVS_HEADER_SIZE + body)
        *size = TVS_HEADER_SIZE + body;
    return 0;
}

static int too_long(const struct tlv *e, size_t size, struct why *why)
{
    return why_error(why, ERR_LIMIT, "offset %zu, %s: %zu bytes; %u are the most", e->offset,
                     tvs_element_name(e->tag), size, elements[e->tag].max);
}

/* Characters; the NUL at their end may be missing, one inside may not be there. */
static int take_text(struct bytes *out, bool *has, const struct tlv *e, struct bytes text,
                     struct why *why)
{
    if (text.size && text.data[text.size - 1] == 0)
        text.size--;
    if (text.size && memchr(text.data, 0, text.size))
        return why_error(why, ERR_FORMAT, "offset %zu, %s: a NUL inside the text", e->offset,
                         tvs_element_name(e->tag));
    if (text.size > elements[e->tag].max)
        return too_long(e, text.size, why);
    *out = text;
    *has = true;
    return 0;
}

static int take_device_name(struct tvs_message *m, const struct tlv *e, struct why *why)
{
    struct bytes text = e->value;
    if (text.size && text.data[0] < FIRST_LETTER)
        text = bytes_slice(text, 1, text.size);
    return take_text(&m->device_name, &m->has_device_name, e, text, why);
}

static int take_view(struct bytes *out, bool *has, const struct tlv *e, struct why *why)
{
    if (e->length > elements[e->tag].max)
        return too_long(e, e->length, why);
    *out = e->value;
    *has = true;
    return 0;
}

static int take_element(struct tvs_message *m, const struct tlv *e, struct why *why)
{
    struct reader r;
    reader_init(&r, e->value);
    switch (e->tag) {
    case TAG_DEVICE_NAME:
        return take_device_name(m, e, why);
    case TAG_CERTIFICATE:
        return take_view(&m->certificate, &m->has_certificate, e, why);
    case TAG_SUBJECT_NAME:
        return take_text(&m->subject, &m->has_subject, e, e->value, why);
    case TAG_ISSUER_NAME:
        return take_text(&m->issuer, &m->has_issuer, e, e->value, why);
    case TAG_SERIAL_NUMBER:
        return take_view(&m->serial, &m->has_serial, e, why);
    case TAG_STATUS:
        m->has_status = true;
        m->status = reader_u8(&r);
        return 0;
    case TAG_ROLES:
        return take_view(&m->roles, &m->has_roles, e, why);
    case TAG_TTL:
        m->has_ttl = true;
        m->ttl = reader_u32be(&r);
        return 0;
    default:
        m->unknown++;
        return 0;
    }
}

static int check_element(const struct element *element, const struct tlv *e, bool seen,
                         struct why *why)
{
    if (seen)
        return why_error(why, ERR_DUPLICATE, "offset %zu: %s stands there twice", e->offset,
                         element->name);
    if (element->size && e->length != element->size)
        return why_error(why, ERR_FORMAT, "offset %zu, %s: length %u where %u is right", e->offset,
                         element->name, e->length, element->size);
    return 0;
}

static int read_body(struct tvs_message *m, struct bytes body, struct why *why)
{
    bool seen[sizeof elements / sizeof *elements] = {false};
    size_t offset = 0;
    int result = 0;
    while (result == 0 && offset < body.size) {
        struct tlv e;
        result = tlv_read(&e, body, &offset, body.size, why);
        if (result)
            break;
        const struct element *element = element_of(e.tag);
        if (element) {
            result = check_element(element, &e, seen[e.tag], why);
            seen[e.tag] = true;
        }
        if (result == 0)
            result = take_element(m, &e, why);
    }
    return result;
}

int tvs_read(struct tvs_message *out, struct bytes frame, struct why *why)
{
    size_t size;
    int result = tvs_frame(&size, frame, TVS_BODY_MAX, why);
    if (result == 0 && size == 0)
        result = why_error(why, ERR_TRUNCATED, "%zu bytes are not a whole message", frame.size);
    else if (result == 0 && size != frame.size)
        result = why_error(why, ERR_FORMAT, "%zu bytes follow the message", frame.size - size);
    struct tvs_message m = {0};
    if (result == 0) {
        struct reader r;
        reader_init(&r, bytes_slice(frame, AT_SESSION, sizeof(uint32_t)));
        m.command = frame.data[AT_COMMAND];
        m.session = reader_u32be(&r);
        result = read_body(&m, bytes_slice(frame, TVS_HEADER_SIZE, frame.size), why);
        if (result)
            why_prefix(why, result, "%s", tvs_message_name(m.command));
    }
    if (result == 0)
        *out = m;
    return result;
}

/* ---- writing ---- */

static void write_value(struct buffer *out, uint8_t tag, struct bytes value)
{
    if (value.size > elements[tag].max && !out->error)
        out->error = ERR_LIMIT;
    tlv_write(out, tag, value);
}

static void write_text(struct buffer *out, uint8_t tag, struct bytes text)
{
    if (text.size > elements[tag].max && !out->error)
        out->error = ERR_LIMIT;
    tlv_write_text(out, tag, text);
}

static void write_device_name(struct buffer *out, struct bytes name)
{
    static const uint8_t prefix[] = {NAME_PREFIX};
    size_t start = out->size;
    if (name.size > TVS_DEVICE_MAX && !out->error)
        out->error = ERR_LIMIT;
    tlv_write(out, TAG_DEVICE_NAME, bytes_of(prefix, sizeof prefix));
    buffer_append(out, name);
    if (!out->error)
        buffer_set_u16be(out, start + 1, (uint16_t)(sizeof prefix + name.size));
}

/* Requests in ascending order of tags, answers with STATUS first: so they were seen. */
static void write_body(struct buffer *out, const struct tvs_message *m)
{
    if (m->has_device_name)
        write_device_name(out, m->device_name);
    if (m->has_status)
        tlv_write_u8(out, TAG_STATUS, m->status);
    if (m->has_certificate)
        write_value(out, TAG_CERTIFICATE, m->certificate);
    if (m->has_subject)
        write_text(out, TAG_SUBJECT_NAME, m->subject);
    if (m->has_issuer)
        write_text(out, TAG_ISSUER_NAME, m->issuer);
    if (m->has_serial)
        write_value(out, TAG_SERIAL_NUMBER, m->serial);
    if (m->has_roles)
        write_value(out, TAG_ROLES, m->roles);
    if (m->has_ttl)
        tlv_write_u32(out, TAG_TTL, m->ttl);
}

int tvs_write(struct buffer *out, const struct tvs_message *message, struct why *why)
{
    size_t start = out->size;
    buffer_u8(out, TVS_PROTOCOL_ID);
    buffer_u8(out, TVS_VERSION);
    buffer_u8(out, message->command);
    buffer_u8(out, 0);
    buffer_u32be(out, message->session);
    buffer_u16be(out, 0);
    write_body(out, message);
    size_t body = out->size - start - TVS_HEADER_SIZE;
    if (!out->error && body > TVS_BODY_MAX)
        out->error = ERR_LIMIT;
    if (out->error)
        return why_error(why, out->error, "%s does not fit into a message of %d bytes",
                         tvs_message_name(message->command), TVS_FRAME_MAX);
    buffer_set_u16be(out, start + AT_LENGTH, (uint16_t)body);
    return 0;
}
