#include "phone/enrol_parts.h"

#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum state {
    AWAIT_AUTH_REQ,
    AWAIT_OPERATION,
    MAKING_KEY,
    AWAIT_STORE,
    STORING,
    ERASING,
    AWAIT_END,
    AWAIT_OTHER_KEY,
    DONE,
    STATES,
    ANY = STATES,
};

enum {
    VERSION_OURS = 3,
    BODY_MAX = 16384, /* of a server's message: the largest has one certificate */
    INPUT_MAX = 2 * (CAPF_HEADER_SIZE + BODY_MAX),
    OUTPUT_MAX = 32768,
    FRAMES = 64,
    ANSWER_MS = 30000,
    DELAY_UNIT_MS = 1000, /* RETRY_DELAY was never seen; seconds are supposed */
};

/* What a job, or the server's going, has brought since the last step. */
enum news { NEWS_NONE, NEWS_KEY, NEWS_NO_KEY, NEWS_STORED, NEWS_NOT_STORED };

struct enrol {
    struct enrol_setup setup;
    enum state state;
    int64_t due;
    uint32_t id; /* the server's choice, kept from AUTH_REQ on */
    unsigned frames;
    struct buffer in, out;
    struct capf_message message;
    enum news news;
    bool gone;
    char trouble[200];      /* of the last news that was bad, or of the connection */
    struct key *key;        /* made, and not certified yet */
    struct identity lsc;    /* on its way into the flash, or there */
    enum enrol_outcome did; /* what END_SESSION will confirm */
    struct enrol_result result;
};

void enrol_limits_default(struct enrol_limits *limits)
{
    *limits = (struct enrol_limits){.answer_ms = ANSWER_MS, .frames = FRAMES};
}

/* ---- birth and death ---- */

int enrol_new(struct enrol **out, const struct enrol_setup *setup, int64_t now)
{
    struct enrol *e = calloc(1, sizeof *e);
    if (!e)
        return -ENOMEM;
    e->setup = *setup;
    e->due = now + setup->limits.answer_ms;
    buffer_init(&e->in, INPUT_MAX);
    buffer_init(&e->out, OUTPUT_MAX);
    int result = buffer_reserve(&e->out, OUTPUT_MAX); /* a string is a secret: no copies stay */
    if (result) {
        enrol_free(e);
        return result;
    }
    *out = e;
    return 0;
}

void enrol_free(struct enrol *e)
{
    if (!e)
        return;
    buffer_fini(&e->in);
    buffer_fini_secret(&e->out);
    key_free(e->key);
    identity_fini(&e->lsc);
    free(e);
}

/* ---- saying something ---- */

static void enter(struct enrol *e, enum state state, int64_t due)
{
    e->state = state;
    e->due = due;
}

static void wait_for_answer(struct enrol *e, enum state state, int64_t now)
{
    enter(e, state, now + e->setup.limits.answer_ms);
}

static void finish(struct enrol *e, struct enrol_step *step, enum enrol_outcome outcome,
                   const char *words)
{
    e->result.outcome = outcome;
    text_copy(e->result.words, sizeof e->result.words, words);
    key_free(e->key);
    e->key = NULL;
    step->close = true;
    enter(e, DONE, INT64_MAX);
}

static void say(struct enrol *e, struct enrol_step *step, struct capf_message *message)
{
    struct why why = WHY_NONE;
    message->session = e->id;
    buffer_clear(&e->out);
    int result = capf_write(&e->out, message, &why);
    if (result) {
        finish(e, step, ENROL_BROKEN, why_text(&why, result));
        return;
    }
    step->send = buffer_bytes(&e->out);
    step->sent = message->command;
}

static void say_reason(struct enrol *e, struct enrol_step *step, enum capf_command command,
                       enum capf_reason reason)
{
    struct capf_message message = {
        .command = (uint8_t)command, .has_reason = true, .reason = (uint8_t)reason};
    say(e, step, &message);
}

/* ---- who it is ---- */

/* A server of an older version gets its own version back. */
static uint8_t version_for(const struct capf_message *request)
{
    bool older = request->has_version && request->version && request->version < VERSION_OURS;
    return older ? request->version : VERSION_OURS;
}

