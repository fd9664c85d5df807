/*
 * protocol: what the engine does in which state (internal to the engine).
 */
#ifndef SERVICE_TFTP_PROTOCOL_H
#define SERVICE_TFTP_PROTOCOL_H

#include "service/tftp/engine.h"

/* One input leads to a few actions; a tick stops when half the ring is used. */
#define TFTP_RING 32

struct tftp_engine {
    struct tftp_limits limits;
    struct tftp_table *table;
    struct tftp_engine_counters counters;
    struct tftp_action ring[TFTP_RING];
    unsigned first, used;
    struct buffer scratch; /* a packet being written */
};

/* What can happen to a transfer. */
enum tftp_event {
    EVENT_REQUEST, /* the same request again */
    EVENT_ACK,
    EVENT_ERROR,   /* of the peer's */
    EVENT_JUNK,    /* anything else from the peer */
    EVENT_TIMEOUT, /* the deadline has passed */
    EVENT_OPENED,
    EVENT_REFUSED,
    EVENT_MISSING,
    EVENT_READY,
    EVENT_FAILED,
    EVENT_COUNT
};

/* What came with the event. */
struct tftp_input {
    int64_t now;
    const struct tftp_options *asked; /* EVENT_REQUEST */
    uint16_t block;                   /* EVENT_ACK */
    int code;                         /* EVENT_ERROR, EVENT_REFUSED */
    struct bytes text;                /* EVENT_ERROR, EVENT_REFUSED, EVENT_FAILED */
    uint64_t size;                    /* EVENT_OPENED */
};

void tftp_protocol_happen(struct tftp_engine *engine, struct tftp_transfer *transfer,
                          enum tftp_event event, const struct tftp_input *input);
/* Puts the transfer's deadline there. */
void tftp_protocol_await(struct tftp_engine *engine, struct tftp_transfer *transfer, int64_t now,
                         int64_t ms);

/* A new action, with nothing in it but its kind (and the transfer's peer). */
struct tftp_action *tftp_push(struct tftp_engine *engine, enum tftp_action_kind kind);
struct tftp_action *tftp_push_for(struct tftp_engine *engine, enum tftp_action_kind kind,
                                  struct tftp_transfer *transfer);
/* Puts bytes into an action, cut to its room. */
void tftp_action_fill(struct tftp_action *action, struct bytes packet);

#endif
