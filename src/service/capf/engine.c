#include "service/capf/engine.h"

#include "base/text.h"

#include <errno.h>
#include <stdlib.h>

enum state {
    ANY,
    BEGIN,
    AWAIT_AUTH_RES,
    ASKING_WHO,
    AWAIT_KEY_GEN_RES,
    ASKING_ISSUE,
    AWAIT_STORE_CERT_RES,
    AWAIT_FETCH_CERT_RES,
    AWAIT_DELETE_CERT_RES,
    ASKING_SAVE,
    ENDING,
    CLOSED,
};

/* AWAIT_KEY_GEN_RES is CUCM's spelling; the others follow it. */
static const char *const state_names[] = {
    [BEGIN] = "CAPF_STATE_IDLE",
    [AWAIT_AUTH_RES] = "CAPF_STATE_AWAIT_AUTH_RES",
    [ASKING_WHO] = "CAPF_STATE_AWAIT_AUTH_CHECK",
    [AWAIT_KEY_GEN_RES] = "CAPF_STATE_AWAIT_KEY_GEN_RES",
    [ASKING_ISSUE] = "CAPF_STATE_AWAIT_CA_RES",
    [AWAIT_STORE_CERT_RES] = "CAPF_STATE_AWAIT_STORE_CERT_RES",
    [AWAIT_FETCH_CERT_RES] = "CAPF_STATE_AWAIT_FETCH_CERT_RES",
    [AWAIT_DELETE_CERT_RES] = "CAPF_STATE_AWAIT_DELETE_CERT_RES",
    [ASKING_SAVE] = "CAPF_STATE_AWAIT_SAVE",
    [ENDING] = "CAPF_STATE_ENDING",
    [CLOSED] = "CAPF_STATE_CLOSED",
};

enum {
    VERSION_OURS = 3,
    VERSION_OF_THE_SILENT = 1,
    REASON_TEXT = sizeof((struct why *)0)->text, /* what refuses also says what to do next */
    /* events that are no commands */
    EV_LATE = 256,
    EV_GONE,
    EV_BROKEN,
    EV_ANY,
};

struct capf_session {
    struct capf_limits limits;
    uint32_t id;
    enum state state;
    bool gone;
    bool told; /* END_SESSION has been said */
    unsigned frames;
    struct buffer in; /* what came and is not dealt with */
    size_t frame;     /* bytes of it that `message` lies in */
    struct capf_message message;
    struct buffer ahead; /* what came while `message` was needed */
    struct buffer out;
    int64_t due;       /* of the state; INT64_MAX: never */
    int64_t key_until; /* whatever the phone says */
    uint8_t version;   /* the phone's */
    bool backup;       /* EC was preferred, and the phone could not make such a key */
    struct capf_knowledge phone;
    /* the end that follows when all is saved */
    uint8_t end_reason;
    enum capf_save save;
    struct store_outcome outcome;
    char reason[REASON_TEXT];
    void (*resume)(struct capf_session *s, int64_t now, struct capf_step *step);
};

void capf_limits_default(struct capf_limits *limits)
{
    *limits = (struct capf_limits){
        .answer_ms = 30 * 1000,
        .key_ms = 30 * 60 * 1000,
        .key_total_ms = 60 * 60 * 1000,
        .frames = 4096,
        .closing_ms = 5000,
    };
}

/* ---- saying something ---- */

static void enter(struct capf_session *s, enum state state, int64_t due)
{
    s->state = state;
    s->due = due;
}

static void say(struct capf_session *s, struct capf_step *step, struct capf_message *message)
{
    if (s->gone)
        return;
    message->session = s->id;
    buffer_clear(&s->out);
    if (capf_write(&s->out, message, NULL) != 0)
        return;
    step->send = buffer_bytes(&s->out);
    step->sent = message->command;
}

static void close_now(struct capf_session *s, struct capf_step *step)
{
    step->close = true;
    step->reason = s->reason[0] ? s->reason : NULL;
    enter(s, CLOSED, INT64_MAX);
}

