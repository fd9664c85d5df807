#include "support.h"

#include "wire/tftp.h"

#include <stdlib.h>
#include <string.h>

#define PACKET(literal) bytes_of(literal, sizeof(literal) - 1)

static void test_a_request_of_an_old_phone_has_no_options(void **state)
{
    (void)state;
    struct tftp_request r;
    assert_int_equal(tftp_read_request(&r, PACKET("\0\1CTLSEP0011215A1AE3.tlv\0octet\0"), NULL), 0);
    assert_int_equal(r.opcode, TFTP_RRQ);
    assert_bytes_text(r.name, "CTLSEP0011215A1AE3.tlv");
    assert_int_equal(r.mode, TFTP_OCTET);
    assert_false(r.options.has_block_size || r.options.has_timeout || r.options.has_window_size ||
                 r.options.has_transfer_size);
    assert_int_equal(r.options.ignored, 0);
}

static void test_options_are_read_whatever_their_case(void **state)
{
    (void)state;
    struct tftp_request r;
    assert_int_equal(tftp_read_request(&r,
                                       PACKET("\0\1f\0OCTET\0BlkSize\0"
                                              "1428\0TSIZE\0"
                                              "0\0timeout\0"
                                              "5\0windowsize\0"
                                              "16\0multicast\0\0"),
                                       NULL),
                     0);
    assert_int_equal(r.options.block_size, 1428);
    assert_int_equal(r.options.timeout, 5);
    assert_int_equal(r.options.window_size, 16);
    assert_true(r.options.has_transfer_size);
    assert_int_equal(r.options.ignored, 1);
}

static void test_values_out_of_range_are_as_if_not_asked(void **state)
{
    (void)state;
    struct tftp_request r;
    const struct {
        const char *value;
        bool there;
        uint32_t size;
    } cases[] = {
        {"0", false, 0},        {"7", false, 0},        {"8", true, 8},
        {"65464", true, 65464}, {"70000", true, 65464}, {"-8", false, 0},
        {"", false, 0},         {"12x", false, 0},      {"99999999999999999999", false, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer b;
        buffer_init(&b, 600);
        buffer_append(&b, PACKET("\0\1f\0octet\0blksize\0"));
        buffer_text(&b, cases[i].value);
        buffer_u8(&b, 0);
        assert_int_equal(tftp_read_request(&r, buffer_bytes(&b), NULL), 0);
        assert_int_equal(r.options.has_block_size, cases[i].there);
        assert_int_equal(r.options.block_size, cases[i].size);
        assert_int_equal(r.options.ignored, !cases[i].there);
        buffer_fini(&b);
    }
    assert_int_equal(tftp_read_request(&r,
                                       PACKET("\0\1f\0octet\0windowsize\0"
                                              "0\0timeout\0"
                                              "256\0"),
                                       NULL),
                     0);
    assert_false(r.options.has_window_size || r.options.has_timeout);
    assert_int_equal(r.options.ignored, 2);
}

static void test_an_option_said_twice_counts_once(void **state)
{
    (void)state;
    struct tftp_request r;
    assert_int_equal(tftp_read_request(&r,
                                       PACKET("\0\1f\0octet\0blksize\0"
                                              "512\0blksize\0"
                                              "1024\0"),
                                       NULL),
                     0);
    assert_int_equal(r.options.block_size, 512);
    assert_int_equal(r.options.ignored, 1);
}

static void test_malformed_requests_are_refused(void **state)
{
    (void)state;
    struct tftp_request r;
    assert_true(tftp_read_request(&r, PACKET(""), NULL) < 0);
    assert_true(tftp_read_request(&r, PACKET("\0"), NULL) < 0);
    assert_true(tftp_read_request(&r, PACKET("\0\1"), NULL) < 0);
    assert_true(tftp_read_request(&r, PACKET("\0\1name"), NULL) < 0);
    assert_true(tftp_read_request(&r, PACKET("\0\1name\0"), NULL) < 0);
    assert_true(tftp_read_request(&r, PACKET("\0\1name\0octet"), NULL) < 0);
    assert_true(tftp_read_request(&r, PACKET("\0\3name\0octet\0"), NULL) < 0);
    /* an option without its value */
    assert_int_equal(tftp_read_request(&r,
                                       PACKET("\0\1name\0octet\0blksize\0"
                                              "51"),
                                       NULL),
                     0);
    assert_int_equal(r.options.ignored, 1);
}

static void test_no_truncation_is_read_past_its_end(void **state)
{
    (void)state;
    struct bytes whole = PACKET("\0\1SEP001122334455.cnf.xml.sgn\0octet\0blksize\0"
                                "1428\0tsize\0"
                                "0\0");
    for (size_t size = 0; size <= whole.size; size++) {
        uint8_t *copy = malloc(size ? size : 1);
        memcpy(copy, whole.data, size);
        struct bytes cut = bytes_of(copy, size);
        struct tftp_request request;
        struct tftp_options options;
        uint16_t number;
        struct bytes view;
        if (tftp_read_request(&request, cut, NULL) == 0)
            assert_true(request.name.size == 27);
        for (uint8_t opcode = 3; size >= 2 && opcode <= 6; opcode++) {
            copy[1] = opcode;
            if (tftp_read_ack(&number, cut) == 0 && tftp_read_data(&number, &view, cut) == 0 &&
                tftp_read_error(&number, &view, cut) == 0 && tftp_read_oack(&options, cut) == 0)
                fail_msg("one packet cannot be all of these");
        }
        free(copy);
    }
}

static void test_packets_are_written_as_the_rfcs_have_them(void **state)
{
    (void)state;
    struct buffer b;
    buffer_init(&b, 1024);
    tftp_write_ack(&b, 0x1234);
    assert_bytes_equal(buffer_bytes(&b), PACKET("\0\4\x12\x34"));
    tftp_write_error(&b, TFTP_NOT_FOUND, "File not found");
    assert_bytes_equal(buffer_bytes(&b), PACKET("\0\5\0\1File not found\0"));
    struct tftp_options o = {.has_block_size = true,
                             .block_size = 1428,
                             .has_transfer_size = true,
                             .transfer_size = 40000000};
    tftp_write_oack(&b, &o);
    assert_bytes_equal(buffer_bytes(&b), PACKET("\0\6blksize\0"
                                                "1428\0tsize\0"
                                                "40000000\0"));
    tftp_write_request(&b, TFTP_RRQ, "CTLFile.tlv", NULL);
    assert_bytes_equal(buffer_bytes(&b), PACKET("\0\1CTLFile.tlv\0octet\0"));
    uint8_t head[TFTP_DATA_HEADER];
    tftp_write_data_header(head, 65535);
    assert_bytes_equal(bytes_of(head, 4), PACKET("\0\3\xff\xff"));
    buffer_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_request_of_an_old_phone_has_no_options),
        cmocka_unit_test(test_options_are_read_whatever_their_case),
        cmocka_unit_test(test_values_out_of_range_are_as_if_not_asked),
        cmocka_unit_test(test_an_option_said_twice_counts_once),
        cmocka_unit_test(test_malformed_requests_are_refused),
        cmocka_unit_test(test_no_truncation_is_read_past_its_end),
        cmocka_unit_test(test_packets_are_written_as_the_rfcs_have_them),
    };
    return RUN(tests);
}
