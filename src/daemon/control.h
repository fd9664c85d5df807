/*
 * control: run/control, where the command line gets an end to the signer.
 *
 * A connection is answered with one message: a descriptor (an end with the role SIGNER_CLUSTER), or
 * words without one when the peer is neither root nor the owner of the state directory.
 */
#ifndef DAEMON_CONTROL_H
#define DAEMON_CONTROL_H

#include "net/loop.h"
#include "signer/signer.h"

#include <sys/types.h>

struct control;
struct supervisor;

/* `give` says whether the socket is given to `owner` (when we are root). */
int control_open(struct control **out, struct loop *loop, struct supervisor *supervisor,
                 const char *state, bool give, uid_t owner, struct why *why) CHECKED;
/* Removes the socket. NULL is fine. */
void control_close(struct control *control);

/* The supervisor makes a pair and tells the signer whose it is; *end is for the peer. */
int supervisor_signer_pair(struct supervisor *supervisor, enum signer_role role, int *end) CHECKED;

#endif
