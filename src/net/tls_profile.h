/*
 * tls_profile: which TLS versions and suites are spoken. The only place with cipher strings.
 *
 * Servers choose by their own order: what a modern phone offers is preferred, what an old one
 * needs comes after it, TLS_RSA_WITH_NULL_SHA - signed, not encrypted - is the very last.
 */
#ifndef NET_TLS_PROFILE_H
#define NET_TLS_PROFILE_H

#include "base/error.h"

#include <openssl/types.h>
#include <stdbool.h>

enum tls_profile {
    TLS_MODERN, /* TLS 1.2 and 1.3, ECDHE with GCM or ChaCha20, own keys of 2048 bits and up */
    TLS_PHONE_LEGACY, /* servers: that, and from TLS 1.0 on AES-CBC with SHA-1; keys of any size */
    TLS_OLD_PHONE,    /* clients: TLS 1.0 and RSA key transport alone, as a phone of 2005 */
};

const char *tls_profile_name(enum tls_profile profile); /* "modern", "phone-legacy", "old-phone" */
/* Sets versions, suites, level and order of a new context. `null_cipher` adds NULL-SHA at the end
 * of phone-legacy, and leaves NULL-SHA alone in old-phone; ERR_POLICY for modern. */
int tls_profile_apply(SSL_CTX *ctx, enum tls_profile profile, bool null_cipher,
                      struct why *why) CHECKED;

#endif
