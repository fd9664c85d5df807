#include "support.h"

#include "service/tftp/names.h"

#include <string.h>

static struct file_name parse(const char *name)
{
    struct file_name out;
    struct why why = WHY_NONE;
    int result = file_name_parse(&out, bytes_of_string(name), &why);
    if (result)
        fail_msg("%s: %s", name, why_text(&why, result));
    return out;
}

static void test_the_names_phones_ask_for_are_understood(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum name_kind kind;
        enum name_form form;
        const char *device, *path, *shown;
    } cases[] = {
        {"CTLSEP0011215A1AE3.tlv", NAME_CTL, FORM_PLAIN, "SEP0011215A1AE3",
         "CTLSEP0011215A1AE3.tlv", "CTLFile.tlv"},
        {"/ITLSEP0011215A1AE3.tlv", NAME_ITL, FORM_PLAIN, "SEP0011215A1AE3",
         "ITLSEP0011215A1AE3.tlv", "ITLFile.tlv"},
        {"CTLFile.tlv", NAME_CTL, FORM_PLAIN, "", "CTLFile.tlv", "CTLFile.tlv"},
        {"ITLFile.tlv", NAME_ITL, FORM_PLAIN, "", "ITLFile.tlv", "ITLFile.tlv"},
        {"SEP001122334455.cnf.xml", NAME_CONFIG, FORM_PLAIN, "SEP001122334455",
         "SEP001122334455.cnf.xml", "SEP001122334455.cnf.xml"},
        {"SEP001122334455.cnf.xml.sgn", NAME_CONFIG, FORM_SIGNED, "SEP001122334455",
         "SEP001122334455.cnf.xml", "SEP001122334455.cnf.xml.sgn"},
        {"SEP001122334455.cnf.xml.enc.sgn", NAME_CONFIG, FORM_SEALED, "SEP001122334455",
         "SEP001122334455.cnf.xml", "SEP001122334455.cnf.xml.enc.sgn"},
        {"CAPF.crl.pem", NAME_CRLS, FORM_PLAIN, "", "CAPF.crl.pem", "CAPF.crl.pem"},
        {"/capf.CRL", NAME_CRL, FORM_PLAIN, "", "capf.CRL", "capf.CRL"},
        {"XMLDefault.cnf.xml", NAME_DEFAULT, FORM_PLAIN, "", "XMLDefault.cnf.xml",
         "XMLDefault.cnf.xml"},
        {"XmlDefault.cnf.xml.sgn", NAME_DEFAULT, FORM_SIGNED, "", "XmlDefault.cnf.xml",
         "XmlDefault.cnf.xml.sgn"},
        {"//g3-tones.xml", NAME_FILE, FORM_PLAIN, "", "g3-tones.xml", "g3-tones.xml"},
        {"Desktops//320x196x4/List.xml.sgn", NAME_FILE, FORM_SIGNED, "",
         "Desktops/320x196x4/List.xml", "Desktops/320x196x4/List.xml.sgn"},
        {"SIP42.9-4-2SR3-1S.loads", NAME_FILE, FORM_PLAIN, "", "SIP42.9-4-2SR3-1S.loads",
         "SIP42.9-4-2SR3-1S.loads"},
        {"ext_ITLSEP001122334455.tlv", NAME_FILE, FORM_PLAIN, "", "ext_ITLSEP001122334455.tlv",
         "ext_ITLSEP001122334455.tlv"},
        {"SEPnotahexname.cnf.xml", NAME_FILE, FORM_PLAIN, "", "SEPnotahexname.cnf.xml",
         "SEPnotahexname.cnf.xml"},
        {"sub/SEP001122334455.cnf.xml", NAME_COPY, FORM_PLAIN, "", "sub/SEP001122334455.cnf.xml",
         "sub/SEP001122334455.cnf.xml"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct file_name n = parse(cases[i].name);
        assert_int_equal(n.kind, cases[i].kind);
        assert_int_equal(n.form, cases[i].form);
        assert_string_equal(n.device, cases[i].device);
        assert_string_equal(n.path, cases[i].path);
        assert_string_equal(file_name_shown(&n), cases[i].shown);
    }
}

static void test_what_may_be_a_copy_of_a_configuration_is_known_for_it(void **state)
{
    (void)state;
    static const char *const copies[] = {
        "SEP001122334455.cnf.xml.bak",
        "sep001122334455.CNF.XML.old",
        "SEP001122334455.cnf.xml.sgn.sgn",
        "SEP001122334455.cnf.xml.enc",
        "old/SEP001122334455.cnf.xml",
        "a/b/SEP001122334455.cnf.xml.sgn",
        "SEP001122334455.cnf",
        "SEP001122334455.xml",
        "backup-SEP001122334455.cnf.xml",
        "old/2026-sep001122334455.txt",
    };
    for (size_t i = 0; i < sizeof copies / sizeof *copies; i++) {
        struct file_name n = parse(copies[i]);
        assert_int_equal(n.kind, NAME_COPY);
        assert_string_equal(n.about, "SEP001122334455");
        assert_string_equal(n.device, "");
    }
    assert_int_equal(parse("SEP00112233445.xml").kind, NAME_FILE);
    assert_int_equal(parse("SEP00112233445G.cnf.xml").kind, NAME_FILE);
    assert_int_equal(parse("SEP001122334455.cnf.xml/image.png").kind, NAME_FILE);
}

