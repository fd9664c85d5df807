/*
 * idiom: how phones of each kind speak SCCP, as a table (docs/protocols/registration.md).
 */
#ifndef PHONE_IDIOM_H
#define PHONE_IDIOM_H

#include "trust/model.h"

struct idiom {
    const char *model; /* what names of such models begin with */
    enum generation generation;
    uint8_t version; /* the highest of the protocol it speaks */
    uint8_t features[3];
    uint16_t register_size; /* bytes of its RegisterReq */
    uint8_t lines;          /* keys for lines */
    uint8_t streams;        /* of audio, at most */
    bool one_by_one; /* asks for its buttons, lines, ... one after the other, in the 7912's order */
    bool terse;      /* leaves line and call out of OffHook, OnHook and OpenReceiveChannelAck */
    bool enbloc;     /* a number typed on hook goes out whole, not digit by digit */
    bool acks_sending;   /* says StartMediaTransmissionAck */
    bool numbers_alarms; /* "25: Name=..." */
    bool tells_lists;    /* has an alarm for what became of its trust lists */
};

/* Never NULL: a model that nobody has heard speak is supposed to speak as the rest of its
 * generation. */
const struct idiom *idiom_of(const struct model *model);

#endif
