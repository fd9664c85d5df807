/* A phone asks TVS over TLS, and remembers. */
#include "tvsd.h"

#include "phone/vouching.h"

#include <unistd.h>

#define DEVICE "CP-7975-SEP001122334455"

static struct {
    struct loop *loop;
    struct worker *worker;
    struct tls_context *tls;
    struct loop_timer *watchdog;
    struct tvsd tvsd[2]; /* in the order of the configuration */
    struct identity signer, unknown;
    struct bytes list;
    struct trustlist *itl;
    struct cnf_member servers[CNF_MEMBERS];
    struct tvsc_circle circle;
    struct tvsc *tvsc;
    struct inquiry_question question;
    struct tvsc_ask *ask;
    /* the answer */
    bool answered;
    struct testimony testimony;
    uint8_t certificate[4096];
    char words[800];
    char news[1000];
} w;

static void watchdog(void *context)
{
    (void)context;
    fail_msg("nothing happens any more: %s", w.news);
}

static enum tvsc_happening stop_at = TVSC_FLUSHED;

static void take_news(void *context, const struct tvsc_news *news)
{
    static const char *const words[] = {
        [TVSC_CACHED] = "cached ", [TVSC_ASK] = "ask ",        [TVSC_CONNECT] = "connect ",
        [TVSC_SENT] = "sent ",     [TVSC_FAILED] = "failed ",  [TVSC_CONNECTED] = "connected ",
        [TVSC_ANSWERED] = "told ", [TVSC_FLUSHED] = "flushed "};
    (void)context;
    strncat(w.news, words[news->what], 20);
    if (news->what == stop_at)
        loop_stop(w.loop);
}

static void name_server(size_t n, const char *host, uint16_t port)
{
    text_copy(w.servers[n].host, sizeof w.servers[n].host, host);
    w.servers[n].port = port;
    if (w.circle.server_count <= n)
        w.circle.server_count = n + 1;
    tvsc_set_circle(w.tvsc, &w.circle);
}

static void read_itl(const struct certificate *tvs)
{
    trustlist_free(w.itl);
    vector_free(w.list);
    w.list = tvsd_itl(&w.signer, tvs);
    assert_int_equal(trustlist_parse(&w.itl, w.list, NULL), 0);
    w.circle.trust.itl = w.itl;
    tvsc_set_circle(w.tvsc, &w.circle);
}

static int enter(void **state)
{
    const struct tls_client_setup client = {.profile = TLS_MODERN};
    (void)state;
    memset(&w, 0, sizeof w);
    stop_at = TVSC_FLUSHED;
    assert_int_equal(loop_new(&w.loop), 0);
    assert_int_equal(worker_new(&w.worker, w.loop, 1, 16), 0);
    assert_int_equal(tls_client_context_new(&w.tls, &client, NULL), 0);
    assert_int_equal(loop_timer_new(&w.watchdog, w.loop, watchdog, NULL), 0);
    loop_timer_start(w.watchdog, 60000);
    for (size_t i = 0; i < 2; i++)
        tvsd_open(&w.tvsd[i], w.loop, "pool/rsa2048-3.pem");
    factory_signer(&w.signer);
    factory_foreign(&w.unknown);
    const struct tvsc_setup setup = {
        .loop = w.loop, .worker = w.worker, .device = DEVICE, .port = TVS_PORT, .news = take_news};
    assert_int_equal(tvsc_new(&w.tvsc, &setup), 0);
    w.circle = (struct tvsc_circle){
        .trust = {.model = model_find("7975")}, .servers = w.servers, .tls = w.tls};
    read_itl(w.tvsd[0].identity.certificate);
    for (size_t i = 0; i < 2; i++) {
        name_server(i, "127.0.0.1", address_port(&w.tvsd[i].address));
        w.tvsd[i].certificate = certificate_der(w.unknown.certificate);
    }
    const struct certificate *c = w.unknown.certificate;
    w.question = (struct inquiry_question){.subject = bytes_of_string(certificate_subject(c)),
                                           .issuer = bytes_of_string(certificate_issuer(c)),
                                           .serial = certificate_serial(c)};
    return 0;
}

static int leave(void **state)
{
    (void)state;
    tvsc_ask_free(w.ask);
    tvsc_free(w.tvsc);
    worker_free(w.worker);
    for (size_t i = 0; i < 2; i++)
        tvsd_close(&w.tvsd[i]);
    tls_context_free(w.tls);
    loop_timer_free(w.watchdog);
    loop_free(w.loop);
    identity_fini(&w.signer);
    identity_fini(&w.unknown);
    trustlist_free(w.itl);
    vector_free(w.list);
    return 0;
}

