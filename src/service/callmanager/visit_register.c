/* A phone registers: who it is, whether it may, and what it gets. */
#include "service/callmanager/visit_parts.h"

#include "base/clock.h"
#include "base/limit.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A question to the store's thread, and its answer. */
struct who_job {
    struct visit *visit;
    bool known; /* there was a phone of its name when it asked */
    struct certificate *certificate;
    struct who_question question;
    struct who_answer answer;
    struct why doubt, why;
};

static void job_free(struct who_job *job)
{
    if (job)
        certificate_free(job->certificate);
    free(job);
}

/* ---- what is worth remembering of a phone ---- */

/* A phone's observations are few: nobody shall push out with one kind what others tell. And anybody
 * can say a phone's name. */
static bool may_observe(struct exchange *o, const char *device, bool proved)
{
    uint64_t suppressed;
    int64_t now = loop_now(o->loop);
    struct bytes name = bytes_of_string(device);
    if (proved)
        return limit_allows(o->remarks, name, now, &suppressed);
    return limit_allows(o->claims, name, now, &suppressed) &&
           limit_allows(o->claimed, bytes_of_string("all"), now, &suppressed);
}

static void observe(struct visit *v, const char *device, enum observation_kind kind,
                    const char *text, bool complete)
{
    struct exchange *o = v->exchange;
    uint8_t shown[SHA256_SIZE];
    bool by_tls = kind == OBSERVED_REGISTRATION && tls_own_sha256(v->connection, shown) == 0;
    if (!may_observe(o, device, v->proved))
        return;
    observer_note(o->observer, &(struct observed){.peer = &v->peer,
                                                  .device = device,
                                                  .file = text,
                                                  .hash = by_tls ? shown : NULL,
                                                  .kind = kind,
                                                  .transport = TRANSPORT_SCCP,
                                                  .complete = complete,
                                                  .claimed = !v->proved});
}

static void observe_alarm(struct visit *v, const char *text)
{
    observe(v, v->device, OBSERVED_ALARM, text, station_link(v->station) != CALL_LINK_PLAIN);
}

void visit_note_alarm(struct visit *v, const char *text)
{
    if (v->phone) {
        observe_alarm(v, text);
        return;
    }
    for (size_t i = 0; i < VISIT_ALARMS; i++) {
        if (v->alarms[i])
            continue;
        v->alarms[i] = strdup(text);
        return;
    }
}

void visit_forget_alarms(struct visit *v)
{
    for (size_t i = 0; i < VISIT_ALARMS; i++) {
        free(v->alarms[i]);
        v->alarms[i] = NULL;
    }
}

static void observe_registration(struct visit *v, const struct who_answer *a)
{
    char text[TRUST_FILE];
    const char *cipher = tls_cipher(v->connection);
    text_format(text, sizeof text, "registered, %s%s%s", call_security_name(a->admission.security),
                cipher[0] ? ", " : "", cipher);
    observe(v, v->device, OBSERVED_REGISTRATION, text, true);
    for (size_t i = 0; i < VISIT_ALARMS && v->alarms[i]; i++)
        observe_alarm(v, v->alarms[i]);
    visit_forget_alarms(v);
}

static void observe_refusal(struct visit *v, const struct who_answer *a)
{
    char text[TRUST_FILE];
    const struct station_claim *claim = station_claim(v->station);
    text_format(text, sizeof text, "refused: %s", admission_verdict_name(a->admission.verdict));
    if (claim->is_name && a->admission.verdict != ADMISSION_UNKNOWN)
        observe(v, claim->device, OBSERVED_REGISTRATION, text, false);
}

/* ---- a welcome ---- */

static void write_roll(struct visit *v, const struct who_answer *a)
{
    const struct station_claim *claim = station_claim(v->station);
    struct store_registration r = {
        .mode = a->admission.mode, .not_after = a->not_after, .version = claim->version};
    text_copy(r.device, sizeof r.device, v->device);
    address_host(r.address, &v->peer);
    text_copy(r.tls, sizeof r.tls, tls_version(v->connection));
    text_copy(r.cipher, sizeof r.cipher, tls_cipher(v->connection));
    text_copy(r.certificate, sizeof r.certificate, a->sha256);
    text_copy(r.load, sizeof r.load, claim->load);
    roll_here(v->exchange->roll, &r);
}

