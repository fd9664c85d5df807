/* Which files a phone asks for, in which order, and how it goes on: the table, walked. */
#include "stage.h"

#define CTL "CTL" STAGE_DEVICE ".tlv; "
#define ITL "ITL" STAGE_DEVICE ".tlv; "
#define SEP STAGE_DEVICE ".cnf.xml; "
#define SGN STAGE_DEVICE ".cnf.xml.sgn; "

static const char plain[] = "<device> <deviceProtocol>SCCP</deviceProtocol>\n"
                            "<deviceSecurityMode>1</deviceSecurityMode> </device>\n";
static const char secure[] = "<device> <deviceProtocol>SCCP</deviceProtocol>\n"
                             "<deviceSecurityMode>3</deviceSecurityMode> </device>\n";

/* ---- orders, as they were observed ---- */

static void test_7962_without_lists_asks_as_captured(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, "7962");
    stage_put_text(&s, STAGE_DEVICE ".cnf.xml", plain);
    stage_boot(&s);
    assert_int_equal(strncmp(s.asked, CTL ITL "ITLFile.tlv; " SEP "/g3-tones.xml; ",
                             strlen(CTL ITL "ITLFile.tlv; " SEP "/g3-tones.xml; ")),
                     0);
    assert_string_equal(s.said, "File Not Found <CTLFile.tlv>; File Not Found <ITLFile.tlv>; No "
                                "Trust List Installed; SEP001122334455.cnf.xml; ");
    assert_true(s.over);
    assert_int_equal(s.outcome, OUTCOME_FILES);
    assert_true(boot_is_configured(s.boot));
    stage_close(&s);
}

static void test_7940_asks_for_a_ctl_and_never_for_an_itl(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, "7940");
    stage_put_text(&s, STAGE_DEVICE ".cnf.xml", plain);
    stage_boot(&s);
    assert_string_equal(s.asked, CTL SEP "Ringlist.xml; ");
    assert_int_equal(s.outcome, OUTCOME_FILES);
    stage_close(&s);
}

static void test_6901_asks_for_a_ctl_and_never_for_an_itl(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, "6901");
    stage_put_text(&s, STAGE_DEVICE ".cnf.xml", plain);
    stage_boot(&s);
    assert_string_equal(s.asked, CTL SEP "/g3-tones.xml; Ringlist.xml; ");
    stage_close(&s);
}

static void test_first_phones_ask_for_no_list(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, "7912");
    stage_put_text(&s, STAGE_DEVICE ".cnf.xml", plain);
    stage_boot(&s);
    assert_string_equal(s.asked, SEP);
    assert_string_equal(s.said, "SEP001122334455.cnf.xml; ");
    assert_int_equal(s.outcome, OUTCOME_FILES);
    stage_close(&s);
}

static void test_8861_asks_over_http_and_signed_names_once_it_holds_a_list(void **state)
{
    (void)state;
    struct stage s;
    struct bytes ctl = vector_load("CTLFile.tlv");
    struct bytes itl = vector_load("ITLFile.tlv");
    struct bytes config = vector_load(STAGE_DEVICE ".cnf.xml.plain-config.sgn");
    stage_open(&s, "8861");
    stage_put(&s, "CTL" STAGE_DEVICE ".tlv", ctl);
    stage_put(&s, "ITL" STAGE_DEVICE ".tlv", itl);
    stage_put(&s, STAGE_DEVICE ".cnf.xml.sgn", config);
    stage_boot(&s);
    assert_string_equal(s.asked, "http " CTL "http " ITL "http " SGN
                                 "http /sl-be-sip.jar.sgn; http /g3-tones.xml.sgn; "
                                 "http AppDialRules.xml.sgn; http Ringlist-wb.xml.sgn; ");
    assert_string_equal(s.became, "accepted:first_list accepted:signer_in_ctl "
                                  "accepted:signer_in_ctl absent absent absent absent ");
    assert_string_equal(s.said, "Trust List Updated; SEP001122334455.cnf.xml.sgn; ");
    assert_string_equal(s.stored, "012");
    assert_int_equal(s.outcome, OUTCOME_FILES);
    assert_int_equal(boot_configuration(s.boot)->security_mode, 3);
    stage_close(&s);
    vector_free(ctl);
    vector_free(itl);
    vector_free(config);
}

static void test_names_from_the_configuration_are_asked_for(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, "7975");
    stage_put_text(&s, STAGE_DEVICE ".cnf.xml",
                   "<device> <deviceProtocol>SIP</deviceProtocol>\n"
                   "<sipProfile> <dialTemplate>dial.xml</dialTemplate>\n"
                   "<softKeyFile>SK1.xml</softKeyFile> </sipProfile>\n"
                   "<userLocale> <name>German_Austria</name> </userLocale>\n"
                   "<networkLocale>Austria</networkLocale> </device>\n");
    stage_boot(&s);
    assert_non_null(strstr(s.asked, SEP "German_Austria/td-sip.jar; Austria/g3-tones.xml; "
                                        "dial.xml; SK1.xml; AppDialRules.xml; Ringlist.xml; "));
    stage_close(&s);
}

