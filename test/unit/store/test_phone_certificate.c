/* LSCs and MICs, and the list of the revoked. */
#include "backend.h"

#include "store/enrolment.h"

#define OTHER "SEP000000000002"

static struct key *key;
static struct key *second_key;

static int enter_two_phones(void **state)
{
    struct why why = WHY_NONE;
    const struct store_device other = a_phone(OTHER);
    key = a_key("rsa1024.pem");
    second_key = a_key("rsa2048.pem");
    enter(state);
    fill_store();
    assert_done(store_device_add(store, &other, &why));
    return 0;
}

static int leave_two_phones(void **state)
{
    key_free(key);
    key_free(second_key);
    return leave(state);
}

/* ---- a certificate by its last byte of serial: valid from 2024-01-01 for 3650 days ---- */

enum { ENDS = 1704067200 + 3650 * 86400 };

static void der_of(struct buffer *out, char sha256[LIST_HASH], uint8_t last)
{
    struct certificate *c = a_certificate(key, PHONE, last);
    buffer_init(out, CERTIFICATE_DER_MAX);
    buffer_append(out, certificate_der(c));
    assert_int_equal(digest_hex(DIGEST_KIND_SHA256, certificate_der(c), sha256), 0);
    certificate_free(c);
}

static const char *hash_of(uint8_t last)
{
    static char hash[LIST_HASH];
    struct buffer der;
    der_of(&der, hash, last);
    buffer_fini(&der);
    return hash;
}

static int issue(const char *device, uint8_t last, struct why *why)
{
    char hash[LIST_HASH];
    struct buffer der;
    der_of(&der, hash, last);
    int result = store_lsc_issue(store, device, buffer_bytes(&der), 1000 + last, why);
    buffer_fini(&der);
    return result;
}

static int put_mic(const char *device, uint8_t last, bool *learned, struct why *why)
{
    char hash[LIST_HASH];
    struct buffer der;
    der_of(&der, hash, last);
    int result = store_mic_put(store, device, buffer_bytes(&der), 2000 + last, learned, why);
    buffer_fini(&der);
    return result;
}

static int append(void *context, const struct store_phone_certificate *c)
{
    assert_true(c->der.size > 100);
    buffer_format(context, "%s%c%c ", c->serial + 30, c->kind == PHONE_LSC ? 'L' : 'M',
                  "pArRd"[c->state]);
    return 0;
}

/* As "serial kind state", the newest first: p pending, A active, r retired, R revoked, d dropped.
 */
static void assert_has(const char *device, const char *expected)
{
    struct buffer b;
    buffer_init(&b, 1000);
    assert_int_equal(store_phone_certificates(store, device, append, &b), 0);
    assert_string_equal(buffer_string(&b), expected);
    buffer_fini(&b);
}

static uint64_t revision(enum store_area area)
{
    uint64_t numbers[AREA_COUNT];
    assert_int_equal(store_revisions(store, numbers), 0);
    return numbers[area];
}

/* ---- LSCs ---- */

static void test_an_lsc_is_pending_until_the_phone_keeps_it(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    assert_done(issue(PHONE, 1, &why));
    assert_has(PHONE, "01Lp ");
    assert_done(store_lsc_confirm(store, PHONE, hash_of(1), 1100, &why));
    assert_has(PHONE, "01LA ");
    assert_done(issue(PHONE, 2, &why));
    assert_has(PHONE, "02Lp 01LA ");
    uint64_t before = revision(AREA_PHONE_CERTIFICATES);
    assert_done(store_lsc_confirm(store, PHONE, hash_of(2), 1200, &why));
    assert_has(PHONE, "02LA 01Lr ");
    assert_int_equal(revision(AREA_PHONE_CERTIFICATES), before + 1);
    assert_done(store_lsc_confirm(store, PHONE, hash_of(2), 1300, &why)); /* once more */
    assert_int_equal(revision(AREA_PHONE_CERTIFICATES), before + 1);
    assert_refused(store_lsc_confirm(store, PHONE, hash_of(1), 1300, &why), ERR_CONFLICT,
                   "replaced by one that it has confirmed");
    assert_refused(store_lsc_confirm(store, OTHER, hash_of(2), 1300, &why), ERR_NOT_FOUND, OTHER);
    assert_refused(store_lsc_confirm(store, PHONE, hash_of(9), 1300, &why), ERR_NOT_FOUND, "");
    assert_has(PHONE, "02LA 01Lr ");
}

