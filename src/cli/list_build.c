/* list build: certificates and roles become a signed list. */
#include "cli/commands.h"

#include "base/text.h"
#include "cli/source.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SPEC_TEXT = 4096, HOST_TEXT = 256, BODY_MAX = 4 * 1024 * 1024 };

/* One --record or --hash-record, taken apart. */
struct record_spec {
    char text[SPEC_TEXT]; /* a copy that is cut into pieces */
    uint16_t role;
    const char *path;
    const char *dns;
    uint8_t address[16];
    size_t address_size;
};

static int take_address(struct record_spec *spec, const char *text, struct why *why)
{
    if (inet_pton(AF_INET, text, spec->address) == 1)
        spec->address_size = 4;
    else if (inet_pton(AF_INET6, text, spec->address) == 1)
        spec->address_size = 16;
    else
        return why_error(why, ERR_USAGE, "'%s' is no IP address", text);
    return 0;
}

/* ROLE=CERT[,dns=NAME][,address=IP]: what follows CERT is cut off from the end, so that CERT may
 * hold commas itself. */
static int parse_spec(struct record_spec *out, const char *value, struct why *why)
{
    int result = 0;
    bool has_dns = false;
    *out = (struct record_spec){.dns = ""};
    if (!text_copy(out->text, sizeof out->text, value))
        return why_error(why, ERR_USAGE, "longer than %d characters", SPEC_TEXT - 1);
    char *equals = strchr(out->text, '=');
    if (!equals || !equals[1])
        return why_error(why, ERR_USAGE, "ROLE=CERT is meant, as in ccm+tftp=server.pem");
    *equals = '\0';
    out->path = equals + 1;
    if (role_parse(&out->role, out->text) != 0)
        return why_error(why, ERR_USAGE,
                         "role '%s' is not known; there are sast, ccm, ccm+tftp, tftp, capf, "
                         "app-server, tvs, or a number",
                         out->text);
    for (char *comma = strrchr(equals + 1, ','); comma && result == 0;
         comma = strrchr(equals + 1, ',')) {
        if (text_starts(comma, ",dns=") && !has_dns) {
            has_dns = true;
            out->dns = comma + strlen(",dns=");
        } else if (text_starts(comma, ",address=") && !out->address_size) {
            result = take_address(out, comma + strlen(",address="), why);
        } else {
            break; /* the comma is part of CERT */
        }
        *comma = '\0';
    }
    if (result == 0 && strlen(out->dns) >= HOST_TEXT)
        result = why_error(why, ERR_USAGE, "a dns= name longer than %d characters", HOST_TEXT - 1);
    return result;
}

static int append_record(struct buffer *body, const char *value, enum record_form form,
                         struct why *why)
{
    struct record_spec spec;
    struct certificate *certificate = NULL;
    int result = parse_spec(&spec, value, why);
    if (result)
        return result;
    result = certificate_load(&certificate, spec.path, why);
    if (result)
        return result;
    struct trustlist_record record = record_of_certificate(
        certificate, spec.role, form, spec.dns, bytes_of(spec.address, spec.address_size));
    result = record_write(body, &record, why);
    certificate_free(certificate);
    return result;
}

static int append_records(struct buffer *body, size_t *count, const struct call *call,
                          struct why *why)
{
    *count = 0;
    for (size_t i = 0; i < call->option_count; i++) {
        const char *name = call->options[i].option->name;
        bool hashed = strcmp(name, "hash-record") == 0;
        if (!hashed && strcmp(name, "record") != 0)
            continue;
        int result =
            append_record(body, call->options[i].value, hashed ? RECORD_HASHED : RECORD_FULL, why);
        if (result == ERR_USAGE)
            return why_prefix(why, result, "--%s %s", name, call->options[i].value);
        if (result)
            return result;
        (*count)++;
    }
    return 0;
}

static int option_kind(enum trustlist_kind *out, const struct call *call, struct why *why)
{
    const char *word = call_value(call, "type");
    if (!word)
        return why_error(why, ERR_USAGE, "--type ctl|itl is missing");
    for (enum trustlist_kind kind = TRUSTLIST_CTL; kind <= TRUSTLIST_ITL; kind++) {
        if (text_equal_nocase(word, trustlist_kind_name(kind))) {
            *out = kind;
            return 0;
        }
    }
    return why_error(why, ERR_USAGE, "--type %s: ctl and itl are known", word);
}

