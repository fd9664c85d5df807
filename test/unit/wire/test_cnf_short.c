#include "support.h"

#include "wire/cnf.h"

#include <string.h>

#define HASH "00112233445566778899aabbccddeeff"

static const char full[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<device>\n<fullConfig>true</fullConfig>\n"
    "<deviceProtocol>SCCP</deviceProtocol>\n<sshUserId>admin</sshUserId>\n"
    "<sshPassword>Example-Only-1</sshPassword>\n<ipAddressMode>2</ipAddressMode>\n"
    "<devicePool> <callManagerGroup> <members> <member priority=\"0\"> <callManager> <ports> "
    "<ethernetPhonePort>2000</ethernetPhonePort> </ports> <processNodeName>10.0.0.9"
    "</processNodeName> </callManager> </member> </members> </callManagerGroup> </devicePool>\n"
    "<loadInformation>SCCP42.9-4-2SR3-1S</loadInformation>\n"
    "<deviceSecurityMode>3</deviceSecurityMode>\n<capfAuthMode>1</capfAuthMode>\n"
    "<capfList> <capf> <phonePort>13804</phonePort> <processNodeName>a&amp;b.example"
    "</processNodeName> </capf> <capf> <phonePort>3804</phonePort> <processNodeName>10.0.0.2"
    "</processNodeName> </capf> </capfList>\n<certHash></certHash>\n"
    "<encrConfig>false</encrConfig>\n<phonePassword>secret</phonePassword>\n</device>\n";

static void test_the_short_file_has_what_leads_to_the_certificate_and_no_more(void **state)
{
    (void)state;
    struct buffer out;
    buffer_init(&out, 4096);
    assert_int_equal(cnf_write_short(&out, bytes_of_string(full), HASH, NULL), 0);
    assert_string_equal(
        buffer_string(&out),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<device>\n<fullConfig>false</fullConfig>\n"
        "<ipAddressMode>2</ipAddressMode>\n"
        "<loadInformation>SCCP42.9-4-2SR3-1S</loadInformation>\n<capfAuthMode>1</capfAuthMode>\n"
        "<capfList> <capf> <phonePort>13804</phonePort> <processNodeName>a&amp;b.example"
        "</processNodeName> </capf>\n<capf> <phonePort>3804</phonePort> <processNodeName>10.0.0.2"
        "</processNodeName> </capf> </capfList>\n<certHash>" HASH
        "</certHash>\n<encrConfig>true</encrConfig>\n</device>\n");

    struct cnf cnf;
    assert_int_equal(cnf_parse(&cnf, buffer_bytes(&out), 0, NULL), 0);
    assert_false(cnf.full);
    assert_true(cnf.encrypted);
    assert_string_equal(cnf.certificate_hash, HASH);
    assert_int_equal(cnf.capf_auth, 1);
    assert_int_equal(cnf.capf_count, 2);
    assert_int_equal(cnf.capf[0].port, 13804);
    assert_int_equal(cnf.manager_count, 0);
    struct lint_finding findings[20];
    size_t count = 0;
    const struct lint_context nothing = {0};
    cnf_lint(findings, 20, &count, buffer_bytes(&out), &nothing);
    for (size_t i = 0; i < count && i < 20; i++)
        if (findings[i].severity == LINT_ERROR)
            fail_msg("%s", findings[i].text);
    buffer_fini(&out);
}

static void test_the_four_elements_every_reader_wants_are_always_there(void **state)
{
    (void)state;
    struct buffer out;
    buffer_init(&out, 4096);
    assert_int_equal(cnf_write_short(&out, bytes_of_string("<device> </device>"), "", NULL), 0);
    assert_string_equal(buffer_string(&out),
                        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<device>\n"
                        "<fullConfig>false</fullConfig>\n<capfAuthMode>0</capfAuthMode>\n"
                        "<certHash></certHash>\n<encrConfig>true</encrConfig>\n</device>\n");
    buffer_fini(&out);
}

static void test_what_no_phone_could_read_has_no_short_file(void **state)
{
    (void)state;
    struct buffer out;
    struct why why = WHY_NONE;
    buffer_init(&out, 4096);
    assert_int_equal(cnf_write_short(&out, bytes_of_string("<device><a></device>"), "", &why),
                     ERR_FORMAT);
    assert_int_not_equal(why.text[0], 0);
    assert_int_equal(cnf_write_short(&out, bytes_of_string("<Default> </Default>"), "", NULL),
                     ERR_FORMAT);
    assert_int_equal(out.size, 0);
    buffer_fini(&out);
    buffer_init(&out, 100);
    assert_int_equal(cnf_write_short(&out, bytes_of_string(full), HASH, NULL), ERR_LIMIT);
    buffer_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_short_file_has_what_leads_to_the_certificate_and_no_more),
        cmocka_unit_test(test_the_four_elements_every_reader_wants_are_always_there),
        cmocka_unit_test(test_what_no_phone_could_read_has_no_short_file),
    };
    return RUN(tests);
}
