/* What the user of a phone does. */
#include "phone/handset_parts.h"

#include <string.h>

#define TALKED   HANDSET_IN(SCCP_STATE_CONNECTED)
#define COMES_IN (HANDSET_IN(SCCP_STATE_RING_IN) | HANDSET_IN(SCCP_STATE_CALL_WAITING))
#define DIALLED                                                         \
    (HANDSET_IN(SCCP_STATE_OFF_HOOK) | HANDSET_IN(SCCP_STATE_PROCEED) | \
     HANDSET_IN(SCCP_STATE_RING_OUT) | HANDSET_IN(SCCP_STATE_BUSY) |    \
     HANDSET_IN(SCCP_STATE_CONGESTION) | HANDSET_IN(SCCP_STATE_INVALID_NUMBER))
#define WAITS (HANDSET_IN(SCCP_STATE_HOLD) | HANDSET_IN(SCCP_STATE_TRANSFER))

/* ---- keys below the screen ---- */

static const uint8_t *shown_set(const struct handset *h, const struct handset_call *call,
                                uint32_t *mask)
{
    uint32_t set = call ? call->key_set : h->key_set;
    *mask = call ? call->key_mask : h->key_mask;
    return h->sets[set < SCCP_SOFT_KEY_SETS ? set : 0];
}

/* The place in the template of key `i` of what is shown; SCCP_SOFT_KEYS: nothing is there. */
static size_t shown_key(const uint8_t *set, uint32_t mask, size_t i)
{
    uint8_t place = set[i];
    return place && place <= SCCP_SOFT_KEYS && (mask >> i & 1) ? place - 1u : SCCP_SOFT_KEYS;
}

static int no_such_key(const struct handset *h, const struct handset_call *call, const char *key,
                       struct why *why)
{
    char shown[200] = "";
    uint32_t mask;
    const uint8_t *set = shown_set(h, call, &mask);
    for (size_t i = 0; i < SCCP_SOFT_KEYS_PER_SET; i++) {
        size_t k = shown_key(set, mask, i);
        size_t used = strlen(shown);
        if (k < SCCP_SOFT_KEYS)
            text_format(shown + used, sizeof shown - used, "%s%s", used ? ", " : "", h->labels[k]);
    }
    return why_error(why, ERR_CONFLICT, "the screen has no key %s now; it has %s", key,
                     *shown ? shown : "none");
}

static bool shows(const struct handset *h, const struct handset_call *call, uint32_t event)
{
    uint32_t mask;
    const uint8_t *set = shown_set(h, call, &mask);
    for (size_t i = 0; i < SCCP_SOFT_KEYS_PER_SET; i++) {
        size_t k = shown_key(set, mask, i);
        if (k < SCCP_SOFT_KEYS && h->events[k] == event)
            return true;
    }
    return !h->has_keys; /* it was told of no keys: it has those all phones have */
}

static void say_key(struct handset *h, uint32_t event, uint32_t line, uint32_t call)
{
    const struct utterance say = {.id = SCCP_SOFT_KEY_EVENT, .a = event, .b = line, .c = call};
    handset_say(h, &say);
}

static void say_hook(struct handset *h, enum sccp_id id, uint32_t line, uint32_t call)
{
    const struct utterance say = {.id = id, .a = line, .b = call};
    handset_say(h, &say);
}

static int press(struct handset *h, const struct handset_call *call, uint32_t event,
                 const char *label, struct why *why)
{
    if (!shows(h, call, event))
        return no_such_key(h, call, label, why);
    say_key(h, event, call ? call->line : 0, call ? call->id : 0);
    return 0;
}

/* ---- which call? ---- */

static const struct handset_call *find_live(const struct handset *h, uint32_t states)
{
    for (size_t i = 0; i < HANDSET_CALLS; i++) {
        const struct handset_call *c = h->calls[i];
        if (c && !c->preserved && c->state < 32 && (states & HANDSET_IN(c->state)))
            return c;
    }
    return NULL;
}

