#include "service/callmanager/call_security.h"

/* What each mode is worth over each link. A mode the link does not bear is not believed: such a
 * phone is refused when it registers, and should one come this far it gets no keys. */
static const enum call_security worth[][3] = {
    [MODE_NON_SECURE] = {[CALL_LINK_PLAIN] = CALL_NOT_SECURE,
                         [CALL_LINK_AUTHENTICATED] = CALL_NOT_SECURE,
                         [CALL_LINK_ENCRYPTED] = CALL_NOT_SECURE},
    [MODE_AUTHENTICATED] = {[CALL_LINK_PLAIN] = CALL_NOT_SECURE,
                            [CALL_LINK_AUTHENTICATED] = CALL_AUTHENTICATED,
                            [CALL_LINK_ENCRYPTED] = CALL_AUTHENTICATED},
    [MODE_ENCRYPTED] = {[CALL_LINK_PLAIN] = CALL_NOT_SECURE,
                        [CALL_LINK_AUTHENTICATED] = CALL_AUTHENTICATED,
                        [CALL_LINK_ENCRYPTED] = CALL_ENCRYPTED},
};

enum call_security call_security_of(enum device_mode mode, enum call_link link)
{
    if (mode < MODE_NON_SECURE || mode > MODE_ENCRYPTED || link > CALL_LINK_ENCRYPTED)
        return CALL_NOT_SECURE;
    return worth[mode][link];
}

enum call_security call_security_least(enum call_security a, enum call_security b)
{
    return a < b ? a : b;
}

bool call_security_has_keys(enum call_security a, enum call_security b)
{
    return call_security_least(a, b) == CALL_ENCRYPTED;
}
