#include "support.h"

#include "base/text.h"
#include "wire/capf.h"

#include <string.h>

/* Golden bytes: exchanges logged between two independent implementations, and between Cisco Jabber
 * and a real CUCM (docs/protocols/capf.md). Where a log shows the beginning of a key or certificate
 * only, the rest is filled up to the length that the log gives. */

/* Hex digits with blanks between. */
static void add_hex(struct buffer *b, const char *hex)
{
    for (const char *p = hex; *p; p++) {
        if (*p == ' ')
            continue;
        uint8_t byte;
        size_t length;
        char pair[3] = {p[0], p[1], 0};
        assert_int_equal(text_unhex(pair, &byte, 1, &length), 0);
        buffer_u8(b, byte);
        p++;
    }
}

static struct buffer frame_of(const char *hex)
{
    struct buffer b;
    buffer_init(&b, CAPF_FRAME_MAX + 100);
    add_hex(&b, hex);
    return b;
}

static struct bytes some_der(void)
{
    static uint8_t der[2000];
    for (size_t i = 0; i < sizeof der; i++)
        der[i] = (uint8_t)(i * 7);
    return bytes_of(der, sizeof der);
}

/* What was read is written again: the same bytes, when the order is the peer's. */
static void assert_writes(const struct capf_message *m, struct bytes golden)
{
    struct buffer out;
    buffer_init(&out, CAPF_FRAME_MAX);
    assert_int_equal(capf_write(&out, m, NULL), 0);
    assert_bytes_equal(buffer_bytes(&out), golden);
    buffer_fini(&out);
}

static struct capf_message read_golden(struct bytes golden)
{
    struct capf_message m;
    struct why why = WHY_NONE;
    if (capf_read(&m, golden, &why))
        fail_msg("%s", why.text);
    assert_writes(&m, golden);
    return m;
}

static void test_the_golden_auth_req_asks_for_version_3(void **state)
{
    (void)state;
    struct buffer b = frame_of("55 01 00000001 0008  07 0001 03  08 0001 00");
    struct capf_message m = read_golden(buffer_bytes(&b));
    assert_int_equal(b.size, 16);
    assert_int_equal(m.command, CAPF_AUTH_REQ);
    assert_int_equal(m.session, 1);
    assert_true(m.has_version && m.has_auth_type);
    assert_int_equal(m.version, 3);
    assert_int_equal(m.auth_type, CAPF_AUTH_NONE);
    assert_false(m.has_reason || m.has_device_name || m.has_key_size || m.unknown);
    buffer_fini(&b);
}

static void test_the_golden_auth_res_by_password_has_name_and_digits(void **state)
{
    (void)state;
    struct buffer b = frame_of("55 02 00000001 0025  01 0001 01  07 0001 03  0b 0007 31323334353600"
                               " 0d 0010 53455030303131323135413141453300");
    struct capf_message m = read_golden(buffer_bytes(&b));
    assert_int_equal(b.size, 45);
    assert_int_equal(m.reason, CAPF_REASON_SUCCESS);
    assert_bytes_text(m.password, "123456");
    assert_bytes_text(m.device_name, "SEP0011215A1AE3");
    buffer_fini(&b);
}

static void test_the_golden_key_requests_name_rsa_2048_and_p384(void **state)
{
    (void)state;
    struct buffer rsa = frame_of("55 03 00000001 0009  0a 0002 08 00  11 0001 00");
    struct capf_message m = read_golden(buffer_bytes(&rsa));
    assert_true(m.has_key_size && m.has_key_type && !m.has_curve);
    assert_int_equal(m.key_size, 2048);
    assert_int_equal(m.key_type, CAPF_KEY_RSA);
    buffer_fini(&rsa);
    struct buffer ec = frame_of("55 03 00000006 0008 11 0001 01 12 0001 01");
    m = read_golden(buffer_bytes(&ec));
    assert_int_equal(m.session, 6);
    assert_true(!m.has_key_size && m.has_key_type && m.has_curve);
    assert_int_equal(m.key_type, CAPF_KEY_EC);
    assert_int_equal(m.curve, CAPF_P384);
    buffer_fini(&ec);
}

