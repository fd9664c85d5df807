/* What a phone does with what it is given: the rules of trust/, as the boot engine applies them. */
#include "stage.h"

static struct identity signer, foreign;
static struct bytes ctl, itl, config;

#define CTL_NAME "CTL" STAGE_DEVICE ".tlv"
#define ITL_NAME "ITL" STAGE_DEVICE ".tlv"
#define SGN_NAME STAGE_DEVICE ".cnf.xml.sgn"

static int enter(void **state)
{
    (void)state;
    factory_signer(&signer);
    factory_foreign(&foreign);
    ctl = vector_load("CTLFile.tlv");
    itl = vector_load("ITLFile.tlv");
    config = vector_load(STAGE_DEVICE ".cnf.xml.plain-config.sgn");
    return 0;
}

static int leave(void **state)
{
    (void)state;
    identity_fini(&signer);
    identity_fini(&foreign);
    vector_free(ctl);
    vector_free(itl);
    vector_free(config);
    return 0;
}

/* A phone that holds the lists of the vectors, and a configuration. */
static void open_with_lists(struct stage *s, const char *model)
{
    struct bytes xml = vector_load(STAGE_DEVICE ".cnf.xml");
    stage_open(s, model);
    assert_int_equal(boot_hold_list(s->boot, TRUSTLIST_CTL, ctl, NULL), 0);
    if (strcmp(model, "7940") != 0)
        assert_int_equal(boot_hold_list(s->boot, TRUSTLIST_ITL, itl, NULL), 0);
    assert_int_equal(boot_hold_configuration(s->boot, xml, NULL), 0);
    vector_free(xml);
}

static void expect_held(const struct stage *s, enum trustlist_kind kind, struct bytes file)
{
    const struct held_list *held = boot_list(s->boot, kind);
    assert_non_null(held);
    assert_bytes_equal(held->file, file);
}

static void test_the_same_lists_again_change_nothing(void **state)
{
    (void)state;
    struct stage s;
    open_with_lists(&s, "7975");
    stage_put(&s, CTL_NAME, ctl);
    stage_put(&s, ITL_NAME, itl);
    stage_put(&s, SGN_NAME, config);
    stage_boot(&s);
    assert_int_equal(strncmp(s.became,
                             "unchanged:signer_in_ctl unchanged:signer_in_ctl "
                             "unchanged:signer_in_ctl ",
                             72),
                     0);
    assert_string_equal(s.stored, "");
    assert_string_equal(s.said, "SEP001122334455.cnf.xml.sgn; ");
    assert_int_equal(s.outcome, OUTCOME_FILES);
    stage_close(&s);
}

static void test_a_new_list_of_a_known_anchor_replaces_the_old_one(void **state)
{
    (void)state;
    struct stage s;
    struct bytes fresh = factory_list(TRUSTLIST_CTL, &signer, "192.0.2.99");
    open_with_lists(&s, "7975");
    stage_put(&s, CTL_NAME, fresh);
    stage_put(&s, SGN_NAME, config);
    stage_boot(&s);
    expect_held(&s, TRUSTLIST_CTL, fresh);
    assert_string_equal(s.stored, "0");
    assert_non_null(strstr(s.said, "Trust List Updated; "));
    stage_close(&s);
    vector_free(fresh);
}

static void test_a_foreign_list_is_refused_and_the_old_one_stays(void **state)
{
    (void)state;
    struct stage s;
    struct bytes other = factory_list(TRUSTLIST_CTL, &foreign, NULL);
    open_with_lists(&s, "7940");
    stage_put(&s, CTL_NAME, other);
    stage_boot(&s);
    expect_held(&s, TRUSTLIST_CTL, ctl);
    assert_int_equal(strncmp(s.became, "refused:unknown_signer ", 23), 0);
    assert_int_equal(strncmp(s.said, "Trust List Update Failed; ", 26), 0);
    assert_string_equal(s.stored, "");
    assert_int_equal(s.outcome, OUTCOME_REFUSED);
    stage_close(&s);
    vector_free(other);
}

static void test_what_tvs_cannot_be_asked_about_is_refused(void **state)
{
    (void)state;
    struct stage s;
    struct bytes other = factory_list(TRUSTLIST_ITL, &foreign, NULL);
    open_with_lists(&s, "7975");
    stage_put(&s, ITL_NAME, other);
    stage_put(&s, SGN_NAME, config);
    stage_boot(&s);
    expect_held(&s, TRUSTLIST_ITL, itl);
    assert_non_null(strstr(s.became, "refused:tvs_silent "));
    assert_int_equal(s.outcome, OUTCOME_REFUSED);
    assert_true(boot_is_configured(s.boot)); /* the configuration is fine */
    stage_close(&s);
    vector_free(other);
}

