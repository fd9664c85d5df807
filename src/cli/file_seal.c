/* file seal, file unseal. */
#include "cli/commands.h"

#include "base/file.h"
#include "base/text.h"
#include "cli/source.h"
#include "pki/chain.h"
#include "pki/seal.h"
#include "wire/cnf.h"

#include <string.h>

#define SEALED_ENDING ".enc.sgn"

enum { PATH_TEXT = 4096, SHORT_MAX = 16384 };

/* Everything that goes into the two files. */
struct sealing {
    struct envelope_spec spec; /* of both; version and name differ */
    struct signing signing;
    struct certificate *device;
    char short_path[PATH_TEXT];
};

/* OUT without ".enc.sgn", and ".sgn": the name the phone asks for first. */
static int short_path(char out[PATH_TEXT], const char *path, struct why *why)
{
    const char *name = path_name(path);
    if (!text_ends(name, SEALED_ENDING) || strlen(name) == strlen(SEALED_ENDING))
        return why_error(why, ERR_USAGE,
                         "OUT must end in %s, as in SEP001122334455.cnf.xml%s: phones ask for that "
                         "name, and it stands in the file",
                         SEALED_ENDING, SEALED_ENDING);
    if (!text_format(out, PATH_TEXT, "%.*s.sgn", (int)(strlen(path) - strlen(SEALED_ENDING)), path))
        return why_error(why, ERR_USAGE, "OUT is longer than %d characters", PATH_TEXT - 1);
    return 0;
}

static int sealing_open(struct sealing *s, struct cli *cli, const struct call *call,
                        struct why *why)
{
    const char *device = call_value(call, "device");
    int result = short_path(s->short_path, call->operands[1], why);
    if (result == 0 && !device)
        result = why_error(why, ERR_USAGE,
                           "--device is missing: the certificate (LSC or MIC) of the phone that is "
                           "to read the file");
    if (result == 0)
        result = option_digest(&s->spec.digest, call, why);
    if (result == 0)
        result = option_timestamp(&s->spec.timestamp, call, why);
    if (result == 0)
        result = certificate_load(&s->device, device, why);
    if (result == 0)
        result = signing_open(&s->signing, cli, call, why);
    s->spec.has_timestamp = true;
    return result;
}

static void sealing_fini(struct sealing *s)
{
    certificate_free(s->device);
    signing_fini(&s->signing);
}

/* SEP001122334455.cnf.xml.enc.sgn sealed for another phone is a slip somebody should hear of. */
static void note_wrong_phone(struct cli *cli, const struct sealing *s, const char *path)
{
    char device[DEVICE_NAME_LENGTH + 1];
    struct bytes name = bytes_of_string(path_name(path));
    if (text_device_name(bytes_slice(name, 0, DEVICE_NAME_LENGTH), device) &&
        !certificate_names_device(s->device, bytes_of_string(device)))
        cli_note(cli, "the certificate is of %s: %s will not be able to read the file",
                 certificate_subject(s->device), device);
}

static int seal_content(struct buffer *out, struct sealing *s, struct bytes content,
                        const char *path, struct why *why)
{
    struct seal seal;
    int result = seal_make(&seal, content, s->device, s->spec.digest, why);
    if (result)
        return result;
    s->spec.version_major = 2;
    s->spec.filename = bytes_of_string(path_name(path));
    result = seal_write_file(out, &s->spec, &s->signing.by, &seal, why);
    seal_fini(&seal);
    return result;
}

static int sign_short(struct buffer *out, struct sealing *s, struct bytes content, struct why *why)
{
    char hash[SEAL_HASH_TEXT];
    struct buffer xml;
    buffer_init(&xml, SHORT_MAX);
    int result = seal_certificate_hash(hash, s->device);
    if (result == 0)
        result = cnf_write_short(&xml, content, hash, why);
    s->spec.version_major = 1;
    s->spec.filename = bytes_of_string(path_name(s->short_path));
    if (result == 0)
        result = signedfile_write_by(out, &s->spec, &s->signing.by, buffer_bytes(&xml), why);
    buffer_fini(&xml);
    return result;
}

