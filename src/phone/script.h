/*
 * script: what the user of a phone does and expects to see, as a text with one act or expectation a
 * line (docs/man/trustline-phone.1, "Scripts"). Without input or output: it acts on a
 * phone/handset.h and looks at it.
 *
 *     dial 2002
 *     expect connected within 30
 *     expect lock
 *     wait 5
 *     end
 *
 * An act or expectation that is not possible yet is tried until its time is over: 10 seconds, or
 * what `within` says. Then the script has failed.
 */
#ifndef PHONE_SCRIPT_H
#define PHONE_SCRIPT_H

#include "phone/handset.h"

#define SCRIPT_BYTES_MAX (64 * 1024)
#define SCRIPT_LINE      256 /* characters of one line, with NUL */
#define SCRIPT_NEVER     INT64_MAX

struct script;

/* ERR_FORMAT, naming the line and what is wrong with it. The text need not stay. */
int script_parse(struct script **out, struct bytes text, struct why *why) CHECKED;
/* One line that somebody types: without `within` it is tried once, and what is wrong is told
 * without the number of the line. */
int script_of_typed(struct script **out, const char *line, struct why *why) CHECKED;
void script_free(struct script *script);
/* That of one who calls a number and talks for so many seconds; and of one who answers, and talks
 * as long as the other does. Each fails when the call is not as secure as `mode` demands (1
 * non-secure, 2 authenticated, 3 encrypted). */
int script_of_call(struct script **out, const char *number, unsigned mode, unsigned seconds,
                   struct why *why) CHECKED;
int script_of_answer(struct script **out, unsigned mode, struct why *why) CHECKED;

enum script_state { SCRIPT_WAITS, SCRIPT_DONE, SCRIPT_FAILED };

/* What there is besides the handset. */
struct script_view {
    bool registered;
    uint64_t heard; /* packets of audio, in the call that is talked in; 0: there is none */
};

/* Does the next line, if it can be done now; whoever owns the handset takes its steps after it. To
 * be called again when something has happened, and at script_due(). `why`: which line failed, and
 * why. `now` is monotonic milliseconds. */
enum script_state script_step(struct script *script, struct handset *h,
                              const struct script_view *view, int64_t now, struct why *why);
int64_t script_due(const struct script *script);
/* The line that is being done, for whoever watches; NULL: none. Its number counts from 1. */
const char *script_line(const struct script *script, unsigned *number);

#endif