static void on_auth_req(struct enrol *e, int64_t now, struct enrol_step *step)
{
    struct enrol_proofs proofs;
    struct why why = WHY_NONE;
    bool by_string = e->setup.auth == CAPF_AUTH_STRING && e->setup.string;
    e->id = e->message.session;
    struct capf_message answer = {
        .command = CAPF_AUTH_RES,
        .has_reason = true,
        .reason = CAPF_REASON_SUCCESS,
        .has_version = true,
        .version = version_for(&e->message),
        .has_password = true, /* empty in the other modes, as phones have it */
        .password = bytes_of_string(by_string ? e->setup.string : ""),
        .has_device_name = true,
        .device_name = bytes_of_string(e->setup.device),
    };
    int result = enrol_show(&answer, &proofs, &e->setup, e->id, &why);
    if (result) {
        finish(e, step, ENROL_BAD_ORDER, why_text(&why, result));
        return;
    }
    wait_for_answer(e, AWAIT_OPERATION, now);
    say(e, step, &answer);
}

/* ---- a new certificate ---- */

static void tell_no_key(struct enrol *e, int64_t now, struct enrol_step *step)
{
    e->did = ENROL_BAD_ORDER;
    wait_for_answer(e, AWAIT_OTHER_KEY, now);
    say_reason(e, step, CAPF_KEY_GEN_RES, CAPF_REASON_REFUSED);
}

static void on_key_gen_req(struct enrol *e, int64_t now, struct enrol_step *step)
{
    struct capf_message progress = {.command = CAPF_REQUEST_IN_PROGRESS};
    struct key_spec spec;
    if (!enrol_read_order(&spec, &e->message, &e->setup)) {
        const struct capf_message *m = &e->message;
        bool ec = m->has_key_type && m->key_type == CAPF_KEY_EC;
        text_format(e->trouble, sizeof e->trouble,
                    "CAPF orders %s key of %s %u, which this model cannot make: choose another key "
                    "order, size or curve for it",
                    ec ? "an EC" : "an RSA", ec ? "curve" : "size", ec ? m->curve : m->key_size);
        tell_no_key(e, now, step);
        return;
    }
    enter(e, MAKING_KEY, INT64_MAX);
    say(e, step, &progress);
    step->job = ENROL_MAKE_KEY;
    step->key = spec;
}

static void on_key(struct enrol *e, int64_t now, struct enrol_step *step)
{
    struct buffer spki;
    buffer_init(&spki, BODY_MAX);
    int result = key_write_spki(&spki, e->key);
    if (result) {
        text_copy(e->trouble, sizeof e->trouble, error_text(result));
        tell_no_key(e, now, step);
    } else {
        struct capf_message answer = {
            .command = CAPF_KEY_GEN_RES, .has_public_key = true, .public_key = buffer_bytes(&spki)};
        wait_for_answer(e, AWAIT_STORE, now);
        say(e, step, &answer);
    }
    buffer_fini(&spki);
}

/* Is it a certificate for the key that was made for it? */
static int take_certificate(struct enrol *e, struct why *why)
{
    const struct capf_message *m = &e->message;
    struct certificate *certificate = NULL;
    if (!m->has_certificate)
        return why_error(why, ERR_FORMAT, "CAPF sent no certificate to store");
    if (m->has_certificate_type && m->certificate_type != CAPF_CERTIFICATE_LSC)
        return why_error(why, ERR_UNSUPPORTED, "CAPF sent a certificate that is no LSC (type %u)",
                         m->certificate_type);
    int result = certificate_from_der(&certificate, m->certificate, why);
    if (result)
        return why_prefix(why, result, "CAPF sent a certificate that cannot be read");
    if (!key_fits(e->key, certificate)) {
        certificate_free(certificate);
        return why_error(why, ERR_VERIFY, "CAPF sent a certificate for another key");
    }
    e->lsc = (struct identity){.certificate = certificate, .key = e->key};
    e->key = NULL;
    return 0;
}

static void refuse_certificate(struct enrol *e, int64_t now, struct enrol_step *step,
                               const char *words)
{
    text_copy(e->trouble, sizeof e->trouble, words);
    e->did = ENROL_BAD_ORDER;
    wait_for_answer(e, AWAIT_END, now);
    say_reason(e, step, CAPF_STORE_CERT_RES, CAPF_REASON_REFUSED);
}

static void on_store_cert_req(struct enrol *e, int64_t now, struct enrol_step *step)
{
    struct why why = WHY_NONE;
    int result = take_certificate(e, &why);
    if (result) {
        refuse_certificate(e, now, step, why_text(&why, result));
        return;
    }
    enter(e, STORING, INT64_MAX);
    step->job = ENROL_STORE;
}

