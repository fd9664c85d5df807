/* Who is believed at CAPF, and who is not: with a real store and real certificates. */
#include "support.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/secret.h"
#include "base/text.h"
#include "pki/lsc.h"
#include "pki/proof.h"
#include "service/capf/who.h"
#include "signer/protocol.h"
#include "trust/model.h"

#include <stdio.h>
#include <string.h>

enum { SESSION = 0x01020304 };

#define PHONE "SEP001122330001"
#define OTHER "SEP001122330002"

static char directory[1024];
static struct store *store;
static struct identity capf, maker, foreigner;
static struct key *phone_key;
static struct phone_cas trusted;
static int64_t now;
static struct proof proof, sudi_proof;
static struct who_answer answer;

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
                                                  .not_before = now - 20LL * 365 * 86400,
                                                  .days = 36500};
    FINE(identity_load(&loaded, vector_path(pool), &why));
    certificate_free(loaded.certificate);
    out->key = loaded.key;
    serial_random(serial);
    FINE(certificate_self_sign(&out->certificate, out->key, &template, serial, &why));
}

static struct certificate *make_lsc(const struct identity *issuer, const char *device,
                                    int64_t not_before, unsigned days)
{
    struct certificate *out = NULL;
    struct public_key *key = NULL;
    struct buffer spki;
    uint8_t serial[SERIAL_BYTES];
    const struct lsc_template template = {
        .subject = "CN=%d", .not_before = not_before, .days = days, .digest = DIGEST_KIND_SHA256};
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

static void fill(void)
{
    struct store_node node = {.name = "pub", .address = "192.0.2.10", .publisher = true};
    struct store_group group = {.name = "Default", .count = 1};
    struct store_pool pool = {
        .name = "Default", .group = "Default", .date_template = "D/M/YA", .time_zone = "X"};
    struct store_profile profile = {.name = "secure",
                                    .model = "any",
                                    .protocol = PROTOCOL_SCCP,
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
    trusted = (struct phone_cas){
        .list = {certificate_share(capf.certificate), certificate_share(maker.certificate)},
        .count = 2,
        .own = 1};
    return 0;
}

static int leave(void **state)
{
    (void)state;
    store_close(store);
    phone_cas_fini(&trusted);
    temporary_remove(directory);
    return 0;
}

static void order(enum enrolment_operation operation, enum capf_auth auth, int64_t complete_by)
{
    const struct store_order o = {
        .operation = operation, .authentication = auth, .complete_by = complete_by};
    FINE(store_order_put(store, PHONE, &o, now, &why));
}

static void set_string(const char *mac)
{
    uint8_t bytes[ENROLMENT_MAC] = {0};
    memcpy(bytes, mac, strlen(mac));
    FINE(store_string_put(store, PHONE, bytes, false, &why));
}

static void ask(const struct capf_message *message, const char *mac, struct who_rules rules)
{
    struct who_question q = {.answer = message,
                             .session = SESSION,
                             .now = now,
                             .trusted = &trusted,
                             .rules = rules,
                             .has_mac = mac != NULL};
    if (mac)
        memcpy(q.mac, mac, strlen(mac));
    FINE(who_ask(&answer, store, &q, &why));
}

static void expect(enum capf_verdict verdict, const char *words)
{
    assert_int_equal(answer.knowledge.verdict, verdict);
    if (!strstr(answer.reason, words))
        fail_msg("\"%s\" does not say \"%s\"", answer.reason, words);
}

static void expect_status(const char *expected)
{
    struct store_enrolment e;
    char text[ENROLMENT_STATUS];
    assert_int_equal(store_enrolment_get(store, PHONE, &e), 0);
    assert_string_equal(store_status_text(text, &e.status), expected);
}

static struct capf_message saying(const char *device)
{
    return (struct capf_message){.command = CAPF_AUTH_RES,
                                 .session = SESSION,
                                 .has_device_name = true,
                                 .device_name = bytes_of_string(device)};
}

/* AUTH_RES of a phone that shows this certificate and has its key. */
static struct capf_message showing(const char *device, const struct certificate *c)
{
    struct capf_message m = saying(device);
    FINE(proof_make(&proof, phone_key, bytes_of_string(device), certificate_der(c), &why));
    proof_attach(&m, &proof, certificate_der(c));
    return m;
}

static void ask_showing(const char *device, const struct certificate *c, struct who_rules rules)
{
    struct capf_message m = showing(device, c);
    ask(&m, NULL, rules);
}

static const struct who_rules strict = {false, false};

/* ---- names ---- */

static void test_a_phone_nobody_added_is_unknown(void **state)
{
    struct capf_message m = saying("SEP0000000000AA");
    (void)state;
    ask(&m, "right", strict);
    expect(CAPF_UNKNOWN_DEVICE, "SEP0000000000AA");
    m.device_name = bytes_of("SEP\0../../x", 11);
    ask(&m, "right", strict);
    expect(CAPF_UNKNOWN_DEVICE, "there is no phone");
}

/* ---- strings ---- */

static void test_the_right_string_opens(void **state)
{
    struct capf_message m = saying(PHONE);
    (void)state;
    set_string("right");
    order(ENROLMENT_INSTALL, 0, 0);
    ask(&m, "right", strict);
    expect(CAPF_WELCOME, "");
    assert_true(answer.knowledge.by_string);
    assert_int_equal(answer.knowledge.order.operation, ENROLMENT_INSTALL);
    assert_int_equal(answer.knowledge.order.rsa_bits, 2048);
    assert_string_equal(answer.knowledge.device, PHONE);
}

static void test_a_wrong_or_missing_string_fails_the_order_which_stays(void **state)
{
    struct capf_message m = saying(PHONE);
    (void)state;
    set_string("right");
    order(ENROLMENT_INSTALL, 0, 0);
    expect_status("Operation Pending");
    ask(&m, "wrong", strict);
    expect(CAPF_NOT_BELIEVED, "wrong authentication string");
    expect_status("Upgrade Failed: Invalid Authentication String");
    ask(&m, NULL, strict);
    expect(CAPF_NOT_BELIEVED, "wrong authentication string");
    ask(&m, "right", strict);
    expect(CAPF_WELCOME, "");
    assert_int_equal(answer.knowledge.order.operation, ENROLMENT_INSTALL);
}

static void test_without_a_string_set_none_is_right(void **state)
{
    struct capf_message m = saying(PHONE);
    (void)state;
    ask(&m, "", strict);
    expect(CAPF_NOT_BELIEVED, "no authentication string is set");
}

static void test_ten_wrong_strings_lock_for_ten_minutes(void **state)
{
    struct capf_message m = saying(PHONE);
    (void)state;
    set_string("right");
    for (int i = 0; i < 9; i++) {
        ask(&m, "wrong", strict);
        expect(CAPF_NOT_BELIEVED, "10 in a row lock");
    }
    ask(&m, "wrong", strict);
    expect(CAPF_NOT_BELIEVED, "locked for ten minutes");
    ask(&m, "right", strict);
    expect(CAPF_NOT_BELIEVED, "locked until");
    now += ENROLMENT_LOCK_SECONDS - 1;
    ask(&m, "right", strict);
    expect(CAPF_NOT_BELIEVED, "locked until");
    now += 2;
    ask(&m, "right", strict);
    expect(CAPF_WELCOME, "");
}

static void test_a_right_string_ends_the_row_of_wrong_ones(void **state)
{
    struct capf_message m = saying(PHONE);
    (void)state;
    set_string("right");
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 9; i++)
            ask(&m, "wrong", strict);
        ask(&m, "right", strict);
        expect(CAPF_WELCOME, "");
    }
}