static const struct handset_call *want(const struct handset *h, uint32_t states, const char *what,
                                       struct why *why)
{
    const struct handset_call *call = find_live(h, states);
    if (!call)
        (void)why_error(why, ERR_CONFLICT, "no call %s", what);
    return call;
}

/* ---- dialling ---- */

static int check_number(const char *number, struct why *why)
{
    size_t length = strlen(number);
    if (length && length < HANDSET_DIGITS && strspn(number, "0123456789*#+") == length)
        return 0;
    return why_error(why, ERR_USAGE, "'%s' cannot be dialled: 1 to %d of 0-9, *, #, +", number,
                     HANDSET_DIGITS - 1);
}

static void key_digits(struct handset *h, const struct handset_call *call, const char *digits)
{
    text_copy(h->keyed, sizeof h->keyed, digits);
    h->keyed_line = call->line;
    h->keyed_call = call->id;
}

void handset_dial_tone(struct handset *h, const struct handset_call *call)
{
    if (!h->dialling[0] || h->keyed[0])
        return;
    key_digits(h, call, h->dialling);
    h->dialling[0] = '\0';
    if (h->consults)
        h->consult = call->id;
    h->consults = false;
}

static uint32_t button_of(char digit)
{
    return digit == '*'   ? (uint32_t)SCCP_KEYPAD_STAR
           : digit == '#' ? (uint32_t)SCCP_KEYPAD_POUND
           : digit == '+' ? (uint32_t)SCCP_KEYPAD_PLUS
                          : (uint32_t)(digit - '0');
}

bool handset_next_digit(struct handset *h, struct utterance *say)
{
    if (!h->keyed[0])
        return false;
    *say = (struct utterance){.id = SCCP_KEYPAD_BUTTON,
                              .a = button_of(h->keyed[0]),
                              .b = h->keyed_line,
                              .c = h->keyed_call};
    memmove(h->keyed, h->keyed + 1, strlen(h->keyed));
    return true;
}

static bool is_idle(const struct handset *h)
{
    for (size_t i = 0; i < HANDSET_CALLS; i++)
        if (h->calls[i])
            return false;
    return true;
}

int handset_dial(struct handset *h, const char *number, uint32_t line, struct why *why)
{
    int result = check_number(number, why);
    if (result)
        return result;
    if (h->line_count == 0)
        return why_error(why, ERR_CONFLICT, "the phone has no line");
    if (h->dialling[0] || h->keyed[0])
        return why_error(why, ERR_CONFLICT, "a number is being dialled");
    uint32_t instance = line ? line : h->lines[0].instance;
    const struct handset_call *open = find_live(h, HANDSET_IN(SCCP_STATE_OFF_HOOK));
    text_copy(h->dialling, sizeof h->dialling, number);
    h->consults = false;
    if (open) {
        handset_dial_tone(h, open);
    } else if (h->idiom->enbloc && is_idle(h)) {
        const struct utterance say = {.id = SCCP_ENBLOC_CALL, .a = instance};
        handset_say(h, &say);
    } else if (shows(h, NULL, SCCP_KEY_NEW_CALL)) {
        say_key(h, SCCP_KEY_NEW_CALL, instance, 0);
    } else {
        say_hook(h, SCCP_OFF_HOOK, instance, 0);
    }
    return 0;
}

int handset_digits(struct handset *h, const char *digits, struct why *why)
{
    int result = check_number(digits, why);
    if (result)
        return result;
    const struct handset_call *call = want(h, TALKED | DIALLED, "can be keyed into", why);
    if (!call)
        return ERR_CONFLICT;
    if (h->keyed[0])
        return why_error(why, ERR_CONFLICT, "other digits are being keyed");
    key_digits(h, call, digits);
    return 0;
}

/* ---- calls ---- */

/* Alone it is answered with the handset, as a second one with the key. */
int handset_answer(struct handset *h, struct why *why)
{
    const struct handset_call *call = want(h, COMES_IN, "rings", why);
    if (!call)
        return ERR_CONFLICT;
    bool second = find_live(h, TALKED | DIALLED | WAITS) != NULL;
    if (second && shows(h, call, SCCP_KEY_ANSWER))
        say_key(h, SCCP_KEY_ANSWER, call->line, call->id);
    else
        say_hook(h, SCCP_OFF_HOOK, call->line, call->id);
    return 0;
}

