/* Whole phones on a loop, against servers on loopback: TFTP of the test's own, HTTP by net/httpd.
 */
#include "capfd.h"
#include "filer.h"
#include "tvsd.h"

#include "base/file.h"
#include "net/httpd.h"
#include "net/tcp.h"
#include "phone/fetch.h"
#include "phone/mic.h"
#include "phone/phone.h"
#include "pki/seal.h"

#define DEVICE "SEP001122334455"

struct world {
    struct phone_world phones;
    struct filer filer;
    struct httpd *httpd;
    unsigned over_http; /* requests */
    unsigned status;    /* what HTTP answers to all; 0: the filer's files, or 404 */
    char base[1024];
    char home[1100];
};

static struct world world;

static void handle(void *context, struct httpd_request *request)
{
    struct world *w = context;
    struct httpd_answer answer = {.status = 404};
    struct bytes path = httpd_path(request);
    const struct filer_file *file = filer_find(&w->filer, bytes_slice(path, 1, path.size));
    w->over_http++;
    if (file) {
        answer.status = 200;
        answer.parts[0] = file->file;
    }
    if (w->status)
        answer = (struct httpd_answer){.status = w->status};
    httpd_answer(request, &answer);
}

/* HTTP at the port that belongs to the filer's. */
static bool listen_http(void)
{
    struct address local;
    uint16_t port = fetch_http_port(address_port(&world.filer.address));
    int fd;
    return port && address_parse(&local, "127.0.0.1", port) == 0 &&
           tcp_bind(&fd, &local, NULL) == 0 && httpd_listen(world.httpd, fd, NULL) == 0;
}

static int enter(void **state)
{
    const struct httpd_setup setup = {.connections = 100,
                                      .per_address = 100,
                                      .header_ms = 5000,
                                      .idle_ms = 5000,
                                      .send_ms = 5000,
                                      .send_rate = 1000,
                                      .handle = handle,
                                      .context = &world};
    (void)state;
    world = (struct world){0};
    temporary_make(world.base);
    snprintf(world.home, sizeof world.home, "%s/" DEVICE, world.base);
    assert_int_equal(phone_world_init(&world.phones, 10), 0);
    assert_int_equal(httpd_new(&world.httpd, world.phones.loop, &setup, NULL), 0);
    filer_open(&world.filer, world.phones.loop, "127.0.0.1");
    while (!listen_http()) {
        filer_close(&world.filer);
        filer_open(&world.filer, world.phones.loop, "127.0.0.1");
    }
    filer_put(&world.filer, "CTL" DEVICE ".tlv", vector_load("CTLFile.tlv"));
    filer_put(&world.filer, "ITLFile.tlv", vector_load("ITLFile.tlv"));
    filer_put(&world.filer, DEVICE ".cnf.xml.sgn", vector_load(DEVICE ".cnf.xml.plain-config.sgn"));
    return 0;
}

static int leave(void **state)
{
    (void)state;
    httpd_free(world.httpd);
    for (size_t i = 0; i < world.filer.count; i++)
        vector_free(world.filer.files[i].file);
    filer_close(&world.filer);
    phone_world_fini(&world.phones);
    temporary_remove(world.base);
    return 0;
}

/* ---- one boot ---- */

struct watched {
    struct phone *phone;
    bool finished, over;
    int error;
    enum boot_outcome outcome;
    char words[600];
    unsigned stores, by_tftp, unchanged, refused;
    bool held_ctl; /* before it asked for anything */
    bool free_when_finished;
};

static void ready(void *context, const struct boot *boot)
{
    struct watched *w = context;
    w->held_ctl = boot_list(boot, TRUSTLIST_CTL) != NULL;
}

static void take_action(void *context, const struct boot *boot, const struct boot_action *action)
{
    struct watched *w = context;
    (void)boot;
    w->stores += action->kind == BOOT_STORE;
    w->by_tftp += action->kind == BOOT_FILE && action->result == RESULT_BY_TFTP;
    w->unchanged += action->kind == BOOT_FILE && action->result == RESULT_UNCHANGED;
    w->refused += action->kind == BOOT_FILE && action->result == RESULT_REFUSED;
    if (action->kind == BOOT_OVER) {
        w->over = true;
        w->outcome = action->outcome;
        snprintf(w->words, sizeof w->words, "%s", action->words);
    }
}

