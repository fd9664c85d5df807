/* The role under traffic: large files, bad clients, many at once; and what it leaves behind. */
#include "world.h"

#include "pki/lsc.h"
#include "store/enrolment.h"

#define CASE(test) cmocka_unit_test_setup_teardown(test, world_enter, world_leave)

/* ---- large files ---- */

static uint8_t byte_at(size_t i)
{
    return (uint8_t)(i * 31 + i / 257);
}

static struct bytes write_large(const char *name, size_t size)
{
    uint8_t *data = malloc(size);
    for (size_t i = 0; i < size; i++)
        data[i] = byte_at(i);
    world_write(name, bytes_of(data, size));
    return bytes_of(data, size);
}

static void evict(const char *name)
{
    char path[FILE_PATH];
    assert_int_equal(file_path(path, world.tftpboot, name), 0);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    fsync(fd);
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    close(fd);
}

static const struct tftp_options fast = {.has_block_size = true,
                                         .block_size = 1428,
                                         .has_window_size = true,
                                         .window_size = 16,
                                         .has_transfer_size = true};

static void test_a_large_file_is_sent_from_the_disk_plain_and_signed(void **state)
{
    (void)state;
    const size_t size = 3 * 1000 * 1000;
    struct bytes file = write_large("locale/big.jar", size);
    struct client c;
    struct fetched f;
    client_open(&c);
    for (int i = 0; i < 2; i++) {
        evict("locale/big.jar");
        fetch_with(&c, &f, "locale/big.jar", &fast);
        assert_int_equal(f.error, FETCH_OK);
        assert_int_equal(f.granted.transfer_size, size);
        assert_bytes_equal(buffer_bytes(&f.data), file);
        fetched_fini(&f);
        fetch_with(&c, &f, "locale/big.jar.sgn", &fast);
        assert_bytes_equal(assert_signed(&f, "locale/big.jar.sgn"), file);
        assert_int_equal(f.granted.transfer_size, f.data.size);
        fetched_fini(&f);
    }
    client_close(&c);
    free((void *)(uintptr_t)file.data);
}

static void test_block_numbers_wrap_on_the_wire(void **state)
{
    (void)state;
    const size_t size = 70000 * 8 + 3; /* blocks of 8 bytes */
    struct bytes file = write_large("wrap.bin", size);
    struct tftp_options small = {
        .has_block_size = true, .block_size = 8, .has_window_size = true, .window_size = 64};
    struct client c;
    struct fetched f;
    client_open(&c);
    fetch_with(&c, &f, "wrap.bin", &small);
    assert_int_equal(f.error, FETCH_OK);
    assert_bytes_equal(buffer_bytes(&f.data), file);
    fetched_fini(&f);
    client_close(&c);
    free((void *)(uintptr_t)file.data);
}

static void test_a_file_that_shrinks_ends_with_error_0_and_one_line(void **state)
{
    (void)state;
    struct bytes file = write_large("shrinks", 1000 * 1000);
    struct client c;
    uint8_t packet[2000];
    char path[FILE_PATH];
    uint16_t code = 99;
    struct bytes text;
    assert_int_equal(file_path(path, world.tftpboot, "shrinks"), 0);
    client_open(&c);
    client_ask(&c, "shrinks", NULL);
    for (uint64_t block = 1; block < 10; block++) {
        assert_int_equal(client_receive(&c, packet, sizeof packet, 5000), 516);
        if (block == 9)
            assert_int_equal(truncate(path, 2000), 0);
        client_ack(&c, block);
    }
    size_t n = client_receive(&c, packet, sizeof packet, 5000);
    assert_int_equal(tftp_read_error(&code, &text, bytes_of(packet, n)), 0);
    assert_int_equal(code, TFTP_UNDEFINED);
    assert_bytes_text(text, "The file changed while it was sent");
    EVENTUALLY(world_log_count("trustline.log", "event=transfer_broken") == 1);
    client_close(&c);
    free((void *)(uintptr_t)file.data);
}

/* ---- odd clients ---- */

static void test_an_empty_file_is_one_empty_block(void **state)
{
    (void)state;
    world_write("empty", bytes_of(NULL, 0));
    assert_fetch("empty", bytes_of(NULL, 0));
    struct fetched f;
    fetch(&f, "empty.sgn");
    assert_int_equal(assert_signed(&f, "empty.sgn").size, 0);
    fetched_fini(&f);
}

