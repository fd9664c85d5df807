/* What CAPF asks of a real signer process: LSCs, CRLs, MACs of strings, its identity. */
#include "support.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "net/loop.h"
#include "signer/process.h"
#include "signer/protocol.h"

#include <fcntl.h>
#include <openssl/hmac.h>
#include <openssl/x509.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEVICE "SEP001122334455"
#define DAY    86400

static char dir[1024];
static pid_t process;
static int control;
static struct signer *ends[SIGNER_ROLE_COUNT];
static struct certificate *capf; /* RSA 2048, a CA of today */
static char serial[80];
static struct buffer spki; /* of a phone: RSA 2048 */

static void start(void)
{
    int pair[2];
    assert_int_equal(channel_pair(pair), 0);
    fflush(NULL);
    process = fork();
    assert_true(process >= 0);
    if (process == 0) {
        close(pair[0]);
        char log[FILE_PATH];
        text_format(log, sizeof log, "%s/../signer-log", dir);
        int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
        dup2(fd, STDERR_FILENO);
        _exit(signer_process(dir, pair[1], -1));
    }
    close(pair[1]);
    control = pair[0];
    for (uint8_t role = 0; role < SIGNER_ROLE_COUNT; role++) {
        int client[2];
        assert_int_equal(channel_pair(client), 0);
        assert_int_equal(channel_send(control, bytes_of(&role, 1), &client[1], 1), 0);
        close(client[1]);
        assert_int_equal(signer_new(&ends[role], client[0]), 0);
    }
}

static int stop(int number)
{
    int status = -1;
    if (number)
        kill(process, number);
    for (size_t role = 0; role < SIGNER_ROLE_COUNT; role++) {
        signer_free(ends[role]);
        ends[role] = NULL;
    }
    close(control);
    waitpid(process, &status, 0);
    return status;
}

static void spki_of(struct buffer *out, const char *pool)
{
    struct certificate *c = NULL;
    buffer_init(out, 4096);
    assert_int_equal(certificate_load(&c, vector_path(pool), NULL), 0);
    assert_int_equal(certificate_spki(out, c), 0);
    certificate_free(c);
}

static void make_capf(unsigned days)
{
    struct why why = WHY_NONE;
    const struct key_spec spec = {KEY_RSA, 2048};
    const struct certificate_template t = {
        .use = USE_CA,
        .subject = {.common_name = "CAPF-00c0ffee", .organization = "Example", .country = "XX"},
        .not_before = clock_wall() - DAY,
        .days = days};
    certificate_free(capf);
    capf = NULL;
    int result = signer_create(ends[SIGNER_CLUSTER], &capf, KEY_CAPF, &spec, &t, &why);
    if (result)
        fail_msg("%s", why_text(&why, result));
    text_hex(serial, sizeof serial, certificate_serial(capf), false, 0);
}

static char base[1024];

static int enter(void **state)
{
    (void)state;
    temporary_make(base);
    assert_true(text_format(dir, sizeof dir, "%s/keys", base));
    assert_int_equal(file_mkdir(dir, 0700, NULL), 0);
    spki_of(&spki, "pool/rsa2048.pem");
    start();
    make_capf(1000);
    return 0;
}

static int leave(void **state)
{
    (void)state;
    int status = stop(0);
    certificate_free(capf);
    capf = NULL;
    buffer_fini(&spki);
    temporary_remove(base);
    assert_int_equal(status, 0); /* it ends by itself, and without a complaint of ASan's */
    return 0;
}

static struct signer_lsc an_lsc(void)
{
    return (struct signer_lsc){.issuer = serial,
                               .device = DEVICE,
                               .subject = LSC_SUBJECT_DEFAULT,
                               .issuer_attributes = true,
                               .days = 365,
                               .digest = DIGEST_KIND_SHA256,
                               .asked = {KEY_RSA, 2048},
                               .spki = buffer_bytes(&spki)};
}

static struct signer_counters counters(void)
{
    struct signer_counters c;
    assert_int_equal(signer_counters(ends[SIGNER_CLUSTER], &c, NULL), 0);
    return c;
}

/* ---- LSCs ---- */