static void answered(void *context, const struct testimony *testimony)
{
    assert_ptr_equal(context, &w);
    assert_false(w.answered);
    w.answered = true;
    w.testimony = *testimony;
    if (testimony->certificate.size)
        memcpy(w.certificate, testimony->certificate.data, testimony->certificate.size);
    w.testimony.certificate = bytes_of(w.certificate, testimony->certificate.size);
    snprintf(w.words, sizeof w.words, "%s", testimony->words ? testimony->words : "");
    tvsc_ask_free(w.ask);
    w.ask = NULL;
    loop_stop(w.loop);
}

static void ask(enum testimony_kind kind)
{
    w.answered = false;
    w.news[0] = '\0';
    assert_int_equal(tvsc_ask(&w.ask, w.tvsc, &w.question, answered, &w), 0);
    assert_false(w.answered);
    assert_int_equal(loop_run(w.loop), 0);
    assert_true(w.answered);
    if (w.testimony.kind != kind)
        fail_msg("%d where %d is right: %s (%s)", (int)w.testimony.kind, (int)kind, w.words,
                 w.news);
}

static void ask_about(const struct certificate *c)
{
    w.question.certificate = certificate_der(c);
}

/* ---- answers ---- */

static void test_a_signer_is_asked_for_and_its_certificate_comes(void **state)
{
    (void)state;
    ask(TESTIMONY_VOUCHED);
    assert_bytes_equal(w.testimony.certificate, certificate_der(w.unknown.certificate));
    assert_true(testimony_has_role(&w.testimony, ROLE_SAST));
    assert_int_equal(w.tvsd[0].command, TVS_QUERY_CERT_REQ);
    assert_string_equal(w.tvsd[0].device, DEVICE);
    assert_string_equal(w.tvsd[0].subject, certificate_subject(w.unknown.certificate));
    assert_string_equal(w.tvsd[0].issuer, certificate_issuer(w.unknown.certificate));
    assert_int_equal(w.tvsd[0].serial_size, certificate_serial(w.unknown.certificate).size);
    assert_int_equal(w.tvsd[0].session, 1001);
    assert_string_equal(w.news, "ask connect connected sent told ");
    assert_int_equal(w.tvsd[1].connections, 0);
}

static void test_a_certificate_is_shown_and_judged(void **state)
{
    (void)state;
    ask_about(w.unknown.certificate);
    w.tvsd[0].roles = "\x04";
    ask(TESTIMONY_VOUCHED);
    assert_int_equal(w.tvsd[0].command, TVS_CERT_VERIFICATION_REQ);
    assert_int_equal(w.tvsd[0].certificate_size, certificate_der(w.unknown.certificate).size);
    assert_true(testimony_has_role(&w.testimony, ROLE_CAPF));
    w.tvsd[0].mood = MOOD_DENY;
    ask_about(w.signer.certificate);
    ask(TESTIMONY_DENIED);
    assert_int_equal(w.tvsd[0].session, 1002);
}

static void test_what_was_said_is_not_asked_again(void **state)
{
    (void)state;
    ask(TESTIMONY_VOUCHED);
    ask(TESTIMONY_VOUCHED);
    assert_string_equal(w.news, "cached ");
    ask_about(w.unknown.certificate); /* the same certificate, now in hand */
    ask(TESTIMONY_VOUCHED);
    assert_string_equal(w.news, "cached ");
    assert_bytes_equal(w.testimony.certificate, certificate_der(w.unknown.certificate));
    assert_int_equal(w.tvsd[0].questions, 1);
    w.news[0] = '\0';
    tvsc_flush(w.tvsc);
    assert_string_equal(w.news, "flushed ");
    ask(TESTIMONY_VOUCHED);
    assert_int_equal(w.tvsd[0].questions, 2);
}

static void test_a_no_is_asked_again(void **state)
{
    (void)state;
    w.tvsd[0].mood = MOOD_DENY;
    ask(TESTIMONY_DENIED);
    w.tvsd[0].mood = MOOD_TRUST;
    w.tvsd[0].ttl = 0;
    ask(TESTIMONY_VOUCHED);
    ask(TESTIMONY_VOUCHED); /* no time to live: not kept either */
    assert_int_equal(w.tvsd[0].questions, 3);
}

