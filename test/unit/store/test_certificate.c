/* Own certificates, requests, trusted certificates. */
#include "backend.h"

static struct key *key;

static int enter_with_key(void **state)
{
    key = a_key("rsa1024.pem");
    enter(state);
    fill_store();
    return 0;
}

static int leave_with_key(void **state)
{
    key_free(key);
    return leave(state);
}

/* Puts a certificate whose serial number ends with this byte. */
static int put(const char *name, uint8_t last, int64_t created, struct why *why)
{
    struct certificate *certificate = a_certificate(key, name, last);
    struct store_certificate row = a_row(certificate, node_id("pub"), name, created);
    int result = store_certificate_put(store, &row, why);
    store_certificate_fini(&row);
    certificate_free(certificate);
    return result;
}

static void test_the_active_certificate_is_read_as_it_was_put(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct certificate *certificate = a_certificate(key, "CallManager", 7);
    struct store_certificate row = a_row(certificate, node_id("pub"), "CallManager", 12345);
    struct store_certificate found;
    row.source = CERTIFICATE_IMPORTED;
    buffer_text(&row.chain, "-----BEGIN CERTIFICATE-----\n");
    assert_done(store_certificate_put(store, &row, &why));
    assert_int_equal(store_certificate_active(store, row.node, "CallManager", &found), 0);
    assert_string_equal(found.serial, "01000000000000000000000000000007");
    assert_int_equal(found.state, CERTIFICATE_ACTIVE);
    assert_int_equal(found.source, CERTIFICATE_IMPORTED);
    assert_int_equal(found.created, 12345);
    assert_int_equal(found.node, row.node);
    assert_bytes_equal(buffer_bytes(&found.der), certificate_der(certificate));
    assert_bytes_equal(buffer_bytes(&found.chain), buffer_bytes(&row.chain));
    store_certificate_fini(&found);
    store_certificate_fini(&row);
    certificate_free(certificate);
}

static int append(void *context, const struct store_certificate *certificate)
{
    buffer_format(context, "%s-%s%s ", certificate->name, certificate->serial + 30,
                  certificate->state == CERTIFICATE_ACTIVE ? "*" : "");
    assert_true(certificate->der.size > 100);
    return 0;
}

static void assert_rows(const char *expected)
{
    struct buffer b;
    buffer_init(&b, 1000);
    assert_int_equal(store_certificates(store, append, &b), 0);
    assert_string_equal(buffer_string(&b), expected);
    buffer_fini(&b);
}

static void test_a_new_certificate_retires_the_one_before_and_keeps_it(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    assert_done(put("CallManager", 1, 100, &why));
    assert_done(put("TVS", 2, 110, &why));
    assert_done(put("CallManager", 3, 120, &why));
    assert_done(put("CallManager", 4, 130, &why));
    assert_rows("CallManager-04* TVS-02* CallManager-03 CallManager-01 ");
    /* Back to an older one. */
    assert_done(put("CallManager", 1, 999, &why));
    assert_rows("TVS-02* CallManager-01* CallManager-04 CallManager-03 ");
}

static void test_a_serial_number_names_one_certificate(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct key *other = a_key("rsa2048.pem");
    struct certificate *forged = a_certificate(other, "CallManager", 1);
    struct store_certificate row = a_row(forged, node_id("pub"), "CallManager", 200);
    assert_done(put("CallManager", 1, 100, &why));
    assert_done(put("CallManager", 2, 110, &why));
    assert_refused(store_certificate_put(store, &row, &why), ERR_DUPLICATE,
                   "another certificate CallManager with the serial number 01");
    assert_rows("CallManager-02* CallManager-01 ");
    store_certificate_fini(&row);
    certificate_free(forged);
    key_free(other);
}

static void test_what_is_no_certificate_is_not_put(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct store_certificate row = {.node = node_id("pub"), .name = "CAPF", .serial = "01"};
    struct store_certificate found;
    assert_done(put("CAPF", 1, 100, &why));
    buffer_init(&row.der, 100);
    buffer_text(&row.der, "not DER");
    assert_refused(store_certificate_put(store, &row, &why), ERR_FORMAT, "certificate CAPF 01");
    row.serial[0] = '\0';
    assert_refused(store_certificate_put(store, &row, &why), ERR_USAGE, "serial number");
    store_certificate_fini(&row);
    assert_int_equal(store_certificate_active(store, node_id("pub"), "CAPF", &found), 0);
    store_certificate_fini(&found);
    assert_int_equal(store_certificate_active(store, node_id("pub"), "TVS", &found), ERR_NOT_FOUND);
    assert_int_equal(store_certificate_active(store, 4711, "CAPF", &found), ERR_NOT_FOUND);
}

