/* The certificates phones show: with a real store and real certificates. */
#include "support.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "cluster/credential.h"
#include "pki/lsc.h"
#include "signer/protocol.h"

#include <string.h>

#define PHONE "SEP001122330001"
#define OTHER "SEP001122330002"

enum { DAY = 86400 };

static char directory[1024];
static struct store *store;
static struct identity capf, maker, stranger;
static struct key *phone_key;
static struct phone_cas cas;
static int64_t now;

static void fine(int result, const struct why *why)
{
    if (result)
        fail_msg("%s", why_text(why, result));
}

#define FINE(call)                 \
    do {                           \
        struct why why = WHY_NONE; \
        fine((call), &why);        \
    } while (0)

static void make_ca(struct identity *out, const char *pool, const char *name)
{
    struct identity loaded;
    uint8_t serial[SERIAL_BYTES];
    const struct certificate_template template = {.use = USE_CA,
                                                  .subject = {.common_name = name},
                                                  .not_before = now - 20LL * 365 * DAY,
                                                  .days = 36500};
    FINE(identity_load(&loaded, vector_path(pool), &why));
    certificate_free(loaded.certificate);
    out->key = loaded.key;
    serial_random(serial);
    FINE(certificate_self_sign(&out->certificate, out->key, &template, serial, &why));
}

static struct certificate *issue(const struct identity *issuer, const char *device,
                                 int64_t not_before)
{
    struct certificate *out = NULL;
    struct public_key *key = NULL;
    struct buffer spki;
    uint8_t serial[SERIAL_BYTES];
    const struct lsc_template template = {
        .subject = "CN=%d", .not_before = not_before, .days = 30, .digest = DIGEST_KIND_SHA256};
    buffer_init(&spki, 1024);
    assert_int_equal(key_write_spki(&spki, phone_key), 0);
    FINE(public_key_from_spki(&key, buffer_bytes(&spki), &why));
    const struct lsc_request request = {.device = device, .key = key};
    serial_random(serial);
    FINE(lsc_issue(&out, issuer, &template, &request, serial, &why));
    public_key_free(key);
    buffer_fini(&spki);
    return out;
}

static void add_phone(const char *name)
{
    struct store_device d = {0};
    text_copy(d.name, sizeof d.name, name);
    text_copy(d.model, sizeof d.model, "7975");
    text_copy(d.profile, sizeof d.profile, "secure");
    text_copy(d.pool, sizeof d.pool, "Default");
    FINE(store_device_add(store, &d, &why));
}

static void add_own(int64_t node, const struct identity *identity, const char *name)
{
    struct store_certificate row = {.node = node, .created = now};
    text_copy(row.name, sizeof row.name, name);
    text_hex(row.serial, sizeof row.serial, certificate_serial(identity->certificate), false, 0);
    buffer_init(&row.der, CERTIFICATE_DER_MAX);
    buffer_init(&row.chain, 1);
    buffer_append(&row.der, certificate_der(identity->certificate));
    FINE(store_certificate_put(store, &row, &why));
    store_certificate_fini(&row);
}

static void add_trust(const char *purpose, const char *file, struct bytes der)
{
    struct store_trust trust = {.created = now};
    text_copy(trust.purpose, sizeof trust.purpose, purpose);
    text_copy(trust.file, sizeof trust.file, file);
    buffer_init(&trust.der, CERTIFICATE_DER_MAX);
    buffer_append(&trust.der, der);
    FINE(store_trust_add(store, &trust, &why));
    store_trust_fini(&trust);
}

static void fill(void)
{
    struct store_node node = {.name = "pub", .address = "192.0.2.10", .publisher = true};
    struct store_group group = {.name = "Default", .count = 1};
    struct store_pool pool = {
        .name = "Default", .group = "Default", .date_template = "D/M/YA", .time_zone = "X"};
    struct store_profile profile = {.name = "secure",
                                    .model = "any",
                                    .mode = MODE_ENCRYPTED,
                                    .capf_auth = CAPF_AUTH_STRING,
                                    .key_size = 2048};
    FINE(store_node_add(store, &node, &why));
    assert_int_equal(store_node_get(store, "pub", &node), 0);
    group.members[0] = node;
    FINE(store_group_put(store, &group, &why));
    FINE(store_pool_put(store, &pool, &why));
    FINE(store_profile_add(store, &profile, &why));
    add_phone(PHONE);
    add_phone(OTHER);
    add_own(node.id, &capf, KEY_CAPF);
    add_trust("CAPF-trust", "maker.pem", certificate_der(maker.certificate));
    add_trust("TVS-trust", "stranger.pem", certificate_der(stranger.certificate));
}

