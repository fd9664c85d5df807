/*
 * handset_parts: what the pieces of the handset share (internal to handset).
 */
#ifndef PHONE_HANDSET_PARTS_H
#define PHONE_HANDSET_PARTS_H

#include "base/text.h"
#include "phone/handset.h"

enum {
    HANDSET_RING_SIZE = 24, /* one message, or act, leads to a few steps */
    WORDS_TEXT = 256,
    LABEL_TEXT = 17,
};

/* Something to be said to the call manager; what the numbers mean depends on the id. */
struct utterance {
    uint32_t id;
    uint32_t a, b, c;
    uint32_t status, port;
    struct sccp_address address;
};

/* A step before it is taken. */
struct pending {
    enum handset_step_kind kind;
    size_t call;
    enum handset_change what;
    uint32_t number;
    struct utterance say;
};

struct handset {
    const struct idiom *idiom;
    bool encrypted;
    struct handset_line *lines; /* of HANDSET_LINES at most */
    size_t line_count;
    struct handset_call *calls[HANDSET_CALLS]; /* NULL: free */
    uint32_t icons[HANDSET_CALLS];             /* that were told; SCCP_SECURITY_UNKNOWN: none */
    /* keys below the screen */
    bool has_keys;
    char labels[SCCP_SOFT_KEYS][LABEL_TEXT];
    uint32_t events[SCCP_SOFT_KEYS];
    uint8_t sets[SCCP_SOFT_KEY_SETS][SCCP_SOFT_KEYS_PER_SET];
    uint32_t key_set, key_mask; /* of the idle phone */
    /* screen and sound */
    char prompt[SCCP_PROMPT_TEXT];
    uint32_t tone, ring;
    /* a number that is dialled as soon as there is a call for it */
    char dialling[HANDSET_DIGITS];
    char keyed[64]; /* keys that are pressed one after the other, in this call: */
    uint32_t keyed_line, keyed_call;
    bool consults;    /* `dialling` is of a transfer */
    uint32_t consult; /* the call that was dialled for it */
    /* what the call manager wants to know of audio */
    uint32_t report_mode;
    char report_number[SCCP_NUMBER_TEXT];

    struct pending ring_buffer[HANDSET_RING_SIZE];
    unsigned first, used;
    struct address remote; /* of the HANDSET_TRANSMIT that is pending */
    struct rtp_keys keys;  /* of the order about audio that is pending */
    bool has_keys_now;
    char words[WORDS_TEXT];
    size_t gone; /* the call that the last step said is over; HANDSET_CALLS: none */
    struct sccp_message message;
};

struct pending *handset_push(struct handset *h, enum handset_step_kind kind, size_t call);
void handset_say(struct handset *h, const struct utterance *say);
void handset_tell(struct handset *h, enum handset_change what, size_t call, uint32_t number);

/* The place of the call with this id; made when there is none. HANDSET_CALLS: there is no room. */
size_t handset_place(struct handset *h, uint32_t id, bool make);
/* Its audio ends, and it. */
void handset_drop(struct handset *h, size_t call);

/* ---- handset_media.c ---- */

void handset_take_open(struct handset *h, const struct sccp_message *m);
void handset_take_start(struct handset *h, const struct sccp_message *m);
void handset_take_close(struct handset *h, const struct sccp_message *m);
void handset_take_stop(struct handset *h, const struct sccp_message *m);
void handset_take_report(struct handset *h, const struct sccp_message *m);
void handset_stop_receiving(struct handset *h, size_t call);
void handset_stop_transmitting(struct handset *h, size_t call);

/* ---- handset_acts.c ---- */

/* A call has a dial tone: what waits to be dialled is keyed there. */
void handset_dial_tone(struct handset *h, const struct handset_call *call);
/* The next of `keyed`, if any. */
bool handset_next_digit(struct handset *h, struct utterance *say);

#endif
