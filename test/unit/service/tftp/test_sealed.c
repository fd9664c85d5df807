/* Encrypted configuration: what leaves, for whom it is sealed, and what never leaves. */
#include "world.h"

#include "pki/seal.h"
#include "store/enrolment.h"
#include "wire/cnf.h"

#define CASE(test) cmocka_unit_test_setup_teardown(test, enter, world_leave)

#define SECRET "hush-4711"
#define NOON   1700000000

static int enter(void **state)
{
    world_enter(state);
    world_device(PHONE_2, "7975", "sealed");
    return 0;
}

/* ---- certificates ---- */

static void load(struct identity *id, const char *name)
{
    struct why why = WHY_NONE;
    world_check(identity_load(id, vector_path(name), &why), &why);
}

static void hex_of(char out[LIST_HASH], const struct identity *id)
{
    text_hex(out, LIST_HASH, bytes_of(certificate_sha256(id->certificate), SHA256_SIZE), false, 0);
}

static void issue(const struct identity *id)
{
    struct why why = WHY_NONE;
    world_check(store_lsc_issue(world.store, PHONE_2, certificate_der(id->certificate), NOON, &why),
                &why);
}

static void confirm(const struct identity *id)
{
    char sha256[LIST_HASH];
    struct why why = WHY_NONE;
    hex_of(sha256, id);
    world_check(store_lsc_confirm(world.store, PHONE_2, sha256, NOON, &why), &why);
}

static void learn_mic(const struct identity *id)
{
    bool learned;
    struct why why = WHY_NONE;
    world_check(
        store_mic_put(world.store, PHONE_2, certificate_der(id->certificate), NOON, &learned, &why),
        &why);
}

/* ---- what comes ---- */

static void parse(struct cnf *out, struct bytes xml)
{
    struct why why = WHY_NONE;
    world_check(cnf_parse(out, xml, 437, &why), &why);
}

/* The short file in one form only, so that it can be waited for: what is asked for later is at
 * least as new. */
static void fetch_short(struct cnf *out)
{
    struct fetched f;
    fetch(&f, PHONE_2 ".cnf.xml.sgn");
    parse(out, assert_signed(&f, PHONE_2 ".cnf.xml.sgn"));
    assert_false(out->full);
    assert_true(out->encrypted);
    fetched_fini(&f);
}

/* And it is the same in clear. */
static void assert_short_is_one(void)
{
    struct fetched plain, sgn;
    fetch(&sgn, PHONE_2 ".cnf.xml.sgn");
    fetch(&plain, PHONE_2 ".cnf.xml");
    assert_int_equal(plain.error, FETCH_OK);
    assert_bytes_equal(assert_signed(&sgn, PHONE_2 ".cnf.xml.sgn"), buffer_bytes(&plain.data));
    fetched_fini(&plain);
    fetched_fini(&sgn);
}

static bool short_names(const struct identity *id)
{
    char hash[SEAL_HASH_TEXT] = "";
    struct cnf cnf;
    if (id)
        assert_int_equal(seal_certificate_hash(hash, id->certificate), 0);
    fetch_short(&cnf);
    return strcmp(cnf.certificate_hash, hash) == 0;
}

/* A sealed file whose signature is right; its text when the key opens it. */
static int open_sealed(struct buffer *text, const struct fetched *f, const char *name,
                       const struct identity *id)
{
    struct envelope e;
    struct why why = WHY_NONE;
    struct bytes file = buffer_bytes(&f->data);
    if (f->error != FETCH_OK)
        fail_msg("%s: error %d %s", name, f->error, f->text);
    world_check(envelope_parse(&e, file, &why), &why);
    assert_bytes_text(e.filename, name);
    assert_int_equal(e.version_major, 2);
    world_check(signedfile_verify(&e, file, world.callmanager, &why), &why);
    buffer_init(text, CNF_BYTES_MAX);
    return unseal(text, file, id->key, &why);
}

