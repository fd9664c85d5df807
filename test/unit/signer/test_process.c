/* A real signer process, spoken to in its own protocol. */
#include "support.h"

#include "base/file.h"
#include "base/text.h"
#include "pki/signedfile.h"
#include "signer/process.h"
#include "signer/protocol.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[1024];
static pid_t process;
static int control;
static int ends[2];                     /* by enum signer_role */
static struct certificate *callmanager; /* RSA 2048 */
static struct certificate *recovery;    /* RSA 1024 */

/* Puts an identity of the pool into keys/ under a name. */
static struct certificate *install(const char *pool, const char *name)
{
    struct identity id = {0};
    struct buffer pem;
    char serial[80];
    char path[FILE_PATH];
    buffer_init(&pem, KEY_FILE_MAX);
    assert_int_equal(identity_load(&id, vector_path(pool), NULL), 0);
    assert_int_equal(identity_write_pem(&pem, &id), 0);
    text_hex(serial, sizeof serial, certificate_serial(id.certificate), false, 0);
    assert_true(text_format(path, sizeof path, "%s/%s-%s.pem", dir, name, serial));
    assert_int_equal(file_create(path, buffer_bytes(&pem), 0600, NULL), 0);
    struct certificate *certificate = certificate_share(id.certificate);
    identity_fini(&id);
    buffer_fini_secret(&pem);
    return certificate;
}

static int enter(void **state)
{
    (void)state;
    int pair[2];
    temporary_make(dir);
    callmanager = install("pool/rsa2048.pem", KEY_CALLMANAGER);
    recovery = install("pool/rsa1024.pem", KEY_RECOVERY);
    assert_int_equal(channel_pair(pair), 0);
    process = fork();
    if (process == 0) {
        close(pair[0]);
        int null = open("/dev/null", O_WRONLY);
        dup2(null, STDERR_FILENO);
        _exit(signer_process(dir, pair[1], -1));
    }
    close(pair[1]);
    control = pair[0];
    for (uint8_t role = SIGNER_CLUSTER; role <= SIGNER_TFTP; role++) {
        int client[2];
        assert_int_equal(channel_pair(client), 0);
        assert_int_equal(channel_send(control, bytes_of(&role, 1), &client[1], 1), 0);
        close(client[1]);
        ends[role] = client[0];
    }
    return 0;
}

static int leave(void **state)
{
    (void)state;
    int status = -1;
    close(ends[0]);
    close(ends[1]);
    close(control);
    waitpid(process, &status, 0);
    assert_int_equal(status, 0); /* it ends by itself, and without a complaint of ASan's */
    certificate_free(callmanager);
    certificate_free(recovery);
    temporary_remove(dir);
    return 0;
}

/* Sends raw bytes and gets result and words of the answer. */
static int ask_raw(enum signer_role role, struct bytes message, int fd, struct buffer *answer,
                   char words[512])
{
    struct reader r;
    uint32_t number;
    int result;
    struct bytes text;
    int fds[CHANNEL_FDS_MAX];
    size_t count;
    assert_int_equal(channel_send(ends[role], message, &fd, fd >= 0), 0);
    assert_int_equal(channel_receive(ends[role], answer, fds, &count, 20000), 0);
    assert_int_equal(count, 0);
    assert_int_equal(answer_read(&r, buffer_bytes(answer), &number, &result, &text), 0);
    text_copy_bytes(words, 512, text);
    return result;
}

static int ask_sign(enum signer_role role, struct bytes header, int fd, char words[512])
{
    struct buffer question;
    struct buffer answer;
    buffer_init(&question, CHANNEL_MESSAGE_MAX);
    buffer_init(&answer, CHANNEL_MESSAGE_MAX);
    question_begin(&question, 7, SIGNER_SIGN);
    field_write(&question, header);
    field_write(&question, bytes_of(NULL, 0));
    int result = ask_raw(role, buffer_bytes(&question), fd, &answer, words);
    buffer_fini(&question);
    buffer_fini(&answer);
    return result;
}

