/* Which handshakes succeed, judged by openssl s_client, and what is said about those that do not.
 */
#include "tls_site.h"

#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct buffer output;

/* Runs s_client and gives its output as a string. */
static const char *s_client(const char *options)
{
    buffer_clear(&output);
    site_s_client(&output, options, "");
    return buffer_string(&output);
}

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in: %s", part, text);
}

static bool one_failed(void *context)
{
    (void)context;
    return site.failed > 0;
}

static bool one_ended(void *context)
{
    (void)context;
    return site.taken[0].ended > 0;
}

#define TLS10 "-tls1 -cipher 'AES128-SHA:@SECLEVEL=0'"

static void test_tls_1_0_with_aes128_sha_is_accepted_by_the_legacy_profile(void **state)
{
    (void)state;
    site_serve(TLS_PHONE_LEGACY, false, TLS_CLIENT_NOT_ASKED);
    const char *said = s_client(TLS10);
    assert_has(said, "New, SSLv3, Cipher is AES128-SHA");
    assert_has(said, "Protocol  : TLSv1\n");
    assert_has(said, "Secure Renegotiation IS supported");
    assert_has(said, "Compression: NONE");
    assert_int_equal(site.taken_count, 1);
    assert_string_equal(tls_cipher(site.taken[0].c), "AES128-SHA");
    assert_string_equal(tls_version(site.taken[0].c), "TLSv1");
    assert_true(tls_is_encrypted(site.taken[0].c));
    site_close();
}

static void test_tls_1_0_is_refused_by_the_modern_profile_and_legacy_tls_is_named(void **state)
{
    (void)state;
    site_serve(TLS_MODERN, false, TLS_CLIENT_NOT_ASKED);
    assert_has(s_client(TLS10), "alert protocol version");
    site_until(one_failed, NULL);
    assert_int_equal(site.taken_count, 0);
    assert_int_equal(site.end.kind, TLS_END_VERSION);
    assert_string_equal(site.text, "the phone offers only TLS 1.0, this service speaks TLS 1.2 and "
                                   "1.3: legacy_tls is off");
    assert_int_equal(tls_listener_counters(site.listener)->failed[TLS_END_VERSION], 1);
    site_close();
}

static void test_old_suites_are_refused_by_the_modern_profile_and_named(void **state)
{
    (void)state;
    site_serve(TLS_MODERN, false, TLS_CLIENT_NOT_ASKED);
    assert_has(s_client("-tls1_2 -cipher 'AES256-SHA:AES128-SHA:@SECLEVEL=0'"),
               "alert handshake failure");
    site_until(one_failed, NULL);
    assert_int_equal(site.end.kind, TLS_END_CIPHER);
    assert_string_equal(site.text, "no shared cipher: the phone offers AES256-SHA, AES128-SHA; "
                                   "legacy_tls is off");
    site_close();
}

static void test_tls_1_2_and_1_3_are_spoken_by_both_profiles(void **state)
{
    (void)state;
    for (int profile = TLS_MODERN; profile <= TLS_PHONE_LEGACY; profile++) {
        site_serve((enum tls_profile)profile, false, TLS_CLIENT_NOT_ASKED);
        assert_has(s_client("-tls1_2"), "New, TLSv1.2, Cipher is ECDHE-RSA-AES256-GCM-SHA384");
        assert_has(s_client("-tls1_3"), "New, TLSv1.3, Cipher is TLS_AES_256_GCM_SHA384");
        assert_int_equal(site.taken_count, 2);
        site_close();
    }
}

static void test_suites_that_are_no_phones_need_are_refused_by_the_legacy_profile(void **state)
{
    (void)state;
    site_serve(TLS_PHONE_LEGACY, false, TLS_CLIENT_NOT_ASKED);
    assert_has(
        s_client("-tls1_2 -cipher 'AES128-SHA256:ADH:AECDH:PSK:CAMELLIA128-SHA:@SECLEVEL=0'"),
        "handshake failure");
    site_until(one_failed, NULL);
    assert_int_equal(site.taken_count, 0);
    assert_has(site.text, "none of which this service takes");
    site_close();
}

