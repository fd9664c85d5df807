#include "support.h"

#include "base/text.h"
#include "wire/trustlist.h"
#include "wire/tvs.h"

#include <string.h>

/* Golden bytes: a query of a real phone with CUCM's answer, and verify exchanges of an independent
 * server and client (docs/protocols/tvs.md). Where a log shows the beginning of a certificate only,
 * the rest is filled up to the length that the log gives. */

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
    buffer_init(&b, TVS_FRAME_MAX + 100);
    add_hex(&b, hex);
    return b;
}

static struct bytes some_der(size_t size)
{
    static uint8_t der[2000] = {0x30, 0x82};
    for (size_t i = 2; i < sizeof der; i++)
        der[i] = (uint8_t)(i * 7);
    return bytes_of(der, size);
}

#define PHONE   "CP-8861-SEPB000B4BA0AEE"
#define SUBJECT "CN=ucm11pub.stormin.local;OU=IST;O=Stormin;L=Brisbane;ST=QLD;C=AU"
#define ISSUER  "CN=stormin-WIN2012-CA"

/* The request of a real 8861: 153 bytes. */
static struct buffer query(void)
{
    struct buffer b = frame_of("57 01 03 00  00 00 03 e9  00 8f   01 00 18  01");
    buffer_text(&b, PHONE);
    add_hex(&b, "03 00 42");
    buffer_text(&b, SUBJECT);
    add_hex(&b, "00  04 00 16");
    buffer_text(&b, ISSUER);
    add_hex(&b, "00  05 00 13  24 00 00 00 17 94 79 b8 f1 24 ac 3f 3b 00 00 00 00 00 17");
    return b;
}

/* CUCM's answer to it: 1480 bytes; the reserved byte was not initialised. */
static struct buffer query_answer(void)
{
    struct buffer b = frame_of("57 01 04 f7  00 00 03 e9  05 be   07 00 01 00  02 05 ab");
    buffer_append(&b, some_der(1451));
    add_hex(&b, "08 00 02 00 03  09 00 04 00 01 51 80");
    return b;
}

static struct buffer verify(void)
{
    struct buffer b = frame_of("57 01 01 00 00 00 00 01 03 75   01 00 18 01");
    buffer_text(&b, PHONE);
    add_hex(&b, "02 03 57");
    buffer_append(&b, some_der(855));
    return b;
}

static struct tvs_message read_golden(struct bytes golden)
{
    struct tvs_message m;
    struct why why = WHY_NONE;
    if (tvs_read(&m, golden, &why))
        fail_msg("%s", why.text);
    return m;
}

/* What was read is written again: the same bytes, but for the reserved one. */
static void assert_writes(const struct tvs_message *m, struct bytes golden)
{
    struct buffer out;
    buffer_init(&out, TVS_FRAME_MAX);
    assert_int_equal(tvs_write(&out, m, NULL), 0);
    assert_int_equal(out.data[3], 0);
    out.data[3] = golden.data[3];
    assert_bytes_equal(buffer_bytes(&out), golden);
    buffer_fini(&out);
}

static void test_the_golden_query_names_subject_issuer_and_serial(void **state)
{
    (void)state;
    struct buffer b = query();
    assert_int_equal(b.size, 153);
    struct tvs_message m = read_golden(buffer_bytes(&b));
    assert_int_equal(m.command, TVS_QUERY_CERT_REQ);
    assert_int_equal(m.session, 0x3e9);
    assert_true(m.has_device_name && m.has_subject && m.has_issuer && m.has_serial);
    assert_false(m.has_certificate || m.has_status || m.has_roles || m.has_ttl || m.unknown);
    assert_bytes_text(m.device_name, PHONE);
    assert_bytes_text(m.subject, SUBJECT);
    assert_bytes_text(m.issuer, ISSUER);
    assert_int_equal(m.serial.size, 19);
    assert_int_equal(m.serial.data[0], 0x24);
    assert_int_equal(m.serial.data[18], 0x17);
    assert_writes(&m, buffer_bytes(&b));
    buffer_fini(&b);
}

