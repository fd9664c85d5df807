#include "support.h"

#include "base/text.h"
#include "wire/cnf.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void parse(struct cnf *out, struct bytes xml, uint32_t device_type)
{
    struct why why = WHY_NONE;
    int result = cnf_parse(out, xml, device_type, &why);
    if (result)
        fail_msg("%s", why_text(&why, result));
}

static void parse_text(struct cnf *out, const char *xml)
{
    parse(out, bytes_of_string(xml), 0);
}

static void parse_vector(struct cnf *out, const char *name, uint32_t device_type)
{
    char path[128];
    snprintf(path, sizeof path, "config/%s", name);
    struct bytes file = vector_load(path);
    parse(out, file, device_type);
    vector_free(file);
}

static void expect_refused(const char *xml, int error, const char *words)
{
    struct cnf cnf = {.load = "untouched"};
    struct why why = WHY_NONE;
    int result = cnf_parse(&cnf, bytes_of_string(xml), 0, &why);
    if (result != error)
        fail_msg("'%.80s' gave %s", xml, result ? error_text(result) : "no error");
    if (!strstr(why.text, words))
        fail_msg("'%s' does not say '%s'", why.text, words);
    assert_string_equal(cnf.load, "untouched");
}

/* ---- the examples ---- */

static void test_an_old_sccp_configuration_is_read(void **state)
{
    (void)state;
    struct cnf c;
    parse_vector(&c, "1-7940-sccp-full.cnf.xml", 0);
    assert_true(c.full && !c.sip && !c.is_default && !c.encrypted);
    assert_int_equal(c.security_mode, 1);
    assert_int_equal(c.transport, 0);
    assert_int_equal(c.manager_count, 2);
    assert_string_equal(c.managers[0].host, "192.0.2.10");
    assert_string_equal(c.managers[1].host, "192.0.2.11");
    assert_int_equal(c.managers[1].port, 2000);
    assert_int_equal(c.tvs_count, 0);
    assert_int_equal(c.capf_count, 1);
    assert_int_equal(c.capf[0].port, 3804);
    assert_string_equal(c.load, "P0030801SR02");
    assert_string_equal(c.user_locale, "English_United_States");
    assert_string_equal(c.network_locale, "United_States");
    assert_string_equal(c.version_stamp, "1700000000-00000000-0000-4000-8000-000000000001");
    assert_string_equal(c.certificate_hash, "");
}

static void test_what_a_minimal_file_leaves_out_has_the_phones_defaults(void **state)
{
    (void)state;
    struct cnf c;
    parse_vector(&c, "1-7940-sccp-min.cnf.xml", 0);
    assert_true(c.full && !c.sip && !c.encrypted);
    assert_int_equal(c.security_mode, 1);
    assert_int_equal(c.capf_auth, 0);
    assert_int_equal(c.manager_count, 1);
    assert_string_equal(c.version_stamp, "");
}

static void test_a_secure_sip_configuration_is_read(void **state)
{
    (void)state;
    struct cnf c;
    parse_vector(&c, "5-88xx-sip-sec-full.cnf.xml", 0);
    assert_true(c.full && c.sip && c.encrypted);
    assert_int_equal(c.security_mode, 3);
    assert_int_equal(c.transport, 3);
    assert_int_equal(c.capf_auth, 0);
    assert_string_equal(c.certificate_hash, "00112233445566778899aabbccddeeff");
    assert_int_equal(c.manager_count, 2);
    assert_string_equal(c.managers[1].host, "pbx2.example.net");
    assert_int_equal(c.managers[0].port, 5060);
    assert_int_equal(c.managers[0].secure_sip_port, 5061);
    assert_int_equal(c.tvs_count, 1);
    assert_string_equal(c.tvs[0].host, "pbx1.example.net");
    assert_int_equal(c.tvs[0].port, 2445);
    assert_string_equal(c.dial_template, "dialplan.xml");
    assert_string_equal(c.soft_keys, "softkeys.xml");
    assert_string_equal(c.load, "sip88xx.12-5-1SR2-2");
    assert_int_equal(c.line_count, 1); /* the second button is a speed dial */
    assert_int_equal(c.lines[0].button, 1);
    assert_string_equal(c.lines[0].number, "201");
    assert_string_equal(c.lines[0].label, "Line 201");
}

static void test_an_enrolment_configuration_is_read(void **state)
{
    (void)state;
    struct cnf c;
    parse_vector(&c, "3-79xx-sccp-enc-min.cnf.xml", 0);
    assert_int_equal(c.security_mode, 3);
    assert_int_equal(c.capf_auth, 2);
    assert_string_equal(c.capf[0].host, "pbx1.example.net");
    assert_true(c.encrypted);
}

