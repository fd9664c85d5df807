/*
 * traits: what a model can do, by words, so that an administrator can say it better than the table
 * does - of all phones of a model, or of one.
 *
 *   ctl itl tvs tftp_address signed_config mic lsc ec_lsc sha512 http https   yes, no, unknown
 *   encryption                                        none, rc4, aes, pki, unknown
 *   rsa_max                                           512 to 16384 bits, unknown
 *   tls_max                                           none, 1.0, 1.2, 1.3, unknown
 */
#ifndef TRUST_TRAITS_H
#define TRUST_TRAITS_H

#include "trust/model.h"

/* The words, ended by NULL, in the order above. */
const char *const *trait_names(void);
/* What the trait is, for people: "asks for a CTL". NULL: there is no such trait. */
const char *trait_about(const char *name);

/* What is said so is not inferred any more. ERR_USAGE names what there is. *model is a copy of the
 * caller's; the table itself never changes. */
int model_set_trait(struct model *model, const char *name, const char *value,
                    struct why *why) CHECKED;

/* The value by its word; *inferred says whether it is. The name must be one of trait_names(). */
#define TRAIT_WORD 16
char *model_trait_text(char out[TRAIT_WORD], bool *inferred, const struct model *model,
                       const char *name);

#endif
