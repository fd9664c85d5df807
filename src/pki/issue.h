/*
 * issue: the certificates and requests a node makes for itself.
 */
#ifndef PKI_ISSUE_H
#define PKI_ISSUE_H

#include "pki/key.h"

/* NULL and "" are left out. UTF-8. */
struct subject {
    const char *common_name, *unit, *organization, *locality, *province, *country;
};

/* What a certificate is for decides its extensions. */
enum certificate_use {
    USE_SERVER, /* CallManager, TVS, web: TLS server and client, file signing */
    USE_CA,     /* CAPF: keyCertSign, cRLSign, and its own TLS server */
    USE_ANCHOR, /* ITLRecovery: signs lists, nothing else */
};

struct certificate_template {
    enum certificate_use use;
    struct subject subject;
    const char *dns_name; /* for the subjectAltName; NULL: none */
    const char *address;  /* IPv4 or IPv6 text; NULL: none */
    int64_t not_before;   /* unix seconds */
    unsigned days;
};

#define SERIAL_BYTES 16

/* A random positive serial of exactly 16 bytes, as CUCM's are: the first byte is 01 to 7F. */
void serial_random(uint8_t out[SERIAL_BYTES]);

/* Signed by its own key, SHA-256, with the serial given. */
int certificate_self_sign(struct certificate **out, const struct key *key,
                          const struct certificate_template *template,
                          const uint8_t serial[SERIAL_BYTES], struct why *why) CHECKED;

/* A PKCS#10 request, as PEM text. */
int csr_write_pem(struct buffer *out, const struct key *key,
                  const struct certificate_template *template, struct why *why) CHECKED;
/* Was this request made with the key of the certificate? For the message on import. */
bool csr_fits(struct bytes pem, const struct certificate *certificate);

#endif
