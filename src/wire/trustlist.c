#include "wire/trustlist.h"

#include "base/text.h"

#include <errno.h>
#include <stdlib.h>

static const struct role_name {
    uint16_t role;
    const char *text; /* as CUCM prints it */
    const char *word; /* as people type it */
} role_names[] = {
    {ROLE_SAST, "System Administrator Security Token", "sast"},
    {ROLE_CCM, "CCM", "ccm"},
    {ROLE_CCM_TFTP, "CCM+TFTP", "ccm+tftp"},
    {ROLE_TFTP, "TFTP", "tftp"},
    {ROLE_CAPF, "CAPF", "capf"},
    {ROLE_APP, "APP-SERVER", "app-server"},
    {ROLE_TVS, "TVS", "tvs"},
};

enum { ROLE_NAMES = sizeof role_names / sizeof *role_names };

const char *role_text(uint16_t role)
{
    for (size_t i = 0; i < ROLE_NAMES; i++)
        if (role_names[i].role == role)
            return role_names[i].text;
    return NULL;
}

int role_parse(uint16_t *out, const char *word)
{
    for (size_t i = 0; i < ROLE_NAMES; i++) {
        if (text_equal_nocase(role_names[i].word, word)) {
            *out = role_names[i].role;
            return 0;
        }
    }
    int64_t number;
    int result = text_number(word, 0, UINT16_MAX, &number);
    if (result == 0)
        *out = (uint16_t)number;
    return result;
}

bool role_signs_files(uint16_t role)
{
    return role == ROLE_CCM_TFTP || role == ROLE_TFTP;
}

const char *trustlist_kind_name(enum trustlist_kind kind)
{
    return kind == TRUSTLIST_CTL ? "CTL" : "ITL";
}

const char *trustlist_file_name(enum trustlist_kind kind)
{
    return kind == TRUSTLIST_CTL ? "CTLFile.tlv" : "ITLFile.tlv";
}

/* CUCM has been seen to print a DNSNAME of length 2 in ITL records, so more than one NUL may be
 * there. Nobody trusts by this text, so what follows the first NUL is let through. */
static int take_dns_name(struct trustlist_record *r, const struct tlv *e, struct why *why)
{
    struct reader reader;
    reader_init(&reader, e->value);
    struct bytes text = reader_string(&reader);
    if (reader.error)
        return why_error(why, ERR_FORMAT, "offset %zu, tag %u: a text must end with a NUL",
                         e->offset, e->tag);
    r->dns_name = text;
    return 0;
}

/* Empty values keep a pointer, so that "there and empty" differs from "absent". */
static int take_element(struct trustlist_record *r, const struct tlv *e, struct why *why)
{
    switch (e->tag) {
    case RECORD_DNS_NAME:
        return take_dns_name(r, e, why);
    case RECORD_SUBJECT:
        return tlv_text(&r->subject, e, why);
    case RECORD_ISSUER:
        return tlv_text(&r->issuer, e, why);
    case RECORD_FUNCTION:
        if (e->length != 2)
            return why_error(why, ERR_FORMAT, "offset %zu, tag %u: length %u where 2 is right",
                             e->offset, e->tag, e->length);
        r->role = (uint16_t)(e->value.data[0] << 8 | e->value.data[1]);
        r->has_role = true;
        return 0;
    case RECORD_SERIAL:
        r->serial = e->value;
        return 0;
    case RECORD_PUBLIC_KEY:
        r->public_key = e->value;
        return 0;
    case RECORD_SIGNATURE:
        r->signature = e->value;
        return 0;
    case RECORD_CERTIFICATE:
        r->certificate = e->value;
        return 0;
    case RECORD_ADDRESS:
        if (e->length != 4 && e->length != 16)
            return why_error(why, ERR_FORMAT,
                             "offset %zu, tag %u: an address of %u bytes; 4 or 16 are right",
                             e->offset, e->tag, e->length);
        r->address = e->value;
        return 0;
    case RECORD_HASH:
        r->hash = e->value;
        return 0;
    case RECORD_HASH_ALGORITHM:
        if (e->length != 1)
            return why_error(why, ERR_FORMAT, "offset %zu, tag %u: length %u where 1 is right",
                             e->offset, e->tag, e->length);
        r->hash_algorithm = e->value.data[0];
        r->has_hash_algorithm = true;
        return 0;
    default:
        return 0; /* unknown: skipped */
    }
}

static int record_parse(struct trustlist_record *out, struct bytes file, size_t *offset,
                        struct why *why)
{
    struct trustlist_record r = {.offset = *offset};
    struct tlv e;
    size_t at = *offset;
    int result = tlv_read(&e, file, &at, file.size, why);
    if (result)
        return result;
    if (e.tag != RECORD_LENGTH || e.length != 2)
        return why_error(why, ERR_FORMAT,
                         "offset %zu, tag %u: a record begins with tag 1 of length 2", e.offset,
                         e.tag);
    r.size = (uint16_t)(e.value.data[0] << 8 | e.value.data[1]);
    if (r.size < at - r.offset || r.size > file.size - r.offset)
        return why_error(why, ERR_TRUNCATED,
                         "offset %zu, tag 1: a record of %u bytes where %zu are left", r.offset,
                         r.size, file.size - r.offset);
    size_t end = r.offset + r.size;
    bool seen[256] = {[RECORD_LENGTH] = true};
    while (at < end) {
        result = tlv_read(&e, file, &at, end, why);
        if (result)
            return result;
        if (seen[e.tag])
            return why_error(why, ERR_DUPLICATE, "offset %zu, tag %u: the tag stands there twice",
                             e.offset, e.tag);
        seen[e.tag] = true;
        result = take_element(&r, &e, why);
        if (result)
            return result;
    }
    *offset = end;
    *out = r;
    return 0;
}

