#include "wire/tftp.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

unsigned tftp_opcode(struct bytes packet)
{
    struct reader r;
    reader_init(&r, packet);
    return reader_u16be(&r);
}

/* ASCII text as a number; false when it is none or does not fit. */
static bool option_number(struct bytes text, uint64_t *out)
{
    if (text.size == 0 || text.size > 19)
        return false;
    uint64_t value = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        value = value * 10 + (uint64_t)(text.data[i] - '0');
    }
    *out = value;
    return true;
}

static bool same_word(struct bytes text, const char *word)
{
    return text.size == strlen(word) && strncasecmp((const char *)text.data, word, text.size) == 0;
}

/* One option; false when it is ignored. */
static bool take_option(struct tftp_options *o, struct bytes name, struct bytes text)
{
    uint64_t value;
    if (!option_number(text, &value))
        return false;
    if (same_word(name, "blksize") && !o->has_block_size && value >= TFTP_BLOCK_MIN) {
        o->block_size = value > TFTP_BLOCK_MAX ? TFTP_BLOCK_MAX : (uint32_t)value;
        return o->has_block_size = true;
    }
    if (same_word(name, "windowsize") && !o->has_window_size && value >= 1 &&
        value <= TFTP_WINDOW_MAX) {
        o->window_size = (uint32_t)value;
        return o->has_window_size = true;
    }
    if (same_word(name, "timeout") && !o->has_timeout && value >= 1 && value <= TFTP_TIMEOUT_MAX) {
        o->timeout = (uint32_t)value;
        return o->has_timeout = true;
    }
    if (same_word(name, "tsize") && !o->has_transfer_size) {
        o->transfer_size = value;
        return o->has_transfer_size = true;
    }
    return false;
}

/* Name and value pairs up to the end. A last piece without its NUL is ignored, as the RFCs leave
 * no room to say more about it. */
static void take_options(struct tftp_options *out, struct reader *r)
{
    while (reader_left(r)) {
        struct bytes name = reader_string(r);
        struct bytes value = reader_string(r);
        if (r->error || !take_option(out, name, value))
            out->ignored++;
        if (r->error)
            return;
    }
}

static enum tftp_mode mode_of(struct bytes text)
{
    if (same_word(text, "octet"))
        return TFTP_OCTET;
    if (same_word(text, "netascii"))
        return TFTP_NETASCII;
    if (same_word(text, "mail"))
        return TFTP_MAIL;
    return TFTP_MODE_UNKNOWN;
}

int tftp_read_request(struct tftp_request *out, struct bytes packet, struct why *why)
{
    struct tftp_request request = {0};
    struct reader r;
    reader_init(&r, packet);
    unsigned opcode = reader_u16be(&r);
    if (opcode != TFTP_RRQ && opcode != TFTP_WRQ)
        return why_error(why, ERR_FORMAT, "opcode %u is no request", opcode);
    request.opcode = (enum tftp_opcode)opcode;
    request.name = reader_string(&r);
    request.mode_text = reader_string(&r);
    if (r.error)
        return why_error(why, ERR_TRUNCATED, "a request is a name and a mode, each with a NUL");
    if (packet.size > TFTP_REQUEST_MAX)
        return why_error(why, ERR_LIMIT, "a request of %zu bytes", packet.size);
    request.mode = mode_of(request.mode_text);
    take_options(&request.options, &r);
    *out = request;
    return 0;
}

int tftp_read_ack(uint16_t *block, struct bytes packet)
{
    struct reader r;
    reader_init(&r, packet);
    if (reader_u16be(&r) != TFTP_ACK)
        return ERR_FORMAT;
    uint16_t number = reader_u16be(&r);
    if (r.error)
        return r.error; /* bytes behind the number are let through: some clients pad */
    *block = number;
    return 0;
}

int tftp_read_data(uint16_t *block, struct bytes *payload, struct bytes packet)
{
    struct reader r;
    reader_init(&r, packet);
    if (reader_u16be(&r) != TFTP_DATA)
        return ERR_FORMAT;
    uint16_t number = reader_u16be(&r);
    if (r.error)
        return r.error;
    *block = number;
    *payload = reader_rest(&r);
    return 0;
}

int tftp_read_error(uint16_t *code, struct bytes *text, struct bytes packet)
{
    struct reader r;
    reader_init(&r, packet);
    if (reader_u16be(&r) != TFTP_ERROR)
        return ERR_FORMAT;
    uint16_t number = reader_u16be(&r);
    if (r.error)
        return r.error;
    struct bytes rest = reader_rest(&r);
    const uint8_t *nul = rest.size ? memchr(rest.data, 0, rest.size) : NULL;
    *code = number;
    *text = nul ? bytes_of(rest.data, (size_t)(nul - rest.data)) : rest;
    return 0;
}

int tftp_read_oack(struct tftp_options *out, struct bytes packet)
{
    struct reader r;
    reader_init(&r, packet);
    if (reader_u16be(&r) != TFTP_OACK)
        return ERR_FORMAT;
    struct tftp_options options = {0};
    take_options(&options, &r);
    if (r.error)
        return r.error;
    *out = options;
    return 0;
}

static void write_string(struct buffer *out, const char *text)
{
    buffer_text(out, text);
    buffer_u8(out, 0);
}

static void write_option(struct buffer *out, bool there, const char *name, uint64_t value)
{
    if (!there)
        return;
    char number[24];
    snprintf(number, sizeof number, "%llu", (unsigned long long)value);
    write_string(out, name);
    write_string(out, number);
}

static void write_options(struct buffer *out, const struct tftp_options *o)
{
    write_option(out, o->has_block_size, "blksize", o->block_size);
    write_option(out, o->has_timeout, "timeout", o->timeout);
    write_option(out, o->has_transfer_size, "tsize", o->transfer_size);
    write_option(out, o->has_window_size, "windowsize", o->window_size);
}

void tftp_write_request(struct buffer *out, enum tftp_opcode opcode, const char *name,
                        const struct tftp_options *options)
{
    buffer_clear(out);
    buffer_u16be(out, (uint16_t)opcode);
    write_string(out, name);
    write_string(out, "octet");
    if (options)
        write_options(out, options);
}

void tftp_write_ack(struct buffer *out, uint16_t block)
{
    buffer_clear(out);
    buffer_u16be(out, TFTP_ACK);
    buffer_u16be(out, block);
}

void tftp_write_error(struct buffer *out, enum tftp_error code, const char *text)
{
    buffer_clear(out);
    buffer_u16be(out, TFTP_ERROR);
    buffer_u16be(out, (uint16_t)code);
    buffer_append(out, bytes_slice(bytes_of_string(text), 0, TFTP_ERROR_TEXT_MAX));
    buffer_u8(out, 0);
}

void tftp_write_oack(struct buffer *out, const struct tftp_options *options)
{
    buffer_clear(out);
    buffer_u16be(out, TFTP_OACK);
    write_options(out, options);
}

void tftp_write_data_header(uint8_t out[TFTP_DATA_HEADER], uint16_t block)
{
    out[0] = 0;
    out[1] = TFTP_DATA;
    out[2] = (uint8_t)(block >> 8);
    out[3] = (uint8_t)block;
}
