/* The phone's side of TVS, fed with bytes: the exchanges of docs/protocols/tvs.md, and servers that
 * do not answer, or go astray. */
#include "support.h"

#include "base/text.h"
#include "phone/inquiry.h"

#include <stdio.h>
#include <string.h>

#define PHONE   "CP-8861-SEPB000B4BA0AEE"
#define SUBJECT "CN=ucm11pub.stormin.local;OU=IST;O=Stormin;L=Brisbane;ST=QLD;C=AU"
#define ISSUER  "CN=stormin-WIN2012-CA"

static const uint8_t serial[] = {0x24, 0x00, 0x00, 0x00, 0x17, 0x94, 0x79, 0xb8, 0xf1, 0x24,
                                 0xac, 0x3f, 0x3b, 0x00, 0x00, 0x00, 0x00, 0x00, 0x17};

static struct inquiry *q;
static struct inquiry_step step;
static struct inquiry_setup setup;
static struct cnf_member servers[CNF_MEMBERS];
static int64_t now;

static int enter(void **state)
{
    static const char *const hosts[] = {"192.0.2.1", "192.0.2.2", "tvs3.example"};
    (void)state;
    now = 1000;
    memset(servers, 0, sizeof servers);
    for (size_t i = 0; i < 3; i++)
        text_copy(servers[i].host, sizeof servers[i].host, hosts[i]);
    servers[1].port = 12445;
    setup = (struct inquiry_setup){
        .device = PHONE,
        .session = 0x3e9,
        .question = {.subject = bytes_of_string(SUBJECT),
                     .issuer = bytes_of_string(ISSUER),
                     .serial = bytes_of(serial, sizeof serial)},
        .servers = servers,
        .server_count = 3,
        .port = TVS_PORT,
        .answer_ms = 5000,
    };
    return 0;
}

static int leave(void **state)
{
    (void)state;
    inquiry_free(q);
    q = NULL;
    return 0;
}

static void begin(void)
{
    assert_int_equal(inquiry_new(&q, &setup, now), 0);
}

static bool stepped(void)
{
    return inquiry_step(q, now, &step);
}

static void waits(void)
{
    assert_false(stepped());
    assert_null(inquiry_testimony(q));
}

static void connects_to(const char *server)
{
    assert_true(stepped());
    assert_non_null(step.connect);
    assert_false(step.drop);
    assert_string_equal(inquiry_server(q), server);
    waits();
}

static void fails_with(const char *words)
{
    assert_true(stepped());
    assert_non_null(step.failed);
    assert_true(step.drop);
    if (!strstr(step.failed, words))
        fail_msg("\"%s\" does not say \"%s\"", step.failed, words);
}

static void sends(struct bytes expected)
{
    assert_true(stepped());
    assert_bytes_equal(step.send, expected);
    waits();
}

/* As far as the question with the first server. */
static void ask(void)
{
    begin();
    connects_to("192.0.2.1:2445");
    inquiry_connected(q);
    assert_true(stepped());
    assert_true(step.send.size > TVS_HEADER_SIZE);
    waits();
}

static const struct testimony *ends(enum testimony_kind kind)
{
    assert_true(stepped());
    assert_true(step.over);
    assert_true(kind == TESTIMONY_SILENCE || step.drop); /* phones go when they know */
    assert_false(stepped());                             /* the end is the end */
    assert_int_equal(inquiry_due(q), INT64_MAX);
    const struct testimony *t = inquiry_testimony(q);
    assert_non_null(t);
    assert_int_equal(t->kind, kind);
    return t;
}

static void add_hex(struct buffer *out, const char *hex)
{
    for (const char *p = hex; *p; p++) {
        uint8_t byte;
        size_t length;
        const char pair[3] = {p[0], p[1], 0};
        if (*p == ' ')
            continue;
        assert_int_equal(text_unhex(pair, &byte, 1, &length), 0);
        buffer_u8(out, byte);
        p++;
    }
}

static void feed(const char *hex)
{
    struct buffer b;
    buffer_init(&b, 65536);
    add_hex(&b, hex);
    inquiry_input(q, buffer_bytes(&b));
    buffer_fini(&b);
}

/* The log shows the beginning of the certificate only; the rest is filled up to its length. */
static void real_answer(struct buffer *out)
{
    buffer_init(out, 2000);
    add_hex(out, "57 01 04 f7 00 00 03 e9 05 be 07 00 01 00 02 05 ab 30 82 05 a7");
    buffer_fill(out, 0x5a, 1451 - 4);
    add_hex(out, "08 00 02 00 03 09 00 04 00 01 51 80");
    assert_int_equal(out->size, 1480);
}

/* ---- golden exchanges ---- */