static void test_an_lsc_is_issued_for_the_key_and_the_name_that_were_asked(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct certificate *lsc = NULL, *again = NULL;
    struct buffer found;
    struct signer_lsc ask = an_lsc();
    buffer_init(&found, 4096);
    int result = signer_issue(ends[SIGNER_CAPF], &lsc, &ask, &why);
    if (result)
        fail_msg("%s", why_text(&why, result));
    assert_string_equal(certificate_subject(lsc), "CN=" DEVICE ";O=Example;C=XX");
    assert_string_equal(certificate_issuer(lsc), certificate_subject(capf));
    assert_int_equal(certificate_spki(&found, lsc), 0);
    assert_bytes_equal(buffer_bytes(&found), buffer_bytes(&spki));
    assert_int_equal(certificate_not_after(lsc) - certificate_not_before(lsc), 365 * DAY);
    assert_int_equal(certificate_verify_chain(lsc, NULL, 0, &capf, 1, clock_wall() + 60, NULL), 0);
    assert_false(certificate_may_sign_certificates(lsc));
    assert_int_equal(signer_issue(ends[SIGNER_CAPF], &again, &ask, NULL), 0);
    assert_false(bytes_equal(certificate_serial(lsc), certificate_serial(again)));
    assert_int_equal(counters().issued, 2);
    certificate_free(lsc);
    certificate_free(again);
    buffer_fini(&found);
}

static void test_an_lsc_does_not_outlive_its_issuer(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct certificate *lsc = NULL;
    struct signer_lsc ask = an_lsc();
    ask.days = 3650;
    assert_int_equal(signer_issue(ends[SIGNER_CAPF], &lsc, &ask, NULL), 0);
    assert_true(certificate_not_after(lsc) <= certificate_not_after(capf));
    assert_true(certificate_not_after(lsc) > certificate_not_after(capf) - 2 * DAY);
    certificate_free(lsc);
    make_capf(1); /* made a day ago: it ends now */
    assert_int_equal(signer_issue(ends[SIGNER_CAPF], &lsc, &ask, &why), ERR_POLICY);
    assert_non_null(strstr(why.text, "regenerate"));
}

static void refuse(struct signer_lsc ask, int error, const char *words)
{
    struct why why = WHY_NONE;
    struct certificate *lsc = NULL;
    assert_int_equal(signer_issue(ends[SIGNER_CAPF], &lsc, &ask, &why), error);
    if (!strstr(why.text, words))
        fail_msg("\"%s\" does not say \"%s\"", why.text, words);
    assert_null(lsc);
}

static void test_keys_that_are_not_what_was_asked_are_refused_and_counted(void **state)
{
    (void)state;
    struct signer_lsc ask = an_lsc();
    struct buffer ec, weak;
    const struct signer_counters before = counters();
    spki_of(&ec, "pool/ec256.pem");
    ask.asked.bits = 3072;
    refuse(ask, ERR_POLICY, "3072");
    ask = an_lsc();
    ask.spki = buffer_bytes(&ec);
    refuse(ask, ERR_POLICY, "P-256");
    ask.spki = bytes_of_string("no key at all");
    refuse(ask, ERR_FORMAT, "");
    ask.spki = bytes_slice(buffer_bytes(&spki), 0, 200);
    refuse(ask, ERR_FORMAT, "");
    buffer_init(&weak, 4096);
    buffer_append(&weak, buffer_bytes(&spki));
    weak.data[weak.size - 3] = 0; /* the exponent 65537 becomes 1 */
    weak.data[weak.size - 2] = 0;
    ask.spki = buffer_bytes(&weak);
    assert_int_not_equal(
        0, signer_issue(ends[SIGNER_CAPF], &(struct certificate *){NULL}, &ask, NULL));
    const struct signer_counters after = counters();
    assert_int_equal(after.issued, before.issued);
    assert_int_equal(after.refused + after.malformed, before.refused + before.malformed + 5);
    buffer_fini(&ec);
    buffer_fini(&weak);
}