int handset_hold(struct handset *h, struct why *why)
{
    const struct handset_call *call = want(h, TALKED, "is talked in", why);
    return call ? press(h, call, SCCP_KEY_HOLD, "Hold", why) : ERR_CONFLICT;
}

int handset_resume(struct handset *h, struct why *why)
{
    const struct handset_call *call = want(h, HANDSET_IN(SCCP_STATE_HOLD), "is on hold", why);
    return call ? press(h, call, SCCP_KEY_RESUME, "Resume", why) : ERR_CONFLICT;
}

int handset_transfer(struct handset *h, const char *number, struct why *why)
{
    const struct handset_call *call = want(h, TALKED, "is talked in", why);
    int result = check_number(number, why);
    if (result || !call)
        return result ? result : ERR_CONFLICT;
    if (h->dialling[0] || h->keyed[0])
        return why_error(why, ERR_CONFLICT, "a number is being dialled");
    result = press(h, call, SCCP_KEY_TRANSFER, "Transfer", why);
    if (result)
        return result;
    text_copy(h->dialling, sizeof h->dialling, number);
    h->consults = true;
    h->consult = 0;
    return 0;
}

int handset_complete(struct handset *h, struct why *why)
{
    size_t consult = h->consult ? handset_place(h, h->consult, false) : HANDSET_CALLS;
    const struct handset_call *call = handset_call(h, consult);
    const uint32_t ready =
        TALKED | HANDSET_IN(SCCP_STATE_RING_OUT) | HANDSET_IN(SCCP_STATE_PROCEED);
    if (!call || call->state >= 32 || !(ready & HANDSET_IN(call->state)) || h->keyed[0])
        return why_error(why, ERR_CONFLICT, "nobody is called who could get the call");
    return press(h, call, SCCP_KEY_TRANSFER, "Transfer", why);
}

static size_t find_preserved(const struct handset *h)
{
    size_t i = 0;
    while (i < HANDSET_CALLS && !(h->calls[i] && h->calls[i]->preserved))
        i++;
    return i;
}

int handset_end(struct handset *h, struct why *why)
{
    static const uint32_t order[] = {TALKED, DIALLED, COMES_IN, WAITS};
    const struct handset_call *call = NULL;
    size_t preserved = find_preserved(h);
    for (size_t i = 0; i < sizeof order / sizeof *order && !call; i++)
        call = find_live(h, order[i]);
    if (call && shows(h, call, SCCP_KEY_END_CALL))
        say_key(h, SCCP_KEY_END_CALL, call->line, call->id);
    else if (call)
        say_hook(h, SCCP_ON_HOOK, call->line, call->id);
    else if (preserved < HANDSET_CALLS)
        handset_drop(h, preserved);
    else
        return why_error(why, ERR_CONFLICT, "there is no call");
    return 0;
}

/* Of the call that is in front, or of the idle screen. */
int handset_press(struct handset *h, const char *key, struct why *why)
{
    static const uint32_t order[] = {TALKED, DIALLED, COMES_IN, WAITS};
    const struct handset_call *call = NULL;
    uint32_t mask;
    for (size_t i = 0; i < sizeof order / sizeof *order && !call; i++)
        call = find_live(h, order[i]);
    const uint8_t *set = shown_set(h, call, &mask);
    for (size_t i = 0; i < SCCP_SOFT_KEYS_PER_SET; i++) {
        size_t k = shown_key(set, mask, i);
        if (k == SCCP_SOFT_KEYS || !text_equal_nocase(h->labels[k], key))
            continue;
        uint32_t idle_line = h->line_count ? h->lines[0].instance : 0;
        say_key(h, h->events[k], call ? call->line : idle_line, call ? call->id : 0);
        return 0;
    }
    return no_such_key(h, call, key, why);
}
