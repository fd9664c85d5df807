/*
 * Every rule of the linter with a file that triggers it and one that does not: a good file, in
 * which one place is changed. The good file alone, under the same circumstances, must not trigger
 * it.
 */
#include "lint.h"

#include "base/text.h"
#include "wire/cnf_lint.h"

#define HEAD  "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
#define STAMP "1700000000-00000000-0000-4000-8000-000000000001"
#define HASH  "00112233445566778899aabbccddeeff"

/* An 8841 that speaks SIP over TLS, from a sealed file. */
static const char sip[] =
    HEAD "<device>\n"
         "<fullConfig>true</fullConfig>\n"
         "<deviceProtocol>SIP</deviceProtocol>\n"
         "<devicePool>\n"
         "<dateTimeSetting>\n"
         "<timeZone>W. Europe Standard/Daylight Time</timeZone>\n"
         "<olsonTimeZone>Europe/Vienna</olsonTimeZone>\n"
         "</dateTimeSetting>\n"
         "<callManagerGroup>\n<members>\n"
         "<member priority=\"0\">\n<callManager>\n"
         "<ports> <sipPort>5060</sipPort> <securedSipPort>5061</securedSipPort> </ports>\n"
         "<processNodeName>pbx1.example.net</processNodeName>\n"
         "</callManager>\n</member>\n"
         "<member priority=\"1\">\n<callManager>\n"
         "<ports> <sipPort>5060</sipPort> <securedSipPort>5061</securedSipPort> </ports>\n"
         "<processNodeName>192.0.2.11</processNodeName>\n"
         "</callManager>\n</member>\n"
         "</members>\n</callManagerGroup>\n"
         "<srstInfo> <ipAddr1>192.0.2.99</ipAddr1> <isSecure>true</isSecure> </srstInfo>\n"
         "</devicePool>\n"
         "<TVS> <members> <member priority=\"0\"> <port>2445</port> "
         "<address>pbx1.example.net</address> </member> </members> </TVS>\n"
         "<sipProfile>\n"
         "<phoneLabel>Porter</phoneLabel>\n"
         "<sipLines>\n"
         "<line button=\"1\"> <featureID>9</featureID> <featureLabel>201</featureLabel> "
         "<proxy>USECALLMANAGER</proxy> <port>5060</port> <name>201</name> </line>\n"
         "<line button=\"2\"> <featureID>2</featureID> <featureLabel>Desk</featureLabel> </line>\n"
         "</sipLines>\n"
         "<dialTemplate>dialplan.xml</dialTemplate>\n"
         "</sipProfile>\n"
         "<loadInformation>sip88xx.12-5-1SR2-2</loadInformation>\n"
         "<vendorConfig> <webAccess>1</webAccess> <sshAccess>1</sshAccess> "
         "<ConsoleAccess>1</ConsoleAccess> <garp>1</garp> <spanToPCPort>1</spanToPCPort> "
         "<voiceVlanAccess>1</voiceVlanAccess> <pcPort>1</pcPort> <webAdmin>0</webAdmin> "
         "<peerFirmwareSharing>0</peerFirmwareSharing> <tls12Only>1</tls12Only> "
         "<disableTLSCiphers>1,2</disableTLSCiphers> <settingsAccess>1</settingsAccess> "
         "</vendorConfig>\n"
         "<commonConfig> <webProtocol>1</webProtocol> </commonConfig>\n"
         "<versionStamp>" STAMP "</versionStamp>\n"
         "<networkLocale>Austria</networkLocale>\n"
         "<deviceSecurityMode>3</deviceSecurityMode>\n"
         "<authenticationURL></authenticationURL>\n"
         "<directoryURL>http://svc.example.net/dir</directoryURL>\n"
         "<secureDirectoryURL>https://svc.example.net/dir</secureDirectoryURL>\n"
         "<transportLayerProtocol>3</transportLayerProtocol>\n"
         "<capfAuthMode>0</capfAuthMode>\n"
         "<capfList> <capf> <phonePort>3804</phonePort> "
         "<processNodeName>pbx1.example.net</processNodeName> </capf> </capfList>\n"
         "<certHash>" HASH "</certHash>\n"
         "<encrConfig>true</encrConfig>\n"
         "<phoneServices useHTTPS=\"true\"> <provisioning>2</provisioning> </phoneServices>\n"
         "</device>\n";