static void test_names_and_sizes_out_of_bounds_are_refused(void **state)
{
    (void)state;
    char long_name[601];
    memset(long_name, 'A', 600);
    long_name[600] = '\0';
    struct signer_lsc ask = an_lsc();
    ask.device = long_name;
    refuse(ask, ERR_FORMAT, "does not read");
    ask = an_lsc();
    ask.device = "SEP0011/../x";
    refuse(ask, ERR_USAGE, "letters, digits");
    ask.device = "";
    refuse(ask, ERR_USAGE, "");
    ask = an_lsc();
    ask.days = 0;
    refuse(ask, ERR_USAGE, "days");
    ask.days = LSC_DAYS_MAX + 1;
    refuse(ask, ERR_FORMAT, "does not read");
    ask = an_lsc();
    ask.subject = "CN=somebody";
    refuse(ask, ERR_USAGE, "CN");
    ask = an_lsc();
    ask.issuer = "00ff";
    refuse(ask, ERR_NOT_FOUND, "00ff");
    ask.issuer = "../../etc";
    refuse(ask, ERR_USAGE, "hexadecimal");
}

static int ask_raw(enum signer_role role, struct buffer *question)
{
    int pair[2];
    uint8_t byte = (uint8_t)role;
    struct buffer answer;
    struct reader r;
    uint32_t number;
    int status = 0;
    int fds[CHANNEL_FDS_MAX];
    size_t count;
    struct bytes words;
    buffer_init(&answer, CHANNEL_MESSAGE_MAX);
    assert_int_equal(channel_pair(pair), 0);
    assert_int_equal(channel_send(control, bytes_of(&byte, 1), &pair[1], 1), 0);
    close(pair[1]);
    assert_int_equal(channel_send(pair[0], buffer_bytes(question), NULL, 0), 0);
    assert_int_equal(channel_receive(pair[0], &answer, fds, &count, 20000), 0);
    assert_int_equal(answer_read(&r, buffer_bytes(&answer), &number, &status, &words), 0);
    close(pair[0]);
    buffer_fini(&answer);
    return status;
}

static void test_a_device_name_with_a_nul_is_refused(void **state)
{
    (void)state;
    struct buffer question;
    buffer_init(&question, 4096);
    const struct signer_counters before = counters();
    question_begin(&question, 1, SIGNER_MAC);
    field_write(&question, bytes_of("SEP\0001", 5));
    field_write_text(&question, "1234");
    assert_int_equal(ask_raw(SIGNER_CAPF, &question), ERR_FORMAT);
    question_begin(&question, 1, SIGNER_ISSUE);
    field_write_text(&question, KEY_CAPF);
    field_write_text(&question, serial);
    field_write(&question, bytes_of(DEVICE "\0x", 17));
    assert_int_equal(ask_raw(SIGNER_CAPF, &question), ERR_FORMAT);
    assert_int_equal(counters().malformed, before.malformed + 2);
    buffer_fini(&question);
}

static void test_no_other_role_has_lscs_issued_or_gets_an_identity(void **state)
{
    (void)state;
    const enum signer_role others[] = {SIGNER_TFTP, SIGNER_CLUSTER, SIGNER_CLERK, SIGNER_TVS,
                                       SIGNER_CALLMANAGER};
    struct certificate *lsc = NULL;
    struct buffer pem;
    uint8_t mac[SIGNER_MAC_SIZE];
    struct signer_lsc ask = an_lsc();
    buffer_init(&pem, KEY_FILE_MAX);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct why why = WHY_NONE;
        assert_int_equal(signer_issue(ends[others[i]], &lsc, &ask, &why), ERR_POLICY);
        assert_non_null(strstr(why.text, "may not ask for issue"));
        assert_int_equal(signer_identity(ends[others[i]], &pem, KEY_CAPF, serial, NULL),
                         ERR_POLICY);
    }
    assert_int_equal(signer_mac(ends[SIGNER_TFTP], mac, DEVICE, "1234", NULL), ERR_POLICY);
    assert_int_equal(pem.size, 0);
    /* nor CAPF with a key that is not its own */
    assert_int_equal(signer_identity(ends[SIGNER_CAPF], &pem, KEY_CALLMANAGER, serial, NULL),
                     ERR_POLICY);
    assert_int_equal(signer_identity(ends[SIGNER_TVS], &pem, KEY_CALLMANAGER, serial, NULL),
                     ERR_POLICY);
    assert_int_equal(signer_identity(ends[SIGNER_CALLMANAGER], &pem, KEY_RECOVERY, serial, NULL),
                     ERR_POLICY);
    buffer_fini(&pem);
}

/* ---- the identity ---- */