static void test_a_refused_lsc_is_dropped_and_the_old_one_stays_active(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct store_phone_certificate c;
    assert_done(issue(PHONE, 1, &why));
    assert_done(store_lsc_confirm(store, PHONE, hash_of(1), 1100, &why));
    assert_done(issue(PHONE, 2, &why));
    assert_done(store_lsc_drop(store, PHONE, hash_of(2), &why));
    assert_has(PHONE, "02Ld 01LA ");
    assert_refused(store_lsc_drop(store, PHONE, hash_of(1), &why), ERR_CONFLICT, "not pending");
    assert_refused(store_lsc_confirm(store, PHONE, hash_of(2), 1300, &why), ERR_CONFLICT,
                   "refused");
    assert_done(store_phone_certificate_recognise(store, hash_of(2), 1400, &c, &why));
    assert_int_equal(c.state, PHONE_DROPPED); /* it said no: saying yes takes a new enrolment */
    store_phone_certificate_fini(&c);
    assert_has(PHONE, "02Ld 01LA ");
}

static void test_a_pending_lsc_that_the_phone_presents_becomes_active(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct store_phone_certificate c;
    assert_done(issue(PHONE, 1, &why));
    assert_done(store_lsc_confirm(store, PHONE, hash_of(1), 1100, &why));
    assert_done(issue(PHONE, 2, &why));
    uint64_t before = revision(AREA_PHONE_CERTIFICATES);
    /* the old one is still what it presents: nothing changes */
    assert_done(store_phone_certificate_recognise(store, hash_of(1), 1400, &c, &why));
    assert_int_equal(c.state, PHONE_ACTIVE);
    store_phone_certificate_fini(&c);
    assert_int_equal(revision(AREA_PHONE_CERTIFICATES), before);
    assert_done(store_phone_certificate_recognise(store, hash_of(2), 1500, &c, &why));
    assert_int_equal(c.state, PHONE_ACTIVE);
    assert_int_equal(c.confirmed, 1500);
    assert_string_equal(c.device, PHONE);
    store_phone_certificate_fini(&c);
    assert_has(PHONE, "02LA 01Lr ");
    assert_int_equal(revision(AREA_PHONE_CERTIFICATES), before + 1);
    assert_refused(store_phone_certificate_recognise(store, hash_of(9), 1, &c, &why), ERR_NOT_FOUND,
                   "no such certificate");
}

/* It stored the first, vanished, was given a second and vanished before it could store that. */
static void test_one_replaced_while_pending_can_still_be_what_the_phone_has(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct store_phone_certificate c;
    assert_done(issue(PHONE, 1, &why));
    assert_done(issue(PHONE, 2, &why));
    assert_has(PHONE, "02Lp 01Lr ");
    assert_done(store_phone_certificate_recognise(store, hash_of(1), 1500, &c, &why));
    store_phone_certificate_fini(&c);
    assert_has(PHONE, "02Lp 01LA ");
    assert_done(store_lsc_confirm(store, PHONE, hash_of(2), 1600, &why));
    assert_has(PHONE, "02LA 01Lr ");
    assert_done(issue(PHONE, 3, &why));
    assert_done(issue(PHONE, 4, &why));
    assert_done(store_lsc_confirm(store, PHONE, hash_of(4), 1700, &why));
    /* but never once a later one was confirmed */
    assert_done(store_phone_certificate_recognise(store, hash_of(3), 1800, &c, &why));
    assert_int_equal(c.state, PHONE_RETIRED);
    store_phone_certificate_fini(&c);
    assert_has(PHONE, "04LA 03Lr 02Lr 01Lr ");
}

