/* sccp_call: layouts of what a user does and what the phone shows of a call. */
#include "wire/sccp_layout.h"

static const struct sccp_field keypad_button[] = {
    {U32(keypad_button.button)},
    {U32(keypad_button.line)},
    {U32(keypad_button.call)},
};

static const struct sccp_field enbloc_call[] = {
    {TEXT(enbloc_call.number, 24), UNTIL(18)},
    {U32(enbloc_call.line), SINCE(17), UNTIL(18)},
    {TEXT(enbloc_call.number, 25), SINCE(19)},
    {LINE_AFTER_25(enbloc_call.line), SINCE(19)},
};

static const struct sccp_field stimulus[] = {
    {U32(stimulus.stimulus)},
    {U32(stimulus.instance)},
    {U32(stimulus.call)},
    {U32(stimulus.status)},
};

static const struct sccp_field hook[] = {{U32(hook.line)}, {U32(hook.call)}};

static const struct sccp_field soft_key_event[] = {
    {U32(soft_key_event.event)},
    {U32(soft_key_event.line)},
    {U32(soft_key_event.call)},
};

static const struct sccp_field switched[] = {{U32(switched.mode)}};

static const struct sccp_field start_tone[] = {
    {U32(start_tone.tone)},
    {U32(start_tone.direction)},
    {U32(start_tone.line)},
    {U32(start_tone.call)},
};
static const struct sccp_field stop_tone[] = {
    {U32(stop_tone.line)},
    {U32(stop_tone.call)},
    {U32(stop_tone.tone), SINCE(11)},
};

static const struct sccp_field set_ringer[] = {
    {U32(set_ringer.mode)},
    {U32(set_ringer.duration)},
    {U32(set_ringer.line)},
    {U32(set_ringer.call)},
};
static const struct sccp_field set_lamp[] = {
    {U32(set_lamp.button)},
    {U32(set_lamp.instance)},
    {U32(set_lamp.mode)},
};

static const struct sccp_field call_state[] = {
    {U32(call_state.state)},   {U32(call_state.line)},       {U32(call_state.call)},
    {U32(call_state.privacy)}, {U32(call_state.precedence)}, {U32(call_state.domain)},
};

static const struct sccp_field line[] = {{U32(place.line)}};
static const struct sccp_field place[] = {{U32(place.line)}, {U32(place.call)}};

static const struct sccp_field display_prompt[] = {
    {U32(display_prompt.timeout)},
    {TEXT(display_prompt.text, 32)},
    {U32(display_prompt.line)},
    {U32(display_prompt.call)},
};
static const struct sccp_field display_prompt_v2[] = {
    {U32(display_prompt.timeout)},
    {U32(display_prompt.line)},
    {U32(display_prompt.call)},
    {STRING(display_prompt.text)},
};

static const struct sccp_field display_notify[] = {
    {U32(display_notify.timeout)},
    {TEXT(display_notify.text, 32)},
};
static const struct sccp_field display_notify_v2[] = {
    {U32(display_notify.timeout)},
    {STRING(display_notify.text)},
};
static const struct sccp_field priority_notify[] = {
    {U32(display_notify.timeout)},
    {U32(display_notify.priority)},
    {TEXT(display_notify.text, 32)},
};
static const struct sccp_field priority_notify_v2[] = {
    {U32(display_notify.timeout)},
    {U32(display_notify.priority)},
    {STRING(display_notify.text)},
};
static const struct sccp_field clear_priority[] = {{U32(display_notify.priority)}};

static const struct sccp_field display_text[] = {{TEXT(display_text.text, 32)}};

static const struct sccp_field dialed_number[] = {
    {TEXT(dialed_number.number, 24), UNTIL(18)},
    {TEXT(dialed_number.number, 25), SINCE(19)},
    {U32(dialed_number.line)},
    {U32(dialed_number.call)},
};

static const struct sccp_field call_history[] = {
    {U32(call_history.disposition)},
    {U32(call_history.line)},
    {U32(call_history.call)},
};

static const struct sccp_field call_info[] = {
    {TEXT(call_info.calling.name, 40)},
    {TEXT(call_info.calling.number, 24)},
    {TEXT(call_info.called.name, 40)},
    {TEXT(call_info.called.number, 24)},
    {U32(call_info.line)},
    {U32(call_info.call)},
    {U32(call_info.type)},
    {TEXT(call_info.original_called.name, 40)},
    {TEXT(call_info.original_called.number, 24)},
    {TEXT(call_info.last_redirecting.name, 40)},
    {TEXT(call_info.last_redirecting.number, 24)},
    {U32(call_info.original_reason)},
    {U32(call_info.last_reason)},
    {TEXT(call_info.calling.mailbox, 24)},
    {TEXT(call_info.called.mailbox, 24)},
    {TEXT(call_info.original_called.mailbox, 24)},
    {TEXT(call_info.last_redirecting.mailbox, 24)},
    {U32(call_info.instance)},
    {U32(call_info.security)},
    {U32(call_info.restriction)},
};