static void expect_error(const char *packet, size_t size, unsigned code)
{
    struct client c;
    uint8_t answer[600];
    client_open(&c);
    client_send(&c, bytes_of(packet, size));
    size_t n = client_receive(&c, answer, sizeof answer, 5000);
    assert_true(n > 4);
    assert_int_equal(answer[1], TFTP_ERROR);
    assert_int_equal(answer[3], code);
    client_close(&c);
}

static void test_wrong_requests_are_answered_and_leave_few_lines(void **state)
{
    (void)state;
    char name[700] = "\0\1";
    memset(name + 2, 'x', 600);
    memcpy(name + 602, "\0octet\0", 7);
    expect_error("\0\2file\0octet\0", 13, TFTP_ACCESS);
    expect_error("\0\1file\0netascii\0", 16, TFTP_ILLEGAL);
    expect_error("\0\1file", 6, TFTP_ILLEGAL);
    expect_error(name, 609, TFTP_ACCESS);
    expect_error("\0\1\0octet\0", 9, TFTP_ACCESS);
    expect_error("\0\1a\nb\0octet\0", 12, TFTP_ACCESS);
    for (int i = 0; i < 50; i++)
        assert_fetch_error("../../etc/passwd", TFTP_ACCESS);
    unsigned lines = world_log_count("trustline.log", "event=tftp_rejected") +
                     world_log_count("trustline.log", "event=name_refused");
    assert_true(lines > 0 && lines <= 5);
}

static void test_absent_names_by_the_thousand_delay_nobody(void **state)
{
    (void)state;
    enum { MANY = 5000 };
    struct client flood, c;
    char name[64];
    uint8_t packet[600];
    struct fetched f;
    world_write("there", bytes_of_string("there"));
    client_open_from(&flood, "127.0.0.66", 0);
    client_open(&c);
    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "absent-%d.xml%s", i, i % 2 ? ".sgn" : "");
        client_ask(&flood, name, NULL);
        flood.known = false;
        if (i % 100 == 0) {
            fetch_with(&c, &f, "there", NULL); /* it asks once */
            assert_int_equal(f.error, FETCH_OK);
            fetched_fini(&f);
        }
        if (i % 20 == 19) /* it reads its answers now and then */
            while (recv(flood.fd, packet, sizeof packet, MSG_DONTWAIT) > 0) {
                assert_int_equal(packet[1], TFTP_ERROR);
                assert_int_equal(packet[3], TFTP_NOT_FOUND);
            }
    }
    EVENTUALLY(fetch_with(&c, &f, "there", NULL), fetched_fini(&f), f.error == FETCH_OK);
    assert_true(world_log_count("trustline.log", "event=file_absent peer=127.0.0.66") <= 5);
    client_close(&flood);
    client_close(&c);
}

static void test_a_client_that_never_acknowledges_harms_nobody(void **state)
{
    (void)state;
    struct client silent;
    uint8_t packet[600];
    client_open(&silent);
    world_write("f", bytes_of_string("content"));
    client_ask(&silent, "f", NULL);
    assert_int_equal(client_receive(&silent, packet, sizeof packet, 5000), 4 + 7);
    for (int i = 0; i < 20; i++)
        assert_fetch("f", bytes_of_string("content"));
    assert_int_equal(client_receive(&silent, packet, sizeof packet, 5000), 4 + 7); /* again */
    client_ack(&silent, 1);
    client_ack(&silent, 1);
    assert_int_equal(client_receive(&silent, packet, sizeof packet, 100), 0);
    client_close(&silent);
}

/* ---- many at once, and the signer ---- */

struct crowd_member {
    pthread_t thread;
    int number;
    const char *name;
    struct fetched result;
};

static void *fetch_alone(void *context)
{
    struct crowd_member *m = context;
    struct client c;
    char from[32];
    snprintf(from, sizeof from, "127.0.1.%d", m->number + 1);
    client_open_from(&c, from, 0);
    fetch_with(&c, &m->result, m->name, NULL);
    client_close(&c);
    return NULL;
}