/* A 7962 that speaks SCCP. */
#define SCCP(mode)                                                                              \
    HEAD "<device xsi:type=\"axl:XIPPhone\" uuid=\"{00000000-0000-4000-8000-000000000001}\">\n" \
         "<fullConfig>true</fullConfig>\n"                                                      \
         "<deviceProtocol>SCCP</deviceProtocol>\n"                                              \
         "<devicePool>\n"                                                                       \
         "<dateTimeSetting> <timeZone>W. Europe Standard/Daylight Time</timeZone> "             \
         "</dateTimeSetting>\n"                                                                 \
         "<callManagerGroup>\n<members>\n"                                                      \
         "<member priority=\"0\">\n<callManager>\n"                                             \
         "<ports> <ethernetPhonePort>2000</ethernetPhonePort> </ports>\n"                       \
         "<processNodeName>pbx1.example.net</processNodeName>\n"                                \
         "</callManager>\n</member>\n"                                                          \
         "</members>\n</callManagerGroup>\n"                                                    \
         "</devicePool>\n"                                                                      \
         "<TVS> <members> <member priority=\"0\"> <port>2445</port> "                           \
         "<address>pbx1.example.net</address> </member> </members> </TVS>\n"                    \
         "<commonProfile> <phonePassword>135790</phonePassword> </commonProfile>\n"             \
         "<loadInformation>SCCP42.9-4-2SR3-1S</loadInformation>\n"                              \
         "<vendorConfig> <webAccess>1</webAccess> <garp>1</garp> </vendorConfig>\n"             \
         "<versionStamp>" STAMP "</versionStamp>\n"                                             \
         "<deviceSecurityMode>" mode "</deviceSecurityMode>\n"                                  \
         "<transportLayerProtocol>1</transportLayerProtocol>\n"                                 \
         "<capfAuthMode>0</capfAuthMode>\n"                                                     \
         "<certHash></certHash>\n"                                                              \
         "<encrConfig>true</encrConfig>\n"                                                      \
         "</device>\n"
static const char sccp[] = SCCP("1");
static const char secure_sccp[] = SCCP("3");

static const char short_file[] = HEAD "<device>\n"
                                      "<fullConfig>false</fullConfig>\n"
                                      "<loadInformation>SCCP42.9-4-2SR3-1S</loadInformation>\n"
                                      "<capfAuthMode>0</capfAuthMode>\n"
                                      "<certHash>" HASH "</certHash>\n"
                                      "<encrConfig>true</encrConfig>\n"
                                      "</device>\n";

static const char default_file[] =
    "<Default>\n"
    "<autoRegistration>disabled</autoRegistration>\n"
    "<callManagerGroup>\n<members>\n"
    "<member priority=\"0\">\n<callManager>\n"
    "<ports> <ethernetPhonePort>2000</ethernetPhonePort> </ports>\n"
    "<processNodeName>pbx1.example.net</processNodeName>\n"
    "</callManager>\n</member>\n"
    "</members>\n</callManagerGroup>\n"
    "<loadInformation434 model=\"Cisco 7942\">SCCP42.9-4-2SR3-1S</loadInformation434>\n"
    "</Default>\n";

static bool no_file(void *context, const char *name)
{
    (void)context;
    (void)name;
    return false;
}

static bool has_dialplan_and_load(void *context, const char *name)
{
    (void)context;
    return strcmp(name, "Austria/g3-tones.xml") != 0;
}

static bool certificate_of_pbx1(void *context, const char *host)
{
    (void)context;
    return strcmp(host, "pbx1.example.net") == 0;
}

