/*
 * holdings: walks over what a phone has stored (internal to this room).
 */
#ifndef TRUST_HOLDINGS_H
#define TRUST_HOLDINGS_H

#include "trust/accept.h"

/* All records of the stored lists that may have signed an envelope, the CTL's first. Zero `kind`
 * and `index` to begin; afterwards `kind` is the list of the record that came last. */
struct signer_walk {
    const struct phone_trust *phone;
    const struct envelope *header;
    bool for_list;
    enum trustlist_kind kind;
    size_t index;
};
const struct trustlist_record *signer_next(struct signer_walk *walk);

const struct trustlist *phone_list(const struct phone_trust *phone, enum trustlist_kind kind);

/* The first record of this role that names a certificate, or NULL. `list` may be NULL. */
const struct trustlist_record *trustlist_find_role(const struct trustlist *list, uint16_t role);
/* The first certificate that signs files, or NULL. `list` may be NULL. */
const struct trustlist_record *trustlist_file_signer(const struct trustlist *list);

#endif