static void test_who_asks_for_the_same_new_file_waits_for_one_signature(void **state)
{
    (void)state;
    enum { MEMBERS = 24 };
    struct crowd_member members[MEMBERS];
    world_write("same.xml", bytes_of_string("the same for all"));
    for (int i = 0; i < MEMBERS; i++) {
        members[i] = (struct crowd_member){.number = i, .name = "same.xml.sgn"};
        assert_int_equal(pthread_create(&members[i].thread, NULL, fetch_alone, &members[i]), 0);
    }
    for (int i = 0; i < MEMBERS; i++) {
        pthread_join(members[i].thread, NULL);
        assert_bytes_text(assert_signed(&members[i].result, "same.xml.sgn"), "the same for all");
        assert_bytes_equal(buffer_bytes(&members[i].result.data),
                           buffer_bytes(&members[0].result.data));
    }
    for (int i = 0; i < MEMBERS; i++)
        fetched_fini(&members[i].result);
    /* the same bytes once more are no reason to sign */
    world_write("same.xml", bytes_of_string("the same for all"));
    struct fetched f;
    fetch(&f, "same.xml.sgn");
    assert_signed(&f, "same.xml.sgn");
    fetched_fini(&f);
    EVENTUALLY(world_counter("files_signed") == 1);
    EVENTUALLY(world_counter("tftp_transfers_complete") == MEMBERS + 1);
}

static void test_without_a_signer_lists_and_plain_files_are_served(void **state)
{
    (void)state;
    int status;
    struct bytes ctl = vector_load("CTLFile.tlv");
    char hash[LIST_HASH];
    struct fetched f;
    struct crowd_member asking = {.number = 1, .name = "list.xml.sgn"};
    kill(world.signer, SIGSTOP);
    world_write("list.xml", bytes_of_string("list"));
    assert_int_equal(store_list_publish(world.store, LIST_CTL, ctl, hash, NULL), 0);
    assert_fetch("list.xml", bytes_of_string("list"));
    EVENTUALLY(fetch(&f, "CTL" PHONE ".tlv"), fetched_fini(&f), f.error == FETCH_OK);
    fetch(&f, PHONE ".cnf.xml");
    assert_int_equal(f.error, FETCH_OK);
    fetched_fini(&f);
    assert_int_equal(pthread_create(&asking.thread, NULL, fetch_alone, &asking), 0);
    EVENTUALLY(world_log_count("tftp.log", "[list.xml.sgn]") == 1);
    poll(NULL, 0, 50); /* by now it has been asked, most likely */
    kill(world.signer, SIGKILL);
    waitpid(world.signer, &status, 0);
    world.signer = -1;
    pthread_join(asking.thread, NULL);
    assert_int_equal(asking.result.error, TFTP_UNDEFINED);
    fetched_fini(&asking.result);
    assert_true(world_log_count("trustline.log", "event=file_refused") > 0);
    vector_free(ctl);
}

/* ---- IPv6 and HTTP ---- */

static void test_ipv6_is_served_alike(void **state)
{
    (void)state;
    struct client c;
    struct fetched f;
    struct bytes file = write_large("six.bin", 300 * 1000);
    client_open_from(&c, "::1", 1);
    fetch_with(&c, &f, "six.bin", &fast);
    assert_int_equal(f.error, FETCH_OK);
    assert_bytes_equal(buffer_bytes(&f.data), file);
    fetched_fini(&f);
    client_close(&c);
    free((void *)(uintptr_t)file.data);
}

static int web_open(int family)
{
    int fd = socket(family ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, &world.http[family].any, world.http[family].size), 0);
    return fd;
}

/* One answer of a connection that is kept: header into `head`, body into `body`. */
static void web_ask(int fd, const char *method, const char *path, char head[2048],
                    struct buffer *body)
{
    char request[800];
    size_t used = 0, length = 0;
    int n = snprintf(request, sizeof request, "%s %s HTTP/1.1\r\nHost: x\r\n\r\n", method, path);
    assert_int_equal(send(fd, request, (size_t)n, 0), n);
    buffer_clear(body);
    while (used < 2047 && (used < 4 || memcmp(head + used - 4, "\r\n\r\n", 4) != 0))
        assert_int_equal(recv(fd, head + used++, 1, 0), 1);
    head[used] = '\0';
    const char *text = strstr(head, "Content-Length: ");
    assert_non_null(text);
    length = strtoul(text + 16, NULL, 10);
    if (strcmp(method, "HEAD") == 0)
        return;
    while (body->size < length) {
        char chunk[65536];
        size_t want = length - body->size < sizeof chunk ? length - body->size : sizeof chunk;
        ssize_t got = recv(fd, chunk, want, 0);
        assert_true(got > 0);
        buffer_append(body, bytes_of(chunk, (size_t)got));
    }
}