/* A covered header of `signer` for a file of that name. */
static void make_header(struct buffer *out, size_t *at, const struct certificate *signer,
                        const char *file)
{
    struct envelope_spec spec = {.version_major = 1,
                                 .digest = DIGEST_SHA1,
                                 .filename = bytes_of_string(file),
                                 .has_timestamp = true,
                                 .timestamp = 1704067200};
    buffer_init(out, ENVELOPE_HEADER_MAX);
    assert_int_equal(envelope_spec_signer(&spec, signer, NULL), 0);
    assert_int_equal(envelope_write(out, at, &spec, NULL), 0);
}

static uint64_t counter(size_t which)
{
    struct signer *signer = NULL;
    struct signer_counters c;
    assert_int_equal(signer_new(&signer, dup(ends[SIGNER_CLUSTER])), 0);
    assert_int_equal(signer_counters(signer, &c, NULL), 0);
    signer_free(signer);
    const uint64_t all[] = {c.signed_files, c.created, c.refused, c.malformed};
    return all[which];
}
enum { SIGNED, CREATED, REFUSED, MALFORMED };

static void test_a_file_is_signed_over_header_and_payload(void **state)
{
    (void)state;
    struct signer *signer = NULL;
    struct buffer header, signature, file;
    size_t at;
    struct bytes payload = bytes_of_string("<device>\n</device>\n");
    buffer_init(&signature, KEY_SIGNATURE_MAX);
    buffer_init(&file, 65536);
    make_header(&header, &at, callmanager, "SEP001122334455.cnf.xml.sgn");
    assert_int_equal(signer_new(&signer, dup(ends[SIGNER_TFTP])), 0);
    struct why why = WHY_NONE;
    int result = signer_sign(signer, &signature, buffer_bytes(&header), payload, &why);
    if (result)
        fail_msg("%s", why_text(&why, result));
    assert_int_equal(
        envelope_insert_signature(&file, buffer_bytes(&header), at, buffer_bytes(&signature)), 0);
    buffer_append(&file, payload);
    struct envelope e;
    assert_int_equal(envelope_parse(&e, buffer_bytes(&file), NULL), 0);
    assert_int_equal(signedfile_verify(&e, buffer_bytes(&file), callmanager, NULL), 0);
    assert_int_equal(counter(SIGNED), 1);
    signer_free(signer);
    buffer_fini(&header);
    buffer_fini(&signature);
    buffer_fini(&file);
}

static void check_signed(struct bytes payload)
{
    struct signer *signer = NULL;
    struct buffer header, signature, file;
    size_t at;
    struct why why = WHY_NONE;
    struct envelope e;
    buffer_init(&signature, KEY_SIGNATURE_MAX);
    buffer_init(&file, payload.size + ENVELOPE_HEADER_MAX);
    make_header(&header, &at, callmanager, "ring.raw.sgn");
    assert_int_equal(signer_new(&signer, dup(ends[SIGNER_TFTP])), 0);
    int result = signer_sign(signer, &signature, buffer_bytes(&header), payload, &why);
    if (result)
        fail_msg("%s", why_text(&why, result));
    assert_int_equal(
        envelope_insert_signature(&file, buffer_bytes(&header), at, buffer_bytes(&signature)), 0);
    buffer_append(&file, payload);
    assert_int_equal(envelope_parse(&e, buffer_bytes(&file), NULL), 0);
    assert_int_equal(signedfile_verify(&e, buffer_bytes(&file), callmanager, NULL), 0);
    signer_free(signer);
    buffer_fini(&header);
    buffer_fini(&signature);
    buffer_fini(&file);
}

