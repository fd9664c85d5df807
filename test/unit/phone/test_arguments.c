#include "support.h"

#include "phone/arguments.h"
#include "phone/fleet.h"

#include <stdlib.h>
#include <string.h>

static char out_text[8192];
static char err_text[2048];
static enum phone_exit status;

/* Reads a line of words with one blank between them. */
static bool read_line(struct arguments *a, const char *line)
{
    static char copy[512];
    char program[] = "/usr/bin/trustline-phone";
    char *words[32] = {program};
    int count = 1;
    FILE *out = fmemopen(out_text, sizeof out_text, "w");
    FILE *err = fmemopen(err_text, sizeof err_text, "w");
    char *rest = NULL;
    out_text[0] = err_text[0] = '\0';
    snprintf(copy, sizeof copy, "%s", line);
    for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        words[count++] = word;
    status = EXIT_REACHED;
    bool result = arguments_read(a, count, words, out, err, &status);
    fclose(out);
    fclose(err);
    return result;
}

static void expect_usage_error(const char *line, const char *words)
{
    struct arguments a;
    assert_false(read_line(&a, line));
    assert_int_equal(status, EXIT_USAGE);
    if (strncmp(err_text, "trustline-phone: ", 17) != 0 || !strstr(err_text, words))
        fail_msg("'%s' says: %s", line, err_text);
}

static void test_one_phone_needs_a_name_and_a_server(void **state)
{
    (void)state;
    struct arguments a;
    assert_true(read_line(&a, "SEP0011223344aa --tftp 192.0.2.1:10069"));
    assert_string_equal(a.device, "SEP0011223344AA");
    assert_string_equal(a.tftp, "192.0.2.1:10069");
    assert_string_equal(a.models[0]->name, "7975");
    assert_null(a.home);
    assert_int_equal(a.fleet, 0);
}

static void test_all_options_of_one_phone_are_read(void **state)
{
    (void)state;
    struct arguments a;
    assert_true(read_line(&a, "--tftp x --model 8845 SEP001122334455 --home d --erase ctl --erase "
                              "lsc --until files --json --quiet"));
    assert_string_equal(a.models[0]->name, "8845");
    assert_string_equal(a.home, "d");
    assert_true(a.erase[FLASH_CTL] && a.erase[FLASH_LSC]);
    assert_false(a.erase[FLASH_ITL]);
    assert_true(a.json && a.quiet);
    assert_false(a.stays);
    assert_int_equal(a.web, 0);
}

static void test_a_phone_with_a_page_stays(void **state)
{
    (void)state;
    struct arguments a;
    assert_true(read_line(&a, "SEP001122334455 --tftp x --web 8080"));
    assert_int_equal(a.web, 8080);
    assert_true(a.stays);
    assert_true(read_line(&a, "SEP001122334455 --tftp x --stay"));
    assert_int_equal(a.web, 0);
    assert_true(a.stays);
    expect_usage_error("SEP001122334455 --tftp x --web 0", "--web 0: a number from 1 to 65535");
    expect_usage_error("SEP001122334455 --tftp x --web 65536", "from 1 to 65535");
    expect_usage_error("--fleet 3 --first SEP001122334455 --tftp x --web 8080", "not for a fleet");
    expect_usage_error("--fleet 3 --first SEP001122334455 --tftp x --span x.pcap",
                       "not for a fleet");
}

static void test_a_fleet_is_read(void **state)
{
    (void)state;
    struct arguments a;
    char name[DEVICE_NAME_LENGTH + 1];
    assert_true(read_line(&a, "--fleet 300 --first SEP00110000FFFF --tftp x --rate 50/s "
                              "--concurrency 20 --model 7940,7975,8845"));
    assert_int_equal(a.fleet, 300);
    assert_int_equal(a.rate, 50);
    assert_int_equal(a.concurrency, 20);
    assert_int_equal(a.model_count, 3);
    assert_true(arguments_device(&a, 0, name));
    assert_string_equal(name, "SEP00110000FFFF");
    assert_true(arguments_device(&a, 1, name));
    assert_string_equal(name, "SEP001100010000");
    assert_int_equal(a.goal, GOAL_REGISTERED);
    assert_true(
        read_line(&a, "--fleet 2 --first SEP001122334455 --tftp x --calls 30/s --talk 7 --stay"));
    assert_int_equal(a.goal, GOAL_CALL);
    assert_int_equal(a.calls, 30);
    assert_int_equal(a.talk, 7);
    assert_true(a.stays);
}

