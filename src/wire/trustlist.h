/*
 * trustlist: CTL and ITL, one format (docs/protocols/trust-files.md, "Records").
 *
 *   list = envelope header | records, each of which begins with its own length
 *
 * Readers take the tags of a record in any order after RECORDLENGTH and any subset of them; the
 * writer uses CUCM's order.
 */
#ifndef WIRE_TRUSTLIST_H
#define WIRE_TRUSTLIST_H

#include "wire/envelope.h"

enum record_tag {
    RECORD_LENGTH = 1, /* of the whole record, these five bytes included */
    RECORD_DNS_NAME = 2,
    RECORD_SUBJECT = 3,
    RECORD_FUNCTION = 4,
    RECORD_ISSUER = 5,
    RECORD_SERIAL = 6,
    RECORD_PUBLIC_KEY = 7,
    RECORD_SIGNATURE = 8,
    RECORD_CERTIFICATE = 9,
    RECORD_ADDRESS = 10,
    RECORD_HASH = 11,
    RECORD_HASH_ALGORITHM = 12,
};

/* FUNCTION: what the certificate of a record is trusted for. 16 bits on the wire; other numbers are
 * carried and printed as numbers. */
enum trust_role {
    ROLE_SAST = 0,     /* may sign the next list */
    ROLE_CCM = 1,      /* signalling */
    ROLE_CCM_TFTP = 2, /* signalling, and signs files */
    ROLE_TFTP = 3,     /* signs files */
    ROLE_CAPF = 4,     /* enrols certificates */
    ROLE_APP = 7,      /* HTTPS applications */
    ROLE_TVS = 21,     /* answers trust questions */
};

/* As CUCM prints it ("System Administrator Security Token", "CCM+TFTP"); NULL when there is no
 * name. */
const char *role_text(uint16_t role);
/* From a word of the command line: sast, ccm, ccm+tftp, tftp, capf, app-server, tvs, in any case,
 * or a number. */
int role_parse(uint16_t *out, const char *word) CHECKED;
/* May a certificate of this role sign configuration and other files? */
bool role_signs_files(uint16_t role);

enum trustlist_kind { TRUSTLIST_CTL, TRUSTLIST_ITL };
/* "CTL", "ITL". */
const char *trustlist_kind_name(enum trustlist_kind kind);
/* The FILENAME inside, whatever name it is asked by: "CTLFile.tlv", "ITLFile.tlv". */
const char *trustlist_file_name(enum trustlist_kind kind);

/* Beyond these a phone fails to register (docs/protocols/trust-files.md, "Limits"). */
#define TRUSTLIST_CERTIFICATES_MAX 39
#define TRUSTLIST_BYTES_MAX        65535
/* What a reader takes at most, so that a list beyond the phones' limits can still be shown. */
#define TRUSTLIST_READ_MAX    (1024 * 1024)
#define TRUSTLIST_RECORDS_MAX 1024

/* One record. Views into the list's bytes; an absent tag has data == NULL, an empty one has size 0
 * and data != NULL. Texts are without their NUL. */
struct trustlist_record {
    size_t offset; /* of RECORDLENGTH in the file */
    uint16_t size; /* of the whole record */
    bool has_role;
    uint16_t role;
    struct bytes dns_name;
    struct bytes subject;
    struct bytes issuer;
    struct bytes serial;
    struct bytes public_key;  /* RSA: PKCS#1 RSAPublicKey; EC: the uncompressed point */
    struct bytes signature;   /* of the certificate */
    struct bytes certificate; /* DER */
    struct bytes address;     /* 4 bytes of IPv4, or 16 of IPv6 */
    struct bytes hash;        /* of the DER certificate, instead of it */
    bool has_hash_algorithm;
    uint8_t hash_algorithm; /* 1 is SHA-1; other codes are not known */
};

struct trustlist {
    struct bytes file; /* what it was read from, not owned */
    struct envelope header;
    struct trustlist_record *records;
    size_t count;
};

/* Reads a whole list. `file` must stay as long as the list. The message names offset and tag. */
int trustlist_parse(struct trustlist **out, struct bytes file, struct why *why) CHECKED;
void trustlist_free(struct trustlist *list);

/* CTL or ITL, by the FILENAME inside. ERR_FORMAT when it is neither. */
int trustlist_kind(const struct trustlist *list, enum trustlist_kind *out) CHECKED;

/* A record that names a certificate, whole or by hash. The emptied records of a CTL in non-secure
 * mode do not, and carry no trust. */
bool record_names_certificate(const struct trustlist_record *record);
/* Same issuer and serial, as phones compare them: the texts byte for byte, the serials without
 * leading zeros. */
bool record_is(const struct trustlist_record *record, struct bytes issuer, struct bytes serial);
/* Is this record the SAST that the header of `signed_file` names as its signer? */
bool record_is_signer(const struct trustlist_record *record, const struct envelope *signed_file);
/* How many certificates the list names. */
size_t trustlist_certificates(const struct trustlist *list);

/* The element walk of one record, RECORDLENGTH first. Start with *offset 0. */
bool record_next(const struct trustlist *list, const struct trustlist_record *record,
                 size_t *offset, struct tlv *element);

/* Writes one record, tags in ascending order as CUCM does, absent ones left out; offset and size of
 * the struct are not looked at. */
int record_write(struct buffer *out, const struct trustlist_record *record,
                 struct why *why) CHECKED;

#endif
