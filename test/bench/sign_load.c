/*
 * sign_load: the signer process by itself, asked over its own protocol for as many signatures as it
 * can make - of headers as the service writes them, over configurations of their usual size.
 *
 *   sign_load STATE SECONDS
 *
 * STATE was made by `trustline init`; nothing of it runs. Prints signatures a second.
 */
#include "base/clock.h"
#include "base/file.h"
#include "net/channel.h"
#include "pki/signedfile.h"
#include "signer/process.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    OPEN_AT_ONCE = 64, /* questions: so that the signer never waits for one */
    PAYLOAD = 4600,
};

static struct load {
    struct loop *loop;
    struct signer_loop *signer;
    struct buffer header; /* covered */
    uint8_t payload[PAYLOAD];
    unsigned done, failed;
    int64_t until;
} load;

static void check(int result, const struct why *why, const char *what)
{
    if (result == 0)
        return;
    fprintf(stderr, "sign_load: %s: %s\n", what, why_text(why, result));
    exit(1);
}

static void write_header(const char *keys)
{
    char path[FILE_PATH];
    size_t signature_at;
    struct identity id = {0};
    struct why why = WHY_NONE;
    struct envelope_spec spec = {.version_major = 1,
                                 .digest = DIGEST_SHA1,
                                 .filename = bytes_of_string("SEP001122334455.cnf.xml.sgn"),
                                 .has_timestamp = true,
                                 .timestamp = (uint32_t)clock_wall()};
    check(file_path(path, keys, "CallManager.pem"), NULL, keys);
    check(identity_load(&id, path, &why), &why, path);
    check(envelope_spec_signer(&spec, id.certificate, &why), &why, path);
    buffer_init(&load.header, ENVELOPE_HEADER_MAX);
    check(envelope_write(&load.header, &signature_at, &spec, &why), &why, "header");
    identity_fini(&id);
}

static pid_t start_signer(const char *keys, int *end)
{
    int control[2];
    int client[2];
    const uint8_t role = SIGNER_TFTP;
    check(channel_pair(control), NULL, "channel");
    check(channel_pair(client), NULL, "channel");
    pid_t pid = fork();
    if (pid == 0) {
        close(control[0]);
        close(client[0]);
        close(client[1]);
        _exit(signer_process(keys, control[1], -1));
    }
    close(control[1]);
    check(channel_send(control[0], bytes_of(&role, 1), &client[1], 1), NULL, "signer");
    close(client[1]);
    *end = client[0]; /* control[0] stays open: the signer ends with us */
    return pid;
}

static void ask(void);

static void signed_one(void *context, int result, struct bytes signature, const char *words)
{
    (void)context;
    (void)signature;
    if (result && load.failed++ == 0)
        fprintf(stderr, "sign_load: %s\n", words && *words ? words : error_text(result));
    load.done++;
    if (clock_ms() < load.until && !load.failed)
        ask();
    else
        loop_stop(load.loop);
}

static void ask(void)
{
    int result = signer_loop_sign(load.signer, buffer_bytes(&load.header),
                                  bytes_of(load.payload, sizeof load.payload), signed_one, NULL);
    check(result, NULL, "question");
}

int main(int argc, char **argv)
{
    char keys[FILE_PATH];
    int end = -1;
    if (argc != 3) {
        fprintf(stderr, "usage: sign_load STATE SECONDS\n");
        return 2;
    }
    check(file_path(keys, argv[1], "keys"), NULL, argv[1]);
    write_header(keys);
    pid_t pid = start_signer(keys, &end);
    check(loop_new(&load.loop), NULL, "loop");
    check(signer_loop_new(&load.signer, load.loop), NULL, "signer");
    check(signer_loop_replace(load.signer, end), NULL, "signer");
    int64_t start = clock_ms();
    load.until = start + strtol(argv[2], NULL, 10) * 1000;
    for (int i = 0; i < OPEN_AT_ONCE; i++)
        ask();
    check(loop_run(load.loop), NULL, "loop");
    int64_t took = clock_ms() - start;
    printf("%.1f\n", (double)load.done * 1000 / (double)took);
    kill(pid, SIGTERM);
    waitpid(pid, NULL, 0);
    return load.failed ? 1 : 0;
}
