/*
 * fleet_parts: what the pieces of a fleet share (internal to fleet).
 *
 * A member is settled when it has got as far as it goes, or cannot; one of a fleet that stays or
 * calls goes on living until it is told to leave.
 */
#ifndef PHONE_FLEET_PARTS_H
#define PHONE_FLEET_PARTS_H

#include "phone/desk.h"
#include "phone/fleet.h"
#include "phone/tally.h"

struct fleet_calls {
    struct loop_timer *pace;
    int64_t begin; /* 0: not yet */
    size_t placed; /* calls */
    size_t next;   /* pair */
    size_t going;  /* calls that are not over yet */
};

struct fleet {
    const struct arguments *arguments;
    const struct address *server;
    struct phone_world world;
    struct tally tally;
    size_t concurrency;
    size_t started, settled, running;
    int64_t begin;
    struct member **members; /* as many as there are phones; NULL: not there */
    struct member *leaving;  /* are told to in the next turn */
    struct member *gone;     /* are freed in the next turn */
    struct loop_timer *pace, *progress, *farewell;
    bool soon; /* `pace` fires in the next turn */
    struct fleet_calls calls;
    struct loop_signal *interrupt, *terminate;
    bool terminal;
    bool over; /* all are told to leave */
    int error; /* that ends all of it */
    struct why why;
};

/* One phone of it. */
struct member {
    struct fleet *fleet;
    size_t number; /* from 0 */
    struct phone *phone;
    struct desk *desk; /* of one that calls or is called */
    int64_t begin;
    int64_t files_ms;   /* how long it took to get them */
    int64_t capf_begin; /* of its enrolment; 0: none yet */
    int64_t register_begin;
    struct identity mic;
    enum boot_outcome outcome;
    bool settled, registered;
    unsigned mode;       /* security mode its configuration asks for */
    bool calls;          /* it is one that has called */
    int64_t dialled;     /* and has no audio yet; 0: it has, or does not call */
    bool leaves;         /* is in `leaving`, or was */
    struct member *next; /* of those, or of those that are gone */
    char device[DEVICE_NAME_LENGTH + 1];
};

/* Looks again at what is to be done. From anywhere. */
void fleet_wake(struct fleet *f);

/* ---- fleet_member.c ---- */

int member_start(struct fleet *f, size_t number) CHECKED;
/* NULL is accepted. */
void member_free(struct member *m);
/* It says goodbye, in the next turn of the loop. From anywhere. */
void member_leave(struct member *m);
/* The timer `farewell`. */
void members_part(void *context);

/* ---- fleet_calls.c ---- */

/* All are settled. */
int fleet_calls_begin(struct fleet *f) CHECKED;
/* Each pair has called once and for all. */
bool fleet_calls_are_over(const struct fleet *f);
/* Something has happened to it. */
void member_called(struct member *m, const struct signalling_news *news);
/* The end of the script of a call. */
void member_hung_up(void *context, int error, const struct why *why);
/* It goes away, and if it has called, its call with it. */
void member_gives_up(struct member *m);

#endif