static void test_a_null_string_asks_for_nothing(void **state)
{
    struct capf_message m = saying(PHONE);
    (void)state;
    order(ENROLMENT_INSTALL, CAPF_AUTH_NULL_STRING, 0);
    ask(&m, NULL, strict);
    expect(CAPF_WELCOME, "");
}

/* ---- orders ---- */

static void test_a_phone_that_comes_late_is_refused_and_its_order_is_over(void **state)
{
    struct capf_message m = saying(PHONE);
    (void)state;
    order(ENROLMENT_INSTALL, CAPF_AUTH_NULL_STRING, now - 1);
    ask(&m, NULL, strict);
    expect(CAPF_LATE, "completed by");
    expect_status("Upgrade Failed: User Initiated Request Late/Timedout");
    ask(&m, NULL, strict);
    expect(CAPF_WELCOME, "");
    assert_int_equal(answer.knowledge.order.operation, ENROLMENT_NONE);
}

static void test_whether_there_is_an_order_is_not_told_to_strangers(void **state)
{
    struct capf_message m = saying(PHONE);
    (void)state;
    set_string("right");
    order(ENROLMENT_NONE, 0, 0);
    ask(&m, "wrong", strict);
    expect(CAPF_NOT_BELIEVED, "wrong authentication string");
}