static void test_the_same_files_come_over_http(void **state)
{
    (void)state;
    char head[2048];
    struct buffer body;
    struct bytes large = write_large("large.jar", 2 * 1000 * 1000);
    struct fetched f;
    buffer_init(&body, 16 * 1024 * 1024);
    for (int family = 0; family < 2; family++) {
        int fd = web_open(family);
        fetch(&f, PHONE ".cnf.xml.sgn");
        web_ask(fd, "GET", "/" PHONE ".cnf.xml.sgn", head, &body);
        assert_non_null(strstr(head, "HTTP/1.1 200 OK\r\n"));
        assert_non_null(strstr(head, "Cache-Control: no-store\r\n"));
        assert_non_null(strstr(head, "Content-Type: */*\r\n"));
        assert_bytes_equal(buffer_bytes(&body), buffer_bytes(&f.data));
        fetched_fini(&f);
        web_ask(fd, "HEAD", "/large.jar", head, &body);
        assert_non_null(strstr(head, "Content-Length: 2000000\r\n"));
        web_ask(fd, "GET", "/large.jar", head, &body);
        assert_bytes_equal(buffer_bytes(&body), large);
        web_ask(fd, "GET", "/absent.xml", head, &body);
        assert_non_null(strstr(head, "404 Not Found"));
        web_ask(fd, "GET", "/..%2ftrustline.db", head, &body);
        assert_non_null(strstr(head, "404 Not Found"));
        web_ask(fd, "GET", "/a%00b", head, &body);
        assert_non_null(strstr(head, "404 Not Found"));
        web_ask(fd, "POST", "/large.jar", head, &body);
        assert_non_null(strstr(head, "405 Method Not Allowed"));
        close(fd);
    }
    buffer_fini(&body);
    free((void *)(uintptr_t)large.data);
}

/* ---- what stays: traces, observations, counters ---- */

/* ---- sweeps ---- */

static const char *sweep_name(unsigned i)
{
    static char name[40];
    snprintf(name, sizeof name, "SEP00AA%08X.cnf.xml", i);
    return name;
}

/* Asks, and does not wait for the answer. */
static void ask_only(unsigned i)
{
    struct client c;
    client_open_from(&c, "127.0.0.1", 0);
    client_ask(&c, sweep_name(i), NULL);
    client_close(&c);
}

static void test_who_tries_the_names_of_phones_is_slowed_and_named_and_nobody_else(void **state)
{
    (void)state;
    char head[2048];
    struct buffer body;
    struct client other;
    struct fetched f;
    buffer_init(&body, 65536);
    for (unsigned i = 0; i <= 101; i++)
        assert_fetch_error(sweep_name(i), TFTP_NOT_FOUND);
    for (unsigned i = 200; i < 240; i++)
        ask_only(i);
    EVENTUALLY(world_counter("name_sweep_unanswered") > 0);
    assert_int_equal(world_counter("name_sweeps"), 1);
    assert_true(world_counter("name_sweep_slowed") > 5);
    client_open_from(&other, "127.0.0.2", 0);
    fetch_with(&other, &f, sweep_name(300), NULL); /* from elsewhere it is as ever */
    assert_int_equal(f.error, TFTP_NOT_FOUND);
    fetched_fini(&f);
    client_close(&other);
    assert_fetch_error(sweep_name(7), TFTP_NOT_FOUND); /* what was asked for before is no news */
    assert_fetch_error("CTLSEP00AA00000300.tlv", TFTP_NOT_FOUND);
    int fd = web_open(0);
    unsigned next = 400;
    do { /* as many at once that one more has to come again later */
        char path[64];
        for (unsigned i = 0; i < 20; i++)
            ask_only(next++);
        snprintf(path, sizeof path, "/%s", sweep_name(next++));
        web_ask(fd, "GET", path, head, &body);
    } while (strstr(head, "HTTP/1.1 404 "));
    assert_non_null(strstr(head, "HTTP/1.1 503 "));
    close(fd);
    assert_int_equal(world_log_count("trustline.log", "event=name_sweep peer=127.0.0.1 "), 1);
    assert_int_equal(world_log_count("trustline.log", "event=name_sweep peer=127.0.0.2"), 0);
    buffer_fini(&body);
}

