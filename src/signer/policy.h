/*
 * policy: what each role may have the signer do. The table in policy.c is the whole of it.
 */
#ifndef SIGNER_POLICY_H
#define SIGNER_POLICY_H

#include "signer/protocol.h"

/* May this role ask for this operation at all? ERR_POLICY with the rule in `why`. */
int policy_operation(enum signer_role role, unsigned operation, struct why *why) CHECKED;
/* May this role ask for it with the key of that name? */
int policy_key(enum signer_role role, enum signer_operation operation, const char *key_name,
               struct why *why) CHECKED;
/* May this role have this header signed by the key of that name? */
int policy_sign(enum signer_role role, const struct envelope *header, const char *key_name,
                struct why *why) CHECKED;

#endif
