/*
 * lists: what the CTL and the ITL of this cluster must say, who signs them, and their publication.
 */
#ifndef CLUSTER_LISTS_H
#define CLUSTER_LISTS_H

#include "cluster/cluster.h"
#include "pki/signedfile.h"

/* The certificates of the cluster as an act wants them to be: what the store has, with what the act
 * brings put in its place. */
struct roster {
    struct roster_entry {
        struct store_node node;
        char name[CERTIFICATE_NAME];
        struct certificate *certificate;
        bool fresh; /* this act brings it: no phone knows it yet */
    } * entries;
    size_t count;
    const struct certificate *guest_anchor; /* a SAST beyond our own (reset remotekey); not owned */
};
int roster_load(struct roster *out, struct store *store, struct why *why) CHECKED;
void roster_fini(struct roster *roster);
/* Puts the certificate in the place of the one of that node and name, or adds it. Shares it. */
int roster_replace(struct roster *roster, const struct store_node *node, const char *name,
                   struct certificate *certificate) CHECKED;
const struct roster_entry *roster_find(const struct roster *roster, int64_t node, const char *name);

/* How the lists are to be. */
struct list_policy {
    int security_mode; /* 0, 1 */
    struct anchors anchors;
    bool rollback;            /* the ITL names neither a signer of files nor a TVS */
    const char *force_signer; /* the key that must sign, or NULL: chosen */
};

/* The records of a list, one behind the other. */
int list_write_records(struct buffer *out, enum list_kind kind, const struct roster *roster,
                       const struct list_policy *policy, struct why *why) CHECKED;

/* From 80 % on of what phones can take, it is time to do something about it. */
bool list_near_limit(size_t certificates, size_t bytes);

/* Whom a list is for: the phones, in the world as it is and as it will be. The list is served in
 * the latter as soon as it is made. */
struct list_audience {
    struct plan_phones *phones;
    const struct scene *before;
    struct scene *after;
};

/* Builds and signs a list, wholly: chooses the signer (the first of the anchors that the lists in
 * use name and that loses the fewest phones), signs, reads the result back and verifies it. `body`
 * gets the file; the report's entry gets signer, sizes and the old hash, and which anchor could not
 * sign, since its key cannot be used. `local` signs instead of the signer when it is not NULL. */
int list_make(struct cluster *cluster, enum list_kind kind, const struct roster *roster,
              const struct list_policy *policy, const struct identity *local,
              const struct list_audience *audience, struct buffer *body, struct act_list *report,
              struct why *why) CHECKED;

#endif
