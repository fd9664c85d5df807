/* A phone that goes to CAPF over TLS, and into its flash. */
#include "capfd.h"
#include "tvsd.h"

#include "base/file.h"
#include "phone/enrolment.h"

#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define DEVICE "SEP001122334455"

static struct {
    struct loop *loop;
    struct worker *worker;
    struct tls_context *tls;
    struct loop_timer *watchdog;
    struct capfd capfd;
    struct identity signer;
    struct bytes list;
    struct trustlist *itl;
    char base[1024];
    struct flash flash;
    /* what became of the phone */
    struct enrolment *enrolment;
    struct enrolment_setup setup;
    struct cnf_member servers[CNF_MEMBERS];
    bool finished;
    enum enrol_outcome outcome;
    bool erased;
    struct identity lsc;
    char words[600];
    char news[2000];
} w;

static void watchdog(void *context)
{
    (void)context;
    fail_msg("nothing happens any more: %s", w.news);
}

static void take_news(void *context, const struct enrolment_news *news)
{
    static const char *const words[] = {
        [HAPPENING_CONNECT] = "connect ", [HAPPENING_CONNECTED] = "connected ",
        [HAPPENING_RECEIVED] = "",        [HAPPENING_SENT] = "",
        [HAPPENING_KEY] = "key ",         [HAPPENING_STORED] = "stored ",
        [HAPPENING_ERASED] = "erased ",   [HAPPENING_FAILED] = "failed ",
        [HAPPENING_PAUSE] = "pause ",
    };
    (void)context;
    strncat(w.news, words[news->what], 40);
    if (news->what == HAPPENING_SENT)
        strncat(w.news, capf_message_name(news->command) + strlen("CAPF_MSG_"), 40);
    if (news->what == HAPPENING_SENT)
        strncat(w.news, " ", 2);
}

static void finished(void *context, struct enrolment_result *result)
{
    (void)context;
    w.finished = true;
    w.outcome = result->outcome;
    w.erased = result->erased;
    w.lsc = result->lsc;
    snprintf(w.words, sizeof w.words, "%s", result->words);
    enrolment_free(w.enrolment);
    w.enrolment = NULL;
    loop_stop(w.loop);
}

static void read_list(enum record_form form)
{
    trustlist_free(w.itl);
    vector_free(w.list);
    w.list = capfd_list(&w.signer, w.capfd.identity.certificate, form);
    assert_int_equal(trustlist_parse(&w.itl, w.list, NULL), 0);
    w.setup.trust.itl = w.itl;
}

static int enter(void **state)
{
    const struct tls_client_setup client = {.profile = TLS_MODERN};
    char home[1100];
    (void)state;
    memset(&w, 0, sizeof w);
    temporary_make(w.base);
    snprintf(home, sizeof home, "%s/flash", w.base);
    assert_int_equal(loop_new(&w.loop), 0);
    assert_int_equal(worker_new(&w.worker, w.loop, 1, 16), 0);
    assert_int_equal(tls_client_context_new(&w.tls, &client, NULL), 0);
    assert_int_equal(loop_timer_new(&w.watchdog, w.loop, watchdog, NULL), 0);
    loop_timer_start(w.watchdog, 60000);
    capfd_open(&w.capfd, w.loop, DEVICE);
    w.capfd.order = ORDER_INSTALL;
    factory_signer(&w.signer);
    assert_int_equal(flash_open(&w.flash, home, DEVICE, NULL), 0);
    text_copy(w.servers[0].host, sizeof w.servers[0].host, "127.0.0.1");
    w.servers[0].port = address_port(&w.capfd.address);
    w.setup = (struct enrolment_setup){
        .loop = w.loop,
        .worker = w.worker,
        .tls = w.tls,
        .servers = w.servers,
        .server_count = 1,
        .port = CAPF_PORT,
        .trust = {.model = model_find("7975")},
        .session = {.device = DEVICE, .auth = CAPF_AUTH_STRING, .string = "123456"},
        .flash = &w.flash,
        .news = take_news,
        .finished = finished,
    };
    enrol_limits_default(&w.setup.session.limits);
    enrolment_pace_default(&w.setup.pace);
    w.setup.pace.pause_ms = 1;
    read_list(RECORD_HASHED);
    return 0;
}

