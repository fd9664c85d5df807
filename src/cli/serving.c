#include "cli/serving.h"

#include <poll.h>
#include <string.h>

enum { SETTLE_MS = 300 }; /* services look every 200 ms, and need some to read */

struct looking {
    struct serving *serving;
    struct cluster *cluster;
};

static int note_service(void *context, const struct store_service *service)
{
    bool *started = context;
    if (strcmp(service->name, "Cisco Tftp") == 0)
        *started = service->activated && strcmp(service->state, "STARTED") == 0;
    return 0;
}

static int note_node(void *context, const struct store_node *node)
{
    const struct looking *l = context;
    struct serving *s = l->serving;
    bool started = false;
    int result = store_services(cluster_store(l->cluster), node->id, note_service, &started);
    /* What this node's supervisor wrote last is only true while it runs. */
    if (result || !started || (node->id == cluster_node(l->cluster)->id && !s->here))
        return result;
    buffer_format(&s->names, "%s%s", s->names.size ? ", " : "", node->name);
    return s->names.error ? s->names.error : cli_json_append(s->json, json_string(node->name));
}

int serving_init(struct serving *out, struct cluster *cluster)
{
    struct looking looking = {out, cluster};
    *out =
        (struct serving){.here = cluster_is_served(cluster_state(cluster)), .json = json_array()};
    buffer_init(&out->names, 64 * 1024);
    return store_nodes(cluster_store(cluster), note_node, &looking);
}

void serving_fini(struct serving *serving)
{
    buffer_fini(&serving->names);
    json_decref(serving->json);
    serving->json = NULL;
}

void serving_print(FILE *out, struct serving *serving, const struct cluster *cluster)
{
    if (serving->names.size)
        fprintf(out, "Served now by: %s\n", buffer_string(&serving->names));
    if (!serving->here)
        fprintf(out, "Not served by %s yet: trustlined does not run there.\n",
                cluster_node(cluster)->name);
}

void serving_settle(const struct cluster *cluster)
{
    if (cluster_is_served(cluster_state(cluster)))
        poll(NULL, 0, SETTLE_MS);
}
