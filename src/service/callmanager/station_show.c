/* What the call engine wants a phone to show: in the words of SCCP. */
#include "service/callmanager/station_parts.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum { NOTICE_S = 10, NOTICE_PRIORITY = 5 };

/* ---- the calls a phone shows ---- */

static struct station_call *call_of(const struct station *s, uint32_t call)
{
    for (size_t i = 0; i < s->call_count; i++)
        if (s->calls[i].call == call)
            return &s->calls[i];
    return NULL;
}

/* The lowest number among the calls of its line that nobody has. */
static uint8_t free_instance(const struct station *s, unsigned line)
{
    uint8_t instance = 1;
    for (size_t i = 0; i < s->call_count; i++)
        if (s->calls[i].line == line && s->calls[i].instance == instance) {
            instance++;
            i = (size_t)-1; /* from the beginning */
        }
    return instance;
}

/* NULL: no memory. */
static struct station_call *call_add(struct station *s, uint32_t call, unsigned line)
{
    if (s->call_count == s->call_room) {
        size_t room = s->call_room + 2;
        struct station_call *calls = realloc(s->calls, room * sizeof *calls);
        if (!calls)
            return NULL;
        s->calls = calls;
        s->call_room = room;
    }
    struct station_call *c = &s->calls[s->call_count];
    *c = (struct station_call){
        .call = call, .line = (uint8_t)line, .instance = free_instance(s, line)};
    s->call_count++;
    return c;
}

static void call_remove(struct station *s, struct station_call *c)
{
    *c = s->calls[--s->call_count];
    if (s->call_count)
        return;
    free(s->calls);
    s->calls = NULL;
    s->call_room = 0;
}

static bool rings(const struct station_call *c)
{
    return !c->taken && (c->state == CALL_STATE_RINGING_IN || c->state == CALL_STATE_WAITING);
}

static bool is_held(const struct station_call *c)
{
    return !c->taken && (c->state == CALL_STATE_HELD || c->state == CALL_STATE_TRANSFERRING);
}

static bool is_any_active(const struct station *s)
{
    for (size_t i = 0; i < s->call_count; i++)
        if (!rings(&s->calls[i]) && !is_held(&s->calls[i]))
            return true;
    return false;
}

/* ---- small things to say ---- */

static void say_lamp(struct station *s, unsigned line)
{
    struct sccp_message m;
    uint32_t mode = SCCP_LAMP_OFF;
    for (size_t i = 0; i < s->call_count; i++) {
        const struct station_call *c = &s->calls[i];
        if (c->line != line)
            continue;
        uint32_t its = rings(c) ? SCCP_LAMP_BLINK : is_held(c) ? SCCP_LAMP_WINK : SCCP_LAMP_ON;
        /* what rings is the most urgent, then what goes on */
        if (its == SCCP_LAMP_BLINK || mode == SCCP_LAMP_OFF ||
            (its == SCCP_LAMP_ON && mode == SCCP_LAMP_WINK))
            mode = its;
    }
    sccp_message_init(&m, SCCP_SET_LAMP);
    m.set_lamp.button = SCCP_BUTTON_LINE;
    m.set_lamp.instance = line;
    m.set_lamp.mode = mode;
    station_say(s, &m);
}

static void say_speaker(struct station *s, bool on)
{
    struct sccp_message m;
    sccp_message_init(&m, SCCP_SET_SPEAKER_MODE);
    m.switched.mode = on ? SCCP_ON : SCCP_OFF;
    station_say(s, &m);
}

static void say_state(struct station *s, const struct call_action *a, enum sccp_call_state state)
{
    struct sccp_message m;
    sccp_message_init(&m, SCCP_CALL_STATE);
    m.call_state.state = state;
    m.call_state.line = a->line;
    m.call_state.call = a->call;
    m.call_state.precedence = SCCP_PRECEDENCE_ROUTINE;
    station_say(s, &m);
}

static void say_keys(struct station *s, const struct call_action *a, enum sccp_key_set set,
                     uint32_t mask)
{
    struct sccp_message m;
    sccp_message_init(&m, SCCP_SELECT_SOFT_KEYS);
    m.select_soft_keys.line = a->line;
    m.select_soft_keys.call = a->call;
    m.select_soft_keys.set = set;
    m.select_soft_keys.mask = mask;
    station_say(s, &m);
}

static void say_place(struct station *s, const struct call_action *a, enum sccp_id id)
{
    struct sccp_message m;
    sccp_message_init(&m, id);
    m.place.line = a->line;
    m.place.call = a->call;
    station_say(s, &m);
}

/* A phrase of the phone's dictionary (0: none), then text. */
static void put_text(char out[SCCP_PROMPT_TEXT], uint8_t phrase, const char *text)
{
    size_t at = 0;
    if (phrase) {
        out[at++] = (char)SCCP_DICTIONARY;
        out[at++] = (char)phrase;
    }
    text_copy(out + at, SCCP_PROMPT_TEXT - at, text);
}