static void test_capf_gets_the_identity_it_ends_tls_with(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct buffer pem;
    struct identity identity = {0};
    buffer_init(&pem, KEY_FILE_MAX);
    assert_int_equal(buffer_reserve(&pem, KEY_FILE_MAX), 0);
    int result = signer_identity(ends[SIGNER_CAPF], &pem, KEY_CAPF, serial, &why);
    if (result)
        fail_msg("%s", why_text(&why, result));
    assert_int_equal(identity_from_pem(&identity, buffer_bytes(&pem), NULL), 0);
    assert_true(certificates_equal(identity.certificate, capf));
    identity_fini(&identity);
    buffer_fini_secret(&pem);
}

/* It does, and CAPF does not. */
static void check_identity_of(enum signer_role role, const char *key, const struct key_spec *spec)
{
    struct buffer pem;
    struct identity identity = {0};
    struct certificate *own = NULL;
    char number[80];
    const struct certificate_template t = {.use = USE_SERVER,
                                           .subject = {.common_name = "pub1"},
                                           .not_before = clock_wall() - DAY,
                                           .days = 100};
    assert_int_equal(signer_create(ends[SIGNER_CLUSTER], &own, key, spec, &t, NULL), 0);
    text_hex(number, sizeof number, certificate_serial(own), false, 0);
    buffer_init(&pem, KEY_FILE_MAX);
    assert_int_equal(buffer_reserve(&pem, KEY_FILE_MAX), 0);
    assert_int_equal(signer_identity(ends[role], &pem, key, number, NULL), 0);
    assert_int_equal(identity_from_pem(&identity, buffer_bytes(&pem), NULL), 0);
    assert_true(certificates_equal(identity.certificate, own));
    assert_int_equal(signer_identity(ends[SIGNER_CAPF], &pem, key, number, NULL), ERR_POLICY);
    identity_fini(&identity);
    certificate_free(own);
    buffer_fini_secret(&pem);
}

static void test_tvs_and_callmanager_get_the_identities_they_end_tls_with(void **state)
{
    (void)state;
    check_identity_of(SIGNER_TVS, KEY_TVS, &(struct key_spec){KEY_EC, 256});
    check_identity_of(SIGNER_CALLMANAGER, KEY_CALLMANAGER, &(struct key_spec){KEY_RSA, 2048});
}

/* ---- CRLs ---- */

static X509_CRL *crl_of(size_t count)
{
    struct why why = WHY_NONE;
    struct buffer der;
    struct crl_entry *entries = calloc(count + 1, sizeof *entries);
    uint8_t(*serials)[16] = calloc(count + 1, sizeof *serials);
    assert_non_null(entries);
    assert_non_null(serials);
    for (size_t i = 0; i < count; i++) {
        serials[i][0] = 1;
        serials[i][14] = (uint8_t)(i >> 8);
        serials[i][15] = (uint8_t)i;
        entries[i] = (struct crl_entry){bytes_of(serials[i], 16), 1704067200 + (int64_t)i, 4};
    }
    const struct signer_crl ask = {.issuer = serial,
                                   .number = 77,
                                   .this_update = clock_wall(),
                                   .next_update = clock_wall() + 7 * DAY,
                                   .entries = entries,
                                   .count = count};
    buffer_init(&der, CRL_DER_MAX);
    int result = signer_crl(ends[SIGNER_CAPF], &der, &ask, &why);
    if (result)
        fail_msg("%s", why_text(&why, result));
    const unsigned char *at = der.data;
    X509_CRL *crl = d2i_X509_CRL(NULL, &at, (long)der.size);
    assert_non_null(crl);
    assert_ptr_equal(at, der.data + der.size);
    buffer_fini(&der);
    free(entries);
    free(serials);
    return crl;
}

static void test_a_crl_names_the_revoked_however_many(void **state)
{
    (void)state;
    const size_t counts[] = {0, 1, 20000}; /* the last is larger than a message */
    for (size_t i = 0; i < 3; i++) {
        X509_CRL *crl = crl_of(counts[i]);
        STACK_OF(X509_REVOKED) *revoked = X509_CRL_get_REVOKED(crl);
        assert_int_equal(revoked ? sk_X509_REVOKED_num(revoked) : 0, counts[i]);
        assert_int_equal(X509_CRL_verify(crl, X509_get0_pubkey(certificate_x509(capf))), 1);
        X509_CRL_free(crl);
    }
}

