/*
 * station: one phone's connection of SCCP as the server speaks it, without input or output
 * (docs/protocols/sccp.md, "The server's side").
 *
 * Bytes and the time go in; events come out, and bytes to send. In between, the station answers by
 * itself what a phone asks of its own: buttons, soft keys, lines, time, keepalives. What people do
 * comes out as events of the call engine, and its actions are translated to what the phone is to
 * show and do.
 *
 *     station_input(station, bytes);
 *     while (station_step(station, &now, &event))
 *         ...                                        (the call engine's turn, too)
 *     write station_output(station), then station_sent(station)
 *
 * The output may hold keys of media: it is wiped when it was sent, and so should be every copy.
 */
#ifndef SERVICE_CALLMANAGER_STATION_H
#define SERVICE_CALLMANAGER_STATION_H

#include "service/callmanager/call.h"
#include "wire/sccp.h"

struct station;

/* The time: monotonic for deadlines, and what the clock on the wall says for phones. */
struct station_now {
    int64_t ms;
    int64_t unix_ms;
    int32_t utc_offset; /* s, of the phone's time zone at this moment */
};

struct station_limits {
    int64_t register_ms; /* for a connection to register, ask for a token, or keep itself alive */
    unsigned missed;     /* intervals of its keepalive a phone may be silent */
    unsigned early;      /* messages before it registers */
    unsigned burst;      /* messages at once; then so many a second are read, and the rest waits */
    unsigned per_second;
    size_t output; /* bytes: with more to send nothing is read on */
};
void station_limits_default(struct station_limits *limits);

struct station_counters {
    uint64_t messages; /* read */
    uint64_t unknown;  /* of a number nobody knows */
    uint64_t broken;   /* that could not be read */
    uint64_t ignored;  /* that made no sense where they came */
    uint64_t slowed;   /* times a phone had to wait because it sent too many */
};

/* What stations of a node have in common. Outlives them. */
struct station_site {
    const char *name;      /* of this server */
    unsigned version;      /* the highest to speak: SCCP_VERSION_MAX */
    uint32_t keep_alive_s; /* for phones that are registered here */
    uint32_t standby_s;    /* for phones that are registered elsewhere */
    struct station_limits limits;
    struct station_counters counters; /* of all */
};

/* `peer` is where it connects from. */
int station_new(struct station **out, struct station_site *site, enum call_link link,
                const struct address *peer, int64_t now) CHECKED;
void station_free(struct station *station);

/* What came from the phone; may be any piece of the stream. ERR_LIMIT: more than there is room for.
 * There is always room for 16384 bytes unless station_is_full(). */
int station_input(struct station *station, struct bytes bytes) CHECKED;
/* Enough has come: read no more of the connection until this is false again. */
bool station_is_full(const struct station *station);

enum station_event_kind {
    STATION_NOTHING,
    /* Questions. Until they are answered nothing of the phone's is read on. */
    STATION_WHO,   /* it wants to register: station_admit() or station_refuse(). It may come again
                      later; what was registered is over by that. */
    STATION_TOKEN, /* it is registered elsewhere and would like to come: station_token() */
    /* What happened. */
    STATION_CODECS,     /* call_phone_codecs() */
    STATION_USER,       /* call_event() */
    STATION_ALARM,      /* message.alarm */
    STATION_STATISTICS, /* message.connection_statistics */
    STATION_GOODBYE,    /* it unregistered, and may stay connected */
    STATION_ODD,        /* for the log, each kind once a connection: `reason` */
    STATION_OVER,       /* send what waits, and close: `reason` */
};
/* Views in it are valid until the station is stepped or freed. */
struct station_event {
    enum station_event_kind kind;
    struct sccp_message message; /* that made it happen */
    unsigned codecs;             /* bits of enum call_codec */
    struct call_event call;      /* what it points to lies in this event: do not copy */
    struct address address;
    const char *reason;
};
/* False when there is nothing to do but wait: for more input, for output to be sent, until
 * station_due(). `event` is changed in any case. */
bool station_step(struct station *station, const struct station_now *now,
                  struct station_event *event);
/* When to step again if nothing comes: in the terms of now->ms. */
int64_t station_due(const struct station *station);

/* What is to be sent, in its order; lies in the station until it is called again. */
struct bytes station_output(const struct station *station);
/* It was: wipes it. */
void station_sent(struct station *station);

/* ---- answers to questions ---- */

/* What the phone said of itself: for STATION_WHO and as long as it is registered. */
struct station_claim {
    char device[16 + 1]; /* as it said */
    bool is_name;        /* SEP and twelve digits; then in capitals */
    unsigned version;    /* that is spoken */
    uint32_t type;       /* trust/model */
    char load[32 + 1];
    struct address address; /* its own idea of it; port 0 */
    bool media_up;          /* registers in the middle of a call */
    bool utf8;              /* reads it; others read Latin-1 */
};
const struct station_claim *station_claim(const struct station *station);

struct station_line {
    const char *number;
    const char *name;  /* of who has it, for its own screen */
    const char *label; /* beside the button */
    struct call_forwards forwards;
};
struct station_speed_dial {
    const char *number, *label; /* "": the number is shown */
};
struct station_server {
    char name[48 + 1];
    struct address address; /* with the port for phones */
};
struct station_welcome {
    const struct station_line *lines; /* copied; the first is line 1 */
    size_t line_count;                /* DEVICE_LINES_MAX at most; buttons for more are not shown */
    const struct station_speed_dial *speed_dials; /* copied; their buttons follow those of lines */
    size_t speed_dial_count;                      /* DEVICE_LINES_MAX at most */
    const char *date_format;                      /* "D/M/YA" */
    const char *load;                             /* it should have; "" for the one it has */
    const struct station_server *servers;         /* in the order it should try them */
    size_t server_count;                          /* SCCP_SERVERS at most */
};
/* -ENOMEM, ERR_LIMIT. */
int station_admit(struct station *station, const struct station_welcome *welcome,
                  const struct station_now *now) CHECKED;
/* `screen` is shown on the phone; `reason` is given back with STATION_OVER. */
void station_refuse(struct station *station, const char *screen, const char *reason);
/* 0: it may come. Otherwise the seconds until it may ask again. */
void station_token(struct station *station, uint32_t wait_s, const struct station_now *now);

/* ---- what the server wants ---- */

/* What the phone is to show and do; actions for the books are none of its business. */
void station_act(struct station *station, const struct call_action *action,
                 const struct station_now *now);
/* Tells a registered phone to reset, restart or apply its configuration; it decides when. False: it
 * is not registered, or not any more, and was told nothing. */
bool station_reset(struct station *station, enum sccp_reset_type type);
/* Its clock jumps: tells it, unless it is in a call and told at the end of it anyway. */
void station_tell_time(struct station *station, const struct station_now *now);
/* Ends it. STATION_OVER comes, with this reason. */
void station_end(struct station *station, const char *reason);

bool station_is_registered(const struct station *station);
/* For how long a registered phone has said nothing, in ms; INT64_MAX: it is not registered. */
int64_t station_silence(const struct station *station, int64_t now);
enum call_link station_link(const struct station *station);
/* Calls the phone shows. */
size_t station_calls(const struct station *station);

#endif
