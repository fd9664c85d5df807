/* A phone and its call managers over the network: TCP, TLS, trust and audio. */
#include "managerd.h"
#include "tvsd.h"

#include "phone/signalling.h"

#define DEVICE "SEP001122334455"

static struct {
    struct loop *loop;
    struct loop_timer *watchdog, *look;
    bool (*until)(void);
    struct worker *worker;
    struct audio_room *room;
    struct tls_context *modern, *old, *null_tls, *plain;
    struct managerd managers[2];
    struct tvsd tvsd;
    struct identity signer, phone;
    struct bytes ctl_file, itl_file;
    struct trustlist *ctl, *itl;
    struct phone_trust trust;
    struct tvsc *tvsc;
    struct managers list;
    struct signalling *phone_signalling;
    char happened[2000];
    char words[600];
    char cipher[64];
    bool done, finished, again;
} t;

static void watchdog(void *context)
{
    (void)context;
    fail_msg("nothing happens any more: %s%s", t.happened, t.words);
}

static void note(const char *format, ...) PRINTF_LIKE(1, 2);
static void note(const char *format, ...)
{
    va_list values;
    size_t used = strlen(t.happened);
    va_start(values, format);
    vsnprintf(t.happened + used, sizeof t.happened - used, format, values);
    va_end(values);
}

static void note_registration(const struct registration_step *step)
{
    switch (step->what) {
    case REGISTRATION_DONE:
        note("done ");
        t.done = true;
        break;
    case REGISTRATION_FAILED:
        note("failed ");
        text_copy(t.words, sizeof t.words, step->words);
        break;
    case REGISTRATION_LOST:
        note("lost ");
        t.done = false;
        break;
    default:
        break;
    }
}

static void note_handset(const struct handset_step *step)
{
    if (step->what == HANDSET_ICON)
        note("%s ", handset_icon_text(step->number));
    else if (step->what == HANDSET_CALL)
        note("call ");
    else if (step->what == HANDSET_OVER)
        note("over ");
}

static void take_news(void *context, const struct signalling_news *news)
{
    (void)context;
    switch (news->what) {
    case SIGNALLING_CONNECTS:
        note("connects ");
        break;
    case SIGNALLING_CONNECTED:
        note("%s ", news->tls ? news->tls : "TCP");
        text_copy(t.cipher, sizeof t.cipher, news->cipher ? news->cipher : "");
        break;
    case SIGNALLING_REGISTRATION:
        note_registration(news->registration);
        break;
    case SIGNALLING_HANDSET:
        note_handset(news->handset);
        break;
    }
}

static void take_end(void *context, const struct signalling_end *end)
{
    (void)context;
    t.finished = true;
    t.again = end->again;
    text_copy(t.words, sizeof t.words, end->words);
    signalling_free(t.phone_signalling);
    t.phone_signalling = NULL;
}

static void tvs_news(void *context, const struct tvsc_news *news)
{
    (void)context;
    if (news->what == TVSC_ASK)
        note("asks-tvs ");
}

static void look(void *context)
{
    (void)context;
    if (t.until())
        loop_stop(t.loop);
    else
        loop_timer_start(t.look, 1);
}

static void run_until(bool (*until)(void))
{
    t.until = until;
    loop_timer_start(t.look, 0);
    assert_int_equal(loop_run(t.loop), 0);
}

static bool is_done(void)
{
    return t.done;
}

static bool is_finished(void)
{
    return t.finished;
}

/* ---- the stage ---- */

/* A list of `signer` that names this certificate as call manager. */
static struct bytes list_of(enum trustlist_kind kind, const struct certificate *manager,
                            const struct certificate *tvs)
{
    struct buffer body;
    struct bytes none = bytes_of(NULL, 0);
    struct trustlist_record records[3] = {
        record_of_certificate(t.signer.certificate, ROLE_SAST, RECORD_FULL, NULL, none)};
    size_t count = 1;
    if (manager)
        records[count++] = record_of_certificate(manager, ROLE_CCM, RECORD_FULL, NULL, none);
    if (tvs)
        records[count++] = record_of_certificate(tvs, ROLE_TVS, RECORD_FULL, NULL, none);
    buffer_init(&body, 65536);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(record_write(&body, &records[i], NULL), 0);
    struct bytes list = factory_envelope(&t.signer, trustlist_file_name(kind), buffer_bytes(&body));
    buffer_fini(&body);
    return list;
}

