#include "pki/token.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/secret.h"
#include "base/text.h"
#include "pki/token_protocol.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <p11-kit/uri.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DEADLINE_MS = 30000, KEYPAD_MS = 120000, GOODBYE_MS = 1000, FILE_LINE_MAX = 4096 };

struct token {
    pid_t helper; /* 0: none, or reaped */
    int fd;
    int deadline_ms;
    struct buffer answer; /* the last one */
    struct reader fields; /* of it */
    struct token_info info;
    uint8_t flags;
    struct certificate *certificate;
};

bool token_is_uri(const char *text)
{
    return text_starts(text, P11_KIT_URI_SCHEME ":");
}

/* ---- the helper process ---- */

static int start_helper(struct token *token, struct why *why)
{
    int pair[2];
    char *const words[] = {(char[]){"trustline"}, (char[]){TOKEN_HELPER_WORD}, NULL};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return -errno;
    token->fd = pair[0];
    posix_spawn_file_actions_t actions;
    int error = posix_spawn_file_actions_init(&actions);
    if (error) {
        close(pair[1]);
        return -error;
    }
    /* A list may be on its way to standard output: the module must not write into it. */
    error = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (!error)
        error = posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    if (!error)
        error = posix_spawn_file_actions_adddup2(&actions, pair[1], TOKEN_HELPER_FD);
    if (!error)
        error = posix_spawn_file_actions_addclosefrom_np(&actions, TOKEN_HELPER_FD + 1);
    if (!error)
        error = posix_spawn(&token->helper, "/proc/self/exe", &actions, NULL, words, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(pair[1]);
    if (error) {
        token->helper = 0;
        return why_error(why, -error, "cannot start the helper process for the token: %s",
                         error_text(-error));
    }
    return 0;
}

/* Waits for the helper's end, killing it when that takes longer than `ms`. */
static int reap_helper(struct token *token, int ms)
{
    int status = 0;
    if (token->helper == 0)
        return 0;
    int pidfd = pidfd_open(token->helper, 0);
    struct pollfd end = {.fd = pidfd, .events = POLLIN};
    if (ms == 0 || pidfd < 0 || poll(&end, 1, ms) != 1)
        kill(token->helper, SIGKILL);
    if (pidfd >= 0)
        close(pidfd);
    while (waitpid(token->helper, &status, 0) < 0 && errno == EINTR) {
    }
    token->helper = 0;
    return status;
}

/* The helper closed its end without an answer. */
static int helper_died(struct token *token, struct why *why)
{
    int status = reap_helper(token, GOODBYE_MS);
    if (WIFSIGNALED(status))
        return why_error(why, ERR_CLOSED, "the PKCS#11 module crashed (%s)",
                         sigdescr_np(WTERMSIG(status)));
    return why_error(why, ERR_CLOSED,
                     "the PKCS#11 module ended its process (exit status %d) instead of answering",
                     WEXITSTATUS(status));
}

static int wait_for_answer(struct token *token, int deadline_ms, struct why *why)
{
    int64_t deadline = clock_ms() + deadline_ms;
    for (;;) {
        int64_t left = deadline - clock_ms();
        struct pollfd p = {.fd = token->fd, .events = POLLIN};
        int n = left > 0 ? poll(&p, 1, (int)left) : 0;
        if (n == 1)
            return 0;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        reap_helper(token, 0);
        return why_error(why, ERR_TIMEOUT, "the PKCS#11 module gave no answer within %d s",
                         (deadline_ms + 999) / 1000);
    }
}

static int receive_answer(struct token *token, struct why *why)
{
    buffer_clear(&token->answer);
    int result = buffer_reserve(&token->answer, TOKEN_MESSAGE_MAX);
    if (result)
        return result;
    ssize_t n;
    do {
        n = recv(token->fd, token->answer.data, TOKEN_MESSAGE_MAX, 0);
    } while (n < 0 && errno == EINTR);
    if (n <= 0)
        return helper_died(token, why);
    token->answer.size = (size_t)n;
    return 0;
}

/* One question and its answer; its fields are in token->fields afterwards. */
static int ask(struct token *token, struct bytes question, int deadline_ms, struct why *why)
{
    if (token->helper == 0)
        return why_error(why, ERR_CLOSED, "the helper process for the token has gone");
    if (send(token->fd, question.data, question.size, MSG_NOSIGNAL) < 0)
        return errno == EPIPE || errno == ECONNRESET ? helper_died(token, why) : -errno;
    int result = wait_for_answer(token, deadline_ms, why);
    if (result == 0)
        result = receive_answer(token, why);
    if (result)
        return result;
    reader_init(&token->fields, buffer_bytes(&token->answer));
    if (reader_u8(&token->fields) == TOKEN_FINE)
        return 0;
    int error = (int)reader_u32be(&token->fields);
    char text[sizeof why->text];
    text_copy_bytes(text, sizeof text, token_get(&token->fields));
    if (reader_end(&token->fields) != 0 || error >= 0)
        return why_error(why, ERR_BUG, "the helper process for the token gave no sensible answer");
    return why_error(why, error, "%s", text);
}

/* ---- the URI ---- */

static int check_uri(P11KitUri *uri, const char *text, struct why *why)
{
    int code = p11_kit_uri_parse(text, P11_KIT_URI_FOR_ANY, uri);
    if (code != P11_KIT_URI_OK)
        return why_error(why, ERR_USAGE, "%s: no PKCS#11 URI: %s", text, p11_kit_uri_message(code));
    if (p11_kit_uri_get_pin_value(uri))
        return why_error(why, ERR_USAGE,
                         "the URI holds the PIN itself (pin-value), where everybody can read it: "
                         "use a PIN file, or pin-source");
    if (p11_kit_uri_any_unrecognized(uri))
        return why_error(why, ERR_USAGE, "%s: names an attribute that is not known", text);
    return 0;
}

static int find(struct token *token, const struct token_setup *setup, P11KitUri *uri,
                struct why *why)
{
    const char *module = setup->module ? setup->module : p11_kit_uri_get_module_path(uri);
    struct buffer question;
    buffer_init(&question, TOKEN_MESSAGE_MAX);
    buffer_u8(&question, TOKEN_FIND);
    token_put(&question, bytes_of_string(module));
    token_put(&question, bytes_of_string(setup->uri));
    int result = question.error;
    if (result == 0)
        result = ask(token, buffer_bytes(&question), token->deadline_ms, why);
    buffer_fini(&question);
    if (result)
        return why_prefix(why, result, "%s", setup->uri);
    struct token_info *info = &token->info;
    text_copy_bytes(info->label, sizeof info->label, token_get(&token->fields));
    text_copy_bytes(info->manufacturer, sizeof info->manufacturer, token_get(&token->fields));
    text_copy_bytes(info->model, sizeof info->model, token_get(&token->fields));
    text_copy_bytes(info->serial, sizeof info->serial, token_get(&token->fields));
    token->flags = reader_u8(&token->fields);
    info->keypad = token->flags & TOKEN_KEYPAD;
    info->few_tries = token->flags & TOKEN_FEW_TRIES;
    info->final_try = token->flags & TOKEN_FINAL_TRY;
    return reader_end(&token->fields) == 0 ? 0 : ERR_BUG;
}

/* ---- the PIN ---- */

static int pin_from_file(struct buffer *pin, const char *path, struct why *why)
{
    struct buffer file;
    buffer_init(&file, FILE_LINE_MAX);
    int result = buffer_reserve(&file, FILE_LINE_MAX);
    if (result == 0)
        result = file_read(&file, path, why);
    struct bytes line = buffer_bytes(&file);
    const uint8_t *end = line.size ? memchr(line.data, '\n', line.size) : NULL;
    if (end)
        line.size = (size_t)(end - line.data);
    if (line.size && line.data[line.size - 1] == '\r')
        line.size--;
    if (result == 0 && line.size == 0)
        result =
            why_error(why, ERR_FORMAT, "%s: its first line is empty, where the PIN belongs", path);
    if (result == 0 && line.size > TOKEN_PIN_MAX)
        result = why_error(why, ERR_LIMIT, "%s: a PIN of %zu bytes; %d are the most", path,
                           line.size, TOKEN_PIN_MAX);
    if (result == 0)
        buffer_append(pin, line);
    buffer_fini_secret(&file);
    return result;
}

/* The file that pin-source names: a path, or a file: URI without a host. NULL: another kind. */
static const char *pin_source_path(const char *source)
{
    if (text_starts(source, "file://"))
        source += strlen("file://");
    else if (text_starts(source, "file:"))
        source += strlen("file:");
    return source[0] == '/' ? source : NULL;
}

static int get_pin(struct token *token, const struct token_setup *setup, P11KitUri *uri,
                   struct buffer *pin, struct why *why)
{
    const struct token_info *info = &token->info;
    const char *source = p11_kit_uri_get_pin_source(uri);
    const char *path = setup->pin_file;
    if (token->flags & TOKEN_LOCKED)
        return why_error(why, ERR_POLICY,
                         "token '%s' is locked after too many wrong PINs: its PIN must be reset",
                         info->label);
    if (!path && source) {
        path = pin_source_path(source);
        if (!path)
            return why_error(why, ERR_UNSUPPORTED,
                             "pin-source '%s': only the absolute path of a file is taken", source);
    }
    if (path && !info->keypad) {
        if (info->final_try)
            return why_error(why, ERR_POLICY,
                             "token '%s' locks after one more wrong PIN: the PIN is not taken from "
                             "a file now; type it",
                             info->label);
        return pin_from_file(pin, path, why);
    }
    if (!setup->ask_pin)
        return why_error(why, ERR_USAGE, "token '%s' needs its PIN: name a PIN file", info->label);
    int result = setup->ask_pin(setup->context, info, pin, why);
    if (result == 0 && pin->size == 0 && !info->keypad)
        result = why_error(why, ERR_USAGE, "no PIN was given; nothing was tried");
    return result;
}

static int login(struct token *token, const struct token_setup *setup, P11KitUri *uri,
                 struct why *why)
{
    struct buffer pin;
    struct buffer question;
    buffer_init(&pin, TOKEN_PIN_MAX);
    buffer_init(&question, TOKEN_PIN_MAX + 8);
    int result = buffer_reserve(&pin, TOKEN_PIN_MAX);
    if (result == 0)
        result = buffer_reserve(&question, TOKEN_PIN_MAX + 8);
    if (result == 0 && token->flags & TOKEN_NEEDS_PIN)
        result = get_pin(token, setup, uri, &pin, why);
    if (result)
        goto out;
    bool typed_there = token->info.keypad;
    buffer_u8(&question, TOKEN_LOGIN);
    buffer_u8(&question, pin.size && !typed_there);
    token_put(&question, typed_there ? bytes_of(NULL, 0) : buffer_bytes(&pin));
    int deadline = typed_there && token->deadline_ms < KEYPAD_MS ? KEYPAD_MS : token->deadline_ms;
    result = question.error;
    if (result == 0)
        result = ask(token, buffer_bytes(&question), deadline, why);
    if (result)
        goto out;
    struct bytes der = token_get(&token->fields);
    result = reader_end(&token->fields) == 0 ? 0 : ERR_BUG;
    if (result == 0)
        result = certificate_from_der(&token->certificate, der, why);
    if (result)
        result = why_prefix(why, result, "token '%s'", token->info.label);
out:
    buffer_fini_secret(&question);
    buffer_fini_secret(&pin);
    return result;
}

int token_open(struct token **out, const struct token_setup *setup, struct why *why)
{
    int result = -ENOMEM;
    P11KitUri *uri = p11_kit_uri_new();
    struct token *token = calloc(1, sizeof *token);
    if (!uri || !token)
        goto out;
    token->fd = -1;
    token->deadline_ms = setup->deadline_ms ? setup->deadline_ms : DEADLINE_MS;
    buffer_init(&token->answer, TOKEN_MESSAGE_MAX);
    result = check_uri(uri, setup->uri, why);
    if (result == 0)
        result = start_helper(token, why);
    if (result == 0)
        result = find(token, setup, uri, why);
    if (result == 0)
        result = login(token, setup, uri, why);
    if (result == 0) {
        *out = token;
        token = NULL;
    }
out:
    token_close(token);
    p11_kit_uri_free(uri);
    return result;
}

void token_close(struct token *token)
{
    if (!token)
        return;
    if (token->fd >= 0)
        close(token->fd);
    reap_helper(token, GOODBYE_MS);
    certificate_free(token->certificate);
    buffer_fini(&token->answer);
    free(token);
}

const struct certificate *token_certificate(const struct token *token)
{
    return token->certificate;
}

/* ---- signing ---- */

/* What stands before the digest in a DigestInfo (RFC 8017, section 9.2, note 1). */
static struct bytes digest_info_start(enum digest_kind kind)
{
    static const uint8_t sha1[] = {0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e,
                                   0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14};
    static const uint8_t sha256[] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                     0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};
    static const uint8_t sha512[] = {0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                     0x65, 0x03, 0x04, 0x02, 0x03, 0x05, 0x00, 0x04, 0x40};
    switch (kind) {
    case DIGEST_KIND_SHA1:
        return bytes_of(sha1, sizeof sha1);
    case DIGEST_KIND_SHA256:
        return bytes_of(sha256, sizeof sha256);
    case DIGEST_KIND_SHA512:
        return bytes_of(sha512, sizeof sha512);
    case DIGEST_KIND_MD5:
        break;
    }
    return bytes_of(NULL, 0); /* nothing is signed over MD5 */
}

