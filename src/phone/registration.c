#include "phone/registration_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    ANSWER_MS = 10000,
    LEAVE_MS = 2000, /* a goodbye is not waited for longer */
    PAUSE_MS = 5000,
    PAUSE_MOST_MS = 60000,
    PROBE_MS = 30000,
    MONITOR_MS = 120000, /* connectionMonitorDuration, when the configuration does not say */
    MISSES = 3,
    STANDBY_BEAT_MS = 60000,
    TOKEN_SECONDS_MOST = 3600,
    IN_MAX = SCCP_FRAME_MAX + 16384, /* a part of a frame, and a TLS record */
    OUT_MAX = 4 * SCCP_FRAME_MAX,
};

void registration_pace_default(struct registration_pace *pace)
{
    *pace = (struct registration_pace){.rounds = 0,
                                       .misses = MISSES,
                                       .answer_ms = ANSWER_MS,
                                       .pause_ms = PAUSE_MS,
                                       .pause_most_ms = PAUSE_MOST_MS,
                                       .probe_ms = PROBE_MS,
                                       .monitor_ms = MONITOR_MS};
}

static void empty(struct buffer *buffer, size_t max)
{
    buffer_fini_secret(buffer);
    buffer_init(buffer, max);
}

int registration_new(struct registration **out, const struct registration_setup *setup)
{
    struct registration *r = calloc(1, sizeof *r);
    if (!r)
        return -ENOMEM;
    text_copy(r->device, sizeof r->device, setup->device);
    text_copy(r->load, sizeof r->load, setup->load);
    text_copy(r->config_stamp, sizeof r->config_stamp, setup->config_stamp);
    r->device_type = setup->device_type;
    r->idiom = setup->idiom;
    r->servers = setup->servers;
    r->pace = setup->pace;
    r->last = setup->last;
    r->lists = setup->lists;
    r->heir = r->servers;
    r->pause_ms = r->pace.pause_ms;
    r->pause_until = REGISTRATION_NEVER;
    r->standby_beat_ms = STANDBY_BEAT_MS;
    for (size_t i = 0; i < r->servers; i++) {
        r->links[i].deadline = r->links[i].beat = REGISTRATION_NEVER;
        buffer_init(&r->links[i].in, IN_MAX);
        buffer_init(&r->links[i].out, OUT_MAX);
    }
    *out = r;
    return 0;
}

void registration_free(struct registration *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->servers; i++) {
        buffer_fini_secret(&r->links[i].in); /* keys of media come there */
        buffer_fini(&r->links[i].out);
    }
    sccp_message_wipe(&r->message);
    free(r->asks);
    free(r);
}

/* ---- telling and writing ---- */

void registration_tell(struct registration *r, enum registration_happening what, size_t server,
                       uint32_t number, uint32_t other, const char *words)
{
    /* Whoever takes the steps after each call never fills the ring; else the newest is lost. */
    if (r->telling_count < TELLINGS)
        r->telling_count++;
    struct telling *t = &r->tellings[(r->telling_first + r->telling_count - 1) % TELLINGS];
    *t = (struct telling){.what = what, .server = server, .number = number, .other = other};
    text_copy(t->words, sizeof t->words, words);
}

void registration_write(struct registration *r, struct link *link,
                        const struct sccp_message *message)
{
    struct why why = WHY_NONE;
    int result = sccp_write(&link->out, r->version, message, &why);
    if (result)
        registration_tell(r, REGISTRATION_SKIPPED, (size_t)(link - r->links), message->id, 0,
                          why_text(&why, result));
}

/* ---- links ---- */

void link_open(struct link *link)
{
    link->state = LINK_OPENING;
    link->must_open = true;
}

/* Nothing of it is left. */
static void link_drop(struct link *link)
{
    link->state = LINK_DOWN;
    link->deadline = link->beat = REGISTRATION_NEVER;
    link->unanswered = 0;
    link->must_open = false;
    empty(&link->in, IN_MAX);
    empty(&link->out, OUT_MAX);
}

void link_close(struct link *link)
{
    bool open = link->state != LINK_DOWN && !link->must_open;
    link_drop(link);
    link->must_close |= open;
}

static void stand_by(struct registration *r, struct link *link, int64_t now)
{
    link->state = LINK_STANDBY;
    link->deadline = REGISTRATION_NEVER;
    link->beat = now + r->standby_beat_ms;
}

bool link_is_in_session(const struct link *link)
{
    return link->state == LINK_LISTING || link->state == LINK_REGISTERED ||
           link->state == LINK_LEAVING;
}

/* ---- rounds ---- */

