#include "support.h"

#include "wire/trustlist.h"

#include <stdlib.h>
#include <string.h>

static const char *const lists[] = {"CTLFile.tlv", "ITLFile.tlv", "ITLFile-v11-sha512.tlv"};
static const char *const signed_files[] = {"CTLFile.tlv",
                                           "ITLFile.tlv",
                                           "ITLFile-v11-sha512.tlv",
                                           "SEP001122334455.cnf.xml.sgn",
                                           "SEP001122334455.cnf.xml.plain-config.sgn",
                                           "SEP001122334455.cnf.xml.enc.sgn"};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void test_the_header_of_a_ctl_is_read(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct bytes file = vector_load("CTLFile.tlv");
    struct envelope e;
    assert_int_equal(envelope_parse(&e, file, &why), 0);
    assert_int_equal(e.version_major, 1);
    assert_int_equal(e.version_minor, 2);
    assert_int_equal(e.header_size, 288);
    assert_bytes_text(e.signer_name, "CN=pub1;OU=LAB;O=Example;L=Town;ST=ZZ;C=XX");
    assert_bytes_text(e.issuer, "CN=pub1;OU=LAB;O=Example;L=Town;ST=ZZ;C=XX");
    assert_bytes_equal(e.serial, bytes_of("\x2a\x5b\x6c\x7d\x8e\x9f\x0a\x1b", 8));
    assert_int_equal(e.digest, DIGEST_SHA1);
    assert_int_equal(e.modulus, 1);
    assert_int_equal(e.signature_offset, 0x86);
    assert_int_equal(e.signature.size, 128);
    assert_bytes_text(e.filename, "CTLFile.tlv");
    assert_true(e.has_timestamp);
    assert_int_equal(e.timestamp, 1704067200);
    assert_false(e.has_aea);
    vector_free(file);
}

static void test_the_records_of_an_itl_are_read(void **state)
{
    (void)state;
    struct bytes file = vector_load("ITLFile.tlv");
    struct trustlist *list = NULL;
    assert_int_equal(trustlist_parse(&list, file, NULL), 0);
    assert_int_equal(list->count, 4);
    const uint16_t roles[] = {ROLE_SAST, ROLE_TFTP, ROLE_CAPF, ROLE_TVS};
    const uint16_t sizes[] = {953, 953, 436, 426};
    for (size_t i = 0; i < 4; i++) {
        const struct trustlist_record *r = &list->records[i];
        assert_int_equal(r->role, roles[i]);
        assert_int_equal(r->size, sizes[i]);
        assert_int_equal(r->public_key.size, 140);
        assert_int_equal(r->signature.size, 128);
        assert_non_null(r->dns_name.data);
        assert_int_equal(r->dns_name.size, 0);
        assert_null(r->address.data);
        assert_int_equal(r->certificate.size != 0, i < 2);
        assert_int_equal(r->hash.size, i < 2 ? 0 : 20);
        assert_int_equal(r->hash_algorithm, i < 2 ? 0 : 1);
    }
    assert_bytes_text(list->records[2].subject,
                      "CN=CAPF-00c0ffee;OU=LAB;O=Example;L=Town;ST=ZZ;C=XX");
    enum trustlist_kind kind;
    assert_int_equal(trustlist_kind(list, &kind), 0);
    assert_int_equal(kind, TRUSTLIST_ITL);
    assert_int_equal(trustlist_certificates(list), 4);
    assert_true(record_is_signer(&list->records[0], &list->header));
    assert_false(record_is_signer(&list->records[1], &list->header)); /* the same, but not SAST */
    trustlist_free(list);
    vector_free(file);
}

static void test_tag_28_and_digest_3_are_read(void **state)
{
    (void)state;
    struct bytes file = vector_load("ITLFile-v11-sha512.tlv");
    struct envelope e;
    assert_int_equal(envelope_parse(&e, file, NULL), 0);
    assert_true(e.has_aea);
    assert_int_equal(e.aea_major, 1);
    assert_int_equal(e.aea_minor, 1);
    assert_int_equal(e.digest, DIGEST_SHA512);
    vector_free(file);
}

