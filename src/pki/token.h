/*
 * token: signing with a key that never leaves its PKCS#11 token.
 *
 * The key is named by a URI of RFC 7512 ("pkcs11:token=...;object=..."). Signatures are made with
 * CKM_RSA_PKCS over a DigestInfo of ours, so a token only has to know RSA.
 *
 * A vendor's module is code we do not know. It is loaded only in a helper process: this same
 * program, started anew with the one argument TOKEN_HELPER_WORD, that holds nothing of ours but the
 * PIN. A module that crashes or hangs ends the helper, and the call returns an error. main() of a
 * program that opens tokens must look for the word first:
 *
 *     if (argc == 2 && strcmp(argv[1], TOKEN_HELPER_WORD) == 0)
 *         return token_helper();
 *
 * Tokens lock themselves after a number of wrong PINs: a PIN is given to the token at most once for
 * each token_open(), and a PIN that nobody types is never the last try.
 */
#ifndef PKI_TOKEN_H
#define PKI_TOKEN_H

#include "pki/signedfile.h"

#define TOKEN_HELPER_WORD "pkcs11-helper"
#define TOKEN_PIN_MAX     255

/* What a token says about itself before the PIN is needed. Texts are escaped. */
struct token_info {
    char label[33];
    char manufacturer[33];
    char model[17];
    char serial[17];
    bool few_tries; /* a wrong PIN was given since the last right one */
    bool final_try; /* one more wrong PIN locks the token */
    bool keypad;    /* the PIN is typed on the token itself: ask_pin only says so */
};

struct token_setup {
    const char *uri;
    const char *module;   /* path of the PKCS#11 module. NULL: the URI's module-path, or else every
                             module that is registered with p11-kit */
    const char *pin_file; /* its first line is the PIN; "-" is standard input. NULL: the URI's
                             pin-source, or else ask_pin */
    /* Writes the PIN a person types into `pin`, which has room for TOKEN_PIN_MAX bytes. NULL:
     * nobody can be asked. */
    int (*ask_pin)(void *context, const struct token_info *token, struct buffer *pin,
                   struct why *why);
    void *context;
    int deadline_ms; /* of each answer of the module; 0: 30 s */
};

/* One key of one token, logged in. One thread at a time. */
struct token;

/* Is this the name of a token's key rather than of a file? */
bool token_is_uri(const char *text);

/* Finds the one token and the one certificate with its key that the URI means, and logs in. Waits
 * for the module and for the person who types. Errors: ERR_USAGE (the URI is wrong, or holds the
 * PIN, which everybody could read), ERR_NOT_FOUND, ERR_DUPLICATE (the URI means more than one),
 * -EACCES (the PIN is wrong, saying what the token tells about tries left), ERR_POLICY (locked, or
 * the last try without a person), ERR_TIMEOUT, ERR_CLOSED (the module crashed). */
int token_open(struct token **out, const struct token_setup *setup, struct why *why) CHECKED;
/* Logs out and ends the helper; waits a second at most. */
void token_close(struct token *token);

const struct certificate *token_certificate(const struct token *token);
/* RSASSA-PKCS1-v1_5 over the pieces one after the other, checked with the certificate before it is
 * handed out. */
int token_sign(struct token *token, struct buffer *signature, enum digest_kind digest,
               const struct bytes *pieces, size_t count, struct why *why) CHECKED;
/* The token as a signer of files; valid as long as the token. */
struct file_signer token_signer(struct token *token);

/* The helper's own side: serves on descriptor 3 until it closes. Returns an exit status. */
int token_helper(void);

#endif
