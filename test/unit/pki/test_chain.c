#include "ca.h"

#include "pki/chain.h"

#define NAME "SEP001122334455"
#define DAY  86400

/* Two CAs as CAPF is one, which issue no other; an intermediate one, below an organisation's. */
struct setup {
    char directory[1024];
    struct identity root, foreign, middle;
    struct certificate *top;
    struct key *phone;
};

static void put_key(const char *directory, const char *name, const struct key *key)
{
    struct buffer pem;
    buffer_init(&pem, 1 << 16);
    assert_int_equal(key_write_pem(&pem, key), 0);
    put(directory, name, buffer_bytes(&pem));
    buffer_fini(&pem);
}

static void load(struct certificate **out, const char *directory, const char *name)
{
    char path[1200];
    text_format(path, sizeof path, "%s/%s", directory, name);
    assert_int_equal(certificate_load(out, path, NULL), 0);
}

static void setup(struct setup *s)
{
    temporary_make(s->directory);
    s->root = own_identity("pool/rsa2048.pem", "Root", USE_CA);
    s->foreign = own_identity("pool/rsa2048-2.pem", "Foreign", USE_CA);
    s->middle = (struct identity){.key = pool_key("pool/rsa2048-3.pem")};
    s->phone = pool_key("pool/rsa2048-4.pem");
    put_key(s->directory, "root.key", s->root.key);
    put_key(s->directory, "middle.key", s->middle.key);
    judge(s->directory,
          "printf 'basicConstraints=critical,CA:TRUE\\nkeyUsage=critical,keyCertSign,cRLSign\\n"
          "subjectKeyIdentifier=hash\\nauthorityKeyIdentifier=keyid\\n' > ext && "
          "openssl req -x509 -new -key root.key -subj '/O=Example/CN=Top' -days 7000 "
          "-addext keyUsage=critical,keyCertSign,cRLSign -out top.pem && "
          "openssl req -new -key middle.key -subj '/O=Example/CN=CAPF-0badcafe' -out m.csr && "
          "openssl x509 -req -in m.csr -CA top.pem -CAkey root.key -set_serial 77 -days 3000 "
          "-extfile ext -out middle.pem",
          "");
    load(&s->top, s->directory, "top.pem");
    load(&s->middle.certificate, s->directory, "middle.pem");
}

static void teardown(struct setup *s)
{
    identity_fini(&s->root);
    certificate_free(s->top);
    identity_fini(&s->foreign);
    identity_fini(&s->middle);
    key_free(s->phone);
    temporary_remove(s->directory);
}

static int64_t now_of(const struct setup *s)
{
    return certificate_not_before(s->middle.certificate) + DAY;
}

static struct certificate *lsc_valid_at(const struct identity *issuer, const struct key *key,
                                        int64_t start, unsigned days)
{
    struct lsc_template t = usual_lsc();
    struct public_key *public = public_of(key);
    struct lsc_request request = {.device = NAME, .key = public};
    struct certificate *c = NULL;
    uint8_t serial[SERIAL_BYTES];
    serial_random(serial);
    t.not_before = start;
    t.days = days;
    assert_int_equal(lsc_issue(&c, issuer, &t, &request, serial, NULL), 0);
    public_key_free(public);
    return c;
}

static void test_a_certificate_leads_to_the_trusted_ca_that_issued_it(void **state)
{
    (void)state;
    struct setup s;
    setup(&s);
    struct certificate *c = lsc_of(&s.root, s.phone, NAME);
    struct certificate *trusted[] = {s.foreign.certificate, s.root.certificate};
    struct chain_rules rules = {.now = CA_START + DAY};
    struct chain_way way = {.anchor = 99};
    assert_int_equal(chain_check(&way, c, NULL, 0, trusted, 2, &rules, NULL), 0);
    assert_int_equal(way.anchor, 1);
    assert_int_equal(way.until, certificate_not_after(c));
    assert_int_equal(chain_check(NULL, c, NULL, 0, trusted + 1, 1, &rules, NULL), 0);
    certificate_free(c);
    teardown(&s);
}