static void finished(void *context, int error, const struct why *why)
{
    struct watched *w = context;
    assert_false(w->finished);
    w->finished = true;
    w->error = error;
    if (error)
        snprintf(w->words, sizeof w->words, "%s", why_text(why, error));
    if (w->free_when_finished) {
        phone_free(w->phone);
        w->phone = NULL;
    }
    loop_stop(world.phones.loop);
}

static const struct phone_events events = {ready, take_action, finished};

static struct phone_setup setup_of(struct watched *w, const char *model, const char *home)
{
    *w = (struct watched){0};
    return (struct phone_setup){.device = DEVICE,
                                .model = model_find(model),
                                .server = world.filer.address,
                                .home = home,
                                .events = &events,
                                .context = w};
}

static void boot_with(struct watched *w, const struct phone_setup *setup)
{
    assert_int_equal(phone_new(&w->phone, &world.phones, setup), 0);
    phone_start(w->phone);
    while (!w->finished)
        assert_int_equal(loop_run(world.phones.loop), 0);
    phone_free(w->phone);
}

static void boot(struct watched *w, const char *model, const char *home)
{
    const struct phone_setup setup = setup_of(w, model, home);
    boot_with(w, &setup);
}

static void expect_flash(const char *file, const char *vector)
{
    struct buffer content;
    struct bytes wanted = vector_load(vector);
    char path[1200];
    snprintf(path, sizeof path, "%s/%s", world.home, file);
    buffer_init(&content, 100000);
    assert_int_equal(file_read(&content, path, NULL), 0);
    assert_bytes_equal(buffer_bytes(&content), wanted);
    buffer_fini(&content);
    vector_free(wanted);
}

static void put(const char *name, struct bytes file)
{
    const struct filer_file *old = filer_find(&world.filer, bytes_of_string(name));
    if (old)
        vector_free(old->file);
    filer_put(&world.filer, name, file);
}

/* ---- tests ---- */

static void test_a_phone_boots_and_its_flash_holds_what_it_took(void **state)
{
    (void)state;
    struct watched w;
    boot(&w, "7975", world.home);
    assert_int_equal(w.error, 0);
    assert_int_equal(w.outcome, OUTCOME_FILES);
    assert_int_equal(w.stores, 3);
    assert_false(w.held_ctl);
    expect_flash("CTLFile.tlv", "CTLFile.tlv");
    expect_flash("ITLFile.tlv", "ITLFile.tlv");
    expect_flash(DEVICE ".cnf.xml", DEVICE ".cnf.xml"); /* without its signed header */
    assert_int_equal(world.over_http, 0);
}

static void test_the_next_boot_knows_what_the_flash_holds(void **state)
{
    (void)state;
    struct watched w;
    boot(&w, "7975", world.home);
    boot(&w, "7975", world.home);
    assert_true(w.held_ctl);
    assert_int_equal(w.stores, 0);
    assert_int_equal(w.unchanged, 3);
    assert_int_equal(w.outcome, OUTCOME_FILES);
}

static void test_a_phone_without_a_home_forgets(void **state)
{
    (void)state;
    struct watched w;
    boot(&w, "7975", NULL);
    assert_int_equal(w.outcome, OUTCOME_FILES);
    boot(&w, "7975", NULL);
    assert_false(w.held_ctl);
    assert_int_equal(w.unchanged, 0);
}