static int seal_both(struct cli *cli, struct sealing *s, const struct call *call,
                     struct bytes content, struct why *why)
{
    const char *path = call->operands[1];
    struct buffer sealed;
    struct buffer brief;
    buffer_init(&sealed, CNF_BYTES_MAX + ENVELOPE_HEADER_MAX);
    buffer_init(&brief, SHORT_MAX + ENVELOPE_HEADER_MAX);
    int result = sign_short(&brief, s, content, why);
    if (result)
        why_prefix(why, result, "%s", call->operands[0]);
    if (result == 0)
        result = seal_content(&sealed, s, content, path, why);
    /* The short file sends phones to the sealed one, so that one is there first. */
    if (result == 0)
        result = result_write(cli, path, buffer_bytes(&sealed), why);
    if (result == 0)
        result = result_write(cli, s->short_path, buffer_bytes(&brief), why);
    if (result == 0) {
        note_wrong_phone(cli, s, path);
        fprintf(cli->out, "%s: %zu bytes, sealed for %s, signed by %s (%s)\n%s: %zu bytes, short\n",
                path, sealed.size, certificate_subject(s->device),
                certificate_subject(s->signing.by.certificate),
                digest_code_text((uint8_t)s->spec.digest), s->short_path, brief.size);
    }
    buffer_fini(&sealed);
    buffer_fini(&brief);
    return result;
}

enum cli_status file_seal(struct cli *cli, const struct call *call)
{
    struct why why = WHY_NONE;
    struct sealing sealing = {.device = NULL};
    struct buffer content;
    enum cli_status status = STATUS_DONE;
    buffer_init(&content, CNF_BYTES_MAX);
    int result = sealing_open(&sealing, cli, call, &why);
    if (result == 0)
        result = file_read(&content, call->operands[0], &why);
    if (result == 0 && envelope_looks_like(buffer_bytes(&content)))
        result = why_error(&why, ERR_FORMAT,
                           "%s: is signed already ('file unsign' takes the signature off)",
                           call->operands[0]);
    if (result == 0)
        result = seal_both(cli, &sealing, call, buffer_bytes(&content), &why);
    if (result == ERR_USAGE)
        status = cli_misuse(cli, call, "%s", why_text(&why, result));
    else if (result)
        status = cli_failed(cli, result, &why);
    sealing_fini(&sealing);
    buffer_fini_secret(&content);
    return status;
}

/* ---- unseal ---- */

static int load_key(struct key **out, const char *path, struct why *why)
{
    struct buffer pem;
    buffer_init(&pem, KEY_FILE_MAX);
    int result = buffer_reserve(&pem, KEY_FILE_MAX);
    if (result == 0)
        result = file_read(&pem, path, why);
    if (result == 0) {
        result = key_from_pem(out, buffer_bytes(&pem), why);
        if (result)
            result = why_prefix(why, result, "%s", path);
    }
    buffer_fini_secret(&pem);
    return result;
}

/* The signature, when a certificate tells whose it must be. It comes before anything is opened. */
static int check_signature(struct bytes file, const char *certificate, struct why *why)
{
    struct envelope header;
    struct certificate *signer = NULL;
    if (!envelope_looks_like(file))
        return why_error(why, ERR_FORMAT, "is no signed file");
    int result = envelope_parse(&header, file, why);
    if (result == 0 && certificate)
        result = certificate_load(&signer, certificate, why);
    if (result == 0 && signer)
        result = signedfile_verify(&header, file, signer, why);
    certificate_free(signer);
    return result;
}

enum cli_status file_unseal(struct cli *cli, const struct call *call)
{
    struct why why = WHY_NONE;
    struct buffer file;
    struct buffer text;
    struct key *key = NULL;
    const char *path = call->operands[0];
    if (!call_has(call, "key"))
        return cli_misuse(cli, call,
                          "--key is missing: the private key of the phone's certificate");
    buffer_init(&file, CNF_BYTES_MAX + ENVELOPE_HEADER_MAX);
    buffer_init(&text, CNF_BYTES_MAX + SEALED_BLOCK);
    int result = load_key(&key, call_value(call, "key"), &why);
    if (result == 0)
        result = file_read(&file, path, &why);
    bool about_file = result == 0;
    if (result == 0)
        result = check_signature(buffer_bytes(&file), call_value(call, "certificate"), &why);
    if (result == 0)
        result = unseal(&text, buffer_bytes(&file), key, &why);
    if (result && about_file)
        why_prefix(&why, result, "%s", path);
    if (result == 0)
        result = result_write(cli, call->operands[1], buffer_bytes(&text), &why);
    enum cli_status status = STATUS_DONE;
    if (result)
        status = cli_failed(cli, result, &why);
    if (result == ERR_VERIFY && about_file)
        status = STATUS_REFUSED;
    key_free(key);
    buffer_fini(&file);
    buffer_fini_secret(&text);
    return status;
}
