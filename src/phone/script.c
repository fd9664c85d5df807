#include "phone/script_parts.h"

#include <string.h>

enum {
    POLL_MS = 100,     /* what is heard is looked at so often */
    SPEECH = 10,       /* packets that make audio */
    SILENCE_MS = 1000, /* without a packet */
};

/* ---- conditions ---- */

static const struct handset_call *talked(const struct handset *h)
{
    return handset_find(h, HANDSET_IN(SCCP_STATE_CONNECTED));
}

static bool is_registered(const struct seen *s)
{
    return s->view->registered;
}

static bool is_idle(const struct seen *s)
{
    for (size_t i = 0; i < HANDSET_CALLS; i++)
        if (handset_call(s->h, i))
            return false;
    return true;
}

static bool has_dial_tone(const struct seen *s)
{
    return handset_find(s->h, HANDSET_IN(SCCP_STATE_OFF_HOOK)) != NULL;
}

static bool rings(const struct seen *s)
{
    return handset_find(s->h, HANDSET_IN(SCCP_STATE_RING_IN) |
                                  HANDSET_IN(SCCP_STATE_CALL_WAITING)) != NULL;
}

static bool rings_out(const struct seen *s)
{
    return handset_find(s->h, HANDSET_IN(SCCP_STATE_RING_OUT)) != NULL;
}

static bool is_connected(const struct seen *s)
{
    return talked(s->h) != NULL;
}

static bool is_held(const struct seen *s)
{
    return handset_find(s->h, HANDSET_IN(SCCP_STATE_HOLD) | HANDSET_IN(SCCP_STATE_TRANSFER)) !=
           NULL;
}

static bool is_busy(const struct seen *s)
{
    return handset_find(s->h, HANDSET_IN(SCCP_STATE_BUSY)) != NULL;
}

static bool is_refused(const struct seen *s)
{
    return handset_find(s->h, HANDSET_IN(SCCP_STATE_CONGESTION) |
                                  HANDSET_IN(SCCP_STATE_INVALID_NUMBER)) != NULL;
}

static bool shows_icon(const struct seen *s, uint32_t security)
{
    const struct handset_call *call = talked(s->h);
    return call && call->security == security;
}

static bool shows_lock(const struct seen *s)
{
    return shows_icon(s, SCCP_SECURITY_ENCRYPTED);
}

static bool shows_shield(const struct seen *s)
{
    return shows_icon(s, SCCP_SECURITY_AUTHENTICATED);
}

static bool shows_none(const struct seen *s)
{
    return shows_icon(s, SCCP_SECURITY_NOT_AUTHENTICATED);
}

static bool has_srtp(const struct seen *s)
{
    const struct handset_call *call = talked(s->h);
    return call && call->receiving && call->transmitting && call->receives_srtp &&
           call->transmits_srtp;
}

static bool is_clear(const struct seen *s)
{
    const struct handset_call *call = talked(s->h);
    return call && call->receiving && call->transmitting && !call->receives_srtp &&
           !call->transmits_srtp;
}

static bool has_party(const struct seen *s)
{
    for (size_t i = 0; i < HANDSET_CALLS; i++) {
        const struct handset_call *call = handset_call(s->h, i);
        if (call && strcmp(call->number, s->word) == 0)
            return true;
    }
    return false;
}

static bool has_prompt(const struct seen *s)
{
    for (size_t i = 0; i < HANDSET_CALLS; i++) {
        const struct handset_call *call = handset_call(s->h, i);
        if (call && strstr(call->prompt, s->word))
            return true;
    }
    return strstr(handset_prompt(s->h), s->word) != NULL;
}

static bool is_forwarded(const struct seen *s)
{
    for (size_t i = 0; i < handset_lines(s->h); i++)
        if (strcmp(handset_line(s->h, i)->forward_all, s->word) == 0)
            return true;
    return false;
}

static bool hears(const struct seen *s)
{
    return s->view->heard >= s->script->heard_before + SPEECH;
}

static bool hears_nothing(const struct seen *s)
{
    return s->now - s->script->heard_at >= SILENCE_MS;
}

const struct condition script_conditions[] = {
    {"registered", is_registered},
    {"idle", is_idle},
    {"dialtone", has_dial_tone},
    {"ringing", rings},
    {"ringback", rings_out},
    {"connected", is_connected},
    {"held", is_held},
    {"busy", is_busy},
    {"reorder", is_refused},
    {"lock", shows_lock},
    {"shield", shows_shield},
    {"none", shows_none},
    {"srtp", has_srtp},
    {"clear", is_clear},
    {"party", has_party, .about = true},
    {"prompt", has_prompt, .about = true},
    {"forwarded", is_forwarded, .about = true},
    {"audio", hears, .polls = true},
    {"silence", hears_nothing, .polls = true},
    {NULL, NULL},
};

/* ---- doing ---- */

