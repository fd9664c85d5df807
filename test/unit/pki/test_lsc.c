#include "ca.h"

#include <openssl/x509.h>

#define NAME "SEP001122334455"

struct setup {
    char directory[1024];
    struct identity ca;
    struct key *phone;
};

static void setup(struct setup *s)
{
    temporary_make(s->directory);
    s->ca = own_identity("pool/rsa2048.pem", "CAPF-00c0ffee", USE_CA);
    s->phone = pool_key("pool/rsa2048-2.pem");
    put_certificate(s->directory, "ca.pem", s->ca.certificate);
}

static void teardown(struct setup *s)
{
    identity_fini(&s->ca);
    key_free(s->phone);
    temporary_remove(s->directory);
}

#define VERIFY "openssl verify -x509_strict -attime 1700000100 -CAfile ca.pem "

static void test_openssl_finds_nothing_to_say_against_an_lsc(void **state)
{
    (void)state;
    struct setup s;
    setup(&s);
    struct certificate *c = lsc_of(&s.ca, s.phone, NAME);
    put_certificate(s.directory, "lsc.pem", c);
    judge(s.directory, VERIFY "lsc.pem", "lsc.pem: OK");
    judge(s.directory, VERIFY "-purpose sslclient lsc.pem", "lsc.pem: OK");
    static const char *const words[] = {
        ("Subject: CN = " NAME ", C = XX, ST = ZZ, L = Town, O = Example, OU = Voice"),
        "Issuer: C = XX, ST = ZZ, L = Town, O = Example, OU = Voice, CN = CAPF-00c0ffee",
        "Signature Algorithm: sha256WithRSAEncryption",
        "Basic Constraints: critical",
        "CA:FALSE",
        "Key Usage: critical",
        "Digital Signature, Key Encipherment\n",
        "TLS Web Server Authentication, TLS Web Client Authentication, IPSec End System",
        ("URI:" NAME),
        "X509v3 Subject Key Identifier",
        "X509v3 Authority Key Identifier",
        "Not Before: Nov 14 22:13:20 2023 GMT",
        "Not After : Nov 12 22:13:20 2028 GMT",
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        judge(s.directory, "openssl x509 -in lsc.pem -noout -text", words[i]);
    assert_true(key_fits(s.phone, c));
    certificate_free(c);
    teardown(&s);
}

static void test_keys_of_every_kind_get_an_lsc_of_every_digest(void **state)
{
    (void)state;
    struct setup s;
    setup(&s);
    static const struct key_spec specs[] = {
        {KEY_RSA, 1024}, {KEY_EC, 256}, {KEY_EC, 384}, {KEY_EC, 521}};
    static const enum digest_kind digests[] = {DIGEST_KIND_SHA1, DIGEST_KIND_SHA256,
                                               DIGEST_KIND_SHA512};
    static const char *const names[] = {"sha1WithRSA", "sha256WithRSA", "sha512WithRSA"};
    uint8_t serial[SERIAL_BYTES];
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
        struct key *key = NULL;
        assert_int_equal(key_generate(&key, &specs[i], NULL), 0);
        struct public_key *public = public_of(key);
        struct lsc_request request = {.device = NAME, .key = public};
        for (size_t k = 0; k < 3; k++) {
            struct lsc_template t = usual_lsc();
            struct certificate *c = NULL;
            t.digest = digests[k];
            serial_random(serial);
            assert_int_equal(lsc_issue(&c, &s.ca, &t, &request, serial, NULL), 0);
            assert_bytes_equal(certificate_serial(c), bytes_of(serial, SERIAL_BYTES));
            put_certificate(s.directory, "lsc.pem", c);
            judge(s.directory, "openssl x509 -in lsc.pem -noout -text", names[k]);
            judge(s.directory, VERIFY "lsc.pem", "lsc.pem: OK");
            certificate_free(c);
        }
        public_key_free(public);
        key_free(key);
    }
    teardown(&s);
}

static struct certificate *issue(struct setup *s, const struct lsc_template *t, const char *device,
                                 const char *model, int *result, struct why *why)
{
    struct public_key *public = public_of(s->phone);
    struct lsc_request request = {.device = device, .model = model, .key = public};
    struct certificate *c = NULL;
    uint8_t serial[SERIAL_BYTES];
    serial_random(serial);
    *result = lsc_issue(&c, &s->ca, t, &request, serial, why);
    public_key_free(public);
    return c;
}

