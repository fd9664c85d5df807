/*
 * phone_names: all phones there are, at one moment: whoever is registered and not among them was
 * deleted, and nobody is more secure than the cluster's mode and the phone's profile say.
 */
#ifndef SERVICE_CALLMANAGER_PHONE_NAMES_H
#define SERVICE_CALLMANAGER_PHONE_NAMES_H

#include "store/store.h"

struct phone_names;

/* For the store's thread. */
int phone_names_read(struct phone_names **out, struct store *store) CHECKED;
void phone_names_free(struct phone_names *names);
/* `mode` is what counts of its profile: non-secure when the cluster is. */
bool phone_names_find(const struct phone_names *names, const char *device, enum device_mode *mode);

#endif
