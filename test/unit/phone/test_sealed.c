/* Encrypted configuration, and when a phone goes to CAPF: the boot engine's states, walked. */
#include "stage.h"

#include "pki/seal.h"

#define SGN    STAGE_DEVICE ".cnf.xml.sgn"
#define SEALED STAGE_DEVICE ".cnf.xml.enc.sgn"
#define FULL                                                                                      \
    "<device> <fullConfig>true</fullConfig> <deviceProtocol>SCCP</deviceProtocol>\n"              \
    "<deviceSecurityMode>3</deviceSecurityMode> <capfAuthMode>%u</capfAuthMode>\n"                \
    "<capfList> <capf> <phonePort>3804</phonePort> <processNodeName>192.0.2.10</processNodeName>" \
    " </capf> </capfList> <certHash></certHash> <encrConfig>true</encrConfig> </device>\n"

static struct identity signer, lsc, mic, ec;
static struct bytes ctl, itl;
static struct bytes made[16]; /* files, freed at the end */
static size_t made_count;
static unsigned capf_auth;

static int enter(void **state)
{
    (void)state;
    factory_signer(&signer);
    assert_int_equal(identity_load(&lsc, vector_path("pool/rsa2048.pem"), NULL), 0);
    assert_int_equal(identity_load(&mic, vector_path("pool/rsa2048-2.pem"), NULL), 0);
    assert_int_equal(identity_load(&ec, vector_path("pool/ec256.pem"), NULL), 0);
    ctl = vector_load("CTLFile.tlv");
    itl = vector_load("ITLFile.tlv");
    made_count = 0;
    capf_auth = CAPF_AUTH_NULL_STRING;
    return 0;
}

static int leave(void **state)
{
    (void)state;
    identity_fini(&signer);
    identity_fini(&lsc);
    identity_fini(&mic);
    identity_fini(&ec);
    vector_free(ctl);
    vector_free(itl);
    for (size_t i = 0; i < made_count; i++)
        vector_free(made[i]);
    return 0;
}

static struct bytes keep(struct bytes file)
{
    made[made_count++] = file;
    return file;
}

static const char *full(void)
{
    static char text[1000];
    snprintf(text, sizeof text, FULL, capf_auth);
    return text;
}

static void put_short_with(struct stage *s, const char *hash)
{
    struct buffer text;
    buffer_init(&text, 65536);
    assert_int_equal(cnf_write_short(&text, bytes_of_string(full()), hash, NULL), 0);
    struct bytes file = keep(factory_envelope(&signer, SGN, buffer_bytes(&text)));
    buffer_fini(&text);
    for (size_t i = 0; i < s->count; i++) {
        if (strcmp(s->files[i].name, SGN) == 0) {
            s->files[i].file = file;
            return;
        }
    }
    stage_put(s, SGN, file);
}

/* NULL: for nobody yet. */
static void put_short(struct stage *s, const struct identity *device)
{
    char hash[SEAL_HASH_TEXT] = "";
    if (device)
        assert_int_equal(seal_certificate_hash(hash, device->certificate), 0);
    put_short_with(s, hash);
}

static void put_sealed(struct stage *s, const struct identity *device)
{
    struct seal seal = {0};
    struct buffer out;
    const struct file_signer by = identity_signer(&signer);
    const struct envelope_spec spec = {.version_major = 2,
                                       .digest = DIGEST_SHA1,
                                       .filename = bytes_of_string(SEALED),
                                       .has_timestamp = true,
                                       .timestamp = 1704067200};
    buffer_init(&out, 65536);
    assert_int_equal(
        seal_make(&seal, bytes_of_string(full()), device->certificate, DIGEST_SHA1, NULL), 0);
    assert_int_equal(seal_write_file(&out, &spec, &by, &seal, NULL), 0);
    seal_fini(&seal);
    stage_put(s, SEALED, keep(buffer_bytes(&out)));
}

static void open_phone(struct stage *s, const char *model, bool enrols, bool string)
{
    stage_open_with(s, model, enrols, string);
    assert_int_equal(boot_hold_list(s->boot, TRUSTLIST_CTL, ctl, NULL), 0);
    assert_int_equal(boot_hold_list(s->boot, TRUSTLIST_ITL, itl, NULL), 0);
}

