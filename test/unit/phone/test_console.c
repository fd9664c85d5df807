/* What a phone says, and the numbers of a fleet. */
#include "stage.h"

#include "phone/console.h"
#include "phone/report.h"
#include "phone/tally.h"

#include <jansson.h>

struct told {
    char *text;
    size_t size;
    FILE *out;
    struct console console;
    struct report *report;
};

static void open_told(struct told *t, bool quiet)
{
    *t = (struct told){0};
    t->out = open_memstream(&t->text, &t->size);
    assert_non_null(t->out);
    t->console = (struct console){.out = t->out, .quiet = quiet};
    assert_int_equal(address_parse(&t->console.server, "192.0.2.10", 69), 0);
    assert_int_equal(report_new(&t->report, STAGE_DEVICE, "7975", GOAL_FILES), 0);
}

/* Times become HH:MM:SS and HH:MM:SS.uuuuuu, so that the rest can be compared. */
static void close_told(struct told *t)
{
    fclose(t->out);
    for (char *p = t->text; *p; p++) {
        if (strspn(p, "0123456789:") == 8 && p[2] == ':' && p[5] == ':') {
            memcpy(p, "HH:MM:SS", 8);
            if (p[8] == '.')
                memcpy(p + 9, "uuuuuu", 6);
            p += 8;
        }
    }
}

static void drop_told(struct told *t)
{
    free(t->text);
    report_free(t->report);
}

/* A boot in which everything is told. */
static void boot_told(struct stage *s, struct told *t)
{
    report_ready(t->report, s->boot);
    boot_start(s->boot, s->now);
    const struct boot_action *action;
    while ((action = boot_action(s->boot)) != NULL) {
        const struct boot_action copy = *action;
        console_action(&t->console, s->boot, &copy);
        report_action(t->report, s->boot, &copy);
        if (copy.kind == BOOT_FETCH)
            stage_answer(s, &copy);
        else if (copy.kind == BOOT_STORE)
            boot_stored(s->boot, NULL, s->now);
    }
    close_told(t);
}

static void expect_line(const struct told *t, const char *line)
{
    if (!strstr(t->text, line))
        fail_msg("'%s' is not in:\n%s", line, t->text);
}

static void test_the_console_speaks_as_a_real_phone(void **state)
{
    (void)state;
    struct stage s;
    struct told t;
    struct bytes ctl = vector_load("CTLFile.tlv");
    struct bytes config = vector_load(STAGE_DEVICE ".cnf.xml.plain-config.sgn");
    stage_open(&s, "7940");
    stage_put(&s, "CTL" STAGE_DEVICE ".tlv", ctl);
    stage_put(&s, STAGE_DEVICE ".cnf.xml.sgn", config);
    open_told(&t, false);
    boot_told(&s, &t);
    assert_string_equal(
        t.text,
        "1: NOT HH:MM:SS.uuuuuu SECD: tlRequestFile: Request CTLSEP001122334455.tlv\n"
        "2: NOT HH:MM:SS.uuuuuu TFTP: [1]:Requesting CTLSEP001122334455.tlv from 192.0.2.10\n"
        "3: NOT HH:MM:SS.uuuuuu TFTP: [1]:Finished --> rcvd 3216 bytes\n"
        "4: NOT HH:MM:SS.uuuuuu SECD: validate_file_envelope: File sign verify SUCCESS; header "
        "length <288>\n"
        "5: NOT HH:MM:SS.uuuuuu SECD: CTL taken; rule <first_list>\n"
        "HH:MM:SS Trust List Updated\n"
        "6: NOT HH:MM:SS.uuuuuu TFTP: [2]:Requesting SEP001122334455.cnf.xml.sgn from 192.0.2.10\n"
        "7: NOT HH:MM:SS.uuuuuu TFTP: [2]:Finished --> rcvd 576 bytes\n"
        "8: NOT HH:MM:SS.uuuuuu SECD: validate_file_envelope: File sign verify SUCCESS; header "
        "length <304>\n"
        "HH:MM:SS SEP001122334455.cnf.xml.sgn\n"
        "9: NOT HH:MM:SS.uuuuuu TFTP: [3]:Requesting Ringlist.xml.sgn from 192.0.2.10\n"
        "10: NOT HH:MM:SS.uuuuuu TFTP: [3]:File not found\n"
        "HH:MM:SS SEP001122334455 (7940) has its files\n"
        "         CTL: 3216 bytes, md5 debe6aa7881d2664f313d992449feed0\n"
        "         ITL: none\n"
        "         LSC: Not Installed\n"
        "         Configuration: encrypted, SCCP\n");
    drop_told(&t);
    stage_close(&s);
    vector_free(ctl);
    vector_free(config);
}