static void test_the_golden_answer_carries_certificate_roles_and_a_day(void **state)
{
    (void)state;
    struct buffer b = query_answer();
    assert_int_equal(b.size, 1480);
    struct tvs_message m = read_golden(buffer_bytes(&b));
    assert_int_equal(m.command, TVS_QUERY_CERT_RES);
    assert_int_equal(m.session, 0x3e9);
    assert_true(m.has_status && m.has_certificate && m.has_roles && m.has_ttl);
    assert_int_equal(m.status, TVS_TRUSTED);
    assert_bytes_equal(m.certificate, some_der(1451));
    assert_int_equal(m.roles.size, 2);
    assert_int_equal(m.roles.data[0], ROLE_SAST);
    assert_int_equal(m.roles.data[1], ROLE_TFTP);
    assert_int_equal(m.ttl, 86400);
    assert_writes(&m, buffer_bytes(&b));
    buffer_fini(&b);
}

static void test_the_golden_verify_carries_the_bare_certificate(void **state)
{
    (void)state;
    struct buffer b = verify();
    assert_int_equal(b.size, 895);
    struct tvs_message m = read_golden(buffer_bytes(&b));
    assert_int_equal(m.command, TVS_CERT_VERIFICATION_REQ);
    assert_bytes_text(m.device_name, PHONE);
    assert_bytes_equal(m.certificate, some_der(855));
    assert_writes(&m, buffer_bytes(&b));
    buffer_fini(&b);
}

static void test_the_golden_verify_answers_tell_status_roles_and_ttl(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        enum tvs_status status;
        size_t count;
        uint8_t roles[3];
    } cases[] = {
        {"57 01 02 00 00 00 00 01 00 0f   07 0001 00   08 0001 07   09 0004 00 01 51 80",
         TVS_TRUSTED,
         1,
         {ROLE_APP}},
        {"57 01 02 00 00 00 00 01 00 11   07 0001 00   08 0003 00 01 03   09 0004 00 01 51 80",
         TVS_TRUSTED,
         3,
         {ROLE_SAST, ROLE_CCM, ROLE_TFTP}},
        {"57 01 02 00 00 00 00 01 00 04   07 0001 01", TVS_NOT_TRUSTED, 0, {0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer b = frame_of(cases[i].hex);
        struct tvs_message m = read_golden(buffer_bytes(&b));
        assert_int_equal(m.command, TVS_CERT_VERIFICATION_RES);
        assert_true(m.has_status);
        assert_int_equal(m.status, cases[i].status);
        assert_bytes_equal(m.roles, bytes_of(cases[i].roles, cases[i].count));
        assert_int_equal(m.has_ttl, cases[i].count > 0);
        assert_int_equal(m.ttl, cases[i].count ? 86400 : 0);
        assert_writes(&m, buffer_bytes(&b));
        buffer_fini(&b);
    }
}

/* What independent servers are known to close the connection for, and what is only a habit. */
static void test_any_form_of_device_name_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        const char *name;
    } cases[] = {
        {"57 01 01 00 00000001 0013   01 0010 01 534550303031313232333334343535",
         "SEP001122334455"},
        {"57 01 01 00 00000001 0012   01 000f 534550303031313232333334343535", "SEP001122334455"},
        {"57 01 01 00 00000001 0013   01 0010 534550303031313232333334343535 00",
         "SEP001122334455"},
        {"57 01 01 00 00000001 000f   01 000c 07 436973636f204458363530", "Cisco DX650"},
        {"57 01 01 00 00000001 0004   01 0001 01", ""},
        {"57 01 01 00 00000001 0003   01 0000", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer b = frame_of(cases[i].hex);
        struct tvs_message m = read_golden(buffer_bytes(&b));
        assert_true(m.has_device_name);
        assert_bytes_text(m.device_name, cases[i].name);
        buffer_fini(&b);
    }
    struct buffer nameless = frame_of("57 01 01 00 00000001 0005   02 0002 3000");
    struct tvs_message m = read_golden(buffer_bytes(&nameless));
    assert_false(m.has_device_name);
    assert_true(m.has_certificate);
    buffer_fini(&nameless);
}

static void test_the_reserved_byte_is_not_looked_at(void **state)
{
    (void)state;
    struct buffer b = query();
    for (unsigned value = 0; value < 256; value++) {
        b.data[3] = (uint8_t)value;
        struct tvs_message m = read_golden(buffer_bytes(&b));
        assert_int_equal(m.session, 0x3e9);
    }
    buffer_fini(&b);
}