static void assert_opens(const struct identity *id)
{
    struct fetched f;
    struct buffer text;
    struct cnf cnf;
    char hash[SEAL_HASH_TEXT];
    fetch(&f, PHONE_2 ".cnf.xml.enc.sgn");
    assert_int_equal(open_sealed(&text, &f, PHONE_2 ".cnf.xml.enc.sgn", id), 0);
    parse(&cnf, buffer_bytes(&text));
    assert_int_equal(seal_certificate_hash(hash, id->certificate), 0);
    assert_true(cnf.full);
    assert_false(cnf.encrypted);
    assert_int_equal(cnf.security_mode, 3);
    assert_int_equal(cnf.manager_count, 1);
    assert_string_equal(cnf.certificate_hash, hash);
    buffer_fini(&text);
    fetched_fini(&f);
}

static void test_a_phone_without_a_certificate_is_sent_to_capf(void **state)
{
    (void)state;
    struct cnf cnf;
    EVENTUALLY(short_names(NULL));
    fetch_short(&cnf);
    assert_int_equal(cnf.capf_auth, CAPF_AUTH_NULL_STRING); /* as the profile has it */
    assert_int_equal(cnf.capf_count, 1);
    assert_string_equal(cnf.capf[0].host, "192.0.2.10");
    assert_int_equal(cnf.capf[0].port, 13804);
    assert_int_equal(cnf.manager_count, 0);
    assert_short_is_one();
    assert_fetch_error(PHONE_2 ".cnf.xml.enc.sgn", TFTP_NOT_FOUND);
}

static void test_it_is_sealed_for_the_lsc_or_else_the_mic(void **state)
{
    (void)state;
    struct identity mic = {0}, lsc = {0};
    struct cnf cnf;
    load(&mic, "pool/rsa2048-2.pem");
    load(&lsc, "pool/rsa2048-3.pem");
    learn_mic(&mic);
    EVENTUALLY(short_names(&mic));
    assert_opens(&mic);
    issue(&lsc);
    confirm(&lsc);
    EVENTUALLY(short_names(&lsc));
    assert_opens(&lsc);
    fetch_short(&cnf);
    assert_int_equal(cnf.capf_auth, CAPF_AUTH_NONE);
    assert_short_is_one();
    identity_fini(&mic);
    identity_fini(&lsc);
}

static void test_an_ec_certificate_cannot_be_sealed_for(void **state)
{
    (void)state;
    struct identity mic = {0}, lsc = {0};
    load(&mic, "pool/rsa2048-2.pem");
    load(&lsc, "pool/ec256.pem");
    issue(&lsc);
    confirm(&lsc);
    EVENTUALLY(short_names(NULL));
    assert_fetch_error(PHONE_2 ".cnf.xml.enc.sgn", TFTP_NOT_FOUND);
    learn_mic(&mic);
    EVENTUALLY(short_names(&mic));
    assert_opens(&mic);
    identity_fini(&mic);
    identity_fini(&lsc);
}

/* Something changes in the same areas and is noticed: what came before it is, too. */
static void notice_everything(void)
{
    char name[DEVICE_NAME];
    static unsigned number;
    snprintf(name, sizeof name, "SEP%012X", ++number);
    world_device(name, "7975", "sealed");
    char file[64];
    snprintf(file, sizeof file, "%s.cnf.xml", name);
    struct fetched f;
    do {
        fetch(&f, file);
        fetched_fini(&f);
    } while (f.error != FETCH_OK);
}