static void test_the_golden_request_in_progress_is_a_header_alone(void **state)
{
    (void)state;
    struct buffer b = frame_of("55 11 00000001 0000");
    struct capf_message m = read_golden(buffer_bytes(&b));
    assert_int_equal(m.command, CAPF_REQUEST_IN_PROGRESS);
    assert_int_equal(b.size, 8);
    buffer_fini(&b);
}

static void test_the_golden_key_answers_carry_the_bare_public_key(void **state)
{
    (void)state;
    struct buffer rsa =
        frame_of("55 04 00000001 0129  09 0126 30820122300d06092a864886f70d0101010500038201"
                 "0f00 3082010a0282010100d785421162 25d1");
    buffer_append(&rsa, bytes_slice(some_der(), 0, 305 - 5 - rsa.size));
    add_hex(&rsa, "0203010001");
    struct capf_message m = read_golden(buffer_bytes(&rsa));
    assert_true(m.has_public_key);
    assert_int_equal(m.public_key.size, 294);
    buffer_fini(&rsa);
    struct buffer ec = frame_of("55 04 00000006 007b  09 0078 3076301006072a8648ce3d020106052b8104"
                                "002203620004");
    buffer_append(&ec, bytes_slice(some_der(), 0, 131 - ec.size));
    m = read_golden(buffer_bytes(&ec));
    assert_int_equal(m.public_key.size, 120);
    buffer_fini(&ec);
}

static void test_the_golden_store_cert_req_wraps_the_certificate(void **state)
{
    (void)state;
    struct buffer b = frame_of("55 09 00000001 038f  03 0001 01  04 0388  01 0385 0001"
                               "3082037f30820267a0030201020210 6aa85ba5");
    buffer_append(&b, bytes_slice(some_der(), 0, 919 - b.size));
    struct capf_message m = read_golden(buffer_bytes(&b));
    assert_int_equal(m.certificate_type, CAPF_CERTIFICATE_LSC);
    assert_int_equal(m.certificate.size, 899);
    assert_int_equal(m.certificate.data[0], 0x30);
    buffer_fini(&b);
}

static void test_the_golden_endings_are_twelve_bytes(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        enum capf_command command;
        enum capf_reason reason;
    } cases[] = {
        {"55 0a 00000001 0004  01 0001 01", CAPF_STORE_CERT_RES, CAPF_REASON_SUCCESS},
        {"55 0e 00000001 0004  01 0001 07", CAPF_DELETE_CERT_RES, CAPF_REASON_REFUSED},
        {"55 0f 00000001 0004  01 0001 01", CAPF_END_SESSION, CAPF_REASON_SUCCESS},
        {"55 0f 00000001 0004  01 0001 00", CAPF_END_SESSION, CAPF_REASON_NONE},
        {"55 0f 00000001 0004  01 0001 07", CAPF_END_SESSION, CAPF_REASON_REFUSED},
        {"55 0f 00000001 0004  01 0001 09", CAPF_END_SESSION, CAPF_REASON_UNKNOWN_DEVICE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer b = frame_of(cases[i].hex);
        struct capf_message m = read_golden(buffer_bytes(&b));
        assert_int_equal(m.command, cases[i].command);
        assert_int_equal(m.reason, cases[i].reason);
        assert_int_equal(b.size, 12);
        buffer_fini(&b);
    }
}

static void test_the_golden_requests_without_a_body_are_eight_bytes(void **state)
{
    (void)state;
    static const char *const hex[] = {"55 0b 00000003 0000", "55 0d 00000003 0000"};
    for (size_t i = 0; i < 2; i++) {
        struct buffer b = frame_of(hex[i]);
        read_golden(buffer_bytes(&b));
        buffer_fini(&b);
    }
}

