/*
 * signalling_parts: what the pieces of signalling share (internal to signalling).
 */
#ifndef PHONE_SIGNALLING_PARTS_H
#define PHONE_SIGNALLING_PARTS_H

#include "phone/reach.h"
#include "phone/signalling.h"
#include "phone/vouching.h"

/* A connection to one call manager. */
struct line {
    struct signalling *signalling;
    size_t server; /* its number */
    char name[SIGNALLING_SERVER];
    struct address address, local;
    struct reach *reach;
    struct tls_connection *connection;
    struct vouching vouching;
};

struct signalling {
    struct signalling_setup setup;
    struct managers managers;
    struct address source;
    struct registration *registration;
    struct handset *handset;
    struct line lines[REGISTRATION_SERVERS];
    struct loop_timer *timer;
    struct audio *audio[HANDSET_CALLS];    /* of calls; NULL: none yet */
    struct address remotes[HANDSET_CALLS]; /* where each goes; size 0: nowhere yet */
    struct audio_counters last;            /* of the last call that is over and had audio */
    bool has_last;
    size_t last_call; /* the call that is over last; HANDSET_CALLS: it had no audio */
    /* calls without their call manager */
    struct loop_timer *listener;
    uint64_t heard[HANDSET_CALLS];
    unsigned silent_s[HANDSET_CALLS];
    bool pumping, again, doomed;
    bool ended; /* `end` is to be told */
    struct signalling_end end;
};

void signalling_tell(struct signalling *s, struct signalling_news news);

/* ---- signalling_lines.c ---- */

void line_open(struct line *line);
void line_close(struct line *line);
void line_send(struct line *line, struct bytes bytes);

/* ---- signalling_audio.c ---- */

void signalling_receive(struct signalling *s, const struct handset_step *step);
void signalling_transmit(struct signalling *s, const struct handset_step *step);
void signalling_report(struct signalling *s, size_t call);
void signalling_hang_up(struct signalling *s, size_t call);
/* A second has passed: does anybody speak in the calls that have no call manager? */
void signalling_listen(struct signalling *s);

#endif