static void test_a_frame_is_complete_at_its_last_byte_and_not_before(void **state)
{
    (void)state;
    struct buffer b = query_answer();
    size_t whole = b.size;
    add_hex(&b, "57 01 02 00 00000001 0004  07 0001 01"); /* the next one, in the same read */
    for (size_t n = 0; n <= b.size; n++) {
        size_t size = 99;
        assert_int_equal(
            tvs_frame(&size, bytes_slice(buffer_bytes(&b), 0, n), TVS_PHONE_BODY_MAX, NULL), 0);
        assert_int_equal(size, n < whole ? 0 : whole);
    }
    buffer_fini(&b);
}

static void test_another_protocol_or_version_is_seen_at_its_byte(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    size_t size;
    assert_int_equal(tvs_frame(&size, bytes_of("\x55", 1), TVS_BODY_MAX, &why), ERR_FORMAT);
    assert_non_null(strstr(why.text, "0x55"));
    assert_int_equal(tvs_frame(&size, bytes_of("GET / HTTP/1.1", 14), TVS_BODY_MAX, NULL),
                     ERR_FORMAT);
    why = (struct why)WHY_NONE;
    assert_int_equal(tvs_frame(&size, bytes_of("\x57", 1), TVS_BODY_MAX, NULL), 0);
    assert_int_equal(tvs_frame(&size, bytes_of("\x57\x02", 2), TVS_BODY_MAX, &why), ERR_FORMAT);
    assert_non_null(strstr(why.text, "version 2"));
}

static void test_a_body_beyond_the_bound_is_refused_at_its_header(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct buffer b = frame_of("57 01 01 00 00000001 4001");
    size_t size;
    assert_int_equal(tvs_frame(&size, buffer_bytes(&b), TVS_PHONE_BODY_MAX, &why), ERR_LIMIT);
    assert_non_null(
        strstr(why.text, "TVS_MSG_CERT_VERIFICATION_REQ announces a body of 16385 bytes"));
    assert_int_equal(tvs_frame(&size, buffer_bytes(&b), TVS_BODY_MAX, NULL), 0);
    assert_int_equal(size, 0);
    buffer_fini(&b);
}

/* The body cut at every byte, its header adjusted: only cuts between elements can be read. */
static void assert_cuts(struct buffer whole, const size_t *between, size_t count)
{
    size_t good = 0;
    for (size_t n = 0; n <= whole.size - TVS_HEADER_SIZE; n++) {
        struct buffer cut;
        buffer_init(&cut, whole.size);
        buffer_append(&cut, bytes_slice(buffer_bytes(&whole), 0, TVS_HEADER_SIZE + n));
        buffer_set_u16be(&cut, 8, (uint16_t)n);
        struct tvs_message m = {.command = 77};
        struct why why = WHY_NONE;
        int result = tvs_read(&m, buffer_bytes(&cut), &why);
        if (good < count && n == between[good]) {
            assert_int_equal(result, 0);
            good++;
        } else {
            assert_int_equal(result, ERR_TRUNCATED);
            assert_int_equal(m.command, 77);
            assert_non_null(strstr(why.text, ": offset"));
        }
        buffer_fini(&cut);
    }
    assert_int_equal(good, count);
    buffer_fini(&whole);
}

static void test_a_body_cut_inside_an_element_is_refused_at_every_length(void **state)
{
    (void)state;
    static const size_t in_query[] = {0, 27, 96, 121, 143};
    static const size_t in_answer[] = {0, 4, 1458, 1463, 1470};
    static const size_t in_verify[] = {0, 27, 885};
    assert_cuts(query(), in_query, 5);
    assert_cuts(query_answer(), in_answer, 5);
    assert_cuts(verify(), in_verify, 3);
}

static void test_less_or_more_than_one_frame_is_no_message(void **state)
{
    (void)state;
    struct tvs_message m;
    struct buffer b = frame_of("57 01 02 00 00000001 0004  07 0001 01 00");
    assert_int_equal(tvs_read(&m, buffer_bytes(&b), NULL), ERR_FORMAT);
    for (size_t n = 0; n < 14; n++)
        assert_int_equal(tvs_read(&m, bytes_slice(buffer_bytes(&b), 0, n), NULL), ERR_TRUNCATED);
    buffer_fini(&b);
}

