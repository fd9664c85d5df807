/* file verify: is this file signed by that certificate, or by one of that list? */
#include "cli/commands.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/source.h"
#include "trust/accept.h"

#include <string.h>

enum { TEXT_MAX = 4 * ENVELOPE_HEADER_MAX };

static bool is_list_name(struct bytes name)
{
    return bytes_equal_string(name, trustlist_file_name(TRUSTLIST_CTL)) ||
           bytes_equal_string(name, trustlist_file_name(TRUSTLIST_ITL));
}

static bool is_named_signer(const struct envelope *header, const struct certificate *c)
{
    return bytes_equal_string(header->issuer, certificate_issuer(c)) &&
           bytes_equal(bytes_strip_zeros(header->serial), certificate_serial(c));
}

/* ERR_VERIFY with the reason when the file is not signed by it. */
static int verify_by_certificate(struct cli *cli, const struct envelope *header, struct bytes file,
                                 const char *path, struct why *why)
{
    struct certificate *signer = NULL;
    char named[200];
    int result = certificate_load(&signer, path, why);
    if (result)
        return result;
    bool is_named = is_named_signer(header, signer);
    result = signedfile_verify(header, file, signer, is_named ? why : NULL);
    if (result && !is_named)
        why_error(why, result, "is not signed by %s; the signer it names is %s",
                  certificate_subject(signer),
                  text_escape(named, sizeof named, header->signer_name));
    if (result == 0 && !is_named)
        cli_note(cli,
                 "the key is right, but the file names another issuer or serial than %s has: a "
                 "phone will not find this signer",
                 path);
    certificate_free(signer);
    return result;
}

static int take_list(struct list_source lists[2], const char *path, struct why *why)
{
    struct list_source source;
    enum trustlist_kind kind;
    int result = list_source_read(&source, path, why);
    if (result)
        return result;
    if (trustlist_kind(source.list, &kind) != 0)
        kind = TRUSTLIST_CTL; /* a list by any name can vouch */
    if (lists[kind].list) {
        list_source_fini(&source);
        return why_error(why, ERR_USAGE, "%s: a second %s; a phone holds one", path,
                         trustlist_kind_name(kind));
    }
    lists[kind] = source;
    return 0;
}

static int verify_by_lists(const struct call *call, const struct envelope *header,
                           struct bytes file, struct why *why)
{
    struct list_source lists[2] = {{.list = NULL}, {.list = NULL}};
    enum trustlist_kind kind;
    int result = 0;
    for (size_t i = 0; i < call->option_count && result == 0; i++)
        if (strcmp(call->options[i].option->name, "against") == 0)
            result = take_list(lists, call->options[i].value, why);
    const struct phone_trust trust = {.model = model_unknown(),
                                      .ctl = lists[TRUSTLIST_CTL].list,
                                      .itl = lists[TRUSTLIST_ITL].list};
    bool for_list = is_list_name(header->filename);
    const struct trustlist_record *signer =
        result == 0 ? phone_find_signer(&trust, header, for_list, &kind) : NULL;
    if (signer)
        result = signedfile_verify_record(header, file, signer, why);
    else if (result == 0)
        result = why_error(why, ERR_VERIFY,
                           "no record for %s in the list is the signer the header names",
                           for_list ? "a System Administrator Security Token" : "CCM+TFTP or TFTP");
    for (size_t i = 0; i < 2; i++)
        list_source_fini(&lists[i]);
    return result;
}

static json_t *result_json(const struct envelope *h, struct bytes file, const char *reason)
{
    return json_pack("{s:b, s:s?, s:o, s:o, s:o, s:o, s:s, s:o, s:I}", "verified", reason == NULL,
                     "reason", reason, "signer", cli_json_text(h->signer_name), "issuer",
                     cli_json_text(h->issuer), "serial", cli_json_hex(h->serial), "file_name",
                     cli_json_text(h->filename), "digest", digest_code_text(h->digest), "timestamp",
                     h->has_timestamp ? json_integer(h->timestamp) : json_null(), "content_size",
                     (json_int_t)envelope_body(h, file).size);
}

static enum cli_status print_verified(struct cli *cli, const struct envelope *h, const char *path)
{
    char date[CLOCK_TEXT] = "an unknown date";
    struct buffer line;
    buffer_init(&line, 2 * TEXT_MAX);
    if (h->has_timestamp)
        clock_java(date, h->timestamp);
    cli_text(&line, h->filename);
    buffer_text(&line, ", signed by ");
    cli_text(&line, h->signer_name);
    if (line.error)
        return cli_failed(cli, line.error, NULL);
    fprintf(cli->out, "%s: the signature is right: %s on %s (%s)\n", path, buffer_string(&line),
            date, digest_code_text(h->digest));
    buffer_fini(&line);
    return STATUS_DONE;
}

/* Is this a finding about the signature, rather than something that kept us from looking? */
static bool is_verdict(int result)
{
    return result == 0 || result == ERR_VERIFY || result == ERR_UNSUPPORTED;
}

static enum cli_status verify(struct cli *cli, const struct call *call, struct bytes file)
{
    struct why why = WHY_NONE;
    struct envelope header;
    const char *path = call->operands[0];
    const char *certificate = call_value(call, "certificate");
    int result = envelope_parse(&header, file, &why);
    if (result)
        return cli_failed(cli, why_prefix(&why, result, "%s", path), &why);
    if (certificate)
        result = verify_by_certificate(cli, &header, file, certificate, &why);
    else
        result = verify_by_lists(call, &header, file, &why);
    if (!is_verdict(result))
        return cli_failed(cli, result, &why);
    if (call->json)
        return cli_json(cli, result_json(&header, file, result ? why_text(&why, result) : NULL),
                        result ? STATUS_REFUSED : STATUS_DONE);
    if (result == 0)
        return print_verified(cli, &header, path);
    cli_error(cli, "%s: %s", path, why_text(&why, result));
    return STATUS_REFUSED;
}

enum cli_status file_verify(struct cli *cli, const struct call *call)
{
    struct why why = WHY_NONE;
    struct buffer file;
    enum cli_status status;
    if (call_has(call, "certificate") == call_has(call, "against"))
        return cli_misuse(cli, call, "either --certificate or --against tells who may have signed");
    buffer_init(&file, SOURCE_FILE_MAX + ENVELOPE_HEADER_MAX);
    int result = file_read(&file, call->operands[0], &why);
    if (result)
        status = cli_failed(cli, result, &why);
    else if (!envelope_looks_like(buffer_bytes(&file)))
        status = cli_error(cli, "%s: is no signed file", call->operands[0]);
    else
        status = verify(cli, call, buffer_bytes(&file));
    buffer_fini(&file);
    return status;
}