static bool certificate_of_nobody(void *context, const char *host)
{
    (void)context;
    (void)host;
    return false;
}

struct row {
    unsigned rule;
    char severity;
    const char *file;      /* the good one */
    const char *from, *to; /* what is changed in it; `from` NULL: nothing, the context is enough */
    struct lint_context context;
    bool in_good; /* the good file shows it too: the context alone is what matters */
};

static const struct row rows[] = {
    /* the file */
    {1, 'E', sccp, "</commonProfile>", "</commonprofile>"},
    {1, 'E', sccp, "<device ", "<phone "},
    {1, 'E', sccp, "<device ", "<!DOCTYPE d [<!ENTITY e \"x\">]><device "},
    {2, 'E', sccp, "pbx1.example.net", "a&b"},
    {2, 'E', sccp, "pbx1.example.net", "&uuml;"},
    {2, 'E', sccp, "135790", "<![CDATA[135790]]>"},
    {3, 'E', sccp, NULL, NULL, {.file_name = "SEP00aabbccddee.cnf.xml"}, true},
    {3, 'E', sccp, NULL, NULL, {.file_name = "SEP00AABBCCDDEE.xml"}, true},
    {3, 'E', default_file, NULL, NULL, {.file_name = "default.cnf.xml"}, true},
    {4, 'W', sccp, "<?xml", "\xef\xbb\xbf<?xml"},
    {4, 'W', sccp, "UTF-8", "ISO-8859-1"},
    {4, 'W', sccp, "135790",
     "135\x01"
     "790"},
    {5, 'W', sip, "<ports> <sipPort>5060</sipPort> <securedSipPort>5061</securedSipPort> </ports>",
     "<ports><sipPort>5060</sipPort><securedSipPort>5061</securedSipPort></ports>"},
    /* servers */
    {6, 'E', sccp, "<processNodeName>pbx1.example.net</processNodeName>\n",
     "<processNodeName></processNodeName>\n"},
    {6, 'E', default_file, "<processNodeName>pbx1.example.net</processNodeName>\n", ""},
    {7, 'E', sip,
     "<ports> <sipPort>5060</sipPort> <securedSipPort>5061</securedSipPort> </ports>\n"
     "<processNodeName>192.0.2.11</processNodeName>\n",
     "<processNodeName>192.0.2.11</processNodeName>\n"
     "<ports> <sipPort>5060</sipPort> <securedSipPort>5061</securedSipPort> </ports>\n"},
    {8, 'E', sip, "</members>\n</callManagerGroup>",
     "<member priority=\"2\"> </member> <member priority=\"3\"> </member></members>\n"
     "</callManagerGroup>"},
    {8, 'W', sccp, "</members>\n</callManagerGroup>",
     "<member priority=\"1\"> </member> <member priority=\"2\"> </member> "
     "<member priority=\"3\"> </member></members>\n</callManagerGroup>"},
    {9, 'W', sip, "<member priority=\"1\">", "<member priority=\"0\">"},
    {9, 'W', sip, "<member priority=\"1\">", "<member>"},
    {9, 'W', sip, "<member priority=\"0\">\n<callManager>",
     "<member priority=\"2\">\n<callManager>"},
    {10, 'E', sccp, "<ethernetPhonePort>2000</ethernetPhonePort>", ""},
    {10, 'E', sccp, ">2000<", ">70000<"},
    {10, 'E', sip, "<port>2445</port>", "<port>tvs</port>"},
    {11, 'E', sccp, ">2000<", ">2443<"},
    {12, 'W', secure_sccp, ">2000<", ">12000<"},
    {13, 'W', sip, "<securedSipPort>5061</securedSipPort>", ""},
    {13, 'E', sip, "<securedSipPort>5061<", "<securedSipPort>5060<"},
    /* trust */
    {14, 'E', sip, "Mode>3<", "Mode>4<"},
    {14, 'E', sip, "Mode>3<", "Mode>encrypted<"},
    {15, 'E', sip, "Protocol>3<", "Protocol>1<"},
    {15, 'E', sip, "<transportLayerProtocol>3</transportLayerProtocol>", ""},
    {16, 'E', sip, "Mode>3<", "Mode>1<"},
    {16, 'E', sip, "<deviceSecurityMode>3</deviceSecurityMode>", ""},
    {17, 'W', sip, "Mode>3<", "Mode>2<"},
    {18, 'W', sip, "Protocol>3<", "Protocol>2<"},
    {18, 'W', sip, "Protocol>3<", "Protocol>4<"},
    {19, 'E', sip, NULL, NULL, {.lists_known = true}, true},
    {20, 'E', sip,
     "<capfAuthMode>0</capfAuthMode>\n<capfList> <capf> <phonePort>3804</phonePort> "
     "<processNodeName>pbx1.example.net</processNodeName> </capf> </capfList>",
     "<capfAuthMode>2</capfAuthMode>"},
    {20, 'E', sip,
     "<capfAuthMode>0</capfAuthMode>\n<capfList> <capf> <phonePort>3804</phonePort> "
     "<processNodeName>pbx1.example.net</processNodeName>",
     "<capfAuthMode>2</capfAuthMode>\n<capfList> <capf> <phonePort>3804</phonePort>"},
    {21, 'W', sip, "<capfAuthMode>0", "<capfAuthMode>1", {.phone_known = true}},
    {21, 'W', sip, "<capfAuthMode>0", "<capfAuthMode>3", {.generation = 'J'}},
    {22, 'W', sip, "<phonePort>3804", "<phonePort>13804"},
    {23, 'W', sip, "<capfAuthMode>0", "<capfAuthMode>2", {.has_lsc = true}},
    {24, 'E', sip, HASH, "00112233445566778899AABBCCDDEEFF"},
    {24, 'E', sip, HASH, "0011"},
    {25, 'E', short_file, HASH, ""},
    {26, 'E', sip, NULL, NULL, {.file_name = "SEP001122334455.cnf.xml"}, true},
    {27, 'E', short_file, "</device>", "<sipProfile> </sipProfile></device>"},
    {27, 'E', short_file, "</device>", "<sshPassword></sshPassword></device>"},
    {28, 'W', sip, "<certHash>" HASH "</certHash>", ""},
    {28, 'E', short_file, "<capfAuthMode>0</capfAuthMode>", ""},
    {28, 'E', sip, "<fullConfig>true</fullConfig>", "", {.generation = 'J'}},
    {29, 'E', sccp, "<encrConfig>true", "<encrConfig>false"},
    {29, 'E', sip, "true</encrConfig>",
     "false</encrConfig><x><wlanPskPassphrase>geheim"
     "</wlanPskPassphrase></x>"},
    {30, 'E', sccp, "135790", "Cisco"},
    {30, 'E', sccp, "135790", "Example-1"},
    {31, 'E', sip, NULL, NULL, {.encryption_known = true, .model = "7937"}, true},
    {31, 'E', sip, NULL, NULL, {.certificate_is_ec = true}, true},
    {32, 'W', sip, NULL, NULL, {.encryption_known = true, .encryption_manual = true}, true},
    /* surface */
    {33, 'W', sip, "<sshAccess>1", "<sshAccess>0"},
    {33, 'W', sip, "<deviceProtocol>", "<sshUserId>admin</sshUserId><deviceProtocol>"},
    {34, 'W', sip, "<ConsoleAccess>1", "<ConsoleAccess>0"},
    {35, 'W', sip, "<webAccess>1", "<webAccess>0"},
    {35, 'W', sccp, "<webAccess>1</webAccess>", "", {.generation = 'A'}},
    {35, 'W', sip, "<webAccess>1", "<webAccess>2", {.generation = 'E'}},
    {36, 'W', sccp, "<webAccess>1", "<webAccess>0"},
    {36, 'I', sip, "<webAccess>1", "<webAccess>0", {.generation = 'B'}},
    {37, 'W', sip, "<webAdmin>0", "<webAdmin>1"},
    {37, 'W', sip, "<webAdmin>0", "<adminPassword>short</adminPassword><webAdmin>0"},
    {38, 'W', sccp, "135790", "", {.generation = 'B'}},
    {39, 'W', sip, "<spanToPCPort>1", "<spanToPCPort>0"},
    {39, 'W', sip, "<voiceVlanAccess>1", "<voiceVlanAccess>0"},
    {39, 'W', sip, "<garp>1", "<garp>0"},
    {39, 'W', sccp, "<garp>1</garp>", "", {.generation = 'A'}},
    {40, 'I', sip, "<peerFirmwareSharing>0", "<peerFirmwareSharing>1"},
    {40, 'I', sip, "<pcPort>1", "<pcPort>0", {.no_pc_expected = true}},
    {41, 'W', sip, "<tls12Only>1", "<tls12Only>0", {.generation = 'E'}},
    {41, 'W', sip, ">1,2<", ">2,3<", {.generation = 'E'}},
    {41, 'E', sip, ">1,2<", ">1,2,3,4,5,6,7<", {.generation = 'E'}},
    {42,
     'W',
     sip,
     "<TVS> <members> <member priority=\"0\"> <port>2445</port> "
     "<address>pbx1.example.net</address> </member> </members> </TVS>",
     "",
     {.itl_served = true}},
    {42, 'W', sip, "2445", "12445"},
    {43, 'I', sccp, NULL, NULL, {.generation = 'A'}, true},
    {44, 'W', sip, "https://svc.example.net/dir", ""},
    {44, 'W', sip, "useHTTPS=\"true\"", "useHTTPS=\"false\""},
    {45, 'W', sip, "<webAccess>1", "<webAccess>0"},
    {46, 'W', sip, "<isSecure>true", "<isSecure>false"},
    /* lines, loads, files */
    {47, 'E', sip, "<line button=\"2\">", "<line button=\"0\">"},
    {47, 'E', sip, "<line button=\"2\">", "<line>"},
    {47, 'E', sip, "<line button=\"2\">", "<line button=\"1\">"},
    {47, 'E', sip, "<name>201</name>", "<name></name>"},
    {47, 'E', sip, "<proxy>USECALLMANAGER</proxy>", ""},
    {47, 'E', sip, "<featureID>9</featureID>", "<featureID>2</featureID>"},
    {48, 'E', sip, "<isSecure>true", "<isSecure>on"},
    {48, 'E', sip, "<fullConfig>true", "<fullConfig>TRUE"},
    {48, 'E', sip, "<sshAccess>1", "<sshAccess>true"},
    {48, 'E', sip, "<garp>1</garp>", "<garp>1</garp> <someSwitch>off</someSwitch>"},
    {49, 'W', sip, "<capfAuthMode>0<", "<capfAuthMode><"},
    {49, 'W', sip, "<phoneLabel>", "<sshPassword></sshPassword><phoneLabel>"},
    {50, 'W', sip, "<phoneLabel>", "<phoneLabel>x</phoneLabel><phoneLabel>"},
    {50, 'W', sip, "<phoneLabel>", "<phoneColour>x</phoneColour><phoneLabel>"},
    {50, 'W', sip, "<garp>1</garp>", "<Garp>1</Garp>"},
    {50, 'W', default_file, "<autoRegistration>", "<tvs> </tvs><autoRegistration>"},
    {51, 'E', sip, "12-5-1SR2-2<", "12-5-1SR2-2.loads<"},
    {51, 'E', sccp, NULL, NULL, {.model = "7945", .load_prefix_sccp = "SCCP45."}, true},
    {51, 'E', default_file, "SCCP42.9-4-2SR3-1S<", "SCCP42.9-4-2SR3-1S.loads<"},
    {52, 'E', sccp, NULL, NULL, {.model = "8841", .protocols = CNF_SIP}, true},
    {52, 'E', sip, NULL, NULL, {.generation = 'A'}, true},
    {54, 'W', sip, "Porter", "Porter at the gate"},
    {54, 'W', sip, STAMP, STAMP STAMP},
    {54, 'W', sip, "<featureLabel>Desk", "<featureLabel>A label with far too many characters"},
    {54, 'W', sip, "192.0.2.11",
     "a-very-long-name-of-a-server.in-a-domain.with-a-long-name.example.net"},
    {55, 'W', sip, "<versionStamp>" STAMP "</versionStamp>", ""},
    {55,
     'W',
     sip,
     "<phoneLabel>Porter",
     "<phoneLabel>Guard",
     {.previous = {(const uint8_t *)sip, sizeof sip - 1}}},
    {56, 'W', sip, "W. Europe Standard/", "W. Europe/", {.generation = 'B'}},
    {56, 'W', sip, "<olsonTimeZone>Europe/Vienna</olsonTimeZone>", "", {.generation = 'E'}},
    {57, 'W', sip, NULL, NULL, {.has_file = no_file}, true},
    {57, 'W', sip, NULL, NULL, {.has_file = has_dialplan_and_load}, true},
    {58, 'W', default_file, ">disabled<", ">enabled<", {.list_with_ccm_served = true}},
    {58, 'E', default_file, "</loadInformation434>", "</loadInformation7>"},
    {59, 'E', sip, "pbx1.example.net", "x.x.x.x"},
    {59, 'E', sip, "<name>201</name>", "<name>HOST</name>"},
    {59, 'E', sip, "Porter", "{label}"},
    {59, 'E', sccp, "uuid=\"{00000000-0000-4000-8000-000000000001}\"", "uuid=\"{uuid}\""},
    {60, 'I', sip, NULL, NULL, {.host_in_certificate = certificate_of_nobody}, true},
    {60, 'I', sip, NULL, NULL, {.host_in_certificate = certificate_of_pbx1}, true},
};

