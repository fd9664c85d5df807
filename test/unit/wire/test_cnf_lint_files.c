/*
 * The linter on whole files: the examples of test/vector/config, the built-in templates, and files
 * that were cut and changed.
 */
#include "lint.h"

#include "base/clock.h"

struct expected {
    unsigned rule;
    unsigned line;
};

/* What the rules say of each example, found by reading the rules against the files, and why. Of the
 * outside only the generation of the phone is known. */
static const struct example {
    const char *name;
    char generation;
    struct expected findings[10];
} examples[] = {
    {"1-7940-sccp-min.cnf.xml",
     'A',
     {
         /* none of the four elements is there (28), and no stamp (55) */
         {28, 0},
         {28, 0},
         {28, 0},
         {28, 0},
         {35, 0}, /* no webAccess: a 7940 takes that for "on" */
         {39, 0}, /* no garp: the same */
         {55, 0},
     }},
    {"1-7940-sccp-full.cnf.xml",
     'A',
     {
         /* voiceVlanAccess 0. The http URLs without twins are no finding: a 7940 has no HTTPS. */
         {39, 17},
     }},
    {"2-79xx-sccp-min.cnf.xml", 'B', {{38, 0} /* no phonePassword */}},
    {"2-79xx-sccp-full.cnf.xml",
     'B',
     {
         {38, 22}, /* an empty phonePassword */
         {39, 26}, /* voiceVlanAccess 0 */
         {40, 28}, /* peerFirmwareSharing 1 */
     }},
    {"3-79xx-sccp-enc-min.cnf.xml", 'B', {{38, 0}}},
    {"3-79xx-sccp-enc-full.cnf.xml",
     'B',
     {
         {30, 3}, /* sshPassword Example-... ; in clear it is not (29): the file is encrypted */
         {33, 3}, /* sshUserId */
         {40, 31},
     }},
    {"4-79xx-sip-sec-min.cnf.xml",
     'B',
     {
         {30, 15}, /* authPassword Example-... */
         {38, 0},
     }},
    {"4-79xx-sip-sec-full.cnf.xml",
     'B',
     {
         /* The empty proxies, URLs and names are texts, as CUCM writes them: not 49. */
         {30, 3},
         {30, 42},
         {33, 3},
     }},
    {"5-88xx-sip-sec-min.cnf.xml",
     'E',
     {
         {30, 16},
         {41, 0}, /* no tls12Only */
         {41, 0}, /* no disableTLSCiphers */
     }},
    {"5-88xx-sip-sec-full.cnf.xml",
     'E',
     {
         /* tls12Only 1 and ciphers 1,2,3 off are what 41 wants */
         {30, 3},
         {30, 43},
         {33, 3},
         {40, 57},
     }},
    {"6-short.cnf.xml", 'B', {{0}}},    /* the four elements, a hash, and nothing heavy */
    {"7-XMLDefault.cnf.xml", 0, {{0}}}, /* autoRegistration is disabled */
    {"AppDialRules.xml", 0, {{1, 1}}},  /* these are files of phones, but no configurations */
    {"List.xml", 0, {{1, 1}}},
    {"dialplan.xml", 0, {{1, 1}}},
    {"featurepolicy.xml", 0, {{1, 1}}},
    {"ringlist.xml", 0, {{1, 1}}},
    {"softkeys.xml", 0, {{1, 1}}},
};

static struct bytes load_example(const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "config/%s", name);
    return vector_load(path);
}

static void test_the_examples_have_exactly_these_findings(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        const struct example *e = &examples[i];
        const struct lint_context context = {.generation = e->generation};
        struct bytes file = load_example(e->name);
        struct findings f;
        lint_bytes(&f, file, &context);
        size_t count = 0;
        while (e->findings[count].rule)
            count++;
        bool same = f.count == count;
        for (size_t k = 0; same && k < count; k++)
            same = f.list[k].rule == e->findings[k].rule && f.list[k].line == e->findings[k].line;
        if (!same) {
            print_findings(&f);
            fail_msg("%s: not the %zu findings it should have", e->name, count);
        }
        vector_free(file);
    }
}

/* ---- built-in templates ---- */