static int leave(void **state)
{
    (void)state;
    enrolment_free(w.enrolment);
    worker_free(w.worker);
    capfd_close(&w.capfd);
    tls_context_free(w.tls);
    loop_timer_free(w.watchdog);
    loop_free(w.loop);
    identity_fini(&w.signer);
    identity_fini(&w.lsc);
    trustlist_free(w.itl);
    vector_free(w.list);
    temporary_remove(w.base);
    return 0;
}

static void enrol(void)
{
    identity_fini(&w.lsc);
    w.finished = false;
    w.news[0] = w.capfd.seen[0] = '\0';
    assert_int_equal(enrolment_start(&w.enrolment, &w.setup), 0);
    assert_int_equal(loop_run(w.loop), 0);
    assert_true(w.finished);
}

static void expect(enum enrol_outcome outcome, const char *words)
{
    if (w.outcome != outcome || !strstr(w.words, words))
        fail_msg("%s: \"%s\", expected %s: \"%s\"", enrol_outcome_text(w.outcome), w.words,
                 enrol_outcome_text(outcome), words);
}

/* Appends what is in the flash; false when there is no LSC. */
static bool read_flash(struct identity *out)
{
    struct buffer pem;
    buffer_init(&pem, 65536);
    bool found = flash_read(&w.flash, FLASH_LSC, &pem, NULL) == 0;
    if (found) /* whole, and the key fits the certificate */
        assert_int_equal(identity_from_pem(out, buffer_bytes(&pem), NULL), 0);
    buffer_fini_secret(&pem);
    return found;
}

static void expect_flash(const struct certificate *expected)
{
    struct identity held = {0};
    assert_int_equal(read_flash(&held), expected != NULL);
    if (expected)
        assert_true(certificates_equal(held.certificate, expected));
    identity_fini(&held);
}

/* ---- what goes well ---- */

static void test_an_lsc_is_installed_and_kept_in_the_flash(void **state)
{
    char path[1200];
    struct stat status;
    (void)state;
    enrol();
    expect(ENROL_INSTALLED, "");
    assert_string_equal(w.capfd.seen, "AUTH_RES REQ_IN_PROGRESS KEY_GEN_RES STORE_CERT_RES ");
    assert_string_equal(w.news, "connect connected AUTH_RES REQ_IN_PROGRESS key KEY_GEN_RES stored "
                                "STORE_CERT_RES ");
    assert_string_equal(w.capfd.password, "123456");
    expect_flash(w.lsc.certificate);
    assert_string_equal(certificate_common_name(w.lsc.certificate), DEVICE);
    snprintf(path, sizeof path, "%s/LSC.pem", w.flash.directory);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
}

static void test_every_kind_of_key_is_made(void **state)
{
    static const struct key_spec specs[] = {
        {KEY_RSA, 1024}, {KEY_RSA, 2048}, {KEY_EC, 256}, {KEY_EC, 384}, {KEY_EC, 521}};
    (void)state;
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
        w.capfd.key = specs[i];
        enrol();
        expect(ENROL_INSTALLED, "");
        assert_int_equal(certificate_key_kind(w.lsc.certificate), specs[i].kind);
        assert_int_equal(certificate_key_bits(w.lsc.certificate), specs[i].bits);
        expect_flash(w.lsc.certificate);
    }
}

static void test_a_record_with_the_whole_certificate_vouches_too(void **state)
{
    (void)state;
    read_list(RECORD_FULL);
    enrol();
    expect(ENROL_INSTALLED, "");
}

static void test_without_a_flash_the_lsc_lives_as_long_as_the_phone(void **state)
{
    (void)state;
    w.setup.flash = NULL;
    enrol();
    expect(ENROL_INSTALLED, "");
    assert_non_null(w.lsc.certificate);
    expect_flash(NULL);
}

static void test_a_name_is_looked_up(void **state)
{
    (void)state;
    text_copy(w.servers[0].host, sizeof w.servers[0].host, "localhost");
    text_copy(w.servers[1].host, sizeof w.servers[1].host, "127.0.0.1"); /* localhost may be ::1 */
    w.servers[1].port = w.servers[0].port;
    w.setup.server_count = 2;
    enrol();
    expect(ENROL_INSTALLED, "");
}

