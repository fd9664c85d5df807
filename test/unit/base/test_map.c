#include "support.h"

#include "base/limit.h"
#include "base/map.h"

#include <stdio.h>
#include <string.h>

/* SipHash-2-4 of 0, 1, ... under the key 00 01 ... 0f: the vectors its authors publish. */
static void test_the_hash_is_siphash(void **state)
{
    (void)state;
    uint8_t key[16];
    uint8_t data[64];
    for (uint8_t i = 0; i < 64; i++)
        data[i] = i;
    memcpy(key, data, sizeof key);
    const struct {
        size_t size;
        uint64_t hash;
    } known[] = {{0, 0x726fdb47dd0e0e31},
                 {1, 0x74f839c593dc67fd},
                 {8, 0x93f5f5799a932462},
                 {15, 0xa129ca6149be45e5},
                 {63, 0x958a324ceb064572}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        assert_true(map_hash(key, bytes_of(data, known[i].size)) == known[i].hash);
}

static void test_what_is_added_is_found_until_it_is_removed(void **state)
{
    (void)state;
    enum { MANY = 5000 };
    static int values[MANY];
    struct map *map = NULL;
    assert_int_equal(map_new(&map, MANY), 0);
    char key[32];
    for (int i = 0; i < MANY; i++) {
        snprintf(key, sizeof key, "key-%d", i);
        assert_int_equal(map_add(map, bytes_of_string(key), &values[i]), 0);
    }
    assert_int_equal(map_add(map, bytes_of_string("key-7"), &values[0]), ERR_DUPLICATE);
    assert_int_equal(map_add(map, bytes_of_string("one more"), &values[0]), ERR_LIMIT);
    for (int i = 0; i < MANY; i += 3) {
        snprintf(key, sizeof key, "key-%d", i);
        assert_ptr_equal(map_remove(map, bytes_of_string(key)), &values[i]);
        assert_null(map_remove(map, bytes_of_string(key)));
    }
    for (int i = 0; i < MANY; i++) {
        snprintf(key, sizeof key, "key-%d", i);
        assert_ptr_equal(map_get(map, bytes_of_string(key)), i % 3 ? &values[i] : NULL);
    }
    size_t position = 0;
    size_t walked = 0;
    while (map_next(map, &position, NULL))
        walked++;
    assert_int_equal(walked, map_count(map));
    map_free(map);
}

static void test_a_peer_is_limited_and_its_count_is_kept(void **state)
{
    (void)state;
    struct limit *limit = NULL;
    uint64_t suppressed;
    struct bytes a = bytes_of_string("10.0.0.1");
    struct bytes b = bytes_of_string("10.0.0.2");
    assert_int_equal(limit_new(&limit, 4, 2, 1000), 0);
    assert_false(limit_is_reached(limit, a, 0));
    assert_true(limit_allows(limit, a, 0, &suppressed));
    assert_true(limit_allows(limit, a, 10, &suppressed));
    assert_true(limit_is_reached(limit, a, 20));
    assert_false(limit_is_reached(limit, a, 1000));
    assert_false(limit_allows(limit, a, 20, &suppressed));
    assert_false(limit_allows(limit, a, 999, &suppressed));
    assert_true(limit_allows(limit, b, 999, &suppressed)); /* another peer is not held back */
    assert_true(limit_allows(limit, a, 1000, &suppressed));
    assert_int_equal(suppressed, 2);
    limit_free(limit);
}

static void test_what_a_quiet_peer_kept_back_is_told_once(void **state)
{
    (void)state;
    struct limit *limit = NULL;
    uint64_t suppressed;
    struct bytes peer;
    struct bytes a = bytes_of_string("10.0.0.1");
    assert_int_equal(limit_new(&limit, 4, 1, 1000), 0);
    assert_true(limit_allows(limit, a, 0, &suppressed));
    assert_false(limit_allows(limit, a, 1, &suppressed));
    assert_false(limit_leftover(limit, 999, &peer, &suppressed));
    assert_true(limit_leftover(limit, 1000, &peer, &suppressed));
    assert_bytes_equal(peer, a);
    assert_int_equal(suppressed, 1);
    assert_false(limit_leftover(limit, 5000, &peer, &suppressed));
    limit_free(limit);
}

static void test_more_peers_than_the_table_holds_forget_the_oldest(void **state)
{
    (void)state;
    struct limit *limit = NULL;
    uint64_t suppressed;
    assert_int_equal(limit_new(&limit, 3, 1, 1000), 0);
    for (int round = 0; round < 100; round++) {
        char name[16];
        snprintf(name, sizeof name, "p%d", round);
        assert_true(limit_allows(limit, bytes_of_string(name), 0, &suppressed));
        assert_false(limit_allows(limit, bytes_of_string(name), 0, &suppressed));
    }
    limit_free(limit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_hash_is_siphash),
        cmocka_unit_test(test_what_is_added_is_found_until_it_is_removed),
        cmocka_unit_test(test_a_peer_is_limited_and_its_count_is_kept),
        cmocka_unit_test(test_what_a_quiet_peer_kept_back_is_told_once),
        cmocka_unit_test(test_more_peers_than_the_table_holds_forget_the_oldest),
    };
    return RUN(tests);
}
