/*
 * desk: who sits at a phone. It does what a script says (phone/script.h), on a loop.
 */
#ifndef PHONE_DESK_H
#define PHONE_DESK_H

#include "phone/phone.h"
#include "phone/script.h"

struct desk_setup {
    struct loop *loop;
    struct phone *phone; /* must stay */
    bool answers;        /* every call that rings, when no script runs */
    /* A line is being done. */
    void (*line)(void *context, const char *text);
    /* The script has come to its end: 0, or `why` it did not. desk_free() may be called in it. */
    void (*done)(void *context, int error, const struct why *why);
    void *context;
};

struct desk;

int desk_new(struct desk **out, const struct desk_setup *setup) CHECKED;
/* NULL is accepted. */
void desk_free(struct desk *desk);
/* Takes the script; one that runs is given up, and nothing is told of it. */
void desk_run(struct desk *desk, struct script *script);
bool desk_is_busy(const struct desk *desk);
/* Something has happened at the phone. From any callback of it. */
void desk_poke(struct desk *desk);

#endif