static int add_to_engine(struct visit *v, const struct who_answer *a)
{
    struct exchange *o = v->exchange;
    struct call_line lines[DEVICE_LINES_MAX];
    for (size_t i = 0; i < a->line_count; i++)
        lines[i] = (struct call_line){
            .instance = (unsigned)i + 1, .number = a->lines[i].number, .name = a->lines[i].label};
    const struct call_phone_setup setup = {.device = v->device,
                                           .security = a->admission.security,
                                           .media_up = station_claim(v->station)->media_up,
                                           .lines = lines,
                                           .line_count = a->line_count,
                                           .owner = v};
    return call_phone_add(o->engine, &setup, loop_now(o->loop), &v->phone);
}

static int admit_station(struct visit *v, const struct who_answer *a)
{
    static const struct call_forwards none;
    struct station_line lines[DEVICE_LINES_MAX];
    struct station_speed_dial dials[DEVICE_LINES_MAX];
    struct station_now now = visit_now(v);
    for (size_t i = 0; i < a->line_count; i++) {
        const struct store_line *line = &a->lines[i];
        const struct call_forwards *forwards = call_forwards_of(v->exchange->engine, line->number);
        lines[i] = (struct station_line){.number = line->number,
                                         .name = line->label,
                                         .label = line->label[0] ? line->label : line->number,
                                         .forwards = forwards ? *forwards : none};
    }
    for (size_t i = 0; i < a->speed_dial_count; i++)
        dials[i] = (struct station_speed_dial){.number = a->speed_dials[i].number,
                                               .label = a->speed_dials[i].label};
    const struct station_welcome welcome = {.lines = lines,
                                            .line_count = a->line_count,
                                            .speed_dials = dials,
                                            .speed_dial_count = a->speed_dial_count,
                                            .date_format = a->date_template,
                                            .load = a->load,
                                            .servers = a->servers,
                                            .server_count = a->server_count};
    return station_admit(v->station, &welcome, &now);
}

static bool is_elsewhere(const struct visit *v, const struct visit *other)
{
    return !bytes_equal(address_bytes(&v->peer), address_bytes(&other->peer));
}

/* Without TLS anybody can say any name. A phone of that name that is here, and says something there
 * in time, is not driven out by that. NULL: there is none. */
static const struct visit *find_crossed(const struct visit *v, const char *device)
{
    const struct exchange *o = v->exchange;
    const struct visit *other = visit_of(o, device);
    int64_t patience = (int64_t)o->site.keep_alive_s * 1000 * 3 / 2;
    if (!other || station_link(v->station) != CALL_LINK_PLAIN || !is_elsewhere(v, other))
        return NULL;
    return station_silence(other->station, loop_now(o->loop)) < patience ? other : NULL;
}

static void note_move(struct visit *v, const struct visit *other)
{
    char reason[120], before[ADDRESS_TEXT];
    struct speaker speaker = visit_speaker(v);
    if (!is_elsewhere(v, other))
        return;
    text_format(reason, sizeof reason, "it was registered from %s",
                address_text(before, &other->peer));
    callmanager_journal_event(v->exchange->journal,
                              station_link(v->station) == CALL_LINK_PLAIN ? LEVEL_WARNING
                                                                          : LEVEL_NOTICE,
                              "phone_moved", &speaker, reason);
}

/* The same phone over an older connection: that one is over, and its calls go on here if they can.
 */
static void replace(struct visit *v)
{
    struct visit *other = visit_of(v->exchange, v->device);
    if (!other)
        return;
    v->exchange->counts.replaced++;
    note_move(v, other);
    visit_sign_off(other, CALL_CAUSE_CONNECTION_LOST);
    visit_end(other, "the phone has registered over another connection");
}