/* ---- whom to believe, whom to ask ---- */

static void test_a_server_that_the_itl_does_not_name_is_not_asked(void **state)
{
    (void)state;
    read_itl(w.signer.certificate);
    ask(TESTIMONY_SILENCE);
    assert_int_equal(w.tvsd[0].questions + w.tvsd[1].questions, 0);
    assert_non_null(strstr(w.words, "its ITL names CN="));
    assert_non_null(strstr(w.words, "; 127.0.0.1:")); /* both are told about */
    assert_string_equal(w.news, "ask connect failed connect failed told ");
}

static void test_the_next_server_is_asked_when_one_does_not_answer(void **state)
{
    static const enum tvsd_mood moods[] = {MOOD_CUT, MOOD_NONSENSE};
    (void)state;
    for (size_t i = 0; i < sizeof moods / sizeof *moods; i++) {
        tvsc_flush(w.tvsc);
        w.tvsd[0].mood = moods[i];
        ask(TESTIMONY_VOUCHED);
        assert_int_equal(w.tvsd[0].questions, i + 1);
        assert_int_equal(w.tvsd[1].questions, i + 1);
        assert_string_equal(w.news,
                            "ask connect connected sent failed connect connected sent told ");
    }
}

static void test_a_server_that_is_silent_is_left_in_time(void **state)
{
    const struct tvsc_setup setup = {
        .loop = w.loop, .worker = w.worker, .device = DEVICE, .answer_ms = 200, .news = take_news};
    (void)state;
    tvsc_free(w.tvsc);
    assert_int_equal(tvsc_new(&w.tvsc, &setup), 0);
    tvsc_set_circle(w.tvsc, &w.circle);
    w.tvsd[0].mood = MOOD_SILENCE;
    ask(TESTIMONY_VOUCHED);
    assert_int_equal(w.tvsd[1].questions, 1);
}

static void test_nobody_listens_and_all_are_named(void **state)
{
    struct address any;
    int fd = -1;
    (void)state;
    /* A port that is ours and on which nobody listens. */
    assert_int_equal(address_parse(&any, "127.0.0.1", 0), 0);
    assert_int_equal(tcp_bind(&fd, &any, NULL), 0);
    any.size = sizeof any.v6;
    assert_int_equal(getsockname(fd, &any.any, &any.size), 0);
    close(fd);
    name_server(0, "127.0.0.1", address_port(&any));
    name_server(1, "no.such.host.invalid", 2445);
    ask(TESTIMONY_SILENCE);
    char once[64];
    snprintf(once, sizeof once,
             "127.0.0.1:%u: Connection refused; no.such.host.invalid:2445: ", address_port(&any));
    if (strncmp(w.words, once, strlen(once)) != 0)
        fail_msg("%s", w.words); /* each server is named, and once */
}

static void test_names_are_looked_up(void **state)
{
    (void)state;
    name_server(0, "localhost", address_port(&w.tvsd[0].address));
    ask(TESTIMONY_VOUCHED);
    assert_int_equal(w.tvsd[0].questions, 1);
}

static void test_a_question_can_be_dropped_at_any_time(void **state)
{
    (void)state;
    assert_int_equal(tvsc_ask(&w.ask, w.tvsc, &w.question, answered, &w), 0);
    tvsc_ask_free(w.ask);
    w.ask = NULL;
    name_server(0, "localhost", 1); /* a look-up is under way */
    assert_int_equal(tvsc_ask(&w.ask, w.tvsc, &w.question, answered, &w), 0);
    stop_at = TVSC_CONNECT;
    assert_int_equal(loop_run(w.loop), 0);
    tvsc_ask_free(w.ask);
    w.ask = NULL;
    assert_false(w.answered);
}

#define T(test) cmocka_unit_test_setup_teardown(test, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_a_signer_is_asked_for_and_its_certificate_comes),
        T(test_a_certificate_is_shown_and_judged),
        T(test_what_was_said_is_not_asked_again),
        T(test_a_no_is_asked_again),
        T(test_a_server_that_the_itl_does_not_name_is_not_asked),
        T(test_the_next_server_is_asked_when_one_does_not_answer),
        T(test_a_server_that_is_silent_is_left_in_time),
        T(test_nobody_listens_and_all_are_named),
        T(test_names_are_looked_up),
        T(test_a_question_can_be_dropped_at_any_time),
    };
    return RUN(tests);
}
