/*
 * parameters: the settings of the whole cluster (table processconfig), what each may be and what it
 * is for.
 */
#ifndef CLUSTER_PARAMETERS_H
#define CLUSTER_PARAMETERS_H

#include "store/store.h"

#define PARAMETER_SECURITY_MODE    "ClusterSecurityMode" /* 0 non-secure, 1 mixed */
#define PARAMETER_ANCHORS          "list_anchors"
#define PARAMETER_ROLLBACK         "prepare_rollback"           /* 0 or 1 */
#define PARAMETER_FILE_DIGEST      "TFTPFileSignatureAlgorithm" /* SHA-1 or SHA-512 */
#define PARAMETER_CERTIFICATE_DAYS "certificate_validity_days"
#define PARAMETER_KEY_SIZE         "key_size"            /* RSA bits of new own keys */
#define PARAMETER_SUBJECT          "certificate_subject" /* OU, O, L, ST, C of own certificates */
#define PARAMETER_PER_ADDRESS      "connections_per_address"
#define PARAMETER_LSC_DAYS         "lsc_validity_days"
#define PARAMETER_LSC_SUBJECT      "lsc_subject"             /* a template: pki/lsc.h */
#define PARAMETER_LSC_UNIQUE_KEYS  "lsc_unique_keys"         /* 0 or 1 */
#define PARAMETER_EXPIRED_MIC      "capf_accept_expired_mic" /* 0 or 1 */
#define PARAMETER_SHA1_PROOF       "capf_accept_sha1_proof"  /* 0 or 1 */
#define PARAMETER_TVS_TTL          "tvs_ttl"
#define PARAMETER_TVS_TTL_CHANGING "tvs_ttl_changing"
#define PARAMETER_TVS_CHANGING     "tvs_changing"      /* see vouching.h */
#define PARAMETER_AUTO_NUMBERS     "auto_registration" /* see auto_register.h */
#define PARAMETER_TIME_ZONE        "time_zone"         /* see time_zone.h */

struct parameter {
    const char *name;
    const char *value; /* the default */
    const char *range; /* for people: "0 or 1" */
    const char *help;  /* one sentence */
    /* 0, or ERR_USAGE. NULL: it is not set by hand, and `instead` says how it changes. */
    int (*check)(const char *value);
    const char *instead;
    bool planned; /* phones are asked first: it changes their lists, or what is signed for them */
};

/* The table, ended by name NULL. */
const struct parameter *parameter_table(void);
const struct parameter *parameter_find(const char *name);

/* Every default that has no value yet goes into the store. */
int parameters_fill(struct store *store) CHECKED;

/* list_anchors taken apart: the names of the keys, the preferred signer first. */
#define ANCHORS_MAX 2
struct anchors {
    const char *key[ANCHORS_MAX]; /* KEY_CALLMANAGER, KEY_RECOVERY */
    size_t count;
};
int anchors_parse(struct anchors *out, const char *value) CHECKED;

#endif