/* The shape of session 5: an LSC in CERTIFICATE, the factory certificate in SUDI_DATA. */
static struct buffer certificate_mode(void)
{
    struct buffer b = frame_of("55 02 00000005 0b42  01 0001 01  04 0388 01 0385 0001");
    struct bytes lsc = bytes_slice(some_der(), 0, 899);
    struct bytes mic = bytes_slice(some_der(), 1, 899);
    buffer_append(&b, lsc);
    add_hex(&b, "06 0100");
    buffer_append(&b, bytes_slice(some_der(), 2, 256));
    add_hex(&b, "07 0001 03  0b 0001 00  0d 0010 53455030303131323135413141453300  10 058c");
    add_hex(&b, "00 0383");
    buffer_append(&b, mic);
    add_hex(&b, "01 0100");
    buffer_append(&b, bytes_slice(some_der(), 3, 256));
    add_hex(&b, "03 0100");
    buffer_append(&b, bytes_slice(some_der(), 4, 256));
    add_hex(&b, "14 0103 03 0100");
    buffer_append(&b, bytes_slice(some_der(), 5, 256));
    return b;
}

static void test_the_golden_certificate_mode_has_both_certificates_and_four_signatures(void **state)
{
    (void)state;
    struct buffer b = certificate_mode();
    assert_int_equal(b.size, 2890);
    struct capf_message m = read_golden(buffer_bytes(&b));
    assert_bytes_equal(m.certificate, bytes_slice(some_der(), 0, 899));
    assert_bytes_equal(m.signature, bytes_slice(some_der(), 2, 256));
    assert_true(m.has_password);
    assert_int_equal(m.password.size, 0);
    assert_true(m.has_sudi);
    assert_bytes_equal(m.sudi.certificate, bytes_slice(some_der(), 1, 899));
    assert_bytes_equal(m.sudi.sha1_signature, bytes_slice(some_der(), 3, 256));
    assert_bytes_equal(m.sudi.sha512_signature, bytes_slice(some_der(), 4, 256));
    assert_true(m.has_sha2);
    assert_int_equal(m.sha2_digest, CAPF_SHA512);
    assert_bytes_equal(m.sha2_signature, bytes_slice(some_der(), 5, 256));
    buffer_fini(&b);
}

static void test_jabber_speaks_in_another_order_and_version(void **state)
{
    (void)state;
    struct buffer b =
        frame_of("55 02 00000001 0012  07 0001 02  0d 0007 43534631323300  01 0001 01");
    struct capf_message m;
    assert_int_equal(capf_read(&m, buffer_bytes(&b), NULL), 0);
    assert_int_equal(m.version, 2);
    assert_bytes_text(m.device_name, "CSF123");
    assert_int_equal(m.reason, CAPF_REASON_SUCCESS);
    assert_false(m.has_password);
    buffer_fini(&b);

    struct buffer request = frame_of("55 01 00000001 0004 07 0001 03");
    m = read_golden(buffer_bytes(&request));
    assert_false(m.has_auth_type);
    buffer_fini(&request);
    struct buffer key = frame_of("55 03 00000001 0005 0a 0002 08 00");
    m = read_golden(buffer_bytes(&key));
    assert_false(m.has_key_type);
    buffer_fini(&key);
    struct buffer store = frame_of("55 09 00000001 03df 03 0001 01 04 03d8 01 03d5 0001");
    buffer_append(&store, bytes_slice(some_der(), 0, 979));
    m = read_golden(buffer_bytes(&store));
    assert_int_equal(m.certificate.size, 979);
    buffer_fini(&store);
}

static void test_a_frame_is_complete_at_its_last_byte_and_not_before(void **state)
{
    (void)state;
    struct buffer b = certificate_mode();
    size_t whole = b.size;
    add_hex(&b, "55 11 00000005 0000"); /* the next one, in the same read */
    for (size_t n = 0; n <= b.size; n++) {
        size_t size = 99;
        assert_int_equal(
            capf_frame(&size, bytes_slice(buffer_bytes(&b), 0, n), CAPF_PHONE_BODY_MAX, NULL), 0);
        assert_int_equal(size, n < whole ? 0 : whole);
    }
    buffer_fini(&b);
}

