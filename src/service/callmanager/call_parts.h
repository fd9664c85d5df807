/*
 * call_parts: what the engine is made of. Private to it.
 *
 * A leg is one call as one phone has it: it has a number there, a line and a state. A call joins
 * the leg of its caller with the leg of who answered; until then with all that ring. Of the legs of
 * a phone one at most is active: neither on hold nor ringing there.
 */
#ifndef SERVICE_CALLMANAGER_CALL_PARTS_H
#define SERVICE_CALLMANAGER_CALL_PARTS_H

#include "service/callmanager/call_plan.h"
#include "service/callmanager/call_queue.h"
#include "service/callmanager/call_timer.h"

enum leg_state {
    LEG_NONE,       /* there is no leg */
    LEG_DIALLING,   /* a number to call */
    LEG_FORWARDING, /* a number to forward to */
    LEG_RINGING_OUT,
    LEG_RINGING_IN,
    LEG_TALKING, /* as far as this party is concerned: the other may have it on hold */
    LEG_HELD,
    LEG_FAILED, /* a tone tells so */
};

struct line {
    struct call_phone *phone;
    unsigned instance;
    unsigned legs;
    struct number *number; /* NULL: nobody can call it */
    struct line *next;     /* of that number */
    char name[CALL_NAME];
};

struct leg {
    struct leg *next; /* of the phone */
    struct call_phone *phone;
    struct line *line;
    uint32_t reference;
    enum leg_state state;
    enum call_cause cause; /* of LEG_FAILED */
    /* what the phone was told last */
    enum call_state shown;
    bool completes, rings;
    enum call_tone tone;
    enum call_security told;
    /* dialling */
    char digits[CALL_NUMBER];
    size_t digit_count;
    enum call_forward forward;
    struct call_timer timer;
    /* in a call */
    struct call *call;
    enum call_side side;
    struct leg *next_ringing;
    /* transfer */
    struct leg *consultation; /* of one on hold: the call that asks where to transfer it */
    struct leg *transfers;    /* of that one: what it is for */
};

struct call_phone {
    struct call_phone *next, *previous;
    void *owner;
    char device[DEVICE_NAME];
    enum call_security security;
    unsigned codecs;
    struct line *lines;
    size_t line_count;
    struct leg *legs; /* the newest first */
    size_t leg_count;
    char last_dialled[CALL_NUMBER];
    bool gone;      /* is told nothing more */
    bool unsettled; /* it has become busy or free: see phones_settle() */
    struct call_phone *next_unsettled;
    /* against floods: events it may still send, in thousandths */
    int64_t allowance;
    int64_t refilled; /* when; INT64_MIN: never */
    bool flooding;
};

struct party {
    struct call_party shown;
    char device[DEVICE_NAME];
    enum call_security security;
};

/* The audio of a call: see call_media.c. */
struct media {
    uint32_t session;
    enum call_codec codec;
    bool on, encrypted;
    struct media_side {
        uint32_t id;
        bool open;             /* the phone was told to receive */
        bool receives;         /* and does */
        bool sends;            /* the phone was told to send */
        struct call_keys keys; /* of what this side sends; wiped when it was told them */
    } side[CALL_SIDES];
};

struct call {
    struct call *next, *previous;
    uint32_t id;
    struct leg *leg[CALL_SIDES]; /* NULL: the callee until somebody answers; a party that is lost */
    struct leg *ringing;
    struct party party[CALL_SIDES];
    char target[CALL_NUMBER]; /* what rings */
    unsigned forwards;
    struct call_party original, redirecting;
    enum call_redirect reason;
    char dialled[CALL_NUMBER];
    int64_t began, answered; /* answered -1: not */
    bool preserved;
    uint32_t lost;      /* of one that is: the number it has at the phone that has gone */
    bool was_encrypted; /* its audio, once it had any */
    struct call_timer ring, opening;
    struct media media;
};

struct call_engine {
    struct call_limits limits;
    struct call_chance chance;
    struct plan plan;
    struct call_phone *phones, *unsettled;
    struct call *calls;
    size_t call_count, preserved_count;
    struct call_timers timers;
    uint32_t last_reference, last_call, last_media, last_session;
    struct call_queue queue;
    struct call_action current;
    struct call_counters counters;
};

/* ---- call.c: saying something ---- */

/* An action about this leg; nothing is said to a phone that is gone. */
void act(struct call_engine *e, struct leg *leg, struct call_action *action);
void act_books(struct call_engine *e, const struct call_action *action);
void act_notice(struct call_engine *e, struct call_phone *phone, struct leg *leg,
                enum call_cause notice);
/* The phone has a call that there is not. `instance` is the line it says, 0: none. */
void act_forget(struct call_engine *e, struct call_phone *phone, unsigned instance,
                uint32_t reference);
void act_forwards(struct call_engine *e, struct line *line);
/* The next of these numbers, as phones are told them: 1 to 2147483647, and again. */
uint32_t number_after(uint32_t *last);

/* ---- call_leg.c: what a phone has and shows ---- */

