#include "wire/capf.h"

#include "wire/tlv.h"

#include <string.h>

enum capf_tag {
    TAG_REASON = 1,
    TAG_REASON_INFO = 2,
    TAG_CERTIFICATE_TYPE = 3,
    TAG_CERTIFICATE = 4,
    TAG_SIGNED_DATA = 6,
    TAG_VERSION = 7,
    TAG_AUTH_TYPE = 8,
    TAG_PUBLIC_KEY = 9,
    TAG_KEY_SIZE = 10,
    TAG_PASSWORD = 11,
    TAG_RETRY_DELAY = 12,
    TAG_DEVICE_NAME = 13,
    TAG_SUDI_DATA = 16,
    TAG_KEY_TYPE = 17,
    TAG_CURVE = 18,
    TAG_SHA2_SIGNED_DATA = 20,
};

enum { SUDI_CERTIFICATE = 0, SUDI_SHA1 = 1, SUDI_SHA512 = 3 };

/* CERTIFICATE begins 01, length of the rest (2), 00 01. Of the last two only the value is known:
 * either one number or a zero and a type, 1 in every message seen. */
enum { WRAPPER_SIZE = 5, WRAPPER_PREFIX = 3 };

static const struct {
    const char *message;
    const char *event;
} names[] = {
    [0] = {"CAPF_MSG_UNKNOWN", "CAPF_EV_UNKNOWN"},
    [CAPF_AUTH_REQ] = {"CAPF_MSG_AUTH_REQ", "CAPF_EV_AUTH_REQ"},
    [CAPF_AUTH_RES] = {"CAPF_MSG_AUTH_RES", "CAPF_EV_AUTH_RES"},
    [CAPF_KEY_GEN_REQ] = {"CAPF_MSG_KEY_GEN_REQ", "CAPF_EV_KEY_GEN_REQ"},
    [CAPF_KEY_GEN_RES] = {"CAPF_MSG_KEY_GEN_RES", "CAPF_EV_KEY_GEN_RES"},
    [CAPF_ENCRYPT_REQ] = {"CAPF_MSG_ENCRYPT_REQ", "CAPF_EV_ENCRYPT_REQ"},
    [CAPF_ENCRYPT_RES] = {"CAPF_MSG_ENCRYPT_RES", "CAPF_EV_ENCRYPT_RES"},
    [CAPF_DECRYPT_REQ] = {"CAPF_MSG_DECRYPT_REQ", "CAPF_EV_DECRYPT_REQ"},
    [CAPF_DECRYPT_RES] = {"CAPF_MSG_DECRYPT_RES", "CAPF_EV_DECRYPT_RES"},
    [CAPF_STORE_CERT_REQ] = {"CAPF_MSG_STORE_CERT_REQ", "CAPF_EV_STORE_CERT_REQ"},
    [CAPF_STORE_CERT_RES] = {"CAPF_MSG_STORE_CERT_RES", "CAPF_EV_STORE_CERT_RES"},
    [CAPF_FETCH_CERT_REQ] = {"CAPF_MSG_FETCH_CERT_REQ", "CAPF_EV_FETCH_CERT_REQ"},
    [CAPF_FETCH_CERT_RES] = {"CAPF_MSG_FETCH_CERT_RES", "CAPF_EV_FETCH_CERT_RES"},
    [CAPF_DELETE_CERT_REQ] = {"CAPF_MSG_DELETE_CERT_REQ", "CAPF_EV_DELETE_CERT_REQ"},
    [CAPF_DELETE_CERT_RES] = {"CAPF_MSG_DELETE_CERT_RES", "CAPF_EV_DELETE_CERT_RES"},
    [CAPF_END_SESSION] = {"CAPF_MSG_END_SESSION", "CAPF_EV_END_SESSION"},
    [CAPF_RETRY_LATER] = {"CAPF_MSG_RETRY_LATER", "CAPF_EV_RETRY_LATER"},
    /* The message and its event are spelled differently, and CUCM's traces show both. */
    [CAPF_REQUEST_IN_PROGRESS] = {"CAPF_MSG_REQ_IN_PROGRESS", "CAPF_EV_REQUEST_IN_PROGRESS"},
    [CAPF_STATUS_REQ] = {"CAPF_MSG_STATUS_REQ", "CAPF_EV_STATUS_REQ"},
    [CAPF_STATUS_RES] = {"CAPF_MSG_STATUS_RES", "CAPF_EV_STATUS_RES"},
    [CAPF_ABORT_REQ] = {"CAPF_MSG_ABORT_REQ", "CAPF_EV_ABORT_REQ"},
    [CAPF_ABORT_RES] = {"CAPF_MSG_ABORT_RES", "CAPF_EV_ABORT_RES"},
    [CAPF_SIGN_CERT_REQ] = {"CAPF_MSG_SIGN_CERT_REQ", "CAPF_EV_SIGN_CERT_REQ"},
    [CAPF_SIGN_CERT_RES] = {"CAPF_MSG_SIGN_CERT_RES", "CAPF_EV_SIGN_CERT_RES"},
};

