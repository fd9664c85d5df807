/* The phone's web page: its markup, each page from a struct, and the server that gives them out. */
#include "stage.h"

#include "base/text.h"
#include "phone/notebook.h"
#include "phone/webmarkup.h"
#include "phone/webpage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct buffer page;

static void expect_markup(struct bytes text, const char *wanted)
{
    struct buffer out;
    buffer_init(&out, 1000);
    webmarkup_text(&out, text);
    assert_string_equal(buffer_string(&out), wanted);
    buffer_fini(&out);
}

static void test_text_of_peers_cannot_become_markup(void **state)
{
    (void)state;
    expect_markup(bytes_of_string("<script>alert(\"1\" & '2')</script>"),
                  "&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)&lt;/script&gt;");
    expect_markup(bytes_of("a\0b\x1b[2J\n", 8), "a\\x00b\\x1B[2J\\x0A");
    expect_markup(bytes_of_string("Zo\xc3\xab"), "Zo\xc3\xab");
    expect_markup(bytes_of_string("\xff\xc3"), "\\xFF\\xC3");
    expect_markup(bytes_of_string("\xef\xbf\xbf"), "\\xEF\\xBF\\xBF");
}

static void test_a_long_value_is_cut_between_characters(void **state)
{
    (void)state;
    char text[2 * WEBMARKUP_VALUE + 2];
    struct buffer out;
    buffer_init(&out, 10000);
    memset(text, 'a', sizeof text);
    for (size_t i = 1; i + 1 < sizeof text; i += 2)
        memcpy(text + i, "\xc3\xab", 2);
    text[sizeof text - 1] = '\0';
    webmarkup_element(&out, "e", "%s", text);
    assert_int_equal(out.error, 0);
    assert_true(text_is_utf8(buffer_bytes(&out)));
    assert_null(strstr(buffer_string(&out), "\\x"));
    assert_in_range(out.size, WEBMARKUP_VALUE, WEBMARKUP_VALUE + 10);
    buffer_fini(&out);
}

static void test_a_notebook_keeps_the_last_of_what_was_said(void **state)
{
    (void)state;
    struct notebook *notebook = NULL;
    char text[2 * NOTEBOOK_TEXT];
    assert_int_equal(notebook_new(&notebook, 3), 0);
    assert_int_equal(notebook_count(notebook), 0);
    for (unsigned i = 0; i < 100; i++) {
        snprintf(text, sizeof text, "line %u", i);
        notebook_add(notebook, text);
    }
    assert_int_equal(notebook_count(notebook), 3);
    assert_string_equal(notebook_text(notebook, 0), "line 97");
    assert_string_equal(notebook_text(notebook, 2), "line 99");
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    notebook_add(notebook, text);
    assert_int_equal(strlen(notebook_text(notebook, 2)), NOTEBOOK_TEXT - 1);
    notebook_add(NULL, "nobody writes it down");
    notebook_free(notebook);
}

/* ---- pages from a struct ---- */

static const char *make_at(const char *path, const char *adapter, const struct webfacts *facts,
                           size_t stream)
{
    const struct webpage *found = webpage_find(bytes_of_string(path), bytes_of_string(adapter));
    if (!found)
        fail_msg("there is no %s?%s", path, adapter ? adapter : "");
    buffer_clear(&page);
    assert_int_equal(webpage_make(&page, found, facts, stream), 0);
    return buffer_string(&page);
}

static const char *make(const char *path, const struct webfacts *facts)
{
    return make_at(path, NULL, facts, 1);
}

static void expect_part(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("'%s' is not in:\n%s", part, text);
}

static struct webfacts bare_facts(void)
{
    return (struct webfacts){
        .device = STAGE_DEVICE, .model = model_find("7975"), .now = 1704067200};
}

static int enter(void **state)
{
    (void)state;
    buffer_init(&page, WEBPAGE_MAX);
    return 0;
}

static int leave(void **state)
{
    (void)state;
    buffer_fini(&page);
    return 0;
}

static void test_a_phone_that_knows_nothing_yet_has_every_page(void **state)
{
    static const char *const paths[] = {"/",
                                        "/network",
                                        "/messages",
                                        "/console",
                                        "/trust",
                                        "/streaming",
                                        "/DeviceInformationX",
                                        "/NetworkConfigurationX",
                                        "/DeviceLogX",
                                        "/StreamingStatisticsX"};
    const struct webfacts facts = bare_facts();
    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        assert_true(strlen(make(paths[i], &facts)) > 60);
    expect_part(make("/", &facts), "<tr><th>MAC Address</th><td>001122334455</td></tr>");
    expect_part(make("/", &facts), "<tr><th>LSC</th><td>Not Installed</td></tr>");
    expect_part(make("/trust", &facts), "<h3>CTL File</h3>\n<p>Not Installed</p>");
    expect_part(make("/messages", &facts), "Nothing yet.");
    expect_part(make("/streaming", &facts), "No call yet.");
}