/* A body that is read, or must be refused with these words. */
static int read_body(struct tvs_message *m, const char *body, struct why *why)
{
    struct buffer b = frame_of("57 01 01 00 00000001 0000");
    add_hex(&b, body);
    buffer_set_u16be(&b, 8, (uint16_t)(b.size - TVS_HEADER_SIZE));
    int result = tvs_read(m, buffer_bytes(&b), why);
    buffer_fini(&b);
    return result;
}

static void assert_refused(const char *body, int error, const char *words)
{
    struct tvs_message m;
    struct why why = WHY_NONE;
    assert_int_equal(read_body(&m, body, &why), error);
    if (!strstr(why.text, words))
        fail_msg("\"%s\" does not say \"%s\"", why.text, words);
}

static void test_unknown_elements_are_skipped_and_counted(void **state)
{
    (void)state;
    struct tvs_message m;
    assert_int_equal(
        read_body(&m, "06 0002 abcd  00 0000  07 0001 01  06 0001 00  0a 0001 03  ff 0000", NULL),
        0);
    assert_int_equal(m.unknown, 5);
    assert_int_equal(m.status, TVS_NOT_TRUSTED);
}

static void test_a_known_element_may_not_come_twice(void **state)
{
    (void)state;
    assert_refused("01 0002 0141  01 0002 0142", ERR_DUPLICATE, "DEVICE_NAME stands there twice");
    assert_refused("02 0001 30  02 0001 30", ERR_DUPLICATE, "CERTIFICATE stands there twice");
    assert_refused("05 0001 01  03 0001 41 05 0001 02", ERR_DUPLICATE,
                   "offset 8: SERIAL_NUMBER stands there twice");
}

static void test_an_element_of_the_wrong_length_is_refused(void **state)
{
    (void)state;
    assert_refused("07 0000", ERR_FORMAT, "STATUS: length 0 where 1 is right");
    assert_refused("07 0002 0000", ERR_FORMAT, "STATUS: length 2 where 1 is right");
    assert_refused("09 0003 000000", ERR_FORMAT, "TTL: length 3 where 4 is right");
    assert_refused("09 0005 0000000000", ERR_FORMAT, "TTL: length 5 where 4 is right");
}

static void test_texts_are_bounded_and_hold_no_nul(void **state)
{
    (void)state;
    assert_refused("01 0004 01 41 00 42", ERR_FORMAT, "DEVICE_NAME: a NUL inside");
    assert_refused("03 0003 41 00 00", ERR_FORMAT, "SUBJECT_NAME: a NUL inside");
    assert_refused("04 0003 00 41 00", ERR_FORMAT, "ISSUER_NAME: a NUL inside");
    char body[2 * TVS_NAME_MAX + 40] = "01 0083 01";
    for (size_t i = 0; i <= TVS_DEVICE_MAX; i++)
        strcat(body, "41");
    strcat(body, "00");
    assert_refused(body, ERR_LIMIT, "DEVICE_NAME: 129 bytes; 128 are the most");
    strcpy(body, "04 0401 ");
    for (size_t i = 0; i <= TVS_NAME_MAX; i++)
        strcat(body, "41");
    assert_refused(body, ERR_LIMIT, "ISSUER_NAME: 1025 bytes; 1024 are the most");
    strcpy(body, "05 0041 ");
    for (size_t i = 0; i <= TVS_SERIAL_MAX; i++)
        strcat(body, "41");
    assert_refused(body, ERR_LIMIT, "SERIAL_NUMBER: 65 bytes; 64 are the most");
}

static void test_a_name_may_lack_its_nul(void **state)
{
    (void)state;
    struct tvs_message m;
    struct buffer b = frame_of("57 01 03 00 00000001 000c  03 0004 434e3d41  04 0002 4200");
    assert_int_equal(tvs_read(&m, buffer_bytes(&b), NULL), 0);
    assert_bytes_text(m.subject, "CN=A");
    assert_bytes_text(m.issuer, "B");
    buffer_fini(&b);
}