/* ---- TVS ---- */

static struct testimony vouched_for(const struct identity *who, unsigned role)
{
    struct testimony t = {.kind = TESTIMONY_VOUCHED,
                          .certificate = certificate_der(who->certificate)};
    testimony_add_role(&t, (uint16_t)role);
    return t;
}

static void test_a_list_whose_signer_tvs_knows_is_taken(void **state)
{
    (void)state;
    const struct testimony t = vouched_for(&foreign, ROLE_SAST);
    struct bytes other = factory_list(TRUSTLIST_CTL, &foreign, NULL);
    struct stage s;
    open_with_lists(&s, "7975");
    s.tvs = &t;
    stage_put(&s, CTL_NAME, other);
    stage_put(&s, SGN_NAME, config);
    stage_boot(&s);
    expect_held(&s, TRUSTLIST_CTL, other);
    assert_int_equal(strncmp(s.became, "accepted:tvs_vouches ", 21), 0);
    assert_int_equal(strncmp(s.asked, CTL_NAME "; TVS; ", 29), 0);
    assert_string_equal(s.stored, "0");
    assert_non_null(strstr(s.said, "Trust List Updated; "));
    assert_null(strstr(s.asked, "TVS; TVS"));
    assert_int_equal(s.outcome, OUTCOME_FILES);
    stage_close(&s);
    vector_free(other);
}

static void test_a_configuration_whose_signer_tvs_knows_is_taken(void **state)
{
    (void)state;
    const struct testimony t = vouched_for(&foreign, ROLE_CCM_TFTP);
    struct bytes other = factory_envelope(
        &foreign, SGN_NAME,
        bytes_of_string("<device><deviceSecurityMode>2</deviceSecurityMode></device>"));
    struct stage s;
    open_with_lists(&s, "7975");
    s.tvs = &t;
    stage_put(&s, SGN_NAME, other);
    stage_boot(&s);
    assert_non_null(strstr(s.became, "accepted:tvs_vouches "));
    assert_true(boot_is_configured(s.boot));
    assert_int_equal(boot_configuration(s.boot)->security_mode, 2);
    assert_string_equal(s.stored, "2");
    stage_close(&s);
    vector_free(other);
}

static void test_what_tvs_denies_is_refused_and_the_old_list_stays(void **state)
{
    (void)state;
    const struct testimony t = {.kind = TESTIMONY_DENIED};
    struct bytes other = factory_list(TRUSTLIST_CTL, &foreign, NULL);
    struct stage s;
    open_with_lists(&s, "7975");
    s.tvs = &t;
    stage_put(&s, CTL_NAME, other);
    stage_put(&s, SGN_NAME, config);
    stage_boot(&s);
    expect_held(&s, TRUSTLIST_CTL, ctl);
    assert_int_equal(strncmp(s.became, "refused:tvs_refuses ", 20), 0);
    assert_int_equal(strncmp(s.said, "Trust List Update Failed; ", 26), 0);
    assert_int_equal(s.outcome, OUTCOME_REFUSED);
    stage_close(&s);
    vector_free(other);
}

/* TVS answers for one file: the next one is judged, and asked about, for itself. */
static void test_each_file_is_asked_about_for_itself(void **state)
{
    (void)state;
    const struct testimony t = vouched_for(&foreign, ROLE_SAST);
    struct bytes other =
        factory_envelope(&foreign, SGN_NAME, bytes_of_string("<device> </device>"));
    struct bytes list = factory_list(TRUSTLIST_ITL, &foreign, NULL);
    struct stage s;
    open_with_lists(&s, "7975");
    s.tvs = &t;
    boot_testified(s.boot, &t, s.now); /* nobody has asked */
    stage_put(&s, ITL_NAME, list);
    stage_put(&s, SGN_NAME, other);
    stage_boot(&s);
    /* The new ITL names no TVS, so that nobody can be asked about the configuration; but it names
     * its signer. */
    assert_non_null(strstr(s.became, "accepted:tvs_vouches accepted:signer_in_itl "));
    stage_close(&s);
    vector_free(other);
    vector_free(list);
}