static void test_pages_are_found_where_real_phones_have_them(void **state)
{
    static const char serviceability[] = "/CGI/Java/Serviceability";
    const struct webfacts facts = bare_facts();
    (void)state;
    expect_part(make_at(serviceability, "device.statistics.device", &facts, 1),
                "<h2>Device Information</h2>");
    expect_part(make_at(serviceability, "device.statistics.configuration", &facts, 1),
                "<th>ITL File MD5</th>");
    expect_part(make_at(serviceability, "device.statistics.streaming.0", &facts, 1),
                "<h2>Streaming Statistics</h2>");
    assert_null(webpage_find(bytes_of_string(serviceability), bytes_of_string("")));
    assert_null(webpage_find(bytes_of_string(serviceability),
                             bytes_of_string("device.statistics.devices")));
    assert_null(webpage_find(bytes_of_string(serviceability),
                             bytes_of_string("device.statistics.streaming.x")));
    assert_null(webpage_find(bytes_of_string("/Network"), bytes_of_string("")));
    assert_null(webpage_find(bytes_of_string(""), bytes_of_string("")));
}

static void test_what_a_server_named_is_escaped_on_every_page(void **state)
{
    struct cnf cnf = {.load = "<b>&load", .full = true, .manager_count = 1, .line_count = 1};
    struct webfacts facts = bare_facts();
    struct notebook *notebook = NULL;
    (void)state;
    text_copy(cnf.managers[0].host, sizeof cnf.managers[0].host, "\"><i>cm</i>");
    text_copy(cnf.lines[0].number, sizeof cnf.lines[0].number, "<u>1001");
    text_copy(cnf.user_locale, sizeof cnf.user_locale, "<u>");
    assert_int_equal(notebook_new(&notebook, 2), 0);
    notebook_add(notebook, "</pre><i>");
    facts.configuration = &cnf;
    facts.messages = facts.console = notebook;
    facts.active = "<i>";
    expect_part(make("/", &facts), "<td>&lt;b&gt;&amp;load</td>");
    expect_part(make("/", &facts), "<td>&lt;u&gt;1001</td>");
    expect_part(make("/network", &facts), "<td>&quot;&gt;&lt;i&gt;cm&lt;/i&gt;</td>");
    static const char *const paths[] = {"/",
                                        "/network",
                                        "/messages",
                                        "/console",
                                        "/DeviceLogX",
                                        "/NetworkConfigurationX",
                                        "/DeviceInformationX"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        const char *text = make(paths[i], &facts);
        assert_null(strstr(text, "<i>"));
        assert_null(strstr(text, "<u>"));
        assert_null(strstr(text, "<script"));
    }
    notebook_free(notebook);
}

static void test_the_trust_list_shows_md5_and_every_record(void **state)
{
    struct stage s;
    struct bytes ctl = vector_load("CTLFile.tlv");
    struct webfacts facts = bare_facts();
    (void)state;
    stage_open(&s, "7975");
    assert_int_equal(boot_hold_list(s.boot, TRUSTLIST_CTL, ctl, NULL), 0);
    webfacts_of_boot(&facts, s.boot);
    const char *text = make("/trust", &facts);
    expect_part(text, "<tr><th>MD5</th><td>debe6aa7881d2664f313d992449feed0</td></tr>");
    expect_part(text, "<td>3216 bytes</td>");
    expect_part(text, "<td>System Administrator Security Token</td>");
    expect_part(text, "<td>CCM+TFTP</td>");
    char last[32];
    snprintf(last, sizeof last, "<h4>Record %zu</h4>", facts.ctl->list->count);
    expect_part(text, last);
    expect_part(text, "<h3>ITL File</h3>\n<p>Not Installed</p>");
    expect_part(make("/network", &facts),
                "<th>CTL File MD5</th><td>debe6aa7881d2664f313d992449feed0");
    stage_close(&s);
    vector_free(ctl);
}

static struct webfacts talking_facts(void)
{
    struct webfacts facts = bare_facts();
    facts.stream_count = 2;
    facts.streams[1] = (struct webfacts_stream){
        .active = true,
        .began = 1704067200,
        .counters = {.sent = 250,
                     .sent_octets = 40000,
                     .received = 249,
                     .received_octets = 39840,
                     .lost = 1,
                     .jitter_us = 1250,
                     .encrypts = true,
                     .decrypts = true},
    };
    assert_int_equal(address_parse(&facts.streams[1].remote, "192.0.2.7", 20480), 0);
    assert_int_equal(address_parse(&facts.streams[1].local, "192.0.2.8", 20482), 0);
    return facts;
}