struct leg *leg_find(const struct call_phone *phone, uint32_t reference);
/* The one that is neither on hold nor ringing there, or NULL. */
struct leg *leg_active(const struct call_phone *phone);
bool leg_is_active(const struct leg *leg);
struct line *line_find(const struct call_phone *phone, unsigned instance);
bool line_has_room(const struct call_engine *e, const struct line *line);
/* NULL: no memory. */
struct leg *leg_new(struct call_engine *e, struct line *line, enum leg_state state);
void leg_move(struct call_engine *e, struct leg *leg, enum leg_state state);
/* Ends what the phone has of it, and tells it why. The call is not looked at. */
void leg_drop(struct call_engine *e, struct leg *leg, enum call_cause cause);
/* Tells the phone how it stands, when that has changed. */
void leg_show(struct call_engine *e, struct leg *leg);
void leg_tone(struct call_engine *e, struct leg *leg, enum call_tone tone);
void leg_ring(struct call_engine *e, struct leg *leg, bool on);
void leg_info(struct call_engine *e, struct leg *leg);
/* What rings at a phone that has become busy or free meanwhile rings differently: done once at the
 * end of whatever happened. */
void phones_settle(struct call_engine *e);
/* A tone tells that it came to nothing, until somebody hangs up or the time has come. */
void leg_fail(struct call_engine *e, struct leg *leg, enum call_cause cause);

/* ---- call_dial.c ---- */

/* A new call of the phone on this line (0: any), dial tone on. What goes on there is put on hold or
 * ended. NULL: it cannot be. */
struct leg *dial_begin(struct call_engine *e, struct call_phone *phone, unsigned instance);
void dial_digit(struct call_engine *e, struct leg *leg, char digit);
void dial_backspace(struct call_engine *e, struct leg *leg);
void dial_number(struct call_engine *e, struct leg *leg, const char *number);
void dial_timeout(struct call_engine *e, struct leg *leg);
void dial_forward(struct call_engine *e, struct call_phone *phone, unsigned instance,
                  enum call_forward forward);
/* The same, asked for at the dial tone of this leg. */
void dial_forward_here(struct call_engine *e, struct leg *leg, enum call_forward forward);

/* ---- call_route.c ---- */

/* Calls the number for this leg. */
void route_place(struct call_engine *e, struct leg *leg, const char *number);
void route_decline(struct call_engine *e, struct leg *leg);
/* A phone that rings is gone. */
void route_lose(struct call_engine *e, struct leg *leg);
/* Nobody answers: forwards, or fails. */
void route_timeout(struct call_engine *e, struct call *call);

/* ---- call_talk.c ---- */

void call_free(struct call_engine *e, struct call *call);
void talk_answer(struct call_engine *e, struct leg *leg);
void talk_hold(struct call_engine *e, struct leg *leg);
void talk_resume(struct call_engine *e, struct leg *leg);
void talk_hang_up(struct call_engine *e, struct leg *leg);
/* What was preserved for this phone, under that number or any (0), is over. */
void talk_end_preserved(struct call_engine *e, const char *device, uint32_t reference,
                        enum call_cause cause);
/* A party's phone is gone, and its leg with this. */
void talk_lose(struct call_engine *e, struct leg *leg, enum call_cause cause);
/* Makes way for another call of the phone: what is active is put on hold, or ended. False: the
 * active one cannot be left (the person was told). */
bool talk_clear_way(struct call_engine *e, struct call_phone *phone);
/* The call is over, for all legs. */
void talk_end(struct call_engine *e, struct call *call, enum call_cause cause, enum call_side by);
/* Nothing comes of the call: the caller hears it. */
void talk_fail(struct call_engine *e, struct call *call, enum call_cause cause);
void talk_drop_ringing(struct call_engine *e, struct call *call, const struct leg *but,
                       enum call_cause cause);
/* Both are there, talk, and hear each other from now on. False: it ended instead. */
bool talk_connect(struct call_engine *e, struct call *call);
bool talk_is_connected(const struct call *call);
enum call_security talk_security(const struct call *call);
/* Tells both parties who talks to whom, how secure. */
void talk_tell(struct call_engine *e, struct call *call);
void talk_record(struct call_engine *e, struct call *call);
void talk_record_end(struct call_engine *e, struct call *call, enum call_cause cause,
                     enum call_side by);
/* The party as its line shows it. */
void talk_party(struct party *party, const struct leg *leg);

/* ---- call_transfer.c ---- */

void transfer_press(struct call_engine *e, struct leg *leg);

/* ---- call_media.c ---- */

/* False: the phones have no codec in common. */
bool media_connect(struct call_engine *e, struct call *call);
void media_disconnect(struct call_engine *e, struct call *call);
/* As far as phones are there to be told. */
bool media_is_up(const struct call *call);
/* A phone said where it receives (NULL: it cannot), or that it cannot send. False: not of a session
 * that goes on. */
bool media_receiving(struct call_engine *e, struct call_phone *phone, uint32_t id,
                     const struct address *address);
bool media_not_sending(struct call_engine *e, struct call_phone *phone, uint32_t id);
/* They did not say in time. */
void media_timeout(struct call_engine *e, struct call *call);

/* ---- call_table.c ---- */

/* What is done about the event; false: it makes no sense now. */
bool table_act(struct call_engine *e, struct call_phone *phone, const struct call_event *event);

#endif
