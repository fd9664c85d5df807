/* show ctl, show itl. */
#include "cli/commands.h"

#include "base/text.h"
#include "cli/holders.h"
#include "cli/listview.h"
#include "cli/source.h"

#include <string.h>

enum { VIEW_MAX = 16 * 1024 * 1024 };

static enum cli_status show_none(struct cli *cli, const struct call *call, enum trustlist_kind kind)
{
    struct buffer text;
    if (call->json)
        return cli_json(cli, json_pack("{s:s, s:i}", "kind", trustlist_kind_name(kind), "size", 0),
                        STATUS_FAILED);
    buffer_init(&text, VIEW_MAX);
    listview_none(&text, kind);
    fputs(buffer_string(&text), cli->out);
    buffer_fini(&text);
    return STATUS_FAILED;
}

static enum cli_status list_json(struct cli *cli, const struct call *call,
                                 const struct trustlist *list, enum trustlist_kind kind,
                                 const char *bad)
{
    struct why why = WHY_NONE;
    json_t *json = listview_json(list, kind, bad);
    int result = 0;
    if (json && call_has(call, "holders"))
        result = holders_add(json, call, list, kind, &why);
    if (result) {
        json_decref(json);
        return cli_failed(cli, result, &why);
    }
    return cli_json(cli, json, bad ? STATUS_REFUSED : STATUS_DONE);
}

static enum cli_status show_list(struct cli *cli, const struct call *call,
                                 const struct trustlist *list, const char *name,
                                 enum trustlist_kind kind)
{
    struct why why = WHY_NONE;
    struct buffer text;
    size_t signer;
    int bad = trustlist_verify(list, &signer, &why);
    enum cli_status status = bad ? STATUS_REFUSED : STATUS_DONE;
    if (call->json)
        return list_json(cli, call, list, kind, bad ? why_text(&why, bad) : NULL);
    buffer_init(&text, VIEW_MAX);
    if (listview_text(&text, list, kind, !bad) != 0)
        status = cli_failed(cli, text.error, NULL);
    else
        fwrite(text.data, 1, text.size, cli->out);
    buffer_fini(&text);
    if (bad)
        cli_error(cli, "%s: %s", name, why_text(&why, bad));
    else if (status == STATUS_DONE && call_has(call, "holders"))
        status = holders_print(cli, call, list, kind);
    return status;
}

/* A list of the other kind would be shown under the wrong name. */
static bool is_other_kind(const struct trustlist *list, enum trustlist_kind kind)
{
    enum trustlist_kind inside;
    return trustlist_kind(list, &inside) == 0 && inside != kind;
}

static enum cli_status show(struct cli *cli, const struct call *call, enum trustlist_kind kind)
{
    struct why why = WHY_NONE;
    struct buffer bytes;
    struct list_source source = {.list = NULL};
    const char *path = call->operand_count ? call->operands[0] : NULL;
    const char *name = path && strcmp(path, "-") != 0 ? path : "standard input";
    enum cli_status status;
    int result;
    if (path && call_has(call, "holders"))
        return cli_misuse(cli, call, "--holders is about the list of the cluster, not of a FILE");
    if (path) {
        result = list_source_read(&source, path, &why);
    } else if (!cli->published_list) {
        return cli_misuse(cli, call, "which FILE? ('-' is standard input)");
    } else {
        name = trustlist_file_name(kind);
        buffer_init(&bytes, TRUSTLIST_READ_MAX);
        result = cli->published_list(call->state, kind, &bytes, &why);
        if (result == ERR_NOT_FOUND) {
            buffer_fini(&bytes);
            return show_none(cli, call, kind);
        }
        if (result == 0)
            result = list_source_take(&source, &bytes, name, &why);
        else
            buffer_fini(&bytes);
    }
    if (result)
        return cli_failed(cli, result, &why);
    if (is_other_kind(source.list, kind))
        status = cli_error(cli, "%s: is %s by the name inside it; 'show %s' shows it", name,
                           kind == TRUSTLIST_CTL ? "ITLFile.tlv" : "CTLFile.tlv",
                           kind == TRUSTLIST_CTL ? "itl" : "ctl");
    else
        status = show_list(cli, call, source.list, name, kind);
    list_source_fini(&source);
    return status;
}

enum cli_status show_ctl(struct cli *cli, const struct call *call)
{
    return show(cli, call, TRUSTLIST_CTL);
}

enum cli_status show_itl(struct cli *cli, const struct call *call)
{
    return show(cli, call, TRUSTLIST_ITL);
}
