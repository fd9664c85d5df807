#include "phone/enrolment.h"

#include "base/text.h"
#include "phone/reach.h"
#include "phone/vouching.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROUNDS = 3,
    PAUSE_MS = 30000,
    PAUSE_MAX_MS = 3600 * 1000, /* whatever a server wishes */
    HANDSHAKE_MS = 10000,
    LINGER_MS = 1000,
    QUEUE = 64 * 1024,
    PEM_MAX = 32 * 1024,
    SERVER_TEXT = CNF_HOST + 16,
};

struct enrolment {
    struct enrolment_setup setup;
    struct cnf_member servers[CNF_MEMBERS];
    struct address source, address;
    struct flash flash;
    char server[SERVER_TEXT]; /* that is asked */
    size_t next;              /* server of this round */
    unsigned round;
    bool may_help; /* something in this round failed that may go better later */
    int64_t pause_ms;
    struct reach *reach;
    struct tls_connection *connection;
    struct vouching vouching; /* for the server */
    struct enrol *session;
    struct loop_timer *timer;
    void (*on_timer)(struct enrolment *e);
    struct key *key; /* made, and held back for a while */
    int64_t key_due;
    unsigned visit; /* number of the connection, so that late jobs are known */
    size_t jobs;    /* that workers have */
    bool doomed;    /* freed meanwhile */
    struct identity lsc;
    bool erased;
    enum enrol_outcome outcome; /* of the last visit */
    char words[512];
};

/* What a worker does for an enrolment; it outlives its visit, and may outlive all. */
struct job {
    struct enrolment *e;
    unsigned visit;
    struct key_spec spec;
    struct key *key;
    struct flash flash;
    struct buffer pem;
    int result;
    struct why why;
    void (*done)(struct enrolment *e, struct job *job);
};

void enrolment_pace_default(struct enrolment_pace *pace)
{
    *pace = (struct enrolment_pace){
        .rounds = ROUNDS, .pause_ms = PAUSE_MS, .handshake_ms = HANDSHAKE_MS};
}

/* ---- telling ---- */

static void tell(struct enrolment *e, struct enrolment_news news)
{
    news.server = e->server;
    e->setup.news(e->setup.context, &news);
}

static int64_t now_of(const struct enrolment *e)
{
    return loop_now(e->setup.loop);
}

static void at(struct enrolment *e, int64_t ms, void (*what)(struct enrolment *e))
{
    e->on_timer = what;
    loop_timer_start(e->timer, ms);
}

static void timer_fired(void *context)
{
    struct enrolment *e = context;
    e->on_timer(e);
}

/* ---- jobs ---- */

static void release(struct enrolment *e)
{
    if (e->doomed && e->jobs == 0)
        free(e);
}

static void job_free(struct job *job)
{
    key_free(job->key);
    buffer_fini_secret(&job->pem);
    free(job);
}

static void job_done(void *context)
{
    struct job *job = context;
    struct enrolment *e = job->e;
    bool due = !e->doomed && job->visit == e->visit;
    e->jobs--;
    if (due)
        job->done(e, job); /* e may be doomed afterwards, not freed: that is release()'s */
    job_free(job);
    release(e);
}

static struct job *job_new(struct enrolment *e, void (*done)(struct enrolment *e, struct job *job))
{
    struct job *job = calloc(1, sizeof *job);
    if (job)
        *job = (struct job){.e = e, .visit = e->visit, .done = done, .why = WHY_NONE};
    return job;
}

/* Takes the job, NULL included, whatever comes of it. */
static int submit(struct enrolment *e, struct job *job, void (*run)(void *context))
{
    int result = job ? worker_submit(e->setup.worker, run, job_done, job) : -ENOMEM;
    if (result == 0)
        e->jobs++;
    else if (job)
        job_free(job);
    return result;
}

/* ---- the end ---- */

static void conclude(struct enrolment *e)
{
    /* A session that broke after the LSC was stored is followed by one with nothing to do. */
    bool done_before = e->outcome == ENROL_NOTHING && !e->words[0];
    if (done_before && e->lsc.certificate)
        e->outcome = ENROL_INSTALLED;
    else if (done_before && e->erased)
        e->outcome = ENROL_DELETED;
    struct enrolment_result result = {
        .outcome = e->outcome,
        .words = e->words,
        .server = e->server,
        .erased = e->erased && !e->lsc.certificate,
        .lsc = e->lsc,
    };
    e->lsc = (struct identity){0};
    e->setup.finished(e->setup.context, &result);
}