static void test_a_pending_lsc_changes_nothing_until_it_is_confirmed(void **state)
{
    (void)state;
    struct identity before = {0}, after = {0};
    struct fetched f;
    struct buffer text;
    load(&before, "pool/rsa2048-2.pem");
    load(&after, "pool/rsa2048-3.pem");
    issue(&before);
    notice_everything();
    assert_true(short_names(NULL));
    confirm(&before);
    EVENTUALLY(short_names(&before));
    issue(&after);
    notice_everything();
    assert_true(short_names(&before));
    assert_opens(&before);
    confirm(&after);
    EVENTUALLY(short_names(&after));
    assert_opens(&after);
    fetch(&f, PHONE_2 ".cnf.xml.enc.sgn");
    assert_int_equal(open_sealed(&text, &f, PHONE_2 ".cnf.xml.enc.sgn", &before), ERR_VERIFY);
    assert_int_equal(text.size, 0);
    buffer_fini(&text);
    fetched_fini(&f);
    identity_fini(&before);
    identity_fini(&after);
}

static bool capf_mode_is(unsigned mode)
{
    struct cnf cnf;
    fetch_short(&cnf);
    return cnf.capf_auth == mode;
}

static bool clear_capf_mode_is(unsigned mode)
{
    struct fetched f;
    struct cnf cnf;
    fetch(&f, PHONE ".cnf.xml");
    assert_int_equal(f.error, FETCH_OK);
    parse(&cnf, buffer_bytes(&f.data));
    fetched_fini(&f);
    return cnf.capf_auth == mode;
}

static void test_an_order_says_how_the_phone_enrols(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct store_order order = {.operation = ENROLMENT_INSTALL, .authentication = CAPF_AUTH_STRING};
    struct identity lsc = {0};
    load(&lsc, "pool/rsa2048-3.pem");
    issue(&lsc);
    confirm(&lsc);
    EVENTUALLY(short_names(&lsc) && capf_mode_is(CAPF_AUTH_NONE));
    world_check(store_order_put(world.store, PHONE_2, &order, NOON, &why), &why);
    EVENTUALLY(capf_mode_is(CAPF_AUTH_STRING));
    assert_true(short_names(&lsc));
    assert_true(clear_capf_mode_is(CAPF_AUTH_NONE));
    order.authentication = CAPF_AUTH_LSC;
    world_check(store_order_put(world.store, PHONE, &order, NOON, &why), &why);
    EVENTUALLY(clear_capf_mode_is(CAPF_AUTH_LSC));
    order.operation = ENROLMENT_NONE;
    world_check(store_order_put(world.store, PHONE, &order, NOON, &why), &why);
    EVENTUALLY(clear_capf_mode_is(CAPF_AUTH_NONE));
    identity_fini(&lsc);
}

/* ---- how often ---- */

static void fetch_sealed(struct fetched *f, struct sealed *sealed)
{
    struct why why = WHY_NONE;
    fetch(f, PHONE_2 ".cnf.xml.enc.sgn");
    assert_int_equal(f->error, FETCH_OK);
    world_check(sealed_parse(sealed, buffer_bytes(&f->data), &why), &why);
}

static bool sealed_is(struct bytes expected)
{
    struct fetched f;
    fetch(&f, PHONE_2 ".cnf.xml.enc.sgn");
    bool same = f.error == FETCH_OK && bytes_equal(buffer_bytes(&f.data), expected);
    fetched_fini(&f);
    return same;
}

static void describe(const char *words)
{
    struct store_device d;
    struct why why = WHY_NONE;
    assert_int_equal(store_device_get(world.store, PHONE_2, &d), 0);
    text_copy(d.description, sizeof d.description, words);
    world_check(store_device_update(world.store, &d, &why), &why);
}

static void test_it_is_sealed_once_for_each_content_and_certificate(void **state)
{
    (void)state;
    struct identity lsc = {0};
    struct fetched first, second;
    struct sealed a, b;
    load(&lsc, "pool/rsa2048-3.pem");
    issue(&lsc);
    confirm(&lsc);
    EVENTUALLY(short_names(&lsc));
    fetch_sealed(&first, &a);
    assert_true(sealed_is(buffer_bytes(&first.data)));
    notice_everything(); /* other phones come: this one's file is looked at, and is the same */
    loop_wake(world.reload);
    assert_true(sealed_is(buffer_bytes(&first.data)));
    describe("Another");
    EVENTUALLY(!sealed_is(buffer_bytes(&first.data)));
    fetch_sealed(&second, &b);
    assert_true(sealed_is(buffer_bytes(&second.data)));
    assert_false(bytes_equal(a.iv, b.iv));
    assert_false(bytes_equal(a.key, b.key));
    assert_opens(&lsc);
    fetched_fini(&first);
    fetched_fini(&second);
    identity_fini(&lsc);
}

