#include "support.h"

#include "base/file.h"
#include "base/log.h"
#include "net/turned_away.h"

#include <stdio.h>
#include <string.h>

static char directory[1024];

static struct address at(const char *host)
{
    struct address a;
    assert_int_equal(address_parse(&a, host, 5000), 0);
    return a;
}

/* How often the log has it. */
static unsigned said(const char *text)
{
    struct buffer log;
    unsigned count = 0;
    char path[1100];
    snprintf(path, sizeof path, "%s/trustline.log", directory);
    buffer_init(&log, 1 << 20);
    assert_int_equal(file_read(&log, path, NULL), 0);
    buffer_append(&log, bytes_of("", 1));
    for (const char *at = (const char *)log.data; (at = strstr(at, text)); at++)
        count++;
    buffer_fini(&log);
    return count;
}

static void test_a_warning_an_address_and_minute_names_the_setting_and_counts_the_rest(void **state)
{
    (void)state;
    struct turned_away *away;
    struct address a = at("192.0.2.1"), b = at("192.0.2.2");
    temporary_make(directory);
    assert_int_equal(
        log_open(
            &(struct log_setup){.program = "test", .directory = directory, .level = LEVEL_INFO},
            NULL),
        0);
    assert_int_equal(turned_away_new(&away, "callmanager", "connections_per_address"), 0);
    for (unsigned i = 0; i < 1000; i++)
        turned_away_note(away, &a, 256, 1 + i);
    turned_away_note(away, &b, 256, 1001);
    assert_int_equal(said("event=callmanager_turned_away"), 2);
    assert_int_equal(said("peer=192.0.2.1:5000 reason=\"the address has 256 connections that have "
                          "not authenticated, and connections_per_address allows no more: raise "),
                     1);
    assert_int_equal(said("suppressed="), 0);
    turned_away_note(away, &a, 256, 61000);
    assert_int_equal(said("suppressed=999"), 1);
    turned_away_free(away);
    log_close();
    temporary_remove(directory);
}

static void test_the_addresses_of_one_link_get_one_line(void **state)
{
    (void)state;
    struct turned_away *away;
    temporary_make(directory);
    assert_int_equal(
        log_open(
            &(struct log_setup){.program = "test", .directory = directory, .level = LEVEL_INFO},
            NULL),
        0);
    assert_int_equal(turned_away_new(&away, "tvs", "connections_per_address"), 0);
    struct address a = at("2001:db8::1"), b = at("2001:db8::2"), other = at("2001:db8:0:1::1");
    turned_away_note(away, &a, 256, 1);
    turned_away_note(away, &b, 256, 2);
    turned_away_note(away, &other, 256, 3);
    assert_int_equal(said("event=tvs_turned_away"), 2);
    turned_away_free(away);
    log_close();
    temporary_remove(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_a_warning_an_address_and_minute_names_the_setting_and_counts_the_rest),
        cmocka_unit_test(test_the_addresses_of_one_link_get_one_line),
    };
    return RUN(tests);
}