static void test_what_does_not_fit_is_not_written(void **state)
{
    (void)state;
    static uint8_t big[TVS_BODY_MAX];
    struct tvs_message m = {.command = TVS_QUERY_CERT_RES, .has_certificate = true};
    struct buffer out;
    struct why why = WHY_NONE;
    buffer_init(&out, 4 * TVS_FRAME_MAX);
    m.certificate = bytes_of(big, sizeof big);
    assert_int_equal(tvs_write(&out, &m, &why), ERR_LIMIT);
    assert_non_null(strstr(why.text, "TVS_MSG_QUERY_CERT_RES does not fit"));
    buffer_clear(&out);
    m.certificate = bytes_of(big, TVS_BODY_MAX - 3);
    assert_int_equal(tvs_write(&out, &m, NULL), 0);
    assert_int_equal(out.size, TVS_FRAME_MAX);
    /* What no reader of ours would take. */
    const struct tvs_message too_long[] = {
        {.has_device_name = true, .device_name = bytes_of(big, TVS_DEVICE_MAX + 1)},
        {.has_issuer = true, .issuer = bytes_of(big, TVS_NAME_MAX + 1)},
        {.has_serial = true, .serial = bytes_of(big, TVS_SERIAL_MAX + 1)},
        {.has_roles = true, .roles = bytes_of(big, TVS_ROLES_MAX + 1)},
    };
    for (size_t i = 0; i < sizeof too_long / sizeof *too_long; i++) {
        buffer_clear(&out);
        assert_int_equal(tvs_write(&out, &too_long[i], NULL), ERR_LIMIT);
    }
    buffer_fini(&out);
    buffer_init(&out, TVS_HEADER_SIZE - 1);
    m = (struct tvs_message){.command = TVS_QUERY_CERT_REQ};
    assert_int_equal(tvs_write(&out, &m, NULL), ERR_LIMIT);
    buffer_fini(&out);
}

static void test_names_are_spelled_as_in_the_traces(void **state)
{
    (void)state;
    assert_string_equal(tvs_message_name(TVS_QUERY_CERT_REQ), "TVS_MSG_QUERY_CERT_REQ");
    assert_string_equal(tvs_message_name(TVS_CERT_VERIFICATION_REQ),
                        "TVS_MSG_CERT_VERIFICATION_REQ");
    assert_string_equal(tvs_event_name(TVS_QUERY_CERT_REQ), "TVS_EV_QUERY_CERT_REQ");
    assert_string_equal(tvs_message_name(0), "TVS_MSG_UNKNOWN");
    assert_string_equal(tvs_message_name(5), "TVS_MSG_UNKNOWN");
    assert_string_equal(tvs_event_name(255), "TVS_EV_UNKNOWN");
    assert_string_equal(tvs_element_name(1), "DEVICE_NAME");
    assert_string_equal(tvs_element_name(6), "unknown element");
    assert_string_equal(tvs_element_name(9), "TTL");
    assert_string_equal(tvs_element_name(255), "unknown element");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_golden_query_names_subject_issuer_and_serial),
        cmocka_unit_test(test_the_golden_answer_carries_certificate_roles_and_a_day),
        cmocka_unit_test(test_the_golden_verify_carries_the_bare_certificate),
        cmocka_unit_test(test_the_golden_verify_answers_tell_status_roles_and_ttl),
        cmocka_unit_test(test_any_form_of_device_name_is_read),
        cmocka_unit_test(test_the_reserved_byte_is_not_looked_at),
        cmocka_unit_test(test_a_frame_is_complete_at_its_last_byte_and_not_before),
        cmocka_unit_test(test_another_protocol_or_version_is_seen_at_its_byte),
        cmocka_unit_test(test_a_body_beyond_the_bound_is_refused_at_its_header),
        cmocka_unit_test(test_a_body_cut_inside_an_element_is_refused_at_every_length),
        cmocka_unit_test(test_less_or_more_than_one_frame_is_no_message),
        cmocka_unit_test(test_unknown_elements_are_skipped_and_counted),
        cmocka_unit_test(test_a_known_element_may_not_come_twice),
        cmocka_unit_test(test_an_element_of_the_wrong_length_is_refused),
        cmocka_unit_test(test_texts_are_bounded_and_hold_no_nul),
        cmocka_unit_test(test_a_name_may_lack_its_nul),
        cmocka_unit_test(test_what_does_not_fit_is_not_written),
        cmocka_unit_test(test_names_are_spelled_as_in_the_traces),
    };
    return RUN(tests);
}
