/*
 * accept: would this phone take that list or file, and by which rule?
 *
 * One pure function. The simulated phone decides with it and the planner predicts with it, so the
 * prediction is the behaviour. Rules: docs/protocols/acceptance.md.
 */
#ifndef TRUST_ACCEPT_H
#define TRUST_ACCEPT_H

#include "trust/model.h"
#include "wire/trustlist.h"

enum verdict {
    VERDICT_YES,
    VERDICT_THROUGH_TVS, /* only if TVS, which the phone would ask, vouches for the signer */
    VERDICT_NO,
    VERDICT_UNKNOWN, /* a trait that decides is not known */
};
/* "yes", "through_tvs", "no", "unknown". */
const char *verdict_text(enum verdict verdict);

/* The rule that decided; the word of rule_text() is part of our interface. */
enum accept_rule {
    RULE_FIRST_LIST,     /* no list stored: taken unverified, but consistent in itself */
    RULE_SIGNER_IN_CTL,  /* signed by a SAST (list) or TFTP certificate (file) of the stored CTL */
    RULE_SIGNER_IN_ITL,  /* the same of the stored ITL */
    RULE_EMPTY_ITL,      /* the stored ITL has no TFTP and TVS sections: takes anything */
    RULE_UNSIGNED,       /* no list names a signer of files: plain files are taken */
    RULE_ASK_TVS,        /* the signer is not in the lists; the phone would ask TVS */
    RULE_TVS_VOUCHES,    /* it asked, and TVS trusts the signer for this */
    RULE_TVS_REFUSES,    /* it asked, and TVS does not know the signer, or not for this */
    RULE_TVS_SILENT,     /* it would have asked, and no TVS could be asked */
    RULE_UNKNOWN_SIGNER, /* not in the lists, and nobody to ask */
    RULE_CERTIFICATE_IN_CTL,  /* trust/server.h: the stored CTL names the server's certificate */
    RULE_CERTIFICATE_IN_ITL,  /* the stored ITL does */
    RULE_UNKNOWN_CERTIFICATE, /* neither does, and there is nobody to ask */
    RULE_BAD_SIGNATURE,       /* the signer is known, the signature is wrong */
    RULE_INCONSISTENT,        /* a first list that no SAST record of its own has signed */
    RULE_MALFORMED,
    RULE_FILE_NAME,      /* FILENAME inside is not what was asked for */
    RULE_SIZE_LIMIT,     /* over 64 KB */
    RULE_COUNT_LIMIT,    /* over 39 certificates */
    RULE_DIGEST,         /* a digest this model does not know */
    RULE_KEY_SIZE,       /* a signer's key larger than this model takes */
    RULE_SERVER_ADDRESS, /* 7940 and 7960: the server's address is not in the stored CTL */
    RULE_NOT_SIGNED,     /* a plain file where a list demands a signature */
    RULE_NOT_ASKED,      /* this model never asks for such a list: it does no harm either */
    RULE_NOT_DECIDED,    /* memory ran out before an answer was found */
    RULE_COUNT
};
/* "first_list", "signer_in_ctl", ... */
const char *accept_rule_text(enum accept_rule rule);

/* What TVS said when the phone asked for the signer of what is offered. */
struct testimony {
    enum testimony_kind {
        TESTIMONY_SILENCE, /* nobody the phone believes could be asked */
        TESTIMONY_DENIED,  /* TVS does not trust it */
        TESTIMONY_VOUCHED, /* TVS trusts it for `roles` */
    } kind;
    uint32_t roles;           /* one bit a role: testimony_has_role() */
    struct bytes certificate; /* VOUCHED: the DER certificate that came with it */
    const char *words;        /* SILENCE: what became of whom it asked; NULL: not told */
};
/* "silence", "denied", "vouched". */
const char *testimony_text(enum testimony_kind kind);
bool testimony_has_role(const struct testimony *testimony, uint16_t role);
void testimony_add_role(struct testimony *testimony, uint16_t role);

/* What a phone holds. Lists are read already; NULL: none stored. Nothing is owned. */
struct phone_trust {
    const struct model *model; /* model_unknown() when not known; never NULL */
    const struct trustlist *ctl;
    const struct trustlist *itl;
    struct bytes server; /* 4 or 16 bytes: the TFTP server's address; empty: not known */
    /* What TVS answered when it was asked; NULL: not asked, and what only TVS can decide is
     * answered VERDICT_THROUGH_TVS. */
    const struct testimony *testimony;
};

struct answer {
    enum verdict verdict;
    enum accept_rule rule;
    bool inferred;         /* an inferred trait of the model had a say */
    char explanation[512]; /* one sentence for a person: what, why, what helps */
};

/* Would it take this list (whole file) when it asks for a CTL or ITL? That it asks is supposed,
 * unless its model is known not to. */
void accept_list(struct answer *out, const struct phone_trust *phone, enum trustlist_kind kind,
                 struct bytes file);

/* Would it take this file, asked for by `name` (with .sgn when it asks for a signed one)? For what
 * phones check against their lists: configuration, ring lists, dial plans, locales. Firmware is not
 * among them: it carries its own proof. */
void accept_file(struct answer *out, const struct phone_trust *phone, const char *name,
                 struct bytes file);

/* ---- the same list or file for many phones ----
 *
 * An offer is a list or file read once. It remembers which keys its signature was checked with, so
 * that each key costs one RSA operation however many phones are asked about; a signature is still
 * checked against the very key that the phone in question holds. One thread at a time.
 */
struct offer;
struct certificate;

/* The bytes must stay as long as the offer. Files that no phone could read are offers too: every
 * answer says so. -ENOMEM is the only failure. */
int offer_new_list(struct offer **out, enum trustlist_kind kind, struct bytes file) CHECKED;
int offer_new_file(struct offer **out, const char *name, struct bytes file) CHECKED;
/* Any file that this certificate signs, with that digest: there are no bytes, and its signature
 * fits this certificate's key and no other. The certificate is shared. */
int offer_new_signed_by(struct offer **out, struct certificate *signer,
                        enum digest_code digest) CHECKED;
void offer_free(struct offer *offer);
/* Of a list. */
enum trustlist_kind offer_kind(const struct offer *offer);
/* The list that is offered, or NULL when it cannot be read or is a file. */
const struct trustlist *offer_trustlist(const struct offer *offer);

void accept_offer(struct answer *out, const struct phone_trust *phone, struct offer *offer);

/* ---- what the stored lists say ---- */

/* Does any stored list name a certificate that signs files? Then the phone asks for name.sgn.
 * false too for models that check no signatures. */
bool phone_asks_signed(const struct phone_trust *phone);

/* The record of the stored lists that signed this envelope: role SAST for lists, CCM+TFTP or TFTP
 * for files. NULL when there is none. *kind is the list it is in. Nothing is verified. */
const struct trustlist_record *phone_find_signer(const struct phone_trust *phone,
                                                 const struct envelope *header, bool for_list,
                                                 enum trustlist_kind *kind);

/* The ITL of "prepare cluster for rollback": no record of role TFTP, CCM+TFTP or TVS names a
 * certificate. */
bool trustlist_is_empty_itl(const struct trustlist *itl);

/* Is the address one of a record, as IPADDRESS or written out as its DNSNAME? */
bool trustlist_has_address(const struct trustlist *list, struct bytes address);

#endif
