/* Keeping keys/ and the store in step. */
#include "cluster/cluster.h"

#include "base/text.h"

#include <errno.h>
#include <stdlib.h>

enum { KEEP_MAX = 4096, NAME_SIZE = 192 };

struct keep {
    char (*names)[NAME_SIZE];
    const char **list;
    size_t count;
};

static int keep_name(struct keep *k, const char *name, const char *kind, const char *rest)
{
    if (k->count == KEEP_MAX ||
        !text_format(k->names[k->count], NAME_SIZE, "%s-%s%s.pem", name, kind, rest))
        return ERR_LIMIT;
    k->list[k->count] = k->names[k->count];
    k->count++;
    return 0;
}

/* Retired keys stay: one that was an anchor can still sign a list for phones that know no newer. */
static int keep_certificate(void *context, const struct store_certificate *certificate)
{
    return keep_name(context, certificate->name, "", certificate->serial);
}

static int keep_request(void *context, const struct store_request *request)
{
    return keep_name(context, request->name, "csr-", request->key);
}

int cluster_sweep(struct cluster *cluster, unsigned *removed, struct why *why)
{
    struct store *store = cluster_store(cluster);
    struct signer *signer = NULL;
    struct keep keep = {.names = calloc(KEEP_MAX, sizeof *keep.names),
                        .list = calloc(KEEP_MAX, sizeof *keep.list)};
    int result = keep.names && keep.list ? 0 : -ENOMEM;
    if (result == 0)
        result = store_certificates(store, keep_certificate, &keep);
    if (result == 0)
        result = store_requests(store, keep_request, &keep);
    if (result == 0)
        result = cluster_signer(cluster, &signer, why);
    if (result == 0)
        result = signer_sweep(signer, keep.list, keep.count, removed, why);
    free(keep.names);
    free(keep.list);
    return result ? why_error(why, result, "cannot sweep keys/: %s", error_text(result)) : 0;
}

struct relinking {
    struct cluster *cluster;
    struct signer *signer;
    struct why *why;
};

static int relink(void *context, const struct store_certificate *certificate)
{
    struct relinking *r = context;
    if (certificate->state != CERTIFICATE_ACTIVE ||
        certificate->node != cluster_node(r->cluster)->id)
        return 0;
    return signer_link(r->signer, certificate->name, certificate->serial, r->why);
}

int cluster_relink(struct cluster *cluster, struct why *why)
{
    struct relinking r = {.cluster = cluster, .why = why};
    int result = cluster_signer(cluster, &r.signer, why);
    return result ? result : store_certificates(cluster_store(cluster), relink, &r);
}
