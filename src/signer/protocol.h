/*
 * protocol: what goes over a socketpair to the signer and back.
 *
 * One message of SOCK_SEQPACKET a question, one an answer; answers carry the number of their
 * question and may overtake one another (a key that is being made does not hold signatures up).
 *
 *   question: number u32 | operation u8 | field...        and for SIGN and CRL perhaps a descriptor
 *   answer:   number u32 | result i32   | words | field...        and for CRL perhaps a descriptor
| result i32   | words | field...
 *   field:    length u32 | bytes                           all integers big-endian
 *
 * `words` explains an error to a person. The fields of each operation stand beside it below. A
 * message that does not read exactly is answered ERR_FORMAT and counted; nothing ends the signer.
 */
#ifndef SIGNER_PROTOCOL_H
#define SIGNER_PROTOCOL_H

#include "net/channel.h"
#include "signer/signer.h"

enum signer_operation {
    SIGNER_SIGN =
        1,          /* covered header, payload (empty when it comes as a descriptor) -> signature */
    SIGNER_CREATE,  /* name, key spec, template -> certificate DER */
    SIGNER_REQUEST, /* name, key spec, template -> key, request PEM */
    SIGNER_ADOPT,   /* name, key, certificate DER -> */
    SIGNER_IMPORT,  /* name, PEM of certificate and key -> certificate DER */
    SIGNER_LINK,    /* name, serial -> */
    SIGNER_CHECK,   /* name, certificate DER -> */
    SIGNER_SWEEP,   /* file name... -> number removed */
    SIGNER_COUNTERS, /* -> the five numbers, in the order of struct signer_counters */
    SIGNER_ISSUE,    /* name, struct signer_lsc in its order -> certificate DER */
    SIGNER_CRL, /* name, struct signer_crl in its order, the entries as payload -> payload: DER */
    SIGNER_MAC, /* device, string -> MAC */
    SIGNER_IDENTITY, /* name, serial -> PEM of certificate and key */
    SIGNER_OPERATION_COUNT
};
const char *signer_operation_name(unsigned operation);
const char *signer_role_name(enum signer_role role);

/* The names keys go by; each has its file keys/NAME-SERIAL.pem. */
#define KEY_CALLMANAGER "CallManager"
#define KEY_CAPF        "CAPF"
#define KEY_TVS         "TVS"
#define KEY_RECOVERY    "ITLRecovery"
#define KEY_WEB         "web"

/* A payload up to this size travels in the question, which is cheaper than a file for each. */
#define SIGNER_PAYLOAD_INLINE ((size_t)64 * 1024)
/* The signer hashes what it signs; this bounds how long that may take. */
#define SIGNER_PAYLOAD_MAX ((size_t)256 * 1024 * 1024)

/* ---- writing and reading fields ---- */

void field_write(struct buffer *out, struct bytes value);
void field_write_text(struct buffer *out, const char *text); /* NULL is written as "" */
void field_write_u64(struct buffer *out, uint64_t value);
void field_write_spec(struct buffer *out, const struct key_spec *spec);
void field_write_template(struct buffer *out, const struct certificate_template *template);

/* The payload of a question: into it, or when it is large into a file of its own, *fd (else -1). */
int field_write_payload(struct buffer *out, int *fd, struct bytes payload) CHECKED;

/* Each advances the reader; errors stick in it. Texts are copied and must be free of NULs. */
struct bytes field_read(struct reader *r);
void field_read_text(struct reader *r, char *out, size_t size);
uint64_t field_read_u64(struct reader *r);
void field_read_spec(struct reader *r, struct key_spec *out);

/* A template and the room its texts live in. */
struct template_room {
    struct certificate_template template;
    char text[8][256];
};
void field_read_template(struct reader *r, struct template_room *out);

/* What field_write_payload() wrote: a field, or a file of at most `max` bytes when that is empty
 * and there is a descriptor (else -1), which stays the caller's. Both at once are ERR_FORMAT. */
int field_read_payload(struct buffer *out, struct reader *r, int fd, size_t max) CHECKED;

void field_write_lsc(struct buffer *out, const struct signer_lsc *lsc);
/* *fd as that of field_write_payload(). */
int field_write_crl(struct buffer *out, int *fd, const struct signer_crl *crl) CHECKED;

/* An LSC and the room its texts live in. */
struct lsc_room {
    struct signer_lsc lsc;
    char issuer[80], device[64], model[64], subject[LSC_SUBJECT_MAX + 1];
};
void field_read_lsc(struct reader *r, struct lsc_room *out);
/* A CRL; `entries` are allocated and look into `bytes`, which is read first. */
struct crl_room {
    struct signer_crl crl;
    char issuer[80];
    struct buffer bytes;
    struct crl_entry *entries;
};
int field_read_crl(struct reader *r, int fd, struct crl_room *out) CHECKED;
void crl_room_fini(struct crl_room *room);

/* The heads. */
void question_begin(struct buffer *out, uint32_t number, enum signer_operation operation);
void answer_begin(struct buffer *out, uint32_t number, int result, const char *words);
/* Reads head and words; the reader then stands at the first field. */
int answer_read(struct reader *r, struct bytes message, uint32_t *number, int *result,
                struct bytes *words) CHECKED;

#endif