const char *capf_message_name(uint8_t command)
{
    return names[command < sizeof names / sizeof *names ? command : 0].message;
}

const char *capf_event_name(uint8_t command)
{
    return names[command < sizeof names / sizeof *names ? command : 0].event;
}

/* What is known of an element: how long its value is (0: as it likes) and what it is called. */
static const struct element {
    const char *name;
    uint8_t size;
    bool known; /* read, so it may stand there once only */
} elements[] = {
    [TAG_REASON] = {"REASON", 1, true},
    [TAG_REASON_INFO] = {"REASON_INFO", 0, true},
    [TAG_CERTIFICATE_TYPE] = {"CERTIFICATE_TYPE", 1, true},
    [TAG_CERTIFICATE] = {"CERTIFICATE", 0, true},
    [5] = {"CERTIFICATE_ID", 0, false},
    [TAG_SIGNED_DATA] = {"SIGNED_DATA", 0, true},
    [TAG_VERSION] = {"VERSION", 1, true},
    [TAG_AUTH_TYPE] = {"AUTH_TYPE", 1, true},
    [TAG_PUBLIC_KEY] = {"PUBLIC_KEY", 0, true},
    [TAG_KEY_SIZE] = {"KEY_SIZE", 2, true},
    [TAG_PASSWORD] = {"PASSWORD", 0, true},
    [TAG_RETRY_DELAY] = {"RETRY_DELAY", 0, true},
    [TAG_DEVICE_NAME] = {"DEVICE_NAME", 0, true},
    [TAG_SUDI_DATA] = {"SUDI_DATA", 0, true},
    [TAG_KEY_TYPE] = {"KEY_TYPE", 1, true},
    [TAG_CURVE] = {"CURVE", 1, true},
    [19] = {"DIGEST_TYPE", 0, false},
    [TAG_SHA2_SIGNED_DATA] = {"SHA2_SIGNED_DATA", 0, true},
};

static const struct element *element_of(uint8_t tag)
{
    static const struct element unknown = {"unknown element", 0, false};
    if (tag >= sizeof elements / sizeof *elements || !elements[tag].name)
        return &unknown;
    return &elements[tag];
}

const char *capf_element_name(uint8_t tag)
{
    return element_of(tag)->name;
}

const char *capf_reason_text(uint8_t reason)
{
    switch (reason) {
    case CAPF_REASON_NONE:
        return "nothing to do";
    case CAPF_REASON_SUCCESS:
        return "success";
    case CAPF_REASON_REFUSED:
        return "refused";
    case CAPF_REASON_UNKNOWN_DEVICE:
        return "unknown device";
    default:
        return "a reason that is not documented";
    }
}

/* ---- reading ---- */

int capf_frame(size_t *size, struct bytes so_far, size_t body_max, struct why *why)
{
    *size = 0;
    if (so_far.size && so_far.data[0] != CAPF_PROTOCOL_ID)
        return why_error(why, ERR_FORMAT,
                         "a message that begins with 0x%02x is not CAPF's (0x%02x)", so_far.data[0],
                         CAPF_PROTOCOL_ID);
    if (so_far.size < CAPF_HEADER_SIZE)
        return 0;
    size_t body = (size_t)so_far.data[6] << 8 | so_far.data[7];
    if (body > body_max)
        return why_error(why, ERR_LIMIT, "%s announces a body of %zu bytes; %zu is the most here",
                         capf_message_name(so_far.data[1]), body, body_max);
    if (so_far.size >= CAPF_HEADER_SIZE + body)
        *size = CAPF_HEADER_SIZE + body;
    return 0;
}

