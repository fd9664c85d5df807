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