static void end(struct capf_session *s, int64_t now, struct capf_step *step)
{
    struct capf_message message = {
        .command = CAPF_END_SESSION, .has_reason = true, .reason = s->end_reason};
    if (s->gone) {
        close_now(s, step);
        return;
    }
    if (!s->told)
        say(s, step, &message);
    step->reason = s->reason[0] ? s->reason : NULL;
    step->close = true; /* TLS delivers it, and waits for the phone to go */
    enter(s, ENDING, now + s->limits.closing_ms);
}

/* The session ends; what has become of the order is written down first. */
static void save_and_end(struct capf_session *s, struct capf_step *step, enum capf_save save,
                         uint8_t end_reason)
{
    s->save = save;
    s->end_reason = end_reason;
    s->outcome.number = s->phone.number;
    s->outcome.by_string = s->phone.by_string;
    step->question = CAPF_SAVE;
    step->save = save;
    step->outcome = s->outcome;
    step->reason = s->reason[0] ? s->reason : NULL;
    enter(s, ASKING_SAVE, INT64_MAX);
}

static void succeed(struct capf_session *s, struct capf_step *step, enum capf_save save,
                    uint8_t end_reason)
{
    s->outcome = (struct store_outcome){.success = true};
    save_and_end(s, step, save, end_reason);
}

static void fail(struct capf_session *s, struct capf_step *step, enum enrolment_cause cause,
                 enum capf_save save, uint8_t end_reason, const char *reason)
{
    text_copy(s->reason, sizeof s->reason, reason);
    s->outcome = (struct store_outcome){.cause = cause};
    save_and_end(s, step, save, end_reason);
}

/* ---- before the phone is known, nothing is saved ---- */

static void refuse(struct capf_session *s, int64_t now, struct capf_step *step, uint8_t end_reason,
                   const char *reason)
{
    text_copy(s->reason, sizeof s->reason, reason);
    s->end_reason = end_reason;
    end(s, now, step);
}

static void begin(struct capf_session *s, int64_t now, struct capf_step *step)
{
    struct capf_message message = {.command = CAPF_AUTH_REQ,
                                   .has_version = true,
                                   .version = VERSION_OURS,
                                   .has_auth_type = true,
                                   .auth_type = CAPF_AUTH_NONE};
    say(s, step, &message);
    enter(s, AWAIT_AUTH_RES, now + s->limits.answer_ms);
}

static void on_auth_res(struct capf_session *s, int64_t now, struct capf_step *step)
{
    const struct capf_message *m = &s->message;
    s->version = m->has_version ? m->version : VERSION_OF_THE_SILENT;
    if (!m->has_device_name) {
        refuse(s, now, step, CAPF_REASON_REFUSED, "AUTH_RES has no DEVICE_NAME");
        return;
    }
    if (s->version == 0) {
        refuse(s, now, step, CAPF_REASON_REFUSED, "AUTH_RES has VERSION 0");
        return;
    }
    step->question = CAPF_WHO;
    enter(s, ASKING_WHO, INT64_MAX);
}

static void on_silence_before_auth(struct capf_session *s, int64_t now, struct capf_step *step)
{
    refuse(s, now, step, CAPF_REASON_REFUSED, "no AUTH_RES came in time");
}

static void on_wrong_before_auth(struct capf_session *s, int64_t now, struct capf_step *step)
{
    refuse(s, now, step, CAPF_REASON_REFUSED, "another message than AUTH_RES came");
}

static void on_broken_before_auth(struct capf_session *s, int64_t now, struct capf_step *step)
{
    s->end_reason = CAPF_REASON_REFUSED;
    end(s, now, step);
}

static void on_gone_before_auth(struct capf_session *s, int64_t now, struct capf_step *step)
{
    (void)now;
    close_now(s, step);
}

/* ---- the order ---- */