static void test_phones_without_tvs_do_not_ask(void **state)
{
    (void)state;
    const struct testimony t = vouched_for(&foreign, ROLE_SAST);
    struct bytes other = factory_list(TRUSTLIST_CTL, &foreign, NULL);
    struct stage s;
    open_with_lists(&s, "7940");
    s.tvs = &t;
    stage_put(&s, CTL_NAME, other);
    stage_boot(&s);
    assert_null(strstr(s.asked, "TVS; "));
    assert_int_equal(strncmp(s.became, "refused:unknown_signer ", 23), 0);
    stage_close(&s);
    vector_free(other);
}

static void test_a_list_with_any_bit_flipped_is_refused(void **state)
{
    (void)state;
    size_t step = test_is_long() ? 1 : 37;
    for (size_t at = 0; at < ctl.size; at += step) {
        struct stage s;
        struct bytes bad = factory_flip(ctl, at);
        open_with_lists(&s, "7940");
        stage_put(&s, CTL_NAME, bad);
        stage_boot(&s);
        if (s.outcome != OUTCOME_REFUSED)
            fail_msg("byte %zu: %s", at, s.became);
        expect_held(&s, TRUSTLIST_CTL, ctl);
        assert_non_null(strstr(s.said, "Trust List Update Failed; "));
        stage_close(&s);
        vector_free(bad);
    }
}

static void test_a_wrong_signature_is_also_a_verification_failure(void **state)
{
    (void)state;
    struct stage s;
    struct bytes bad = factory_flip(ctl, ctl.size - 100);
    open_with_lists(&s, "7975");
    stage_put(&s, CTL_NAME, bad);
    stage_put(&s, ITL_NAME, itl);
    stage_put(&s, SGN_NAME, config);
    stage_boot(&s);
    assert_int_equal(
        strncmp(s.said, "Trust List Verification Failed; Trust List Update Failed; ", 58), 0);
    assert_int_equal(strncmp(s.became, "refused:bad_signature ", 22), 0);
    stage_close(&s);
    vector_free(bad);
}

static void test_a_first_list_must_be_signed_by_an_anchor_of_its_own(void **state)
{
    (void)state;
    struct stage s;
    struct bytes bad = factory_flip(ctl, ctl.size - 100);
    stage_open(&s, "7940");
    stage_put(&s, CTL_NAME, bad);
    stage_put_text(&s, STAGE_DEVICE ".cnf.xml", "<device> </device>");
    stage_boot(&s);
    assert_int_equal(strncmp(s.became, "refused:inconsistent ", 21), 0);
    assert_null(boot_list(s.boot, TRUSTLIST_CTL));
    assert_non_null(strstr(s.said, "No Trust List Installed; "));
    stage_close(&s);
    vector_free(bad);
}

static void test_a_list_under_another_name_is_refused(void **state)
{
    (void)state;
    struct stage s;
    open_with_lists(&s, "7975");
    stage_put(&s, CTL_NAME, itl); /* says ITLFile.tlv inside */
    stage_put(&s, ITL_NAME, itl);
    stage_put(&s, SGN_NAME, config);
    stage_boot(&s);
    assert_int_equal(strncmp(s.became, "refused:file_name unchanged", 27), 0);
    expect_held(&s, TRUSTLIST_CTL, ctl);
    stage_close(&s);
}

static void test_a_list_that_is_no_list_is_refused(void **state)
{
    (void)state;
    static const char *const nonsense[] = {"", "x", "<html>404</html>"};
    for (size_t i = 0; i < sizeof nonsense / sizeof *nonsense; i++) {
        struct stage s;
        open_with_lists(&s, "7940");
        stage_put_text(&s, CTL_NAME, nonsense[i]);
        stage_put(&s, SGN_NAME, config);
        stage_boot(&s);
        assert_int_equal(strncmp(s.became, "refused:malformed ", 18), 0);
        assert_int_equal(s.outcome, OUTCOME_REFUSED);
        stage_close(&s);
    }
}

/* ---- configurations ---- */

static void refuse_configuration(const char *model, struct bytes file, const char *rule)
{
    struct stage s;
    open_with_lists(&s, model);
    stage_put(&s, SGN_NAME, file);
    stage_boot(&s);
    if (!strstr(s.became, rule))
        fail_msg("%s is not in: %s", rule, s.became);
    assert_int_equal(s.outcome, OUTCOME_REFUSED);
    assert_false(boot_is_configured(s.boot));
    assert_int_equal(boot_configuration(s.boot)->security_mode, 3); /* the old one */
    assert_string_equal(s.stored, "");
    assert_non_null(strstr(s.said, "File Auth Error <SEP001122334455.cnf.xml.sgn>; "));
    stage_close(&s);
}