static void test_what_is_wrong_is_said_in_a_line(void **state)
{
    (void)state;
    expect_usage_error("", "which phone?");
    expect_usage_error("SEP001122334455", "--tftp HOST[:PORT] is missing");
    expect_usage_error("SEP00112233445 --tftp x", "'SEP00112233445' is no phone");
    expect_usage_error("SEP001122334455 SEP001122334456 --tftp x", "one NAME is enough");
    expect_usage_error("SEP001122334455 --tftp x --model 1234", "no such model");
    expect_usage_error("SEP001122334455 --tftp x --model 7940,7960", "a phone is of one model");
    expect_usage_error("SEP001122334455 --tftp x --erase all", "ctl, itl or lsc");
    expect_usage_error("SEP001122334455 --tftp x --rate 5", "are for fleets");
    expect_usage_error("SEP001122334455 --tftp x --nonsense", "--nonsense: there is no such");
    expect_usage_error("SEP001122334455 --tftp", "--tftp needs a value");
    expect_usage_error("--fleet 0 --first SEP001122334455 --tftp x", "a number from 1 to");
    expect_usage_error("--fleet 5 --tftp x", "needs --first");
    expect_usage_error("--fleet 5 --first SEP001122334455 SEP001122334455 --tftp x", "no NAME");
    expect_usage_error("--fleet 5 --first SEP001122334455 --tftp x --rate 5/m", "a number from");
    expect_usage_error("--fleet 5 --first SEPFFFFFFFFFFFC --tftp x", "not so many names");
    expect_usage_error("--fleet 5 --first SEP001122334455 --tftp x --until call",
                       "needs --calls N/s");
    expect_usage_error("--fleet 1 --first SEP001122334455 --tftp x --calls 5/s", "two phones");
    expect_usage_error("--fleet 5 --first SEP001122334455 --tftp x --calls 5/s --until registered",
                       "two phones");
    expect_usage_error("--fleet 5 --first SEP001122334455 --tftp x --talk 5", "it is for --calls");
    expect_usage_error("--fleet 5 --first SEP001122334455 --tftp x --until files --stay",
                       "stays where it registers");
    expect_usage_error("SEP001122334455 --tftp x --calls 5/s", "are for fleets");
}

static void test_how_far_it_goes_is_read(void **state)
{
    (void)state;
    struct arguments a;
    assert_true(read_line(&a, "SEP001122334455 --tftp x"));
    assert_int_equal(a.goal, GOAL_REGISTERED);
    assert_false(a.stays);
    assert_true(read_line(&a, "SEP001122334455 --tftp x --until files"));
    assert_int_equal(a.goal, GOAL_FILES);
    assert_true(read_line(&a, "SEP001122334455 --tftp x --until registered --stay --web 8080"));
    assert_int_equal(a.goal, GOAL_REGISTERED);
    assert_true(a.stays);
    assert_int_equal(a.web, 8080);
    assert_true(read_line(&a, "SEP001122334455 --tftp x --dial 2002"));
    assert_int_equal(a.goal, GOAL_CALL);
    assert_string_equal(a.dial, "2002");
    assert_int_equal(a.talk, 5);
    assert_string_equal(a.audio, "tone");
    assert_true(read_line(&a, "SEP001122334455 --tftp x --dial 2002 --talk 60 --audio silence"));
    assert_int_equal(a.talk, 60);
    assert_string_equal(a.audio, "silence");
    assert_true(read_line(&a, "SEP001122334455 --tftp x --answer --record r.wav"));
    assert_int_equal(a.goal, GOAL_CALL);
    assert_string_equal(a.record, "r.wav");
    assert_true(read_line(&a, "SEP001122334455 --tftp x --answer --stay"));
    assert_int_equal(a.goal, GOAL_REGISTERED);
    assert_true(read_line(&a, "SEP001122334455 --tftp x --script s"));
    assert_string_equal(a.script, "s");
}

static void test_what_does_not_go_together_is_refused_in_one_sentence(void **state)
{
    (void)state;
    expect_usage_error("SEP001122334455 --tftp x --until dawn", "it can be files");
    expect_usage_error("SEP001122334455 --tftp x --until call", "who calls?");
    expect_usage_error("SEP001122334455 --tftp x --dial 20x2", "of 0-9, *, #, + are needed");
    expect_usage_error("SEP001122334455 --tftp x --dial 2002 --script s", "one of them is enough");
    expect_usage_error("SEP001122334455 --tftp x --answer --talk 5", "--talk is for --dial");
    expect_usage_error("SEP001122334455 --tftp x --until files --dial 2002", "does not register");
    expect_usage_error("SEP001122334455 --tftp x --web 65536", "a number from 1 to 65535");
    expect_usage_error("--fleet 5 --first SEP001122334455 --tftp x --dial 2002", "for one phone");
}

