/* The two caches, filled from a real store. */
#include "support.h"

#include "base/file.h"
#include "base/text.h"
#include "pki/certificate.h"
#include "service/tvs/shelves.h"
#include "signer/protocol.h"

#include <string.h>

static char directory[1024];
static struct store *store;
static struct cache *database;
static struct ctl_shelf ctl;
static unsigned keys;

static int enter(void **state)
{
    char path[FILE_PATH];
    const struct store_node node = {.name = "pub1", .address = "192.0.2.10", .publisher = true};
    struct why why = WHY_NONE;
    (void)state;
    temporary_make(directory);
    assert_int_equal(file_path(path, directory, "test.db"), 0);
    assert_int_equal(store_open(&store, path, STORE_CREATE, NULL), 0);
    assert_int_equal(store_node_add(store, &node, &why), 0);
    return 0;
}

static int leave(void **state)
{
    (void)state;
    cache_free(database);
    cache_free(ctl.cache);
    database = NULL;
    ctl = (struct ctl_shelf){.cache = NULL};
    store_close(store);
    temporary_remove(directory);
    return 0;
}

static struct certificate *vector_certificate(const char *name)
{
    struct certificate *certificate = NULL;
    assert_int_equal(certificate_load(&certificate, vector_path(name), NULL), 0);
    return certificate;
}

static void put_own(const char *name, const char *vector)
{
    struct certificate *certificate = vector_certificate(vector);
    struct store_node node;
    struct why why = WHY_NONE;
    assert_int_equal(store_node_get(store, "pub1", &node), 0);
    struct store_certificate row = {.node = node.id, .created = 1};
    text_copy(row.name, sizeof row.name, name);
    text_hex(row.serial, sizeof row.serial, certificate_serial(certificate), false, 0);
    buffer_init(&row.der, CERTIFICATE_DER_MAX);
    buffer_append(&row.der, certificate_der(certificate));
    assert_int_equal(store_certificate_put(store, &row, &why), 0);
    store_certificate_fini(&row);
    certificate_free(certificate);
}

static void put_trust(const char *purpose, const char *vector)
{
    struct certificate *certificate = vector_certificate(vector);
    struct why why = WHY_NONE;
    struct store_trust row = {.created = 1};
    text_copy(row.purpose, sizeof row.purpose, purpose);
    text_copy(row.file, sizeof row.file, strchr(vector, '/') ? strchr(vector, '/') + 1 : vector);
    buffer_init(&row.der, CERTIFICATE_DER_MAX);
    buffer_append(&row.der, certificate_der(certificate));
    assert_int_equal(store_trust_add(store, &row, &why), 0);
    store_trust_fini(&row);
    certificate_free(certificate);
}

static void publish(const char *vector, enum list_kind kind)
{
    char hash[LIST_HASH];
    struct why why = WHY_NONE;
    struct bytes body = vector_load(vector);
    assert_int_equal(store_list_publish(store, kind, body, hash, &why), 0);
    vector_free(body);
}

static void count_key(void *context, struct bytes serial, struct bytes issuer)
{
    assert_ptr_equal(context, &keys);
    assert_true(serial.size && issuer.size);
    keys++;
}

static void load(void)
{
    keys = 0;
    cache_free(database);
    cache_free(ctl.cache);
    assert_int_equal(shelves_load_database(&database, store), 0);
    assert_int_equal(shelves_load_ctl(&ctl, store, count_key, &keys), 0);
}

/* The roles of an answer to a verification, or "" when it is not trusted, and to a query for the
 * same certificate. */
static void assert_answers(const char *vector, struct bytes roles)
{
    struct certificate *certificate = vector_certificate(vector);
    const struct shelves shelves = {database, ctl.cache};
    struct search search;
    assert_int_equal(shelves_find_certificate(&search, &shelves, certificate_der(certificate)), 0);
    assert_int_equal(search.database || search.ctl, roles.size > 0);
    if (roles.size)
        assert_bytes_equal(search.found.roles, roles);
    shelves_find_name(&search, &shelves, bytes_of_string(certificate_subject(certificate)),
                      bytes_of_string(certificate_issuer(certificate)),
                      certificate_serial(certificate));
    assert_int_equal(search.database || search.ctl, roles.size > 0);
    if (roles.size) {
        assert_bytes_equal(search.found.roles, roles);
        assert_memory_equal(search.found.sha256, certificate_sha256(certificate), SHA256_SIZE);
        if (search.found.der.size)
            assert_bytes_equal(search.found.der, certificate_der(certificate));
        else
            assert_non_null(search.found.purpose);
    }
    certificate_free(certificate);
}

#define ROLES(text) bytes_of(text, sizeof text - 1)
#define NONE        bytes_of(NULL, 0)

static void test_own_and_trusted_certificates_are_in_the_first_cache(void **state)
{
    (void)state;
    put_own(KEY_CALLMANAGER, "signer.der");
    put_own(KEY_WEB, "pool/rsa2048.pem");
    put_trust("Phone-SAST-trust", "pool/rsa1024.pem");
    put_trust("CAPF-trust", "capf.der");
    load();
    assert_answers("signer.der", ROLES("\0\x03"));
    assert_answers("pool/rsa2048.pem", ROLES("\x07"));
    assert_answers("pool/rsa1024.pem", ROLES("\0\x03"));
    assert_answers("capf.der", ROLES("\x04"));
    assert_answers("tvs.der", NONE);
    assert_int_equal(cache_count(database), 4);
}