static void test_the_subject_follows_its_template(void **state)
{
    (void)state;
    static const struct {
        const char *subject;
        bool issuer;
        const char *text;
    } cases[] = {
        {"CN=%d", false, "CN=" NAME},
        {"CN=%m-%d", false, "CN=CP-8861-" NAME},
        {"serialNumber=PID:%m,CN=%m-%d", false, "CN=CP-8861-" NAME ";SERIALNUMBER=PID:CP-8861"},
        {"CN=%d,OU=100%%,O=Mine", true, "CN=" NAME ";OU=100%;O=Mine;L=Town;ST=ZZ;C=XX"},
        {"CN=%d,C=AT", true, "CN=" NAME ";OU=Voice;O=Example;L=Town;ST=ZZ;C=AT"},
    };
    struct setup s;
    setup(&s);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lsc_template t = usual_lsc();
        int result;
        t.subject = cases[i].subject;
        t.issuer_attributes = cases[i].issuer;
        assert_int_equal(lsc_subject_check(t.subject, NULL), 0);
        struct certificate *c = issue(&s, &t, NAME, "CP-8861", &result, NULL);
        assert_int_equal(result, 0);
        assert_string_equal(certificate_subject(c), cases[i].text);
        certificate_free(c);
    }
    teardown(&s);
}