static void test_null_sha_is_refused_without_its_flag(void **state)
{
    (void)state;
    site_serve(TLS_PHONE_LEGACY, false, TLS_CLIENT_NOT_ASKED);
    assert_has(s_client("-tls1 -cipher 'NULL-SHA:@SECLEVEL=0'"), "handshake failure");
    site_until(one_failed, NULL);
    assert_int_equal(site.end.kind, TLS_END_CIPHER);
    assert_has(site.text, "the phone offers NULL-SHA");
    site_close();
}

static void test_null_sha_is_accepted_with_its_flag_but_chosen_last(void **state)
{
    (void)state;
    site_serve(TLS_PHONE_LEGACY, true, TLS_CLIENT_NOT_ASKED);
    assert_has(s_client("-tls1 -cipher 'NULL-SHA:@SECLEVEL=0'"), "Cipher is NULL-SHA");
    assert_has(s_client("-tls1 -cipher 'NULL-SHA:AES128-SHA:@SECLEVEL=0'"), "Cipher is AES128-SHA");
    assert_int_equal(site.taken_count, 2);
    assert_false(tls_is_encrypted(site.taken[0].c));
    assert_true(tls_is_encrypted(site.taken[1].c));
    site_close();
}

static void test_null_sha_with_the_modern_profile_is_refused_as_a_setup(void **state)
{
    (void)state;
    struct tls_context *context = NULL;
    struct why why = WHY_NONE;
    struct tls_server_setup setup = {
        .profile = TLS_MODERN, .null_cipher = true, .identity = &id_server};
    assert_int_equal(tls_server_context_new(&context, &setup, &why), ERR_POLICY);
    assert_has(why.text, "legacy_tls = on");
    assert_null(context);
}

static void test_a_key_of_1024_bits_needs_the_legacy_profile(void **state)
{
    (void)state;
    struct tls_context *context = NULL;
    struct why why = WHY_NONE;
    struct tls_server_setup setup = {.profile = TLS_MODERN, .identity = &id_small};
    assert_int_equal(tls_server_context_new(&context, &setup, &why), ERR_POLICY);
    assert_has(why.text,
               "the TLS profile modern forbids the certificate CN=small (RSA of 1024 bits");
    assert_has(why.text, "set legacy_tls = on");
    setup.profile = TLS_PHONE_LEGACY;
    assert_int_equal(tls_server_context_new(&context, &setup, NULL), 0);
    tls_context_free(context);
}

static void test_a_certificate_with_another_key_is_no_identity(void **state)
{
    (void)state;
    struct tls_context *context = NULL;
    struct why why = WHY_NONE;
    struct identity mixed = {.certificate = id_server.certificate, .key = id_small.key};
    struct tls_server_setup setup = {.profile = TLS_PHONE_LEGACY, .identity = &mixed};
    assert_int_equal(tls_server_context_new(&context, &setup, &why), ERR_CRYPTO);
    assert_has(why.text, "CN=server");
}

static void test_the_chain_is_sent_after_the_certificate(void **state)
{
    (void)state;
    site_open(&(struct tls_server_setup){.profile = TLS_PHONE_LEGACY,
                                         .identity = &id_server,
                                         .chain = (struct certificate *[]){id_small.certificate},
                                         .chain_count = 1},
              &(struct tls_listener_setup){
                  .limits = roomy, .connections = 9, .unauthenticated = 9, .per_address = 9});
    const char *said = s_client("-showcerts");
    const char *first = strstr(said, "0 s:CN = server");
    assert_non_null(first);
    assert_has(first, "1 s:CN = small");
    site_close();
}

static void test_sessions_are_not_resumed_in_any_version(void **state)
{
    (void)state;
    char dir[1024], options[1200];
    temporary_make(dir);
    static const char *const versions[] = {"-tls1_2", "-tls1_3",
                                           "-tls1 -cipher 'AES128-SHA:@SECLEVEL=0'"};
    site_serve(TLS_PHONE_LEGACY, false, TLS_CLIENT_NOT_ASKED);
    for (size_t i = 0; i < 3; i++) {
        snprintf(options, sizeof options, "%s -sess_out %s/session", versions[i], dir);
        assert_has(s_client(options), "New, ");
        snprintf(options, sizeof options, "%s -sess_in %s/session", versions[i], dir);
        const char *said = s_client(options);
        if (!strstr(said, "Can't open") && !strstr(said, "No such file"))
            assert_has(said, "New, "); /* in TLS 1.3 there is no session to write */
        assert_null(strstr(said, "Reused, "));
        assert_null(strstr(said, "session ticket:"));
    }
    site_close();
    temporary_remove(dir);
}