static void test_what_is_refused_leaves_the_flash_alone(void **state)
{
    (void)state;
    struct watched w;
    struct identity foreign;
    factory_foreign(&foreign);
    boot(&w, "7975", world.home);
    put("CTL" DEVICE ".tlv", factory_list(TRUSTLIST_CTL, &foreign, "127.0.0.1"));
    put(DEVICE ".cnf.xml.sgn",
        factory_envelope(&foreign, DEVICE ".cnf.xml.sgn", bytes_of_string("<device> </device>")));
    boot(&w, "7975", world.home);
    assert_int_equal(w.outcome, OUTCOME_REFUSED);
    assert_int_equal(w.refused, 2);
    assert_int_equal(w.stores, 0);
    expect_flash("CTLFile.tlv", "CTLFile.tlv");
    expect_flash(DEVICE ".cnf.xml", DEVICE ".cnf.xml");
    identity_fini(&foreign);
}

static void test_erasing_lets_the_phone_take_a_foreign_list(void **state)
{
    (void)state;
    struct watched w;
    struct identity foreign;
    factory_foreign(&foreign);
    boot(&w, "7940", world.home);
    put("CTL" DEVICE ".tlv", factory_list(TRUSTLIST_CTL, &foreign, "127.0.0.1"));
    put(DEVICE ".cnf.xml.sgn",
        factory_envelope(&foreign, DEVICE ".cnf.xml.sgn", bytes_of_string("<device> </device>")));
    struct phone_setup setup = setup_of(&w, "7940", world.home);
    setup.erase[FLASH_CTL] = true;
    boot_with(&w, &setup);
    assert_false(w.held_ctl);
    assert_int_equal(w.refused, 0);
    assert_int_equal(w.outcome, OUTCOME_FILES);
    identity_fini(&foreign);
}

static void test_newer_phones_get_their_files_over_http(void **state)
{
    (void)state;
    struct watched w;
    boot(&w, "8845", world.home);
    assert_int_equal(w.outcome, OUTCOME_FILES);
    assert_int_equal(world.filer.requests, 0);
    assert_true(world.over_http >= 4);
    expect_flash("CTLFile.tlv", "CTLFile.tlv");
}

static void test_http_that_is_busy_is_passed_over_for_tftp(void **state)
{
    (void)state;
    struct watched w;
    world.status = 503;
    boot(&w, "8845", NULL);
    assert_int_equal(w.outcome, OUTCOME_FILES);
    assert_true(w.by_tftp > 0);
    assert_true(world.filer.requests > 0);
}

static void test_without_http_the_phone_turns_to_tftp(void **state)
{
    (void)state;
    struct watched w;
    httpd_free(world.httpd);
    world.httpd = NULL;
    boot(&w, "8845", NULL);
    assert_int_equal(w.outcome, OUTCOME_FILES);
    assert_int_equal(w.by_tftp, 1); /* once is enough */
}

static void test_a_network_that_loses_packets_delays_only(void **state)
{
    (void)state;
    struct watched w;
    const struct download_setup quick = {.first_wait_ms = 20,
                                         .longest_wait_ms = 40,
                                         .tries = 20,
                                         .deadline_ms = 30000,
                                         .linger_ms = 100};
    tftpc_free(world.phones.tftpc);
    assert_int_equal(tftpc_new(&world.phones.tftpc, world.phones.loop, &quick), 0);
    world.filer.drop = 4;
    boot(&w, "7975", NULL);
    assert_int_equal(w.outcome, OUTCOME_FILES);
    assert_true(tftpc_counters(world.phones.tftpc)->resent > 0);
}

static void test_a_source_address_is_used_by_both_transports(void **state)
{
    (void)state;
    struct watched w;
    struct address source;
    assert_int_equal(address_parse(&source, "127.3.2.1", 0), 0);
    struct phone_setup setup = setup_of(&w, "7940", NULL);
    setup.source = &source;
    boot_with(&w, &setup);
    assert_int_equal(strncmp(world.filer.sources, "127.3.2.1 127.3.2.1 ", 20), 0);
}

static void test_the_flash_of_another_phone_ends_it_at_once(void **state)
{
    (void)state;
    struct watched w;
    boot(&w, "7975", world.home);
    struct phone_setup setup = setup_of(&w, "7975", world.home);
    setup.device = "SEP0011223344FF";
    unsigned before = world.filer.requests;
    boot_with(&w, &setup);
    assert_int_equal(w.error, ERR_CONFLICT);
    assert_false(w.over);
    assert_non_null(strstr(w.words, "the flash of " DEVICE));
    assert_int_equal(world.filer.requests, before);
}

