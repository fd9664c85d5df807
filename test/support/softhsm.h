/* softhsm: tokens of SoftHSM2 in a directory of their own, filled as a token's own software would.
 */
#ifndef TEST_SOFTHSM_H
#define TEST_SOFTHSM_H

#include "pki/key.h"

/* Where libsofthsm2.so is on this machine; NULL when it is not installed. */
const char *softhsm_module(void);
/* Makes SoftHSM keep its tokens below `directory`, for this process and its children. */
int softhsm_use(const char *directory) CHECKED;

struct softhsm; /* one token, logged in */

/* A new token with this label and PIN. Only one may be open at a time. */
int softhsm_init(struct softhsm **out, const char *label, const char *pin) CHECKED;
/* The token of this label. */
int softhsm_open(struct softhsm **out, const char *label, const char *pin) CHECKED;
void softhsm_close(struct softhsm *hsm);

/* Objects get the label and a CKA_ID of one byte. */
int softhsm_put_certificate(struct softhsm *hsm, const char *label, uint8_t id,
                            const struct certificate *certificate) CHECKED;
/* An RSA key; `always` makes it ask for the PIN at every signature. */
int softhsm_put_key(struct softhsm *hsm, const char *label, uint8_t id, const struct key *key,
                    bool always) CHECKED;

#endif
