/*
 * list_alarm: what newer phones report of their trust lists after a boot, in an alarm
 * (docs/protocols/acceptance.md, "What phones report").
 */
#ifndef TRUST_LIST_ALARM_H
#define TRUST_LIST_ALARM_H

/* The numbers are the field's. */
enum list_alarm {
    LIST_ALARM_NONE = 0, /* an alarm about something else */
    LIST_ALARM_SUCCESS = 1,
    LIST_ALARM_CTL_INITIAL = 2,
    LIST_ALARM_ITL_INITIAL = 3,
    LIST_ALARM_BOTH_INITIAL = 4,
    LIST_ALARM_FAILED_OLD_CTL = 5,
    LIST_ALARM_FAILED_NO_LIST = 6,
    LIST_ALARM_FAILED = 7,
    LIST_ALARM_FAILED_OLD_ITL = 8,
    LIST_ALARM_FAILED_OLD_BOTH = 9,
    LIST_ALARM_COUNT
};

/* "TL_SUCCESS", "CTL_INITIAL_SUCCESS", ...; "" for none. */
const char *list_alarm_text(enum list_alarm alarm);
/* The one whose name stands in the text as a word of its own. */
enum list_alarm list_alarm_find(const char *text);

#endif