/* A call that was refused, and no other that could be connected. */
static const struct handset_call *refused(const struct seen *s)
{
    const uint32_t refusals = HANDSET_IN(SCCP_STATE_BUSY) | HANDSET_IN(SCCP_STATE_CONGESTION) |
                              HANDSET_IN(SCCP_STATE_INVALID_NUMBER);
    return handset_find(s->h, ~refusals) ? NULL : handset_find(s->h, refusals);
}

static int expect(const struct command *c, const struct seen *s, struct why *why)
{
    if (c->condition->holds(s))
        return 0;
    const struct handset_call *no = c->condition->holds == is_connected ? refused(s) : NULL;
    if (no) {
        char prompt[4 * SCCP_PROMPT_TEXT];
        text_escape(prompt, sizeof prompt, bytes_of_string(no->prompt));
        return why_error(why, ERR_NOT_FOUND, "there will be no call: %s",
                         *prompt ? prompt : handset_state_text(no->state));
    }
    const struct handset_call *call = talked(s->h);
    if (!call)
        return why_error(why, ERR_CONFLICT, "it is not so, and nobody is talked with");
    return why_error(why, ERR_CONFLICT, "it is not so: connected with %s, the screen shows %s",
                     call->number[0] ? call->number : "somebody",
                     handset_icon_text(call->security));
}

static int act(const struct command *c, struct handset *h, const struct seen *seen, struct why *why)
{
    switch (c->verb) {
    case VERB_DIAL:
        return handset_dial(h, c->word, c->line, why);
    case VERB_ANSWER:
        return handset_answer(h, why);
    case VERB_HOLD:
        return handset_hold(h, why);
    case VERB_RESUME:
        return handset_resume(h, why);
    case VERB_TRANSFER:
        return handset_transfer(h, c->word, why);
    case VERB_COMPLETE:
        return handset_complete(h, why);
    case VERB_END:
        return handset_end(h, why);
    case VERB_PRESS:
        return handset_press(h, c->word, why);
    case VERB_DIGITS:
        return handset_digits(h, c->word, why);
    case VERB_EXPECT:
        return expect(c, seen, why);
    case VERB_WAIT:
        break;
    }
    return 0;
}

/* Acts are for a phone that is registered; who hangs up a call that has lost its call manager, or
 * expects something, need not be. */
static bool may_try(const struct command *c, const struct script_view *view)
{
    return view->registered || c->verb == VERB_EXPECT || c->verb == VERB_WAIT ||
           c->verb == VERB_END;
}

static void hear(struct script *s, const struct script_view *view, int64_t now)
{
    if (!s->begun) {
        s->begun = true;
        s->since = s->heard_at = now;
        s->heard_before = s->heard_last = view->heard;
    }
    if (view->heard < s->heard_before) /* another call */
        s->heard_before = view->heard;
    if (view->heard != s->heard_last)
        s->heard_at = now;
    s->heard_last = view->heard;
}

static int64_t deadline_of(const struct script *s, const struct command *c)
{
    return c->ms == SCRIPT_NEVER ? SCRIPT_NEVER : s->since + c->ms;
}

/* 0: it is done. ERR_CONFLICT: not yet. */
static int try_command(struct script *s, const struct command *c, struct handset *h,
                       const struct script_view *view, int64_t now, struct why *why)
{
    const struct seen seen = {.script = s, .h = h, .view = view, .word = c->word, .now = now};
    if (c->verb == VERB_WAIT)
        return now >= deadline_of(s, c) ? 0 : ERR_CONFLICT;
    if (!may_try(c, view))
        return why_error(why, ERR_CONFLICT, "the phone is not registered");
    return act(c, h, &seen, why);
}

enum script_state script_step(struct script *s, struct handset *h, const struct script_view *view,
                              int64_t now, struct why *why)
{
    if (s->next == s->count)
        return SCRIPT_DONE;
    const struct command *c = &s->commands[s->next];
    struct why reason = WHY_NONE;
    bool polls = c->verb == VERB_EXPECT && c->condition->polls;
    hear(s, view, now);
    int result = try_command(s, c, h, view, now, &reason);
    if (result == ERR_CONFLICT && (c->verb == VERB_WAIT || now < deadline_of(s, c))) {
        s->due = deadline_of(s, c);
        if (polls && s->due > now + POLL_MS)
            s->due = now + POLL_MS;
        return SCRIPT_WAITS;
    }
    if (result) {
        (void)why_error(why, result, "%s: %s", c->text, why_text(&reason, result));
        if (!s->typed)
            (void)why_prefix(why, result, "line %u", c->number);
        return SCRIPT_FAILED;
    }
    s->begun = false;
    s->next++;
    s->due = now; /* the next one, when what this one did has been said */
    return SCRIPT_WAITS;
}

int64_t script_due(const struct script *s)
{
    return s->due;
}

const char *script_line(const struct script *s, unsigned *number)
{
    if (s->next == s->count)
        return NULL;
    *number = s->commands[s->next].number;
    return s->commands[s->next].text;
}