static void test_the_query_is_that_of_a_real_phone(void **state)
{
    struct buffer expected;
    struct buffer answer;
    (void)state;
    buffer_init(&expected, 200);
    add_hex(&expected, "57 01 03 00 00 00 03 e9 00 8f 01 00 18 01");
    buffer_text(&expected, PHONE);
    add_hex(&expected, "03 00 42");
    buffer_text(&expected, SUBJECT);
    add_hex(&expected, "00 04 00 16");
    buffer_text(&expected, ISSUER);
    add_hex(&expected, "00 05 00 13 24 00 00 00 17 94 79 b8 f1 24 ac 3f 3b 00 00 00 00 00 17");
    assert_int_equal(expected.size, 153);
    begin();
    connects_to("192.0.2.1:2445");
    inquiry_connected(q);
    sends(buffer_bytes(&expected));
    real_answer(&answer);
    inquiry_input(q, buffer_bytes(&answer));
    const struct testimony *t = ends(TESTIMONY_VOUCHED);
    assert_int_equal(t->certificate.size, 1451);
    assert_true(testimony_has_role(t, ROLE_SAST));
    assert_true(testimony_has_role(t, ROLE_TFTP));
    assert_false(testimony_has_role(t, ROLE_CCM));
    assert_int_equal(inquiry_ttl(q), 86400);
    assert_int_equal(inquiry_received(q), 1480);
    assert_string_equal(inquiry_server(q), "192.0.2.1:2445");
    buffer_fini(&expected);
    buffer_fini(&answer);
}

static void test_a_certificate_in_hand_is_sent_to_be_verified(void **state)
{
    struct bytes der = vector_load("tvs.der");
    struct buffer expected;
    (void)state;
    buffer_init(&expected, 2000);
    add_hex(&expected, "57 01 01 00 00 00 00 01 02 55 01 00 18 01");
    buffer_text(&expected, PHONE);
    add_hex(&expected, "02 02 37");
    buffer_append(&expected, der);
    assert_int_equal(der.size, 0x237);
    setup.question.certificate = der;
    setup.session = 1;
    begin();
    connects_to("192.0.2.1:2445");
    inquiry_connected(q);
    sends(buffer_bytes(&expected));
    feed("57 01 02 00 00 00 00 01 00 0f 07 0001 00 08 0001 07 09 0004 00 01 51 80");
    const struct testimony *t = ends(TESTIMONY_VOUCHED);
    assert_bytes_equal(t->certificate, der);
    assert_true(testimony_has_role(t, ROLE_APP));
    inquiry_free(q);
    begin();
    connects_to("192.0.2.1:2445");
    inquiry_connected(q);
    sends(buffer_bytes(&expected));
    feed("57 01 02 00 00 00 00 01 00 11 07 0001 00 08 0003 00 01 03 09 0004 00 01 51 80");
    t = ends(TESTIMONY_VOUCHED);
    assert_int_equal(t->roles, 1u << ROLE_SAST | 1u << ROLE_CCM | 1u << ROLE_TFTP);
    buffer_fini(&expected);
    vector_free(der);
}

static void test_no_is_an_answer_and_nobody_else_is_asked(void **state)
{
    (void)state;
    ask();
    feed("57 01 04 00 00 00 03 e9 00 04 07 0001 01");
    const struct testimony *t = ends(TESTIMONY_DENIED);
    assert_int_equal(t->roles, 0);
    assert_int_equal(inquiry_ttl(q), 0);
    assert_int_equal(inquiry_received(q), 14);
}

static void test_an_answer_may_come_byte_by_byte(void **state)
{
    struct buffer answer;
    (void)state;
    ask();
    real_answer(&answer);
    for (size_t i = 0; i < answer.size; i++) {
        waits();
        inquiry_input(q, bytes_slice(buffer_bytes(&answer), i, 1));
    }
    ends(TESTIMONY_VOUCHED);
    buffer_fini(&answer);
}

static void test_an_answer_without_a_time_to_live_is_not_kept(void **state)
{
    (void)state;
    setup.question.certificate = bytes_of_string("der");
    ask();
    feed("57 01 02 00 00 00 03 e9 00 08 07 0001 00 08 0001 04");
    ends(TESTIMONY_VOUCHED);
    assert_int_equal(inquiry_ttl(q), 0);
}

/* A server that closes as soon as it has answered has answered. */
static void test_an_answer_counts_though_the_server_has_gone(void **state)
{
    (void)state;
    ask();
    feed("57 01 04 00 00 00 03 e9 00 04 07 0001 01");
    inquiry_gone(q, "closed");
    ends(TESTIMONY_DENIED);
}

/* ---- one after the other ---- */

static void test_servers_are_asked_in_order_until_one_answers(void **state)
{
    (void)state;
    begin();
    connects_to("192.0.2.1:2445");
    inquiry_gone(q, "connection refused");
    fails_with("connection refused");
    connects_to("192.0.2.2:12445");
    inquiry_connected(q);
    assert_true(stepped());
    assert_true(step.send.size == 153);
    inquiry_gone(q, "the connection was cut");
    fails_with("cut");
    connects_to("tvs3.example:2445");
    inquiry_connected(q);
    assert_true(stepped());
    assert_true(step.send.size == 153); /* each gets the whole question */
    feed("57 01 04 00 00 00 03 e9 00 04 07 0001 01");
    ends(TESTIMONY_DENIED);
    assert_string_equal(inquiry_server(q), "tvs3.example:2445");
}

