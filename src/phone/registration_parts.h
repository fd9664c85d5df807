/*
 * registration_parts: what the pieces of the registration engine share (internal to registration).
 */
#ifndef PHONE_REGISTRATION_PARTS_H
#define PHONE_REGISTRATION_PARTS_H

#include "base/text.h"
#include "phone/registration.h"

enum {
    TELLINGS = 8, /* one piece of news leads to a few */
    LOAD_TEXT = 33,
    STAMP_TEXT = 49,
    WORDS_TEXT = 320,
    ASKS_MAX = 4 + 2 * SCCP_BUTTONS + 3,
    TOKEN_AGAIN_SECONDS = 60, /* where a call manager does not say */
};

/* Of a connection. */
enum link_state {
    LINK_DOWN,
    LINK_OPENING,
    LINK_STANDBY,     /* stands, and is kept alive; nothing is registered there */
    LINK_ASKED,       /* the same, and a token was asked for */
    LINK_GRANTED,     /* and granted: the phone leaves its present call manager */
    LINK_REGISTERING, /* RegisterReq has left */
    LINK_LISTING,     /* taken; it asks for its buttons and lines */
    LINK_REGISTERED,
    LINK_LEAVING, /* Unregister has left */
    LINK_STATES
};

struct link {
    enum link_state state;
    int64_t deadline; /* of what it waits for */
    int64_t beat;     /* when the next KeepAlive leaves */
    int64_t since;    /* it stands */
    int64_t retry_at; /* not opened before, as standby */
    int64_t token_at; /* not asked for a token before */
    unsigned unanswered;
    bool must_open, must_close;
    uint8_t address[4], address6[16]; /* of the phone, there */
    struct buffer in, out;
};

/* Something it asks its call manager for. */
struct ask {
    uint32_t id, index;
    bool answered;
};

struct telling {
    enum registration_happening what;
    size_t server;
    uint32_t number, other;
    char words[WORDS_TEXT];
};

enum ending { ENDING_NOT, ENDING_OVER, ENDING_AGAIN };

struct registration {
    char device[DEVICE_NAME_LENGTH + 1];
    char load[LOAD_TEXT], config_stamp[STAMP_TEXT];
    uint32_t device_type;
    const struct idiom *idiom;
    size_t servers;
    struct registration_pace pace;
    enum registration_last last;
    enum registration_lists lists; /* LISTS_UNTOLD once it was told */
    struct link links[REGISTRATION_SERVERS];
    size_t current; /* it tries this one, or is registered there */
    size_t heir;    /* it goes back to this one when it has left; `servers`: to none */
    /* a round */
    size_t first, tried;
    bool all_final; /* no failure of it may go better later */
    unsigned round;
    int64_t pause_ms, pause_until;
    int64_t done_at; /* it was registered */
    /* a session */
    unsigned version;
    int64_t beat_ms, standby_beat_ms;
    struct ask *asks; /* NULL: none yet */
    size_t ask_count, ask_next, ask_open;
    /* the end */
    bool leaving;               /* somebody wants that */
    enum sccp_reset_type again; /* 0: nobody wants it */
    unsigned streams;
    enum ending ending;
    bool over;
    char words[WORDS_TEXT];

    struct telling tellings[TELLINGS];
    unsigned telling_first, telling_count;
    struct link *emptied; /* whose `out` the last step gave away */
    struct link *reading; /* whose first `read` bytes are `message` */
    size_t read;
    struct sccp_message message;
};

void registration_tell(struct registration *r, enum registration_happening what, size_t server,
                       uint32_t number, uint32_t other, const char *words);
/* To the call manager of this link. What cannot be written is a fault of ours, and told as one. */
void registration_write(struct registration *r, struct link *link,
                        const struct sccp_message *message);
/* The link ends, and so does what it was for, as if the other side had ended it. */
void registration_break(struct registration *r, size_t server, enum registration_last last,
                        const char *words, int64_t now);

/* ---- registration_session.c ---- */

/* Alarms and RegisterReq. */
void registration_introduce(struct registration *r, size_t server, int64_t now);
/* The first whole frame of this link, if there is one, is taken from it; *hand: `message` is to be
 * handed on. */
bool registration_take_frame(struct registration *r, size_t server, int64_t now, bool *hand);
/* What was asked for has not been answered in time. */
void registration_ask_late(struct registration *r, size_t server, int64_t now);

/* ---- registration_time.c ---- */

/* True when something was done, and there may be more. */
bool registration_run_timers(struct registration *r, int64_t now);

/* ---- registration.c, for the others ---- */

void link_open(struct link *link);
void link_close(struct link *link);
bool link_is_in_session(const struct link *link);
void registration_begin_round(struct registration *r, size_t first, int64_t now);
void registration_goodbye(struct registration *r, int64_t now);

void registration_taken(struct registration *r, size_t server, int64_t now);
void registration_refused(struct registration *r, size_t server, const char *text, int64_t now);
void registration_granted(struct registration *r, size_t server, int64_t now);
void registration_not_granted(struct registration *r, size_t server, uint32_t seconds, int64_t now);
void registration_left(struct registration *r, size_t server, uint32_t status, int64_t now);

#endif
