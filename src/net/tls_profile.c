#include "net/tls_profile.h"

#include "pki/certificate.h"

#include <openssl/ssl.h>

#define SUITES_MODERN "ECDHE+AESGCM:ECDHE+CHACHA20"
#define SUITES_LEGACY SUITES_MODERN ":ECDHE-RSA-AES128-SHA:AES256-SHA:AES128-SHA"
#define SUITES_OLD    "AES256-SHA:AES128-SHA"
#define SUITES_TLS13  "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256"

/* Level 0 allows what TLS 1.0 cannot do without: SHA-1, and keys of 1024 bits. The suites are named
 * one by one, so nothing else comes with it. */
static const struct profile {
    const char *name;
    int lowest, highest;
    int level;
    const char *suites;
    const char *suites_with_null; /* NULL: there is no such profile */
    uint64_t options;
} profiles[] = {
    [TLS_MODERN] = {"modern", TLS1_2_VERSION, TLS1_3_VERSION, 2, SUITES_MODERN, NULL, 0},
    [TLS_PHONE_LEGACY] = {"phone-legacy", TLS1_VERSION, TLS1_3_VERSION, 0, SUITES_LEGACY,
                          SUITES_LEGACY ":NULL-SHA", 0},
    /* A phone of that age knows neither of these extensions. */
    [TLS_OLD_PHONE] = {"old-phone", TLS1_VERSION, TLS1_VERSION, 0, SUITES_OLD, "NULL-SHA",
                       SSL_OP_NO_ENCRYPT_THEN_MAC | SSL_OP_NO_EXTENDED_MASTER_SECRET},
};

const char *tls_profile_name(enum tls_profile profile)
{
    return profiles[profile].name;
}

int tls_profile_apply(SSL_CTX *ctx, enum tls_profile profile, bool null_cipher, struct why *why)
{
    const struct profile *p = &profiles[profile];
    const char *suites = null_cipher ? p->suites_with_null : p->suites;
    char error[160];
    if (!suites)
        return why_error(
            why, ERR_POLICY,
            "NULL-SHA (signed, not encrypted) needs the TLS profile %s: legacy_tls = on",
            tls_profile_name(TLS_PHONE_LEGACY));
    SSL_CTX_set_security_level(ctx, p->level);
    SSL_CTX_set_options(ctx, p->options | SSL_OP_CIPHER_SERVER_PREFERENCE);
    if (SSL_CTX_set_min_proto_version(ctx, p->lowest) != 1 ||
        SSL_CTX_set_max_proto_version(ctx, p->highest) != 1 ||
        SSL_CTX_set_cipher_list(ctx, suites) != 1 ||
        SSL_CTX_set_ciphersuites(ctx, SUITES_TLS13) != 1)
        return why_error(why, ERR_CRYPTO, "the TLS profile %s cannot be set: %s", p->name,
                         crypto_error(error));
    return 0;
}