static void test_a_quiet_phone_still_says_which_rule_refused_and_what_stays(void **state)
{
    (void)state;
    struct stage s;
    struct told t;
    struct bytes ctl = vector_load("CTLFile.tlv");
    struct bytes bad = factory_flip(ctl, ctl.size - 100);
    stage_open(&s, "7940");
    assert_int_equal(boot_hold_list(s.boot, TRUSTLIST_CTL, ctl, NULL), 0);
    stage_put(&s, "CTL" STAGE_DEVICE ".tlv", bad);
    open_told(&t, true);
    boot_told(&s, &t);
    assert_null(strstr(t.text, "SECD"));
    expect_line(&t, "HH:MM:SS Trust List Verification Failed\n"
                    "HH:MM:SS Trust List Update Failed\n"
                    "         CTLSEP001122334455.tlv is refused by rule bad_signature: ");
    expect_line(&t, "The old CTL stays.\n");
    for (const char *line = t.text; *line; line += strcspn(line, "\n") + 1)
        assert_true(strcspn(line, "\n") <= 100);
    drop_told(&t);
    stage_close(&s);
    vector_free(ctl);
    vector_free(bad);
}

static void test_names_of_the_servers_choosing_cannot_move_the_cursor(void **state)
{
    (void)state;
    struct stage s;
    struct told t;
    stage_open(&s, "7975");
    stage_put_text(&s, STAGE_DEVICE ".cnf.xml",
                   "<device> <userLocale> <name>x\xc2\x9b"
                   "2J</name> </userLocale>\n"
                   "<networkLocale>&#10;a&#13;b</networkLocale> </device>");
    open_told(&t, false);
    boot_told(&s, &t);
    assert_null(strstr(t.text, "\xc2\x9b"));
    assert_null(strstr(t.text, "\r"));
    drop_told(&t);
    stage_close(&s);
}

static void test_json_tells_all_of_it(void **state)
{
    (void)state;
    struct stage s;
    struct told t;
    struct bytes ctl = vector_load("CTLFile.tlv");
    char *text = NULL;
    size_t size;
    stage_open(&s, "7975");
    stage_put(&s, "CTL" STAGE_DEVICE ".tlv", ctl);
    stage_put(&s, "ITLFile.tlv", bytes_of_string("junk"));
    open_told(&t, false);
    boot_told(&s, &t);
    FILE *out = open_memstream(&text, &size);
    assert_int_equal(report_print(t.report, out), 0);
    fclose(out);
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    const char *outcome, *md5, *rule, *result, *name;
    json_t *reached, *before;
    int size_of_ctl;
    assert_int_equal(json_unpack(root, "{s:s, s:n, s:n, s:o, s:{s:{s:o}, s:{s:{s:s, s:i}}}}",
                                 "outcome", &outcome, "configuration", "error", "reached", &reached,
                                 "lists", "before", "ctl", &before, "after", "ctl", "md5", &md5,
                                 "size", &size_of_ctl),
                     0);
    assert_string_equal(outcome, "refused");
    assert_true(json_is_null(reached));
    assert_true(json_is_null(before));
    assert_string_equal(md5, "debe6aa7881d2664f313d992449feed0");
    assert_int_equal(size_of_ctl, 3216);
    const json_t *third = json_array_get(json_object_get(root, "files"), 2);
    assert_int_equal(json_unpack((json_t *)(uintptr_t)third, "{s:s, s:s, s:s}", "name", &name,
                                 "result", &result, "rule", &rule),
                     0);
    assert_string_equal(name, "ITLFile.tlv");
    assert_string_equal(result, "refused");
    assert_string_equal(rule, "malformed");
    assert_true(json_array_size(json_object_get(root, "status_messages")) >= 2);
    json_decref(root);
    free(text);
    drop_told(&t);
    stage_close(&s);
    vector_free(ctl);
}