/* `file` with the first `from` replaced, on the heap. */
static struct bytes changed(const struct row *row)
{
    struct buffer b;
    buffer_init(&b, 65536);
    const char *at = row->from ? strstr(row->file, row->from) : row->file;
    if (!at)
        fail_msg("rule %u: '%s' is not in the good file", row->rule, row->from);
    buffer_append(&b, bytes_of(row->file, (size_t)(at - row->file)));
    if (row->from) {
        buffer_text(&b, row->to);
        at += strlen(row->from);
    }
    buffer_text(&b, at);
    assert_int_equal(b.error, 0);
    return buffer_bytes(&b);
}

static void play(const struct row *row)
{
    struct findings good;
    struct findings bad;
    struct bytes file = changed(row);
    lint_bytes(&bad, file, &row->context);
    lint_bytes(&good, bytes_of_string(row->file), row->in_good ? NULL : &row->context);
    const struct lint_finding *f = find_rule(&bad, row->rule);
    const char *what = row->to ? row->to : row->context.model ? row->context.model : "context";
    if (!f) {
        print_findings(&bad);
        fail_msg("rule %u says nothing ('%s')", row->rule, what);
    } else if (f->severity != (enum lint_severity)row->severity) {
        print_findings(&bad);
        fail_msg("rule %u has severity %c ('%s')", row->rule, f->severity, what);
    }
    if (find_rule(&good, row->rule)) {
        print_findings(&good);
        fail_msg("rule %u speaks of the good file ('%s')", row->rule, what);
    }
    vector_free(file);
}