/* Writing what was read gives the same bytes: order, lengths and padding are CUCM's. */
static void test_every_header_and_record_is_written_as_it_was_read(void **state)
{
    (void)state;
    for (size_t v = 0; v < COUNT(signed_files); v++) {
        struct bytes file = vector_load(signed_files[v]);
        struct envelope e;
        assert_int_equal(envelope_parse(&e, file, NULL), 0);
        struct buffer out;
        struct buffer covered;
        size_t at = 0;
        buffer_init(&out, 65536);
        buffer_init(&covered, 65536);
        struct envelope_spec spec = {.version_major = e.version_major,
                                     .version_minor = e.version_minor,
                                     .has_aea = e.has_aea,
                                     .aea_major = e.aea_major,
                                     .aea_minor = e.aea_minor,
                                     .signer_name = e.signer_name,
                                     .serial = e.serial,
                                     .issuer = e.issuer,
                                     .digest = (enum digest_code)e.digest,
                                     .modulus_size = e.signature.size,
                                     .filename = e.filename,
                                     .has_timestamp = e.has_timestamp,
                                     .timestamp = e.timestamp};
        size_t offset = 0;
        struct tlv element;
        size_t sealing = 0;
        size_t sealing_end = 0;
        while (envelope_next(file, &offset, &element)) {
            if (element.tag == HEADER_SEALING)
                sealing = element.offset;
            if (sealing)
                sealing_end = element.offset + TLV_PREFIX + element.length > sealing_end
                                  ? element.offset + TLV_PREFIX + element.length
                                  : sealing_end;
        }
        if (sealing)
            spec.sealing = bytes_slice(file, sealing, sealing_end - sealing);
        assert_int_equal(envelope_write(&covered, &at, &spec, NULL), 0);
        struct bytes pieces[2];
        envelope_covered(&e, bytes_slice(file, 0, e.header_size), pieces);
        assert_bytes_equal(buffer_bytes(&covered),
                           ((struct bytes){covered.data, pieces[0].size + pieces[1].size}));
        assert_int_equal(at, pieces[0].size);
        assert_int_equal(envelope_insert_signature(&out, buffer_bytes(&covered), at, e.signature),
                         0);
        assert_bytes_equal(buffer_bytes(&out), bytes_slice(file, 0, e.header_size));
        struct envelope again;
        assert_int_equal(envelope_parse_covered(&again, buffer_bytes(&covered), NULL), 0);
        assert_int_equal(again.header_size, e.header_size);
        assert_bytes_equal(again.filename, e.filename);
        buffer_fini(&covered);
        buffer_fini(&out);
        vector_free(file);
    }
    for (size_t v = 0; v < COUNT(lists); v++) {
        struct bytes file = vector_load(lists[v]);
        struct trustlist *list = NULL;
        struct buffer out;
        buffer_init(&out, 65536);
        assert_int_equal(trustlist_parse(&list, file, NULL), 0);
        for (size_t i = 0; i < list->count; i++)
            assert_int_equal(record_write(&out, &list->records[i], NULL), 0);
        assert_bytes_equal(buffer_bytes(&out), envelope_body(&list->header, file));
        buffer_fini(&out);
        trustlist_free(list);
        vector_free(file);
    }
}

/* An exact copy on the heap for each length, so that ASan sees a read past the end. */
static void test_no_truncation_of_any_vector_is_read_past_its_end(void **state)
{
    (void)state;
    for (size_t v = 0; v < COUNT(signed_files); v++) {
        struct bytes whole = vector_load(signed_files[v]);
        for (size_t size = 0; size < whole.size; size++) {
            uint8_t *copy = malloc(size ? size : 1);
            memcpy(copy, whole.data, size);
            struct bytes file = bytes_of(copy, size);
            struct trustlist *list = NULL;
            struct envelope e;
            struct why why = WHY_NONE;
            bool is_list = v < COUNT(lists);
            int result =
                is_list ? trustlist_parse(&list, file, &why) : envelope_parse(&e, file, &why);
            if (is_list && result == 0) {
                /* Cut between two records: a shorter list, which no signature covers. */
                assert_true(list->count < 4);
                trustlist_free(list);
            } else if (is_list || size < 300) {
                assert_true(result < 0);
                assert_non_null(strstr(why.text, "tag") ? why.text : strstr(why.text, "offset"));
            }
            size_t offset = 0;
            struct tlv element;
            while (envelope_next(file, &offset, &element))
                assert_true(element.offset + TLV_PREFIX + element.value.size <= size);
            free(copy);
        }
        vector_free(whole);
    }
}