static bool asked(const struct stage *s, const char *files)
{
    return strstr(s->asked, files) != NULL;
}

/* ---- CAPF, as the tests have it ---- */

static void install(struct stage *s)
{
    boot_hold_certificates(s->boot, &lsc, NULL);
    boot_enrolled(s->boot, ENROL_INSTALLED, "", s->now);
    put_short(s, &lsc);
    put_sealed(s, &lsc);
}

/* The server takes its time to notice: the short file names the LSC only at the third look. */
static unsigned looks;

static void install_slowly(struct stage *s)
{
    boot_hold_certificates(s->boot, &lsc, NULL);
    boot_enrolled(s->boot, ENROL_INSTALLED, "", s->now);
    put_sealed(s, &lsc);
}

static void refuse(struct stage *s)
{
    boot_enrolled(s->boot, ENROL_REFUSED, "refused (7)", s->now);
}

static void nothing(struct stage *s)
{
    boot_enrolled(s->boot, ENROL_NOTHING, "", s->now);
}

static void distrust(struct stage *s)
{
    boot_enrolled(s->boot, ENROL_UNTRUSTED, "the server shows CN=other", s->now);
}

/* ---- files ---- */

static void test_a_short_file_with_its_hash_leads_to_the_sealed_one(void **state)
{
    (void)state;
    struct stage s;
    open_phone(&s, "7975", false, false);
    boot_hold_certificates(s.boot, &lsc, &mic);
    put_short(&s, &lsc);
    put_sealed(&s, &lsc);
    stage_boot(&s);
    assert_int_equal(s.outcome, OUTCOME_FILES);
    assert_true(asked(&s, SGN "; " SEALED "; "));
    assert_true(boot_configuration(s.boot)->full);
    assert_int_equal(boot_configuration(s.boot)->security_mode, 3);
    assert_string_equal(s.stored, "2"); /* the text that was sealed, and not the short file */
    stage_close(&s);
}

static void test_without_an_lsc_the_mic_opens_it(void **state)
{
    (void)state;
    struct stage s;
    open_phone(&s, "7975", false, false);
    boot_hold_certificates(s.boot, NULL, &mic);
    put_short(&s, &mic);
    put_sealed(&s, &mic);
    stage_boot(&s);
    assert_int_equal(s.outcome, OUTCOME_FILES);
    assert_true(boot_configuration(s.boot)->full);
    stage_close(&s);
}

static void hold_encrypted_configuration(struct stage *s)
{
    assert_int_equal(boot_hold_configuration(s->boot, bytes_of_string(full()), NULL), 0);
}

static void test_a_phone_in_encrypted_mode_asks_for_the_sealed_file_first(void **state)
{
    (void)state;
    struct stage s;
    open_phone(&s, "7975", false, false);
    boot_hold_certificates(s.boot, &lsc, NULL);
    hold_encrypted_configuration(&s);
    put_sealed(&s, &lsc);
    stage_boot(&s);
    assert_int_equal(s.outcome, OUTCOME_FILES);
    assert_true(asked(&s, "ITLFile.tlv; " SEALED "; "));
    assert_false(asked(&s, SGN "; "));
    assert_non_null(strstr(s.became, "unchanged:signer_in_ctl"));
    assert_string_equal(s.stored, "");
    stage_close(&s);
}

static void test_it_falls_back_to_the_signed_file(void **state)
{
    (void)state;
    struct stage s;
    struct bytes config = vector_load(STAGE_DEVICE ".cnf.xml.plain-config.sgn");
    open_phone(&s, "7975", false, false);
    boot_hold_certificates(s.boot, &lsc, NULL);
    hold_encrypted_configuration(&s);
    stage_put(&s, SGN, config);
    stage_boot(&s);
    assert_int_equal(s.outcome, OUTCOME_FILES);
    assert_true(asked(&s, SEALED "; " SGN "; "));
    stage_close(&s);
    vector_free(config);
}