static void test_a_new_signer_signs_what_is_sealed(void **state)
{
    (void)state;
    struct identity lsc = {0};
    struct fetched first;
    struct sealed a;
    load(&lsc, "pool/rsa2048-3.pem");
    issue(&lsc);
    confirm(&lsc);
    EVENTUALLY(short_names(&lsc));
    fetch_sealed(&first, &a);
    world_certificate("pool/rsa1024.pem");
    EVENTUALLY(!sealed_is(buffer_bytes(&first.data)));
    assert_opens(&lsc);
    fetched_fini(&first);
    identity_fini(&lsc);
}

/* ---- what somebody wrote ---- */

static const char written[] = "<device>\n"
                              "<fullConfig>true</fullConfig>\n"
                              "<deviceProtocol>SCCP</deviceProtocol>\n"
                              "<sshPassword>" SECRET "</sshPassword>\n"
                              "<loadInformation>SCCP75.9-4-2SR3-1S</loadInformation>\n"
                              "<deviceSecurityMode>3</deviceSecurityMode>\n"
                              "<capfAuthMode>0</capfAuthMode>\n"
                              "<certHash></certHash>\n"
                              "<encrConfig>false</encrConfig>\n"
                              "</device>\n";

/* Everything a server says until it closes; the caller finis the buffer. */
static void web_get(struct buffer *out, const char *path)
{
    char request[600];
    char chunk[4096];
    ssize_t n;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    buffer_init(out, 16 * 1024 * 1024);
    assert_int_equal(connect(fd, &world.http[0].any, world.http[0].size), 0);
    int size = snprintf(request, sizeof request,
                        "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", path);
    assert_int_equal(send(fd, request, (size_t)size, 0), size);
    while ((n = recv(fd, chunk, sizeof chunk, 0)) > 0)
        buffer_append(out, bytes_of(chunk, (size_t)n));
    close(fd);
}

static bool has_secret(const struct buffer *data)
{
    return data->size && memmem(data->data, data->size, SECRET, strlen(SECRET)) != NULL;
}

static void assert_no_leak(const char *name)
{
    struct fetched f;
    struct buffer web;
    char path[300];
    fetch(&f, name);
    assert_int_not_equal(f.error, FETCH_SILENCE);
    if (has_secret(&f.data))
        fail_msg("%s leaves in clear by TFTP", name);
    fetched_fini(&f);
    snprintf(path, sizeof path, "/%s", name);
    web_get(&web, path);
    assert_true(web.size > 0);
    if (has_secret(&web))
        fail_msg("%s leaves in clear by HTTP", name);
    buffer_fini(&web);
}

static const char *const names[] = {
    PHONE_2 ".cnf.xml",
    PHONE_2 ".cnf.xml.sgn",
    PHONE_2 ".cnf.xml.enc.sgn",
    "sep0011223344aa.cnf.xml",
    "sep0011223344aa.CNF.XML",
    "SEP0011223344aa.cnf.xml.sgn",
    "Sep0011223344Aa.Cnf.Xml.SGN",
    "SEP0011223344AA.CNF.XML.ENC.SGN",
    "//" PHONE_2 ".cnf.xml",
    PHONE_2 ".cnf.xml.sgn.sgn",
    PHONE_2 ".cnf.xml.enc",
    PHONE_2 ".cnf.xml.enc.sgn.sgn",
    PHONE_2 ".cnf.xml.bak",
    PHONE_2 ".xml",
    "backup-" PHONE_2 ".cnf.xml",
    "backup-" PHONE_2 ".cnf.xml.sgn",
    "sep0011223344aa.cnf.xml.BAK.sgn",
    "old/" PHONE_2 ".cnf.xml",
    "old/" PHONE_2 ".cnf.xml.sgn",
    "OLD/sep0011223344aa.cnf.xml",
    "%53EP0011223344AA.cnf.xml",
    "%53EP0011223344AA.cnf.xml.bak",
    PHONE_2 "%2ecnf.xml",
    "./" PHONE_2 ".cnf.xml",
};

