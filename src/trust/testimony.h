/*
 * testimony: what a phone makes of the word of TVS (internal to this room).
 */
#ifndef TRUST_TESTIMONY_H
#define TRUST_TESTIMONY_H

#include "trust/accept.h"

#define TESTIMONY_TEXT 512

/* The verdict on an offer whose signer none of the phone's lists names, after TVS was asked; `text`
 * gets the whole sentence for a person. */
enum verdict testimony_judge(enum accept_rule *rule, char text[TESTIMONY_TEXT],
                             const struct testimony *testimony, struct offer *offer);

#endif
