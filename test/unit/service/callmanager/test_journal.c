#include "support.h"

#include "base/file.h"
#include "base/text.h"
#include "service/callmanager/journal.h"

#include <stdio.h>
#include <string.h>

enum { MANY = 3000 };

static char directory[1024];
static struct loop *loop;
static struct callmanager_journal *journal;

static void begin(void)
{
    temporary_make(directory);
    assert_int_equal(
        log_open(
            &(struct log_setup){.program = "test", .directory = directory, .level = LEVEL_INFO},
            NULL),
        0);
    assert_int_equal(loop_new(&loop), 0);
    assert_int_equal(callmanager_journal_new(&journal, loop, directory, 0, 0, NULL), 0);
}

static void end(void)
{
    callmanager_journal_free(journal);
    loop_free(loop);
    log_close();
    temporary_remove(directory);
}

/* How many lines of the file have it. */
static unsigned said(const char *file, const char *text)
{
    char path[1100];
    struct buffer log;
    unsigned count = 0;
    snprintf(path, sizeof path, "%s/%s", directory, file);
    buffer_init(&log, 8 << 20);
    assert_int_equal(file_read(&log, path, NULL), 0);
    buffer_append(&log, bytes_of("", 1));
    assert_int_equal(log.error, 0);
    char *rest = NULL;
    for (char *line = strtok_r((char *)log.data, "\n", &rest); line;
         line = strtok_r(NULL, "\n", &rest))
        count += strstr(line, text) != NULL;
    buffer_fini(&log);
    return count;
}

static struct address at(const char *host)
{
    struct address a;
    assert_int_equal(address_parse(&a, host, 5000), 0);
    return a;
}

static void ask(const struct speaker *s, enum admission_verdict verdict)
{
    const struct who_answer answer = {
        .admission = {.verdict = verdict, .mode = MODE_NON_SECURE, .reason = "because"}};
    const struct station_claim claim = {.device = "SEP001122334455", .is_name = true};
    callmanager_journal_admission(journal, s, &answer, &claim, "", "");
}

static void test_an_address_flushes_neither_the_log_nor_the_trace(void **state)
{
    (void)state;
    struct address a = at("192.0.2.1"), b = at("192.0.2.2");
    const struct speaker one = {.number = 1, .device = "", .peer = &a};
    const struct speaker other = {.number = 2, .device = "", .peer = &b};
    const struct station_event alarm = {.kind = STATION_ALARM};
    begin();
    for (unsigned i = 0; i < MANY; i++) {
        ask(&one, ADMISSION_UNKNOWN);
        callmanager_journal_heard(journal, &one, &alarm);
        callmanager_journal_handshake_failed(
            journal, &a, &(struct tls_end){.kind = TLS_END_CERTIFICATE, .text = "no"});
    }
    assert_int_equal(said("trustline.log", "peer=192.0.2.1"), 10);
    assert_in_range(said("callmanager.log", "|"), 100, 500);
    ask(&other, ADMISSION_UNKNOWN); /* its neighbours have shares of their own */
    assert_int_equal(said("trustline.log", "peer=192.0.2.2"), 1);
    assert_int_equal(said("callmanager.log", "(0000002) RegisterReq"), 1);
    end();
}

/* Each of its addresses would have a share, and it has 2^64. */
static void test_a_link_of_ipv6_has_one_share(void **state)
{
    (void)state;
    begin();
    for (unsigned i = 1; i < MANY; i++) {
        char host[40];
        snprintf(host, sizeof host, "2001:db8:1:2::%x", i);
        struct address a = at(host);
        ask(&(struct speaker){.number = i, .device = "", .peer = &a}, ADMISSION_UNKNOWN);
    }
    assert_int_equal(said("trustline.log", "event=phone_refused"), 10);
    assert_int_equal(said("callmanager.log", "RegisterReject"), 120);
    end();
}

static void test_a_phone_that_comes_and_goes_has_a_few_lines_a_minute(void **state)
{
    (void)state;
    struct address a = at("192.0.2.1");
    const struct speaker one = {
        .number = 1, .device = "SEP001122334455", .registered = true, .peer = &a};
    const struct speaker two = {
        .number = 2, .device = "SEP001122334466", .registered = true, .peer = &a};
    const struct station_event keys = {.kind = STATION_USER, .call = {.kind = CALL_EV_NEW}};
    begin();
    for (unsigned i = 0; i < MANY; i++) {
        ask(&one, ADMISSION_WELCOME);
        callmanager_journal_heard(journal, &one, &keys);
        callmanager_journal_event(journal, LEVEL_NOTICE, "phone_gone", &one, "it went");
    }
    assert_int_equal(said("trustline.log", "device=SEP001122334455"), 30);
    assert_in_range(said("callmanager.log", "|"), 100, 3000);
    ask(&two, ADMISSION_WELCOME);
    assert_int_equal(said("trustline.log", "event=phone_registered device=SEP001122334466"), 1);
    assert_int_equal(said("callmanager.log", "(0000002) RegisterAck"), 1);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_address_flushes_neither_the_log_nor_the_trace),
        cmocka_unit_test(test_a_link_of_ipv6_has_one_share),
        cmocka_unit_test(test_a_phone_that_comes_and_goes_has_a_few_lines_a_minute),
    };
    return RUN(tests);
}
