/*
 * handset: what the user of a phone sees and does - its lines, keys, screen and calls - without
 * input or output (docs/protocols/registration.md, "Calls").
 *
 * A phone of SCCP has no idea of a call: it says which key was pressed, shows what it is told and
 * opens audio where it is told. Messages and acts go in; steps come out. Take steps after every
 * call until there is none, before the message of handset_message() goes.
 */
#ifndef PHONE_HANDSET_H
#define PHONE_HANDSET_H

#include "net/address.h"
#include "phone/idiom.h"
#include "phone/rtpseal.h"
#include "wire/sccp.h"

#define HANDSET_CALLS 16
#define HANDSET_LINES SCCP_BUTTONS

struct handset;

int handset_new(struct handset **out, const struct idiom *idiom) CHECKED;
void handset_free(struct handset *h);

/* It is registered, over a connection that nobody can read or not: keys that come over one that
 * can be read are not used. Lines and keys come as messages. */
void handset_attach(struct handset *h, bool encrypted);
/* The call manager has gone. Calls with audio stay, and their user can only hang up; the others are
 * over. */
void handset_detach(struct handset *h);
void handset_message(struct handset *h, const struct sccp_message *message);

/* ---- acts of its user ----
 *
 * ERR_CONFLICT: not now - there is no such call, or the screen shows no such key; `why` says what
 * there is. ERR_USAGE: never. */

#define HANDSET_DIGITS 25 /* of a number, with NUL */

/* A new call, on line `line` or, when that is 0, the first. */
int handset_dial(struct handset *h, const char *number, uint32_t line, struct why *why) CHECKED;
/* The call that rings. */
int handset_answer(struct handset *h, struct why *why) CHECKED;
/* The call that is talked in. */
int handset_hold(struct handset *h, struct why *why) CHECKED;
/* The call on hold. */
int handset_resume(struct handset *h, struct why *why) CHECKED;
/* Puts the call on hold and dials who shall get it... */
int handset_transfer(struct handset *h, const char *number, struct why *why) CHECKED;
/* ...and hands it over. */
int handset_complete(struct handset *h, struct why *why) CHECKED;
/* The call that is talked in, or dialled, or rings. */
int handset_end(struct handset *h, struct why *why) CHECKED;
/* One of the keys below the screen, by what stands on it: "Redial", "CFwdAll". */
int handset_press(struct handset *h, const char *key, struct why *why) CHECKED;
/* Keys of the keypad, in the call that is dialled or talked in. */
int handset_digits(struct handset *h, const char *digits, struct why *why) CHECKED;

/* ---- answers about audio ---- */

void handset_receives(struct handset *h, size_t call, enum sccp_media_status status,
                      const struct address *local);
void handset_transmits(struct handset *h, size_t call, enum sccp_media_status status,
                       const struct address *local);
/* As sccp_connection_statistics has it; number, call and mode are filled in here. */
void handset_reports(struct handset *h, size_t call,
                     const struct sccp_connection_statistics *statistics);
/* Nothing is heard any more in a call that stayed without its call manager. */
void handset_silent(struct handset *h, size_t call);

/* ---- what is so ---- */

struct handset_line {
    uint32_t instance;
    char number[SCCP_NUMBER_TEXT];
    char name[SCCP_NAME_TEXT];
    char label[SCCP_NAME_TEXT];
    char forward_all[SCCP_NUMBER_TEXT]; /* "": not forwarded */
    uint32_t lamp;                      /* enum sccp_lamp, 0: never set */
};
size_t handset_lines(const struct handset *h);
/* From 0, in the order of its buttons. */
const struct handset_line *handset_line(const struct handset *h, size_t n);

struct handset_call {
    uint32_t id; /* the call manager's; 0: it knows nothing of this call any more */
    uint32_t line;
    uint32_t state;            /* enum sccp_call_state, 0: not yet said */
    uint32_t type;             /* enum sccp_call_type, 0: not yet said */
    uint32_t security;         /* enum sccp_security: what the screen shows once it is connected */
    char name[SCCP_NAME_TEXT]; /* of the other party */
    char number[SCCP_NUMBER_TEXT];
    char prompt[SCCP_PROMPT_TEXT]; /* as it is read on the screen */
    uint32_t key_set, key_mask;
    uint32_t conference, receive_party, transmit_party;
    bool receiving, transmitting, receives_srtp, transmits_srtp;
    bool preserved; /* its call manager has gone */
};
/* NULL: there is none at this place, from 0 to HANDSET_CALLS - 1. */
const struct handset_call *handset_call(const struct handset *h, size_t call);
/* The first call in one of these states (bits 1 << enum sccp_call_state); NULL: none. */
#define HANDSET_IN(state) (1u << (state))
const struct handset_call *handset_find(const struct handset *h, uint32_t states);
/* Of all calls. */
unsigned handset_streams(const struct handset *h);
/* What stands on the screen of an idle phone. */
const char *handset_prompt(const struct handset *h);
uint32_t handset_tone(
    const struct handset *h); /* enum sccp_tone that is heard, SCCP_TONE_SILENCE */
bool handset_rings(const struct handset *h);

/* "off hook", "ringing", "connected", ...; never NULL. */
const char *handset_state_text(uint32_t state);
/* "lock", "shield", "none". */
const char *handset_icon_text(uint32_t security);
/* Text for a person from text with phrases of a phone's dictionary. Returns out. */
char *handset_phrases(char *out, size_t size, const char *text);

/* ---- steps ---- */

enum handset_step_kind {
    HANDSET_SAY,            /* `message` to the call manager; valid until the next step */
    HANDSET_RECEIVE,        /* hear `call`, with `keys` -> handset_receives() */
    HANDSET_TRANSMIT,       /* speak to `remote`, with `keys` -> handset_transmits() */
    HANDSET_STOP_RECEIVING, /* in `call` */
    HANDSET_STOP_TRANSMITTING,
    HANDSET_REPORT, /* how was the audio of `call`? -> handset_reports() */
    HANDSET_TELL,   /* for whoever watches: `what` has changed */
};

enum handset_change {
    HANDSET_LINE,    /* line number `number`, from 0 */
    HANDSET_CALL,    /* `call` is in another state */
    HANDSET_PARTY,   /* `call` has another party */
    HANDSET_ICON,    /* a connected `call` shows another icon, or one for the first time */
    HANDSET_PROMPT,  /* `words`, of `call` or, when it is HANDSET_CALLS, of the screen */
    HANDSET_NOTICE,  /* `words`, over everything else for a while */
    HANDSET_RING,    /* `number` is an enum sccp_ring */
    HANDSET_TONE,    /* `number` is an enum sccp_tone */
    HANDSET_AUDIO,   /* a direction of `call` has begun or ended */
    HANDSET_REFUSED, /* an order about audio of `call`: `words` */
    HANDSET_OVER,    /* `call` is over and, after this step, not there any more */
};

struct handset_step {
    enum handset_step_kind kind;
    size_t call;
    const struct sccp_message *message;
    const struct rtp_keys *keys; /* NULL: in clear; gone with the next step */
    struct address remote;
    enum handset_change what;
    uint32_t number;
    const char *words; /* a peer's: escape them */
};

/* False when there is nothing to do. */
bool handset_step(struct handset *h, struct handset_step *step);

#endif
