/* file lint: what in a configuration file would hurt a phone or its security. */
#include "cli/commands.h"

#include "base/file.h"
#include "base/text.h"
#include "cli/grid.h"
#include "cli/source.h"
#include "trust/model.h"
#include "wire/cnf.h"

#include <string.h>

enum { FINDINGS_MAX = 200 };

static const char *severity_text(enum lint_severity severity)
{
    switch (severity) {
    case LINT_ERROR:
        return "error";
    case LINT_WARNING:
        return "warning";
    case LINT_NOTE:
        return "note";
    }
    return "";
}

/* What a file alone does not tell - the lists of its server, the certificates of its phone - is not
 * held against it. */
static struct lint_context context_of(const char *path, const struct model *model)
{
    struct lint_context context = {
        .file_name = strcmp(path, "-") == 0 ? NULL : path_name(path),
        .model = model ? model->name : "",
    };
    if (!model)
        return context;
    context.generation = (char)model->generation;
    context.protocols = model->protocols;
    context.encryption_pki = model->encryption == ENCRYPTION_PKI;
    context.encryption_manual =
        model->encryption == ENCRYPTION_MANUAL_RC4 || model->encryption == ENCRYPTION_MANUAL_AES;
    context.encryption_known = model->encryption != ENCRYPTION_UNKNOWN;
    text_copy(context.load_prefix_sccp, sizeof context.load_prefix_sccp,
              model->load_sccp ? model->load_sccp : "");
    text_copy(context.load_prefix_sip, sizeof context.load_prefix_sip,
              model->load_sip ? model->load_sip : "");
    return context;
}

static json_t *findings_json(const struct lint_finding *findings, size_t shown, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < shown; i++) {
        const struct lint_finding *f = &findings[i];
        json_t *one = json_pack("{s:i, s:s, s:b, s:o, s:o}", "rule", (int)f->rule, "severity",
                                severity_text(f->severity), "security", (int)f->security, "line",
                                f->line ? json_integer(f->line) : json_null(), "text",
                                cli_json_text(bytes_of_string(f->text)));
        if (json_array_append_new(list, one) != 0) {
            json_decref(list);
            list = NULL;
            break;
        }
    }
    return json_pack("{s:I, s:o}", "count", (json_int_t)count, "findings", list);
}

static int print_findings(struct cli *cli, const char *path, const struct lint_finding *findings,
                          size_t shown, size_t count)
{
    struct grid *grid = NULL;
    if (strcmp(path, "-") == 0)
        path = "standard input";
    int result = grid_new(&grid, 4);
    if (result)
        return result;
    for (size_t i = 0; i < shown; i++) {
        const struct lint_finding *f = &findings[i];
        struct buffer text;
        if (f->line)
            grid_format(grid, "%s:%u", path, f->line);
        else
            grid_text(grid, path);
        grid_text(grid, severity_text(f->severity));
        grid_format(grid, "rule %u", f->rule);
        buffer_init(&text, 4 * sizeof f->text);
        cli_text(&text, bytes_of_string(f->text));
        grid_text(grid, buffer_string(&text));
        buffer_fini(&text);
    }
    result = grid_print(grid, cli->out, GRID_PLAIN);
    grid_free(grid);
    if (count > shown)
        fprintf(cli->out, "... and %zu more\n", count - shown);
    else if (count == 0)
        fprintf(cli->out, "%s: nothing found\n", path);
    return result;
}

static enum cli_status lint(struct cli *cli, const struct call *call, struct bytes file,
                            const struct model *model)
{
    struct lint_finding findings[FINDINGS_MAX];
    struct envelope header;
    size_t count = 0;
    const char *path = call->operands[0];
    struct lint_context context = context_of(path, model);
    char name[256];
    /* A signed file is looked at for what it carries. */
    if (envelope_looks_like(file) && envelope_parse(&header, file, NULL) == 0) {
        if (header.version_major >= 2)
            return cli_error(cli, "%s: is sealed: only the phone it was made for can open it",
                             path);
        file = envelope_body(&header, file);
        text_copy(name, sizeof name, context.file_name ? context.file_name : "");
        if (text_ends(name, ".sgn"))
            name[strlen(name) - strlen(".sgn")] = '\0';
        if (context.file_name)
            context.file_name = name;
    }
    cnf_lint(findings, FINDINGS_MAX, &count, file, &context);
    size_t shown = count < FINDINGS_MAX ? count : FINDINGS_MAX;
    bool bad = shown && findings[0].severity == LINT_ERROR; /* errors come first */
    enum cli_status status = bad ? STATUS_REFUSED : STATUS_DONE;
    if (call->json)
        return cli_json(cli, findings_json(findings, shown, count), status);
    int result = print_findings(cli, path, findings, shown, count);
    return result ? cli_failed(cli, result, NULL) : status;
}

enum cli_status file_lint(struct cli *cli, const struct call *call)
{
    struct why why = WHY_NONE;
    struct buffer file;
    enum cli_status status;
    const char *name = call_value(call, "model");
    const struct model *model = name ? model_find(name) : NULL;
    if (name && !model)
        return cli_misuse(cli, call, "--model %s is not known", name);
    buffer_init(&file, CNF_BYTES_MAX + ENVELOPE_HEADER_MAX);
    int result = file_read(&file, call->operands[0], &why);
    if (result)
        status = cli_failed(cli, result, &why);
    else
        status = lint(cli, call, buffer_bytes(&file), model);
    buffer_fini(&file);
    return status;
}