static void test_a_crl_says_why_each_was_revoked(void **state)
{
    (void)state;
    X509_CRL *crl = crl_of(1);
    const X509_REVOKED *revoked = sk_X509_REVOKED_value(X509_CRL_get_REVOKED(crl), 0);
    ASN1_ENUMERATED *reason = X509_REVOKED_get_ext_d2i(revoked, NID_crl_reason, NULL, NULL);
    assert_non_null(reason);
    assert_int_equal(ASN1_ENUMERATED_get(reason), 4);
    ASN1_ENUMERATED_free(reason);
    X509_CRL_free(crl);
}

static void test_a_crl_for_ever_or_for_nothing_is_refused(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct buffer der;
    struct signer_crl ask = {.issuer = serial, .number = 1, .this_update = 100, .next_update = 100};
    buffer_init(&der, CRL_DER_MAX);
    assert_int_equal(signer_crl(ends[SIGNER_CAPF], &der, &ask, &why), ERR_USAGE);
    assert_non_null(strstr(why.text, "400 days"));
    ask.next_update = 100 + (int64_t)401 * DAY;
    assert_int_equal(signer_crl(ends[SIGNER_CLUSTER], &der, &ask, NULL), ERR_USAGE);
    assert_int_equal(signer_crl(ends[SIGNER_TFTP], &der, &ask, NULL), ERR_POLICY);
    assert_int_equal(der.size, 0);
    buffer_fini(&der);
}

/* ---- authentication strings ---- */