static void test_a_wrong_protocol_is_seen_at_the_first_byte(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    size_t size;
    assert_int_equal(capf_frame(&size, bytes_of("\x56", 1), CAPF_BODY_MAX, &why), ERR_FORMAT);
    assert_non_null(strstr(why.text, "0x56"));
    assert_int_equal(capf_frame(&size, bytes_of("GET / HTTP/1.1", 14), CAPF_BODY_MAX, NULL),
                     ERR_FORMAT);
}

static void test_a_body_beyond_the_bound_is_refused_at_its_header(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct buffer b = frame_of("55 02 00000001 4001");
    size_t size;
    assert_int_equal(capf_frame(&size, buffer_bytes(&b), CAPF_PHONE_BODY_MAX, &why), ERR_LIMIT);
    assert_non_null(strstr(why.text, "CAPF_MSG_AUTH_RES announces a body of 16385 bytes"));
    assert_int_equal(capf_frame(&size, buffer_bytes(&b), CAPF_BODY_MAX, NULL), 0);
    assert_int_equal(size, 0);
    buffer_fini(&b);
}

/* The body cut at every byte, its header adjusted: only cuts between elements can be read. */
static void test_a_body_cut_inside_an_element_is_refused_at_every_length(void **state)
{
    (void)state;
    struct buffer b = certificate_mode();
    static const size_t between[] = {0, 4, 911, 1170, 1174, 1178, 1197, 2620, 2882};
    size_t good = 0;
    for (size_t n = 0; n <= 2882; n++) {
        struct buffer cut;
        buffer_init(&cut, b.size);
        buffer_append(&cut, bytes_slice(buffer_bytes(&b), 0, CAPF_HEADER_SIZE + n));
        buffer_set_u16be(&cut, 6, (uint16_t)n);
        struct capf_message m = {.command = 77};
        struct why why = WHY_NONE;
        int result = capf_read(&m, buffer_bytes(&cut), &why);
        if (n == between[good]) {
            assert_int_equal(result, 0);
            good++;
        } else {
            assert_int_equal(result, ERR_TRUNCATED);
            assert_int_equal(m.command, 77);
            assert_non_null(strstr(why.text, "CAPF_MSG_AUTH_RES: offset"));
        }
        buffer_fini(&cut);
    }
    assert_int_equal(good, sizeof between / sizeof *between);
    buffer_fini(&b);
}

static void test_less_or_more_than_one_frame_is_no_message(void **state)
{
    (void)state;
    struct capf_message m;
    struct buffer b = frame_of("55 0f 00000001 0004  01 0001 01 00");
    assert_int_equal(capf_read(&m, buffer_bytes(&b), NULL), ERR_FORMAT);
    for (size_t n = 0; n < 12; n++)
        assert_int_equal(capf_read(&m, bytes_slice(buffer_bytes(&b), 0, n), NULL), ERR_TRUNCATED);
    buffer_fini(&b);
}

static void test_unknown_elements_are_skipped_and_counted(void **state)
{
    (void)state;
    struct buffer b = frame_of("55 02 00000001 0028  05 0002 abcd  63 0000  01 0001 01  63 0001 00"
                               " 13 0001 03  ff 0000  0d 0007 43534631323300");
    buffer_set_u16be(&b, 6, (uint16_t)(b.size - CAPF_HEADER_SIZE));
    struct capf_message m;
    assert_int_equal(capf_read(&m, buffer_bytes(&b), NULL), 0);
    assert_int_equal(m.unknown, 5);
    assert_bytes_text(m.device_name, "CSF123");
    assert_int_equal(m.reason, 1);
    buffer_fini(&b);
}

/* A body that must be refused, with the words that its refusal must have. */
static void assert_refused(const char *body, int error, const char *words)
{
    struct buffer b = frame_of("55 02 00000001 0000");
    add_hex(&b, body);
    buffer_set_u16be(&b, 6, (uint16_t)(b.size - CAPF_HEADER_SIZE));
    struct capf_message m;
    struct why why = WHY_NONE;
    assert_int_equal(capf_read(&m, buffer_bytes(&b), &why), error);
    if (!strstr(why.text, words))
        fail_msg("\"%s\" does not say \"%s\"", why.text, words);
    buffer_fini(&b);
}