static void test_a_server_that_is_late_is_left_for_the_next(void **state)
{
    (void)state;
    begin();
    connects_to("192.0.2.1:2445");
    assert_int_equal(inquiry_due(q), now + 5000);
    now += 4999;
    inquiry_connected(q);
    assert_true(stepped());
    assert_true(step.send.size > 0);
    waits();
    now += 1; /* the time is for the whole of it */
    fails_with("no answer in time");
    connects_to("192.0.2.2:12445");
    assert_int_equal(inquiry_due(q), now + 5000);
    feed("57 01"); /* drops do not buy time */
    now += 5000;
    fails_with("no answer in time");
}

static void test_what_the_last_server_said_is_not_heard_of_the_next(void **state)
{
    (void)state;
    ask();
    feed("57 01 04 00 00 00");
    inquiry_gone(q, "cut");
    fails_with("cut");
    connects_to("192.0.2.2:12445");
    inquiry_connected(q);
    assert_true(stepped());
    feed("57 01 04 00 00 00 03 e9 00 04 07 0001 01");
    ends(TESTIMONY_DENIED);
}

static void test_when_nobody_answers_each_is_named(void **state)
{
    (void)state;
    setup.server_count = 2;
    begin();
    connects_to("192.0.2.1:2445");
    inquiry_gone(q, "192.0.2.1:2445: connection refused"); /* the words may begin with its name */
    fails_with("refused");
    connects_to("192.0.2.2:12445");
    inquiry_gone(q, "the phone's ITL does not know it");
    fails_with("ITL");
    const struct testimony *t = ends(TESTIMONY_SILENCE);
    assert_string_equal(t->words, "192.0.2.1:2445: connection refused; "
                                  "192.0.2.2:12445: the phone's ITL does not know it");
}

static void test_without_servers_there_is_silence(void **state)
{
    (void)state;
    setup.server_count = 0;
    begin();
    assert_string_equal(ends(TESTIMONY_SILENCE)->words, "its configuration names no TVS");
    assert_string_equal(inquiry_server(q), "");
}

/* ---- nonsense ---- */

static void test_a_server_that_talks_nonsense_is_left_for_the_next(void **state)
{
    static const struct {
        const char *hex, *words;
    } cases[] = {
        {"55", "0x55"},
        {"57 02", "version 2"},
        {"57 01 04 00 00 00 03 e9 ff ff", "65535 bytes"},
        {"57 01 02 00 00 00 03 e9 00 04 07 0001 00", "is no answer to TVS_MSG_QUERY_CERT_REQ"},
        {"57 01 03 00 00 00 03 e9 00 04 07 0001 00", "is no answer"},
        {"57 01 04 00 00 00 03 ea 00 04 07 0001 00", "another session"},
        {"57 01 04 00 00 00 03 e9 00 00", "no status"},
        {"57 01 04 00 00 00 03 e9 00 04 07 0001 00", "no certificate"},
        {"57 01 04 00 00 00 03 e9 00 05 07 0002 00 00", "STATUS"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ask();
        feed(cases[i].hex);
        fails_with(cases[i].words);
        connects_to("192.0.2.2:12445");
        inquiry_free(q);
    }
    q = NULL;
}

static void test_a_flood_is_bounded(void **state)
{
    static const uint8_t zeros[65536];
    (void)state;
    ask();
    feed("57 01 04 00 00 00 03 e9 3f ff");
    inquiry_input(q, bytes_of(zeros, sizeof zeros));
    fails_with("more than an answer can be");
    connects_to("192.0.2.2:12445");
}

static void test_what_does_not_fit_into_a_message_is_not_asked(void **state)
{
    static uint8_t huge[70000];
    (void)state;
    setup.question.certificate = bytes_of(huge, sizeof huge);
    assert_int_equal(inquiry_new(&q, &setup, now), ERR_LIMIT);
}

#define T(test) cmocka_unit_test_setup_teardown(test, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_the_query_is_that_of_a_real_phone),
        T(test_a_certificate_in_hand_is_sent_to_be_verified),
        T(test_no_is_an_answer_and_nobody_else_is_asked),
        T(test_an_answer_may_come_byte_by_byte),
        T(test_an_answer_without_a_time_to_live_is_not_kept),
        T(test_an_answer_counts_though_the_server_has_gone),
        T(test_servers_are_asked_in_order_until_one_answers),
        T(test_a_server_that_is_late_is_left_for_the_next),
        T(test_what_the_last_server_said_is_not_heard_of_the_next),
        T(test_when_nobody_answers_each_is_named),
        T(test_without_servers_there_is_silence),
        T(test_a_server_that_talks_nonsense_is_left_for_the_next),
        T(test_a_flood_is_bounded),
        T(test_what_does_not_fit_into_a_message_is_not_asked),
    };
    return RUN(tests);
}
