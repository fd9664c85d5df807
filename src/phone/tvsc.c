#include "phone/tvsc.h"

#include "base/text.h"
#include "phone/reach.h"
#include "phone/tvscache.h"

#include <errno.h>
#include <stdlib.h>

enum { FIRST_SESSION = 1001, /* where real phones were seen to begin */ LINGER_MS = 1000 };

struct tvsc {
    struct tvsc_setup setup;
    struct address source;
    char device[TVS_DEVICE_MAX];
    struct tvsc_circle circle;
    struct cnf_member servers[CNF_MEMBERS]; /* of the circle */
    struct tvscache *cache;
    uint32_t session; /* of the next question */
};

struct tvsc_ask {
    struct tvsc *tvsc;
    struct inquiry_question question;
    void (*answered)(void *context, const struct testimony *testimony);
    void *context;
    struct loop_timer *timer;
    struct inquiry *inquiry; /* NULL: not begun */
    struct reach *reach;
    struct tls_connection *connection;
};

int tvsc_new(struct tvsc **out, const struct tvsc_setup *setup)
{
    struct tvsc *t = calloc(1, sizeof *t);
    if (!t)
        return -ENOMEM;
    t->setup = *setup;
    t->session = FIRST_SESSION;
    text_copy(t->device, sizeof t->device, setup->device);
    if (setup->source)
        t->source = *setup->source;
    if (t->setup.answer_ms == 0)
        t->setup.answer_ms = INQUIRY_ANSWER_MS;
    int result = tvscache_new(&t->cache);
    if (result)
        free(t);
    else
        *out = t;
    return result;
}

void tvsc_free(struct tvsc *tvsc)
{
    if (tvsc)
        tvscache_free(tvsc->cache);
    free(tvsc);
}

void tvsc_set_circle(struct tvsc *tvsc, const struct tvsc_circle *circle)
{
    tvsc->circle = *circle;
    if (tvsc->circle.server_count > CNF_MEMBERS)
        tvsc->circle.server_count = CNF_MEMBERS;
    for (size_t i = 0; i < tvsc->circle.server_count; i++)
        tvsc->servers[i] = circle->servers[i];
    tvsc->circle.servers = tvsc->servers;
}

static int64_t now_of(const struct tvsc *t)
{
    return loop_now(t->setup.loop);
}

void tvsc_flush(struct tvsc *tvsc)
{
    const struct tvsc_news news = {.what = TVSC_FLUSHED, .size = tvscache_flush(tvsc->cache)};
    tvsc->setup.news(tvsc->setup.context, &news);
}

/* ---- telling ---- */

static void tell(const struct tvsc_ask *ask, struct tvsc_news news)
{
    const struct tvsc_setup *setup = &ask->tvsc->setup;
    news.verify = ask->question.certificate.size != 0;
    news.server = ask->inquiry ? inquiry_server(ask->inquiry) : "";
    setup->news(setup->context, &news);
}

/* ---- the connection ---- */

static void pump(struct tvsc_ask *ask);

static void hang_up(struct tvsc_ask *ask)
{
    reach_free(ask->reach);
    tls_free(ask->connection);
    ask->reach = NULL;
    ask->connection = NULL;
}

static enum tls_verdict judge(void *context, const struct certificate *server, struct why *why)
{
    struct tvsc_ask *ask = context;
    struct answer answer;
    accept_server(&answer, &ask->tvsc->circle.trust, SERVER_TVS, server);
    if (answer.verdict == VERDICT_YES)
        return TLS_TRUSTED;
    (void)why_error(why, ERR_POLICY, "%s", answer.explanation);
    return TLS_UNKNOWN_CA;
}

static void ready(void *context)
{
    struct tvsc_ask *ask = context;
    tell(ask, (struct tvsc_news){.what = TVSC_CONNECTED,
                                 .tls = tls_version(ask->connection),
                                 .cipher = tls_cipher(ask->connection)});
    inquiry_connected(ask->inquiry);
    pump(ask);
}

static void received(void *context, struct bytes data)
{
    struct tvsc_ask *ask = context;
    inquiry_input(ask->inquiry, data);
    pump(ask);
}

static void closed(void *context, const struct tls_end *end)
{
    struct tvsc_ask *ask = context;
    char words[320];
    inquiry_gone(ask->inquiry, reach_failure(words, sizeof words, end, ask->tvsc->circle.old_tls));
    pump(ask);
}

static void connect_to(struct tvsc_ask *ask, const struct address *address)
{
    const struct tvsc *t = ask->tvsc;
    struct why why = WHY_NONE;
    const struct tls_connect_setup setup = {
        .context = t->circle.tls,
        .limits = {.handshake_ms = t->setup.answer_ms,
                   .linger_ms = LINGER_MS,
                   .queue = TVS_FRAME_MAX},
        .local = t->setup.source ? &t->source : NULL,
        .judge = judge,
        .events = {.ready = ready, .received = received, .closed = closed},
        .user = ask,
    };
    int result = tls_connect(&ask->connection, t->setup.loop, address, &setup, &why);
    if (result)
        inquiry_gone(ask->inquiry, why_text(&why, result));
}

