#include "store/sql/facts.h"

#include "base/clock.h"
#include "pki/certificate.h"
#include "store/sql/sql.h"

#include <string.h>

int facts_of(struct certificate_facts *out, struct bytes der, struct why *why)
{
    struct certificate *certificate = NULL;
    int result = certificate_from_der(&certificate, der, why);
    if (result)
        return result;
    char when[CLOCK_TEXT];
    clock_iso(when, certificate_not_after(certificate) * 1000);
    when[strcspn(when, ".")] = '\0'; /* certificates know no milliseconds */
    text_copy(out->not_after, sizeof out->not_after, when);
    copy_readable(out->subject, sizeof out->subject, certificate_subject(certificate));
    copy_readable(out->issuer, sizeof out->issuer, certificate_issuer(certificate));
    text_hex(out->serial, sizeof out->serial, certificate_serial(certificate), false, 0);
    text_hex(out->sha256, sizeof out->sha256,
             bytes_of(certificate_sha256(certificate), SHA256_SIZE), false, 0);
    certificate_free(certificate);
    return 0;
}