static void say_prompt(struct station *s, const struct call_action *a, uint8_t phrase,
                       const char *text)
{
    struct sccp_message m;
    sccp_message_init(&m, SCCP_DISPLAY_PROMPT);
    m.display_prompt.line = a->line;
    m.display_prompt.call = a->call;
    put_text(m.display_prompt.text, phrase, text);
    station_say(s, &m);
}

/* ---- how a call stands ---- */

/* For the screen; 31 characters at most. */
static const char *cause_text(enum call_cause cause)
{
    static const char *const texts[CALL_CAUSE_COUNT] = {
        [CALL_CAUSE_NONE] = "Not possible now",
        [CALL_CAUSE_BUSY] = "Busy",
        [CALL_CAUSE_DECLINED] = "Declined",
        [CALL_CAUSE_NO_ANSWER] = "No answer",
        [CALL_CAUSE_UNKNOWN_NUMBER] = "Unknown number",
        [CALL_CAUSE_UNREACHABLE] = "Phone not reachable",
        [CALL_CAUSE_CONNECTION_LOST] = "Connection lost; audio may last",
        [CALL_CAUSE_UNREGISTERED] = "Phone has gone",
        [CALL_CAUSE_NO_CODEC] = "Phones have no codec in common",
        [CALL_CAUSE_MEDIA_FAILED] = "Audio failed",
        [CALL_CAUSE_FORWARD_LOOP] = "Forwarded too often",
        [CALL_CAUSE_NO_ROOM] = "No room for another call",
        [CALL_CAUSE_NO_DIGITS] = "No number",
        [CALL_CAUSE_SHOWN_OUT] = "The other phone was shown out",
    };
    const char *text = (size_t)cause < CALL_CAUSE_COUNT ? texts[cause] : NULL;
    return text ? text : "Call failed";
}

static const struct display {
    enum sccp_call_state state; /* 0: as it was */
    enum sccp_key_set keys, completing;
    uint8_t phrase;
    const char *prompt; /* NULL with no phrase: as it was */
    bool failed;        /* the prompt says why */
} displays[CALL_STATE_COUNT] = {
    [CALL_STATE_DIALTONE] = {0, SCCP_KEYS_OFF_HOOK, SCCP_KEYS_OFF_HOOK_FEATURE,
                             SCCP_PHRASE_ENTER_NUMBER, "", false},
    [CALL_STATE_FORWARDING] = {0, SCCP_KEYS_OFF_HOOK_FEATURE, SCCP_KEYS_OFF_HOOK_FEATURE, 0,
                               "Forward to", false},
    [CALL_STATE_DIALLING] = {0, SCCP_KEYS_DIGITS, SCCP_KEYS_DIGITS, 0, NULL, false},
    [CALL_STATE_PROCEEDING] = {SCCP_STATE_PROCEED, SCCP_KEYS_RING_OUT, SCCP_KEYS_RING_OUT, 0, NULL,
                               false},
    [CALL_STATE_RINGING_OUT] = {SCCP_STATE_RING_OUT, SCCP_KEYS_RING_OUT, SCCP_KEYS_RING_OUT, 0,
                                "Ring out", false},
    [CALL_STATE_RINGING_IN] = {SCCP_STATE_RING_IN, SCCP_KEYS_RING_IN, SCCP_KEYS_RING_IN, 0, NULL,
                               false},
    [CALL_STATE_WAITING] = {SCCP_STATE_CALL_WAITING, SCCP_KEYS_RING_IN, SCCP_KEYS_RING_IN, 0, NULL,
                            false},
    [CALL_STATE_CONNECTED] = {SCCP_STATE_CONNECTED, SCCP_KEYS_CONNECTED, SCCP_KEYS_TRANSFER,
                              SCCP_PHRASE_CONNECTED, "", false},
    [CALL_STATE_HELD] = {SCCP_STATE_HOLD, SCCP_KEYS_ON_HOLD, SCCP_KEYS_ON_HOLD, 0, "Hold", false},
    [CALL_STATE_HELD_BY_OTHER] = {SCCP_STATE_CONNECTED, SCCP_KEYS_CONNECTED, SCCP_KEYS_TRANSFER, 0,
                                  "Held by the other party", false},
    [CALL_STATE_TRANSFERRING] = {SCCP_STATE_TRANSFER, SCCP_KEYS_ON_HOLD, SCCP_KEYS_ON_HOLD, 0,
                                 "Transfer", false},
    [CALL_STATE_FAILED_BUSY] = {SCCP_STATE_BUSY, SCCP_KEYS_RING_OUT, SCCP_KEYS_RING_OUT, 0, NULL,
                                true},
    [CALL_STATE_FAILED_UNKNOWN] = {SCCP_STATE_INVALID_NUMBER, SCCP_KEYS_RING_OUT,
                                   SCCP_KEYS_RING_OUT, 0, NULL, true},
    [CALL_STATE_FAILED] = {SCCP_STATE_CONGESTION, SCCP_KEYS_RING_OUT, SCCP_KEYS_RING_OUT, 0, NULL,
                           true},
};