static void test_streaming_statistics_are_those_of_the_audio(void **state)
{
    const struct webfacts facts = talking_facts();
    (void)state;
    const char *text = make("/streaming", &facts);
    expect_part(text, "<h3>Stream 2</h3>");
    expect_part(text, "<th>Remote Address</th><td>192.0.2.7/20480</td>");
    expect_part(text, "<th>Stream Status</th><td>Active</td>");
    expect_part(text, "<th>Sender Packets</th><td>250</td>");
    expect_part(text, "<th>Rcvr Lost Packets</th><td>1</td>");
    expect_part(text, "<th>Avg Jitter</th><td>1.250 ms</td>");
    expect_part(text, "<th>Rcvr Encrypted</th><td>Yes</td>");
}

static void test_one_stream_is_had_as_xml_by_its_number(void **state)
{
    const struct webfacts facts = talking_facts();
    const struct webpage *xml =
        webpage_find(bytes_of_string("/StreamingStatisticsX"), (struct bytes){0});
    (void)state;
    const char *text = make_at("/StreamingStatisticsX", NULL, &facts, 2);
    expect_part(text, "<remoteAddr>192.0.2.7/20480</remoteAddr>\n<localAddr>192.0.2.8/20482<");
    expect_part(text, "<senderPackets>250</senderPackets>");
    expect_part(text, "<rcvrOctets>39840</rcvrOctets>");
    text = make_at("/StreamingStatisticsX", NULL, &facts, 5);
    expect_part(text, "<streamStatus>Not Ready</streamStatus>");
    expect_part(text, "<remoteAddr>0.0.0.0/0</remoteAddr>");
    buffer_clear(&page);
    assert_int_equal(webpage_make(&page, xml, &facts, 0), ERR_NOT_FOUND);
    assert_int_equal(webpage_make(&page, xml, &facts, 6), ERR_NOT_FOUND);
}

static void test_a_page_that_outgrows_its_buffer_is_an_error(void **state)
{
    const struct webfacts facts = bare_facts();
    struct buffer small;
    (void)state;
    buffer_init(&small, 500);
    assert_int_equal(
        webpage_make(&small, webpage_find(bytes_of_string("/"), (struct bytes){0}), &facts, 1),
        ERR_LIMIT);
    buffer_fini(&small);
}

static void test_full_logs_fit_on_their_page_whatever_is_in_them(void **state)
{
    struct webfacts facts = bare_facts();
    struct notebook *notebook = NULL;
    char worst[NOTEBOOK_TEXT];
    (void)state;
    memset(worst, '"', sizeof worst);
    worst[sizeof worst - 1] = '\0';
    assert_int_equal(notebook_new(&notebook, WEBPAGE_LINES), 0);
    for (unsigned i = 0; i < WEBPAGE_LINES; i++)
        notebook_add(notebook, worst);
    facts.console = facts.messages = notebook;
    assert_true(strlen(make("/console", &facts)) > 6UL * WEBPAGE_LINES * (NOTEBOOK_TEXT - 1));
    notebook_free(notebook);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_of_peers_cannot_become_markup),
        cmocka_unit_test(test_a_long_value_is_cut_between_characters),
        cmocka_unit_test(test_a_notebook_keeps_the_last_of_what_was_said),
        cmocka_unit_test_setup_teardown(test_a_phone_that_knows_nothing_yet_has_every_page, enter,
                                        leave),
        cmocka_unit_test_setup_teardown(test_pages_are_found_where_real_phones_have_them, enter,
                                        leave),
        cmocka_unit_test_setup_teardown(test_what_a_server_named_is_escaped_on_every_page, enter,
                                        leave),
        cmocka_unit_test_setup_teardown(test_the_trust_list_shows_md5_and_every_record, enter,
                                        leave),
        cmocka_unit_test_setup_teardown(test_streaming_statistics_are_those_of_the_audio, enter,
                                        leave),
        cmocka_unit_test_setup_teardown(test_one_stream_is_had_as_xml_by_its_number, enter, leave),
        cmocka_unit_test_setup_teardown(test_a_page_that_outgrows_its_buffer_is_an_error, enter,
                                        leave),
        cmocka_unit_test_setup_teardown(test_full_logs_fit_on_their_page_whatever_is_in_them, enter,
                                        leave),
    };
    return RUN(tests);
}