static void hold_ctl(const struct certificate *manager)
{
    trustlist_free(t.ctl);
    vector_free(t.ctl_file);
    t.ctl = NULL;
    t.ctl_file = list_of(TRUSTLIST_CTL, manager, NULL);
    assert_int_equal(trustlist_parse(&t.ctl, t.ctl_file, NULL), 0);
    t.trust.ctl = t.ctl;
}

static void open_manager(size_t n, const char *vector)
{
    managerd_open(&t.managers[n], t.loop, vector);
    t.managers[n].manager.number = "2001";
    struct managers_member *m = &t.list.list[n];
    address_host(m->host, &t.managers[n].address);
    m->port = address_port(&t.managers[n].address);
    t.list.count = n + 1;
    t.list.tls = vector != NULL;
}

static int enter(void **state)
{
    const struct tls_client_setup modern = {.profile = TLS_MODERN};
    const struct tls_client_setup old = {.profile = TLS_OLD_PHONE};
    const struct tls_client_setup null_tls = {.profile = TLS_OLD_PHONE, .null_cipher = true};
    (void)state;
    memset(&t, 0, sizeof t);
    assert_int_equal(loop_new(&t.loop), 0);
    assert_int_equal(worker_new(&t.worker, t.loop, 1, 16), 0);
    assert_int_equal(audio_room_new(&t.room, t.loop), 0);
    assert_int_equal(tls_client_context_new(&t.modern, &modern, NULL), 0);
    assert_int_equal(tls_client_context_new(&t.old, &old, NULL), 0);
    assert_int_equal(tls_client_context_new(&t.null_tls, &null_tls, NULL), 0);
    assert_int_equal(tls_plain_context_new(&t.plain, false), 0);
    assert_int_equal(loop_timer_new(&t.watchdog, t.loop, watchdog, NULL), 0);
    assert_int_equal(loop_timer_new(&t.look, t.loop, look, NULL), 0);
    loop_timer_start(t.watchdog, 60000);
    factory_signer(&t.signer);
    factory_foreign(&t.phone);
    tvsd_open(&t.tvsd, t.loop, "pool/rsa2048-3.pem");
    t.itl_file = list_of(TRUSTLIST_ITL, NULL, t.tvsd.identity.certificate);
    assert_int_equal(trustlist_parse(&t.itl, t.itl_file, NULL), 0);
    t.trust = (struct phone_trust){.model = model_find("7975"), .itl = t.itl};
    hold_ctl(NULL);
    const struct tvsc_setup tvsc = {.loop = t.loop,
                                    .worker = t.worker,
                                    .device = "CP-7975-" DEVICE,
                                    .port = address_port(&t.tvsd.address),
                                    .news = tvs_news};
    assert_int_equal(tvsc_new(&t.tvsc, &tvsc), 0);
    const struct cnf_member server = {.host = "127.0.0.1"};
    const struct tvsc_circle circle = {
        .servers = &server, .server_count = 1, .trust = t.trust, .tls = t.modern};
    tvsc_set_circle(t.tvsc, &circle);
    return 0;
}

static int leave(void **state)
{
    (void)state;
    signalling_free(t.phone_signalling);
    for (size_t i = 0; i < t.list.count; i++)
        managerd_close(&t.managers[i]);
    tvsc_free(t.tvsc);
    tvsd_close(&t.tvsd);
    tls_context_free(t.modern);
    tls_context_free(t.old);
    tls_context_free(t.null_tls);
    tls_context_free(t.plain);
    audio_room_free(t.room);
    worker_free(t.worker);
    loop_timer_free(t.look);
    loop_timer_free(t.watchdog);
    loop_free(t.loop);
    identity_fini(&t.signer);
    identity_fini(&t.phone);
    trustlist_free(t.ctl);
    trustlist_free(t.itl);
    vector_free(t.ctl_file);
    vector_free(t.itl_file);
    return 0;
}