static void finish(struct registration *r, enum ending ending)
{
    for (size_t i = 0; i < r->servers; i++)
        link_close(&r->links[i]);
    r->pause_until = REGISTRATION_NEVER;
    r->ending = ending;
}

static void try_server(struct registration *r, size_t server, int64_t now)
{
    struct link *link = &r->links[server];
    r->current = server;
    if (link->state == LINK_STANDBY || link->state == LINK_ASKED || link->state == LINK_GRANTED)
        registration_introduce(r, server, now);
    else if (link->state == LINK_DOWN)
        link_open(link);
}

void registration_begin_round(struct registration *r, size_t first, int64_t now)
{
    r->first = first;
    r->tried = 0;
    r->all_final = true;
    r->pause_until = REGISTRATION_NEVER;
    try_server(r, first, now);
}

static void end_round(struct registration *r, int64_t now)
{
    r->round++;
    if (r->pace.rounds && (r->round >= r->pace.rounds || r->all_final)) {
        finish(r, ENDING_OVER);
        return;
    }
    registration_tell(r, REGISTRATION_PAUSED, r->current, (uint32_t)r->pause_ms, 0, "");
    r->pause_until = now + r->pause_ms;
    r->pause_ms = 2 * r->pause_ms < r->pace.pause_most_ms ? 2 * r->pause_ms : r->pace.pause_most_ms;
}

/* The server that is tried does not take it. */
static void give_up_server(struct registration *r, bool final, const char *words, int64_t now)
{
    registration_tell(r, REGISTRATION_FAILED, r->current, 0, 0, words);
    text_copy(r->words, sizeof r->words, words);
    r->all_final &= final;
    r->tried++;
    if (r->tried < r->servers)
        try_server(r, (r->first + r->tried) % r->servers, now);
    else
        end_round(r, now);
}

/* The call manager it was registered with has gone. */
static void lose_server(struct registration *r, enum registration_last last, const char *words,
                        int64_t now)
{
    size_t next = (r->current + 1) % r->servers;
    size_t standby;
    if (registration_standby(r, &standby))
        next = standby;
    registration_tell(r, REGISTRATION_LOST, r->current, 0, 0, words);
    r->last = last;
    r->heir = r->servers;
    if (now - r->done_at < r->pace.pause_ms) { /* it takes and drops: as one that does not take */
        give_up_server(r, false, words, now);
        return;
    }
    registration_begin_round(r, next, now);
}

/* ---- what happens to a link: by the state it was in ---- */

static void standby_gone(struct registration *r, size_t server, int64_t now)
{
    struct link *link = &r->links[server];
    link->retry_at = now + r->pace.probe_ms;
    if (r->heir == server)
        r->heir = r->servers;
}

static void link_ended(struct registration *r, size_t server, enum registration_last last,
                       bool final, const char *words, int64_t now)
{
    enum link_state state = r->links[server].state;
    link_drop(&r->links[server]);
    switch (state) {
    case LINK_OPENING:
    case LINK_REGISTERING:
    case LINK_LISTING:
        if (server == r->current)
            give_up_server(r, final, words, now);
        else
            standby_gone(r, server, now);
        break;
    case LINK_STANDBY:
    case LINK_ASKED:
    case LINK_GRANTED:
        registration_tell(r, REGISTRATION_STANDBY_LOST, server, 0, 0, words);
        standby_gone(r, server, now);
        break;
    case LINK_REGISTERED:
        lose_server(r, last, words, now);
        break;
    case LINK_LEAVING:
        registration_left(r, server, SCCP_UNREGISTER_OK, now);
        break;
    case LINK_DOWN:
    case LINK_STATES:
        break;
    }
}

void registration_break(struct registration *r, size_t server, enum registration_last last,
                        const char *words, int64_t now)
{
    r->links[server].must_close = true;
    link_ended(r, server, last, false, words, now);
}

void registration_opened(struct registration *r, size_t server, struct bytes address, int64_t now)
{
    struct link *link = &r->links[server];
    if (link->state != LINK_OPENING)
        return;
    memset(link->address, 0, sizeof link->address);
    memset(link->address6, 0, sizeof link->address6);
    if (address.size == sizeof link->address)
        memcpy(link->address, address.data, address.size);
    else if (address.size == sizeof link->address6)
        memcpy(link->address6, address.data, address.size);
    link->since = now;
    if (server == r->current && !link_is_in_session(&r->links[r->current])) {
        registration_introduce(r, server, now);
        return;
    }
    stand_by(r, link, now);
    link->beat = now; /* so that the other side knows what this connection is */
    link->token_at = now;
    registration_tell(r, REGISTRATION_STANDS_BY, server, 0, 0, "");
}

void registration_closed(struct registration *r, size_t server, enum registration_last last,
                         bool final, const char *words, int64_t now)
{
    link_ended(r, server, last, final, words, now);
}

