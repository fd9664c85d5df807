/*
 * listnews: what became of a phone's trust lists in one boot, as newer phones report it to their
 * call manager (docs/protocols/models.md, "Trust list alarms").
 */
#ifndef PHONE_LISTNEWS_H
#define PHONE_LISTNEWS_H

#include "phone/boot.h"
#include "phone/registration.h"

/* By enum trustlist_kind. */
struct listnews {
    bool had[2], taken[2], refused[2];
};

/* Before a boot. */
void listnews_begin(struct listnews *news, const struct boot *boot);
/* Every action of it. */
void listnews_action(struct listnews *news, const struct boot_action *action);
enum registration_lists listnews_alarm(const struct listnews *news);

#endif