static void test_an_itl_of_the_phones_own_name_comes_before_the_common_one(void **state)
{
    (void)state;
    struct stage s;
    struct bytes itl = vector_load("ITLFile.tlv");
    stage_open(&s, "7975");
    stage_put(&s, "ITLFile.tlv", itl);
    stage_put_text(&s, STAGE_DEVICE ".cnf.xml", plain);
    stage_boot(&s);
    assert_non_null(strstr(s.asked, CTL ITL "ITLFile.tlv; " SGN));
    assert_non_null(boot_list(s.boot, TRUSTLIST_ITL));
    stage_close(&s);
    vector_free(itl);
}

/* ---- HTTP ---- */

static void test_what_http_does_not_have_is_not_asked_by_tftp(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, "8845");
    stage_boot(&s);
    assert_null(strstr(s.asked, "; CTL"));
    assert_string_equal(s.asked, "http " CTL "http " ITL "http ITLFile.tlv; http " SEP
                                 "http XMLDefault.cnf.xml; ");
    stage_close(&s);
}

static void test_without_http_tftp_is_asked_and_http_not_again(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, "8845");
    s.http = ANSWER_SILENCE;
    stage_put_text(&s, STAGE_DEVICE ".cnf.xml", plain);
    stage_boot(&s);
    assert_non_null(strstr(s.asked, "http " CTL CTL ITL "ITLFile.tlv; " SEP));
    assert_int_equal(strncmp(s.became, "by_tftp absent ", 15), 0);
    assert_int_equal(s.outcome, OUTCOME_FILES);
    stage_close(&s);
}

static void test_79xx_never_ask_over_http(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, "7975");
    stage_boot(&s);
    assert_null(strstr(s.asked, "http"));
    stage_close(&s);
}

/* ---- nothing there ---- */

static void test_an_unknown_phone_takes_the_default_file(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, "7975");
    stage_put_text(&s, "XMLDefault.cnf.xml",
                   "<Default> <callManagerGroup> </callManagerGroup>\n"
                   "</Default>");
    stage_boot(&s);
    assert_non_null(strstr(s.asked, SEP "XMLDefault.cnf.xml; "));
    assert_true(boot_configuration(s.boot)->is_default);
    assert_string_equal(s.stored, ""); /* it is not the phone's own */
    assert_int_equal(s.outcome, OUTCOME_FILES);
    stage_close(&s);
}

static void test_a_server_with_nothing_is_a_failure_that_names_both_files(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, "7940");
    stage_boot(&s);
    assert_int_equal(s.outcome, OUTCOME_FAILED);
    assert_non_null(strstr(s.said, "File Not Found <Cfg File>"));
    assert_non_null(strstr(s.words, "neither SEP001122334455.cnf.xml nor XMLDefault.cnf.xml"));
    stage_close(&s);
}

static void test_a_silent_server_ends_the_boot_after_the_configuration(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, "7975");
    stage_silence(&s, "CTL" STAGE_DEVICE ".tlv");
    stage_silence(&s, "ITL" STAGE_DEVICE ".tlv");
    stage_silence(&s, STAGE_DEVICE ".cnf.xml");
    stage_boot(&s);
    assert_string_equal(s.asked, CTL ITL SEP);
    assert_string_equal(s.said,
                        "TFTP Timeout; TFTP Timeout; No Trust List Installed; TFTP Timeout; ");
    assert_int_equal(s.outcome, OUTCOME_FAILED);
    assert_non_null(strstr(s.words, "CTLSEP001122334455.tlv: no answer"));
    stage_close(&s);
}

static void test_a_list_that_is_not_to_be_had_is_a_failure_even_with_a_configuration(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, "7940");
    stage_silence(&s, "CTL" STAGE_DEVICE ".tlv");
    stage_put_text(&s, STAGE_DEVICE ".cnf.xml", plain);
    stage_boot(&s);
    assert_true(boot_is_configured(s.boot));
    assert_int_equal(s.outcome, OUTCOME_FAILED);
    stage_close(&s);
}

/* ---- secure without a CTL ---- */

static void test_a_secure_phone_asks_four_times_for_its_ctl(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, "7940");
    stage_put_text(&s, STAGE_DEVICE ".cnf.xml", secure);
    stage_boot(&s);
    assert_string_equal(s.asked, CTL SEP CTL CTL CTL);
    assert_int_equal(s.outcome, OUTCOME_FAILED);
    assert_non_null(strstr(s.words, "mode encrypted, and after 4 tries there is no CTL"));
    assert_int_equal(s.now, 1000 + 3 * BOOT_PAUSE_MS);
    stage_close(&s);
}