static void test_an_lsc_is_read_as_it_was_issued_by_hash_serial_and_phone(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct store_phone_certificate c;
    struct store_device device;
    char md5[PHONE_MD5];
    struct buffer der;
    char hash[LIST_HASH];
    der_of(&der, hash, 1);
    assert_done(issue(PHONE, 1, &why));
    assert_int_equal(store_device_get(store, PHONE, &device), 0);
    assert_int_equal(device.lsc.id, 0); /* pending: the file is sealed for the active one */
    assert_done(store_lsc_confirm(store, PHONE, hash, 1100, &why));
    assert_int_equal(store_phone_certificate_get(store, hash, &c), 0);
    assert_bytes_equal(buffer_bytes(&c.der), buffer_bytes(&der));
    assert_string_equal(c.serial, "01000000000000000000000000000001");
    assert_string_equal(c.subject, "CN=" PHONE);
    assert_string_equal(c.issuer, "CN=" PHONE);
    assert_int_equal(c.not_before, 1704067200);
    assert_int_equal(c.not_after, ENDS);
    assert_int_equal(c.key_kind, KEY_RSA);
    assert_int_equal(c.key_bits, 1024);
    assert_int_equal(c.created, 1001);
    assert_int_equal(c.confirmed, 1100);
    assert_int_equal(digest_hex(DIGEST_KIND_MD5, buffer_bytes(&der), md5), 0);
    assert_string_equal(c.md5, md5);
    store_phone_certificate_fini(&c);
    assert_int_equal(store_lsc_by_serial(store, "01000000000000000000000000000001", &c), 0);
    assert_string_equal(c.sha256, hash);
    store_phone_certificate_fini(&c);
    assert_int_equal(store_phone_certificate_of(store, PHONE, PHONE_LSC, PHONE_ACTIVE, &c), 0);
    assert_string_equal(c.sha256, hash);
    store_phone_certificate_fini(&c);
    assert_int_equal(store_phone_certificate_of(store, PHONE, PHONE_LSC, PHONE_PENDING, &c),
                     ERR_NOT_FOUND);
    assert_int_equal(store_device_get(store, PHONE, &device), 0);
    assert_true(device.lsc.id > 0);
    assert_string_equal(device.lsc.md5, md5);
    assert_int_equal(device.lsc.key_bits, 1024);
    assert_int_equal(device.mic.id, 0);
    buffer_fini(&der);
}

static void test_what_cannot_be_issued_changes_nothing(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    assert_done(issue(PHONE, 1, &why));
    assert_refused(issue(OTHER, 1, &why), ERR_DUPLICATE, "known already");
    assert_refused(issue("SEP0000000000FF", 2, &why), ERR_NOT_FOUND, "SEP0000000000FF");
    assert_refused(store_lsc_issue(store, PHONE, bytes_of_string("no DER"), 1, &why), ERR_FORMAT,
                   "");
    /* the pending one of the phone that failed is what it was */
    assert_done(issue(OTHER, 2, &why));
    assert_refused(issue(OTHER, 1, &why), ERR_DUPLICATE, "known already");
    assert_has(PHONE, "01Lp ");
    assert_has(OTHER, "02Lp ");
}

static void test_a_public_key_is_known_again_in_any_certificate(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct certificate *c = a_certificate(second_key, "x", 1);
    struct buffer spki;
    char hash[LIST_HASH], device[DEVICE_NAME];
    bool known = true;
    buffer_init(&spki, 4096);
    assert_int_equal(certificate_spki(&spki, c), 0);
    assert_int_equal(digest_hex(DIGEST_KIND_SHA256, buffer_bytes(&spki), hash), 0);
    assert_done(issue(OTHER, 1, &why));
    assert_int_equal(store_phone_key_known(store, hash, &known, device), 0);
    assert_false(known);
    assert_done(store_lsc_issue(store, PHONE, certificate_der(c), 5, &why));
    assert_done(store_lsc_delete(store, PHONE, &why));
    assert_int_equal(store_phone_key_known(store, hash, &known, device), 0);
    assert_true(known);
    assert_string_equal(device, PHONE);
    certificate_free(c);
    buffer_fini(&spki);
}

