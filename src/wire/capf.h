/*
 * capf: the messages of CAPF, the enrolment protocol of phones (docs/protocols/capf.md).
 *
 * The connection is TLS on port 3804; the phone is the client, the server speaks first. A message
 * is one frame: protocol id 0x55, command (1 byte), session id (4), length of the body (2), then a
 * run of elements, each tag (1), length (2), value. Integers are big-endian.
 *
 * Reading is tolerant and writing exact. Elements are read in any order and any subset of them;
 * unknown tags are skipped and counted. Every length is checked. A known tag that comes twice is an
 * error, since a second DEVICE_NAME or PASSWORD could only serve to mean two things at once. What a
 * command needs is for the engine to say: the codec does not look at the command.
 */
#ifndef WIRE_CAPF_H
#define WIRE_CAPF_H

#include "base/bytes.h"

#define CAPF_PROTOCOL_ID 0x55
#define CAPF_HEADER_SIZE 8
#define CAPF_BODY_MAX    65535
#define CAPF_FRAME_MAX   (CAPF_HEADER_SIZE + CAPF_BODY_MAX)
/* Ample for what a phone sends: its largest message has two certificates and four signatures. */
#define CAPF_PHONE_BODY_MAX 16384
#define CAPF_TEXT_MAX       128 /* characters of DEVICE_NAME, PASSWORD and REASON_INFO */

/* Odd ones are the server's and the next even one answers them, except 15 to 17. Of 5 to 8, 16 and
 * 18 to 23 the contents were never seen; their names are here for the traces. */
enum capf_command {
    CAPF_AUTH_REQ = 1,
    CAPF_AUTH_RES = 2,
    CAPF_KEY_GEN_REQ = 3,
    CAPF_KEY_GEN_RES = 4,
    CAPF_ENCRYPT_REQ = 5,
    CAPF_ENCRYPT_RES = 6,
    CAPF_DECRYPT_REQ = 7,
    CAPF_DECRYPT_RES = 8,
    CAPF_STORE_CERT_REQ = 9,
    CAPF_STORE_CERT_RES = 10,
    CAPF_FETCH_CERT_REQ = 11,
    CAPF_FETCH_CERT_RES = 12,
    CAPF_DELETE_CERT_REQ = 13,
    CAPF_DELETE_CERT_RES = 14,
    CAPF_END_SESSION = 15,         /* server to phone */
    CAPF_RETRY_LATER = 16,         /* server to phone */
    CAPF_REQUEST_IN_PROGRESS = 17, /* phone to server, as often as it likes */
    CAPF_STATUS_REQ = 18,
    CAPF_STATUS_RES = 19,
    CAPF_ABORT_REQ = 20,
    CAPF_ABORT_RES = 21,
    CAPF_SIGN_CERT_REQ = 22,
    CAPF_SIGN_CERT_RES = 23,
};

enum capf_reason {
    CAPF_REASON_NONE = 0, /* nothing to do */
    CAPF_REASON_SUCCESS = 1,
    CAPF_REASON_REFUSED = 7,
    CAPF_REASON_UNKNOWN_DEVICE = 9,
};

/* AUTH_TYPE; capfAuthMode of the phone's configuration has the same values. */
enum capf_auth {
    CAPF_AUTH_NONE = 0,
    CAPF_AUTH_STRING = 1,
    CAPF_AUTH_NULL_STRING = 2,
    CAPF_AUTH_LSC = 3, /* existing certificate, the LSC before the MIC */
    CAPF_AUTH_MIC = 4, /* existing certificate, the MIC before the LSC */
};

enum capf_certificate_type { CAPF_CERTIFICATE_LSC = 1, CAPF_CERTIFICATE_MIC = 2 };
enum capf_key_type { CAPF_KEY_RSA = 0, CAPF_KEY_EC = 1 };
enum capf_curve { CAPF_P256 = 0, CAPF_P384 = 1, CAPF_P521 = 2 };
enum capf_digest { CAPF_SHA1 = 1, CAPF_SHA256 = 2, CAPF_SHA512 = 3 };