static void test_a_certificate_belongs_to_a_node(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct certificate *certificate = a_certificate(key, "TVS", 1);
    struct store_certificate row = a_row(certificate, 4711, "TVS", 1);
    assert_refused(store_certificate_put(store, &row, &why), ERR_NOT_FOUND, "not there");
    assert_rows("");
    store_certificate_fini(&row);
    certificate_free(certificate);
}

static int stop(void *context, const struct store_certificate *certificate)
{
    (void)context;
    (void)certificate;
    return ERR_CLOSED;
}

static void test_a_walk_over_certificates_ends_with_its_callback(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    assert_done(put("CAPF", 1, 100, &why));
    assert_int_equal(store_certificates(store, stop, NULL), ERR_CLOSED);
}

/* ---- requests ---- */

static int count_requests(void *context, const struct store_request *request)
{
    assert_string_equal(request->name, "CallManager");
    ++*(int *)context;
    return 0;
}

static void test_a_newer_request_replaces_the_older(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct store_request found;
    struct store_request request = {
        .node = node_id("pub"), .name = "CallManager", .key = "aa01", .created = 5};
    int count = 0;
    buffer_init(&request.pem, 100);
    buffer_text(&request.pem, "first");
    assert_done(store_request_put(store, &request, &why));
    buffer_clear(&request.pem);
    buffer_text(&request.pem, "second");
    text_copy(request.key, sizeof request.key, "bb02");
    assert_done(store_request_put(store, &request, &why));
    assert_int_equal(store_requests(store, count_requests, &count), 0);
    assert_int_equal(count, 1);
    assert_int_equal(store_request_get(store, request.node, "CallManager", &found), 0);
    assert_string_equal(found.key, "bb02");
    assert_int_equal(found.created, 5);
    assert_bytes_text(buffer_bytes(&found.pem), "second");
    store_request_fini(&found);
    assert_int_equal(store_request_delete(store, request.node, "CallManager"), 0);
    assert_int_equal(store_request_delete(store, request.node, "CallManager"), ERR_NOT_FOUND);
    assert_int_equal(store_request_get(store, request.node, "CallManager", &found), ERR_NOT_FOUND);
    request.node = 4711;
    assert_refused(store_request_put(store, &request, &why), ERR_NOT_FOUND, "not there");
    request.name[0] = '\0';
    assert_refused(store_request_put(store, &request, &why), ERR_USAGE, "empty");
    store_request_fini(&request);
}

/* ---- trusted certificates ---- */

static int add_trust(const char *purpose, const char *file, struct bytes der, struct why *why)
{
    struct store_trust trust = {.created = 77};
    text_copy(trust.purpose, sizeof trust.purpose, purpose);
    text_copy(trust.file, sizeof trust.file, file);
    buffer_init(&trust.der, der.size);
    buffer_append(&trust.der, der);
    int result = store_trust_add(store, &trust, why);
    store_trust_fini(&trust);
    return result;
}

static int append_trust(void *context, const struct store_trust *trust)
{
    buffer_format(context, "%s/%s ", trust->purpose, trust->file);
    assert_int_equal(trust->created, 77);
    assert_true(trust->der.size > 100);
    return 0;
}