static void test_letter_case_does_not_hide_what_is_meant(void **state)
{
    (void)state;
    struct file_name n = parse("ctlsep0011215a1ae3.TLV");
    assert_int_equal(n.kind, NAME_CTL);
    assert_string_equal(n.device, "SEP0011215A1AE3");
    assert_string_equal(n.asked, "ctlsep0011215a1ae3.TLV");
    n = parse("sep0011215a1ae3.CNF.XML.SGN");
    assert_int_equal(n.kind, NAME_CONFIG);
    assert_int_equal(n.form, FORM_SIGNED);
    assert_string_equal(n.device, "SEP0011215A1AE3");
    assert_string_equal(n.path, "sep0011215a1ae3.CNF.XML");
    assert_int_equal(parse("xmldefault.cnf.xml").kind, NAME_DEFAULT);
}

static void assert_refused(struct bytes name, int error)
{
    struct file_name out;
    struct why why = WHY_NONE;
    assert_int_equal(file_name_parse(&out, name, &why), error);
    assert_true(why.text[0] != '\0');
}

static void test_names_that_lead_elsewhere_are_refused(void **state)
{
    (void)state;
    const char *const bad[] = {"..",
                               "../trustline.db",
                               "SEP001122334455.cnf.xml~.sgn",
                               "/../../etc/passwd",
                               "a/../../b",
                               "a/..",
                               "./a",
                               ".hidden",
                               "a/.ssh/id",
                               "",
                               "/",
                               "///",
                               "dir/",
                               "list.xml.0123456789abcdef~",
                               "a\nb",
                               "a\x1b[2J",
                               "a\x7f"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_refused(bytes_of_string(bad[i]), ERR_POLICY);
    assert_refused(bytes_of("a\0b", 3), ERR_POLICY);
    assert_refused(bytes_of("SEP001122334455.cnf.xml\0.sgn", 28), ERR_POLICY);
}

static void test_a_name_may_have_255_bytes_and_no_more(void **state)
{
    (void)state;
    char name[601];
    memset(name, 'x', 600);
    name[600] = '\0';
    assert_refused(bytes_of_string(name), ERR_LIMIT);
    assert_refused(bytes_of(name, 256), ERR_LIMIT);
    name[255] = '\0';
    assert_int_equal(strlen(parse(name).asked), 255);
}

static void test_bytes_that_are_no_ascii_are_names_like_others(void **state)
{
    (void)state;
    assert_string_equal(parse("Gro\xc3\x9f\xe9.xml").path, "Gro\xc3\x9f\xe9.xml");
}

static void test_a_bare_suffix_is_a_name_and_no_form(void **state)
{
    (void)state;
    assert_refused(bytes_of_string(".sgn"), ERR_POLICY);
    assert_int_equal(parse("a.sgn").form, FORM_SIGNED);
    assert_string_equal(parse("a.sgn").path, "a");
}

static void test_firmware_is_known_by_its_name(void **state)
{
    (void)state;
    const char *const firmware[] = {
        "SIP42.9-4-2SR3-1S.loads",  "cnu42.9-4-2ES26.sbn", "term42.DEFAULT.LOADS",
        "P003-8-12-00.sb2",         "P003-8-12-00.bin",    "dkern8941.100609R2-9-4-2SR3-1.zz.sgn",
        "kern78xx.12-1-1SR1-4.sbn", "ATA190.bin4.sgn",     "P00303020214.bin",
        "cmterm-7936.zup"};
    const char *const others[] = {"ringlist.xml", "SEP001122334455.cnf.xml.sgn",
                                  "mk-sip.jar",   "dialplan.xml.sgn",
                                  "g3-tones.xml", "loads",
                                  "bin"};
    for (size_t i = 0; i < sizeof firmware / sizeof *firmware; i++)
        if (!file_name_is_firmware(firmware[i]))
            fail_msg("%s is firmware", firmware[i]);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (file_name_is_firmware(others[i]))
            fail_msg("%s is no firmware", others[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_names_phones_ask_for_are_understood),
        cmocka_unit_test(test_what_may_be_a_copy_of_a_configuration_is_known_for_it),
        cmocka_unit_test(test_letter_case_does_not_hide_what_is_meant),
        cmocka_unit_test(test_names_that_lead_elsewhere_are_refused),
        cmocka_unit_test(test_a_name_may_have_255_bytes_and_no_more),
        cmocka_unit_test(test_bytes_that_are_no_ascii_are_names_like_others),
        cmocka_unit_test(test_a_bare_suffix_is_a_name_and_no_form),
        cmocka_unit_test(test_firmware_is_known_by_its_name),
    };
    return RUN(tests);
}