static void on_stored(struct enrol *e, int64_t now, struct enrol_step *step)
{
    e->did = ENROL_INSTALLED;
    e->result.stored = true;
    wait_for_answer(e, AWAIT_END, now);
    say_reason(e, step, CAPF_STORE_CERT_RES, CAPF_REASON_SUCCESS);
}

static void on_not_stored(struct enrol *e, int64_t now, struct enrol_step *step)
{
    char words[sizeof e->trouble];
    text_copy(words, sizeof words, e->trouble);
    identity_fini(&e->lsc);
    refuse_certificate(e, now, step, words);
}

/* ---- the other operations ---- */

/* CUCM fetches LSC and MIC; how it says which is not known, so CERTIFICATE_TYPE is supposed. */
static void on_fetch_cert_req(struct enrol *e, int64_t now, struct enrol_step *step)
{
    const struct capf_message *m = &e->message;
    bool mic = m->has_certificate_type && m->certificate_type == CAPF_CERTIFICATE_MIC;
    const struct identity *asked = mic ? e->setup.mic : e->setup.lsc;
    wait_for_answer(e, AWAIT_END, now);
    if (!asked) {
        text_copy(e->trouble, sizeof e->trouble, "CAPF asked for a certificate it does not have");
        say_reason(e, step, CAPF_FETCH_CERT_RES, CAPF_REASON_REFUSED);
        return;
    }
    struct capf_message answer = {.command = CAPF_FETCH_CERT_RES,
                                  .has_reason = true,
                                  .reason = CAPF_REASON_SUCCESS,
                                  .has_certificate = true,
                                  .certificate = certificate_der(asked->certificate)};
    e->did = ENROL_FETCHED;
    say(e, step, &answer);
}

static void on_delete_cert_req(struct enrol *e, int64_t now, struct enrol_step *step)
{
    if (!e->setup.lsc) {
        text_copy(e->trouble, sizeof e->trouble, "CAPF asked it to delete an LSC it does not have");
        wait_for_answer(e, AWAIT_END, now);
        say_reason(e, step, CAPF_DELETE_CERT_RES, CAPF_REASON_REFUSED);
        return;
    }
    enter(e, ERASING, INT64_MAX);
    step->job = ENROL_ERASE;
}

static void on_erased(struct enrol *e, int64_t now, struct enrol_step *step)
{
    e->did = ENROL_DELETED;
    e->result.erased = true;
    e->setup.lsc = NULL;
    wait_for_answer(e, AWAIT_END, now);
    say_reason(e, step, CAPF_DELETE_CERT_RES, CAPF_REASON_SUCCESS);
}

static void on_not_erased(struct enrol *e, int64_t now, struct enrol_step *step)
{
    e->did = ENROL_BAD_ORDER;
    wait_for_answer(e, AWAIT_END, now);
    say_reason(e, step, CAPF_DELETE_CERT_RES, CAPF_REASON_REFUSED);
}

/* ---- the end ---- */

static const char *what_to_look_at(const struct enrol *e)
{
    switch (e->setup.auth) {
    case CAPF_AUTH_STRING:
        return "is the authentication string right? After ten wrong ones CAPF refuses for ten "
               "minutes";
    case CAPF_AUTH_LSC:
    case CAPF_AUTH_MIC:
        return "the certificate it showed is not trusted, has expired, or is not this device's";
    default:
        return "does CAPF expect another authentication mode than the phone's configuration says?";
    }
}

static bool is_good(const struct capf_message *end)
{
    return !end->has_reason || end->reason == CAPF_REASON_NONE ||
           end->reason == CAPF_REASON_SUCCESS;
}

/* "it ended the session: refused (7); `what`". */
static void finish_refused(struct enrol *e, struct enrol_step *step, const char *what)
{
    const struct capf_message *m = &e->message;
    char words[sizeof e->result.words];
    char info[80] = "";
    uint8_t reason = m->has_reason ? m->reason : CAPF_REASON_NONE;
    if (m->has_reason_info && m->reason_info.size)
        text_escape(info, sizeof info, m->reason_info);
    bool unknown = reason == CAPF_REASON_UNKNOWN_DEVICE;
    text_format(words, sizeof words, "it ended the session: %s (%u)%s%s; %s",
                capf_reason_text(reason), reason, *info ? ", " : "", info,
                unknown ? "add the phone to the cluster first" : what);
    finish(e, step, unknown ? ENROL_UNKNOWN : ENROL_REFUSED, words);
}

