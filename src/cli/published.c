#include "cli/commands.h"

#include "cli/session.h"

int published_list(const char *state, enum trustlist_kind kind, struct buffer *out, struct why *why)
{
    struct cluster *cluster = NULL;
    struct store_list list = {.published = 0};
    int result = session_quiet(why);
    if (result)
        return result;
    result = cluster_open(&cluster, state, CLUSTER_LOOK, why);
    if (result)
        return result == ERR_NOT_FOUND ? ERR_STORE : result; /* not found is about the list alone */
    result = store_list_current(cluster_store(cluster), kind == TRUSTLIST_CTL ? LIST_CTL : LIST_ITL,
                                &list);
    if (result == 0) {
        buffer_append(out, buffer_bytes(&list.body));
        result = out->error;
        store_list_fini(&list);
    }
    session_close(cluster);
    return result;
}
