/*
 * mac_key: keys/enrolment.key, which turns authentication strings into what the store may keep.
 *
 * A string has few digits: whoever had database and key could try them all, so that the key never
 * leaves the signer. A slow hash instead would hold enrolments up and, with four digits, gain
 * nothing.
 */
#ifndef SIGNER_MAC_KEY_H
#define SIGNER_MAC_KEY_H

#include "base/bytes.h"

#define MAC_KEY_FILE "enrolment.key"
#define MAC_KEY_SIZE 32

/* Immutable after birth. */
struct mac_key;

/* Reads it; makes it, durably, when there is none. ERR_FORMAT when the file is of another size. */
int mac_key_open(struct mac_key **out, const char *directory, struct why *why) CHECKED;
void mac_key_free(struct mac_key *key); /* wipes; NULL is accepted */
/* HMAC-SHA256 of `first NUL second`. */
int mac_key_use(const struct mac_key *key, uint8_t out[MAC_KEY_SIZE], const char *first,
                const char *second) CHECKED;

#endif