static void on_end_before_operation(struct enrol *e, int64_t now, struct enrol_step *step)
{
    (void)now;
    if (is_good(&e->message))
        finish(e, step, ENROL_NOTHING, "");
    else
        finish_refused(e, step, what_to_look_at(e));
}

static void on_end_before_certificate(struct enrol *e, int64_t now, struct enrol_step *step)
{
    (void)now;
    finish_refused(e, step, "no certificate was issued, the new key is dropped");
}

static void on_end(struct enrol *e, int64_t now, struct enrol_step *step)
{
    (void)now;
    if (e->did == ENROL_BAD_ORDER || e->did == ENROL_NOTHING)
        finish(e, step, e->did, e->trouble);
    else if (is_good(&e->message))
        finish(e, step, e->did, "");
    else
        finish_refused(e, step,
                       e->did == ENROL_INSTALLED ? "the new LSC stays in the flash all the same"
                                                 : "what it ordered was done all the same");
}

static void on_retry_later(struct enrol *e, int64_t now, struct enrol_step *step)
{
    (void)now;
    if (e->message.has_retry_delay)
        e->result.retry_ms = (int64_t)e->message.retry_delay * DELAY_UNIT_MS;
    finish(e, step, ENROL_RETRY_LATER, "CAPF is busy and asks to come again later");
}

static void on_status(struct enrol *e, int64_t now, struct enrol_step *step)
{
    (void)step;
    if (e->due != INT64_MAX)
        e->due = now + e->setup.limits.answer_ms;
}

/* ---- what happens in which state ---- */

typedef void handler(struct enrol *e, int64_t now, struct enrol_step *step);

static const struct {
    enum state state;
    enum capf_command command;
    handler *handle;
} messages[] = {
    {AWAIT_AUTH_REQ, CAPF_AUTH_REQ, on_auth_req},
    {AWAIT_AUTH_REQ, CAPF_END_SESSION, on_end_before_operation},
    {AWAIT_OPERATION, CAPF_KEY_GEN_REQ, on_key_gen_req},
    {AWAIT_OPERATION, CAPF_FETCH_CERT_REQ, on_fetch_cert_req},
    {AWAIT_OPERATION, CAPF_DELETE_CERT_REQ, on_delete_cert_req},
    {AWAIT_OPERATION, CAPF_END_SESSION, on_end_before_operation},
    {MAKING_KEY, CAPF_END_SESSION, on_end_before_certificate},
    {AWAIT_STORE, CAPF_STORE_CERT_REQ, on_store_cert_req},
    {AWAIT_STORE, CAPF_END_SESSION, on_end_before_certificate},
    {AWAIT_END, CAPF_FETCH_CERT_REQ, on_fetch_cert_req}, /* CUCM fetches twice */
    {AWAIT_END, CAPF_END_SESSION, on_end},
    {AWAIT_OTHER_KEY, CAPF_KEY_GEN_REQ, on_key_gen_req}, /* "EC preferred, RSA backup" */
    {AWAIT_OTHER_KEY, CAPF_END_SESSION, on_end},
    {ANY, CAPF_RETRY_LATER, on_retry_later},
    {ANY, CAPF_STATUS_REQ, on_status}, /* a keep-alive, supposedly */
};

static const struct {
    enum state state;
    enum news news;
    handler *handle;
} jobs[] = {
    {MAKING_KEY, NEWS_KEY, on_key},    {MAKING_KEY, NEWS_NO_KEY, tell_no_key},
    {STORING, NEWS_STORED, on_stored}, {STORING, NEWS_NOT_STORED, on_not_stored},
    {ERASING, NEWS_STORED, on_erased}, {ERASING, NEWS_NOT_STORED, on_not_erased},
};

/* The one list of states for people. */
static const char *waited_for(enum state state)
{
    static const char *const words[STATES] = {
        [AWAIT_AUTH_REQ] = "AUTH_REQ",
        [AWAIT_OPERATION] = "an order",
        [MAKING_KEY] = "its own key",
        [AWAIT_STORE] = "STORE_CERT_REQ",
        [STORING] = "its own flash",
        [ERASING] = "its own flash",
        [AWAIT_END] = "END_SESSION",
        [AWAIT_OTHER_KEY] = "END_SESSION",
        [DONE] = "nothing",
    };
    return words[state];
}