static void test_a_file_sealed_for_another_certificate_leads_to_the_short_one(void **state)
{
    (void)state;
    struct stage s;
    open_phone(&s, "7975", false, false);
    boot_hold_certificates(s.boot, &mic, NULL); /* the LSC that it had */
    hold_encrypted_configuration(&s);
    put_sealed(&s, &lsc);
    put_short(&s, NULL);
    s.enrol = refuse;
    stage_boot(&s);
    assert_true(asked(&s, SEALED "; " SGN "; CAPF; "));
    assert_non_null(strstr(s.became, "not_ours:"));
    assert_int_equal(s.outcome, OUTCOME_FAILED);
    stage_close(&s);
}

static void test_a_sealed_file_with_a_bad_signature_is_never_opened(void **state)
{
    (void)state;
    struct stage s;
    open_phone(&s, "7975", false, false);
    boot_hold_certificates(s.boot, &lsc, NULL);
    put_short(&s, &lsc);
    put_sealed(&s, &lsc);
    struct bytes *file = &s.files[s.count - 1].file;
    *file = keep(factory_flip(*file, file->size - 20));
    stage_boot(&s);
    assert_int_equal(s.outcome, OUTCOME_REFUSED);
    assert_non_null(strstr(s.became, "refused:bad_signature"));
    assert_null(strstr(s.became, "not_ours"));
    assert_string_equal(s.stored, "");
    stage_close(&s);
}

static void test_a_hash_without_a_sealed_file_is_said(void **state)
{
    (void)state;
    struct stage s;
    open_phone(&s, "7975", false, false);
    boot_hold_certificates(s.boot, &lsc, NULL);
    put_short(&s, &lsc);
    stage_boot(&s);
    assert_int_equal(s.outcome, OUTCOME_FAILED);
    assert_non_null(strstr(s.words, "the server has no " SEALED));
    stage_close(&s);
}

static void test_a_sealed_file_that_does_not_open_is_refused(void **state)
{
    (void)state;
    struct stage s;
    open_phone(&s, "7975", false, false);
    boot_hold_certificates(s.boot, &lsc, NULL);
    put_short(&s, &lsc);
    put_sealed(&s, &mic); /* the server contradicts itself */
    stage_boot(&s);
    assert_int_equal(s.outcome, OUTCOME_REFUSED);
    assert_non_null(strstr(s.became, "not_ours:"));
    stage_close(&s);
}

/* ---- phones that cannot ---- */

static void expect_failed(struct stage *s, const char *words)
{
    stage_boot(s);
    assert_int_equal(s->outcome, OUTCOME_FAILED);
    if (!strstr(s->words, words))
        fail_msg("\"%s\" does not say \"%s\"", s->words, words);
    stage_close(s);
}

static void test_an_ec_key_cannot_open_it_which_is_said(void **state)
{
    (void)state;
    struct stage s;
    open_phone(&s, "8845", false, false);
    s.http = ANSWER_SILENCE;
    boot_hold_certificates(s.boot, &ec, NULL);
    put_short(&s, &ec);
    expect_failed(&s, "order an RSA key");
}

static void test_by_string_the_phone_waits_for_its_user(void **state)
{
    (void)state;
    struct stage s;
    capf_auth = CAPF_AUTH_STRING;
    open_phone(&s, "7975", true, false);
    put_short(&s, NULL);
    expect_failed(&s, "waits for its user to type it (--auth-string)");
    assert_false(asked(&s, "CAPF"));
}

static void test_without_a_way_to_capf_the_reason_is_said(void **state)
{
    (void)state;
    struct stage s;
    capf_auth = CAPF_AUTH_NONE;
    open_phone(&s, "7975", false, false);
    put_short(&s, NULL);
    expect_failed(&s, "does not send it to CAPF (capfAuthMode 0)");
    capf_auth = CAPF_AUTH_MIC;
    open_phone(&s, "7975", false, false);
    put_short(&s, NULL);
    expect_failed(&s, "wants an existing certificate, of which it has none");
}

/* ---- CAPF first ---- */

static void test_an_empty_hash_sends_it_to_capf_and_then_it_reads_its_file(void **state)
{
    (void)state;
    struct stage s;
    open_phone(&s, "7975", false, false);
    put_short(&s, NULL);
    s.enrol = install;
    stage_boot(&s);
    assert_int_equal(s.outcome, OUTCOME_FILES);
    assert_true(asked(&s, SGN "; CAPF; " SGN "; " SEALED "; "));
    assert_true(boot_configuration(s.boot)->full);
    assert_true(boot_is_enrolled(s.boot));
    stage_close(&s);
}

