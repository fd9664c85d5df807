#include "service/callmanager/call.h"

static const char *const events[] = {
    [CALL_EV_OFF_HOOK] = "OFF_HOOK",
    [CALL_EV_ON_HOOK] = "ON_HOOK",
    [CALL_EV_LINE_KEY] = "LINE_KEY",
    [CALL_EV_NEW] = "NEW",
    [CALL_EV_END] = "END",
    [CALL_EV_ANSWER] = "ANSWER",
    [CALL_EV_DIGIT] = "DIGIT",
    [CALL_EV_BACKSPACE] = "BACKSPACE",
    [CALL_EV_DIAL] = "DIAL",
    [CALL_EV_REDIAL] = "REDIAL",
    [CALL_EV_HOLD] = "HOLD",
    [CALL_EV_RESUME] = "RESUME",
    [CALL_EV_TRANSFER] = "TRANSFER",
    [CALL_EV_SET_FORWARD] = "SET_FORWARD",
    [CALL_EV_RECEIVING] = "RECEIVING",
    [CALL_EV_NOT_SENDING] = "NOT_SENDING",
};

static const char *const states[] = {
    [CALL_STATE_IDLE] = "IDLE",
    [CALL_STATE_DIALTONE] = "DIALTONE",
    [CALL_STATE_FORWARDING] = "FORWARDING",
    [CALL_STATE_DIALLING] = "DIALLING",
    [CALL_STATE_PROCEEDING] = "PROCEEDING",
    [CALL_STATE_RINGING_OUT] = "RINGING_OUT",
    [CALL_STATE_RINGING_IN] = "RINGING_IN",
    [CALL_STATE_WAITING] = "WAITING",
    [CALL_STATE_CONNECTED] = "CONNECTED",
    [CALL_STATE_HELD] = "HELD",
    [CALL_STATE_HELD_BY_OTHER] = "HELD_BY_OTHER",
    [CALL_STATE_TRANSFERRING] = "TRANSFERRING",
    [CALL_STATE_FAILED_BUSY] = "FAILED_BUSY",
    [CALL_STATE_FAILED_UNKNOWN] = "FAILED_UNKNOWN",
    [CALL_STATE_FAILED] = "FAILED",
};

static const char *const actions[] = {
    [CALL_ACT_SHOW] = "SHOW",
    [CALL_ACT_INFO] = "INFO",
    [CALL_ACT_DIALLED] = "DIALLED",
    [CALL_ACT_BACKSPACED] = "BACKSPACED",
    [CALL_ACT_TONE] = "TONE",
    [CALL_ACT_RING] = "RING",
    [CALL_ACT_OPEN] = "OPEN",
    [CALL_ACT_CLOSE] = "CLOSE",
    [CALL_ACT_START] = "START",
    [CALL_ACT_STOP] = "STOP",
    [CALL_ACT_SHOW_FORWARD] = "SHOW_FORWARD",
    [CALL_ACT_FORGET] = "FORGET",
    [CALL_ACT_NOTICE] = "NOTICE",
    [CALL_ACT_FLOODED] = "FLOODED",
    [CALL_ACT_KEEP_FORWARD] = "KEEP_FORWARD",
    [CALL_ACT_PROGRESS] = "PROGRESS",
    [CALL_ACT_OVER] = "OVER",
};

#define WORD(table, at) \
    ((size_t)(at) < sizeof(table) / sizeof *(table) ? (table)[(size_t)(at)] : "?")

const char *call_event_name(enum call_event_kind kind)
{
    return WORD(events, kind);
}

const char *call_state_name(enum call_state state)
{
    return WORD(states, state);
}

const char *call_action_name(enum call_action_kind kind)
{
    return WORD(actions, kind);
}
