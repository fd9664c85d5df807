#include "support.h"

#include "signer/policy.h"

#include <string.h>

static struct envelope header_for(const char *name)
{
    return (struct envelope){.filename = bytes_of_string(name)};
}

static int sign(enum signer_role role, const char *file, const char *key, struct why *why)
{
    struct envelope header = header_for(file);
    return policy_sign(role, &header, key, why);
}

static void test_tftp_may_have_files_signed_with_the_callmanager_key_only(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    assert_int_equal(sign(SIGNER_TFTP, "SEP001122334455.cnf.xml.sgn", KEY_CALLMANAGER, &why), 0);
    assert_int_equal(sign(SIGNER_TFTP, "New_Zealand/g3-tones.xml.sgn", KEY_CALLMANAGER, &why), 0);
    assert_int_equal(sign(SIGNER_TFTP, "a.sgn", KEY_RECOVERY, &why), ERR_POLICY);
    assert_non_null(strstr(why.text, "ITLRecovery"));
    assert_int_equal(sign(SIGNER_TFTP, "a.sgn", KEY_CAPF, NULL), ERR_POLICY);
}

static void test_tftp_never_has_a_list_signed(void **state)
{
    (void)state;
    const char *const lists[] = {"CTLFile.tlv", "ITLFile.tlv"};
    for (size_t i = 0; i < 2; i++) {
        struct why why = WHY_NONE;
        assert_int_equal(sign(SIGNER_TFTP, lists[i], KEY_CALLMANAGER, &why), ERR_POLICY);
        assert_non_null(strstr(why.text, "is a trust list"));
    }
}

static void test_tftp_is_refused_what_does_not_end_in_sgn(void **state)
{
    (void)state;
    const char *const names[] = {"",      ".sgn",      "SEP001122334455.cnf.xml",
                                 "x.SGN", "x.sgn.old", "CTLFile.tlv.sgn "};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_int_equal(sign(SIGNER_TFTP, names[i], KEY_CALLMANAGER, NULL), ERR_POLICY);
}

static void test_the_cluster_has_lists_signed_by_anchors_and_nothing_else(void **state)
{
    (void)state;
    assert_int_equal(sign(SIGNER_CLUSTER, "CTLFile.tlv", KEY_CALLMANAGER, NULL), 0);
    assert_int_equal(sign(SIGNER_CLUSTER, "ITLFile.tlv", KEY_RECOVERY, NULL), 0);
    assert_int_equal(sign(SIGNER_CLUSTER, "ITLFile.tlv", KEY_TVS, NULL), ERR_POLICY);
    assert_int_equal(sign(SIGNER_CLUSTER, "a.sgn", KEY_CALLMANAGER, NULL), ERR_POLICY);
}

static void test_what_the_table_does_not_name_is_refused(void **state)
{
    (void)state;
    for (unsigned operation = 0; operation < 300; operation++) {
        bool tftp = operation == SIGNER_SIGN;
        bool clerk =
            operation == SIGNER_LINK || operation == SIGNER_CHECK || operation == SIGNER_SWEEP;
        bool capf = operation == SIGNER_ISSUE || operation == SIGNER_CRL ||
                    operation == SIGNER_MAC || operation == SIGNER_IDENTITY;
        bool tvs = operation == SIGNER_IDENTITY;
        bool cluster = operation >= SIGNER_SIGN && operation < SIGNER_OPERATION_COUNT &&
                       operation != SIGNER_ISSUE && operation != SIGNER_IDENTITY;
        struct why why = WHY_NONE;
        assert_int_equal(policy_operation(SIGNER_TFTP, operation, &why), tftp ? 0 : ERR_POLICY);
        assert_int_equal(policy_operation(SIGNER_CLERK, operation, &why), clerk ? 0 : ERR_POLICY);
        assert_int_equal(policy_operation(SIGNER_CAPF, operation, &why), capf ? 0 : ERR_POLICY);
        assert_int_equal(policy_operation(SIGNER_TVS, operation, &why), tvs ? 0 : ERR_POLICY);
        assert_int_equal(policy_operation(SIGNER_CALLMANAGER, operation, &why),
                         tvs ? 0 : ERR_POLICY);
        assert_int_equal(policy_operation(SIGNER_CLUSTER, operation, &why),
                         cluster ? 0 : ERR_POLICY);
        assert_int_equal(policy_operation((enum signer_role)7, operation, NULL), ERR_POLICY);
    }
}