static void test_a_certificate_is_trusted_once_for_each_purpose(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct buffer b;
    struct bytes capf = vector_load("capf.der");
    struct bytes tvs = vector_load("tvs.der");
    assert_done(add_trust("CallManager-trust", "CAPF-1.pem", capf, &why));
    assert_done(add_trust("CAPF-trust", "CAPF-1.pem", capf, &why));
    assert_refused(add_trust("CAPF-trust", "CAPF-2.pem", capf, &why), ERR_DUPLICATE,
                   "in CAPF-trust already, as CAPF-1.pem");
    assert_refused(add_trust("CAPF-trust", "CAPF-1.pem", tvs, &why), ERR_DUPLICATE,
                   "another certificate called CAPF-1.pem in CAPF-trust");
    buffer_init(&b, 1000);
    assert_int_equal(store_trusts(store, append_trust, &b), 0);
    assert_string_equal(buffer_string(&b), "CAPF-trust/CAPF-1.pem CallManager-trust/CAPF-1.pem ");
    buffer_fini(&b);
    assert_done(store_trust_delete(store, "CAPF-trust", "CAPF-1.pem", &why));
    assert_refused(store_trust_delete(store, "CAPF-trust", "CAPF-1.pem", &why), ERR_NOT_FOUND,
                   "CAPF-1.pem in CAPF-trust");
    assert_done(add_trust("CAPF-trust", "CAPF-2.pem", capf, &why));
    assert_refused(add_trust("CAPF-trust", "x.pem", bytes_of_string("no DER"), &why), ERR_FORMAT,
                   "x.pem");
    assert_refused(add_trust("", "x.pem", tvs, &why), ERR_USAGE, "purpose is empty");
    vector_free(capf);
    vector_free(tvs);
}

static int append_fact(void *context, const struct store_trust_fact *fact)
{
    buffer_format(context, "%s %s %.8s %s %.4s\n", fact->purpose, fact->serial, fact->sha256,
                  fact->issuer, fact->not_after);
    return 0;
}

static void test_what_is_known_of_trusted_certificates_is_read_without_them(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct buffer b;
    struct certificate *certificate = NULL;
    char sha256[LIST_HASH];
    char expected[2000];
    struct bytes capf = vector_load("capf.der");
    assert_int_equal(certificate_from_der(&certificate, capf, NULL), 0);
    text_hex(sha256, sizeof sha256, bytes_of(certificate_sha256(certificate), SHA256_SIZE), false,
             0);
    assert_done(add_trust("CallManager-trust", "CAPF-1.pem", capf, &why));
    assert_done(add_trust("CAPF-trust", "CAPF-1.pem", capf, &why));
    char serial[CERTIFICATE_SERIAL];
    text_hex(serial, sizeof serial, certificate_serial(certificate), false, 0);
    assert_true(text_format(expected, sizeof expected,
                            "CallManager-trust %s %.8s %s 2044\nCAPF-trust %s %.8s %s 2044\n",
                            serial, sha256, certificate_issuer(certificate), serial, sha256,
                            certificate_issuer(certificate)));
    buffer_init(&b, 4000);
    assert_int_equal(store_trust_facts(store, append_fact, &b), 0);
    assert_string_equal(buffer_string(&b), expected);
    buffer_clear(&b);
    buffer_text(&b, "before ");
    assert_int_equal(store_trust_der(store, "CAPF-trust", sha256, &b), 0);
    assert_bytes_equal(bytes_slice(buffer_bytes(&b), 7, b.size), capf);
    assert_int_equal(store_trust_der(store, "TVS-trust", sha256, &b), ERR_NOT_FOUND);
    assert_int_equal(store_trust_der(store, "CAPF-trust", "", &b), ERR_NOT_FOUND);
    assert_int_equal(b.size, 7 + capf.size);
    buffer_fini(&b);
    certificate_free(certificate);
    vector_free(capf);
}

int main(void)
{
#define WITH_KEY(test) cmocka_unit_test_setup_teardown(test, enter_with_key, leave_with_key)
    const struct CMUnitTest tests[] = {
        WITH_KEY(test_the_active_certificate_is_read_as_it_was_put),
        WITH_KEY(test_a_new_certificate_retires_the_one_before_and_keeps_it),
        WITH_KEY(test_a_serial_number_names_one_certificate),
        WITH_KEY(test_what_is_no_certificate_is_not_put),
        WITH_KEY(test_a_certificate_belongs_to_a_node),
        WITH_KEY(test_a_walk_over_certificates_ends_with_its_callback),
        WITH_KEY(test_a_newer_request_replaces_the_older),
        WITH_KEY(test_a_certificate_is_trusted_once_for_each_purpose),
        WITH_KEY(test_what_is_known_of_trusted_certificates_is_read_without_them),
    };
    return RUN(tests);
}
