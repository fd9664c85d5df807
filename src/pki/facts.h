/*
 * facts: what a certificate says, read without making a key of it.
 *
 * struct certificate is for those who check signatures and chains. Those who only write a
 * certificate down, or look for one among many, need a tenth of that time: no key is built, no
 * extension read, nothing verified.
 */
#ifndef PKI_FACTS_H
#define PKI_FACTS_H

#include "pki/certificate.h"

struct certificate_facts {
    uint8_t serial[SERIAL_MAX]; /* without leading zeros */
    size_t serial_size;
    struct buffer subject, issuer; /* C strings, as CUCM writes names */
    int64_t not_before, not_after; /* unix seconds */
    struct buffer spki;            /* DER SubjectPublicKeyInfo as it stands there; not checked */
};

/* From DER that ends where the certificate ends. ERR_LIMIT or ERR_FORMAT; then there is nothing to
 * free. Otherwise certificate_facts_fini(). */
int certificate_facts_read(struct certificate_facts *out, struct bytes der,
                           struct why *why) CHECKED;
void certificate_facts_fini(struct certificate_facts *facts);

#endif