static const struct sccp_field call_info_v2[] = {
    {U32(call_info.line)},
    {U32(call_info.call)},
    {U32(call_info.type)},
    {U32(call_info.original_reason)},
    {U32(call_info.last_reason)},
    {U32(call_info.instance)},
    {U32(call_info.security)},
    {U32(call_info.restriction)},
    {STRING(call_info.calling.number)},
    {STRING(call_info.alternate_calling), SINCE(16)},
    {STRING(call_info.called.number)},
    {STRING(call_info.original_called.number)},
    {STRING(call_info.last_redirecting.number)},
    {STRING(call_info.calling.mailbox)},
    {STRING(call_info.called.mailbox)},
    {STRING(call_info.original_called.mailbox)},
    {STRING(call_info.last_redirecting.mailbox)},
    {STRING(call_info.calling.name)},
    {STRING(call_info.called.name)},
    {STRING(call_info.original_called.name)},
    {STRING(call_info.last_redirecting.name)},
    {STRING(call_info.hunt_pilot_number), SINCE(19)},
    {STRING(call_info.hunt_pilot_name), SINCE(19)},
};

static const struct sccp_layout layouts[] = {
    {PHONE(SCCP_KEYPAD_BUTTON, "KeypadButton"), FIELDS(keypad_button)},
    {PHONE(SCCP_ENBLOC_CALL, "EnblocCall"), FIELDS(enbloc_call)},
    {PHONE(SCCP_STIMULUS, "Stimulus"), FIELDS(stimulus)},
    {PHONE(SCCP_OFF_HOOK, "OffHook"), FIELDS(hook)},
    {PHONE(SCCP_ON_HOOK, "OnHook"), FIELDS(hook)},
    {PHONE(SCCP_HOOK_FLASH, "HookFlash"), FIELDS(hook)},
    {PHONE(SCCP_SOFT_KEY_EVENT, "SoftKeyEvent"), FIELDS(soft_key_event)},
    {PHONE(SCCP_HEADSET_STATUS, "HeadsetStatus"), FIELDS(switched)},

    {SERVES(SCCP_START_TONE, "StartTone"), FIELDS(start_tone)},
    {SERVES(SCCP_STOP_TONE, "StopTone"), FIELDS(stop_tone)},
    {SERVES(SCCP_SET_RINGER, "SetRinger"), FIELDS(set_ringer)},
    {SERVES(SCCP_SET_LAMP, "SetLamp"), FIELDS(set_lamp)},
    {SERVES(SCCP_SET_SPEAKER_MODE, "SetSpeakerMode"), FIELDS(switched)},
    {SERVES(SCCP_SET_MICRO_MODE, "SetMicroMode"), FIELDS(switched)},
    {SERVES(SCCP_CALL_INFO, "CallInfo"), UNTIL(7), FIELDS(call_info)},
    {NEWER(0x014A, SCCP_CALL_INFO, "CallInfo"), SINCE(8), FIELDS(call_info_v2)},
    {SERVES(SCCP_DISPLAY_TEXT, "DisplayText"), FIELDS(display_text)},
    {SERVES(SCCP_CLEAR_DISPLAY, "ClearDisplay")},
    {SERVES(SCCP_CALL_STATE, "CallState"), FIELDS(call_state)},
    {SERVES(SCCP_DISPLAY_PROMPT, "DisplayPromptStatus"), UNTIL(7), FIELDS(display_prompt)},
    {NEWER(0x0145, SCCP_DISPLAY_PROMPT, "DisplayPromptStatus"), SINCE(8),
     FIELDS(display_prompt_v2)},
    {SERVES(SCCP_CLEAR_PROMPT, "ClearPromptStatus"), FIELDS(place)},
    {SERVES(SCCP_DISPLAY_NOTIFY, "DisplayNotify"), UNTIL(7), FIELDS(display_notify)},
    {NEWER(0x0143, SCCP_DISPLAY_NOTIFY, "DisplayNotify"), SINCE(8), FIELDS(display_notify_v2)},
    {SERVES(SCCP_CLEAR_NOTIFY, "ClearNotify")},
    {SERVES(SCCP_ACTIVATE_CALL_PLANE, "ActivateCallPlane"), FIELDS(line)},
    {SERVES(SCCP_DEACTIVATE_CALL_PLANE, "DeactivateCallPlane")},
    {SERVES(SCCP_BACK_SPACE, "BackSpaceRes"), FIELDS(place)},
    {SERVES(SCCP_DIALED_NUMBER, "DialedNumber"), FIELDS(dialed_number)},
    {SERVES(SCCP_DISPLAY_PRIORITY_NOTIFY, "DisplayPriNotify"), UNTIL(7), FIELDS(priority_notify)},
    {NEWER(0x0144, SCCP_DISPLAY_PRIORITY_NOTIFY, "DisplayPriNotify"), SINCE(8),
     FIELDS(priority_notify_v2)},
    {SERVES(SCCP_CLEAR_PRIORITY_NOTIFY, "ClearPriNotify"), FIELDS(clear_priority)},
    {SERVES(SCCP_CALL_HISTORY_INFO, "CallHistoryInfo"), FIELDS(call_history)},
};

const struct sccp_layouts sccp_call_layouts = {layouts, COUNT_OF(layouts)};
