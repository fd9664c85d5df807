/* The whole role: store, signer, files, sockets. */
#include "world.h"

#include "store/traits.h"
#include "wire/cnf.h"

#define CASE(test) cmocka_unit_test_setup_teardown(test, world_enter, world_leave)

static void publish(enum list_kind kind, const char *vector)
{
    struct bytes file = vector_load(vector);
    char hash[LIST_HASH];
    struct why why = WHY_NONE;
    world_check(store_list_publish(world.store, kind, file, hash, &why), &why);
    vector_free(file);
}

static bool fetches(const char *name, struct bytes expected)
{
    struct fetched f;
    fetch(&f, name);
    bool same = f.error == FETCH_OK && bytes_equal(buffer_bytes(&f.data), expected);
    fetched_fini(&f);
    return same;
}

static void test_published_lists_are_served_under_every_name(void **state)
{
    (void)state;
    struct bytes ctl = vector_load("CTLFile.tlv"), itl = vector_load("ITLFile.tlv");
    assert_fetch_error("CTL" PHONE ".tlv", TFTP_NOT_FOUND);
    assert_fetch_error("ITLFile.tlv", TFTP_NOT_FOUND);
    publish(LIST_CTL, "CTLFile.tlv");
    publish(LIST_ITL, "ITLFile.tlv");
    EVENTUALLY(fetches("CTL" PHONE ".tlv", ctl));
    assert_fetch("CTLSEPFFFFFFFFFFFF.tlv", ctl);
    assert_fetch("CTLFile.tlv", ctl);
    assert_fetch("/ITL" PHONE ".tlv", itl);
    assert_fetch("ITLFile.tlv", itl);
    assert_int_equal(store_list_unpublish(world.store, LIST_CTL), 0);
    struct fetched f;
    do {
        fetch(&f, "CTL" PHONE ".tlv");
        fetched_fini(&f);
    } while (f.error == FETCH_OK);
    assert_int_equal(f.error, TFTP_NOT_FOUND);
    vector_free(ctl);
    vector_free(itl);
}

static void test_a_phone_s_own_list_goes_first_if_it_is_one(void **state)
{
    (void)state;
    struct bytes ctl = vector_load("CTLFile.tlv"), itl = vector_load("ITLFile.tlv");
    struct bytes other = vector_load("ITLFile-v11-sha512.tlv");
    publish(LIST_CTL, "CTLFile.tlv");
    publish(LIST_ITL, "ITLFile.tlv");
    EVENTUALLY(fetches("ITL" PHONE ".tlv", itl));
    world_write("ITL" PHONE ".tlv", other);
    assert_fetch("ITL" PHONE ".tlv", other);
    assert_fetch("ITL" PHONE_2 ".tlv", itl);
    world_write("ITL" PHONE ".tlv", bytes_slice(other, 0, 1000));
    assert_fetch("ITL" PHONE ".tlv", itl); /* a half one is none */
    world_write("ITL" PHONE ".tlv", ctl);
    assert_fetch("ITL" PHONE ".tlv", itl); /* nor is one of the other kind */
    world_write("CTL" PHONE ".tlv", bytes_of_string("hello"));
    assert_fetch("CTL" PHONE ".tlv", ctl);
    assert_int_equal(world_log_count("trustline.log", "event=list_ignored file=ITL" PHONE), 2);
    world_remove("ITL" PHONE ".tlv");
    assert_fetch("ITL" PHONE ".tlv", itl);
    vector_free(ctl);
    vector_free(itl);
    vector_free(other);
}

static void parse_config(struct cnf *out, struct bytes xml)
{
    struct why why = WHY_NONE;
    world_check(cnf_parse(out, xml, 437, &why), &why);
}