static void test_a_known_element_may_not_come_twice(void **state)
{
    (void)state;
    assert_refused("0d 0002 4100  0d 0002 4200", ERR_DUPLICATE, "DEVICE_NAME stands there twice");
    assert_refused("01 0001 01  01 0001 01", ERR_DUPLICATE, "REASON stands there twice");
    assert_refused("10 0008 00 0001 41 00 0001 42", ERR_DUPLICATE, "part 0 stands there twice");
}

static void test_an_element_of_the_wrong_length_is_refused(void **state)
{
    (void)state;
    assert_refused("01 0000", ERR_FORMAT, "REASON: length 0 where 1 is right");
    assert_refused("01 0002 0101", ERR_FORMAT, "REASON: length 2 where 1 is right");
    assert_refused("03 0002 0101", ERR_FORMAT, "CERTIFICATE_TYPE: length 2");
    assert_refused("07 0004 00000003", ERR_FORMAT, "VERSION: length 4");
    assert_refused("08 0000", ERR_FORMAT, "AUTH_TYPE: length 0");
    assert_refused("0a 0001 08", ERR_FORMAT, "KEY_SIZE: length 1 where 2 is right");
    assert_refused("11 0000", ERR_FORMAT, "KEY_TYPE: length 0");
    assert_refused("12 0003 000000", ERR_FORMAT, "CURVE: length 3");
}

static void test_lengths_inside_elements_must_fit_exactly(void **state)
{
    (void)state;
    assert_refused("04 0004 01 0001 00", ERR_FORMAT, "CERTIFICATE: 4 bytes do not hold");
    assert_refused("04 0006 01 0004 0001 30", ERR_FORMAT, "what it announces (4)");
    assert_refused("04 0006 01 0002 0001 30", ERR_FORMAT, "what it announces (2)");
    assert_refused("14 0000", ERR_FORMAT, "SHA2_SIGNED_DATA");
    assert_refused("14 0002 03 00", ERR_FORMAT, "SHA2_SIGNED_DATA");
    assert_refused("14 0004 03 0002 aa", ERR_FORMAT, "SHA2_SIGNED_DATA");
    assert_refused("14 0005 03 0001 aa bb", ERR_FORMAT, "SHA2_SIGNED_DATA");
    assert_refused("10 0002 00 00", ERR_TRUNCATED, "SUDI_DATA");
    assert_refused("10 0004 00 0002 30", ERR_TRUNCATED, "SUDI_DATA");
}

static void test_texts_are_bounded_and_hold_no_nul(void **state)
{
    (void)state;
    assert_refused("0d 0004 41 00 42 00", ERR_FORMAT, "DEVICE_NAME: a NUL inside");
    assert_refused("0b 0003 31 00 00", ERR_FORMAT, "PASSWORD: a NUL inside");
    char body[2 * CAPF_TEXT_MAX + 40] = "0d 0082 ";
    for (size_t i = 0; i <= CAPF_TEXT_MAX; i++)
        strcat(body, "41");
    strcat(body, "00");
    assert_refused(body, ERR_LIMIT, "DEVICE_NAME: 129 characters; 128 are the most");
}

static void test_a_text_may_lack_its_nul(void **state)
{
    (void)state;
    struct buffer b = frame_of("55 02 00000001 000d  0d 0003 434950  0b 0000  02 0001 00");
    struct capf_message m;
    assert_int_equal(capf_read(&m, buffer_bytes(&b), NULL), 0);
    assert_bytes_text(m.device_name, "CIP");
    assert_true(m.has_password && m.has_reason_info);
    assert_int_equal(m.password.size, 0);
    assert_int_equal(m.reason_info.size, 0);
    buffer_fini(&b);
}

