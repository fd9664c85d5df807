/* TFTP as a phone speaks it, against a network that loses, doubles and invents packets. */
#include "support.h"

#include "phone/download.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct address server, peer, stranger;
static struct download *download;
static struct buffer packet; /* the server's next one */
static int64_t now;

static void open_download(uint32_t block_size, size_t max)
{
    struct download_setup setup;
    download_setup_default(&setup);
    setup.name = "SEP001122334455.cnf.xml";
    setup.server = server;
    setup.block_size = block_size;
    setup.max = max;
    now = 5000;
    assert_int_equal(download_new(&download, &setup), 0);
    download_start(download, now);
}

static int enter(void **state)
{
    (void)state;
    assert_int_equal(address_parse(&server, "192.0.2.10", 69), 0);
    assert_int_equal(address_parse(&peer, "192.0.2.10", 40000), 0);
    assert_int_equal(address_parse(&stranger, "192.0.2.10", 40001), 0);
    buffer_init(&packet, 70000);
    download = NULL;
    return 0;
}

static int leave(void **state)
{
    (void)state;
    download_free(download);
    buffer_fini(&packet);
    return 0;
}

/* What it sends now: "RRQ", "ACK 3", "ERROR 5"; "" when nothing. */
static const char *sends(const struct address *to_whom)
{
    static char text[64];
    struct bytes sent;
    const struct address *to;
    uint16_t number;
    struct bytes words;
    text[0] = '\0';
    if (!download_send(download, &sent, &to))
        return text;
    assert_true(address_equal(to, to_whom));
    if (tftp_opcode(sent) == TFTP_RRQ)
        snprintf(text, sizeof text, "RRQ");
    else if (tftp_read_ack(&number, sent) == 0)
        snprintf(text, sizeof text, "ACK %u", number);
    else if (tftp_read_error(&number, &words, sent) == 0)
        snprintf(text, sizeof text, "ERROR %u", number);
    else
        snprintf(text, sizeof text, "?");
    return text;
}

static void expect_send(const char *text, const struct address *to)
{
    assert_string_equal(sends(to), text);
}

static void give_from(const struct address *from)
{
    download_packet(download, from, buffer_bytes(&packet), now);
}

static void make_block(uint16_t block, size_t size)
{
    uint8_t head[TFTP_DATA_HEADER];
    tftp_write_data_header(head, block);
    buffer_clear(&packet);
    buffer_append(&packet, bytes_of(head, sizeof head));
    buffer_fill(&packet, (uint8_t)block, size);
}

static void give_block(uint16_t block, size_t size)
{
    make_block(block, size);
    give_from(&peer);
}

static void give_oack(struct tftp_options options)
{
    tftp_write_oack(&packet, &options);
    give_from(&peer);
}

static void give_error(enum tftp_error code, const char *text)
{
    tftp_write_error(&packet, code, text);
    give_from(&peer);
}

static void wait_for_deadline(void)
{
    now = download_deadline(download);
    assert_true(now != DOWNLOAD_NEVER);
    download_tick(download, now);
}

static void expect_error(int error, const char *words)
{
    const struct download_result *result = download_result(download);
    assert_non_null(result);
    assert_int_equal(result->error, error);
    assert_int_equal(result->file.size, 0);
    assert_true(download_is_over(download));
    if (!strstr(result->words, words))
        fail_msg("'%s' does not say '%s'", result->words, words);
}

/* ---- as it should be ---- */

static void test_a_request_is_what_old_phones_send(void **state)
{
    (void)state;
    static const uint8_t rrq[] = "\0\1SEP001122334455.cnf.xml\0octet"; /* and the NUL of C */
    struct bytes sent;
    const struct address *to;
    open_download(0, 10000);
    assert_true(download_send(download, &sent, &to));
    assert_bytes_equal(sent, bytes_of(rrq, sizeof rrq));
    assert_true(address_equal(to, &server));
    assert_false(download_send(download, &sent, &to));
}

static void test_a_file_comes_block_by_block(void **state)
{
    (void)state;
    open_download(0, 10000);
    expect_send("RRQ", &server);
    give_block(1, 512);
    expect_send("ACK 1", &peer);
    give_block(2, 512);
    expect_send("ACK 2", &peer);
    assert_null(download_result(download));
    give_block(3, 100);
    expect_send("ACK 3", &peer);
    const struct download_result *result = download_result(download);
    assert_non_null(result);
    assert_int_equal(result->error, 0);
    assert_int_equal(result->file.size, 1124);
    assert_int_equal(result->file.data[511], 1);
    assert_int_equal(result->file.data[512], 2);
    assert_int_equal(result->file.data[1123], 3);
    assert_int_equal(result->resent, 0);
}

