/*
 * lsc: the certificates CAPF issues to phones, and the list of those it has revoked
 * (docs/protocols/capf.md, "The LSC").
 */
#ifndef PKI_LSC_H
#define PKI_LSC_H

#include "pki/issue.h"
#include "pki/publickey.h"

#define LSC_SUBJECT_DEFAULT "CN=%d"
#define LSC_SUBJECT_MAX     256 /* characters of a template */
#define LSC_DAYS_MAX        3650
#define CRL_DER_MAX         (16u << 20)

/* How LSCs look; each member is a parameter of the cluster. */
struct lsc_template {
    /* "CN=%d", "CN=%m-%d", "CN=%m-%d,OU=Phones": %d is the device name, %m the model, %% a percent
     * sign; keys are CN, OU, O, L, ST, C and serialNumber. The CN must be the device name or end in
     * '-' and it, since that is how everybody knows the phone by its certificate. */
    const char *subject;
    bool issuer_attributes;  /* then the issuer's C, ST, L, O and OU, where the template has none */
    int64_t not_before;      /* unix seconds */
    unsigned days;           /* 1 to LSC_DAYS_MAX */
    enum digest_kind digest; /* of the signature: SHA-256 for phones of today */
};

struct lsc_request {
    const char *device; /* letters, digits, '.', '_' and '-' */
    const char *model;  /* blanks, '+' and '/' too: "Webex DX80"; NULL where there is no %m */
    const struct public_key *key;
};

/* Is this a subject template? ERR_USAGE says what is wrong with it. */
int lsc_subject_check(const char *subject, struct why *why) CHECKED;

/* A certificate for the phone, signed by the issuer, which must be a CA whose key is there. */
int lsc_issue(struct certificate **out, const struct identity *issuer,
              const struct lsc_template *template, const struct lsc_request *request,
              const uint8_t serial[SERIAL_BYTES], struct why *why) CHECKED;

/* The same as DER, appended, for those who only pass it on: reading it again costs as much as a
 * signature of a 2048-bit key. */
int lsc_issue_der(struct buffer *out, const struct identity *issuer,
                  const struct lsc_template *template, const struct lsc_request *request,
                  const uint8_t serial[SERIAL_BYTES], struct why *why) CHECKED;

struct crl_entry {
    struct bytes serial; /* as certificate_serial() gives it */
    int64_t revoked;     /* unix seconds */
    unsigned reason;     /* CRLReason of RFC 5280, 5.3.1; 0 (unspecified) is left out, as it says */
};

struct crl_spec {
    uint64_t number; /* grows with each list of an issuer */
    int64_t this_update, next_update;
    const struct crl_entry *entries; /* in any order; a serial at most once */
    size_t count;
    enum digest_kind digest;
};

/* Appends the list as DER (RFC 5280, version 2, with number and authority key identifier). */
int crl_write(struct buffer *out, const struct identity *issuer, const struct crl_spec *spec,
              struct why *why) CHECKED;
/* Appends a list as PEM, as files of CAs take it. */
int crl_to_pem(struct buffer *out, struct bytes der) CHECKED;

#endif