static void test_an_intermediate_is_trusted_itself_or_leads_on(void **state)
{
    (void)state;
    struct setup s;
    setup(&s);
    struct chain_rules rules = {.now = now_of(&s)};
    struct certificate *c = lsc_valid_at(&s.middle, s.phone, rules.now - 1, 100);
    struct certificate *trusted[] = {s.top};
    struct certificate *others[] = {s.foreign.certificate, s.middle.certificate};
    struct chain_way way = {.anchor = 99};
    assert_int_equal(chain_check(&way, c, others, 2, trusted, 1, &rules, NULL), 0);
    assert_int_equal(way.anchor, 0);
    assert_int_equal(chain_check(NULL, c, NULL, 0, trusted, 1, &rules, NULL), ERR_NOT_FOUND);
    assert_int_equal(chain_check(&way, c, NULL, 0, others, 2, &rules, NULL), 0);
    assert_int_equal(way.anchor, 1);

    /* The outside judge agrees about the whole chain. */
    put_certificate(s.directory, "lsc.pem", c);
    char command[256];
    text_format(command, sizeof command,
                "openssl verify -x509_strict -attime %lld -CAfile top.pem -untrusted middle.pem "
                "lsc.pem",
                (long long)rules.now);
    judge(s.directory, command, "lsc.pem: OK");
    certificate_free(c);
    teardown(&s);
}

static void test_a_foreign_certificate_is_refused_with_the_name_of_its_issuer(void **state)
{
    (void)state;
    struct setup s;
    setup(&s);
    struct certificate *c = lsc_of(&s.foreign, s.phone, NAME);
    struct certificate *trusted[] = {s.root.certificate};
    struct chain_rules rules = {.now = CA_START + DAY};
    struct why why = WHY_NONE;
    assert_int_equal(chain_check(NULL, c, NULL, 0, trusted, 1, &rules, &why), ERR_NOT_FOUND);
    assert_non_null(strstr(why.text, "was issued by CN=Foreign;OU=Voice"));
    assert_non_null(strstr(why.text, "none of the 1 CAs trusted for phones"));
    /* What the phone brings along makes nothing trusted. */
    struct certificate *others[] = {s.foreign.certificate};
    assert_int_equal(chain_check(NULL, c, others, 1, trusted, 1, &rules, NULL), ERR_NOT_FOUND);
    assert_int_equal(chain_check(NULL, c, others, 1, NULL, 0, &rules, NULL), ERR_NOT_FOUND);
    rules.expired_is_fine = true;
    assert_int_equal(chain_check(NULL, c, others, 1, trusted, 1, &rules, NULL), ERR_NOT_FOUND);
    certificate_free(c);
    teardown(&s);
}

/* The same name as the trusted CA, and another key. */
static void test_a_ca_of_the_same_name_with_another_key_is_refused(void **state)
{
    (void)state;
    struct setup s;
    setup(&s);
    struct identity twin = own_identity("pool/rsa2048-2.pem", "Root", USE_CA);
    struct certificate *c = lsc_of(&twin, s.phone, NAME);
    struct certificate *trusted[] = {s.root.certificate};
    struct chain_rules rules = {.now = CA_START + DAY, .expired_is_fine = true};
    int result = chain_check(NULL, c, NULL, 0, trusted, 1, &rules, NULL);
    assert_true(result == ERR_NOT_FOUND || result == ERR_VERIFY);
    certificate_free(c);
    identity_fini(&twin);
    teardown(&s);
}

static void test_a_phone_cannot_issue_for_another(void **state)
{
    (void)state;
    struct setup s;
    setup(&s);
    struct identity phone = own_identity("pool/rsa2048-2.pem", "SEP00AABBCCDDEE", USE_SERVER);
    /* An LSC of the root for the phone's key, used as if it were a CA. */
    put_key(s.directory, "phone.key", phone.key);
    struct certificate *lsc = lsc_of(&s.root, phone.key, "SEP00AABBCCDDEE");
    put_certificate(s.directory, "phone.pem", lsc);
    judge(s.directory,
          "openssl req -new -key middle.key -subj '/CN=" NAME "' -out f.csr && openssl x509 -req "
          "-in f.csr -CA phone.pem -CAkey phone.key -set_serial 5 -days 3000 -out forged.pem",
          "");
    char path[1200];
    struct certificate *forged = NULL;
    text_format(path, sizeof path, "%s/forged.pem", s.directory);
    assert_int_equal(certificate_load(&forged, path, NULL), 0);
    struct certificate *trusted[] = {s.root.certificate};
    struct certificate *others[] = {lsc};
    struct chain_rules rules = {.now = now_of(&s)};
    assert_int_equal(chain_check(NULL, forged, others, 1, trusted, 1, &rules, NULL), ERR_VERIFY);
    certificate_free(forged);
    certificate_free(lsc);
    identity_fini(&phone);
    teardown(&s);
}