/* Why the phone gets no EC key, for people; NULL when it can. */
static const char *no_ec(const struct capf_session *s)
{
    if (s->version < 3)
        return "the phone speaks CAPF below version 3";
    return s->phone.no_ec[0] ? s->phone.no_ec : NULL;
}

static bool wants_ec(const struct capf_session *s)
{
    enum key_order order = s->phone.order.key_order;
    return (order == KEY_ORDER_EC || (order == KEY_ORDER_EC_RSA && !s->backup)) && !no_ec(s);
}

static uint8_t curve_code(unsigned bits)
{
    return bits == 521 ? CAPF_P521 : bits == 384 ? CAPF_P384 : CAPF_P256;
}

static void order_key(struct capf_session *s, int64_t now, struct capf_step *step)
{
    const struct store_order *order = &s->phone.order;
    struct capf_message message = {.command = CAPF_KEY_GEN_REQ};
    if (order->key_order == KEY_ORDER_EC && !wants_ec(s)) {
        char reason[REASON_TEXT];
        text_format(reason, sizeof reason, "an EC key is ordered, and %s: order RSA", no_ec(s));
        fail(s, step, CAUSE_NO_EC, CAPF_SAVE_ATTEMPT, CAPF_REASON_REFUSED, reason);
        return;
    }
    if (wants_ec(s)) {
        message.has_key_type = message.has_curve = true;
        message.key_type = CAPF_KEY_EC;
        message.curve = curve_code(order->curve);
    } else {
        message.has_key_size = true;
        message.key_size = (uint16_t)order->rsa_bits;
        message.has_key_type = s->version >= 3; /* older phones get KEY_SIZE alone */
        message.key_type = CAPF_KEY_RSA;
    }
    say(s, step, &message);
    s->key_until = now + s->limits.key_total_ms;
    enter(s, AWAIT_KEY_GEN_RES, now + s->limits.key_ms);
}

static void order_plain(struct capf_session *s, int64_t now, struct capf_step *step,
                        enum capf_command command, enum state next)
{
    struct capf_message message = {.command = (uint8_t)command};
    say(s, step, &message);
    enter(s, next, now + s->limits.answer_ms);
}

static void after_who(struct capf_session *s, int64_t now, struct capf_step *step)
{
    switch (s->phone.verdict) {
    case CAPF_UNKNOWN_DEVICE:
        refuse(s, now, step, CAPF_REASON_UNKNOWN_DEVICE, s->reason);
        return;
    case CAPF_NOT_BELIEVED:
    case CAPF_LATE:
    case CAPF_FAULT:
        refuse(s, now, step, CAPF_REASON_REFUSED, s->reason);
        return;
    case CAPF_WELCOME:
        break;
    }
    if (s->gone) {
        close_now(s, step);
        return;
    }
    switch (s->phone.order.operation) {
    case ENROLMENT_INSTALL:
        order_key(s, now, step);
        return;
    case ENROLMENT_DELETE:
        order_plain(s, now, step, CAPF_DELETE_CERT_REQ, AWAIT_DELETE_CERT_RES);
        return;
    case ENROLMENT_TROUBLESHOOT:
        order_plain(s, now, step, CAPF_FETCH_CERT_REQ, AWAIT_FETCH_CERT_RES);
        return;
    default:
        s->end_reason = CAPF_REASON_NONE;
        end(s, now, step);
    }
}

/* ---- install ---- */

static void on_key_in_progress(struct capf_session *s, int64_t now, struct capf_step *step)
{
    int64_t due = now + s->limits.key_ms;
    (void)step;
    s->due = due < s->key_until ? due : s->key_until;
}

static void on_key(struct capf_session *s, int64_t now, struct capf_step *step)
{
    const struct capf_message *m = &s->message;
    bool none = !m->has_public_key || m->public_key.size == 0;
    if (none && wants_ec(s) && s->phone.order.key_order == KEY_ORDER_EC_RSA) {
        s->backup = true;
        order_key(s, now, step);
        return;
    }
    if (none) {
        fail(s, step, CAUSE_KEY, CAPF_SAVE_ATTEMPT, CAPF_REASON_REFUSED,
             "KEY_GEN_RES has no PUBLIC_KEY: the phone could not make the key");
        return;
    }
    step->question = CAPF_ISSUE;
    enter(s, ASKING_ISSUE, INT64_MAX);
}

