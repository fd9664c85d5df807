/*
 * role_link: a role's side of its channel to the supervisor, and what every role begins with: its
 * loop, the configuration, the log.
 */
#ifndef DAEMON_ROLE_LINK_H
#define DAEMON_ROLE_LINK_H

#include "daemon/roles.h"
#include "net/loop.h"

struct role_link;

/* `message` gets each message of the supervisor's: its letter, its text and its descriptor (-1:
 * none), which is the callback's. The loop stops by itself when the channel closes. */
int role_link_new(struct role_link **out, const char *name, const char *state, int control,
                  void (*message)(void *context, char kind, char *text, int fd), void *context,
                  struct why *why) CHECKED;
void role_link_free(struct role_link *link);

struct loop *role_link_loop(struct role_link *link);
const char *role_link_state(const struct role_link *link);
const struct config *role_link_config(const struct role_link *link);

void role_link_say(struct role_link *link, const char *message);
/* "Y". */
void role_link_ready(struct role_link *link);
/* "F" and the reason, sent before anything else happens. NULL is fine: it goes to standard error.
 */
void role_link_fail(struct role_link *link, const char *reason);
/* Runs the loop until the supervisor closes the channel or SIGTERM comes. */
int role_link_run(struct role_link *link) CHECKED;

#endif