static int sign_on(struct visit *v, const struct who_answer *a)
{
    struct exchange *o = v->exchange;
    replace(v);
    int result = map_add(o->registered, bytes_of_string(v->device), v);
    if (result)
        return result;
    result = add_to_engine(v, a);
    if (result) {
        (void)map_remove(o->registered, bytes_of_string(v->device));
        return result;
    }
    result = admit_station(v, a);
    if (result) {
        visit_sign_off(v, CALL_CAUSE_CONNECTION_LOST);
        return result;
    }
    return 0;
}

static void welcome(struct visit *v, const struct who_job *job)
{
    struct exchange *o = v->exchange;
    const struct who_answer *a = &job->answer;
    text_copy(v->device, sizeof v->device, station_claim(v->station)->device);
    visit_set_clock(v, a->zone);
    int result = sign_on(v, a);
    if (result) {
        struct speaker speaker = visit_speaker(v);
        callmanager_journal_event(o->journal, LEVEL_ERROR, "phone_not_registered", &speaker,
                                  error_text(result));
        station_refuse(v->station, "Server is busy", error_text(result));
        return;
    }
    o->counts.registered++;
    tls_authenticated(v->connection);
    write_roll(v, a);
    observe_registration(v, a);
}

/* ---- a token ---- */

/* A phone that is registered elsewhere stays there for so many seconds more, when it would be
 * refused here: it would be nowhere meanwhile. */
enum { WAIT_REFUSED_S = 60, WAIT_STORE_S = 30, WAIT_TURN_S = 5, WAIT_TURNS = 20 };

static uint32_t token_wait(struct visit *v, const struct who_job *job, int result)
{
    struct exchange *o = v->exchange;
    uint64_t suppressed;
    if (result)
        return WAIT_STORE_S;
    if (job->answer.admission.verdict > ADMISSION_AUTO_REGISTER)
        return WAIT_REFUSED_S;
    if (limit_allows(o->tokens, bytes_of_string("all"), loop_now(o->loop), &suppressed))
        return 0;
    return WAIT_TURN_S + (uint32_t)(v->number % WAIT_TURNS); /* not all at once then */
}

static void answer_token(struct visit *v, const struct who_job *job, int result)
{
    struct station_now now = visit_now(v);
    const struct station_claim *claim = station_claim(v->station);
    struct speaker speaker = visit_speaker(v);
    speaker.device = claim->is_name ? claim->device : "";
    uint32_t wait = token_wait(v, job, result);
    if (result)
        callmanager_journal_event(v->exchange->journal, LEVEL_ERROR, "callmanager_store_failed",
                                  &speaker, why_text(&job->why, result));
    else if (wait == WAIT_REFUSED_S)
        callmanager_journal_event(v->exchange->journal, LEVEL_WARNING, "phone_kept_away", &speaker,
                                  job->answer.admission.reason);
    station_token(v->station, wait, &now);
}

/* ---- the question ---- */

static int who_run(void *context, struct store *store)
{
    struct who_job *job = context;
    const struct exchange *o = job->visit->exchange;
    struct who_desk *desk = job->question.may_write ? o->door_desk : o->desk;
    return callmanager_who_ask(&job->answer, desk, store, &job->question, &job->why);
}

/* It may, for all the store knows: but is it here? */
static void look_for_other(struct visit *v, struct who_answer *a)
{
    char address[ADDRESS_TEXT];
    const char *device = station_claim(v->station)->device;
    const struct visit *other = find_crossed(v, device);
    if (!other || a->admission.verdict != ADMISSION_WELCOME)
        return;
    admission_cross(&a->admission, device, address_text(address, &other->peer));
    a->proved = false;
}

static void answer(struct visit *v, struct who_job *job)
{
    struct exchange *o = v->exchange;
    struct who_answer *a = &job->answer;
    const struct station_claim *claim = station_claim(v->station);
    look_for_other(v, a);
    v->proved = a->proved;
    if (a->admission.verdict == ADMISSION_WELCOME) {
        welcome(v, job);
    } else {
        o->counts.refused++;
        v->refused = true;
        observe_refusal(v, a);
        station_refuse(v->station, a->admission.screen, a->admission.reason);
    }
    if (!v->phone && !v->refused) /* it was said why */
        return;
    struct speaker speaker = visit_speaker(v);
    if (v->refused)
        speaker.device = claim->is_name ? claim->device : "";
    callmanager_journal_admission(o->journal, &speaker, a, claim, tls_version(v->connection),
                                  tls_cipher(v->connection));
}