static void test_a_file_of_whole_blocks_ends_with_an_empty_one(void **state)
{
    (void)state;
    open_download(0, 10000);
    expect_send("RRQ", &server);
    give_block(1, 512);
    assert_null(download_result(download));
    give_block(2, 0);
    assert_int_equal(download_result(download)->file.size, 512);
}

static void test_an_empty_file_is_a_file(void **state)
{
    (void)state;
    open_download(0, 10000);
    give_block(1, 0);
    expect_send("ACK 1", &peer);
    assert_int_equal(download_result(download)->error, 0);
    assert_int_equal(download_result(download)->file.size, 0);
}

/* ---- losses ---- */

static void test_a_lost_request_is_sent_again_ever_more_slowly(void **state)
{
    (void)state;
    static const int64_t waits[] = {1000, 2000, 4000, 4000};
    open_download(0, 10000);
    expect_send("RRQ", &server);
    for (size_t i = 0; i < 4; i++) {
        int64_t before = now;
        wait_for_deadline();
        assert_int_equal(now - before, waits[i]);
        expect_send("RRQ", &server);
    }
    wait_for_deadline();
    expect_send("", &server);
    expect_error(ERR_TIMEOUT, "no answer from 192.0.2.10:69 after 5 tries");
}

static void test_a_lost_block_is_asked_for_again(void **state)
{
    (void)state;
    open_download(0, 10000);
    expect_send("RRQ", &server);
    give_block(1, 512);
    expect_send("ACK 1", &peer);
    wait_for_deadline();
    expect_send("ACK 1", &peer);
    give_block(2, 1);
    expect_send("ACK 2", &peer);
    assert_int_equal(download_result(download)->resent, 1);
}

static void test_a_server_that_goes_silent_is_told(void **state)
{
    (void)state;
    open_download(0, 10000);
    expect_send("RRQ", &server);
    give_block(1, 512);
    expect_send("ACK 1", &peer);
    for (int i = 0; i < 4; i++) {
        wait_for_deadline();
        expect_send("ACK 1", &peer);
    }
    wait_for_deadline();
    expect_send("ERROR 0", &peer);
    expect_error(ERR_TIMEOUT, "went silent");
}

static void test_the_last_acknowledgement_can_be_had_again(void **state)
{
    (void)state;
    open_download(0, 10000);
    expect_send("RRQ", &server);
    give_block(1, 10);
    expect_send("ACK 1", &peer);
    assert_false(download_is_over(download));
    give_block(1, 10);
    expect_send("ACK 1", &peer);
    assert_int_equal(download_result(download)->file.size, 10);
    wait_for_deadline();
    assert_true(download_is_over(download));
    give_block(1, 10);
    expect_send("", &peer);
}

/* ---- doubles and disorder ---- */

static void test_a_doubled_block_is_acknowledged_and_not_taken_twice(void **state)
{
    (void)state;
    open_download(0, 10000);
    expect_send("RRQ", &server);
    give_block(1, 512);
    expect_send("ACK 1", &peer);
    give_block(1, 512);
    expect_send("ACK 1", &peer);
    give_block(2, 5);
    expect_send("ACK 2", &peer);
    assert_int_equal(download_result(download)->file.size, 517);
}

static void test_blocks_out_of_order_are_not_taken(void **state)
{
    (void)state;
    open_download(0, 10000);
    expect_send("RRQ", &server);
    give_block(2, 512); /* before the first */
    expect_send("", &peer);
    give_block(1, 512);
    expect_send("ACK 1", &peer);
    give_block(3, 512);
    expect_send("", &peer);
    give_block(2, 512);
    expect_send("ACK 2", &peer);
    give_block(1, 512); /* long ago */
    expect_send("", &peer);
    give_block(3, 1);
    assert_int_equal(download_result(download)->file.size, 1025);
}

static void test_another_port_is_told_that_it_is_wrong_and_changes_nothing(void **state)
{
    (void)state;
    open_download(0, 10000);
    expect_send("RRQ", &server);
    give_block(1, 512);
    expect_send("ACK 1", &peer);
    make_block(2, 5);
    give_from(&stranger);
    expect_send("ERROR 5", &stranger);
    tftp_write_error(&packet, TFTP_NOT_FOUND, "no"); /* errors are not answered with errors */
    give_from(&stranger);
    expect_send("", &stranger);
    assert_null(download_result(download));
    give_block(2, 5);
    assert_int_equal(download_result(download)->file.size, 517);
}