/* ---- TVS ---- */

static void tell_tvs(struct told *t, const struct boot *boot, struct tvsc_news news)
{
    news.server = "192.0.2.10:2445";
    console_tvs(&t->console, boot, &news);
    report_tvs(t->report, &news);
}

/* A question about a signer, answered, and the lists that follow it. */
static void tell_exchange(struct told *t, const struct boot *boot)
{
    struct testimony trusts = {.kind = TESTIMONY_VOUCHED};
    testimony_add_role(&trusts, ROLE_SAST);
    testimony_add_role(&trusts, ROLE_CCM_TFTP);
    tell_tvs(t, boot, (struct tvsc_news){.what = TVSC_ASK});
    tell_tvs(t, boot, (struct tvsc_news){.what = TVSC_CONNECT});
    tell_tvs(t, boot, (struct tvsc_news){.what = TVSC_CONNECTED, .tls = "TLSv1", .cipher = "x"});
    tell_tvs(t, boot, (struct tvsc_news){.what = TVSC_SENT, .size = 153});
    tell_tvs(t, boot,
             (struct tvsc_news){
                 .what = TVSC_ANSWERED, .testimony = &trusts, .ttl = 86400, .size = 1480});
    tell_tvs(t, boot, (struct tvsc_news){.what = TVSC_FLUSHED});
}

#define FLUSH(a, b, c, d, e, f)                                                                 \
    a ": NOT HH:MM:SS.uuuuuu SECD: setupSocketToTvsProxy: Connected to TVS proxy server\n" b    \
      ": NOT HH:MM:SS.uuuuuu SECD: tvsReqFlushTvsCertCache: Sent Request to TVS proxy, len: "   \
      "3708\n" c                                                                                \
      ": NOT HH:MM:SS.uuuuuu SECD: clpTvsInit: Client message received on TVS proxy socket\n" d \
      ": NOT HH:MM:SS.uuuuuu SECD: processTvsClntReq: Success reading the client TVS request, " \
      "len : 3708\n" e                                                                          \
      ": NOT HH:MM:SS.uuuuuu SECD: processTvsClntReq: TVS Certificate cache flush request "     \
      "received\n" f                                                                            \
      ": NOT HH:MM:SS.uuuuuu SECD: tvsFlushCertCache: Completed TVS Certificate cache flush "   \
      "request\n"

static void test_the_console_speaks_of_tvs_as_a_real_phone(void **state)
{
    (void)state;
    struct stage s;
    struct told t;
    stage_open(&s, "7975");
    open_told(&t, false);
    tell_exchange(&t, s.boot);
    close_told(&t);
    assert_string_equal(
        t.text,
        "1: NOT HH:MM:SS.uuuuuu SECD: -TVS service available, can attempt via TVS\n"
        "2: NOT HH:MM:SS.uuuuuu SECD: -TVS Certificate Authentication request\n"
        "3: NOT HH:MM:SS.uuuuuu SECD: -No matching entry found at cache\n"
        "4: NOT HH:MM:SS.uuuuuu SECD: -Successfully obtained a TLS connection to the TVS server\n"
        "5: NOT HH:MM:SS.uuuuuu SECD: -Successfully sent the certificate Authentication request to "
        "TVS server, bytes written : 153\n"
        "6: NOT HH:MM:SS.uuuuuu SECD: -Authentication Response received, status : "
        "0\n" FLUSH("7", "8", "9", "10", "11", "12"));
    drop_told(&t);
    stage_close(&s);
    stage_open(&s, "8861");
    open_told(&t, false);
    tell_exchange(&t, s.boot);
    close_told(&t);
    assert_string_equal(
        t.text,
        "1: NOT HH:MM:SS.uuuuuu SECUREAPP-Attempting connect to TVS server addr "
        "[192.0.2.10:2445]\n"
        "2: NOT HH:MM:SS.uuuuuu SECUREAPP-TVS process request - Successfully sent the TVS request "
        "to TVS server, bytes written : 153\n"
        "3: NOT HH:MM:SS.uuuuuu SECUREAPP-TVS Service receives 1480 bytes of data\n"
        "4: NOT HH:MM:SS.uuuuuu SECUREAPP-TVS added cert to TVS cache - expires in 24 "
        "hours\n" FLUSH("5", "6", "7", "8", "9", "10"));
    drop_told(&t);
    stage_close(&s);
}

