/*
 * details: what a certificate says beyond certificate.h, for people who read it.
 *
 * Algorithms and extensions have the names Java gives them, since CUCM's `show cert` is Java.
 */
#ifndef PKI_DETAILS_H
#define PKI_DETAILS_H

#include "pki/certificate.h"

#define CERTIFICATE_EXTENSIONS_MAX 24
#define CERTIFICATE_NAME_TEXT      1024

struct certificate_extension {
    char name[64]; /* "KeyUsage", or its OID when it has no name */
    char oid[64];
    bool critical;
    char label[16];   /* how the value is called: "Usages", "keyID", "Value" */
    char value[1024]; /* one line; cut when it is longer */
};

struct certificate_details {
    int version;                         /* 3 */
    char subject[CERTIFICATE_NAME_TEXT]; /* "CN=pub1, O=Example": the order of certificate.h */
    char issuer[CERTIFICATE_NAME_TEXT];
    char signature_name[48]; /* "SHA256withRSA" */
    char signature_oid[64];
    char key_name[16]; /* "RSA", "EC" */
    char key_oid[64];
    size_t extension_count; /* all there are; the first CERTIFICATE_EXTENSIONS_MAX are below */
    struct certificate_extension extensions[CERTIFICATE_EXTENSIONS_MAX];
};

int certificate_details(struct certificate_details *out, const struct certificate *c) CHECKED;

#endif