static int append_record(struct trustlist *list, const struct trustlist_record *record,
                         size_t *capacity, struct why *why)
{
    if (list->count == TRUSTLIST_RECORDS_MAX)
        return why_error(why, ERR_LIMIT, "offset %zu: more than %d records", record->offset,
                         TRUSTLIST_RECORDS_MAX);
    if (list->count == *capacity) {
        *capacity = *capacity ? *capacity * 2 : 8;
        struct trustlist_record *records =
            reallocarray(list->records, *capacity, sizeof *list->records);
        if (!records)
            return -ENOMEM;
        list->records = records;
    }
    list->records[list->count++] = *record;
    return 0;
}

int trustlist_parse(struct trustlist **out, struct bytes file, struct why *why)
{
    if (file.size > TRUSTLIST_READ_MAX)
        return why_error(why, ERR_LIMIT, "%zu bytes; no trust list is larger than %d", file.size,
                         TRUSTLIST_READ_MAX);
    struct trustlist *list = calloc(1, sizeof *list);
    if (!list)
        return -ENOMEM;
    list->file = file;
    int result = envelope_parse(&list->header, file, why);
    size_t offset = list->header.header_size;
    size_t capacity = 0;
    while (result == 0 && offset < file.size) {
        struct trustlist_record record = {0};
        result = record_parse(&record, file, &offset, why);
        if (result == 0)
            result = append_record(list, &record, &capacity, why);
    }
    if (result) {
        trustlist_free(list);
        return result;
    }
    *out = list;
    return 0;
}

void trustlist_free(struct trustlist *list)
{
    if (!list)
        return;
    free(list->records);
    free(list);
}

int trustlist_kind(const struct trustlist *list, enum trustlist_kind *out)
{
    for (enum trustlist_kind kind = TRUSTLIST_CTL; kind <= TRUSTLIST_ITL; kind++) {
        if (bytes_equal_string(list->header.filename, trustlist_file_name(kind))) {
            *out = kind;
            return 0;
        }
    }
    return ERR_FORMAT;
}

bool record_names_certificate(const struct trustlist_record *record)
{
    return record->certificate.size || record->hash.size;
}

bool record_is(const struct trustlist_record *record, struct bytes issuer, struct bytes serial)
{
    return record->serial.size && bytes_equal(record->issuer, issuer) &&
           bytes_equal(bytes_strip_zeros(record->serial), bytes_strip_zeros(serial));
}

bool record_is_signer(const struct trustlist_record *record, const struct envelope *signed_file)
{
    return record->has_role && record->role == ROLE_SAST && record_names_certificate(record) &&
           record_is(record, signed_file->issuer, signed_file->serial);
}

size_t trustlist_certificates(const struct trustlist *list)
{
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++)
        count += record_names_certificate(&list->records[i]);
    return count;
}

bool record_next(const struct trustlist *list, const struct trustlist_record *record,
                 size_t *offset, struct tlv *element)
{
    size_t at = record->offset + *offset;
    if (*offset >= record->size ||
        tlv_read(element, list->file, &at, record->offset + record->size, NULL) != 0)
        return false;
    *offset = at - record->offset;
    return true;
}

int record_write(struct buffer *out, const struct trustlist_record *r, struct why *why)
{
    size_t start = out->size;
    tlv_write_u16(out, RECORD_LENGTH, 0);
    if (r->dns_name.data)
        tlv_write_text(out, RECORD_DNS_NAME, r->dns_name);
    if (r->subject.data)
        tlv_write_text(out, RECORD_SUBJECT, r->subject);
    if (r->has_role)
        tlv_write_u16(out, RECORD_FUNCTION, r->role);
    if (r->issuer.data)
        tlv_write_text(out, RECORD_ISSUER, r->issuer);
    const struct {
        uint8_t tag;
        const struct bytes *value;
    } raw[] = {
        {RECORD_SERIAL, &r->serial},       {RECORD_PUBLIC_KEY, &r->public_key},
        {RECORD_SIGNATURE, &r->signature}, {RECORD_CERTIFICATE, &r->certificate},
        {RECORD_ADDRESS, &r->address},     {RECORD_HASH, &r->hash},
    };
    for (size_t i = 0; i < sizeof raw / sizeof *raw; i++)
        if (raw[i].value->data)
            tlv_write(out, raw[i].tag, *raw[i].value);
    if (r->has_hash_algorithm)
        tlv_write_u8(out, RECORD_HASH_ALGORITHM, r->hash_algorithm);
    size_t size = out->size - start;
    if (size > UINT16_MAX && !out->error)
        out->error = ERR_LIMIT;
    buffer_set_u16be(out, start + TLV_PREFIX, (uint16_t)size);
    if (out->error)
        return why_error(why, out->error, "a record does not fit into its 65535 bytes");
    return 0;
}