/* Every length field set to every interesting value: an error or a list, never a read outside. */
static void test_no_wrong_length_is_followed_outside(void **state)
{
    (void)state;
    struct bytes whole = vector_load("CTLFile.tlv");
    uint8_t *copy = malloc(whole.size);
    const uint8_t values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
    for (size_t at = 0; at < whole.size; at++) {
        for (size_t i = 0; i < sizeof values; i++) {
            memcpy(copy, whole.data, whole.size);
            copy[at] = values[i];
            struct trustlist *list = NULL;
            if (trustlist_parse(&list, bytes_of(copy, whole.size), NULL) == 0)
                trustlist_free(list);
        }
    }
    free(copy);
    vector_free(whole);
}

/* Builds a header of raw elements around a HeaderLength that fits. */
static int parse_raw(const char *elements, size_t size, struct why *why)
{
    struct buffer b;
    struct envelope e;
    buffer_init(&b, 65535);
    buffer_append(&b, bytes_of("\x01\x00\x02\x01\x02\x02\x00\x02\x00\x00", 10));
    buffer_append(&b, bytes_of(elements, size));
    buffer_set_u16be(&b, 8, (uint16_t)b.size);
    int result = envelope_parse(&e, buffer_bytes(&b), why);
    buffer_fini(&b);
    return result;
}

#define SIGNER                                                \
    "\x03\x00\x0f\x04\x00\x02s\0\x05\x00\x01\x77\x06\x00\x03" \
    "ca\0"
#define METHOD             "\x07\x00\x0f\x08\x00\x01\x01\x09\x00\x08\x0a\x00\x01\x00\x0b\x00\x01\x00"
#define SIXTEEN            "0123456789abcdef"
#define SIGNATURE          "\x0c\x00\x40" SIXTEEN SIXTEEN SIXTEEN SIXTEEN
#define RAW(elements, why) parse_raw(elements, sizeof(elements) - 1, why)

static void test_the_rules_of_a_header_are_kept(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    assert_int_equal(RAW(SIGNER METHOD SIGNATURE, &why), 0);
    assert_int_equal(RAW(SIGNER METHOD SIGNATURE "\x0d\x0d\x0d", &why), 0); /* padding */
    /* unknown tags are skipped, wherever they stand */
    assert_int_equal(RAW("\x63\x00\x02hi" SIGNER METHOD SIGNATURE "\x1d\x00\x00", &why), 0);
    /* certutils' inner order 4, 6, 5 */
    assert_int_equal(RAW("\x03\x00\x0f\x04\x00\x02s\0\x06\x00\x03"
                         "ca\0\x05\x00\x01\x77" METHOD SIGNATURE,
                         &why),
                     0);
    const struct {
        const char *elements;
        size_t size;
        int error;
        const char *says;
    } bad[] = {
#define BAD(elements, error, says) {elements, sizeof(elements) - 1, error, says}
        BAD(SIGNER METHOD, ERR_FORMAT, "tag 12: the signature is missing"),
        BAD(METHOD SIGNATURE, ERR_FORMAT, "tag 3"),
        BAD(SIGNER SIGNATURE, ERR_FORMAT, "tag 8"),
        BAD(SIGNER METHOD SIGNATURE SIGNATURE, ERR_DUPLICATE, "tag 12: the tag stands there twice"),
        BAD(SIGNER METHOD "\x0c\x00\x10" SIXTEEN, ERR_FORMAT, "signature of 16 bytes"),
        BAD(SIGNER METHOD SIGNATURE "\x0e\x00\x03"
                                    "abc",
            ERR_FORMAT, "its only NUL"),
        BAD(SIGNER METHOD SIGNATURE "\x0e\x00\x04"
                                    "a\0b\0",
            ERR_FORMAT, "its only NUL"),
        BAD(SIGNER METHOD SIGNATURE "\x0f\x00\x03"
                                    "abc",
            ERR_FORMAT, "length 3 where 4"),
        BAD(SIGNER METHOD SIGNATURE "\x0e\x00\x20"
                                    "abc",
            ERR_TRUNCATED, "length 32"),
        /* an inner element longer than its container */
        BAD("\x03\x00\x0f\x04\x00\x02s\0\x05\x00\x01\x77\x06\x00\x09"
            "ca\0" METHOD SIGNATURE,
            ERR_TRUNCATED, "tag 6"),
        BAD(SIGNER
            "\x07\x00\x0f\x08\x00\x01\x01\x09\x00\x08\x0a\x00\x01\x00\x0b\x00\x01\x04" SIGNATURE,
            ERR_UNSUPPORTED, "modulus code 4"),
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct why reason = WHY_NONE;
        assert_int_equal(parse_raw(bad[i].elements, bad[i].size, &reason), bad[i].error);
        if (!strstr(reason.text, bad[i].says))
            fail_msg("'%s' does not say '%s'", reason.text, bad[i].says);
    }
}

