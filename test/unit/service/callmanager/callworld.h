/*
 * callworld: phones without wires around the call engine. Each believes what it is told, checks
 * that it could be so, and answers for its audio by itself.
 *
 * Checked with every action: nobody is told anything after it has gone; audio is opened before it
 * is closed, started before it is stopped; keys come only where both parties are encrypted, fit
 * crosswise and were never seen before; addresses are the other phone's; the security status is
 * that of the least secure party.
 */
#ifndef TEST_CALLWORLD_H
#define TEST_CALLWORLD_H

#include "support.h"

#include "service/callmanager/call.h"

enum {
    TELS = 24,
    TEL_LINES = 4,
    TEL_CALLS = 40,
    TEL_CHANNELS = 64,
    KEYS_MAX = 1 << 20,
};

/* A call as the phone shows it. */
struct seen {
    uint32_t reference; /* 0: free */
    unsigned line;
    enum call_state state;
    enum call_cause cause;
    bool completes;
    enum call_tone tone;
    bool rings;
    bool has_info;
    struct call_info info;
    char dialled[CALL_NUMBER];
};
/* Audio as the phone has it. */
struct channel {
    uint32_t id; /* 0: free */
    uint32_t session;
    uint32_t reference;
    bool open, sends;
    struct call_media in, out;
    struct address listens; /* where it said so */
};
struct tel {
    struct call_phone *phone; /* NULL: not registered */
    char device[DEVICE_NAME];
    enum call_security security;
    unsigned codecs;
    char numbers[TEL_LINES][CALL_NUMBER];
    struct seen calls[TEL_CALLS];
    struct channel channels[TEL_CHANNELS];
    struct call_forwards forwards; /* of line 1, as it was told */
    struct call_notice {
        unsigned count;
        enum call_cause last;
    } notices;
    unsigned waiting_tones, floods;
    enum call_cause ended; /* why its last call ended */
    unsigned opened, closed, started, stopped;
};

struct world {
    struct call_engine *engine;
    struct call_limits limits;
    int64_t now;
    bool answers_media; /* phones say at once where they receive */
    struct tel tels[TELS];
    uint32_t first; /* numbers begin after this one */
    uint64_t forwards_told;
    unsigned forgets; /* calls a phone was told that there are not */
    /* the books */
    struct call_record last; /* the last that was over */
    unsigned over, progress;
    struct {
        char number[CALL_NUMBER];
        enum call_forward forward;
        char to[CALL_NUMBER];
        unsigned count;
    } kept;
    /* whose keys these are: session * 2 + direction, 0: nobody's yet */
    uint64_t *keys;
    uint64_t key_count;
};
extern struct world world;

/* For cmocka: an engine with the default limits, and phones 0 to 4 with the numbers 1000 to 1004 on
 * line 1 and 2000 to 2004 on line 2, all encrypted. */
int world_enter(void **state);
void world_enter_at(uint32_t first); /* its numbers begin after this one */
int world_leave(void **state);
/* Registers it anew, with this security. */
void tel_add(unsigned tel, enum call_security security);
void tel_add_as(unsigned tel, enum call_security security, bool media_up);
void tel_remove(unsigned tel, enum call_cause cause);
/* Takes all actions. */
void world_drain(void);
/* Lets so much time pass, ticking whenever it is due. */
void world_pass(int64_t ms);

void press(unsigned tel, enum call_event_kind kind); /* about whatever is meant */
void press_call(unsigned tel, enum call_event_kind kind, uint32_t reference);
void press_line(unsigned tel, enum call_event_kind kind, unsigned line);
void press_digits(unsigned tel, const char *digits);
void press_forward(unsigned tel, enum call_forward forward);
void dial(unsigned tel, const char *number);
/* What this channel of the phone is waited for to say. */
void say_listening(unsigned tel, struct channel *channel);
void say_receiving(unsigned tel, uint32_t media, const char *address, uint16_t port);

/* The call of that phone in this state; fails the test unless there is exactly one. */
struct seen *seen(unsigned tel, enum call_state state);
/* How many calls the phone shows. */
unsigned seen_count(unsigned tel);
#define assert_shows(tel, state) assert_non_null(seen(tel, state))
#define assert_idle(tel)         assert_int_equal(seen_count(tel), 0)
/* The channel over which the two hear each other now; NULL when they do not. */
struct channel *hears(unsigned tel, unsigned other);
#define assert_hear_each_other(a, b)  \
    do {                              \
        assert_non_null(hears(a, b)); \
        assert_non_null(hears(b, a)); \
    } while (0)
#define assert_silent(tel) assert_int_equal(channels(tel), 0)
unsigned channels(unsigned tel);

/* Both in conversation: `a` called. */
void connect_two(unsigned a, unsigned b);

#endif