static void test_a_deleted_lsc_is_gone_for_good(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct store_phone_certificate c;
    assert_done(store_lsc_delete(store, PHONE, &why)); /* none is fine */
    assert_done(issue(PHONE, 1, &why));
    assert_done(store_lsc_confirm(store, PHONE, hash_of(1), 1100, &why));
    assert_done(issue(PHONE, 2, &why));
    assert_done(issue(PHONE, 3, &why));
    assert_done(store_lsc_delete(store, PHONE, &why));
    assert_has(PHONE, "03Ld 02Ld 01Lr ");
    for (uint8_t i = 1; i <= 3; i++) {
        assert_done(store_phone_certificate_recognise(store, hash_of(i), 9, &c, &why));
        assert_int_not_equal(c.state, PHONE_ACTIVE);
        store_phone_certificate_fini(&c);
    }
    assert_refused(store_lsc_delete(store, "SEP0000000000FF", &why), ERR_NOT_FOUND, "device");
}

static void test_lscs_outlive_their_phone_so_that_they_can_be_revoked(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct store_phone_certificate c;
    bool learned = false;
    assert_done(issue(PHONE, 1, &why));
    assert_done(store_lsc_confirm(store, PHONE, hash_of(1), 1100, &why));
    assert_done(issue(PHONE, 2, &why));
    assert_done(put_mic(PHONE, 3, &learned, &why));
    assert_done(store_device_delete(store, PHONE, &why));
    assert_has(NULL, "02Ld 01Lr ");
    const struct store_device again = a_phone(PHONE);
    assert_done(store_device_add(store, &again, &why));
    assert_has(PHONE, ""); /* another phone of that name does not inherit them */
    assert_done(store_phone_certificate_recognise(store, hash_of(2), 9, &c, &why));
    assert_int_equal(c.state, PHONE_DROPPED);
    assert_string_equal(c.device, PHONE);
    store_phone_certificate_fini(&c);
    assert_done(store_lsc_revoke(store, "01000000000000000000000000000001", 5, 7, &why));
    assert_has(NULL, "02Ld 01LR ");
    assert_done(put_mic(PHONE, 3, &learned, &why));
    assert_true(learned);
}

/* ---- MICs ---- */

static void test_a_mic_is_learned_once_and_belongs_to_one_phone(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct store_device device;
    bool learned = false;
    assert_done(put_mic(PHONE, 1, &learned, &why));
    assert_true(learned);
    uint64_t before = revision(AREA_PHONE_CERTIFICATES);
    assert_done(put_mic(PHONE, 1, &learned, &why));
    assert_false(learned);
    assert_int_equal(revision(AREA_PHONE_CERTIFICATES), before);
    assert_refused(put_mic(OTHER, 1, &learned, &why), ERR_DUPLICATE, "the MIC of " PHONE);
    assert_done(put_mic(PHONE, 2, &learned, &why)); /* its board was replaced */
    assert_has(PHONE, "02MA 01Mr ");
    assert_done(put_mic(PHONE, 1, &learned, &why)); /* and came back */
    assert_true(learned);
    assert_has(PHONE, "02Mr 01MA ");
    assert_done(issue(PHONE, 3, &why));
    assert_refused(put_mic(OTHER, 3, &learned, &why), ERR_DUPLICATE, "an LSC of " PHONE);
    assert_int_equal(store_device_get(store, PHONE, &device), 0);
    assert_true(device.mic.id > 0);
    assert_int_equal(device.lsc.id, 0);
    assert_refused(store_lsc_revoke(store, "01000000000000000000000000000001", 0, 1, &why),
                   ERR_NOT_FOUND, "by its issuer only");
}

/* ---- how phones stand ---- */

static int append_lsc(void *context, const struct store_lsc *lsc)
{
    buffer_format(context, "%s:%s ", lsc->device + 14, store_lsc_state_name(lsc->state));
    return 0;
}

static void assert_stand(int64_t now, const char *expected)
{
    struct buffer b;
    buffer_init(&b, 1000);
    assert_int_equal(store_lscs(store, NULL, now, 30 * 86400, append_lsc, &b), 0);
    assert_string_equal(buffer_string(&b), expected);
    buffer_fini(&b);
}

