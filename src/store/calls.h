/*
 * calls: calls that go on, calls that are over, and where numbers are forwarded to; the part of
 * store.h that calls need, under the same rules and errors. Keys are nowhere in it.
 *
 * What goes on is written behind by the callmanager role of each node and may be a second old; a
 * call that is shorter may be seen in the history alone.
 */
#ifndef STORE_CALLS_H
#define STORE_CALLS_H

#include "store/store.h"

/* How secure a call or one of its parties is; a call is as secure as its least secure party
 * (docs/protocols/calls.md). The numbers are those phones are told. */
enum call_security {
    CALL_SECURITY_UNKNOWN, /* not connected yet */
    CALL_NOT_SECURE,       /* no icon */
    CALL_AUTHENTICATED,    /* shield: signalling is authenticated, audio is in clear */
    CALL_ENCRYPTED,        /* lock: audio is encrypted */
    CALL_SECURITY_COUNT
};

/* What protects the audio. */
enum call_suite { CALL_SUITE_NONE, CALL_SUITE_AES_CM_128_HMAC_SHA1_32, CALL_SUITE_COUNT };

enum call_progress {
    CALL_PROGRESS_RINGING,
    CALL_PROGRESS_TALKING,
    CALL_PROGRESS_HELD,      /* by one party or both */
    CALL_PROGRESS_PRESERVED, /* one party's phone has lost its connection; the audio goes on without
                                us */
    CALL_PROGRESS_COUNT
};

/* Why a call ended, or came to nothing. */
enum call_cause {
    CALL_CAUSE_NONE,
    CALL_CAUSE_HUNG_UP,   /* after a conversation */
    CALL_CAUSE_ABANDONED, /* the caller hung up before anybody answered */
    CALL_CAUSE_BUSY,
    CALL_CAUSE_DECLINED,
    CALL_CAUSE_NO_ANSWER,
    CALL_CAUSE_UNKNOWN_NUMBER,
    CALL_CAUSE_UNREACHABLE,     /* no phone with that number is registered */
    CALL_CAUSE_TRANSFERRED,     /* its parties talk in other calls */
    CALL_CAUSE_CONNECTION_LOST, /* to a party's phone */
    CALL_CAUSE_UNREGISTERED,    /* a party's phone said goodbye */
    CALL_CAUSE_NO_CODEC,        /* the phones have none in common */
    CALL_CAUSE_MEDIA_FAILED,    /* a phone could not open its audio, or did not say where */
    CALL_CAUSE_FORWARD_LOOP,    /* forwarded too often */
    CALL_CAUSE_NO_ROOM,         /* more calls than the system or the line takes */
    CALL_CAUSE_NO_DIGITS,       /* nothing was dialled in time; leaves no record */
    CALL_CAUSE_ELSEWHERE,       /* another phone of the number answered; leaves no record */
    CALL_CAUSE_SERVER_ENDED,    /* the service ended meanwhile: nobody knows when the call did */
    CALL_CAUSE_SHOWN_OUT,       /* a party's phone may not be here any more: revoked, deleted */
    CALL_CAUSE_COUNT
};

/* Words for people and scripts: "encrypted", "AES_CM_128_HMAC_SHA1_32" ("" for none), "talking",
 * "hung up". Never NULL. */
const char *call_security_name(enum call_security security);
const char *call_suite_name(enum call_suite suite);
const char *call_progress_name(enum call_progress progress);
const char *call_cause_name(enum call_cause cause);

enum call_side { CALL_CALLER, CALL_CALLEE, CALL_SIDES };

struct store_call_party {
    char number[LINE_NUMBER]; /* of its line; "" for a line without one */
    char device[DEVICE_NAME]; /* of the callee: "" until somebody answered */
    enum call_security security;
};
struct store_call {
    int64_t id; /* of the record; 0 while the call goes on */
    char node[NODE_NAME];
    uint32_t reference;        /* the node's number for it, from 1 with each start of the service */
    char dialled[LINE_NUMBER]; /* what the caller dialled, or who was called first */
    struct store_call_party party[CALL_SIDES];
    int64_t began, answered, ended; /* unix seconds; 0: not (yet) */
    int64_t talked_ms;              /* from the answer to the end; 0 while it goes on */
    enum call_security security;    /* of its parties together, from the answer on */
    enum call_suite suite;
    enum call_progress progress; /* while it goes on */
    enum call_cause cause;       /* when it is over */
    enum call_side ended_by;     /* of CALL_CAUSE_HUNG_UP */
    bool unrecorded;             /* it is over, and leaves no record */
};

/* What has happened on a node, in one transaction. A call that has ended becomes a record, and is
 * no more among those that go on; any other is one that goes on, as it is now. In the order it
 * happened. Of the records the newest `keep` are kept, of all nodes together. Moves no area. */
#define CALL_RECORDS_KEPT 100000
int store_calls_write(struct store *store, int64_t node, const struct store_call *calls,
                      size_t count, uint64_t keep, struct why *why) CHECKED;
/* The service begins: what went on when it ended becomes records with CALL_CAUSE_SERVER_ENDED, and
 * nobody knows when. */
int store_calls_abandon(struct store *store, int64_t node, struct why *why) CHECKED;
/* Those that go on, of all nodes: by when they began. */
int store_calls(struct store *store, int (*each)(void *context, const struct store_call *call),
                void *context) CHECKED;
/* Records, the newest first. A callback that returns non-zero ends the walk with that. */
int store_call_records(struct store *store,
                       int (*each)(void *context, const struct store_call *call),
                       void *context) CHECKED;

/* ---- where numbers are forwarded to ---- */

enum call_forward { CALL_FORWARD_ALL, CALL_FORWARD_BUSY, CALL_FORWARD_NO_ANSWER, CALL_FORWARDS };

struct store_forward {
    char number[LINE_NUMBER];
    enum call_forward kind;
    char to[LINE_NUMBER];
};
/* `to` "" ends it. Moves AREA_FORWARDS when it is news. */
int store_forward_put(struct store *store, const struct store_forward *forward,
                      struct why *why) CHECKED;
/* By number. */
int store_forwards(struct store *store,
                   int (*each)(void *context, const struct store_forward *forward),
                   void *context) CHECKED;
/* Every number that some phone has on a line, once, in order. */
int store_numbers(struct store *store, int (*each)(void *context, const char *number),
                  void *context) CHECKED;

#endif