static void test_every_rule_speaks_when_it_should_and_not_otherwise(void **state)
{
    (void)state;
    bool played[61] = {false};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        play(&rows[i]);
        played[rows[i].rule] = true;
    }
    /* Rule 53 is about size, and has a test of its own. */
    for (unsigned rule = 1; rule <= 60; rule++)
        if (!played[rule] && rule != 53)
            fail_msg("no file triggers rule %u", rule);
}

static void test_there_are_sixty_rules_and_each_number_once(void **state)
{
    (void)state;
    static const struct lint_rule *const tables[] = {lint_file_rules,  lint_server_rules,
                                                     lint_trust_rules, lint_surface_rules,
                                                     lint_phone_rules, lint_value_rules};
    bool seen[61] = {false};
    size_t count = 0;
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        for (const struct lint_rule *r = tables[i]; r->number; r++, count++) {
            assert_in_range(r->number, 1, 60);
            assert_false(seen[r->number]);
            seen[r->number] = true;
            assert_non_null(r->check);
            assert_true(strlen(r->text) > 10);
        }
    }
    assert_int_equal(count, 60);
}

/* ---- rules that need more than one changed place ---- */

static void test_sizes_have_limits(void **state)
{
    (void)state;
    struct buffer b;
    struct findings f;
    const struct lint_context old = {.generation = 'A'};
    const struct lint_context young = {.generation = 'B'};
    buffer_init(&b, 4 * 1024 * 1024);
    buffer_text(&b, sccp);
    buffer_fill(&b, '\n', 8 * 1024);
    lint_bytes(&f, buffer_bytes(&b), &old);
    assert_int_equal(find_rule(&f, 53)->severity, LINT_WARNING);
    lint_bytes(&f, buffer_bytes(&b), &young);
    assert_null(find_rule(&f, 53));
    buffer_fill(&b, '\n', CNF_BYTES_MAX);
    lint_bytes(&f, buffer_bytes(&b), &young);
    assert_int_equal(find_rule(&f, 53)->severity, LINT_ERROR);
    assert_null(find_rule(&f, 1));
    buffer_fini(&b);
}

