#include "cli/listview.h"

#include "base/clock.h"
#include "base/text.h"
#include "cli/cli.h"

#include <string.h>

/* Names as CUCM prints them, its spelling included. A tag that is not here has no row. */
static const char *const header_names[] = {
    [HEADER_SIGNER_ID] = "SIGNERID",
    [HEADER_SIGNER_NAME] = "SIGNERNAME",
    [HEADER_SERIAL] = "SERIALNUMBER",
    [HEADER_CA_NAME] = "CANAME",
    [HEADER_SIGNATURE_INFO] = "SIGNATUREINFO",
    [HEADER_DIGEST] = "DIGESTALGORTITHM",
    [HEADER_ALGORITHM_INFO] = "SIGNATUREALGOINFO",
    [HEADER_ALGORITHM] = "SIGNATUREALGORTITHM",
    [HEADER_MODULUS] = "SIGNATUREMODULUS",
    [HEADER_SIGNATURE] = "SIGNATURE",
    [HEADER_FILENAME] = "FILENAME",
    [HEADER_TIMESTAMP] = "TIMESTAMP",
};

static const char *const record_names[] = {
    [RECORD_LENGTH] = "RECORDLENGTH",     [RECORD_DNS_NAME] = "DNSNAME",
    [RECORD_SUBJECT] = "SUBJECTNAME",     [RECORD_FUNCTION] = "FUNCTION",
    [RECORD_ISSUER] = "ISSUERNAME",       [RECORD_SERIAL] = "SERIALNUMBER",
    [RECORD_PUBLIC_KEY] = "PUBLICKEY",    [RECORD_SIGNATURE] = "SIGNATURE",
    [RECORD_CERTIFICATE] = "CERTIFICATE", [RECORD_ADDRESS] = "IPADDRESS",
    [RECORD_HASH] = "CERTHASH",           [RECORD_HASH_ALGORITHM] = "HASH ALGORITHM",
};

enum { HEX_TEXT = 3 * 128 + 1 };

/* Tag, name and length. Short names get a second tab, so that LENGTH stays in its column. */
static void put_row(struct buffer *out, unsigned tag, const char *name, unsigned length)
{
    buffer_format(out, "%u\t%s%s%u", tag, name, strlen(name) < 8 ? "\t\t" : "\t", length);
}

static void put_columns(struct buffer *out)
{
    buffer_text(out, "BYTEPOS\tTAG\t\tLENGTH\tVALUE\n"
                     "-------\t---\t\t------\t-----\n");
}

static void put_text(struct buffer *out, struct bytes value)
{
    const uint8_t *nul = value.size ? memchr(value.data, 0, value.size) : NULL;
    buffer_u8(out, '\t');
    cli_text(out, nul ? bytes_slice(value, 0, (size_t)(nul - value.data)) : value);
}

static void put_hex(struct buffer *out, struct bytes value, char separator)
{
    char hex[HEX_TEXT];
    buffer_u8(out, '\t');
    for (size_t at = 0; at < value.size; at += 128) {
        text_hex(hex, sizeof hex, bytes_slice(value, at, 128), true, separator);
        if (at)
            buffer_u8(out, (uint8_t)separator);
        buffer_text(out, hex);
    }
}

/* Eight bytes a line, without leading zeros, each in a column of four. */
static void put_dump(struct buffer *out, struct bytes value)
{
    for (size_t i = 0; i < value.size; i++) {
        bool last = i % 8 == 7 || i + 1 == value.size;
        if (i % 8 == 0)
            buffer_text(out, "\n\t\t");
        if (last)
            buffer_format(out, "%x", value.data[i]);
        else
            buffer_format(out, "%-4x", value.data[i]);
    }
}

/* Containers show the size of their length, 2, and what it says. */
static void put_header_element(struct buffer *out, const struct tlv *e)
{
    const char *name =
        e->tag < sizeof header_names / sizeof *header_names ? header_names[e->tag] : NULL;
    if (!name)
        return;
    put_row(out, e->tag, name, envelope_is_container(e->tag) ? 2 : e->length);
    switch (e->tag) {
    case HEADER_SIGNER_ID:
    case HEADER_SIGNATURE_INFO:
    case HEADER_ALGORITHM_INFO:
        buffer_format(out, "\t%u", e->length);
        break;
    case HEADER_SIGNER_NAME:
    case HEADER_CA_NAME:
        put_text(out, e->value);
        break;
    case HEADER_SERIAL:
        put_hex(out, e->value, ':');
        break;
    case HEADER_SIGNATURE:
        put_dump(out, e->value);
        break;
    default:
        break;
    }
    buffer_u8(out, '\n');
}

static void put_role(struct buffer *out, const struct tlv *e)
{
    unsigned role = (unsigned)e->value.data[0] << 8 | e->value.data[1]; /* the parser saw two */
    const char *text = role_text((uint16_t)role);
    if (text)
        buffer_format(out, "\t%s", text);
    else
        buffer_format(out, "\t%u", role);
}