static void assert_no_leaks(void)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_no_leak(names[i]);
}

static void write_signed(const char *name)
{
    struct identity signer = {0};
    struct envelope_spec spec = {.version_major = 1,
                                 .digest = DIGEST_SHA1,
                                 .filename = bytes_of_string(PHONE_2 ".cnf.xml.sgn")};
    struct buffer file;
    struct why why = WHY_NONE;
    load(&signer, "pool/rsa2048.pem");
    buffer_init(&file, CNF_BYTES_MAX);
    world_check(signedfile_write(&file, &spec, &signer, bytes_of_string(written), &why), &why);
    world_write(name, buffer_bytes(&file));
    buffer_fini(&file);
    identity_fini(&signer);
}

static void assert_written_is_sealed(const struct identity *lsc)
{
    struct fetched f;
    struct buffer text;
    fetch(&f, PHONE_2 ".cnf.xml.enc.sgn");
    assert_int_equal(open_sealed(&text, &f, PHONE_2 ".cnf.xml.enc.sgn", lsc), 0);
    assert_bytes_text(buffer_bytes(&text), written);
    buffer_fini(&text);
    fetched_fini(&f);
}

static void test_what_somebody_wrote_is_sealed_and_never_leaves_in_clear(void **state)
{
    (void)state;
    struct identity lsc = {0};
    struct cnf cnf;
    EVENTUALLY(short_names(NULL));
    world_write(PHONE_2 ".cnf.xml", bytes_of_string(written));
    world_write(PHONE_2 ".cnf.xml.bak", bytes_of_string(written));
    world_write("old/" PHONE_2 ".cnf.xml", bytes_of_string(written));
    world_write(PHONE_2 ".xml", bytes_of_string(written));
    world_write("backup-" PHONE_2 ".cnf.xml", bytes_of_string(written));
    assert_no_leaks(); /* without a certificate */
    load(&lsc, "pool/rsa2048-3.pem");
    issue(&lsc);
    confirm(&lsc);
    EVENTUALLY(short_names(&lsc));
    assert_no_leaks(); /* and with one */
    assert_written_is_sealed(&lsc);
    fetch_short(&cnf);
    assert_int_equal(cnf.capf_auth, 0); /* the writer's */
    identity_fini(&lsc);
}

static void test_a_signed_file_somebody_wrote_is_sealed_without_its_envelope(void **state)
{
    (void)state;
    struct identity lsc = {0};
    load(&lsc, "pool/rsa2048-3.pem");
    issue(&lsc);
    confirm(&lsc);
    EVENTUALLY(short_names(&lsc));
    write_signed(PHONE_2 ".cnf.xml.sgn");
    assert_no_leaks();
    assert_written_is_sealed(&lsc);
    world_remove(PHONE_2 ".cnf.xml.sgn");
    write_signed("sep0011223344aa.CNF.xml.sgn");
    assert_no_leaks();
    assert_written_is_sealed(&lsc);
    identity_fini(&lsc);
}

/* Neither under its own name nor in an envelope that was not sealed. */
static void test_what_lies_there_as_sealed_is_not_believed(void **state)
{
    (void)state;
    struct identity lsc = {0};
    write_signed(PHONE_2 ".cnf.xml.enc.sgn");
    EVENTUALLY(short_names(NULL));
    assert_no_leaks();
    assert_fetch_error(PHONE_2 ".cnf.xml.enc.sgn", TFTP_NOT_FOUND);
    load(&lsc, "pool/rsa2048-3.pem");
    issue(&lsc);
    confirm(&lsc);
    EVENTUALLY(short_names(&lsc));
    assert_no_leaks();
    assert_opens(&lsc);
    identity_fini(&lsc);
}