static void test_a_flipped_configuration_is_refused_and_the_old_one_stays(void **state)
{
    (void)state;
    struct bytes bad = factory_flip(config, config.size - 20);
    refuse_configuration("7975", bad, "refused:bad_signature ");
    vector_free(bad);
}

static void test_a_foreign_configuration_is_refused(void **state)
{
    (void)state;
    struct bytes xml = bytes_of_string("<device> </device>");
    struct bytes other = factory_envelope(&foreign, SGN_NAME, xml);
    refuse_configuration("7975", other, "refused:tvs_silent ");
    refuse_configuration("7940", other, "refused:unknown_signer ");
    vector_free(other);
}

static void test_the_configuration_of_another_phone_is_refused(void **state)
{
    (void)state;
    struct bytes xml = bytes_of_string("<device> </device>");
    struct bytes other = factory_envelope(&signer, "SEP0011223344FF.cnf.xml.sgn", xml);
    refuse_configuration("7975", other, "refused:file_name ");
    vector_free(other);
}

static void test_an_unsigned_configuration_under_a_signed_name_is_refused(void **state)
{
    (void)state;
    refuse_configuration("7975", bytes_of_string("<device> </device>"), "refused:malformed ");
}

/* The rule of the 7940 and 7960: the server's address must be in the CTL. */
static void test_a_7940_takes_nothing_from_a_server_that_is_not_in_its_ctl(void **state)
{
    (void)state;
    struct stage s;
    struct bytes elsewhere = factory_list(TRUSTLIST_CTL, &signer, "192.0.2.11");
    stage_open(&s, "7940");
    assert_int_equal(boot_hold_list(s.boot, TRUSTLIST_CTL, elsewhere, NULL), 0);
    stage_put(&s, CTL_NAME, ctl);
    stage_put(&s, SGN_NAME, config);
    stage_boot(&s);
    assert_int_equal(strncmp(s.became, "refused:server_address refused:server_address ", 46), 0);
    assert_int_equal(s.outcome, OUTCOME_REFUSED);
    stage_close(&s);
    vector_free(elsewhere);
}

static void test_a_configuration_that_is_no_xml_is_refused_and_says_why(void **state)
{
    (void)state;
    struct stage s;
    struct bytes broken = factory_envelope(&signer, SGN_NAME, bytes_of_string("<device>\n<a>"));
    open_with_lists(&s, "7975");
    stage_put(&s, SGN_NAME, broken);
    stage_boot(&s);
    assert_non_null(strstr(s.became, "refused:malformed "));
    assert_non_null(strstr(s.said, "Error Verifying Config Info; "));
    assert_int_equal(s.outcome, OUTCOME_REFUSED);
    assert_int_equal(boot_configuration(s.boot)->security_mode, 3);
    stage_close(&s);
    vector_free(broken);
}

static void test_a_ring_list_that_is_refused_does_not_stop_the_phone(void **state)
{
    (void)state;
    struct stage s;
    struct bytes rings = factory_envelope(&foreign, "Ringlist.xml.sgn", bytes_of_string("<a/>"));
    open_with_lists(&s, "7975");
    stage_put(&s, SGN_NAME, config);
    stage_put(&s, "Ringlist.xml.sgn", rings);
    stage_boot(&s);
    assert_non_null(strstr(s.said, "File Auth Error <Ringlist.xml.sgn>; "));
    assert_int_equal(s.outcome, OUTCOME_FILES);
    stage_close(&s);
    vector_free(rings);
}

/* ---- the flash ---- */

static void test_a_list_that_cannot_be_stored_is_not_held(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, "7940");
    s.flash_error = "No space left on device";
    stage_put(&s, CTL_NAME, ctl);
    stage_put_text(&s, STAGE_DEVICE ".cnf.xml", "<device> </device>");
    stage_boot(&s);
    assert_null(boot_list(s.boot, TRUSTLIST_CTL));
    assert_null(boot_configuration(s.boot));
    assert_int_equal(s.outcome, OUTCOME_FAILED);
    assert_non_null(strstr(s.words, "No space left on device"));
    stage_close(&s);
}

