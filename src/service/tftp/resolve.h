/*
 * resolve: from a name to what is to be served - the store's lists, files of tftpboot/,
 * configurations made from the store.
 *
 * For the worker thread that has the store. What is found there says on what it depends, so that it
 * can be kept until that changes.
 */
#ifndef SERVICE_TFTP_RESOLVE_H
#define SERVICE_TFTP_RESOLVE_H

#include "service/tftp/content.h"
#include "service/tftp/names.h"
#include "store/store.h"

struct resolver;

/* `node` is this node's name in the store. Strings are copied. */
int resolver_new(struct resolver **out, const char *tftpboot, const char *templates,
                 const char *node) CHECKED;
void resolver_free(struct resolver *resolver);

struct finding {
    /* 0; ERR_NOT_FOUND; ERR_POLICY: it is there, but not for this phone, or not to be read;
     * ERR_UNSUPPORTED: it cannot be signed; others: the store or the disk. */
    int result;
    char words[300]; /* about a result that is not 0, for the log */
    struct body *body;
    unsigned areas; /* of the store it depends on: 1 << enum store_area */
    bool files;     /* depends on files of that name */
    bool templates; /* depends on the templates */
    bool transient; /* reached through a symbolic link: may change unheard */
    /* To be signed: the header without its signature, and who signs with what. */
    bool sign;
    struct buffer covered;
    size_t signature_at;
    /* Of the signer's certificate and the digest's code; of a sealed content also what was sealed
     * for whom. */
    uint8_t signer[SHA256_SIZE];
    bool stranger; /* not found, and no phone of ours has this name */
    bool same;     /* the sealed content that is there (`known`) is still good; no body then */
};

/* `moved` are the areas of the store that have changed since the last call. `known` is `signer` of
 * the content that is there, or NULL: sealing the same again would only make other bytes of it. */
void resolver_find(struct resolver *resolver, struct store *store, const struct file_name *name,
                   unsigned moved, const uint8_t *known, struct finding *out);
/* Frees what is left in it; the body, too. */
void finding_fini(struct finding *finding);

#endif
