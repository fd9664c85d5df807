#include "cli/source.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- lists ---- */

/* A signed file reads like a list until its records begin: say what it is instead. */
static int explain(struct bytes file, const char *name, int result, struct why *why)
{
    struct envelope header;
    char shown[128];
    if (!envelope_looks_like(file) && file.size)
        return why_prefix(why, result, "%s: no trust list", name);
    if (envelope_parse(&header, file, NULL) == 0 && header.filename.size &&
        !bytes_equal_string(header.filename, "CTLFile.tlv") &&
        !bytes_equal_string(header.filename, "ITLFile.tlv")) {
        text_escape(shown, sizeof shown, header.filename);
        return why_prefix(why, result, "%s: no trust list, but the signed file %s", name, shown);
    }
    return why_prefix(why, result, "%s", name);
}

int list_source_take(struct list_source *out, struct buffer *bytes, const char *name,
                     struct why *why)
{
    struct list_source source = {.bytes = *bytes};
    struct bytes file = buffer_bytes(&source.bytes);
    buffer_init(bytes, 0);
    int result = file.size ? trustlist_parse(&source.list, file, why)
                           : why_error(why, ERR_TRUNCATED, "empty");
    if (result) {
        result = explain(file, name, result, why);
        list_source_fini(&source);
        return result;
    }
    *out = source;
    return 0;
}

int list_source_read(struct list_source *out, const char *path, struct why *why)
{
    struct buffer bytes;
    buffer_init(&bytes, TRUSTLIST_READ_MAX);
    int result = file_read(&bytes, path, why);
    if (result == 0)
        return list_source_take(out, &bytes, strcmp(path, "-") == 0 ? "standard input" : path, why);
    buffer_fini(&bytes);
    return result;
}

void list_source_fini(struct list_source *source)
{
    trustlist_free(source->list);
    buffer_fini(&source->bytes);
    *source = (struct list_source){.list = NULL};
}

/* ---- results ---- */

bool path_is_output(const char *path)
{
    struct stat there;
    struct stat here;
    if (strcmp(path, "-") == 0 || strcmp(path, "/dev/stdout") == 0)
        return true;
    return stat(path, &there) == 0 && !S_ISREG(there.st_mode) && fstat(STDOUT_FILENO, &here) == 0 &&
           there.st_dev == here.st_dev && there.st_ino == here.st_ino;
}

int result_write(struct cli *cli, const char *path, struct bytes content, struct why *why)
{
    if (!path_is_output(path))
        return file_output(path, content, 0644, why);
    if (content.size && fwrite(content.data, content.size, 1, cli->out) != 1) {
        clearerr(cli->out);
        return why_error(why, -EIO, "cannot write to standard output");
    }
    return 0;
}

const char *path_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* ---- signers ---- */

static int ask_pin(void *context, const struct token_info *token, struct buffer *pin,
                   struct why *why)
{
    struct cli *cli = context;
    char prompt[200];
    if (token->final_try)
        cli_note(cli, "one more wrong PIN locks the token '%s'", token->label);
    else if (token->few_tries)
        cli_note(cli, "the last PIN given to the token '%s' was wrong", token->label);
    if (token->keypad) {
        cli_note(cli, "type the PIN on the keypad of the token '%s'", token->label);
        return 0;
    }
    text_format(prompt, sizeof prompt, "PIN of the token '%s' (%s%s%s):", token->label,
                token->manufacturer, token->serial[0] ? ", serial " : "", token->serial);
    return cli_ask_secret(pin, prompt, why);
}

int signing_open(struct signing *out, struct cli *cli, const struct call *call, struct why *why)
{
    const char *name = call_value(call, "signer");
    struct signing signing = {.token = NULL};
    int result;
    if (!name)
        return why_error(why, ERR_USAGE, "--signer is missing");
    if (token_is_uri(name)) {
        const struct token_setup setup = {.uri = name,
                                          .module = call_value(call, "module"),
                                          .pin_file = call_value(call, "pin-file"),
                                          .ask_pin = ask_pin,
                                          .context = cli};
        result = token_open(&signing.token, &setup, why);
        if (result == 0)
            signing.by = token_signer(signing.token);
    } else if (call_has(call, "module") || call_has(call, "pin-file")) {
        result = why_error(why, ERR_USAGE,
                           "--module and --pin-file belong to a signer of the form pkcs11:...");
    } else {
        result = identity_load(&signing.identity, name, why);
    }
    if (result)
        return result;
    *out = signing;
    if (!out->token)
        out->by = identity_signer(&out->identity);
    return 0;
}

void signing_fini(struct signing *signing)
{
    token_close(signing->token);
    identity_fini(&signing->identity);
    *signing = (struct signing){.token = NULL};
}

/* ---- options with values ---- */

int option_digest(enum digest_code *out, const struct call *call, struct why *why)
{
    const char *word = call_value(call, "digest");
    *out = DIGEST_SHA1;
    if (word && digest_code_parse(out, word) != 0)
        return why_error(why, ERR_USAGE, "--digest %s: sha1, sha256 and sha512 are known", word);
    return 0;
}

int option_timestamp(uint32_t *out, const struct call *call, struct why *why)
{
    const char *word = call_value(call, "timestamp");
    int64_t value = clock_wall();
    if (word && text_number(word, 0, UINT32_MAX, &value) != 0)
        return why_error(why, ERR_USAGE,
                         "--timestamp %s: seconds since 1970 are meant, 0 to 4294967295", word);
    *out = (uint32_t)value;
    return 0;
}
