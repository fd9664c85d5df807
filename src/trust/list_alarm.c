#include "trust/list_alarm.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static const char *const names[LIST_ALARM_COUNT] = {
    [LIST_ALARM_NONE] = "",
    [LIST_ALARM_SUCCESS] = "TL_SUCCESS",
    [LIST_ALARM_CTL_INITIAL] = "CTL_INITIAL_SUCCESS",
    [LIST_ALARM_ITL_INITIAL] = "ITL_INITIAL_SUCCESS",
    [LIST_ALARM_BOTH_INITIAL] = "TL_INITIAL_SUCCESS",
    [LIST_ALARM_FAILED_OLD_CTL] = "TL_FAILED_OLD_CTL",
    [LIST_ALARM_FAILED_NO_LIST] = "TL_FAILED_NO_TL",
    [LIST_ALARM_FAILED] = "TL_FAILED",
    [LIST_ALARM_FAILED_OLD_ITL] = "TL_FAILED_OLD_ITL",
    [LIST_ALARM_FAILED_OLD_BOTH] = "TL_FAILED_OLD_TL",
};

const char *list_alarm_text(enum list_alarm alarm)
{
    return names[alarm];
}

static bool is_part(char c)
{
    return c == '_' || isalnum((unsigned char)c);
}

/* Names are within names: the whole word counts. */
static enum list_alarm find_word(const char *word, size_t size)
{
    for (enum list_alarm a = LIST_ALARM_SUCCESS; a < LIST_ALARM_COUNT; a++)
        if (strlen(names[a]) == size && memcmp(names[a], word, size) == 0)
            return a;
    return LIST_ALARM_NONE;
}

enum list_alarm list_alarm_find(const char *text)
{
    enum list_alarm found = LIST_ALARM_NONE;
    while (*text && !found) {
        size_t size = 0;
        while (is_part(text[size]))
            size++;
        found = find_word(text, size);
        text += size ? size : 1;
    }
    return found;
}
