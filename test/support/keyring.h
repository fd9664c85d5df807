/*
 * keyring: identities for tests that need many of them - a pool of RSA-1024 keys, and for each
 * purpose a certificate of each key, made when it is asked for and kept until the end. Two
 * certificates may share a key, never a serial number.
 */
#ifndef TEST_KEYRING_H
#define TEST_KEYRING_H

#include "pki/issue.h"

#define KEYRING_KEYS 20

struct card {
    struct identity identity;
    struct buffer pem; /* certificate and key */
};

/* CN=`common_name`, self-signed, valid today, with the key `which` (any number); what is it for?
 * The same question, the same card, of the keyring's. Fails the program when it cannot be made. */
const struct card *keyring_card(const char *purpose, const char *common_name,
                                enum certificate_use use, unsigned which);
void keyring_free(void);

#endif
