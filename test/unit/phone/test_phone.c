/* Whole phones on a loop, against servers on loopback: TFTP of the test's own, HTTP by net/httpd.
 */
#include "factory.h"
#include "filer.h"

#include "base/file.h"
#include "net/httpd.h"
#include "net/tcp.h"
#include "phone/fetch.h"
#include "phone/phone.h"

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

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)
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
        cmocka_unit_test(test_ports_of_http_follow_those_of_tftp),
    };
    return RUN(tests);
}
