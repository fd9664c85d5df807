/*
 * password: what is kept of an administrator's password.
 *
 *   scrypt$N$r$p$salt$hash     numbers decimal, salt and hash lower-case hex
 */
#ifndef PKI_PASSWORD_H
#define PKI_PASSWORD_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

#define PASSWORD_HASH_MAX 256
#define PASSWORD_MAX      256

/* Takes about 50 ms and 16 MiB: not for an event loop. */
int password_hash(char out[PASSWORD_HASH_MAX], const char *password) CHECKED;
/* Compares in constant time. A hash that cannot be read never matches. */
bool password_matches(const char *hash, const char *password);

/* A new one to be shown once: five groups of four letters and digits that cannot be confused. */
void password_make(char out[32]);

#endif