static void make_capf(struct identity *capf)
{
    struct why why = WHY_NONE;
    struct store_certificate own = {.node = 1, .created = 1};
    world_check(identity_load(capf, vector_path("pool/rsa2048-4.pem"), &why), &why);
    text_copy(own.name, sizeof own.name, "CAPF");
    text_hex(own.serial, sizeof own.serial, certificate_serial(capf->certificate), false, 0);
    buffer_init(&own.der, CERTIFICATE_DER_MAX);
    buffer_init(&own.chain, CERTIFICATE_FILE_MAX);
    buffer_append(&own.der, certificate_der(capf->certificate));
    world_check(store_certificate_put(world.store, &own, &why), &why);
    store_certificate_fini(&own);
}

/* One revoked certificate, its serial number that of the list. */
static void publish_crl(const struct identity *capf, uint8_t number, struct buffer *der)
{
    struct why why = WHY_NONE;
    const struct crl_entry entry = {.serial = bytes_of(&number, 1), .revoked = 1700000000};
    const struct crl_spec spec = {.number = number,
                                  .this_update = 1700000000,
                                  .next_update = 1700600000,
                                  .entries = &entry,
                                  .count = 1,
                                  .digest = DIGEST_KIND_SHA256};
    struct store_crl crl = {.number = number, .this_update = 1700000000, .next_update = 1700600000};
    text_copy(crl.issuer, sizeof crl.issuer, certificate_subject(capf->certificate));
    text_hex(crl.issuer_serial, sizeof crl.issuer_serial, certificate_serial(capf->certificate),
             false, 0);
    buffer_init(der, STORE_CRL_MAX);
    world_check(crl_write(der, capf, &spec, &why), &why);
    crl.der = *der;
    world_check(store_crl_publish(world.store, &crl, &why), &why);
}

/* Phones check binaries by themselves; an administrator who tries is told. */
static void test_a_binary_is_not_signed_and_the_log_says_so(void **state)
{
    (void)state;
    world_write("big.bin", bytes_of_string("image"));
    assert_fetch("big.bin", bytes_of_string("image"));
    assert_fetch_error("big.bin.sgn", TFTP_NOT_FOUND);
    assert_int_equal(world_log_count("trustline.log", "binaries are not signed here"), 1);
}

static bool crl_is(const struct buffer *expected)
{
    struct fetched f;
    fetch(&f, "CAPF.crl");
    bool same = f.error == FETCH_OK && bytes_equal(buffer_bytes(&f.data), buffer_bytes(expected));
    fetched_fini(&f);
    return same;
}

static void test_the_list_of_revoked_certificates_is_served(void **state)
{
    (void)state;
    char head[2048];
    struct buffer body, first, second;
    struct identity capf = {0};
    buffer_init(&body, STORE_CRL_MAX);
    assert_fetch_error("CAPF.crl", TFTP_NOT_FOUND);
    world_write("CAPF.crl", bytes_of_string("another CAPF's"));
    assert_fetch("CAPF.crl", bytes_of_string("another CAPF's"));
    make_capf(&capf);
    publish_crl(&capf, 1, &first);
    EVENTUALLY(crl_is(&first));
    publish_crl(&capf, 2, &second);
    EVENTUALLY(crl_is(&second));
    assert_fetch("/capf.crl", buffer_bytes(&second));
    int fd = web_open(0);
    web_ask(fd, "GET", "/CAPF.crl", head, &body);
    assert_non_null(strstr(head, "HTTP/1.1 200 OK\r\n"));
    assert_non_null(strstr(head, "Content-Type: application/pkix-crl\r\n"));
    assert_bytes_equal(buffer_bytes(&body), buffer_bytes(&second));
    close(fd);
    buffer_fini(&body);
    buffer_fini(&first);
    buffer_fini(&second);
    identity_fini(&capf);
}