/* Keys come here: growing must leave no copies behind. */
static void add_input(struct buffer *in, struct bytes bytes)
{
    struct buffer old = *in;
    if (in->capacity - in->size < bytes.size) {
        buffer_init(in, IN_MAX);
        if (buffer_reserve(in, old.size + bytes.size) == 0)
            buffer_append(in, buffer_bytes(&old));
        buffer_fini_secret(&old);
    }
    buffer_append(in, bytes);
}

void registration_input(struct registration *r, size_t server, struct bytes bytes, int64_t now)
{
    struct link *link = &r->links[server];
    if (link->state == LINK_DOWN || link->state == LINK_OPENING)
        return;
    add_input(&link->in, bytes);
    if (link->in.error)
        registration_break(r, server, LAST_TCP_CLOSED, error_text(link->in.error), now);
}

/* ---- what the session tells ---- */

void registration_taken(struct registration *r, size_t server, int64_t now)
{
    struct link *link = &r->links[server];
    link->state = LINK_REGISTERED;
    link->deadline = REGISTRATION_NEVER;
    r->done_at = now;
    r->round = 0;
    r->pause_ms = r->pace.pause_ms;
    for (size_t i = 0; i < r->servers; i++)
        r->links[i].retry_at = now;
    registration_tell(r, REGISTRATION_DONE, server, 0, 0, "");
}

void registration_refused(struct registration *r, size_t server, const char *text, int64_t now)
{
    char words[WORDS_TEXT];
    char shown[4 * sizeof((struct sccp_register_reject *)0)->text];
    text_escape(shown, sizeof shown, bytes_of_string(text));
    text_format(words, sizeof words, "it rejects this phone: %s", shown);
    registration_tell(r, REGISTRATION_REJECTED, server, 0, 0, text);
    r->last = LAST_REJECTED;
    link_close(&r->links[server]);
    give_up_server(r, true, words, now);
}

void registration_goodbye(struct registration *r, int64_t now)
{
    struct link *link = &r->links[r->current];
    struct sccp_message unregister;
    sccp_message_init(&unregister, SCCP_UNREGISTER);
    registration_write(r, link, &unregister);
    link->state = LINK_LEAVING;
    link->deadline = now + LEAVE_MS;
    registration_tell(r, REGISTRATION_LEAVES, r->current, 0, 0, "");
}

void registration_granted(struct registration *r, size_t server, int64_t now)
{
    if (r->links[r->current].state != LINK_REGISTERED) { /* it has left meanwhile */
        stand_by(r, &r->links[server], now);
        return;
    }
    r->links[server].state = LINK_GRANTED;
    r->links[server].deadline = REGISTRATION_NEVER;
    r->heir = server;
    registration_goodbye(r, now);
}

void registration_not_granted(struct registration *r, size_t server, uint32_t seconds, int64_t now)
{
    struct link *link = &r->links[server];
    uint32_t wait = seconds < 1 ? 1 : seconds < TOKEN_SECONDS_MOST ? seconds : TOKEN_SECONDS_MOST;
    stand_by(r, link, now);
    link->token_at = now + (int64_t)wait * 1000;
    registration_tell(r, REGISTRATION_NO_TOKEN, server, wait, 0, "");
}

/* There is a call, says the call manager: so it stays. */
static void stay(struct registration *r, size_t server, int64_t now)
{
    r->links[server].state = LINK_REGISTERED;
    r->links[server].deadline = REGISTRATION_NEVER;
    r->again = 0;
    registration_tell(r, REGISTRATION_STAYS, server, 0, 0, "");
    if (r->heir == r->servers)
        return;
    stand_by(r, &r->links[r->heir], now);
    r->links[r->heir].token_at = now + TOKEN_AGAIN_SECONDS * 1000;
    r->heir = r->servers;
}

void registration_left(struct registration *r, size_t server, uint32_t status, int64_t now)
{
    size_t heir = r->heir;
    if (status == SCCP_UNREGISTER_IN_CALL && !r->leaving) {
        stay(r, server, now);
        return;
    }
    link_close(&r->links[server]);
    r->heir = r->servers;
    if (r->leaving || r->again) {
        finish(r, r->leaving ? ENDING_OVER : ENDING_AGAIN);
    } else if (heir < r->servers) {
        r->last = LAST_FAILBACK;
        registration_tell(r, REGISTRATION_GOES_BACK, heir, 0, 0, "");
        registration_begin_round(r, heir, now);
    } else {
        registration_begin_round(r, 0, now); /* the better one has gone meanwhile */
    }
}

/* ---- the outside ---- */