static void test_a_file_that_does_not_parse_gives_rule_1_with_its_line(void **state)
{
    (void)state;
    struct findings f;
    lint_bytes(&f, bytes_of_string("<device>\n\n<a></b>\n</device>"), NULL);
    assert_int_equal(f.count, 1);
    assert_int_equal(f.list[0].rule, 1);
    assert_int_equal(f.list[0].line, 3);
    assert_true(f.list[0].security);
    assert_non_null(strstr(f.list[0].text, "opening and ending tag"));
    lint_bytes(&f, bytes_of_string(""), NULL);
    assert_int_equal(find_rule(&f, 1)->severity, LINT_ERROR);
}

static void test_names_of_phones_and_of_the_default_file_are_fine(void **state)
{
    (void)state;
    const struct {
        const char *file, *name;
        struct lint_context context;
    } fine[] = {
        {sccp, "SEP001122AABBCC.cnf.xml", {0}},
        {sccp, "SEP001122AABBCC.cnf.xml.sgn", {0}},
        {sccp, "SEP001122AABBCC.cnf.xml.enc.sgn", {0}},
        {default_file, "XMLDefault.cnf.xml", {0}},
        {default_file, "SEP001122AABBCC.cnf.xml", {0}},
        {sccp, "CSFjdoe.cnf.xml", {.generation = 'J'}},
        {sccp, "ATA001122334455.cnf.xml", {.model = "ATA 187"}},
    };
    struct findings f;
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++) {
        struct lint_context c = fine[i].context;
        c.file_name = fine[i].name;
        lint_bytes(&f, bytes_of_string(fine[i].file), &c);
        if (find_rule(&f, 3))
            fail_msg("'%s' was refused", fine[i].name);
    }
}