static void test_the_short_file_is_not_full(void **state)
{
    (void)state;
    struct cnf c;
    parse_vector(&c, "6-short.cnf.xml", 0);
    assert_false(c.full);
    assert_true(c.encrypted);
    assert_int_equal(c.manager_count, 0);
    assert_string_equal(c.load, "SCCP42.9-4-2SR3-1S");
}

static void test_the_default_file_gives_each_type_its_own_load(void **state)
{
    (void)state;
    struct cnf c;
    parse_vector(&c, "7-XMLDefault.cnf.xml", 434);
    assert_true(c.is_default);
    assert_string_equal(c.load, "SCCP42.9-4-2SR3-1S");
    assert_string_equal(c.managers[0].host, "pbx1.example.net");
    assert_int_equal(c.managers[0].port, 2000);
    assert_int_equal(c.tvs_count, 1);
    parse_vector(&c, "7-XMLDefault.cnf.xml", 7);
    assert_string_equal(c.load, "P0030801SR02");
    parse_vector(&c, "7-XMLDefault.cnf.xml", 43);
    assert_string_equal(c.load, "");
    parse_vector(&c, "7-XMLDefault.cnf.xml", 0);
    assert_string_equal(c.load, "");
}

/* Dial plans, soft keys and the like are XML, but no configuration. */
static void test_other_files_are_no_configuration(void **state)
{
    (void)state;
    const char *const names[] = {"AppDialRules.xml",  "List.xml",     "dialplan.xml",
                                 "featurepolicy.xml", "ringlist.xml", "softkeys.xml"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[64];
        struct cnf c;
        struct why why = WHY_NONE;
        snprintf(path, sizeof path, "config/%s", names[i]);
        struct bytes file = vector_load(path);
        assert_int_equal(cnf_parse(&c, file, 0, &why), ERR_FORMAT);
        assert_non_null(strstr(why.text, "the root is"));
        vector_free(file);
    }
}

/* ---- as phones read ---- */

static void test_prefixes_that_nobody_declared_are_read(void **state)
{
    (void)state;
    struct cnf c;
    parse_text(&c, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                   "<device  xsi:type=\"axl:XIPPhone\" ctiid=\"548\" "
                   "uuid=\"{00000000-0000-4000-8000-000000000001}\">\n"
                   "<axl:note>x</axl:note>\n"
                   "<deviceSecurityMode>2</deviceSecurityMode>\n</device>\n");
    assert_int_equal(c.security_mode, 2);
}