static int enter(void **state)
{
    char path[FILE_PATH];
    (void)state;
    now = clock_wall();
    temporary_make(directory);
    assert_int_equal(file_path(path, directory, "test.db"), 0);
    FINE(store_open(&store, path, STORE_CREATE, &why));
    fill();
    assert_int_equal(phone_cas_load(&cas, store), 0);
    return 0;
}

static int leave(void **state)
{
    (void)state;
    store_close(store);
    phone_cas_fini(&cas);
    temporary_remove(directory);
    return 0;
}

/* What a phone's certificate is found to be, from its CA to its row. */
static struct credential show(const char *device, const struct certificate *certificate)
{
    const struct chain_rules rules = {.now = now};
    struct credential found = {.standing = CREDENTIAL_UNKNOWN};
    struct phone_ca ca = {.ours = false};
    FINE(phone_cas_check(&ca, &cas, certificate, NULL, 0, &rules, &why));
    FINE(credential_recognise(&found, store, device, certificate, ca.ours, now, &why));
    return found;
}

static enum phone_certificate_state state_of(const struct certificate *certificate)
{
    struct store_phone_certificate row;
    char sha256[LIST_HASH];
    assert_int_equal(
        store_phone_certificate_get(store, credential_sha256(sha256, certificate), &row), 0);
    store_phone_certificate_fini(&row);
    return row.state;
}

/* ---- whose word counts ---- */

static void test_the_cas_are_our_own_and_those_of_capf_trust(void **state)
{
    (void)state;
    assert_int_equal(cas.count, 2);
    assert_int_equal(cas.own, 1);
    assert_true(certificates_equal(cas.list[0], capf.certificate));
    assert_true(certificates_equal(cas.list[1], maker.certificate));
}

static void test_a_ca_that_nobody_trusts_for_phones_does_not_count(void **state)
{
    (void)state;
    const struct chain_rules rules = {.now = now};
    struct why why = WHY_NONE;
    struct certificate *c = issue(&stranger, PHONE, now - DAY);
    assert_int_equal(phone_cas_check(NULL, &cas, c, NULL, 0, &rules, &why), ERR_NOT_FOUND);
    assert_non_null(strstr(why.text, "none of the 2 CAs trusted for phones"));
    certificate_free(c);
}

static void test_an_expired_certificate_does_not_count(void **state)
{
    (void)state;
    const struct chain_rules rules = {.now = now};
    struct why why = WHY_NONE;
    struct certificate *c = issue(&capf, PHONE, now - 60LL * DAY);
    assert_int_equal(phone_cas_check(NULL, &cas, c, NULL, 0, &rules, &why), ERR_POLICY);
    assert_non_null(strstr(why.text, "expired on"));
    certificate_free(c);
}

/* ---- LSCs ---- */

static void test_a_pending_lsc_is_fine_and_active_from_then_on(void **state)
{
    (void)state;
    struct certificate *c = issue(&capf, PHONE, now - DAY);
    FINE(store_lsc_issue(store, PHONE, certificate_der(c), now, &why));
    assert_int_equal(state_of(c), PHONE_PENDING);
    struct credential found = show(PHONE, c);
    assert_int_equal(found.standing, CREDENTIAL_FINE);
    assert_int_equal(found.kind, PHONE_LSC);
    assert_string_equal(found.reason, "");
    assert_int_equal(state_of(c), PHONE_ACTIVE);
    certificate_free(c);
}

static void test_an_lsc_that_a_newer_one_has_replaced_is_not(void **state)
{
    (void)state;
    struct certificate *old = issue(&capf, PHONE, now - DAY);
    struct certificate *new = issue(&capf, PHONE, now - DAY);
    FINE(store_lsc_issue(store, PHONE, certificate_der(old), now, &why));
    assert_int_equal(show(PHONE, old).standing, CREDENTIAL_FINE);
    FINE(store_lsc_issue(store, PHONE, certificate_der(new), now, &why));
    assert_int_equal(show(PHONE, new).standing, CREDENTIAL_FINE);
    struct credential found = show(PHONE, old);
    assert_int_equal(found.standing, CREDENTIAL_REPLACED);
    assert_string_equal(found.reason, "a newer one took its place");
    certificate_free(old);
    certificate_free(new);
}

