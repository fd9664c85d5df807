/*
 * What a phone says about its call managers and calls. No console of a real phone that registers
 * over SCCP has been published, so the words are ours.
 */
#include "phone/console_parts.h"

#include "base/text.h"

#include <inttypes.h>
#include <string.h>

enum {
    SHOWN = 400,
    DIRECTION = ADDRESS_TEXT + 16,
};

static char *shown(char out[SHOWN], const char *text)
{
    return text_escape(out, SHOWN, bytes_of_string(text));
}

/* ---- registration ---- */

static void say_lines(struct console *c, const struct handset *h)
{
    char number[SHOWN], label[SHOWN], forward[SHOWN];
    for (size_t i = 0; i < handset_lines(h); i++) {
        const struct handset_line *line = handset_line(h, i);
        bool labelled = line->label[0] && strcmp(line->label, line->number) != 0;
        fprintf(c->out, "%*sLine %u: %s%s%s%s%s\n", CONSOLE_INDENT, "", line->instance,
                shown(number, line->number), labelled ? ", " : "",
                labelled ? shown(label, line->label) : "",
                line->forward_all[0] ? ", forwarded to " : "",
                line->forward_all[0] ? shown(forward, line->forward_all) : "");
    }
}

static void say_done(struct console *c, struct signalling *s, const char *server)
{
    const struct handset *h = signalling_handset(s);
    console_status(c, "Registered with %s", server);
    say_lines(c, h);
}

static void say_registration(struct console *c, struct signalling *s,
                             const struct signalling_news *news)
{
    const struct registration_step *step = news->registration;
    char words[SHOWN];
    shown(words, step->words);
    switch (step->what) {
    case REGISTRATION_ASKS:
        console_line(c, "NOT", "SCCP: sent Alarm and RegisterReq to %s", news->server);
        break;
    case REGISTRATION_TAKEN:
        console_line(c, "NOT", "SCCP: rcvd RegisterAck, version %u, keepalive %u s", step->number,
                     step->other);
        break;
    case REGISTRATION_DONE:
        say_done(c, s, news->server);
        break;
    case REGISTRATION_REJECTED:
        console_status(c, "Registration Rejected: %s", words);
        break;
    case REGISTRATION_FAILED:
        console_line(c, "ERR", "SCCP: %s: %s", news->server, words);
        break;
    case REGISTRATION_LOST:
        console_status(c, "Unregistered from %s", news->server);
        console_wrapped(c, words);
        break;
    case REGISTRATION_PAUSED:
        console_line(c, "NOT", "SCCP: trying again in %u s", step->number / 1000);
        break;
    case REGISTRATION_STANDS_BY:
        console_line(c, "NOT", "SCCP: %s is standby", news->server);
        break;
    case REGISTRATION_STANDBY_LOST:
        console_line(c, "ERR", "SCCP: standby %s: %s", news->server, words);
        break;
    case REGISTRATION_MISSED:
        console_line(c, "ERR", "SCCP: %s: %u KeepAlive without an answer", news->server,
                     step->number);
        break;
    case REGISTRATION_UNANSWERED:
        console_line(c, "ERR", "SCCP: %s: no answer to %s", news->server, sccp_name(step->number));
        break;
    case REGISTRATION_SKIPPED:
        console_line(c, "ERR", "SCCP: %s: message 0x%04" PRIX32 " skipped: %s", news->server,
                     step->number, words);
        break;
    case REGISTRATION_ASKS_TOKEN:
        console_line(c, "NOT", "SCCP: sent RegisterTokenReq to %s", news->server);
        break;
    case REGISTRATION_NO_TOKEN:
        console_line(c, "NOT", "SCCP: %s grants no token, again in %u s", news->server,
                     step->number);
        break;
    case REGISTRATION_GOES_BACK:
        console_line(c, "NOT", "SCCP: going back to %s", news->server);
        break;
    case REGISTRATION_LEAVES:
        console_line(c, "NOT", "SCCP: sent Unregister to %s", news->server);
        break;
    case REGISTRATION_STAYS:
        console_line(c, "NOT", "SCCP: %s keeps it: there is a call", news->server);
        break;
    case REGISTRATION_RESET:
        console_status(c,
                       step->number == SCCP_RESET_DEVICE    ? "Reset by %s"
                       : step->number == SCCP_RESET_RESTART ? "Restart by %s"
                                                            : "New configuration from %s",
                       news->server);
        break;
    }
}

/* ---- calls ---- */

/* "Call 1 with 2002 (Anna)". */
static const char *call_text(char out[SHOWN], const struct handset_call *call, size_t place)
{
    char number[4 * SCCP_NUMBER_TEXT], name[4 * SCCP_NAME_TEXT];
    text_escape(number, sizeof number, bytes_of_string(call->number));
    text_escape(name, sizeof name, bytes_of_string(call->name));
    bool named = call->name[0] && strcmp(call->name, call->number) != 0;
    text_format(out, SHOWN, "Call %zu%s%s%s%s%s", place + 1, number[0] ? " with " : "", number,
                named ? " (" : "", named ? name : "", named ? ")" : "");
    return out;
}