/* Keys that mean nothing now are not shown. While it rings there is nothing to transfer to, unless
 * a transfer waits for it; and who prepares a transfer has the new call for it. */
static uint32_t keys_mask(const struct call_action *a, enum sccp_key_set set)
{
    enum { SECOND = 1u << 1 }; /* transfer, new call */
    bool hidden = (set == SCCP_KEYS_RING_OUT && !a->show.completes) ||
                  a->show.state == CALL_STATE_TRANSFERRING;
    return hidden ? SCCP_KEYS_ALL & ~(uint32_t)SECOND : SCCP_KEYS_ALL;
}

/* Who calls is no news any more. */
static void clear_caller(struct station *s, const struct call_action *a)
{
    struct sccp_message m;
    if (!a->call || s->announced != a->call)
        return;
    s->announced = 0;
    sccp_message_init(&m, SCCP_CLEAR_PRIORITY_NOTIFY);
    m.display_notify.priority = NOTICE_PRIORITY;
    station_say(s, &m);
}

/* The phone goes off hook for the call: for a new one, when it answers, and when it is taken back
 * from hold. Before anything is opened for it. */
static void take_call(struct station *s, const struct call_action *a, struct station_call *c)
{
    struct sccp_message m;
    if (!c || c->taken)
        return;
    bool held = is_held(c);
    c->taken = true;
    say_speaker(s, true);
    say_lamp(s, a->line);
    if (!held)
        say_state(s, a, SCCP_STATE_OFF_HOOK);
    sccp_message_init(&m, SCCP_ACTIVATE_CALL_PLANE);
    m.place.line = a->line;
    station_say(s, &m);
    clear_caller(s, a);
}

/* The phone leaves it: it is on hold, or rings. */
static void leave_call(struct station *s, const struct call_action *a, struct station_call *c)
{
    c->taken = false;
    say_lamp(s, a->line);
    if (is_held(c) && !is_any_active(s))
        say_speaker(s, false);
}

static bool is_left(enum call_state state)
{
    return state == CALL_STATE_RINGING_IN || state == CALL_STATE_WAITING ||
           state == CALL_STATE_HELD || state == CALL_STATE_TRANSFERRING;
}

/* Of a call of which nothing is left here. */
static void say_end(struct station *s, const struct call_action *a, const struct station_now *now)
{
    say_lamp(s, a->line);
    say_place(s, a, SCCP_CLEAR_PROMPT);
    clear_caller(s, a);
    say_state(s, a, SCCP_STATE_ON_HOOK);
    if (s->call_count == 0) {
        station_say_idle(s);
        station_say_time(s, now);
    }
    if (!is_any_active(s))
        say_speaker(s, false);
}

static void show_end(struct station *s, const struct call_action *a, const struct station_now *now)
{
    struct station_call *c = call_of(s, a->call);
    if (!c)
        return;
    call_remove(s, c);
    say_end(s, a, now);
}

static void show_prompt(struct station *s, const struct call_action *a, const struct display *d)
{
    if (d->failed)
        say_prompt(s, a, 0, cause_text(a->show.cause));
    else if (d->prompt)
        say_prompt(s, a, d->phrase, d->prompt);
}

static void show_state(struct station *s, const struct call_action *a,
                       const struct station_now *now)
{
    const struct display *d = &displays[a->show.state];
    struct station_call *c = call_of(s, a->call);
    if (a->show.state == CALL_STATE_IDLE) {
        show_end(s, a, now);
        return;
    }
    if (!c && !(c = call_add(s, a->call, a->line))) {
        station_end(s, "there is no memory for its calls");
        return;
    }
    if (!is_left(a->show.state))
        take_call(s, a, c);
    c->state = (uint8_t)a->show.state;
    if (d->state)
        say_state(s, a, d->state);
    enum sccp_key_set keys = a->show.completes ? d->completing : d->keys;
    say_keys(s, a, keys, keys_mask(a, keys));
    show_prompt(s, a, d);
    if (is_left(a->show.state))
        leave_call(s, a, c);
}

/* ---- who talks to whom ---- */

static void set_party(const struct station *s, struct sccp_party *out,
                      const struct call_party *party)
{
    station_spell(s, out->name, sizeof out->name, party->name);
    text_copy(out->number, sizeof out->number, party->number);
}