static void test_a_broken_list_in_the_flash_says_what_helps(void **state)
{
    (void)state;
    struct watched w;
    char path[1200];
    boot(&w, "7975", world.home);
    snprintf(path, sizeof path, "%s/ITLFile.tlv", world.home);
    assert_int_equal(file_replace(path, bytes_of_string("junk"), 0600, NULL), 0);
    boot(&w, "7975", world.home);
    assert_int_not_equal(w.error, 0);
    assert_non_null(strstr(w.words, "--erase itl helps"));
}

static void test_a_broken_configuration_in_the_flash_is_as_none(void **state)
{
    (void)state;
    struct watched w;
    char path[1200];
    boot(&w, "7975", world.home);
    snprintf(path, sizeof path, "%s/" DEVICE ".cnf.xml", world.home);
    assert_int_equal(file_replace(path, bytes_of_string("<dev"), 0600, NULL), 0);
    boot(&w, "7975", world.home);
    assert_int_equal(w.outcome, OUTCOME_FILES);
    expect_flash(DEVICE ".cnf.xml", DEVICE ".cnf.xml");
}

static void test_a_phone_may_be_freed_when_it_is_through(void **state)
{
    (void)state;
    struct watched w;
    struct phone_setup setup = setup_of(&w, "7975", world.home);
    w.free_when_finished = true;
    boot_with(&w, &setup);
    assert_int_equal(w.outcome, OUTCOME_FILES);
}

/* In the middle of a transfer, and while the worker has its flash. */
static void test_a_phone_can_be_switched_off_at_any_moment(void **state)
{
    (void)state;
    struct watched with_home, without;
    struct phone_setup a = setup_of(&with_home, "7975", world.home);
    struct phone_setup b = setup_of(&without, "7975", NULL);
    assert_int_equal(phone_new(&with_home.phone, &world.phones, &a), 0);
    assert_int_equal(phone_new(&without.phone, &world.phones, &b), 0);
    phone_start(with_home.phone);
    phone_start(without.phone);
    phone_free(with_home.phone);
    phone_free(without.phone);
    struct watched other;
    boot(&other, "7940", NULL); /* the loop goes on */
    assert_false(with_home.finished);
    assert_false(without.finished);
}

static void test_ports_of_http_follow_those_of_tftp(void **state)
{
    (void)state;
    assert_int_equal(fetch_http_port(69), 6970);
    assert_int_equal(fetch_http_port(10069), 16970);
    assert_int_equal(fetch_http_port(1), 6902);
    assert_int_equal(fetch_http_port(58634), 65535);
    assert_int_equal(fetch_http_port(58635), 0);
}

/* ---- CAPF, and the files that are sealed for what it gives ---- */

static struct {
    struct capfd capfd;
    struct identity signer;
    struct bytes xml; /* of the full file */
} site;

#define SHORT  DEVICE ".cnf.xml.sgn"
#define SEALED DEVICE ".cnf.xml.enc.sgn"

static void put_new(const char *name, struct bytes file)
{
    for (size_t i = 0; i < world.filer.count; i++)
        if (strcmp(world.filer.files[i].name, name) == 0)
            vector_free(world.filer.files[i].file);
    filer_put(&world.filer, name, file);
}

static void put_short(const char *hash)
{
    struct buffer text;
    buffer_init(&text, 65536);
    assert_int_equal(cnf_write_short(&text, site.xml, hash, NULL), 0);
    put_new(SHORT, factory_envelope(&site.signer, SHORT, buffer_bytes(&text)));
    buffer_fini(&text);
}