static void test_renegotiation_is_refused(void **state)
{
    (void)state;
    site_serve(TLS_PHONE_LEGACY, false, TLS_CLIENT_NOT_ASKED);
    buffer_clear(&output);
    site_s_client(&output, "-tls1_2", "R\n");
    assert_has(buffer_string(&output), "no renegotiation");
    assert_int_equal(tls_listener_counters(site.listener)->shaken, 1);
    site_close();
}

/* ---- certificates of clients ---- */

/* Writes an identity where s_client finds it, and its options for that. */
static void with_identity(char options[2200], const char *dir, const struct identity *identity,
                          const char *more)
{
    char path[FILE_PATH];
    struct buffer pem;
    buffer_init(&pem, 64 * 1024);
    assert_int_equal(identity_write_pem(&pem, identity), 0);
    assert_int_equal(file_path(path, dir, "id.pem"), 0);
    assert_int_equal(file_replace(path, buffer_bytes(&pem), 0600, NULL), 0);
    snprintf(options, 2200, "-cert %s -key %s %s", path, path, more);
    buffer_fini(&pem);
}

static void test_any_certificate_passes_and_is_handed_up_even_an_expired_one(void **state)
{
    (void)state;
    static const char *const versions[] = {TLS10, "-tls1_2 -cipher 'DEFAULT:@SECLEVEL=0'",
                                           "-tls1_3 -cipher 'DEFAULT:@SECLEVEL=0'"};
    char dir[1024], options[2200];
    temporary_make(dir);
    for (size_t i = 0; i < 3; i++) {
        site_serve(TLS_PHONE_LEGACY, false, TLS_CLIENT_REQUIRED);
        with_identity(options, dir, &id_expired, versions[i]);
        s_client(options);
        assert_int_equal(site.taken_count, 1);
        struct certificate *peer = NULL, *chain[2];
        size_t count = 0;
        assert_int_equal(tls_peer_certificate(site.taken[0].c, &peer, NULL), 0);
        assert_true(certificates_equal(peer, id_expired.certificate));
        certificate_free(peer);
        assert_int_equal(tls_peer_chain(site.taken[0].c, chain, 2, &count, NULL), 0);
        assert_int_equal(count, 1);
        assert_true(certificates_equal(chain[0], id_expired.certificate));
        certificate_free(chain[0]);
        site_close();
    }
    temporary_remove(dir);
}

static void test_a_small_key_of_a_phone_passes_the_modern_profile_too(void **state)
{
    (void)state;
    char dir[1024], options[2200];
    temporary_make(dir);
    site_serve(TLS_MODERN, false, TLS_CLIENT_REQUIRED);
    with_identity(options, dir, &id_small, "-tls1_2 -cipher 'DEFAULT:@SECLEVEL=0'");
    s_client(options);
    assert_int_equal(site.taken_count, 1);
    site_close();
    temporary_remove(dir);
}

static void test_a_missing_certificate_is_refused_only_where_one_is_required(void **state)
{
    (void)state;
    struct certificate *peer = NULL;
    site_serve(TLS_PHONE_LEGACY, false, TLS_CLIENT_OPTIONAL);
    s_client(TLS10);
    assert_int_equal(site.taken_count, 1);
    assert_int_equal(tls_peer_certificate(site.taken[0].c, &peer, NULL), ERR_NOT_FOUND);
    site_close();
    site_serve(TLS_PHONE_LEGACY, false, TLS_CLIENT_REQUIRED);
    s_client(TLS10);
    site_until(one_failed, NULL);
    assert_int_equal(site.taken_count, 0);
    assert_int_equal(site.end.kind, TLS_END_CERTIFICATE);
    assert_has(site.text, "it has neither LSC nor MIC");
    site_close();
}

static enum tls_verdict refuse(void *context, const struct address *peer,
                               const struct certificate *client, struct why *why)
{
    (void)context;
    assert_true(address_is_loopback(peer));
    assert_true(certificates_equal(client, id_ec.certificate));
    why_error(why, ERR_POLICY, "SEP001122334455 is of another cluster");
    return TLS_UNKNOWN_CA;
}