/* ---- certificates ---- */

static struct certificate *issued(const char *device)
{
    struct certificate *c = make_lsc(&capf, device, now - 60, 365);
    FINE(store_lsc_issue(store, device, certificate_der(c), now, &why));
    return c;
}

static void confirm(const char *device, const struct certificate *c)
{
    char sha256[LIST_HASH];
    text_hex(sha256, sizeof sha256, bytes_of(certificate_sha256(c), 32), false, '\0');
    FINE(store_lsc_confirm(store, device, sha256, now, &why));
}

static void test_an_active_lsc_opens(void **state)
{
    (void)state;
    struct certificate *c = issued(PHONE);
    confirm(PHONE, c);
    order(ENROLMENT_INSTALL, CAPF_AUTH_LSC, 0);
    ask_showing(PHONE, c, strict);
    expect(CAPF_WELCOME, "");
    assert_int_equal(strlen(answer.certificate), 64);
    certificate_free(c);
}

static void test_a_pending_lsc_opens_and_becomes_the_active_one(void **state)
{
    struct store_phone_certificate row;
    (void)state;
    struct certificate *c = issued(PHONE);
    order(ENROLMENT_INSTALL, CAPF_AUTH_LSC, 0);
    ask_showing(PHONE, c, strict);
    expect(CAPF_WELCOME, "");
    assert_int_equal(store_phone_certificate_of(store, PHONE, PHONE_LSC, PHONE_ACTIVE, &row), 0);
    assert_string_equal(row.sha256, answer.certificate);
    store_phone_certificate_fini(&row);
    certificate_free(c);
}

static void test_the_certificate_of_one_phone_does_not_open_for_another(void **state)
{
    const struct store_order o = {ENROLMENT_INSTALL, CAPF_AUTH_LSC, 0, 0, 0, 0};
    (void)state;
    struct certificate *c = issued(PHONE);
    FINE(store_order_put(store, OTHER, &o, now, &why));
    ask_showing(OTHER, c, strict);
    expect(CAPF_NOT_BELIEVED, PHONE);
    certificate_free(c);
}

static void test_a_certificate_without_its_key_does_not_open(void **state)
{
    (void)state;
    struct certificate *c = issued(PHONE);
    order(ENROLMENT_INSTALL, CAPF_AUTH_LSC, 0);
    struct capf_message m = showing(PHONE, c);
    proof.sha1[proof.sha1_size - 1] ^= 1;
    ask(&m, NULL, strict);
    expect(CAPF_NOT_BELIEVED, "not accepted");
    expect_status("Upgrade Failed: Invalid LSC");
    m = saying(PHONE);
    ask(&m, NULL, strict);
    expect(CAPF_NOT_BELIEVED, "showed no certificate");
    certificate_free(c);
}

static void test_a_certificate_of_a_foreign_ca_does_not_open(void **state)
{
    (void)state;
    struct certificate *c = make_lsc(&foreigner, PHONE, now - 60, 365);
    order(ENROLMENT_INSTALL, CAPF_AUTH_MIC, 0);
    ask_showing(PHONE, c, strict);
    expect(CAPF_NOT_BELIEVED, "CA");
    expect_status("Upgrade Failed: Invalid MIC");
    certificate_free(c);
}

