#include "support.h"

#include "base/text.h"
#include "service/tvs/cache.h"
#include "service/tvs/recent.h"

#include <errno.h>
#include <string.h>

#define ISSUER "CN=pub1;OU=LAB;O=Example;C=XX"

static struct cache *cache;

static int enter(void **state)
{
    (void)state;
    return cache_new(&cache);
}

static int leave(void **state)
{
    (void)state;
    cache_free(cache);
    cache = NULL;
    return 0;
}

/* Certificate number n: its hash, serial number and bytes are made of it. */
static void hash_of(uint8_t out[SHA256_SIZE], uint32_t n)
{
    memset(out, 0x5a, SHA256_SIZE);
    memcpy(out, &n, sizeof n);
}

static struct fact certificate(uint32_t n, const char *issuer, const char *roles, uint32_t ttl)
{
    static uint8_t sha256[SHA256_SIZE];
    static uint8_t serial[16];
    hash_of(sha256, n);
    memset(serial, 7, sizeof serial);
    memcpy(serial + 1, &n, sizeof n);
    return (struct fact){.serial = bytes_of(serial, sizeof serial),
                         .issuer = bytes_of_string(issuer),
                         .sha256 = sha256,
                         .roles = bytes_of_string(roles),
                         .ttl = ttl};
}

static struct bytes serial_of(uint32_t n)
{
    return certificate(n, "", "", 0).serial;
}

static bool find(uint32_t n, struct finding *out)
{
    uint8_t sha256[SHA256_SIZE];
    hash_of(sha256, n);
    return cache_find_hash(cache, sha256, out);
}

static void test_a_certificate_is_found_by_hash_and_by_name(void **state)
{
    (void)state;
    struct finding found;
    struct fact fact = certificate(1, ISSUER, "\x01\x04", 60);
    fact.der = bytes_of_string("the certificate");
    assert_int_equal(cache_add(cache, &fact), 0);
    assert_true(find(1, &found));
    assert_bytes_text(found.issuer, ISSUER);
    assert_bytes_text(found.der, "the certificate");
    assert_bytes_text(found.roles, "\x01\x04");
    assert_int_equal(found.ttl, 60);
    assert_null(found.purpose);
    memset(&found, 0, sizeof found);
    assert_true(cache_find_name(cache, serial_of(1),
                                bytes_of_string("c=XX, o=Example, ou=LAB, cn=pub1"), &found));
    assert_bytes_text(found.der, "the certificate");
    assert_false(find(2, &found));
    assert_false(cache_find_name(cache, serial_of(2), bytes_of_string(ISSUER), &found));
    assert_false(cache_find_name(cache, serial_of(1), bytes_of_string("CN=pub2"), &found));
}

static void test_an_empty_cache_knows_nothing(void **state)
{
    (void)state;
    struct finding found;
    assert_false(find(0, &found));
    assert_false(cache_find_name(cache, bytes_of("", 0), bytes_of("", 0), &found));
    assert_int_equal(cache_count(cache), 0);
}

static void test_the_same_certificate_again_adds_roles_and_shortens_the_time(void **state)
{
    (void)state;
    struct finding found;
    struct fact a = certificate(1, ISSUER, "\x04", 300);
    a.purpose = "CAPF-trust";
    assert_int_equal(cache_add(cache, &a), 0);
    struct fact b = certificate(1, ISSUER, "\x07\x01\x04", 600);
    b.purpose = "web-trust";
    assert_int_equal(cache_add(cache, &b), 0);
    struct fact c = certificate(1, ISSUER, "\x03", 100);
    assert_int_equal(cache_add(cache, &c), 0);
    assert_int_equal(cache_count(cache), 1);
    assert_true(find(1, &found));
    assert_bytes_text(found.roles, "\x01\x03\x04\x07");
    assert_int_equal(found.ttl, 100);
    assert_string_equal(found.purpose, "CAPF-trust");
}

static void test_what_is_worth_nothing_is_left_out(void **state)
{
    (void)state;
    struct finding found;
    struct fact fact = certificate(1, ISSUER, "", 300);
    assert_int_equal(cache_add(cache, &fact), 0);
    assert_int_equal(cache_count(cache), 0);
    assert_false(find(1, &found));
}

