/*
 * call: the calls between phones, without input or output, and in no protocol's words
 * (docs/protocols/calls.md).
 *
 * Phones are added when they have registered. What people do at them, what phones say about their
 * audio, and the time go in; actions come out, in order, and must be taken after every call:
 *
 *     call_event(engine, phone, &event, now);
 *     while ((action = call_engine_action(engine)))
 *         ...
 *
 * While actions are taken the engine may be called again; what it has to say then comes after what
 * waits already. `now` is of one monotonic clock, in milliseconds.
 */
#ifndef SERVICE_CALLMANAGER_CALL_H
#define SERVICE_CALLMANAGER_CALL_H

#include "net/address.h"
#include "service/callmanager/call_security.h"
#include "store/calls.h"

struct call_engine;
struct call_phone;

struct call_limits {
    unsigned calls;         /* at once */
    unsigned per_line;      /* calls of one line; with all in use it is busy */
    unsigned per_phone;     /* calls of one phone */
    unsigned numbers;       /* of the number plan */
    unsigned rings;         /* phones of one number that ring at once */
    unsigned forwards;      /* a call is forwarded no more often */
    int64_t first_digit_ms; /* off hook, for a digit */
    int64_t next_digit_ms;  /* for another digit, when there are longer numbers */
    int64_t no_answer_ms;   /* before a call is forwarded that nobody answers */
    int64_t ring_ms;        /* before a call ends that nobody answers */
    int64_t failed_ms;      /* busy or re-order tone, then it hangs up by itself */
    int64_t media_ms;       /* for a phone to open its audio */
    unsigned burst;         /* events of one phone at once */
    unsigned per_second;    /* events of one phone in the long run; what is more is ignored */
};
void call_limits_default(struct call_limits *limits);

/* `random` fills `out` with bytes nobody can foretell: keys are made of them. Numbers of calls and
 * of media begin at a random one, too, and count up to 2147483647: phones may still have what they
 * were told by an engine that is no more. */
struct call_chance {
    void (*random)(void *context, void *out, size_t size);
    void *context;
};
int call_engine_new(struct call_engine **out, const struct call_limits *limits,
                    const struct call_chance *chance) CHECKED;
/* No actions come of it. */
void call_engine_free(struct call_engine *engine);

/* ---- numbers ---- */

#define CALL_NUMBER LINE_NUMBER /* digits, '*', '#' and '+', with NUL */
#define CALL_NAME   64          /* what is shown of a party beside its number, with NUL */

/* "": not forwarded */
struct call_forwards {
    char to[CALL_FORWARDS][CALL_NUMBER];
};

/* The plan holds every number of the cluster, so that what nobody has is told from what nobody has
 * registered. What is not named between begin and end is forgotten, unless a registered phone has
 * it. `forwards` may be NULL: as they are. ERR_FORMAT: not a number one can dial; ERR_LIMIT: too
 * many. Numbers of phones that are added come into the plan by themselves. */
void call_plan_begin(struct call_engine *engine);
int call_plan_number(struct call_engine *engine, const char *number,
                     const struct call_forwards *forwards) CHECKED;
void call_plan_end(struct call_engine *engine);
/* The same of forwards alone: what is not named between begin and end is forwarded no more. Numbers
 * that are not in the plan are left out. */
void call_forwards_begin(struct call_engine *engine);
void call_forwards_name(struct call_engine *engine, const char *number,
                        const struct call_forwards *forwards);
void call_forwards_end(struct call_engine *engine);
/* NULL: no such number. Valid until the engine is called again. */
const struct call_forwards *call_forwards_of(const struct call_engine *engine, const char *number);

/* ---- phones ---- */

/* Bits of what a phone can send and receive. */
enum call_codec {
    CALL_PCMU = 1 << 0,
    CALL_PCMA = 1 << 1,
    CALL_G722 = 1 << 2,
    CALL_G729 = 1 << 3,
};
struct call_line {
    unsigned instance; /* from 1, as the phone counts */
    const char *number;
    const char *name; /* what is shown of it to others */
};
struct call_phone_setup {
    const char *device;          /* for records */
    enum call_security security; /* see call_security_of() */
    bool media_up; /* it says that it has audio up: it registers again in the middle of a call */
    const struct call_line *lines; /* copied */
    size_t line_count;
    void *owner; /* comes with each action for it */
};
/* ERR_LIMIT: more than DEVICE_LINES_MAX lines. A call of this device that was preserved ends,
 * unless it has audio up: then it ends when it is hung up there, too. */
