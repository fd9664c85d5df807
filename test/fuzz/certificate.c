/* certificate: one that a phone or an administrator brings, taken apart. */
#include "fuzz.h"

#include "pki/certificate.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct certificate *c = NULL;
    struct certificate *again = NULL;
    struct why why = WHY_NONE;
    struct buffer pem;
    if (certificate_from_file_bytes(&c, bytes_of(data, size), &why) != 0) {
        MUST(why.text[0] != '\0');
        return 0;
    }
    MUST(strlen(certificate_subject(c)) + strlen(certificate_issuer(c)) < 4 * CERTIFICATE_DER_MAX);
    fuzz_touch(certificate_public_key(c));
    fuzz_touch(certificate_signature(c));
    fuzz_touch(certificate_serial(c));
    (void)certificate_key_name(c);
    (void)certificate_may_sign_certificates(c);
    buffer_init(&pem, CERTIFICATE_FILE_MAX);
    MUST(certificate_write_pem(&pem, c) == 0);
    MUST(certificate_from_file_bytes(&again, buffer_bytes(&pem), &why) == 0);
    MUST(certificates_equal(c, again));
    MUST(strcmp(certificate_subject(c), certificate_subject(again)) == 0);
    certificate_free(again);
    certificate_free(c);
    buffer_fini(&pem);
    return 0;
}
