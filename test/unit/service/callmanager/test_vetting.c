/* What phones' certificates are judged by: with a real store and real certificates. */
#include "support.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "pki/lsc.h"
#include "service/callmanager/vetting.h"
#include "signer/protocol.h"

#include <string.h>

#define PHONE "SEP001122330001"

enum { DAY = 86400, LIFE = 30 * DAY };

static char directory[1024];
static struct store *store;
static struct vetting *vetting;
static struct identity capf, maker, stranger;
static struct key *phone_key;
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
    add_own(node.id, &capf, KEY_CAPF);
    add_trust("CAPF-trust", "maker.pem", certificate_der(maker.certificate));
}

/* Something has changed. */
static void look_again(void)
{
    struct vetting *fresh = NULL;
    assert_int_equal(vetting_load(&fresh, store), 0);
    vetting_free(vetting);
    vetting = fresh;
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
    look_again();
    return 0;
}

static int leave(void **state)
{
    (void)state;
    vetting_free(vetting);
    vetting = NULL;
    store_close(store);
    temporary_remove(directory);
    return 0;
}

static enum tls_verdict verdict(const struct certificate *certificate, const char *reason)
{
    struct why why = WHY_NONE;
    enum tls_verdict result = vetting_judge(vetting, NULL, certificate, now, &why);
    if (reason && !strstr(why.text, reason))
        fail_msg("%s", why.text);
    return result;
}

static struct vetted trusted(const struct certificate *certificate)
{
    struct vetted found;
    FINE(vetting_judge(vetting, &found, certificate, now, &why) == TLS_TRUSTED ? 0 : ERR_POLICY);
    return found;
}

static const char *objection(const struct certificate *certificate, const struct vetted *once)
{
    return vetting_objection(vetting, certificate_sha256(certificate), once, now);
}

static void revoke(const struct certificate *certificate)
{
    char serial[CERTIFICATE_SERIAL];
    FINE(store_lsc_issue(store, PHONE, certificate_der(certificate), now, &why));
    text_hex(serial, sizeof serial, certificate_serial(certificate), false, 0);
    FINE(store_lsc_revoke(store, serial, 1, now, &why));
}

/* ---- before the phone is known ---- */

static void test_who_issued_it_and_until_when_it_counts_is_told(void **state)
{
    (void)state;
    struct certificate *lsc = issue(&capf, PHONE, now - DAY);
    struct certificate *mic = issue(&maker, "CP-7975G-" PHONE, now - DAY);
    struct vetted ours = trusted(lsc);
    struct vetted theirs = trusted(mic);
    assert_true(ours.ours);
    assert_memory_equal(ours.ca, certificate_sha256(capf.certificate), SHA256_SIZE);
    assert_int_equal(ours.until, certificate_not_after(lsc));
    assert_false(theirs.ours);
    assert_memory_equal(theirs.ca, certificate_sha256(maker.certificate), SHA256_SIZE);
    certificate_free(lsc);
    certificate_free(mic);
}

static void test_each_kind_of_distrust_has_its_verdict(void **state)
{
    (void)state;
    struct certificate *foreign = issue(&stranger, PHONE, now - DAY);
    struct certificate *expired = issue(&capf, PHONE, now - 2LL * LIFE);
    struct certificate *revoked = issue(&capf, PHONE, now - DAY);
    revoke(revoked);
    look_again();
    assert_int_equal(verdict(foreign, "none of the 2 CAs"), TLS_UNKNOWN_CA);
    assert_int_equal(verdict(expired, "expired on"), TLS_CERTIFICATE_EXPIRED);
    assert_int_equal(verdict(revoked, "is revoked"), TLS_CERTIFICATE_REVOKED);
    certificate_free(foreign);
    certificate_free(expired);
    certificate_free(revoked);
}

/* ---- again, over a connection that lasts ---- */

static void test_what_was_trusted_once_is_not_for_ever(void **state)
{
    (void)state;
    struct certificate *c = issue(&capf, PHONE, now - DAY);
    (void)trusted(c);
    now += LIFE;
    assert_int_equal(verdict(c, "expired on"), TLS_CERTIFICATE_EXPIRED);
    now -= LIFE;
    (void)trusted(c);
    revoke(c);
    look_again();
    assert_int_equal(verdict(c, "is revoked"), TLS_CERTIFICATE_REVOKED);
    certificate_free(c);
}

static void test_a_ca_that_is_trusted_no_more_takes_its_phones_along(void **state)
{
    (void)state;
    struct certificate *c = issue(&maker, "CP-7975G-" PHONE, now - DAY);
    struct certificate *other = issue(&capf, PHONE, now - DAY);
    struct vetted once = trusted(c);
    struct vetted others = trusted(other);
    assert_null(objection(c, &once));
    FINE(store_trust_delete(store, "CAPF-trust", "maker.pem", &why));
    look_again();
    assert_non_null(strstr(objection(c, &once), "is not trusted for phones any more"));
    assert_null(objection(other, &others));
    assert_int_equal(verdict(c, "none of the 1 CAs"), TLS_UNKNOWN_CA);
    (void)trusted(other);
    certificate_free(c);
    certificate_free(other);
}

static void test_a_registered_phone_is_objected_to_when_its_certificate_ends(void **state)
{
    (void)state;
    struct certificate *c = issue(&capf, PHONE, now - DAY);
    struct vetted once = trusted(c);
    now = once.until - 1;
    assert_null(objection(c, &once));
    now = once.until;
    assert_non_null(strstr(objection(c, &once), "has expired"));
    certificate_free(c);
}

static void test_and_when_it_is_revoked(void **state)
{
    (void)state;
    struct certificate *c = issue(&capf, PHONE, now - DAY);
    struct certificate *other = issue(&capf, PHONE, now - DAY);
    struct vetted once = trusted(c);
    struct vetted others = trusted(other);
    revoke(c);
    assert_null(objection(c, &once)); /* not known yet */
    look_again();
    assert_string_equal(objection(c, &once), "its certificate was revoked");
    assert_null(objection(other, &others));
    certificate_free(c);
    certificate_free(other);
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
        CASE(test_who_issued_it_and_until_when_it_counts_is_told),
        CASE(test_each_kind_of_distrust_has_its_verdict),
        CASE(test_what_was_trusted_once_is_not_for_ever),
        CASE(test_a_ca_that_is_trusted_no_more_takes_its_phones_along),
        CASE(test_a_registered_phone_is_objected_to_when_its_certificate_ends),
        CASE(test_and_when_it_is_revoked),
    };
    return cmocka_run_group_tests(tests, make_people, free_people);
}