static void test_a_retry_delay_is_read_in_any_width(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        bool has;
        uint32_t delay;
    } cases[] = {
        {"55 11 00000001 0003 0c 0000", false, 0},
        {"55 11 00000001 0004 0c 0001 1e", true, 30},
        {"55 11 00000001 0005 0c 0002 0100", true, 256},
        {"55 11 00000001 0007 0c 0004 00010000", true, 65536},
        {"55 11 00000001 0008 0c 0005 0000000001", false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer b = frame_of(cases[i].hex);
        struct capf_message m;
        assert_int_equal(capf_read(&m, buffer_bytes(&b), NULL), 0);
        assert_int_equal(m.has_retry_delay, cases[i].has);
        assert_int_equal(m.retry_delay, cases[i].delay);
        assert_int_equal(m.unknown, cases[i].has ? 0 : 1);
        buffer_fini(&b);
    }
}

static void test_any_session_id_is_carried_unchanged(void **state)
{
    (void)state;
    static const char *const hex[] = {"55 11 00000000 0000", "55 11 80000001 0000",
                                      "55 11 ffffffff 0000", "55 11 01020304 0000"};
    static const uint32_t session[] = {0, 0x80000001, 0xffffffff, 0x01020304};
    for (size_t i = 0; i < 4; i++) {
        struct buffer b = frame_of(hex[i]);
        assert_int_equal(read_golden(buffer_bytes(&b)).session, session[i]);
        assert_int_equal(capf_session(buffer_bytes(&b)), session[i]);
        buffer_fini(&b);
    }
    assert_int_equal(capf_session(bytes_of("\x55\x11\x01\x01\x01\x01\0", 7)), 0);
}

static void test_what_does_not_fit_is_not_written(void **state)
{
    (void)state;
    static uint8_t big[CAPF_BODY_MAX];
    struct capf_message m = {.command = CAPF_STORE_CERT_REQ, .has_certificate = true};
    struct buffer out;
    struct why why = WHY_NONE;
    buffer_init(&out, 4 * CAPF_FRAME_MAX);
    m.certificate = bytes_of(big, sizeof big);
    assert_int_equal(capf_write(&out, &m, &why), ERR_LIMIT);
    assert_non_null(strstr(why.text, "CAPF_MSG_STORE_CERT_REQ does not fit"));
    buffer_clear(&out);
    m.certificate = bytes_of(big, CAPF_BODY_MAX - 8);
    assert_int_equal(capf_write(&out, &m, NULL), 0);
    assert_int_equal(out.size, CAPF_FRAME_MAX);
    /* Two elements that fit one by one. */
    buffer_clear(&out);
    m.has_public_key = true;
    m.public_key = bytes_of(big, 1000);
    assert_int_equal(capf_write(&out, &m, NULL), ERR_LIMIT);
    buffer_clear(&out);
    m = (struct capf_message){
        .command = CAPF_RETRY_LATER, .has_retry_delay = true, .retry_delay = 65536};
    assert_int_equal(capf_write(&out, &m, NULL), ERR_LIMIT);
    buffer_fini(&out);
    buffer_init(&out, 7);
    m.retry_delay = 30;
    assert_int_equal(capf_write(&out, &m, NULL), ERR_LIMIT);
    buffer_fini(&out);
}

static void test_every_field_survives_writing_and_reading(void **state)
{
    (void)state;
    struct capf_message m = {
        .command = CAPF_FETCH_CERT_RES,
        .session = 0xdeadbeef,
        .has_reason = true,
        .reason = 7,
        .has_reason_info = true,
        .reason_info = bytes_of_string("no such certificate"),
        .has_certificate_type = true,
        .certificate_type = CAPF_CERTIFICATE_MIC,
        .has_auth_type = true,
        .auth_type = CAPF_AUTH_MIC,
        .has_retry_delay = true,
        .retry_delay = 300,
        .has_curve = true,
        .curve = CAPF_P521,
    };
    struct buffer out;
    buffer_init(&out, 200);
    assert_int_equal(capf_write(&out, &m, NULL), 0);
    struct capf_message back;
    assert_int_equal(capf_read(&back, buffer_bytes(&out), NULL), 0);
    assert_int_equal(back.session, 0xdeadbeef);
    assert_bytes_text(back.reason_info, "no such certificate");
    assert_int_equal(back.certificate_type, CAPF_CERTIFICATE_MIC);
    assert_int_equal(back.auth_type, CAPF_AUTH_MIC);
    assert_int_equal(back.retry_delay, 300);
    assert_int_equal(back.curve, CAPF_P521);
    assert_false(back.has_version || back.has_sudi || back.has_sha2 || back.has_signature);
    buffer_fini(&out);
}