static void ask_next(struct enrolment *e);

static void next_round(struct enrolment *e)
{
    e->round++;
    e->next = 0;
    e->may_help = false;
    e->pause_ms = e->setup.pace.pause_ms;
    ask_next(e);
}

/* A server that could not be spoken with to the end. */
static void fail(struct enrolment *e, enum enrol_outcome outcome, const char *words)
{
    e->outcome = outcome;
    text_copy(e->words, sizeof e->words, words);
    e->may_help |= outcome != ENROL_UNTRUSTED;
    tell(e, (struct enrolment_news){.what = HAPPENING_FAILED, .words = e->words});
    if (e->next < e->setup.server_count) {
        at(e, 0, ask_next);
    } else if (!e->may_help || e->round == e->setup.pace.rounds) {
        at(e, 0, conclude);
    } else {
        tell(e, (struct enrolment_news){.what = HAPPENING_PAUSE, .ms = e->pause_ms});
        at(e, e->pause_ms, next_round);
    }
}

/* The visit is over: the connection has ended, and so has the session if there was one. */
static void leave(struct enrolment *e)
{
    struct enrol_result result = *enrol_result(e->session);
    if (result.stored) {
        identity_fini(&e->lsc);
        e->lsc = enrol_take_lsc(e->session);
        e->setup.session.lsc = &e->lsc;
    }
    if (result.erased)
        e->setup.session.lsc = NULL;
    e->erased |= result.erased;
    enrol_free(e->session);
    e->session = NULL;
    if (result.outcome == ENROL_RETRY_LATER && result.retry_ms)
        e->pause_ms = result.retry_ms < PAUSE_MAX_MS ? result.retry_ms : PAUSE_MAX_MS;
    if (result.outcome == ENROL_RETRY_LATER || result.outcome == ENROL_BROKEN) {
        fail(e, result.outcome, result.words);
        return;
    }
    e->outcome = result.outcome;
    text_copy(e->words, sizeof e->words, result.words);
    at(e, 0, conclude);
}

/* ---- the session ---- */

static void pump(struct enrolment *e);

/* Gives the key to the session, not before an old phone would have had it. */
static void hand_key(struct enrolment *e)
{
    if (now_of(e) < e->key_due) {
        at(e, e->key_due - now_of(e), hand_key);
        return;
    }
    enrol_key_made(e->session, e->key, NULL);
    e->key = NULL;
    pump(e);
}

static void make_key(void *context)
{
    struct job *job = context;
    job->result = key_generate(&job->key, &job->spec, &job->why);
}

static void key_made(struct enrolment *e, struct job *job)
{
    if (!e->session)
        return;
    if (job->result) {
        enrol_key_made(e->session, NULL, why_text(&job->why, job->result));
        pump(e);
        return;
    }
    e->key = job->key;
    job->key = NULL;
    hand_key(e);
}

static void start_key(struct enrolment *e, const struct key_spec *spec)
{
    tell(e, (struct enrolment_news){.what = HAPPENING_KEY, .key = *spec});
    e->key_due = now_of(e) + e->setup.pace.key_ms;
    e->key = keypool_take(e->setup.keys, spec);
    if (e->key) {
        at(e, e->setup.pace.key_ms, hand_key);
        return;
    }
    struct job *job = job_new(e, key_made);
    if (job)
        job->spec = *spec;
    int result = submit(e, job, make_key);
    if (result)
        enrol_key_made(e->session, NULL, error_text(result));
}

static void write_flash(void *context)
{
    struct job *job = context;
    job->result = flash_write(&job->flash, FLASH_LSC, buffer_bytes(&job->pem), &job->why);
}

static void erase_flash(void *context)
{
    struct job *job = context;
    job->result = flash_erase(&job->flash, FLASH_LSC, &job->why);
}

static void flash_done(struct enrolment *e, struct job *job, enum enrolment_happening what)
{
    if (job->result == 0)
        tell(e, (struct enrolment_news){.what = what});
    enrol_stored(e->session, job->result ? why_text(&job->why, job->result) : NULL);
    pump(e);
}

