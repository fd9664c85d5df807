/*
 * phone_names: the names of all phones there are, at one moment: whoever is registered and not
 * among them was deleted.
 */
#ifndef SERVICE_CALLMANAGER_PHONE_NAMES_H
#define SERVICE_CALLMANAGER_PHONE_NAMES_H

#include "store/store.h"

struct phone_names;

/* For the store's thread. */
int phone_names_read(struct phone_names **out, struct store *store) CHECKED;
void phone_names_free(struct phone_names *names);
bool phone_names_has(const struct phone_names *names, const char *device);

#endif