static void test_leading_zeros_of_a_serial_number_do_not_count(void **state)
{
    (void)state;
    struct finding found;
    struct fact fact = certificate(1, ISSUER, "\x04", 300);
    fact.serial = bytes_of("\0\x83\xe9", 3);
    assert_int_equal(cache_add(cache, &fact), 0);
    assert_true(cache_find_name(cache, bytes_of("\x83\xe9", 2), bytes_of_string(ISSUER), &found));
    assert_true(
        cache_find_name(cache, bytes_of("\0\0\x83\xe9", 4), bytes_of_string(ISSUER), &found));
    assert_bytes_equal(found.serial, bytes_of("\x83\xe9", 2));
    assert_false(cache_find_name(cache, bytes_of("\x83", 1), bytes_of_string(ISSUER), &found));
}

static void test_of_two_with_one_name_the_first_is_meant(void **state)
{
    (void)state;
    struct finding found;
    for (uint32_t n = 1; n < 4; n++) {
        struct fact fact = certificate(n, n == 1 ? "CN=other" : ISSUER, "\x04", n);
        fact.serial = bytes_of("\x01", 1);
        assert_int_equal(cache_add(cache, &fact), 0);
    }
    assert_true(cache_find_name(cache, bytes_of("\x01", 1), bytes_of_string(ISSUER), &found));
    assert_int_equal(found.ttl, 2);
}

static void test_a_hundred_thousand_cost_little_memory_and_are_all_found(void **state)
{
    (void)state;
    enum { MANY = 100000 };
    struct finding found;
    char issuer[160];
    for (uint32_t n = 0; n < MANY; n++) {
        text_format(issuer, sizeof issuer, "CN=server%u.example.com;OU=Unit;O=Example;C=XX", n);
        struct fact fact = certificate(n, issuer, "\x07", n);
        fact.purpose = "web-trust";
        assert_int_equal(cache_add(cache, &fact), 0);
    }
    assert_int_equal(cache_count(cache), MANY);
    assert_true(cache_bytes(cache) < 30u * 1024 * 1024);
    for (uint32_t n = 0; n < MANY; n += 7) {
        text_format(issuer, sizeof issuer, "CN=server%u.example.com,OU=Unit,O=Example,C=XX", n);
        assert_true(find(n, &found) && found.ttl == n);
        assert_true(cache_find_name(cache, serial_of(n), bytes_of_string(issuer), &found) &&
                    found.ttl == n);
    }
    assert_false(find(MANY, &found));
}

static void test_more_than_a_serial_number_or_issuer_can_be_is_refused(void **state)
{
    (void)state;
    static uint8_t big[70000];
    memset(big, 1, sizeof big);
    struct fact fact = certificate(1, ISSUER, "\x04", 1);
    fact.serial = bytes_of(big, 256);
    assert_int_equal(cache_add(cache, &fact), ERR_LIMIT);
    fact = certificate(1, ISSUER, "\x04", 1);
    fact.issuer = bytes_of(big, sizeof big);
    assert_int_equal(cache_add(cache, &fact), ERR_LIMIT);
    assert_int_equal(cache_count(cache), 0);
}

static void test_what_was_fetched_is_kept_until_another_takes_its_place(void **state)
{
    (void)state;
    struct recent recent;
    uint8_t one[SHA256_SIZE] = {1};
    uint8_t other[SHA256_SIZE] = {1 + RECENT_KEPT};
    uint8_t third[SHA256_SIZE] = {2};
    recent_init(&recent);
    assert_int_equal(recent_get(&recent, one).size, 0);
    recent_put(&recent, one, bytes_of_string("one"));
    recent_put(&recent, third, bytes_of_string("third"));
    assert_bytes_text(recent_get(&recent, one), "one");
    recent_put(&recent, other, bytes_of_string("other"));
    assert_int_equal(recent_get(&recent, one).size, 0);
    assert_bytes_text(recent_get(&recent, other), "other");
    assert_bytes_text(recent_get(&recent, third), "third");
    recent_fini(&recent);
}

int main(void)
{
#define IN_CACHE(test) cmocka_unit_test_setup_teardown(test, enter, leave)
    const struct CMUnitTest tests[] = {
        IN_CACHE(test_a_certificate_is_found_by_hash_and_by_name),
        IN_CACHE(test_an_empty_cache_knows_nothing),
        IN_CACHE(test_the_same_certificate_again_adds_roles_and_shortens_the_time),
        IN_CACHE(test_what_is_worth_nothing_is_left_out),
        IN_CACHE(test_leading_zeros_of_a_serial_number_do_not_count),
        IN_CACHE(test_of_two_with_one_name_the_first_is_meant),
        IN_CACHE(test_a_hundred_thousand_cost_little_memory_and_are_all_found),
        IN_CACHE(test_more_than_a_serial_number_or_issuer_can_be_is_refused),
        cmocka_unit_test(test_what_was_fetched_is_kept_until_another_takes_its_place),
    };
    return RUN(tests);
}