static void stored(struct enrolment *e, struct job *job)
{
    flash_done(e, job, HAPPENING_STORED);
}

static void erased(struct enrolment *e, struct job *job)
{
    flash_done(e, job, HAPPENING_ERASED);
}

static int start_store(struct enrolment *e)
{
    struct job *job = job_new(e, stored);
    if (!job)
        return -ENOMEM;
    job->flash = e->flash;
    buffer_init(&job->pem, PEM_MAX);
    int result = buffer_reserve(&job->pem, PEM_MAX); /* holds a key: no copies stay behind */
    if (result == 0)
        result = identity_write_pem(&job->pem, enrol_new_lsc(e->session));
    if (result) {
        job_free(job);
        return result;
    }
    return submit(e, job, write_flash);
}

static int start_erase(struct enrolment *e)
{
    struct job *job = job_new(e, erased);
    if (job)
        job->flash = e->flash;
    return submit(e, job, erase_flash);
}

/* Without a flash it is done at once. */
static void start_flash_job(struct enrolment *e, enum enrol_job job)
{
    bool store = job == ENROL_STORE;
    if (!e->setup.flash) {
        tell(e, (struct enrolment_news){.what = store ? HAPPENING_STORED : HAPPENING_ERASED});
        enrol_stored(e->session, NULL);
        return;
    }
    int result = store ? start_store(e) : start_erase(e);
    if (result)
        enrol_stored(e->session, error_text(result));
}

static void send_step(struct enrolment *e, const struct enrol_step *step)
{
    int result = e->connection ? tls_write(e->connection, step->send) : 0;
    if (result)
        enrol_gone(e->session, error_text(result));
    else
        tell(e, (struct enrolment_news){.what = HAPPENING_SENT, .command = step->sent});
}

static void take_step(struct enrolment *e, const struct enrol_step *step)
{
    if (step->received)
        tell(e, (struct enrolment_news){.what = HAPPENING_RECEIVED, .command = step->received});
    if (step->send.size)
        send_step(e, step);
    if (step->close && e->connection)
        tls_close(e->connection);
    if (step->job == ENROL_MAKE_KEY)
        start_key(e, &step->key);
    else if (step->job != ENROL_NO_JOB)
        start_flash_job(e, step->job);
}

/* A key that is held back has the timer; nothing else is due then. */
static void pump(struct enrolment *e)
{
    struct enrol_step step;
    while (enrol_step(e->session, now_of(e), &step))
        take_step(e, &step);
    int64_t due = enrol_due(e->session);
    if (enrol_result(e->session)) {
        loop_timer_stop(e->timer);
        key_free(e->key);
        e->key = NULL;
        if (!e->connection)
            leave(e);
    } else if (due != INT64_MAX) {
        at(e, due - now_of(e), pump);
    }
}

/* ---- the connection ---- */

static enum tls_verdict judge(void *context, const struct certificate *server, struct why *why)
{
    struct enrolment *e = context;
    enum tls_verdict verdict = vouching_judge(&e->vouching, server, why);
    e->outcome = verdict == TLS_TRUSTED ? ENROL_UNREACHABLE : ENROL_UNTRUSTED;
    return verdict;
}

static void start_session(struct enrolment *e)
{
    tell(e, (struct enrolment_news){.what = HAPPENING_CONNECTED,
                                    .tls = tls_version(e->connection),
                                    .cipher = tls_cipher(e->connection)});
    int result = enrol_new(&e->session, &e->setup.session, now_of(e));
    if (result) {
        tls_close(e->connection);
        return;
    }
    pump(e);
}

static void hang_up(struct enrolment *e)
{
    vouching_clear(&e->vouching);
    tls_free(e->connection);
    e->connection = NULL;
}

static void vouched(void *context, int error, const struct why *why)
{
    struct enrolment *e = context;
    if (error) {
        hang_up(e);
        fail(e, ENROL_UNTRUSTED, why_text(why, error));
        return;
    }
    tls_pause(e->connection, false);
    start_session(e);
}

/* What the server says meanwhile waits with it. */
static void ready(void *context)
{
    struct enrolment *e = context;
    if (!vouching_is_open(&e->vouching)) {
        start_session(e);
        return;
    }
    tls_pause(e->connection, true);
    int result = vouching_ask(&e->vouching, e->connection, vouched, e);
    if (result) {
        hang_up(e);
        fail(e, ENROL_UNTRUSTED, error_text(result));
    }
}

