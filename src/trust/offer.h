/*
 * offer: a list or file that is offered to phones, read once (see trust/accept.h).
 */
#ifndef TRUST_OFFER_H
#define TRUST_OFFER_H

#include "pki/certificate.h"
#include "trust/accept.h"

enum { OFFER_KEYS = 8, OFFER_NAME = 512 };

struct checked_key {
    uint8_t *key; /* the certificate, or the public key, as the record had it */
    size_t size;
    bool is_certificate;
    int result;
};

struct offer {
    bool is_list;
    enum trustlist_kind kind; /* of a list */
    char name[OFFER_NAME];    /* what is asked for, without a leading '/' */
    bool is_signed;           /* has an envelope: lists, and names that end in .sgn */
    struct bytes file;
    int malformed; /* 0, or why it cannot be read */
    struct why why;
    struct envelope header; /* when it is signed and not malformed */
    struct trustlist *list;
    size_t certificates;
    struct checked_key checked[OFFER_KEYS];
    size_t next_checked;        /* slot that is overwritten next */
    struct certificate *signer; /* of offer_new_signed_by(), or NULL */
};

/* Reads it into an offer of the caller's; offer_fini() frees what that took. -ENOMEM only. */
int offer_init_list(struct offer *offer, enum trustlist_kind kind, struct bytes file) CHECKED;
int offer_init_file(struct offer *offer, const char *name, struct bytes file) CHECKED;
void offer_fini(struct offer *offer);

/* Is the signature made with the key of this record? 0 or what signedfile_verify_record() says. */
int offer_check(struct offer *offer, const struct trustlist_record *signer) CHECKED;

/* The SAST record of an offered list that its header names as signer, or NULL. */
const struct trustlist_record *offer_own_signer(const struct offer *offer);

/* "CTL", "ITL", or "file". */
const char *offer_kind_name(const struct offer *offer);

#endif