int call_phone_add(struct call_engine *engine, const struct call_phone_setup *setup, int64_t now,
                   struct call_phone **out) CHECKED;
/* What it can do; without being told PCMU is believed of it. */
void call_phone_codecs(struct call_phone *phone, unsigned codecs);
/* It is gone, and gets no more actions, also none that wait. `cause`: CALL_CAUSE_UNREGISTERED, when
 * it said so, ends its calls; with CALL_CAUSE_CONNECTION_LOST those whose audio is up go on between
 * the phones (CALL_PROGRESS_PRESERVED) until the other hangs up; CALL_CAUSE_SHOWN_OUT ends them,
 * too, and the other is told why. Frees it. */
void call_phone_remove(struct call_engine *engine, struct call_phone *phone, enum call_cause cause,
                       int64_t now);
/* How many calls it has, ringing ones too. */
size_t call_phone_calls(const struct call_phone *phone);
enum call_security call_phone_security(const struct call_phone *phone);
/* It is worth no more than that from now on: sessions that begin later have no keys if it says so.
 * What is open stays as it is. Never raises it. */
void call_phone_lower(struct call_phone *phone, enum call_security security);

/* ---- what happens at a phone ---- */

enum call_event_kind {
    CALL_EV_OFF_HOOK, /* the handset is lifted: answers what rings, or begins a call */
    CALL_EV_ON_HOOK,  /* it is put down: ends what is not on hold */
    CALL_EV_LINE_KEY, /* the key of a line: answers, resumes, or begins a call */
    CALL_EV_NEW,      /* begins a call; what goes on is put on hold */
    CALL_EV_END,      /* ends that call; one that rings is declined */
    CALL_EV_ANSWER,
    CALL_EV_DIGIT,     /* `digit`: '0' to '9', '*', '#', '+' */
    CALL_EV_BACKSPACE, /* takes back a digit */
    CALL_EV_DIAL,      /* `number`, whole */
    CALL_EV_REDIAL,    /* what was dialled last */
    CALL_EV_HOLD,
    CALL_EV_RESUME,
    CALL_EV_TRANSFER,    /* of a conversation: asks for a number; then again: completes */
    CALL_EV_SET_FORWARD, /* `forward`: off when it is on; otherwise asks for a number */
    CALL_EV_RECEIVING,   /* `media`: it receives at `address`, or cannot (NULL) */
    CALL_EV_NOT_SENDING, /* `media`: it cannot send */
    CALL_EV_COUNT
};
struct call_event {
    enum call_event_kind kind;
    unsigned line; /* 0: it did not say */
    uint32_t call; /* the number of the call among those of the phone; 0: it did not say */
    char digit;
    const char *number;
    enum call_forward forward;
    uint32_t media;
    const struct address *address;
};
/* What makes no sense at the moment is ignored, and counted. */
void call_event(struct call_engine *engine, struct call_phone *phone,
                const struct call_event *event, int64_t now);

/* Does the first thing that is due: take the actions, and call it again while it returns true. */
bool call_engine_tick(struct call_engine *engine, int64_t now);
/* When to tick; INT64_MAX: not until something else happens. */
int64_t call_engine_due(const struct call_engine *engine);

/* ---- what is to be done ---- */

enum call_action_kind {
    /* for a phone: `owner`, `line`, `call` */
    CALL_ACT_SHOW,         /* show.state of the call: display, lamp, keys */
    CALL_ACT_INFO,         /* info: who talks to whom, how secure */
    CALL_ACT_DIALLED,      /* number: what was dialled */
    CALL_ACT_BACKSPACED,   /* a digit was taken back */
    CALL_ACT_TONE,         /* tone, or silence */
    CALL_ACT_RING,         /* ring: on or off */
    CALL_ACT_OPEN,         /* media: receive there; CALL_EV_RECEIVING answers */
    CALL_ACT_CLOSE,        /* media: no more */
    CALL_ACT_START,        /* media: send to that address */
    CALL_ACT_STOP,         /* media: no more */
    CALL_ACT_SHOW_FORWARD, /* forwards of the line's number (call is 0) */
    CALL_ACT_FORGET,       /* there is no such call (any more): it was hung up at the phone */
    CALL_ACT_NOTICE,       /* notice: the wish cannot be fulfilled, or what happened to the call */
    CALL_ACT_FLOODED,      /* the phone sends more events than a person can (said once a flood) */
    /* for the books: no phone */
    CALL_ACT_KEEP_FORWARD, /* kept: a number is forwarded from now on, or no more */
    CALL_ACT_PROGRESS,     /* record: a call began or changed */
    CALL_ACT_OVER,         /* record: a call is over */
};

