#include "support.h"

#include "phone/tvscache.h"

#include <stdio.h>

static struct tvscache *cache;

static int enter(void **state)
{
    (void)state;
    return tvscache_new(&cache);
}

static int leave(void **state)
{
    (void)state;
    tvscache_free(cache);
    return 0;
}

static struct tvscache_key named(const char *issuer, const char *serial)
{
    return (struct tvscache_key){.issuer = bytes_of_string(issuer),
                                 .serial = bytes_of_string(serial)};
}

static struct testimony vouched(const char *der, unsigned role)
{
    struct testimony t = {.kind = TESTIMONY_VOUCHED, .certificate = bytes_of_string(der)};
    testimony_add_role(&t, (uint16_t)role);
    return t;
}

static void put(const char *issuer, const char *serial, const char *der, uint32_t ttl, int64_t now)
{
    const struct tvscache_key key = named(issuer, serial);
    const struct testimony t = vouched(der, ROLE_SAST);
    tvscache_put(cache, &key, &t, ttl, now);
}

static const struct testimony *find(const char *issuer, const char *serial, int64_t now)
{
    const struct tvscache_key key = named(issuer, serial);
    return tvscache_find(cache, &key, now);
}

static void test_an_answer_is_kept_until_its_time_is_over(void **state)
{
    (void)state;
    assert_null(find("CN=a", "\x11", 0));
    put("CN=a", "\x11", "der", 86400, 5000);
    const struct testimony *t = find("CN=a", "\x11", 5000 + 86400 * 1000LL - 1);
    assert_non_null(t);
    assert_bytes_equal(t->certificate, bytes_of_string("der"));
    assert_true(testimony_has_role(t, ROLE_SAST));
    assert_null(find("CN=a", "\x12", 5000));
    assert_null(find("CN=b", "\x11", 5000));
    assert_null(find("CN=a", "\x11", 5000 + 86400 * 1000LL));
    assert_int_equal(tvscache_flush(cache), 0); /* what has expired is gone */
}

static void test_a_certificate_is_found_by_itself_too(void **state)
{
    const struct tvscache_key itself = {.certificate = bytes_of_string("der")};
    const struct tvscache_key other = {.certificate = bytes_of_string("another")};
    (void)state;
    put("CN=a", "\x11", "der", 60, 0);
    assert_non_null(tvscache_find(cache, &itself, 0));
    assert_null(tvscache_find(cache, &other, 0));
}

static void test_leading_zeros_of_a_serial_do_not_matter(void **state)
{
    static const uint8_t longer[] = {0, 0x11};
    const struct tvscache_key key = {.issuer = bytes_of_string("CN=a"),
                                     .serial = bytes_of(longer, 2)};
    (void)state;
    put("CN=a", "\x11", "der", 60, 0);
    assert_non_null(tvscache_find(cache, &key, 0));
}

static void test_only_what_is_trusted_for_a_time_is_kept(void **state)
{
    const struct tvscache_key key = named("CN=a", "\x11");
    struct testimony t = vouched("der", ROLE_SAST);
    (void)state;
    tvscache_put(cache, &key, &t, 0, 0);
    t.kind = TESTIMONY_DENIED;
    tvscache_put(cache, &key, &t, 60, 0);
    t.kind = TESTIMONY_SILENCE;
    tvscache_put(cache, &key, &t, 60, 0);
    assert_int_equal(tvscache_flush(cache), 0);
    /* However long a server wishes. */
    put("CN=a", "\x11", "der", UINT32_MAX, 0);
    assert_non_null(find("CN=a", "\x11", TVSCACHE_TTL_MAX * 1000LL - 1));
    assert_null(find("CN=a", "\x11", TVSCACHE_TTL_MAX * 1000LL));
}

static void test_a_newer_answer_replaces_the_old_one(void **state)
{
    (void)state;
    put("CN=a", "\x11", "old", 60, 0);
    put("CN=a", "\x11", "new", 600, 0);
    assert_bytes_equal(find("CN=a", "\x11", 100000)->certificate, bytes_of_string("new"));
    assert_int_equal(tvscache_flush(cache), 1);
    assert_null(find("CN=a", "\x11", 0));
}

static void test_the_answer_that_would_expire_first_gives_way(void **state)
{
    char serial[8];
    (void)state;
    for (unsigned i = 0; i < TVSCACHE_ENTRIES; i++) {
        snprintf(serial, sizeof serial, "%u", i);
        put("CN=a", serial, serial, i == 5 ? 10 : 1000 + i, 0);
    }
    put("CN=a", "newest", "newest", 60, 0);
    assert_null(find("CN=a", "5", 0));
    assert_non_null(find("CN=a", "4", 0));
    assert_non_null(find("CN=a", "newest", 0));
    assert_int_equal(tvscache_flush(cache), TVSCACHE_ENTRIES);
}

#define T(test) cmocka_unit_test_setup_teardown(test, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_an_answer_is_kept_until_its_time_is_over),
        T(test_a_certificate_is_found_by_itself_too),
        T(test_leading_zeros_of_a_serial_do_not_matter),
        T(test_only_what_is_trusted_for_a_time_is_kept),
        T(test_a_newer_answer_replaces_the_old_one),
        T(test_the_answer_that_would_expire_first_gives_way),
    };
    return RUN(tests);
}
