#include "support.h"

#include "cluster/config.h"
#include "cluster/own.h"
#include "cluster/parameters.h"
#include "signer/protocol.h"

#include <stdio.h>
#include <string.h>

static char dir[1024];

static int enter(void **state)
{
    (void)state;
    temporary_make(dir);
    return 0;
}

static int leave(void **state)
{
    (void)state;
    temporary_remove(dir);
    return 0;
}

static int load(struct config *out, const char *text, struct why *why)
{
    char path[FILE_PATH];
    assert_int_equal(file_path(path, dir, STATE_CONFIG), 0);
    assert_int_equal(file_replace(path, bytes_of_string(text), 0600, NULL), 0);
    return config_load(out, dir, why);
}

static void test_what_is_written_is_read_back(void **state)
{
    (void)state;
    struct config c, back;
    struct buffer text;
    struct why why = WHY_NONE;
    config_default(&c);
    text_copy(c.node, sizeof c.node, "pub1");
    c.port_offset = 10000;
    text_copy(c.listen[0], sizeof c.listen[0], "127.0.0.1");
    text_copy(c.listen[1], sizeof c.listen[1], "::1");
    c.listen_count = 2;
    c.tftp_window = 7;
    buffer_init(&text, 65536);
    assert_int_equal(config_write(&text, &c), 0);
    int result = load(&back, buffer_string(&text), &why);
    if (result)
        fail_msg("%s", why.text);
    assert_string_equal(back.node, "pub1");
    assert_int_equal(back.port_offset, 10000);
    assert_int_equal(back.listen_count, 2);
    assert_string_equal(back.listen[1], "::1");
    assert_int_equal(back.tftp_window, 7);
    assert_int_equal(back.tftp_receive_buffer, c.tftp_receive_buffer);
    assert_false(back.legacy_tls);
    buffer_fini(&text);
}

static void test_what_is_left_out_has_its_default(void **state)
{
    (void)state;
    struct config c;
    assert_int_equal(load(&c, "node = \"n\"\n", NULL), 0);
    assert_string_equal(c.database, "sqlite");
    assert_int_equal(c.listen_count, 2);
    assert_string_equal(c.listen[0], "0.0.0.0");
    assert_int_equal(c.tftp_transfers, 8192);
}

static void test_a_wrong_line_is_named(void **state)
{
    (void)state;
    const struct {
        const char *text;
        const char *says;
    } bad[] = {
        {"", "node is missing"},
        {"node = \"n\"\nnonsense = 1\n", "line 2"},
        {"node = \"n\"\nport_offset = 70000\n", "port_offset = 70000"},
        {"node = \"n\"\nport_offset = many\n", "line 2"},
        {"node = \"n\"\nlisten = {\"localhost\"}\n", "localhost is no numeric address"},
        {"node = \"n\"\nlisten = {}\n", "name 1 to 16"},
        {"node = \"n\"\nlog { level = \"loud\" }\n", "log level loud"},
        {"node = \"n\"\ntftp { window = 0 }\n", "window = 0"},
        {"node = \"n\nport_offset = 1\n", "line"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct config c;
        struct why why = WHY_NONE;
        assert_true(load(&c, bad[i].text, &why) < 0);
        if (!strstr(why.text, bad[i].says) || !strstr(why.text, "trustline.conf: "))
            fail_msg("'%s' does not say '%s'", why.text, bad[i].says);
    }
}

static void test_anchors_are_one_or_two_known_words(void **state)
{
    (void)state;
    struct anchors a;
    assert_int_equal(anchors_parse(&a, "callmanager,itlrecovery"), 0);
    assert_int_equal(a.count, 2);
    assert_string_equal(a.key[0], KEY_CALLMANAGER);
    assert_string_equal(a.key[1], KEY_RECOVERY);
    assert_int_equal(anchors_parse(&a, "itlrecovery"), 0);
    assert_int_equal(a.count, 1);
    const char *const bad[] = {"",
                               ",",
                               "callmanager,",
                               "callmanager,callmanager",
                               "token",
                               "callmanager itlrecovery",
                               "callmanager,itlrecovery,callmanager"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_true(anchors_parse(&a, bad[i]) < 0);
}

static void test_every_parameter_accepts_its_own_default(void **state)
{
    (void)state;
    for (const struct parameter *p = parameter_table(); p->name; p++) {
        assert_ptr_equal(parameter_find(p->name), p);
        if (p->check)
            assert_int_equal(p->check(p->value), 0);
        else
            assert_non_null(p->instead);
        if (p->check)
            assert_int_not_equal(p->check("no such value"), 0);
    }
    assert_null(parameter_find("elephant"));
}

static void test_a_subject_is_put_together_and_taken_apart(void **state)
{
    (void)state;
    char subject[512];
    const char *const parts[5] = {"TAC", "Cisco", "Krakow", NULL, "PL"};
    struct own_template t;
    struct store_node node = {.name = "cucm-1051-a-pub", .address = "192.0.2.10"};
    assert_int_equal(own_subject(subject, sizeof subject, parts, NULL), 0);
    assert_string_equal(subject, "OU=TAC;O=Cisco;L=Krakow;C=PL");
    assert_int_equal(own_template(&t, "callmanager", &node, subject, 1825, NULL), 0);
    assert_string_equal(t.template.subject.common_name, "cucm-1051-a-pub");
    assert_string_equal(t.template.subject.locality, "Krakow");
    assert_string_equal(t.template.subject.province, "");
    assert_string_equal(t.template.dns_name, "cucm-1051-a-pub");
    assert_int_equal(own_template(&t, KEY_CAPF, &node, subject, 1825, NULL), 0);
    assert_int_equal(strlen(t.common_name), 13);
    assert_memory_equal(t.common_name, "CAPF-", 5);
    assert_int_equal(t.template.use, USE_CA);
    assert_int_equal(own_template(&t, KEY_RECOVERY, &node, subject, 1825, NULL), 0);
    assert_string_equal(t.common_name, "ITLRECOVERY_cucm-1051-a-pub");
    assert_int_equal(own_template(&t, "Tomcat", &node, subject, 1825, NULL), ERR_USAGE);
    const char *const bad[][5] = {{"a;b", NULL, NULL, NULL, NULL},
                                  {NULL, NULL, NULL, NULL, "POL"},
                                  {"\xff", NULL, NULL, NULL, NULL}};
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(own_subject(subject, sizeof subject, bad[i], NULL), ERR_USAGE);
}

int main(void)
{
#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, enter, leave)
    const struct CMUnitTest tests[] = {
        IN_DIR(test_what_is_written_is_read_back),
        IN_DIR(test_what_is_left_out_has_its_default),
        IN_DIR(test_a_wrong_line_is_named),
        cmocka_unit_test(test_anchors_are_one_or_two_known_words),
        cmocka_unit_test(test_every_parameter_accepts_its_own_default),
        cmocka_unit_test(test_a_subject_is_put_together_and_taken_apart),
    };
    return RUN(tests);
}
