/* What a phone does about its call managers as time passes. */
#include "phone/registration_parts.h"

#include <string.h>

/* ---- keepalives, and answers that are due ---- */

static void beat(struct registration *r, size_t server, int64_t now)
{
    struct link *link = &r->links[server];
    struct sccp_message keep_alive;
    char words[WORDS_TEXT];
    if (link->unanswered >= r->pace.misses) {
        text_format(words, sizeof words, "%u keepalives without an answer", link->unanswered);
        registration_break(r, server, LAST_KEEP_ALIVE, words, now);
        return;
    }
    if (link->unanswered)
        registration_tell(r, REGISTRATION_MISSED, server, link->unanswered, 0, "");
    link->unanswered++;
    link->beat = now + (link_is_in_session(link) ? r->beat_ms : r->standby_beat_ms);
    sccp_message_init(&keep_alive, SCCP_KEEP_ALIVE);
    registration_write(r, link, &keep_alive);
}

static void late(struct registration *r, size_t server, int64_t now)
{
    struct link *link = &r->links[server];
    char words[WORDS_TEXT];
    switch (link->state) {
    case LINK_REGISTERING:
        text_format(words, sizeof words, "it did not answer RegisterReq within %lld s",
                    (long long)(r->pace.answer_ms / 1000));
        registration_break(r, server, LAST_TCP_TIMEOUT, words, now);
        break;
    case LINK_LISTING:
        registration_ask_late(r, server, now);
        break;
    case LINK_ASKED:
        registration_not_granted(r, server, TOKEN_AGAIN_SECONDS, now);
        break;
    case LINK_LEAVING:
        registration_left(r, server, SCCP_UNREGISTER_OK, now);
        break;
    default:
        link->deadline = REGISTRATION_NEVER;
        break;
    }
}

/* ---- other call managers than its own ---- */

/* A better call manager, or the standby. */
static bool is_wanted(const struct registration *r, size_t server)
{
    return server <= r->current + 1 && server != r->current;
}

static bool is_asking(const struct registration *r)
{
    for (size_t i = 0; i < r->servers; i++)
        if (r->links[i].state == LINK_ASKED || r->links[i].state == LINK_GRANTED)
            return true;
    return false;
}

/* When this one may be asked to take the phone back; REGISTRATION_NEVER: it is none to ask. */
static int64_t token_due(const struct registration *r, size_t server)
{
    const struct link *link = &r->links[server];
    if (link->state != LINK_STANDBY || server >= r->current || r->streams || is_asking(r))
        return REGISTRATION_NEVER;
    int64_t proven = link->since + r->pace.monitor_ms;
    return proven > link->token_at ? proven : link->token_at;
}

static int64_t open_due(const struct registration *r, size_t server)
{
    const struct link *link = &r->links[server];
    return link->state == LINK_DOWN && is_wanted(r, server) ? link->retry_at : REGISTRATION_NEVER;
}

static void ask_token(struct registration *r, size_t server, int64_t now)
{
    struct link *link = &r->links[server];
    struct sccp_message m;
    sccp_message_init(&m, SCCP_REGISTER_TOKEN_REQ);
    text_copy(m.token_req.device, sizeof m.token_req.device, r->device);
    m.token_req.instance = 1;
    m.token_req.device_type = r->device_type;
    memcpy(m.token_req.address, link->address, sizeof link->address);
    memcpy(m.token_req.address6, link->address6, sizeof link->address6);
    registration_write(r, link, &m);
    link->state = LINK_ASKED;
    link->deadline = now + r->pace.answer_ms;
    registration_tell(r, REGISTRATION_ASKS_TOKEN, server, 0, 0, "");
}

static bool look_at(struct registration *r, size_t server, int64_t now)
{
    struct link *link = &r->links[server];
    if (now >= open_due(r, server)) {
        link->retry_at = now + r->pace.probe_ms;
        link_open(link);
        return true;
    }
    if (now >= token_due(r, server)) {
        ask_token(r, server, now);
        return true;
    }
    if (link->state == LINK_STANDBY && !is_wanted(r, server)) {
        link_close(link);
        return true;
    }
    return false;
}

static bool is_registered(const struct registration *r)
{
    return r->ending == ENDING_NOT && r->links[r->current].state == LINK_REGISTERED;
}

static bool registered_work(struct registration *r, int64_t now)
{
    if (!is_registered(r))
        return false;
    if (r->again && r->streams == 0) {
        registration_goodbye(r, now);
        return true;
    }
    for (size_t i = 0; i < r->servers; i++)
        if (look_at(r, i, now))
            return true;
    return false;
}

/* ---- timers ---- */

bool registration_run_timers(struct registration *r, int64_t now)
{
    if (now >= r->pause_until) {
        registration_begin_round(r, 0, now);
        return true;
    }
    for (size_t i = 0; i < r->servers; i++) {
        if (now >= r->links[i].deadline) {
            late(r, i, now);
            return true;
        }
        if (now >= r->links[i].beat) {
            beat(r, i, now);
            return true;
        }
    }
    return registered_work(r, now);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t registration_due(const struct registration *r)
{
    int64_t due = r->pause_until;
    if (r->over)
        return REGISTRATION_NEVER;
    for (size_t i = 0; i < r->servers; i++) {
        due = earlier(due, earlier(r->links[i].deadline, r->links[i].beat));
        if (is_registered(r))
            due = earlier(due, earlier(open_due(r, i), token_due(r, i)));
    }
    return due;
}