static void test_phones_are_told_apart_by_how_their_lsc_stands(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct buffer b;
    assert_stand(ENDS, "1:none 2:none ");
    assert_done(issue(PHONE, 1, &why));
    assert_stand(ENDS, "1:pending 2:none ");
    assert_done(store_lsc_confirm(store, PHONE, hash_of(1), 1100, &why));
    assert_done(issue(PHONE, 2, &why)); /* being renewed does not hide what it has */
    assert_stand(ENDS - 30 * 86400 - 1, "1:valid 2:none ");
    assert_stand(ENDS - 30 * 86400, "1:expiring 2:none ");
    assert_stand(ENDS - 1, "1:expiring 2:none ");
    assert_stand(ENDS, "1:expired 2:none ");
    buffer_init(&b, 100);
    assert_int_equal(store_lscs(store, PHONE, ENDS, 0, append_lsc, &b), 0);
    assert_string_equal(buffer_string(&b), "1:expired ");
    buffer_fini(&b);
}

/* ---- revocation ---- */

static int append_revoked(void *context, const struct store_revoked *revoked)
{
    buffer_format(context, "%s:%u@%lld ", revoked->serial + 30, revoked->reason,
                  (long long)revoked->time);
    return 0;
}

static int64_t assert_revoked(int64_t now, const char *expected)
{
    struct buffer b;
    int64_t through = -1;
    buffer_init(&b, 1000);
    assert_int_equal(store_revocations(store, "CN=" PHONE, now, append_revoked, &b, &through), 0);
    assert_string_equal(buffer_string(&b), expected);
    buffer_fini(&b);
    return through;
}

static void test_the_revoked_are_listed_until_they_expire(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct store_phone_certificate c;
    int64_t through = -1;
    assert_int_equal(assert_revoked(0, ""), 0);
    assert_done(issue(PHONE, 2, &why));
    assert_done(store_lsc_confirm(store, PHONE, hash_of(2), 1, &why));
    assert_done(issue(OTHER, 1, &why));
    uint64_t before = revision(AREA_CRL);
    assert_done(store_lsc_revoke(store, "01000000000000000000000000000002", 1, 70, &why));
    assert_done(store_lsc_revoke(store, "01000000000000000000000000000001", 4, 60, &why));
    assert_done(store_lsc_revoke(store, "01000000000000000000000000000002", 0, 99, &why));
    assert_int_equal(revision(AREA_CRL), before + 2); /* said again it is nothing new */
    assert_int_equal(assert_revoked(100, "02:1@70 01:4@60 "), 2);
    assert_int_equal(assert_revoked(ENDS, ""), 2);
    assert_int_equal(store_revocations(store, "CN=else", 1, append_revoked, NULL, &through), 0);
    assert_int_equal(through, 0);
    assert_has(PHONE, "02LR ");
    assert_refused(store_lsc_confirm(store, OTHER, hash_of(1), 1, &why), ERR_POLICY, "revoked");
    assert_done(store_phone_certificate_recognise(store, hash_of(1), 1, &c, &why));
    assert_int_equal(c.state, PHONE_REVOKED);
    store_phone_certificate_fini(&c);
    assert_refused(store_lsc_revoke(store, "01000000000000000000000000000001", 8, 1, &why),
                   ERR_USAGE, "8 is no reason");
    assert_refused(store_lsc_revoke(store, "ff", 0, 1, &why), ERR_NOT_FOUND, "ff");
}

static int append_hash(void *context, const char *sha256)
{
    buffer_text(context, sha256);
    return 0;
}

static void test_the_hashes_of_revoked_ones_are_all_there_is_to_know_at_a_door(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct buffer b;
    buffer_init(&b, 1000);
    assert_done(issue(PHONE, 2, &why));
    assert_done(issue(OTHER, 1, &why));
    assert_int_equal(store_revoked(store, append_hash, &b), 0);
    assert_int_equal(b.size, 0);
    assert_done(store_lsc_revoke(store, "01000000000000000000000000000001", 4, 60, &why));
    assert_int_equal(store_revoked(store, append_hash, &b), 0);
    assert_string_equal(buffer_string(&b), hash_of(1));
    buffer_fini(&b);
}

static int publish(int64_t number, int64_t from, int64_t to, int64_t through, struct why *why)
{
    struct store_crl crl = {.issuer = "CN=" PHONE,
                            .issuer_serial = "aa",
                            .number = number,
                            .this_update = from,
                            .next_update = to,
                            .through = through};
    buffer_init(&crl.der, 100);
    buffer_format(&crl.der, "crl %lld", (long long)number);
    int result = store_crl_publish(store, &crl, why);
    store_crl_fini(&crl);
    return result;
}