static void test_with_a_string_it_goes_at_once(void **state)
{
    (void)state;
    struct stage s;
    capf_auth = CAPF_AUTH_STRING;
    open_phone(&s, "7975", true, true);
    put_short(&s, NULL);
    s.enrol = install;
    stage_boot(&s);
    assert_int_equal(s.outcome, OUTCOME_FILES);
    const char *once = strstr(s.asked, "CAPF; ");
    assert_non_null(once);
    assert_null(strstr(once + 1, "CAPF; ")); /* and not again at the end */
    stage_close(&s);
}

static void test_another_hash_sends_it_to_capf_too(void **state)
{
    (void)state;
    struct stage s;
    open_phone(&s, "7975", false, false);
    boot_hold_certificates(s.boot, &mic, NULL);
    put_short_with(&s, "00112233445566778899aabbccddeeff");
    s.enrol = install;
    stage_boot(&s);
    assert_int_equal(s.outcome, OUTCOME_FILES);
    stage_close(&s);
}

static void test_a_server_that_has_not_noticed_yet_is_asked_again(void **state)
{
    (void)state;
    struct stage s;
    open_phone(&s, "7975", false, false);
    put_short(&s, NULL);
    s.enrol = install_slowly;
    boot_start(s.boot, s.now);
    looks = 0;
    const struct boot_action *action;
    do {
        while ((action = boot_action(s.boot)) != NULL) {
            const struct boot_action copy = *action;
            stage_note(&s, &copy);
            if (copy.kind == BOOT_FETCH && strcmp(copy.name, SGN) == 0 && ++looks == 4)
                put_short(&s, &lsc);
            if (copy.kind == BOOT_FETCH)
                stage_answer(&s, &copy);
            else if (copy.kind == BOOT_STORE)
                boot_stored(s.boot, NULL, s.now);
            else if (copy.kind == BOOT_ENROL)
                s.enrol(&s);
        }
        if (boot_deadline(s.boot) != BOOT_NEVER)
            s.now = boot_deadline(s.boot);
        boot_tick(s.boot, s.now);
    } while (!s.over);
    assert_int_equal(s.outcome, OUTCOME_FILES);
    assert_int_equal(looks, 4);
    stage_close(&s);
}

static void test_a_server_that_never_notices_is_given_up(void **state)
{
    (void)state;
    struct stage s;
    open_phone(&s, "7975", false, false);
    put_short(&s, NULL);
    s.enrol = install_slowly;
    expect_failed(&s, "still does not name the phone's certificate");
}

static void test_a_refusal_by_capf_ends_the_boot(void **state)
{
    (void)state;
    struct stage s;
    open_phone(&s, "7975", false, false);
    put_short(&s, NULL);
    s.enrol = refuse;
    expect_failed(&s, "CAPF: refused (7)");
}

static void test_a_server_that_is_not_trusted_is_a_status_message(void **state)
{
    (void)state;
    struct stage s;
    open_phone(&s, "7975", false, false);
    put_short(&s, NULL);
    s.enrol = distrust;
    stage_boot(&s);
    assert_non_null(strstr(s.said, "No valid CAPF server; "));
    assert_non_null(strstr(s.words, "CN=other"));
    stage_close(&s);
}

/* ---- CAPF because the configuration says so ---- */

static struct bytes plain_configuration(void)
{
    char text[1000];
    snprintf(text, sizeof text,
             "<device> <deviceProtocol>SCCP</deviceProtocol> <deviceSecurityMode>1"
             "</deviceSecurityMode> <capfAuthMode>%u</capfAuthMode> </device>\n",
             capf_auth);
    return keep(factory_envelope(&signer, SGN, bytes_of_string(text)));
}

static void walk_plain(struct stage *s, bool enrols, bool string, const struct identity *held,
                       void (*enrol)(struct stage *s))
{
    open_phone(s, "7975", enrols, string);
    boot_hold_certificates(s->boot, held, NULL);
    stage_put(s, SGN, plain_configuration());
    s->enrol = enrol;
    stage_boot(s);
}

