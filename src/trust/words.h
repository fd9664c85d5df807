/*
 * words: the pieces that explanations are made of (internal to this room). Each writes into a text
 * of the caller's and returns it.
 */
#ifndef TRUST_WORDS_H
#define TRUST_WORDS_H

#include "trust/accept.h"

#define WORDS 192

/* "CN=pub1 (serial 2A5B6C7D)": enough to tell a certificate from its predecessor, which has the
 * same name. */
char *words_signer(char out[WORDS], const struct envelope *header);
char *words_certificate(char out[WORDS], struct bytes name, struct bytes serial);
char *words_record(char out[WORDS], const struct trustlist_record *record);
/* "a 7975", "an 8841", "this phone" when the model is not known. */
char *words_model(char out[WORDS], const struct phone_trust *phone);
/* "erase its lists by hand: Settings > ...", as well as the model's way is known. */
char *words_erase(char out[WORDS], const struct phone_trust *phone);
/* "sign it with CN=... (serial ...), which its CTL names": who could have signed what the phone
 * would take. false when nobody could. */
bool words_better_signer(char out[WORDS], const struct phone_trust *phone, bool for_list);
char *words_address(char out[WORDS], struct bytes address);

#endif