static void test_a_configuration_is_made_from_the_store_and_signed(void **state)
{
    (void)state;
    struct fetched plain, sgn;
    struct cnf cnf;
    fetch(&plain, PHONE ".cnf.xml");
    assert_int_equal(plain.error, FETCH_OK);
    parse_config(&cnf, buffer_bytes(&plain.data));
    assert_int_equal(cnf.security_mode, 3);
    assert_false(cnf.sip);
    assert_int_equal(cnf.manager_count, 1);
    assert_string_equal(cnf.managers[0].host, "192.0.2.10");
    assert_int_equal(cnf.managers[0].port, 12000);
    assert_int_equal(cnf.tvs[0].port, 12445);
    assert_int_equal(cnf.capf[0].port, 13804);
    fetch(&sgn, PHONE ".cnf.xml.sgn");
    assert_bytes_equal(assert_signed(&sgn, PHONE ".cnf.xml.sgn"), buffer_bytes(&plain.data));
    assert_fetch_error("SEP00000000000F.cnf.xml", TFTP_NOT_FOUND);
    assert_fetch_error("SEP00000000000F.cnf.xml.sgn", TFTP_NOT_FOUND);
    assert_fetch_error(PHONE ".cnf.xml.enc.sgn", TFTP_NOT_FOUND);
    fetched_fini(&plain);
    fetched_fini(&sgn);
}

static void test_sip_phones_get_their_lines(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct store_line line = {.position = 1, .number = "4711", .label = "Front <desk>"};
    struct store_line dial = {.position = 1, .number = "4712", .label = "Back & front"};
    struct fetched f;
    struct cnf cnf;
    world_device(PHONE_2, "8841", "sip");
    world_check(store_lines_put(world.store, PHONE_2, &line, 1, &why), &why);
    world_check(store_speed_dials_put(world.store, PHONE_2, &dial, 1, &why), &why);
    fetch(&f, PHONE_2 ".cnf.xml");
    assert_int_equal(f.error, FETCH_OK);
    parse_config(&cnf, buffer_bytes(&f.data));
    assert_true(cnf.sip);
    assert_int_equal(cnf.transport, 3);
    assert_int_equal(cnf.managers[0].port, 5060); /* another server's, which knows no offset */
    assert_int_equal(cnf.managers[0].secure_sip_port, 5061);
    assert_int_equal(cnf.line_count, 1);
    assert_string_equal(cnf.lines[0].number, "4711");
    assert_string_equal(cnf.lines[0].label, "Front <desk>");
    static const char button[] =
        "<line button=\"2\"> <featureID>2</featureID> <featureLabel>Back &amp; front</featureLabel>"
        " <speedDialNumber>4712</speedDialNumber> </line>";
    assert_non_null(memmem(f.data.data, f.data.size, button, strlen(button)));
    fetched_fini(&f);
}

static bool mode_is(unsigned mode)
{
    struct fetched f;
    struct cnf cnf;
    fetch(&f, PHONE ".cnf.xml.sgn");
    parse_config(&cnf, assert_signed(&f, PHONE ".cnf.xml.sgn"));
    fetched_fini(&f);
    return cnf.security_mode == mode;
}

static void test_a_changed_device_gets_a_changed_file_soon(void **state)
{
    (void)state;
    struct store_device d;
    struct why why = WHY_NONE;
    world_profile("plain", PROTOCOL_SCCP, MODE_NON_SECURE, false);
    assert_true(mode_is(3));
    assert_int_equal(store_device_get(world.store, PHONE, &d), 0);
    text_copy(d.profile, sizeof d.profile, "plain");
    int64_t start = clock_ms();
    world_check(store_device_update(world.store, &d, &why), &why);
    EVENTUALLY(mode_is(1));
    assert_true(clock_ms() - start < 2000);
}

static void test_a_cluster_in_non_secure_mode_wants_no_phone_to_be_secure(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    assert_true(mode_is(3));
    world_check(store_parameter_set(world.store, "ClusterSecurityMode", "0", &why), &why);
    EVENTUALLY(mode_is(1));
    world_check(store_parameter_set(world.store, "ClusterSecurityMode", "1", &why), &why);
    EVENTUALLY(mode_is(3));
}