static void test_an_expired_certificate_opens_only_where_that_is_allowed(void **state)
{
    const struct who_rules lenient = {.expired_mic_is_fine = true};
    (void)state;
    struct certificate *c = make_lsc(&maker, PHONE, now - 400LL * 86400, 365);
    order(ENROLMENT_INSTALL, CAPF_AUTH_MIC, 0);
    ask_showing(PHONE, c, strict);
    expect(CAPF_NOT_BELIEVED, "expired");
    ask_showing(PHONE, c, lenient);
    expect(CAPF_WELCOME, "");
    certificate_free(c);
}

static void test_a_mic_is_learned(void **state)
{
    struct store_phone_certificate row;
    (void)state;
    struct certificate *c = make_lsc(&maker, PHONE, now - 60, 365);
    order(ENROLMENT_INSTALL, CAPF_AUTH_MIC, 0);
    ask_showing(PHONE, c, strict);
    expect(CAPF_WELCOME, "");
    assert_int_equal(store_phone_certificate_of(store, PHONE, PHONE_MIC, PHONE_ACTIVE, &row), 0);
    assert_bytes_equal(buffer_bytes(&row.der), certificate_der(c));
    store_phone_certificate_fini(&row);
    certificate_free(c);
}

static void test_an_lsc_the_store_knows_nothing_of_is_no_mic(void **state)
{
    (void)state;
    struct certificate *c = make_lsc(&capf, PHONE, now - 60, 365);
    order(ENROLMENT_INSTALL, CAPF_AUTH_LSC, 0);
    ask_showing(PHONE, c, strict);
    expect(CAPF_NOT_BELIEVED, "the store knows nothing of it");
    certificate_free(c);
}

static void test_a_revoked_lsc_does_not_open(void **state)
{
    char serial[CERTIFICATE_SERIAL];
    (void)state;
    struct certificate *c = issued(PHONE);
    confirm(PHONE, c);
    order(ENROLMENT_INSTALL, CAPF_AUTH_LSC, 0);
    text_hex(serial, sizeof serial, certificate_serial(c), false, '\0');
    FINE(store_lsc_revoke(store, serial, 1, now, &why));
    ask_showing(PHONE, c, strict);
    expect(CAPF_NOT_BELIEVED, "revoked");
    certificate_free(c);
}

/* ---- SUDI ---- */

static void with_sudi(struct capf_message *m, const struct certificate *mic, uint32_t session)
{
    FINE(proof_make_sudi(&sudi_proof, phone_key, session, certificate_der(mic), &why));
    proof_attach_sudi(m, &sudi_proof, certificate_der(mic));
}

static void test_sudi_data_is_needed_once_it_was_seen_until_an_administrator_forgets_it(
    void **state)
{
    (void)state;
    struct certificate *c = issued(PHONE);
    struct certificate *mic = make_lsc(&maker, "CP-7975G-" PHONE, now - 60, 365);
    order(ENROLMENT_INSTALL, CAPF_AUTH_LSC, 0);
    ask_showing(PHONE, c, strict);
    expect(CAPF_WELCOME, "");
    struct capf_message m = showing(PHONE, c);
    with_sudi(&m, mic, SESSION);
    ask(&m, NULL, strict);
    expect(CAPF_WELCOME, "");
    ask_showing(PHONE, c, strict);
    expect(CAPF_NOT_BELIEVED, "phone update " PHONE " --forget-sudi");
    assert_int_equal(store_sudi_forget(store, PHONE), 0);
    assert_int_equal(store_sudi_forget(store, "SEP0011223300FF"), ERR_NOT_FOUND);
    ask_showing(PHONE, c, strict);
    expect(CAPF_WELCOME, "");
    certificate_free(c);
    certificate_free(mic);
}

static void test_sudi_data_of_another_session_is_a_replay(void **state)
{
    (void)state;
    struct certificate *c = issued(PHONE);
    struct certificate *mic = make_lsc(&maker, PHONE, now - 60, 365);
    order(ENROLMENT_INSTALL, CAPF_AUTH_LSC, 0);
    struct capf_message m = showing(PHONE, c);
    with_sudi(&m, mic, SESSION + 1);
    ask(&m, NULL, strict);
    expect(CAPF_NOT_BELIEVED, "SUDI_DATA");
    certificate_free(c);
    certificate_free(mic);
}