static void test_names_are_spelled_as_in_the_traces(void **state)
{
    (void)state;
    assert_string_equal(capf_message_name(CAPF_AUTH_REQ), "CAPF_MSG_AUTH_REQ");
    assert_string_equal(capf_message_name(CAPF_REQUEST_IN_PROGRESS), "CAPF_MSG_REQ_IN_PROGRESS");
    assert_string_equal(capf_message_name(CAPF_KEY_GEN_RES), "CAPF_MSG_KEY_GEN_RES");
    assert_string_equal(capf_event_name(CAPF_REQUEST_IN_PROGRESS), "CAPF_EV_REQUEST_IN_PROGRESS");
    assert_string_equal(capf_message_name(0), "CAPF_MSG_UNKNOWN");
    assert_string_equal(capf_event_name(24), "CAPF_EV_UNKNOWN");
    for (uint8_t command = 1; command <= 23; command++) {
        assert_string_not_equal(capf_message_name(command), "CAPF_MSG_UNKNOWN");
        assert_string_not_equal(capf_event_name(command), "CAPF_EV_UNKNOWN");
    }
    assert_string_equal(capf_element_name(13), "DEVICE_NAME");
    assert_string_equal(capf_element_name(14), "unknown element");
    assert_string_equal(capf_element_name(255), "unknown element");
    assert_string_equal(capf_reason_text(9), "unknown device");
    assert_string_equal(capf_reason_text(4), "a reason that is not documented");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_golden_auth_req_asks_for_version_3),
        cmocka_unit_test(test_the_golden_auth_res_by_password_has_name_and_digits),
        cmocka_unit_test(test_the_golden_key_requests_name_rsa_2048_and_p384),
        cmocka_unit_test(test_the_golden_request_in_progress_is_a_header_alone),
        cmocka_unit_test(test_the_golden_key_answers_carry_the_bare_public_key),
        cmocka_unit_test(test_the_golden_store_cert_req_wraps_the_certificate),
        cmocka_unit_test(test_the_golden_endings_are_twelve_bytes),
        cmocka_unit_test(test_the_golden_requests_without_a_body_are_eight_bytes),
        cmocka_unit_test(
            test_the_golden_certificate_mode_has_both_certificates_and_four_signatures),
        cmocka_unit_test(test_jabber_speaks_in_another_order_and_version),
        cmocka_unit_test(test_a_frame_is_complete_at_its_last_byte_and_not_before),
        cmocka_unit_test(test_a_wrong_protocol_is_seen_at_the_first_byte),
        cmocka_unit_test(test_a_body_beyond_the_bound_is_refused_at_its_header),
        cmocka_unit_test(test_a_body_cut_inside_an_element_is_refused_at_every_length),
        cmocka_unit_test(test_less_or_more_than_one_frame_is_no_message),
        cmocka_unit_test(test_unknown_elements_are_skipped_and_counted),
        cmocka_unit_test(test_a_known_element_may_not_come_twice),
        cmocka_unit_test(test_an_element_of_the_wrong_length_is_refused),
        cmocka_unit_test(test_lengths_inside_elements_must_fit_exactly),
        cmocka_unit_test(test_texts_are_bounded_and_hold_no_nul),
        cmocka_unit_test(test_a_text_may_lack_its_nul),
        cmocka_unit_test(test_a_retry_delay_is_read_in_any_width),
        cmocka_unit_test(test_any_session_id_is_carried_unchanged),
        cmocka_unit_test(test_what_does_not_fit_is_not_written),
        cmocka_unit_test(test_every_field_survives_writing_and_reading),
        cmocka_unit_test(test_names_are_spelled_as_in_the_traces),
    };
    return RUN(tests);
}