static void test_a_tvs_that_does_not_answer_is_told(void **state)
{
    static const char *const models[] = {"7975", "8861"};
    const struct testimony silence = {.kind = TESTIMONY_SILENCE, .words = "refused"};
    const struct testimony denied = {.kind = TESTIMONY_DENIED};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct stage s;
        struct told t;
        stage_open(&s, models[i]);
        open_told(&t, false);
        tell_tvs(&t, s.boot, (struct tvsc_news){.what = TVSC_FAILED, .words = "refused"});
        tell_tvs(&t, s.boot, (struct tvsc_news){.what = TVSC_ANSWERED, .testimony = &silence});
        tell_tvs(&t, s.boot, (struct tvsc_news){.what = TVSC_CACHED, .testimony = &denied});
        close_told(&t);
        expect_line(&t, "TVS server 192.0.2.10:2445: refused\n");
        expect_line(&t, "No TVS server answers\n");
        expect_line(&t, "Matching entry found at cache\n");
        drop_told(&t);
        stage_close(&s);
    }
}

static void test_json_tells_what_tvs_said(void **state)
{
    const struct testimony silence = {.kind = TESTIMONY_SILENCE, .words = "refused"};
    const char *about, *result, *server, *error;
    json_t *null, *roles;
    int cached, ttl;
    char *text = NULL;
    size_t size;
    (void)state;
    struct stage s;
    struct told t;
    stage_open(&s, "7975");
    open_told(&t, true);
    tell_exchange(&t, s.boot);
    tell_tvs(&t, s.boot,
             (struct tvsc_news){.what = TVSC_ANSWERED, .verify = true, .testimony = &silence});
    close_told(&t);
    FILE *out = open_memstream(&text, &size);
    assert_int_equal(report_print(t.report, out), 0);
    fclose(out);
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    json_t *tvs = json_object_get(root, "tvs");
    assert_int_equal(json_array_size(tvs), 2);
    assert_int_equal(json_unpack(json_array_get(tvs, 0), "{s:s, s:s, s:b, s:s, s:o, s:i, s:o}",
                                 "about", &about, "result", &result, "cached", &cached, "server",
                                 &server, "roles", &roles, "ttl", &ttl, "error", &null),
                     0);
    assert_string_equal(about, "signer");
    assert_string_equal(result, "vouched");
    assert_false(cached);
    assert_string_equal(server, "192.0.2.10:2445");
    assert_int_equal(json_integer_value(json_array_get(roles, 0)), ROLE_SAST);
    assert_int_equal(json_integer_value(json_array_get(roles, 1)), ROLE_CCM_TFTP);
    assert_int_equal(ttl, 86400);
    assert_true(json_is_null(null));
    assert_int_equal(json_unpack(json_array_get(tvs, 1), "{s:s, s:s, s:o, s:s}", "about", &about,
                                 "result", &result, "server", &null, "error", &error),
                     0);
    assert_string_equal(about, "certificate");
    assert_string_equal(result, "silence");
    assert_true(json_is_null(null));
    assert_string_equal(error, "refused");
    json_decref(root);
    free(text);
    drop_told(&t);
    stage_close(&s);
}

/* ---- the fleet's numbers ---- */