static void test_the_default_file_is_made_too(void **state)
{
    (void)state;
    struct fetched f;
    struct cnf cnf;
    fetch(&f, "XMLDefault.cnf.xml");
    assert_int_equal(f.error, FETCH_OK);
    parse_config(&cnf, buffer_bytes(&f.data));
    assert_true(cnf.is_default);
    assert_int_equal(cnf.managers[0].port, 12000);
    fetched_fini(&f);
    fetch(&f, "XmlDefault.cnf.xml.sgn");
    assert_signed(&f, "XmlDefault.cnf.xml.sgn");
    fetched_fini(&f);
}

static void test_what_an_administrator_says_of_a_model_counts_when_files_are_looked_over(
    void **state)
{
    (void)state;
    static const char file[] = "<device><fullConfig>true</fullConfig><deviceProtocol>SCCP"
                               "</deviceProtocol><encrConfig>true</encrConfig></device>";
    static const char later[] = "<device><fullConfig>true</fullConfig><deviceProtocol>SCCP"
                                "</deviceProtocol><encrConfig>true</encrConfig></device>\n";
    const struct store_trait trait = {.model = "7975", .name = "encryption", .value = "none"};
    struct why why = WHY_NONE;
    unsigned before = world_log_count("trustline.log", "cannot decrypt");
    world_write(PHONE ".cnf.xml", bytes_of_string(file));
    assert_fetch(PHONE ".cnf.xml", bytes_of_string(file));
    assert_int_equal(world_log_count("trustline.log", "cannot decrypt"), before);
    world_check(store_trait_put(world.store, &trait, &why), &why);
    /* The same content is not looked over again. */
    world_write(PHONE ".cnf.xml", bytes_of_string(later));
    assert_fetch(PHONE ".cnf.xml", bytes_of_string(later));
    assert_true(world_log_count("trustline.log", "cannot decrypt") > before);
}

static void test_a_file_somebody_wrote_is_respected_looked_over_and_signed(void **state)
{
    (void)state;
    struct bytes file = vector_load("config/2-79xx-sccp-full.cnf.xml");
    struct fetched f;
    world_write(PHONE ".cnf.xml", file);
    for (int i = 0; i < 3; i++) {
        fetch(&f, PHONE ".cnf.xml.sgn");
        assert_bytes_equal(assert_signed(&f, PHONE ".cnf.xml.sgn"), file);
        fetched_fini(&f);
        assert_fetch(PHONE ".cnf.xml", file);
    }
    unsigned findings = world_log_count("trustline.log", "event=config_finding file=" PHONE);
    assert_true(findings > 0);
    assert_true(world_log_count("trustline.log", " warning event=config_finding") > 0);
    world_write("SEP0000000000EE.cnf.xml", file); /* a phone the cluster does not know */
    assert_fetch("SEP0000000000EE.cnf.xml", file);
    loop_wake(world.reload);
    assert_fetch(PHONE ".cnf.xml", file);
    assert_int_equal(world_log_count("trustline.log", "event=config_finding file=" PHONE),
                     findings);
    vector_free(file);
}

static void test_a_changed_file_is_served_changed_at_once(void **state)
{
    (void)state;
    for (int i = 0; i < 60; i++) {
        char text[64];
        snprintf(text, sizeof text, "<rings number=\"%d\"/>\n", i);
        world_write("Ringlist.xml", bytes_of_string(text));
        assert_fetch("Ringlist.xml", bytes_of_string(text));
        struct fetched f;
        fetch(&f, "Ringlist.xml.sgn");
        assert_bytes_text(assert_signed(&f, "Ringlist.xml.sgn"), text);
        fetched_fini(&f);
    }
    world_remove("Ringlist.xml");
    assert_fetch_error("Ringlist.xml", TFTP_NOT_FOUND);
    assert_fetch_error("Ringlist.xml.sgn", TFTP_NOT_FOUND);
}