static void test_a_listener_may_judge_and_the_client_hears_the_verdict(void **state)
{
    (void)state;
    char dir[1024], options[2200];
    temporary_make(dir);
    site_open(&(struct tls_server_setup){.profile = TLS_PHONE_LEGACY,
                                         .identity = &id_server,
                                         .client_certificate = TLS_CLIENT_REQUIRED},
              &(struct tls_listener_setup){.limits = roomy,
                                           .connections = 9,
                                           .unauthenticated = 9,
                                           .per_address = 9,
                                           .judge = refuse});
    with_identity(options, dir, &id_ec, "-tls1_2");
    assert_has(s_client(options), "alert unknown ca");
    site_until(one_failed, NULL);
    assert_int_equal(site.taken_count, 0);
    assert_int_equal(site.end.kind, TLS_END_CERTIFICATE);
    assert_string_equal(site.text, "SEP001122334455 is of another cluster");
    site_close();
    temporary_remove(dir);
}

static void test_a_client_that_does_not_know_our_ca_is_reported_as_that(void **state)
{
    (void)state;
    char dir[1024], path[FILE_PATH], options[2200];
    struct buffer pem;
    temporary_make(dir);
    buffer_init(&pem, 64 * 1024);
    assert_int_equal(certificate_write_pem(&pem, id_ec.certificate), 0);
    assert_int_equal(file_path(path, dir, "ca.pem"), 0);
    assert_int_equal(file_replace(path, buffer_bytes(&pem), 0600, NULL), 0);
    buffer_fini(&pem);
    snprintf(options, sizeof options, "%s -verify_return_error -no-CApath -no-CAstore -CAfile %s",
             TLS10, path);
    site_serve(TLS_PHONE_LEGACY, false, TLS_CLIENT_NOT_ASKED);
    s_client(options);
    site_until(one_failed, NULL);
    assert_int_equal(site.end.kind, TLS_END_ALERT);
    assert_int_equal(site.end.alert, 48);
    assert_has(site.text, "the phone does not know this CA");
    site_close();
    temporary_remove(dir);
}

static void test_secrets_of_tls_are_not_written_out(void **state)
{
    (void)state;
    char dir[1024], path[FILE_PATH];
    temporary_make(dir);
    assert_int_equal(file_path(path, dir, "keys"), 0);
    site_serve(TLS_MODERN, false, TLS_CLIENT_NOT_ASKED);
    setenv("SSLKEYLOGFILE", path, 1);
    struct raw raw;
    raw_open(&raw, 1, TLS1_3_VERSION, NULL);
    site_until(raw_is_shaken, &raw);
    raw_close(&raw);
    unsetenv("SSLKEYLOGFILE");
    assert_int_equal(access(path, F_OK), -1);
    site_close();
    temporary_remove(dir);
}

/* ---- our own client ---- */

struct dialled {
    struct tls_connection *c;
    enum tls_verdict verdict;
    unsigned judged, readied, ended;
    size_t received;
    struct tls_end end;
    char text[512];
    int early; /* what tls_write said inside the judge */
    bool free_in_judge;
    const struct identity *identity;
};

static enum tls_verdict judge(void *context, const struct certificate *server, struct why *why)
{
    struct dialled *d = context;
    d->judged++;
    assert_true(certificates_equal(server, id_server.certificate));
    d->early = d->c ? tls_write(d->c, bytes_of_string("too early")) : 0;
    if (d->verdict != TLS_TRUSTED)
        why_error(why, ERR_POLICY, "the ITL does not name this server");
    if (d->free_in_judge) {
        tls_free(d->c);
        d->c = NULL;
    }
    return d->verdict;
}

static void client_ready(void *context)
{
    struct dialled *d = context;
    d->readied++;
    assert_int_equal(tls_write(d->c, bytes_of_string("hello")), 0);
}

static void client_received(void *context, struct bytes data)
{
    ((struct dialled *)context)->received += data.size;
}

static void client_closed(void *context, const struct tls_end *end)
{
    struct dialled *d = context;
    d->ended++;
    d->end = *end;
    text_copy(d->text, sizeof d->text, end->text);
}