static void test_a_ctl_that_comes_late_brings_the_signed_configuration(void **state)
{
    (void)state;
    struct stage s;
    struct bytes ctl = vector_load("CTLFile.tlv");
    struct bytes config = vector_load(STAGE_DEVICE ".cnf.xml.plain-config.sgn");
    stage_open(&s, "7975");
    stage_put_text(&s, STAGE_DEVICE ".cnf.xml", secure);
    stage_put(&s, STAGE_DEVICE ".cnf.xml.sgn", config);
    boot_start(s.boot, s.now);
    while (!strstr(s.asked, SEP CTL)) { /* up to the second time it asks for a CTL */
        const struct boot_action *action = boot_action(s.boot);
        if (!action) {
            s.now = boot_deadline(s.boot);
            boot_tick(s.boot, s.now);
            continue;
        }
        const struct boot_action copy = *action;
        stage_note(&s, &copy);
        if (strstr(s.asked, SEP CTL))
            stage_put(&s, "CTL" STAGE_DEVICE ".tlv", ctl);
        if (copy.kind == BOOT_FETCH)
            stage_answer(&s, &copy);
        else if (copy.kind == BOOT_STORE)
            boot_stored(s.boot, NULL, s.now);
    }
    stage_run(&s);
    assert_non_null(strstr(s.asked, SEP CTL SGN));
    assert_non_null(strstr(s.said, "Trust List Updated; SEP001122334455.cnf.xml.sgn; "));
    assert_int_equal(s.outcome, OUTCOME_FILES);
    stage_close(&s);
    vector_free(ctl);
    vector_free(config);
}

/* ---- news that do not belong ---- */

static void test_news_nobody_waits_for_change_nothing(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, "7940");
    boot_arrived(s.boot, bytes_of_string("x"), 1);
    boot_absent(s.boot, 1);
    boot_failed(s.boot, FAILURE_TIMEOUT, "x", 1);
    boot_stored(s.boot, NULL, 1);
    boot_tick(s.boot, BOOT_NEVER - 1);
    assert_null(boot_action(s.boot));
    stage_put_text(&s, STAGE_DEVICE ".cnf.xml", plain);
    stage_boot(&s);
    assert_int_equal(s.outcome, OUTCOME_FILES);
    boot_start(s.boot, s.now);
    boot_absent(s.boot, s.now);
    boot_arrived(s.boot, bytes_of_string(plain), s.now);
    assert_null(boot_action(s.boot));
    stage_close(&s);
}

static void test_an_engine_can_be_dropped_at_any_moment(void **state)
{
    (void)state;
    struct bytes ctl = vector_load("CTLFile.tlv");
    struct stage s;
    stage_open(&s, "7975");
    boot_start(s.boot, 0);
    boot_arrived(s.boot, ctl, 0); /* waits for the flash */
    assert_int_equal(shelf_count(s.shelf), 1);
    stage_close(&s);
    vector_free(ctl);
}

/* Every model asks for something, and every boot ends. */
static void test_every_model_boots_to_an_end(void **state)
{
    (void)state;
    for (const struct model *m = model_table(); m->name; m++) {
        struct stage s;
        stage_open(&s, m->name);
        stage_put_text(&s, STAGE_DEVICE ".cnf.xml", secure);
        stage_boot(&s);
        assert_true(s.over);
        assert_non_null(strstr(s.asked, STAGE_DEVICE ".cnf.xml; "));
        stage_close(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_7962_without_lists_asks_as_captured),
        cmocka_unit_test(test_7940_asks_for_a_ctl_and_never_for_an_itl),
        cmocka_unit_test(test_6901_asks_for_a_ctl_and_never_for_an_itl),
        cmocka_unit_test(test_first_phones_ask_for_no_list),
        cmocka_unit_test(test_8861_asks_over_http_and_signed_names_once_it_holds_a_list),
        cmocka_unit_test(test_names_from_the_configuration_are_asked_for),
        cmocka_unit_test(test_an_itl_of_the_phones_own_name_comes_before_the_common_one),
        cmocka_unit_test(test_what_http_does_not_have_is_not_asked_by_tftp),
        cmocka_unit_test(test_without_http_tftp_is_asked_and_http_not_again),
        cmocka_unit_test(test_79xx_never_ask_over_http),
        cmocka_unit_test(test_an_unknown_phone_takes_the_default_file),
        cmocka_unit_test(test_a_server_with_nothing_is_a_failure_that_names_both_files),
        cmocka_unit_test(test_a_silent_server_ends_the_boot_after_the_configuration),
        cmocka_unit_test(test_a_list_that_is_not_to_be_had_is_a_failure_even_with_a_configuration),
        cmocka_unit_test(test_a_secure_phone_asks_four_times_for_its_ctl),
        cmocka_unit_test(test_a_ctl_that_comes_late_brings_the_signed_configuration),
        cmocka_unit_test(test_news_nobody_waits_for_change_nothing),
        cmocka_unit_test(test_an_engine_can_be_dropped_at_any_moment),
        cmocka_unit_test(test_every_model_boots_to_an_end),
    };
    return RUN(tests);
}