/* What a server knows of a phone of the generation whose file it makes. */
static struct lint_context circumstances(char generation, bool sip)
{
    struct lint_context c = {
        .file_name = generation == 'J' ? "CSFJDOE.cnf.xml" : "SEP001122334455.cnf.xml",
        .generation = generation,
        .protocols = sip ? CNF_SIP : CNF_SCCP,
        .lists_known = true,
        .list_with_ccm_served = true,
        .itl_served = true,
        .phone_known = true,
        .has_auth_string = true,
    };
    snprintf(c.load_prefix_sip, sizeof c.load_prefix_sip, "SIP42.");
    snprintf(c.load_prefix_sccp, sizeof c.load_prefix_sccp, "SCCP42.");
    return c;
}

static void render_builtin(struct buffer *out, char generation, bool sip, unsigned mode)
{
    static const struct cnf_member server = {
        .host = "pbx1.example.net", .port = 0, .secure_sip_port = 0};
    static const struct cnf_line line = {.button = 1, .number = "201", .label = "Porter"};
    const struct cnf_values values = {
        .device = "SEP001122334455",
        .description = "Porter at the gate",
        .load = sip ? "SIP42.9-4-2SR3-1S" : "SCCP42.9-4-2SR3-1S",
        .version_stamp = "1700000000-00000000-0000-4000-8000-000000000001",
        .sip = sip,
        .security_mode = mode,
        .transport = mode > 1 ? 3 : 1,
        .capf_auth = mode > 1 ? 2 : 0,
        .certificate_hash = "",
        .date_template = "D/M/YA",
        .time_zone = "W. Europe Standard/Daylight Time",
        .olson_zone = "Europe/Vienna",
        .user_locale = "German_Germany",
        .network_locale = "Austria",
        .ntp = "192.0.2.5",
        .group_name = "Default",
        .managers = &server,
        .manager_count = 1,
        .tvs = &server,
        .tvs_count = 1,
        .capf = &server,
        .capf_count = 1,
        .lines = &line,
        .line_count = 1,
    };
    struct cnf_template *t = NULL;
    assert_int_equal(cnf_template_compile(&t, cnf_template_builtin(generation, sip), NULL), 0);
    buffer_init(out, CNF_BYTES_MAX);
    assert_int_equal(cnf_template_render(out, t, &values), 0);
    cnf_template_free(t);
}

/* No error, and of the warnings only the one about a password nobody can invent for the people at
 * the site (38), and in mode 2 the one about mode 2 (17). */
static void test_builtin_templates_give_no_reason_to_complain(void **state)
{
    (void)state;
    const struct {
        char generation;
        bool sip;
    } builtins[] = {
        {'A', false}, {'B', false}, {'B', true},  {'C', false}, {'C', true},
        {'D', false}, {'D', true},  {'E', true},  {'J', false}, {'J', true},
        {'O', false}, {'O', true},  {'W', false},
    };
    for (size_t i = 0; i < sizeof builtins / sizeof *builtins; i++) {
        for (unsigned mode = 1; mode <= 3; mode++) {
            const struct lint_context c = circumstances(builtins[i].generation, builtins[i].sip);
            struct buffer out;
            struct findings f;
            render_builtin(&out, builtins[i].generation, builtins[i].sip, mode);
            lint_bytes(&f, buffer_bytes(&out), &c);
            for (size_t k = 0; k < f.count; k++) {
                bool fine = (f.list[k].rule == 38 && builtins[i].generation == 'B') ||
                            (f.list[k].rule == 17 && mode == 2);
                if (!fine)
                    fail_msg("%c %s, mode %u: %c%u, line %u: %s", builtins[i].generation,
                             builtins[i].sip ? "SIP" : "SCCP", mode, f.list[k].severity,
                             f.list[k].rule, f.list[k].line, f.list[k].text);
            }
            buffer_fini(&out);
        }
    }
}

static void test_the_default_file_we_write_is_clean(void **state)
{
    (void)state;
    static const struct cnf_member server = {.host = "pbx1.example.net"};
    const struct cnf_values values = {.group_name = "Default",
                                      .managers = &server,
                                      .manager_count = 1,
                                      .tvs = &server,
                                      .tvs_count = 1};
    const struct cnf_load load = {434, "Cisco 7942", "SCCP42.9-4-2SR3-1S"};
    const struct lint_context c = {.file_name = "XMLDefault.cnf.xml",
                                   .itl_served = true,
                                   .lists_known = true,
                                   .list_with_ccm_served = true};
    struct buffer out;
    struct findings f;
    buffer_init(&out, CNF_BYTES_MAX);
    assert_int_equal(cnf_write_default(&out, &values, &load, 1, false), 0);
    lint_bytes(&f, buffer_bytes(&out), &c);
    print_findings(&f);
    assert_int_equal(f.count, 0);
    buffer_fini(&out);
}