static void reached(void *context, const struct reach_result *result)
{
    struct tvsc_ask *ask = context;
    if (result->error)
        inquiry_gone(ask->inquiry, result->words);
    else
        connect_to(ask, result->address);
    reach_free(ask->reach);
    ask->reach = NULL;
    pump(ask);
}

static void connect_by_name(struct tvsc_ask *ask, const struct cnf_member *server)
{
    uint16_t port = server->port ? server->port : ask->tvsc->setup.port;
    struct address address;
    tell(ask, (struct tvsc_news){.what = TVSC_CONNECT});
    if (address_parse(&address, server->host, port) == 0) {
        connect_to(ask, &address);
        return;
    }
    int result =
        reach_start(&ask->reach, ask->tvsc->setup.worker, server->host, port, reached, ask);
    if (result)
        inquiry_gone(ask->inquiry, error_text(result));
}

/* ---- the inquiry ---- */

static void send_question(struct tvsc_ask *ask, struct bytes question)
{
    int result = ask->connection ? tls_write(ask->connection, question) : ERR_CLOSED;
    if (result)
        inquiry_gone(ask->inquiry, error_text(result));
    else
        tell(ask, (struct tvsc_news){.what = TVSC_SENT, .size = question.size});
}

static struct tvscache_key key_of(const struct tvsc_ask *ask)
{
    const struct inquiry_question *q = &ask->question;
    return (struct tvscache_key){
        .issuer = q->issuer, .serial = q->serial, .certificate = q->certificate};
}

static void conclude(struct tvsc_ask *ask)
{
    const struct testimony *testimony = inquiry_testimony(ask->inquiry);
    const struct tvscache_key key = key_of(ask);
    uint32_t ttl = inquiry_ttl(ask->inquiry);
    loop_timer_stop(ask->timer);
    tell(ask, (struct tvsc_news){.what = TVSC_ANSWERED,
                                 .testimony = testimony,
                                 .ttl = ttl,
                                 .size = inquiry_received(ask->inquiry)});
    tvscache_put(ask->tvsc->cache, &key, testimony, ttl, now_of(ask->tvsc));
    ask->answered(ask->context, testimony);
}

/* The last call here may have freed the question. */
static void pump(struct tvsc_ask *ask)
{
    struct inquiry_step step;
    bool over = false;
    while (inquiry_step(ask->inquiry, now_of(ask->tvsc), &step)) {
        if (step.failed)
            tell(ask, (struct tvsc_news){.what = TVSC_FAILED, .words = step.failed});
        if (step.drop)
            hang_up(ask);
        if (step.connect)
            connect_by_name(ask, step.connect);
        if (step.send.size)
            send_question(ask, step.send);
        over |= step.over;
    }
    int64_t due = inquiry_due(ask->inquiry);
    if (over)
        conclude(ask);
    else if (due != INT64_MAX)
        loop_timer_start(ask->timer, due - now_of(ask->tvsc));
}

/* What cannot be asked is not answered. */
static void give_up(struct tvsc_ask *ask, int error)
{
    const struct testimony silence = {.kind = TESTIMONY_SILENCE, .words = error_text(error)};
    ask->answered(ask->context, &silence);
}

static void begin(struct tvsc_ask *ask)
{
    struct tvsc *t = ask->tvsc;
    const struct inquiry_setup setup = {
        .device = t->device,
        .session = t->session++,
        .question = ask->question,
        .servers = t->servers,
        .server_count = t->circle.server_count,
        .port = t->setup.port,
        .answer_ms = t->setup.answer_ms,
    };
    tell(ask, (struct tvsc_news){.what = TVSC_ASK});
    int result = inquiry_new(&ask->inquiry, &setup, now_of(t));
    if (result)
        give_up(ask, result);
    else
        pump(ask);
}

static void timer_fired(void *context)
{
    struct tvsc_ask *ask = context;
    const struct tvscache_key key = key_of(ask);
    if (ask->inquiry) {
        pump(ask);
        return;
    }
    const struct testimony *known = tvscache_find(ask->tvsc->cache, &key, now_of(ask->tvsc));
    if (!known) {
        begin(ask);
        return;
    }
    tell(ask, (struct tvsc_news){.what = TVSC_CACHED, .testimony = known});
    ask->answered(ask->context, known);
}

/* ---- birth and death ---- */

int tvsc_ask(struct tvsc_ask **out, struct tvsc *tvsc, const struct inquiry_question *question,
             void (*answered)(void *context, const struct testimony *testimony), void *context)
{
    struct tvsc_ask *ask = calloc(1, sizeof *ask);
    if (!ask)
        return -ENOMEM;
    ask->tvsc = tvsc;
    ask->question = *question;
    ask->answered = answered;
    ask->context = context;
    int result = loop_timer_new(&ask->timer, tvsc->setup.loop, timer_fired, ask);
    if (result) {
        free(ask);
        return result;
    }
    loop_timer_start(ask->timer, 0);
    *out = ask;
    return 0;
}

void tvsc_ask_free(struct tvsc_ask *ask)
{
    if (!ask)
        return;
    hang_up(ask);
    inquiry_free(ask->inquiry);
    loop_timer_free(ask->timer);
    free(ask);
}