static void test_a_deletion_empties_the_flash(void **state)
{
    (void)state;
    enrol();
    struct identity held = w.lsc;
    w.lsc = (struct identity){0};
    w.setup.session.lsc = &held;
    w.capfd.order = ORDER_DELETE;
    enrol();
    expect(ENROL_DELETED, "");
    assert_true(w.erased);
    expect_flash(NULL);
    identity_fini(&held);
}

static void test_nothing_to_do_leaves_the_flash_alone(void **state)
{
    (void)state;
    w.capfd.order = ORDER_NOTHING;
    enrol();
    expect(ENROL_NOTHING, "");
    assert_null(w.lsc.certificate);
    expect_flash(NULL);
}

/* ---- servers that are not to be trusted ---- */

static void expect_no_byte_said(void)
{
    expect(ENROL_UNTRUSTED, "CAPF-12345678");
    assert_string_equal(w.news, "connect failed ");
    assert_int_equal(w.capfd.bytes, 0);
    assert_string_equal(w.capfd.seen, "");
    expect_flash(NULL);
}

static void test_a_foreign_server_hears_nothing(void **state)
{
    struct identity other = {0};
    (void)state;
    capfd_identity(&other, "CAPF-00000000", "pool/rsa2048-4.pem");
    struct bytes list = capfd_list(&w.signer, other.certificate, RECORD_HASHED);
    struct trustlist *itl = NULL;
    assert_int_equal(trustlist_parse(&itl, list, NULL), 0);
    w.setup.trust.itl = itl;
    enrol();
    expect_no_byte_said();
    expect(ENROL_UNTRUSTED, "its ITL names CN=CAPF-00000000");
    trustlist_free(itl);
    vector_free(list);
    identity_fini(&other);
}

static void test_without_lists_no_server_is_trusted(void **state)
{
    (void)state;
    w.setup.trust.itl = NULL;
    enrol();
    expect_no_byte_said();
    expect(ENROL_UNTRUSTED, "a phone that holds no list");
}

static void test_a_record_of_another_role_does_not_vouch(void **state)
{
    struct bytes none = bytes_of(NULL, 0);
    struct buffer body;
    (void)state;
    const struct trustlist_record records[] = {
        record_of_certificate(w.signer.certificate, ROLE_SAST, RECORD_FULL, NULL, none),
        record_of_certificate(w.capfd.identity.certificate, ROLE_TVS, RECORD_FULL, NULL, none),
    };
    buffer_init(&body, 65536);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(record_write(&body, &records[i], NULL), 0);
    struct bytes list = factory_envelope(&w.signer, "ITLFile.tlv", buffer_bytes(&body));
    struct trustlist *itl = NULL;
    assert_int_equal(trustlist_parse(&itl, list, NULL), 0);
    w.setup.trust.itl = itl;
    enrol();
    expect_no_byte_said();
    trustlist_free(itl);
    vector_free(list);
    buffer_fini(&body);
}

static void test_of_several_servers_the_first_that_is_trusted_is_taken(void **state)
{
    struct capfd foreign;
    (void)state;
    capfd_open(&foreign, w.loop, DEVICE);
    w.servers[1] = w.servers[0];
    w.servers[0].port = address_port(&foreign.address);
    w.setup.server_count = 2;
    enrol();
    expect(ENROL_INSTALLED, "");
    assert_int_equal(foreign.bytes, 0);
    capfd_close(&foreign);
}

/* ---- servers that only TVS knows ---- */

static void tell_nothing(void *context, const struct tvsc_news *news)
{
    (void)context;
    (void)news;
}

