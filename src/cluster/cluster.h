/*
 * cluster: what an administrator can do, one function an act.
 *
 * An act plans first: it finds out which phones would refuse what it is about to publish, and does
 * nothing when there are any (ERR_PLAN), unless told to accept that. Then keys and certificates
 * come into being, lists are built, signed and checked, and one transaction makes it all true. A
 * crash anywhere leaves the old state or the new one.
 *
 * Acts run one at a time (run/lock). A `struct cluster` is used by one thread.
 */
#ifndef CLUSTER_CLUSTER_H
#define CLUSTER_CLUSTER_H

#include "cluster/config.h"
#include "cluster/parameters.h"
#include "cluster/plan.h"
#include "signer/signer.h"

enum cluster_access {
    CLUSTER_LOOK,    /* reads; needs neither lock nor signer */
    CLUSTER_INSPECT, /* as CLUSTER_LOOK, and can reach the signer of a trustlined that runs */
    CLUSTER_ACT,     /* takes run/lock, waiting up to a minute, and the signer when it is needed */
    CLUSTER_TIDY,    /* as CLUSTER_ACT, but waits a moment only: for the node's own start */
};

struct cluster;

/* Opens the state directory. A process that is root becomes the owner of the directory before it
 * touches anything in it (the signer, reached or started before, is another user's). */
int cluster_open(struct cluster **out, const char *state, enum cluster_access access,
                 struct why *why) CHECKED;
void cluster_close(struct cluster *cluster);

struct store *cluster_store(struct cluster *cluster);
const struct config *cluster_config(const struct cluster *cluster);
const char *cluster_state(const struct cluster *cluster);
/* The node this process is on. */
const struct store_node *cluster_node(const struct cluster *cluster);
/* 0 non-secure, 1 mixed. */
int cluster_security_mode(struct cluster *cluster, int *mode, struct why *why) CHECKED;
/* The signer: the end that was given, or one reached over run/control, or a signer started. */
int cluster_signer(struct cluster *cluster, struct signer **out, struct why *why) CHECKED;
/* For those whom the supervisor gives an end. Owns fd from here on. */
int cluster_give_signer(struct cluster *cluster, int fd) CHECKED;
/* Does trustlined run on this state directory? Also true when we may not ask it. */
bool cluster_is_served(const char *state);

/* Removes from keys/ what no row of the store names, left there by a crash. */
int cluster_sweep(struct cluster *cluster, unsigned *removed, struct why *why) CHECKED;
/* Makes every keys/NAME.pem link to the active key again. */
int cluster_relink(struct cluster *cluster, struct why *why) CHECKED;
/* Each service this version has gets its row, started with the node, unless it has one. */
int services_fill(struct store *store, int64_t node, struct why *why) CHECKED;

/* ---- making one ---- */

struct init_options {
    const char *state;
    const char *node;
    const char *address; /* numeric, IPv4 or IPv6 */
    uint16_t port_offset;
    const char *database; /* "sqlite", or a postgresql:// address */
    const char *organization, *unit, *locality, *province, *country; /* NULL or "": left out */
    unsigned key_size;     /* 1024, 2048 or 4096; 0: 2048 */
    const char *time_zone; /* of phones: "Europe/Vienna"; NULL: UTC */
};
/* Would cluster_init() make it, as far as can be seen without making anything? */
int cluster_init_check(const struct init_options *options, struct why *why) CHECKED;
/* Makes the publisher, wholly or not at all. `password` gets that of the first administrator, to be
 * shown once. */
int cluster_init(const struct init_options *options, char password[32], struct why *why) CHECKED;

/* ---- acts ---- */

struct act_options {
    bool dry_run;        /* plan only */
    bool accept_lockout; /* go on although phones would be lost */
};

/* The name of a key that was brought from outside, to sign once. */
#define SIGNER_KEY_GUEST "guest"

/* What an act did, or (dry run, or refused) would do. */
struct act_report {
    struct plan plan;
    struct act_list {
        bool touched;                      /* this act has to do with the list */
        bool changed;                      /* a new one is (would be) published */
        bool removed;                      /* none is served any more */
        char old_hash[LIST_HASH];          /* "" when there was none */
        char new_hash[LIST_HASH];          /* "" in a dry run */
        size_t certificates, bytes;        /* of the new one */
        char signer[256];                  /* subject */
        char signer_key[CERTIFICATE_NAME]; /* CallManager, ...; or SIGNER_KEY_GUEST */
        char unable_key[CERTIFICATE_NAME]; /* an anchor that could not sign, or "" */
        char unable_reason[256];           /* why it could not */
        bool near_limit;                   /* 80 % of what phones take, or more */
        /* When the act names the signer and phones would be lost: the anchor that loses fewer. */
        char other_key[CERTIFICATE_NAME];
        size_t other_lost;
    } lists[2];            /* by enum list_kind */
    bool already;          /* nothing had to be done */
    char certificate[512]; /* what came into being, for certificate acts */
    char note[256];        /* something worth saying, or "" */
};
void act_report_init(struct act_report *report);
void act_report_fini(struct act_report *report);