/* What the server's other half does when CAPF has issued: the files follow the certificate. */
static void seal_for(const struct certificate *device)
{
    struct seal seal = {0};
    struct buffer out;
    char hash[SEAL_HASH_TEXT];
    const struct file_signer by = identity_signer(&site.signer);
    const struct envelope_spec spec = {.version_major = 2,
                                       .digest = DIGEST_SHA1,
                                       .filename = bytes_of_string(SEALED),
                                       .has_timestamp = true,
                                       .timestamp = 1704067200};
    buffer_init(&out, 65536);
    assert_int_equal(seal_make(&seal, site.xml, device, DIGEST_SHA1, NULL), 0);
    assert_int_equal(seal_write_file(&out, &spec, &by, &seal, NULL), 0);
    seal_fini(&seal);
    put_new(SEALED, buffer_bytes(&out));
    assert_int_equal(seal_certificate_hash(hash, device), 0);
    put_short(hash);
}

static void issued(void *context, const struct certificate *lsc)
{
    (void)context;
    seal_for(lsc);
}

static int enter_capf(void **state)
{
    static char xml[1000];
    enter(state);
    capfd_open(&site.capfd, world.phones.loop, DEVICE);
    site.capfd.order = ORDER_INSTALL;
    site.capfd.key = (struct key_spec){KEY_RSA, 2048};
    site.capfd.on_issued = issued;
    factory_signer(&site.signer);
    snprintf(xml, sizeof xml,
             "<device> <deviceProtocol>SCCP</deviceProtocol> <deviceSecurityMode>1"
             "</deviceSecurityMode> <capfAuthMode>1</capfAuthMode> <capfList> <capf> <phonePort>%u"
             "</phonePort> <processNodeName>127.0.0.1</processNodeName> </capf> </capfList>\n"
             "<certHash></certHash> <encrConfig>true</encrConfig> </device>\n",
             address_port(&site.capfd.address));
    site.xml = bytes_of_string(xml);
    put_new("ITLFile.tlv",
            capfd_list(&site.signer, site.capfd.identity.certificate, RECORD_HASHED));
    put_short("");
    return 0;
}

static int leave_capf(void **state)
{
    capfd_close(&site.capfd);
    identity_fini(&site.signer);
    return leave(state);
}

static void boot_by_string(struct watched *w, bool enrols, const char *string, enum phone_tls tls)
{
    struct phone_setup setup = setup_of(w, "7975", world.home);
    setup.enrols = enrols;
    setup.auth_string = string;
    setup.tls = tls;
    boot_with(w, &setup);
}

static struct bytes flash_file(struct buffer *out, const char *name)
{
    char path[1200];
    snprintf(path, sizeof path, "%s/%s", world.home, name);
    buffer_init(out, 100000);
    assert_int_equal(file_read(out, path, NULL), 0);
    return buffer_bytes(out);
}

static void stop_world(void *context)
{
    (void)context;
    loop_stop(world.phones.loop);
}

static void test_a_phone_enrols_and_reads_its_sealed_configuration(void **state)
{
    (void)state;
    struct watched w;
    struct buffer xml;
    boot_by_string(&w, false, "123456", PHONE_TLS_MODERN);
    if (w.outcome != OUTCOME_FILES)
        fail_msg("%s", w.words);
    assert_string_equal(site.capfd.password, "123456");
    assert_bytes_equal(flash_file(&xml, DEVICE ".cnf.xml"), site.xml);
    buffer_fini(&xml);
    /* The next day it needs neither CAPF nor the short file. */
    boot_by_string(&w, true, NULL, PHONE_TLS_MODERN);
    assert_int_equal(w.outcome, OUTCOME_FILES);
    assert_int_equal(w.unchanged, 3); /* CTL, ITL, configuration */
    assert_int_equal(site.capfd.connections, 1);
}

static void test_an_erased_lsc_makes_it_enrol_again(void **state)
{
    (void)state;
    struct watched w;
    boot_by_string(&w, false, "123456", PHONE_TLS_MODERN);
    struct phone_setup setup = setup_of(&w, "7975", world.home);
    setup.auth_string = "654321";
    setup.tls = PHONE_TLS_MODERN;
    setup.erase[FLASH_LSC] = true;
    boot_with(&w, &setup);
    assert_int_equal(w.outcome, OUTCOME_FILES);
    assert_int_equal(site.capfd.connections, 2);
    assert_string_equal(site.capfd.password, "654321");
}

