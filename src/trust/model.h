/*
 * model: what each phone model can do (docs/protocols/models.md).
 *
 * A value that no source states for that model is marked inferred: it is a default that an
 * administrator may override, and never a reason to refuse a phone.
 */
#ifndef TRUST_MODEL_H
#define TRUST_MODEL_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum trait_value { TRAIT_NO, TRAIT_YES, TRAIT_UNKNOWN };

struct trait {
    enum trait_value value;
    bool inferred;
};

/* How its configuration file can be encrypted. */
enum config_encryption {
    ENCRYPTION_NONE,
    ENCRYPTION_MANUAL_RC4, /* a key typed by hand */
    ENCRYPTION_MANUAL_AES,
    ENCRYPTION_PKI, /* an AES key wrapped with the phone's RSA key */
    ENCRYPTION_UNKNOWN,
};

/* Generations as config-xml.md has them: they read configuration files alike. */
enum generation {
    GENERATION_UNKNOWN = 0,
    GENERATION_A = 'A',      /* 7940 7960 */
    GENERATION_B = 'B',      /* 79x1 79x2 79x5 7970 7971 7906 7911 7931 */
    GENERATION_C = 'C',      /* 69xx */
    GENERATION_W = 'W',      /* 7921 7925 7926 */
    GENERATION_D = 'D',      /* 8941 8945 8961 9951 9971 */
    GENERATION_E = 'E',      /* 78xx 88xx 8821, DX, 9800 and newer */
    GENERATION_CLIENT = 'J', /* Jabber, CIPC */
    GENERATION_OLD = 'O',    /* 7902 7905 7910 7912 7920 7935 7936 7937 7985, 39xx, ATAs */
};

#define MODEL_SCCP 1u
#define MODEL_SIP  2u

struct model {
    const char *name; /* "7975" */
    const char *also; /* other names, with '|' between them, or NULL */
    uint32_t type;    /* device type: RegisterReq, loadInformationNNN; 0: unknown */
    bool type_inferred;
    unsigned protocols; /* MODEL_SCCP | MODEL_SIP */
    enum generation generation;
    struct trait ctl;          /* asks for a CTL */
    struct trait itl;          /* asks for an ITL (security by default) */
    struct trait tvs;          /* asks TVS about what it does not know */
    struct trait tftp_address; /* trusts a TFTP server only when its address is in the CTL */
    struct trait signed_config;
    enum config_encryption encryption;
    bool encryption_inferred;
    struct trait mic, lsc;
    unsigned rsa_max; /* bits; 0: unknown */
    bool rsa_max_inferred;
    struct trait ec_lsc;
    struct trait sha512; /* takes SHA-512 signatures */
    const char *tls_max; /* "1.0", "1.2", "none" or "?" */
    bool tls_max_inferred;
    struct trait http;                /* asks 6970 before TFTP */
    struct trait https;               /* 6971 */
    const char *load_sccp, *load_sip; /* beginning of loadInformation, NULL: none known */
    const char *erase_lists; /* how a person erases its trust lists; NULL: not known, or nothing to
                                erase */
    bool erase_lists_inferred;
    const char *factory_reset; /* how a person resets all of it, or NULL */
    bool factory_reset_inferred;
};

/* By name ("7975", "Cisco 7975", "CP-7975G", "7975G", "cipc"), in any case, with or without blanks
 * and dashes; NULL when there is none. */
const struct model *model_find(const char *name);
/* What to assume of a phone whose model is not known: everything that decides is unknown. Its name
 * is "unknown". */
const struct model *model_unknown(void);
/* The table, ended by a row with name NULL. */
const struct model *model_table(void);

/* Says yes, no, or unknown; for messages and tables: "yes", "no", "unknown", "(yes)" when inferred.
 */
const char *trait_text(struct trait trait);
bool trait_is(struct trait trait); /* TRAIT_YES */
/* For refusals: an inferred "no" never shuts a phone out. */
bool trait_is_surely_not(struct trait trait);

#endif