uint32_t capf_session(struct bytes frame)
{
    if (frame.size < CAPF_HEADER_SIZE)
        return 0;
    struct reader r;
    reader_init(&r, bytes_slice(frame, 2, sizeof(uint32_t)));
    return reader_u32be(&r);
}

/* Characters; the NUL at their end may be missing, one inside may not be there. */
static int take_text(struct bytes *out, const struct tlv *e, struct why *why)
{
    struct bytes text = e->value;
    if (text.size && text.data[text.size - 1] == 0)
        text.size--;
    if (text.size && memchr(text.data, 0, text.size))
        return why_error(why, ERR_FORMAT, "offset %zu, %s: a NUL inside the text", e->offset,
                         capf_element_name(e->tag));
    if (text.size > CAPF_TEXT_MAX)
        return why_error(why, ERR_LIMIT, "offset %zu, %s: %zu characters; %d are the most",
                         e->offset, capf_element_name(e->tag), text.size, CAPF_TEXT_MAX);
    *out = text;
    return 0;
}

static int take_certificate(struct bytes *out, const struct tlv *e, struct why *why)
{
    size_t inner = e->length < WRAPPER_SIZE ? 0 : (size_t)e->value.data[1] << 8 | e->value.data[2];
    if (e->length < WRAPPER_SIZE || inner != (size_t)e->length - WRAPPER_PREFIX)
        return why_error(why, ERR_FORMAT,
                         "offset %zu, CERTIFICATE: %u bytes do not hold the wrapper, or not what "
                         "it announces (%zu)",
                         e->offset, e->length, inner);
    *out = bytes_slice(e->value, WRAPPER_SIZE, e->length);
    return 0;
}

static int take_sha2(struct capf_message *m, const struct tlv *e, struct why *why)
{
    struct reader r;
    reader_init(&r, e->value);
    m->sha2_digest = reader_u8(&r);
    m->sha2_signature = reader_bytes(&r, reader_u16be(&r));
    if (reader_end(&r))
        return why_error(why, ERR_FORMAT,
                         "offset %zu, SHA2_SIGNED_DATA: its %u bytes are not a digest code, a "
                         "length and that many bytes of signature",
                         e->offset, e->length);
    return 0;
}

static int take_sudi(struct capf_sudi *out, const struct tlv *e, struct why *why)
{
    size_t offset = 0;
    bool seen[4] = {false};
    while (offset < e->value.size) {
        struct tlv part;
        int result = tlv_read(&part, e->value, &offset, e->value.size, why);
        if (result)
            return why_prefix(why, result, "offset %zu, SUDI_DATA", e->offset);
        if (part.tag < sizeof seen / sizeof *seen) {
            if (seen[part.tag])
                return why_error(why, ERR_DUPLICATE,
                                 "offset %zu, SUDI_DATA: part %u stands there twice", e->offset,
                                 part.tag);
            seen[part.tag] = true;
        }
        if (part.tag == SUDI_CERTIFICATE)
            out->certificate = part.value;
        else if (part.tag == SUDI_SHA1)
            out->sha1_signature = part.value;
        else if (part.tag == SUDI_SHA512)
            out->sha512_signature = part.value;
    }
    return 0;
}

/* Nobody has seen one, so its width is not held against the phone. */
static void take_retry_delay(struct capf_message *m, const struct tlv *e)
{
    if (e->length == 0 || e->length > 4) {
        m->unknown++;
        return;
    }
    m->has_retry_delay = true;
    for (size_t i = 0; i < e->length; i++)
        m->retry_delay = m->retry_delay << 8 | e->value.data[i];
}

static int take_view(struct bytes *out, bool *has, struct bytes value)
{
    *out = value;
    *has = true;
    return 0;
}