static void on_key_late(struct capf_session *s, int64_t now, struct capf_step *step)
{
    (void)now;
    fail(s, step, CAUSE_KEY, CAPF_SAVE_ATTEMPT, CAPF_REASON_REFUSED, "no key came in time");
}

static void after_refusal_to_issue(struct capf_session *s, int64_t now, struct capf_step *step)
{
    (void)now;
    save_and_end(s, step, CAPF_SAVE_ATTEMPT, CAPF_REASON_REFUSED);
}

/* `out` has the STORE_CERT_REQ already. */
static void after_issue(struct capf_session *s, int64_t now, struct capf_step *step)
{
    if (s->gone) {
        fail(s, step, CAUSE_PHONE, CAPF_SAVE_ATTEMPT, CAPF_REASON_REFUSED,
             "the phone went before it got its certificate");
        return;
    }
    step->send = buffer_bytes(&s->out);
    step->sent = CAPF_STORE_CERT_REQ;
    enter(s, AWAIT_STORE_CERT_RES, now + s->limits.answer_ms);
}

/* The phone has it, and the store has had it as pending since before it was sent. That it is active
 * is found out again should we die before it is written down; so the phone need not wait for that.
 */
static void kept(struct capf_session *s, struct capf_step *step)
{
    struct capf_message message = {
        .command = CAPF_END_SESSION, .has_reason = true, .reason = CAPF_REASON_SUCCESS};
    say(s, step, &message);
    s->told = true;
    succeed(s, step, CAPF_SAVE_KEPT, CAPF_REASON_SUCCESS);
}

static void on_store_res(struct capf_session *s, int64_t now, struct capf_step *step)
{
    const struct capf_message *m = &s->message;
    char reason[REASON_TEXT];
    (void)now;
    if (m->has_reason && m->reason == CAPF_REASON_SUCCESS) {
        kept(s, step);
        return;
    }
    text_format(reason, sizeof reason, "the phone did not keep its certificate (reason %u: %s)",
                m->has_reason ? m->reason : 0,
                m->has_reason ? capf_reason_text(m->reason) : "none given");
    fail(s, step, CAUSE_NONE, CAPF_SAVE_REFUSED, CAPF_REASON_REFUSED, reason);
}

/* A phone that is slow to answer may have kept it: the certificate stays pending. */
static void on_store_late(struct capf_session *s, int64_t now, struct capf_step *step)
{
    (void)now;
    fail(s, step, CAUSE_PHONE, CAPF_SAVE_ATTEMPT, CAPF_REASON_REFUSED,
         "the phone did not say whether it keeps its certificate; it stays pending");
}

static void on_store_gone(struct capf_session *s, int64_t now, struct capf_step *step)
{
    (void)now;
    fail(s, step, CAUSE_PHONE, CAPF_SAVE_ATTEMPT, CAPF_REASON_REFUSED,
         "the phone went without saying whether it keeps its certificate; it stays pending");
}

/* ---- fetch and delete ---- */

static void on_fetch_res(struct capf_session *s, int64_t now, struct capf_step *step)
{
    const struct capf_message *m = &s->message;
    (void)now;
    if (m->has_certificate && (!m->has_reason || m->reason == CAPF_REASON_SUCCESS))
        succeed(s, step, CAPF_SAVE_FETCHED, CAPF_REASON_NONE);
    else
        fail(s, step, CAUSE_NONE, CAPF_SAVE_ATTEMPT, CAPF_REASON_NONE,
             "the phone has no certificate to show");
}