static void test_another_host_cannot_answer(void **state)
{
    (void)state;
    struct address elsewhere;
    assert_int_equal(address_parse(&elsewhere, "192.0.2.66", 69), 0);
    open_download(0, 10000);
    expect_send("RRQ", &server);
    make_block(1, 5);
    give_from(&elsewhere);
    expect_send("ERROR 5", &elsewhere);
    assert_null(download_result(download));
}

static void test_block_numbers_wrap(void **state)
{
    (void)state;
    const size_t blocks = 65536 + 10;
    open_download(8, 2048 * 1024);
    expect_send("RRQ", &server);
    give_oack((struct tftp_options){.has_block_size = true, .block_size = 8});
    expect_send("ACK 0", &peer);
    for (size_t i = 1; i <= blocks; i++) {
        char ack[16];
        give_block((uint16_t)i, 8);
        snprintf(ack, sizeof ack, "ACK %u", (unsigned)(uint16_t)i);
        expect_send(ack, &peer);
    }
    give_block((uint16_t)(blocks + 1), 0);
    assert_int_equal(download_result(download)->file.size, 8 * blocks);
}

/* ---- options ---- */

static void test_options_are_asked_for_and_may_be_granted_smaller(void **state)
{
    (void)state;
    struct bytes sent;
    const struct address *to;
    struct tftp_request request;
    open_download(1468, 10000);
    assert_true(download_send(download, &sent, &to));
    assert_int_equal(tftp_read_request(&request, sent, NULL), 0);
    assert_int_equal(request.options.block_size, 1468);
    assert_true(request.options.has_transfer_size);
    give_oack((struct tftp_options){.has_block_size = true,
                                    .block_size = 1000,
                                    .has_transfer_size = true,
                                    .transfer_size = 1001});
    expect_send("ACK 0", &peer);
    give_oack((struct tftp_options){.has_block_size = true, .block_size = 1000});
    expect_send("ACK 0", &peer);
    give_block(1, 1000);
    expect_send("ACK 1", &peer);
    give_block(2, 1);
    assert_int_equal(download_result(download)->file.size, 1001);
}

static void test_a_server_without_options_is_fine(void **state)
{
    (void)state;
    open_download(1468, 10000);
    expect_send("RRQ", &server);
    give_block(1, 512);
    expect_send("ACK 1", &peer);
    give_block(2, 3);
    assert_int_equal(download_result(download)->file.size, 515);
}

static void test_a_server_that_refuses_options_is_asked_without(void **state)
{
    (void)state;
    struct bytes sent;
    const struct address *to;
    struct tftp_request request;
    open_download(1468, 10000);
    expect_send("RRQ", &server);
    give_error(TFTP_OPTION, "no options here");
    assert_true(download_send(download, &sent, &to));
    assert_true(address_equal(to, &server));
    assert_int_equal(tftp_read_request(&request, sent, NULL), 0);
    assert_false(request.options.has_block_size);
    give_block(1, 3);
    assert_int_equal(download_result(download)->file.size, 3);
}

static void test_options_nobody_asked_for_end_it(void **state)
{
    (void)state;
    open_download(0, 10000);
    expect_send("RRQ", &server);
    give_oack((struct tftp_options){.has_block_size = true, .block_size = 1000});
    expect_send("ERROR 8", &peer);
    expect_error(ERR_FORMAT, "nobody asked for");
}

static void test_a_larger_block_size_than_asked_for_ends_it(void **state)
{
    (void)state;
    open_download(1000, 10000);
    expect_send("RRQ", &server);
    give_oack((struct tftp_options){.has_block_size = true, .block_size = 1001});
    expect_send("ERROR 8", &peer);
    expect_error(ERR_FORMAT, "option");
}

/* ---- the server's errors ---- */

static void test_an_absent_file_is_told_apart_from_other_errors(void **state)
{
    (void)state;
    open_download(0, 10000);
    expect_send("RRQ", &server);
    give_error(TFTP_NOT_FOUND, "File\nnot found");
    expect_error(ERR_NOT_FOUND, "File\\x0anot found");
    expect_send("", &peer);
    download_free(download);
    open_download(0, 10000);
    give_error(TFTP_ACCESS, "denied");
    expect_error(-EACCES, "denied");
    download_free(download);
    open_download(0, 10000);
    give_error(TFTP_UNDEFINED, "busy");
    expect_error(ERR_CLOSED, "busy");
}