static int take_number(uint8_t *out, bool *has, struct bytes value)
{
    *out = value.data[0];
    *has = true;
    return 0;
}

static int take_element(struct capf_message *m, const struct tlv *e, struct why *why)
{
    switch (e->tag) {
    case TAG_REASON:
        return take_number(&m->reason, &m->has_reason, e->value);
    case TAG_REASON_INFO:
        m->has_reason_info = true;
        return take_text(&m->reason_info, e, why);
    case TAG_CERTIFICATE_TYPE:
        return take_number(&m->certificate_type, &m->has_certificate_type, e->value);
    case TAG_CERTIFICATE:
        m->has_certificate = true;
        return take_certificate(&m->certificate, e, why);
    case TAG_SIGNED_DATA:
        return take_view(&m->signature, &m->has_signature, e->value);
    case TAG_VERSION:
        return take_number(&m->version, &m->has_version, e->value);
    case TAG_AUTH_TYPE:
        return take_number(&m->auth_type, &m->has_auth_type, e->value);
    case TAG_PUBLIC_KEY:
        return take_view(&m->public_key, &m->has_public_key, e->value);
    case TAG_KEY_SIZE:
        m->has_key_size = true;
        m->key_size = (uint16_t)(e->value.data[0] << 8 | e->value.data[1]);
        return 0;
    case TAG_PASSWORD:
        m->has_password = true;
        return take_text(&m->password, e, why);
    case TAG_RETRY_DELAY:
        take_retry_delay(m, e);
        return 0;
    case TAG_DEVICE_NAME:
        m->has_device_name = true;
        return take_text(&m->device_name, e, why);
    case TAG_SUDI_DATA:
        m->has_sudi = true;
        return take_sudi(&m->sudi, e, why);
    case TAG_KEY_TYPE:
        return take_number(&m->key_type, &m->has_key_type, e->value);
    case TAG_CURVE:
        return take_number(&m->curve, &m->has_curve, e->value);
    case TAG_SHA2_SIGNED_DATA:
        m->has_sha2 = true;
        return take_sha2(m, e, why);
    default:
        m->unknown++;
        return 0;
    }
}

static int read_body(struct capf_message *m, struct bytes body, struct why *why)
{
    bool seen[sizeof elements / sizeof *elements] = {false};
    size_t offset = 0;
    while (offset < body.size) {
        struct tlv e;
        int result = tlv_read(&e, body, &offset, body.size, why);
        if (result)
            return result;
        const struct element *element = element_of(e.tag);
        if (element->known && seen[e.tag])
            return why_error(why, ERR_DUPLICATE, "offset %zu: %s stands there twice", e.offset,
                             element->name);
        if (element->known)
            seen[e.tag] = true;
        if (element->size && e.length != element->size)
            return why_error(why, ERR_FORMAT, "offset %zu, %s: length %u where %u is right",
                             e.offset, element->name, e.length, element->size);
        result = take_element(m, &e, why);
        if (result)
            return result;
    }
    return 0;
}

int capf_read(struct capf_message *out, struct bytes frame, struct why *why)
{
    size_t size;
    int result = capf_frame(&size, frame, CAPF_BODY_MAX, why);
    if (result == 0 && size == 0)
        result = why_error(why, ERR_TRUNCATED, "%zu bytes are not a whole message", frame.size);
    else if (result == 0 && size != frame.size)
        result = why_error(why, ERR_FORMAT, "%zu bytes follow the message", frame.size - size);
    struct capf_message m = {0};
    if (result == 0) {
        m.command = frame.data[1];
        m.session = capf_session(frame);
        result = read_body(&m, bytes_slice(frame, CAPF_HEADER_SIZE, frame.size), why);
        if (result)
            why_prefix(why, result, "%s", capf_message_name(m.command));
    }
    if (result == 0)
        *out = m;
    return result;
}

/* ---- writing ---- */

static void write_u8(struct buffer *out, bool has, uint8_t tag, uint8_t value)
{
    if (has)
        tlv_write_u8(out, tag, value);
}

static void write_bytes(struct buffer *out, bool has, uint8_t tag, struct bytes value)
{
    if (has)
        tlv_write(out, tag, value);
}

