/*
 * webfacts: what a phone's web page tells, as one plain struct. Whoever runs a phone fills it for
 * every request; phone/webpage.h makes pages of it.
 */
#ifndef PHONE_WEBFACTS_H
#define PHONE_WEBFACTS_H

#include "net/address.h"
#include "phone/audio.h"
#include "phone/boot.h"
#include "phone/handset.h"
#include "phone/notebook.h"
#include "phone/signalling.h"

/* The audio of a call, or of one that is over and has not yet made room for another. */
struct webfacts_stream {
    bool active;
    struct address local, remote; /* size 0: not known */
    int64_t began;                /* unix seconds; 0: not known */
    struct audio_counters counters;
};

/* Owns nothing. What is NULL, or 0, is not there or not known, and the pages leave it out or say
 * so. Strings are of the server's choosing: pages escape them. */
struct webfacts {
    const char *device;        /* never NULL */
    const struct model *model; /* never NULL */
    int64_t now;               /* unix seconds */
    const char *number;        /* its directory number */
    const struct cnf *configuration;
    bool is_configured; /* the configuration was taken in this boot */
    const struct identity *lsc, *mic;
    const struct address *server; /* TFTP */
    const struct address *local;
    const char *active,
        *standby; /* call managers: where it is registered, where it would go next */
    const struct held_list *ctl, *itl;
    const struct notebook *messages, *console;
    struct webfacts_stream streams[HANDSET_CALLS];
    size_t stream_count;
};

/* All that the boot knows; the rest is left as it is. Valid until the boot gets news. */
void webfacts_of_boot(struct webfacts *facts, const struct boot *boot);
/* Of a phone that is booted: number, call managers, streams. Valid until the loop turns. */
void webfacts_of_calls(struct webfacts *facts, struct signalling *signalling);

#endif
