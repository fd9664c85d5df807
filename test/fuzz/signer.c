/*
 * signer: questions to the signer - the real one, in a thread. The first byte is the role that asks
 * and whether a descriptor comes with the question; the rest is the question. Each gets one answer,
 * and a role gets nothing that its row of signer/policy.c does not say.
 */
#include "fuzz.h"

#include "base/file.h"
#include "base/text.h"
#include "pki/key.h"
#include "signer/process.h"
#include "signer/protocol.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WITH_DESCRIPTOR = 0x80, WAIT_MS = 60000 };

static char keys[] = "/tmp/trustline-fuzz-XXXXXX";
static int ends[SIGNER_ROLE_COUNT];

static void install_key(void)
{
    struct identity id = {0};
    struct buffer pem;
    char serial[128];
    char path[FILE_PATH];
    MUST(identity_load(&id, TEST_VECTORS "/pool/rsa1024.pem", NULL) == 0);
    buffer_init(&pem, KEY_FILE_MAX);
    MUST(identity_write_pem(&pem, &id) == 0);
    text_hex(serial, sizeof serial, certificate_serial(id.certificate), false, 0);
    MUST(text_format(path, sizeof path, "%s/" KEY_CALLMANAGER "-%s.pem", keys, serial));
    MUST(file_create(path, buffer_bytes(&pem), 0600, NULL) == 0);
    buffer_fini_secret(&pem);
    identity_fini(&id);
}

static void *serve(void *control)
{
    MUST(signer_process(keys, *(int *)control, -1) == 0);
    return NULL;
}

static void clean(void)
{
    if (file_remove_tree(keys) != 0) {
        /* What is left lies in /tmp. */
    }
}

static void start(void)
{
    static int control[2];
    static bool started;
    pthread_t thread;
    if (started)
        return;
    started = true;
    MUST(mkdtemp(keys) != NULL);
    atexit(clean);
    install_key();
    MUST(channel_pair(control) == 0);
    MUST(pthread_create(&thread, NULL, serve, &control[1]) == 0);
    for (uint8_t role = 0; role < SIGNER_ROLE_COUNT; role++) {
        int client[2];
        MUST(channel_pair(client) == 0);
        MUST(channel_send(control[0], bytes_of(&role, 1), &client[1], 1) == 0);
        close(client[1]);
        ends[role] = client[0];
    }
}

/* What the tftp role, which the network reaches, may have signed. */
static void check_signed(struct bytes question)
{
    struct envelope header;
    struct reader r;
    reader_init(&r, question);
    (void)reader_u32be(&r);
    MUST(reader_u8(&r) == SIGNER_SIGN);
    MUST(envelope_parse_covered(&header, field_read(&r), NULL) == 0);
    MUST(header.filename.size > 4 &&
         memcmp(header.filename.data + header.filename.size - 4, ".sgn", 4) == 0);
}

static void check_answer(enum signer_role role, struct bytes question, struct bytes message)
{
    struct reader r;
    struct bytes words;
    uint32_t number = 0;
    int result = 0;
    MUST(answer_read(&r, message, &number, &result, &words) == 0);
    MUST(result <= 0 && (result == 0 || words.size > 0));
    if (question.size >= 4) {
        struct reader asked;
        reader_init(&asked, question);
        MUST(number == reader_u32be(&asked));
    }
    if (result == 0 && role == SIGNER_TFTP)
        check_signed(question);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fds[CHANNEL_FDS_MAX];
    size_t count = 0;
    struct buffer message;
    if (size < 2 || size > CHANNEL_MESSAGE_MAX)
        return 0;
    start();
    enum signer_role role = (enum signer_role)(data[0] % SIGNER_ROLE_COUNT);
    struct bytes question = bytes_of(data + 1, size - 1);
    int payload = data[0] & WITH_DESCRIPTOR ? memfd_create("payload", MFD_CLOEXEC) : -1;
    if (payload >= 0)
        MUST(file_write_all(payload, question) == 0);
    MUST(channel_send(ends[role], question, &payload, payload >= 0) == 0);
    buffer_init(&message, CHANNEL_MESSAGE_MAX);
    MUST(channel_receive(ends[role], &message, fds, &count, WAIT_MS) == 0);
    check_answer(role, question, buffer_bytes(&message));
    for (size_t i = 0; i < count; i++)
        close(fds[i]);
    buffer_fini(&message);
    if (payload >= 0)
        close(payload);
    return 0;
}