/* Sections 2 and 3 of the protocol page: the lengths that real files print. */
static size_t header_length(size_t name, size_t serial, size_t ca, size_t modulus, const char *file,
                            bool aea, size_t *signer_id)
{
    static char filler[256];
    memset(filler, 'x', sizeof filler);
    struct envelope_spec spec = {.version_major = 1,
                                 .version_minor = 2,
                                 .has_aea = aea,
                                 .signer_name = bytes_of(filler, name - 1),
                                 .serial = bytes_of(filler, serial),
                                 .issuer = bytes_of(filler, ca - 1),
                                 .digest = DIGEST_SHA1,
                                 .modulus_size = modulus,
                                 .filename = bytes_of_string(file),
                                 .has_timestamp = true};
    struct buffer b;
    size_t at;
    buffer_init(&b, 65535);
    assert_int_equal(envelope_write(&b, &at, &spec, NULL), 0);
    size_t offset = 0;
    size_t length = (size_t)b.data[8] << 8 | b.data[9];
    assert_int_equal(b.size + 3 + modulus, length);
    struct envelope e;
    assert_int_equal(envelope_parse_covered(&e, buffer_bytes(&b), NULL), 0);
    /* SIGNERID is the first container; its length is at a fixed place without tag 28 */
    offset = aea ? 15 : 10;
    assert_int_equal(b.data[offset], HEADER_SIGNER_ID);
    *signer_id = (size_t)b.data[offset + 1] << 8 | b.data[offset + 2];
    buffer_fini(&b);
    return length;
}

static void test_header_lengths_are_those_of_real_files(void **state)
{
    (void)state;
    const struct {
        size_t name, serial, ca, modulus, signer_id, length;
    } known[] = {
        {56, 10, 42, 128, 117, 304}, /* eToken */
        {62, 16, 62, 128, 149, 336}, /* tokenless, RSA 1024 */
        {55, 8, 55, 128, 127, 312},  /* a genuine tokenless CTL of 2015 */
        {62, 16, 62, 256, 149, 464}, /* tokenless, RSA 2048 */
        {76, 10, 15, 128, 110, 296}, /* a CallManager certificate signed by a CA */
    };
    for (size_t i = 0; i < COUNT(known); i++) {
        size_t id = 0;
        assert_int_equal(header_length(known[i].name, known[i].serial, known[i].ca,
                                       known[i].modulus, "CTLFile.tlv", false, &id),
                         known[i].length);
        assert_int_equal(id, known[i].signer_id);
    }
    size_t id = 0;
    assert_int_equal(header_length(62, 16, 62, 128, "CTLFile.tlv", true, &id), 340);
}

/* Lengths include the NUL of texts; 0 leaves a tag out. */
static size_t record_length(size_t dns, size_t name, size_t issuer, size_t serial, size_t key,
                            size_t signature, size_t certificate, size_t hash, bool address)
{
    static uint8_t filler[2048];
    memset(filler, 'x', sizeof filler);
    struct trustlist_record r = {.has_role = true};
    if (dns)
        r.dns_name = bytes_of(filler, dns - 1);
    if (name)
        r.subject = bytes_of(filler, name - 1);
    if (issuer)
        r.issuer = bytes_of(filler, issuer - 1);
    if (serial)
        r.serial = bytes_of(filler, serial);
    if (key)
        r.public_key = bytes_of(filler, key);
    if (signature)
        r.signature = bytes_of(filler, signature);
    if (certificate)
        r.certificate = bytes_of(filler, certificate);
    if (hash) {
        r.hash = bytes_of(filler, hash);
        r.has_hash_algorithm = true;
        r.hash_algorithm = 1;
    }
    if (address)
        r.address = bytes_of(filler, 4);
    struct buffer b;
    buffer_init(&b, 65535);
    assert_int_equal(record_write(&b, &r, NULL), 0);
    size_t size = b.size;
    assert_int_equal((size_t)b.data[3] << 8 | b.data[4], size);
    buffer_fini(&b);
    return size;
}

