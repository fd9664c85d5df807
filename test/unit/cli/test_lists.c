#include "runner.h"

#include "base/file.h"
#include "base/text.h"
#include "cli/listview.h"
#include "cli/source.h"

#include <stdio.h>

static char directory[1024];

static int make_directory(void **state)
{
    (void)state;
    temporary_make(directory);
    return 0;
}

static int remove_directory(void **state)
{
    (void)state;
    temporary_remove(directory);
    return 0;
}

static struct cli program(void)
{
    return (struct cli){.table = command_table, .default_state = "/nowhere", .in = -1};
}

/* A path in the directory of this run. Four at a time. */
static const char *here(const char *name)
{
    static char paths[4][FILE_PATH];
    static unsigned next;
    char *path = paths[next++ % 4];
    assert_int_equal(file_path(path, directory, name), 0);
    return path;
}

static const char *vector(const char *name)
{
    static char paths[4][FILE_PATH];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, FILE_PATH, "%s", vector_path(name));
    return path;
}

/* The signer of the vectors as one PEM. */
static const char *signer_pem(void)
{
    const char *path = here("signer.pem");
    struct certificate *certificate = NULL;
    struct bytes key = vector_load("signer.key.pem");
    struct buffer pem;
    buffer_init(&pem, 65536);
    assert_int_equal(certificate_load(&certificate, vector("signer.der"), NULL), 0);
    assert_int_equal(certificate_write_pem(&pem, certificate), 0);
    buffer_append(&pem, key);
    assert_int_equal(file_replace(path, buffer_bytes(&pem), 0600, NULL), 0);
    certificate_free(certificate);
    vector_free(key);
    buffer_fini(&pem);
    return path;
}

static json_t *json_of(struct said said, enum cli_status status)
{
    json_error_t error;
    assert_int_equal(said.status, status);
    json_t *json = json_loads(said.out, JSON_REJECT_DUPLICATES, &error);
    if (!json)
        fail_msg("%s in %s", error.text, said.out);
    said_free(&said);
    return json;
}

static const char *text_at(json_t *json, const char *key)
{
    const char *text = json_string_value(json_object_get(json, key));
    return text ? text : "(none)";
}

/* ---- show ---- */

static void expect_shown(const char *kind, const char *list, const char *want)
{
    struct cli cli = program();
    struct bytes text = vector_load(want);
    struct said said = RUN_LINE(&cli, "show", kind, vector(list));
    assert_bytes_equal(bytes_of_string(said.out), text);
    expect_said(said, STATUS_DONE, NULL, "");
    vector_free(text);
}

static void test_lists_are_shown_byte_for_byte_as_cucm_does(void **state)
{
    (void)state;
    expect_shown("ctl", "CTLFile.tlv", "CTLFile.show.txt");
    expect_shown("itl", "ITLFile.tlv", "ITLFile.show.txt");
}

static void test_json_tells_the_same_facts(void **state)
{
    (void)state;
    struct cli cli = program();
    json_t *json =
        json_of(RUN_LINE(&cli, "show", "itl", "--json", vector("ITLFile.tlv")), STATUS_DONE);
    json_t *records = json_object_get(json, "records");
    assert_string_equal(text_at(json, "kind"), "ITL");
    assert_string_equal(text_at(json, "md5"), "f372d142c7063eab61adb1faa0202f12");
    assert_string_equal(text_at(json, "last_modified"), "2024-01-01T00:00:00Z");
    assert_int_equal(json_integer_value(json_object_get(json, "size")), 3056);
    assert_int_equal(json_integer_value(json_object_get(json, "header_length")), 288);
    assert_true(json_is_true(json_object_get(json, "verified")));
    assert_true(json_is_null(json_object_get(json, "reason")));
    assert_int_equal(json_array_size(records), 4);
    json_t *capf = json_array_get(records, 2);
    assert_string_equal(text_at(capf, "function"), "CAPF");
    assert_string_equal(text_at(capf, "serial"), "1122334455667788");
    assert_string_equal(text_at(capf, "certificate_hash"),
                        "6ffb46602af19ed23c9ae9798c757e967bf1dec5");
    assert_true(json_is_null(json_object_get(capf, "certificate")));
    json_t *sast = json_object_get(json_array_get(records, 0), "certificate");
    assert_string_equal(text_at(sast, "sha1"), "9ee48993f3378bde5485846f3c6382425134d74f");
    json_decref(json);
}

