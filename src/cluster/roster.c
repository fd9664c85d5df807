/* The certificates of the cluster as an act wants them to be. */
#include "cluster/lists.h"

#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ROSTER_MAX = 4096 };

struct loading {
    struct roster *roster;
    struct store_node nodes[64];
    size_t node_count;
    struct why *why;
};

static int load_node(void *context, const struct store_node *node)
{
    struct loading *l = context;
    if (l->node_count == sizeof l->nodes / sizeof *l->nodes)
        return ERR_LIMIT;
    l->nodes[l->node_count++] = *node;
    return 0;
}

static int append(struct roster *roster, const struct store_node *node, const char *name,
                  struct certificate *certificate, bool fresh)
{
    if (roster->count == ROSTER_MAX)
        return ERR_LIMIT;
    struct roster_entry *entries =
        reallocarray(roster->entries, roster->count + 1, sizeof *entries);
    if (!entries)
        return -ENOMEM;
    roster->entries = entries;
    struct roster_entry *entry = &entries[roster->count++];
    *entry = (struct roster_entry){
        .node = *node, .certificate = certificate_share(certificate), .fresh = fresh};
    text_copy(entry->name, sizeof entry->name, name);
    return 0;
}

static int load_certificate(void *context, const struct store_certificate *row)
{
    struct loading *l = context;
    if (row->state != CERTIFICATE_ACTIVE)
        return 0;
    const struct store_node *node = NULL;
    for (size_t i = 0; i < l->node_count; i++)
        if (l->nodes[i].id == row->node)
            node = &l->nodes[i];
    struct certificate *certificate = NULL;
    int result = node ? 0 : ERR_STORE;
    if (result == 0)
        result = certificate_from_der(&certificate, buffer_bytes(&row->der), l->why);
    if (result == 0)
        result = append(l->roster, node, row->name, certificate, false);
    certificate_free(certificate);
    return result;
}

int roster_load(struct roster *out, struct store *store, struct why *why)
{
    struct roster roster = {0};
    struct loading loading = {.roster = &roster, .why = why};
    int result = store_nodes(store, load_node, &loading);
    if (result == 0)
        result = store_certificates(store, load_certificate, &loading);
    if (result) {
        roster_fini(&roster);
        return why_error(why, result, "cannot read the cluster's certificates: %s",
                         error_text(result));
    }
    *out = roster;
    return 0;
}

void roster_fini(struct roster *roster)
{
    if (!roster)
        return;
    for (size_t i = 0; i < roster->count; i++)
        certificate_free(roster->entries[i].certificate);
    free(roster->entries);
    *roster = (struct roster){0};
}

const struct roster_entry *roster_find(const struct roster *roster, int64_t node, const char *name)
{
    for (size_t i = 0; i < roster->count; i++)
        if (roster->entries[i].node.id == node && strcmp(roster->entries[i].name, name) == 0)
            return &roster->entries[i];
    return NULL;
}

int roster_replace(struct roster *roster, const struct store_node *node, const char *name,
                   struct certificate *certificate)
{
    for (size_t i = 0; i < roster->count; i++) {
        struct roster_entry *entry = &roster->entries[i];
        if (entry->node.id != node->id || strcmp(entry->name, name) != 0)
            continue;
        certificate_free(entry->certificate);
        entry->certificate = certificate_share(certificate);
        entry->fresh = true;
        return 0;
    }
    return append(roster, node, name, certificate, true);
}