/* A phone whose ITL does not name the CAPF server, but a TVS. */
static void enrol_through_tvs(struct tvsd *tvsd)
{
    const struct tvsc_setup setup = {
        .loop = w.loop, .worker = w.worker, .device = DEVICE, .news = tell_nothing};
    struct cnf_member server = {.host = "127.0.0.1", .port = address_port(&tvsd->address)};
    struct bytes list = tvsd_itl(&w.signer, tvsd->identity.certificate);
    struct trustlist *itl = NULL;
    struct tvsc *tvsc = NULL;
    assert_int_equal(trustlist_parse(&itl, list, NULL), 0);
    w.setup.trust.itl = itl;
    const struct tvsc_circle circle = {
        .trust = w.setup.trust, .servers = &server, .server_count = 1, .tls = w.tls};
    assert_int_equal(tvsc_new(&tvsc, &setup), 0);
    tvsc_set_circle(tvsc, &circle);
    w.setup.tvsc = tvsc;
    enrol();
    w.setup.tvsc = NULL;
    tvsc_free(tvsc);
    trustlist_free(itl);
    vector_free(list);
}

static void test_tvs_vouches_for_a_server_that_the_lists_do_not_know(void **state)
{
    struct tvsd tvsd;
    (void)state;
    tvsd_open(&tvsd, w.loop, "pool/rsa2048-2.pem");
    tvsd.roles = "\x02\x04";
    tvsd.role_count = 2;
    enrol_through_tvs(&tvsd);
    expect(ENROL_INSTALLED, "");
    assert_int_equal(tvsd.questions, 1);
    assert_int_equal(tvsd.command, TVS_CERT_VERIFICATION_REQ);
    assert_int_equal(tvsd.certificate_size, certificate_der(w.capfd.identity.certificate).size);
    expect_flash(w.lsc.certificate);
    tvsd_close(&tvsd);
}

static void test_a_server_that_tvs_does_not_vouch_for_as_capf_hears_nothing(void **state)
{
    struct tvsd tvsd;
    (void)state;
    tvsd_open(&tvsd, w.loop, "pool/rsa2048-2.pem");
    tvsd.roles = "\x02";
    enrol_through_tvs(&tvsd);
    expect(ENROL_UNTRUSTED, "TVS knows it, but not with the role CAPF");
    tvsd.mood = MOOD_DENY;
    enrol_through_tvs(&tvsd);
    expect(ENROL_UNTRUSTED, "does not know it either");
    tvsd.mood = MOOD_CUT;
    enrol_through_tvs(&tvsd);
    expect(ENROL_UNTRUSTED, "no TVS could be asked (127.0.0.1:");
    assert_int_equal(w.capfd.connections, 3); /* the handshakes were done */
    assert_int_equal(w.capfd.bytes, 0);
    expect_flash(NULL);
    tvsd_close(&tvsd);
}

/* ---- what goes wrong ---- */

static void test_a_certificate_for_another_key_is_refused_and_the_old_one_stays(void **state)
{
    (void)state;
    enrol();
    struct identity held = w.lsc;
    w.lsc = (struct identity){0};
    w.setup.session.lsc = &held;
    w.capfd.order = ORDER_FOREIGN_KEY;
    enrol();
    expect(ENROL_BAD_ORDER, "for another key");
    assert_null(w.lsc.certificate);
    expect_flash(held.certificate);
    identity_fini(&held);
}

static void test_a_refusal_is_final(void **state)
{
    (void)state;
    w.capfd.order = ORDER_REFUSE;
    enrol();
    expect(ENROL_REFUSED, "refused (7)");
    w.capfd.order = ORDER_UNKNOWN;
    enrol();
    expect(ENROL_UNKNOWN, "unknown device (9)");
    assert_int_equal(w.capfd.connections, 2);
}

static void test_a_silent_server_is_tried_three_times(void **state)
{
    (void)state;
    w.capfd.order = ORDER_SILENCE;
    w.setup.session.limits.answer_ms = 20;
    enrol();
    expect(ENROL_BROKEN, "waited for AUTH_REQ; CAPF does not answer in time");
    assert_int_equal(w.capfd.connections, 3);
    assert_string_equal(w.news, "connect connected failed pause connect connected failed pause "
                                "connect connected failed ");
    assert_int_equal(w.capfd.bytes, 0);
}

