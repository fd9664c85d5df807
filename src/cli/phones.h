/*
 * phones: what is known of every phone, put together once.
 */
#ifndef CLI_PHONES_H
#define CLI_PHONES_H

#include "cli/session.h"

/* Which list of a kind a phone holds, as far as is known: what was served is not what was taken. */
enum list_state {
    LIST_STATE_NONE,    /* it was never served one */
    LIST_STATE_CURRENT, /* every list it may hold is the one that is served now */
    LIST_STATE_OLD,     /* none of them is */
    LIST_STATE_UNKNOWN, /* some are and some are not; or it has one of its own in tftpboot/ */
};
const char *list_state_text(enum list_state state);

struct phone {
    struct store_device device;
    struct store_profile profile;
    enum list_state lists[2]; /* by enum list_kind */
};

struct phones {
    struct phone *items; /* by name */
    size_t count;
    char current[2][LIST_HASH]; /* what is served now, "" for none */
};
int phones_load(struct phones *out, struct cluster *cluster, struct why *why) CHECKED;
void phones_free(struct phones *phones);

#endif