static void test_record_lengths_are_those_of_real_files(void **state)
{
    (void)state;
    const size_t sast = record_length(16, 62, 62, 16, 140, 128, 694, 0, true);
    const size_t capf = record_length(16, 60, 60, 16, 140, 128, 680, 0, true);
    const size_t subscriber = record_length(17, 63, 63, 16, 140, 128, 696, 0, true);
    const size_t rsa2048 = record_length(16, 62, 62, 16, 270, 256, 955, 0, true);
    const size_t token1 = record_length(1, 56, 42, 10, 140, 0, 894, 0, true);
    const size_t token2 = record_length(1, 56, 42, 10, 141, 0, 895, 0, true);
    const size_t token3 = record_length(1, 56, 42, 10, 140, 0, 902, 0, true);
    const size_t old_ccm = record_length(12, 63, 63, 8, 140, 0, 738, 0, true);
    const size_t old_capf = record_length(12, 61, 61, 8, 140, 0, 674, 0, true);
    const size_t capf_13 = record_length(13, 60, 60, 16, 140, 0, 680, 0, true);
    const size_t emptied = record_length(13, 0, 0, 0, 0, 0, 0, 0, true);
    assert_int_equal(sast, 1156);
    assert_int_equal(capf, 1138);
    assert_int_equal(subscriber, 1161);
    assert_int_equal(rsa2048, 1675);
    assert_int_equal(token1, 1178);
    assert_int_equal(token2, 1180);
    assert_int_equal(token3, 1186);
    assert_int_equal(old_ccm, 1059);
    assert_int_equal(old_capf, 991);
    assert_int_equal(capf_13, 1004);
    assert_int_equal(emptied, 33);
    assert_int_equal(record_length(2, 54, 54, 8, 140, 128, 0, 20, false), 441);
    assert_int_equal(record_length(2, 76, 15, 10, 140, 256, 1442, 0, false), 1972);
    assert_int_equal(record_length(13, 62, 62, 16, 140, 0, 694, 0, true), 1022);
    assert_int_equal(record_length(13, 63, 63, 16, 140, 0, 696, 0, true), 1026);
    /* whole files */
    assert_int_equal(304 + token1 + token2 + old_ccm + old_capf, 4712);
    assert_int_equal(336 + sast + sast + capf + subscriber, 4947);
    assert_int_equal(464 + rsa2048 + rsa2048 + capf + subscriber, 6113);
    assert_int_equal(304 + 2 * token3 + 1022 + 1004 + 1026, 5728);
    assert_int_equal(304 + 2 * token3 + emptied + capf_13 + emptied, 3746);
}

static void test_records_are_read_in_any_order_and_any_subset(void **state)
{
    (void)state;
    struct bytes file = vector_load("CTLFile.tlv");
    struct buffer b;
    buffer_init(&b, 65536);
    buffer_append(&b, bytes_slice(file, 0, 288));
    /* certutils: 1, 3, 5, 6, 4; then an unknown tag */
    buffer_append(&b, bytes_of("\x01\x00\x02\x00\x1c\x03\x00\x02s\0\x05\x00\x02i\0\x06\x00\x01\x09"
                               "\x04\x00\x02\x00\x04\x63\x00\x01?",
                               29 - 1));
    /* emptied: 1, 2, 4, 10 */
    buffer_append(
        &b,
        bytes_of(
            "\x01\x00\x02\x00\x15\x02\x00\x01\0\x04\x00\x02\x00\x02\x0a\x00\x04\xc0\x00\x02\x0a",
            21));
    buffer_set_u16be(&b, 288 + 3, 28);
    struct trustlist *list = NULL;
    struct why why = WHY_NONE;
    int result = trustlist_parse(&list, buffer_bytes(&b), &why);
    if (result)
        fail_msg("%s", why_text(&why, result));
    assert_int_equal(list->count, 2);
    assert_int_equal(list->records[0].role, ROLE_CAPF);
    assert_bytes_text(list->records[0].subject, "s");
    assert_null(list->records[0].dns_name.data);
    assert_int_equal(list->records[1].role, ROLE_CCM_TFTP);
    assert_false(record_names_certificate(&list->records[1]));
    assert_bytes_equal(list->records[1].address, bytes_of("\xc0\x00\x02\x0a", 4));
    assert_int_equal(trustlist_certificates(list), 0);
    trustlist_free(list);
    buffer_fini(&b);
    vector_free(file);
}