static void test_comments_hide_nothing_and_trigger_nothing(void **state)
{
    (void)state;
    struct findings f;
    lint_bytes(&f,
               bytes_of_string("<device>\n<!-- a & b <![CDATA[ x ]]> -->\n"
                               "<encrConfig>false</encrConfig>\n</device>"),
               NULL);
    assert_null(find_rule(&f, 2));
    assert_null(find_rule(&f, 1));
}

static void test_numeric_references_are_fine(void **state)
{
    (void)state;
    struct findings f;
    lint_bytes(&f, bytes_of_string("<device>\n<name>a&#38;b&#x26;c&apos;&quot;</name>\n</device>"),
               NULL);
    assert_null(find_rule(&f, 2));
}

static void test_a_sealed_file_may_hold_secrets(void **state)
{
    (void)state;
    struct findings f;
    const struct lint_context sealed = {.file_name = "SEP001122334455.cnf.xml",
                                        .served_sealed = true};
    const char *open = "<device>\n<sshPassword>long-and-secret</sshPassword>\n"
                       "<encrConfig>false</encrConfig>\n</device>";
    lint_bytes(&f, bytes_of_string(open), NULL);
    assert_non_null(find_rule(&f, 29));
    assert_null(strstr(find_rule(&f, 29)->text, "long-and-secret"));
    lint_bytes(&f, bytes_of_string(open), &sealed);
    assert_null(find_rule(&f, 29));
    lint_bytes(&f, bytes_of_string(sip), &sealed);
    assert_null(find_rule(&f, 26));
}

