/*
 * signer: the process that holds private keys, seen from the others.
 *
 * The signer signs *covered bytes* it has read and hashed itself, never a digest; what a role may
 * ask for is in the table of signer/policy.c. It chooses the key by the signer that the header
 * names.
 */
#ifndef SIGNER_SIGNER_H
#define SIGNER_SIGNER_H

#include "net/loop.h"
#include "pki/lsc.h"
#include "wire/envelope.h"

/* Who asks. The supervisor tells the signer which end of which socketpair is whose. */
enum signer_role {
    SIGNER_CLUSTER, /* acts of cluster/ */
    SIGNER_TFTP,
    SIGNER_CLERK,       /* keys looked over at the start of a node; nothing is made or signed */
    SIGNER_CAPF,        /* LSCs, their CRL, authentication strings; and its own TLS identity */
    SIGNER_TVS,         /* its own TLS identity */
    SIGNER_CALLMANAGER, /* the same */
    SIGNER_ROLE_COUNT
};

struct signer; /* one end of a socketpair to the signer */

/* Owns fd from here on. */
int signer_new(struct signer **out, int fd) CHECKED;
void signer_free(struct signer *signer);

/* ---- waiting calls: for the command line and worker threads ---- */

/* Signs header || payload. `covered_header` as of envelope_write(). `why` gets the signer's words.
 */
int signer_sign(struct signer *signer, struct buffer *signature, struct bytes covered_header,
                struct bytes payload, struct why *why) CHECKED;

/* A new key and its self-signed certificate: keys/NAME-SERIAL.pem is there and durable when this
 * returns. Seconds for RSA 4096. */
int signer_create(struct signer *signer, struct certificate **out, const char *name,
                  const struct key_spec *spec, const struct certificate_template *template,
                  struct why *why) CHECKED;
/* A new key and a request for it (PEM); the key waits in keys/NAME-csr-KEY.pem. */
int signer_request(struct signer *signer, struct buffer *pem, char key[33], const char *name,
                   const struct key_spec *spec, const struct certificate_template *template,
                   struct why *why) CHECKED;
/* Joins a certificate with the key of the request it was made from: keys/NAME-SERIAL.pem. */
int signer_adopt(struct signer *signer, const char *name, const char *key,
                 const struct certificate *certificate, struct why *why) CHECKED;
/* A certificate and key brought from elsewhere (PEM of both): keys/NAME-SERIAL.pem. */
int signer_import(struct signer *signer, struct certificate **out, const char *name,
                  struct bytes pem, struct why *why) CHECKED;
/* Makes keys/NAME.pem the link to keys/NAME-SERIAL.pem. */
int signer_link(struct signer *signer, const char *name, const char *serial,
                struct why *why) CHECKED;
/* Is the key of this certificate there, and does it fit? */
int signer_check(struct signer *signer, const char *name, const struct certificate *certificate,
                 struct why *why) CHECKED;
/* Removes every file of keys/ that is not named; links and names of other programs' files stay. */
int signer_sweep(struct signer *signer, const char *const *keep, size_t count, unsigned *removed,
                 struct why *why) CHECKED;

/* An LSC, built and signed by the signer: its serial number and dates are the signer's own. */
struct signer_lsc {
    const char *issuer; /* the serial number of the CAPF certificate that issues: lower-case hex */
    const char *device, *model; /* as struct lsc_request */
    const char *subject;        /* as struct lsc_template, with the next three */
    bool issuer_attributes;
    unsigned days; /* cut to what is left of the issuer: nothing outlives it */
    enum digest_kind digest;
    struct key_spec asked; /* what the phone was asked for: the key must be exactly that */
    struct bytes spki;     /* the key as the phone sent it: DER SubjectPublicKeyInfo */
};
/* ERR_POLICY for a weak key or one that is not what was asked for, ERR_FORMAT or ERR_UNSUPPORTED
 * for what is no key of a phone. Roles: capf. */