static void test_a_replaced_certificate_is_trusted_no_longer(void **state)
{
    (void)state;
    put_own(KEY_CALLMANAGER, "signer.der");
    put_own(KEY_CALLMANAGER, "pool/rsa2048.pem");
    load();
    assert_answers("signer.der", NONE);
    assert_answers("pool/rsa2048.pem", ROLES("\0\x03"));
}

static void test_a_certificate_taken_away_is_trusted_no_longer(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    put_trust("Phone-SAST-trust", "signer.der");
    put_trust("CallManager-trust", "signer.der");
    load();
    assert_answers("signer.der", ROLES("\0\x01\x03"));
    assert_int_equal(store_trust_delete(store, "Phone-SAST-trust", "signer.der", &why), 0);
    load();
    assert_answers("signer.der", ROLES("\x01"));
    assert_int_equal(store_trust_delete(store, "CallManager-trust", "signer.der", &why), 0);
    load();
    assert_answers("signer.der", NONE);
}

static void test_the_ctl_tells_what_the_database_does_not_know(void **state)
{
    (void)state;
    publish("CTLFile.tlv", LIST_CTL);
    load();
    assert_int_equal(keys, 3); /* one for each record, as CUCM's trace has it */
    assert_int_equal(cache_count(ctl.cache), 2);
    assert_int_equal(strlen(ctl.hash), 64);
    assert_answers("signer.der", ROLES("\0\x02"));
    assert_answers("capf.der", ROLES("\x04"));
    assert_answers("tvs.der", NONE);
    put_own(KEY_CALLMANAGER, "signer.der");
    load();
    assert_answers("signer.der", ROLES("\0\x03")); /* the database is asked first */
}

static void test_an_itl_is_no_ctl_and_none_is_fine(void **state)
{
    (void)state;
    publish("ITLFile.tlv", LIST_ITL);
    load();
    assert_int_equal(cache_count(ctl.cache), 0);
    assert_string_equal(ctl.hash, "");
    assert_answers("signer.der", NONE);
    publish("CTLFile.tlv", LIST_CTL);
    load();
    assert_int_equal(cache_count(ctl.cache), 2);
    assert_int_equal(store_list_unpublish(store, LIST_CTL), 0);
    load();
    assert_int_equal(cache_count(ctl.cache), 0);
    assert_string_equal(ctl.hash, "");
}

static void test_the_time_to_keep_an_answer_is_that_of_the_parameters(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct finding found;
    struct certificate *signer = vector_certificate("signer.der");
    struct certificate *capf = vector_certificate("capf.der");
    put_own(KEY_CALLMANAGER, "signer.der");
    put_trust("CAPF-trust", "capf.der");
    publish("CTLFile.tlv", LIST_CTL);
    assert_int_equal(store_parameter_set(store, PARAMETER_TVS_TTL, "1000", &why), 0);
    assert_int_equal(store_parameter_set(store, PARAMETER_TVS_TTL_CHANGING, "10", &why), 0);
    assert_int_equal(store_parameter_set(store, PARAMETER_TVS_CHANGING, "CallManager", &why), 0);
    load();
    assert_true(cache_find_hash(database, certificate_sha256(signer), &found));
    assert_int_equal(found.ttl, 10);
    assert_true(cache_find_hash(database, certificate_sha256(capf), &found));
    assert_int_equal(found.ttl, 1000);
    assert_true(cache_find_hash(ctl.cache, certificate_sha256(capf), &found));
    assert_int_equal(found.ttl, 1000);
    assert_int_equal(store_parameter_set(store, PARAMETER_TVS_CHANGING, "all", &why), 0);
    load();
    assert_true(cache_find_hash(ctl.cache, certificate_sha256(capf), &found));
    assert_int_equal(found.ttl, 10);
    certificate_free(signer);
    certificate_free(capf);
}

static void test_a_list_that_cannot_be_read_names_nobody(void **state)
{
    (void)state;
    char hash[LIST_HASH];
    struct why why = WHY_NONE;
    assert_int_equal(store_list_publish(store, LIST_CTL, bytes_of_string("no list"), hash, &why),
                     0);
    load();
    assert_int_equal(cache_count(ctl.cache), 0);
    assert_string_equal(ctl.hash, hash);
}

int main(void)
{
#define IN_STORE(test) cmocka_unit_test_setup_teardown(test, enter, leave)
    const struct CMUnitTest tests[] = {
        IN_STORE(test_own_and_trusted_certificates_are_in_the_first_cache),
        IN_STORE(test_a_replaced_certificate_is_trusted_no_longer),
        IN_STORE(test_a_certificate_taken_away_is_trusted_no_longer),
        IN_STORE(test_the_ctl_tells_what_the_database_does_not_know),
        IN_STORE(test_an_itl_is_no_ctl_and_none_is_fine),
        IN_STORE(test_the_time_to_keep_an_answer_is_that_of_the_parameters),
        IN_STORE(test_a_list_that_cannot_be_read_names_nobody),
    };
    return RUN(tests);
}
