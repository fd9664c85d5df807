/*
 * roles: the processes of a node, each the same executable with another task.
 */
#ifndef DAEMON_ROLES_H
#define DAEMON_ROLES_H

#include "cluster/config.h"
#include "signer/signer.h"

enum socket_kind { SOCKET_UDP, SOCKET_TCP };

#define ROLE_PORTS_MAX 4

struct role {
    const char *name;    /* --role NAME */
    const char *service; /* CUCM's name, or NULL for those no administrator starts */
    bool as_signer;      /* runs as signer_user */
    bool has_signer;     /* gets an end to the signer, with this role: */
    enum signer_role signer_role;
    struct role_port {
        enum socket_kind kind;
        uint16_t port; /* before the offset; 0 ends the list */
    } ports[ROLE_PORTS_MAX];
    /* Runs until the control channel closes; returns an exit status. */
    int (*run)(const char *state, int control);
};

/* The table, ended by name NULL. */
const struct role *role_table(void);
const struct role *role_find(const char *name);
const struct role *role_of_service(const char *service);

/* The descriptor of the channel to the supervisor in every role. */
#define ROLE_CONTROL_FD 3

/* Messages between supervisor and roles: one letter, then text.
 *
 *   to a role:    S<kind><port> with a descriptor: a listening socket; <kind> is u or t
 *                 G with a descriptor: an end to the signer (again after it was restarted)
 *                 R: read the configuration again
 *                 B: all sockets have been sent, begin
 *                 and to the clerk: V<service>\t<state>\t<pid>\t<reason>: what was seen
 *   from a role:  Y: ready
 *                 F<text>: cannot run, for this reason
 *                 and from the clerk: W<service>\t<activated>\t<wanted>\t<restarts>: what is wanted
 *                 Z: all wants have been told
 *                 K<service>\t<state>: what was seen is written down
 */
enum { ROLE_MESSAGE_MAX = 2048 };

int role_signer(const char *state, int control);
/* A signer for one command, without a supervisor; `client` is the command's end. */
int role_signer_direct(const char *state, int client);
int role_clerk(const char *state, int control);
int role_tftp(const char *state, int control);
int role_capf(const char *state, int control);
int role_tvs(const char *state, int control);
int role_callmanager(const char *state, int control);

#endif