static void test_a_flash_with_nonsense_in_it_is_told(void **state)
{
    (void)state;
    struct stage s;
    struct why why = WHY_NONE;
    stage_open(&s, "7975");
    assert_int_not_equal(boot_hold_list(s.boot, TRUSTLIST_CTL, bytes_of_string("junk"), &why), 0);
    assert_string_not_equal(why.text, "");
    assert_int_not_equal(boot_hold_configuration(s.boot, bytes_of_string("<x/>"), &why), 0);
    assert_null(boot_list(s.boot, TRUSTLIST_CTL));
    stage_close(&s);
}

static void test_erasing_is_a_status_message(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, "7940");
    boot_erased(s.boot, true, true);
    boot_erased(s.boot, true, false);
    boot_erased(s.boot, false, true);
    boot_erased(s.boot, false, false);
    stage_run(&s);
    assert_string_equal(s.said, "Erasing CTL and ITL files; Erasing CTL file; Erasing ITL file; ");
    stage_close(&s);
}

static void test_a_list_is_kept_once_however_many_phones_hold_it(void **state)
{
    (void)state;
    struct shelf *shelf;
    struct held_list *a, *b, *c;
    assert_int_equal(shelf_new(&shelf, 2), 0);
    assert_int_equal(shelf_take(shelf, &a, TRUSTLIST_CTL, ctl), 0);
    assert_int_equal(shelf_take(shelf, &b, TRUSTLIST_CTL, ctl), 0);
    assert_ptr_equal(a, b);
    assert_int_equal(shelf_take(shelf, &c, TRUSTLIST_ITL, itl), 0);
    assert_int_equal(shelf_count(shelf), 2);
    assert_int_equal(shelf_take(shelf, &c, TRUSTLIST_CTL, itl), ERR_LIMIT);
    shelf_put_back(shelf, a);
    assert_int_equal(shelf_count(shelf), 2);
    shelf_put_back(shelf, b);
    shelf_put_back(shelf, c);
    shelf_put_back(shelf, NULL);
    assert_int_equal(shelf_count(shelf), 0);
    shelf_free(shelf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same_lists_again_change_nothing),
        cmocka_unit_test(test_a_new_list_of_a_known_anchor_replaces_the_old_one),
        cmocka_unit_test(test_a_foreign_list_is_refused_and_the_old_one_stays),
        cmocka_unit_test(test_what_tvs_cannot_be_asked_about_is_refused),
        cmocka_unit_test(test_a_list_whose_signer_tvs_knows_is_taken),
        cmocka_unit_test(test_a_configuration_whose_signer_tvs_knows_is_taken),
        cmocka_unit_test(test_what_tvs_denies_is_refused_and_the_old_list_stays),
        cmocka_unit_test(test_each_file_is_asked_about_for_itself),
        cmocka_unit_test(test_phones_without_tvs_do_not_ask),
        cmocka_unit_test(test_a_list_with_any_bit_flipped_is_refused),
        cmocka_unit_test(test_a_wrong_signature_is_also_a_verification_failure),
        cmocka_unit_test(test_a_first_list_must_be_signed_by_an_anchor_of_its_own),
        cmocka_unit_test(test_a_list_under_another_name_is_refused),
        cmocka_unit_test(test_a_list_that_is_no_list_is_refused),
        cmocka_unit_test(test_a_flipped_configuration_is_refused_and_the_old_one_stays),
        cmocka_unit_test(test_a_foreign_configuration_is_refused),
        cmocka_unit_test(test_the_configuration_of_another_phone_is_refused),
        cmocka_unit_test(test_an_unsigned_configuration_under_a_signed_name_is_refused),
        cmocka_unit_test(test_a_7940_takes_nothing_from_a_server_that_is_not_in_its_ctl),
        cmocka_unit_test(test_a_configuration_that_is_no_xml_is_refused_and_says_why),
        cmocka_unit_test(test_a_ring_list_that_is_refused_does_not_stop_the_phone),
        cmocka_unit_test(test_a_list_that_cannot_be_stored_is_not_held),
        cmocka_unit_test(test_a_flash_with_nonsense_in_it_is_told),
        cmocka_unit_test(test_erasing_is_a_status_message),
        cmocka_unit_test(test_a_list_is_kept_once_however_many_phones_hold_it),
    };
    return cmocka_run_group_tests_name("judge", tests, enter, leave);
}