/* SUDI_DATA: the phone's factory certificate, and its signatures over this session's id. What was
 * not there is empty. pki/proof checks and makes the signatures. */
struct capf_sudi {
    struct bytes certificate; /* DER */
    struct bytes sha1_signature;
    struct bytes sha512_signature;
};

/* A message, read or to be written. Owns nothing: after reading, the views lie in the frame. A
 * field counts only when its `has_` is set. */
struct capf_message {
    uint8_t command; /* enum capf_command, or a value nobody knows */
    uint32_t session;

    bool has_reason, has_reason_info, has_certificate_type, has_certificate, has_signature;
    bool has_version, has_auth_type, has_public_key, has_key_size, has_password;
    bool has_retry_delay, has_device_name, has_sudi, has_key_type, has_curve, has_sha2;

    uint8_t reason;           /* enum capf_reason; 2 to 6 and 8 exist, unexplained */
    struct bytes reason_info; /* text without its NUL */
    uint8_t certificate_type; /* enum capf_certificate_type */
    struct bytes certificate; /* DER, without its wrapper of five bytes */
    struct bytes signature;   /* SIGNED_DATA: with SHA-1 */
    uint8_t version;          /* 1, 2 or 3 */
    uint8_t auth_type;        /* enum capf_auth */
    struct bytes public_key;  /* SubjectPublicKeyInfo, DER */
    uint16_t key_size;        /* RSA, bits */
    struct bytes password;    /* a secret; text without its NUL, may be empty */
    uint32_t retry_delay;     /* unit unknown, presumably seconds; 65535 at most when written */
    struct bytes device_name; /* text without its NUL */
    struct capf_sudi sudi;
    uint8_t key_type;    /* enum capf_key_type */
    uint8_t curve;       /* enum capf_curve */
    uint8_t sha2_digest; /* SHA2_SIGNED_DATA: enum capf_digest; only 3 was seen */
    struct bytes sha2_signature;

    unsigned unknown; /* elements skipped; not written */
};

/* Is the first frame of `so_far` there? 0 with *size its bytes, header included, or 0 when more
 * must come. ERR_FORMAT as soon as the first byte is not CAPF's; ERR_LIMIT when the header
 * announces a body of more than `body_max` bytes. After an error the stream has no more frames. */
int capf_frame(size_t *size, struct bytes so_far, size_t body_max, struct why *why) CHECKED;

/* Reads one whole frame. ERR_TRUNCATED, ERR_FORMAT, ERR_DUPLICATE and ERR_LIMIT name the offset in
 * the body and the element. *out is written on success only; capf_session() still tells an answer
 * to a bad body which session it belongs to. */
int capf_read(struct capf_message *out, struct bytes frame, struct why *why) CHECKED;
/* The session id of a frame of at least CAPF_HEADER_SIZE bytes; 0 when there are fewer. */
uint32_t capf_session(struct bytes frame);

/* Appends the frame: elements in the order in which the phones' known peers write them. It must
 * leave in one TLS record - phones stall when header and body come apart. ERR_LIMIT when it does
 * not fit into a frame or into `out`. */
int capf_write(struct buffer *out, const struct capf_message *message, struct why *why) CHECKED;

/* Names as CUCM's traces spell them: CAPF_MSG_AUTH_REQ, CAPF_MSG_REQ_IN_PROGRESS, ... and
 * CAPF_EV_AUTH_RES, CAPF_EV_REQUEST_IN_PROGRESS, ...; never NULL. */
const char *capf_message_name(uint8_t command);
const char *capf_event_name(uint8_t command);
/* DEVICE_NAME, KEY_SIZE, ... or "unknown element". */
const char *capf_element_name(uint8_t tag);
/* For people: "success", "refused", "unknown device", ...; never NULL. */
const char *capf_reason_text(uint8_t reason);

#endif
