#include "service/capf/visit.h"

#include "base/clock.h"
#include "base/secret.h"
#include "base/text.h"
#include "pki/facts.h"
#include "service/capf/crash.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct visit {
    struct office *office;
    struct visit *next, **link;
    struct tls_connection *connection; /* NULL: it has gone */
    struct capf_session *session;
    struct loop_timer *timer;
    struct address peer;
    uint64_t number;
    bool stepping;
    bool closing;  /* tls_close() was called */
    bool believed; /* it is the phone that it says it is */
    bool untraced; /* not believed yet, and its address has had its share of the trace */
    bool told;     /* what became of its order was said */
    char serial[CERTIFICATE_SERIAL]; /* of the certificate issued */
    unsigned waits;                  /* answers that will come */
    /* what the store's thread works on while `waits` */
    struct why why;
    struct who_question question;
    struct who_answer answer;
    struct desk_rules issuing;
    struct desk_key key;
    struct desk_result result;
    struct buffer der; /* the certificate issued */
    enum enrolment_operation operation;
    struct store_order order;
    struct crash crash;
};

static void go_on(struct visit *v);

static struct speaker speaker_of(const struct visit *v)
{
    return (struct speaker){v->number, capf_session_device(v->session), &v->peer, v->untraced};
}

static void visit_free(struct visit *v)
{
    struct office *office = v->office;
    if (!v->believed)
        capf_journal_stranger(office->journal, &v->peer);
    *v->link = v->next;
    if (v->next)
        v->next->link = v->link;
    office->visits--;
    tls_free(v->connection);
    loop_timer_free(v->timer);
    capf_session_free(v->session);
    public_key_free(v->key.key);
    buffer_fini(&v->der);
    free(v);
}

static void event(struct visit *v, enum log_level level, const char *name, const char *reason)
{
    struct speaker speaker = speaker_of(v);
    capf_journal_event(v->office->journal, level, name, &speaker, reason);
}

/* ---- answers ---- */

/* Asks the store's thread; when it cannot be asked, the answer is the error. */
static void ask_store(struct visit *v, int (*run)(void *context, struct store *store),
                      void (*done)(void *context, int result))
{
    v->why = (struct why)WHY_NONE;
    v->waits++;
    int result = store_async_share(v->office->store, run, done, v);
    if (result)
        done(v, result);
}

/* ---- who is it? ---- */

static int who_run(void *context, struct store *store)
{
    struct visit *v = context;
    int result = desk_who(v->office->desk, store, &v->question, &v->answer, &v->issuing, &v->why);
    crash_moment(&v->crash);
    return result;
}

static void who_done(void *context, int result)
{
    struct visit *v = context;
    v->waits--;
    crash_moment(&v->crash);
    if (result) {
        v->answer.knowledge = (struct capf_knowledge){.verdict = CAPF_FAULT};
        text_copy(v->answer.reason, sizeof v->answer.reason, why_text(&v->why, result));
        event(v, LEVEL_ERROR, "capf_store_failed", v->answer.reason);
    }
    v->answer.knowledge.reason = v->answer.reason;
    v->operation = v->answer.knowledge.order.operation;
    v->order = v->answer.knowledge.order;
    v->believed = v->answer.knowledge.verdict == CAPF_WELCOME;
    v->untraced = v->untraced && !v->believed;
    if (v->believed && v->connection)
        tls_authenticated(v->connection);
    if (v->answer.knowledge.verdict != CAPF_WELCOME)
        v->office->refused++;
    capf_session_known(v->session, &v->answer.knowledge);
    go_on(v);
}

static void mac_done(void *context, int result, struct bytes mac, const char *words)
{
    struct visit *v = context;
    v->waits--;
    crash_moment(&v->crash);
    v->question.has_mac = result == 0 && mac.size == sizeof v->question.mac;
    if (v->question.has_mac)
        memcpy(v->question.mac, mac.data, mac.size);
    else
        event(v, LEVEL_ERROR, "capf_signer_failed", words);
    ask_store(v, who_run, who_done);
}

/* A string no phone could be told is as wrong as any other. */
static bool take_password(char out[SIGNER_STRING_MAX + 1], struct bytes said)
{
    return said.size && said.size <= SIGNER_STRING_MAX && !memchr(said.data, '\0', said.size) &&
           text_copy_bytes(out, SIGNER_STRING_MAX + 1, said);
}

