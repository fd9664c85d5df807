/* Who may register, and what it is worth. */
#include "support.h"

#include "service/callmanager/admission.h"

#include <string.h>

static struct admission_facts facts_of(bool mixed, enum device_mode mode, enum call_link link)
{
    return (struct admission_facts){
        .device = "SEP001122334455",
        .is_name = true,
        .link = link,
        .cipher = link == CALL_LINK_AUTHENTICATED ? "NULL-SHA" : "AES128-SHA",
        .certificate = ADMISSION_CERTIFICATE_FINE,
        .known = true,
        .protocol = PROTOCOL_SCCP,
        .mode = mode,
        .profile = "7975 secure",
        .mixed = mixed,
    };
}

static enum admission_verdict verdict_of(const struct admission_facts *facts)
{
    struct admission a;
    int result = admission_decide(&a, facts);
    bool welcome = a.verdict == ADMISSION_WELCOME || a.verdict == ADMISSION_AUTO_REGISTER;
    assert_int_equal(result, welcome ? 0 : ERR_POLICY);
    assert_int_equal(a.screen[0] != 0, !welcome);
    assert_int_equal(a.reason[0] != 0, !welcome);
    assert_true(strlen(a.screen) < ADMISSION_SCREEN);
    return a.verdict;
}

static void test_in_mixed_mode_phones_come_as_their_profile_says(void **state)
{
    (void)state;
    static const struct {
        enum device_mode mode;
        enum call_link link;
        enum admission_verdict verdict;
        enum call_security security;
    } rows[] = {
        {MODE_NON_SECURE, CALL_LINK_PLAIN, ADMISSION_WELCOME, CALL_NOT_SECURE},
        {MODE_NON_SECURE, CALL_LINK_AUTHENTICATED, ADMISSION_NOT_SECURE, 0},
        {MODE_NON_SECURE, CALL_LINK_ENCRYPTED, ADMISSION_NOT_SECURE, 0},
        {MODE_AUTHENTICATED, CALL_LINK_PLAIN, ADMISSION_NEEDS_TLS, 0},
        {MODE_AUTHENTICATED, CALL_LINK_AUTHENTICATED, ADMISSION_WELCOME, CALL_AUTHENTICATED},
        {MODE_AUTHENTICATED, CALL_LINK_ENCRYPTED, ADMISSION_WELCOME, CALL_AUTHENTICATED},
        {MODE_ENCRYPTED, CALL_LINK_PLAIN, ADMISSION_NEEDS_TLS, 0},
        {MODE_ENCRYPTED, CALL_LINK_AUTHENTICATED, ADMISSION_NOT_CONFIDENTIAL, 0},
        {MODE_ENCRYPTED, CALL_LINK_ENCRYPTED, ADMISSION_WELCOME, CALL_ENCRYPTED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct admission_facts facts = facts_of(true, rows[i].mode, rows[i].link);
        struct admission a;
        assert_int_equal(verdict_of(&facts), rows[i].verdict);
        if (admission_decide(&a, &facts) == 0) {
            assert_int_equal(a.mode, rows[i].mode);
            assert_int_equal(a.security, rows[i].security);
        }
    }
}

static void test_in_non_secure_mode_nobody_is_secure_and_nobody_is_locked_out_by_its_profile(
    void **state)
{
    (void)state;
    static const enum admission_verdict rows[4][3] = {
        [MODE_NON_SECURE] = {ADMISSION_WELCOME, ADMISSION_NOT_SECURE, ADMISSION_NOT_SECURE},
        [MODE_AUTHENTICATED] = {ADMISSION_WELCOME, ADMISSION_WELCOME, ADMISSION_WELCOME},
        [MODE_ENCRYPTED] = {ADMISSION_WELCOME, ADMISSION_NOT_CONFIDENTIAL, ADMISSION_WELCOME},
    };
    for (int mode = MODE_NON_SECURE; mode <= MODE_ENCRYPTED; mode++)
        for (int link = CALL_LINK_PLAIN; link <= CALL_LINK_ENCRYPTED; link++) {
            struct admission_facts facts =
                facts_of(false, (enum device_mode)mode, (enum call_link)link);
            struct admission a;
            assert_int_equal(verdict_of(&facts), rows[mode][link]);
            if (admission_decide(&a, &facts) == 0) {
                assert_int_equal(a.mode, MODE_NON_SECURE);
                assert_int_equal(a.security, CALL_NOT_SECURE);
            }
        }
}

static void test_a_certificate_that_is_not_fine_is_refused_whatever_else_is(void **state)
{
    (void)state;
    static const enum admission_verdict rows[] = {
        [ADMISSION_CERTIFICATE_NONE] = ADMISSION_NO_CERTIFICATE,
        [ADMISSION_CERTIFICATE_UNTRUSTED] = ADMISSION_UNTRUSTED,
        [ADMISSION_CERTIFICATE_EXPIRED] = ADMISSION_EXPIRED,
        [ADMISSION_CERTIFICATE_UNKNOWN] = ADMISSION_NOT_ISSUED,
        [ADMISSION_CERTIFICATE_REVOKED] = ADMISSION_REVOKED,
        [ADMISSION_CERTIFICATE_REPLACED] = ADMISSION_REPLACED,
        [ADMISSION_CERTIFICATE_FOREIGN] = ADMISSION_FOREIGN,
        [ADMISSION_CERTIFICATE_FINE] = ADMISSION_WELCOME,
    };
    for (int known = 0; known < 2; known++)
        for (int c = 0; c < ADMISSION_CERTIFICATES; c++) {
            struct admission_facts facts = facts_of(true, MODE_ENCRYPTED, CALL_LINK_ENCRYPTED);
            facts.certificate = (enum admission_certificate)c;
            facts.known = known;
            enum admission_verdict want = rows[c];
            if (want == ADMISSION_WELCOME && !known)
                want = ADMISSION_UNKNOWN;
            assert_int_equal(verdict_of(&facts), want);
        }
    /* of a value there is not */
    struct admission_facts facts = facts_of(true, MODE_ENCRYPTED, CALL_LINK_ENCRYPTED);
    facts.certificate = ADMISSION_CERTIFICATES;
    assert_int_equal(verdict_of(&facts), ADMISSION_UNTRUSTED);
}

static void test_what_exactly_is_wrong_with_a_certificate_is_said_first(void **state)
{
    (void)state;
    struct admission a;
    struct admission_facts facts = facts_of(true, MODE_ENCRYPTED, CALL_LINK_ENCRYPTED);
    facts.certificate = ADMISSION_CERTIFICATE_EXPIRED;
    facts.certificate_why = "CN=SEP001122334455 ended on 2020-01-01";
    assert_int_equal(admission_decide(&a, &facts), ERR_POLICY);
    assert_ptr_equal(strstr(a.reason, "CN=SEP001122334455 ended on 2020-01-01; its cert"),
                     a.reason);
    assert_non_null(strstr(a.reason, "--capf-operation install"));
    /* An LSC the store does not have: nobody needs to trust a CA for that. */
    facts.certificate = ADMISSION_CERTIFICATE_UNKNOWN;
    facts.certificate_why = "CAPF issued it, and the store knows nothing of it";
    assert_int_equal(admission_decide(&a, &facts), ERR_POLICY);
    assert_ptr_equal(strstr(a.reason, facts.certificate_why), a.reason);
    assert_null(strstr(a.reason, "trust CAPF-trust"));
    facts.certificate = ADMISSION_CERTIFICATE_FINE;
    assert_int_equal(admission_decide(&a, &facts), 0);
    assert_string_equal(a.reason, "");
}

static void test_without_tls_there_is_no_certificate_to_look_at(void **state)
{
    (void)state;
    struct admission_facts facts = facts_of(true, MODE_NON_SECURE, CALL_LINK_PLAIN);
    facts.certificate = ADMISSION_CERTIFICATE_NONE;
    facts.cipher = "";
    assert_int_equal(verdict_of(&facts), ADMISSION_WELCOME);
}

static void test_unknown_phones_register_by_themselves_over_tcp_in_non_secure_mode_only(
    void **state)
{
    (void)state;
    for (int mixed = 0; mixed < 2; mixed++)
        for (int on = 0; on < 2; on++)
            for (int link = CALL_LINK_PLAIN; link <= CALL_LINK_ENCRYPTED; link++) {
                struct admission_facts facts =
                    facts_of(mixed, MODE_NON_SECURE, (enum call_link)link);
                facts.known = false;
                facts.auto_register = on;
                bool may = !mixed && on && link == CALL_LINK_PLAIN;
                assert_int_equal(verdict_of(&facts),
                                 may ? ADMISSION_AUTO_REGISTER : ADMISSION_UNKNOWN);
            }
    struct admission a;
    struct admission_facts facts = facts_of(true, MODE_NON_SECURE, CALL_LINK_PLAIN);
    facts.known = false;
    assert_int_equal(admission_decide(&a, &facts), ERR_POLICY);
    assert_non_null(strstr(a.reason, "mixed mode"));
    assert_non_null(strstr(a.reason, "trustline phone add SEP001122334455"));
    assert_int_equal(a.security, CALL_NOT_SECURE);
}

static void test_what_is_no_phone_of_sccp_is_refused(void **state)
{
    (void)state;
    struct admission_facts facts = facts_of(true, MODE_ENCRYPTED, CALL_LINK_ENCRYPTED);
    facts.protocol = PROTOCOL_SIP;
    assert_int_equal(verdict_of(&facts), ADMISSION_PROTOCOL);
    facts = facts_of(false, MODE_NON_SECURE, CALL_LINK_PLAIN);
    facts.is_name = false;
    facts.auto_register = true;
    facts.known = false;
    assert_int_equal(verdict_of(&facts), ADMISSION_NO_NAME);
    /* a mode that no profile has */
    facts = facts_of(true, (enum device_mode)0, CALL_LINK_PLAIN);
    assert_int_equal(verdict_of(&facts), ADMISSION_UNKNOWN);
    facts = facts_of(true, (enum device_mode)4, CALL_LINK_PLAIN);
    assert_int_equal(verdict_of(&facts), ADMISSION_UNKNOWN);
}

/* Whatever the facts are: who is worth keys came over TLS that encrypts, with a good certificate,
 * into a cluster in mixed mode, as its profile says. */
static void test_nobody_else_is_worth_keys(void **state)
{
    (void)state;
    unsigned worth = 0;
    for (unsigned bits = 0; bits < 32; bits++)
        for (int mode = 0; mode < 5; mode++)
            for (int link = CALL_LINK_PLAIN; link <= CALL_LINK_ENCRYPTED; link++)
                for (int c = 0; c <= ADMISSION_CERTIFICATES; c++) {
                    struct admission_facts facts =
                        facts_of(bits & 1, (enum device_mode)mode, (enum call_link)link);
                    struct admission a;
                    facts.certificate = (enum admission_certificate)c;
                    facts.known = bits & 2;
                    facts.auto_register = bits & 4;
                    facts.is_name = bits & 8;
                    facts.protocol = bits & 16 ? PROTOCOL_SIP : PROTOCOL_SCCP;
                    if (admission_decide(&a, &facts) != 0 || a.security != CALL_ENCRYPTED)
                        continue;
                    assert_true(facts.mixed && facts.known && facts.is_name);
                    assert_int_equal(mode, MODE_ENCRYPTED);
                    assert_int_equal(link, CALL_LINK_ENCRYPTED);
                    assert_int_equal(c, ADMISSION_CERTIFICATE_FINE);
                    worth++;
                }
    assert_int_equal(worth, 2);
}

static void test_every_verdict_has_a_word(void **state)
{
    (void)state;
    for (int i = 0; i < ADMISSION_VERDICTS; i++)
        assert_true(strlen(admission_verdict_name((enum admission_verdict)i)) > 3);
    assert_string_equal(admission_verdict_name(ADMISSION_VERDICTS), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_mixed_mode_phones_come_as_their_profile_says),
        cmocka_unit_test(
            test_in_non_secure_mode_nobody_is_secure_and_nobody_is_locked_out_by_its_profile),
        cmocka_unit_test(test_a_certificate_that_is_not_fine_is_refused_whatever_else_is),
        cmocka_unit_test(test_what_exactly_is_wrong_with_a_certificate_is_said_first),
        cmocka_unit_test(test_without_tls_there_is_no_certificate_to_look_at),
        cmocka_unit_test(
            test_unknown_phones_register_by_themselves_over_tcp_in_non_secure_mode_only),
        cmocka_unit_test(test_what_is_no_phone_of_sccp_is_refused),
        cmocka_unit_test(test_nobody_else_is_worth_keys),
        cmocka_unit_test(test_every_verdict_has_a_word),
    };
    return RUN(tests);
}
