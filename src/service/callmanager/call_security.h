/*
 * call_security: how secure a phone, and a call of two, is (docs/protocols/calls.md, "How secure a
 * call is").
 */
#ifndef SERVICE_CALLMANAGER_CALL_SECURITY_H
#define SERVICE_CALLMANAGER_CALL_SECURITY_H

#include "store/calls.h"

/* How a phone's signalling reaches us. */
enum call_link {
    CALL_LINK_PLAIN,         /* TCP */
    CALL_LINK_AUTHENTICATED, /* TLS with a NULL cipher: whoever listens reads it */
    CALL_LINK_ENCRYPTED,     /* TLS */
};

/* What a phone is for its calls: its device security mode, as far as the connection bears it. Keys
 * would travel in clear where the connection is not encrypted, so no mode makes such a phone an
 * encrypted party. */
enum call_security call_security_of(enum device_mode mode, enum call_link link);

/* The security status of a call: that of its least secure party. */
enum call_security call_security_least(enum call_security a, enum call_security b);

/* May the audio between the two be encrypted, that is: may keys be sent to both? */
bool call_security_has_keys(enum call_security a, enum call_security b);

#endif
