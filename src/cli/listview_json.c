#include "cli/listview.h"

#include "base/text.h"
#include "cli/cli.h"

#include <arpa/inet.h>
#include <string.h>

/* json_pack() gives NULL when anything in it could not be made, so each of these does. */

static json_t *address_json(struct bytes address)
{
    char text[INET6_ADDRSTRLEN];
    if (!address.size)
        return json_null();
    int family = address.size == 4 ? AF_INET : AF_INET6;
    return json_string(inet_ntop(family, address.data, text, sizeof text) ? text : "");
}

static json_t *certificate_json(struct bytes der)
{
    struct certificate *c = NULL;
    if (!der.size)
        return json_null();
    uint8_t sha1[SHA1_SIZE];
    if (digest_bytes(DIGEST_KIND_SHA1, der, sha1) != 0)
        return NULL;
    struct bytes hash = bytes_of(sha1, sizeof sha1);
    if (certificate_from_der(&c, der, NULL) != 0)
        return json_pack("{s:b, s:I, s:o}", "readable", 0, "size", (json_int_t)der.size, "sha1",
                         cli_json_hex(hash));
    json_t *json = json_pack("{s:b, s:I, s:o, s:o, s:s, s:i, s:o, s:o}", "readable", 1, "size",
                             (json_int_t)der.size, "sha1", cli_json_hex(hash), "sha256",
                             cli_json_hex(bytes_of(certificate_sha256(c), SHA256_SIZE)), "key",
                             certificate_key_name(c), "key_bits", (int)certificate_key_bits(c),
                             "not_before", cli_json_time(certificate_not_before(c)), "not_after",
                             cli_json_time(certificate_not_after(c)));
    certificate_free(c);
    return json;
}

static json_t *role_json(const struct trustlist_record *record)
{
    char number[8];
    if (!record->has_role)
        return json_null();
    const char *text = role_text(record->role);
    text_format(number, sizeof number, "%u", record->role);
    return json_string(text ? text : number);
}

static json_t *record_json(const struct trustlist *list, size_t index)
{
    const struct trustlist_record *r = &list->records[index];
    return json_pack("{s:I, s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:o, s:o, s:o, s:b}", "number",
                     (json_int_t)index + 1, "length", (int)r->size, "role",
                     r->has_role ? json_integer(r->role) : json_null(), "function", role_json(r),
                     "dns_name", cli_json_text(r->dns_name), "subject", cli_json_text(r->subject),
                     "issuer", cli_json_text(r->issuer), "serial", cli_json_hex(r->serial),
                     "public_key_size", (json_int_t)r->public_key.size, "certificate",
                     certificate_json(r->certificate), "certificate_hash", cli_json_hex(r->hash),
                     "address", address_json(r->address), "is_signer",
                     record_is_signer(r, &list->header));
}

static json_t *records_json(const struct trustlist *list)
{
    json_t *records = json_array();
    for (size_t i = 0; i < list->count; i++) {
        if (json_array_append_new(records, record_json(list, i)) != 0) {
            json_decref(records);
            return NULL;
        }
    }
    return records;
}

static json_t *signer_json(const struct envelope *h)
{
    return json_pack("{s:o, s:o, s:o, s:i}", "subject", cli_json_text(h->signer_name), "issuer",
                     cli_json_text(h->issuer), "serial", cli_json_hex(h->serial), "key_bits",
                     (int)envelope_modulus_size(h->modulus) * 8);
}

static json_t *aea_json(const struct envelope *h)
{
    char text[8];
    if (!h->has_aea)
        return json_null();
    text_format(text, sizeof text, "%u.%u", h->aea_major, h->aea_minor);
    return json_string(text);
}

static json_t *sum_json(enum digest_kind kind, struct bytes file)
{
    char hex[2 * DIGEST_SIZE_MAX + 1];
    return digest_hex(kind, file, hex) == 0 ? json_string(hex) : NULL;
}

json_t *listview_json(const struct trustlist *list, enum trustlist_kind kind, const char *reason)
{
    const struct envelope *h = &list->header;
    char version[8];
    text_format(version, sizeof version, "%u.%u", h->version_major, h->version_minor);
    return json_pack(
        "{s:s, s:I, s:o, s:o, s:o, s:s, s:i, s:o, s:o, s:s, s:i, s:o, s:o, s:o, s:I, s:o, s:b, "
        "s:s?}",
        "kind", trustlist_kind_name(kind), "size", (json_int_t)list->file.size, "md5",
        sum_json(DIGEST_KIND_MD5, list->file), "sha1", sum_json(DIGEST_KIND_SHA1, list->file),
        "sha256", sum_json(DIGEST_KIND_SHA256, list->file), "version", version, "header_length",
        (int)h->header_size, "aea_version", aea_json(h), "signer", signer_json(h), "digest",
        digest_code_text(h->digest), "digest_code", (int)h->digest, "file_name",
        cli_json_text(h->filename), "timestamp",
        h->has_timestamp ? json_integer(h->timestamp) : json_null(), "last_modified",
        h->has_timestamp ? cli_json_time(h->timestamp) : json_null(), "certificates",
        (json_int_t)trustlist_certificates(list), "records", records_json(list), "verified",
        reason == NULL, "reason", reason);
}