static void test_a_wrong_signature_is_said_and_refused(void **state)
{
    (void)state;
    struct cli cli = program();
    struct bytes list = vector_load("CTLFile.tlv");
    uint8_t *copy = malloc(list.size);
    memcpy(copy, list.data, list.size);
    copy[200] ^= 1; /* inside the signature */
    const char *path = here("flipped.tlv");
    assert_int_equal(file_replace(path, bytes_of(copy, list.size), 0600, NULL), 0);
    struct said said = RUN_LINE(&cli, "show", "ctl", path);
    assert_true(text_ends(said.out, "\n\n\nVerification of the CTL File Failed\n"));
    expect_one_line(said.err);
    expect_said(said, STATUS_REFUSED, NULL, "flipped.tlv: the signature is wrong");
    json_t *json = json_of(RUN_LINE(&cli, "show", "ctl", path, "--json"), STATUS_REFUSED);
    assert_true(json_is_false(json_object_get(json, "verified")));
    assert_string_equal(text_at(json, "reason"), "the signature is wrong");
    json_decref(json);
    free(copy);
    vector_free(list);
}

static void test_every_truncation_is_an_error_of_one_line(void **state)
{
    (void)state;
    struct cli cli = program();
    struct bytes list = vector_load("ITLFile-v11-sha512.tlv");
    const char *path = here("cut.tlv");
    size_t step = test_is_long() ? 1 : 97;
    for (size_t size = 0; size < list.size; size += step) {
        assert_int_equal(file_replace(path, bytes_slice(list, 0, size), 0600, NULL), 0);
        struct said said = RUN_LINE(&cli, "show", "itl", path);
        expect_one_line(said.err);
        /* Cut between two records it is a list, with a wrong signature. */
        enum cli_status status = said.out[0] ? STATUS_REFUSED : STATUS_FAILED;
        expect_said(said, status, NULL,
                    size == 0     ? "cut.tlv: empty"
                    : said.out[0] ? "cut.tlv: "
                                  : "offset ");
    }
    vector_free(list);
}