static void on_delete_res(struct capf_session *s, int64_t now, struct capf_step *step)
{
    const struct capf_message *m = &s->message;
    (void)now;
    if (m->has_reason && m->reason == CAPF_REASON_SUCCESS)
        succeed(s, step, CAPF_SAVE_DELETED, CAPF_REASON_SUCCESS);
    else
        fail(s, step, CAUSE_NONE, CAPF_SAVE_ATTEMPT, CAPF_REASON_SUCCESS,
             "the phone did not delete a certificate: it may have none");
}

/* ---- whatever it was doing ---- */

static void on_in_progress(struct capf_session *s, int64_t now, struct capf_step *step)
{
    (void)step;
    s->due = now + s->limits.answer_ms; /* how often is bounded by limits.frames */
}

static void ignore(struct capf_session *s, int64_t now, struct capf_step *step)
{
    (void)s;
    (void)now;
    (void)step;
}

static void on_late(struct capf_session *s, int64_t now, struct capf_step *step)
{
    (void)now;
    fail(s, step, CAUSE_PHONE, CAPF_SAVE_ATTEMPT, CAPF_REASON_REFUSED,
         "the phone did not answer in time");
}

static void on_gone(struct capf_session *s, int64_t now, struct capf_step *step)
{
    (void)now;
    fail(s, step, CAUSE_PHONE, CAPF_SAVE_ATTEMPT, CAPF_REASON_REFUSED,
         "the phone went before it was done");
}

static void on_broken(struct capf_session *s, int64_t now, struct capf_step *step)
{
    (void)now;
    s->outcome = (struct store_outcome){.cause = CAUSE_PHONE};
    save_and_end(s, step, CAPF_SAVE_ATTEMPT, CAPF_REASON_REFUSED);
}

static void on_wrong(struct capf_session *s, int64_t now, struct capf_step *step)
{
    char reason[REASON_TEXT];
    (void)now;
    text_format(reason, sizeof reason, "%s came, which nobody waited for",
                capf_message_name(s->message.command));
    fail(s, step, CAUSE_PHONE, CAPF_SAVE_ATTEMPT, CAPF_REASON_REFUSED, reason);
}

/* Somebody at the phone gave up. What was issued may have been kept: it stays pending. */
static void on_abort(struct capf_session *s, int64_t now, struct capf_step *step)
{
    struct capf_message answer = {
        .command = CAPF_ABORT_RES, .has_reason = true, .reason = CAPF_REASON_SUCCESS};
    (void)now;
    fail(s, step, CAUSE_PHONE, CAPF_SAVE_ATTEMPT, CAPF_REASON_REFUSED,
         "the operation was ended at the phone");
    say(s, step, &answer);
}

/* The phone's last word was heard; it goes, or is left. */
static void on_end_of_ending(struct capf_session *s, int64_t now, struct capf_step *step)
{
    (void)now;
    s->reason[0] = '\0';
    close_now(s, step);
}

