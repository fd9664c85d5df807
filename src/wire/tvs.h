/*
 * tvs: the messages of TVS, by which phones ask about certificates (docs/protocols/tvs.md).
 *
 * The connection is TLS on port 2445; the phone is the client and speaks first. A message is one
 * frame: protocol id 0x57, version 1, command (1 byte), a reserved byte, session id (4), length of
 * the body (2), then a run of elements, each tag (1), length (2), value. Integers are big-endian.
 *
 *   verify: CERT_VERIFICATION_REQ {DEVICE_NAME, CERTIFICATE}
 *           CERT_VERIFICATION_RES {STATUS[, ROLES, TTL]}
 *   query:  QUERY_CERT_REQ {DEVICE_NAME, SUBJECT_NAME, ISSUER_NAME, SERIAL_NUMBER}
 *           QUERY_CERT_RES {STATUS[, CERTIFICATE, ROLES, TTL]}
 *
 * Reading is tolerant and writing exact. Elements are read in any order and any subset of them;
 * unknown tags are skipped and counted; the reserved byte is not looked at. Every length is
 * checked. A known tag that comes twice is an error, since a second name or certificate could only
 * serve to mean two things at once. What a command needs is for its reader to say.
 */
#ifndef WIRE_TVS_H
#define WIRE_TVS_H

#include "base/bytes.h"

#define TVS_PROTOCOL_ID 0x57
#define TVS_VERSION     1
#define TVS_HEADER_SIZE 10
#define TVS_BODY_MAX    65535
#define TVS_FRAME_MAX   (TVS_HEADER_SIZE + TVS_BODY_MAX)
/* Ample for what either side sends: one certificate and its names. */
#define TVS_PHONE_BODY_MAX 16384
#define TVS_DEVICE_MAX     128  /* characters of DEVICE_NAME */
#define TVS_NAME_MAX       1024 /* characters of a subject or issuer */
#define TVS_SERIAL_MAX     64   /* bytes; certificates have 20 at most */
#define TVS_ROLES_MAX      255

enum tvs_command {
    TVS_CERT_VERIFICATION_REQ = 1, /* phone to server */
    TVS_CERT_VERIFICATION_RES = 2,
    TVS_QUERY_CERT_REQ = 3, /* phone to server */
    TVS_QUERY_CERT_RES = 4,
};

enum tvs_status { TVS_TRUSTED = 0, TVS_NOT_TRUSTED = 1 };

/* A message, read or to be written. Owns nothing: after reading, the views lie in the frame. A
 * field counts only when its `has_` is set. */
struct tvs_message {
    uint8_t command;  /* enum tvs_command, or a value nobody knows */
    uint32_t session; /* chosen by the phone, echoed by the server */

    bool has_device_name, has_certificate, has_subject, has_issuer, has_serial;
    bool has_status, has_roles, has_ttl;

    /* Text as the phone gives it, "CP-8861-SEPB000B4BA0AEE" or another, without the byte 0x01 in
     * front of it, which writing adds. */
    struct bytes device_name;
    struct bytes certificate; /* DER, no wrapper */
    struct bytes subject;     /* text without its NUL, as the phone found it: "CN=...;OU=..." */
    struct bytes issuer;      /* the same */
    struct bytes serial;      /* octets; a file's signer is named with them */
    uint8_t status;           /* enum tvs_status; other values are not trusted either */
    struct bytes roles;       /* one byte a role: the codes of enum trust_role */
    uint32_t ttl;             /* seconds for which the answer may be kept */

    unsigned unknown; /* elements skipped; not written */
};

/* Is the first frame of `so_far` there? 0 with *size its bytes, header included, or 0 when more
 * must come. ERR_FORMAT as soon as a byte that is there is not TVS's or not of its version 1;
 * ERR_LIMIT when the header announces a body of more than `body_max` bytes. After an error the
 * stream has no more frames. */
int tvs_frame(size_t *size, struct bytes so_far, size_t body_max, struct why *why) CHECKED;

/* Reads one whole frame. ERR_TRUNCATED, ERR_FORMAT, ERR_DUPLICATE and ERR_LIMIT name the offset in
 * the body and the element. *out is written on success only. */
int tvs_read(struct tvs_message *out, struct bytes frame, struct why *why) CHECKED;

/* Appends the frame, elements in the order of the messages that were seen. It should leave in one
 * TLS record, as everything seen did. ERR_LIMIT when it does not fit into a frame or into `out`. */
int tvs_write(struct buffer *out, const struct tvs_message *message, struct why *why) CHECKED;

/* Names as CUCM's traces spell them: TVS_MSG_QUERY_CERT_REQ, ... and TVS_EV_QUERY_CERT_REQ, ...;
 * never NULL. */
const char *tvs_message_name(uint8_t command);
const char *tvs_event_name(uint8_t command);
/* DEVICE_NAME, SERIAL_NUMBER, ... or "unknown element". */
const char *tvs_element_name(uint8_t tag);

#endif