static void test_what_is_no_list_is_called_what_it_is(void **state)
{
    (void)state;
    struct cli cli = program();
    const struct {
        const char *file, *text;
    } cases[] = {
        {"signer.der", "signer.der: no trust list: offset 0, tag 48"},
        {"SEP001122334455.cnf.xml.sgn", "but the signed file SEP001122334455.cnf.xml.sgn: offset"},
        {"ITLFile.tlv", "is ITLFile.tlv by the name inside it; 'show itl' shows it"},
        {"absent.tlv", "absent.tlv: cannot open: No such file or directory"},
        {"pool", "pool: is a directory"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct said said = RUN_LINE(&cli, "show", "ctl", vector(cases[i].file));
        expect_one_line(said.err);
        expect_said(said, STATUS_FAILED, "", cases[i].text);
    }
}

/* ---- show, from the cluster ---- */

static int publish_vector(const char *state, enum trustlist_kind kind, struct buffer *out,
                          struct why *why)
{
    if (strcmp(state, "/broken") == 0)
        return why_error(why, ERR_STORE, "/broken: no database");
    if (kind == TRUSTLIST_CTL)
        return ERR_NOT_FOUND;
    struct bytes list = vector_load("ITLFile.tlv");
    buffer_append(out, list);
    vector_free(list);
    return out->error;
}

static void test_without_a_file_the_cluster_is_asked(void **state)
{
    (void)state;
    struct cli cli = program();
    expect_said(RUN_LINE(&cli, "show", "ctl"), STATUS_USAGE, "", "which FILE?");
    cli.published_list = publish_vector;
    struct bytes want = vector_load("ITLFile.show.txt");
    struct said said = RUN_LINE(&cli, "show", "itl");
    assert_bytes_equal(bytes_of_string(said.out), want);
    expect_said(said, STATUS_DONE, NULL, "");
    vector_free(want);
    /* The words of CUCM 10.0 and later. */
    said = RUN_LINE(&cli, "show", "ctl");
    assert_string_equal(said.out, "Length of CTL file: 0\n"
                                  "CTL File not found. Please run CTLClient plugin or run the CLI "
                                  "- utils ctl.. to generate the CTL file.\n"
                                  "Error parsing the CTL File.\n");
    expect_said(said, STATUS_FAILED, NULL, "");
    json_t *json = json_of(RUN_LINE(&cli, "show", "ctl", "--json"), STATUS_FAILED);
    assert_int_equal(json_integer_value(json_object_get(json, "size")), 0);
    json_decref(json);
    expect_said(RUN_LINE(&cli, "show", "itl", "--state", "/broken"), STATUS_FAILED, "",
                "trustline: /broken: no database\n");
}

/* ---- what CUCM never wrote, but a reader may meet ---- */

static struct buffer unusual_list(void)
{
    static const uint8_t address[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};
    struct identity signer = {0};
    struct buffer body;
    struct buffer file;
    buffer_init(&body, 65536);
    buffer_init(&file, 65536);
    assert_int_equal(identity_load(&signer, here("signer.pem"), NULL), 0);
    struct trustlist_record sast =
        record_of_certificate(signer.certificate, ROLE_SAST, RECORD_FULL, "\033[2Jpub1",
                              bytes_of(address, sizeof address));
    /* A CTL of a cluster that went back to non-secure mode keeps records like this. */
    struct trustlist_record emptied = {.has_role = true,
                                       .role = ROLE_CCM_TFTP,
                                       .dns_name = bytes_of_string("cucm-1051-a-"),
                                       .address = bytes_of(address, 4)};
    struct trustlist_record strange = {.has_role = true, .role = 9};
    const struct envelope_spec spec = {.version_major = 1,
                                       .version_minor = 2,
                                       .digest = DIGEST_SHA1,
                                       .filename = bytes_of_string("CTLFile.tlv")};
    assert_int_equal(record_write(&body, &sast, NULL), 0);
    assert_int_equal(record_write(&body, &emptied, NULL), 0);
    assert_int_equal(record_write(&body, &strange, NULL), 0);
    assert_int_equal(signedfile_write(&file, &spec, &signer, buffer_bytes(&body), NULL), 0);
    identity_fini(&signer);
    buffer_fini(&body);
    return file;
}

static void test_unusual_records_are_shown_and_harmless(void **state)
{
    (void)state;
    struct cli cli = program();
    signer_pem();
    struct buffer list = unusual_list();
    const char *path = here("unusual.tlv");
    assert_int_equal(file_replace(path, buffer_bytes(&list), 0600, NULL), 0);
    struct said said = RUN_LINE(&cli, "show", "ctl", path);
    assert_null(strchr(said.out, '\033'));
    assert_non_null(strstr(said.out, "\\x1b[2Jpub1"));
    assert_non_null(strstr(said.out, "last modified on an unknown date"));
    assert_non_null(strstr(said.out, "10\tIPADDRESS\t16\n"));
    assert_non_null(strstr(said.out, "1\tRECORDLENGTH\t2\t33\n" /* as a live CUCM printed it */
                                     "2\tDNSNAME\t\t13\tcucm-1051-a-\n"
                                     "4\tFUNCTION\t2\tCCM+TFTP\n"
                                     "10\tIPADDRESS\t4\n"));
    assert_non_null(strstr(said.out, "4\tFUNCTION\t2\t9\n"));
    expect_said(said, STATUS_DONE, NULL, "");
    json_t *json = json_of(RUN_LINE(&cli, "show", "ctl", path, "--json"), STATUS_DONE);
    json_t *records = json_object_get(json, "records");
    assert_string_equal(text_at(json_array_get(records, 0), "address"), "2001:db8::1");
    assert_string_equal(text_at(json_array_get(records, 0), "dns_name"), "\033[2Jpub1");
    assert_true(json_is_null(json_object_get(json_array_get(records, 1), "subject")));
    assert_string_equal(text_at(json_array_get(records, 2), "function"), "9");
    assert_true(json_is_null(json_object_get(json, "timestamp")));
    json_decref(json);
    buffer_fini(&list);
}

/* ---- list build ---- */

static void test_a_certificate_may_have_commas_in_its_name(void **state)
{
    (void)state;
    struct cli cli = program();
    const char *pem = signer_pem();
    const char *odd = here("a,b,dns.der");
    const char *out = here("commas.tlv");
    char spec[2 * FILE_PATH];
    struct bytes der = vector_load("signer.der");
    assert_int_equal(file_replace(odd, der, 0600, NULL), 0);
    vector_free(der);
    snprintf(spec, sizeof spec, "sast=%s,address=2001:db8::1,dns=host,with,commas", odd);
    /* "with" and "commas" are no words of ours, so they belong to the file's name. */
    expect_said(
        RUN_LINE(&cli, "list", "build", out, "--type", "ctl", "--signer", pem, "--record", spec),
        STATUS_FAILED, "", "cannot open");
    snprintf(spec, sizeof spec, "SAST=%s,dns=host,address=2001:db8::1", odd);
    expect_said(
        RUN_LINE(&cli, "list", "build", out, "--type", "CTL", "--signer", pem, "--record", spec),
        STATUS_DONE, "1 record, signed by CN=pub1;", "");
    json_t *json = json_of(RUN_LINE(&cli, "show", "ctl", out, "--json"), STATUS_DONE);
    json_t *record = json_array_get(json_object_get(json, "records"), 0);
    assert_string_equal(text_at(record, "dns_name"), "host");
    assert_string_equal(text_at(record, "address"), "2001:db8::1");
    json_decref(json);
}

static void test_a_list_no_phone_could_load_is_not_made(void **state)
{
    (void)state;
    struct cli cli = program();
    const char *pem = signer_pem();
    const char *out = here("large.tlv");
    const char *words[100] = {"list", "build", out, "--type", "itl", "--signer", pem};
    char small[FILE_PATH + 10];
    char large[FILE_PATH + 10];
    snprintf(small, sizeof small, "tftp=%s", vector("signer.der"));
    snprintf(large, sizeof large, "tftp=%s", vector("pool/rsa4096.pem"));
    for (size_t i = 0; i < 40; i++) {
        words[7 + 2 * i] = "--record";
        words[8 + 2 * i] = small;
    }
    expect_said(run_words(&cli, words), STATUS_FAILED, "",
                "large.tlv: 40 certificates: phones fail to register with a list of more than 39");
    words[8] = large;
    words[85] = NULL; /* 39 are left */
    expect_said(run_words(&cli, words), STATUS_DONE, "39 records", NULL);
    for (size_t i = 0; i < 39; i++)
        words[8 + 2 * i] = large;
    assert_int_equal(unlink(out), 0);
    expect_said(run_words(&cli, words), STATUS_FAILED, "",
                "phones fail to register with a list of more than 65535");
    assert_false(file_exists(out));
}

/* ---- list diff ---- */

static void test_diff_names_what_differs(void **state)
{
    (void)state;
    struct cli cli = program();
    const char *ctl = vector("CTLFile.tlv");
    const char *itl = vector("ITLFile.tlv");
    struct said said = RUN_LINE(&cli, "list", "diff", ctl, ctl);
    assert_string_equal(said.out, "");
    expect_said(said, STATUS_DONE, NULL, "");
    said = RUN_LINE(&cli, "list", "diff", ctl, itl);
    assert_non_null(strstr(said.out, "  size: 3216 bytes, 3 records -> 3056 bytes, 4 records\n"));
    assert_non_null(strstr(said.out, "  file name: CTLFile.tlv -> ITLFile.tlv\n"));
    assert_non_null(strstr(said.out, "~ CN=pub1;OU=LAB;O=Example;L=Town;ST=ZZ;C=XX, serial "
                                     "2A5B6C7D8E9F0A1B: SAST (pub1, 192.0.2.10), CCM+TFTP (pub1, "
                                     "192.0.2.10) -> SAST, TFTP\n"));
    assert_non_null(strstr(said.out, "+ CN=pub1-TVS;OU=LAB;O=Example;L=Town;ST=ZZ;C=XX, serial "
                                     "0102030405060708: TVS (by its hash)\n"));
    assert_null(strstr(said.out, "\n- "));
    expect_said(said, STATUS_FAILED, NULL, "");
    json_t *json = json_of(RUN_LINE(&cli, "list", "diff", itl, ctl, "--json"), STATUS_FAILED);
    assert_true(json_is_false(json_object_get(json, "same")));
    assert_int_equal(json_array_size(json_object_get(json, "removed")), 1);
    assert_int_equal(json_array_size(json_object_get(json, "changed")), 2);
    assert_int_equal(json_array_size(json_object_get(json, "added")), 0);
    json_decref(json);
    expect_said(RUN_LINE(&cli, "list", "diff", ctl, here("absent")), STATUS_USAGE, "",
                "absent: cannot open");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists_are_shown_byte_for_byte_as_cucm_does),
        cmocka_unit_test(test_json_tells_the_same_facts),
        cmocka_unit_test(test_a_wrong_signature_is_said_and_refused),
        cmocka_unit_test(test_every_truncation_is_an_error_of_one_line),
        cmocka_unit_test(test_what_is_no_list_is_called_what_it_is),
        cmocka_unit_test(test_without_a_file_the_cluster_is_asked),
        cmocka_unit_test(test_unusual_records_are_shown_and_harmless),
        cmocka_unit_test(test_a_certificate_may_have_commas_in_its_name),
        cmocka_unit_test(test_a_list_no_phone_could_load_is_not_made),
        cmocka_unit_test(test_diff_names_what_differs),
    };
    return cmocka_run_group_tests_name("tests", tests, make_directory, remove_directory);
}