/* The first row that fits counts. */
static const struct row {
    enum state state;
    int event; /* a command, or EV_... */
    void (*act)(struct capf_session *s, int64_t now, struct capf_step *step);
} rows[] = {
    {AWAIT_AUTH_RES, CAPF_AUTH_RES, on_auth_res},
    {AWAIT_AUTH_RES, CAPF_STATUS_REQ, ignore},
    {AWAIT_AUTH_RES, EV_LATE, on_silence_before_auth},
    {AWAIT_AUTH_RES, EV_GONE, on_gone_before_auth},
    {AWAIT_AUTH_RES, EV_BROKEN, on_broken_before_auth},
    {AWAIT_AUTH_RES, EV_ANY, on_wrong_before_auth},

    {AWAIT_KEY_GEN_RES, CAPF_REQUEST_IN_PROGRESS, on_key_in_progress},
    {AWAIT_KEY_GEN_RES, CAPF_KEY_GEN_RES, on_key},
    {AWAIT_KEY_GEN_RES, EV_LATE, on_key_late},

    {AWAIT_STORE_CERT_RES, CAPF_STORE_CERT_RES, on_store_res},
    {AWAIT_STORE_CERT_RES, EV_LATE, on_store_late},
    {AWAIT_STORE_CERT_RES, EV_GONE, on_store_gone},

    {AWAIT_FETCH_CERT_RES, CAPF_FETCH_CERT_RES, on_fetch_res},
    {AWAIT_DELETE_CERT_RES, CAPF_DELETE_CERT_RES, on_delete_res},

    {ENDING, EV_LATE, on_end_of_ending},
    {ENDING, EV_GONE, on_end_of_ending},
    {ENDING, EV_ANY, ignore},
    {ENDING, EV_BROKEN, ignore},

    {ANY, CAPF_REQUEST_IN_PROGRESS, on_in_progress},
    {ANY, CAPF_STATUS_REQ, ignore},
    {ANY, CAPF_STATUS_RES, ignore},
    {ANY, CAPF_ABORT_REQ, on_abort},
    {ANY, EV_LATE, on_late},
    {ANY, EV_GONE, on_gone},
    {ANY, EV_BROKEN, on_broken},
    {ANY, EV_ANY, on_wrong},
};

static void act(struct capf_session *s, int event, int64_t now, struct capf_step *step)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        if ((row->state == ANY || row->state == s->state) &&
            (row->event == event || (row->event == EV_ANY && event < EV_LATE))) {
            row->act(s, now, step);
            return;
        }
    }
}

/* ---- messages ---- */

static void forget_message(struct capf_session *s)
{
    buffer_drop_front(&s->in, s->frame);
    buffer_append(&s->in, buffer_bytes(&s->ahead));
    buffer_clear(&s->ahead);
    s->frame = 0;
    s->message = (struct capf_message){0};
}

static bool is_asking(const struct capf_session *s)
{
    return s->state == ASKING_WHO || s->state == ASKING_ISSUE || s->state == ASKING_SAVE;
}

/* The next message, or what is wrong with it. EV_ANY: there is none yet. */
static int next_message(struct capf_session *s)
{
    struct why why = WHY_NONE;
    size_t size = 0;
    int result = capf_frame(&size, buffer_bytes(&s->in), CAPF_PHONE_BODY_MAX, &why);
    if (result == 0 && size == 0)
        return EV_ANY;
    if (result == 0) {
        s->frame = size;
        result = capf_read(&s->message, bytes_slice(buffer_bytes(&s->in), 0, size), &why);
    } else {
        s->frame = s->in.size;
    }
    if (result == 0 && s->message.session != s->id)
        result = why_error(&why, ERR_FORMAT, "session id %u, and this is session %u",
                           (unsigned)s->message.session, (unsigned)s->id);
    if (result == 0 && ++s->frames > s->limits.frames)
        result = why_error(&why, ERR_LIMIT, "more than %u messages", s->limits.frames);
    if (result == 0)
        return s->message.command;
    text_copy(s->reason, sizeof s->reason, why_text(&why, result));
    return EV_BROKEN;
}

static void receive(struct capf_session *s, int event, int64_t now, struct capf_step *step)
{
    if (event != EV_BROKEN) {
        step->received = s->message.command;
        step->event = capf_event_name(s->message.command);
    }
    act(s, event, now, step);
    if (step->question != CAPF_WHO && step->question != CAPF_ISSUE &&
        step->save != CAPF_SAVE_FETCHED)
        forget_message(s);
}

bool capf_session_step(struct capf_session *s, int64_t now, struct capf_step *step)
{
    *step = (struct capf_step){.state = state_names[s->state]};
    if (s->state == CLOSED)
        return false;
    if (s->state == BEGIN) {
        begin(s, now, step);
        return true;
    }
    if (s->resume) {
        void (*resume)(struct capf_session *, int64_t, struct capf_step *) = s->resume;
        s->resume = NULL;
        forget_message(s);
        resume(s, now, step);
        return true;
    }
    if (is_asking(s))
        return false;
    int event = next_message(s);
    if (event != EV_ANY) {
        receive(s, event, now, step);
        return true;
    }
    if (s->gone)
        act(s, EV_GONE, now, step);
    else if (now >= s->due)
        act(s, EV_LATE, now, step);
    else
        return false;
    return true;
}

