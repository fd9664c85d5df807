/* file sign, file unsign. */
#include "cli/commands.h"

#include "base/file.h"
#include "base/text.h"
#include "cli/source.h"

#include <string.h>

enum { NAME_TEXT = 1024 };

/* The name inside is the one a phone will ask for: what OUT is called, or IN with ".sgn". */
static int inner_name(char out[NAME_TEXT], const struct call *call, struct why *why)
{
    const char *given = call_value(call, "filename");
    const char *from = call->operands[0];
    const char *to = call->operands[1];
    bool fits = true;
    if (given)
        fits = text_copy(out, NAME_TEXT, given);
    else if (!path_is_output(to) && text_ends(to, ".sgn"))
        fits = text_copy(out, NAME_TEXT, path_name(to));
    else if (strcmp(from, "-") != 0)
        fits = text_format(out, NAME_TEXT, "%s.sgn", path_name(from));
    else
        return why_error(why, ERR_USAGE,
                         "--filename is missing: the name phones ask for stands in the file, and "
                         "neither IN nor OUT tells it");
    if (!fits || !out[0])
        return why_error(why, ERR_USAGE, "--filename is empty or longer than %d characters",
                         NAME_TEXT - 1);
    return 0;
}

/* Signs `content` into `file`; the name inside is left in `name`. */
static int sign(struct cli *cli, const struct call *call, struct bytes content, struct buffer *file,
                char name[NAME_TEXT], struct why *why)
{
    struct signing signing = {.token = NULL};
    struct envelope_spec spec = {.version_major = 1, .version_minor = 0, .has_timestamp = true};
    int result = inner_name(name, call, why);
    if (result == 0)
        result = option_digest(&spec.digest, call, why);
    if (result == 0)
        result = option_timestamp(&spec.timestamp, call, why);
    if (result == 0 && envelope_looks_like(content))
        result = why_error(why, ERR_FORMAT,
                           "%s: is signed already ('file unsign' takes the signature off)",
                           call->operands[0]);
    if (result == 0)
        result = signing_open(&signing, cli, call, why);
    if (result)
        return result;
    spec.filename = bytes_of_string(name);
    result = signedfile_write_by(file, &spec, &signing.by, content, why);
    if (result == 0 && !path_is_output(call->operands[1]))
        fprintf(cli->out, "%s: %zu bytes, named %s inside, signed by %s (%s)\n", call->operands[1],
                file->size, name, certificate_subject(signing.by.certificate),
                digest_code_text((uint8_t)spec.digest));
    signing_fini(&signing);
    return result;
}

enum cli_status file_sign(struct cli *cli, const struct call *call)
{
    struct why why = WHY_NONE;
    struct buffer content;
    struct buffer file;
    char name[NAME_TEXT];
    enum cli_status status = STATUS_DONE;
    buffer_init(&content, SOURCE_FILE_MAX);
    buffer_init(&file, SOURCE_FILE_MAX + ENVELOPE_HEADER_MAX);
    int result = file_read(&content, call->operands[0], &why);
    if (result == 0)
        result = sign(cli, call, buffer_bytes(&content), &file, name, &why);
    if (result == 0)
        result = result_write(cli, call->operands[1], buffer_bytes(&file), &why);
    if (result == ERR_USAGE)
        status = cli_misuse(cli, call, "%s", why_text(&why, result));
    else if (result)
        status = cli_failed(cli, result, &why);
    buffer_fini(&content);
    buffer_fini(&file);
    return status;
}

/* What a signed file carries; refuses what only looks as if it carried a file. */
static int content_of(struct bytes *out, struct bytes file, const char *path, struct why *why)
{
    struct envelope header;
    if (!envelope_looks_like(file))
        return why_error(why, ERR_FORMAT, "%s: is no signed file", path);
    int result = envelope_parse(&header, file, why);
    if (result)
        return why_prefix(why, result, "%s", path);
    if (header.version_major >= 2)
        return why_error(why, ERR_UNSUPPORTED,
                         "%s: is sealed for a phone ('file unseal' opens it with the phone's key)",
                         path);
    if (bytes_equal_string(header.filename, trustlist_file_name(TRUSTLIST_CTL)) ||
        bytes_equal_string(header.filename, trustlist_file_name(TRUSTLIST_ITL)))
        return why_error(why, ERR_UNSUPPORTED,
                         "%s: is a trust list, which carries records and no file ('show ctl' and "
                         "'show itl' show them)",
                         path);
    *out = envelope_body(&header, file);
    return 0;
}

enum cli_status file_unsign(struct cli *cli, const struct call *call)
{
    struct why why = WHY_NONE;
    struct buffer file;
    struct bytes content = {.size = 0};
    enum cli_status status = STATUS_DONE;
    buffer_init(&file, SOURCE_FILE_MAX + ENVELOPE_HEADER_MAX);
    int result = file_read(&file, call->operands[0], &why);
    if (result == 0)
        result = content_of(&content, buffer_bytes(&file), call->operands[0], &why);
    if (result == 0)
        result = result_write(cli, call->operands[1], content, &why);
    if (result)
        status = cli_failed(cli, result, &why);
    buffer_fini(&file);
    return status;
}