static void dial(struct dialled *d, struct tls_context *context, const struct address *to)
{
    struct why why = WHY_NONE;
    struct tls_connect_setup setup = {
        .context = context,
        .limits = roomy,
        .judge = judge,
        .identity = d->identity,
        .events = {.ready = client_ready, .received = client_received, .closed = client_closed},
        .user = d};
    if (tls_connect(&d->c, site.loop, to, &setup, &why) != 0)
        fail_msg("%s", why.text);
}

static bool client_has_echo(void *context)
{
    return ((struct dialled *)context)->received == 5;
}

static bool client_has_ended(void *context)
{
    return ((struct dialled *)context)->ended > 0;
}

static bool client_was_judging(void *context)
{
    return ((struct dialled *)context)->judged > 0 && site.failed > 0;
}

static struct tls_context *client_context(enum tls_profile profile, const struct identity *identity)
{
    struct tls_context *context = NULL;
    struct tls_client_setup setup = {.profile = profile, .identity = identity};
    assert_int_equal(tls_client_context_new(&context, &setup, NULL), 0);
    return context;
}

static void test_our_client_speaks_as_an_old_phone_and_as_a_modern_one(void **state)
{
    (void)state;
    static const struct {
        enum tls_profile profile;
        const char *version, *cipher;
    } rows[] = {{TLS_OLD_PHONE, "TLSv1", "AES256-SHA"},
                {TLS_PHONE_LEGACY, "TLSv1.3", "TLS_AES_256_GCM_SHA384"},
                {TLS_MODERN, "TLSv1.3", "TLS_AES_256_GCM_SHA384"}};
    for (size_t i = 0; i < 3; i++) {
        struct dialled d = {0};
        struct certificate *peer = NULL;
        struct tls_context *context = client_context(rows[i].profile, NULL);
        site_serve(TLS_PHONE_LEGACY, false, TLS_CLIENT_OPTIONAL);
        dial(&d, context, &site.address);
        tls_context_free(context); /* the connection keeps what it needs */
        site_until(client_has_echo, &d);
        assert_string_equal(tls_version(d.c), rows[i].version);
        assert_string_equal(tls_cipher(d.c), rows[i].cipher);
        for (int time = 0; time < 2; time++) {
            assert_int_equal(tls_peer_certificate(d.c, &peer, NULL), 0);
            assert_true(certificates_equal(peer, id_server.certificate));
            certificate_free(peer);
        }
        assert_int_equal(d.judged, 1);
        assert_int_equal(d.early, ERR_USAGE);
        tls_free(d.c);
        site_close();
    }
}

/* "no byte": neither data nor our certificate. The server sees the alert instead of a handshake. */
static void test_a_client_that_refuses_the_server_sends_it_nothing_but_the_alert(void **state)
{
    (void)state;
    static const enum tls_profile profiles[] = {TLS_OLD_PHONE, TLS_MODERN};
    static const struct {
        enum tls_verdict verdict;
        unsigned alert;
    } rows[] = {{TLS_UNKNOWN_CA, 48},
                {TLS_BAD_CERTIFICATE, 42},
                {TLS_CERTIFICATE_EXPIRED, 45},
                {TLS_CERTIFICATE_REVOKED, 44}};
    for (size_t i = 0; i < 8; i++) {
        struct dialled d = {.verdict = rows[i / 2].verdict};
        struct tls_context *context = client_context(profiles[i % 2], &id_server);
        site_serve(TLS_PHONE_LEGACY, false, TLS_CLIENT_REQUIRED);
        dial(&d, context, &site.address);
        site_until(client_has_ended, &d);
        site_until(one_failed, NULL);
        assert_int_equal(d.readied, 0);
        assert_int_equal(d.end.kind, TLS_END_CERTIFICATE);
        assert_string_equal(d.text, "the ITL does not name this server");
        assert_int_equal(site.taken_count, 0);
        assert_int_equal(site.end.kind, TLS_END_ALERT);
        assert_int_equal(site.end.alert, rows[i / 2].alert);
        tls_free(d.c);
        tls_context_free(context);
        site_close();
    }
}