static void test_expiry_is_refused_unless_it_may_be_overlooked(void **state)
{
    (void)state;
    struct setup s;
    setup(&s);
    struct certificate *c = lsc_of(&s.root, s.phone, NAME); /* 1825 days */
    struct certificate *trusted[] = {s.root.certificate};
    struct chain_rules rules = {.now = CA_START + 1825LL * DAY - 1};
    struct why why = WHY_NONE;
    assert_int_equal(chain_check(NULL, c, NULL, 0, trusted, 1, &rules, NULL), 0);
    rules.now++;
    assert_int_equal(chain_check(NULL, c, NULL, 0, trusted, 1, &rules, &why), ERR_POLICY);
    assert_non_null(strstr(why.text, "expired on 2028-11-12"));
    rules.expired_is_fine = true;
    assert_int_equal(chain_check(NULL, c, NULL, 0, trusted, 1, &rules, NULL), 0);
    rules.now = CA_START + 8000LL * DAY; /* the CA has expired as well */
    assert_int_equal(chain_check(NULL, c, NULL, 0, trusted, 1, &rules, NULL), 0);
    /* A start in the future is never overlooked. */
    why = (struct why)WHY_NONE;
    rules.now = CA_START - DAY;
    assert_int_equal(chain_check(NULL, c, NULL, 0, trusted, 1, &rules, &why), ERR_POLICY);
    assert_non_null(strstr(why.text, "is valid from 2023-11-14 on only"));
    certificate_free(c);
    teardown(&s);
}

static void test_a_certificate_names_the_device_at_the_end_of_its_cn(void **state)
{
    (void)state;
    static const struct {
        const char *cn, *device;
        bool names;
    } cases[] = {
        {NAME, NAME, true},
        {"CP-7962G-" NAME, NAME, true},
        {"CP-7962G-" NAME, "7962G-" NAME, true}, /* any name may have a dash in it */
        {"X" NAME, NAME, false},
        {NAME "-x", NAME, false},
        {"SEP001122334456", NAME, false},
        {"001122334455", NAME, false},
        {NAME, "", false},
        {NAME, "sep001122334455", true},
        {"CP-7962G-SEP0011215a1ae3", "SEP0011215A1AE3", true},
        {"CP-7962G-SEP0011215a1ae3", "SEP0011215A1AE4", false},
        {"CP-7962G-", "", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct identity c = own_identity("pool/rsa2048.pem", cases[i].cn, USE_SERVER);
        struct bytes device = bytes_of_string(cases[i].device);
        struct why why = WHY_NONE;
        assert_int_equal(certificate_names_device(c.certificate, device), cases[i].names);
        assert_int_equal(certificate_check_device(c.certificate, device, &why),
                         cases[i].names ? 0 : ERR_POLICY);
        assert_true(cases[i].names || strstr(why.text, "the certificate is of CN="));
        identity_fini(&c);
    }
    struct certificate *mic = NULL;
    assert_int_equal(certificate_load(&mic, vector_path("device.der"), NULL), 0);
    assert_true(certificate_names_device(mic, bytes_of_string(NAME)));
    certificate_free(mic);
}

static void test_a_certificate_of_two_names_is_nobodys(void **state)
{
    (void)state;
    struct setup s;
    setup(&s);
    judge(s.directory,
          "openssl req -x509 -key root.key -subj '/CN=SEP00AABBCCDDEE/CN=" NAME "' -days 9 "
          "-out two.pem",
          "");
    char path[1200];
    struct certificate *two = NULL;
    text_format(path, sizeof path, "%s/two.pem", s.directory);
    assert_int_equal(certificate_load(&two, path, NULL), 0);
    assert_false(certificate_names_device(two, bytes_of_string(NAME)));
    assert_false(certificate_names_device(two, bytes_of_string("SEP00AABBCCDDEE")));
    certificate_free(two);
    teardown(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_certificate_leads_to_the_trusted_ca_that_issued_it),
        cmocka_unit_test(test_an_intermediate_is_trusted_itself_or_leads_on),
        cmocka_unit_test(test_a_foreign_certificate_is_refused_with_the_name_of_its_issuer),
        cmocka_unit_test(test_a_ca_of_the_same_name_with_another_key_is_refused),
        cmocka_unit_test(test_a_phone_cannot_issue_for_another),
        cmocka_unit_test(test_expiry_is_refused_unless_it_may_be_overlooked),
        cmocka_unit_test(test_a_certificate_names_the_device_at_the_end_of_its_cn),
        cmocka_unit_test(test_a_certificate_of_two_names_is_nobodys),
    };
    return RUN(tests);
}