static void test_what_cannot_be_read_is_kept_back(void **state)
{
    (void)state;
    struct identity lsc = {0};
    char large[300 * 1024];
    load(&lsc, "pool/rsa2048-3.pem");
    issue(&lsc);
    confirm(&lsc);
    EVENTUALLY(short_names(&lsc));
    world_write(PHONE_2 ".cnf.xml", bytes_of_string("<device>" SECRET "<device>"));
    assert_no_leaks();
    assert_fetch_error(PHONE_2 ".cnf.xml", TFTP_ACCESS);
    assert_fetch_error(PHONE_2 ".cnf.xml.sgn", TFTP_ACCESS);
    memset(large, '\n', sizeof large);
    memcpy(large, SECRET, strlen(SECRET));
    world_write(PHONE_2 ".cnf.xml", bytes_of(large, sizeof large));
    assert_no_leaks();
    assert_fetch_error(PHONE_2 ".cnf.xml.enc.sgn", TFTP_ACCESS);
    assert_true(world_log_count("trustline.log", "is not sent in clear") > 0);
    assert_int_equal(world_log_count("trustline.log", SECRET), 0);
    identity_fini(&lsc);
}

static bool is_absent(const char *name)
{
    struct fetched f;
    fetch(&f, name);
    fetched_fini(&f);
    return f.error == TFTP_NOT_FOUND;
}

static void test_without_encryption_there_is_no_sealed_file(void **state)
{
    (void)state;
    struct identity lsc = {0};
    struct why why = WHY_NONE;
    struct store_device d;
    load(&lsc, "pool/rsa2048-3.pem");
    issue(&lsc);
    confirm(&lsc);
    EVENTUALLY(short_names(&lsc));
    assert_opens(&lsc);
    assert_int_equal(store_device_get(world.store, PHONE_2, &d), 0);
    text_copy(d.profile, sizeof d.profile, "secure");
    world_check(store_device_update(world.store, &d, &why), &why);
    EVENTUALLY(is_absent(PHONE_2 ".cnf.xml.enc.sgn"));
    world_write(PHONE_2 ".cnf.xml.enc.sgn", bytes_of_string("sealed by hand"));
    assert_fetch_error(PHONE_2 ".cnf.xml.enc.sgn", TFTP_NOT_FOUND);
    assert_fetch_error(PHONE ".cnf.xml.enc.sgn", TFTP_NOT_FOUND);
    world_write("SEP0000000000EE.cnf.xml.enc.sgn", bytes_of_string("sealed by hand"));
    assert_fetch("SEP0000000000EE.cnf.xml.enc.sgn", bytes_of_string("sealed by hand"));
    world_write(PHONE ".cnf.xml.bak", bytes_of_string(written));
    assert_fetch(PHONE ".cnf.xml.bak", bytes_of_string(written));
    identity_fini(&lsc);
}

/* ---- another judge ---- */

static void put(const char *name, struct bytes bytes)
{
    char path[FILE_PATH];
    assert_int_equal(file_path(path, world.dir, name), 0);
    assert_int_equal(file_replace(path, bytes, 0600, NULL), 0);
}

static void openssl(const char *arguments)
{
    char command[4 * FILE_PATH];
    assert_true(text_format(command, sizeof command,
                            "cd '%s' && openssl %s 2>openssl.err >/dev/null", world.dir,
                            arguments));
    if (system(command) != 0)
        fail_msg("openssl %s", arguments);
}