static void test_the_first_product_block_that_has_a_value_decides(void **state)
{
    (void)state;
    struct findings f;
    lint_bytes(&f,
               bytes_of_string("<device>\n<vendorConfig> <sshAccess></sshAccess> </vendorConfig>\n"
                               "<commonConfig> <sshAccess>1</sshAccess> </commonConfig>\n"
                               "<enterpriseConfig> <sshAccess>0</sshAccess> </enterpriseConfig>\n"
                               "</device>"),
               NULL);
    assert_null(find_rule(&f, 33));
    lint_bytes(&f,
               bytes_of_string("<device>\n<commonConfig> <x>1</x> </commonConfig>\n"
                               "<enterpriseConfig> <sshAccess>0</sshAccess> </enterpriseConfig>\n"
                               "</device>"),
               NULL);
    assert_int_equal(find_rule(&f, 33)->line, 3);
}

static void test_findings_are_one_line_of_utf_8(void **state)
{
    (void)state;
    struct findings f;
    lint_bytes(&f,
               bytes_of_string("<device>\n<deviceSecurityMode>a\nevent=x \xc3\xa4\xc3\xa4\xc3\xa4"
                               "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4</deviceSecurityMode>\n</device>"),
               NULL);
    const char *text = find_rule(&f, 14)->text;
    assert_null(strchr(text, '\n'));
    assert_true(text_is_utf8(bytes_of_string(text)));
}

static void test_the_element_table_is_in_order(void **state)
{
    (void)state;
    for (const struct element *e = element_table(); e[0].name && e[1].name; e++)
        if (strcmp(e[0].name, e[1].name) >= 0)
            fail_msg("'%s' before '%s'", e[0].name, e[1].name);
    assert_int_equal(element_find("webAccess")->kind, ELEMENT_CHOICE);
    assert_string_equal(element_find("loadInformation683")->name, "loadInformation");
    assert_null(element_find("loadInformationX"));
    assert_null(element_find("webaccess"));
    assert_string_equal(element_find_nocase("webaccess")->name, "webAccess");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_rule_speaks_when_it_should_and_not_otherwise),
        cmocka_unit_test(test_there_are_sixty_rules_and_each_number_once),
        cmocka_unit_test(test_sizes_have_limits),
        cmocka_unit_test(test_a_file_that_does_not_parse_gives_rule_1_with_its_line),
        cmocka_unit_test(test_names_of_phones_and_of_the_default_file_are_fine),
        cmocka_unit_test(test_comments_hide_nothing_and_trigger_nothing),
        cmocka_unit_test(test_numeric_references_are_fine),
        cmocka_unit_test(test_a_sealed_file_may_hold_secrets),
        cmocka_unit_test(test_the_first_product_block_that_has_a_value_decides),
        cmocka_unit_test(test_findings_are_one_line_of_utf_8),
        cmocka_unit_test(test_the_element_table_is_in_order),
    };
    return RUN(tests);
}