static void received(void *context, struct bytes data)
{
    struct enrolment *e = context;
    if (!e->session)
        return;
    if (enrol_input(e->session, data) != 0)
        enrol_gone(e->session, "it says more than CAPF can mean");
    pump(e);
}

static void closed(void *context, const struct tls_end *end)
{
    struct enrolment *e = context;
    char words[sizeof e->words];
    hang_up(e);
    if (!e->session) {
        fail(e, e->outcome, reach_failure(words, sizeof words, end, e->setup.old_tls));
        return;
    }
    enrol_gone(e->session, end->text);
    if (enrol_result(e->session))
        leave(e);
    else
        pump(e);
}

static void connect_to(struct enrolment *e)
{
    struct why why = WHY_NONE;
    const struct tls_connect_setup setup = {
        .context = e->setup.tls,
        .limits = {.handshake_ms = e->setup.pace.handshake_ms,
                   .linger_ms = LINGER_MS,
                   .queue = QUEUE},
        .local = e->setup.source ? &e->source : NULL,
        .judge = judge,
        .events = {.ready = ready, .received = received, .closed = closed},
        .user = e,
    };
    e->outcome = ENROL_UNREACHABLE;
    tell(e, (struct enrolment_news){.what = HAPPENING_CONNECT});
    int result = tls_connect(&e->connection, e->setup.loop, &e->address, &setup, &why);
    if (result)
        fail(e, ENROL_UNREACHABLE, why_text(&why, result));
}

static void reached(void *context, const struct reach_result *result)
{
    struct enrolment *e = context;
    if (result->error)
        fail(e, ENROL_UNREACHABLE, result->words);
    else
        e->address = *result->address;
    if (!result->error)
        connect_to(e);
    reach_free(e->reach);
    e->reach = NULL;
}

/* Names are looked up by a worker: that may take its time. */
static void ask_next(struct enrolment *e)
{
    const struct cnf_member *server = &e->servers[e->next++];
    uint16_t port = server->port ? server->port : e->setup.port;
    char host[CNF_HOST];
    e->visit++;
    text_escape(host, sizeof host, bytes_of_string(server->host));
    text_format(e->server, sizeof e->server, "%s:%u", host, port);
    if (address_parse(&e->address, server->host, port) == 0) {
        connect_to(e);
        return;
    }
    int result = reach_start(&e->reach, e->setup.worker, server->host, port, reached, e);
    if (result)
        fail(e, ENROL_UNREACHABLE, error_text(result));
}

/* ---- birth and death ---- */

static void tell_no_server(struct enrolment *e)
{
    e->outcome = ENROL_UNREACHABLE;
    text_copy(e->words, sizeof e->words, "its configuration names no CAPF server");
    conclude(e);
}

int enrolment_start(struct enrolment **out, const struct enrolment_setup *setup)
{
    struct enrolment *e = calloc(1, sizeof *e);
    if (!e)
        return -ENOMEM;
    int result = loop_timer_new(&e->timer, setup->loop, timer_fired, e);
    if (result) {
        free(e);
        return result;
    }
    e->setup = *setup;
    if (e->setup.server_count > CNF_MEMBERS)
        e->setup.server_count = CNF_MEMBERS;
    for (size_t i = 0; i < e->setup.server_count; i++)
        e->servers[i] = setup->servers[i];
    if (setup->source)
        e->source = *setup->source;
    if (setup->flash)
        e->flash = *setup->flash;
    e->vouching =
        (struct vouching){.trust = setup->trust, .kind = SERVER_CAPF, .tvsc = setup->tvsc};
    at(e, 0, e->setup.server_count ? next_round : tell_no_server);
    *out = e;
    return 0;
}

void enrolment_free(struct enrolment *e)
{
    if (!e)
        return;
    hang_up(e);
    reach_free(e->reach);
    enrol_free(e->session);
    loop_timer_free(e->timer);
    key_free(e->key);
    identity_fini(&e->lsc);
    e->reach = NULL;
    e->session = NULL;
    e->timer = NULL;
    e->key = NULL;
    e->doomed = true;
    release(e);
}