static void test_payloads_of_every_size_are_signed(void **state)
{
    (void)state;
    const size_t sizes[] = {0, 1, SIGNER_PAYLOAD_INLINE, SIGNER_PAYLOAD_INLINE + 1, 1 << 20};
    uint8_t *payload = calloc(1, 1 << 20);
    assert_non_null(payload);
    for (size_t i = 0; i < 1 << 20; i++)
        payload[i] = (uint8_t)(i * 7);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        check_signed(bytes_of(payload, sizes[i]));
    assert_int_equal(counter(SIGNED), sizeof sizes / sizeof *sizes);
    free(payload);
}

static void test_two_payloads_are_one_too_many(void **state)
{
    (void)state;
    char words[512];
    struct buffer header, question, answer;
    size_t at;
    int fd = memfd_create("payload", MFD_CLOEXEC);
    buffer_init(&question, CHANNEL_MESSAGE_MAX);
    buffer_init(&answer, CHANNEL_MESSAGE_MAX);
    make_header(&header, &at, callmanager, "a.cnf.xml.sgn");
    question_begin(&question, 1, SIGNER_SIGN);
    field_write(&question, buffer_bytes(&header));
    field_write(&question, bytes_of_string("here"));
    assert_int_equal(ask_raw(SIGNER_TFTP, buffer_bytes(&question), fd, &answer, words), ERR_FORMAT);
    assert_non_null(strstr(words, "one payload"));
    close(fd);
    buffer_fini(&header);
    buffer_fini(&question);
    buffer_fini(&answer);
}

static void test_a_tftp_role_cannot_have_a_list_signed(void **state)
{
    (void)state;
    char words[512];
    const char *const names[] = {"CTLFile.tlv", "ITLFile.tlv", "SEP001122334455.cnf.xml"};
    for (size_t i = 0; i < 3; i++) {
        struct buffer header;
        size_t at;
        make_header(&header, &at, callmanager, names[i]);
        assert_int_equal(ask_sign(SIGNER_TFTP, buffer_bytes(&header), -1, words), ERR_POLICY);
        assert_non_null(strstr(words, names[i]));
        buffer_fini(&header);
    }
    assert_int_equal(counter(REFUSED), 3);
    assert_int_equal(counter(SIGNED), 0);
}

static void test_a_tftp_role_cannot_use_another_key_or_do_anything_else(void **state)
{
    (void)state;
    char words[512];
    struct buffer header, question, answer;
    size_t at;
    make_header(&header, &at, recovery, "a.cnf.xml.sgn");
    assert_int_equal(ask_sign(SIGNER_TFTP, buffer_bytes(&header), -1, words), ERR_POLICY);
    buffer_init(&question, 1024);
    buffer_init(&answer, CHANNEL_MESSAGE_MAX);
    for (unsigned operation = SIGNER_CREATE; operation < SIGNER_OPERATION_COUNT + 5u; operation++) {
        question_begin(&question, 1, (enum signer_operation)operation);
        assert_int_equal(ask_raw(SIGNER_TFTP, buffer_bytes(&question), -1, &answer, words),
                         ERR_POLICY);
    }
    assert_int_equal(counter(REFUSED), 1 + SIGNER_OPERATION_COUNT + 5 - SIGNER_CREATE);
    buffer_fini(&header);
    buffer_fini(&question);
    buffer_fini(&answer);
}

static void test_a_bare_digest_is_never_signed(void **state)
{
    (void)state;
    char words[512];
    uint8_t digest[64];
    memset(digest, 0x5a, sizeof digest);
    const size_t sizes[] = {0, 16, 20, 32, 64};
    for (size_t i = 0; i < 5; i++)
        for (enum signer_role role = SIGNER_CLUSTER; role <= SIGNER_TFTP; role++) {
            assert_int_equal(ask_sign(role, bytes_of(digest, sizes[i]), -1, words), ERR_POLICY);
            assert_non_null(strstr(words, "it takes no digest"));
        }
    assert_int_equal(counter(REFUSED), 10);
}