static void test_a_server_that_comes_to_itself_is_found_by_the_next_try(void **state)
{
    static const enum capfd_order troubles[] = {ORDER_CUT, ORDER_RETRY};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        w.capfd.order = troubles[i];
        w.capfd.later = ORDER_INSTALL;
        w.capfd.changes = true;
        w.capfd.connections = 0;
        enrol();
        expect(ENROL_INSTALLED, "");
        assert_int_equal(w.capfd.connections, 2);
    }
}

static void test_nobody_there_is_said_after_three_tries(void **state)
{
    struct address any;
    int fd = -1;
    (void)state;
    /* bound and not listening: refused, and nobody else gets the port */
    assert_int_equal(address_parse(&any, "127.0.0.1", 0), 0);
    fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, &any.any, any.size), 0);
    assert_int_equal(getsockname(fd, &any.any, &any.size), 0);
    w.servers[0].port = address_port(&any);
    enrol();
    expect(ENROL_UNREACHABLE, "refused");
    assert_string_equal(w.news, "connect failed pause connect failed pause connect failed ");
    close(fd);
}

static void test_no_server_in_the_configuration_is_said(void **state)
{
    (void)state;
    w.setup.server_count = 0;
    enrol();
    expect(ENROL_UNREACHABLE, "names no CAPF server");
}

static void test_a_phone_of_tls_1_0_says_which_setting_helps(void **state)
{
    const struct tls_client_setup old = {.profile = TLS_OLD_PHONE};
    struct tls_context *tls = NULL;
    (void)state;
    assert_int_equal(tls_client_context_new(&tls, &old, NULL), 0);
    w.setup.tls = tls;
    w.setup.old_tls = true;
    enrol();
    expect(ENROL_UNREACHABLE, "set legacy_tls = on");
    tls_context_free(tls);
}

static void test_a_flash_that_cannot_be_written_keeps_capf_from_believing_it(void **state)
{
    char path[1200];
    (void)state;
    snprintf(path, sizeof path, "%s/LSC.pem", w.flash.directory);
    assert_int_equal(mkdir(path, 0700), 0); /* nothing can be renamed over it */
    enrol();
    expect(ENROL_BAD_ORDER, "LSC.pem");
    assert_null(w.lsc.certificate);
    assert_non_null(strstr(w.capfd.seen, "STORE_CERT_RES"));
}

/* ---- power cuts ---- */

/* The phone is another process, which is killed at a moment the server knows. */
static pid_t child;

static void kill_phone(void *context)
{
    (void)context;
    kill(child, SIGKILL);
    loop_stop(w.loop);
}

static void kill_phone_that_answered(void *context, uint8_t reason)
{
    assert_int_equal(reason, CAPF_REASON_SUCCESS);
    kill_phone(context);
}