static void test_sudi_data_of_another_phone_does_not_open(void **state)
{
    (void)state;
    struct certificate *c = issued(PHONE);
    struct certificate *mic = make_lsc(&maker, OTHER, now - 60, 365);
    order(ENROLMENT_INSTALL, CAPF_AUTH_LSC, 0);
    struct capf_message m = showing(PHONE, c);
    with_sudi(&m, mic, SESSION);
    ask(&m, NULL, strict);
    expect(CAPF_NOT_BELIEVED, OTHER);
    certificate_free(c);
    certificate_free(mic);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, enter, leave)

static void test_a_phone_of_any_model_can_have_an_lsc_that_names_the_model(void **state)
{
    (void)state;
    const struct lsc_template template = {
        .subject = "CN=%m-%d", .not_before = now, .days = 10, .digest = DIGEST_KIND_SHA256};
    struct public_key *key = NULL;
    struct buffer spki;
    buffer_init(&spki, 1024);
    assert_int_equal(key_write_spki(&spki, phone_key), 0);
    FINE(public_key_from_spki(&key, buffer_bytes(&spki), &why));
    for (const struct model *model = model_table(); model->name; model++) {
        const struct lsc_request request = {.device = PHONE, .model = model->name, .key = key};
        struct certificate *lsc = NULL;
        uint8_t serial[SERIAL_BYTES];
        char subject[200];
        serial_random(serial);
        FINE(lsc_issue(&lsc, &capf, &template, &request, serial, &why));
        text_format(subject, sizeof subject, "CN=%s-%s", model->name, PHONE);
        assert_string_equal(certificate_subject(lsc), subject);
        certificate_free(lsc);
    }
    public_key_free(key);
    buffer_fini(&spki);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_a_phone_nobody_added_is_unknown),
        CASE(test_the_right_string_opens),
        CASE(test_a_wrong_or_missing_string_fails_the_order_which_stays),
        CASE(test_without_a_string_set_none_is_right),
        CASE(test_ten_wrong_strings_lock_for_ten_minutes),
        CASE(test_a_right_string_ends_the_row_of_wrong_ones),
        CASE(test_a_null_string_asks_for_nothing),
        CASE(test_a_phone_that_comes_late_is_refused_and_its_order_is_over),
        CASE(test_whether_there_is_an_order_is_not_told_to_strangers),
        CASE(test_an_active_lsc_opens),
        CASE(test_a_pending_lsc_opens_and_becomes_the_active_one),
        CASE(test_the_certificate_of_one_phone_does_not_open_for_another),
        CASE(test_a_certificate_without_its_key_does_not_open),
        CASE(test_a_certificate_of_a_foreign_ca_does_not_open),
        CASE(test_an_expired_certificate_opens_only_where_that_is_allowed),
        CASE(test_a_mic_is_learned),
        CASE(test_an_lsc_the_store_knows_nothing_of_is_no_mic),
        CASE(test_a_revoked_lsc_does_not_open),
        CASE(test_sudi_data_is_needed_once_it_was_seen_until_an_administrator_forgets_it),
        CASE(test_sudi_data_of_another_session_is_a_replay),
        CASE(test_sudi_data_of_another_phone_does_not_open),
        CASE(test_a_phone_of_any_model_can_have_an_lsc_that_names_the_model),
    };
    now = clock_wall();
    make_ca(&capf, "pool/rsa2048.pem", "CAPF-12345678");
    make_ca(&maker, "pool/rsa2048-2.pem", "Maker of Phones");
    make_ca(&foreigner, "pool/rsa2048-3.pem", "CAPF-87654321");
    struct identity phone;
    FINE(identity_load(&phone, vector_path("pool/rsa2048-4.pem"), &why));
    phone_key = phone.key;
    certificate_free(phone.certificate);
    int failed = RUN(tests);
    identity_fini(&capf);
    identity_fini(&maker);
    identity_fini(&foreigner);
    key_free(phone_key);
    return failed;
}