static bool is_in_store(const struct exchange *o, const char *device)
{
    enum device_mode mode;
    return phone_names_find(o->phones, device, &mode);
}

static void who_done(void *context, int result);

/* Who is known is asked about where nothing is written: no lock of the database, and no crowd of
 * those nobody knows, makes it wait. */
static int ask(struct who_job *job)
{
    struct exchange *o = job->visit->exchange;
    int result =
        store_async_do(job->question.may_write ? o->door : o->store, who_run, who_done, job);
    job->visit->waits += result == 0;
    return result;
}

static int ask_at_door(struct who_job *job)
{
    job->question.may_write = true;
    return ask(job);
}

static void who_done(void *context, int result)
{
    struct who_job *job = context;
    struct visit *v = job->visit;
    struct exchange *o = v->exchange;
    bool here = v->connection && !v->closing;
    v->waits--;
    if (here && result == 0 && job->answer.later) {
        result = ask_at_door(job);
        if (result == 0)
            return;
    }
    if (result == 0 && job->known && !is_in_store(o, job->question.claim.device))
        result = why_error(&job->why, ERR_NOT_FOUND, "the phone was deleted at this moment");
    if (here && job->question.token) {
        answer_token(v, job, result);
    } else if (here && result) {
        struct speaker speaker = visit_speaker(v);
        callmanager_journal_event(o->journal, LEVEL_ERROR, "callmanager_store_failed", &speaker,
                                  why_text(&job->why, result));
        station_refuse(v->station, "Server is busy", why_text(&job->why, result));
    } else if (here) {
        answer(v, job);
    }
    job_free(job);
    exchange_rouse(v);
    exchange_run(o);
}

/* It was judged in the handshake, and may have been long ago. From now on it is judged with each
 * change. */
static int judge_certificate(struct visit *v, struct who_job *job)
{
    struct exchange *o = v->exchange;
    struct who_question *q = &job->question;
    int result = tls_peer_certificate(v->connection, &job->certificate, &job->why);
    if (result)
        return result;
    q->certificate = job->certificate;
    q->doubt = job->doubt.text;
    q->verdict = vetting_judge(o->vetting, &v->vetted, job->certificate, q->now, &job->doubt);
    q->ours = v->vetted.ours;
    memcpy(v->certificate, certificate_sha256(job->certificate), sizeof v->certificate);
    v->has_certificate = q->verdict == TLS_TRUSTED;
    if (v->has_certificate && v->vetted.until < o->expires)
        o->expires = v->vetted.until;
    return 0;
}

static int job_new(struct who_job **out, struct visit *v, bool token)
{
    struct who_job *job = calloc(1, sizeof *job);
    if (!job)
        return -ENOMEM;
    job->visit = v;
    job->known = is_in_store(v->exchange, station_claim(v->station)->device);
    job->question = (struct who_question){.may_write = !job->known,
                                          .claim = *station_claim(v->station),
                                          .link = station_link(v->station),
                                          .cipher = tls_cipher(v->connection),
                                          .now = clock_wall(),
                                          .ms = loop_now(v->exchange->loop),
                                          .peer = &v->peer,
                                          .token = token};
    if (job->question.link != CALL_LINK_PLAIN) {
        int result = judge_certificate(v, job);
        if (result) {
            job_free(job);
            return result;
        }
    }
    *out = job;
    return 0;
}

void visit_ask_who(struct visit *v, bool token)
{
    struct who_job *job = NULL;
    struct station_now now = visit_now(v);
    int result = job_new(&job, v, token);
    if (result == 0)
        result = ask(job);
    if (result) {
        job_free(job);
        if (token)
            station_token(v->station, WAIT_STORE_S, &now);
        else
            station_refuse(v->station, "Server is busy", error_text(result));
    }
}