static void test_percentiles_are_by_nearest_rank(void **state)
{
    (void)state;
    struct tally t;
    assert_int_equal(tally_init(&t, 101), 0);
    assert_int_equal(tally_percentile(&t, 50), 0);
    for (int64_t ms = 100; ms >= 1; ms--)
        tally_phone(&t, OUTCOME_FILES, ms);
    tally_phone(&t, OUTCOME_FAILED, 100000); /* not among those that have their files */
    tally_phone(&t, OUTCOME_FILES, 5);       /* more than there are: not counted */
    assert_int_equal(tally_percentile(&t, 50), 50);
    assert_int_equal(tally_percentile(&t, 90), 90);
    assert_int_equal(tally_percentile(&t, 99), 99);
    assert_int_equal(tally_percentile(&t, 100), 100);
    assert_int_equal(tally_percentile(&t, 0), 1);
    tally_fini(&t);
}

static void test_a_fleet_counts_by_rule_and_names_the_first_of_each_trouble(void **state)
{
    (void)state;
    struct tally t;
    struct stage s;
    struct told told;
    const struct answer no = {
        .verdict = VERDICT_NO, .rule = RULE_BAD_SIGNATURE, .explanation = "Because."};
    struct boot_action refused = {
        .kind = BOOT_FILE, .result = RESULT_REFUSED, .answer = &no, .name = "CTLFile.tlv"};
    const struct boot_action failed = {
        .kind = BOOT_OVER, .outcome = OUTCOME_FAILED, .words = "no answer"};
    stage_open(&s, "7975");
    assert_int_equal(tally_init(&t, 2), 0);
    tally_action(&t, s.boot, &refused);
    tally_action(&t, s.boot, &refused);
    tally_action(&t, s.boot, &failed);
    tally_trouble(&t, "SEP000000000001", "its flash is broken");
    tally_trouble(&t, "SEP000000000002", "its flash is broken, too");
    tally_phone(&t, OUTCOME_REFUSED, 5);
    tally_phone(&t, OUTCOME_FAILED, 5);
    t.elapsed_ms = 2000;
    assert_int_equal(t.refused[RULE_BAD_SIGNATURE], 2);
    assert_int_equal(t.trouble_count, 3);
    open_told(&told, false);
    tally_print(&t, told.out);
    close_told(&told);
    expect_line(&told, "2 phones: 0 have their files, 1 failed, 1 refused something\n");
    expect_line(&told, "  refused by  bad_signature 2\n");
    expect_line(&told, "such as SEP001122334455: CTLFile.tlv is refused by rule bad_signature: "
                       "Because.\n");
    expect_line(&told, "such as SEP001122334455: no answer\n");
    drop_told(&told);
    tally_fini(&t);
    stage_close(&s);
}

static void test_a_fleet_of_none_prints_no_division_by_zero(void **state)
{
    (void)state;
    struct tally t;
    char *text = NULL;
    size_t size;
    assert_int_equal(tally_init(&t, 1), 0);
    FILE *out = open_memstream(&text, &size);
    tally_print(&t, out);
    assert_int_equal(tally_print_json(&t, out), 0);
    fclose(out);
    assert_null(strstr(text, "inf"));
    assert_null(strstr(text, "nan"));
    free(text);
    tally_fini(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_console_speaks_as_a_real_phone),
        cmocka_unit_test(test_a_quiet_phone_still_says_which_rule_refused_and_what_stays),
        cmocka_unit_test(test_names_of_the_servers_choosing_cannot_move_the_cursor),
        cmocka_unit_test(test_json_tells_all_of_it),
        cmocka_unit_test(test_the_console_speaks_of_tvs_as_a_real_phone),
        cmocka_unit_test(test_a_tvs_that_does_not_answer_is_told),
        cmocka_unit_test(test_json_tells_what_tvs_said),
        cmocka_unit_test(test_percentiles_are_by_nearest_rank),
        cmocka_unit_test(test_a_fleet_counts_by_rule_and_names_the_first_of_each_trouble),
        cmocka_unit_test(test_a_fleet_of_none_prints_no_division_by_zero),
    };
    return RUN(tests);
}
