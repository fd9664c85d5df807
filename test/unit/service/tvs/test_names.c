/* Names as lists and certificates have them: docs/protocols/trust-files.md, "Names". */
#include "support.h"

#include "service/tvs/names.h"

static bool match(const char *said, const char *known)
{
    return names_match(bytes_of_string(said), bytes_of_string(known));
}

#define CUCM "CN=cucm-1051-a-pub;OU=TAC;O=Cisco;L=Krakow;ST=Malopolska;C=PL"

static void test_the_same_text_is_the_same_name_whatever_it_is(void **state)
{
    (void)state;
    assert_true(match(CUCM, CUCM));
    assert_true(match("", ""));
    assert_true(match("no name at all", "no name at all"));
}

static void test_separators_order_and_the_case_of_keys_do_not_count(void **state)
{
    (void)state;
    assert_true(match("CN=cucm-1051-a-pub,OU=TAC,O=Cisco,L=Krakow,ST=Malopolska,C=PL", CUCM));
    assert_true(match("C=PL, O=Cisco, OU=TAC, CN=cucm-1051-a-pub, ST=Malopolska, L=Krakow", CUCM));
    assert_true(match("cn=cucm-1051-a-pub;ou=TAC;o=Cisco;l=Krakow;st=Malopolska;c=PL", CUCM));
    assert_true(match("CN=cucm-1051-a-pub; OU=TAC; O=Cisco; L=Krakow; ST=Malopolska; C=PL", CUCM));
}

static void test_quotes_blanks_and_backslashes_around_values_do_not_count(void **state)
{
    (void)state;
    assert_true(match("CN=\"cucm-1051-a-pub\";OU=TAC;O=Cisco;L= Krakow ;ST=Malopolska;C=PL", CUCM));
    assert_true(match("CN=x;O=Example\\, Inc.", "CN=x;O=Example, Inc."));
    assert_true(match("CN=x,O=\"Example, Inc.\"", "CN=x;O=Example, Inc."));
    assert_true(match("CN=\"SAST-ADN008580ef        \";OU=IPCBU", "CN=SAST-ADN008580ef;OU=IPCBU"));
}

static void test_a_comma_in_a_value_does_not_end_it(void **state)
{
    (void)state;
    assert_true(match("CN=x,O=Example, Inc.,C=US", "CN=x;O=Example, Inc.;C=US"));
    assert_false(match("CN=x,O=Example, Inc.,C=US", "CN=x;O=Example;C=US"));
}

/* Subject and issuer as the CTLs of tokens have them. */
static void test_the_cut_names_of_etokens_are_known(void **state)
{
    (void)state;
    assert_true(match("cn=Cisco Manufacturing CA;o=Cisco Systems",
                      "CN=Cisco Manufacturing CA;O=Cisco Systems"));
    assert_true(match("cn=\"SAST-ADN008580ef        \";ou=IPCBU;o=\"Cisco Systems",
                      "CN=SAST-ADN008580ef;OU=IPCBU;O=Cisco Systems, Inc."));
    assert_true(match("cn=\"SAST-ADN008580ef        \";ou=IPCBU;o=\"Cisco Systems",
                      "CN=SAST-ADN008580ef;OU=IPCBU;O=Cisco Systems, Inc.;C=US"));
    /* Cut where no comma is, it is another name; and so it is without the open quote. */
    assert_false(match("cn=x;o=\"Cisco Sys", "CN=x;O=Cisco Systems, Inc."));
    assert_false(match("cn=x;o=Cisco Systems", "CN=x;O=Cisco Systems, Inc."));
    assert_false(match("cn=y;o=\"Cisco Systems", "CN=x;O=Cisco Systems, Inc."));
}

static void test_every_difference_of_meaning_counts(void **state)
{
    (void)state;
    static const char *const others[] = {
        "CN=cucm-1051-a-sub;OU=TAC;O=Cisco;L=Krakow;ST=Malopolska;C=PL",
        "CN=CUCM-1051-A-PUB;OU=TAC;O=Cisco;L=Krakow;ST=Malopolska;C=PL",
        "CN=cucm-1051-a-pub;OU=TAC;O=Cisco;L=Krakow;ST=Malopolska",
        "CN=cucm-1051-a-pub;OU=TAC;O=Cisco;L=Krakow;ST=Malopolska;C=PL;DC=lab",
        "CN=cucm-1051-a-pub;OU=TAC;OU=TAC;O=Cisco;L=Krakow;ST=Malopolska;C=PL",
        "CN=cucm-1051-a-pub;O=TAC;OU=Cisco;L=Krakow;ST=Malopolska;C=PL",
        "CN=cucm-1051-a-pub;OU=TAC;O=Cisco;L=Krakow;ST=Malopolska;C=",
        "cucm-1051-a-pub;OU=TAC;O=Cisco;L=Krakow;ST=Malopolska;C=PL",
        "",
        "=",
        "\"",
        "CN",
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_false(match(others[i], CUCM));
        assert_false(match(CUCM, others[i]));
    }
    assert_true(match("OU=a,OU=b", "OU=b;OU=a"));
    assert_false(match("OU=a,OU=a", "OU=b;OU=a"));
}

static void test_a_name_of_more_attributes_than_anybody_has_matches_itself_alone(void **state)
{
    (void)state;
    struct buffer long_name;
    struct buffer other;
    buffer_init(&long_name, 10000);
    buffer_init(&other, 10000);
    for (int i = 0; i < 500; i++) {
        buffer_format(&long_name, "%sOU=%d", i ? ";" : "", i);
        buffer_format(&other, "%sOU=%d", i ? "," : "", i);
    }
    assert_true(names_match(buffer_bytes(&long_name), buffer_bytes(&long_name)));
    assert_false(names_match(buffer_bytes(&other), buffer_bytes(&long_name)));
    buffer_fini(&long_name);
    buffer_fini(&other);
}

static void test_an_etoken_is_told_by_both_of_its_names(void **state)
{
    (void)state;
    static const struct {
        const char *subject, *issuer;
        bool etoken;
    } cases[] = {
        {"cn=\"SAST-ADN008580ef        \";ou=IPCBU;o=\"Cisco Systems",
         "cn=Cisco Manufacturing CA;o=Cisco Systems", true},
        {"CN=SAST-ADN008580ef,OU=IPCBU,O=Cisco Systems\\, Inc.",
         "O=Cisco Systems,CN=Cisco Manufacturing CA", true},
        {"CN=CP-7975G-SEP001122334455;OU=EVVBU;O=Cisco Systems Inc.",
         "CN=Cisco Manufacturing CA;O=Cisco Systems", false},
        {"cn=SAST-ADN008580ef;ou=IPCBU", "CN=Cisco Manufacturing CA SHA2;O=Cisco", false},
        {"", "", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(
            names_are_etoken(bytes_of_string(cases[i].subject), bytes_of_string(cases[i].issuer)),
            cases[i].etoken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same_text_is_the_same_name_whatever_it_is),
        cmocka_unit_test(test_separators_order_and_the_case_of_keys_do_not_count),
        cmocka_unit_test(test_quotes_blanks_and_backslashes_around_values_do_not_count),
        cmocka_unit_test(test_a_comma_in_a_value_does_not_end_it),
        cmocka_unit_test(test_the_cut_names_of_etokens_are_known),
        cmocka_unit_test(test_every_difference_of_meaning_counts),
        cmocka_unit_test(test_a_name_of_more_attributes_than_anybody_has_matches_itself_alone),
        cmocka_unit_test(test_an_etoken_is_told_by_both_of_its_names),
    };
    return RUN(tests);
}