static void test_a_mac_is_hmac_sha256_with_the_key_file_of_the_node(void **state)
{
    (void)state;
    uint8_t mac[SIGNER_MAC_SIZE], expected[SIGNER_MAC_SIZE], other[SIGNER_MAC_SIZE];
    char path[FILE_PATH];
    struct buffer key;
    struct stat st;
    unsigned size = 0;
    assert_int_equal(file_path(path, dir, "enrolment.key"), 0);
    assert_false(file_exists(path));
    assert_int_equal(signer_mac(ends[SIGNER_CLUSTER], mac, DEVICE, "123456", NULL), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    buffer_init(&key, 100);
    assert_int_equal(file_read(&key, path, NULL), 0);
    assert_int_equal(key.size, 32);
    const char text[] = DEVICE "\0"
                               "123456";
    assert_non_null(HMAC(EVP_sha256(), key.data, 32, (const unsigned char *)text, sizeof text - 1,
                         expected, &size));
    assert_memory_equal(mac, expected, sizeof mac);
    assert_int_equal(signer_mac(ends[SIGNER_CAPF], other, DEVICE, "123456", NULL), 0);
    assert_memory_equal(mac, other, sizeof mac);
    assert_int_equal(signer_mac(ends[SIGNER_CAPF], other, DEVICE, "123457", NULL), 0);
    assert_memory_not_equal(mac, other, sizeof mac);
    assert_int_equal(signer_mac(ends[SIGNER_CAPF], other, "SEP001122334456", "123456", NULL), 0);
    assert_memory_not_equal(mac, other, sizeof mac);
    buffer_fini(&key);
}

static void test_strings_out_of_bounds_have_no_mac(void **state)
{
    (void)state;
    uint8_t mac[SIGNER_MAC_SIZE];
    char text[SIGNER_STRING_MAX + 2];
    memset(text, '1', sizeof text);
    text[SIGNER_STRING_MAX + 1] = '\0';
    assert_int_equal(signer_mac(ends[SIGNER_CAPF], mac, DEVICE, text, NULL), ERR_FORMAT);
    assert_int_equal(signer_mac(ends[SIGNER_CAPF], mac, DEVICE, text + 1, NULL), 0);
    assert_int_equal(signer_mac(ends[SIGNER_CAPF], mac, DEVICE, "", NULL), ERR_USAGE);
    assert_int_equal(signer_mac(ends[SIGNER_CAPF], mac, "", "1234", NULL), ERR_USAGE);
}

static void test_a_damaged_key_file_is_said_and_never_replaced(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    uint8_t mac[SIGNER_MAC_SIZE];
    char path[FILE_PATH];
    assert_int_equal(file_path(path, dir, "enrolment.key"), 0);
    assert_int_equal(file_create(path, bytes_of_string("short"), 0600, NULL), 0);
    assert_int_equal(signer_mac(ends[SIGNER_CAPF], mac, DEVICE, "1234", &why), ERR_FORMAT);
    assert_non_null(strstr(why.text, "has 5 bytes instead of 32"));
}

static void test_the_key_file_is_not_swept_but_what_a_crash_left_of_it_is(void **state)
{
    (void)state;
    uint8_t mac[SIGNER_MAC_SIZE];
    char path[FILE_PATH], left[FILE_PATH];
    unsigned removed = 0;
    assert_int_equal(signer_mac(ends[SIGNER_CAPF], mac, DEVICE, "1234", NULL), 0);
    assert_int_equal(file_path(path, dir, "enrolment.key"), 0);
    assert_int_equal(file_path(left, dir, "enrolment.key.00ff~"), 0);
    assert_int_equal(file_create(left, bytes_of_string("x"), 0600, NULL), 0);
    assert_int_equal(signer_sweep(ends[SIGNER_CLUSTER], NULL, 0, &removed, NULL), 0);
    assert_int_equal(removed, 2); /* CAPF's, which nobody named, and that */
    assert_true(file_exists(path));
    assert_false(file_exists(left));
}

static void test_a_signer_that_is_killed_and_restarted_loses_nothing(void **state)
{
    (void)state;
    uint8_t before[SIGNER_MAC_SIZE], after[SIGNER_MAC_SIZE];
    struct certificate *lsc = NULL;
    struct signer_lsc ask = an_lsc();
    assert_int_equal(signer_mac(ends[SIGNER_CAPF], before, DEVICE, "123456", NULL), 0);
    assert_true(WIFSIGNALED(stop(SIGKILL)));
    start();
    assert_int_equal(signer_mac(ends[SIGNER_CAPF], after, DEVICE, "123456", NULL), 0);
    assert_memory_equal(before, after, sizeof before);
    assert_int_equal(signer_issue(ends[SIGNER_CAPF], &lsc, &ask, NULL), 0);
    certificate_free(lsc);
}

static void test_neither_strings_nor_macs_are_logged(void **state)
{
    (void)state;
    uint8_t mac[SIGNER_MAC_SIZE];
    char hex[2 * SIGNER_MAC_SIZE + 1], path[FILE_PATH];
    struct buffer log;
    assert_int_equal(signer_mac(ends[SIGNER_CAPF], mac, DEVICE, "987612345", NULL), 0);
    assert_int_equal(signer_mac(ends[SIGNER_TFTP], mac, DEVICE, "987612345", NULL), ERR_POLICY);
    assert_int_equal(signer_mac(ends[SIGNER_CAPF], mac, "", "987612345", NULL), ERR_USAGE);
    assert_int_equal(signer_mac(ends[SIGNER_CAPF], mac, DEVICE, "987612345", NULL), 0);
    text_hex(hex, sizeof hex, bytes_of(mac, sizeof mac), false, 0);
    buffer_init(&log, 1 << 20);
    assert_true(text_format(path, sizeof path, "%s/signer-log", base));
    assert_int_equal(file_read(&log, path, NULL), 0);
    assert_non_null(strstr(buffer_string(&log), "event=signer_refused"));
    assert_null(strstr(buffer_string(&log), "987612345"));
    assert_null(strstr(buffer_string(&log), hex));
    buffer_fini(&log);
}

/* ---- from a loop ---- */

struct answers {
    struct loop *loop;
    struct buffer issued, mac, crl;
    int open, errors;
};

static void take(struct answers *a, struct buffer *out, int result, struct bytes answer)
{
    buffer_append(out, answer);
    a->errors += result != 0;
    if (--a->open == 0)
        loop_stop(a->loop);
}

static void on_issued(void *context, int result, struct bytes answer, const char *words)
{
    struct answers *a = context;
    (void)words;
    take(a, &a->issued, result, answer);
}

static void on_mac(void *context, int result, struct bytes answer, const char *words)
{
    struct answers *a = context;
    (void)words;
    take(a, &a->mac, result, answer);
}

static void on_crl(void *context, int result, struct bytes answer, const char *words)
{
    struct answers *a = context;
    (void)words;
    take(a, &a->crl, result, answer);
}

static void test_the_same_is_asked_from_a_loop_without_waiting(void **state)
{
    (void)state;
    enum { REVOKED = 9000 }; /* more than a message holds, both ways */
    struct answers a = {.open = 3};
    struct signer_loop *signer = NULL;
    struct certificate *lsc = NULL;
    uint8_t mac[SIGNER_MAC_SIZE], role = SIGNER_CAPF;
    static uint8_t serials[REVOKED][16];
    static struct crl_entry entries[REVOKED];
    int pair[2];
    for (size_t i = 0; i < REVOKED; i++) {
        serials[i][0] = 1;
        serials[i][14] = (uint8_t)(i >> 8);
        serials[i][15] = (uint8_t)i;
        entries[i] = (struct crl_entry){bytes_of(serials[i], 16), 1704067200};
    }
    buffer_init(&a.issued, 16384);
    buffer_init(&a.mac, 100);
    buffer_init(&a.crl, CRL_DER_MAX);
    assert_int_equal(loop_new(&a.loop), 0);
    assert_int_equal(signer_loop_new(&signer, a.loop), 0);
    const struct signer_lsc ask = an_lsc();
    const struct signer_crl crl = {.issuer = serial,
                                   .number = 1,
                                   .this_update = 100,
                                   .next_update = 200,
                                   .entries = entries,
                                   .count = REVOKED};
    /* asked before there is a signer: they wait for it */
    assert_int_equal(signer_loop_issue(signer, &ask, on_issued, &a), 0);
    assert_int_equal(signer_loop_crl(signer, &crl, on_crl, &a), 0);
    assert_int_equal(channel_pair(pair), 0);
    assert_int_equal(channel_send(control, bytes_of(&role, 1), &pair[1], 1), 0);
    close(pair[1]);
    assert_int_equal(signer_loop_replace(signer, pair[0]), 0);
    assert_int_equal(signer_loop_mac(signer, DEVICE, "123456", on_mac, &a), 0);
    assert_int_equal(loop_run(a.loop), 0);
    assert_int_equal(a.errors, 0);
    assert_int_equal(certificate_from_der(&lsc, buffer_bytes(&a.issued), NULL), 0);
    assert_string_equal(certificate_common_name(lsc), DEVICE);
    assert_int_equal(signer_mac(ends[SIGNER_CAPF], mac, DEVICE, "123456", NULL), 0);
    assert_bytes_equal(buffer_bytes(&a.mac), bytes_of(mac, sizeof mac));
    assert_true(a.crl.size > CHANNEL_MESSAGE_MAX);
    certificate_free(lsc);
    signer_loop_free(signer);
    loop_free(a.loop);
    buffer_fini(&a.issued);
    buffer_fini(&a.mac);
    buffer_fini(&a.crl);
}

int main(void)
{
#define WITH_SIGNER(test) cmocka_unit_test_setup_teardown(test, enter, leave)
    const struct CMUnitTest tests[] = {
        WITH_SIGNER(test_an_lsc_is_issued_for_the_key_and_the_name_that_were_asked),
        WITH_SIGNER(test_an_lsc_does_not_outlive_its_issuer),
        WITH_SIGNER(test_keys_that_are_not_what_was_asked_are_refused_and_counted),
        WITH_SIGNER(test_names_and_sizes_out_of_bounds_are_refused),
        WITH_SIGNER(test_a_device_name_with_a_nul_is_refused),
        WITH_SIGNER(test_no_other_role_has_lscs_issued_or_gets_an_identity),
        WITH_SIGNER(test_capf_gets_the_identity_it_ends_tls_with),
        WITH_SIGNER(test_tvs_and_callmanager_get_the_identities_they_end_tls_with),
        WITH_SIGNER(test_a_crl_names_the_revoked_however_many),
        WITH_SIGNER(test_a_crl_says_why_each_was_revoked),
        WITH_SIGNER(test_a_crl_for_ever_or_for_nothing_is_refused),
        WITH_SIGNER(test_a_mac_is_hmac_sha256_with_the_key_file_of_the_node),
        WITH_SIGNER(test_strings_out_of_bounds_have_no_mac),
        WITH_SIGNER(test_a_damaged_key_file_is_said_and_never_replaced),
        WITH_SIGNER(test_the_key_file_is_not_swept_but_what_a_crash_left_of_it_is),
        WITH_SIGNER(test_a_signer_that_is_killed_and_restarted_loses_nothing),
        WITH_SIGNER(test_neither_strings_nor_macs_are_logged),
        WITH_SIGNER(test_the_same_is_asked_from_a_loop_without_waiting),
    };
    return RUN(tests);
}
