/*
 * tftp: packets of RFC 1350 with the options of RFC 2347, 2348, 2349 and 7440
 * (docs/protocols/tftp.md).
 */
#ifndef WIRE_TFTP_H
#define WIRE_TFTP_H

#include "base/bytes.h"

enum tftp_opcode {
    TFTP_RRQ = 1,
    TFTP_WRQ = 2,
    TFTP_DATA = 3,
    TFTP_ACK = 4,
    TFTP_ERROR = 5,
    TFTP_OACK = 6,
};

enum tftp_error {
    TFTP_UNDEFINED = 0,
    TFTP_NOT_FOUND = 1,
    TFTP_ACCESS = 2,
    TFTP_DISK_FULL = 3,
    TFTP_ILLEGAL = 4,
    TFTP_UNKNOWN_TID = 5,
    TFTP_EXISTS = 6,
    TFTP_NO_USER = 7,
    TFTP_OPTION = 8,
};

enum tftp_mode { TFTP_OCTET, TFTP_NETASCII, TFTP_MAIL, TFTP_MODE_UNKNOWN };

#define TFTP_BLOCK_DEFAULT  512
#define TFTP_BLOCK_MIN      8     /* RFC 2348 */
#define TFTP_BLOCK_MAX      65464 /* RFC 2348 */
#define TFTP_WINDOW_MAX     65535 /* RFC 7440 */
#define TFTP_TIMEOUT_MAX    255   /* seconds, RFC 2349 */
#define TFTP_DATA_HEADER    4
#define TFTP_REQUEST_MAX    1468 /* RFC 2347 says 512; a longer request is answered, not obeyed */
#define TFTP_ERROR_TEXT_MAX 128

/* A value asked for or granted by an option. Values outside the RFC's range are as if the option
 * had not been there (RFC 2347: what is not understood is ignored), and counted in `ignored`. */
struct tftp_options {
    bool has_block_size, has_window_size, has_timeout, has_transfer_size;
    uint32_t block_size;  /* bytes; above TFTP_BLOCK_MAX it is cut to it, which RFC 2348 allows */
    uint32_t window_size; /* blocks */
    uint32_t timeout;     /* seconds */
    uint64_t transfer_size;
    unsigned ignored; /* options that were unknown, out of range or repeated */
};

struct tftp_request {
    enum tftp_opcode opcode; /* RRQ or WRQ */
    struct bytes name;       /* as sent, without its NUL; any bytes */
    enum tftp_mode mode;
    struct bytes mode_text;
    struct tftp_options options;
};

/* The opcode of a packet, or 0 when it is too short for one. */
unsigned tftp_opcode(struct bytes packet);

int tftp_read_request(struct tftp_request *out, struct bytes packet, struct why *why) CHECKED;
int tftp_read_ack(uint16_t *block, struct bytes packet) CHECKED;
int tftp_read_data(uint16_t *block, struct bytes *payload, struct bytes packet) CHECKED;
/* The text is not trusted: escape it before showing it. */
int tftp_read_error(uint16_t *code, struct bytes *text, struct bytes packet) CHECKED;
int tftp_read_oack(struct tftp_options *out, struct bytes packet) CHECKED;

/* Each writes one packet into `out`, which is cleared first. */
void tftp_write_request(struct buffer *out, enum tftp_opcode opcode, const char *name,
                        const struct tftp_options *options);
void tftp_write_ack(struct buffer *out, uint16_t block);
void tftp_write_error(struct buffer *out, enum tftp_error code, const char *text);
void tftp_write_oack(struct buffer *out, const struct tftp_options *options);
/* The four bytes in front of a block. */
void tftp_write_data_header(uint8_t out[TFTP_DATA_HEADER], uint16_t block);

#endif