/* The reasons of redirecting as Q.931 numbers them. */
static uint32_t reason_of(enum call_redirect reason)
{
    static const uint32_t reasons[] = {
        [CALL_NOT_REDIRECTED] = 0, [CALL_BY_BUSY] = 1, [CALL_BY_NO_ANSWER] = 2,
        [CALL_BY_TRANSFER] = 4,    [CALL_BY_ALL] = 15,
    };
    return (size_t)reason < sizeof reasons / sizeof *reasons ? reasons[reason] : 0;
}

static void say_call_info(struct station *s, const struct call_action *a)
{
    struct sccp_message m;
    const struct call_info *from = &a->info;
    const struct station_call *c = call_of(s, a->call);
    sccp_message_init(&m, SCCP_CALL_INFO);
    struct sccp_call_info *to = &m.call_info;
    set_party(s, &to->calling, &from->calling);
    set_party(s, &to->called, &from->called);
    set_party(s, &to->original_called, &from->original);
    set_party(s, &to->last_redirecting, &from->redirecting);
    to->line = a->line;
    to->call = a->call;
    to->type = from->outbound ? SCCP_CALL_OUTBOUND : SCCP_CALL_INBOUND;
    to->original_reason = to->last_reason = reason_of(from->reason);
    to->instance = c ? c->instance : 1;
    to->security = (uint32_t)from->security; /* the numbers are those phones are told */
    station_say(s, &m);
}

/* "From 1003", and beside it for some seconds what needs attention now. */
static void say_caller(struct station *s, const struct call_action *a)
{
    struct sccp_message m;
    char name[CALL_NAME];
    char who[CALL_NAME + CALL_NUMBER + 4];
    const struct call_party *caller = &a->info.calling;
    station_spell(s, name, sizeof name, caller->name);
    if (name[0] && strcmp(name, caller->number) != 0)
        text_format(who, sizeof who, "%s (%s)", name, caller->number);
    else
        text_copy(who, sizeof who, caller->number);
    say_prompt(s, a, SCCP_PHRASE_FROM, who);
    sccp_message_init(&m, SCCP_DISPLAY_PRIORITY_NOTIFY);
    m.display_notify.timeout = NOTICE_S;
    m.display_notify.priority = NOTICE_PRIORITY;
    put_text(m.display_notify.text, SCCP_PHRASE_FROM, who);
    station_say(s, &m);
    s->announced = a->call;
}

static void show_info(struct station *s, const struct call_action *a)
{
    const struct station_call *c = call_of(s, a->call);
    if (c && rings(c))
        say_caller(s, a);
    say_call_info(s, a);
}

static void show_dialled(struct station *s, const struct call_action *a)
{
    struct sccp_message m;
    sccp_message_init(&m, SCCP_DIALED_NUMBER);
    text_copy(m.dialed_number.number, sizeof m.dialed_number.number, a->number);
    m.dialed_number.line = a->line;
    m.dialed_number.call = a->call;
    station_say(s, &m);
}

static void show_forwards(struct station *s, const struct call_action *a)
{
    struct station_line_kept *line = station_line_of(s, a->line);
    if (!line)
        return;
    line->forwards = a->forwards;
    station_say_forwards(s, a->line);
}

static void show_notice(struct station *s, const struct call_action *a)
{
    struct sccp_message m;
    sccp_message_init(&m, SCCP_DISPLAY_NOTIFY);
    m.display_notify.timeout = NOTICE_S;
    put_text(m.display_notify.text, 0, cause_text(a->notice));
    station_say(s, &m);
}

void station_act(struct station *s, const struct call_action *a, const struct station_now *now)
{
    if (s->state != STATION_REGISTERED)
        return;
    switch (a->kind) {
    case CALL_ACT_SHOW:
        show_state(s, a, now);
        break;
    case CALL_ACT_INFO:
        show_info(s, a);
        break;
    case CALL_ACT_DIALLED:
        show_dialled(s, a);
        break;
    case CALL_ACT_BACKSPACED:
        say_place(s, a, SCCP_BACK_SPACE);
        break;
    case CALL_ACT_OPEN:
        take_call(s, a, call_of(s, a->call));
        station_hear(s, a);
        break;
    case CALL_ACT_TONE:
    case CALL_ACT_RING:
    case CALL_ACT_CLOSE:
    case CALL_ACT_START:
    case CALL_ACT_STOP:
        station_hear(s, a);
        break;
    case CALL_ACT_SHOW_FORWARD:
        show_forwards(s, a);
        break;
    case CALL_ACT_FORGET:
        say_end(s, a, now);
        break;
    case CALL_ACT_NOTICE:
        show_notice(s, a);
        break;
    case CALL_ACT_FLOODED:
    case CALL_ACT_KEEP_FORWARD:
    case CALL_ACT_PROGRESS:
    case CALL_ACT_OVER:
        break;
    }
}