static void test_clients_of_one_context_show_certificates_of_their_own(void **state)
{
    (void)state;
    const struct identity *shown[] = {&id_server, &id_ec, NULL};
    struct tls_context *context = client_context(TLS_MODERN, NULL);
    for (size_t i = 0; i < 3; i++) {
        struct dialled d = {.identity = shown[i]};
        struct certificate *seen = NULL;
        struct address local;
        site_serve(TLS_MODERN, false, TLS_CLIENT_OPTIONAL);
        dial(&d, context, &site.address);
        site_until(client_has_echo, &d);
        int result = tls_peer_certificate(site.taken[0].c, &seen, NULL);
        assert_int_equal(result, shown[i] ? 0 : ERR_NOT_FOUND);
        assert_true(!shown[i] || certificates_equal(seen, shown[i]->certificate));
        assert_int_equal(tls_local_address(d.c, &local), 0);
        assert_true(address_equal(&local, tls_peer(site.taken[0].c)));
        certificate_free(seen);
        tls_free(d.c);
        site_close();
    }
    tls_context_free(context);
}

static void test_a_certificate_the_profile_forbids_is_refused_before_anything_is_sent(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct tls_connection *c = NULL;
    struct tls_context *context = client_context(TLS_MODERN, NULL);
    site_serve(TLS_MODERN, false, TLS_CLIENT_OPTIONAL);
    struct tls_connect_setup setup = {
        .context = context, .limits = roomy, .judge = judge, .identity = &id_small};
    assert_int_equal(tls_connect(&c, site.loop, &site.address, &setup, &why), ERR_POLICY);
    assert_non_null(strstr(why.text, "legacy_tls"));
    assert_null(c);
    tls_context_free(context);
    site_close();
}

static void test_a_client_may_be_freed_by_its_judge(void **state)
{
    (void)state;
    struct dialled d = {.free_in_judge = true};
    struct tls_context *context = client_context(TLS_OLD_PHONE, NULL);
    site_serve(TLS_PHONE_LEGACY, false, TLS_CLIENT_NOT_ASKED);
    dial(&d, context, &site.address);
    site_until(client_was_judging, &d);
    assert_int_equal(d.readied, 0);
    assert_int_equal(d.ended, 0);
    tls_context_free(context);
    site_close();
}

static void test_a_client_without_a_judge_is_refused(void **state)
{
    (void)state;
    struct tls_connection *c = NULL;
    struct tls_context *context = client_context(TLS_MODERN, NULL);
    struct tls_connect_setup setup = {.context = context, .limits = roomy};
    site_serve(TLS_MODERN, false, TLS_CLIENT_NOT_ASKED);
    assert_int_equal(tls_connect(&c, site.loop, &site.address, &setup, NULL), ERR_USAGE);
    assert_null(c);
    tls_context_free(context);
    site_close();
}

static void test_a_server_that_is_not_there_is_a_failure_of_the_system(void **state)
{
    (void)state;
    struct dialled d = {0};
    struct tls_context *context = client_context(TLS_MODERN, NULL);
    site_serve(TLS_MODERN, false, TLS_CLIENT_NOT_ASKED);
    struct address gone = site.address;
    tls_listener_free(site.listener);
    site.listener = NULL;
    dial(&d, context, &gone);
    site_until(client_has_ended, &d);
    assert_int_equal(d.end.kind, TLS_END_SYSTEM);
    assert_int_equal(d.end.error, -ECONNREFUSED);
    tls_free(d.c);
    tls_context_free(context);
    site_close();
}

static void test_a_renewed_certificate_is_shown_to_those_who_come_after(void **state)
{
    (void)state;
    struct tls_context *renewed = NULL;
    struct tls_server_setup setup = {.profile = TLS_PHONE_LEGACY, .identity = &id_small};
    site_serve(TLS_PHONE_LEGACY, false, TLS_CLIENT_NOT_ASKED);
    assert_int_equal(tls_server_context_new(&renewed, &setup, NULL), 0);
    assert_has(s_client(TLS10), "subject=CN = server");
    tls_listener_set_context(site.listener, renewed);
    tls_context_free(renewed);
    assert_has(s_client(TLS10), "subject=CN = small");
    site_until(one_ended, NULL);
    site_close();
}

static bool are_two(void *context)
{
    (void)context;
    return site.taken_count == 2;
}