static void say_icon(struct console *c, const char *call, uint32_t security)
{
    static const char *const words[] = {
        [SCCP_SECURITY_NOT_AUTHENTICATED] = "not secure",
        [SCCP_SECURITY_AUTHENTICATED] = "authenticated, its audio is not encrypted",
        [SCCP_SECURITY_ENCRYPTED] = "encrypted",
    };
    const char *word = security <= SCCP_SECURITY_ENCRYPTED ? words[security] : NULL;
    console_status(c, "%s: [%s] %s", call, handset_icon_text(security), word ? word : "?");
}

/* "SRTP at 192.0.2.1:16384", "closed". */
static const char *direction(char out[DIRECTION], bool open, bool srtp, const char *where,
                             const struct address *address)
{
    char text[ADDRESS_TEXT];
    if (open)
        text_format(out, DIRECTION, "%s %s %s", srtp ? "SRTP" : "RTP", where,
                    address_text(text, address));
    else
        text_copy(out, DIRECTION, "closed");
    return out;
}

static void say_audio(struct console *c, struct signalling *s, const char *text, size_t place)
{
    const struct handset_call *call = handset_call(signalling_handset(s), place);
    struct address local, remote;
    char in[DIRECTION], out[DIRECTION];
    if (!signalling_stream(s, place, &local, &remote))
        return;
    console_line(c, "NOT", "RTP: %s: in %s, out %s", text,
                 direction(in, call->receiving, call->receives_srtp, "at", &local),
                 direction(out, call->transmitting, call->transmits_srtp, "to", &remote));
}

static void say_end(struct console *c, struct signalling *s, const char *call, size_t place)
{
    struct audio_counters n;
    console_status(c, "%s: over", call);
    if (signalling_counters(s, place, &n) && n.sent + n.received)
        console_line(c, "NOT",
                     "RTP: sent %" PRIu64 ", rcvd %" PRIu64 ", lost %" PRIu64 ", late %" PRIu64
                     ", jitter %" PRIu64 " us",
                     n.sent, n.received, n.lost, n.late, n.jitter_us);
}

static void say_call(struct console *c, struct signalling *s, const struct handset_step *step)
{
    const struct handset_call *call = handset_call(signalling_handset(s), step->call);
    char text[SHOWN], words[SHOWN];
    if (!call)
        return;
    call_text(text, call, step->call);
    switch (step->what) {
    case HANDSET_CALL:
        if (call->state != SCCP_STATE_ON_HOOK)
            console_status(c, "%s: %s%s", text, handset_state_text(call->state),
                           call->preserved ? ", without a call manager: it can only be ended" : "");
        break;
    case HANDSET_PARTY:
        console_line(c, "NOT", "SCCP: %s", text);
        break;
    case HANDSET_ICON:
        say_icon(c, text, step->number);
        break;
    case HANDSET_AUDIO:
        say_audio(c, s, text, step->call);
        break;
    case HANDSET_REFUSED:
        console_line(c, "ERR", "SCCP: %s refused: %s", sccp_name(step->number),
                     shown(words, step->words));
        break;
    case HANDSET_OVER:
        say_end(c, s, text, step->call);
        break;
    default:
        break;
    }
}

static void say_handset(struct console *c, struct signalling *s, const struct handset_step *step)
{
    char words[SHOWN];
    if (step->what == HANDSET_PROMPT && step->words[0])
        console_line(c, "NOT", "SCCP: prompt: %s", shown(words, step->words));
    else if (step->what == HANDSET_NOTICE && step->words[0])
        console_line(c, "NOT", "SCCP: notice: %s", shown(words, step->words));
    else if (step->call < HANDSET_CALLS)
        say_call(c, s, step);
}

void console_signalling(struct console *c, struct signalling *s, const struct signalling_news *news)
{
    switch (news->what) {
    case SIGNALLING_CONNECTS:
        console_line(c, "NOT", "SCCP: connecting to %s", news->server);
        break;
    case SIGNALLING_CONNECTED:
        if (news->tls)
            console_line(c, "NOT", "SECD: server %s trusted, [%s], cipher [%s]", news->server,
                         news->tls, news->cipher);
        else
            console_line(c, "NOT", "SCCP: connected to %s, without TLS%s", news->server,
                         signalling_lacks_ctl(s) ? ": its CTL names no call manager" : "");
        break;
    case SIGNALLING_REGISTRATION:
        say_registration(c, s, news);
        break;
    case SIGNALLING_HANDSET:
        say_handset(c, s, news->handset);
        break;
    }
}

void console_unregistered(struct console *c, const struct signalling_end *end)
{
    char words[SHOWN];
    if (end->again || !end->words[0])
        return;
    console_status(c, "Registration Failed");
    text_format(words, sizeof words, "%s: %s", end->server, end->words);
    console_wrapped(c, words);
}

void console_trouble(struct console *c, const char *words)
{
    console_line(c, "ERR", "%s", words);
}

void console_act(struct console *c, const char *text)
{
    char words[SHOWN];
    console_line(c, "NOT", "User: %s", shown(words, text));
}