static void test_an_enrolment_is_read(void **state)
{
    (void)state;
    struct arguments a;
    assert_true(read_line(&a, "--tftp x SEP001122334455"));
    assert_int_equal(a.goal, GOAL_REGISTERED);
    assert_int_equal(a.tls, PHONE_TLS_OF_MODEL);
    assert_true(read_line(&a, "--tftp x SEP001122334455 --until enrolled --auth-string 123456 "
                              "--mic m.pem --tls legacy --key-seconds 13"));
    assert_int_equal(a.goal, GOAL_ENROLLED);
    assert_string_equal(a.auth_string, "123456");
    assert_string_equal(a.mic, "m.pem");
    assert_int_equal(a.tls, PHONE_TLS_LEGACY);
    assert_int_equal(a.key_ms, 13000);
    assert_true(read_line(&a, "--fleet 3 --first SEP001122334455 --tftp x --key-pool d"));
    assert_string_equal(a.key_pool, "d");
}

static void test_wrong_words_about_an_enrolment_are_said(void **state)
{
    (void)state;
    expect_usage_error("SEP001122334455 --tftp x --auth-string 123", "4 to 16 digits");
    expect_usage_error("SEP001122334455 --tftp x --auth-string 12345678901234567",
                       "4 to 16 digits");
    expect_usage_error("SEP001122334455 --tftp x --auth-string 12345a", "4 to 16 digits");
    expect_usage_error("SEP001122334455 --tftp x --tls old", "it can be legacy or modern");
    expect_usage_error("SEP001122334455 --tftp x --key-pool d", "are for fleets");
    expect_usage_error("SEP001122334455 --tftp x --key-seconds 0", "a number from 1");
}

static void test_a_lab_mic_needs_a_ca_a_phone_and_a_file(void **state)
{
    (void)state;
    struct arguments a;
    assert_true(read_line(&a, "--make-mic ca.pem SEP00112233445f out.pem"));
    assert_string_equal(a.make_mic, "ca.pem");
    assert_string_equal(a.device, "SEP00112233445F");
    assert_string_equal(a.mic_out, "out.pem");
    expect_usage_error("--make-mic ca.pem SEP001122334455", "a CA, a phone and a file");
    expect_usage_error("--make-mic ca.pem phone out.pem", "is no phone");
    expect_usage_error("--make-mic ca.pem SEP001122334455 out.pem --tftp x", "all it needs");
}

static void test_help_and_version_are_no_errors(void **state)
{
    (void)state;
    struct arguments a;
    assert_false(read_line(&a, "--help"));
    assert_int_equal(status, EXIT_REACHED);
    assert_non_null(strstr(out_text, "--tftp HOST[:PORT]"));
    assert_false(read_line(&a, "--version"));
    assert_string_equal(out_text, "trustline-phone " TRUSTLINE_VERSION "\n");
    assert_string_equal(err_text, "");
}

static void test_fleets_on_loopback_have_addresses_of_their_own(void **state)
{
    (void)state;
    struct address server, source;
    char text[ADDRESS_TEXT];
    static const struct {
        size_t n;
        const char *host;
    } known[] = {{0, "127.1.0.1"},
                 {253, "127.1.0.254"},
                 {254, "127.1.1.1"},
                 {254 * 256, "127.2.0.1"},
                 {254 * 256 * 254 - 1, "127.254.255.254"}};
    assert_int_equal(address_parse(&server, "127.0.0.1", 69), 0);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        assert_true(fleet_source(&source, &server, known[i].n));
        assert_string_equal(address_host(text, &source), known[i].host);
        assert_int_equal(address_port(&source), 0);
    }
    assert_int_equal(address_parse(&server, "192.0.2.1", 69), 0);
    assert_false(fleet_source(&source, &server, 0));
    assert_int_equal(address_parse(&server, "::1", 69), 0);
    assert_false(fleet_source(&source, &server, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_phone_needs_a_name_and_a_server),
        cmocka_unit_test(test_all_options_of_one_phone_are_read),
        cmocka_unit_test(test_a_phone_with_a_page_stays),
        cmocka_unit_test(test_a_fleet_is_read),
        cmocka_unit_test(test_what_is_wrong_is_said_in_a_line),
        cmocka_unit_test(test_how_far_it_goes_is_read),
        cmocka_unit_test(test_what_does_not_go_together_is_refused_in_one_sentence),
        cmocka_unit_test(test_an_enrolment_is_read),
        cmocka_unit_test(test_wrong_words_about_an_enrolment_are_said),
        cmocka_unit_test(test_a_lab_mic_needs_a_ca_a_phone_and_a_file),
        cmocka_unit_test(test_help_and_version_are_no_errors),
        cmocka_unit_test(test_fleets_on_loopback_have_addresses_of_their_own),
    };
    return RUN(tests);
}
