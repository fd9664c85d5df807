#include "pki/facts.h"

#include "pki/asn1.h"

#include <errno.h>
#include <openssl/asn1t.h>
#include <openssl/err.h>
#include <openssl/x509.h>

/* RFC 5280, section 4.1, as far as it is asked for. The key stays the bytes it is. */
struct validity {
    ASN1_TIME *not_before, *not_after;
};
struct body {
    ASN1_INTEGER *version, *serial;
    X509_ALGOR *algorithm;
    X509_NAME *issuer;
    struct validity *validity;
    X509_NAME *subject;
    ASN1_STRING *key;
    ASN1_BIT_STRING *issuer_id, *subject_id;
    ASN1_TYPE *extensions;
};
struct outline {
    struct body *body;
    X509_ALGOR *algorithm;
    ASN1_BIT_STRING *signature;
};
typedef struct validity VALIDITY;
typedef struct body BODY;
typedef struct outline OUTLINE;

/* clang-format off: these macros are halves of sentences */
ASN1_SEQUENCE(VALIDITY) =
    {
        ASN1_SIMPLE(VALIDITY, not_before, ASN1_TIME),
        ASN1_SIMPLE(VALIDITY, not_after, ASN1_TIME),
} static_ASN1_SEQUENCE_END(VALIDITY) ASN1_SEQUENCE(BODY) =
        {
            ASN1_EXP_OPT(BODY, version, ASN1_INTEGER, 0),
            ASN1_SIMPLE(BODY, serial, ASN1_INTEGER),
            ASN1_SIMPLE(BODY, algorithm, X509_ALGOR),
            ASN1_SIMPLE(BODY, issuer, X509_NAME),
            ASN1_SIMPLE(BODY, validity, VALIDITY),
            ASN1_SIMPLE(BODY, subject, X509_NAME),
            ASN1_SIMPLE(BODY, key, ASN1_SEQUENCE),
            ASN1_IMP_OPT(BODY, issuer_id, ASN1_BIT_STRING, 1),
            ASN1_IMP_OPT(BODY, subject_id, ASN1_BIT_STRING, 2),
            ASN1_EXP_OPT(BODY, extensions, ASN1_ANY, 3),
} static_ASN1_SEQUENCE_END(BODY) ASN1_SEQUENCE(OUTLINE) =
            {
                ASN1_SIMPLE(OUTLINE, body, BODY),
                ASN1_SIMPLE(OUTLINE, algorithm, X509_ALGOR),
                ASN1_SIMPLE(OUTLINE, signature, ASN1_BIT_STRING),
} static_ASN1_SEQUENCE_END(OUTLINE)
    /* clang-format on */

    static int take_body(struct certificate_facts * out, const BODY *body, struct why *why)
{
    int result = asn1_serial(out->serial, &out->serial_size, body->serial, why);
    if (result == 0)
        result = asn1_name(&out->subject, body->subject, why);
    if (result == 0)
        result = asn1_name(&out->issuer, body->issuer, why);
    if (result == 0)
        result = asn1_time(&out->not_before, body->validity->not_before, why);
    if (result == 0)
        result = asn1_time(&out->not_after, body->validity->not_after, why);
    if (result == 0) {
        buffer_append(&out->spki, bytes_of(ASN1_STRING_get0_data(body->key),
                                           (size_t)ASN1_STRING_length(body->key)));
        result = out->spki.error;
    }
    return result;
}

int certificate_facts_read(struct certificate_facts *out, struct bytes der, struct why *why)
{
    char error[160];
    if (der.size > CERTIFICATE_DER_MAX)
        return why_error(why, ERR_LIMIT, "a certificate of %zu bytes; %d are the most", der.size,
                         CERTIFICATE_DER_MAX);
    const unsigned char *p = der.data;
    OUTLINE *outline = (OUTLINE *)ASN1_item_d2i(NULL, &p, (long)der.size, ASN1_ITEM_rptr(OUTLINE));
    if (!outline)
        return why_error(why, ERR_FORMAT, "no DER certificate: %s", crypto_error(error));
    *out = (struct certificate_facts){.serial_size = 0};
    buffer_init(&out->subject, NAME_TEXT_MAX);
    buffer_init(&out->issuer, NAME_TEXT_MAX);
    buffer_init(&out->spki, CERTIFICATE_DER_MAX);
    int result = p == der.data + der.size
                     ? take_body(out, outline->body, why)
                     : why_error(why, ERR_FORMAT, "bytes follow the DER certificate");
    ASN1_item_free((ASN1_VALUE *)outline, ASN1_ITEM_rptr(OUTLINE));
    ERR_clear_error();
    if (result)
        certificate_facts_fini(out);
    return result;
}

void certificate_facts_fini(struct certificate_facts *facts)
{
    buffer_fini(&facts->subject);
    buffer_fini(&facts->issuer);
    buffer_fini(&facts->spki);
}