static void test_a_signed_header_is_no_covered_header(void **state)
{
    (void)state;
    char words[512];
    struct bytes file = vector_load("CTLFile.tlv");
    assert_int_equal(ask_sign(SIGNER_CLUSTER, bytes_slice(file, 0, 288), -1, words), ERR_POLICY);
    vector_free(file);
}

static void test_bad_questions_get_an_error_and_a_counter_never_an_end(void **state)
{
    (void)state;
    char words[512];
    struct buffer answer;
    buffer_init(&answer, CHANNEL_MESSAGE_MAX);
    const struct bytes bad[] = {
        bytes_of("", 0),
        bytes_of("\0\0\0\1", 4),
        bytes_of("\0\0\0\1\1", 5),                           /* SIGN without its fields */
        bytes_of("\0\0\0\1\1\xff\xff\xff\xff", 9),           /* a field of 4 GiB */
        bytes_of("\0\0\0\1\1\0\0\0\1x", 10),                 /* a header without a payload */
        bytes_of("\0\0\0\1\1\0\0\0\1x\0\0\0\0\0\0\0\0", 18), /* one field too many */
        bytes_of("\0\0\0\1\x02\0\0\0\0", 9),                 /* CREATE without a name */
        bytes_of("\0\0\0\1\x08\0\0\0\3a\0b", 12),            /* a text with a NUL */
    };
    uint64_t before = counter(MALFORMED);
    for (size_t i = 1; i < sizeof bad / sizeof *bad; i++) {
        int result = ask_raw(SIGNER_CLUSTER, bad[i], -1, &answer, words);
        assert_int_equal(result, ERR_FORMAT);
        assert_true(words[0] != '\0');
    }
    assert_int_equal(counter(MALFORMED), before + sizeof bad / sizeof *bad - 1);
    assert_int_equal(kill(process, 0), 0);
    buffer_fini(&answer);
}

static void test_random_questions_never_end_it(void **state)
{
    (void)state;
    char words[512];
    struct buffer answer;
    uint32_t seed = 1;
    uint8_t message[64];
    buffer_init(&answer, CHANNEL_MESSAGE_MAX);
    for (int round = 0; round < 2000; round++) {
        size_t size = 1;
        for (size_t i = 0; i < sizeof message; i++) {
            seed = seed * 1103515245 + 12345;
            message[i] = (uint8_t)(seed >> 16);
        }
        size = 5 + message[0] % 50;
        message[4] = (uint8_t)(message[4] % (SIGNER_OPERATION_COUNT + 1));
        if (message[4] == SIGNER_SWEEP)
            message[4] = SIGNER_LINK;
        assert_true(ask_raw((enum signer_role)(round % 2), bytes_of(message, size), -1, &answer,
                            words) <= 0);
    }
    assert_int_equal(counter(SIGNED), 0);
    buffer_fini(&answer);
}

static void test_a_payload_must_be_a_regular_file(void **state)
{
    (void)state;
    char words[512];
    struct buffer header;
    size_t at;
    int pipe_ends[2];
    make_header(&header, &at, callmanager, "a.cnf.xml.sgn");
    assert_int_equal(pipe(pipe_ends), 0);
    assert_int_equal(ask_sign(SIGNER_TFTP, buffer_bytes(&header), pipe_ends[0], words), ERR_FORMAT);
    assert_non_null(strstr(words, "not a regular file"));
    close(pipe_ends[0]);
    close(pipe_ends[1]);
    int huge = memfd_create("huge", MFD_CLOEXEC);
    assert_int_equal(ftruncate(huge, (off_t)SIGNER_PAYLOAD_MAX + 1), 0);
    assert_int_equal(ask_sign(SIGNER_TFTP, buffer_bytes(&header), huge, words), ERR_LIMIT);
    close(huge);
    buffer_fini(&header);
}