static void test_nonsense_is_ignored(void **state)
{
    (void)state;
    static const struct {
        const char *data;
        size_t size;
    } nonsense[] = {{"", 0},        {"x", 1},          {"\0\3", 2},
                    {"\0\3\0", 3},  {"\0\4\0\1", 4},   {"\0\1a\0octet", 10},
                    {"\0\11zz", 4}, {"\0\6blksize", 9}};
    open_download(0, 10000);
    expect_send("RRQ", &server);
    for (size_t i = 0; i < sizeof nonsense / sizeof *nonsense; i++) {
        download_packet(download, &peer, bytes_of(nonsense[i].data, nonsense[i].size), now);
        expect_send("", &peer);
    }
    assert_null(download_result(download));
}

/* ---- too much ---- */

static void test_a_file_that_never_ends_is_ended(void **state)
{
    (void)state;
    open_download(0, 5000);
    expect_send("RRQ", &server);
    uint16_t block = 1;
    while (!download_result(download) && block < 100) {
        give_block(block++, 512);
        sends(&peer);
    }
    expect_error(ERR_LIMIT, "5000 bytes");
    assert_int_equal(block, 11); /* 9 blocks fit, the tenth does not */
}

static void test_a_size_that_is_too_large_is_seen_before_the_first_block(void **state)
{
    (void)state;
    open_download(512, 5000);
    expect_send("RRQ", &server);
    give_oack((struct tftp_options){.has_transfer_size = true, .transfer_size = 5001});
    expect_send("ERROR 3", &peer);
    expect_error(ERR_LIMIT, "5000 bytes");
}

static void test_a_block_larger_than_agreed_ends_it(void **state)
{
    (void)state;
    open_download(0, 5000);
    expect_send("RRQ", &server);
    give_block(1, 513);
    expect_send("ERROR 4", &peer);
    expect_error(ERR_FORMAT, "larger than agreed");
}

static void test_a_server_that_drips_is_ended_by_the_deadline(void **state)
{
    (void)state;
    uint16_t block = 1;
    open_download(0, 1 << 20);
    while (!download_result(download) && block < 1000) {
        now += 900; /* just in time for each block */
        if (now >= download_deadline(download))
            download_tick(download, now);
        else
            give_block(block++, 512);
    }
    expect_error(ERR_TIMEOUT, "too long");
    assert_in_range(block, 60, 70);
}

/* ---- nobody there ---- */

static void test_a_refusal_is_believed_when_it_comes_twice(void **state)
{
    (void)state;
    open_download(0, 5000);
    expect_send("RRQ", &server);
    download_refused(download);
    download_refused(download); /* still about the same datagram */
    assert_null(download_result(download));
    wait_for_deadline();
    expect_send("RRQ", &server);
    download_refused(download);
    expect_error(-ECONNREFUSED, "nobody listens at 192.0.2.10:69");
}

static void test_a_refusal_in_the_middle_means_nothing(void **state)
{
    (void)state;
    open_download(0, 5000);
    download_refused(download);
    give_block(1, 512);
    download_refused(download);
    download_refused(download);
    give_block(2, 1);
    assert_int_equal(download_result(download)->error, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)
    const struct CMUnitTest tests[] = {
        TEST(test_a_request_is_what_old_phones_send),
        TEST(test_a_file_comes_block_by_block),
        TEST(test_a_file_of_whole_blocks_ends_with_an_empty_one),
        TEST(test_an_empty_file_is_a_file),
        TEST(test_a_lost_request_is_sent_again_ever_more_slowly),
        TEST(test_a_lost_block_is_asked_for_again),
        TEST(test_a_server_that_goes_silent_is_told),
        TEST(test_the_last_acknowledgement_can_be_had_again),
        TEST(test_a_doubled_block_is_acknowledged_and_not_taken_twice),
        TEST(test_blocks_out_of_order_are_not_taken),
        TEST(test_another_port_is_told_that_it_is_wrong_and_changes_nothing),
        TEST(test_another_host_cannot_answer),
        TEST(test_block_numbers_wrap),
        TEST(test_options_are_asked_for_and_may_be_granted_smaller),
        TEST(test_a_server_without_options_is_fine),
        TEST(test_a_server_that_refuses_options_is_asked_without),
        TEST(test_options_nobody_asked_for_end_it),
        TEST(test_a_larger_block_size_than_asked_for_ends_it),
        TEST(test_an_absent_file_is_told_apart_from_other_errors),
        TEST(test_nonsense_is_ignored),
        TEST(test_a_file_that_never_ends_is_ended),
        TEST(test_a_size_that_is_too_large_is_seen_before_the_first_block),
        TEST(test_a_block_larger_than_agreed_ends_it),
        TEST(test_a_server_that_drips_is_ended_by_the_deadline),
        TEST(test_a_refusal_is_believed_when_it_comes_twice),
        TEST(test_a_refusal_in_the_middle_means_nothing),
    };
    return RUN(tests);
}