static void assert_due(const char *serial, int64_t now, bool expected, int64_t next)
{
    bool due = !expected;
    int64_t number = -1;
    assert_int_equal(store_crl_due(store, "CN=" PHONE, serial, now, 10, &due, &number), 0);
    assert_int_equal(due, expected);
    assert_int_equal(number, next);
}

static void test_a_new_crl_is_due_when_something_it_lacks_has_happened(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct store_crl crl;
    assert_int_equal(store_crl_get(store, "CN=" PHONE, &crl), ERR_NOT_FOUND);
    assert_due("aa", 100, true, 1);
    assert_done(publish(1, 100, 200, 0, &why));
    assert_due("aa", 100, false, 2);
    assert_due("aa", 189, false, 2);
    assert_due("aa", 190, true, 2); /* it ends within the margin */
    assert_due("aa", 99, true, 2);  /* it begins in what is the future now */
    assert_due("bb", 100, true, 2); /* another key issues now */
    assert_done(issue(PHONE, 1, &why));
    assert_due("aa", 100, false, 2);
    assert_done(store_lsc_revoke(store, "01000000000000000000000000000001", 1, 100, &why));
    assert_due("aa", 100, true, 2); /* in the very second of the list, too */
    assert_done(publish(2, 100, 200, assert_revoked(100, "01:1@100 "), &why));
    assert_due("aa", 100, false, 3);
    assert_refused(publish(2, 101, 300, 1, &why), ERR_CONFLICT, "published meanwhile");
    assert_int_equal(store_crl_get(store, "CN=" PHONE, &crl), 0);
    assert_int_equal(crl.number, 2);
    assert_int_equal(crl.next_update, 200);
    assert_int_equal(crl.through, 1);
    assert_string_equal(crl.issuer_serial, "aa");
    assert_bytes_text(buffer_bytes(&crl.der), "crl 2");
    store_crl_fini(&crl);
    struct store_crl empty = {.issuer = "CN=x", .number = 1};
    assert_refused(store_crl_publish(store, &empty, &why), ERR_LIMIT, "0 bytes");
}

/* ---- by the database alone ---- */

static void explain(struct buffer *out, const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_open_v2(where, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW)
        buffer_format(out, "%s;", (const char *)sqlite3_column_text(statement, 3));
    sqlite3_finalize(statement);
    sqlite3_close(db);
}

static int append_crl(void *context, const struct store_crl *crl)
{
    buffer_format(context, "%s#%lld ", crl->issuer, (long long)crl->number);
    return crl->der.size ? 0 : ERR_FORMAT;
}

static void assert_crls(int64_t now, const char *expected)
{
    struct buffer b;
    buffer_init(&b, 1000);
    assert_int_equal(store_crls(store, now, append_crl, &b), 0);
    assert_string_equal(buffer_string(&b), expected);
    buffer_fini(&b);
}

static void test_a_crl_counts_as_long_as_it_holds_or_an_lsc_of_its_issuer_does(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    bool left = true;
    assert_int_equal(store_lsc_left(store, "CN=" PHONE, 100, &left), 0);
    assert_false(left);
    assert_done(publish(1, 100, 200, 0, &why));
    assert_crls(199, "CN=" PHONE "#1 ");
    assert_crls(200, "");
    assert_done(issue(PHONE, 1, &why));
    assert_done(store_lsc_delete(store, PHONE, &why)); /* a phone says so: it may have it still */
    assert_crls(200, "CN=" PHONE "#1 ");
    assert_crls(ENDS, "");
    assert_int_equal(store_lsc_left(store, "CN=" PHONE, ENDS - 1, &left), 0);
    assert_true(left);
    assert_int_equal(store_lsc_left(store, "CN=" PHONE, ENDS, &left), 0);
    assert_false(left);
    assert_int_equal(store_lsc_left(store, "CN=else", 1, &left), 0);
    assert_false(left);
}

static void test_what_tftp_asks_for_each_file_is_found_by_an_index(void **state)
{
    (void)state;
    if (!backend()->on_our_disk)
        skip();
    struct buffer b;
    buffer_init(&b, 4000);
    explain(&b, "EXPLAIN QUERY PLAN SELECT l.md5 FROM phone d LEFT JOIN phone_certificate l"
                " ON l.phone = d.id AND l.kind = 1 AND l.state = 1 WHERE d.name = $1");
    assert_non_null(strstr(buffer_string(&b), "phone_certificate_one_active (phone=? AND kind=?)"));
    assert_null(strstr(buffer_string(&b), "SCAN"));
    buffer_fini(&b);
}

