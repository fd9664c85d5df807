/*
 * registration: how a phone finds a call manager and stays with it, without input or output
 * (docs/protocols/registration.md).
 *
 * What happens to its connections, and the time, go in; steps come out. Take steps after every
 * call until there is none:
 *
 *     registration_input(r, server, bytes);
 *     while (registration_step(r, now, &step))
 *         ...
 *
 * The call managers are numbered as the configuration has them, the first is the primary. The phone
 * registers with the first that takes it and keeps a second connection to the next one, its
 * standby. When its own goes it registers with the standby, or with whoever is there; when a
 * better one is there again it asks that one for a token, and goes back. Nothing is known here of
 * TCP, TLS and trust: a connection that is `opened` is one to go on with.
 */
#ifndef PHONE_REGISTRATION_H
#define PHONE_REGISTRATION_H

#include "phone/idiom.h"
#include "wire/cnf.h"
#include "wire/sccp.h"

#define REGISTRATION_SERVERS CNF_MEMBERS
#define REGISTRATION_NEVER   INT64_MAX

/* Why its last session ended: the Last of its alarm. */
enum registration_last {
    LAST_INITIALIZED, /* there was none */
    LAST_TCP_TIMEOUT, /* the connection stopped carrying anything */
    LAST_TCP_RESET,
    LAST_TCP_CLOSED,
    LAST_KEEP_ALIVE, /* it was not answered */
    LAST_FAILBACK,
    LAST_RESET,
    LAST_RESTART,
    LAST_REJECTED,
};

/* What became of its trust lists in this boot, as newer phones report it. */
enum registration_lists {
    LISTS_UNTOLD,
    LISTS_SUCCESS = 1, /* a new CTL or ITL */
    LISTS_CTL_INITIAL = 2,
    LISTS_ITL_INITIAL = 3,
    LISTS_INITIAL = 4,        /* both, and none was there before */
    LISTS_FAILED_OLD_CTL = 5, /* refused, the old one stays */
    LISTS_FAILED_NONE = 6,    /* refused, and there is none */
    LISTS_FAILED = 7,
    LISTS_FAILED_OLD_ITL = 8,
    LISTS_FAILED_OLD_BOTH = 9,
};

struct registration_pace {
    unsigned rounds;   /* how often all are tried before it gives up; 0: for ever */
    unsigned misses;   /* keepalives without an answer, until a call manager counts as gone */
    int64_t answer_ms; /* for whatever else it asks */
    int64_t pause_ms;  /* between two rounds; twice as long each time, up to `pause_most_ms` */
    int64_t pause_most_ms;
    int64_t probe_ms; /* between two attempts to reach its standby, or a better one */
    int64_t
        monitor_ms; /* for how long a better one must have been there (connectionMonitorDuration)
                     */
};
void registration_pace_default(struct registration_pace *pace);

/* Strings are copied. */
struct registration_setup {
    const char *device;
    uint32_t device_type;
    const struct idiom *idiom;
    const char *load;         /* the firmware it runs */
    const char *config_stamp; /* versionStamp of its configuration */
    size_t servers;           /* 1 to REGISTRATION_SERVERS */
    struct registration_pace pace;
    enum registration_last last;
    enum registration_lists lists;
};

struct registration;

int registration_new(struct registration **out, const struct registration_setup *setup) CHECKED;
void registration_free(struct registration *r);

/* ---- news; `now` is monotonic milliseconds ---- */

void registration_start(struct registration *r, int64_t now);
/* REGISTRATION_OPEN came to this: the connection stands, from this address of the phone's (4 or
 * 16 bytes)... */
void registration_opened(struct registration *r, size_t server, struct bytes address, int64_t now);
/* ...or it does not, or it did and has ended. `last` counts when the phone was registered there;
 * `final`: trying again will not help. */
void registration_closed(struct registration *r, size_t server, enum registration_last last,
                         bool final, const char *words, int64_t now);
/* What came; any piece of the stream. */
void registration_input(struct registration *r, size_t server, struct bytes bytes, int64_t now);
/* As many streams of audio are up: while there are any the phone neither goes back to a better call
 * manager nor boots again. */
void registration_set_streams(struct registration *r, unsigned streams);
/* Says goodbye, then REGISTRATION_OVER. */
void registration_leave(struct registration *r, int64_t now);
/* When to step again if nothing comes; REGISTRATION_NEVER. */
int64_t registration_due(const struct registration *r);

/* Something of the phone's user or audio for its call manager. ERR_CLOSED: it has none now. */
int registration_say(struct registration *r, const struct sccp_message *message) CHECKED;

/* ---- steps ---- */

enum registration_happening {
    REGISTRATION_ASKS,      /* RegisterReq has left */
    REGISTRATION_TAKEN,     /* RegisterAck: `number` is the version they speak, `other` the seconds
                               between keepalives */
    REGISTRATION_DONE,      /* it has its buttons and lines */
    REGISTRATION_REJECTED,  /* with this text */
    REGISTRATION_FAILED,    /* could not register there: `words` */
    REGISTRATION_LOST,      /* was registered there: `words` */
    REGISTRATION_PAUSED,    /* for `number` ms */
    REGISTRATION_STANDS_BY, /* the connection to a standby, or a better one, is there */
    REGISTRATION_STANDBY_LOST,
    REGISTRATION_MISSED,     /* `number` keepalives have had no answer */
    REGISTRATION_UNANSWERED, /* of what it asked for, a message of id `number` */
    REGISTRATION_SKIPPED, /* a message it does not know or cannot read, of id `number`: `words` */
    REGISTRATION_ASKS_TOKEN,
    REGISTRATION_NO_TOKEN, /* ask again in `number` s */
    REGISTRATION_GOES_BACK,
    REGISTRATION_LEAVES, /* Unregister has left */
    REGISTRATION_STAYS,  /* in a call, says the call manager, and keeps it */
    REGISTRATION_RESET,  /* the call manager wants it to boot again; `number`: sccp_reset_type */
};

enum registration_step_kind {
    REGISTRATION_OPEN,    /* connect to `server` -> registration_opened(), registration_closed() */
    REGISTRATION_CLOSE,   /* end the connection to `server`, of which nothing more is told */
    REGISTRATION_SEND,    /* `bytes` to `server`; they lie here until the next step */
    REGISTRATION_MESSAGE, /* `message`, not about the registration; valid until the next step */
    REGISTRATION_TELL,    /* for whoever watches: `what` happened with `server` */
    REGISTRATION_AGAIN,   /* the last: boot again, as `reset` says */
    REGISTRATION_OVER,    /* the last: it has left, or gives up: `words` */
};

struct registration_step {
    enum registration_step_kind kind;
    size_t server;
    struct bytes bytes;
    const struct sccp_message *message;
    enum registration_happening what;
    uint32_t number, other;
    const char *words; /* "" when there are none; bytes of the server's choosing: escape them */
    enum sccp_reset_type reset;
};

/* False when there is nothing to do but wait. */
bool registration_step(struct registration *r, int64_t now, struct registration_step *step);

/* ---- what is so ---- */

/* Has it its buttons and lines? */
bool registration_is_done(const struct registration *r);
/* Of the call manager it is registered with, or registers; false: with none. */
bool registration_server(const struct registration *r, size_t *server, unsigned *version);
/* The one it would go to next; false: none. */
bool registration_standby(const struct registration *r, size_t *server);

#endif