static void test_the_trace_has_the_two_lines_of_cucm(void **state)
{
    (void)state;
    struct bytes ctl = vector_load("CTLFile.tlv");
    char hash[LIST_HASH];
    struct client c;
    struct fetched f;
    struct buffer b;
    char line[300];
    assert_int_equal(store_list_publish(world.store, LIST_CTL, ctl, hash, NULL), 0);
    client_open(&c);
    EVENTUALLY(fetch_with(&c, &f, "CTL" PHONE ".tlv", NULL), fetched_fini(&f), f.error == FETCH_OK);
    EVENTUALLY(world_log_count("tftp.log", "Transferred[CTLFile.tlv] Socket[") == 1);
    const char *text = world_log(&b, "tftp.log");
    const char *request = strstr(text, " |TFTPEngine::isReadRequest[0x");
    assert_non_null(request);
    assert_non_null(
        strstr(text, "], [CTL" PHONE ".tlv] opcode(1), Mode(octet), Serving Count(0)\n"));
    const char *transferred = strstr(text, " |TID[");
    assert_non_null(transferred);
    snprintf(line, sizeof line, "%.*s", (int)strcspn(transferred, "\n"), transferred);
    assert_non_null(strstr(line, "] TFTPEngine::processMessage[0x"));
    assert_non_null(strstr(line, "~127.0.0.1~"));
    buffer_fini(&b);
    client_close(&c);
    vector_free(ctl);
}

struct seen {
    unsigned lists, configs, files, inferred, incomplete, http;
    char hash[LIST_HASH];
};

static int see(void *context, const struct store_observation *o)
{
    struct seen *s = context;
    s->lists += o->kind == OBSERVED_LIST;
    s->configs += o->kind == OBSERVED_CONFIG;
    s->files += o->kind == OBSERVED_FILE;
    s->inferred += o->inferred;
    s->incomplete += !o->complete;
    s->http += o->transport == TRANSPORT_HTTP;
    if (o->kind == OBSERVED_LIST)
        text_copy(s->hash, sizeof s->hash, o->hash);
    return 0;
}

static struct seen observed(const char *device)
{
    struct seen s = {0};
    assert_int_equal(store_observations(world.store, device, 100, see, &s), 0);
    return s;
}

static void test_every_transfer_leaves_an_observation(void **state)
{
    (void)state;
    struct bytes ctl = vector_load("CTLFile.tlv");
    char hash[LIST_HASH];
    char digest[2 * SHA256_SIZE + 1];
    struct client c;
    struct fetched f;
    uint64_t strangers = 0;
    assert_int_equal(digest_hex(DIGEST_KIND_SHA256, ctl, digest), 0);
    assert_int_equal(store_list_publish(world.store, LIST_CTL, ctl, hash, NULL), 0);
    world_write("Ringlist.xml", bytes_of_string("rings"));
    client_open_from(&c, "127.0.0.40", 0);
    EVENTUALLY(fetch_with(&c, &f, "CTLFile.tlv", NULL), fetched_fini(&f), f.error == FETCH_OK);
    fetch_with(&c, &f, PHONE ".cnf.xml.sgn", NULL);
    fetched_fini(&f);
    fetch_with(&c, &f, "CTL" PHONE ".tlv", NULL);
    fetched_fini(&f);
    fetch_with(&c, &f, "Ringlist.xml", NULL); /* whose? that of the phone last seen there */
    fetched_fini(&f);
    fetch_with(&c, &f, "absent.xml", NULL); /* nothing went out */
    fetched_fini(&f);
    client_close(&c);
    EVENTUALLY(observed(PHONE).files == 1);
    struct seen s = observed(PHONE);
    assert_int_equal(s.lists, 1);
    assert_int_equal(s.configs, 1);
    assert_int_equal(s.inferred, 1);
    assert_int_equal(s.incomplete, 0);
    assert_string_equal(s.hash, digest);
    assert_int_equal(store_list_strangers(world.store, digest, &strangers), 0);
    assert_int_equal(strangers, 1); /* the first one, before anybody was known there */
    vector_free(ctl);
}