static void test_a_phone_without_its_string_gets_no_further(void **state)
{
    (void)state;
    struct watched w;
    boot_by_string(&w, true, NULL, PHONE_TLS_MODERN);
    assert_int_equal(w.outcome, OUTCOME_FAILED);
    assert_non_null(strstr(w.words, "--auth-string"));
    assert_int_equal(site.capfd.connections, 0);
}

static void test_an_old_model_says_what_the_server_lacks(void **state)
{
    (void)state;
    struct watched w;
    struct enrolment_pace pace;
    struct phone_setup setup = setup_of(&w, "7975", world.home);
    enrolment_pace_default(&pace);
    pace.pause_ms = 1;
    setup.pace = &pace;
    setup.auth_string = "123456";
    boot_with(&w, &setup); /* TLS of the model: 1.0, which the server does not speak */
    assert_int_equal(w.outcome, OUTCOME_FAILED);
    assert_non_null(strstr(w.words, "set legacy_tls = on"));
}

static void test_a_broken_lsc_in_the_flash_says_what_helps(void **state)
{
    (void)state;
    struct watched w;
    char path[1200];
    boot(&w, "7975", world.home);
    snprintf(path, sizeof path, "%s/LSC.pem", world.home);
    assert_int_equal(file_replace(path, bytes_of_string("junk"), 0600, NULL), 0);
    boot(&w, "7975", world.home);
    assert_int_not_equal(w.error, 0);
    assert_non_null(strstr(w.words, "--erase lsc helps"));
}

static void test_a_phone_can_be_switched_off_while_it_enrols(void **state)
{
    (void)state;
    struct watched w;
    struct phone_setup setup = setup_of(&w, "7975", world.home);
    setup.auth_string = "123456";
    setup.tls = PHONE_TLS_MODERN;
    site.capfd.on_store_sent = stop_world;
    assert_int_equal(phone_new(&w.phone, &world.phones, &setup), 0);
    phone_start(w.phone);
    assert_int_equal(loop_run(world.phones.loop), 0);
    phone_free(w.phone);
    assert_false(w.finished);
}

/* ---- TVS, and lists of signers that it alone knows ---- */

static struct {
    struct tvsd tvsd;
    struct identity signer, foreign;
    char news[600];
} tvs_site;

static void put_signed(const struct identity *signer, const char *name, const char *xml)
{
    put(name, factory_envelope(signer, name, bytes_of_string(xml)));
}

/* A 7975 has booted from the signer; now the lists are `foreign`'s. */
static int enter_tvs(void **state)
{
    struct watched w;
    char xml[400];
    enter(state);
    memset(&tvs_site, 0, sizeof tvs_site);
    factory_signer(&tvs_site.signer);
    factory_foreign(&tvs_site.foreign);
    tvsd_open(&tvs_site.tvsd, world.phones.loop, "pool/rsa2048-3.pem");
    tvs_site.tvsd.roles = "\x00\x02";
    tvs_site.tvsd.role_count = 2;
    tvs_site.tvsd.certificate = certificate_der(tvs_site.foreign.certificate);
    snprintf(xml, sizeof xml,
             "<device> <TVS><members><member priority=\"0\"><port>%u</port>"
             "<address>127.0.0.1</address></member></members></TVS> </device>",
             address_port(&tvs_site.tvsd.address));
    put("ITLFile.tlv", tvsd_itl(&tvs_site.signer, tvs_site.tvsd.identity.certificate));
    put_signed(&tvs_site.signer, DEVICE ".cnf.xml.sgn", xml);
    boot(&w, "7975", world.home);
    assert_int_equal(w.outcome, OUTCOME_FILES);
    put("CTL" DEVICE ".tlv", factory_list(TRUSTLIST_CTL, &tvs_site.foreign, NULL));
    put_signed(&tvs_site.foreign, DEVICE ".cnf.xml.sgn", xml);
    return 0;
}