int signer_issue(struct signer *signer, struct certificate **out, const struct signer_lsc *lsc,
                 struct why *why) CHECKED;

/* The list of revoked LSCs. */
struct signer_crl {
    const char *issuer; /* as above */
    uint64_t number;
    int64_t this_update, next_update; /* unix seconds, at most SIGNER_CRL_DAYS apart */
    const struct crl_entry *entries;
    size_t count;
};
#define SIGNER_CRL_DAYS 400
/* Appends the DER. Roles: capf, cluster. */
int signer_crl(struct signer *signer, struct buffer *out, const struct signer_crl *crl,
               struct why *why) CHECKED;

/* HMAC-SHA256 of `device NUL string` with keys/enrolment.key, which is made at its first use: what
 * the store keeps of an authentication string. Compare with secret_equal(). Roles: capf, cluster.
 */
#define SIGNER_MAC_SIZE   32
#define SIGNER_STRING_MAX 64 /* bytes; longer is refused, since no phone has it typed */
int signer_mac(struct signer *signer, uint8_t out[SIGNER_MAC_SIZE], const char *device,
               const char *string, struct why *why) CHECKED;

/* The certificate NAME of that serial number and its private key, as PEM: appended to `out`, which
 * must have its whole room (KEY_FILE_MAX reserved) and be freed with buffer_fini_secret(). The
 * certificates above it are in the store (own_certificate.chain). Roles: capf, tvs and
 * callmanager, each for the name its TLS needs. */
int signer_identity(struct signer *signer, struct buffer *out, const char *name, const char *serial,
                    struct why *why) CHECKED;

/* How often the signer did and refused what it was asked, since it started. */
struct signer_counters {
    uint64_t signed_files, created, refused, malformed, issued; /* issued: LSCs */
};
int signer_counters(struct signer *signer, struct signer_counters *out, struct why *why) CHECKED;

/* ---- without waiting: for event loops ---- */

/* Answers may overtake one another. After the signer has gone each open question is answered
 * ERR_CLOSED; then signer_loop_replace() brings a new end. */
struct signer_loop;
int signer_loop_new(struct signer_loop **out, struct loop *loop) CHECKED;
void signer_loop_free(struct signer_loop *signer);
/* A (new) end; owns fd. Questions asked while there is none wait, at most a few seconds. */
int signer_loop_replace(struct signer_loop *signer, int fd) CHECKED;
/* `done` gets the signature, or an error with its words. Payload is copied. ERR_LIMIT when too many
 * questions are open. */
int signer_loop_sign(struct signer_loop *signer, struct bytes covered_header, struct bytes payload,
                     void (*done)(void *context, int result, struct bytes signature,
                                  const char *words),
                     void *context) CHECKED;

/* The same with the payload in a file, which the signer reads from its start to its end. The
 * descriptor is duplicated. */
int signer_loop_sign_file(struct signer_loop *signer, struct bytes covered_header, int payload,
                          void (*done)(void *context, int result, struct bytes signature,
                                       const char *words),
                          void *context) CHECKED;

/* The same for the rest: `done` gets the DER of the certificate or of the CRL, or the MAC. What
 * `answer` looks at is wiped when it returns. */
int signer_loop_issue(struct signer_loop *signer, const struct signer_lsc *lsc,
                      void (*done)(void *context, int result, struct bytes answer,
                                   const char *words),
                      void *context) CHECKED;
int signer_loop_crl(struct signer_loop *signer, const struct signer_crl *crl,
                    void (*done)(void *context, int result, struct bytes answer, const char *words),
                    void *context) CHECKED;
int signer_loop_mac(struct signer_loop *signer, const char *device, const char *string,
                    void (*done)(void *context, int result, struct bytes answer, const char *words),
                    void *context) CHECKED;
/* PEM of certificate and key. */
int signer_loop_identity(struct signer_loop *signer, const char *name, const char *serial,
                         void (*done)(void *context, int result, struct bytes answer,
                                      const char *words),
                         void *context) CHECKED;

#endif