int cluster_set_mode(struct cluster *cluster, struct act_report *report, bool mixed,
                     const struct act_options *options, struct why *why) CHECKED;
int cluster_update_ctl(struct cluster *cluster, struct act_report *report,
                       const struct act_options *options, struct why *why) CHECKED;
/* Signs the list anew with the key of the node that is kept for this: the CTL with CallManager's,
 * the ITL with the second anchor's. */
int cluster_reset_localkey(struct cluster *cluster, struct act_report *report, enum list_kind kind,
                           const struct act_options *options, struct why *why) CHECKED;
/* Signs the ITL with a recovery key saved elsewhere (PKCS#12), which becomes one of its anchors. */
int cluster_reset_remotekey(struct cluster *cluster, struct act_report *report, struct bytes pkcs12,
                            const char *password, const struct act_options *options,
                            struct why *why) CHECKED;
/* `file delete tftp CTLFile.tlv`: the list is not served any more. */
int cluster_list_delete(struct cluster *cluster, struct act_report *report, enum list_kind kind,
                        const struct act_options *options, struct why *why) CHECKED;

/* NAME is CallManager, CAPF, TVS, ITLRecovery or web (case does not matter). */
int cluster_certificate_regenerate(struct cluster *cluster, struct act_report *report,
                                   const char *name, const struct act_options *options,
                                   struct why *why) CHECKED;
/* A request for a certificate of that name, signed outside; the PEM goes into `pem`. */
int cluster_request_generate(struct cluster *cluster, const char *name, struct buffer *pem,
                             const struct act_options *options, struct why *why) CHECKED;
/* Takes the certificate made from the last request, or a PEM with certificate and key. Further
 * certificates in the file are its chain. */
int cluster_certificate_import(struct cluster *cluster, struct act_report *report, const char *name,
                               struct bytes file, const struct act_options *options,
                               struct why *why) CHECKED;
/* PURPOSE is CallManager-trust, CAPF-trust, TVS-trust, Phone-SAST-trust, Phone-trust or web-trust.
 * Every certificate of the file is added; `file_name` gets CUCM's name of the (last) one. */
int cluster_trust_import(struct cluster *cluster, const char *purpose, struct bytes file,
                         char file_name[TRUST_FILE], const struct act_options *options,
                         struct why *why) CHECKED;
/* `purpose` may be NULL when only one purpose has such a file. */
int cluster_trust_delete(struct cluster *cluster, const char *purpose, const char *file_name,
                         const struct act_options *options, struct why *why) CHECKED;
/* The purposes there are, NULL-ended; and the own names. */
const char *const *cluster_trust_purposes(void);
/* ERR_USAGE: that there is no such one, and which is near (or NULL), or which there are. */
int cluster_trust_unknown(const char *typed, const char *near, struct why *why) CHECKED;
const char *const *cluster_certificate_names(void);

int cluster_parameter_set(struct cluster *cluster, struct act_report *report, const char *name,
                          const char *value, const struct act_options *options,
                          struct why *why) CHECKED;

/* What the phone makes of all it is served now, and what would help it: entries for the plan. */
int cluster_explain_phone(struct cluster *cluster, struct plan *plan, const char *device,
                          struct why *why) CHECKED;

/* ---- phones and profiles: checked against what the model can do ---- */
/* By name, phones in any case. ERR_NOT_FOUND says which name is near. */
int cluster_device_find(struct cluster *cluster, const char *typed, struct store_device *out,
                        struct why *why) CHECKED;
int cluster_profile_find(struct cluster *cluster, const char *name, struct store_profile *out,
                         struct why *why) CHECKED;
/* What a phone has besides itself. */
struct device_buttons {
    struct store_line lines[DEVICE_LINES_MAX];
    size_t line_count;
    struct store_line speed_dials[DEVICE_LINES_MAX];
    size_t speed_dial_count;
};
/* The report gets a note when the model probably cannot do what the profile asks for. */
int cluster_device_add(struct cluster *cluster, struct act_report *report,
                       const struct store_device *device, const struct device_buttons *buttons,
                       const struct act_options *options, struct why *why) CHECKED;
int cluster_device_delete(struct cluster *cluster, const char *name,
                          const struct act_options *options, struct why *why) CHECKED;
int cluster_profile_add(struct cluster *cluster, struct act_report *report,
                        const struct store_profile *profile, const struct act_options *options,
                        struct why *why) CHECKED;
int cluster_profile_delete(struct cluster *cluster, const char *name,
                           const struct act_options *options, struct why *why) CHECKED;

#endif