static void test_capf_uses_its_own_key_and_signs_neither_lists_nor_files(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    const enum signer_operation operations[] = {SIGNER_ISSUE, SIGNER_CRL, SIGNER_IDENTITY};
    const char *const others[] = {KEY_CALLMANAGER, KEY_RECOVERY, KEY_TVS, KEY_WEB};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(policy_key(SIGNER_CAPF, operations[i], KEY_CAPF, NULL), 0);
        for (size_t k = 0; k < 4; k++)
            assert_int_equal(policy_key(SIGNER_CAPF, operations[i], others[k], NULL), ERR_POLICY);
        assert_int_equal(policy_key(SIGNER_TFTP, operations[i], KEY_CAPF, &why), ERR_POLICY);
        assert_non_null(strstr(why.text, "the role tftp may not ask for"));
    }
    assert_int_equal(policy_key(SIGNER_CLUSTER, SIGNER_CRL, KEY_CAPF, NULL), 0);
    assert_int_equal(policy_key(SIGNER_CLUSTER, SIGNER_IDENTITY, KEY_CAPF, NULL), ERR_POLICY);
    assert_int_equal(sign(SIGNER_CAPF, "ITLFile.tlv", KEY_CAPF, NULL), ERR_POLICY);
    assert_int_equal(sign(SIGNER_CAPF, "a.cnf.xml.sgn", KEY_CALLMANAGER, NULL), ERR_POLICY);
}

static void test_tvs_gets_its_own_identity_and_has_nothing_signed(void **state)
{
    (void)state;
    const char *const others[] = {KEY_CALLMANAGER, KEY_RECOVERY, KEY_CAPF, KEY_WEB};
    assert_int_equal(policy_key(SIGNER_TVS, SIGNER_IDENTITY, KEY_TVS, NULL), 0);
    for (size_t k = 0; k < 4; k++) {
        assert_int_equal(policy_key(SIGNER_TVS, SIGNER_IDENTITY, others[k], NULL), ERR_POLICY);
        assert_int_equal(sign(SIGNER_TVS, "ITLFile.tlv", others[k], NULL), ERR_POLICY);
        assert_int_equal(sign(SIGNER_TVS, "a.cnf.xml.sgn", others[k], NULL), ERR_POLICY);
    }
    assert_int_equal(policy_key(SIGNER_TVS, SIGNER_ISSUE, KEY_TVS, NULL), ERR_POLICY);
}

static void test_callmanager_gets_its_own_identity_and_has_nothing_signed(void **state)
{
    (void)state;
    const char *const others[] = {KEY_TVS, KEY_RECOVERY, KEY_CAPF, KEY_WEB};
    assert_int_equal(policy_key(SIGNER_CALLMANAGER, SIGNER_IDENTITY, KEY_CALLMANAGER, NULL), 0);
    for (size_t k = 0; k < 4; k++)
        assert_int_equal(policy_key(SIGNER_CALLMANAGER, SIGNER_IDENTITY, others[k], NULL),
                         ERR_POLICY);
    assert_int_equal(sign(SIGNER_CALLMANAGER, "CTLFile.tlv", KEY_CALLMANAGER, NULL), ERR_POLICY);
    assert_int_equal(sign(SIGNER_CALLMANAGER, "a.cnf.xml.sgn", KEY_CALLMANAGER, NULL), ERR_POLICY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tftp_may_have_files_signed_with_the_callmanager_key_only),
        cmocka_unit_test(test_tftp_never_has_a_list_signed),
        cmocka_unit_test(test_tftp_is_refused_what_does_not_end_in_sgn),
        cmocka_unit_test(test_the_cluster_has_lists_signed_by_anchors_and_nothing_else),
        cmocka_unit_test(test_capf_uses_its_own_key_and_signs_neither_lists_nor_files),
        cmocka_unit_test(test_tvs_gets_its_own_identity_and_has_nothing_signed),
        cmocka_unit_test(test_callmanager_gets_its_own_identity_and_has_nothing_signed),
        cmocka_unit_test(test_what_the_table_does_not_name_is_refused),
    };
    return RUN(tests);
}
