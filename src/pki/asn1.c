#include "pki/asn1.h"

#include <openssl/asn1.h>
#include <string.h>
#include <time.h>

int asn1_serial(uint8_t out[SERIAL_MAX], size_t *size, const ASN1_INTEGER *serial, struct why *why)
{
    struct bytes raw = bytes_strip_zeros(
        bytes_of(ASN1_STRING_get0_data(serial), (size_t)ASN1_STRING_length(serial)));
    if (ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER || raw.size == 0)
        return why_error(why, ERR_FORMAT, "the serial number is not positive");
    if (raw.size > SERIAL_MAX)
        return why_error(why, ERR_LIMIT, "a serial number of %zu bytes", raw.size);
    memcpy(out, raw.data, raw.size);
    *size = raw.size;
    return 0;
}

int asn1_name(struct buffer *out, const X509_NAME *name, struct why *why)
{
    int result = name_write(out, name, ";");
    buffer_string(out);
    return result ? why_error(why, result, "a name in it is malformed or too long") : 0;
}

int asn1_time(int64_t *out, const ASN1_TIME *time, struct why *why)
{
    struct tm tm;
    if (ASN1_TIME_to_tm(time, &tm) != 1)
        return why_error(why, ERR_FORMAT, "a date in it is malformed");
    *out = (int64_t)timegm(&tm);
    return 0;
}

/* ---- DER ---- */

enum { TAG_INTEGER = 0x02, TAG_SEQUENCE = 0x30, LENGTH_LONG = 0x80 };

/* The content of an element of this tag, whose length is written in the shortest form and in no
 * more than two bytes, as those of keys are. */
static struct bytes der_element(struct reader *r, uint8_t tag)
{
    bool right = reader_u8(r) == tag;
    size_t size = reader_u8(r);
    size_t least = 0;
    if (size == LENGTH_LONG + 1) {
        size = reader_u8(r);
        least = LENGTH_LONG;
    } else if (size == LENGTH_LONG + 2) {
        size = reader_u16be(r);
        least = 0x100;
    } else if (size >= LENGTH_LONG) {
        right = false;
    }
    if (!right || size < least)
        return bytes_of(NULL, 0);
    return reader_bytes(r, size);
}

/* Greater than zero, and without bytes that say nothing. */
static bool der_is_positive(struct bytes integer)
{
    if (integer.size == 0 || integer.data[0] & 0x80)
        return false;
    return integer.data[0] || (integer.size > 1 && integer.data[1] & 0x80);
}

bool asn1_is_der_rsa(struct bytes der)
{
    struct reader outer;
    struct reader inner;
    reader_init(&outer, der);
    reader_init(&inner, der_element(&outer, TAG_SEQUENCE));
    bool n = der_is_positive(der_element(&inner, TAG_INTEGER));
    bool e = der_is_positive(der_element(&inner, TAG_INTEGER));
    return n && e && reader_end(&inner) == 0 && reader_end(&outer) == 0;
}