static void test_an_unknown_signer_or_a_wrong_modulus_is_refused(void **state)
{
    (void)state;
    char words[512];
    struct buffer header;
    size_t at;
    struct certificate *other = NULL;
    assert_int_equal(certificate_load(&other, vector_path("signer.der"), NULL), 0);
    make_header(&header, &at, other, "a.cnf.xml.sgn");
    assert_int_equal(ask_sign(SIGNER_TFTP, buffer_bytes(&header), -1, words), ERR_NOT_FOUND);
    assert_non_null(strstr(words, "2a5b6c7d8e9f0a1b"));
    buffer_fini(&header);
    struct envelope_spec spec = {.digest = DIGEST_SHA1,
                                 .filename = bytes_of_string("a.cnf.xml.sgn")};
    assert_int_equal(envelope_spec_signer(&spec, callmanager, NULL), 0);
    spec.modulus_size = 128;
    buffer_init(&header, ENVELOPE_HEADER_MAX);
    assert_int_equal(envelope_write(&header, &at, &spec, NULL), 0);
    assert_int_equal(ask_sign(SIGNER_TFTP, buffer_bytes(&header), -1, words), ERR_VERIFY);
    buffer_fini(&header);
    certificate_free(other);
}

static struct certificate_template template(void)
{
    return (struct certificate_template){
        .use = USE_SERVER,
        .subject = {.common_name = "n1", .organization = "Example"},
        .dns_name = "n1",
        .address = "192.0.2.1",
        .not_before = 1704067200,
        .days = 3650};
}

static void test_keys_are_made_requested_adopted_linked_and_swept(void **state)
{
    (void)state;
    struct signer *signer = NULL;
    struct certificate *made = NULL;
    struct certificate_template t = template();
    struct key_spec ec = {KEY_EC, 256};
    struct why why = WHY_NONE;
    struct buffer pem;
    char key[33];
    char serial[80];
    char path[FILE_PATH];
    struct stat st;
    buffer_init(&pem, 65536);
    assert_int_equal(signer_new(&signer, dup(ends[SIGNER_CLUSTER])), 0);
    int result = signer_create(signer, &made, KEY_TVS, &ec, &t, &why);
    if (result)
        fail_msg("%s", why_text(&why, result));
    text_hex(serial, sizeof serial, certificate_serial(made), false, 0);
    assert_true(text_format(path, sizeof path, "%s/TVS-%s.pem", dir, serial));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(signer_check(signer, KEY_TVS, made, NULL), 0);
    assert_int_equal(signer_link(signer, KEY_TVS, serial, NULL), 0);
    assert_int_equal(signer_link(signer, KEY_TVS, "00ff", NULL), ERR_NOT_FOUND);
    assert_int_equal(signer_link(signer, "../TVS", serial, NULL), ERR_USAGE);
    assert_int_equal(signer_request(signer, &pem, key, KEY_TVS, &ec, &t, NULL), 0);
    assert_non_null(strstr(buffer_string(&pem), "BEGIN CERTIFICATE REQUEST"));
    /* a certificate of another key is not adopted */
    assert_int_equal(signer_adopt(signer, KEY_TVS, key, callmanager, &why), ERR_VERIFY);
    /* a file of somebody else stays, ours that nobody names go */
    assert_true(text_format(path, sizeof path, "%s/notes.txt", dir));
    assert_int_equal(file_create(path, bytes_of_string("mine"), 0600, NULL), 0);
    char kept[128];
    unsigned removed = 0;
    const char *const keep[] = {kept};
    assert_true(text_format(kept, sizeof kept, "TVS-%s.pem", serial));
    assert_int_equal(signer_sweep(signer, keep, 1, &removed, NULL), 0);
    assert_int_equal(removed, 3); /* CallManager's, ITLRecovery's and the request's */
    assert_true(file_exists(path));
    assert_int_equal(signer_check(signer, KEY_TVS, made, NULL), 0);
    certificate_free(made);
    signer_free(signer);
    buffer_fini(&pem);
}