static void test_what_was_sent_and_not_acknowledged_may_have_arrived(void **state)
{
    (void)state;
    struct bytes ctl = vector_load("CTLFile.tlv");
    char hash[LIST_HASH];
    struct client c;
    uint8_t packet[5000];
    struct tftp_options o = {.has_block_size = true, .block_size = 4000};
    struct fetched f;
    assert_int_equal(store_list_publish(world.store, LIST_CTL, ctl, hash, NULL), 0);
    EVENTUALLY(fetch(&f, "CTLFile.tlv"), fetched_fini(&f), f.error == FETCH_OK);
    client_open(&c);
    client_ask(&c, "CTL" PHONE ".tlv", &o);
    assert_true(client_receive(&c, packet, sizeof packet, 5000) > 0);
    client_ack(&c, 0);
    assert_int_equal(client_receive(&c, packet, sizeof packet, 5000), 4 + ctl.size);
    client_send(&c, bytes_of("\0\5\0\0stop\0", 9)); /* it has all, and says no */
    client_close(&c);
    EVENTUALLY(observed(PHONE).lists == 1);
    assert_int_equal(observed(PHONE).incomplete, 1);
    vector_free(ctl);
}

static void test_observations_are_written_when_the_service_ends(void **state)
{
    (void)state;
    struct fetched f;
    for (int i = 0; i < 40; i++) {
        fetch(&f, PHONE ".cnf.xml");
        assert_int_equal(f.error, FETCH_OK);
        fetched_fini(&f);
    }
    world_halt();
    assert_int_equal(observed(PHONE).configs, OBSERVATIONS_KEPT);
}

static void test_ending_in_the_middle_of_everything_is_clean(void **state)
{
    (void)state;
    struct bytes file = write_large("big", 2 * 1000 * 1000);
    struct client c[20];
    char name[64];
    int fd = web_open(0);
    assert_true(send(fd, "GET /big HTTP/1.1\r\nHost: x\r\n\r\nGET /x.sgn HTTP/1.1\r\n", 50, 0) > 0);
    for (int i = 0; i < 20; i++) {
        client_open(&c[i]);
        snprintf(name, sizeof name, "n%d.xml", i);
        world_write(name, bytes_of_string(name));
        snprintf(name, sizeof name, i % 2 ? "n%d.xml.sgn" : "big%.0d", i);
        client_ask(&c[i], name, &fast);
    }
    world_halt();
    for (int i = 0; i < 20; i++)
        client_close(&c[i]);
    close(fd);
    free((void *)(uintptr_t)file.data);
}

static void test_counters_reach_the_store(void **state)
{
    (void)state;
    world_write("f", bytes_of_string("x"));
    assert_fetch("f", bytes_of_string("x"));
    assert_fetch("f", bytes_of_string("x"));
    EVENTUALLY(world_counter("tftp_transfers_complete") == 2);
    assert_int_equal(world_counter("tftp_requests"), 2);
    assert_true(world_counter("tftp_receive_buffer") > 0);
    assert_int_equal(world_counter("tftp_kernel_drops"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_a_large_file_is_sent_from_the_disk_plain_and_signed),
        CASE(test_block_numbers_wrap_on_the_wire),
        CASE(test_a_file_that_shrinks_ends_with_error_0_and_one_line),
        CASE(test_an_empty_file_is_one_empty_block),
        CASE(test_wrong_requests_are_answered_and_leave_few_lines),
        CASE(test_absent_names_by_the_thousand_delay_nobody),
        CASE(test_a_client_that_never_acknowledges_harms_nobody),
        CASE(test_who_asks_for_the_same_new_file_waits_for_one_signature),
        CASE(test_without_a_signer_lists_and_plain_files_are_served),
        CASE(test_ipv6_is_served_alike),
        CASE(test_the_same_files_come_over_http),
        CASE(test_a_binary_is_not_signed_and_the_log_says_so),
        CASE(test_the_list_of_revoked_certificates_is_served),
        CASE(test_who_tries_the_names_of_phones_is_slowed_and_named_and_nobody_else),
        CASE(test_the_trace_has_the_two_lines_of_cucm),
        CASE(test_every_transfer_leaves_an_observation),
        CASE(test_what_was_sent_and_not_acknowledged_may_have_arrived),
        CASE(test_observations_are_written_when_the_service_ends),
        CASE(test_ending_in_the_middle_of_everything_is_clean),
        CASE(test_counters_reach_the_store),
    };
    return RUN(tests);
}
