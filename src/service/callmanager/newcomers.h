/*
 * newcomers: how fast phones that nobody has added may come by themselves (auto_registration), so
 * that one host does not take all numbers in seconds, nor keep the store busy when they are taken.
 * For the store's thread.
 */
#ifndef SERVICE_CALLMANAGER_NEWCOMERS_H
#define SERVICE_CALLMANAGER_NEWCOMERS_H

#include "net/address.h"

/* A minute: of one address (address_source()), and in all. */
#define NEWCOMERS_ADDRESS 30
#define NEWCOMERS_ALL     120

struct newcomers;
int newcomers_new(struct newcomers **out) CHECKED;
void newcomers_free(struct newcomers *newcomers);
/* May one more be added? Then it is counted. ERR_LIMIT says why not. `now` in ms. */
int newcomers_admit(struct newcomers *newcomers, const struct address *peer, int64_t now,
                    struct why *why) CHECKED;
/* No number is left, in these words: nobody is admitted until newcomers_look_again(). */
void newcomers_full(struct newcomers *newcomers, const char *reason);
/* From any thread: phones or parameters have changed, and there may be numbers again. */
void newcomers_look_again(struct newcomers *newcomers);

#endif
