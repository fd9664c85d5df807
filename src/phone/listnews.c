#include "phone/listnews.h"

void listnews_begin(struct listnews *news, const struct boot *boot)
{
    *news = (struct listnews){0};
    for (size_t i = 0; i < 2; i++)
        news->had[i] = boot_list(boot, (enum trustlist_kind)i) != NULL;
}

void listnews_action(struct listnews *news, const struct boot_action *action)
{
    bool list = action->file == BOOT_CTL || action->file == BOOT_ITL;
    if (action->kind != BOOT_FILE || !list)
        return;
    enum trustlist_kind kind = action->file == BOOT_CTL ? TRUSTLIST_CTL : TRUSTLIST_ITL;
    news->taken[kind] |= action->result == RESULT_ACCEPTED;
    news->refused[kind] |= action->result == RESULT_REFUSED;
}

static enum registration_lists alarm_of_refusal(const struct listnews *n)
{
    bool old_ctl = n->refused[TRUSTLIST_CTL] && n->had[TRUSTLIST_CTL];
    bool old_itl = n->refused[TRUSTLIST_ITL] && n->had[TRUSTLIST_ITL];
    if (old_ctl && old_itl)
        return LISTS_FAILED_OLD_BOTH;
    if (old_ctl || old_itl)
        return old_ctl ? LISTS_FAILED_OLD_CTL : LISTS_FAILED_OLD_ITL;
    return n->had[TRUSTLIST_CTL] || n->had[TRUSTLIST_ITL] ? LISTS_FAILED : LISTS_FAILED_NONE;
}

enum registration_lists listnews_alarm(const struct listnews *n)
{
    bool ctl = n->taken[TRUSTLIST_CTL];
    bool itl = n->taken[TRUSTLIST_ITL];
    if (n->refused[TRUSTLIST_CTL] || n->refused[TRUSTLIST_ITL])
        return alarm_of_refusal(n);
    if (!ctl && !itl)
        return LISTS_UNTOLD;
    if (n->had[TRUSTLIST_CTL] || n->had[TRUSTLIST_ITL])
        return LISTS_SUCCESS;
    return ctl && itl ? LISTS_INITIAL : ctl ? LISTS_CTL_INITIAL : LISTS_ITL_INITIAL;
}
