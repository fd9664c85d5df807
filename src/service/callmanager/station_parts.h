/*
 * station_parts: what a station is made of. Private to it.
 */
#ifndef SERVICE_CALLMANAGER_STATION_PARTS_H
#define SERVICE_CALLMANAGER_STATION_PARTS_H

#include "service/callmanager/station.h"

enum station_state {
    STATION_NEW,        /* has not said who it is */
    STATION_STANDBY,    /* keeps itself alive, and is registered elsewhere */
    STATION_ASKING,     /* a question is open */
    STATION_REGISTERED, /* knows that it is */
    STATION_ENDED,      /* STATION_OVER is to be said */
    STATION_CLOSED,     /* and was */
};

/* What is noted for the log, once a connection each. */
enum station_oddity {
    STATION_ODD_MESSAGE, /* of a number nobody knows, or broken */
    STATION_ODD_FLOOD,
    STATION_ODD_AUDIO, /* that the phone cannot open or send */
    STATION_ODD_PLACE, /* where it wants its audio sent */
};

/* A call as the phone shows it. */
struct station_call {
    uint32_t call;
    uint8_t line, instance; /* instance: which of the line's calls, from 1 */
    uint8_t state;          /* enum call_state */
    bool taken;             /* the phone went off hook for it, and did not leave it since */
};

struct station_line_kept {
    char number[CALL_NUMBER];
    char name[CALL_NAME];
    char label[CALL_NAME];
    struct call_forwards forwards;
};

struct station_dial_kept {
    char number[CALL_NUMBER];
    char label[CALL_NAME];
};

/* Of texts for the log. */
enum { STATION_REASON = 500 };

struct station {
    struct station_site *site;
    enum call_link link;
    struct address peer;
    enum station_state state, asked_in;
    struct buffer in; /* what came and was not dealt with begins at `at` */
    size_t at;
    struct buffer out;
    int64_t due;       /* of the state; INT64_MAX: never */
    int64_t allowance; /* messages it may send, in thousandths */
    int64_t refilled;  /* when */
    unsigned early;
    int64_t slowed_until;
    bool held;                  /* nothing is read until what it is told has left */
    bool small_business;        /* its tokens have other numbers */
    struct station_claim claim; /* version 0 before it registers */
    /* of a phone that is registered */
    struct station_line_kept *lines;
    size_t line_count;
    struct station_dial_kept *speed_dials;
    size_t speed_dial_count;
    struct station_server servers[SCCP_SERVERS];
    size_t server_count;
    char date_format[8 + 1];
    char load[16 + 1];
    struct station_call *calls;
    size_t call_count, call_room;
    uint32_t announced; /* the call whose caller is shown beside all else; 0: none */
    unsigned noted;     /* bits of enum station_oddity */
    char *note;         /* something odd, to be told */
    char *reason;       /* of the end, to be told */
    char *told;         /* the text of the last event that had one */
};

/* ---- station.c ---- */

/* Ends when there is no memory for it. */
void station_say(struct station *s, const struct sccp_message *m);
void station_say_empty(struct station *s, enum sccp_id id);
/* With the deadline of the state. */
void station_enter(struct station *s, enum station_state state, int64_t now);
void station_ask(struct station *s);
/* Forgets what a phone had that was registered. */
void station_forget(struct station *s);
/* Notes something for the log. */
void station_note(struct station *s, enum station_oddity oddity, const char *format, ...)
    PRINTF_LIKE(3, 4);
/* What people are called, in letters the phone can show: others become question marks. */
void station_spell(const struct station *s, char *out, size_t size, const char *text);
/* NULL: it has no such line. */
struct station_line_kept *station_line_of(const struct station *s, unsigned line);

/* NULL: it has no such speed dial. */
const struct station_dial_kept *station_speed_dial_of(const struct station *s, unsigned index);

/* Handlers of messages: what they leave in event->kind is told. */
#define STATION_HANDLER(name) \
    void name(struct station *s, const struct station_now *now, struct station_event *event)

/* ---- station_register.c ---- */
STATION_HANDLER(station_on_register);
STATION_HANDLER(station_on_token);
STATION_HANDLER(station_on_unregister);
STATION_HANDLER(station_on_keep_alive);
STATION_HANDLER(station_on_alarm);

/* ---- station_answer.c: what phones ask about themselves ---- */
STATION_HANDLER(station_on_button_template);
STATION_HANDLER(station_on_soft_key_template);
STATION_HANDLER(station_on_soft_key_set);
STATION_HANDLER(station_on_line);
STATION_HANDLER(station_on_forward);
STATION_HANDLER(station_on_speed_dial);
STATION_HANDLER(station_on_feature);
STATION_HANDLER(station_on_service_url);
STATION_HANDLER(station_on_time);
STATION_HANDLER(station_on_config);
STATION_HANDLER(station_on_version);
STATION_HANDLER(station_on_servers);
STATION_HANDLER(station_on_subscription);
STATION_HANDLER(station_on_nothing);
void station_say_time(struct station *s, const struct station_now *now);
void station_say_forwards(struct station *s, unsigned line);
/* Soft keys and prompt of a phone at rest. */
void station_say_idle(struct station *s);

/* ---- station_audio.c ---- */

/* Actions about tones, the ringer and media. */
void station_hear(struct station *s, const struct call_action *action);

/* ---- station_user.c: what people do and phones say of their audio ---- */
STATION_HANDLER(station_on_keypad);
STATION_HANDLER(station_on_number);
STATION_HANDLER(station_on_stimulus);
STATION_HANDLER(station_on_hook);
STATION_HANDLER(station_on_soft_key);
STATION_HANDLER(station_on_capabilities);
STATION_HANDLER(station_on_receiving);
STATION_HANDLER(station_on_sending);
STATION_HANDLER(station_on_not_sending);
STATION_HANDLER(station_on_statistics);

#endif