static void start(struct tls_context *context, const struct identity *identity, unsigned rounds)
{
    struct registration_setup registration = {.device = DEVICE,
                                              .device_type = 437,
                                              .idiom = idiom_of(model_find("7975")),
                                              .load = "SCCP75",
                                              .config_stamp = ""};
    registration_pace_default(&registration.pace);
    registration.pace.rounds = rounds;
    const struct signalling_setup setup = {
        .loop = t.loop,
        .worker = t.worker,
        .room = t.room,
        .tls = context,
        .old_tls = context == t.old || context == t.null_tls,
        .identity = identity,
        .managers = &t.list,
        .trust = &t.trust,
        .tvsc = t.tvsc,
        .registration = &registration,
        .news = take_news,
        .finished = take_end,
    };
    assert_int_equal(signalling_start(&t.phone_signalling, &setup), 0);
}

/* ---- registering ---- */

static void test_a_phone_registers_over_tls_and_shows_its_certificate(void **state)
{
    (void)state;
    open_manager(0, "pool/rsa2048-2.pem");
    hold_ctl(t.managers[0].identity.certificate);
    start(t.modern, &t.phone, 1);
    run_until(is_done);
    assert_string_equal(t.happened, "connects TLSv1.3 done ");
    assert_string_equal(t.managers[0].shown, certificate_subject(t.phone.certificate));
    assert_memory_equal(t.managers[0].manager.registered.address, "\x7f\0\0\1", 4);
}

static void test_a_phone_of_2005_registers_over_tls_1_0(void **state)
{
    (void)state;
    open_manager(0, "pool/rsa2048-2.pem");
    hold_ctl(t.managers[0].identity.certificate);
    start(t.old, &t.phone, 1);
    run_until(is_done);
    assert_string_equal(t.happened, "connects TLSv1 done ");
    assert_string_equal(t.managers[0].cipher, "AES256-SHA");
}

static void test_a_phone_that_is_to_be_authenticated_alone_does_not_encrypt(void **state)
{
    (void)state;
    open_manager(0, "pool/rsa2048-2.pem");
    hold_ctl(t.managers[0].identity.certificate);
    start(t.null_tls, &t.phone, 1);
    run_until(is_done);
    assert_string_equal(t.cipher, "NULL-SHA");
}

static void test_a_phone_without_security_registers_over_tcp(void **state)
{
    (void)state;
    open_manager(0, NULL);
    start(t.plain, NULL, 1);
    run_until(is_done);
    assert_string_equal(t.happened, "connects TCP done ");
}

/* ---- trust ---- */

static void test_a_call_manager_no_list_knows_is_asked_about_and_trusted_when_tvs_says_so(
    void **state)
{
    (void)state;
    open_manager(0, "pool/rsa2048-2.pem");
    t.tvsd.roles = "\x01";
    start(t.modern, &t.phone, 1);
    run_until(is_done);
    assert_string_equal(t.happened, "connects asks-tvs TLSv1.3 done ");
}

static void test_a_call_manager_nobody_vouches_for_hears_not_a_word(void **state)
{
    (void)state;
    open_manager(0, "pool/rsa2048-2.pem");
    t.tvsd.mood = MOOD_DENY;
    start(t.modern, &t.phone, 3);
    run_until(is_finished);
    assert_string_equal(t.happened, "connects asks-tvs failed ");
    assert_string_equal(t.managers[0].manager.said, "");
    assert_false(t.again);
    assert_true(strlen(t.words) > 10);
}

static void test_without_tvs_an_unknown_call_manager_hears_an_alert(void **state)
{
    (void)state;
    open_manager(0, "pool/rsa2048-2.pem");
    t.trust.itl = NULL;
    start(t.old, &t.phone, 3);
    run_until(is_finished);
    assert_string_equal(t.happened, "connects failed ");
    assert_int_equal(t.managers[0].accepted, 0);
}

/* ---- failing over ---- */

static void test_a_call_manager_that_is_not_there_is_followed_by_the_next(void **state)
{
    (void)state;
    open_manager(0, NULL);
    open_manager(1, NULL);
    managerd_kill(&t.managers[0]);
    start(t.plain, NULL, 1);
    run_until(is_done);
    assert_true(text_starts(t.happened, "connects failed connects TCP done "));
    assert_non_null(strstr(t.words, "refused"));
}