static void ask_who(struct visit *v)
{
    const struct capf_message *m = capf_session_message(v->session);
    char password[SIGNER_STRING_MAX + 1];
    char device[DEVICE_NAME];
    v->question = (struct who_question){
        .answer = m, .session = capf_session_id(v->session), .now = clock_wall()};
    if (!m->has_password || !take_password(password, m->password) ||
        memchr(m->device_name.data, '\0', m->device_name.size) ||
        !text_copy_bytes(device, sizeof device, m->device_name)) {
        ask_store(v, who_run, who_done);
        return;
    }
    v->waits++;
    int result = signer_loop_mac(v->office->signer, device, password, mac_done, v);
    secret_wipe(password, sizeof password);
    if (result)
        mac_done(v, result, bytes_of(NULL, 0), error_text(result));
}

/* ---- a certificate ---- */

static void not_issued(struct visit *v, enum enrolment_cause cause, const char *reason)
{
    capf_session_not_issued(v->session, cause, reason);
    go_on(v);
}

static int issued_run(void *context, struct store *store)
{
    struct visit *v = context;
    int result = desk_issued(store, &v->key, &v->issuing, buffer_bytes(&v->der), &v->why);
    crash_moment(&v->crash);
    return result;
}

static void issued_done(void *context, int result)
{
    struct visit *v = context;
    struct speaker speaker = speaker_of(v);
    v->waits--;
    crash_moment(&v->crash);
    if (result == ERR_POLICY) {
        not_issued(v, CAUSE_KEY, why_text(&v->why, result));
        return;
    }
    if (result) {
        event(v, LEVEL_ERROR, "capf_store_failed", why_text(&v->why, result));
        not_issued(v, CAUSE_CA_REFUSED, why_text(&v->why, result));
        return;
    }
    v->office->issued++;
    capf_journal_issued(v->office->journal, &speaker);
    capf_session_issued(v->session, buffer_bytes(&v->der));
    go_on(v);
}

static int note_serial(struct visit *v, struct bytes der)
{
    struct certificate_facts facts;
    int result = certificate_facts_read(&facts, der, NULL);
    if (result)
        return result;
    text_hex(v->serial, sizeof v->serial, bytes_of(facts.serial, facts.serial_size), false, '\0');
    certificate_facts_fini(&facts);
    return 0;
}

static void signed_done(void *context, int result, struct bytes der, const char *words)
{
    struct visit *v = context;
    v->waits--;
    crash_moment(&v->crash);
    if (result == 0) {
        buffer_clear(&v->der);
        buffer_append(&v->der, der);
        result = v->der.error;
    }
    if (result == 0)
        result = digest_hex(DIGEST_KIND_SHA256, der, v->result.certificate);
    if (result == 0)
        result = note_serial(v, der);
    if (result) {
        event(v, LEVEL_ERROR, "capf_not_issued", words && *words ? words : error_text(result));
        not_issued(v, CAUSE_CA_REFUSED, words && *words ? words : error_text(result));
        return;
    }
    ask_store(v, issued_run, issued_done);
}

static void ask_issue(struct visit *v)
{
    public_key_free(v->key.key);
    v->key = (struct desk_key){.order = v->order,
                               .ec = capf_session_wants_ec(v->session),
                               .spki = capf_session_message(v->session)->public_key};
    text_copy(v->key.device, sizeof v->key.device, capf_session_device(v->session));
    int result = desk_look_at_key(&v->key);
    if (result || !v->key.key) {
        not_issued(v, CAUSE_KEY, result ? error_text(result) : v->key.reason);
        return;
    }
    const struct signer_lsc request = {.issuer = v->office->issuer,
                                       .device = v->key.device,
                                       .model = v->issuing.model,
                                       .subject = v->issuing.subject,
                                       .issuer_attributes = true,
                                       .days = v->issuing.days,
                                       .digest = DIGEST_KIND_SHA256,
                                       .asked = v->key.asked,
                                       .spki = v->key.spki};
    v->waits++;
    result = signer_loop_issue(v->office->signer, &request, signed_done, v);
    if (result)
        signed_done(v, result, bytes_of(NULL, 0), error_text(result));
}

/* ---- the outcome ---- */

static int save_run(void *context, struct store *store)
{
    struct visit *v = context;
    int result = desk_save(v->office->desk, store, &v->result, &v->why);
    crash_moment(&v->crash);
    return result;
}

static void save_done(void *context, int result)
{
    struct visit *v = context;
    v->waits--;
    crash_moment(&v->crash);
    if (result)
        event(v, LEVEL_ERROR, "capf_store_failed", why_text(&v->why, result));
    capf_session_saved(v->session, result == 0);
    go_on(v);
}