static void put_certificate_hash(struct buffer *out, const struct tlv *e)
{
    uint8_t sha1[SHA1_SIZE];
    if (digest_bytes(DIGEST_KIND_SHA1, e->value, sha1) != 0) {
        out->error = out->error ? out->error : ERR_CRYPTO;
        return;
    }
    put_hex(out, bytes_of(sha1, sizeof sha1), ' ');
    buffer_text(out, " (SHA1 Hash HEX)");
}

static void put_record_element(struct buffer *out, const struct trustlist_record *record,
                               const struct tlv *e)
{
    const char *name =
        e->tag < sizeof record_names / sizeof *record_names ? record_names[e->tag] : NULL;
    put_row(out, e->tag, name ? name : "UNKNOWN", e->length);
    switch (e->tag) {
    case RECORD_LENGTH:
        buffer_format(out, "\t%u", record->size);
        break;
    case RECORD_DNS_NAME:
    case RECORD_SUBJECT:
    case RECORD_ISSUER:
        put_text(out, e->value);
        break;
    case RECORD_FUNCTION:
        put_role(out, e);
        break;
    case RECORD_SERIAL:
        put_hex(out, e->value, ':');
        break;
    case RECORD_CERTIFICATE:
        put_certificate_hash(out, e);
        break;
    case RECORD_HASH:
        put_hex(out, e->value, ' ');
        break;
    case RECORD_HASH_ALGORITHM:
        buffer_text(out, e->value.data[0] == DIGEST_SHA1 ? "\tSHA-1" : "\tnull");
        break;
    default:
        break;
    }
    buffer_u8(out, '\n');
}

static void put_sums(struct buffer *out, struct bytes file, const char *kind)
{
    char md5[2 * MD5_SIZE + 1];
    char sha1[2 * SHA1_SIZE + 1];
    if (digest_hex(DIGEST_KIND_MD5, file, md5) != 0 ||
        digest_hex(DIGEST_KIND_SHA1, file, sha1) != 0) {
        out->error = out->error ? out->error : ERR_CRYPTO;
        return;
    }
    buffer_format(out, "The checksum value of the %s file:\n%s(MD5)\n%s(SHA1)\n\n", kind, md5,
                  sha1);
}

static void put_header(struct buffer *out, const struct trustlist *list, const char *kind)
{
    char date[CLOCK_TEXT] = "an unknown date (the file has no TIMESTAMP)";
    const struct envelope *h = &list->header;
    struct tlv e;
    if (h->has_timestamp)
        clock_java(date, h->timestamp);
    buffer_format(out,
                  "Length of %s file: %zu\n"
                  "The %s File was last modified on %s\n"
                  "\n"
                  "\tParse %s File\n"
                  "\t----------------\n"
                  "\n"
                  "Version:\t%u.%u\n"
                  "HeaderLength:\t%u (BYTES)\n"
                  "\n",
                  kind, list->file.size, kind, date, kind, h->version_major, h->version_minor,
                  h->header_size);
    put_columns(out);
    for (size_t offset = 0; envelope_next(list->file, &offset, &e);)
        put_header_element(out, &e);
}

static void put_record(struct buffer *out, const struct trustlist *list, size_t index,
                       const char *kind)
{
    const struct trustlist_record *record = &list->records[index];
    struct tlv e;
    buffer_format(out, "\n\t%s Record #:%zu\n\t\t  ----\n", kind, index + 1);
    put_columns(out);
    for (size_t offset = 0; record_next(list, record, &offset, &e);)
        put_record_element(out, record, &e);
    if (record->has_role && record->role == ROLE_SAST)
        buffer_format(out, "\nThis etoken was %sused to sign the %s file.\n",
                      record_is_signer(record, &list->header) ? "" : "not ", kind);
}

int listview_text(struct buffer *out, const struct trustlist *list, enum trustlist_kind kind,
                  bool verified)
{
    const char *name = trustlist_kind_name(kind);
    put_sums(out, list->file, name);
    put_header(out, list, name);
    for (size_t i = 0; i < list->count; i++)
        put_record(out, list, i, name);
    if (verified)
        buffer_format(out, "\n\nThe %s file was verified successfully.\n", name);
    else
        buffer_format(out, "\n\nVerification of the %s File Failed\n", name);
    return out->error;
}

void listview_none(struct buffer *out, enum trustlist_kind kind)
{
    const char *name = trustlist_kind_name(kind);
    buffer_format(out, "Length of %s file: 0\n", name);
    if (kind == TRUSTLIST_CTL)
        buffer_text(out, "CTL File not found. Please run CTLClient plugin or run the CLI - "
                         "utils ctl.. to generate the CTL file.\n");
    else
        buffer_text(out, "ITL File not found. Please run the CLI - utils itl.. to generate the ITL "
                         "file.\n");
    buffer_format(out, "Error parsing the %s File.\n", name);
}