/* ---- order and room ---- */

static void test_findings_come_errors_first_then_by_line(void **state)
{
    (void)state;
    const struct lint_context c = {.generation = 'B'};
    struct bytes file = load_example("2-79xx-sccp-full.cnf.xml");
    struct buffer b;
    struct findings f;
    buffer_init(&b, 65536);
    buffer_append(&b, bytes_slice(file, 0, file.size - strlen("</device>\n")));
    buffer_text(&b, "<ownerID>x</ownerID>\n<isSecure>on</isSecure>\n</device>\n");
    lint_bytes(&f, buffer_bytes(&b), &c);
    assert_true(f.count >= 5);
    for (size_t i = 1; i < f.count; i++) {
        const char *order = "EWI";
        const char *before = strchr(order, (int)f.list[i - 1].severity);
        const char *after = strchr(order, (int)f.list[i].severity);
        assert_true(before < after || (before == after && f.list[i - 1].line <= f.list[i].line));
    }
    assert_int_equal(f.list[0].severity, LINT_ERROR);
    /* With less room the first ones are the same, and the count tells of the others. */
    struct lint_finding few[3];
    for (size_t room = 0; room <= 2; room++) {
        size_t count = 0;
        cnf_lint(few, room, &count, buffer_bytes(&b), &c);
        assert_int_equal(count, f.count);
        for (size_t i = 0; i < room; i++)
            assert_string_equal(few[i].text, f.list[i].text);
    }
    buffer_fini(&b);
    vector_free(file);
}

/* ---- hostile files ---- */

static void test_cut_and_changed_examples_never_crash(void **state)
{
    (void)state;
    static const uint8_t nasty[] = {0, '<', '>', '&', '"', '/', '!', '-', ']', '\n', 0xff, '{'};
    struct lint_finding few[8];
    uint64_t random = 88172645463325252u;
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        const struct lint_context c = {.generation = examples[i].generation,
                                       .file_name = "SEP001122334455.cnf.xml"};
        struct bytes file = load_example(examples[i].name);
        uint8_t *copy = malloc(file.size);
        size_t rounds = test_is_long() ? 5000 : 60;
        for (size_t round = 0; round < rounds; round++) {
            size_t count = 0;
            memcpy(copy, file.data, file.size);
            for (int change = 0; change < 2; change++) {
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                copy[random % file.size] = nasty[(random >> 32) % sizeof nasty];
            }
            size_t size = round % 3 ? file.size : random % file.size;
            cnf_lint(few, 8, &count, bytes_of(copy, size), &c);
            if (size < file.size - 1)
                assert_int_equal(few[0].severity, LINT_ERROR);
        }
        free(copy);
        vector_free(file);
    }
}

/* As many elements and lines as a reader lets through: no rule may compare each with each. */
static void test_a_large_file_takes_no_longer_than_its_size_explains(void **state)
{
    (void)state;
    struct buffer b;
    struct lint_finding few[8];
    size_t count = 0;
    buffer_init(&b, CNF_BYTES_MAX);
    buffer_text(&b, "<device>\n<deviceProtocol>SIP</deviceProtocol>\n<sipProfile> <sipLines>\n");
    for (unsigned i = 0; i < 9000; i++)
        buffer_format(&b, "<line button=\"%u\"> <unknown%u/> </line>\n", i + 1, i);
    buffer_text(&b, "</sipLines> </sipProfile>\n");
    for (unsigned i = 0; i < 1000; i++)
        buffer_text(&b, "<webAccess>1</webAccess>\n");
    buffer_text(&b, "</device>\n");
    int64_t begin = clock_ms();
    cnf_lint(few, 8, &count, buffer_bytes(&b), &(struct lint_context){.generation = 'E'});
    assert_true(clock_ms() - begin < 5000); /* some 0.2 s; each with each would be minutes */
    assert_true(count > 9000);
    buffer_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_examples_have_exactly_these_findings),
        cmocka_unit_test(test_builtin_templates_give_no_reason_to_complain),
        cmocka_unit_test(test_the_default_file_we_write_is_clean),
        cmocka_unit_test(test_findings_come_errors_first_then_by_line),
        cmocka_unit_test(test_cut_and_changed_examples_never_crash),
        cmocka_unit_test(test_a_large_file_takes_no_longer_than_its_size_explains),
    };
    return RUN(tests);
}
