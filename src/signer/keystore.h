/*
 * keystore: the directory keys/ and what is loaded of it.
 *
 *   NAME-SERIAL.pem    certificate, then key (0600); never overwritten
 *   NAME-csr-KEY.pem   a key that waits for the certificate of its request
 *   enrolment.key      32 random bytes (0600): the key of the MACs of authentication strings
 *   NAME.pem           a link to the active one, for people; nothing here reads it
 *
 * All functions may be called from several threads.
 */
#ifndef SIGNER_KEYSTORE_H
#define SIGNER_KEYSTORE_H

#include "pki/issue.h"
#include "wire/envelope.h"

#define KEY_NAME_MAX   32
#define KEY_SERIAL_HEX 129 /* a serial as lower-case hex, with NUL */

struct keystore;

int keystore_open(struct keystore **out, const char *directory, struct why *why) CHECKED;
void keystore_close(struct keystore *store);

/* The key whose certificate has this issuer and serial (as a header names its signer), and the
 * name it goes by. It stays valid until the store is closed. A file that came since is found. */
int keystore_find(struct keystore *store, const struct key **key, char name[KEY_NAME_MAX],
                  struct bytes issuer, struct bytes serial, struct why *why) CHECKED;

/* The certificate and key of that name and serial number (lower-case hex); valid as above. */
int keystore_identity(struct keystore *store, const struct identity **out, const char *name,
                      const char *serial, struct why *why) CHECKED;

#define KEYSTORE_MAC 32
/* HMAC-SHA256 of `first NUL second` with the key of enrolment.key, which is made when there is
 * none.
 */
int keystore_mac(struct keystore *store, uint8_t out[KEYSTORE_MAC], const char *first,
                 const char *second, struct why *why) CHECKED;

/* Each writes its file durably before it returns; an existing file is never touched. */
int keystore_create(struct keystore *store, struct certificate **out, const char *name,
                    const struct key_spec *spec, const struct certificate_template *template,
                    struct why *why) CHECKED;
int keystore_request(struct keystore *store, struct buffer *pem, char key[33], const char *name,
                     const struct key_spec *spec, const struct certificate_template *template,
                     struct why *why) CHECKED;
/* The key of the request stays until it is swept: a crash before the caller's commit loses nothing.
 */
int keystore_adopt(struct keystore *store, const char *name, const char *key,
                   const struct certificate *certificate, struct why *why) CHECKED;
int keystore_import(struct keystore *store, struct certificate **out, const char *name,
                    struct bytes pem, struct why *why) CHECKED;
int keystore_link(struct keystore *store, const char *name, const char *serial,
                  struct why *why) CHECKED;
int keystore_check(struct keystore *store, const char *name, const struct certificate *certificate,
                   struct why *why) CHECKED;
/* Removes our files (by their pattern, temporary ones included) that `keep` does not name. */
int keystore_sweep(struct keystore *store, const char *const *keep, size_t count, unsigned *removed,
                   struct why *why) CHECKED;

#endif
