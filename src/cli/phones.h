/*
 * phones: what is known of every phone, put together once.
 */
#ifndef CLI_PHONES_H
#define CLI_PHONES_H

#include "cli/session.h"
#include "store/enrolment.h"
#include "store/registration.h"

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
    enum lsc_state lsc;
    int64_t lsc_not_after; /* of the active one, 0: none */
    struct store_enrolment enrolment;
    char wave[24]; /* the number of the last bulk order it is of, or "" */
    enum wave_state wave_state;
    bool registered;
    struct store_registration registration; /* of one that is */
};
/* "registered", "unregistered". */
const char *phone_status_word(const struct phone *phone);
/* How its last order stands: none, waiting (for its wave), pending, success, failed. */
const char *phone_enrolment_word(const struct phone *phone);
/* The same in CUCM's words; returns `out`. */
char *phone_enrolment_text(char out[ENROLMENT_STATUS], const struct phone *phone);

struct phones {
    struct phone *items; /* by name */
    size_t count;
    char current[2][LIST_HASH]; /* what is served now, "" for none */
};
int phones_load(struct phones *out, struct cluster *cluster, struct why *why) CHECKED;
void phones_free(struct phones *phones);

#endif