static void test_values_are_read_as_phones_read_them(void **state)
{
    (void)state;
    const struct {
        const char *xml;
        unsigned mode;
        bool encrypted;
    } cases[] = {
        {"<device><deviceSecurityMode>3</deviceSecurityMode><encrConfig>true</encrConfig></device>",
         3, true},
        {"<device><deviceSecurityMode>4</deviceSecurityMode><encrConfig>TRUE</encrConfig></device>",
         1, false},
        {"<device><deviceSecurityMode> 2 </deviceSecurityMode><encrConfig>\ntrue "
         "</encrConfig></device>",
         2, true},
        {"<device><deviceSecurityMode>2nd</deviceSecurityMode><encrConfig>yes</encrConfig></"
         "device>",
         2, false},
        {"<device><deviceSecurityMode>x</deviceSecurityMode><encrConfig/></device>", 1, false},
        {"<device><deviceSecurityMode></deviceSecurityMode></device>", 1, false},
        {"<device><deviceSecurityMode>99999999999999999999</deviceSecurityMode></device>", 1,
         false},
        {"<device><encrConfig>false</encrConfig><encrConfig>true</encrConfig></device>", 1, true},
        {"<device><x><encrConfig>true</encrConfig></x></device>", 1, false},
        {"<device><encrConfig>tr<!-- -->ue</encrConfig></device>", 1, true},
        {"<device><encrConfig><![CDATA[true]]></encrConfig></device>", 1, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cnf c;
        parse_text(&c, cases[i].xml);
        if (c.security_mode != cases[i].mode || c.encrypted != cases[i].encrypted)
            fail_msg("'%s': mode %u, encrypted %d", cases[i].xml, c.security_mode, c.encrypted);
    }
}

static void test_servers_come_in_document_order_and_tvs_by_priority(void **state)
{
    (void)state;
    struct cnf c;
    parse_text(&c, "<device><devicePool><callManagerGroup><members>"
                   "<member priority=\"9\"><callManager><processNodeName>a</processNodeName>"
                   "</callManager></member>"
                   "<member priority=\"0\"><callManager><ports><ethernetPhonePort>70000"
                   "</ethernetPhonePort></ports><processNodeName>b</processNodeName></callManager>"
                   "</member><member><callManager><processNodeName></processNodeName></callManager>"
                   "</member><member/></members></callManagerGroup></devicePool>"
                   "<TVS><members><member priority=\"2\"><address>x</address></member>"
                   "<member priority=\"0\"><address>y</address><port>12445</port></member>"
                   "<member priority=\"1\"><address>z</address></member>"
                   "<member><address>w</address></member></members></TVS></device>");
    assert_int_equal(c.manager_count, 2);
    assert_string_equal(c.managers[0].host, "a");
    assert_string_equal(c.managers[1].host, "b");
    assert_int_equal(c.managers[1].port, 0);
    assert_int_equal(c.tvs_count, 4);
    const char *const order[] = {"y", "z", "x", "w"};
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(c.tvs[i].host, order[i]);
    assert_int_equal(c.tvs[0].port, 12445);
}

static void test_more_servers_or_lines_than_fit_are_left_out(void **state)
{
    (void)state;
    struct buffer xml;
    buffer_init(&xml, 65536);
    buffer_text(&xml, "<device><devicePool><callManagerGroup><members>");
    for (int i = 0; i < 9; i++)
        buffer_format(&xml,
                      "<member><callManager><processNodeName>m%d</processNodeName></callManager>"
                      "</member>",
                      i);
    buffer_text(&xml, "</members></callManagerGroup></devicePool><capfList>");
    for (int i = 0; i < 9; i++)
        buffer_format(&xml, "<capf><processNodeName>c%d</processNodeName></capf>", i);
    buffer_text(&xml, "</capfList><TVS><members>");
    for (int i = 0; i < 9; i++)
        buffer_format(&xml, "<member><address>t%d</address></member>", i);
    buffer_text(&xml, "</members></TVS><sipProfile><sipLines>");
    for (int i = 1; i < 40; i++)
        buffer_format(&xml, "<line button=\"%d\"><featureID>9</featureID><name>%d</name></line>", i,
                      i);
    buffer_text(&xml, "</sipLines></sipProfile></device>");
    struct cnf c;
    parse(&c, buffer_bytes(&xml), 0);
    assert_true(c.sip); /* a sipProfile says so when deviceProtocol does not */
    assert_int_equal(c.manager_count, CNF_MEMBERS);
    assert_int_equal(c.capf_count, CNF_MEMBERS);
    assert_int_equal(c.tvs_count, CNF_MEMBERS);
    assert_int_equal(c.line_count, 16);
    assert_int_equal(c.lines[15].button, 16);
    buffer_fini(&xml);
}

static void test_long_texts_are_cut(void **state)
{
    (void)state;
    struct buffer xml;
    struct cnf c;
    buffer_init(&xml, 65536);
    buffer_text(&xml, "<device><loadInformation>");
    buffer_fill(&xml, 'x', 5000);
    buffer_text(&xml, "</loadInformation></device>");
    parse(&c, buffer_bytes(&xml), 0);
    assert_int_equal(strlen(c.load), CNF_TEXT - 1);
    buffer_fini(&xml);
}

static void test_other_plain_encodings_are_read(void **state)
{
    (void)state;
    struct cnf c;
    parse_text(&c, "<?xml version='1.0' encoding='ISO-8859-1'?><device><userLocale><name>"
                   "M\xfcller</name></userLocale></device>");
    assert_string_equal(c.user_locale, "M\xc3\xbcller");
    parse_text(&c, "\xef\xbb\xbf<device><networkLocale>\xc3\x84</networkLocale></device>");
    assert_string_equal(c.network_locale, "\xc3\x84");
}

/* ---- what phones refuse, and what we do ---- */

static void test_a_file_that_is_not_well_formed_is_refused_with_its_line(void **state)
{
    (void)state;
    expect_refused("", ERR_FORMAT, "empty");
    expect_refused("  \n ", ERR_FORMAT, "empty");
    expect_refused("hello", ERR_FORMAT, "line 1");
    expect_refused("<device>\n<a>\n</b>\n</device>", ERR_FORMAT, "line 3: opening and ending");
    expect_refused("<device>\n\n<a>1 & 2</a></device>", ERR_FORMAT, "line 3");
    expect_refused("<device>\n<a>&nbsp;</a></device>", ERR_FORMAT, "line 2");
    expect_refused("<device><a></device>", ERR_FORMAT, "line 1");
    expect_refused("<device></device><device></device>", ERR_FORMAT, "line 1");
    expect_refused("<device a=1></device>", ERR_FORMAT, "line 1");
    expect_refused("<device><a>\x01</a></device>", ERR_FORMAT, "line 1");
    expect_refused("<device><a>\xfc</a></device>", ERR_FORMAT, "line 1");
    expect_refused("<phone></phone>", ERR_FORMAT, "the root is 'phone'");
    expect_refused("<loadInformation434>x</loadInformation7>", ERR_FORMAT, "line 1");
}

static void test_a_document_type_is_refused_before_anything_is_expanded(void **state)
{
    (void)state;
    expect_refused("<!DOCTYPE device [<!ENTITY a \"b\">]>\n<device>&a;</device>", ERR_FORMAT,
                   "line 1: a document type");
    expect_refused("<?xml version=\"1.0\"?>\n<!DOCTYPE device SYSTEM \"file:///etc/passwd\">\n"
                   "<device></device>",
                   ERR_FORMAT, "line 2: a document type");
    expect_refused("<!-- > --><!DOCTYPE d [<!ENTITY a SYSTEM \"http://192.0.2.1/\">]><d>&a;</d>",
                   ERR_FORMAT, "a document type");
    struct cnf c;
    parse_text(&c, "<!-- <!DOCTYPE x> --><device><![CDATA[<!DOCTYPE y>]]></device>");
}

static void test_encodings_that_hide_markup_are_refused(void **state)
{
    (void)state;
    expect_refused("<?xml version=\"1.0\" encoding=\"UTF-7\"?><device>+ADw-a/+AD4-</device>",
                   ERR_FORMAT, "encoding");
    expect_refused("<?xml version=\"1.0\" encoding=\"UTF-16\"?><device></device>", ERR_FORMAT,
                   "encoding");
    expect_refused("<?xml version=\"1.0\" encoding=\"\"?><device></device>", ERR_FORMAT,
                   "encoding");
    expect_refused("<?xml version=\"1.0\" standalone='encoding' encoding='UTF-7'?><device/>",
                   ERR_FORMAT, "encoding");
    static const char wide[] = "\xff\xfe<\0d\0e\0v\0i\0c\0e\0/\0>\0";
    struct cnf c;
    struct why why = WHY_NONE;
    assert_int_equal(cnf_parse(&c, bytes_of(wide, sizeof wide - 1), 0, &why), ERR_FORMAT);
    assert_non_null(strstr(why.text, "NUL"));
    /* EBCDIC begins with 4C */
    expect_refused("\x4c\x6f\xa7\x94\x93", ERR_FORMAT, "does not begin");
}

static void test_files_without_measure_are_refused(void **state)
{
    (void)state;
    struct buffer b;
    buffer_init(&b, 4 * 1024 * 1024);
    buffer_text(&b, "<device>");
    for (int i = 0; i < 40; i++)
        buffer_text(&b, "<a>");
    expect_refused(buffer_string(&b), ERR_LIMIT, "nested deeper");
    buffer_clear(&b);
    buffer_text(&b, "<device>");
    for (int i = 0; i < 30000; i++)
        buffer_text(&b, "<a/>");
    expect_refused(buffer_string(&b), ERR_LIMIT, "more elements");
    buffer_clear(&b);
    buffer_text(&b, "<device a=\">\"");
    for (int i = 0; i < 100; i++)
        buffer_format(&b, " a%d='='", i);
    buffer_text(&b, "></device>");
    expect_refused(buffer_string(&b), ERR_LIMIT, "too many attributes");
    buffer_clear(&b);
    buffer_text(&b, "<device>");
    buffer_fill(&b, ' ', CNF_BYTES_MAX);
    buffer_text(&b, "</device>");
    expect_refused(buffer_string(&b), ERR_LIMIT, "2 MB");
    buffer_fini(&b);
}

/* ---- every example, cut and changed ---- */

static void with_each_example(void (*act)(struct bytes))
{
    char path[1024];
    snprintf(path, sizeof path, "%s/config", vector_path(""));
    DIR *directory = opendir(path);
    assert_non_null(directory);
    size_t count = 0;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "config/%s", entry->d_name);
        struct bytes file = vector_load(path);
        act(file);
        vector_free(file);
        count++;
    }
    closedir(directory);
    assert_true(count >= 18);
}

