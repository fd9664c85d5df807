/*
 * certs: the cluster's certificates as commands name and show them.
 */
#ifndef CLI_CERTS_H
#define CLI_CERTS_H

#include "cli/session.h"
#include "cluster/vouching.h"
#include "pki/certificate.h"

/* A certificate of the cluster's own or a trusted one. */
struct cert {
    char unit[TRUST_PURPOSE]; /* "CallManager", "CAPF-trust" */
    char file[TRUST_FILE];    /* "CallManager.pem" */
    char description[200];    /* CUCM's words for where it comes from */
    bool trusted;
    bool imported;
    int64_t created;
    struct certificate *certificate;
};

/* A list of them; `items` may be NULL when there are none. */
struct certs {
    struct cert *items;
    size_t count;
};
/* This node's active ones, in CUCM's order. */
int certs_load_own(struct certs *out, struct cluster *cluster, struct why *why) CHECKED;
/* The trusted ones, by purpose, then by file name. */
int certs_load_trusted(struct certs *out, struct cluster *cluster, struct why *why) CHECKED;
void certs_free(struct certs *certs);

/* The name of an own certificate as it was typed: "callmanager", "CallManager/CallManager.pem";
 * "tomcat" is the web certificate. ERR_USAGE suggests the nearest. */
int cert_own_name(const char **out, const char *typed, struct why *why) CHECKED;
/* The trusted certificate "CAPF-trust/FILE.pem" or "FILE.pem". ERR_NOT_FOUND suggests the nearest,
 * ERR_USAGE when several purposes have that file. */
int cert_find_trusted(const struct cert **out, const struct certs *certs, const char *typed,
                      struct why *why) CHECKED;

/* ---- which served lists name a certificate, as what, and what TVS says of it ---- */

struct cert_lists {
    struct store_list stored[2]; /* by enum list_kind */
    struct trustlist *lists[2];  /* NULL when none is served */
    struct vouching vouching;
};
int cert_lists_load(struct cert_lists *out, struct store *store, struct why *why) CHECKED;
void cert_lists_free(struct cert_lists *lists);
/* "CTL (SAST, CCM+TFTP), ITL (TFTP)"; "" when it is in none. */
void cert_lists_text(struct buffer *out, const struct cert_lists *lists,
                     const struct certificate *certificate);
/* [{"list": "CTL", "roles": ["SAST", ...]}, ...] */
json_t *cert_lists_json(const struct cert_lists *lists, const struct certificate *certificate);

/* "SAST, TFTP (kept for 86400 s)", or "nothing": of an own certificate or one of a trust store, for
 * what is said of it there. */
void cert_tvs_text(struct buffer *out, const struct cert_lists *lists, const struct cert *cert);
/* {"roles": ["SAST", ...], "seconds": 86400} */
json_t *cert_tvs_json(const struct cert_lists *lists, const struct cert *cert);
/* Does the CTL that is served name it? Then TVS vouches for it, whatever the trust stores say. */
bool cert_in_ctl(const struct cert_lists *lists, const struct certificate *certificate);

/* Whole days until it expires; negative afterwards. */
int64_t cert_days_left(const struct certificate *certificate);

#define CERT_WARN_DAYS 60

#endif