void registration_start(struct registration *r, int64_t now)
{
    registration_begin_round(r, 0, now);
}

void registration_set_streams(struct registration *r, unsigned streams)
{
    r->streams = streams;
}

void registration_leave(struct registration *r, int64_t now)
{
    enum link_state state = r->links[r->current].state;
    if (r->ending || r->leaving)
        return;
    r->leaving = true;
    r->words[0] = '\0';
    if (state == LINK_LISTING || state == LINK_REGISTERED)
        registration_goodbye(r, now);
    else if (state != LINK_LEAVING)
        finish(r, ENDING_OVER);
}

int registration_say(struct registration *r, const struct sccp_message *message)
{
    struct link *link = &r->links[r->current];
    struct why why = WHY_NONE;
    if (link->state != LINK_LISTING && link->state != LINK_REGISTERED)
        return ERR_CLOSED;
    return sccp_write(&link->out, r->version, message, &why);
}

bool registration_is_done(const struct registration *r)
{
    return r->links[r->current].state == LINK_REGISTERED;
}

bool registration_server(const struct registration *r, size_t *server, unsigned *version)
{
    if (!link_is_in_session(&r->links[r->current]))
        return false;
    *server = r->current;
    *version = r->version;
    return true;
}

bool registration_standby(const struct registration *r, size_t *server)
{
    for (size_t n = 1; n < r->servers; n++) {
        size_t i = (r->current + n) % r->servers;
        if (r->links[i].state == LINK_STANDBY || r->links[i].state == LINK_ASKED) {
            *server = i;
            return true;
        }
    }
    return false;
}

/* ---- steps ---- */

static bool step_telling(struct registration *r, struct registration_step *step)
{
    if (r->telling_count == 0)
        return false;
    const struct telling *t = &r->tellings[r->telling_first];
    *step = (struct registration_step){.kind = REGISTRATION_TELL,
                                       .server = t->server,
                                       .what = t->what,
                                       .number = t->number,
                                       .other = t->other,
                                       .words = t->words};
    r->telling_first = (r->telling_first + 1) % TELLINGS;
    r->telling_count--;
    return true;
}

static bool step_link(struct registration *r, struct registration_step *step)
{
    for (size_t i = 0; i < r->servers; i++) {
        struct link *link = &r->links[i];
        *step = (struct registration_step){.server = i, .words = ""};
        if (link->must_close) {
            link->must_close = false;
            step->kind = REGISTRATION_CLOSE;
            return true;
        }
        if (link->must_open) {
            link->must_open = false;
            step->kind = REGISTRATION_OPEN;
            return true;
        }
        if (link->out.size) {
            r->emptied = link;
            step->kind = REGISTRATION_SEND;
            step->bytes = buffer_bytes(&link->out);
            return true;
        }
    }
    return false;
}

static bool step_end(struct registration *r, struct registration_step *step)
{
    if (r->ending == ENDING_NOT)
        return false;
    *step = (struct registration_step){.kind = r->ending == ENDING_AGAIN ? REGISTRATION_AGAIN
                                                                         : REGISTRATION_OVER,
                                       .server = r->current,
                                       .words = r->words,
                                       .reset = r->again};
    r->over = true;
    return true;
}

/* *again: something was done, and there may be more. */
static bool step_frame(struct registration *r, int64_t now, struct registration_step *step,
                       bool *again)
{
    bool hand = false;
    for (size_t i = 0; i < r->servers && !*again; i++) {
        *again = registration_take_frame(r, i, now, &hand);
        if (hand)
            *step = (struct registration_step){
                .kind = REGISTRATION_MESSAGE, .server = i, .message = &r->message, .words = ""};
    }
    return hand;
}

/* The message of the last step is no longer looked at. */
static void finish_frame(struct registration *r)
{
    struct buffer *in = r->reading ? &r->reading->in : NULL;
    r->reading = NULL;
    if (!in)
        return;
    if (r->message.id == SCCP_OPEN_RECEIVE_CHANNEL ||
        r->message.id == SCCP_START_MEDIA_TRANSMISSION)
        sccp_message_wipe(&r->message);
    if (r->read < in->size)
        buffer_drop_front(in, r->read);
    else
        empty(in, IN_MAX);
}

bool registration_step(struct registration *r, int64_t now, struct registration_step *step)
{
    bool again;
    if (r->emptied)
        empty(&r->emptied->out, OUT_MAX);
    r->emptied = NULL;
    do {
        finish_frame(r);
        if (r->over)
            return false;
        if (step_telling(r, step) || step_link(r, step) || step_end(r, step))
            return true;
        again = false;
        if (step_frame(r, now, step, &again))
            return true;
        again = again || registration_run_timers(r, now);
    } while (again);
    return false;
}