static void hold_installed(struct stage *s)
{
    boot_hold_certificates(s->boot, &lsc, NULL);
    boot_enrolled(s->boot, ENROL_INSTALLED, "", s->now);
}

static void test_it_goes_to_capf_after_its_files(void **state)
{
    (void)state;
    struct stage s;
    walk_plain(&s, true, false, NULL, hold_installed);
    assert_int_equal(s.outcome, OUTCOME_FILES);
    assert_true(asked(&s, "Ringlist.xml.sgn; CAPF; "));
    assert_true(boot_is_enrolled(s.boot));
    stage_close(&s);
}

static void test_it_does_not_when_files_are_all_it_shall_get(void **state)
{
    (void)state;
    struct stage s;
    walk_plain(&s, false, false, NULL, NULL);
    assert_int_equal(s.outcome, OUTCOME_FILES);
    assert_false(asked(&s, "CAPF"));
    stage_close(&s);
}

static void test_an_lsc_and_nothing_that_sends_it_is_enough(void **state)
{
    (void)state;
    struct stage s;
    capf_auth = CAPF_AUTH_NONE;
    walk_plain(&s, true, false, &lsc, NULL);
    assert_int_equal(s.outcome, OUTCOME_FILES);
    stage_close(&s);
    capf_auth = CAPF_AUTH_STRING;
    walk_plain(&s, true, false, &lsc, NULL);
    assert_int_equal(s.outcome, OUTCOME_FILES);
    stage_close(&s);
}

static void test_nothing_to_do_is_fine_for_a_phone_with_an_lsc_alone(void **state)
{
    (void)state;
    struct stage s;
    walk_plain(&s, true, false, &lsc, nothing);
    assert_int_equal(s.outcome, OUTCOME_FILES);
    stage_close(&s);
    walk_plain(&s, true, false, NULL, nothing);
    assert_int_equal(s.outcome, OUTCOME_FAILED);
    assert_non_null(strstr(s.words, "--capf-operation install"));
    stage_close(&s);
}

static void test_a_user_who_types_the_string_needs_no_configuration_to_send_it(void **state)
{
    (void)state;
    struct stage s;
    capf_auth = CAPF_AUTH_NONE;
    walk_plain(&s, true, true, NULL, hold_installed);
    assert_int_equal(s.outcome, OUTCOME_FILES);
    assert_int_equal(boot_capf_auth(s.boot), CAPF_AUTH_STRING);
    assert_true(asked(&s, "CAPF; "));
    stage_close(&s);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)
    const struct CMUnitTest tests[] = {
        TEST(test_a_short_file_with_its_hash_leads_to_the_sealed_one),
        TEST(test_without_an_lsc_the_mic_opens_it),
        TEST(test_a_phone_in_encrypted_mode_asks_for_the_sealed_file_first),
        TEST(test_it_falls_back_to_the_signed_file),
        TEST(test_a_file_sealed_for_another_certificate_leads_to_the_short_one),
        TEST(test_a_sealed_file_with_a_bad_signature_is_never_opened),
        TEST(test_a_hash_without_a_sealed_file_is_said),
        TEST(test_a_sealed_file_that_does_not_open_is_refused),
        TEST(test_an_ec_key_cannot_open_it_which_is_said),
        TEST(test_by_string_the_phone_waits_for_its_user),
        TEST(test_without_a_way_to_capf_the_reason_is_said),
        TEST(test_an_empty_hash_sends_it_to_capf_and_then_it_reads_its_file),
        TEST(test_with_a_string_it_goes_at_once),
        TEST(test_another_hash_sends_it_to_capf_too),
        TEST(test_a_server_that_has_not_noticed_yet_is_asked_again),
        TEST(test_a_server_that_never_notices_is_given_up),
        TEST(test_a_refusal_by_capf_ends_the_boot),
        TEST(test_a_server_that_is_not_trusted_is_a_status_message),
        TEST(test_it_goes_to_capf_after_its_files),
        TEST(test_it_does_not_when_files_are_all_it_shall_get),
        TEST(test_an_lsc_and_nothing_that_sends_it_is_enough),
        TEST(test_a_user_who_types_the_string_needs_no_configuration_to_send_it),
        TEST(test_nothing_to_do_is_fine_for_a_phone_with_an_lsc_alone),
    };
    return RUN(tests);
}
