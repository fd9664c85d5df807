/*
 * session: a command's hold on the cluster.
 *
 * A command that acts writes down in log/trustline.log who called it, before it does anything; what
 * came of it is logged by the acts themselves. Nothing of that is said on the terminal.
 */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include "cli/cli.h"
#include "cluster/cluster.h"

/* Opens the cluster whose state directory the call names. One session at a time. */
int session_open(struct cluster **out, const struct call *call, enum cluster_access access,
                 struct why *why) CHECKED;
void session_close(struct cluster *cluster);

/* Nothing is logged until session_open() says where: for commands that begin without a cluster. */
int session_quiet(struct why *why) CHECKED;

/* What the call's options ask of an act. */
struct act_options session_options(const struct call *call);

#endif
