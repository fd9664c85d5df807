#include "phone/webpage_parts.h"

#include "base/clock.h"
#include "base/text.h"
#include "wire/trustlist.h"

#include <string.h>

void webpage_md5_row(struct buffer *out, const char *name, const struct held_list *list)
{
    char md5[2 * MD5_SIZE + 1];
    webmarkup_row(out, name, "%s",
                  list ? text_hex(md5, sizeof md5, bytes_of(list->md5, MD5_SIZE), false, 0)
                       : "Not Installed");
}

/* ---- one list ---- */

static void digest_row(struct buffer *out, const char *name, struct bytes digest)
{
    char hex[2 * DIGEST_SIZE_MAX + 1];
    webmarkup_row(out, name, "%s", text_hex(hex, sizeof hex, digest, false, 0));
}

static void serial_row(struct buffer *out, struct bytes serial)
{
    char hex[2 * 64 + 1];
    if (serial.data)
        webmarkup_row(out, "Serial Number", "%s", text_hex(hex, sizeof hex, serial, true, 0));
}

static void header_rows(struct buffer *out, const struct held_list *list)
{
    const struct envelope *header = &list->list->header;
    char date[CLOCK_TEXT];
    webmarkup_row(out, "Certificates", "%zu", trustlist_certificates(list->list));
    webmarkup_row_bytes(out, "Signed By", header->signer_name);
    serial_row(out, header->serial);
    if (header->has_timestamp)
        webmarkup_row(out, "Created", "%s", clock_java(date, header->timestamp));
}

static void address_row(struct buffer *out, struct bytes address)
{
    char text[64] = "";
    if (address.size == 4)
        text_format(text, sizeof text, "%u.%u.%u.%u", address.data[0], address.data[1],
                    address.data[2], address.data[3]);
    else if (address.data)
        text_hex(text, sizeof text, address, false, ':');
    if (*text)
        webmarkup_row(out, "Address", "%s", text);
}

static void record_table(struct buffer *out, const struct trustlist_record *record, size_t n)
{
    const char *role = record->has_role ? role_text(record->role) : "None";
    buffer_format(out, "<h4>Record %zu</h4>\n<table>\n", n);
    if (role)
        webmarkup_row(out, "Role", "%s", role);
    else
        webmarkup_row(out, "Role", "%u", record->role);
    webmarkup_row_bytes(out, "DNS Name", record->dns_name);
    address_row(out, record->address);
    webmarkup_row_bytes(out, "Subject Name", record->subject);
    webmarkup_row_bytes(out, "Issuer Name", record->issuer);
    serial_row(out, record->serial);
    if (record->certificate.data)
        webmarkup_row(out, "Certificate", "%zu bytes", record->certificate.size);
    if (record->hash.data)
        digest_row(out, "Certificate Hash", record->hash);
    buffer_text(out, "</table>\n");
}

static void list_section(struct buffer *out, const char *title, const struct held_list *list)
{
    buffer_format(out, "<h3>%s</h3>\n", title);
    if (!list) {
        buffer_text(out, "<p>Not Installed</p>\n");
        return;
    }
    buffer_text(out, "<table>\n");
    webmarkup_row(out, "Size", "%zu bytes", list->file.size);
    digest_row(out, "MD5", bytes_of(list->md5, MD5_SIZE));
    digest_row(out, "SHA1", bytes_of(list->sha1, SHA1_SIZE));
    if (list->list)
        header_rows(out, list);
    buffer_text(out, "</table>\n");
    for (size_t i = 0; list->list && i < list->list->count; i++)
        record_table(out, &list->list->records[i], i + 1);
}

void webpage_trust(struct buffer *out, const struct webfacts *facts, size_t stream)
{
    (void)stream;
    list_section(out, "CTL File", facts->ctl);
    list_section(out, "ITL File", facts->itl);
}