/* ---- the rest of the outside ---- */

int capf_session_new(struct capf_session **out, const struct capf_limits *limits, uint32_t id,
                     int64_t now)
{
    struct capf_session *s = calloc(1, sizeof *s);
    if (!s)
        return -ENOMEM;
    *s = (struct capf_session){.limits = *limits, .id = id, .state = BEGIN, .due = now};
    /* One message that is being dealt with, and one that came too early. */
    buffer_init(&s->in, 2 * (CAPF_HEADER_SIZE + CAPF_PHONE_BODY_MAX));
    buffer_init(&s->ahead, CAPF_HEADER_SIZE + CAPF_PHONE_BODY_MAX);
    buffer_init(&s->out, CAPF_FRAME_MAX);
    *out = s;
    return 0;
}

void capf_session_free(struct capf_session *s)
{
    if (!s)
        return;
    buffer_fini_secret(&s->in);
    buffer_fini_secret(&s->ahead);
    buffer_fini(&s->out);
    free(s);
}

int capf_session_input(struct capf_session *s, struct bytes bytes)
{
    if (s->state == ENDING || s->state == CLOSED)
        return 0;
    struct buffer *to = s->frame ? &s->ahead : &s->in;
    buffer_append(to, bytes);
    return to->error;
}

void capf_session_gone(struct capf_session *s)
{
    s->gone = true;
}

int64_t capf_session_due(const struct capf_session *s)
{
    return s->due;
}

const struct capf_message *capf_session_message(const struct capf_session *s)
{
    return &s->message;
}

uint32_t capf_session_id(const struct capf_session *s)
{
    return s->id;
}

const char *capf_session_device(const struct capf_session *s)
{
    return s->phone.device;
}

bool capf_session_wants_ec(const struct capf_session *s)
{
    return wants_ec(s);
}

bool capf_session_over(const struct capf_session *s)
{
    return s->state == CLOSED;
}

void capf_session_known(struct capf_session *s, const struct capf_knowledge *knowledge)
{
    if (s->state != ASKING_WHO)
        return;
    s->phone = *knowledge;
    text_copy(s->reason, sizeof s->reason, knowledge->reason ? knowledge->reason : "");
    s->phone.reason = NULL;
    s->resume = after_who;
}

void capf_session_issued(struct capf_session *s, struct bytes der)
{
    struct capf_message message = {.command = CAPF_STORE_CERT_REQ,
                                   .session = s->id,
                                   .has_certificate_type = true,
                                   .certificate_type = CAPF_CERTIFICATE_LSC,
                                   .has_certificate = true,
                                   .certificate = der};
    struct why why = WHY_NONE;
    if (s->state != ASKING_ISSUE)
        return;
    buffer_clear(&s->out);
    int result = capf_write(&s->out, &message, &why);
    if (result)
        capf_session_not_issued(s, CAUSE_CA_REFUSED, why_text(&why, result));
    else
        s->resume = after_issue;
}

void capf_session_not_issued(struct capf_session *s, enum enrolment_cause cause, const char *reason)
{
    if (s->state != ASKING_ISSUE)
        return;
    text_copy(s->reason, sizeof s->reason, reason);
    s->outcome = (struct store_outcome){.cause = cause};
    s->resume = after_refusal_to_issue;
}

void capf_session_saved(struct capf_session *s, bool saved)
{
    if (s->state != ASKING_SAVE)
        return;
    if (!saved && s->save != CAPF_SAVE_ATTEMPT) {
        s->end_reason = CAPF_REASON_REFUSED;
        text_copy(s->reason, sizeof s->reason, "the outcome could not be written down");
    }
    s->resume = end;
}