static bool standby_stands(void)
{
    return strstr(t.managers[1].manager.said, "KeepAlive") != NULL;
}

static void test_when_it_dies_the_phone_is_registered_with_the_standby(void **state)
{
    (void)state;
    open_manager(0, NULL);
    open_manager(1, NULL);
    start(t.plain, NULL, 0);
    run_until(is_done);
    run_until(standby_stands);
    /* a session of less than five seconds counts for nothing, so the standby is the next anyway */
    managerd_kill(&t.managers[0]);
    t.done = false;
    run_until(is_done);
    assert_non_null(strstr(t.managers[1].manager.said, "KeepAlive Alarm RegisterReq "));
    assert_non_null(strstr(t.managers[1].manager.alarm, "Last=CM-closed-TCP"));
}

static void test_a_phone_that_leaves_says_so(void **state)
{
    (void)state;
    open_manager(0, NULL);
    start(t.plain, NULL, 0);
    run_until(is_done);
    signalling_leave(t.phone_signalling);
    run_until(is_finished);
    assert_non_null(strstr(t.managers[0].manager.said, "Unregister "));
    assert_string_equal(t.words, "");
}

static void test_a_host_name_is_looked_up(void **state)
{
    (void)state;
    open_manager(0, NULL);
    text_copy(t.list.list[0].host, sizeof t.list.list[0].host, "localhost");
    start(t.plain, NULL, 1);
    run_until(is_done);
    assert_string_equal(t.happened, "connects TCP done ");
}

/* ---- audio ---- */

static const struct sccp_keys some_keys = {.algorithm = SCCP_SRTP_AES_128_SHA1_32,
                                           .key_size = 16,
                                           .salt_size = 14,
                                           .key = "0123456789abcde",
                                           .salt = "salt of 14 b"};

static struct sccp_media_ack opened;

static void heard(void *context, const struct sccp_message *m)
{
    (void)context;
    if (m->id == SCCP_OPEN_RECEIVE_CHANNEL_ACK)
        opened = m->media_ack;
}

static bool is_opened(void)
{
    return opened.port != 0;
}

static bool speaks_to_itself(void)
{
    struct audio_counters c;
    return signalling_counters(t.phone_signalling, 0, &c) && c.received >= 10;
}

/* The phone's own address is where it is to send: what it hears is what it says. */
static void connect_to_itself(const struct sccp_keys *keys, enum sccp_security security)
{
    struct manager *manager = &t.managers[0].manager;
    struct sccp_message m;
    opened = (struct sccp_media_ack){0};
    manager->heard = heard;
    sccp_message_init(&m, SCCP_CALL_STATE);
    m.call_state =
        (struct sccp_call_state_message){.state = SCCP_STATE_CONNECTED, .line = 1, .call = 7};
    manager_say(manager, &m);
    sccp_message_init(&m, SCCP_CALL_INFO);
    m.call_info = (struct sccp_call_info){
        .line = 1, .call = 7, .type = SCCP_CALL_INBOUND, .security = security};
    manager_say(manager, &m);
    sccp_message_init(&m, SCCP_OPEN_RECEIVE_CHANNEL);
    m.open_receive_channel = (struct sccp_open_receive_channel){
        .call = 7, .packet_ms = 20, .codec = SCCP_G711_ULAW, .keys = *keys};
    manager_say(manager, &m);
    run_until(is_opened);
    assert_int_equal(opened.status, SCCP_MEDIA_OK);
    assert_memory_equal(opened.address.bytes, "\x7f\0\0\1", 4);
    assert_int_equal(opened.port % 2, 0);
    sccp_message_init(&m, SCCP_START_MEDIA_TRANSMISSION);
    m.start_media_transmission = (struct sccp_start_media_transmission){.call = 7,
                                                                        .packet_ms = 20,
                                                                        .codec = SCCP_G711_ULAW,
                                                                        .remote = opened.address,
                                                                        .remote_port = opened.port,
                                                                        .keys = *keys};
    manager_say(manager, &m);
    run_until(speaks_to_itself);
}