enum call_state {
    CALL_STATE_IDLE,       /* it is over and forgotten */
    CALL_STATE_DIALTONE,   /* off hook, no digit yet */
    CALL_STATE_FORWARDING, /* the same, and the number is one to forward to */
    CALL_STATE_DIALLING,
    CALL_STATE_PROCEEDING, /* the number is complete */
    CALL_STATE_RINGING_OUT,
    CALL_STATE_RINGING_IN,
    CALL_STATE_WAITING, /* rings while the phone is in use: a tone instead of the bell */
    CALL_STATE_CONNECTED,
    CALL_STATE_HELD,
    CALL_STATE_HELD_BY_OTHER,
    CALL_STATE_TRANSFERRING, /* on hold while its transfer is prepared */
    CALL_STATE_FAILED_BUSY,
    CALL_STATE_FAILED_UNKNOWN, /* no such number */
    CALL_STATE_FAILED,         /* all else */
    CALL_STATE_COUNT
};
enum call_tone {
    CALL_TONE_NONE,
    CALL_TONE_DIAL,
    CALL_TONE_RINGING,
    CALL_TONE_BUSY,
    CALL_TONE_REORDER,
    CALL_TONE_WAITING, /* once */
};
enum call_redirect {
    CALL_NOT_REDIRECTED,
    CALL_BY_ALL,
    CALL_BY_BUSY,
    CALL_BY_NO_ANSWER,
    CALL_BY_TRANSFER
};

struct call_party {
    char number[CALL_NUMBER];
    char name[CALL_NAME];
};
struct call_info {
    bool outbound; /* the phone is the caller's */
    struct call_party calling, called;
    struct call_party original;    /* who was called first */
    struct call_party redirecting; /* who forwarded or transferred last; "" when nobody did */
    enum call_redirect reason;
    enum call_security security; /* unknown until it is connected */
};

/* What one direction of a call is encrypted with: master key and salt of RFC 3711. */
struct call_keys {
    uint8_t key[16];
    uint8_t salt[14];
};
struct call_media {
    uint32_t id;      /* of this session at this phone; not used again, see call_engine_new() */
    uint32_t session; /* the same at both phones */
    enum call_codec codec;
    unsigned packet_ms;
    bool encrypted; /* with `keys`: of what is received (CALL_ACT_OPEN) or sent (CALL_ACT_START) */
    struct call_keys keys;
    struct address remote; /* CALL_ACT_START */
};

struct call_action {
    enum call_action_kind kind;
    void *owner; /* of the phone */
    unsigned line;
    uint32_t call;
    union {
        struct {
            enum call_state state;
            enum call_cause cause; /* of CALL_STATE_IDLE and those that failed */
            bool completes;        /* the transfer key completes a transfer */
        } show;
        struct call_info info;
        char number[CALL_NUMBER];
        enum call_tone tone;
        bool ring;
        struct call_media media;
        struct call_forwards forwards;
        enum call_cause notice; /* NONE: it makes no sense now */
        struct {
            char number[CALL_NUMBER];
            enum call_forward forward;
            char to[CALL_NUMBER]; /* "": no more */
        } kept;
        struct call_record {
            uint32_t id; /* not 0 */
            char dialled[CALL_NUMBER];
            struct store_call_party party[CALL_SIDES];
            int64_t began, answered, ended; /* in the terms of `now`; -1: not */
            enum call_security security;
            enum call_suite suite;
            enum call_progress progress;
            enum call_cause cause;
            enum call_side ended_by;
        } record;
    };
};
/* The next action, or NULL. Valid until the next call of this function, which wipes it: so take
 * them until there is none. */
const struct call_action *call_engine_action(struct call_engine *engine);

struct call_counters {
    uint64_t placed;    /* calls somebody dialled a number for */
    uint64_t connected; /* of them, and by transfers */
    uint64_t encrypted; /* media sessions with keys */
    uint64_t clear;     /* media sessions without */
    uint64_t failed;    /* calls that came to nothing, other than by hanging up */
    uint64_t ignored;   /* events that made no sense */
    uint64_t flooded;   /* events of phones that sent too many */
    uint64_t lost;      /* actions there was no memory for */
};
const struct call_counters *call_engine_counters(const struct call_engine *engine);
/* Calls that go on. */
size_t call_engine_calls(const struct call_engine *engine);

/* Words for traces: "OFF_HOOK", "RINGING_OUT", "OPEN". */
const char *call_event_name(enum call_event_kind kind);
const char *call_state_name(enum call_state state);
const char *call_action_name(enum call_action_kind kind);

#endif