static void finish_broken(struct enrol *e, struct enrol_step *step, const char *what)
{
    char words[sizeof e->result.words];
    text_format(words, sizeof words, "the phone waited for %s; %s", waited_for(e->state), what);
    finish(e, step, ENROL_BROKEN, words);
}

static void say_broken(struct enrol *e, struct enrol_step *step, const struct capf_message *m,
                       const char *what)
{
    char words[120];
    text_format(words, sizeof words, "CAPF's %s %s", capf_message_name(m->command), what);
    finish_broken(e, step, words);
}

static void handle_message(struct enrol *e, int64_t now, struct enrol_step *step)
{
    const struct capf_message *m = &e->message;
    step->received = m->command;
    if (++e->frames > e->setup.limits.frames) {
        finish_broken(e, step, "CAPF says more than a session can have");
        return;
    }
    if (e->state != AWAIT_AUTH_REQ && m->session != e->id) {
        say_broken(e, step, m, "is of another session");
        return;
    }
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
        if (messages[i].command == (enum capf_command)m->command &&
            (messages[i].state == e->state || messages[i].state == ANY)) {
            messages[i].handle(e, now, step);
            return;
        }
    }
    say_broken(e, step, m, "came out of turn");
}

/* The next whole frame, unless a job must be through first. */
static bool step_input(struct enrol *e, int64_t now, struct enrol_step *step)
{
    struct why why = WHY_NONE;
    size_t size = 0;
    if (e->state == STORING || e->state == ERASING)
        return false;
    int result = capf_frame(&size, buffer_bytes(&e->in), BODY_MAX, &why);
    if (result == 0 && size == 0)
        return false;
    if (result == 0)
        result = capf_read(&e->message, bytes_slice(buffer_bytes(&e->in), 0, size), &why);
    if (result)
        finish_broken(e, step, why_text(&why, result));
    else
        handle_message(e, now, step);
    buffer_drop_front(&e->in, size);
    return true;
}

static bool step_job(struct enrol *e, int64_t now, struct enrol_step *step)
{
    enum news news = e->news;
    e->news = NEWS_NONE;
    for (size_t i = 0; i < sizeof jobs / sizeof *jobs; i++) {
        if (jobs[i].state == e->state && jobs[i].news == news) {
            jobs[i].handle(e, now, step);
            return true;
        }
    }
    return false;
}

bool enrol_step(struct enrol *e, int64_t now, struct enrol_step *step)
{
    *step = (struct enrol_step){0};
    if (e->state == DONE)
        return false;
    if (step_job(e, now, step) || step_input(e, now, step))
        return true;
    if (e->state == STORING || e->state == ERASING)
        return false; /* the flash is finished first, whatever became of the server */
    if (e->gone)
        finish_broken(e, step, e->trouble);
    else if (now >= e->due)
        finish_broken(e, step, "CAPF does not answer in time");
    else
        return false;
    return true;
}

int64_t enrol_due(const struct enrol *e)
{
    return e->due;
}

/* ---- news ---- */

int enrol_input(struct enrol *e, struct bytes bytes)
{
    if (e->state == DONE)
        return 0;
    buffer_append(&e->in, bytes);
    return e->in.error;
}

void enrol_gone(struct enrol *e, const char *words)
{
    e->gone = true;
    text_copy(e->trouble, sizeof e->trouble, words);
}

void enrol_key_made(struct enrol *e, struct key *key, const char *error)
{
    if (e->state != MAKING_KEY) {
        key_free(key);
        return;
    }
    e->key = key;
    e->news = key ? NEWS_KEY : NEWS_NO_KEY;
    if (!key)
        text_format(e->trouble, sizeof e->trouble, "the phone could not make its key: %s", error);
}

const struct identity *enrol_new_lsc(const struct enrol *e)
{
    return &e->lsc;
}

void enrol_stored(struct enrol *e, const char *error)
{
    e->news = error ? NEWS_NOT_STORED : NEWS_STORED;
    if (error)
        text_copy(e->trouble, sizeof e->trouble, error);
}

/* ---- the end ---- */

const struct enrol_result *enrol_result(const struct enrol *e)
{
    return e->state == DONE ? &e->result : NULL;
}

struct identity enrol_take_lsc(struct enrol *e)
{
    struct identity lsc = e->lsc;
    e->lsc = (struct identity){0};
    return lsc;
}