static void test_subject_templates_that_cannot_be_say_why(void **state)
{
    (void)state;
    static const struct {
        const char *subject, *words;
    } cases[] = {
        {"", "needs a CN"},
        {"O=Example", "needs a CN"},
        {"CN=phone", "must be %d or end in -%d"},
        {"CN=%m%d", "must be %d or end in -%d"},
        {"CN=%d-x", "must be %d or end in -%d"},
        {"CN=%d,CN=%d", "one CN only"},
        {"CN=%d,O=", "it is empty"},
        {"CN=%d,", NULL}, /* an end as people write it */
        {"CN=%d,,O=x", "'' is no part"},
        {"CN=%d,DC=x", "'DC=x' is no part"},
        {"CN=%x", "%d, %m and %%"},
        {"CN=%d,O=%", "%d, %m and %%"},
        {"CN=%d,C=Austria", "C=Austria cannot be part"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct why why = WHY_NONE;
        int result = lsc_subject_check(cases[i].subject, &why);
        if (!cases[i].words)
            assert_int_equal(result, 0);
        else if (result != ERR_USAGE || !strstr(why.text, cases[i].words))
            fail_msg("%s: %d, \"%s\"", cases[i].subject, result, why.text);
    }
    char longer[LSC_SUBJECT_MAX + 2] = "CN=%d,O=";
    memset(longer + 8, 'x', sizeof longer - 9);
    longer[sizeof longer - 1] = '\0';
    assert_int_equal(lsc_subject_check(longer, NULL), ERR_LIMIT);
}

static void test_what_cannot_be_issued_is_refused(void **state)
{
    (void)state;
    struct setup s;
    setup(&s);
    struct why why = WHY_NONE;
    struct lsc_template t = usual_lsc();
    int result;
    issue(&s, &t, "SEP,URI:x", NULL, &result, &why);
    assert_int_equal(result, ERR_USAGE);
    issue(&s, &t, "", NULL, &result, NULL);
    assert_int_equal(result, ERR_USAGE);
    why = (struct why)WHY_NONE;
    issue(&s, &t, NAME, "a;b", &result, &why);
    assert_int_equal(result, ERR_USAGE);
    assert_non_null(strstr(why.text, "names of models"));
    issue(&s, &t, NAME, "a\nb", &result, NULL);
    assert_int_equal(result, ERR_USAGE);
    issue(&s, &t, "SEP 1", NULL, &result, NULL);
    assert_int_equal(result, ERR_USAGE);
    t.subject = "CN=%m-%d";
    issue(&s, &t, NAME, NULL, &result, NULL);
    assert_int_equal(result, ERR_USAGE);
    t = usual_lsc();
    t.days = 0;
    issue(&s, &t, NAME, NULL, &result, NULL);
    assert_int_equal(result, ERR_USAGE);
    t.days = LSC_DAYS_MAX + 1;
    issue(&s, &t, NAME, NULL, &result, NULL);
    assert_int_equal(result, ERR_USAGE);
    t = usual_lsc();
    t.digest = DIGEST_KIND_MD5;
    issue(&s, &t, NAME, NULL, &result, NULL);
    assert_int_equal(result, ERR_UNSUPPORTED);
    teardown(&s);
}

static void test_only_a_ca_with_its_own_key_issues(void **state)
{
    (void)state;
    struct setup s;
    setup(&s);
    struct identity ca = s.ca;
    struct identity server = own_identity("pool/rsa2048-3.pem", "server", USE_SERVER);
    struct lsc_template t = usual_lsc();
    struct crl_spec crl = {.this_update = 1, .next_update = 2, .digest = DIGEST_KIND_SHA256};
    struct buffer out;
    int result;
    buffer_init(&out, 1 << 16);
    s.ca = server;
    issue(&s, &t, NAME, NULL, &result, NULL);
    assert_int_equal(result, ERR_POLICY);
    assert_int_equal(crl_write(&out, &s.ca, &crl, NULL), ERR_POLICY);
    s.ca = (struct identity){.certificate = ca.certificate, .key = server.key};
    issue(&s, &t, NAME, NULL, &result, NULL);
    assert_int_equal(result, ERR_VERIFY);
    assert_int_equal(crl_write(&out, &s.ca, &crl, NULL), ERR_VERIFY);
    assert_int_equal(out.size, 0);
    s.ca = ca;
    identity_fini(&server);
    buffer_fini(&out);
    teardown(&s);
}

#define CRL_CHECK "openssl verify -x509_strict -crl_check -attime 1700000100 -CAfile both.pem "

/* The list beside its CA in one file, as `openssl verify` wants them. */
static void put_crl(struct setup *s, struct bytes der)
{
    put(s->directory, "list.crl", der);
    judge(s->directory,
          "openssl crl -inform der -in list.crl -out crl.pem && cat ca.pem crl.pem > both.pem", "");
}

static void test_openssl_refuses_exactly_the_revoked_phones(void **state)
{
    (void)state;
    struct setup s;
    setup(&s);
    struct certificate *phones[3];
    static const char *const devices[] = {"SEP000000000001", "SEP000000000002", "SEP000000000003"};
    struct crl_entry revoked[2];
    for (size_t i = 0; i < 3; i++) {
        phones[i] = lsc_of(&s.ca, s.phone, devices[i]);
        if (i < 2)
            revoked[i] =
                (struct crl_entry){certificate_serial(phones[i]), CA_START + 50, (unsigned)i};
    }
    struct crl_spec spec = {.number = 0x1234567890,
                            .this_update = CA_START + 60,
                            .next_update = CA_START + 86400,
                            .entries = revoked,
                            .count = 2,
                            .digest = DIGEST_KIND_SHA256};
    struct buffer der;
    buffer_init(&der, CRL_DER_MAX);
    assert_int_equal(crl_write(&der, &s.ca, &spec, NULL), 0);
    put_crl(&s, buffer_bytes(&der));
    for (size_t i = 0; i < 3; i++) {
        put_certificate(s.directory, "lsc.pem", phones[i]);
        if (i == 2)
            judge(s.directory, CRL_CHECK "lsc.pem", "lsc.pem: OK");
        else
            judge(s.directory, "! " CRL_CHECK "lsc.pem", "certificate revoked");
    }
    judge(s.directory, "openssl crl -in crl.pem -noout -text -CAfile ca.pem", "verify OK");
    static const char *const words[] = {"Version 2",
                                        "sha256WithRSAEncryption",
                                        "Last Update: Nov 14 22:14:20 2023 GMT",
                                        "Next Update: Nov 15 22:13:20 2023 GMT",
                                        "Authority Key Identifier",
                                        "Revocation Date: Nov 14 22:14:10 2023 GMT",
                                        "CRL Reason Code: \n                Key Compromise"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        judge(s.directory, "openssl crl -in crl.pem -noout -text", words[i]);
    judge(s.directory, "openssl crl -in crl.pem -noout -crlnumber", "crlNumber=0x1234567890");
    for (size_t i = 0; i < 3; i++)
        certificate_free(phones[i]);
    buffer_fini(&der);
    teardown(&s);
}

static void test_an_empty_list_revokes_nobody_and_an_old_one_is_noticed(void **state)
{
    (void)state;
    struct setup s;
    setup(&s);
    struct certificate *c = lsc_of(&s.ca, s.phone, NAME);
    put_certificate(s.directory, "lsc.pem", c);
    struct crl_spec spec = {.number = 1,
                            .this_update = CA_START,
                            .next_update = CA_START + 3600,
                            .digest = DIGEST_KIND_SHA512};
    struct buffer der;
    buffer_init(&der, CRL_DER_MAX);
    assert_int_equal(crl_write(&der, &s.ca, &spec, NULL), 0);
    put_crl(&s, buffer_bytes(&der));
    judge(s.directory, CRL_CHECK "lsc.pem", "lsc.pem: OK");
    judge(s.directory, "! openssl verify -crl_check -attime 1700009999 -CAfile both.pem lsc.pem",
          "CRL has expired");
    spec.next_update = spec.this_update;
    assert_int_equal(crl_write(&der, &s.ca, &spec, NULL), ERR_USAGE);
    buffer_fini(&der);
    buffer_init(&der, 100); /* and what does not fit is an error */
    spec.next_update++;
    assert_int_equal(crl_write(&der, &s.ca, &spec, NULL), ERR_LIMIT);
    buffer_fini(&der);
    certificate_free(c);
    teardown(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_openssl_finds_nothing_to_say_against_an_lsc),
        cmocka_unit_test(test_keys_of_every_kind_get_an_lsc_of_every_digest),
        cmocka_unit_test(test_the_subject_follows_its_template),
        cmocka_unit_test(test_subject_templates_that_cannot_be_say_why),
        cmocka_unit_test(test_what_cannot_be_issued_is_refused),
        cmocka_unit_test(test_only_a_ca_with_its_own_key_issues),
        cmocka_unit_test(test_openssl_refuses_exactly_the_revoked_phones),
        cmocka_unit_test(test_an_empty_list_revokes_nobody_and_an_old_one_is_noticed),
    };
    return RUN(tests);
}
