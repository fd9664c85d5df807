/* The services a node has: rows that an administrator switches and the supervisor follows. */
#include "cluster/cluster.h"

#include "base/clock.h"
#include "base/text.h"

static const char *const names[] = {"Cisco Tftp", "Cisco Certificate Authority Proxy Function",
                                    "Cisco Trust Verification Service", "Cisco CallManager"};

int services_fill(struct store *store, int64_t node, struct why *why)
{
    int result = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names && result == 0; i++) {
        struct store_service service;
        result = store_service_get(store, node, names[i], &service);
        if (result != ERR_NOT_FOUND)
            continue;
        service = (struct store_service){
            .activated = true, .wanted = true, .state = "STOPPED", .since = clock_wall()};
        text_copy(service.name, sizeof service.name, names[i]);
        text_copy(service.reason, sizeof service.reason, "Component is not running");
        result = store_service_put(store, node, &service, why);
    }
    return result;
}
