/*
 * process: the signer's own side.
 */
#ifndef SIGNER_PROCESS_H
#define SIGNER_PROCESS_H

#include "signer/signer.h"

/* Serves, and returns an exit status. `keys` is the directory keys/. Needs no network, no store and
 * nothing of the state directory but keys/.
 *
 * Under a supervisor, `control` is a channel to it: the ends of socketpairs come over it, each in a
 * message of one byte (enum signer_role) with its descriptor, and the signer ends when it closes.
 * When keys/ cannot be read, "F" and the reason go the other way. `direct` is -1 then. Without one,
 * `control` is -1 and `direct` the only client, with the role SIGNER_CLUSTER; the signer ends when
 * that closes. */
int signer_process(const char *keys, int control, int direct);

/* Starts `trustlined --role signer` for a command, when no supervisor runs: *fd is the client's
 * end, with the role SIGNER_CLUSTER. */
int signer_spawn(int *fd, const char *state, struct why *why) CHECKED;

#endif