static int leave_tvs(void **state)
{
    tvsd_close(&tvs_site.tvsd);
    identity_fini(&tvs_site.signer);
    identity_fini(&tvs_site.foreign);
    return leave(state);
}

static void take_tvs(void *context, const struct boot *boot, const struct tvsc_news *news)
{
    static const char *const words[] = {
        [TVSC_CACHED] = "cached ", [TVSC_ASK] = "ask ",        [TVSC_CONNECT] = "connect ",
        [TVSC_SENT] = "sent ",     [TVSC_FAILED] = "failed ",  [TVSC_CONNECTED] = "connected ",
        [TVSC_ANSWERED] = "told ", [TVSC_FLUSHED] = "flushed "};
    (void)context;
    (void)boot;
    strncat(tvs_site.news, words[news->what], 20);
}

static void boot_asking(struct watched *w, const char *model)
{
    static const struct phone_events telling = {ready, take_action, finished, NULL, NULL, take_tvs};
    struct phone_setup setup = setup_of(w, model, world.home);
    setup.events = &telling;
    setup.tls = PHONE_TLS_MODERN; /* the listener of the test speaks nothing older */
    tvs_site.news[0] = '\0';
    boot_with(w, &setup);
}

static void test_a_new_signer_is_taken_through_tvs_and_known_from_then_on(void **state)
{
    (void)state;
    struct watched w;
    boot_asking(&w, "7975");
    assert_int_equal(w.outcome, OUTCOME_FILES);
    assert_int_equal(w.refused, 0);
    assert_int_equal(w.stores, 1); /* the CTL; the configuration says the same as before */
    assert_string_equal(tvs_site.tvsd.device, "CP-7975-" DEVICE);
    assert_string_equal(tvs_site.news, "ask connect connected sent told flushed ");
    boot_asking(&w, "7975");
    assert_int_equal(w.outcome, OUTCOME_FILES);
    assert_string_equal(tvs_site.news, "");
    assert_int_equal(tvs_site.tvsd.questions, 1);
}

static void test_what_tvs_trusts_for_files_is_remembered_for_the_next_file(void **state)
{
    (void)state;
    struct watched w;
    put("CTL" DEVICE ".tlv", vector_load("CTLFile.tlv")); /* the list stays */
    put_signed(&tvs_site.foreign, "Ringlist.xml.sgn", "<CiscoIPPhoneRinglist/>");
    boot_asking(&w, "7975");
    assert_int_equal(w.outcome, OUTCOME_FILES);
    assert_int_equal(w.refused, 0);
    assert_string_equal(tvs_site.news, "ask connect connected sent told cached ");
    assert_int_equal(tvs_site.tvsd.questions, 1);
}

static void test_without_tvs_the_old_lists_stay(void **state)
{
    (void)state;
    struct watched w;
    tvs_site.tvsd.mood = MOOD_DENY;
    boot_asking(&w, "7975");
    assert_int_equal(w.outcome, OUTCOME_REFUSED);
    assert_int_equal(w.refused, 2);
    assert_int_equal(w.stores, 0);
    expect_flash("CTLFile.tlv", "CTLFile.tlv");
    tvs_site.tvsd.mood = MOOD_CUT;
    boot_asking(&w, "7975");
    assert_int_equal(w.outcome, OUTCOME_REFUSED);
    assert_int_equal(w.stores, 0);
}

static void on_sent(void *context, const struct boot *boot, const struct tvsc_news *news)
{
    (void)context;
    (void)boot;
    if (news->what == TVSC_SENT)
        loop_stop(world.phones.loop);
}

