/*
 * restarts: phones that an administrator wants to restart are told so when their turn has come, and
 * it is written down.
 */
#ifndef SERVICE_CALLMANAGER_RESTARTS_H
#define SERVICE_CALLMANAGER_RESTARTS_H

#include "service/callmanager/visit.h"

struct restarts;

/* `node` is this node's name, and must stay. */
int restarts_new(struct restarts **out, struct exchange *exchange, const char *node) CHECKED;
/* Orders have changed: looks which phones of this node are to be told. */
void restarts_look(struct restarts *restarts);
/* Once a second or so: tries again what failed, and looks again for phones that were not here when
 * their turn came. */
void restarts_tick(struct restarts *restarts);
/* After the store of the exchange. NULL is accepted. */
void restarts_free(struct restarts *restarts);

#endif
