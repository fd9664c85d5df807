/*
 * sweep: who asks for the configurations of many phones (docs/decisions/0016-sweeps.md).
 *
 * A phone asks for its own configuration and for no other. An address that asks for many is a site
 * behind one router, a server that asks on behalf of phones, or somebody who tries names. So nobody
 * is refused for it: up to an allowance a minute each name is free, names that nobody has given to
 * a phone count eight times, and beyond it the new ones of that address are served one after the
 * other.
 *
 * Engine: no I/O, and the time is given (milliseconds, not going back).
 */
#ifndef SERVICE_TFTP_SWEEP_H
#define SERVICE_TFTP_SWEEP_H

#include "net/address.h"

#include <stdbool.h>
#include <stdint.h>

#define SWEEP_WINDOW_MS  60000
#define SWEEP_STRANGER   8    /* times a name that is of no phone counts */
#define SWEEP_STEP_MS    250  /* between two names beyond the allowance */
#define SWEEP_LONGEST_MS 3000 /* nobody is kept waiting for longer */

struct sweep;
/* `allowance` is in names of one address a minute; 0: without limit. */
int sweep_new(struct sweep **out, unsigned allowance) CHECKED;
void sweep_free(struct sweep *sweep);

/* When may this device's configuration be looked for? In so many milliseconds, 0: now. Below 0: not
 * now, too many wait already; who asks again has a new chance. IPv6 addresses of one network (/64)
 * count as one, as a host can take any of them. */
int64_t sweep_ask(struct sweep *sweep, const struct address *peer, const char *device, int64_t now);
/* It turned out that no phone has this name. */
void sweep_stranger(struct sweep *sweep, const struct address *peer, const char *device,
                    int64_t now);

/* What is to be said about an address: once when it has used up its allowance, and once when the
 * minute is over. */
struct sweep_report {
    struct address peer; /* one of them, of an IPv6 network */
    bool over;
    unsigned names, strangers; /* asked for: different ones, and how many of them are no phone's */
    unsigned slowed, unanswered; /* requests */
};
/* Call it now and then until it returns false. */
bool sweep_report(struct sweep *sweep, int64_t now, struct sweep_report *out);

struct sweep_counters {
    uint64_t sweeps; /* addresses noticed, each once a minute */
    uint64_t slowed, unanswered;
};
const struct sweep_counters *sweep_counters(const struct sweep *sweep);

#endif
