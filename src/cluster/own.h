/*
 * own: what each of the node's own certificates is for and looks like.
 */
#ifndef CLUSTER_OWN_H
#define CLUSTER_OWN_H

#include "pki/issue.h"
#include "store/store.h"

/* The proper spelling of a name typed in any case ("callmanager"), or NULL. */
const char *own_name(const char *typed);
/* The names, NULL-ended, in the order they are shown. */
const char *const *own_names(void);
/* The purpose whose certificates may have issued it: "CallManager" -> "CallManager-trust". */
const char *own_trust_purpose(const char *name);
/* Does a trust list name it? */
bool own_is_listed(const char *name);

/* The template of a certificate and the room its texts live in. */
struct own_template {
    struct certificate_template template;
    char common_name[128];
    char subject[5][128];
};
/* `subject` is the parameter certificate_subject ("OU=...;O=...;..."). Dates start one day back. */
int own_template(struct own_template *out, const char *name, const struct store_node *node,
                 const char *subject, unsigned days, struct why *why) CHECKED;
/* Puts the parts together: the value of that parameter. Parts may be NULL. ERR_USAGE when one
 * cannot be part of a name. */
int own_subject(char *out, size_t size, const char *const parts[5], struct why *why) CHECKED;

#endif
