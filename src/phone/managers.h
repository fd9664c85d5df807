/*
 * managers: which call managers a configuration names, and whether a phone speaks TLS with them
 * (docs/protocols/registration.md, "TCP or TLS").
 */
#ifndef PHONE_MANAGERS_H
#define PHONE_MANAGERS_H

#include "trust/accept.h"
#include "wire/cnf.h"

#define MANAGERS_PORT        2000
#define MANAGERS_TLS_FURTHER 443 /* from the port for TCP to the one for TLS */

struct managers {
    size_t count;
    struct managers_member {
        char host[CNF_HOST];
        uint16_t port; /* of the transport below */
    } list[CNF_MEMBERS];
    bool tls;
    bool null_cipher; /* mode 2 of a phone with TLS 1.0: it offers NULL-SHA and nothing else */
    bool lacks_ctl;   /* mode 2 or 3, but its CTL names no call manager: it speaks TCP */
};

/* `port`: of call managers whose port the configuration does not name. `old_tls`: it speaks TLS 1.0
 * alone. */
void managers_choose(struct managers *out, const struct cnf *configuration,
                     const struct phone_trust *trust, uint16_t port, bool old_tls);

#endif
