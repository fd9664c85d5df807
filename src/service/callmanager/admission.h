/*
 * admission: may this phone register, and what is it worth? (docs/protocols/sccp.md, "Who may
 * register")
 *
 * A pure function of facts: what a connection is like, what the phone's certificate turned out to
 * be, what the phone is in the cluster. Nothing here asks the store or looks at a certificate.
 */
#ifndef SERVICE_CALLMANAGER_ADMISSION_H
#define SERVICE_CALLMANAGER_ADMISSION_H

#include "service/callmanager/call_security.h"

/* What became of the certificate a phone showed in its TLS handshake (cluster/credential). */
enum admission_certificate {
    ADMISSION_CERTIFICATE_NONE,      /* it showed none */
    ADMISSION_CERTIFICATE_UNTRUSTED, /* no CA we trust issued it */
    ADMISSION_CERTIFICATE_EXPIRED,   /* or not yet valid */
    ADMISSION_CERTIFICATE_UNKNOWN,   /* our CAPF issued it, and the store knows nothing of it */
    ADMISSION_CERTIFICATE_REVOKED,
    ADMISSION_CERTIFICATE_REPLACED, /* dropped, or a newer one was confirmed */
    ADMISSION_CERTIFICATE_FOREIGN,  /* it names another phone than RegisterReq does */
    ADMISSION_CERTIFICATE_FINE,     /* an LSC, active or pending, or a MIC */
    ADMISSION_CERTIFICATES
};

struct admission_facts {
    const char *device; /* as RegisterReq says, escaped for logs */
    bool is_name;       /* it is one a phone can have: SEP and twelve digits */
    enum call_link link;
    const char *cipher;                     /* of TLS: "AES128-SHA" */
    enum admission_certificate certificate; /* of TLS */
    const char *certificate_why;            /* why it is not fine, exactly; may be NULL */
    bool known;                             /* there is such a phone; then: */
    enum device_protocol protocol;
    enum device_mode mode; /* of its profile */
    const char *profile;
    bool mixed;         /* the cluster's security mode */
    bool auto_register; /* unknown phones get a number, and there is one left */
};

enum admission_verdict {
    ADMISSION_WELCOME,
    ADMISSION_AUTO_REGISTER, /* make the phone, then it is welcome */
    /* refused */
    ADMISSION_NO_NAME,
    ADMISSION_NO_CERTIFICATE,
    ADMISSION_UNTRUSTED,
    ADMISSION_NOT_ISSUED, /* with CAPF's key, and not by CAPF as far as the store knows */
    ADMISSION_EXPIRED,
    ADMISSION_REVOKED,
    ADMISSION_REPLACED,
    ADMISSION_FOREIGN,
    ADMISSION_UNKNOWN,
    ADMISSION_PROTOCOL,         /* its profile is for SIP */
    ADMISSION_NEEDS_TLS,        /* authenticated or encrypted, over TCP */
    ADMISSION_NOT_SECURE,       /* non-secure, over TLS */
    ADMISSION_NOT_CONFIDENTIAL, /* encrypted, with a NULL cipher */
    ADMISSION_CROSSED,          /* it is here already: see admission_cross() */
    ADMISSION_VERDICTS
};

#define ADMISSION_SCREEN 32 /* with NUL: what RegisterReject has room for */
#define ADMISSION_REASON 600
struct admission {
    enum admission_verdict verdict;
    enum device_mode mode;         /* what counts of its profile: in non-secure mode nothing does */
    enum call_security security;   /* of the phone in its calls */
    const char *screen;            /* for the phone's screen; "" for a welcome */
    char reason[ADMISSION_REASON]; /* for the log: what, by which rule, what to do; "" for a
                                      welcome */
};
/* 0, or ERR_POLICY for every refusal. */
int admission_decide(struct admission *out, const struct admission_facts *facts) CHECKED;

/* A welcome becomes a refusal: a phone of that name is registered from `elsewhere`, an address, and
 * has just said something there. */
void admission_cross(struct admission *out, const char *device, const char *elsewhere);

/* For logs and counters: "welcome", "needs_tls", ... */
const char *admission_verdict_name(enum admission_verdict verdict);

#endif
