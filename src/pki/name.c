/* Names as CUCM writes them. */
#include "pki/certificate.h"

#include <openssl/asn1.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <string.h>

static const int order[] = {NID_commonName,   NID_organizationalUnitName, NID_organizationName,
                            NID_localityName, NID_stateOrProvinceName,    NID_countryName};

enum { ORDERED = sizeof order / sizeof *order };

static bool is_ordered(int nid)
{
    for (size_t i = 0; i < ORDERED; i++)
        if (order[i] == nid)
            return true;
    return false;
}

static int write_entry(struct buffer *out, const X509_NAME_ENTRY *entry, const char *separator,
                       bool first)
{
    int nid = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry));
    unsigned char *text = NULL;
    int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(entry));
    if (size < 0)
        return ERR_FORMAT;
    int result = 0;
    if (memchr(text, 0, (size_t)size))
        result = ERR_FORMAT; /* a NUL would end the text for some readers and not for others */
    if (!first)
        buffer_text(out, separator);
    const char *key = nid == NID_undef ? NULL : OBJ_nid2sn(nid);
    if (key) {
        for (; *key; key++)
            buffer_u8(out, (uint8_t)(*key >= 'a' && *key <= 'z' ? *key - 'a' + 'A' : *key));
    } else {
        char oid[80];
        OBJ_obj2txt(oid, sizeof oid, X509_NAME_ENTRY_get_object(entry), 1);
        buffer_text(out, oid);
    }
    buffer_u8(out, '=');
    buffer_append(out, bytes_of(text, (size_t)size));
    OPENSSL_free(text);
    return result ? result : out->error;
}

int name_write(struct buffer *out, const X509_NAME *name, const char *separator)
{
    int count = X509_NAME_entry_count(name);
    bool first = true;
    /* The six known attributes in CUCM's order, then whatever else there is in its own. */
    for (size_t step = 0; step <= ORDERED; step++) {
        for (int i = 0; i < count; i++) {
            const X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, i);
            int nid = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry));
            if (step < ORDERED ? nid != order[step] : is_ordered(nid))
                continue;
            int result = write_entry(out, entry, separator, first);
            if (result)
                return result;
            first = false;
        }
    }
    return out->error;
}