static int option_aea(struct envelope_spec *spec, const struct call *call, struct why *why)
{
    const char *word = call_value(call, "aea-version");
    if (!word)
        return 0;
    if (strcmp(word, "1.0") != 0 && strcmp(word, "1.1") != 0)
        return why_error(why, ERR_USAGE, "--aea-version %s: 1.0 and 1.1 are known", word);
    spec->has_aea = true;
    spec->aea_major = 1;
    spec->aea_minor = (uint8_t)(word[2] - '0');
    return 0;
}

static int read_spec(struct envelope_spec *spec, enum trustlist_kind *kind, const struct call *call,
                     struct why *why)
{
    *spec = (struct envelope_spec){.version_major = 1, .version_minor = 2, .has_timestamp = true};
    int result = option_kind(kind, call, why);
    if (result == 0)
        result = option_digest(&spec->digest, call, why);
    if (result == 0)
        result = option_timestamp(&spec->timestamp, call, why);
    if (result == 0)
        result = option_aea(spec, call, why);
    if (result == 0) {
        const char *name = call_value(call, "filename");
        spec->filename = bytes_of_string(name ? name : trustlist_file_name(*kind));
        if (spec->filename.size == 0)
            result = why_error(why, ERR_USAGE, "--filename is empty");
    }
    return result;
}

/* What a phone could not load must not come into the world. */
static int check_limits(size_t certificates, size_t size, struct why *why)
{
    if (certificates > TRUSTLIST_CERTIFICATES_MAX)
        return why_error(why, ERR_LIMIT,
                         "%zu certificates: phones fail to register with a list of more than %d",
                         certificates, TRUSTLIST_CERTIFICATES_MAX);
    if (size > TRUSTLIST_BYTES_MAX)
        return why_error(why, ERR_LIMIT,
                         "%zu bytes: phones fail to register with a list of more than %d", size,
                         TRUSTLIST_BYTES_MAX);
    return 0;
}

/* Says what came out, and what a phone would dislike about it. */
static void report(struct cli *cli, const char *path, struct bytes file)
{
    struct trustlist *list = NULL;
    struct why why = WHY_NONE;
    struct buffer line;
    size_t signer;
    if (trustlist_parse(&list, file, &why) != 0) {
        cli_note(cli, "%s: %s", path, why.text);
        return;
    }
    if (trustlist_verify(list, &signer, &why) != 0)
        cli_note(cli, "no phone takes %s as its first list: %s", path, why.text);
    buffer_init(&line, 4 * ENVELOPE_HEADER_MAX);
    cli_text(&line, list->header.signer_name);
    if (!path_is_output(path))
        fprintf(cli->out, "%s: %zu bytes, %zu record%s, signed by %s (%s)\n", path, file.size,
                list->count, list->count == 1 ? "" : "s", buffer_string(&line),
                digest_code_text(list->header.digest));
    buffer_fini(&line);
    trustlist_free(list);
}

enum cli_status list_build(struct cli *cli, const struct call *call)
{
    struct why why = WHY_NONE;
    struct envelope_spec spec;
    enum trustlist_kind kind = TRUSTLIST_CTL;
    struct buffer body;
    struct buffer file;
    struct signing signing = {.token = NULL};
    size_t count = 0;
    const char *path = call->operands[0];
    buffer_init(&body, BODY_MAX);
    buffer_init(&file, BODY_MAX + ENVELOPE_HEADER_MAX);
    int result = read_spec(&spec, &kind, call, &why);
    if (result == 0)
        result = append_records(&body, &count, call, &why);
    if (result == 0)
        result = check_limits(count, body.size, &why);
    if (result == 0)
        result = signing_open(&signing, cli, call, &why);
    if (result == 0)
        result = signedfile_write_by(&file, &spec, &signing.by, buffer_bytes(&body), &why);
    if (result == 0)
        result = check_limits(count, file.size, &why);
    if (result == 0)
        result = result_write(cli, path, buffer_bytes(&file), &why);
    if (result == ERR_LIMIT)
        result = why_prefix(&why, result, "%s", path);
    enum cli_status status = STATUS_DONE;
    if (result == ERR_USAGE)
        status = cli_misuse(cli, call, "%s", why_text(&why, result));
    else if (result)
        status = cli_failed(cli, result, &why);
    else
        report(cli, path, buffer_bytes(&file));
    signing_fini(&signing);
    buffer_fini(&body);
    buffer_fini(&file);
    return status;
}