static void run_phone_in_child(void)
{
    int status;
    int result = 1;
    child = fork();
    if (child == 0) {
        struct loop *loop = NULL;
        struct worker *worker = NULL;
        struct enrolment *enrolment = NULL;
        struct enrolment_setup setup = w.setup;
        if (loop_new(&loop) == 0 && worker_new(&worker, loop, 1, 4) == 0) {
            setup.loop = loop;
            setup.worker = worker;
            result = enrolment_start(&enrolment, &setup);
        }
        if (result == 0)
            result = loop_run(loop);
        _exit(result ? 1 : 0);
    }
    assert_true(child > 0);
    assert_int_equal(loop_run(w.loop), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
}

static void test_a_power_cut_leaves_the_old_lsc_or_the_new_one(void **state)
{
    struct identity before = {0}, after = {0};
    (void)state;
    enrol();
    assert_true(read_flash(&before));
    w.capfd.on_store_sent = kill_phone; /* it may have written, or be writing, or neither */
    for (int i = 0; i < 5; i++) {
        identity_fini(&after);
        run_phone_in_child();
        assert_true(read_flash(&after)); /* whole, and key and certificate fit */
    }
    identity_fini(&before);
    identity_fini(&after);
}

static void test_what_the_phone_has_confirmed_survives_a_power_cut(void **state)
{
    struct identity before = {0}, after = {0};
    (void)state;
    enrol();
    assert_true(read_flash(&before));
    w.capfd.on_store_answered = kill_phone_that_answered;
    run_phone_in_child();
    assert_true(read_flash(&after));
    assert_false(certificates_equal(before.certificate, after.certificate));
    identity_fini(&before);
    identity_fini(&after);
}

static void stop_loop(void *context)
{
    (void)context;
    loop_stop(w.loop);
}

static void test_a_phone_can_be_switched_off_while_its_flash_is_written(void **state)
{
    struct identity held = {0};
    (void)state;
    w.capfd.on_store_sent = stop_loop;
    assert_int_equal(enrolment_start(&w.enrolment, &w.setup), 0);
    assert_int_equal(loop_run(w.loop), 0);
    enrolment_free(w.enrolment);
    w.enrolment = NULL;
    worker_free(w.worker);
    w.worker = NULL;
    assert_false(w.finished);
    (void)read_flash(&held);
    identity_fini(&held);
}

/* ---- keys made beforehand ---- */

static void test_keys_of_a_pool_are_used_once_each(void **state)
{
    struct keypool *pool = NULL;
    char path[1200], file[1300];
    const struct key_spec rsa = {KEY_RSA, 2048};
    const struct key_spec ec = {KEY_EC, 256};
    (void)state;
    snprintf(path, sizeof path, "%s/pool", w.base);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(keypool_open(&pool, path, NULL), ERR_NOT_FOUND);
    struct bytes pem = vector_load("pool/rsa2048.pem");
    snprintf(file, sizeof file, "%s/1.pem", path);
    assert_int_equal(file_create(file, pem, 0600, NULL), 0);
    assert_int_equal(keypool_open(&pool, path, NULL), 0);
    assert_int_equal(keypool_left(pool), 1);
    assert_null(keypool_take(pool, &ec));
    w.capfd.key = rsa;
    w.setup.keys = pool;
    enrol();
    expect(ENROL_INSTALLED, "");
    assert_int_equal(keypool_left(pool), 0);
    struct identity pooled = {0};
    assert_int_equal(identity_from_pem(&pooled, pem, NULL), 0);
    assert_true(key_fits(pooled.key, w.lsc.certificate));
    enrol(); /* the pool is empty: it makes its own */
    expect(ENROL_INSTALLED, "");
    assert_false(key_fits(pooled.key, w.lsc.certificate));
    identity_fini(&pooled);
    keypool_free(pool);
    vector_free(pem);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)
    const struct CMUnitTest tests[] = {
        TEST(test_an_lsc_is_installed_and_kept_in_the_flash),
        TEST(test_every_kind_of_key_is_made),
        TEST(test_a_record_with_the_whole_certificate_vouches_too),
        TEST(test_without_a_flash_the_lsc_lives_as_long_as_the_phone),
        TEST(test_a_name_is_looked_up),
        TEST(test_a_deletion_empties_the_flash),
        TEST(test_nothing_to_do_leaves_the_flash_alone),
        TEST(test_a_foreign_server_hears_nothing),
        TEST(test_without_lists_no_server_is_trusted),
        TEST(test_a_record_of_another_role_does_not_vouch),
        TEST(test_of_several_servers_the_first_that_is_trusted_is_taken),
        TEST(test_tvs_vouches_for_a_server_that_the_lists_do_not_know),
        TEST(test_a_server_that_tvs_does_not_vouch_for_as_capf_hears_nothing),
        TEST(test_a_certificate_for_another_key_is_refused_and_the_old_one_stays),
        TEST(test_a_refusal_is_final),
        TEST(test_a_silent_server_is_tried_three_times),
        TEST(test_a_server_that_comes_to_itself_is_found_by_the_next_try),
        TEST(test_nobody_there_is_said_after_three_tries),
        TEST(test_no_server_in_the_configuration_is_said),
        TEST(test_a_phone_of_tls_1_0_says_which_setting_helps),
        TEST(test_a_flash_that_cannot_be_written_keeps_capf_from_believing_it),
        TEST(test_a_power_cut_leaves_the_old_lsc_or_the_new_one),
        TEST(test_what_the_phone_has_confirmed_survives_a_power_cut),
        TEST(test_a_phone_can_be_switched_off_while_its_flash_is_written),
        TEST(test_keys_of_a_pool_are_used_once_each),
    };
    return RUN(tests);
}
