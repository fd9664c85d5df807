/*
 * control: run/control, where the command line gets an end to the signer.
 *
 * A connection is answered with one message: a descriptor (an end with the role SIGNER_CLUSTER), or
 * words without one when the peer may not have it. Behind the wall - services and signer run as
 * different users - that is everybody but root: a service that was broken into is the owner of the
 * state directory, too, and must not get another role by asking here.
 */
#ifndef DAEMON_CONTROL_H
#define DAEMON_CONTROL_H

#include "net/loop.h"
#include "signer/signer.h"

#include <sys/types.h>

struct control;
struct supervisor;

struct control_policy {
    uid_t owner; /* of the state directory */
    bool walled; /* the owner gets no end, only root does */
};
int control_open(struct control **out, struct loop *loop, struct supervisor *supervisor,
                 const char *state, const struct control_policy *policy, struct why *why) CHECKED;
/* Removes the socket. NULL is fine. */
void control_close(struct control *control);

/* The supervisor makes a pair and tells the signer whose it is; *end is for the peer. */
int supervisor_signer_pair(struct supervisor *supervisor, enum signer_role role, int *end) CHECKED;

#endif