static void cut(struct bytes file)
{
    for (size_t size = 0; size < file.size; size += test_is_long() ? 1 : 13) {
        uint8_t *exact = malloc(size ? size : 1);
        memcpy(exact, file.data, size);
        struct cnf c;
        if (cnf_parse(&c, bytes_of(exact, size), 434, NULL) == 0 && size + 1 < file.size)
            fail_msg("a file cut at %zu of %zu was taken", size, file.size);
        free(exact);
    }
}

static void test_no_cut_file_is_taken(void **state)
{
    (void)state;
    with_each_example(cut);
}

static void mutate(struct bytes file)
{
    static const uint8_t nasty[] = {0, '<', '>', '&', '"', '/', '!', '-', ']', '\n', 0xff, 0xc3};
    uint8_t *copy = malloc(file.size);
    size_t rounds = test_is_long() ? 20000 : 150;
    uint64_t random = 88172645463325252u + file.size;
    for (size_t i = 0; i < rounds; i++) {
        memcpy(copy, file.data, file.size);
        for (int change = 0; change < 3; change++) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            copy[random % file.size] = nasty[(random >> 32) % sizeof nasty];
        }
        struct cnf c;
        struct why why = WHY_NONE;
        int result = cnf_parse(&c, bytes_of(copy, file.size), 434, &why);
        if (result && !why.text[0])
            fail_msg("refused without a word");
    }
    free(copy);
}