static void test_a_revoked_lsc_is_not(void **state)
{
    (void)state;
    char serial[CERTIFICATE_SERIAL];
    struct certificate *c = issue(&capf, PHONE, now - DAY);
    FINE(store_lsc_issue(store, PHONE, certificate_der(c), now, &why));
    text_hex(serial, sizeof serial, certificate_serial(c), false, 0);
    FINE(store_lsc_revoke(store, serial, 1, now, &why));
    assert_int_equal(show(PHONE, c).standing, CREDENTIAL_REVOKED);
    certificate_free(c);
}

static void test_an_lsc_of_another_phone_is_not(void **state)
{
    (void)state;
    struct certificate *c = issue(&capf, OTHER, now - DAY);
    FINE(store_lsc_issue(store, OTHER, certificate_der(c), now, &why));
    struct credential found = show(PHONE, c);
    assert_int_equal(found.standing, CREDENTIAL_FOREIGN);
    assert_non_null(strstr(found.reason, OTHER));
    certificate_free(c);
}

/* CAPF's key was used elsewhere. */
static void test_an_lsc_we_never_issued_is_not(void **state)
{
    (void)state;
    struct certificate *c = issue(&capf, PHONE, now - DAY);
    assert_int_equal(show(PHONE, c).standing, CREDENTIAL_UNKNOWN);
    certificate_free(c);
}

/* ---- MICs ---- */

static void test_a_mic_is_learned_when_it_is_seen_first(void **state)
{
    (void)state;
    struct certificate *c = issue(&maker, "CP-7975G-" PHONE, now - DAY);
    struct credential found = show(PHONE, c);
    assert_int_equal(found.standing, CREDENTIAL_FINE);
    assert_int_equal(found.kind, PHONE_MIC);
    assert_int_equal(state_of(c), PHONE_ACTIVE);
    assert_int_equal(show(PHONE, c).standing, CREDENTIAL_FINE);
    certificate_free(c);
}

static void test_a_mic_of_another_phone_is_foreign(void **state)
{
    (void)state;
    struct certificate *c = issue(&maker, "CP-7975G-" OTHER, now - DAY);
    assert_int_equal(show(OTHER, c).standing, CREDENTIAL_FINE);
    assert_int_equal(show(PHONE, c).standing, CREDENTIAL_FOREIGN);
    certificate_free(c);
}

static int make_people(void **state)
{
    struct identity loaded;
    (void)state;
    now = clock_wall();
    make_ca(&capf, "pool/rsa2048.pem", "CAPF-00112233");
    make_ca(&maker, "pool/rsa2048-2.pem", "Cisco Manufacturing CA");
    make_ca(&stranger, "pool/rsa2048-3.pem", "Somebody");
    FINE(identity_load(&loaded, vector_path("pool/rsa2048-4.pem"), &why));
    certificate_free(loaded.certificate);
    phone_key = loaded.key;
    return 0;
}

static int free_people(void **state)
{
    (void)state;
    identity_fini(&capf);
    identity_fini(&maker);
    identity_fini(&stranger);
    key_free(phone_key);
    return 0;
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_the_cas_are_our_own_and_those_of_capf_trust),
        CASE(test_a_ca_that_nobody_trusts_for_phones_does_not_count),
        CASE(test_an_expired_certificate_does_not_count),
        CASE(test_a_pending_lsc_is_fine_and_active_from_then_on),
        CASE(test_an_lsc_that_a_newer_one_has_replaced_is_not),
        CASE(test_a_revoked_lsc_is_not),
        CASE(test_an_lsc_of_another_phone_is_not),
        CASE(test_an_lsc_we_never_issued_is_not),
        CASE(test_a_mic_is_learned_when_it_is_seen_first),
        CASE(test_a_mic_of_another_phone_is_foreign),
    };
    return cmocka_run_group_tests(tests, make_people, free_people);
}