static void test_a_phone_can_be_switched_off_while_it_asks(void **state)
{
    static const struct phone_events telling = {ready, take_action, finished, NULL, NULL, on_sent};
    (void)state;
    struct watched w;
    struct phone_setup setup = setup_of(&w, "7975", world.home);
    tvs_site.tvsd.mood = MOOD_SILENCE;
    setup.events = &telling;
    setup.tls = PHONE_TLS_MODERN;
    assert_int_equal(phone_new(&w.phone, &world.phones, &setup), 0);
    phone_start(w.phone);
    assert_int_equal(loop_run(world.phones.loop), 0);
    assert_false(w.finished);
    phone_free(w.phone);
    expect_flash("CTLFile.tlv", "CTLFile.tlv");
}

static void test_a_lab_mic_is_made_once_and_verifies(void **state)
{
    (void)state;
    struct identity ca = {0}, mic = {0};
    struct why why = WHY_NONE;
    char ca_path[1200], mic_path[1200];
    bool made_ca = false;
    snprintf(ca_path, sizeof ca_path, "%s/ca.pem", world.base);
    snprintf(mic_path, sizeof mic_path, "%s/mic.pem", world.base);
    assert_int_equal(mic_make(ca_path, DEVICE, mic_path, &made_ca, NULL), 0);
    assert_true(made_ca);
    assert_int_equal(identity_load(&ca, ca_path, NULL), 0);
    assert_int_equal(identity_load(&mic, mic_path, NULL), 0);
    assert_string_equal(certificate_common_name(mic.certificate), DEVICE);
    assert_int_equal(
        certificate_verify_chain(mic.certificate, NULL, 0, &ca.certificate, 1, time(NULL), NULL),
        0);
    assert_int_equal(mic_make(ca_path, DEVICE, mic_path, &made_ca, &why), ERR_DUPLICATE);
    identity_fini(&ca);
    identity_fini(&mic);
}

int main(void)
{
#define TEST(name)      cmocka_unit_test_setup_teardown(name, enter, leave)
#define TEST_CAPF(name) cmocka_unit_test_setup_teardown(name, enter_capf, leave_capf)
#define TEST_TVS(name)  cmocka_unit_test_setup_teardown(name, enter_tvs, leave_tvs)
    const struct CMUnitTest tests[] = {
        TEST(test_a_phone_boots_and_its_flash_holds_what_it_took),
        TEST(test_the_next_boot_knows_what_the_flash_holds),
        TEST(test_a_phone_without_a_home_forgets),
        TEST(test_what_is_refused_leaves_the_flash_alone),
        TEST(test_erasing_lets_the_phone_take_a_foreign_list),
        TEST(test_newer_phones_get_their_files_over_http),
        TEST(test_http_that_is_busy_is_passed_over_for_tftp),
        TEST(test_without_http_the_phone_turns_to_tftp),
        TEST(test_a_network_that_loses_packets_delays_only),
        TEST(test_a_source_address_is_used_by_both_transports),
        TEST(test_the_flash_of_another_phone_ends_it_at_once),
        TEST(test_a_broken_list_in_the_flash_says_what_helps),
        TEST(test_a_broken_configuration_in_the_flash_is_as_none),
        TEST(test_a_phone_may_be_freed_when_it_is_through),
        TEST(test_a_phone_can_be_switched_off_at_any_moment),
        TEST_CAPF(test_a_phone_enrols_and_reads_its_sealed_configuration),
        TEST_CAPF(test_an_erased_lsc_makes_it_enrol_again),
        TEST_CAPF(test_a_phone_without_its_string_gets_no_further),
        TEST_CAPF(test_an_old_model_says_what_the_server_lacks),
        TEST(test_a_broken_lsc_in_the_flash_says_what_helps),
        TEST_CAPF(test_a_phone_can_be_switched_off_while_it_enrols),
        TEST_TVS(test_a_new_signer_is_taken_through_tvs_and_known_from_then_on),
        TEST_TVS(test_what_tvs_trusts_for_files_is_remembered_for_the_next_file),
        TEST_TVS(test_without_tvs_the_old_lists_stay),
        TEST_TVS(test_a_phone_can_be_switched_off_while_it_asks),
        TEST(test_a_lab_mic_is_made_once_and_verifies),
        cmocka_unit_test(test_ports_of_http_follow_those_of_tftp),
    };
    return RUN(tests);
}