/* The first connection stays open while another certificate takes the place of the one it saw. */
static void test_which_certificate_a_connection_was_shown_is_known_for_as_long_as_it_lasts(
    void **state)
{
    (void)state;
    struct raw before, after;
    uint8_t shown[SHA256_SIZE];
    struct tls_context *renewed = NULL;
    struct tls_server_setup setup = {.profile = TLS_MODERN, .identity = &id_ec};
    site_serve(TLS_MODERN, false, TLS_CLIENT_NOT_ASKED);
    raw_open(&before, 1, TLS1_2_VERSION, NULL);
    site_until(raw_is_shaken, &before);
    assert_int_equal(tls_server_context_new(&renewed, &setup, NULL), 0);
    tls_listener_set_context(site.listener, renewed);
    tls_context_free(renewed);
    raw_open(&after, 1, TLS1_2_VERSION, NULL);
    site_until(raw_is_shaken, &after);
    site_until(are_two, NULL);
    assert_int_equal(tls_own_sha256(site.taken[0].c, shown), 0);
    assert_memory_equal(shown, certificate_sha256(id_server.certificate), sizeof shown);
    assert_int_equal(tls_own_sha256(site.taken[1].c, shown), 0);
    assert_memory_equal(shown, certificate_sha256(id_ec.certificate), sizeof shown);
    raw_close(&before);
    raw_close(&after);
    site_close();
}

static int enter(void **state)
{
    buffer_init(&output, 1024 * 1024);
    return site_identities(state);
}

static int leave(void **state)
{
    buffer_fini(&output);
    return site_no_identities(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tls_1_0_with_aes128_sha_is_accepted_by_the_legacy_profile),
        cmocka_unit_test(test_tls_1_0_is_refused_by_the_modern_profile_and_legacy_tls_is_named),
        cmocka_unit_test(test_old_suites_are_refused_by_the_modern_profile_and_named),
        cmocka_unit_test(test_tls_1_2_and_1_3_are_spoken_by_both_profiles),
        cmocka_unit_test(test_suites_that_are_no_phones_need_are_refused_by_the_legacy_profile),
        cmocka_unit_test(test_null_sha_is_refused_without_its_flag),
        cmocka_unit_test(test_null_sha_is_accepted_with_its_flag_but_chosen_last),
        cmocka_unit_test(test_null_sha_with_the_modern_profile_is_refused_as_a_setup),
        cmocka_unit_test(test_a_key_of_1024_bits_needs_the_legacy_profile),
        cmocka_unit_test(test_a_certificate_with_another_key_is_no_identity),
        cmocka_unit_test(test_the_chain_is_sent_after_the_certificate),
        cmocka_unit_test(test_sessions_are_not_resumed_in_any_version),
        cmocka_unit_test(test_renegotiation_is_refused),
        cmocka_unit_test(test_any_certificate_passes_and_is_handed_up_even_an_expired_one),
        cmocka_unit_test(test_a_small_key_of_a_phone_passes_the_modern_profile_too),
        cmocka_unit_test(test_a_missing_certificate_is_refused_only_where_one_is_required),
        cmocka_unit_test(test_a_listener_may_judge_and_the_client_hears_the_verdict),
        cmocka_unit_test(test_a_client_that_does_not_know_our_ca_is_reported_as_that),
        cmocka_unit_test(test_secrets_of_tls_are_not_written_out),
        cmocka_unit_test(test_our_client_speaks_as_an_old_phone_and_as_a_modern_one),
        cmocka_unit_test(test_a_client_that_refuses_the_server_sends_it_nothing_but_the_alert),
        cmocka_unit_test(test_clients_of_one_context_show_certificates_of_their_own),
        cmocka_unit_test(test_a_certificate_the_profile_forbids_is_refused_before_anything_is_sent),
        cmocka_unit_test(test_a_client_may_be_freed_by_its_judge),
        cmocka_unit_test(test_a_client_without_a_judge_is_refused),
        cmocka_unit_test(test_a_server_that_is_not_there_is_a_failure_of_the_system),
        cmocka_unit_test(test_a_renewed_certificate_is_shown_to_those_who_come_after),
        cmocka_unit_test(
            test_which_certificate_a_connection_was_shown_is_known_for_as_long_as_it_lasts),
    };
    return cmocka_run_group_tests_name("tls_handshake", tests, enter, leave);
}