static void test_directories_come_and_go(void **state)
{
    (void)state;
    char from[FILE_PATH], to[FILE_PATH];
    assert_fetch_error("New_Zealand/g3-tones.xml", TFTP_NOT_FOUND);
    assert_int_equal(file_path(from, world.tftpboot, "New_Zealand"), 0);
    assert_int_equal(file_path(to, world.tftpboot, "Austria"), 0);
    assert_int_equal(file_mkdir(from, 0755, NULL), 0);
    world_write("New_Zealand/g3-tones.xml", bytes_of_string("tones"));
    assert_fetch("New_Zealand/g3-tones.xml", bytes_of_string("tones"));
    world_write("New_Zealand/g3-tones.xml", bytes_of_string("other"));
    assert_fetch("New_Zealand/g3-tones.xml", bytes_of_string("other"));
    assert_int_equal(rename(from, to), 0);
    assert_fetch_error("New_Zealand/g3-tones.xml", TFTP_NOT_FOUND);
    assert_fetch("Austria/g3-tones.xml", bytes_of_string("other"));
    struct fetched f;
    fetch(&f, "Austria/g3-tones.xml.sgn");
    assert_bytes_text(assert_signed(&f, "Austria/g3-tones.xml.sgn"), "other");
    fetched_fini(&f);
}

static void test_letter_case_is_forgiven_when_there_is_no_exact_name(void **state)
{
    (void)state;
    world_write("RingList.xml", bytes_of_string("a"));
    assert_fetch("RINGLIST.XML", bytes_of_string("a"));
    assert_fetch("ringlist.xml", bytes_of_string("a"));
    world_write("ringlist.xml", bytes_of_string("b"));
    assert_fetch("ringlist.xml", bytes_of_string("b"));
    assert_fetch("RingList.xml", bytes_of_string("a"));
    assert_fetch("RINGLIST.XML", bytes_of_string("a")); /* the first in their order */
}

static void test_a_signed_file_is_served_as_it_lies_and_without_its_envelope(void **state)
{
    (void)state;
    struct bytes sgn = vector_load("SEP001122334455.cnf.xml.plain-config.sgn");
    struct bytes plain = vector_load("SEP001122334455.cnf.xml");
    world_write("dialplan.xml.sgn", sgn);
    assert_fetch("dialplan.xml.sgn", sgn);
    assert_fetch("dialplan.xml", plain);
    world_write("odd.sgn", bytes_of_string("no envelope at all"));
    assert_fetch("odd.sgn", bytes_of_string("no envelope at all"));
    assert_fetch_error("odd", TFTP_NOT_FOUND);
    vector_free(sgn);
    vector_free(plain);
}

static void test_firmware_is_left_as_it_is(void **state)
{
    (void)state;
    world_write("SIP42.9-4-2SR3-1S.loads", bytes_of_string("firmware"));
    world_write("kern.zz.sgn", bytes_of_string("signed by Cisco"));
    assert_fetch("SIP42.9-4-2SR3-1S.loads", bytes_of_string("firmware"));
    assert_fetch_error("SIP42.9-4-2SR3-1S.loads.sgn", TFTP_NOT_FOUND);
    assert_fetch("kern.zz.sgn", bytes_of_string("signed by Cisco"));
    assert_fetch_error("kern.zz", TFTP_NOT_FOUND);
}

static void test_nothing_outside_is_reached(void **state)
{
    (void)state;
    char link[FILE_PATH];
    assert_fetch_error("../trustline.db", TFTP_ACCESS);
    assert_fetch_error("/etc/passwd", TFTP_NOT_FOUND); /* below tftpboot/, as all names are */
    assert_fetch_error("a/../../trustline.db", TFTP_ACCESS);
    assert_int_equal(file_path(link, world.tftpboot, "out"), 0);
    assert_int_equal(symlink("../trustline.db", link), 0);
    assert_fetch_error("out", TFTP_ACCESS);
    assert_int_equal(file_path(link, world.tftpboot, "fifo"), 0);
    assert_int_equal(mkfifo(link, 0600), 0);
    assert_fetch_error("fifo", TFTP_ACCESS);
    world_write("inside", bytes_of_string("x"));
    assert_int_equal(file_path(link, world.tftpboot, "in"), 0);
    assert_int_equal(symlink("inside", link), 0);
    assert_fetch("in", bytes_of_string("x"));
    world_write("inside", bytes_of_string("y")); /* the link has not changed */
    assert_fetch("in", bytes_of_string("y"));
}