static void test_audio_is_opened_where_it_is_told_and_sealed_with_the_keys(void **state)
{
    struct audio_counters c;
    (void)state;
    open_manager(0, "pool/rsa2048-2.pem");
    hold_ctl(t.managers[0].identity.certificate);
    start(t.modern, &t.phone, 1);
    run_until(is_done);
    connect_to_itself(&some_keys, SCCP_SECURITY_ENCRYPTED);
    assert_true(signalling_counters(t.phone_signalling, 0, &c));
    assert_true(c.encrypts && c.decrypts);
    assert_int_equal(c.lost + c.wrong_key + c.malformed, 0);
    assert_non_null(strstr(t.happened, "call lock "));
}

static void test_keys_over_tls_without_encryption_are_refused(void **state)
{
    struct manager *manager = &t.managers[0].manager;
    struct sccp_message m;
    (void)state;
    open_manager(0, "pool/rsa2048-2.pem");
    hold_ctl(t.managers[0].identity.certificate);
    start(t.null_tls, &t.phone, 1);
    run_until(is_done);
    opened = (struct sccp_media_ack){.port = 0};
    manager->heard = heard;
    sccp_message_init(&m, SCCP_OPEN_RECEIVE_CHANNEL);
    m.open_receive_channel = (struct sccp_open_receive_channel){
        .call = 7, .party = 9, .packet_ms = 20, .codec = SCCP_G711_ULAW, .keys = some_keys};
    manager_say(manager, &m);
    t.done = false;
    manager_say_number(manager, SCCP_RESET, SCCP_RESET_RESTART); /* after it */
    run_until(is_finished);
    assert_true(t.again);
    assert_int_equal(opened.party, 9);
    assert_int_equal(opened.status, SCCP_MEDIA_ERROR);
}

static bool is_lost(void)
{
    return strstr(t.happened, "lost") != NULL;
}

static bool speaks_on(void)
{
    static uint64_t before;
    struct audio_counters c;
    assert_true(signalling_counters(t.phone_signalling, 0, &c));
    if (before == 0)
        before = c.received;
    return c.received >= before + 10;
}

static void test_audio_goes_on_when_the_call_manager_dies_and_its_user_hangs_up(void **state)
{
    struct why why = WHY_NONE;
    struct audio_counters c;
    (void)state;
    open_manager(0, NULL);
    open_manager(1, NULL);
    start(t.plain, NULL, 0);
    run_until(is_done);
    run_until(standby_stands);
    connect_to_itself(&(struct sccp_keys){.algorithm = SCCP_SRTP_NONE},
                      SCCP_SECURITY_NOT_AUTHENTICATED);
    managerd_kill(&t.managers[0]);
    run_until(is_lost);
    run_until(is_done);
    run_until(speaks_on);
    assert_int_equal(t.managers[1].manager.registered.active_streams, 1);
    assert_int_equal(handset_end(signalling_handset(t.phone_signalling), &why), 0);
    signalling_pump(t.phone_signalling);
    assert_int_equal(handset_streams(signalling_handset(t.phone_signalling)), 0);
    assert_true(signalling_counters(t.phone_signalling, 0, &c)); /* of the last call */
    assert_true(c.received >= 20 && c.lost == 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_phone_registers_over_tls_and_shows_its_certificate),
        TEST(test_a_phone_of_2005_registers_over_tls_1_0),
        TEST(test_a_phone_that_is_to_be_authenticated_alone_does_not_encrypt),
        TEST(test_a_phone_without_security_registers_over_tcp),
        TEST(test_a_call_manager_no_list_knows_is_asked_about_and_trusted_when_tvs_says_so),
        TEST(test_a_call_manager_nobody_vouches_for_hears_not_a_word),
        TEST(test_without_tvs_an_unknown_call_manager_hears_an_alert),
        TEST(test_a_call_manager_that_is_not_there_is_followed_by_the_next),
        TEST(test_when_it_dies_the_phone_is_registered_with_the_standby),
        TEST(test_a_phone_that_leaves_says_so),
        TEST(test_a_host_name_is_looked_up),
        TEST(test_audio_is_opened_where_it_is_told_and_sealed_with_the_keys),
        TEST(test_keys_over_tls_without_encryption_are_refused),
        TEST(test_audio_goes_on_when_the_call_manager_dies_and_its_user_hangs_up),
    };
    return RUN(tests);
}