/* Is it a signature of the certificate's key over exactly this DigestInfo? A key with the CKA_ID of
 * another certificate, or a faulty token, must not get into a list. */
static bool signature_fits(const struct certificate *certificate, struct bytes info,
                           struct bytes signature)
{
    EVP_PKEY *key = X509_get0_pubkey(certificate_x509(certificate));
    EVP_PKEY_CTX *ctx = key ? EVP_PKEY_CTX_new(key, NULL) : NULL;
    uint8_t inside[KEY_SIGNATURE_MAX];
    size_t size = sizeof inside;
    bool fits = ctx && EVP_PKEY_verify_recover_init(ctx) == 1 &&
                EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
                (size_t)EVP_PKEY_get_size(key) <= sizeof inside &&
                EVP_PKEY_verify_recover(ctx, inside, &size, signature.data, signature.size) == 1 &&
                bytes_equal(bytes_of(inside, size), info);
    EVP_PKEY_CTX_free(ctx);
    ERR_clear_error();
    return fits;
}

int token_sign(struct token *token, struct buffer *signature, enum digest_kind kind,
               const struct bytes *pieces, size_t count, struct why *why)
{
    uint8_t digest[DIGEST_SIZE_MAX];
    struct buffer info;
    struct buffer question;
    struct bytes start = digest_info_start(kind);
    if (start.size == 0)
        return ERR_UNSUPPORTED;
    buffer_init(&info, sizeof digest + 32);
    buffer_init(&question, sizeof digest + 64);
    int result = digest_pieces(kind, pieces, count, digest);
    if (result)
        goto out;
    buffer_append(&info, start);
    buffer_append(&info, bytes_of(digest, digest_size(kind)));
    buffer_u8(&question, TOKEN_SIGN);
    token_put(&question, buffer_bytes(&info));
    result = info.error ? info.error : question.error;
    if (result == 0)
        result = ask(token, buffer_bytes(&question), token->deadline_ms, why);
    if (result)
        goto out;
    struct bytes made = token_get(&token->fields);
    result = reader_end(&token->fields) == 0 ? 0 : ERR_BUG;
    if (result == 0 && !signature_fits(token->certificate, buffer_bytes(&info), made))
        result =
            why_error(why, ERR_CRYPTO, "token '%s': what it signed does not fit its certificate %s",
                      token->info.label, certificate_subject(token->certificate));
    if (result == 0) {
        buffer_append(signature, made);
        result = signature->error;
    }
out:
    buffer_fini(&info);
    buffer_fini(&question);
    return result;
}

static int sign_with_token(void *context, struct buffer *signature, enum digest_kind digest,
                           const struct bytes *pieces, size_t count, struct why *why)
{
    return token_sign(context, signature, digest, pieces, count, why);
}

struct file_signer token_signer(struct token *token)
{
    return (struct file_signer){
        .certificate = token->certificate, .sign = sign_with_token, .context = token};
}