static void write_template(const char *name, const char *text)
{
    char path[FILE_PATH];
    assert_int_equal(file_path(path, world.templates, name), 0);
    assert_int_equal(file_replace(path, bytes_of_string(text), 0644, NULL), 0);
}

static void test_templates_of_the_node_go_before_the_built_in_ones(void **state)
{
    (void)state;
    struct fetched builtin;
    fetch(&builtin, PHONE ".cnf.xml");
    assert_int_equal(builtin.error, FETCH_OK);
    write_template("B-sccp.cnf.xml", "<device>\n<name>{device}</name>\n</device>\n");
    assert_fetch(PHONE ".cnf.xml",
                 bytes_of_string("<device>\n<name>" PHONE "</name>\n</device>\n"));
    write_template("7975.cnf.xml", "<device>\n<mine>{security_mode}</mine>\n</device>\n");
    assert_fetch(PHONE ".cnf.xml", bytes_of_string("<device>\n<mine>3</mine>\n</device>\n"));
    write_template("7975.cnf.xml", "<device>\n<mine>{nonsense}</mine>\n</device>\n");
    assert_fetch(PHONE ".cnf.xml",
                 bytes_of_string("<device>\n<name>" PHONE "</name>\n</device>\n"));
    write_template("B-sccp.cnf.xml", "<device>");
    assert_fetch(PHONE ".cnf.xml", buffer_bytes(&builtin.data));
    assert_int_equal(world_log_count("trustline.log", "event=template_broken"), 2);
    assert_int_equal(world_log_count("trustline.log", "7975.cnf.xml reason="), 1);
    fetched_fini(&builtin);
}

static void test_a_new_certificate_signs_from_now_on(void **state)
{
    (void)state;
    struct fetched f;
    struct why why = WHY_NONE;
    world_write("list.xml", bytes_of_string("list"));
    fetch(&f, "list.xml.sgn");
    assert_signed(&f, "list.xml.sgn");
    size_t before = f.data.size;
    fetched_fini(&f);
    assert_int_equal(
        store_parameter_set(world.store, "TFTPFileSignatureAlgorithm", "SHA-512", &why), 0);
    struct envelope e = {0};
    while (e.digest != DIGEST_SHA512) {
        fetch(&f, "list.xml.sgn");
        assert_signed(&f, "list.xml.sgn");
        assert_int_equal(envelope_parse(&e, buffer_bytes(&f.data), NULL), 0);
        fetched_fini(&f);
    }
    world_certificate("pool/rsa1024.pem");
    size_t now = before;
    while (now == before) {
        fetch(&f, "list.xml.sgn");
        assert_int_equal(f.error, FETCH_OK);
        now = f.data.size;
        if (now != before)
            assert_signed(&f, "list.xml.sgn");
        fetched_fini(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_published_lists_are_served_under_every_name),
        CASE(test_a_phone_s_own_list_goes_first_if_it_is_one),
        CASE(test_a_configuration_is_made_from_the_store_and_signed),
        CASE(test_sip_phones_get_their_lines),
        CASE(test_a_changed_device_gets_a_changed_file_soon),
        CASE(test_a_cluster_in_non_secure_mode_wants_no_phone_to_be_secure),
        CASE(test_the_default_file_is_made_too),
        CASE(test_what_an_administrator_says_of_a_model_counts_when_files_are_looked_over),
        CASE(test_a_file_somebody_wrote_is_respected_looked_over_and_signed),
        CASE(test_a_changed_file_is_served_changed_at_once),
        CASE(test_directories_come_and_go),
        CASE(test_letter_case_is_forgiven_when_there_is_no_exact_name),
        CASE(test_a_signed_file_is_served_as_it_lies_and_without_its_envelope),
        CASE(test_firmware_is_left_as_it_is),
        CASE(test_nothing_outside_is_reached),
        CASE(test_templates_of_the_node_go_before_the_built_in_ones),
        CASE(test_a_new_certificate_signs_from_now_on),
    };
    return RUN(tests);
}
