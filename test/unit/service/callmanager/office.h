/*
 * office: phones of SCCP without wires, registered with stations at a call engine, as the
 * service joins them. What a phone is told is read with the codec of its version.
 */
#ifndef TEST_OFFICE_H
#define TEST_OFFICE_H

#include "support.h"

#include "service/callmanager/station.h"

enum { PHONES = 6, HEARD_MAX = 512, PHONE_CALLS = 8 };

/* A stream as the phone has it. */
struct stream {
    bool on, encrypted;
    uint32_t party, conference, call;
    struct sccp_keys keys;
    struct sccp_address remote;
    uint32_t port;
};
struct phone {
    struct station *station; /* NULL: not connected */
    enum call_link link;
    unsigned version;
    uint32_t device_type;
    char device[17];
    char load[33];
    const char *name;         /* of who has line 1 */
    bool latin1;              /* does not say that it reads UTF-8 */
    struct call_phone *calls; /* NULL: not registered */
    enum call_security security;
    /* what it was told, newest last */
    struct sccp_message heard[HEARD_MAX];
    size_t heard_count, looked; /* looked: see told() */
    struct stream in, out;
    /* what it shows */
    uint32_t call, line;          /* the last it was told the state of */
    uint32_t states[PHONE_CALLS]; /* of the calls there were, by the order of their begin */
    uint32_t calls_seen[PHONE_CALLS];
    size_t call_count;
    uint32_t lamp[8], icon, tone, ring, speaker;
    char prompt[SCCP_PROMPT_TEXT];
    bool answers_media, must_answer; /* says where it listens; has to */
    bool hears_nothing;              /* what it is told makes no sense to it, as it made none */
    /* what the service was told */
    unsigned whos, tokens, goodbyes, alarms, odds, statistics;
    char reason[400]; /* of STATION_OVER or the last STATION_ODD */
    bool over;
};
struct office {
    struct station_site site;
    struct station_now now;
    struct call_engine *engine;
    struct phone phones[PHONES];
    bool answers_who; /* the service admits everybody */
    struct call_record last;
    unsigned over;
};
extern struct office office;

int office_enter(void **state);
int office_leave(void **state);

/* Connects, and nothing more. */
struct phone *plug(unsigned phone, enum call_link link, unsigned version);
/* And registers it, with line 1: 1000 + phone, and 2: 2000 + phone. */
struct phone *sign_on(unsigned phone, enum call_link link, unsigned version,
                      enum call_security security);
void unplug(unsigned phone);
/* The phone says it; all that follows happens. */
void say(unsigned phone, const struct sccp_message *m);
void say_bytes(unsigned phone, struct bytes bytes);
void say_empty(unsigned phone, enum sccp_id id);
void say_register(unsigned phone);
/* Answers STATION_WHO. */
void welcome(unsigned phone);
void office_pass(int64_t ms);
/* Gives all their turn: input, events, actions, output. */
void office_run(void);

/* The next message of that id the phone was told since the last look, or NULL; looks on from there.
 */
const struct sccp_message *told(unsigned phone, enum sccp_id id);
/* How many messages were told since the last look; forgets them. */
size_t told_count(unsigned phone);
/* The state the phone was told of its newest call. */
uint32_t state_of(unsigned phone);

/* Keys of a phone; soft keys about its newest call, if that goes on. */
void press_soft_key(unsigned phone, enum sccp_key key);
void press_about(unsigned phone, enum sccp_key key, uint32_t call);
void press_keys(unsigned phone, const char *digits);

#endif