static void ask_save(struct visit *v, const struct capf_step *step)
{
    struct speaker speaker = speaker_of(v);
    text_copy(v->result.device, sizeof v->result.device, capf_session_device(v->session));
    address_host(v->result.address, &v->peer);
    v->result.operation = v->operation;
    v->result.save = step->save;
    v->result.outcome = step->outcome;
    v->result.outcome.time = clock_wall();
    v->result.fetched = capf_session_message(v->session)->certificate;
    if (step->outcome.success)
        v->office->done++;
    else
        v->office->failed++;
    const struct capf_ending ending = {.operation = v->operation,
                                       .authentication = v->order.authentication,
                                       .success = step->outcome.success,
                                       .serial = v->serial,
                                       .reason = step->reason};
    capf_journal_outcome(v->office->journal, &speaker, &ending);
    v->told = true;
    ask_store(v, save_run, save_done);
}

/* ---- steps ---- */

static void take_step(struct visit *v, const struct capf_step *step)
{
    struct speaker speaker = speaker_of(v);
    crash_moment(&v->crash);
    capf_journal_step(v->office->journal, &speaker, step);
    if (step->send.size && v->connection) {
        int result = tls_write(v->connection, step->send);
        if (result)
            event(v, LEVEL_WARNING, "capf_not_sent", error_text(result));
    }
    if (step->question == CAPF_NO_QUESTION && step->reason && !v->told)
        capf_journal_refused(v->office->journal, &speaker, step->reason);
    if (step->close && v->connection && !v->closing) {
        v->closing = true;
        tls_close(v->connection);
    }
    switch (step->question) {
    case CAPF_WHO:
        ask_who(v);
        break;
    case CAPF_ISSUE:
        ask_issue(v);
        break;
    case CAPF_SAVE:
        ask_save(v, step);
        break;
    case CAPF_NO_QUESTION:
        break;
    }
    crash_moment(&v->crash);
}

/* Answers may come while a question is being asked; they are taken up by the outermost call. */
static void go_on(struct visit *v)
{
    struct capf_step step;
    if (v->stepping)
        return;
    v->stepping = true;
    while (capf_session_step(v->session, loop_now(v->office->loop), &step))
        take_step(v, &step);
    v->stepping = false;
    if (!v->connection && v->waits == 0) {
        visit_free(v);
        return;
    }
    int64_t due = capf_session_due(v->session);
    if (due == INT64_MAX || v->closing || !v->connection) {
        loop_timer_stop(v->timer);
    } else {
        int64_t wait = due - loop_now(v->office->loop);
        loop_timer_start(v->timer, wait > 0 ? wait : 0);
    }
    if (v->connection && !v->closing)
        tls_pause(v->connection, v->waits > 0);
}

static void on_time(void *context)
{
    go_on(context);
}

static void on_received(void *context, struct bytes data)
{
    struct visit *v = context;
    if (capf_session_input(v->session, data) != 0) {
        event(v, LEVEL_WARNING, "capf_refused", "it says more at once than a phone does");
        if (!v->closing)
            tls_close(v->connection);
        v->closing = true;
        capf_session_gone(v->session);
    }
    go_on(v);
}

static void on_closed(void *context, const struct tls_end *end)
{
    struct visit *v = context;
    if (!v->closing && end->kind != TLS_END_CLOSED)
        event(v, LEVEL_INFO, "capf_connection_ended", end->text);
    tls_free(v->connection);
    v->connection = NULL;
    capf_session_gone(v->session);
    go_on(v);
}

void visit_begin(struct office *office, struct tls_connection *connection)
{
    const struct tls_events events = {.received = on_received, .closed = on_closed};
    struct visit *v = calloc(1, sizeof *v);
    int result = v ? 0 : -ENOMEM;
    if (result == 0) {
        v->office = office;
        v->number = ++office->number;
        v->peer = *tls_peer(connection);
        v->untraced = !capf_journal_traces(office->journal, &v->peer);
        crash_begin(&v->crash);
        buffer_init(&v->der, CERTIFICATE_DER_MAX);
        result = capf_session_new(&v->session, &office->limits, ++office->session,
                                  loop_now(office->loop));
    }
    if (result == 0)
        result = loop_timer_new(&v->timer, office->loop, on_time, v);
    if (result) {
        if (v) {
            capf_session_free(v->session);
            free(v);
        }
        tls_free(connection);
        return;
    }
    v->connection = connection;
    v->link = &office->first;
    v->next = office->first;
    if (v->next)
        v->next->link = &v->next;
    office->first = v;
    office->visits++;
    tls_set_events(connection, &events, v);
    struct speaker speaker = speaker_of(v);
    capf_journal_arrived(office->journal, &speaker, connection);
    go_on(v);
}

void visits_cut(struct office *office)
{
    struct visit *next;
    for (struct visit *v = office->first; v; v = next) {
        next = v->next;
        tls_free(v->connection);
        v->connection = NULL;
        capf_session_gone(v->session);
        go_on(v);
    }
}

void visits_free(struct office *office)
{
    while (office->first)
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): what is freed leaves the list */
        visit_free(office->first);
}