static void test_a_tag_twice_in_a_record_is_refused_with_its_place(void **state)
{
    (void)state;
    struct bytes file = vector_load("CTLFile.tlv");
    struct buffer b;
    struct why why = WHY_NONE;
    buffer_init(&b, 65536);
    buffer_append(&b, bytes_slice(file, 0, 288));
    buffer_append(&b, bytes_of("\x01\x00\x02\x00\x0f\x04\x00\x02\x00\x04\x04\x00\x02\x00\x04", 15));
    struct trustlist *list = NULL;
    assert_int_equal(trustlist_parse(&list, buffer_bytes(&b), &why), ERR_DUPLICATE);
    assert_string_equal(why.text, "offset 298, tag 4: the tag stands there twice");
    buffer_fini(&b);
    vector_free(file);
}

static void test_more_records_than_anyone_needs_are_refused(void **state)
{
    (void)state;
    struct bytes file = vector_load("CTLFile.tlv");
    struct buffer b;
    buffer_init(&b, TRUSTLIST_READ_MAX);
    buffer_append(&b, bytes_slice(file, 0, 288));
    for (int i = 0; i <= TRUSTLIST_RECORDS_MAX; i++)
        buffer_append(&b, bytes_of("\x01\x00\x02\x00\x05", 5));
    struct trustlist *list = NULL;
    assert_int_equal(trustlist_parse(&list, buffer_bytes(&b), NULL), ERR_LIMIT);
    buffer_fini(&b);
    vector_free(file);
}

static void test_serials_are_compared_without_leading_zeros(void **state)
{
    (void)state;
    struct trustlist_record r = {.issuer = bytes_of_string("i"),
                                 .serial = bytes_of("\0\x81\x02", 3)};
    assert_true(record_is(&r, bytes_of_string("i"), bytes_of("\x81\x02", 2)));
    assert_false(record_is(&r, bytes_of_string("i"), bytes_of("\x81\x03", 2)));
    assert_false(record_is(&r, bytes_of_string("I"), bytes_of("\x81\x02", 2)));
    struct trustlist_record none = {.issuer = bytes_of_string("i")};
    assert_false(record_is(&none, bytes_of_string("i"), bytes_of(NULL, 0)));
}

static void test_roles_have_the_words_of_the_field(void **state)
{
    (void)state;
    uint16_t role = 99;
    assert_string_equal(role_text(0), "System Administrator Security Token");
    assert_string_equal(role_text(2), "CCM+TFTP");
    assert_null(role_text(5));
    assert_int_equal(role_parse(&role, "CCM+tftp"), 0);
    assert_int_equal(role, ROLE_CCM_TFTP);
    assert_int_equal(role_parse(&role, "21"), 0);
    assert_int_equal(role, ROLE_TVS);
    assert_true(role_parse(&role, "token") < 0);
    assert_true(role_parse(&role, "65536") < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_header_of_a_ctl_is_read),
        cmocka_unit_test(test_the_records_of_an_itl_are_read),
        cmocka_unit_test(test_tag_28_and_digest_3_are_read),
        cmocka_unit_test(test_every_header_and_record_is_written_as_it_was_read),
        cmocka_unit_test(test_no_truncation_of_any_vector_is_read_past_its_end),
        cmocka_unit_test(test_no_wrong_length_is_followed_outside),
        cmocka_unit_test(test_the_rules_of_a_header_are_kept),
        cmocka_unit_test(test_header_lengths_are_those_of_real_files),
        cmocka_unit_test(test_record_lengths_are_those_of_real_files),
        cmocka_unit_test(test_records_are_read_in_any_order_and_any_subset),
        cmocka_unit_test(test_a_tag_twice_in_a_record_is_refused_with_its_place),
        cmocka_unit_test(test_more_records_than_anyone_needs_are_refused),
        cmocka_unit_test(test_serials_are_compared_without_leading_zeros),
        cmocka_unit_test(test_roles_have_the_words_of_the_field),
    };
    return RUN(tests);
}