static void put_pieces(const struct fetched *f, char iv[33], unsigned *padding)
{
    struct bytes file = buffer_bytes(&f->data);
    struct envelope e;
    struct sealed s = {0};
    struct bytes pieces[2];
    struct buffer covered;
    assert_int_equal(envelope_parse(&e, file, NULL), 0);
    assert_int_equal(sealed_parse(&s, file, NULL), 0);
    envelope_covered(&e, file, pieces);
    buffer_init(&covered, CNF_BYTES_MAX);
    buffer_append(&covered, pieces[0]);
    buffer_append(&covered, pieces[1]);
    put("covered", buffer_bytes(&covered));
    put("signature", e.signature);
    put("wrapped", s.key);
    put("ciphertext", envelope_body(&e, file));
    put("signer.der", certificate_der(world.callmanager));
    text_hex(iv, 33, s.iv, false, 0);
    *padding = s.padding;
    buffer_fini(&covered);
}

/* The key is unwrapped by one command, the text deciphered by another: nothing of ours between. */
static void test_openssl_alone_verifies_and_opens_it(void **state)
{
    (void)state;
    struct identity lsc = {0};
    struct fetched f;
    struct buffer key, text;
    char arguments[2 * FILE_PATH], path[FILE_PATH], iv[33], hex[33];
    unsigned padding;
    if (system("openssl version >/dev/null 2>&1") != 0)
        skip();
    load(&lsc, "pool/rsa2048-3.pem");
    issue(&lsc);
    confirm(&lsc);
    EVENTUALLY(short_names(&lsc));
    world_write(PHONE_2 ".cnf.xml", bytes_of_string(written));
    fetch(&f, PHONE_2 ".cnf.xml.enc.sgn");
    assert_int_equal(f.error, FETCH_OK);
    put_pieces(&f, iv, &padding);
    openssl("x509 -inform DER -in signer.der -pubkey -noout -out signer.pub");
    openssl("dgst -sha1 -verify signer.pub -signature signature covered");
    text_format(arguments, sizeof arguments, "pkeyutl -decrypt -inkey '%s' -in wrapped -out key",
                vector_path("pool/rsa2048-3.pem"));
    openssl(arguments);
    buffer_init(&key, 16);
    assert_int_equal(file_path(path, world.dir, "key"), 0);
    assert_int_equal(file_read(&key, path, NULL), 0);
    assert_int_equal(key.size, 16);
    text_hex(hex, sizeof hex, buffer_bytes(&key), false, 0);
    text_format(arguments, sizeof arguments,
                "enc -d -aes-128-cbc -nopad -K %s -iv %s -in ciphertext -out text", hex, iv);
    openssl(arguments);
    buffer_init(&text, CNF_BYTES_MAX);
    assert_int_equal(file_path(path, world.dir, "text"), 0);
    assert_int_equal(file_read(&text, path, NULL), 0);
    assert_int_equal(text.size, strlen(written) + padding);
    assert_bytes_text(bytes_of(text.data, strlen(written)), written);
    buffer_fini(&key);
    buffer_fini(&text);
    fetched_fini(&f);
    identity_fini(&lsc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_a_phone_without_a_certificate_is_sent_to_capf),
        CASE(test_it_is_sealed_for_the_lsc_or_else_the_mic),
        CASE(test_an_ec_certificate_cannot_be_sealed_for),
        CASE(test_a_pending_lsc_changes_nothing_until_it_is_confirmed),
        CASE(test_an_order_says_how_the_phone_enrols),
        CASE(test_it_is_sealed_once_for_each_content_and_certificate),
        CASE(test_a_new_signer_signs_what_is_sealed),
        CASE(test_what_somebody_wrote_is_sealed_and_never_leaves_in_clear),
        CASE(test_a_signed_file_somebody_wrote_is_sealed_without_its_envelope),
        CASE(test_what_lies_there_as_sealed_is_not_believed),
        CASE(test_what_cannot_be_read_is_kept_back),
        CASE(test_without_encryption_there_is_no_sealed_file),
        CASE(test_openssl_alone_verifies_and_opens_it),
    };
    return RUN(tests);
}
