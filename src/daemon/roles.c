#include "daemon/roles.h"

#include <string.h>

static const struct role table[] = {
    {.name = "signer", .as_signer = true, .run = role_signer},
    {.name = "clerk", .has_signer = true, .signer_role = SIGNER_CLERK, .run = role_clerk},
    {.name = "tftp",
     .service = "Cisco Tftp",
     .has_signer = true,
     .signer_role = SIGNER_TFTP,
     .ports = {{SOCKET_UDP, PORT_TFTP}, {SOCKET_TCP, PORT_HTTP}},
     .run = role_tftp},
    {.name = "capf",
     .service = "Cisco Certificate Authority Proxy Function",
     .has_signer = true,
     .signer_role = SIGNER_CAPF,
     .ports = {{SOCKET_TCP, PORT_CAPF}},
     .run = role_capf},
    {.name = "tvs",
     .service = "Cisco Trust Verification Service",
     .has_signer = true,
     .signer_role = SIGNER_TVS,
     .ports = {{SOCKET_TCP, PORT_TVS}},
     .run = role_tvs},
    {.name = "callmanager",
     .service = "Cisco CallManager",
     .has_signer = true,
     .signer_role = SIGNER_CALLMANAGER,
     .ports = {{SOCKET_TCP, PORT_SCCP_TLS}, {SOCKET_TCP, PORT_SCCP}},
     .run = role_callmanager},
    {.name = NULL},
};

const struct role *role_table(void)
{
    return table;
}

const struct role *role_find(const char *name)
{
    for (const struct role *role = table; role->name; role++)
        if (strcmp(role->name, name) == 0)
            return role;
    return NULL;
}

const struct role *role_of_service(const char *service)
{
    for (const struct role *role = table; role->name; role++)
        if (role->service && strcmp(role->service, service) == 0)
            return role;
    return NULL;
}