static void test_changed_files_never_crash(void **state)
{
    (void)state;
    with_each_example(mutate);
}

/* ---- quiet, and from several threads ---- */

static void *read_many(void *wrong)
{
    for (int i = 0; i < 200; i++) {
        struct cnf c;
        if (cnf_parse(&c, bytes_of_string("<device><a></b></device>"), 0, NULL) != ERR_FORMAT ||
            cnf_parse(&c,
                      bytes_of_string("<device x:y='1'><deviceSecurityMode>3</deviceSecurityMode>"
                                      "</device>"),
                      0, NULL) != 0 ||
            c.security_mode != 3)
            return wrong;
    }
    return NULL;
}

static void test_reading_is_quiet_and_safe_in_several_threads(void **state)
{
    (void)state;
    char directory[1024];
    char path[1100];
    temporary_make(directory);
    snprintf(path, sizeof path, "%s/stderr", directory);
    int saved = dup(STDERR_FILENO);
    int file = open(path, O_CREAT | O_RDWR, 0600);
    assert_true(saved >= 0 && file >= 0);
    dup2(file, STDERR_FILENO);
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_many, directory), 0);
    void *wrong = NULL;
    for (int i = 0; i < 4; i++) {
        void *result;
        pthread_join(threads[i], &result);
        wrong = wrong ? wrong : result;
    }
    dup2(saved, STDERR_FILENO);
    off_t said = lseek(file, 0, SEEK_END);
    close(saved);
    close(file);
    temporary_remove(directory);
    assert_null(wrong);
    assert_int_equal(said, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_old_sccp_configuration_is_read),
        cmocka_unit_test(test_what_a_minimal_file_leaves_out_has_the_phones_defaults),
        cmocka_unit_test(test_a_secure_sip_configuration_is_read),
        cmocka_unit_test(test_an_enrolment_configuration_is_read),
        cmocka_unit_test(test_the_short_file_is_not_full),
        cmocka_unit_test(test_the_default_file_gives_each_type_its_own_load),
        cmocka_unit_test(test_other_files_are_no_configuration),
        cmocka_unit_test(test_prefixes_that_nobody_declared_are_read),
        cmocka_unit_test(test_values_are_read_as_phones_read_them),
        cmocka_unit_test(test_servers_come_in_document_order_and_tvs_by_priority),
        cmocka_unit_test(test_more_servers_or_lines_than_fit_are_left_out),
        cmocka_unit_test(test_long_texts_are_cut),
        cmocka_unit_test(test_other_plain_encodings_are_read),
        cmocka_unit_test(test_a_file_that_is_not_well_formed_is_refused_with_its_line),
        cmocka_unit_test(test_a_document_type_is_refused_before_anything_is_expanded),
        cmocka_unit_test(test_encodings_that_hide_markup_are_refused),
        cmocka_unit_test(test_files_without_measure_are_refused),
        cmocka_unit_test(test_no_cut_file_is_taken),
        cmocka_unit_test(test_changed_files_never_crash),
        cmocka_unit_test(test_reading_is_quiet_and_safe_in_several_threads),
    };
    return RUN(tests);
}