static void test_a_key_that_does_not_fit_is_found(void **state)
{
    (void)state;
    struct signer *signer = NULL;
    struct why why = WHY_NONE;
    assert_int_equal(signer_new(&signer, dup(ends[SIGNER_CLUSTER])), 0);
    assert_int_equal(signer_check(signer, KEY_CALLMANAGER, callmanager, NULL), 0);
    assert_int_equal(signer_check(signer, KEY_CALLMANAGER, recovery, &why), -ENOENT);
    char serial[80], path[FILE_PATH], other[FILE_PATH];
    text_hex(serial, sizeof serial, certificate_serial(callmanager), false, 0);
    assert_true(text_format(path, sizeof path, "%s/CallManager-%s.pem", dir, serial));
    text_hex(serial, sizeof serial, certificate_serial(recovery), false, 0);
    assert_true(text_format(other, sizeof other, "%s/ITLRecovery-%s.pem", dir, serial));
    assert_int_equal(rename(other, path), 0);
    why = (struct why)WHY_NONE;
    assert_int_equal(signer_check(signer, KEY_CALLMANAGER, callmanager, &why), ERR_VERIFY);
    assert_non_null(strstr(why.text, "another certificate"));
    signer_free(signer);
}

static void test_signatures_do_not_wait_for_a_key_that_is_made(void **state)
{
    (void)state;
    struct buffer question, answer, header;
    struct certificate_template t = template();
    struct key_spec rsa = {KEY_RSA, 4096};
    char words[512];
    size_t at;
    int fds[CHANNEL_FDS_MAX];
    size_t count;
    buffer_init(&question, CHANNEL_MESSAGE_MAX);
    buffer_init(&answer, CHANNEL_MESSAGE_MAX);
    question_begin(&question, 1, SIGNER_CREATE);
    field_write_text(&question, KEY_TVS);
    field_write_spec(&question, &rsa);
    field_write_template(&question, &t);
    assert_int_equal(channel_send(ends[SIGNER_CLUSTER], buffer_bytes(&question), NULL, 0), 0);
    make_header(&header, &at, callmanager, "a.cnf.xml.sgn");
    for (int i = 0; i < 5; i++)
        assert_int_equal(ask_sign(SIGNER_TFTP, buffer_bytes(&header), -1, words), 0);
    /* five signatures are there, and the key (which takes longer) is not yet */
    int early = channel_receive(ends[SIGNER_CLUSTER], &answer, fds, &count, 0);
    if (early != -EAGAIN)
        print_message("# the key was there remarkably soon\n");
    else
        assert_int_equal(channel_receive(ends[SIGNER_CLUSTER], &answer, fds, &count, 120000), 0);
    buffer_fini(&question);
    buffer_fini(&answer);
    buffer_fini(&header);
}

int main(void)
{
#define WITH_SIGNER(test) cmocka_unit_test_setup_teardown(test, enter, leave)
    const struct CMUnitTest tests[] = {
        WITH_SIGNER(test_a_file_is_signed_over_header_and_payload),
        WITH_SIGNER(test_payloads_of_every_size_are_signed),
        WITH_SIGNER(test_two_payloads_are_one_too_many),
        WITH_SIGNER(test_a_tftp_role_cannot_have_a_list_signed),
        WITH_SIGNER(test_a_tftp_role_cannot_use_another_key_or_do_anything_else),
        WITH_SIGNER(test_a_bare_digest_is_never_signed),
        WITH_SIGNER(test_a_signed_header_is_no_covered_header),
        WITH_SIGNER(test_bad_questions_get_an_error_and_a_counter_never_an_end),
        WITH_SIGNER(test_random_questions_never_end_it),
        WITH_SIGNER(test_a_payload_must_be_a_regular_file),
        WITH_SIGNER(test_an_unknown_signer_or_a_wrong_modulus_is_refused),
        WITH_SIGNER(test_keys_are_made_requested_adopted_linked_and_swept),
        WITH_SIGNER(test_a_key_that_does_not_fit_is_found),
        WITH_SIGNER(test_signatures_do_not_wait_for_a_key_that_is_made),
    };
    return RUN(tests);
}
