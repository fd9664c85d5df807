/*
 * script_parts: what reading and doing a script share (internal to script).
 */
#ifndef PHONE_SCRIPT_PARTS_H
#define PHONE_SCRIPT_PARTS_H

#include "base/text.h"
#include "phone/script.h"

enum verb {
    VERB_DIAL,
    VERB_ANSWER,
    VERB_HOLD,
    VERB_RESUME,
    VERB_TRANSFER,
    VERB_COMPLETE, /* transfer without a number */
    VERB_END,
    VERB_PRESS,
    VERB_DIGITS,
    VERB_WAIT,
    VERB_EXPECT,
};

struct command {
    enum verb verb;
    unsigned number;        /* of its line */
    char text[SCRIPT_LINE]; /* the line */
    char word[SCRIPT_LINE]; /* number, key, digits, or what a condition is about */
    uint32_t line;          /* of a phone, to dial on; 0: the first */
    int64_t ms;             /* to wait, or its patience */
    const struct condition *condition;
};

struct script {
    struct command *commands;
    size_t count, next;
    bool typed;         /* by somebody who sees at once whether it could be done */
    bool begun;         /* the next one has been tried */
    int64_t since, due; /* it was first tried; it is to be tried again */
    uint64_t heard_before, heard_last;
    int64_t heard_at; /* the last time something was heard */
};

/* What a condition looks at. */
struct seen {
    const struct script *script;
    const struct handset *h;
    const struct script_view *view;
    const char *word;
    int64_t now;
};

struct condition {
    const char *word;
    bool (*holds)(const struct seen *seen);
    bool about; /* has a word of its own behind it, or several */
    bool polls; /* nobody tells when it may hold */
};
/* Ended by one without a word. */
extern const struct condition script_conditions[];

#endif