static void test_the_database_itself_allows_one_active_and_one_pending(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    assert_done(issue(PHONE, 1, &why));
    assert_done(issue(PHONE, 2, &why));
    store_close(store);
    struct db *db = NULL;
    assert_done(backend()->driver->open(&db, where, STORE_WRITE, &why));
    assert_int_equal(
        db->driver->run(db, "UPDATE phone_certificate SET state = 0 WHERE id = 1", NULL),
        ERR_DUPLICATE);
    assert_done(db->driver->run(db, "UPDATE phone_certificate SET state = 1 WHERE id = 1", &why));
    assert_int_equal(
        db->driver->run(db, "UPDATE phone_certificate SET state = 1 WHERE id = 2", NULL),
        ERR_DUPLICATE);
    db->driver->close(db);
    store = open_store(STORE_WRITE);
    assert_has(PHONE, "02Lp 01LA ");
}

/* ---- observed ---- */

static int see(void *context, const struct store_observation *o)
{
    assert_int_equal(o->kind, OBSERVED_ENROLMENT);
    assert_int_equal(o->transport, TRANSPORT_CAPF);
    assert_string_equal(o->file, "install: success");
    ++*(int *)context;
    return 0;
}

static void test_a_session_is_observed_with_what_it_changed(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    int count = 0;
    struct store_observation seen = {.device = PHONE,
                                     .address = "192.0.2.9",
                                     .time = 1000,
                                     .kind = OBSERVED_ENROLMENT,
                                     .transport = TRANSPORT_CAPF,
                                     .file = "install: success",
                                     .complete = true};
    assert_done(issue(PHONE, 1, &why));
    for (int i = 0; i < 2; i++) {
        assert_done(store_begin(store, &why));
        assert_done(store_lsc_confirm(store, PHONE, hash_of(1), 1000, &why));
        assert_done(store_observe(store, &seen, 1, &why));
        if (i == 0)
            store_rollback(store);
        else
            assert_done(store_commit(store, &why));
        assert_has(PHONE, i == 0 ? "01Lp " : "01LA ");
    }
    assert_int_equal(store_observations(store, PHONE, 9, see, &count), 0);
    assert_int_equal(count, 1);
}

int main(void)
{
#define TWO(test) cmocka_unit_test_setup_teardown(test, enter_two_phones, leave_two_phones)
    const struct CMUnitTest tests[] = {
        TWO(test_an_lsc_is_pending_until_the_phone_keeps_it),
        TWO(test_a_refused_lsc_is_dropped_and_the_old_one_stays_active),
        TWO(test_a_pending_lsc_that_the_phone_presents_becomes_active),
        TWO(test_one_replaced_while_pending_can_still_be_what_the_phone_has),
        TWO(test_an_lsc_is_read_as_it_was_issued_by_hash_serial_and_phone),
        TWO(test_what_cannot_be_issued_changes_nothing),
        TWO(test_a_public_key_is_known_again_in_any_certificate),
        TWO(test_a_deleted_lsc_is_gone_for_good),
        TWO(test_lscs_outlive_their_phone_so_that_they_can_be_revoked),
        TWO(test_a_mic_is_learned_once_and_belongs_to_one_phone),
        TWO(test_phones_are_told_apart_by_how_their_lsc_stands),
        TWO(test_the_revoked_are_listed_until_they_expire),
        TWO(test_the_hashes_of_revoked_ones_are_all_there_is_to_know_at_a_door),
        TWO(test_a_new_crl_is_due_when_something_it_lacks_has_happened),
        TWO(test_a_crl_counts_as_long_as_it_holds_or_an_lsc_of_its_issuer_does),
        TWO(test_what_tftp_asks_for_each_file_is_found_by_an_index),
        TWO(test_the_database_itself_allows_one_active_and_one_pending),
        TWO(test_a_session_is_observed_with_what_it_changed),
    };
    return RUN(tests);
}
