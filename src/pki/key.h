/*
 * key: private keys, and everything that is done with one.
 *
 * This is the only place where private keys are used; moving them behind the signer's socket later
 * changes this module alone (SECURITY.md says which process holds which key today).
 */
#ifndef PKI_KEY_H
#define PKI_KEY_H

#include "pki/certificate.h"

#define KEY_FILE_MAX      (128 * 1024)
#define KEY_SIGNATURE_MAX 512 /* bytes: RSA-4096 */

struct key_spec {
    enum key_kind kind;
    unsigned bits; /* RSA: 1024, 2048, 3072 or 4096; EC: 256, 384 or 521 */
};

/* Immutable; may be used from several threads. */
struct key;

/* Takes between 10 ms (EC) and some seconds (RSA 4096): not for an event loop. */
int key_generate(struct key **out, const struct key_spec *spec, struct why *why) CHECKED;
/* The first private key of a PEM file (PKCS#8 or traditional, not encrypted). */
int key_from_pem(struct key **out, struct bytes pem, struct why *why) CHECKED;
void key_free(struct key *key);

/* PKCS#8 PEM, appended; `out` should be freed with buffer_fini_secret. */
int key_write_pem(struct buffer *out, const struct key *key) CHECKED;
/* DER SubjectPublicKeyInfo of its public half, appended. */
int key_write_spki(struct buffer *out, const struct key *key) CHECKED;
bool key_fits(const struct key *key, const struct certificate *certificate);
enum key_kind key_kind(const struct key *key);
unsigned key_bits(const struct key *key);

/* RSASSA-PKCS1-v1_5, or DER ECDSA, over the pieces one after the other. */
int key_sign(struct buffer *out, const struct key *key, enum digest_kind digest,
             const struct bytes *pieces, size_t count) CHECKED;

/* One signature over a hash made elsewhere, as CAPF has them. RSA: a PKCS#1 v1.5 block of the bare
 * hash, without DigestInfo; EC: DER ECDSA. */
int key_sign_hash(struct buffer *out, const struct key *key, struct bytes hash) CHECKED;

/* Takes off RSAES-PKCS1-v1_5; `out` has room for KEY_SIGNATURE_MAX bytes and should be freed with
 * buffer_fini_secret. ERR_VERIFY when it was not made for this key, ERR_UNSUPPORTED when the key is
 * not RSA. */
int key_unwrap(struct buffer *out, const struct key *key, struct bytes wrapped) CHECKED;

/* The same in steps, for bytes that are not all in memory: begin, update..., finish.
 * key_signing_free at any time; finish does not free. */
struct key_signing;
int key_signing_begin(struct key_signing **out, const struct key *key,
                      enum digest_kind digest) CHECKED;
int key_signing_update(struct key_signing *signing, struct bytes piece) CHECKED;
int key_signing_finish(struct key_signing *signing, struct buffer *out) CHECKED;
void key_signing_free(struct key_signing *signing);

EVP_PKEY *key_pkey(const struct key *key);

/* A certificate and its key, as the files of keys/ hold them: PEM, certificate first. */
struct identity {
    struct certificate *certificate;
    struct key *key;
};

/* Reads both and checks that they fit. "-" is standard input. The message names the file. */
int identity_load(struct identity *out, const char *path, struct why *why) CHECKED;
int identity_from_pem(struct identity *out, struct bytes pem, struct why *why) CHECKED;
/* From a PKCS#12 file, the way CUCM saves its recovery key. */
int identity_from_pkcs12(struct identity *out, struct bytes file, const char *password,
                         struct why *why) CHECKED;
int identity_write_pem(struct buffer *out, const struct identity *identity) CHECKED;
/* Frees what it holds and empties it. */
void identity_fini(struct identity *identity);

#endif