static void write_text(struct buffer *out, bool has, uint8_t tag, struct bytes text)
{
    if (has)
        tlv_write_text(out, tag, text);
}

/* An element whose length is known when it has been written. */
static size_t begin(struct buffer *out, uint8_t tag)
{
    tlv_write(out, tag, bytes_of(NULL, 0));
    return out->size;
}

static void end(struct buffer *out, size_t start)
{
    size_t length = out->size - start;
    if (length > UINT16_MAX && !out->error)
        out->error = ERR_LIMIT;
    if (!out->error)
        buffer_set_u16be(out, start - 2, (uint16_t)length);
}

static void write_certificate(struct buffer *out, struct bytes der)
{
    static const uint8_t type[] = {0, 1};
    size_t element = begin(out, TAG_CERTIFICATE);
    size_t wrapper = begin(out, 1);
    buffer_append(out, bytes_of(type, sizeof type));
    buffer_append(out, der);
    end(out, wrapper);
    end(out, element);
}

static void write_sudi(struct buffer *out, const struct capf_sudi *sudi)
{
    size_t element = begin(out, TAG_SUDI_DATA);
    tlv_write(out, SUDI_CERTIFICATE, sudi->certificate);
    tlv_write(out, SUDI_SHA1, sudi->sha1_signature);
    tlv_write(out, SUDI_SHA512, sudi->sha512_signature);
    end(out, element);
}

static void write_sha2(struct buffer *out, uint8_t digest, struct bytes signature)
{
    size_t element = begin(out, TAG_SHA2_SIGNED_DATA);
    tlv_write(out, digest, signature);
    end(out, element);
}

/* The order of the peers that phones are known to work with; KEY_TYPE stands behind KEY_SIZE and
 * PUBLIC_KEY behind SUDI_DATA there. */
static void write_body(struct buffer *out, const struct capf_message *m)
{
    write_u8(out, m->has_reason, TAG_REASON, m->reason);
    write_text(out, m->has_reason_info, TAG_REASON_INFO, m->reason_info);
    write_u8(out, m->has_certificate_type, TAG_CERTIFICATE_TYPE, m->certificate_type);
    if (m->has_certificate)
        write_certificate(out, m->certificate);
    write_bytes(out, m->has_signature, TAG_SIGNED_DATA, m->signature);
    write_u8(out, m->has_version, TAG_VERSION, m->version);
    write_u8(out, m->has_auth_type, TAG_AUTH_TYPE, m->auth_type);
    if (m->has_key_size)
        tlv_write_u16(out, TAG_KEY_SIZE, m->key_size);
    write_text(out, m->has_password, TAG_PASSWORD, m->password);
    if (m->has_retry_delay)
        tlv_write_u16(out, TAG_RETRY_DELAY, (uint16_t)m->retry_delay);
    write_text(out, m->has_device_name, TAG_DEVICE_NAME, m->device_name);
    if (m->has_sudi)
        write_sudi(out, &m->sudi);
    write_bytes(out, m->has_public_key, TAG_PUBLIC_KEY, m->public_key);
    write_u8(out, m->has_key_type, TAG_KEY_TYPE, m->key_type);
    write_u8(out, m->has_curve, TAG_CURVE, m->curve);
    if (m->has_sha2)
        write_sha2(out, m->sha2_digest, m->sha2_signature);
}

int capf_write(struct buffer *out, const struct capf_message *message, struct why *why)
{
    size_t start = out->size;
    buffer_u8(out, CAPF_PROTOCOL_ID);
    buffer_u8(out, message->command);
    buffer_u32be(out, message->session);
    buffer_u16be(out, 0);
    write_body(out, message);
    size_t body = out->size - start - CAPF_HEADER_SIZE;
    bool long_delay = message->has_retry_delay && message->retry_delay > UINT16_MAX;
    if (!out->error && (long_delay || body > CAPF_BODY_MAX))
        out->error = ERR_LIMIT;
    if (out->error)
        return why_error(why, out->error, "%s does not fit into a message of %d bytes",
                         capf_message_name(message->command), CAPF_FRAME_MAX);
    buffer_set_u16be(out, start + 6, (uint16_t)body);
    return 0;
}
